//! Scales made alike, and heavy tails tamed.

use adsml_core::{Error, Result};

/// How a column of numbers is scaled: `(x − center) / scale`, as in scikit-learn.
///
/// Missing values are left out of the statistics and stay missing. A column that does not vary has
/// scale 1, so that it becomes 0 and not `NaN`.
///
/// ```
/// use adsml_features::Scaler;
///
/// let fitted = Scaler::Standard.fit(&[1.0, 3.0, f64::NAN]);
/// assert_eq!(fitted.apply(3.0), 1.0);
/// assert!(fitted.apply(f64::NAN).is_nan());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Scaler {
    /// Mean and standard deviation (divisor `n`): scikit-learn's `StandardScaler`.
    #[default]
    Standard,
    /// Median and interquartile range (linear interpolation): scikit-learn's `RobustScaler`.
    Robust,
    /// Minimum and range, onto `[0, 1]`: scikit-learn's `MinMaxScaler`.
    MinMax,
    /// As it is.
    Keep,
}

/// Largest absolute value of a number: beyond it, squares and quotients overflow.
pub(crate) const MAX_VALUE: f64 = 1e150;
/// Smallest scale: `2·MAX_VALUE / MIN_SCALE` is finite.
pub(crate) const MIN_SCALE: f64 = 1e-150;

/// A fitted [`Scaler`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FittedScaler {
    /// What is subtracted.
    pub center: f64,
    /// What it is divided by; never zero.
    pub scale: f64,
}

impl Scaler {
    /// Learns from a column; `NaN` is missing. `O(n)`, or `O(n log n)` for [`Scaler::Robust`].
    pub fn fit(self, values: &[f64]) -> FittedScaler {
        let mut present: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
        let (center, scale) = match self {
            Self::Keep => (0.0, 1.0),
            _ if present.is_empty() => (0.0, 1.0),
            Self::Standard => mean_and_deviation(&present),
            Self::MinMax => {
                let (min, max) = present
                    .iter()
                    .fold((f64::INFINITY, f64::NEG_INFINITY), |(min, max), &value| (min.min(value), max.max(value)));
                (min, not_zero(max - min))
            }
            Self::Robust => {
                present.sort_unstable_by(f64::total_cmp);
                let at = |share| quantile(&present, share).unwrap_or(0.0);
                (at(0.5), not_zero(at(0.75) - at(0.25)))
            }
        };
        FittedScaler { center, scale }
    }
}

impl FittedScaler {
    /// `(value − center) / scale`.
    pub fn apply(self, value: f64) -> f64 {
        (value - self.center) / self.scale
    }
}

/// Mean (corrected in a second pass) and standard deviation, the latter 1 when it is nothing but rounding (scikit-learn's `_is_constant_feature`).
fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let (mut squares, mut rest) = (0.0, 0.0);
    for value in values {
        let distance = value - mean;
        squares += distance * distance;
        rest += distance;
    }
    // The rest corrects the mean's own rounding (Chan, Golub and LeVeque 1983, corrected two-pass).
    let variance = (squares - rest * rest / n) / n;
    let rounding = n * f64::EPSILON * variance + (n * mean * f64::EPSILON).powi(2);
    (mean + rest / n, if variance <= rounding.max(MIN_SCALE * MIN_SCALE) { 1.0 } else { variance.sqrt() })
}

/// A range, or 1 where it is nothing but rounding (scikit-learn's `_handle_zeros_in_scale`).
fn not_zero(range: f64) -> f64 {
    if range < 10.0 * f64::EPSILON { 1.0 } else { range }
}

/// The quantile of sorted values, with linear interpolation; `None` without values.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let at = share * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    let part = at - at.floor();
    // As numpy does it: from the nearer end.
    Some(if part < 0.5 { below + (above - below) * part } else { above - (above - below) * (1.0 - part) })
}

/// What is done to a heavy-tailed column before it is scaled.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Warp {
    /// Nothing.
    #[default]
    None,
    /// `sign(x)·ln(1 + |x|)`: counts and money, negative ones too.
    SignedLog,
    /// Values beyond these quantiles of the training rows are brought back to them.
    Clip {
        /// Lower quantile, in `[0, 1)`.
        low: f64,
        /// Upper quantile, above `low`, in `(0, 1]`.
        high: f64,
    },
}

impl Warp {
    /// Learns from a column; `NaN` is missing.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] unless `0 <= low < high <= 1`.
    pub fn fit(self, values: &[f64]) -> Result<FittedWarp> {
        Ok(match self {
            Self::None => FittedWarp::None,
            Self::SignedLog => FittedWarp::SignedLog,
            Self::Clip { low, high } => {
                check_quantiles(low, high)?;
                let mut present: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
                present.sort_unstable_by(f64::total_cmp);
                match (quantile(&present, low), quantile(&present, high)) {
                    (Some(min), Some(max)) => FittedWarp::Clip { min, max: max.max(min) },
                    _ => FittedWarp::None,
                }
            }
        })
    }
}

pub(crate) fn check_quantiles(low: f64, high: f64) -> Result<()> {
    if (0.0..1.0).contains(&low) && low < high && high <= 1.0 {
        return Ok(());
    }
    Err(Error::invalid_parameter("clip", format!("[{low}, {high}]"), "quantiles with 0 <= low < high <= 1"))
}

/// A fitted [`Warp`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum FittedWarp {
    /// Nothing.
    None,
    /// `sign(x)·ln(1 + |x|)`.
    SignedLog,
    /// Values are brought into `[min, max]`, in the column's unit.
    Clip {
        /// Lower end.
        min: f64,
        /// Upper end.
        max: f64,
    },
}

impl FittedWarp {
    /// The warped value; `NaN` stays.
    pub fn apply(self, value: f64) -> f64 {
        match self {
            Self::None => value,
            Self::SignedLog => value.abs().ln_1p().copysign(value),
            Self::Clip { min, max } if value < min => min.min(max),
            Self::Clip { max, .. } if value > max => max,
            Self::Clip { .. } => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_column_becomes_zero() {
        for scaler in [Scaler::Standard, Scaler::Robust, Scaler::MinMax] {
            // Summed naively, three times 0.1 has a mean that is not 0.1.
            let fitted = scaler.fit(&[0.1, 0.1, 0.1]);
            assert_eq!(fitted.scale, 1.0);
            assert!(fitted.apply(0.1).abs() < 1e-16);
            assert_eq!(scaler.fit(&[f64::NAN]), FittedScaler { center: 0.0, scale: 1.0 });
        }
    }

    #[test]
    fn tails_are_tamed_on_both_sides() {
        let log = Warp::SignedLog.fit(&[]).unwrap();
        assert_eq!(log.apply(-2.0), -(2.0_f64.ln_1p()));
        assert_eq!(log.apply(0.0), 0.0);
        assert!(log.apply(f64::NAN).is_nan());
        let values: Vec<f64> = (0..=100).map(f64::from).collect();
        let clip = Warp::Clip { low: 0.05, high: 0.9 }.fit(&values).unwrap();
        assert_eq!([-1.0, 50.0, 1e9].map(|value| clip.apply(value)), [5.0, 50.0, 90.0]);
        assert!(Warp::Clip { low: 0.9, high: 0.1 }.fit(&values).is_err());
    }
}
