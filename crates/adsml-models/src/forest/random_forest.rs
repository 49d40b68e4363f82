//! A random forest.

use std::sync::atomic::{AtomicUsize, Ordering};

use adsml_core::{Error, FitContext, ModelFile, ParamKind, ParamSpec, ParamValue, Regressor, Seed, TrainingSet};

use super::fit::{Ground, TreeRules};
use super::mean::{Criterion, MeanOfTrees, mean_of_trees};
use super::oob_importance::{self, OobShuffles};
use crate::Result;
use crate::estimator::estimator;
use crate::inspection::{PermutationImportance, checked_groups};
use crate::tree::{Importances, Trees, Workers};

const SPECS: &[ParamSpec] = &[
    ParamSpec::count("n_estimators", 1, 100, "Trees"),
    ParamSpec::flag("bootstrap", true, "Whether each tree sees rows drawn with replacement, or all rows"),
    ParamSpec::flag("oob_score", false, "Whether rows are also predicted by the trees that did not see them"),
    ParamSpec::flag(
        "oob_importance",
        false,
        "Whether features are also shuffled among the rows that a tree did not see",
    ),
    ParamSpec {
        name: "criterion",
        kind: ParamKind::Choice(Criterion::NAMES),
        default: ParamValue::Choice(Criterion::NAMES[0]),
        help: "What the leaves are to be alike in",
    },
    ParamSpec::count("max_depth", 0, 0, "Most questions on a path; 0 for no limit"),
    ParamSpec::count("min_samples_leaf", 1, 1, "Least rows of a leaf, whatever their weight"),
    ParamSpec::non_negative("min_child_weight", 0.0, "Least sum of weights of a leaf"),
    ParamSpec::non_negative("min_split_gain", 0.0, "Least fall of the weighted sum of squared errors by a split"),
    ParamSpec {
        name: "max_features",
        kind: ParamKind::Real { min: 0.0, max: 1.0, min_excluded: true },
        default: ParamValue::Real(1.0),
        help: "Share of the features that each split looks at",
    },
    ParamSpec {
        name: "max_bins",
        kind: ParamKind::Integer { min: 2, max: 255 },
        default: ParamValue::Integer(255),
        help: "Most bins of a feature, not counting that of missing values",
    },
];

/// A fitted random forest: the mean of trees, each grown on its own draw of the rows.
///
/// ```text
/// E[y | x] = mean over trees of the mean of y in the leaf where x ends
/// ```
///
/// Each tree sees `n_samples` rows drawn with replacement, and each of its splits a share of the features. Ties between features are
/// broken at random, as in scikit-learn. With [`oob_score`](RandomForestParams::oob_score), every row is also predicted by the trees that did
/// not see it: an honest estimate without a test set, as long as rows are independent.
///
/// ```
/// use adsml_models::{RandomForest, Regressor};
///
/// let spend: Vec<[f64; 1]> = (0..200).map(|day| [f64::from(day % 50)]).collect();
/// let revenue: Vec<f64> = spend.iter().map(|day| (1.0 + day[0]).ln()).collect();
/// let forest = RandomForest::params().n_estimators(20).oob_score(true).fit(&spend, &revenue)?;
/// assert!((forest.predict_row(&[20.0])? - 21.0_f64.ln()).abs() < 0.05);
/// assert!(forest.oob_predictions().is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Source: Breiman (2001), "Random Forests", Machine Learning 45.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RandomForest {
    mean: MeanOfTrees,
    oob: Option<OutOfBag>,
    oob_importance: Option<Vec<PermutationImportance>>,
}

/// What the trees that did not see a row say of it.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct OutOfBag {
    predictions: Vec<f64>,
    score: f64,
}

/// Parameters of a [`RandomForest`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RandomForestParams {
    n_estimators: usize,
    bootstrap: bool,
    oob_score: bool,
    oob_importance: bool,
    oob_importance_groups: Vec<Vec<usize>>,
    criterion: Criterion,
    max_depth: usize,
    min_samples_leaf: usize,
    min_child_weight: f64,
    min_split_gain: f64,
    max_features: f64,
    max_bins: usize,
    monotone: Vec<i8>,
    interactions: Vec<Vec<usize>>,
}

impl Default for RandomForestParams {
    fn default() -> Self {
        Self {
            n_estimators: 100,
            bootstrap: true,
            oob_score: false,
            oob_importance: false,
            oob_importance_groups: Vec::new(),
            criterion: Criterion::SquaredError,
            max_depth: 0,
            min_samples_leaf: 1,
            min_child_weight: 0.0,
            min_split_gain: 0.0,
            max_features: 1.0,
            max_bins: 255,
            monotone: Vec::new(),
            interactions: Vec::new(),
        }
    }
}

impl RandomForestParams {
    /// Trees, at least 1; default `100`.
    #[must_use]
    pub fn n_estimators(mut self, n_estimators: usize) -> Self {
        self.n_estimators = n_estimators;
        self
    }

    /// Whether each tree sees `n_samples` rows drawn with replacement, or all rows. Default `true`.
    #[must_use]
    pub fn bootstrap(mut self, bootstrap: bool) -> Self {
        self.bootstrap = bootstrap;
        self
    }

    /// Whether rows are also predicted by the trees that did not see them; needs `bootstrap`. Default `false`.
    #[must_use]
    pub fn oob_score(mut self, oob_score: bool) -> Self {
        self.oob_score = oob_score;
        self
    }

    /// Whether every tree is also asked how much worse it gets when features are shuffled among the rows it did not see:
    /// [`RandomForest::oob_importance`]; needs `bootstrap`. Default `false`.
    #[must_use]
    pub fn oob_importance(mut self, oob_importance: bool) -> Self {
        self.oob_importance = oob_importance;
        self
    }

    /// Groups of features that [`oob_importance`](Self::oob_importance) shuffles together, as those that carry the same information should
    /// be. Default: each feature alone.
    #[must_use]
    pub fn oob_importance_groups(mut self, groups: impl Into<Vec<Vec<usize>>>) -> Self {
        self.oob_importance_groups = groups.into();
        self
    }

    /// What the leaves are to be alike in; default [`Criterion::SquaredError`].
    #[must_use]
    pub fn criterion(mut self, criterion: Criterion) -> Self {
        self.criterion = criterion;
        self
    }

    /// Most questions on a path, `0` for no limit; default `0`.
    #[must_use]
    pub fn max_depth(mut self, max_depth: usize) -> Self {
        self.max_depth = max_depth;
        self
    }

    /// Least rows of a leaf, whatever their weight; default `1`.
    #[must_use]
    pub fn min_samples_leaf(mut self, min_samples_leaf: usize) -> Self {
        self.min_samples_leaf = min_samples_leaf;
        self
    }

    /// Least sum of weights of a leaf. Default `0.0`.
    #[must_use]
    pub fn min_child_weight(mut self, min_child_weight: f64) -> Self {
        self.min_child_weight = min_child_weight;
        self
    }

    /// Least fall of the weighted sum of squared errors by a split. Default `0.0`.
    #[must_use]
    pub fn min_split_gain(mut self, min_split_gain: f64) -> Self {
        self.min_split_gain = min_split_gain;
        self
    }

    /// Share of the features that each split looks at, in `(0, 1]`; default `1.0`.
    #[must_use]
    pub fn max_features(mut self, max_features: f64) -> Self {
        self.max_features = max_features;
        self
    }

    /// Most bins of a feature, that of missing values not counted, 2 to 255; default `255`.
    #[must_use]
    pub fn max_bins(mut self, max_bins: usize) -> Self {
        self.max_bins = max_bins;
        self
    }

    /// The direction of each feature's effect: 1 never falls, -1 never rises, 0 is free; categories must be free.
    #[must_use]
    pub fn monotone(mut self, directions: impl Into<Vec<i8>>) -> Self {
        self.monotone = directions.into();
        self
    }

    /// Groups of features that may meet on a path from root to leaf; a feature of no group meets none. Default: all may meet.
    #[must_use]
    pub fn interactions(mut self, groups: impl Into<Vec<Vec<usize>>>) -> Self {
        self.interactions = groups.into();
        self
    }

    fn rules(&self) -> TreeRules {
        TreeRules {
            criterion: self.criterion,
            max_depth: self.max_depth,
            max_leaves: 0,
            min_samples_leaf: self.min_samples_leaf,
            min_child_weight: self.min_child_weight,
            min_split_gain: self.min_split_gain,
            max_features: self.max_features,
            max_bins: self.max_bins,
            monotone: self.monotone.clone(),
            interactions: self.interactions.clone(),
        }
    }

    /// Fits on a training set with its weights; `O(n_estimators * n_samples * n_features * depth)`. Trees are grown at the same time.
    ///
    /// With `oob_importance`, each tree also predicts its out-of-bag rows once per group of features that it asks for. A forest given as warm
    /// start keeps its trees, and `n_estimators` are added; its out-of-bag score and importance are not kept.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`](crate::ModelError::InvalidParameter), also for constraints that do not fit the features;
    /// [`InvalidTarget`](crate::ModelError::InvalidTarget) outside the criterion's domain; [`InvalidLevel`](crate::ModelError::InvalidLevel) for a category that is no level;
    /// [`Core`](crate::ModelError::Core) for lengths and weights, an offset, which it does not support, a warm start of another kind, and when cancelled.
    pub fn fit_set(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<RandomForest> {
        self.check()?;
        let workers = Workers::new(context.threads.get())?;
        let rules = self.rules();
        let ground = Ground::new(&rules, "random_forest", data, context.cancel, &workers)?;
        let mut mean = match context.warm_start {
            Some(model) => warm_start(model, data, self.criterion)?,
            None => MeanOfTrees::start(self.criterion, data),
        };
        let groups = checked_groups("oob_importance_groups", &self.oob_importance_groups, data.n_features())?;
        let shuffles = (self.oob_importance && self.bootstrap).then_some(OobShuffles { data: *data, groups });
        let n_before = mean.trees.len();
        let n = ground.n_rows();
        let alone = Workers::new(1)?;
        let done = AtomicUsize::new(0);
        let grow = |tree: usize| -> Result<GrownTree> {
            context.check_cancelled()?;
            let seed = context.seed.derive("tree of a forest", tree as u64);
            let draws = self.bootstrap.then(|| draws(n, ground.weight(), seed));
            let mut importances = Importances::new(data.n_features());
            let trees = ground.fit_tree(draws.as_deref(), seed, true, &alone, &mut importances)?;
            let increases = match (&shuffles, &draws) {
                (Some(shuffles), Some(draws)) => {
                    shuffles.increases(&trees, &importances, draws, seed, || Ok(context.check_cancelled()?))?
                }
                _ => None,
            };
            context.progress("growing trees", done.fetch_add(1, Ordering::Relaxed) + 1, Some(self.n_estimators));
            Ok(GrownTree { trees, importances, increases, draws: if self.oob_score { draws } else { None } })
        };
        let mut oob = OobSums::new(if self.oob_score && self.bootstrap { n } else { 0 });
        let mut increases = Vec::new();
        // As many trees at a time as there are threads, so that what is kept for the out-of-bag score stays small.
        let mut from = n_before;
        while from < n_before + self.n_estimators {
            let some = (4 * workers.threads()).min(n_before + self.n_estimators - from);
            for grown in workers.map(some, |at| grow(from + at)) {
                let GrownTree { trees, importances, increases: of_tree, draws } = grown?;
                increases.extend(of_tree);
                if let Some(draws) = draws {
                    oob.add(&trees, data, &draws);
                }
                mean.importances.merge(&importances);
                mean.trees.append(trees);
            }
            from += some;
        }
        let oob =
            (self.oob_score && self.bootstrap && n_before == 0).then(|| oob.finish(ground.target(), ground.weight()));
        let oob_importance = shuffles.filter(|_| n_before == 0).and_then(|shuffles| shuffles.summary(&increases));
        Ok(RandomForest { mean, oob, oob_importance })
    }
}

estimator!(RandomForestParams => RandomForest, "random_forest", {
    n_estimators, bootstrap, oob_score, oob_importance, criterion, max_depth, min_samples_leaf, min_child_weight, min_split_gain, max_features, max_bins,
});
mean_of_trees!(RandomForest, "random_forest");

impl RandomForest {
    /// Trees of the forest.
    pub fn n_trees(&self) -> usize {
        self.mean.trees.len()
    }

    /// Of every training row, the mean of the trees that did not see it; `NaN` where every tree did.
    pub fn oob_predictions(&self) -> Option<&[f64]> {
        self.oob.as_ref().map(|oob| &oob.predictions[..])
    }

    /// The (weighted) R² of the out-of-bag predictions: `1 - sum(w (y - p)^2) / sum(w (y - mean)^2)`, over the rows that have one.
    pub fn oob_score(&self) -> Option<f64> {
        self.oob.as_ref().map(|oob| oob.score)
    }

    /// How much worse the trees get on the rows they did not see when features are shuffled among those, by group, in the order of the
    /// groups: an importance that is honest without held-out rows, as long as rows are independent.
    ///
    /// ```text
    /// importance(group) = mean over trees of loss(y, tree(x with the group's columns shuffled together)) - loss(y, tree(x))
    /// ```
    ///
    /// each over the rows that the tree did not see; the loss is the weighted mean of squared errors, which for
    /// [`Criterion::Gini`] is the Brier score. `deviation` and `standard_error()` are those between trees, which share rows: the mean over the
    /// error is no test against chance (Strobl and Zeileis 2008, "Danger: high power!", COMPSTAT). `None` unless
    /// [`oob_importance`](RandomForestParams::oob_importance) was asked for and some tree left out a row.
    ///
    /// Source: Breiman (2001), "Random Forests", Machine Learning 45, section 10, with the loss in place of the rate of errors.
    ///
    /// ```
    /// use adsml_models::RandomForest;
    ///
    /// let rows: Vec<[f64; 2]> = (0..200).map(|day| [f64::from(day % 50), f64::from(day * 13 % 31)]).collect();
    /// let revenue: Vec<f64> = rows.iter().map(|row| (1.0 + row[0]).ln()).collect();
    /// let forest = RandomForest::params().n_estimators(20).oob_importance(true).fit(&rows, &revenue)?;
    /// let found = forest.oob_importance().expect("it was asked for");
    /// assert!(found[0].mean > 100.0 * found[1].mean.abs());
    /// # Ok::<(), adsml_models::ModelError>(())
    /// ```
    pub fn oob_importance(&self) -> Option<&[PermutationImportance]> {
        self.oob_importance.as_deref()
    }

    fn write(&self) -> ModelFile {
        let mut file = self.mean.to_file(Self::KIND);
        let (predictions, score) = self.oob.as_ref().map_or((&[][..], f64::NAN), |oob| (&oob.predictions, oob.score));
        file.put_f64("oob_predictions", predictions).put_f64("oob_score", &[score]);
        if let Some(found) = &self.oob_importance {
            oob_importance::put(&mut file, found);
        }
        file
    }

    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// [`ModelError::Core`](crate::ModelError::Core) when the file is of another kind or does not add up.
    pub fn from_file(file: &ModelFile) -> Result<Self> {
        let mean = MeanOfTrees::from_file(file, Self::KIND)?;
        let (predictions, score) = (file.f64("oob_predictions")?, file.f64("oob_score")?);
        Error::check_length("section `oob_score`", 1, score.len())?;
        let oob = (!predictions.is_empty()).then_some(OutOfBag { predictions, score: score[0] });
        let oob_importance = oob_importance::from_file(file, mean.n_features())?;
        Ok(Self { mean, oob, oob_importance })
    }
}

/// A tree, and what is known of it while its draws are.
struct GrownTree {
    trees: Trees,
    importances: Importances,
    increases: Option<Vec<f64>>,
    draws: Option<Vec<u32>>,
}

/// How often each row is drawn: `n` draws with replacement, of rows that count.
fn draws(n: usize, weight: Option<&[f64]>, seed: Seed) -> Vec<u32> {
    let mut stream = seed.stream("bootstrap", 0);
    let mut draws = vec![0; n];
    (0..n).for_each(|_| draws[stream.below(n)] += 1);
    // Rows of weight zero may be all that was drawn: then every row is.
    let counts = |row: usize| draws[row] > 0 && weight.is_none_or(|weight| weight[row] > 0.0);
    if (0..n).any(counts) { draws } else { vec![1; n] }
}

fn warm_start(model: &dyn Regressor, data: &TrainingSet<'_>, criterion: Criterion) -> Result<MeanOfTrees> {
    let mean = RandomForest::from_file(&model.to_file()?)?.mean;
    if mean.n_features() != data.n_features() {
        return Err(Error::FeatureCount { expected: mean.n_features(), found: data.n_features() }.into());
    }
    if mean.criterion != criterion {
        let what = format!("a warm start from a forest grown by {}", mean.criterion.name());
        return Err(Error::Unsupported { by: "random_forest".to_owned(), what }.into());
    }
    Ok(mean)
}

/// Sums of out-of-bag predictions.
struct OobSums {
    sums: Vec<f64>,
    counts: Vec<u32>,
}

impl OobSums {
    fn new(n: usize) -> Self {
        Self { sums: vec![0.0; n], counts: vec![0; n] }
    }

    /// Adds what one tree says of the rows it did not see.
    fn add(&mut self, tree: &Trees, data: &TrainingSet<'_>, draws: &[u32]) {
        for (row, _) in draws.iter().enumerate().filter(|(_, draws)| **draws == 0) {
            self.sums[row] += tree.leaf_value(0, &data.x.row(row).to_vec());
            self.counts[row] += 1;
        }
    }

    fn finish(self, y: &[f64], weight: Option<&[f64]>) -> OutOfBag {
        let predictions: Vec<f64> =
            self.sums.iter().zip(&self.counts).map(|(sum, &count)| sum / f64::from(count)).collect();
        let weight_of = |row: usize| weight.map_or(1.0, |weight| weight[row]);
        let seen = || (0..y.len()).filter(|&row| !predictions[row].is_nan());
        let total: f64 = seen().map(weight_of).sum();
        let mean = seen().map(|row| weight_of(row) * y[row]).sum::<f64>() / total;
        let error: f64 = seen().map(|row| weight_of(row) * (y[row] - predictions[row]).powi(2)).sum();
        let spread: f64 = seen().map(|row| weight_of(row) * (y[row] - mean).powi(2)).sum();
        OutOfBag { score: 1.0 - error / spread, predictions }
    }
}
