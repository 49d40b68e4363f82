//! Genetic algorithm.

use adsml_core::{FitContext, Stream};

use super::driver::{Driver, Standing, at_least, check_max_evaluations, refuse, within};
use super::transfer::Books;
use crate::{Allocation, BudgetOptimizer, BudgetProblem, Result, StoppingReason};

/// How many powers of ten smaller than possible a mutation's transfer may be.
const FINENESS: f64 = 5.0;

/// A genetic algorithm with real genes, on the feasible set itself.
///
/// Parents win tournaments. A child's spends are drawn, campaign by campaign, from the parents' range widened by `blend` of
/// it on both sides (BLX-α), and projected; then, by chance, some money is moved from one campaign to another. The best of
/// each generation live on.
///
/// Source: Eshelman and Schaffer (1993), "Real-coded genetic algorithms and interval-schemata", FOGA 2; Goldberg and Deb (1991) for
/// tournaments.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneticAlgorithm {
    population: usize,
    max_iter: usize,
    tournament: usize,
    crossover: f64,
    blend: f64,
    mutation: f64,
    elite: usize,
    max_evaluations: Option<usize>,
}

impl Default for GeneticAlgorithm {
    fn default() -> Self {
        Self {
            population: 100,
            max_iter: 100,
            tournament: 3,
            crossover: 0.7,
            blend: 0.3,
            mutation: 0.5,
            elite: 2,
            max_evaluations: None,
        }
    }
}

impl GeneticAlgorithm {
    /// Plans in a generation. At least 2; default 100.
    #[must_use]
    pub fn population(mut self, plans: usize) -> Self {
        self.population = plans;
        self
    }

    /// Generations at most. At least 1; default 100.
    #[must_use]
    pub fn max_iter(mut self, generations: usize) -> Self {
        self.max_iter = generations;
        self
    }

    /// Plans that compete to be a parent. At least 1; default 3.
    #[must_use]
    pub fn tournament(mut self, plans: usize) -> Self {
        self.tournament = plans;
        self
    }

    /// Probability that a child has two parents; otherwise it is a copy to be mutated. Between 0 and 1; default 0.7.
    #[must_use]
    pub fn crossover(mut self, probability: f64) -> Self {
        self.crossover = probability;
        self
    }

    /// How far beyond its parents a child may be, as a share of their distance. At least 0; default 0.3.
    #[must_use]
    pub fn blend(mut self, blend: f64) -> Self {
        self.blend = blend;
        self
    }

    /// Probability of a transfer, and of each further one. Between 0 and 1, below 1; default 0.5.
    #[must_use]
    pub fn mutation(mut self, probability: f64) -> Self {
        self.mutation = probability;
        self
    }

    /// The best that live on. Fewer than the population; default 2.
    #[must_use]
    pub fn elite(mut self, plans: usize) -> Self {
        self.elite = plans;
        self
    }

    /// Evaluations of the objective at most. At least 1; default as many as the generations need.
    #[must_use]
    pub fn max_evaluations(mut self, evaluations: usize) -> Self {
        self.max_evaluations = Some(evaluations);
        self
    }

    fn check(&self) -> Result<()> {
        let owner = self.name();
        at_least(owner, "population", self.population, 2, "a whole number of at least 2")?;
        at_least(owner, "max_iter", self.max_iter, 1, "a whole number of at least 1")?;
        at_least(owner, "tournament", self.tournament, 1, "a whole number of at least 1")?;
        within(owner, "crossover", self.crossover, (0.0, 1.0), "a number in [0, 1]")?;
        within(owner, "blend", self.blend, (0.0, f64::MAX), "a finite number, at least 0")?;
        if !(0.0..1.0).contains(&self.mutation) {
            return refuse(owner, "mutation", self.mutation, "a number in [0, 1)");
        }
        if self.elite >= self.population {
            return refuse(owner, "elite", self.elite, "a whole number below the population");
        }
        check_max_evaluations(owner, self.max_evaluations)
    }

    fn evolve(&self, driver: &mut Driver<'_>) -> StoppingReason {
        let n = driver.program.n_campaigns();
        let mut stream = driver.stream(0);
        let mut parents = vec![0.0; self.population * n];
        let mut standings = vec![driver.best().1; self.population];
        parents[..n].copy_from_slice(driver.best().0);
        for (plan, standing) in parents.chunks_exact_mut(n).zip(&mut standings).skip(1) {
            if let Some(reason) = driver.stop() {
                return reason;
            }
            driver.set.sample(&mut stream, plan);
            *standing = driver.evaluate(plan);
        }
        driver.iterated(0, self.max_iter);
        let (mut children, mut next) = (parents.clone(), standings.clone());
        let mut order: Vec<usize> = (0..self.population).collect();
        let mut books = Books::new(driver.program);
        for generation in 1..=self.max_iter {
            order.sort_unstable_by(|&a, &b| rank(standings[a], standings[b]).then(a.cmp(&b)));
            for (place, &of) in order[..self.elite].iter().enumerate() {
                children[place * n..(place + 1) * n].copy_from_slice(&parents[of * n..(of + 1) * n]);
                next[place] = standings[of];
            }
            for place in self.elite..self.population {
                if let Some(reason) = driver.stop() {
                    return reason;
                }
                let child = &mut children[place * n..(place + 1) * n];
                self.breed(&parents, &standings, &mut stream, child);
                driver.set.project(child);
                let mut mutates = stream.uniform() < self.mutation;
                if mutates {
                    books.balance(driver.program, child);
                }
                while mutates {
                    if let Some(transfer) = books.propose(driver.program, child, &mut stream, FINENESS) {
                        books.apply(driver.program, child, transfer);
                    }
                    mutates = stream.uniform() < self.mutation;
                }
                next[place] = driver.evaluate(child);
            }
            std::mem::swap(&mut parents, &mut children);
            std::mem::swap(&mut standings, &mut next);
            driver.iterated(generation, self.max_iter);
        }
        StoppingReason::MaxIterations
    }

    /// A child of one or two winners, not yet feasible.
    fn breed(&self, parents: &[f64], standings: &[Standing], stream: &mut Stream, child: &mut [f64]) {
        let n = child.len();
        let a = self.winner(standings, stream);
        child.copy_from_slice(&parents[a * n..(a + 1) * n]);
        if stream.uniform() < self.crossover {
            let b = self.winner(standings, stream);
            for (spend, other) in child.iter_mut().zip(&parents[b * n..(b + 1) * n]) {
                *spend += (other - *spend) * ((1.0 + 2.0 * self.blend) * stream.uniform() - self.blend);
            }
        }
    }

    fn winner(&self, standings: &[Standing], stream: &mut Stream) -> usize {
        let mut winner = stream.below(standings.len());
        for _ in 1..self.tournament {
            let other = stream.below(standings.len());
            if standings[other].beats(standings[winner]) {
                winner = other;
            }
        }
        winner
    }
}

/// The better first.
fn rank(a: Standing, b: Standing) -> std::cmp::Ordering {
    a.shortfall.total_cmp(&b.shortfall).then(b.value.total_cmp(&a.value))
}

impl BudgetOptimizer for GeneticAlgorithm {
    fn name(&self) -> &'static str {
        "genetic_algorithm"
    }

    fn allocate_with(&self, problem: &BudgetProblem, context: &FitContext<'_>) -> Result<Allocation> {
        self.check()?;
        let mut driver = Driver::new(self.name(), problem, context, self.max_evaluations);
        let stopping = self.evolve(&mut driver);
        driver.finish(stopping)
    }
}
