//! One-hot encoding: one column per level.

use adsml_core::Table;
use ndarray::Array2;

use super::Categories;
use crate::error::Result;

/// Gives each level a column that is 1 in its rows and else 0.
///
/// A level not seen at fitting is zero in all columns. Missing values have a column of their own,
/// the last one, if there were any at fitting; else they are zero in all columns too.
///
/// ```
/// use adsml_core::{Column, Table};
/// use adsml_features::OneHotEncoder;
///
/// let fitted = OneHotEncoder::fit(&Table::from_columns([("gender", Column::from(["m", "f"]))])?, "gender")?;
/// assert_eq!(fitted.names(), ["gender=f", "gender=m"]);
/// let other = Table::from_columns([("gender", Column::from(["f", "x"]))])?;
/// assert_eq!(fitted.transform(&other)?, ndarray::array![[1.0, 0.0], [0.0, 0.0]]);
/// # Ok::<(), adsml_features::FeatureError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OneHotEncoder {
    column: String,
    categories: Categories,
    missing: bool,
}

impl OneHotEncoder {
    /// Learns the levels of a column of categories or numbers.
    ///
    /// # Errors
    ///
    /// [`MissingColumn`](adsml_core::Error::MissingColumn); [`ColumnKind`](adsml_core::Error::ColumnKind).
    pub fn fit(table: &Table, column: &str) -> Result<Self> {
        let values = table.column(column)?;
        let categories = Categories::fit(column, values)?;
        Ok(Self { column: column.to_owned(), categories, missing: values.n_missing() > 0 })
    }

    /// The levels.
    pub const fn categories(&self) -> &Categories {
        &self.categories
    }

    /// Names of the columns: `gender=female`, and `gender=(missing)`.
    pub fn names(&self) -> Vec<String> {
        names(&self.column, &self.categories, self.missing).collect()
    }

    /// Shape `(n_rows, n_levels)`, or one column more when missing values were seen at fitting.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn transform(&self, table: &Table) -> Result<Array2<f64>> {
        let codes = self.categories.codes(&self.column, table.column(&self.column)?)?;
        let n_levels = self.categories.len();
        let mut out = Array2::zeros((codes.len(), n_levels + usize::from(self.missing)));
        for (mut row, code) in out.rows_mut().into_iter().zip(codes) {
            if let Some(at) = position(code, n_levels, self.missing) {
                row[at] = 1.0;
            }
        }
        Ok(out)
    }
}

pub(crate) fn names(column: &str, categories: &Categories, missing: bool) -> impl Iterator<Item = String> {
    let levels = categories.levels().iter().map(move |level| format!("{column}={level}"));
    levels.chain(missing.then(|| format!("{column}=(missing)")))
}

/// The column in which a code is 1.
pub(crate) fn position(code: u32, n_levels: usize, missing: bool) -> Option<usize> {
    match code {
        Categories::MISSING => missing.then_some(n_levels),
        code => Some(code as usize).filter(|&at| at < n_levels),
    }
}
