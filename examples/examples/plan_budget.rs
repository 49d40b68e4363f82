//! What does each campaign's money buy, how sure is that, and what should change today?
//!
//! ```text
//! cargo run --release --example plan_budget -- --csv FILE --campaign COL --date COL --spend COL --revenue COL --total 5000
//! ```
//!
//! It learns a response curve per campaign from past days, divides the budget with a proof, and says what the plan brings
//! beyond today's, how likely it is to be worse, and what the next thirty days look like. One of Meta's own files needs no
//! names of columns. Without `--csv` it runs on a simulated account, whose truth is known and shown beside the plan.
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use adsml::prelude::*;
use adsml_examples::planner::{PlannerArgs, truth};
use adsml_examples::{Outcome, say};
use clap::Parser;

/// What does each campaign's money buy, how sure is that, and what should change today?
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    planner: PlannerArgs,
}

fn main() -> Outcome {
    let args = Args::parse().planner;
    let account = Account::demo();
    let planner = args.fit(&account)?;
    let written = args.write(&planner, "plan_budget")?;
    if args.json {
        say(planner.report().to_json())?;
    } else {
        say(planner.report())?;
        if args.csv.is_none() {
            say(truth(&planner, &account))?;
        }
    }
    for path in written {
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}
