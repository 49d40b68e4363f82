//! What trees and forests of three classes and more promise.

mod files;
mod leaves;
mod out_of_bag;
mod parameters;
mod promises;
mod values;

use adsml_core::{Regressor, Seed};
use adsml_models::{Criterion, DecisionTree, DecisionTreeParams, RandomForest, RandomForestParams};
use ndarray::{Array1, Array2};

fn tree(n_classes: usize) -> DecisionTreeParams {
    DecisionTree::params().criterion(Criterion::Gini).n_classes(n_classes)
}

fn forest(n_classes: usize) -> RandomForestParams {
    RandomForest::params().criterion(Criterion::Gini).n_classes(n_classes).n_estimators(20)
}

/// Two numbers, few levels, a column with holes, and noise; a class of three that follows them, three times out of four.
fn rows(n: usize, seed: u64) -> (Array2<f64>, Array1<f64>) {
    let mut stream = Seed::new(seed).stream("classes", 0);
    let x = Array2::from_shape_fn((n, 5), |(_, feature)| match feature {
        0 | 1 => stream.uniform(),
        2 => stream.below(6) as f64,
        3 => [stream.uniform(), f64::NAN][usize::from(stream.below(4) == 0)],
        _ => (stream.uniform() * 40.0).floor(),
    });
    let y = x.outer_iter().map(|row| {
        let hole = if row[3].is_nan() { 1.0 } else { row[3] };
        let class = if row[0] + 0.1 * row[2] > 0.9 { 2.0 } else { f64::from(row[1] + hole > 1.0) };
        if stream.below(4) == 0 { stream.below(3) as f64 } else { class }
    });
    let y = y.collect();
    (x, y)
}

fn with_categories(x: &mut Array2<f64>) {
    x.column_mut(2).iter_mut().for_each(|value| *value = value.min(5.0));
}

fn proba(model: &dyn Regressor, x: &Array2<f64>) -> Array2<f64> {
    model.as_classifier().expect("it has classes").predict_proba(x.view()).unwrap()
}

fn bits(model: &dyn Regressor, x: &Array2<f64>) -> Vec<u64> {
    proba(model, x).iter().chain(&model.predict(x.view()).unwrap()).map(|value| value.to_bits()).collect()
}
