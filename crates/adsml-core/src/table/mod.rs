//! A small table of named columns.

mod column;
mod levels;

pub use column::{CategoryColumn, Column, DateColumn, TimestampColumn};
pub use levels::{Interner, Levels};

use crate::{Error, Provenance, Result};

/// Named columns of equal length, each of one kind: what readers make and pipelines take.
///
/// Not a data-frame engine: it holds, selects and takes rows; what is computed from columns is
/// computed elsewhere. Columns keep the order in which they were pushed.
///
/// ```
/// use adsml_core::{Column, Table};
///
/// let mut table = Table::new();
/// table.push("spend", Column::from([120.0, f64::NAN, 80.5]))?;
/// table.push("gender", Column::from(["female", "male", "female"]))?;
/// assert_eq!(table.n_rows(), 3);
/// assert_eq!(table.number("spend")?[2], 80.5);
/// assert_eq!(table.category("gender")?.get(1), Some("male"));
/// assert_eq!(table.number("cost").unwrap_err().to_string(), "the table has no column `cost`; it has spend, gender");
/// # Ok::<(), adsml_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table {
    n_rows: usize,
    columns: Vec<NamedColumn>,
}

/// A column, its name, and when its values become known.
#[derive(Debug, Clone, PartialEq)]
struct NamedColumn {
    name: String,
    column: Column,
    provenance: Option<Provenance>,
}

impl Table {
    /// A table without columns.
    pub fn new() -> Self {
        Self::default()
    }

    /// A table of these columns.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn from_columns<N: Into<String>>(columns: impl IntoIterator<Item = (N, Column)>) -> Result<Self> {
        let mut table = Self::new();
        for (name, column) in columns {
            table.push(name, column)?;
        }
        Ok(table)
    }

    /// Adds a column at the right end.
    ///
    /// # Errors
    ///
    /// [`Error::DuplicateColumn`] when the name is taken; [`Error::Length`] when the column is not as long as the
    /// table. The table is unchanged then.
    pub fn push(&mut self, name: impl Into<String>, column: Column) -> Result<()> {
        let name = name.into();
        if self.position(&name).is_some() {
            return Err(Error::DuplicateColumn { name });
        }
        self.check_length(&name, &column)?;
        self.n_rows = column.len();
        self.columns.push(NamedColumn { name, column, provenance: None });
        Ok(())
    }

    /// Puts a column in the place of the one of the same name, which is returned; its provenance stays.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`]; [`Error::Length`].
    pub fn replace(&mut self, name: &str, column: Column) -> Result<Column> {
        let position = self.require(name)?;
        self.check_length(name, &column)?;
        Ok(std::mem::replace(&mut self.columns[position].column, column))
    }

    /// Takes a column out.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`].
    pub fn remove(&mut self, name: &str) -> Result<Column> {
        let position = self.require(name)?;
        Ok(self.columns.remove(position).column)
    }

    /// Number of rows.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// Names of the columns, from left to right.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Names and columns, from left to right.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, &Column)> {
        self.columns.iter().map(|named| (named.name.as_str(), &named.column))
    }

    /// The column of this name, if there is one.
    pub fn get(&self, name: &str) -> Option<&Column> {
        self.position(name).map(|position| &self.columns[position].column)
    }

    /// The column of this name.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`].
    pub fn column(&self, name: &str) -> Result<&Column> {
        Ok(&self.columns[self.require(name)?].column)
    }

    /// The numbers of this column, `NaN` where missing.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`]; [`Error::ColumnKind`] unless it holds numbers.
    pub fn number(&self, name: &str) -> Result<&[f64]> {
        match self.column(name)? {
            Column::Number(values) => Ok(values),
            other => Err(wrong_kind(name, "number", other)),
        }
    }

    /// This column of categories.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`]; [`Error::ColumnKind`] unless it holds categories.
    pub fn category(&self, name: &str) -> Result<&CategoryColumn> {
        match self.column(name)? {
            Column::Category(column) => Ok(column),
            other => Err(wrong_kind(name, "category", other)),
        }
    }

    /// This column of dates.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`]; [`Error::ColumnKind`] unless it holds dates.
    pub fn date(&self, name: &str) -> Result<&DateColumn> {
        match self.column(name)? {
            Column::Date(column) => Ok(column),
            other => Err(wrong_kind(name, "date", other)),
        }
    }

    /// This column of timestamps.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`]; [`Error::ColumnKind`] unless it holds timestamps.
    pub fn timestamp(&self, name: &str) -> Result<&TimestampColumn> {
        match self.column(name)? {
            Column::Timestamp(column) => Ok(column),
            other => Err(wrong_kind(name, "timestamp", other)),
        }
    }

    /// When the values of this column become known, if that was stated.
    pub fn provenance(&self, name: &str) -> Option<Provenance> {
        self.position(name).and_then(|position| self.columns[position].provenance)
    }

    /// States when the values of a column become known.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`].
    pub fn set_provenance(&mut self, name: &str, provenance: Provenance) -> Result<()> {
        let position = self.require(name)?;
        self.columns[position].provenance = Some(provenance);
        Ok(())
    }

    /// The named columns, in the order named.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`]; [`Error::DuplicateColumn`].
    pub fn select<N: AsRef<str>>(&self, names: &[N]) -> Result<Self> {
        let mut columns: Vec<NamedColumn> = Vec::with_capacity(names.len());
        for name in names {
            let named = &self.columns[self.require(name.as_ref())?];
            if columns.iter().any(|column| column.name == named.name) {
                return Err(Error::DuplicateColumn { name: named.name.clone() });
            }
            columns.push(named.clone());
        }
        Ok(Self { n_rows: self.n_rows, columns })
    }

    /// These rows, in this order; a row may be taken more than once. Levels of categories stay as
    /// they are, used or not.
    ///
    /// # Panics
    ///
    /// When a row is not smaller than [`n_rows`](Self::n_rows).
    #[must_use]
    pub fn take_rows(&self, rows: &[usize]) -> Self {
        let columns = self.columns.iter().map(|named| NamedColumn {
            name: named.name.clone(),
            column: named.column.take_rows(rows),
            provenance: named.provenance,
        });
        Self { n_rows: rows.len(), columns: columns.collect() }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    fn require(&self, name: &str) -> Result<usize> {
        self.position(name).ok_or_else(|| Error::MissingColumn { name: name.to_owned(), known: self.known_names() })
    }

    /// Names for an error message: the first forty, so that a message stays readable.
    fn known_names(&self) -> String {
        const SHOWN: usize = 40;
        match self.columns.len() {
            0 => "no columns".to_owned(),
            n => {
                let shown: Vec<&str> = self.names().take(SHOWN).collect();
                let rest = if n > SHOWN { format!(" and {} more", n - SHOWN) } else { String::new() };
                shown.join(", ") + &rest
            }
        }
    }

    fn check_length(&self, name: &str, column: &Column) -> Result<()> {
        if self.columns.is_empty() {
            return Ok(());
        }
        Error::check_length(&format!("column `{name}`"), self.n_rows, column.len())
    }
}

fn wrong_kind(name: &str, expected: &'static str, found: &Column) -> Error {
    Error::ColumnKind { column: name.to_owned(), expected, found: found.kind() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        Table::from_columns([("spend", Column::from([1.0, 2.0, 3.0])), ("gender", Column::from(["f", "m", "f"]))])
            .unwrap()
    }

    #[test]
    fn a_refused_column_leaves_the_table_as_it_was() {
        let mut table = table();
        let before = table.clone();
        assert!(matches!(table.push("spend", Column::from([0.0; 3])), Err(Error::DuplicateColumn { .. })));
        assert!(matches!(
            table.push("clicks", Column::from([0.0; 2])),
            Err(Error::Length { expected: 3, found: 2, .. })
        ));
        assert!(table.replace("spend", Column::from([0.0; 4])).is_err());
        assert_eq!(table, before);
    }

    #[test]
    fn rows_are_taken_in_the_order_asked_for() {
        let taken = table().take_rows(&[2, 0, 2]);
        assert_eq!(taken.number("spend").unwrap(), [3.0, 1.0, 3.0]);
        assert_eq!(taken.category("gender").unwrap().iter().collect::<Vec<_>>(), [Some("f"); 3]);
    }

    #[test]
    fn selecting_keeps_provenance_and_refuses_repeats() {
        let mut table = table();
        table.set_provenance("spend", Provenance::AfterClick).unwrap();
        let selected = table.select(&["gender", "spend"]).unwrap();
        assert_eq!(selected.names().collect::<Vec<_>>(), ["gender", "spend"]);
        assert_eq!(selected.provenance("spend"), Some(Provenance::AfterClick));
        assert!(table.select(&["spend", "spend"]).is_err());
    }
}
