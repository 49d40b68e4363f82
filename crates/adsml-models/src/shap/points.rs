//! Gauss-Legendre quadrature on the unit interval.

/// Points and weights that integrate every polynomial of a degree below `2 n` over `[0, 1]`.
///
/// ```text
/// integral of p(u) du = sum over q of weight[q] p(point[q])
/// ```
///
/// Roots of the Legendre polynomial by Newton's method, `O(n^2)`. Points ascend and lie inside the interval; weights are positive.
pub(super) fn gauss_legendre(n: usize) -> Vec<Point> {
    let mut points: Vec<Point> = (0..n.div_ceil(2)).map(|root| point(n, root)).collect();
    // The other half is the mirror image.
    let mirrored =
        points[..n / 2].iter().rev().map(|&Point { at, beyond, weight }| Point { at: beyond, beyond: at, weight });
    let mirrored: Vec<Point> = mirrored.collect();
    points.extend(mirrored);
    points
}

/// A point of a quadrature.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    /// `u`.
    pub(super) at: f64,
    /// `1 - u`, as exact as `u`.
    pub(super) beyond: f64,
    pub(super) weight: f64,
}

/// The point of a root of the Legendre polynomial of degree `n`, from the left.
fn point(n: usize, root: usize) -> Point {
    let degree = n as f64;
    // Tricomi's estimate is good to a few digits; Newton doubles them.
    let angle = std::f64::consts::PI * (root as f64 + 0.75) / (degree + 0.5);
    let mut x = (1.0 - (1.0 - 1.0 / degree) / (8.0 * degree * degree)) * angle.cos();
    let mut slope = 0.0;
    for _ in 0..8 {
        let (value, before) = legendre(n, x);
        slope = degree * (before - x * value) / ((1.0 - x) * (1.0 + x));
        let step = value / slope;
        x -= step;
        if step.abs() < 1e-16 {
            break;
        }
    }
    // The middle of an odd number of points.
    let x = if 2 * root + 1 == n { 0.0 } else { x };
    Point { at: 0.5 * (1.0 - x), beyond: 0.5 * (1.0 + x), weight: 1.0 / ((1.0 - x) * (1.0 + x) * slope * slope) }
}

/// The Legendre polynomials of degree `n` and `n - 1`.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut value, mut before) = (1.0, 0.0);
    for degree in 1..=n {
        let degree = degree as f64;
        let next = ((2.0 * degree - 1.0) * x * value - (degree - 1.0) * before) / degree;
        (value, before) = (next, value);
    }
    (value, before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_power_below_twice_the_number_of_points_is_integrated() {
        for n in [1, 2, 3, 4, 5, 8, 16, 33, 64] {
            let points = gauss_legendre(n);
            assert_eq!(points.len(), n);
            for power in 0..2 * n as i32 {
                let found: f64 = points.iter().map(|p| p.weight * p.at.powi(power)).sum();
                let expected = 1.0 / f64::from(power + 1);
                assert!((found / expected - 1.0).abs() < 1e-12, "{n} points, power {power}: {found} {expected}");
            }
        }
    }

    #[test]
    fn points_ascend_inside_the_interval() {
        for n in [1, 2, 7, 40, 1000] {
            let points = gauss_legendre(n);
            assert!(points.iter().all(|p| p.at > 0.0 && p.beyond > 0.0 && p.weight > 0.0));
            assert!(points.windows(2).all(|pair| pair[0].at < pair[1].at));
        }
    }
}
