//! The proof that comes with a plan: no other plan is better than so much.

mod declared;
mod error;
#[cfg(test)]
mod random_tests;
pub(crate) mod rounding;
#[cfg(test)]
mod tests;
mod verify;

use crate::program::Program;

pub use error::CertificateError;
pub use verify::Verified;

/// A proof that no feasible plan has more than [`upper_bound`](Self::upper_bound).
///
/// It cuts the box of all budgets into parts, by questions such as "at most 12.34, or at least 12.35, for campaign 3?",
/// and gives each part one price per constraint. Whatever the prices, relaxing the constraints at these prices bounds
/// the objective on that part (weak duality):
///
/// ```text
/// bound = sum_i max over x in D_i of [ (reward + floor) f_i(x) - (cost + total + group_g(i) + floor * ratio) x - change_cost_i |x - today_i| ]
///         + total * (most if total > 0, else least)  + the same for every group  - floor * volume
/// ```
///
/// so anyone can re-check it from the curves alone. Finding good parts and prices is hard; checking them is not.
///
/// Twins (campaigns of the same curve and the same bounds) may be exchanged without changing the objective: of all
/// orders the one with the greatest budget first is enough, and a cut of one twin cuts its siblings.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Certificate {
    /// Objective of the plan it came with.
    pub(crate) value: f64,
    /// What no plan exceeds.
    pub(crate) upper_bound: f64,
    /// Budgets of the plan, in minor units.
    pub(crate) budgets: Vec<i64>,
    /// Classes of twins, each in order of descending budget.
    pub(crate) twins: Vec<Vec<usize>>,
    /// The cuts, in preorder: a cut, then all of its "at most" side, then all of its "at least" side.
    pub(crate) nodes: Vec<Node>,
}

/// A node of the tree of cuts.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Node {
    /// `x[campaign] <= at` on one side, `x[campaign] >= at + 1` on the other; in minor units.
    #[cfg_attr(feature = "serde", serde(rename = "c"))]
    Cut(usize, i64),
    /// No budgets of this part satisfy totals, groups and bounds.
    #[cfg_attr(feature = "serde", serde(rename = "e"))]
    Empty,
    /// A part with its prices.
    #[cfg_attr(feature = "serde", serde(rename = "b"))]
    Bound(Prices, f64),
}

/// One price per constraint.
#[derive(Debug, Clone, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Prices {
    /// Of the total: what one more unit of currency is worth.
    #[cfg_attr(feature = "serde", serde(rename = "t"))]
    pub(crate) total: f64,
    /// Of the target or volume; never negative.
    #[cfg_attr(feature = "serde", serde(rename = "f", default, skip_serializing_if = "is_zero"))]
    pub(crate) floor: f64,
    /// Of each group, in the problem's order; empty for all zero.
    #[cfg_attr(feature = "serde", serde(rename = "g", default, skip_serializing_if = "Vec::is_empty"))]
    pub(crate) groups: Vec<f64>,
}

#[cfg(feature = "serde")]
#[allow(clippy::trivially_copy_pass_by_ref)] // As serde calls it.
fn is_zero(value: &f64) -> bool {
    *value == 0.0
}

impl Certificate {
    /// What no feasible plan exceeds.
    pub fn upper_bound(&self) -> f64 {
        self.upper_bound
    }

    /// `(upper_bound - value) / |upper_bound|`: at most this share is left to be gained. Never negative.
    pub fn gap(&self) -> f64 {
        relative_gap(self.value, self.upper_bound)
    }

    /// Number of parts.
    pub fn n_parts(&self) -> usize {
        self.nodes.iter().filter(|node| !matches!(node, Node::Cut(..))).count()
    }
}

/// `(upper_bound - value) / |upper_bound|`, at least 0. Objectives below a millionth of a unit count as that: the gap of
/// nothing to nearly nothing is nearly nothing.
pub(crate) fn relative_gap(value: f64, upper_bound: f64) -> f64 {
    let missing = (upper_bound - value).max(0.0);
    if missing.is_infinite() { 1.0 } else { missing / upper_bound.abs().max(value.abs()).max(1e-6) }
}

impl Prices {
    /// Price of one unit of currency spent on a campaign, its floor's share included.
    pub(crate) fn of_spend(&self, program: &Program, campaign: usize) -> f64 {
        let group = program.group_of[campaign].and_then(|group| self.groups.get(group)).copied().unwrap_or(0.0);
        program.cost + self.total + group + program.floor.map_or(0.0, |floor| self.floor * floor.ratio)
    }
}
