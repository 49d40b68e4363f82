//! A predictor as a file.

use std::io::{Read, Write};
use std::path::Path;

use adsml_core::{FittedTransform, LoaderRegistry, ModelFile, ModelFileError};

use super::CtrPredictor;
use crate::{Error, Result};

const KIND: &str = "ctr_predictor";
/// Largest file that is read, so that a wrong path cannot fill the memory.
const MAX_BYTES: u64 = 1 << 30;

/// Readers of everything that this workspace can fit and save.
pub(super) fn registry() -> LoaderRegistry {
    let mut registry = LoaderRegistry::new();
    adsml_features::register(&mut registry);
    adsml_models::register(&mut registry);
    registry
}

impl CtrPredictor {
    /// Itself as a model file: pipeline, model and report.
    ///
    /// # Errors
    ///
    /// [`adsml_core::Error::Unsupported`] when a candidate of the user's own cannot be saved.
    pub fn to_file(&self) -> Result<ModelFile> {
        let mut file = ModelFile::new(KIND);
        file.set_features(self.transform.feature_columns())
            .put_file("pipeline", &self.transform.to_file()?)
            .put_file("model", &self.model.to_file()?);
        let report = serde_json::to_value(&self.report).map_err(adsml_core::Error::component)?;
        file.set_fact("report", report);
        if let Some((first, last)) = &self.report.training_window {
            file.set_training_window(first, last);
        }
        for score in self.report.chosen_model().into_iter().flat_map(|model| &model.scores) {
            if let Some(estimate) = score.out_of_fold {
                file.set_metric(&score.metric, estimate.value);
            }
        }
        Ok(file)
    }

    /// From a model file; candidates of your own need their readers in `registry`.
    ///
    /// # Errors
    ///
    /// [`Error::Core`] and [`Error::ModelFile`] by name of what is wrong.
    pub fn from_file(file: &ModelFile, registry: &LoaderRegistry) -> Result<Self> {
        file.require_kind(KIND)?;
        let transform = registry.load_transform(&file.file("pipeline")?)?;
        let model_file = file.file("model")?;
        let model = registry.load_regressor(&model_file)?;
        check_features(file, &model_file, &*transform)?;
        let (expected, found) = (transform.feature_columns().len(), model.n_features());
        if expected != found {
            return Err(adsml_core::Error::FeatureCount { expected, found }.into());
        }
        let report = serde_json::from_value(file.fact("report")?.clone())
            .map_err(|error| ModelFileError::Header { reason: format!("`report`: {error}") })?;
        Ok(Self { transform, model, report, leaderboard: None, judged: None, explained: None })
    }

    /// Saves it. The file appears whole or not at all: it is written beside its place, then moved there.
    ///
    /// # Errors
    ///
    /// [`Error::File`]; as [`to_file`](Self::to_file).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let bytes = self.to_file()?.to_bytes();
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.part", std::process::id()));
        let write = || -> std::io::Result<()> {
            let mut file = std::fs::File::create(&beside)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&beside, path)
        };
        write().map_err(|source| {
            // Nothing is left behind; that there may be nothing to remove is fine.
            let _ = std::fs::remove_file(&beside);
            Error::File { path: path.to_owned(), source }
        })
    }

    /// Loads one that was saved.
    ///
    /// # Errors
    ///
    /// [`Error::File`]; as [`from_file`](Self::from_file).
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |source| Error::File { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        // A pipe or a device has no length to ask for.
        std::fs::File::open(path).map_err(failed)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(failed(std::io::Error::other(format!(
                "longer than {MAX_BYTES} bytes, which is the most that is read"
            ))));
        }
        Self::from_file(&ModelFile::from_bytes(&bytes)?, &registry())
    }
}

/// The features that the file, its pipeline and its model speak of are the same.
fn check_features(
    file: &ModelFile,
    model: &ModelFile,
    transform: &dyn FittedTransform,
) -> std::result::Result<(), ModelFileError> {
    let columns = transform.feature_columns();
    let schema_hash = ModelFile::new(KIND).set_features(columns).schema_hash().to_owned();
    // A model that looks at no feature keeps no names.
    let same = |names: &[String]| names.is_empty() || names.iter().eq(columns.iter().map(|column| &column.name));
    if file.schema_hash() == schema_hash && same(model.feature_names()) {
        return Ok(());
    }
    Err(ModelFileError::Header { reason: "the features of pipeline and model differ".to_owned() })
}
