//! Ratios of sums: CTR, CVR, CPA, ROAS.

use std::iter::Sum;
use std::ops::{Add, AddAssign};

/// A ratio that remembers its numerator and denominator, so that it can be summed.
///
/// ```text
/// CTR = sum(clicks) / sum(impressions)      and never the mean of the rows' CTRs
/// ```
///
/// A zero denominator has no value: [`value`](Self::value) is `None`, never infinite and never 0.
///
/// ```
/// use adsml_core::Ratio;
///
/// let ctr: Ratio = [Ratio::new(1.0, 10.0), Ratio::new(0.0, 990.0)].into_iter().sum();
/// assert_eq!(ctr.value(), Some(0.001));
/// assert_eq!(Ratio::new(3.0, 0.0).value(), None);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ratio {
    /// What is counted: clicks, conversions, revenue.
    pub numerator: f64,
    /// What it is counted out of: impressions, clicks, spend.
    pub denominator: f64,
}

impl Ratio {
    /// `numerator / denominator`, kept apart.
    pub const fn new(numerator: f64, denominator: f64) -> Self {
        Self { numerator, denominator }
    }

    /// The quotient; `None` when the denominator is zero or either part is not finite.
    pub fn value(self) -> Option<f64> {
        let quotient = self.numerator / self.denominator;
        (self.numerator.is_finite() && self.denominator.is_finite() && quotient.is_finite()).then_some(quotient)
    }

    /// The quotient, with `NaN` for missing: the form matrices hold.
    pub fn or_missing(self) -> f64 {
        self.value().unwrap_or(f64::NAN)
    }
}

impl Add for Ratio {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self::new(self.numerator + other.numerator, self.denominator + other.denominator)
    }
}

impl AddAssign for Ratio {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Ratio {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_out_of_nothing_is_missing() {
        assert_eq!(Ratio::new(0.0, 0.0).value(), None);
        assert!(Ratio::new(1.0, 0.0).or_missing().is_nan());
        assert_eq!(Ratio::new(f64::NAN, 1.0).value(), None);
        assert_eq!(Ratio::new(1e300, 1e-300).value(), None);
    }
}
