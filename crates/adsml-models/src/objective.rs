//! What boosting minimises: losses, their derivatives and links.

use std::fmt::Debug;

use crate::estimator::choice;

/// How a raw score becomes the expected target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Link {
    /// The raw score itself.
    #[default]
    Identity,
    /// `exp(raw)`.
    Log,
    /// `1 / (1 + exp(-raw))`.
    Logit,
    /// `exp(raw[k]) / sum of exp(raw[j])`, one raw score per class.
    Softmax,
}

choice!(Link { Identity = "identity", Log = "log", Logit = "logit", Softmax = "softmax" });

impl Link {
    /// The expected target of a raw score; of [`Softmax`](Self::Softmax), the score itself.
    #[inline]
    pub fn mean(self, raw: f64) -> f64 {
        match self {
            Self::Identity | Self::Softmax => raw,
            Self::Log => raw.exp().min(f64::MAX),
            Self::Logit => sigmoid(raw),
        }
    }
}

/// The loss that [`GradientBoosting`](crate::GradientBoosting) minimises.
///
/// With `y` the target, `r` the raw score, `m` the mean that the link makes of it; every row counts by its weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Loss {
    /// `(y - r)^2 / 2`. Parameter value `"squared_error"`.
    #[default]
    SquaredError,
    /// `|y - r|`: the median. Leaves hold medians of what is left. `"absolute_error"`.
    AbsoluteError,
    /// Squared up to `huber_delta`, absolute beyond. `"huber"`.
    Huber,
    /// The quantile `quantile`: `max(q (y - r), (q - 1)(y - r))`. Leaves hold quantiles of what is left. `"quantile"`.
    Quantile,
    /// Counts, `m = exp(r)`: `m - y r`. `"poisson"`.
    Poisson,
    /// Positive amounts, `m = exp(r)`: `y / m + r`. `"gamma"`.
    Gamma,
    /// Amounts that may be zero, `m = exp(r)`, variance `m^tweedie_power`. `"tweedie"`.
    Tweedie,
    /// 0 or 1, or a rate with its denominator as weight, `m = 1 / (1 + exp(-r))`. `"logistic"`.
    Logistic,
    /// One of `n_classes` classes, numbered from 0; one tree per class and round. `"softmax"`.
    Softmax,
}

choice!(Loss {
    SquaredError = "squared_error",
    AbsoluteError = "absolute_error",
    Huber = "huber",
    Quantile = "quantile",
    Poisson = "poisson",
    Gamma = "gamma",
    Tweedie = "tweedie",
    Logistic = "logistic",
    Softmax = "softmax",
});

/// A loss of one raw score per row, for [`GradientBoostingParams::objective`](crate::GradientBoostingParams::objective).
///
/// ```
/// use adsml_models::{GradientBoosting, Link, Objective, Regressor};
///
/// /// Missing a target by too little costs three times as much as by too much.
/// #[derive(Debug)]
/// struct Asymmetric;
///
/// impl Objective for Asymmetric {
///     fn link(&self) -> Link {
///         Link::Identity
///     }
///     fn accepts(&self, y: f64) -> bool {
///         y.is_finite()
///     }
///     fn domain(&self) -> &'static str {
///         "a finite number"
///     }
///     fn base_score(&self, y: &[f64], _: Option<&[f64]>, _: Option<&[f64]>) -> f64 {
///         y.iter().sum::<f64>() / y.len() as f64
///     }
///     fn derivatives(&self, y: f64, raw: f64) -> (f64, f64) {
///         let factor = if raw < y { 3.0 } else { 1.0 };
///         (factor * (raw - y), factor)
///     }
///     fn loss(&self, y: f64, raw: f64) -> f64 {
///         let factor = if raw < y { 3.0 } else { 1.0 };
///         0.5 * factor * (raw - y) * (raw - y)
///     }
/// }
///
/// let x: Vec<[f64; 1]> = (0..100).map(|i| [f64::from(i % 2)]).collect();
/// let y: Vec<f64> = (0..100).map(|i| f64::from(i % 10)).collect();
/// let model = GradientBoosting::params().objective(std::sync::Arc::new(Asymmetric)).fit(&x, &y)?;
/// assert!(model.predict_row(&[0.0])? > 4.0, "above the mean of 0, 2, 4, 6 and 8");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Objective: Debug + Send + Sync {
    /// How raw scores become predictions; not [`Link::Softmax`].
    fn link(&self) -> Link;

    /// Whether a target is of its domain.
    fn accepts(&self, y: f64) -> bool;

    /// The domain, in words.
    fn domain(&self) -> &'static str;

    /// The raw score that is best for all rows together, on top of the offset.
    fn base_score(&self, y: &[f64], weight: Option<&[f64]>, offset: Option<&[f64]>) -> f64;

    /// First and second derivative of the loss by the raw score; the second is not negative.
    fn derivatives(&self, y: f64, raw: f64) -> (f64, f64);

    /// The derivatives of many rows, unweighted; `hessian` is empty when [`has_unit_hessian`](Self::has_unit_hessian).
    fn derivatives_into(&self, y: &[f64], raw: &[f64], gradient: &mut [f64], hessian: &mut [f64]) {
        for (row, (&y, &raw)) in y.iter().zip(raw).enumerate() {
            let (g, h) = self.derivatives(y, raw);
            gradient[row] = g;
            if let Some(hessian) = hessian.get_mut(row) {
                *hessian = h;
            }
        }
    }

    /// Whether the second derivative is 1 everywhere.
    fn has_unit_hessian(&self) -> bool {
        false
    }

    /// The loss of a row, up to what does not depend on the score: watched for early stopping.
    fn loss(&self, y: f64, raw: f64) -> f64;

    /// When the best value of a leaf is a quantile of `y - raw` of its rows: which.
    fn leaf_quantile(&self) -> Option<f64> {
        None
    }
}

/// The built-in losses of one raw score, with what they need.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BuiltIn {
    pub(crate) loss: Loss,
    pub(crate) huber_delta: f64,
    pub(crate) quantile: f64,
    pub(crate) tweedie_power: f64,
}

/// Exponents beyond this would overflow when multiplied by targets.
const MAX_EXPONENT: f64 = 600.0;

fn exp(raw: f64) -> f64 {
    raw.clamp(-MAX_EXPONENT, MAX_EXPONENT).exp()
}

pub(crate) fn sigmoid(raw: f64) -> f64 {
    let small = (-raw.abs()).exp();
    if raw >= 0.0 { 1.0 / (1.0 + small) } else { small / (1.0 + small) }
}

impl Objective for BuiltIn {
    fn link(&self) -> Link {
        match self.loss {
            Loss::SquaredError | Loss::AbsoluteError | Loss::Huber | Loss::Quantile => Link::Identity,
            Loss::Poisson | Loss::Gamma | Loss::Tweedie => Link::Log,
            Loss::Logistic => Link::Logit,
            Loss::Softmax => Link::Softmax,
        }
    }

    fn accepts(&self, y: f64) -> bool {
        y.abs() <= 1e150
            && match self.loss {
                Loss::SquaredError | Loss::AbsoluteError | Loss::Huber | Loss::Quantile | Loss::Softmax => true,
                Loss::Poisson | Loss::Tweedie => y >= 0.0,
                Loss::Gamma => y > 0.0,
                Loss::Logistic => (0.0..=1.0).contains(&y),
            }
    }

    fn domain(&self) -> &'static str {
        match self.loss {
            Loss::Poisson | Loss::Tweedie => "a number in [0, 1e150]",
            Loss::Gamma => "a number in (0, 1e150]",
            Loss::Logistic => "a number in [0, 1]",
            _ => "a number between -1e150 and 1e150",
        }
    }

    fn base_score(&self, y: &[f64], weight: Option<&[f64]>, offset: Option<&[f64]>) -> f64 {
        let weight_of = |row: usize| weight.map_or(1.0, |weight| weight[row]);
        let offset_of = |row: usize| offset.map_or(0.0, |offset| offset[row]);
        let sum = |value: &dyn Fn(usize) -> f64| (0..y.len()).map(|row| weight_of(row) * value(row)).sum::<f64>();
        let total = sum(&|_| 1.0);
        // A rate or a mean of zero has no finite score: half an event more, as by Jeffreys.
        let ratio = |events: f64, exposure: f64| ((events + f64::from(events == 0.0) * 0.5) / exposure).ln();
        match self.loss {
            Loss::SquaredError | Loss::Softmax => sum(&|row| y[row] - offset_of(row)) / total,
            Loss::Huber | Loss::AbsoluteError => {
                weighted_quantile((0..y.len()).map(|row| (y[row] - offset_of(row), weight_of(row))).collect(), 0.5)
            }
            Loss::Quantile => {
                let rows = (0..y.len()).map(|row| (y[row] - offset_of(row), weight_of(row))).collect();
                weighted_quantile(rows, self.quantile)
            }
            Loss::Poisson => ratio(sum(&|row| y[row]), sum(&|row| exp(offset_of(row)))),
            Loss::Gamma => ratio(sum(&|row| y[row] * exp(-offset_of(row))), total),
            Loss::Tweedie => {
                let power = self.tweedie_power;
                ratio(
                    sum(&|row| y[row] * exp((1.0 - power) * offset_of(row))),
                    sum(&|row| exp((2.0 - power) * offset_of(row))),
                )
            }
            Loss::Logistic => {
                let positive = sum(&|row| y[row]);
                let bounded = |events: f64| events + f64::from(events <= 0.0) * 0.5;
                let start = (bounded(positive) / bounded(total - positive)).ln();
                if offset.is_none() {
                    return start;
                }
                let target = bounded(positive).min(total - 0.5 * f64::from(total <= positive));
                let reach = 40.0 + offset.unwrap_or_default().iter().fold(0.0_f64, |reach, o| reach.max(o.abs()));
                let (mut low, mut high) = (-reach, reach);
                for _ in 0..100 {
                    let middle = 0.5 * (low + high);
                    let below = sum(&|row| sigmoid(middle + offset_of(row))) < target;
                    if below { low = middle } else { high = middle }
                }
                0.5 * (low + high)
            }
        }
    }

    fn derivatives(&self, y: f64, raw: f64) -> (f64, f64) {
        match self.loss {
            Loss::SquaredError | Loss::Softmax => (raw - y, 1.0),
            Loss::AbsoluteError => (if raw == y { 0.0 } else { (raw - y).signum() }, 1.0),
            Loss::Huber => ((raw - y).clamp(-self.huber_delta, self.huber_delta), 1.0),
            Loss::Quantile => (if raw >= y { 1.0 - self.quantile } else { -self.quantile }, 1.0),
            Loss::Poisson => (exp(raw) - y, exp(raw)),
            Loss::Gamma => (1.0 - y * exp(-raw), y * exp(-raw)),
            Loss::Tweedie => {
                let power = self.tweedie_power;
                let (a, b) = (y * exp((1.0 - power) * raw), exp((2.0 - power) * raw));
                (b - a, (2.0 - power) * b - (1.0 - power) * a)
            }
            Loss::Logistic => {
                let mean = sigmoid(raw);
                (mean - y, mean * (1.0 - mean))
            }
        }
    }

    fn derivatives_into(&self, y: &[f64], raw: &[f64], gradient: &mut [f64], hessian: &mut [f64]) {
        match self.loss {
            Loss::SquaredError => {
                for ((g, &y), &raw) in gradient.iter_mut().zip(y).zip(raw) {
                    *g = raw - y;
                }
            }
            Loss::Logistic => {
                for (((g, h), &y), &raw) in gradient.iter_mut().zip(hessian).zip(y).zip(raw) {
                    let mean = sigmoid(raw);
                    (*g, *h) = (mean - y, mean * (1.0 - mean));
                }
            }
            _ => {
                for (row, (&y, &raw)) in y.iter().zip(raw).enumerate() {
                    let (g, h) = self.derivatives(y, raw);
                    gradient[row] = g;
                    if let Some(hessian) = hessian.get_mut(row) {
                        *hessian = h;
                    }
                }
            }
        }
    }

    fn has_unit_hessian(&self) -> bool {
        matches!(self.loss, Loss::SquaredError | Loss::AbsoluteError | Loss::Huber | Loss::Quantile)
    }

    fn loss(&self, y: f64, raw: f64) -> f64 {
        let error = y - raw;
        match self.loss {
            Loss::SquaredError | Loss::Softmax => 0.5 * error * error,
            Loss::AbsoluteError => error.abs(),
            Loss::Huber => {
                let delta = self.huber_delta;
                if error.abs() <= delta { 0.5 * error * error } else { delta * (error.abs() - 0.5 * delta) }
            }
            Loss::Quantile => (self.quantile * error).max((self.quantile - 1.0) * error),
            Loss::Poisson => exp(raw) - y * raw,
            Loss::Gamma => y * exp(-raw) + raw,
            Loss::Tweedie => {
                let power = self.tweedie_power;
                exp((2.0 - power) * raw) / (2.0 - power) - y * exp((1.0 - power) * raw) / (1.0 - power)
            }
            Loss::Logistic => (-raw.abs()).exp().ln_1p() + raw.max(0.0) - y * raw,
        }
    }

    fn leaf_quantile(&self) -> Option<f64> {
        match self.loss {
            Loss::AbsoluteError => Some(0.5),
            Loss::Quantile => Some(self.quantile),
            _ => None,
        }
    }
}

/// The smallest value below or at which lies at least `share` of the weight; 0 without weight.
pub(crate) fn weighted_quantile(mut values: Vec<(f64, f64)>, share: f64) -> f64 {
    values.retain(|&(_, weight)| weight > 0.0);
    values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let total: f64 = values.iter().map(|&(_, weight)| weight).sum();
    let mut below = 0.0;
    for &(value, weight) in &values {
        below += weight;
        if below >= share * total {
            return value;
        }
    }
    values.last().map_or(0.0, |&(value, _)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOSSES: [Loss; 8] = [
        Loss::SquaredError,
        Loss::AbsoluteError,
        Loss::Huber,
        Loss::Quantile,
        Loss::Poisson,
        Loss::Gamma,
        Loss::Tweedie,
        Loss::Logistic,
    ];

    fn built_in(loss: Loss) -> BuiltIn {
        BuiltIn { loss, huber_delta: 0.7, quantile: 0.3, tweedie_power: 1.5 }
    }

    #[test]
    fn derivatives_are_those_of_the_loss() {
        for loss in LOSSES {
            let objective = built_in(loss);
            for (y, raw) in [(0.3, 0.9), (0.8, -1.1), (0.5, 0.2)] {
                let step = 1e-5;
                let slope = (objective.loss(y, raw + step) - objective.loss(y, raw - step)) / (2.0 * step);
                let (g, h) = objective.derivatives(y, raw);
                // Central differences are good to the square of the step.
                assert!((g - slope).abs() < 1e-8, "{loss:?}: {g} and {slope}");
                let bend =
                    (objective.derivatives(y, raw + step).0 - objective.derivatives(y, raw - step).0) / (2.0 * step);
                let exact = !matches!(loss, Loss::AbsoluteError | Loss::Huber | Loss::Quantile);
                assert!(!exact || (h - bend).abs() < 1e-8, "{loss:?}: {h} and {bend}");
            }
        }
    }

    #[test]
    fn the_base_score_is_where_the_sum_of_slopes_vanishes() {
        let (y, weight) = ([0.1, 0.9, 0.4, 0.7], [1.0, 2.0, 3.0, 0.5]);
        let offset = [0.5, -0.5, 1.0, 0.0];
        for loss in [Loss::SquaredError, Loss::Poisson, Loss::Gamma, Loss::Tweedie, Loss::Logistic] {
            let objective = built_in(loss);
            for offset in [None, Some(&offset[..])] {
                let base = objective.base_score(&y, Some(&weight), offset);
                let slope = |row: usize| objective.derivatives(y[row], base + offset.map_or(0.0, |o| o[row])).0;
                let sum: f64 = (0..4).map(|row| weight[row] * slope(row)).sum();
                assert!(sum.abs() < 1e-9, "{loss:?} {sum}");
            }
        }
        assert_eq!(built_in(Loss::Quantile).base_score(&[1.0, 2.0, 3.0, 4.0], None, None), 2.0);
        assert!(built_in(Loss::Logistic).base_score(&[0.0, 0.0], None, None).is_finite());
    }
}
