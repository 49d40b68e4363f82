//! The step to the minimum of the linear model, within a radius and bounds.

use super::linear_model::Memory;
use crate::fit::dense::{add_scaled, dot, orthogonalise};

/// How much longer than the radius a step may be: the multiplier need not be exact.
const SLACK: f64 = 1.1;

impl Memory {
    /// The step to the minimum of the linear model within `radius` and `bounds`, into its buffer.
    ///
    /// Whether it is the minimum without either: no radius held it, and no bound but those that the gradient pushes against.
    pub(super) fn propose(&mut self, theta: &[f64], bounds: &[[f64; 2]], radius: f64) -> bool {
        self.step.fill(0.0);
        self.remaining.clone_from(&self.target);
        self.free.clear();
        for (j, &bound) in bounds.iter().enumerate() {
            if !self.is_held(j, theta, bound) {
                self.free.push(j);
            }
        }
        let newton = self.solve_free(radius);
        if !self.stop_at_bounds(theta, bounds) {
            return newton;
        }
        // The others make the best of that.
        while !self.free.is_empty() {
            self.solve_free(radius);
            if !self.stop_at_bounds(theta, bounds) {
                break;
            }
        }
        // Several that stopped may have had to go on without each other: downhill must not be much better.
        std::mem::swap(&mut self.step, &mut self.stopped);
        let downhill = self.descend(theta, bounds, radius);
        if self.reduction_of(&self.stopped) >= 0.1 * downhill {
            std::mem::swap(&mut self.step, &mut self.stopped);
        }
        false
    }

    /// Parameters that the step would carry outside stop at their bounds, and are no longer free. Whether there were any.
    fn stop_at_bounds(&mut self, theta: &[f64], bounds: &[[f64; 2]]) -> bool {
        let before = self.free.len();
        for k in (0..before).rev() {
            let j = self.free[k];
            let [lower, upper] = bounds[j];
            let to = theta[j] + self.step[j];
            if to < lower || to > upper {
                self.step[j] = to.clamp(lower, upper) - theta[j];
                let column = &self.triangle[j * self.n_params..(j + 1) * self.n_params];
                add_scaled(&mut self.remaining, self.step[j], column);
                self.free.remove(k);
            }
        }
        self.free.len() < before
    }

    /// A step against the scaled gradient, bent by `bounds`, into the step's buffer; the reduction it promises.
    fn descend(&mut self, theta: &[f64], bounds: &[[f64; 2]], radius: f64) -> f64 {
        for j in 0..self.n_params {
            self.trial[j] = -self.gradient[j] / self.scale(j).powi(2);
        }
        let mut along = radius / self.scaled_length(&self.trial);
        for _ in 0..100 {
            for j in 0..self.n_params {
                self.step[j] = (theta[j] + along * self.trial[j]).clamp(bounds[j][0], bounds[j][1]) - theta[j];
            }
            let reduction = self.reduction_of(&self.step);
            // Half of what the slope alone would bring, where a straight line would bring all of it.
            if reduction >= -self.slope() {
                return reduction;
            }
            along *= 0.5;
        }
        0.0
    }

    /// The free part of the step: the minimum of `|remaining + R s|` over steps of at most `radius`, in scaled length.
    fn solve_free(&mut self, radius: f64) -> bool {
        let (p, f) = (self.n_params, self.free.len());
        self.reduced.clear();
        for &j in &self.free {
            let scale = self.scale(j);
            self.reduced.extend(self.triangle[j * p..(j + 1) * p].iter().map(|x| x / scale));
        }
        self.vectors.resize(f * f, 0.0);
        orthogonalise(&mut self.reduced, p, f, &mut self.vectors);
        self.squares.clear();
        self.along.clear();
        for column in self.reduced.chunks_exact(p) {
            self.squares.push(dot(column, column));
            self.along.push(dot(column, &self.remaining));
        }
        let multiplier = self.multiplier(radius);
        for k in 0..f {
            let j = self.free[k];
            let moved: f64 = (0..f).map(|l| self.vectors[l * f + k] * self.component(l, multiplier)).sum();
            self.step[j] = moved / self.scale(j);
        }
        multiplier == 0.0
    }

    /// The step along singular vector `l`.
    fn component(&self, l: usize, multiplier: f64) -> f64 {
        let denominator = self.squares[l] + multiplier;
        if denominator > 0.0 { -self.along[l] / denominator } else { 0.0 }
    }

    /// The least multiplier whose step is not much longer than `radius`; 0 where the whole step fits.
    ///
    /// Newton's method on `1 / radius - 1 / |s|`, which from below never goes too far.
    fn multiplier(&self, radius: f64) -> f64 {
        let length = |multiplier: f64| {
            (0..self.squares.len()).map(|l| self.component(l, multiplier).powi(2)).sum::<f64>().sqrt()
        };
        if length(0.0) <= SLACK * radius {
            return 0.0;
        }
        // No component may be longer than the radius by itself.
        let mut multiplier =
            (0..self.squares.len()).map(|l| self.along[l].abs() / radius - self.squares[l]).fold(0.0, f64::max);
        for _ in 0..50 {
            let now = length(multiplier);
            if now <= SLACK * radius {
                break;
            }
            let fall: f64 = (0..self.squares.len())
                .filter(|&l| self.squares[l] + multiplier > 0.0)
                .map(|l| self.component(l, multiplier).powi(2) / (self.squares[l] + multiplier))
                .sum();
            multiplier += (now / radius - 1.0) * now * now / fall;
        }
        multiplier
    }
}
