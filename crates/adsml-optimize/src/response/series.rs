//! One campaign's rows, as fits take them.

use std::sync::Arc;

use super::carry_over::effective_spend;
use super::effects::Design;
use super::family::Share;
use super::history::{CampaignHistory, History};
use super::lift::LiftTest;

/// One campaign's rows, as fits take them.
#[derive(Debug, Clone)]
pub(super) struct Series {
    /// Which of the history's rows these are, ascending.
    rows: Vec<usize>,
    /// Numbers of the periods, ascending.
    pub(super) periods: Vec<i32>,
    /// Effective spend as a share of the typical one.
    pub(super) shares: Vec<Share>,
    pub(super) response: Vec<f64>,
    /// What is expected to have arrived by now, of all that will.
    pub(super) completeness: Vec<f64>,
    /// What context makes of the response: a row per period, in columns of the design. The same for every carry-over.
    pub(super) design: Arc<[Vec<f64>]>,
    /// `completeness * exp(design * effects)`.
    pub(super) factor: Vec<f64>,
    /// The median of positive spends, in currency.
    pub(super) typical_spend: f64,
    /// The mean response, positive.
    pub(super) typical_response: f64,
    /// Whether a part of the response that no spend explains is fitted.
    pub(super) baseline: bool,
    pub(super) lifts: Vec<Lift>,
}

/// A lift test, in shares of the typical spend.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lift {
    pub(super) from: Share,
    pub(super) to: Share,
    pub(super) lift: f64,
    pub(super) standard_error: f64,
}

/// Rows without spend that bring this share of the typical response, at least so many of them, ask for a baseline.
const BASELINE: (f64, usize) = (0.02, 3);

/// Completeness of the response by age, in periods; complete beyond the end.
pub(super) struct Maturity<'a> {
    pub(super) excluded: usize,
    pub(super) completeness: &'a [f64],
}

impl Series {
    /// `None` for a campaign that never spent.
    pub(super) fn new(
        history: &History,
        campaign: &CampaignHistory,
        design: &Design,
        retention: f64,
        maturity: &Maturity<'_>,
        lifts: &[LiftTest],
    ) -> Option<Self> {
        let typical_spend = median(campaign.spend.iter().copied().filter(|&spend| spend > 0.0))?;
        let periods = periods_of(history, campaign);
        let last = history.last_date().div_euclid(history.period);
        let age = |row: usize| (last - periods[row]) as usize;
        let mature: Vec<usize> = (0..periods.len()).filter(|&row| age(row) >= maturity.excluded).collect();
        let mean = |rows: &mut dyn Iterator<Item = usize>| {
            let (sum, n) = rows.fold((0.0, 0_usize), |(sum, n), row| (sum + campaign.response[row], n + 1));
            (sum / n.max(1) as f64, n)
        };
        let (typical, _) = mean(&mut mature.iter().copied().filter(|&row| campaign.spend[row] > 0.0));
        let (without, n_without) = mean(&mut mature.iter().copied().filter(|&row| campaign.spend[row] == 0.0));
        let baseline = n_without >= BASELINE.1 && without > BASELINE.0 * typical;
        // A date without spend says nothing of the curve, which starts at nothing.
        let rows: Vec<usize> = mature.into_iter().filter(|&row| baseline || campaign.spend[row] > 0.0).collect();
        let completeness: Vec<f64> =
            rows.iter().map(|&row| maturity.completeness.get(age(row)).copied().unwrap_or(1.0)).collect();
        let share = |spend: f64| Share::new(spend / typical_spend);
        let lifts = lifts.iter().filter(|test| test.campaign == campaign.id).map(|test| Lift {
            from: share(test.spend[0]),
            to: share(test.spend[1]),
            lift: test.lift,
            standard_error: test.standard_error,
        });
        Some(Self {
            shares: shares(&periods, campaign, &rows, retention, typical_spend),
            response: rows.iter().map(|&row| campaign.response[row]).collect(),
            design: rows.iter().map(|&row| design.row(campaign, campaign.dates[row], &campaign.context[row])).collect(),
            factor: completeness.clone(),
            completeness,
            typical_spend,
            typical_response: if typical > 0.0 { typical } else { typical_spend },
            baseline,
            lifts: lifts.collect(),
            periods: rows.iter().map(|&row| periods[row]).collect(),
            rows,
        })
    }

    /// The same rows of the same `campaign`, with another share of spend carried over.
    pub(super) fn carrying(&self, history: &History, campaign: &CampaignHistory, retention: f64) -> Self {
        let shares = shares(&periods_of(history, campaign), campaign, &self.rows, retention, self.typical_spend);
        Self { shares, ..self.clone() }
    }

    pub(super) fn len(&self) -> usize {
        self.periods.len()
    }

    /// Takes effects of the context into account.
    pub(super) fn set_effects(&mut self, effects: &[f64]) {
        for ((factor, row), completeness) in self.factor.iter_mut().zip(self.design.iter()).zip(&self.completeness) {
            *factor = completeness * row.iter().zip(effects).map(|(x, effect)| x * effect).sum::<f64>().exp();
        }
    }
}

/// Numbers of the periods of all of a campaign's rows.
fn periods_of(history: &History, campaign: &CampaignHistory) -> Vec<i32> {
    campaign.dates.iter().map(|date| date.div_euclid(history.period)).collect()
}

/// Effective spends of some `rows`, as shares of the typical one; what is carried over comes from all rows.
fn shares(
    periods: &[i32],
    campaign: &CampaignHistory,
    rows: &[usize],
    retention: f64,
    typical_spend: f64,
) -> Vec<Share> {
    let effective = effective_spend(periods, &campaign.spend, retention);
    rows.iter().map(|&row| Share::new(effective[row] / typical_spend)).collect()
}

/// The middle one, or the mean of the two in the middle.
pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        n if n % 2 == 1 => Some(values[middle]),
        _ => Some(0.5 * (values[middle - 1] + values[middle])),
    }
}
