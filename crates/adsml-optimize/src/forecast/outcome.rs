//! What budgets bring: draws of curves, effects, demand and chance.

use adsml_core::{FitContext, parallel};

use super::calendar::PlannedDay;
use crate::uncertain::quantile;
use crate::{ResponseModel, Result};

/// What one period brings.
pub(super) struct Outcome {
    pub(super) mean: f64,
    pub(super) interval: [f64; 2],
    pub(super) cumulative: f64,
    pub(super) cumulative_interval: [f64; 2],
}

/// Every draw of the model's curves lives through all periods once.
pub(super) fn outcomes(
    model: &ResponseModel,
    days: &[PlannedDay],
    factors: &[Vec<f64>],
    spends: &[Vec<f64>],
    context: &FitContext<'_>,
) -> Result<Vec<Outcome>> {
    let rows = days
        .iter()
        .map(|day| {
            let of = |campaign: &crate::CampaignResponse| {
                let usual = model.usual_context(campaign.id());
                model.design_row(campaign.id(), day.date, day.of(campaign.id()).unwrap_or(&usual))
            };
            model.campaigns().iter().map(of).collect::<Result<Vec<_>>>()
        })
        .collect::<Result<Vec<_>>>()?;
    let path = |draw: usize| -> Vec<[f64; 2]> {
        let mut stream = context.seed.stream("forecast", draw as u64);
        let departures = model.drawn_effects(&mut stream);
        let mut demands: Vec<_> =
            model.campaigns().iter().map(|campaign| campaign.demand_from_here(&mut stream)).collect();
        let mut last = model.last_date();
        (0..days.len())
            .map(|day| {
                let gap = (days[day].date - last).div_euclid(model.period()).max(1);
                last = days[day].date;
                let mut totals = [0.0; 2];
                for (i, campaign) in model.campaigns().iter().enumerate() {
                    let off: f64 = rows[day][i].iter().zip(&departures).map(|(x, effect)| x * effect).sum();
                    let mean = campaign.draws()[draw].value(spends[day][i]) * factors[day][i];
                    let demand = demands[i].next(gap, &mut stream);
                    totals[0] += mean;
                    totals[1] += campaign.by_chance(mean * off.exp() * (1.0 + demand), &mut stream);
                }
                totals
            })
            .collect()
    };
    let paths = parallel::map(model.n_draws(), context.threads, path);
    let mut sums = vec![0.0; paths.len()];
    let mut cumulative = 0.0;
    let spread = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        [quantile(&sorted, 0.05), quantile(&sorted, 0.95)]
    };
    Ok((0..days.len())
        .map(|day| {
            let mean = paths.iter().map(|path| path[day][0]).sum::<f64>() / paths.len() as f64;
            let outcomes: Vec<f64> = paths.iter().map(|path| path[day][1]).collect();
            sums.iter_mut().zip(&outcomes).for_each(|(sum, outcome)| *sum += outcome);
            cumulative += mean;
            Outcome { mean, interval: spread(&outcomes), cumulative, cumulative_interval: spread(&sums) }
        })
        .collect())
}
