//! What limits a tree, and what one without limits remembers.

use adsml_core::{Regressor, Seed};
use adsml_models::{Criterion, DecisionTree};
use ndarray::{Array1, Array2};

use super::{CRITERIA, classes, forest, rows, tree};
use crate::bits;

/// Rows that two features tell apart, in bins of their own; a target that is noise.
fn distinct(n: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut stream = Seed::new(seed).stream("distinct", 0);
    let mut order: Vec<usize> = (0..n).collect();
    stream.shuffle(&mut order);
    let x = Array2::from_shape_fn((n, 2), |(row, feature)| [order[row] / 30, order[row] % 30][feature] as f64);
    (x, Array1::from_shape_fn(n, |_| stream.uniform()))
}

#[test]
fn a_tree_without_limits_remembers_every_row() {
    for n in [1, 2, 3, 254, 255, 256, 257, 258, 511, 512, 513, 600, 900] {
        let (x, noise) = distinct(n, n as u64);
        let mut outlier = noise.clone();
        // In a large node, rows are told apart by a millionth of the largest difference.
        outlier[n / 2] = if n <= 257 { 1e9 } else { 1e4 };
        let mut two_outliers = outlier.clone();
        two_outliers[0] = -outlier[n / 2];
        let targets = [
            ("noise", noise.clone()),
            ("an offset", noise.mapv(|y| 1e9 + y)),
            ("a small offset", noise.mapv(|y| 1e9 + (100.0 * y).floor())),
            ("huge", noise.mapv(|y| 1e140 * (y - 0.5))),
            ("tiny", noise.mapv(|y| 1e-140 * (y - 0.5))),
            ("an outlier", outlier),
            ("two outliers", two_outliers),
        ];
        for (what, y) in targets {
            let model = tree().fit(&x, &y).unwrap();
            let found = model.predict(x.view()).unwrap();
            let wrong = found.iter().zip(&y).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
            assert_eq!(wrong, 0, "{what}: {wrong} of {n} rows are not their own");
        }
        let rates = tree().criterion(Criterion::Gini).fit(&x, &noise).unwrap();
        assert_eq!(rates.predict(x.view()).unwrap(), noise);
        let weight = noise.mapv(|y| 0.5 + y);
        assert_eq!(tree().fit_weighted(&x, &noise, &weight).unwrap().predict(x.view()).unwrap(), noise);
    }
}

#[test]
fn a_tree_without_limits_remembers_every_class() {
    for n in [200, 257, 600, 3_000] {
        let (x, y) = classes(n, n as u64);
        let mut stream = Seed::new(22).stream("noise", 0);
        for y in [y, Array1::from_shape_fn(n, |_| stream.below(2) as f64)] {
            for criterion in CRITERIA {
                let model = tree().criterion(criterion).fit(&x, &y).unwrap();
                assert_eq!(model.predict(x.view()).unwrap(), y, "{n} rows, {criterion:?}");
            }
        }
    }
}

#[test]
fn a_forest_without_draws_remembers_every_row() {
    let (x, y) = distinct(600, 1);
    let model = forest().n_estimators(4).bootstrap(false).fit(&x, &y).unwrap();
    // Four times the same number is a sum without rounding.
    assert_eq!(model.predict(x.view()).unwrap(), y);
}

#[test]
fn limits_hold() {
    let (x, y) = rows(1_000, 13);
    let weight = Array1::from_shape_fn(1_000, |row| 0.5 + (row % 4) as f64);
    let rows_of_leaves = |model: &DecisionTree| {
        // No two leaves of distinct targets have the same mean.
        let mut leaves = std::collections::HashMap::<u64, Vec<usize>>::new();
        bits(model, x.view()).into_iter().enumerate().for_each(|(row, leaf)| leaves.entry(leaf).or_default().push(row));
        assert_eq!(leaves.len(), model.n_leaves());
        leaves.into_values().collect::<Vec<_>>()
    };
    for least in [2, 7, 130, 300, 500] {
        for (leaves, params) in [(0, tree()), (25, tree().max_leaves(25))] {
            let params = params.min_samples_leaf(least);
            for model in [params.fit(&x, &y).unwrap(), params.fit_weighted(&x, &y, &weight).unwrap()] {
                assert!(rows_of_leaves(&model).iter().all(|rows| rows.len() >= least));
                assert!(leaves == 0 || model.n_leaves() <= leaves);
            }
        }
    }
    for params in [tree(), tree().max_leaves(25)] {
        let model = params.min_child_weight(30.25).fit_weighted(&x, &y, &weight).unwrap();
        let weight_of = |rows: &Vec<usize>| rows.iter().map(|&row| weight[row]).sum::<f64>();
        assert!(rows_of_leaves(&model).iter().all(|rows| weight_of(rows) >= 30.25));
    }
    for least in [501, 1_000, 1_001, usize::MAX / 2, usize::MAX] {
        for (params, grown) in [(tree(), forest()), (tree().max_leaves(9), forest().max_depth(4))] {
            assert_eq!(params.min_samples_leaf(least).fit(&x, &y).unwrap().n_leaves(), 1, "{least}");
            let params = grown.min_samples_leaf(least);
            // Rows that were drawn are fewer.
            assert_eq!(params.fit_weighted(&x, &y, &weight).unwrap().n_leaves(), 8, "{least}");
        }
    }
    for deepest in [1, 3] {
        assert!(tree().max_depth(deepest).fit(&x, &y).unwrap().n_leaves() <= 1 << deepest);
    }
    assert_eq!(tree().max_depth(usize::MAX).fit(&x, &y).unwrap().n_leaves(), 1_000);
    assert_eq!(tree().max_leaves(usize::MAX - 1).fit(&x, &y).unwrap().n_leaves(), 1_000);
    // What is gained is what the squared error falls by.
    let model = tree().min_split_gain(0.05).fit(&x, &y).unwrap();
    let mean = y.mean().unwrap();
    let before: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
    let left: f64 = (&model.predict(x.view()).unwrap() - &y).mapv(|error| error * error).sum();
    let gain: f64 = model.importance().unwrap().iter().sum();
    assert!((gain - (before - left)).abs() < 1e-5 * before, "{gain} for {}", before - left);
    assert!(gain >= 0.05 * (model.n_leaves() - 1) as f64 && model.n_leaves() > 3);
}
