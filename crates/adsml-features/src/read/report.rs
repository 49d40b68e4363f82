//! What a reader found out.

use adsml_core::Column;

use super::csv::LineEnding;

/// What was found out about an input while it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ReadReport {
    /// Number of rows.
    pub rows: u64,
    /// The columns, from left to right.
    pub columns: Vec<ColumnReport>,
    /// What separates cells; `None` for JSON.
    pub delimiter: Option<u8>,
    /// Whether the names come from a first row.
    pub has_header: bool,
    /// How the first line ends; `None` for JSON.
    pub line_ending: Option<LineEnding>,
    /// Whether it begins with a byte order mark.
    pub byte_order_mark: bool,
    /// Whether numbers have a decimal comma.
    pub decimal_comma: bool,
    /// Lines without any character, which are skipped.
    pub blank_lines: u64,
}

/// One column of a [`ReadReport`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct ColumnReport {
    /// Its name.
    pub name: String,
    /// Its kind in one word: `number`, `category`, `date`, `timestamp`.
    pub kind: String,
    /// Whether that was stated rather than inferred.
    pub stated: bool,
}

impl ColumnReport {
    pub(super) fn new(name: &str, column: &Column, stated: bool) -> Self {
        Self { name: name.to_owned(), kind: column.kind().to_owned(), stated }
    }
}
