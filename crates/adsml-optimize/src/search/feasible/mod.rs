//! The set of spends that keep every bound, group and total: projection onto it, and points drawn from it.

mod sample;
mod states;
#[cfg(test)]
pub(super) mod tests;

use crate::program::Program;

/// Rounds of the search for a shift: Newton needs a handful, bisection of doubles at most this many.
const ROUNDS: usize = 200;

/// Spends of a [`Program`] that keep everything but its floor.
///
/// ```text
/// x_i in [lower_i, upper_i] (or 0),   least_g <= sum of group g <= most_g,   total.0 <= sum x <= total.1
/// ```
///
/// Convex once it is settled which campaigns are paused.
#[derive(Debug)]
pub(crate) struct FeasibleSet<'a> {
    program: &'a Program,
    /// Whether any campaign may be 0 beside its bounds.
    has_states: bool,
    /// Which campaigns are paused in one feasible plan: what is fallen back on.
    witness: Vec<bool>,
    /// The size of the sums at hand: what "far" means.
    scale: f64,
}

/// Mark of a paused campaign among the spends to be projected.
const PAUSED: f64 = f64::NEG_INFINITY;

impl<'a> FeasibleSet<'a> {
    pub(crate) fn new(program: &'a Program) -> Self {
        let uppers: f64 = program.terms.iter().map(|term| term.upper).sum();
        let scale = uppers.min(program.total.1).max(program.terms.iter().fold(0.0, |most, term| term.upper.max(most)));
        let mut set = Self {
            program,
            has_states: program.terms.iter().any(|term| term.or_zero),
            witness: Vec::new(),
            scale: if scale > 0.0 && scale.is_finite() { scale } else { 1.0 },
        };
        if set.has_states {
            let wanted: Vec<f64> = program.terms.iter().map(|term| term.upper).collect();
            set.witness = set.nearest_states(&wanted, states::THOROUGH).unwrap_or_else(|| vec![false; wanted.len()]);
        }
        set
    }

    /// The size of the sums at hand.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    /// Replaces `x` by the nearest point of the set, in the Euclidean distance. Sums are met to a few units in the last place.
    ///
    /// With campaigns that may be paused the set is not convex: each is first sent to the nearer of 0 and its lower bound,
    /// then those nearest to the middle are sent to the other side until groups and total can be met. `O(n)` a round.
    pub(crate) fn project(&self, x: &mut [f64]) {
        self.tame(x);
        if self.has_states {
            self.settle_states(x);
        }
        self.project_settled(x, self.program.total);
    }

    /// [`project`](Self::project) onto those points of the set that add up to `sum`, or as nearly as they can.
    fn project_to_sum(&self, x: &mut [f64], sum: f64) {
        self.tame(x);
        if self.has_states {
            self.settle_states(x);
        }
        self.project_settled(x, (sum, sum));
    }

    /// [`project`](Self::project) with exactly those campaigns paused that are in `like`, a point of the set.
    pub(crate) fn project_like(&self, x: &mut [f64], like: &[f64]) {
        self.tame(x);
        if self.has_states {
            for ((spend, &other), term) in x.iter_mut().zip(like).zip(&self.program.terms) {
                if term.or_zero && other == 0.0 {
                    *spend = PAUSED;
                }
            }
        }
        self.project_settled(x, self.program.total);
    }

    /// Takes rounding error out of a point of the set.
    pub(crate) fn project_like_itself(&self, x: &mut [f64]) {
        for (spend, term) in x.iter_mut().zip(&self.program.terms) {
            if term.or_zero && *spend == 0.0 {
                *spend = PAUSED;
            }
        }
        self.project_settled(x, self.program.total);
    }

    /// Numbers that can be reckoned with: what is not a number becomes the lower bound, what is far comes nearer.
    fn tame(&self, x: &mut [f64]) {
        let far = 1e6 * self.scale;
        for (spend, term) in x.iter_mut().zip(&self.program.terms) {
            *spend = if spend.is_nan() { term.lower } else { spend.clamp(-far, far) };
        }
    }

    /// The range of one campaign, given whether it is paused.
    fn range(&self, campaign: usize, wanted: f64) -> (f64, f64) {
        let term = &self.program.terms[campaign];
        if wanted == PAUSED { (0.0, 0.0) } else { (term.lower, term.upper) }
    }

    /// The projection onto what is convex, once pauses are marked: every campaign moves by the same shift until it meets a
    /// bound; the members of a group that meets its limit by a shift of their own (Karush, Kuhn and Tucker).
    fn project_settled(&self, x: &mut [f64], total: (f64, f64)) {
        let program = self.program;
        let (sum, _) = self.total_after(x, 0.0);
        let target = sum.clamp(total.0, total.1.max(total.0));
        let shift = if sum == target {
            0.0
        } else {
            find_shift(target, x.len(), self.bracket(x, 0..x.len()), |shift| self.total_after(x, shift))
        };
        for limit in &program.groups {
            let members = &limit.members;
            let (sum, _) = self.sum_after(x, members, shift);
            let within = sum.clamp(limit.least, limit.most.max(limit.least));
            let own = if within == sum {
                shift
            } else {
                let bracket = self.bracket(x, members.iter().copied());
                find_shift(within, members.len(), bracket, |shift| self.sum_after(x, members, shift))
            };
            self.apply(x, members.iter().copied(), own);
            if within != sum {
                self.settle_rest(x, members.iter().copied(), within);
            }
        }
        let loners = (0..x.len()).filter(|&i| program.group_of[i].is_none());
        self.apply(x, loners, shift);
        self.settle_total(x, target);
    }

    /// The sum of all campaigns after a shift, groups kept within their limits; and how many still move with it.
    fn total_after(&self, x: &[f64], shift: f64) -> (f64, usize) {
        let program = self.program;
        if program.groups.is_empty() {
            return self.sum_of(x, 0..x.len(), shift);
        }
        let (mut sum, mut moving) = self.sum_of(x, (0..x.len()).filter(|&i| program.group_of[i].is_none()), shift);
        for limit in &program.groups {
            let (part, free) = self.sum_after(x, &limit.members, shift);
            if part > limit.least && part < limit.most {
                moving += free;
            }
            sum += part.clamp(limit.least, limit.most.max(limit.least));
        }
        (sum, moving)
    }

    fn sum_after(&self, x: &[f64], members: &[usize], shift: f64) -> (f64, usize) {
        self.sum_of(x, members.iter().copied(), shift)
    }

    /// The sum of some campaigns after a shift, each kept within its range; and how many are inside it.
    fn sum_of(&self, x: &[f64], campaigns: impl Iterator<Item = usize>, shift: f64) -> (f64, usize) {
        let (mut sum, mut moving) = (0.0, 0);
        for i in campaigns {
            let (low, high) = self.range(i, x[i]);
            let shifted = x[i] - shift;
            moving += usize::from(shifted > low && shifted < high);
            sum += shifted.max(low).min(high);
        }
        (sum, moving)
    }

    /// Shifts at which every campaign is at its upper and at its lower bound.
    fn bracket(&self, x: &[f64], campaigns: impl Iterator<Item = usize>) -> (f64, f64) {
        campaigns.filter(|&i| x[i] != PAUSED).fold((0.0_f64, 0.0_f64), |(least, most), i| {
            let (low, high) = self.range(i, x[i]);
            (least.min(x[i] - high), most.max(x[i] - low))
        })
    }

    fn apply(&self, x: &mut [f64], campaigns: impl Iterator<Item = usize>, shift: f64) {
        for i in campaigns {
            let (low, high) = self.range(i, x[i]);
            x[i] = (x[i] - shift).max(low).min(high);
        }
    }

    /// Gives what rounding error has left of a target to whoever has room.
    fn settle_rest(&self, x: &mut [f64], campaigns: impl Iterator<Item = usize> + Clone, target: f64) {
        let sum: f64 = campaigns.clone().map(|i| x[i]).sum();
        let mut rest = target - sum;
        let negligible = 2.0 * f64::EPSILON * target.abs();
        for i in campaigns {
            if rest.abs() <= negligible {
                return;
            }
            rest -= self.give(x, i, rest, f64::INFINITY);
        }
    }

    /// [`settle_rest`](Self::settle_rest) for the total, with groups kept.
    fn settle_total(&self, x: &mut [f64], target: f64) {
        let program = self.program;
        let sum: f64 = x.iter().sum();
        let mut rest = target - sum;
        let negligible = 2.0 * f64::EPSILON * target.abs();
        if rest.abs() <= negligible {
            return;
        }
        for i in 0..x.len() {
            let room = program.group_of[i].map_or(f64::INFINITY, |group| {
                let limit = &program.groups[group];
                let spent: f64 = limit.members.iter().map(|&member| x[member]).sum();
                if rest > 0.0 { limit.most - spent } else { spent - limit.least }
            });
            rest -= self.give(x, i, rest, room.max(0.0));
            if rest.abs() <= negligible {
                return;
            }
        }
    }

    /// Moves one campaign by up to `rest`, either way, within its range and `room`; by how much it moved.
    fn give(&self, x: &mut [f64], i: usize, rest: f64, room: f64) -> f64 {
        let term = &self.program.terms[i];
        if term.or_zero && x[i] == 0.0 {
            return 0.0;
        }
        let before = x[i];
        x[i] = (before + rest.clamp(-room, room)).max(term.lower).min(term.upper);
        x[i] - before
    }
}

/// The shift at which a falling, piecewise linear sum meets its target: Newton's method within a shrinking bracket.
///
/// `n` numbers are summed; within the rounding error of that there is nothing to be found.
fn find_shift(target: f64, n: usize, bracket: (f64, f64), sum_after: impl Fn(f64) -> (f64, usize)) -> f64 {
    let (mut low, mut high) = bracket;
    let negligible = (2.0 + n as f64 / 16.0) * f64::EPSILON * target.abs();
    let mut shift = 0.0;
    for round in 0..ROUNDS {
        let (sum, moving) = sum_after(shift);
        let excess = sum - target;
        if excess.abs() <= negligible {
            break;
        }
        if excess > 0.0 {
            low = shift
        } else {
            high = shift
        }
        let newton = shift + excess / moving as f64;
        let middle = 0.5 * (low + high);
        // A step of Newton's that leaves the bracket, or has been tried too often, is replaced by halving it.
        let next = if newton > low && newton < high && round % 4 != 3 { newton } else { middle };
        if next == shift || !next.is_finite() {
            break;
        }
        shift = next;
    }
    shift
}
