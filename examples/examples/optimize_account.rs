//! What is going on in this ad account, and what should change?
//!
//! ```text
//! cargo run --release --example optimize_account
//! ```
//!
//! It learns which ads get clicked, tells how far the prediction can be trusted, shows what each campaign's clicks owe to
//! its ads, and divides today's money anew, with a proof that no other plan is better on the same curves. Without `--csv` it
//! runs on a simulated account, whose truth is known: its plan is made on the true curves. `--csv FILE` takes your own
//! table, with the options of `predict_ctr`; curves are not yet fitted to it, so it ends without a plan.
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use adsml::plan::{allocation_chart, demo_problem};
use adsml::prelude::*;
use adsml_examples::plan::{plan_json, summary};
use adsml_examples::{Outcome, PredictArgs, say};
use clap::Parser;
use serde_json::Value;

/// What is said in place of a plan.
const NO_CURVES: &str = "No plan: it needs a response curve per campaign, and none are fitted to tables yet. With curves of \
your own: cargo run --release --example allocate_budget -- --problem FILE";

/// What is going on in this ad account, and what should change?
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    predict: PredictArgs,
}

fn main() -> Outcome {
    let args = Args::parse().predict;
    let (predictor, truth) = match &args.csv {
        Some(path) => {
            let table = args.read(path)?;
            (args.fit(&args.recipe(&table)?, &table)?, None)
        }
        None => {
            let account = Account::demo();
            let predictor = args.fit(&demo_recipe(&args), &account.table())?;
            (predictor, Some(account))
        }
    };
    let planned = truth.as_ref().map(plan).transpose()?;
    let mut written = args.write(&predictor, "optimize_account")?;
    if let (Some((_, plan)), Some(folder)) = (&planned, written.first().and_then(|path| path.parent())) {
        let chart = allocation_chart(plan)?;
        let path = folder.join(chart.file_name);
        std::fs::write(&path, chart.svg)?;
        written.push(path);
    }
    if args.json {
        let mut report = predictor.report().to_json();
        report["plan"] = match &planned {
            Some((problem, plan)) => plan_json(problem, plan)?,
            None => Value::Null,
        };
        say(report)?;
    } else {
        say(predictor.report())?;
        if let Some(account) = &truth {
            say(campaigns(&predictor, account)?)?;
            say(comparison_with_truth(&predictor, account).unwrap_or_default())?;
        }
        match &planned {
            Some((problem, plan)) => {
                let response = format!("revenue in {} on a usual day", problem.currency().code());
                say(format!("\nToday's daily budgets, divided anew on the account's true curves:\n{plan}"))?;
                say(summary(problem, plan, &response))?;
            }
            None => say(NO_CURVES)?,
        }
    }
    for path in written {
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

/// What the campaigns spend on an average day, divided anew: each between 5 % and 95 % of it, on the true curves.
fn plan(account: &Account) -> Outcome<(BudgetProblem, Allocation)> {
    let problem = demo_problem(account)?.prototype_bounds().build()?;
    let plan = Exact::default().allocate(&problem)?;
    plan.certificate().verify(&problem)?;
    Ok((problem, plan))
}

/// The prototype's features, judged on days after those the models learnt from.
fn demo_recipe(args: &PredictArgs) -> CtrPredictorParams {
    CtrPredictor::params().rate("clicks", "impressions").time("date").folds(args.folds)
}

/// What each campaign's ads should get, beside what they got.
fn campaigns(predictor: &CtrPredictor, account: &Account) -> Outcome<String> {
    let table = account.table();
    let rates = predictor.predict_table(&table)?;
    let (clicks, impressions) = (table.number("clicks")?, table.number("impressions")?);
    let (spend, campaign) = (table.number("spend")?, table.category("campaign_id")?);
    let mut text =
        format!("{:<14} {:>10} {:>12} {:>12} {:>14}\n", "campaign", "CTR", "expected CTR", "cost/click", "spend");
    for (code, name) in campaign.levels().iter().enumerate() {
        let rows = || (0..table.n_rows()).filter(|&row| campaign.codes()[row] as usize == code);
        let observed: Ratio = rows().map(|row| Ratio::new(clicks[row], impressions[row])).sum();
        let expected: Ratio = rows().map(|row| Ratio::new(rates[row] * impressions[row], impressions[row])).sum();
        let cost: Ratio = rows().map(|row| Ratio::new(spend[row], clicks[row])).sum();
        let percent = |ratio: Ratio| ratio.value().map_or("–".to_owned(), |value| format!("{:.3} %", 100.0 * value));
        let money = |value: f64| format!("{value:.2} {}", account.currency());
        let cost_per_click = cost.value().map_or("–".to_owned(), money);
        let (observed, expected) = (percent(observed), percent(expected));
        let spent = money(cost.numerator);
        text += &format!("{name:<14} {observed:>10} {expected:>12} {cost_per_click:>12} {spent:>14}\n");
    }
    Ok(text)
}

/// How much of what can be known about clicks the chosen model knows, on rows it had not seen.
fn comparison_with_truth(predictor: &CtrPredictor, account: &Account) -> Option<String> {
    let leaderboard = predictor.leaderboard()?;
    let loss = |row: &adsml::eval::Row| Some(row.score(Metric::LogLoss)?.out_of_fold.as_ref()?.value);
    let (constant, model) = (loss(leaderboard.baseline())?, loss(leaderboard.chosen())?);
    let table = account.table();
    let impressions = table.number("impressions").ok()?;
    // Out-of-fold predictions are for rows with impressions, in the table's order.
    let used = (0..table.n_rows()).filter(|&row| impressions[row] > 0.0);
    let judged = used.zip(leaderboard.chosen().out_of_fold()).filter(|(_, rate)| !rate.is_nan()).map(|(row, _)| row);
    let floor = account.noise_floor_of(judged)?.log_loss;
    let known = 100.0 * (constant - model) / (constant - floor);
    Some(format!(
        "This account is simulated, so its truth is known. Log loss on the judged rows:\n\
         {:<26} {constant:.6}\n{:<26} {model:.6}\n{:<26} {floor:.6}\n\
         The chosen model knows {known:.0} % of what can be known about these clicks.",
        "  the average rate",
        format!("  {}", leaderboard.chosen().name()),
        "  the truth itself",
    ))
}
