//! Simulated annealing.

use adsml_core::{FitContext, Stream};

use super::driver::{Driver, Standing, Sums, at_least, check_max_evaluations, refuse};
use super::transfer::{Books, Transfer};
use crate::{Allocation, BudgetOptimizer, BudgetProblem, Result, StoppingReason};

/// Moves by which the first temperature is set, per campaign.
const TRIAL_MOVES: usize = 10;

/// The share of losing moves that the first temperature accepts: the average loser's probability.
const FIRST_ACCEPTANCE: f64 = 0.5;

/// How many powers of ten smaller than possible a transfer may be.
const FINENESS: f64 = 6.0;

/// Simulated annealing by transfers of money between two campaigns.
///
/// ```text
/// accept a transfer with probability min(1, exp(change of the objective / temperature)),   temperature <- cooling * temperature
/// ```
///
/// A transfer keeps bounds, groups and total by itself, and only its two campaigns are evaluated again. What need not be
/// spent is one more party to trade with; a campaign that may be paused can give all it has. The first temperature
/// accepts the average losing move of a trial half of the time (Johnson and others 1989). A transfer that misses a target or volume by
/// more than before is refused.
///
/// Source: Kirkpatrick, Gelatt and Vecchi (1983), "Optimization by Simulated Annealing", Science 220.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedAnnealing {
    max_iter: usize,
    moves: usize,
    cooling: f64,
    max_evaluations: Option<usize>,
}

impl Default for SimulatedAnnealing {
    fn default() -> Self {
        Self { max_iter: 200, moves: 25, cooling: 0.92, max_evaluations: None }
    }
}

impl SimulatedAnnealing {
    /// Temperatures. At least 1; default 200.
    #[must_use]
    pub fn max_iter(mut self, temperatures: usize) -> Self {
        self.max_iter = temperatures;
        self
    }

    /// Transfers tried at each temperature, per campaign. At least 1; default 25: as many evaluations as a swarm's 10,000.
    #[must_use]
    pub fn moves(mut self, per_campaign: usize) -> Self {
        self.moves = per_campaign;
        self
    }

    /// Each temperature as a share of the one before. Above 0, below 1; default 0.92.
    #[must_use]
    pub fn cooling(mut self, cooling: f64) -> Self {
        self.cooling = cooling;
        self
    }

    /// Evaluations of the objective at most; a transfer counts for its two campaigns. At least 1; default no limit.
    #[must_use]
    pub fn max_evaluations(mut self, evaluations: usize) -> Self {
        self.max_evaluations = Some(evaluations);
        self
    }

    fn check(&self) -> Result<()> {
        let owner = self.name();
        at_least(owner, "max_iter", self.max_iter, 1, "a whole number of at least 1")?;
        at_least(owner, "moves", self.moves, 1, "a whole number of at least 1")?;
        if !(self.cooling > 0.0 && self.cooling < 1.0) {
            return refuse(owner, "cooling", self.cooling, "a number above 0 and below 1");
        }
        check_max_evaluations(owner, self.max_evaluations)
    }

    fn anneal(&self, driver: &mut Driver<'_>) -> StoppingReason {
        let n = driver.program.n_campaigns();
        let mut stream = driver.stream(0);
        let mut state = State::new(driver);
        let Some(mut temperature) = state.first_temperature(driver, &mut stream, TRIAL_MOVES.saturating_mul(n)) else {
            return driver.stop().unwrap_or(StoppingReason::MaxEvaluations);
        };
        for iteration in 1..=self.max_iter {
            for _ in 0..self.moves.saturating_mul(n) {
                if let Some(reason) = driver.stop_before(2) {
                    return reason;
                }
                if let Some(proposal) = state.propose(driver, &mut stream) {
                    let luck = stream.uniform();
                    if proposal.is_accepted(state.standing, temperature, luck) {
                        state.accept(driver, proposal);
                    }
                }
            }
            // Sums drift by rounding; from time to time they are added up anew.
            if let Some(reason) = driver.stop() {
                return reason;
            }
            state.balance(driver);
            driver.iterated(iteration, self.max_iter);
            temperature *= self.cooling;
        }
        StoppingReason::MaxIterations
    }
}

/// Where the search stands.
struct State {
    x: Vec<f64>,
    each: Vec<Sums>,
    sums: Sums,
    standing: Standing,
    books: Books,
}

/// A transfer, and what it would lead to.
struct Proposal {
    transfer: Transfer,
    from: Sums,
    to: Sums,
    sums: Sums,
    standing: Standing,
}

impl Proposal {
    fn is_accepted(&self, current: Standing, temperature: f64, luck: f64) -> bool {
        if self.standing.shortfall != current.shortfall {
            return self.standing.shortfall < current.shortfall;
        }
        let change = self.standing.value - current.value;
        change >= 0.0 || luck < (change / temperature).exp()
    }
}

impl State {
    fn new(driver: &Driver<'_>) -> Self {
        let (best, standing) = driver.best();
        let books = Books::new(driver.program);
        let mut state =
            Self { x: best.to_vec(), each: vec![Sums::default(); best.len()], sums: Sums::default(), standing, books };
        state.add_up(driver);
        state
    }

    fn add_up(&mut self, driver: &Driver<'_>) {
        self.books.balance(driver.program, &self.x);
        self.sums = Sums::default();
        for (i, (own, &spend)) in self.each.iter_mut().zip(&self.x).enumerate() {
            *own = Sums::of_campaign(driver.program, i, spend);
            self.sums = self.sums.plus(*own);
        }
        self.standing = Standing::of(driver.program, self.sums);
    }

    fn balance(&mut self, driver: &mut Driver<'_>) {
        driver.set.project_like_itself(&mut self.x);
        self.add_up(driver);
        driver.looked(self.x.len());
        driver.offer(&self.x, self.standing);
    }

    fn propose(&self, driver: &mut Driver<'_>, stream: &mut Stream) -> Option<Proposal> {
        let program = driver.program;
        let transfer = self.books.propose(program, &self.x, stream, FINENESS)?;
        let (given, taken) = Books::after(program, &self.x, transfer);
        let mut sums = self.sums;
        let mut value = |party: usize, spend: f64| {
            if party == self.x.len() {
                return Sums::default();
            }
            let new = Sums::of_campaign(program, party, spend);
            sums = sums.plus(new.minus(self.each[party]));
            driver.looked(1);
            new
        };
        let (from, to) = (value(transfer.from, given), value(transfer.to, taken));
        Some(Proposal { transfer, from, to, sums, standing: Standing::of(program, sums) })
    }

    fn accept(&mut self, driver: &mut Driver<'_>, proposal: Proposal) {
        let Proposal { transfer, from, to, sums, standing } = proposal;
        self.books.apply(driver.program, &mut self.x, transfer);
        for (party, new) in [(transfer.from, from), (transfer.to, to)] {
            if let Some(own) = self.each.get_mut(party) {
                *own = new;
            }
        }
        (self.sums, self.standing) = (sums, standing);
        driver.offer(&self.x, standing);
    }

    /// At which the average losing move is accepted half of the time; all moves that win are made on the way.
    fn first_temperature(&mut self, driver: &mut Driver<'_>, stream: &mut Stream, moves: usize) -> Option<f64> {
        let (mut losses, mut count) = (0.0, 0.0_f64);
        for _ in 0..moves {
            if driver.stop_before(2).is_some() {
                return None;
            }
            let Some(proposal) = self.propose(driver, stream) else { continue };
            if proposal.standing.beats(self.standing) {
                self.accept(driver, proposal);
            } else if proposal.standing.value < self.standing.value && proposal.standing.value.is_finite() {
                losses += self.standing.value - proposal.standing.value;
                count += 1.0;
            }
        }
        let mean = losses / count.max(1.0);
        Some((mean / -FIRST_ACCEPTANCE.ln()).max(f64::MIN_POSITIVE))
    }
}

impl BudgetOptimizer for SimulatedAnnealing {
    fn name(&self) -> &'static str {
        "simulated_annealing"
    }

    fn allocate_with(&self, problem: &BudgetProblem, context: &FitContext<'_>) -> Result<Allocation> {
        self.check()?;
        let mut driver = Driver::new(self.name(), problem, context, self.max_evaluations);
        let stopping = self.anneal(&mut driver);
        driver.finish(stopping)
    }
}
