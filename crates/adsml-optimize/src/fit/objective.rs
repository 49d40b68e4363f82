//! The sum of squares that the best curve minimises: deviance, and departures from priors.

use super::family::{CurveFamily, MOST_PARAMETERS};
use super::levenberg_marquardt::Residuals;
use super::likelihood::Likelihood;
use super::sample::Sample;

/// What is known of the logarithm of a parameter beforehand: mean and standard deviation.
pub(super) type LogPriors = [Option<[f64; 2]>; MOST_PARAMETERS];

/// Residuals of a family of curves on a sample, by the logarithms of the parameters.
///
/// Roots of the rows' deviances, then for each prior the departure from it in standard deviations, times the root of the
/// dispersion: so the sum of squares is the dispersion times minus twice the logarithm of the posterior.
#[derive(Debug)]
pub(super) struct Objective<'a> {
    family: CurveFamily,
    likelihood: Likelihood,
    sample: &'a Sample,
    priors: LogPriors,
    n_priors: usize,
    root_dispersion: f64,
    /// Of the last evaluation: inner parts of the curve's values, and residuals of weight 1.
    inner: Vec<f64>,
    residuals: Vec<f64>,
    /// Derivatives of the expected residuals, for the covariance, instead of those of the residuals.
    expected: bool,
}

impl<'a> Objective<'a> {
    /// Of `dispersion` only the ratio to the priors matters.
    pub(super) fn new(
        family: CurveFamily,
        likelihood: Likelihood,
        sample: &'a Sample,
        priors: &LogPriors,
        dispersion: f64,
    ) -> Self {
        let n = sample.spends.len();
        Self {
            family,
            likelihood,
            sample,
            priors: *priors,
            n_priors: priors.iter().flatten().count(),
            root_dispersion: dispersion.sqrt(),
            inner: vec![0.0; n],
            residuals: vec![0.0; n],
            expected: false,
        }
    }

    /// The same, with derivatives that make `J^T J` the expected information.
    pub(super) fn expecting(self) -> Self {
        Self { expected: true, ..self }
    }

    /// Squared departures from the priors, times the dispersion.
    pub(super) fn penalty(&self, theta: &[f64]) -> f64 {
        self.departures(theta).map(|(_, departure, _)| departure * departure).sum()
    }

    /// Parameter, scaled departure, and its derivative.
    fn departures(&self, theta: &[f64]) -> impl Iterator<Item = (usize, f64, f64)> {
        self.priors.iter().zip(theta).enumerate().filter_map(|(j, (prior, theta))| {
            let [mean, sd] = (*prior)?;
            let slope = self.root_dispersion / sd;
            Some((j, slope * (theta - mean), slope))
        })
    }
}

impl Residuals for Objective<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.sample.spends.len() + self.n_priors, self.family.parameters().len())
    }

    fn residuals(&mut self, theta: &[f64], residuals: &mut [f64]) {
        let n = self.inner.len();
        let (amplitude, curve) = (theta[0].exp(), self.family.unit_curve(&theta[1..]));
        let (rows, priors) = residuals.split_at_mut(n);
        for (i, weighted) in rows.iter_mut().enumerate() {
            let inner = curve.inner(self.sample.spends[i]);
            let residual = self.likelihood.residual(self.sample.responses[i], amplitude * curve.value(inner));
            (self.inner[i], self.residuals[i]) = (inner, residual);
            *weighted = self.sample.roots[i] * residual;
        }
        for (residual, (_, departure, _)) in priors.iter_mut().zip(self.departures(theta)) {
            *residual = departure;
        }
    }

    fn jacobian(&mut self, theta: &[f64], columns: &mut [f64]) {
        let (n, (n_rows, p)) = (self.inner.len(), self.shape());
        let (amplitude, curve) = (theta[0].exp(), self.family.unit_curve(&theta[1..]));
        for i in 0..n {
            let (inner, response) = (self.inner[i], self.sample.responses[i]);
            let mean = amplitude * curve.value(inner);
            let slope = if self.expected {
                1.0 / self.likelihood.sd(mean)
            } else {
                self.likelihood.slope(response, mean, self.residuals[i])
            };
            let slope = slope * self.sample.roots[i];
            let by_shapes = curve.slopes(self.sample.spends[i], inner);
            columns[i] = slope * mean;
            for j in 1..p {
                columns[j * n_rows + i] = slope * amplitude * by_shapes[j - 1];
            }
        }
        if self.n_priors > 0 {
            for column in columns.chunks_exact_mut(n_rows) {
                column[n..].fill(0.0);
            }
            for (k, (j, _, slope)) in self.departures(theta).enumerate() {
                columns[j * n_rows + n + k] = slope;
            }
        }
    }
}
