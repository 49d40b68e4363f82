//! A plan as plain data, for people and programs.

mod made;
mod table;

use adsml_optimize::{FrontierPoint, Gain, ResponseUnit, Risk};
use serde::Serialize;

pub(super) use made::Made;

use super::curves::ACCOUNT;

/// A plan as plain data. Money in currency (major units), dates as `2026-01-05`, responses per period; figures do not depend on the
/// number of threads.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PlanReport {
    /// Code of the currency.
    pub currency: String,
    /// Decimal digits of its smallest coin: 2 for euros, 0 for yen.
    pub minor_digits: u8,
    /// What responses are counted in.
    pub unit: ResponseUnit,
    /// Days in a period.
    pub period_days: i32,
    /// First and last date that was learnt from.
    pub dates: [String; 2],
    /// Whose curves the plan is made for: `account`, `forest`, or the name that models were given.
    pub curves: String,
    /// What the plan spends in a period.
    pub total: f64,
    /// What the last periods spent.
    pub total_today: f64,
    /// Expected response of the plan, on the draws it was made for.
    pub response: f64,
    /// What was made as great as can be.
    pub risk: Risk,
    /// What the plan brings beyond today's, by the account's curves.
    pub gain: Option<Gain>,
    /// Proven relative gap to the best plan there is for the curves it is made for, the account's averaged.
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
    /// The family of curves that predicts best, of the account's.
    pub family: &'static str,
    /// Its weight among the families.
    pub family_weight: f64,
    /// Percent of response per percent of spend, at a typical spend, and its standard deviation, by the account's curves.
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
    /// Expected response, by the curve that the plan is made for.
    pub response: f64,
    /// Nine in ten of the account's curves, those that the rows leave possible, lie between these.
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
    /// Expected response, by the account's curves.
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
    /// The report as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain data has a JSON form")
    }

    /// Decimals that an amount of money is written with.
    pub fn money_decimals(&self) -> usize {
        usize::from(self.minor_digits)
    }

    /// Decimals that a response is written with: those of money for revenue, two for conversions, which are expected in fractions.
    pub fn response_decimals(&self) -> usize {
        match self.unit {
            ResponseUnit::Conversions => 2,
            _ => self.money_decimals(),
        }
    }

    /// Whether the plan is made for the account's own curves.
    pub(super) fn is_for_the_account(&self) -> bool {
        self.curves == ACCOUNT
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
