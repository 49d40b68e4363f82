//! A model that another library fitted.

use adsml_core::{Error, FeatureColumn, ModelFile};

use super::format::ModelFormat;
use super::lightgbm;
use super::output::Output;
use crate::classes;
use crate::estimator::serde_as_file;
use crate::tree::{Compiled, Ensemble, Importances};
use crate::{Importance, ModelError, Result};

/// Trees fitted by LightGBM or XGBoost.
///
/// ```text
/// raw[k](x) = base[k] + sum over rounds of tree_{t,k}(x),    prediction = link(raw)
/// ```
///
/// [`raw_scores`](Self::raw_scores) are those of the other library to the last bit: sums of `f64` in the order of the trees for LightGBM,
/// of `f32` for XGBoost. [`outputs`](Self::outputs), after the link, are within one unit in the last place. As a [`Regressor`](crate::Regressor) it
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
    pub(super) compiled: Compiled,
    pub(super) output: Output,
    pub(super) trees_per_round: usize,
    pub(super) best_round: Option<usize>,
    /// Sums are divided by the number of rounds.
    pub(super) is_averaged: bool,
    pub(super) importances: Importances,
    /// Empty when the file does not name its features.
    pub(super) columns: Vec<FeatureColumn>,
    pub(super) feature_names: Vec<String>,
    pub(super) classes: Vec<String>,
}

impl ImportedModel {
    /// The kind of its model files.
    pub const KIND: &str = "imported_trees";

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

    /// Reads a model file of ours that holds such a model.
    ///
    /// # Errors
    ///
    /// [`ModelError::Core`] when the file is of another kind or does not add up.
    pub fn from_file(file: &ModelFile) -> Result<Self> {
        super::file::read(file)
    }

    pub(super) fn write(&self) -> ModelFile {
        super::file::write(self)
    }
}

serde_as_file!(ImportedModel);
