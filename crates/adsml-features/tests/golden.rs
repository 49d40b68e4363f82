//! Scalers and target encoding equal scikit-learn 1.9.1 to 1e-12.
//!
//! The stored numbers and the scripts that made them are in `tests/golden/sklearn-1.9.1` of the
//! workspace; in a published crate they are absent, and the tests say so and pass.
#![allow(clippy::print_stdout)]

use adsml_core::{CategoryColumn, Column, Table, Target};
use adsml_features::{Scaler, Smoothing, TargetEncoder};
use ndarray::aview1;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// Absolute below 1, relative above: sums in another order differ by a few roundings.
const TOLERANCE: f64 = 1e-12;

#[derive(Deserialize)]
struct Golden<T> {
    cases: Vec<T>,
}

#[derive(Deserialize)]
struct ScalerCase {
    column: String,
    scaler: String,
    values: Vec<Option<f64>>,
    transformed: Vec<Option<f64>>,
}

#[derive(Deserialize)]
struct EncoderCase {
    target: String,
    smooth: serde_json::Value,
    category: Vec<Option<String>>,
    y: Vec<f64>,
    fold: Vec<usize>,
    cross_fitted: Vec<f64>,
    transformed: Vec<f64>,
    encodings: Vec<f64>,
    unseen: f64,
}

fn golden<T: DeserializeOwned>(file: &str) -> Vec<T> {
    let path = format!("{}/../../tests/golden/sklearn-1.9.1/{file}", env!("CARGO_MANIFEST_DIR"));
    match std::fs::read(&path) {
        Ok(bytes) => serde_json::from_slice::<Golden<T>>(&bytes).unwrap().cases,
        Err(error) => {
            println!("skipped: {file} is not there ({error})");
            Vec::new()
        }
    }
}

fn close(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= TOLERANCE * theirs.abs().max(1.0)
}

#[test]
fn scalers_equal_scikit_learn() {
    for case in golden::<ScalerCase>("scalers.json") {
        let scaler = match case.scaler.as_str() {
            "standard" => Scaler::Standard,
            "robust" => Scaler::Robust,
            _ => Scaler::MinMax,
        };
        let values: Vec<f64> = case.values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        let fitted = scaler.fit(&values);
        for (row, (&value, theirs)) in values.iter().zip(&case.transformed).enumerate() {
            let ours = fitted.apply(value);
            let same = theirs.map_or(ours.is_nan(), |theirs| close(ours, theirs));
            assert!(same, "{} of {}, row {row}: {ours} and {theirs:?}", case.scaler, case.column);
        }
    }
}

#[test]
fn target_encoding_equals_scikit_learn_on_the_same_folds() {
    for case in golden::<EncoderCase>("target_encoder.json") {
        let smoothing = case.smooth.as_f64().map_or(Smoothing::Variance, Smoothing::Fixed);
        let column: CategoryColumn = case.category.iter().map(Option::as_ref).collect();
        let table = Table::from_columns([("ad", Column::from(column))]).unwrap();
        let params = TargetEncoder::params().smoothing(smoothing);
        // Weights of one change nothing.
        let ones = vec![1.0; case.y.len()];
        for weight in [None, Some(aview1(&ones))] {
            let target = Target::new(aview1(&case.y)).with_weight(weight).with_folds(Some(&case.fold));
            let (encoder, cross_fitted) = params.fit_transform(&table, "ad", &target).unwrap();
            let what = format!("{} target, smooth {}", case.target, case.smooth);
            let all_close = |ours: &[f64], theirs: &[f64]| ours.iter().zip(theirs).all(|(&a, &b)| close(a, b));
            assert!(all_close(&cross_fitted, &case.cross_fitted), "{what}: cross-fitted");
            assert!(all_close(&encoder.transform(&table).unwrap(), &case.transformed), "{what}: transformed");
            assert_eq!(encoder.encodings().len() + 1, case.encodings.len());
            assert!(all_close(encoder.encodings(), &case.encodings), "{what}: encodings");
            assert!(close(encoder.target_mean(), case.unseen), "{what}: unseen");
        }
    }
}
