//! Learners, and what does not matter to them: threads, and the order of rows.

use std::num::NonZeroUsize;

use adsml_core::{FitContext, Regressor, Seed, TrainingSet};
use adsml_models::{GradientBoosting, Importance, Loss};
use adsml_testing::{Preset, check_learner};
use ndarray::{Array1, Array2, Axis};

use super::{GROWTHS, LOSSES, params, rows};
use crate::{assert_close, registry};

#[test]
fn the_defaults_keep_the_promises_of_learners() {
    let (x, y) = rows(300, Loss::SquaredError, 1);
    check_learner(&GradientBoosting::params(), &TrainingSet::new(x.view(), y.view()).unwrap(), &registry());
}

#[test]
fn every_growth_and_loss_keeps_the_promises_at_any_number_of_threads() {
    for loss in LOSSES {
        // Enough rows for several threads in every part of the engine.
        let (x, y) = rows(33_000, loss, 2);
        let mut stream = Seed::new(2).stream("weights", 0);
        let weight = Array1::from_shape_fn(y.len(), |_| stream.below(4) as f64 + stream.uniform());
        let offset = Array1::from_shape_fn(y.len(), |_| stream.uniform() - 0.5);
        let plain = TrainingSet::new(x.view(), y.view()).unwrap();
        let full = plain.with_weight(Some(weight.view())).unwrap().with_offset(Some(offset.view())).unwrap();
        for growth in GROWTHS {
            let params = params(growth, loss).n_estimators(3);
            check_learner(&Preset(params.clone()), &plain, &registry());
            let sampled = params.subsample(0.7).colsample_by_tree(0.8).colsample_by_node(0.8);
            check_learner(&Preset(sampled), &full, &registry());
        }
    }
}

#[test]
fn one_thread_and_many_agree_on_a_table_of_shared_columns() {
    let mut stream = Seed::new(23).stream("shared columns", 0);
    let x = Array2::from_shape_fn((40_000, 12), |(row, feature)| match feature {
        0..6 => stream.below(feature + 2) as f64,
        6 => (row % 24) as f64,
        7 => ((row % 24) as f64).sin(),
        _ => stream.uniform(),
    });
    let y: Array1<f64> = x.outer_iter().map(|row| row[0] * row[7] + row[8] + stream.uniform()).collect();
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    for growth in GROWTHS {
        let fit = |threads: usize| {
            let context = FitContext::seeded(1).with_threads(NonZeroUsize::new(threads).unwrap());
            params(growth, Loss::SquaredError).n_estimators(5).fit_set(&data, &context).unwrap()
        };
        let one = fit(1);
        assert!([2, 5].into_iter().all(|threads| fit(threads) == one), "{growth:?}");
    }
}

#[test]
fn the_order_of_rows_does_not_matter() {
    for loss in LOSSES {
        let (x, y) = rows(2_000, loss, 3);
        let mut order: Vec<usize> = (0..y.len()).collect();
        Seed::new(3).stream("order", 0).shuffle(&mut order);
        let (x_shuffled, y_shuffled) = (x.select(Axis(0), &order), y.select(Axis(0), &order));
        for growth in GROWTHS {
            let expected = params(growth, loss).fit(&x, &y).unwrap().predict(x.view()).unwrap();
            let found = params(growth, loss).fit(&x_shuffled, &y_shuffled).unwrap().predict(x.view()).unwrap();
            // Histograms are exact; leaf values are sums in another order.
            assert_close(&found, &expected, 1e-12, &format!("{loss:?} {growth:?}"));
        }
    }
}

/// Words of derivatives hold the sums of 16,384 rows, also when all of them have the largest gradient.
#[test]
fn a_sorted_table_is_fitted_like_a_shuffled_one() {
    let n = 40_000;
    let x = Array2::from_shape_fn((n, 2), |(row, feature)| if feature == 0 { f64::from(row >= n / 2) } else { 7.0 });
    let y = Array1::from_shape_fn(n, |row| f64::from(row >= n / 2));
    let mut order: Vec<usize> = (0..n).collect();
    Seed::new(26).stream("order", 0).shuffle(&mut order);
    let shuffled = (x.select(Axis(0), &order), y.select(Axis(0), &order));
    for loss in [Loss::AbsoluteError, Loss::Huber, Loss::SquaredError, Loss::Logistic] {
        for growth in GROWTHS {
            let params = params(growth, loss).n_estimators(3).learning_rate(0.5);
            let (expected, found) = (params.fit(&shuffled.0, &shuffled.1).unwrap(), params.fit(&x, &y).unwrap());
            let gains = |model: &GradientBoosting| Array1::from(model.importance_by(Importance::Gain));
            assert_close(&gains(&found), &gains(&expected), 1e-6, &format!("gains of {loss:?} {growth:?}"));
            let (expected, found) = (expected.predict(x.view()).unwrap(), found.predict(x.view()).unwrap());
            assert_close(&found, &expected, 1e-12, &format!("{loss:?} {growth:?}"));
            assert!(found[n - 1] > found[0] + 0.2, "{loss:?} {growth:?}: nothing was learned");
        }
    }
}
