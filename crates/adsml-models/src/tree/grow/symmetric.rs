//! Level by level, all leaves of a level by the same question.
//!
//! The question is the one whose gains, summed over the leaves, are largest. A leaf that it would leave with too little on a side
//! adds no gain and is divided all the same: every path asks the same questions in the same order.
//!
//! Source: Prokhorenkova et al. (2018), "CatBoost: unbiased boosting with categorical features", NeurIPS; oblivious trees.

use std::ops::Range;

use super::super::histogram::{Histogram, RowSet};
use super::super::split::{CommonSplit, LeafView, best_common_split};
use super::by_leaf::bounds_of_sides;
use super::{Grower, Grown, GrownNode, GrownSplit, Limits, Plan, in_order, smaller};
use crate::Result;

/// A leaf that was divided, with room for the histograms of its sides.
struct Divided {
    /// The node of the left side; that of the right side follows.
    left: usize,
    sides: [Range<usize>; 2],
    /// The parent's histogram, to be that of the larger side.
    rest: Histogram,
    child: Histogram,
}

pub(super) fn grow(grower: &mut Grower<'_>, plan: &Plan<'_>, is_all: bool) -> Result<Grown> {
    let n_rows = grower.partition.len();
    let Limits { max_leaves, max_depth, .. } = plan.limits;
    let (root, histogram) = grower.root(plan, n_rows, is_all);
    let mut tree = Grown { nodes: vec![root] };
    let mut level: Vec<(usize, Histogram)> = vec![(0, histogram)];
    let mut depth = 0;
    let levels = max_depth.min(max_leaves.max(1).ilog2() as usize);
    while depth < levels {
        if let Some(cancel) = plan.cancel {
            cancel.check()?;
        }
        let views: Vec<LeafView<'_>> = level
            .iter()
            .map(|(node, histogram)| LeafView {
                matrix: grower.matrix,
                histogram,
                total: tree.nodes[*node].sums,
                bounds: tree.nodes[*node].bounds,
                counts: None,
            })
            .collect();
        let used = tree.used_above(plan.features, level[0].0);
        let best = plan
            .features
            .with(depth, depth, &used, |features| best_common_split(&views, plan.rules, features, grower.workers));
        let Some(CommonSplit { feature, cut, gains, sides }) = best else { break };
        depth += 1;
        let goes_left = grower.goes_left(feature, &cut);
        let mut divided = Vec::with_capacity(level.len());
        for (((at, histogram), sums), gain) in level.into_iter().zip(sides).zip(gains) {
            let GrownNode { rows, bounds, .. } = tree.nodes[at].clone();
            let middle = grower.divide(rows.clone(), feature, &goes_left);
            let (left, right) = (tree.nodes.len(), tree.nodes.len() + 1);
            let sides = [rows.start..middle, middle..rows.end];
            let bounds = bounds_of_sides(plan, feature, sums, bounds);
            for ((rows, sums), bounds) in sides.iter().zip(sums).zip(bounds) {
                tree.nodes.push(GrownNode { rows: rows.clone(), sums, bounds, depth, above: at, split: None });
            }
            tree.nodes[at].split = Some(GrownSplit { feature, cut, gain, left, right });
            if depth < levels {
                divided.push(Divided { left, sides, rest: histogram, child: grower.take() });
            } else {
                grower.give_back(histogram);
            }
        }
        let (matrix, workers, partition) = (grower.matrix, grower.workers, &grower.partition);
        let found = workers.each(divided, |Divided { left, sides, mut rest, mut child }| {
            let small = smaller(&sides);
            let rows = partition.rows(sides[small].clone());
            child.fill(matrix, plan.rounded, RowSet::These(rows), workers);
            rest.subtract(&child);
            let [first, second] = in_order([child, rest], small);
            [(left, first), (left + 1, second)]
        });
        level = found.into_iter().flatten().collect();
    }
    level.into_iter().for_each(|(_, histogram)| grower.give_back(histogram));
    Ok(tree)
}
