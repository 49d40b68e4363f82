//! Values out of the ordinary: missing, not seen at fitting, infinite, of many levels.

use adsml_core::{FeatureColumn, FitContext, ModelFile, Regressor, Seed, TrainingSet};
use adsml_models::{GradientBoosting, Loss};
use adsml_testing::check_regressor;
use ndarray::{Array1, Array2, array};

use super::{GROWTHS, params};
use crate::{assert_close, bits, category};

/// One tree of full steps on one category of three levels, the last never seen.
fn one_tree(values: &[f64], y: &[f64]) -> GradientBoosting {
    let columns = [category("audience", 3)];
    let x = Array2::from_shape_vec((values.len(), 1), values.to_vec()).unwrap();
    let y = Array1::from(y.to_vec());
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let params = GradientBoosting::params().n_estimators(1).learning_rate(1.0).min_samples_leaf(1);
    params.fit_set(&data, &FitContext::default()).unwrap()
}

#[test]
fn what_was_not_seen_goes_where_it_was_said_to_go() {
    let repeat =
        |parts: &[(f64, usize)]| -> Vec<f64> { parts.iter().flat_map(|&(value, times)| vec![value; times]).collect() };
    // Sixty rows of level 0 at 0, thirty of level 1 at 9: the larger side takes what was not seen.
    let model = one_tree(&repeat(&[(0.0, 60), (1.0, 30)]), &repeat(&[(0.0, 60), (9.0, 30)]));
    for unseen in [2.0, 3.0, f64::NAN, -1.0, 0.5, 1e300, f64::INFINITY] {
        assert!(model.predict_row(&[unseen]).unwrap().abs() < 1e-9, "{unseen}");
    }
    assert!((model.predict_row(&[1.0]).unwrap() - 9.0).abs() < 1e-9);
    // Rows of another level were there: what is not seen goes with them.
    let model = one_tree(&repeat(&[(0.0, 60), (1.0, 30), (3.0, 5)]), &repeat(&[(0.0, 60), (9.0, 35)]));
    for unseen in [2.0, 3.0, -1.0, 7.0] {
        assert!((model.predict_row(&[unseen]).unwrap() - 9.0).abs() < 1e-9, "{unseen}");
    }
    assert!(model.predict_row(&[f64::NAN]).unwrap().abs() < 1e-9);
    // Missing values were there.
    let model = one_tree(&repeat(&[(0.0, 60), (1.0, 30), (f64::NAN, 5)]), &repeat(&[(0.0, 90), (9.0, 5)]));
    assert!((model.predict_row(&[f64::NAN]).unwrap() - 9.0).abs() < 1e-9);
    assert!(model.predict_row(&[2.0]).unwrap().abs() < 1e-9);
    // Of a number, the same.
    let x = Array2::from_shape_fn((90, 1), |(row, _)| f64::from(row >= 60));
    let y = Array1::from_shape_fn(90, |row| if row >= 60 { 9.0 } else { 0.0 });
    let params = GradientBoosting::params().n_estimators(1).learning_rate(1.0).min_samples_leaf(1);
    assert!(params.fit(&x, &y).unwrap().predict_row(&[f64::NAN]).unwrap().abs() < 1e-9);
}

#[test]
fn extreme_tables_are_fitted() {
    let mut stream = Seed::new(9).stream("extremes", 0);
    let mut noise = |n: usize, p: usize| Array2::from_shape_fn((n, p), |_| stream.uniform());
    let infinite = noise(200, 2).mapv(|v| {
        if v < 0.2 {
            f64::NEG_INFINITY
        } else if v > 0.8 {
            f64::INFINITY
        } else {
            v
        }
    });
    let huge = noise(200, 2).mapv(|v| if v < 0.5 { f64::MAX * v } else { f64::MIN * v });
    let tables = [
        infinite,
        huge,
        Array2::from_elem((200, 3), 4.0),
        Array2::from_elem((200, 2), f64::NAN),
        noise(1, 3),
        noise(2, 1),
        noise(5, 0),
        noise(50, 10_000),
    ];
    for x in tables {
        let y = Array1::from_shape_fn(x.nrows(), |row| ((row * 7) % 5) as f64 / 4.0);
        for growth in GROWTHS {
            for loss in [Loss::SquaredError, Loss::Logistic, Loss::Poisson] {
                let rounds = if x.ncols() > 1_000 { 2 } else { 10 };
                let model = params(growth, loss).min_samples_leaf(1).n_estimators(rounds).fit(&x, &y).unwrap();
                check_regressor(&model, x.view());
                if x.nrows() == 1 && loss == Loss::SquaredError {
                    assert_eq!(model.predict_row(&x.row(0).to_vec()).unwrap(), y[0]);
                }
            }
        }
    }
}

#[test]
fn infinities_are_told_from_numbers() {
    let x = Array2::from_shape_fn((90, 1), |(row, _)| [f64::NEG_INFINITY, 0.0, f64::INFINITY][row % 3]);
    let y = Array1::from_shape_fn(90, |row| [5.0, 1.0, 3.0][row % 3]);
    for growth in GROWTHS {
        let model = params(growth, Loss::SquaredError).learning_rate(1.0).fit(&x, &y).unwrap();
        assert_close(&model.predict(x.view()).unwrap(), &y, 1e-12, &format!("{growth:?}"));
    }
}

#[test]
fn a_category_of_300_levels_is_learned_and_saved() {
    let columns = [FeatureColumn::number("bid"), category("audience", 300)];
    let mut stream = Seed::new(10).stream("levels", 0);
    let n = 9_000;
    let x = Array2::from_shape_fn((n, 2), |(row, feature)| {
        if feature == 0 {
            stream.uniform()
        } else if row % 97 == 0 {
            f64::NAN
        } else {
            (row % 300) as f64
        }
    });
    let y: Array1<f64> =
        x.outer_iter().map(|row| if row[1].is_nan() { 0.5 } else { f64::from(row[1] as u32 * 7 % 10 < 3) }).collect();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    for growth in GROWTHS {
        let params = params(growth, Loss::SquaredError).n_estimators(40).learning_rate(0.3).max_leaves(16);
        let model = params.fit_set(&data, &FitContext::default()).unwrap();
        let error = (&model.predict(x.view()).unwrap() - &y).mapv(|error| error * error).mean().unwrap();
        // 46 levels share a bin; the variance of the target is about 0.2.
        assert!(error < 0.06, "{growth:?}: {error}");
        let bytes = model.to_file().unwrap().to_bytes();
        let back = GradientBoosting::from_file(&ModelFile::from_bytes(&bytes).unwrap()).unwrap();
        assert_eq!(back, model);
        assert_eq!(back.columns(), columns);
        let unseen = array![[0.3, 300.0], [0.3, f64::NAN], [0.3, 1e9], [0.3, -2.0]];
        assert_eq!(bits(&back, unseen.view()), bits(&model, unseen.view()));
        assert!(model.steps_along(1, &[0.3, 2.0]).is_none() && model.steps_along(0, &[0.3, 2.0]).is_some());
    }
}
