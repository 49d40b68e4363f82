//! Negative exponential curve: what is left to win shrinks at a constant rate.

use super::{ResponseCurve, Shape, not_negative, positive};
use crate::Result;

/// A negative exponential curve: each `scale` of spend wins 63 % of what is left.
///
/// ```text
/// f(x) = ceiling * (1 - exp(-x / scale))
/// ```
///
/// with `x` the spend and `scale` in currency, `ceiling` in units of response. Concave; the maximiser of
/// `f(x) - price * x` is `scale * ln(ceiling / (scale * price))`.
///
/// Source: the modified exponential model, reviewed in Little (1979), "Aggregate advertising models: the state of the art",
/// Operations Research 27(4).
///
/// ```
/// use adsml_optimize::{NegativeExponential, ResponseCurve};
///
/// let curve = NegativeExponential::new(900.0, 300.0)?;
/// assert_eq!(curve.marginal(0.0), 3.0);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct NegativeExponential {
    ceiling: f64,
    scale: f64,
}

impl NegativeExponential {
    /// A negative exponential curve.
    ///
    /// `ceiling`: response that no spend reaches, finite, at least 0. `scale`: in currency, finite and positive.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for a parameter outside its range.
    pub fn new(ceiling: f64, scale: f64) -> Result<Self> {
        let owner = "the negative exponential curve";
        Ok(Self { ceiling: not_negative(owner, "ceiling", ceiling)?, scale: positive(owner, "scale", scale)? })
    }

    /// Response that no spend reaches.
    pub fn ceiling(&self) -> f64 {
        self.ceiling
    }

    /// Spend that wins 63 % of what is left.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

impl ResponseCurve for NegativeExponential {
    fn value(&self, spend: f64) -> f64 {
        -self.ceiling * (-spend.max(0.0) / self.scale).exp_m1()
    }

    fn marginal(&self, spend: f64) -> f64 {
        self.ceiling / self.scale * (-spend.max(0.0) / self.scale).exp()
    }

    fn slopes(&self, spend: f64) -> [f64; 2] {
        let marginal = self.marginal(spend);
        [marginal, -marginal / self.scale]
    }

    fn shape(&self) -> Shape {
        Shape::Concave
    }

    fn argmax_minus(&self, price: f64, [from, to]: [f64; 2], _: f64) -> f64 {
        if price <= 0.0 {
            return to;
        }
        (self.scale * (self.ceiling / self.scale / price).ln()).clamp(from, to)
    }

    fn description(&self) -> Option<String> {
        Some(format!("{:?} * (1 - exp(-x / {:?}))", self.ceiling, self.scale))
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        let Self { ceiling, scale } = *self;
        Some(super::CurveSpec::NegativeExponential { ceiling, scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{check, maximum};

    #[test]
    fn keeps_the_rules_of_curves() {
        check::curve(&NegativeExponential::new(900.0, 200.0).unwrap(), 1000.0);
        check::curve(&NegativeExponential::new(0.0, 200.0).unwrap(), 1000.0);
    }

    #[test]
    fn extremes_are_numbers() {
        for scale in [1e-300, 1.0, 1e300] {
            check::extremes(&NegativeExponential::new(900.0, scale).unwrap());
        }
    }

    #[test]
    fn the_closed_form_is_what_newton_finds() {
        let curve = NegativeExponential::new(900.0, 200.0).unwrap();
        for price in [1e-9, 0.001, 0.3, 2.0, 4.4, 4.5, 7.0] {
            let closed = curve.argmax_minus(price, [0.0, 1e5], 0.0);
            let newton = maximum::concave_argmax(&curve, price, [0.0, 1e5], 700.0);
            // Close to 0 the logarithm has the rounding error of its argument.
            assert!((closed - newton).abs() <= 1e-13 * (200.0 + newton), "{price}: {closed}, {newton}");
        }
    }
}
