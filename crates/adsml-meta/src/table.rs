//! The canonical table and what was understood of the file it came from.

use adsml_core::Table;

use crate::{AdRow, Result, Understanding};

/// A canonical table, with what was understood of its source.
#[derive(Debug, Clone, PartialEq)]
pub struct AdTable {
    table: Table,
    understanding: Understanding,
}

impl AdTable {
    pub(crate) const fn new(table: Table, understanding: Understanding) -> Self {
        Self { table, understanding }
    }

    /// The table: columns named as the [`Field`](crate::Field)s that at least one row has, in their order.
    pub const fn table(&self) -> &Table {
        &self.table
    }

    /// The table alone.
    pub fn into_table(self) -> Table {
        self.table
    }

    /// What was recognised, ignored, taken out, and how it adds up.
    pub const fn understanding(&self) -> &Understanding {
        &self.understanding
    }

    /// Both.
    pub fn into_parts(self) -> (Table, Understanding) {
        (self.table, self.understanding)
    }

    /// Number of rows.
    pub const fn n_rows(&self) -> usize {
        self.table.n_rows()
    }

    /// One row, typed.
    ///
    /// # Errors
    ///
    /// As [`AdRow::from_table`]; a table as it was read never fails.
    ///
    /// # Panics
    ///
    /// When `row` is not smaller than [`n_rows`](Self::n_rows).
    pub fn row(&self, row: usize) -> Result<AdRow> {
        AdRow::from_table(&self.table, row)
    }

    /// Every row, typed.
    ///
    /// # Errors
    ///
    /// As [`row`](Self::row).
    pub fn rows(&self) -> Result<Vec<AdRow>> {
        (0..self.n_rows()).map(|row| self.row(row)).collect()
    }
}
