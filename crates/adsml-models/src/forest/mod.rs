//! Trees that are fitted to the target itself: one, or the mean of many.

mod decision_tree;
mod distributions;
mod fit;
mod mean;
mod oob_importance;
mod out_of_bag;
mod random_forest;
mod rules;

pub use decision_tree::{DecisionTree, DecisionTreeParams};
pub use mean::Criterion;
pub use random_forest::{RandomForest, RandomForestParams};
