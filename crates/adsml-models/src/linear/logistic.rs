//! Logistic regression: clicks out of impressions.

use adsml_core::{Classifier, FitContext, ParamKind, ParamSpec, ParamValue, Regressor, TrainingSet};
use ndarray::{Array2, ArrayView2};

use super::design::Design;
use super::function::{Ending, LinearFunction, feature_names, linear_model};
use super::glm::{Family, Minimum, Problem, Terms};
use crate::Result;
use crate::estimator::{WeightScale, estimator};
use crate::rows::Rows;

const SPECS: &[ParamSpec] = &[
    ParamSpec::non_negative("alpha", 1.0, "Strength of the penalty, against a weighted sum of log losses"),
    ParamSpec::unit("l1_ratio", 0.0, "Share of the penalty on absolute values"),
    ParamSpec::flag("fit_intercept", true, "Whether a constant, not penalised, is added to the linear function"),
    ParamSpec::flag("standardize", false, "Whether the penalty is on coefficients of columns of unit deviation"),
    ParamSpec {
        name: "weight_scale",
        kind: ParamKind::Choice(WeightScale::NAMES),
        default: ParamValue::Choice(WeightScale::NAMES[0]),
        help: WeightScale::HELP,
    },
    ParamSpec::count("max_iter", 1, 100, "Most Newton steps"),
    ParamSpec::positive(
        "tol",
        1e-10,
        "Largest violation of the optimality conditions, in units of the target's variance",
    ),
];

/// A fitted logistic regression.
///
/// ```text
/// P(positive | x) = 1 / (1 + exp(-(intercept + coefficients . x + offset)))
/// min  sum of w (-y ln p - (1 - y) ln(1 - p))
///      + alpha (l1_ratio |coefficients|_1 + (1 - l1_ratio)/2 |coefficients|^2)
/// ```
///
/// A target is 0 or 1, or a rate in between whose weight is its denominator: `y` = clicks /
/// impressions with `w` = impressions is the same as a row per impression. `alpha` is `1 / C` of scikit-learn's
/// `LogisticRegression`, on the columns as given (or, with
/// [`standardize`](LogisticRegressionParams::standardize), on columns of unit deviation).
///
/// # Weights and the penalty
///
/// The log likelihood of 200 million impressions outweighs any ordinary `alpha`, yet rows of an
/// account may vary more than coins do. [`dispersion`](Self::dispersion) says how much more: multiply
/// `alpha` by it. Or let each row count as one with [`WeightScale::MeanOne`].
///
/// # When there is little to tell apart
///
/// - No positive at all, or no negative: with an intercept, the coefficients are 0 and the mean prediction is
///   Jeffreys' `(sum(w y) + 1/2) / (sum(w) + 1)`, never 0 or 1.
/// - Separable data without a penalty have no finite optimum: steps stop when the gradient is below `tol`
///   or after `max_iter`; predictions are then as good as certain. Any `alpha > 0` has an optimum.
/// - Dependent columns without a penalty: the shortest solution, as in [`LinearRegression`](crate::LinearRegression).
/// - Without a penalty and with an intercept, the sum of predictions is the sum of targets.
///
/// ```
/// use adsml_models::{LogisticRegression, Regressor};
///
/// // Clicks and impressions of four ads; is it a video, bid (euros).
/// let ads = [[0.0, 0.8], [1.0, 0.8], [0.0, 1.2], [1.0, 1.1]];
/// let (clicks, impressions) = ([90.0, 260.0, 120.0, 290.0], [100e3, 200e3, 110e3, 180e3]);
/// let ctr: Vec<f64> = clicks.iter().zip(&impressions).map(|(c, i)| c / i).collect();
/// let model = LogisticRegression::params().fit_weighted(&ads, &ctr, &impressions)?;
/// assert!(model.coefficients()[0] > 0.0);
/// assert!(model.predict_row(&[1.0, 1.0])? < 0.002);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LogisticRegression {
    linear: LinearFunction,
    dispersion: Option<f64>,
    classes: [String; 2],
}

/// Parameters of a [`LogisticRegression`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LogisticRegressionParams {
    alpha: f64,
    l1_ratio: f64,
    fit_intercept: bool,
    standardize: bool,
    weight_scale: WeightScale,
    max_iter: usize,
    tol: f64,
}

impl Default for LogisticRegressionParams {
    fn default() -> Self {
        Self {
            alpha: 1.0,
            l1_ratio: 0.0,
            fit_intercept: true,
            standardize: false,
            weight_scale: WeightScale::AsGiven,
            max_iter: 100,
            tol: 1e-10,
        }
    }
}

impl LogisticRegression {
    /// Pearson's chi-square per residual degree of freedom, with the weights as numbers of trials.
    ///
    /// ```text
    /// sum of w (y - p)^2 / (p (1 - p)) / (rows - non-zero parameters)
    /// ```
    ///
    /// Near 1 when rates vary as the binomial law says. At 30, the likelihood is over-confident: standard errors are
    /// `sqrt(30)` times as wide as it says. `None` without residual degrees of freedom, and for one class.
    pub fn dispersion(&self) -> Option<f64> {
        self.dispersion
    }
}

impl LogisticRegressionParams {
    /// Strength of the penalty: `1 / C` of scikit-learn. Zero or more; default `1.0`.
    #[must_use]
    pub fn alpha(mut self, alpha: f64) -> Self {
        self.alpha = alpha;
        self
    }

    /// Share of the penalty on absolute values, in `[0, 1]`; default `0.0`.
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

    /// How weights count against the penalty. Default [`WeightScale::AsGiven`].
    #[must_use]
    pub fn weight_scale(mut self, weight_scale: WeightScale) -> Self {
        self.weight_scale = weight_scale;
        self
    }

    /// Most Newton steps, at least 1; default `100`.
    #[must_use]
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.max_iter = max_iter;
        self
    }

    /// Largest violation of the optimality conditions, of standardised columns and per unit of weight, in
    /// units of the target's variance `m (1 - m)`. Positive; default `1e-10`.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// Fits on a training set, with its weights and offset (log odds): Newton steps, five to ten as
    /// a rule, `O(n_samples n_features^2 + n_features^3)` each.
    ///
    /// Not reaching `tol` is no error: the model says so in [`converged`](LogisticRegression::converged).
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`](crate::ModelError::InvalidParameter); [`InvalidTarget`](crate::ModelError::InvalidTarget) outside `[0, 1]`;
    /// [`InvalidFeature`](crate::ModelError::InvalidFeature) for values that are missing, infinite or beyond 1e150;
    /// [`TooManyFeatures`](crate::ModelError::TooManyFeatures) above 8192; [`Core`](crate::ModelError::Core) for lengths, weights and offsets, and
    /// when cancelled.
    pub fn fit_set(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<LogisticRegression> {
        self.check()?;
        context.check_cancelled()?;
        let names = feature_names(data)?;
        let rows = Rows::new(data, context, |y| (0.0..=1.0).contains(&y), "a number in [0, 1]")?;
        let design = Design::new(&rows, &names, self.fit_intercept)?;
        let rate = rows.mean_of(|row| rows.y[row]);
        if self.fit_intercept && one_class(&rows) {
            return Ok(one_class_model(&rows, design, rate, names));
        }
        let strength = self.alpha / rows.weight_against_penalty(self.weight_scale);
        let penalty = design.penalty(strength * self.l1_ratio, strength * (1.0 - self.l1_ratio), self.standardize);
        let problem = Problem {
            rows: &rows,
            context,
            design: &design,
            fit_intercept: self.fit_intercept,
            penalty,
            max_iter: self.max_iter,
            tol: self.tol,
            unit: (rate * (1.0 - rate)).max(1e-12),
        };
        let start = logit(rate) - rows.mean_of(|row| rows.offset_of(row));
        let Minimum { gamma, base, ending, dispersion } = problem.minimise::<Logistic>(start)?;
        let linear = LinearFunction::new(design, &gamma, base, self.fit_intercept, names, ending);
        Ok(LogisticRegression { linear, dispersion, classes: classes() })
    }
}

estimator!(LogisticRegressionParams => LogisticRegression, "logistic_regression", {
    alpha, l1_ratio, fit_intercept, standardize, weight_scale, max_iter, tol,
});
linear_model!(
    LogisticRegression,
    "logistic_regression",
    mean: sigmoid,
    save: |model, file| {
        file.put_f64("dispersion", model.dispersion.as_slice());
    },
    load: |linear, file| {
        let dispersion = file.finite_f64("dispersion")?.first().copied();
        Ok(Self { linear, dispersion, classes: classes() })
    },
    classifier: |model| Some(model),
);

impl Classifier for LogisticRegression {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict_proba(&self, x: ArrayView2<'_, f64>) -> adsml_core::Result<Array2<f64>> {
        Ok(crate::classes::of_two(self.predict(x)?.view()))
    }
}

fn classes() -> [String; 2] {
    ["0".to_owned(), "1".to_owned()]
}

/// `-y ln p - (1 - y) ln(1 - p)` with the logit link.
struct Logistic;

impl Family for Logistic {
    fn terms(y: f64, eta: f64) -> Terms {
        let small = (-eta.abs()).exp();
        let larger = 1.0 / (1.0 + small);
        let mean = if eta >= 0.0 { larger } else { small * larger };
        Terms {
            loss: small.ln_1p() + if eta >= 0.0 { (1.0 - y) * eta } else { -y * eta },
            slope: mean - y,
            curvature: small * larger * larger,
        }
    }
}

/// The inverse of the logit, without overflow and exact to the last digits at both ends.
fn sigmoid(eta: f64) -> f64 {
    let small = (-eta.abs()).exp();
    if eta >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

fn logit(rate: f64) -> f64 {
    rate.ln() - (-rate).ln_1p()
}

/// Whether every row that counts has the target 0, or every one 1.
fn one_class(rows: &Rows<'_>) -> bool {
    let all = |class: f64| rows.weight.iter().zip(rows.y).all(|(&weight, &y)| weight == 0.0 || y == class);
    all(0.0) || all(1.0)
}

/// Jeffreys' rate for everyone.
fn one_class_model(rows: &Rows<'_>, design: Design, rate: f64, names: Vec<String>) -> LogisticRegression {
    // In this form because total weights may be anything: half a positive out of one trial more.
    let share = 0.5 / (rows.total_weight + 1.0);
    let target = if rate < 0.5 { share } else { 1.0 - share };
    let mean_at = |base: f64| rows.mean_of(|row| sigmoid(base + rows.offset_of(row)));
    let base = if rows.offset.is_none() {
        if rate < 0.5 { logit(share) } else { -logit(share) }
    } else {
        let reach = 750.0 + rows.offset.iter().flatten().fold(0.0_f64, |reach, offset| reach.max(offset.abs()));
        bisect(-reach, reach, |base| mean_at(base) < target)
    };
    let gamma = vec![0.0; design.active.len()];
    let ending = Ending { n_iter: 0, converged: true };
    LogisticRegression {
        linear: LinearFunction::new(design, &gamma, base, true, names, ending),
        dispersion: None,
        classes: classes(),
    }
}

/// The place in `[low, high]` up to which `is_below` holds.
fn bisect(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    for _ in 0..100 {
        let middle = 0.5 * (low + high);
        if is_below(middle) { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}
