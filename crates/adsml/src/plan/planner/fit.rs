//! Rows to curves to budgets to the next periods.

use std::sync::Arc;

use adsml_core::{FitContext, Table};
use adsml_optimize::{
    BudgetProblem, BudgetProblemBuilder, Campaign, Currency, Exact, Objective, OptimizeError, PlannedDay,
    ResponseModel, Total, UncertainProblem, compare_optimizers, default_optimizers,
};

use super::report::Made;
use super::{BudgetPlanner, BudgetPlannerParams, PlanReport, columns};
use crate::Result;

/// Totals of the frontier, as shares of the plan's own.
const FRONTIER: [f64; 9] = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5];
/// As far as anybody should look.
const HORIZON: usize = 366;

pub(super) fn fit(params: &BudgetPlannerParams, table: &Table, context: &FitContext<'_>) -> Result<BudgetPlanner> {
    check(params)?;
    let currency = columns::currency(params, table)?;
    let history = columns::history(params, table)?;
    context.progress("learn curves", 0, None);
    let model = params.learning().fit_with(&history, context)?;
    let (model, stopped) = model.running();
    let responses = params.plan_for.responses(&history, &model, &currency, context)?;
    context.progress("divide the budget", 0, None);
    let problem = problem(params, &model, currency)?;
    let draws = model.campaigns().iter().map(|campaign| campaign.draws().to_vec()).collect();
    let uncertain = match &responses {
        None => UncertainProblem::new(problem, draws)?,
        Some(responses) => {
            let own = responses.iter().map(|response| Arc::clone(response.curve()));
            UncertainProblem::new(problem.with_curves(own), draws)?.on_own_curves()
        }
    };
    let plan = uncertain.allocate_with(params.risk, &Exact::default(), context)?;
    context.progress("look ahead", 0, None);
    let days = if params.outlook.is_empty() {
        PlannedDay::following(model.last_date(), model.period(), params.horizon)
    } else {
        params.outlook.clone()
    };
    let forecast = uncertain.forecast(&model, &days, context)?;
    let total = plan.allocation().currency().to_major(plan.allocation().total());
    let totals: Vec<f64> = FRONTIER.iter().map(|share| share * total).collect();
    let frontier = uncertain.frontier(&totals, context)?;
    let comparison = params.compare.then(|| {
        context.progress("compare optimisers", 0, None);
        let all = default_optimizers();
        let all: Vec<_> = all.iter().map(|optimizer| &**optimizer).collect();
        compare_optimizers(plan.problem(), &all, context)
    });
    let name = params.plan_for.name();
    let report = PlanReport::new(&Made {
        history: &history,
        model: &model,
        other: responses.as_deref().map(|responses| (name, responses)),
        stopped: &stopped,
        params,
        plan: &plan,
        forecast: &forecast,
        frontier: &frontier,
        comparison: comparison.as_ref(),
    });
    Ok(BudgetPlanner { history, model, plan, responses, forecast, frontier, comparison, report })
}

fn check(params: &BudgetPlannerParams) -> Result<()> {
    if params.horizon > HORIZON {
        return Err(OptimizeError::InvalidParameter {
            owner: "the planner".to_owned(),
            name: "horizon",
            value: params.horizon.to_string(),
            expected: "at most 366 periods",
        }
        .into());
    }
    Ok(())
}

/// The constraints of one period, on the most plausible curves.
fn problem(params: &BudgetPlannerParams, model: &ResponseModel, currency: Currency) -> Result<BudgetProblemBuilder> {
    let per_major = currency.minor_per_major();
    let cents = |amount: f64| (amount * per_major).round() / per_major;
    let campaign = |fitted: &adsml_optimize::CampaignResponse| {
        let campaign = Campaign::with_curve(fitted.id(), fitted.curve().clone())
            .today(cents(fitted.today()))
            .change_cost(params.change_cost);
        match params.max_change {
            Some(share) => campaign.max_change(share),
            None => campaign,
        }
    };
    let today: f64 = model.campaigns().iter().map(|fitted| (fitted.today() * per_major).round()).sum();
    let total = params.total.unwrap_or(match params.objective {
        Objective::Response => Total::Exactly(today / per_major),
        _ => Total::AtMost(today / per_major),
    });
    let mut builder = BudgetProblem::builder(currency)
        .campaigns(model.campaigns().iter().map(campaign))
        .objective(params.objective)
        .beyond_support(params.beyond_support)
        .total(total);
    if let Some((lower, upper)) = params.bounds {
        builder = builder.bounds(lower, upper);
    }
    Ok(builder)
}
