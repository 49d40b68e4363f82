//! Plans: what joins the optimiser with its siblings.

#[cfg(feature = "plot")]
mod charts;
#[cfg(feature = "predict")]
mod lift;
mod model_response;
mod planner;
#[cfg(feature = "predict")]
mod prototype_forest;
#[cfg(feature = "simulate")]
mod simulated;

#[cfg(feature = "plot")]
pub use charts::{allocation_chart, comparison_charts};
#[cfg(feature = "predict")]
pub use lift::read_lift_tests;
pub use model_response::{ModelResponse, ModelResponseParams, ModelTarget, MonotoneRepair};
pub use planner::{
    BudgetPlanner, BudgetPlannerParams, CampaignReport, CurvePoint, ForecastReport, OptimizerReport, PlanCurves,
    PlanReport, PlannedPeriod,
};
#[cfg(feature = "predict")]
pub use prototype_forest::{PrototypeContext, PrototypeForest, PrototypeForestParams};
#[cfg(feature = "simulate")]
pub use simulated::{SimulatedCurve, demo_problem, simulated_history};
