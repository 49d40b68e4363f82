//! A table from a file, by the file's name.

use std::path::Path;

use adsml_core::Table;
use adsml_features::{CsvReader, JsonReader};

use crate::Result;

/// Reads a table: JSON (an array of objects, or an object per line) for a name that ends in `.json`, `.jsonl` or
/// `.ndjson`, else CSV, whose delimiter, decimal comma, line ends and column types are found out. Without a header, the
/// columns of a CSV are called `c0`, `c1`, `c2`, …
///
/// # Errors
///
/// [`Error::Read`](crate::Error::Read), naming file, line and column.
pub fn read_table(path: impl AsRef<Path>, has_header: bool) -> Result<Table> {
    let path = path.as_ref();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if ["json", "jsonl", "ndjson"].iter().any(|json| extension.eq_ignore_ascii_case(json)) {
        return Ok(JsonReader::new().read_path(path)?);
    }
    Ok(CsvReader::new().has_header(has_header).read_path(path)?)
}
