//! A slow textbook twin of the engine, which has to grow the same trees.
//!
//! It knows no histograms, no shared columns and no differences of siblings: every candidate's sums are added up from its rows.
//! What it takes from the engine is what its documents promise: the bin of every value, the rounded derivatives of every row,
//! and which features a node looks at. All sums are whole numbers, hence exact, so that ties are ties on both sides.

use adsml_core::{FeatureColumn, FeatureKind, Levels, Seed};
use ndarray::Array2;
use proptest::prelude::*;

use super::binning::{BinRules, FeatureBins, bin_feature};
use super::gradients::{Derivatives, Rounded, Sums};
use super::grow::{Grower, Grown, Growth, Limits, Plan, unrounded};
use super::matrix::BinnedMatrix;
use super::sampling::{FeatureSampler, FeatureShares, rows_of_tree};
use super::split::{Bounds, CategoryRules, Cut, SplitParams, SplitRules};
use super::trees::Trees;
use super::workers::Workers;

/// Binned rows and what a tree is grown from.
struct Twin<'a> {
    bins: Vec<FeatureBins>,
    codes: Vec<Vec<u8>>,
    /// The derivatives of every row, as the engine sees them.
    derivatives: Vec<Sums>,
    rules: &'a SplitRules,
    limits: Limits,
    features: &'a FeatureSampler<'a>,
}

#[derive(Debug, Clone)]
struct Node {
    rows: Vec<u32>,
    sums: Sums,
    bounds: Bounds,
    depth: usize,
    above: Option<usize>,
    split: Option<Split>,
}

#[derive(Debug, Clone)]
struct Split {
    feature: usize,
    cut: Cut,
    gain: f64,
    sides: [usize; 2],
}

impl Twin<'_> {
    fn sums<'r>(&self, rows: impl IntoIterator<Item = &'r u32>) -> Sums {
        rows.into_iter().fold(Sums::default(), |sum, &row| sum + self.derivatives[row as usize])
    }

    fn goes_left(&self, feature: usize, cut: &Cut, row: u32) -> bool {
        let (bins, code) = (&self.bins[feature], self.codes[feature][row as usize]);
        if bins.is_category() {
            cut.bins[usize::from(code / 64)] >> (code % 64) & 1 == 1
        } else if usize::from(code) == bins.n_values {
            cut.missing_left
        } else {
            code <= cut.bin
        }
    }

    fn divide(&self, feature: usize, cut: &Cut, rows: &[u32]) -> [Vec<u32>; 2] {
        let (left, right) = rows.iter().partition(|&&row| self.goes_left(feature, cut, row));
        [left, right]
    }

    /// Rows of a node that have a bin.
    fn rows_of_bin(&self, feature: usize, bin: usize, rows: &[u32]) -> Vec<u32> {
        rows.iter().copied().filter(|&row| usize::from(self.codes[feature][row as usize]) == bin).collect()
    }

    fn l2_of(&self, feature: usize) -> f64 {
        let (bins, rules) = (&self.bins[feature], &self.rules.categories);
        if bins.is_category() && bins.n_bins() > rules.max_one_hot { self.rules.l2 + rules.l2 } else { self.rules.l2 }
    }

    /// The minimum of `g v + (h + l2) v^2 / 2 + l1 |v|` within the bounds.
    fn value(&self, sums: Sums, bounds: Bounds, l2: f64) -> f64 {
        let excess = (sums.g.abs() - self.rules.l1).max(0.0);
        let newton = if excess == 0.0 || sums.h + l2 <= 0.0 { 0.0 } else { -excess.copysign(sums.g) / (sums.h + l2) };
        newton.max(-self.rules.max_delta).min(self.rules.max_delta).max(bounds.low).min(bounds.high)
    }

    /// Twice what the best value takes off the loss.
    fn score(&self, sums: Sums, bounds: Bounds, l2: f64) -> f64 {
        if self.rules.max_delta.is_infinite() && self.rules.monotone.is_empty() {
            let excess = (sums.g.abs() - self.rules.l1).max(0.0);
            return if sums.h + l2 <= 0.0 { 0.0 } else { excess * excess / (sums.h + l2) };
        }
        let value = self.value(sums, bounds, l2);
        -(2.0 * sums.g * value + 2.0 * self.rules.l1 * value.abs() + (sums.h + l2) * value * value)
    }

    /// The score of two sides, unless they break a rule.
    fn score_of_sides(&self, feature: usize, sides: [&[u32]; 2], bounds: Bounds, least_rows: usize) -> Option<f64> {
        let sums = sides.map(|side| self.sums(side));
        if sums.iter().any(|sums| sums.h < self.rules.min_hessian) || sides.iter().any(|side| side.len() < least_rows) {
            return None;
        }
        let l2 = self.l2_of(feature);
        let direction = f64::from(self.rules.monotone.get(feature).copied().unwrap_or(0));
        let [left, right] = sums.map(|sums| self.value(sums, bounds, l2));
        if direction * (right - left) < 0.0 {
            return None;
        }
        Some(self.score(sums[0], bounds, l2) + self.score(sums[1], bounds, l2))
    }

    /// Every cut of a node by a feature, in the order in which ties are broken.
    fn cuts(&self, feature: usize, rows: &[u32]) -> Vec<Cut> {
        let bins = &self.bins[feature];
        if bins.n_bins() < 2 {
            return Vec::new();
        }
        if !bins.is_category() {
            let has_missing = !self.rows_of_bin(feature, bins.n_values, rows).is_empty();
            let right = (0..bins.n_values - usize::from(!has_missing)).map(|bin| Cut::number(bin as u8, false));
            let left = (0..bins.n_values - 1).filter(|_| has_missing).map(|bin| Cut::number(bin as u8, true));
            return right.chain(left).collect();
        }
        let sums: Vec<Sums> = (0..bins.n_bins()).map(|bin| self.sums(&self.rows_of_bin(feature, bin, rows))).collect();
        let mut present: Vec<usize> = (0..bins.n_bins()).filter(|&bin| sums[bin] != Sums::default()).collect();
        let one_hot = bins.n_bins() <= self.rules.categories.max_one_hot;
        let mut cuts = Vec::new();
        if one_hot && present.len() > 2 {
            cuts.extend(present.iter().map(|&bin| vec![bin]));
        } else {
            if !one_hot {
                let slope = |bin: usize| sums[bin].g / (sums[bin].h + self.rules.categories.smooth);
                present.sort_by(|&a, &b| slope(a).total_cmp(&slope(b)));
            }
            cuts.extend((1..present.len()).map(|n| present[..n].to_vec()));
        }
        let total = self.sums(rows);
        let cut = |mut left: Vec<usize>| {
            // Bins that say nothing go where more of the others went.
            let sum = left.iter().fold(Sums::default(), |sum, &bin| sum + sums[bin]);
            if sum.h > total.h - sum.h {
                left.extend((0..bins.n_bins()).filter(|bin| !present.contains(bin)));
            }
            category(&left)
        };
        cuts.into_iter().map(cut).collect()
    }

    /// The best split of a node: the first that is highest.
    fn best(&self, nodes: &[Node], at: usize) -> Option<(usize, Cut, f64)> {
        let node = &nodes[at];
        let whole = self.score(node.sums, node.bounds, self.rules.l2);
        let least = whole + 1e-13 * whole.abs() + self.rules.min_gain;
        let mut best: Option<(usize, Cut, f64)> = None;
        let features = self.features.with(at, node.depth, &used(nodes, at), <[usize]>::to_vec);
        for feature in features {
            // Scores are compared within a feature, gains between features: the difference may round what is not quite equal.
            let mut highest: Option<(Cut, f64)> = None;
            for cut in self.cuts(feature, &node.rows) {
                let [left, right] = self.divide(feature, &cut, &node.rows);
                let score = self.score_of_sides(feature, [&left, &right], node.bounds, self.limits.min_samples_leaf);
                if let Some(score) = score
                    && score > highest.map_or(least, |(_, score)| score)
                {
                    highest = Some((cut, score));
                }
            }
            if let Some((cut, score)) = highest
                && score - least > best.map_or(0.0, |(_, _, gain)| gain)
            {
                best = Some((feature, cut, score - least));
            }
        }
        best
    }

    fn split(&self, nodes: &mut Vec<Node>, at: usize, feature: usize, cut: Cut, gain: f64) {
        let Node { rows, bounds, depth, .. } = nodes[at].clone();
        let rows = self.divide(feature, &cut, &rows);
        let sums = rows.each_ref().map(|rows| self.sums(rows));
        let [left, right] = sums.map(|sums| self.value(sums, bounds, self.rules.l2));
        let middle = 0.5 * (left + right);
        let (below, above) = (Bounds { high: middle, ..bounds }, Bounds { low: middle, ..bounds });
        let bounds = match self.rules.monotone.get(feature) {
            Some(1) => [below, above],
            Some(-1) => [above, below],
            _ => [bounds, bounds],
        };
        nodes[at].split = Some(Split { feature, cut, gain, sides: [nodes.len(), nodes.len() + 1] });
        for ((rows, sums), bounds) in rows.into_iter().zip(sums).zip(bounds) {
            nodes.push(Node { rows, sums, bounds, depth: depth + 1, above: Some(at), split: None });
        }
    }

    fn grow(&self, rows: Vec<u32>) -> Vec<Node> {
        let sums = self.sums(&rows);
        let mut nodes = vec![Node { rows, sums, bounds: Bounds::NONE, depth: 0, above: None, split: None }];
        if self.limits.growth == Growth::Symmetric {
            self.grow_levels(&mut nodes);
        } else {
            self.grow_leaves(&mut nodes);
        }
        nodes
    }

    fn grow_leaves(&self, nodes: &mut Vec<Node>) {
        let by_gain = self.limits.growth == Growth::LeafWise;
        for _ in 1..self.limits.max_leaves {
            let mut next: Option<(usize, (usize, Cut, f64))> = None;
            for at in 0..nodes.len() {
                if nodes[at].split.is_some() || nodes[at].depth >= self.limits.max_depth {
                    continue;
                }
                let Some(found) = self.best(nodes, at) else { continue };
                let is_better = |(before, (_, _, gain)): (usize, (usize, Cut, f64))| {
                    if by_gain { found.2 > gain } else { nodes[at].depth < nodes[before].depth }
                };
                if next.is_none_or(is_better) {
                    next = Some((at, found));
                }
            }
            let Some((at, (feature, cut, gain))) = next else { break };
            self.split(nodes, at, feature, cut, gain);
        }
    }

    fn grow_levels(&self, nodes: &mut Vec<Node>) {
        for depth in 0..self.limits.max_depth.min(self.limits.max_leaves.ilog2() as usize) {
            let level: Vec<usize> = (0..nodes.len()).filter(|&at| nodes[at].depth == depth).collect();
            let whole = |at: usize| self.score(nodes[at].sums, nodes[at].bounds, self.rules.l2);
            let score_in = |at: usize, feature: usize, cut: &Cut| {
                let [left, right] = self.divide(feature, cut, &nodes[at].rows);
                self.score_of_sides(feature, [&left, &right], nodes[at].bounds, 0)
            };
            let total: f64 = level.iter().map(|&at| whole(at)).sum();
            let mut most = total + 1e-13 * total.abs() + self.rules.min_gain;
            let mut best = None;
            let features = self.features.with(depth, depth, &used(nodes, level[0]), <[usize]>::to_vec);
            let all: Vec<u32> = level.iter().flat_map(|&at| nodes[at].rows.clone()).collect();
            for feature in features {
                for cut in self.common_cuts(feature, &all) {
                    let score = |&at: &usize| score_in(at, feature, &cut).unwrap_or_else(|| whole(at));
                    let score = level.iter().map(score).fold(0.0, |sum, score| sum + score);
                    if score > most {
                        most = score;
                        best = Some((feature, cut));
                    }
                }
            }
            let Some((feature, cut)) = best else { break };
            let gain = |&at: &usize| score_in(at, feature, &cut).map_or(0.0, |score| score - whole(at));
            let gains: Vec<f64> = level.iter().map(gain).collect();
            for (&at, gain) in level.iter().zip(gains) {
                self.split(nodes, at, feature, cut, gain);
            }
        }
    }

    /// Every cut of a level; categories in one order for all of its leaves.
    fn common_cuts(&self, feature: usize, rows: &[u32]) -> Vec<Cut> {
        let bins = &self.bins[feature];
        if bins.n_bins() < 2 {
            return Vec::new();
        }
        if !bins.is_category() {
            let right = (0..bins.n_values - usize::from(!bins.has_missing)).map(|bin| Cut::number(bin as u8, false));
            let left = (0..bins.n_values).filter(|_| bins.has_missing).map(|bin| Cut::number(bin as u8, true));
            return right.chain(left).collect();
        }
        let sums: Vec<Sums> = (0..bins.n_bins()).map(|bin| self.sums(&self.rows_of_bin(feature, bin, rows))).collect();
        let slope = |bin: usize| sums[bin].g / (sums[bin].h + self.rules.categories.smooth);
        let mut order: Vec<usize> = (0..bins.n_bins()).filter(|&bin| sums[bin].h > 0.0).collect();
        order.sort_by(|&a, &b| slope(a).total_cmp(&slope(b)));
        (1..order.len()).map(|n| category(&order[..n])).collect()
    }
}

fn category(left: &[usize]) -> Cut {
    let mut cut = Cut::number(0, false);
    left.iter().for_each(|bin| cut.bins[bin / 64] |= 1 << (bin % 64));
    cut
}

/// The features above a node.
fn used(nodes: &[Node], at: usize) -> Vec<usize> {
    let path = std::iter::successors(nodes[at].above, |&above| nodes[above].above);
    path.map(|above| nodes[above].split.as_ref().expect("it has sides").feature).collect()
}

/// What a case is made of; rows are drawn from its seed.
#[derive(Debug, Clone)]
struct Case {
    seed: u64,
    n_rows: usize,
    n_features: usize,
    max_bins: usize,
    derivatives: Kind,
    whole_gradients: bool,
    growth: Growth,
    max_leaves: usize,
    max_depth: usize,
    min_samples_leaf: usize,
    min_child_weight: f64,
    l1: f64,
    l2: f64,
    min_gain: f64,
    max_delta: f64,
    max_one_hot: usize,
    cat_smooth: f64,
    monotone: bool,
    interactions: bool,
    shares: [f64; 3],
    subsample: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    UnitHessian,
    /// Weights 0 to 3: the hessian is the weight.
    Weighted,
    OwnHessian,
    /// Some hessians are too small to be seen, though gradients are not.
    VanishingHessian,
    /// One gradient is so large that words are wide.
    HeavyTail,
}

fn cases() -> impl Strategy<Value = Case> {
    let of = |values: &'static [f64]| proptest::sample::select(values);
    let data = (
        any::<u64>(),
        20..160_usize,
        1..6_usize,
        proptest::sample::select(&[2, 5, 16, 255][..]),
        proptest::sample::select(&[Kind::UnitHessian, Kind::Weighted, Kind::OwnHessian, Kind::VanishingHessian][..]),
        any::<bool>(),
    );
    let growth = proptest::sample::select(&[Growth::LeafWise, Growth::DepthWise, Growth::Symmetric][..]);
    let limits = (growth, 2..14_usize, proptest::sample::select(&[1, 3, usize::MAX][..]), 1..9_usize);
    let rules = (
        of(&[0.0, 1e-3, 3.0]),
        of(&[0.0, 0.0, 0.7]),
        of(&[0.0, 1.0]),
        of(&[0.0, 0.0, 0.5]),
        of(&[f64::INFINITY, f64::INFINITY, 0.3]),
        0..6_usize,
        of(&[0.0, 1.0, 10.0]),
    );
    let constraints = (
        proptest::bool::weighted(0.3),
        proptest::bool::weighted(0.3),
        (of(&[1.0, 1.0, 0.5]), of(&[1.0, 1.0, 0.5]), of(&[1.0, 1.0, 0.5])),
        of(&[1.0, 0.7]),
    );
    (data, limits, rules, constraints).prop_map(|(data, limits, rules, constraints)| {
        let (seed, n_rows, n_features, max_bins, derivatives, whole_gradients) = data;
        let (growth, max_leaves, max_depth, min_samples_leaf) = limits;
        let (min_child_weight, l1, l2, min_gain, max_delta, max_one_hot, cat_smooth) = rules;
        let (monotone, interactions, (by_tree, by_level, by_node), subsample) = constraints;
        Case {
            seed,
            n_rows,
            n_features,
            max_bins,
            derivatives,
            whole_gradients,
            growth,
            max_leaves,
            max_depth,
            min_samples_leaf,
            min_child_weight,
            l1,
            l2,
            min_gain,
            max_delta,
            max_one_hot,
            cat_smooth,
            monotone,
            interactions,
            shares: [by_tree, by_level, by_node],
            subsample,
        }
    })
}

/// Columns of every kind: many values or few, constant, missing in part or altogether, categories.
fn draw_features(case: &Case) -> (Array2<f64>, Vec<FeatureColumn>) {
    let mut stream = Seed::new(case.seed).stream("textbook features", 0);
    let mut x = Array2::zeros((case.n_rows, case.n_features));
    let mut columns = Vec::new();
    for feature in 0..case.n_features {
        let (kind, levels) = (stream.below(9), 1 + stream.below(8));
        for row in 0..case.n_rows {
            let (uniform, level) = (stream.uniform(), stream.below(levels) as f64);
            let is_missing = kind % 2 == 1 && stream.below(5) == 0;
            x[[row, feature]] = match kind {
                _ if is_missing => f64::NAN,
                0 | 1 => uniform,
                2 | 3 => level,
                4 => 7.0,
                5 => (uniform * 40.0).floor(),
                6 if row % 3 > 0 => f64::NAN,
                6 => [f64::NEG_INFINITY, f64::INFINITY, level][row % 9 / 3],
                // Now and then a level beyond those that have a name.
                _ => {
                    if uniform < 0.05 {
                        levels as f64
                    } else {
                        level
                    }
                }
            };
        }
        let mut column = FeatureColumn::number(format!("feature {feature}"));
        if kind >= 7 {
            let levels = (0..levels).map(|level| level.to_string());
            column.kind = FeatureKind::Category { levels: std::sync::Arc::new(Levels::from_iter(levels)) };
        }
        columns.push(column);
    }
    if case.seed.is_multiple_of(16) {
        x.column_mut(0).fill(f64::NAN);
    }
    (x, columns)
}

fn draw_derivatives(case: &Case, x: &Array2<f64>) -> (Derivatives, Option<Vec<f64>>) {
    let mut stream = Seed::new(case.seed).stream("textbook derivatives", 0);
    let mut exact = Derivatives::default();
    let mut weight = Vec::new();
    for row in 0..case.n_rows {
        let signal: f64 = x.row(row).iter().filter(|value| value.is_finite()).sum();
        let g = (signal - 2.0).sin() + stream.uniform() - 0.5;
        let mut g = if case.whole_gradients { (2.0 * g).round() } else { g };
        match case.derivatives {
            Kind::UnitHessian | Kind::HeavyTail => {}
            Kind::Weighted => {
                let w = stream.below(4) as f64;
                weight.push(w);
                g *= w;
            }
            Kind::OwnHessian => exact.hessian.push(0.05 + stream.uniform()),
            Kind::VanishingHessian => {
                let h = stream.uniform();
                exact.hessian.push(if stream.below(3) == 0 { 1e-12 * h } else { h });
            }
        }
        exact.gradient.push(g);
    }
    if case.derivatives == Kind::HeavyTail {
        exact.gradient[1] = 1e12;
    }
    (exact, (!weight.is_empty()).then_some(weight))
}

/// Grows a case twice and compares.
fn compare(case: &Case) {
    let shares = case.shares;
    with_both(case, false, |twin, grower, plan, x| {
        let rows = rows_of_tree(case.n_rows, case.subsample, Seed::new(case.seed), 0);
        let expected = twin.grow(rows.clone().unwrap_or_else(|| (0..case.n_rows as u32).collect()));
        // Twice, so that room kept from the first tree is seen not to matter.
        grower.grow(plan, None).unwrap();
        let grown = grower.grow(plan, rows.as_deref()).unwrap();
        assert_same(&expected, &grown, grower);
        assert_walks(&expected, &grown, grower.matrix, x);
    });
    // A tree without a limit is compared where nothing is drawn. (Beside one gradient of 10^12, large nodes see no others.)
    if shares == [1.0; 3] && case.derivatives != Kind::HeavyTail {
        let case = Case { l1: 0.0, l2: 0.0, max_one_hot: 0, n_rows: 4 * case.n_rows, ..case.clone() };
        with_both(&case, true, |twin, grower, plan, _| {
            let rows: Vec<u32> =
                (0..case.n_rows as u32).filter(|&row| twin.derivatives[row as usize].h > 0.0).collect();
            if rows.is_empty() {
                return;
            }
            let grown = grower.grow(plan, Some(&rows)).unwrap();
            assert_best(twin, &grown, grower, case.monotone);
        });
    }
}

/// Shows the two sides of a case, set up alike.
fn with_both(case: &Case, deep: bool, look: impl FnOnce(&Twin<'_>, &mut Grower<'_>, &Plan<'_>, &Array2<f64>)) {
    let (x, columns) = draw_features(case);
    let (mut exact, mut weight) = draw_derivatives(case, &x);
    if deep {
        // Hessians are weights, and gradients in proportion to them.
        exact.gradient.iter_mut().zip(&exact.hessian).for_each(|(g, h)| *g *= h);
        exact.hessian.extend(weight.take().into_iter().flatten());
    }
    let workers = Workers::new(1).unwrap();
    let mut rounded = Rounded::empty();
    rounded.round(&exact, weight.as_deref(), &workers).unwrap();
    let bin_rules = BinRules { max_bins: case.max_bins, rows: None, given: None };
    let is_free = |feature: usize| !case.monotone || columns[feature].kind != FeatureKind::Number;
    let directions: Vec<i8> =
        (0..case.n_features).map(|feature| if is_free(feature) { 0 } else { [1, -1, 0][feature % 3] }).collect();
    let params = SplitParams {
        l1: case.l1,
        l2: case.l2,
        min_child_weight: case.min_child_weight,
        min_samples_leaf: if case.growth == Growth::Symmetric { 1 } else { case.min_samples_leaf },
        min_gain: case.min_gain,
        max_delta: case.max_delta,
        categories: CategoryRules {
            smooth: case.cat_smooth,
            l2: if deep { 0.0 } else { 2.0 },
            max_one_hot: case.max_one_hot,
        },
        monotone: if directions.iter().all(|&direction| direction == 0) { Vec::new() } else { directions },
    };
    let rules = params.scaled(rounded.scale);
    let limits = Limits {
        growth: if deep { Growth::LeafWise } else { case.growth },
        max_leaves: if deep { usize::MAX } else { case.max_leaves },
        max_depth: case.max_depth,
        min_samples_leaf: if case.growth == Growth::Symmetric && deep { 1 } else { case.min_samples_leaf },
    };
    let [by_tree, by_level, by_node] = case.shares;
    // Features 0 and 1 may meet, 1 and 2 may; others meet none.
    let groups: Vec<Vec<usize>> = if case.interactions { vec![vec![0, 1], vec![1, 2]] } else { Vec::new() };
    let shares = FeatureShares { by_tree, by_level, by_node };
    let features = FeatureSampler::new(case.n_features, shares, &groups, false, Seed::new(case.seed));

    let binned = (0..case.n_features).map(|at| bin_feature(x.view(), at, Some(&columns[at]), bin_rules).unwrap());
    let (bins, codes) = binned.unzip();
    let matrix = BinnedMatrix::new(x.view(), &columns, bin_rules, &workers).unwrap();
    let mut grower = Grower::new(&matrix, &workers);
    let exact = deep.then_some(&exact);
    let plan = Plan { rounded: &rounded, exact, rules: &rules, limits, features: &features, cancel: None };
    let derivatives = (0..case.n_rows).map(|row| if deep { unrounded(&plan, row) } else { rounded.row(row) }).collect();
    let twin = Twin { bins, codes, derivatives, rules: &rules, limits, features: &features };
    look(&twin, &mut grower, &plan, &x);
}

/// Every node of a tree without a limit is split by one of its best cuts, and left alone when there is none.
fn assert_best(twin: &Twin<'_>, grown: &Grown, grower: &Grower<'_>, monotone: bool) {
    let rows = |at: usize| {
        let mut rows = grower.partition.rows(grown.nodes[at].rows.clone()).to_vec();
        rows.sort_unstable();
        rows
    };
    let mut nodes: Vec<Node> = grown
        .nodes
        .iter()
        .map(|node| Node {
            rows: Vec::new(),
            sums: node.sums,
            bounds: node.bounds,
            depth: node.depth,
            above: None,
            split: node.split.as_ref().map(|split| Split {
                feature: split.feature,
                cut: split.cut,
                gain: split.gain,
                sides: [split.left, split.right],
            }),
        })
        .collect();
    for at in 0..nodes.len() {
        nodes[at].rows = rows(at);
        if let Some(Split { sides, .. }) = nodes[at].split.clone() {
            sides.into_iter().for_each(|side| nodes[side].above = Some(at));
        }
    }
    for at in 0..nodes.len() {
        let node = &nodes[at];
        // Large nodes see derivatives rounded to one part in 2^19 of the largest, small ones do not.
        let error = if node.rows.len() > 256 { 1e-4 } else { 1e-9 };
        let sums = twin.sums(&node.rows);
        let of_rows =
            |of: &dyn Fn(Sums) -> f64| node.rows.iter().map(|&row| of(twin.derivatives[row as usize])).sum::<f64>();
        // A small node that cannot be split keeps the sums of the histogram.
        let room = of_rows(&|row| 0.5 + 1e-9 * row.g.abs());
        assert!((sums.g - node.sums.g).abs() <= room, "sums of node {at}: {sums:?}, {:?}", node.sums);
        let whole = twin.score(sums, node.bounds, twin.rules.l2);
        // Differences below the rounding of whole scores decide nothing.
        let noise = error * (whole.abs() + of_rows(&|row| row.g * row.g / row.h));
        let may_be_split = node.depth < twin.limits.max_depth;
        let best = if may_be_split { twin.best(&nodes, at).map_or(0.0, |(_, _, gain)| gain) } else { 0.0 };
        let Some(Split { feature, cut, gain, sides }) = &node.split else {
            assert!(best <= noise, "node {at} gains {best} and is not split: {node:?} {:?}", twin.best(&nodes, at));
            continue;
        };
        assert!(
            (gain - best).abs() <= noise + 1e-9 * best,
            "node {at} gains {gain} of {best}: {node:?}, {:?}",
            twin.best(&nodes, at)
        );
        let [left, right] = twin.divide(*feature, cut, &node.rows);
        assert_eq!([&left, &right], sides.each_ref().map(|&side| &nodes[side].rows), "sides of node {at}");
        let score = twin.score_of_sides(*feature, [&left, &right], node.bounds, twin.limits.min_samples_leaf);
        let Some(score) = score else {
            assert!(node.rows.len() > 256, "node {at} breaks a rule");
            continue;
        };
        let found = score - whole - twin.rules.min_gain;
        assert!((found - gain).abs() <= noise + 1e-9 * best, "node {at} gains {found}, said to be {gain}");
        if monotone && twin.rules.monotone.get(*feature).is_some_and(|&direction| direction != 0) {
            let [low, high] = sides.map(|side| nodes[side].bounds);
            assert!(low.high <= high.low || high.high <= low.low, "bounds below node {at}");
        }
    }
}

fn assert_same(expected: &[Node], grown: &Grown, grower: &Grower<'_>) {
    for (at, (expected, found)) in expected.iter().zip(&grown.nodes).enumerate() {
        match (&expected.split, &found.split) {
            (Some(expected), Some(found)) => {
                assert_eq!(found.feature, expected.feature, "feature of node {at}: {found:?} for {expected:?}");
                assert_eq!(found.cut, expected.cut, "cut of node {at}: {found:?} for {expected:?}");
                let room = 1e-9 * expected.gain.abs();
                assert!((found.gain - expected.gain).abs() <= room, "gain of node {at}: {found:?} for {expected:?}");
                assert_eq!([found.left, found.right], expected.sides, "sides of node {at}");
            }
            (None, None) => {}
            (expected, found) => panic!("node {at} is {found:?} for {expected:?}"),
        }
        let mut rows = grower.partition.rows(found.rows.clone()).to_vec();
        rows.sort_unstable();
        assert_eq!(rows, expected.rows, "rows of node {at}");
        assert_eq!((found.sums, found.depth), (expected.sums, expected.depth), "sums and depth of node {at}");
        assert_eq!(found.bounds, expected.bounds, "bounds of node {at}");
    }
    assert_eq!(grown.nodes.len(), expected.len(), "number of nodes");
}

/// Raw values end in the leaf that their bins ended in.
fn assert_walks(expected: &[Node], grown: &Grown, matrix: &BinnedMatrix, x: &Array2<f64>) {
    let mut trees = Trees::default();
    trees.push(grown, matrix, |node| node as f64, 1.0);
    for (at, node) in expected.iter().enumerate().filter(|(_, node)| node.split.is_none()) {
        for &row in &node.rows {
            assert_eq!(trees.leaf_value(0, &x.row(row as usize).to_vec()), at as f64, "the leaf of row {row}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_engine_grows_the_trees_of_its_textbook_twin(case in cases()) {
        compare(&case);
    }
}

#[test]
fn heavy_tails_grow_the_trees_of_the_twin_too() {
    for (seed, growth) in [(1, Growth::LeafWise), (2, Growth::DepthWise), (3, Growth::Symmetric)] {
        compare(&Case {
            seed,
            // Words are wide when one gradient is more than 4096 times the mean.
            n_rows: 5_000,
            n_features: 3,
            max_bins: 16,
            derivatives: Kind::HeavyTail,
            whole_gradients: false,
            growth,
            max_leaves: 8,
            max_depth: 4,
            min_samples_leaf: 20,
            min_child_weight: 0.0,
            l1: 0.0,
            l2: 1.0,
            min_gain: 0.0,
            max_delta: f64::INFINITY,
            max_one_hot: 4,
            cat_smooth: 10.0,
            monotone: false,
            interactions: false,
            shares: [1.0; 3],
            subsample: 1.0,
        });
    }
}
