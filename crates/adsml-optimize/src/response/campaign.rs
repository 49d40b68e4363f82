//! One campaign's curves: families judged by what they predict, and draws from those that are left.

use std::sync::Arc;

use adsml_core::Seed;

use super::account::Account;
use super::effects::Design;
use super::family::Family;
use super::history::{CampaignHistory, History};
use super::mode::{Mode, Target, Theta, baseline, mode};
use super::model::CampaignResponse;
use super::noise::{Filter, Noise};
use super::params::ResponseModelParams;
use super::series::Series;
use super::{chaining, draws};
use crate::{ResponseCurve, Result};

/// Families of less weight than this are not drawn from.
const NEGLIGIBLE: f64 = 0.005;

/// Families judged by what they predict, and draws from those that are left.
pub(super) fn campaign(
    params: &ResponseModelParams,
    account: &Account<'_>,
    design: &Design,
    history: &History,
    i: usize,
    seed: Seed,
) -> Result<CampaignResponse> {
    let (series, noise, campaign) = (&account.series[i], &account.noise[i], account.campaigns[i]);
    let of = |family: &Family| mode(series, *family, noise, &account.belief, series.len(), None);
    let modes: Vec<Mode> = params.families.iter().map(of).collect();
    let scores: Vec<f64> =
        modes.iter().map(|mode| chaining::score(series, mode.family, noise, &account.belief, mode)).collect();
    let mut weights = chaining::weights(&scores);
    let most = weights.iter().copied().fold(0.0, f64::max);
    weights.iter_mut().filter(|weight| **weight < NEGLIGIBLE * most).for_each(|weight| *weight = 0.0);
    let best = (0..modes.len()).fold(0, |best, at| if weights[at] > weights[best] { at } else { best });

    let mut stream = seed.stream("families", 0);
    let mut counts = vec![0; modes.len()];
    draws::resample(&weights, params.n_draws, 0.5).into_iter().for_each(|family| counts[family] += 1);
    let mut thetas = Vec::with_capacity(params.n_draws);
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
    let curve = |family: Family, theta: &Theta| -> Result<Arc<dyn ResponseCurve>> {
        let curve = family.curve(theta[0].exp() * usual, &theta[1..], series.typical_spend)?;
        Ok(Arc::new(curve.observed(support)?.in_unit(history.unit)))
    };
    let without_spend = usual * baseline(series, modes[best].family, &modes[best].theta);
    // A draw so far out that its curve cannot be written down counts as the best one.
    let best_curve = curve(modes[best].family, &modes[best].theta)?;
    Ok(CampaignResponse {
        id: campaign.id.clone(),
        curve: best_curve.clone(),
        draws: thetas
            .iter()
            .map(|(family, theta)| curve(*family, theta).unwrap_or_else(|_| best_curve.clone()))
            .collect(),
        families: params.families.iter().copied().zip(weights).collect(),
        elasticity: modes[best].elasticity(),
        support,
        today: today(history, campaign),
        typical_spend: series.typical_spend,
        baseline: without_spend,
        usual_factor: usual,
        noise: *noise,
        last_demand: last_demand(series, &modes[best], noise),
        usual_context: design.usual_context(&campaign.id),
        observed: observed(campaign),
    })
}

/// What a campaign spends these days: the mean of the account's last seven periods, those without a row included.
fn today(history: &History, campaign: &CampaignHistory) -> f64 {
    const PERIODS: usize = 7;
    let periods = PERIODS.min(history.n_periods()) as i32;
    let after = history.last_date() - periods * history.period;
    let rows = campaign.dates.iter().zip(&campaign.spend).filter(|(date, _)| **date > after);
    rows.map(|(_, spend)| spend).sum::<f64>() / f64::from(periods)
}

fn last_demand(series: &Series, mode: &Mode, noise: &Noise) -> (f64, f64) {
    Filter::new(noise, &series.periods, &mode.mean).last_state(&mode.residuals(series))
}

/// Every period's spend, and what it brought.
fn observed(campaign: &CampaignHistory) -> Vec<(f64, f64)> {
    campaign.spend.iter().copied().zip(campaign.response.iter().copied()).collect()
}
