//! What gradient boosting can be told.

use std::sync::Arc;

use adsml_core::{FitContext, ParamKind, ParamSpec, ParamValue, TrainingSet};

use super::fit::fit;
use super::model::GradientBoosting;
use crate::estimator::estimator;
use crate::objective::{Loss, Objective};
use crate::tree::{Growth, check_constraints};
use crate::{ModelError, Result};

const SPECS: &[ParamSpec] = &[
    ParamSpec {
        name: "loss",
        kind: ParamKind::Choice(Loss::NAMES),
        default: ParamValue::Choice(Loss::NAMES[0]),
        help: "The loss that is minimised",
    },
    ParamSpec::positive("huber_delta", 1.0, "Where the Huber loss turns from squared to absolute"),
    ParamSpec::unit("quantile", 0.5, "The quantile of the quantile loss"),
    ParamSpec {
        name: "tweedie_power",
        kind: ParamKind::Real { min: 1.01, max: 1.99, min_excluded: false },
        default: ParamValue::Real(1.5),
        help: "Power of the mean that the Tweedie variance is proportional to",
    },
    count("n_classes", 2, 1000, 2, "Classes of the softmax loss"),
    ParamSpec {
        name: "growth",
        kind: ParamKind::Choice(Growth::NAMES),
        default: ParamValue::Choice(Growth::NAMES[0]),
        help: "Which leaf is split next",
    },
    count("n_estimators", 1, 1_000_000, 100, "Rounds of boosting"),
    ParamSpec::positive("learning_rate", 0.1, "Share of each tree's values that is added"),
    count("max_leaves", 2, 1 << 20, 31, "Most leaves of a tree"),
    count("max_depth", 0, 1 << 20, 0, "Most questions on a path; 0 for no limit"),
    count("max_bins", 2, 255, 255, "Most bins of a feature, not counting that of missing values"),
    count("bin_sample", 0, i64::MAX, 200_000, "Rows on which bin edges are found; 0 for all"),
    count("min_samples_leaf", 1, 1 << 31, 20, "Least rows of a leaf"),
    ParamSpec::non_negative("min_child_weight", 1e-3, "Least sum of hessians of a leaf"),
    ParamSpec::non_negative("l1", 0.0, "Penalty on absolute leaf values"),
    ParamSpec::non_negative("l2", 0.0, "Penalty on squared leaf values"),
    ParamSpec::non_negative("min_split_gain", 0.0, "What a split must gain at least"),
    ParamSpec::non_negative(
        "max_delta_step",
        0.0,
        "Largest absolute leaf value before the learning rate; 0 for no limit",
    ),
    ParamSpec::share("subsample", "Share of the rows that each tree sees"),
    ParamSpec::share("colsample_by_tree", "Share of the features that each tree sees"),
    ParamSpec::share("colsample_by_level", "Share of the tree's features that each level sees"),
    ParamSpec::share("colsample_by_node", "Share of the level's features that each split looks at"),
    count(
        "early_stopping_rounds",
        0,
        1_000_000,
        0,
        "Rounds without a better loss on the validation rows before boosting stops; 0 for never",
    ),
    ParamSpec::non_negative("cat_smooth", 10.0, "Added to the hessian when levels are ordered"),
    ParamSpec::non_negative("cat_l2", 10.0, "Added to l2 for splits of categories"),
    count("max_cat_to_one_hot", 0, 255, 4, "Categories of at most this many bins split off one level at a time"),
];

const fn count(name: &'static str, min: i64, max: i64, default: i64, help: &'static str) -> ParamSpec {
    ParamSpec { name, kind: ParamKind::Integer { min, max }, default: ParamValue::Integer(default), help }
}

/// Parameters of [`GradientBoosting`]: by default LightGBM's, where it has them.
///
/// Presets carry the defaults of other libraries: [`lightgbm`](Self::lightgbm), [`xgboost`](Self::xgboost),
/// [`catboost`](Self::catboost), [`sklearn`](Self::sklearn).
#[derive(Debug, Clone)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GradientBoostingParams {
    pub(super) loss: Loss,
    pub(super) huber_delta: f64,
    pub(super) quantile: f64,
    pub(super) tweedie_power: f64,
    pub(super) n_classes: usize,
    pub(super) growth: Growth,
    pub(super) n_estimators: usize,
    pub(super) learning_rate: f64,
    pub(super) max_leaves: usize,
    pub(super) max_depth: usize,
    pub(super) max_bins: usize,
    pub(super) bin_sample: usize,
    pub(super) min_samples_leaf: usize,
    pub(super) min_child_weight: f64,
    pub(super) l1: f64,
    pub(super) l2: f64,
    pub(super) min_split_gain: f64,
    pub(super) max_delta_step: f64,
    pub(super) subsample: f64,
    pub(super) colsample_by_tree: f64,
    pub(super) colsample_by_level: f64,
    pub(super) colsample_by_node: f64,
    pub(super) early_stopping_rounds: usize,
    pub(super) cat_smooth: f64,
    pub(super) cat_l2: f64,
    pub(super) max_cat_to_one_hot: usize,
    pub(super) monotone: Vec<i8>,
    pub(super) interactions: Vec<Vec<usize>>,
    pub(super) bin_edges: Option<Vec<Vec<f64>>>,
    #[cfg_attr(feature = "serde", serde(skip_deserializing, serialize_with = "refuse_to_serialize"))]
    pub(super) objective: Option<Arc<dyn Objective>>,
}

/// An objective of one's own is code: parameters that come back without it would fit another model.
#[cfg(feature = "serde")]
fn refuse_to_serialize<S: serde::Serializer>(
    objective: &Option<Arc<dyn Objective>>,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    match objective {
        None => serializer.serialize_unit(),
        Some(_) => Err(serde::ser::Error::custom("parameters with an objective of their own cannot be serialised")),
    }
}

impl Default for GradientBoostingParams {
    fn default() -> Self {
        Self {
            loss: Loss::SquaredError,
            huber_delta: 1.0,
            quantile: 0.5,
            tweedie_power: 1.5,
            n_classes: 2,
            growth: Growth::LeafWise,
            n_estimators: 100,
            learning_rate: 0.1,
            max_leaves: 31,
            max_depth: 0,
            max_bins: 255,
            bin_sample: 200_000,
            min_samples_leaf: 20,
            min_child_weight: 1e-3,
            l1: 0.0,
            l2: 0.0,
            min_split_gain: 0.0,
            max_delta_step: 0.0,
            subsample: 1.0,
            colsample_by_tree: 1.0,
            colsample_by_level: 1.0,
            colsample_by_node: 1.0,
            early_stopping_rounds: 0,
            cat_smooth: 10.0,
            cat_l2: 10.0,
            max_cat_to_one_hot: 4,
            monotone: Vec::new(),
            interactions: Vec::new(),
            bin_edges: None,
            objective: None,
        }
    }
}

impl GradientBoostingParams {
    /// LightGBM's defaults: 100 leaf-wise trees of 31 leaves, learning rate 0.1, at least 20 rows in a leaf.
    ///
    /// The losses' own parameters are not its: `quantile` is 0.5 here (0.9 there), `huber_delta` 1.0 (`alpha` 0.9), and its `max_delta_step`
    /// 0.7 for Poisson is not set. Its `max_cat_threshold` and `min_data_per_group` do not exist here: encode categories of many
    /// levels with few rows each, or raise `cat_smooth`.
    pub fn lightgbm() -> Self {
        Self::default()
    }

    /// XGBoost's defaults with `tree_method="hist"`: 100 depth-wise trees of depth 6, `eta` 0.3, `lambda` 1,
    /// `min_child_weight` 1; bins are found on all rows. At most 255 bins (256 there); categories are split as LightGBM's are.
    pub fn xgboost() -> Self {
        Self {
            growth: Growth::DepthWise,
            learning_rate: 0.3,
            max_depth: 6,
            max_leaves: 1 << 20,
            min_samples_leaf: 1,
            min_child_weight: 1.0,
            l2: 1.0,
            bin_sample: 0,
            ..Self::default()
        }
    }

    /// CatBoost's defaults of the trees themselves: symmetric, of depth 6, `l2_leaf_reg` 3, 254 borders; 1000 rounds at a
    /// learning rate of 0.03. (CatBoost finds a rate from the data, draws rows for each tree, adds noise to scores, and encodes categories
    /// by ordered target statistics: none of that is here.)
    pub fn catboost() -> Self {
        Self {
            growth: Growth::Symmetric,
            n_estimators: 1000,
            learning_rate: 0.03,
            max_depth: 6,
            max_leaves: 1 << 20,
            min_samples_leaf: 1,
            min_child_weight: 0.0,
            l2: 3.0,
            bin_sample: 0,
            ..Self::default()
        }
    }

    /// The defaults of scikit-learn's `GradientBoostingRegressor` and `GradientBoostingClassifier`: 100 trees of depth 3,
    /// learning rate 0.1, no penalty; with 255 bins where scikit-learn looks at every value.
    pub fn sklearn() -> Self {
        Self {
            growth: Growth::DepthWise,
            max_depth: 3,
            max_leaves: 1 << 20,
            min_samples_leaf: 1,
            min_child_weight: 0.0,
            bin_sample: 0,
            ..Self::default()
        }
    }

    /// The loss that is minimised; default [`Loss::SquaredError`].
    #[must_use]
    pub fn loss(mut self, loss: Loss) -> Self {
        self.loss = loss;
        self
    }

    /// Where [`Loss::Huber`] turns from squared to absolute. Positive; default `1.0`.
    #[must_use]
    pub fn huber_delta(mut self, huber_delta: f64) -> Self {
        self.huber_delta = huber_delta;
        self
    }

    /// The quantile of [`Loss::Quantile`], in `[0, 1]`; default `0.5`.
    #[must_use]
    pub fn quantile(mut self, quantile: f64) -> Self {
        self.quantile = quantile;
        self
    }

    /// Power of the mean that the variance of [`Loss::Tweedie`] is proportional to, in `[1.01, 1.99]`; default `1.5`.
    #[must_use]
    pub fn tweedie_power(mut self, tweedie_power: f64) -> Self {
        self.tweedie_power = tweedie_power;
        self
    }

    /// Classes of [`Loss::Softmax`], 2 to 1000; default `2`.
    #[must_use]
    pub fn n_classes(mut self, n_classes: usize) -> Self {
        self.n_classes = n_classes;
        self
    }

    /// Which leaf is split next; default [`Growth::LeafWise`].
    #[must_use]
    pub fn growth(mut self, growth: Growth) -> Self {
        self.growth = growth;
        self
    }

    /// Rounds of boosting, one tree each (one per class with softmax). At least 1; default `100`.
    #[must_use]
    pub fn n_estimators(mut self, n_estimators: usize) -> Self {
        self.n_estimators = n_estimators;
        self
    }

    /// Share of each tree's values that is added. Positive; default `0.1`.
    #[must_use]
    pub fn learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate = learning_rate;
        self
    }

    /// Most leaves of a tree, at least 2; default `31`.
    #[must_use]
    pub fn max_leaves(mut self, max_leaves: usize) -> Self {
        self.max_leaves = max_leaves;
        self
    }

    /// Most questions on a path, `0` for no limit; default `0`. Symmetric trees have at most 16 levels.
    #[must_use]
    pub fn max_depth(mut self, max_depth: usize) -> Self {
        self.max_depth = max_depth;
        self
    }

    /// Most bins of a feature, that of missing values not counted, 2 to 255; default `255`.
    #[must_use]
    pub fn max_bins(mut self, max_bins: usize) -> Self {
        self.max_bins = max_bins;
        self
    }

    /// Rows, drawn evenly over the table, on which bin edges are found, `0` for all; default `200_000` as in LightGBM.
    #[must_use]
    pub fn bin_sample(mut self, bin_sample: usize) -> Self {
        self.bin_sample = bin_sample;
        self
    }

    /// Least rows of a leaf, whatever their weight; default `20`. [`Growth::Symmetric`] does not look at it, as CatBoost does not.
    #[must_use]
    pub fn min_samples_leaf(mut self, min_samples_leaf: usize) -> Self {
        self.min_samples_leaf = min_samples_leaf;
        self
    }

    /// Least sum of hessians of a leaf (of weights, for losses whose hessian is 1). Default `1e-3`.
    #[must_use]
    pub fn min_child_weight(mut self, min_child_weight: f64) -> Self {
        self.min_child_weight = min_child_weight;
        self
    }

    /// Penalty on absolute leaf values (`reg_alpha`). Default `0.0`.
    #[must_use]
    pub fn l1(mut self, l1: f64) -> Self {
        self.l1 = l1;
        self
    }

    /// Penalty on squared leaf values (`reg_lambda`, `l2_leaf_reg`). Default `0.0`.
    #[must_use]
    pub fn l2(mut self, l2: f64) -> Self {
        self.l2 = l2;
        self
    }

    /// What a split must gain at least (`gamma`). Default `0.0`.
    #[must_use]
    pub fn min_split_gain(mut self, min_split_gain: f64) -> Self {
        self.min_split_gain = min_split_gain;
        self
    }

    /// Largest absolute leaf value before the learning rate, `0` for no limit; default `0.0`.
    #[must_use]
    pub fn max_delta_step(mut self, max_delta_step: f64) -> Self {
        self.max_delta_step = max_delta_step;
        self
    }

    /// Share of the rows that each tree sees, drawn without replacement, in `(0, 1]`; default `1.0`.
    #[must_use]
    pub fn subsample(mut self, subsample: f64) -> Self {
        self.subsample = subsample;
        self
    }

    /// Share of the features that each tree sees, in `(0, 1]`; default `1.0`.
    #[must_use]
    pub fn colsample_by_tree(mut self, colsample_by_tree: f64) -> Self {
        self.colsample_by_tree = colsample_by_tree;
        self
    }

    /// Share of the tree's features that each level sees, in `(0, 1]`; default `1.0`.
    #[must_use]
    pub fn colsample_by_level(mut self, colsample_by_level: f64) -> Self {
        self.colsample_by_level = colsample_by_level;
        self
    }

    /// Share of the level's features that each split looks at, in `(0, 1]`; default `1.0`.
    #[must_use]
    pub fn colsample_by_node(mut self, colsample_by_node: f64) -> Self {
        self.colsample_by_node = colsample_by_node;
        self
    }

    /// Rounds without a better loss on the validation rows before boosting stops, `0` for never; default `0`. The model keeps the best round's trees.
    ///
    /// ```
    /// use adsml_core::{FitContext, TrainingSet, ValidationSet};
    /// use adsml_models::GradientBoosting;
    /// use ndarray::{Array1, Array2, s};
    ///
    /// // What day it is says half of the story.
    /// let x = Array2::from_shape_fn((300, 2), |(day, feature)| ((day * (7 + 6 * feature)) % 50) as f64);
    /// let y = Array1::from_shape_fn(300, |day| x[[day, 0]] + ((day * 7_919) % 101) as f64);
    /// let late = ValidationSet::new(x.slice(s![200.., ..]), y.slice(s![200..]))?;
    /// let early = TrainingSet::new(x.slice(s![..200, ..]), y.slice(s![..200]))?.with_validation(Some(late))?;
    /// let params = GradientBoosting::params().n_estimators(1_000).early_stopping_rounds(10);
    /// let model = params.fit_set(&early, &FitContext::default())?;
    /// assert!(model.n_rounds() < 1_000);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn early_stopping_rounds(mut self, early_stopping_rounds: usize) -> Self {
        self.early_stopping_rounds = early_stopping_rounds;
        self
    }

    /// Added to the hessian when the levels of a category are ordered by `G / (H + cat_smooth)`. Default `10.0`.
    #[must_use]
    pub fn cat_smooth(mut self, cat_smooth: f64) -> Self {
        self.cat_smooth = cat_smooth;
        self
    }

    /// Added to `l2` for splits of categories of more than `max_cat_to_one_hot` bins. Default `10.0`.
    #[must_use]
    pub fn cat_l2(mut self, cat_l2: f64) -> Self {
        self.cat_l2 = cat_l2;
        self
    }

    /// Categories of at most this many bins split off one level at a time, but for symmetric trees. Default `4`.
    #[must_use]
    pub fn max_cat_to_one_hot(mut self, max_cat_to_one_hot: usize) -> Self {
        self.max_cat_to_one_hot = max_cat_to_one_hot;
        self
    }

    /// The direction of each feature's effect: 1 never falls, -1 never rises, 0 is free. One per feature; default: all free.
    ///
    /// Holds for what is predicted, whatever the loss. Categories must be free, and so must all features of [`Loss::Softmax`], whose classes
    /// share one sum.
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

    /// The edges between bins, per feature, ascending, at most 254 each, instead of those found in the training rows: `max_bins` and
    /// `bin_sample` are then not asked. The lists of categories are not looked at.
    #[must_use]
    pub fn bin_edges(mut self, edges: impl Into<Vec<Vec<f64>>>) -> Self {
        self.bin_edges = Some(edges.into());
        self
    }

    /// A loss of one's own, instead of [`loss`](Self::loss).
    #[must_use]
    pub fn objective(mut self, objective: Arc<dyn Objective>) -> Self {
        self.objective = Some(objective);
        self
    }

    /// Fits on a training set, with its weights, offset and validation rows.
    ///
    /// `O(rounds * n_samples * (columns * log(leaves) + log(leaves)))` with columns the features, those of few levels sharing one.
    /// A model given as warm start is gone on from: its trees are kept, and `n_estimators` rounds are added.
    ///
    /// # Errors
    ///
    /// [`InvalidParameter`](ModelError::InvalidParameter), also for constraints that do not fit the features;
    /// [`InvalidTarget`](ModelError::InvalidTarget) outside the loss's domain; [`InvalidLevel`](ModelError::InvalidLevel) for a category that is no level;
    /// [`Core`](ModelError::Core) for lengths, weights and offsets, a warm start of another kind, and when cancelled.
    pub fn fit_set(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<GradientBoosting> {
        self.check()?;
        self.check_shape(data)?;
        fit(self, data, context)
    }

    /// Judges what belongs to features.
    fn check_shape(&self, data: &TrainingSet<'_>) -> Result<()> {
        let n = data.n_features();
        let refuse = |name: &str, value: String, expected: String| {
            Err(ModelError::InvalidParameter { name: name.to_owned(), value, expected })
        };
        if self.objective.as_ref().is_some_and(|objective| objective.link() == crate::Link::Softmax) {
            return refuse("objective", "of the link softmax".to_owned(), "a link of one raw score".to_owned());
        }
        let free = (self.objective.is_none() && self.loss == Loss::Softmax).then_some("softmax");
        check_constraints(&self.monotone, &self.interactions, data, free)?;
        if let Some(edges) = &self.bin_edges {
            if edges.len() != n {
                return refuse(
                    "bin_edges",
                    format!("edges of {} features", edges.len()),
                    format!("one list per feature, {n}"),
                );
            }
            let bad = |edges: &Vec<f64>| {
                edges.len() > 254
                    || edges.iter().any(|edge| !edge.is_finite())
                    || edges.windows(2).any(|pair| pair[0] >= pair[1])
            };
            if let Some(feature) = edges.iter().position(bad) {
                let expected = "at most 254 finite numbers, ascending".to_owned();
                return refuse("bin_edges", format!("{:?} for feature {feature}", edges[feature]), expected);
            }
        }
        Ok(())
    }
}

estimator!(GradientBoostingParams => GradientBoosting, "gradient_boosting", {
    loss, huber_delta, quantile, tweedie_power, n_classes, growth, n_estimators, learning_rate, max_leaves, max_depth, max_bins, bin_sample, min_samples_leaf, min_child_weight, l1, l2, min_split_gain, max_delta_step, subsample, colsample_by_tree, colsample_by_level, colsample_by_node, early_stopping_rounds, cat_smooth, cat_l2, max_cat_to_one_hot,
});
