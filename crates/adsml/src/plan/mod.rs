//! Plans: what joins the optimiser with its siblings.

#[cfg(feature = "plot")]
mod charts;
mod planner;
#[cfg(feature = "simulate")]
mod simulated;

#[cfg(feature = "plot")]
pub use charts::{allocation_chart, comparison_charts};
pub use planner::{
    BudgetPlanner, BudgetPlannerParams, CampaignReport, ForecastReport, OptimizerReport, PlanReport, PlannedPeriod,
};
#[cfg(feature = "simulate")]
pub use simulated::{SimulatedCurve, demo_problem, simulated_history};
