//! What is to be divided, over what, under which constraints, to what end.

mod builder;
mod campaign;
mod clash;
mod feasible;
pub(crate) mod judge;
#[cfg(test)]
mod properties;
mod repair;
mod resolve;
pub(crate) mod rounding;
#[cfg(test)]
mod rounding_tests;
mod rules;
#[cfg(feature = "serde")]
mod spec;
#[cfg(test)]
mod tests;
mod words;

pub use builder::BudgetProblemBuilder;
pub use campaign::{Campaign, Limit};
#[cfg(feature = "serde")]
pub use spec::{CampaignSpec, GroupSpec, ProblemSpec};

use crate::Currency;
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

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The ids of its campaigns.
    pub fn members(&self) -> &[String] {
        &self.members
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
///
/// "Feasible" speaks of bounds, groups and the total; whether a target or a volume can be reached is for an optimiser to say.
///
/// ```
/// use adsml_optimize::{BudgetProblem, Campaign, Currency, Hill, Limit, Total};
///
/// let problem = BudgetProblem::builder(Currency::new("EUR"))
///     .campaign(Campaign::new("brand", Hill::new(900.0, 200.0, 1.5)?).at_least(Limit::Amount(50.0)))
///     .campaign(Campaign::new("prospecting", Hill::new(2_000.0, 700.0, 1.1)?))
///     .total(Total::Exactly(600.0))
///     .build()?;
/// assert!(problem.value(&[20_000, 40_000])? > problem.value(&[60_000, 0])?);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct BudgetProblem {
    pub(crate) currency: Currency,
    pub(crate) campaigns: Vec<Campaign>,
    pub(crate) groups: Vec<Group>,
    pub(crate) total: Option<Total>,
    pub(crate) objective: Objective,
    pub(crate) program: Program,
}

impl BudgetProblem {
    /// A problem to be described.
    pub fn builder(currency: Currency) -> BudgetProblemBuilder {
        BudgetProblemBuilder::new(currency)
    }

    /// The campaigns, in the order they were given: the order of every budget vector.
    pub fn campaigns(&self) -> &[Campaign] {
        &self.campaigns
    }

    /// The currency of every amount.
    pub fn currency(&self) -> &Currency {
        &self.currency
    }

    /// How much is spent in all, where that is limited.
    pub fn total(&self) -> Option<Total> {
        self.total
    }

    /// To what end the budget is divided.
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// The groups, in the order they were given.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Today's budgets in minor units, when every campaign has one.
    pub fn today(&self) -> Option<Vec<i64>> {
        let today = |campaign: &Campaign| campaign.today.map(|budget| judge::minor(&self.program, budget));
        self.campaigns.iter().map(today).collect()
    }
}
