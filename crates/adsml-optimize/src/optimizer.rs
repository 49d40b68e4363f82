//! What every optimiser is: a problem in, a plan out.

use std::fmt::Debug;

use adsml_core::FitContext;

use crate::{Allocation, BudgetProblem, Result};

/// Divides a budget: a [`BudgetProblem`] in, an [`Allocation`] out that is feasible to the minor unit.
pub trait BudgetOptimizer: Debug + Send + Sync {
    /// Its name in snake case: `"differential_evolution"`.
    fn name(&self) -> &'static str;

    /// Divides the budget under the circumstances of `context`: seed, threads, progress, cancellation.
    ///
    /// Cancelled, it returns the best feasible plan it has, with [`StoppingReason::Cancelled`].
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for a parameter of the optimiser outside its
    /// range; [`OptimizeError::TargetUnreachable`](crate::OptimizeError::TargetUnreachable) when no plan keeps the target,
    /// or none was found.
    fn allocate_with(&self, problem: &BudgetProblem, context: &FitContext<'_>) -> Result<Allocation>;

    /// [`allocate_with`](Self::allocate_with) the default context: seed 42, every thread, nobody watching.
    ///
    /// # Errors
    ///
    /// As [`allocate_with`](Self::allocate_with).
    fn allocate(&self, problem: &BudgetProblem) -> Result<Allocation> {
        self.allocate_with(problem, &FitContext::default())
    }
}

/// Why an optimiser stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum StoppingReason {
    /// The gap asked for is proved.
    GapReached,
    /// The best real plan is found and proved; what is left of the gap is less than whole minor units can express.
    WholeUnits,
    /// Candidates no longer differ by more than the tolerance.
    Converged,
    /// Every iteration was done.
    MaxIterations,
    /// Every evaluation was spent.
    MaxEvaluations,
    /// The time limit passed.
    TimeLimit,
    /// The certificate reached its greatest size.
    CertificateSize,
    /// The caller cancelled.
    Cancelled,
}

/// What a search found, before it is rounded, judged and bounded: what every optimiser hands to [`Allocation`].
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Spends in major units, feasible up to rounding error.
    pub(crate) spends: Vec<f64>,
    /// Evaluations of the whole objective (or, for the exact optimiser, of all curves together, divided by their number).
    pub(crate) evaluations: usize,
    pub(crate) stopping: StoppingReason,
    /// The best value so far and after how many evaluations it was found.
    pub(crate) history: Vec<HistoryPoint>,
}

/// A step of the best value so far.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct HistoryPoint {
    /// Evaluations of the objective so far.
    pub evaluations: usize,
    /// Seconds so far.
    pub seconds: f64,
    /// The best objective so far.
    pub value: f64,
    /// The least upper bound so far; only the exact optimiser has one while it runs.
    pub upper_bound: Option<f64>,
}
