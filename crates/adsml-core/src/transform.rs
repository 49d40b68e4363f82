//! What turns a table into the matrix that models take.

use std::fmt::Debug;

use ndarray::ArrayView1;

use crate::{FeatureColumn, FeatureMatrix, FitContext, ModelFile, Result, Table};

/// What a supervised transform may learn from: the target of the rows it is fitted on.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    /// The target, shape `(n_samples)`: 0 or 1, a rate, or any number.
    pub y: ArrayView1<'a, f64>,
    /// The weight of each row; for a rate, its denominator.
    pub sample_weight: Option<ArrayView1<'a, f64>>,
    /// A fold number per row, for cross-fitting; the transform makes its own when absent.
    pub folds: Option<&'a [usize]>,
}

impl<'a> Target<'a> {
    /// A target with equal weights and no given folds.
    pub fn new(y: ArrayView1<'a, f64>) -> Self {
        Self { y, sample_weight: None, folds: None }
    }

    /// With a weight per row.
    #[must_use]
    pub fn with_weight(mut self, sample_weight: Option<ArrayView1<'a, f64>>) -> Self {
        self.sample_weight = sample_weight;
        self
    }

    /// With a fold number per row, for cross-fitting.
    #[must_use]
    pub fn with_folds(mut self, folds: Option<&'a [usize]>) -> Self {
        self.folds = folds;
        self
    }
}

/// A recipe from table to matrix: fitted on training rows, applied to any.
pub trait Transform: Debug + Send + Sync {
    /// Its name, for reports.
    fn name(&self) -> &'static str;

    /// Learns from `table` (and, if it is supervised, from `target`).
    ///
    /// # Errors
    ///
    /// As its implementation says; [`Error::Unsupported`](crate::Error::Unsupported) when it needs a target and there is none.
    fn fit(
        &self,
        table: &Table,
        target: Option<&Target<'_>>,
        context: &FitContext<'_>,
    ) -> Result<Box<dyn FittedTransform>>;

    /// Learns from `table` and gives the matrix to train a model on.
    ///
    /// Not the same as fitting and then transforming when the transform looks at the target: the
    /// training rows are then encoded by cross-fitting, each from other rows only.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit) and [`FittedTransform::transform`].
    fn fit_transform(
        &self,
        table: &Table,
        target: Option<&Target<'_>>,
        context: &FitContext<'_>,
    ) -> Result<(Box<dyn FittedTransform>, FeatureMatrix)> {
        let fitted = self.fit(table, target, context)?;
        let matrix = fitted.transform(table)?;
        Ok((fitted, matrix))
    }
}

/// A fitted [`Transform`]; immutable, and the same for one row as for a million.
pub trait FittedTransform: Debug + Send + Sync {
    /// The matrix of any table that has the columns it was fitted on; their order does not matter.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`](crate::Error::MissingColumn) and [`Error::ColumnKind`](crate::Error::ColumnKind), by name.
    fn transform(&self, table: &Table) -> Result<FeatureMatrix>;

    /// What the columns of its matrices are.
    fn feature_columns(&self) -> &[FeatureColumn];

    /// Names of the table's columns it reads.
    fn input_columns(&self) -> Vec<&str>;

    /// Itself as a model file.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`](crate::Error::Unsupported) when it cannot be saved.
    fn to_file(&self) -> Result<ModelFile>;
}
