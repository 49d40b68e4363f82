//! Michaelis–Menten curve: the plainest saturation.

use super::{ResponseCurve, Shape, not_negative, positive};
use crate::Result;

/// A Michaelis–Menten curve: a [`Hill`](crate::Hill) curve of exponent 1, without its power.
///
/// ```text
/// f(x) = ceiling * x / (half_spend + x)
/// ```
///
/// with `x` the spend. Half of `ceiling` (in units of response) is reached at `half_spend` (in currency). Concave; the
/// maximiser of `f(x) - price * x` is `sqrt(ceiling * half_spend / price) - half_spend`.
///
/// Source: Michaelis & Menten (1913), "Die Kinetik der Invertinwirkung", Biochemische Zeitschrift 49.
///
/// ```
/// use adsml_optimize::{MichaelisMenten, ResponseCurve};
///
/// let curve = MichaelisMenten::new(900.0, 200.0)?;
/// assert_eq!(curve.value(200.0), 450.0);
/// assert_eq!(curve.argmax_minus(1.125, [0.0, 1000.0], 0.0), 200.0);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct MichaelisMenten {
    ceiling: f64,
    half_spend: f64,
}

impl MichaelisMenten {
    /// A Michaelis–Menten curve.
    ///
    /// `ceiling`: response that no spend reaches, finite, at least 0. `half_spend`: spend of half the ceiling, in currency,
    /// finite and positive.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for a parameter outside its range.
    pub fn new(ceiling: f64, half_spend: f64) -> Result<Self> {
        let owner = "the Michaelis-Menten curve";
        Ok(Self {
            ceiling: not_negative(owner, "ceiling", ceiling)?,
            half_spend: positive(owner, "half_spend", half_spend)?,
        })
    }

    /// Response that no spend reaches.
    pub fn ceiling(&self) -> f64 {
        self.ceiling
    }

    /// Spend at which half of the ceiling is reached.
    pub fn half_spend(&self) -> f64 {
        self.half_spend
    }
}

impl ResponseCurve for MichaelisMenten {
    fn value(&self, spend: f64) -> f64 {
        self.ceiling / (1.0 + self.half_spend / spend.max(0.0))
    }

    fn marginal(&self, spend: f64) -> f64 {
        self.slopes(spend)[0]
    }

    fn slopes(&self, spend: f64) -> [f64; 2] {
        let inverse = 1.0 / (self.half_spend + spend.max(0.0));
        let missing = self.half_spend * inverse;
        let marginal = self.ceiling * missing * inverse;
        [marginal, -2.0 * marginal * inverse]
    }

    fn shape(&self) -> Shape {
        Shape::Concave
    }

    fn argmax_minus(&self, price: f64, [from, to]: [f64; 2], _: f64) -> f64 {
        if price <= 0.0 {
            return to;
        }
        let steepness = (self.ceiling / self.half_spend / price).sqrt();
        (self.half_spend * (steepness - 1.0)).clamp(from, to)
    }

    fn description(&self) -> Option<String> {
        Some(format!("{:?} * x / ({:?} + x)", self.ceiling, self.half_spend))
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        let Self { ceiling, half_spend } = *self;
        Some(super::CurveSpec::MichaelisMenten { ceiling, half_spend })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{Hill, check, maximum};

    #[test]
    fn keeps_the_rules_of_curves() {
        check::curve(&MichaelisMenten::new(900.0, 200.0).unwrap(), 1000.0);
        check::curve(&MichaelisMenten::new(0.0, 200.0).unwrap(), 1000.0);
    }

    #[test]
    fn extremes_are_numbers() {
        for half in [1e-300, 1.0, 1e300] {
            check::extremes(&MichaelisMenten::new(900.0, half).unwrap());
        }
    }

    #[test]
    fn is_the_hill_curve_of_exponent_one() {
        let (curve, hill) = (MichaelisMenten::new(900.0, 200.0).unwrap(), Hill::new(900.0, 200.0, 1.0).unwrap());
        for x in [0.0, 1e-9, 3.0, 200.0, 1e5] {
            for [ours, theirs] in [
                [curve.value(x), hill.value(x)],
                [curve.slopes(x)[0], hill.slopes(x)[0]],
                [curve.slopes(x)[1], hill.slopes(x)[1]],
            ] {
                assert!((ours - theirs).abs() <= 1e-14 * theirs.abs(), "{x}: {ours}, {theirs}");
            }
        }
    }

    #[test]
    fn the_closed_form_is_what_newton_finds() {
        let curve = MichaelisMenten::new(900.0, 200.0).unwrap();
        for price in [0.001, 0.3, 2.0, 4.4, 4.5, 7.0] {
            let closed = curve.argmax_minus(price, [0.0, 1e5], 0.0);
            let newton = maximum::concave_argmax(&curve, price, [0.0, 1e5], 700.0);
            // Close to 0 the difference of two numbers near 200 has their rounding error.
            assert!((closed - newton).abs() <= 1e-13 * (200.0 + newton), "{price}: {closed}, {newton}");
        }
    }
}
