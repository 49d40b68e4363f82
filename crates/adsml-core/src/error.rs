//! The one error of the object-safe traits.

use crate::model_file::ModelFileError;

/// Result of the object-safe traits.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong behind a trait object.
///
/// Each crate keeps its own, richer enum for its inherent methods and converts it into this one:
/// what has a variant here keeps its facts, the rest travels boxed in [`Error::Component`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter lies outside its accepted range.
    #[error("parameter `{name}` is {value}, expected {expected}")]
    InvalidParameter {
        /// Name of the parameter, as in its [`ParamSpec`](crate::ParamSpec).
        name: String,
        /// What was given.
        value: String,
        /// The accepted range, in words.
        expected: String,
    },
    /// There is no parameter of this name.
    #[error("`{owner}` has no parameter `{name}`; it has {known}")]
    UnknownParameter {
        /// The learner that was asked.
        owner: String,
        /// The name that was asked for.
        name: String,
        /// The names it has, comma separated.
        known: String,
    },
    /// A table has no column of this name.
    #[error("the table has no column `{name}`; it has {known}")]
    MissingColumn {
        /// The name that was asked for.
        name: String,
        /// The names the table has, comma separated.
        known: String,
    },
    /// A column holds another kind of values than is needed.
    #[error("column `{column}` holds {found} values, expected {expected}")]
    ColumnKind {
        /// Name of the column.
        column: String,
        /// What is needed.
        expected: &'static str,
        /// What it holds.
        found: &'static str,
    },
    /// Two columns share a name.
    #[error("column `{name}` appears twice")]
    DuplicateColumn {
        /// The shared name.
        name: String,
    },
    /// Two things that belong together differ in length.
    #[error("{what} has {found} entries, expected {expected}")]
    Length {
        /// Which of the two is judged.
        what: String,
        /// The length it should have.
        expected: usize,
        /// The length it has.
        found: usize,
    },
    /// A matrix or a record has another number of features than the model was fitted on.
    #[error("the input has {found} features, the model was fitted on {expected}")]
    FeatureCount {
        /// Features at fitting.
        expected: usize,
        /// Features given.
        found: usize,
    },
    /// A sample is missing, infinite or outside the domain of its user.
    #[error("{what} of sample {row} is {value}, expected {expected}")]
    InvalidSample {
        /// Which quantity.
        what: String,
        /// Row, counted from zero.
        row: usize,
        /// Its value.
        value: f64,
        /// The accepted domain, in words.
        expected: &'static str,
    },
    /// There is too little of something.
    #[error("{what}: {found} given, at least {needed} needed")]
    NotEnough {
        /// What there is too little of.
        what: String,
        /// How much is needed.
        needed: usize,
        /// How much there is.
        found: usize,
    },
    /// Something asked for is not supported by its receiver.
    #[error("`{by}` does not support {what}")]
    Unsupported {
        /// Who refuses.
        by: String,
        /// What is refused.
        what: String,
    },
    /// A model file was refused.
    #[error("model file refused: {0}")]
    ModelFile(#[from] ModelFileError),
    /// The caller cancelled the work.
    #[error("cancelled")]
    Cancelled,
    /// The error of one crate, boxed.
    #[error("{source}")]
    Component {
        /// The crate's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// Carries a crate's own error whose facts have no variant here.
    pub fn component(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Component { source: Box::new(source) }
    }

    /// Refuses a parameter's value.
    pub fn invalid_parameter(
        name: impl Into<String>,
        value: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> Self {
        Self::InvalidParameter { name: name.into(), value: value.to_string(), expected: expected.into() }
    }

    /// Refuses with [`Error::Length`] unless `found` equals `expected`.
    pub fn check_length(what: &str, expected: usize, found: usize) -> Result<()> {
        if expected == found { Ok(()) } else { Err(Self::Length { what: what.to_owned(), expected, found }) }
    }
}
