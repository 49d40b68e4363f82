//! What trees and forests of three classes and more promise, seen from outside.

use std::num::NonZeroUsize;
use std::sync::Arc;

use adsml_core::{
    CancelToken, Classifier, Error, FeatureColumn, FeatureKind, FitContext, Learner, Levels, LoaderRegistry, ModelFile,
    ParamValue, Regressor, Seed, TrainingSet,
};
use adsml_models::{
    Criterion, DecisionTree, DecisionTreeParams, Importance, ModelError, RandomForest, RandomForestParams, register,
};
use adsml_testing::{Preset, check_learner, check_regressor};
use ndarray::{Array1, Array2, Axis, array, s};

fn tree(n_classes: usize) -> DecisionTreeParams {
    DecisionTree::params().criterion(Criterion::Gini).n_classes(n_classes)
}

fn forest(n_classes: usize) -> RandomForestParams {
    RandomForest::params().criterion(Criterion::Gini).n_classes(n_classes).n_estimators(20)
}

/// Two numbers, few levels, a column with holes, and noise; a class of three that follows them, three times out of four.
fn rows(n: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut stream = Seed::new(seed).stream("classes", 0);
    let x = Array2::from_shape_fn((n, 5), |(_, feature)| match feature {
        0 | 1 => stream.uniform(),
        2 => stream.below(6) as f64,
        3 => [stream.uniform(), f64::NAN][usize::from(stream.below(4) == 0)],
        _ => (stream.uniform() * 40.0).floor(),
    });
    let y = x.outer_iter().map(|row| {
        let hole = if row[3].is_nan() { 1.0 } else { row[3] };
        let class = if row[0] + 0.1 * row[2] > 0.9 { 2.0 } else { f64::from(row[1] + hole > 1.0) };
        if stream.below(4) == 0 { stream.below(3) as f64 } else { class }
    });
    let y = y.collect();
    (x, y)
}

fn category(name: &str, n_levels: usize) -> FeatureColumn {
    let levels = Levels::from_iter((0..n_levels).map(|level| level.to_string()));
    FeatureColumn { kind: FeatureKind::Category { levels: Arc::new(levels) }, ..FeatureColumn::number(name) }
}

/// The columns of `rows`, the levels as a category of which some have no name.
fn columns() -> Vec<FeatureColumn> {
    let mut columns: Vec<FeatureColumn> = (0..5).map(|at| FeatureColumn::number(format!("x{at}"))).collect();
    columns[2] = category("x2", 5);
    columns
}

fn with_categories(x: &mut Array2<f64>) {
    x.column_mut(2).iter_mut().for_each(|value| *value = value.min(5.0));
}

fn proba(model: &dyn Regressor, x: &Array2<f64>) -> Array2<f64> {
    model.as_classifier().expect("it has classes").predict_proba(x.view()).unwrap()
}

fn bits(model: &dyn Regressor, x: &Array2<f64>) -> Vec<u64> {
    proba(model, x).iter().chain(&model.predict(x.view()).unwrap()).map(|value| value.to_bits()).collect()
}

/// Mean of squared differences between probabilities and indicators.
fn brier(proba: &Array2<f64>, y: &Array1<f64>) -> f64 {
    let of_row = |(row, &y): (usize, &f64)| -> f64 {
        proba.row(row).iter().enumerate().map(|(class, p)| (f64::from(class as f64 == y) - p).powi(2)).sum()
    };
    y.iter().enumerate().map(of_row).sum::<f64>() / y.len() as f64
}

#[test]
fn learners_of_three_classes_keep_the_promises() {
    let mut registry = LoaderRegistry::new();
    register(&mut registry);
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
fn a_forest_beats_the_prior_on_rows_it_has_not_seen() {
    let ((x, y), (x_new, y_new)) = (rows(3_000, 11), rows(2_000, 12));
    let model = forest(3).n_estimators(60).min_samples_leaf(5).oob_score(true).fit(&x, &y).unwrap();
    let shares: Vec<f64> =
        (0..3).map(|class| y.iter().filter(|&&y| y == f64::from(class)).count() as f64 / y.len() as f64).collect();
    let prior = brier(&Array2::from_shape_fn((2_000, 3), |(_, class)| shares[class]), &y_new);
    let found = brier(&proba(&model, &x_new), &y_new);
    assert!(found < 0.65 * prior, "{found} for the prior's {prior}");
    // Rows that trees did not see are as good as new ones.
    let score = model.oob_score().unwrap();
    assert!((score - (1.0 - found / prior)).abs() < 0.05, "{score} for {}", 1.0 - found / prior);
}

#[test]
fn the_out_of_bag_score_is_that_of_its_probabilities() {
    let (x, y) = rows(200, 13);
    let weight = Array1::from_shape_fn(200, |row| 1.0 + (row % 4) as f64);
    for n_classes in [2, 3] {
        let y = if n_classes == 2 { y.mapv(|class| class.min(1.0)) } else { y.clone() };
        let params = forest(n_classes).n_estimators(4).oob_score(true);
        let model = params.fit_weighted(&x, &y, &weight).unwrap();
        let (proba, predictions) = (model.oob_proba().unwrap(), model.oob_predictions().unwrap());
        assert_eq!(proba.dim(), (200, n_classes));
        let seen: Vec<usize> = (0..200).filter(|&row| !predictions[row].is_nan()).collect();
        assert!(seen.len() < 200, "some rows were in every draw");
        let (mut error, mut spread) = (0.0, 0.0);
        let total: f64 = seen.iter().map(|&row| weight[row]).sum();
        for class in 0..n_classes {
            let is = |row: usize| f64::from(y[row] == class as f64);
            let share = seen.iter().map(|&row| weight[row] * is(row)).sum::<f64>() / total;
            for &row in &seen {
                error += weight[row] * (is(row) - proba[[row, class]]).powi(2);
                spread += weight[row] * (is(row) - share).powi(2);
            }
        }
        assert!((model.oob_score().unwrap() - (1.0 - error / spread)).abs() < 1e-12, "{n_classes} classes");
        for &row in &seen {
            let mean: f64 = (0..n_classes).map(|class| class as f64 * proba[[row, class]]).sum();
            assert!((predictions[row] - mean).abs() < 1e-12);
        }
    }
    assert!(RandomForest::params().n_estimators(3).oob_score(true).fit(&x, &y).unwrap().oob_proba().is_none());
    assert!(forest(3).fit(&x, &y).unwrap().oob_proba().is_none());
}

#[test]
fn what_was_not_seen_goes_where_it_was_said_to_go() {
    // Rows by level and class; level 2 of the category has a name and no rows.
    let fit = |parts: &[(f64, f64, usize)]| {
        let columns = [category("audience", 3)];
        let values: Vec<f64> = parts.iter().flat_map(|&(value, _, times)| vec![value; times]).collect();
        let y: Array1<f64> = parts.iter().flat_map(|&(_, class, times)| vec![class; times]).collect();
        let x = Array2::from_shape_vec((values.len(), 1), values).unwrap();
        let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
        tree(3).fit_set(&data, &FitContext::default()).unwrap()
    };
    let class = |model: &DecisionTree, value: f64| model.predict_row(&[value]).unwrap();
    let model = fit(&[(0.0, 0.0, 60), (1.0, 2.0, 30)]);
    assert!([2.0, 3.0, f64::NAN, -1.0, 0.5, 1e300].iter().all(|&unseen| class(&model, unseen) == 0.0));
    assert_eq!(class(&model, 1.0), 2.0);
    let model = fit(&[(0.0, 0.0, 60), (1.0, 2.0, 30), (3.0, 1.0, 5)]);
    assert!([2.0, 3.0, -1.0, 7.0].iter().all(|&unseen| class(&model, unseen) == 1.0));
    let model = fit(&[(0.0, 0.0, 60), (1.0, 2.0, 30), (f64::NAN, 1.0, 5)]);
    assert_eq!(class(&model, f64::NAN), 1.0);
    // Missing numbers have a side of their own; where none was seen, they go with the many.
    let x = array![[f64::NAN], [1.0], [f64::NAN], [2.0], [2.0], [2.0]];
    let y = array![2.0, 0.0, 2.0, 1.0, 1.0, 1.0];
    assert_eq!(tree(3).fit(&x, &y).unwrap().predict(x.view()).unwrap(), y);
    let known = tree(3).fit(x.select(Axis(0), &[1, 3, 4]), y.select(Axis(0), &[1, 3, 4])).unwrap();
    assert_eq!(class(&known, f64::NAN), 1.0);
}

#[test]
fn extreme_tables_are_fitted() {
    let mut stream = Seed::new(14).stream("extremes", 0);
    let mut noise = |n: usize, p: usize| Array2::from_shape_fn((n, p), |_| stream.uniform());
    let infinite = noise(200, 2).mapv(|v| [f64::NEG_INFINITY, v, f64::INFINITY][(v * 3.0) as usize]);
    let tables = [
        infinite,
        Array2::from_elem((200, 3), 4.0),
        Array2::from_elem((200, 2), f64::NAN),
        noise(1, 3),
        noise(2, 1),
        noise(5, 0),
        noise(50, 3_000),
    ];
    for x in tables {
        for y in [Array1::from_shape_fn(x.nrows(), |row| ((row * 7) % 5) as f64), Array1::from_elem(x.nrows(), 3.0)] {
            check_regressor(&tree(1000).fit(&x, &y).unwrap(), x.view());
            let forest = forest(5).n_estimators(3).oob_score(true).fit(&x, &y).unwrap();
            check_regressor(&forest, x.view());
            if y[0] == 3.0 {
                assert_eq!(forest.n_leaves(), 3, "a constant target is a leaf");
                assert!(forest.predict(x.view()).unwrap().iter().all(|&class| class == 3.0));
            }
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

#[test]
fn numbers_that_are_no_classes_are_refused_by_row() {
    let x = Array2::zeros((3, 1));
    for bad in [3.0, -1.0, 0.5, f64::NAN, f64::INFINITY] {
        let y = array![1.0, bad, 1.0];
        for error in [tree(3).fit(&x, &y).unwrap_err(), forest(3).fit(&x, &y).unwrap_err()] {
            assert!(matches!(error, ModelError::InvalidTarget { row: 1, .. }), "{error}");
            assert!(error.to_string().ends_with("expected the number of a class, from 0, below n_classes"), "{error}");
        }
    }
}

#[test]
fn what_classes_do_not_take_is_named() {
    let (x, y) = rows(60, 16);
    let named = |result: std::result::Result<DecisionTree, ModelError>, expected: &str| {
        let error = result.unwrap_err();
        assert!(matches!(&error, ModelError::InvalidParameter { name, .. } if name == expected), "{error}");
    };
    named(tree(1).fit(&x, &y), "n_classes");
    named(tree(1001).fit(&x, &y), "n_classes");
    named(tree(3).monotone(vec![1, 0, 0, 0, 0]).fit(&x, &y), "monotone");
    assert!(tree(3).monotone(vec![0; 5]).fit(&x, &y).is_ok());
    let error = DecisionTree::params().fit(&x, &y).unwrap().predict_proba(x.view()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`decision_tree` does not support class probabilities after fitting by squared_error"
    );
    let mut learner = forest(2);
    learner.set_param("n_classes", ParamValue::Integer(3)).unwrap();
    assert_eq!(learner.param("n_classes").unwrap(), ParamValue::Integer(3));
    assert_eq!(learner.fit(&x, &y).unwrap(), forest(3).fit(&x, &y).unwrap());
    let token = CancelToken::new();
    token.cancel();
    let context = FitContext { cancel: Some(&token), ..FitContext::default() };
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    assert!(matches!(tree(3).fit_set(&data, &context), Err(ModelError::Core(Error::Cancelled))));
    assert!(matches!(forest(3).fit_set(&data, &context), Err(ModelError::Core(Error::Cancelled))));
}

#[test]
fn a_forest_goes_on_from_one_of_its_kind() {
    let (x, y) = rows(200, 17);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let at_once = forest(3).n_estimators(7).fit(&x, &y).unwrap();
    let first = forest(3).n_estimators(3).fit(&x, &y).unwrap();
    let context = FitContext { warm_start: Some(&first), ..FitContext::default() };
    let second = forest(3).n_estimators(4).fit_set(&data, &context).unwrap();
    assert_eq!((second.n_trees(), bits(&second, &x)), (7, bits(&at_once, &x)));
    let low = y.mapv(|class| class.min(1.0));
    for other in [forest(4), forest(2), RandomForest::params()] {
        let data = TrainingSet::new(x.view(), low.view()).unwrap();
        assert!(other.fit_set(&data, &context).is_err());
    }
}

/// A small forest with numbers, categories and missing values.
fn small_model() -> (RandomForest, Array2<f64>) {
    let (mut x, y) = rows(80, 18);
    with_categories(&mut x);
    let columns = columns();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let params = forest(3).n_estimators(3).min_samples_leaf(3).oob_score(true);
    (params.fit_set(&data, &FitContext::default()).unwrap(), x)
}

#[test]
fn saved_forests_come_back_and_leaves_of_one_class_share_their_probabilities() {
    let (model, x) = small_model();
    let back = RandomForest::from_file(&ModelFile::from_bytes(&model.to_file().unwrap().to_bytes()).unwrap()).unwrap();
    assert_eq!(bits(&back, &x), bits(&model, &x));
    assert_eq!(back.to_file().unwrap().to_bytes(), model.to_file().unwrap().to_bytes());
    assert_eq!(back.classes(), ["0", "1", "2"]);

    let (x, y) = rows(2_000, 19);
    let deep = tree(3).fit(&x, &y).unwrap();
    assert!(deep.n_leaves() > 300);
    assert_eq!(deep.to_file().unwrap().f64("distributions").unwrap().len(), 9, "every leaf is of one class");
}

/// A file that is read must be as good as any other: nothing it does panics.
fn use_it(file: &ModelFile, x: &Array2<f64>) -> bool {
    let Ok(model) = RandomForest::from_file(file) else { return false };
    let x = x.slice(s![..8, ..]);
    let _ = model.predict(x);
    let proba = model.as_classifier().map(|classifier| classifier.predict_proba(x));
    if let Some(Ok(proba)) = proba {
        assert!(proba.iter().all(|p| (0.0..=1.0).contains(p)));
    }
    let _ = (model.oob_proba(), model.predict_row(&x.row(0).to_vec()), model.steps_along(0, &x.row(0).to_vec()));
    let _ = model.to_file().map(|file| file.to_bytes());
    true
}

#[test]
fn hostile_sections_never_panic() {
    let (model, x) = small_model();
    let file = model.to_file().unwrap();
    let mut stream = Seed::new(20).stream("hostile", 0);
    let copy = || ModelFile::from_bytes(&file.to_bytes()).unwrap();
    for name in ["distributions", "tree_values", "tree_questions", "tree_roots", "oob_proba", "oob_predictions"] {
        let section = file.bytes(name).unwrap().to_vec();
        let changed = |bytes: Vec<u8>| {
            let mut file = copy();
            file.put_bytes(name, bytes);
            use_it(&file, &x)
        };
        assert!(changed(section.clone()), "{name}: nothing was changed");
        for length in 0..section.len().min(64) {
            changed(section[..length].to_vec());
        }
        for length in [section.len() - 8, section.len() + 8] {
            let mut other = section.clone();
            other.resize(length, 0);
            assert!(!changed(other), "{length} bytes of `{name}` are read");
        }
        for fill in [0x00, 0x7f, 0x80, 0xff] {
            changed(vec![fill; section.len()]);
        }
        for _ in 0..400 {
            let mut other = section.clone();
            let bit = stream.below(8 * section.len());
            other[bit / 8] ^= 1 << (bit % 8);
            changed(other);
        }
    }
    let values = file.f64("distributions").unwrap();
    let refused = |change: &dyn Fn(&mut ModelFile)| {
        let mut file = copy();
        change(&mut file);
        assert!(!use_it(&file, &x));
    };
    refused(&|file| _ = file.put_f64("distributions", &[]));
    refused(&|file| _ = file.put_f64("distributions", &values[..values.len() - 3]));
    refused(&|file| _ = file.put_f64("distributions", &vec![f64::NAN; values.len()]));
    refused(&|file| _ = file.put_f64("distributions", &vec![0.5; values.len()]));
    refused(&|file| _ = file.put_f64("distributions", &[2.0, -0.5, -0.5].repeat(values.len() / 3)));
    for n_classes in [-1.0, 0.0, 1.0, 2.0, 2.5, 4.0, 1e300] {
        refused(&|file| _ = file.set_fact("n_classes", n_classes));
    }
    refused(&|file| _ = file.set_fact("n_classes", "three"));
    let mut two = forest(2)
        .n_estimators(2)
        .fit(&x, Array1::from_shape_fn(80, |row| (row % 2) as f64))
        .unwrap()
        .to_file()
        .unwrap();
    assert!(use_it(&two, &x));
    two.set_fact("n_classes", 3);
    assert!(!use_it(&two, &x), "two classes have no distributions");
}

#[test]
fn out_of_bag_importance_of_two_classes_is_that_of_many() {
    let (x, y) = rows(300, 8);
    let y = y.mapv(|class| class.min(1.0));
    let found = |n_classes| {
        let model = forest(n_classes).oob_importance(true).fit(&x, &y).unwrap();
        let file = ModelFile::from_bytes(&model.to_file().unwrap().to_bytes()).unwrap();
        assert_eq!(RandomForest::from_file(&file).unwrap().oob_importance(), model.oob_importance());
        model.oob_importance().expect("it was asked for").to_vec()
    };
    // The third class has no rows: its share is zero everywhere, and the halved Brier score is the squared error.
    let (two, three) = (found(2), found(3));
    assert!(two.iter().map(|one| one.mean).fold(f64::MIN, f64::max) > 0.02, "{two:?}");
    for (two, three) in two.iter().zip(&three) {
        assert!((two.mean - three.mean).abs() < 0.02, "{two:?}, {three:?}");
    }
}
