//! How trees grow: gains, leaves, and the steps they come to.

use adsml_core::Regressor;
use adsml_models::{Growth, Loss};
use ndarray::{Array1, Array2};

use super::{GROWTHS, LOSSES, params, rows};
use crate::assert_steps;

#[test]
fn the_gains_of_a_level_are_what_its_splits_take_off_the_loss() {
    let (x, y) = rows(1_000, Loss::SquaredError, 19);
    let mean = y.mean().unwrap();
    let before: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
    for growth in GROWTHS {
        for least in [0.0, 0.05] {
            let params = params(growth, Loss::SquaredError).n_estimators(1).learning_rate(1.0).min_samples_leaf(1);
            let model = params.min_split_gain(least).fit(&x, &y).unwrap();
            let left: f64 = (&model.predict(x.view()).unwrap() - &y).mapv(|error| error * error).sum();
            let gain: f64 = model.importance().unwrap().iter().sum();
            // Gains are of rounded derivatives, good to about one in 2^19.
            assert!((gain - (before - left)).abs() < 1e-5 * before, "{growth:?} {least}: {gain} for {}", before - left);
        }
    }
}

#[test]
fn symmetric_trees_grow_past_leaves_without_rows() {
    // Two features that say the same: half of the leaves of the second level have no rows.
    let x = Array2::from_shape_fn((400, 3), |(row, feature)| [row % 20, row % 20, row / 20][feature] as f64);
    let y: Array1<f64> = x.outer_iter().map(|row| row[0] + (row[2] * 0.7).sin() * row[0]).collect();
    let params = params(Growth::Symmetric, Loss::SquaredError).n_estimators(1).min_samples_leaf(1);
    let model = params.max_depth(6).max_leaves(64).fit(&x, &y).unwrap();
    assert_eq!(model.n_leaves(), 64);
}

#[test]
fn steps_are_the_predictions_bit_for_bit() {
    for loss in LOSSES.into_iter().filter(|&loss| loss != Loss::Softmax) {
        let (x, y) = rows(1_500, loss, 8);
        for growth in GROWTHS {
            let model = params(growth, loss).n_estimators(25).fit(&x, &y).unwrap();
            for feature in 0..5 {
                for row in [3, 4, 5] {
                    let row = x.row(row).to_vec();
                    let steps = model.steps_along(feature, &row).expect("a number has steps");
                    assert_steps(&model, &steps, feature, &row);
                }
            }
            assert!(model.steps_along(5, &x.row(0).to_vec()).is_none() && model.steps_along(0, &[1.0]).is_none());
        }
    }
}
