//! Readers: files and records to a [`Table`](adsml_core::Table).
mod column;
mod csv;
mod error;
mod number;
mod options;
mod report;
mod time;

pub use csv::{CsvReader, LineEnding};
pub use error::{Place, ReadError};
pub use number::Decimal;
pub use options::{ColumnType, Limits};
pub use report::{ColumnReport, ReadReport};
