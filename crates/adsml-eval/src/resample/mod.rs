//! How certain a score is, and whether two models differ: the bootstrap over independent units.

mod compare;
mod draws;
mod estimate;
mod plan;
mod ranking;
mod student;
mod units;

pub use compare::{Bootstrap, Comparison, PairedComparison, Verdict, paired_comparison};
pub use estimate::{Estimate, NoInterval};
pub(crate) use units::dense;
pub use units::{UnitKind, Units};
