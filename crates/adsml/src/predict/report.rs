//! What the recipe found, as plain data: printed, written as JSON, kept in the model file.

use std::collections::BTreeMap;
use std::fmt;

use adsml_core::FeatureColumn;
use adsml_eval::{Estimate, Leaderboard, Metric, ReliabilityBins, Row, Score};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::target::TargetRows;
use super::{CtrPredictorParams, Judged, PredictTarget, Task};

/// What the recipe found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PredictReport {
    /// What kind of prediction it is: `"rate"`, `"binary"`, `"number"`.
    pub task: String,
    /// Rows of the table.
    pub rows: usize,
    /// Rows without a value to predict, left out.
    pub rows_without_target: usize,
    /// Sums of the target's columns over the rows used.
    pub totals: BTreeMap<String, f64>,
    /// The column of trials, which weighs rows; for a rate.
    pub trials: Option<String>,
    /// First and last day of the rows, for a split in time.
    pub training_window: Option<(String, String)>,
    /// How rows were split.
    pub split: SplitReport,
    /// Name of the constant baseline.
    pub baseline: String,
    /// Name of the chosen candidate.
    pub chosen: String,
    /// Every candidate, best first.
    pub models: Vec<ModelReport>,
    /// Features of the chosen model, most important first.
    pub features: Vec<FeatureReport>,
    /// Columns that are not used.
    pub ignored: Vec<IgnoredReport>,
    /// Features that are used and yet worth a look; none in files of before they were kept.
    #[serde(default)]
    pub warnings: Vec<WarningReport>,
    /// Predicted against observed, binned, for rows that the chosen candidate had not seen.
    pub reliability: Vec<ReliabilityReport>,
    /// The comparison as a table of text.
    pub table: String,
}

/// How rows were split.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SplitReport {
    /// The rule: `"group_k_fold"`.
    pub kind: String,
    /// The column that decided, if one did.
    pub column: Option<String>,
    /// Number of folds.
    pub folds: usize,
    /// The seed.
    pub seed: u64,
}

/// One candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelReport {
    /// Its name.
    pub name: String,
    /// What went wrong, if it failed.
    pub error: Option<String>,
    /// Its metrics; the first one decides.
    pub scores: Vec<ScoreReport>,
    /// Sum over folds of the wall time of fitting the model, in seconds, taken while other folds were fitted beside it.
    pub fit_s: Option<f64>,
    /// The first metric minus that of the best candidate.
    pub difference_to_best: Option<Interval>,
    /// The first metric minus that of the baseline: what the choice rests on.
    pub difference_to_baseline: Option<Interval>,
    /// Whether it was not shown to be worse than the best.
    pub tied_with_best: bool,
}

/// One metric of one candidate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScoreReport {
    /// Name of the metric: `"log_loss"`.
    pub metric: String,
    /// On rows it had not seen.
    pub out_of_fold: Option<Interval>,
    /// On training rows: flattering, and here only to show by how much.
    pub training: Option<f64>,
}

/// A value and its 95 % interval; no ends where there are too few independent units for one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The value.
    pub value: f64,
    /// Lower end.
    pub low: Option<f64>,
    /// Upper end.
    pub high: Option<f64>,
}

/// A feature and what it matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureReport {
    /// Its name: a column, or `column=level`.
    pub name: String,
    /// Absolute standardised coefficient of linear models; gain of the splits by it of trees.
    pub importance: f64,
}

/// A column that is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IgnoredReport {
    /// Its name.
    pub column: String,
    /// Why, in a few words: `"after click"`, `"not named"`.
    pub reason: String,
}

/// A feature that is used, and what is worth a look about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WarningReport {
    /// The feature.
    pub column: String,
    /// What it is, in a sentence: `"target proxy: alone it nearly determines the rate (R² 0.985)"`.
    pub reason: String,
}

/// A bin of like predictions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityReport {
    /// Mean prediction.
    pub predicted: f64,
    /// Observed rate.
    pub observed: f64,
    /// What its rows weigh: impressions, for a click-through rate.
    pub weight: f64,
    /// Lower end of the observed rate's 95 % interval, as if every trial were independent.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Bins of the reliability diagram.
const BINS: usize = 10;
/// Standard errors of a 95 % interval.
const Z: f64 = 1.96;

/// Everything a report is made from.
pub(super) struct Findings<'a> {
    pub(super) params: &'a CtrPredictorParams,
    pub(super) target: &'a PredictTarget,
    pub(super) rows: &'a TargetRows,
    pub(super) n_rows: usize,
    pub(super) seed: u64,
    pub(super) leaderboard: &'a Leaderboard,
    pub(super) ignored: Vec<IgnoredReport>,
    pub(super) warnings: Vec<WarningReport>,
    pub(super) columns: &'a [FeatureColumn],
    pub(super) importance: Option<Vec<f64>>,
    pub(super) judged: &'a Judged,
    pub(super) training_window: Option<(String, String)>,
}

impl PredictReport {
    pub(super) fn new(findings: Findings<'_>) -> Self {
        let Findings { target, rows, leaderboard, judged, .. } = findings;
        let totals = match target {
            PredictTarget::Rate { numerator, denominator } => {
                vec![(numerator.clone(), rows.totals.numerator), (denominator.clone(), rows.totals.denominator)]
            }
            PredictTarget::Column(name) => vec![(name.clone(), rows.totals.numerator)],
        };
        let split = &leaderboard.about().split;
        Self {
            task: rows.task.name().to_owned(),
            rows: findings.n_rows,
            rows_without_target: findings.n_rows - rows.rows.len(),
            totals: totals.into_iter().collect(),
            trials: match target {
                PredictTarget::Rate { denominator, .. } => Some(denominator.clone()),
                PredictTarget::Column(_) => None,
            },
            training_window: findings.training_window,
            split: SplitReport {
                kind: split.kind.name().to_owned(),
                column: findings.params.group.clone().or_else(|| findings.params.time.clone()),
                folds: split.n_folds,
                seed: findings.seed,
            },
            baseline: leaderboard.baseline().name().to_owned(),
            chosen: leaderboard.chosen().name().to_owned(),
            models: leaderboard.rows().iter().map(ModelReport::new).collect(),
            features: features(findings.columns, findings.importance),
            ignored: findings.ignored,
            warnings: findings.warnings,
            reliability: reliability(rows.task, judged),
            table: leaderboard.to_string(),
        }
    }

    /// The model that was chosen.
    pub fn chosen_model(&self) -> Option<&ModelReport> {
        self.models.iter().find(|model| model.name == self.chosen)
    }

    /// Where predictions lie: `[0, 1]` for rates and probabilities.
    pub(super) fn range(&self) -> Option<(f64, f64)> {
        (self.task != Task::Number.name()).then_some((0.0, 1.0))
    }

    /// One JSON object: rows, totals, split, baseline, chosen, models, features, ignored, warnings.
    ///
    /// Totals are named as their columns are; `clicks` and `impressions` always so, however their columns are spelled.
    pub fn to_json(&self) -> Value {
        let totals: Map<String, Value> =
            self.totals.iter().map(|(name, &total)| (usual_name(name), number(total))).collect();
        json!({
            "task": self.task,
            "rows": self.rows,
            "rows_without_target": self.rows_without_target,
            "totals": totals,
            "split": self.split,
            "baseline": self.baseline,
            "chosen": self.chosen,
            "models": self.models.iter().map(ModelReport::to_json).collect::<Vec<_>>(),
            "features": self.features,
            "ignored": self.ignored,
            "warnings": self.warnings,
        })
    }
}

impl fmt::Display for PredictReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let totals: Vec<String> = self.totals.iter().map(|(name, &total)| format!("{} {name}", Total(total))).collect();
        writeln!(f, "{} rows, {}", self.rows, totals.join(", "))?;
        if self.rows_without_target > 0 {
            writeln!(f, "{} of them have nothing to predict and are left out", self.rows_without_target)?;
        }
        writeln!(f, "\n{}\n", self.table)?;
        if self.features.iter().any(|feature| feature.importance > 0.0) {
            writeln!(f, "What matters most to {}:", self.chosen)?;
            for feature in self.features.iter().take(10) {
                writeln!(f, "  {:<40} {:.4}", feature.name, feature.importance)?;
            }
            writeln!(f)?;
        }
        let expected = ["the target", "the groups of the split", "the time of the split", "not named"];
        for IgnoredReport { column, reason } in &self.ignored {
            if !expected.contains(&reason.as_str()) {
                writeln!(f, "`{column}` is not used: {reason}")?;
            }
        }
        for WarningReport { column, reason } in &self.warnings {
            writeln!(f, "Warning: `{column}`: {reason}")?;
        }
        Ok(())
    }
}

impl ModelReport {
    fn new(row: &Row) -> Self {
        Self {
            name: row.name().to_owned(),
            error: row.error().map(ToOwned::to_owned),
            scores: row.scores().iter().map(ScoreReport::new).collect(),
            fit_s: row.fit_seconds(),
            difference_to_best: row.difference_to_best().map(Interval::new),
            difference_to_baseline: row.difference_to_baseline().map(Interval::new),
            tied_with_best: row.tied_with_best(),
        }
    }

    /// Its first metric, which decides.
    pub fn primary(&self) -> Option<&ScoreReport> {
        self.scores.first()
    }

    fn to_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("name".to_owned(), json!(self.name));
        for score in &self.scores {
            object.insert(score.metric.clone(), json!(score.out_of_fold));
        }
        if let Some(primary) = self.primary() {
            object.insert(format!("train_{}", primary.metric), json!(primary.training));
        }
        object.insert("fit_s".to_owned(), json!(self.fit_s));
        object.insert("difference_to_best".to_owned(), json!(self.difference_to_best));
        object.insert("difference_to_baseline".to_owned(), json!(self.difference_to_baseline));
        object.insert("tied_with_best".to_owned(), json!(self.tied_with_best));
        if let Some(error) = &self.error {
            object.insert("error".to_owned(), json!(error));
        }
        Value::Object(object)
    }
}

impl ScoreReport {
    fn new(score: &Score) -> Self {
        Self {
            metric: score.metric.name().to_owned(),
            out_of_fold: score.out_of_fold.as_ref().map(Interval::new),
            training: score.training,
        }
    }

    /// The metric itself, when this version knows it.
    pub fn metric(&self) -> Option<Metric> {
        self.metric.parse().ok()
    }
}

impl Interval {
    fn new(estimate: &Estimate) -> Self {
        Self { value: estimate.value, low: estimate.low, high: estimate.high }
    }
}

/// Features by importance; those of equal importance by name.
fn features(columns: &[FeatureColumn], importance: Option<Vec<f64>>) -> Vec<FeatureReport> {
    let importance = importance.unwrap_or_else(|| vec![0.0; columns.len()]);
    let mut features: Vec<FeatureReport> = columns
        .iter()
        .zip(importance)
        .map(|(column, importance)| FeatureReport { name: column.name.clone(), importance })
        .collect();
    features.sort_by(|a, b| b.importance.total_cmp(&a.importance).then_with(|| a.name.cmp(&b.name)));
    features
}

/// Bins of equal weight; none for a task that is no rate, and none where they are undefined.
fn reliability(task: Task, judged: &Judged) -> Vec<ReliabilityReport> {
    if task == Task::Number {
        return Vec::new();
    }
    let bins = ReliabilityBins::equal_count(&judged.actual, &judged.predicted, judged.weight.as_deref(), BINS);
    let report = |bin: &adsml_eval::ReliabilityBin| {
        let (low, high) = bin.wilson(Z);
        // Rounding may put a rate of exactly 0 or 1 a hair outside its own interval.
        let (low, high) = (low.min(bin.observed), high.max(bin.observed));
        ReliabilityReport { predicted: bin.predicted, observed: bin.observed, weight: bin.weight, low, high }
    };
    bins.map(|bins| bins.bins().iter().map(report).collect()).unwrap_or_default()
}

/// A whole number without a point.
fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT { json!(value as i64) } else { json!(value) }
}

/// `clicks` and `impressions` in lower case, any other name as it is.
fn usual_name(name: &str) -> String {
    let usual = ["clicks", "impressions"].into_iter().find(|usual| name.eq_ignore_ascii_case(usual));
    usual.unwrap_or(name).to_owned()
}

/// A total as people write it: whole, or with two decimals.
struct Total(f64);

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            value if value.abs() >= 1e15 => write!(f, "{value:e}"),
            value if value.fract() == 0.0 => write!(f, "{value}"),
            value => write!(f, "{value:.2}"),
        }
    }
}
