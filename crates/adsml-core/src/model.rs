//! Fitted models.

use std::fmt::Debug;

use ndarray::{Array1, Array2, ArrayView2};

use crate::{Error, ModelFile, Result};

/// A fitted model: immutable, shared between threads, and giving the same bits for a row alone as in a batch.
pub trait Regressor: Debug + Send + Sync {
    /// Number of features it was fitted on.
    fn n_features(&self) -> usize;

    /// The expected target of each row of `x`, shape `(n_samples, n_features)`, into `out`, length
    /// `n_samples`: the mean, or P(positive) for a binary classifier.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`]; [`Error::Length`]; [`Error::InvalidSample`] for values outside the
    /// model's domain (a linear model refuses `NaN`). `out` is unspecified then.
    fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()>;

    /// The expected target of one row, without allocation.
    ///
    /// # Errors
    ///
    /// As [`predict_into`](Self::predict_into).
    fn predict_row(&self, row: &[f64]) -> Result<f64>;

    /// The expected target of each row of `x`.
    ///
    /// # Errors
    ///
    /// As [`predict_into`](Self::predict_into).
    fn predict(&self, x: ArrayView2<'_, f64>) -> Result<Array1<f64>> {
        let mut out = Array1::zeros(x.nrows());
        self.predict_into(x, out.as_slice_mut().expect("a new array is contiguous"))?;
        Ok(out)
    }

    /// How much each feature matters, in the model's own terms (absolute standardised coefficient,
    /// gain of trees), length `n_features`; `None` when it has no such notion.
    fn importance(&self) -> Option<Vec<f64>> {
        None
    }

    /// Why it predicts what it predicts for one row; `None` when it cannot say.
    ///
    /// # Errors
    ///
    /// As [`predict_row`](Self::predict_row).
    fn explain(&self, row: &[f64]) -> Result<Option<Explanation>> {
        let _ = row;
        Ok(None)
    }

    /// The model along one feature, the others held at `row`, when it is a step function.
    fn steps_along(&self, feature: usize, row: &[f64]) -> Option<Steps> {
        let _ = (feature, row);
        None
    }

    /// The model as a classifier, when it is one.
    fn as_classifier(&self) -> Option<&dyn Classifier> {
        None
    }

    /// Itself as a model file.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] when it cannot be saved.
    fn to_file(&self) -> Result<ModelFile> {
        Err(Error::Unsupported { by: format!("{self:?}").chars().take(40).collect(), what: "saving".to_owned() })
    }
}

/// Checks shared by every [`Regressor::predict_into`]: features and length of the output.
///
/// # Errors
///
/// [`Error::FeatureCount`]; [`Error::Length`].
pub fn check_predict_shapes(n_features: usize, x: ArrayView2<'_, f64>, out: &[f64]) -> Result<()> {
    if x.ncols() != n_features {
        return Err(Error::FeatureCount { expected: n_features, found: x.ncols() });
    }
    Error::check_length("the output", x.nrows(), out.len())
}

/// A fitted model of class probabilities.
pub trait Classifier: Regressor {
    /// The classes' names, in the order of the columns of [`predict_proba`](Self::predict_proba).
    fn classes(&self) -> &[String];

    /// The probability of every class, shape `(n_samples, n_classes)`; rows sum to one.
    ///
    /// # Errors
    ///
    /// As [`Regressor::predict_into`].
    fn predict_proba(&self, x: ArrayView2<'_, f64>) -> Result<Array2<f64>>;
}

/// What each feature added to a prediction; `base + contributions` is the prediction on the model's raw scale.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// What is predicted without knowing the row.
    pub base: f64,
    /// What each feature adds, length `n_features`.
    pub contributions: Vec<f64>,
}

/// A step function: `values[i]` holds up to and including `breakpoints[i]`, the last value beyond.
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// Where the value changes, ascending.
    pub breakpoints: Vec<f64>,
    /// The values; one more than breakpoints.
    pub values: Vec<f64>,
}
