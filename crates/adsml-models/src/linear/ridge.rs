//! Least squares with a penalty on large coefficients.

use adsml_core::{FitContext, ParamKind, ParamSpec, ParamValue, TrainingSet};

use super::design::Design;
use super::function::{Ending, LinearFunction, feature_names, linear_model};
use super::least_squares::Normal;
use crate::Result;
use crate::estimator::{WeightScale, estimator};
use crate::rows::Rows;

const SPECS: &[ParamSpec] = &[
    ParamSpec::non_negative("alpha", 1.0, "Strength of the penalty, against a weighted sum of squares"),
    ParamSpec::flag("fit_intercept", true, "Whether a constant, not penalised, is added to the linear function"),
    ParamSpec::flag("standardize", false, "Whether the penalty is on coefficients of columns of unit deviation"),
    ParamSpec {
        name: "weight_scale",
        kind: ParamKind::Choice(WeightScale::NAMES),
        default: ParamValue::Choice(WeightScale::NAMES[0]),
        help: WeightScale::HELP,
    },
];

/// A linear function fitted by ridge regression.
///
/// ```text
/// E[y | x] = intercept + coefficients . x + offset
/// min  sum of w (y - offset - intercept - coefficients . x)^2  +  alpha |coefficients|^2
/// ```
///
/// scikit-learn's `Ridge`, with its `alpha`: against a *sum* of squares, on the columns as given
/// (or, with [`standardize`](RidgeParams::standardize), on columns of unit deviation).
/// `alpha = 0` is [`LinearRegression`](crate::LinearRegression), with its rule for dependent columns.
///
/// Source: Hoerl and Kennard (1970), "Ridge regression", Technometrics 12(1).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ridge {
    linear: LinearFunction,
}

/// Parameters of a [`Ridge`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RidgeParams {
    alpha: f64,
    fit_intercept: bool,
    standardize: bool,
    weight_scale: WeightScale,
}

impl Default for RidgeParams {
    fn default() -> Self {
        Self { alpha: 1.0, fit_intercept: true, standardize: false, weight_scale: WeightScale::AsGiven }
    }
}

impl RidgeParams {
    /// Strength of the penalty, in units of weight times squared column. Zero or more; default `1.0`.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Whether a constant, not penalised, is added to the linear function. Default `true`.
    #[must_use]
    pub fn fit_intercept(mut self, fit_intercept: bool) -> Self {
        self.fit_intercept = fit_intercept;
        self
    }

    /// Whether the penalty is on the coefficients of columns of unit (weighted) deviation. Default `false`.
    #[must_use]
    pub fn standardize(mut self, standardize: bool) -> Self {
        self.standardize = standardize;
        self
    }

    /// How weights count against the penalty. Default [`WeightScale::AsGiven`].
    #[must_use]
    pub fn weight_scale(mut self, weight_scale: WeightScale) -> Self {
        self.weight_scale = weight_scale;
        self
    }

    /// Fits on a training set, with its weights and offset; `O(n_samples n_features^2 + n_features^3)`.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`](crate::ModelError::InvalidParameter); [`InvalidFeature`](crate::ModelError::InvalidFeature) and [`InvalidTarget`](crate::ModelError::InvalidTarget) for values
    /// that are missing, infinite or beyond 1e150; [`TooManyFeatures`](crate::ModelError::TooManyFeatures) above 8192; [`Core`](crate::ModelError::Core)
    /// for lengths, weights and offsets, and when cancelled.
    pub fn fit_set(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<Ridge> {
        self.check()?;
        context.check_cancelled()?;
        let names = feature_names(data)?;
        let rows = Rows::new(data, context, |_| true, "a number between -1e150 and 1e150")?;
        let design = Design::new(&rows, &names, self.fit_intercept)?;
        let normal = Normal::new(&rows, &design, self.fit_intercept);
        let penalty =
            design.penalty(0.0, self.alpha / rows.weight_against_penalty(self.weight_scale), self.standardize);
        let gamma = normal.ridge(&rows, &design, &penalty.l2);
        let ending = Ending { n_iter: 1, converged: true };
        let linear = LinearFunction::new(design, &gamma, normal.level, self.fit_intercept, names, ending);
        Ok(Ridge { linear })
    }
}

estimator!(RidgeParams => Ridge, "ridge", { alpha, fit_intercept, standardize, weight_scale });
linear_model!(Ridge, "ridge");
