//! A plan for curves that are only known up to draws.

use super::gain::Gain;
use super::risk::Risk;
use crate::{Allocation, BudgetProblem};

/// A plan for curves that are only known up to draws.
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct UncertainPlan {
    pub(super) allocation: Allocation,
    #[cfg_attr(feature = "serde", serde(skip))]
    pub(super) problem: BudgetProblem,
    pub(super) risk: Risk,
    pub(super) value: f64,
    pub(super) upper_bound: f64,
    pub(super) gain: Option<Gain>,
}

impl UncertainPlan {
    /// The budgets, with a certificate for the averaged curves of [`problem`](Self::problem).
    pub fn allocation(&self) -> &Allocation {
        &self.allocation
    }

    /// The problem of averaged curves that the certificate is of.
    pub fn problem(&self) -> &BudgetProblem {
        &self.problem
    }

    /// What was made as great as can be.
    pub fn risk(&self) -> Risk {
        self.risk
    }

    /// Its value on the draws that the plan was made for: a gain over today's plan, or without one the objective itself.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// No plan has a greater value on the same draws.
    pub fn upper_bound(&self) -> f64 {
        self.upper_bound
    }

    /// What is left to be gained on the same draws, over the plan's objective.
    pub fn gap(&self) -> f64 {
        (self.upper_bound - self.value).max(0.0) / self.allocation.value().abs().max(f64::MIN_POSITIVE)
    }

    /// What it brings beyond today's plan, where every campaign says what it spends today.
    pub fn gain(&self) -> Option<&Gain> {
        self.gain.as_ref()
    }
}
