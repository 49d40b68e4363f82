//! What makes an ad get clicked, and where does more of it stop helping?
//!
//! ```text
//! cargo run --release --example explain_clicks
//! ```
//!
//! Learns from the first four fifths of a simulated account's days, and asks on the days after: how much worse does the
//! model get when a column is shuffled, and how does the click rate follow the columns that matter most? The account's truth is
//! known, so the charts show it beside what was learnt.
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use std::path::PathBuf;

use adsml::core::ndarray::{Array1, s};
use adsml::core::{FeatureMatrix, FittedTransform, TrainingSet};
use adsml::models::{
    GradientBoosting, Loss, PermutationImportance, individual_dependence, partial_dependence, permutation_importance,
    quantile_grid,
};
use adsml::plot::{FeatureImportance, ImportanceChart, NumberFormat, PartialDependenceChart};
use adsml::prelude::*;
use adsml::simulate::{Row, true_ctr};
use adsml_examples::{Outcome, say};
use clap::Parser;

/// What makes an ad get clicked, and where does more of it stop helping?
#[derive(Debug, Parser)]
struct Args {
    /// Shuffles of every column; more of them make the whiskers shorter.
    #[arg(long, default_value_t = 10)]
    repeats: usize,
    /// Seed of everything random.
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// Folder for the charts.
    #[arg(long, value_name = "DIR", default_value = "out/explain_clicks")]
    out: PathBuf,
}

const NUMBERS: [&str; 7] =
    ["budget", "audience_size", "creative_count", "relevance_score", "competition_level", "hour_of_day", "day_of_week"];
const CATEGORIES: [&str; 5] = ["objective", "placement", "device_platform", "age_range", "gender"];
/// Columns that tell the same story and are shuffled together; alone, each would hide behind the other. (They come out at
/// nothing here: the account is one spring, and trees know nothing of months they have not seen.)
const SEASON: [&str; 2] = ["month", "seasonality_factor"];
/// Dependences that are drawn, of the numbers that matter most.
const N_CHARTS: usize = 2;

fn main() -> Outcome {
    let args = Args::parse();
    let context = FitContext::seeded(args.seed);
    let account = Account::demo();
    let (early, late) = split(account.rows());
    let table = account.table();
    let pipeline = FeaturePipeline::for_trees().numeric(NUMBERS).numeric(SEASON).categorical(CATEGORIES);
    let (pipeline, matrix) = pipeline.fit_transform(&table.take_rows(&early), None, &context)?;
    let (rates, impressions) = rates(account.rows(), &early);
    let training = TrainingSet::from_matrix(&matrix, rates.view())?.with_weight(Some(impressions.view()))?;
    let model = GradientBoosting::params()
        .loss(Loss::Logistic)
        .n_estimators(150)
        .learning_rate(0.05)
        .max_leaves(8)
        .fit_set(&training, &context)?;

    let matrix = pipeline.transform(&table.take_rows(&late))?;
    let (rates, impressions) = self::rates(account.rows(), &late);
    let held_out = TrainingSet::from_matrix(&matrix, rates.view())?.with_weight(Some(impressions.view()))?;
    let log_loss = |y: &[f64], p: &[f64], w: &[f64]| Metric::LogLoss.evaluate(y, p, Some(w)).unwrap_or(f64::NAN);
    let mut found = permutation_importance(&model, &held_out, &groups(&matrix), args.repeats, log_loss, &context)?;
    found.sort_by(|a, b| b.mean.total_cmp(&a.mean));
    say(summary(&matrix, &found))?;

    std::fs::create_dir_all(&args.out)?;
    let mut charts = vec![("importance.svg".to_owned(), importance_chart(&matrix, &found)?)];
    let numbers = found.iter().filter(|one| one.features.len() == 1).map(|one| one.features[0]);
    let name_of = |feature: usize| matrix.columns()[feature].name.as_str();
    for feature in numbers.filter(|&feature| NUMBERS.contains(&name_of(feature))).take(N_CHARTS) {
        let rows: Vec<&Row> = late.iter().map(|&row| &account.rows()[row]).collect();
        let chart = dependence_chart(&model, &held_out, (feature, name_of(feature)), &rows)?;
        charts.push((format!("dependence_on_{}.svg", name_of(feature)), chart));
    }
    for (name, svg) in charts {
        let path = args.out.join(name);
        std::fs::write(&path, svg)?;
        eprintln!("wrote {}", path.display());
    }
    Ok(())
}

/// The rows with impressions of the first four fifths of the days, and those of the days after.
fn split(rows: &[Row]) -> (Vec<usize>, Vec<usize>) {
    let first = rows.iter().map(|row| row.date).min().unwrap_or_default();
    let last = rows.iter().map(|row| row.date).max().unwrap_or_default();
    let cut = first + (last - first + 1) * 4 / 5;
    (0..rows.len()).filter(|&row| rows[row].impressions > 0).partition(|&row| rows[row].date < cut)
}

/// Clicks per impression, and impressions.
fn rates(rows: &[Row], of: &[usize]) -> (Array1<f64>, Array1<f64>) {
    let rate = |&row: &usize| rows[row].clicks as f64 / rows[row].impressions as f64;
    (of.iter().map(rate).collect(), of.iter().map(|&row| rows[row].impressions as f64).collect())
}

/// Every column alone, but the season's together.
fn groups(matrix: &FeatureMatrix) -> Vec<Vec<usize>> {
    let is_season = |&feature: &usize| SEASON.contains(&matrix.columns()[feature].name.as_str());
    let (season, others): (Vec<usize>, Vec<usize>) = (0..matrix.columns().len()).partition(is_season);
    others.into_iter().map(|feature| vec![feature]).chain([season]).collect()
}

fn group_name(matrix: &FeatureMatrix, group: &PermutationImportance) -> String {
    group.features.iter().map(|&feature| matrix.columns()[feature].name.as_str()).collect::<Vec<_>>().join(" + ")
}

fn summary(matrix: &FeatureMatrix, found: &[PermutationImportance]) -> String {
    let mut text = "On days after those it learnt from, log loss rises when a column is shuffled by\n".to_owned();
    for one in found {
        // A millionth of a nat per impression is about what a column is worth at click rates of a few percent.
        let (mean, error) = (1e6 * one.mean, 1e6 * one.standard_error());
        text += &format!("  {:<30} {mean:>8.1} ± {error:.1} millionths of a nat\n", group_name(matrix, one));
    }
    text
}

fn importance_chart(matrix: &FeatureMatrix, found: &[PermutationImportance]) -> Outcome<String> {
    let bar = |one: &PermutationImportance| {
        let reach = 2.0 * one.standard_error();
        FeatureImportance::new(group_name(matrix, one), one.mean).interval(one.mean - reach, one.mean + reach)
    };
    let chart = ImportanceChart::new("What does the click model lean on?")
        .subtitle("Days after those it learnt from; columns joined by + are shuffled together")
        .unit("rise of log loss when shuffled, nats per impression")
        .interval_label(format!("± 2 standard errors of {} shuffles", found[0].n_repeats))
        .features(found.iter().map(bar));
    Ok(chart.to_svg()?)
}

/// The click rate along one number: the model's, the truth's where it can be asked, and some single rows of the model.
fn dependence_chart(
    model: &GradientBoosting,
    held_out: &TrainingSet<'_>,
    (feature, name): (usize, &str),
    rows: &[&Row],
) -> Outcome<String> {
    let column = held_out.x.column(feature);
    let grid = quantile_grid(column, 40);
    let learnt = partial_dependence(model, held_out, feature, grid.view())?;
    let mut chart = PartialDependenceChart::new(format!("How does the click rate follow {name}?"))
        .subtitle("Mean over the days after those it learnt from, weighted by impressions")
        .feature(name)
        .predicted("click-through rate")
        .format(NumberFormat::Percent)
        .grid(&grid.to_vec())
        .rows(&column.to_vec())
        .line("learnt", &learnt);
    if let Some(truth) = grid.iter().map(|&value| true_dependence(rows, name, value)).collect::<Option<Vec<f64>>>() {
        chart = chart.line("truth", &truth);
    }
    let every = held_out.n_samples().div_ceil(30);
    let x = held_out.x.slice(s![..; every, ..]);
    let y = held_out.y.slice(s![..; every]);
    let curves = individual_dependence(model, &TrainingSet::new(x, y)?, feature, grid.view())?;
    for curve in curves.rows() {
        chart = chart.individual(&curve.to_vec());
    }
    Ok(chart.to_svg()?)
}

/// The true click rate with a column set to a value; `None` for a column that the truth is not asked of here.
fn true_dependence(rows: &[&Row], name: &str, value: f64) -> Option<f64> {
    let mean = rows.iter().map(|&row| {
        let mut row = row.clone();
        match name {
            "budget" => row.budget = value,
            "audience_size" => row.audience_size = value as u64,
            "creative_count" => row.creative_count = value as u32,
            "relevance_score" => row.relevance_score = value,
            "competition_level" => row.competition_level = value,
            "hour_of_day" => row.hour_of_day = value as u32,
            _ => return None,
        }
        Some(Ratio::new(true_ctr(&row) * row.impressions as f64, row.impressions as f64))
    });
    mean.sum::<Option<Ratio>>()?.value()
}
