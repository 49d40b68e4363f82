//! Files of other libraries: which there are, and how they are told apart.

use std::fmt;
use std::path::Path;

use super::imported::ImportedModel;
use super::{lightgbm, xgboost};
use crate::estimator::choice;
use crate::{ModelError, Result};

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

/// Readers.
impl ImportedModel {
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
}
