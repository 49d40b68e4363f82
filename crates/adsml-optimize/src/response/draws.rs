//! Curves that the rows leave possible.

use adsml_core::Stream;

use super::mode::{MOST, Mode, Target, Theta};
use crate::cholesky::Cholesky;

/// Degrees of freedom of the proposals: tails heavy enough for posteriors with one long arm.
const FREEDOM: f64 = 6.0;
/// Proposals are this much wider than the curvature at the mode says.
const WIDENED: f64 = 1.15;
/// Rows and beliefs count by so much less than their likelihood says, so that draws spread wider.
///
/// Noise, effects, carry-over and the weights of families are taken for known though they are estimated too. With this, nine in ten
/// intervals of the gain hold the truth over simulated accounts; without it, 83 in a hundred did. Source: Holmes and Walker
/// (2017), "Assigning a value to a power likelihood in a general Bayesian model", Biometrika 104.
const DISCOUNT: f64 = 1.5;
/// Proposals for every draw.
const PROPOSALS: usize = 3;

/// `n` draws from the posterior around a mode: proposals of a multivariate t, resampled by how plausible they are.
///
/// Source: Rubin (1987), "The SIR algorithm", JASA 82; Gelman et al. (2013), "Bayesian data analysis", 10.4 and 13.3.
pub(super) fn draw(target: &Target<'_>, mode: &Mode, n: usize, stream: &mut Stream) -> Vec<Theta> {
    let n_parameters = target.n_parameters();
    let Some(factor) = Cholesky::factor(&mode.hessian, n_parameters) else { return vec![mode.theta; n] };
    let mut scratch = Vec::new();
    let at_mode = target.value(&mode.theta, &mut scratch);
    let mut proposals = Vec::with_capacity(PROPOSALS * n);
    for _ in 0..PROPOSALS * n {
        let mut step: Vec<f64> = (0..n_parameters).map(|_| normal(stream)).collect();
        let squares: f64 = step.iter().map(|z| z * z).sum();
        let stretch = (FREEDOM / chi_squared_6(stream)).sqrt();
        factor.solve_upper(&mut step);
        let mut theta = [0.0; MOST];
        for (at, theta) in theta.iter_mut().enumerate() {
            *theta = mode.theta[at] + step.get(at).map_or(0.0, |step| DISCOUNT.sqrt() * WIDENED * stretch * step);
        }
        let value = target.value(&theta, &mut scratch);
        let density = -0.5 * (FREEDOM + n_parameters as f64) * (squares * stretch * stretch / FREEDOM).ln_1p();
        let log_weight = -0.5 * (value - at_mode) / DISCOUNT - density;
        proposals.push((theta, if log_weight.is_finite() { log_weight } else { f64::NEG_INFINITY }));
    }
    let most = proposals.iter().fold(f64::NEG_INFINITY, |most, (_, weight)| most.max(*weight));
    let weights: Vec<f64> = proposals.iter().map(|(_, weight)| (weight - most).exp()).collect();
    resample(&weights, n, stream.uniform()).into_iter().map(|at| proposals[at].0).collect()
}

/// `n` indices, each as often as its weight says, rounded up or down (systematic resampling).
///
/// Source: Kitagawa (1996), "Monte Carlo filter and smoother", JCGS 5.
pub(super) fn resample(weights: &[f64], n: usize, offset: f64) -> Vec<usize> {
    let total: f64 = weights.iter().sum();
    let mut at = 0;
    let mut reached = weights.first().copied().unwrap_or_default();
    (0..n)
        .map(|i| {
            let wanted = (i as f64 + offset) / n as f64 * total;
            while reached < wanted && at + 1 < weights.len() {
                at += 1;
                reached += weights[at];
            }
            at
        })
        .collect()
}

/// A standard normal number (Box and Muller 1958).
pub(crate) fn normal(stream: &mut Stream) -> f64 {
    let (radius, angle) = (1.0 - stream.uniform(), stream.uniform());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// Chi squared with six degrees of freedom: twice the sum of three exponentials.
fn chi_squared_6(stream: &mut Stream) -> f64 {
    -2.0 * (0..3).map(|_| (1.0 - stream.uniform()).ln()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resampling_keeps_shares() {
        assert_eq!(resample(&[1.0, 0.0, 3.0], 4, 0.5), [0, 2, 2, 2]);
        assert_eq!(resample(&[2.0], 3, 0.0), [0, 0, 0]);
    }
}
