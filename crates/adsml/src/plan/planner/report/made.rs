//! From what was made to what is reported.

use std::collections::BTreeMap;

use adsml_core::calendar;
use adsml_optimize::{
    Allocation, CampaignResponse, Comparison, ComparisonRow, Finding, Forecast, FrontierPoint, Gain, History,
    ResponseCurve, ResponseModel, ResponseUnit, UncertainPlan,
};

use super::super::super::model_response::ModelResponse;
use super::super::BudgetPlannerParams;
use super::super::curves::ACCOUNT;
use super::{CampaignReport, CurvePoint, ForecastReport, OptimizerReport, PlanReport, PlannedPeriod};

/// What every plan has to say of itself.
const CAUTION: &str = "Optimal for the fitted curves; not causal evidence.";

/// All that a report is of.
#[derive(Clone, Copy)]
pub(in super::super) struct Made<'a> {
    pub(in super::super) history: &'a History,
    pub(in super::super) model: &'a ResponseModel,
    /// The curves of another model that the plan is made for, and their name.
    pub(in super::super) other: Option<(&'a str, &'a [ModelResponse])>,
    /// Campaigns that spend nothing any more.
    pub(in super::super) stopped: &'a [String],
    pub(in super::super) params: &'a BudgetPlannerParams,
    pub(in super::super) plan: &'a UncertainPlan,
    pub(in super::super) forecast: &'a Forecast,
    pub(in super::super) frontier: &'a [FrontierPoint],
    pub(in super::super) comparison: Option<&'a Comparison>,
}

impl PlanReport {
    pub(in super::super) fn new(made: &Made<'_>) -> Self {
        let Made { history, model, other, stopped, params, plan, forecast, frontier, comparison } = *made;
        let allocation = plan.allocation();
        let decimals = usize::from(allocation.currency().minor_digits());
        let major = |minor: i64| allocation.currency().to_major(minor);
        let campaigns: Vec<CampaignReport> = model
            .campaigns()
            .iter()
            .zip(allocation.campaigns())
            .zip(plan.problem().campaigns())
            .map(|((fitted, planned), averaged)| {
                let (today, proposed) = (planned.today.map_or(fitted.today(), major), major(planned.budget));
                let support = averaged.curve().support().unwrap_or_else(|| fitted.support());
                let best = fitted.families().iter().fold(None, |best: Option<&(_, f64)>, next| match best {
                    Some(best) if best.1 >= next.1 => Some(best),
                    _ => Some(next),
                });
                let (elasticity, deviation) = fitted.elasticity();
                // Bounds are rounded to whole minor units.
                let slack = major(1);
                CampaignReport {
                    id: planned.id.clone(),
                    today,
                    proposed,
                    change: (today > 0.0).then(|| proposed / today - 1.0),
                    response_today: averaged.curve().value(today),
                    response: planned.response,
                    marginal: planned.marginal,
                    support,
                    outside_support: proposed < support[0] - slack || proposed > support[1] + slack,
                    family: best.map_or("", |(family, _)| family.name()),
                    family_weight: best.map_or(0.0, |(_, weight)| *weight),
                    elasticity: [elasticity, deviation],
                    baseline: fitted.baseline(),
                    curve: curve(fitted, other.map(|_| averaged.curve()), support[1].max(today).max(proposed)),
                }
            })
            .collect();
        let (mut warnings, mut remarks) = (Vec::new(), Vec::new());
        if let Some((name, responses)) = other {
            let decimals = if model.unit() == ResponseUnit::Conversions { 2 } else { decimals };
            warnings.push(second_opinion(name, plan.gain(), decimals));
            remarks.extend(repairs(model, responses));
        }
        let of_account = |finding: &&Finding| matches!(finding, Finding::SpendFollowsDemand { .. });
        let findings = model.findings();
        for finding in findings.iter().filter(of_account).chain(findings.iter().filter(|f| !of_account(f))) {
            if finding.is_warning() { &mut warnings } else { &mut remarks }.push(finding.to_string());
        }
        for campaign in campaigns.iter().filter(|campaign| campaign.outside_support) {
            let [low, high] = campaign.support;
            warnings.push(format!(
                "{}: {:.decimals$} is proposed, but only spends between {low:.decimals$} and {high:.decimals$} were observed",
                campaign.id, campaign.proposed
            ));
        }
        remarks.extend(said_beforehand(params));
        let stopped = stopped.iter().map(|id| format!("{id}: spends nothing any more and is left out of the plan"));
        remarks.extend(stopped);
        Self {
            currency: allocation.currency().code().to_owned(),
            minor_digits: allocation.currency().minor_digits(),
            unit: model.unit(),
            period_days: model.period(),
            dates: [calendar::text(history.first_date()), calendar::text(model.last_date())],
            curves: other.map_or(ACCOUNT, |(name, _)| name).to_owned(),
            total: major(allocation.total()),
            total_today: campaigns.iter().map(|campaign| campaign.today).sum(),
            response: allocation.response(),
            risk: plan.risk(),
            gain: plan.gain().cloned(),
            gap: allocation.gap(),
            carry_over: model.retention(),
            effects: model.effects().map(|(name, effect)| (name.to_owned(), effect)).collect(),
            warnings,
            remarks,
            forecast: ForecastReport {
                campaigns: forecast.campaigns.clone(),
                periods: forecast
                    .days
                    .iter()
                    .map(|day| PlannedPeriod {
                        date: calendar::text(day.date),
                        budgets: day.budgets.iter().map(|&budget| major(budget)).collect(),
                        response: day.response,
                        interval: day.interval,
                        cumulative: day.cumulative,
                        cumulative_interval: day.cumulative_interval,
                    })
                    .collect(),
            },
            frontier: frontier.to_vec(),
            optimizers: comparison.map_or_else(Vec::new, optimizers),
            campaigns,
            caution: CAUTION,
        }
    }
}

/// A curve, read off at equal distances: the mean of the account's, or that of another model.
fn curve(fitted: &CampaignResponse, other: Option<&dyn ResponseCurve>, end: f64) -> Vec<CurvePoint> {
    const STEPS: usize = 24;
    let point = |step: usize| {
        let spend = end * step as f64 / STEPS as f64;
        let (mean, interval) = fitted.response_at(spend);
        let response = other.map_or(mean, |curve| curve.value(spend));
        CurvePoint { spend, response, interval }
    };
    (0..=STEPS).map(point).collect()
}

/// What was said beside the rows: experiments, and what has not arrived yet.
fn said_beforehand(params: &BudgetPlannerParams) -> Vec<String> {
    let mut tests: BTreeMap<&str, usize> = BTreeMap::new();
    for test in &params.lift_tests {
        *tests.entry(&test.campaign).or_default() += 1;
    }
    let counted = |n: usize, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    let entered = |(id, n): (&str, usize)| format!("{id}: {} entered its curve", counted(n, "lift test"));
    let mut said: Vec<String> = tests.into_iter().map(entered).collect();
    if !params.completeness.is_empty() {
        let periods = counted(params.completeness.len(), "period");
        said.push(format!("of the last {periods} only a part of the response had arrived, as was said beforehand"));
    }
    said
}

/// What curves that do not say how sure they are promise, and what the account's make of it.
fn second_opinion(name: &str, gain: Option<&Gain>, decimals: usize) -> String {
    let promise = gain.map_or_else(String::new, |gain| {
        format!(
            "; they promise {:+.decimals$} a period beyond today's budgets, the account's own curves expect {:+.decimals$} of the same plan",
            gain.mean + gain.optimism,
            gain.mean
        )
    });
    format!("the plan is made for the curves of `{name}`, which do not say how sure they are{promise}")
}

/// Curves that fell with more spend, and how far they had to be moved.
fn repairs<'a>(model: &'a ResponseModel, responses: &'a [ModelResponse]) -> impl Iterator<Item = String> + 'a {
    let moved = model.campaigns().iter().zip(responses).filter(|(_, response)| response.changed() > 0.0);
    moved.map(|(campaign, response)| {
        format!(
            "{}: so that more money does not buy less, {:.0} % of the points of the model's curve moved, by at most {:.1} % of \
             its greatest response",
            campaign.id(),
            100.0 * response.changed(),
            100.0 * response.largest_change()
        )
    })
}

fn optimizers(comparison: &Comparison) -> Vec<OptimizerReport> {
    let row = |row: &ComparisonRow| OptimizerReport {
        name: row.optimizer.clone(),
        value: row.outcome.as_ref().ok().map(Allocation::value),
        gap: row.gap,
        error: row.outcome.as_ref().err().map(ToString::to_string),
    };
    comparison.rows().iter().map(row).collect()
}
