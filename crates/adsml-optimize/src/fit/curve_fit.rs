//! Fitting one curve to one campaign's rows.

use super::family::CurveFamily;
use super::fitted::FittedCurve;
use super::likelihood::Likelihood;
use super::sample::Sample;
use super::search::Search;
use crate::{OptimizeError, Result};

/// How a curve is fitted to what one campaign spent and what it brought.
///
/// ```text
/// minimise  sum_i deviance(response_i, f(spend_i; theta)) / phi  +  sum_j ((ln theta_j - ln median_j) / log_sd_j)^2
/// ```
///
/// over the parameters `theta` of a [`CurveFamily`], in their logarithms: weighted least squares by default, counts and amounts by
/// another [`Likelihood`]; the second sum over parameters with a [`prior`](Self::prior). Starts come from the data: shapes on a
/// grid, each with its best amplitude in closed form, compared on means of similar spends; the best are followed by
/// Levenberg-Marquardt. Nothing is random.
///
/// Parameters stay where they can be told: spends between a tenth of the least and ten times the greatest, an amplitude up to a
/// thousand times the greatest response, exponents of the Hill curve from 0.2 to 8, of the power curve from 0.02 to 1, midpoints
/// of the logistic curve from 0.02 to 3 times the greatest spend and steepnesses from 0.5 to 100 over it.
/// [`FittedCurve::at_bounds`] says which ended there: then the rows do not tell them.
///
/// ```
/// use adsml_optimize::{CurveFamily, CurveFit, ResponseCurve};
///
/// // Daily spend and revenue, both in euros.
/// let spend = [20.0, 50.0, 80.0, 120.0, 200.0, 300.0, 450.0];
/// let revenue = [81.0, 178.0, 262.0, 330.0, 460.0, 528.0, 633.0];
/// let fitted = CurveFit::new(CurveFamily::MichaelisMenten).fit(&spend, &revenue)?;
/// println!("{fitted}");
/// assert!(fitted.converged());
/// let half_spend = fitted.parameter("half_spend").unwrap();
/// assert!((180.0..220.0).contains(&half_spend));
/// assert!(fitted.curve().marginal(100.0) > fitted.curve().marginal(400.0));
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
///
/// The curve is what goes with spend, not what spend causes: where spend follows demand, it is too steep.
///
/// Sources: More (1978) for the minimiser, see NIST's Statistical Reference Datasets for its test; Golub and Pereyra (1973), "The
/// differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate", SIAM J. Numer. Anal. 10(2),
/// for amplitudes in closed form.
#[derive(Debug, Clone, PartialEq)]
pub struct CurveFit {
    pub(super) family: CurveFamily,
    pub(super) likelihood: Likelihood,
    pub(super) dispersion: Option<f64>,
    pub(super) max_iter: usize,
    priors: Vec<Prior>,
}

#[derive(Debug, Clone, PartialEq)]
struct Prior {
    parameter: String,
    median: f64,
    log_sd: f64,
}

impl CurveFit {
    /// Least squares, without priors.
    pub fn new(family: CurveFamily) -> Self {
        Self { family, likelihood: Likelihood::default(), dispersion: None, max_iter: 200, priors: vec![] }
    }

    /// How responses scatter; default [`Likelihood::Gaussian`].
    #[must_use]
    pub fn likelihood(mut self, likelihood: Likelihood) -> Self {
        self.likelihood = likelihood;
        self
    }

    /// The dispersion `phi`: the variance of a response of weight 1, over that of the [`Likelihood`]. Finite and above 0; by
    /// default it is estimated as deviance over degrees of freedom.
    #[must_use]
    pub fn dispersion(mut self, dispersion: f64) -> Self {
        self.dispersion = Some(dispersion);
        self
    }

    /// What is known of a parameter beforehand: its logarithm is normal around that of `median`, in the parameter's own units,
    /// with the standard deviation `log_sd`. Both finite and above 0; the last prior of a parameter counts.
    #[must_use]
    pub fn prior(mut self, parameter: impl Into<String>, median: f64, log_sd: f64) -> Self {
        self.priors.push(Prior { parameter: parameter.into(), median, log_sd });
        self
    }

    /// Most iterations from one start; at least 1, default 200.
    #[must_use]
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.max_iter = max_iter;
        self
    }

    /// Fits to rows of equal weight; see [`fit_weighted`](Self::fit_weighted).
    ///
    /// # Errors
    ///
    /// Those of [`fit_weighted`](Self::fit_weighted).
    pub fn fit(&self, spend: &[f64], response: &[f64]) -> Result<FittedCurve> {
        self.fit_rows(spend, response, None)
    }

    /// Fits to one campaign's rows, in any order; the curve is [`observed`](crate::ResponseCurve::observed) at their spends.
    ///
    /// `spend`: in currency, at least 0. `response`: revenue or conversions. `sample_weight`: at least 0; a row of weight 2 counts
    /// as two, one of weight 0 not at all. `O(n_rows)` per iteration.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidParameter`] for a setting outside its range; [`OptimizeError::LengthMismatch`];
    /// [`OptimizeError::InvalidObservation`] for a number outside its range, and for a response that the likelihood rules out;
    /// [`OptimizeError::TooFewRows`] for fewer different spends above 0 than parameters without a prior, and where there are priors
    /// and no dispersion for no more rows than parameters;
    /// [`OptimizeError::ConstantSpend`] for spends above 0 with a coefficient of variation below 1 %;
    /// [`OptimizeError::NoResponse`] where every response is 0.
    pub fn fit_weighted(&self, spend: &[f64], response: &[f64], sample_weight: &[f64]) -> Result<FittedCurve> {
        self.fit_rows(spend, response, Some(sample_weight))
    }

    fn fit_rows(&self, spend: &[f64], response: &[f64], weight: Option<&[f64]>) -> Result<FittedCurve> {
        self.check()?;
        let parameters = self.family.parameters();
        let known = parameters.iter().filter(|p| self.prior_of(p.name).is_some()).count();
        let needed = (parameters.len() - known).max(1);
        let sample = Sample::new(self.likelihood, spend, response, weight, needed)?;
        // Without degrees of freedom, priors have nothing to be weighed against.
        let degrees = sample.n_rows.saturating_sub(parameters.len());
        if degrees == 0 && known > 0 && self.dispersion.is_none() {
            return Err(OptimizeError::TooFewRows { what: "rows", found: sample.n_rows, needed: parameters.len() + 1 });
        }
        let found = Search::new(self, &sample, degrees).run();
        FittedCurve::new(self.family, self.likelihood, &sample, found)
    }

    /// Median and standard deviation of the logarithm of a parameter's prior.
    pub(super) fn prior_of(&self, parameter: &str) -> Option<[f64; 2]> {
        self.priors.iter().rfind(|prior| prior.parameter == parameter).map(|prior| [prior.median, prior.log_sd])
    }

    fn check(&self) -> Result<()> {
        let owner = || format!("the {} fit", self.family.name());
        let invalid = |name, value, expected| OptimizeError::InvalidParameter { owner: owner(), name, value, expected };
        let positive = |name, value: f64| {
            if value > 0.0 && value.is_finite() {
                Ok(())
            } else {
                Err(invalid(name, format!("{value:?}"), "a finite number above 0"))
            }
        };
        for prior in &self.priors {
            if !self.family.parameter_names().any(|name| name == prior.parameter) {
                return Err(invalid("prior", format!("of `{}`", prior.parameter), "one of a parameter of the family"));
            }
            positive("median", prior.median)?;
            positive("log_sd", prior.log_sd)?;
        }
        if let Some(dispersion) = self.dispersion {
            positive("dispersion", dispersion)?;
        }
        if self.max_iter == 0 {
            return Err(invalid("max_iter", "0".to_owned(), "at least 1"));
        }
        Ok(())
    }
}
