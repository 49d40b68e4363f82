//! Where should the money go, and how good is that answer?
//!
//! ```text
//! cargo run --release --example allocate_budget -- --problem examples/data/budget.json --total 2000 --bounds 0.05,0.95
//! ```
//!
//! Curves are given: a JSON file names each campaign with what its spend buys. The plan adds up to the cent, and comes with
//! a certificate that `--verify` checks again, without the optimiser.
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use std::path::PathBuf;

use adsml::optimize::Certificate;
use adsml::plan::allocation_chart;
use adsml::prelude::*;
use adsml_examples::plan::{ProblemArgs, WorkArgs, optimizer, plan_json, summary};
use adsml_examples::{Outcome, TerminalProgress, say};
use clap::Parser;
use serde_json::json;

/// Where should the money go, and how good is that answer?
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    problem: ProblemArgs,
    #[command(flatten)]
    work: WorkArgs,
    /// Who divides the budget: exact, de, ga, pso, sa, pg, random, or a name that compare_optimizers lists.
    #[arg(long, value_name = "NAME", default_value = "exact")]
    optimizer: String,
    /// Print the auditor's page: what was asked, the proof and what it rests on, what binds and what that costs.
    #[arg(long, conflicts_with = "json")]
    explain: bool,
    /// Check this certificate.json against the problem, and do nothing else.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["optimizer", "explain", "out"])]
    verify: Option<PathBuf>,
}

fn main() -> Outcome {
    let args = Args::parse();
    let problem = args.problem.build()?;
    if let Some(path) = &args.verify {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let certificate: Certificate =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        return verified(&args, &problem, &certificate);
    }
    let optimizer = optimizer(&args.optimizer)?;
    let progress = TerminalProgress::new();
    let context = FitContext { observer: Some(&progress), ..args.work.context() };
    let plan = optimizer.allocate_with(&problem, &context);
    progress.finish();
    let plan = plan?;

    let json = plan_json(&problem, &plan)?;
    let files = [
        ("plan.json", serde_json::to_string_pretty(&json)?),
        ("certificate.json", serde_json::to_string(plan.certificate())?),
    ];
    let written = args.work.write("allocate_budget", vec![allocation_chart(&plan)?], &files)?;
    if args.work.json {
        say(json)?;
    } else if args.explain {
        say(plan.explain(&problem))?;
    } else {
        say(&plan)?;
        say(summary(&problem, &plan, "response"))?;
    }
    for path in written {
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

/// What a certificate proves, or why it is refused.
fn verified(args: &Args, problem: &BudgetProblem, certificate: &Certificate) -> Outcome {
    let verified = certificate.verify(problem)?;
    if !args.work.json {
        return say(verified);
    }
    say(json!({
        "value": verified.value,
        "upper_bound": verified.upper_bound,
        "gap": verified.gap,
        "parts": verified.parts,
        "trusted": verified.trusted,
    }))
}
