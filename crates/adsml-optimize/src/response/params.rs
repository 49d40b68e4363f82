//! What is learnt, and how.

use adsml_core::FitContext;

use super::family::Family;
use super::history::History;
use super::learn::learn;
use super::lift::LiftTest;
use super::model::ResponseModel;
use crate::{OptimizeError, Result};

/// How much of a period's spend goes on working in the next.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CarryOver {
    /// The share that fits the rows best, one for the account; none unless it is clearly better.
    #[default]
    Fitted,
    /// This share, in `[0, 1)`; 0 for none.
    Fixed(f64),
}

/// Settings of a [`ResponseModel`].
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseModelParams {
    pub(super) families: Vec<Family>,
    pub(super) n_draws: usize,
    pub(super) carry_over: CarryOver,
    pub(super) immature: usize,
    pub(super) completeness: Vec<f64>,
    pub(super) lift_tests: Vec<LiftTest>,
    pub(super) pooling: bool,
}

impl Default for ResponseModelParams {
    fn default() -> Self {
        Self {
            families: Family::ALL.to_vec(),
            n_draws: 200,
            carry_over: CarryOver::Fitted,
            immature: 0,
            completeness: Vec::new(),
            lift_tests: Vec::new(),
            pooling: true,
        }
    }
}

impl ResponseModelParams {
    /// Families that are tried; the weight of each is what it predicted of rows it had not seen. Default all.
    #[must_use]
    pub fn families(mut self, families: impl Into<Vec<Family>>) -> Self {
        self.families = families.into();
        self
    }

    /// Curves drawn from what the rows leave possible, per campaign: 2 to 10,000, default 200.
    #[must_use]
    pub fn n_draws(mut self, n_draws: usize) -> Self {
        self.n_draws = n_draws;
        self
    }

    /// How much of a period's spend goes on working in the next. Default: what fits best.
    #[must_use]
    pub fn carry_over(mut self, carry_over: CarryOver) -> Self {
        self.carry_over = carry_over;
        self
    }

    /// Leaves out so many of the last periods, whose response has not arrived yet. Default 0.
    #[must_use]
    pub fn immature_periods(mut self, periods: usize) -> Self {
        self.immature = periods;
        self
    }

    /// The share of the response that has arrived by age, from the last period backwards, each in `(0, 1]`; older periods are complete. Young
    /// rows then count with the scatter that little response has. Default: all complete.
    #[must_use]
    pub fn completeness(mut self, by_age: impl Into<Vec<f64>>) -> Self {
        self.completeness = by_age.into();
        self
    }

    /// Experiments, which enter the likelihood of their campaigns' curves. Default none.
    #[must_use]
    pub fn lift_tests(mut self, tests: impl Into<Vec<LiftTest>>) -> Self {
        self.lift_tests = tests.into();
        self
    }

    /// Whether campaigns learn from each other. Default yes.
    #[must_use]
    pub fn pooling(mut self, pooling: bool) -> Self {
        self.pooling = pooling;
        self
    }

    /// Learns every campaign's curve.
    ///
    /// # Errors
    ///
    /// As [`fit_with`](Self::fit_with).
    pub fn fit(&self, history: &History) -> Result<ResponseModel> {
        self.fit_with(history, &FitContext::default())
    }

    /// Learns every campaign's curve, with a seed and on given threads; the result does not depend on those.
    ///
    /// Per campaign some hundred passes over its rows for every family, and three for every draw.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`](OptimizeError::InvalidParameter) for a setting outside its range or a lift test of an unknown campaign;
    /// [`NoHistory`](OptimizeError::NoHistory) when no campaign ever spent; [`Cancelled`](OptimizeError::Cancelled).
    pub fn fit_with(&self, history: &History, context: &FitContext<'_>) -> Result<ResponseModel> {
        self.check(history)?;
        learn(self, history, context)
    }

    fn check(&self, history: &History) -> Result<()> {
        let refuse = |name, value: String, expected| {
            Err(OptimizeError::InvalidParameter { owner: "the response model".to_owned(), name, value, expected })
        };
        if self.families.is_empty() {
            return refuse("families", "empty".to_owned(), "at least one family");
        }
        if !(2..=10_000).contains(&self.n_draws) {
            return refuse("n_draws", self.n_draws.to_string(), "a whole number from 2 to 10,000");
        }
        match self.carry_over {
            CarryOver::Fixed(share) if !(0.0..1.0).contains(&share) => {
                return refuse("carry_over", share.to_string(), "a share in [0, 1)");
            }
            _ => {}
        }
        if self.immature >= history.n_periods() {
            return refuse("immature_periods", self.immature.to_string(), "fewer periods than the history has");
        }
        if let Some(share) = self.completeness.iter().find(|share| !(**share > 0.0 && **share <= 1.0)) {
            return refuse("completeness", share.to_string(), "shares in (0, 1]");
        }
        for test in &self.lift_tests {
            test.check()?;
            if !history.campaigns.iter().any(|campaign| campaign.id == test.campaign) {
                return refuse("lift_tests", format!("one of `{}`", test.campaign), "campaigns that the history has");
            }
        }
        Ok(())
    }
}
