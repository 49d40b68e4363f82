//! What campaigns say of each other.

use super::mode::{Belief, Mode};
use super::series::Series;

/// Elasticities better known than this say how much campaigns differ.
const KNOWN: f64 = 0.25;
/// Campaigns that it takes to say anything of another.
const SIBLINGS: usize = 3;
/// Campaigns are never believed to be more alike than this: in elasticity, and in the logarithm of their return.
const LEAST_SPREAD: (f64, f64) = (0.25, 0.25);
/// Rows that a campaign's return is known from.
const ROWS: usize = 14;
/// How returns spread where no sibling says so.
const WIDE: f64 = 1.5;

/// What is believed of a campaign's return and elasticity: what its siblings have in common (empirical Bayes).
///
/// Means and standard deviations over campaigns whose rows say something; deviations have a floor, so that a campaign with
/// months of rows is hardly moved, while one of three days is mostly what its siblings are.
///
/// Source: Efron and Morris (1975), "Data analysis using Stein's estimator and its generalizations", JASA 70.
pub(super) fn beliefs(series: &[Series], modes: &[Mode]) -> Belief {
    let log_return = |i: usize| modes[i].theta[0] - series[i].typical_spend.ln();
    let returns: Vec<f64> = (0..modes.len()).filter(|&i| series[i].len() >= ROWS).map(log_return).collect();
    let elasticities: Vec<f64> = modes
        .iter()
        .map(Mode::elasticity)
        .filter(|(_, deviation)| *deviation < KNOWN)
        .map(|(elasticity, _)| elasticity)
        .collect();
    let log_return = match mean_and_spread(&returns) {
        Some((mean, spread)) => (mean, spread.max(LEAST_SPREAD.1)),
        None => first_belief(series).log_return,
    };
    let elasticity = mean_and_spread(&elasticities).map(|(mean, spread)| (mean, spread.max(LEAST_SPREAD.0)));
    Belief { log_return, elasticity }
}

/// Before any fit: the return of all campaigns together, widely spread.
pub(super) fn first_belief(series: &[Series]) -> Belief {
    let spend: f64 = series.iter().map(|series| series.typical_spend).sum();
    let response: f64 = series.iter().map(|series| series.typical_response).sum();
    Belief { log_return: ((response / spend).ln(), WIDE), elasticity: None }
}

/// With a spread that allows for how few they are: the predictive deviation of one more.
fn mean_and_spread(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    if values.len() < SIBLINGS {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    Some((mean, (squares / (n - 1.0) * (1.0 + 1.0 / n)).sqrt()))
}
