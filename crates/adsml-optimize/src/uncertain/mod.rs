//! Plans for curves that are only known up to draws.
//!
//! ```text
//! sampled   draws of a campaign's curve, read off at spends close together
//! problem   a budget to be divided, and the draws of its curves
//! risk      the mean, or the mean of the worst draws
//! plan      the plan, its certificate, its gain over today's
//! gain      how a gain is distributed, on draws the optimiser did not see
//! frontier  what other totals would bring
//! ```

mod frontier;
mod gain;
mod plan;
mod problem;
mod risk;
mod sampled;
#[cfg(test)]
mod tests;

pub use frontier::FrontierPoint;
pub use gain::Gain;
pub(crate) use gain::quantile;
pub use plan::UncertainPlan;
pub use problem::UncertainProblem;
pub use risk::Risk;
