//! Values out of the ordinary: missing, not seen at fitting, infinite.

use adsml_core::{FitContext, Regressor, Seed, TrainingSet};
use adsml_models::DecisionTree;
use adsml_testing::check_regressor;
use ndarray::{Array1, Array2, Axis, array};

use super::{forest, tree};
use crate::category;

#[test]
fn what_was_not_seen_goes_where_it_was_said_to_go() {
    // Rows by level and class; level 2 of the category has a name and no rows.
    let fit = |parts: &[(f64, f64, usize)]| {
        let columns = [category("audience", 3)];
        let values: Vec<f64> = parts.iter().flat_map(|&(value, _, times)| vec![value; times]).collect();
        let y: Array1<f64> = parts.iter().flat_map(|&(_, class, times)| vec![class; times]).collect();
        let x = Array2::from_shape_vec((values.len(), 1), values).unwrap();
        let data = TrainingSet { columns: &columns, ..TrainingSet::new(x.view(), y.view()).unwrap() };
        tree(3).fit_set(&data, &FitContext::default()).unwrap()
    };
    let class = |model: &DecisionTree, value: f64| model.predict_row(&[value]).unwrap();
    let model = fit(&[(0.0, 0.0, 60), (1.0, 2.0, 30)]);
    assert!([2.0, 3.0, f64::NAN, -1.0, 0.5, 1e300].iter().all(|&unseen| class(&model, unseen) == 0.0));
    assert_eq!(class(&model, 1.0), 2.0);
    let model = fit(&[(0.0, 0.0, 60), (1.0, 2.0, 30), (3.0, 1.0, 5)]);
    assert!([2.0, 3.0, -1.0, 7.0].iter().all(|&unseen| class(&model, unseen) == 1.0));
    let model = fit(&[(0.0, 0.0, 60), (1.0, 2.0, 30), (f64::NAN, 1.0, 5)]);
    assert_eq!(class(&model, f64::NAN), 1.0);
    // Missing numbers have a side of their own; where none was seen, they go with the many.
    let x = array![[f64::NAN], [1.0], [f64::NAN], [2.0], [2.0], [2.0]];
    let y = array![2.0, 0.0, 2.0, 1.0, 1.0, 1.0];
    assert_eq!(tree(3).fit(&x, &y).unwrap().predict(x.view()).unwrap(), y);
    let known = tree(3).fit(x.select(Axis(0), &[1, 3, 4]), y.select(Axis(0), &[1, 3, 4])).unwrap();
    assert_eq!(class(&known, f64::NAN), 1.0);
}

#[test]
fn extreme_tables_are_fitted() {
    let mut stream = Seed::new(14).stream("extremes", 0);
    let mut noise = |n: usize, p: usize| Array2::from_shape_fn((n, p), |_| stream.uniform());
    let infinite = noise(200, 2).mapv(|v| [f64::NEG_INFINITY, v, f64::INFINITY][(v * 3.0) as usize]);
    let tables = [
        infinite,
        Array2::from_elem((200, 3), 4.0),
        Array2::from_elem((200, 2), f64::NAN),
        noise(1, 3),
        noise(2, 1),
        noise(5, 0),
        noise(50, 3_000),
    ];
    for x in tables {
        for y in [Array1::from_shape_fn(x.nrows(), |row| ((row * 7) % 5) as f64), Array1::from_elem(x.nrows(), 3.0)] {
            check_regressor(&tree(1000).fit(&x, &y).unwrap(), x.view());
            let forest = forest(5).n_estimators(3).oob_score(true).fit(&x, &y).unwrap();
            check_regressor(&forest, x.view());
            if y[0] == 3.0 {
                assert_eq!(forest.n_leaves(), 3, "a constant target is a leaf");
                assert!(forest.predict(x.view()).unwrap().iter().all(|&class| class == 3.0));
            }
        }
    }
}
