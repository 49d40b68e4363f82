//! What can go wrong between a table and a matrix.

/// Result of this crate's inherent methods.
pub type Result<T, E = FeatureError> = std::result::Result<T, E>;

/// What can go wrong between a table and a matrix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeatureError {
    /// One of the shared errors: a missing or mistyped column, an invalid sample, a parameter, a model file.
    #[error(transparent)]
    Core(#[from] adsml_core::Error),
    /// A column is asked for in two roles.
    #[error("column `{column}` is named as {first} and as {second}; name it once")]
    TwoRoles {
        /// Its name.
        column: String,
        /// One role.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// No feature is left.
    #[error("the pipeline has no features: none of its columns ({columns}) is in the table")]
    NoFeatures {
        /// The columns it was told of, comma separated.
        columns: String,
    },
    /// One-hot encoding would make too many columns.
    #[error(
        "one-hot encoding of column `{column}` would make {levels} columns, expected at most {max}; use the target or frequency encoding"
    )]
    TooManyLevels {
        /// Its name.
        column: String,
        /// Distinct levels.
        levels: usize,
        /// The limit.
        max: usize,
    },
    /// The pipeline would make too many columns in all.
    #[error(
        "the pipeline would make {features} features, expected at most {max}; use the target or frequency encoding"
    )]
    TooManyFeatures {
        /// Their number.
        features: usize,
        /// The limit.
        max: usize,
    },
}

impl From<adsml_core::ModelFileError> for FeatureError {
    fn from(error: adsml_core::ModelFileError) -> Self {
        Self::Core(error.into())
    }
}

impl From<FeatureError> for adsml_core::Error {
    fn from(error: FeatureError) -> Self {
        match error {
            FeatureError::Core(error) => error,
            other => Self::component(other),
        }
    }
}
