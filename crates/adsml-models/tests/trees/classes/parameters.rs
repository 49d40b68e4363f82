//! Parameters, targets and starts that classes take.

use adsml_core::{CancelToken, Classifier, Error, FitContext, Learner, ParamValue, TrainingSet};
use adsml_models::{DecisionTree, ModelError, RandomForest};
use ndarray::{Array2, array};

use super::{bits, forest, rows, tree};

#[test]
fn numbers_that_are_no_classes_are_refused_by_row() {
    let x = Array2::zeros((3, 1));
    for bad in [3.0, -1.0, 0.5, f64::NAN, f64::INFINITY] {
        let y = array![1.0, bad, 1.0];
        for error in [tree(3).fit(&x, &y).unwrap_err(), forest(3).fit(&x, &y).unwrap_err()] {
            assert!(matches!(error, ModelError::InvalidTarget { row: 1, .. }), "{error}");
            assert!(error.to_string().ends_with("expected the number of a class, from 0, below n_classes"), "{error}");
        }
    }
}

#[test]
fn what_classes_do_not_take_is_named() {
    let (x, y) = rows(60, 16);
    let named = |result: std::result::Result<DecisionTree, ModelError>, expected: &str| {
        let error = result.unwrap_err();
        assert!(matches!(&error, ModelError::InvalidParameter { name, .. } if name == expected), "{error}");
    };
    named(tree(1).fit(&x, &y), "n_classes");
    named(tree(1001).fit(&x, &y), "n_classes");
    named(tree(3).monotone(vec![1, 0, 0, 0, 0]).fit(&x, &y), "monotone");
    assert!(tree(3).monotone(vec![0; 5]).fit(&x, &y).is_ok());
    let error = DecisionTree::params().fit(&x, &y).unwrap().predict_proba(x.view()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`decision_tree` does not support class probabilities after fitting by squared_error"
    );
    let mut learner = forest(2);
    learner.set_param("n_classes", ParamValue::Integer(3)).unwrap();
    assert_eq!(learner.param("n_classes").unwrap(), ParamValue::Integer(3));
    assert_eq!(learner.fit(&x, &y).unwrap(), forest(3).fit(&x, &y).unwrap());
    let token = CancelToken::new();
    token.cancel();
    let context = FitContext { cancel: Some(&token), ..FitContext::default() };
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    assert!(matches!(tree(3).fit_set(&data, &context), Err(ModelError::Core(Error::Cancelled))));
    assert!(matches!(forest(3).fit_set(&data, &context), Err(ModelError::Core(Error::Cancelled))));
}

#[test]
fn a_forest_goes_on_from_one_of_its_kind() {
    let (x, y) = rows(200, 17);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let at_once = forest(3).n_estimators(7).fit(&x, &y).unwrap();
    let first = forest(3).n_estimators(3).fit(&x, &y).unwrap();
    let context = FitContext { warm_start: Some(&first), ..FitContext::default() };
    let second = forest(3).n_estimators(4).fit_set(&data, &context).unwrap();
    assert_eq!((second.n_trees(), bits(&second, &x)), (7, bits(&at_once, &x)));
    let low = y.mapv(|class| class.min(1.0));
    for other in [forest(4), forest(2), RandomForest::params()] {
        let data = TrainingSet::new(x.view(), low.view()).unwrap();
        assert!(other.fit_set(&data, &context).is_err());
    }
}
