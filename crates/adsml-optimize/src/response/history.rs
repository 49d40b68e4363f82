//! What happened: spend and response of every campaign, day by day.

use std::collections::BTreeMap;

use adsml_core::calendar;

use super::Finding;
use crate::{OptimizeError, ResponseUnit, Result};

/// Fewer periods than this say next to nothing about a curve.
pub(super) const FEW_PERIODS: usize = 14;

/// One campaign on one day (or in one week, or another period).
#[derive(Debug, Clone, PartialEq)]
pub struct CampaignDay {
    /// Its campaign's id.
    pub campaign: String,
    /// Days since 1970-01-01; of longer periods, their first.
    pub date: i32,
    /// What was spent, in currency, at least 0.
    pub spend: f64,
    /// What it brought: revenue in currency, or conversions; at least 0.
    pub response: f64,
    /// Numbers that say in what circumstances, as many as the history has names for.
    pub context: Vec<f64>,
}

/// Spend and response of campaigns over time, checked and in order.
///
/// ```
/// use adsml_optimize::{CampaignDay, History, ResponseUnit};
///
/// let day = |date, spend, response| CampaignDay { campaign: "search".to_owned(), date, spend, response, context: vec![] };
/// let history = History::new(ResponseUnit::Revenue, &[], [day(20_458, 90.0, 240.0), day(20_459, 120.0, 260.0)])?;
/// assert_eq!(history.campaigns()[0].spend, [90.0, 120.0]);
/// assert_eq!(history.period(), 1);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    pub(super) unit: ResponseUnit,
    pub(super) context: Vec<String>,
    pub(super) campaigns: Vec<CampaignHistory>,
    pub(super) period: i32,
    pub(super) findings: Vec<Finding>,
}

/// One campaign of a [`History`], oldest period first.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct CampaignHistory {
    /// Its id.
    pub id: String,
    /// Days since 1970-01-01, ascending and distinct.
    pub dates: Vec<i32>,
    /// Per date, in currency.
    pub spend: Vec<f64>,
    /// Per date.
    pub response: Vec<f64>,
    /// Per date, as many numbers as the history has names.
    pub context: Vec<Vec<f64>>,
}

impl History {
    /// A history of rows in any order; campaigns come in the order of their first rows.
    ///
    /// Rows of one campaign and date are added up (their contexts averaged), which is what ad sets of a campaign need, and said
    /// in [`findings`](Self::findings). `O(n log n)`.
    ///
    /// # Errors
    ///
    /// [`NoHistory`](OptimizeError::NoHistory) without rows; [`InvalidDay`](OptimizeError::InvalidDay) for a spend or response
    /// that is negative or not finite, or a context that is not finite or not as long as `context` is.
    pub fn new(unit: ResponseUnit, context: &[&str], days: impl IntoIterator<Item = CampaignDay>) -> Result<Self> {
        let mut campaigns: Vec<Vec<CampaignDay>> = Vec::new();
        let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
        for day in days {
            check(&day, context)?;
            let number = *numbers.entry(day.campaign.clone()).or_insert(campaigns.len());
            if number == campaigns.len() {
                campaigns.push(Vec::new());
            }
            campaigns[number].push(day);
        }
        if campaigns.is_empty() {
            return Err(OptimizeError::NoHistory);
        }
        let mut findings = Vec::new();
        let campaigns: Vec<CampaignHistory> =
            campaigns.into_iter().map(|days| in_order(days, context.len(), &mut findings)).collect();
        for campaign in campaigns.iter().filter(|campaign| campaign.dates.len() < FEW_PERIODS) {
            findings.push(Finding::FewPeriods { campaign: campaign.id.clone(), periods: campaign.dates.len() });
        }
        let context = context.iter().map(|&name| name.to_owned()).collect();
        Ok(Self { unit, context, period: period(&campaigns), campaigns, findings })
    }

    /// Every campaign's rows.
    pub fn campaigns(&self) -> &[CampaignHistory] {
        &self.campaigns
    }

    /// What the response is counted in.
    pub fn unit(&self) -> ResponseUnit {
        self.unit
    }

    /// Names of the numbers that describe circumstances.
    pub fn context(&self) -> &[String] {
        &self.context
    }

    /// Days from one period to the next: 1 for daily rows, 7 for weekly ones.
    pub fn period(&self) -> i32 {
        self.period
    }

    /// What had to be put in order, and what there is too little of.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The first date of any campaign.
    pub fn first_date(&self) -> i32 {
        self.campaigns.iter().filter_map(|campaign| campaign.dates.first()).copied().min().unwrap_or_default()
    }

    /// Periods from the first date to the last, those without a row included.
    pub fn n_periods(&self) -> usize {
        ((self.last_date() - self.first_date()) / self.period) as usize + 1
    }

    /// The last date of any campaign.
    pub fn last_date(&self) -> i32 {
        self.campaigns.iter().filter_map(|campaign| campaign.dates.last()).copied().max().unwrap_or_default()
    }
}

/// Whether a day number is one of the years 1 to 9999.
pub(crate) fn is_date(day: i32) -> bool {
    (-719_162..=2_932_896).contains(&day)
}

fn check(day: &CampaignDay, context: &[&str]) -> Result<()> {
    let refuse = |what: String, value: String, expected| {
        let (campaign, date) = (day.campaign.clone(), calendar::text(day.date));
        Err(OptimizeError::InvalidDay { campaign, date, what, value, expected })
    };
    const AMOUNT: &str = "a finite number, at least 0";
    let amount = |value: f64| value >= 0.0 && value.is_finite();
    if !is_date(day.date) {
        let (campaign, date) = (day.campaign.clone(), format!("day {}", day.date));
        let (what, value) = ("date".to_owned(), day.date.to_string());
        return Err(OptimizeError::InvalidDay {
            campaign,
            date,
            what,
            value,
            expected: "a day of the years 1 to 9999",
        });
    }
    if !amount(day.spend) {
        return refuse("spend".to_owned(), day.spend.to_string(), AMOUNT);
    }
    if !amount(day.response) {
        return refuse("response".to_owned(), day.response.to_string(), AMOUNT);
    }
    if day.context.len() != context.len() {
        return refuse("context".to_owned(), format!("{} numbers", day.context.len()), "one for every name");
    }
    match day.context.iter().position(|value| !value.is_finite()) {
        Some(at) => refuse(context[at].to_owned(), day.context[at].to_string(), "a finite number"),
        None => Ok(()),
    }
}

fn in_order(mut days: Vec<CampaignDay>, n_context: usize, findings: &mut Vec<Finding>) -> CampaignHistory {
    let id = days[0].campaign.clone();
    if !days.is_sorted_by_key(|day| day.date) {
        findings.push(Finding::OutOfOrder { campaign: id.clone() });
        days.sort_by_key(|day| day.date);
    }
    let mut history = CampaignHistory { id: id.clone(), ..CampaignHistory::default() };
    let mut repeated = 0;
    for same in days.chunk_by(|a, b| a.date == b.date) {
        repeated += usize::from(same.len() > 1);
        history.dates.push(same[0].date);
        history.spend.push(same.iter().map(|day| day.spend).sum());
        history.response.push(same.iter().map(|day| day.response).sum());
        let mean = |at: usize| same.iter().map(|day| day.context[at]).sum::<f64>() / same.len() as f64;
        history.context.push((0..n_context).map(mean).collect());
    }
    if repeated > 0 {
        findings.push(Finding::RepeatedDates { campaign: id, dates: repeated });
    }
    history
}

/// The most frequent distance between neighbouring dates; the shorter of equally frequent ones.
fn period(campaigns: &[CampaignHistory]) -> i32 {
    let mut counts: BTreeMap<i32, usize> = BTreeMap::new();
    for pair in campaigns.iter().flat_map(|campaign| campaign.dates.windows(2)) {
        *counts.entry(pair[1] - pair[0]).or_default() += 1;
    }
    counts.into_iter().rev().max_by_key(|&(_, count)| count).map_or(1, |(days, _)| days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(campaign: &str, date: i32, spend: f64, response: f64) -> CampaignDay {
        CampaignDay { campaign: campaign.to_owned(), date, spend, response, context: Vec::new() }
    }

    fn of(days: impl IntoIterator<Item = CampaignDay>) -> Result<History> {
        History::new(ResponseUnit::Revenue, &[], days)
    }

    #[test]
    fn rows_are_put_in_order_and_added_up_and_that_is_said() {
        let days = [day("b", 9, 2.0, 5.0), day("a", 8, 1.0, 1.0), day("b", 8, 1.0, 3.0), day("b", 9, 3.0, 1.0)];
        let history = of(days).unwrap();
        let b = &history.campaigns()[0];
        assert_eq!(
            (&b.id[..], &b.dates[..], &b.spend[..], &b.response[..]),
            ("b", &[8, 9][..], &[1.0, 5.0][..], &[3.0, 6.0][..])
        );
        assert!(history.findings().contains(&Finding::OutOfOrder { campaign: "b".to_owned() }));
        assert!(history.findings().contains(&Finding::RepeatedDates { campaign: "b".to_owned(), dates: 1 }));
        assert!(history.findings().contains(&Finding::FewPeriods { campaign: "a".to_owned(), periods: 1 }));
    }

    #[test]
    fn rows_that_cannot_be_are_refused_by_campaign_and_date() {
        assert_eq!(of([]).unwrap_err(), OptimizeError::NoHistory);
        for (spend, response) in [(-1.0, 0.0), (1.0, -3.5), (f64::NAN, 1.0), (1.0, f64::INFINITY)] {
            let error = of([day("a", 20_458, 1.0, 1.0), day("a", 20_459, spend, response)]).unwrap_err().to_string();
            assert!(error.contains("`a`") && error.contains("2026-01-06"), "{error}");
        }
        for date in [i32::MIN, i32::MAX] {
            assert!(matches!(of([day("a", date, 1.0, 1.0)]), Err(OptimizeError::InvalidDay { .. })));
        }
        let missing = CampaignDay { context: vec![1.0], ..day("a", 20_458, 1.0, 1.0) };
        assert!(History::new(ResponseUnit::Revenue, &["x", "y"], [missing]).is_err());
    }

    #[test]
    fn the_period_is_the_usual_distance_of_dates() {
        let weeks = [0, 7, 14, 28, 35].map(|date| day("a", date, 1.0, 1.0));
        assert_eq!(of(weeks).unwrap().period(), 7);
        assert_eq!(of([day("a", 3, 1.0, 1.0)]).unwrap().period(), 1);
    }
}
