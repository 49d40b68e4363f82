//! One decision tree.

use adsml_core::{Error, FitContext, ModelFile, ParamSpec, TrainingSet};

use super::fit::Ground;
use super::mean::{Criterion, MeanOfTrees, mean_of_trees};
use super::rules::{TreeRules, tree_rules};
use crate::Result;
use crate::estimator::{estimator, serde_as_file};
use crate::tree::Workers;

const SPECS: &[ParamSpec] = &[
    ParamSpec::count("max_leaves", 0, 0, "Most leaves, the best splits first; 0 for no limit"),
    TreeRules::CRITERION,
    TreeRules::N_CLASSES,
    TreeRules::MAX_DEPTH,
    TreeRules::MIN_SAMPLES_LEAF,
    TreeRules::MIN_CHILD_WEIGHT,
    TreeRules::MIN_SPLIT_GAIN,
    ParamSpec::share("max_features", "Share of the features that each split looks at"),
    TreeRules::MAX_BINS,
];

/// A fitted decision tree: of every leaf, the mean of the target.
///
/// ```text
/// E[y | x] = sum(w y) / sum(w) over the training rows of the leaf where x ends
/// ```
///
/// Grown depth first until leaves are pure, no split gains anything, or a limit is met. A number is asked whether it is at most a threshold, half way between two
/// bins of at most 255; a category, which of two sets of levels has it (Fisher 1958; of more than two classes, the best split of one of the 8
/// most frequent from the others). Missing values and levels not seen are treated as
/// by [`GradientBoosting`](crate::GradientBoosting).
///
/// ```
/// use adsml_models::{DecisionTree, Regressor};
///
/// let spend = [[10.0], [20.0], [30.0], [40.0]];
/// let tree = DecisionTree::params().fit(&spend, &[1.0, 1.0, 5.0, 6.0])?;
/// assert_eq!(tree.predict_row(&[25.0])?, 1.0, "up to the threshold is left of it");
/// assert_eq!(tree.predict_row(&[99.0])?, 6.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Of three classes and more, leaves hold the weighted share of each:
///
/// ```
/// use adsml_models::{Classifier, Criterion, DecisionTree};
/// use ndarray::array;
///
/// // Age, and which of three products was bought.
/// let (ages, products) = ([[19.0], [23.0], [35.0], [41.0], [67.0]], [0.0, 0.0, 1.0, 2.0, 2.0]);
/// let tree = DecisionTree::params().criterion(Criterion::Gini).n_classes(3).max_leaves(2).fit(&ages, &products)?;
/// assert_eq!(tree.predict_proba(array![[20.0], [50.0]].view())?.row(0), array![1.0, 0.0, 0.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Source: Breiman et al. (1984), "Classification and Regression Trees".
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(try_from = "Vec<u8>", into = "Vec<u8>")
)]
pub struct DecisionTree {
    mean: MeanOfTrees,
}

/// Parameters of a [`DecisionTree`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DecisionTreeParams {
    max_leaves: usize,
    criterion: Criterion,
    n_classes: usize,
    max_depth: usize,
    min_samples_leaf: usize,
    min_child_weight: f64,
    min_split_gain: f64,
    max_features: f64,
    max_bins: usize,
    monotone: Vec<i8>,
    interactions: Vec<Vec<usize>>,
}

impl Default for DecisionTreeParams {
    fn default() -> Self {
        Self {
            max_leaves: 0,
            criterion: Criterion::SquaredError,
            n_classes: 2,
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

impl DecisionTreeParams {
    /// Most leaves, the best splits first; `0` for no limit; default `0`.
    #[must_use]
    pub fn max_leaves(mut self, max_leaves: usize) -> Self {
        self.max_leaves = max_leaves;
        self
    }

    /// Share of the features that each split looks at, in `(0, 1]`; default `1.0`. Features that do not vary in a node count, unlike in scikit-learn.
    #[must_use]
    pub fn max_features(mut self, max_features: f64) -> Self {
        self.max_features = max_features;
        self
    }

    /// Fits on a training set with its weights; `O(n_samples * n_features * depth)`.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`](crate::ModelError::InvalidParameter), also for constraints that do not fit the features;
    /// [`InvalidTarget`](crate::ModelError::InvalidTarget) outside the criterion's domain; [`InvalidLevel`](crate::ModelError::InvalidLevel) for a category that is no level;
    /// [`Core`](crate::ModelError::Core) for lengths and weights, an offset or a warm start, which it does not support, and when cancelled.
    pub fn fit_set(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<DecisionTree> {
        self.check()?;
        if context.warm_start.is_some() {
            return Err(Error::Unsupported { by: "decision_tree".to_owned(), what: "a warm start".to_owned() }.into());
        }
        let workers = Workers::new(context.threads.get())?;
        let rules = TreeRules { max_leaves: self.max_leaves, ..self.rules_alike() };
        let data = *data;
        let mut mean = MeanOfTrees::start(self.criterion, rules.many_classes(), &data);
        let ground = Ground::new(&rules, "decision_tree", &data, context.cancel, &workers)?;
        let (trees, distributions) =
            workers.run(|| ground.fit_tree(None, context.seed, false, &workers, &mut mean.importances))?;
        mean.ensemble.trees = trees;
        mean.keep(distributions);
        Ok(DecisionTree { mean })
    }
}

estimator!(DecisionTreeParams => DecisionTree, "decision_tree", {
    max_leaves, criterion, n_classes, max_depth, min_samples_leaf, min_child_weight, min_split_gain, max_features, max_bins,
});
tree_rules!(DecisionTreeParams);
mean_of_trees!(DecisionTree, "decision_tree");
serde_as_file!(DecisionTree);

impl DecisionTree {
    fn write(&self) -> ModelFile {
        self.mean.to_file(Self::KIND)
    }

    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// [`ModelError::Core`](crate::ModelError::Core) when the file is of another kind or does not add up.
    pub fn from_file(file: &ModelFile) -> Result<Self> {
        Ok(Self { mean: MeanOfTrees::from_file(file, Self::KIND)? })
    }
}
