//! Models that are exchanged with LightGBM and XGBoost: scores, contributions, and texts of our own.
//!
//! Models and what the libraries said of them are stored in `tests/golden/<library>-<version>/`, made by the scripts there.
#![allow(clippy::print_stdout)]

mod contributions;
mod scores;
mod written;

use ndarray::Array2;
use serde_json::Value;

/// Bits of `f64` in hexadecimal, 16 digits each.
fn numbers(stored: &Value) -> Vec<f64> {
    words(stored, 16).map(f64::from_bits).collect()
}

/// Bits of `f32`, 8 digits each.
fn singles(stored: &Value) -> Vec<f64> {
    let number = |bits: u64| f64::from(f32::from_bits(u32::try_from(bits).expect("8 digits")));
    words(stored, 8).map(number).collect()
}

fn words(stored: &Value, n_digits: usize) -> impl Iterator<Item = u64> {
    let digits = stored.as_str().expect("a text").as_bytes().chunks(n_digits);
    digits.map(|digits| u64::from_str_radix(std::str::from_utf8(digits).expect("ASCII"), 16).expect("hexadecimal"))
}

/// The stored rows of a case.
fn rows(case: &Value, n_features: usize) -> Array2<f64> {
    let values = numbers(&case["rows"]);
    Array2::from_shape_vec((values.len() / n_features, n_features), values).expect("whole rows")
}

/// What LightGBM's sums are to be divided by: of an averaged forest it gives the sum.
fn divisor(name: &str, n_rounds: usize) -> f64 {
    if name.contains("forest") { n_rounds as f64 } else { 1.0 }
}

/// How many numbers are not the same bits.
fn differing<'a, I>(ours: I, theirs: &[f64]) -> usize
where
    I: IntoIterator<Item = &'a f64, IntoIter: ExactSizeIterator>,
{
    let ours = ours.into_iter();
    assert_eq!(ours.len(), theirs.len());
    ours.zip(theirs).filter(|(a, b)| a.to_bits() != b.to_bits()).count()
}
