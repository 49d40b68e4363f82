//! Honest judgement of advertising models: how good, how certain, and is it really better?

mod cross_validate;
mod dataset;
mod error;
mod leaderboard;
pub mod metrics;
mod resample;
mod split;
mod sum;

pub use cross_validate::{Candidate, CrossValidation, FoldReport, cross_validate};
pub use dataset::Dataset;
pub use error::{EvalError, Result};
pub use leaderboard::{About, Evaluation, Leaderboard, Row, Score, Split};
pub use metrics::{Direction, Metric, ReliabilityBin, ReliabilityBins};
pub use resample::{
    Bootstrap, Comparison, Estimate, NoInterval, PairedComparison, UnitKind, Units, Verdict, paired_comparison,
};
pub use split::{Fold, Folds, SplitKind, Splitter};
