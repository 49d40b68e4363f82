//! A slow textbook twin of trees of many classes, which has to grow the same trees.
//!
//! Every candidate's classes are counted from its rows. What it takes from the engine is what its documents promise: the bin of every
//! value, the whole weight of every row, and which features a node looks at. Counts are exact, so that ties are ties on both sides.

use adsml_core::{FeatureColumn, FeatureKind, Levels, Seed};
use ndarray::Array2;
use proptest::prelude::*;

use super::binning::{BinRules, FeatureBins, bin_feature};
use super::grow::{ClassPlan, Grower, Grown, Growth, Limits, WholeWeights};
use super::matrix::BinnedMatrix;
use super::sampling::{FeatureSampler, FeatureShares};
use super::split::Cut;
use super::trees::Trees;
use super::workers::Workers;

/// Categories are ordered by the shares of at most this many classes.
const MAX_ORDERS: usize = 8;

struct Twin<'a> {
    bins: Vec<FeatureBins>,
    codes: Vec<Vec<u8>>,
    plan: ClassPlan<'a>,
}

#[derive(Debug, Clone)]
struct Node {
    rows: Vec<u32>,
    depth: usize,
    above: Option<usize>,
    split: Option<(usize, Cut, f64, [usize; 2])>,
}

impl Twin<'_> {
    /// The weight of every class.
    fn counts(&self, rows: &[u32]) -> Vec<u64> {
        let mut counts = vec![0; self.plan.n_classes];
        for &row in rows {
            counts[usize::from(self.plan.class[row as usize])] += self.plan.weights.weight[row as usize];
        }
        counts
    }

    fn weight(&self, rows: &[u32]) -> u64 {
        self.counts(rows).iter().sum()
    }

    fn score(&self, rows: &[u32]) -> f64 {
        let square: u128 = self.counts(rows).iter().map(|&count| u128::from(count).pow(2)).sum();
        square as f64 / self.weight(rows) as f64
    }

    fn divide(&self, feature: usize, cut: &Cut, rows: &[u32]) -> [Vec<u32>; 2] {
        let bins = &self.bins[feature];
        let (left, right) = rows.iter().partition(|&&row| cut.goes_left(bins, self.codes[feature][row as usize]));
        [left, right]
    }

    fn rows_of_bin(&self, feature: usize, bin: usize, rows: &[u32]) -> Vec<u32> {
        rows.iter().copied().filter(|&row| usize::from(self.codes[feature][row as usize]) == bin).collect()
    }

    /// Every cut of a node by a feature, in the order in which ties are broken.
    fn cuts(&self, feature: usize, rows: &[u32]) -> Vec<Cut> {
        let bins = &self.bins[feature];
        if !bins.is_category() {
            let has_missing = !self.rows_of_bin(feature, bins.n_values, rows).is_empty();
            let right = (0..bins.n_values).map(|bin| Cut::number(bin as u8, false));
            let left = (0..bins.n_values).filter(|_| has_missing).map(|bin| Cut::number(bin as u8, true));
            return right.chain(left).collect();
        }
        let of_bin: Vec<Vec<u32>> = (0..bins.n_bins()).map(|bin| self.rows_of_bin(feature, bin, rows)).collect();
        let present: Vec<usize> = (0..bins.n_bins()).filter(|&bin| !of_bin[bin].is_empty()).collect();
        let counts = self.counts(rows);
        let mut classes: Vec<usize> = (0..counts.len()).filter(|&class| counts[class] > 0).collect();
        classes.sort_by(|&a, &b| counts[b].cmp(&counts[a]));
        // The orders of two classes are one and its reverse.
        classes.truncate(if classes.len() == 2 { 1 } else { MAX_ORDERS });
        let mut cuts = Vec::new();
        for class in classes {
            let share = |bin: usize| self.counts(&of_bin[bin])[class] as f64 / self.weight(&of_bin[bin]) as f64;
            let mut order = present.clone();
            order.sort_by(|&a, &b| share(a).total_cmp(&share(b)));
            for n in 1..order.len() {
                let mut left = order[..n].to_vec();
                let weight: u64 = left.iter().map(|&bin| self.weight(&of_bin[bin])).sum();
                if 2 * weight > self.weight(rows) {
                    left.extend((0..256).filter(|bin| !present.contains(bin)));
                }
                let mut cut = Cut::number(0, false);
                left.iter().for_each(|bin| cut.bins[bin / 64] |= 1 << (bin % 64));
                cuts.push(cut);
            }
        }
        cuts
    }

    /// The best split of a node: the first that is highest.
    fn best(&self, nodes: &[Node], at: usize) -> Option<(usize, Cut, f64)> {
        let Node { rows, depth, .. } = &nodes[at];
        let is_pure = self.counts(rows).iter().filter(|&&count| count > 0).count() < 2;
        if is_pure || *depth >= self.plan.limits.max_depth {
            return None;
        }
        let whole = self.score(rows);
        let least = whole + 1e-13 * whole + self.plan.min_gain;
        let mut best = None;
        let mut most = least;
        let path = std::iter::successors(nodes[at].above, |&above| nodes[above].above);
        let used: Vec<usize> = path.map(|above| nodes[above].split.expect("it has sides").0).collect();
        for feature in self.plan.features.with(at, *depth, &used, <[usize]>::to_vec) {
            for cut in self.cuts(feature, rows) {
                let sides = self.divide(feature, &cut, rows);
                let breaks = |side: &Vec<u32>| {
                    side.len() < self.plan.limits.min_samples_leaf.max(1)
                        || (self.weight(side) as f64) < self.plan.min_weight
                };
                if sides.iter().any(breaks) {
                    continue;
                }
                let score = self.score(&sides[0]) + self.score(&sides[1]);
                if score > most {
                    most = score;
                    best = Some((feature, cut, score - least));
                }
            }
        }
        best
    }

    fn grow(&self, rows: Vec<u32>) -> Vec<Node> {
        let mut nodes = vec![Node { rows, depth: 0, above: None, split: None }];
        let best_first = self.plan.limits.max_leaves != usize::MAX;
        let mut found = vec![self.best(&nodes, 0)];
        while nodes.len() / 2 + 1 < self.plan.limits.max_leaves {
            let mut next: Option<(usize, f64)> = None;
            for at in 0..nodes.len() {
                if let (None, Some((_, _, gain))) = (&nodes[at].split, &found[at])
                    && next.is_none_or(|(_, most)| !best_first || *gain > most)
                {
                    next = Some((at, *gain));
                }
            }
            let Some((at, gain)) = next else { break };
            let (feature, cut, _) = found[at].expect("it was found");
            let sides = [nodes.len(), nodes.len() + 1];
            let Node { rows, depth, .. } = nodes[at].clone();
            nodes[at].split = Some((feature, cut, gain, sides));
            for rows in self.divide(feature, &cut, &rows) {
                nodes.push(Node { rows, depth: depth + 1, above: Some(at), split: None });
                found.push(self.best(&nodes, nodes.len() - 1));
            }
        }
        nodes
    }
}

/// What a case is made of; rows are drawn from its seed.
#[derive(Debug, Clone)]
struct Case {
    seed: u64,
    n_rows: usize,
    n_features: usize,
    n_classes: usize,
    max_bins: usize,
    weights: Kind,
    max_leaves: usize,
    max_depth: usize,
    min_samples_leaf: usize,
    min_weight: f64,
    min_gain: f64,
    interactions: bool,
    share: f64,
    shuffled: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Equal,
    /// 0 to 3.
    Whole,
    Fractions,
    /// Of very different sizes.
    Wild,
}

fn cases() -> impl Strategy<Value = Case> {
    use proptest::sample::select;
    let data = (
        any::<u64>(),
        2..160_usize,
        1..5_usize,
        select(&[3, 3, 4, 7, 40][..]),
        select(&[2, 5, 16, 255][..]),
        select(&[Kind::Equal, Kind::Whole, Kind::Fractions, Kind::Wild][..]),
    );
    let limits = (select(&[usize::MAX, usize::MAX, 2, 5, 12][..]), select(&[1, 3, usize::MAX][..]), 1..7_usize);
    let rules = (select(&[0.0, 0.0, 3.0][..]), select(&[0.0, 0.0, 0.5][..]));
    let features = (proptest::bool::weighted(0.3), select(&[1.0, 1.0, 0.5][..]), any::<bool>());
    (data, limits, rules, features).prop_map(|(data, limits, rules, features)| {
        let (seed, n_rows, n_features, n_classes, max_bins, weights) = data;
        let (max_leaves, max_depth, min_samples_leaf) = limits;
        let ((min_weight, min_gain), (interactions, share, shuffled)) = (rules, features);
        Case {
            seed,
            n_rows,
            n_features,
            n_classes,
            max_bins,
            weights,
            max_leaves,
            max_depth,
            min_samples_leaf,
            min_weight,
            min_gain,
            interactions,
            share,
            shuffled,
        }
    })
}

/// Columns of many values or few, with holes, and categories.
fn draw(case: &Case) -> (Array2<f64>, Vec<FeatureColumn>, Vec<u16>, Vec<f64>) {
    let mut stream = Seed::new(case.seed).stream("textbook classes", 0);
    let mut x = Array2::zeros((case.n_rows, case.n_features));
    let mut columns = Vec::new();
    for feature in 0..case.n_features {
        let (kind, levels) = (stream.below(8), 1 + stream.below(8));
        for row in 0..case.n_rows {
            let (uniform, level) = (stream.uniform(), stream.below(levels) as f64);
            let is_missing = kind % 2 == 1 && stream.below(5) == 0;
            x[[row, feature]] = match kind {
                _ if is_missing => f64::NAN,
                0 | 1 => uniform,
                4 if row % 3 > 0 => f64::NAN,
                // Now and then a level beyond those that have a name.
                6 | 7 if uniform < 0.05 => levels as f64,
                _ => level,
            };
        }
        let mut column = FeatureColumn::number(format!("feature {feature}"));
        if kind >= 6 {
            let levels = (0..levels).map(|level| level.to_string());
            column.kind = FeatureKind::Category { levels: std::sync::Arc::new(Levels::from_iter(levels)) };
        }
        columns.push(column);
    }
    let mut class = |row: usize| {
        let signal: f64 = x.row(row).iter().filter(|value| value.is_finite()).sum();
        let noise = if stream.below(3) == 0 { stream.below(case.n_classes) } else { 0 };
        (((2.0 * signal) as usize + noise) % case.n_classes) as u16
    };
    let classes: Vec<u16> = (0..case.n_rows).map(&mut class).collect();
    let mut weight = |row: usize| match case.weights {
        Kind::Equal => 1.0,
        // At least one row counts.
        Kind::Whole if row == 0 => 2.0,
        Kind::Whole => stream.below(4) as f64,
        Kind::Fractions => 0.1 + stream.uniform(),
        Kind::Wild => (stream.uniform() * 60.0 - 30.0).exp(),
    };
    let weights = (0..case.n_rows).map(&mut weight).collect();
    (x, columns, classes, weights)
}

/// Grows a case twice and compares.
fn compare(case: &Case) {
    let (x, columns, class, weight) = draw(case);
    let weights = WholeWeights::new(&weight);
    let rows: Vec<u32> = (0..case.n_rows as u32).filter(|&row| weight[row as usize] > 0.0).collect();
    assert!(rows.iter().all(|&row| weights.weight[row as usize] > 0), "a row that counts has a weight");
    let groups: Vec<Vec<usize>> = if case.interactions { vec![vec![0, 1], vec![1, 2]] } else { Vec::new() };
    let groups: Vec<Vec<usize>> = groups.into_iter().filter(|group| group[1] < case.n_features).collect();
    let shares = FeatureShares { by_tree: 1.0, by_level: 1.0, by_node: case.share };
    let features = FeatureSampler::new(case.n_features, shares, &groups, case.shuffled, Seed::new(case.seed));
    let plan = ClassPlan {
        class: &class,
        n_classes: case.n_classes,
        weights: &weights,
        min_weight: case.min_weight / weights.unit,
        min_gain: case.min_gain / weights.unit,
        limits: Limits {
            growth: Growth::LeafWise,
            max_leaves: case.max_leaves,
            max_depth: case.max_depth,
            min_samples_leaf: case.min_samples_leaf,
        },
        features: &features,
        cancel: None,
    };
    let bin_rules = BinRules { max_bins: case.max_bins, rows: None, given: None };
    let binned = (0..case.n_features).map(|at| bin_feature(x.view(), at, Some(&columns[at]), bin_rules).unwrap());
    let (bins, codes) = binned.unzip();
    let expected = Twin { bins, codes, plan }.grow(rows.clone());

    let workers = Workers::new(1).unwrap();
    let matrix = BinnedMatrix::new(x.view(), &columns, bin_rules, &workers).unwrap();
    let mut grower = Grower::new(&matrix, &workers);
    let grown = grower.grow_classes(&plan, &rows).unwrap();
    assert_same(&expected, &grown, &grower, &plan);

    // Raw values end in the leaf that their bins ended in.
    let mut trees = Trees::default();
    trees.push(&grown, &matrix, |node| node as f64, weights.unit);
    for (at, node) in expected.iter().enumerate().filter(|(_, node)| node.split.is_none()) {
        for &row in &node.rows {
            assert_eq!(trees.leaf_value(0, &x.row(row as usize).to_vec()), at as f64, "the leaf of row {row}");
        }
    }
}

fn assert_same(expected: &[Node], grown: &Grown, grower: &Grower<'_>, plan: &ClassPlan<'_>) {
    for (at, (expected, found)) in expected.iter().zip(&grown.nodes).enumerate() {
        let split = found.split.as_ref().map(|split| (split.feature, split.cut, split.gain, [split.left, split.right]));
        assert_eq!(split, expected.split, "split of node {at}");
        let mut rows = grower.partition.rows(found.rows.clone()).to_vec();
        rows.sort_unstable();
        assert_eq!(rows, expected.rows, "rows of node {at}");
        let weight: u64 = expected.rows.iter().map(|&row| plan.weights.weight[row as usize]).sum();
        assert_eq!((found.sums.h, found.depth), (weight as f64, expected.depth), "weight and depth of node {at}");
    }
    assert_eq!(grown.nodes.len(), expected.len(), "number of nodes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_engine_grows_the_classes_of_its_textbook_twin(case in cases()) {
        compare(&case);
    }
}

#[test]
fn weights_of_any_size_become_whole_ones_whose_sum_fits() {
    for weight in [
        vec![1.0; 5],
        vec![3.0, 0.0, 2.0],
        vec![0.1, 0.7],
        vec![f64::MAX / 2.0; 9],
        vec![5e-324, 0.0, 1e-320],
        vec![1e300, 5e-324],
        vec![2.0_f64.powi(60), 1.0],
    ] {
        let whole = WholeWeights::new(&weight);
        let total: u64 = whole.weight.iter().sum();
        assert!(total > 0 && total <= 1 << 51, "{weight:?}: {total}");
        assert!(whole.unit > 0.0 && whole.unit.is_finite(), "{weight:?}: {}", whole.unit);
        assert!(whole.weight.iter().zip(&weight).all(|(&whole, &weight)| (whole > 0) == (weight > 0.0)));
        for (&found, &weight) in whole.weight.iter().zip(&weight).filter(|(whole, _)| **whole > 1 << 20) {
            // The smallest numbers have no finer unit than that of the sum.
            let is_close = (found as f64 * whole.unit / weight - 1.0).abs() < 1e-6;
            assert!(is_close || weight < 1e-290, "{weight}: {found} of {}", whole.unit);
        }
    }
    assert_eq!(WholeWeights::new(&[3.0, 0.0, 2.0]).weight, [3, 0, 2]);
}
