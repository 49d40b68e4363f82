//! The mean of some trees: what a tree and a forest have in common once they are fitted.

use adsml_core::{Error, FeatureColumn, ModelFile, Steps, TrainingSet};
use ndarray::ArrayView2;

use crate::Result;
use crate::estimator::choice;
use crate::tree::{Importances, Trees, merged, predict_rows};

/// What the leaves of a tree are to be alike in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Criterion {
    /// Numbers: the sum of squared differences from the leaf's mean. Parameter value `"squared_error"`.
    #[default]
    SquaredError,
    /// Two classes, 0 and 1, or a rate in between with its denominator as weight: `2 p (1 - p)`, which is the squared error of
    /// the class doubled. The fitted model is a classifier. `"gini"`.
    Gini,
}

choice!(Criterion { SquaredError = "squared_error", Gini = "gini" });

/// Trees whose mean is the prediction.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct MeanOfTrees {
    pub(super) trees: Trees,
    pub(super) importances: Importances,
    pub(super) criterion: Criterion,
    feature_names: Vec<String>,
    classes: Vec<String>,
}

impl MeanOfTrees {
    pub(super) fn start(criterion: Criterion, data: &TrainingSet<'_>) -> Self {
        Self {
            trees: Trees::default(),
            importances: Importances::new(data.n_features()),
            criterion,
            feature_names: data.columns.iter().map(|column| column.name.clone()).collect(),
            classes: classes(criterion),
        }
    }

    pub(super) fn n_features(&self) -> usize {
        self.importances.n_features()
    }

    pub(super) fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    pub(super) fn classes(&self) -> &[String] {
        &self.classes
    }

    fn mean(&self, row: &[f64]) -> f64 {
        let sum: f64 = (0..self.trees.len()).fold(0.0, |sum, tree| sum + self.trees.leaf_value(tree, row));
        sum / self.trees.len() as f64
    }

    pub(super) fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
        if row.len() != self.n_features() {
            return Err(Error::FeatureCount { expected: self.n_features(), found: row.len() });
        }
        Ok(self.mean(row))
    }

    pub(super) fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
        adsml_core::check_predict_shapes(self.n_features(), x, out)?;
        predict_rows(x, out, |row| self.mean(row));
        Ok(())
    }

    pub(super) fn steps_along(&self, feature: usize, row: &[f64]) -> Option<Steps> {
        if row.len() != self.n_features() || feature >= self.n_features() {
            return None;
        }
        let breakpoints = self.trees.thresholds(feature)?;
        let mut values = vec![0.0; breakpoints.len() + 1];
        for tree in 0..self.trees.len() {
            self.trees.add_along(tree, feature, row, &breakpoints, &mut values);
        }
        values.iter_mut().for_each(|value| *value /= self.trees.len() as f64);
        Some(merged(&breakpoints, &values))
    }

    pub(super) fn to_file(&self, kind: &str) -> ModelFile {
        let mut file = ModelFile::new(kind);
        if !self.feature_names.is_empty() {
            file.set_features(&self.feature_names.iter().map(FeatureColumn::number).collect::<Vec<_>>());
        }
        file.set_fact("criterion", self.criterion.name());
        self.importances.put(&mut file);
        self.trees.put(&mut file);
        file
    }

    pub(super) fn from_file(file: &ModelFile, kind: &str) -> Result<Self> {
        file.require_kind(kind)?;
        let name = file.text_fact("criterion")?;
        let criterion = Criterion::from_name(name).ok_or_else(|| adsml_core::ModelFileError::Header {
            reason: format!("criterion `{name}`, expected one of {}", Criterion::NAMES.join(", ")),
        })?;
        let importances = Importances::from_file(file)?;
        let trees = Trees::from_file(file, importances.n_features())?;
        if trees.len() == 0 {
            let reason = "there is no tree".to_owned();
            return Err(adsml_core::ModelFileError::Section { name: "tree_roots".to_owned(), reason }.into());
        }
        let feature_names = file.feature_names().to_vec();
        if !feature_names.is_empty() {
            Error::check_length("the list of feature names", importances.n_features(), feature_names.len())?;
        }
        Ok(Self { trees, importances, criterion, feature_names, classes: classes(criterion) })
    }
}

fn classes(criterion: Criterion) -> Vec<String> {
    match criterion {
        Criterion::SquaredError => Vec::new(),
        Criterion::Gini => vec!["0".to_owned(), "1".to_owned()],
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
                self.mean.trees.n_leaves()
            }

            /// Names of the features, when the training set described its columns; else empty.
            pub fn feature_names(&self) -> &[String] {
                self.mean.feature_names()
            }

            /// How much each feature matters, length `n_features`: by gain, number of splits, or cover.
            pub fn importance_by(&self, kind: $crate::Importance) -> Vec<f64> {
                self.mean.importances.of(kind)
            }
        }

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
                let positive = adsml_core::Regressor::predict(self, x)?;
                Ok(ndarray::Array2::from_shape_fn((x.nrows(), 2), |(row, class)| {
                    if class == 1 { positive[row] } else { 1.0 - positive[row] }
                }))
            }
        }
    };
}

pub(super) use mean_of_trees;
