//! From a table to the matrix that an imported model takes.

use adsml_core::{CategoryColumn, Column, Error, FeatureColumn, FeatureKind, FeatureMatrix, Interner, Levels, Table};
use ndarray::Array2;

use super::imported::ImportedModel;

impl ImportedModel {
    /// The features of the model, from the columns of a table that bear their names; others are left out.
    ///
    /// A name also fits when white space in it became `_`, as LightGBM writes it. A model whose features have no names, or only LightGBM's
    /// `Column_0, Column_1, …`, takes all columns of the table in their order. Categories get the codes that the model was fitted on, found by
    /// the text of their level; one it does not know gets the code after the last.
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`] with all names that are missing; [`Error::FeatureCount`] where columns go by their order;
    /// [`Error::ColumnKind`] for a column of texts or days where the model has numbers.
    ///
    /// ```
    /// use adsml_core::{Column, Regressor, Table};
    /// # use adsml_models::ImportedModel;
    /// # let text = "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nobjective=regression\n\
    /// #     feature_names=bid\n\nTree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold=1.5\nleft_child=-1\n\
    /// #     right_child=-2\nleaf_value=0.4 0.7\n\nend of trees\n";
    /// let model = ImportedModel::from_lightgbm_text(text)?;
    /// let ads = Table::from_columns([("id", Column::from([7.0, 8.0])), ("bid", Column::from([1.0, 2.0]))])?;
    /// assert_eq!(model.predict(model.matrix(&ads)?.view())?.to_vec(), [0.4, 0.7]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn matrix(&self, table: &Table) -> adsml_core::Result<FeatureMatrix> {
        let by_order;
        let columns = if self.are_named(table) {
            self.columns()
        } else {
            if table.n_columns() != self.ensemble.n_features {
                return Err(Error::FeatureCount { expected: self.ensemble.n_features, found: table.n_columns() });
            }
            let levels = |feature: usize| self.columns().get(feature).map(|column| column.kind.clone());
            let column = |(feature, name): (usize, &str)| FeatureColumn {
                kind: levels(feature).unwrap_or(FeatureKind::Number),
                ..FeatureColumn::number(name)
            };
            by_order = table.names().enumerate().map(column).collect::<Vec<_>>();
            &by_order
        };
        let found: Vec<Option<(&str, &Column)>> = columns.iter().map(|column| find(table, &column.name)).collect();
        let missing: Vec<&str> = columns
            .iter()
            .zip(&found)
            .filter(|(_, found)| found.is_none())
            .map(|(column, _)| column.name.as_str())
            .collect();
        if !missing.is_empty() {
            let known = table.names().collect::<Vec<_>>().join(", ");
            return Err(Error::MissingColumn { name: missing.join("`, `"), known });
        }
        let n_rows = found.iter().flatten().next().map_or(0, |(_, column)| column.len());
        let mut values = Array2::zeros((n_rows, columns.len()));
        for (feature, ((name, column), wanted)) in found.into_iter().flatten().zip(columns).enumerate() {
            let codes = values_of(name, column, &wanted.kind)?;
            values.column_mut(feature).iter_mut().zip(codes).for_each(|(value, code)| *value = code);
        }
        FeatureMatrix::new(values, columns.to_vec())
    }

    /// Whether the names of the features say more than their order.
    fn are_named(&self, table: &Table) -> bool {
        let names = self.feature_names();
        let is_default = |(feature, name): (usize, &String)| *name == format!("Column_{feature}");
        let are_default = names.iter().enumerate().all(is_default);
        !are_default || names.iter().any(|name| table.get(name).is_some())
    }
}

/// The column of a name, or of one with white space that became `_`.
fn find<'a>(table: &'a Table, name: &str) -> Option<(&'a str, &'a Column)> {
    let mut columns = table.columns();
    let exact = columns.find(|(known, _)| *known == name);
    exact.or_else(|| table.columns().find(|(known, _)| known.replace(char::is_whitespace, "_") == name))
}

/// What the model reads in a column, row by row.
fn values_of(name: &str, column: &Column, wanted: &FeatureKind) -> adsml_core::Result<Vec<f64>> {
    match (wanted, column) {
        (FeatureKind::Number, Column::Number(values)) => Ok(values.clone()),
        (FeatureKind::Category { levels }, Column::Category(column)) => Ok(codes(column, levels)),
        (FeatureKind::Category { levels }, Column::Number(values)) => {
            let known = interned(levels);
            let code = |value: &f64| match value.is_nan() {
                true => f64::NAN,
                false => code_of(&known, &value.to_string()),
            };
            Ok(values.iter().map(code).collect())
        }
        (wanted, column) => Err(Error::ColumnKind {
            column: name.to_owned(),
            expected: if *wanted == FeatureKind::Number { "number" } else { "category" },
            found: match column {
                Column::Number(_) => "number",
                Column::Category(_) => "category",
                Column::Date(_) => "date",
                Column::Timestamp(_) => "timestamp",
            },
        }),
    }
}

fn interned(levels: &Levels) -> Interner {
    let mut interner = Interner::new();
    for level in levels.iter() {
        interner.intern(level);
    }
    interner
}

/// The code of a level, or the one after the last.
fn code_of(known: &Interner, text: &str) -> f64 {
    f64::from(known.find(text).unwrap_or(known.levels().len() as u32))
}

/// Codes of the model for the rows of a column, each level looked up once.
fn codes(column: &CategoryColumn, levels: &Levels) -> Vec<f64> {
    let known = interned(levels);
    let by_code: Vec<f64> = column.levels().iter().map(|level| code_of(&known, level)).collect();
    column.codes().iter().map(|&code| by_code.get(code as usize).copied().unwrap_or(f64::NAN)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::Regressor;

    fn model(names: &str) -> ImportedModel {
        let text = format!(
            "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=1\nobjective=regression\nfeature_names={names}\n\n\
             Tree=0\nnum_leaves=3\nnum_cat=1\nsplit_feature=0 1\nthreshold=1.5 0\ndecision_type=10 9\nleft_child=-1 -2\nright_child=1 -3\n\
             leaf_value=1 2 3\ncat_boundaries=0 1\ncat_threshold=2\n\nend of trees\n\nparameters:\n[categorical_feature: 1]\n\
             end of parameters\n\npandas_categorical:[[\"story\", \"feed\", 30]]\n"
        );
        ImportedModel::from_lightgbm_text(&text).unwrap()
    }

    #[test]
    fn columns_are_found_by_name_and_levels_by_text() {
        let table = Table::from_columns([
            ("place", Column::from(["feed", "reel", "story", "feed"])),
            ("bid in euros", Column::from([9.0, 9.0, 9.0, 1.0])),
        ])
        .unwrap();
        let model = model("bid_in_euros place");
        let matrix = model.matrix(&table).unwrap();
        assert_eq!(matrix.view().column(1).to_vec(), [1.0, 3.0, 0.0, 1.0]);
        assert_eq!(model.predict(matrix.view()).unwrap().to_vec(), [2.0, 3.0, 3.0, 1.0]);
        let numbers = Table::from_columns([
            ("place", Column::from([30.0, f64::NAN])),
            ("bid_in_euros", Column::from([9.0, 9.0])),
        ]);
        let codes = model.matrix(&numbers.unwrap()).unwrap().view().column(1).to_vec();
        assert!(codes[0] == 2.0 && codes[1].is_nan());
    }

    #[test]
    fn what_is_missing_or_of_another_kind_is_named() {
        let model = model("bid place");
        let table = Table::from_columns([("spend", Column::from([1.0]))]).unwrap();
        let error = model.matrix(&table).unwrap_err().to_string();
        assert_eq!(error, "the table has no column `bid`, `place`; it has spend");
        let table = Table::from_columns([("bid", Column::from(["x"])), ("place", Column::from(["feed"]))]).unwrap();
        let error = model.matrix(&table).unwrap_err().to_string();
        assert_eq!(error, "column `bid` holds category values, expected number");
    }

    #[test]
    fn features_without_names_go_by_their_order() {
        let model = model("Column_0 Column_1");
        let table = |n: usize| {
            let columns = ["c0", "c1", "c2"].iter().take(n).map(|name| (*name, Column::from([2.0])));
            Table::from_columns(columns).unwrap()
        };
        assert_eq!(model.matrix(&table(2)).unwrap().n_features(), 2);
        assert!(matches!(model.matrix(&table(3)), Err(Error::FeatureCount { expected: 2, found: 3 })));
    }
}
