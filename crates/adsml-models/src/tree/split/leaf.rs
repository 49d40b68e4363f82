//! The best split of one leaf.

use super::super::gradients::Sums;
use super::super::histogram::Histogram;
use super::super::matrix::BinnedMatrix;
use super::{Bounds, Cut, Split, SplitRules};

/// What is looked at: a leaf and its sums.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeafView<'a> {
    pub(crate) matrix: &'a BinnedMatrix,
    pub(crate) histogram: &'a Histogram,
    pub(crate) total: Sums,
    pub(crate) bounds: Bounds,
    /// Rows by code and the least on either side, where hessians do not count rows.
    pub(crate) counts: Option<(&'a [u32], usize)>,
}

/// The best split among `features`, in their order.
pub(crate) fn best_split(
    leaf: LeafView<'_>,
    rules: &SplitRules,
    features: impl IntoIterator<Item = usize>,
) -> Option<Split> {
    let whole = rules.least_score(leaf.total, leaf.bounds);
    let mut best: Option<Split> = None;
    let mut scratch = Scratch::new();
    for feature in features {
        let least = best.as_ref().map_or(whole, |best| best.gain + whole);
        let found = scratch.read(leaf, feature).and_then(|bins| bins.best(rules, leaf, feature, least));
        if let Some((score, cut, left)) = found {
            let gain = score - whole;
            if gain > best.as_ref().map_or(0.0, |best| best.gain) {
                best = Some(Split { feature, cut, gain, left, right: leaf.total - left });
            }
        }
    }
    best
}

/// Room for the histogram of one feature.
pub(super) struct Scratch {
    g: [f64; 256],
    h: [f64; 256],
    counts: [u32; 256],
}

/// The histogram of one feature.
pub(super) struct Bins<'a> {
    pub(super) g: &'a [f64],
    h: &'a [f64],
    counts: Option<(&'a [u32], usize)>,
    n_values: usize,
    has_missing: bool,
    is_category: bool,
}

impl Scratch {
    pub(super) const fn new() -> Self {
        Self { g: [0.0; 256], h: [0.0; 256], counts: [0; 256] }
    }

    /// Reads a feature's sums off those of its column; `None` when there is nothing to split.
    pub(super) fn read<'a>(&'a mut self, leaf: LeafView<'a>, feature: usize) -> Option<Bins<'a>> {
        let bins = &leaf.matrix.features[feature];
        if bins.n_bins() < 2 {
            return None;
        }
        let (column, member) = leaf.matrix.places[feature];
        let range = leaf.matrix.offsets[column]..leaf.matrix.offsets[column + 1];
        let (g, h) = (&leaf.histogram.g[range.clone()], &leaf.histogram.h[range.clone()]);
        let counts = leaf.counts.map(|(counts, least)| (&counts[range], least));
        let shape = (bins.n_values, bins.has_missing, bins.is_category());
        let (n_values, has_missing, is_category) = shape;
        let Some(codes) = &leaf.matrix.columns[column].members[member].shared else {
            return Some(Bins { g, h, counts, n_values, has_missing, is_category });
        };
        for bin in 0..bins.n_bins() {
            let sum = codes.of_bin(bin).iter().fold(Sums::default(), |sum, &code| {
                let code = usize::from(code);
                Sums { g: sum.g + g[code], h: sum.h + h[code] }
            });
            (self.g[bin], self.h[bin]) = (sum.g, sum.h);
            if let Some((counts, _)) = counts {
                self.counts[bin] = codes.of_bin(bin).iter().map(|&code| counts[usize::from(code)]).sum();
            }
        }
        let n = bins.n_bins();
        let counts = counts.map(|(_, least)| (&self.counts[..n], least));
        Some(Bins { g: &self.g[..n], h: &self.h[..n], counts, n_values, has_missing, is_category })
    }
}

type Found = Option<(f64, Cut, Sums)>;

impl Bins<'_> {
    /// The best cut whose score is above `least`: its score, and the sums of the left side.
    fn best(&self, rules: &SplitRules, leaf: LeafView<'_>, feature: usize, least: f64) -> Found {
        if self.is_category {
            return self.best_of_category(rules, leaf, least);
        }
        if rules.bounded || self.counts.is_some() {
            return self.best_of_number_bounded(rules, leaf, rules.direction(feature), least);
        }
        self.best_of_number(rules, leaf.total, least)
    }

    pub(super) fn missing(&self) -> Sums {
        if self.has_missing { self.sums(self.n_values) } else { Sums::default() }
    }

    pub(super) fn sums(&self, bin: usize) -> Sums {
        Sums { g: self.g[bin], h: self.h[bin] }
    }

    /// Whether no row of the leaf says anything of a bin. (A hessian may be too small to be seen where its gradient is not.)
    fn is_empty(&self, bin: usize) -> bool {
        self.sums(bin) == Sums::default()
    }

    fn best_of_number(&self, rules: &SplitRules, total: Sums, least: f64) -> Found {
        let n = self.n_values;
        let (mut g, mut h) = ([0.0; 256], [0.0; 256]);
        let mut sum = Sums::default();
        for bin in 0..n {
            sum = sum + self.sums(bin);
            (g[bin], h[bin]) = (sum.g, sum.h);
        }
        let missing = self.missing();
        let mut best: Found = None;
        // Missing on the right: the last bin may be cut from missing. On the left: the last bin has nothing beyond.
        let seen = missing != Sums::default();
        let sides = [(Sums::default(), if seen { n } else { n - 1 }), (missing, n - 1)];
        for (side, (shift, candidates)) in sides.into_iter().enumerate() {
            if side == 1 && !seen {
                break;
            }
            let above = best.as_ref().map_or(least, |best| best.0);
            if let Some((bin, score)) = highest(&g[..candidates], &h[..candidates], shift, total, rules, above) {
                let left = Sums { g: g[bin], h: h[bin] } + shift;
                best = Some((score, Cut::number(bin as u8, side == 1), left));
            }
        }
        best
    }

    /// The same one by one, where sides have to satisfy more.
    fn best_of_number_bounded(&self, rules: &SplitRules, leaf: LeafView<'_>, direction: i8, least: f64) -> Found {
        let n = self.n_values;
        let missing = self.missing();
        let mut best: Found = None;
        let mut score_of_best = least;
        let missing_rows = match self.counts {
            Some((counts, _)) if self.has_missing => counts[n],
            _ => 0,
        };
        for side in 0..2 {
            let seen = missing != Sums::default() || missing_rows > 0;
            if side == 1 && !seen {
                break;
            }
            let (mut left, mut rows) = if side == 1 { (missing, missing_rows) } else { (Sums::default(), 0) };
            let candidates = if side == 0 && seen { n } else { n - 1 };
            let total_rows: u32 = self.counts.map_or(0, |(counts, _)| counts.iter().sum());
            for bin in 0..candidates {
                left = left + self.sums(bin);
                if let Some((counts, least_rows)) = self.counts {
                    rows += counts[bin];
                    if (rows as usize) < least_rows || ((total_rows - rows) as usize) < least_rows {
                        continue;
                    }
                }
                if let Some(score) = rules.sides(left, leaf.total - left, direction, leaf.bounds, rules.l2)
                    && score > score_of_best
                {
                    score_of_best = score;
                    best = Some((score, Cut::number(bin as u8, side == 1), left));
                }
            }
        }
        best
    }

    fn best_of_category(&self, rules: &SplitRules, leaf: LeafView<'_>, least: f64) -> Found {
        let present: Vec<usize> = (0..self.g.len()).filter(|&bin| !self.is_empty(bin)).collect();
        if present.len() < 2 {
            return None;
        }
        let one_hot = self.g.len() <= rules.categories.max_one_hot;
        let l2 = rules.l2 + if one_hot { 0.0 } else { rules.categories.l2 };
        let mut order = present;
        if !one_hot {
            let slope = |bin: usize| self.g[bin] / (self.h[bin] + rules.categories.smooth);
            order.sort_by(|&a, &b| slope(a).total_cmp(&slope(b)));
        }
        let rows_of = |bin: usize| self.counts.map_or(0, |(counts, _)| counts[bin]);
        let total_rows: u32 = (0..self.g.len()).map(rows_of).sum();
        // Rows of bins that say nothing, which follow the larger side.
        let loose_rows = total_rows - order.iter().map(|&bin| rows_of(bin)).sum::<u32>();
        let mut best: Found = None;
        let mut score_of_best = least;
        let (mut sum, mut rows, mut bins) = (Sums::default(), 0, [0_u64; 4]);
        let candidates = if one_hot && order.len() > 2 { order.len() } else { order.len() - 1 };
        for &bin in &order[..candidates] {
            let bit = |bins: &mut [u64; 4]| bins[bin / 64] |= 1 << (bin % 64);
            if one_hot {
                (sum, rows, bins) = (self.sums(bin), rows_of(bin), [0; 4]);
            } else {
                sum = sum + self.sums(bin);
                rows += rows_of(bin);
            }
            bit(&mut bins);
            let rows = rows + if sum.h > leaf.total.h - sum.h { loose_rows } else { 0 };
            if let Some((_, least_rows)) = self.counts
                && ((rows as usize) < least_rows || ((total_rows - rows) as usize) < least_rows)
            {
                continue;
            }
            if let Some(score) = rules.sides(sum, leaf.total - sum, 0, leaf.bounds, l2)
                && score > score_of_best
            {
                score_of_best = score;
                best = Some((score, Cut { bin: 0, missing_left: false, bins }, sum));
            }
        }
        // Bins that say nothing in this leaf go where more of the others went.
        if let Some((_, cut, left)) = &mut best
            && left.h > leaf.total.h - left.h
        {
            for bin in (0..self.g.len()).filter(|&bin| self.is_empty(bin)) {
                cut.bins[bin / 64] |= 1 << (bin % 64);
            }
        }
        best
    }
}

/// The first candidate whose score is highest, when that is above `least`.
fn highest(g: &[f64], h: &[f64], shift: Sums, total: Sums, rules: &SplitRules, least: f64) -> Option<(usize, f64)> {
    let mut scores = [f64::NEG_INFINITY; 256];
    let mut most = f64::NEG_INFINITY;
    for ((score, &g), &h) in scores.iter_mut().zip(g).zip(h) {
        let left = Sums { g: g + shift.g, h: h + shift.h };
        let right = total - left;
        let value = rules.score(left, rules.l2) + rules.score(right, rules.l2);
        let allowed = left.h >= rules.min_hessian && right.h >= rules.min_hessian;
        *score = if allowed { value } else { f64::NEG_INFINITY };
    }
    for &score in &scores[..g.len()] {
        most = if score > most { score } else { most };
    }
    let bin = scores[..g.len()].iter().position(|&score| score == most)?;
    (most > least).then_some((bin, most))
}
