//! Intervals of scores and of differences between models, all from the same draws.

use std::fmt;

use adsml_core::FitContext;

use super::draws::draw;
use super::estimate::{Estimate, NoInterval, effective_units, percentile, percentile_interval, widening};
use super::plan::{Plans, Rows};
use super::units::Units;
use crate::{Direction, EvalError, Metric, Result};

/// Resamples without a value that an interval tolerates, as a share.
const TOLERATED_UNDEFINED: f64 = 0.05;

/// Differences below this share of what is compared are rounding, and no difference.
const ROUNDING: f64 = 1e-13;

/// The bootstrap over independent units: how certain scores are, and which models differ.
///
/// **Draws.** Each of the [`n_draws`](Self::n_draws) resamples takes as many [`Units`] as there are, with replacement,
/// and weighs their rows accordingly (beyond 10,000 units, each is taken a Poisson number of times by itself); every
/// model and every metric sees the same resamples. Fewer than
/// [`MIN_UNITS`](Self::MIN_UNITS) units of positive weight give no interval.
///
/// **Interval of a score.** The percentile interval, with percentiles moved outwards for few effective units
/// ([`Estimate::effective_units`]). Plain percentiles are too narrow where a few large campaigns decide: on 500 simulated
/// log-loss differences of equally good models they missed zero 7.8 % of the time instead of 5 % with the impressions of
/// 691 real campaigns, and 9.0 % with 30 campaigns of very different size; moved outwards, 6.6 % and 4.5 %.
///
/// **Interval of a difference.** Symmetric around the observed difference: `d ± c·s·k`, with `s` the spread of the drawn
/// differences, `k` the widening for few effective units, and `c` the `level` quantile of the largest `|d* - d| / s`
/// over *all pairs of models* in the same draw. So with probability `level` the intervals of all pairs hold at once, and
/// stay honest for a "best" that was chosen after looking; for two models it is the ordinary paired interval.
/// [`simultaneous`](Self::simultaneous) turns that off. In the two simulations above these intervals missed zero 6.0 % and
/// 3.3 % of the time.
///
/// What is resampled is the judged rows, with the predictions as they are: that another training set would have given
/// other models is not in these intervals.
///
/// Source: Efron and Tibshirani (1993), "An Introduction to the Bootstrap", chapter 13; Hesterberg (2015), "What
/// Teachers Should Know About the Bootstrap", The American Statistician 69(4); Westfall and Young (1993),
/// "Resampling-Based Multiple Testing", for the maximum over pairs.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Bootstrap {
    /// Number of resamples, 100 or more; default 1,000.
    pub n_draws: usize,
    /// How often intervals should hold, in `[0.5, 0.999]`; default 0.95.
    pub level: f64,
    /// Whether intervals of differences hold for all pairs at once; default yes.
    pub simultaneous: bool,
}

impl Default for Bootstrap {
    /// 1,000 draws, 95 %, simultaneous.
    fn default() -> Self {
        Self { n_draws: 1_000, level: 0.95, simultaneous: true }
    }
}

impl Bootstrap {
    /// Units of positive weight that an interval needs.
    pub const MIN_UNITS: usize = 20;

    /// 1,000 draws, 95 %, simultaneous.
    pub fn new() -> Self {
        Self::default()
    }

    /// Judges stored predictions of several models on the same rows.
    ///
    /// `y`, `w` and each model's predictions have one value per row of `units`. A metric that is not defined for a model (a log loss
    /// of negative predictions) is an error in its place and nowhere else. Randomness comes from `context.seed`; the
    /// result does not depend on `context.threads`.
    ///
    /// Cost: `O(n log n)` per model for ranking metrics, then per draw one pass over units for all metrics that are
    /// functions of sums and one pass over rows for each AUC, PR-AUC and ECE.
    ///
    /// # Errors
    ///
    /// [`EvalError::InvalidParameter`]; [`EvalError::Length`]; [`EvalError::NotEnough`] without models;
    /// [`EvalError::DuplicateCandidate`]; [`EvalError::InvalidSample`] for a target that is not finite or a bad weight;
    /// [`EvalError::Cancelled`].
    pub fn compare(
        &self,
        y: &[f64],
        w: Option<&[f64]>,
        models: &[(&str, &[f64])],
        metrics: &[Metric],
        units: &Units,
        context: &FitContext<'_>,
    ) -> Result<Comparison> {
        self.compare_rows(Rows { y, w, folds: None }, models, metrics, units, context)
    }

    /// As [`compare`](Self::compare), for out-of-fold predictions: an AUC compares rows of one fold only, in the value and in
    /// every resample ([`within_fold_auc`](crate::metrics::within_fold_auc)). `folds` has the fold of each row, any numbers.
    ///
    /// # Errors
    ///
    /// As [`compare`](Self::compare); [`EvalError::Length`] of the folds.
    #[expect(clippy::too_many_arguments, reason = "each is one thing, and none has a sensible default")]
    pub fn compare_within_folds(
        &self,
        y: &[f64],
        w: Option<&[f64]>,
        folds: &[usize],
        models: &[(&str, &[f64])],
        metrics: &[Metric],
        units: &Units,
        context: &FitContext<'_>,
    ) -> Result<Comparison> {
        EvalError::check_length("folds", y.len(), folds.len())?;
        self.compare_rows(Rows { y, w, folds: Some(folds) }, models, metrics, units, context)
    }

    fn compare_rows(
        &self,
        rows: Rows<'_>,
        models: &[(&str, &[f64])],
        metrics: &[Metric],
        units: &Units,
        context: &FitContext<'_>,
    ) -> Result<Comparison> {
        let Rows { y, w, folds } = rows;
        self.check()?;
        check_models(y, w, models, units)?;
        let predictions: Vec<&[f64]> = models.iter().map(|&(_, p)| p).collect();
        let cells: Vec<(usize, Metric)> =
            (0..models.len()).flat_map(|model| metrics.iter().map(move |&metric| (model, metric))).collect();
        let evaluate = |&(model, metric): &(usize, Metric)| match folds {
            Some(folds) => metric.evaluate_within_folds(y, predictions[model], w, folds),
            None => metric.evaluate(y, predictions[model], w),
        };
        let values: Vec<Result<f64>> = cells.iter().map(evaluate).collect();
        let mut comparison = Comparison {
            names: models.iter().map(|&(name, _)| name.to_owned()).collect(),
            metrics: metrics.to_vec(),
            estimates: Vec::new(),
            differences: Vec::new(),
            bootstrap: *self,
            n_units: units.n_units(),
        };
        let found = weighty_units(units, w);
        if found < Self::MIN_UNITS {
            let reason = NoInterval::FewUnits { found, needed: Self::MIN_UNITS, kind: units.kind() };
            comparison.fill_without_intervals(&values, &reason);
            return Ok(comparison);
        }
        let defined: Vec<usize> = (0..cells.len()).filter(|&cell| values[cell].is_ok()).collect();
        let targets: Vec<(usize, Metric)> = defined.iter().map(|&cell| cells[cell]).collect();
        let plans = Plans::new(rows, &predictions, &targets, units);
        let draws = draw(&plans, units.n_units(), self.n_draws, context)?;
        let mut judged: Vec<Option<Judged>> = (0..cells.len()).map(|_| None).collect();
        for (plan, (&cell, draws)) in defined.iter().zip(draws).enumerate() {
            judged[cell] = Some(Judged { plan, value: *values[cell].as_ref().expect("a defined metric"), draws });
        }
        for (model, values) in values.chunks(metrics.len().max(1)).enumerate() {
            let estimate = |(metric, value): (usize, &Result<f64>)| {
                value.clone()?;
                let judged = judged[model * metrics.len() + metric].as_ref().expect("a defined metric");
                Ok(self.estimate(judged, &plans.influence(judged.plan)))
            };
            comparison.estimates.push(values.iter().enumerate().map(estimate).collect());
        }
        for (metric, &name) in metrics.iter().enumerate() {
            let of_metric: Vec<Option<&Judged>> =
                (0..models.len()).map(|model| judged[model * metrics.len() + metric].as_ref()).collect();
            context.check_cancelled()?;
            comparison.differences.push(self.all_pairs(name, &of_metric, &plans));
        }
        Ok(comparison)
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.n_draws < 100 {
            return Err(EvalError::invalid_parameter("n_draws", self.n_draws, "a whole number of at least 100"));
        }
        if !(0.5..=0.999).contains(&self.level) {
            return Err(EvalError::invalid_parameter("level", self.level, "a number in [0.5, 0.999]"));
        }
        Ok(())
    }

    /// The interval of one score.
    fn estimate(&self, judged: &Judged, influence: &[f64]) -> Estimate {
        let sorted = match self.defined(judged.draws.iter().copied()) {
            Ok(sorted) => sorted,
            Err(reason) => return Estimate::without_interval(judged.value, reason),
        };
        let n_effective = effective_units(influence.iter().copied(), influence.len());
        let (low, high) = percentile_interval(&sorted, n_effective, self.level);
        Estimate::between(judged.value, low, high, n_effective)
    }

    /// The draws that have a value, ascending, if there are enough.
    fn defined(&self, draws: impl Iterator<Item = f64>) -> Result<Vec<f64>, NoInterval> {
        let mut sorted: Vec<f64> = draws.filter(|value| value.is_finite()).collect();
        let undefined = self.n_draws - sorted.len();
        if undefined as f64 > TOLERATED_UNDEFINED * self.n_draws as f64 {
            return Err(NoInterval::Undefined { draws: undefined, of: self.n_draws });
        }
        sorted.sort_unstable_by(f64::total_cmp);
        Ok(sorted)
    }

    /// The difference of every pair of models, first minus second, for first < second.
    fn all_pairs(&self, metric: Metric, models: &[Option<&Judged>], plans: &Plans<'_>) -> Vec<Option<Estimate>> {
        let influences: Vec<Option<Vec<f64>>> = models
            .iter()
            .map(|judged| {
                let judged = judged.as_ref()?;
                let mut influence = plans.influence(judged.plan);
                // What is compared is |value - 1| then: its influence has the sign of value - 1.
                if metric.direction() == Direction::ClosestToOne && judged.value < 1.0 {
                    influence.iter_mut().for_each(|psi| *psi = -*psi);
                }
                Some(influence)
            })
            .collect();
        let mut pairs: Vec<Option<Pair>> = Vec::new();
        for second in 0..models.len() {
            for first in 0..second {
                let pair = models[first].zip(models[second]).map(|(a, b)| {
                    let influence = influences[first].iter().flatten().zip(influences[second].iter().flatten());
                    let n_units = influences[first].as_ref().map_or(0, Vec::len);
                    let n_effective = effective_units(influence.map(|(a, b)| a - b), n_units);
                    self.pair(metric, a, b, n_effective)
                });
                pairs.push(pair);
            }
        }
        let mut largest = vec![0.0_f64; self.n_draws];
        for pair in pairs.iter().flatten().filter(|pair| pair.spread > 0.0) {
            for (largest, deviation) in largest.iter_mut().zip(&pair.deviations) {
                *largest = largest.max(*deviation);
            }
        }
        let critical = |deviations: &[f64]| {
            let mut sorted = deviations.to_vec();
            sorted.sort_unstable_by(f64::total_cmp);
            percentile(&sorted, self.level)
        };
        let together = critical(&largest);
        let interval = |pair: &Pair| {
            if let Some(reason) = &pair.no_interval {
                return Estimate::without_interval(pair.value, reason.clone());
            }
            if pair.spread == 0.0 {
                // Constant to rounding: either no difference at all, or the same one in every resample.
                let (low, high) =
                    if pair.negligible { (pair.value.min(0.0), pair.value.max(0.0)) } else { (pair.value, pair.value) };
                return Estimate::between(pair.value, low, high, pair.effective_units);
            }
            let critical = if self.simultaneous { together } else { critical(&pair.deviations) };
            let half = critical * pair.spread * widening(pair.effective_units, self.level);
            Estimate::between(pair.value, pair.value - half, pair.value + half, pair.effective_units)
        };
        pairs.iter().map(|pair| pair.as_ref().map(interval)).collect()
    }

    fn pair(&self, metric: Metric, a: &Judged, b: &Judged, effective_units: f64) -> Pair {
        let (first, second) = (metric.comparable(a.value), metric.comparable(b.value));
        let value = first - second;
        let draws: Vec<f64> =
            a.draws.iter().zip(&b.draws).map(|(&a, &b)| metric.comparable(a) - metric.comparable(b)).collect();
        let no_interval = self.defined(draws.iter().copied()).err();
        let finite = || draws.iter().copied().filter(|draw| draw.is_finite());
        let n = finite().count().max(2) as f64;
        let mean = finite().sum::<f64>() / n;
        let spread = (finite().map(|draw| (draw - mean) * (draw - mean)).sum::<f64>() / (n - 1.0)).sqrt();
        let rounding = ROUNDING * first.abs().max(second.abs());
        let negligible = value.abs() <= rounding;
        if no_interval.is_some() || spread <= rounding {
            return Pair { value, spread: 0.0, deviations: Vec::new(), effective_units, negligible, no_interval };
        }
        // A resample without a value says nothing about the largest deviation.
        let deviations =
            draws.iter().map(|draw| if draw.is_finite() { (draw - value).abs() / spread } else { 0.0 }).collect();
        Pair { value, spread, deviations, effective_units, negligible, no_interval }
    }
}

/// One metric of one model: its value, and its value on each resample.
#[derive(Debug)]
struct Judged {
    plan: usize,
    value: f64,
    draws: Vec<f64>,
}

/// One metric's difference between two models.
#[derive(Debug)]
struct Pair {
    value: f64,
    /// Standard deviation over the resamples; 0 when there is none but rounding, or no interval.
    spread: f64,
    /// `|d* - d| / spread` of each resample.
    deviations: Vec<f64>,
    effective_units: f64,
    negligible: bool,
    no_interval: Option<NoInterval>,
}

/// Several models judged on the same rows and the same resamples, made by [`Bootstrap::compare`].
#[derive(Debug, Clone)]
pub struct Comparison {
    names: Vec<String>,
    metrics: Vec<Metric>,
    /// By model, then metric.
    estimates: Vec<Vec<Result<Estimate>>>,
    /// By metric, then pair (first < second, by second).
    differences: Vec<Vec<Option<Estimate>>>,
    bootstrap: Bootstrap,
    n_units: usize,
}

impl Comparison {
    /// Names of the models, as given.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// The metrics, as given.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// How it was made.
    pub const fn bootstrap(&self) -> &Bootstrap {
        &self.bootstrap
    }

    /// Number of units that were resampled.
    pub const fn n_units(&self) -> usize {
        self.n_units
    }

    /// A model's value of a metric and its interval; both by their place in the order given.
    ///
    /// # Errors
    ///
    /// As the metric said on this model's predictions.
    ///
    /// # Panics
    ///
    /// When there is no such model or metric.
    pub fn estimate(&self, model: usize, metric: usize) -> Result<&Estimate> {
        self.estimates[model][metric].as_ref().map_err(Clone::clone)
    }

    /// The difference in a metric, first model minus second, with its interval; for the calibration ratio, the difference in
    /// distance from 1. `None` when the metric is not defined for one of them.
    ///
    /// # Panics
    ///
    /// When there is no such model or metric.
    pub fn difference(&self, first: usize, second: usize, metric: usize) -> Option<Estimate> {
        let (low, high) = (first.min(second), first.max(second));
        assert!(high < self.names.len(), "model {high} of {}", self.names.len());
        if low == high {
            let estimate = self.estimates[low][metric].as_ref().ok()?;
            let none = Estimate { value: 0.0, low: Some(0.0), high: Some(0.0), ..estimate.clone() };
            return Some(Estimate { no_interval: None, ..none });
        }
        let pair = high * (high - 1) / 2 + low;
        let difference = self.differences[metric][pair].as_ref()?;
        Some(if first < second { difference.clone() } else { difference.negated() })
    }

    /// Which of two models is better by a metric, as far as the rows can tell.
    ///
    /// # Panics
    ///
    /// When there is no such model or metric.
    pub fn verdict(&self, first: usize, second: usize, metric: usize) -> Verdict {
        Verdict::of(self.metrics[metric], self.difference(first, second, metric).as_ref())
    }

    fn fill_without_intervals(&mut self, values: &[Result<f64>], reason: &NoInterval) {
        let n_metrics = self.metrics.len();
        let value = |model: usize, metric: usize| values[model * n_metrics + metric].as_ref();
        for model in 0..self.names.len() {
            let estimate = |metric| {
                value(model, metric)
                    .map(|&value| Estimate::without_interval(value, reason.clone()))
                    .map_err(Clone::clone)
            };
            self.estimates.push((0..n_metrics).map(estimate).collect());
        }
        for (metric, name) in self.metrics.iter().enumerate() {
            let mut pairs = Vec::new();
            for second in 0..self.names.len() {
                for first in 0..second {
                    let both = value(first, metric).ok().zip(value(second, metric).ok());
                    pairs.push(both.map(|(&a, &b)| {
                        Estimate::without_interval(name.comparable(a) - name.comparable(b), reason.clone())
                    }));
                }
            }
            self.differences.push(pairs);
        }
    }
}

/// Which of two models is better, as far as the rows can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Verdict {
    /// The first one: the interval of the difference excludes zero.
    First,
    /// The second one: the interval of the difference excludes zero.
    Second,
    /// Indistinguishable: the interval holds zero.
    Tied,
    /// There is no interval, so nothing can be said.
    Unknown,
}

impl Verdict {
    pub(crate) fn of(metric: Metric, difference: Option<&Estimate>) -> Self {
        let Some(difference) = difference.filter(|difference| difference.interval().is_some()) else {
            return Self::Unknown;
        };
        if !difference.excludes(0.0) {
            return Self::Tied;
        }
        let first_is_larger = difference.value > 0.0;
        if first_is_larger == (metric.direction() == Direction::Higher) { Self::First } else { Self::Second }
    }
}

/// Whether one model is really better than another: made by [`paired_comparison`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PairedComparison {
    /// What was compared.
    pub metric: Metric,
    /// The first model's value.
    pub first: Estimate,
    /// The second model's value.
    pub second: Estimate,
    /// First minus second; for the calibration ratio, the difference in distance from 1.
    pub difference: Estimate,
    /// Which is better.
    pub verdict: Verdict,
}

impl fmt::Display for PairedComparison {
    /// In a sentence: `log_loss 0.412 against 0.431: difference -0.019 [-0.030, -0.008], the first is better`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = (self.first.value, self.second.value);
        write!(f, "{} {first:.6} against {second:.6}: difference {:+.6}", self.metric, self.difference.value)?;
        if let Some((low, high)) = self.difference.interval() {
            write!(f, " [{low:+.6}, {high:+.6}]")?;
        }
        match (self.verdict, &self.difference.no_interval) {
            (Verdict::First, _) => f.write_str(", the first is better"),
            (Verdict::Second, _) => f.write_str(", the second is better"),
            (Verdict::Unknown, Some(reason)) => write!(f, ", no interval: {reason}"),
            (Verdict::Tied | Verdict::Unknown, _) => f.write_str(", indistinguishable"),
        }
    }
}

/// Compares two models' stored predictions on the same rows: [`Bootstrap::compare`] for one pair and one metric.
///
/// ```
/// use adsml_core::FitContext;
/// use adsml_eval::{Bootstrap, Metric, Units, Verdict, paired_comparison};
///
/// let clicked: Vec<f64> = (0..400).map(|i| f64::from(i % 4 == 0)).collect();
/// let knows: Vec<f64> = clicked.iter().map(|y| 0.2 + 0.3 * y).collect();
/// let knows_the_rate_only = vec![0.25; 400];
/// let result = paired_comparison(
///     &clicked, None, &knows, &knows_the_rate_only,
///     Metric::LogLoss, &Units::rows(400)?, &Bootstrap::new(), &FitContext::default(),
/// )?;
/// assert_eq!(result.verdict, Verdict::First);
/// # Ok::<(), adsml_eval::EvalError>(())
/// ```
///
/// # Errors
///
/// As [`Bootstrap::compare`]; as the metric says.
#[expect(clippy::too_many_arguments, reason = "each is one thing, and none has a sensible default")]
pub fn paired_comparison(
    y: &[f64],
    w: Option<&[f64]>,
    first: &[f64],
    second: &[f64],
    metric: Metric,
    units: &Units,
    bootstrap: &Bootstrap,
    context: &FitContext<'_>,
) -> Result<PairedComparison> {
    let models = [("first", first), ("second", second)];
    let comparison = bootstrap.compare(y, w, &models, &[metric], units, context)?;
    let (first, second) = (comparison.estimate(0, 0)?.clone(), comparison.estimate(1, 0)?.clone());
    let difference = comparison.difference(0, 1, 0).expect("both are defined");
    let verdict = Verdict::of(metric, Some(&difference));
    Ok(PairedComparison { metric, first, second, difference, verdict })
}

fn check_models(y: &[f64], w: Option<&[f64]>, models: &[(&str, &[f64])], units: &Units) -> Result<()> {
    use crate::metrics::sample::{check_weight, require};
    if models.is_empty() {
        return Err(EvalError::NotEnough { what: "models to compare", needed: 1, found: 0 });
    }
    EvalError::check_length("targets", units.of_rows().len(), y.len())?;
    require("target", y, "a finite number", f64::is_finite)?;
    check_weight(y.len(), w)?;
    for (place, (name, p)) in models.iter().enumerate() {
        EvalError::check_length("predictions", y.len(), p.len())?;
        if models[..place].iter().any(|(known, _)| known == name) {
            return Err(EvalError::DuplicateCandidate { name: (*name).to_owned() });
        }
    }
    Ok(())
}

/// How many units have positive weight.
fn weighty_units(units: &Units, w: Option<&[f64]>) -> usize {
    let Some(w) = w else { return units.n_units() };
    let mut weighty = vec![false; units.n_units()];
    for (&unit, &w) in units.of_rows().iter().zip(w) {
        weighty[unit as usize] |= w > 0.0;
    }
    weighty.into_iter().filter(|&weighty| weighty).count()
}
