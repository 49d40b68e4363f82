//! Several candidates, judged on the same rows.

mod display;

use std::cmp::Ordering;

use adsml_core::{FitContext, Learner, Seed, Transform};

use crate::cross_validate::{Candidate, CrossValidation, run_all};
use crate::dataset::take;
use crate::resample::{Bootstrap, Comparison, Estimate, UnitKind, Units, Verdict};
use crate::{Dataset, EvalError, Folds, Metric, Result, SplitKind};

/// Several candidates to be judged on the same folds, and how.
///
/// ```text
/// for each fold:  fit each transform once -> fit each learner on it -> predict the test rows
/// then:           metrics on all out-of-fold predictions, intervals and differences from the same resamples
/// ```
///
/// Candidates whose transform is the very same object (`&pipeline` twice) have it fitted once per fold.
#[derive(Debug, Clone)]
pub struct Evaluation<'a> {
    candidates: Vec<Candidate<'a>>,
    metrics: Vec<Metric>,
    baseline: Option<String>,
    units: Option<Units>,
    bootstrap: Bootstrap,
    clip: Option<(f64, f64)>,
}

impl Default for Evaluation<'_> {
    /// As [`new`](Self::new).
    fn default() -> Self {
        Self::new()
    }
}

impl<'a> Evaluation<'a> {
    /// No candidates yet; log loss, normalised entropy, AUC and calibration ratio.
    pub fn new() -> Self {
        Self {
            candidates: Vec::new(),
            metrics: vec![Metric::LogLoss, Metric::NormalizedEntropy, Metric::Auc, Metric::CalibrationRatio],
            baseline: None,
            units: None,
            bootstrap: Bootstrap::default(),
            clip: None,
        }
    }

    /// Adds a candidate; the first one is the baseline, unless [`baseline`](Self::baseline) says otherwise.
    #[must_use]
    pub fn candidate(
        mut self,
        name: impl Into<String>,
        transform: &'a dyn Transform,
        learner: &'a dyn Learner,
    ) -> Self {
        self.candidates.push(Candidate::new(name, transform, learner));
        self
    }

    /// The metrics to judge by. The first one is the primary metric: it ranks, decides who is tied, and who is chosen.
    #[must_use]
    pub fn metrics(mut self, metrics: impl Into<Vec<Metric>>) -> Self {
        self.metrics = metrics.into();
        self
    }

    /// The candidate that others have to beat.
    #[must_use]
    pub fn baseline(mut self, name: impl Into<String>) -> Self {
        self.baseline = Some(name.into());
        self
    }

    /// The independent units to resample, one per row of the data set; default [`Units::of_dataset`],
    /// with blocks of time as long as the rows that are judged allow.
    #[must_use]
    pub fn units(mut self, units: Units) -> Self {
        self.units = Some(units);
        self
    }

    /// How intervals are made.
    #[must_use]
    pub const fn bootstrap(mut self, bootstrap: Bootstrap) -> Self {
        self.bootstrap = bootstrap;
        self
    }

    /// Brings every prediction into `[low, high]` before it is judged, as a service that sells probabilities would; how
    /// many were outside is counted. Without it, a regression that predicts a rate below zero has no log loss.
    #[must_use]
    pub const fn clip_predictions(mut self, low: f64, high: f64) -> Self {
        self.clip = Some((low, high));
        self
    }

    /// Judges all candidates on the same rows.
    ///
    /// A candidate that fails is a row with its error. Folds and resamples run in parallel; all numbers but the times are
    /// the same on any number of threads. Progress is told in two stages, `"cross-validation"` and `"bootstrap"`.
    ///
    /// # Errors
    ///
    /// [`EvalError::NotEnough`] without candidates or metrics; [`EvalError::DuplicateCandidate`];
    /// [`EvalError::UnknownCandidate`] and [`EvalError::BaselineFailed`] for the baseline;
    /// [`EvalError::InvalidParameter`]; [`EvalError::Length`] unless folds, units and data set have the same rows;
    /// [`EvalError::Cancelled`].
    pub fn run(&self, data: &Dataset<'_>, folds: &Folds, context: &FitContext<'_>) -> Result<Leaderboard> {
        let baseline = self.check()?;
        if let Some(units) = &self.units {
            EvalError::check_length("units", data.n_rows(), units.of_rows().len())?;
        }
        let validations = run_all(&self.candidates, data, folds, &self.metrics, self.clip, context)?;
        if let Err(error) = &validations[baseline] {
            let name = self.candidates[baseline].name().to_owned();
            return Err(EvalError::BaselineFailed { name, reason: error.to_string() });
        }
        let rows = folds.judged_rows();
        let units = match &self.units {
            Some(units) => units.take_rows(&rows)?,
            None => Units::of_rows_of(data, &rows)?,
        };
        let (y, weight) = (take(data.y(), &rows), data.weight().map(|weight| take(weight, &rows)));
        let judged: Vec<(&str, Vec<f64>)> =
            validations.iter().flatten().map(|done| (done.name(), take(done.out_of_fold(), &rows))).collect();
        let models: Vec<(&str, &[f64])> = judged.iter().map(|(name, p)| (*name, p.as_slice())).collect();
        let fold_of_row: Vec<usize> = folds.fold_of_rows().into_iter().flatten().collect();
        let weight = weight.as_deref();
        let comparison =
            self.bootstrap.compare_within_folds(&y, weight, &fold_of_row, &models, &self.metrics, &units, context)?;
        let about = About {
            metrics: self.metrics.clone(),
            n_rows: data.n_rows(),
            n_judged: rows.len(),
            split: Split::of(folds),
            units: units.kind(),
            n_units: units.n_units(),
            bootstrap: self.bootstrap,
            seed: context.seed,
        };
        let baseline = self.candidates[baseline].name();
        Leaderboard::assemble(about, &self.candidates, validations, &comparison, baseline)
    }

    /// The place of the baseline.
    fn check(&self) -> Result<usize> {
        self.bootstrap.check()?;
        if let Some((low, high)) = self.clip
            && (low.is_nan() || high.is_nan() || low > high)
        {
            let value = format!("[{low}, {high}]");
            return Err(EvalError::invalid_parameter("clip_predictions", value, "two numbers, the lower one first"));
        }
        for (what, found) in [("candidates", self.candidates.len()), ("metrics", self.metrics.len())] {
            if found == 0 {
                return Err(EvalError::NotEnough { what, needed: 1, found });
            }
        }
        for (place, candidate) in self.candidates.iter().enumerate() {
            if self.candidates[..place].iter().any(|known| known.name() == candidate.name()) {
                return Err(EvalError::DuplicateCandidate { name: candidate.name().to_owned() });
            }
        }
        let Some(name) = &self.baseline else { return Ok(0) };
        self.candidates.iter().position(|candidate| candidate.name() == name).ok_or_else(|| {
            let known: Vec<&str> = self.candidates.iter().map(Candidate::name).collect();
            EvalError::UnknownCandidate { name: name.clone(), known: known.join(", ") }
        })
    }
}

/// How candidates compare on rows they have not seen; a table when displayed.
///
/// Rows run from the best to the worst by the primary metric, then those without a value for it, then those that failed.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Leaderboard {
    about: About,
    rows: Vec<Row>,
    baseline: String,
    chosen: String,
}

/// How a leaderboard was made.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct About {
    /// The metrics; the first one is primary.
    pub metrics: Vec<Metric>,
    /// Rows of the data set.
    pub n_rows: usize,
    /// Rows that were in some test set: what every out-of-fold score is measured on.
    pub n_judged: usize,
    /// How rows were split.
    pub split: Split,
    /// What was resampled; for blocks of time, with their length.
    pub units: UnitKind,
    /// How many of them there are.
    pub n_units: usize,
    /// How intervals were made.
    pub bootstrap: Bootstrap,
    /// The seed of fits and resamples.
    pub seed: Seed,
}

/// How rows were split, without the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Split {
    /// The rule.
    pub kind: SplitKind,
    /// The column that decided, if one did.
    pub column: Option<String>,
    /// Number of folds.
    pub n_folds: usize,
    /// The seed, if chance decided.
    pub seed: Option<Seed>,
    /// Units of time left out before the test rows, for a split in time.
    pub gap: Option<i64>,
    /// All of that in words.
    pub description: String,
}

impl Split {
    fn of(folds: &Folds) -> Self {
        Self {
            kind: folds.kind(),
            column: folds.column().map(ToOwned::to_owned),
            n_folds: folds.n_folds(),
            seed: folds.seed(),
            gap: folds.gap(),
            description: folds.to_string(),
        }
    }
}

/// One candidate on a [`Leaderboard`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Row {
    name: String,
    error: Option<String>,
    scores: Vec<Score>,
    validation: Option<CrossValidation>,
    difference_to_best: Option<Estimate>,
    difference_to_baseline: Option<Estimate>,
    tied_with_best: bool,
}

/// One metric of one candidate.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Score {
    /// The metric.
    pub metric: Metric,
    /// On all rows of all test sets together, with its interval: the score to quote. `None` where it is undefined.
    ///
    /// An AUC compares rows of one fold only ([`within_fold_auc`](crate::metrics::within_fold_auc)): across folds, so across
    /// models, it would be biased low for weak ones, and a constant baseline would get less than 0.5. A PR-AUC does rank
    /// predictions of different folds together and has that bias; [`fold_mean`](Self::fold_mean) is free of it.
    pub out_of_fold: Option<Estimate>,
    /// Why it is undefined.
    pub undefined: Option<String>,
    /// Mean over folds **on training rows**: flattering, and here only to show by how much.
    pub training: Option<f64>,
    /// Mean over folds on test rows, over the folds where it is defined: predictions of one model are compared with
    /// each other only.
    pub fold_mean: Option<f64>,
    /// Each fold's value on its test rows.
    pub folds: Vec<Option<f64>>,
}

impl Row {
    /// Name of the candidate.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What went wrong, if the candidate failed; it has no scores then.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// Every metric, in the order asked for.
    pub fn scores(&self) -> &[Score] {
        &self.scores
    }

    /// One metric.
    pub fn score(&self, metric: Metric) -> Option<&Score> {
        self.scores.iter().find(|score| score.metric == metric)
    }

    /// Predictions and times, fold by fold.
    pub const fn validation(&self) -> Option<&CrossValidation> {
        self.validation.as_ref()
    }

    /// The prediction of each row of the data set by a model that had not seen it, `NaN` where there is none; empty when
    /// the candidate failed.
    pub fn out_of_fold(&self) -> &[f64] {
        self.validation.as_ref().map_or(&[], CrossValidation::out_of_fold)
    }

    /// Seconds of fitting the models: the sum over folds of wall times that were measured while folds run in parallel,
    /// so more than one waited for. Without the transform.
    pub fn fit_seconds(&self) -> Option<f64> {
        self.validation.as_ref().map(CrossValidation::fit_seconds)
    }

    /// Seconds of fitting the transforms, shared with candidates of the same transform; summed over folds as
    /// [`fit_seconds`](Self::fit_seconds) is.
    pub fn transform_seconds(&self) -> Option<f64> {
        self.validation.as_ref().map(CrossValidation::transform_seconds)
    }

    /// This candidate minus the best one in the primary metric; holds for all pairs of candidates at once, so also for a
    /// best one chosen after looking. For the calibration ratio, the difference in distance from 1.
    pub const fn difference_to_best(&self) -> Option<&Estimate> {
        self.difference_to_best.as_ref()
    }

    /// This candidate minus the baseline in the primary metric; from the same family of intervals.
    pub const fn difference_to_baseline(&self) -> Option<&Estimate> {
        self.difference_to_baseline.as_ref()
    }

    /// Whether it was not shown to be worse than the best: the interval of the difference holds zero, or there is none.
    pub const fn tied_with_best(&self) -> bool {
        self.tied_with_best
    }

    fn primary(&self) -> Option<f64> {
        self.scores.first()?.out_of_fold.as_ref().map(|estimate| estimate.value).filter(|value| value.is_finite())
    }
}

impl Leaderboard {
    /// How it was made.
    pub const fn about(&self) -> &About {
        &self.about
    }

    /// The metric that ranks and decides.
    pub fn primary_metric(&self) -> Metric {
        self.about.metrics[0]
    }

    /// Every candidate, best first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The candidate of this name.
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.name == name)
    }

    /// The candidate with the best value of the primary metric, tied or not.
    pub fn best(&self) -> &Row {
        &self.rows[0]
    }

    /// The candidate that others have to beat.
    pub fn baseline(&self) -> &Row {
        self.row(&self.baseline).expect("the baseline has a row")
    }

    /// The candidate to use: the best of those that were *shown* to be better than the baseline, which is to say that the
    /// interval of their difference to it excludes zero; if there is none, the baseline.
    pub fn chosen(&self) -> &Row {
        self.row(&self.chosen).expect("the chosen candidate has a row")
    }

    fn assemble(
        about: About,
        candidates: &[Candidate<'_>],
        validations: Vec<Result<CrossValidation>>,
        comparison: &Comparison,
        baseline: &str,
    ) -> Result<Self> {
        let primary = about.metrics[0];
        let place = |name: &str| comparison.names().position(|known| known == name);
        let baseline_place = place(baseline).expect("the baseline was judged");
        if let Err(error) = comparison.estimate(baseline_place, 0) {
            return Err(EvalError::BaselineFailed { name: baseline.to_owned(), reason: error.to_string() });
        }
        let mut rows: Vec<Row> = candidates
            .iter()
            .zip(validations)
            .map(|(candidate, validation)| match validation {
                Ok(done) => {
                    let model = place(candidate.name()).expect("every candidate that did not fail was judged");
                    Row::judged(done, model, comparison)
                }
                Err(error) => Row::failed(candidate.name(), &error),
            })
            .collect();
        // Stable: candidates of equal value stay in the order given.
        rows.sort_by(|a, b| a.compare(b, primary));
        let best = place(&rows[0].name).expect("the baseline was judged, and rows that failed come after it");
        for row in rows.iter_mut().filter(|row| row.primary().is_some()) {
            let model = place(&row.name).expect("a row with a value was judged");
            row.difference_to_best = comparison.difference(model, best, 0);
            row.difference_to_baseline = comparison.difference(model, baseline_place, 0);
            row.tied_with_best = !row.difference_to_best.as_ref().is_some_and(|difference| difference.excludes(0.0));
        }
        let shown_better =
            rows.iter().find(|row| Verdict::of(primary, row.difference_to_baseline.as_ref()) == Verdict::First);
        let chosen = shown_better.map_or(baseline, |row| &row.name).to_owned();
        Ok(Self { about, rows, baseline: baseline.to_owned(), chosen })
    }
}

impl Row {
    fn judged(done: CrossValidation, model: usize, comparison: &Comparison) -> Self {
        let score = |(place, &metric): (usize, &Metric)| {
            let estimate = comparison.estimate(model, place);
            Score {
                metric,
                undefined: estimate.as_ref().err().map(ToString::to_string),
                out_of_fold: estimate.ok().cloned(),
                training: done.mean_training(place),
                fold_mean: done.mean_test(place),
                folds: done.folds().iter().map(|fold| fold.test[place]).collect(),
            }
        };
        Self {
            name: done.name().to_owned(),
            error: None,
            scores: comparison.metrics().iter().enumerate().map(score).collect(),
            validation: Some(done),
            difference_to_best: None,
            difference_to_baseline: None,
            tied_with_best: false,
        }
    }

    /// Better values first, then rows without a value, then those that failed.
    fn compare(&self, other: &Self, metric: Metric) -> Ordering {
        let place = |row: &Self| (row.error.is_some(), row.primary().is_none());
        let badness = |row: &Self| row.primary().map_or(f64::INFINITY, |value| metric.badness(value));
        place(self).cmp(&place(other)).then_with(|| badness(self).total_cmp(&badness(other)))
    }

    fn failed(name: &str, error: &EvalError) -> Self {
        Self {
            name: name.to_owned(),
            error: Some(error.to_string()),
            scores: Vec::new(),
            validation: None,
            difference_to_best: None,
            difference_to_baseline: None,
            tied_with_best: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, value: Option<f64>) -> Row {
        let estimate = |value| Estimate { value, low: None, high: None, effective_units: None, no_interval: None };
        let score = Score {
            metric: Metric::Mse,
            out_of_fold: value.map(estimate),
            undefined: None,
            training: None,
            fold_mean: None,
            folds: Vec::new(),
        };
        Row { error: None, scores: vec![score], ..Row::failed(name, &EvalError::Cancelled) }
    }

    #[test]
    fn rows_that_failed_come_last_whatever_the_sign_of_a_nan() {
        let mut rows = [
            Row::failed("failed", &EvalError::Cancelled),
            row("minus nan", Some(-f64::NAN)),
            row("nan", Some(f64::NAN)),
            row("none", None),
            row("huge", Some(f64::MAX)),
            row("small", Some(1.0)),
        ];
        rows.sort_by(|a, b| a.compare(b, Metric::Mse));
        let names: Vec<&str> = rows.iter().map(Row::name).collect();
        assert_eq!(names, ["small", "huge", "minus nan", "nan", "none", "failed"]);
    }
}
