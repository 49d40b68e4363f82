//! Random search: the baseline.

use adsml_core::FitContext;

use super::driver::{Driver, at_least};
use crate::{Allocation, BudgetOptimizer, BudgetProblem, Result, StoppingReason};

/// How many draws make an iteration, for progress and history.
const BATCH: usize = 100;

/// The best of many random feasible plans: what every other search has to beat.
///
/// Draws spread the money over everybody, over a few, or fill a few to the brim, a third each.
///
/// Source: Bergstra and Bengio (2012), "Random Search for Hyper-Parameter Optimization", JMLR 13.
#[derive(Debug, Clone, PartialEq)]
pub struct RandomSearch {
    max_evaluations: usize,
}

impl Default for RandomSearch {
    fn default() -> Self {
        Self { max_evaluations: 10_000 }
    }
}

impl RandomSearch {
    /// How many plans are drawn, the one next to today's included. At least 1; default 10,000, as a swarm of 100 has in 100 rounds.
    #[must_use]
    pub fn max_evaluations(mut self, evaluations: usize) -> Self {
        self.max_evaluations = evaluations;
        self
    }
}

impl BudgetOptimizer for RandomSearch {
    fn name(&self) -> &'static str {
        "random_search"
    }

    fn allocate_with(&self, problem: &BudgetProblem, context: &FitContext<'_>) -> Result<Allocation> {
        at_least(self.name(), "max_evaluations", self.max_evaluations, 1, "a whole number of at least 1")?;
        let mut driver = Driver::new(self.name(), problem, context, Some(self.max_evaluations));
        let mut stream = driver.stream(0);
        let mut x = vec![0.0; driver.program.n_campaigns()];
        let mut drawn = 1;
        let stopping: StoppingReason = loop {
            if let Some(reason) = driver.stop() {
                break reason;
            }
            driver.set.sample(&mut stream, &mut x);
            driver.evaluate(&x);
            drawn += 1;
            if drawn % BATCH == 0 {
                driver.iterated(drawn, self.max_evaluations);
            }
        };
        driver.finish(stopping)
    }
}
