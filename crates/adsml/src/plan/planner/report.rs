//! A plan as plain data, for people and programs.

use std::fmt;

use adsml_core::calendar;
use adsml_optimize::{
    Comparison, Finding, Forecast, FrontierPoint, Gain, History, ResponseModel, ResponseUnit, Risk, UncertainPlan,
};
use serde::Serialize;

/// What every plan has to say of itself.
const CAUTION: &str = "Optimal for the fitted curves; not causal evidence.";

/// A plan as plain data. Money in currency (major units), dates as `2026-01-05`, responses per period; figures do not depend on the
/// number of threads.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlanReport {
    /// Code of the currency.
    pub currency: String,
    /// What responses are counted in.
    pub unit: ResponseUnit,
    /// Days in a period.
    pub period_days: i32,
    /// First and last date that was learnt from.
    pub dates: [String; 2],
    /// What the plan spends in a period.
    pub total: f64,
    /// What the last periods spent.
    pub total_today: f64,
    /// Expected response of the plan, on the draws it was made for.
    pub response: f64,
    /// What was made as great as can be.
    pub risk: Risk,
    /// What the plan brings beyond today's.
    pub gain: Option<Gain>,
    /// Proven relative gap to the best plan there is for the averaged curves.
    pub gap: f64,
    /// In the order of the table.
    pub campaigns: Vec<CampaignReport>,
    /// Share of a period's spend that goes on working in the next.
    pub carry_over: f64,
    /// Effects of calendar and context on the logarithm of the response, per standard deviation for a context.
    pub effects: Vec<(String, f64)>,
    /// What a reader has to know, gravest first.
    pub warnings: Vec<String>,
    /// What was put in order, or left out.
    pub remarks: Vec<String>,
    /// The next periods.
    pub forecast: ForecastReport,
    /// Other totals.
    pub frontier: Vec<FrontierPoint>,
    /// Every optimiser on the same problem; empty unless asked for.
    pub optimizers: Vec<OptimizerReport>,
    /// What every plan has to say of itself.
    pub caution: &'static str,
}

/// One campaign of a [`PlanReport`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CampaignReport {
    /// Its id.
    pub id: String,
    /// Mean spend of the last periods.
    pub today: f64,
    /// The plan's budget.
    pub proposed: f64,
    /// `proposed / today - 1`; missing where nothing is spent today.
    pub change: Option<f64>,
    /// Expected response at today's spend.
    pub response_today: f64,
    /// Expected response at the plan's budget.
    pub response: f64,
    /// Response to one more unit of currency at the plan's budget.
    pub marginal: f64,
    /// Least and greatest spend that was observed.
    pub support: [f64; 2],
    /// Whether the plan's budget lies beyond them.
    pub outside_support: bool,
    /// The family of curves that predicts best.
    pub family: &'static str,
    /// Its weight among the families.
    pub family_weight: f64,
    /// Percent of response per percent of spend, at a typical spend, and its standard deviation.
    pub elasticity: [f64; 2],
    /// Response that comes without spend, in an average period.
    pub baseline: f64,
    /// What spends between nothing and the greatest that was observed or is proposed bring in an average period.
    pub curve: Vec<CurvePoint>,
}

/// A point of a campaign's curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[non_exhaustive]
pub struct CurvePoint {
    /// Spend of a period.
    pub spend: f64,
    /// Expected response.
    pub response: f64,
    /// Nine in ten curves that the rows leave possible lie between these.
    pub interval: [f64; 2],
}

/// The next periods of a [`PlanReport`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ForecastReport {
    /// Ids, in the order of every period's budgets.
    pub campaigns: Vec<String>,
    /// In order.
    pub periods: Vec<PlannedPeriod>,
}

/// One period of a [`ForecastReport`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlannedPeriod {
    /// Its date.
    pub date: String,
    /// Per campaign, in currency.
    pub budgets: Vec<f64>,
    /// Expected response.
    pub response: f64,
    /// Nine in ten outcomes lie between these.
    pub interval: [f64; 2],
    /// Expected response up to here.
    pub cumulative: f64,
    /// Nine in ten sums up to here lie between these.
    pub cumulative_interval: [f64; 2],
}

/// One optimiser of a [`PlanReport`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct OptimizerReport {
    /// Its name.
    pub name: String,
    /// The objective of its plan; missing where it found none.
    pub value: Option<f64>,
    /// Gap of its plan to the least upper bound that any of them proved.
    pub gap: Option<f64>,
    /// Why it has no plan.
    pub error: Option<String>,
}

impl PlanReport {
    pub(super) fn new(
        history: &History,
        model: &ResponseModel,
        stopped: &[String],
        plan: &UncertainPlan,
        forecast: &Forecast,
        frontier: &[FrontierPoint],
        comparison: Option<&Comparison>,
    ) -> Self {
        let allocation = plan.allocation();
        let major = |minor: i64| allocation.currency().to_major(minor);
        let campaigns: Vec<CampaignReport> = model
            .campaigns()
            .iter()
            .zip(allocation.campaigns())
            .zip(plan.problem().campaigns())
            .map(|((fitted, planned), averaged)| {
                let (today, proposed) = (planned.today.map_or(fitted.today(), major), major(planned.budget));
                let support = fitted.support();
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
                    curve: curve(fitted, support[1].max(today).max(proposed)),
                }
            })
            .collect();
        let (mut warnings, mut remarks) = (Vec::new(), Vec::new());
        let of_account = |finding: &&Finding| matches!(finding, Finding::SpendFollowsDemand { .. });
        let findings = model.findings();
        for finding in findings.iter().filter(of_account).chain(findings.iter().filter(|f| !of_account(f))) {
            if finding.is_warning() { &mut warnings } else { &mut remarks }.push(finding.to_string());
        }
        for campaign in campaigns.iter().filter(|campaign| campaign.outside_support) {
            let [low, high] = campaign.support;
            warnings.push(format!(
                "{}: {:.2} is proposed, but only spends between {low:.2} and {high:.2} were observed",
                campaign.id, campaign.proposed
            ));
        }
        let stopped = stopped.iter().map(|id| format!("{id}: spends nothing any more and is left out of the plan"));
        remarks.extend(stopped);
        Self {
            currency: allocation.currency().code().to_owned(),
            unit: model.unit(),
            period_days: model.period(),
            dates: [calendar::text(history.first_date()), calendar::text(model.last_date())],
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

    /// The report as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain data has a JSON form")
    }

    /// What responses are counted in, in words.
    pub(super) fn response_words(&self) -> String {
        let what = if self.unit == ResponseUnit::Conversions { "conversions" } else { "revenue" };
        format!("{what} {}", self.period_words())
    }

    /// `a day`.
    pub(super) fn period_words(&self) -> String {
        match self.period_days {
            1 => "a day".to_owned(),
            7 => "a week".to_owned(),
            days => format!("in {days} days"),
        }
    }
}

/// A curve, read off at equal distances.
fn curve(fitted: &adsml_optimize::CampaignResponse, end: f64) -> Vec<CurvePoint> {
    const STEPS: usize = 24;
    let point = |step: usize| {
        let spend = end * step as f64 / STEPS as f64;
        let (response, interval) = fitted.response_at(spend);
        CurvePoint { spend, response, interval }
    };
    (0..=STEPS).map(point).collect()
}

fn optimizers(comparison: &Comparison) -> Vec<OptimizerReport> {
    let row = |row: &adsml_optimize::ComparisonRow| OptimizerReport {
        name: row.optimizer.clone(),
        value: row.outcome.as_ref().ok().map(adsml_optimize::Allocation::value),
        gap: row.gap,
        error: row.outcome.as_ref().err().map(ToString::to_string),
    };
    comparison.rows().iter().map(row).collect()
}

/// A table of budgets, what they bring, and what has to be known of them.
impl fmt::Display for PlanReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { currency, total, total_today, .. } = self;
        let response = self.response_words();
        writeln!(f, "Plan from {} to {}, {currency}, {response}", self.dates[0], self.dates[1])?;
        let width = self.campaigns.iter().map(|campaign| campaign.id.chars().count()).max().unwrap_or(0).max(8);
        writeln!(
            f,
            "{:<width$} {:>12} {:>12} {:>8} {:>12} {:>12} {:>9} {:>11}  curve",
            "campaign", "today", "proposed", "change", "brings now", "would bring", "marginal", "elasticity"
        )?;
        for campaign in &self.campaigns {
            let change = campaign.change.map_or("–".to_owned(), |change| format!("{:+.1} %", 100.0 * change));
            let [elasticity, deviation] = campaign.elasticity;
            writeln!(
                f,
                "{:<width$} {:>12.2} {:>12.2} {:>8} {:>12.2} {:>12.2} {:>9.3} {:>5.2}±{:<5.2}  {}{}",
                campaign.id,
                campaign.today,
                campaign.proposed,
                change,
                campaign.response_today,
                campaign.response,
                campaign.marginal,
                elasticity,
                deviation,
                campaign.family,
                if campaign.outside_support { ", beyond what was observed" } else { "" },
            )?;
        }
        let now: f64 = self.campaigns.iter().map(|campaign| campaign.response_today).sum();
        writeln!(
            f,
            "{:<width$} {total_today:>12.2} {total:>12.2} {:>8} {now:>12.2} {:>12.2}",
            "all", "", self.response
        )?;
        if let Some(gain) = &self.gain {
            writeln!(f, "\nBeyond today's budgets: {gain}.")?;
        }
        writeln!(f, "Proven gap to the best plan for these curves: {:.1e}.", self.gap)?;
        if let Some(last) = self.forecast.periods.last() {
            let [low, high] = last.cumulative_interval;
            writeln!(
                f,
                "The next {} periods, to {}: {:.2} expected in all, nine in ten between {low:.2} and {high:.2}.",
                self.forecast.periods.len(),
                last.date,
                last.cumulative
            )?;
        }
        for optimizer in &self.optimizers {
            let gap = optimizer.gap.map_or("–".to_owned(), |gap| format!("{gap:.1e}"));
            writeln!(f, "  {:<26} gap {gap}", optimizer.name.replace('_', " "))?;
        }
        for warning in &self.warnings {
            writeln!(f, "Warning: {warning}.")?;
        }
        for remark in &self.remarks {
            writeln!(f, "Note: {remark}.")?;
        }
        f.write_str(self.caution)
    }
}
