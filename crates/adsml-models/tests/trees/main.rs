//! Boosted trees, single trees and forests, seen from outside: what they promise.

mod boosting;
mod classes;
mod damage;
mod forest;

use std::sync::Arc;

use adsml_core::{FeatureColumn, FeatureKind, Levels, LoaderRegistry, Regressor, Steps};
use adsml_models::register;
use ndarray::{Array1, ArrayView2};

fn registry() -> LoaderRegistry {
    let mut registry = LoaderRegistry::new();
    register(&mut registry);
    registry
}

fn category(name: &str, n_levels: usize) -> FeatureColumn {
    let levels = Levels::from_iter((0..n_levels).map(|level| level.to_string()));
    FeatureColumn { kind: FeatureKind::Category { levels: Arc::new(levels) }, ..FeatureColumn::number(name) }
}

/// Five columns, of which the third is a category: its rows may hold a level more than it names.
fn columns() -> Vec<FeatureColumn> {
    let mut columns: Vec<FeatureColumn> = (0..5).map(|at| FeatureColumn::number(format!("x{at}"))).collect();
    columns[2] = category("x2", 5);
    columns
}

fn bits(model: &dyn Regressor, x: ArrayView2<'_, f64>) -> Vec<u64> {
    model.predict(x).unwrap().iter().map(|value| value.to_bits()).collect()
}

fn bytes(model: &dyn Regressor) -> Vec<u8> {
    model.to_file().unwrap().to_bytes()
}

fn assert_close(found: &Array1<f64>, expected: &Array1<f64>, tolerance: f64, what: &str) {
    for (row, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * b.abs().max(1e-3), "{what}, row {row}: {a} for {b}");
    }
}

/// Steps along a feature are what the model predicts: at their ends and between them.
fn assert_steps(model: &dyn Regressor, steps: &Steps, feature: usize, row: &[f64]) {
    let Steps { breakpoints, values } = steps;
    assert_eq!(values.len(), breakpoints.len() + 1);
    assert!(breakpoints.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(values.windows(2).all(|pair| pair[0] != pair[1]), "neighbours of equal value are one step");
    let mut row = row.to_vec();
    let mut at = |value: f64| {
        row[feature] = value;
        model.predict_row(&row).unwrap().to_bits()
    };
    for (i, value) in values.iter().enumerate() {
        let low = if i == 0 { f64::NEG_INFINITY } else { breakpoints[i - 1].next_up() };
        let high = breakpoints.get(i).copied().unwrap_or(f64::INFINITY);
        let middle = if low.is_finite() && high.is_finite() { low + 0.5 * (high - low) } else { high };
        for inside in [low, middle, high] {
            assert_eq!(at(inside), value.to_bits(), "step {i} of feature {feature} at {inside}");
        }
    }
}
