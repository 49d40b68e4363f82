//! The two factorisations that least squares rests on: Householder's QR of tall matrices and Jacobi's SVD of small ones.
//!
//! Matrices are stored column by column.

/// Numbers summed beside each other; a fixed shape of the sum, and wide enough for any vector unit.
const LANES: usize = 8;

/// Sweeps of rotations; five or six are usual, and more only polish what is already orthogonal to rounding.
const MAX_SWEEPS: usize = 40;

/// `a . b` of equal lengths, in eight partial sums.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    let mut sums = [0.0; LANES];
    let (heads_a, rest_a) = a.as_chunks::<LANES>();
    let (heads_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in heads_a.iter().zip(heads_b) {
        for lane in 0..LANES {
            sums[lane] += a[lane] * b[lane];
        }
    }
    for (lane, (a, b)) in rest_a.iter().zip(rest_b).enumerate() {
        sums[lane] += a * b;
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]))
}

/// `y + factor * x`, into `y`.
pub(super) fn add_scaled(y: &mut [f64], factor: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// Turns `A`, of `n_rows >= n_columns`, into the `R` of `A = Q R`, and `b` into `Q^T b`; both in place.
///
/// `R` is what is on and above the diagonal; below it is rubbish. The first `n_columns` of `b` belong to `R`, the rest are what
/// no combination of columns explains. Errors are small column by column, whatever the columns' scales. `O(n_rows * n_columns^2)`.
///
/// Source: Golub and Van Loan (2013), "Matrix Computations", algorithm 5.2.1.
pub(super) fn triangularise(a: &mut [f64], n_rows: usize, n_columns: usize, b: &mut [f64]) {
    for k in 0..n_columns {
        let (done, later) = a.split_at_mut((k + 1) * n_rows);
        let column = &mut done[k * n_rows + k..];
        let norm = dot(column, column).sqrt();
        if norm == 0.0 {
            continue;
        }
        let head = column[0];
        // Away from the head, so that nothing cancels.
        let diagonal = -norm.copysign(head);
        column[0] = head - diagonal;
        // 2 / (v . v)
        let factor = 1.0 / (norm * (norm + head.abs()));
        for other in later.chunks_exact_mut(n_rows).map(|column| &mut column[k..]).chain([&mut b[k..]]) {
            let along = dot(column, other);
            add_scaled(other, -factor * along, column);
        }
        column[0] = diagonal;
    }
}

/// Singular values and right vectors: turns `A` into `A V`, whose columns are orthogonal, and gives `V`.
///
/// The lengths of the columns are the singular values, in no order. One-sided Jacobi: small singular values keep the digits that
/// the columns of `A` have. `O(n_rows * n_columns^2)` per sweep.
///
/// Source: Demmel and Veselic (1992), "Jacobi's method is more accurate than QR", SIAM J. Matrix Anal. Appl. 13(4).
pub(super) fn orthogonalise(a: &mut [f64], n_rows: usize, n_columns: usize, v: &mut [f64]) {
    v.fill(0.0);
    for j in 0..n_columns {
        v[j * n_columns + j] = 1.0;
    }
    for _ in 0..MAX_SWEEPS {
        let mut rotated = false;
        for j in 1..n_columns {
            for i in 0..j {
                let (left, right) = pair(a, n_rows, i, j);
                let (alpha, beta, gamma) = (dot(left, left), dot(right, right), dot(left, right));
                // Nor where something is not a number: the caller sees that it is not.
                let orthogonal = gamma.abs() <= f64::EPSILON * (alpha * beta).sqrt();
                if orthogonal || gamma.is_nan() {
                    continue;
                }
                rotated = true;
                let zeta = (beta - alpha) / (2.0 * gamma);
                let tangent = 1.0_f64.copysign(zeta) / (zeta.abs() + zeta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = cosine * tangent;
                rotate(left, right, cosine, sine);
                let (left, right) = pair(v, n_columns, i, j);
                rotate(left, right, cosine, sine);
            }
        }
        if !rotated {
            break;
        }
    }
}

/// Columns `i < j`.
fn pair(a: &mut [f64], n_rows: usize, i: usize, j: usize) -> (&mut [f64], &mut [f64]) {
    let (before, after) = a.split_at_mut(j * n_rows);
    (&mut before[i * n_rows..(i + 1) * n_rows], &mut after[..n_rows])
}

fn rotate(left: &mut [f64], right: &mut [f64], cosine: f64, sine: f64) {
    for (l, r) in left.iter_mut().zip(right) {
        (*l, *r) = (cosine * *l - sine * *r, sine * *l + cosine * *r);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without a pattern between -1 and 1.
    fn noise(n: usize) -> Vec<f64> {
        (0..n).map(|i| (12.9898 * (i as f64 + 1.0)).sin() * 43758.5453 % 1.0).collect()
    }

    #[test]
    fn a_triangle_has_the_inner_products_of_the_matrix_it_came_from() {
        let (n, p) = (37, 5);
        let mut a = noise(n * p);
        // Columns of very different lengths.
        for (j, column) in a.chunks_exact_mut(n).enumerate() {
            column.iter_mut().for_each(|x| *x *= 10.0_f64.powi(4 * j as i32 - 8));
        }
        let (whole, b) = (a.clone(), noise(n + 1)[1..].to_vec());
        let mut rotated = b.clone();
        triangularise(&mut a, n, p, &mut rotated);
        let column = |a: &[f64], j: usize| a[j * n..(j + 1) * n].to_vec();
        for i in 0..p {
            for j in 0..=i {
                let expected = dot(&column(&whole, i), &column(&whole, j));
                let found = dot(&column(&a, i)[..=j], &column(&a, j)[..=j]);
                let size = 10.0_f64.powi(4 * (i + j) as i32 - 16) * n as f64;
                assert!((found - expected).abs() < 1e-14 * size, "{i} {j}: {found} {expected}");
            }
            let along = dot(&column(&whole, i), &b);
            let found = dot(&column(&a, i)[..=i], &rotated[..=i]);
            assert!((found - along).abs() < 1e-14 * n as f64 * 10.0_f64.powi(4 * i as i32 - 8));
        }
        assert!((dot(&b, &b) - dot(&rotated, &rotated)).abs() < 1e-13);
    }

    #[test]
    fn a_column_of_zeros_stays_one() {
        let mut a = vec![0.0, 0.0, 0.0, 1.0, 2.0, 2.0];
        let mut b = vec![1.0, 2.0, 3.0];
        triangularise(&mut a, 3, 2, &mut b);
        assert_eq!(&a[..3], [0.0; 3]);
        assert!(a.iter().chain(&b).all(|x| x.is_finite()));
    }

    #[test]
    fn singular_values_of_a_graded_matrix_keep_their_digits() {
        // Hilbert's matrix of order 5: singular values from LAPACK (SciPy 1.17).
        let n = 5;
        let mut a: Vec<f64> = (0..n * n).map(|k| 1.0 / (1.0 + (k / n + k % n) as f64)).collect();
        let (whole, mut v) = (a.clone(), vec![0.0; n * n]);
        orthogonalise(&mut a, n, n, &mut v);
        let mut values: Vec<f64> = a.chunks_exact(n).map(|column| dot(column, column).sqrt()).collect();
        values.sort_by(f64::total_cmp);
        let expected =
            [3.287_928_772_176e-6, 3.058_980_401_512e-4, 1.140_749_162_342e-2, 0.208_534_218_611, 1.567_050_691_098];
        for (found, expected) in values.iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-10, "{found} {expected}");
        }
        for j in 0..n {
            for i in 0..n {
                let found: f64 = (0..n).map(|k| whole[k * n + i] * v[j * n + k]).sum();
                assert!((found - a[j * n + i]).abs() < 1e-15, "A V");
            }
        }
    }

    #[test]
    fn what_is_not_a_number_ends() {
        let mut a = vec![f64::NAN, 1.0, f64::INFINITY, 2.0];
        orthogonalise(&mut a, 2, 2, &mut [0.0; 4]);
    }
}
