//! Trees from rounded derivatives: which leaf is split next, and where its rows and sums go.

mod by_leaf;
mod classes;
mod deep;
mod small;
mod symmetric;

use std::ops::Range;

use adsml_core::CancelToken;

use super::gradients::{Derivatives, Rounded, Sums};
use super::histogram::{Histogram, RowSet};
use super::matrix::BinnedMatrix;
use super::partition::Partition;
use super::sampling::FeatureSampler;
use super::split::{Bounds, Cut, LeafView, Split, SplitRules, best_split};
use super::workers::Workers;
use crate::Result;
use crate::estimator::choice;

pub(crate) use classes::{ClassPlan, WholeWeights};
#[cfg(test)]
pub(crate) use small::unrounded;

/// Histograms that wait for their leaf to be split take at most this many numbers together (512 MiB).
const POOL: usize = 1 << 26;

/// Which leaf is split next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Growth {
    /// The one that gains most, until there are `max_leaves`; LightGBM's way. Parameter value `"leaf_wise"`.
    #[default]
    LeafWise,
    /// Level by level down to `max_depth`; XGBoost's way. Parameter value `"depth_wise"`.
    DepthWise,
    /// Level by level, all leaves of a level by the same question; CatBoost's way. Parameter value `"symmetric"`.
    Symmetric,
}

choice!(Growth { LeafWise = "leaf_wise", DepthWise = "depth_wise", Symmetric = "symmetric" });

/// How far a tree grows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) growth: Growth,
    pub(crate) max_leaves: usize,
    pub(crate) max_depth: usize,
    pub(crate) min_samples_leaf: usize,
}

/// A tree as it was grown, in bins.
#[derive(Debug, Default)]
pub(crate) struct Grown {
    pub(crate) nodes: Vec<GrownNode>,
}

impl Grown {
    /// The features on the path to a node, where interactions are constrained.
    fn used_above(&self, features: &FeatureSampler<'_>, node: usize) -> Vec<usize> {
        if !features.is_constrained() {
            return Vec::new();
        }
        let above = |&at: &usize| (at != 0).then(|| self.nodes[at].above);
        let path = std::iter::successors(Some(node), above).skip(1);
        path.filter_map(|at| self.nodes[at].split.as_ref().map(|split| split.feature)).collect()
    }
}

/// A node; the first is the root.
#[derive(Debug, Clone)]
pub(crate) struct GrownNode {
    /// Its rows, in the partition.
    pub(crate) rows: Range<usize>,
    pub(crate) sums: Sums,
    pub(crate) bounds: Bounds,
    pub(crate) depth: usize,
    /// Its parent; the root is its own.
    pub(crate) above: usize,
    pub(crate) split: Option<GrownSplit>,
}

/// How a node was split.
#[derive(Debug, Clone)]
pub(crate) struct GrownSplit {
    pub(crate) feature: usize,
    pub(crate) cut: Cut,
    /// In units of rounded derivatives.
    pub(crate) gain: f64,
    pub(crate) left: usize,
    pub(crate) right: usize,
}

/// What grows trees over the same rows, with room that is kept from tree to tree.
#[derive(Debug)]
pub(crate) struct Grower<'a> {
    pub(crate) matrix: &'a BinnedMatrix,
    pub(crate) workers: &'a Workers,
    pub(crate) partition: Partition,
    pool: Vec<Histogram>,
    n_waiting: usize,
}

/// What one tree is grown from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) rounded: &'a Rounded,
    /// The derivatives before rounding, for trees that grow until they fit every row.
    pub(crate) exact: Option<&'a Derivatives>,
    pub(crate) rules: &'a SplitRules,
    pub(crate) limits: Limits,
    pub(crate) features: &'a FeatureSampler<'a>,
    pub(crate) cancel: Option<&'a CancelToken>,
}

impl<'a> Grower<'a> {
    pub(crate) fn new(matrix: &'a BinnedMatrix, workers: &'a Workers) -> Self {
        Self { matrix, workers, partition: Partition::new(), pool: Vec::new(), n_waiting: 0 }
    }

    /// Grows a tree on the given rows (ascending), or all.
    pub(crate) fn grow(&mut self, plan: &Plan<'_>, rows: Option<&[u32]>) -> Result<Grown> {
        match rows {
            Some(rows) => self.partition.reset(rows.iter().copied()),
            None => self.partition.reset(0..self.matrix.n_rows as u32),
        }
        if plan.exact.is_some() && plan.limits.max_leaves == usize::MAX {
            return deep::grow(self, plan, rows.is_none());
        }
        match plan.limits.growth {
            Growth::LeafWise | Growth::DepthWise => by_leaf::grow(self, plan, rows.is_none()),
            Growth::Symmetric => symmetric::grow(self, plan, rows.is_none()),
        }
    }

    /// The root with its histogram.
    fn root(&mut self, plan: &Plan<'_>, n_rows: usize, is_all: bool) -> (GrownNode, Histogram) {
        let mut histogram = self.take();
        let rows = if is_all { RowSet::All } else { RowSet::These(self.partition.rows(0..n_rows)) };
        histogram.fill(self.matrix, plan.rounded, rows, self.workers);
        let sums = histogram.total(self.matrix);
        (GrownNode { rows: 0..n_rows, sums, bounds: Bounds::NONE, depth: 0, above: 0, split: None }, histogram)
    }

    /// A histogram to be filled.
    fn take(&mut self) -> Histogram {
        self.pool.pop().unwrap_or_else(|| Histogram::zeros(self.matrix.n_codes()))
    }

    fn give_back(&mut self, histogram: Histogram) {
        self.pool.push(histogram);
    }

    /// Whether one more histogram may wait.
    fn may_wait(&self) -> bool {
        (self.n_waiting + 1) * 2 * self.matrix.n_codes() <= POOL || self.n_waiting < 4
    }

    /// The codes of a feature's column that go left.
    fn goes_left(&self, feature: usize, cut: &Cut) -> [bool; 256] {
        let bins = &self.matrix.features[feature];
        let n_codes = self.matrix.column_of(feature).n_codes;
        std::array::from_fn(|code| code < n_codes && cut.goes_left(bins, self.matrix.bin_of(feature, code as u8)))
    }

    /// Moves the rows of a node to its sides; where the right side starts.
    fn divide(&mut self, rows: Range<usize>, feature: usize, goes_left: &[bool; 256]) -> usize {
        let codes = &self.matrix.column_of(feature).codes;
        self.partition.split(rows, codes, goes_left, self.workers)
    }

    /// The histograms of the sides that are `wanted`, with what `look` makes of them.
    fn histograms<T: Send>(
        &mut self,
        plan: &Plan<'_>,
        parent: Option<Histogram>,
        sides: &[Range<usize>; 2],
        wanted: [bool; 2],
        look: impl Fn(usize, &Histogram) -> T + Sync,
    ) -> [Option<(Histogram, T)>; 2] {
        let small = smaller(sides);
        let large = 1 - small;
        if let Some(parent) = parent {
            if wanted[large] {
                let child = self.filled(plan, &sides[small]);
                let mut rest = parent;
                let (of_child, of_rest) = self.workers.both(
                    || wanted[small].then(|| look(small, &child)),
                    || {
                        rest.subtract(&child);
                        look(large, &rest)
                    },
                );
                let found = match of_child {
                    Some(of_child) => [Some((rest, of_rest)), Some((child, of_child))],
                    None => {
                        self.give_back(child);
                        [Some((rest, of_rest)), None]
                    }
                };
                return in_order(found, large);
            }
            self.give_back(parent);
        }
        [0, 1].map(|side| {
            let histogram = wanted[side].then(|| self.filled(plan, &sides[side]))?;
            let found = look(side, &histogram);
            Some((histogram, found))
        })
    }

    /// The histogram of some rows.
    fn filled(&mut self, plan: &Plan<'_>, rows: &Range<usize>) -> Histogram {
        let mut histogram = self.take();
        histogram.fill(self.matrix, plan.rounded, RowSet::These(self.partition.rows(rows.clone())), self.workers);
        histogram
    }

    /// Holds a split to the least number of rows on either side.
    ///
    /// Where hessians do not count rows, histograms do not either: splits are searched without that rule, and counted when their turn
    /// comes. One that breaks it gives way to the best that does not, which is searched with the rows counted; its gain is no larger, so
    /// that the order in which leaves are split is the same as if rows had been counted from the start.
    fn check_counts(
        &mut self,
        plan: &Plan<'_>,
        node: &GrownNode,
        at: usize,
        used: &[usize],
        split: &Split,
        goes_left: &[bool; 256],
    ) -> Result<(), Option<Split>> {
        let least = plan.limits.min_samples_leaf;
        if least <= 1 || plan.rules.hessian_counts {
            return Ok(());
        }
        // A sum of hessians is that of some rows at least.
        let surely = |side: Sums| side.h >= least as f64 * plan.rounded.largest_hessian;
        if surely(split.left) && surely(split.right) {
            return Ok(());
        }
        let rows = self.partition.rows(node.rows.clone());
        let codes = &self.matrix.column_of(split.feature).codes;
        let left = rows.iter().filter(|&&row| goes_left[usize::from(codes[row as usize])]).count();
        if left >= least && rows.len() - left >= least {
            return Ok(());
        }
        let mut counts = vec![0_u32; self.matrix.n_codes()];
        for (column, &offset) in self.matrix.columns.iter().zip(&self.matrix.offsets) {
            let counts = &mut counts[offset..offset + column.n_codes];
            rows.iter().for_each(|&row| counts[usize::from(column.codes[row as usize])] += 1);
        }
        let histogram = self.filled(plan, &node.rows);
        let split = search(self.matrix, plan, node, at, used, &histogram, Some(&counts));
        self.give_back(histogram);
        Err(split)
    }
}

/// The best split of a node, by its histogram; with a number of rows by code, so that each side has enough of them.
fn search(
    matrix: &BinnedMatrix,
    plan: &Plan<'_>,
    node: &GrownNode,
    at: usize,
    used: &[usize],
    histogram: &Histogram,
    counts: Option<&[u32]>,
) -> Option<Split> {
    let counts = counts.map(|counts| (counts, plan.limits.min_samples_leaf));
    let leaf = LeafView { matrix, histogram, total: node.sums, bounds: node.bounds, counts };
    plan.features.with(at, node.depth, used, |features| best_split(leaf, plan.rules, features.iter().copied()))
}

/// The side with fewer rows, whose histogram costs less.
fn smaller(sides: &[Range<usize>; 2]) -> usize {
    usize::from(sides[1].len() < sides[0].len())
}

/// What belongs to side `first` and to the other one, left side first.
fn in_order<T>([a, b]: [T; 2], first: usize) -> [T; 2] {
    if first == 0 { [a, b] } else { [b, a] }
}
