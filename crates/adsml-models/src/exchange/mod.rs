//! Tree models of other libraries, read and written.
//!
//! ```text
//! imported    the model that was read: sums, predictions, classes
//! output      from sums to predictions
//! file        the model in a model file of ours
//! lightgbm    LightGBM's text: lines, trees, objectives, writing
//! xgboost     XGBoost's JSON and UBJSON: fields, trees, objectives
//! source      named values, read front to back: what JSON and UBJSON share
//! json        JSON
//! table       from a table to the matrix of an imported model
//! fault       what is wrong with a file, and where
//! ```
//!
//! Whatever a format says of missing values, zeros and categories is decided while reading: every model is an
//! [`Ensemble`](crate::tree::Ensemble) afterwards, and walked like our own.

mod fault;
mod file;
mod imported;
mod json;
mod lightgbm;
mod output;
mod source;
mod table;
mod xgboost;

pub use imported::{ImportedModel, ModelFormat};
pub(crate) use lightgbm::Parts as LightGbmParts;
