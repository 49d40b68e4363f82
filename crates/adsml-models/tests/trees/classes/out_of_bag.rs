//! Rows that trees did not see, and new ones.

use adsml_core::{ModelFile, Regressor};
use adsml_models::RandomForest;
use ndarray::{Array1, Array2};

use super::{forest, proba, rows};

/// Mean of squared differences between probabilities and indicators.
fn brier(proba: &Array2<f64>, y: &Array1<f64>) -> f64 {
    let of_row = |(row, &y): (usize, &f64)| -> f64 {
        proba.row(row).iter().enumerate().map(|(class, p)| (f64::from(class as f64 == y) - p).powi(2)).sum()
    };
    y.iter().enumerate().map(of_row).sum::<f64>() / y.len() as f64
}

#[test]
fn a_forest_beats_the_prior_on_rows_it_has_not_seen() {
    let ((x, y), (x_new, y_new)) = (rows(3_000, 11), rows(2_000, 12));
    let model = forest(3).n_estimators(60).min_samples_leaf(5).oob_score(true).fit(&x, &y).unwrap();
    let shares: Vec<f64> =
        (0..3).map(|class| y.iter().filter(|&&y| y == f64::from(class)).count() as f64 / y.len() as f64).collect();
    let prior = brier(&Array2::from_shape_fn((2_000, 3), |(_, class)| shares[class]), &y_new);
    let found = brier(&proba(&model, &x_new), &y_new);
    assert!(found < 0.65 * prior, "{found} for the prior's {prior}");
    // Rows that trees did not see are as good as new ones.
    let score = model.oob_score().unwrap();
    assert!((score - (1.0 - found / prior)).abs() < 0.05, "{score} for {}", 1.0 - found / prior);
}

#[test]
fn the_out_of_bag_score_is_that_of_its_probabilities() {
    let (x, y) = rows(200, 13);
    let weight = Array1::from_shape_fn(200, |row| 1.0 + (row % 4) as f64);
    for n_classes in [2, 3] {
        let y = if n_classes == 2 { y.mapv(|class| class.min(1.0)) } else { y.clone() };
        let params = forest(n_classes).n_estimators(4).oob_score(true);
        let model = params.fit_weighted(&x, &y, &weight).unwrap();
        let (proba, predictions) = (model.oob_proba().unwrap(), model.oob_predictions().unwrap());
        assert_eq!(proba.dim(), (200, n_classes));
        let seen: Vec<usize> = (0..200).filter(|&row| !predictions[row].is_nan()).collect();
        assert!(seen.len() < 200, "some rows were in every draw");
        let (mut error, mut spread) = (0.0, 0.0);
        let total: f64 = seen.iter().map(|&row| weight[row]).sum();
        for class in 0..n_classes {
            let is = |row: usize| f64::from(y[row] == class as f64);
            let share = seen.iter().map(|&row| weight[row] * is(row)).sum::<f64>() / total;
            for &row in &seen {
                error += weight[row] * (is(row) - proba[[row, class]]).powi(2);
                spread += weight[row] * (is(row) - share).powi(2);
            }
        }
        assert!((model.oob_score().unwrap() - (1.0 - error / spread)).abs() < 1e-12, "{n_classes} classes");
        for &row in &seen {
            let mean: f64 = (0..n_classes).map(|class| class as f64 * proba[[row, class]]).sum();
            assert!((predictions[row] - mean).abs() < 1e-12);
        }
    }
    assert!(RandomForest::params().n_estimators(3).oob_score(true).fit(&x, &y).unwrap().oob_proba().is_none());
    assert!(forest(3).fit(&x, &y).unwrap().oob_proba().is_none());
}

#[test]
fn out_of_bag_importance_of_two_classes_is_that_of_many() {
    let (x, y) = rows(300, 8);
    let y = y.mapv(|class| class.min(1.0));
    let found = |n_classes| {
        let model = forest(n_classes).oob_importance(true).fit(&x, &y).unwrap();
        let file = ModelFile::from_bytes(&model.to_file().unwrap().to_bytes()).unwrap();
        assert_eq!(RandomForest::from_file(&file).unwrap().oob_importance(), model.oob_importance());
        model.oob_importance().expect("it was asked for").to_vec()
    };
    // The third class has no rows: its share is zero everywhere, and the halved Brier score is the squared error.
    let (two, three) = (found(2), found(3));
    assert!(two.iter().map(|one| one.mean).fold(f64::MIN, f64::max) > 0.02, "{two:?}");
    for (two, three) in two.iter().zip(&three) {
        assert!((two.mean - three.mean).abs() < 0.02, "{two:?}, {three:?}");
    }
}
