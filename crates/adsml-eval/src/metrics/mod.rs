//! Weighted metrics on plain slices.
//!
//! All take targets `y`, predictions `p` and, if rows differ in importance, weights `w` (all of length
//! `n_samples`), and return a number or a named error. A row of weight 2 counts as two rows. Sums are compensated and
//! run in the order of rows: the same bits on every run, and another order of rows changes a result by a few units in
//! the last place only.
//!
//! | Metric | Function | Better | Target |
//! |---|---|---|---|
//! | [`Metric::Mse`], [`Metric::Rmse`], [`Metric::Mae`] | [`mse`], [`rmse`], [`mae`] | lower | any number |
//! | [`Metric::R2`] | [`r2`] | higher | any number that varies |
//! | [`Metric::Mape`] | [`mape`] | lower | zeros are left out |
//! | [`Metric::PoissonDeviance`] | [`poisson_deviance`] | lower | 0 or more |
//! | [`Metric::LogLoss`], [`Metric::Brier`] | [`log_loss`], [`brier`] | lower | 0, 1 or a rate |
//! | [`Metric::NormalizedEntropy`] | [`normalized_entropy`] | lower | 0, 1 or a rate |
//! | [`Metric::BinomialDeviance`] | [`binomial_deviance`] | lower | 0, 1 or a rate |
//! | [`Metric::Auc`], [`Metric::PrAuc`] | [`auc`], [`within_fold_auc`], [`pr_auc`] | higher | 0, 1 or a rate |
//! | [`Metric::Ece`] | [`ece`], [`ReliabilityBins`] | lower | 0, 1 or a rate |
//! | [`Metric::CalibrationRatio`] | [`calibration_ratio`] | closest to 1 | any number |

pub(crate) mod kernel;
mod probability;
pub(crate) mod ranking;
mod regression;
pub(crate) mod reliability;
pub(crate) mod sample;

use std::fmt;
use std::str::FromStr;

pub use probability::{binomial_deviance, brier, calibration_ratio, log_loss, normalized_entropy};
pub use ranking::{auc, pr_auc, within_fold_auc};
pub use regression::{Mape, mae, mape, mape_counted, mse, poisson_deviance, r2, rmse};
pub use reliability::{ReliabilityBin, ReliabilityBins, ece};

use crate::{EvalError, Result};

/// A metric by name.
///
/// ```
/// use adsml_eval::Metric;
///
/// // Clicks per impression of two ads, weighted by impressions.
/// let (ctr, impressions) = ([0.01, 0.03], [1_000.0, 2_000.0]);
/// let loss = Metric::LogLoss.evaluate(&ctr, &[0.012, 0.029], Some(&impressions))?;
/// assert!(loss < Metric::LogLoss.evaluate(&ctr, &[0.02, 0.02], Some(&impressions))?);
/// assert_eq!("log_loss".parse::<Metric>()?, Metric::LogLoss);
/// # Ok::<(), adsml_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Metric {
    /// [`mse`].
    Mse,
    /// [`rmse`].
    Rmse,
    /// [`mae`].
    Mae,
    /// [`r2`].
    R2,
    /// [`mape`].
    Mape,
    /// [`poisson_deviance`].
    PoissonDeviance,
    /// [`log_loss`].
    LogLoss,
    /// [`normalized_entropy`].
    NormalizedEntropy,
    /// [`brier`].
    Brier,
    /// [`binomial_deviance`].
    BinomialDeviance,
    /// [`auc`]; [`within_fold_auc`] of out-of-fold predictions.
    Auc,
    /// [`pr_auc`].
    PrAuc,
    /// [`calibration_ratio`].
    CalibrationRatio,
    /// [`ece`] over [`Metric::ECE_BINS`] bins of equal weight.
    Ece,
}

/// Which values of a metric are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Direction {
    /// Small ones: losses and errors.
    Lower,
    /// Large ones: AUC, R².
    Higher,
    /// Those close to 1: the calibration ratio.
    ClosestToOne,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 14] = [
        Self::Mse,
        Self::Rmse,
        Self::Mae,
        Self::R2,
        Self::Mape,
        Self::PoissonDeviance,
        Self::LogLoss,
        Self::NormalizedEntropy,
        Self::Brier,
        Self::BinomialDeviance,
        Self::Auc,
        Self::PrAuc,
        Self::CalibrationRatio,
        Self::Ece,
    ];

    /// Bins of [`Metric::Ece`].
    pub const ECE_BINS: usize = 10;

    /// The name in snake case: `"log_loss"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mse => "mse",
            Self::Rmse => "rmse",
            Self::Mae => "mae",
            Self::R2 => "r2",
            Self::Mape => "mape",
            Self::PoissonDeviance => "poisson_deviance",
            Self::LogLoss => "log_loss",
            Self::NormalizedEntropy => "normalized_entropy",
            Self::Brier => "brier",
            Self::BinomialDeviance => "binomial_deviance",
            Self::Auc => "auc",
            Self::PrAuc => "pr_auc",
            Self::CalibrationRatio => "calibration_ratio",
            Self::Ece => "ece",
        }
    }

    /// Which values are good.
    pub const fn direction(self) -> Direction {
        match self {
            Self::R2 | Self::Auc | Self::PrAuc => Direction::Higher,
            Self::CalibrationRatio => Direction::ClosestToOne,
            _ => Direction::Lower,
        }
    }

    /// Whether a lower value is always the better one.
    pub const fn lower_is_better(self) -> bool {
        matches!(self.direction(), Direction::Lower)
    }

    /// A value on a scale where lower is better: itself, its negative, or its distance from 1.
    pub fn badness(self, value: f64) -> f64 {
        match self.direction() {
            Direction::Lower => value,
            Direction::Higher => -value,
            Direction::ClosestToOne => (value - 1.0).abs(),
        }
    }

    /// Whether it ranks predictions against each other, so that it is another number when rows of all folds are taken together.
    pub(crate) const fn ranks(self) -> bool {
        matches!(self, Self::Auc | Self::PrAuc)
    }

    /// The value that is subtracted when two models are compared: itself, or its distance from 1 where that is the aim.
    pub(crate) fn comparable(self, value: f64) -> f64 {
        match self.direction() {
            Direction::Lower | Direction::Higher => value,
            Direction::ClosestToOne => (value - 1.0).abs(),
        }
    }

    /// The metric of predictions `p` for targets `y`, with weights `w`.
    ///
    /// # Errors
    ///
    /// As the metric's function says; [`EvalError::Undefined`] when sums overflow and the value is not finite.
    pub fn evaluate(self, y: &[f64], p: &[f64], w: Option<&[f64]>) -> Result<f64> {
        let value = match self {
            Self::Mse => mse(y, p, w),
            Self::Rmse => rmse(y, p, w),
            Self::Mae => mae(y, p, w),
            Self::R2 => r2(y, p, w),
            Self::Mape => mape(y, p, w),
            Self::PoissonDeviance => poisson_deviance(y, p, w),
            Self::LogLoss => log_loss(y, p, w),
            Self::NormalizedEntropy => normalized_entropy(y, p, w),
            Self::Brier => brier(y, p, w),
            Self::BinomialDeviance => binomial_deviance(y, p, w),
            Self::Auc => auc(y, p, w),
            Self::PrAuc => pr_auc(y, p, w),
            Self::CalibrationRatio => calibration_ratio(y, p, w),
            Self::Ece => ece(y, p, w, Self::ECE_BINS),
        }?;
        self.finite(value)
    }

    /// The metric of out-of-fold predictions: as [`evaluate`](Self::evaluate), but for the AUC, which compares rows of
    /// one fold only ([`within_fold_auc`]). `folds` has the fold of each row, any numbers.
    ///
    /// # Errors
    ///
    /// As [`evaluate`](Self::evaluate); [`EvalError::Length`] of the folds.
    pub fn evaluate_within_folds(self, y: &[f64], p: &[f64], w: Option<&[f64]>, folds: &[usize]) -> Result<f64> {
        EvalError::check_length("folds", y.len(), folds.len())?;
        match self {
            Self::Auc => within_fold_auc(y, p, w, folds).and_then(|value| self.finite(value)),
            _ => self.evaluate(y, p, w),
        }
    }

    /// The value, unless sums overflowed.
    fn finite(self, value: f64) -> Result<f64> {
        if value.is_finite() {
            Ok(value)
        } else {
            Err(EvalError::Undefined { metric: self, reason: "its value is not a finite number" })
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Metric {
    type Err = EvalError;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name).ok_or_else(|| {
            let known: Vec<&str> = Self::ALL.iter().map(|metric| metric.name()).collect();
            EvalError::invalid_parameter("metric", name, format!("one of {}", known.join(", ")))
        })
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Lower => "lower is better",
            Self::Higher => "higher is better",
            Self::ClosestToOne => "closest to 1 is best",
        })
    }
}
