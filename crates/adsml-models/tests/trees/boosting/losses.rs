//! Losses, built in and one's own, and the targets they take.

use std::sync::Arc;

use adsml_core::Regressor;
use adsml_models::{Growth, Loss, ModelError, Objective};
use ndarray::{Array1, Array2, array};

use super::{GROWTHS, params, rows};
use crate::assert_close;

#[test]
fn targets_outside_the_domain_are_refused_by_row() {
    let x = Array2::zeros((3, 1));
    let cases = [
        (Loss::SquaredError, f64::NAN),
        (Loss::SquaredError, f64::INFINITY),
        (Loss::Poisson, -1.0),
        (Loss::Tweedie, -1.0),
        (Loss::Gamma, 0.0),
        (Loss::Logistic, 1.5),
        (Loss::Softmax, 3.0),
        (Loss::Softmax, 0.5),
    ];
    for (loss, bad) in cases {
        let error = params(Growth::LeafWise, loss).fit(&x, &array![1.0, bad, 1.0]).unwrap_err();
        assert!(matches!(error, ModelError::InvalidTarget { row: 1, .. }), "{loss:?}: {error}");
    }
}

#[test]
fn a_loss_of_ones_own_is_the_built_in_one_when_it_says_the_same() {
    #[derive(Debug)]
    struct Squared;
    impl Objective for Squared {
        fn link(&self) -> adsml_models::Link {
            adsml_models::Link::Identity
        }
        fn accepts(&self, y: f64) -> bool {
            y.is_finite()
        }
        fn domain(&self) -> &'static str {
            "a finite number"
        }
        fn base_score(&self, y: &[f64], _: Option<&[f64]>, _: Option<&[f64]>) -> f64 {
            y.iter().sum::<f64>() / y.len() as f64
        }
        fn derivatives(&self, y: f64, raw: f64) -> (f64, f64) {
            (raw - y, 1.0)
        }
        fn loss(&self, y: f64, raw: f64) -> f64 {
            0.5 * (raw - y) * (raw - y)
        }
    }
    let (x, y) = rows(500, Loss::SquaredError, 22);
    for growth in GROWTHS {
        let built_in = params(growth, Loss::SquaredError);
        let own = built_in.clone().objective(Arc::new(Squared)).fit(&x, &y).unwrap();
        let expected = built_in.fit(&x, &y).unwrap().predict(x.view()).unwrap();
        // The base score is summed without weights, in the same order.
        assert_close(&own.predict(x.view()).unwrap(), &expected, 1e-12, &format!("{growth:?}"));
    }
}

#[test]
fn losses_that_are_no_numbers_are_named() {
    #[derive(Debug)]
    struct Own {
        derivatives: (f64, f64),
        base: f64,
        link: adsml_models::Link,
    }
    impl Objective for Own {
        fn link(&self) -> adsml_models::Link {
            self.link
        }
        fn accepts(&self, _: f64) -> bool {
            true
        }
        fn domain(&self) -> &'static str {
            "anything"
        }
        fn base_score(&self, _: &[f64], _: Option<&[f64]>, _: Option<&[f64]>) -> f64 {
            self.base
        }
        fn derivatives(&self, _: f64, _: f64) -> (f64, f64) {
            self.derivatives
        }
        fn loss(&self, _: f64, _: f64) -> f64 {
            0.0
        }
    }
    let (x, y) = rows(100, Loss::SquaredError, 28);
    let link = adsml_models::Link::Identity;
    let fit = |own: Own| params(Growth::LeafWise, Loss::SquaredError).objective(Arc::new(own)).fit(&x, &y);
    for derivatives in [(f64::NAN, 1.0), (1.0, f64::NAN), (f64::INFINITY, 1.0), (1.0, -1.0)] {
        let refused = fit(Own { derivatives, base: 0.0, link });
        assert!(matches!(refused, Err(ModelError::NotFinite { .. })), "{derivatives:?}: {refused:?}");
    }
    assert!(matches!(fit(Own { derivatives: (0.0, 1.0), base: f64::NAN, link }), Err(ModelError::NotFinite { .. })));
    let softmax = fit(Own { derivatives: (0.0, 1.0), base: 0.0, link: adsml_models::Link::Softmax });
    assert!(matches!(softmax, Err(ModelError::InvalidParameter { .. })), "{softmax:?}");
    let unwatched = params(Growth::LeafWise, Loss::SquaredError).early_stopping_rounds(3).fit(&x, &y);
    assert!(unwatched.unwrap_err().to_string().contains("early_stopping_rounds"));
    let huge = Array1::from_elem(100, 1e307);
    let refused = params(Growth::LeafWise, Loss::Poisson).fit_weighted(&x, &y, &huge);
    assert!(matches!(refused, Err(ModelError::NotFinite { .. })), "{refused:?}");
}
