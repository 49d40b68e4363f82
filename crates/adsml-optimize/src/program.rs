//! The problem as the optimisers see it: numbers only, every rule already resolved.

use std::sync::Arc;

use crate::ResponseCurve;

/// A separable programme over spends `x`, one per campaign, in major units of currency:
///
/// ```text
/// maximise    sum_i reward * f_i(x_i) - cost * x_i - change_cost_i * |x_i - today_i|
/// subject to  x_i in [lower_i, upper_i]   (or x_i = 0 where `or_zero`)
///             total.0 <= sum_i x_i <= total.1
///             least_g <= sum of group g <= most_g     (groups are disjoint)
///             sum_i f_i(x_i) - ratio * sum_i x_i >= least        (`floor`, where there is one)
/// ```
///
/// Every amount is a whole number of minor units. Feasible as far as everything but `floor` goes.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) terms: Vec<Term>,
    /// Least and most that may be spent in all; equal when the total is exact.
    pub(crate) total: (f64, f64),
    pub(crate) groups: Vec<GroupLimit>,
    /// The group of each campaign.
    pub(crate) group_of: Vec<Option<usize>>,
    pub(crate) reward: f64,
    pub(crate) cost: f64,
    pub(crate) floor: Option<VolumeFloor>,
    /// Minor units in a major one: 100 for euros.
    pub(crate) minor_per_major: f64,
}

/// One campaign.
#[derive(Debug, Clone)]
pub(crate) struct Term {
    pub(crate) curve: Arc<dyn ResponseCurve>,
    pub(crate) lower: f64,
    pub(crate) upper: f64,
    /// Whether 0 is allowed beside `[lower, upper]`; then `lower > 0`.
    pub(crate) or_zero: bool,
    pub(crate) today: f64,
    /// Cost of each unit of currency by which the spend departs from `today`.
    pub(crate) change_cost: f64,
}

/// What a group of campaigns may spend together.
#[derive(Debug, Clone)]
pub(crate) struct GroupLimit {
    pub(crate) members: Vec<usize>,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

/// `sum f_i - ratio * sum x_i >= least`: a target ROAS or CPA (`least` 0), or a volume (`ratio` 0).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct VolumeFloor {
    pub(crate) ratio: f64,
    pub(crate) least: f64,
}

/// By how much a floor may be missed, relative to the greater of its two sides: rounding error, not policy.
pub(crate) const FLOOR_TOLERANCE: f64 = 1e-12;

impl Program {
    pub(crate) fn n_campaigns(&self) -> usize {
        self.terms.len()
    }

    /// The objective.
    pub(crate) fn value(&self, spends: &[f64]) -> f64 {
        self.terms.iter().zip(spends).map(|(term, &spend)| term.value(self.reward, self.cost, spend)).sum()
    }

    /// The summed response, whatever the objective.
    pub(crate) fn response(&self, spends: &[f64]) -> f64 {
        self.terms.iter().zip(spends).map(|(term, &spend)| term.curve.value(spend)).sum()
    }

    /// By how much the floor is missed, in units of response; 0 when it is kept (within [`FLOOR_TOLERANCE`]) or absent.
    pub(crate) fn shortfall(&self, spends: &[f64]) -> f64 {
        let Some(floor) = self.floor else { return 0.0 };
        floor.shortfall(self.response(spends), spends.iter().sum())
    }
}

impl VolumeFloor {
    /// By how much a response misses what this floor asks for at a spend; 0 within [`FLOOR_TOLERANCE`].
    pub(crate) fn shortfall(&self, response: f64, spend: f64) -> f64 {
        let needed = self.ratio * spend + self.least;
        let missing = needed - response;
        if missing <= FLOOR_TOLERANCE * needed.abs().max(response.abs()) { 0.0 } else { missing }
    }
}

impl Term {
    /// The objective of this campaign at a spend.
    pub(crate) fn value(&self, reward: f64, cost: f64, spend: f64) -> f64 {
        self.objective(reward, cost, spend, self.curve.value(spend))
    }

    /// The objective of this campaign at a spend of known response.
    pub(crate) fn objective(&self, reward: f64, cost: f64, spend: f64, response: f64) -> f64 {
        let earned = reward * response - cost * spend;
        if self.change_cost == 0.0 { earned } else { earned - self.change_cost * (spend - self.today).abs() }
    }
}
