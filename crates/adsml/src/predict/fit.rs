//! The recipe itself.

use std::borrow::Cow;

use adsml_core::{FitContext, Regressor, Table, Target, TrainingSet};
use adsml_eval::{Dataset, Evaluation, Folds, inner_folds};
use ndarray::ArrayView1;

use super::candidates::{BASELINE, candidates};
use super::columns::Columns;
use super::report::{Findings, PredictReport};
use super::rows::{days, group_numbers};
use super::target::TargetRows;
use super::{CtrPredictor, CtrPredictorParams, Explained, Explanations, Judged, OwnCandidate, Task};
use crate::{Error, Result};

pub(super) fn fit(params: &CtrPredictorParams, table: &Table, context: &FitContext<'_>) -> Result<CtrPredictor> {
    let target = params
        .target
        .as_ref()
        .ok_or(Error::NotStated { what: "what to predict", call: "`rate(clicks, impressions)` or `target(column)`" })?;
    if params.group.is_some() && params.time.is_some() {
        let column = params.group.clone().unwrap_or_default();
        return Err(Error::TwoRoles { column, first: "what rows are grouped by", second: "used with a split in time" });
    }
    let rows = target.read(table)?;
    let columns = Columns::choose(params, target, table, context.threads)?;
    let known =
        if rows.rows.len() == table.n_rows() { Cow::Borrowed(table) } else { Cow::Owned(table.take_rows(&rows.rows)) };

    let groups = params.group.as_deref().map(|name| group_numbers(&known, name)).transpose()?;
    let times = params.time.as_deref().map(|name| days(&known, name)).transpose()?;
    let mut data = Dataset::new(&known, &rows.y)?.with_weight(rows.weight.as_deref())?;
    let folds = match (params.group.as_deref().zip(groups.as_deref()), params.time.as_deref().zip(times.as_deref())) {
        (Some((name, groups)), _) => {
            data = data.with_groups(name, groups)?;
            Folds::by_group(groups, params.folds, context.seed)?.of_column(name)
        }
        (None, Some((name, times))) => {
            data = data.with_times(name, times)?;
            Folds::forward_chaining(times, params.folds, i64::from(params.gap_days))?.of_column(name)
        }
        (None, None) if rows.task == Task::Binary => Folds::stratified(&rows.y, None, params.folds, context.seed)?,
        (None, None) => Folds::k_fold(rows.y.len(), params.folds, context.seed)?,
    };

    let mut list = candidates(rows.task, &columns);
    if columns.is_empty() {
        // Candidates of the user's own bring their own columns; of the recipe's, only the baseline needs none.
        list.truncate(1);
    }
    list.extend(params.extra.iter().cloned());
    let mut evaluation = Evaluation::new().metrics(rows.task.metrics()).baseline(BASELINE);
    if rows.task != Task::Number {
        evaluation = evaluation.clip_predictions(0.0, 1.0);
    }
    for candidate in &list {
        evaluation = evaluation.candidate(&candidate.name, &*candidate.transform, &*candidate.learner);
    }
    let leaderboard = evaluation.run(&data, &folds, context)?;

    let chosen = list.iter().find(|candidate| candidate.name == leaderboard.chosen().name());
    let chosen = chosen.expect("the leaderboard chose among the candidates");
    context.progress("fitting on all rows", 0, Some(1));
    let all = Rows { table: &known, y: &rows.y, weight: rows.weight.as_deref(), groups: groups.as_deref() };
    let (transform, model) = all.fit(chosen, context)?;
    context.progress("fitting on all rows", 1, Some(1));
    let explained = explained(&*model, chosen, &all, &folds, context)?;
    let judged = judged(leaderboard.chosen().out_of_fold(), &rows);
    let report = PredictReport::new(Findings {
        params,
        target,
        rows: &rows,
        n_rows: table.n_rows(),
        seed: context.seed.value(),
        leaderboard: &leaderboard,
        ignored: columns.ignored,
        warnings: columns.warnings,
        columns: transform.feature_columns(),
        importance: model.importance(),
        judged: &judged,
        training_window: times.as_deref().and_then(window),
    });
    Ok(CtrPredictor { transform, model, report, leaderboard: Some(leaderboard), judged: Some(judged), explained })
}

type Fitted = (Box<dyn adsml_core::FittedTransform>, Box<dyn Regressor>);

/// Rows with what is known of them.
struct Rows<'a> {
    table: &'a Table,
    y: &'a [f64],
    weight: Option<&'a [f64]>,
    groups: Option<&'a [usize]>,
}

impl Rows<'_> {
    fn fit(&self, chosen: &OwnCandidate, context: &FitContext<'_>) -> adsml_core::Result<Fitted> {
        let y = ArrayView1::from(self.y);
        let weight = self.weight.map(ArrayView1::from);
        let folds = self.groups.and_then(|groups| inner_folds(groups, context.seed));
        let target = Target::new(y).with_weight(weight).with_folds(folds.as_deref());
        let (transform, matrix) = chosen.transform.fit_transform(self.table, Some(&target), context)?;
        let set = TrainingSet { groups: self.groups, ..TrainingSet::from_matrix(&matrix, y)?.with_weight(weight)? };
        let model = chosen.learner.fit(&set, context)?;
        Ok((transform, model))
    }

    /// Fits on some of the rows.
    fn fit_some(&self, rows: &[usize], chosen: &OwnCandidate, context: &FitContext<'_>) -> adsml_core::Result<Fitted> {
        let of = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
        let (table, y, weight) = (self.table.take_rows(rows), of(self.y), self.weight.map(of));
        let groups = self.groups.map(|groups| rows.iter().map(|&row| groups[row]).collect::<Vec<usize>>());
        Rows { table: &table, y: &y, weight: weight.as_deref(), groups: groups.as_deref() }.fit(chosen, context)
    }
}

/// Most rows that are explained.
const MAX_EXPLAINED: usize = 1000;

/// Explanations of rows of the last fold by the chosen candidate fitted without them; `None` when its models cannot say why.
fn explained(
    model: &dyn Regressor,
    chosen: &OwnCandidate,
    all: &Rows<'_>,
    folds: &Folds,
    context: &FitContext<'_>,
) -> adsml_core::Result<Option<Explained>> {
    let anything = vec![0.0; model.n_features()];
    let can_say = model.n_features() > 0 && matches!(model.explain(&anything), Ok(Some(_)));
    let Some(fold) = folds.iter().last().filter(|_| can_say) else { return Ok(None) };
    let (transform, model) = all.fit_some(fold.train(), chosen, context)?;
    let test = fold.test();
    let n = test.len().min(MAX_EXPLAINED);
    let rows: Vec<usize> = (0..n).map(|row| test[row * test.len() / n]).collect();
    let matrix = transform.transform(&all.table.take_rows(&rows))?;
    let explanations = Explanations::of(&*model, &matrix, context)?;
    Ok(explanations.map(|explanations| Explained { explanations, n_rows: test.len() }))
}

/// The rows that were in some test set.
fn judged(out_of_fold: &[f64], rows: &TargetRows) -> Judged {
    let seen: Vec<usize> = (0..out_of_fold.len()).filter(|&row| !out_of_fold[row].is_nan()).collect();
    let take = |values: &[f64]| seen.iter().map(|&row| values[row]).collect();
    Judged { predicted: take(out_of_fold), actual: take(&rows.y), weight: rows.weight.as_deref().map(take) }
}

/// First and last day, as dates.
fn window(days: &[i64]) -> Option<(String, String)> {
    let date = |days: i64| {
        let span = jiff::Span::new().try_days(days).ok()?;
        Some(jiff::civil::date(1970, 1, 1).checked_add(span).ok()?.to_string())
    };
    Some((date(*days.iter().min()?)?, date(*days.iter().max()?)?))
}
