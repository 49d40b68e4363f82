//! Learners, and what does not matter to them: threads, the order of rows, the unit of weights.

use std::num::NonZeroUsize;

use adsml_core::{Classifier, FitContext, Regressor, Seed, TrainingSet};
use adsml_testing::{Preset, check_learner};
use ndarray::{Array1, Axis, s};

use super::{bits, forest, proba, rows, tree, with_categories};
use crate::{columns, registry};

#[test]
fn learners_of_three_classes_keep_the_promises() {
    let registry = registry();
    let (mut x, y) = rows(600, 1);
    with_categories(&mut x);
    let columns = columns();
    let weight = Array1::from_shape_fn(600, |row| (row % 3) as f64 + 0.25);
    let plain = TrainingSet::new(x.view(), y.view()).unwrap();
    let full = TrainingSet { columns: &columns, ..plain.with_weight(Some(weight.view())).unwrap() };
    for data in [plain, full] {
        check_learner(&Preset(tree(3)), &data, &registry);
        check_learner(&Preset(tree(4).max_leaves(9).max_features(0.5)), &data, &registry);
        check_learner(&Preset(forest(3).oob_score(true).max_features(0.5)), &data, &registry);
        check_learner(
            &Preset(forest(3).min_samples_leaf(3).interactions(vec![vec![0, 1], vec![2, 3]])),
            &data,
            &registry,
        );
    }
}

#[test]
fn one_thread_and_many_grow_the_same_bits() {
    let (mut x, y) = rows(20_000, 10);
    with_categories(&mut x);
    let columns = columns();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let context = |threads: usize| FitContext::seeded(3).with_threads(NonZeroUsize::new(threads).unwrap());
    let grow = |threads: usize| {
        let forest = forest(3).n_estimators(6).max_features(0.6).oob_score(true).fit_set(&data, &context(threads));
        (tree(3).fit_set(&data, &context(threads)).unwrap(), forest.unwrap())
    };
    let (one, two) = (grow(1), grow(2));
    assert_eq!(one.0, two.0);
    // Rows see neither their batch nor how rows lie in memory.
    let all = proba(&one.1, &x);
    let columns_first = x.t().as_standard_layout().to_owned();
    assert_eq!(one.1.predict_proba(columns_first.t()).unwrap(), all);
    for row in [0, 4_095, 4_096, 19_999] {
        let alone = one.1.predict_proba(x.slice(s![row..=row, ..])).unwrap();
        assert_eq!(alone.row(0), all.row(row), "row {row}");
    }
    assert_eq!(one.1.to_file().unwrap().to_bytes(), two.1.to_file().unwrap().to_bytes());
}

#[test]
fn the_order_of_rows_and_the_unit_of_weights_do_not_matter() {
    let (x, y) = rows(500, 9);
    let mut order: Vec<usize> = (0..500).collect();
    Seed::new(9).stream("order", 0).shuffle(&mut order);
    let expected = tree(3).fit(&x, &y).unwrap();
    let shuffled = tree(3).fit(x.select(Axis(0), &order), y.select(Axis(0), &order)).unwrap();
    assert_eq!(bits(&shuffled, &x), bits(&expected, &x));
    for unit in [0.125, 1e-300, 5e-324, 1e300, f64::MAX / 2.0] {
        let weighted = tree(3).fit_weighted(&x, &y, Array1::from_elem(500, unit)).unwrap();
        assert_eq!(bits(&weighted, &x), bits(&expected, &x), "{unit}");
    }
}

#[test]
fn a_weight_of_two_is_a_row_twice_and_one_of_zero_none() {
    for seed in 4..9 {
        let (x, y) = rows(400, seed);
        let times: Vec<usize> = (0..400).map(|row| row % 3).collect();
        let repeated: Vec<usize> = (0..400).flat_map(|row| vec![row; times[row]]).collect();
        let weight: Array1<f64> = times.iter().map(|&times| times as f64).collect();
        // Edges between bins are found on rows, whatever their weight: columns of few values have the same.
        let x = x.mapv(|value| (value * 8.0).floor());
        for params in [tree(3), tree(3).max_leaves(7), tree(3).min_child_weight(4.0)] {
            let weighted = params.fit_weighted(&x, &y, &weight).unwrap();
            let twice = params.fit(x.select(Axis(0), &repeated), y.select(Axis(0), &repeated)).unwrap();
            // Counts are whole: the same to the last bit.
            assert_eq!(bits(&weighted, &x), bits(&twice, &x), "seed {seed}");
        }
    }
}
