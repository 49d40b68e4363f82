//! Ordinal encoding: the code of each level.

use adsml_core::Table;

use super::Categories;
use crate::error::Result;

/// Gives each level its code `0, 1, …`, in the order of [`Categories`]; a level not seen at fitting gets the next
/// code, a missing value stays missing.
///
/// Codes carry no order that a linear model could use; they are for trees that know categories.
///
/// ```
/// use adsml_core::{Column, Table};
/// use adsml_features::OrdinalEncoder;
///
/// let fitted = OrdinalEncoder::fit(&Table::from_columns([("gender", Column::from(["m", "f"]))])?, "gender")?;
/// let other = Table::from_columns([("gender", Column::from(["f", "x", "m"]))])?;
/// assert_eq!(fitted.transform(&other)?, [0.0, 2.0, 1.0]);
/// # Ok::<(), adsml_features::FeatureError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct OrdinalEncoder {
    column: String,
    categories: Categories,
}

impl OrdinalEncoder {
    /// Learns the levels of a column of categories or numbers.
    ///
    /// # Errors
    ///
    /// [`MissingColumn`](adsml_core::Error::MissingColumn); [`ColumnKind`](adsml_core::Error::ColumnKind).
    pub fn fit(table: &Table, column: &str) -> Result<Self> {
        Ok(Self { column: column.to_owned(), categories: Categories::fit(column, table.column(column)?)? })
    }

    /// The levels.
    pub const fn categories(&self) -> &Categories {
        &self.categories
    }

    /// The code of each row, as a float.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn transform(&self, table: &Table) -> Result<Vec<f64>> {
        let codes = self.categories.codes(&self.column, table.column(&self.column)?)?;
        Ok(codes.into_iter().map(ordinal).collect())
    }
}

/// A code as a float, missing as `NaN`.
pub(crate) fn ordinal(code: u32) -> f64 {
    if code == Categories::MISSING { f64::NAN } else { f64::from(code) }
}
