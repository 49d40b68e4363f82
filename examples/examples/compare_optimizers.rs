//! Which optimiser finds the best plan, and how far off are the others?
//!
//! ```text
//! cargo run --release --example compare_optimizers -- --problem examples/data/budget.json
//! cargo run --release --example compare_optimizers -- --simulated
//! ```
//!
//! All of them divide the same budget. Each plan is judged by the least upper bound that any of them proved; one that
//! fails is a row with its error.
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use adsml::plan::comparison_charts;
use adsml::prelude::*;
use adsml_examples::plan::{CAUTION, ProblemArgs, WorkArgs};
use adsml_examples::{Outcome, TerminalProgress, say};
use clap::Parser;

/// Which optimiser finds the best plan, and how far off are the others?
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
    #[command(flatten)]
    work: WorkArgs,
    /// The daily budgets of the simulated account, on its true curves.
    #[arg(long, conflicts_with = "problem")]
    simulated: bool,
}

fn main() -> Outcome {
    let args = Args::parse();
    let problem = if args.simulated { args.problem.build_simulated()? } else { args.problem.build()? };
    let optimizers = default_optimizers();
    let optimizers: Vec<&dyn BudgetOptimizer> = optimizers.iter().map(|optimizer| &**optimizer).collect();
    let progress = TerminalProgress::new();
    let context = FitContext { observer: Some(&progress), ..args.work.context() };
    let comparison = compare_optimizers(&problem, &optimizers, &context);
    progress.finish();

    let json = serde_json::to_string(&comparison)?;
    let files = [("comparison.json", json.clone())];
    let written = args.work.write("compare_optimizers", comparison_charts(&comparison)?, &files)?;
    if args.work.json {
        say(json)?;
    } else {
        say(&comparison)?;
        say(CAUTION)?;
    }
    for path in written {
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}
