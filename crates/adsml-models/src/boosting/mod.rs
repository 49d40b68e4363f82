//! Gradient boosting: trees that correct each other.

mod fit;
mod model;
mod params;

pub use model::GradientBoosting;
pub use params::GradientBoostingParams;
