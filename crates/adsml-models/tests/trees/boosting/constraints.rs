//! Directions and groups of features.

use adsml_core::Regressor;
use adsml_models::{Importance, Loss};
use ndarray::Array1;

use super::{GROWTHS, LOSSES, params, rows};

#[test]
fn monotone_features_hold_everywhere() {
    for loss in LOSSES.into_iter().filter(|&loss| loss != Loss::Softmax) {
        let (x, mut y) = rows(3_000, loss, 6);
        // Against the directions that are asked for, in part.
        y.iter_mut().zip(x.outer_iter()).for_each(|(y, row)| *y *= 1.0 - 0.8 * (9.0 * row[0]).sin().powi(2) * row[1]);
        for growth in GROWTHS {
            for least in [1, 20] {
                let params = params(growth, loss).n_estimators(30).min_samples_leaf(least).min_child_weight(0.0);
                let model = params.monotone(vec![1, -1, 0, 0, 0]).fit(&x, &y).unwrap();
                for (feature, direction) in [(0, 1.0), (1, -1.0)] {
                    for row in x.outer_iter().take(20) {
                        let mut row = row.to_vec();
                        let mut at = |value: f64| {
                            row[feature] = value;
                            model.predict_row(&row).unwrap()
                        };
                        let values: Vec<f64> = (-50..1_050).map(|step| at(f64::from(step) / 1_000.0)).collect();
                        let holds = values.windows(2).all(|pair| direction * (pair[1] - pair[0]) >= 0.0);
                        assert!(holds, "{loss:?} {growth:?}: feature {feature} goes both ways");
                    }
                }
            }
        }
    }
}

#[test]
fn features_of_different_groups_do_not_meet() {
    let (x, _) = rows(3_000, Loss::SquaredError, 7);
    let y: Array1<f64> = x.outer_iter().map(|row| f64::from((row[0] > 0.5) != (row[1] > 0.4)) + row[2]).collect();
    for growth in GROWTHS {
        let model = params(growth, Loss::SquaredError)
            .n_estimators(40)
            .interactions(vec![vec![0, 2], vec![1, 3]])
            .fit(&x, &y)
            .unwrap();
        // Without a common path, the effect of feature 0 is the same whatever feature 1 is.
        let effect = |other: f64| {
            let at = |value: f64| model.predict_row(&[value, other, 3.0, 50.0, 0.5]).unwrap();
            at(0.9) - at(0.1)
        };
        assert!((effect(0.1) - effect(0.9)).abs() < 1e-9, "{growth:?}");
        assert_eq!(model.importance_by(Importance::Splits)[4], 0.0, "{growth:?}: a feature of no group was not alone");
    }
}
