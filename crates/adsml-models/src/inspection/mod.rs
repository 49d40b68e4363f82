//! What a fitted model makes of its features, judged on rows: permutation importance and dependence on one feature.

mod dependence;
mod permutation;

pub use dependence::{individual_dependence, partial_dependence, quantile_grid};
pub(crate) use permutation::checked_groups;
pub use permutation::{PermutationImportance, mean_squared_error, permutation_importance};
