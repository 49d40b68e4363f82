//! Lift tests: experiments that say what spend causes.

use crate::{OptimizeError, Result};

/// What an experiment found: the response that a campaign's spend causes when it goes from one level to another.
///
/// A randomised holdout or a geographic experiment says what rows cannot: what would not have come otherwise. It enters the
/// likelihood of the campaign's curve `f` in the average context,
///
/// ```text
/// lift ~ Normal(f(spend[1]) - f(spend[0]), standard_error)
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LiftTest {
    /// The campaign's id.
    pub campaign: String,
    /// Spend per period without and with the treatment, in currency.
    pub spend: [f64; 2],
    /// Response per period that the difference caused.
    pub lift: f64,
    /// Its standard error, above 0.
    pub standard_error: f64,
}

impl LiftTest {
    pub(super) fn check(&self) -> Result<()> {
        let refuse = |name, value: String, expected| {
            let owner = format!("the lift test of campaign {}", self.campaign);
            Err(OptimizeError::InvalidParameter { owner, name, value, expected })
        };
        let [from, to] = self.spend;
        if !(from >= 0.0 && to > from && to.is_finite()) {
            return refuse("spend", format!("[{from:?}, {to:?}]"), "two finite amounts, ascending, at least 0");
        }
        if !self.lift.is_finite() {
            return refuse("lift", self.lift.to_string(), "a finite number");
        }
        if !(self.standard_error > 0.0 && self.standard_error.is_finite()) {
            return refuse("standard_error", self.standard_error.to_string(), "a finite number above 0");
        }
        Ok(())
    }
}
