//! Tails of the normal distribution, as logarithms that do not underflow.

/// `ln(2 pi) / 2`.
const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;

/// A function's value and its derivative.
pub(super) type WithSlope = (f64, f64);

fn density(z: f64) -> f64 {
    (-0.5 * z * z - HALF_LN_TAU).exp()
}

/// The normal distribution function for `z > -2`: Marsaglia's series (2004, "Evaluating the normal distribution",
/// J. Stat. Softw. 11(4)), whose terms all have one sign.
fn distribution(z: f64) -> f64 {
    if z > 9.0 {
        return 1.0;
    }
    let (mut term, mut sum, mut k) = (z, z, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        k += 2.0;
        term *= z * z / k;
        sum += term;
    }
    0.5 + density(z) * sum
}

/// `c` of the continued fraction of Mills' ratio for `t >= 1`:
///
/// ```text
/// (1 - Phi(t)) / phi(t) = 1 / (t + c),   c = 1 / (t + 2 / (t + 3 / (t + ...)))
/// ```
///
/// Source: Abramowitz and Stegun (1964), eq. 26.2.14.
fn mills_rest(t: f64) -> f64 {
    // The error falls like exp(-2 t sqrt(2 n)).
    let terms = (8.0 + 200.0 / (t * t)) as usize + 4;
    let mut c = t;
    for k in (2..=terms).rev() {
        c = t + k as f64 / c;
    }
    1.0 / c
}

/// Logarithm of the expected improvement of a standard normal variable shifted by `z`, and its derivative:
///
/// ```text
/// ln h(z),   h(z) = phi(z) + z Phi(z)
/// ```
///
/// Finite for every finite `z` whose square is: below -1, where the two terms cancel, Mills' ratio gives
/// `h(z) = phi(z) c / (|z| + c)` without any subtraction.
///
/// Source: Ament, Daulton, Eriksson, Balandat and Bakshy (2023), "Unexpected improvements to expected improvement for
/// Bayesian optimization", NeurIPS 36, eq. 9 (there by `erfcx`).
pub(super) fn log_improvement(z: f64) -> WithSlope {
    if z > -1.0 {
        let probability = distribution(z);
        let h = density(z) + z * probability;
        (h.ln(), probability / h)
    } else {
        let (t, c) = (-z, mills_rest(-z));
        (-0.5 * z * z - HALF_LN_TAU + (c / (t + c)).ln(), 1.0 / c)
    }
}

/// `ln Phi(z)` and its derivative.
pub(super) fn log_probability(z: f64) -> WithSlope {
    if z > -1.0 {
        let probability = distribution(z);
        (probability.ln(), density(z) / probability)
    } else {
        let inverse = -z + mills_rest(-z);
        (-0.5 * z * z - HALF_LN_TAU - inverse.ln(), inverse)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Phi(z)` by Simpson's rule, error below 1e-14.
    fn integral(z: f64) -> f64 {
        let (from, n) = (-12.0, 20_000);
        let width = (z - from) / f64::from(n);
        let weight = |i: i32| if i == 0 || i == n { 1.0 } else { 2.0 + 2.0 * f64::from(i % 2) };
        (0..=n).map(|i| weight(i) * density(from + f64::from(i) * width)).sum::<f64>() * width / 3.0
    }

    #[test]
    fn improvement_and_probability_are_the_direct_formulas_where_those_are_stable() {
        for step in -30..=80 {
            let z = f64::from(step) / 10.0;
            let direct = density(z) + z * integral(z);
            // Below -1 the direct formula itself loses digits: at -3 it is 4e-4, of terms that are 4e-3.
            let (log, slope) = log_improvement(z);
            assert!((log - direct.ln()).abs() < 1e-10, "{z}: {log} and {}", direct.ln());
            assert!((slope - integral(z) / direct).abs() < 1e-9 * slope);
            let (log, slope) = log_probability(z);
            assert!((log - integral(z).ln()).abs() < 1e-11, "{z}");
            assert!((slope - density(z) / integral(z)).abs() < 1e-10 * slope.max(1e-3));
        }
    }

    #[test]
    fn far_tails_are_finite_and_follow_their_asymptote() {
        for z in [-40.0, -1e3, -1e8] {
            let (log, slope) = log_improvement(z);
            // ln h(z) -> -z^2 / 2 - ln(2 pi) / 2 - 2 ln |z| - 3 / z^2.
            let asymptote = -0.5 * z * z - HALF_LN_TAU - 2.0 * z.abs().ln() - 3.0 / (z * z);
            assert!(
                log.is_finite() && (log - asymptote).abs() < 1e-5 + 1e-15 * asymptote.abs(),
                "{z}: {log}, {asymptote}"
            );
            assert!((slope / z.abs() - 1.0).abs() < 3.0 / (z * z));
            let (log, slope) = log_probability(z);
            assert!(log.is_finite() && slope.is_finite());
        }
        assert!((log_improvement(1e6).0 - 1e6_f64.ln()).abs() < 1e-15 && log_probability(50.0).0 == 0.0);
    }

    #[test]
    fn both_branches_meet() {
        for f in [log_improvement, log_probability] {
            let (below, above) = (f(-1.0 - 1e-12), f(-1.0 + 1e-12));
            assert!((below.0 - above.0).abs() < 1e-11 && (below.1 - above.1).abs() < 1e-11, "{below:?} {above:?}");
        }
    }
}
