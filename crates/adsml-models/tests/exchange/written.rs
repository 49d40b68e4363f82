//! Models of ours as LightGBM's text, and what LightGBM predicts with them: the same bits.
//!
//! `tests/golden/lightgbm-4.7.0/written/` holds models of ours, NAME.model, their texts, NAME.txt, and what `written.py` beside it
//! stored of LightGBM's predictions, NAME.json. `ADSML_WRITE_MODELS=DIR` fits the models anew, into DIR, with their texts.

use std::path::{Path, PathBuf};

use adsml_core::{FeatureColumn, FeatureKind, FitContext, LoaderRegistry, ModelFile, Regressor, Seed, TrainingSet};
use adsml_models::{
    Criterion, DecisionTree, GradientBoosting, GradientBoostingParams, ImportedModel, Link, Loss, RandomForest,
};
use ndarray::{Array1, Array2};
use serde_json::Value;

use super::{differing, numbers, rows};

fn columns() -> Vec<FeatureColumn> {
    let category = |name: &str, n: usize| FeatureColumn {
        kind: FeatureKind::Category { levels: std::sync::Arc::new((0..n).map(|level| level.to_string()).collect()) },
        ..FeatureColumn::number(name)
    };
    vec![
        FeatureColumn::number("bid, euros"),
        FeatureColumn::number("hour of day"),
        category("placement", 5),
        category("site", 70),
    ]
}

/// Rows with missing numbers and categories, and levels that are rare or absent.
fn training_rows(n: usize, holes: bool) -> (Array2<f64>, Array1<f64>) {
    let mut stream = Seed::new(5).stream("written", u64::from(holes));
    let x = Array2::from_shape_fn((n, 4), |(_, feature)| {
        let value = match feature {
            0 => stream.uniform() - 0.5,
            1 => stream.below(24) as f64,
            2 => stream.below(5) as f64,
            _ => (stream.below(60) * stream.below(60) / 60) as f64,
        };
        if holes && stream.below(8) == 0 { f64::NAN } else { value }
    });
    let y = Array1::from_shape_fn(n, |row| {
        let at = |feature: usize| if x[[row, feature]].is_nan() { 3.0 } else { x[[row, feature]] };
        at(0) + (at(1) / 4.0).sin() + (at(2) % 2.0) - at(3) / 40.0 + 0.3 * stream.uniform()
    });
    (x, y)
}

/// One model of every kind, with its name.
fn models() -> Vec<(&'static str, Box<dyn Regressor>)> {
    let mut models: Vec<(&'static str, Box<dyn Regressor>)> = Vec::new();
    let few = |params: GradientBoostingParams| params.n_estimators(5).max_leaves(9).min_samples_leaf(5);
    for holes in [true, false] {
        let (x, y) = training_rows(600, holes);
        let columns = columns();
        let fit = |params: GradientBoostingParams, y: &Array1<f64>| {
            let data = TrainingSet::new(x.view(), y.view()).unwrap().with_columns(&columns).unwrap();
            Box::new(few(params).fit_set(&data, &FitContext::default()).unwrap()) as Box<dyn Regressor>
        };
        let params = GradientBoosting::params;
        if !holes {
            models.push(("no_holes", fit(params(), &y)));
            continue;
        }
        models.push(("squared_error", fit(params(), &y)));
        models.push(("poisson", fit(params().loss(Loss::Poisson), &y.mapv(f64::exp))));
        models.push(("logistic", fit(params().loss(Loss::Logistic), &y.mapv(|y| f64::from(y > 0.0)))));
        let classes = y.mapv(|y| f64::from(y > -0.5) + f64::from(y > 0.5));
        models.push(("softmax", fit(params().loss(Loss::Softmax).n_classes(3), &classes)));
        models.push(("symmetric", fit(GradientBoostingParams::catboost().max_depth(3), &y)));
        let data = |y: &Array1<f64>| {
            let context = FitContext::default();
            let data = TrainingSet::new(x.view(), y.view()).unwrap().with_columns(&columns).unwrap();
            let forest = RandomForest::params().n_estimators(4).max_depth(4).fit_set(&data, &context).unwrap();
            (forest, DecisionTree::params().max_depth(4).fit_set(&data, &context).unwrap())
        };
        let (forest, tree) = data(&y);
        models.push(("forest", Box::new(forest)));
        models.push(("tree", Box::new(tree)));
        let set = TrainingSet::new(x.view(), classes.view()).unwrap().with_columns(&columns).unwrap();
        let of_classes = RandomForest::params().n_estimators(4).max_depth(4).criterion(Criterion::Gini).n_classes(3);
        models.push(("forest_of_classes", Box::new(of_classes.fit_set(&set, &FitContext::default()).unwrap())));
    }
    models
}

/// The model of a file, its text, and its raw scores of rows.
fn text_and_raw(file: &ModelFile, x: &Array2<f64>) -> (String, Vec<f64>) {
    let raw_of =
        |raw: &dyn Fn(&[f64]) -> Vec<f64>| x.outer_iter().flat_map(|row| raw(row.as_slice().unwrap())).collect();
    match file.kind() {
        GradientBoosting::KIND => {
            let model = GradientBoosting::from_file(file).unwrap();
            let n_outputs = if model.link() == Link::Softmax { 3 } else { 1 };
            let raw = raw_of(&|row| (0..n_outputs).map(|class| model.raw_score(row, class).unwrap()).collect());
            (model.to_lightgbm_text().unwrap(), raw)
        }
        kind => {
            let mut registry = LoaderRegistry::new();
            adsml_models::register(&mut registry);
            let model = registry.load_regressor(file).unwrap();
            let classes = model.as_classifier().filter(|classifier| classifier.classes().len() > 2);
            let raw = match classes {
                Some(classifier) => classifier.predict_proba(x.view()).unwrap().into_raw_vec_and_offset().0,
                None => model.predict(x.view()).unwrap().to_vec(),
            };
            let text = if kind == RandomForest::KIND {
                RandomForest::from_file(file).unwrap().to_lightgbm_text()
            } else {
                DecisionTree::from_file(file).unwrap().to_lightgbm_text()
            };
            (text.unwrap(), raw)
        }
    }
}

fn stored(folder: &Path) -> Vec<(String, ModelFile, Value)> {
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let paths = paths.into_iter().filter(|path| path.extension().is_some_and(|end| end == "model"));
    paths
        .map(|path| {
            let file = ModelFile::from_bytes(&std::fs::read(&path).unwrap()).unwrap();
            let json = std::fs::read_to_string(path.with_extension("json")).unwrap();
            (path.file_stem().unwrap().to_string_lossy().into_owned(), file, serde_json::from_str(&json).unwrap())
        })
        .collect()
}

#[test]
fn lightgbm_predicts_what_we_predict() {
    let folder = adsml_testing::workspace_root().join("tests/golden/lightgbm-4.7.0/written");
    let cases = stored(&folder);
    assert!(cases.len() >= 9);
    for (name, file, case) in cases {
        let x = rows(&case, 4);
        let (text, raw) = text_and_raw(&file, &x);
        let read = std::fs::read_to_string(folder.join(&name).with_extension("txt")).unwrap();
        assert!(text == read, "{name}: another text than LightGBM read");
        assert_eq!(differing(&raw, &numbers(&case["raw"])), 0, "{name}: of {} raw scores", raw.len());
    }
}

#[test]
fn what_is_written_is_read_again() {
    let folder = adsml_testing::workspace_root().join("tests/golden/lightgbm-4.7.0");
    for (name, file, case) in stored(&folder.join("written")) {
        let x = rows(&case, 4);
        let (text, raw) = text_and_raw(&file, &x);
        let back = ImportedModel::from_lightgbm_text(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(differing(&back.raw_scores(x.view()).unwrap(), &raw), 0, "{name}");
        let again = ImportedModel::from_lightgbm_text(&back.to_lightgbm_text().unwrap()).unwrap();
        assert_eq!(differing(&again.raw_scores(x.view()).unwrap(), &raw), 0, "{name}");
    }
    // Models of LightGBM's own.
    for entry in std::fs::read_dir(folder.join("exchange")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "txt") {
            let model = ImportedModel::read(&path).unwrap();
            let back = ImportedModel::from_lightgbm_text(&model.to_lightgbm_text().unwrap()).unwrap();
            let x = Array2::from_shape_fn((200, model.n_features()), |(row, feature)| {
                [f64::NAN, 0.0, -0.0, 1e-36, -1.0, -0.5, 1.5, 70.0, 1e9][(row * 7 + feature * (row / 9 + 1)) % 9]
            });
            let (a, b) = (model.outputs(x.view()).unwrap(), back.outputs(x.view()).unwrap());
            assert_eq!(differing(&b, a.as_slice().unwrap()), 0, "{}", path.display());
        }
    }
    let xgboost = adsml_testing::workspace_root().join("tests/golden/xgboost-3.2.0/exchange/dart.json");
    let refused = ImportedModel::read(xgboost).unwrap().to_lightgbm_text().unwrap_err().to_string();
    assert_eq!(refused, "`xgboost` does not support writing sums of f32 as LightGBM's text");
}

#[test]
fn models_for_the_script() {
    let Some(folder) = std::env::var_os("ADSML_WRITE_MODELS").map(PathBuf::from) else {
        println!("skipped: ADSML_WRITE_MODELS names no folder");
        return;
    };
    for (name, model) in models() {
        let file = model.to_file().unwrap();
        let (text, _) = text_and_raw(&file, &Array2::zeros((0, 4)));
        std::fs::write(folder.join(name).with_extension("model"), file.to_bytes()).unwrap();
        std::fs::write(folder.join(name).with_extension("txt"), text).unwrap();
    }
}
