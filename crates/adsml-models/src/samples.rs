//! Views or plain slices: what the typed `fit` takes.

use adsml_core::FeatureMatrix;
use ndarray::{Array2, ArrayBase, ArrayView, ArrayView1, CowArray, Data, Ix1, Ix2};

use crate::{ModelError, Result};

/// What can be read as a matrix of features, shape `(n_samples, n_features)`.
///
/// ndarray arrays and views and a [`FeatureMatrix`] are borrowed; rows of plain numbers
/// (`&[[f64; N]]`, `&[Vec<f64>]`, `Vec<Vec<f64>>`) are copied once.
///
/// ```
/// use adsml_models::{AsMatrix, LinearRegression};
///
/// let rows: Vec<Vec<f64>> = vec![vec![0.0], vec![1.0], vec![2.0]];
/// let line = LinearRegression::params().fit(&rows, &[1.0, 3.0, 5.0])?;
/// assert!((line.coefficients()[0] - 2.0).abs() < 1e-12);
/// assert_eq!([[1.0, 2.0]].as_matrix()?.dim(), (1, 2));
/// # Ok::<(), adsml_models::ModelError>(())
/// ```
pub trait AsMatrix {
    /// The matrix.
    ///
    /// # Errors
    ///
    /// [`ModelError::RaggedRows`] when rows differ in length.
    fn as_matrix(&self) -> Result<CowArray<'_, f64, Ix2>>;
}

/// What can be read as a vector: ndarray arrays and views, slices, arrays, `Vec<f64>`.
pub trait AsVector {
    /// The vector.
    fn as_vector(&self) -> ArrayView1<'_, f64>;
}

impl<T: AsMatrix + ?Sized> AsMatrix for &T {
    fn as_matrix(&self) -> Result<CowArray<'_, f64, Ix2>> {
        (**self).as_matrix()
    }
}

impl<S: Data<Elem = f64>> AsMatrix for ArrayBase<S, Ix2> {
    fn as_matrix(&self) -> Result<CowArray<'_, f64, Ix2>> {
        Ok(self.view().into())
    }
}

impl AsMatrix for FeatureMatrix {
    fn as_matrix(&self) -> Result<CowArray<'_, f64, Ix2>> {
        Ok(self.view().into())
    }
}

impl<R: AsRef<[f64]>> AsMatrix for [R] {
    fn as_matrix(&self) -> Result<CowArray<'_, f64, Ix2>> {
        let expected = self.first().map_or(0, |row| row.as_ref().len());
        let mut values = Vec::with_capacity(self.len() * expected);
        for (row, features) in self.iter().enumerate() {
            let features = features.as_ref();
            if features.len() != expected {
                return Err(ModelError::RaggedRows { row, expected, found: features.len() });
            }
            values.extend_from_slice(features);
        }
        let matrix = Array2::from_shape_vec((self.len(), expected), values).expect("every row was counted");
        Ok(matrix.into())
    }
}

impl<R: AsRef<[f64]>> AsMatrix for Vec<R> {
    fn as_matrix(&self) -> Result<CowArray<'_, f64, Ix2>> {
        self.as_slice().as_matrix()
    }
}

impl<R: AsRef<[f64]>, const N: usize> AsMatrix for [R; N] {
    fn as_matrix(&self) -> Result<CowArray<'_, f64, Ix2>> {
        self.as_slice().as_matrix()
    }
}

impl<T: AsVector + ?Sized> AsVector for &T {
    fn as_vector(&self) -> ArrayView1<'_, f64> {
        (**self).as_vector()
    }
}

impl<S: Data<Elem = f64>> AsVector for ArrayBase<S, Ix1> {
    fn as_vector(&self) -> ArrayView1<'_, f64> {
        self.view()
    }
}

impl AsVector for [f64] {
    fn as_vector(&self) -> ArrayView1<'_, f64> {
        ArrayView::from(self)
    }
}

impl AsVector for Vec<f64> {
    fn as_vector(&self) -> ArrayView1<'_, f64> {
        ArrayView::from(self.as_slice())
    }
}

impl<const N: usize> AsVector for [f64; N] {
    fn as_vector(&self) -> ArrayView1<'_, f64> {
        ArrayView::from(self.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ragged_rows_are_refused_by_number() {
        let rows = vec![vec![1.0, 2.0], vec![3.0]];
        let error = rows.as_matrix().unwrap_err();
        assert!(matches!(error, ModelError::RaggedRows { row: 1, expected: 2, found: 1 }));
        assert_eq!(Vec::<Vec<f64>>::new().as_matrix().unwrap().dim(), (0, 0));
    }
}
