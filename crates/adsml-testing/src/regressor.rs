//! What every fitted model promises.

use adsml_core::{Classifier, Error, Regressor};
use ndarray::{Array2, ArrayView2, Axis, concatenate, s};

/// Holds a model to what [`Regressor`] promises, on rows `x` it can predict (at least one).
///
/// One prediction per row; the same bits for a row alone, in a batch, in a part of it, in
/// another memory layout and on another thread; an extra or missing column and an output of the
/// wrong length are refused; importances and explanations fit the features.
///
/// # Panics
///
/// With the promise that was broken.
pub fn check_regressor(model: &dyn Regressor, x: ArrayView2<'_, f64>) {
    assert_eq!(x.ncols(), model.n_features(), "check_regressor needs rows with the model's features");
    assert!(x.nrows() > 0, "check_regressor needs rows");
    let whole = bits(model, x);
    assert_eq!(whole.len(), x.nrows(), "one prediction per row");
    assert!(whole.iter().all(|&value| f64::from_bits(value).is_finite()), "a prediction is not finite");

    for (row, &expected) in x.outer_iter().zip(&whole) {
        let alone = model.predict_row(&row.to_vec()).expect("a row of a batch is predicted alone");
        assert_eq!(alone.to_bits(), expected, "a row alone gets another prediction than in its batch");
    }
    for (from, to) in [(0, x.nrows() / 2), (x.nrows() / 3, x.nrows())] {
        assert_eq!(bits(model, x.slice(s![from..to, ..])), whole[from..to], "rows see their batch");
    }
    let backwards = bits(model, x.slice(s![..;-1, ..]));
    assert!(backwards.iter().rev().eq(&whole), "the order of rows changes predictions");
    let column_major = x.t().as_standard_layout().reversed_axes().into_owned();
    assert_eq!(bits(model, column_major.view()), whole, "the memory layout changes predictions");
    assert_eq!(bits(model, x.slice(s![..0, ..])), [0_u64; 0], "an empty batch has no predictions");
    std::thread::scope(|scope| {
        for other in [scope.spawn(|| bits(model, x)), scope.spawn(|| bits(model, x))] {
            assert_eq!(other.join().expect("no panic"), whole, "another thread gets other predictions");
        }
    });

    check_refusals(model, x);

    if let Some(importance) = model.importance() {
        assert_eq!(importance.len(), x.ncols(), "one importance per feature");
        assert!(importance.iter().all(|value| value.is_finite() && *value >= 0.0), "an importance is negative");
    }
    if let Some(explanation) = model.explain(&x.row(0).to_vec()).expect("a row it predicts is explained") {
        assert_eq!(explanation.contributions.len(), x.ncols(), "one contribution per feature");
    }
    if let Some(classifier) = model.as_classifier() {
        check_classifier(classifier, x);
    }
}

fn check_refusals(model: &dyn Regressor, x: ArrayView2<'_, f64>) {
    let refuses = |x: ArrayView2<'_, f64>| {
        let batch = model.predict_into(x, &mut vec![0.0; x.nrows()]);
        let row = model.predict_row(&x.row(0).to_vec());
        [batch.err(), row.err()].iter().all(|error| matches!(error, Some(Error::FeatureCount { .. })))
    };
    let extra = Array2::zeros((x.nrows(), 1));
    let wider = concatenate(Axis(1), &[x.view(), extra.view()]).expect("the same rows");
    assert!(refuses(wider.view()), "an extra column is refused with Error::FeatureCount");
    if x.ncols() > 0 {
        assert!(refuses(x.slice(s![.., 1..])), "a missing column is refused with Error::FeatureCount");
    }
    for length in [x.nrows() - 1, x.nrows() + 1] {
        let refusal = model.predict_into(x, &mut vec![0.0; length]);
        assert!(matches!(refusal, Err(Error::Length { .. })), "a wrong output length is refused with Error::Length");
    }
}

/// Holds a classifier to what [`Classifier`] promises: named classes; probabilities that sum to
/// one; for two classes, the second column is what `predict` gives.
///
/// # Panics
///
/// With the promise that was broken.
pub fn check_classifier(model: &dyn Classifier, x: ArrayView2<'_, f64>) {
    let n_classes = model.classes().len();
    assert!(n_classes >= 2, "a classifier has classes");
    let proba = model.predict_proba(x).expect("the rows can be predicted");
    assert_eq!(proba.dim(), (x.nrows(), n_classes), "one probability per row and class");
    for row in proba.outer_iter() {
        assert!(row.iter().all(|p| (0.0..=1.0).contains(p)), "a probability lies outside [0, 1]: {row}");
        assert!((row.sum() - 1.0).abs() < 1e-12, "probabilities do not sum to one: {row}");
    }
    if n_classes == 2 {
        let predicted = model.predict(x).expect("the rows can be predicted");
        assert_eq!(proba.column(1), predicted, "`predict` is the probability of the second class");
    }
}

/// The bits of every prediction.
pub(crate) fn bits(model: &dyn Regressor, x: ArrayView2<'_, f64>) -> Vec<u64> {
    let predictions = model.predict(x).expect("the rows can be predicted");
    predictions.iter().map(|value| value.to_bits()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::{Result, check_predict_shapes};
    use ndarray::array;

    /// The mean of the batch: a model that sees its batch.
    #[derive(Debug)]
    struct BatchMean;

    impl Regressor for BatchMean {
        fn n_features(&self) -> usize {
            1
        }
        fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
            check_predict_shapes(1, x, out)?;
            out.fill(x.mean().unwrap_or_default());
            Ok(())
        }
        fn predict_row(&self, row: &[f64]) -> Result<f64> {
            Ok(row[0])
        }
    }

    #[test]
    #[should_panic(expected = "a row alone gets another prediction")]
    fn a_model_that_sees_its_batch_is_caught() {
        check_regressor(&BatchMean, array![[1.0], [2.0]].view());
    }
}
