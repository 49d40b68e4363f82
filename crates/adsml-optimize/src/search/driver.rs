//! What all searches share: evaluating, counting, remembering the best, reporting, stopping.

use std::time::Instant;

use adsml_core::{FitContext, Stream};

use super::FeasibleSet;
use crate::optimizer::{Found, HistoryPoint, StoppingReason};
use crate::program::Program;
use crate::{Allocation, BudgetProblem, OptimizeError, Result};

/// How good a plan is, by Deb's rules (2000, "An efficient constraint handling method for genetic algorithms", CMAME 186):
/// who keeps the floor beats who does not; of two who do not, who misses it by less; of two who do, who is worth more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Standing {
    pub(super) shortfall: f64,
    pub(super) value: f64,
}

impl Standing {
    const NONE: Self = Self { shortfall: f64::INFINITY, value: f64::NEG_INFINITY };

    /// From sums over campaigns. What is not a number loses to everything.
    pub(super) fn of(program: &Program, sums: Sums) -> Self {
        let value = if sums.value.is_nan() { f64::NEG_INFINITY } else { sums.value };
        let Some(floor) = program.floor else { return Self { shortfall: 0.0, value } };
        let shortfall = floor.shortfall(sums.response, sums.spend);
        Self { shortfall: if shortfall.is_nan() { f64::INFINITY } else { shortfall }, value }
    }

    pub(super) fn beats(self, other: Self) -> bool {
        self.shortfall < other.shortfall || (self.shortfall == other.shortfall && self.value > other.value)
    }
}

/// Value, response and spend of a plan, or of one campaign in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) value: f64,
    pub(super) response: f64,
    pub(super) spend: f64,
}

impl Sums {
    /// Of one campaign, by one look at its curve.
    pub(super) fn of_campaign(program: &Program, campaign: usize, spend: f64) -> Self {
        let term = &program.terms[campaign];
        let response = term.curve.value(spend);
        Self { value: term.objective(program.reward, program.cost, spend, response), response, spend }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            response: self.response + other.response,
            spend: self.spend + other.spend,
        }
    }

    pub(super) fn minus(self, other: Self) -> Self {
        Self {
            value: self.value - other.value,
            response: self.response - other.response,
            spend: self.spend - other.spend,
        }
    }
}

/// One run of a search.
#[derive(Debug)]
pub(super) struct Driver<'a> {
    name: &'static str,
    problem: &'a BudgetProblem,
    context: FitContext<'a>,
    started: Instant,
    pub(super) program: &'a Program,
    pub(super) set: FeasibleSet<'a>,
    /// Looks at curves so far, and how many are allowed.
    curves: usize,
    limit: usize,
    /// Looks kept back for what comes after the main loop.
    reserved: usize,
    best: Vec<f64>,
    standing: Standing,
    found_at: usize,
    history: Vec<HistoryPoint>,
}

impl<'a> Driver<'a> {
    /// Evaluates the feasible plan next to today's: no search returns less.
    pub(super) fn new(
        name: &'static str,
        problem: &'a BudgetProblem,
        context: &FitContext<'a>,
        max_evaluations: Option<usize>,
    ) -> Self {
        let program = &problem.program;
        let mut start: Vec<f64> = program.terms.iter().map(|term| term.today).collect();
        let mut driver = Self {
            name,
            problem,
            context: *context,
            started: Instant::now(),
            program,
            set: FeasibleSet::new(program),
            curves: 0,
            limit: max_evaluations.map_or(usize::MAX, |most| most.saturating_mul(program.n_campaigns())),
            reserved: 0,
            best: start.clone(),
            standing: Standing::NONE,
            found_at: 0,
            history: Vec::new(),
        };
        driver.set.project(&mut start);
        driver.best.copy_from_slice(&start);
        driver.evaluate(&start);
        driver.remember();
        driver
    }

    pub(super) fn stream(&self, index: u64) -> Stream {
        self.context.seed.stream(self.name, index)
    }

    /// Values a plan, and keeps it if it is the best so far.
    pub(super) fn evaluate(&mut self, x: &[f64]) -> Standing {
        Standing::of(self.program, self.evaluate_sums(x))
    }

    /// [`evaluate`](Self::evaluate), in parts.
    pub(super) fn evaluate_sums(&mut self, x: &[f64]) -> Sums {
        let campaigns = x.iter().enumerate();
        let sums =
            campaigns.fold(Sums::default(), |sums, (i, &spend)| sums.plus(Sums::of_campaign(self.program, i, spend)));
        self.looked(x.len());
        self.offer(x, Standing::of(self.program, sums));
        sums
    }

    /// Counts looks at curves.
    pub(super) fn looked(&mut self, curves: usize) {
        self.curves += curves;
    }

    /// Keeps a plan if it is the best so far.
    pub(super) fn offer(&mut self, x: &[f64], standing: Standing) {
        if standing.beats(self.standing) {
            self.standing = standing;
            self.best.copy_from_slice(x);
            self.found_at = self.evaluations();
        }
    }

    pub(super) fn best(&self) -> (&[f64], Standing) {
        (&self.best, self.standing)
    }

    /// Evaluations of the whole objective so far.
    fn evaluations(&self) -> usize {
        self.curves.div_ceil(self.best.len())
    }

    /// Whether to stop before looking at `curves` more.
    pub(super) fn stop_before(&self, curves: usize) -> Option<StoppingReason> {
        if self.context.check_cancelled().is_err() {
            Some(StoppingReason::Cancelled)
        } else if self.curves.saturating_add(curves).saturating_add(self.reserved) > self.limit {
            Some(StoppingReason::MaxEvaluations)
        } else {
            None
        }
    }

    /// Whether to stop before another evaluation.
    pub(super) fn stop(&self) -> Option<StoppingReason> {
        self.stop_before(self.best.len())
    }

    /// Keeps back so many evaluations, or as many of them as are a quarter of those allowed; 0 releases them.
    pub(super) fn reserve(&mut self, evaluations: usize) {
        self.reserved = evaluations.saturating_mul(self.best.len());
        if self.limit < usize::MAX {
            self.reserved = self.reserved.min(self.limit / 4);
        } else {
            self.reserved = 0;
        }
    }

    /// Reports an iteration.
    pub(super) fn iterated(&mut self, done: usize, total: usize) {
        self.remember();
        self.context.progress(self.name, done, Some(total));
    }

    /// A point of the history, if there is a better plan than at the last. Plans that miss the floor have no value yet.
    fn remember(&mut self) {
        let value = self.standing.value;
        let is_news = self.history.last().is_none_or(|last| value > last.value);
        if self.standing.shortfall == 0.0 && value > f64::NEG_INFINITY && is_news {
            let seconds = self.started.elapsed().as_secs_f64();
            self.history.push(HistoryPoint { evaluations: self.found_at, seconds, value, upper_bound: None });
        }
    }

    /// The best plan, rounded and bounded; the error of a missed target when there is none.
    pub(super) fn finish(mut self, stopping: StoppingReason) -> Result<Allocation> {
        self.remember();
        let evaluations = self.evaluations();
        let found = Found { spends: self.best, evaluations, stopping, history: self.history };
        Allocation::conclude(self.problem, self.name, found, self.started, self.context.threads)
    }
}

/// The error of a parameter outside its range.
pub(super) fn refuse(owner: &str, name: &'static str, value: impl ToString, expected: &'static str) -> Result<()> {
    Err(OptimizeError::InvalidParameter { owner: owner.to_owned(), name, value: value.to_string(), expected })
}

/// Whether a count is at least `least`, of which `expected` speaks.
pub(super) fn at_least(
    owner: &str,
    name: &'static str,
    value: usize,
    least: usize,
    expected: &'static str,
) -> Result<()> {
    if value >= least { Ok(()) } else { refuse(owner, name, value, expected) }
}

/// Whether a number is in a closed range, of which `expected` speaks.
pub(super) fn within(
    owner: &str,
    name: &'static str,
    value: f64,
    (least, most): (f64, f64),
    expected: &'static str,
) -> Result<()> {
    if value >= least && value <= most { Ok(()) } else { refuse(owner, name, value, expected) }
}

/// Whether a limit of evaluations, if there is one, allows any.
pub(super) fn check_max_evaluations(owner: &str, limit: Option<usize>) -> Result<()> {
    at_least(owner, "max_evaluations", limit.unwrap_or(1), 1, "a whole number of at least 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_the_floor_beats_who_does_not_whatever_the_value() {
        let standing = |shortfall, value| Standing { shortfall, value };
        assert!(standing(0.0, 1.0).beats(standing(0.5, 9.0)));
        assert!(standing(0.5, 1.0).beats(standing(0.6, 9.0)));
        assert!(standing(0.0, 2.0).beats(standing(0.0, 1.0)));
        assert!(!standing(0.0, 1.0).beats(standing(0.0, 1.0)));
        assert!(!standing(0.0, f64::NEG_INFINITY).beats(standing(0.0, 1.0)));
        assert!(standing(7.0, 0.0).beats(Standing::NONE));
    }
}
