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

mod leaf;
mod level;

use super::binning::{BinKind, FeatureBins};
use super::gradients::{Scale, Sums};

pub(crate) use leaf::{LeafView, best_split};
pub(crate) use level::{CommonSplit, best_common_split};

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
