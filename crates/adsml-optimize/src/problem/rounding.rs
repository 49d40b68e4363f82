//! From real spends to whole minor units that keep every bound, group and total exactly.

use std::cmp::Ordering;

use super::judge::{is_feasible, minor, spends as major_spends};
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
struct Rounding<'a> {
    program: &'a Program,
    /// The spends asked for, within bounds, in minor units.
    wanted: Vec<f64>,
    budgets: Vec<i64>,
    low: Vec<i64>,
    high: Vec<i64>,
    groups: Vec<Together>,
    total: Together,
}

/// The sum of several budgets and its limits.
#[derive(Debug, Clone, Copy)]
struct Together {
    least: i64,
    most: i64,
    sum: i64,
    wanted: f64,
}

impl Together {
    /// By how many units the sum may move in a direction.
    fn room(&self, up: bool) -> i64 {
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
            self.shift(members.iter().copied(), down - sum);
        }
    }

    /// The total within its limits, and nearest to the sum that was asked for.
    fn settle_total(&mut self) {
        let Together { least, most, sum, wanted } = self.total;
        let target = (wanted.round() as i64).clamp(least, most);
        self.shift(0..self.budgets.len(), target - sum);
    }

    /// Gives `units` to campaigns, or takes them: first within one unit of what was asked for, then as far as it must be.
    fn shift(&mut self, campaigns: impl Iterator<Item = usize> + Clone, units: i64) {
        let up = units > 0;
        let mut left = units.abs();
        let mut near = true;
        while left > 0 {
            let may = campaigns.clone().filter(|&index| self.room(index, up) > 0 && (!near || self.is_near(index, up)));
            let mut moves: Vec<Move> = may.map(|index| Move { index, gain: self.gain(index, up) }).collect();
            let needed = usize::try_from(left).unwrap_or(usize::MAX);
            // Groups may be full before the best have been served: then all must be in order.
            if needed < moves.len() && self.groups.is_empty() {
                moves.select_nth_unstable_by(needed, Move::order);
                moves.truncate(needed);
            } else {
                moves.sort_unstable_by(Move::order);
            }
            // One unit each, unless so many are needed that everybody would have to be asked many times.
            let step = if near { 1 } else { (left / (4 * moves.len() as i64).max(1)).max(1) };
            let before = left;
            for Move { index, .. } in moves {
                let moved = step.min(left).min(self.room(index, up)).min(self.group_room(index, up));
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

    fn room(&self, index: usize, up: bool) -> i64 {
        if up { self.high[index] - self.budgets[index] } else { self.budgets[index] - self.low[index] }
    }

    fn group_room(&self, index: usize, up: bool) -> i64 {
        self.program.group_of[index].map_or(i64::MAX, |group| self.groups[group].room(up).max(0))
    }

    /// Whether one unit more, or less, is less than one unit away from what was asked for.
    fn is_near(&self, index: usize, up: bool) -> bool {
        let budget = self.budgets[index] as f64;
        if up { budget < self.wanted[index] } else { budget > self.wanted[index] }
    }

    fn adjust(&mut self, index: usize, units: i64) {
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
    fn response_gain(&self, index: usize, up: bool) -> f64 {
        let budget = self.budgets[index];
        let curve = &self.program.terms[index].curve;
        let step = if up { 1 } else { -1 };
        let [here, there] = [budget, budget + step].map(|units| units as f64 / self.program.minor_per_major);
        match curve.shape() {
            // A unit is small: the slope at its middle says more than the difference of two large values.
            Shape::Concave | Shape::SShaped { .. } => curve.marginal(0.5 * (here + there)) * (there - here),
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
struct Move {
    index: usize,
    gain: f64,
}

impl Move {
    /// The greatest gain first, then the earlier campaign.
    fn order(&self, other: &Self) -> Ordering {
        other.gain.total_cmp(&self.gain).then(self.index.cmp(&other.index))
    }
}

mod repair {
    //! A target or a volume that rounding has missed.

    use super::{Move, Rounding, major_spends};
    use crate::program::Program;

    /// Rounds of repair; each moves as many units as it foresees to be needed.
    const ROUNDS: usize = 30;

    /// Moves single units until the floor is kept; whether it is.
    pub(super) fn keep_floor(program: &Program, rounding: &mut Rounding<'_>) -> bool {
        let Some(floor) = program.floor else { return true };
        for _ in 0..ROUNDS {
            let missing = program.shortfall(&major_spends(program, &rounding.budgets));
            if missing <= 0.0 {
                return true;
            }
            let unit = floor.ratio / program.minor_per_major;
            let moves = |rounding: &Rounding<'_>, up: bool| {
                let may = (0..rounding.budgets.len()).filter(|&index| rounding.room(index, up) > 0);
                let gain = |index| rounding.response_gain(index, up) - if up { unit } else { -unit };
                let mut moves: Vec<_> = may.map(|index| Move { index, gain: gain(index) }).collect();
                moves.sort_unstable_by(Move::order);
                moves
            };
            let (givers, takers) = (moves(rounding, false), moves(rounding, true));
            let foreseen = one_by_one(rounding, &givers, &takers, missing);
            if foreseen <= 0.0 && in_pairs(rounding, &givers, &takers, missing) <= 0.0 {
                return false;
            }
        }
        program.shortfall(&major_spends(program, &rounding.budgets)) <= 0.0
    }

    /// Gives or takes single units, the best first, while the total and the groups allow; by how much less is missing.
    fn one_by_one(rounding: &mut Rounding<'_>, givers: &[Move], takers: &[Move], missing: f64) -> f64 {
        let mut gained = 0.0;
        let (mut givers, mut takers) = (givers.iter().peekable(), takers.iter().peekable());
        while gained < missing {
            let up = match (givers.peek(), takers.peek()) {
                (Some(giver), Some(taker)) => taker.gain > giver.gain,
                (None, None) => break,
                (giver, _) => giver.is_none(),
            };
            let Some(&Move { index, gain }) = (if up { takers.next() } else { givers.next() }) else { break };
            // NaN, too, ends it.
            if !(gain > 0.0) {
                break;
            }
            if rounding.total.room(up) > 0 && rounding.group_room(index, up) > 0 && rounding.room(index, up) > 0 {
                rounding.adjust(index, if up { 1 } else { -1 });
                gained += gain;
            }
        }
        gained
    }

    /// Moves single units from the worst to the best, where the total leaves no other way.
    fn in_pairs(rounding: &mut Rounding<'_>, givers: &[Move], takers: &[Move], missing: f64) -> f64 {
        let mut gained = 0.0;
        let mut givers: Vec<_> = givers.iter().take(takers.len() + 1).collect();
        for taker in takers {
            if gained >= missing {
                break;
            }
            let fits = |giver: &&Move| {
                let (from, to) = (rounding.program.group_of[giver.index], rounding.program.group_of[taker.index]);
                let free = rounding.group_room(giver.index, false) > 0 && rounding.group_room(taker.index, true) > 0;
                giver.index != taker.index && (free || (from.is_some() && from == to))
            };
            let Some(at) = givers.iter().take(64).position(|giver| fits(giver)) else { continue };
            let gain = givers[at].gain + taker.gain;
            if !(gain > 0.0) {
                break;
            }
            let giver = givers.remove(at);
            if rounding.room(giver.index, false) > 0 && rounding.room(taker.index, true) > 0 {
                rounding.adjust(giver.index, -1);
                rounding.adjust(taker.index, 1);
                gained += gain;
            }
        }
        gained
    }
}
