//! The recipe from a table of campaign days to a plan that can be defended.
//!
//! ```text
//! rows -> curves, with what the rows leave open -> budgets with a certificate -> the next thirty days -> a report
//! ```

#[cfg(feature = "meta")]
mod ads;
#[cfg(feature = "plot")]
mod charts;
pub(super) mod columns;
mod curves;
mod fit;
#[cfg(feature = "predict")]
mod forest;
#[cfg(feature = "plot")]
mod page;
mod params;
mod report;
#[cfg(test)]
mod tests;

use adsml_optimize::{Allocation, Comparison, Forecast, FrontierPoint, History, ResponseModel, UncertainPlan};

use super::model_response::ModelResponse;
pub use curves::PlanCurves;
pub use params::BudgetPlannerParams;
pub use report::{CampaignReport, CurvePoint, ForecastReport, OptimizerReport, PlanReport, PlannedPeriod};

/// A plan made from a table of campaign days: the curves behind it, what it brings and how sure that is, the next periods.
///
/// Made by [`BudgetPlanner::params`].
///
/// ```
/// use adsml::plan::BudgetPlanner;
/// use adsml::prelude::*;
///
/// let table = Account::demo().campaign_table();
/// let planner = BudgetPlanner::params()
///     .campaign("campaign_id")
///     .date("date")
///     .spend("spend")
///     .revenue("revenue")
///     .context(["competition_level", "seasonality_factor"])
///     .horizon(7)
///     .fit(&table)?;
/// println!("{}", planner.report());
/// let gain = planner.plan().gain().expect("today's budgets are in the table");
/// assert!(gain.mean > 0.0 && planner.allocation().gap() < 1e-6);
/// planner.allocation().certificate().verify(planner.plan().problem())?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct BudgetPlanner {
    history: History,
    model: ResponseModel,
    plan: UncertainPlan,
    responses: Option<Vec<ModelResponse>>,
    forecast: Forecast,
    frontier: Vec<FrontierPoint>,
    comparison: Option<Comparison>,
    report: PlanReport,
}

impl BudgetPlanner {
    /// Parameters with their defaults.
    pub fn params() -> BudgetPlannerParams {
        BudgetPlannerParams::default()
    }

    /// The rows it was made from, by campaign.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What was learnt of every campaign: the account's curves, whichever the plan is made for.
    pub fn model(&self) -> &ResponseModel {
        &self.model
    }

    /// The curves of another model that the plan is made for, in the order of the report's campaigns; `None` where it is made for the account's.
    pub fn responses(&self) -> Option<&[ModelResponse]> {
        self.responses.as_deref()
    }

    /// The plan, with its gain over today's.
    pub fn plan(&self) -> &UncertainPlan {
        &self.plan
    }

    /// The budgets, with their certificate.
    pub fn allocation(&self) -> &Allocation {
        self.plan.allocation()
    }

    /// Budgets for the periods to come.
    pub fn forecast(&self) -> &Forecast {
        &self.forecast
    }

    /// What other totals would bring.
    pub fn frontier(&self) -> &[FrontierPoint] {
        &self.frontier
    }

    /// Every optimiser on the same problem, where that was asked for.
    pub fn comparison(&self) -> Option<&Comparison> {
        self.comparison.as_ref()
    }

    /// All of it as plain data, for people and programs.
    pub fn report(&self) -> &PlanReport {
        &self.report
    }
}
