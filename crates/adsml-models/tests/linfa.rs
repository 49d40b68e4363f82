//! Doors to linfa: our parameters under its `Fit`, its models as ours.
#![cfg(feature = "linfa")]

use adsml_models::{LinfaRegressor, LogisticRegression, ModelError, Regressor, Ridge};
use adsml_testing::check_regressor;
use linfa::prelude::*;
use ndarray::{Array1, Array2, array};

fn rows() -> (Array2<f64>, Array1<f64>) {
    let x = Array2::from_shape_fn((30, 2), |(row, j)| ((row * (j + 3)) % 7) as f64 + 0.1 * row as f64);
    let y = Array1::from_shape_fn(30, |row| x[[row, 0]] - 0.5 * x[[row, 1]] + 0.01 * ((row % 3) as f64));
    (x, y)
}

#[test]
fn our_parameters_fit_linfa_datasets_and_honour_their_weights() {
    let (x, y) = rows();
    let plain = Fit::fit(&Ridge::params(), &Dataset::new(x.clone(), y.clone())).unwrap();
    assert_eq!(plain, Ridge::params().fit(&x, &y).unwrap());
    let weights = Array1::from_shape_fn(30, |row| 1.0 + row as f32);
    let weighted = Dataset::new(x.clone(), y.clone()).with_weights(weights.clone());
    let fitted = Fit::fit(&Ridge::params(), &weighted).unwrap();
    assert_eq!(fitted, Ridge::params().fit_weighted(&x, &y, weights.mapv(f64::from)).unwrap());
    let error = Fit::fit(&LogisticRegression::params(), &Dataset::new(x, y * 100.0)).unwrap_err();
    assert!(matches!(error, ModelError::InvalidTarget { .. }));
}

#[test]
fn models_of_linfa_keep_our_promises() {
    let (x, y) = rows();
    let data = Dataset::new(x.clone(), y.clone());
    let ols = linfa_linear::LinearRegression::default().fit(&data).unwrap();
    let carried = LinfaRegressor::new("linfa_ols", 2, ols);
    check_regressor(&carried, x.view());

    let labels = Dataset::new(x.clone(), y.mapv(|y| usize::from(y > 1.0)));
    let tree = linfa_trees::DecisionTree::params().fit(&labels).unwrap();
    check_regressor(&LinfaRegressor::with_values("linfa_tree", 2, tree, |&label: &usize| label as f64), x.view());

    let logistic = linfa_logistic::LogisticRegression::default().fit(&labels).unwrap();
    let carried = LinfaRegressor::from_fn("linfa_logistic", 2, move |x| logistic.predict_probabilities(&x));
    check_regressor(&carried, x.view());
    insta::assert_snapshot!(carried.predict_row(&[1.0, f64::NAN]).unwrap_err(), @"feature 1 of sample 0 is NaN, expected a finite number");
    insta::assert_snapshot!(carried.to_file().unwrap_err(), @"`linfa_logistic { n_features: 2, .. }` does not support saving");
}

#[test]
fn linfa_ignores_weights_where_ours_does_not() {
    // The reason for our own kernels, kept true: when this fails, look again at linfa.
    let x = array![[0.0], [1.0], [2.0]];
    let data = |weights: Array1<f32>| Dataset::new(x.clone(), array![0.0, 1.0, 5.0]).with_weights(weights);
    let (even, uneven) = (array![1.0, 1.0, 1.0], array![100.0, 1.0, 1.0]);
    let ols = |weights| linfa_linear::LinearRegression::default().fit(&data(weights)).unwrap().params()[0];
    let net =
        |weights| linfa_elasticnet::ElasticNet::params().penalty(0.1).fit(&data(weights)).unwrap().hyperplane()[0];
    let glm = |weights| linfa_linear::TweedieRegressor::params().power(1.0).fit(&data(weights)).unwrap().coef[0];
    assert_eq!(ols(even.clone()), ols(uneven.clone()));
    assert_eq!(net(even.clone()), net(uneven.clone()));
    assert_eq!(glm(even.clone()), glm(uneven.clone()));
    let ours = |weights: Array1<f32>| Fit::fit(&Ridge::params(), &data(weights)).unwrap().coefficients()[0];
    assert!((ours(even) - ours(uneven)).abs() > 0.1);
}
