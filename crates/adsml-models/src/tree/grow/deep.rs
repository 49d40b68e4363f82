//! Trees without a limit: one branch after the other, large nodes by histogram, small ones by sorted lists.
//!
//! Below some hundred rows a histogram is mostly zeros. The rows of such a node are copied together, sorted once by each
//! feature, and the sorted lists are divided from node to node: everything stays in the nearest cache.
//!
//! Source: Breiman et al. (1984), "Classification and Regression Trees", section 10.3 on keeping sorted lists.

use std::ops::Range;

use super::super::gradients::{Derivatives, Sums, whole};
use super::super::histogram::Histogram;
use super::super::matrix::BinnedMatrix;
use super::super::split::{Bounds, Cut, Split, SplitRules};
use super::by_leaf::{bounds_of_sides, may_be_split, used_above};
use super::{Grower, Grown, GrownNode, GrownSplit, Plan, search};
use crate::Result;

/// Nodes of at most this many rows are finished by sorted lists; positions in them are bytes.
const SMALL: usize = 128;
/// Small nodes see derivatives this many times finer: sums of 256 of them are still exact.
const FINER: f64 = (1_u64 << 20) as f64;

pub(super) fn grow(grower: &mut Grower<'_>, plan: &Plan<'_>, is_all: bool) -> Result<Grown> {
    let n_rows = grower.partition.len();
    let (root, histogram) = grower.root(plan, n_rows, is_all);
    let mut tree = Grown { nodes: vec![root] };
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
    let used = used_above(plan, tree, at);
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
fn push_sides(plan: &Plan<'_>, tree: &mut Grown, at: usize, split: &Split, ranges: &[Range<usize>; 2]) -> [usize; 2] {
    let (left, right) = (tree.nodes.len(), tree.nodes.len() + 1);
    let GrownNode { bounds, depth, .. } = tree.nodes[at];
    let sums = [split.left, split.right];
    let bounds = bounds_of_sides(plan, split.feature, sums, bounds);
    for ((rows, sums), bounds) in ranges.iter().zip(sums).zip(bounds) {
        tree.nodes.push(GrownNode { rows: rows.clone(), sums, bounds, depth: depth + 1, split: None });
    }
    tree.nodes[at].split = Some(GrownSplit { feature: split.feature, cut: split.cut, gain: split.gain, left, right });
    [left, right]
}

/// Room for small nodes.
struct SmallNodes {
    rows: Vec<u32>,
    sums: Box<[Sums; SMALL]>,
    /// By feature: bin and position of the rows, sorted by bin within each node.
    lists: Vec<Vec<u16>>,
    spare: Vec<u16>,
    features: Vec<usize>,
    state: u64,
}

impl SmallNodes {
    fn new(matrix: &BinnedMatrix, plan: &Plan<'_>) -> Self {
        Self {
            rows: Vec::new(),
            sums: Box::new([Sums::default(); SMALL]),
            lists: vec![Vec::new(); matrix.n_features()],
            spare: vec![0; SMALL],
            features: Vec::new(),
            state: plan.features.seed().value(),
        }
    }

    /// Grows everything below a node.
    fn finish(&mut self, grower: &mut Grower<'_>, plan: &Plan<'_>, tree: &mut Grown, at: usize) {
        let range = tree.nodes[at].rows.clone();
        self.load(grower, plan, range.clone());
        tree.nodes[at].sums = self.sums.iter().fold(Sums::default(), |sum, &row| sum + row);
        let first = tree.nodes.len();
        let mut todo = vec![at];
        while let Some(at) = todo.pop() {
            if !may_be_split(plan, &tree.nodes[at]) {
                continue;
            }
            let rows = tree.nodes[at].rows.clone();
            let local = rows.start - range.start..rows.end - range.start;
            let used = used_above(plan, tree, at);
            let Some(split) = self.search(grower.matrix, plan, &tree.nodes[at], at, &used, local.clone()) else {
                continue;
            };
            let middle = range.start + self.divide(grower.matrix, &split, local);
            let [left, right] = push_sides(plan, tree, at, &split, &[rows.start..middle, middle..rows.end]);
            todo.push(right);
            todo.push(left);
        }
        if tree.nodes.len() > first {
            let list = &self.lists[self.features[0]];
            let moved = list.iter().map(|&entry| self.rows[usize::from(entry & 255)]);
            grower.partition.rows_mut(range).iter_mut().zip(moved).for_each(|(row, moved)| *row = moved);
        }
    }

    /// Copies the rows of a node together and sorts them by every feature that varies.
    fn load(&mut self, grower: &Grower<'_>, plan: &Plan<'_>, range: Range<usize>) {
        let rows = grower.partition.rows(range);
        self.rows.clear();
        self.rows.extend_from_slice(rows);
        self.sums.fill(Sums::default());
        for (sums, &row) in self.sums.iter_mut().zip(rows) {
            *sums = finer(plan, row as usize);
        }
        self.features.clear();
        for (feature, list) in self.lists.iter_mut().enumerate() {
            let column = &grower.matrix.columns[grower.matrix.places[feature].0];
            let mut starts = [0_u16; 257];
            let bins = self.spare.iter_mut().zip(rows);
            for (bin, &row) in bins {
                *bin = u16::from(grower.matrix.bin_of(feature, column.codes[row as usize]));
                starts[usize::from(*bin) + 1] += 1;
            }
            let is_constant = starts.iter().any(|&count| usize::from(count) == rows.len());
            if is_constant {
                list.clear();
                continue;
            }
            self.features.push(feature);
            for bin in 0..256 {
                starts[bin + 1] += starts[bin];
            }
            list.resize(rows.len(), 0);
            for (position, &bin) in self.spare[..rows.len()].iter().enumerate() {
                let place = &mut starts[usize::from(bin)];
                list[usize::from(*place)] = bin << 8 | position as u16;
                *place += 1;
            }
        }
    }

    fn search(
        &mut self,
        matrix: &BinnedMatrix,
        plan: &Plan<'_>,
        node: &GrownNode,
        at: usize,
        used: &[usize],
        local: Range<usize>,
    ) -> Option<Split> {
        let leaf = SmallLeaf {
            matrix,
            rules: plan.rules,
            sums: &self.sums,
            total: node.sums,
            bounds: node.bounds,
            least_rows: plan.limits.min_samples_leaf,
        };
        let whole = plan.rules.least_score(node.sums, node.bounds);
        let mut best: Option<(f64, usize, Cut, Sums)> = None;
        let mut look = |feature: usize| {
            let list = &self.lists[feature];
            if list.is_empty() {
                return;
            }
            let least = best.as_ref().map_or(whole, |best| best.0);
            if let Some((score, cut, left)) = leaf.best(feature, &list[local.clone()], least) {
                best = Some((score, feature, cut, left));
            }
        };
        if plan.features.is_plain() {
            // From another feature at every node, so that ties are not always won by the first.
            self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let n = self.features.len();
            let start = if plan.features.is_shuffled() && n > 0 { (self.state >> 33) as usize % n } else { 0 };
            self.features[start..].iter().chain(&self.features[..start]).for_each(|&feature| look(feature));
        } else {
            plan.features.with(at, node.depth, used, |features| features.iter().for_each(|&feature| look(feature)));
        }
        let (score, feature, cut, left) = best?;
        Some(Split { feature, cut, gain: score - whole, left, right: node.sums - left })
    }

    /// Divides every list of a node; how many rows go left, counted from the start of the block.
    fn divide(&mut self, matrix: &BinnedMatrix, split: &Split, local: Range<usize>) -> usize {
        let bins = &matrix.features[split.feature];
        let mut goes_left = [false; SMALL];
        for &entry in &self.lists[split.feature][local.clone()] {
            goes_left[usize::from(entry & 255)] = split.cut.goes_left(bins, (entry >> 8) as u8);
        }
        let mut middle = 0;
        for &feature in &self.features {
            let list = &mut self.lists[feature][local.clone()];
            let (mut left, mut right) = (0, 0);
            for at in 0..list.len() {
                let entry = list[at];
                let is_left = goes_left[usize::from(entry & 255)];
                list[left] = entry;
                self.spare[right & (SMALL - 1)] = entry;
                left += usize::from(is_left);
                right += usize::from(!is_left);
            }
            list[left..].copy_from_slice(&self.spare[..right]);
            middle = local.start + left;
        }
        middle
    }
}

/// The derivatives of a row, in the units of the rounded ones, with twenty bits more.
fn finer(plan: &Plan<'_>, row: usize) -> Sums {
    let Some(Derivatives { gradient, hessian }) = plan.exact else { return plan.rounded.row(row) };
    let scale = plan.rounded.scale;
    let fine = |value: f64| whole(value * FINER) as f64 / FINER;
    Sums {
        g: fine(gradient[row] * scale.gradient),
        h: hessian.get(row).map_or_else(|| plan.rounded.row(row).h, |h| fine(h * scale.hessian)),
    }
}

/// A small node that is looked at.
struct SmallLeaf<'a> {
    matrix: &'a BinnedMatrix,
    rules: &'a SplitRules,
    sums: &'a [Sums; SMALL],
    total: Sums,
    bounds: Bounds,
    least_rows: usize,
}

impl SmallLeaf<'_> {
    /// The best cut of a sorted list whose score is above `least`.
    fn best(&self, feature: usize, list: &[u16], least: f64) -> Option<(f64, Cut, Sums)> {
        let bin = |at: usize| (list[at] >> 8) as u8;
        if bin(0) == bin(list.len() - 1) {
            return None;
        }
        let bins = &self.matrix.features[feature];
        if bins.is_category() {
            return self.best_of_category(list, least);
        }
        let n_known = match bins.missing_code() {
            Some(missing) => list.partition_point(|&entry| (entry >> 8) as u8 != missing),
            None => list.len(),
        };
        let direction = self.rules.monotone.get(feature).copied().unwrap_or(0);
        // Missing values come last in the list: they are on the right.
        let mut best = self
            .scan(list, 0, Sums::default(), direction, least)
            .map(|(score, bin, left)| (score, Cut::number(bin, false), left));
        if n_known < list.len() && n_known > 1 {
            let missing =
                list[n_known..].iter().fold(Sums::default(), |sum, &entry| sum + self.sums[usize::from(entry & 255)]);
            let least = best.as_ref().map_or(least, |best| best.0);
            let left = self.scan(&list[..n_known], list.len() - n_known, missing, direction, least);
            best = left.map(|(score, bin, left)| (score, Cut::number(bin, true), left)).or(best);
        }
        best
    }

    /// Looks between every two neighbours of different bins.
    fn scan(&self, list: &[u16], n_before: usize, before: Sums, direction: i8, least: f64) -> Option<(f64, u8, Sums)> {
        let mut left = before;
        let mut most = least;
        let mut best = None;
        let n_rows = list.len() + n_before;
        let mut bin = list[0] >> 8;
        let mut previous = usize::from(list[0] & 255);
        for (at, &entry) in list.iter().enumerate().skip(1) {
            left = left + self.sums[previous];
            previous = usize::from(entry & 255);
            let next = entry >> 8;
            if next != bin {
                let rows = at + n_before;
                let right = self.total - left;
                if rows >= self.least_rows
                    && n_rows - rows >= self.least_rows
                    && self.rules.may_beat(left, right, self.rules.l2, most)
                    && let Some(score) = self.rules.sides(left, right, direction, self.bounds, self.rules.l2)
                    && score > most
                {
                    most = score;
                    best = Some((score, bin as u8, left));
                }
                bin = next;
            }
        }
        best
    }

    fn best_of_category(&self, list: &[u16], least: f64) -> Option<(f64, Cut, Sums)> {
        let mut runs: Vec<(u8, Sums, usize)> = list
            .chunk_by(|a, b| a >> 8 == b >> 8)
            .map(|run| {
                let sum = run.iter().fold(Sums::default(), |sum, &entry| sum + self.sums[usize::from(entry & 255)]);
                ((run[0] >> 8) as u8, sum, run.len())
            })
            .collect();
        let smooth = self.rules.categories.smooth;
        let slope = |run: &(u8, Sums, usize)| run.1.g / (run.1.h + smooth);
        runs.sort_by(|a, b| slope(a).total_cmp(&slope(b)));
        let l2 = self.rules.l2 + self.rules.categories.l2;
        let (mut left, mut rows, mut bins) = (Sums::default(), 0, [0_u64; 4]);
        let mut best = None;
        let mut most = least;
        for &(bin, sum, n) in &runs[..runs.len() - 1] {
            left = left + sum;
            rows += n;
            bins[usize::from(bin) / 64] |= 1 << (bin % 64);
            if rows >= self.least_rows
                && list.len() - rows >= self.least_rows
                && let Some(score) = self.rules.sides(left, self.total - left, 0, self.bounds, l2)
                && score > most
            {
                most = score;
                best = Some((score, bins, left));
            }
        }
        let (score, mut bins, left) = best?;
        // Levels without rows here go where more rows went.
        if left.h > self.total.h - left.h {
            let mut present = [0_u64; 4];
            runs.iter().for_each(|&(bin, ..)| present[usize::from(bin) / 64] |= 1 << (bin % 64));
            bins.iter_mut().zip(present).for_each(|(bins, present)| *bins |= !present);
        }
        Some((score, Cut { bins, ..Cut::number(0, false) }, left))
    }
}
