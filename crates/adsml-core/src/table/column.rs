//! The four kinds of columns.

use std::sync::Arc;

use super::{Interner, Levels};

/// Values of one kind, some of them missing.
#[derive(Debug, Clone)]
pub enum Column {
    /// Numbers; `NaN` where missing.
    Number(Vec<f64>),
    /// Text, dictionary coded.
    Category(CategoryColumn),
    /// Calendar dates.
    Date(DateColumn),
    /// Points in time, with the offset of the zone they were written in.
    Timestamp(TimestampColumn),
}

impl Column {
    /// Number of values, missing ones included.
    pub fn len(&self) -> usize {
        match self {
            Self::Number(values) => values.len(),
            Self::Category(column) => column.codes.len(),
            Self::Date(column) => column.days.len(),
            Self::Timestamp(column) => column.micros.len(),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kind in one word: `"number"`, `"category"`, `"date"`, `"timestamp"`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "number",
            Self::Category(_) => "category",
            Self::Date(_) => "date",
            Self::Timestamp(_) => "timestamp",
        }
    }

    /// How many values are missing, `O(len)`.
    pub fn n_missing(&self) -> usize {
        match self {
            Self::Number(values) => values.iter().filter(|value| value.is_nan()).count(),
            Self::Category(column) => column.codes.iter().filter(|&&code| code == CategoryColumn::MISSING).count(),
            Self::Date(column) => column.days.iter().filter(|&&day| day == DateColumn::MISSING).count(),
            Self::Timestamp(column) => column.micros.iter().filter(|&&at| at == TimestampColumn::MISSING).count(),
        }
    }

    /// Bytes its buffers hold: values, codes, and the text of levels.
    pub fn buffer_bytes(&self) -> usize {
        match self {
            Self::Number(values) => size_of_val(values.as_slice()),
            Self::Category(column) => size_of_val(column.codes.as_slice()) + column.levels.buffer_bytes(),
            Self::Date(column) => size_of_val(column.days.as_slice()),
            Self::Timestamp(column) => {
                size_of_val(column.micros.as_slice()) + size_of_val(column.offset_minutes.as_slice())
            }
        }
    }

    pub(super) fn take_rows(&self, rows: &[usize]) -> Self {
        match self {
            Self::Number(values) => Self::Number(take(values, rows)),
            Self::Category(column) => {
                Self::Category(CategoryColumn { codes: take(&column.codes, rows), levels: Arc::clone(&column.levels) })
            }
            Self::Date(column) => Self::Date(DateColumn { days: take(&column.days, rows) }),
            Self::Timestamp(column) => Self::Timestamp(TimestampColumn {
                micros: take(&column.micros, rows),
                offset_minutes: take(&column.offset_minutes, rows),
            }),
        }
    }
}

fn take<T: Copy>(values: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| values[row]).collect()
}

/// Equal when they hold the same values: missing equals missing, and the order of unused levels does not matter.
impl PartialEq for Column {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()))
            }
            (Self::Category(a), Self::Category(b)) => a == b,
            (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Timestamp(a), Self::Timestamp(b)) => a == b,
            _ => false,
        }
    }
}

impl From<Vec<f64>> for Column {
    fn from(values: Vec<f64>) -> Self {
        Self::Number(values)
    }
}

impl From<&[f64]> for Column {
    fn from(values: &[f64]) -> Self {
        Self::Number(values.to_vec())
    }
}

impl<const N: usize> From<[f64; N]> for Column {
    fn from(values: [f64; N]) -> Self {
        Self::Number(values.to_vec())
    }
}

impl<const N: usize> From<[&str; N]> for Column {
    fn from(values: [&str; N]) -> Self {
        Self::Category(values.into_iter().map(Some).collect())
    }
}

impl From<CategoryColumn> for Column {
    fn from(column: CategoryColumn) -> Self {
        Self::Category(column)
    }
}

impl From<DateColumn> for Column {
    fn from(column: DateColumn) -> Self {
        Self::Date(column)
    }
}

impl From<TimestampColumn> for Column {
    fn from(column: TimestampColumn) -> Self {
        Self::Timestamp(column)
    }
}

/// Text, dictionary coded: a code per row and the text of each code.
#[derive(Debug, Clone, Default)]
pub struct CategoryColumn {
    codes: Vec<u32>,
    levels: Arc<Levels>,
}

impl CategoryColumn {
    /// The code of a missing value.
    pub const MISSING: u32 = u32::MAX;

    /// From codes and their levels; `None` when a code is neither [`MISSING`](Self::MISSING) nor that of a level.
    pub fn from_codes(codes: Vec<u32>, levels: Arc<Levels>) -> Option<Self> {
        let valid = codes.iter().all(|&code| code == Self::MISSING || (code as usize) < levels.len());
        valid.then_some(Self { codes, levels })
    }

    /// A code per row.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The text of each code.
    pub const fn levels(&self) -> &Arc<Levels> {
        &self.levels
    }

    /// The text of a row; `None` when missing.
    pub fn get(&self, row: usize) -> Option<&str> {
        match self.codes[row] {
            Self::MISSING => None,
            code => Some(self.levels.get(code as usize)),
        }
    }

    /// The text of each row; `None` where missing.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Option<&str>> {
        (0..self.codes.len()).map(|row| self.get(row))
    }
}

impl PartialEq for CategoryColumn {
    fn eq(&self, other: &Self) -> bool {
        self.codes.len() == other.codes.len() && self.iter().eq(other.iter())
    }
}

impl<S: AsRef<str>> FromIterator<Option<S>> for CategoryColumn {
    /// Levels are numbered in the order in which they first appear.
    fn from_iter<I: IntoIterator<Item = Option<S>>>(values: I) -> Self {
        let mut interner = Interner::new();
        let codes = values
            .into_iter()
            .map(|value| value.map_or(Self::MISSING, |text| interner.intern(text.as_ref())))
            .collect();
        Self { codes, levels: Arc::new(interner.into_levels()) }
    }
}

/// Calendar dates, as days since 1970-01-01.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DateColumn {
    /// Days since 1970-01-01; [`MISSING`](Self::MISSING) where missing.
    pub days: Vec<i32>,
}

impl DateColumn {
    /// The day of a missing date.
    pub const MISSING: i32 = i32::MIN;

    /// The day of a row; `None` when missing.
    pub fn get(&self, row: usize) -> Option<i32> {
        let day = self.days[row];
        (day != Self::MISSING).then_some(day)
    }
}

/// Points in time, each with the offset from UTC of the zone it was written in.
///
/// The offset is kept by row, since a zone's offset changes over the year and hour-of-day features
/// are about the viewer's clock.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimestampColumn {
    micros: Vec<i64>,
    offset_minutes: Vec<i16>,
}

impl TimestampColumn {
    /// The point in time of a missing timestamp.
    pub const MISSING: i64 = i64::MIN;

    /// From microseconds since 1970-01-01T00:00Z ([`MISSING`](Self::MISSING) where missing) and offsets from UTC in
    /// minutes; `None` unless both are equally long.
    pub fn new(micros: Vec<i64>, offset_minutes: Vec<i16>) -> Option<Self> {
        (micros.len() == offset_minutes.len()).then_some(Self { micros, offset_minutes })
    }

    /// Microseconds since 1970-01-01T00:00Z; [`MISSING`](Self::MISSING) where missing.
    pub fn micros(&self) -> &[i64] {
        &self.micros
    }

    /// Offsets from UTC, in minutes.
    pub fn offset_minutes(&self) -> &[i16] {
        &self.offset_minutes
    }

    /// Point in time and offset of a row; `None` when missing.
    pub fn get(&self, row: usize) -> Option<(i64, i16)> {
        let at = self.micros[row];
        (at != Self::MISSING).then(|| (at, self.offset_minutes[row]))
    }

    /// Microseconds since 1970-01-01T00:00 on the clock of the row's own zone; `None` when missing.
    pub fn local_micros(&self, row: usize) -> Option<i64> {
        self.get(row).map(|(at, offset)| at.saturating_add(i64::from(offset) * 60_000_000))
    }
}
