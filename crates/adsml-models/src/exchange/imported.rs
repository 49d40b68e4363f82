//! A model that another library fitted.

use std::fmt;
use std::path::Path;

use adsml_core::{Classifier, Error, Explanation, FeatureColumn, ModelFile, Regressor, Steps, check_predict_shapes};
use ndarray::{Array2, ArrayView2};

use super::output::Output;
use super::{lightgbm, xgboost};
use crate::classes;
use crate::estimator::{choice, serde_as_file};
use crate::shap::{Explainable, shap_methods};
use crate::tree::{Compiled, Ensemble, Importances, merged, with_room};
use crate::{Importance, ModelError, Result};

/// Which library's file a model was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum ModelFormat {
    /// LightGBM's text, versions 3 and 4.
    #[default]
    LightGbm,
    /// XGBoost's JSON or UBJSON.
    Xgboost,
}

choice!(ModelFormat { LightGbm = "lightgbm", Xgboost = "xgboost" });

/// The library's own name.
impl fmt::Display for ModelFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LightGbm => "LightGBM",
            Self::Xgboost => "XGBoost",
        })
    }
}

/// Trees fitted by LightGBM or XGBoost.
///
/// ```text
/// raw[k](x) = base[k] + sum over rounds of tree_{t,k}(x),    prediction = link(raw)
/// ```
///
/// [`raw_scores`](Self::raw_scores) are those of the other library to the last bit: sums of `f64` in the order of the trees for LightGBM,
/// of `f32` for XGBoost. [`outputs`](Self::outputs), after the link, are within one unit in the last place. As a [`Regressor`] it
/// predicts what all models do: the expected target, P(class 1) of two classes, the mean of the classes' numbers of more. Contributions
/// ([`shap_values`](Self::shap_values)) are summed in `f64`, by the rows (of XGBoost, hessian) in the file.
///
/// # What is read
///
/// | | LightGBM | XGBoost |
/// |---|---|---|
/// | File | text of version 3 or 4 | JSON or UBJSON, since version 1.7 |
/// | Missing | by `missing_type`; zeros too, where the model was trained so | `NaN` |
/// | Numbers | of at most 1e-35 are 0 | are rounded to `f32` |
/// | Categories | the whole part of a code; unseen, negative and missing ones go right | unseen and negative ones go left |
/// | Boosters | gbdt, dart, rf | gbtree, dart, with `num_parallel_tree` |
/// | Objectives | all; of ranking and of your own, the raw score | the same |
/// | Categories' names | of pandas columns | of data frames, since version 3.1 |
///
/// Linear trees, linear boosters and leaves of several targets are refused by the name of the field, and so is everything that is
/// not understood.
///
/// # Hostile files
///
/// No file makes a reader panic, hang or recurse. Reading takes at most 32 bytes of memory for each byte of the file, and 2 MiB.
///
/// # Source
///
/// LightGBM 4.7.0 and XGBoost 3.2.0; their predictions on adversarial rows are tested to be the same.
///
/// ```
/// use adsml_models::{ImportedModel, Regressor};
///
/// // Cost per click from the bid, a single split.
/// let text = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=0\n\
///     objective=regression\nfeature_names=bid\nfeature_infos=[0:3]\ntree_sizes=1\n\n\
///     Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=1.5\ndecision_type=2\nleft_child=-1\n\
///     right_child=-2\nleaf_value=0.4 0.7\n\nend of trees\n";
/// let model = ImportedModel::from_lightgbm_text(text)?;
/// assert_eq!(model.feature_names(), ["bid"]);
/// assert_eq!(model.predict_row(&[2.0])?, 0.7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "Vec<u8>", into = "Vec<u8>")
)]
pub struct ImportedModel {
    pub(super) format: ModelFormat,
    pub(super) objective: String,
    pub(super) ensemble: Ensemble,
    compiled: Compiled,
    pub(super) output: Output,
    pub(super) trees_per_round: usize,
    pub(super) best_round: Option<usize>,
    /// Sums are divided by the number of rounds.
    pub(super) is_averaged: bool,
    pub(super) importances: Importances,
    /// Empty when the file does not name its features.
    pub(super) columns: Vec<FeatureColumn>,
    feature_names: Vec<String>,
    classes: Vec<String>,
}

impl ImportedModel {
    /// The kind of its model files.
    pub const KIND: &str = "imported_trees";

    /// Reads the text that LightGBM's `save_model` writes.
    ///
    /// # Errors
    ///
    /// [`ModelError::ForeignModel`] with line and field.
    pub fn from_lightgbm_text(text: &str) -> Result<Self> {
        lightgbm::read(text)
    }

    /// Reads the JSON that XGBoost's `save_model` writes.
    ///
    /// # Errors
    ///
    /// [`ModelError::ForeignModel`] with field and byte.
    pub fn from_xgboost_json(text: &str) -> Result<Self> {
        xgboost::read_json(text)
    }

    /// Reads the UBJSON that XGBoost's `save_model` writes.
    ///
    /// # Errors
    ///
    /// [`ModelError::ForeignModel`] with field and byte.
    pub fn from_xgboost_ubjson(bytes: &[u8]) -> Result<Self> {
        xgboost::read_ubjson(bytes)
    }

    /// Reads any of them: what begins with `tree` is LightGBM's text, what begins with `{` is XGBoost's, as JSON when the first name
    /// is in quotes.
    ///
    /// # Errors
    ///
    /// [`ModelError::ForeignModel`], also for what is none of them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let text = |format: &'static str| {
            std::str::from_utf8(bytes).map_err(|error| ModelError::ForeignModel {
                format,
                place: format!("byte {}", error.valid_up_to()),
                reason: "is not UTF-8".to_owned(),
            })
        };
        let trimmed = bytes.trim_ascii_start();
        if trimmed.starts_with(b"tree") {
            Self::from_lightgbm_text(text(lightgbm::FORMAT)?)
        } else if trimmed.starts_with(b"{") && trimmed[1..].trim_ascii_start().starts_with(b"\"") {
            Self::from_xgboost_json(text(xgboost::JSON)?)
        } else if trimmed.starts_with(b"{") {
            Self::from_xgboost_ubjson(bytes)
        } else {
            Err(ModelError::ForeignModel {
                format: "model file",
                place: "byte 0".to_owned(),
                reason: "is neither LightGBM's text nor XGBoost's JSON or UBJSON".to_owned(),
            })
        }
    }

    /// Reads a file, as [`from_bytes`](Self::from_bytes).
    ///
    /// # Errors
    ///
    /// The same; [`ModelError::ForeignModel`] with the path when the file cannot be read.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| ModelError::ForeignModel {
            format: "model file",
            place: path.display().to_string(),
            reason: error.to_string(),
        })?;
        Self::from_bytes(&bytes)
    }

    /// A model of these parts; `ensemble` has an output, and of classes at least two.
    pub(super) fn new(
        format: ModelFormat,
        objective: String,
        ensemble: Ensemble,
        output: Output,
        importances: Importances,
    ) -> Self {
        let n_outputs = ensemble.n_outputs();
        let n_classes = match output {
            Output::Sigmoid { .. } | Output::SigmoidF32 | Output::Hinge if n_outputs == 1 => 2,
            output if output.has_many_classes() => n_outputs,
            _ => 0,
        };
        Self {
            format,
            objective,
            output,
            trees_per_round: n_outputs,
            best_round: None,
            is_averaged: false,
            importances,
            columns: Vec::new(),
            feature_names: Vec::new(),
            classes: classes::numbered(n_classes),
            compiled: Compiled::new(&ensemble),
            ensemble,
        }
    }

    /// Names what the features are.
    pub(super) fn with_columns(mut self, columns: Vec<FeatureColumn>) -> Self {
        self.feature_names = columns.iter().map(|column| column.name.clone()).collect();
        self.columns = columns;
        self
    }

    /// Which library fitted it.
    pub fn format(&self) -> ModelFormat {
        self.format
    }

    /// The objective it was fitted with, as the file puts it; empty when the file has none.
    pub fn objective(&self) -> &str {
        &self.objective
    }

    /// Numbers per row: 1, one per class, or one per target.
    pub fn n_outputs(&self) -> usize {
        self.ensemble.n_outputs()
    }

    /// Rounds of boosting, or trees of a forest.
    pub fn n_rounds(&self) -> usize {
        self.ensemble.trees.len() / self.trees_per_round
    }

    /// Leaves of all trees together.
    pub fn n_leaves(&self) -> usize {
        self.ensemble.trees.n_leaves()
    }

    /// Rounds up to the best one, when XGBoost stopped early; LightGBM saves no others.
    pub fn best_round(&self) -> Option<usize> {
        self.best_round
    }

    /// The model after its first rounds: `num_iteration` of LightGBM's `predict`, the end of `iteration_range` of XGBoost's.
    ///
    /// # Errors
    ///
    /// [`ModelError::InvalidParameter`] unless there are as many rounds, and one at least.
    pub fn first_rounds(&self, n_rounds: usize) -> Result<Self> {
        if n_rounds == 0 || n_rounds > self.n_rounds() {
            return Err(ModelError::InvalidParameter {
                name: "n_rounds".to_owned(),
                value: n_rounds.to_string(),
                expected: format!("1 to {}", self.n_rounds()),
            });
        }
        let mut first = self.clone();
        first.ensemble.trees.truncate(n_rounds * self.trees_per_round);
        if self.is_averaged {
            first.ensemble.divisor = n_rounds as f64;
        }
        first.compiled = Compiled::new(&first.ensemble);
        first.best_round = self.best_round.filter(|&best| best <= n_rounds);
        Ok(first)
    }

    /// Names of the features; empty when the file does not name them.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// What the features are, with the levels of categories where the file has them; empty when the file names no features.
    ///
    /// The codes of a column that is a category here, with the same levels in the same order, are what the model was fitted on.
    pub fn columns(&self) -> &[FeatureColumn] {
        &self.columns
    }

    /// Itself as LightGBM's text (version 4), when LightGBM fitted it: the same raw scores, to the last bit.
    ///
    /// Gains, parameters and the levels of pandas columns are left out.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] for a model of XGBoost, whose sums are of `f32`, and for one without features.
    pub fn to_lightgbm_text(&self) -> Result<String> {
        if self.format != ModelFormat::LightGbm {
            let what = "writing sums of f32 as LightGBM's text".to_owned();
            return Err(Error::Unsupported { by: self.format.name().to_owned(), what }.into());
        }
        let parts = lightgbm::Parts {
            trees: &self.ensemble.trees,
            base: &self.ensemble.base,
            n_features: self.ensemble.n_features,
            feature_names: &self.feature_names,
            readings: &self.ensemble.readings,
            leaf: &|value, _| value,
            is_shared: false,
            is_averaged: self.is_averaged,
            objective: Some(self.objective.clone()).filter(|objective| !objective.is_empty()),
        };
        parts.write()
    }

    /// How much each feature matters, length `n_features`: by gain, number of splits, or rows (of XGBoost, hessian) that came by, of
    /// all trees in the file.
    pub fn importance_by(&self, kind: Importance) -> Vec<f64> {
        self.importances.of(kind)
    }

    /// The raw score of a row, before the link, of one output.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`]; [`Error::Unsupported`] for an output there is none of.
    pub fn raw_score(&self, row: &[f64], output: usize) -> adsml_core::Result<f64> {
        self.check_row(row)?;
        if output >= self.n_outputs() {
            return Err(Error::Unsupported { by: Self::KIND.to_owned(), what: format!("output {output}") });
        }
        Ok(self.ensemble.raw(row, output))
    }

    /// The raw scores of each row of `x`, before the link, shape `(n_samples, n_outputs)`.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`].
    pub fn raw_scores(&self, x: ArrayView2<'_, f64>) -> adsml_core::Result<Array2<f64>> {
        self.by_row(x, |_| {})
    }

    /// What the other library predicts for each row of `x`, shape `(n_samples, n_outputs)`; of `multi:softmax`, the probabilities.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`].
    pub fn outputs(&self, x: ArrayView2<'_, f64>) -> adsml_core::Result<Array2<f64>> {
        self.by_row(x, |raw| self.output.apply(raw))
    }

    fn by_row(&self, x: ArrayView2<'_, f64>, finish: impl Fn(&mut [f64]) + Sync) -> adsml_core::Result<Array2<f64>> {
        if x.ncols() != self.ensemble.n_features {
            return Err(Error::FeatureCount { expected: self.ensemble.n_features, found: x.ncols() });
        }
        let mut out = Array2::zeros((x.nrows(), self.n_outputs()));
        let values = out.as_slice_mut().expect("a new array is contiguous");
        self.compiled.each_raw(&self.ensemble, x, self.n_outputs(), values, |raw, out| {
            finish(raw);
            out.copy_from_slice(raw);
        });
        Ok(out)
    }

    /// Raw scores to the probability of each class, of a model of several.
    fn proba(&self, out: &mut [f64]) {
        self.output.apply(out);
        // One class against the others does not sum to one, and neither do numbers rounded to f32.
        let total: f64 = out.iter().sum();
        let n = out.len() as f64;
        out.iter_mut().for_each(|p| *p = if total > 0.0 { *p / total } else { 1.0 / n });
    }

    fn explainable(&self) -> Explainable<'_> {
        Explainable::of_ensemble(&self.ensemble, &self.feature_names)
    }

    fn check_row(&self, row: &[f64]) -> adsml_core::Result<()> {
        if row.len() == self.ensemble.n_features {
            return Ok(());
        }
        Err(Error::FeatureCount { expected: self.ensemble.n_features, found: row.len() })
    }

    /// Refuses to say one number of several targets.
    fn check_single(&self) -> adsml_core::Result<()> {
        if self.n_outputs() == 1 || self.output.has_many_classes() {
            return Ok(());
        }
        let what = format!("one prediction of {} outputs: see `outputs`", self.n_outputs());
        Err(Error::Unsupported { by: Self::KIND.to_owned(), what })
    }

    /// The expected target, by raw scores, which are used up.
    fn mean(&self, raw: &mut [f64]) -> f64 {
        if let [out] = raw {
            self.output.apply(std::slice::from_mut(out));
            return *out;
        }
        self.proba(raw);
        match raw {
            // What `predict_proba` says of class 1.
            [_, positive] => *positive,
            proba => proba.iter().enumerate().map(|(class, p)| class as f64 * p).sum(),
        }
    }

    /// Reads a model file of ours that holds such a model.
    ///
    /// # Errors
    ///
    /// [`ModelError::Core`] when the file is of another kind or does not add up.
    pub fn from_file(file: &ModelFile) -> Result<Self> {
        super::file::read(file)
    }

    fn write(&self) -> ModelFile {
        super::file::write(self)
    }
}

impl Regressor for ImportedModel {
    fn n_features(&self) -> usize {
        self.ensemble.n_features
    }

    fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
        check_predict_shapes(self.ensemble.n_features, x, out)?;
        self.check_single()?;
        self.compiled.each_raw(&self.ensemble, x, 1, out, |raw, out| out[0] = self.mean(raw));
        Ok(())
    }

    fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
        self.check_row(row)?;
        self.check_single()?;
        Ok(with_room(self.n_outputs(), |raw| {
            self.compiled.raw_into(&self.ensemble, row, raw);
            self.mean(raw)
        }))
    }

    fn importance(&self) -> Option<Vec<f64>> {
        Some(self.importance_by(Importance::Gain))
    }

    fn explain(&self, row: &[f64]) -> adsml_core::Result<Option<Explanation>> {
        self.explainable().explanation(row)
    }

    fn steps_along(&self, feature: usize, row: &[f64]) -> Option<Steps> {
        if row.len() != self.ensemble.n_features || self.n_outputs() != 1 {
            return None;
        }
        let (breakpoints, mut values) = self.ensemble.steps_along(feature, row)?;
        values.iter_mut().for_each(|value| self.output.apply(std::slice::from_mut(value)));
        Some(merged(&breakpoints, &values))
    }

    fn as_classifier(&self) -> Option<&dyn Classifier> {
        (!self.classes.is_empty()).then_some(self)
    }

    fn to_file(&self) -> adsml_core::Result<ModelFile> {
        Ok(self.write())
    }
}

serde_as_file!(ImportedModel);
shap_methods!(ImportedModel);

impl Classifier for ImportedModel {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict_proba(&self, x: ArrayView2<'_, f64>) -> adsml_core::Result<Array2<f64>> {
        if self.n_outputs() == 1 {
            return Ok(classes::of_two(self.predict(x)?.view()));
        }
        self.by_row(x, |raw| self.proba(raw))
    }
}
