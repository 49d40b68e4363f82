//! Tail probabilities of the normal and Student's t distribution.

use std::f64::consts::PI;

/// `P(Z < -x)` of a standard normal `Z`, for `x >= 0`; absolute error below 1e-15.
///
/// Source: Marsaglia (2004), "Evaluating the normal distribution", Journal of Statistical Software 11(4).
pub(super) fn normal_tail(x: f64) -> f64 {
    if x > 8.0 {
        return 0.0;
    }
    let (mut term, mut sum, mut k) = (x, x, 1.0);
    while term > sum * 1e-17 {
        k += 2.0;
        term *= x * x / k;
        sum += term;
    }
    (0.5 - sum * (-x * x / 2.0).exp() / (2.0 * PI).sqrt()).max(0.0)
}

/// `P(T < -x)` of Student's t with `dof` degrees of freedom, for `x >= 0`.
///
/// ```text
/// I(dof / (dof + x²); dof/2, 1/2) / 2
/// ```
pub(super) fn t_tail(x: f64, dof: f64) -> f64 {
    if dof > 1e5 {
        return normal_tail(x);
    }
    incomplete_beta(dof / (dof + x * x), dof / 2.0, 0.5) / 2.0
}

/// The `x` beyond which lies `tail` of a distribution, given its upper tail; `tail` in `(0, 1/2)`.
pub(super) fn quantile(tail: f64, upper_tail: impl Fn(f64) -> f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while upper_tail(high) > tail && high < 1e12 {
        high *= 2.0;
    }
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if upper_tail(middle) > tail { low = middle } else { high = middle }
    }
    high
}

/// The regularised incomplete beta function, by its continued fraction.
///
/// Source: Press et al. (2007), "Numerical Recipes", 3rd edition, section 6.4.
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (-x).ln_1p()).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(x, a, b) / a
    } else {
        1.0 - front * beta_fraction(1.0 - x, b, a) / b
    }
}

fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..10_000 {
        let m = f64::from(m);
        for numerator in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / away_from_zero(1.0 + numerator * d);
            c = away_from_zero(1.0 + numerator / c);
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}

/// `ln Γ(x)` for `x > 0`, by Lanczos' approximation (g = 7, n = 9); relative error near 1e-15.
fn ln_gamma(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        return (PI / (PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let series: f64 = COEFFICIENTS[1..].iter().zip(1..).map(|(c, i)| c / (x + f64::from(i))).sum();
    let t = x + 7.5;
    0.5 * (2.0 * PI).ln() + (x + 0.5) * t.ln() - t + (COEFFICIENTS[0] + series).ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_the_tables() {
        // scipy 1.17: norm.ppf(0.975), t.ppf(0.975, df).
        assert!((quantile(0.025, normal_tail) - 1.959_963_984_540_054).abs() < 1e-9);
        for (dof, expected) in [
            (1.0, 12.706_204_736_174_69),
            (2.5, 3.574_654_842_003_682),
            (19.0, 2.093_024_054_408_309),
            (690.0, 1.963_407_994_947_516),
        ] {
            let found = quantile(0.025, |x| t_tail(x, dof));
            assert!((found / expected - 1.0).abs() < 1e-8, "{dof}: {found}");
        }
    }
}
