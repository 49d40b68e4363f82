//! Families of curves that responses are fitted by, in parameters that siblings can share.

use std::sync::Arc;

use crate::{Hill, Logarithmic, NegativeExponential, Power, ResponseCurve, Result};

/// Most parameters that a family has beside its level.
pub(super) const MOST_SHAPES: usize = 2;

/// A family of response curves.
///
/// With `u` the spend over the campaign's typical spend, every family is `level * g(u)` with `g(1) = 1`: the level is what a
/// typical day brings, and the shape parameters have no unit, so that campaigns of any size can share them.
///
/// | Family | `g(u)` | Shape parameters |
/// |---|---|---|
/// | Hill | `u^e / (q u^e + 1 - q)` | `logit q`, the share of the ceiling that a typical day reaches; `ln e` |
/// | logarithmic | `ln(1 + k u) / ln(1 + k)` | `ln k` |
/// | power | `u^p` | `logit p` |
/// | negative exponential | `(1 - exp(-k u)) / (1 - exp(-k))` | `ln k` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Family {
    /// [`Hill`]: concave or S-shaped.
    Hill,
    /// [`Logarithmic`]: concave, without a ceiling.
    Logarithmic,
    /// [`Power`]: concave, without a ceiling.
    Power,
    /// [`NegativeExponential`]: concave, with a ceiling.
    NegativeExponential,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 4] = [Self::Hill, Self::Logarithmic, Self::Power, Self::NegativeExponential];

    /// Its name, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hill => "Hill",
            Self::Logarithmic => "logarithmic",
            Self::Power => "power",
            Self::NegativeExponential => "negative exponential",
        }
    }

    /// What is expected of its shape parameters before any row is seen: means and standard deviations.
    ///
    /// Wide enough for anything between nearly straight and nearly flat at a typical spend, and for thresholds up to an
    /// exponent of about 4; narrow enough that ninety days that say nothing do not propose either extreme.
    pub(super) const fn prior(self) -> &'static [(f64, f64)] {
        match self {
            Self::Hill => &[(-0.2, 1.0), (0.1, 0.55)],
            Self::Logarithmic => &[(0.5, 0.9)],
            Self::Power => &[(0.3, 0.8)],
            Self::NegativeExponential => &[(-0.1, 0.7)],
        }
    }

    /// Where the search for the mode begins; the prior's mean first.
    pub(super) const fn starts(self) -> &'static [[f64; MOST_SHAPES]] {
        match self {
            Self::Hill => &[[-0.2, -0.1], [-0.2, 0.8]],
            Self::Logarithmic => &[[0.5, 0.0]],
            Self::Power => &[[0.3, 0.0]],
            Self::NegativeExponential => &[[-0.1, 0.0]],
        }
    }

    pub(super) const fn n_shapes(self) -> usize {
        self.prior().len()
    }

    /// The unit curve of some shape parameters.
    pub(super) fn unit(self, shape: &[f64]) -> UnitCurve {
        match self {
            Self::Hill => {
                let q = logistic(shape[0]);
                UnitCurve::Hill { q, e: shape[1].exp() }
            }
            Self::Logarithmic => {
                let k = shape[0].exp();
                UnitCurve::Logarithmic { k, whole: k.ln_1p() }
            }
            Self::Power => UnitCurve::Power { p: logistic(shape[0]) },
            Self::NegativeExponential => {
                let k = shape[0].exp();
                UnitCurve::NegativeExponential { k, whole: -(-k).exp_m1() }
            }
        }
    }

    /// `level * g(spend / typical)`.
    pub(super) fn curve(self, level: f64, shape: &[f64], typical: f64) -> Result<Arc<dyn ResponseCurve>> {
        Ok(match self.unit(shape) {
            UnitCurve::Hill { q, e } => Arc::new(Hill::new(level / q, typical * (-shape[0] / e).exp(), e)?),
            UnitCurve::Logarithmic { k, whole } => Arc::new(Logarithmic::new(level / whole, typical / k)?),
            UnitCurve::Power { p } => Arc::new(Power::new(level, typical, p)?),
            UnitCurve::NegativeExponential { k, whole } => {
                Arc::new(NegativeExponential::new(level / whole, typical / k)?)
            }
        })
    }
}

/// `g` of a family at some shape parameters.
#[derive(Debug, Clone, Copy)]
pub(super) enum UnitCurve {
    Hill { q: f64, e: f64 },
    Logarithmic { k: f64, whole: f64 },
    Power { p: f64 },
    NegativeExponential { k: f64, whole: f64 },
}

/// A typical spend, and any other as a share of it, with its logarithm.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) u: f64,
    pub(super) ln: f64,
}

impl Share {
    pub(super) fn new(u: f64) -> Self {
        Self { u, ln: u.ln() }
    }
}

impl UnitCurve {
    /// `g(u)`.
    #[inline]
    pub(super) fn value(&self, at: Share) -> f64 {
        match *self {
            Self::Hill { q, e } => {
                let power = (e * at.ln).exp();
                // Without overflow where the power has one.
                if power > 1.0 { 1.0 / (q + (1.0 - q) / power) } else { power / (q * power + 1.0 - q) }
            }
            Self::Logarithmic { k, whole } => (k * at.u).ln_1p() / whole,
            Self::Power { p } => (p * at.ln).exp(),
            Self::NegativeExponential { k, whole } => -(-k * at.u).exp_m1() / whole,
        }
    }

    /// `g(u)` and its derivatives by the shape parameters.
    #[inline]
    pub(super) fn gradient(&self, at: Share) -> (f64, [f64; MOST_SHAPES]) {
        if at.u <= 0.0 {
            return (0.0, [0.0; MOST_SHAPES]);
        }
        let g = self.value(at);
        match *self {
            Self::Hill { q, e } => {
                // g = 1 / (q + (1 - q) u^-e): both derivatives are g^2 times that of the denominator.
                let inverse = (-e * at.ln).exp();
                let by_q = -g * g * (1.0 - inverse);
                (g, [by_q * q * (1.0 - q), g * g * (1.0 - q) * inverse * at.ln * e])
            }
            Self::Logarithmic { k, whole } => (g, [k * (at.u / (1.0 + k * at.u) - g / (1.0 + k)) / whole, 0.0]),
            Self::Power { p } => (g, [g * at.ln * p * (1.0 - p), 0.0]),
            Self::NegativeExponential { k, whole } => {
                (g, [k * (at.u * (-k * at.u).exp() - g * (-k).exp()) / whole, 0.0])
            }
        }
    }

    /// `g'(1) = d ln f / d ln spend` at a typical spend, and its derivatives by the shape parameters.
    pub(super) fn elasticity(&self) -> (f64, [f64; MOST_SHAPES]) {
        match *self {
            Self::Hill { q, e } => (e * (1.0 - q), [-e * q * (1.0 - q), e * (1.0 - q)]),
            Self::Logarithmic { k, whole } => {
                let slope = k / (1.0 + k);
                (slope / whole, [slope / (1.0 + k) / whole - slope * slope / (whole * whole), 0.0])
            }
            Self::Power { p } => (p, [p * (1.0 - p), 0.0]),
            Self::NegativeExponential { k, whole } => {
                let rest = (-k).exp();
                let value = k * rest / whole;
                (value, [value * (1.0 - k - k * rest / whole), 0.0])
            }
        }
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [[f64; 2]; 3] = [[-1.3, -0.4], [0.2, 0.1], [0.9, 1.1]];

    #[test]
    fn unit_curves_are_the_curves_they_stand_for() {
        for family in Family::ALL {
            for shape in SHAPES {
                let unit = family.unit(&shape);
                let curve = family.curve(700.0, &shape, 40.0).unwrap();
                for spend in [0.0, 1e-3, 10.0, 40.0, 170.0, 1e5] {
                    let expected = curve.value(spend);
                    let found = 700.0 * unit.value(Share::new(spend / 40.0));
                    assert!((found - expected).abs() <= 1e-11 * expected.max(1.0), "{family:?} {shape:?} {spend}");
                }
                assert!((unit.value(Share::new(1.0)) - 1.0).abs() < 1e-15);
                let (elasticity, _) = unit.elasticity();
                assert!((elasticity - curve.marginal(40.0) * 40.0 / 700.0).abs() < 1e-12);
            }
        }
    }

    #[test]
    fn derivatives_are_those_of_central_differences() {
        // Truncation of a step of 1e-5 is about 1e-10, rounding about 1e-11.
        const STEP: f64 = 1e-5;
        for family in Family::ALL {
            for shape in SHAPES {
                for parameter in 0..family.n_shapes() {
                    let at = |by: f64| {
                        let mut moved = shape;
                        moved[parameter] += by;
                        family.unit(&moved)
                    };
                    let [up, down] = [at(STEP), at(-STEP)];
                    for u in [0.0, 0.05, 0.9, 1.0, 3.0, 50.0] {
                        let share = Share::new(u);
                        let expected = (up.value(share) - down.value(share)) / (2.0 * STEP);
                        let (_, gradient) = at(0.0).gradient(share);
                        assert!((gradient[parameter] - expected).abs() < 1e-7, "{family:?} {shape:?} {u}");
                    }
                    let expected = (up.elasticity().0 - down.elasticity().0) / (2.0 * STEP);
                    assert!((at(0.0).elasticity().1[parameter] - expected).abs() < 1e-8, "{family:?} {shape:?}");
                }
            }
        }
    }
}
