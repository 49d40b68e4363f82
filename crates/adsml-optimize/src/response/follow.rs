//! Does spend follow demand?

use super::Finding;
use super::mode::Mode;
use super::noise::{Filter, Noise};
use super::series::{Series, median};
use crate::cholesky::Cholesky;

/// Past spends that the next one is predicted from.
const LAGS: usize = 3;
/// Weekdays that budgets may be set on; each is tested alone.
const WEEKDAYS: usize = 7;
/// Standard errors of the greatest of seven tests from which on it counts: by chance, one account in two hundred.
const LOUD: f64 = 3.2;
/// Returns that diminish less than this in half of the campaigns are rarely caused by spend.
const STEEP: f64 = 0.85;
/// Campaigns that it takes to speak of half of them.
const CAMPAIGNS: usize = 3;
/// Spends below this share of the typical one are outages, which nobody decided.
const OUTAGE: f64 = 0.2;
/// Fewer rows than this decide nothing.
const ROWS: usize = 24;

/// Past spends, demand as it showed itself so far, and the spend to be explained.
type Row = [f64; LAGS + 2];

/// Whether spend seems to follow demand. Two signs, either of which is enough:
///
/// - *Returns hardly diminish*: the median elasticity over campaigns is near 1 or beyond. Where budgets are raised in good
///   times, curves credit spend with what demand brought, and returns look almost proportional. Circumstantial, but hard to
///   come by otherwise: at a spend that somebody chose with care, the next euro brings less than the last.
/// - *Demand foretells spend*: what the curve leaves unexplained today helps to predict the next period's spend beyond past
///   spends. Where spend is set without a look at demand, it does not. Logarithms, all campaigns together, each less its mean,
///   ordinary least squares, for each weekday alone: budgets that are set once a week react on that day only.
///
/// Source: for the second, Sims (1972), "Money, income, and causality", AER 62; Granger (1969), Econometrica 37.
pub(super) fn spend_follows_demand(series: &[Series], modes: &[Mode], noise: &[Noise]) -> Option<Finding> {
    let elasticity = median(modes.iter().map(|mode| mode.elasticity().0)).filter(|_| modes.len() >= CAMPAIGNS);
    let mut groups: Vec<Vec<Row>> = vec![Vec::new(); WEEKDAYS];
    for ((series, mode), noise) in series.iter().zip(modes).zip(noise) {
        let mut own: Vec<Vec<Row>> = vec![Vec::new(); WEEKDAYS];
        rows_of(series, mode, noise).into_iter().for_each(|(weekday, row)| own[weekday].push(row));
        groups.iter_mut().zip(own).for_each(|(group, own)| group.extend(centred(own)));
    }
    let tests = groups.iter().filter_map(|rows| z_of(rows, series.len()));
    let z = tests.fold(f64::NEG_INFINITY, f64::max);
    let elasticity = elasticity.unwrap_or(f64::NAN);
    (elasticity > STEEP || z > LOUD).then_some(Finding::SpendFollowsDemand { elasticity, z })
}

/// The last-but-one number's coefficient for the last, in its standard errors; `lost` means were taken out.
fn z_of(rows: &[Row], lost: usize) -> Option<f64> {
    const P: usize = LAGS + 1;
    if rows.len() < ROWS.max(2 * (P + lost)) {
        return None;
    }
    let (mut matrix, mut right) = (vec![0.0; P * P], vec![0.0; P]);
    for row in rows {
        for i in 0..P {
            right[i] += row[i] * row[P];
            (0..P).for_each(|j| matrix[i * P + j] += row[i] * row[j]);
        }
    }
    let factor = Cholesky::factor(&matrix, P)?;
    let mut slopes = right;
    factor.solve(&mut slopes);
    let error = |row: &Row| row[P] - (0..P).map(|i| slopes[i] * row[i]).sum::<f64>();
    let freedom = (rows.len() - P - lost) as f64;
    let variance = rows.iter().map(|row| error(row).powi(2)).sum::<f64>() / freedom;
    let mut last = vec![0.0; P];
    last[P - 1] = 1.0;
    factor.solve(&mut last);
    Some(slopes[P - 1] / (variance * last[P - 1]).sqrt()).filter(|z| z.is_finite())
}

/// Of every period with periods before it, by weekday.
fn rows_of(series: &Series, mode: &Mode, noise: &Noise) -> Vec<(usize, Row)> {
    let filter = Filter::new(noise, &series.periods, &mode.mean);
    let states = filter.states(&mode.residuals(series));
    let log_spend = |row: usize| series.shares[row].ln.max(OUTAGE.ln());
    (LAGS..series.len())
        .filter(|&row| series.shares[row].u > OUTAGE && series.periods[row] == series.periods[row - 1] + 1)
        .map(|row| {
            let mut all = [0.0; LAGS + 2];
            (0..LAGS).for_each(|lag| all[lag] = log_spend(row - 1 - lag));
            all[LAGS] = states[row - 1];
            all[LAGS + 1] = log_spend(row);
            (series.periods[row].rem_euclid(WEEKDAYS as i32) as usize, all)
        })
        .collect()
}

fn centred(mut rows: Vec<Row>) -> Vec<Row> {
    for at in 0..LAGS + 2 {
        let mean = rows.iter().map(|row| row[at]).sum::<f64>() / rows.len() as f64;
        rows.iter_mut().for_each(|row| row[at] -= mean);
    }
    rows
}
