//! Directions and groups of features.

use adsml_core::{FitContext, Regressor, TrainingSet};
use adsml_models::Importance;
use ndarray::{Array1, Array2};

use super::{CRITERIA, forest, rows, tree};
use crate::columns;

#[test]
fn monotone_features_hold_everywhere() {
    let (x, mut y) = rows(3_000, 6);
    // Against the directions that are asked for, in part.
    y.iter_mut().zip(x.outer_iter()).for_each(|(y, row)| *y *= 1.0 - 0.8 * (9.0 * row[0]).sin().powi(2) * row[1]);
    let columns = columns();
    let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
    let weight = Array1::from_shape_fn(3_000, |row| 0.5 + (row % 5) as f64);
    let weighted = data.with_weight(Some(weight.view())).unwrap();
    let directions = vec![1, -1, 0, 0, -1];
    let context = FitContext::default();
    let mut models: Vec<Box<dyn Regressor>> = Vec::new();
    for criterion in CRITERIA {
        for least in [1, 20] {
            let (tree, forest) = (tree().criterion(criterion), forest().criterion(criterion));
            let tree = tree.min_samples_leaf(least).monotone(directions.clone());
            let forest = forest.min_samples_leaf(least).monotone(directions.clone()).max_features(0.7);
            models.push(Box::new(tree.fit_set(&data, &context).unwrap()));
            models.push(Box::new(tree.fit_set(&weighted, &context).unwrap()));
            models.push(Box::new(tree.max_leaves(60).fit_set(&data, &context).unwrap()));
            models.push(Box::new(forest.fit_set(&weighted, &context).unwrap()));
        }
    }
    for (at, model) in models.iter().enumerate() {
        for (feature, direction) in [(0, 1.0), (1, -1.0), (4, -1.0)] {
            for row in x.outer_iter().take(15) {
                let mut grid = Array2::from_shape_fn((550, 5), |(_, feature)| row[feature]);
                grid.column_mut(feature).assign(&Array1::from_shape_fn(550, |step| (step as f64 - 25.0) / 500.0));
                let values = model.predict(grid.view()).unwrap();
                let holds = values.windows(2).into_iter().all(|pair| direction * (pair[1] - pair[0]) >= 0.0);
                assert!(holds, "model {at}: feature {feature} goes both ways");
            }
        }
        assert!(model.importance().unwrap()[0] > 0.0 && model.importance().unwrap()[4] > 0.0);
    }
}

#[test]
fn features_of_different_groups_do_not_meet() {
    let (x, _) = rows(3_000, 7);
    let y: Array1<f64> = x.outer_iter().map(|row| f64::from((row[0] > 0.5) != (row[1] > 0.4)) + row[2]).collect();
    let groups = vec![vec![0, 2], vec![1, 3]];
    for seed in 0..4 {
        let context = FitContext::seeded(seed);
        let data = TrainingSet::new(x.view(), y.view()).unwrap();
        let model = forest().interactions(groups.clone()).max_features(0.6).fit_set(&data, &context).unwrap();
        // Without a common path, the effect of feature 0 is the same whatever the others are.
        for (low, high) in [(0.1, 0.9), (0.3, 0.45), (0.39, 0.41)] {
            let effect = |row: &[f64; 5]| {
                let at = |value: f64| model.predict_row(&[value, row[1], row[2], row[3], row[4]]).unwrap();
                at(0.9) - at(0.1)
            };
            let from = [0.0, low, 3.0, 50.0, 0.5];
            // A feature of no group meets none.
            for to in [[0.0, high, 3.0, 50.0, 0.5], [0.0, low, 3.0, 50.0, high], [0.0, high, 3.0, 10.0, f64::NAN]] {
                assert!((effect(&from) - effect(&to)).abs() < 1e-9, "seed {seed}: {from:?} and {to:?}");
            }
        }
    }
    // One tree looks at one group, whichever gains at its root.
    for params in [tree(), tree().max_leaves(30)] {
        let splits = params.interactions(groups.clone()).fit(&x, &y).unwrap().importance_by(Importance::Splits);
        assert!(splits[2] > 0.0 && splits[1] == 0.0 && splits[3] == 0.0 && splits[4] == 0.0, "{splits:?}");
    }
    let splits = tree().fit(&x, &y).unwrap().importance_by(Importance::Splits);
    assert!(splits[0] > 0.0 && splits[1] > 0.0);
}
