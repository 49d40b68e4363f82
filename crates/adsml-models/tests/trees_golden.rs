//! Test losses among those of LightGBM 4.7.0 and XGBoost 3.2.0 on real data
//! (`tests/golden/lightgbm-4.7.0/boosting.py`, `tests/golden/xgboost-3.2.0/boosting.py`).
//!
//! Trees differ by rounding and by where bins end, so that losses are not the same number. Both sides are fitted with ten seeds on
//! nine tenths of the features: the means differ by no more than three standard errors. A tree on all features is a single
//! draw, and lies within four standard deviations.
#![allow(clippy::print_stdout)]

use std::path::Path;

use adsml_core::{FitContext, TrainingSet};
use adsml_models::{GradientBoosting, GradientBoostingParams, Loss, Regressor};
use ndarray::{Array1, Array2};
use serde_json::Value;

/// Label first, tab-separated, no header.
fn read(path: &Path) -> (Array2<f64>, Array1<f64>) {
    let text = std::fs::read_to_string(path).expect("a file of the data set");
    let rows: Vec<Vec<f64>> =
        text.lines().map(|line| line.split('\t').map(|cell| cell.parse().expect("a number")).collect()).collect();
    let x = Array2::from_shape_fn((rows.len(), rows[0].len() - 1), |(row, feature)| rows[row][feature + 1]);
    (x, rows.iter().map(|row| row[0]).collect())
}

fn loss(model: &GradientBoosting, loss: Loss, x: &Array2<f64>, y: &Array1<f64>) -> f64 {
    let predicted = model.predict(x.view()).unwrap();
    let proba = model.as_classifier().map(|classifier| classifier.predict_proba(x.view()).unwrap());
    let of_row = |row: usize| match (loss, &proba) {
        (Loss::SquaredError, _) => (y[row] - predicted[row]).powi(2),
        (_, Some(proba)) => -proba[[row, y[row] as usize]].ln(),
        _ => unreachable!("every other loss here has classes"),
    };
    (0..y.len()).map(of_row).sum::<f64>() / y.len() as f64
}

fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt())
}

fn compare(stored: &Value, name: &str, file: &str, params: &GradientBoostingParams, kind: Loss) {
    let Some(folder) = adsml_testing::shared_data("lightgbm_examples") else { return };
    let path = |end: &str| folder.join(format!("{file}.{end}"));
    let ((x, y), (x_test, y_test)) = (read(&path("train")), read(&path("test")));
    let weight: Option<Array1<f64>> = (name == "weighted").then(|| {
        let text = std::fs::read_to_string(path("train.weight")).expect("a file of the data set");
        text.lines().map(|line| line.trim().parse::<f64>().expect("a number")).collect()
    });
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let data = data.with_weight(weight.as_ref().map(Array1::view)).unwrap();
    let fit = |params: &GradientBoostingParams, seed: u64| {
        let model = params.clone().loss(kind).fit_set(&data, &FitContext::seeded(seed)).unwrap();
        loss(&model, kind, &x_test, &y_test)
    };

    let case = stored["cases"].as_array().unwrap().iter().find(|case| case["name"] == name).expect("a stored case");
    let theirs: Vec<f64> = case["sampled"].as_array().unwrap().iter().map(|loss| loss.as_f64().unwrap()).collect();
    let ours: Vec<f64> = (0..10).map(|seed| fit(&params.clone().colsample_by_tree(0.9), seed)).collect();
    let ((mean, deviation), (their_mean, their_deviation)) = (mean_and_deviation(&ours), mean_and_deviation(&theirs));
    let (all, their_all) = (fit(params, 0), case["all_features"].as_f64().unwrap());
    println!(
        "{name}: {mean:.5} +- {deviation:.5}, all {all:.5}; theirs {their_mean:.5} +- {their_deviation:.5}, all {their_all:.5}"
    );

    let error = ((deviation.powi(2) + their_deviation.powi(2)) / 10.0).sqrt();
    assert!((mean - their_mean).abs() <= 3.0 * error, "{name}: mean loss {mean}, theirs {their_mean}");
    assert!((all - their_all).abs() <= 4.0 * their_deviation, "{name}: loss {all}, theirs {their_all}");
}

fn classes(params: GradientBoostingParams, leaves: usize) -> GradientBoostingParams {
    params.max_leaves(leaves).n_classes(5)
}

#[test]
fn leaf_wise_losses_are_among_those_of_lightgbm() {
    let Some(stored) = adsml_testing::golden("lightgbm-4.7.0/boosting.json") else { return };
    let params = |leaves, rate| classes(GradientBoostingParams::lightgbm(), leaves).learning_rate(rate);
    let binary = "binary_classification/binary";
    compare(&stored, "binary", binary, &params(63, 0.1), Loss::Logistic);
    compare(&stored, "weighted", binary, &params(63, 0.1), Loss::Logistic);
    compare(&stored, "regression", "regression/regression", &params(31, 0.05), Loss::SquaredError);
    compare(&stored, "multiclass", "multiclass_classification/multiclass", &params(31, 0.05), Loss::Softmax);
}

#[test]
fn depth_wise_losses_are_among_those_of_xgboost() {
    let Some(stored) = adsml_testing::golden("xgboost-3.2.0/boosting.json") else { return };
    let params = GradientBoostingParams::xgboost().learning_rate(0.1);
    compare(&stored, "binary", "binary_classification/binary", &params, Loss::Logistic);
    compare(&stored, "regression", "regression/regression", &params, Loss::SquaredError);
}
