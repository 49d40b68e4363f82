//! What stands in for a missing number.

use super::scale::quantile;

/// What stands in for a missing number.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Imputation {
    /// The median of the values present at fitting (0 when there are none). Unweighted.
    #[default]
    Median,
    /// This number, in the column's own unit.
    Constant(f64),
    /// Nothing: missing stays `NaN`, for models that know what to do with it.
    Keep,
}

impl Imputation {
    /// Learns from a column; `NaN` is missing. `O(n log n)` for the median.
    pub fn fit(self, values: &[f64]) -> FittedImputer {
        let fill = match self {
            Self::Median => {
                let mut present: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
                present.sort_unstable_by(f64::total_cmp);
                Some(quantile(&present, 0.5).unwrap_or(0.0))
            }
            Self::Constant(value) => Some(value),
            Self::Keep => None,
        };
        FittedImputer { fill }
    }
}

/// A fitted [`Imputation`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FittedImputer {
    /// What stands in for a missing number; `None` when it stays missing.
    pub fill: Option<f64>,
}

impl FittedImputer {
    /// The value, or what stands in for it.
    pub fn apply(self, value: f64) -> f64 {
        match self.fill {
            Some(fill) if value.is_nan() => fill,
            _ => value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_skips_what_is_missing() {
        let fitted = Imputation::Median.fit(&[4.0, f64::NAN, 1.0, 2.0, 3.0]);
        assert_eq!(fitted.apply(f64::NAN), 2.5);
        assert_eq!(fitted.apply(7.0), 7.0);
        assert_eq!(Imputation::Median.fit(&[f64::NAN]).apply(f64::NAN), 0.0);
        assert!(Imputation::Keep.fit(&[1.0]).apply(f64::NAN).is_nan());
    }
}
