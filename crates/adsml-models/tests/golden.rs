//! The same coefficients as scikit-learn 1.9.1 on the same rows (`tests/golden/sklearn-1.9.1/linear.py`).

use adsml_core::{FitContext, Learner, ParamSpec, ParamValue, TrainingSet};
use adsml_models::{ElasticNet, LinearRegression, LogisticRegression, PoissonRegression, Ridge};
use ndarray::{Array1, Array2, Axis, concatenate};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|number| number.as_f64().expect("a number")).collect()
}

/// Learner and stated tolerance: closed forms to 1e-8, iterative fits (both run to 1e-12) to 1e-6.
fn learner(model: &str) -> (Box<dyn Learner>, f64) {
    match model {
        "linear_regression" => (Box::new(LinearRegression::params()), 1e-8),
        "ridge" => (Box::new(Ridge::params()), 1e-8),
        "elastic_net" => (Box::new(ElasticNet::params().tol(1e-12)), 1e-6),
        "logistic_regression" => (Box::new(LogisticRegression::params().tol(1e-12)), 1e-6),
        "poisson_regression" => (Box::new(PoissonRegression::params().tol(1e-12)), 1e-6),
        other => panic!("no model {other}"),
    }
}

fn set(learner: &mut dyn Learner, params: &Value) {
    for (name, value) in params.as_object().expect("an object") {
        ParamSpec::find(learner.params(), learner.name(), name).expect("a parameter of ours");
        let value = value.as_bool().map_or_else(|| ParamValue::Real(value.as_f64().unwrap()), ParamValue::Flag);
        learner.set_param(name, value).unwrap();
    }
}

#[test]
fn coefficients_are_those_of_scikit_learn() {
    let Some(golden) = adsml_testing::golden("sklearn-1.9.1/linear.json") else { return };
    let p = golden["n_features"].as_u64().unwrap() as usize;
    let values = numbers(&golden["x"]);
    let x = Array2::from_shape_vec((values.len() / p, p), values).unwrap();
    let duplicated = concatenate(Axis(1), &[x.view(), x.column(0).insert_axis(Axis(1))]).unwrap();
    let column = |name: &str| Array1::from(numbers(&golden[name]));
    let ctr = column("clicks") / column("impressions");

    let cases = golden["cases"].as_array().unwrap();
    assert!(cases.len() > 50);
    for case in cases {
        let (mut learner, tolerance) = learner(case["model"].as_str().unwrap());
        set(&mut *learner, &case["params"]);
        let x = if case["features"] == "x" { &x } else { &duplicated };
        let y = if case["target"] == "ctr" { ctr.clone() } else { column(case["target"].as_str().unwrap()) };
        let weight = case["weight"].as_str().map(column);
        let data = TrainingSet::new(x.view(), y.view()).unwrap();
        let data = data.with_weight(weight.as_ref().map(Array1::view)).unwrap();
        let model = learner.fit(&data, &FitContext::default()).unwrap();

        let file = model.to_file().unwrap();
        let (ours, intercept) = (file.f64("coefficients").unwrap(), file.f64("base").unwrap()[1]);
        let stored = numbers(&case["coefficients"]);
        let mut worst = (intercept - case["intercept"].as_f64().unwrap()).abs();
        for (ours, stored) in ours.iter().zip(&stored) {
            worst = worst.max((ours - stored).abs());
            assert_eq!(*ours == 0.0, *stored == 0.0, "other features are chosen: {case}");
        }
        assert!(worst < tolerance, "{worst:e}: {case}\n{ours:?} {intercept}");
    }
}
