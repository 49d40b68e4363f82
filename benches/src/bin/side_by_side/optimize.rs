//! Dividing budgets: every optimiser on every instance of a folder, with time, value, bound and feasibility.
//!
//! The clock runs from an instance's plain numbers to the finished plan: boxed curves, the problem and its checks, the
//! search, rounding, the certificate. Reading the file is before it, checking the certificate (`verify_s`; `refused` says
//! why, where it does not hold) after it. Below a second, a time is the median of several runs
//! (`repeats` says of how many).

use std::error::Error;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use adsml::core::FitContext;
use adsml_optimize::{
    Allocation, BudgetOptimizer, DifferentialEvolution, Exact, GeneticAlgorithm, ParticleSwarm, ProjectedGradient,
    RandomSearch, SimulatedAnnealing,
};
use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::instance::{Instance, stem};

/// Runs of one optimiser on one instance, while they take less than a second together.
const MOST_REPEATS: usize = 25;

/// Options of `optimize`.
#[derive(Debug, clap::Args)]
pub(crate) struct OptimizeArgs {
    /// Folder with `budget_*.json` of the peers' `make_data.py`, or with the files of `hard-instances`.
    #[arg(long)]
    data: PathBuf,
    /// Only instances whose name contains one of these.
    #[arg(long, value_delimiter = ',')]
    filter: Vec<String>,
    /// Only the instances of these names.
    #[arg(long, value_delimiter = ',')]
    name: Vec<String>,
    /// Optimisers; all that suit the instance's size unless some are named.
    #[arg(long, value_delimiter = ',')]
    optimizers: Vec<Choice>,
    /// Number of seeds for the optimisers that draw random numbers.
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The first of the seeds.
    #[arg(long, default_value_t = 0)]
    first_seed: u64,
    /// Seconds for the exact optimiser.
    #[arg(long, default_value_t = 1.0)]
    time_limit: f64,
    /// Gap at which the exact optimiser stops; the library's own unless given.
    #[arg(long)]
    gap: Option<f64>,
    /// Evaluations of the others, instead of their own numbers of iterations; they may still stop earlier.
    #[arg(long)]
    max_evaluations: Option<usize>,
    /// Threads.
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
    /// Adds the budgets, in minor units, and the history of the search to every line.
    #[arg(long)]
    plans: bool,
    /// JSON lines instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Choice {
    Exact,
    De,
    Pso,
    Ga,
    Sa,
    Pg,
    Random,
}

pub(crate) fn run(args: &OptimizeArgs) -> Result<(), Box<dyn Error>> {
    let files: Vec<PathBuf> = Instance::files(&args.data)?.into_iter().filter(|path| args.has(&stem(path))).collect();
    if files.is_empty() {
        return Err(format!("no such instance in {}", args.data.display()).into());
    }
    for path in files {
        let instance = Instance::read(&path)?;
        for &choice in Choice::value_variants() {
            if !args.wants(choice, instance.k) {
                continue;
            }
            let seeds = if choice.draws() { args.seeds } else { 1 };
            for seed in args.first_seed..args.first_seed + seeds {
                let line = args.measure(&instance, &stem(&path), choice, seed)?;
                println!("{}", if args.json { line.to_string() } else { text(&line) });
            }
        }
    }
    Ok(())
}

impl OptimizeArgs {
    fn has(&self, name: &str) -> bool {
        (self.filter.is_empty() || self.filter.iter().any(|part| name.contains(part.as_str())))
            && (self.name.is_empty() || self.name.iter().any(|whole| whole == name))
    }

    fn wants(&self, choice: Choice, k: usize) -> bool {
        if self.optimizers.is_empty() { k <= choice.most_campaigns() } else { self.optimizers.contains(&choice) }
    }

    fn measure(&self, instance: &Instance, data: &str, choice: Choice, seed: u64) -> Result<Value, Box<dyn Error>> {
        let optimizer = self.optimizer(choice);
        let context = FitContext::seeded(seed).with_threads(self.threads);
        let (mut walls, mut builds) = (Vec::new(), Vec::new());
        let (problem, plan) = loop {
            let started = Instant::now();
            let problem = instance.problem()?;
            builds.push(started.elapsed().as_secs_f64());
            let plan = optimizer.allocate_with(&problem, &context)?;
            walls.push(started.elapsed().as_secs_f64());
            if walls.len() == MOST_REPEATS || walls.iter().sum::<f64>() >= 1.0 {
                break (problem, plan);
            }
        };
        let (repeats, wall_s) = (walls.len(), median(&mut walls));
        let started = Instant::now();
        let refused = plan.certificate().verify(&problem).err();
        let verify_s = started.elapsed().as_secs_f64();
        let mut line = json!({
            "bench": "optimize",
            "data": data,
            "optimizer": name(choice),
            "seed": seed,
            "wall_s": wall_s,
            "value": plan.value(),
            "upper_bound": plan.upper_bound(),
            "gap": plan.gap(),
            "sum_violation": sum_violation(instance, &plan),
            "evaluations": plan.evaluations(),
            "bound_violation": bound_violation(instance, &plan),
            "campaigns": instance.k,
            "stopping": format!("{:?}", plan.stopping()),
            "parts": plan.certificate().n_parts(),
            "verify_s": verify_s,
            "refused": refused.map(|error| error.to_string()),
            "threads": self.threads,
            "repeats": repeats,
            "build_s": median(&mut builds),
            "min_s": walls[0],
            "max_s": walls[repeats - 1],
        });
        if let Some(optimum) = &instance.optimum {
            line["reference"] = json!(optimum.objective);
            line["reference_bound"] = json!(optimum.upper_bound);
        }
        if choice == Choice::Exact {
            line["seconds_to_gap"] = seconds_to_gap(&plan);
        }
        if self.plans {
            line["budgets"] = json!(plan.budgets());
            line["history"] = plan
                .history()
                .iter()
                .map(|point| json!([point.evaluations, point.seconds, point.value, point.upper_bound]))
                .collect();
        }
        Ok(line)
    }

    /// No iteration takes less than one evaluation, so that their number is no limit of its own.
    fn limited<O: BudgetOptimizer + 'static>(&self, default: O, limit: fn(O, usize) -> O) -> Box<dyn BudgetOptimizer> {
        Box::new(match self.max_evaluations {
            Some(evaluations) => limit(default, evaluations),
            None => default,
        })
    }

    fn optimizer(&self, choice: Choice) -> Box<dyn BudgetOptimizer> {
        match choice {
            Choice::Exact => {
                let exact = Exact::default().time_limit(Duration::from_secs_f64(self.time_limit));
                Box::new(self.gap.map_or(exact.clone(), |gap| exact.gap(gap)))
            }
            Choice::De => self.limited(DifferentialEvolution::default(), |de, n| de.max_iter(n).max_evaluations(n)),
            Choice::Pso => self.limited(ParticleSwarm::default(), |pso, n| pso.max_iter(n).max_evaluations(n)),
            Choice::Ga => self.limited(GeneticAlgorithm::default(), |ga, n| ga.max_iter(n).max_evaluations(n)),
            Choice::Sa => self.limited(SimulatedAnnealing::default(), |sa, n| sa.max_iter(n).max_evaluations(n)),
            Choice::Pg => self.limited(ProjectedGradient::default(), |pg, n| pg.max_iter(n).max_evaluations(n)),
            Choice::Random => self.limited(RandomSearch::default(), RandomSearch::max_evaluations),
        }
    }
}

impl Choice {
    /// Whether its result depends on a seed.
    fn draws(self) -> bool {
        self != Self::Exact
    }

    /// Beyond this it runs only where it is named: it would take minutes.
    fn most_campaigns(self) -> usize {
        match self {
            Self::Exact => usize::MAX,
            Self::De | Self::Pso | Self::Ga | Self::Sa | Self::Pg | Self::Random => 200,
        }
    }
}

/// Sorts `times` on the way.
fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    (times[(times.len() - 1) / 2] + times[times.len() / 2]) / 2.0
}

/// By how much the budgets miss the total, in major units; counted in minor ones, so that 0 is 0.
fn sum_violation(instance: &Instance, plan: &Allocation) -> f64 {
    let total = (instance.total_budget * 100.0).round() as i64;
    (plan.budgets().iter().sum::<i64>() - total).unsigned_abs() as f64 / 100.0
}

/// The most by which a budget leaves the bounds in the file, in major units; 0 when none does.
fn bound_violation(instance: &Instance, plan: &Allocation) -> f64 {
    let bounds = instance.lower.iter().zip(&instance.upper);
    let beyond = plan.budgets().iter().zip(bounds).map(|(&budget, (lower, upper))| {
        let spend = budget as f64 / 100.0;
        (lower - spend).max(spend - upper)
    });
    beyond.fold(0.0, f64::max)
}

/// When there first was a plan and a bound this close, for those gaps that were reached. Rounding and the certificate come
/// after the search, and are only in the time of the last.
fn seconds_to_gap(plan: &Allocation) -> Value {
    let mut reached = Map::new();
    for (name, gap) in [("1e-2", 1e-2), ("1e-3", 1e-3), ("1e-4", 1e-4), ("1e-6", 1e-6), ("1e-9", 1e-9)] {
        let close = |value: f64, bound: f64| bound - value <= gap * bound.abs();
        let during =
            plan.history().iter().find(|point| point.upper_bound.is_some_and(|bound| close(point.value, bound)));
        let at_last = (plan.gap() <= gap).then_some(plan.seconds());
        if let Some(seconds) = during.map(|point| point.seconds).or(at_last) {
            reached.insert(name.to_owned(), json!(seconds));
        }
    }
    Value::Object(reached)
}

/// A line for reading, from the one for machines.
fn text(line: &Value) -> String {
    let string = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
    let number = |key: &str| line[key].as_f64().unwrap_or(f64::NAN);
    format!(
        "{:20} {:7} seed {:2}  {:12.3} ms ({:.3} to {:.3}, {} runs)  value {:16.6}  gap {:8.2e}  {:8} evaluations  {}{}",
        string("data"),
        string("optimizer"),
        line["seed"],
        1e3 * number("wall_s"),
        1e3 * number("min_s"),
        1e3 * number("max_s"),
        line["repeats"],
        number("value"),
        number("gap"),
        line["evaluations"],
        string("stopping"),
        line["refused"].as_str().map(|why| format!(", certificate refused: {why}")).unwrap_or_default(),
    )
}

fn name(choice: impl ValueEnum) -> String {
    choice.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
