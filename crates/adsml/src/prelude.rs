//! What most programs need: `use adsml::prelude::*`.

pub use adsml_core::{
    CancelToken, Column, FitContext, Learner, Observer, Progress, Provenance, Ratio, Regressor, Seed, Table, Transform,
};
#[cfg(feature = "predict")]
pub use adsml_eval::{Folds, Leaderboard, Metric};
#[cfg(feature = "predict")]
pub use adsml_features::{CsvReader, FeaturePipeline, JsonReader, table_from_records};
#[cfg(feature = "meta")]
pub use adsml_meta::{AdRow, MetaReader};
#[cfg(feature = "plan")]
pub use adsml_optimize::{
    Allocation, BudgetOptimizer, BudgetProblem, Campaign, Comparison, Currency, Exact, Group, Hill, Limit, Logarithmic,
    Logistic, MichaelisMenten, NegativeExponential, Objective, PiecewiseLinear, Power, ResponseCurve, ResponseModel,
    ResponseUnit, Risk, Shape, Steps, Total, UserCurve, compare_optimizers, default_optimizers,
};
#[cfg(feature = "simulate")]
pub use adsml_simulate::Account;

#[cfg(feature = "plan")]
pub use crate::plan::{BudgetPlanner, BudgetPlannerParams};
#[cfg(feature = "predict")]
pub use crate::{CtrPredictor, CtrPredictorParams, PredictTarget, TableFile, read_file, read_table};
