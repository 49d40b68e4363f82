//! Curves as text: what a configuration file or a request says about them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    Hill, Logarithmic, Logistic, MichaelisMenten, NegativeExponential, PiecewiseLinear, Power, ResponseCurve,
    ResponseUnit, Steps, Sum,
};
use crate::{OptimizeError, Result};

/// How deep curves may be nested: sums of scaled sums, and so on.
const MAX_DEPTH: usize = 16;

/// A built-in curve as plain data, not yet checked.
///
/// In JSON an object whose `type` is the kind, in snake case, beside the parameters of the constructor:
///
/// ```
/// use adsml_optimize::{CurveSpec, ResponseCurve};
///
/// let text = r#"{"type": "hill", "ceiling": 900, "half_spend": 200, "exponent": 1.5}"#;
/// let spec: CurveSpec = serde_json::from_str(text)?;
/// assert_eq!(spec.build()?.value(200.0), 450.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [`ResponseCurve::spec`] is the way back; both ways keep every bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum CurveSpec {
    /// A [`Hill`] curve.
    Hill {
        /// Response that no spend reaches.
        ceiling: f64,
        /// Spend of half the ceiling.
        half_spend: f64,
        /// How sharply returns set in.
        exponent: f64,
    },
    /// A [`MichaelisMenten`] curve.
    MichaelisMenten {
        /// Response that no spend reaches.
        ceiling: f64,
        /// Spend of half the ceiling.
        half_spend: f64,
    },
    /// A [`NegativeExponential`] curve.
    NegativeExponential {
        /// Response that no spend reaches.
        ceiling: f64,
        /// Spend that wins 63 % of what is left.
        scale: f64,
    },
    /// A [`Logarithmic`] curve.
    Logarithmic {
        /// Response per unit of the logarithm.
        slope: f64,
        /// Spend at which returns flatten.
        scale: f64,
    },
    /// A [`Power`] curve.
    Power {
        /// Response at a spend of `scale`.
        coefficient: f64,
        /// Spend that buys `coefficient`.
        scale: f64,
        /// The elasticity of response.
        exponent: f64,
    },
    /// A [`Logistic`] curve.
    Logistic {
        /// Response of the whole S.
        ceiling: f64,
        /// Spend of steepest return.
        midpoint: f64,
        /// How sharply returns set in, per unit of currency.
        steepness: f64,
    },
    /// A [`PiecewiseLinear`] curve.
    PiecewiseLinear {
        /// `[spend, response]`, in order of spend.
        points: Vec<(f64, f64)>,
    },
    /// A [`Steps`] curve.
    Steps {
        /// `[spend, response from there on]`, in order of spend.
        steps: Vec<(f64, f64)>,
    },
    /// A [`Scaled`](crate::Scaled) curve.
    Scaled {
        /// The curve.
        curve: Box<CurveSpec>,
        /// Factor of the response; 1 where left out.
        #[serde(default = "one")]
        value_factor: f64,
        /// Factor of the spend; 1 where left out.
        #[serde(default = "one")]
        spend_factor: f64,
    },
    /// A [`Sum`] of curves.
    Sum {
        /// The parts.
        curves: Vec<CurveSpec>,
    },
    /// A curve with what is known of its observation: [`Observed`](crate::Observed).
    Observed {
        /// The curve.
        curve: Box<CurveSpec>,
        /// Spends at which it was observed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        support: Option<[f64; 2]>,
        /// What its response is counted in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unit: Option<ResponseUnit>,
    },
}

fn one() -> f64 {
    1.0
}

impl CurveSpec {
    /// The curve.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`] for a parameter outside its range, or curves nested more than 16 deep.
    pub fn build(&self) -> Result<Arc<dyn ResponseCurve>> {
        self.build_at(1)
    }

    fn build_at(&self, depth: usize) -> Result<Arc<dyn ResponseCurve>> {
        if depth > MAX_DEPTH {
            return Err(OptimizeError::InvalidParameter {
                owner: "the curve specification".to_owned(),
                name: "depth",
                value: format!("more than {MAX_DEPTH}"),
                expected: "curves nested at most 16 deep",
            });
        }
        Ok(match self {
            Self::Hill { ceiling, half_spend, exponent } => Arc::new(Hill::new(*ceiling, *half_spend, *exponent)?),
            Self::MichaelisMenten { ceiling, half_spend } => Arc::new(MichaelisMenten::new(*ceiling, *half_spend)?),
            Self::NegativeExponential { ceiling, scale } => Arc::new(NegativeExponential::new(*ceiling, *scale)?),
            Self::Logarithmic { slope, scale } => Arc::new(Logarithmic::new(*slope, *scale)?),
            Self::Power { coefficient, scale, exponent } => Arc::new(Power::new(*coefficient, *scale, *exponent)?),
            Self::Logistic { ceiling, midpoint, steepness } => {
                Arc::new(Logistic::new(*ceiling, *midpoint, *steepness)?)
            }
            Self::PiecewiseLinear { points } => Arc::new(PiecewiseLinear::new(points.iter().copied())?),
            Self::Steps { steps } => Arc::new(Steps::new(steps.iter().copied())?),
            Self::Scaled { curve, value_factor, spend_factor } => {
                Arc::new(curve.build_at(depth + 1)?.scaled(*value_factor, *spend_factor)?)
            }
            Self::Sum { curves } => {
                let parts: Result<Vec<_>> = curves.iter().map(|curve| curve.build_at(depth + 1)).collect();
                Arc::new(Sum::new(parts?)?)
            }
            Self::Observed { curve, support, unit } => {
                let support = support.map(super::combine::check_support).transpose()?;
                Arc::new(super::Observed { curve: curve.build_at(depth + 1)?, support, unit: *unit })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: &str = r#"{"type": "sum", "curves": [
        {"type": "hill", "ceiling": 900, "half_spend": 200, "exponent": 1.5},
        {"type": "michaelis_menten", "ceiling": 0.1, "half_spend": 200},
        {"type": "negative_exponential", "ceiling": 900, "scale": 1e-7},
        {"type": "logarithmic", "slope": 900, "scale": 200},
        {"type": "power", "coefficient": 3, "scale": 200, "exponent": 0.3333333333333333},
        {"type": "logistic", "ceiling": 900, "midpoint": 200, "steepness": 0.01},
        {"type": "piecewise_linear", "points": [[0, 0], [10, 5.5]]},
        {"type": "steps", "steps": [[0.1, 2], [10, 5.5]]},
        {"type": "scaled", "spend_factor": 7, "curve":
            {"type": "observed", "unit": "revenue", "support": [0, 70], "curve":
                {"type": "logarithmic", "slope": 1, "scale": 2}}}
    ]}"#;

    #[test]
    fn every_kind_survives_text_and_back() {
        let spec: CurveSpec = serde_json::from_str(ALL).unwrap();
        let curve = spec.build().unwrap();
        assert_eq!((curve.unit(), curve.support()), (ResponseUnit::Revenue, Some([0.0, 10.0])));
        let back = curve.spec().unwrap();
        assert_eq!(back, spec);
        let again: CurveSpec = serde_json::from_str(&serde_json::to_string(&back).unwrap()).unwrap();
        assert_eq!(again, spec);
        assert_eq!(again.build().unwrap().description(), curve.description());
    }

    #[test]
    fn unknown_words_are_refused() {
        let typo = r#"{"type": "hill", "ceiling": 900, "half_spend": 200, "exponent": 1.5, "slope": 3}"#;
        assert!(serde_json::from_str::<CurveSpec>(typo).is_err());
        assert!(serde_json::from_str::<CurveSpec>(r#"{"type": "hil", "ceiling": 900}"#).is_err());
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let nested = |depth| {
            let inner = CurveSpec::Logarithmic { slope: 1.0, scale: 2.0 };
            (1..depth).fold(inner, |curve, _| CurveSpec::Sum { curves: vec![curve] })
        };
        assert!(nested(16).build().is_ok());
        let error = nested(17).build().unwrap_err();
        assert_eq!(
            error.to_string(),
            "parameter `depth` of the curve specification is more than 16, expected curves nested at most 16 deep"
        );
    }
}
