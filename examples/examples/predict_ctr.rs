//! Which ads will be clicked, and can a model tell better than the average?
//!
//! ```text
//! cargo run --release --example predict_ctr -- --csv ads.csv --clicks Clicks --impressions Impressions \
//!     --categorical age,gender,interest --group fb_campaign_id
//! ```
//!
//! Without `--csv` it runs on a bundled simulated account. Columns that are not named are not used.
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use adsml::prelude::*;
use adsml_examples::{Outcome, PredictArgs, say};
use clap::Parser;

/// Which ads will be clicked, and can a model tell better than the average?
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    predict: PredictArgs,
}

fn main() -> Outcome {
    let args = Args::parse().predict;
    let (table, recipe) = match &args.csv {
        Some(path) => {
            let table = args.read(path)?;
            let recipe = args.recipe(&table)?;
            (table, recipe)
        }
        None => {
            let table = Account::demo().table();
            let recipe = CtrPredictor::params().rate("clicks", "impressions").group("ad_set_id").folds(args.folds);
            (table, recipe)
        }
    };
    let predictor = args.fit(&recipe, &table)?;
    let written = args.write(&predictor, "predict_ctr")?;
    let report = predictor.report();
    if args.json {
        say(report.to_json())?
    } else {
        say(report)?
    }
    for path in written {
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}
