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
//! Sources: More (1978), "The Levenberg-Marquardt algorithm: implementation and theory", Lecture Notes in Mathematics 630, for
//! scales, radii and tests of convergence, with the constants of MINPACK's `lmder`; Hebden (1973) for the iteration on the
//! multiplier, here on singular values. Bounds: parameters that a step would carry outside stop there, and the others' step is
//! made again.

use super::dense::{add_scaled, dot, orthogonalise, triangularise};

/// Least share of the predicted reduction that a step has to bring.
const ACCEPTABLE: f64 = 1e-4;

/// Share of a sum of squares that its own rounding may be.
const ROUNDING: f64 = 1e-13;

/// How much longer than the radius a step may be: the multiplier need not be exact.
const SLACK: f64 = 1.1;

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

/// Where the minimiser ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Minimum {
    pub(crate) sum_of_squares: f64,
    pub(crate) stopped: Stopped,
    /// Linear models made.
    pub(crate) n_iter: usize,
    /// Times that residuals were asked for.
    pub(crate) n_evaluations: usize,
}

/// Why the minimiser ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The gradient vanishes within bounds, or the residuals do.
    Gradient,
    /// Next to nothing is left to gain.
    Reduction,
    /// Only steps too short to matter still gain: a minimum but for rounding, or residuals that are not smooth.
    Step,
    /// As many iterations as were allowed.
    MaxIter,
    /// Residuals or derivatives at the start are not finite.
    NotFinite,
}

impl Stopped {
    /// Whether it ended at a minimum, as far as can be told.
    pub(crate) fn converged(self) -> bool {
        matches!(self, Self::Gradient | Self::Reduction | Self::Step)
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

/// Buffers of the minimiser, and its last linear model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    n_params: usize,
    /// Rows of the buffers: residuals, and zeros where there are more parameters than those.
    n_rows: usize,
    n_residuals: usize,
    /// Derivatives, then their triangle.
    columns: Vec<f64>,
    /// Residuals, then what `Q^T` makes of them.
    residuals: Vec<f64>,
    /// `R` of the last linear model, column by column, with zeros below the diagonal.
    triangle: Vec<f64>,
    /// The part of `Q^T r` that `R` can reach.
    target: Vec<f64>,
    /// `J^T r`.
    gradient: Vec<f64>,
    /// Lengths of the columns of `J`, and the longest they have been.
    lengths: Vec<f64>,
    scale: Vec<f64>,
    step: Vec<f64>,
    /// Another step that is thought of.
    stopped: Vec<f64>,
    trial: Vec<f64>,
    /// Parameters that the step may move freely, and their part of `R`: scaled, then orthogonal.
    free: Vec<usize>,
    reduced: Vec<f64>,
    vectors: Vec<f64>,
    remaining: Vec<f64>,
    /// Squares of the singular values, and what each has of the gradient.
    squares: Vec<f64>,
    along: Vec<f64>,
}

impl Memory {
    fn resize(&mut self, (n_residuals, n_params): (usize, usize)) {
        let n_rows = n_residuals.max(n_params);
        (self.n_residuals, self.n_params, self.n_rows) = (n_residuals, n_params, n_rows);
        for (buffer, length) in [
            (&mut self.columns, n_rows * n_params),
            (&mut self.residuals, n_rows),
            (&mut self.triangle, n_params * n_params),
            (&mut self.target, n_params),
            (&mut self.gradient, n_params),
            (&mut self.lengths, n_params),
            (&mut self.scale, n_params),
            (&mut self.step, n_params),
            (&mut self.stopped, n_params),
            (&mut self.trial, n_params),
        ] {
            buffer.clear();
            buffer.resize(length, 0.0);
        }
    }

    /// The linear model at any point; whether it is finite.
    pub(crate) fn linearise_at(&mut self, problem: &mut impl Residuals, theta: &[f64]) -> bool {
        self.resize(problem.shape());
        self.evaluate(problem, theta).is_finite() && self.linearise(problem, theta)
    }

    /// Residuals at `theta` into their buffer; the sum of their squares.
    fn evaluate(&mut self, problem: &mut impl Residuals, theta: &[f64]) -> f64 {
        let (rows, padding) = self.residuals.split_at_mut(self.n_residuals);
        problem.residuals(theta, rows);
        padding.fill(0.0);
        dot(rows, rows)
    }

    /// The linear model at `theta`, where residuals were evaluated last. `false`, and the last one kept, if it is not finite.
    fn linearise(&mut self, problem: &mut impl Residuals, theta: &[f64]) -> bool {
        let (n, p) = (self.n_rows, self.n_params);
        problem.jacobian(theta, &mut self.columns[..self.n_residuals * p]);
        if n > self.n_residuals {
            for j in (0..p).rev() {
                self.columns.copy_within(j * self.n_residuals..(j + 1) * self.n_residuals, j * n);
                self.columns[j * n + self.n_residuals..(j + 1) * n].fill(0.0);
            }
        }
        triangularise(&mut self.columns, n, p, &mut self.residuals);
        let finite = |x: &f64| x.is_finite();
        if !(0..p).all(|j| self.columns[j * n..=j * n + j].iter().all(finite))
            || !self.residuals[..p].iter().all(finite)
        {
            return false;
        }
        self.target.copy_from_slice(&self.residuals[..p]);
        for j in 0..p {
            let column = &self.columns[j * n..=j * n + j];
            self.triangle[j * p..=j * p + j].copy_from_slice(column);
            self.gradient[j] = dot(column, &self.target[..=j]);
            self.lengths[j] = dot(column, column).sqrt();
            self.scale[j] = self.scale[j].max(self.lengths[j]);
        }
        true
    }

    fn evaluate_trial(&mut self, problem: &mut impl Residuals, theta: &[f64], bounds: &[[f64; 2]]) -> f64 {
        for j in 0..self.n_params {
            // Rounding may not carry it outside.
            self.trial[j] = (theta[j] + self.step[j]).max(bounds[j][0]).min(bounds[j][1]);
        }
        let trial = std::mem::take(&mut self.trial);
        let sum = self.evaluate(problem, &trial);
        self.trial = trial;
        sum
    }

    fn linearise_trial(&mut self, problem: &mut impl Residuals) -> bool {
        let trial = std::mem::take(&mut self.trial);
        let finite = self.linearise(problem, &trial);
        self.trial = trial;
        finite
    }

    /// The scale of a parameter; one that never mattered has the scale 1.
    fn scale(&self, j: usize) -> f64 {
        if self.scale[j] > 0.0 { self.scale[j] } else { 1.0 }
    }

    fn scaled_length(&self, x: &[f64]) -> f64 {
        x.iter().enumerate().map(|(j, x)| (self.scale(j) * x).powi(2)).sum::<f64>().sqrt()
    }

    /// Whether the gradient pushes parameter `j` against a bound that it is at.
    fn is_held(&self, j: usize, theta: &[f64], [lower, upper]: [f64; 2]) -> bool {
        lower == upper || theta[j] == lower && self.gradient[j] >= 0.0 || theta[j] == upper && self.gradient[j] <= 0.0
    }

    /// Greatest cosine between the residuals and the columns of parameters that no bound holds.
    fn steepest_cosine(&self, theta: &[f64], bounds: &[[f64; 2]], sum_of_squares: f64) -> f64 {
        let mut steepest: f64 = 0.0;
        for (j, &bound) in bounds.iter().enumerate() {
            if self.lengths[j] > 0.0 && sum_of_squares > 0.0 && !self.is_held(j, theta, bound) {
                steepest = steepest.max(self.gradient[j].abs() / self.lengths[j] / sum_of_squares.sqrt());
            }
        }
        steepest
    }

    /// The step to the minimum of the linear model within `radius` and `bounds`, into its buffer.
    ///
    /// Whether it is the minimum without either: no radius held it, and no bound but those that the gradient pushes against.
    fn propose(&mut self, theta: &[f64], bounds: &[[f64; 2]], radius: f64) -> bool {
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
            let scale = if self.scale[j] > 0.0 { self.scale[j] } else { 1.0 };
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

    /// How much smaller the linear model says that `step` makes the sum of squares: `-2 g . s - |R s|^2`.
    fn reduction_of(&self, step: &[f64]) -> f64 {
        let p = self.n_params;
        let mut bend = 0.0;
        for i in 0..p {
            let row: f64 = (i..p).map(|j| self.triangle[j * p + i] * step[j]).sum();
            bend += row * row;
        }
        -2.0 * self.gradient.iter().zip(step).map(|(g, s)| g * s).sum::<f64>() - bend
    }

    /// `g . s`: half the slope of the sum of squares along the step.
    fn slope(&self) -> f64 {
        self.gradient.iter().zip(&self.step).map(|(g, s)| g * s).sum()
    }

    /// `(J^T J)^-1` at the minimum, over the parameters inside their `bounds`, with zeros for the others; column by column.
    ///
    /// `None` where the residuals do not tell parameters apart.
    pub(crate) fn inverse_normal(&mut self, theta: &[f64], bounds: &[[f64; 2]]) -> Option<Vec<f64>> {
        let p = self.n_params;
        self.free.clear();
        self.free.extend((0..p).filter(|&j| theta[j] > bounds[j][0] && theta[j] < bounds[j][1]));
        let lengths: Vec<f64> = self.free.iter().map(|&j| self.lengths[j]).collect();
        if lengths.contains(&0.0) {
            return None;
        }
        self.reduced.clear();
        for (&j, length) in self.free.iter().zip(&lengths) {
            self.reduced.extend(self.triangle[j * p..(j + 1) * p].iter().map(|x| x / length));
        }
        let f = self.free.len();
        self.vectors.resize(f * f, 0.0);
        orthogonalise(&mut self.reduced, p, f, &mut self.vectors);
        self.squares.clear();
        self.squares.extend(self.reduced.chunks_exact(p).map(|column| dot(column, column)));
        let largest = self.squares.iter().copied().fold(0.0, f64::max);
        if self.squares.iter().any(|&square| square.sqrt() <= p as f64 * f64::EPSILON * largest.sqrt()) {
            return None;
        }
        let mut inverse = vec![0.0; p * p];
        for (a, &i) in self.free.iter().enumerate() {
            for (b, &j) in self.free.iter().enumerate() {
                let sum: f64 =
                    (0..f).map(|l| self.vectors[l * f + a] * self.vectors[l * f + b] / self.squares[l]).sum();
                inverse[j * p + i] = sum / (lengths[a] * lengths[b]);
            }
        }
        Some(inverse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNBOUNDED: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

    /// Residuals and derivatives from one function; a row is the residual, then its derivatives.
    struct Rows<F> {
        shape: (usize, usize),
        row: F,
    }

    impl<const N: usize, F: Fn(usize, &[f64]) -> [f64; N]> Residuals for Rows<F> {
        fn shape(&self) -> (usize, usize) {
            self.shape
        }

        fn residuals(&mut self, theta: &[f64], residuals: &mut [f64]) {
            for (i, residual) in residuals.iter_mut().enumerate() {
                *residual = (self.row)(i, theta)[0];
            }
        }

        fn jacobian(&mut self, theta: &[f64], columns: &mut [f64]) {
            let (n, p) = self.shape;
            for i in 0..n {
                for j in 0..p {
                    columns[j * n + i] = (self.row)(i, theta)[1 + j];
                }
            }
        }
    }

    fn minimize(problem: &mut impl Residuals, theta: &mut [f64], bounds: &[[f64; 2]]) -> Minimum {
        LevenbergMarquardt::default().minimize(problem, theta, bounds, &mut Memory::default())
    }

    fn rosenbrock() -> Rows<impl Fn(usize, &[f64]) -> [f64; 3]> {
        Rows {
            shape: (2, 2),
            row: |i, x: &[f64]| {
                if i == 0 { [10.0 * (x[1] - x[0] * x[0]), -20.0 * x[0], 10.0] } else { [1.0 - x[0], -1.0, 0.0] }
            },
        }
    }

    #[test]
    fn follows_a_bent_valley_to_its_end() {
        let mut theta = [-1.2, 1.0];
        let minimum = minimize(&mut rosenbrock(), &mut theta, &[UNBOUNDED; 2]);
        assert!(minimum.stopped.converged() && minimum.sum_of_squares < 1e-28, "{minimum:?}");
        assert!((theta[0] - 1.0).abs() < 1e-14 && (theta[1] - 1.0).abs() < 1e-14);
    }

    #[test]
    fn stops_at_a_bound_where_the_valley_leaves_the_box() {
        // Where x0 <= 0.5, the best is at x0 = 0.5, x1 = 0.25: only the second residual is left.
        let mut theta = [-1.2, 1.0];
        let minimum = minimize(&mut rosenbrock(), &mut theta, &[[-2.0, 0.5], [-2.0, 2.0]]);
        assert!(minimum.stopped.converged(), "{minimum:?}");
        assert_eq!(theta[0], 0.5);
        assert!((theta[1] - 0.25).abs() < 1e-14 && (minimum.sum_of_squares - 0.25).abs() < 1e-15);
    }

    #[test]
    fn linear_problems_in_a_box_end_where_the_best_active_set_does() {
        let mut state = 7_u64;
        let mut uniform = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        for _ in 0..300 {
            let rows: Vec<[f64; 4]> = (0..6).map(|_| std::array::from_fn(|_| 2.0 * uniform() - 1.0)).collect();
            let row = |i: usize, x: &[f64]| {
                let [a, b, c, y] = rows[i];
                [a * x[0] + b * x[1] + c * x[2] - y, a, b, c]
            };
            let bounds = [[-0.2, 0.2], [-0.1, f64::INFINITY], [0.0, 0.3]];
            // Every corner, edge and face: each parameter free, or at one of its bounds.
            let mut best = f64::INFINITY;
            for set in 0..27 {
                let kinds = [set % 3, set / 3 % 3, set / 9];
                let held: [[f64; 2]; 3] = std::array::from_fn(|j| match kinds[j] {
                    0 => UNBOUNDED,
                    kind => [bounds[j][kind - 1]; 2],
                });
                if held.iter().any(|side| side[0] == f64::INFINITY) {
                    continue;
                }
                let mut theta = [0.0; 3];
                let sum = minimize(&mut Rows { shape: (6, 3), row }, &mut theta, &held).sum_of_squares;
                if theta.iter().zip(bounds).all(|(x, [lower, upper])| (lower..=upper).contains(x)) {
                    best = best.min(sum);
                }
            }
            let mut theta = std::array::from_fn::<f64, 3, _>(|_| uniform());
            let minimum = minimize(&mut Rows { shape: (6, 3), row }, &mut theta, &bounds);
            assert!(minimum.stopped.converged() && minimum.n_iter < 20, "{minimum:?}");
            assert!((minimum.sum_of_squares - best).abs() <= 1e-12 * best, "{minimum:?} {best}");
        }
    }

    #[test]
    fn parameters_that_cannot_be_told_apart_have_a_minimum_and_no_covariance() {
        let row = |i: usize, x: &[f64]| {
            let a = 1.0 + i as f64;
            [a * (x[0] + x[1]) - [1.0, 3.0, 2.0][i], a, a]
        };
        let (mut theta, mut memory) = ([5.0, -1.0], Memory::default());
        let minimum = LevenbergMarquardt::default().minimize(
            &mut Rows { shape: (3, 2), row },
            &mut theta,
            &[UNBOUNDED; 2],
            &mut memory,
        );
        assert!(minimum.stopped.converged(), "{minimum:?}");
        assert!((theta[0] + theta[1] - 13.0 / 14.0).abs() < 1e-14);
        assert_eq!(memory.inverse_normal(&theta, &[UNBOUNDED; 2]), None);
        // Of one parameter, with the other held, there is one.
        let inverse = memory.inverse_normal(&theta, &[UNBOUNDED, [theta[1]; 2]]).unwrap();
        assert!((inverse[0] - 1.0 / 14.0).abs() < 1e-15 && inverse[1..] == [0.0; 3]);
    }

    #[test]
    fn fewer_residuals_than_parameters_are_brought_to_zero() {
        let row = |_: usize, x: &[f64]| [x[0] * x[1] + x[2] - 7.0, x[1], x[0], 1.0];
        let mut theta = [1.0, 1.0, 1.0];
        let minimum = minimize(&mut Rows { shape: (1, 3), row }, &mut theta, &[UNBOUNDED; 3]);
        assert!(minimum.stopped.converged() && minimum.sum_of_squares < 1e-28, "{minimum:?}");
    }

    #[test]
    fn steps_back_from_where_residuals_are_not_numbers() {
        // The first whole step from 0.9 leads far below 0, where the logarithm is not defined.
        let row = |_: usize, x: &[f64]| [x[0].ln() + 6.0, 1.0 / x[0]];
        let mut theta = [0.9];
        let minimum = minimize(&mut Rows { shape: (1, 1), row }, &mut theta, &[UNBOUNDED]);
        assert!(minimum.stopped.converged(), "{minimum:?}");
        assert!((theta[0] / (-6.0_f64).exp() - 1.0).abs() < 1e-13, "{theta:?}");
    }

    #[test]
    fn steps_back_from_where_derivatives_are_not_numbers() {
        let row = |_: usize, x: &[f64]| [x[0] + 1.0, if x[0] < 0.0 { f64::NAN } else { 1.0 }];
        let mut theta = [1.0];
        let minimum = minimize(&mut Rows { shape: (1, 1), row }, &mut theta, &[UNBOUNDED]);
        assert_eq!(minimum.stopped, Stopped::Step);
        assert!((0.0..1e-10).contains(&theta[0]), "{theta:?}");
    }

    #[test]
    fn a_start_without_residuals_or_derivatives_is_said_to_be_one() {
        for bad in [[f64::NAN, 1.0], [f64::INFINITY, 1.0], [1.0, f64::NAN], [1.0, f64::INFINITY], [1e200, 1.0]] {
            let mut theta = [3.0];
            let minimum = minimize(&mut Rows { shape: (2, 1), row: |_, _: &[f64]| bad }, &mut theta, &[UNBOUNDED]);
            assert_eq!((minimum.stopped, theta), (Stopped::NotFinite, [3.0]));
        }
    }

    #[test]
    fn a_minimum_that_is_given_is_kept() {
        let row = |i: usize, x: &[f64]| [x[0] - i as f64, 1.0];
        let mut theta = [1.0];
        let minimum = minimize(&mut Rows { shape: (3, 1), row }, &mut theta, &[UNBOUNDED]);
        assert_eq!((minimum.stopped, minimum.n_evaluations, theta), (Stopped::Gradient, 1, [1.0]));
    }

    #[test]
    fn no_iterations_are_no_convergence() {
        let few = LevenbergMarquardt { max_iter: 3, ..LevenbergMarquardt::default() };
        let mut theta = [-1.2, 1.0];
        let minimum = few.minimize(&mut rosenbrock(), &mut theta, &[UNBOUNDED; 2], &mut Memory::default());
        assert_eq!((minimum.stopped, minimum.n_iter), (Stopped::MaxIter, 3));
        assert!(!minimum.stopped.converged());
    }

    #[test]
    fn a_memory_that_has_seen_another_problem_changes_nothing() {
        let mut memory = Memory::default();
        let row = |i: usize, x: &[f64]| [x[0] * x[2] - i as f64, x[2], 0.0, x[0]];
        let solver = LevenbergMarquardt::default();
        solver.minimize(&mut Rows { shape: (9, 3), row }, &mut [1.0, 2.0, 3.0], &[UNBOUNDED; 3], &mut memory);
        let (mut once, mut again) = ([-1.2, 1.0], [-1.2, 1.0]);
        minimize(&mut rosenbrock(), &mut once, &[UNBOUNDED; 2]);
        solver.minimize(&mut rosenbrock(), &mut again, &[UNBOUNDED; 2], &mut memory);
        assert_eq!(once.map(f64::to_bits), again.map(f64::to_bits));
    }
}
