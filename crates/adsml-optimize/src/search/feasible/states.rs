//! Which campaigns are paused: the nearest choice with which groups and total can be met.

use super::{FeasibleSet, PAUSED};

/// Choices looked at when the set is made.
pub(super) const THOROUGH: usize = 200_000;

/// Choices looked at in one projection, beside those that no search can do without.
const QUICK: usize = 500;

/// Lowest and highest sums that each group, and all campaigns, can have.
struct Reach {
    groups: Vec<(f64, f64)>,
    loners: (f64, f64),
}

impl FeasibleSet<'_> {
    /// Marks the campaigns that are to be paused.
    pub(super) fn settle_states(&self, x: &mut [f64]) {
        let terms = &self.program.terms;
        let wants_pause = |spend: f64, i: usize| terms[i].or_zero && spend < 0.5 * terms[i].lower;
        if !self.is_reachable(x, wants_pause) {
            let states = self.nearest_states(x, QUICK);
            let states = states.as_ref().unwrap_or(&self.witness);
            for (spend, &paused) in x.iter_mut().zip(states) {
                if paused {
                    *spend = PAUSED;
                }
            }
            return;
        }
        for (i, spend) in x.iter_mut().enumerate() {
            if wants_pause(*spend, i) {
                *spend = PAUSED;
            }
        }
    }

    /// Whether groups and total can be met with these pauses.
    fn is_reachable(&self, x: &[f64], paused: impl Fn(f64, usize) -> bool) -> bool {
        let program = self.program;
        let range = |i: usize| {
            if paused(x[i], i) { (0.0, 0.0) } else { (program.terms[i].lower, program.terms[i].upper) }
        };
        let add = |sums: (f64, f64), i: usize| {
            let (low, high) = range(i);
            (sums.0 + low, sums.1 + high)
        };
        let loners = (0..x.len()).filter(|&i| program.group_of[i].is_none()).fold((0.0, 0.0), add);
        let groups = program.groups.iter().map(|limit| limit.members.iter().copied().fold((0.0, 0.0), add));
        self.meets(loners, groups)
    }

    /// Whether sums within these ranges keep groups and total.
    fn meets(&self, loners: (f64, f64), groups: impl Iterator<Item = (f64, f64)>) -> bool {
        let program = self.program;
        // Amounts are whole minor units: a quarter of one is rounding error.
        let error = 0.25 / program.minor_per_major;
        let (mut low, mut high) = loners;
        for ((least, most), limit) in groups.zip(&program.groups) {
            if least > limit.most + error || most < limit.least - error {
                return false;
            }
            low += least.max(limit.least);
            high += most.min(limit.most);
        }
        low <= program.total.1 + error && high >= program.total.0 - error
    }

    /// Who is paused in a feasible choice near `x`: depth first, the least doubtful campaigns first and as they wish; so
    /// it is the doubtful ones that give way. `None` when none was found among so many choices.
    pub(super) fn nearest_states(&self, x: &[f64], work: usize) -> Option<Vec<bool>> {
        let terms = &self.program.terms;
        let doubt = |i: usize| x[i] - 0.5 * terms[i].lower;
        let mut order: Vec<usize> = (0..x.len()).filter(|&i| terms[i].or_zero).collect();
        order.sort_by(|&a, &b| doubt(b).abs().total_cmp(&doubt(a).abs()).then(a.cmp(&b)));
        let mut paused = vec![false; x.len()];
        let mut reach = self.open_reach();
        if !self.meets(reach.loners, reach.groups.iter().copied()) {
            return None;
        }
        // How many of its two choices each campaign has tried.
        let mut tried = vec![0_u8; order.len()];
        let mut depth = 0;
        let mut left = work + 4 * order.len();
        while depth < order.len() {
            let i = order[depth];
            if tried[depth] == 2 || left == 0 {
                if depth == 0 || left == 0 {
                    return None;
                }
                tried[depth] = 0;
                depth -= 1;
                self.decide(&mut reach, order[depth], paused[order[depth]], -1.0);
                continue;
            }
            left -= 1;
            paused[i] = (doubt(i) < 0.0) == (tried[depth] == 0);
            tried[depth] += 1;
            self.decide(&mut reach, i, paused[i], 1.0);
            if self.meets(reach.loners, reach.groups.iter().copied()) {
                depth += 1;
            } else {
                self.decide(&mut reach, i, paused[i], -1.0);
            }
        }
        Some(paused)
    }

    /// What sums can be while nothing is decided: anything from all paused to all at their upper bounds.
    fn open_reach(&self) -> Reach {
        let program = self.program;
        let mut reach = Reach { groups: vec![(0.0, 0.0); program.groups.len()], loners: (0.0, 0.0) };
        for (i, term) in program.terms.iter().enumerate() {
            let sums = program.group_of[i].map_or(&mut reach.loners, |group| &mut reach.groups[group]);
            sums.0 += if term.or_zero { 0.0 } else { term.lower };
            sums.1 += term.upper;
        }
        reach
    }

    /// Narrows what can be reached by a decision, or widens it again (`sign` -1).
    fn decide(&self, reach: &mut Reach, i: usize, pause: bool, sign: f64) {
        let term = &self.program.terms[i];
        let sums = self.program.group_of[i].map_or(&mut reach.loners, |group| &mut reach.groups[group]);
        if pause {
            sums.1 -= sign * term.upper;
        } else {
            sums.0 += sign * term.lower;
        }
    }
}
