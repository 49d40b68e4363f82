//! Advertising tables to predictions, and predictions to decisions with a proof.
//!
//! This crate joins the others: it re-exports them, and holds the recipes that need more than one.
//!
//! | Recipe | From | To |
//! |---|---|---|
//! | [`CtrPredictor`] | a table with clicks and impressions (or any target) | judged models, the best of them fitted, charts |
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
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `predict` | yes | [`CtrPredictor`], [`read_table`], and the crates behind them |
//! | `meta` | yes | [`meta`]: Meta's own files; [`read_file`] recognises them, [`CtrPredictorParams::from_ads`] finds their columns |
//! | `plot` | yes | charts |
//! | `simulate` | yes | [`simulate`]: an account whose truth is known |
//! | `parallel` | yes | several threads; results are the same without |
//! | `serde` | no | `Serialize` and `Deserialize` throughout |

mod error;
#[cfg(feature = "predict")]
mod predict;
pub mod prelude;
#[cfg(feature = "predict")]
mod read;

pub use adsml_core as core;
#[cfg(feature = "predict")]
pub use adsml_eval as eval;
#[cfg(feature = "predict")]
pub use adsml_features as features;
#[cfg(feature = "meta")]
pub use adsml_meta as meta;
#[cfg(feature = "predict")]
pub use adsml_models as models;
#[cfg(feature = "plot")]
pub use adsml_plot as plot;
#[cfg(feature = "simulate")]
pub use adsml_simulate as simulate;
pub use error::{Error, Result};
#[cfg(all(feature = "predict", feature = "plot"))]
pub use predict::Chart;
#[cfg(feature = "predict")]
pub use predict::{
    CtrPredictor, CtrPredictorParams, FeatureReport, IgnoredReport, Interval, ModelReport, PredictReport,
    PredictTarget, ReliabilityReport, ScoreReport, SplitReport, Task,
};
#[cfg(feature = "predict")]
pub use read::{TableFile, read_file, read_plain, read_table};
