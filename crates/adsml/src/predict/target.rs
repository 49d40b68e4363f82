//! What is predicted: read from the table, checked row by row.

use std::borrow::Cow;

use adsml_core::{Column, Provenance, Ratio, Table};
use adsml_eval::Metric;
use adsml_features::provenance_of;

use crate::{Error, Result};

/// What is predicted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PredictTarget {
    /// A rate: the sum of one column over the sum of another. Clicks out of impressions, conversions out of clicks.
    Rate {
        /// Column of successes.
        numerator: String,
        /// Column of trials; its values become the weights.
        denominator: String,
    },
    /// A column as it is: 0 or 1 per row (`true` and `false` too), or any number.
    Column(String),
}

/// What kind of prediction it is, found out from the target's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Task {
    /// Successes out of trials: binomial, weighted by the trials.
    Rate,
    /// Zeros and ones.
    Binary,
    /// Any number.
    Number,
}

impl Task {
    /// What models are judged by; the first decides.
    pub const fn metrics(self) -> &'static [Metric] {
        match self {
            Self::Rate | Self::Binary => {
                &[Metric::LogLoss, Metric::NormalizedEntropy, Metric::Auc, Metric::CalibrationRatio]
            }
            Self::Number => &[Metric::Rmse, Metric::Mae, Metric::R2],
        }
    }

    /// In one word: `"rate"`, `"binary"`, `"number"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rate => "rate",
            Self::Binary => "binary",
            Self::Number => "number",
        }
    }
}

/// The rows whose target is known, and their targets.
#[derive(Debug, Clone)]
pub(super) struct TargetRows {
    pub(super) task: Task,
    /// Rows of the table, ascending.
    pub(super) rows: Vec<usize>,
    pub(super) y: Vec<f64>,
    /// The denominators of a rate.
    pub(super) weight: Option<Vec<f64>>,
    /// Sums of numerator and denominator; for a column, its sum and the number of rows.
    pub(super) totals: Ratio,
}

impl PredictTarget {
    /// Columns it is read from, which are no features.
    pub fn columns(&self) -> Vec<&str> {
        match self {
            Self::Rate { numerator, denominator } => vec![numerator, denominator],
            Self::Column(name) => vec![name],
        }
    }

    /// When it becomes known, as the table states or its name suggests; after the click when neither says.
    pub(super) fn provenance(&self, table: &Table) -> Provenance {
        let name = self.columns()[0];
        table
            .provenance(name)
            .or_else(|| provenance_of(name))
            .filter(|provenance| *provenance > Provenance::BeforeAuction)
            .unwrap_or(Provenance::AfterClick)
    }

    /// The table, with truth values of the target as numbers.
    pub(super) fn with_numbers<'a>(&self, table: &'a Table) -> Result<Cow<'a, Table>> {
        if let Self::Column(name) = self
            && let Column::Category(column) = table.column(name)?
            && let Some(values) = truth_values(column)
        {
            let mut table = table.clone();
            table.replace(name, Column::Number(values))?;
            return Ok(Cow::Owned(table));
        }
        Ok(Cow::Borrowed(table))
    }

    /// Reads it from a table. Rows without a target (missing, or nothing out of nothing) are left out.
    pub(super) fn read(&self, table: &Table) -> Result<TargetRows> {
        let target = match self {
            Self::Rate { numerator, denominator } => read_rate(table, numerator, denominator)?,
            Self::Column(name) => read_column(table, name)?,
        };
        if target.rows.is_empty() {
            return Err(Error::NoTarget { columns: self.columns().join("` and `"), rows: table.n_rows() });
        }
        Ok(target)
    }
}

/// More successes or trials than this in a row are a mistake, and their sums would not be exact anyway.
const MOST: f64 = 1e15;

fn read_rate(table: &Table, numerator: &str, denominator: &str) -> Result<TargetRows> {
    let (successes, trials) = (table.number(numerator)?, table.number(denominator)?);
    let mut target =
        TargetRows { task: Task::Rate, rows: Vec::new(), y: Vec::new(), weight: None, totals: Ratio::default() };
    let mut weight = Vec::new();
    for (row, (&k, &n)) in successes.iter().zip(trials).enumerate() {
        if k.is_nan() || n.is_nan() {
            continue;
        }
        if !(0.0..=MOST).contains(&k) || !(0.0..=MOST).contains(&n) || k > n {
            return Err(Error::Rate {
                numerator: numerator.to_owned(),
                denominator: denominator.to_owned(),
                row,
                ratio: Ratio::new(k, n),
            });
        }
        target.totals += Ratio::new(k, n);
        if let Some(rate) = Ratio::new(k, n).value() {
            target.rows.push(row);
            target.y.push(rate);
            weight.push(n);
        }
    }
    target.weight = Some(weight);
    Ok(target)
}

fn read_column(table: &Table, name: &str) -> Result<TargetRows> {
    let owned;
    let values = match table.column(name)? {
        Column::Category(column) => match truth_values(column) {
            Some(values) => {
                owned = values;
                &owned
            }
            None => table.number(name)?,
        },
        _ => table.number(name)?,
    };
    let rows: Vec<usize> = (0..values.len()).filter(|&row| !values[row].is_nan()).collect();
    let y: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
    if let Some(at) = y.iter().position(|value| value.is_infinite()) {
        return Err(adsml_core::Error::InvalidSample {
            what: format!("target `{name}`"),
            row: rows[at],
            value: y[at],
            expected: "a finite number",
        }
        .into());
    }
    let task = if y.iter().all(|&value| value == 0.0 || value == 1.0) { Task::Binary } else { Task::Number };
    let totals = Ratio::new(y.iter().sum(), y.len() as f64);
    Ok(TargetRows { task, rows, y, weight: None, totals })
}

/// 0 and 1 for `false` and `true`, in any case; `None` when the column holds anything else.
fn truth_values(column: &adsml_core::CategoryColumn) -> Option<Vec<f64>> {
    let truth: Option<Vec<f64>> = column
        .levels()
        .iter()
        .map(|level| match level.to_ascii_lowercase().as_str() {
            "true" => Some(1.0),
            "false" => Some(0.0),
            _ => None,
        })
        .collect();
    let truth = truth?;
    let value = |&code: &u32| truth.get(code as usize).copied().unwrap_or(f64::NAN);
    Some(column.codes().iter().map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate() -> PredictTarget {
        PredictTarget::Rate { numerator: "clicks".to_owned(), denominator: "impressions".to_owned() }
    }

    fn table(clicks: [f64; 3], impressions: [f64; 3]) -> Table {
        Table::from_columns([("clicks", Column::from(clicks)), ("impressions", Column::from(impressions))]).unwrap()
    }

    #[test]
    fn nothing_out_of_nothing_and_missing_rows_are_left_out() {
        let target = rate().read(&table([1.0, 0.0, f64::NAN], [10.0, 0.0, 5.0])).unwrap();
        assert_eq!((target.rows, target.y, target.weight), (vec![0], vec![0.1], Some(vec![10.0])));
        assert_eq!(target.totals, Ratio::new(1.0, 10.0));
        assert!(matches!(rate().read(&table([0.0; 3], [0.0; 3])), Err(Error::NoTarget { rows: 3, .. })));
    }

    #[test]
    fn an_impossible_rate_names_its_row() {
        for (clicks, impressions) in [(11.0, 10.0), (-1.0, 10.0), (1.0, f64::INFINITY)] {
            let error = rate().read(&table([0.0, clicks, 0.0], [1.0, impressions, 1.0])).unwrap_err();
            assert!(matches!(error, Error::Rate { row: 1, .. }), "{error}");
        }
    }

    #[test]
    fn a_column_of_truth_values_is_binary() {
        let column = |values: [&str; 3]| Table::from_columns([("bought", Column::from(values))]).unwrap();
        let target = PredictTarget::Column("bought".to_owned());
        let read = target.read(&column(["True", "false", "True"])).unwrap();
        assert_eq!((read.task, read.y), (Task::Binary, vec![1.0, 0.0, 1.0]));
        assert!(target.read(&column(["yes", "no", "yes"])).is_err());
    }

    #[test]
    fn any_other_numbers_are_a_number() {
        let table = Table::from_columns([("roas", Column::from([0.0, 1.5, 3.0]))]).unwrap();
        let target = PredictTarget::Column("roas".to_owned());
        assert_eq!(target.read(&table).unwrap().task, Task::Number);
        assert_eq!(target.provenance(&table), Provenance::AfterConversion);
    }
}
