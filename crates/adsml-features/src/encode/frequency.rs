//! Frequency encoding: how common each level is.

use adsml_core::Table;

use super::Categories;
use crate::error::Result;

/// Gives each level its share of the rows it was fitted on; missing values have a share too, a level not seen has 0.
#[derive(Debug, Clone, PartialEq)]
pub struct FrequencyEncoder {
    column: String,
    categories: Categories,
    shares: Vec<f64>,
    missing: f64,
}

impl FrequencyEncoder {
    /// Counts the levels of a column of categories or numbers.
    ///
    /// # Errors
    ///
    /// [`MissingColumn`](adsml_core::Error::MissingColumn); [`ColumnKind`](adsml_core::Error::ColumnKind).
    pub fn fit(table: &Table, column: &str) -> Result<Self> {
        let values = table.column(column)?;
        let categories = Categories::fit(column, values)?;
        let (shares, missing) = shares(&categories.codes(column, values)?, categories.len());
        Ok(Self { column: column.to_owned(), categories, shares, missing })
    }

    /// The share of each row's level.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn transform(&self, table: &Table) -> Result<Vec<f64>> {
        let codes = self.categories.codes(&self.column, table.column(&self.column)?)?;
        Ok(codes.into_iter().map(|code| value_of(code, &self.shares, self.missing, 0.0)).collect())
    }
}

/// The share of each level, and of missing values.
pub(crate) fn shares(codes: &[u32], n_levels: usize) -> (Vec<f64>, f64) {
    let mut counts = vec![0.0; n_levels + 1];
    for &code in codes {
        counts[(code as usize).min(n_levels)] += 1.0;
    }
    let n_rows = codes.len().max(1) as f64;
    let missing = counts.pop().unwrap_or(0.0) / n_rows;
    (counts.into_iter().map(|count| count / n_rows).collect(), missing)
}

/// The value of a code, among those of levels, of missing values and of unseen levels.
pub(crate) fn value_of(code: u32, levels: &[f64], missing: f64, unseen: f64) -> f64 {
    match code {
        Categories::MISSING => missing,
        code => levels.get(code as usize).copied().unwrap_or(unseen),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::Column;

    #[test]
    fn shares_add_up_and_the_unseen_has_none() {
        let column = [Some("a"), None, Some("b"), Some("a")].into_iter().collect::<adsml_core::CategoryColumn>();
        let table = Table::from_columns([("x", Column::from(column))]).unwrap();
        let fitted = FrequencyEncoder::fit(&table, "x").unwrap();
        assert_eq!(fitted.transform(&table).unwrap(), [0.5, 0.25, 0.25, 0.5]);
        let other = Table::from_columns([("x", Column::from(["c"]))]).unwrap();
        assert_eq!(fitted.transform(&other).unwrap(), [0.0]);
    }
}
