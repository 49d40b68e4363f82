//! What is in this file?
//!
//! ```text
//! cargo run --release -p adsml-features --example read_table -- FILE [--no-header]
//! ```
//!
//! Without a file, a small table that is part of the program.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::time::Instant;

use adsml_features::CsvReader;

const ADS: &str = "ad_id;day;campaign;spend;clicks\n\
    23842617390000017;2026-01-31;shoes, winter;12,50;31\n\
    23842617390000018;2026-01-31;shoes, spring;;0\n\
    23842617390000019;2026-02-01;\"boots \"\"wide\"\"\";8,20;17\n";

fn main() -> Result<(), Box<dyn Error>> {
    let (options, files): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|argument| argument.starts_with("--"));
    let reader = CsvReader::new().has_header(!options.iter().any(|option| option == "--no-header"));

    let started = Instant::now();
    let (table, report) = match files.first() {
        Some(file) => reader.read_path_with_report(file)?,
        None => reader.read_bytes_with_report(ADS.as_bytes())?,
    };
    let seconds = started.elapsed().as_secs_f64();

    println!("{:<28} {:<10} {:>10}", "column", "kind", "missing");
    for (name, column) in table.columns() {
        println!("{name:<28} {:<10} {:>10}", column.kind(), column.n_missing());
    }
    let bytes: usize = table.columns().map(|(_, column)| column.buffer_bytes()).sum();
    println!("\n{} rows, {:.1} MB in memory, read in {seconds:.3} s", report.rows, bytes as f64 / 1e6);
    println!(
        "cells end in {:?}, lines in {:?}; decimal comma: {}; byte order mark: {}",
        report.delimiter.map(char::from).unwrap_or_default(),
        report.line_ending,
        report.decimal_comma,
        report.byte_order_mark
    );
    Ok(())
}
