//! What can go wrong in a recipe.

use std::path::PathBuf;

/// Result of the facade.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can go wrong in a recipe: an error of one of the crates it joins, or one of its own.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// One of the shared errors.
    #[error(transparent)]
    Core(#[from] adsml_core::Error),
    /// A model file was refused.
    #[error("model file refused: {0}")]
    ModelFile(#[from] adsml_core::ModelFileError),
    /// A judgement failed.
    #[cfg(feature = "predict")]
    #[error(transparent)]
    Eval(#[from] adsml_eval::EvalError),
    /// Features could not be made.
    #[cfg(feature = "predict")]
    #[error(transparent)]
    Features(#[from] adsml_features::FeatureError),
    /// A table could not be read.
    #[cfg(feature = "predict")]
    #[error(transparent)]
    Read(#[from] adsml_features::ReadError),
    /// A budget could not be divided.
    #[cfg(feature = "plan")]
    #[error(transparent)]
    Optimize(#[from] adsml_optimize::OptimizeError),
    /// One of Meta's files was refused.
    #[cfg(feature = "meta")]
    #[error(transparent)]
    Meta(#[from] adsml_meta::MetaError),
    /// A chart could not be drawn.
    #[cfg(feature = "plot")]
    #[error("chart `{chart}`: {source}")]
    Plot {
        /// Which chart.
        chart: &'static str,
        /// What is wrong with it.
        source: adsml_plot::PlotError,
    },
    /// An account could not be simulated.
    #[cfg(feature = "simulate")]
    #[error(transparent)]
    Simulate(#[from] adsml_simulate::SimulateError),
    /// A recipe was not told something it needs.
    #[error("{what} is not stated: call {call}")]
    NotStated {
        /// What is missing.
        what: &'static str,
        /// The setter that states it.
        call: &'static str,
    },
    /// A column has two jobs that exclude each other.
    #[error("column `{column}` is {first} and cannot be {second} too")]
    TwoRoles {
        /// Its name.
        column: String,
        /// One job.
        first: &'static str,
        /// The other.
        second: &'static str,
    },
    /// No row has a target.
    #[error("none of {rows} rows has a value to predict in `{columns}`")]
    NoTarget {
        /// Where it was looked for.
        columns: String,
        /// Rows that were looked at.
        rows: usize,
    },
    /// A rate that cannot be.
    #[error(
        "row {row}, counted from 0: `{numerator}` is {} out of {} in `{denominator}`, expected 0 or more, and no more than there are",
        .ratio.numerator, .ratio.denominator
    )]
    Rate {
        /// Column of successes.
        numerator: String,
        /// Column of trials.
        denominator: String,
        /// Row of the table, counted from zero.
        row: usize,
        /// What stands there.
        ratio: adsml_core::Ratio,
    },
    /// A row of a plan's table lacks what every row needs.
    #[cfg(feature = "plan")]
    #[error("row {row}, counted from 0: `{column}` is missing or cannot be read, expected {expected}")]
    PlanRow {
        /// Row of the table, counted from zero.
        row: usize,
        /// The column.
        column: String,
        /// What has to stand there.
        expected: &'static str,
    },
    /// Rows are in different currencies, which cannot be added up.
    #[cfg(feature = "plan")]
    #[error("column `{column}` names several currencies: {}; convert the amounts first, or plan them apart", .found.join(", "))]
    MixedCurrencies {
        /// The column.
        column: String,
        /// The currencies.
        found: Vec<String>,
    },
    /// Dates whose day and month cannot be told apart.
    #[cfg(feature = "plan")]
    #[error("column `{column}`: whether day or month comes first cannot be told; write dates as 2026-01-31")]
    AmbiguousDates {
        /// The column.
        column: String,
    },
    /// A cell of a small file that cannot be what it says.
    #[cfg(feature = "plan")]
    #[error("{place}: `{column}` is {found}, expected {expected}")]
    Cell {
        /// File and line.
        place: String,
        /// The column.
        column: &'static str,
        /// What stands there.
        found: String,
        /// What has to stand there.
        expected: &'static str,
    },
    /// A table without columns that a recipe rests on.
    #[cfg(feature = "plan")]
    #[error("the table lacks {}", .columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", "))]
    MissingColumns {
        /// All that are missing.
        columns: Vec<String>,
    },
    /// A campaign that was not in the table.
    #[cfg(feature = "plan")]
    #[error("campaign `{campaign}` is none of the {n_known} that were learnt from")]
    UnknownCampaign {
        /// Its id.
        campaign: String,
        /// How many are known.
        n_known: usize,
    },
    /// A model has no such feature that could be the spend.
    #[cfg(feature = "plan")]
    #[error("the spend is said to be feature {feature}, counted from 0, of a model of {n_features}")]
    SpendFeature {
        /// Counted from zero.
        feature: usize,
        /// How many the model has.
        n_features: usize,
    },
    /// A response without a spend at which it was observed.
    #[cfg(feature = "plan")]
    #[error("no spend was observed: what the model would say lies outside of all it has seen")]
    NoSupport,
    /// A model that says nothing usable at a spend.
    #[cfg(feature = "plan")]
    #[error("at a spend of {spend} the model predicts {value}, expected a finite number")]
    Unpredictable {
        /// In major units.
        spend: f64,
        /// What it said, as a response.
        value: f64,
    },
    /// No column is left to predict from.
    #[error("no column is left to predict from{}", refusals(.ignored))]
    NoFeatures {
        /// Columns that were named but refused, and why.
        ignored: Vec<(String, String)>,
    },
    /// A column is allowed to leak, but is no feature.
    #[error("column `{column}` is allowed to leak, but named neither as a number nor as a category")]
    NotAFeature {
        /// Its name.
        column: String,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

fn refusals(ignored: &[(String, String)]) -> String {
    if ignored.is_empty() {
        return ": name some, or bring columns of the prototype (budget, relevance_score, placement, …)".to_owned();
    }
    let refusals: Vec<String> = ignored.iter().map(|(column, reason)| format!("`{column}` ({reason})")).collect();
    format!(": {}", refusals.join(", "))
}
