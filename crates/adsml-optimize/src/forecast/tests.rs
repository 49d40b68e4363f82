//! Forecasts of a small account.

use super::*;
use crate::{
    BudgetProblem, BudgetProblemBuilder, Campaign, CampaignDay, Currency, FitContext, History, OptimizeError,
    ResponseCurve, ResponseModel, ResponseUnit, Seed, Total,
};

/// Two campaigns over eight weeks, Sundays at half.
fn history() -> History {
    let mut stream = Seed::new(3).stream("history", 0);
    let mut days = Vec::new();
    for date in 20_458..20_458 + 56 {
        for (campaign, scale) in [("brand", 300.0), ("search", 500.0)] {
            let spend = 60.0 * (1.0 + stream.uniform());
            let weekday = if adsml_core::calendar::day_of_week(date) == 6 { 0.5 } else { 1.0 };
            let response = scale * (spend / (spend + 80.0)) * weekday * (0.9 + 0.2 * stream.uniform());
            days.push(CampaignDay { campaign: campaign.to_owned(), date, spend, response, context: vec![] });
        }
    }
    History::new(ResponseUnit::Revenue, &[], days).unwrap()
}

fn model() -> ResponseModel {
    ResponseModel::params().n_draws(60).fit(&history()).unwrap()
}

fn problem(model: &ResponseModel) -> BudgetProblemBuilder {
    let campaign =
        |fitted: &crate::CampaignResponse| Campaign::with_curve(fitted.id(), fitted.curve().clone()).today(90.0);
    BudgetProblem::builder(Currency::new("EUR"))
        .campaigns(model.campaigns().iter().map(campaign))
        .total(Total::Exactly(180.0))
}

fn forecast(builder: impl Fn(BudgetProblemBuilder) -> BudgetProblemBuilder) -> Forecast {
    let model = model();
    let days = PlannedDay::following(model.last_date(), model.period(), 14);
    forecast_budgets(&model, &builder(problem(&model)), &days, &FitContext::default()).unwrap()
}

#[test]
fn every_day_adds_up_and_sundays_bring_half() {
    let forecast = forecast(|problem| problem);
    assert!(forecast.days.iter().all(|day| day.budgets.iter().sum::<i64>() == 18_000 && day.gap < 1e-6));
    let of = |sunday: bool| {
        let days = forecast.days.iter().filter(|day| (adsml_core::calendar::day_of_week(day.date) == 6) == sunday);
        let responses: Vec<f64> = days.map(|day| day.response).collect();
        responses.iter().sum::<f64>() / responses.len() as f64
    };
    assert!((of(true) / of(false) - 0.5).abs() < 0.05, "{} {}", of(true), of(false));
    for day in &forecast.days {
        assert!(day.interval[0] < day.response && day.response < day.interval[1], "{day:?}");
    }
    let total: f64 = forecast.days.iter().map(|day| day.response).sum();
    assert!((forecast.days[13].cumulative - total).abs() < 1e-9 * total);
}

#[test]
fn days_are_divided_for_own_curves_where_those_are_planned_for() {
    let model = model();
    let days = PlannedDay::following(model.last_date(), model.period(), 14);
    // Only `brand` pays, on its own curve.
    let own = [crate::Hill::new(900.0, 80.0, 1.0), crate::Hill::new(1e-3, 80.0, 1.0)].map(|curve| {
        let curve = curve.unwrap().observed([0.0, 180.0]).unwrap().in_unit(ResponseUnit::Revenue);
        std::sync::Arc::new(curve) as std::sync::Arc<dyn ResponseCurve>
    });
    let draws: Vec<Vec<_>> = model.campaigns().iter().map(|campaign| campaign.draws().to_vec()).collect();
    let problem = crate::UncertainProblem::new(problem(&model).with_curves(own), draws).unwrap().on_own_curves();
    let forecast = problem.forecast(&model, &days, &FitContext::default()).unwrap();
    assert!(forecast.days.iter().all(|day| day.budgets == [18_000, 0] && day.gap < 1e-6));
    // What that brings is the model's own opinion.
    let brand = model.campaigns()[0].response_at(180.0).0 + model.campaigns()[1].response_at(0.0).0;
    let day = &forecast.days[0];
    assert!((day.response - brand * day.factors[0]).abs() < 1e-6 * brand, "{} {brand}", day.response);
}

#[test]
fn a_day_may_have_a_total_of_its_own() {
    let model = model();
    let mut days = PlannedDay::following(model.last_date(), 1, 3);
    days[1] = days[1].clone().total(Total::Exactly(200.0));
    let forecast = forecast_budgets(&model, &problem(&model), &days, &FitContext::default()).unwrap();
    let totals: Vec<i64> = forecast.days.iter().map(|day| day.budgets.iter().sum()).collect();
    assert_eq!(totals, [18_000, 20_000, 18_000]);
}

#[test]
fn where_changes_cost_plans_stay() {
    let moved = |forecast: &Forecast| {
        let days = forecast.days.windows(2);
        days.map(|pair| (pair[1].budgets[0] - pair[0].budgets[0]).abs()).sum::<i64>()
    };
    let model = model();
    // Contexts that differ by campaign make budgets move from day to day.
    let free = forecast(|problem| problem);
    let costly = |cost: f64| {
        let campaign = |fitted: &crate::CampaignResponse| {
            Campaign::with_curve(fitted.id(), fitted.curve().clone()).today(90.0).change_cost(cost)
        };
        BudgetProblem::builder(Currency::new("EUR"))
            .campaigns(model.campaigns().iter().map(campaign))
            .total(Total::Exactly(180.0))
    };
    let held = forecast(|_| costly(50.0));
    assert!(held.days.iter().all(|day| day.budgets == [9_000, 9_000]), "{:?}", held.days[0].budgets);
    assert!(moved(&held) <= moved(&free));
}

#[test]
fn the_past_is_not_forecast() {
    let model = model();
    let error = forecast_budgets(&model, &problem(&model), &[PlannedDay::new(20_460)], &FitContext::default());
    assert!(matches!(error, Err(OptimizeError::InvalidParameter { name: "days", .. })), "{error:?}");
    let context = PlannedDay::new(30_000).context([1.0]);
    let error = forecast_budgets(&model, &problem(&model), &[context], &FitContext::default());
    assert!(matches!(error, Err(OptimizeError::InvalidParameter { name: "context", .. })), "{error:?}");
}
