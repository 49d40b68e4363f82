//! Levenberg-Marquardt: nonlinear least squares with bounds, in a trust region.
//!
//! ```text
//! minimise |r(theta)|^2   with   lower <= theta <= upper
//! ```
//!
//! Each step minimises the linear model `|r + J s|` within a radius, lengths measured in the scale of each parameter: the
//! longest that its column of `J` has been. `J` is reduced by Householder's QR, never squared, so that ill-conditioned
//! problems keep their digits; the radius and the parameters at bounds then only concern a small triangle.
//!
//! ```text
//! linear_model  the sum of squares around a point, and what it says of the parameters
//! step          the best step by that model, within a radius and bounds
//! minimum       where it ended, and why
//! ```
//!
//! Sources: More (1978), "The Levenberg-Marquardt algorithm: implementation and theory", Lecture Notes in Mathematics 630, for
//! scales, radii and tests of convergence, with the constants of MINPACK's `lmder`; Hebden (1973) for the iteration on the
//! multiplier, here on singular values. Bounds: parameters that a step would carry outside stop there, and the others' step is
//! made again.

mod linear_model;
mod minimum;
mod step;
#[cfg(test)]
mod tests;

pub(crate) use linear_model::Memory;
pub(crate) use minimum::{Minimum, Stopped};

/// Least share of the predicted reduction that a step has to bring.
const ACCEPTABLE: f64 = 1e-4;

/// Share of a sum of squares that its own rounding may be.
const ROUNDING: f64 = 1e-13;

/// A sum of squares to be minimised.
///
/// Takes `&mut self`, so that what residuals and derivatives share can be kept: derivatives are only ever asked for where
/// residuals were asked for last.
pub(crate) trait Residuals {
    /// Number of residuals, and of parameters.
    fn shape(&self) -> (usize, usize);

    /// Residuals at `theta`; what is not finite there is stepped back from.
    fn residuals(&mut self, theta: &[f64], residuals: &mut [f64]);

    /// Their derivatives at `theta`, parameter by parameter: column `j` is the derivative of all residuals by `theta[j]`.
    fn jacobian(&mut self, theta: &[f64], columns: &mut [f64]);
}

/// When to stop.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LevenbergMarquardt {
    /// Most linear models made.
    pub(crate) max_iter: usize,
    /// Stop after a whole step that promises at most this share of the sum of squares.
    pub(crate) reduction_tol: f64,
    /// Stop when the radius is this share of the scaled parameters.
    pub(crate) step_tol: f64,
    /// Stop when residuals are orthogonal to the columns of all free parameters: greatest cosine.
    pub(crate) gradient_tol: f64,
}

impl Default for LevenbergMarquardt {
    /// As many digits as there are.
    fn default() -> Self {
        Self { max_iter: 1000, reduction_tol: f64::EPSILON, step_tol: 1e-14, gradient_tol: 1e-14 }
    }
}

impl LevenbergMarquardt {
    /// Minimises from `theta`, which it moves, within `bounds`: one lower and upper bound per parameter, of which either may
    /// be infinite. A start outside is moved to the nearest bound.
    ///
    /// `O(n_residuals * n_parameters^2)` per iteration, and what residuals and derivatives cost. Nothing is allocated once
    /// `memory` has seen a problem as large.
    pub(crate) fn minimize(
        &self,
        problem: &mut impl Residuals,
        theta: &mut [f64],
        bounds: &[[f64; 2]],
        memory: &mut Memory,
    ) -> Minimum {
        memory.resize(problem.shape());
        for (theta, [lower, upper]) in theta.iter_mut().zip(bounds) {
            *theta = theta.max(*lower).min(*upper);
        }
        let mut minimum =
            Minimum { sum_of_squares: f64::NAN, stopped: Stopped::NotFinite, n_iter: 0, n_evaluations: 1 };
        minimum.sum_of_squares = memory.evaluate(problem, theta);
        if !minimum.sum_of_squares.is_finite() || !memory.linearise(problem, theta) {
            return minimum;
        }
        let mut radius = f64::INFINITY;
        minimum.stopped = loop {
            if minimum.n_iter == self.max_iter {
                break Stopped::MaxIter;
            }
            minimum.n_iter += 1;
            if memory.steepest_cosine(theta, bounds, minimum.sum_of_squares) <= self.gradient_tol {
                break Stopped::Gradient;
            }
            if let Some(stopped) = self.step(problem, theta, bounds, memory, &mut radius, &mut minimum) {
                break stopped;
            }
        };
        minimum
    }

    /// Shrinks the radius until a step from `theta` is good, and takes it.
    fn step(
        &self,
        problem: &mut impl Residuals,
        theta: &mut [f64],
        bounds: &[[f64; 2]],
        memory: &mut Memory,
        radius: &mut f64,
        minimum: &mut Minimum,
    ) -> Option<Stopped> {
        let length = memory.scaled_length(theta);
        if *radius == f64::INFINITY {
            *radius = if length > 0.0 { 100.0 * length } else { 100.0 };
        }
        loop {
            let newton = memory.propose(theta, bounds, *radius);
            let step_length = memory.scaled_length(&memory.step);
            if minimum.n_iter == 1 {
                *radius = radius.min(step_length);
            }
            let sum = minimum.sum_of_squares;
            let predicted = memory.reduction_of(&memory.step) / sum;
            let slope = memory.slope() / sum;
            let trial = memory.evaluate_trial(problem, theta, bounds);
            minimum.n_evaluations += 1;
            // What is not finite is as bad as can be.
            let actual = if trial.is_finite() { (sum - trial) / sum } else { f64::NEG_INFINITY };
            let ratio = if predicted > 0.0 { actual / predicted } else { 0.0 };
            if ratio <= 0.25 {
                let shrink = if actual >= 0.0 { 0.5 } else { (slope / (2.0 * slope - actual)).clamp(0.1, 0.5) };
                *radius = shrink * radius.min(10.0 * step_length);
            } else if ratio >= 0.75 || newton {
                *radius = 2.0 * step_length;
            }
            // A whole step that promises next to nothing, or less than rounding hides, is the last; it is taken unless it is worse.
            let hidden = ratio < ACCEPTABLE && actual.abs() <= ROUNDING && predicted <= ROUNDING;
            let last = newton && predicted >= 0.0 && (predicted <= self.reduction_tol || hidden);
            let good = ratio >= ACCEPTABLE || last && actual >= -ROUNDING;
            let accepted = good && memory.linearise_trial(problem);
            if accepted {
                theta.copy_from_slice(&memory.trial);
                minimum.sum_of_squares = trial;
            } else if good {
                // Residuals are finite there, but their derivatives are not.
                *radius = 0.1 * step_length;
            }
            if last {
                return Some(Stopped::Reduction);
            }
            if *radius <= self.step_tol * memory.scaled_length(theta) || *radius < f64::MIN_POSITIVE {
                return Some(Stopped::Step);
            }
            if accepted {
                return None;
            }
        }
    }
}
