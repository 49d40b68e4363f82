//! What is to be divided, over what, under which constraints, to what end.

mod campaign;

pub use campaign::{Campaign, Limit};

use crate::program::Program;

/// How much is spent in all.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Total {
    /// Exactly so much, to the minor unit.
    Exactly(f64),
    /// So much or less.
    AtMost(f64),
}

/// To what end the budget is divided.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Objective {
    /// The greatest summed response.
    Response,
    /// The greatest `margin * response - spend`.
    Profit {
        /// Profit before advertising of one unit of response: 0.3 for revenue at a margin of 30 %, or money per conversion.
        margin: f64,
    },
    /// The greatest summed response whose revenue is at least this many times the spend.
    TargetRoas(f64),
    /// The greatest summed response whose spend per conversion is at most this.
    TargetCpa(f64),
    /// The least spend whose summed response is at least this.
    MinimumSpend {
        /// The response needed.
        volume: f64,
    },
}

/// Campaigns that have a budget together.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Group {
    pub(crate) name: String,
    pub(crate) members: Vec<String>,
    pub(crate) lower: Option<Limit>,
    pub(crate) upper: Option<Limit>,
}

impl Group {
    /// A group of campaigns, by their ids.
    pub fn new<S: Into<String>>(name: impl Into<String>, members: impl IntoIterator<Item = S>) -> Self {
        Self { name: name.into(), members: members.into_iter().map(Into::into).collect(), lower: None, upper: None }
    }

    /// Together at least `limit`.
    #[must_use]
    pub fn at_least(mut self, limit: Limit) -> Self {
        self.lower = Some(limit);
        self
    }

    /// Together at most `limit`.
    #[must_use]
    pub fn at_most(mut self, limit: Limit) -> Self {
        self.upper = Some(limit);
        self
    }
}

/// A budget to be divided: campaigns, a total, constraints, an objective. Checked, feasible, immutable.
#[derive(Debug, Clone)]
pub struct BudgetProblem {
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) groups: Vec<Group>,
    pub(crate) total: Total,
    pub(crate) objective: Objective,
    pub(crate) program: Program,
}
