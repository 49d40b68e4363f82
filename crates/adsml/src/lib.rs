//! Advertising tables to predictions, and predictions to decisions with a proof.
//!
//! This crate joins the others: it re-exports them, and holds the recipes that need more than one.
//!
//! | Recipe | From | To |
//! |---|---|---|
//! | [`CtrPredictor`] | a table with clicks and impressions (or any target) | judged models, the best of them fitted, charts |
//! | [`BudgetPlanner`](plan::BudgetPlanner) | a table of campaign days | curves with their uncertainty, budgets with a certificate, the next thirty days |
//! | [`ModelResponse`](plan::ModelResponse) | any fitted model, along its spend | a response curve to divide budgets by |
//! | [`plan`] | a simulated account, a plan, a comparison of optimisers | a problem on true curves, charts |
//!
//! ```
//! use adsml::prelude::*;
//!
//! let table = Account::demo().table();
//! let predictor = CtrPredictor::params()
//!     .rate("clicks", "impressions")
//!     .categorical(["objective", "placement"])
//!     .group("ad_set_id")
//!     .fit(&table)?;
//! println!("{}", predictor.report());
//! let rates = predictor.predict_table(&table)?;
//! assert!(rates.iter().all(|rate| (0.0..=1.0).contains(rate)));
//! # Ok::<(), adsml::Error>(())
//! ```
//!
//! A budget is divided by [`optimize`], which says how good its plan is:
//!
//! ```
//! use adsml::prelude::*;
//!
//! let problem = BudgetProblem::builder(Currency::new("EUR"))
//!     .campaign(Campaign::new("brand", Hill::new(900.0, 200.0, 1.5)?).today(300.0))
//!     .campaign(Campaign::new("prospecting", Hill::new(2_000.0, 700.0, 2.0)?).today(700.0))
//!     .total(Total::Exactly(1_000.0))
//!     .build()?;
//! let plan = Exact::default().allocate(&problem)?;
//! println!("{plan}");
//! assert_eq!(plan.total(), 100_000); // cents
//! plan.certificate().verify(&problem)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `predict` | yes | [`CtrPredictor`], [`read_table`], and the crates behind them |
//! | `plan` | yes | [`optimize`]: budgets divided with a proof; [`plan`]: what joins it with its siblings |
//! | `meta` | yes | [`meta`]: Meta's own files; [`read_file`] recognises them, [`CtrPredictorParams::from_ads`] finds their columns |
//! | `plot` | yes | charts |
//! | `simulate` | yes | [`simulate`]: an account whose truth is known |
//! | `parallel` | yes | several threads; results are the same without |
//! | `serde` | no | `Serialize` and `Deserialize` throughout |

#[cfg(feature = "plot")]
mod chart;
mod error;
#[cfg(feature = "plan")]
pub mod plan;
#[cfg(feature = "predict")]
mod predict;
pub mod prelude;
#[cfg(feature = "predict")]
mod read;
mod shared;

pub use adsml_core as core;
#[cfg(feature = "predict")]
pub use adsml_eval as eval;
#[cfg(feature = "predict")]
pub use adsml_features as features;
#[cfg(feature = "meta")]
pub use adsml_meta as meta;
#[cfg(feature = "predict")]
pub use adsml_models as models;
#[cfg(feature = "plan")]
pub use adsml_optimize as optimize;
#[cfg(feature = "plot")]
pub use adsml_plot as plot;
#[cfg(feature = "simulate")]
pub use adsml_simulate as simulate;
#[cfg(feature = "plot")]
pub use chart::Chart;
pub use error::{Error, Result};
#[cfg(feature = "predict")]
pub use predict::{
    CtrPredictor, CtrPredictorParams, Explanations, FeatureReport, IgnoredReport, Interval, ModelReport, PredictReport,
    PredictTarget, ReliabilityReport, ScoreReport, SplitReport, Task, WarningReport,
};
#[cfg(feature = "predict")]
pub use read::{TableFile, read_file, read_plain, read_table};
pub use shared::Shared;
