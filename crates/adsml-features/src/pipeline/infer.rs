//! A pipeline guessed from a table.

use adsml_core::{Column, Table};

use super::FeaturePipeline;
use crate::encode::Categories;

/// A column that is not used, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct IgnoredColumn {
    /// Its name.
    pub column: String,
    /// Why, in a few words: `"an identifier"`.
    pub reason: String,
}

impl FeaturePipeline {
    /// A pipeline over the columns of a table but those of `exclude`: numbers as numbers, text as categories.
    ///
    /// Left out, with the reason in [`ignored`](Self::ignored): dates (derive calendar parts of
    /// them), columns without values or with only one, and text that is distinct in nearly every row. Columns are taken in the
    /// order of their names, so that the table's order does not matter. What gives the answer away is not its
    /// business: see [`lint_leakage`](crate::lint_leakage).
    pub fn infer<N: AsRef<str>>(table: &Table, exclude: &[N]) -> Self {
        let mut columns: Vec<(&str, &Column)> = table.columns().collect();
        columns.sort_unstable_by_key(|&(name, _)| name);
        let mut pipeline = Self::new();
        for (name, column) in columns {
            if exclude.iter().any(|excluded| excluded.as_ref() == name) {
                continue;
            }
            match reason(name, column) {
                Some(reason) => {
                    let reason = reason.to_owned();
                    pipeline.ignored.push(IgnoredColumn { column: name.to_owned(), reason });
                }
                None if matches!(column, Column::Number(_)) => pipeline = pipeline.numeric([name]),
                None => pipeline = pipeline.categorical([name]),
            }
        }
        pipeline
    }
}

/// Why a column is of no use.
fn reason(name: &str, column: &Column) -> Option<&'static str> {
    let n_present = column.len() - column.n_missing();
    if n_present == 0 {
        return Some("no values");
    }
    match column {
        Column::Date(_) | Column::Timestamp(_) => Some("a date: derive calendar parts of it"),
        Column::Number(values) => {
            let first = values.iter().copied().find(|value| !value.is_nan());
            let constant = values.iter().all(|&value| value.is_nan() || Some(value) == first);
            (constant && n_present == values.len()).then_some("constant")
        }
        Column::Category(_) => {
            let n_levels = Categories::fit(name, column).map_or(0, |categories| categories.len());
            if n_levels == 1 && n_present == column.len() {
                Some("constant")
            } else {
                (n_present >= 20 && n_levels * 10 > n_present * 9).then_some("distinct in nearly every row")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_columns_does_not_matter() {
        let table = Table::from_columns([
            ("spend", Column::from([1.0, 2.0])),
            ("country", Column::from(["es", "es"])),
            ("age", Column::from(["18-24", "25-34"])),
            ("date", Column::Date(adsml_core::DateColumn { days: vec![1, 2] })),
        ])
        .unwrap();
        let pipeline = FeaturePipeline::infer(&table, &["clicks"]);
        assert_eq!(pipeline.named_columns().collect::<Vec<_>>(), ["spend", "age"]);
        assert_eq!(pipeline.ignored()[0].reason, "constant");
        assert_eq!(pipeline.ignored()[1].column, "date");
        let turned = table.select(&["date", "age", "country", "spend"]).unwrap();
        assert_eq!(FeaturePipeline::infer(&turned, &["clicks"]), pipeline);
    }
}
