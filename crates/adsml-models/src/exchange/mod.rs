//! Tree models of other libraries, read and written.
//!
//! ```text
//! format      which files there are, and how they are told apart
//! imported    the model that was read
//! predict     what it says of rows: scores, outputs, classes
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
mod format;
mod imported;
mod json;
mod lightgbm;
mod output;
mod predict;
mod source;
mod table;
mod xgboost;

pub use format::ModelFormat;
pub use imported::ImportedModel;
pub(crate) use lightgbm::Parts as LightGbmParts;
