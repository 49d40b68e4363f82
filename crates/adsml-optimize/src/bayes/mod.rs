//! Bayesian optimisation: few evaluations, each dear and perhaps noisy.

mod acquisition;
mod gp;
mod kernel;
mod lbfgs;
mod normal;
mod search;
#[cfg(test)]
mod tests;

use std::time::Instant;

use adsml_core::FitContext;

pub use kernel::Kernel;
pub use search::{BayesianSearch, Recommendation};

use crate::optimizer::{Found, HistoryPoint};
use crate::problem::judge::spends;
use crate::{Allocation, BudgetOptimizer, BudgetProblem, OptimizeError, Result, StoppingReason};

/// Learns where money works from few evaluations: for responses that are dear to evaluate, a week of real spend, and noisy.
///
/// A Gaussian process is fitted to the responses seen so far; the next plan is the one with the greatest expected
/// improvement on the best. Plans are searched among those that keep bounds, groups and total, nothing is renormalised.
/// A target or volume is kept with the probability that the process gives it: the acquisition is
///
/// ```text
/// ln E[max(objective - best, 0)] + ln P(response >= what the target asks for)
/// ```
///
/// Three doors: [`allocate`](BudgetOptimizer::allocate) evaluates the problem's own curves, for comparison with other
/// optimisers; [`maximize`](Self::maximize) evaluates a function of yours, noisy or not; [`BayesianSearch`] asks and is
/// told, for experiments that outlive a process.
///
/// What has to be improved on is the best evaluation; where those are noisy, the best posterior mean of any plan.
///
/// Cost: about 5 ms a call at 10 campaigns and 40 calls, growing with the cube of the calls.
///
/// Sources: Jones, Schonlau and Welch (1998), "Efficient global optimization of expensive black-box functions", J. Global
/// Optim. 13; Ament et al. (2023), "Unexpected improvements to expected improvement", NeurIPS 36; constraints: Gardner et
/// al. (2014), "Bayesian optimization with inequality constraints", ICML 31.
///
/// ```
/// use adsml_optimize::{BayesianOptimizer, BudgetProblem, Campaign, Currency, FitContext, Logarithmic, Total};
///
/// // The curves are a first guess; what a plan really brings is asked of the world.
/// let guess = Logarithmic::new(500.0, 100.0)?;
/// let problem = BudgetProblem::builder(Currency::new("EUR"))
///     .campaign(Campaign::new("brand", guess.clone()))
///     .campaign(Campaign::new("search", guess))
///     .total(Total::Exactly(1_000.0))
///     .build()?;
/// let world = |budgets: &[i64]| (budgets[0] as f64).sqrt() + 2.0 * (budgets[1] as f64).sqrt();
/// let plan = BayesianOptimizer::default().n_calls(20).maximize(&problem, world, &FitContext::default())?;
/// // The best is to spend four times as much on the second.
/// assert!((plan.budgets()[1] - 80_000).abs() < 3_000);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct BayesianOptimizer {
    n_calls: usize,
    n_initial_points: usize,
    kernel: Kernel,
}

impl Default for BayesianOptimizer {
    /// 100 calls, 10 of them before anything is modelled; [`Kernel::Additive`].
    fn default() -> Self {
        Self { n_calls: 100, n_initial_points: 10, kernel: Kernel::default() }
    }
}

impl BayesianOptimizer {
    /// Evaluations at most. At least 1; default 100.
    #[must_use]
    pub fn n_calls(mut self, calls: usize) -> Self {
        self.n_calls = calls;
        self
    }

    /// How many plans are evaluated before a process is fitted: the one next to today's, then plans far apart, of many
    /// campaigns and of few. At least 1; default 10.
    #[must_use]
    pub fn n_initial_points(mut self, points: usize) -> Self {
        self.n_initial_points = points;
        self
    }

    /// What is assumed of the response; default [`Kernel::Additive`].
    #[must_use]
    pub fn kernel(mut self, kernel: Kernel) -> Self {
        self.kernel = kernel;
        self
    }

    /// Finds the plan with the greatest response as `evaluate` tells it: conversions or revenue (not profit: what the
    /// objective makes of it is known), one noisy observation per call, given budgets in minor units.
    ///
    /// Returns the plan of the best posterior mean among all feasible ones, evaluated or not: where observations are noisy the
    /// best of them is mostly luck. Its figures (response, bound, marginals) are those of the problem's curves, and a target is
    /// last judged by them; so are bounds and totals, to the minor unit.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`] for a parameter outside its range; [`OptimizeError::InvalidAmount`] for an
    /// observation that is not finite; [`OptimizeError::TargetUnreachable`] where the recommended plan misses the target.
    pub fn maximize(
        &self,
        problem: &BudgetProblem,
        mut evaluate: impl FnMut(&[i64]) -> f64,
        context: &FitContext<'_>,
    ) -> Result<Allocation> {
        let started = Instant::now();
        let mut run = Run::new(self, problem, context, started, BayesianSearch::new(self, problem, context.seed)?);
        let stopping = run.evaluate_all(&mut evaluate, false)?;
        let recommended = run.search.recommend()?;
        run.finish(spends(&problem.program, &recommended.budgets), stopping)
    }

    fn check(&self) -> Result<()> {
        for (name, value) in [("n_calls", self.n_calls), ("n_initial_points", self.n_initial_points)] {
            if value == 0 {
                return Err(OptimizeError::InvalidParameter {
                    owner: self.name().to_owned(),
                    name,
                    value: value.to_string(),
                    expected: "a whole number of at least 1",
                });
            }
        }
        Ok(())
    }
}

impl BudgetOptimizer for BayesianOptimizer {
    fn name(&self) -> &'static str {
        "bayesian_optimizer"
    }

    /// Evaluates the problem's own curves, which are not noisy: no plan is evaluated twice, and the answer is the best that was
    /// evaluated.
    fn allocate_with(&self, problem: &BudgetProblem, context: &FitContext<'_>) -> Result<Allocation> {
        let started = Instant::now();
        let program = &problem.program;
        let search = BayesianSearch::without_noise(self, problem, context.seed)?;
        let mut run = Run::new(self, problem, context, started, search);
        let mut evaluate = |budgets: &[i64]| program.response(&spends(program, budgets));
        let stopping = run.evaluate_all(&mut evaluate, true)?;
        let best = run.search.best_evaluated().ok_or(OptimizeError::Cancelled)?;
        run.finish(spends(program, &best), stopping)
    }
}

/// A search with somebody who answers.
struct Run<'a> {
    settings: &'a BayesianOptimizer,
    problem: &'a BudgetProblem,
    context: &'a FitContext<'a>,
    started: Instant,
    search: BayesianSearch,
    evaluations: usize,
    history: Vec<HistoryPoint>,
}

impl<'a> Run<'a> {
    fn new(
        settings: &'a BayesianOptimizer,
        problem: &'a BudgetProblem,
        context: &'a FitContext<'a>,
        started: Instant,
        search: BayesianSearch,
    ) -> Self {
        Self { settings, problem, context, started, search, evaluations: 0, history: Vec::new() }
    }

    /// Asks and tells until the calls are used up; without noise, or until nothing new is worth asking for. Evaluates once
    /// even where it is cancelled, so that there is a plan to return.
    fn evaluate_all(&mut self, evaluate: &mut dyn FnMut(&[i64]) -> f64, only_new: bool) -> Result<StoppingReason> {
        while self.evaluations < self.settings.n_calls {
            if self.evaluations > 0 && self.context.check_cancelled().is_err() {
                return Ok(StoppingReason::Cancelled);
            }
            let budgets = self.search.ask()?;
            if only_new && self.search.has_seen(&budgets) {
                return Ok(StoppingReason::Converged);
            }
            let response = evaluate(&budgets);
            self.search.tell(&budgets, response)?;
            self.evaluations += 1;
            self.remember();
            self.context.progress(self.settings.name(), self.evaluations, Some(self.settings.n_calls));
        }
        Ok(StoppingReason::MaxEvaluations)
    }

    fn remember(&mut self) {
        let Some(value) = self.search.best_value() else { return };
        if self.history.last().is_none_or(|last| value > last.value) {
            let seconds = self.started.elapsed().as_secs_f64();
            self.history.push(HistoryPoint { evaluations: self.evaluations, seconds, value, upper_bound: None });
        }
    }

    fn finish(self, spends: Vec<f64>, stopping: StoppingReason) -> Result<Allocation> {
        let found = Found { spends, evaluations: self.evaluations, stopping, history: self.history };
        Allocation::conclude(self.problem, self.settings.name(), found, self.started, self.context.threads)
    }
}
