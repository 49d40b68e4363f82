//! Families of curves that can be fitted, in the logarithms of their parameters.

use std::sync::Arc;

use crate::{Hill, Logarithmic, Logistic, MichaelisMenten, NegativeExponential, Power, ResponseCurve, Result};

/// Most parameters of a family.
pub(super) const MOST_PARAMETERS: usize = 3;

/// A family of curves that [`CurveFit`](crate::CurveFit) fits.
///
/// Curves that campaigns of an account share are of a [`Family`](crate::Family) instead; here a campaign stands alone.
///
/// Every one is an amplitude times a function of the spend `x` with one or two shape parameters:
///
/// | Family | Formula | Parameters |
/// |---|---|---|
/// | [`Hill`] | `ceiling * x^exponent / (half_spend^exponent + x^exponent)` | `ceiling`, `half_spend`, `exponent` |
/// | [`MichaelisMenten`] | `ceiling * x / (half_spend + x)` | `ceiling`, `half_spend` |
/// | [`NegativeExponential`] | `ceiling * (1 - exp(-x / scale))` | `ceiling`, `scale` |
/// | [`Logarithmic`] | `slope * ln(1 + x / scale)` | `slope`, `scale` |
/// | [`Power`] | `coefficient * (x / greatest spend)^exponent` | `coefficient`, `exponent` |
/// | [`Logistic`] | `ceiling * (sigma(steepness * (x - midpoint)) - sigma(-steepness * midpoint))` | `ceiling`, `midpoint`, `steepness` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum CurveFamily {
    /// Concave, or S-shaped with a threshold.
    Hill,
    /// Concave, with a ceiling that is approached slowly.
    MichaelisMenten,
    /// Concave, with a ceiling that is approached quickly.
    NegativeExponential,
    /// Concave, without a ceiling.
    Logarithmic,
    /// Concave, without a ceiling, of the same elasticity everywhere.
    Power,
    /// S-shaped.
    Logistic,
}

/// What a parameter is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Response,
    Spend,
    PerSpend,
    None,
}

/// A parameter: its name, its unit, and its bounds where spends and responses are counted in shares of the greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    /// Least and greatest value; the least is a share of the least spend where `Parameter::from_least` says so.
    bounds: [f64; 2],
    from_least: bool,
}

impl Parameter {
    const fn new(name: &'static str, unit: Unit, bounds: [f64; 2]) -> Self {
        Self { name, unit, bounds, from_least: false }
    }

    /// A spend: between a tenth of the least and ten times the greatest.
    const fn spend(name: &'static str) -> Self {
        Self { name, unit: Unit::Spend, bounds: [0.1, 10.0], from_least: true }
    }

    /// Bounds of the logarithm, where the least spend has the logarithm `ln_least`.
    pub(super) fn log_bounds(&self, ln_least: f64) -> [f64; 2] {
        let [lower, upper] = self.bounds.map(f64::ln);
        [if self.from_least { lower + ln_least } else { lower }, upper]
    }
}

/// Up to a thousand times the greatest response: what lies beyond is no ceiling but a slope.
const fn amplitude(name: &'static str) -> Parameter {
    Parameter::new(name, Unit::Response, [1e-6, 1e3])
}

const HILL: &[Parameter] =
    &[amplitude("ceiling"), Parameter::spend("half_spend"), Parameter::new("exponent", Unit::None, [0.2, 8.0])];
const MICHAELIS_MENTEN: &[Parameter] = &[amplitude("ceiling"), Parameter::spend("half_spend")];
const NEGATIVE_EXPONENTIAL: &[Parameter] = &[amplitude("ceiling"), Parameter::spend("scale")];
const LOGARITHMIC: &[Parameter] = &[amplitude("slope"), Parameter::spend("scale")];
const POWER: &[Parameter] = &[amplitude("coefficient"), Parameter::new("exponent", Unit::None, [0.02, 1.0])];
const LOGISTIC: &[Parameter] = &[
    amplitude("ceiling"),
    Parameter::new("midpoint", Unit::Spend, [0.02, 3.0]),
    Parameter::new("steepness", Unit::PerSpend, [0.5, 100.0]),
];

impl CurveFamily {
    /// Every family.
    pub const ALL: [Self; 6] =
        [Self::Hill, Self::MichaelisMenten, Self::NegativeExponential, Self::Logarithmic, Self::Power, Self::Logistic];

    /// Its name, in words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hill => "Hill",
            Self::MichaelisMenten => "Michaelis-Menten",
            Self::NegativeExponential => "negative exponential",
            Self::Logarithmic => "logarithmic",
            Self::Power => "power",
            Self::Logistic => "logistic",
        }
    }

    /// Names of its parameters, the amplitude first.
    pub fn parameter_names(self) -> impl ExactSizeIterator<Item = &'static str> {
        self.parameters().iter().map(|parameter| parameter.name)
    }

    pub(super) const fn parameters(self) -> &'static [Parameter] {
        match self {
            Self::Hill => HILL,
            Self::MichaelisMenten => MICHAELIS_MENTEN,
            Self::NegativeExponential => NEGATIVE_EXPONENTIAL,
            Self::Logarithmic => LOGARITHMIC,
            Self::Power => POWER,
            Self::Logistic => LOGISTIC,
        }
    }

    /// Values of the shape parameters from which good starts are chosen, for spends between `exp(ln_least)` and 1; logarithms.
    pub(super) fn grid(self, ln_least: f64) -> Vec<[f64; MOST_PARAMETERS - 1]> {
        // From the middle of the least spends to beyond the greatest.
        let spends = |n: usize| {
            let from = ln_least.max(-5.0);
            (0..n).map(move |i| from + (1.2 - from) * (i as f64 + 0.5) / n as f64)
        };
        match self {
            Self::Hill => [0.6_f64, 1.0, 1.8, 3.5, 6.5]
                .into_iter()
                .flat_map(|exponent| spends(8).map(move |spend| [spend, exponent.ln()]))
                .collect(),
            Self::MichaelisMenten | Self::NegativeExponential | Self::Logarithmic => {
                spends(8).map(|spend| [spend, 0.0]).collect()
            }
            Self::Power => [0.1_f64, 0.25, 0.5, 0.8].into_iter().map(|exponent| [exponent.ln(), 0.0]).collect(),
            Self::Logistic => [2.0_f64, 5.0, 12.0, 30.0]
                .into_iter()
                .flat_map(|steepness| {
                    [0.05_f64, 0.15, 0.3, 0.5, 0.7, 0.9, 1.3].map(|midpoint| [midpoint.ln(), steepness.ln()])
                })
                .collect(),
        }
    }

    /// The curve of an amplitude of 1, from the logarithms of its shape parameters.
    pub(super) fn unit_curve(self, shapes: &[f64]) -> UnitCurve {
        match self {
            Self::Hill => UnitCurve::Saturation { ln_half: shapes[0], exponent: shapes[1].exp() },
            Self::MichaelisMenten => UnitCurve::Saturation { ln_half: shapes[0], exponent: 1.0 },
            Self::NegativeExponential => UnitCurve::NegativeExponential { rate: (-shapes[0]).exp() },
            Self::Logarithmic => UnitCurve::Logarithmic { rate: (-shapes[0]).exp() },
            Self::Power => UnitCurve::Power { exponent: shapes[0].exp() },
            Self::Logistic => {
                let (midpoint, steepness) = (shapes[0].exp(), shapes[1].exp());
                UnitCurve::Logistic { midpoint, steepness, start: sigma(-steepness * midpoint) }
            }
        }
    }

    /// The curve of some parameters, observed between two spends; the power curve counts in the greater one.
    pub(super) fn curve(self, parameters: &[f64], support: [f64; 2]) -> Result<Arc<dyn ResponseCurve>> {
        let [amplitude, first] = [parameters[0], parameters[1]];
        Ok(match self {
            Self::Hill => Arc::new(Hill::new(amplitude, first, parameters[2])?.observed(support)?),
            Self::MichaelisMenten => Arc::new(MichaelisMenten::new(amplitude, first)?.observed(support)?),
            Self::NegativeExponential => Arc::new(NegativeExponential::new(amplitude, first)?.observed(support)?),
            Self::Logarithmic => Arc::new(Logarithmic::new(amplitude, first)?.observed(support)?),
            Self::Power => Arc::new(Power::new(amplitude, support[1], first)?.observed(support)?),
            Self::Logistic => Arc::new(Logistic::new(amplitude, first, parameters[2])?.observed(support)?),
        })
    }
}

/// A spend above 0, as a share of the greatest, with its logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spend {
    pub(super) share: f64,
    pub(super) ln: f64,
}

impl Spend {
    pub(super) fn new(share: f64) -> Self {
        Self { share, ln: share.ln() }
    }
}

/// A curve of an amplitude of 1.
///
/// Evaluated in two parts: what costs an exponential is [`inner`](Self::inner), and value and slopes follow from it.
#[derive(Debug, Clone, Copy)]
pub(super) enum UnitCurve {
    Saturation { ln_half: f64, exponent: f64 },
    NegativeExponential { rate: f64 },
    Logarithmic { rate: f64 },
    Power { exponent: f64 },
    Logistic { midpoint: f64, steepness: f64, start: f64 },
}

impl UnitCurve {
    /// The part of the value that depends on the spend.
    #[inline]
    pub(super) fn inner(&self, at: Spend) -> f64 {
        match *self {
            Self::Saturation { ln_half, exponent } => sigma(exponent * (at.ln - ln_half)),
            Self::NegativeExponential { rate } => -(-rate * at.share).exp_m1(),
            Self::Logarithmic { rate } => (rate * at.share).ln_1p(),
            Self::Power { exponent } => (exponent * at.ln).exp(),
            Self::Logistic { midpoint, steepness, .. } => sigma(steepness * (at.share - midpoint)),
        }
    }

    /// The value, from its inner part.
    #[inline]
    pub(super) fn value(&self, inner: f64) -> f64 {
        match *self {
            Self::Logistic { start, .. } => inner - start,
            _ => inner,
        }
    }

    /// Derivatives by the logarithms of the shape parameters, from the inner part.
    #[inline]
    pub(super) fn slopes(&self, at: Spend, inner: f64) -> [f64; MOST_PARAMETERS - 1] {
        match *self {
            Self::Saturation { ln_half, exponent } => {
                let slope = exponent * inner * (1.0 - inner);
                [-slope, slope * (at.ln - ln_half)]
            }
            Self::NegativeExponential { rate } => [-rate * at.share * (1.0 - inner), 0.0],
            Self::Logarithmic { rate } => {
                let share = rate * at.share;
                [-share / (1.0 + share), 0.0]
            }
            Self::Power { exponent } => [inner * exponent * at.ln, 0.0],
            Self::Logistic { midpoint, steepness, start } => {
                let [here, there] = [inner * (1.0 - inner), start * (1.0 - start)];
                [steepness * midpoint * (there - here), steepness * (here * (at.share - midpoint) + there * midpoint)]
            }
        }
    }
}

fn sigma(z: f64) -> f64 {
    1.0 / (1.0 + (-z).exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LN_LEAST: f64 = -4.0;

    #[test]
    fn unit_curves_are_the_curves_they_stand_for() {
        for family in CurveFamily::ALL {
            for shapes in family.grid(LN_LEAST) {
                let unit = family.unit_curve(&shapes);
                let parameters = [700.0, shapes[0].exp(), shapes[1].exp()];
                let curve = family.curve(&parameters, [0.0, 1.0]).unwrap();
                for share in [1e-9, 1e-3, 0.1, 0.5, 1.0] {
                    let (found, expected) = (700.0 * unit.value(unit.inner(Spend::new(share))), curve.value(share));
                    // The curve's own value near 0 keeps more digits than the difference of two sigmas.
                    assert!((found - expected).abs() <= 1e-12 * expected + 1e-12, "{family:?} {shapes:?} {share}");
                }
            }
        }
    }

    #[test]
    fn slopes_are_those_of_central_differences() {
        const STEP: f64 = 1e-5;
        for family in CurveFamily::ALL {
            for shapes in family.grid(LN_LEAST) {
                for k in 0..family.parameters().len() - 1 {
                    let at = |by: f64, share: f64| {
                        let mut moved = shapes;
                        moved[k] += by;
                        let unit = family.unit_curve(&moved);
                        unit.value(unit.inner(Spend::new(share)))
                    };
                    for share in [1e-3, 0.1, 0.5, 1.0] {
                        let unit = family.unit_curve(&shapes);
                        let found = unit.slopes(Spend::new(share), unit.inner(Spend::new(share)))[k];
                        let expected = (at(STEP, share) - at(-STEP, share)) / (2.0 * STEP);
                        // Truncation: the step's square times a third derivative of up to some thousands, by the steepest.
                        assert!(
                            (found - expected).abs() < 1e-6,
                            "{family:?} {shapes:?} {k} {share}: {found} {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn grids_lie_within_bounds() {
        for family in CurveFamily::ALL {
            for shapes in family.grid(LN_LEAST) {
                for (parameter, value) in family.parameters()[1..].iter().zip(shapes) {
                    let [lower, upper] = parameter.log_bounds(LN_LEAST);
                    assert!(lower <= value && value <= upper, "{family:?} {parameter:?} {value}");
                }
            }
        }
    }
}
