//! The rounds of boosting.

use std::ops::Range;
use std::sync::Arc;

use adsml_core::{FitContext, TrainingSet, ValidationSet};

use super::model::GradientBoosting;
use super::params::GradientBoostingParams;
use crate::objective::{BuiltIn, Link, Loss, Objective, weighted_quantile};
use crate::rows::check_target;
use crate::tree::{
    BinRules, BinnedMatrix, Bounds, CategoryRules, Derivatives, FeatureSampler, FeatureShares, Grower, Grown, Growth,
    Limits, Plan, Rounded, SplitParams, SplitRules, Workers, check_features, cut, directions, each_row, pieces,
    rows_of_bins, rows_of_tree,
};
use crate::{ModelError, Result};

/// Rows whose derivatives one thread computes at a time.
const ROWS_PER_THREAD: usize = 1 << 13;

pub(super) fn fit(
    params: &GradientBoostingParams,
    data: &TrainingSet<'_>,
    context: &FitContext<'_>,
) -> Result<GradientBoosting> {
    let workers = Workers::new(context.threads.get())?;
    workers.run(|| Boosting::new(params, data, context, &workers)?.run())
}

/// One fit.
struct Boosting<'a, 'd> {
    params: &'a GradientBoostingParams,
    data: TrainingSet<'d>,
    context: &'a FitContext<'a>,
    workers: &'a Workers,
    objective: Arc<dyn Objective>,
    y: Vec<f64>,
    weight: Option<Vec<f64>>,
    /// Raw scores, class after class.
    raw: Vec<f64>,
    model: GradientBoosting,
    split_params: SplitParams,
    limits: Limits,
    validation: Option<Validation<'d>>,
}

/// Rows to watch.
struct Validation<'d> {
    set: ValidationSet<'d>,
    y: Vec<f64>,
    raw: Vec<f64>,
    best: (f64, usize),
}

impl<'a, 'd> Boosting<'a, 'd> {
    fn new(
        params: &'a GradientBoostingParams,
        data: &TrainingSet<'d>,
        context: &'a FitContext<'a>,
        workers: &'a Workers,
    ) -> Result<Self> {
        // The fields of a training set are public: what its constructors promise is judged again.
        let columns = data.columns;
        let validation = data.validation;
        let data = TrainingSet {
            columns,
            ..TrainingSet::new(data.x, data.y)?.with_weight(data.sample_weight)?.with_offset(data.offset)?
        };
        check_features(&data)?;
        let objective = objective_of(params);
        check_target(data.y, |y| objective.accepts(y), objective.domain())?;
        let n_outputs = n_outputs(params);
        let is_class = |y: f64| y >= 0.0 && y < n_outputs as f64 && y.fract() == 0.0;
        if n_outputs > 1 {
            check_target(data.y, is_class, "the number of a class, from 0, below n_classes")?;
        }
        let y = data.y.to_vec();
        let weight = data.sample_weight.map(|weight| weight.to_vec());
        let offset = data.offset.map(|offset| offset.to_vec());
        let model = match context.warm_start {
            Some(model) => warm_start(model, &data, objective.link(), n_outputs)?,
            None => {
                let base = base_scores(&*objective, &y, weight.as_deref(), offset.as_deref(), n_outputs);
                if base.iter().any(|score| !score.is_finite()) {
                    return Err(ModelError::NotFinite { what: "the score to start from".to_owned() });
                }
                GradientBoosting::start(base, objective.link(), &data)
            }
        };
        let mut this = Self {
            params,
            data,
            context,
            workers,
            objective,
            raw: Vec::new(),
            model,
            split_params: split_params(params),
            limits: limits(params),
            validation: None,
            y,
            weight,
        };
        this.raw = this.scores_so_far(data.x, offset.as_deref());
        if let Some(set) = validation {
            adsml_core::Error::check_length("the validation target", set.x.nrows(), set.y.len())?;
            // Without weight there is no loss to watch.
            TrainingSet::new(set.x, set.y)?.with_weight(set.sample_weight)?.with_offset(set.offset)?;
            if set.x.ncols() != data.n_features() {
                let (expected, found) = (data.n_features(), set.x.ncols());
                return Err(adsml_core::Error::FeatureCount { expected, found }.into());
            }
            check_target(set.y, |y| this.objective.accepts(y), this.objective.domain())?;
            if n_outputs > 1 {
                check_target(set.y, is_class, "the number of a class, from 0, below n_classes")?;
            }
            let offset = set.offset.map(|offset| offset.to_vec());
            let raw = this.scores_so_far(set.x, offset.as_deref());
            let validation = Validation { set, y: set.y.to_vec(), raw, best: (f64::INFINITY, 0) };
            // A model that is given may be better than anything that follows.
            let n_rounds = this.model.n_rounds();
            let start = if n_rounds > 0 { validation.loss(&*this.objective, n_outputs) } else { f64::INFINITY };
            this.validation = Some(Validation { best: (start, n_rounds), ..validation });
        } else if params.early_stopping_rounds > 0 {
            return Err(ModelError::InvalidParameter {
                name: "early_stopping_rounds".to_owned(),
                value: params.early_stopping_rounds.to_string(),
                expected: "0, or validation rows in the training set".to_owned(),
            });
        }
        Ok(this)
    }

    /// Raw scores of the model as it stands, class after class.
    fn scores_so_far(&self, x: ndarray::ArrayView2<'_, f64>, offset: Option<&[f64]>) -> Vec<f64> {
        let n_outputs = self.model.n_outputs();
        let mut raw = vec![0.0; x.nrows() * n_outputs];
        let mut scores = vec![0.0; n_outputs];
        each_row(x, 0..x.nrows(), |at, row| {
            self.model.ensemble.raw_into(row, &mut scores);
            for (class, score) in scores.iter().enumerate() {
                raw[class * x.nrows() + at] = score + offset.map_or(0.0, |offset| offset[at]);
            }
        });
        raw
    }

    fn run(mut self) -> Result<GradientBoosting> {
        let rows = rows_of_bins(self.y.len(), self.params.bin_sample, self.context.seed);
        let given = self.params.bin_edges.as_deref();
        let rules = BinRules { max_bins: self.params.max_bins, rows: rows.as_deref(), given };
        let workers = self.workers;
        let matrix = BinnedMatrix::new(self.data.x, self.data.columns, rules, workers)?;
        let mut grower = Grower::new(&matrix, workers);
        let (mut exact, mut rounded) = (Derivatives::default(), Rounded::empty());
        let n_before = self.model.n_rounds();
        let n_rounds = self.params.n_estimators;
        let mut importances = std::mem::take(&mut self.model.importances);
        // Of the rounds that are kept, should later ones be no better.
        let mut best_importances = self.is_watched().then(|| importances.clone());
        for round in n_before..n_before + n_rounds {
            self.context.check_cancelled()?;
            let rows = rows_of_tree(matrix.n_rows, self.params.subsample, self.context.seed, round as u64);
            let log_sums = (self.model.n_outputs() > 1).then(|| self.log_sums());
            for class in 0..self.model.n_outputs() {
                self.derive(log_sums.as_deref().map(|log_sums| (class, log_sums)), &mut exact);
                rounded.round(&exact, self.weight.as_deref(), workers)?;
                let split_rules = self.split_params.scaled(rounded.scale);
                let tree = (round * self.model.n_outputs() + class) as u64;
                let seed = self.context.seed.derive("tree", tree);
                let shares = FeatureShares {
                    by_tree: self.params.colsample_by_tree,
                    by_level: self.params.colsample_by_level,
                    by_node: self.params.colsample_by_node,
                };
                let features = FeatureSampler::new(matrix.n_features(), shares, &self.params.interactions, false, seed);
                let plan = Plan {
                    rounded: &rounded,
                    exact: None,
                    rules: &split_rules,
                    limits: self.limits,
                    features: &features,
                    cancel: self.context.cancel,
                };
                let grown = grower.grow(&plan, rows.as_deref())?;
                // Of a level as a whole the least gain is asked, and taken away from none of its leaves.
                let least = if self.limits.growth == Growth::Symmetric { 0.0 } else { split_rules.min_gain };
                importances.add(&grown, split_rules.gain_unit, least, 1.0 / rounded.scale.hessian);
                let values = self.leaf_values(&grown, &grower, &exact, &split_rules, class);
                self.model.ensemble.trees.push(&grown, &matrix, |node| values[node], 1.0 / rounded.scale.hessian);
                self.add_tree(&grown, &grower, &values, rows.as_deref(), class);
            }
            self.context.progress("boosting", round + 1 - n_before, Some(n_rounds));
            let stop = self.is_past_its_best(round + 1);
            if self.is_watched() && self.validation.as_ref().is_some_and(|watched| watched.best.1 == round + 1) {
                best_importances = Some(importances.clone());
            }
            if stop {
                break;
            }
        }
        self.model.importances = best_importances.unwrap_or(importances);
        if let Some(Validation { best, .. }) = &self.validation
            && self.is_watched()
        {
            self.model.ensemble.trees.truncate(best.1 * self.model.n_outputs());
        }
        Ok(self.model.compile())
    }

    /// Derivatives of every row, times its weight; by the raw score of a class where there are several.
    fn derive(&self, class: Option<(usize, &[f64])>, exact: &mut Derivatives) {
        let n = self.y.len();
        exact.gradient.resize(n, 0.0);
        exact.hessian.resize(if self.objective.has_unit_hessian() { 0 } else { n }, 0.0);
        let ranges = pieces(n, n.div_ceil(ROWS_PER_THREAD), 1);
        let hessians: Vec<&mut [f64]> = if exact.hessian.is_empty() {
            ranges.iter().map(|_| &mut [][..]).collect()
        } else {
            cut(&mut exact.hessian, &ranges).into_iter().map(|(_, part)| part).collect()
        };
        let parts = cut(&mut exact.gradient, &ranges).into_iter().zip(hessians).collect();
        self.workers.each(parts, |((range, gradient), hessian)| {
            let y = &self.y[range.clone()];
            match class {
                None => self.objective.derivatives_into(y, &self.raw[range.clone()], gradient, hessian),
                Some((class, log_sums)) => {
                    let raw = &self.raw[class * n..][range.clone()];
                    derive_softmax(y, raw, &log_sums[range.clone()], class, self.model.n_outputs(), gradient, hessian);
                }
            }
            if let Some(weight) = &self.weight {
                gradient.iter_mut().zip(&weight[range.clone()]).for_each(|(g, w)| *g *= w);
                hessian.iter_mut().zip(&weight[range]).for_each(|(h, w)| *h *= w);
            }
        });
    }

    /// `ln(sum over classes of exp(raw))` of every row.
    fn log_sums(&self) -> Vec<f64> {
        let n = self.y.len();
        let ranges = pieces(n, n.div_ceil(ROWS_PER_THREAD), 1);
        let parts = self.workers.each(ranges, |range| {
            let log_sum = |row: usize| log_sum_exp((0..self.model.n_outputs()).map(|class| self.raw[class * n + row]));
            range.map(log_sum).collect::<Vec<_>>()
        });
        parts.concat()
    }

    /// The value of every leaf, by node, from the exact derivatives of its rows; times the learning rate.
    fn leaf_values(
        &self,
        grown: &Grown,
        grower: &Grower<'_>,
        exact: &Derivatives,
        rules: &SplitRules,
        class: usize,
    ) -> Vec<f64> {
        let n = self.y.len();
        let raw = &self.raw[class * n..(class + 1) * n];
        let rows = |at: usize| grower.partition.rows(grown.nodes[at].rows.clone());
        let mut values = match self.objective.leaf_quantile() {
            Some(share) => {
                let left = |&row: &u32| {
                    let row = row as usize;
                    (self.y[row] - raw[row], self.weight.as_ref().map_or(1.0, |weight| weight[row]))
                };
                let is_bounded = !self.split_params.monotone.is_empty();
                let wanted = |at: usize| is_bounded || grown.nodes[at].split.is_none();
                let quantile = |at: usize| weighted_quantile(rows(at).iter().map(left).collect(), share);
                let of_node = |at: usize| if wanted(at) { quantile(at) } else { 0.0 };
                let mut values = self.workers.map(grown.nodes.len(), of_node);
                if is_bounded {
                    hold_between(&mut values, grown, &self.split_params.monotone);
                }
                values
            }
            None => self.workers.map(grown.nodes.len(), |at| match grown.nodes[at].split {
                Some(_) => 0.0,
                None => self.newton_step(rows(at), exact, rules, grown.nodes[at].bounds),
            }),
        };
        values.iter_mut().for_each(|value| *value *= self.params.learning_rate);
        values
    }

    /// The minimum of the second-order loss of some rows.
    fn newton_step(&self, rows: &[u32], exact: &Derivatives, rules: &SplitRules, bounds: Bounds) -> f64 {
        let g = sum_of(&exact.gradient, rows);
        let hessian = if exact.hessian.is_empty() { self.weight.as_deref() } else { Some(&exact.hessian[..]) };
        let h = match hessian {
            None => rows.len() as f64,
            Some(hessian) => sum_of(hessian, rows),
        };
        let excess = (g.abs() - self.split_params.l1).max(0.0).copysign(g);
        let denominator = h + self.split_params.l2;
        let value = if excess == 0.0 || denominator <= 0.0 { 0.0 } else { -excess / denominator };
        let limit = self.split_params.max_delta;
        value.clamp(-limit, limit).clamp(bounds.low * rules.value_unit, bounds.high * rules.value_unit)
    }

    /// Adds the newest tree to the scores.
    fn add_tree(&mut self, grown: &Grown, grower: &Grower<'_>, values: &[f64], rows: Option<&[u32]>, class: usize) {
        let n = self.y.len();
        let tree = self.model.ensemble.trees.len() - 1;
        let leaves = grown.nodes.iter().zip(values).filter(|(node, _)| node.split.is_none());
        let leaves: Vec<(&[u32], f64)> =
            leaves.map(|(node, &value)| (grower.partition.rows(node.rows.clone()), value)).collect();
        let ranges = pieces(n, self.workers.threads(), ROWS_PER_THREAD);
        let parts = cut(&mut self.raw[class * n..(class + 1) * n], &ranges);
        self.workers.each(parts, |(range, raw)| {
            for &(rows, value) in &leaves {
                within(rows, &range).iter().for_each(|&row| raw[row as usize - range.start] += value);
            }
            if let Some(rows) = rows {
                let mut sampled = within(rows, &range).iter().copied().peekable();
                let others = range.clone().filter(|&row| sampled.next_if_eq(&(row as u32)).is_none());
                each_row(self.data.x, others, |at, row| {
                    raw[at - range.start] += self.model.ensemble.trees.leaf_value(tree, row)
                });
            }
        });
        if let Some(Validation { set, y, raw, .. }) = &mut self.validation {
            let n = y.len();
            let ranges = pieces(n, self.workers.threads(), ROWS_PER_THREAD);
            self.workers.each(cut(&mut raw[class * n..(class + 1) * n], &ranges), |(range, raw)| {
                let from = range.start;
                each_row(set.x, range, |at, row| raw[at - from] += self.model.ensemble.trees.leaf_value(tree, row));
            });
        }
    }

    /// Whether the rounds that are kept depend on validation rows.
    fn is_watched(&self) -> bool {
        self.validation.is_some() && self.params.early_stopping_rounds > 0
    }

    /// Whether the validation rows have not been predicted better for long.
    fn is_past_its_best(&mut self, rounds: usize) -> bool {
        let n_outputs = self.model.n_outputs();
        let Some(validation) = &mut self.validation else { return false };
        let loss = validation.loss(&*self.objective, n_outputs);
        self.model.validation_loss.push(loss);
        let best = &mut validation.best;
        if loss < best.0 {
            *best = (loss, rounds);
        }
        let patience = self.params.early_stopping_rounds;
        patience > 0 && rounds >= best.1 + patience
    }
}

impl Validation<'_> {
    /// The mean loss of its rows.
    fn loss(&self, objective: &dyn Objective, n_outputs: usize) -> f64 {
        let Self { set, y, raw, .. } = self;
        let n = y.len();
        let (mut sum, mut total) = (0.0, 0.0);
        for row in 0..n {
            let loss = if n_outputs == 1 {
                objective.loss(y[row], raw[row])
            } else {
                let log_sum = log_sum_exp((0..n_outputs).map(|class| raw[class * n + row]));
                log_sum - raw[(y[row] as usize).min(n_outputs - 1) * n + row]
            };
            let weight = set.sample_weight.map_or(1.0, |weight| weight[row]);
            sum += weight * loss;
            total += weight;
        }
        sum / total
    }
}

/// `ln(sum of exp(scores))`.
fn log_sum_exp(scores: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = scores.clone().fold(f64::NEG_INFINITY, f64::max);
    most + scores.map(|score| (score - most).exp()).sum::<f64>().ln()
}

/// Derivatives by the raw score of one class: `p - [y is the class]` and `K / (K - 1) p (1 - p)` (Friedman 2001,
/// "Greedy function approximation", Annals of Statistics 29, algorithm 6).
fn derive_softmax(
    y: &[f64],
    raw: &[f64],
    log_sums: &[f64],
    class: usize,
    n_classes: usize,
    gradient: &mut [f64],
    hessian: &mut [f64],
) {
    let factor = n_classes as f64 / (n_classes - 1) as f64;
    for row in 0..y.len() {
        let p = (raw[row] - log_sums[row]).exp();
        gradient[row] = p - f64::from(y[row] == class as f64);
        hessian[row] = factor * p * (1.0 - p);
    }
}

/// Holds the values of nodes between bounds, so that leaves keep the directions of the questions above them: half way between what
/// the sides of such a question would say as a whole. (Bounds of the search are of Newton steps, which quantiles are not.)
fn hold_between(values: &mut [f64], grown: &Grown, monotone: &[i8]) {
    let mut bounds = vec![(f64::NEG_INFINITY, f64::INFINITY); values.len()];
    // Sides come after their parents.
    for (at, node) in grown.nodes.iter().enumerate() {
        let (low, high) = bounds[at];
        values[at] = values[at].clamp(low, high);
        let Some(split) = &node.split else { continue };
        let middle = (0.5 * (values[split.left] + values[split.right])).clamp(low, high);
        let (below, above) = ((low, middle), (middle, high));
        let sides = match monotone.get(split.feature) {
            Some(1) => [below, above],
            Some(-1) => [above, below],
            _ => [(low, high); 2],
        };
        (bounds[split.left], bounds[split.right]) = (sides[0], sides[1]);
    }
}

/// The sum of some values, four at a time: additions that do not wait for each other.
fn sum_of(values: &[f64], rows: &[u32]) -> f64 {
    let (fours, rest) = rows.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for four in fours {
        sums.iter_mut().zip(four).for_each(|(sum, &row)| *sum += values[row as usize]);
    }
    let rest: f64 = rest.iter().map(|&row| values[row as usize]).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// The rows of an ascending list that lie in a range.
fn within<'r>(rows: &'r [u32], range: &Range<usize>) -> &'r [u32] {
    let at = |row: usize| rows.partition_point(|&other| (other as usize) < row);
    &rows[at(range.start)..at(range.end)]
}

fn objective_of(params: &GradientBoostingParams) -> Arc<dyn Objective> {
    params.objective.clone().unwrap_or_else(|| {
        Arc::new(BuiltIn {
            loss: params.loss,
            huber_delta: params.huber_delta,
            quantile: params.quantile,
            tweedie_power: params.tweedie_power,
        })
    })
}

fn n_outputs(params: &GradientBoostingParams) -> usize {
    if params.objective.is_none() && params.loss == Loss::Softmax { params.n_classes } else { 1 }
}

fn base_scores(
    objective: &dyn Objective,
    y: &[f64],
    weight: Option<&[f64]>,
    offset: Option<&[f64]>,
    n_outputs: usize,
) -> Vec<f64> {
    if n_outputs == 1 {
        return vec![objective.base_score(y, weight, offset)];
    }
    // A class without rows has no finite score; by weight, so that a weight of two is a row twice.
    let total = weight.map_or(y.len() as f64, |weight| weight.iter().sum());
    let mut shares = vec![0.5 / total; n_outputs];
    for (row, &class) in y.iter().enumerate() {
        shares[class as usize] += weight.map_or(1.0, |weight| weight[row]);
    }
    let total: f64 = shares.iter().sum();
    shares.iter().map(|share| (share / total).ln()).collect()
}

fn warm_start(
    model: &dyn adsml_core::Regressor,
    data: &TrainingSet<'_>,
    link: Link,
    n_outputs: usize,
) -> Result<GradientBoosting> {
    let model = GradientBoosting::from_file(&model.to_file()?)?;
    let found = adsml_core::Regressor::n_features(&model);
    if found != data.n_features() {
        return Err(adsml_core::Error::FeatureCount { expected: found, found: data.n_features() }.into());
    }
    if model.link() != link || model.n_outputs() != n_outputs {
        let what = format!("a warm start from a model of the link {}", model.link().name());
        return Err(adsml_core::Error::Unsupported { by: "gradient_boosting".to_owned(), what }.into());
    }
    Ok(model)
}

fn limits(params: &GradientBoostingParams) -> Limits {
    let max_depth = if params.max_depth == 0 { usize::MAX } else { params.max_depth };
    Limits {
        growth: params.growth,
        max_leaves: params.max_leaves,
        max_depth: if params.growth == Growth::Symmetric { max_depth.min(16) } else { max_depth },
        min_samples_leaf: params.min_samples_leaf,
    }
}

fn split_params(params: &GradientBoostingParams) -> SplitParams {
    SplitParams {
        l1: params.l1,
        l2: params.l2,
        min_child_weight: params.min_child_weight,
        min_samples_leaf: if params.growth == Growth::Symmetric { 1 } else { params.min_samples_leaf },
        min_gain: params.min_split_gain,
        max_delta: if params.max_delta_step == 0.0 { f64::INFINITY } else { params.max_delta_step },
        categories: CategoryRules {
            smooth: params.cat_smooth,
            l2: params.cat_l2,
            max_one_hot: params.max_cat_to_one_hot,
        },
        monotone: directions(&params.monotone),
    }
}
