//! Cholesky factors of small symmetric matrices, stored row by row.

/// The lower factor `L` of a symmetric positive definite matrix: `A + jitter * I = L L^T`.
#[derive(Debug, Clone)]
pub(crate) struct Cholesky {
    n: usize,
    lower: Vec<f64>,
}

/// First jitter tried, as a share of the mean of the diagonal; ten times more each time.
const FIRST_JITTER: f64 = 1e-12;

/// Jitters tried: up to a tenth of the diagonal, which makes a positive definite matrix of anything that is one but for rounding.
const JITTERS: usize = 12;

impl Cholesky {
    /// Factors `matrix`, `n * n` numbers of which the lower half is read. `O(n^3 / 3)`.
    ///
    /// Points that were evaluated twice make it singular but for the noise: then its diagonal is raised until a factor
    /// exists. `None` for a matrix with something that is not a number, or far from positive definite.
    pub(crate) fn factor(matrix: &[f64], n: usize) -> Option<Self> {
        let mean = (0..n).map(|i| matrix[i * n + i]).sum::<f64>() / n.max(1) as f64;
        let mut jitter = 0.0;
        for _ in 0..=JITTERS {
            if let Some(lower) = factor_exactly(matrix, n, jitter) {
                return Some(Self { n, lower });
            }
            jitter = if jitter == 0.0 { FIRST_JITTER * mean } else { 10.0 * jitter };
        }
        None
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.lower[i * self.n..i * self.n + i + 1]
    }

    /// `ln det A`.
    pub(crate) fn log_determinant(&self) -> f64 {
        2.0 * (0..self.n).map(|i| self.row(i)[i].ln()).sum::<f64>()
    }

    /// Replaces `b` by `L^-1 b`.
    pub(crate) fn solve_lower(&self, b: &mut [f64]) {
        for i in 0..self.n {
            let row = self.row(i);
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
    }

    /// Replaces `b` by `L^-T b`.
    pub(crate) fn solve_upper(&self, b: &mut [f64]) {
        for i in (0..self.n).rev() {
            let row = self.row(i);
            b[i] /= row[i];
            let solved = b[i];
            for (rest, &factor) in b[..i].iter_mut().zip(row) {
                *rest -= factor * solved;
            }
        }
    }

    /// Replaces `b` by `A^-1 b`.
    pub(crate) fn solve(&self, b: &mut [f64]) {
        self.solve_lower(b);
        self.solve_upper(b);
    }

    /// `A^-1`, row by row. `O(n^3)`.
    pub(crate) fn inverse(&self) -> Vec<f64> {
        let mut inverse = vec![0.0; self.n * self.n];
        for (j, column) in inverse.chunks_exact_mut(self.n.max(1)).enumerate() {
            column[j] = 1.0;
            self.solve(column);
        }
        inverse
    }
}

fn factor_exactly(matrix: &[f64], n: usize, jitter: f64) -> Option<Vec<f64>> {
    let mut lower = vec![0.0; n * n];
    for i in 0..n {
        let (done, rest) = lower.split_at_mut(i * n);
        let row = &mut rest[..n];
        for j in 0..i {
            let other = &done[j * n..j * n + j + 1];
            row[j] = (matrix[i * n + j] - dot(&row[..j], &other[..j])) / other[j];
        }
        let square = matrix[i * n + i] + jitter - dot(&row[..i], &row[..i]);
        // A pivot of nothing but rounding error is no pivot.
        if square.is_nan() || square <= f64::EPSILON * matrix[i * n + i] {
            return None;
        }
        row[i] = square.sqrt();
    }
    Some(lower)
}

/// Four sums side by side, so that the processor does not wait for one.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (quads_a, quads_b) = (a.chunks_exact(4), b.chunks_exact(4));
    let rest: f64 = quads_a.remainder().iter().zip(quads_b.remainder()).map(|(x, y)| x * y).sum();
    let mut sums = [0.0; 4];
    for (x, y) in quads_a.zip(quads_b) {
        for lane in 0..4 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_a_matrix_whose_factor_is_known() {
        // (2 0 0; 1 3 0; -1 2 1) times its transpose.
        let matrix = [4.0, 2.0, -2.0, 2.0, 10.0, 5.0, -2.0, 5.0, 6.0];
        let factor = Cholesky::factor(&matrix, 3).unwrap();
        assert_eq!(factor.lower, [2.0, 0.0, 0.0, 1.0, 3.0, 0.0, -1.0, 2.0, 1.0]);
        assert!((factor.log_determinant() - 36.0_f64.ln()).abs() < 1e-14);
        let inverse = factor.inverse();
        for i in 0..3 {
            for j in 0..3 {
                let product: f64 = (0..3).map(|k| matrix[i * 3 + k] * inverse[k * 3 + j]).sum();
                assert!((product - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
    }

    #[test]
    fn a_singular_matrix_is_factored_a_little_beside_itself() {
        let factor = Cholesky::factor(&[1.0; 9], 3).unwrap();
        let mut solved = [1.0; 3];
        factor.solve(&mut solved);
        // (1 1^T)^+ 1 = 1 / 3; the jitter of 1e-12 is magnified by the conditioning it leaves.
        assert!(solved.iter().all(|x| (x - 1.0 / 3.0).abs() < 1e-3), "{solved:?}");
    }

    #[test]
    fn nothing_is_made_of_what_is_not_positive_definite() {
        assert!(Cholesky::factor(&[1.0, 0.0, 0.0, -1.0], 2).is_none());
        assert!(Cholesky::factor(&[f64::NAN], 1).is_none());
    }

    #[test]
    fn a_dot_product_is_that_of_any_length() {
        let a: Vec<f64> = (0..11).map(f64::from).collect();
        for n in 0..=11 {
            assert_eq!(dot(&a[..n], &a[..n]), (0..n).map(|i| (i * i) as f64).sum::<f64>());
        }
    }
}
