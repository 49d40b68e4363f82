//! What a transform could not compute, and why.

use std::fmt;

use super::Missing;

/// What is missing in derived columns, and why. Shown as a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct TransformReport {
    n_rows: usize,
    columns: Vec<DerivedColumnReport>,
}

/// What is missing in one derived column, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct DerivedColumnReport {
    /// Its name.
    pub name: String,
    /// Rows in which an input is missing or infinite.
    pub missing_inputs: usize,
    /// Rows in which the denominator is zero.
    pub zero_denominators: usize,
    /// Whether it took the place of a column of the same name.
    pub replaced: bool,
}

impl TransformReport {
    pub(crate) const fn new(n_rows: usize) -> Self {
        Self { n_rows, columns: Vec::new() }
    }

    pub(crate) fn push(&mut self, name: &str, missing: Missing, replaced: bool) {
        self.columns.push(DerivedColumnReport {
            name: name.to_owned(),
            missing_inputs: missing.inputs,
            zero_denominators: missing.zero_denominators,
            replaced,
        });
    }

    /// Number of rows of the table.
    pub const fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// One entry per derived column, in the order they were asked for.
    pub fn columns(&self) -> &[DerivedColumnReport] {
        &self.columns
    }

    /// Zero denominators in all columns together.
    pub fn zero_denominators(&self) -> usize {
        self.columns.iter().map(|column| column.zero_denominators).sum()
    }
}

impl fmt::Display for TransformReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.columns.iter().map(|column| column.name.chars().count()).max().unwrap_or(0).max(14);
        writeln!(f, "{:<width$} {:>15} {:>18}", "derived column", "missing inputs", "zero denominators")?;
        for column in &self.columns {
            let note = if column.replaced { "  replaced a column" } else { "" };
            let (missing, zero) = (column.missing_inputs, column.zero_denominators);
            writeln!(f, "{:<width$} {missing:>15} {zero:>18}{note}", column.name)?;
        }
        write!(f, "out of {} rows", self.n_rows)
    }
}
