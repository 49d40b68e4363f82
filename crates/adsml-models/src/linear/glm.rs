//! Generalised linear models by (proximal) Newton steps.
//!
//! ```text
//! min  sum of w loss(y, base + Z g + offset) + penalty(g)        weights summing to one
//! ```
//!
//! Each step minimises the quadratic of gradient and Hessian, with the penalty as it is: a Cholesky
//! solve without an L1 part, coordinate descent with one; then it is halved until the objective falls.
//! One pass over the rows per step gives value, gradient and Hessian, `O(n p^2)`.
//!
//! Source: Lee, Sun, Saunders (2014), "Proximal Newton-type methods for minimizing composite
//! functions", SIAM J. Optim. 24(3), algorithm 1.

use std::ops::Range;

use adsml_core::FitContext;
use ndarray::{Array1, Array2};

use super::cholesky::Factor;
use super::descent::descend;
use super::design::{Design, Penalty, add_products, as_block, mirror};
use super::function::Ending;
use crate::Result;
use crate::rows::{Rows, add};

/// Halvings of a step before the search gives up.
const MAX_HALVINGS: usize = 40;
/// Sweeps of coordinate descent per step.
const MAX_SWEEPS: usize = 1000;

/// A loss with its canonical link: the derivative by the linear predictor is `mean - y`.
pub(super) trait Family: Sync {
    /// At target `y` and linear predictor `eta`.
    fn terms(y: f64, eta: f64) -> Terms;
}

/// A loss and its derivatives by the linear predictor.
pub(super) struct Terms {
    pub(super) loss: f64,
    /// First derivative: `mean - y`.
    pub(super) slope: f64,
    /// Second derivative: the variance of the target at this mean.
    pub(super) curvature: f64,
}

/// What is to be minimised.
pub(super) struct Problem<'a, 'data> {
    pub(super) rows: &'a Rows<'data>,
    pub(super) context: &'a FitContext<'a>,
    pub(super) design: &'a Design,
    pub(super) fit_intercept: bool,
    /// On the standardised columns, without the intercept.
    pub(super) penalty: Penalty,
    pub(super) max_iter: usize,
    /// Gradients below `tol * unit` are zero.
    pub(super) tol: f64,
    pub(super) unit: f64,
}

/// Where it was found.
pub(super) struct Minimum {
    pub(super) gamma: Vec<f64>,
    pub(super) base: f64,
    pub(super) ending: Ending,
    /// Pearson's chi-square per residual degree of freedom, weights being numbers of trials.
    pub(super) dispersion: Option<f64>,
}

/// The objective's smooth part at one place.
struct Local {
    loss: f64,
    pearson: f64,
    gradient: Vec<f64>,
    hessian: Array2<f64>,
}

impl Problem<'_, '_> {
    /// Minimises from coefficients of zero and this intercept.
    pub(super) fn minimise<F: Family>(self, base: f64) -> Result<Minimum> {
        let penalty = if self.fit_intercept { self.penalty.clone().with_free() } else { self.penalty.clone() };
        let mut theta = vec![0.0; self.design.active.len()];
        theta.extend(self.fit_intercept.then_some(base));
        let mut local = self.local::<F>(&theta);
        let mut ending = Ending { n_iter: 0, converged: false };
        let mut previous = f64::INFINITY;
        loop {
            let violation = penalty.violation(&theta, &local.gradient);
            if violation <= self.tol * self.unit {
                ending.converged = true;
                break;
            }
            if ending.n_iter == self.max_iter {
                break;
            }
            self.context.check_cancelled()?;
            self.context.progress("newton steps", ending.n_iter, Some(self.max_iter));

            let step = newton_step(&local, &penalty, &theta, violation);
            let moved: Vec<f64> = theta.iter().zip(&step).map(|(theta, step)| theta + step).collect();
            let slope: f64 = local.gradient.iter().zip(&step).map(|(g, d)| g * d).sum::<f64>() + penalty.value(&moved)
                - penalty.value(&theta);
            let objective = local.loss + penalty.value(&theta);
            // So near the minimum that the objective's own rounding hides what a step gains.
            let noise = 1e-13 * objective.abs();
            if slope.abs() <= noise && violation > 0.5 * previous {
                // Steps no longer help: the conditions hold as well as rounding allows.
                ending.converged = violation <= 1e-8 * self.unit;
                break;
            }
            previous = violation;
            let Some(found) = self.search::<F>(&penalty, &theta, &step, objective + noise, slope) else { break };
            (theta, local) = found;
            ending.n_iter += 1;
        }
        let used = theta.iter().filter(|&&value| value != 0.0).count();
        let freedom = self.rows.n_positive as f64 - used as f64;
        let dispersion = local.pearson * self.rows.total_weight / freedom;
        let base = if self.fit_intercept { theta.pop().unwrap_or_default() } else { 0.0 };
        let dispersion = (freedom > 0.0 && dispersion.is_finite()).then_some(dispersion);
        Ok(Minimum { gamma: theta, base, ending, dispersion })
    }

    /// The first of the step, its half, its quarter, ... that lowers the objective enough.
    fn search<F: Family>(
        &self,
        penalty: &Penalty,
        theta: &[f64],
        step: &[f64],
        objective: f64,
        slope: f64,
    ) -> Option<(Vec<f64>, Local)> {
        let mut length = 1.0;
        for _ in 0..MAX_HALVINGS {
            let there: Vec<f64> = theta.iter().zip(step).map(|(theta, step)| theta + length * step).collect();
            let local = self.local::<F>(&there);
            let value = local.loss + penalty.value(&there);
            if value <= objective + 1e-4 * length * slope.min(0.0) && local.hessian.iter().all(|h| h.is_finite()) {
                return Some((there, local));
            }
            length *= 0.5;
        }
        None
    }

    /// Value, gradient and Hessian in one pass.
    fn local<F: Family>(&self, theta: &[f64]) -> Local {
        let q = theta.len();
        let local = self.rows.sum(
            q * q,
            |range| self.local_chunk::<F>(theta, range),
            |a, b| Local {
                loss: a.loss + b.loss,
                pearson: a.pearson + b.pearson,
                gradient: add(a.gradient, &b.gradient),
                hessian: a.hessian + b.hessian,
            },
        );
        Local { hessian: mirror(local.hessian), ..local }
    }

    fn local_chunk<F: Family>(&self, theta: &[f64], range: Range<usize>) -> Local {
        let (rows, q) = (self.rows, theta.len());
        let mut total = Local { loss: 0.0, pearson: 0.0, gradient: vec![0.0; q], hessian: Array2::zeros((q, q)) };
        let mut z = Vec::new();
        let theta_column = Array1::from(theta.to_vec());
        for from in range.clone().step_by(self.design.block_rows()) {
            let block = from..range.end.min(from + self.design.block_rows());
            self.design.fill(rows, block.clone(), self.fit_intercept, &mut z);
            let eta = if q == 0 { Array1::zeros(block.len()) } else { as_block(&z, q).dot(&theta_column) };
            let (mut loss, mut pearson, mut gradient) = (0.0, 0.0, vec![0.0; q]);
            for (k, row) in block.enumerate() {
                let weight = rows.weight[row];
                let z = &mut z[k * q..(k + 1) * q];
                if weight == 0.0 {
                    z.fill(0.0);
                    continue;
                }
                let terms = F::terms(rows.y[row], eta[k] + rows.offset_of(row));
                loss += weight * terms.loss;
                if terms.curvature > 0.0 {
                    pearson += weight * terms.slope * (terms.slope / terms.curvature);
                }
                let (slope, root) = (weight * terms.slope, (weight * terms.curvature).sqrt());
                for (gradient, z) in gradient.iter_mut().zip(z) {
                    *gradient += slope * *z;
                    *z *= root;
                }
            }
            total.loss += loss;
            total.pearson += pearson;
            total.gradient = add(total.gradient, &gradient);
            add_products(&z, &mut total.hessian);
        }
        total
    }
}

/// To the minimum of the quadratic model plus the penalty.
fn newton_step(local: &Local, penalty: &Penalty, theta: &[f64], violation: f64) -> Vec<f64> {
    if penalty.is_smooth() {
        let mut system = local.hessian.clone();
        system.diag_mut().iter_mut().zip(&penalty.l2).for_each(|(diagonal, l2)| *diagonal += l2);
        let downhill: Vec<f64> =
            local.gradient.iter().zip(theta).zip(&penalty.l2).map(|((g, theta), l2)| -(g + l2 * theta)).collect();
        return Factor::new(system).solve(&downhill);
    }
    let product = local.hessian.dot(&ndarray::ArrayView1::from(theta));
    let target: Vec<f64> = product.iter().zip(&local.gradient).map(|(product, g)| product - g).collect();
    let found = descend(&local.hessian, &target, penalty, theta.to_vec(), MAX_SWEEPS, 1e-4 * violation);
    found.gamma.iter().zip(theta).map(|(there, here)| there - here).collect()
}
