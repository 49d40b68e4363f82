//! How trees are fitted to the target itself: squared error, from the mean; of three classes and more, the Gini index.

use std::ops::Range;

use adsml_core::{CancelToken, Seed, TrainingSet};
use ndarray::ArrayView1;

use super::distributions::Distributions;
use super::mean::Criterion;
use super::rules::TreeRules;
use crate::Result;
use crate::rows::{check_target, mean};
use crate::tree::{
    BinRules, BinnedMatrix, CategoryRules, ClassPlan, Derivatives, Grower, Importances, Plan, Rounded, SplitParams,
    Trees, WholeWeights, Workers, check_constraints, check_features, directions,
};

/// Binned training rows and their target.
pub(super) struct Ground<'a> {
    rules: &'a TreeRules,
    pub(super) matrix: BinnedMatrix,
    y: Vec<f64>,
    /// The class of every row, where there are more than two.
    class: Vec<u16>,
    /// In units of `weight_unit`.
    weight: Option<Vec<f64>>,
    /// A power of two, so that no digit changes.
    weight_unit: f64,
    mean: f64,
    cancel: Option<&'a CancelToken>,
}

impl<'a> Ground<'a> {
    pub(super) fn new(
        rules: &'a TreeRules,
        owner: &str,
        data: &TrainingSet<'_>,
        cancel: Option<&'a CancelToken>,
        workers: &Workers,
    ) -> Result<Self> {
        data.refuse_offset(owner)?;
        let columns = data.columns;
        // The fields of a training set are public: what its constructors promise is judged again.
        let data = TrainingSet { columns, ..TrainingSet::new(data.x, data.y)?.with_weight(data.sample_weight)? };
        check_features(&data)?;
        let free = (rules.many_classes() > 0).then_some("more than two classes");
        check_constraints(&rules.monotone, &rules.interactions, &data, free)?;
        let n_classes = rules.many_classes();
        let is_class = |y: f64| y >= 0.0 && y < n_classes as f64 && y.fract() == 0.0;
        match rules.criterion {
            Criterion::Gini if n_classes > 0 => {
                check_target(data.y, is_class, "the number of a class, from 0, below n_classes")?;
            }
            Criterion::SquaredError => check_target(data.y, |_| true, "a number between -1e150 and 1e150")?,
            Criterion::Gini => check_target(data.y, |y| (0.0..=1.0).contains(&y), "a number in [0, 1]")?,
        }
        let bins = BinRules { max_bins: rules.max_bins, rows: None, given: None };
        let weight_unit = data.sample_weight.map_or(1.0, unit_of);
        Ok(Self {
            rules,
            matrix: BinnedMatrix::new(data.x, columns, bins, workers)?,
            mean: mean(&data),
            y: data.y.to_vec(),
            class: if n_classes > 0 { data.y.iter().map(|&y| y as u16).collect() } else { Vec::new() },
            weight: data.sample_weight.map(|weight| weight.iter().map(|weight| weight / weight_unit).collect()),
            weight_unit,
            cancel,
        })
    }

    /// Fits one tree on the rows that are drawn, each as often as it was; on all once without draws. Of more than two classes, the
    /// values of its leaves are numbers of distributions.
    pub(super) fn fit_tree(
        &self,
        draws: Option<&[u32]>,
        seed: Seed,
        shuffled: bool,
        workers: &Workers,
        importances: &mut Importances,
    ) -> Result<(Trees, Distributions)> {
        let n_classes = self.rules.many_classes();
        if n_classes > 0 {
            return self.fit_classes(n_classes, draws, seed, shuffled, workers, importances);
        }
        Ok((self.fit_mean(draws, seed, shuffled, workers, importances)?, Distributions::new(0)))
    }

    /// The weight of a row, as often as it was drawn, in units of `weight_unit`.
    fn weight_of(&self, row: usize, draws: Option<&[u32]>) -> f64 {
        self.weight.as_ref().map_or(1.0, |weight| weight[row]) * draws.map_or(1.0, |draws| f64::from(draws[row]))
    }

    fn fit_mean(
        &self,
        draws: Option<&[u32]>,
        seed: Seed,
        shuffled: bool,
        workers: &Workers,
        importances: &mut Importances,
    ) -> Result<Trees> {
        let n = self.y.len();
        let weight = |row: usize| self.weight_of(row, draws);
        let is_weighted = draws.is_some() || self.weight.is_some();
        let exact = Derivatives {
            gradient: (0..n).map(|row| weight(row) * (self.mean - self.y[row])).collect(),
            hessian: if is_weighted { (0..n).map(weight).collect() } else { Vec::new() },
        };
        let rows: Option<Vec<u32>> =
            is_weighted.then(|| (0..n as u32).filter(|&row| weight(row as usize) > 0.0).collect());
        let mut rounded = Rounded::empty();
        rounded.round(&exact, None, workers)?;
        let rules = SplitParams {
            l1: 0.0,
            l2: 0.0,
            min_child_weight: self.rules.min_child_weight / self.weight_unit,
            min_samples_leaf: self.rules.min_samples_leaf,
            min_gain: self.rules.min_split_gain / self.weight_unit,
            max_delta: f64::INFINITY,
            categories: CategoryRules { smooth: 0.0, l2: 0.0, max_one_hot: 0 },
            monotone: directions(&self.rules.monotone),
        }
        .scaled(rounded.scale);
        let features = self.rules.features(self.matrix.n_features(), shuffled, seed);
        let plan = Plan {
            rounded: &rounded,
            exact: Some(&exact),
            rules: &rules,
            limits: self.rules.limits(),
            features: &features,
            cancel: self.cancel,
        };
        let mut grower = Grower::new(&self.matrix, workers);
        let grown = grower.grow(&plan, rows.as_deref())?;
        let cover_unit = self.weight_unit / rounded.scale.hessian;
        importances.add(&grown, rules.gain_unit * self.weight_unit, rules.min_gain, cover_unit);
        let leaf = |range: Range<usize>| {
            let rows = grower.partition.rows(range);
            // Differences from the first, so that a pure leaf predicts its target to the last bit.
            let first = rows.first().map_or(self.mean, |&row| self.y[row as usize]);
            let (mut sum, mut total) = (0.0, 0.0);
            for &row in rows {
                let weight = weight(row as usize);
                sum += weight * (self.y[row as usize] - first);
                total += weight;
            }
            if total > 0.0 { first + sum / total } else { self.mean }
        };
        let value = |at: usize| {
            let node = &grown.nodes[at];
            let (low, high) = (node.bounds.low * rules.value_unit, node.bounds.high * rules.value_unit);
            leaf(node.rows.clone()).clamp(self.mean + low, self.mean + high)
        };
        let mut trees = Trees::default();
        trees.push(&grown, &self.matrix, value, cover_unit);
        Ok(trees)
    }

    /// The same of more than two classes.
    fn fit_classes(
        &self,
        n_classes: usize,
        draws: Option<&[u32]>,
        seed: Seed,
        shuffled: bool,
        workers: &Workers,
        importances: &mut Importances,
    ) -> Result<(Trees, Distributions)> {
        let weight: Vec<f64> = (0..self.y.len()).map(|row| self.weight_of(row, draws)).collect();
        let weights = WholeWeights::new(&weight);
        let rows: Vec<u32> = (0..weight.len() as u32).filter(|&row| weight[row as usize] > 0.0).collect();
        let features = self.rules.features(self.matrix.n_features(), shuffled, seed);
        let cover_unit = weights.unit * self.weight_unit;
        // Half of the indicators' squared errors: of two classes, the squared error of one.
        let gain_unit = 0.5 * weights.unit;
        let plan = ClassPlan {
            class: &self.class,
            n_classes,
            weights: &weights,
            min_weight: self.rules.min_child_weight / self.weight_unit / weights.unit,
            min_gain: self.rules.min_split_gain / self.weight_unit / gain_unit,
            limits: self.rules.limits(),
            features: &features,
            cancel: self.cancel,
        };
        let mut grower = Grower::new(&self.matrix, workers);
        let grown = grower.grow_classes(&plan, &rows)?;
        importances.add(&grown, gain_unit * self.weight_unit, plan.min_gain, cover_unit);
        let mut distributions = Distributions::new(n_classes);
        let mut sums = vec![0.0; n_classes];
        let mut number = |node: &crate::tree::GrownNode| {
            if node.split.is_some() {
                return 0.0;
            }
            let rows = grower.partition.rows(node.rows.clone());
            sums.fill(0.0);
            for &row in rows {
                // As they were before rounding; in these units no sum overflows.
                let weight = weight[row as usize] / weights.unit;
                sums[usize::from(self.class[row as usize])] += weight.max(f64::MIN_POSITIVE);
            }
            let total: f64 = sums.iter().sum();
            let shares: Vec<f64> = sums.iter().map(|sum| sum / total).collect();
            distributions.number_of(&shares) as f64
        };
        let numbers: Vec<f64> = grown.nodes.iter().map(&mut number).collect();
        let mut trees = Trees::default();
        trees.push(&grown, &self.matrix, |at| numbers[at], cover_unit);
        Ok((trees, distributions))
    }

    pub(super) fn n_rows(&self) -> usize {
        self.y.len()
    }

    pub(super) fn target(&self) -> &[f64] {
        &self.y
    }

    /// In units that do not overflow when they are summed.
    pub(super) fn weight(&self) -> Option<&[f64]> {
        self.weight.as_deref()
    }
}

/// The unit of weights: 1, unless products of weights and squares of targets might leave the range of numbers.
fn unit_of(weight: ArrayView1<'_, f64>) -> f64 {
    let largest = weight.iter().fold(0.0, |largest: f64, &weight| largest.max(weight));
    if (1e-9..=1e9).contains(&largest) {
        return 1.0;
    }
    2.0_f64.powi((largest.log2().floor() as i32).clamp(-1022, 1023))
}
