//! Which family predicts what it has not seen.

use super::family::Family;
use super::mode::{Belief, Mode, mode};
use super::noise::Noise;
use super::series::Series;

/// Shares of the rows that each step learns from; it is judged on those up to the next.
const ORIGINS: [f64; 5] = [0.4, 0.55, 0.7, 0.85, 1.0];
/// Fewer rows than this cannot tell families apart.
const ROWS: usize = 20;

/// How well a family predicts a campaign's later rows from its earlier ones: the sum of log densities, step by step.
///
/// Source: Dawid (1984), "Present position and potential developments: the prequential approach", JRSS A 147; Tashman
/// (2000), "Out-of-sample tests of forecasting accuracy", IJF 16, for rolling origins.
pub(super) fn score(series: &Series, family: Family, noise: &Noise, belief: &Belief, whole: &Mode) -> f64 {
    if series.len() < ROWS {
        return 0.0;
    }
    let row = |share: f64| (share * series.len() as f64).round() as usize;
    let step = |pair: &[f64]| {
        let (from, to) = (row(pair[0]), row(pair[1]));
        let learnt = mode(series, family, noise, belief, from, Some(&whole.theta));
        learnt.log_density(series, noise, from) - learnt.log_density(series, noise, to)
    };
    ORIGINS.windows(2).map(step).sum()
}

/// Weights of families in proportion to what they predicted; each campaign's add up to 1.
pub(super) fn weights(scores: &[f64]) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let odds: Vec<f64> =
        scores.iter().map(|score| if score.is_finite() { (score - most).exp() } else { 0.0 }).collect();
    let total: f64 = odds.iter().sum();
    // Scores that are no numbers tell nothing apart.
    let equal = 1.0 / odds.len() as f64;
    odds.iter().map(|odds| if total > 0.0 { odds / total } else { equal }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_add_up_whatever_the_scores() {
        for scores in [vec![-3.0, -1.0], vec![f64::NEG_INFINITY, 2.0], vec![f64::NAN; 4], vec![0.0]] {
            let weights = weights(&scores);
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-15, "{scores:?} {weights:?}");
        }
        assert_eq!(weights(&[f64::NEG_INFINITY, 2.0]), [0.0, 1.0]);
    }
}
