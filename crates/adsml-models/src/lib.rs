//! Models for advertising data: matrices in, predictions out.

mod constant;
mod error;
mod estimator;
mod linear;
#[cfg(feature = "linfa")]
mod linfa_regressor;
mod rows;
mod samples;

pub use adsml_core::{Classifier, Learner, LoaderRegistry, Regressor};
pub use constant::{ConstantBaseline, ConstantBaselineParams};
pub use error::{ModelError, Result};
pub use estimator::WeightScale;
pub use linear::{
    ElasticNet, ElasticNetParams, LinearRegression, LinearRegressionParams, LogisticRegression,
    LogisticRegressionParams, PoissonRegression, PoissonRegressionParams, Ridge, RidgeParams,
};
#[cfg(feature = "linfa")]
pub use linfa_regressor::LinfaRegressor;
pub use samples::{AsMatrix, AsVector};

/// Adds the readers of every model of this crate.
pub fn register(registry: &mut LoaderRegistry) {
    registry
        .add_regressor(ConstantBaseline::KIND, |file, _| Ok(Box::new(ConstantBaseline::from_file(file)?)))
        .add_regressor(LinearRegression::KIND, |file, _| Ok(Box::new(LinearRegression::from_file(file)?)))
        .add_regressor(Ridge::KIND, |file, _| Ok(Box::new(Ridge::from_file(file)?)))
        .add_regressor(ElasticNet::KIND, |file, _| Ok(Box::new(ElasticNet::from_file(file)?)))
        .add_regressor(LogisticRegression::KIND, |file, _| Ok(Box::new(LogisticRegression::from_file(file)?)))
        .add_regressor(PoissonRegression::KIND, |file, _| Ok(Box::new(PoissonRegression::from_file(file)?)));
}
