//! What Shapley values of fitted models promise, seen from outside.

use std::sync::Arc;

use adsml_core::{FeatureColumn, FeatureKind, FitContext, Levels, Regressor, Seed, TrainingSet};
use adsml_models::{
    Criterion, DecisionTree, GradientBoosting, GradientBoostingParams, Loss, RandomForest, ShapInteractions, ShapValues,
};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};

/// Two numbers, a category, a column with holes, and noise; a target of three whole numbers that follows them.
fn rows(n: usize) -> (Array2<f64>, Array1<f64>) {
    let mut stream = Seed::new(5).stream("shap", 0);
    let x = Array2::from_shape_fn((n, 5), |(_, feature)| match feature {
        0 | 1 => stream.uniform(),
        2 => stream.below(6) as f64,
        3 => [stream.uniform(), f64::NAN][usize::from(stream.below(4) == 0)],
        _ => stream.uniform(),
    });
    let y = x.outer_iter().map(|row| {
        let hole = if row[3].is_nan() { 1.0 } else { row[3] };
        f64::from(row[0] + 0.1 * row[2] > 0.6) + f64::from(row[1] * hole > 0.3)
    });
    let y = y.collect();
    (x, y)
}

fn columns() -> Vec<FeatureColumn> {
    let mut columns: Vec<FeatureColumn> = ["age", "hour", "place", "spend", "noise"].map(FeatureColumn::number).into();
    let levels = Levels::from_iter((0..6).map(|level| level.to_string()));
    columns[2].kind = FeatureKind::Category { levels: Arc::new(levels) };
    columns
}

fn fit(params: &GradientBoostingParams, loss: Loss) -> (GradientBoosting, Array2<f64>) {
    let (x, y) = rows(600);
    let y = if loss == Loss::Logistic { y.mapv(|y| y / 2.0) } else { y };
    let columns = columns();
    let data = TrainingSet::new(x.view(), y.view()).unwrap().with_columns(&columns).unwrap();
    (params.clone().loss(loss).n_classes(3).fit_set(&data, &FitContext::default()).unwrap(), x)
}

/// Base and contributions of a row, added up.
fn sum(shap: &ShapValues, output: usize, row: usize) -> f64 {
    shap.base(output) + shap.values(output).row(row).sum()
}

fn assert_pairs_sum_to_values(pairs: &ShapInteractions, values: &ShapValues) {
    for output in 0..values.n_outputs() {
        let sums = pairs.values(output).sum_axis(Axis(2));
        assert!(sums.iter().zip(values.values(output)).all(|(sum, value)| (sum - value).abs() < 1e-9));
        let of_pairs = pairs.values(output);
        assert!(of_pairs.outer_iter().all(|row| row == row.t()), "interactions are not symmetric");
    }
}

fn bits(values: ArrayView2<'_, f64>) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

#[test]
fn contributions_of_boosting_sum_to_the_raw_score_of_every_class() {
    let presets = [
        GradientBoosting::params().n_estimators(30),
        GradientBoostingParams::xgboost().n_estimators(30),
        GradientBoostingParams::catboost().n_estimators(30),
        // Deep enough for every feature to come again and again.
        GradientBoostingParams::lightgbm().n_estimators(5).max_leaves(200).min_samples_leaf(1),
    ];
    for params in presets {
        for loss in [Loss::SquaredError, Loss::Logistic, Loss::Poisson, Loss::Softmax] {
            let (model, x) = fit(&params, loss);
            let shap = model.shap_values(x.view()).unwrap();
            let against = model.shap_values_against(x.view(), x.slice(s![..7, ..])).unwrap();
            assert_eq!(shap.feature_names(), model.feature_names());
            for output in 0..shap.n_outputs() {
                for (row, values) in x.outer_iter().enumerate() {
                    let raw = model.raw_score(&values.to_vec(), output).unwrap();
                    assert!((sum(&shap, output, row) - raw).abs() < 1e-9, "{loss:?}, row {row}");
                    assert!((sum(&against, output, row) - raw).abs() < 1e-9, "{loss:?}, row {row}");
                }
            }
            let few = x.slice(s![..20, ..]);
            let pairs = model.shap_interactions(few).unwrap();
            assert_pairs_sum_to_values(&pairs, &model.shap_values(few).unwrap());
        }
    }
}

#[test]
fn contributions_of_trees_and_forests_sum_to_what_is_predicted() {
    let (x, y) = rows(600);
    let tree = DecisionTree::params().max_leaves(40).fit(&x, &y).unwrap();
    let forest = RandomForest::params().n_estimators(15).fit(&x, &y).unwrap();
    let shaps = [tree.shap_values(x.view()).unwrap(), forest.shap_values(x.view()).unwrap()];
    let predicted = [tree.predict(x.view()).unwrap(), forest.predict(x.view()).unwrap()];
    for (shap, predicted) in shaps.iter().zip(&predicted) {
        assert!(predicted.iter().enumerate().all(|(row, p)| (sum(shap, 0, row) - p).abs() < 1e-9));
    }
    let background = x.slice(s![..50, ..]);
    let against = forest.shap_values_against(x.view(), background).unwrap();
    assert!(predicted[1].iter().enumerate().all(|(row, p)| (sum(&against, 0, row) - p).abs() < 1e-9));
    assert!((against.base(0) - predicted[1].slice(s![..50]).mean().unwrap()).abs() < 1e-9);
}

#[test]
fn a_forest_of_many_classes_explains_the_probability_of_each() {
    let (x, y) = rows(400);
    let params = RandomForest::params().n_estimators(10).criterion(Criterion::Gini).n_classes(3);
    let forest = params.fit(&x, &y).unwrap();
    let proba = forest.as_classifier().unwrap().predict_proba(x.view()).unwrap();
    let shap = forest.shap_values(x.view()).unwrap();
    assert_eq!(shap.n_outputs(), 3);
    for ((row, class), p) in proba.indexed_iter() {
        assert!((sum(&shap, class, row) - p).abs() < 1e-9);
    }
    // The prediction is the mean number of the classes, and so is what is explained of it.
    let row = x.row(3).to_vec();
    let explanation = forest.explain(&row).unwrap().unwrap();
    let total = explanation.base + explanation.contributions.iter().sum::<f64>();
    assert!((total - forest.predict_row(&row).unwrap()).abs() < 1e-9);
}

#[test]
fn a_row_alone_gets_the_bits_it_gets_in_a_batch() {
    let (model, x) = fit(&GradientBoosting::params().n_estimators(40), Loss::Softmax);
    let shap = model.shap_values(x.view()).unwrap();
    let against = model.shap_values_against(x.view(), x.slice(s![..9, ..])).unwrap();
    let pairs = model.shap_interactions(x.view()).unwrap();
    for row in [0, 63, 64, 599] {
        let alone = x.slice(s![row..=row, ..]);
        for output in 0..3 {
            let same = |alone: &ShapValues, all: &ShapValues| {
                assert_eq!(bits(alone.values(output)), bits(all.values(output).slice(s![row..=row, ..])));
                assert_eq!(alone.base(output).to_bits(), all.base(output).to_bits());
            };
            same(&model.shap_values(alone).unwrap(), &shap);
            same(&model.shap_values_against(alone, x.slice(s![..9, ..])).unwrap(), &against);
            let alone = model.shap_interactions(alone).unwrap();
            let (alone, all) = (alone.values(output), pairs.values(output));
            assert_eq!(bits(alone.index_axis(Axis(0), 0)), bits(all.index_axis(Axis(0), row)));
        }
    }
    let column_major = x.t().as_standard_layout().reversed_axes().into_owned();
    assert_eq!(model.shap_values(column_major.view()).unwrap(), shap);
}

#[test]
fn explain_is_the_same_and_says_nothing_of_several_classes() {
    let (model, x) = fit(&GradientBoosting::params().n_estimators(20), Loss::Logistic);
    let shap = model.shap_values(x.view()).unwrap();
    assert_eq!(model.explain(&x.row(17).to_vec()).unwrap(), Some(shap.explanation(0, 17)));
    let (model, x) = fit(&GradientBoosting::params().n_estimators(5), Loss::Softmax);
    assert_eq!(model.explain(&x.row(17).to_vec()).unwrap(), None);
}

#[test]
fn noise_gets_little_and_what_is_never_asked_nothing() {
    let (model, x) = fit(&GradientBoosting::params().n_estimators(60), Loss::SquaredError);
    let importance = model.shap_values(x.view()).unwrap().mean_absolute(0);
    assert!((0..4).all(|feature| importance[feature] > 3.0 * importance[4]), "{importance:?}");
    let stump = DecisionTree::params().max_leaves(2).fit(x.slice(s![.., ..2]), x.column(1)).unwrap();
    let shap = stump.shap_values(x.slice(s![.., ..2])).unwrap();
    assert!(shap.values(0).column(0).iter().all(|&value| value == 0.0));
}
