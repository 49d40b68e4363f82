//! Does spend follow demand?

use super::Finding;
use super::mode::Mode;
use super::noise::{Filter, Noise};
use super::series::Series;
use crate::cholesky::Cholesky;

/// Past spends that tomorrow's is predicted from.
const LAGS: usize = 7;
/// Standard errors from which on it is said: by chance, three accounts in a thousand.
const LOUD: f64 = 3.0;
/// Spends below this share of the typical one are outages, which nobody decided.
const OUTAGE: f64 = 0.2;
/// Fewer rows than this decide nothing.
const ROWS: usize = 60;

/// Whether the demand that was seen up to a period helps to predict the next period's spend beyond past spends.
///
/// Where spend is set without looking at demand, what the curve does not explain of today's response says nothing of
/// tomorrow's spend. Where it is raised with demand, and demand lasts, it does. Spends in logarithms, all campaigns together, each less
/// its mean; ordinary least squares.
///
/// Source: Sims (1972), "Money, income, and causality", AER 62; Granger (1969), Econometrica 37.
pub(super) fn spend_follows_demand(series: &[Series], modes: &[Mode], noise: &[Noise]) -> Option<Finding> {
    let mut rows: Vec<[f64; LAGS + 2]> = Vec::new();
    for ((series, mode), noise) in series.iter().zip(modes).zip(noise) {
        rows.extend(centred(rows_of(series, mode, noise)));
    }
    if rows.len() < ROWS {
        return None;
    }
    const P: usize = LAGS + 1;
    let (mut matrix, mut right) = (vec![0.0; P * P], vec![0.0; P]);
    for row in &rows {
        for i in 0..P {
            right[i] += row[i] * row[P];
            (0..P).for_each(|j| matrix[i * P + j] += row[i] * row[j]);
        }
    }
    let factor = Cholesky::factor(&matrix, P)?;
    let mut slopes = right;
    factor.solve(&mut slopes);
    let error = |row: &[f64; LAGS + 2]| row[P] - (0..P).map(|i| slopes[i] * row[i]).sum::<f64>();
    let freedom = (rows.len() - P) as f64;
    let variance = rows.iter().map(|row| error(row).powi(2)).sum::<f64>() / freedom;
    let mut last = vec![0.0; P];
    last[P - 1] = 1.0;
    factor.solve(&mut last);
    let z = slopes[P - 1] / (variance * last[P - 1]).sqrt();
    let correlation = z / (z * z + freedom).sqrt();
    (z > LOUD).then_some(Finding::SpendFollowsDemand { correlation, z })
}

/// Of every period but the first ones: past spends, demand seen so far, spend.
fn rows_of(series: &Series, mode: &Mode, noise: &Noise) -> Vec<[f64; LAGS + 2]> {
    let filter = Filter::new(noise, &series.periods, &mode.mean);
    let residuals = mode.residuals(series);
    let states = filter.states(&residuals);
    let log_spend = |row: usize| series.shares[row].ln.max(OUTAGE.ln());
    (LAGS..series.len())
        .filter(|&row| series.shares[row].u > OUTAGE && series.periods[row] == series.periods[row - 1] + 1)
        .map(|row| {
            let mut all = [0.0; LAGS + 2];
            (0..LAGS).for_each(|lag| all[lag] = log_spend(row - 1 - lag));
            all[LAGS] = states[row - 1];
            all[LAGS + 1] = log_spend(row);
            all
        })
        .collect()
}

fn centred(mut rows: Vec<[f64; LAGS + 2]>) -> Vec<[f64; LAGS + 2]> {
    for at in 0..LAGS + 2 {
        let mean = rows.iter().map(|row| row[at]).sum::<f64>() / rows.len() as f64;
        rows.iter_mut().for_each(|row| row[at] -= mean);
    }
    rows
}
