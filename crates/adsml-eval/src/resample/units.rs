//! What is drawn when rows are drawn again.

use std::fmt;

use crate::dataset::take;
use crate::{Bootstrap, Dataset, EvalError, Result};

/// Days in a block of time, if there are enough of them.
const WEEK: i64 = 7;

/// The independent units that rows belong to: what a bootstrap resamples.
///
/// Rows of one campaign share its creative, its audience and its luck; drawn one by one they would pretend to be
/// independent, and intervals would be too narrow.
///
/// ```
/// use adsml_eval::Units;
///
/// assert_eq!(Units::rows(5)?.n_units(), 5);
/// assert_eq!(Units::groups(&[7, 7, 9])?.n_units(), 2);
/// // Days 0 to 13 in blocks of a week.
/// assert_eq!(Units::time_blocks(&(0..14).collect::<Vec<_>>(), 7)?.n_units(), 2);
/// # Ok::<(), adsml_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Units {
    of_row: Vec<u32>,
    n_units: usize,
    kind: UnitKind,
}

/// What the units of a bootstrap are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum UnitKind {
    /// Each row is independent of the others.
    Rows,
    /// Rows of one group belong together.
    Groups,
    /// Rows of one block of time belong together.
    TimeBlocks {
        /// Length of a block, in the unit of the times.
        length: i64,
    },
}

impl UnitKind {
    /// The name in snake case: `"time_blocks"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Groups => "groups",
            Self::TimeBlocks { .. } => "time_blocks",
        }
    }
}

impl fmt::Display for UnitKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeBlocks { length: 1 } => f.pad("blocks of 1 time step"),
            Self::TimeBlocks { length } => f.pad(&format!("blocks of {length} time steps")),
            other => f.pad(other.name()),
        }
    }
}

impl Units {
    /// Each row for itself.
    ///
    /// # Errors
    ///
    /// [`EvalError::NotEnough`] without rows.
    pub fn rows(n_rows: usize) -> Result<Self> {
        Self::of((0..n_rows).collect(), UnitKind::Rows)
    }

    /// Rows of one group together; groups may be any numbers.
    ///
    /// # Errors
    ///
    /// [`EvalError::NotEnough`] without rows.
    pub fn groups(groups: &[usize]) -> Result<Self> {
        Self::of(groups.to_vec(), UnitKind::Groups)
    }

    /// Rows of one block of time together: `length` units of time each, from the earliest time on.
    ///
    /// The blocks do not overlap, and should be long enough that what happens in one says little about the next: a week
    /// of days, for ads.
    ///
    /// Source: Carlstein (1986), "The use of subseries values for estimating the variance of a general statistic from a
    /// stationary sequence", Annals of Statistics 14(3).
    ///
    /// # Errors
    ///
    /// [`EvalError::InvalidParameter`] unless the length is positive; [`EvalError::NotEnough`] without rows.
    pub fn time_blocks(times: &[i64], length: i64) -> Result<Self> {
        if length < 1 {
            return Err(EvalError::invalid_parameter("length", length, "a whole number of at least 1"));
        }
        let first = times.iter().copied().min().unwrap_or_default();
        let block = |&time: &i64| (i128::from(time) - i128::from(first)) / i128::from(length);
        Self::of(times.iter().map(block).collect(), UnitKind::TimeBlocks { length })
    }

    /// What a data set says about its rows: its groups; else blocks of its times; else its rows.
    ///
    /// Blocks are 7 units of time long, a week of days, if that gives the 20 blocks that an interval needs
    /// ([`Bootstrap::MIN_UNITS`]), else as long as gives them, else 1. Blocks whose rows all have weight zero do not
    /// count. Blocks shorter than what happens lasts make intervals too narrow.
    ///
    /// # Errors
    ///
    /// [`EvalError::NotEnough`] without rows.
    pub fn of_dataset(data: &Dataset<'_>) -> Result<Self> {
        Self::of_rows_of(data, &(0..data.n_rows()).collect::<Vec<_>>())
    }

    /// As [`of_dataset`](Self::of_dataset), of these rows only: blocks must be enough among the rows that are judged.
    pub(crate) fn of_rows_of(data: &Dataset<'_>, rows: &[usize]) -> Result<Self> {
        match (data.groups(), data.times()) {
            (Some(groups), _) => Self::groups(&take(groups, rows)),
            (None, Some(times)) => {
                let has_weight = |&row: &usize| data.weight().is_none_or(|weight| weight[row] > 0.0);
                let counted: Vec<usize> = rows.iter().copied().filter(has_weight).collect();
                Self::time_blocks(&take(times, rows), block_length(&take(times, &counted)))
            }
            (None, None) => Self::rows(rows.len()),
        }
    }

    /// The units of these rows only.
    ///
    /// # Errors
    ///
    /// [`EvalError::NotEnough`] without rows; [`EvalError::InvalidRow`] for a row that does not exist.
    pub fn take_rows(&self, rows: &[usize]) -> Result<Self> {
        let unit = |&row: &usize| {
            let missing = || EvalError::InvalidRow { row, reason: "belongs to no unit".to_owned() };
            self.of_row.get(row).copied().ok_or_else(missing)
        };
        Self::of(rows.iter().map(unit).collect::<Result<Vec<u32>>>()?, self.kind)
    }

    /// The unit of each row, counted from zero.
    pub fn of_rows(&self) -> &[u32] {
        &self.of_row
    }

    /// Number of units.
    pub const fn n_units(&self) -> usize {
        self.n_units
    }

    /// What the units are.
    pub const fn kind(&self) -> UnitKind {
        self.kind
    }

    fn of<T: Ord + Copy>(labels: Vec<T>, kind: UnitKind) -> Result<Self> {
        if labels.is_empty() {
            return Err(EvalError::NotEnough { what: "rows to resample", needed: 1, found: 0 });
        }
        let (of_row, n_units) = dense(&labels);
        Ok(Self { of_row, n_units, kind })
    }
}

/// The longest blocks, of a week at most, that are enough for an interval.
fn block_length(times: &[i64]) -> i64 {
    let enough =
        |&length: &i64| Units::time_blocks(times, length).is_ok_and(|units| units.n_units() >= Bootstrap::MIN_UNITS);
    (1..=WEEK).rev().find(enough).unwrap_or(1)
}

/// Labels as numbers from zero, in the order of labels; and how many there are.
///
/// # Panics
///
/// Beyond 2^32 labels, which this crate does not take.
pub(crate) fn dense<T: Ord + Copy>(labels: &[T]) -> (Vec<u32>, usize) {
    if labels.windows(2).all(|pair| pair[0] < pair[1]) {
        let n = u32::try_from(labels.len()).expect("fewer than 2^32 rows");
        return ((0..n).collect(), labels.len());
    }
    let mut distinct = labels.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let number = |label| u32::try_from(distinct.binary_search(label).expect("a label of the list"));
    (labels.iter().map(|label| number(label).expect("fewer than 2^32 rows")).collect(), distinct.len())
}
