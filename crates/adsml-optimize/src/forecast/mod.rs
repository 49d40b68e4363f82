//! The next periods: budgets for each, what they are expected to bring, and how far that may be off.
//!
//! ```text
//! calendar   what is known of the periods to come
//! days       a budget for every period
//! outcome    what they bring: draws of curves, effects, demand and chance
//! ```

mod calendar;
mod days;
mod outcome;
#[cfg(test)]
mod tests;

pub use calendar::PlannedDay;
pub use days::{Forecast, ForecastDay, forecast_budgets};
