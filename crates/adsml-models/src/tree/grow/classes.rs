//! Trees of three classes and more.
//!
//! ```text
//! score(n) = sum over classes of n_k^2 / n
//! gain     = score(left) + score(right) - score(node)
//! ```
//!
//! with `n_k` the weight of the rows of class `k` and `n` that of all rows. The gain is what the split takes off the Gini index of
//! the rows times their weight, or off the sum of squared errors of one indicator per class. Weights are whole numbers, so that
//! squares are too: added up row by row, whatever the number of classes, no sum depends on an order, and ties are ties. They
//! are broken as in `split`.
//!
//! Source: Breiman et al. (1984), "Classification and Regression Trees", section 4.3. Categories: for one class after the other, bins are
//! ordered by its share and split like numbers, which is the best split of that class from the others (section 4.5; Fisher
//! 1958); the one with the highest score over all classes is taken.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use adsml_core::CancelToken;

use super::super::binning::FeatureBins;
use super::super::gradients::Sums;
use super::super::matrix::BinnedMatrix;
use super::super::sampling::FeatureSampler;
use super::super::split::{Bounds, Cut};
use super::{Grower, Grown, GrownNode, GrownSplit, Limits};
use crate::Result;

/// Categories are ordered by the shares of at most this many classes, those that weigh most in the node.
const MAX_ORDERS: usize = 8;
/// Weights are rounded to whole numbers whose sum is below two to this power.
const WEIGHT_BITS: i32 = 50;
/// Fewer rows than this are sorted by comparing them.
const FEW_ROWS: usize = 32;

/// Weights as whole numbers.
#[derive(Debug)]
pub(crate) struct WholeWeights {
    pub(crate) weight: Vec<u64>,
    /// What one stands for.
    pub(crate) unit: f64,
}

impl WholeWeights {
    /// Whole weights stay as they are; of others, none that is positive becomes zero.
    pub(crate) fn new(weight: &[f64]) -> Self {
        let total: f64 = weight.iter().sum();
        if total <= 2.0_f64.powi(WEIGHT_BITS) && weight.iter().all(|weight| weight.fract() == 0.0) {
            return Self { weight: weight.iter().map(|&weight| weight as u64).collect(), unit: 1.0 };
        }
        // In two steps, since the factor itself may not be a number.
        let (first, total) = if total.is_finite() && total > 1e-200 {
            (1.0, total)
        } else {
            let first = 2.0_f64.powi(if total > 1.0 { -600 } else { 600 });
            (first, weight.iter().map(|weight| weight * first).sum())
        };
        let second = 2.0_f64.powi(WEIGHT_BITS - 1 - total.log2().floor() as i32);
        let whole = |&weight: &f64| {
            if weight > 0.0 { ((weight * first * second).round() as u64).max(1) } else { 0 }
        };
        Self { weight: weight.iter().map(whole).collect(), unit: (1.0 / first / second).max(f64::MIN_POSITIVE) }
    }
}

/// What one tree of classes is grown from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClassPlan<'a> {
    /// The class of every row.
    pub(crate) class: &'a [u16],
    pub(crate) n_classes: usize,
    pub(crate) weights: &'a WholeWeights,
    /// Least weight of a leaf, in the units of the whole weights.
    pub(crate) min_weight: f64,
    /// What a split must gain more than, in the same units.
    pub(crate) min_gain: f64,
    pub(crate) limits: Limits,
    pub(crate) features: &'a FeatureSampler<'a>,
    pub(crate) cancel: Option<&'a CancelToken>,
}

/// A split that was found.
#[derive(Debug, Clone)]
struct Found {
    feature: usize,
    cut: Cut,
    score: f64,
    weight_left: u64,
}

/// A leaf that can be split.
#[derive(Debug)]
struct Waiting {
    node: usize,
    found: Found,
    gain: f64,
    best_first: bool,
}

impl Ord for Waiting {
    /// The greatest is split next: where leaves are counted by gain, older nodes first among equals; else the newest node.
    fn cmp(&self, other: &Self) -> Ordering {
        if self.best_first {
            self.gain.total_cmp(&other.gain).then(other.node.cmp(&self.node))
        } else {
            self.node.cmp(&other.node)
        }
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

impl Grower<'_> {
    /// Grows a tree of classes on the given rows (ascending), all of positive weight. Sums of its nodes are weights.
    pub(crate) fn grow_classes(&mut self, plan: &ClassPlan<'_>, rows: &[u32]) -> Result<Grown> {
        self.partition.reset(rows.iter().copied());
        let weight: u64 = rows.iter().map(|&row| plan.weights.weight[row as usize]).sum();
        let mut tree = Grown { nodes: vec![node(0..rows.len(), weight, 0, 0)] };
        let mut room = Room::new(plan.n_classes);
        let mut waiting = BinaryHeap::new();
        let mut n_leaves = 1;
        if n_leaves < plan.limits.max_leaves {
            waiting.extend(self.consider(plan, &tree, &mut room, 0));
        }
        while n_leaves < plan.limits.max_leaves {
            let Some(Waiting { node: at, found, gain, .. }) = waiting.pop() else { break };
            if let Some(cancel) = plan.cancel {
                cancel.check()?;
            }
            let GrownNode { rows, depth, sums, .. } = tree.nodes[at].clone();
            let goes_left = self.goes_left(found.feature, &found.cut);
            let middle = self.divide(rows.clone(), found.feature, &goes_left);
            let (left, right) = (tree.nodes.len(), tree.nodes.len() + 1);
            tree.nodes.push(node(rows.start..middle, found.weight_left, depth + 1, at));
            tree.nodes.push(node(middle..rows.end, sums.h as u64 - found.weight_left, depth + 1, at));
            tree.nodes[at].split = Some(GrownSplit { feature: found.feature, cut: found.cut, gain, left, right });
            n_leaves += 1;
            for side in [left, right] {
                waiting.extend(self.consider(plan, &tree, &mut room, side));
            }
        }
        Ok(tree)
    }

    /// The best split of a leaf, if it has one.
    fn consider(&self, plan: &ClassPlan<'_>, tree: &Grown, room: &mut Room, at: usize) -> Option<Waiting> {
        let node = &tree.nodes[at];
        let has_room = node.depth < plan.limits.max_depth
            && node.rows.len() >= plan.limits.min_samples_leaf.max(1).saturating_mul(2)
            && node.sums.h >= 2.0 * plan.min_weight;
        if !has_room {
            return None;
        }
        let rows = self.partition.rows(node.rows.clone());
        room.load(plan, rows);
        if room.classes.len() < 2 {
            return None;
        }
        let whole = square_of(&room.totals) / node.sums.h;
        // Rounding alone may make two sides look better than the node.
        let least = whole + 1e-13 * whole + plan.min_gain;
        let used = tree.used_above(plan.features, at);
        let mut best: Option<Found> = None;
        plan.features.with(at, node.depth, &used, |features| {
            for &feature in features {
                let least = best.as_ref().map_or(least, |best| best.score);
                best = room.best(self.matrix, plan, rows, feature, least).or(best.take());
            }
        });
        let found = best?;
        let gain = found.score - least;
        Some(Waiting { node: at, found, gain, best_first: plan.limits.max_leaves != usize::MAX })
    }
}

const fn node(rows: Range<usize>, weight: u64, depth: usize, above: usize) -> GrownNode {
    GrownNode { rows, sums: Sums { g: 0.0, h: weight as f64 }, bounds: Bounds::NONE, depth, above, split: None }
}

/// The sum of squares of some weights.
fn square_of(weights: &[u64]) -> f64 {
    to_f64(weights.iter().map(|&weight| u128::from(weight) * u128::from(weight)).sum())
}

/// The nearest number; most squares are short, and short ones are converted by one instruction.
fn to_f64(square: u128) -> f64 {
    u64::try_from(square).map_or(square as f64, |square| square as f64)
}

/// Some rows of a node, of one bin and class; the first entry of a bin has the number of its rows, or each its own.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    weight: u64,
    rows: u32,
    class: u16,
    bin: u8,
}

/// A node that is looked at, and room for it.
#[derive(Debug)]
struct Room {
    /// The place of each class among those of the node.
    places: Vec<u16>,
    /// The classes of the node, and their weights.
    classes: Vec<u16>,
    totals: Vec<u64>,
    /// Place and weight of each row.
    rows: Vec<(u16, u64)>,
    bins: Vec<u8>,
    cells: Vec<u64>,
    /// By bin, in ascending order.
    entries: Vec<Entry>,
    left: Vec<u64>,
}

/// No class of the node.
const ABSENT: u16 = u16::MAX;

impl Room {
    fn new(n_classes: usize) -> Self {
        Self {
            places: vec![ABSENT; n_classes],
            classes: Vec::new(),
            totals: Vec::new(),
            rows: Vec::new(),
            bins: Vec::new(),
            cells: Vec::new(),
            entries: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Copies classes and weights of some rows together.
    fn load(&mut self, plan: &ClassPlan<'_>, rows: &[u32]) {
        self.classes.drain(..).for_each(|class| self.places[usize::from(class)] = ABSENT);
        self.totals.clear();
        self.rows.clear();
        for &row in rows {
            let (class, weight) = (plan.class[row as usize], plan.weights.weight[row as usize]);
            let place = &mut self.places[usize::from(class)];
            if *place == ABSENT {
                *place = self.classes.len() as u16;
                self.classes.push(class);
                self.totals.push(0);
            }
            self.totals[usize::from(*place)] += weight;
            self.rows.push((*place, weight));
        }
    }

    /// The best split by a feature whose score is above `least`.
    fn best(
        &mut self,
        matrix: &BinnedMatrix,
        plan: &ClassPlan<'_>,
        rows: &[u32],
        feature: usize,
        least: f64,
    ) -> Option<Found> {
        let bins = &matrix.features[feature];
        if bins.n_bins() < 2 || !self.read(matrix, rows, feature) {
            return None;
        }
        let found = if bins.is_category() {
            self.best_of_category(plan, least)
        } else {
            self.best_of_number(plan, bins, least)
        };
        found.map(|(score, cut, weight_left)| Found { feature, cut, score, weight_left })
    }

    /// Entries of a feature; whether they have more than one bin.
    fn read(&mut self, matrix: &BinnedMatrix, rows: &[u32], feature: usize) -> bool {
        let (column, member) = matrix.places[feature];
        let column = &matrix.columns[column];
        self.bins.clear();
        match &column.members[member].shared {
            None => self.bins.extend(rows.iter().map(|&row| column.codes[row as usize])),
            Some(shared) => self.bins.extend(rows.iter().map(|&row| shared.bin(column.codes[row as usize]))),
        }
        if self.bins.iter().all(|&bin| bin == self.bins[0]) {
            return false;
        }
        self.entries.clear();
        let each = self.bins.iter().zip(&self.rows);
        let entry = |(&bin, &(class, weight)): (&u8, &(u16, u64))| Entry { weight, rows: 1, class, bin };
        let (n_bins, n_classes) = (matrix.features[feature].n_bins(), self.classes.len());
        if rows.len() <= FEW_ROWS {
            self.entries.extend(each.map(entry));
            self.entries.sort_unstable_by_key(|entry| entry.bin);
            return true;
        }
        let mut counts = [0_u32; 257];
        self.bins.iter().for_each(|&bin| counts[usize::from(bin) + 1] += 1);
        if n_bins * n_classes > rows.len() {
            (0..256).for_each(|bin| counts[bin + 1] += counts[bin]);
            self.entries.resize(rows.len(), Entry::default());
            for (bin, row) in each {
                let place = &mut counts[usize::from(*bin)];
                self.entries[*place as usize] = entry((bin, row));
                *place += 1;
            }
            return true;
        }
        self.cells.clear();
        self.cells.resize(n_bins * n_classes, 0);
        for (&bin, &(class, weight)) in each {
            self.cells[usize::from(bin) * n_classes + usize::from(class)] += weight;
        }
        for (bin, cells) in self.cells.chunks_exact(n_classes).enumerate() {
            let mut rows = counts[bin + 1];
            for (class, &weight) in cells.iter().enumerate().filter(|(_, weight)| **weight > 0) {
                self.entries.push(Entry { weight, rows, class: class as u16, bin: bin as u8 });
                rows = 0;
            }
        }
        true
    }

    /// The best cut of a number: its score, and the weight of the left side.
    fn best_of_number(&mut self, plan: &ClassPlan<'_>, bins: &FeatureBins, least: f64) -> Option<(f64, Cut, u64)> {
        let n_known = match bins.missing_code() {
            Some(missing) => self.entries.partition_point(|entry| entry.bin != missing),
            None => self.entries.len(),
        };
        let mut best = None;
        let mut most = least;
        for missing_left in [false, true] {
            if missing_left && n_known == self.entries.len() {
                break;
            }
            let mut sides = Sides::new(&self.totals, &mut self.left, self.rows.len());
            // Missing values come last: where they are on the right, all others may be on the left.
            let (known, missing) = self.entries.split_at(n_known);
            if missing_left {
                missing.iter().for_each(|entry| sides.add(entry));
            }
            for bin in known.chunk_by(|a, b| a.bin == b.bin) {
                bin.iter().for_each(|entry| sides.add(entry));
                if let Some(score) = sides.score(plan)
                    && score > most
                {
                    most = score;
                    best = Some((score, Cut::number(bin[0].bin, missing_left), sides.weight_left));
                }
            }
        }
        best
    }

    /// The same of a category.
    fn best_of_category(&mut self, plan: &ClassPlan<'_>, least: f64) -> Option<(f64, Cut, u64)> {
        let runs: Vec<(&[Entry], u64)> = self
            .entries
            .chunk_by(|a, b| a.bin == b.bin)
            .map(|run| (run, run.iter().map(|entry| entry.weight).sum()))
            .collect();
        let mut classes: Vec<usize> = (0..self.classes.len()).collect();
        classes.sort_unstable_by_key(|&class| (std::cmp::Reverse(self.totals[class]), self.classes[class]));
        // The orders of two classes are one and its reverse.
        classes.truncate(if classes.len() == 2 { 1 } else { MAX_ORDERS });
        let mut best = None;
        let mut most = least;
        for class in classes {
            let share = |(run, weight): &(&[Entry], u64)| {
                let of_class = run.iter().filter(|entry| usize::from(entry.class) == class);
                of_class.map(|entry| entry.weight).sum::<u64>() as f64 / *weight as f64
            };
            let shares: Vec<f64> = runs.iter().map(share).collect();
            let mut order: Vec<usize> = (0..runs.len()).collect();
            order.sort_by(|&a, &b| shares[a].total_cmp(&shares[b]));
            let mut sides = Sides::new(&self.totals, &mut self.left, self.rows.len());
            let mut bins = [0_u64; 4];
            for run in order {
                let run = runs[run].0;
                run.iter().for_each(|entry| sides.add(entry));
                set(&mut bins, run[0].bin);
                if let Some(score) = sides.score(plan)
                    && score > most
                {
                    most = score;
                    best = Some((score, bins, sides.weight_left));
                }
            }
        }
        let (score, mut bins, weight_left) = best?;
        // Levels without rows here go where more rows went.
        if weight_left > self.totals.iter().sum::<u64>() - weight_left {
            let mut present = [0_u64; 4];
            runs.iter().for_each(|(run, _)| set(&mut present, run[0].bin));
            bins.iter_mut().zip(present).for_each(|(bins, present)| *bins |= !present);
        }
        Some((score, Cut { bins, ..Cut::number(0, false) }, weight_left))
    }
}

fn set(bins: &mut [u64; 4], bin: u8) {
    bins[usize::from(bin) / 64] |= 1 << (bin % 64);
}

/// Rows that go from right to left.
struct Sides<'a> {
    totals: &'a [u64],
    /// Weights of the classes on the left.
    left: &'a mut Vec<u64>,
    weight_left: u64,
    weight_right: u64,
    rows_left: usize,
    rows_right: usize,
    square_left: u128,
    square_right: u128,
}

impl<'a> Sides<'a> {
    /// All rows on the right.
    fn new(totals: &'a [u64], left: &'a mut Vec<u64>, n_rows: usize) -> Self {
        left.clear();
        left.resize(totals.len(), 0);
        let square_right = totals.iter().map(|&total| u128::from(total) * u128::from(total)).sum();
        let weight_right = totals.iter().sum();
        Self {
            totals,
            left,
            weight_left: 0,
            weight_right,
            rows_left: 0,
            rows_right: n_rows,
            square_left: 0,
            square_right,
        }
    }

    /// Moves some rows: `(l + w)^2 - l^2 = w (2 l + w)`.
    #[inline]
    fn add(&mut self, entry: &Entry) {
        let Entry { weight, rows, class, .. } = *entry;
        let left = &mut self.left[usize::from(class)];
        let right = self.totals[usize::from(class)] - *left;
        self.square_left += u128::from(weight) * u128::from(2 * *left + weight);
        self.square_right -= u128::from(weight) * u128::from(2 * right - weight);
        *left += weight;
        self.weight_left += weight;
        self.weight_right -= weight;
        self.rows_left += rows as usize;
        self.rows_right -= rows as usize;
    }

    /// The score of both sides; `None` when one has too little.
    #[inline]
    fn score(&self, plan: &ClassPlan<'_>) -> Option<f64> {
        let least = plan.limits.min_samples_leaf.max(1);
        let (left, right) = (self.weight_left as f64, self.weight_right as f64);
        if self.rows_left < least || self.rows_right < least || left < plan.min_weight || right < plan.min_weight {
            return None;
        }
        Some(to_f64(self.square_left) / left + to_f64(self.square_right) / right)
    }
}
