//! Asking for plans and being told what they brought.

use adsml_core::{Seed, Stream};

use super::BayesianOptimizer;
use super::acquisition::{Axis, Goal, Outlook, objective};
use super::gp::GaussianProcess;
use super::kernel::Kernel;
use crate::problem::judge::{is_feasible, spends};
use crate::problem::rounding::round_to_minor;
use crate::program::Program;
use crate::search::FeasibleSet;
use crate::{BudgetProblem, OptimizeError, Result};

/// Random plans looked at before the best are climbed from.
const SAMPLES: usize = 400;

/// Evaluated plans from which money is moved about, and how often each.
const PARENTS: usize = 5;
const MOVES: usize = 40;

/// Plans climbed from.
const CLIMBS: usize = 5;

/// Candidates for each initial point, of which the farthest from all before is taken.
const SPREAD: usize = 30;

/// A Bayesian search for experiments of one's own: asks for a plan, is told its response, any number of times.
///
/// ```
/// use adsml_optimize::{BayesianOptimizer, BayesianSearch, BudgetProblem, Campaign, Currency, Logarithmic, Seed, Total};
///
/// let guess = Logarithmic::new(500.0, 100.0)?;
/// let problem = BudgetProblem::builder(Currency::new("EUR"))
///     .campaign(Campaign::new("brand", guess.clone()).today(700.0))
///     .campaign(Campaign::new("search", guess).today(300.0))
///     .total(Total::Exactly(1_000.0))
///     .build()?;
/// let mut search = BayesianSearch::new(&BayesianOptimizer::default(), &problem, Seed::new(1))?;
/// search.tell(&[70_000, 30_000], 412.0)?; // last week
/// let next_week = search.ask()?;
/// assert_eq!(next_week.iter().sum::<i64>(), 100_000);
/// search.tell(&next_week, 431.5)?;
/// println!("{:?}", search.recommend()?);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
///
/// The same seed and the same observations ask for the same plans: to go on in another process, tell it everything again.
#[derive(Debug, Clone)]
pub struct BayesianSearch {
    problem: BudgetProblem,
    /// The problem's program without its floor: what a plan to be tried has to keep.
    domain: Program,
    n_initial_points: usize,
    kernel: Kernel,
    noisy: bool,
    seed: Seed,
    asked: usize,
    axes: Vec<Axis>,
    observations: Vec<Observation>,
    /// Where the next fit starts.
    hyper: Option<Vec<f64>>,
    process: Option<GaussianProcess>,
}

/// What a plan brought.
#[derive(Debug, Clone, PartialEq)]
struct Observation {
    budgets: Vec<i64>,
    spends: Vec<f64>,
    response: f64,
    /// Whether a plan may be this; others are only learnt from.
    feasible: bool,
}

/// The plan to choose after all that was told.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Recommendation {
    /// Budgets in minor units, one per campaign.
    pub budgets: Vec<i64>,
    /// Response to be expected: the mean of the posterior.
    pub response: f64,
    /// Standard deviation of the posterior: of the expected response, not of one observation of it.
    pub response_sd: f64,
}

impl BayesianSearch {
    /// A search that has seen nothing. Of the problem it uses bounds, groups, total and objective; the curves only to choose who
    /// gets a left-over minor unit.
    ///
    /// `O(n)` for `n` campaigns. [`n_calls`](BayesianOptimizer::n_calls) is not used: the caller decides when to stop.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`] for a parameter outside its range.
    pub fn new(settings: &BayesianOptimizer, problem: &BudgetProblem, seed: Seed) -> Result<Self> {
        settings.check()?;
        let program = &problem.program;
        Ok(Self {
            domain: Program { floor: None, ..program.clone() },
            n_initial_points: settings.n_initial_points,
            kernel: settings.kernel,
            noisy: true,
            seed,
            asked: 0,
            axes: axes(program, settings.kernel),
            observations: Vec::new(),
            hyper: None,
            process: None,
            problem: problem.clone(),
        })
    }

    /// A search whose observations are exact, so that no plan is worth a second look while there are others.
    pub(super) fn without_noise(settings: &BayesianOptimizer, problem: &BudgetProblem, seed: Seed) -> Result<Self> {
        Ok(Self { noisy: false, ..Self::new(settings, problem, seed)? })
    }

    /// The next plan to try, in minor units: feasible, except that nothing is promised of a target or volume.
    ///
    /// The first few (as many as [`n_initial_points`](BayesianOptimizer::n_initial_points), less what was told before) explore;
    /// the others improve. Meant to be told before it is asked again.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::TargetUnreachable`] in the rare case that no whole budgets are found next to any of its plans.
    pub fn ask(&mut self) -> Result<Vec<i64>> {
        let mut stream = self.seed.stream("bayesian search", self.asked as u64);
        self.asked += 1;
        self.fit();
        let set = FeasibleSet::new(&self.domain);
        let candidates = match &self.process {
            Some(process) if self.observations.len() >= self.n_initial_points => {
                let best = self.to_be_improved(process, &set, &mut stream);
                self.improve(process, &set, Goal::Improve(best), &mut stream)
            }
            _ => self.explore(&set, &mut stream),
        };
        let mut whole = candidates.iter().filter_map(|spends| round_to_minor(&self.domain, spends));
        let first = whole.next();
        let next = match first {
            Some(budgets) if !self.noisy && self.has_seen(&budgets) => {
                whole.find(|budgets| !self.has_seen(budgets)).or(Some(budgets))
            }
            first => first,
        };
        next.ok_or_else(|| self.problem.unreachable(candidates.last().map_or(&[], |spends| spends), false))
    }

    /// What a plan brought: conversions or revenue observed under `budgets`, in minor units. Any plan may be told, tried
    /// before the search began or not allowed any more.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidPlan`] unless there is one budget per campaign, none negative;
    /// [`OptimizeError::InvalidAmount`] for a response that is not finite.
    pub fn tell(&mut self, budgets: &[i64], response: f64) -> Result<()> {
        self.problem.value(budgets)?;
        if !response.is_finite() {
            let what = format!("the response observed in evaluation {}", self.observations.len() + 1);
            return Err(OptimizeError::InvalidAmount { what, value: response, expected: "a finite number" });
        }
        self.observations.push(Observation {
            budgets: budgets.to_vec(),
            spends: spends(&self.domain, budgets),
            response,
            feasible: is_feasible(&self.domain, budgets),
        });
        self.process = None;
        Ok(())
    }

    /// The plan of the best posterior mean, whether it was tried or not; with a target or volume, of those whose mean
    /// response keeps it.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`] before anything was told; else as [`ask`](Self::ask).
    pub fn recommend(&mut self) -> Result<Recommendation> {
        self.fit();
        let Some(process) = &self.process else {
            return Err(OptimizeError::InvalidParameter {
                owner: "bayesian_search".to_owned(),
                name: "observations",
                value: "0".to_owned(),
                expected: "at least 1 observation that was told",
            });
        };
        let set = FeasibleSet::new(&self.domain);
        let mut stream = self.seed.stream("bayesian recommendation", self.observations.len() as u64);
        let candidates = self.improve(process, &set, Goal::Mean, &mut stream);
        let whole = candidates.iter().find_map(|spends| round_to_minor(&self.domain, spends));
        let budgets =
            whole.ok_or_else(|| self.problem.unreachable(candidates.last().map_or(&[], |spends| spends), false))?;
        let mut outlook = Outlook::new(&self.problem.program, process, &self.axes);
        let (response, response_sd) = outlook.response(&spends(&self.domain, &budgets));
        Ok(Recommendation { budgets, response, response_sd })
    }

    /// How many observations were told.
    pub fn n_observations(&self) -> usize {
        self.observations.len()
    }

    pub(super) fn has_seen(&self, budgets: &[i64]) -> bool {
        self.observations.iter().any(|seen| seen.budgets == budgets)
    }

    /// The objective of the best so far that keeps the floor, as far as the search has looked at it.
    pub(super) fn best_value(&mut self) -> Option<f64> {
        if self.noisy && self.observations.len() < self.n_initial_points {
            return None;
        }
        self.fit();
        self.process.as_ref().and_then(|process| self.incumbent(process)).map(|best| best.1)
    }

    /// The best plan by Deb's rules (2000): who keeps the floor beats who does not; of two who do not, who misses it by less; of
    /// two who do, who is worth more.
    pub(super) fn best_evaluated(&self) -> Option<Vec<i64>> {
        let standing = |seen: &Observation| objective(&self.problem.program, &seen.spends, seen.response);
        let best = self.observations.iter().filter(|seen| seen.feasible).reduce(|best, seen| {
            let ((value, missing), (best_value, best_missing)) = (standing(seen), standing(best));
            if missing < best_missing || (missing == best_missing && value > best_value) { seen } else { best }
        });
        best.map(|best| best.budgets.clone())
    }

    fn fit(&mut self) {
        if self.process.is_some() || self.observations.is_empty() {
            return;
        }
        let places =
            |seen: &Observation| self.axes.iter().map(|axis| axis.coordinate(&seen.spends)).collect::<Vec<_>>();
        let x: Vec<f64> = self.observations.iter().flat_map(places).collect();
        let y: Vec<f64> = self.observations.iter().map(|seen| seen.response).collect();
        self.process = GaussianProcess::fit(self.kernel, self.axes.len(), &x, &y, &mut self.hyper);
    }

    /// The best of the evaluated plans that keep the floor, and its objective: by posterior means, or as observed where
    /// observations are exact.
    fn incumbent(&self, process: &GaussianProcess) -> Option<(usize, f64)> {
        let mut outlook = Outlook::new(&self.problem.program, process, &self.axes);
        let mut best: Option<(usize, f64)> = None;
        for (i, seen) in self.observations.iter().enumerate().filter(|(_, seen)| seen.feasible) {
            let response = if self.noisy { outlook.response(&seen.spends).0 } else { seen.response };
            let (value, missing) = objective(&self.problem.program, &seen.spends, response);
            if missing == 0.0 && best.is_none_or(|(_, known)| value > known) {
                best = Some((i, value));
            }
        }
        best
    }

    /// The objective that the next plan should improve on. Where observations are noisy, the best posterior mean of any plan:
    /// that plan would be recommended now, whether it was evaluated or not.
    fn to_be_improved(&self, process: &GaussianProcess, set: &FeasibleSet<'_>, stream: &mut Stream) -> Option<f64> {
        if !self.noisy {
            return self.incumbent(process).map(|best| best.1);
        }
        let plans = self.improve(process, set, Goal::Mean, stream);
        let (best, program) = (plans.first()?, &self.problem.program);
        let (mean, _) = Outlook::new(program, process, &self.axes).response(best);
        let (value, missing) = objective(program, best, mean);
        (missing == 0.0).then_some(value)
    }

    /// Feasible plans, the farthest from all evaluated ones first; the plan next to today's before all others.
    fn explore(&self, set: &FeasibleSet<'_>, stream: &mut Stream) -> Vec<Vec<f64>> {
        let mut plans = Vec::with_capacity(SPREAD + 1);
        if self.asked == 1 {
            let mut today: Vec<f64> = self.domain.terms.iter().map(|term| term.today).collect();
            set.project(&mut today);
            plans.push(today);
        }
        let mut drawn: Vec<(f64, Vec<f64>)> = (0..SPREAD)
            .map(|_| {
                let mut plan = vec![0.0; self.domain.n_campaigns()];
                set.sample(stream, &mut plan);
                (self.nearest(&plan), plan)
            })
            .collect();
        drawn.sort_by(|a, b| b.0.total_cmp(&a.0));
        plans.extend(drawn.into_iter().map(|(_, plan)| plan));
        plans
    }

    /// Squared distance to the nearest evaluated plan, as the process sees them.
    fn nearest(&self, plan: &[f64]) -> f64 {
        let distance = |seen: &Observation| -> f64 {
            self.axes.iter().map(|axis| (axis.coordinate(plan) - axis.coordinate(&seen.spends)).powi(2)).sum()
        };
        self.observations.iter().map(distance).fold(f64::INFINITY, f64::min)
    }

    /// Feasible plans, the best towards `goal` first: the ends of a few climbs, then what they began from.
    fn improve(
        &self,
        process: &GaussianProcess,
        set: &FeasibleSet<'_>,
        goal: Goal,
        stream: &mut Stream,
    ) -> Vec<Vec<f64>> {
        let mut outlook = Outlook::new(&self.problem.program, process, &self.axes);
        let mut plans: Vec<Vec<f64>> = Vec::with_capacity(SAMPLES + PARENTS * (MOVES + 1));
        for _ in 0..SAMPLES {
            let mut plan = vec![0.0; self.domain.n_campaigns()];
            set.sample(stream, &mut plan);
            plans.push(plan);
        }
        for parent in self.parents(&mut outlook) {
            for _ in 0..MOVES {
                plans.push(self.moved(&parent, set, stream));
            }
            plans.push(parent);
        }
        let mut judged: Vec<(f64, Vec<f64>)> =
            plans.into_iter().map(|plan| (outlook.value(goal, &plan), plan)).collect();
        judged.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (value, plan) in judged.iter_mut().take(CLIMBS) {
            *value = outlook.climb(set, goal, plan);
        }
        judged.sort_by(|a, b| b.0.total_cmp(&a.0));
        judged.into_iter().map(|(_, plan)| plan).collect()
    }

    /// The best evaluated plans by posterior mean.
    fn parents(&self, outlook: &mut Outlook<'_>) -> Vec<Vec<f64>> {
        let feasible = self.observations.iter().filter(|seen| seen.feasible);
        let mut judged: Vec<(f64, &Observation)> =
            feasible.map(|seen| (outlook.value(Goal::Mean, &seen.spends), seen)).collect();
        judged.sort_by(|a, b| b.0.total_cmp(&a.0));
        judged.into_iter().take(PARENTS).map(|(_, seen)| seen.spends.clone()).collect()
    }

    /// A plan with money moved between one or a few pairs of campaigns, log-uniformly little or much.
    fn moved(&self, plan: &[f64], set: &FeasibleSet<'_>, stream: &mut Stream) -> Vec<f64> {
        let mut plan = plan.to_vec();
        if self.axes.is_empty() {
            return plan;
        }
        for _ in 0..=stream.below(3) {
            let from = self.axes[stream.below(self.axes.len())];
            let to = self.axes[stream.below(self.axes.len())];
            let share = 10.0_f64.powf(-2.0 * stream.uniform());
            let amount = share * (plan[from.campaign] - from.least).max(0.0);
            plan[from.campaign] -= amount;
            plan[to.campaign] += amount;
        }
        set.project(&mut plan);
        plan
    }
}

/// Campaigns whose spend can move, and between what.
fn axes(program: &Program, kernel: Kernel) -> Vec<Axis> {
    let least = |i: usize| if program.terms[i].or_zero { 0.0 } else { program.terms[i].lower };
    let n = program.n_campaigns();
    let free = program.total.1 - (0..n).map(least).sum::<f64>();
    let axis = |campaign: usize| {
        let least = least(campaign);
        Axis { kernel, campaign, least, width: (program.terms[campaign].upper - least).min(free) }
    };
    (0..n).map(axis).filter(|axis| axis.width > 0.0).collect()
}
