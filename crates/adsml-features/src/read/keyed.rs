//! Columns of records: found by key, in the order of first appearance, missing where a record lacks the key.

use adsml_core::{Interner, Table};

use super::column::ColumnBuilder;
use super::error::{Place, ReadError, Result, known_names};
use super::options::{ColumnType, Limits};
use super::report::ColumnReport;

/// Columns by key.
#[derive(Debug)]
pub(super) struct KeyedColumns {
    names: Interner,
    /// For each key, its column; `None` when it is not read.
    columns: Vec<Option<KeyedColumn>>,
    /// Whether a key that is not known yet becomes a column.
    open: bool,
    /// Keys of the first record that are not read, for an error message.
    skipped: Vec<String>,
    /// Records completed.
    records: usize,
    /// The key that is likely to come next.
    next: usize,
    limits: Limits,
    /// Bytes of table that the limits allow; as many as it takes for records that are in memory anyway.
    allowed_bytes: u64,
}

#[derive(Debug)]
struct KeyedColumn {
    builder: ColumnBuilder,
    /// Records up to the last that has the key.
    seen: usize,
}

/// What to do with the value of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Column(usize),
    Skip,
}

/// Why a key cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadKey {
    Repeated,
    TooMany,
    TableTooLarge,
}

impl KeyedColumns {
    /// All keys become columns, or only those in `wanted`.
    pub(super) fn new(
        wanted: Option<&[String]>,
        types: &[(String, ColumnType)],
        limits: Limits,
        allowed_bytes: u64,
    ) -> Self {
        let mut columns = Self {
            names: Interner::new(),
            columns: Vec::new(),
            open: true,
            skipped: Vec::new(),
            records: 0,
            next: 0,
            limits,
            allowed_bytes,
        };
        for name in wanted.into_iter().flatten() {
            columns.add(name, types);
        }
        columns.open = wanted.is_none();
        columns
    }

    /// The same keys, of which only the lost columns are read, as text. `None` when none is lost.
    pub(super) fn lost_as_text(&self) -> Option<Self> {
        let text = || KeyedColumn { builder: ColumnBuilder::new(Some(ColumnType::Category)), seen: 0 };
        let is_lost = |column: &Option<KeyedColumn>| column.as_ref().is_some_and(|column| column.builder.is_lost());
        let columns: Vec<_> = self.columns.iter().map(|column| is_lost(column).then(text)).collect();
        columns.iter().any(Option::is_some).then(|| Self {
            names: self.names.clone(),
            columns,
            open: false,
            skipped: Vec::new(),
            records: 0,
            next: 0,
            limits: self.limits,
            allowed_bytes: self.allowed_bytes,
        })
    }

    /// Puts the columns that were read again in their places; `false` when they are of other records.
    pub(super) fn replace_lost(&mut self, texts: Self) -> bool {
        for (column, text) in self.columns.iter_mut().zip(texts.columns) {
            if text.is_some() {
                *column = text;
            }
        }
        self.records == texts.records
    }

    /// Where the value of `key` goes in the current record.
    pub(super) fn key(&mut self, key: &str, types: &[(String, ColumnType)]) -> Result<Key, BadKey> {
        let known = self.next < self.columns.len() && self.names.levels().get(self.next) == key;
        let found = if known { Some(self.next) } else { self.names.find(key).map(|code| code as usize) };
        let index = match found {
            Some(index) => index,
            None if !self.open => {
                if self.records == 0 && self.skipped.len() < 40 {
                    self.skipped.push(key.to_owned());
                }
                return Ok(Key::Skip);
            }
            None if self.columns.len() >= self.limits.max_columns => return Err(BadKey::TooMany),
            None => self.add(key, types),
        };
        self.next = index + 1;
        let (records, n_columns) = (self.records, self.columns.len() as u64);
        let Some(column) = &mut self.columns[index] else { return Ok(Key::Skip) };
        if column.seen > records {
            return Err(BadKey::Repeated);
        }
        // Before memory is taken: in the end every column has a value of at most eight bytes for every record.
        if n_columns.saturating_mul(records as u64 + 1).saturating_mul(8) > self.allowed_bytes {
            return Err(BadKey::TableTooLarge);
        }
        let missing = records - column.seen;
        column.seen = records + 1;
        if missing > 0 {
            column.builder.push_missing_n(missing);
        }
        Ok(Key::Column(index))
    }

    /// The column of a key.
    pub(super) fn builder(&mut self, index: usize) -> &mut ColumnBuilder {
        &mut self.columns[index].as_mut().expect("a key that is read").builder
    }

    /// The name of a key.
    pub(super) fn name(&self, index: usize) -> &str {
        self.names.levels().get(index)
    }

    /// Records completed.
    pub(super) const fn records(&self) -> usize {
        self.records
    }

    /// Completes a record; `false` when the table has become larger than is allowed.
    pub(super) fn end_record(&mut self) -> bool {
        self.next = 0;
        self.records += 1;
        // Summed now and then, for it costs time.
        !self.records.is_multiple_of(256) || self.used_bytes() <= self.allowed_bytes
    }

    fn used_bytes(&self) -> u64 {
        self.columns.iter().flatten().map(|column| column.builder.used_bytes() as u64).sum()
    }

    /// The keys there are, as far as an error message needs them.
    pub(super) fn known_names(&self) -> String {
        let is_seen = |index: &usize| self.columns[*index].as_ref().is_some_and(|column| column.seen > 0);
        let seen = (0..self.columns.len()).filter(is_seen).map(|index| self.name(index));
        let names: Vec<&str> = seen.chain(self.skipped.iter().map(String::as_str)).collect();
        known_names(names.into_iter())
    }

    /// Whether a key was seen or wanted.
    pub(super) fn has(&self, name: &str) -> bool {
        self.names.find(name).is_some()
    }

    /// The first column that was wanted and is in no record.
    pub(super) fn never_seen(&self) -> Option<&str> {
        let index = self.columns.iter().position(|column| column.as_ref().is_some_and(|column| column.seen == 0))?;
        Some(self.name(index))
    }

    /// The table, of columns none of which is lost.
    pub(super) fn finish(mut self, input: &str, types: &[(String, ColumnType)]) -> Result<(Table, Vec<ColumnReport>)> {
        let mut needed = 0;
        for column in self.columns.iter_mut().flatten() {
            let missing = self.records - column.seen;
            // Checked before the memory is taken: a small file can hold many keys and many records.
            needed += column.builder.used_bytes() as u64 + missing as u64 * 8;
            if needed > self.allowed_bytes {
                return Err(too_large(Place::record(input, None, self.records as u64 - 1), &self.limits));
            }
            column.builder.push_missing_n(missing);
        }
        let mut table = Table::new();
        let mut reports = Vec::with_capacity(self.columns.len());
        for (column, name) in self.columns.into_iter().zip(self.names.levels().iter()) {
            let Some(column) = column else { continue };
            let values = column.builder.finish().expect("lost columns were read again");
            reports.push(ColumnReport::new(name, &values, stated(types, name).is_some()));
            table.push(name, values).expect("distinct names, equal lengths");
        }
        Ok((table, reports))
    }

    fn add(&mut self, name: &str, types: &[(String, ColumnType)]) -> usize {
        let index = self.names.intern(name) as usize;
        if index == self.columns.len() {
            let builder = ColumnBuilder::new(stated(types, name));
            self.columns.push(Some(KeyedColumn { builder, seen: 0 }));
        }
        index
    }
}

/// The type last stated for a name.
fn stated(types: &[(String, ColumnType)], name: &str) -> Option<ColumnType> {
    types.iter().rev().find(|(stated, _)| stated == name).map(|&(_, kind)| kind)
}

/// The table of this input is larger than is allowed.
pub(super) fn too_large(place: Box<Place>, limits: &Limits) -> ReadError {
    ReadError::Limit {
        place,
        what: format!(
            "the table takes more than {} bytes per byte of input and {} more",
            limits.max_expansion,
            Limits::FREE_BYTES
        ),
        limit: limits.max_expansion,
        setting: "max_expansion",
    }
}
