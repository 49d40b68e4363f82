//! Rounds: watched, stopped, gone on from, cancelled.

use adsml_core::{CancelToken, Error, FitContext, Regressor, Seed, TrainingSet, ValidationSet};
use adsml_models::{GradientBoosting, Growth, Importance, Loss, ModelError};
use ndarray::{Array1, s};

use super::{GROWTHS, LOSSES, params, rows};
use crate::{assert_close, bits};

#[test]
fn early_stopping_keeps_the_best_round() {
    for loss in [Loss::SquaredError, Loss::Logistic, Loss::Softmax] {
        let ((x, y), (x_watched, y_watched)) = (rows(400, loss, 12), rows(300, loss, 13));
        let weight = Array1::from_shape_fn(300, |row| (row % 3) as f64);
        let validation = ValidationSet {
            x: x_watched.view(),
            y: y_watched.view(),
            sample_weight: Some(weight.view()),
            offset: None,
        };
        let plain = TrainingSet::new(x.view(), y.view()).unwrap();
        let watched = TrainingSet { validation: Some(validation), ..plain };
        for growth in GROWTHS {
            let context = FitContext::default();
            let params = params(growth, loss).n_estimators(200).learning_rate(0.3).subsample(0.8);
            let stopped = params.clone().early_stopping_rounds(7).fit_set(&watched, &context).unwrap();
            let losses = stopped.validation_loss();
            let best = (0..losses.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap();
            assert!(losses.len() < 200, "{loss:?} {growth:?}: it never stopped");
            assert_eq!((stopped.n_rounds(), losses.len()), (best + 1, best + 8), "{loss:?} {growth:?}");
            let exact = params.clone().n_estimators(best + 1).fit_set(&plain, &context).unwrap();
            assert_eq!(bits(&stopped, x_watched.view()), bits(&exact, x_watched.view()), "watching changed the trees");
            for kind in [Importance::Gain, Importance::Splits, Importance::Cover] {
                assert_eq!(stopped.importance_by(kind), exact.importance_by(kind), "trees that were dropped count");
            }
            let all = params.clone().n_estimators(20).fit_set(&watched, &context).unwrap();
            assert_eq!((all.n_rounds(), all.validation_loss().len()), (20, 20), "nobody asked it to stop");

            let predicted = stopped.as_classifier().map(|model| model.predict_proba(x_watched.view()).unwrap());
            let numbers = stopped.predict(x_watched.view()).unwrap();
            let of_row = |row: usize| match &predicted {
                None => 0.5 * (numbers[row] - y_watched[row]).powi(2),
                Some(p) if loss == Loss::Softmax => -p[[row, y_watched[row] as usize]].ln(),
                Some(p) => -y_watched[row] * p[[row, 1]].ln() - (1.0 - y_watched[row]) * p[[row, 0]].ln(),
            };
            let expected = (0..300).map(|row| weight[row] * of_row(row)).sum::<f64>() / weight.sum();
            // Sums of 300 rows, and logarithms of probabilities in place of those of scores.
            assert!((losses[best] - expected).abs() < 1e-9, "{loss:?} {growth:?}: {} for {expected}", losses[best]);
        }
    }
}

#[test]
fn watched_rows_have_offsets_too() {
    let (x, _) = rows(500, Loss::Poisson, 25);
    let mut stream = Seed::new(25).stream("exposure", 0);
    let exposure = Array1::from_shape_fn(500, |_| 1.0 + 99.0 * stream.uniform());
    let y: Array1<f64> = exposure.iter().zip(x.outer_iter()).map(|(e, row)| (e * (0.1 + row[0])).round()).collect();
    let offset = exposure.mapv(f64::ln);
    let plain = TrainingSet::new(x.view(), y.view()).unwrap().with_offset(Some(offset.view())).unwrap();
    let fit = |offset| {
        let validation = ValidationSet { x: x.view(), y: y.view(), sample_weight: None, offset };
        let watched = TrainingSet { validation: Some(validation), ..plain };
        params(Growth::LeafWise, Loss::Poisson).fit_set(&watched, &FitContext::default()).unwrap()
    };
    let (with, without) = (fit(Some(offset.view())), fit(None));
    let last = |model: &GradientBoosting| *model.validation_loss().last().unwrap();
    assert!(last(&with) < last(&without) && with.validation_loss().windows(2).all(|pair| pair[1] < pair[0]));
}

#[test]
fn validation_rows_that_cannot_be_watched_are_refused() {
    let (x, y) = rows(60, Loss::SquaredError, 14);
    let (zero, short, bad) = (Array1::zeros(60), Array1::ones(59), Array1::from_elem(60, -1.0));
    let plain = TrainingSet::new(x.view(), y.view()).unwrap();
    fn refused<'a>(data: TrainingSet<'a>, validation: ValidationSet<'a>, loss: Loss) -> bool {
        let data = TrainingSet { validation: Some(validation), ..data };
        params(Growth::LeafWise, loss).fit_set(&data, &FitContext::default()).is_err()
    }
    let validation = ValidationSet { x: x.view(), y: y.view(), sample_weight: None, offset: None };
    assert!(!refused(plain, validation, Loss::SquaredError));
    for weight in [&zero, &short, &bad] {
        let validation = ValidationSet { sample_weight: Some(weight.view()), ..validation };
        assert!(refused(plain, validation, Loss::SquaredError));
    }
    assert!(refused(plain, ValidationSet { y: short.view(), ..validation }, Loss::SquaredError));
    assert!(refused(plain, ValidationSet { x: x.slice(s![.., ..3]), ..validation }, Loss::SquaredError));
    let empty = ValidationSet { x: x.slice(s![..0, ..]), y: y.slice(s![..0]), ..validation };
    assert!(refused(plain, empty, Loss::SquaredError));
    assert!(refused(plain, ValidationSet { y: bad.view(), ..validation }, Loss::Logistic));
    let classes = Array1::from_shape_fn(60, |row| (row % 3) as f64);
    assert!(refused(TrainingSet { y: classes.view(), ..plain }, validation, Loss::Softmax), "targets are no classes");
}

#[test]
fn going_on_is_the_same_as_not_having_stopped() {
    for loss in LOSSES {
        let (x, y) = rows(800, loss, 15);
        let data = TrainingSet::new(x.view(), y.view()).unwrap();
        for growth in GROWTHS {
            // Rounds know their number, so that even samples are the same.
            let params = params(growth, loss).subsample(0.7).colsample_by_node(0.5);
            let at_once = params.clone().n_estimators(11).fit_set(&data, &FitContext::default()).unwrap();
            let first = params.clone().n_estimators(4).fit_set(&data, &FitContext::default()).unwrap();
            let context = FitContext { warm_start: Some(&first), ..FitContext::default() };
            let second = params.clone().n_estimators(7).fit_set(&data, &context).unwrap();
            // Scores are the same sums in the same order.
            assert_eq!(second.n_rounds(), 11);
            assert_eq!(bits(&second, x.view()), bits(&at_once, x.view()), "{loss:?} {growth:?}");
            assert_close(
                &Array1::from(second.importance().unwrap()),
                &Array1::from(at_once.importance().unwrap()),
                1e-12,
                "importances",
            );
        }
    }
}

#[test]
fn a_start_that_is_better_than_what_follows_is_kept() {
    let ((x, y), (x_watched, y_watched)) = (rows(600, Loss::SquaredError, 23), rows(400, Loss::SquaredError, 24));
    let validation = ValidationSet::new(x_watched.view(), y_watched.view()).unwrap();
    let watched = TrainingSet::new(x.view(), y.view()).unwrap().with_validation(Some(validation)).unwrap();
    let narrow = ValidationSet::new(x_watched.slice(s![.., ..2]), y_watched.view()).unwrap();
    assert!(matches!(watched.with_validation(Some(narrow)), Err(Error::FeatureCount { expected: 5, found: 2 })));
    let params = params(Growth::LeafWise, Loss::SquaredError).learning_rate(0.3).early_stopping_rounds(5);
    let start = params.clone().n_estimators(300).fit_set(&watched, &FitContext::default()).unwrap();
    let context = FitContext { warm_start: Some(&start), ..FitContext::default() };
    let more = params.n_estimators(30).fit_set(&watched, &context).unwrap();
    assert_eq!(more.n_rounds(), start.n_rounds());
    assert_eq!(bits(&more, x.view()), bits(&start, x.view()));
}

#[test]
fn a_start_of_another_kind_is_refused() {
    let (x, y) = rows(60, Loss::SquaredError, 16);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let narrow = params(Growth::LeafWise, Loss::SquaredError).fit(x.slice(s![.., ..3]), &y).unwrap();
    let logistic = params(Growth::LeafWise, Loss::Logistic).fit(&x, &y).unwrap();
    let linear = adsml_models::Ridge::params().fit(x.slice(s![.., ..4]), &y).unwrap();
    for start in [&narrow as &dyn Regressor, &logistic, &linear] {
        let context = FitContext { warm_start: Some(start), ..FitContext::default() };
        assert!(params(Growth::LeafWise, Loss::SquaredError).fit_set(&data, &context).is_err());
    }
}

#[test]
fn a_cancelled_fit_says_so() {
    /// Cancels after the third round.
    struct Impatient(CancelToken);
    impl adsml_core::Observer for Impatient {
        fn progress(&self, progress: adsml_core::Progress<'_>) {
            if progress.done == 3 {
                self.0.cancel();
            }
        }
    }
    let (x, y) = rows(200, Loss::SquaredError, 17);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let observer = Impatient(CancelToken::new());
    let context = FitContext { observer: Some(&observer), cancel: Some(&observer.0), ..FitContext::default() };
    let error = params(Growth::LeafWise, Loss::SquaredError).fit_set(&data, &context).unwrap_err();
    assert!(matches!(error, ModelError::Core(Error::Cancelled)), "{error}");
}
