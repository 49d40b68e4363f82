//! Normal equations of standardised columns, and their refinement.

use ndarray::Array2;

use super::cholesky::Factor;
use super::design::{Design, add_products, mirror};
use crate::rows::{Rows, add};

/// ```text
/// gram = Z' W Z,   moment = Z' W (y - offset - level)       weights summing to one
/// ```
pub(super) struct Normal {
    pub(super) gram: Array2<f64>,
    pub(super) moment: Vec<f64>,
    /// The weighted mean of `y - offset`; 0 without an intercept.
    pub(super) level: f64,
}

impl Normal {
    /// One pass over the rows, `O(n p^2)`.
    pub(super) fn new(rows: &Rows<'_>, design: &Design, fit_intercept: bool) -> Self {
        let level = if fit_intercept { rows.mean_of(|row| rows.y[row] - rows.offset_of(row)) } else { 0.0 };
        let p = design.active.len();
        let (gram, moment) = rows.sum(
            p * p,
            |range| {
                let (mut gram, mut moment) = (Array2::zeros((p, p)), vec![0.0; p]);
                let mut z = Vec::new();
                for from in range.clone().step_by(design.block_rows()) {
                    let block = from..range.end.min(from + design.block_rows());
                    design.fill(rows, block.clone(), false, &mut z);
                    let mut block_moment = vec![0.0; p];
                    for (row, z) in block.zip(z.chunks_exact_mut(p.max(1))) {
                        let root = rows.weight[row].sqrt();
                        let target = root * (rows.y[row] - rows.offset_of(row) - level);
                        for (moment, z) in block_moment.iter_mut().zip(z) {
                            *z *= root;
                            *moment += target * *z;
                        }
                    }
                    moment = add(moment, &block_moment);
                    add_products(&z, &mut gram);
                }
                (gram, moment)
            },
            |(gram, moment), (more_gram, more)| (gram + more_gram, add(moment, &more)),
        );
        Self { gram: mirror(gram), moment, level }
    }

    /// `min (Z g - y)' W (Z g - y) + sum of l2[k] g[k]^2`, the shortest one when there are several.
    pub(super) fn ridge(&self, rows: &Rows<'_>, design: &Design, l2: &[f64]) -> Vec<f64> {
        /// Each refinement takes the square of the condition number out of the error.
        const REFINEMENTS: usize = 2;
        let mut system = self.gram.clone();
        system.diag_mut().iter_mut().zip(l2).for_each(|(diagonal, l2)| *diagonal += l2);
        let factor = Factor::new(system);
        let mut gamma = factor.solve(&self.moment);
        for _ in 0..REFINEMENTS {
            let mut rest = self.residual_moment(rows, design, &gamma);
            rest.iter_mut().zip(&gamma).zip(l2).for_each(|((rest, gamma), l2)| *rest -= l2 * gamma);
            gamma = add(gamma, &factor.solve(&rest));
        }
        gamma
    }

    /// `Z' W (y - offset - level - Z g)`, from the rows and not from their products.
    pub(super) fn residual_moment(&self, rows: &Rows<'_>, design: &Design, gamma: &[f64]) -> Vec<f64> {
        let p = design.active.len();
        rows.sum(
            p,
            |range| {
                let (mut total, mut z) = (vec![0.0; p], Vec::new());
                for from in range.clone().step_by(design.block_rows()) {
                    let block = from..range.end.min(from + design.block_rows());
                    design.fill(rows, block.clone(), false, &mut z);
                    let mut sums = vec![0.0; p];
                    for (row, z) in block.zip(z.chunks_exact(p.max(1))) {
                        let fitted: f64 = z.iter().zip(gamma).map(|(z, gamma)| z * gamma).sum();
                        let rest = rows.weight[row] * (rows.y[row] - rows.offset_of(row) - self.level - fitted);
                        sums.iter_mut().zip(z).for_each(|(sum, z)| *sum += rest * z);
                    }
                    total = add(total, &sums);
                }
                total
            },
            |total, more| add(total, &more),
        )
    }
}
