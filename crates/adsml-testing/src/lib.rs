//! The checks every adsml estimator passes, and where tests find their data.
//!
//! Not published. Each check panics with the promise that was broken, so that a test is one line:
//!
//! | Function | Holds its argument to |
//! |---|---|
//! | [`check_regressor`] | one prediction per row; rows do not see their batch; wrong shapes are refused |
//! | [`check_classifier`] | probabilities that sum to one and agree with `predict` |
//! | [`check_learner`] | parameters that can be listed, read and set; deterministic fits; models that survive saving |
//! | [`measured`] | – (bytes a piece of work holds at once, under the [`CountingAllocator`], one test [`alone`]) |
//! | [`allocated_here`] | – (bytes one thread allocates for a piece of work, whatever others do) |
//! | [`golden`] | – (stored results of other libraries under `tests/golden/`) |
//! | [`shared_data`] | – (real data sets beside the repository; absent on a fresh clone) |
//!
//! ```
//! use adsml_core::{Error, Regressor, Result, check_predict_shapes};
//! use ndarray::{ArrayView2, array};
//!
//! #[derive(Debug)]
//! struct FirstFeature;
//!
//! impl Regressor for FirstFeature {
//!     fn n_features(&self) -> usize {
//!         2
//!     }
//!     fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
//!         check_predict_shapes(2, x, out)?;
//!         out.iter_mut().zip(x.column(0)).for_each(|(out, &value)| *out = value);
//!         Ok(())
//!     }
//!     fn predict_row(&self, row: &[f64]) -> Result<f64> {
//!         if row.len() == 2 { Ok(row[0]) } else { Err(Error::FeatureCount { expected: 2, found: row.len() }) }
//!     }
//! }
//!
//! adsml_testing::check_regressor(&FirstFeature, array![[1.0, 2.0], [3.0, 4.0]].view());
//! ```

mod data;
mod learner;
mod memory;
mod regressor;

pub use data::{golden, shared_data, workspace_root};
pub use learner::{Preset, check_learner};
pub use memory::{CountingAllocator, allocated_here, alone, measured};
pub use regressor::{check_classifier, check_regressor};
