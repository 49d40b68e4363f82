//! What makes days differ beside spend and context: demand that lasts, and chance.

use adsml_core::parallel;
use std::num::NonZeroUsize;

/// How a campaign's response scatters around its mean `mu`.
///
/// ```text
/// y[t] = mu[t] * (1 + d[t]) + e[t],   Var e[t] = dispersion * mu[t]
/// d[t] = memory^gap * d[t - gap] + ...,   Var d = demand^2
/// ```
///
/// `d` is hidden demand, which lasts from one period to the next; `e` is the chance of counts (a Poisson count has dispersion
/// 1, revenue that of an order times one and its squared relative deviation).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Noise {
    /// Correlation of demand from one period to the next, in `[0, 1)`.
    pub(super) memory: f64,
    /// Standard deviation of demand, relative to its mean.
    pub(super) demand: f64,
    /// In units of the response.
    pub(super) dispersion: f64,
}

/// Whitens relative residuals: a Kalman filter whose gains do not depend on the residuals, so that it is a matrix.
///
/// Source: Kalman (1960), "A new approach to linear filtering and prediction problems"; Harvey (1989), "Forecasting,
/// structural time series models and the Kalman filter", 3.4, for the decomposition of the likelihood into innovations.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    steps: Vec<Step>,
    /// Of demand after the last row.
    last_variance: f64,
}

#[derive(Debug, Clone, Copy)]
struct Step {
    /// What is left of the last state when this one comes.
    decay: f64,
    gain: f64,
    /// One over the standard deviation of the innovation.
    scale: f64,
    log_variance: f64,
}

/// No innovation is known better than this, relative to the mean: rounding of money alone is coarser.
const LEAST_VARIANCE: f64 = 1e-10;

impl Filter {
    /// The filter of rows at `periods` (ascending) with expected responses `mean` (positive).
    pub(super) fn new(noise: &Noise, periods: &[i32], mean: &[f64]) -> Self {
        let stationary = noise.demand * noise.demand;
        let mut variance = stationary;
        let mut last = None;
        let steps = periods.iter().zip(mean).map(|(&period, &mean)| {
            let decay = last.map_or(0.0, |last: i32| noise.memory.powi(period - last));
            if last.is_some() {
                variance = decay * decay * variance + stationary * (1.0 - decay * decay);
            }
            last = Some(period);
            let total = (variance + noise.dispersion / mean).max(LEAST_VARIANCE);
            let gain = variance / total;
            variance *= 1.0 - gain;
            Step { decay, gain, scale: 1.0 / total.sqrt(), log_variance: total.ln() }
        });
        let steps = steps.collect();
        Self { steps, last_variance: variance }
    }

    /// Replaces residuals by independent ones of variance 1.
    pub(super) fn whiten(&self, residuals: &mut [f64]) {
        let mut state = 0.0;
        for (step, residual) in self.steps.iter().zip(residuals) {
            state *= step.decay;
            let innovation = *residual - state;
            state += step.gain * innovation;
            *residual = innovation * step.scale;
        }
    }

    /// Demand as each residual and those before it leave one to expect it.
    pub(super) fn states(&self, residuals: &[f64]) -> Vec<f64> {
        let mut state = 0.0;
        let step = |(step, residual): (&Step, &f64)| {
            state *= step.decay;
            state += step.gain * (residual - state);
            state
        };
        self.steps.iter().zip(residuals).map(step).collect()
    }

    /// Demand after the last row: its mean and its variance, given the residuals.
    pub(super) fn last_state(&self, residuals: &[f64]) -> (f64, f64) {
        (self.states(residuals).last().copied().unwrap_or_default(), self.last_variance)
    }

    /// Minus twice the log likelihood of residuals, but for a constant, row by row.
    fn surprises(&self, residuals: &[f64]) -> impl Iterator<Item = f64> {
        let mut state = 0.0;
        self.steps.iter().zip(residuals).map(move |(step, residual)| {
            state *= step.decay;
            let innovation = residual - state;
            state += step.gain * innovation;
            (innovation * step.scale).powi(2) + step.log_variance
        })
    }

    /// The log likelihood of the rows from `first` on, given those before, but for a constant.
    pub(super) fn log_likelihood(&self, residuals: &[f64], first: usize) -> f64 {
        -0.5 * self.surprises(residuals).skip(first).sum::<f64>()
    }
}

/// What the noise of one campaign is judged by.
pub(super) struct Scatter {
    pub(super) periods: Vec<i32>,
    /// Expected responses, positive.
    pub(super) mean: Vec<f64>,
    /// `(y - mean) / mean`.
    pub(super) residuals: Vec<f64>,
    /// Parameters that were fitted to the rows.
    pub(super) n_parameters: usize,
}

impl Scatter {
    /// Minus twice the log likelihood, residuals taken to be as large as they were before parameters were fitted to them.
    fn surprise(&self, noise: &Noise) -> f64 {
        let n = self.residuals.len() as f64;
        let lost = (n / (n - self.n_parameters as f64).max(0.5 * n)).sqrt();
        let residuals: Vec<f64> = self.residuals.iter().map(|residual| lost * residual).collect();
        Filter::new(noise, &self.periods, &self.mean).surprises(&residuals).sum()
    }

    fn typical(&self) -> f64 {
        self.mean.iter().sum::<f64>() / self.mean.len().max(1) as f64
    }

    /// The dispersion of greatest likelihood, searched around a guess of its logarithm (of a share of the typical mean).
    fn best_dispersion(&self, memory: f64, demand: f64, [low, high]: [f64; 2]) -> (f64, f64) {
        let typical = self.typical();
        let noise = |log: f64| Noise { memory, demand, dispersion: typical * log.exp() };
        golden(|log| self.surprise(&noise(log)), [low, high], 9)
    }
}

/// Bounds of the logarithm of demand's deviation.
const LOG_DEMAND: [f64; 2] = [-6.0, 0.5];
/// Bounds of demand's memory.
const MEMORY: [f64; 2] = [0.0, 0.95];
/// Bounds of the logarithm of the dispersion over the typical response.
const LOG_DISPERSION: [f64; 2] = [-14.0, 2.0];
/// How far, on the logarithm, campaigns differ in their demand's deviation as a rule.
const DEMAND_SPREAD: f64 = 0.3;

/// Noise of greatest likelihood: one memory for the account, deviations of demand that are much alike, dispersions as they
/// are. `O(rows)` per evaluation, some hundreds of them.
pub(super) fn estimate(campaigns: &[Scatter], threads: NonZeroUsize) -> Vec<Noise> {
    let informative: Vec<&Scatter> = campaigns.iter().filter(|campaign| campaign.residuals.len() > 3).collect();
    let whole = |memory: f64, log_demand: f64| -> f64 {
        let of = |i: usize| informative[i].best_dispersion(memory, log_demand.exp(), LOG_DISPERSION).1;
        parallel::map(informative.len(), threads, of).iter().sum()
    };
    let (mut memory, mut log_demand) = (0.3_f64, -2.0_f64);
    if !informative.is_empty() {
        for round in 0..3 {
            let width = [3.0, 1.0, 0.4][round];
            let around = [(log_demand - width).max(LOG_DEMAND[0]), (log_demand + width).min(LOG_DEMAND[1])];
            log_demand = golden(|log| whole(memory, log), around, 8).0;
            memory = golden(|memory| whole(memory, log_demand), MEMORY, 8).0;
        }
    }
    let one = |i: usize| {
        let campaign = &campaigns[i];
        if campaign.residuals.len() <= 3 {
            let dispersion = typical_dispersion(&informative, memory, log_demand) * campaign.typical();
            return Noise { memory, demand: log_demand.exp(), dispersion };
        }
        let penalised = |log: f64| {
            let departure = (log - log_demand) / DEMAND_SPREAD;
            campaign.best_dispersion(memory, log.exp(), LOG_DISPERSION).1 + departure * departure
        };
        let log = golden(penalised, [log_demand - 1.0, log_demand + 1.0], 8).0;
        let (log_dispersion, _) = campaign.best_dispersion(memory, log.exp(), LOG_DISPERSION);
        Noise { memory, demand: log.exp(), dispersion: campaign.typical() * log_dispersion.exp() }
    };
    parallel::map(campaigns.len(), threads, one)
}

/// The median over campaigns of dispersion over typical response.
fn typical_dispersion(campaigns: &[&Scatter], memory: f64, log_demand: f64) -> f64 {
    let of = |campaign: &&Scatter| campaign.best_dispersion(memory, log_demand.exp(), LOG_DISPERSION).0.exp();
    let mut all: Vec<f64> = campaigns.iter().map(of).collect();
    all.sort_unstable_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(0.1)
}

/// Golden section: where a function of one valley is least, and how small it is there.
///
/// Source: Kiefer (1953), "Sequential minimax search for a maximum", Proc. AMS 4.
fn golden(value: impl Fn(f64) -> f64, [mut low, mut high]: [f64; 2], steps: usize) -> (f64, f64) {
    const SHARE: f64 = 0.618_033_988_749_894_8;
    let at = |low: f64, high: f64, share: f64| low + share * (high - low);
    let (mut left, mut right) = (at(low, high, 1.0 - SHARE), at(low, high, SHARE));
    let (mut of_left, mut of_right) = (value(left), value(right));
    for _ in 0..steps {
        if of_left <= of_right {
            (high, right, of_right) = (right, left, of_left);
            left = at(low, high, 1.0 - SHARE);
            of_left = value(left);
        } else {
            (low, left, of_left) = (left, right, of_right);
            right = at(low, high, SHARE);
            of_right = value(right);
        }
    }
    if of_left <= of_right { (left, of_left) } else { (right, of_right) }
}

#[cfg(test)]
mod tests {
    use adsml_core::Seed;

    use super::*;
    use crate::cholesky::Cholesky;

    #[test]
    fn the_filter_is_the_inverse_factor_of_the_covariance() {
        let noise = Noise { memory: 0.6, demand: 0.2, dispersion: 1.5 };
        let (periods, mean) = ([3_i32, 4, 6, 7, 12], [40.0, 55.0, 12.0, 80.0, 33.0]);
        let residuals = [0.3, -0.1, 0.25, 0.05, -0.4];
        let n = periods.len();
        let mut covariance = vec![0.0; n * n];
        for (i, row) in covariance.chunks_mut(n).enumerate() {
            for (j, entry) in row.iter_mut().enumerate() {
                *entry = 0.04 * 0.6_f64.powi((periods[i] - periods[j]).abs());
                *entry += if i == j { 1.5 / mean[i] } else { 0.0 };
            }
        }
        let factor = Cholesky::factor(&covariance, n).unwrap();
        let mut expected = residuals;
        factor.solve_lower(&mut expected);
        let filter = Filter::new(&noise, &periods, &mean);
        let mut whitened = residuals;
        filter.whiten(&mut whitened);
        for (found, expected) in whitened.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-12, "{whitened:?} {expected:?}");
        }
        let expected = -0.5 * (expected.iter().map(|v| v * v).sum::<f64>() + factor.log_determinant());
        assert!((filter.log_likelihood(&residuals, 0) - expected).abs() < 1e-12);
    }

    #[test]
    fn the_noise_that_was_drawn_is_found_again() {
        let truth = Noise { memory: 0.7, demand: 0.2, dispersion: 3.0 };
        let campaigns: Vec<Scatter> = (0..12).map(|campaign| drawn(&truth, 200, campaign)).collect();
        let found = estimate(&campaigns, NonZeroUsize::MIN);
        let mean = |of: fn(&Noise) -> f64| found.iter().map(of).sum::<f64>() / 12.0;
        // Standard errors over 12 * 200 rows are about 0.03, 0.01 and 0.3.
        assert!((mean(|noise| noise.memory) - 0.7).abs() < 0.1, "{found:?}");
        assert!((mean(|noise| noise.demand) - 0.2).abs() < 0.03, "{found:?}");
        assert!((mean(|noise| noise.dispersion) - 3.0).abs() < 0.9, "{found:?}");
    }

    fn drawn(noise: &Noise, n: usize, index: u64) -> Scatter {
        let mut stream = Seed::new(5).stream("noise", index);
        let mut normal = move || (0..12).map(|_| stream.uniform()).sum::<f64>() - 6.0;
        let mut state = noise.demand * normal();
        let mean: Vec<f64> = (0..n).map(|t| 100.0 + 50.0 * f64::from(u32::from(t % 2 == 0))).collect();
        let mut residual = |mean: &f64| {
            let seen = state + (noise.dispersion / mean).sqrt() * normal();
            state = noise.memory * state + noise.demand * (1.0 - noise.memory.powi(2)).sqrt() * normal();
            seen
        };
        let residuals = mean.iter().map(&mut residual).collect();
        Scatter { periods: (0..n as i32).collect(), mean, residuals, n_parameters: 0 }
    }
}
