//! Parameters, targets, and their ranges.

use adsml_core::{FitContext, TrainingSet};
use adsml_models::{Criterion, ModelError};
use ndarray::{Array2, array};

use super::{forest, rows, tree};
use crate::columns;

#[test]
fn parameters_outside_their_range_are_named() {
    let (x, y) = rows(60, 18);
    let columns = columns();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let context = FitContext::default();
    let named = |expected: &str, error: ModelError| {
        let text = error.to_string();
        assert!(matches!(error, ModelError::InvalidParameter { name, .. } if name == expected), "{expected}: {text}");
    };
    named("n_estimators", forest().n_estimators(0).fit_set(&data, &context).unwrap_err());
    macro_rules! cases {
        ($($name:ident: $($value:expr),+;)+) => {
            $($(
                named(stringify!($name), tree().$name($value).fit_set(&data, &context).unwrap_err());
                named(stringify!($name), forest().$name($value).fit_set(&data, &context).unwrap_err());
            )+)+
        };
    }
    cases! {
        min_samples_leaf: 0;
        min_child_weight: -1.0, f64::NAN, f64::INFINITY;
        min_split_gain: -0.1, f64::NAN;
        max_features: 0.0, 1.1, -1.0, f64::NAN;
        max_bins: 1, 256;
        n_classes: 1, 1_001;
        monotone: vec![1], vec![2, 0, 0, 0, 0], vec![0, 0, 1, 0, 0];
        interactions: vec![vec![5]];
    }
}

#[test]
fn targets_outside_the_domain_are_refused_by_row() {
    let x = Array2::zeros((3, 1));
    let numbers = (Criterion::SquaredError, vec![f64::NAN, f64::INFINITY, 1e151]);
    for (criterion, values) in [numbers, (Criterion::Gini, vec![f64::NAN, -0.1, 1.5])] {
        for bad in values {
            let y = array![1.0, bad, 1.0];
            let errors = [
                tree().criterion(criterion).fit(&x, &y).unwrap_err(),
                forest().criterion(criterion).fit(&x, &y).unwrap_err(),
            ];
            for error in errors {
                assert!(matches!(error, ModelError::InvalidTarget { row: 1, .. }), "{criterion:?}: {error}");
            }
        }
    }
}
