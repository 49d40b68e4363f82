//! Columns as they grow: the one place where cells become columns, shared by all readers.
//!
//! A column takes the type of its first value. When a later value is of another type the column has to be text, and
//! the text of the values before is gone: the column is then *lost*, stores nothing more, and the
//! reader goes over the input a second time with that column stated to be text. So a type is always that of the
//! whole column, and a column of one type is converted once, without its text being kept.

use std::sync::Arc;

use adsml_core::{CategoryColumn, Column, DateColumn, Interner, TimestampColumn};

use super::number::{self, Decimal, Scan, Separator};
use super::options::{ColumnType, MissingTokens};
use super::time;

/// What a cell's text means.
#[derive(Debug, Clone, Default)]
pub(super) struct Rules {
    pub(super) missing: MissingTokens,
    pub(super) decimal: Decimal,
    /// Offset from UTC of timestamps that state none, in minutes.
    pub(super) naive_offset_minutes: i16,
}

/// The value does not fit the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit;

/// How much room a column may take that is full.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Rows in the end, as far as known.
    pub(super) expected_rows: usize,
    /// Bytes to have in reserve, beside what is needed now.
    pub(super) spare_bytes: usize,
}

impl Default for Room {
    fn default() -> Self {
        Self { expected_rows: 0, spare_bytes: usize::MAX }
    }
}

/// A column that cells are pushed to.
#[derive(Debug, Clone)]
pub(super) struct ColumnBuilder {
    stated: Option<ColumnType>,
    pub(super) values: Values,
    /// Whether a number was written with a point, with a comma.
    point: bool,
    comma: bool,
}

/// Values of one type; of none while all are missing.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// So many missing values, and nothing else.
    Missing(usize),
    Number(Vec<f64>),
    Date(Vec<i32>),
    Timestamp(Vec<i64>, Vec<i16>),
    Category(Box<Categories>),
    /// Of several types, seen too late to keep their text.
    Lost,
}

/// Codes and what they stand for.
#[derive(Debug, Clone, Default)]
pub(super) struct Categories {
    codes: Vec<u32>,
    interner: Interner,
    /// Codes of texts seen before, by a cheap hash: spares most of the interner's keyed hashing.
    recent: [u32; 32],
}

impl Categories {
    #[inline]
    fn push(&mut self, text: &str) {
        let code = self.code(text);
        put(&mut self.codes, code);
    }

    pub(super) const fn codes(&mut self) -> &mut Vec<u32> {
        &mut self.codes
    }

    #[inline]
    fn code(&mut self, text: &str) -> u32 {
        if let Some(code) = self.recent(text) {
            return code;
        }
        let code = self.interner.intern(text);
        self.recent[Self::place(text)] = code;
        code
    }

    /// The code of a text that was seen lately.
    #[inline]
    fn recent(&self, text: &str) -> Option<u32> {
        let code = self.recent[Self::place(text)];
        let levels = self.interner.levels();
        ((code as usize) < levels.len() && levels.get(code as usize) == text).then_some(code)
    }

    #[inline]
    fn place(text: &str) -> usize {
        let bytes = text.as_bytes();
        let (first, last) = (bytes.first().copied().unwrap_or(0), bytes.last().copied().unwrap_or(0));
        (usize::from(first) * 5 + usize::from(last) * 3 + bytes.len() * 7) % 32
    }
}

/// A column of numbers.
#[derive(Debug)]
pub(super) struct Numbers<'a> {
    values: &'a mut Vec<f64>,
    point: &'a mut bool,
    comma: &'a mut bool,
    is_stated: bool,
}

impl Numbers<'_> {
    /// Adds a number; `false` when it does not fit an inferred column.
    #[inline(always)]
    pub(super) fn push_scan(&mut self, scan: Scan) -> bool {
        if !self.is_stated {
            *self.point |= scan.separator == Separator::Point;
            *self.comma |= scan.separator == Separator::Comma;
            if !scan.faithful | (*self.point & *self.comma) {
                return false;
            }
        }
        put(self.values, scan.value);
        true
    }

    /// Adds numbers that an `f64` keeps as they are written, some of them with a point, a comma; `false` when they do not fit.
    #[inline]
    pub(super) fn push_all(&mut self, values: &[f64], point: bool, comma: bool) -> bool {
        let (point, comma) = (*self.point | point, *self.comma | comma);
        if !self.is_stated {
            if point & comma {
                return false;
            }
            (*self.point, *self.comma) = (point, comma);
        }
        put_all(self.values, values);
        true
    }
}

impl ColumnBuilder {
    /// A column whose type is stated, or to be inferred.
    pub(super) fn new(stated: Option<ColumnType>) -> Self {
        Self { stated, values: empty(stated), point: false, comma: false }
    }

    /// The stated type, if any.
    pub(super) const fn stated(&self) -> Option<ColumnType> {
        self.stated
    }

    /// Number of values so far; `None` when lost.
    pub(super) fn len(&self) -> Option<usize> {
        match &self.values {
            Values::Missing(n) => Some(*n),
            Values::Number(values) => Some(values.len()),
            Values::Date(days) => Some(days.len()),
            Values::Timestamp(micros, _) => Some(micros.len()),
            Values::Category(categories) => Some(categories.codes.len()),
            Values::Lost => None,
        }
    }

    /// Whether numbers were written with a point, with a comma.
    pub(super) const fn separators(&self) -> (bool, bool) {
        (self.point, self.comma)
    }

    /// The last value as it is stored; `None` when it takes more than one word, or there is none.
    #[inline]
    pub(super) fn last_raw(&self) -> Option<u64> {
        match &self.values {
            Values::Number(values) => values.last().map(|value| value.to_bits()),
            Values::Category(categories) => categories.codes.last().map(|&code| u64::from(code)),
            Values::Date(days) => days.last().map(|&day| u64::from(day.cast_unsigned())),
            Values::Missing(_) | Values::Timestamp(..) | Values::Lost => None,
        }
    }

    /// Adds a missing value.
    #[inline]
    pub(super) fn push_missing(&mut self) {
        match &mut self.values {
            Values::Missing(n) => *n += 1,
            Values::Number(values) => put(values, f64::NAN),
            Values::Date(days) => put(days, DateColumn::MISSING),
            Values::Timestamp(micros, offsets) => {
                put(micros, TimestampColumn::MISSING);
                put(offsets, 0);
            }
            Values::Category(categories) => put(&mut categories.codes, CategoryColumn::MISSING),
            Values::Lost => {}
        }
    }

    /// Adds missing values.
    pub(super) fn push_missing_n(&mut self, n: usize) {
        self.reserve(n, Room::default());
        match &mut self.values {
            Values::Missing(so_far) => *so_far += n,
            Values::Number(values) => values.resize(values.len() + n, f64::NAN),
            Values::Date(days) => days.resize(days.len() + n, DateColumn::MISSING),
            Values::Timestamp(micros, offsets) => {
                micros.resize(micros.len() + n, TimestampColumn::MISSING);
                offsets.resize(offsets.len() + n, 0);
            }
            Values::Category(categories) => {
                categories.codes.resize(categories.codes.len() + n, CategoryColumn::MISSING);
            }
            Values::Lost => {}
        }
    }

    /// Adds what a cell's text means: a missing token, a number, a date, a timestamp, or text.
    ///
    /// # Errors
    ///
    /// When it is of another type than the column, which is lost then unless its type was stated.
    #[inline]
    pub(super) fn push_cell(&mut self, text: &str, rules: &Rules) -> Result<(), Misfit> {
        match &mut self.values {
            Values::Category(categories) if rules.missing.rules_out(text) => {
                categories.push(text);
                Ok(())
            }
            _ => self.push_any_cell(text, rules),
        }
    }

    fn push_any_cell(&mut self, text: &str, rules: &Rules) -> Result<(), Misfit> {
        let trimmed = trim(text);
        if rules.missing.contains(trimmed) {
            self.push_missing();
            return Ok(());
        }
        match self.values {
            Values::Category(ref mut categories) => {
                categories.push(text);
                Ok(())
            }
            Values::Lost => Ok(()),
            Values::Number(_) => {
                let scan = number::scan(trimmed.as_bytes(), 0, rules.decimal).filter(|scan| scan.end == trimmed.len());
                if scan.is_some_and(|scan| self.push_scan(scan)) { Ok(()) } else { self.misfit() }
            }
            Values::Date(_) | Values::Timestamp(..) => self.push_time(trimmed, rules),
            Values::Missing(n) => {
                if self.begin_with(trimmed, rules) {
                    self.push_missing_n(n);
                    self.push_any_cell(text, rules)
                } else {
                    self.misfit()
                }
            }
        }
    }

    /// Adds a text that is not a number whatever it looks like, as JSON and records have them.
    pub(super) fn push_text(&mut self, text: &str, rules: &Rules) -> Result<(), Misfit> {
        match self.values {
            Values::Missing(n) if self.stated.is_none() => {
                self.values = if time::date(text).is_some() {
                    empty(Some(ColumnType::Date))
                } else if time::timestamp(text, 0).is_some() {
                    empty(Some(ColumnType::Timestamp))
                } else {
                    empty(Some(ColumnType::Category))
                };
                self.push_missing_n(n);
                self.push_text(text, rules)
            }
            Values::Number(_) if self.stated.is_none() => self.misfit(),
            Values::Category(ref mut categories) => {
                categories.push(text);
                Ok(())
            }
            Values::Date(_) | Values::Timestamp(..) => self.push_time(text, rules),
            _ => self.push_cell(text, rules),
        }
    }

    /// The column, when it holds numbers.
    #[inline]
    pub(super) fn numbers(&mut self) -> Option<Numbers<'_>> {
        let Values::Number(values) = &mut self.values else { return None };
        Some(Numbers { values, point: &mut self.point, comma: &mut self.comma, is_stated: self.stated.is_some() })
    }

    /// Adds a number; `false` when it does not fit an inferred column of numbers.
    #[inline]
    pub(super) fn push_scan(&mut self, scan: Scan) -> bool {
        self.numbers().is_some_and(|mut numbers| numbers.push_scan(scan))
    }

    /// Adds a number that is not text, as records have them; `text` is how it is written, should it be needed.
    pub(super) fn push_number(
        &mut self,
        value: f64,
        faithful: bool,
        text: impl FnOnce() -> String,
    ) -> Result<(), Misfit> {
        if let Values::Missing(n) = self.values {
            self.values = empty(Some(if faithful { ColumnType::Number } else { ColumnType::Category }));
            self.push_missing_n(n);
        }
        match &mut self.values {
            Values::Number(values) if faithful => put(values, value),
            Values::Category(categories) => categories.push(&text()),
            Values::Lost => {}
            _ => return self.misfit(),
        }
        Ok(())
    }

    /// Adds a text to a column of dates or timestamps.
    fn push_time(&mut self, text: &str, rules: &Rules) -> Result<(), Misfit> {
        match &mut self.values {
            Values::Date(days) => match time::date(text) {
                Some(day) => put(days, day),
                None => return self.misfit(),
            },
            Values::Timestamp(micros, offsets) => match time::timestamp(text, rules.naive_offset_minutes) {
                Some((at, offset)) => {
                    put(micros, at);
                    put(offsets, offset);
                }
                None => return self.misfit(),
            },
            _ => unreachable!("called for dates and timestamps only"),
        }
        Ok(())
    }

    /// Gives an empty column the type of its first value; `false` when that contradicts a stated type.
    #[cold]
    fn begin_with(&mut self, text: &str, rules: &Rules) -> bool {
        if self.stated.is_some() {
            return false;
        }
        let number = number::scan(text.as_bytes(), 0, rules.decimal);
        let found = if number.is_some_and(|scan| scan.end == text.len() && scan.faithful) {
            ColumnType::Number
        } else if time::date(text).is_some() {
            ColumnType::Date
        } else if time::timestamp(text, rules.naive_offset_minutes).is_some() {
            ColumnType::Timestamp
        } else {
            ColumnType::Category
        };
        self.values = empty(Some(found));
        true
    }

    /// Two types in one column: nothing more is stored, unless the type was stated and the reader gives up.
    #[cold]
    fn misfit(&mut self) -> Result<(), Misfit> {
        if self.stated.is_none() {
            self.values = Values::Lost;
        }
        Err(Misfit)
    }

    /// Loses the column: it will be read again as text.
    pub(super) fn lose(&mut self) {
        self.values = Values::Lost;
    }

    /// Whether the column is lost.
    pub(super) const fn is_lost(&self) -> bool {
        matches!(self.values, Values::Lost)
    }

    /// The type of the values so far; `None` when lost, or while all are missing.
    pub(super) const fn found(&self) -> Option<ColumnType> {
        match self.values {
            Values::Missing(_) | Values::Lost => None,
            Values::Number(_) => Some(ColumnType::Number),
            Values::Date(_) => Some(ColumnType::Date),
            Values::Timestamp(..) => Some(ColumnType::Timestamp),
            Values::Category(_) => Some(ColumnType::Category),
        }
    }

    /// Empties the column for other values of type `found`, keeping its memory where it can.
    pub(super) fn restart(&mut self, found: Option<ColumnType>) {
        (self.point, self.comma) = (false, false);
        match (&mut self.values, self.stated.or(found)) {
            (Values::Number(values), Some(ColumnType::Number)) => values.clear(),
            (Values::Date(days), Some(ColumnType::Date)) => days.clear(),
            (Values::Timestamp(micros, offsets), Some(ColumnType::Timestamp)) => {
                micros.clear();
                offsets.clear();
            }
            (Values::Category(categories), Some(ColumnType::Category)) => {
                categories.codes.clear();
                categories.interner.clear();
            }
            (values, kind) => *values = empty(kind),
        }
    }

    /// Adds the values of `part`, the next rows of the same column.
    ///
    /// `false`, and nothing done, when `part` is needed as text for that.
    pub(super) fn append(&mut self, part: &Self, room: Room) -> bool {
        match (&self.values, &part.values) {
            (Values::Lost, _) => return true,
            (Values::Category(_), Values::Category(_) | Values::Missing(_)) => {}
            (Values::Category(_), _) | (Values::Missing(_), Values::Lost) => return false,
            (Values::Missing(n), values) if !matches!(values, Values::Missing(_)) => {
                let n = *n;
                self.values = empty(part.found());
                self.reserve(n, room);
                self.push_missing_n(n);
            }
            _ => {}
        }
        (self.point, self.comma) = (self.point | part.point, self.comma | part.comma);
        self.reserve(part.len().unwrap_or(0), room);
        match (&mut self.values, &part.values) {
            (_, &Values::Missing(n)) => self.push_missing_n(n),
            (Values::Number(values), Values::Number(more)) if !(self.point && self.comma) || self.stated.is_some() => {
                values.extend_from_slice(more);
            }
            (Values::Date(days), Values::Date(more)) => days.extend_from_slice(more),
            (Values::Timestamp(micros, offsets), Values::Timestamp(more, more_offsets)) => {
                micros.extend_from_slice(more);
                offsets.extend_from_slice(more_offsets);
            }
            (Values::Category(categories), Values::Category(more)) => {
                let Categories { codes, interner, .. } = categories.as_mut();
                let known: Vec<u32> = more.interner.levels().iter().map(|text| interner.intern(text)).collect();
                // A missing value has the largest code, beyond all that are known.
                let code = |&code: &u32| known.get(code as usize).copied().unwrap_or(CategoryColumn::MISSING);
                codes.extend(more.codes.iter().map(code));
            }
            (values, _) => *values = Values::Lost,
        }
        true
    }

    /// Makes room for `more` values: for all that are expected, or else an eighth more, so that
    /// growing never needs twice the memory.
    fn reserve(&mut self, more: usize, room: Room) {
        fn grow<T>(values: &mut Vec<T>, more: usize, room: Room) {
            if values.capacity() - values.len() < more {
                let wish = room.expected_rows.saturating_sub(values.len()).max(values.len() / 8);
                values.reserve_exact(wish.min(room.spare_bytes / size_of::<T>()).max(more));
            }
        }
        match &mut self.values {
            Values::Number(values) => grow(values, more, room),
            Values::Date(days) => grow(days, more, room),
            Values::Timestamp(micros, offsets) => {
                let share = |tenths| Room { spare_bytes: room.spare_bytes / 10 * tenths, ..room };
                grow(micros, more, share(8));
                grow(offsets, more, share(2));
            }
            Values::Category(categories) => grow(&mut categories.codes, more, room),
            Values::Missing(_) | Values::Lost => {}
        }
    }

    /// Bytes of the values so far, which do not depend on how they came; missing values count as the numbers they will be.
    pub(super) fn used_bytes(&self) -> usize {
        let n = self.len().unwrap_or(0);
        match &self.values {
            Values::Missing(_) | Values::Number(_) => n * size_of::<f64>(),
            Values::Date(_) => n * size_of::<i32>(),
            Values::Timestamp(..) => n * (size_of::<i64>() + size_of::<i16>()),
            Values::Category(categories) => n * size_of::<u32>() + categories.interner.allocated_bytes(),
            Values::Lost => 0,
        }
    }

    /// Bytes of memory that the column holds, spare room included.
    pub(super) fn allocated_bytes(&self) -> usize {
        match &self.values {
            Values::Missing(_) | Values::Lost => 0,
            Values::Number(values) => values.capacity() * size_of::<f64>(),
            Values::Date(days) => days.capacity() * size_of::<i32>(),
            Values::Timestamp(micros, offsets) => {
                micros.capacity() * size_of::<i64>() + offsets.capacity() * size_of::<i16>()
            }
            Values::Category(categories) => {
                categories.codes.capacity() * size_of::<u32>() + categories.interner.allocated_bytes()
            }
        }
    }

    /// The column; all missing values of no type are missing numbers. `None` when lost.
    pub(super) fn finish(self) -> Option<Column> {
        fn fitted<T>(mut values: Vec<T>) -> Vec<T> {
            values.shrink_to_fit();
            values
        }
        match self.values {
            Values::Missing(n) => Some(Column::Number(vec![f64::NAN; n])),
            Values::Number(values) => Some(Column::Number(fitted(values))),
            Values::Date(days) => Some(Column::Date(DateColumn { days: fitted(days) })),
            Values::Timestamp(micros, offsets) => {
                TimestampColumn::new(fitted(micros), fitted(offsets)).map(Column::Timestamp)
            }
            Values::Category(categories) => {
                let Categories { codes, interner, .. } = *categories;
                CategoryColumn::from_codes(fitted(codes), Arc::new(interner.into_levels())).map(Column::Category)
            }
            Values::Lost => None,
        }
    }
}

/// Adds a value; a large column grows by an eighth rather than double.
#[inline]
pub(super) fn put<T>(values: &mut Vec<T>, value: T) {
    if values.len() == values.capacity() {
        make_room(values);
    }
    values.push(value);
}

/// Adds values as [`put`] does.
#[inline]
fn put_all<T: Copy>(values: &mut Vec<T>, more: &[T]) {
    while values.capacity() - values.len() < more.len() {
        make_room(values);
    }
    values.extend_from_slice(more);
}

#[cold]
fn make_room<T>(values: &mut Vec<T>) {
    const LARGE: usize = 1 << 16;
    let n = values.capacity();
    values.reserve_exact(n - values.len() + if n < LARGE { n.max(16) } else { n / 8 });
}

fn empty(found: Option<ColumnType>) -> Values {
    match found {
        None => Values::Missing(0),
        Some(ColumnType::Number) => Values::Number(Vec::new()),
        Some(ColumnType::Date) => Values::Date(Vec::new()),
        Some(ColumnType::Timestamp) => Values::Timestamp(Vec::new(), Vec::new()),
        Some(ColumnType::Category) => Values::Category(Box::default()),
    }
}

/// Without blanks around it; the usual cell has none, which two comparisons tell.
#[inline]
fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if *first > b' ' && *last > b' ' => text,
        _ => text.trim_ascii(),
    }
}
