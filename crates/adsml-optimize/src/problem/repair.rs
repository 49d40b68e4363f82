//! A target or a volume that rounding has missed.

use super::judge::spends as major_spends;
use super::rounding::{Move, Rounding};
use crate::program::Program;

/// Rounds of repair; each moves as many units as it foresees to be needed.
const ROUNDS: usize = 30;

/// So many of the best givers are tried for one taker.
const PAIRED_WITH: usize = 64;

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
        if gain.is_nan() || gain <= 0.0 {
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
    let mut used = vec![false; givers.len()];
    let mut first = 0;
    for taker in takers {
        while used.get(first) == Some(&true) {
            first += 1;
        }
        let near = givers.len().min(first + PAIRED_WITH);
        let Some(at) = (first..near).find(|&at| !used[at] && fits(rounding, &givers[at], taker)) else { continue };
        let gain = givers[at].gain + taker.gain;
        if gained >= missing || gain.is_nan() || gain <= 0.0 {
            break;
        }
        used[at] = true;
        rounding.adjust(givers[at].index, -1);
        rounding.adjust(taker.index, 1);
        gained += gain;
    }
    gained
}

/// Whether a unit may move from one campaign to another.
fn fits(rounding: &Rounding<'_>, giver: &Move, taker: &Move) -> bool {
    let group_of = |index: usize| rounding.program.group_of[index];
    let same_group = group_of(giver.index).is_some() && group_of(giver.index) == group_of(taker.index);
    let groups =
        same_group || (rounding.group_room(giver.index, false) > 0 && rounding.group_room(taker.index, true) > 0);
    groups
        && giver.index != taker.index
        && rounding.room(giver.index, false) > 0
        && rounding.room(taker.index, true) > 0
}
