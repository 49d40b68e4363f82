//! What can be wrong with one of Meta's files, and where.

use std::fmt;

/// Result of this crate.
pub type Result<T, E = MetaError> = std::result::Result<T, E>;

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
    pub(crate) fn line(input: &str, line: u64) -> Box<Self> {
        Box::new(Self { input: input.to_owned(), line: Some(line), ..Self::default() })
    }

    /// A record of an input, counted from 0.
    pub(crate) fn record(input: &str, record: u64) -> Box<Self> {
        Box::new(Self { input: input.to_owned(), record: Some(record + 1), ..Self::default() })
    }

    /// With a column, counted from 0, and its name.
    pub(crate) fn column(mut self: Box<Self>, index: usize, name: &str) -> Box<Self> {
        self.column = Some(index + 1);
        self.named(name)
    }

    /// With the name of a column or key.
    pub(crate) fn named(mut self: Box<Self>, name: &str) -> Box<Self> {
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

/// Why a file did not become a canonical table.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MetaError {
    /// The operating system refused.
    #[error("{input}: {source}")]
    Io {
        /// The path, or the name given to an input without one.
        input: String,
        /// What it said.
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("{input}: empty, expected rows of ads")]
    Empty {
        /// The path, or the name given to an input without one.
        input: String,
    },
    /// It is none of the formats that this crate reads.
    #[error("{input}: not one of Meta's files: {found}")]
    NotMeta {
        /// The path, or the name given to an input without one.
        input: String,
        /// What was found instead of what was looked for.
        found: String,
    },
    /// It comes from Meta, but holds no rows of delivery.
    #[error("{input}: holds {what}, expected rows of spend and impressions")]
    NotRows {
        /// The path, or the name given to an input without one.
        input: String,
        /// What it holds.
        what: String,
    },
    /// It is an error that the Graph API answered.
    #[error("{input}: an error answer of the Graph API, code {code}{}: {message}", subcode.map_or(String::new(), |sub| format!(", subcode {sub}")))]
    ApiAnswer {
        /// The path, or the name given to an input without one.
        input: String,
        /// `error.code`.
        code: i64,
        /// `error.error_subcode`.
        subcode: Option<i64>,
        /// `error.message`, shortened.
        message: String,
    },
    /// It is not text in UTF-8.
    #[error("{place}: {found}, expected UTF-8 text")]
    Encoding {
        /// Where.
        place: Box<Place>,
        /// What is there instead.
        found: String,
    },
    /// Text in UTF-8 was read as Windows-1252 and saved again.
    #[error(
        "{place}: reads `{header}` and was probably `{repaired}`: UTF-8 that was opened as Windows-1252 and saved; export it again"
    )]
    Mojibake {
        /// The header's cell.
        place: Box<Place>,
        /// As it is written.
        header: String,
        /// As it probably was.
        repaired: String,
    },
    /// Two columns have the same header.
    #[error("{place}: the header is already that of column {first}")]
    DuplicateHeader {
        /// The second of the two.
        place: Box<Place>,
        /// The first of the two, counted from 1.
        first: usize,
    },
    /// A column without which there is no table.
    #[error("{input}: no column of {what}")]
    MissingColumn {
        /// The path, or the name given to an input without one.
        input: String,
        /// What it would hold.
        what: &'static str,
    },
    /// A row is shorter or longer than the header.
    #[error("{place}: the row has {found} cells, expected {expected}")]
    Ragged {
        /// The row.
        place: Box<Place>,
        /// Cells in the header.
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
    /// A cell that should hold a number does not.
    #[error("{place}: `{value}` is not a number{}", decimal.map_or(String::new(), |decimal| format!(" with a decimal {decimal}")))]
    BadNumber {
        /// The cell.
        place: Box<Place>,
        /// What it holds, shortened.
        value: String,
        /// How the column's numbers are written, if that is known.
        decimal: Option<crate::Decimal>,
    },
    /// A number that can be read in two ways, and nothing in the file says which.
    #[error(
        "{place}: `{value}` is {as_point} with a decimal point and {as_comma} with a decimal comma, and nothing else in the file decides; state `decimal`"
    )]
    AmbiguousNumber {
        /// The first such cell.
        place: Box<Place>,
        /// What it holds.
        value: String,
        /// Its value if the point is the decimal mark.
        as_point: f64,
        /// Its value if the comma is.
        as_comma: f64,
    },
    /// A column in which some cells have a decimal point and others a decimal comma.
    #[error("{place}: `{value}` has a decimal {decimal}, but `{other}` in line {other_line} has not")]
    MixedNumbers {
        /// The later of the two cells.
        place: Box<Place>,
        /// What it holds.
        value: String,
        /// Its decimal mark.
        decimal: crate::Decimal,
        /// What the earlier one holds.
        other: String,
        /// The line of the earlier one.
        other_line: u64,
    },
    /// A cell that should hold a date does not.
    #[error("{place}: `{value}` is not a date{}", order.map_or(String::new(), |order| format!(" with {order}")))]
    BadDate {
        /// The cell.
        place: Box<Place>,
        /// What it holds, shortened.
        value: String,
        /// How the column's dates are written, if that is known.
        order: Option<crate::DateOrder>,
    },
    /// A date that can be read in two ways, and nothing in the file says which.
    #[error(
        "{place}: `{value}` is {day_first} with the day first and {month_first} with the month first, and nothing else in the file decides; state `date_order`"
    )]
    AmbiguousDate {
        /// The first such cell.
        place: Box<Place>,
        /// What it holds.
        value: String,
        /// The date if the day comes first.
        day_first: jiff::civil::Date,
        /// The date if the month comes first.
        month_first: jiff::civil::Date,
    },
    /// A column in which some dates begin with the day and others with the month.
    #[error("{place}: `{value}` has {order}, but `{other}` in line {other_line} has not")]
    MixedDates {
        /// The later of the two cells.
        place: Box<Place>,
        /// What it holds.
        value: String,
        /// Its order.
        order: crate::DateOrder,
        /// What the earlier one holds.
        other: String,
        /// The line of the earlier one.
        other_line: u64,
    },
    /// An id whose last digits a spreadsheet has lost.
    #[error(
        "{place}: `{value}` is an id that a spreadsheet has turned into a number, its last digits are lost; export it again, as text"
    )]
    RuinedId {
        /// The cell.
        place: Box<Place>,
        /// What it holds.
        value: String,
    },
    /// Malformed JSON, or a nested cell that is none.
    #[error("{place}: {problem}")]
    Json {
        /// Where.
        place: Box<Place>,
        /// What is wrong.
        problem: String,
    },
    /// A limit was reached.
    #[error("{place}: {what}, the limit is {limit} (`{setting}`)")]
    Limit {
        /// Where the limit was passed.
        place: Box<Place>,
        /// What is too large.
        what: String,
        /// The limit.
        limit: u64,
        /// The setting, or the constant, that sets it.
        setting: &'static str,
    },
    /// The input changed between the first pass over it and the second.
    #[error("{input}: changed while it was being read")]
    Changed {
        /// The path, or the name given to an input without one.
        input: String,
    },
    /// Two files that cannot become one table.
    #[error("{input}: {problem}")]
    Mismatch {
        /// The later of the two.
        input: String,
        /// Why not.
        problem: String,
    },
    /// A table that is not canonical.
    #[error("row {row}, counted from 0: `{column}` is `{value}`, expected {expected}")]
    BadRow {
        /// The row.
        row: usize,
        /// The column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What is accepted.
        expected: &'static str,
    },
    /// One of the shared errors.
    #[error(transparent)]
    Core(#[from] adsml_core::Error),
}

impl From<MetaError> for adsml_core::Error {
    fn from(error: MetaError) -> Self {
        match error {
            MetaError::Core(error) => error,
            error => Self::component(error),
        }
    }
}

/// A value for a message: the first sixty characters, with control characters escaped.
pub(crate) fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown = String::new();
    for letter in text.chars().take(SHOWN) {
        if letter.is_control() { shown.extend(letter.escape_default()) } else { shown.push(letter) }
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
