//! What can be stated to all readers: types of columns, missing tokens, limits.

use std::collections::HashSet;
use std::fmt;
use std::io::Read;

use super::error::{Place, ReadError, Result};

/// The type of a column, to be stated where inference would not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum ColumnType {
    /// Numbers; digits beyond the 53 bits of an `f64` are rounded.
    Number,
    /// Text, as it is written.
    Category,
    /// `yyyy-mm-dd`.
    Date,
    /// RFC 3339, or `yyyy-mm-dd hh:mm[:ss[.fraction]]` at the reader's naive offset.
    Timestamp,
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "number",
            Self::Category => "category",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
        })
    }
}

/// How large an input may be. What is beyond is refused with [`ReadError::Limit`](super::ReadError::Limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Limits {
    /// Bytes of the input. Default 64 GiB.
    pub max_input_bytes: u64,
    /// Bytes of a row or record. Default 8 MiB.
    pub max_row_bytes: usize,
    /// Bytes of a cell. Default 1 MiB.
    pub max_cell_bytes: usize,
    /// Columns. Default 10,000.
    pub max_columns: usize,
    /// Rows. Default, and at most, 4,000,000,000.
    pub max_rows: u64,
    /// Bytes of the table's buffers per byte of input, with [`Limits::FREE_BYTES`] on top. Default 4.
    ///
    /// What guards against a small file of separators that unfolds into a huge table. Only a large file that is
    /// almost all empty cells or single digits comes near it.
    pub max_expansion: u64,
}

impl Limits {
    /// The bytes of a table that are always allowed, however small the input.
    pub const FREE_BYTES: u64 = 4 << 20;

    /// Bytes allowed to the table of an input of so many bytes.
    pub(super) fn table_bytes(&self, input_bytes: u64) -> u64 {
        input_bytes.saturating_mul(self.max_expansion).saturating_add(Self::FREE_BYTES)
    }

    /// Refuses an input of too many bytes.
    pub(super) fn check_input(&self, bytes: u64, name: &str) -> Result<()> {
        let limit = self.max_input_bytes;
        if bytes <= limit {
            return Ok(());
        }
        let place = Place::line(name, 1);
        Err(ReadError::Limit { place, what: format!("{bytes} bytes or more"), limit, setting: "max_input_bytes" })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_input_bytes: 64 << 30,
            max_row_bytes: 8 << 20,
            max_cell_bytes: 1 << 20,
            max_columns: 10_000,
            max_rows: 4_000_000_000,
            max_expansion: 4,
        }
    }
}

/// Texts that stand for a missing value.
#[derive(Debug, Clone)]
pub(super) struct MissingTokens {
    tokens: Vec<String>,
    /// Whether a token begins with this byte.
    first: [bool; 256],
    max_len: usize,
    /// Whether an empty cell is missing.
    pub(super) empty: bool,
}

/// What stands for a missing value unless stated otherwise.
pub(super) const MISSING: [&str; 7] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL"];

impl MissingTokens {
    pub(super) fn new<S: Into<String>>(tokens: impl IntoIterator<Item = S>) -> Self {
        let tokens: Vec<String> = tokens.into_iter().map(Into::into).collect();
        let mut first = [false; 256];
        for token in &tokens {
            if let Some(&byte) = token.as_bytes().first() {
                first[usize::from(byte)] = true;
            }
        }
        let max_len = tokens.iter().map(String::len).max().unwrap_or(0);
        let empty = tokens.iter().any(String::is_empty);
        Self { tokens, first, max_len, empty }
    }

    /// Whether a look at its first byte tells that `text` does not stand for a missing value.
    #[inline]
    pub(super) fn rules_out(&self, text: &str) -> bool {
        text.as_bytes().first().is_some_and(|&first| first > b' ' && !self.first[usize::from(first)])
    }

    /// Whether `text`, without blanks around it, stands for a missing value.
    pub(super) fn contains(&self, text: &str) -> bool {
        match text.as_bytes() {
            [] => self.empty,
            [first, ..] => {
                self.first[usize::from(*first)]
                    && text.len() <= self.max_len
                    && self.tokens.iter().any(|token| token == text)
            }
        }
    }
}

impl Default for MissingTokens {
    fn default() -> Self {
        Self::new(MISSING)
    }
}

/// All of a stream, growing by an eighth at a time, so that it never takes much more memory than it is long.
pub(super) fn read_all(mut input: impl Read, name: &str, limits: &Limits) -> Result<Vec<u8>> {
    const AT_LEAST: usize = 64 << 10;
    let mut bytes = Vec::new();
    loop {
        let more = (bytes.len() / 8).max(AT_LEAST);
        bytes.reserve_exact(more);
        let read = input.by_ref().take(more as u64).read_to_end(&mut bytes);
        let read = read.map_err(|source| ReadError::Io { input: name.to_owned(), source })?;
        limits.check_input(bytes.len() as u64, name)?;
        if read < more {
            return Ok(bytes);
        }
    }
}

/// Judges the offset of naive timestamps.
pub(super) fn check_offset(minutes: i16) -> Result<()> {
    if (-1439..=1439).contains(&minutes) {
        return Ok(());
    }
    let expected = "less than a day either way";
    Err(ReadError::InvalidOption { option: "naive_offset_minutes", value: minutes.to_string(), expected })
}

/// Judges the names of the columns to be read.
pub(super) fn check_columns(names: Option<&[String]>) -> Result<()> {
    let Some(names) = names else { return Ok(()) };
    let mut seen = HashSet::new();
    let value = match names.iter().find(|&name| !seen.insert(name)) {
        Some(name) => format!("`{name}` twice"),
        None if names.is_empty() => "empty".to_owned(),
        None => return Ok(()),
    };
    Err(ReadError::InvalidOption { option: "columns", value, expected: "at least one name, each once" })
}
