//! The matrix that models take: values, and what each column is.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2};

use crate::{Error, Levels, Provenance, Result};

/// What a column of a [`FeatureMatrix`] is.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureColumn {
    /// Its name, unique within the matrix.
    pub name: String,
    /// How to read its values.
    pub kind: FeatureKind,
    /// When its values become known.
    pub provenance: Provenance,
}

impl FeatureColumn {
    /// A column of numbers known before the auction.
    pub fn number(name: impl Into<String>) -> Self {
        Self { name: name.into(), kind: FeatureKind::Number, provenance: Provenance::default() }
    }
}

/// How to read the values of a feature.
#[derive(Debug, Clone, PartialEq)]
pub enum FeatureKind {
    /// A number.
    Number,
    /// The code of a level, as a float: `0, 1, … levels.len() - 1`; `levels.len()` for a level not seen at fitting.
    Category {
        /// The text of each code.
        levels: Arc<Levels>,
    },
}

/// Rows of features, shape `(n_samples, n_features)`, row-major, `NaN` where missing.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureMatrix {
    values: Array2<f64>,
    columns: Arc<[FeatureColumn]>,
}

impl FeatureMatrix {
    /// Values and what they are.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] unless there is one column description per column; [`Error::DuplicateColumn`].
    pub fn new(values: Array2<f64>, columns: impl Into<Arc<[FeatureColumn]>>) -> Result<Self> {
        let columns = columns.into();
        Error::check_length("the list of feature columns", values.ncols(), columns.len())?;
        let mut names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::DuplicateColumn { name: pair[0].to_owned() });
        }
        let values = if values.is_standard_layout() { values } else { values.as_standard_layout().into_owned() };
        Ok(Self { values, columns })
    }

    /// The values, shape `(n_samples, n_features)`.
    pub fn view(&self) -> ArrayView2<'_, f64> {
        self.values.view()
    }

    /// What each column is.
    pub const fn columns(&self) -> &Arc<[FeatureColumn]> {
        &self.columns
    }

    /// Names of the features.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    /// Number of rows.
    pub fn n_samples(&self) -> usize {
        self.values.nrows()
    }

    /// Number of columns.
    pub fn n_features(&self) -> usize {
        self.values.ncols()
    }

    /// The values alone.
    pub fn into_values(self) -> Array2<f64> {
        self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn columns_are_counted_and_unique() {
        let columns = |names: &[&str]| names.iter().copied().map(FeatureColumn::number).collect::<Vec<_>>();
        assert!(FeatureMatrix::new(array![[1.0, 2.0]], columns(&["a", "b"])).is_ok());
        assert!(matches!(FeatureMatrix::new(array![[1.0, 2.0]], columns(&["a"])), Err(Error::Length { .. })));
        let repeated = FeatureMatrix::new(array![[1.0, 2.0]], columns(&["a", "a"]));
        assert!(matches!(repeated, Err(Error::DuplicateColumn { .. })));
    }

    #[test]
    fn values_end_up_row_major() {
        let values = array![[1.0, 2.0], [3.0, 4.0]].reversed_axes();
        let columns = vec![FeatureColumn::number("a"), FeatureColumn::number("b")];
        let matrix = FeatureMatrix::new(values.clone(), columns).unwrap();
        assert_eq!(matrix.view(), values);
        assert_eq!(matrix.view().as_slice(), Some(&[1.0, 3.0, 2.0, 4.0][..]));
    }
}
