//! Differential evolution.

use adsml_core::{FitContext, Stream};

use super::driver::{Driver, Standing, at_least, check_max_evaluations, refuse, within};
use super::spectral::Spectral;
use crate::{Allocation, BudgetOptimizer, BudgetProblem, Result, StoppingReason};

/// Numbers kept for a population at most: 128 megabytes. Beyond 1,000 campaigns it is smaller than asked for.
const MOST_NUMBERS: usize = 16_000_000;

/// Steps of the climb at the end.
const POLISHING: usize = 100;

/// Differential evolution, as in SciPy, on the feasible set itself.
///
/// ```text
/// trial = project(best + F (a - b)  where a coin says so, else the member itself)
/// ```
///
/// with two other members `a` and `b`, and `F` drawn anew each generation ("best1bin" with dither). The trial replaces the
/// member when it is no worse. It stops when the values of the population agree. At the end the best is improved by
/// spectral projected gradients, as SciPy polishes its own.
///
/// Defaults are those of the prototype: `popsize` 15 members per campaign, 100 generations, `tol` and `atol` 1e-6.
///
/// Source: Storn and Price (1997), "Differential Evolution", J. Global Optimization 11; SciPy's `differential_evolution`.
///
/// ```
/// use adsml_optimize::{BudgetOptimizer, BudgetProblem, Campaign, Currency, DifferentialEvolution, Hill, Total};
///
/// let problem = BudgetProblem::builder(Currency::new("EUR"))
///     .campaign(Campaign::new("brand", Hill::new(900.0, 200.0, 2.0)?))
///     .campaign(Campaign::new("prospecting", Hill::new(2_000.0, 700.0, 2.0)?))
///     .total(Total::Exactly(600.0))
///     .build()?;
/// let plan = DifferentialEvolution::default().allocate(&problem)?;
/// assert_eq!(plan.total(), 60_000);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DifferentialEvolution {
    popsize: usize,
    max_iter: usize,
    tol: f64,
    atol: f64,
    mutation: (f64, f64),
    recombination: f64,
    polish: bool,
    max_evaluations: Option<usize>,
}

impl Default for DifferentialEvolution {
    fn default() -> Self {
        Self {
            popsize: 15,
            max_iter: 100,
            tol: 1e-6,
            atol: 1e-6,
            mutation: (0.5, 1.0),
            recombination: 0.7,
            polish: true,
            max_evaluations: None,
        }
    }
}

impl DifferentialEvolution {
    /// Members per campaign; never fewer than five in all, nor more than 128 megabytes of them. At least 1; default 15.
    #[must_use]
    pub fn popsize(mut self, popsize: usize) -> Self {
        self.popsize = popsize;
        self
    }

    /// Generations at most. At least 1; default 100.
    #[must_use]
    pub fn max_iter(mut self, generations: usize) -> Self {
        self.max_iter = generations;
        self
    }

    /// Stops when the values' standard deviation is at most `atol + tol * |mean|`. At least 0; default `1e-6`.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// The absolute part of the same, in units of the objective. At least 0; default `1e-6`.
    #[must_use]
    pub fn atol(mut self, atol: f64) -> Self {
        self.atol = atol;
        self
    }

    /// The range of `F`, drawn uniformly each generation. Between 0 and 2, in order; default `(0.5, 1.0)`.
    #[must_use]
    pub fn mutation(mut self, least: f64, most: f64) -> Self {
        self.mutation = (least, most);
        self
    }

    /// Probability that a campaign's spend is the mutant's. Between 0 and 1; default 0.7.
    #[must_use]
    pub fn recombination(mut self, probability: f64) -> Self {
        self.recombination = probability;
        self
    }

    /// Whether the best is improved by a local climb at the end; default yes.
    #[must_use]
    pub fn polish(mut self, polish: bool) -> Self {
        self.polish = polish;
        self
    }

    /// Evaluations of the objective at most, the last climb included. At least 1; default as many as the generations need.
    #[must_use]
    pub fn max_evaluations(mut self, evaluations: usize) -> Self {
        self.max_evaluations = Some(evaluations);
        self
    }

    fn check(&self) -> Result<()> {
        let owner = self.name();
        at_least(owner, "popsize", self.popsize, 1, "a whole number of at least 1")?;
        at_least(owner, "max_iter", self.max_iter, 1, "a whole number of at least 1")?;
        within(owner, "tol", self.tol, (0.0, f64::MAX), "a finite number, at least 0")?;
        within(owner, "atol", self.atol, (0.0, f64::MAX), "a finite number, at least 0")?;
        let (least, most) = self.mutation;
        if !(least >= 0.0 && least <= most && most <= 2.0) {
            return refuse(owner, "mutation", format!("({least}, {most})"), "two numbers between 0 and 2, in order");
        }
        within(owner, "recombination", self.recombination, (0.0, 1.0), "a number in [0, 1]")?;
        check_max_evaluations(owner, self.max_evaluations)
    }

    fn evolve(&self, driver: &mut Driver<'_>) -> StoppingReason {
        let n = driver.program.n_campaigns();
        let members = self.popsize.saturating_mul(n).min(MOST_NUMBERS / n).max(5);
        let mut stream = driver.stream(0);
        let mut population = vec![0.0; members * n];
        let mut standings = vec![driver.best().1; members];
        population[..n].copy_from_slice(driver.best().0);
        for (member, standing) in population.chunks_exact_mut(n).zip(&mut standings).skip(1) {
            if let Some(reason) = driver.stop() {
                return reason;
            }
            driver.set.sample(&mut stream, member);
            *standing = driver.evaluate(member);
        }
        let mut best = (1..members).fold(0, |best, i| if standings[i].beats(standings[best]) { i } else { best });
        driver.iterated(0, self.max_iter);
        let mut trial = vec![0.0; n];
        for generation in 1..=self.max_iter {
            let factor = self.mutation.0 + stream.uniform() * (self.mutation.1 - self.mutation.0);
            for i in 0..members {
                if let Some(reason) = driver.stop() {
                    return reason;
                }
                self.mutate(&population, (i, best), factor, &mut stream, &mut trial);
                driver.set.project(&mut trial);
                let standing = driver.evaluate(&trial);
                if !standings[i].beats(standing) {
                    population[i * n..(i + 1) * n].copy_from_slice(&trial);
                    standings[i] = standing;
                    if standing.beats(standings[best]) {
                        best = i;
                    }
                }
            }
            driver.iterated(generation, self.max_iter);
            if self.agree(&standings) {
                return StoppingReason::Converged;
            }
        }
        StoppingReason::MaxIterations
    }

    fn mutate(
        &self,
        population: &[f64],
        (i, best): (usize, usize),
        factor: f64,
        stream: &mut Stream,
        trial: &mut [f64],
    ) {
        let n = trial.len();
        let members = population.len() / n;
        let member = |i: usize| &population[i * n..(i + 1) * n];
        // Two of the others, different: skip over those that are taken.
        let skip = |drawn: usize, taken: usize| drawn + usize::from(drawn >= taken);
        let a = skip(stream.below(members - 1), i);
        let (low, high) = (a.min(i), a.max(i));
        let b = skip(skip(stream.below(members - 2), low), high);
        let (own, best, a, b) = (member(i), member(best), member(a), member(b));
        let always = stream.below(n);
        for j in 0..n {
            let mutant = j == always || stream.uniform() < self.recombination;
            trial[j] = if mutant { best[j] + factor * (a[j] - b[j]) } else { own[j] };
        }
    }

    /// Whether all keep the floor and their values no longer differ.
    fn agree(&self, standings: &[Standing]) -> bool {
        let n = standings.len() as f64;
        let mean = standings.iter().map(|standing| standing.value).sum::<f64>() / n;
        let variance = standings.iter().map(|standing| (standing.value - mean).powi(2)).sum::<f64>() / n;
        standings.iter().all(|standing| standing.shortfall == 0.0)
            && variance.sqrt() <= self.atol + self.tol * mean.abs()
    }
}

impl BudgetOptimizer for DifferentialEvolution {
    fn name(&self) -> &'static str {
        "differential_evolution"
    }

    fn allocate_with(&self, problem: &BudgetProblem, context: &FitContext<'_>) -> Result<Allocation> {
        self.check()?;
        let mut driver = Driver::new(self.name(), problem, context, self.max_evaluations);
        driver.reserve(if self.polish { 2 * POLISHING } else { 0 });
        let stopping = self.evolve(&mut driver);
        if self.polish && stopping != StoppingReason::Cancelled {
            driver.reserve(0);
            let mut x = driver.best().0.to_vec();
            Spectral::new(x.len()).climb(&mut driver, &mut x, POLISHING, 1e-12);
        }
        driver.finish(stopping)
    }
}
