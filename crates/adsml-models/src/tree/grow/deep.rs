//! Trees without a limit: one branch after the other, large nodes by histogram, [small](super::small) ones by sorted lists.

use std::ops::Range;

use super::super::histogram::Histogram;
use super::super::split::Split;
use super::by_leaf::{bounds_of_sides, may_be_split};
use super::small::{SMALL, SmallNodes};
use super::{Grower, Grown, GrownNode, GrownSplit, Plan, search};
use crate::Result;

pub(super) fn grow(grower: &mut Grower<'_>, plan: &Plan<'_>, is_all: bool) -> Result<Grown> {
    let n_rows = grower.partition.len();
    let (root, histogram) = grower.root(plan, n_rows, is_all);
    let most = (2 * n_rows / plan.limits.min_samples_leaf.max(1)).min(2 << plan.limits.max_depth.min(48));
    let mut tree = Grown { nodes: Vec::with_capacity(most) };
    tree.nodes.push(root);
    let mut small = SmallNodes::new(grower.matrix, plan);
    let mut todo: Vec<(usize, Option<Histogram>)> = vec![(0, Some(histogram))];
    while let Some((at, histogram)) = todo.pop() {
        if let Some(cancel) = plan.cancel {
            cancel.check()?;
        }
        if !may_be_split(plan, &tree.nodes[at]) {
            histogram.into_iter().for_each(|histogram| grower.give_back(histogram));
        } else if tree.nodes[at].rows.len() <= SMALL {
            histogram.into_iter().for_each(|histogram| grower.give_back(histogram));
            small.finish(grower, plan, &mut tree, at);
        } else if let Some((sides, [left, right])) = split_by_histogram(grower, plan, &mut tree, at, histogram) {
            // The right side waits.
            todo.push((sides[1], right));
            todo.push((sides[0], left));
        }
    }
    Ok(tree)
}

type Sides = ([usize; 2], [Option<Histogram>; 2]);

/// Splits a large node; `None` when nothing is gained.
fn split_by_histogram(
    grower: &mut Grower<'_>,
    plan: &Plan<'_>,
    tree: &mut Grown,
    at: usize,
    histogram: Option<Histogram>,
) -> Option<Sides> {
    let node = tree.nodes[at].clone();
    let used = tree.used_above(plan.features, at);
    let histogram = histogram.expect("a large node has its histogram");
    let found = search(grower.matrix, plan, &node, at, &used, &histogram, None);
    let found = found.and_then(|split| {
        let goes_left = grower.goes_left(split.feature, &split.cut);
        match grower.check_counts(plan, &node, at, &used, &split, &goes_left) {
            Ok(()) => Some(split),
            Err(other) => other,
        }
    });
    let Some(split) = found else {
        grower.give_back(histogram);
        return None;
    };
    let goes_left = grower.goes_left(split.feature, &split.cut);
    let middle = grower.divide(node.rows.clone(), split.feature, &goes_left);
    let ranges = [node.rows.start..middle, middle..node.rows.end];
    let children = push_sides(plan, tree, at, &split, &ranges);
    let wanted = children.map(|child| tree.nodes[child].rows.len() > SMALL && may_be_split(plan, &tree.nodes[child]));
    let histograms = grower.histograms(plan, Some(histogram), &ranges, wanted, |_, _| ());
    Some((children, histograms.map(|found| found.map(|(histogram, ())| histogram))))
}

/// Adds the sides of a split to the tree.
pub(super) fn push_sides(
    plan: &Plan<'_>,
    tree: &mut Grown,
    at: usize,
    split: &Split,
    ranges: &[Range<usize>; 2],
) -> [usize; 2] {
    let (left, right) = (tree.nodes.len(), tree.nodes.len() + 1);
    let GrownNode { bounds, depth, .. } = tree.nodes[at];
    let sums = [split.left, split.right];
    let bounds = bounds_of_sides(plan, split.feature, sums, bounds);
    for ((rows, sums), bounds) in ranges.iter().zip(sums).zip(bounds) {
        tree.nodes.push(GrownNode { rows: rows.clone(), sums, bounds, depth: depth + 1, above: at, split: None });
    }
    tree.nodes[at].split = Some(GrownSplit { feature: split.feature, cut: split.cut, gain: split.gain, left, right });
    [left, right]
}
