//! What was learnt of an account's response to spend.

use std::sync::Arc;

use adsml_core::Stream;

use super::draws::normal;
use super::effects::Design;
use super::family::Family;
use super::finding::Finding;
use super::history::{CampaignHistory, is_date};
use super::noise::Noise;
use super::params::ResponseModelParams;
use crate::cholesky::Cholesky;
use crate::uncertain::quantile;
use crate::{OptimizeError, ResponseCurve, ResponseUnit, Result};

/// Response curves of an account's campaigns, learnt from what happened, with what the rows leave uncertain.
///
/// ```text
/// y[c, t] = (baseline_c + f_c(a[c, t])) * exp(x[c, t] . effects) * (1 + demand[c, t]) + chance
/// a[c, t] = spend, with what is carried over from periods before
/// ```
///
/// The effects of weekday, month and context are shared by all campaigns. Demand is hidden and lasts (a first-order
/// autoregression); chance has a variance in proportion to the mean. Each campaign's curve has a prior that its siblings sharpen, so
/// that a campaign of three days borrows what it cannot know. Families of curves are weighted by how well they predict later
/// rows from earlier ones, and [`draws`](CampaignResponse::draws) come from all of them.
///
/// Curves fitted to what was spent are no causal evidence: where spend follows demand they flatter it
/// ([`Finding::SpendFollowsDemand`] says when that shows), and only experiments ([`LiftTest`](crate::LiftTest)) know.
///
/// # Source
///
/// Jin, Wang, Sun, Chan and Koehler (2017), "Bayesian methods for media mix modeling with carryover and shape effects",
/// Google; Gelman et al. (2013), "Bayesian data analysis", 5.4 and 10.4.
#[derive(Debug, Clone)]
pub struct ResponseModel {
    pub(super) campaigns: Vec<CampaignResponse>,
    pub(super) effects: Effects,
    pub(super) retention: f64,
    pub(super) unit: ResponseUnit,
    pub(super) period: i32,
    pub(super) last_date: i32,
    pub(super) n_draws: usize,
    pub(super) findings: Vec<Finding>,
}

/// What calendar and context do to every campaign's response.
#[derive(Debug, Clone)]
pub(super) struct Effects {
    pub(super) design: Design,
    pub(super) values: Vec<f64>,
    pub(super) names: Vec<String>,
    /// Of their precision.
    pub(super) factor: Option<Cholesky>,
}

/// What was learnt of one campaign.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CampaignResponse {
    pub(super) id: String,
    pub(super) curve: Arc<dyn ResponseCurve>,
    pub(super) draws: Vec<Arc<dyn ResponseCurve>>,
    pub(super) families: Vec<(Family, f64)>,
    pub(super) elasticity: (f64, f64),
    pub(super) support: [f64; 2],
    pub(super) today: f64,
    pub(super) typical_spend: f64,
    pub(super) baseline: f64,
    pub(super) usual_factor: f64,
    pub(super) noise: Noise,
    /// Demand on the last date: mean and variance.
    pub(super) last_demand: (f64, f64),
    /// Means of the context's numbers.
    pub(super) usual_context: Vec<f64>,
    pub(super) observed: Vec<(f64, f64)>,
}

impl ResponseModel {
    /// Settings with their defaults.
    pub fn params() -> ResponseModelParams {
        ResponseModelParams::default()
    }

    /// Every campaign that ever spent, in the order of the history.
    pub fn campaigns(&self) -> &[CampaignResponse] {
        &self.campaigns
    }

    /// The campaign of an id.
    pub fn campaign(&self, id: &str) -> Option<&CampaignResponse> {
        self.campaigns.iter().find(|campaign| campaign.id == id)
    }

    /// The campaigns that still spend, and the ids of those that do not any more.
    #[must_use]
    pub fn running(mut self) -> (Self, Vec<String>) {
        let (running, stopped): (Vec<_>, Vec<_>) =
            self.campaigns.drain(..).partition(|campaign: &CampaignResponse| campaign.today > 0.0);
        self.campaigns = running;
        (self, stopped.into_iter().map(|campaign| campaign.id).collect())
    }

    /// What a reader has to know.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Those of them that put a plan in doubt.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.is_warning())
    }

    /// The share of a period's spend that goes on working in the next.
    pub fn retention(&self) -> f64 {
        self.retention
    }

    /// What responses are counted in.
    pub fn unit(&self) -> ResponseUnit {
        self.unit
    }

    /// Days in a period.
    pub fn period(&self) -> i32 {
        self.period
    }

    /// The last date that was learnt from, as days since 1970-01-01.
    pub fn last_date(&self) -> i32 {
        self.last_date
    }

    /// Draws of every campaign.
    pub fn n_draws(&self) -> usize {
        self.n_draws
    }

    /// Effects of calendar and context, by name: the change of the response's logarithm, per standard deviation for a context.
    pub fn effects(&self) -> impl Iterator<Item = (&str, f64)> {
        self.effects.names.iter().map(String::as_str).zip(self.effects.values.iter().copied())
    }

    /// What a date and a context multiply a campaign's curve by; 1 on average over the campaign's history.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`](OptimizeError::InvalidParameter) for an unknown campaign, or a context of another length than
    /// the history's or with something that is not finite.
    pub fn factor(&self, campaign: &str, date: i32, context: &[f64]) -> Result<f64> {
        let row = self.design_row(campaign, date, context)?;
        let usual = self.campaign(campaign).map_or(1.0, |campaign| campaign.usual_factor);
        Ok(dot(&row, &self.effects.values).exp() / usual)
    }

    /// The means of a campaign's context; empty for a campaign that is not known.
    pub(crate) fn usual_context(&self, campaign: &str) -> Vec<f64> {
        self.campaign(campaign).map_or_else(Vec::new, |campaign| campaign.usual_context.clone())
    }

    /// By how much effects may differ from the most plausible ones: a draw.
    pub(crate) fn drawn_effects(&self, stream: &mut Stream) -> Vec<f64> {
        let mut departures: Vec<f64> = self.effects.values.iter().map(|_| normal(stream)).collect();
        match &self.effects.factor {
            Some(factor) => factor.solve_upper(&mut departures),
            None => departures.fill(0.0),
        }
        departures
    }

    /// The columns of a date and a context.
    pub(crate) fn design_row(&self, campaign: &str, date: i32, context: &[f64]) -> Result<Vec<f64>> {
        let refuse = |name, value: String, expected| {
            Err(OptimizeError::InvalidParameter { owner: "the response model".to_owned(), name, value, expected })
        };
        if self.campaign(campaign).is_none() {
            return refuse("campaign", format!("`{campaign}`"), "one that was learnt from");
        }
        if !is_date(date) {
            return refuse("date", date.to_string(), "a day of the years 1 to 9999");
        }
        let n_context = self.effects.design.n_context();
        if context.len() != n_context || !context.iter().all(|value| value.is_finite()) {
            return refuse(
                "context",
                format!("{context:?}"),
                "a finite number for every name of the history's context",
            );
        }
        let known = CampaignHistory { id: campaign.to_owned(), ..CampaignHistory::default() };
        Ok(self.effects.design.row(&known, date, context))
    }
}

/// Demand as time goes on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand {
    state: f64,
    memory: f64,
    deviation: f64,
}

impl Demand {
    /// Demand after so many more periods.
    pub(crate) fn next(&mut self, periods: i32, stream: &mut Stream) -> f64 {
        let kept = self.memory.powi(periods);
        self.state = kept * self.state + self.deviation * (1.0 - kept * kept).sqrt() * normal(stream);
        self.state.max(-1.0)
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

impl CampaignResponse {
    /// Demand from the last date on: a draw of where it is.
    pub(crate) fn demand_from_here(&self, stream: &mut Stream) -> Demand {
        let (mean, variance) = self.last_demand;
        let Noise { memory, demand, .. } = self.noise;
        Demand { state: mean + variance.sqrt() * normal(stream), memory, deviation: demand }
    }

    /// What comes of an expected response by chance: a draw.
    pub(crate) fn by_chance(&self, expected: f64, stream: &mut Stream) -> f64 {
        (expected + (self.noise.dispersion * expected.max(0.0)).sqrt() * normal(stream)).max(0.0)
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The most plausible curve of the family that predicts best, for an average period: support and unit included.
    pub fn curve(&self) -> &Arc<dyn ResponseCurve> {
        &self.curve
    }

    /// Curves that the rows leave possible, all equally likely. Draw `i` of one campaign goes with draw `i` of every other.
    pub fn draws(&self) -> &[Arc<dyn ResponseCurve>] {
        &self.draws
    }

    /// Expected response at a spend: the mean of the draws, and where nine in ten of them lie. `O(draws)`.
    pub fn response_at(&self, spend: f64) -> (f64, [f64; 2]) {
        let mut responses: Vec<f64> = self.draws.iter().map(|draw| draw.value(spend)).collect();
        responses.sort_unstable_by(f64::total_cmp);
        let mean = responses.iter().sum::<f64>() / responses.len() as f64;
        (mean, [quantile(&responses, 0.05), quantile(&responses, 0.95)])
    }

    /// Families with their weights, which add up to 1.
    pub fn families(&self) -> &[(Family, f64)] {
        &self.families
    }

    /// By how many percent the response rises with one percent more spend, at a typical spend, and its standard deviation.
    pub fn elasticity(&self) -> (f64, f64) {
        self.elasticity
    }

    /// Least and greatest spend that was observed, outages included, in currency.
    pub fn support(&self) -> [f64; 2] {
        self.support
    }

    /// Mean spend of the last seven periods, in currency.
    pub fn today(&self) -> f64 {
        self.today
    }

    /// Response of an average period that comes without spend.
    pub fn baseline(&self) -> f64 {
        self.baseline
    }

    /// Spend and response of every period, as observed.
    pub fn observed(&self) -> &[(f64, f64)] {
        &self.observed
    }
}
