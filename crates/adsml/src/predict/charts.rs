//! Charts of a fitted predictor.

use adsml_eval::{Direction as Better, Metric};
use adsml_plot::{
    BeeswarmChart, Direction, ImportanceChart, LeaderboardChart, ModelScore, NumberFormat, PlotError,
    PredictedActualChart, ReliabilityBin, ReliabilityChart,
};

use super::{CtrPredictor, Explained, Explanations, Judged, ModelReport, PredictReport};
use crate::{Chart, Error, Result};

impl CtrPredictor {
    /// The charts there is something to draw for: leaderboard, importance (when the chosen model has any), contributions on average and
    /// row by row (when it can say why it predicts what it predicts), reliability (for rates), predicted against actual. Of contributions
    /// and of predicted against actual there is nothing once loaded from a file.
    ///
    /// Contributions are those on the last fold, by the chosen candidate fitted without it; [`explain_table`](Self::explain_table) gives
    /// those of any rows by the model itself.
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
        if let Some(explained) = self.explained.as_ref().filter(|explained| explained.says_something()) {
            add("contributions.svg", contributions(report, explained))?;
            add("beeswarm.svg", beeswarm(report, explained))?;
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

impl Explained {
    /// Whether anything moves any prediction; what does not know features says of each that it does nothing.
    fn says_something(&self) -> bool {
        self.explanations.contributions().iter().any(|&contribution| contribution != 0.0)
    }
}

fn contributions(report: &PredictReport, explained: &Explained) -> Result<String, PlotError> {
    let explanations = &explained.explanations;
    ImportanceChart::new(format!("What moves the predictions of {}?", report.chosen))
        .subtitle(rows_explained(report, explained))
        .unit(format!("mean absolute contribution, {}", scale(report, explanations)))
        .features(explanations.feature_names().iter().zip(explanations.mean_absolute()))
        .to_svg()
}

fn beeswarm(report: &PredictReport, explained: &Explained) -> Result<String, PlotError> {
    let explanations = &explained.explanations;
    let mut chart = BeeswarmChart::new(format!("What moves the predictions of {}, and which way?", report.chosen))
        .subtitle(rows_explained(report, explained))
        .unit(scale(report, explanations));
    for (feature, name) in explanations.feature_names().iter().enumerate() {
        let (contributions, values) = (explanations.contributions(), explanations.values());
        chart = chart.feature(name, &contributions.column(feature).to_vec(), &values.column(feature).to_vec());
    }
    chart.to_svg()
}

/// The scale of contributions, in words.
fn scale(report: &PredictReport, explanations: &Explanations) -> String {
    explanations.unit().map_or_else(|| quantity(report), str::to_owned)
}

fn rows_explained(report: &PredictReport, explained: &Explained) -> String {
    let n = explained.explanations.contributions().nrows();
    format!("Last of {}: {n} of its {} rows, which the model here has not seen", split(report), explained.n_rows)
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
