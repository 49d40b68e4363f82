//! Ordinary least squares.

use adsml_core::{FitContext, ParamSpec, TrainingSet};

use super::design::Design;
use super::function::{Ending, LinearFunction, feature_names, linear_model};
use super::least_squares::Normal;
use crate::Result;
use crate::estimator::estimator;
use crate::rows::Rows;

const SPECS: &[ParamSpec] =
    &[ParamSpec::flag("fit_intercept", true, "Whether a constant is added to the linear function")];

/// A linear function fitted by ordinary (weighted) least squares.
///
/// ```text
/// E[y | x] = intercept + coefficients . x + offset
/// min  sum of w (y - offset - intercept - coefficients . x)^2
/// ```
///
/// When columns are dependent on each other (the full one-hot code of a category, more features
/// than rows) there are many solutions; this is the one with the smallest sum of squared
/// coefficients of the *standardised* columns, so that two equal columns share equally. A column counts as
/// dependent when the others explain all but 1e-11 of its variance. A constant column has coefficient 0.
///
/// ```
/// use adsml_models::{LinearRegression, Regressor};
///
/// // Revenue (euros) of days with so much spend on two channels (euros).
/// let spend = [[100.0, 0.0], [200.0, 50.0], [50.0, 100.0], [120.0, 80.0]];
/// let revenue = [310.0, 710.0, 360.0, 530.0];
/// let model = LinearRegression::params().fit(&spend, &revenue)?;
/// let tomorrow = model.predict_row(&[150.0, 60.0])?;
/// assert!((tomorrow - 580.0).abs() < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinearRegression {
    linear: LinearFunction,
}

/// Parameters of a [`LinearRegression`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinearRegressionParams {
    fit_intercept: bool,
}

impl Default for LinearRegressionParams {
    fn default() -> Self {
        Self { fit_intercept: true }
    }
}

impl LinearRegressionParams {
    /// Whether a constant is added to the linear function. Default `true`.
    #[must_use]
    pub fn fit_intercept(mut self, fit_intercept: bool) -> Self {
        self.fit_intercept = fit_intercept;
        self
    }

    /// Fits on a training set, with its weights and offset: normal equations of standardised columns, refined
    /// twice on the rows, `O(n_samples n_features^2 + n_features^3)`.
    ///
    /// # Errors
    ///
    /// [`ModelError::InvalidParameter`](crate::ModelError::InvalidParameter);
    /// [`ModelError::InvalidFeature`](crate::ModelError::InvalidFeature) and
    /// [`ModelError::InvalidTarget`](crate::ModelError::InvalidTarget) for values that are missing, infinite or beyond
    /// 1e150; [`ModelError::TooManyFeatures`](crate::ModelError::TooManyFeatures) above 8192;
    /// [`ModelError::Core`](crate::ModelError::Core) for lengths, weights and offsets, and when cancelled.
    pub fn fit_set(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<LinearRegression> {
        self.check()?;
        context.check_cancelled()?;
        let names = feature_names(data)?;
        let rows = Rows::new(data, context, |_| true, "a number between -1e150 and 1e150")?;
        let design = Design::new(&rows, &names, self.fit_intercept)?;
        let normal = Normal::new(&rows, &design, self.fit_intercept);
        let gamma = normal.ridge(&rows, &design, &vec![0.0; design.active.len()]);
        let ending = Ending { n_iter: 1, converged: true };
        let linear = LinearFunction::new(design, &gamma, normal.level, self.fit_intercept, names, ending);
        Ok(LinearRegression { linear })
    }
}

estimator!(LinearRegressionParams => LinearRegression, "linear_regression", { fit_intercept });
linear_model!(LinearRegression, "linear_regression");
