//! Fitted trees: where a row ends, and what the trees add up to.

use std::ops::Range;

use adsml_core::Steps;
use ndarray::ArrayView2;

use super::binning::{BinKind, FeatureBins};
use super::gradients::Sums;
use super::grow::Grown;
use super::matrix::BinnedMatrix;
use super::split::Cut;

/// In place of a feature: this node is a leaf.
pub(super) const LEAF: u32 = u32::MAX;
/// Missing values go left.
pub(super) const MISSING_LEFT: u32 = 1 << 31;
/// The question is which level a category has.
pub(super) const CATEGORY: u32 = 1 << 30;
/// Levels that were not seen go left.
pub(super) const UNSEEN_LEFT: u32 = 1 << 29;
pub(super) const FEATURE: u32 = UNSEEN_LEFT - 1;

/// Most features of a tree.
pub(crate) const MAX_FEATURES: usize = FEATURE as usize;

/// Some trees, node after node; the left side of a node follows it.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Trees {
    pub(super) nodes: Vec<Node>,
    /// The share of the training rows that came by, as a sum of weights or hessians; one per node.
    pub(super) cover: Vec<f32>,
    /// Where each tree starts.
    pub(super) roots: Vec<u32>,
    /// Levels that go left, by split of a category.
    pub(super) sets: Vec<LevelSet>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Node {
    /// Threshold: values up to it go left. The value of a leaf. The number of a set.
    pub(super) value: f64,
    /// With flags, or `LEAF`.
    pub(super) feature: u32,
    pub(super) right: u32,
}

/// Levels of a category.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct LevelSet {
    pub(super) n_levels: u32,
    pub(super) bits: Vec<u64>,
}

impl LevelSet {
    /// Whether a level is in the set; `None` for one that was not seen.
    fn has(&self, value: f64) -> Option<bool> {
        let level = value as u32;
        let seen = level < self.n_levels && f64::from(level) == value;
        seen.then(|| self.bits[level as usize / 64] >> (level % 64) & 1 == 1)
    }
}

impl Node {
    #[inline(always)]
    pub(super) fn goes_left(&self, row: &[f64], sets: &[LevelSet]) -> bool {
        self.sends_left(row[(self.feature & FEATURE) as usize], sets)
    }

    /// The same of the value of its feature.
    #[inline(always)]
    fn sends_left(&self, value: f64, sets: &[LevelSet]) -> bool {
        if self.feature & CATEGORY == 0 {
            value <= self.value || (self.feature & MISSING_LEFT != 0 && value.is_nan())
        } else if value.is_nan() {
            self.feature & MISSING_LEFT != 0
        } else {
            sets[self.value as usize].has(value).unwrap_or(self.feature & UNSEEN_LEFT != 0)
        }
    }
}

impl Trees {
    pub(crate) fn len(&self) -> usize {
        self.roots.len()
    }

    pub(crate) fn n_leaves(&self) -> usize {
        self.nodes.iter().filter(|node| node.feature == LEAF).count()
    }

    /// The first trees, without the others.
    pub(crate) fn truncate(&mut self, n_trees: usize) {
        if let Some(&end) = self.roots.get(n_trees) {
            self.roots.truncate(n_trees);
            self.nodes.truncate(end as usize);
            self.cover.truncate(end as usize);
            let sets = self.nodes.iter().filter(|node| node.feature != LEAF && node.feature & CATEGORY != 0).count();
            // Every question about a category has a set of its own, in order.
            self.sets.truncate(sets);
        }
    }

    /// The values of all leaves, tree after tree.
    pub(crate) fn leaf_values(&self) -> impl Iterator<Item = f64> {
        self.nodes.iter().filter(|node| node.feature == LEAF).map(|node| node.value)
    }

    /// The largest value of a tree's leaves, in size.
    pub(crate) fn largest_leaf(&self, tree: usize) -> f64 {
        let leaves = self.nodes[self.nodes_of(tree)].iter().filter(|node| node.feature == LEAF);
        leaves.fold(0.0, |largest, leaf| largest.max(leaf.value.abs()))
    }

    /// Gives every leaf another value.
    pub(crate) fn map_leaves(&mut self, value: impl Fn(f64) -> f64) {
        self.nodes.iter_mut().filter(|node| node.feature == LEAF).for_each(|leaf| leaf.value = value(leaf.value));
    }

    /// Adds the trees of another model.
    pub(crate) fn append(&mut self, other: Self) {
        let (n_nodes, n_sets) = (self.nodes.len() as u32, self.sets.len());
        self.roots.extend(other.roots.iter().map(|root| root + n_nodes));
        self.nodes.extend(other.nodes.iter().map(|node| match node.feature {
            LEAF => *node,
            feature if feature & CATEGORY != 0 => {
                Node { value: node.value + n_sets as f64, feature, right: node.right + n_nodes }
            }
            feature => Node { feature, right: node.right + n_nodes, ..*node },
        }));
        self.cover.extend(other.cover);
        self.sets.extend(other.sets);
    }

    /// Adds a grown tree; `value` gives the value of each leaf, by number of its node.
    pub(crate) fn push(&mut self, grown: &Grown, matrix: &BinnedMatrix, value: impl Fn(usize) -> f64, cover_unit: f64) {
        self.roots.push(self.nodes.len() as u32);
        // Left sides follow their parents; right sides wait with the place that refers to them.
        let mut todo = vec![(0, None)];
        while let Some((at, parent)) = todo.pop() {
            let here = self.nodes.len() as u32;
            if let Some(parent) = parent {
                let parent: u32 = parent;
                self.nodes[parent as usize].right = here;
            }
            let node = &grown.nodes[at];
            self.cover.push((node.sums.h * cover_unit) as f32);
            let Some(split) = &node.split else {
                self.nodes.push(Node { value: value(at), feature: LEAF, right: 0 });
                continue;
            };
            let [left, right] = [split.left, split.right].map(|side| grown.nodes[side].sums);
            let question = self.question(split.feature, &split.cut, [left, right], &matrix.features[split.feature]);
            self.nodes.push(question);
            todo.push((split.right, Some(here)));
            todo.push((split.left, None));
        }
    }

    /// What a split asks of raw values.
    fn question(&mut self, feature: usize, cut: &Cut, [left, right]: [Sums; 2], bins: &FeatureBins) -> Node {
        // What the training rows say nothing of goes where more of them went.
        let more_left = left.h > right.h;
        let mut flags = feature as u32;
        let mut flag = |set: bool, flag: u32| flags |= if set { flag } else { 0 };
        let missing_left = match bins.missing_code() {
            Some(code) => cut.goes_left(bins, code),
            None => more_left,
        };
        flag(missing_left, MISSING_LEFT);
        match &bins.kind {
            BinKind::Number { edges } => {
                // The last bin ends nowhere: only missing values are on the right.
                let value = edges.get(usize::from(cut.bin)).copied().unwrap_or(f64::INFINITY);
                Node { value, feature: flags, right: 0 }
            }
            BinKind::Category { bin_of_level, other } => {
                flag(true, CATEGORY);
                flag(other.map_or(more_left, |other| cut.has(other)), UNSEEN_LEFT);
                let mut set =
                    LevelSet { n_levels: bin_of_level.len() as u32, bits: vec![0; bin_of_level.len().div_ceil(64)] };
                for (level, bin) in bin_of_level.iter().enumerate() {
                    if bin.map_or(more_left, |bin| cut.has(bin)) {
                        set.bits[level / 64] |= 1 << (level % 64);
                    }
                }
                self.sets.push(set);
                Node { value: (self.sets.len() - 1) as f64, feature: flags, right: 0 }
            }
        }
    }

    /// The value of the leaf where a row ends.
    #[inline]
    pub(crate) fn leaf_value(&self, tree: usize, row: &[f64]) -> f64 {
        let mut at = self.roots[tree] as usize;
        loop {
            let node = &self.nodes[at];
            if node.feature == LEAF {
                return node.value;
            }
            at = if node.goes_left(row, &self.sets) { at + 1 } else { node.right as usize };
        }
    }

    /// The value of the leaf where a row ends whose features `read` gives.
    pub(crate) fn leaf_value_read(&self, tree: usize, read: impl Fn(usize) -> f64) -> f64 {
        let mut at = self.roots[tree] as usize;
        loop {
            let node = &self.nodes[at];
            if node.feature == LEAF {
                return node.value;
            }
            let value = read((node.feature & FEATURE) as usize);
            at = if node.sends_left(value, &self.sets) { at + 1 } else { node.right as usize };
        }
    }

    /// Thresholds of a feature, ascending and distinct; `None` for a category.
    pub(crate) fn thresholds(&self, feature: usize) -> Option<Vec<f64>> {
        let mut thresholds = Vec::new();
        for node in
            self.nodes.iter().filter(|node| node.feature != LEAF && (node.feature & FEATURE) as usize == feature)
        {
            if node.feature & CATEGORY != 0 {
                return None;
            }
            if node.value < f64::INFINITY {
                thresholds.push(node.value);
            }
        }
        thresholds.sort_unstable_by(f64::total_cmp);
        thresholds.dedup();
        Some(thresholds)
    }

    /// Adds the values of a tree to `values`, one per interval of `breakpoints` of `feature` and one beyond the last.
    pub(crate) fn add_along(&self, tree: usize, feature: usize, row: &[f64], breakpoints: &[f64], values: &mut [f64]) {
        let mut todo: Vec<(usize, Range<usize>)> = vec![(self.roots[tree] as usize, 0..values.len())];
        while let Some((at, intervals)) = todo.pop() {
            let node = &self.nodes[at];
            if node.feature == LEAF {
                values[intervals].iter_mut().for_each(|value| *value += node.value);
            } else if (node.feature & FEATURE) as usize == feature {
                // Interval `i` ends at breakpoint `i`, itself included.
                let left = breakpoints.partition_point(|&end| end <= node.value).min(values.len());
                let left = if node.value == f64::INFINITY { values.len() } else { left };
                let middle = left.clamp(intervals.start, intervals.end);
                if intervals.start < middle {
                    todo.push((at + 1, intervals.start..middle));
                }
                if middle < intervals.end {
                    todo.push((node.right as usize, middle..intervals.end));
                }
            } else {
                todo.push((if node.goes_left(row, &self.sets) { at + 1 } else { node.right as usize }, intervals));
            }
        }
    }
}

/// Shows rows as slices, with their numbers.
pub(crate) fn each_row(
    x: ArrayView2<'_, f64>,
    rows: impl IntoIterator<Item = usize>,
    mut visit: impl FnMut(usize, &[f64]),
) {
    let mut copy = Vec::new();
    for at in rows {
        let row = x.row(at);
        if let Some(row) = row.as_slice() {
            visit(at, row);
        } else {
            copy.clear();
            copy.extend(row);
            visit(at, &copy);
        }
    }
}

/// `predict` on every row, as a slice: `width` numbers a row, row after row.
pub(crate) fn predict_rows_into(
    x: ArrayView2<'_, f64>,
    width: usize,
    out: &mut [f64],
    predict: impl Fn(&[f64], &mut [f64]) + Sync,
) {
    let rows = |range: Range<usize>, out: &mut [f64]| {
        let mut outs = out.chunks_exact_mut(width);
        each_row(x, range, |_, row| outs.next().into_iter().for_each(|out| predict(row, out)));
    };
    #[cfg(feature = "parallel")]
    if x.nrows() >= 2 * ROWS_PER_TASK {
        use rayon::prelude::*;
        out.par_chunks_mut(ROWS_PER_TASK * width).enumerate().for_each(|(chunk, out)| {
            let from = chunk * ROWS_PER_TASK;
            rows(from..from + out.len() / width, out);
        });
        return;
    }
    rows(0..x.nrows(), out);
}

/// Rows that a thread predicts at a time.
#[cfg(feature = "parallel")]
const ROWS_PER_TASK: usize = 4096;

/// Merges neighbours of equal value.
pub(crate) fn merged(breakpoints: &[f64], values: &[f64]) -> Steps {
    let mut steps = Steps { breakpoints: Vec::new(), values: vec![values[0]] };
    for (&end, &value) in breakpoints.iter().zip(&values[1..]) {
        if steps.values.last() != Some(&value) {
            steps.breakpoints.push(end);
            steps.values.push(value);
        }
    }
    steps
}
