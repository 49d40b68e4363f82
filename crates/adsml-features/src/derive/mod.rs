//! Columns computed from other columns of the same row.

mod calendar;
mod history;
mod prototype;
mod report;
mod shrink;

use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use adsml_core::{Column, Error, Provenance, Table, parallel};

pub use calendar::CalendarPart;
pub use history::{HistoryFeature, HistoryStatistic, derive_history};
pub use prototype::{AUDIENCE_FEATURES, CTR_CATEGORICAL, CTR_NUMERIC, audience_features, ctr_features};
pub use report::{DerivedColumnReport, TransformReport};
pub use shrink::{RatePrior, ShrunkRate, ShrunkRates, shrunk_rates};

use crate::error::Result;
use crate::provenance::provenance_in;

/// A column computed from other columns of the same row.
///
/// | Constructor | Value | Missing when |
/// |---|---|---|
/// | [`ratio`](Self::ratio) | `numerator / denominator` | a part is missing or infinite, or the denominator is zero |
/// | [`sine`](Self::sine), [`cosine`](Self::cosine) | `sin(2π·input / period)` | the input is missing or infinite |
/// | [`calendar`](Self::calendar) | a part of a date | the date is missing |
///
/// It looks at no other row, so that a row alone has the same value as in a table. What looks back
/// in time is a [`HistoryFeature`].
#[derive(Debug, Clone, PartialEq)]
pub struct DerivedFeature {
    name: String,
    formula: Formula,
}

/// How a [`DerivedFeature`] is computed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Formula {
    /// `numerator / denominator`, both columns of numbers.
    Ratio {
        /// Column above the line.
        numerator: String,
        /// Column below the line; zero there gives a missing value, which is counted.
        denominator: String,
    },
    /// `sin(2π·input / period)`.
    Sine {
        /// Column of numbers: an hour, a day of the week, a month.
        input: String,
        /// Length of the cycle, in units of the input.
        period: f64,
    },
    /// `cos(2π·input / period)`.
    Cosine {
        /// Column of numbers.
        input: String,
        /// Length of the cycle, in units of the input.
        period: f64,
    },
    /// A part of a date or of a timestamp's local clock.
    Calendar {
        /// Column of dates or timestamps.
        input: String,
        /// Which part.
        part: CalendarPart,
    },
}

impl DerivedFeature {
    /// `numerator / denominator`.
    pub fn ratio(name: impl Into<String>, numerator: impl Into<String>, denominator: impl Into<String>) -> Self {
        Self::new(name, Formula::Ratio { numerator: numerator.into(), denominator: denominator.into() })
    }

    /// `sin(2π·input / period)`; with [`cosine`](Self::cosine) a place on a circle, so that hour 23 is near hour 0.
    pub fn sine(name: impl Into<String>, input: impl Into<String>, period: f64) -> Self {
        Self::new(name, Formula::Sine { input: input.into(), period })
    }

    /// `cos(2π·input / period)`.
    pub fn cosine(name: impl Into<String>, input: impl Into<String>, period: f64) -> Self {
        Self::new(name, Formula::Cosine { input: input.into(), period })
    }

    /// A part of a date, or of a timestamp on the clock of its own zone.
    pub fn calendar(name: impl Into<String>, input: impl Into<String>, part: CalendarPart) -> Self {
        Self::new(name, Formula::Calendar { input: input.into(), part })
    }

    fn new(name: impl Into<String>, formula: Formula) -> Self {
        Self { name: name.into(), formula }
    }

    /// Name of the column it makes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How it is computed.
    pub const fn formula(&self) -> &Formula {
        &self.formula
    }

    /// Names of the columns it reads.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        let (first, second) = match &self.formula {
            Formula::Ratio { numerator, denominator } => (numerator, Some(denominator)),
            Formula::Sine { input, .. } | Formula::Cosine { input, .. } | Formula::Calendar { input, .. } => {
                (input, None)
            }
        };
        std::iter::once(first.as_str()).chain(second.map(String::as_str))
    }

    /// Its values, in the memory of `values`, and how many are missing for which reason.
    pub(crate) fn compute<'a>(
        &self,
        columns: impl Fn(&str) -> Result<&'a Column> + Sync,
        n_rows: usize,
        threads: NonZeroUsize,
        mut values: Vec<f64>,
    ) -> Result<(Vec<f64>, Missing)> {
        if values.len() != n_rows {
            values = vec![0.0; n_rows];
        }
        let n_parts = n_rows.div_ceil(PART_ROWS).max(1);
        let mut rest = values.as_mut_slice();
        let mut cut = |_| Mutex::new(rest.split_off_mut(..rest.len().min(PART_ROWS)).unwrap_or_default());
        let parts: Vec<Mutex<&mut [f64]>> = (0..n_parts).map(&mut cut).collect();
        let missing = parallel::try_map(n_parts, threads, |part| {
            let mut values = parts[part].lock().unwrap_or_else(PoisonError::into_inner);
            self.fill(&columns, part * PART_ROWS, &mut values)
        })?;
        drop(parts);
        Ok((values, missing.into_iter().fold(Missing::default(), Missing::and)))
    }

    /// Writes the values of the rows from `first` on.
    fn fill<'a>(
        &self,
        columns: impl Fn(&str) -> Result<&'a Column>,
        first: usize,
        values: &mut [f64],
    ) -> Result<Missing> {
        let rows = first..first + values.len();
        let numbers = |name: &str| match columns(name)? {
            Column::Number(values) => Ok(&values[rows.clone()]),
            other => {
                let found = other.kind();
                Err(crate::FeatureError::from(Error::ColumnKind { column: name.to_owned(), expected: "number", found }))
            }
        };
        Ok(match &self.formula {
            Formula::Ratio { numerator, denominator } => ratio(numbers(numerator)?, numbers(denominator)?, values),
            Formula::Sine { input, period } => on_circle(numbers(input)?, *period, f64::sin, values),
            Formula::Cosine { input, period } => on_circle(numbers(input)?, *period, f64::cos, values),
            Formula::Calendar { input, part } => part.of_column(input, columns(input)?, first, values)?,
        })
    }
}

/// Rows that a thread computes at once.
const PART_ROWS: usize = 1 << 15;

/// How many values of a derived column are missing, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Missing {
    pub(crate) inputs: usize,
    pub(crate) zero_denominators: usize,
}

impl Missing {
    fn and(self, other: Self) -> Self {
        Self { inputs: self.inputs + other.inputs, zero_denominators: self.zero_denominators + other.zero_denominators }
    }
}

/// Adds these columns to the table, computed in parallel, and tells what is missing in them.
///
/// A feature may use the ones before it in the list. A column of the same name is replaced, which
/// the report says. Values that are not finite are missing. Each new column states its provenance:
/// the latest of its inputs'.
///
/// ```
/// use adsml_core::{Column, Table};
/// use adsml_features::{DerivedFeature, derive};
///
/// let mut table = Table::from_columns([
///     ("clicks", Column::from([12.0, 0.0])),
///     ("impressions", Column::from([400.0, 0.0])),
/// ])?;
/// let report = derive(&mut table, &[DerivedFeature::ratio("engagement_rate", "clicks", "impressions")])?;
/// assert_eq!(table.number("engagement_rate")?[0], 0.03);
/// assert!(table.number("engagement_rate")?[1].is_nan());
/// assert_eq!(report.columns()[0].zero_denominators, 1);
/// # Ok::<(), adsml_features::FeatureError>(())
/// ```
///
/// # Errors
///
/// [`Error::MissingColumn`] and [`Error::ColumnKind`] for an input. The table is unchanged then.
pub fn derive(table: &mut Table, features: &[DerivedFeature]) -> Result<TransformReport> {
    // What cannot be computed of no rows cannot be computed at all.
    compute_all(&table.take_rows(&[]), features, NonZeroUsize::MIN)?;
    let (n_rows, threads) = (table.n_rows(), parallel::available_threads());
    let mut report = TransformReport::new(n_rows);
    let mut spare = Vec::new();
    for feature in features {
        let columns = |name: &str| Ok(table.column(name)?);
        let (values, missing) = feature.compute(columns, n_rows, threads, std::mem::take(&mut spare))?;
        let provenance = feature.inputs().map(|input| provenance_in(table, input)).max().unwrap_or_default();
        let replaced = table.get(&feature.name).is_some();
        if replaced {
            // A new column goes where an old one was: memory that is fresh costs more than what is written to it.
            if let Column::Number(old) = table.replace(&feature.name, Column::Number(values))? {
                spare = old;
            }
        } else {
            table.push(feature.name.clone(), Column::Number(values))?;
        }
        table.set_provenance(&feature.name, provenance)?;
        report.push(&feature.name, missing, replaced);
    }
    Ok(report)
}

/// As [`derive()`], for those features whose inputs the table has (or an earlier feature makes) and whose name is free:
/// a column the table has already is used as it is.
///
/// # Errors
///
/// [`Error::ColumnKind`] for an input of another kind. The table is unchanged then.
pub fn derive_present(table: &mut Table, features: &[DerivedFeature]) -> Result<TransformReport> {
    let present = present(table, features);
    derive(table, &present)
}

/// Those features whose inputs are there or made by an earlier one, and whose name is free.
pub(crate) fn present(table: &Table, features: &[DerivedFeature]) -> Vec<DerivedFeature> {
    let mut chosen: Vec<DerivedFeature> = Vec::new();
    for feature in features {
        let made = |name: &str| chosen.iter().any(|earlier| earlier.name == name);
        let possible = feature.inputs().all(|input| table.get(input).is_some() || made(input));
        if possible && table.get(&feature.name).is_none() && !made(&feature.name) {
            chosen.push(feature.clone());
        }
    }
    chosen
}

/// A derived column before it joins a table.
#[derive(Debug)]
pub(crate) struct DerivedColumn {
    pub(crate) name: String,
    pub(crate) column: Column,
    pub(crate) provenance: Provenance,
}

/// Every derived column, without touching the table.
pub(crate) fn compute_all(
    table: &Table,
    features: &[DerivedFeature],
    threads: NonZeroUsize,
) -> Result<(Vec<DerivedColumn>, TransformReport)> {
    let mut done: Vec<DerivedColumn> = Vec::with_capacity(features.len());
    let mut report = TransformReport::new(table.n_rows());
    for feature in features {
        let made = |name: &str| done.iter().rfind(|made| made.name == name);
        let column = |name: &str| match made(name) {
            Some(made) => Ok(&made.column),
            None => Ok(table.column(name)?),
        };
        let known = |name: &str| made(name).map_or_else(|| provenance_in(table, name), |made| made.provenance);
        let (values, missing) = feature.compute(column, table.n_rows(), threads, Vec::new())?;
        let provenance = feature.inputs().map(known).max().unwrap_or_default();
        report.push(&feature.name, missing, table.get(&feature.name).is_some());
        done.push(DerivedColumn { name: feature.name.clone(), column: Column::Number(values), provenance });
    }
    Ok((done, report))
}

fn ratio(numerator: &[f64], denominator: &[f64], values: &mut [f64]) -> Missing {
    let mut missing = Missing::default();
    for ((value, &above), &below) in values.iter_mut().zip(numerator).zip(denominator) {
        let known = above.is_finite() && below.is_finite();
        missing.inputs += usize::from(!known);
        missing.zero_denominators += usize::from(known && below == 0.0);
        let quotient = above / below;
        *value = if known && quotient.is_finite() { quotient } else { f64::NAN };
    }
    missing
}

/// Whole numbers below this are looked up: hours, days and months are few, and sines are dear.
const LOOKED_UP: usize = 64;

/// From here to twice as much an `f64` has no digits after the point.
const WHOLE: f64 = (1_u64 << 52) as f64;

fn on_circle(input: &[f64], period: f64, function: fn(f64) -> f64, values: &mut [f64]) -> Missing {
    let value_at = |at: f64| function(std::f64::consts::TAU * at / period);
    let table: [f64; LOOKED_UP] = std::array::from_fn(|at| value_at(at as f64));
    let mut missing = Missing::default();
    for (value, &at) in values.iter_mut().zip(input) {
        // A whole number leaves itself in the lowest bits; anything else differs from what is found there.
        let whole = ((at + WHOLE).to_bits() % LOOKED_UP as u64) as usize;
        *value = if whole as f64 == at {
            table[whole]
        } else if at.is_finite() {
            value_at(at)
        } else {
            missing.inputs += 1;
            f64::NAN
        };
    }
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_feature_may_use_the_ones_before_it() {
        let mut table = Table::from_columns([("a", Column::from([8.0])), ("b", Column::from([4.0]))]).unwrap();
        let features = [DerivedFeature::ratio("c", "a", "b"), DerivedFeature::ratio("d", "c", "b")];
        derive(&mut table, &features).unwrap();
        assert_eq!(table.number("d").unwrap(), [0.5]);
        let backwards = [features[1].clone(), features[0].clone()];
        let mut table = table.select(&["a", "b"]).unwrap();
        let before = table.clone();
        assert!(derive(&mut table, &backwards).is_err());
        assert_eq!(table, before);
    }

    #[test]
    fn a_derived_column_is_known_no_earlier_than_its_inputs() {
        let mut table = Table::from_columns([("spend", Column::from([8.0])), ("people", Column::from([4.0]))]).unwrap();
        table.set_provenance("people", Provenance::AfterImpression).unwrap();
        derive(&mut table, &[DerivedFeature::ratio("per_head", "spend", "people")]).unwrap();
        assert_eq!(table.provenance("per_head"), Some(Provenance::AfterClick));
    }

    #[test]
    fn an_existing_column_is_replaced_aloud_or_left_alone() {
        let feature = [DerivedFeature::ratio("c", "a", "b")];
        let columns = [("a", Column::from([8.0])), ("b", Column::from([4.0])), ("c", Column::from([0.0]))];
        let mut table = Table::from_columns(columns).unwrap();
        assert!(derive_present(&mut table, &feature).unwrap().columns().is_empty());
        assert_eq!(table.number("c").unwrap(), [0.0]);
        assert!(derive(&mut table, &feature).unwrap().columns()[0].replaced);
        assert_eq!(table.number("c").unwrap(), [2.0]);
    }

    proptest! {
        #[test]
        fn sines_equal_the_plain_formula_bit_for_bit(at in prop_oneof![0.0..70.0_f64, (0..70_u8).prop_map(f64::from), -5.0..0.0_f64]) {
            let mut values = [0.0];
            on_circle(&[at], 24.0, f64::sin, &mut values);
            prop_assert_eq!(values[0].to_bits(), (2.0 * std::f64::consts::PI * at / 24.0).sin().to_bits());
        }

        #[test]
        fn ratios_are_finite_or_missing(above in any::<f64>(), below in prop_oneof![any::<f64>(), Just(0.0)]) {
            let mut values = [0.0];
            let missing = ratio(&[above], &[below], &mut values);
            let plain = above / below;
            if above.is_finite() && below.is_finite() && plain.is_finite() {
                prop_assert_eq!(values[0], plain);
            } else {
                prop_assert!(values[0].is_nan());
            }
            prop_assert_eq!(missing.zero_denominators == 1, below == 0.0 && above.is_finite());
        }
    }
}
