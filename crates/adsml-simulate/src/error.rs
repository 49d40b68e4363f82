//! What can go wrong when an account is asked for.

/// Result of this crate.
pub type Result<T, E = SimulateError> = std::result::Result<T, E>;

/// What can go wrong when an account is asked for.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// A parameter lies outside its accepted range.
    #[error("parameter `{name}` is {value}, expected {expected}")]
    InvalidParameter {
        /// Name of the parameter, as in its setter.
        name: &'static str,
        /// What was given.
        value: String,
        /// The accepted range, in words.
        expected: String,
    },
    /// The account would have more rows than this crate makes in one piece.
    #[error(
        "{n_campaigns} campaigns of {ad_sets_per_campaign} ad sets over {days} days are {n_rows} rows, expected at most {limit}"
    )]
    TooManyRows {
        /// Campaigns asked for.
        n_campaigns: usize,
        /// Ad sets asked for, per campaign.
        ad_sets_per_campaign: usize,
        /// Days asked for.
        days: usize,
        /// The product of the three.
        n_rows: u128,
        /// The largest product that is accepted.
        limit: u128,
    },
    /// There is not one prediction per row.
    #[error("{found} predictions were given for {expected} rows")]
    PredictionCount {
        /// Rows of the account.
        expected: usize,
        /// Predictions given.
        found: usize,
    },
    /// A prediction is not a probability that a log loss can judge.
    #[error("the prediction for row {row} is {value}, expected a probability above 0 and below 1")]
    InvalidPrediction {
        /// Row, counted from zero.
        row: usize,
        /// The prediction.
        value: f64,
    },
}

impl From<SimulateError> for adsml_core::Error {
    fn from(error: SimulateError) -> Self {
        match error {
            SimulateError::InvalidParameter { name, value, expected } => {
                Self::InvalidParameter { name: name.to_owned(), value, expected }
            }
            SimulateError::PredictionCount { expected, found } => {
                Self::Length { what: "predictions".to_owned(), expected, found }
            }
            SimulateError::InvalidPrediction { row, value } => Self::InvalidSample {
                what: "prediction".to_owned(),
                row,
                value,
                expected: "a probability above 0 and below 1",
            },
            error @ SimulateError::TooManyRows { .. } => Self::component(error),
        }
    }
}
