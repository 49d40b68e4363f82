//! The candidates that the recipe brings.

use std::sync::Arc;

use adsml_core::{Learner, Transform};
use adsml_features::{CategoryEncoding, FeaturePipeline};
use adsml_models::{ConstantBaseline, ElasticNet, LinearRegression, LogisticRegression, PoissonRegression, Ridge};

use super::target::TargetRows;
use super::{OwnCandidate, Task};

/// Name of the constant baseline, always the first candidate.
pub(super) const BASELINE: &str = "base_rate";

/// The candidates for a task, the baseline first.
///
/// Penalties count against sums of log losses: `alpha` 1 is a prior worth about one click per coefficient, 100 one for
/// rates that vary more between rows than chance alone would make them. The penalties of models whose objective is a
/// mean are brought to the same scale: by the number of trials, or by the spread of the target.
pub(super) fn candidates(target: &TargetRows, pipeline: &FeaturePipeline) -> Vec<OwnCandidate> {
    let one_hot: Arc<dyn Transform> = Arc::new(pipeline.clone().max_one_hot(50));
    let encoded: Arc<dyn Transform> = Arc::new(pipeline.clone().encoding(CategoryEncoding::Target));
    let candidate = |name: &str, transform: &Arc<dyn Transform>, learner: Arc<dyn Learner>| OwnCandidate {
        name: name.to_owned(),
        transform: Arc::clone(transform),
        learner,
    };
    let mut list = vec![candidate(BASELINE, &one_hot, Arc::new(ConstantBaseline::params()))];
    match target.task {
        Task::Rate | Task::Binary => {
            let logistic = LogisticRegression::params;
            list.push(candidate("logistic", &one_hot, Arc::new(logistic().alpha(1.0))));
            list.push(candidate("logistic_strong_l2", &one_hot, Arc::new(logistic().alpha(100.0))));
            list.push(candidate("logistic_l1", &one_hot, Arc::new(logistic().alpha(5.0).l1_ratio(1.0))));
            let standardised = logistic().alpha(1.0).standardize(true);
            list.push(candidate("logistic_target_encoded", &encoded, Arc::new(standardised)));
            if target.task == Task::Rate {
                list.push(candidate(
                    "poisson",
                    &one_hot,
                    Arc::new(PoissonRegression::params().alpha(1.0 / target.totals.denominator)),
                ));
            }
            list.push(candidate("ridge_on_rate", &one_hot, Arc::new(Ridge::params())));
        }
        Task::Number => {
            list.push(candidate("linear_regression", &one_hot, Arc::new(LinearRegression::params())));
            list.push(candidate("ridge", &one_hot, Arc::new(Ridge::params())));
            list.push(candidate(
                "elastic_net",
                &one_hot,
                Arc::new(ElasticNet::params().alpha(0.01 * spread(&target.y))),
            ));
            list.push(candidate("ridge_target_encoded", &encoded, Arc::new(Ridge::params())));
        }
    }
    list
}

/// Standard deviation.
fn spread(y: &[f64]) -> f64 {
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    (y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / y.len() as f64).sqrt()
}
