//! Values out of the ordinary: missing, not seen at fitting, infinite, of many levels.

use adsml_core::{FeatureColumn, ModelFile, Regressor, Seed};
use adsml_models::DecisionTree;
use adsml_testing::check_regressor;
use ndarray::{Array1, Array2, array};

use super::{CRITERIA, fit_with, forest, tree};
use crate::{assert_close, bits, bytes, category};

#[test]
fn missing_values_go_where_it_gains() {
    // In a small node and in a large one: missing values are like the low ones, the high ones, or neither.
    for n in [40, 4_000] {
        for (of_missing, expected) in [(1.0, [1.0, 5.0]), (5.0, [1.0, 5.0]), (9.0, [1.0, 5.0])] {
            let x = Array2::from_shape_fn((n, 1), |(row, _)| [0.0, 1.0, 2.0, f64::NAN][row % 4]);
            let y = Array1::from_shape_fn(n, |row| [1.0, 1.0, 5.0, of_missing][row % 4]);
            for params in [tree(), tree().max_leaves(3)] {
                let model = params.fit(&x, &y).unwrap();
                assert_eq!(model.predict(x.view()).unwrap(), y);
                assert_eq!(model.n_leaves(), if of_missing == 9.0 { 3 } else { 2 });
                assert_eq!(model.predict(array![[-9.0], [9.0]].view()).unwrap().to_vec(), expected);
            }
            let stump =
                tree().max_depth(1).fit(&x, &y).unwrap().predict(array![[0.0], [2.0], [f64::NAN]].view()).unwrap();
            match of_missing {
                1.0 => assert_eq!(stump, array![1.0, 5.0, 1.0]),
                5.0 => assert_eq!(stump, array![1.0, 5.0, 5.0]),
                _ => assert_eq!(stump, array![1.0, 7.0, 7.0], "with the nearer of the two"),
            }
        }
    }
}

#[test]
fn what_was_not_seen_goes_where_it_was_said_to_go() {
    // Rows by level and target; level 2 of the category has a name and no rows. In small nodes and in large ones.
    for times in [1, 20] {
        let columns = [category("audience", 3)];
        let fit = |parts: &[(f64, f64, usize)]| {
            let part = |pick: fn(&(f64, f64, usize)) -> f64| -> Vec<f64> {
                parts.iter().flat_map(|part| vec![pick(part); part.2 * times]).collect()
            };
            let values = part(|part| part.0);
            let x = Array2::from_shape_vec((values.len(), 1), values).unwrap();
            fit_with(&tree(), &columns, &x, &Array1::from(part(|part| part.1)))
        };
        let at = |model: &DecisionTree, value: f64| model.predict_row(&[value]).unwrap();
        // The larger side takes what was not seen.
        let model = fit(&[(0.0, 0.0, 60), (1.0, 9.0, 30)]);
        for unseen in [2.0, 3.0, f64::NAN, -1.0, 0.5, 1e300, f64::INFINITY] {
            assert_eq!(at(&model, unseen), 0.0, "{unseen}");
        }
        assert_eq!(at(&model, 1.0), 9.0);
        // Rows of another level were there: what is not seen goes with them.
        let model = fit(&[(0.0, 0.0, 60), (1.0, 9.0, 30), (3.0, 9.0, 5)]);
        assert!([2.0, 3.0, -1.0, 7.0].iter().all(|&unseen| at(&model, unseen) == 9.0));
        assert_eq!(at(&model, f64::NAN), 0.0);
        // Missing values were there.
        let model = fit(&[(0.0, 0.0, 60), (1.0, 0.0, 30), (f64::NAN, 9.0, 5)]);
        assert_eq!((at(&model, f64::NAN), at(&model, 2.0)), (9.0, 0.0));
        // Of a number, the same.
        let n = 90 * times;
        let x = Array2::from_shape_fn((n, 1), |(row, _)| f64::from(row % 3 == 0));
        let y = Array1::from_shape_fn(n, |row| if row % 3 == 0 { 9.0 } else { 0.0 });
        assert_eq!(at(&tree().fit(&x, &y).unwrap(), f64::NAN), 0.0);
    }
}

#[test]
fn extreme_tables_are_fitted() {
    let mut stream = Seed::new(9).stream("extremes", 0);
    let mut noise = |n: usize, p: usize| Array2::from_shape_fn((n, p), |_| stream.uniform());
    let infinite = noise(200, 2).mapv(|v| match v {
        ..0.2 => f64::NEG_INFINITY,
        0.8.. => f64::INFINITY,
        v => v,
    });
    let huge = noise(400, 2).mapv(|v| if v < 0.5 { f64::MAX * v } else { f64::MIN * v });
    let tables = [
        infinite,
        huge,
        Array2::from_elem((400, 3), 4.0),
        Array2::from_elem((400, 2), f64::NAN),
        noise(1, 3),
        noise(2, 1),
        noise(5, 0),
        noise(400, 0),
        noise(50, 10_000),
    ];
    for x in tables {
        let y = Array1::from_shape_fn(x.nrows(), |row| ((row * 7) % 5) as f64 / 4.0);
        for criterion in CRITERIA {
            let (tree, forest) = (tree().criterion(criterion), forest().n_estimators(3).criterion(criterion));
            let limited = tree.clone().max_leaves(6).fit(&x, &y).unwrap();
            check_regressor(&limited, x.view());
            let model = tree.fit(&x, &y).unwrap();
            check_regressor(&model, x.view());
            check_regressor(&forest.oob_score(true).fit(&x, &y).unwrap(), x.view());
            let found = model.predict(x.view()).unwrap();
            let varies =
                x.columns().into_iter().any(|column| column.iter().any(|v| v.to_bits() != column[0].to_bits()));
            if !varies {
                assert_close(
                    &found,
                    &Array1::from_elem(y.len(), y.mean().unwrap()),
                    1e-12,
                    "nothing to tell rows apart",
                );
            } else if x.nrows() <= 50 {
                assert_eq!(found, y);
            }
        }
        assert_eq!(forest().fit(&x, Array1::from_elem(x.nrows(), 3.25)).unwrap().n_leaves(), 8);
    }
}

#[test]
fn infinities_are_told_from_numbers() {
    for n in [90, 900] {
        let x = Array2::from_shape_fn((n, 1), |(row, _)| [f64::NEG_INFINITY, 0.0, f64::INFINITY][row % 3]);
        let y = Array1::from_shape_fn(n, |row| [5.0, 1.0, 3.0][row % 3]);
        for params in [tree(), tree().max_leaves(3)] {
            let model = params.fit(&x, &y).unwrap();
            assert_eq!(model.predict(x.view()).unwrap(), y);
        }
    }
}

#[test]
fn a_category_of_300_levels_is_learned_and_saved() {
    let columns = [FeatureColumn::number("bid"), category("audience", 300)];
    let mut stream = Seed::new(10).stream("levels", 0);
    let x = Array2::from_shape_fn((6_000, 2), |(row, feature)| {
        let level = if row % 97 == 0 { f64::NAN } else { (row % 300) as f64 };
        [stream.uniform(), level][feature]
    });
    let y: Array1<f64> =
        x.outer_iter().map(|row| if row[1].is_nan() { 0.5 } else { f64::from(row[1] as u32 * 7 % 10 < 3) }).collect();
    for criterion in CRITERIA {
        let model = fit_with(&tree().criterion(criterion).min_samples_leaf(20), &columns, &x, &y);
        let error = (&model.predict(x.view()).unwrap() - &y).mapv(|error| error * error).mean().unwrap();
        // 46 levels share a bin; the variance of the target is about 0.2.
        assert!(error < 0.06, "{criterion:?}: {error}");
        let back = DecisionTree::from_file(&ModelFile::from_bytes(&bytes(&model)).unwrap()).unwrap();
        assert_eq!(back, model);
        assert_eq!(back.columns(), columns);
        let unseen = array![[0.3, 300.0], [0.3, f64::NAN], [0.3, 1e9], [0.3, -2.0]];
        assert_eq!(bits(&back, unseen.view()), bits(&model, unseen.view()));
        assert!(model.steps_along(1, &[0.3, 2.0]).is_none() && model.steps_along(0, &[0.3, 2.0]).is_some());
    }
}
