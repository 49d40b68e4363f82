//! The engine under every tree model.
//!
//! ```text
//! binning     values -> bins: edges of a feature, levels of a category
//! matrix      the training rows as bytes; features of few levels share a column
//! gradients   derivatives of the loss as whole numbers
//! histogram   their sums by code
//! split       the best split of a leaf, or of a level
//! partition   which rows are in which leaf
//! grow        which leaf is split next
//! sampling    which rows and features a tree sees
//! importance  what each feature's splits gained
//! trees       fitted trees: walking, steps along a feature
//! anatomy     their single nodes, for explanations
//! ensemble    what trees add up to
//! compiled    the same, laid out to be scored fast
//! plain       trees from elsewhere, as nodes in any order
//! file        trees in a model file
//! workers     the threads of one fit
//! ```

mod anatomy;
mod binning;
mod compiled;
mod constraints;
mod ensemble;
mod file;
mod gradients;
mod grow;
mod histogram;
mod importance;
mod matrix;
mod partition;
mod plain;
mod sampling;
mod split;
#[cfg(test)]
mod textbook;
#[cfg(test)]
mod textbook_classes;
mod trees;
mod workers;

use adsml_core::TrainingSet;

pub(crate) use anatomy::Part;
#[cfg(test)]
pub(crate) use anatomy::Sketch;
pub(crate) use binning::BinRules;
pub(crate) use compiled::{Compiled, with_room};
pub(crate) use constraints::{check_constraints, directions};
pub(crate) use ensemble::{Ensemble, Reading, Sum};
pub(crate) use gradients::{Derivatives, Rounded, cut};
pub use grow::Growth;
pub(crate) use grow::{ClassPlan, Grower, Grown, GrownNode, Limits, Plan, WholeWeights};
pub use importance::Importance;
pub(crate) use importance::Importances;
pub(crate) use matrix::BinnedMatrix;
pub(crate) use plain::{NoTree, PlainNode, PlainSplit, Question};
pub(crate) use sampling::{FeatureSampler, FeatureShares, rows_of_bins, rows_of_tree};
pub(crate) use split::{Bounds, CategoryRules, SplitParams, SplitRules};
pub(crate) use trees::{Trees, each_row, merged, predict_rows_into};
pub(crate) use workers::{Workers, pieces};

use crate::{ModelError, Result};

/// Refuses more features than a node can name and more rows than a list can number.
pub(crate) fn check_features(data: &TrainingSet<'_>) -> Result<()> {
    if data.n_features() > trees::MAX_FEATURES - 1 {
        return Err(ModelError::TooManyFeatures { found: data.n_features(), limit: trees::MAX_FEATURES - 1 });
    }
    if !data.columns.is_empty() {
        adsml_core::Error::check_length("the list of feature columns", data.n_features(), data.columns.len())?;
    }
    adsml_core::Error::check_length("the training rows", data.n_samples().min(u32::MAX as usize), data.n_samples())?;
    Ok(())
}
