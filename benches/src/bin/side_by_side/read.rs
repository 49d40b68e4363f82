//! Reading a CSV with full conversion, and deriving the prototype's nine columns.

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use adsml::core::Table;
use adsml::features::{CsvReader, ctr_features, derive};
use adsml_benches::memory_mb;
use serde_json::json;

/// Options of `read`.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadArgs {
    /// Folder with the tables that the peers' `make_data.py` writes.
    #[arg(long)]
    data: PathBuf,
    /// Name of the table.
    #[arg(long, default_value = "ctr_1m")]
    name: String,
    /// Threads to read with; deriving uses all there are.
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
    /// One JSON line; the only form there is.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &ReadArgs) -> Result<(), Box<dyn Error>> {
    let path = args.data.join(format!("{}.csv", args.name));
    let before = memory_mb("VmRSS:");
    let started = Instant::now();
    let mut table = CsvReader::new().threads(args.threads).read_path(&path)?;
    let read_s = started.elapsed().as_secs_f64();
    // The file has columns of these names by other formulas; pandas replaces them, and so does `derive`.
    derive(&mut table, &ctr_features())?;
    let wall_s = started.elapsed().as_secs_f64();
    let line = json!({
        "bench": "read",
        "side": "adsml",
        "threads": args.threads,
        "rows": table.n_rows(),
        "columns": table.n_columns(),
        "wall_s": wall_s,
        "read_s": read_s,
        "peak_minus_before_mb": memory_mb("VmHWM:") - before,
        "column_buffers_mb": buffers_mb(&table),
        "budget_sum": table.number("budget")?.iter().sum::<f64>(),
        "budget_per_audience_sum": table.number("budget_per_audience")?.iter().sum::<f64>(),
    });
    println!("{line}");
    Ok(())
}

fn buffers_mb(table: &Table) -> f64 {
    table.columns().map(|(_, column)| column.buffer_bytes()).sum::<usize>() as f64 / f64::from(1 << 20)
}
