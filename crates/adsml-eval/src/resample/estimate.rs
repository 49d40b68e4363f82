//! A number and how certain it is.

use std::fmt;

use super::student::{normal_tail, quantile, t_tail};
use super::units::UnitKind;

/// A value with its interval, or with the reason why there is none.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Estimate {
    /// The value on the rows as they are.
    pub value: f64,
    /// Lower end of the interval.
    pub low: Option<f64>,
    /// Upper end of the interval.
    pub high: Option<f64>,
    /// How many equally influential units would be as informative; far fewer than there are when a few large
    /// ones decide. Known where there is an interval.
    pub effective_units: Option<f64>,
    /// Why there is no interval.
    pub no_interval: Option<NoInterval>,
}

/// Why there is no interval.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum NoInterval {
    /// There are too few independent units to resample.
    FewUnits {
        /// How many there are, of positive weight.
        found: usize,
        /// How many are needed.
        needed: usize,
        /// What they are.
        kind: UnitKind,
    },
    /// The metric has no value on too many of the resamples (no positives, say).
    Undefined {
        /// Resamples without a value.
        draws: usize,
        /// Resamples in all.
        of: usize,
    },
}

impl fmt::Display for NoInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FewUnits { found, needed, kind } => write!(f, "only {found} independent {kind}, {needed} needed"),
            Self::Undefined { draws, of } => write!(f, "undefined on {draws} of {of} resamples"),
        }
    }
}

impl Estimate {
    pub(super) const fn without_interval(value: f64, reason: NoInterval) -> Self {
        Self { value, low: None, high: None, effective_units: None, no_interval: Some(reason) }
    }

    pub(super) const fn between(value: f64, low: f64, high: f64, effective_units: f64) -> Self {
        Self { value, low: Some(low), high: Some(high), effective_units: Some(effective_units), no_interval: None }
    }

    /// Both ends of the interval, if there is one.
    pub fn interval(&self) -> Option<(f64, f64)> {
        self.low.zip(self.high)
    }

    /// Whether there is an interval and `value` lies outside it.
    pub fn excludes(&self, value: f64) -> bool {
        self.interval().is_some_and(|(low, high)| value < low || high < value)
    }

    /// The estimate of minus the quantity.
    #[must_use]
    pub(super) fn negated(&self) -> Self {
        let minus = |value: f64| if value == 0.0 { 0.0 } else { -value };
        Self { value: minus(self.value), low: self.high.map(minus), high: self.low.map(minus), ..self.clone() }
    }
}

/// How many units of equal influence carry as much information about the variance, between 2 and all of them.
///
/// ```text
/// n_eff = 3 (sum(ψ²))² / sum(ψ⁴)
/// ```
///
/// with `ψ` the influence of each unit. For normal influences of equal variance that is the number of units; the
/// formula is Satterthwaite's degrees of freedom of `sum(ψ²)`, with each fourth moment estimated by its own `ψ⁴`.
pub(super) fn effective_units(influence: impl Iterator<Item = f64> + Clone, n_units: usize) -> f64 {
    let most = influence.clone().fold(0.0_f64, |most, psi| most.max(psi.abs()));
    if influence.clone().any(|psi| !psi.is_finite()) {
        return 2.0;
    }
    if most == 0.0 {
        return n_units.max(2) as f64;
    }
    let (mut squares, mut fourths) = (0.0, 0.0);
    for psi in influence {
        let square = (psi / most) * (psi / most);
        squares += square;
        fourths += square * square;
    }
    (3.0 * squares * squares / fourths).clamp(2.0, n_units.max(2) as f64)
}

/// How much wider than normal theory an interval must be with this many effective units.
///
/// ```text
/// sqrt(n / (n - 1)) * t(1 - α/2; n - 1) / z(1 - α/2)
/// ```
///
/// Source: Hesterberg (2015), "What Teachers Should Know About the Bootstrap", The American Statistician 69(4),
/// section 4.1, with `n` effective units in place of all.
pub(super) fn widening(effective_units: f64, level: f64) -> f64 {
    expanded_z(effective_units, level) / quantile((1.0 - level) / 2.0, normal_tail)
}

fn expanded_z(n: f64, level: f64) -> f64 {
    (n / (n - 1.0)).sqrt() * quantile((1.0 - level) / 2.0, |x| t_tail(x, n - 1.0))
}

/// The expanded percentile interval of sorted draws: percentiles further out than `(1 - level) / 2`, by [`widening`].
pub(super) fn percentile_interval(sorted: &[f64], effective_units: f64, level: f64) -> (f64, f64) {
    let tail = normal_tail(expanded_z(effective_units, level));
    (percentile(sorted, tail), percentile(sorted, 1.0 - tail))
}

/// Linear interpolation between order statistics (type 7 of Hyndman and Fan 1996, NumPy's default).
pub(super) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (place.floor() as usize, place.ceil() as usize);
    sorted[below] + (place - place.floor()) * (sorted[above] - sorted[below])
}
