//! What should every campaign spend on each of the next thirty days, and what will that bring?
//!
//! ```text
//! cargo run --release --example forecast_budgets -- --horizon 30
//! ```
//!
//! The prototype's forecast, done over: the season and the competition to come are a calendar that the caller states (on the
//! simulated account, the prototype's own sines), every day's budgets are proved, and intervals widen with what nobody knows.
//! `--change-cost` keeps budgets from jumping from day to day.
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use std::f64::consts::TAU;
use std::fmt::Write;

use adsml::core::calendar;
use adsml::optimize::PlannedDay;
use adsml::prelude::*;
use adsml_examples::planner::PlannerArgs;
use adsml_examples::{Outcome, say};
use clap::Parser;

/// What should every campaign spend on each of the next thirty days, and what will that bring?
#[derive(Debug, Parser)]
struct Args {
    #[command(flatten)]
    planner: PlannerArgs,
}

fn main() -> Outcome {
    let args = Args::parse().planner;
    let account = Account::demo();
    let planner = args.fit_with(&account, |recipe| match args.csv {
        None => recipe.outlook(outlook(&account, args.horizon)),
        Some(_) => recipe,
    })?;
    let written = args.write(&planner, "forecast_budgets")?;
    if args.json {
        let report = planner.report().to_json();
        say(&report["forecast"])?;
    } else {
        say(days(&planner)?)?;
    }
    for path in written {
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

/// The prototype's calendar: season and competition by the day of the year; each campaign's competition around its usual one.
fn outlook(account: &Account, horizon: usize) -> Vec<PlannedDay> {
    let last = account.rows().last().map_or(0, |row| row.date);
    let day = |day: PlannedDay| {
        let wave = (TAU * f64::from(calendar::day_of_year(day.date())) / 365.0).sin();
        let season = 1.0 + 0.1 * wave;
        account
            .campaigns()
            .iter()
            .fold(day, |day, campaign| day.context_of(&campaign.id, [campaign.usual_competition + 0.05 * wave, season]))
    };
    PlannedDay::following(last, 1, horizon).into_iter().map(day).collect()
}

/// A line per day: what is spent, what is expected, how far off that may be.
fn days(planner: &BudgetPlanner) -> Outcome<String> {
    let report = planner.report();
    let forecast = &report.forecast;
    let (m, r) = (report.money_decimals(), report.response_decimals());
    let mut text = format!("{:<11} {:>12} {:>12} {:>25}", "date", "spend", "expected", "nine in ten between");
    for id in &forecast.campaigns {
        write!(text, " {id:>9}")?;
    }
    for period in &forecast.periods {
        let [low, high] = period.interval;
        let spend: f64 = period.budgets.iter().sum();
        write!(text, "\n{:<11} {spend:>12.m$} {:>12.r$} {low:>12.r$} {high:>12.r$}", period.date, period.response)?;
        for budget in &period.budgets {
            write!(text, " {budget:>9.m$}")?;
        }
    }
    if let Some(last) = forecast.periods.last() {
        let [low, high] = last.cumulative_interval;
        let (n, sum) = (forecast.periods.len(), last.cumulative);
        let what = if report.unit == ResponseUnit::Conversions { "conversions" } else { &report.currency };
        write!(text, "\n{sum:.r$} {what} in {n} periods, nine in ten between {low:.r$} and {high:.r$}.")?;
    }
    for warning in &report.warnings {
        write!(text, "\nWarning: {warning}.")?;
    }
    Ok(format!("{text}\n{}", report.caution))
}
