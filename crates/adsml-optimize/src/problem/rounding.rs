//! From real spends to whole minor units that keep every bound, group and total exactly.

use std::cmp::Ordering;

use super::judge::{is_feasible, minor};
use super::repair;
use crate::Shape;
use crate::currency::whole;
use crate::program::Program;

/// Whole minor units next to real `spends`, which are feasible up to rounding error.
///
/// Campaign, group and total are nested, so each can be rounded to one of its two neighbours at once: every budget moves
/// by less than one minor unit, unless a constraint forces more. Left-over units go where one more is worth most, ties to
/// the earlier campaign. The spend at which a step begins is rounded up, never below. A floor (target or volume) that
/// rounding has missed is repaired unit by unit: the worst give, or give to the best.
///
/// `None` when no whole budgets near `spends` keep the constraints, or the floor. `O(n log n)`, and two slopes per campaign.
pub(crate) fn round_to_minor(program: &Program, spends: &[f64]) -> Option<Vec<i64>> {
    let mut rounding = Rounding::near(program, spends);
    rounding.settle_groups();
    rounding.settle_total();
    if !is_feasible(program, &rounding.budgets) {
        return None;
    }
    repair::keep_floor(program, &mut rounding).then_some(rounding.budgets)
}

/// Budgets on their way to whole minor units.
pub(super) struct Rounding<'a> {
    pub(super) program: &'a Program,
    /// The spends asked for, within bounds, in minor units.
    wanted: Vec<f64>,
    pub(super) budgets: Vec<i64>,
    low: Vec<i64>,
    high: Vec<i64>,
    groups: Vec<Together>,
    pub(super) total: Together,
}

/// The sum of several budgets and its limits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Together {
    least: i64,
    most: i64,
    sum: i64,
    wanted: f64,
}

impl Together {
    /// By how many units the sum may move in a direction.
    pub(super) fn room(&self, up: bool) -> i64 {
        if up { self.most - self.sum } else { self.sum - self.least }
    }
}

impl<'a> Rounding<'a> {
    /// Every spend rounded down, except where a step begins.
    fn near(program: &'a Program, spends: &[f64]) -> Self {
        let n = program.n_campaigns();
        let together = |least: f64, most: f64| Together {
            least: minor(program, least),
            most: minor(program, most),
            sum: 0,
            wanted: 0.0,
        };
        let mut rounding = Rounding {
            program,
            wanted: Vec::with_capacity(n),
            budgets: Vec::with_capacity(n),
            low: Vec::with_capacity(n),
            high: Vec::with_capacity(n),
            groups: program.groups.iter().map(|group| together(group.least, group.most)).collect(),
            total: together(program.total.0, program.total.1),
        };
        for (index, (term, &spend)) in program.terms.iter().zip(spends).enumerate() {
            let (mut low, mut high) = (minor(program, term.lower), minor(program, term.upper));
            if term.or_zero && spend < 0.5 * term.lower {
                (low, high) = (0, 0);
            }
            let asked = spend * program.minor_per_major;
            let mut wanted = whole(asked).map_or(asked, |near| near as f64).clamp(low as f64, high as f64);
            if term.curve.shape() == Shape::Step {
                let down = wanted.floor();
                if step_begins_above(term.curve.breakpoints(), down, spend, program.minor_per_major) {
                    wanted = (down + 1.0).min(high as f64);
                }
            }
            let budget = wanted.floor() as i64;
            for sums in program.group_of[index]
                .map(|group| &mut rounding.groups[group])
                .into_iter()
                .chain([&mut rounding.total])
            {
                sums.sum += budget;
                sums.wanted += wanted;
            }
            rounding.wanted.push(wanted);
            rounding.budgets.push(budget);
            rounding.low.push(low);
            rounding.high.push(high);
        }
        rounding
    }

    /// Every group within its limits, and next to the sum that was asked for.
    fn settle_groups(&mut self) {
        for group in 0..self.groups.len() {
            let Together { least, most, sum, wanted } = self.groups[group];
            let down = whole(wanted).unwrap_or(wanted.floor() as i64).clamp(least, most);
            let members = &self.program.groups[group].members;
            self.shift(members.iter().copied(), down - sum, false);
        }
    }

    /// The total within its limits, and nearest to the sum that was asked for.
    fn settle_total(&mut self) {
        let Together { least, most, sum, wanted } = self.total;
        let target = (wanted.round() as i64).clamp(least, most);
        let across_groups = !self.groups.is_empty();
        self.shift(0..self.budgets.len(), target - sum, across_groups);
    }

    /// Gives `units` to campaigns, or takes them: first within one unit of what was asked for, then as far as it must be.
    fn shift(&mut self, campaigns: impl Iterator<Item = usize> + Clone, units: i64, across_groups: bool) {
        let up = units > 0;
        let mut left = units.abs();
        let (mut near, mut refused) = (true, false);
        while left > 0 {
            let may = campaigns.clone().filter(|&index| {
                self.room(index, up) > 0 && self.group_room(index, up) > 0 && (!near || self.is_near(index, up))
            });
            let mut moves: Vec<Move> = may.map(|index| Move { index, gain: self.gain(index, up) }).collect();
            // The best suffice, unless some of them turn out to share a group that is full.
            let needed = usize::try_from(left).unwrap_or(usize::MAX);
            if needed < moves.len() && !refused {
                moves.select_nth_unstable_by(needed, Move::order);
                moves.truncate(needed);
            }
            // One unit to each of so many needs no order, unless groups fill up meanwhile.
            if needed >= moves.len() || across_groups {
                moves.sort_unstable_by(Move::order);
            }
            // One unit each, unless so many are needed that everybody would have to be asked many times.
            let step = if near { 1 } else { (left / (4 * moves.len() as i64).max(1)).max(1) };
            let before = left;
            for Move { index, .. } in moves {
                let moved = step.min(left).min(self.room(index, up)).min(self.group_room(index, up));
                refused |= moved == 0;
                self.adjust(index, if up { moved } else { -moved });
                left -= moved;
            }
            if left == before {
                if !near {
                    return;
                }
                near = false;
            }
        }
    }

    pub(super) fn room(&self, index: usize, up: bool) -> i64 {
        if up { self.high[index] - self.budgets[index] } else { self.budgets[index] - self.low[index] }
    }

    pub(super) fn group_room(&self, index: usize, up: bool) -> i64 {
        self.program.group_of[index].map_or(i64::MAX, |group| self.groups[group].room(up).max(0))
    }

    /// Whether one unit more, or less, is less than one unit away from what was asked for.
    fn is_near(&self, index: usize, up: bool) -> bool {
        let budget = self.budgets[index] as f64;
        if up { budget < self.wanted[index] } else { budget > self.wanted[index] }
    }

    pub(super) fn adjust(&mut self, index: usize, units: i64) {
        self.budgets[index] += units;
        self.total.sum += units;
        if let Some(group) = self.program.group_of[index] {
            self.groups[group].sum += units;
        }
    }

    /// What one unit more, or less, adds to the objective (or to the volume, where the objective is to save).
    fn gain(&self, index: usize, up: bool) -> f64 {
        let program = self.program;
        let budget = self.budgets[index];
        let step = if up { 1 } else { -1 };
        let [here, there] = [budget, budget + step].map(|units| units as f64 / program.minor_per_major);
        let term = &program.terms[index];
        if program.reward == 0.0 {
            return self.response_gain(index, up);
        }
        let change = if term.change_cost == 0.0 {
            0.0
        } else {
            term.change_cost * ((there - term.today).abs() - (here - term.today).abs())
        };
        program.reward * self.response_gain(index, up) - program.cost * (there - here) - change
    }

    /// What one unit more, or less, adds to the response.
    pub(super) fn response_gain(&self, index: usize, up: bool) -> f64 {
        let budget = self.budgets[index];
        let curve = &self.program.terms[index].curve;
        let step = if up { 1 } else { -1 };
        let [here, there] = [budget, budget + step].map(|units| units as f64 / self.program.minor_per_major);
        match curve.shape() {
            // Where a unit is small beside the budget, the slope at its middle says more than the difference of two large values.
            Shape::Concave | Shape::SShaped { .. } if budget >= 1_000 => {
                curve.marginal(0.5 * (here + there)) * (there - here)
            }
            _ => curve.value(there) - curve.value(here),
        }
    }
}

/// Whether a step begins above `down` minor units, and not above `spend`, up to the rounding error of a solver.
fn step_begins_above(breakpoints: &[f64], down: f64, spend: f64, per_major: f64) -> bool {
    let reach = spend + 1e-9_f64.max(4.0 * f64::EPSILON * spend.abs());
    let last = breakpoints[..breakpoints.partition_point(|&at| at <= reach)].last();
    // A step that begins within a ten-millionth of a unit begins at it.
    last.is_some_and(|&at| at * per_major > down + 1e-7)
}

/// A unit that a campaign could be given, or could give.
#[derive(Debug, Clone, Copy)]
pub(super) struct Move {
    pub(super) index: usize,
    pub(super) gain: f64,
}

impl Move {
    /// The greatest gain first, then the earlier campaign.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        other.gain.total_cmp(&self.gain).then(self.index.cmp(&other.index))
    }
}
