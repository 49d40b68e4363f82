//! A fitted boosting model: predictions, probabilities, steps, its file.

use adsml_core::{
    Classifier, Error, Explanation, FeatureColumn, ModelFile, Regressor, Steps, TrainingSet, check_predict_shapes,
};
use ndarray::{Array2, ArrayView2};

use crate::classes;
use crate::columns::Columns;
use crate::estimator::serde_as_file;
use crate::exchange::LightGbmParts;
use crate::objective::Link;
use crate::shap::{Explainable, Explained, shap_methods};
use crate::tree::{Compiled, Ensemble, Importances, Trees, merged, with_room};
use crate::{Importance, Result};

const KIND: &str = "gradient_boosting";

/// Fitted gradient boosting.
///
/// ```text
/// raw(x) = base + sum over rounds of tree_t(x),    E[y | x] = link(raw(x))
/// ```
///
/// The trees ask of a number whether it is at most a threshold, and of a category whether its level is in a set.
/// Missing values go where they went in training. A number of which some row was missing, though none in the node, sends
/// them right; one of which none was, and a category, to the side that more rows (by hessian) went to. So do levels that
/// were not seen at fitting, unless rare ones were pooled with them.
///
/// # Rates
///
/// With [`Loss::Logistic`](crate::Loss::Logistic), `y` = clicks / impressions and impressions as weights, the sum of losses is that of a row per impression.
///
/// # Source
///
/// Friedman (2001), "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29; Chen and
/// Guestrin (2016), "XGBoost", KDD; Ke et al. (2017), "LightGBM", NeurIPS; Prokhorenkova et al. (2018), "CatBoost", NeurIPS.
///
/// ```
/// use adsml_models::{GradientBoosting, Loss, Regressor};
///
/// // Hour of the day and clicks out of impressions: evenings do better.
/// let hours: Vec<[f64; 1]> = (0..240).map(|row| [f64::from(row % 24)]).collect();
/// let ctr: Vec<f64> = hours.iter().map(|hour| if hour[0] >= 18.0 { 0.03 } else { 0.01 }).collect();
/// let impressions = vec![1_000.0; 240];
/// let model = GradientBoosting::params().loss(Loss::Logistic).fit_weighted(&hours, &ctr, &impressions)?;
/// assert!((model.predict_row(&[20.0])? - 0.03).abs() < 1e-4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "Vec<u8>", into = "Vec<u8>")
)]
pub struct GradientBoosting {
    pub(super) ensemble: Ensemble,
    compiled: Compiled,
    link: Link,
    columns: Columns,
    classes: Vec<String>,
    pub(super) importances: Importances,
    pub(super) validation_loss: Vec<f64>,
}

impl GradientBoosting {
    /// The kind of its model files.
    pub const KIND: &str = KIND;

    /// Without any tree.
    pub(super) fn start(base: Vec<f64>, link: Link, data: &TrainingSet<'_>) -> Self {
        Self {
            classes: class_names(link, base.len()),
            compiled: Compiled::default(),
            ensemble: Ensemble::of_sums(Trees::default(), base, data.n_features()),
            link,
            columns: Columns::new(data.columns),
            importances: Importances::new(data.n_features()),
            validation_loss: Vec::new(),
        }
    }

    /// How raw scores become predictions.
    pub fn link(&self) -> Link {
        self.link
    }

    /// Rounds of boosting; with early stopping, up to the best one.
    pub fn n_rounds(&self) -> usize {
        self.ensemble.trees.len() / self.ensemble.base.len()
    }

    /// Leaves of all trees together.
    pub fn n_leaves(&self) -> usize {
        self.ensemble.trees.n_leaves()
    }

    /// Names of the features, when the training set described its columns; else empty.
    pub fn feature_names(&self) -> &[String] {
        self.columns.names()
    }

    /// What the features are, with the levels of categories, when the training set described its columns; else empty.
    pub fn columns(&self) -> &[FeatureColumn] {
        self.columns.as_slice()
    }

    /// Loss on the validation rows after each round; empty without validation rows.
    pub fn validation_loss(&self) -> &[f64] {
        &self.validation_loss
    }

    /// How much each feature matters, length `n_features`: by gain, number of splits, or cover.
    pub fn importance_by(&self, kind: Importance) -> Vec<f64> {
        self.importances.of(kind)
    }

    /// Itself as LightGBM's text (version 4): the same raw scores there, to the last bit, on codes as categories and `NaN` as missing.
    ///
    /// LightGBM reads numbers of at most 1e-35 as 0. White space in names of features becomes `_`. Gains are not known to a fitted model: zeros.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] for a model without features, and for names that only white space tells apart.
    pub fn to_lightgbm_text(&self) -> Result<String> {
        let objective = match self.link {
            Link::Identity => "regression".to_owned(),
            Link::Log => "poisson".to_owned(),
            Link::Logit => "binary sigmoid:1".to_owned(),
            Link::Softmax => format!("multiclass num_class:{}", self.ensemble.base.len()),
        };
        let parts = LightGbmParts {
            trees: &self.ensemble.trees,
            base: &self.ensemble.base,
            n_features: self.ensemble.n_features,
            feature_names: self.columns.names(),
            readings: &[],
            leaf: &|value, _| value,
            is_shared: false,
            is_averaged: false,
            objective: Some(objective),
        };
        parts.write()
    }

    /// Raw scores per row: 1, or one per class.
    pub(super) fn n_outputs(&self) -> usize {
        self.ensemble.base.len()
    }

    /// To be scored, once its trees are final.
    pub(super) fn compile(mut self) -> Self {
        self.compiled = Compiled::new(&self.ensemble);
        self
    }

    /// The raw score of a row, before the link; of softmax, of the given class.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`]; [`Error::Unsupported`] for a class there is none of.
    pub fn raw_score(&self, row: &[f64], class: usize) -> adsml_core::Result<f64> {
        self.check_row(row)?;
        if class >= self.n_outputs() {
            return Err(Error::Unsupported { by: KIND.to_owned(), what: format!("class {class}") });
        }
        Ok(self.ensemble.raw(row, class))
    }

    fn explainable(&self) -> Explainable<'_> {
        let output = |(first, &base): (usize, &f64)| Explained {
            trees: &self.ensemble.trees,
            base,
            first,
            step: self.ensemble.base.len(),
            leaf: Box::new(|value| value),
            divisor: 1.0,
        };
        Explainable {
            n_features: self.ensemble.n_features,
            readings: &[],
            feature_names: self.columns.names(),
            outputs: self.ensemble.base.iter().enumerate().map(output).collect(),
        }
    }

    fn check_row(&self, row: &[f64]) -> adsml_core::Result<()> {
        if row.len() == self.ensemble.n_features {
            return Ok(());
        }
        Err(Error::FeatureCount { expected: self.ensemble.n_features, found: row.len() })
    }

    /// The expected target by raw scores; of softmax, the mean of the classes' numbers.
    fn mean(&self, raw: &[f64]) -> f64 {
        if self.link != Link::Softmax {
            return self.link.mean(raw[0]);
        }
        let most = raw.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut mean, mut total) = (0.0, 0.0);
        for (class, raw) in raw.iter().enumerate() {
            let part = (raw - most).exp();
            mean += part * class as f64;
            total += part;
        }
        mean / total
    }

    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// [`ModelError::Core`](crate::ModelError::Core) when the file is of another kind or does not add up.
    pub fn from_file(file: &ModelFile) -> Result<Self> {
        file.require_kind(KIND)?;
        let link = file.text_fact("link")?;
        let link = Link::from_name(link).ok_or_else(|| adsml_core::ModelFileError::Header {
            reason: format!("link `{link}`, expected one of {}", Link::NAMES.join(", ")),
        })?;
        let importances = Importances::from_file(file)?;
        let n_features = importances.n_features();
        let base = file.finite_f64("base")?;
        if base.is_empty() || (link != Link::Softmax && base.len() != 1) {
            let reason = format!("{} numbers do not go with the link {}", base.len(), link.name());
            return Err(adsml_core::ModelFileError::Section { name: "base".to_owned(), reason }.into());
        }
        let trees = Trees::from_file(file, n_features)?;
        if trees.len() % base.len() != 0 {
            let reason = format!("{} trees for {} classes", trees.len(), base.len());
            return Err(adsml_core::ModelFileError::Section { name: "base".to_owned(), reason }.into());
        }
        let columns = Columns::from_file(file, n_features)?;
        let classes = class_names(link, base.len());
        let ensemble = Ensemble::of_sums(trees, base, n_features);
        Ok(Self {
            compiled: Compiled::new(&ensemble),
            ensemble,
            link,
            columns,
            classes,
            importances,
            validation_loss: file.f64("validation_loss")?,
        })
    }

    fn write(&self) -> ModelFile {
        let mut file = ModelFile::new(KIND);
        self.columns.put(&mut file);
        file.set_fact("link", self.link.name());
        file.put_f64("base", &self.ensemble.base).put_f64("validation_loss", &self.validation_loss);
        self.importances.put(&mut file);
        self.ensemble.trees.put(&mut file);
        file
    }
}

fn class_names(link: Link, n_outputs: usize) -> Vec<String> {
    classes::numbered(match link {
        Link::Logit => 2,
        Link::Softmax => n_outputs,
        Link::Identity | Link::Log => 0,
    })
}

/// Scores to probabilities.
pub(super) fn softmax(scores: &mut [f64]) {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    scores.iter_mut().for_each(|score| *score = (*score - most).exp());
    let total: f64 = scores.iter().sum();
    scores.iter_mut().for_each(|score| *score /= total);
}

impl Regressor for GradientBoosting {
    fn n_features(&self) -> usize {
        self.ensemble.n_features
    }

    fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
        check_predict_shapes(self.ensemble.n_features, x, out)?;
        self.compiled.each_raw(&self.ensemble, x, 1, out, |raw, out| out[0] = self.mean(raw));
        Ok(())
    }

    fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
        self.check_row(row)?;
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
        if row.len() != self.ensemble.n_features || feature >= self.ensemble.n_features || self.link == Link::Softmax {
            return None;
        }
        let (breakpoints, mut values) = self.ensemble.steps_along(feature, row)?;
        values.iter_mut().for_each(|value| *value = self.link.mean(*value));
        Some(merged(&breakpoints, &values))
    }

    fn as_classifier(&self) -> Option<&dyn Classifier> {
        (!self.classes.is_empty()).then_some(self)
    }

    fn to_file(&self) -> adsml_core::Result<ModelFile> {
        Ok(self.write())
    }
}

serde_as_file!(GradientBoosting);
shap_methods!(GradientBoosting);

impl Classifier for GradientBoosting {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict_proba(&self, x: ArrayView2<'_, f64>) -> adsml_core::Result<Array2<f64>> {
        // For two classes, what `predict` gives, to the last bit.
        if self.link != Link::Softmax || self.n_outputs() == 2 {
            return Ok(classes::of_two(self.predict(x)?.view()));
        }
        if x.ncols() != self.ensemble.n_features {
            return Err(Error::FeatureCount { expected: self.ensemble.n_features, found: x.ncols() });
        }
        let mut proba = Array2::zeros((x.nrows(), self.ensemble.base.len()));
        let out = proba.as_slice_mut().expect("a new array is contiguous");
        self.compiled.each_raw(&self.ensemble, x, self.n_outputs(), out, |raw, out| {
            out.copy_from_slice(raw);
            softmax(out);
        });
        Ok(proba)
    }
}
