//! What is in this file from Meta, and does it add up?
//!
//! ```text
//! cargo run -p adsml-meta --example read_export -- export.csv
//! ```
//!
//! Without a file it reads a small export in German.
#![allow(clippy::print_stdout)] // An example answers on stdout.

use adsml_meta::{MetaReader, Result};

const EXPORT: &str = "\
Tag;Kampagnenname;Ausgegebener Betrag (EUR);Impressionen;Link-Klicks
2026-09-07;Herbst;12,50;1.820;21
2026-09-08;Herbst;1.012,05;98.110;911
Gesamt;;1.024,55;99.930;932
";

fn main() -> Result<()> {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let read = if paths.is_empty() {
        MetaReader::new().read_bytes(EXPORT.as_bytes(), "herbst.csv")?
    } else {
        MetaReader::new().read_paths(&paths)?
    };
    println!("{}", read.understanding());
    Ok(())
}
