//! L-BFGS, for the handful of hyperparameters of a Gaussian process.

use std::collections::VecDeque;

use crate::cholesky::dot;

/// Pairs remembered.
const MEMORY: usize = 10;

/// Minimises a smooth function from `x`, which it moves; the value it ends at.
///
/// `f` writes its gradient and returns its value; what is not finite is stepped back from. Two-loop recursion with Armijo
/// backtracking; ends after `max_iter` steps, or when one gains less than `tol` times the value (plus one).
///
/// Source: Nocedal and Wright (2006), "Numerical Optimization", algorithms 7.4 and 7.5.
pub(super) fn minimize(
    x: &mut Vec<f64>,
    max_iter: usize,
    tol: f64,
    mut f: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> f64 {
    let n = x.len();
    let (mut gradient, mut trial, mut trial_gradient) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
    let mut pairs: VecDeque<(Vec<f64>, Vec<f64>)> = VecDeque::with_capacity(MEMORY);
    let mut value = f(x, &mut gradient);
    for _ in 0..max_iter {
        let mut direction = descent(&gradient, &pairs);
        let mut slope = dot(&direction, &gradient);
        if slope.is_nan() || slope >= 0.0 {
            pairs.clear();
            direction = descent(&gradient, &pairs);
            slope = dot(&direction, &gradient);
            if slope.is_nan() || slope >= 0.0 {
                break;
            }
        }
        let mut length = 1.0;
        let reached = loop {
            for i in 0..n {
                trial[i] = x[i] + length * direction[i];
            }
            let reached = f(&trial, &mut trial_gradient);
            if reached <= value + 1e-4 * length * slope && trial_gradient.iter().all(|g| g.is_finite()) {
                break Some(reached);
            }
            length *= 0.3;
            if length < 1e-8 {
                break None;
            }
        };
        let Some(reached) = reached else { break };
        let s: Vec<f64> = trial.iter().zip(&*x).map(|(to, from)| to - from).collect();
        let y: Vec<f64> = trial_gradient.iter().zip(&gradient).map(|(to, from)| to - from).collect();
        if dot(&s, &y) > 1e-10 * dot(&y, &y).sqrt() * dot(&s, &s).sqrt() {
            if pairs.len() == MEMORY {
                pairs.pop_front();
            }
            pairs.push_back((s, y));
        }
        let gain = value - reached;
        value = reached;
        x.copy_from_slice(&trial);
        gradient.copy_from_slice(&trial_gradient);
        if gain <= tol * (1.0 + value.abs()) {
            break;
        }
    }
    value
}

/// Minus the inverse Hessian, as far as the pairs know it, times the gradient.
fn descent(gradient: &[f64], pairs: &VecDeque<(Vec<f64>, Vec<f64>)>) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut weights = Vec::with_capacity(pairs.len());
    for (s, y) in pairs.iter().rev() {
        let weight = dot(s, &q) / dot(s, y);
        for (q, y) in q.iter_mut().zip(y) {
            *q -= weight * y;
        }
        weights.push(weight);
    }
    // The first step has no curvature to go by: one unit of a logarithm at most.
    let scale = pairs.back().map_or_else(|| 1.0 / dot(&q, &q).sqrt().max(1.0), |(s, y)| dot(s, y) / dot(y, y));
    q.iter_mut().for_each(|q| *q *= scale);
    for ((s, y), weight) in pairs.iter().zip(weights.into_iter().rev()) {
        let correction = weight - dot(y, &q) / dot(s, y);
        for (q, s) in q.iter_mut().zip(s) {
            *q += correction * s;
        }
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_bottom_of_rosenbrocks_valley() {
        let mut x = vec![-1.2, 1.0];
        let value = minimize(&mut x, 200, 1e-15, |x, gradient| {
            let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
            gradient[0] = -2.0 * a - 400.0 * x[0] * b;
            gradient[1] = 200.0 * b;
            a * a + 100.0 * b * b
        });
        assert!(value < 1e-12 && (x[0] - 1.0).abs() < 1e-5 && (x[1] - 1.0).abs() < 1e-5, "{x:?}");
    }

    #[test]
    fn steps_back_from_where_there_is_no_value() {
        // -ln(1 - x^2) + x is only defined within (-1, 1).
        let mut x = vec![0.9];
        minimize(&mut x, 100, 1e-14, |x, gradient| {
            gradient[0] = 2.0 * x[0] / (1.0 - x[0] * x[0]) + 1.0;
            -(1.0 - x[0] * x[0]).ln() + x[0]
        });
        // 1 + 2 x - x^2 = 0.
        assert!((x[0] - (1.0 - 2.0_f64.sqrt())).abs() < 1e-6, "{x:?}");
    }
}
