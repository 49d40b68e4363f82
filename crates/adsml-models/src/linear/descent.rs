//! Coordinate descent on a penalised quadratic.
//!
//! ```text
//! min over g of   g'A g / 2 - b'g + sum of l1[k] |g[k]| + l2[k]/2 g[k]^2
//! ```
//!
//! `A` is symmetric and semi-definite; a coordinate with `l1 = l2 = 0` is free. Every few sweeps the
//! support is polished: with the signs of the non-zero coordinates known, the solution is that of
//! a linear system, and descent only has to find the support.
//!
//! Source: Friedman, Hastie, Tibshirani (2010), "Regularization paths for generalized linear models
//! via coordinate descent", JSS 33(1), equation 5 with covariance updates (section 2.2).

use ndarray::{Array2, ArrayView1};

use super::cholesky::Factor;
use super::design::{Penalty, sign};

/// Sweeps between two attempts to polish.
const POLISH_EVERY: usize = 5;
/// Attempts without progress after which descent gives up.
const MAX_STALLS: usize = 6;

/// What descent found.
pub(super) struct Descent {
    pub(super) gamma: Vec<f64>,
    pub(super) n_sweeps: usize,
    pub(super) converged: bool,
}

/// Descends from `start` until the optimality conditions hold to `tolerance` (absolute).
pub(super) fn descend(
    a: &Array2<f64>,
    b: &[f64],
    penalty: &Penalty,
    start: Vec<f64>,
    max_sweeps: usize,
    tolerance: f64,
) -> Descent {
    let mut gamma = start;
    // b - A gamma, kept up to date.
    let mut rest = remainder(a, b, &gamma);
    let (mut best, mut stalls) = (f64::INFINITY, 0);
    for sweep in 0..max_sweeps {
        let violation = violation(penalty, &gamma, &rest);
        if violation <= tolerance {
            return Descent { gamma, n_sweeps: sweep, converged: true };
        }
        if sweep % POLISH_EVERY == POLISH_EVERY - 1
            && let Some(polished) = polish(a, b, penalty, &gamma)
        {
            let polished_rest = remainder(a, b, &polished);
            if self::violation(penalty, &polished, &polished_rest) < violation {
                (gamma, rest) = (polished, polished_rest);
            }
            let reached = self::violation(penalty, &gamma, &rest);
            if reached <= tolerance {
                return Descent { gamma, n_sweeps: sweep, converged: true };
            }
            // Polished again and again to no better place: rounding allows no more.
            stalls = if reached < best { 0 } else { stalls + 1 };
            if stalls == MAX_STALLS {
                return Descent { gamma, n_sweeps: sweep, converged: false };
            }
            best = best.min(reached);
        }
        for j in 0..gamma.len() {
            let curvature = a[[j, j]] + penalty.l2[j];
            if curvature <= 0.0 {
                continue;
            }
            let pull = rest[j] + a[[j, j]] * gamma[j];
            let next = soften(pull, penalty.l1[j]) / curvature;
            let step = next - gamma[j];
            if step != 0.0 {
                gamma[j] = next;
                rest.iter_mut().zip(a.row(j)).for_each(|(rest, a)| *rest -= step * a);
            }
        }
    }
    let converged = violation(penalty, &gamma, &rest) <= tolerance;
    Descent { gamma, n_sweeps: max_sweeps, converged }
}

/// Towards zero by `threshold`.
fn soften(value: f64, threshold: f64) -> f64 {
    sign(value) * (value.abs() - threshold).max(0.0)
}

fn remainder(a: &Array2<f64>, b: &[f64], gamma: &[f64]) -> Vec<f64> {
    let product = a.dot(&ArrayView1::from(gamma));
    b.iter().zip(product).map(|(b, product)| b - product).collect()
}

fn violation(penalty: &Penalty, gamma: &[f64], rest: &[f64]) -> f64 {
    let gradient: Vec<f64> = rest.iter().map(|rest| -rest).collect();
    penalty.violation(gamma, &gradient)
}

/// The solution on the present support, when it keeps every sign.
fn polish(a: &Array2<f64>, b: &[f64], penalty: &Penalty, gamma: &[f64]) -> Option<Vec<f64>> {
    let support: Vec<usize> = (0..gamma.len()).filter(|&j| gamma[j] != 0.0 || penalty.l1[j] == 0.0).collect();
    let system = Array2::from_shape_fn((support.len(), support.len()), |(i, j)| {
        a[[support[i], support[j]]] + if i == j { penalty.l2[support[i]] } else { 0.0 }
    });
    let signed = |&j: &usize| b[j] - penalty.l1[j] * sign(gamma[j]);
    let right: Vec<f64> = support.iter().map(signed).collect();
    let factor = Factor::definite(system.clone())?;
    let mut solution = factor.solve(&right);
    let correction = factor.solve(&remainder(&system, &right, &solution));
    solution.iter_mut().zip(correction).for_each(|(value, more)| *value += more);
    let keeps = |(&j, value): (&usize, &f64)| penalty.l1[j] == 0.0 || sign(*value) == sign(gamma[j]);
    if !support.iter().zip(&solution).all(keeps) {
        return None;
    }
    let mut polished = vec![0.0; gamma.len()];
    support.iter().zip(solution).for_each(|(&j, value)| polished[j] = value);
    Some(polished)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_coordinate_is_soft_thresholding() {
        let penalty = Penalty { l1: vec![1.0], l2: vec![0.5] };
        for (b, expected) in [(3.0, 2.0 / 1.5), (-3.0, -2.0 / 1.5), (0.5, 0.0)] {
            let found = descend(&ndarray::array![[1.0]], &[b], &penalty, vec![0.0], 100, 1e-14);
            assert!(found.converged && (found.gamma[0] - expected).abs() < 1e-14);
        }
    }

    #[test]
    fn strongly_correlated_columns_are_polished_rather_than_crawled() {
        let a = ndarray::array![[1.0, 0.999_999], [0.999_999, 1.0]];
        let penalty = Penalty { l1: vec![1e-9; 2], l2: vec![0.0; 2] };
        let found = descend(&a, &[1.0, 0.999_998], &penalty, vec![0.0; 2], 100, 1e-13);
        assert!(found.converged && found.n_sweeps < 20, "{} sweeps", found.n_sweeps);
    }
}
