//! The mean of some trees: what a tree and a forest have in common once they are fitted.

use adsml_core::{Error, Explanation, ModelFile, ModelFileError, Steps, TrainingSet};
use ndarray::{Array2, ArrayView2};

use super::distributions::{self, Distributions, mean_class};
use crate::Result;
use crate::classes::numbered;
use crate::columns::Columns;
use crate::estimator::choice;
use crate::exchange::LightGbmParts;
use crate::shap::{Explainable, Explained};
use crate::tree::{Compiled, Ensemble, Importances, Trees, merged, predict_rows_into};

/// What the leaves of a tree are to be alike in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Criterion {
    /// Numbers: the sum of squared differences from the leaf's mean. Parameter value `"squared_error"`.
    #[default]
    SquaredError,
    /// Two classes, 0 and 1, or a rate in between with its denominator as weight: `2 p (1 - p)`, which is the squared error of
    /// the class doubled; or `n_classes` classes, numbered from 0: `1 - sum p_k^2`. The fitted model is a classifier, and of more than
    /// two classes what it predicts is the mean of their numbers. `"gini"`.
    Gini,
}

choice!(Criterion { SquaredError = "squared_error", Gini = "gini" });

/// Trees whose mean is the prediction.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct MeanOfTrees {
    pub(super) ensemble: Ensemble,
    compiled: Compiled,
    pub(super) importances: Importances,
    pub(super) criterion: Criterion,
    columns: Columns,
    classes: Vec<String>,
    /// Of more than two classes, probabilities of the distinct leaves, one after the other: the value of a leaf is its number.
    distributions: Vec<f64>,
}

impl MeanOfTrees {
    /// Without any tree. `many_classes` is the number of classes where there are more than two, else 0.
    pub(super) fn start(criterion: Criterion, many_classes: usize, data: &TrainingSet<'_>) -> Self {
        Self {
            ensemble: Ensemble::of_sums(Trees::default(), vec![0.0], data.n_features()),
            compiled: Compiled::default(),
            importances: Importances::new(data.n_features()),
            criterion,
            columns: Columns::new(data.columns),
            classes: classes(criterion, many_classes),
            distributions: Vec::new(),
        }
    }

    /// The number of classes where there are more than two, else 0: whether leaves hold distributions.
    pub(super) fn many_classes(&self) -> usize {
        if self.classes.len() > 2 { self.classes.len() } else { 0 }
    }

    /// The distributions so far, to which those of other trees are added.
    pub(super) fn take_distributions(&mut self) -> Distributions {
        Distributions::continued(self.many_classes(), &std::mem::take(&mut self.distributions))
    }

    /// Adds trees whose leaves number the distributions of their own.
    pub(super) fn append(&mut self, mut trees: Trees, own: &Distributions, all: &mut Distributions) {
        if own.n_classes > 0 {
            let numbers: Vec<usize> = own.values.chunks_exact(own.n_classes).map(|own| all.number_of(own)).collect();
            trees.map_leaves(|number| numbers[number as usize] as f64);
        }
        self.ensemble.trees.append(trees);
    }

    /// Keeps the distributions of its leaves: its trees are final.
    pub(super) fn keep(&mut self, distributions: Distributions) {
        self.distributions = distributions.values;
        self.compile();
    }

    fn compile(&mut self) {
        self.ensemble.divisor = self.ensemble.trees.len() as f64;
        self.ensemble.values = match self.many_classes() {
            0 => Vec::new(),
            n => self.distributions.chunks_exact(n).map(mean_class).collect(),
        };
        self.compiled = Compiled::new(&self.ensemble);
    }

    pub(super) fn n_features(&self) -> usize {
        self.importances.n_features()
    }

    pub(super) fn columns(&self) -> &Columns {
        &self.columns
    }

    pub(super) fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The probabilities of the leaf of a tree where a row ends.
    fn distribution(&self, tree: usize, row: &[f64]) -> &[f64] {
        let n_classes = self.classes.len();
        &self.distributions[self.ensemble.trees.leaf_value(tree, row) as usize * n_classes..][..n_classes]
    }

    pub(super) fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
        if row.len() != self.n_features() {
            return Err(Error::FeatureCount { expected: self.n_features(), found: row.len() });
        }
        let mut raw = [0.0];
        self.compiled.raw_into(&self.ensemble, row, &mut raw);
        Ok(raw[0])
    }

    pub(super) fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
        adsml_core::check_predict_shapes(self.n_features(), x, out)?;
        self.compiled.each_raw(&self.ensemble, x, 1, out, |raw, out| out[0] = raw[0]);
        Ok(())
    }

    /// `kind` is the model's, to be named where there are no classes.
    pub(super) fn predict_proba(&self, kind: &str, x: ArrayView2<'_, f64>) -> adsml_core::Result<Array2<f64>> {
        if x.ncols() != self.n_features() {
            return Err(Error::FeatureCount { expected: self.n_features(), found: x.ncols() });
        }
        let n_classes = self.classes.len();
        if n_classes == 0 {
            let what = format!("class probabilities after fitting by {}", self.criterion.name());
            return Err(Error::Unsupported { by: kind.to_owned(), what });
        }
        let mut proba = Array2::zeros((x.nrows(), n_classes));
        let out = proba.as_slice_mut().expect("a new array is contiguous");
        if n_classes == 2 {
            let of_row = |raw: &mut [f64], out: &mut [f64]| (out[0], out[1]) = (1.0 - raw[0], raw[0]);
            self.compiled.each_raw(&self.ensemble, x, 2, out, of_row);
            return Ok(proba);
        }
        predict_rows_into(x, n_classes, out, |row, out| {
            for tree in 0..self.ensemble.trees.len() {
                out.iter_mut().zip(self.distribution(tree, row)).for_each(|(sum, share)| *sum += share);
            }
            out.iter_mut().for_each(|sum| *sum /= self.ensemble.trees.len() as f64);
        });
        Ok(proba)
    }

    pub(super) fn steps_along(&self, feature: usize, row: &[f64]) -> Option<Steps> {
        if row.len() != self.n_features() || feature >= self.n_features() || self.many_classes() > 0 {
            return None;
        }
        let (breakpoints, values) = self.ensemble.steps_along(feature, row)?;
        Some(merged(&breakpoints, &values))
    }

    /// One output, which is the prediction; of more than two classes, the probability of each.
    pub(super) fn explainable(&self) -> Explainable<'_> {
        let outputs = match self.many_classes() {
            0 => vec![self.explained(|value| value)],
            n => {
                let of_class = |class| self.explained(move |leaf| self.distributions[leaf as usize * n + class]);
                (0..n).map(of_class).collect()
            }
        };
        self.explainable_as(outputs)
    }

    fn explainable_as<'a>(&'a self, outputs: Vec<Explained<'a>>) -> Explainable<'a> {
        Explainable { n_features: self.n_features(), feature_names: self.columns.names(), readings: &[], outputs }
    }

    fn explained<'a>(&'a self, leaf: impl Fn(f64) -> f64 + Sync + 'a) -> Explained<'a> {
        let divisor = self.ensemble.trees.len() as f64;
        Explained { trees: &self.ensemble.trees, base: 0.0, first: 0, step: 1, leaf: Box::new(leaf), divisor }
    }

    /// Of what is predicted, which is the mean number of many classes.
    pub(super) fn explain(&self, row: &[f64]) -> adsml_core::Result<Option<Explanation>> {
        let n = self.many_classes();
        let predicted = self
            .explained(|value| if n > 0 { mean_class(&self.distributions[value as usize * n..][..n]) } else { value });
        self.explainable_as(vec![predicted]).explanation(row)
    }

    /// The trees and what they say of each class, to be averaged.
    pub(super) fn to_lightgbm_text(&self) -> Result<String> {
        let n = self.many_classes();
        let share = |leaf: f64, class: usize| if n > 0 { self.distributions[leaf as usize * n + class] } else { leaf };
        let parts = LightGbmParts {
            trees: &self.ensemble.trees,
            base: &vec![0.0; n.max(1)],
            n_features: self.n_features(),
            feature_names: self.columns.names(),
            readings: &[],
            leaf: &share,
            is_shared: n > 0,
            is_averaged: true,
            // Leaves hold probabilities, which no link may change.
            objective: (self.criterion == Criterion::SquaredError).then(|| "regression".to_owned()),
        };
        parts.write()
    }

    pub(super) fn to_file(&self, kind: &str) -> ModelFile {
        let mut file = ModelFile::new(kind);
        self.columns.put(&mut file);
        file.set_fact("criterion", self.criterion.name());
        if self.many_classes() > 0 {
            file.set_fact("n_classes", self.many_classes()).put_f64("distributions", &self.distributions);
        }
        self.importances.put(&mut file);
        self.ensemble.trees.put(&mut file);
        file
    }

    pub(super) fn from_file(file: &ModelFile, kind: &str) -> Result<Self> {
        file.require_kind(kind)?;
        let name = file.text_fact("criterion")?;
        let criterion = Criterion::from_name(name).ok_or_else(|| ModelFileError::Header {
            reason: format!("criterion `{name}`, expected one of {}", Criterion::NAMES.join(", ")),
        })?;
        let importances = Importances::from_file(file)?;
        let trees = Trees::from_file(file, importances.n_features())?;
        if trees.len() == 0 {
            let reason = "there is no tree".to_owned();
            return Err(ModelFileError::Section { name: "tree_roots".to_owned(), reason }.into());
        }
        let columns = Columns::from_file(file, importances.n_features())?;
        // Two classes need not be said.
        let is_of_many = criterion == Criterion::Gini && file.fact("n_classes").is_ok();
        let (many_classes, distributions) =
            if is_of_many { distributions::read(file, &trees)? } else { (0, Vec::new()) };
        let classes = classes(criterion, many_classes);
        let ensemble = Ensemble::of_sums(trees, vec![0.0], importances.n_features());
        let compiled = Compiled::default();
        let mut this = Self { ensemble, compiled, importances, criterion, columns, classes, distributions };
        this.compile();
        Ok(this)
    }
}

fn classes(criterion: Criterion, many_classes: usize) -> Vec<String> {
    match criterion {
        Criterion::SquaredError => Vec::new(),
        Criterion::Gini => numbered(many_classes.max(2)),
    }
}

/// The public face of a fitted model that has a `mean: MeanOfTrees`.
macro_rules! mean_of_trees {
    ($model:ident, $kind:literal) => {
        impl $model {
            /// The kind of its model files.
            pub const KIND: &str = $kind;

            /// Leaves of all trees together.
            pub fn n_leaves(&self) -> usize {
                self.mean.ensemble.trees.n_leaves()
            }

            fn explainable(&self) -> $crate::shap::Explainable<'_> {
                self.mean.explainable()
            }

            /// Names of the features, when the training set described its columns; else empty.
            pub fn feature_names(&self) -> &[String] {
                self.mean.columns().names()
            }

            /// What the features are, with the levels of categories, when the training set described its columns; else empty.
            pub fn columns(&self) -> &[adsml_core::FeatureColumn] {
                self.mean.columns().as_slice()
            }

            /// Itself as LightGBM's text (version 4): a random forest with the same predictions there, of more than two classes the probability of
            /// each, on codes as categories and `NaN` as missing.
            ///
            /// LightGBM reads numbers of at most 1e-35 as 0. White space in names of features becomes `_`. Gains are not known to a fitted model: zeros.
            ///
            /// # Errors
            ///
            /// [`Error::Unsupported`](adsml_core::Error::Unsupported) for a model without features, and for names that only white space tells apart.
            pub fn to_lightgbm_text(&self) -> $crate::Result<String> {
                self.mean.to_lightgbm_text()
            }

            /// How much each feature matters, length `n_features`: by gain, number of splits, or cover.
            pub fn importance_by(&self, kind: $crate::Importance) -> Vec<f64> {
                self.mean.importances.of(kind)
            }
        }

        $crate::shap::shap_methods!($model);

        impl adsml_core::Regressor for $model {
            fn n_features(&self) -> usize {
                self.mean.n_features()
            }

            fn predict_into(&self, x: ndarray::ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
                self.mean.predict_into(x, out)
            }

            fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
                self.mean.predict_row(row)
            }

            fn importance(&self) -> Option<Vec<f64>> {
                Some(self.importance_by($crate::Importance::Gain))
            }

            fn explain(&self, row: &[f64]) -> adsml_core::Result<Option<adsml_core::Explanation>> {
                self.mean.explain(row)
            }

            fn steps_along(&self, feature: usize, row: &[f64]) -> Option<adsml_core::Steps> {
                self.mean.steps_along(feature, row)
            }

            fn as_classifier(&self) -> Option<&dyn adsml_core::Classifier> {
                (!self.mean.classes().is_empty()).then_some(self)
            }

            fn to_file(&self) -> adsml_core::Result<adsml_core::ModelFile> {
                Ok(self.write())
            }
        }

        impl adsml_core::Classifier for $model {
            fn classes(&self) -> &[String] {
                self.mean.classes()
            }

            fn predict_proba(&self, x: ndarray::ArrayView2<'_, f64>) -> adsml_core::Result<ndarray::Array2<f64>> {
                self.mean.predict_proba(Self::KIND, x)
            }
        }
    };
}

pub(super) use mean_of_trees;
