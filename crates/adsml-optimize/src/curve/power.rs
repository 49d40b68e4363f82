//! Power curve: a constant elasticity of response.

use super::{ResponseCurve, Shape, not_negative, positive, require};
use crate::Result;

/// A power curve: one per cent more spend buys `exponent` per cent more response, at any spend.
///
/// ```text
/// f(x) = coefficient * (x / scale)^exponent
/// ```
///
/// with `x` the spend and `scale` in currency, `coefficient` the response at a spend of `scale`. Concave, without a ceiling;
/// the maximiser of `f(x) - price * x` is `scale * (coefficient * exponent / (price * scale))^(1 / (1 - exponent))`.
///
/// Source: the multiplicative response model of Dorfman & Steiner (1954), "Optimal advertising and optimal quality",
/// American Economic Review 44(5), whose rule it makes a constant.
///
/// ```
/// use adsml_optimize::{Power, ResponseCurve};
///
/// let curve = Power::new(80.0, 100.0, 0.5)?;
/// assert_eq!(curve.value(400.0), 160.0);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Power {
    coefficient: f64,
    scale: f64,
    exponent: f64,
}

impl Power {
    /// A power curve.
    ///
    /// `coefficient`: response at a spend of `scale`, finite, at least 0. `scale`: in currency, finite and positive.
    /// `exponent`: the elasticity, above 0 and at most 1.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for a parameter outside its range.
    pub fn new(coefficient: f64, scale: f64, exponent: f64) -> Result<Self> {
        let owner = "the power curve";
        Ok(Self {
            coefficient: not_negative(owner, "coefficient", coefficient)?,
            scale: positive(owner, "scale", scale)?,
            exponent: require(owner, "exponent", exponent, exponent > 0.0 && exponent <= 1.0, "above 0 and at most 1")?,
        })
    }

    /// Response at a spend of `scale`.
    pub fn coefficient(&self) -> f64 {
        self.coefficient
    }

    /// Spend that buys `coefficient`.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// The elasticity of response.
    pub fn exponent(&self) -> f64 {
        self.exponent
    }
}

impl ResponseCurve for Power {
    fn value(&self, spend: f64) -> f64 {
        let ratio = (spend.max(0.0) / self.scale).min(f64::MAX);
        (self.coefficient * ratio.powf(self.exponent)).min(f64::MAX)
    }

    fn marginal(&self, spend: f64) -> f64 {
        self.slopes(spend)[0]
    }

    fn slopes(&self, spend: f64) -> [f64; 2] {
        let ratio = (spend / self.scale).min(f64::MAX);
        if self.coefficient == 0.0 {
            return [0.0, 0.0];
        }
        if self.exponent == 1.0 {
            return [self.coefficient / self.scale, 0.0];
        }
        // A spend that is 0 in units of the scale is as good as 0.
        if ratio <= 0.0 {
            return [f64::INFINITY, f64::NEG_INFINITY];
        }
        let inverse = 1.0 / spend;
        let marginal = self.coefficient * (self.exponent * ratio.powf(self.exponent) * inverse);
        [marginal, marginal * ((self.exponent - 1.0) * inverse)]
    }

    fn shape(&self) -> Shape {
        Shape::Concave
    }

    fn argmax_minus(&self, price: f64, [from, to]: [f64; 2], _: f64) -> f64 {
        let initial = self.coefficient / self.scale * self.exponent;
        if price <= 0.0 {
            to
        } else if self.exponent == 1.0 || initial == 0.0 {
            if initial > price { to } else { from }
        } else {
            (self.scale * (initial / price).powf(1.0 / (1.0 - self.exponent))).clamp(from, to)
        }
    }

    fn description(&self) -> Option<String> {
        Some(format!("{:?} * (x / {:?})^{:?}", self.coefficient, self.scale, self.exponent))
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        let Self { coefficient, scale, exponent } = *self;
        Some(super::CurveSpec::Power { coefficient, scale, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{check, maximum};

    #[test]
    fn keeps_the_rules_of_curves() {
        for exponent in [0.01, 0.3, 0.5, 0.99, 1.0] {
            check::curve(&Power::new(80.0, 100.0, exponent).unwrap(), 1000.0);
        }
        check::curve(&Power::new(0.0, 100.0, 0.5).unwrap(), 1000.0);
    }

    #[test]
    fn extremes_are_numbers() {
        for exponent in [1e-300, 0.5, 1.0] {
            for scale in [1e-300, 1.0, 1e300] {
                check::extremes(&Power::new(80.0, scale, exponent).unwrap());
            }
        }
    }

    #[test]
    fn the_closed_form_is_what_newton_finds() {
        for exponent in [0.2, 0.5, 0.8] {
            let curve = Power::new(80.0, 100.0, exponent).unwrap();
            for price in [0.05, 0.1, 0.3, 1.0, 3.0] {
                let closed = curve.argmax_minus(price, [0.0, 1e5], 0.0);
                let newton = maximum::concave_argmax(&curve, price, [0.0, 1e5], 90.0);
                assert!((closed - newton).abs() <= 1e-12 * newton.max(1.0), "{exponent} {price}: {closed}, {newton}");
            }
        }
    }
}
