//! Why a predictor predicts what it predicts, row by row.

use adsml_core::{FeatureMatrix, FitContext, Regressor, Table, parallel};
use ndarray::{Array2, ArrayView2};

use super::CtrPredictor;
use crate::Result;

/// What each feature added to the prediction of each row.
///
/// ```text
/// base + sum over features of contributions[row, feature] = raw score of the row
/// ```
///
/// The raw score is the prediction on the model's own scale, which [`unit`](Self::unit) names. Of trees, contributions are Shapley
/// values; of linear models, coefficients times distances from the mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanations {
    feature_names: Vec<String>,
    base: f64,
    contributions: Array2<f64>,
    values: Array2<f64>,
    unit: Option<&'static str>,
}

impl Explanations {
    /// Of every row of a matrix; `None` from a model that cannot say why, and without rows.
    pub(super) fn of(
        model: &dyn Regressor,
        matrix: &FeatureMatrix,
        context: &FitContext<'_>,
    ) -> adsml_core::Result<Option<Self>> {
        let x = matrix.view();
        let explain = |row: usize| model.explain(&x.row(row).to_vec());
        let explained = parallel::try_map(x.nrows(), context.threads, explain)?;
        let Some(explained) = explained.into_iter().collect::<Option<Vec<_>>>() else { return Ok(None) };
        let Some(base) = explained.first().map(|row| row.base) else { return Ok(None) };
        let values: Vec<f64> = explained.into_iter().flat_map(|row| row.contributions).collect();
        let contributions = Array2::from_shape_vec(x.dim(), values).map_err(adsml_core::Error::component)?;
        let raw: Vec<f64> = contributions.outer_iter().map(|row| base + row.sum()).collect();
        let unit = unit(&raw, &model.predict(x)?.to_vec());
        let feature_names = matrix.names().map(str::to_owned).collect();
        Ok(Some(Self { feature_names, base, contributions, values: x.to_owned(), unit }))
    }

    /// Names of the features, length `n_features`: columns, or `column=level`.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// The raw score without knowing the row.
    pub const fn base(&self) -> f64 {
        self.base
    }

    /// What each feature added to the raw score of each row, shape `(n_rows, n_features)`.
    pub fn contributions(&self) -> ArrayView2<'_, f64> {
        self.contributions.view()
    }

    /// What the model was given, of the same shape: numbers, scaled where the model asks for it, and codes of categories.
    pub fn values(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }

    /// The scale of the raw score: `"log odds"`, `"logarithm of the mean"`; `None` for the prediction itself.
    pub const fn unit(&self) -> Option<&'static str> {
        self.unit
    }

    /// How much each feature moves predictions, whichever way: the mean over rows of its absolute contribution, length `n_features`.
    pub fn mean_absolute(&self) -> Vec<f64> {
        let n = self.contributions.nrows() as f64;
        let mean = |column: ndarray::ArrayView1<'_, f64>| column.iter().map(|value| value.abs()).sum::<f64>() / n;
        self.contributions.columns().into_iter().map(mean).collect()
    }
}

/// By which link raw scores became predictions.
fn unit(raw: &[f64], predicted: &[f64]) -> Option<&'static str> {
    let fits = |link: fn(f64) -> f64| {
        let near = |(&raw, &p): (&f64, &f64)| (link(raw) - p).abs() <= 1e-6 * p.abs().max(1e-6);
        raw.iter().zip(predicted).all(near)
    };
    // A raw score of zero everywhere would fit a straight line and no other.
    if fits(|raw| raw) {
        None
    } else if fits(|raw| 1.0 / (1.0 + (-raw).exp())) {
        Some("log odds")
    } else if fits(f64::exp) {
        Some("logarithm of the mean")
    } else {
        Some("the model's own scale")
    }
}

impl CtrPredictor {
    /// Why each row is predicted what it is predicted; `None` when the chosen model cannot say, and without rows.
    ///
    /// ```
    /// # use adsml::prelude::*;
    /// # let table = Account::demo().table();
    /// # let recipe = CtrPredictor::params().rate("clicks", "impressions").categorical(["gender"]).numeric(["budget"]);
    /// # let predictor = recipe.folds(2).fit(&table)?;
    /// if let Some(explanations) = predictor.explain_table(&table)? {
    ///     let (names, moved) = (explanations.feature_names(), explanations.mean_absolute());
    ///     assert_eq!(names.len(), moved.len());
    /// }
    /// # Ok::<(), adsml::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`predict_table`](Self::predict_table).
    pub fn explain_table(&self, table: &Table) -> Result<Option<Explanations>> {
        let matrix = self.transform.transform(table)?;
        Ok(Explanations::of(&*self.model, &matrix, &FitContext::default())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_of_raw_scores_is_found_from_what_they_became() {
        let raw = [-3.0, 0.5, 1.0];
        let by = |link: fn(f64) -> f64| unit(&raw, &raw.map(link));
        assert_eq!(by(|raw| raw), None);
        assert_eq!(by(|raw| 1.0 / (1.0 + (-raw).exp())), Some("log odds"));
        assert_eq!(by(f64::exp), Some("logarithm of the mean"));
        assert_eq!(by(|raw| raw * raw), Some("the model's own scale"));
    }
}
