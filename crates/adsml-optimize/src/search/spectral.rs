//! Spectral projected gradients: the local search of [`ProjectedGradient`](super::ProjectedGradient), and the last steps of others.

use super::driver::{Driver, Sums};
use crate::StoppingReason;

/// Merits that a step may fall back behind: Birgin, Martinez and Raydan's `M`.
const MEMORY: usize = 10;

/// Rises of the penalty on a missed floor.
const PENALTY_ROUNDS: usize = 12;

/// Buffers of a search, so that its steps allocate nothing.
#[derive(Debug)]
pub(super) struct Spectral {
    gradient: Vec<f64>,
    previous: Vec<f64>,
    direction: Vec<f64>,
    trial: Vec<f64>,
}

/// The weight of the floor in the merit: an augmented Lagrangian (Nocedal and Wright, section 17.3).
#[derive(Debug, Clone, Copy, Default)]
struct Penalty {
    multiplier: f64,
    weight: f64,
}

impl Penalty {
    /// How much the floor weighs where it is missed by `missing` (negative: kept).
    fn price(self, missing: f64) -> f64 {
        (self.multiplier + self.weight * missing).max(0.0)
    }

    fn merit(self, value: f64, missing: f64) -> f64 {
        if self.weight == 0.0 { value } else { value - 0.5 * self.price(missing).powi(2) / self.weight }
    }
}

impl Spectral {
    pub(super) fn new(n_campaigns: usize) -> Self {
        let buffer = || vec![0.0; n_campaigns];
        Self { gradient: buffer(), previous: buffer(), direction: buffer(), trial: buffer() }
    }

    /// Climbs from `x`, a point of the feasible set whose pauses it keeps, until steps gain less than `tol` (relative).
    pub(super) fn climb(
        &mut self,
        driver: &mut Driver<'_>,
        x: &mut [f64],
        max_iter: usize,
        tol: f64,
    ) -> StoppingReason {
        if driver.program.floor.is_none() {
            return self.climb_merit(driver, x, Penalty::default(), max_iter, tol);
        }
        if let Some(reason) = driver.stop() {
            return reason;
        }
        let sums = driver.evaluate_sums(x);
        let needed = driver.program.floor.map_or(0.0, |floor| floor.ratio * sums.spend + floor.least);
        let needed = needed.abs().max(sums.response.abs()).max(f64::MIN_POSITIVE);
        // A floor missed by all of it weighs ten times what there is to win.
        let mut penalty = Penalty { multiplier: 0.0, weight: 10.0 * sums.value.abs().max(needed) / (needed * needed) };
        let mut last = f64::INFINITY;
        let mut reason = StoppingReason::Converged;
        for _ in 0..PENALTY_ROUNDS {
            reason = self.climb_merit(driver, x, penalty, max_iter, tol);
            if matches!(reason, StoppingReason::Cancelled | StoppingReason::MaxEvaluations) {
                return reason;
            }
            if let Some(stopped) = driver.stop() {
                return stopped;
            }
            let sums = driver.evaluate_sums(x);
            let missing = missing(driver, sums);
            penalty.multiplier = penalty.price(missing);
            if missing.abs() <= 1e-10 * needed || (missing < 0.0 && penalty.multiplier == 0.0) {
                break;
            }
            if missing.abs() > 0.25 * last {
                penalty.weight *= 10.0;
            }
            last = missing.abs();
        }
        reason
    }

    fn climb_merit(
        &mut self,
        driver: &mut Driver<'_>,
        x: &mut [f64],
        penalty: Penalty,
        max_iter: usize,
        tol: f64,
    ) -> StoppingReason {
        // A merit and a gradient.
        if let Some(reason) = driver.stop_before(2 * x.len()) {
            return reason;
        }
        let mut sums = driver.evaluate_sums(x);
        let mut merits = [f64::INFINITY; MEMORY];
        merits[0] = penalty.merit(sums.value, missing(driver, sums));
        self.differentiate(driver, x, penalty.price(missing(driver, sums)), penalty.weight);
        let steepest = self.gradient.iter().fold(0.0_f64, |most, slope| most.max(slope.abs()));
        if steepest == 0.0 {
            return StoppingReason::Converged;
        }
        let first = driver.set.scale() / steepest;
        let mut step = first;
        let mut quiet = 0;
        for iteration in 1..=max_iter {
            let mut rise = self.aim(driver, x, step);
            if rise <= 0.0 {
                return StoppingReason::Converged;
            }
            let reference = merits.iter().copied().fold(f64::INFINITY, f64::min);
            let current = merits[(iteration - 1) % MEMORY];
            let mut length = 1.0;
            let merit = loop {
                if let Some(reason) = driver.stop_before(2 * x.len()) {
                    return reason;
                }
                for ((trial, &from), &by) in self.trial.iter_mut().zip(&*x).zip(&self.direction) {
                    *trial = from + length * by;
                }
                sums = driver.evaluate_sums(&self.trial);
                let merit = penalty.merit(sums.value, missing(driver, sums));
                if merit >= reference + 1e-4 * length * rise {
                    break merit;
                }
                // The top of the parabola through what is known, unless it is too near to either end.
                let top = 0.5 * length * length * rise / (current + length * rise - merit);
                length = if top >= 0.1 * length && top <= 0.5 * length { top } else { 0.5 * length };
                if length < 1e-12 {
                    return StoppingReason::Converged;
                }
            };
            merits[iteration % MEMORY] = merit;
            self.previous.copy_from_slice(&self.gradient);
            x.copy_from_slice(&self.trial);
            self.differentiate(driver, x, penalty.price(missing(driver, sums)), penalty.weight);
            let (mut moved, mut bent) = (0.0, 0.0);
            for i in 0..x.len() {
                let by = length * self.direction[i];
                moved += by * by;
                bent += by * (self.previous[i] - self.gradient[i]);
            }
            step = if bent > 0.0 { (moved / bent).clamp(1e-10 * first, 1e10 * first) } else { 10.0 * step.max(first) };
            rise *= length;
            // Non-monotone steps may stand still once; twice in a row they have arrived.
            quiet = if rise.max((merit - current).abs()) <= tol * merit.abs() { quiet + 1 } else { 0 };
            if quiet == 2 {
                return StoppingReason::Converged;
            }
        }
        StoppingReason::MaxIterations
    }

    /// The direction to the projection of a gradient step; by how much the merit rises along it, to first order.
    fn aim(&mut self, driver: &Driver<'_>, x: &[f64], step: f64) -> f64 {
        for ((target, &from), &slope) in self.direction.iter_mut().zip(x).zip(&self.gradient) {
            *target = from + step * slope;
        }
        driver.set.project_like(&mut self.direction, x);
        let mut rise = 0.0;
        for ((target, &from), &slope) in self.direction.iter_mut().zip(x).zip(&self.gradient) {
            *target -= from;
            rise += *target * slope;
        }
        rise
    }

    /// The gradient of the merit where the floor weighs `price`.
    fn differentiate(&mut self, driver: &mut Driver<'_>, x: &[f64], price: f64, weight: f64) {
        let program = driver.program;
        let price = if weight == 0.0 { 0.0 } else { price };
        let ratio = program.floor.map_or(0.0, |floor| floor.ratio);
        for (i, (slope, &spend)) in self.gradient.iter_mut().zip(x).enumerate() {
            let term = &program.terms[i];
            let mut marginal = term.curve.marginal(spend);
            if !marginal.is_finite() {
                // A root rises vertically at 0; a little further on it has a slope.
                marginal = term.curve.marginal(spend + 1e-9 * driver.set.scale());
            }
            let change = if spend > term.today {
                term.change_cost
            } else if spend < term.today {
                -term.change_cost
            } else {
                0.0
            };
            let all = (program.reward + price) * marginal - program.cost - price * ratio - change;
            *slope = if all.is_finite() { all } else { 0.0 };
        }
        driver.looked(x.len());
    }
}

/// By how much the floor is missed; negative where it is kept.
fn missing(driver: &Driver<'_>, sums: Sums) -> f64 {
    driver.program.floor.map_or(0.0, |floor| floor.ratio * sums.spend + floor.least - sums.response)
}
