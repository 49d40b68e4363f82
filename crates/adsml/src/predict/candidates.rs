//! The candidates that the recipe brings.

use std::sync::Arc;

use adsml_core::{FitContext, Learner, ParamSpec, ParamValue, Regressor, Result, TrainingSet, Transform};
use adsml_features::{CategoryEncoding, FeaturePipeline};
use adsml_models::{ConstantBaseline, ElasticNet, LinearRegression, LogisticRegression, PoissonRegression, Ridge};

use super::{OwnCandidate, Task};

/// Name of the constant baseline, always the first candidate.
pub(super) const BASELINE: &str = "base_rate";

/// The candidates for a task, the baseline first.
///
/// Penalties count against sums of log losses: `alpha` 1 is a prior worth about one click per coefficient, 100 one for
/// rates that vary more between rows than chance alone would make them. The penalties of models whose objective is a
/// mean are brought to the same scale by [`Scaled`].
pub(super) fn candidates(task: Task, pipeline: &FeaturePipeline) -> Vec<OwnCandidate> {
    let one_hot: Arc<dyn Transform> = Arc::new(pipeline.clone().max_one_hot(50));
    let encoded: Arc<dyn Transform> = Arc::new(pipeline.clone().encoding(CategoryEncoding::Target));
    let candidate = |name: &str, transform: &Arc<dyn Transform>, learner: Arc<dyn Learner>| OwnCandidate {
        name: name.to_owned(),
        transform: Arc::clone(transform),
        learner,
    };
    let mut list = vec![candidate(BASELINE, &one_hot, Arc::new(ConstantBaseline::params()))];
    match task {
        Task::Rate | Task::Binary => {
            let logistic = LogisticRegression::params;
            list.push(candidate("logistic", &one_hot, Arc::new(logistic().alpha(1.0))));
            list.push(candidate("logistic_strong_l2", &one_hot, Arc::new(logistic().alpha(100.0))));
            list.push(candidate("logistic_l1", &one_hot, Arc::new(logistic().alpha(5.0).l1_ratio(1.0))));
            let standardised = logistic().alpha(1.0).standardize(true);
            list.push(candidate("logistic_target_encoded", &encoded, Arc::new(standardised)));
            if task == Task::Rate {
                list.push(candidate("poisson", &one_hot, Arc::new(Scaled::Poisson)));
            }
            list.push(candidate("ridge_on_rate", &one_hot, Arc::new(Ridge::params())));
        }
        Task::Number => {
            list.push(candidate("linear_regression", &one_hot, Arc::new(LinearRegression::params())));
            list.push(candidate("ridge", &one_hot, Arc::new(Ridge::params())));
            list.push(candidate("elastic_net", &one_hot, Arc::new(Scaled::ElasticNet)));
            list.push(candidate("ridge_target_encoded", &encoded, Arc::new(Ridge::params())));
        }
    }
    list
}

/// A learner whose penalty is set by the rows it is fitted on, and by no others.
#[derive(Debug, Clone, Copy)]
enum Scaled {
    /// `alpha` is one over the number of trials: one click's worth, as for the logistic candidates.
    Poisson,
    /// `alpha` is a hundredth of the target's standard deviation.
    ElasticNet,
}

impl Scaled {
    fn learner(self, data: &TrainingSet<'_>) -> Box<dyn Learner> {
        let weight = |row| data.weight(row);
        let total: f64 = (0..data.n_samples()).map(weight).sum();
        match self {
            Self::Poisson => Box::new(PoissonRegression::params().alpha(1.0 / total)),
            Self::ElasticNet => {
                let mean = data.y.iter().enumerate().map(|(row, y)| weight(row) * y).sum::<f64>() / total;
                let square = |(row, y): (usize, &f64)| weight(row) * (y - mean).powi(2);
                let spread = (data.y.iter().enumerate().map(square).sum::<f64>() / total).sqrt();
                Box::new(ElasticNet::params().alpha(0.01 * spread))
            }
        }
    }
}

impl Learner for Scaled {
    fn name(&self) -> &'static str {
        match self {
            Self::Poisson => "poisson_regression",
            Self::ElasticNet => "elastic_net",
        }
    }

    fn params(&self) -> &'static [ParamSpec] {
        &[]
    }

    fn param(&self, name: &str) -> Result<ParamValue> {
        ParamSpec::find(&[], self.name(), name).map(|spec| spec.default)
    }

    fn set_param(&mut self, name: &str, _: ParamValue) -> Result<()> {
        ParamSpec::find(&[], self.name(), name).map(|_| ())
    }

    fn fit(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<Box<dyn Regressor>> {
        self.learner(data).fit(data, context)
    }

    fn boxed_clone(&self) -> Box<dyn Learner> {
        Box::new(*self)
    }
}
