//! The best of many points under a price, for any range of them.

/// Points beside each other that are looked through one by one rather than given a hull.
const BLOCK: usize = 16;

/// Points `(x, y)` with ascending `x`, and the upper hulls of all aligned runs of 16, 32, 64, ... of them.
///
/// The point of a range with the greatest `y - price * x` is on the hull of one of the runs that make up the range, and on a
/// hull it is found by halving: `O(log^2 n)` per question, after `O(n log n)` once.
#[derive(Clone, PartialEq)]
pub(super) struct Hulls {
    x: Vec<f64>,
    y: Vec<f64>,
    /// Per size of run, the smallest first.
    levels: Vec<Level>,
}

#[derive(Clone, PartialEq, Default)]
struct Level {
    /// Indices of the hulls' points, hull after hull.
    points: Vec<u32>,
    /// Where each hull ends.
    ends: Vec<usize>,
}

impl Level {
    fn hull(&self, run: usize) -> &[u32] {
        let start = if run == 0 { 0 } else { self.ends[run - 1] };
        &self.points[start..self.ends[run]]
    }
}

impl Hulls {
    /// `x` ascending, as long as `y`, at most `u32::MAX` of them.
    pub(super) fn new(x: Vec<f64>, y: Vec<f64>) -> Self {
        let mut hulls = Self { x, y, levels: Vec::new() };
        let n = hulls.x.len();
        let mut size = BLOCK;
        while size <= n {
            let mut level = Level::default();
            for run in 0..n / size {
                let start = level.points.len();
                if let Some(below) = hulls.levels.last() {
                    for &point in below.hull(2 * run).iter().chain(below.hull(2 * run + 1)) {
                        hulls.push(&mut level.points, start, point);
                    }
                } else {
                    for point in run * size..(run + 1) * size {
                        hulls.push(&mut level.points, start, point as u32);
                    }
                }
                level.ends.push(level.points.len());
            }
            hulls.levels.push(level);
            size *= 2;
        }
        hulls
    }

    pub(super) fn x(&self) -> &[f64] {
        &self.x
    }

    pub(super) fn y(&self) -> &[f64] {
        &self.y
    }

    /// Adds a point to the hull that begins at `start`, dropping those that it overshadows.
    fn push(&self, hull: &mut Vec<u32>, start: usize, point: u32) {
        while hull.len() >= start + 2 {
            let [a, b] = [hull[hull.len() - 2] as usize, hull[hull.len() - 1] as usize];
            let c = point as usize;
            if (self.y[c] - self.y[b]) * (self.x[b] - self.x[a]) < (self.y[b] - self.y[a]) * (self.x[c] - self.x[b]) {
                break;
            }
            hull.pop();
        }
        hull.push(point);
    }

    fn net(&self, point: usize, price: f64) -> f64 {
        self.y[point] - price * self.x[point]
    }

    /// The point of `range` with the greatest `y - price * x`; `None` for an empty range.
    pub(super) fn best(&self, price: f64, range: std::ops::Range<usize>) -> Option<usize> {
        let (mut at, end) = (range.start, range.end);
        let mut best: Option<(usize, f64)> = None;
        let mut consider = |point: usize| {
            let net = self.net(point, price);
            if best.is_none_or(|(_, most)| net > most) {
                best = Some((point, net));
            }
        };
        while at < end {
            // The greatest aligned run that begins here and ends in the range.
            let aligned = (at / BLOCK).trailing_zeros().min(usize::BITS - 1 - BLOCK.trailing_zeros());
            let fits = |level: usize| at.is_multiple_of(BLOCK) && at + (BLOCK << level) <= end;
            let level = (0..self.levels.len().min(aligned as usize + 1)).rev().find(|&level| fits(level));
            if let Some(level) = level {
                let size = BLOCK << level;
                let hull = self.levels[level].hull(at / size);
                consider(self.top(hull, price));
                at += size;
            } else {
                consider(at);
                at += 1;
            }
        }
        best.map(|(point, _)| point)
    }

    /// The best point of a hull: the first after which the hull rises less than the price.
    fn top(&self, hull: &[u32], price: f64) -> usize {
        let (mut low, mut high) = (0, hull.len() - 1);
        while low < high {
            let middle = (low + high) / 2;
            let [a, b] = [hull[middle] as usize, hull[middle + 1] as usize];
            if self.y[b] - self.y[a] > price * (self.x[b] - self.x[a]) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        hull[low] as usize
    }
}

impl std::fmt::Debug for Hulls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.x.iter().zip(&self.y)).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_range_agrees_with_looking_at_each_point(
            steps in prop::collection::vec((1_u32..40, 0_u32..90), 1..300),
            price in 0_u32..60, from in 0_usize..300, length in 0_usize..300,
        ) {
            // Whole numbers: nothing is rounded, so the greatest net is the same number.
            let (mut x, mut y) = (vec![], vec![]);
            for &(dx, dy) in &steps {
                x.push(x.last().unwrap_or(&0.0) + f64::from(dx));
                y.push(y.last().unwrap_or(&0.0) + f64::from(dy));
            }
            let (hulls, price) = (Hulls::new(x, y), f64::from(price) / 16.0);
            let from = from.min(steps.len());
            let range = from..(from + length).min(steps.len());
            let slow = range.clone().map(|point| hulls.net(point, price)).max_by(f64::total_cmp);
            let fast = hulls.best(price, range).map(|point| hulls.net(point, price));
            prop_assert_eq!(fast, slow);
        }
    }
}
