//! Response curves: what a campaign's spend buys.

#[cfg(test)]
mod check;
mod combine;
mod exponential;
mod hill;
mod hulls;
mod logarithmic;
mod logistic;
mod maximum;
mod michaelis_menten;
mod piecewise;
mod points;
mod power;
mod scaled;
#[cfg(feature = "serde")]
mod spec;
mod steps;
mod sum;
#[cfg(test)]
mod tests;

use std::fmt::Debug;
use std::sync::Arc;

pub use combine::{Observed, UserCurve};
pub use exponential::NegativeExponential;
pub use hill::Hill;
pub use logarithmic::Logarithmic;
pub use logistic::Logistic;
pub use maximum::Maximum;
pub(crate) use maximum::concave_slack;
pub use michaelis_menten::MichaelisMenten;
pub use piecewise::PiecewiseLinear;
pub use power::Power;
pub use scaled::Scaled;
#[cfg(feature = "serde")]
pub use spec::CurveSpec;
pub use steps::Steps;
pub use sum::Sum;

use crate::{OptimizeError, Result};

/// What one campaign's spend buys in one period, as a function of that spend.
///
/// A curve says what it is worth at a spend, and *declares* its [`shape`](Self::shape). The declaration is what makes a
/// bound possible: from values alone nobody can tell what happens between two of them. A
/// [`Certificate`](crate::Certificate) lists the declarations it trusted and checks them by sampling.
///
/// `spend` is in major units of currency (euros, not cents) and never negative. Every method is pure: same spend, same bits.
pub trait ResponseCurve: Debug + Send + Sync {
    /// Expected response at `spend`: revenue in currency, or conversions; see [`unit`](Self::unit). Finite.
    fn value(&self, spend: f64) -> f64;

    /// Response bought by one more unit of currency: the right derivative of [`value`](Self::value). May be `+inf` at 0.
    fn marginal(&self, spend: f64) -> f64;

    /// [`marginal`](Self::marginal) and its derivative, which may be `NaN` when not known.
    fn slopes(&self, spend: f64) -> [f64; 2] {
        [self.marginal(spend), f64::NAN]
    }

    /// What is declared of the curve between 0 and infinity.
    fn shape(&self) -> Shape;

    /// Spends where a [`Shape::Step`] jumps or a [`Shape::PiecewiseLinear`] bends, ascending; empty for smooth curves.
    ///
    /// A step curve has its new value *at* the breakpoint. A concave curve with breakpoints is straight between them.
    fn breakpoints(&self) -> &[f64] {
        &[]
    }

    /// A spend of the `interval` where `value - price * spend` is greatest, for an interval on which the curve is concave.
    ///
    /// `near` is a guess to start from. The answer need not be exact: what is bounded is bounded by tangents at the answer.
    fn argmax_minus(&self, price: f64, interval: [f64; 2], near: f64) -> f64 {
        maximum::concave_argmax(self, price, interval, near)
    }

    /// The greatest `value - price * spend` on an `interval`: a spend that comes close, and a bound that none exceeds.
    ///
    /// The default rests on the declared shape alone: tangents where it is concave, ends where it is convex, breakpoints
    /// where it steps or bends, ever smaller pieces where it only never falls. [`Shape::Unknown`] has the bound `+inf`:
    /// a curve of unknown shape that can bound itself overrides this, and the certificate says that it was trusted.
    fn max_minus(&self, price: f64, interval: [f64; 2]) -> Maximum {
        maximum::by_shape(self, price, interval)
    }

    /// The spends at which the curve was observed; plans stay inside unless told otherwise. `None`: everywhere.
    fn support(&self) -> Option<[f64; 2]> {
        None
    }

    /// What the response is counted in.
    fn unit(&self) -> ResponseUnit {
        ResponseUnit::Unspecified
    }

    /// The formula with its parameters, complete: two curves of the same description are the same function.
    ///
    /// `None` when the curve cannot promise that; it is then never taken for a twin of another campaign's.
    fn description(&self) -> Option<String> {
        None
    }

    /// The curve as plain data; `None` for curves that are not built in.
    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<CurveSpec> {
        None
    }

    /// The curve, known to have been observed at these spends: in currency, finite, ascending, at least 0.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`] for anything else.
    fn observed(self, support: [f64; 2]) -> Result<Observed<Self>>
    where
        Self: Sized,
    {
        Ok(Observed { curve: self, support: Some(combine::check_support(support)?), unit: None })
    }

    /// The curve, with its response counted in `unit`.
    fn in_unit(self, unit: ResponseUnit) -> Observed<Self>
    where
        Self: Sized,
    {
        Observed { curve: self, support: None, unit: Some(unit) }
    }

    /// `value_factor` times the response of `spend_factor` times the spend; see [`Scaled`].
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`] for a factor that is not finite and positive.
    fn scaled(self, value_factor: f64, spend_factor: f64) -> Result<Scaled<Self>>
    where
        Self: Sized,
    {
        Scaled::new(self, value_factor, spend_factor)
    }

    /// What the same spend buys in two ways; see [`Sum`].
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`] for curves in different units, or never observed at the same spend.
    fn plus(self, other: impl ResponseCurve + 'static) -> Result<Sum>
    where
        Self: Sized + 'static,
    {
        Sum::new([Arc::new(self) as Arc<dyn ResponseCurve>, Arc::new(other)])
    }
}

/// What is declared of a curve's course.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Shape {
    /// Returns diminish everywhere: chords lie below the curve.
    Concave,
    /// Convex up to the inflection, concave beyond it.
    SShaped {
        /// Spend of steepest return.
        inflection: f64,
    },
    /// Straight between [`breakpoints`](ResponseCurve::breakpoints), and beyond the last.
    PiecewiseLinear,
    /// Constant between [`breakpoints`](ResponseCurve::breakpoints), never falling; the value at a breakpoint is the new one.
    Step,
    /// Never falls; nothing else is known.
    Monotone,
    /// Nothing is known.
    Unknown,
}

/// What a response is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum ResponseUnit {
    /// Revenue, in the currency of the spend.
    Revenue,
    /// Conversions: sales, leads, installs.
    Conversions,
    /// Not said: taken for whatever the objective needs.
    #[default]
    Unspecified,
}

/// `value` if it is finite and above 0.
fn positive(owner: &str, name: &'static str, value: f64) -> Result<f64> {
    require(owner, name, value, value > 0.0 && value.is_finite(), "a finite number above 0")
}

/// `value` if it is finite and not below 0.
fn not_negative(owner: &str, name: &'static str, value: f64) -> Result<f64> {
    require(owner, name, value, value >= 0.0 && value.is_finite(), "a finite number, at least 0")
}

/// `value` if it is `accepted`.
fn require(owner: &str, name: &'static str, value: f64, accepted: bool, expected: &'static str) -> Result<f64> {
    if accepted {
        Ok(value)
    } else {
        Err(OptimizeError::InvalidParameter { owner: owner.to_owned(), name, value: format!("{value:?}"), expected })
    }
}
