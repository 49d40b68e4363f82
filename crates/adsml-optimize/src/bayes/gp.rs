//! Gaussian process regression.

use super::kernel::{Covariance, Kernel};
use super::lbfgs;
use crate::cholesky::{Cholesky, dot};

/// Iterations of a fit that starts where the last one ended, or from the priors' modes.
const MAX_ITER: usize = 40;

/// Relative gain of the marginal likelihood below which a fit ends.
const TOL: f64 = 1e-5;

/// The variance of the noise is never less than this share of the variance of the observations.
const LEAST_NOISE: f64 = 1e-8;

/// A Gaussian process given observations:
///
/// ```text
/// y = f(x) + e,   f ~ GP(mean, k),   e ~ N(0, noise)
/// ```
///
/// with a constant mean and all hyperparameters at the mode of their posterior: the log marginal likelihood plus weak
/// normal priors on the logarithms, without which lengths and variances run off where few points say little.
///
/// Source: Rasmussen and Williams (2006), algorithm 2.1 and eq. 5.9.
#[derive(Debug, Clone)]
pub(super) struct GaussianProcess {
    covariance: Covariance,
    d: usize,
    /// Points, one after the other.
    x: Vec<f64>,
    factor: Cholesky,
    /// `(K + noise)^-1 (y - mean)`.
    alpha: Vec<f64>,
    mean: f64,
    centre: f64,
    scale: f64,
}

/// Mean and standard deviation of `f` at a point, with their derivatives.
#[derive(Debug, Clone, Default)]
pub(super) struct Posterior {
    pub(super) mean: f64,
    pub(super) sd: f64,
    pub(super) mean_slopes: Vec<f64>,
    pub(super) sd_slopes: Vec<f64>,
    covariances: Vec<f64>,
    weights: Vec<f64>,
    slopes: Vec<f64>,
}

impl GaussianProcess {
    /// Fits the hyperparameters to observations: `x` has `d` numbers for each of `y`. Starts from the modes of the priors and
    /// from `hyper`, if there are any, which are replaced by what it finds: `O(n^3)` a step.
    ///
    /// `None` without observations, or where no covariance matrix can be factored (numbers that are not finite).
    pub(super) fn fit(kernel: Kernel, d: usize, x: &[f64], y: &[f64], hyper: &mut Option<Vec<f64>>) -> Option<Self> {
        let n = y.len();
        if n == 0 {
            return None;
        }
        let centre = y.iter().sum::<f64>() / n as f64;
        let variance = y.iter().map(|y| (y - centre).powi(2)).sum::<f64>() / n as f64;
        // Observations that are all the same say nothing of a scale.
        let scale = if variance > 0.0 { variance.sqrt() } else { centre.abs().max(1.0) };
        let standard: Vec<f64> = y.iter().map(|y| (y - centre) / scale).collect();
        let mut evidence = Evidence::new(kernel, d, x, &standard);
        let mut best = evidence.modes();
        let mut least = lbfgs::minimize(&mut best, MAX_ITER, TOL, |theta, gradient| evidence.loss(theta, gradient));
        if let Some(mut last) = hyper.take().filter(|last| last.len() == best.len()) {
            let loss = lbfgs::minimize(&mut last, MAX_ITER, TOL, |theta, gradient| evidence.loss(theta, gradient));
            if loss < least {
                (best, least) = (last, loss);
            }
        }
        if !least.is_finite() {
            return None;
        }
        let fitted = Self::with(kernel, d, x, &standard, &best)?;
        *hyper = Some(best);
        Some(Self { centre, scale, ..fitted })
    }

    /// With given hyperparameters: logarithms of lengths, variances and noise, then the mean. Nothing is standardised.
    fn with(kernel: Kernel, d: usize, x: &[f64], y: &[f64], hyper: &[f64]) -> Option<Self> {
        let covariance = Covariance::new(kernel, d, hyper);
        let [.., log_noise, mean] = *hyper else { return None };
        let factor = Cholesky::factor(&matrix(&covariance, d, x, y.len(), log_noise), y.len())?;
        let mut alpha: Vec<f64> = y.iter().map(|y| y - mean).collect();
        factor.solve(&mut alpha);
        Some(Self { covariance, d, x: x.to_vec(), factor, alpha, mean, centre: 0.0, scale: 1.0 })
    }

    /// Writes mean and standard deviation of `f` at `point` into `out`: `O(n d + n^2)`.
    pub(super) fn predict(&self, point: &[f64], out: &mut Posterior) {
        let n = self.alpha.len();
        out.covariances.clear();
        out.covariances.extend((0..n).map(|j| self.covariance.value(point, self.point(j))));
        out.weights.clone_from(&out.covariances);
        self.factor.solve_lower(&mut out.weights);
        let left = self.covariance.prior_variance() - dot(&out.weights, &out.weights);
        out.mean = self.centre + self.scale * (self.mean + dot(&out.covariances, &self.alpha));
        // Rounding error is all that can be left where it was observed without noise.
        out.sd = self.scale * left.max(1e-12 * self.covariance.prior_variance()).sqrt();
    }

    /// [`predict`](Self::predict) with derivatives.
    pub(super) fn predict_with_slopes(&self, point: &[f64], out: &mut Posterior) {
        self.predict(point, out);
        self.factor.solve_upper(&mut out.weights);
        for slopes in [&mut out.mean_slopes, &mut out.sd_slopes, &mut out.slopes] {
            slopes.clear();
            slopes.resize(self.d, 0.0);
        }
        for (j, (&alpha, &weight)) in self.alpha.iter().zip(&out.weights).enumerate() {
            self.covariance.slopes(point, self.point(j), &mut out.slopes);
            for (i, slope) in out.slopes.iter().enumerate() {
                out.mean_slopes[i] += alpha * slope;
                out.sd_slopes[i] -= weight * slope;
            }
        }
        let sd = out.sd / self.scale;
        out.mean_slopes.iter_mut().for_each(|slope| *slope *= self.scale);
        out.sd_slopes.iter_mut().for_each(|slope| *slope *= self.scale / sd);
    }

    fn point(&self, j: usize) -> &[f64] {
        &self.x[j * self.d..(j + 1) * self.d]
    }
}

/// `K + noise I`, the lower half.
fn matrix(covariance: &Covariance, d: usize, x: &[f64], n: usize, log_noise: f64) -> Vec<f64> {
    let mut matrix = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..i {
            matrix[i * n + j] = covariance.value(&x[i * d..(i + 1) * d], &x[j * d..(j + 1) * d]);
        }
        matrix[i * n + i] = covariance.prior_variance() + log_noise.exp() + LEAST_NOISE;
    }
    matrix
}

/// What hyperparameters are judged by.
struct Evidence<'a> {
    kernel: Kernel,
    d: usize,
    x: &'a [f64],
    y: &'a [f64],
    /// Mean and standard deviation of each hyperparameter's prior.
    priors: Vec<(f64, f64)>,
    derivatives: Vec<f64>,
}

impl<'a> Evidence<'a> {
    fn new(kernel: Kernel, d: usize, x: &'a [f64], y: &'a [f64]) -> Self {
        let n_variances = kernel.n_variances(d);
        let (length, variance) = match kernel {
            // Curves that bend about once over their range; together they vary several times as much as the observations,
            // whose spends are tied to one sum.
            Kernel::Additive => ((0.0, 0.4), (1.5 - (d.max(1) as f64).ln(), 1.5)),
            Kernel::Ard => ((-0.3, 0.8), (0.0, 1.0)),
        };
        let mut priors = vec![length; d];
        priors.extend(std::iter::repeat_n(variance, n_variances));
        priors.push((-3.0, 3.0));
        priors.push((0.0, 1.0));
        Self { kernel, d, x, y, priors, derivatives: vec![0.0; d + n_variances] }
    }

    fn modes(&self) -> Vec<f64> {
        self.priors.iter().map(|prior| prior.0).collect()
    }

    /// Minus the logarithm of the posterior of `theta`, up to a constant; `+inf` where there is none. Writes its gradient.
    fn loss(&mut self, theta: &[f64], gradient: &mut [f64]) -> f64 {
        let (n, d) = (self.y.len(), self.d);
        let covariance = Covariance::new(self.kernel, d, theta);
        let [.., log_noise, mean] = *theta else { return f64::INFINITY };
        let Some(factor) = Cholesky::factor(&matrix(&covariance, d, self.x, n, log_noise), n) else {
            return f64::INFINITY;
        };
        let residuals: Vec<f64> = self.y.iter().map(|y| y - mean).collect();
        let mut alpha = residuals.clone();
        factor.solve(&mut alpha);
        let mut loss = 0.5 * (dot(&residuals, &alpha) + factor.log_determinant());
        let inverse = factor.inverse();
        let n_kernel = self.derivatives.len();
        gradient.fill(0.0);
        let mut trace = 0.0;
        for i in 0..n {
            let a = &self.x[i * d..(i + 1) * d];
            for j in 0..=i {
                // Half of tr((K^-1 - alpha alpha^T) dK), each pair off the diagonal standing for two.
                let weight = inverse[i * n + j] - alpha[i] * alpha[j];
                let weight = if i == j { 0.5 * weight } else { weight };
                if i == j {
                    trace += weight;
                }
                covariance.derivatives(a, &self.x[j * d..(j + 1) * d], &mut self.derivatives);
                for (slope, derivative) in gradient[..n_kernel].iter_mut().zip(&self.derivatives) {
                    *slope += weight * derivative;
                }
            }
        }
        gradient[n_kernel] = trace * log_noise.exp();
        gradient[n_kernel + 1] = -alpha.iter().sum::<f64>();
        for ((slope, &value), &(centre, sd)) in gradient.iter_mut().zip(theta).zip(&self.priors) {
            let departure = (value - centre) / sd;
            loss += 0.5 * departure * departure;
            *slope += departure / sd;
        }
        if loss.is_nan() { f64::INFINITY } else { loss }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KERNELS: [Kernel; 2] = [Kernel::Additive, Kernel::Ard];
    const X: [f64; 6] = [0.1, 0.9, 0.5, 0.4, 0.8, 0.3];
    const Y: [f64; 3] = [1.0, 2.5, -0.5];
    const HYPER: [f64; 6] = [-0.6, -0.1, 0.3, -0.2, -2.0, 0.4];

    /// Hyperparameters of a kernel in two dimensions.
    fn hyper(kernel: Kernel) -> Vec<f64> {
        let n = 2 + kernel.n_variances(2);
        [&HYPER[..n], &HYPER[4..]].concat()
    }

    /// The inverse of a symmetric 3 x 3 matrix by Cramer's rule, and its determinant.
    fn inverse(m: [[f64; 3]; 3]) -> ([[f64; 3]; 3], f64) {
        let minor = |i: usize, j: usize| {
            let (r, c) = ([(i + 1) % 3, (i + 2) % 3], [(j + 1) % 3, (j + 2) % 3]);
            m[r[0]][c[0]] * m[r[1]][c[1]] - m[r[0]][c[1]] * m[r[1]][c[0]]
        };
        let determinant = (0..3).map(|j| m[0][j] * minor(0, j)).sum::<f64>();
        (std::array::from_fn(|i| std::array::from_fn(|j| minor(j, i) / determinant)), determinant)
    }

    fn textbook(kernel: Kernel) -> (Covariance, [[f64; 3]; 3], f64) {
        let covariance = Covariance::new(kernel, 2, &hyper(kernel));
        let noise = (-2.0_f64).exp() + LEAST_NOISE;
        let k = std::array::from_fn(|i| {
            std::array::from_fn(|j| {
                covariance.value(&X[2 * i..2 * i + 2], &X[2 * j..2 * j + 2]) + if i == j { noise } else { 0.0 }
            })
        });
        let (inverse, determinant) = inverse(k);
        (covariance, inverse, determinant)
    }

    #[test]
    fn posterior_of_three_points_is_the_textbooks() {
        for kernel in KERNELS {
            let process = GaussianProcess::with(kernel, 2, &X, &Y, &hyper(kernel)).unwrap();
            let (covariance, inverse, _) = textbook(kernel);
            let point = [0.35, 0.65];
            let k: [f64; 3] = std::array::from_fn(|i| covariance.value(&point, &X[2 * i..2 * i + 2]));
            let (mut mean, mut variance) = (0.4, covariance.prior_variance());
            for i in 0..3 {
                for j in 0..3 {
                    mean += k[i] * inverse[i][j] * (Y[j] - 0.4);
                    variance -= k[i] * inverse[i][j] * k[j];
                }
            }
            let mut posterior = Posterior::default();
            process.predict(&point, &mut posterior);
            assert!((posterior.mean - mean).abs() < 1e-12 && (posterior.sd - variance.sqrt()).abs() < 1e-12);
        }
    }

    #[test]
    fn evidence_of_three_points_is_the_textbooks_and_its_gradient_that_of_finite_differences() {
        for kernel in KERNELS {
            let theta = hyper(kernel);
            let mut evidence = Evidence::new(kernel, 2, &X, &Y);
            let mut gradient = vec![0.0; theta.len()];
            let loss = evidence.loss(&theta, &mut gradient);
            let (_, inverse, determinant) = textbook(kernel);
            let mut expected = 0.5 * determinant.ln();
            for i in 0..3 {
                for j in 0..3 {
                    expected += 0.5 * (Y[i] - 0.4) * inverse[i][j] * (Y[j] - 0.4);
                }
            }
            for (value, (centre, sd)) in theta.iter().zip(&evidence.priors) {
                expected += 0.5 * ((value - centre) / sd).powi(2);
            }
            assert!((loss - expected).abs() < 1e-12);
            for i in 0..theta.len() {
                let mut moved = |by: f64| {
                    let mut theta = theta.clone();
                    theta[i] += by;
                    evidence.loss(&theta, &mut vec![0.0; theta.len()])
                };
                // Central differences with 1e-5: error of the order 1e-10.
                let difference = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((gradient[i] - difference).abs() < 1e-8, "{i}: {} and {difference}", gradient[i]);
            }
        }
    }

    #[test]
    fn slopes_of_the_posterior_are_those_of_finite_differences() {
        for kernel in KERNELS {
            let process = GaussianProcess::fit(kernel, 2, &X, &Y, &mut None).unwrap();
            let (mut posterior, mut moved) = (Posterior::default(), Posterior::default());
            let point = [0.35, 0.65];
            process.predict_with_slopes(&point, &mut posterior);
            for i in 0..2 {
                let mut at = |by: f64| {
                    let mut point = point;
                    point[i] += by;
                    process.predict(&point, &mut moved);
                    (moved.mean, moved.sd)
                };
                let (above, below) = (at(1e-5), at(-1e-5));
                assert!((posterior.mean_slopes[i] - (above.0 - below.0) / 2e-5).abs() < 1e-7);
                assert!((posterior.sd_slopes[i] - (above.1 - below.1) / 2e-5).abs() < 1e-7);
            }
        }
    }

    #[test]
    fn points_evaluated_twice_do_not_break_it() {
        for kernel in KERNELS {
            let x = [0.2, 0.8, 0.2, 0.8, 0.2, 0.8, 0.6, 0.4];
            let process = GaussianProcess::fit(kernel, 2, &x, &[1.0, 1.0, 1.0, 2.0], &mut None).unwrap();
            let mut posterior = Posterior::default();
            process.predict(&[0.2, 0.8], &mut posterior);
            assert!((posterior.mean - 1.0).abs() < 0.05 && posterior.sd.is_finite(), "{posterior:?}");
        }
    }

    #[test]
    fn observations_that_never_vary_are_expected_everywhere() {
        for kernel in KERNELS {
            let process = GaussianProcess::fit(kernel, 2, &X, &[7.0; 3], &mut None).unwrap();
            let mut posterior = Posterior::default();
            process.predict(&[0.9, 0.1], &mut posterior);
            assert!((posterior.mean - 7.0).abs() < 1e-9);
            assert!(GaussianProcess::fit(kernel, 2, &[], &[], &mut None).is_none());
        }
    }

    #[test]
    fn fitted_noise_tells_a_noisy_line_from_a_clean_one() {
        let x: Vec<f64> = (0..30).map(|i| f64::from(i) / 30.0).collect();
        let clean: Vec<f64> = x.iter().map(|x| 3.0 * x).collect();
        let noisy: Vec<f64> = clean.iter().enumerate().map(|(i, y)| y + if i % 2 == 0 { 0.5 } else { -0.5 }).collect();
        let noise = |y: &[f64]| {
            let mut hyper = None;
            GaussianProcess::fit(Kernel::Ard, 1, &x, y, &mut hyper).unwrap();
            let hyper = hyper.unwrap();
            hyper[hyper.len() - 2].exp()
        };
        // 0.25 of a variance of 0.75 + 0.25.
        assert!(noise(&clean) < 1e-3 && (0.15..0.4).contains(&noise(&noisy)), "{} {}", noise(&clean), noise(&noisy));
    }
}
