//! Weights and offsets of rows.

use adsml_core::{FitContext, Regressor, Seed, TrainingSet};
use adsml_models::{Growth, Importance, Loss};
use ndarray::{Array1, Array2, Axis, s};

use super::{GROWTHS, LOSSES, params, rows};
use crate::assert_close;

/// Where the hessian is the weight, all sums are the same whole numbers. Elsewhere twice a rounded derivative is not the rounded
/// double, so that a near tie between two splits may fall the other way: rarely, and that is all that may differ.
#[test]
fn a_weight_of_two_is_a_row_twice() {
    const SEEDS: u64 = 5;
    for loss in LOSSES {
        let mut n_differ = 0;
        for seed in 0..SEEDS {
            let (x, y) = rows(600, loss, 4 + seed);
            let times: Vec<usize> = (0..y.len()).map(|row| 1 + row % 2).collect();
            let repeated: Vec<usize> = (0..y.len()).flat_map(|row| vec![row; times[row]]).collect();
            let weight: Array1<f64> = times.iter().map(|&times| times as f64).collect();
            let edges = [0.01, 0.01, 1.0, 1.0, 0.01];
            let edges = edges.map(|step| (0..100).map(|edge| step * (f64::from(edge) + 0.5)).collect()).to_vec();
            for growth in GROWTHS {
                // No whole number of rows has this sum: rounded hessians fall on the same side of it.
                let params = params(growth, loss).min_samples_leaf(1).min_child_weight(4.9).bin_edges(edges.clone());
                let weighted = params.fit_weighted(&x, &y, &weight).unwrap().predict(x.view()).unwrap();
                let twice = params.fit(x.select(Axis(0), &repeated), y.select(Axis(0), &repeated)).unwrap();
                let twice = twice.predict(x.view()).unwrap();
                if loss == Loss::SquaredError {
                    assert_close(&weighted, &twice, 1e-12, &format!("{growth:?}"));
                }
                n_differ += usize::from(weighted.iter().zip(&twice).any(|(a, b)| (a - b).abs() > 1e-9));
            }
        }
        assert!(n_differ <= 4, "{loss:?}: {n_differ} of {} fits differ", 3 * SEEDS);
    }
}

#[test]
fn a_row_without_weight_is_not_there() {
    let (x, y) = rows(400, Loss::Logistic, 5);
    let weight = Array1::from_shape_fn(400, |row| f64::from(row < 300));
    let mut y_wild = y.clone();
    y_wild.slice_mut(s![300..]).fill(1.0);
    // Least rows of a leaf count rows, whatever their weight: 1 asks nothing.
    let edges = vec![(1..100).map(|edge| f64::from(edge) / 100.0).collect::<Vec<_>>(); 5];
    for growth in GROWTHS {
        let params = params(growth, Loss::Logistic).min_samples_leaf(1).bin_edges(edges.clone());
        let without = params.fit(x.slice(s![..300, ..]), y.slice(s![..300])).unwrap().predict(x.view()).unwrap();
        let with = params.fit_weighted(&x, &y_wild, &weight).unwrap().predict(x.view()).unwrap();
        assert_close(&with, &without, 1e-9, &format!("{growth:?}"));
    }
}

/// Impressions spread over many powers of ten: rows of few impressions must not look like rows of none.
#[test]
fn weights_of_all_sizes_split_where_it_gains() {
    let n = 20_000;
    let mut stream = Seed::new(27).stream("impressions", 0);
    let mut normal = || (0..12).map(|_| stream.uniform()).sum::<f64>() - 6.0;
    let weight = Array1::from_shape_fn(n, |_| (3.0 * normal()).exp().ceil());
    let x = Array2::from_shape_fn((n, 2), |(row, feature)| if feature == 0 { weight[row] } else { normal() });
    let y = Array1::from_shape_fn(n, |row| 0.02 + 0.2 * normal() / weight[row].sqrt());
    let params = params(Growth::LeafWise, Loss::SquaredError).n_estimators(1).max_leaves(2).min_child_weight(0.0);
    let model = params.fit_weighted(&x, &y, &weight).unwrap();
    let said = model.importance_by(Importance::Gain);
    let feature = usize::from(said[1] > 0.0);
    let threshold = model.steps_along(feature, &[1.0, 0.0]).unwrap().breakpoints[0];
    let side = |left: bool| {
        let rows = (0..n).filter(|&row| (x[[row, feature]] <= threshold) == left);
        rows.fold((0.0, 0.0), |(g, h), row| (g + weight[row] * (y[row] - mean(&y, &weight)), h + weight[row]))
    };
    let ((g, h), (other_g, other_h)) = (side(true), side(false));
    let gain = g * g / h + other_g * other_g / other_h;
    assert!((said[feature] / gain - 1.0).abs() < 0.02, "a gain of {} is said to be {}", gain, said[feature]);
}

fn mean(y: &Array1<f64>, weight: &Array1<f64>) -> f64 {
    (y * weight).sum() / weight.sum()
}

#[test]
fn an_offset_of_log_exposure_leaves_the_rate() {
    let mut stream = Seed::new(11).stream("offset", 0);
    let x = Array2::from_shape_fn((2_000, 1), |(row, _)| (row % 4) as f64);
    let exposure = Array1::from_shape_fn(2_000, |_| 1.0 + 500.0 * stream.uniform());
    let rate = |level: f64| 0.01 * (1.0 + level);
    let y: Array1<f64> = x.column(0).iter().zip(&exposure).map(|(&level, exposure)| rate(level) * exposure).collect();
    let offset = exposure.mapv(f64::ln);
    let data = TrainingSet::new(x.view(), y.view()).unwrap().with_offset(Some(offset.view())).unwrap();
    for growth in GROWTHS {
        let params = params(growth, Loss::Poisson).n_estimators(200);
        let model = params.fit_set(&data, &FitContext::default()).unwrap();
        for level in [0.0, 1.0, 2.0, 3.0] {
            let found = model.predict_row(&[level]).unwrap();
            // What is left after 200 steps of a tenth.
            assert!((found / rate(level) - 1.0).abs() < 1e-6, "{growth:?}: {found} for {}", rate(level));
        }
    }
}
