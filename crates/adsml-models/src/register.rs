//! The readers of this crate's model files.

use adsml_core::LoaderRegistry;

use crate::{
    ConstantBaseline, DecisionTree, ElasticNet, GradientBoosting, ImportedModel, LinearRegression, LogisticRegression,
    PoissonRegression, RandomForest, Ridge,
};

/// Adds the readers of every model of this crate.
///
/// ```
/// use adsml_core::{LoaderRegistry, ModelFile};
/// use adsml_models::{Regressor, Ridge};
///
/// let model = Ridge::params().fit(&[[1.0], [2.0], [4.0]], &[3.0, 5.0, 8.0])?;
/// let bytes = model.to_file()?.to_bytes();
///
/// let mut registry = LoaderRegistry::new();
/// adsml_models::register(&mut registry);
/// let back = registry.load_regressor(&ModelFile::from_bytes(&bytes)?)?;
/// assert_eq!(back.predict_row(&[3.0])?, model.predict_row(&[3.0])?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn register(registry: &mut LoaderRegistry) {
    registry
        .add_regressor(ConstantBaseline::KIND, |file, _| Ok(Box::new(ConstantBaseline::from_file(file)?)))
        .add_regressor(LinearRegression::KIND, |file, _| Ok(Box::new(LinearRegression::from_file(file)?)))
        .add_regressor(Ridge::KIND, |file, _| Ok(Box::new(Ridge::from_file(file)?)))
        .add_regressor(ElasticNet::KIND, |file, _| Ok(Box::new(ElasticNet::from_file(file)?)))
        .add_regressor(LogisticRegression::KIND, |file, _| Ok(Box::new(LogisticRegression::from_file(file)?)))
        .add_regressor(GradientBoosting::KIND, |file, _| Ok(Box::new(GradientBoosting::from_file(file)?)))
        .add_regressor(DecisionTree::KIND, |file, _| Ok(Box::new(DecisionTree::from_file(file)?)))
        .add_regressor(RandomForest::KIND, |file, _| Ok(Box::new(RandomForest::from_file(file)?)))
        .add_regressor(ImportedModel::KIND, |file, _| Ok(Box::new(ImportedModel::from_file(file)?)))
        .add_regressor(PoissonRegression::KIND, |file, _| Ok(Box::new(PoissonRegression::from_file(file)?)));
}
