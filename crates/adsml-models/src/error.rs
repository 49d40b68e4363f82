//! What can go wrong while fitting and predicting.

use adsml_core::Error;

/// Result of the typed methods of this crate.
pub type Result<T, E = ModelError> = std::result::Result<T, E>;

/// What can go wrong while fitting and predicting.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// A parameter lies outside its accepted range.
    #[error("parameter `{name}` is {value}, expected {expected}")]
    InvalidParameter {
        /// Name of the parameter.
        name: String,
        /// What was given.
        value: String,
        /// The accepted range, in words.
        expected: String,
    },
    /// A feature is missing, infinite, or too large to be squared.
    #[error(
        "feature {} of sample {row} is {value}, expected a number between -1e150 and 1e150",
        feature_label(*.feature, .name.as_deref())
    )]
    InvalidFeature {
        /// Column, counted from zero.
        feature: usize,
        /// Its name, when the columns were described.
        name: Option<String>,
        /// Row, counted from zero.
        row: usize,
        /// Its value.
        value: f64,
    },
    /// A category holds something that is not the code of a level.
    #[error(
        "feature {} of sample {row} is {value}, expected the code of one of {n_levels} levels, or {n_levels} for another one",
        feature_label(*.feature, .name.as_deref())
    )]
    InvalidLevel {
        /// Column, counted from zero.
        feature: usize,
        /// Its name, when the columns were described.
        name: Option<String>,
        /// Row, counted from zero.
        row: usize,
        /// Its value.
        value: f64,
        /// Levels of the category.
        n_levels: usize,
    },
    /// A target lies outside the model's domain.
    #[error("the target of sample {row} is {value}, expected {expected}")]
    InvalidTarget {
        /// Row, counted from zero.
        row: usize,
        /// Its value.
        value: f64,
        /// The accepted domain, in words.
        expected: &'static str,
    },
    /// Boosting or a tree cannot go on from derivatives of the loss, or from where it would start.
    #[error(
        "{what} is not finite, or a second derivative is negative: targets or weights are too large, or an objective of your own is at fault"
    )]
    NotFinite {
        /// Which number, in words.
        what: String,
    },
    /// Rows of a slice differ in length.
    #[error("row {row} has {found} features, the first row has {expected}")]
    RaggedRows {
        /// The first row that differs, counted from zero.
        row: usize,
        /// Features of the first row.
        expected: usize,
        /// Features of this row.
        found: usize,
    },
    /// There are more features than the model takes.
    #[error("{found} features, this model takes at most {limit}")]
    TooManyFeatures {
        /// Features given.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// A model file of another library is malformed, or says what is not supported.
    #[error("{format} refused at {place}: {reason}")]
    ForeignModel {
        /// The format it was read as.
        format: &'static str,
        /// Field, line or byte.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// linfa's own complaint about a dataset.
    #[cfg(feature = "linfa")]
    #[error("linfa: {0}")]
    Linfa(#[from] linfa::Error),
    /// Lengths, weights, offsets, model files: the errors every crate shares.
    #[error(transparent)]
    Core(Error),
}

/// `3 (`age`)`, or `3` when it has no name.
fn feature_label(feature: usize, name: Option<&str>) -> String {
    name.map_or_else(|| feature.to_string(), |name| format!("{feature} (`{name}`)"))
}

impl From<Error> for ModelError {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidParameter { name, value, expected } => Self::InvalidParameter { name, value, expected },
            other => Self::Core(other),
        }
    }
}

impl From<adsml_core::ModelFileError> for ModelError {
    fn from(error: adsml_core::ModelFileError) -> Self {
        Self::Core(error.into())
    }
}

impl From<ModelError> for Error {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::InvalidParameter { name, value, expected } => Self::InvalidParameter { name, value, expected },
            ModelError::InvalidFeature { feature, name, row, value } => Self::InvalidSample {
                what: format!("feature {}", feature_label(feature, name.as_deref())),
                row,
                value,
                expected: "a number between -1e150 and 1e150",
            },
            ModelError::InvalidLevel { feature, name, row, value, .. } => Self::InvalidSample {
                what: format!("feature {}", feature_label(feature, name.as_deref())),
                row,
                value,
                expected: "the code of a level",
            },
            ModelError::InvalidTarget { row, value, expected } => {
                Self::InvalidSample { what: "the target".to_owned(), row, value, expected }
            }
            ModelError::RaggedRows { row, expected, found } => {
                Self::Length { what: format!("row {row}"), expected, found }
            }
            ModelError::Core(error) => error,
            other => Self::component(other),
        }
    }
}
