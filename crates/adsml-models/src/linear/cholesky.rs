//! Symmetric positive semi-definite systems.
//!
//! ```text
//! A = L L'                      when every pivot keeps 1e-11 of its diagonal entry
//! A = P L L' P', L of r columns  otherwise: pivoted; solutions are the shortest ones, L (L'L)^-2 L' b
//! ```
//!
//! Source: Higham (1990), "Analysis of the Cholesky decomposition of a semi-definite matrix".

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, s};

/// A column of which the others explain all but this share counts as dependent on them.
const DEPENDENT: f64 = 1e-11;
/// Columns factored together, so that most work is matrix products.
const BLOCK: usize = 48;

/// A factored matrix that solves.
pub(super) enum Factor {
    /// Lower triangular.
    Full(Array2<f64>),
    /// `A = L L'` with fewer columns than rows, and the factor of `L'L`.
    Deficient { l: Array2<f64>, inner: Array2<f64> },
}

impl Factor {
    /// Factors `a`, of which the lower triangle is read.
    pub(super) fn new(a: Array2<f64>) -> Self {
        match cholesky(a.clone(), DEPENDENT) {
            Some(l) => Self::Full(l),
            None => Self::deficient(a),
        }
    }

    /// Factors only if the matrix is safely definite.
    pub(super) fn definite(a: Array2<f64>) -> Option<Self> {
        cholesky(a, DEPENDENT).map(Self::Full)
    }

    fn deficient(a: Array2<f64>) -> Self {
        let l = pivoted(a);
        let mut inner = l.t().dot(&l);
        let trace = inner.diag().sum();
        loop {
            if let Some(factor) = cholesky(inner.clone(), 0.0) {
                return Self::Deficient { l, inner: factor };
            }
            inner.diag_mut().mapv_inplace(|value| value + 1e-14 * trace);
        }
    }

    /// The (shortest) solution of `A x = b`.
    pub(super) fn solve(&self, b: &[f64]) -> Vec<f64> {
        match self {
            Self::Full(l) => solve(l, b.to_vec()),
            Self::Deficient { l, inner } => {
                let projected = l.t().dot(&ndarray::ArrayView1::from(b)).to_vec();
                l.dot(&ndarray::Array1::from(solve(inner, solve(inner, projected)))).to_vec()
            }
        }
    }

    /// Independent columns.
    #[cfg(test)]
    pub(super) fn rank(&self) -> usize {
        match self {
            Self::Full(l) | Self::Deficient { l, .. } => l.ncols(),
        }
    }
}

/// The lower factor of `a`, unless a pivot is at most `tolerance` of its diagonal entry.
fn cholesky(mut a: Array2<f64>, tolerance: f64) -> Option<Array2<f64>> {
    let n = a.nrows();
    let diagonal = a.diag().to_owned();
    for from in (0..n).step_by(BLOCK) {
        let to = n.min(from + BLOCK);
        for j in from..to {
            let pivot = a[[j, j]] - row_product(&a, j, j, from, j);
            if !(pivot > tolerance * diagonal[j] && pivot > 0.0) {
                return None;
            }
            let root = pivot.sqrt();
            a[[j, j]] = root;
            for i in j + 1..n {
                a[[i, j]] = (a[[i, j]] - row_product(&a, i, j, from, j)) / root;
            }
        }
        let panel = a.slice(s![to.., from..to]).to_owned();
        for column in (to..n).step_by(BLOCK) {
            let end = n.min(column + BLOCK);
            let (left, right) = (panel.slice(s![column - to.., ..]), panel.slice(s![column - to..end - to, ..]));
            general_mat_mul(-1.0, &left, &right.t(), 1.0, &mut a.slice_mut(s![column.., column..end]));
        }
    }
    for i in 0..n {
        a.slice_mut(s![i, i + 1..]).fill(0.0);
    }
    Some(a)
}

/// `sum of a[i, k] a[j, k]` for `k` in `from..to`.
fn row_product(a: &Array2<f64>, i: usize, j: usize, from: usize, to: usize) -> f64 {
    let (left, right) = (a.slice(s![i, from..to]), a.slice(s![j, from..to]));
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

/// `L` of the pivoted factorisation, its rows in the order of `a`.
fn pivoted(a: Array2<f64>) -> Array2<f64> {
    let n = a.nrows();
    let diagonal = a.diag().to_owned();
    let mut residual = diagonal.clone();
    let mut done = vec![false; n];
    // Row k is the k-th column of L, so that updates run along memory.
    let mut columns: Vec<Vec<f64>> = Vec::new();
    while columns.len() < n {
        let share = |j: usize| if diagonal[j] > 0.0 { residual[j] / diagonal[j] } else { 0.0 };
        let best = (0..n).filter(|&j| !done[j]).max_by(|&i, &j| share(i).total_cmp(&share(j)).then(j.cmp(&i)));
        let Some(pivot) = best.filter(|&j| share(j) > DEPENDENT) else { break };
        let root = residual[pivot].sqrt();
        let mut column: Vec<f64> = (0..n).map(|i| if i >= pivot { a[[i, pivot]] } else { a[[pivot, i]] }).collect();
        for earlier in &columns {
            let factor = earlier[pivot];
            column.iter_mut().zip(earlier).for_each(|(value, earlier)| *value -= factor * earlier);
        }
        for (i, value) in column.iter_mut().enumerate() {
            *value = if done[i] { 0.0 } else { *value / root };
            residual[i] -= *value * *value;
        }
        column[pivot] = root;
        done[pivot] = true;
        columns.push(column);
    }
    Array2::from_shape_fn((n, columns.len()), |(i, k)| columns[k][i])
}

/// Forward and backward substitution.
fn solve(l: &Array2<f64>, mut x: Vec<f64>) -> Vec<f64> {
    for i in 0..x.len() {
        let row = l.row(i);
        let known: f64 = row.iter().zip(&x[..i]).map(|(l, x)| l * x).sum();
        x[i] = (x[i] - known) / row[i];
    }
    for i in (0..x.len()).rev() {
        let row = l.row(i);
        x[i] /= row[i];
        let value = x[i];
        x[..i].iter_mut().zip(row).for_each(|(x, l)| *x -= value * l);
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::Seed;

    fn gram(n: usize, p: usize, seed: u64) -> Array2<f64> {
        let mut stream = Seed::new(seed).stream("gram", 0);
        let z = Array2::from_shape_fn((n, p), |_| stream.uniform() - 0.5);
        z.t().dot(&z)
    }

    #[test]
    fn blocks_change_nothing_and_the_product_comes_back() {
        for p in [1, 7, 48, 49, 130] {
            let a = gram(2 * p + 3, p, 1);
            let Factor::Full(l) = Factor::new(a.clone()) else { panic!("full rank") };
            let worst = (&l.dot(&l.t()) - &a).iter().fold(0.0_f64, |worst, d| worst.max(d.abs()));
            assert!(worst < 1e-12 * p as f64, "{p}: {worst}");
        }
    }

    #[test]
    fn a_deficient_system_gets_its_shortest_solution() {
        // Twice the same column: the shortest solution shares equally.
        let a = ndarray::array![[2.0, 2.0, 0.0], [2.0, 2.0, 0.0], [0.0, 0.0, 3.0]];
        let factor = Factor::new(a);
        assert_eq!(factor.rank(), 2);
        let x = factor.solve(&[4.0, 4.0, 3.0]);
        for (x, expected) in x.iter().zip([1.0, 1.0, 1.0]) {
            assert!((x - expected).abs() < 1e-14);
        }
        // More columns than rows.
        let wide = gram(20, 60, 2);
        let factor = Factor::new(wide.clone());
        assert_eq!(factor.rank(), 20);
        let b = wide.column(0).to_vec();
        let x = ndarray::Array1::from(factor.solve(&b));
        let worst = (wide.dot(&x) - ndarray::Array1::from(b)).iter().fold(0.0_f64, |worst, d| worst.max(d.abs()));
        assert!(worst < 1e-9, "{worst}");
    }

    #[test]
    fn nothing_at_all_is_solved_by_nothing() {
        assert!(Factor::new(Array2::zeros((0, 0))).solve(&[]).is_empty());
        assert_eq!(Factor::new(Array2::zeros((2, 2))).solve(&[0.0, 0.0]), [0.0, 0.0]);
    }
}
