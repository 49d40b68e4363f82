//! Plans: what joins the optimiser with its siblings.

#[cfg(feature = "plot")]
mod charts;
#[cfg(feature = "simulate")]
mod simulated;

#[cfg(feature = "plot")]
pub use charts::{allocation_chart, comparison_charts};
#[cfg(feature = "simulate")]
pub use simulated::{SimulatedCurve, demo_problem, simulated_history};
