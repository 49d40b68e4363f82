//! Which sums of money campaigns can spend together, in whole minor units.

/// Intervals looked at in one judgement, over all campaigns that may be paused: a tenth of a second or so.
const MOST_WORK: usize = 50_000_000;

/// How many intervals are kept apart, whatever the number of campaigns.
const KEPT_INTERVALS: std::ops::RangeInclusive<usize> = 256..=65_536;

/// What one campaign may spend: `[low, high]`, and perhaps 0 beside it. In minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) zero: bool,
}

/// What a search for budgets found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Feasible,
    Infeasible,
    /// None found, but there were more combinations than were looked at.
    Undecided,
}

/// Whether every campaign can be given a budget of its range so that groups and total are kept.
///
/// Budgets are whole numbers, so what a campaign, a group or all of them can spend is a union of intervals: their sums are
/// Minkowski sums. Without "zero or at least" each is a single interval, and the answer is two sums: `O(n)`. With it, up to
/// 65,536 intervals are kept apart, and 256 at least where there are 200,000 such campaigns. Beyond that the narrowest are
/// forgotten: what is then found is feasible all the same, and what is not found remains [undecided](Verdict::Undecided).
/// `work` counts the intervals looked at.
pub(super) fn judge(
    ranges: &[Range],
    group_of: &[Option<usize>],
    groups: &[(i64, i64)],
    total: (i64, i64),
    work: &mut usize,
) -> Verdict {
    let mut free = Sums::default();
    let mut grouped: Vec<Sums> = groups.iter().map(|_| Sums::default()).collect();
    for (index, range) in ranges.iter().enumerate() {
        if range.low > range.high && !range.zero {
            return Verdict::Infeasible;
        }
        let group = group_of.get(index).copied().flatten();
        group.map_or(&mut free, |group| &mut grouped[group]).add(*range);
    }
    let optional = free.optional.len() + grouped.iter().map(|group| group.optional.len()).sum::<usize>();
    let most_kept =
        (MOST_WORK / (optional + groups.len()).max(1)).clamp(*KEPT_INTERVALS.start(), *KEPT_INTERVALS.end());
    let mut memory = Memory { most_kept, forgot: false, work };
    let mut all = free.intervals(total.1, &mut memory);
    for (sums, &(least, most)) in grouped.into_iter().zip(groups) {
        let part = clipped(sums.intervals(most.min(total.1), &mut memory), least, most);
        all = sum_of(&all, &part, total.1, &mut memory);
    }
    match (clipped(all, total.0, total.1).is_empty(), memory.forgot) {
        (false, _) => Verdict::Feasible,
        (true, false) => Verdict::Infeasible,
        (true, true) => Verdict::Undecided,
    }
}

/// The sums of some campaigns: those that are one interval, added up; those that may be 0 beside it, one by one.
#[derive(Debug, Default)]
struct Sums {
    low: i64,
    high: i64,
    optional: Vec<(i64, i64)>,
}

impl Sums {
    fn add(&mut self, range: Range) {
        if !range.zero {
            self.low = self.low.saturating_add(range.low);
            self.high = self.high.saturating_add(range.high);
        } else if range.low <= range.high {
            self.optional.push((range.low, range.high));
        }
    }

    /// The reachable sums up to `most`: disjoint intervals that do not touch, ascending.
    fn intervals(mut self, most: i64, memory: &mut Memory<'_>) -> Vec<(i64, i64)> {
        let mut reached = clipped(vec![(self.low, self.high)], 0, most);
        // Wide ones first: they close gaps before narrow ones make them many.
        self.optional.sort_unstable_by_key(|&(low, high)| (low - high, low));
        for (low, high) in self.optional {
            let shifted = reached.iter().map(|&(from, to)| (from.saturating_add(low), to.saturating_add(high)));
            let shifted: Vec<_> =
                shifted.take_while(|&(from, _)| from <= most).map(|(from, to)| (from, to.min(most))).collect();
            reached = memory.of(union_of(&reached, &shifted));
        }
        reached
    }
}

/// The union of two ascending lists of intervals, joined where they touch: between 3 and 4 there is no whole number.
fn union_of(a: &[(i64, i64)], b: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let mut union = Vec::with_capacity(a.len() + b.len());
    let (mut a, mut b) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    loop {
        let next = match (a.peek(), b.peek()) {
            (Some(x), Some(y)) if x <= y => a.next(),
            (_, Some(_)) => b.next(),
            (_, None) => a.next(),
        };
        let Some(next) = next else { return union };
        append(&mut union, next);
    }
}

/// Every sum of one of `a` and one of `b`, up to `most`.
fn sum_of(a: &[(i64, i64)], b: &[(i64, i64)], most: i64, memory: &mut Memory<'_>) -> Vec<(i64, i64)> {
    let mut sums = Vec::new();
    for &(from, to) in b {
        let shifted = a.iter().map(|&(low, high)| (low.saturating_add(from), high.saturating_add(to)));
        let shifted: Vec<_> =
            shifted.take_while(|&(low, _)| low <= most).map(|(low, high)| (low, high.min(most))).collect();
        sums = memory.of(union_of(&sums, &shifted));
    }
    sums
}

/// Adds an interval that does not begin before the last.
fn append(intervals: &mut Vec<(i64, i64)>, (low, high): (i64, i64)) {
    match intervals.last_mut() {
        Some(last) if low <= last.1.saturating_add(1) => last.1 = last.1.max(high),
        _ => intervals.push((low, high)),
    }
}

fn clipped(intervals: Vec<(i64, i64)>, least: i64, most: i64) -> Vec<(i64, i64)> {
    let cut = intervals.into_iter().map(|(low, high)| (low.max(least), high.min(most)));
    cut.filter(|(low, high)| low <= high).collect()
}

/// How many intervals are kept, and whether some had to be forgotten.
struct Memory<'a> {
    most_kept: usize,
    forgot: bool,
    work: &'a mut usize,
}

impl Memory<'_> {
    /// The intervals, or the widest half of too many.
    fn of(&mut self, mut intervals: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
        *self.work += intervals.len();
        if intervals.len() > self.most_kept {
            self.forgot = true;
            intervals.sort_by_key(|&(low, high)| low - high);
            intervals.truncate(self.most_kept / 2);
            intervals.sort_unstable();
        }
        intervals
    }
}
