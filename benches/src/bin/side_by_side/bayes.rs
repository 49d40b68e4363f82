//! Dividing budgets by few, noisy evaluations: what the Bayesian optimiser recommends, by both kernels.
//!
//! Every evaluation is `value * (1 + noise * standard normal)`; a plan is judged by its true value. The peer's side, and the
//! comparison, is `benches/peers/compare_bayes.py`.

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use adsml_optimize::{BayesianOptimizer, FitContext, Kernel, Seed};
use serde_json::json;

use crate::instance::{Instance, stem};

/// Options of `bayes`.
#[derive(Debug, clap::Args)]
pub(crate) struct BayesArgs {
    /// Folder with `budget_*.json` of the peers' `make_data.py`.
    #[arg(long)]
    data: PathBuf,
    /// The instances of these names.
    #[arg(long, value_delimiter = ',', default_value = "budget_10_concave,budget_10_sshaped")]
    name: Vec<String>,
    /// Evaluations.
    #[arg(long, default_value_t = 40)]
    calls: usize,
    /// Standard deviation of an evaluation, as a share of its value.
    #[arg(long, default_value_t = 0.05)]
    noise: f64,
    /// Number of seeds.
    #[arg(long, default_value_t = 10)]
    seeds: u64,
    /// JSON lines instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &BayesArgs) -> Result<(), Box<dyn Error>> {
    for path in Instance::files(&args.data)? {
        if !args.name.contains(&stem(&path)) {
            continue;
        }
        let instance = Instance::read(&path)?;
        let problem = instance.problem()?;
        for (optimizer, kernel) in [("bo_additive", Kernel::Additive), ("bo_ard", Kernel::Ard)] {
            for seed in 0..args.seeds {
                let mut stream = Seed::new(seed).stream("noise", 0);
                let observe = |budgets: &[i64]| {
                    // Box and Muller.
                    let radius = (-2.0 * (1.0 - stream.uniform()).ln()).sqrt();
                    let normal = radius * (std::f64::consts::TAU * stream.uniform()).cos();
                    problem.value(budgets).unwrap_or(f64::NAN) * (1.0 + args.noise * normal)
                };
                let search = BayesianOptimizer::default().n_calls(args.calls).kernel(kernel);
                let started = Instant::now();
                let plan = search.maximize(&problem, observe, &FitContext::seeded(seed))?;
                let wall_s = started.elapsed().as_secs_f64();
                let best = instance.optimum.as_ref().map_or(f64::NAN, |optimum| optimum.objective);
                let regret = 1.0 - plan.value() / best;
                if args.json {
                    let line = json!({
                        "bench": "bayes",
                        "side": "adsml",
                        "optimizer": optimizer,
                        "data": instance.name,
                        "seed": seed,
                        "calls": plan.evaluations(),
                        "noise": args.noise,
                        "wall_s": wall_s,
                        "regret": regret,
                        "budgets": plan.budgets(),
                    });
                    println!("{line}");
                } else {
                    println!("{:20} {optimizer:12} seed {seed:2}  {wall_s:7.3} s  regret {regret:.4}", instance.name);
                }
            }
        }
    }
    Ok(())
}
