//! Models of LightGBM and XGBoost, and what those predict with them: the same bits.
//!
//! The stored ones lie in `tests/golden/<library>-<version>/exchange/`, made by the script beside the folder; others of its
//! making are judged too where `ADSML_EXCHANGE_DIR` names their folder.

use std::path::{Path, PathBuf};

use adsml_core::{FeatureKind, LoaderRegistry, ModelFile};
use adsml_models::{ImportedModel, Regressor};
use ndarray::Array2;
use serde_json::Value;

use super::{contributions, differing, divisor, numbers, rows, singles};

/// Cases of a folder: the model's path and what is stored of it.
fn cases(folder: &Path, ends: &[&str]) -> Vec<(PathBuf, Value)> {
    let mut cases = Vec::new();
    let entries = std::fs::read_dir(folder).expect("a folder of cases");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths {
        let end = path.extension().and_then(|end| end.to_str()).unwrap_or_default();
        if !ends.contains(&end) {
            continue;
        }
        let stored = path.with_extension("json");
        let stored = if end == "json" { path.with_extension("case") } else { stored };
        let text = std::fs::read_to_string(&stored).unwrap_or_else(|error| panic!("{}: {error}", stored.display()));
        cases.push((path, serde_json::from_str(&text).expect("JSON")));
    }
    cases
}

fn folders(library: &str) -> Vec<PathBuf> {
    let stored = adsml_testing::workspace_root().join("tests/golden").join(library).join("exchange");
    let others = std::env::var_os("ADSML_EXCHANGE_DIR").map(|folder| PathBuf::from(folder).join(library));
    [Some(stored), others].into_iter().flatten().filter(|folder| folder.is_dir()).collect()
}

/// Distance in units in the last place; the same NaN is at none.
fn ulps(a: f64, b: f64) -> u64 {
    let ordered = |value: f64| {
        let bits = value.to_bits().cast_signed();
        if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
    };
    if a.is_nan() && b.is_nan() { 0 } else { ordered(a).abs_diff(ordered(b)) }
}

fn check_columns(model: &ImportedModel, stored: &Value) {
    let (Some(names), Some(levels)) = (stored["names"].as_array(), stored["levels"].as_array()) else { return };
    assert!(model.feature_names().iter().eq(names.iter().map(|name| name.as_str().unwrap())));
    for (column, levels) in model.columns().iter().zip(levels) {
        let levels: Vec<&str> = levels.as_array().unwrap().iter().map(|level| level.as_str().unwrap()).collect();
        match &column.kind {
            FeatureKind::Category { levels: ours } => assert!(ours.iter().eq(levels)),
            FeatureKind::Number => assert_eq!(levels.len(), 0),
        }
    }
}

/// The same predictions after it was stored in a model file of ours.
fn check_file(model: &ImportedModel, x: &Array2<f64>) {
    let bytes = model.to_file().unwrap().to_bytes();
    let file = ModelFile::from_bytes(&bytes).unwrap();
    let back = ImportedModel::from_file(&file).unwrap();
    assert_eq!(&back, model);
    let (found, expected) = (back.outputs(x.view()).unwrap(), model.outputs(x.view()).unwrap());
    assert_eq!(differing(&found, expected.as_slice().unwrap()), 0);
    let mut registry = LoaderRegistry::new();
    adsml_models::register(&mut registry);
    assert_eq!(registry.load_regressor(&file).unwrap().n_features(), model.n_features());
}

#[test]
fn lightgbm_predicts_the_same_bits() {
    let mut n_numbers = 0;
    for (path, stored) in folders("lightgbm-4.7.0").iter().flat_map(|folder| cases(folder, &["txt"])) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let model = ImportedModel::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let (n_features, n_outputs) =
            (stored["n_features"].as_u64().unwrap() as usize, stored["n_outputs"].as_u64().unwrap() as usize);
        assert_eq!((model.n_features(), model.n_outputs()), (n_features, n_outputs), "{name}");
        let x = rows(&stored, n_features);

        let averaged = |sums: &Value, n_rounds: usize| -> Vec<f64> {
            numbers(sums).iter().map(|sum| sum / divisor(&name, n_rounds)).collect()
        };
        let raw = model.raw_scores(x.view()).unwrap();
        assert_eq!(differing(&raw, &averaged(&stored["raw"], model.n_rounds())), 0, "raw scores of {name}");
        n_numbers += raw.len();
        for pair in stored["rounds"].as_array().unwrap() {
            let n_rounds = pair[0].as_u64().unwrap() as usize;
            let first = model.first_rounds(n_rounds).unwrap();
            let raw = first.raw_scores(x.view()).unwrap();
            assert_eq!(differing(&raw, &averaged(&pair[1], n_rounds)), 0, "{n_rounds} rounds of {name}");
        }
        let outputs = model.outputs(x.view()).unwrap();
        let theirs = numbers(&stored["predict"]);
        let worst = outputs.iter().zip(&theirs).map(|(&a, &b)| ulps(a, b)).max().unwrap_or_default();
        assert!(worst <= 1, "predictions of {name} are {worst} units in the last place apart");
        contributions::check(&model, x.view(), &numbers(&stored["contributions"]), &name);
        check_columns(&model, &stored);
        check_file(&model, &x);
        if model.n_outputs() == 1 || model.as_classifier().is_some() {
            adsml_testing::check_regressor(&model, x.view());
        }
    }
    println!("{n_numbers} raw scores of LightGBM, none differs");
}

#[test]
fn xgboost_predicts_the_same_bits() {
    let mut n_numbers = 0;
    for (path, stored) in folders("xgboost-3.2.0").iter().flat_map(|folder| cases(folder, &["json"])) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let model = ImportedModel::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let binary =
            ImportedModel::read(path.with_extension("ubj")).unwrap_or_else(|error| panic!("{name}.ubj: {error}"));
        assert_eq!(model, binary, "JSON and UBJSON of {name}");
        let (n_features, n_outputs) =
            (stored["n_features"].as_u64().unwrap() as usize, stored["n_outputs"].as_u64().unwrap() as usize);
        assert_eq!((model.n_features(), model.n_outputs()), (n_features, n_outputs), "{name}");
        let x = rows(&stored, n_features);

        let raw = model.raw_scores(x.view()).unwrap();
        assert_eq!(differing(&raw, &singles(&stored["raw"])), 0, "margins of {name}");
        n_numbers += raw.len();
        for pair in stored["rounds"].as_array().unwrap() {
            let n_rounds = pair[0].as_u64().unwrap() as usize;
            let first = model.first_rounds(n_rounds).unwrap();
            let theirs = singles(&pair[1]);
            assert_eq!(differing(&first.raw_scores(x.view()).unwrap(), &theirs), 0, "{n_rounds} rounds of {name}");
        }
        let outputs = model.outputs(x.view()).unwrap();
        let theirs = singles(&stored["predict"]);
        if model.objective() == "multi:softmax" {
            let class = |row: ndarray::ArrayView1<'_, f64>| {
                let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                row.iter().position(|&p| p == most).unwrap() as f64
            };
            assert!(outputs.outer_iter().map(class).eq(theirs), "classes of {name}");
        } else {
            let steps = |a: f64, b: f64| ordered_single(a as f32).abs_diff(ordered_single(b as f32));
            let worst = outputs.iter().zip(&theirs).map(|(&a, &b)| steps(a, b)).max().unwrap_or_default();
            assert!(worst <= 1, "predictions of {name} are {worst} units in the last place apart");
        }
        assert_eq!(model.best_round().map(|best| best as u64), stored["best_round"].as_u64(), "{name}");
        check_columns(&model, &stored);
        check_file(&model, &x);
        if model.n_outputs() == 1 || model.as_classifier().is_some() {
            adsml_testing::check_regressor(&model, x.view());
        }
    }
    println!("{n_numbers} margins of XGBoost, none differs");
}

/// Numbers of neighbours that differ by one.
fn ordered_single(value: f32) -> i32 {
    let bits = value.to_bits().cast_signed();
    if bits < 0 { i32::MIN.wrapping_sub(bits) } else { bits }
}

/// Label first, tab-separated, no header.
fn read_rows(path: &Path) -> (Array2<f64>, Vec<f64>) {
    let text = std::fs::read_to_string(path).expect("a file of the data set");
    let rows: Vec<Vec<f64>> =
        text.lines().map(|line| line.split('\t').map(|cell| cell.parse().expect("a number")).collect()).collect();
    let x = Array2::from_shape_fn((rows.len(), rows[0].len() - 1), |(row, feature)| rows[row][feature + 1]);
    (x, rows.iter().map(|row| row[0]).collect())
}

/// The share of pairs of a positive and a negative row in the right order.
fn area_under_curve(scores: &[f64], y: &[f64]) -> f64 {
    let (mut right, mut pairs) = (0.0, 0.0);
    for (a, _) in scores.iter().zip(y).filter(|(_, y)| **y == 1.0) {
        for (b, _) in scores.iter().zip(y).filter(|(_, y)| **y == 0.0) {
            right += if a > b { 1.0 } else { 0.5 * f64::from(a == b) };
            pairs += 1.0;
        }
    }
    right / pairs
}

/// As the README of the data states them; models by `tests/golden/lightgbm-4.7.0/reference.py`, of which one is stored and all are
/// judged where `ADSML_REFERENCE_DIR` names their folder.
#[test]
fn reference_scores_are_reproduced() {
    let Some(data) = adsml_testing::shared_data("lightgbm_examples") else { return };
    let stored = adsml_testing::workspace_root().join("tests/golden/lightgbm-4.7.0/exchange-reference");
    let others = std::env::var_os("ADSML_REFERENCE_DIR").map(PathBuf::from);
    for folder in [Some(stored), others].into_iter().flatten() {
        for (name, file, stated) in [
            ("regression", "regression/regression.test", [0.171_616, f64::NAN]),
            ("binary", "binary_classification/binary.test", [0.52025, 0.81622]),
            ("binary_weighted", "binary_classification/binary.test", [0.50318, 0.83100]),
            ("multiclass", "multiclass_classification/multiclass.test", [1.23395, 0.4900]),
        ] {
            let path = folder.join(name).with_extension("txt");
            if !path.exists() {
                println!("skipped: no model {name} in {}", folder.display());
                continue;
            }
            let (model, (x, y)) = (ImportedModel::read(path).unwrap(), read_rows(&data.join(file)));
            let mean = |score: &dyn Fn(usize) -> f64| (0..y.len()).map(score).sum::<f64>() / y.len() as f64;
            let predicted = model.predict(x.view()).unwrap();
            let scores = if let Some(classifier) = model.as_classifier() {
                let proba = classifier.predict_proba(x.view()).unwrap();
                let log_loss = mean(&|row| -proba[[row, y[row] as usize]].ln());
                let is_right =
                    |row: usize| f64::from(proba.row(row).iter().all(|&p| p <= proba[[row, y[row] as usize]]));
                let second =
                    if name == "multiclass" { mean(&is_right) } else { area_under_curve(&predicted.to_vec(), &y) };
                [log_loss, second]
            } else {
                [mean(&|row| (predicted[row] - y[row]).powi(2)), f64::NAN]
            };
            println!("{name}: {scores:?}, stated {stated:?}");
            for (score, stated) in scores.into_iter().zip(stated).filter(|(_, stated)| !stated.is_nan()) {
                // Half a unit of the last digit that is stated.
                assert!((score - stated).abs() < 5.1e-6, "{name}: {score}, stated is {stated}");
            }
        }
    }
}

#[test]
fn what_is_not_supported_is_refused_by_the_name_of_its_field() {
    let golden = adsml_testing::workspace_root().join("tests/golden");
    let refused = |file: &str, from: &str, to: &str| {
        let text = std::fs::read_to_string(golden.join(file)).unwrap();
        assert!(text.contains(from), "{file} has {from}");
        ImportedModel::from_bytes(text.replacen(from, to, 1).as_bytes()).unwrap_err().to_string()
    };
    let lightgbm = "lightgbm-4.7.0/exchange/binary.txt";
    for (from, to, message) in [
        ("is_linear=0", "is_linear=1", "trees with linear leaves are not supported"),
        ("version=v4", "version=v2", "`version`, line 2: is \"v2\", expected v3 or v4"),
        (
            "objective=binary sigmoid:0.7",
            "objective=unheard_of",
            "`objective`, line 7: \"unheard_of\" is not supported",
        ),
        ("shrinkage=", "leaf_twist=", "is no field of a tree that is known here"),
        ("num_leaves=6", "num_leaves=7", "`Tree=0.leaf_value`"),
        ("left_child=1", "left_child=0", "split 0 is reached twice"),
    ] {
        let error = refused(lightgbm, from, to);
        assert!(error.starts_with("LightGBM text refused at `") && error.contains(message), "{error}");
    }
    let xgboost = "xgboost-3.2.0/exchange/reg_gamma.json";
    for (from, to, message) in [
        ("\"name\":\"gbtree\"", "\"name\":\"gblinear\"", "`learner.gradient_booster.name`"),
        ("\"size_leaf_vector\":\"1\"", "\"size_leaf_vector\":\"2\"", "trees[0].tree_param.size_leaf_vector`"),
        ("\"name\":\"reg:gamma\"", "\"name\":\"reg:delta\"", "`objective.name`: \"reg:delta\" is not supported"),
        ("\"num_target\":\"1\"", "\"num_target\":\"2\"", "`tree_info`: does not give every output as many trees"),
        ("\"left_children\":[1,", "\"left_children\":[0,", "`trees[0].left_children`: node 0 is reached twice"),
    ] {
        let error = refused(xgboost, from, to);
        assert!(error.starts_with("XGBoost JSON refused at `") && error.contains(message), "{error}");
    }
}
