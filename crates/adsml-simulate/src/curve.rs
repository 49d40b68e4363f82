//! The true response curves: what a day's spend buys.

use std::f64::consts::FRAC_2_PI;

/// The family a campaign's true curve is drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum CurveFamily {
    /// A concave [`TrueCurve::Hill`]: exponent between 0.6 and 1.
    Hill,
    /// An S-shaped [`TrueCurve::Hill`]: exponent between 1.5 and 3.
    SShapedHill,
    /// [`TrueCurve::Logarithmic`].
    Logarithmic,
    /// [`TrueCurve::Power`]: exponent between 0.35 and 0.8.
    Power,
    /// [`TrueCurve::NegativeExponential`].
    NegativeExponential,
    /// [`TrueCurve::Gompertz`]: S-shaped, and in few fitters' repertoire.
    Gompertz,
    /// [`TrueCurve::Arctangent`]: concave, and in few fitters' repertoire.
    Arctangent,
}

impl CurveFamily {
    /// Every family.
    pub const ALL: [Self; 7] = [
        Self::Hill,
        Self::SShapedHill,
        Self::Logarithmic,
        Self::Power,
        Self::NegativeExponential,
        Self::Gompertz,
        Self::Arctangent,
    ];
}

/// A true response curve: expected revenue of a day as a function of its spend, both in currency.
///
/// Every curve starts at `f(0) = 0` and never falls. Spend below zero counts as zero.
///
/// ```
/// use adsml_simulate::TrueCurve;
///
/// let curve = TrueCurve::Hill { ceiling: 900.0, half_spend: 200.0, exponent: 1.0 };
/// assert_eq!(curve.value(200.0), 450.0);
/// // The next euro after 200 brings 1.125 euros.
/// assert_eq!(curve.marginal(200.0), 1.125);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum TrueCurve {
    /// `f(x) = ceiling * x^e / (half_spend^e + x^e)`; S-shaped when the exponent `e` is above 1.
    Hill {
        /// Revenue that is never reached.
        ceiling: f64,
        /// Spend that buys half of the ceiling.
        half_spend: f64,
        /// Steepness, without unit.
        exponent: f64,
    },
    /// `f(x) = slope * ln(1 + x / scale)`; concave.
    Logarithmic {
        /// Revenue per unit of the logarithm.
        slope: f64,
        /// Spend at which returns flatten.
        scale: f64,
    },
    /// `f(x) = coefficient * (x / scale)^exponent`; concave for exponents up to 1.
    Power {
        /// Revenue at a spend of `scale`.
        coefficient: f64,
        /// Spend that buys `coefficient`.
        scale: f64,
        /// Elasticity, without unit.
        exponent: f64,
    },
    /// `f(x) = ceiling * (1 - exp(-x / scale))`; concave.
    NegativeExponential {
        /// Revenue that is never reached.
        ceiling: f64,
        /// Spend that buys 63 % of the ceiling.
        scale: f64,
    },
    /// `f(x) = ceiling * (exp(-d exp(-x / scale)) - exp(-d)) / (1 - exp(-d))`; S-shaped when the
    /// displacement `d` is above 1.
    Gompertz {
        /// Revenue that is never reached.
        ceiling: f64,
        /// How late the rise comes, without unit.
        displacement: f64,
        /// Spend per e-fold of the rise.
        scale: f64,
    },
    /// `f(x) = ceiling * (2 / pi) * atan(x / scale)`; concave.
    Arctangent {
        /// Revenue that is never reached.
        ceiling: f64,
        /// Spend that buys half of the ceiling.
        scale: f64,
    },
}

impl TrueCurve {
    /// Expected revenue of a day at `spend`.
    pub fn value(&self, spend: f64) -> f64 {
        let x = at_least_zero(spend);
        match *self {
            Self::Hill { ceiling, half_spend, exponent } => ceiling / (1.0 + (half_spend / x).powf(exponent)),
            Self::Logarithmic { slope, scale } => slope * (x / scale).ln_1p(),
            Self::Power { coefficient, scale, exponent } => coefficient * (x / scale).powf(exponent),
            Self::NegativeExponential { ceiling, scale } => -ceiling * (-x / scale).exp_m1(),
            Self::Gompertz { ceiling, displacement: d, scale } => {
                // exp(-d e^(-u)) - exp(-d) = exp(-d) (exp(d (1 - e^(-u))) - 1), without cancellation.
                let grown = (-d * (-x / scale).exp_m1()).exp_m1();
                ceiling * grown * (-d).exp() / -(-d).exp_m1()
            }
            Self::Arctangent { ceiling, scale } => ceiling * FRAC_2_PI * (x / scale).atan(),
        }
    }

    /// Revenue that one more unit of currency buys at `spend`: the derivative of [`value`](Self::value).
    /// Infinite at zero for a Hill or power curve with an exponent below 1.
    pub fn marginal(&self, spend: f64) -> f64 {
        let x = at_least_zero(spend);
        match *self {
            Self::Hill { ceiling, half_spend, exponent } => {
                if x == 0.0 {
                    return ceiling * derivative_of_power_at_zero(exponent) / half_spend;
                }
                let u = (x / half_spend).powf(exponent);
                ceiling * exponent / x / ((1.0 + u) * (1.0 + u.recip()))
            }
            Self::Logarithmic { slope, scale } => slope / (scale + x),
            Self::Power { coefficient, scale, exponent } => {
                if x == 0.0 {
                    return coefficient * derivative_of_power_at_zero(exponent) / scale;
                }
                coefficient * exponent / scale * (x / scale).powf(exponent - 1.0)
            }
            Self::NegativeExponential { ceiling, scale } => ceiling / scale * (-x / scale).exp(),
            Self::Gompertz { ceiling, displacement: d, scale } => {
                let decay = (-x / scale).exp();
                ceiling * d / scale * decay * (-d * decay).exp() / -(-d).exp_m1()
            }
            Self::Arctangent { ceiling, scale } => ceiling * FRAC_2_PI * scale / (scale * scale + x * x),
        }
    }

    /// Spend at which the curve turns from convex to concave; `None` when it is concave throughout.
    pub fn inflection(&self) -> Option<f64> {
        match *self {
            Self::Hill { half_spend, exponent, .. } if exponent > 1.0 => {
                Some(half_spend * ((exponent - 1.0) / (exponent + 1.0)).powf(exponent.recip()))
            }
            Self::Gompertz { displacement, scale, .. } if displacement > 1.0 => Some(scale * displacement.ln()),
            _ => None,
        }
    }

    /// The curve of `size` equal markets among which the spend is divided: `size * f(x / size)`.
    #[must_use]
    pub fn enlarged(self, size: f64) -> Self {
        let wider = match self {
            Self::Hill { ceiling, half_spend, exponent } => {
                Self::Hill { ceiling, half_spend: half_spend * size, exponent }
            }
            Self::Logarithmic { slope, scale } => Self::Logarithmic { slope, scale: scale * size },
            Self::Power { coefficient, scale, exponent } => Self::Power { coefficient, scale: scale * size, exponent },
            Self::NegativeExponential { ceiling, scale } => Self::NegativeExponential { ceiling, scale: scale * size },
            Self::Gompertz { ceiling, displacement, scale } => {
                Self::Gompertz { ceiling, displacement, scale: scale * size }
            }
            Self::Arctangent { ceiling, scale } => Self::Arctangent { ceiling, scale: scale * size },
        };
        wider.times(size)
    }

    /// The curve with every value multiplied: `factor * f(x)`. With the context of a day, that day's curve.
    #[must_use]
    pub fn times(mut self, factor: f64) -> Self {
        match &mut self {
            Self::Hill { ceiling: height, .. }
            | Self::Logarithmic { slope: height, .. }
            | Self::Power { coefficient: height, .. }
            | Self::NegativeExponential { ceiling: height, .. }
            | Self::Gompertz { ceiling: height, .. }
            | Self::Arctangent { ceiling: height, .. } => *height *= factor,
        }
        self
    }
}

/// `NaN` stays what it is.
fn at_least_zero(spend: f64) -> f64 {
    if spend < 0.0 { 0.0 } else { spend }
}

/// Derivative of `u^exponent` at `u = 0`.
fn derivative_of_power_at_zero(exponent: f64) -> f64 {
    match exponent.partial_cmp(&1.0) {
        Some(std::cmp::Ordering::Less) => f64::INFINITY,
        Some(std::cmp::Ordering::Equal) => 1.0,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use proptest::prelude::*;

    fn curves() -> [TrueCurve; 8] {
        [
            TrueCurve::Hill { ceiling: 900.0, half_spend: 200.0, exponent: 1.0 },
            TrueCurve::Hill { ceiling: 900.0, half_spend: 200.0, exponent: 0.7 },
            TrueCurve::Hill { ceiling: 900.0, half_spend: 200.0, exponent: 2.5 },
            TrueCurve::Logarithmic { slope: 300.0, scale: 50.0 },
            TrueCurve::Power { coefficient: 250.0, scale: 100.0, exponent: 0.6 },
            TrueCurve::NegativeExponential { ceiling: 800.0, scale: 150.0 },
            TrueCurve::Gompertz { ceiling: 800.0, displacement: 3.0, scale: 80.0 },
            TrueCurve::Arctangent { ceiling: 700.0, scale: 120.0 },
        ]
    }

    #[test]
    fn values_are_those_worked_out_by_hand() {
        let [hill, _, s, log, power, exponential, gompertz, arctangent] = curves();
        assert_relative_eq!(hill.value(600.0), 675.0, max_relative = 1e-15);
        assert_relative_eq!(s.value(200.0), 450.0, max_relative = 1e-15);
        assert_relative_eq!(log.value(50.0), 300.0 * 2.0_f64.ln(), max_relative = 1e-15);
        assert_relative_eq!(power.value(100.0), 250.0, max_relative = 1e-15);
        assert_relative_eq!(exponential.value(150.0), 800.0 * (1.0 - (-1.0_f64).exp()), max_relative = 1e-14);
        let (e, d) = ((-1.0_f64).exp(), 3.0_f64);
        let expected = 800.0 * ((-d * e).exp() - (-d).exp()) / (1.0 - (-d).exp());
        assert_relative_eq!(gompertz.value(80.0), expected, max_relative = 1e-14);
        assert_relative_eq!(arctangent.value(120.0), 350.0, max_relative = 1e-15);
    }

    #[test]
    fn an_inflection_is_where_the_marginal_is_highest() {
        for curve in curves() {
            if let Some(spend) = curve.inflection() {
                let top = curve.marginal(spend);
                assert!(curve.marginal(spend * 0.99) < top && curve.marginal(spend * 1.01) < top, "{curve:?}");
            } else {
                let marginals: Vec<f64> = (0..200).map(|i| curve.marginal(f64::from(i) * 5.0)).collect();
                assert!(marginals.windows(2).all(|pair| pair[1] <= pair[0]), "{curve:?}");
            }
        }
    }

    #[test]
    fn odd_spends_do_not_make_odd_values() {
        for curve in curves() {
            assert_eq!(curve.value(0.0), 0.0);
            assert_eq!(curve.value(-5.0), 0.0);
            assert!(curve.value(f64::NAN).is_nan());
            assert!(curve.value(1e300).is_finite());
            assert!(curve.marginal(1e300) >= 0.0);
            assert!(!curve.marginal(0.0).is_nan());
            assert!(!curve.marginal(1e-300).is_nan());
        }
    }

    proptest! {
        #[test]
        fn the_marginal_is_the_derivative(which in 0..8_usize, spend in 1.0..2_000.0_f64) {
            let curve = curves()[which];
            let h = 1e-4 * spend;
            let slope = (curve.value(spend + h) - curve.value(spend - h)) / (2.0 * h);
            // Central differences: error of order h^2 f''' plus rounding of about 1e-16 * f / h.
            prop_assert!((curve.marginal(spend) - slope).abs() <= 1e-6 * curve.marginal(spend) + 1e-8);
        }

        #[test]
        fn enlarging_divides_the_spend_among_equal_markets(
            which in 0..8_usize, spend in 0.0..2_000.0_f64, size in 0.1..30.0_f64,
        ) {
            let curve = curves()[which];
            let expected = size * curve.value(spend / size);
            prop_assert!((curve.enlarged(size).value(spend) - expected).abs() <= 1e-11 * expected);
        }
    }
}
