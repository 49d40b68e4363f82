//! From a simulated account's days to a plan and a forecast, in seconds by stage, judged by the true curves.
//!
//! `--write` gives the account to the Python side as the prototype's table, `--judge` values somebody's budgets by the same lines
//! as ours: the expected revenue of a day, by the true curves in the average circumstances of the history.

use std::error::Error;
use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use adsml::plan::{SimulatedCurve, simulated_history};
use adsml::simulate::{Account, Row};
use adsml_optimize::{
    BudgetOptimizer, BudgetProblem, BudgetProblemBuilder, Campaign, Currency, Exact, FitContext, Limit, PlannedDay,
    ResponseCurve, ResponseModel, Risk, Total, UncertainProblem, forecast_budgets,
};
use serde_json::json;

/// Options of `plan`.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    /// Campaigns of the account.
    #[arg(long, default_value_t = 100)]
    campaigns: usize,
    /// Its days.
    #[arg(long, default_value_t = 365)]
    days: usize,
    /// Draws of every campaign's curve.
    #[arg(long, default_value_t = 200)]
    draws: usize,
    /// Days to look ahead.
    #[arg(long, default_value_t = 30)]
    horizon: usize,
    /// Seed of the account.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads.
    #[arg(long, default_value = "2")]
    threads: NonZeroUsize,
    /// Write the account as `account.csv` and `account.json` here, and do nothing else.
    #[arg(long, value_name = "DIR")]
    write: Option<PathBuf>,
    /// Only value these budgets: a JSON list, in the order of `account.json`.
    #[arg(long, value_name = "FILE")]
    judge: Option<PathBuf>,
    /// JSON on one line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &PlanArgs) -> Result<(), Box<dyn Error>> {
    let account = Account::params().seed(args.seed).n_campaigns(args.campaigns).days(args.days).build()?;
    if let Some(folder) = &args.write {
        return write(&account, folder);
    }
    let line = match &args.judge {
        Some(file) => {
            let budgets: Vec<f64> = serde_json::from_str(&std::fs::read_to_string(file)?)?;
            if budgets.len() != account.campaigns().len() {
                return Err(format!("{} budgets for {} campaigns", budgets.len(), account.campaigns().len()).into());
            }
            json!({"bench": "plan judged", "total": budgets.iter().sum::<f64>(), "true_value": true_value(&account, &budgets)})
        }
        None => ours(args, &account)?,
    };
    if args.json {
        println!("{line}");
    } else {
        println!("{line:#}");
    }
    Ok(())
}

/// Rows to forecast on the clock; then the plan's true value, beside that of a plan within the prototype's bounds.
fn ours(args: &PlanArgs, account: &Account) -> Result<serde_json::Value, Box<dyn Error>> {
    let context = FitContext::default().with_threads(args.threads);
    let started = Instant::now();
    let mut stages = Vec::new();
    let mut lap = |stage: &str| stages.push((stage.to_owned(), started.elapsed().as_secs_f64()));
    let history = simulated_history(account)?;
    lap("history");
    let model = ResponseModel::params().n_draws(args.draws).fit_with(&history, &context)?;
    lap("curves");
    let problem = problem(account, |i| model.campaigns()[i].curve().clone());
    let draws = || model.campaigns().iter().map(|campaign| campaign.draws().to_vec()).collect();
    let plan =
        UncertainProblem::new(problem.clone(), draws())?.allocate_with(Risk::Mean, &Exact::default(), &context)?;
    lap("plan");
    let days = PlannedDay::following(model.last_date(), model.period(), args.horizon);
    let forecast = forecast_budgets(&model, &problem, &days, &context)?;
    lap("forecast");
    let seconds = started.elapsed().as_secs_f64();
    let mut before = 0.0;
    let stages: serde_json::Map<_, _> =
        stages.into_iter().map(|(stage, at)| (stage, json!(at - std::mem::replace(&mut before, at)))).collect();

    // The same curves, with the prototype's bounds in place of the observed spends.
    let [lower, upper] = bounds(account.campaigns().len()).map(Limit::Share);
    let bounded = UncertainProblem::new(problem.bounds(lower, upper).beyond_support(true), draws())?;
    let bounded = bounded.allocate_with(Risk::Mean, &Exact::default(), &context)?;
    let minor = Currency::new(account.currency()).minor_per_major();
    let value =
        |budgets: &[i64]| true_value(account, &budgets.iter().map(|&cents| cents as f64 / minor).collect::<Vec<_>>());
    let best = self::problem(account, |i| Arc::new(true_curve(account, i))).beyond_support(true).build()?;
    let best = Exact::default().allocate_with(&best, &context)?;
    Ok(json!({
        "bench": "plan", "campaigns": args.campaigns, "days": args.days, "draws": args.draws, "horizon": args.horizon,
        "seed": args.seed, "threads": args.threads, "seconds": seconds, "stages": stages, "plan_gap": plan.gap(),
        "forecast_gap": forecast.days.iter().map(|day| day.gap).fold(0.0, f64::max),
        "true_value": value(plan.allocation().budgets()), "true_value_bounded": value(bounded.allocation().budgets()),
        "true_value_today": true_value(account, &today(account)), "true_value_best": best.value(),
    }))
}

/// The prototype's bounds, as shares of the total. Its 5 % each cannot be kept by more than twenty campaigns, and would be the
/// whole plan of twenty: from ten on, the least is half of an equal share.
fn bounds(n_campaigns: usize) -> [f64; 2] {
    [0.05_f64.min(0.5 / n_campaigns as f64), 0.95]
}

/// Today's budgets, to the minor unit: the mean of the last week.
fn today(account: &Account) -> Vec<f64> {
    const WEEK: i32 = 7;
    let last = account.rows().last().map_or(0, |row| row.date);
    let minor = Currency::new(account.currency()).minor_per_major();
    let mut spend = vec![0.0; account.campaigns().len()];
    account.rows().iter().filter(|row| row.date > last - WEEK).for_each(|row| spend[row.campaign] += row.spend);
    spend.iter().map(|spend| (spend / f64::from(WEEK) * minor).round() / minor).collect()
}

fn problem(account: &Account, curve: impl Fn(usize) -> Arc<dyn ResponseCurve>) -> BudgetProblemBuilder {
    let today = today(account);
    let campaigns = account
        .campaigns()
        .iter()
        .enumerate()
        .map(|(i, campaign)| Campaign::with_curve(&campaign.id, curve(i)).today(today[i]));
    let currency = Currency::new(account.currency());
    let minor = currency.minor_per_major();
    let total = today.iter().map(|spend| (spend * minor).round()).sum::<f64>() / minor;
    BudgetProblem::builder(currency).campaigns(campaigns).total(Total::Exactly(total))
}

fn true_curve(account: &Account, number: usize) -> impl ResponseCurve + 'static {
    let campaign = &account.campaigns()[number];
    let usual = campaign.context.iter().sum::<f64>() / campaign.context.len() as f64;
    SimulatedCurve(campaign.curve).scaled(usual, 1.0).expect("a positive context")
}

fn true_value(account: &Account, budgets: &[f64]) -> f64 {
    budgets.iter().enumerate().map(|(i, &budget)| true_curve(account, i).value(budget)).sum()
}

/// The campaigns' days as the prototype's table, and what else its side has to know.
fn write(account: &Account, folder: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let mut table = "campaign_id,date,budget,day_of_week,hour_of_day,month,seasonality_factor,competition_level,\
                     audience_size,creative_count,relevance_score,roas\n"
        .to_owned();
    for rows in account.rows().chunk_by(|a, b| (a.date, a.campaign) == (b.date, b.campaign)) {
        let sum = |of: &dyn Fn(&Row) -> f64| rows.iter().map(of).sum::<f64>();
        let mean = |of: &dyn Fn(&Row) -> f64| sum(of) / rows.len() as f64;
        let spend = sum(&|row| row.spend);
        if spend > 0.0 {
            let day = &rows[0];
            writeln!(
                table,
                "{},{},{spend},{},{},{},{},{},{},{},{},{}",
                account.campaigns()[day.campaign].id,
                day.date,
                day.day_of_week,
                mean(&|row| f64::from(row.hour_of_day)),
                day.month,
                day.seasonality_factor,
                day.competition_level,
                sum(&|row| row.audience_size as f64),
                sum(&|row| f64::from(row.creative_count)),
                mean(&|row| row.relevance_score),
                sum(&|row| row.revenue) / spend,
            )?;
        }
    }
    std::fs::write(folder.join("account.csv"), table)?;
    let ids: Vec<&str> = account.campaigns().iter().map(|campaign| campaign.id.as_str()).collect();
    let today = today(account);
    let about = json!({
        "campaigns": ids, "today": today, "total": today.iter().sum::<f64>(), "bounds": bounds(ids.len()),
        "last_date": account.rows().last().map(|row| row.date),
    });
    std::fs::write(folder.join("account.json"), about.to_string())?;
    Ok(())
}
