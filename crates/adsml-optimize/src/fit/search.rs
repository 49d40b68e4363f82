//! From a sample to the parameters that minimise the objective: starts, and what becomes of them.

use super::curve_fit::CurveFit;
use super::dense::dot;
use super::family::MOST_PARAMETERS;
use super::levenberg_marquardt::{LevenbergMarquardt, Memory, Minimum, Residuals, Stopped};
use super::objective::{LogPriors, Objective};
use super::sample::Sample;

/// Bins in which good starts are looked for where there are many more rows.
const N_BINS: usize = 32;

/// Starts that are followed on the bins, and of these on all rows.
const FOLLOWED: usize = 4;
const FINISHED: usize = 2;

/// Starts whose logarithms are nearer than this to each other lead to the same minimum.
const NEAR: f64 = 0.05;

/// Estimates of the dispersion in turn with fits under priors.
const MAX_ROUNDS: usize = 100;

/// A point of the search: logarithms of the parameters, of spends and responses in shares of the greatest, and its value.
type Point = (Vec<f64>, f64);

/// The best parameters, and what is known of them.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Logarithms, of spends and responses in shares of the greatest.
    pub(super) theta: Vec<f64>,
    pub(super) at_bounds: Vec<bool>,
    /// Of responses in shares of the greatest.
    pub(super) deviance: f64,
    /// The same; `None` where it is neither given nor to be estimated.
    pub(super) dispersion: Option<f64>,
    pub(super) stopped: Stopped,
    /// Covariance of `theta`, where the rows tell all of it; zeros for parameters at bounds.
    pub(super) covariance: Option<Vec<f64>>,
}

/// The search on one sample.
pub(super) struct Search<'a> {
    settings: &'a CurveFit,
    sample: &'a Sample,
    bins: Option<Sample>,
    bounds: Vec<[f64; 2]>,
    priors: LogPriors,
    /// Rows more than parameters.
    degrees: usize,
    memory: Memory,
}

impl<'a> Search<'a> {
    pub(super) fn new(settings: &'a CurveFit, sample: &'a Sample, degrees: usize) -> Self {
        let parameters = settings.family.parameters();
        let mut priors = [None; MOST_PARAMETERS];
        for (prior, parameter) in priors.iter_mut().zip(parameters) {
            *prior = settings
                .prior_of(parameter.name)
                .map(|[median, log_sd]| [median.ln() - sample.unit(parameter.unit).ln(), log_sd]);
        }
        Self {
            settings,
            sample,
            bins: (sample.spends.len() > 2 * N_BINS).then(|| sample.binned(N_BINS)),
            bounds: parameters.iter().map(|parameter| parameter.log_bounds(sample.ln_least)).collect(),
            priors,
            degrees,
            memory: Memory::default(),
        }
    }

    /// The best parameters that any start leads to.
    pub(super) fn run(mut self) -> Found {
        let given = self.settings.dispersion.map(|phi| phi / self.sample.dispersion_unit(self.settings.likelihood));
        let has_priors = self.priors.iter().any(Option::is_some);
        // A first guess of the dispersion, where priors need one: that of the best start.
        let mut dispersion = given.unwrap_or(1.0);
        let mut starts = self.starts(dispersion);
        if has_priors && given.is_none() {
            dispersion = self.estimate(&starts[0].0);
            starts = self.starts(dispersion);
        }
        let (mut theta, mut minimum) = self.follow(starts, dispersion);
        if has_priors && given.is_none() {
            for _ in 0..MAX_ROUNDS {
                let estimate = self.estimate(&theta);
                let settled = (estimate - dispersion).abs() <= 1e-9 * dispersion || estimate == 0.0;
                dispersion = estimate;
                if settled {
                    break;
                }
                minimum = self.finish(&mut theta, dispersion);
            }
        }
        self.conclude(theta, minimum.stopped, given)
    }

    /// Deviance over degrees of freedom.
    fn estimate(&self, theta: &[f64]) -> f64 {
        self.deviance(theta) / self.degrees.max(1) as f64
    }

    fn deviance(&self, theta: &[f64]) -> f64 {
        value(&mut self.objective(self.sample, &[None; MOST_PARAMETERS], 1.0), theta) + self.sample.without_spend
    }

    fn objective<'b>(&self, sample: &'b Sample, priors: &LogPriors, dispersion: f64) -> Objective<'b> {
        Objective::new(self.settings.family, self.settings.likelihood, sample, priors, dispersion)
    }

    /// For each value of the second shape parameter on the grid the best point, the best of them first; then the priors' medians.
    fn starts(&self, dispersion: f64) -> Vec<Point> {
        let (sample, likelihood) = (self.bins.as_ref().unwrap_or(self.sample), self.settings.likelihood);
        let objective = self.objective(sample, &self.priors, dispersion);
        let [lower, upper] = self.bounds[0];
        let mut units = vec![0.0; sample.spends.len()];
        let mut starts: Vec<Point> = vec![];
        for shapes in self.settings.family.grid(self.sample.ln_least) {
            let curve = self.settings.family.unit_curve(&shapes);
            for (unit, &spend) in units.iter_mut().zip(&sample.spends) {
                *unit = curve.value(curve.inner(spend));
            }
            let amplitude =
                likelihood.amplitude(sample.rows().zip(&units).map(|((weight, y, _), &unit)| (weight, y, unit)));
            // Below 0 the logarithm is not a number, and the lower bound is the best.
            let point = [amplitude.ln().max(lower).min(upper), shapes[0], shapes[1]];
            let theta = &point[..self.bounds.len()];
            let amplitude = point[0].exp();
            let deviances = sample
                .rows()
                .zip(&units)
                .map(|((weight, y, _), unit)| weight * likelihood.residual(y, amplitude * unit).powi(2));
            let value = or_infinite(deviances.sum::<f64>() + objective.penalty(theta));
            match starts.last_mut() {
                Some((best, least)) if best.get(2) == theta.get(2) => {
                    if value < *least {
                        best.copy_from_slice(theta);
                        *least = value;
                    }
                }
                _ => starts.push((theta.to_vec(), value)),
            }
        }
        starts.sort_by(|a, b| a.1.total_cmp(&b.1));
        starts.truncate(FOLLOWED);
        if self.priors.iter().any(Option::is_some) {
            let mut theta = starts[0].0.clone();
            for (theta, prior) in theta.iter_mut().zip(self.priors) {
                *theta = prior.map_or(*theta, |[mean, _]| mean);
            }
            starts.push((theta, f64::INFINITY));
        }
        starts
    }

    /// Follows starts for a while, on bins where there are some, and the most promising to the end, on all rows.
    fn follow(&mut self, starts: Vec<Point>, dispersion: f64) -> (Vec<f64>, Minimum) {
        let rough = LevenbergMarquardt { max_iter: 30, reduction_tol: 1e-5, step_tol: 1e-4, gradient_tol: 1e-6 };
        let mut reached: Vec<Point> = vec![];
        for (mut theta, _) in starts {
            let sample = self.bins.as_ref().unwrap_or(self.sample);
            let mut objective =
                Objective::new(self.settings.family, self.settings.likelihood, sample, &self.priors, dispersion);
            let minimum = rough.minimize(&mut objective, &mut theta, &self.bounds, &mut self.memory);
            reached.push((theta, minimum.sum_of_squares));
        }
        reached.sort_by(|a, b| a.1.total_cmp(&b.1));
        let mut finished: Vec<Vec<f64>> = vec![];
        let mut best: Option<(Vec<f64>, Minimum)> = None;
        for (mut theta, _) in reached {
            let near = |other: &Vec<f64>| other.iter().zip(&theta).all(|(a, b)| (a - b).abs() < NEAR);
            if finished.len() == FINISHED || finished.iter().any(near) {
                continue;
            }
            finished.push(theta.clone());
            let minimum = self.finish(&mut theta, dispersion);
            let sum = minimum.sum_of_squares;
            if best.as_ref().is_none_or(|(_, least)| least.sum_of_squares.is_nan() || sum < least.sum_of_squares) {
                best = Some((theta, minimum));
            }
        }
        best.expect("there is a start, and the first is finished")
    }

    /// Follows a start to the end, on all rows.
    fn finish(&mut self, theta: &mut [f64], dispersion: f64) -> Minimum {
        let fine = LevenbergMarquardt {
            max_iter: self.settings.max_iter,
            reduction_tol: 1e-12,
            step_tol: 1e-10,
            gradient_tol: 1e-12,
        };
        let mut objective = self.objective(self.sample, &self.priors, dispersion);
        fine.minimize(&mut objective, theta, &self.bounds, &mut self.memory)
    }

    fn conclude(mut self, theta: Vec<f64>, stopped: Stopped, given: Option<f64>) -> Found {
        let deviance = self.deviance(&theta);
        let dispersion = given.or((self.degrees > 0).then(|| deviance / self.degrees as f64));
        let covariance = dispersion.and_then(|phi| {
            let mut objective = self.objective(self.sample, &self.priors, phi).expecting();
            self.memory.linearise_at(&mut objective, &theta).then_some(())?;
            let inverse = self.memory.inverse_normal(&theta, &self.bounds)?;
            Some(inverse.iter().map(|x| phi * x).collect())
        });
        let at_bounds = theta.iter().zip(&self.bounds).map(|(theta, bounds)| bounds.contains(theta)).collect();
        Found { theta, at_bounds, deviance, dispersion, stopped, covariance }
    }
}

/// The sum of squares at `theta`; infinite where it is not a number.
fn value(objective: &mut Objective<'_>, theta: &[f64]) -> f64 {
    let mut residuals = vec![0.0; objective.shape().0];
    objective.residuals(theta, &mut residuals);
    or_infinite(dot(&residuals, &residuals))
}

/// What is not a number is as bad as can be.
fn or_infinite(value: f64) -> f64 {
    if value.is_nan() { f64::INFINITY } else { value }
}
