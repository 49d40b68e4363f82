//! Side by side with the Python peers: one JSON line per measurement, with the fields of the peers' own scripts.
//!
//! ```text
//! cargo run --release -p adsml-benches --bin side_by_side -- read --data DIR --threads 2 --json
//! cargo run --release -p adsml-benches --bin side_by_side -- models --data DIR --threads 1 --json
//! cargo run --release -p adsml-benches --bin side_by_side -- predict --data DIR --threads 1 --json
//! cargo run --release -p adsml-benches --bin side_by_side -- shap --data DIR --threads 1 --json
//! cargo run --release -p adsml-benches --bin side_by_side -- hard-instances DIR
//! cargo run --release -p adsml-benches --bin side_by_side -- optimize --data DIR --json
//! cargo run --release -p adsml-benches --bin side_by_side -- bayes --data DIR --json
//! cargo run --release -p adsml-benches --bin side_by_side -- accounts --accounts 600 --json
//! cargo run --release -p adsml-benches --bin side_by_side -- plan --campaigns 100 --days 365 --json
//! cargo run --release -p adsml-benches --bin side_by_side -- curve-fit --data DIR --json
//! cargo run --release -p adsml-benches --bin side_by_side -- meta --rows 1000000 --json
//! ```
//!
//! The peers' sides are under `benches/peers/`; `docs/benchmarks.md` says how figures are taken.
#![allow(clippy::print_stdout)] // A bench answers on stdout.

mod accounts;
mod bayes;
mod curve_fit;
mod hard_instances;
mod instance;
mod meta;
mod models;
mod optimize;
mod plan;
mod predict;
mod read;
mod shap;

use std::error::Error;

use clap::{Parser, Subcommand};

/// Side by side with the Python peers.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, Subcommand)]
enum Bench {
    /// Read a CTR table and add the prototype's derived columns.
    Read(read::ReadArgs),
    /// Read a generated Ads Manager export, and the same file by the plain CSV reader.
    Meta(meta::MetaArgs),
    /// Fit tree ensembles to the CTR tables and score them on their test rows.
    Models(models::ModelsArgs),
    /// Score with tree ensembles, a row alone and many.
    Predict(predict::PredictArgs),
    /// Explain predictions of trees.
    Shap(shap::ShapArgs),
    /// Divide budgets with every optimiser.
    Optimize(optimize::OptimizeArgs),
    /// Divide budgets by few, noisy evaluations.
    Bayes(bayes::BayesArgs),
    /// Plan simulated accounts from their rows, and judge the plans by the truth.
    Accounts(accounts::AccountsArgs),
    /// Plan a simulated account and the days to come, on the clock.
    Plan(plan::PlanArgs),
    /// Fit response curves by weighted least squares.
    CurveFit(curve_fit::CurveFitArgs),
    /// Write budget problems that are hard, or large.
    HardInstances(hard_instances::HardInstancesArgs),
}

fn main() -> Result<(), Box<dyn Error>> {
    match Args::parse().bench {
        Bench::Read(args) => read::run(&args),
        Bench::Meta(args) => meta::run(&args),
        Bench::Models(args) => models::run(&args),
        Bench::Predict(args) => predict::run(&args),
        Bench::Shap(args) => shap::run(&args),
        Bench::Optimize(args) => optimize::run(&args),
        Bench::Bayes(args) => bayes::run(&args),
        Bench::Accounts(args) => accounts::run(&args),
        Bench::Plan(args) => plan::run(&args),
        Bench::CurveFit(args) => curve_fit::run(&args),
        Bench::HardInstances(args) => hard_instances::run(&args),
    }
}
