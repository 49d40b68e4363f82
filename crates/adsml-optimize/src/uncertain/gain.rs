//! How a gain is distributed.

use std::fmt;

/// What a plan brings beyond today's, judged on draws that the optimiser did not see.
///
/// A plan chosen for its value on some draws looks better on them than it is (the optimiser's curse: Smith and Winkler 2006,
/// "The optimizer's curse", Management Science 52); [`optimism`](Self::optimism) says by how much.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Gain {
    /// Mean over the draws kept back, in units of the objective (response, profit, or spend that is saved), per period.
    pub mean: f64,
    /// Nine in ten draws lie between these.
    pub interval: [f64; 2],
    /// The share of draws on which the plan is worse than today's.
    pub probability_worse: f64,
    /// By how much the mean on the draws that the plan was made for is greater.
    pub optimism: f64,
    /// What today's plan is expected to bring.
    pub today: f64,
    /// Draws it was judged on.
    pub n_draws: usize,
}

impl Gain {
    /// `seen` and `unseen`: the gain on every draw that the plan was made for, and on every other.
    pub(super) fn new(seen: &[f64], unseen: &[f64], today: f64) -> Self {
        let mean = |gains: &[f64]| gains.iter().sum::<f64>() / gains.len().max(1) as f64;
        let mut sorted = unseen.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        Self {
            mean: mean(unseen),
            interval: [quantile(&sorted, 0.05), quantile(&sorted, 0.95)],
            probability_worse: unseen.iter().filter(|gain| **gain < 0.0).count() as f64 / unseen.len().max(1) as f64,
            optimism: mean(seen) - mean(unseen),
            today,
            n_draws: unseen.len(),
        }
    }
}

/// Between neighbours, linearly (Hyndman and Fan 1996, type 7).
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
    let at = share * last as f64;
    let below = at.floor() as usize;
    let next = sorted[(below + 1).min(last)];
    sorted[below] + (at - at.floor()) * (next - sorted[below])
}

/// Amounts with as many decimals as the format asks for, else two: `{gain:.0}` for yen.
impl fmt::Display for Gain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mean, interval: [low, high], probability_worse, today, .. } = self;
        let (share, decimals) = (100.0 * mean / today, f.precision().unwrap_or(2));
        write!(f, "{mean:+.decimals$} a period ({share:+.1} %), ")?;
        write!(f, "nine in ten between {low:+.decimals$} and {high:+.decimals$}; ")?;
        write!(f, "worse than today with probability {probability_worse:.2}")
    }
}
