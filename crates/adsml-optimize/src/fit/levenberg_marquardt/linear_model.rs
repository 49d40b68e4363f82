//! The linear model of the residuals around a point, as a triangle.

use super::Residuals;
use crate::fit::dense::{dot, orthogonalise, triangularise};

/// Buffers of the minimiser, and its last linear model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    pub(super) n_params: usize,
    /// Rows of the buffers: residuals, and zeros where there are more parameters than those.
    n_rows: usize,
    n_residuals: usize,
    /// Derivatives, then their triangle.
    columns: Vec<f64>,
    /// Residuals, then what `Q^T` makes of them.
    residuals: Vec<f64>,
    /// `R` of the last linear model, column by column, with zeros below the diagonal.
    pub(super) triangle: Vec<f64>,
    /// The part of `Q^T r` that `R` can reach.
    pub(super) target: Vec<f64>,
    /// `J^T r`.
    pub(super) gradient: Vec<f64>,
    /// Lengths of the columns of `J`, and the longest they have been.
    lengths: Vec<f64>,
    pub(super) scale: Vec<f64>,
    pub(super) step: Vec<f64>,
    /// Another step that is thought of.
    pub(super) stopped: Vec<f64>,
    pub(super) trial: Vec<f64>,
    /// Parameters that the step may move freely, and their part of `R`: scaled, then orthogonal.
    pub(super) free: Vec<usize>,
    pub(super) reduced: Vec<f64>,
    pub(super) vectors: Vec<f64>,
    pub(super) remaining: Vec<f64>,
    /// Squares of the singular values, and what each has of the gradient.
    pub(super) squares: Vec<f64>,
    pub(super) along: Vec<f64>,
}

impl Memory {
    pub(super) fn resize(&mut self, (n_residuals, n_params): (usize, usize)) {
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
    pub(super) fn evaluate(&mut self, problem: &mut impl Residuals, theta: &[f64]) -> f64 {
        let (rows, padding) = self.residuals.split_at_mut(self.n_residuals);
        problem.residuals(theta, rows);
        padding.fill(0.0);
        dot(rows, rows)
    }

    /// The linear model at `theta`, where residuals were evaluated last. `false`, and the last one kept, if it is not finite.
    pub(super) fn linearise(&mut self, problem: &mut impl Residuals, theta: &[f64]) -> bool {
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

    pub(super) fn evaluate_trial(&mut self, problem: &mut impl Residuals, theta: &[f64], bounds: &[[f64; 2]]) -> f64 {
        for j in 0..self.n_params {
            // Rounding may not carry it outside.
            self.trial[j] = (theta[j] + self.step[j]).max(bounds[j][0]).min(bounds[j][1]);
        }
        let trial = std::mem::take(&mut self.trial);
        let sum = self.evaluate(problem, &trial);
        self.trial = trial;
        sum
    }

    pub(super) fn linearise_trial(&mut self, problem: &mut impl Residuals) -> bool {
        let trial = std::mem::take(&mut self.trial);
        let finite = self.linearise(problem, &trial);
        self.trial = trial;
        finite
    }

    /// The scale of a parameter; one that never mattered has the scale 1.
    pub(super) fn scale(&self, j: usize) -> f64 {
        if self.scale[j] > 0.0 { self.scale[j] } else { 1.0 }
    }

    pub(super) fn scaled_length(&self, x: &[f64]) -> f64 {
        x.iter().enumerate().map(|(j, x)| (self.scale(j) * x).powi(2)).sum::<f64>().sqrt()
    }

    /// Whether the gradient pushes parameter `j` against a bound that it is at.
    pub(super) fn is_held(&self, j: usize, theta: &[f64], [lower, upper]: [f64; 2]) -> bool {
        lower == upper || theta[j] == lower && self.gradient[j] >= 0.0 || theta[j] == upper && self.gradient[j] <= 0.0
    }

    /// Greatest cosine between the residuals and the columns of parameters that no bound holds.
    pub(super) fn steepest_cosine(&self, theta: &[f64], bounds: &[[f64; 2]], sum_of_squares: f64) -> f64 {
        let mut steepest: f64 = 0.0;
        for (j, &bound) in bounds.iter().enumerate() {
            if self.lengths[j] > 0.0 && sum_of_squares > 0.0 && !self.is_held(j, theta, bound) {
                steepest = steepest.max(self.gradient[j].abs() / self.lengths[j] / sum_of_squares.sqrt());
            }
        }
        steepest
    }

    /// How much smaller the linear model says that `step` makes the sum of squares: `-2 g . s - |R s|^2`.
    pub(super) fn reduction_of(&self, step: &[f64]) -> f64 {
        let p = self.n_params;
        let mut bend = 0.0;
        for i in 0..p {
            let row: f64 = (i..p).map(|j| self.triangle[j * p + i] * step[j]).sum();
            bend += row * row;
        }
        -2.0 * self.gradient.iter().zip(step).map(|(g, s)| g * s).sum::<f64>() - bend
    }

    /// `g . s`: half the slope of the sum of squares along the step.
    pub(super) fn slope(&self) -> f64 {
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
