//! A random forest.

use std::sync::atomic::{AtomicUsize, Ordering};

use adsml_core::{Error, FitContext, ModelFile, ParamSpec, Regressor, Seed, TrainingSet};
use ndarray::{Array2, ArrayView1};

use super::distributions::Distributions;
use super::fit::Ground;
use super::mean::{Criterion, MeanOfTrees, mean_of_trees};
use super::oob_importance::{self, DrawnTree, OobShuffles};
use super::out_of_bag::{OobSums, OutOfBag};
use super::rules::{TreeRules, tree_rules};
use crate::Result;
use crate::classes::of_two;
use crate::estimator::{estimator, serde_as_file};
use crate::inspection::{PermutationImportance, checked_groups};
use crate::tree::{Importances, Trees, Workers, rows_of_tree};

const SPECS: &[ParamSpec] = &[
    ParamSpec::count("n_estimators", 1, 100, "Trees"),
    ParamSpec::flag("bootstrap", true, "Whether each tree sees rows drawn with replacement, or all rows"),
    ParamSpec::share("max_samples", "Rows drawn for each tree, as a share of all"),
    ParamSpec::flag("oob_score", false, "Whether rows are also predicted by the trees that did not see them"),
    ParamSpec::flag(
        "oob_importance",
        false,
        "Whether features are also shuffled among the rows that a tree did not see",
    ),
    TreeRules::CRITERION,
    TreeRules::N_CLASSES,
    TreeRules::MAX_DEPTH,
    TreeRules::MIN_SAMPLES_LEAF,
    TreeRules::MIN_CHILD_WEIGHT,
    TreeRules::MIN_SPLIT_GAIN,
    ParamSpec::share("colsample_by_tree", "Share of the features that each tree looks at"),
    ParamSpec::share("colsample_by_level", "Share of those that each level of a tree looks at"),
    ParamSpec::share("max_features", "Share of those that each split looks at"),
    TreeRules::MAX_BINS,
];

/// A fitted random forest: the mean of trees, each grown on its own draw of the rows.
///
/// ```text
/// E[y | x] = mean over trees of the mean of y in the leaf where x ends
/// P(k | x) = mean over trees of the share of class k in the leaf where x ends
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
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "Vec<u8>", into = "Vec<u8>")
)]
pub struct RandomForest {
    mean: MeanOfTrees,
    oob: Option<OutOfBag>,
    oob_importance: Option<Vec<PermutationImportance>>,
}

/// Parameters of a [`RandomForest`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RandomForestParams {
    n_estimators: usize,
    bootstrap: bool,
    max_samples: f64,
    oob_score: bool,
    oob_importance: bool,
    oob_importance_groups: Vec<Vec<usize>>,
    criterion: Criterion,
    n_classes: usize,
    max_depth: usize,
    min_samples_leaf: usize,
    min_child_weight: f64,
    min_split_gain: f64,
    colsample_by_tree: f64,
    colsample_by_level: f64,
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
            max_samples: 1.0,
            oob_score: false,
            oob_importance: false,
            oob_importance_groups: Vec::new(),
            criterion: Criterion::SquaredError,
            n_classes: 2,
            max_depth: 0,
            min_samples_leaf: 1,
            min_child_weight: 0.0,
            min_split_gain: 0.0,
            colsample_by_tree: 1.0,
            colsample_by_level: 1.0,
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

    /// Whether the rows of each tree are drawn with replacement; else each is there once, or not at all. Default `true`.
    #[must_use]
    pub fn bootstrap(mut self, bootstrap: bool) -> Self {
        self.bootstrap = bootstrap;
        self
    }

    /// Rows drawn for each tree, as a share of all, in `(0, 1]`; default `1.0`.
    #[must_use]
    pub fn max_samples(mut self, max_samples: f64) -> Self {
        self.max_samples = max_samples;
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

    /// Share of the features that each tree looks at, in `(0, 1]`; default `1.0`.
    #[must_use]
    pub fn colsample_by_tree(mut self, colsample_by_tree: f64) -> Self {
        self.colsample_by_tree = colsample_by_tree;
        self
    }

    /// Share of the tree's features that each of its levels looks at, in `(0, 1]`; default `1.0`.
    #[must_use]
    pub fn colsample_by_level(mut self, colsample_by_level: f64) -> Self {
        self.colsample_by_level = colsample_by_level;
        self
    }

    /// Share of the level's features that each split looks at, in `(0, 1]`; default `1.0`. Features that do not vary in a node count, unlike in scikit-learn.
    #[must_use]
    pub fn max_features(mut self, max_features: f64) -> Self {
        self.max_features = max_features;
        self
    }

    /// How often each row is there; `None` when all are, once.
    fn draws(&self, n: usize, weight: Option<&[f64]>, seed: Seed) -> Option<Vec<u32>> {
        let mut draws = vec![0; n];
        if self.bootstrap {
            let mut stream = seed.stream("bootstrap", 0);
            let wanted = ((n as f64 * self.max_samples).round() as usize).max(1);
            (0..wanted).for_each(|_| draws[stream.below(n)] += 1);
        } else {
            rows_of_tree(n, self.max_samples, seed, 0)?.into_iter().for_each(|row| draws[row as usize] = 1);
        }
        // Rows of weight zero may be all that was drawn: then every row is.
        let counts = |row: usize| draws[row] > 0 && weight.is_none_or(|weight| weight[row] > 0.0);
        Some(if (0..n).any(counts) { draws } else { vec![1; n] })
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
        let rules = TreeRules {
            colsample_by_tree: self.colsample_by_tree,
            colsample_by_level: self.colsample_by_level,
            ..self.rules_alike()
        };
        let ground = Ground::new(&rules, "random_forest", data, context.cancel, &workers)?;
        let mut mean = match context.warm_start {
            Some(model) => warm_start(model, data, &rules)?,
            None => MeanOfTrees::start(self.criterion, rules.many_classes(), data),
        };
        let mut distributions = mean.take_distributions();
        let groups = checked_groups("oob_importance_groups", &self.oob_importance_groups, data.n_features())?;
        let in_units = TrainingSet::new(data.x.reborrow(), data.y.reborrow())?
            .with_weight(ground.weight().map(ArrayView1::from))?;
        let shuffles = (self.oob_importance && self.bootstrap).then_some(OobShuffles {
            data: in_units,
            many_classes: rules.many_classes(),
            groups,
        });
        let n_before = mean.ensemble.trees.len();
        let n = ground.n_rows();
        let alone = Workers::new(1)?;
        let done = AtomicUsize::new(0);
        let grow = |tree: usize| -> Result<GrownTree> {
            context.check_cancelled()?;
            let seed = context.seed.derive("tree of a forest", tree as u64);
            let draws = self.draws(n, ground.weight(), seed);
            let mut importances = Importances::new(data.n_features());
            let (trees, distributions) = ground.fit_tree(draws.as_deref(), seed, true, &alone, &mut importances)?;
            let increases = match (&shuffles, &draws) {
                (Some(shuffles), Some(draws)) => {
                    let tree = DrawnTree { tree: &trees, distributions: &distributions, splits: &importances, draws };
                    shuffles.increases(tree, seed, || Ok(context.check_cancelled()?))?
                }
                _ => None,
            };
            context.progress("growing trees", done.fetch_add(1, Ordering::Relaxed) + 1, Some(self.n_estimators));
            let draws = if self.oob_score { draws } else { None };
            Ok(GrownTree { trees, distributions, importances, increases, draws })
        };
        let mut oob = OobSums::new(if self.oob_score && self.bootstrap { n } else { 0 }, rules.many_classes());
        let mut increases = Vec::new();
        // As many trees at a time as there are threads, so that what is kept for the out-of-bag score stays small.
        let mut from = n_before;
        while from < n_before + self.n_estimators {
            let some = (4 * workers.threads()).min(n_before + self.n_estimators - from);
            for grown in workers.map(some, |at| grow(from + at)) {
                let GrownTree { trees, distributions: own, importances, increases: of_tree, draws } = grown?;
                increases.extend(of_tree);
                if let Some(draws) = draws {
                    oob.add(&trees, &own, data, &draws);
                }
                mean.importances.merge(&importances);
                mean.append(trees, &own, &mut distributions);
            }
            from += some;
        }
        mean.keep(distributions);
        let oob =
            (self.oob_score && self.bootstrap && n_before == 0).then(|| oob.finish(ground.target(), ground.weight()));
        let oob_importance = shuffles.filter(|_| n_before == 0).and_then(|shuffles| shuffles.summary(&increases));
        Ok(RandomForest { mean, oob, oob_importance })
    }
}

estimator!(RandomForestParams => RandomForest, "random_forest", {
    n_estimators, bootstrap, max_samples, oob_score, oob_importance, criterion, n_classes, max_depth, min_samples_leaf, min_child_weight, min_split_gain, colsample_by_tree, colsample_by_level, max_features, max_bins,
});
tree_rules!(RandomForestParams);
mean_of_trees!(RandomForest, "random_forest");
serde_as_file!(RandomForest);

impl RandomForest {
    /// Trees of the forest.
    pub fn n_trees(&self) -> usize {
        self.mean.ensemble.trees.len()
    }

    /// Of every training row, what [`predict`](crate::Regressor::predict) would give with the trees that did not see it; `NaN` where every tree did.
    pub fn oob_predictions(&self) -> Option<&[f64]> {
        self.oob.as_ref().map(|oob| &oob.predictions[..])
    }

    /// Of every training row, the class probabilities of the trees that did not see it, shape `(n_samples, n_classes)`; `NaN` where every
    /// tree did. `None` also where there are no classes.
    pub fn oob_proba(&self) -> Option<Array2<f64>> {
        let oob = self.oob.as_ref()?;
        let (n, n_classes) = (oob.predictions.len(), self.mean.classes().len());
        match n_classes {
            0 => None,
            2 => Some(of_two(ArrayView1::from(&oob.predictions))),
            _ => Array2::from_shape_vec((n, n_classes), oob.proba.clone()).ok(),
        }
    }

    /// The (weighted) R² of the out-of-bag predictions, over the rows that have one; of classes, the Brier skill score, which for two of them is the
    /// same number.
    ///
    /// ```text
    /// 1 - sum(w (y - p)^2) / sum(w (y - mean)^2)
    /// 1 - sum(w sum_k ([y = k] - p_k)^2) / sum(w sum_k ([y = k] - share_k)^2)    of classes
    /// ```
    ///
    /// Source: Brier (1950), "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78.
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
    /// [`Criterion::Gini`] is the Brier score (of three classes and more, half the sum over them). `deviation` and `standard_error()` are those between trees, which share rows: the mean over the
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
        if self.mean.many_classes() > 0 {
            file.put_f64("oob_proba", self.oob.as_ref().map_or(&[], |oob| &oob.proba));
        }
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
        let n_classes = mean.many_classes();
        let proba = if n_classes > 0 { file.f64("oob_proba")? } else { Vec::new() };
        Error::check_length("section `oob_proba`", predictions.len() * n_classes, proba.len())?;
        let oob = (!predictions.is_empty()).then_some(OutOfBag { predictions, proba, score: score[0] });
        let oob_importance = oob_importance::from_file(file, mean.n_features())?;
        Ok(Self { mean, oob, oob_importance })
    }
}

/// A tree, and what is known of it while its draws are.
struct GrownTree {
    trees: Trees,
    distributions: Distributions,
    importances: Importances,
    increases: Option<Vec<f64>>,
    draws: Option<Vec<u32>>,
}

fn warm_start(model: &dyn Regressor, data: &TrainingSet<'_>, rules: &TreeRules) -> Result<MeanOfTrees> {
    let mean = RandomForest::from_file(&model.to_file()?)?.mean;
    if mean.n_features() != data.n_features() {
        return Err(Error::FeatureCount { expected: mean.n_features(), found: data.n_features() }.into());
    }
    let unsupported = |what: String| Err(Error::Unsupported { by: "random_forest".to_owned(), what }.into());
    if mean.criterion != rules.criterion {
        return unsupported(format!("a warm start from a forest grown by {}", mean.criterion.name()));
    }
    if mean.many_classes() != rules.many_classes() {
        return unsupported(format!("a warm start from a forest of {} classes", mean.classes().len()));
    }
    Ok(mean)
}
