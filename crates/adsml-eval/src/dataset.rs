//! What candidates are judged on.

use adsml_core::Table;

use crate::metrics::sample::{check_weight, require};
use crate::{EvalError, Result};

/// A table, its target, and what is known about its rows; borrowed, never copied whole.
///
/// ```
/// use adsml_core::{Column, Table};
/// use adsml_eval::Dataset;
///
/// let table = Table::from_columns([("age", Column::from(["30-34", "35-39"]))])?;
/// // Clicks per impression, weighted by impressions: a rate keeps its denominator.
/// let (ctr, impressions) = ([0.01, 0.03], [1_000.0, 2_000.0]);
/// let data = Dataset::new(&table, &ctr)?.with_weight(Some(&impressions))?.with_groups("campaign", &[7, 9])?;
/// assert_eq!(data.n_rows(), 2);
/// # Ok::<(), adsml_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Dataset<'a> {
    table: &'a Table,
    y: &'a [f64],
    weight: Option<&'a [f64]>,
    groups: Option<Labelled<'a, usize>>,
    times: Option<Labelled<'a, i64>>,
}

/// A value per row, and the name of the column it came from.
#[derive(Debug, Clone, Copy)]
struct Labelled<'a, T> {
    name: &'a str,
    values: &'a [T],
}

impl<'a> Dataset<'a> {
    /// A table and its target: one number per row, 0 or 1, or a rate.
    ///
    /// # Errors
    ///
    /// [`EvalError::Length`]; [`EvalError::InvalidSample`] for a target that is not finite; [`EvalError::NotEnough`]
    /// without rows. Rows whose target is not known cannot be judged: leave them out before.
    pub fn new(table: &'a Table, y: &'a [f64]) -> Result<Self> {
        EvalError::check_length("targets", table.n_rows(), y.len())?;
        if y.is_empty() {
            return Err(EvalError::NotEnough { what: "rows to judge", needed: 1, found: 0 });
        }
        require("target", y, "a finite number", f64::is_finite)?;
        Ok(Self { table, y, weight: None, groups: None, times: None })
    }

    /// With a weight per row; for a rate, its denominator.
    ///
    /// # Errors
    ///
    /// [`EvalError::Length`]; [`EvalError::InvalidSample`] for a weight that is negative or not finite;
    /// [`EvalError::NotEnough`] when all are zero.
    pub fn with_weight(mut self, weight: Option<&'a [f64]>) -> Result<Self> {
        check_weight(self.n_rows(), weight)?;
        self.weight = weight;
        Ok(self)
    }

    /// With a group number per row (any numbers), and the name of the column they came from. Rows of one group are
    /// not independent: they are split together and resampled together.
    ///
    /// # Errors
    ///
    /// [`EvalError::Length`].
    pub fn with_groups(mut self, name: &'a str, groups: &'a [usize]) -> Result<Self> {
        EvalError::check_length("groups", self.n_rows(), groups.len())?;
        self.groups = Some(Labelled { name, values: groups });
        Ok(self)
    }

    /// With a time per row, in any whole unit (days since 1970, say), and the name of the column they came from.
    ///
    /// # Errors
    ///
    /// [`EvalError::Length`].
    pub fn with_times(mut self, name: &'a str, times: &'a [i64]) -> Result<Self> {
        EvalError::check_length("times", self.n_rows(), times.len())?;
        self.times = Some(Labelled { name, values: times });
        Ok(self)
    }

    /// The table.
    pub const fn table(&self) -> &'a Table {
        self.table
    }

    /// The target, length [`n_rows`](Self::n_rows).
    pub const fn y(&self) -> &'a [f64] {
        self.y
    }

    /// The weight of each row.
    pub const fn weight(&self) -> Option<&'a [f64]> {
        self.weight
    }

    /// The group of each row.
    pub fn groups(&self) -> Option<&'a [usize]> {
        self.groups.map(|groups| groups.values)
    }

    /// Name of the column the groups came from.
    pub fn group_name(&self) -> Option<&'a str> {
        self.groups.map(|groups| groups.name)
    }

    /// The time of each row.
    pub fn times(&self) -> Option<&'a [i64]> {
        self.times.map(|times| times.values)
    }

    /// Name of the column the times came from.
    pub fn time_name(&self) -> Option<&'a str> {
        self.times.map(|times| times.name)
    }

    /// Number of rows.
    pub const fn n_rows(&self) -> usize {
        self.y.len()
    }
}

/// The values of these rows.
pub(crate) fn take<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| values[row]).collect()
}
