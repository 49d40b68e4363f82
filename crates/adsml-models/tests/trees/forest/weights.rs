//! Weights of rows, and rates weighted with their denominators.

use adsml_core::{ModelFile, Regressor};
use adsml_models::{Criterion, ModelError};
use ndarray::{Array1, Array2, Axis, s};

use super::{classes, forest, rows, tree};
use crate::{assert_close, bits, bytes, registry};

#[test]
fn a_weight_of_two_is_a_row_twice() {
    for seed in 4..9 {
        let (x, y) = rows(500, seed);
        // Edges between bins are found on rows, whatever their weight: columns of few values have the same.
        let x = x.mapv(|value| (value * 8.0).floor());
        let times: Vec<usize> = (0..500).map(|row| 1 + row % 2).collect();
        let repeated: Vec<usize> = (0..500).flat_map(|row| vec![row; times[row]]).collect();
        let weight: Array1<f64> = times.iter().map(|&times| times as f64).collect();
        for params in [tree(), tree().max_leaves(12), tree().max_depth(4), tree().min_child_weight(6.5)] {
            let weighted = params.fit_weighted(&x, &y, &weight).unwrap().predict(x.view()).unwrap();
            let twice = params.fit(x.select(Axis(0), &repeated), y.select(Axis(0), &repeated)).unwrap();
            assert_close(&weighted, &twice.predict(x.view()).unwrap(), 1e-12, &format!("seed {seed}, {params:?}"));
        }
    }
}

#[test]
fn a_row_without_weight_is_not_there() {
    let (x, y) = rows(400, 5);
    let x = x.mapv(|value| (value * 8.0).floor());
    let weight = Array1::from_shape_fn(400, |row| f64::from(row < 300));
    let mut wild = y.clone();
    wild.slice_mut(s![300..]).fill(1e9);
    for params in [tree(), tree().max_leaves(12)] {
        let without = params.fit(x.slice(s![..300, ..]), y.slice(s![..300])).unwrap().predict(x.view()).unwrap();
        let with = params.fit_weighted(&x, &wild, &weight).unwrap().predict(x.view()).unwrap();
        assert_close(&with, &without, 1e-12, &format!("{params:?}"));
    }
}

#[test]
fn the_unit_of_weights_does_not_matter() {
    let (x, y) = rows(600, 11);
    let weight = Array1::from_shape_fn(600, |row| 1.0 + (row % 3) as f64);
    for (params, y) in [(tree(), y.clone()), (tree().max_leaves(20), y.clone()), (tree().criterion(Criterion::Gini), y)]
    {
        let expected = params.fit_weighted(&x, &y, &weight).unwrap().predict(x.view()).unwrap();
        for unit in [1e-300, 1e-30, 0.125, 3.0, 1e30, 1e300] {
            let found = params.fit_weighted(&x, &y, &weight * unit).unwrap().predict(x.view()).unwrap();
            assert_close(&found, &expected, 1e-12, &format!("{unit} {params:?}"));
        }
    }
}

#[test]
fn weights_of_any_size_give_finite_predictions_or_an_error() {
    let registry = registry();
    let (x, y) = rows(600, 12);
    for unit in [5e-324, 1e-308, 1e300, f64::MAX / 1e3, f64::MAX] {
        for spread in [false, true] {
            let weight = Array1::from_shape_fn(600, |row| if spread && row % 3 > 0 { 1.0 } else { unit });
            for target in [y.clone(), y.mapv(|y| 1e100 * y), y.mapv(|y| 1e150 * (y - 0.5))] {
                let models: [std::result::Result<Box<dyn Regressor>, ModelError>; 3] = [
                    tree().fit_weighted(&x, &target, &weight).map(|model| Box::new(model) as _),
                    tree().max_leaves(8).fit_weighted(&x, &target, &weight).map(|model| Box::new(model) as _),
                    forest()
                        .oob_score(true)
                        .oob_importance(true)
                        .fit_weighted(&x, &target, &weight)
                        .map(|model| Box::new(model) as _),
                ];
                let range = target.iter().fold((f64::MAX, f64::MIN), |(low, high), &y| (low.min(y), high.max(y)));
                for (at, model) in models.into_iter().enumerate() {
                    let Ok(model) = model else { continue };
                    let found = model.predict(x.view()).unwrap();
                    let inside = found.iter().all(|p| (range.0..=range.1).contains(p));
                    assert!(inside, "model {at}: weights of {unit}, {spread}: {} outside {range:?}", found[0]);
                    // Gains beyond the largest number are in no file.
                    let file = ModelFile::from_bytes(&bytes(&*model)).unwrap();
                    match registry.load_regressor(&file) {
                        Ok(back) => assert_eq!(bits(&*back, x.view()), bits(&*model, x.view())),
                        Err(error) => assert!(unit > 1e300 || target[0].abs() > 1.0, "{unit}: {error}"),
                    }
                }
            }
        }
    }
}

#[test]
fn rates_are_predicted_as_classes_are() {
    // Rows of 0 and 1, and what they come to: their rate, weighted with how many there are.
    let (x, y) = classes(2_000, 19);
    let x = x.slice(s![.., 2..4]).mapv(|value| (value / 10.0).floor());
    let mut totals = std::collections::BTreeMap::<[u64; 2], (f64, f64)>::new();
    for (row, y) in x.outer_iter().zip(&y) {
        let total = totals.entry([row[0] as u64, row[1] as u64]).or_default();
        *total = (total.0 + y, total.1 + 1.0);
    }
    let rates_x =
        Array2::from_shape_vec((totals.len(), 2), totals.keys().flatten().map(|&value| value as f64).collect());
    let rates_x = rates_x.unwrap();
    let rates: Array1<f64> = totals.values().map(|(clicks, n)| clicks / n).collect();
    let n: Array1<f64> = totals.values().map(|(_, n)| *n).collect();
    for params in [tree(), tree().max_leaves(5), tree().min_child_weight(250.5)] {
        let params = params.criterion(Criterion::Gini);
        let of_rates = params.fit_weighted(&rates_x, &rates, &n).unwrap();
        let of_rows = params.fit(&x, &y).unwrap();
        assert_close(&of_rates.predict(x.view()).unwrap(), &of_rows.predict(x.view()).unwrap(), 1e-12, "rates");
        let proba = of_rates.as_classifier().expect("it has classes").predict_proba(rates_x.view()).unwrap();
        assert_eq!(proba.column(1), of_rates.predict(rates_x.view()).unwrap());
        assert!(proba.outer_iter().all(|row| row[0] == 1.0 - row[1]));
    }
}
