//! What a tree and the trees of a forest are told alike.

use adsml_core::{ParamKind, ParamSpec, ParamValue, Seed};

use super::mean::Criterion;
use crate::tree::{FeatureSampler, FeatureShares, Growth, Limits};

/// Most classes.
pub(super) const MAX_CLASSES: i64 = 1000;

/// What a tree and the trees of a forest are told alike.
#[derive(Debug, Clone)]
pub(super) struct TreeRules {
    pub(super) criterion: Criterion,
    pub(super) n_classes: usize,
    /// Zero for no limit.
    pub(super) max_depth: usize,
    /// Zero for no limit.
    pub(super) max_leaves: usize,
    pub(super) min_samples_leaf: usize,
    pub(super) min_child_weight: f64,
    pub(super) min_split_gain: f64,
    pub(super) colsample_by_tree: f64,
    pub(super) colsample_by_level: f64,
    pub(super) max_features: f64,
    pub(super) max_bins: usize,
    pub(super) monotone: Vec<i8>,
    pub(super) interactions: Vec<Vec<usize>>,
}

impl TreeRules {
    pub(super) const CRITERION: ParamSpec = ParamSpec {
        name: "criterion",
        kind: ParamKind::Choice(Criterion::NAMES),
        default: ParamValue::Choice(Criterion::NAMES[0]),
        help: "What the leaves are to be alike in",
    };
    pub(super) const N_CLASSES: ParamSpec = ParamSpec {
        name: "n_classes",
        kind: ParamKind::Integer { min: 2, max: MAX_CLASSES },
        default: ParamValue::Integer(2),
        help: "Classes of the Gini criterion",
    };
    pub(super) const MAX_DEPTH: ParamSpec =
        ParamSpec::count("max_depth", 0, 0, "Most questions on a path; 0 for no limit");
    pub(super) const MIN_SAMPLES_LEAF: ParamSpec =
        ParamSpec::count("min_samples_leaf", 1, 1, "Least rows of a leaf, whatever their weight");
    pub(super) const MIN_CHILD_WEIGHT: ParamSpec =
        ParamSpec::non_negative("min_child_weight", 0.0, "Least sum of weights of a leaf");
    pub(super) const MIN_SPLIT_GAIN: ParamSpec =
        ParamSpec::non_negative("min_split_gain", 0.0, "Least fall of the weighted sum of squared errors by a split");
    pub(super) const MAX_BINS: ParamSpec = ParamSpec {
        name: "max_bins",
        kind: ParamKind::Integer { min: 2, max: 255 },
        default: ParamValue::Integer(255),
        help: "Most bins of a feature, not counting that of missing values",
    };

    /// The classes of a model whose leaves hold their probabilities; 0 for leaves that hold a mean, as those of two classes do.
    pub(super) fn many_classes(&self) -> usize {
        if self.criterion == Criterion::Gini && self.n_classes > 2 { self.n_classes } else { 0 }
    }

    pub(super) fn limits(&self) -> Limits {
        let no_limit = |limit: usize| if limit == 0 { usize::MAX } else { limit };
        Limits {
            growth: Growth::LeafWise,
            max_leaves: no_limit(self.max_leaves),
            max_depth: no_limit(self.max_depth),
            // Twice as many rows are still a number.
            min_samples_leaf: self.min_samples_leaf.min(usize::MAX / 2),
        }
    }

    pub(super) fn features(&self, n_features: usize, shuffled: bool, seed: Seed) -> FeatureSampler<'_> {
        let shares = FeatureShares {
            by_tree: self.colsample_by_tree,
            by_level: self.colsample_by_level,
            by_node: self.max_features,
        };
        FeatureSampler::new(n_features, shares, &self.interactions, shuffled, seed)
    }
}

/// What is set alike of parameters that hold such rules, by the same names.
macro_rules! tree_rules {
    ($params:ident) => {
        impl $params {
            /// What the leaves are to be alike in; default [`Criterion::SquaredError`](crate::Criterion::SquaredError).
            #[must_use]
            pub fn criterion(mut self, criterion: $crate::Criterion) -> Self {
                self.criterion = criterion;
                self
            }

            /// Classes of [`Criterion::Gini`](crate::Criterion::Gini), 2 to 1000; default `2`. Two classes are 0, 1 or a rate in between; of more, the target is the number of
            /// a class, [`Classifier::predict_proba`](crate::Classifier::predict_proba) gives a column for each, and `predict` the mean of their numbers.
            #[must_use]
            pub fn n_classes(mut self, n_classes: usize) -> Self {
                self.n_classes = n_classes;
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

            /// Least fall of the weighted sum of squared errors by a split; of classes, of half the Gini index times the weight. Default `0.0`.
            #[must_use]
            pub fn min_split_gain(mut self, min_split_gain: f64) -> Self {
                self.min_split_gain = min_split_gain;
                self
            }

            /// Most bins of a feature, that of missing values not counted, 2 to 255; default `255`.
            #[must_use]
            pub fn max_bins(mut self, max_bins: usize) -> Self {
                self.max_bins = max_bins;
                self
            }

            /// The direction of each feature's effect: 1 never falls, -1 never rises, 0 is free; categories must be free, and all features where there are more than two
            /// classes.
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

            /// The rules, without a limit on leaves, every tree and level looking at all features.
            fn rules_alike(&self) -> TreeRules {
                TreeRules {
                    criterion: self.criterion,
                    n_classes: self.n_classes,
                    max_depth: self.max_depth,
                    max_leaves: 0,
                    min_samples_leaf: self.min_samples_leaf,
                    min_child_weight: self.min_child_weight,
                    min_split_gain: self.min_split_gain,
                    colsample_by_tree: 1.0,
                    colsample_by_level: 1.0,
                    max_features: self.max_features,
                    max_bins: self.max_bins,
                    monotone: self.monotone.clone(),
                    interactions: self.interactions.clone(),
                }
            }
        }
    };
}

pub(super) use tree_rules;
