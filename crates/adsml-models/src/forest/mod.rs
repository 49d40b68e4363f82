//! Trees that are fitted to the target itself: one, or the mean of many.

mod decision_tree;
mod fit;
mod mean;
mod oob_importance;
mod random_forest;

pub use decision_tree::{DecisionTree, DecisionTreeParams};
pub use mean::Criterion;
pub use random_forest::{RandomForest, RandomForestParams};
