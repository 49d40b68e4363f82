//! What trees and forests of numbers and of two classes promise, seen from outside.

use std::num::NonZeroUsize;
use std::sync::Arc;

use adsml_core::{
    CancelToken, Error, FeatureColumn, FeatureKind, FitContext, Levels, LoaderRegistry, ModelFile, Regressor, Seed,
    Steps, TrainingSet,
};
use adsml_models::{
    Criterion, DecisionTree, DecisionTreeParams, Importance, ModelError, RandomForest, RandomForestParams, register,
};
use adsml_testing::{Preset, check_learner, check_regressor};
use ndarray::{Array1, Array2, ArrayView2, Axis, array, s};

const CRITERIA: [Criterion; 2] = [Criterion::SquaredError, Criterion::Gini];

fn tree() -> DecisionTreeParams {
    DecisionTree::params()
}

fn forest() -> RandomForestParams {
    RandomForest::params().n_estimators(8)
}

/// Two numbers, few levels, whole numbers, and a column with holes; a noisy target in `(0, 1)`, no two alike.
fn rows(n: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut stream = Seed::new(seed).stream("forest", 0);
    let x = Array2::from_shape_fn((n, 5), |(_, feature)| match feature {
        0 | 1 => stream.uniform(),
        2 => stream.below(6) as f64,
        3 => (stream.uniform() * 100.0).floor(),
        _ => [stream.uniform(), f64::NAN][usize::from(stream.below(4) == 0)],
    });
    let y = x.outer_iter().map(|row| {
        let hole = if row[4].is_nan() { 0.2 } else { 0.1 * row[4] };
        let mean = 0.3 * row[0] + 0.2 * (6.0 * row[1]).sin().abs() + 0.02 * row[2] + hole;
        0.05 + 0.7 * mean + 0.2 * stream.uniform()
    });
    let y = y.collect();
    (x, y)
}

/// The same with classes 0 and 1.
fn classes(n: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let (x, y) = rows(n, seed);
    (x, y.mapv(|y| f64::from(y > 0.45)))
}

fn category(name: &str, n_levels: usize) -> FeatureColumn {
    let levels = Levels::from_iter((0..n_levels).map(|level| level.to_string()));
    FeatureColumn { kind: FeatureKind::Category { levels: Arc::new(levels) }, ..FeatureColumn::number(name) }
}

/// The columns of `rows`, the levels as a category of which the last has no name.
fn columns() -> Vec<FeatureColumn> {
    let mut columns: Vec<FeatureColumn> = (0..5).map(|at| FeatureColumn::number(format!("x{at}"))).collect();
    columns[2] = category("x2", 5);
    columns
}

fn fit_with(params: &DecisionTreeParams, columns: &[FeatureColumn], x: &Array2<f64>, y: &Array1<f64>) -> DecisionTree {
    let data = TrainingSet { columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    params.fit_set(&data, &FitContext::default()).unwrap()
}

fn bits(model: &dyn Regressor, x: ArrayView2<'_, f64>) -> Vec<u64> {
    model.predict(x).unwrap().iter().map(|value| value.to_bits()).collect()
}

fn bytes(model: &dyn Regressor) -> Vec<u8> {
    model.to_file().unwrap().to_bytes()
}

fn assert_close(found: &Array1<f64>, expected: &Array1<f64>, tolerance: f64, what: &str) {
    for (row, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * b.abs().max(1e-3), "{what}, row {row}: {a} for {b}");
    }
}

#[test]
fn learners_keep_the_promises() {
    let mut registry = LoaderRegistry::new();
    register(&mut registry);
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
fn a_weight_of_two_is_a_row_twice() {
    for seed in 4..9 {
        let (x, y) = rows(500, seed);
        // Edges between bins are found on rows, whatever their weight: columns of few values have the same.
        let x = x.mapv(|value| (value * 8.0).floor());
        let times: Vec<usize> = (0..500).map(|row| 1 + row % 2).collect();
        let repeated: Vec<usize> = (0..500).flat_map(|row| vec![row; times[row]]).collect();
        let weight: Array1<f64> = times.iter().map(|&times| times as f64).collect();
        for params in [tree(), tree().max_leaves(12), tree().max_depth(4), tree().min_child_weight(6.5)] {
            let weighted = params.fit_weighted(&x, &y, &weight).unwrap().predict(x.view()).unwrap();
            let twice = params.fit(x.select(Axis(0), &repeated), y.select(Axis(0), &repeated)).unwrap();
            assert_close(&weighted, &twice.predict(x.view()).unwrap(), 1e-12, &format!("seed {seed}, {params:?}"));
        }
    }
}

#[test]
fn a_row_without_weight_is_not_there() {
    let (x, y) = rows(400, 5);
    let x = x.mapv(|value| (value * 8.0).floor());
    let weight = Array1::from_shape_fn(400, |row| f64::from(row < 300));
    let mut wild = y.clone();
    wild.slice_mut(s![300..]).fill(1e9);
    for params in [tree(), tree().max_leaves(12)] {
        let without = params.fit(x.slice(s![..300, ..]), y.slice(s![..300])).unwrap().predict(x.view()).unwrap();
        let with = params.fit_weighted(&x, &wild, &weight).unwrap().predict(x.view()).unwrap();
        assert_close(&with, &without, 1e-12, &format!("{params:?}"));
    }
}

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
fn monotone_features_hold_everywhere() {
    let (x, mut y) = rows(3_000, 6);
    // Against the directions that are asked for, in part.
    y.iter_mut().zip(x.outer_iter()).for_each(|(y, row)| *y *= 1.0 - 0.8 * (9.0 * row[0]).sin().powi(2) * row[1]);
    let columns = columns();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let weight = Array1::from_shape_fn(3_000, |row| 0.5 + (row % 5) as f64);
    let weighted = data.with_weight(Some(weight.view())).unwrap();
    let directions = vec![1, -1, 0, 0, -1];
    let context = FitContext::default();
    let mut models: Vec<Box<dyn Regressor>> = Vec::new();
    for criterion in CRITERIA {
        for least in [1, 20] {
            let (tree, forest) = (tree().criterion(criterion), forest().criterion(criterion));
            let tree = tree.min_samples_leaf(least).monotone(directions.clone());
            let forest = forest.min_samples_leaf(least).monotone(directions.clone()).max_features(0.7);
            models.push(Box::new(tree.fit_set(&data, &context).unwrap()));
            models.push(Box::new(tree.fit_set(&weighted, &context).unwrap()));
            models.push(Box::new(tree.max_leaves(60).fit_set(&data, &context).unwrap()));
            models.push(Box::new(forest.fit_set(&weighted, &context).unwrap()));
        }
    }
    for (at, model) in models.iter().enumerate() {
        for (feature, direction) in [(0, 1.0), (1, -1.0), (4, -1.0)] {
            for row in x.outer_iter().take(15) {
                let mut grid = Array2::from_shape_fn((550, 5), |(_, feature)| row[feature]);
                grid.column_mut(feature).assign(&Array1::from_shape_fn(550, |step| (step as f64 - 25.0) / 500.0));
                let values = model.predict(grid.view()).unwrap();
                let holds = values.windows(2).into_iter().all(|pair| direction * (pair[1] - pair[0]) >= 0.0);
                assert!(holds, "model {at}: feature {feature} goes both ways");
            }
        }
        assert!(model.importance().unwrap()[0] > 0.0 && model.importance().unwrap()[4] > 0.0);
    }
}

#[test]
fn features_of_different_groups_do_not_meet() {
    let (x, _) = rows(3_000, 7);
    let y: Array1<f64> = x.outer_iter().map(|row| f64::from((row[0] > 0.5) != (row[1] > 0.4)) + row[2]).collect();
    let groups = vec![vec![0, 2], vec![1, 3]];
    for seed in 0..4 {
        let context = FitContext::seeded(seed);
        let data = TrainingSet::new(x.view(), y.view()).unwrap();
        let model = forest().interactions(groups.clone()).max_features(0.6).fit_set(&data, &context).unwrap();
        // Without a common path, the effect of feature 0 is the same whatever the others are.
        for (low, high) in [(0.1, 0.9), (0.3, 0.45), (0.39, 0.41)] {
            let effect = |row: &[f64; 5]| {
                let at = |value: f64| model.predict_row(&[value, row[1], row[2], row[3], row[4]]).unwrap();
                at(0.9) - at(0.1)
            };
            let from = [0.0, low, 3.0, 50.0, 0.5];
            // A feature of no group meets none.
            for to in [[0.0, high, 3.0, 50.0, 0.5], [0.0, low, 3.0, 50.0, high], [0.0, high, 3.0, 10.0, f64::NAN]] {
                assert!((effect(&from) - effect(&to)).abs() < 1e-9, "seed {seed}: {from:?} and {to:?}");
            }
        }
    }
    // One tree looks at one group, whichever gains at its root.
    for params in [tree(), tree().max_leaves(30)] {
        let splits = params.interactions(groups.clone()).fit(&x, &y).unwrap().importance_by(Importance::Splits);
        assert!(splits[2] > 0.0 && splits[1] == 0.0 && splits[3] == 0.0 && splits[4] == 0.0, "{splits:?}");
    }
    let splits = tree().fit(&x, &y).unwrap().importance_by(Importance::Splits);
    assert!(splits[0] > 0.0 && splits[1] > 0.0);
}

#[test]
fn missing_values_go_where_it_gains() {
    // In a small node and in a large one: missing values are like the low ones, the high ones, or neither.
    for n in [40, 4_000] {
        for (of_missing, expected) in [(1.0, [1.0, 5.0]), (5.0, [1.0, 5.0]), (9.0, [1.0, 5.0])] {
            let x = Array2::from_shape_fn((n, 1), |(row, _)| [0.0, 1.0, 2.0, f64::NAN][row % 4]);
            let y = Array1::from_shape_fn(n, |row| [1.0, 1.0, 5.0, of_missing][row % 4]);
            for params in [tree(), tree().max_leaves(3)] {
                let model = params.fit(&x, &y).unwrap();
                assert_eq!(model.predict(x.view()).unwrap(), y);
                assert_eq!(model.n_leaves(), if of_missing == 9.0 { 3 } else { 2 });
                assert_eq!(model.predict(array![[-9.0], [9.0]].view()).unwrap().to_vec(), expected);
            }
            let stump =
                tree().max_depth(1).fit(&x, &y).unwrap().predict(array![[0.0], [2.0], [f64::NAN]].view()).unwrap();
            match of_missing {
                1.0 => assert_eq!(stump, array![1.0, 5.0, 1.0]),
                5.0 => assert_eq!(stump, array![1.0, 5.0, 5.0]),
                _ => assert_eq!(stump, array![1.0, 7.0, 7.0], "with the nearer of the two"),
            }
        }
    }
}

#[test]
fn what_was_not_seen_goes_where_it_was_said_to_go() {
    // Rows by level and target; level 2 of the category has a name and no rows. In small nodes and in large ones.
    for times in [1, 20] {
        let columns = [category("audience", 3)];
        let fit = |parts: &[(f64, f64, usize)]| {
            let part = |pick: fn(&(f64, f64, usize)) -> f64| -> Vec<f64> {
                parts.iter().flat_map(|part| vec![pick(part); part.2 * times]).collect()
            };
            let values = part(|part| part.0);
            let x = Array2::from_shape_vec((values.len(), 1), values).unwrap();
            fit_with(&tree(), &columns, &x, &Array1::from(part(|part| part.1)))
        };
        let at = |model: &DecisionTree, value: f64| model.predict_row(&[value]).unwrap();
        // The larger side takes what was not seen.
        let model = fit(&[(0.0, 0.0, 60), (1.0, 9.0, 30)]);
        for unseen in [2.0, 3.0, f64::NAN, -1.0, 0.5, 1e300, f64::INFINITY] {
            assert_eq!(at(&model, unseen), 0.0, "{unseen}");
        }
        assert_eq!(at(&model, 1.0), 9.0);
        // Rows of another level were there: what is not seen goes with them.
        let model = fit(&[(0.0, 0.0, 60), (1.0, 9.0, 30), (3.0, 9.0, 5)]);
        assert!([2.0, 3.0, -1.0, 7.0].iter().all(|&unseen| at(&model, unseen) == 9.0));
        assert_eq!(at(&model, f64::NAN), 0.0);
        // Missing values were there.
        let model = fit(&[(0.0, 0.0, 60), (1.0, 0.0, 30), (f64::NAN, 9.0, 5)]);
        assert_eq!((at(&model, f64::NAN), at(&model, 2.0)), (9.0, 0.0));
        // Of a number, the same.
        let n = 90 * times;
        let x = Array2::from_shape_fn((n, 1), |(row, _)| f64::from(row % 3 == 0));
        let y = Array1::from_shape_fn(n, |row| if row % 3 == 0 { 9.0 } else { 0.0 });
        assert_eq!(at(&tree().fit(&x, &y).unwrap(), f64::NAN), 0.0);
    }
}

#[test]
fn extreme_tables_are_fitted() {
    let mut stream = Seed::new(9).stream("extremes", 0);
    let mut noise = |n: usize, p: usize| Array2::from_shape_fn((n, p), |_| stream.uniform());
    let infinite = noise(200, 2).mapv(|v| match v {
        ..0.2 => f64::NEG_INFINITY,
        0.8.. => f64::INFINITY,
        v => v,
    });
    let huge = noise(400, 2).mapv(|v| if v < 0.5 { f64::MAX * v } else { f64::MIN * v });
    let tables = [
        infinite,
        huge,
        Array2::from_elem((400, 3), 4.0),
        Array2::from_elem((400, 2), f64::NAN),
        noise(1, 3),
        noise(2, 1),
        noise(5, 0),
        noise(400, 0),
        noise(50, 10_000),
    ];
    for x in tables {
        let y = Array1::from_shape_fn(x.nrows(), |row| ((row * 7) % 5) as f64 / 4.0);
        for criterion in CRITERIA {
            let (tree, forest) = (tree().criterion(criterion), forest().n_estimators(3).criterion(criterion));
            let limited = tree.clone().max_leaves(6).fit(&x, &y).unwrap();
            check_regressor(&limited, x.view());
            let model = tree.fit(&x, &y).unwrap();
            check_regressor(&model, x.view());
            check_regressor(&forest.oob_score(true).fit(&x, &y).unwrap(), x.view());
            let found = model.predict(x.view()).unwrap();
            let varies =
                x.columns().into_iter().any(|column| column.iter().any(|v| v.to_bits() != column[0].to_bits()));
            if !varies {
                assert_close(
                    &found,
                    &Array1::from_elem(y.len(), y.mean().unwrap()),
                    1e-12,
                    "nothing to tell rows apart",
                );
            } else if x.nrows() <= 50 {
                assert_eq!(found, y);
            }
        }
        assert_eq!(forest().fit(&x, Array1::from_elem(x.nrows(), 3.25)).unwrap().n_leaves(), 8);
    }
}

#[test]
fn infinities_are_told_from_numbers() {
    for n in [90, 900] {
        let x = Array2::from_shape_fn((n, 1), |(row, _)| [f64::NEG_INFINITY, 0.0, f64::INFINITY][row % 3]);
        let y = Array1::from_shape_fn(n, |row| [5.0, 1.0, 3.0][row % 3]);
        for params in [tree(), tree().max_leaves(3)] {
            let model = params.fit(&x, &y).unwrap();
            assert_eq!(model.predict(x.view()).unwrap(), y);
        }
    }
}

#[test]
fn a_category_of_300_levels_is_learned_and_saved() {
    let columns = [FeatureColumn::number("bid"), category("audience", 300)];
    let mut stream = Seed::new(10).stream("levels", 0);
    let x = Array2::from_shape_fn((6_000, 2), |(row, feature)| {
        let level = if row % 97 == 0 { f64::NAN } else { (row % 300) as f64 };
        [stream.uniform(), level][feature]
    });
    let y: Array1<f64> =
        x.outer_iter().map(|row| if row[1].is_nan() { 0.5 } else { f64::from(row[1] as u32 * 7 % 10 < 3) }).collect();
    for criterion in CRITERIA {
        let model = fit_with(&tree().criterion(criterion).min_samples_leaf(20), &columns, &x, &y);
        let error = (&model.predict(x.view()).unwrap() - &y).mapv(|error| error * error).mean().unwrap();
        // 46 levels share a bin; the variance of the target is about 0.2.
        assert!(error < 0.06, "{criterion:?}: {error}");
        let back = DecisionTree::from_file(&ModelFile::from_bytes(&bytes(&model)).unwrap()).unwrap();
        assert_eq!(back, model);
        let unseen = array![[0.3, 300.0], [0.3, f64::NAN], [0.3, 1e9], [0.3, -2.0]];
        assert_eq!(bits(&back, unseen.view()), bits(&model, unseen.view()));
        assert!(model.steps_along(1, &[0.3, 2.0]).is_none() && model.steps_along(0, &[0.3, 2.0]).is_some());
    }
}

#[test]
fn the_unit_of_weights_does_not_matter() {
    let (x, y) = rows(600, 11);
    let weight = Array1::from_shape_fn(600, |row| 1.0 + (row % 3) as f64);
    for (params, y) in [(tree(), y.clone()), (tree().max_leaves(20), y.clone()), (tree().criterion(Criterion::Gini), y)]
    {
        let expected = params.fit_weighted(&x, &y, &weight).unwrap().predict(x.view()).unwrap();
        for unit in [1e-300, 1e-30, 0.125, 3.0, 1e30, 1e300] {
            let found = params.fit_weighted(&x, &y, &weight * unit).unwrap().predict(x.view()).unwrap();
            assert_close(&found, &expected, 1e-12, &format!("{unit} {params:?}"));
        }
    }
}

#[test]
fn weights_of_any_size_give_finite_predictions_or_an_error() {
    let mut registry = LoaderRegistry::new();
    register(&mut registry);
    let (x, y) = rows(600, 12);
    for unit in [5e-324, 1e-308, 1e300, f64::MAX / 1e3, f64::MAX] {
        for spread in [false, true] {
            let weight = Array1::from_shape_fn(600, |row| if spread && row % 3 > 0 { 1.0 } else { unit });
            for target in [y.clone(), y.mapv(|y| 1e100 * y), y.mapv(|y| 1e150 * (y - 0.5))] {
                let models: [std::result::Result<Box<dyn Regressor>, ModelError>; 3] = [
                    tree().fit_weighted(&x, &target, &weight).map(|model| Box::new(model) as _),
                    tree().max_leaves(8).fit_weighted(&x, &target, &weight).map(|model| Box::new(model) as _),
                    forest()
                        .oob_score(true)
                        .oob_importance(true)
                        .fit_weighted(&x, &target, &weight)
                        .map(|model| Box::new(model) as _),
                ];
                let range = target.iter().fold((f64::MAX, f64::MIN), |(low, high), &y| (low.min(y), high.max(y)));
                for (at, model) in models.into_iter().enumerate() {
                    let Ok(model) = model else { continue };
                    let found = model.predict(x.view()).unwrap();
                    let inside = found.iter().all(|p| (range.0..=range.1).contains(p));
                    assert!(inside, "model {at}: weights of {unit}, {spread}: {} outside {range:?}", found[0]);
                    // Gains beyond the largest number are in no file.
                    let file = ModelFile::from_bytes(&bytes(&*model)).unwrap();
                    match registry.load_regressor(&file) {
                        Ok(back) => assert_eq!(bits(&*back, x.view()), bits(&*model, x.view())),
                        Err(error) => assert!(unit > 1e300 || target[0].abs() > 1.0, "{unit}: {error}"),
                    }
                }
            }
        }
    }
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

fn assert_steps(model: &dyn Regressor, steps: &Steps, feature: usize, row: &[f64]) {
    let Steps { breakpoints, values } = steps;
    assert_eq!(values.len(), breakpoints.len() + 1);
    assert!(breakpoints.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(values.windows(2).all(|pair| pair[0] != pair[1]), "neighbours of equal value are one step");
    let mut row = row.to_vec();
    let mut at = |value: f64| {
        row[feature] = value;
        model.predict_row(&row).unwrap().to_bits()
    };
    for (i, value) in values.iter().enumerate() {
        let low = if i == 0 { f64::NEG_INFINITY } else { breakpoints[i - 1].next_up() };
        let high = breakpoints.get(i).copied().unwrap_or(f64::INFINITY);
        let middle = if low.is_finite() && high.is_finite() { low + 0.5 * (high - low) } else { high };
        for inside in [low, middle, high] {
            assert_eq!(at(inside), value.to_bits(), "step {i} of feature {feature} at {inside}");
        }
    }
}

#[test]
fn going_on_is_the_same_as_not_having_stopped() {
    let (x, y) = rows(400, 15);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    for criterion in CRITERIA {
        // Trees know their number, so that even draws are the same.
        let params = forest().criterion(criterion).max_features(0.5);
        let at_once = params.clone().n_estimators(7).fit(&x, &y).unwrap();
        let first = params.clone().n_estimators(3).fit(&x, &y).unwrap();
        let context = FitContext { warm_start: Some(&first), ..FitContext::default() };
        let second = params.clone().n_estimators(4).oob_score(true).fit_set(&data, &context).unwrap();
        assert_eq!((second.n_trees(), bytes(&second)), (7, bytes(&at_once)), "{criterion:?}");
        assert!(second.oob_score().is_none(), "trees of before saw rows that nobody remembers");
    }
}

#[test]
fn a_start_of_another_kind_is_refused() {
    let (x, y) = rows(60, 16);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let narrow = forest().fit(x.slice(s![.., ..3]), &y).unwrap();
    let gini = forest().criterion(Criterion::Gini).fit(&x, &y).unwrap();
    let one = tree().fit(&x, &y).unwrap();
    for start in [&narrow as &dyn Regressor, &gini, &one] {
        let context = FitContext { warm_start: Some(start), ..FitContext::default() };
        assert!(forest().fit_set(&data, &context).is_err());
        let error = tree().fit_set(&data, &context).unwrap_err();
        assert_eq!(error.to_string(), "`decision_tree` does not support a warm start");
    }
    let offset = data.with_offset(Some(y.view())).unwrap();
    assert_eq!(
        tree().fit_set(&offset, &FitContext::default()).unwrap_err().to_string(),
        "`decision_tree` does not support an offset"
    );
    assert!(forest().fit_set(&offset, &FitContext::default()).is_err());
}

#[test]
fn a_cancelled_fit_says_so() {
    /// Cancels after the third tree.
    struct Impatient(CancelToken);
    impl adsml_core::Observer for Impatient {
        fn progress(&self, progress: adsml_core::Progress<'_>) {
            if progress.done == 3 {
                self.0.cancel();
            }
        }
    }
    let (x, y) = rows(600, 17);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let observer = Impatient(CancelToken::new());
    let context = FitContext { observer: Some(&observer), cancel: Some(&observer.0), ..FitContext::default() };
    assert!(tree().fit_set(&data, &context).is_ok(), "nobody cancelled so far");
    let error = forest().n_estimators(50).fit_set(&data, &context).unwrap_err();
    assert!(matches!(error, ModelError::Core(Error::Cancelled)), "{error}");
    for params in [tree(), tree().max_leaves(9)] {
        let error = params.fit_set(&data, &context).unwrap_err();
        assert!(matches!(error, ModelError::Core(Error::Cancelled)), "{error}");
    }
}

#[test]
fn parameters_outside_their_range_are_named() {
    let (x, y) = rows(60, 18);
    let columns = columns();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let context = FitContext::default();
    let named = |expected: &str, error: ModelError| {
        let text = error.to_string();
        assert!(matches!(error, ModelError::InvalidParameter { name, .. } if name == expected), "{expected}: {text}");
    };
    named("n_estimators", forest().n_estimators(0).fit_set(&data, &context).unwrap_err());
    macro_rules! cases {
        ($($name:ident: $($value:expr),+;)+) => {
            $($(
                named(stringify!($name), tree().$name($value).fit_set(&data, &context).unwrap_err());
                named(stringify!($name), forest().$name($value).fit_set(&data, &context).unwrap_err());
            )+)+
        };
    }
    cases! {
        min_samples_leaf: 0;
        min_child_weight: -1.0, f64::NAN, f64::INFINITY;
        min_split_gain: -0.1, f64::NAN;
        max_features: 0.0, 1.1, -1.0, f64::NAN;
        max_bins: 1, 256;
        n_classes: 1, 1_001;
        monotone: vec![1], vec![2, 0, 0, 0, 0], vec![0, 0, 1, 0, 0];
        interactions: vec![vec![5]];
    }
}

#[test]
fn targets_outside_the_domain_are_refused_by_row() {
    let x = Array2::zeros((3, 1));
    let numbers = (Criterion::SquaredError, vec![f64::NAN, f64::INFINITY, 1e151]);
    for (criterion, values) in [numbers, (Criterion::Gini, vec![f64::NAN, -0.1, 1.5])] {
        for bad in values {
            let y = array![1.0, bad, 1.0];
            let errors = [
                tree().criterion(criterion).fit(&x, &y).unwrap_err(),
                forest().criterion(criterion).fit(&x, &y).unwrap_err(),
            ];
            for error in errors {
                assert!(matches!(error, ModelError::InvalidTarget { row: 1, .. }), "{criterion:?}: {error}");
            }
        }
    }
}

#[test]
fn rates_are_predicted_as_classes_are() {
    // Rows of 0 and 1, and what they come to: their rate, weighted with how many there are.
    let (x, y) = classes(2_000, 19);
    let x = x.slice(s![.., 2..4]).mapv(|value| (value / 10.0).floor());
    let mut totals = std::collections::BTreeMap::<[u64; 2], (f64, f64)>::new();
    for (row, y) in x.outer_iter().zip(&y) {
        let total = totals.entry([row[0] as u64, row[1] as u64]).or_default();
        *total = (total.0 + y, total.1 + 1.0);
    }
    let rates_x =
        Array2::from_shape_vec((totals.len(), 2), totals.keys().flatten().map(|&value| value as f64).collect());
    let rates_x = rates_x.unwrap();
    let rates: Array1<f64> = totals.values().map(|(clicks, n)| clicks / n).collect();
    let n: Array1<f64> = totals.values().map(|(_, n)| *n).collect();
    for params in [tree(), tree().max_leaves(5), tree().min_child_weight(250.5)] {
        let params = params.criterion(Criterion::Gini);
        let of_rates = params.fit_weighted(&rates_x, &rates, &n).unwrap();
        let of_rows = params.fit(&x, &y).unwrap();
        assert_close(&of_rates.predict(x.view()).unwrap(), &of_rows.predict(x.view()).unwrap(), 1e-12, "rates");
        let proba = of_rates.as_classifier().expect("it has classes").predict_proba(rates_x.view()).unwrap();
        assert_eq!(proba.column(1), of_rates.predict(rates_x.view()).unwrap());
        assert!(proba.outer_iter().all(|row| row[0] == 1.0 - row[1]));
    }
}

/// Sections of a forest's file.
const SECTIONS: [&str; 11] = [
    "importance_gain",
    "importance_splits",
    "importance_cover",
    "tree_questions",
    "tree_values",
    "tree_cover",
    "tree_roots",
    "tree_set_levels",
    "tree_set_bits",
    "oob_predictions",
    "oob_score",
];

/// A small forest with numbers, categories and missing values.
fn small_model(criterion: Criterion) -> (RandomForest, Array2<f64>) {
    let (x, y) = rows(80, 20);
    let columns = columns();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let params = forest().n_estimators(3).min_samples_leaf(3).criterion(criterion).max_features(0.6).oob_score(true);
    let model = params.fit_set(&data, &FitContext::default()).unwrap();
    assert!(model.importance_by(Importance::Splits)[2] > 0.0, "some splits are of the category");
    (model, x)
}

/// A file that is read must be as good as any other: nothing it does panics.
fn use_it(file: &ModelFile, x: &Array2<f64>) -> bool {
    let Ok(model) = RandomForest::from_file(file) else { return false };
    let x = x.slice(s![..8, ..]);
    let _ = model.predict(x);
    let _ = model.as_classifier().map(|classifier| classifier.predict_proba(x));
    for row in x.outer_iter() {
        let _ = (model.predict_row(&row.to_vec()), model.steps_along(0, &row.to_vec()));
    }
    let _ = (model.oob_score(), model.oob_predictions(), model.oob_proba(), model.importance());
    let _ = model.to_file().map(|file| file.to_bytes());
    true
}

#[test]
fn damaged_files_are_refused() {
    let (model, x) = small_model(Criterion::Gini);
    let bytes = bytes(&model);
    assert!(use_it(&ModelFile::from_bytes(&bytes).unwrap(), &x));
    for length in (0..bytes.len()).step_by(7) {
        assert!(ModelFile::from_bytes(&bytes[..length]).is_err(), "{length} bytes of {}", bytes.len());
    }
    let mut damaged = bytes.clone();
    for bit in (0..8 * bytes.len()).step_by(41) {
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(ModelFile::from_bytes(&damaged).is_err(), "bit {bit}");
        damaged[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn hostile_sections_never_panic() {
    for criterion in CRITERIA {
        let (model, x) = small_model(criterion);
        let file = model.to_file().unwrap();
        let copy = || ModelFile::from_bytes(&file.to_bytes()).unwrap();
        let mut stream = Seed::new(21).stream("hostile", 0);
        for name in SECTIONS {
            let section = file.bytes(name).unwrap().to_vec();
            let changed = |bytes: Vec<u8>| {
                let mut file = copy();
                file.put_bytes(name, bytes);
                use_it(&file, &x)
            };
            assert!(changed(section.clone()), "{name}: nothing was changed");
            for length in 0..section.len().min(40) {
                changed(section[..length].to_vec());
                changed(section[section.len() - length..].to_vec());
            }
            // A number less or more.
            for length in [section.len().saturating_sub(8), section.len() + 8] {
                let mut other = section.clone();
                other.resize(length, 0);
                // Nothing says how many rows there were; sets of no levels take no bits.
                let may_vary = ["oob_predictions", "tree_set_levels"].contains(&name) || length == section.len();
                assert!(!changed(other) || may_vary, "{criterion:?}: {length} bytes of `{name}` are read");
            }
            for fill in [0x00, 0x7f, 0x80, 0xff] {
                changed(vec![fill; section.len()]);
            }
            for _ in 0..150.min(20 * section.len()) {
                let mut other = section.clone();
                let bit = stream.below(8 * section.len());
                other[bit / 8] ^= 1 << (bit % 8);
                changed(other);
            }
        }
        let n_nodes = file.f64("tree_values").unwrap().len();
        let refused = |change: &dyn Fn(&mut ModelFile)| {
            let mut file = copy();
            change(&mut file);
            assert!(!use_it(&file, &x));
        };
        refused(&|file| _ = file.put_f64("tree_values", &vec![f64::NAN; n_nodes]));
        refused(&|file| _ = file.put_u32("tree_roots", &[]));
        refused(&|file| _ = file.put_u32("tree_roots", &[u32::MAX; 3]));
        refused(&|file| _ = file.put_u32("tree_set_levels", &[u32::MAX]));
        refused(&|file| _ = file.put_bytes("tree_questions", vec![0xfe; 2 * n_nodes]));
        refused(&|file| _ = file.put_f64("importance_gain", &[1.0]));
        refused(&|file| _ = file.put_f64("oob_score", &[]));
        refused(&|file| _ = file.set_fact("question_bytes", 3));
        refused(&|file| _ = file.set_fact("criterion", "magic"));
        if criterion == Criterion::Gini {
            refused(&|file| _ = file.set_fact("n_classes", 3));
        }
        assert!(DecisionTree::from_file(&file).is_err(), "a forest is no tree");
    }
}

#[test]
fn rows_and_features_are_drawn_as_asked() {
    let x = Array2::from_shape_fn((400, 4), |(row, feature)| ((row * (3 + 4 * feature)) % 401) as f64);
    let y: Array1<f64> = x.outer_iter().map(|row| row[0] + 0.5 * row[1] + 0.1 * row[2]).collect();
    let forest = || RandomForest::params().n_estimators(8);
    let leaves = |params: RandomForestParams| params.fit(&x, &y).unwrap().n_leaves() as f64 / 8.0;
    // Of n draws with replacement, a share of 1 - 1/e differ; of half as many, 1 - 1/sqrt(e).
    let (all, half, without) =
        (leaves(forest()), leaves(forest().max_samples(0.5)), leaves(forest().max_samples(0.5).bootstrap(false)));
    let distinct = leaves(forest().bootstrap(false));
    assert!(
        (all / distinct - 0.632).abs() < 0.05 && (half / distinct - 0.393).abs() < 0.05,
        "{all}, {half} of {distinct}"
    );
    assert!((without / distinct - 0.5).abs() < 0.01, "{without} of {distinct}");
    // A quarter of the features is one: a tree asks for no other.
    let one = forest().n_estimators(1).colsample_by_tree(0.25).fit(&x, &y).unwrap();
    assert_eq!(one.importance().unwrap().iter().filter(|&&gain| gain > 0.0).count(), 1);
    let levels = forest().n_estimators(1).colsample_by_level(0.25).fit(&x, &y).unwrap();
    assert!(levels.importance().unwrap().iter().filter(|&&gain| gain > 0.0).count() > 1);
    for share in [0.0, 1.1, f64::NAN] {
        assert!(forest().max_samples(share).fit(&x, &y).is_err());
    }
}
