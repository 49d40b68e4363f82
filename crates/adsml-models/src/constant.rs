//! The constant baseline: what every other model has to beat.

use adsml_core::{Error, Explanation, FitContext, ModelFile, ParamSpec, Regressor, TrainingSet, check_predict_shapes};
use ndarray::ArrayView2;

use crate::estimator::estimator;
use crate::rows::{check_target, mean};
use crate::{ModelError, Result};

const KIND: &str = "constant";
const SPECS: &[ParamSpec] = &[];
/// No more features are counted, so that a hostile file cannot ask for memory.
const MAX_FEATURES: usize = 1 << 24;

/// The weighted mean of the target, whatever the features.
///
/// ```text
/// E[y | x] = sum(w y) / sum(w)
/// ```
///
/// With `y` = clicks / impressions and `w` = impressions this is the account's CTR, a ratio of
/// sums. Features are counted and not looked at: they may be missing.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConstantBaseline {
    value: f64,
    n_features: usize,
}

/// Parameters of a [`ConstantBaseline`]: there are none.
#[derive(Debug, Clone, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConstantBaselineParams {}

impl ConstantBaselineParams {
    /// Fits on a training set; `O(n_samples)`.
    ///
    /// # Errors
    ///
    /// [`ModelError::InvalidTarget`] unless targets are finite; [`ModelError::TooManyFeatures`] above 16 million; [`ModelError::Core`] for weights that
    /// are not, and for an offset, which it does not support.
    pub fn fit_set(&self, data: &TrainingSet<'_>, _: &FitContext<'_>) -> Result<ConstantBaseline> {
        if data.n_features() > MAX_FEATURES {
            return Err(ModelError::TooManyFeatures { found: data.n_features(), limit: MAX_FEATURES });
        }
        data.refuse_offset(KIND)?;
        check_target(data.y, |_| true, "a number between -1e150 and 1e150")?;
        // The fields of a training set are public: its weights are judged again.
        let data = TrainingSet::new(data.x, data.y)?.with_weight(data.sample_weight)?;
        Ok(ConstantBaseline { value: mean(&data), n_features: data.n_features() })
    }
}

estimator!(ConstantBaselineParams => ConstantBaseline, "constant", {});

impl ConstantBaseline {
    /// The kind of its model files.
    pub const KIND: &str = KIND;

    /// The one value it predicts.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// Reads a model file.
    ///
    /// # Errors
    ///
    /// [`ModelError::Core`] and [`ModelError::TooManyFeatures`] when the file is of another kind or does not add up.
    pub fn from_file(file: &ModelFile) -> Result<Self> {
        file.require_kind(KIND)?;
        let (value, n_features) = (file.finite_f64("value")?, file.u32("n_features")?);
        Error::check_length("section `value`", 1, value.len())?;
        Error::check_length("section `n_features`", 1, n_features.len())?;
        let n_features = n_features[0] as usize;
        if n_features > MAX_FEATURES {
            return Err(ModelError::TooManyFeatures { found: n_features, limit: MAX_FEATURES });
        }
        Ok(Self { value: value[0], n_features })
    }

    fn check_row(&self, row: &[f64]) -> adsml_core::Result<()> {
        if row.len() == self.n_features {
            return Ok(());
        }
        Err(Error::FeatureCount { expected: self.n_features, found: row.len() })
    }
}

impl Regressor for ConstantBaseline {
    fn n_features(&self) -> usize {
        self.n_features
    }

    fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
        check_predict_shapes(self.n_features, x, out)?;
        out.fill(self.value);
        Ok(())
    }

    fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
        self.check_row(row)?;
        Ok(self.value)
    }

    fn importance(&self) -> Option<Vec<f64>> {
        Some(vec![0.0; self.n_features])
    }

    fn explain(&self, row: &[f64]) -> adsml_core::Result<Option<Explanation>> {
        self.check_row(row)?;
        Ok(Some(Explanation { base: self.value, contributions: vec![0.0; self.n_features] }))
    }

    fn to_file(&self) -> adsml_core::Result<ModelFile> {
        let mut file = ModelFile::new(KIND);
        file.put_f64("value", &[self.value]).put_u32("n_features", &[self.n_features as u32]);
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_rate_is_a_ratio_of_sums() {
        let (clicks, impressions) = ([1.0, 30.0], [10.0, 1_000.0]);
        let rate = [clicks[0] / impressions[0], clicks[1] / impressions[1]];
        let baseline = ConstantBaseline::params().fit_weighted([[f64::NAN], [2.0]], rate, impressions).unwrap();
        assert!((baseline.value() - 31.0 / 1_010.0).abs() < 1e-17);
        assert_eq!(baseline.predict(array![[0.0], [9.0]].view()).unwrap()[1], baseline.value());
    }

    #[test]
    fn an_offset_and_a_missing_target_are_refused() {
        let (x, y) = (array![[1.0], [2.0]], array![1.0, f64::NAN]);
        let error = ConstantBaseline::params().fit(&x, &y).unwrap_err();
        assert!(matches!(error, ModelError::InvalidTarget { row: 1, .. }));
        let offset = array![0.0, 0.0];
        let data = TrainingSet::new(x.view(), offset.view()).unwrap().with_offset(Some(offset.view())).unwrap();
        assert!(ConstantBaseline::params().fit_set(&data, &FitContext::default()).is_err());
    }
}
