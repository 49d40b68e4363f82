//! What is going on in this ad account, and what should change?
//!
//! ```text
//! cargo run --release --example optimize_account
//! ```
//!
//! It learns which ads get clicked, tells how far the prediction can be trusted, shows what each campaign's clicks owe to
//! its ads; then it learns what each campaign's money buys, and divides today's budget anew, with a proof, with what the plan brings
//! beyond today's and how sure that is. Without `--csv` it runs on a simulated account, whose truth is known and shown.
//! `--csv FILE` takes your own table, with the options of `predict_ctr`; one of Meta's files is planned from, too.
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use adsml::plan::allocation_chart;
use adsml::prelude::*;
use adsml_examples::planner::demo_recipe as plan_recipe;
use adsml_examples::{Outcome, PredictArgs, say};
use clap::Parser;
use serde_json::Value;

/// What is said in place of a plan.
const NO_PLAN: &str = "No plan: it needs to know the campaign, date, spend and revenue of every row. Name the columns to plan_budget: \
cargo run --release --example plan_budget -- --csv FILE --campaign COL --date COL --spend COL --revenue COL";

/// What is going on in this ad account, and what should change?
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    predict: PredictArgs,
}

fn main() -> Outcome {
    let args = Args::parse().predict;
    let (predictor, planner, truth) = match &args.csv {
        Some(path) => {
            let table = args.read(path)?;
            let predictor = args.fit(&args.recipe(&table)?, &table)?;
            // A table that is not Meta's names its columns to plan_budget.
            let planner = match BudgetPlannerParams::from_ads(&table) {
                Ok(recipe) => Some(recipe.fit_with(&table, &args.context())?),
                Err(_) => None,
            };
            (predictor, planner, None)
        }
        None => {
            let account = Account::demo();
            let predictor = args.fit(&demo_recipe(&args), &account.table())?;
            let planner = plan_recipe(&account).fit_with(&account.campaign_table(), &args.context())?;
            (predictor, Some(planner), Some(account))
        }
    };
    let mut written = args.write(&predictor, "optimize_account")?;
    if let (Some(planner), Some(folder)) = (&planner, written.first().and_then(|path| path.parent())) {
        let chart = allocation_chart(planner.allocation())?;
        let path = folder.join(chart.file_name);
        std::fs::write(&path, chart.svg)?;
        written.push(path);
    }
    if args.json {
        let mut report = predictor.report().to_json();
        report["plan"] = planner.as_ref().map_or(Value::Null, |planner| planner.report().to_json());
        say(report)?;
    } else {
        say(predictor.report())?;
        if let Some(account) = &truth {
            say(campaigns(&predictor, account)?)?;
            say(comparison_with_truth(&predictor, account).unwrap_or_default())?;
        }
        match &planner {
            Some(planner) => say(format!("\n{}", planner.report()))?,
            None => say(NO_PLAN)?,
        }
        if let (Some(account), Some(planner)) = (&truth, &planner) {
            say(adsml_examples::planner::truth(planner, account))?;
        }
    }
    for path in written {
        eprintln!("wrote {}", path.display());
    }
    Ok(())
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
