//! Numbers that carry their derivatives, for the formulas of the reference problems.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// Most parameters of a problem.
pub(super) const MOST: usize = 9;

/// A value and its derivatives by the parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dual {
    pub(super) value: f64,
    pub(super) by: [f64; MOST],
}

impl Dual {
    /// Parameter number `j`.
    pub(super) fn parameter(j: usize, value: f64) -> Self {
        let mut by = [0.0; MOST];
        by[j] = 1.0;
        Self { value, by }
    }

    /// A function of this number, from its value and slope there.
    fn map(self, value: f64, slope: f64) -> Self {
        Self { value, by: self.by.map(|d| slope * d) }
    }

    pub(super) fn exp(self) -> Self {
        let value = self.value.exp();
        self.map(value, value)
    }

    pub(super) fn ln(self) -> Self {
        self.map(self.value.ln(), 1.0 / self.value)
    }

    pub(super) fn sin(self) -> Self {
        self.map(self.value.sin(), self.value.cos())
    }

    pub(super) fn cos(self) -> Self {
        self.map(self.value.cos(), -self.value.sin())
    }

    pub(super) fn atan(self) -> Self {
        self.map(self.value.atan(), 1.0 / (1.0 + self.value * self.value))
    }

    pub(super) fn powf(self, exponent: f64) -> Self {
        self.map(self.value.powf(exponent), exponent * self.value.powf(exponent - 1.0))
    }

    /// This number, which is positive, to a power that has derivatives, too.
    pub(super) fn pow(self, exponent: Self) -> Self {
        (self.ln() * exponent).exp()
    }

    pub(super) fn square(self) -> Self {
        self * self
    }
}

impl From<f64> for Dual {
    fn from(value: f64) -> Self {
        Self { value, by: [0.0; MOST] }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, by: std::array::from_fn(|j| self.by[j] + other.by[j]) }
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Neg for Dual {
    type Output = Self;
    fn neg(self) -> Self {
        self.map(-self.value, -1.0)
    }
}

#[allow(clippy::suspicious_arithmetic_impl)] // The rule of derivatives.
impl Mul for Dual {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let by = std::array::from_fn(|j| self.by[j] * other.value + self.value * other.by[j]);
        Self { value: self.value * other.value, by }
    }
}

#[allow(clippy::suspicious_arithmetic_impl)] // The rule of derivatives.
impl Div for Dual {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self { value, by: std::array::from_fn(|j| (self.by[j] - value * other.by[j]) / other.value) }
    }
}

impl Add<f64> for Dual {
    type Output = Self;
    fn add(self, other: f64) -> Self {
        Self { value: self.value + other, ..self }
    }
}

impl Mul<f64> for Dual {
    type Output = Self;
    fn mul(self, other: f64) -> Self {
        self.map(self.value * other, other)
    }
}

#[test]
fn derivatives_are_those_of_central_differences() {
    let functions: [fn(Dual, Dual) -> Dual; 9] = [
        |a, b| a.exp() + b,
        |a, b| a.ln() - b,
        |a, b| a.sin() * b.cos(),
        |a, b| (a / b).atan(),
        |a, b| a.powf(-1.5) + b,
        |a, b| a.pow(b),
        |a, b| -(a.square() / b),
        |a, b| a * b + 3.0,
        |a, b| a * 2.5 / (b + 1.0),
    ];
    for f in functions {
        let at = |a: f64, b: f64| f(Dual::parameter(0, a), Dual::parameter(1, b));
        let h = 1e-5;
        let by_a = (at(1.3 + h, 0.7).value - at(1.3 - h, 0.7).value) / (2.0 * h);
        let by_b = (at(1.3, 0.7 + h).value - at(1.3, 0.7 - h).value) / (2.0 * h);
        let found = at(1.3, 0.7).by;
        // Truncation of h^2, rounding of an ulp over h.
        assert!((found[0] - by_a).abs() < 1e-9 && (found[1] - by_b).abs() < 1e-9, "{found:?} {by_a} {by_b}");
    }
}
