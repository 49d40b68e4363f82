//! What can be wrong with a file or with records, and where.

use std::fmt;

use super::ColumnType;

/// Result of the readers.
pub(super) type Result<T, E = ReadError> = std::result::Result<T, E>;

/// Where in an input something is: what a person needs in order to look at it.
///
/// All are counted from 1. Lines are those of an editor, so that a quoted cell with line breaks counts as several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The path, or the name given to an input without one.
    pub input: String,
    /// The line, if the input is text.
    pub line: Option<u64>,
    /// The record, if the input consists of records.
    pub record: Option<u64>,
    /// The column, if it is about one of a row.
    pub column: Option<usize>,
    /// The name of the column or key, if it has one.
    pub name: Option<String>,
}

impl Place {
    /// A line of an input.
    pub(super) fn line(input: &str, line: u64) -> Box<Self> {
        Box::new(Self { input: input.to_owned(), line: Some(line), ..Self::default() })
    }

    /// A record of an input, counted from 0.
    pub(super) fn record(input: &str, line: Option<u64>, record: u64) -> Box<Self> {
        Box::new(Self { input: input.to_owned(), line, record: Some(record + 1), ..Self::default() })
    }

    /// With a column, counted from 0, and its name if there is one.
    pub(super) fn column(mut self: Box<Self>, index: usize, name: Option<&str>) -> Box<Self> {
        self.column = Some(index + 1);
        self.name = name.map(shorten);
        self
    }

    /// With the name of a column or key.
    pub(super) fn named(mut self: Box<Self>, name: &str) -> Box<Self> {
        self.name = Some(shorten(name));
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.input)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(record) = self.record {
            write!(f, ", record {record}")?;
        }
        match (self.column, &self.name) {
            (Some(column), Some(name)) => write!(f, ", column {column} (`{name}`)"),
            (Some(column), None) => write!(f, ", column {column}"),
            (None, Some(name)) => write!(f, ", `{name}`"),
            (None, None) => Ok(()),
        }
    }
}

/// Why an input did not become a table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The operating system refused.
    #[error("{input}: {source}")]
    Io {
        /// The path, or the name given to an input without one.
        input: String,
        /// What it said.
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{input}: empty, expected {expected}")]
    Empty {
        /// The path, or the name given to an input without one.
        input: String,
        /// What should have been there.
        expected: &'static str,
    },
    /// It is not text in UTF-8.
    #[error("{place}: {found}, expected UTF-8 text")]
    Encoding {
        /// Where.
        place: Box<Place>,
        /// What is there instead.
        found: String,
    },
    /// Two columns of the header share a name.
    #[error("{place}: the name is already that of column {first}{hint}")]
    DuplicateName {
        /// The second of the two.
        place: Box<Place>,
        /// The first of the two, counted from 1.
        first: usize,
        /// What may be the cause.
        hint: &'static str,
    },
    /// A row is shorter or longer than the first.
    #[error("{place}: the row has {found} cells, expected {expected}")]
    Ragged {
        /// The row.
        place: Box<Place>,
        /// Cells in the header, or in the first row.
        expected: usize,
        /// Cells in this row.
        found: usize,
    },
    /// A quote is opened and never closed.
    #[error("{place}: the quote opened here is never closed")]
    UnclosedQuote {
        /// The opening quote.
        place: Box<Place>,
    },
    /// Text follows a closing quote; a quote inside a quoted cell is written twice.
    #[error("{place}: text after the closing quote, expected the end of the cell (a quote inside quotes is doubled)")]
    TextAfterQuote {
        /// The cell.
        place: Box<Place>,
    },
    /// A cell of a column whose type was stated is of another.
    #[error("{place}: `{value}` is not a {expected}")]
    BadValue {
        /// The cell.
        place: Box<Place>,
        /// What it holds, shortened.
        value: String,
        /// The stated type.
        expected: ColumnType,
    },
    /// A value that a table cannot hold: a list, an object, bytes, an infinite number.
    #[error("{place}: {found}, expected a number, text, true, false or nothing")]
    Nested {
        /// The cell.
        place: Box<Place>,
        /// What it holds.
        found: String,
    },
    /// Malformed JSON.
    #[error("{place}: {problem}")]
    Json {
        /// Where.
        place: Box<Place>,
        /// What is wrong.
        problem: String,
    },
    /// A limit was reached.
    #[error("{place}: {what}, the limit is {limit} (`Limits::{setting}`)")]
    Limit {
        /// Where the limit was passed.
        place: Box<Place>,
        /// What is too large.
        what: String,
        /// The limit.
        limit: u64,
        /// The field of [`Limits`](super::Limits) that sets it.
        setting: &'static str,
    },
    /// A column that was asked for, or given a type, is not there.
    #[error("{input}: there is no column `{name}`; there is {known}")]
    UnknownColumn {
        /// The path, or the name given to an input without one.
        input: String,
        /// The name asked for.
        name: String,
        /// The names there are, comma separated.
        known: String,
    },
    /// An option lies outside its accepted range.
    #[error("option `{option}` is {value}, expected {expected}")]
    InvalidOption {
        /// The setter.
        option: &'static str,
        /// What was given.
        value: String,
        /// What is accepted.
        expected: &'static str,
    },
    /// The input changed between the first pass over it and the second.
    #[error("{input}: changed while it was being read")]
    Changed {
        /// The path, or the name given to an input without one.
        input: String,
    },
    /// A record's own `Serialize` refused.
    #[error("{place}: {message}")]
    Record {
        /// The record.
        place: Box<Place>,
        /// What it said.
        message: String,
    },
}

impl From<ReadError> for adsml_core::Error {
    fn from(error: ReadError) -> Self {
        Self::component(error)
    }
}

/// A value for a message: the first forty characters, with control characters escaped.
pub(super) fn shorten(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut shown = String::new();
    for letter in text.chars().take(SHOWN) {
        if letter.is_control() { shown.extend(letter.escape_default()) } else { shown.push(letter) }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// Names for a message: the first forty.
pub(super) fn known_names<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 40;
    let n = names.len();
    let shown: Vec<String> = names.take(SHOWN).map(shorten).collect();
    match n {
        0 => "none".to_owned(),
        n if n > SHOWN => format!("{} and {} more", shown.join(", "), n - SHOWN),
        _ => shown.join(", "),
    }
}
