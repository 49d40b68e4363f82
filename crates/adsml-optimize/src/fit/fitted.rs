//! A fitted curve and how well it is known.

use std::fmt;
use std::sync::Arc;

use super::family::CurveFamily;
use super::levenberg_marquardt::Stopped;
use super::likelihood::Likelihood;
use super::sample::Sample;
use super::search::Found;
use crate::{ResponseCurve, Result};

/// A curve fitted by [`CurveFit`](crate::CurveFit), and how well the rows tell it.
#[derive(Debug, Clone)]
pub struct FittedCurve {
    family: CurveFamily,
    curve: Arc<dyn ResponseCurve>,
    parameters: Vec<f64>,
    at_bounds: Vec<bool>,
    log_covariance: Option<Vec<f64>>,
    deviance: f64,
    dispersion: Option<f64>,
    n_samples: usize,
    stopped: Stopped,
}

impl FittedCurve {
    pub(super) fn new(family: CurveFamily, likelihood: Likelihood, sample: &Sample, found: Found) -> Result<Self> {
        let parameters: Vec<f64> = family
            .parameters()
            .iter()
            .zip(&found.theta)
            .map(|(parameter, theta)| theta.exp() * sample.unit(parameter.unit))
            .collect();
        let [from, to] = sample.support;
        let unit = sample.dispersion_unit(likelihood);
        Ok(Self {
            family,
            curve: family.curve(&parameters, [from, to])?,
            parameters,
            at_bounds: found.at_bounds,
            log_covariance: found.covariance,
            deviance: found.deviance * unit,
            dispersion: found.dispersion.map(|phi| phi * unit),
            n_samples: sample.n_rows,
            stopped: found.stopped,
        })
    }

    /// The family it is of.
    pub fn family(&self) -> CurveFamily {
        self.family
    }

    /// The curve, observed at the spends it was fitted to.
    pub fn curve(&self) -> &Arc<dyn ResponseCurve> {
        &self.curve
    }

    /// Its parameters, as [`CurveFamily::parameter_names`] lists them.
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// A parameter by its name; `None` if the family has none of this name.
    pub fn parameter(&self, name: &str) -> Option<f64> {
        self.family.parameter_names().zip(&self.parameters).find_map(|(of, &value)| (of == name).then_some(value))
    }

    /// Standard errors of the parameters, in their units: to first order, from the covariance of their logarithms.
    ///
    /// Those at bounds have none, and the others' are what they are where these stay there. `None` for all where the rows do not tell parameters apart,
    /// or the dispersion is not known.
    pub fn standard_errors(&self) -> Vec<Option<f64>> {
        let n = self.parameters.len();
        let variance = |j: usize| self.log_covariance.as_ref().map(|covariance| covariance[j * (n + 1)]);
        (0..n)
            .map(|j| variance(j).filter(|_| !self.at_bounds[j]).map(|variance| self.parameters[j] * variance.sqrt()))
            .collect()
    }

    /// Covariance of the logarithms of the parameters, `(n_parameters, n_parameters)` row by row; zeros for those at bounds.
    ///
    /// The dispersion times the inverse of the expected information, priors included: what a Laplace approximation draws
    /// parameters from. `None` where the rows do not tell parameters apart, or the dispersion is not known.
    pub fn log_covariance(&self) -> Option<&[f64]> {
        self.log_covariance.as_deref()
    }

    /// Deviance of the rows; of the Gaussian likelihood the weighted sum of squared residuals.
    pub fn deviance(&self) -> f64 {
        self.deviance
    }

    /// Variance of a response of weight 1 over that of the likelihood: as given, or deviance over degrees of freedom.
    ///
    /// `None` where it was not given and there are no more rows than parameters.
    pub fn dispersion(&self) -> Option<f64> {
        self.dispersion
    }

    /// Rows of a weight above 0.
    pub fn n_samples(&self) -> usize {
        self.n_samples
    }

    /// Names of the parameters that ended at a bound: these the rows do not tell.
    pub fn at_bounds(&self) -> Vec<&'static str> {
        self.family.parameter_names().zip(&self.at_bounds).filter_map(|(name, &at)| at.then_some(name)).collect()
    }

    /// Whether the search ended at a minimum, as far as can be told.
    pub fn converged(&self) -> bool {
        self.stopped.converged()
    }

    /// Why the search ended, in words.
    pub fn stopped(&self) -> &'static str {
        match self.stopped {
            Stopped::Gradient => "the gradient vanishes",
            Stopped::Reduction => "nothing is left to gain",
            Stopped::Step => "only steps too short to matter gain",
            Stopped::MaxIter => "as many iterations as were allowed",
            Stopped::NotFinite => "the objective is not a number at any start",
        }
    }
}

/// A line for the fit, and one per parameter.
impl fmt::Display for FittedCurve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (family, n) = (self.family.name(), self.n_samples);
        writeln!(f, "{family} curve from {n} rows: deviance {}; {}", figure(self.deviance), self.stopped())?;
        for (j, (name, error)) in self.family.parameter_names().zip(self.standard_errors()).enumerate() {
            write!(f, "  {name:<12} {:>16}", figure(self.parameters[j]))?;
            match error {
                Some(error) => writeln!(f, " +- {}", figure(error))?,
                None if self.at_bounds[j] => writeln!(f, " at its bound")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

/// With as many decimals as most amounts need; in powers of ten where these say too little.
fn figure(value: f64) -> String {
    if value == 0.0 || (1e-2..1e9).contains(&value.abs()) { format!("{value:.6}") } else { format!("{value:.6e}") }
}
