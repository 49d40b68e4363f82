//! What an input may cost.

use crate::error::Place;
use crate::{MetaError, Result};

/// How large an input may be. What is beyond is refused with [`MetaError::Limit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of delimited text. Default 16 GiB.
    pub max_input_bytes: u64,
    /// Bytes of JSON, which is held in memory as it is. Default 1 GiB.
    pub max_json_bytes: u64,
    /// Bytes of a row. Default 8 MiB.
    pub max_row_bytes: usize,
    /// Bytes of a cell. Default 1 MiB.
    pub max_cell_bytes: usize,
    /// Rows. Default, and at most, 4,000,000,000.
    pub max_rows: u64,
    /// Bytes of the columns' buffers per byte of input, with [`Limits::FREE_BYTES`] on top. Default 8.
    ///
    /// What guards against a small file of separators that unfolds into a huge table.
    pub max_expansion: u64,
}

impl Limits {
    /// The bytes of a table that are always allowed, however small the input.
    pub const FREE_BYTES: u64 = 4 << 20;

    pub(crate) fn check_input(&self, bytes: u64, input: &str) -> Result<()> {
        Self::check(bytes, self.max_input_bytes, "Limits::max_input_bytes", input)
    }

    pub(crate) fn check_json(&self, bytes: u64, input: &str) -> Result<()> {
        Self::check(bytes, self.max_json_bytes, "Limits::max_json_bytes", input)
    }

    fn check(bytes: u64, limit: u64, setting: &'static str, input: &str) -> Result<()> {
        if bytes <= limit {
            return Ok(());
        }
        let place = Box::new(Place { input: input.to_owned(), ..Place::default() });
        Err(MetaError::Limit { place, what: format!("{bytes} bytes or more"), limit, setting })
    }

    /// Refuses a table of `bytes` made from an input of `length`.
    pub(crate) fn check_table(&self, bytes: u64, length: u64, input: &str) -> Result<()> {
        if bytes <= length.saturating_mul(self.max_expansion).saturating_add(Self::FREE_BYTES) {
            return Ok(());
        }
        let place = Box::new(Place { input: input.to_owned(), ..Place::default() });
        let what = format!("a table of more than {} times the input", self.max_expansion);
        Err(MetaError::Limit { place, what, limit: self.max_expansion, setting: "Limits::max_expansion" })
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_input_bytes: 16 << 30,
            max_json_bytes: 1 << 30,
            max_row_bytes: 8 << 20,
            max_cell_bytes: 1 << 20,
            max_rows: 4_000_000_000,
            max_expansion: 8,
        }
    }
}
