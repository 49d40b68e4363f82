//! What can go wrong while judging.

use std::sync::Arc;

use crate::Metric;

/// Result of this crate's functions.
pub type Result<T, E = EvalError> = std::result::Result<T, E>;

/// What can go wrong while judging.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// Two things that belong together differ in length.
    #[error("{what}: {found} given, expected {expected}, one per row")]
    Length {
        /// Which of the two is judged.
        what: &'static str,
        /// The length it should have.
        expected: usize,
        /// The length it has.
        found: usize,
    },
    /// A value is missing, infinite or outside the domain of the metric.
    #[error("the {what} of row {row} is {value}, expected {expected}")]
    InvalidSample {
        /// Which quantity: target, prediction, weight.
        what: &'static str,
        /// Row, counted from zero.
        row: usize,
        /// Its value.
        value: f64,
        /// The accepted domain, in words.
        expected: &'static str,
    },
    /// The values are fine, but the metric has no value on them.
    #[error("{metric} is undefined: {reason}")]
    Undefined {
        /// The metric.
        metric: Metric,
        /// Why, in words.
        reason: &'static str,
    },
    /// There is too little of something.
    #[error("{what}: {found} given, at least {needed} needed")]
    NotEnough {
        /// What there is too little of.
        what: &'static str,
        /// How much is needed.
        needed: usize,
        /// How much there is.
        found: usize,
    },
    /// A parameter lies outside its accepted range.
    #[error("parameter `{name}` is {value}, expected {expected}")]
    InvalidParameter {
        /// Its name.
        name: &'static str,
        /// What was given.
        value: String,
        /// The accepted range, in words.
        expected: String,
    },
    /// A fold has nothing to train on, or nothing to test on.
    #[error("fold {fold} has no {part} rows: {reason}")]
    EmptyFold {
        /// The fold, counted from zero.
        fold: usize,
        /// `"training"` or `"test"`.
        part: &'static str,
        /// Why, in words.
        reason: String,
    },
    /// A row is named that does not exist, or named twice.
    #[error("row {row} {reason}")]
    InvalidRow {
        /// The row, counted from zero.
        row: usize,
        /// What is wrong with it, in words.
        reason: String,
    },
    /// A splitter needs a column that the data set does not have.
    #[error("a {splitter} split needs {what} in the data set")]
    MissingPart {
        /// The kind of split.
        splitter: &'static str,
        /// What it needs: groups, times.
        what: &'static str,
    },
    /// Two candidates share a name.
    #[error("two candidates are called `{name}`")]
    DuplicateCandidate {
        /// The shared name.
        name: String,
    },
    /// There is no candidate of this name.
    #[error("there is no candidate `{name}`; there are {known}")]
    UnknownCandidate {
        /// The name that was asked for.
        name: String,
        /// The names there are, comma separated.
        known: String,
    },
    /// The baseline, which everything is measured against, could not be judged.
    #[error("the baseline `{name}` could not be judged: {reason}")]
    BaselineFailed {
        /// Name of the baseline.
        name: String,
        /// What happened.
        reason: String,
    },
    /// A candidate failed in one fold.
    #[error("fold {fold}: {source}")]
    Fold {
        /// The fold, counted from zero.
        fold: usize,
        /// What its transform or learner said.
        source: Arc<adsml_core::Error>,
    },
    /// The caller cancelled the work.
    #[error("cancelled")]
    Cancelled,
    /// An error of the shared words.
    #[error("{0}")]
    Core(Arc<adsml_core::Error>),
}

impl EvalError {
    pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<()> {
        if expected == found { Ok(()) } else { Err(Self::Length { what, expected, found }) }
    }

    pub(crate) fn invalid_parameter(
        name: &'static str,
        value: impl std::fmt::Display,
        expected: impl Into<String>,
    ) -> Self {
        Self::InvalidParameter { name, value: value.to_string(), expected: expected.into() }
    }

    /// Whether the caller asked to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        match self {
            Self::Cancelled => true,
            Self::Fold { source, .. } | Self::Core(source) => matches!(**source, adsml_core::Error::Cancelled),
            _ => false,
        }
    }
}

impl From<adsml_core::Error> for EvalError {
    fn from(error: adsml_core::Error) -> Self {
        match error {
            adsml_core::Error::Cancelled => Self::Cancelled,
            other => Self::Core(Arc::new(other)),
        }
    }
}

impl From<EvalError> for adsml_core::Error {
    fn from(error: EvalError) -> Self {
        match error {
            EvalError::Length { what, expected, found } => Self::Length { what: what.to_owned(), expected, found },
            EvalError::InvalidSample { what, row, value, expected } => {
                Self::InvalidSample { what: format!("the {what}"), row, value, expected }
            }
            EvalError::NotEnough { what, needed, found } => Self::NotEnough { what: what.to_owned(), needed, found },
            EvalError::InvalidParameter { name, value, expected } => Self::invalid_parameter(name, value, expected),
            error if error.is_cancelled() => Self::Cancelled,
            other => Self::component(other),
        }
    }
}
