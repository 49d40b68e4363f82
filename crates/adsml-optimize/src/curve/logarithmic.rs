//! Logarithmic curve: the simplest model of diminishing returns.

use super::{ResponseCurve, Shape, not_negative, positive};
use crate::Result;

/// A logarithmic curve: each doubling of spend far beyond `scale` buys the same again.
///
/// ```text
/// f(x) = slope * ln(1 + x / scale)
/// ```
///
/// with `x` the spend and `scale` in currency, `slope` in units of response. Concave, without a ceiling; the maximiser of
/// `f(x) - price * x` is `slope / price - scale`.
///
/// Source: the semi-logarithmic response model of Lambin (1976), "Advertising, Competition and Market Conduct in Oligopoly
/// over Time", shifted to be 0 at 0.
///
/// ```
/// use adsml_optimize::{Logarithmic, ResponseCurve};
///
/// let curve = Logarithmic::new(300.0, 50.0)?;
/// assert_eq!(curve.marginal(100.0), 2.0);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Logarithmic {
    slope: f64,
    scale: f64,
}

impl Logarithmic {
    /// A logarithmic curve.
    ///
    /// `slope`: in units of response, finite, at least 0. `scale`: spend at which returns flatten, in currency, finite and
    /// positive.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for a parameter outside its range.
    pub fn new(slope: f64, scale: f64) -> Result<Self> {
        let owner = "the logarithmic curve";
        Ok(Self { slope: not_negative(owner, "slope", slope)?, scale: positive(owner, "scale", scale)? })
    }

    /// Response per unit of `ln(1 + x / scale)`.
    pub fn slope(&self) -> f64 {
        self.slope
    }

    /// Spend at which returns flatten.
    pub fn scale(&self) -> f64 {
        self.scale
    }
}

impl ResponseCurve for Logarithmic {
    fn value(&self, spend: f64) -> f64 {
        (self.slope * (spend.max(0.0) / self.scale).min(f64::MAX).ln_1p()).min(f64::MAX)
    }

    fn marginal(&self, spend: f64) -> f64 {
        self.slope / (self.scale + spend.max(0.0))
    }

    fn slopes(&self, spend: f64) -> [f64; 2] {
        let shifted = self.scale + spend.max(0.0);
        let marginal = self.slope / shifted;
        [marginal, -marginal / shifted]
    }

    fn shape(&self) -> Shape {
        Shape::Concave
    }

    fn argmax_minus(&self, price: f64, [from, to]: [f64; 2], _: f64) -> f64 {
        if price <= 0.0 { to } else { (self.slope / price - self.scale).clamp(from, to) }
    }

    fn description(&self) -> Option<String> {
        Some(format!("{:?} * ln(1 + x / {:?})", self.slope, self.scale))
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        let Self { slope, scale } = *self;
        Some(super::CurveSpec::Logarithmic { slope, scale })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{check, maximum};

    #[test]
    fn keeps_the_rules_of_curves() {
        check::curve(&Logarithmic::new(300.0, 50.0).unwrap(), 1000.0);
        check::curve(&Logarithmic::new(0.0, 50.0).unwrap(), 1000.0);
    }

    #[test]
    fn extremes_are_numbers() {
        for scale in [1e-300, 1.0, 1e300] {
            check::extremes(&Logarithmic::new(300.0, scale).unwrap());
        }
    }

    #[test]
    fn the_closed_form_is_what_newton_finds() {
        let curve = Logarithmic::new(300.0, 50.0).unwrap();
        for price in [0.01, 0.3, 2.0, 5.9, 6.0, 7.0] {
            let (closed, newton) =
                (curve.argmax_minus(price, [0.0, 1e5], 0.0), maximum::concave_argmax(&curve, price, [0.0, 1e5], 700.0));
            // Close to 0 the difference of two numbers near 50 has their rounding error.
            assert!((closed - newton).abs() <= 1e-13 * (50.0 + newton), "{price}: {closed}, {newton}");
        }
    }
}
