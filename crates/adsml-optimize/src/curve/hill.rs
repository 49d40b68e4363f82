//! Hill curve: saturation with a threshold.

use super::{ResponseCurve, Shape, not_negative, positive};
use crate::Result;

/// A Hill curve: returns rise up to a threshold and diminish beyond it.
///
/// ```text
/// f(x) = ceiling * x^exponent / (half_spend^exponent + x^exponent)
/// ```
///
/// with `x` the spend. Half of `ceiling` (in units of response) is reached at `half_spend` (in currency). Concave for
/// `exponent <= 1`, else S-shaped with its steepest return at
///
/// ```text
/// inflection = half_spend * ((exponent - 1) / (exponent + 1))^(1 / exponent)
/// ```
///
/// Above an exponent of 10,000 the rounding of the spend alone moves the saturation, and the curve is only declared never to
/// fall. One power per evaluation.
///
/// Source: Hill (1910), "The possible effects of the aggregation of the molecules of haemoglobin on its dissociation
/// curves", J. Physiol. 40; as a curve of media response, Jin, Wang, Sun, Chan & Koehler (2017), "Bayesian methods for
/// media mix modeling with carryover and shape effects", Google.
///
/// ```
/// use adsml_optimize::{Hill, ResponseCurve};
///
/// let curve = Hill::new(900.0, 200.0, 1.5)?;
/// assert_eq!(curve.value(200.0), 450.0);
/// assert!(curve.value(1e6) < 900.0);
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Hill {
    ceiling: f64,
    half_spend: f64,
    exponent: f64,
    /// `1 / exponent`; divisions are what is slow here.
    inverse_exponent: f64,
    /// Logit of the saturation where return is steepest; `-inf` for concave curves.
    steepest: f64,
    /// Greatest marginal return.
    peak: f64,
    /// `ln(ceiling * exponent / half_spend)`.
    log_scale: f64,
}

/// Greatest exponent at which slopes still have some twelve digits.
const STEEPEST: f64 = 1e4;

impl Hill {
    /// A Hill curve.
    ///
    /// `ceiling`: response that no spend reaches, finite, at least 0. `half_spend`: spend of half the ceiling, in currency,
    /// finite and positive. `exponent`: finite and positive.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`](crate::OptimizeError::InvalidParameter) for a parameter outside its range.
    pub fn new(ceiling: f64, half_spend: f64, exponent: f64) -> Result<Self> {
        let owner = "the Hill curve";
        let mut curve = Self {
            ceiling: not_negative(owner, "ceiling", ceiling)?,
            half_spend: positive(owner, "half_spend", half_spend)?,
            exponent: positive(owner, "exponent", exponent)?,
            inverse_exponent: 1.0 / exponent,
            steepest: f64::NEG_INFINITY,
            peak: 0.0,
            log_scale: ceiling.ln() + exponent.ln() - half_spend.ln(),
        };
        if exponent > 1.0 {
            curve.steepest = ((exponent - 1.0) / (exponent + 1.0)).ln();
            let growth = 1.0 - 1.0 / exponent;
            curve.peak = (curve.log_scale + growth * curve.steepest - 2.0 * curve.steepest.exp().ln_1p()).exp();
        } else {
            curve.peak = curve.marginal(0.0);
        }
        Ok(curve)
    }

    /// Response that no spend reaches.
    pub fn ceiling(&self) -> f64 {
        self.ceiling
    }

    /// Spend at which half of the ceiling is reached.
    pub fn half_spend(&self) -> f64 {
        self.half_spend
    }

    /// How sharply returns set in.
    pub fn exponent(&self) -> f64 {
        self.exponent
    }

    /// `(half_spend / spend)^exponent`: what is missing over what is reached. `None` where nothing is reached.
    fn odds_against(&self, spend: f64) -> Option<f64> {
        let ratio = self.half_spend / spend;
        let odds = if ratio < f64::INFINITY {
            ratio.powf(self.exponent)
        } else {
            self.half_spend.powf(self.exponent) / spend.powf(self.exponent)
        };
        (spend > 0.0 && odds < f64::INFINITY).then_some(odds)
    }

    /// The spend of a saturation, given as its logit `ln(p / (1 - p)) = exponent * ln(spend / half_spend)`.
    fn spend_at(&self, logit: f64) -> f64 {
        self.half_spend * (logit * self.inverse_exponent).exp()
    }

    /// Slopes where `odds` are against, at a spend of `1 / inverse`.
    fn slopes_of(&self, odds: f64, inverse: f64) -> [f64; 2] {
        let reached = 1.0 / (1.0 + odds);
        let marginal = self.ceiling * (self.exponent * (reached * (odds * reached)) * inverse);
        let elasticity = self.exponent - 1.0 - 2.0 * self.exponent * reached;
        [marginal, marginal * (elasticity * inverse)]
    }

    fn slopes_at_zero(&self) -> [f64; 2] {
        let (initial, s) = (self.ceiling / self.half_spend, self.exponent);
        match s {
            _ if self.ceiling == 0.0 => [0.0, 0.0],
            s if s < 1.0 => [f64::INFINITY, f64::NEG_INFINITY],
            1.0 => [initial, -2.0 * initial / self.half_spend],
            s if s < 2.0 => [0.0, f64::INFINITY],
            2.0 => [0.0, 2.0 * initial / self.half_spend],
            _ => [0.0, 0.0],
        }
    }
}

impl ResponseCurve for Hill {
    fn value(&self, spend: f64) -> f64 {
        self.odds_against(spend).map_or(0.0, |odds| self.ceiling / (1.0 + odds))
    }

    fn marginal(&self, spend: f64) -> f64 {
        self.slopes(spend)[0]
    }

    fn slopes(&self, spend: f64) -> [f64; 2] {
        let inverse = 1.0 / spend;
        let odds = (self.half_spend * inverse).powf(self.exponent);
        if odds < f64::INFINITY && inverse > 0.0 && inverse < f64::INFINITY {
            return self.slopes_of(odds, inverse);
        }
        match self.odds_against(spend) {
            Some(odds) if inverse < f64::INFINITY => self.slopes_of(odds, inverse),
            _ => self.slopes_at_zero(),
        }
    }

    fn shape(&self) -> Shape {
        if self.exponent <= 1.0 {
            Shape::Concave
        } else if self.exponent > STEEPEST {
            Shape::Monotone
        } else {
            Shape::SShaped { inflection: self.spend_at(self.steepest) }
        }
    }

    /// Solves for the logarithm of the marginal as a function of the logit of saturation `l`:
    ///
    /// ```text
    /// ln f' = ln(ceiling * exponent / half_spend) + l * (1 - 1 / exponent) - 2 ln(1 + e^l)
    /// ```
    ///
    /// which is concave and soon a straight line, so that one or two steps of third order are enough from a near guess, three or
    /// four from any other.
    fn argmax_minus(&self, price: f64, [from, to]: [f64; 2], near: f64) -> f64 {
        if price <= 0.0 {
            return to;
        }
        if price >= self.peak {
            return from;
        }
        let growth = 1.0 - self.inverse_exponent;
        let target = price.ln() - self.log_scale;
        // Left of the steepest return the marginal rises, and a step would lead away.
        let floor = self.steepest.max(-700.0);
        let guess = self.exponent * (near.clamp(from, to) / self.half_spend).ln();
        let mut logit =
            if guess > floor && guess < 700.0 { guess } else { (-target / (2.0 - growth)).clamp(floor + 0.5, 700.0) };
        for _ in 0..64 {
            let odds = logit.exp();
            let reached = odds / (1.0 + odds);
            let excess = logit * growth - 2.0 * (1.0 + odds).ln() - target;
            let (first, second) = ((growth - 2.0 * reached).min(0.0), -2.0 * reached * (1.0 - reached));
            let inverse = 1.0 / first;
            let newton = -excess * inverse;
            let bend = second * inverse * newton;
            let step = if bend.abs() < 0.5 {
                // Householder's step of third order: the error is of the order of the fourth power of the step.
                let twist = bend * (1.0 - 2.0 * reached) * newton;
                newton * (1.0 + 0.5 * bend) / (1.0 + bend + twist / 6.0)
            } else {
                // The osculating parabola's root; where it has none (far to the right), the tangent's, never too far left.
                let discriminant = first * first - 2.0 * excess * second;
                2.0 * excess
                    / (if discriminant > 0.0 { discriminant.sqrt() } else { f64::MIN_POSITIVE - first } - first)
            };
            let next = (logit + step).clamp(floor, 700.0);
            let moved = (next - logit).abs();
            logit = next;
            // What is left after a step; near the steepest return it is the bend that counts.
            if moved * moved.max(bend.abs()).powi(3) <= 1e-16 {
                break;
            }
        }
        self.spend_at(logit).clamp(from, to)
    }

    fn description(&self) -> Option<String> {
        let Self { ceiling, half_spend, exponent, .. } = self;
        Some(format!("{ceiling:?} * x^{exponent:?} / ({half_spend:?}^{exponent:?} + x^{exponent:?})"))
    }

    #[cfg(feature = "serde")]
    fn spec(&self) -> Option<super::CurveSpec> {
        let Self { ceiling, half_spend, exponent, .. } = *self;
        Some(super::CurveSpec::Hill { ceiling, half_spend, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{check, maximum};

    fn curves() -> Vec<Hill> {
        [0.2, 0.7, 1.0, 1.000_001, 1.5, 2.0, 2.7, 4.0, 9.0, 60.0].map(|s| Hill::new(900.0, 200.0, s).unwrap()).to_vec()
    }

    #[test]
    fn half_of_the_ceiling_is_reached_at_the_half_spend() {
        for curve in curves() {
            assert_eq!(curve.value(200.0), 450.0);
        }
    }

    #[test]
    fn the_marginal_at_zero_depends_on_the_exponent() {
        let at_zero = |s| Hill::new(900.0, 200.0, s).unwrap().marginal(0.0);
        assert_eq!([at_zero(0.9), at_zero(1.0), at_zero(1.1)], [f64::INFINITY, 4.5, 0.0]);
    }

    #[test]
    fn keeps_the_rules_of_curves() {
        for curve in curves() {
            check::curve(&curve, 1000.0);
        }
    }

    #[test]
    fn extremes_are_numbers() {
        for s in [1e-300, 1e-3, 1.0, 2.0, 1e3, 1e300] {
            for half in [1e-300, 1.0, 1e300] {
                check::extremes(&Hill::new(900.0, half, s).unwrap());
            }
        }
        check::extremes(&Hill::new(0.0, 200.0, 0.5).unwrap());
    }

    #[test]
    fn the_maximiser_does_not_depend_on_the_guess() {
        for curve in curves() {
            let from = match curve.shape() {
                Shape::SShaped { inflection } => inflection,
                _ => 1e-9,
            };
            for part in [1e-6, 1e-3, 0.1, 0.5, 0.9, 0.999, 0.999_999] {
                let price = curve.marginal(from) * part;
                let generic = maximum::concave_argmax(&curve, price, [from, 1e9], 300.0);
                for near in [from, 1.0, 200.0, 1e4, 1e9] {
                    let spend = curve.argmax_minus(price, [from, 1e9], near);
                    // Near the inflection the marginal is flat: the spend is only known to the root of its rounding error.
                    assert!((spend - generic).abs() <= 1e-6 * generic, "{curve:?} {price} {near}: {spend}, {generic}");
                    let missed = (curve.marginal(spend) / price - 1.0).abs();
                    assert!(
                        missed < 1e-12 || spend == 1e9 || spend == from,
                        "{curve:?} {price} {near}: {spend} {missed}"
                    );
                }
            }
        }
    }
}
