//! Projected gradients from many starts.

use adsml_core::FitContext;

use super::driver::{Driver, at_least, check_max_evaluations, within};
use super::spectral::Spectral;
use crate::{Allocation, BudgetOptimizer, BudgetProblem, Result, StoppingReason};

/// Spectral projected gradients from today's plan and from random ones; the best of the tops they climb.
///
/// ```text
/// d = project(x + step * gradient) - x,   x <- x + length * d,   step = |s|^2 / (s . -y)
/// ```
///
/// with `s` and `y` the last changes of spends and gradient, and a length that may lose a little at first (not below the
/// least of the last ten merits). Exact for concave curves; for S-shaped ones, each start finds the top of its own hill.
/// A campaign that a start pauses stays paused. A target or volume is an augmented Lagrangian term.
///
/// Source: Birgin, Martinez and Raydan (2000), "Nonmonotone spectral projected gradient methods on convex sets",
/// SIAM J. Optimization 10(4), algorithm SPG2.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectedGradient {
    n_starts: usize,
    max_iter: usize,
    tol: f64,
    max_evaluations: Option<usize>,
}

impl Default for ProjectedGradient {
    fn default() -> Self {
        Self { n_starts: 20, max_iter: 200, tol: 1e-12, max_evaluations: None }
    }
}

impl ProjectedGradient {
    /// How many starts, today's plan included. At least 1; default 20.
    #[must_use]
    pub fn n_starts(mut self, starts: usize) -> Self {
        self.n_starts = starts;
        self
    }

    /// Steps of each start at most. At least 1; default 200.
    #[must_use]
    pub fn max_iter(mut self, steps: usize) -> Self {
        self.max_iter = steps;
        self
    }

    /// A climb ends when two steps in a row gain less than this share of the objective. At least 0; default `1e-12`.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// Evaluations at most; a gradient counts as one. At least 1; default no limit.
    #[must_use]
    pub fn max_evaluations(mut self, evaluations: usize) -> Self {
        self.max_evaluations = Some(evaluations);
        self
    }

    fn check(&self) -> Result<()> {
        at_least(self.name(), "n_starts", self.n_starts, 1, "a whole number of at least 1")?;
        at_least(self.name(), "max_iter", self.max_iter, 1, "a whole number of at least 1")?;
        within(self.name(), "tol", self.tol, (0.0, f64::MAX), "a finite number, at least 0")?;
        check_max_evaluations(self.name(), self.max_evaluations)
    }

    fn climb_all(&self, driver: &mut Driver<'_>) -> StoppingReason {
        let mut stream = driver.stream(0);
        let mut x = driver.best().0.to_vec();
        let mut climber = Spectral::new(x.len());
        let mut worst = StoppingReason::Converged;
        for start in 0..self.n_starts {
            if start > 0 {
                driver.set.sample(&mut stream, &mut x);
            }
            match climber.climb(driver, &mut x, self.max_iter, self.tol) {
                StoppingReason::Converged => {}
                StoppingReason::MaxIterations => worst = StoppingReason::MaxIterations,
                stopped => return stopped,
            }
            driver.iterated(start + 1, self.n_starts);
        }
        worst
    }
}

impl BudgetOptimizer for ProjectedGradient {
    fn name(&self) -> &'static str {
        "projected_gradient"
    }

    fn allocate_with(&self, problem: &BudgetProblem, context: &FitContext<'_>) -> Result<Allocation> {
        self.check()?;
        let mut driver = Driver::new(self.name(), problem, context, self.max_evaluations);
        let stopping = self.climb_all(&mut driver);
        driver.finish(stopping)
    }
}
