//! What the planning examples share: where a problem comes from, who divides the budget, what is said of the plan.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use adsml::Chart;
use adsml::optimize::{BudgetProblemBuilder, Constraint, ProblemSpec};
use adsml::plan::demo_problem;
use adsml::prelude::*;
use serde_json::{Value, json};

use crate::Outcome;

/// Six campaigns with curves of six kinds.
const BUNDLED: &str = include_str!("../data/budget.json");

/// What every plan has to say of itself.
pub const CAUTION: &str = "Optimal for the given curves; not causal evidence.";

/// The problem, and what to change about it.
#[derive(Debug, Clone, clap::Args)]
pub struct ProblemArgs {
    /// JSON file: campaigns with curves, bounds, groups, total, objective. Without it, a bundled one.
    #[arg(long, value_name = "FILE")]
    pub problem: Option<PathBuf>,
    /// Total, to the cent; `at-most:900` for so much or less.
    #[arg(long, value_name = "AMOUNT", value_parser = total)]
    pub total: Option<Total>,
    /// Bounds for campaigns without their own: up to 1 shares of the total, above that money.
    #[arg(long, value_name = "LOW,HIGH", value_parser = bounds)]
    pub bounds: Option<(Limit, Limit)>,
    /// response, profit:MARGIN, roas:TARGET, cpa:TARGET or min-spend:VOLUME. But for response, an exact total of the file
    /// becomes the most that may be spent.
    #[arg(long, value_name = "WHAT", value_parser = objective)]
    pub objective: Option<Objective>,
}

/// How the work is done, and what is printed.
#[derive(Debug, Clone, clap::Args)]
pub struct WorkArgs {
    /// Seed of everything random.
    #[arg(long, default_value_t = 42)]
    pub seed: u64,
    /// Threads to use; all by default. The plan does not depend on it.
    #[arg(long)]
    pub threads: Option<NonZeroUsize>,
    /// Folder for charts and files.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print one JSON object instead of tables.
    #[arg(long)]
    pub json: bool,
}

impl ProblemArgs {
    /// The problem of `--problem` or the bundled one, with the changes that were asked for.
    pub fn build(&self) -> Outcome<BudgetProblem> {
        let text = match &self.problem {
            Some(path) => std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?,
            None => BUNDLED.to_owned(),
        };
        let name = self.problem.as_ref().map_or("the bundled problem".into(), |path| path.display().to_string());
        let spec: ProblemSpec = serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        let total = spec.total;
        self.change(spec.into_builder()?, total)
    }

    /// The daily budgets of the simulated account on its true curves, with the changes that were asked for.
    pub fn build_simulated(&self) -> Outcome<BudgetProblem> {
        let builder = demo_problem(&Account::demo())?;
        let total = builder.clone().build()?.total();
        self.change(builder, total)
    }

    fn change(&self, mut builder: BudgetProblemBuilder, total: Option<Total>) -> Outcome<BudgetProblem> {
        if let Some((lower, upper)) = self.bounds {
            builder = builder.bounds(lower, upper);
        }
        if let Some(objective) = self.objective {
            builder = builder.objective(objective);
            // Whoever looks for profit, a target or the least spend need not spend it all.
            if let (Some(Total::Exactly(most)), false) = (total, objective == Objective::Response) {
                builder = builder.total(Total::AtMost(most));
            }
        }
        if let Some(total) = self.total {
            builder = builder.total(total);
        }
        Ok(builder.build()?)
    }
}

impl WorkArgs {
    /// Seed and threads.
    pub fn context(&self) -> FitContext<'static> {
        let context = FitContext::seeded(self.seed);
        match self.threads {
            Some(threads) => context.with_threads(threads),
            None => context,
        }
    }

    /// Writes charts and other files into `--out`, or into `out/<example>`; gives what was written.
    pub fn write(&self, example: &str, charts: Vec<Chart>, files: &[(&str, String)]) -> Outcome<Vec<PathBuf>> {
        let folder = self.out.clone().unwrap_or_else(|| Path::new("out").join(example));
        std::fs::create_dir_all(&folder)?;
        let charts = charts.iter().map(|chart| (chart.file_name, &chart.svg));
        let mut written = Vec::new();
        for (name, text) in charts.chain(files.iter().map(|(name, text)| (*name, text))) {
            let path = folder.join(name);
            std::fs::write(&path, text)?;
            written.push(path);
        }
        Ok(written)
    }
}

/// The optimiser of that name, or of its usual letters.
pub fn optimizer(name: &str) -> Outcome<Box<dyn BudgetOptimizer>> {
    let beginning = match name {
        "de" => "differential",
        "ga" => "genetic",
        "pso" => "particle",
        "sa" => "simulated",
        "bo" => "bayes",
        "pg" => "projected",
        other => other,
    };
    let mut all = default_optimizers();
    let known: Vec<&str> = all.iter().map(|optimizer| optimizer.name()).collect();
    match known.iter().position(|known| !beginning.is_empty() && known.starts_with(beginning)) {
        Some(place) => Ok(all.swap_remove(place)),
        None => Err(format!("there is no optimiser `{name}`, expected one of {}", known.join(", ")).into()),
    }
}

/// Today's expected response, where every campaign says what it spends today.
pub fn response_today(problem: &BudgetProblem) -> Option<f64> {
    let budgets = problem.today()?;
    let spends = budgets.iter().map(|&budget| problem.currency().to_major(budget));
    Some(problem.campaigns().iter().zip(spends).map(|(campaign, spend)| campaign.curve().value(spend)).sum())
}

/// What the plan changes, what it cannot miss by much, and what more money would bring. `response` in words, with its unit:
/// `revenue, EUR per day`.
pub fn summary(problem: &BudgetProblem, plan: &Allocation, response: &str) -> String {
    let mut text = String::new();
    if let Some(today) = response_today(problem) {
        let change = 100.0 * (plan.response() / today - 1.0);
        let sum = problem.today().unwrap_or_default().iter().sum();
        let money = |minor| problem.currency().format(minor);
        text += &format!(
            "Expected {response}: today {today:.2} from {}, proposed {:.2} from {} ({change:+.1} %).\n",
            money(sum),
            plan.response(),
            money(plan.total())
        );
    }
    if let Some(price) = plan.shadow_prices().iter().find(|price| price.constraint == Constraint::Total) {
        let code = problem.currency().code();
        text += &format!("100 {code} more in total are worth about {:.2} to the objective.\n", 100.0 * price.per_unit);
    }
    text + CAUTION
}

/// The plan as one JSON object: budgets and money in minor units, the certificate left out.
pub fn plan_json(problem: &BudgetProblem, plan: &Allocation) -> Outcome<Value> {
    let mut json = serde_json::to_value(plan)?;
    if let Some(fields) = json.as_object_mut() {
        fields.remove("certificate");
        fields.insert("total".to_owned(), json!(plan.total()));
        fields.insert("today".to_owned(), json!({"budgets": problem.today(), "response": response_today(problem)}));
        fields.insert("caution".to_owned(), json!(CAUTION));
    }
    Ok(json)
}

pub(crate) fn total(text: &str) -> Result<Total, String> {
    match text.strip_prefix("at-most:") {
        Some(most) => number(most).map(Total::AtMost),
        None => number(text).map(Total::Exactly),
    }
}

pub(crate) fn bounds(text: &str) -> Result<(Limit, Limit), String> {
    let limit = |text| number(text).map(|at| if at <= 1.0 { Limit::Share(at) } else { Limit::Amount(at) });
    let (lower, upper) = text.split_once(',').ok_or("expected two numbers with a comma between them")?;
    Ok((limit(lower)?, limit(upper)?))
}

fn objective(text: &str) -> Result<Objective, String> {
    let (kind, number_text) = text.split_once(':').unwrap_or((text, ""));
    match kind {
        "response" if number_text.is_empty() => Ok(Objective::Response),
        "profit" => Ok(Objective::Profit { margin: number(number_text)? }),
        "roas" => Ok(Objective::TargetRoas(number(number_text)?)),
        "cpa" => Ok(Objective::TargetCpa(number(number_text)?)),
        "min-spend" => Ok(Objective::MinimumSpend { volume: number(number_text)? }),
        _ => Err("expected response, profit:MARGIN, roas:TARGET, cpa:TARGET or min-spend:VOLUME".to_owned()),
    }
}

fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| format!("`{text}` is not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args() -> ProblemArgs {
        ProblemArgs { problem: None, total: None, bounds: None, objective: None }
    }

    #[test]
    fn the_bundled_problem_is_solved_with_a_proof() {
        let problem = args().build().unwrap();
        let plan = optimizer("exact").unwrap().allocate(&problem).unwrap();
        assert!(plan.gap() < 1e-6, "{plan}");
        plan.certificate().verify(&problem).unwrap();
        assert!(plan.response() > response_today(&problem).unwrap());
        let text = summary(&problem, &plan, "revenue");
        assert!(text.contains("today") && text.ends_with(CAUTION), "{text}");
        assert!(plan_json(&problem, &plan).unwrap().get("certificate").is_none());
    }

    #[test]
    fn the_readmes_problems_are_solved() {
        for file in ["README.md", "README.es.md"] {
            let text = std::fs::read_to_string(format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
            let json = text.split("```json").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
            let spec: ProblemSpec = serde_json::from_str(json).unwrap();
            let plan = Exact::default().allocate(&spec.build().unwrap()).unwrap();
            assert_eq!(plan.total(), 100_000, "{file}");
        }
    }

    #[test]
    fn options_change_the_problem() {
        let profit = ProblemArgs { objective: Some(Objective::Profit { margin: 0.4 }), ..args() };
        assert_eq!(profit.build().unwrap().total(), Some(Total::AtMost(2000.0)));
        let exact = ProblemArgs { total: Some(Total::Exactly(1500.0)), ..profit };
        assert_eq!(exact.build().unwrap().total(), Some(Total::Exactly(1500.0)));
        let crossed = ProblemArgs { bounds: Some((Limit::Share(0.9), Limit::Share(0.1))), ..args() };
        assert!(format!("{:?}", crossed.build().unwrap_err()).contains("above its upper bound"));
    }

    #[test]
    fn words_of_the_command_line_are_understood() {
        assert_eq!(total("900"), Ok(Total::Exactly(900.0)));
        assert_eq!(total("at-most:900.5"), Ok(Total::AtMost(900.5)));
        assert_eq!(bounds("0.05,0.95"), Ok((Limit::Share(0.05), Limit::Share(0.95))));
        assert_eq!(bounds("0,400"), Ok((Limit::Share(0.0), Limit::Amount(400.0))));
        assert_eq!(objective("roas:4"), Ok(Objective::TargetRoas(4.0)));
        assert_eq!(objective("min-spend:5000"), Ok(Objective::MinimumSpend { volume: 5000.0 }));
        for wrong in ["", "roas", "roas:", "fame:1", "response:2"] {
            assert!(objective(wrong).is_err(), "{wrong}");
        }
        for (letters, name) in
            [("de", "differential_evolution"), ("pso", "particle_swarm"), ("random", "random_search")]
        {
            assert_eq!(optimizer(letters).unwrap().name(), name);
        }
        assert!(bounds("0.1").is_err() && total("much").is_err());
        assert!(format!("{:?}", optimizer("luck").unwrap_err()).contains("expected one of exact"));
    }
}
