//! A plan: budgets that add up, what they are expected to bring, and how much more any plan could bring.

mod conclude;
mod display;
mod explain;
mod shadow;

use crate::certificate::Certificate;
use crate::currency::Currency;
use crate::optimizer::{HistoryPoint, StoppingReason};

pub(crate) use conclude::Course;
pub(crate) use display::{amount, share};
pub use shadow::{Constraint, ShadowPrice};

/// A divided budget, feasible to the minor unit, with the proof of how good it is.
///
/// Its `Display` is a table; [`explain`](Self::explain) is the auditor's page.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Allocation {
    pub(crate) optimizer: String,
    pub(crate) currency: Currency,
    pub(crate) campaigns: Vec<CampaignPlan>,
    pub(crate) value: f64,
    pub(crate) response: f64,
    pub(crate) upper_bound: f64,
    pub(crate) gap: f64,
    pub(crate) shadow_prices: Vec<ShadowPrice>,
    pub(crate) evaluations: usize,
    pub(crate) seconds: f64,
    pub(crate) stopping: StoppingReason,
    pub(crate) history: Vec<HistoryPoint>,
    pub(crate) certificate: Certificate,
}

/// One campaign's part of an [`Allocation`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct CampaignPlan {
    /// Its id.
    pub id: String,
    /// Its budget, in minor units.
    pub budget: i64,
    /// Today's budget, in minor units, where it was said.
    pub today: Option<i64>,
    /// Expected response to its budget.
    pub response: f64,
    /// Response to one more unit of currency (major) at its budget.
    pub marginal: f64,
    /// Which of its own bounds its budget meets.
    pub binding: Binding,
}

/// Which bound of its own a budget meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Binding {
    /// Neither: more or less is allowed.
    Free,
    /// Its lower bound.
    AtLeast,
    /// Its upper bound.
    AtMost,
    /// Its bounds leave one budget only.
    Fixed,
    /// It is paused, where 0 is allowed beside its bounds.
    Paused,
}

impl Allocation {
    /// Name of the optimiser that made it.
    pub fn optimizer(&self) -> &str {
        &self.optimizer
    }

    /// Every campaign's part, in the order of the problem.
    pub fn campaigns(&self) -> &[CampaignPlan] {
        &self.campaigns
    }

    /// Every campaign's budget, in minor units.
    pub fn budgets(&self) -> &[i64] {
        &self.certificate.budgets
    }

    /// The budget of a campaign, in minor units.
    pub fn budget(&self, id: &str) -> Option<i64> {
        self.campaigns.iter().find(|campaign| campaign.id == id).map(|campaign| campaign.budget)
    }

    /// The sum of the budgets, in minor units.
    pub fn total(&self) -> i64 {
        self.campaigns.iter().map(|campaign| campaign.budget).sum()
    }

    /// Currency of the budgets.
    pub fn currency(&self) -> &Currency {
        &self.currency
    }

    /// The objective: response, profit, or (for the least spend) minus the spend in major units.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// The summed expected response, whatever the objective.
    pub fn response(&self) -> f64 {
        self.response
    }

    /// No feasible plan has a greater objective; `+inf` when the curves declare nothing that could bound it.
    pub fn upper_bound(&self) -> f64 {
        self.upper_bound
    }

    /// `(upper_bound - value) / |upper_bound|`: at most this share is left to be gained.
    pub fn gap(&self) -> f64 {
        self.gap
    }

    /// What one more unit of each binding constraint is worth, the total first.
    pub fn shadow_prices(&self) -> &[ShadowPrice] {
        &self.shadow_prices
    }

    /// Evaluations of the whole objective that it took.
    pub fn evaluations(&self) -> usize {
        self.evaluations
    }

    /// Seconds that it took, rounding and proof included.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Why the optimiser stopped.
    pub fn stopping(&self) -> StoppingReason {
        self.stopping
    }

    /// The best value so far, as the search went on.
    pub fn history(&self) -> &[HistoryPoint] {
        &self.history
    }

    /// The proof of the upper bound, for anyone to check.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}
