//! Plans: what joins the optimiser with its siblings.

#[cfg(feature = "simulate")]
mod simulated;

#[cfg(feature = "simulate")]
pub use simulated::{SimulatedCurve, demo_problem};
