//! Standardised columns of the training rows, in blocks.

use std::ops::Range;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, s};

use crate::rows::{Moments, Rows};
use crate::{ModelError, Result};

/// More columns would need more than half a gigabyte for one matrix of their products.
pub(super) const MAX_FEATURES: usize = 8192;

/// How the solvers see the features.
///
/// ```text
/// z[k] = (x[active[k]] - center[active[k]]) * inverse[k],   a last column of ones for the intercept
/// ```
///
/// Columns that tell nothing (constant, or all zero without an intercept) are left out; their
/// coefficient is 0. Without an intercept columns are scaled and not centred.
pub(super) struct Design {
    pub(super) active: Vec<usize>,
    pub(super) center: Vec<f64>,
    pub(super) inverse: Vec<f64>,
    pub(super) deviation: Vec<f64>,
}

impl Design {
    pub(super) fn new(rows: &Rows<'_>, names: &[String], fit_intercept: bool) -> Result<Self> {
        if rows.n_features() > MAX_FEATURES {
            return Err(ModelError::TooManyFeatures { found: rows.n_features(), limit: MAX_FEATURES });
        }
        let Moments { mean, deviation, root_mean_square } = rows.moments(names)?;
        let (center, scale) =
            if fit_intercept { (mean, deviation.clone()) } else { (vec![0.0; mean.len()], root_mean_square) };
        let tells = |&feature: &usize| scale[feature] > 0.0 && (1.0 / scale[feature]).is_finite();
        let active: Vec<usize> = (0..center.len()).filter(tells).collect();
        let inverse = active.iter().map(|&feature| 1.0 / scale[feature]).collect();
        Ok(Self { active, center, inverse, deviation })
    }

    /// Rows that are standardised together: about a quarter of a megabyte.
    pub(super) fn block_rows(&self) -> usize {
        (32_768 / (self.active.len() + 1)).clamp(128, 1024)
    }

    /// Standardised rows of `range` into `z`, row-major, with a column of ones at the end if asked.
    pub(super) fn fill(&self, rows: &Rows<'_>, range: Range<usize>, ones: bool, z: &mut Vec<f64>) {
        z.clear();
        let all = self.active.len() == self.center.len();
        rows.each(range, |_, features| {
            if all {
                let columns = features.iter().zip(&self.center).zip(&self.inverse);
                z.extend(columns.map(|((x, center), inverse)| (x - center) * inverse));
            } else {
                let columns = self.active.iter().zip(&self.inverse);
                z.extend(columns.map(|(&feature, inverse)| (features[feature] - self.center[feature]) * inverse));
            }
            if ones {
                z.push(1.0);
            }
        });
    }

    /// Coefficients of the raw columns from those of the standardised ones.
    pub(super) fn raw_coefficients(&self, gamma: &[f64]) -> Vec<f64> {
        let mut coefficients = vec![0.0; self.center.len()];
        for ((&feature, inverse), gamma) in self.active.iter().zip(&self.inverse).zip(gamma) {
            coefficients[feature] = gamma * inverse;
        }
        coefficients
    }

    /// Penalties on standardised columns that equal `l1 |b| + l2/2 b^2` on the raw coefficients, or,
    /// when `standardize` is asked for, on those of the standardised columns.
    pub(super) fn penalty(&self, l1: f64, l2: f64, standardize: bool) -> Penalty {
        let factors = self.inverse.iter().map(|inverse| if standardize { 1.0 } else { *inverse });
        Penalty {
            l1: factors.clone().map(|factor| l1 * factor).collect(),
            l2: factors.map(|factor| l2 * factor * factor).collect(),
        }
    }
}

/// `sum of l1[k] |g[k]| + l2[k]/2 g[k]^2`.
#[derive(Clone)]
pub(super) struct Penalty {
    pub(super) l1: Vec<f64>,
    pub(super) l2: Vec<f64>,
}

impl Penalty {
    /// With a coordinate that is not penalised at the end.
    pub(super) fn with_free(mut self) -> Self {
        self.l1.push(0.0);
        self.l2.push(0.0);
        self
    }

    pub(super) fn is_smooth(&self) -> bool {
        self.l1.iter().all(|&l1| l1 == 0.0)
    }

    pub(super) fn value(&self, gamma: &[f64]) -> f64 {
        let terms = gamma.iter().zip(&self.l1).zip(&self.l2);
        terms.map(|((g, l1), l2)| l1 * g.abs() + 0.5 * l2 * g * g).sum()
    }

    /// How far the optimality conditions of `min f + penalty` are from holding, given the gradient of `f`.
    pub(super) fn violation(&self, gamma: &[f64], gradient: &[f64]) -> f64 {
        let terms = gamma.iter().zip(gradient).zip(self.l1.iter().zip(&self.l2));
        terms
            .map(|((&g, &gradient), (l1, l2))| {
                let smooth = gradient + l2 * g;
                if g != 0.0 || *l1 == 0.0 { (smooth + l1 * sign(g)).abs() } else { (smooth.abs() - l1).max(0.0) }
            })
            .fold(0.0, f64::max)
    }
}

/// -1, 0 or 1.
pub(super) fn sign(value: f64) -> f64 {
    if value == 0.0 { 0.0 } else { value.signum() }
}

/// Adds `Z' Z` of a block to the lower triangle of `gram`, in strips of columns; [`mirror`] gives the rest.
pub(super) fn add_products(z: &[f64], gram: &mut Array2<f64>) {
    const STRIP: usize = 64;
    let columns = gram.ncols();
    let z = as_block(z, columns);
    for from in (0..columns).step_by(STRIP) {
        let to = columns.min(from + STRIP);
        let (left, right) = (z.slice(s![.., from..]), z.slice(s![.., from..to]));
        general_mat_mul(1.0, &left.t(), &right, 1.0, &mut gram.slice_mut(s![from.., from..to]));
    }
}

/// Copies the lower triangle to the upper one.
pub(super) fn mirror(mut gram: Array2<f64>) -> Array2<f64> {
    for i in 0..gram.nrows() {
        for j in 0..i {
            gram[[j, i]] = gram[[i, j]];
        }
    }
    gram
}

/// A block as a matrix of `columns` columns.
pub(super) fn as_block(z: &[f64], columns: usize) -> ArrayView2<'_, f64> {
    let n_rows = z.len().checked_div(columns).unwrap_or(0);
    ArrayView2::from_shape((n_rows, columns), z).expect("whole rows")
}
