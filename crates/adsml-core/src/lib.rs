//! The shared words of adsml: what passes through the doors between its crates.
//!
//! A [`Table`] comes out of a reader; a [`Transform`] turns it into a [`FeatureMatrix`]; a
//! [`Learner`] fits a [`Regressor`] on a [`TrainingSet`]; a [`ModelFile`] keeps what was fitted.
//! There is no algorithm and no input or output here: those live in the crates that speak these words.
//!
//! | Word | What it is |
//! |---|---|
//! | [`Table`], [`Column`], [`Levels`] | named columns of numbers, categories, dates, timestamps |
//! | [`FeatureMatrix`], [`FeatureColumn`], [`Provenance`] | what models take, what each feature is, when it becomes known |
//! | [`Transform`], [`FittedTransform`] | table to matrix, fitted on training rows only |
//! | [`Learner`], [`ParamSpec`], [`TrainingSet`], [`FitContext`] | what fits, what can be set, on which rows, under which circumstances |
//! | [`Regressor`], [`Classifier`] | what was fitted |
//! | [`ModelFile`], [`LoaderRegistry`] | what was fitted, as bytes and back |
//! | [`Seed`], [`Stream`] | where randomness comes from |
//! | [`Ratio`] | CTR, CPA, ROAS: ratios of sums |
//! | [`Observer`], [`CancelToken`], [`parallel`] | long work |
//! | [`Error`] | what can go wrong behind a trait object |
//!
//! ```
//! use adsml_core::{Column, Ratio, Table};
//!
//! let table = Table::from_columns([
//!     ("impressions", Column::from([1_000.0, 50_000.0])),
//!     ("clicks", Column::from([9.0, 100.0])),
//! ])?;
//! let (clicks, impressions) = (table.number("clicks")?, table.number("impressions")?);
//! let ctr: Ratio = clicks.iter().zip(impressions).map(|(&c, &i)| Ratio::new(c, i)).sum();
//! assert_eq!(ctr.value(), Some(109.0 / 51_000.0));
//! # Ok::<(), adsml_core::Error>(())
//! ```
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `parallel` | yes | [`parallel::map`] uses several threads; results are the same without |
//! | `serde` | no | `Serialize` and `Deserialize` for the plain data types |

pub mod calendar;
mod error;
mod learner;
mod matrix;
mod model;
mod model_file;
pub mod parallel;
mod params;
mod progress;
mod provenance;
mod ratio;
mod registry;
mod seed;
mod table;
mod transform;

pub use error::{Error, Result};
pub use learner::{FitContext, Learner, TrainingSet, ValidationSet};
pub use matrix::{FeatureColumn, FeatureKind, FeatureMatrix};
pub use model::{Classifier, Explanation, Regressor, Steps, check_predict_shapes};
pub use model_file::{FORMAT_VERSION, ModelFile, ModelFileError};
pub use ndarray;
pub use params::{ParamKind, ParamSpec, ParamValue};
pub use progress::{CancelToken, Observer, Progress};
pub use provenance::Provenance;
pub use rand_core::{self, RngCore};
pub use ratio::Ratio;
pub use registry::{LoaderRegistry, RegressorLoader, TransformLoader};
pub use seed::{Seed, Stream};
pub use table::{CategoryColumn, Column, DateColumn, Interner, Levels, Table, TimestampColumn};
pub use transform::{FittedTransform, Target, Transform};
