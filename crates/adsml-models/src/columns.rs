//! What the features of a tree model are: their names, and the levels of those that are categories.

use std::sync::Arc;

use adsml_core::{Error, FeatureColumn, FeatureKind, Levels, ModelFile, ModelFileError};

use crate::Result;

/// In place of a count of levels: a number.
const NUMBER: u32 = u32::MAX;

/// Columns of the training set, or none when it did not describe them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Columns {
    names: Vec<String>,
    columns: Vec<FeatureColumn>,
}

impl Columns {
    /// Names and kinds of `columns`: when values become known is no part of a model.
    pub(crate) fn new(columns: &[FeatureColumn]) -> Self {
        let plain = |column: &FeatureColumn| FeatureColumn {
            kind: column.kind.clone(),
            ..FeatureColumn::number(column.name.as_str())
        };
        let names = columns.iter().map(|column| column.name.clone()).collect();
        Self { names, columns: columns.iter().map(plain).collect() }
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn as_slice(&self) -> &[FeatureColumn] {
        &self.columns
    }

    /// Writes them; levels in sections of their own, since a header is to stay short.
    pub(crate) fn put(&self, file: &mut ModelFile) {
        if self.columns.is_empty() {
            return;
        }
        file.set_features(&self.columns);
        if self.columns.iter().all(|column| column.kind == FeatureKind::Number) {
            return;
        }
        let count = |column: &FeatureColumn| match &column.kind {
            FeatureKind::Number => NUMBER,
            FeatureKind::Category { levels } => levels.len() as u32,
        };
        let counts: Vec<u32> = self.columns.iter().map(count).collect();
        let levels = || self.columns.iter().filter_map(levels_of).flat_map(|levels| levels.iter());
        let lengths: Vec<u32> = levels().map(|level| level.len() as u32).collect();
        file.put_u32("level_counts", &counts)
            .put_u32("level_lengths", &lengths)
            .put_bytes("level_texts", levels().flat_map(str::bytes).collect());
    }

    /// Reads them; all are numbers in a file without levels, as those of before.
    pub(crate) fn from_file(file: &ModelFile, n_features: usize) -> Result<Self> {
        let names = file.feature_names();
        if names.is_empty() {
            return Ok(Self::default());
        }
        Error::check_length("the list of feature names", n_features, names.len())?;
        let mut columns: Vec<FeatureColumn> = names.iter().map(FeatureColumn::number).collect();
        if file.bytes("level_counts").is_err() {
            return Ok(Self::new(&columns));
        }
        let counts = file.u32("level_counts")?;
        Error::check_length("section `level_counts`", n_features, counts.len())?;
        let lengths = file.u32("level_lengths")?;
        let bad = |name: &str, reason: String| ModelFileError::Section { name: name.to_owned(), reason };
        let texts = std::str::from_utf8(file.bytes("level_texts")?)
            .map_err(|error| bad("level_texts", format!("byte {} is not UTF-8", error.valid_up_to())))?;
        let (mut lengths_left, mut texts_left) = (&lengths[..], texts);
        for (column, &count) in columns.iter_mut().zip(&counts).filter(|(_, count)| **count != NUMBER) {
            let (own, others) = lengths_left
                .split_at_checked(count as usize)
                .ok_or_else(|| bad("level_counts", format!("more levels than the {} there are", lengths.len())))?;
            lengths_left = others;
            let mut levels = Vec::with_capacity(own.len());
            for &length in own {
                let (level, others) = texts_left
                    .split_at_checked(length as usize)
                    .ok_or_else(|| bad("level_lengths", format!("a level of {length} bytes is not there")))?;
                texts_left = others;
                levels.push(level);
            }
            let distinct: Levels = levels.iter().collect();
            if distinct.len() != levels.len() {
                return Err(bad("level_texts", format!("`{}` has a level twice", column.name)).into());
            }
            column.kind = FeatureKind::Category { levels: Arc::new(distinct) };
        }
        if !lengths_left.is_empty() || !texts_left.is_empty() {
            return Err(bad("level_texts", "levels of no feature are left".to_owned()).into());
        }
        Ok(Self::new(&columns))
    }
}

fn levels_of(column: &FeatureColumn) -> Option<&Levels> {
    match &column.kind {
        FeatureKind::Category { levels } => Some(levels),
        FeatureKind::Number => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn category<'a>(name: &str, levels: impl IntoIterator<Item = &'a str>) -> FeatureColumn {
        let levels = Arc::new(levels.into_iter().collect::<Levels>());
        FeatureColumn { kind: FeatureKind::Category { levels }, ..FeatureColumn::number(name) }
    }

    fn file_of(columns: &Columns) -> ModelFile {
        let mut file = ModelFile::new("test");
        columns.put(&mut file);
        ModelFile::from_bytes(&file.to_bytes()).unwrap()
    }

    #[test]
    fn names_and_levels_survive_a_file() {
        let bid = FeatureColumn::number("bid");
        let site = || category("site", ["", "a", "a b", "größe", "\u{1f600}"]);
        for columns in [vec![], vec![bid.clone()], vec![site()], vec![site(), bid, category("none", []), site()]] {
            let columns = Columns::new(&columns);
            assert_eq!(Columns::from_file(&file_of(&columns), columns.names().len()).unwrap(), columns);
        }
    }

    #[test]
    fn a_file_without_levels_is_of_numbers() {
        let mut file = ModelFile::new("test");
        file.set_features(&[category("site", ["a"])]);
        assert_eq!(Columns::from_file(&file, 1).unwrap(), Columns::new(&[FeatureColumn::number("site")]));
    }

    #[test]
    fn numbers_alone_take_no_section() {
        let file = file_of(&Columns::new(&[FeatureColumn::number("bid")]));
        assert!(file.bytes("level_counts").is_err() && file.bytes("level_texts").is_err());
    }

    #[test]
    fn sections_that_do_not_add_up_are_refused_by_name() {
        let columns = Columns::new(&[category("site", ["ä", "b"]), FeatureColumn::number("bid")]);
        let refused = |section: &str, change: &dyn Fn(&mut ModelFile)| {
            let mut file = file_of(&columns);
            change(&mut file);
            let error = Columns::from_file(&file, 2).unwrap_err().to_string();
            assert!(error.contains(section), "{error}");
        };
        refused("level_counts", &|file| _ = file.put_u32("level_counts", &[2]));
        refused("level_counts", &|file| _ = file.put_u32("level_counts", &[NUMBER - 1, NUMBER]));
        refused("level_texts", &|file| _ = file.put_u32("level_counts", &[1, NUMBER]));
        refused("level_lengths", &|file| _ = file.put_u32("level_lengths", &[2, u32::MAX]));
        // Not at the end of a character.
        refused("level_lengths", &|file| _ = file.put_u32("level_lengths", &[1, 2]));
        refused("level_texts", &|file| _ = file.put_bytes("level_texts", b"\xff\xffb".to_vec()));
        refused("level_texts", &|file| _ = file.put_u32("level_lengths", &[0, 0]));
        refused("has a level twice", &|file| {
            file.put_u32("level_lengths", &[1, 1]).put_bytes("level_texts", b"bb".to_vec());
        });
    }
}
