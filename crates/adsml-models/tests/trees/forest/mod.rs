//! What trees and forests of numbers and of two classes promise.

mod constraints;
mod draws;
mod files;
mod going_on;
mod limits;
mod parameters;
mod promises;
mod values;
mod weights;

use adsml_core::{FeatureColumn, FitContext, Seed, TrainingSet};
use adsml_models::{Criterion, DecisionTree, DecisionTreeParams, RandomForest, RandomForestParams};
use ndarray::{Array1, Array2};

const CRITERIA: [Criterion; 2] = [Criterion::SquaredError, Criterion::Gini];

fn tree() -> DecisionTreeParams {
    DecisionTree::params()
}

fn forest() -> RandomForestParams {
    RandomForest::params().n_estimators(8)
}

/// Two numbers, few levels, whole numbers, and a column with holes; a noisy target in `(0, 1)`, no two alike.
fn rows(n: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut stream = Seed::new(seed).stream("forest", 0);
    let x = Array2::from_shape_fn((n, 5), |(_, feature)| match feature {
        0 | 1 => stream.uniform(),
        2 => stream.below(6) as f64,
        3 => (stream.uniform() * 100.0).floor(),
        _ => [stream.uniform(), f64::NAN][usize::from(stream.below(4) == 0)],
    });
    let y = x.outer_iter().map(|row| {
        let hole = if row[4].is_nan() { 0.2 } else { 0.1 * row[4] };
        let mean = 0.3 * row[0] + 0.2 * (6.0 * row[1]).sin().abs() + 0.02 * row[2] + hole;
        0.05 + 0.7 * mean + 0.2 * stream.uniform()
    });
    let y = y.collect();
    (x, y)
}

/// The same with classes 0 and 1.
fn classes(n: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let (x, y) = rows(n, seed);
    (x, y.mapv(|y| f64::from(y > 0.45)))
}

fn fit_with(params: &DecisionTreeParams, columns: &[FeatureColumn], x: &Array2<f64>, y: &Array1<f64>) -> DecisionTree {
    let data = TrainingSet { columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    params.fit_set(&data, &FitContext::default()).unwrap()
}
