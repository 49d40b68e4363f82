//! Contributions and interactions of many rows.

use adsml_core::Explanation;
use ndarray::{Array3, Array4, ArrayView2, ArrayView3, s};

/// What each feature added to the raw score of each row.
///
/// ```text
/// base + sum over features of value[row, feature] = raw score of the row
/// ```
///
/// Raw scores are on the scale before the link: log odds of a logistic loss, the logarithm of a mean of counts. A model of several
/// classes by softmax has one output per class, and so has a forest of more than two classes, whose raw scores are the probabilities;
/// every other model has output 0.
///
/// ```
/// use adsml_models::{GradientBoosting, Regressor};
/// use ndarray::{Array1, Array2};
///
/// // Conversions follow the spend, and are doubled on weekends.
/// let x = Array2::from_shape_fn((700, 2), |(row, column)| if column == 0 { (row % 50) as f64 } else { f64::from(row % 7 >= 5) });
/// let y: Array1<f64> = x.outer_iter().map(|day| day[0] * (1.0 + day[1])).collect();
/// let model = GradientBoosting::params().fit(&x, &y)?;
/// let shap = model.shap_values(x.view())?;
/// let saturday = shap.explanation(0, 5);
/// let sum = saturday.base + saturday.contributions.iter().sum::<f64>();
/// assert!((sum - model.raw_score(&[5.0, 1.0], 0)?).abs() < 1e-9);
/// let [spend, weekend] = shap.mean_absolute(0)[..] else { unreachable!() };
/// assert!(spend > weekend && weekend > 0.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct ShapValues {
    values: Array3<f64>,
    base: Vec<f64>,
    feature_names: Vec<String>,
}

impl ShapValues {
    pub(super) fn new(values: Array3<f64>, base: Vec<f64>, feature_names: &[String]) -> Self {
        Self { values, base, feature_names: feature_names.to_vec() }
    }

    /// Raw scores per row: 1, or one per class.
    pub fn n_outputs(&self) -> usize {
        self.base.len()
    }

    /// Contributions to an output, shape `(n_samples, n_features)`.
    ///
    /// # Panics
    ///
    /// As indexing does, when `output` is not below [`n_outputs`](Self::n_outputs).
    pub fn values(&self, output: usize) -> ArrayView2<'_, f64> {
        self.values.slice(s![output, .., ..])
    }

    /// What is predicted of an output without knowing the row: the mean over the training rows, as the leaves hold it, or over the background rows.
    ///
    /// # Panics
    ///
    /// As [`values`](Self::values).
    pub fn base(&self, output: usize) -> f64 {
        self.base[output]
    }

    /// Names of the features, when the model knows them; else empty.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }

    /// One row's contributions to an output.
    ///
    /// # Panics
    ///
    /// As indexing does, when there is no such output or row.
    pub fn explanation(&self, output: usize, row: usize) -> Explanation {
        Explanation { base: self.base[output], contributions: self.values.slice(s![output, row, ..]).to_vec() }
    }

    /// How much each feature moves an output, whichever way: the mean over rows of its absolute contribution, length `n_features`. Zeros
    /// without rows.
    ///
    /// # Panics
    ///
    /// As [`values`](Self::values).
    pub fn mean_absolute(&self, output: usize) -> Vec<f64> {
        let values = self.values(output);
        let n = values.nrows().max(1) as f64;
        values.columns().into_iter().map(|column| column.iter().map(|value| value.abs()).sum::<f64>() / n).collect()
    }
}

/// What pairs of features added to the raw score of each row.
///
/// ```text
/// sum over b of value[row, a, b] = contribution of feature a to the row
/// ```
///
/// Symmetric: a pair's joint effect is halved between its two places. On the diagonal is what a feature does by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct ShapInteractions {
    values: Array4<f64>,
    base: Vec<f64>,
    feature_names: Vec<String>,
}

impl ShapInteractions {
    pub(super) fn new(values: Array4<f64>, base: Vec<f64>, feature_names: &[String]) -> Self {
        Self { values, base, feature_names: feature_names.to_vec() }
    }

    /// Raw scores per row: 1, or one per class.
    pub fn n_outputs(&self) -> usize {
        self.base.len()
    }

    /// Interactions for an output, shape `(n_samples, n_features, n_features)`.
    ///
    /// # Panics
    ///
    /// As indexing does, when `output` is not below [`n_outputs`](Self::n_outputs).
    pub fn values(&self, output: usize) -> ArrayView3<'_, f64> {
        self.values.slice(s![output, .., .., ..])
    }

    /// What is predicted of an output without knowing the row.
    ///
    /// # Panics
    ///
    /// As [`values`](Self::values).
    pub fn base(&self, output: usize) -> f64 {
        self.base[output]
    }

    /// Names of the features, when the model knows them; else empty.
    pub fn feature_names(&self) -> &[String] {
        &self.feature_names
    }
}
