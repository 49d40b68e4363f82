//! The recipe from a table to a judged predictor of click-through rates (or of any other target).
//!
//! ```text
//! read the target -> choose columns -> split -> fit every candidate inside every fold -> compare -> choose -> refit
//! ```

#[cfg(feature = "meta")]
mod ads;
mod candidates;
#[cfg(feature = "plot")]
mod charts;
mod columns;
mod explain;
mod file;
mod fit;
mod leaks;
mod report;
mod rows;
mod target;
mod tree_columns;

use std::sync::Arc;

use adsml_core::{FitContext, FittedTransform, Learner, Regressor, Table, Transform};
use adsml_eval::Leaderboard;
use adsml_features::table_from_records;
use serde::Serialize;

pub use explain::Explanations;
pub use report::{
    FeatureReport, IgnoredReport, Interval, ModelReport, PredictReport, ReliabilityReport, ScoreReport, SplitReport,
    WarningReport,
};
pub use target::{PredictTarget, Task};

use crate::Result;

/// A fitted predictor: takes tables or records with named columns, and knows how far it can be trusted.
///
/// Made by [`CtrPredictor::params`]. It is the chosen candidate of its [`report`](Self::report), fitted on all rows;
/// when no candidate was shown to be better than the constant rate, it predicts that constant.
#[derive(Debug)]
pub struct CtrPredictor {
    transform: Box<dyn FittedTransform>,
    model: Box<dyn Regressor>,
    report: PredictReport,
    leaderboard: Option<Leaderboard>,
    judged: Option<Judged>,
    explained: Option<Explained>,
}

/// Predictions for rows the chosen candidate had not seen, with what happened: what charts are drawn from.
#[cfg_attr(not(feature = "plot"), expect(dead_code, reason = "read by charts only"))]
#[derive(Debug)]
struct Judged {
    predicted: Vec<f64>,
    actual: Vec<f64>,
    weight: Option<Vec<f64>>,
}

/// Why the chosen candidate, fitted without the last fold, predicts what it predicts on that fold: what charts are drawn from.
#[cfg_attr(not(feature = "plot"), expect(dead_code, reason = "read by charts only"))]
#[derive(Debug)]
struct Explained {
    explanations: Explanations,
    /// Rows of the fold, explained or not.
    n_rows: usize,
}

impl CtrPredictor {
    /// Parameters with their defaults.
    pub fn params() -> CtrPredictorParams {
        CtrPredictorParams::default()
    }

    /// The expected target of each row: clicks per impression, for a rate. Rates and probabilities are brought into
    /// `[0, 1]`, as they were when candidates were judged.
    ///
    /// The table needs the columns that were used at fitting, in any order; others are not looked at.
    ///
    /// # Errors
    ///
    /// [`Error::Core`](crate::Error::Core) for a missing or mistyped column, by name.
    pub fn predict_table(&self, table: &Table) -> Result<Vec<f64>> {
        let matrix = self.transform.transform(table)?;
        let mut predicted = vec![0.0; matrix.n_samples()];
        self.model.predict_into(matrix.view(), &mut predicted)?;
        if let Some((low, high)) = self.report.range() {
            predicted.iter_mut().for_each(|value| *value = value.clamp(low, high));
        }
        Ok(predicted)
    }

    /// The expected target of one record: a struct or a map whose fields are the columns' names.
    ///
    /// ```
    /// # use adsml::prelude::*;
    /// # let table = Account::demo().table();
    /// # let recipe = CtrPredictor::params().rate("clicks", "impressions").categorical(["gender"]).numeric(["budget"]);
    /// # let predictor = recipe.folds(2).fit(&table)?;
    /// #[derive(serde::Serialize)]
    /// struct Ad {
    ///     gender: &'static str,
    ///     budget: f64,
    /// }
    /// let rate = predictor.predict_one(&Ad { gender: "female", budget: 120.0 })?;
    /// assert!((0.0..1.0).contains(&rate));
    /// # Ok::<(), adsml::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`predict_table`](Self::predict_table).
    pub fn predict_one<T: Serialize>(&self, record: &T) -> Result<f64> {
        let table = table_from_records(std::slice::from_ref(record))?;
        Ok(self.predict_table(&table)?[0])
    }

    /// How candidates compared, which columns were used, which were refused.
    pub const fn report(&self) -> &PredictReport {
        &self.report
    }

    /// The full comparison, with every out-of-fold prediction; `None` once loaded from a file.
    pub const fn leaderboard(&self) -> Option<&Leaderboard> {
        self.leaderboard.as_ref()
    }

    /// Names of the columns it reads.
    pub fn input_columns(&self) -> Vec<&str> {
        self.transform.input_columns()
    }

    /// The fitted model behind the pipeline.
    pub fn model(&self) -> &dyn Regressor {
        &*self.model
    }
}

/// What to predict, from which columns, judged how: the parameters of a [`CtrPredictor`].
#[derive(Debug, Clone)]
pub struct CtrPredictorParams {
    target: Option<PredictTarget>,
    numeric: Vec<String>,
    categorical: Vec<String>,
    group: Option<String>,
    time: Option<String>,
    gap_days: u32,
    folds: usize,
    allow_leaks: AllowedLeaks,
    extra: Vec<OwnCandidate>,
}

/// Which features are used even when they give the answer away.
#[derive(Debug, Clone)]
enum AllowedLeaks {
    All,
    Of(Vec<String>),
}

impl AllowedLeaks {
    fn holds(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Of(names) => names.iter().any(|allowed| allowed == name),
        }
    }
}

/// A candidate of the user's own.
#[derive(Debug, Clone)]
struct OwnCandidate {
    name: String,
    transform: Arc<dyn Transform>,
    learner: Arc<dyn Learner>,
}

impl Default for CtrPredictorParams {
    fn default() -> Self {
        Self {
            target: None,
            numeric: Vec::new(),
            categorical: Vec::new(),
            group: None,
            time: None,
            gap_days: 0,
            folds: 5,
            allow_leaks: AllowedLeaks::Of(Vec::new()),
            extra: Vec::new(),
        }
    }
}

impl CtrPredictorParams {
    /// Predicts a rate, such as clicks out of impressions: a ratio of sums, weighted by its denominator.
    #[must_use]
    pub fn rate(mut self, numerator: impl Into<String>, denominator: impl Into<String>) -> Self {
        self.target = Some(PredictTarget::Rate { numerator: numerator.into(), denominator: denominator.into() });
        self
    }

    /// Predicts a column as it is: 0 or 1 per row, or any number.
    #[must_use]
    pub fn target(mut self, column: impl Into<String>) -> Self {
        self.target = Some(PredictTarget::Column(column.into()));
        self
    }

    /// Columns to use as numbers. Names of the prototype's derived features (`budget_per_audience`, `hour_sin`, …) are
    /// derived when the table lacks them. Without any named column, the prototype's lists are used as far as present.
    #[must_use]
    pub fn numeric<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.numeric.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Columns to use as categories; columns of numbers too, such as codes.
    #[must_use]
    pub fn categorical<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.categorical.extend(columns.into_iter().map(Into::into));
        self
    }

    /// Rows that share a value of this column are never on both sides of a split; those without a value form a group.
    #[must_use]
    pub fn group(mut self, column: impl Into<String>) -> Self {
        self.group = Some(column.into());
        self
    }

    /// A date or timestamp: each fold is judged on days after those it learnt from. Excludes [`group`](Self::group).
    #[must_use]
    pub fn time(mut self, column: impl Into<String>) -> Self {
        self.time = Some(column.into());
        self
    }

    /// Whole days left out between learning and judging, for a split in time. Default 0.
    #[must_use]
    pub fn gap_days(mut self, days: u32) -> Self {
        self.gap_days = days;
        self
    }

    /// Number of folds, 2 or more. Default 5.
    #[must_use]
    pub fn folds(mut self, folds: usize) -> Self {
        self.folds = folds;
        self
    }

    /// Whether features are used even when they give the answer away. Default `false`. What is used so is told in
    /// [`PredictReport::warnings`].
    #[must_use]
    pub fn allow_leaks(mut self, allow_leaks: bool) -> Self {
        self.allow_leaks = if allow_leaks { AllowedLeaks::All } else { AllowedLeaks::Of(Vec::new()) };
        self
    }

    /// As [`allow_leaks`](Self::allow_leaks), for these features only; any other name is an error at fitting.
    #[must_use]
    pub fn allow_leaks_of<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        if let AllowedLeaks::Of(names) = &mut self.allow_leaks {
            names.extend(columns.into_iter().map(Into::into));
        }
        self
    }

    /// Adds a candidate of your own to those the recipe brings: any pipeline, any learner.
    #[must_use]
    pub fn candidate(
        mut self,
        name: impl Into<String>,
        transform: impl Transform + 'static,
        learner: impl Learner + 'static,
    ) -> Self {
        self.extra.push(OwnCandidate { name: name.into(), transform: Arc::new(transform), learner: Arc::new(learner) });
        self
    }

    /// Judges every candidate on rows it did not learn from, chooses one, and fits it on all rows.
    ///
    /// The chosen one is the constant baseline unless another was shown to be better: unless the paired interval of
    /// the difference in the first metric (log loss, or RMSE for a number) excludes zero.
    ///
    /// # Errors
    ///
    /// [`Error::NotStated`](crate::Error::NotStated) without a target; [`Error::NoFeatures`](crate::Error::NoFeatures) and
    /// [`Error::NoTarget`](crate::Error::NoTarget) when nothing is left;
    /// [`Error::Rate`](crate::Error::Rate) for a row with more successes than trials;
    /// [`Error::TwoRoles`](crate::Error::TwoRoles) and [`Error::NotAFeature`](crate::Error::NotAFeature); what the pipeline, the split or the comparison refuses.
    pub fn fit(&self, table: &Table) -> Result<CtrPredictor> {
        self.fit_with(table, &FitContext::default())
    }

    /// As [`fit`](Self::fit), with a seed, a thread budget, an observer, a way to cancel.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn fit_with(&self, table: &Table, context: &FitContext<'_>) -> Result<CtrPredictor> {
        fit::fit(self, table, context)
    }
}
