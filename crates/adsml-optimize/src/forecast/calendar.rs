//! What is known of the periods to come.

use std::collections::BTreeMap;

use crate::Total;

/// A day (or week) to come: its date, its circumstances, its total.
#[derive(Debug, Clone, PartialEq)]
pub struct PlannedDay {
    pub(super) date: i32,
    pub(super) context: Option<Vec<f64>>,
    pub(super) contexts: BTreeMap<String, Vec<f64>>,
    pub(super) total: Option<Total>,
}

impl PlannedDay {
    /// A date, as days since 1970-01-01, in the average circumstances of each campaign's history.
    pub fn new(date: i32) -> Self {
        Self { date, context: None, contexts: BTreeMap::new(), total: None }
    }

    /// `n` periods in a row, beginning a period after `last`.
    pub fn following(last: i32, period: i32, n: usize) -> Vec<Self> {
        (1..=n).map(|step| Self::new(last.saturating_add(period.saturating_mul(step as i32)))).collect()
    }

    /// The context of every campaign: a number for every name of the history's context.
    #[must_use]
    pub fn context(mut self, values: impl Into<Vec<f64>>) -> Self {
        self.context = Some(values.into());
        self
    }

    /// The context of one campaign, where it differs.
    #[must_use]
    pub fn context_of(mut self, campaign: impl Into<String>, values: impl Into<Vec<f64>>) -> Self {
        self.contexts.insert(campaign.into(), values.into());
        self
    }

    /// What may be spent on this day, in place of the problem's total.
    #[must_use]
    pub fn total(mut self, total: Total) -> Self {
        self.total = Some(total);
        self
    }

    /// Its date, as days since 1970-01-01.
    pub fn date(&self) -> i32 {
        self.date
    }

    /// The context of a campaign, where it was said.
    pub(super) fn of(&self, campaign: &str) -> Option<&[f64]> {
        self.contexts.get(campaign).or(self.context.as_ref()).map(Vec::as_slice)
    }
}
