//! A budget for every period to come.

use adsml_core::{FitContext, parallel};

use super::calendar::PlannedDay;
use super::outcome::outcomes;
use crate::problem::judge;
use crate::uncertain::UncertainProblem;
use crate::{Allocation, BudgetOptimizer, BudgetProblemBuilder, Exact, OptimizeError, ResponseModel, Result};

/// Budgets for the periods to come, with what they are expected to bring.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Forecast {
    /// The campaigns' ids, in the order of every day's budgets.
    pub campaigns: Vec<String>,
    /// A period each, in order.
    pub days: Vec<ForecastDay>,
}

/// One period of a [`Forecast`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct ForecastDay {
    /// Days since 1970-01-01.
    pub date: i32,
    /// Per campaign, in minor units.
    pub budgets: Vec<i64>,
    /// What calendar and context multiply each campaign's curve by.
    pub factors: Vec<f64>,
    /// Proven relative gap of the budgets to the best there are for the day's averaged curves.
    pub gap: f64,
    /// Expected response.
    pub response: f64,
    /// Nine in ten outcomes lie between these: curves, effects, demand and chance together.
    pub interval: [f64; 2],
    /// The same of all periods up to this one, added up.
    pub cumulative: f64,
    /// Nine in ten sums up to this period lie between these.
    pub cumulative_interval: [f64; 2],
}

/// Divides the budget of every period to come, in its own circumstances.
///
/// `problem` has the constraints of one period, with the model's campaigns in the model's order; its total may be replaced by a day's own. Where a campaign has a
/// [`change_cost`](crate::Campaign::change_cost) or a [`max_change`](crate::Campaign::max_change), each period starts from the one
/// before; else periods are divided side by side. Demand is expected to return from what it was on the last date of the
/// history to its mean, and may be anything that it was before: intervals widen.
///
/// # Errors
///
/// [`InvalidParameter`](OptimizeError::InvalidParameter) for a problem of other campaigns than the model's, dates that do not
/// ascend from the history's last one, or contexts of another length than the history's; those of the problem and of
/// [`Exact`], for the first day that has one.
pub fn forecast_budgets(
    model: &ResponseModel,
    problem: &BudgetProblemBuilder,
    days: &[PlannedDay],
    context: &FitContext<'_>,
) -> Result<Forecast> {
    let draws = model.campaigns().iter().map(|campaign| campaign.draws().to_vec()).collect();
    UncertainProblem::new(problem.clone(), draws)?.forecast(model, days, context)
}

impl UncertainProblem {
    /// [`forecast_budgets`] of a problem whose draws are the model's. Plans [on own curves](Self::on_own_curves) are made for those,
    /// times what calendar and context do by the model; what they bring is by the model alone.
    ///
    /// # Errors
    ///
    /// As [`forecast_budgets`].
    pub fn forecast(&self, model: &ResponseModel, days: &[PlannedDay], context: &FitContext<'_>) -> Result<Forecast> {
        check(model, self, days)?;
        let factors = days.iter().map(|day| factors_of(model, day)).collect::<Result<Vec<_>>>()?;
        let divide = |day: usize, before: Option<&[i64]>, context: &FitContext<'_>| -> Result<Allocation> {
            let mut builder = self.scaled_builder(&factors[day])?;
            if let Some(total) = days[day].total {
                builder = builder.total(total);
            }
            if let Some(before) = before {
                builder = builder.with_today(judge::spends(&self.nominal().program, before));
            }
            Exact::default().allocate_with(&builder.build()?, context)
        };
        let lasting = self
            .nominal()
            .campaigns()
            .iter()
            .any(|campaign| campaign.change_cost > 0.0 || campaign.max_change.is_some());
        let plans = if lasting {
            let mut plans: Vec<Allocation> = Vec::with_capacity(days.len());
            for day in 0..days.len() {
                let plan = divide(day, plans.last().map(Allocation::budgets), context)?;
                plans.push(plan);
            }
            plans
        } else {
            parallel::try_map(days.len(), context.threads, |day| divide(day, None, &context.for_part("forecast", 0)))?
        };
        let spends: Vec<Vec<f64>> =
            plans.iter().map(|plan| judge::spends(&self.nominal().program, plan.budgets())).collect();
        let outcomes = outcomes(model, days, &factors, &spends, context)?;
        let days =
            days.iter().zip(plans).zip(factors).zip(outcomes).map(|(((day, plan), factors), outcome)| ForecastDay {
                date: day.date,
                budgets: plan.budgets().to_vec(),
                factors,
                gap: plan.gap(),
                response: outcome.mean,
                interval: outcome.interval,
                cumulative: outcome.cumulative,
                cumulative_interval: outcome.cumulative_interval,
            });
        Ok(Forecast {
            campaigns: model.campaigns().iter().map(|campaign| campaign.id().to_owned()).collect(),
            days: days.collect(),
        })
    }
}

fn check(model: &ResponseModel, problem: &UncertainProblem, days: &[PlannedDay]) -> Result<()> {
    let refuse = |name, value: String, expected| {
        Err(OptimizeError::InvalidParameter { owner: "the forecast".to_owned(), name, value, expected })
    };
    let planned = problem.nominal().campaigns().iter().map(crate::Campaign::id);
    let learnt = model.campaigns().iter().map(|campaign| campaign.id());
    if !planned.eq(learnt) {
        return refuse("problem", "a problem of other campaigns".to_owned(), "the model's campaigns, in its order");
    }
    let mut last = model.last_date();
    for day in days {
        if day.date <= last {
            return refuse(
                "days",
                format!("day {}", day.date),
                "dates that ascend, beginning after the history's last one",
            );
        }
        last = day.date;
    }
    Ok(())
}

fn factors_of(model: &ResponseModel, day: &PlannedDay) -> Result<Vec<f64>> {
    let of = |campaign: &crate::CampaignResponse| match day.of(campaign.id()) {
        Some(context) => model.factor(campaign.id(), day.date, context),
        None => model.factor(campaign.id(), day.date, &model.usual_context(campaign.id())),
    };
    model.campaigns().iter().map(of).collect()
}
