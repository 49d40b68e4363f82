//! Parameters and their ranges.

use adsml_models::{GradientBoosting, Loss, ModelError};

use super::rows;

#[test]
fn parameters_outside_their_range_are_named() {
    let (x, y) = rows(60, Loss::SquaredError, 18);
    let start = GradientBoosting::params;
    let cases = [
        ("learning_rate", start().learning_rate(0.0)),
        ("learning_rate", start().learning_rate(f64::NAN)),
        ("n_estimators", start().n_estimators(0)),
        ("max_leaves", start().max_leaves(1)),
        ("max_bins", start().max_bins(256)),
        ("max_bins", start().max_bins(1)),
        ("min_samples_leaf", start().min_samples_leaf(0)),
        ("min_child_weight", start().min_child_weight(-1.0)),
        ("l1", start().l1(f64::INFINITY)),
        ("l2", start().l2(-1.0)),
        ("min_split_gain", start().min_split_gain(-0.1)),
        ("max_delta_step", start().max_delta_step(-0.1)),
        ("subsample", start().subsample(0.0)),
        ("subsample", start().subsample(1.1)),
        ("colsample_by_tree", start().colsample_by_tree(0.0)),
        ("colsample_by_level", start().colsample_by_level(2.0)),
        ("colsample_by_node", start().colsample_by_node(-1.0)),
        ("huber_delta", start().huber_delta(0.0)),
        ("quantile", start().quantile(1.5)),
        ("tweedie_power", start().tweedie_power(2.0)),
        ("n_classes", start().n_classes(1)),
        ("monotone", start().monotone(vec![1])),
        ("monotone", start().monotone(vec![2, 0, 0, 0, 0])),
        ("monotone", start().loss(Loss::Softmax).monotone(vec![1, 0, 0, 0, 0])),
        ("interactions", start().interactions(vec![vec![5]])),
        ("bin_edges", start().bin_edges(vec![vec![0.5]])),
        ("bin_edges", start().bin_edges(vec![vec![0.5, 0.5]; 5])),
        ("bin_edges", start().bin_edges(vec![vec![f64::NAN]; 5])),
    ];
    for (expected, params) in cases {
        let error = params.fit(&x, &y).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, ModelError::InvalidParameter { name, .. } if name == expected), "{expected}: {text}");
    }
}
