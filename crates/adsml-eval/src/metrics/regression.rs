//! Errors of predicted amounts.

use super::kernel;
use super::sample::Sample;
use crate::sum::sum;
use crate::{EvalError, Metric, Result};

/// Mean squared error.
///
/// ```text
/// MSE = sum(w (y - p)²) / sum(w)
/// ```
///
/// In squared units of the target. `O(n)`.
///
/// # Errors
///
/// [`EvalError::Length`]; [`EvalError::InvalidSample`] for a value that is not finite or a negative weight;
/// [`EvalError::NotEnough`] without rows or when all weights are zero.
pub fn mse(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    Ok(Sample::new(y, p, w)?.mean(kernel::squared_error))
}

/// Root mean squared error: the square root of [`mse`], in units of the target.
///
/// # Errors
///
/// As [`mse`].
pub fn rmse(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    mse(y, p, w).map(f64::sqrt)
}

/// Mean absolute error, in units of the target.
///
/// ```text
/// MAE = sum(w |y - p|) / sum(w)
/// ```
///
/// # Errors
///
/// As [`mse`].
pub fn mae(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    Ok(Sample::new(y, p, w)?.mean(kernel::absolute_error))
}

/// Coefficient of determination: the share of the target's variance that is predicted.
///
/// ```text
/// R² = 1 - sum(w (y - p)²) / sum(w (y - m)²),   m = sum(w y) / sum(w)
/// ```
///
/// 1 is perfect, 0 is as good as the mean of these very rows, below 0 is worse than it. `O(n)`.
///
/// # Errors
///
/// As [`mse`]; [`EvalError::Undefined`] when the target never varies (scikit-learn answers 0 or 1 there).
pub fn r2(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    let sample = Sample::new(y, p, w)?;
    let mut weighty = sample.rows().filter(|&(_, _, w)| w > 0.0).map(|(y, _, _)| y);
    let first = weighty.next().unwrap_or_default();
    if weighty.all(|y| y == first) {
        return Err(EvalError::Undefined { metric: Metric::R2, reason: "the target never varies" });
    }
    let mean = first + sample.mean(|y, _| y - first);
    let total = sum(sample.rows().map(|(y, _, w)| w * (y - mean) * (y - mean)));
    let residual = sum(sample.rows().map(|(y, p, w)| w * kernel::squared_error(y, p)));
    Ok(1.0 - residual / total)
}

/// A [`mape`] and what was left out of it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Mape {
    /// The mean absolute percentage error over rows whose target is not zero, as a share: 0.1 is 10 %.
    pub value: f64,
    /// How many rows have a target of zero, and were left out.
    pub n_left_out: usize,
    /// What they weigh.
    pub weight_left_out: f64,
}

/// Mean absolute percentage error, as a share: 0.1 is 10 %.
///
/// ```text
/// MAPE = sum(w |y - p| / |y|) / sum(w),   over rows with y ≠ 0
/// ```
///
/// **Zero rule**: a row whose target is zero has no percentage error; it is left out, never counted
/// as zero and never as a huge number (scikit-learn divides by 2.2e-16 there). Where zeros are common, as with
/// conversions per day, prefer [`mae`] or [`poisson_deviance`]. [`mape_counted`] says how much was left out.
///
/// # Errors
///
/// As [`mse`]; [`EvalError::Undefined`] when every target is zero.
pub fn mape(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    mape_counted(y, p, w).map(|mape| mape.value)
}

/// [`mape`], with the rows that were left out counted.
///
/// # Errors
///
/// As [`mape`].
pub fn mape_counted(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<Mape> {
    let sample = Sample::new(y, p, w)?;
    let kept = || sample.rows().filter(|&(y, _, _)| y != 0.0);
    let weight = sum(kept().map(|(_, _, w)| w));
    if weight == 0.0 {
        return Err(EvalError::Undefined { metric: Metric::Mape, reason: "every target is zero" });
    }
    let left_out = || sample.rows().filter(|&(y, _, _)| y == 0.0);
    Ok(Mape {
        value: sum(kept().map(|(y, p, w)| w * kernel::absolute_percentage_error(y, p))) / weight,
        n_left_out: left_out().count(),
        weight_left_out: sum(left_out().map(|(_, _, w)| w)),
    })
}

/// Mean Poisson deviance of counts.
///
/// ```text
/// D = 2 sum(w (y ln(y / p) - y + p)) / sum(w),   y ln y = 0 at y = 0
/// ```
///
/// `y`: counts per unit of exposure, 0 or more; `w`: the exposure, where there is one. `O(n)`.
///
/// # Errors
///
/// As [`mse`]; [`EvalError::InvalidSample`] for a negative target or a prediction that is not above zero.
pub fn poisson_deviance(y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
    Ok(Sample::of_counts(y, p, w)?.mean(kernel::poisson_deviance))
}
