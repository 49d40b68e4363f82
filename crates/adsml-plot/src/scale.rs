//! From values to shares of an axis, and the round numbers on it.

use crate::number::{NumberFormat, Numerals};

/// How values are spread along an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum AxisScale {
    /// [`Log`](Self::Log) when the values are positive and span at least a factor of ten, else
    /// [`Linear`](Self::Linear). Each chart says what it counts.
    #[default]
    Auto,
    /// Equal differences are equally far apart.
    Linear,
    /// Equal ratios are equally far apart.
    Log,
}

/// The values an axis covers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Domain {
    low: f64,
    high: f64,
    log: bool,
}

/// A place on an axis; only some have a label.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: Option<String>,
}

/// The ticks of an axis, and how to write values that lie between them.
#[derive(Debug, Clone)]
pub(crate) struct Ticks {
    pub(crate) ticks: Vec<Tick>,
    pub(crate) numerals: Numerals,
}

/// Ranges narrower than this share of their values are widened, or labels would need ten digits.
const NARROWEST: f64 = 1e-8;
/// Smaller ranges would lose their steps to rounding.
const SMALLEST: f64 = 1e-290;
const LARGEST: f64 = 1e306;

impl Domain {
    /// All of `values`, which are finite; a range around them when they are all alike.
    pub(crate) fn linear(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = extent(values);
        Self { low, high, log: false }.widened()
    }

    /// As [`linear`](Self::linear), with zero on the axis when the values come near it: when the
    /// smallest is at most half of the largest.
    pub(crate) fn linear_near_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = extent(values);
        let zero_is_near = low >= 0.0 && low <= high / 2.0;
        Self { low: if zero_is_near { 0.0 } else { low }, high, log: false }.widened()
    }

    /// The positive ones of `values` on a logarithmic axis; one decade around them when they are
    /// all alike.
    pub(crate) fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = extent(values.into_iter().filter(|&value| value > 0.0));
        if low <= 0.0 {
            return Self { low: 0.1, high: 1.0, log: true };
        }
        let (low, high) = (low.clamp(SMALLEST, LARGEST / 10.0), high.clamp(SMALLEST, LARGEST));
        if high / low < 1.0 + 1e-6 {
            return Self { low: low / 3.0, high: high * 3.0, log: true };
        }
        Self { low, high, log: true }
    }

    /// With `share` of its length added at either end.
    pub(crate) fn padded(self, share: f64) -> Self {
        if self.log {
            let factor = ((self.high.ln() - self.low.ln()) * share).exp();
            return Self {
                low: (self.low / factor).max(SMALLEST / 10.0),
                high: (self.high * factor).min(LARGEST * 10.0),
                log: true,
            };
        }
        let more = (self.high / 2.0 - self.low / 2.0) * 2.0 * share;
        Self { low: bounded(self.low - more), high: bounded(self.high + more), log: false }
    }

    /// With its ends moved outwards to the next ticks. Linear only; else as it was.
    pub(crate) fn rounded(self, target: usize) -> Self {
        if self.log {
            return self;
        }
        let step = Step::at_most(target, self.low, self.high);
        Self {
            low: bounded(step.times((self.low / step.size()).floor())),
            high: bounded(step.times((self.high / step.size()).ceil())),
            log: false,
        }
    }

    /// As far as `value` is along the axis: 0 at its low end, 1 at its high end, never outside.
    pub(crate) fn share(&self, value: f64) -> f64 {
        let share = if self.log {
            (value.max(self.low).ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            // Halves, so that differences of the largest numbers do not overflow.
            (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)
        };
        share.clamp(0.0, 1.0)
    }

    pub(crate) fn low(&self) -> f64 {
        self.low
    }

    pub(crate) fn is_log(&self) -> bool {
        self.log
    }

    /// At most about `target` labelled ticks, at round numbers.
    pub(crate) fn ticks(&self, target: usize, format: NumberFormat) -> Ticks {
        if self.log { self.log_ticks(target, format) } else { self.linear_ticks(target, format) }
    }

    fn linear_ticks(&self, target: usize, format: NumberFormat) -> Ticks {
        let step = Step::at_most(target, self.low, self.high);
        let largest = self.low.abs().max(self.high.abs());
        let numerals = Numerals::for_step(step.exponent, largest, format);
        let tick = |value| Tick { value, label: Some(numerals.write(value)) };
        Ticks { ticks: step.inside(self.low, self.high).map(tick).collect(), numerals }
    }

    fn log_ticks(&self, target: usize, format: NumberFormat) -> Ticks {
        let numerals = Numerals::significant(3, format);
        let all = self.decade_values(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        // The densest labels that there is room for.
        let choices: [&[u8]; 4] = [&[1, 2, 3, 4, 5, 6, 7, 8, 9], &[1, 2, 5], &[1, 3], &[1]];
        let mut choices = choices.iter().map(|digits| self.decade_values(digits));
        let mut labelled = choices.find(|values| values.len() <= target).unwrap_or_default();
        if labelled.is_empty() {
            let decades = self.decade_values(&[1]);
            labelled = decades.iter().step_by(decades.len() / target + 1).copied().collect();
        }
        if labelled.len() < 3 && self.high / self.low < 10.0 {
            // Less than a decade: the round numbers of a linear axis serve better.
            return self.linear_ticks(target, format);
        }
        let is_short = all.len() <= 60;
        let mut ticks: Vec<Tick> = if is_short { all } else { labelled.clone() }
            .into_iter()
            .map(|value| Tick { value, label: None })
            .collect();
        for tick in &mut ticks {
            if labelled.contains(&tick.value) {
                tick.label = Some(numerals.write(tick.value));
            }
        }
        Ticks { ticks, numerals }
    }

    /// `digit * 10^n` inside the domain, ascending.
    fn decade_values(&self, digits: &[u8]) -> Vec<f64> {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        (first..=last)
            .flat_map(|exponent| digits.iter().map(move |&mantissa| Step { mantissa, exponent }))
            .map(|step| step.size())
            .filter(|&value| self.low <= value && value <= self.high)
            .collect()
    }

    fn widened(self) -> Self {
        let (low, high) = (bounded(self.low), bounded(self.high));
        let size = low.abs().max(high.abs());
        let narrowest = (size * NARROWEST).max(SMALLEST);
        if high - low >= narrowest {
            return Self { low, high, ..self };
        }
        let more = if high > low { narrowest } else { (size * 0.1).max(SMALLEST) };
        let more = if size == 0.0 { 1.0 } else { more };
        Self { low: bounded(low - more), high: bounded(high + more), ..self }
    }
}

/// `mantissa * 10^exponent`, exactly rounded where that is possible.
#[derive(Debug, Clone, Copy)]
struct Step {
    mantissa: u8,
    exponent: i32,
}

impl Step {
    /// The smallest of 1, 2, 5, 10, 20, ... that cuts the range into at most `target` parts.
    fn at_most(target: usize, low: f64, high: f64) -> Self {
        let raw = (high / 2.0 - low / 2.0) / target as f64 * 2.0;
        let exponent = raw.log10().floor() as i32;
        let mut candidates = (exponent..).flat_map(|exponent| [1, 2, 5].map(|mantissa| Self { mantissa, exponent }));
        // A hair of tolerance keeps 0.3 / 3 from being called more than 0.1.
        let fits = |step: &Self| step.size() >= raw * (1.0 - 1e-9);
        candidates.find(fits).unwrap_or(Self { mantissa: 1, exponent })
    }

    fn size(self) -> f64 {
        self.times(1.0)
    }

    fn times(self, n: f64) -> f64 {
        let n = n * f64::from(self.mantissa);
        if self.exponent < 0 { n / 10_f64.powi(-self.exponent) } else { n * 10_f64.powi(self.exponent) }
    }

    /// The multiples of the step from `low` to `high`.
    fn inside(self, low: f64, high: f64) -> impl Iterator<Item = f64> {
        let first = (low / self.size() - 1e-6).ceil();
        let last = (high / self.size() + 1e-6).floor();
        // Ranges are never so narrow that this counts far: see `NARROWEST`.
        let n = (last - first).clamp(-1.0, 100.0) as i64 + 1;
        (0..n).map(move |k| self.times(first + k as f64) + 0.0)
    }
}

fn extent(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let ends = values.into_iter().fold(None, |ends: Option<(f64, f64)>, value| match ends {
        Some((low, high)) => Some((low.min(value), high.max(value))),
        None => Some((value, value)),
    });
    ends.unwrap_or((0.0, 0.0))
}

/// `value`, or what is as large as an axis can show.
pub(crate) fn bounded(value: f64) -> f64 {
    value.clamp(-LARGEST, LARGEST)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn labels(domain: Domain, format: NumberFormat) -> Vec<String> {
        let ticks = domain.ticks(6, format).ticks;
        ticks.into_iter().filter_map(|tick| tick.label).map(|l| l.replace('\u{2009}', " ")).collect()
    }

    #[test]
    fn linear_ticks_stand_at_round_numbers() {
        let domain = Domain::linear([0.00165, 0.00182]);
        assert_eq!(labels(domain, NumberFormat::Plain), ["0.00165", "0.00170", "0.00175", "0.00180"]);
    }

    #[test]
    fn rates_near_two_in_ten_thousand_have_percent_ticks() {
        let domain = Domain::linear_near_zero([0.00011, 0.00039]).rounded(6);
        assert_eq!(labels(domain, NumberFormat::Percent), ["0.00 %", "0.01 %", "0.02 %", "0.03 %", "0.04 %"]);
        let domain = Domain::log([0.00002, 0.0009]);
        assert_eq!(labels(domain, NumberFormat::Percent), ["0.002 %", "0.005 %", "0.01 %", "0.02 %", "0.05 %"]);
    }

    #[test]
    fn many_decades_are_labelled_every_few() {
        let labels = labels(Domain::log([1e-12, 1e12]), NumberFormat::Plain);
        assert!((3..=7).contains(&labels.len()), "{labels:?}");
    }

    #[test]
    fn a_narrow_logarithmic_range_still_has_ticks() {
        let labels = labels(Domain::log([0.00021, 0.00026]), NumberFormat::Percent);
        assert!(labels.len() >= 3, "{labels:?}");
    }

    #[test]
    fn equal_values_get_an_axis_around_them() {
        for value in [0.0, 1.0, -3.0, 1e-300, 1e300, f64::MAX, f64::MIN_POSITIVE, 5e-324] {
            let domain = Domain::linear([value]);
            assert!(domain.low < domain.high, "{value}: {domain:?}");
            assert!((0.0..=1.0).contains(&domain.share(value)), "{value}: {domain:?}");
        }
    }

    proptest! {
        #[test]
        fn any_range_has_a_few_ticks_inside_it(a in any::<f64>(), b in any::<f64>()) {
            prop_assume!(a.is_finite() && b.is_finite());
            for domain in [
                Domain::linear([a, b]).padded(0.05),
                Domain::linear_near_zero([a, b]).rounded(6),
                Domain::log([a, b]).padded(0.05),
            ] {
                let ticks = domain.ticks(6, NumberFormat::Plain).ticks;
                let labelled = ticks.iter().filter(|tick| tick.label.is_some()).count();
                prop_assert!((1..=12).contains(&labelled), "{domain:?}: {ticks:?}");
                for value in ticks.iter().map(|tick| tick.value).chain([a, b]) {
                    prop_assert!((0.0..=1.0).contains(&domain.share(value)), "{domain:?}: {value}");
                }
            }
        }

        #[test]
        fn larger_values_are_further_along(a in -1e9..1e9_f64, b in -1e9..1e9_f64) {
            let domain = Domain::linear([a, b]);
            prop_assert!(domain.share(a.min(b)) <= domain.share(a.max(b)));
        }
    }
}
