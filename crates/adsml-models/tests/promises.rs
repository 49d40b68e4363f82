//! Every model keeps the promises that all estimators share.

use adsml_core::{FitContext, Learner, LoaderRegistry, Seed, TrainingSet};
use adsml_models::{
    ConstantBaseline, ElasticNet, LinearRegression, LogisticRegression, PoissonRegression, Ridge, register,
};
use adsml_testing::check_learner;
use ndarray::{Array1, Array2};

fn registry() -> LoaderRegistry {
    let mut registry = LoaderRegistry::new();
    register(&mut registry);
    registry
}

fn learners() -> Vec<Box<dyn Learner>> {
    vec![
        Box::new(LinearRegression::params()),
        Box::new(Ridge::params()),
        Box::new(ElasticNet::params()),
        Box::new(LogisticRegression::params()),
        Box::new(PoissonRegression::params()),
    ]
}

/// Rates in `[0, 1]`, weights and offsets: a target for every model. Enough rows for several chunks.
fn rows(n: usize, p: usize) -> (Array2<f64>, Array1<f64>, Array1<f64>, Array1<f64>) {
    let mut stream = Seed::new(11).stream("promises", 0);
    let x = Array2::from_shape_fn((n, p), |_| stream.uniform());
    let y = Array1::from_shape_fn(n, |_| stream.uniform());
    let weight = Array1::from_shape_fn(n, |_| 1.0 + 99.0 * stream.uniform());
    let offset = Array1::from_shape_fn(n, |_| stream.uniform() - 0.5);
    (x, y, weight, offset)
}

#[test]
fn learners_keep_their_promises() {
    let (x, y, weight, offset) = rows(13_000, 5);
    let plain = TrainingSet::new(x.view(), y.view()).unwrap();
    let weighted = plain.with_weight(Some(weight.view())).unwrap();
    for learner in learners() {
        check_learner(&*learner, &weighted.with_offset(Some(offset.view())).unwrap(), &registry());
    }
    check_learner(&ConstantBaseline::params(), &weighted, &registry());
}

#[test]
fn one_row_no_features_and_more_features_than_rows_keep_them_too() {
    for (n, p) in [(1, 3), (5, 0), (4, 9), (1, 0)] {
        let (x, y, ..) = rows(n, p);
        for learner in learners() {
            check_learner(&*learner, &TrainingSet::new(x.view(), y.view()).unwrap(), &registry());
        }
    }
}

#[test]
fn a_cancelled_fit_says_so() {
    let (x, y, ..) = rows(10, 2);
    let token = adsml_core::CancelToken::new();
    token.cancel();
    let context = FitContext { cancel: Some(&token), ..FitContext::default() };
    for learner in learners() {
        let error = learner.fit(&TrainingSet::new(x.view(), y.view()).unwrap(), &context).unwrap_err();
        assert!(matches!(error, adsml_core::Error::Cancelled));
    }
}
