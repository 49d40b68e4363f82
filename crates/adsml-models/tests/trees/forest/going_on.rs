//! Forests that are gone on from, and fits that are cancelled.

use adsml_core::{CancelToken, Error, FitContext, Regressor, TrainingSet};
use adsml_models::{Criterion, ModelError};
use ndarray::s;

use super::{CRITERIA, forest, rows, tree};
use crate::bytes;

#[test]
fn going_on_is_the_same_as_not_having_stopped() {
    let (x, y) = rows(400, 15);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    for criterion in CRITERIA {
        // Trees know their number, so that even draws are the same.
        let params = forest().criterion(criterion).max_features(0.5);
        let at_once = params.clone().n_estimators(7).fit(&x, &y).unwrap();
        let first = params.clone().n_estimators(3).fit(&x, &y).unwrap();
        let context = FitContext { warm_start: Some(&first), ..FitContext::default() };
        let second = params.clone().n_estimators(4).oob_score(true).fit_set(&data, &context).unwrap();
        assert_eq!((second.n_trees(), bytes(&second)), (7, bytes(&at_once)), "{criterion:?}");
        assert!(second.oob_score().is_none(), "trees of before saw rows that nobody remembers");
    }
}

#[test]
fn a_start_of_another_kind_is_refused() {
    let (x, y) = rows(60, 16);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let narrow = forest().fit(x.slice(s![.., ..3]), &y).unwrap();
    let gini = forest().criterion(Criterion::Gini).fit(&x, &y).unwrap();
    let one = tree().fit(&x, &y).unwrap();
    for start in [&narrow as &dyn Regressor, &gini, &one] {
        let context = FitContext { warm_start: Some(start), ..FitContext::default() };
        assert!(forest().fit_set(&data, &context).is_err());
        let error = tree().fit_set(&data, &context).unwrap_err();
        assert_eq!(error.to_string(), "`decision_tree` does not support a warm start");
    }
    let offset = data.with_offset(Some(y.view())).unwrap();
    assert_eq!(
        tree().fit_set(&offset, &FitContext::default()).unwrap_err().to_string(),
        "`decision_tree` does not support an offset"
    );
    assert!(forest().fit_set(&offset, &FitContext::default()).is_err());
}

#[test]
fn a_cancelled_fit_says_so() {
    /// Cancels after the third tree.
    struct Impatient(CancelToken);
    impl adsml_core::Observer for Impatient {
        fn progress(&self, progress: adsml_core::Progress<'_>) {
            if progress.done == 3 {
                self.0.cancel();
            }
        }
    }
    let (x, y) = rows(600, 17);
    let data = TrainingSet::new(x.view(), y.view()).unwrap();
    let observer = Impatient(CancelToken::new());
    let context = FitContext { observer: Some(&observer), cancel: Some(&observer.0), ..FitContext::default() };
    assert!(tree().fit_set(&data, &context).is_ok(), "nobody cancelled so far");
    let error = forest().n_estimators(50).fit_set(&data, &context).unwrap_err();
    assert!(matches!(error, ModelError::Core(Error::Cancelled)), "{error}");
    for params in [tree(), tree().max_leaves(9)] {
        let error = params.fit_set(&data, &context).unwrap_err();
        assert!(matches!(error, ModelError::Core(Error::Cancelled)), "{error}");
    }
}
