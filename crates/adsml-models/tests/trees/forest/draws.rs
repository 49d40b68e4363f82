//! Rows and features that a forest draws.

use adsml_core::Regressor;
use adsml_models::{RandomForest, RandomForestParams};
use ndarray::{Array1, Array2};

#[test]
fn rows_and_features_are_drawn_as_asked() {
    let x = Array2::from_shape_fn((400, 4), |(row, feature)| ((row * (3 + 4 * feature)) % 401) as f64);
    let y: Array1<f64> = x.outer_iter().map(|row| row[0] + 0.5 * row[1] + 0.1 * row[2]).collect();
    let forest = || RandomForest::params().n_estimators(8);
    let leaves = |params: RandomForestParams| params.fit(&x, &y).unwrap().n_leaves() as f64 / 8.0;
    // Of n draws with replacement, a share of 1 - 1/e differ; of half as many, 1 - 1/sqrt(e).
    let (all, half, without) =
        (leaves(forest()), leaves(forest().max_samples(0.5)), leaves(forest().max_samples(0.5).bootstrap(false)));
    let distinct = leaves(forest().bootstrap(false));
    assert!(
        (all / distinct - 0.632).abs() < 0.05 && (half / distinct - 0.393).abs() < 0.05,
        "{all}, {half} of {distinct}"
    );
    assert!((without / distinct - 0.5).abs() < 0.01, "{without} of {distinct}");
    // A quarter of the features is one: a tree asks for no other.
    let one = forest().n_estimators(1).colsample_by_tree(0.25).fit(&x, &y).unwrap();
    assert_eq!(one.importance().unwrap().iter().filter(|&&gain| gain > 0.0).count(), 1);
    let levels = forest().n_estimators(1).colsample_by_level(0.25).fit(&x, &y).unwrap();
    assert!(levels.importance().unwrap().iter().filter(|&&gain| gain > 0.0).count() > 1);
    for share in [0.0, 1.1, f64::NAN] {
        assert!(forest().max_samples(share).fit(&x, &y).is_err());
    }
}
