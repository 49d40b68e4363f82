//! Metrics against scikit-learn 1.9.1: `tests/golden/sklearn-1.9.1/metrics.json` at the root of the workspace.

#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use adsml_eval::Metric;

#[test]
fn weighted_metrics_are_those_of_scikit_learn() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/sklearn-1.9.1/metrics.json");
    let Ok(text) = std::fs::read_to_string(path) else {
        // The golden files belong to the workspace and are not in the crate's package.
        println!("skipped: no golden file at {path}");
        return;
    };
    let golden: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(golden["version"], "1.9.1");
    let numbers = |value: &serde_json::Value| -> Option<Vec<f64>> {
        value.as_array().map(|values| values.iter().map(|value| value.as_f64().unwrap()).collect())
    };
    let mut n_compared = 0;
    for case in golden["cases"].as_array().unwrap() {
        let (y, p, w) = (numbers(&case["y"]).unwrap(), numbers(&case["p"]).unwrap(), numbers(&case["w"]));
        for (name, expected) in case["expected"].as_object().unwrap() {
            let metric: Metric = name.parse().unwrap();
            let (found, expected) = (metric.evaluate(&y, &p, w.as_deref()).unwrap(), expected.as_f64().unwrap());
            let error = (found - expected).abs() / expected.abs().max(1.0);
            assert!(error < 1e-12, "{} {name}: {found} is not {expected}", case["name"]);
            n_compared += 1;
        }
    }
    assert_eq!(n_compared, 28);
}
