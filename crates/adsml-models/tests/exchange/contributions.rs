//! The same contributions as LightGBM 4.7.0's `pred_contrib`, to 1e-9, and XGBoost 3.2.0's `pred_contribs` and `pred_interactions`, which are
//! of `f32` (`tests/golden/<library>-<version>/shap.py`), of the models in `exchange/` beside the scripts.

use std::path::PathBuf;

use adsml_models::{ImportedModel, Regressor};
use ndarray::{Array2, ArrayView2, s};
use serde_json::Value;

use super::{divisor, numbers, rows, singles};

/// The models of a library, and what it says of each: the stored ones, and those in the folder that `ADSML_EXCHANGE_DIR` names.
fn explained(library: &str) -> Vec<(PathBuf, String, Value)> {
    let stored = adsml_testing::golden(&format!("{library}/shap.json"))
        .map(|golden| (adsml_testing::workspace_root().join("tests/golden").join(library).join("exchange"), golden));
    let others = std::env::var_os("ADSML_EXCHANGE_DIR").and_then(|folder| {
        let folder = PathBuf::from(folder).join(library);
        let text = std::fs::read_to_string(folder.join("shap.json")).ok()?;
        Some((folder, serde_json::from_str(&text).expect("JSON")))
    });
    let cases = |(folder, golden): (PathBuf, Value)| {
        let Value::Object(cases) = golden else { panic!("an object of models") };
        cases.into_iter().map(move |(name, theirs)| (folder.clone(), name, theirs))
    };
    [stored, others].into_iter().flatten().flat_map(cases).collect()
}

/// LightGBM's `pred_contrib` of the first rows, features and the base, output after output; gives by how much ours differ at most.
pub(super) fn check(model: &ImportedModel, x: ArrayView2<'_, f64>, theirs: &[f64], name: &str) -> f64 {
    let (p, n_outputs) = (model.n_features(), model.n_outputs());
    let theirs = Array2::from_shape_vec((theirs.len() / (n_outputs * (p + 1)), n_outputs * (p + 1)), theirs.to_vec());
    let theirs = theirs.expect("whole rows") / divisor(name, model.n_rounds());
    let shap = model.shap_values(x.slice(s![..theirs.nrows(), ..])).unwrap();
    let mut worst = 0.0_f64;
    for output in 0..n_outputs {
        for (row, ours) in shap.values(output).outer_iter().enumerate() {
            let theirs = theirs.slice(s![row, output * (p + 1)..(output + 1) * (p + 1)]);
            let ours = ours.iter().copied().chain([shap.base(output)]);
            for (feature, (ours, theirs)) in ours.zip(theirs).enumerate() {
                let difference = (ours - theirs).abs();
                worst = worst.max(difference);
                assert!(difference < 1e-9, "{name}, row {row}, feature {feature}: {ours}, not {theirs}");
            }
        }
    }
    worst
}

#[test]
fn contributions_are_those_of_lightgbm() {
    let (mut worst, mut n_models) = (0.0_f64, 0);
    for (folder, name, theirs) in explained("lightgbm-4.7.0") {
        n_models += 1;
        let model = ImportedModel::read(folder.join(format!("{name}.txt"))).unwrap();
        let case = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let x = rows(&serde_json::from_str(&case).unwrap(), model.n_features());
        let theirs = numbers(&theirs);
        assert_eq!(theirs.len(), 8 * model.n_outputs() * (model.n_features() + 1), "{name}");
        worst = worst.max(check(&model, x.view(), &theirs, &name));
    }
    println!("contributions of {n_models} models of LightGBM, off by at most {worst:e}");
}

#[test]
fn contributions_and_interactions_are_those_of_xgboost() {
    let (mut worst, mut n_models) = (0.0_f64, 0);
    for (folder, name, theirs) in explained("xgboost-3.2.0") {
        n_models += 1;
        let model = ImportedModel::read(folder.join(format!("{name}.ubj"))).unwrap();
        let case = std::fs::read_to_string(folder.join(format!("{name}.case"))).unwrap();
        let (p, n_outputs) = (model.n_features(), model.n_outputs());
        let all = rows(&serde_json::from_str(&case).unwrap(), p);
        let x = all.slice(s![..5, ..]);
        let contributions = singles(&theirs["contributions"]);
        let interactions = singles(&theirs["interactions"]);
        assert_eq!(contributions.len(), 5 * n_outputs * (p + 1), "{name}");
        // Covers, leaves and sums are f32, and cancel.
        let largest = contributions.iter().fold(1.0_f64, |most, value| most.max(value.abs()));
        let mut check = |what: &str, ours: f64, theirs: f64| {
            let difference = (ours - theirs).abs() / largest;
            worst = worst.max(difference);
            assert!(difference < 2e-5, "{name}, {what}: {ours}, not {theirs}");
        };
        let (shap, pairs) = (model.shap_values(x).unwrap(), model.shap_interactions(x).unwrap());
        for row in 0..5 {
            for output in 0..n_outputs {
                let at = (row * n_outputs + output) * (p + 1);
                for feature in 0..p {
                    check("contribution", shap.values(output)[[row, feature]], contributions[at + feature]);
                    for other in 0..p {
                        let theirs = interactions[(at + feature) * (p + 1) + other];
                        check("interaction", pairs.values(output)[[row, feature, other]], theirs);
                    }
                }
                check("base", shap.base(output), contributions[at + p]);
            }
        }
    }
    println!("explanations of {n_models} models of XGBoost, off by at most {worst:e}");
}
