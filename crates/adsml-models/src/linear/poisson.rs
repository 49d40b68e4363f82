//! Poisson regression: counts, out of an exposure.

use adsml_core::{FitContext, ParamSpec, TrainingSet};

use super::design::Design;
use super::function::{Ending, LinearFunction, feature_names, linear_model};
use super::glm::{Family, Minimum, Problem, Terms};
use crate::Result;
use crate::estimator::estimator;
use crate::rows::Rows;

const SPECS: &[ParamSpec] = &[
    ParamSpec::non_negative("alpha", 1.0, "Strength of the penalty, against half the mean deviance"),
    ParamSpec::flag("fit_intercept", true, "Whether a constant, not penalised, is added to the linear function"),
    ParamSpec::flag("standardize", false, "Whether the penalty is on coefficients of columns of unit deviation"),
    ParamSpec::count("max_iter", 1, 100, "Most Newton steps"),
    ParamSpec::positive("tol", 1e-10, "Largest violation of the optimality conditions, in units of the mean target"),
];

/// A fitted Poisson regression with the log link.
///
/// ```text
/// E[y | x] = exp(intercept + coefficients . x + offset)
/// min  1/(sum w) sum of w (mu - y ln mu)  +  alpha/2 |coefficients|^2,     mu = E[y | x]
/// ```
///
/// scikit-learn's `PoissonRegressor`, with its `alpha`: against half the *mean* deviance, on the columns as
/// given (or, with [`standardize`](PoissonRegressionParams::standardize), on columns of unit deviation).
/// For counts out of an exposure (conversions out of clicks), either `y` = count with
/// offset = `ln(exposure)`, or `y` = count / exposure with weight = exposure: the same coefficients, and the
/// same `alpha` once multiplied by the mean exposure.
///
/// When all counts are zero and there is an intercept, the coefficients are 0 and the prediction is
/// half an event in all the weight seen (Jeffreys' prior), never 0.
///
/// ```
/// use adsml_models::{PoissonRegression, Regressor};
///
/// // Conversions per day, by spend (hundreds of euros) and weekend.
/// let days = [[1.0, 0.0], [2.0, 0.0], [3.0, 0.0], [2.0, 1.0], [1.0, 1.0]];
/// let model = PoissonRegression::params().alpha(0.0).fit(&days, &[2.0, 4.0, 9.0, 7.0, 3.0])?;
/// assert!(model.predict_row(&[3.0, 1.0])? > 9.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PoissonRegression {
    linear: LinearFunction,
    dispersion: Option<f64>,
}

/// Parameters of a [`PoissonRegression`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PoissonRegressionParams {
    alpha: f64,
    fit_intercept: bool,
    standardize: bool,
    max_iter: usize,
    tol: f64,
}

impl Default for PoissonRegressionParams {
    fn default() -> Self {
        Self { alpha: 1.0, fit_intercept: true, standardize: false, max_iter: 100, tol: 1e-10 }
    }
}

impl PoissonRegression {
    /// Pearson's chi-square per residual degree of freedom.
    ///
    /// ```text
    /// sum of w (y - mu)^2 / mu / (rows - non-zero parameters)
    /// ```
    ///
    /// Near 1 when counts vary as Poisson's law says. `None` without residual degrees of freedom, and
    /// when all counts are zero.
    pub fn dispersion(&self) -> Option<f64> {
        self.dispersion
    }
}

impl PoissonRegressionParams {
    /// Strength of the penalty. Zero or more; default `1.0`.
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

    /// Whether the penalty is on the coefficients of columns of unit (weighted) deviation, or unit
    /// root mean square without an intercept. Default `false`.
    #[must_use]
    pub fn standardize(mut self, standardize: bool) -> Self {
        self.standardize = standardize;
        self
    }

    /// Most Newton steps, at least 1; default `100`.
    #[must_use]
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.max_iter = max_iter;
        self
    }

    /// Largest violation of the optimality conditions, of standardised columns and per unit of weight, in
    /// units of the mean target. Positive; default `1e-10`.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// Fits on a training set, with its weights and offset (log exposure): Newton steps, five to ten
    /// as a rule, `O(n_samples n_features^2 + n_features^3)` each.
    ///
    /// Not reaching `tol` is no error: the model says so in [`converged`](PoissonRegression::converged).
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`](crate::ModelError::InvalidParameter); [`InvalidTarget`](crate::ModelError::InvalidTarget) for a negative target;
    /// [`InvalidFeature`](crate::ModelError::InvalidFeature) for values that are missing, infinite or beyond 1e150;
    /// [`TooManyFeatures`](crate::ModelError::TooManyFeatures) above 8192; [`Core`](crate::ModelError::Core) for lengths, weights and offsets, and
    /// when cancelled.
    pub fn fit_set(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<PoissonRegression> {
        self.check()?;
        context.check_cancelled()?;
        let names = feature_names(data)?;
        let rows = Rows::new(data, context, |y| y >= 0.0, "a number in [0, 1e150]")?;
        let design = Design::new(&rows, &names, self.fit_intercept)?;
        let level = rows.mean_of(|row| rows.y[row]);
        // The largest offset is taken out, so that no exposure overflows.
        let largest = rows.offset.iter().flatten().fold(f64::NEG_INFINITY, |largest, offset| largest.max(*offset));
        let largest = if largest.is_finite() { largest } else { 0.0 };
        let log_exposure = largest + rows.mean_of(|row| (rows.offset_of(row) - largest).exp()).ln();
        if self.fit_intercept && level == 0.0 {
            let base = 0.5_f64.ln() - rows.total_weight.ln() - log_exposure;
            let gamma = vec![0.0; design.active.len()];
            let ending = Ending { n_iter: 0, converged: true };
            let linear = LinearFunction::new(design, &gamma, base, true, names, ending);
            return Ok(PoissonRegression { linear, dispersion: None });
        }
        let problem = Problem {
            rows: &rows,
            context,
            design: &design,
            fit_intercept: self.fit_intercept,
            penalty: design.penalty(0.0, self.alpha, self.standardize),
            max_iter: self.max_iter,
            tol: self.tol,
            unit: if level > 0.0 { level } else { 1e-12 },
        };
        let Minimum { gamma, base, ending, dispersion } = problem.minimise::<Poisson>(level.ln() - log_exposure)?;
        let linear = LinearFunction::new(design, &gamma, base, self.fit_intercept, names, ending);
        Ok(PoissonRegression { linear, dispersion })
    }
}

estimator!(PoissonRegressionParams => PoissonRegression, "poisson_regression", {
    alpha, fit_intercept, standardize, max_iter, tol,
});
linear_model!(
    PoissonRegression,
    "poisson_regression",
    mean: |raw: f64| raw.exp(),
    save: |model, file| {
        file.put_f64("dispersion", model.dispersion.as_slice());
    },
    load: |linear, file| {
        let dispersion = file.finite_f64("dispersion")?.first().copied();
        Ok(Self { linear, dispersion })
    },
    classifier: |_| None,
);

/// Half the Poisson deviance with the log link, up to what does not depend on the mean.
struct Poisson;

impl Family for Poisson {
    fn terms(y: f64, eta: f64) -> Terms {
        let mean = eta.exp();
        Terms { loss: mean - y * eta, slope: mean - y, curvature: mean }
    }
}
