//! Fitting response curves by weighted least squares, one after the other on one thread.
//!
//! The samples, the peer's side and the comparison are `benches/peers/compare_curve_fit.py`.

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::time::Instant;

use adsml_optimize::{CurveFamily, CurveFit};
use serde::Deserialize;
use serde_json::json;

/// Options of `curve-fit`.
#[derive(Debug, clap::Args)]
pub(crate) struct CurveFitArgs {
    /// Folder with `curves.json` of `compare_curve_fit.py`.
    #[arg(long)]
    data: PathBuf,
    /// The first sample.
    #[arg(long, default_value_t = 0)]
    skip: usize,
    /// Number of samples; all of the rest by default.
    #[arg(long)]
    take: Option<usize>,
    /// JSON lines instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Deserialize)]
struct Sample {
    family: String,
    spend: Vec<f64>,
    response: Vec<f64>,
    weight: Vec<f64>,
}

pub(crate) fn run(args: &CurveFitArgs) -> Result<(), Box<dyn Error>> {
    let samples: Vec<Sample> = serde_json::from_reader(BufReader::new(File::open(args.data.join("curves.json"))?))?;
    for (i, sample) in samples.iter().enumerate().skip(args.skip).take(args.take.unwrap_or(usize::MAX)) {
        let family = CurveFamily::ALL
            .into_iter()
            .find(|family| family.name() == sample.family)
            .ok_or_else(|| format!("there is no family called {:?}", sample.family))?;
        let started = Instant::now();
        let fitted = CurveFit::new(family).fit_weighted(&sample.spend, &sample.response, &sample.weight)?;
        let wall_s = started.elapsed().as_secs_f64();
        if args.json {
            let line = json!({
                "bench": "curve_fit",
                "side": "adsml",
                "sample": i,
                "family": sample.family,
                "n": sample.spend.len(),
                "wall_s": wall_s,
                "parameters": fitted.parameters(),
                "objective": fitted.deviance(),
                "converged": fitted.converged(),
                "at_bounds": fitted.at_bounds(),
            });
            println!("{line}");
        } else {
            println!("{i:5} {:20} {:9.1} us  {:.9e}", sample.family, wall_s * 1e6, fitted.deviance());
        }
    }
    Ok(())
}
