//! A chart that a recipe has drawn.

/// A chart as a file to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// A good name for the file: `"leaderboard.svg"`.
    pub file_name: &'static str,
    /// The chart itself.
    pub svg: String,
}
