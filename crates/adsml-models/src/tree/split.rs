//! The best split of a leaf.
//!
//! ```text
//! score(G, H) = max(|G| - alpha, 0)^2 / (H + lambda)
//! gain        = score(G_left, H_left) + score(G_right, H_right) - score(G, H)
//! ```
//!
//! with `G`, `H` the sums of derivatives of the rows of a side. Among equal gains the feature that is looked at first
//! wins, then missing values on the right, then the lowest bin.
//!
//! Source: Chen and Guestrin (2016), "XGBoost", KDD, equations 6 and 7. Categories: their bins ordered by `G / (H + smooth)`,
//! then split like numbers (Fisher 1958, "On grouping for maximum homogeneity", JASA 53).

use super::binning::{BinKind, FeatureBins};
use super::gradients::{Scale, Sums};
use super::histogram::Histogram;
use super::matrix::BinnedMatrix;
use super::workers::Workers;

/// What a split has to satisfy, in the units of rounded derivatives.
#[derive(Debug, Clone)]
pub(crate) struct SplitRules {
    pub(crate) l1: f64,
    pub(crate) l2: f64,
    /// Least sum of hessians of a side.
    pub(crate) min_hessian: f64,
    /// Whether sums of hessians are numbers of rows, so that `min_hessian` holds the least number of rows too.
    pub(crate) hessian_counts: bool,
    /// A split must gain more.
    pub(crate) min_gain: f64,
    /// Largest magnitude of a leaf's value; infinite for none.
    pub(crate) max_delta: f64,
    pub(crate) categories: CategoryRules,
    /// Direction of each feature: 1 rising, -1 falling, 0 free; empty when all are free.
    pub(crate) monotone: Vec<i8>,
    /// Whether leaf values are held between bounds, so that gains follow from values.
    bounded: bool,
    /// Leaf values are `-G / (H + l2)` times this, in units of the raw score.
    pub(crate) value_unit: f64,
    /// Gains times this are in units of the loss.
    pub(crate) gain_unit: f64,
}

/// How categories are split.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct CategoryRules {
    /// Added to the hessian when bins are ordered.
    pub(crate) smooth: f64,
    /// Added to `l2` for splits on more than `max_one_hot` bins.
    pub(crate) l2: f64,
    /// With at most this many bins, one is split from the others.
    pub(crate) max_one_hot: usize,
}

/// Parameters of splits, in the units of the loss.
#[derive(Debug, Clone)]
pub(crate) struct SplitParams {
    pub(crate) l1: f64,
    pub(crate) l2: f64,
    pub(crate) min_child_weight: f64,
    pub(crate) min_samples_leaf: usize,
    pub(crate) min_gain: f64,
    pub(crate) max_delta: f64,
    pub(crate) categories: CategoryRules,
    pub(crate) monotone: Vec<i8>,
}

impl SplitParams {
    pub(crate) fn scaled(&self, scale: Scale) -> SplitRules {
        let gain_unit = scale.hessian / (scale.gradient * scale.gradient);
        let min_rows = if scale.hessian_counts { self.min_samples_leaf as f64 } else { 0.0 };
        SplitRules {
            l1: self.l1 * scale.gradient,
            l2: self.l2 * scale.hessian,
            // At least something on either side, whatever the parameters.
            min_hessian: (self.min_child_weight * scale.hessian).max(min_rows).max(0.5),
            hessian_counts: scale.hessian_counts,
            // The unit of tiny targets may underflow.
            min_gain: if self.min_gain > 0.0 { self.min_gain / gain_unit } else { 0.0 },
            max_delta: self.max_delta * scale.gradient / scale.hessian,
            categories: CategoryRules {
                smooth: self.categories.smooth * scale.hessian,
                l2: self.categories.l2 * scale.hessian,
                ..self.categories
            },
            monotone: self.monotone.clone(),
            bounded: self.max_delta.is_finite() || !self.monotone.is_empty(),
            value_unit: scale.hessian / scale.gradient,
            gain_unit,
        }
    }
}

/// A split of one leaf.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Split {
    pub(crate) feature: usize,
    pub(crate) cut: Cut,
    /// In units of rounded derivatives, above the least that is asked for.
    pub(crate) gain: f64,
    pub(crate) left: Sums,
    pub(crate) right: Sums,
}

/// Which bins go left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cut {
    /// The last bin that goes left, of a number.
    pub(crate) bin: u8,
    /// Whether missing values go left.
    pub(crate) missing_left: bool,
    /// The bins that go left, of a category; missing among them.
    pub(crate) bins: [u64; 4],
}

/// Between what the values of a leaf's descendants must lie, in units of rounded derivatives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Bounds {
    pub(crate) const NONE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };
}

impl SplitRules {
    #[inline(always)]
    fn score(&self, sums: Sums, l2: f64) -> f64 {
        let excess = sums.g.abs() - self.l1;
        let excess = if excess > 0.0 { excess } else { 0.0 };
        excess * excess / (sums.h + l2)
    }

    /// The value of a leaf: the minimum of the second-order loss within the bounds.
    pub(crate) fn value(&self, sums: Sums, bounds: Bounds) -> f64 {
        self.value_with(sums, bounds, self.l2)
    }

    fn value_with(&self, sums: Sums, bounds: Bounds, l2: f64) -> f64 {
        let excess = (sums.g.abs() - self.l1).max(0.0).copysign(sums.g);
        let value = if excess == 0.0 || sums.h + l2 <= 0.0 { 0.0 } else { -excess / (sums.h + l2) };
        value.clamp(-self.max_delta, self.max_delta).clamp(bounds.low, bounds.high)
    }

    /// The score of a leaf, whose value is held between bounds where there are any.
    pub(crate) fn score_within(&self, sums: Sums, bounds: Bounds, l2: f64) -> f64 {
        if !self.bounded {
            // Symmetric trees have leaves without rows, whose score would not be a number.
            return if sums.h + l2 <= 0.0 { 0.0 } else { self.score(sums, l2) };
        }
        let value = self.value_with(sums, bounds, l2);
        -(2.0 * sums.g * value + 2.0 * self.l1 * value.abs() + (sums.h + l2) * value * value)
    }

    /// The penalty of values of the sides of a split by this feature.
    fn l2_of(&self, bins: &FeatureBins) -> f64 {
        let pooled = bins.is_category() && bins.n_bins() > self.categories.max_one_hot;
        self.l2 + if pooled { self.categories.l2 } else { 0.0 }
    }

    fn direction(&self, feature: usize) -> i8 {
        self.monotone.get(feature).copied().unwrap_or(0)
    }

    /// What two sides have to score more than for the leaf to be split.
    pub(crate) fn least_score(&self, total: Sums, bounds: Bounds) -> f64 {
        let whole = self.score_within(total, bounds, self.l2);
        // Rounding alone may make the sides of a pure leaf look better than the leaf.
        whole + 1e-13 * whole.abs() + self.min_gain
    }

    /// The score of two sides together; `None` when they break a rule.
    #[inline(always)]
    pub(crate) fn sides(&self, left: Sums, right: Sums, direction: i8, bounds: Bounds, l2: f64) -> Option<f64> {
        if left.h < self.min_hessian || right.h < self.min_hessian {
            return None;
        }
        if self.bounded {
            return self.sides_within(left, right, direction, bounds, l2);
        }
        Some(self.score(left, l2) + self.score(right, l2))
    }

    /// Whether the values of leaves are means: neither penalised nor held between bounds.
    pub(crate) fn is_plain(&self) -> bool {
        !self.bounded && self.l1 == 0.0 && self.l2 == 0.0
    }

    #[inline(never)]
    fn sides_within(&self, left: Sums, right: Sums, direction: i8, bounds: Bounds, l2: f64) -> Option<f64> {
        if direction != 0 {
            let rise = self.value_with(right, bounds, l2) - self.value_with(left, bounds, l2);
            if f64::from(direction) * rise < 0.0 {
                return None;
            }
        }
        Some(self.score_within(left, bounds, l2) + self.score_within(right, bounds, l2))
    }
}

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

/// A split of all leaves of a level.
#[derive(Debug, Clone)]
pub(crate) struct CommonSplit {
    pub(crate) feature: usize,
    pub(crate) cut: Cut,
    /// What it gains in each leaf, in units of rounded derivatives.
    pub(crate) gains: Vec<f64>,
    /// The sums of the sides of each leaf.
    pub(crate) sides: Vec<[Sums; 2]>,
}

/// The split whose gains, summed over the leaves, are largest. A leaf whose sides would break a rule gains nothing.
pub(crate) fn best_common_split(
    leaves: &[LeafView<'_>],
    rules: &SplitRules,
    features: &[usize],
    workers: &Workers,
) -> Option<CommonSplit> {
    let wholes: Vec<f64> = leaves.iter().map(|leaf| rules.score_within(leaf.total, leaf.bounds, rules.l2)).collect();
    let whole: f64 = wholes.iter().sum();
    let least = whole + 1e-13 * whole.abs() + rules.min_gain;
    let of_feature = |at: usize| {
        let candidates = CommonCandidates::score(&mut Scratch::new(), leaves, rules, features[at], &wholes)?;
        let (score, cut) = candidates.best(least)?;
        Some((score, features[at], cut))
    };
    let found = workers.map(features.len(), of_feature).into_iter().flatten();
    // The first of those that are highest.
    let (_, feature, cut) = found.reduce(|best, other| if other.0 > best.0 { other } else { best })?;
    let mut scratch = Scratch::new();
    let side = |leaf: &LeafView<'_>| {
        let bins = scratch.read(*leaf, feature).expect("a feature that was split has bins");
        let left_bins = (0..bins.g.len()).filter(|&bin| cut.goes_left(&leaf.matrix.features[feature], bin as u8));
        let left = left_bins.fold(Sums::default(), |sum, bin| sum + bins.sums(bin));
        [left, leaf.total - left]
    };
    let sides: Vec<[Sums; 2]> = leaves.iter().map(side).collect();
    let gain = |((leaf, &whole), sides): ((&LeafView<'_>, &f64), &[Sums; 2])| {
        let l2 = rules.l2_of(&leaf.matrix.features[feature]);
        let sides = rules.sides(sides[0], sides[1], rules.direction(feature), leaf.bounds, l2);
        sides.map_or(0.0, |score| score - whole)
    };
    let gains = leaves.iter().zip(&wholes).zip(&sides).map(gain).collect();
    Some(CommonSplit { feature, cut, gains, sides })
}

/// The scores of every cut by one feature, summed over the leaves of a level.
struct CommonCandidates {
    /// By bin (or place in the order of categories); missing on the right, and on the left (empty where nothing is missing).
    scores: [Vec<f64>; 2],
    /// The order of a category's bins.
    order: Option<Vec<usize>>,
}

impl CommonCandidates {
    fn score(
        scratch: &mut Scratch,
        leaves: &[LeafView<'_>],
        rules: &SplitRules,
        feature: usize,
        wholes: &[f64],
    ) -> Option<Self> {
        let bins = &leaves[0].matrix.features[feature];
        let (n_values, n_bins) = (bins.n_values, bins.n_bins());
        if n_bins < 2 {
            return None;
        }
        let direction = rules.direction(feature);
        let l2 = rules.l2_of(bins);
        let order = bins.is_category().then(|| {
            let mut pooled = vec![Sums::default(); n_bins];
            for leaf in leaves {
                let bins = scratch.read(*leaf, feature).expect("it has bins");
                pooled.iter_mut().enumerate().for_each(|(bin, sum)| *sum = *sum + bins.sums(bin));
            }
            let slope = |bin: usize| pooled[bin].g / (pooled[bin].h + rules.categories.smooth);
            let mut order: Vec<usize> = (0..n_bins).filter(|&bin| pooled[bin].h > 0.0).collect();
            order.sort_by(|&a, &b| slope(a).total_cmp(&slope(b)));
            order
        });
        let n_candidates = match &order {
            Some(order) => order.len().saturating_sub(1),
            None if bins.has_missing => n_values,
            None => n_values - 1,
        };
        let n_on_left = if order.is_none() && bins.has_missing { n_candidates } else { 0 };
        let mut scores = [vec![0.0; n_candidates], vec![0.0; n_on_left]];
        for (leaf, &whole) in leaves.iter().zip(wholes) {
            let bins = scratch.read(*leaf, feature).expect("it has bins");
            let (mut g, mut h) = ([0.0; 256], [0.0; 256]);
            let mut sum = Sums::default();
            for at in 0..n_candidates {
                sum = sum + bins.sums(order.as_ref().map_or(at, |order| order[at]));
                (g[at], h[at]) = (sum.g, sum.h);
            }
            let missing = if order.is_none() { bins.missing() } else { Sums::default() };
            for (scores, shift) in scores.iter_mut().zip([Sums::default(), missing]) {
                if rules.bounded {
                    for (at, score) in scores.iter_mut().enumerate() {
                        let left = Sums { g: g[at], h: h[at] } + shift;
                        let sides = rules.sides(left, leaf.total - left, direction, leaf.bounds, l2);
                        *score += sides.unwrap_or(whole);
                    }
                } else {
                    add_scores(scores, &g, &h, shift, leaf.total, rules, l2, whole);
                }
            }
        }
        Some(Self { scores, order })
    }

    /// The best cut whose score is above `least`.
    fn best(&self, least: f64) -> Option<(f64, Cut)> {
        let mut most = least;
        let mut best = None;
        for (side, scores) in self.scores.iter().enumerate() {
            for (at, &score) in scores.iter().enumerate() {
                if score > most {
                    most = score;
                    best = Some((side, at));
                }
            }
        }
        let (side, at) = best?;
        let cut = match &self.order {
            None => Cut::number(at as u8, side == 1),
            Some(order) => Cut::category(&order[..=at]),
        };
        Some((most, cut))
    }
}

/// Adds the score of every candidate in one leaf.
#[allow(clippy::too_many_arguments)] // One loop, called from one place, that the compiler is to see whole.
fn add_scores(
    scores: &mut [f64],
    g: &[f64; 256],
    h: &[f64; 256],
    shift: Sums,
    total: Sums,
    rules: &SplitRules,
    l2: f64,
    whole: f64,
) {
    for ((score, &g), &h) in scores.iter_mut().zip(g).zip(h) {
        let left = Sums { g: g + shift.g, h: h + shift.h };
        let right = total - left;
        let value = rules.score(left, l2) + rules.score(right, l2);
        let allowed = left.h >= rules.min_hessian && right.h >= rules.min_hessian;
        *score += if allowed { value } else { whole };
    }
}

/// Room for the histogram of one feature.
struct Scratch {
    g: [f64; 256],
    h: [f64; 256],
    counts: [u32; 256],
}

/// The histogram of one feature.
struct Bins<'a> {
    g: &'a [f64],
    h: &'a [f64],
    counts: Option<(&'a [u32], usize)>,
    n_values: usize,
    has_missing: bool,
    is_category: bool,
}

impl Scratch {
    const fn new() -> Self {
        Self { g: [0.0; 256], h: [0.0; 256], counts: [0; 256] }
    }

    /// Reads a feature's sums off those of its column; `None` when there is nothing to split.
    fn read<'a>(&'a mut self, leaf: LeafView<'a>, feature: usize) -> Option<Bins<'a>> {
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

    fn missing(&self) -> Sums {
        if self.has_missing { self.sums(self.n_values) } else { Sums::default() }
    }

    fn sums(&self, bin: usize) -> Sums {
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

impl Cut {
    pub(crate) const fn number(bin: u8, missing_left: bool) -> Self {
        Self { bin, missing_left, bins: [0; 4] }
    }

    fn category(left: &[usize]) -> Self {
        let mut cut = Self::number(0, false);
        left.iter().for_each(|&bin| cut.bins[bin / 64] |= 1 << (bin % 64));
        cut
    }

    /// Whether a bin of a feature goes left.
    pub(crate) fn goes_left(&self, bins: &FeatureBins, bin: u8) -> bool {
        match bins.kind {
            BinKind::Category { .. } => self.has(bin),
            BinKind::Number { .. } if Some(bin) == bins.missing_code() => self.missing_left,
            BinKind::Number { .. } => bin <= self.bin,
        }
    }

    pub(crate) fn has(&self, bin: u8) -> bool {
        self.bins[usize::from(bin) / 64] >> (bin % 64) & 1 == 1
    }
}
