//! Charts of a fitted predictor.

use adsml_eval::{Direction as Better, Metric};
use adsml_plot::{
    Direction, ImportanceChart, LeaderboardChart, ModelScore, NumberFormat, PlotError, PredictedActualChart,
    ReliabilityBin, ReliabilityChart,
};

use super::{CtrPredictor, Judged, ModelReport, PredictReport};
use crate::{Chart, Error, Result};

impl CtrPredictor {
    /// The charts there is something to draw for: leaderboard, importance (when the chosen model has any), reliability
    /// (for rates), predicted against actual (not once loaded from a file).
    ///
    /// # Errors
    ///
    /// [`Error::Plot`], naming the chart.
    pub fn charts(&self) -> Result<Vec<Chart>> {
        let report = self.report();
        let mut charts = Vec::new();
        let mut add = |file_name: &'static str, svg: Result<String, PlotError>| -> Result<()> {
            let svg = svg.map_err(|source| Error::Plot { chart: file_name, source })?;
            charts.push(Chart { file_name, svg });
            Ok(())
        };
        add("leaderboard.svg", leaderboard(report))?;
        if report.features.iter().any(|feature| feature.importance > 0.0) {
            add("importance.svg", importance(report))?;
        }
        if !report.reliability.is_empty() {
            add("reliability.svg", reliability(report))?;
        }
        if let Some(judged) = &self.judged {
            add("predicted_actual.svg", predicted_actual(report, judged))?;
        }
        Ok(charts)
    }
}

fn leaderboard(report: &PredictReport) -> Result<String, PlotError> {
    let primary = report.chosen_model().and_then(ModelReport::primary);
    let name = primary.map_or("score", |score| score.metric.as_str());
    let direction = match primary.and_then(|score| score.metric()).map(Metric::direction) {
        Some(Better::Higher) => Direction::HigherIsBetter,
        _ => Direction::LowerIsBetter,
    };
    let models = report.models.iter().filter_map(|model| {
        let score = model.primary()?;
        let value = score.out_of_fold?;
        let mut mark = ModelScore::new(&model.name, value.value);
        if let (Some(low), Some(high)) = (value.low, value.high) {
            mark = mark.interval(low, high);
        }
        if let Some(training) = score.training.filter(|training| training.is_finite()) {
            mark = mark.training(training);
        }
        let note = match (model.name == report.baseline, model.tied_with_best) {
            (true, true) => "baseline, tied with the best",
            (true, false) => "baseline",
            (false, true) => "tied with the best",
            (false, false) => return Some(mark),
        };
        Some(mark.note(note))
    });
    LeaderboardChart::new("Which model predicts best on rows it has not seen?")
        .subtitle(split(report))
        .metric(name.replace('_', " "), direction)
        .interval_label("95 % interval")
        .models(models)
        .chosen(&report.chosen)
        .to_svg()
}

fn importance(report: &PredictReport) -> Result<String, PlotError> {
    ImportanceChart::new(format!("What matters to {}?", report.chosen))
        .subtitle("Fitted on all rows")
        .unit("absolute standardised coefficient, or gain of a tree's splits")
        .features(report.features.iter().map(|feature| (&feature.name, feature.importance)))
        .to_svg()
}

fn reliability(report: &PredictReport) -> Result<String, PlotError> {
    let bins = report
        .reliability
        .iter()
        .map(|bin| ReliabilityBin::new(bin.predicted, bin.observed, bin.weight).interval(bin.low, bin.high));
    ReliabilityChart::new(format!("Are the rates of {} what they say?", report.chosen))
        .subtitle(format!("Rows it has not seen: {}", split(report)))
        .rate(quantity(report))
        .weight_label(report.trials.as_deref().unwrap_or("rows"))
        .interval_label("95 % interval")
        .bins(bins)
        .to_svg()
}

fn predicted_actual(report: &PredictReport, judged: &Judged) -> Result<String, PlotError> {
    let chart = PredictedActualChart::new(format!("{}: predicted and actual", report.chosen))
        .subtitle(format!("Rows it has not seen: {}", split(report)))
        .quantity(quantity(report))
        .points(&judged.predicted, &judged.actual);
    let chart = if report.task == "number" { chart } else { chart.format(NumberFormat::Percent) };
    match &judged.weight {
        Some(weight) => chart.weights(weight, report.trials.as_deref().unwrap_or("weight")).to_svg(),
        None => chart.to_svg(),
    }
}

/// What is predicted, in words.
fn quantity(report: &PredictReport) -> String {
    let is = |name: Option<&String>, word: &str| name.is_some_and(|name| name.eq_ignore_ascii_case(word));
    let numerator = report.totals.keys().find(|name| Some(*name) != report.trials.as_ref());
    if is(numerator, "clicks") && is(report.trials.as_ref(), "impressions") {
        return "click-through rate".to_owned();
    }
    match (&report.trials, numerator) {
        (Some(trials), Some(numerator)) => format!("{numerator} per {trials}"),
        (None, Some(name)) => name.clone(),
        (_, None) => "value".to_owned(),
    }
}

fn split(report: &PredictReport) -> String {
    let by = report.split.column.as_ref().map(|column| format!(" by {column}")).unwrap_or_default();
    format!("{} folds{by}, seed {}", report.split.folds, report.split.seed)
}
