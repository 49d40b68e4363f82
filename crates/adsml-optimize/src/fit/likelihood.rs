//! How responses scatter about their mean.

/// How responses scatter about the mean `mu` that a curve says; `w` is the weight of a row.
///
/// | Likelihood | Variance | Deviance of a row | For |
/// |---|---|---|---|
/// | Gaussian | `phi / w` | `w (y - mu)^2` | revenue that scatters alike at every spend |
/// | Poisson | `phi mu / w` | `2 w (y ln(y / mu) - y + mu)` | conversions, and other counts |
/// | gamma | `phi mu^2 / w` | `2 w ((y - mu) / mu - ln(y / mu))` | revenue whose scatter grows with it |
///
/// Only the variance's course matters (quasi-likelihood): `phi` is estimated unless given.
///
/// Source: McCullagh and Nelder (1989), "Generalized linear models", chapters 2 and 9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Likelihood {
    /// Constant variance: weighted least squares.
    #[default]
    Gaussian,
    /// Variance in proportion to the mean. Responses are at least 0.
    Poisson,
    /// Standard deviation in proportion to the mean. Responses are above 0.
    Gamma,
}

/// Relative departures below this have their deviance from a series: the closed form would cancel.
const SMALL: f64 = 0.02;

impl Likelihood {
    /// The responses that are possible, in words.
    pub(super) const fn expected(self) -> &'static str {
        match self {
            Self::Gaussian => "a number between -1e100 and 1e100",
            Self::Poisson => "a number from 0 to 1e100",
            Self::Gamma => "a number above 0, at most 1e100",
        }
    }

    pub(super) fn allows(self, response: f64) -> bool {
        match self {
            Self::Gaussian => true,
            Self::Poisson => response >= 0.0,
            Self::Gamma => response > 0.0,
        }
    }

    /// The root of the deviance of a row of weight 1, with the sign of `mean - response`, so that the sum of squares is the
    /// deviance. Not finite for means that are impossible.
    pub(super) fn residual(self, response: f64, mean: f64) -> f64 {
        let deviance = match self {
            Self::Gaussian => return mean - response,
            Self::Poisson if response == 0.0 => 2.0 * mean,
            Self::Poisson => 2.0 * mean * poisson_half((response - mean) / mean),
            Self::Gamma => 2.0 * gamma_half((response - mean) / mean),
        };
        deviance.sqrt().copysign(mean - response)
    }

    /// Derivative of the [`residual`](Self::residual) by the mean.
    pub(super) fn slope(self, response: f64, mean: f64, residual: f64) -> f64 {
        if self == Self::Gaussian {
            1.0
        } else if residual == 0.0 {
            1.0 / self.sd(mean)
        } else {
            (mean - response) / (self.variance(mean) * residual)
        }
    }

    /// Variance of a response of weight 1, but for the dispersion.
    pub(super) fn variance(self, mean: f64) -> f64 {
        match self {
            Self::Gaussian => 1.0,
            Self::Poisson => mean,
            Self::Gamma => mean * mean,
        }
    }

    pub(super) fn sd(self, mean: f64) -> f64 {
        match self {
            Self::Gaussian => 1.0,
            Self::Poisson => mean.sqrt(),
            Self::Gamma => mean,
        }
    }

    /// The most likely amplitude of a curve that is `unit` at an amplitude of 1; rows are `(weight, response, unit)`.
    ///
    /// In closed form, but not always above 0.
    pub(super) fn amplitude(self, rows: impl Iterator<Item = (f64, f64, f64)>) -> f64 {
        let (mut above, mut below) = (0.0, 0.0);
        for (weight, response, unit) in rows {
            let [a, b] = match self {
                Self::Gaussian => [response * unit, unit * unit],
                Self::Poisson => [response, unit],
                Self::Gamma => [response / unit, 1.0],
            };
            above += weight * a;
            below += weight * b;
        }
        above / below
    }
}

/// `(1 + t) ln(1 + t) - t`
fn poisson_half(t: f64) -> f64 {
    if t.abs() < SMALL { series(t, |k| 1.0 / (k * (k - 1.0))) } else { (1.0 + t) * t.ln_1p() - t }
}

/// `t - ln(1 + t)`
fn gamma_half(t: f64) -> f64 {
    if t.abs() < SMALL { series(t, |k| 1.0 / k) } else { t - t.ln_1p() }
}

/// `sum_k (-t)^k coefficient(k)` from the square on; nine terms, of which the last is below rounding.
fn series(t: f64, coefficient: impl Fn(f64) -> f64) -> f64 {
    let sum = (2..=10).rev().fold(0.0, |sum, k| sum * -t + coefficient(f64::from(k)));
    t * t * sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Likelihood; 3] = [Likelihood::Gaussian, Likelihood::Poisson, Likelihood::Gamma];

    #[test]
    fn squared_residuals_are_the_textbook_deviances() {
        for (y, mu) in [(3.0_f64, 5.0_f64), (5.0, 3.0), (1.0, 1.3), (1e-3, 40.0), (700.0, 2.0)] {
            let expected =
                [(y - mu).powi(2), 2.0 * (y * (y / mu).ln() - y + mu), 2.0 * ((y - mu) / mu - (y / mu).ln())];
            for (likelihood, expected) in ALL.into_iter().zip(expected) {
                let residual = likelihood.residual(y, mu);
                assert!((residual * residual / expected - 1.0).abs() < 1e-12, "{likelihood:?} {y} {mu}");
                assert_eq!(residual > 0.0, mu > y);
            }
        }
        assert_eq!(Likelihood::Poisson.residual(0.0, 8.0), 4.0);
    }

    #[test]
    fn small_departures_keep_their_digits() {
        // To first order the residual is the departure over its standard deviation.
        for likelihood in ALL {
            for t in [1e-4, 1e-8, 1e-12, -1e-8] {
                let (mu, y) = (7.0, 7.0 * (1.0 + t));
                let expected = (mu - y) / likelihood.sd(mu);
                assert!((likelihood.residual(y, mu) / expected - 1.0).abs() < t.abs(), "{likelihood:?} {t}");
            }
            // Where the series begins it agrees with the closed form.
            let [below, above] =
                [SMALL * (1.0 - 1e-9), SMALL * (1.0 + 1e-9)].map(|t| likelihood.residual(1.0 + t, 1.0));
            assert!((below / above - 1.0).abs() < 3e-9, "{likelihood:?} {below} {above}");
        }
    }

    #[test]
    fn slopes_are_those_of_central_differences() {
        for likelihood in ALL {
            for (y, mu) in [(3.0, 5.0), (5.0, 3.0), (1.0, 1.001), (0.0, 4.0), (2.0, 2.0)] {
                if !likelihood.allows(y) {
                    continue;
                }
                let h = 1e-6 * mu;
                let expected = (likelihood.residual(y, mu + h) - likelihood.residual(y, mu - h)) / (2.0 * h);
                let found = likelihood.slope(y, mu, likelihood.residual(y, mu));
                assert!((found / expected - 1.0).abs() < 1e-8, "{likelihood:?} {y} {mu}: {found} {expected}");
            }
        }
    }

    #[test]
    fn no_other_amplitude_is_more_likely() {
        let rows = [(1.0, 3.0, 0.2), (2.0, 5.0, 0.5), (0.5, 9.0, 1.0)];
        for likelihood in ALL {
            let best = likelihood.amplitude(rows.into_iter());
            let deviance = |a: f64| rows.map(|(w, y, g)| w * likelihood.residual(y, a * g).powi(2)).iter().sum::<f64>();
            assert!(
                deviance(best) < deviance(best * 1.001) && deviance(best) < deviance(best * 0.999),
                "{likelihood:?}"
            );
        }
    }
}
