//! The most plausible curve of one campaign.

use super::family::{Family, MOST_SHAPES, Share};
use super::noise::{Filter, Noise};
use super::series::Series;
use crate::cholesky::Cholesky;

/// Most parameters of a campaign: level, shapes, baseline.
pub(super) const MOST: usize = 2 + MOST_SHAPES;

/// Parameters of a campaign: the logarithm of the level, the family's shapes, and where one is fitted the logarithm of the baseline
/// over the typical response.
pub(super) type Theta = [f64; MOST];

/// A baseline is expected to be about half of the typical response, give or take a factor of four.
const BASELINE_PRIOR: (f64, f64) = (-0.7, 1.4);

/// Responses below this share of the typical one scatter as if they were so large.
const LEAST_MEAN: f64 = 1e-6;

/// What is believed of a campaign before its rows are seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Belief {
    /// Mean and standard deviation of the logarithm of the return on a typical spend.
    pub(super) log_return: (f64, f64),
    /// The same of the elasticity at a typical spend, where siblings say something.
    pub(super) elasticity: Option<(f64, f64)>,
}

impl Default for Belief {
    /// Nothing.
    fn default() -> Self {
        Self { log_return: (0.0, f64::INFINITY), elasticity: None }
    }
}

/// What the mode minimises: squared whitened residuals and squared departures from beliefs.
pub(super) struct Target<'a> {
    pub(super) series: &'a Series,
    pub(super) family: Family,
    pub(super) belief: &'a Belief,
    /// Only so many rows, from the first.
    pub(super) n_rows: usize,
    /// Expected responses that the scatter goes by.
    mean: Vec<f64>,
    filter: Filter,
}

/// Residuals and derivatives at a point, beliefs included.
#[derive(Debug, Clone, Default)]
pub(super) struct Linear {
    /// Whitened, of the rows only.
    pub(super) residuals: Vec<f64>,
    /// Their derivatives, negative: a column per parameter.
    pub(super) columns: Vec<Vec<f64>>,
    /// `J^T J`, rows, lift tests and beliefs together.
    pub(super) hessian: Vec<f64>,
    /// Minus half the gradient.
    descent: Vec<f64>,
    value: f64,
}

/// A mode, and how sharp it is.
#[derive(Debug, Clone)]
pub(super) struct Mode {
    pub(super) family: Family,
    pub(super) theta: Theta,
    /// Expected responses of all rows.
    pub(super) mean: Vec<f64>,
    /// Precision of the parameters.
    pub(super) hessian: Vec<f64>,
}

impl<'a> Target<'a> {
    fn new(
        series: &'a Series,
        family: Family,
        belief: &'a Belief,
        n_rows: usize,
        noise: &Noise,
        theta: &Theta,
    ) -> Self {
        let mean = expected(series, family, theta);
        let filter = Filter::new(noise, &series.periods[..n_rows], &mean[..n_rows]);
        Self { series, family, belief, n_rows, mean, filter }
    }

    /// The target around a mode.
    pub(super) fn at(series: &'a Series, mode: &Mode, belief: &'a Belief, noise: &Noise) -> Self {
        Self::new(series, mode.family, belief, series.len(), noise, &mode.theta)
    }

    pub(super) fn n_parameters(&self) -> usize {
        1 + self.family.n_shapes() + usize::from(self.series.baseline)
    }

    /// Twice the negative logarithm of the posterior density, but for a constant.
    pub(super) fn value(&self, theta: &Theta, residuals: &mut Vec<f64>) -> f64 {
        let (series, unit) = (self.series, self.family.unit(&theta[1..]));
        let (level, baseline) = (theta[0].exp(), self.baseline(theta));
        residuals.clear();
        residuals.extend((0..self.n_rows).map(|row| {
            let mean = series.factor[row] * (level * unit.value(series.shares[row]) + baseline);
            (series.response[row] - mean) / self.mean[row]
        }));
        self.filter.whiten(residuals);
        let rows: f64 = residuals.iter().map(|r| r * r).sum();
        let beliefs: f64 = self.beliefs(theta).iter().map(|(r, _)| r * r).sum();
        rows + beliefs
    }

    /// Residuals, derivatives and what follows from them.
    pub(super) fn linearise(&self, theta: &Theta) -> Linear {
        let (series, n) = (self.series, self.n_parameters());
        let unit = self.family.unit(&theta[1..]);
        let (level, baseline, n_shapes) = (theta[0].exp(), self.baseline(theta), self.family.n_shapes());
        let mut linear = Linear {
            residuals: Vec::with_capacity(self.n_rows),
            columns: vec![Vec::with_capacity(self.n_rows); n],
            hessian: vec![0.0; n * n],
            descent: vec![0.0; n],
            value: 0.0,
        };
        for row in 0..self.n_rows {
            let (g, by_shape) = unit.gradient(series.shares[row]);
            let relative = series.factor[row] / self.mean[row];
            linear.residuals.push(series.response[row] / self.mean[row] - relative * (level * g + baseline));
            linear.columns[0].push(relative * level * g);
            for (column, slope) in linear.columns[1..].iter_mut().zip(&by_shape[..n_shapes]) {
                column.push(relative * level * slope);
            }
            if series.baseline {
                linear.columns[n - 1].push(relative * baseline);
            }
        }
        self.filter.whiten(&mut linear.residuals);
        linear.columns.iter_mut().for_each(|column| self.filter.whiten(column));
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        for i in 0..n {
            linear.descent[i] = dot(&linear.columns[i], &linear.residuals);
            for j in 0..n {
                linear.hessian[i * n + j] = dot(&linear.columns[i], &linear.columns[j]);
            }
        }
        linear.value = dot(&linear.residuals, &linear.residuals);
        for (residual, slopes) in self.beliefs(theta) {
            linear.value += residual * residual;
            for i in 0..n {
                linear.descent[i] -= slopes[i] * residual;
                for j in 0..n {
                    linear.hessian[i * n + j] += slopes[i] * slopes[j];
                }
            }
        }
        linear
    }

    /// Derivatives of the whitened residuals by effects of the context, negative, in columns.
    pub(super) fn effect_columns(&self, theta: &Theta, n_effects: usize) -> Vec<Vec<f64>> {
        let expected = expected(self.series, self.family, theta);
        (0..n_effects)
            .map(|effect| {
                let derivative = |row: usize| self.series.design[row][effect] * expected[row] / self.mean[row];
                let mut column: Vec<f64> = (0..self.n_rows).map(derivative).collect();
                self.filter.whiten(&mut column);
                column
            })
            .collect()
    }

    /// Departures from what is believed, in standard deviations, with their derivatives; lift tests are beliefs, too.
    fn beliefs(&self, theta: &Theta) -> Vec<(f64, Theta)> {
        let n_shapes = self.family.n_shapes();
        let mut all = Vec::with_capacity(MOST + 1 + self.series.lifts.len());
        let mut believe = |at: usize, (mean, deviation): (f64, f64)| {
            let mut slopes = [0.0; MOST];
            slopes[at] = 1.0 / deviation;
            all.push(((theta[at] - mean) / deviation, slopes));
        };
        let (log_return, deviation) = self.belief.log_return;
        believe(0, (log_return + self.series.typical_spend.ln(), deviation));
        for (shape, &prior) in self.family.prior().iter().enumerate() {
            believe(1 + shape, prior);
        }
        if self.series.baseline {
            believe(1 + n_shapes, BASELINE_PRIOR);
        }
        let unit = self.family.unit(&theta[1..]);
        if let Some((mean, deviation)) = self.belief.elasticity {
            let (elasticity, by_shape) = unit.elasticity();
            let mut slopes = [0.0; MOST];
            (0..n_shapes).for_each(|shape| slopes[1 + shape] = by_shape[shape] / deviation);
            all.push(((elasticity - mean) / deviation, slopes));
        }
        let level = theta[0].exp();
        for lift in &self.series.lifts {
            let ((low, by_low), (high, by_high)) = (unit.gradient(lift.from), unit.gradient(lift.to));
            let mut slopes = [0.0; MOST];
            slopes[0] = level * (high - low) / lift.standard_error;
            for shape in 0..n_shapes {
                slopes[1 + shape] = level * (by_high[shape] - by_low[shape]) / lift.standard_error;
            }
            all.push(((level * (high - low) - lift.lift) / lift.standard_error, slopes));
        }
        all
    }

    fn baseline(&self, theta: &Theta) -> f64 {
        baseline(self.series, self.family, theta)
    }

    /// Goes down from `theta` until no step helps (Levenberg and Marquardt; beliefs keep the equations regular).
    fn descend(&self, mut theta: Theta) -> (Theta, Linear) {
        let n = self.n_parameters();
        let mut scratch = Vec::new();
        let mut damping = 1e-3;
        let mut linear = self.linearise(&theta);
        for _ in 0..STEPS {
            let mut damped = linear.hessian.clone();
            (0..n).for_each(|i| damped[i * n + i] *= 1.0 + damping);
            let Some(factor) = Cholesky::factor(&damped, n) else { break };
            let mut step = linear.descent.clone();
            factor.solve(&mut step);
            let mut next = theta;
            // Further than this in one step, parameters on a logarithm leave the world.
            (0..n).for_each(|i| next[i] += step[i].clamp(-2.0, 2.0));
            let value = self.value(&next, &mut scratch);
            if value.is_finite() && value <= linear.value {
                let gained = linear.value - value;
                theta = next;
                linear = self.linearise(&theta);
                damping = (damping * 0.1).max(1e-9);
                if gained <= 1e-9 * (1.0 + value) {
                    break;
                }
            } else {
                damping = (damping * 10.0).max(1e-4);
                if damping > 1e8 {
                    break;
                }
            }
        }
        (theta, linear)
    }
}

/// Steps of one descent; the scatter is taken anew after each.
const STEPS: usize = 12;
/// Times that the scatter is taken anew.
const ROUNDS: usize = 4;

/// The mode of a campaign's parameters on its first `n_rows` rows, from `start` or from the family's own starts.
///
/// The scatter depends on the expected responses, which depend on the parameters: iteratively reweighted least squares
/// (quasi-likelihood). Source: Wedderburn (1974), "Quasi-likelihood functions, generalized linear models, and the
/// Gauss-Newton method", Biometrika 61.
pub(super) fn mode(
    series: &Series,
    family: Family,
    noise: &Noise,
    belief: &Belief,
    n_rows: usize,
    start: Option<&Theta>,
) -> Mode {
    let from = |theta: Theta| {
        let mut theta = theta;
        let mut linear = Linear::default();
        for _ in 0..ROUNDS {
            let target = Target::new(series, family, belief, n_rows, noise, &theta);
            let before = theta;
            (theta, linear) = target.descend(theta);
            if theta.iter().zip(&before).all(|(a, b)| (a - b).abs() < 1e-4) {
                break;
            }
        }
        (theta, linear)
    };
    let begin = |shape: &[f64; MOST_SHAPES]| {
        let mut theta = [0.0; MOST];
        let rows = 0..n_rows.max(1).min(series.len());
        let total = rows.clone().map(|row| series.response[row]).sum::<f64>() / rows.len().max(1) as f64;
        theta[0] = if total > 0.0 { total } else { series.typical_response * 0.1 }.ln();
        theta[1..1 + family.n_shapes()].copy_from_slice(&shape[..family.n_shapes()]);
        if series.baseline {
            theta[1 + family.n_shapes()] = BASELINE_PRIOR.0;
        }
        theta
    };
    let starts: Vec<Theta> = match start {
        Some(start) => vec![*start],
        None => family.starts().iter().map(begin).collect(),
    };
    let deviance = |theta: &Theta, linear: &Linear| {
        linear.value - 2.0 * log_scale(&expected(series, family, theta)[..n_rows], noise, series)
    };
    let found = starts.into_iter().map(from);
    let (theta, linear) = found
        .min_by(|(a, of_a), (b, of_b)| deviance(a, of_a).total_cmp(&deviance(b, of_b)))
        .unwrap_or_else(|| (begin(&[0.0; MOST_SHAPES]), Linear::default()));
    Mode { family, mean: expected(series, family, &theta), theta, hessian: linear.hessian }
}

/// The part of a log density that the scatter alone decides.
fn log_scale(mean: &[f64], noise: &Noise, series: &Series) -> f64 {
    let filter = Filter::new(noise, &series.periods[..mean.len()], mean);
    let zeros = vec![0.0; mean.len()];
    filter.log_likelihood(&zeros, 0) - mean.iter().map(|mean| mean.ln()).sum::<f64>()
}

/// Expected responses of all rows, positive.
pub(super) fn expected(series: &Series, family: Family, theta: &Theta) -> Vec<f64> {
    let unit = family.unit(&theta[1..]);
    let (level, baseline) = (theta[0].exp(), baseline(series, family, theta));
    let least = LEAST_MEAN * series.typical_response;
    let mean = |(share, factor): (&Share, &f64)| (factor * (level * unit.value(*share) + baseline)).max(least);
    series.shares.iter().zip(&series.factor).map(mean).collect()
}

/// Response of a period without spend.
pub(super) fn baseline(series: &Series, family: Family, theta: &Theta) -> f64 {
    if series.baseline { series.typical_response * theta[1 + family.n_shapes()].exp() } else { 0.0 }
}

impl Mode {
    /// `(y - mean) / mean` of all rows.
    pub(super) fn residuals(&self, series: &Series) -> Vec<f64> {
        series.response.iter().zip(&self.mean).map(|(y, mean)| (y - mean) / mean).collect()
    }

    /// Log density of the rows from `first` on, given those before.
    pub(super) fn log_density(&self, series: &Series, noise: &Noise, first: usize) -> f64 {
        let filter = Filter::new(noise, &series.periods, &self.mean);
        let scale: f64 = self.mean[first..].iter().map(|mean| mean.ln()).sum();
        filter.log_likelihood(&self.residuals(series), first) - scale
    }

    /// The elasticity at a typical spend, and its standard deviation.
    pub(super) fn elasticity(&self) -> (f64, f64) {
        let (elasticity, by_shape) = self.family.unit(&self.theta[1..]).elasticity();
        let n = (self.hessian.len() as f64).sqrt() as usize;
        let mut slopes = vec![0.0; n];
        slopes[1..1 + self.family.n_shapes()].copy_from_slice(&by_shape[..self.family.n_shapes()]);
        let variance = Cholesky::factor(&self.hessian, n).map_or(f64::INFINITY, |factor| {
            factor.solve_lower(&mut slopes);
            slopes.iter().map(|x| x * x).sum()
        });
        (elasticity, variance.sqrt())
    }
}
