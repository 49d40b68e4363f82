//! From a history to a model.

use adsml_core::{FitContext, parallel};

use super::account::Account;
use super::campaign::campaign;
use super::effects::Design;
use super::finding::Finding;
use super::follow::spend_follows_demand;
use super::history::History;
use super::mode::Belief;
use super::model::{CampaignResponse, Effects, ResponseModel};
use super::params::{CarryOver, ResponseModelParams};
use super::pooling;
use crate::{OptimizeError, Result};

/// Retentions that are tried.
const RETENTIONS: [f64; 7] = [0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8];
/// By how much twice the log likelihood has to rise for a carry-over to be believed: by chance once in a hundred accounts.
const CARRIED: f64 = 6.6;
/// Times that curves, effects and noise are fitted in turn.
const ROUNDS: usize = 3;
/// Spend that varies less than this hardly says anything.
const VARIATION: f64 = 0.05;
/// More of the prior's uncertainty left than this, and the rows have said little.
const LEFT: f64 = 0.6;

/// Effects, noise and carry-over first, on curves of one family; then every campaign's own curves.
pub(super) fn learn(
    params: &ResponseModelParams,
    history: &History,
    context: &FitContext<'_>,
) -> Result<ResponseModel> {
    let cancelled = || context.check_cancelled().map_err(|_| OptimizeError::Cancelled);
    let mut findings = history.findings.clone();
    let design = Design::new(history);
    let given = match params.carry_over {
        CarryOver::Fixed(retention) => Some(retention),
        CarryOver::Fitted => None,
    };
    let mut account = Account::new(params, history, &design, given.unwrap_or(0.0));
    for campaign in &history.campaigns {
        if !account.campaigns.iter().any(|planned| planned.id == campaign.id) {
            findings.push(Finding::NeverSpent { campaign: campaign.id.clone() });
        }
    }
    if account.series.is_empty() {
        return Err(OptimizeError::NoHistory);
    }
    if params.immature > 0 {
        findings.push(Finding::Immature { periods: params.immature });
    }
    account.learn(&design, context.threads, ROUNDS);
    cancelled()?;
    let retention = given.unwrap_or_else(|| {
        let retention = carry_over(&account, history, context);
        if retention > 0.0 {
            account = account.carrying(history, retention, context.threads);
            account.learn(&design, context.threads, ROUNDS);
        }
        retention
    });
    cancelled()?;
    let belief = if params.pooling {
        pooling::beliefs(&account.series, &account.modes)
    } else {
        Belief { elasticity: None, ..pooling::first_belief(&account.series) }
    };
    account.belief = belief;
    let seed = context.seed;
    let one = |i: usize| -> Result<CampaignResponse> {
        campaign(params, &account, &design, history, i, seed.derive("campaign curve", i as u64))
    };
    let campaigns = parallel::try_map(account.series.len(), context.threads, one)?;
    cancelled()?;
    findings.extend(identified(&account, &campaigns));
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
        n_draws: params.n_draws,
        findings,
    })
}

/// The retention that makes the rows most likely; 0 unless that says clearly more than no carry-over.
fn carry_over(account: &Account<'_>, history: &History, context: &FitContext<'_>) -> f64 {
    let likelihood = |retention| account.carrying(history, retention, context.threads).log_density();
    let tried = RETENTIONS.map(|retention| (likelihood(retention), retention));
    let (best, retention) = tried.into_iter().fold((f64::NEG_INFINITY, 0.0), |a, b| if b.0 > a.0 { b } else { a });
    if 2.0 * (best - account.log_density()) > CARRIED { retention } else { 0.0 }
}

/// What the rows do not say.
fn identified(account: &Account<'_>, campaigns: &[CampaignResponse]) -> Vec<Finding> {
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

/// What was known of an elasticity before any row: a family's prior alone has about this deviation.
fn prior_elasticity_deviation(pooled: Option<(f64, f64)>) -> f64 {
    const ALONE: f64 = 0.32;
    pooled.map_or(ALONE, |(_, deviation)| 1.0 / (1.0 / (deviation * deviation) + 1.0 / (ALONE * ALONE)).sqrt())
}
