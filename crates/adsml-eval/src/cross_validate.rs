//! Predictions for rows that the model has not seen.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use adsml_core::{FeatureMatrix, FitContext, Learner, Regressor, Target, TrainingSet, Transform, parallel};
use ndarray::ArrayView1;

use crate::dataset::take;
use crate::split::{Fold, inner_folds};
use crate::{Dataset, EvalError, Folds, Metric, Result};

/// A transform and a learner under a name: one way from table to predictions.
#[derive(Debug, Clone)]
pub struct Candidate<'a> {
    name: String,
    transform: &'a dyn Transform,
    learner: &'a dyn Learner,
}

impl<'a> Candidate<'a> {
    /// A transform and a learner under a name.
    pub fn new(name: impl Into<String>, transform: &'a dyn Transform, learner: &'a dyn Learner) -> Self {
        Self { name: name.into(), transform, learner }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What turns tables into its features.
    pub const fn transform(&self) -> &'a dyn Transform {
        self.transform
    }

    /// What fits its model.
    pub const fn learner(&self) -> &'a dyn Learner {
        self.learner
    }

    /// Whether another candidate has the very same transform, which then is fitted once for both.
    fn shares_transform(&self, other: &Self) -> bool {
        // Address *and* vtable: a struct and its first field share an address, but not their methods. Where the compiler
        // made two vtables of one type, the transform is fitted twice, which costs time only.
        std::ptr::eq(self.transform, other.transform)
    }
}

/// One candidate, fitted once per fold: made by [`cross_validate`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CrossValidation {
    name: String,
    metrics: Vec<Metric>,
    /// Predictions have gaps, and JSON has no NaN.
    #[cfg_attr(feature = "serde", serde(skip))]
    out_of_fold: Vec<f64>,
    folds: Vec<FoldReport>,
    n_clipped: usize,
}

/// What happened in one fold.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FoldReport {
    /// Rows that were trained on.
    pub n_train: usize,
    /// Rows that were judged.
    pub n_test: usize,
    /// Each metric **on the training rows**, with the matrix the model was trained on; flattering. `None` where it is undefined.
    pub training: Vec<Option<f64>>,
    /// Each metric on the test rows. `None` where it is undefined, as an AUC is without positives.
    pub test: Vec<Option<f64>>,
    /// Wall time of fitting the transform (shared by the candidates that share it) and of both matrices, in seconds;
    /// measured while other folds run in parallel.
    pub transform_seconds: f64,
    /// Wall time of fitting the model, without the transform, in seconds; measured while other folds run in parallel.
    pub fit_seconds: f64,
}

impl CrossValidation {
    /// Name of the candidate.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The metrics, in the order of [`FoldReport::test`].
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// The prediction of each row by the model that had not seen it; `NaN` for rows in no test set, such as the
    /// earliest ones of a split in time.
    pub fn out_of_fold(&self) -> &[f64] {
        &self.out_of_fold
    }

    /// What happened in each fold.
    pub fn folds(&self) -> &[FoldReport] {
        &self.folds
    }

    /// Predictions that were outside the accepted range and were brought into it.
    pub const fn n_clipped(&self) -> usize {
        self.n_clipped
    }

    /// Mean over folds of a metric on test rows, over the folds where it is defined; by the metric's place.
    pub fn mean_test(&self, metric: usize) -> Option<f64> {
        mean(self.folds.iter().map(|fold| fold.test[metric]))
    }

    /// Mean over folds of a metric **on training rows**; by the metric's place.
    pub fn mean_training(&self, metric: usize) -> Option<f64> {
        mean(self.folds.iter().map(|fold| fold.training[metric]))
    }

    /// Seconds of fitting the models: the sum over folds of wall times that were measured while folds run in parallel,
    /// so more than one waited for. Without the transform.
    pub fn fit_seconds(&self) -> f64 {
        self.folds.iter().map(|fold| fold.fit_seconds).sum()
    }

    /// Seconds of fitting the transforms; summed over folds as [`fit_seconds`](Self::fit_seconds) is.
    pub fn transform_seconds(&self) -> f64 {
        self.folds.iter().map(|fold| fold.transform_seconds).sum()
    }
}

/// Judges one candidate on rows it was not fitted on.
///
/// In each fold, the transform and then the learner are fitted on the training rows alone (targets and weights
/// included), and predict the test rows: nothing is learnt from rows it is judged on, by construction. Where the data
/// set has groups, the transform cross-fits over [`inner_folds`] of them. Folds run in
/// parallel; the result is the same on any number of threads. `context.warm_start` is not passed on: it may have seen test rows.
///
/// # Errors
///
/// [`EvalError::Length`] unless folds and data set have the same number of rows; [`EvalError::Fold`] with what the
/// transform or the learner said; [`EvalError::InvalidSample`] for a prediction that is not finite; [`EvalError::Cancelled`].
pub fn cross_validate(
    candidate: &Candidate<'_>,
    data: &Dataset<'_>,
    folds: &Folds,
    metrics: &[Metric],
    context: &FitContext<'_>,
) -> Result<CrossValidation> {
    let mut results = run_all(std::slice::from_ref(candidate), data, folds, metrics, None, context)?;
    results.pop().expect("one candidate has one result")
}

/// Judges several candidates on the same folds; one that fails does not stop the others, cancelling does.
pub(crate) fn run_all(
    candidates: &[Candidate<'_>],
    data: &Dataset<'_>,
    folds: &Folds,
    metrics: &[Metric],
    clip: Option<(f64, f64)>,
    context: &FitContext<'_>,
) -> Result<Vec<Result<CrossValidation>>> {
    EvalError::check_length("rows of the folds", data.n_rows(), folds.n_rows())?;
    let recipes = recipes(candidates);
    let n_tasks = folds.n_folds() * recipes.len();
    let total = folds.n_folds() * candidates.len();
    let job = Job {
        candidates,
        data,
        metrics,
        clip,
        context,
        // Threads that folds leave idle go to the learners, whose results do not depend on them.
        threads: NonZeroUsize::new(context.threads.get() / n_tasks.max(1)).unwrap_or(NonZeroUsize::MIN),
        done: AtomicUsize::new(0),
        total,
    };
    context.progress("cross-validation", 0, Some(total));
    let outcomes = parallel::try_map(n_tasks, context.threads, |task| {
        let fold = task / recipes.len();
        job.run(fold, folds.get(fold).expect("a fold of the folds"), &recipes[task % recipes.len()])
    })?;
    let mut by_candidate: Vec<Vec<Result<Outcome>>> = candidates.iter().map(|_| Vec::new()).collect();
    for (task, outcomes) in outcomes.into_iter().enumerate() {
        for (&candidate, outcome) in recipes[task % recipes.len()].iter().zip(outcomes) {
            by_candidate[candidate].push(outcome);
        }
    }
    let collect = |(candidate, outcomes): (&Candidate<'_>, Vec<Result<Outcome>>)| {
        let mut result = CrossValidation {
            name: candidate.name.clone(),
            metrics: metrics.to_vec(),
            out_of_fold: vec![f64::NAN; data.n_rows()],
            folds: Vec::new(),
            n_clipped: 0,
        };
        for (fold, outcome) in folds.iter().zip(outcomes) {
            let outcome = outcome?;
            for (&row, p) in fold.test().iter().zip(outcome.predictions) {
                result.out_of_fold[row] = p;
            }
            result.n_clipped += outcome.n_clipped;
            result.folds.push(outcome.report);
        }
        Ok(result)
    };
    Ok(candidates.iter().zip(by_candidate).map(collect).collect())
}

/// Candidates by the transform they share, in the order in which transforms first appear.
fn recipes(candidates: &[Candidate<'_>]) -> Vec<Vec<usize>> {
    let mut recipes: Vec<Vec<usize>> = Vec::new();
    for (place, candidate) in candidates.iter().enumerate() {
        match recipes.iter_mut().find(|recipe| candidate.shares_transform(&candidates[recipe[0]])) {
            Some(recipe) => recipe.push(place),
            None => recipes.push(vec![place]),
        }
    }
    recipes
}

/// One candidate in one fold.
#[derive(Debug)]
struct Outcome {
    predictions: Vec<f64>,
    n_clipped: usize,
    report: FoldReport,
}

/// What all folds have in common.
struct Job<'a> {
    candidates: &'a [Candidate<'a>],
    data: &'a Dataset<'a>,
    metrics: &'a [Metric],
    clip: Option<(f64, f64)>,
    context: &'a FitContext<'a>,
    threads: NonZeroUsize,
    done: AtomicUsize,
    total: usize,
}

/// The rows of one side of a fold.
struct Part {
    rows: Vec<usize>,
    y: Vec<f64>,
    weight: Option<Vec<f64>>,
}

impl Part {
    fn new(data: &Dataset<'_>, rows: &[usize]) -> Self {
        Self { rows: rows.to_vec(), y: take(data.y(), rows), weight: data.weight().map(|weight| take(weight, rows)) }
    }

    fn weight_view(&self) -> Option<ArrayView1<'_, f64>> {
        self.weight.as_deref().map(ArrayView1::from)
    }
}

impl Job<'_> {
    /// Fits one transform and all its learners in one fold. An `Err` stops everything: the caller cancelled.
    fn run(&self, number: usize, fold: &Fold, recipe: &[usize]) -> Result<Vec<Result<Outcome>>> {
        self.context.check_cancelled()?;
        let (train, test) = (Part::new(self.data, fold.train()), Part::new(self.data, fold.test()));
        let started = Instant::now();
        let matrices = self.matrices(number, &train, &test, self.candidates[recipe[0]].transform);
        let transform_seconds = started.elapsed().as_secs_f64();
        let mut outcomes = Vec::with_capacity(recipe.len());
        for &candidate in recipe {
            self.context.check_cancelled()?;
            let outcome = matrices.clone().and_then(|matrices| {
                let (train_matrix, test_matrix) = &*matrices;
                let learner = self.candidates[candidate].learner;
                self.fit_and_predict(number, learner, (&train, train_matrix), (&test, test_matrix), transform_seconds)
            });
            match outcome {
                Err(error) if error.is_cancelled() => return Err(EvalError::Cancelled),
                outcome => outcomes.push(outcome),
            }
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            self.context.progress("cross-validation", done, Some(self.total));
        }
        Ok(outcomes)
    }

    fn matrices(
        &self,
        fold: usize,
        train: &Part,
        test: &Part,
        transform: &dyn Transform,
    ) -> Result<Arc<(FeatureMatrix, FeatureMatrix)>> {
        let make = || -> adsml_core::Result<_> {
            let context = self.part_context("fold_transform", fold);
            let groups = self.data.groups().map(|groups| take(groups, &train.rows));
            let inner = groups.and_then(|groups| inner_folds(&groups, context.seed));
            let target =
                Target::new(ArrayView1::from(&train.y)).with_weight(train.weight_view()).with_folds(inner.as_deref());
            let (fitted, matrix) =
                transform.fit_transform(&self.data.table().take_rows(&train.rows), Some(&target), &context)?;
            let test_matrix = fitted.transform(&self.data.table().take_rows(&test.rows))?;
            Ok(Arc::new((matrix, test_matrix)))
        };
        make().map_err(|error| in_fold(fold, error))
    }

    fn fit_and_predict(
        &self,
        fold: usize,
        learner: &dyn Learner,
        (train, train_matrix): (&Part, &FeatureMatrix),
        (test, test_matrix): (&Part, &FeatureMatrix),
        transform_seconds: f64,
    ) -> Result<Outcome> {
        let groups = self.data.groups().map(|groups| take(groups, &train.rows));
        let started = Instant::now();
        let fit = || -> adsml_core::Result<Box<dyn Regressor>> {
            let set =
                TrainingSet::from_matrix(train_matrix, ArrayView1::from(&train.y))?.with_weight(train.weight_view())?;
            let set = TrainingSet { groups: groups.as_deref(), ..set };
            learner.fit(&set, &self.part_context("fold_learner", fold))
        };
        let model = fit().map_err(|error| in_fold(fold, error))?;
        let fit_seconds = started.elapsed().as_secs_f64();
        let predict = |part: &Part, matrix: &FeatureMatrix| -> Result<(Vec<f64>, usize)> {
            let mut p = vec![0.0; part.rows.len()];
            model.predict_into(matrix.view(), &mut p).map_err(|error| in_fold(fold, error))?;
            if let Some(place) = p.iter().position(|p| !p.is_finite()) {
                let row = part.rows[place];
                let expected = "a finite number";
                return Err(EvalError::InvalidSample { what: "prediction", row, value: p[place], expected });
            }
            let n_clipped = self.clip.map_or(0, |range| clip(&mut p, range));
            Ok((p, n_clipped))
        };
        let (on_training, _) = predict(train, train_matrix)?;
        let (predictions, n_clipped) = predict(test, test_matrix)?;
        let scores = |part: &Part, p: &[f64]| {
            let score = |metric: &Metric| metric.evaluate(&part.y, p, part.weight.as_deref()).ok();
            self.metrics.iter().map(score).collect()
        };
        let report = FoldReport {
            n_train: train.rows.len(),
            n_test: test.rows.len(),
            training: scores(train, &on_training),
            test: scores(test, &predictions),
            transform_seconds,
            fit_seconds,
        };
        Ok(Outcome { predictions, n_clipped, report })
    }

    /// The same for every candidate, so that adding one does not change the others.
    fn part_context(&self, purpose: &str, fold: usize) -> FitContext<'_> {
        FitContext { threads: self.threads, warm_start: None, ..self.context.for_part(purpose, fold as u64) }
    }
}

fn in_fold(fold: usize, error: adsml_core::Error) -> EvalError {
    match error {
        adsml_core::Error::Cancelled => EvalError::Cancelled,
        other => EvalError::Fold { fold, source: Arc::new(other) },
    }
}

/// Brings values into the range; how many were outside.
fn clip(values: &mut [f64], (low, high): (f64, f64)) -> usize {
    let mut n_clipped = 0;
    for value in values {
        let inside = value.clamp(low, high);
        n_clipped += usize::from(inside != *value);
        *value = inside;
    }
    n_clipped
}

fn mean(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    let defined: Vec<f64> = values.flatten().collect();
    let mean = crate::sum::sum(defined.iter().copied()) / defined.len() as f64;
    mean.is_finite().then_some(mean)
}
