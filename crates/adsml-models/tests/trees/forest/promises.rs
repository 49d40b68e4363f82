//! Learners, and what does not matter to them: threads, the order of rows, and whether a prediction is a step.

use std::num::NonZeroUsize;

use adsml_core::{FitContext, Regressor, Seed, TrainingSet};
use adsml_models::{Criterion, RandomForest};
use adsml_testing::{Preset, check_learner};
use ndarray::{Array1, Axis, s};

use super::{CRITERIA, classes, forest, rows, tree};
use crate::{assert_close, assert_steps, bytes, columns, registry};

#[test]
fn learners_keep_the_promises() {
    let registry = registry();
    let ((x, rates), (_, classes)) = (rows(600, 1), classes(600, 1));
    let columns = columns();
    let weight = Array1::from_shape_fn(600, |row| (row % 3) as f64 + 0.25 * (row % 2) as f64);
    let plain = TrainingSet::new(x.view(), rates.view()).unwrap();
    check_learner(&tree(), &plain, &registry);
    check_learner(
        &RandomForest::params(),
        &TrainingSet::new(x.slice(s![..80, ..]), rates.slice(s![..80])).unwrap(),
        &registry,
    );
    for y in [&rates, &classes] {
        let plain = TrainingSet::new(x.view(), y.view()).unwrap();
        let full = TrainingSet { columns: &columns, ..plain.with_weight(Some(weight.view())).unwrap() };
        for data in [plain, full] {
            for criterion in CRITERIA {
                let (tree, forest) = (tree().criterion(criterion), forest().criterion(criterion));
                check_learner(&Preset(tree.clone()), &data, &registry);
                check_learner(&Preset(tree.max_leaves(9).max_features(0.5).min_samples_leaf(4)), &data, &registry);
                let limited = forest.clone().min_samples_leaf(3).min_child_weight(2.5).min_split_gain(0.01);
                check_learner(&Preset(limited.max_depth(5).oob_score(true)), &data, &registry);
                let bound = forest.max_features(0.5).bootstrap(false).monotone(vec![1, 0, 0, -1, 1]);
                check_learner(&Preset(bound.interactions(vec![vec![0, 1], vec![2, 3]])), &data, &registry);
            }
        }
    }
}

#[test]
fn one_thread_and_many_grow_the_same_bits() {
    // Enough rows for several threads in every part of the engine.
    let (x, rates) = rows(20_000, 2);
    let columns = columns();
    let mut stream = Seed::new(2).stream("weights", 0);
    let weight = Array1::from_shape_fn(20_000, |_| stream.below(4) as f64 + stream.uniform());
    let plain = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), rates.view()).unwrap() };
    for data in [plain, plain.with_weight(Some(weight.view())).unwrap()] {
        for criterion in CRITERIA {
            let grow = |threads: usize| {
                let context = FitContext::seeded(3).with_threads(NonZeroUsize::new(threads).unwrap());
                let forest = forest().n_estimators(3).criterion(criterion).max_features(0.6).min_samples_leaf(5);
                let one = tree().criterion(criterion).fit_set(&data, &context).unwrap();
                (bytes(&one), bytes(&forest.oob_score(true).fit_set(&data, &context).unwrap()))
            };
            let one = grow(1);
            assert!([2, 5].into_iter().all(|threads| grow(threads) == one), "{criterion:?}");
        }
    }
}

#[test]
fn the_order_of_rows_does_not_matter_to_a_tree() {
    let (x, y) = rows(2_000, 3);
    let mut order: Vec<usize> = (0..y.len()).collect();
    Seed::new(3).stream("order", 0).shuffle(&mut order);
    let (x_shuffled, y_shuffled) = (x.select(Axis(0), &order), y.select(Axis(0), &order));
    for params in
        [tree().max_leaves(40), tree().min_samples_leaf(20), tree().max_depth(6), tree().criterion(Criterion::Gini)]
    {
        let expected = params.fit(&x, &y).unwrap().predict(x.view()).unwrap();
        let found = params.fit(&x_shuffled, &y_shuffled).unwrap().predict(x.view()).unwrap();
        // Leaf values are sums in another order.
        assert_close(&found, &expected, 1e-12, &format!("{params:?}"));
    }
}

#[test]
fn steps_are_the_predictions_bit_for_bit() {
    let (x, y) = rows(1_500, 14);
    for criterion in CRITERIA {
        let one = tree().criterion(criterion).fit(&x, &y).unwrap();
        let many = forest().n_estimators(7).criterion(criterion).max_features(0.5).fit(&x, &y).unwrap();
        for model in [&one as &dyn Regressor, &many] {
            for feature in 0..5 {
                for row in [3, 4] {
                    let row = x.row(row).to_vec();
                    assert_steps(model, &model.steps_along(feature, &row).expect("a number has steps"), feature, &row);
                }
            }
            assert!(model.steps_along(5, &x.row(0).to_vec()).is_none() && model.steps_along(0, &[1.0]).is_none());
        }
    }
}
