//! From a model file's kind to what reads it.

use std::collections::BTreeMap;

use crate::model_file::ModelFileError;
use crate::{FittedTransform, ModelFile, Regressor, Result};

/// Reads a model from its file; the registry is there for what is nested in it.
pub type RegressorLoader = fn(&ModelFile, &LoaderRegistry) -> Result<Box<dyn Regressor>>;
/// Reads a fitted transform from its file.
pub type TransformLoader = fn(&ModelFile, &LoaderRegistry) -> Result<Box<dyn FittedTransform>>;

/// What reads which kind of model file. A plain value: nothing is registered behind anyone's back.
///
/// Each crate with models offers a function that adds its own (`adsml_models::register`).
#[derive(Debug, Clone, Default)]
pub struct LoaderRegistry {
    regressors: BTreeMap<&'static str, RegressorLoader>,
    transforms: BTreeMap<&'static str, TransformLoader>,
}

impl LoaderRegistry {
    /// A registry that reads nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds (or replaces) the reader of a kind of model.
    pub fn add_regressor(&mut self, kind: &'static str, loader: RegressorLoader) -> &mut Self {
        self.regressors.insert(kind, loader);
        self
    }

    /// Adds (or replaces) the reader of a kind of transform.
    pub fn add_transform(&mut self, kind: &'static str, loader: TransformLoader) -> &mut Self {
        self.transforms.insert(kind, loader);
        self
    }

    /// Reads a model.
    ///
    /// # Errors
    ///
    /// [`ModelFileError::UnknownKind`] when no reader is registered; as the reader says.
    pub fn load_regressor(&self, file: &ModelFile) -> Result<Box<dyn Regressor>> {
        self.regressors.get(file.kind()).ok_or_else(|| unknown(file, &self.regressors))?(file, self)
    }

    /// Reads a fitted transform.
    ///
    /// # Errors
    ///
    /// As [`load_regressor`](Self::load_regressor).
    pub fn load_transform(&self, file: &ModelFile) -> Result<Box<dyn FittedTransform>> {
        self.transforms.get(file.kind()).ok_or_else(|| unknown(file, &self.transforms))?(file, self)
    }
}

fn unknown<T>(file: &ModelFile, known: &BTreeMap<&'static str, T>) -> ModelFileError {
    ModelFileError::UnknownKind {
        kind: file.kind().to_owned(),
        known: known.keys().copied().collect::<Vec<_>>().join(", "),
    }
}
