//! Any linfa model as a [`Regressor`].

use std::fmt;

use adsml_core::{Error, Regressor, check_predict_shapes};
use linfa::traits::PredictInplace;
use ndarray::{Array1, ArrayView2};

type Predict = Box<dyn Fn(ArrayView2<'_, f64>) -> Array1<f64> + Send + Sync>;

/// A fitted linfa model that other crates of this house can hold, evaluate and plot.
///
/// linfa computes in batches and panics on shapes it does not expect. Here shapes are checked
/// first, and every row is predicted alone, so that a row never sees its batch; that costs linfa's
/// overhead, and an allocation, per row. It cannot be saved.
///
/// ```
/// use adsml_models::{LinfaRegressor, Regressor};
/// use linfa::prelude::*;
/// use ndarray::array;
///
/// let days = Dataset::new(array![[100.0], [200.0], [300.0]], array![3.0, 5.0, 7.0]);
/// let model = linfa_linear::LinearRegression::default().fit(&days)?;
/// let model = LinfaRegressor::new("linfa_ols", 1, model);
/// assert!((model.predict_row(&[400.0])? - 9.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct LinfaRegressor {
    name: &'static str,
    n_features: usize,
    predict: Predict,
}

impl LinfaRegressor {
    /// Carries a model that predicts numbers.
    pub fn new<M>(name: &'static str, n_features: usize, model: M) -> Self
    where
        M: for<'a> PredictInplace<ArrayView2<'a, f64>, Array1<f64>> + Send + Sync + 'static,
    {
        Self::with_values(name, n_features, model, |value: &f64| *value)
    }

    /// Carries a model that predicts labels (or anything else), with the number each of them stands for.
    pub fn with_values<M, T>(
        name: &'static str,
        n_features: usize,
        model: M,
        value: impl Fn(&T) -> f64 + Send + Sync + 'static,
    ) -> Self
    where
        M: for<'a> PredictInplace<ArrayView2<'a, f64>, Array1<T>> + Send + Sync + 'static,
    {
        Self::from_fn(name, n_features, move |x| {
            let mut predicted = model.default_target(&x);
            model.predict_inplace(&x, &mut predicted);
            predicted.iter().map(&value).collect()
        })
    }

    /// Carries any function from rows to one number each, such as linfa-logistic's `predict_probabilities`.
    ///
    /// Check the order of the labels first: linfa-logistic 0.8.1 gives the probability of the *majority* class.
    pub fn from_fn(
        name: &'static str,
        n_features: usize,
        predict: impl Fn(ArrayView2<'_, f64>) -> Array1<f64> + Send + Sync + 'static,
    ) -> Self {
        Self { name, n_features, predict: Box::new(predict) }
    }

    fn predict_one(&self, row: usize, features: ArrayView2<'_, f64>) -> adsml_core::Result<f64> {
        if let Some((feature, &value)) = features.iter().enumerate().find(|(_, value)| !value.is_finite()) {
            let what = format!("feature {feature}");
            return Err(Error::InvalidSample { what, row, value, expected: "a finite number" });
        }
        let predicted = (self.predict)(features);
        Error::check_length("linfa's prediction of one row", 1, predicted.len())?;
        Ok(predicted[0])
    }
}

impl fmt::Debug for LinfaRegressor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(self.name).field("n_features", &self.n_features).finish_non_exhaustive()
    }
}

impl Regressor for LinfaRegressor {
    fn n_features(&self) -> usize {
        self.n_features
    }

    fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
        check_predict_shapes(self.n_features, x, out)?;
        let mut row = ndarray::Array2::zeros((1, self.n_features));
        for (at, (features, out)) in x.outer_iter().zip(out).enumerate() {
            row.row_mut(0).assign(&features);
            *out = self.predict_one(at, row.view())?;
        }
        Ok(())
    }

    fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
        if row.len() != self.n_features {
            return Err(Error::FeatureCount { expected: self.n_features, found: row.len() });
        }
        self.predict_one(0, ArrayView2::from_shape((1, row.len()), row).expect("one row"))
    }
}
