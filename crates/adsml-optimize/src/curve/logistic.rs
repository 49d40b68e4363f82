//! Logistic curve: a symmetric S.

use super::{ResponseCurve, Shape, not_negative, positive};
use crate::Result;

/// A logistic curve, shifted so that no spend buys nothing.
///
/// ```text
/// f(x) = ceiling * (sigma(steepness * (x - midpoint)) - sigma(-steepness * midpoint))
/// sigma(z) = 1 / (1 + exp(-z))
/// ```
///
/// with `x` the spend and `midpoint` in currency, `steepness` per unit of currency. The whole S rises by `ceiling` (in units
/// of response); the part of it beyond a spend of 0 rises by `ceiling * sigma(steepness * midpoint)`. S-shaped with the
/// steepest return at `midpoint`. Two exponentials for the value, one for the slopes; a closed form for the maximiser.
///
/// Source: Verhulst (1845), "Recherches mathématiques sur la loi d'accroissement de la population"; as a curve of media
/// response, Lilien, Kotler & Moorthy (1992), "Marketing Models".
///
/// ```
/// use adsml_optimize::{Logistic, ResponseCurve, Shape};
///
/// let curve = Logistic::new(900.0, 300.0, 0.02)?;
/// assert_eq!(curve.value(0.0), 0.0);
/// assert_eq!(curve.shape(), Shape::SShaped { inflection: 300.0 });
/// assert_eq!(curve.marginal(300.0), 900.0 * 0.02 / 4.0);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Logistic {
    ceiling: f64,
    midpoint: f64,
    steepness: f64,
}

impl Logistic {
    /// A logistic curve.
    ///
    /// `ceiling`: response of the whole S, finite, at least 0. `midpoint`: spend of steepest return, in currency, finite, at
    /// least 0. `steepness`: per unit of currency, finite and positive.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for a parameter outside its range.
    pub fn new(ceiling: f64, midpoint: f64, steepness: f64) -> Result<Self> {
        let owner = "the logistic curve";
        Ok(Self {
            ceiling: not_negative(owner, "ceiling", ceiling)?,
            midpoint: not_negative(owner, "midpoint", midpoint)?,
            steepness: positive(owner, "steepness", steepness)?,
        })
    }

    /// Response of the whole S.
    pub fn ceiling(&self) -> f64 {
        self.ceiling
    }

    /// Spend of steepest return.
    pub fn midpoint(&self) -> f64 {
        self.midpoint
    }

    /// How sharply returns set in, per unit of currency.
    pub fn steepness(&self) -> f64 {
        self.steepness
    }
}

/// `1 / (1 + exp(-z))`.
fn sigma(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

impl ResponseCurve for Logistic {
    /// As the product `ceiling * sigma(k (x - m)) * sigma(k m) * (1 - exp(-k x))`, which subtracts no near equals.
    fn value(&self, spend: f64) -> f64 {
        let Self { ceiling, midpoint, steepness } = *self;
        let spend = spend.max(0.0);
        -ceiling * sigma(steepness * midpoint) * sigma(steepness * (spend - midpoint)) * (-steepness * spend).exp_m1()
    }

    fn marginal(&self, spend: f64) -> f64 {
        self.slopes(spend)[0]
    }

    fn slopes(&self, spend: f64) -> [f64; 2] {
        let distance = self.steepness * (spend.max(0.0) - self.midpoint);
        let decay = (-distance.abs()).exp();
        let inverse = 1.0 / (1.0 + decay);
        let marginal = self.ceiling * self.steepness * (decay * inverse * inverse);
        let bend = marginal * self.steepness * ((1.0 - decay) * inverse);
        [marginal, if distance > 0.0 { -bend } else { bend }]
    }

    fn shape(&self) -> Shape {
        if self.midpoint == 0.0 { Shape::Concave } else { Shape::SShaped { inflection: self.midpoint } }
    }

    fn argmax_minus(&self, price: f64, [from, to]: [f64; 2], _: f64) -> f64 {
        if price <= 0.0 {
            return to;
        }
        // sigma (1 - sigma) at the maximiser, whose greater root is sought.
        let product = price / self.steepness / self.ceiling;
        if product < 0.25 {
            let root = (1.0 - 4.0 * product).sqrt();
            (self.midpoint + ((1.0 - 2.0 * product + root) / (2.0 * product)).ln() / self.steepness).clamp(from, to)
        } else {
            from
        }
    }

    fn description(&self) -> Option<String> {
        let Self { ceiling, midpoint, steepness } = self;
        Some(format!(
            "{ceiling:?} * (sigma({steepness:?} * (x - {midpoint:?})) - sigma(-{steepness:?} * {midpoint:?})), \
             sigma(z) = 1 / (1 + exp(-z))"
        ))
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        let Self { ceiling, midpoint, steepness } = *self;
        Some(super::CurveSpec::Logistic { ceiling, midpoint, steepness })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{check, maximum};

    #[test]
    fn keeps_the_rules_of_curves() {
        for (midpoint, steepness, end) in
            [(300.0, 0.02, 1e3), (300.0, 0.001, 1e3), (0.0, 0.01, 1e3), (10.0, 0.3, 100.0)]
        {
            check::curve(&Logistic::new(900.0, midpoint, steepness).unwrap(), end);
        }
    }

    #[test]
    fn the_product_form_is_the_difference_of_the_definition() {
        let curve = Logistic::new(900.0, 300.0, 0.01).unwrap();
        for x in [1.0, 50.0, 300.0, 2000.0] {
            let definition = 900.0 * (sigma(0.01 * (x - 300.0)) - sigma(-3.0));
            assert!((curve.value(x) - definition).abs() < 1e-12, "{x}: {}, {definition}", curve.value(x));
        }
    }

    #[test]
    fn extremes_are_numbers() {
        for midpoint in [0.0, 1e-300, 1.0, 1e300] {
            for steepness in [1e-300, 1.0, 1e300] {
                check::extremes(&Logistic::new(900.0, midpoint, steepness).unwrap());
            }
        }
        check::extremes(&Logistic::new(0.0, 1.0, 1.0).unwrap());
    }

    #[test]
    fn the_closed_form_is_what_newton_finds() {
        let curve = Logistic::new(900.0, 300.0, 0.02).unwrap();
        for price in [1e-6, 0.1, 1.0, 3.0, 4.4, 4.6] {
            let closed = curve.argmax_minus(price, [300.0, 1e4], 0.0);
            let newton = maximum::concave_argmax(&curve, price, [300.0, 1e4], 350.0);
            assert!((closed - newton).abs() <= 1e-12 * newton, "{price}: {closed}, {newton}");
        }
    }
}
