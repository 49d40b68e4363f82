//! Readers: files and records to a [`Table`](adsml_core::Table).
//!
//! | Reader | Reads | Finds out |
//! |---|---|---|
//! | [`CsvReader`] | delimited text | delimiter, line ending, decimal comma, byte order mark, types |
//! | [`JsonReader`] | an array of objects, or objects one after the other | types |
//! | [`table_from_records`] | `&[T: Serialize]`, structs or maps | types |
//!
//! The type of a column is that of all its values, never of the first ones; what is not of one type is text, as it was
//! written. It can be stated ([`ColumnType`]), and then a value of another type is an error that names file,
//! line and column. [`Limits`] bound what an input may cost: on any input a reader allocates at most four times
//! its size and 16 MiB, by default, and refuses what would take more.
//!
//! How it reads: `column` turns cells into columns, for all three; `number` and `time` say what a cell means; `csv`
//! cuts and reads delimited text on several threads; `keyed` holds the columns of `json` and `records`.

mod column;
mod csv;
mod error;
mod json;
mod keyed;
mod number;
mod options;
mod records;
mod report;
mod time;

pub use csv::{CsvReader, LineEnding};
pub use error::{Place, ReadError};
pub use json::{JsonReader, Nested};
pub use number::Decimal;
pub use options::{ColumnType, Limits};
pub use records::table_from_records;
pub use report::{ColumnReport, ReadReport};
