//! Least squares with a penalty that chooses features.

use adsml_core::{FitContext, ParamSpec, TrainingSet};

use super::descent::descend;
use super::design::Design;
use super::function::{Ending, LinearFunction, feature_names, linear_model};
use super::least_squares::Normal;
use crate::Result;
use crate::estimator::estimator;
use crate::rows::{Rows, add};

const SPECS: &[ParamSpec] = &[
    ParamSpec::non_negative("alpha", 1.0, "Strength of the penalty, against half the mean square"),
    ParamSpec::unit("l1_ratio", 0.5, "Share of the penalty on absolute values: 1 is the lasso"),
    ParamSpec::flag("fit_intercept", true, "Whether a constant, not penalised, is added to the linear function"),
    ParamSpec::flag("standardize", false, "Whether the penalty is on coefficients of columns of unit deviation"),
    ParamSpec::count("max_iter", 1, 10_000, "Most sweeps over the features"),
    ParamSpec::positive(
        "tol",
        1e-10,
        "Largest violation of the optimality conditions, in units of the largest at zero",
    ),
];

/// A linear function fitted by the elastic net; by the lasso when `l1_ratio` is 1.
///
/// ```text
/// E[y | x] = intercept + coefficients . x + offset
/// min  1/(2 sum w) sum of w (y - offset - intercept - coefficients . x)^2
///      + alpha l1_ratio |coefficients|_1 + alpha (1 - l1_ratio)/2 |coefficients|^2
/// ```
///
/// scikit-learn's `ElasticNet`, with its `alpha`: against half the *mean* square, so that it does not depend on
/// the number of rows nor on the unit of the weights; on the columns as given (or, with
/// [`standardize`](ElasticNetParams::standardize), on columns of unit deviation). Coefficients
/// that are zero are exactly zero.
///
/// Source: Zou and Hastie (2005), "Regularization and variable selection via the elastic net", JRSS B 67(2).
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ElasticNet {
    linear: LinearFunction,
}

/// Parameters of an [`ElasticNet`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ElasticNetParams {
    alpha: f64,
    l1_ratio: f64,
    fit_intercept: bool,
    standardize: bool,
    max_iter: usize,
    tol: f64,
}

impl Default for ElasticNetParams {
    fn default() -> Self {
        Self { alpha: 1.0, l1_ratio: 0.5, fit_intercept: true, standardize: false, max_iter: 10_000, tol: 1e-10 }
    }
}

impl ElasticNet {
    /// Parameters of the lasso: `l1_ratio` of 1.
    pub fn lasso() -> ElasticNetParams {
        Self::params().l1_ratio(1.0)
    }
}

impl ElasticNetParams {
    /// Strength of the penalty, in units of target times column. Zero or more; default `1.0`.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Share of the penalty on absolute values, in `[0, 1]`; default `0.5`.
    #[must_use]
    pub fn l1_ratio(mut self, l1_ratio: f64) -> Self {
        self.l1_ratio = l1_ratio;
        self
    }

    /// Whether a constant, not penalised, is added to the linear function. Default `true`.
    #[must_use]
    pub fn fit_intercept(mut self, fit_intercept: bool) -> Self {
        self.fit_intercept = fit_intercept;
        self
    }

    /// Whether the penalty is on the coefficients of columns of unit (weighted) deviation, or unit
    /// root mean square without an intercept. Default `false`.
    #[must_use]
    pub fn standardize(mut self, standardize: bool) -> Self {
        self.standardize = standardize;
        self
    }

    /// Most sweeps over the features, at least 1; default `10000`.
    #[must_use]
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.max_iter = max_iter;
        self
    }

    /// Largest violation of the optimality conditions, in units of the largest one at zero. Positive; default `1e-10`.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// Fits on a training set, with its weights and offset: coordinate descent on the products of
    /// columns, `O(n_samples n_features^2 + n_iter n_features^2)`.
    ///
    /// Not reaching `tol` is no error: the model says so in [`converged`](ElasticNet::converged).
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`](crate::ModelError::InvalidParameter); [`InvalidFeature`](crate::ModelError::InvalidFeature) and [`InvalidTarget`](crate::ModelError::InvalidTarget) for values
    /// that are missing, infinite or beyond 1e150; [`TooManyFeatures`](crate::ModelError::TooManyFeatures) above 8192; [`Core`](crate::ModelError::Core)
    /// for lengths, weights and offsets, and when cancelled.
    pub fn fit_set(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<ElasticNet> {
        self.check()?;
        context.check_cancelled()?;
        let names = feature_names(data)?;
        let rows = Rows::new(data, context, |_| true, "a number between -1e150 and 1e150")?;
        let design = Design::new(&rows, &names, self.fit_intercept)?;
        let normal = Normal::new(&rows, &design, self.fit_intercept);
        let (l1, l2) = (self.alpha * self.l1_ratio, self.alpha * (1.0 - self.l1_ratio));
        let penalty = design.penalty(l1, l2, self.standardize);
        let (gamma, ending) = if penalty.is_smooth() {
            (normal.ridge(&rows, &design, &penalty.l2), Ending { n_iter: 1, converged: true })
        } else {
            let unit = normal.moment.iter().fold(0.0_f64, |unit, moment| unit.max(moment.abs()));
            let start = vec![0.0; normal.moment.len()];
            let found = descend(&normal.gram, &normal.moment, &penalty, start, self.max_iter, self.tol * unit);
            // Once more against the rows themselves: their products have lost some digits.
            let rest = normal.residual_moment(&rows, &design, &found.gamma);
            let target = add(normal.gram.dot(&ndarray::ArrayView1::from(&found.gamma)).to_vec(), &rest);
            let again = descend(&normal.gram, &target, &penalty, found.gamma, self.max_iter, self.tol * unit);
            let n_iter = (found.n_sweeps + again.n_sweeps).max(1);
            (again.gamma, Ending { n_iter, converged: again.converged })
        };
        let linear = LinearFunction::new(design, &gamma, normal.level, self.fit_intercept, names, ending);
        Ok(ElasticNet { linear })
    }
}

estimator!(ElasticNetParams => ElasticNet, "elastic_net", { alpha, l1_ratio, fit_intercept, standardize, max_iter, tol });
linear_model!(ElasticNet, "elastic_net");
