//! A curve in other units.

use super::{Maximum, ResponseCurve, ResponseUnit, Shape, positive};
use crate::Result;

/// A curve whose response, spend or both are measured in other units.
///
/// ```text
/// g(x) = value_factor * f(spend_factor * x)
/// ```
///
/// Shape, breakpoints and support follow. With `f` in euros of a week, `spend_factor` 7 takes the spend of a day; with `f`
/// in conversions, `value_factor` 40 gives revenue at 40 a conversion.
///
/// ```
/// use adsml_optimize::{Logarithmic, ResponseCurve};
///
/// let weekly = Logarithmic::new(300.0, 50.0)?;
/// let daily = weekly.clone().scaled(1.0 / 7.0, 7.0)?;
/// assert_eq!(daily.value(10.0), weekly.value(70.0) / 7.0);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Scaled<C> {
    curve: C,
    value_factor: f64,
    spend_factor: f64,
    breakpoints: Vec<f64>,
}

impl<C: ResponseCurve> Scaled<C> {
    /// `curve` with `value_factor` times the response of `spend_factor` times the spend; both finite and positive.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for a factor outside its range, or a
    /// product of both that is not finite and positive.
    pub fn new(curve: C, value_factor: f64, spend_factor: f64) -> Result<Self> {
        let owner = "the scaled curve";
        positive(owner, "value_factor", value_factor)?;
        positive(owner, "spend_factor", spend_factor)?;
        positive(owner, "value_factor * spend_factor", value_factor * spend_factor)?;
        let breakpoints = curve.breakpoints().iter().map(|&at| unscale(at, spend_factor)).collect();
        Ok(Self { curve, value_factor, spend_factor, breakpoints })
    }
}

/// The spend that `factor` takes to `scaled`, rounded so that it is not taken below: a step is reached at its breakpoint.
fn unscale(scaled: f64, factor: f64) -> f64 {
    let spend = scaled / factor;
    [spend, spend.next_up()].into_iter().find(|&spend| factor * spend >= scaled).unwrap_or(spend.next_up().next_up())
}

impl<C: ResponseCurve> ResponseCurve for Scaled<C> {
    fn value(&self, spend: f64) -> f64 {
        (self.value_factor * self.curve.value(self.spend_factor * spend)).min(f64::MAX)
    }

    fn marginal(&self, spend: f64) -> f64 {
        self.value_factor * self.spend_factor * self.curve.marginal(self.spend_factor * spend)
    }

    fn slopes(&self, spend: f64) -> [f64; 2] {
        let [marginal, curvature] = self.curve.slopes(self.spend_factor * spend);
        let factor = self.value_factor * self.spend_factor;
        [factor * marginal, factor * curvature * self.spend_factor]
    }

    fn shape(&self) -> Shape {
        match self.curve.shape() {
            Shape::SShaped { inflection } => Shape::SShaped { inflection: inflection / self.spend_factor },
            shape => shape,
        }
    }

    fn breakpoints(&self) -> &[f64] {
        &self.breakpoints
    }

    fn argmax_minus(&self, price: f64, [from, to]: [f64; 2], near: f64) -> f64 {
        let factor = self.spend_factor;
        let price = price / (self.value_factor * factor);
        unscale(self.curve.argmax_minus(price, [factor * from, factor * to], factor * near), factor).clamp(from, to)
    }

    fn max_minus(&self, price: f64, [from, to]: [f64; 2]) -> Maximum {
        let factor = self.spend_factor;
        let found = self.curve.max_minus(price / (self.value_factor * factor), [factor * from, factor * to]);
        let here = Maximum::at(self, price, unscale(found.spend, factor).clamp(from, to));
        Maximum { bound: here.attained.max(self.value_factor * found.bound), ..here }
    }

    fn support(&self) -> Option<[f64; 2]> {
        self.curve.support().map(|ends| ends.map(|spend| spend / self.spend_factor))
    }

    fn unit(&self) -> ResponseUnit {
        self.curve.unit()
    }

    fn description(&self) -> Option<String> {
        let Self { curve, value_factor, spend_factor, .. } = self;
        Some(format!("{value_factor:?} * [{}] with {spend_factor:?} * x for x", curve.description()?))
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        let curve = Box::new(self.curve.spec()?);
        Some(super::CurveSpec::Scaled { curve, value_factor: self.value_factor, spend_factor: self.spend_factor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{Hill, PiecewiseLinear, Power, Steps, check};

    #[test]
    fn keeps_the_rules_of_curves() {
        for (value_factor, spend_factor) in [(1.0, 1.0), (0.3, 7.0), (40.0, 1.0 / 3.0)] {
            let end = 1000.0 / spend_factor;
            for exponent in [0.7, 2.5] {
                let hill = Hill::new(900.0, 200.0, exponent).unwrap();
                check::curve(&hill.scaled(value_factor, spend_factor).unwrap(), end);
            }
            check::curve(&Power::new(80.0, 100.0, 0.6).unwrap().scaled(value_factor, spend_factor).unwrap(), end);
            let crooked = PiecewiseLinear::new([(0.0, 0.0), (90.0, 5.0), (300.0, 120.0), (500.0, 130.0)]).unwrap();
            check::curve(&crooked.scaled(value_factor, spend_factor).unwrap(), end);
        }
    }

    #[test]
    fn a_step_is_reached_at_its_scaled_breakpoint() {
        let steps: Vec<_> = (1..500).map(|i| (f64::from(i) * 0.1, f64::from(i))).collect();
        for factor in [3.0, 0.1, 7.3, 1.0 / 3.0] {
            let curve = Steps::new(steps.clone()).unwrap().scaled(2.0, factor).unwrap();
            for (at, step) in curve.breakpoints().iter().zip(&steps) {
                assert_eq!(curve.value(*at), 2.0 * step.1);
            }
            check::curve(&curve, 50.0 / factor);
        }
    }
}
