//! What makes an ad get clicked, and where does more of it stop helping?
//!
//! ```text
//! cargo run --release --example explain_clicks
//! ```
//!
//! Learns from the first four fifths of a simulated account's days, and asks on the days after: how much worse does the
//! model get when a column is shuffled, what moves its predictions and which way, and how does the click rate follow the columns that
//! matter most? The account's truth is known, so the charts show it beside what was learnt. One ad is explained from the mean of all to
//! its own click rate.
#![allow(clippy::print_stderr)] // An example says on stderr what it wrote.

use std::path::PathBuf;

use adsml::core::ndarray::{Array1, s};
use adsml::core::{FeatureKind, FeatureMatrix, FittedTransform, TrainingSet};
use adsml::models::{
    GradientBoosting, Loss, PermutationImportance, ShapValues, individual_dependence, partial_dependence,
    permutation_importance, quantile_grid,
};
use adsml::plot::{
    BeeswarmChart, FeatureImportance, ImportanceChart, NumberFormat, PartialDependenceChart, ShapDependenceChart,
    WaterfallChart,
};
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
    charts.extend(contribution_charts(&model, &matrix)?);
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

/// What moves predictions: on average, row by row, by the values of one feature, and for one ad.
fn contribution_charts(model: &GradientBoosting, matrix: &FeatureMatrix) -> Outcome<Vec<(String, String)>> {
    const SUBTITLE: &str = "Days after those it learnt from";
    const UNIT: &str = "log odds";
    let shap = model.shap_values(matrix.view())?;
    let (contributions, moved) = (shap.values(0), shap.mean_absolute(0));
    let name = |feature: usize| matrix.columns()[feature].name.as_str();
    let values = |feature: usize| matrix.view().column(feature).to_vec();
    let features = 0..matrix.columns().len();

    let bars = ImportanceChart::new("What moves the click rate?")
        .subtitle(SUBTITLE)
        .unit("mean absolute contribution, log odds")
        .features(features.clone().map(|feature| (name(feature), moved[feature])));
    let swarm =
        features.clone().fold(BeeswarmChart::new("What moves the click rate, and which way?"), |chart, feature| {
            chart.feature(name(feature), &contributions.column(feature).to_vec(), &values(feature))
        });
    let mut charts = vec![
        ("contributions.svg".to_owned(), bars.to_svg()?),
        ("beeswarm.svg".to_owned(), swarm.subtitle(SUBTITLE).unit(UNIT).to_svg()?),
        ("one_ad.svg".to_owned(), waterfall(model, matrix, &shap)?),
    ];
    let is_number = |&feature: &usize| matrix.columns()[feature].kind == FeatureKind::Number;
    if let Some(feature) = features.filter(is_number).max_by(|&a, &b| moved[a].total_cmp(&moved[b])) {
        let other = strongest_partner(model, matrix, feature)?;
        let chart = ShapDependenceChart::new(format!("What does {} contribute?", name(feature)))
            .subtitle(SUBTITLE)
            .feature(name(feature))
            .contribution(UNIT)
            .points(&values(feature), &contributions.column(feature).to_vec())
            .colored_by(name(other), &values(other));
        charts.push((format!("contribution_of_{}.svg", name(feature)), chart.to_svg()?));
    }
    Ok(charts)
}

/// The feature on which the contribution of another depends most, by some of the rows.
fn strongest_partner(model: &GradientBoosting, matrix: &FeatureMatrix, feature: usize) -> Outcome<usize> {
    let every = matrix.n_samples().div_ceil(200);
    let pairs = model.shap_interactions(matrix.view().slice(s![..; every, ..]))?;
    let with =
        |other: usize| pairs.values(0).slice(s![.., feature, other]).iter().map(|value| value.abs()).sum::<f64>();
    let others = (0..matrix.columns().len()).filter(|&other| other != feature);
    Ok(others.max_by(|&a, &b| with(a).total_cmp(&with(b))).unwrap_or(feature))
}

/// The ad with the highest predicted click rate, explained.
fn waterfall(model: &GradientBoosting, matrix: &FeatureMatrix, shap: &ShapValues) -> Outcome<String> {
    let rates = model.predict(matrix.view())?;
    let best = (0..rates.len()).max_by(|&a, &b| rates[a].total_cmp(&rates[b])).ok_or("no rows")?;
    let explanation = shap.explanation(0, best);
    let percent = |rate: f64| format!("{:.2} %", 100.0 * rate);
    let at_base = 1.0 / (1.0 + (-explanation.base).exp());
    let mut chart = WaterfallChart::new("Why is this ad said to be clicked most?")
        .subtitle("The highest of all predictions on days after those the model learnt from")
        .unit("log odds")
        .base(format!("mean of all, {}", percent(at_base)), explanation.base)
        .prediction(format!("this ad, {}", percent(rates[best])));
    for (feature, column) in matrix.columns().iter().enumerate() {
        let value = matrix.view()[[best, feature]];
        let value = match &column.kind {
            FeatureKind::Category { levels } => levels.iter().nth(value as usize).unwrap_or("unknown").to_owned(),
            FeatureKind::Number => format!("{value:.4}").trim_end_matches('0').trim_end_matches('.').to_owned(),
        };
        chart = chart.feature(format!("{} = {value}", column.name), explanation.contributions[feature]);
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
