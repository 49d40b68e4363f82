//! The best split of all leaves of a level together, for symmetric trees.

use super::super::gradients::Sums;
use super::super::workers::Workers;
use super::leaf::Scratch;
use super::{Cut, LeafView, SplitRules};

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
