//! A table from a file, by what is in it.

use std::path::Path;

use adsml_core::Table;
use adsml_features::{CsvReader, JsonReader};

use crate::Result;

/// A table from a file, and what was understood of the file where it came out of Meta.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TableFile {
    /// The table: canonical (columns named as [`Field`](adsml_meta::Field)s) for one of Meta's files, else as the file names them.
    pub table: Table,
    /// What was recognised, ignored and taken out, for one of Meta's files.
    #[cfg(feature = "meta")]
    pub understanding: Option<adsml_meta::Understanding>,
}

/// Reads any table: one of Meta's files (an Ads Manager export in any of eight dialects, Insights rows, a connector's table) into
/// the canonical one, whatever else as [`read_plain`] does.
///
/// ```
/// # let folder = std::env::temp_dir().join(format!("adsml-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let path = folder.join("export.csv");
/// std::fs::write(&path, "Tag;Kampagnenname;Ausgegebener Betrag (EUR);Impressionen\n07.09.2026;Herbst;1.012,05;98.110\n")?;
/// let file = adsml::read_file(&path, true)?;
/// assert_eq!(file.table.number("spend")?, [1012.05]);
/// # #[cfg(feature = "meta")]
/// assert_eq!(file.understanding.unwrap().currencies, ["EUR"]);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// [`Error::Meta`](crate::Error::Meta) for a file of Meta's that is refused (what it leaves open is not guessed);
/// [`Error::Read`](crate::Error::Read) for any other. Both name file, line and column.
pub fn read_file(path: impl AsRef<Path>, has_header: bool) -> Result<TableFile> {
    let path = path.as_ref();
    #[cfg(feature = "meta")]
    {
        // What cannot be opened is the plain reader's to say.
        let recognised = match adsml_meta::recognise(path) {
            Ok(found) => found.source.is_some(),
            Err(adsml_meta::MetaError::Io { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        if has_header && recognised {
            let (table, understanding) = adsml_meta::MetaReader::new().read_path(path)?.into_parts();
            return Ok(TableFile { table, understanding: Some(understanding) });
        }
        Ok(TableFile { table: read_plain(path, has_header)?, understanding: None })
    }
    #[cfg(not(feature = "meta"))]
    Ok(TableFile { table: read_plain(path, has_header)? })
}

/// The table of [`read_file`] alone.
///
/// # Errors
///
/// As [`read_file`].
pub fn read_table(path: impl AsRef<Path>, has_header: bool) -> Result<Table> {
    Ok(read_file(path, has_header)?.table)
}

/// Reads a table as it stands: JSON (an array of objects, or an object per line) for a name that ends in `.json`, `.jsonl`
/// or `.ndjson`, else CSV, whose delimiter, decimal comma, line ends and column types are found out. Without a header, the
/// columns of a CSV are called `c0`, `c1`, `c2`, …
///
/// # Errors
///
/// [`Error::Read`](crate::Error::Read), naming file, line and column.
pub fn read_plain(path: impl AsRef<Path>, has_header: bool) -> Result<Table> {
    let path = path.as_ref();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    if ["json", "jsonl", "ndjson"].iter().any(|json| extension.eq_ignore_ascii_case(json)) {
        return Ok(JsonReader::new().read_path(path)?);
    }
    Ok(CsvReader::new().has_header(has_header).read_path(path)?)
}
