//! What is in this file from Meta, and does it add up?
//!
//! ```text
//! cargo run --release --example inspect_export -- export.csv
//! cargo run --release --example inspect_export -- page1.json page2.json --json
//! ```
//!
//! An Ads Manager export in any of eight dialects, Insights rows, or a connector's tables. Says what was understood, what was ignored
//! or taken out, the totals, and what to beware of. Without a file it reads a small bundled export from Spain.
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use std::path::PathBuf;

use adsml::meta::jiff::civil::Date;
use adsml::meta::{DateOrder, Decimal, MetaReader, recognise};
use adsml_examples::{Outcome, say};
use clap::Parser;

/// What is in this file from Meta, and does it add up?
#[derive(Debug, Parser)]
struct Args {
    /// Files that belong together: pages of a report, exports of several months, the tables of a connector.
    files: Vec<PathBuf>,
    /// The day on which the file was made; by default the newest day in it.
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<Date>,
    /// The decimal mark, for a file that does not show it.
    #[arg(long, value_parser = ["point", "comma"])]
    decimal: Option<String>,
    /// What comes first in dates, for a file that does not show it.
    #[arg(long, value_parser = ["day", "month"])]
    first: Option<String>,
    /// The one action type (or result indicator) that conversions are of.
    #[arg(long, value_name = "TYPE")]
    conversions: Option<String>,
    /// Folder for what was understood, as JSON.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Print one JSON object instead of text.
    #[arg(long)]
    json: bool,
}

const BUNDLED: &[u8] = include_bytes!("../data/export_es.csv");

fn main() -> Outcome {
    let args = Args::parse();
    let mut reader = MetaReader::new();
    if let Some(day) = args.as_of {
        reader = reader.as_of(day);
    }
    if let Some(decimal) = args.decimal.as_deref().and_then(Decimal::from_word) {
        reader = reader.decimal(decimal);
    }
    if let Some(first) = &args.first {
        reader = reader.date_order(if first == "day" { DateOrder::DayFirst } else { DateOrder::MonthFirst });
    }
    if let Some(conversions) = &args.conversions {
        reader = reader.conversions(conversions);
    }
    let read = match args.files.as_slice() {
        [] => reader.read_bytes(BUNDLED, "export_es.csv (bundled)")?,
        files => reader.read_paths(files)?,
    };
    let understanding = read.understanding();
    if args.json {
        say(understanding.to_json())?;
    } else {
        for file in &args.files {
            say(format_args!("{}: {}", file.display(), recognise(file)?))?;
        }
        say(understanding)?;
    }
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder)?;
        let path = folder.join("understanding.json");
        std::fs::write(&path, format!("{:#}\n", understanding.to_json()))?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}
