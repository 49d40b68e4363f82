//! What an imported model says of rows: raw scores, outputs, expected targets, probabilities.

use adsml_core::{Classifier, Error, Explanation, ModelFile, Regressor, Steps, check_predict_shapes};
use ndarray::{Array2, ArrayView2};

use super::imported::ImportedModel;
use crate::Importance;
use crate::classes;
use crate::shap::{Explainable, shap_methods};
use crate::tree::{merged, with_room};

/// Predictions.
impl ImportedModel {
    /// The raw score of a row, before the link, of one output.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`]; [`Error::Unsupported`] for an output there is none of.
    pub fn raw_score(&self, row: &[f64], output: usize) -> adsml_core::Result<f64> {
        self.check_row(row)?;
        if output >= self.n_outputs() {
            return Err(Error::Unsupported { by: Self::KIND.to_owned(), what: format!("output {output}") });
        }
        Ok(self.ensemble.raw(row, output))
    }

    /// The raw scores of each row of `x`, before the link, shape `(n_samples, n_outputs)`.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`].
    pub fn raw_scores(&self, x: ArrayView2<'_, f64>) -> adsml_core::Result<Array2<f64>> {
        self.by_row(x, |_| {})
    }

    /// What the other library predicts for each row of `x`, shape `(n_samples, n_outputs)`; of `multi:softmax`, the probabilities.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`].
    pub fn outputs(&self, x: ArrayView2<'_, f64>) -> adsml_core::Result<Array2<f64>> {
        self.by_row(x, |raw| self.output.apply(raw))
    }

    fn by_row(&self, x: ArrayView2<'_, f64>, finish: impl Fn(&mut [f64]) + Sync) -> adsml_core::Result<Array2<f64>> {
        if x.ncols() != self.ensemble.n_features {
            return Err(Error::FeatureCount { expected: self.ensemble.n_features, found: x.ncols() });
        }
        let mut out = Array2::zeros((x.nrows(), self.n_outputs()));
        let values = out.as_slice_mut().expect("a new array is contiguous");
        self.compiled.each_raw(&self.ensemble, x, self.n_outputs(), values, |raw, out| {
            finish(raw);
            out.copy_from_slice(raw);
        });
        Ok(out)
    }

    /// Raw scores to the probability of each class, of a model of several.
    fn proba(&self, out: &mut [f64]) {
        self.output.apply(out);
        // One class against the others does not sum to one, and neither do numbers rounded to f32.
        let total: f64 = out.iter().sum();
        let n = out.len() as f64;
        out.iter_mut().for_each(|p| *p = if total > 0.0 { *p / total } else { 1.0 / n });
    }

    fn explainable(&self) -> Explainable<'_> {
        Explainable::of_ensemble(&self.ensemble, &self.feature_names)
    }

    fn check_row(&self, row: &[f64]) -> adsml_core::Result<()> {
        if row.len() == self.ensemble.n_features {
            return Ok(());
        }
        Err(Error::FeatureCount { expected: self.ensemble.n_features, found: row.len() })
    }

    /// Refuses to say one number of several targets.
    fn check_single(&self) -> adsml_core::Result<()> {
        if self.n_outputs() == 1 || self.output.has_many_classes() {
            return Ok(());
        }
        let what = format!("one prediction of {} outputs: see `outputs`", self.n_outputs());
        Err(Error::Unsupported { by: Self::KIND.to_owned(), what })
    }

    /// The expected target, by raw scores, which are used up.
    fn mean(&self, raw: &mut [f64]) -> f64 {
        if let [out] = raw {
            self.output.apply(std::slice::from_mut(out));
            return *out;
        }
        self.proba(raw);
        match raw {
            // What `predict_proba` says of class 1.
            [_, positive] => *positive,
            proba => proba.iter().enumerate().map(|(class, p)| class as f64 * p).sum(),
        }
    }
}

impl Regressor for ImportedModel {
    fn n_features(&self) -> usize {
        self.ensemble.n_features
    }

    fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> adsml_core::Result<()> {
        check_predict_shapes(self.ensemble.n_features, x, out)?;
        self.check_single()?;
        self.compiled.each_raw(&self.ensemble, x, 1, out, |raw, out| out[0] = self.mean(raw));
        Ok(())
    }

    fn predict_row(&self, row: &[f64]) -> adsml_core::Result<f64> {
        self.check_row(row)?;
        self.check_single()?;
        Ok(with_room(self.n_outputs(), |raw| {
            self.compiled.raw_into(&self.ensemble, row, raw);
            self.mean(raw)
        }))
    }

    fn importance(&self) -> Option<Vec<f64>> {
        Some(self.importance_by(Importance::Gain))
    }

    fn explain(&self, row: &[f64]) -> adsml_core::Result<Option<Explanation>> {
        self.explainable().explanation(row)
    }

    fn steps_along(&self, feature: usize, row: &[f64]) -> Option<Steps> {
        if row.len() != self.ensemble.n_features || self.n_outputs() != 1 {
            return None;
        }
        let (breakpoints, mut values) = self.ensemble.steps_along(feature, row)?;
        values.iter_mut().for_each(|value| self.output.apply(std::slice::from_mut(value)));
        Some(merged(&breakpoints, &values))
    }

    fn as_classifier(&self) -> Option<&dyn Classifier> {
        (!self.classes.is_empty()).then_some(self)
    }

    fn to_file(&self) -> adsml_core::Result<ModelFile> {
        Ok(self.write())
    }
}

shap_methods!(ImportedModel);

impl Classifier for ImportedModel {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn predict_proba(&self, x: ArrayView2<'_, f64>) -> adsml_core::Result<Array2<f64>> {
        if self.n_outputs() == 1 {
            return Ok(classes::of_two(self.predict(x)?.view()));
        }
        self.by_row(x, |raw| self.proba(raw))
    }
}
