//! The exact optimiser: prices where returns diminish, branch and bound where they do not.

#[cfg(test)]
mod brute_force;
mod choice;
mod part;
mod primal;
mod relax;
#[cfg(test)]
mod tests;
mod tree;

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use adsml_core::FitContext;

pub(crate) use primal::local_prices;

use crate::allocation::Course;
use crate::certificate::Prices;
use crate::program::Program;
use crate::{Allocation, BudgetOptimizer, BudgetProblem, OptimizeError, Result, StoppingReason};

/// Finds the best plan and proves it; when time runs out, the best plan it has and how much is left to be gained.
///
/// Where every curve is concave, one price per constraint settles everything (Karush, Kuhn and Tucker): campaigns spend
/// until their marginal return falls to the price, and the price is searched until the total is met. Elsewhere the box of
/// budgets is cut into parts, each bounded by its concave envelopes (Falk and Soland 1969), best bound first, until no part
/// can hold a better plan. Twins, campaigns of the same curve and bounds, are searched in one order only.
///
/// Cost: 6 to 9 answers of every curve where all are concave; for S-shaped ones some hundreds as a rule.
///
/// ```
/// use adsml_optimize::{BudgetOptimizer, BudgetProblem, Campaign, Currency, Exact, Hill, Total};
///
/// let problem = BudgetProblem::builder(Currency::new("EUR"))
///     .campaign(Campaign::new("brand", Hill::new(900.0, 200.0, 2.0)?))
///     .campaign(Campaign::new("prospecting", Hill::new(2_000.0, 700.0, 2.0)?))
///     .total(Total::Exactly(600.0))
///     .build()?;
/// let plan = Exact::default().allocate(&problem)?;
/// assert_eq!(plan.total(), 60_000);
/// assert!(plan.gap() < 1e-6);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Exact {
    gap: f64,
    time_limit: Duration,
    max_nodes: usize,
}

impl Default for Exact {
    /// A gap of 1e-9, ten seconds, 16,000 nodes (a certificate of less than a megabyte).
    fn default() -> Self {
        Self { gap: 1e-9, time_limit: Duration::from_secs(10), max_nodes: 16_000 }
    }
}

impl Exact {
    /// Stops as soon as this relative gap is proved. 0 or more, below 1; default `1e-9`.
    #[must_use]
    pub fn gap(mut self, gap: f64) -> Self {
        self.gap = gap;
        self
    }

    /// Stops after so much time, with the best plan and the bound it has then. Default ten seconds.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// Stops once the certificate has so many nodes. At least 1; default 16,000: less than a megabyte as JSON.
    ///
    /// Unlike a time limit, it stops at the same plan on every machine.
    #[must_use]
    pub fn max_nodes(mut self, nodes: usize) -> Self {
        self.max_nodes = nodes;
        self
    }

    fn check(&self) -> Result<()> {
        let refuse = |name, value: String, expected| {
            Err(OptimizeError::InvalidParameter { owner: self.name().to_owned(), name, value, expected })
        };
        if !(0.0..1.0).contains(&self.gap) {
            return refuse("gap", self.gap.to_string(), "a number in [0, 1)");
        }
        if self.max_nodes == 0 {
            return refuse("max_nodes", "0".to_owned(), "a whole number of at least 1");
        }
        Ok(())
    }
}

impl BudgetOptimizer for Exact {
    fn name(&self) -> &'static str {
        "exact"
    }

    fn allocate_with(&self, problem: &BudgetProblem, context: &FitContext<'_>) -> Result<Allocation> {
        let started = Instant::now();
        self.check()?;
        let searched = tree::Search::new(&problem.program, self, context, started).run();
        let Some(budgets) = searched.best else {
            let proved = searched.stopping == StoppingReason::GapReached;
            if searched.stopping == StoppingReason::Cancelled {
                return Err(OptimizeError::Cancelled);
            }
            return Err(problem.unreachable(&searched.nearest, proved));
        };
        let tree::Searched { evaluations, stopping, history, nodes, twins, .. } = searched;
        let course = Course { evaluations, stopping, history, started, threads: context.threads };
        Ok(Allocation::certified(problem, self.name(), budgets, nodes, twins, course))
    }
}

/// Prices that bound the whole problem, uncut, and the bound.
pub(crate) fn root_bound(program: &Program, threads: NonZeroUsize) -> (Prices, f64) {
    let domains: Vec<choice::Domain> = program.terms.iter().map(choice::Domain::whole).collect();
    let relaxed = relax::Relaxer::new(program, threads).relax(&domains, &Prices::default(), 0.0);
    (relaxed.prices, relaxed.bound)
}
