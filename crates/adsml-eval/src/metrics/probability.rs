//! Losses of predicted probabilities.

use super::kernel;
use super::sample::Sample;
use crate::sum::sum;
use crate::{EvalError, Metric, Result};

/// Log loss: minus the mean log-likelihood of what happened, in nats per unit of weight.
///
/// ```text
/// LL = -sum(w (y ln p + (1 - y) ln(1 - p))) / sum(w)
/// ```
///
/// `y` is 0, 1 or a rate: clicks / impressions with `w` = impressions gives the log loss per
/// impression, the same number as one row per impression would.
///
/// **Clipping**: `p` is brought into `[ε, 1 - ε]`, ε = 2.2e-16 (the machine epsilon), as scikit-learn 1.9 does. A
/// certainty that turns out wrong costs `-ln ε ≈ 36.04`, which is finite. `O(n)`.
///
/// # Errors
///
/// [`EvalError::Length`]; [`EvalError::InvalidSample`] for a target or a prediction outside `[0, 1]` or a weight that
/// is negative or not finite; [`EvalError::NotEnough`] without rows or when all weights are zero.
pub fn log_loss(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    Ok(Sample::of_rates(y, p, w)?.mean(kernel::log_loss))
}

/// Brier score: the mean squared error of the trials.
///
/// ```text
/// B = sum(w (y (1 - p)² + (1 - y) p²)) / sum(w)
/// ```
///
/// For `y` of 0 or 1 that is `(y - p)²`. For a rate with `w` its trials, it is the score of one row per trial: the
/// squared error of the rate *plus* the spread of trials around it, `y (1 - y)`, which no model can remove. [`mse`](super::mse)
/// has only the first part. `O(n)`.
///
/// # Errors
///
/// As [`log_loss`].
pub fn brier(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    Ok(Sample::of_rates(y, p, w)?.mean(kernel::brier))
}

/// Normalised entropy: [`log_loss`] relative to that of always predicting the base rate of these rows.
///
/// ```text
/// NE = LL / -(q ln q + (1 - q) ln(1 - q)),   q = sum(w y) / sum(w)
/// ```
///
/// Below 1 is better than knowing the rate alone; comparable between data sets of different rates. `1 - NE` is the
/// relative information gain. `O(n)`.
///
/// Source: He et al. (2014), "Practical Lessons from Predicting Clicks on Ads at Facebook", `ADKDD'14`, eq. 1.
///
/// # Errors
///
/// As [`log_loss`]; [`EvalError::Undefined`] when the base rate is 0 or 1.
pub fn normalized_entropy(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    let sample = Sample::of_rates(y, p, w)?;
    let base_rate = sample.mean(|y, _| y);
    if base_rate <= 0.0 || base_rate >= 1.0 {
        return Err(EvalError::Undefined { metric: Metric::NormalizedEntropy, reason: "the base rate is 0 or 1" });
    }
    Ok(sample.mean(kernel::log_loss) / kernel::entropy(base_rate))
}

/// Calibration ratio: how many events are predicted for each that was observed.
///
/// ```text
/// C = sum(w p) / sum(w y)
/// ```
///
/// 1 is right on average, 1.2 promises a fifth too much. Also for amounts (predicted against observed revenue). `O(n)`.
///
/// Source: He et al. (2014), "Practical Lessons from Predicting Clicks on Ads at Facebook", section 2 ("Calibration").
///
/// # Errors
///
/// [`EvalError::Length`]; [`EvalError::InvalidSample`] for a value that is not finite or a negative weight;
/// [`EvalError::Undefined`] when nothing was observed.
pub fn calibration_ratio(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    let sample = Sample::new(y, p, w)?;
    let observed = sum(sample.rows().map(|(y, _, w)| w * y));
    if observed == 0.0 {
        return Err(EvalError::Undefined { metric: Metric::CalibrationRatio, reason: "the observed total is zero" });
    }
    Ok(sum(sample.rows().map(|(_, p, w)| w * p)) / observed)
}

/// Mean binomial deviance: twice the log-likelihood lost against knowing each row's rate.
///
/// ```text
/// D = 2 sum(w (y ln(y / p) + (1 - y) ln((1 - y) / (1 - p)))) / sum(w)
/// ```
///
/// Twice [`log_loss`] for `y` of 0 or 1; for rates it is 0 at `p = y`. Clipped as [`log_loss`] is. `O(n)`.
///
/// # Errors
///
/// As [`log_loss`].
pub fn binomial_deviance(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    Ok(Sample::of_rates(y, p, w)?.mean(kernel::binomial_deviance))
}
