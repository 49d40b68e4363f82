//! From a history to a model: what is learnt, and how.

use std::num::NonZeroUsize;
use std::sync::Arc;

use adsml_core::{FitContext, parallel};

use super::effects::{Design, Normal};
use super::family::Family;
use super::finding::Finding;
use super::follow::spend_follows_demand;
use super::history::{CampaignHistory, History};
use super::lift::LiftTest;
use super::mode::{Belief, Mode, Target, mode};
use super::model::{CampaignResponse, Effects, ResponseModel};
use super::noise::{self, Noise, Scatter};
use super::series::{Maturity, Series};
use super::{chaining, draws, mode as modes, pooling};
use crate::cholesky::Cholesky;
use crate::{OptimizeError, ResponseCurve, Result};

/// How much of a period's spend goes on working in the next.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CarryOver {
    /// The share that fits the rows best, one for the account; none unless it is clearly better.
    #[default]
    Fitted,
    /// This share, in `[0, 1)`; 0 for none.
    Fixed(f64),
}

/// Settings of a [`ResponseModel`].
#[derive(Debug, Clone, PartialEq)]
pub struct ResponseModelParams {
    families: Vec<Family>,
    n_draws: usize,
    carry_over: CarryOver,
    immature: usize,
    completeness: Vec<f64>,
    lift_tests: Vec<LiftTest>,
    pooling: bool,
}

impl Default for ResponseModelParams {
    fn default() -> Self {
        Self {
            families: Family::ALL.to_vec(),
            n_draws: 200,
            carry_over: CarryOver::Fitted,
            immature: 0,
            completeness: Vec::new(),
            lift_tests: Vec::new(),
            pooling: true,
        }
    }
}

/// Retentions that are tried.
const RETENTIONS: [f64; 7] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8];
/// By how much twice the log likelihood has to rise for a carry-over to be believed: by chance once in a hundred accounts.
const CARRIED: f64 = 6.6;
/// Times that curves, effects and noise are fitted in turn.
const ROUNDS: usize = 3;
/// Families of less weight than this are not drawn from.
const NEGLIGIBLE: f64 = 0.005;
/// Spend that varies less than this hardly says anything.
const VARIATION: f64 = 0.05;
/// More of the prior's uncertainty left than this, and the rows have said little.
const LEFT: f64 = 0.6;

impl ResponseModelParams {
    /// Families that are tried; the weight of each is what it predicted of rows it had not seen. Default all.
    #[must_use]
    pub fn families(mut self, families: impl Into<Vec<Family>>) -> Self {
        self.families = families.into();
        self
    }

    /// Curves drawn from what the rows leave possible, per campaign: 2 to 10,000, default 200.
    #[must_use]
    pub fn n_draws(mut self, n_draws: usize) -> Self {
        self.n_draws = n_draws;
        self
    }

    /// How much of a period's spend goes on working in the next. Default: what fits best.
    #[must_use]
    pub fn carry_over(mut self, carry_over: CarryOver) -> Self {
        self.carry_over = carry_over;
        self
    }

    /// Leaves out so many of the last periods, whose response has not arrived yet. Default 0.
    #[must_use]
    pub fn immature_periods(mut self, periods: usize) -> Self {
        self.immature = periods;
        self
    }

    /// The share of the response that has arrived by age, from the last period backwards, each in `(0, 1]`; older periods are complete. Young
    /// rows then count with the scatter that little response has. Default: all complete.
    #[must_use]
    pub fn completeness(mut self, by_age: impl Into<Vec<f64>>) -> Self {
        self.completeness = by_age.into();
        self
    }

    /// Experiments, which enter the likelihood of their campaigns' curves. Default none.
    #[must_use]
    pub fn lift_tests(mut self, tests: impl Into<Vec<LiftTest>>) -> Self {
        self.lift_tests = tests.into();
        self
    }

    /// Whether campaigns learn from each other. Default yes.
    #[must_use]
    pub fn pooling(mut self, pooling: bool) -> Self {
        self.pooling = pooling;
        self
    }

    /// Learns every campaign's curve.
    ///
    /// # Errors
    ///
    /// As [`fit_with`](Self::fit_with).
    pub fn fit(&self, history: &History) -> Result<ResponseModel> {
        self.fit_with(history, &FitContext::default())
    }

    /// Learns every campaign's curve, with a seed and on given threads; the result does not depend on those.
    ///
    /// Per campaign some hundred passes over its rows for every family, and three for every draw.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`](OptimizeError::InvalidParameter) for a setting outside its range or a lift test of an unknown campaign;
    /// [`NoHistory`](OptimizeError::NoHistory) when no campaign ever spent; [`Cancelled`](OptimizeError::Cancelled).
    pub fn fit_with(&self, history: &History, context: &FitContext<'_>) -> Result<ResponseModel> {
        self.check(history)?;
        let cancelled = || context.check_cancelled().map_err(|_| OptimizeError::Cancelled);
        let mut findings = history.findings.clone();
        let design = Design::new(history);
        let mut account = self.account(history, &design, 0.0);
        for campaign in &history.campaigns {
            if !account.campaigns.iter().any(|planned| planned.id == campaign.id) {
                findings.push(Finding::NeverSpent { campaign: campaign.id.clone() });
            }
        }
        if account.series.is_empty() {
            return Err(OptimizeError::NoHistory);
        }
        if self.immature > 0 {
            findings.push(Finding::Immature { periods: self.immature });
        }
        account.learn(&design, context.threads, ROUNDS);
        cancelled()?;
        let retention = match self.carry_over {
            CarryOver::Fixed(0.0) => 0.0,
            CarryOver::Fixed(retention) => {
                account = self.account(history, &design, retention);
                account.learn(&design, context.threads, ROUNDS);
                retention
            }
            CarryOver::Fitted => {
                let plain = account.log_density();
                let tried = RETENTIONS.map(|retention| {
                    let mut tried = self.account(history, &design, retention);
                    tried.go_on(&account, context.threads);
                    (tried.log_density(), retention)
                });
                let (best, retention) =
                    tried.into_iter().fold((f64::NEG_INFINITY, 0.0), |a, b| if b.0 > a.0 { b } else { a });
                if 2.0 * (best - plain) > CARRIED {
                    let known = account;
                    account = self.account(history, &design, retention);
                    account.go_on(&known, context.threads);
                    account.learn(&design, context.threads, ROUNDS);
                    retention
                } else {
                    0.0
                }
            }
        };
        cancelled()?;
        let belief = if self.pooling {
            pooling::beliefs(&account.series, &account.modes)
        } else {
            Belief { elasticity: None, ..pooling::first_belief(&account.series) }
        };
        account.belief = belief;
        let seed = context.seed;
        let one = |i: usize| -> Result<CampaignResponse> {
            self.campaign(&account, &design, history, i, seed.derive("campaign curve", i as u64))
        };
        let campaigns = parallel::try_map(account.series.len(), context.threads, one)?;
        cancelled()?;
        findings.extend(self.identified(&account, &campaigns));
        findings.extend(spend_follows_demand(&account.series, &account.modes, &account.noise));
        let names = design.names(&history.context);
        let factor = account.effects_factor;
        let effects = Effects { design, values: account.effects, names, factor };
        let (unit, period, last) = (history.unit, history.period, history.last_date());
        Ok(ResponseModel {
            campaigns,
            effects,
            retention,
            unit,
            period,
            last_date: last,
            n_draws: self.n_draws,
            findings,
        })
    }

    fn check(&self, history: &History) -> Result<()> {
        let refuse = |name, value: String, expected| {
            Err(OptimizeError::InvalidParameter { owner: "the response model".to_owned(), name, value, expected })
        };
        if self.families.is_empty() {
            return refuse("families", "empty".to_owned(), "at least one family");
        }
        if !(2..=10_000).contains(&self.n_draws) {
            return refuse("n_draws", self.n_draws.to_string(), "a whole number from 2 to 10,000");
        }
        match self.carry_over {
            CarryOver::Fixed(share) if !(0.0..1.0).contains(&share) => {
                return refuse("carry_over", share.to_string(), "a share in [0, 1)");
            }
            _ => {}
        }
        if let Some(share) = self.completeness.iter().find(|share| !(**share > 0.0 && **share <= 1.0)) {
            return refuse("completeness", share.to_string(), "shares in (0, 1]");
        }
        for test in &self.lift_tests {
            test.check()?;
            if !history.campaigns.iter().any(|campaign| campaign.id == test.campaign) {
                return refuse("lift_tests", format!("one of `{}`", test.campaign), "campaigns that the history has");
            }
        }
        Ok(())
    }

    fn account<'a>(&self, history: &'a History, design: &Design, retention: f64) -> Account<'a> {
        let maturity = Maturity { excluded: self.immature, completeness: &self.completeness };
        let mut account = Account::default();
        for campaign in &history.campaigns {
            if let Some(series) = Series::new(history, campaign, design, retention, &maturity, &self.lift_tests) {
                account.campaigns.push(campaign);
                account.noise.push(Noise { memory: 0.3, demand: 0.15, dispersion: 0.05 * series.typical_response });
                account.series.push(series);
            }
        }
        if !account.series.is_empty() {
            account.belief = pooling::first_belief(&account.series);
        }
        account.effects = vec![0.0; design.n_columns()];
        account
    }

    /// Families judged by what they predict, and draws from those that are left.
    fn campaign(
        &self,
        account: &Account<'_>,
        design: &Design,
        history: &History,
        i: usize,
        seed: adsml_core::Seed,
    ) -> Result<CampaignResponse> {
        let (series, noise, campaign) = (&account.series[i], &account.noise[i], account.campaigns[i]);
        let of = |family: &Family| mode(series, *family, noise, &account.belief, series.len(), None);
        let modes: Vec<Mode> = self.families.iter().map(of).collect();
        let scores: Vec<f64> =
            modes.iter().map(|mode| chaining::score(series, mode.family, noise, &account.belief, mode)).collect();
        let mut weights = chaining::weights(&scores);
        let most = weights.iter().copied().fold(0.0, f64::max);
        weights.iter_mut().filter(|weight| **weight < NEGLIGIBLE * most).for_each(|weight| *weight = 0.0);
        let best = (0..modes.len()).fold(0, |best, at| if weights[at] > weights[best] { at } else { best });

        let mut stream = seed.stream("families", 0);
        let mut counts = vec![0; modes.len()];
        draws::resample(&weights, self.n_draws, 0.5).into_iter().for_each(|family| counts[family] += 1);
        let mut thetas = Vec::with_capacity(self.n_draws);
        for (at, (mode, &count)) in modes.iter().zip(&counts).enumerate().filter(|(_, (_, count))| **count > 0) {
            let target = Target::at(series, mode, &account.belief, noise);
            let mut own = seed.stream("draws", at as u64);
            thetas.extend(draws::draw(&target, mode, count, &mut own).into_iter().map(|theta| (mode.family, theta)));
        }
        // Draws of one number are taken together over campaigns, so families must not come in blocks.
        stream.shuffle(&mut thetas);

        // Effects multiply an average: what a period of the history was worth by its context.
        let rows = campaign.dates.iter().zip(&campaign.context);
        let factors = rows.map(|(&date, context)| account.factor(&design.row(campaign, date, context)));
        let usual = factors.sum::<f64>() / campaign.dates.len() as f64;
        let used = || series.shares.iter().map(|share| share.u * series.typical_spend).filter(|spend| *spend > 0.0);
        let support = [used().fold(f64::INFINITY, f64::min), used().fold(0.0, f64::max)];
        let support = if support[0] <= support[1] { support } else { [0.0, series.typical_spend] };
        let curve = |family: Family, theta: &modes::Theta| -> Result<Arc<dyn ResponseCurve>> {
            let curve = family.curve(theta[0].exp() * usual, &theta[1..], series.typical_spend)?;
            Ok(Arc::new(curve.observed(support)?.in_unit(history.unit)))
        };
        let baseline = usual * modes::baseline(series, modes[best].family, &modes[best].theta);
        Ok(CampaignResponse {
            id: campaign.id.clone(),
            curve: curve(modes[best].family, &modes[best].theta)?,
            draws: thetas.iter().map(|(family, theta)| curve(*family, theta)).collect::<Result<_>>()?,
            families: self.families.iter().copied().zip(weights).collect(),
            elasticity: modes[best].elasticity(),
            support,
            today: today(history, campaign),
            typical_spend: series.typical_spend,
            baseline,
            usual_factor: usual,
            noise: *noise,
            last_demand: last_demand(series, &modes[best], noise),
            usual_context: design.usual_context(&campaign.id),
            observed: observed(campaign),
        })
    }

    /// What the rows do not say.
    fn identified(&self, account: &Account<'_>, campaigns: &[CampaignResponse]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for ((series, fitted), history) in account.series.iter().zip(campaigns).zip(&account.campaigns) {
            let campaign = || fitted.id.clone();
            if history.response.iter().all(|&response| response == 0.0) {
                findings.push(Finding::NoResponse { campaign: campaign() });
            }
            if series.baseline {
                let share = fitted.baseline / (fitted.baseline + fitted.curve.value(fitted.typical_spend));
                findings.push(Finding::Baseline { campaign: campaign(), share });
            }
            let spends = || history.spend.iter().copied().filter(|&spend| spend > 0.0);
            let n = spends().count() as f64;
            let mean = spends().sum::<f64>() / n;
            let variation = (spends().map(|spend| (spend - mean).powi(2)).sum::<f64>() / n).sqrt() / mean;
            let left = fitted.elasticity.1 / prior_elasticity_deviation(account.belief.elasticity);
            if variation < VARIATION {
                findings.push(Finding::SpendHardlyVaries { campaign: campaign(), variation });
            } else if left > LEFT {
                findings.push(Finding::NotIdentified { campaign: campaign(), left: left.min(1.0) });
            }
        }
        findings
    }
}

/// What was known of an elasticity before any row: a family's prior alone has about this deviation.
fn prior_elasticity_deviation(pooled: Option<(f64, f64)>) -> f64 {
    const ALONE: f64 = 0.32;
    pooled.map_or(ALONE, |(_, deviation)| 1.0 / (1.0 / (deviation * deviation) + 1.0 / (ALONE * ALONE)).sqrt())
}

/// What a campaign spends these days: the mean of the account's last seven periods, those without a row included.
fn today(history: &History, campaign: &CampaignHistory) -> f64 {
    const PERIODS: i32 = 7;
    let first = history.campaigns.iter().filter_map(|campaign| campaign.dates.first()).min();
    let known = first.map_or(1, |first| (history.last_date() - first) / history.period + 1);
    let periods = PERIODS.min(known);
    let after = history.last_date() - periods * history.period;
    let rows = campaign.dates.iter().zip(&campaign.spend).filter(|(date, _)| **date > after);
    rows.map(|(_, spend)| spend).sum::<f64>() / f64::from(periods)
}

fn last_demand(series: &Series, mode: &Mode, noise: &Noise) -> (f64, f64) {
    noise::Filter::new(noise, &series.periods, &mode.mean).last_state(&mode.residuals(series))
}

/// Every period's spend, and what it brought.
fn observed(campaign: &CampaignHistory) -> Vec<(f64, f64)> {
    campaign.spend.iter().copied().zip(campaign.response.iter().copied()).collect()
}

/// All campaigns while they are being learnt.
#[derive(Default)]
struct Account<'a> {
    campaigns: Vec<&'a CampaignHistory>,
    series: Vec<Series>,
    noise: Vec<Noise>,
    modes: Vec<Mode>,
    belief: Belief,
    effects: Vec<f64>,
    effects_factor: Option<Cholesky>,
}

impl Account<'_> {
    /// Curves of one family, effects and noise in turn.
    fn learn(&mut self, design: &Design, threads: NonZeroUsize, rounds: usize) {
        for _ in 0..rounds {
            self.fit_modes(threads);
            self.fit_effects(design, threads);
            self.fit_modes(threads);
            self.fit_noise(threads);
        }
        self.fit_modes(threads);
    }

    /// Curves alone, with the effects and the noise of another fit.
    fn go_on(&mut self, known: &Account<'_>, threads: NonZeroUsize) {
        self.effects.clone_from(&known.effects);
        self.noise.clone_from(&known.noise);
        self.belief = known.belief;
        self.series.iter_mut().for_each(|series| series.set_effects(&known.effects));
        self.modes.clone_from(&known.modes);
        self.fit_modes(threads);
    }

    fn fit_modes(&mut self, threads: NonZeroUsize) {
        let one = |i: usize| {
            let start = self.modes.get(i).map(|mode| &mode.theta);
            mode(&self.series[i], Family::Hill, &self.noise[i], &self.belief, self.series[i].len(), start)
        };
        self.modes = parallel::map(self.series.len(), threads, one);
    }

    fn fit_effects(&mut self, design: &Design, threads: NonZeroUsize) {
        let n = self.effects.len();
        if n == 0 {
            return;
        }
        let one = |i: usize| {
            let (series, mode) = (&self.series[i], &self.modes[i]);
            let target = Target::at(series, mode, &self.belief, &self.noise[i]);
            let mut normal = Normal::new(n);
            normal.add(&target.linearise(&mode.theta), &target.effect_columns(&mode.theta, n));
            normal
        };
        let parts = parallel::map(self.series.len(), threads, one);
        let normal = parts.iter().fold(Normal::new(n), Normal::merge);
        if let Some((effects, factor)) = normal.solve(design, &self.effects) {
            self.series.iter_mut().for_each(|series| series.set_effects(&effects));
            self.effects = effects;
            self.effects_factor = Some(factor);
        }
    }

    fn fit_noise(&mut self, threads: NonZeroUsize) {
        let scatter: Vec<Scatter> = self
            .series
            .iter()
            .zip(&self.modes)
            .map(|(series, mode)| Scatter {
                periods: series.periods.clone(),
                mean: mode.mean.clone(),
                residuals: mode.residuals(series),
                n_parameters: 2,
            })
            .collect();
        self.noise = noise::estimate(&scatter, threads);
    }

    fn log_density(&self) -> f64 {
        let of = |i: usize| self.modes[i].log_density(&self.series[i], &self.noise[i], 0);
        (0..self.series.len()).map(of).sum()
    }

    /// What calendar and context multiply a response by.
    fn factor(&self, row: &[f64]) -> f64 {
        row.iter().zip(&self.effects).map(|(x, effect)| x * effect).sum::<f64>().exp()
    }
}
