//! What leaves hold, of two classes and of more, and their limits.

use adsml_core::{Classifier, FitContext, Regressor, TrainingSet};
use adsml_models::{Criterion, DecisionTree, Importance, RandomForest, RandomForestParams};
use ndarray::{Array1, Array2, array, s};

use super::{proba, rows, tree, with_categories};
use crate::columns;

#[test]
fn leaves_hold_the_weighted_shares_of_their_rows() {
    let x = array![[1.0], [1.0], [1.0], [2.0], [2.0], [3.0]];
    let y = array![0.0, 1.0, 1.0, 2.0, 2.0, 0.0];
    let weight = array![1.0, 2.0, 1.0, 5.0, 0.5, 0.25];
    let model = tree(3).fit_weighted(&x, &y, &weight).unwrap();
    let found = proba(&model, &array![[0.0], [2.2], [9.0]]);
    assert_eq!(found, array![[0.25, 0.75, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]);
    assert_eq!(model.predict(x.slice(s![2..4, ..])).unwrap(), array![0.75, 2.0]);
    assert_eq!(model.n_leaves(), 3);
    assert!(model.steps_along(0, &[1.0]).is_none(), "as boosting of classes");
    // From a weighted Gini index of half of 9.75 - (1.25^2 + 3^2 + 5.5^2) / 9.75 down to that of the first leaf.
    let gain = 0.5 * (9.75 - (1.25_f64.powi(2) + 9.0 + 5.5_f64.powi(2)) / 9.75) - 0.5 * (4.0 - (1.0 + 9.0) / 4.0);
    assert!((model.importance().unwrap()[0] - gain).abs() < 1e-9);
    assert_eq!(model.importance_by(Importance::Splits), [2.0]);
}

#[test]
fn two_classes_said_or_not_are_the_same() {
    let (x, y) = rows(300, 2);
    let y = y.mapv(|class| f64::from(class > 0.0));
    let unsaid = RandomForest::params().criterion(Criterion::Gini).n_estimators(5).oob_score(true);
    // Rows that every tree saw have no out-of-bag prediction, and what is none equals nothing: bytes do.
    let bytes = |params: &RandomForestParams| params.fit(&x, &y).unwrap().to_file().unwrap().to_bytes();
    assert_eq!(bytes(&unsaid.clone().n_classes(2)), bytes(&unsaid));
    // Of numbers there are no classes, however many are said.
    let numbers = DecisionTree::params();
    assert_eq!(numbers.clone().n_classes(7).fit(&x, &y).unwrap(), numbers.fit(&x, &y).unwrap());
}

#[test]
fn a_class_that_does_not_come_changes_nothing() {
    // Depth 3 of 2,000 rows: no two splits of a node gain the same, so that the two ways to grow a tree agree.
    let (mut x, y) = rows(2_000, 3);
    with_categories(&mut x);
    let y = y.mapv(|class| f64::from(class > 0.0));
    let weight = Array1::from_shape_fn(2_000, |row| 1.0 + (row % 3) as f64);
    let columns = columns();
    let data = TrainingSet::new(x.view(), y.view()).unwrap().with_weight(Some(weight.view())).unwrap();
    let data = TrainingSet { columns: &columns, ..data };
    let fit = |n_classes: usize| {
        let params = tree(n_classes).max_depth(3).min_child_weight(5.0).min_split_gain(0.5);
        params.fit_set(&data, &FitContext::default()).unwrap()
    };
    let (two, three) = (fit(2), fit(3));
    assert_eq!(three.classes(), ["0", "1", "2"]);
    let (expected, found) = (proba(&two, &x), proba(&three, &x));
    assert!(found.column(2).iter().all(|&p| p == 0.0));
    let distance = |a: &Array2<f64>, b: &Array2<f64>| (a - b).iter().fold(0.0, |most: f64, d| most.max(d.abs()));
    // Sums in another order.
    assert!(distance(&expected, &found.slice(s![.., ..2]).to_owned()) < 1e-12);
    for kind in [Importance::Gain, Importance::Splits, Importance::Cover] {
        for (a, b) in two.importance_by(kind).iter().zip(three.importance_by(kind)) {
            // Gains of two classes are of rounded derivatives, good to about one in 2^19.
            assert!((a - b).abs() <= 1e-5 * a, "{kind:?}: {b} for {a}");
        }
    }
}

#[test]
fn limits_hold() {
    let (x, y) = rows(800, 15);
    let counts = |model: &DecisionTree| {
        // Leaves are told apart by their probabilities.
        let proba = proba(model, &x);
        let mut counts = std::collections::HashMap::new();
        for row in proba.outer_iter() {
            *counts.entry(row.iter().map(|p| p.to_bits()).collect::<Vec<_>>()).or_insert(0) += 1;
        }
        counts
    };
    assert_eq!(tree(3).max_leaves(6).fit(&x, &y).unwrap().n_leaves(), 6);
    assert_eq!(tree(3).max_leaves(1).fit(&x, &y).unwrap().n_leaves(), 1);
    assert!(tree(3).max_depth(2).fit(&x, &y).unwrap().n_leaves() <= 4);
    assert!(counts(&tree(3).min_samples_leaf(30).fit(&x, &y).unwrap()).values().all(|&n| n >= 30));
    assert!(counts(&tree(3).min_child_weight(40.5).fit(&x, &y).unwrap()).values().all(|&n| n > 40));
    // The best splits first: with each leaf more, something is gained.
    let gain =
        |leaves: usize| tree(3).max_leaves(leaves).fit(&x, &y).unwrap().importance().unwrap().iter().sum::<f64>();
    let gains: Vec<f64> = (1..8).map(gain).collect();
    assert!(gains[0] == 0.0 && gains.windows(2).all(|pair| pair[1] > pair[0]));
    let least = tree(3).min_split_gain(3.0).fit(&x, &y).unwrap();
    let gain: f64 = least.importance().unwrap().iter().sum();
    let splits: f64 = least.importance_by(Importance::Splits).iter().sum();
    assert!(splits > 1.0 && gain >= 3.0 * splits);
    // Every row falls into its own class in the end.
    let all = proba(&tree(3).fit(&x, &y).unwrap(), &x);
    assert!(y.iter().enumerate().all(|(row, &class)| all[[row, class as usize]] == 1.0));
}
