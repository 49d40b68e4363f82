//! Models for advertising data: matrices in, predictions out.
//!
//! Every estimator is a pair: a parameter set such as [`LogisticRegressionParams`], which is built
//! and fitted, and a fitted model such as [`LogisticRegression`], immutable, which is a [`Regressor`]. Parameter
//! sets are [`Learner`]s, so that cross-validation and search can hold any of them.
//!
//! | Estimator | Assumes | Penalty | Cost of `fit` |
//! |---|---|---|---|
//! | [`ConstantBaseline`] | nothing: the weighted mean of the target | – | `O(n)` |
//! | [`LinearRegression`] | a linear mean | – | `O(n p^2 + p^3)` |
//! | [`Ridge`] | a linear mean | `alpha` on squares, against a *sum* of squares | `O(n p^2 + p^3)` |
//! | [`ElasticNet`], [lasso](ElasticNet::lasso) | a linear mean, few features | `alpha`, `l1_ratio`, against *half the mean* square | `O(n p^2)` + `O(p^2)` per sweep |
//! | [`LogisticRegression`] | linear log odds; `y` 0, 1 or a rate | `alpha` (= 1/C), `l1_ratio`, against a *sum* of log losses | `O(n p^2 + p^3)` per step, 5 to 10 steps |
//! | [`PoissonRegression`] | a linear log mean; counts, also per exposure | `alpha` on squares, against *half the mean* deviance | `O(n p^2 + p^3)` per step, 5 to 10 steps |
//! | [`DecisionTree`] | a mean, a rate, or shares of classes, constant in boxes | `max_depth`, `max_leaves`, `min_samples_leaf`, … | `O(n p)` per level |
//! | [`RandomForest`] | the same, the mean of many trees | as a tree; `max_features` | `O(n p)` per level and tree |
//! | [`GradientBoosting`] | trees that correct each other, any [`Loss`] | `learning_rate`, `l1`, `l2`, `min_child_weight`, … | `O(n p)` per level and round |
//!
//! with `n` rows and `p` features. Names and objectives of parameters are scikit-learn's; those of boosting are LightGBM's
//! and XGBoost's, whose defaults are presets ([`lightgbm`](GradientBoostingParams::lightgbm),
//! [`xgboost`](GradientBoostingParams::xgboost), [`catboost`](GradientBoostingParams::catboost), [`sklearn`](GradientBoostingParams::sklearn)).
//!
//! ```
//! use adsml_models::{LogisticRegression, Regressor};
//! use ndarray::array;
//!
//! // Four ads: is it a video, bid in euros; clicks out of impressions.
//! let ads = array![[0.0, 0.8], [1.0, 0.8], [0.0, 1.2], [1.0, 1.1]];
//! let (clicks, impressions) = (array![90.0, 260.0, 120.0, 290.0], array![1e5, 2e5, 1.1e5, 1.8e5]);
//! let model = LogisticRegression::params().fit_weighted(&ads, &clicks / &impressions, &impressions)?;
//! let expected = model.predict(ads.view())?.dot(&impressions);
//! assert!((expected / clicks.sum() - 1.0).abs() < 1e-9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What all of them share
//!
//! - **Weights** are honoured by every model, **offsets** by all but the baseline, the tree and the forest, which refuse them. A rate is
//!   `y` = clicks / impressions with weight = impressions.
//! - **Missing values**: trees send `NaN` where it gained most in training. The linear family refuses it by row and feature; impute
//!   it before.
//! - **Categories**: trees split the levels of columns that a [`TrainingSet`](adsml_core::TrainingSet) describes as categories, with codes as
//!   values; a level not seen in training is no error. To the linear family a code is a number; encode it before.
//! - **The same bits** at any number of threads, for a row alone or in a batch, before and after saving.
//!
//! # The linear family
//!
//! - **Scales do not matter** to the solvers: columns are standardised inside, a block at a time, and the
//!   matrix is never copied. The *penalty* is on the coefficients of the columns as given, as in scikit-learn;
//!   `standardize(true)` puts it on columns of unit deviation.
//! - **Dependent columns** (full one-hot codes, more features than rows) give the shortest solution in standardised
//!   coordinates; a constant column has coefficient 0; never a `NaN`.
//! - **Not converging** is no error: `converged()` says so, and the model is the best that was found.
//! - [`Regressor::importance`] is the absolute coefficient times the column's deviation;
//!   [`Regressor::explain`] gives `coefficient * (value - mean)` on the scale of the link.
//!
//! # Trees
//!
//! - **Numbers become bins**, at most 255 each, found in the training rows; thresholds lie half way between values.
//! - **Sums are exact**: derivatives are rounded once to whole numbers, so that no order of additions matters; what a leaf predicts
//!   comes from the derivatives as they are.
//! - **Constraints**: `monotone` directions and groups of features that may meet (`interactions`).
//! - [`Regressor::importance`] is the gain of each feature's splits; [`Importance`] has others.
//! - [`Regressor::explain`] and `shap_values` give exact Shapley values of the raw score, by the shares of the training rows that went each way, or
//!   against a background (`shap_values_against`).
//! - [`Regressor::steps_along`] gives the prediction as an exact step function of one number, the rest of the row held.
//!
//! # Models of other libraries
//!
//! [`ImportedModel`] reads what LightGBM and XGBoost saved and predicts the same bits as they do. `to_lightgbm_text` of our tree models
//! gives LightGBM a file that it predicts our bits with.
//!
//! # Looking into a model
//!
//! | Question | Ask | On which rows |
//! |---|---|---|
//! | What would the model miss without a feature? | [`permutation_importance`], of any model and by any loss | rows it has not seen |
//! | The same, without rows to spare | [`RandomForest::oob_importance`], when [asked for](RandomForestParams::oob_importance) at fitting | those that each tree left out |
//! | How do predictions follow a feature? | [`partial_dependence`], or row by row [`individual_dependence`], over a [`quantile_grid`] | any |
//! | The same for one row, exactly, by trees | [`Regressor::steps_along`] | that row |
//! | Why this prediction? | `shap_values` of a tree model: what each feature added to the raw score; [`Regressor::explain`] of one row | any |
//! | Which features act together? | `shap_interactions` of a tree model | any |
//! | What did a feature do in training? | [`Regressor::importance`], `importance_by` | the training rows |
//!
//! Features that carry the same information stand in for each other: shuffled alone each looks idle, so shuffle them as a group.
//! A model's use of a feature is not what changing it would cause. `adsml-plot` draws all of it, from plain numbers.
//!
//! # linfa
//!
//! linfa's packages ignore sample weights and know no offset, so a rate would be fitted as if an ad of
//! ten impressions counted like one of ten million. Feature `linfa` keeps the doors open instead: our parameter sets
//! implement `linfa::traits::Fit`, and `LinfaRegressor` carries any linfa model. Measured on
//! 100,000 rows of 23 standardised columns without weights (`cargo bench -p adsml-models --bench linfa`; one thread, two
//! shared cores of an x86-64 server; differences are to our fit at `tol` 1e-12, which the golden test holds to scikit-learn):
//!
//! | Package, 0.8.1 | Weights | Offset | linfa / our time | Largest difference | Used as |
//! |---|---|---|---|---|---|
//! | linfa-linear, least squares | ignored | no | 2.4 to 3.5 | 1e-15 | adapter |
//! | linfa-elasticnet, `tolerance` 1e-10 | ignored | no | 4 to 8 | 9e-15 | adapter |
//! | linfa-logistic, `gradient_tolerance` 1e-4 | ignored | no | 16 to 17 | 4e-8 | adapter; its probability is that of the majority class |
//! | linfa-linear, Tweedie of power 1, `tol` 1e-4 | ignored | no | not finished after 60 s (ours: 0.2 s) | – | adapter, better not for counts: its deviance `2 y ln(y / mu) - y + mu` does not belong to its gradient, and the line search has nowhere to go |
//!
//! A test (`tests/linfa.rs`) fails on the day linfa honours weights. One million rows of the same columns take
//! [`LogisticRegression`] 0.8 to 1.0 s on one thread (five steps).
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `parallel` | yes | fits use several threads (rayon, a pool per fit, under trees); results are the same without |
//! | `serde` | no | `Serialize` and `Deserialize` for parameter sets and fitted models (of trees: the bytes of their model file) |
//! | `linfa` | no | linfa's `Fit` for our parameter sets, `LinfaRegressor` for any linfa model |

mod boosting;
mod classes;
mod columns;
mod constant;
mod error;
mod estimator;
mod exchange;
mod forest;
mod inspection;
mod linear;
#[cfg(feature = "linfa")]
mod linfa_regressor;
mod objective;
mod register;
mod rows;
mod samples;
mod shap;
mod tree;

pub use adsml_core::{Classifier, Learner, LoaderRegistry, Regressor};
pub use boosting::{GradientBoosting, GradientBoostingParams};
pub use constant::{ConstantBaseline, ConstantBaselineParams};
pub use error::{ModelError, Result};
pub use estimator::WeightScale;
pub use exchange::{ImportedModel, ModelFormat};
pub use forest::{Criterion, DecisionTree, DecisionTreeParams, RandomForest, RandomForestParams};
pub use inspection::{
    PermutationImportance, individual_dependence, mean_squared_error, partial_dependence, permutation_importance,
    quantile_grid,
};
pub use linear::{
    ElasticNet, ElasticNetParams, LinearRegression, LinearRegressionParams, LogisticRegression,
    LogisticRegressionParams, PoissonRegression, PoissonRegressionParams, Ridge, RidgeParams,
};
#[cfg(feature = "linfa")]
pub use linfa_regressor::LinfaRegressor;
pub use objective::{Link, Loss, Objective};
pub use register::register;
pub use samples::{AsMatrix, AsVector};
pub use shap::{ShapInteractions, ShapValues};
pub use tree::{Growth, Importance};
