//! One leaf at a time: the best one first, or level by level.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::super::gradients::Sums;
use super::super::histogram::Histogram;
use super::super::matrix::BinnedMatrix;
use super::super::split::{Bounds, Split};
use super::{Grower, Grown, GrownNode, GrownSplit, Growth, Limits, Plan, search};
use crate::Result;

/// A leaf that can be split.
#[derive(Debug)]
struct Waiting {
    node: usize,
    growth: Growth,
    depth: usize,
    split: Split,
    histogram: Option<Histogram>,
}

impl Ord for Waiting {
    /// The greatest is split next: by gain, or by level; older nodes first among equals.
    fn cmp(&self, other: &Self) -> Ordering {
        let first = match self.growth {
            Growth::LeafWise => self.split.gain.total_cmp(&other.split.gain),
            _ => other.depth.cmp(&self.depth),
        };
        first.then(other.node.cmp(&self.node))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Waiting {}

pub(super) fn grow(grower: &mut Grower<'_>, plan: &Plan<'_>, is_all: bool) -> Result<Grown> {
    let n_rows = grower.partition.len();
    let Limits { growth, max_leaves, max_depth, .. } = plan.limits;
    let (root, histogram) = grower.root(plan, n_rows, is_all);
    let mut tree = Grown { nodes: vec![root] };
    let mut waiting = BinaryHeap::new();
    grower.n_waiting = 0;
    if max_leaves > 1 && max_depth > 0 {
        let split = find(grower.matrix, plan, &tree, 0, &histogram);
        consider(grower, plan, &tree, &mut waiting, 0, histogram, split);
    } else {
        grower.give_back(histogram);
    }
    let mut n_leaves = 1;
    while n_leaves < max_leaves {
        let Some(Waiting { node: at, split, histogram, .. }) = waiting.pop() else { break };
        grower.n_waiting -= usize::from(histogram.is_some());
        if let Some(cancel) = plan.cancel {
            cancel.check()?;
        }
        let GrownNode { rows, bounds, depth, .. } = tree.nodes[at].clone();
        let goes_left = grower.goes_left(split.feature, &split.cut);
        let used = tree.used_above(plan.features, at);
        if let Err(refused) = grower.check_counts(plan, &tree.nodes[at], at, &used, &split, &goes_left) {
            // Its true best split may be another one, or none; it takes its place among the others again.
            match refused {
                Some(split) => {
                    grower.n_waiting += usize::from(histogram.is_some());
                    waiting.push(Waiting { node: at, growth, depth, split, histogram });
                }
                None => histogram.into_iter().for_each(|histogram| grower.give_back(histogram)),
            }
            continue;
        }
        let middle = grower.divide(rows.clone(), split.feature, &goes_left);
        let sides = [rows.start..middle, middle..rows.end];
        let (left, right) = (tree.nodes.len(), tree.nodes.len() + 1);
        let sums = [split.left, split.right];
        let bounds = bounds_of_sides(plan, split.feature, sums, bounds);
        for ((rows, sums), bounds) in sides.iter().zip(sums).zip(bounds) {
            tree.nodes.push(GrownNode { rows: rows.clone(), sums, bounds, depth: depth + 1, above: at, split: None });
        }
        tree.nodes[at].split =
            Some(GrownSplit { feature: split.feature, cut: split.cut, gain: split.gain, left, right });
        n_leaves += 1;
        let wanted = [left, right].map(|child| n_leaves < max_leaves && may_be_split(plan, &tree.nodes[child]));
        let matrix = grower.matrix;
        let look = |side: usize, histogram: &Histogram| find(matrix, plan, &tree, [left, right][side], histogram);
        let found = grower.histograms(plan, histogram, &sides, wanted, look);
        for (child, found) in [left, right].into_iter().zip(found) {
            if let Some((histogram, split)) = found {
                consider(grower, plan, &tree, &mut waiting, child, histogram, split);
            }
        }
    }
    waiting.into_iter().filter_map(|waiting| waiting.histogram).for_each(|histogram| grower.give_back(histogram));
    Ok(tree)
}

/// Whether a node has room for two leaves.
pub(super) fn may_be_split(plan: &Plan<'_>, node: &GrownNode) -> bool {
    node.depth < plan.limits.max_depth
        && node.rows.len() >= plan.limits.min_samples_leaf.max(1).saturating_mul(2)
        && node.sums.h >= 2.0 * plan.rules.min_hessian
}

/// The best split of a leaf, by its histogram.
fn find(matrix: &BinnedMatrix, plan: &Plan<'_>, tree: &Grown, node: usize, histogram: &Histogram) -> Option<Split> {
    search(matrix, plan, &tree.nodes[node], node, &tree.used_above(plan.features, node), histogram, None)
}

/// Puts a leaf among those that wait, if it can be split.
fn consider(
    grower: &mut Grower<'_>,
    plan: &Plan<'_>,
    tree: &Grown,
    waiting: &mut BinaryHeap<Waiting>,
    node: usize,
    histogram: Histogram,
    split: Option<Split>,
) {
    match split {
        Some(split) => {
            let histogram = if grower.may_wait() {
                grower.n_waiting += 1;
                Some(histogram)
            } else {
                grower.give_back(histogram);
                None
            };
            let depth = tree.nodes[node].depth;
            waiting.push(Waiting { node, growth: plan.limits.growth, depth, split, histogram });
        }
        None => grower.give_back(histogram),
    }
}

/// What the values of the sides must lie between, so that what grows below them keeps a monotone feature's direction.
pub(super) fn bounds_of_sides(plan: &Plan<'_>, feature: usize, sides: [Sums; 2], bounds: Bounds) -> [Bounds; 2] {
    let direction = plan.rules.monotone.get(feature).copied().unwrap_or(0);
    if direction == 0 {
        return [bounds; 2];
    }
    let [left, right] = sides.map(|side| plan.rules.value(side, bounds));
    let middle = 0.5 * (left + right);
    let (below, above) = (Bounds { high: middle, ..bounds }, Bounds { low: middle, ..bounds });
    if direction > 0 { [below, above] } else { [above, below] }
}
