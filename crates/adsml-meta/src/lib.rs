//! Meta (Facebook) ad formats to one canonical table.
//!
//! *A title page: nothing is here yet.* This crate will recognise and read Ads Manager exports in
//! several languages, Insights rows from the Marketing API and the tables of the common warehouse
//! connectors, and give one canonical table that reconciles against the file's own totals.
//! Until then, read an export with `adsml_features::CsvReader` and name its columns.
