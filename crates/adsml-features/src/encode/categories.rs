//! The levels of a categorical column, as fitted.

use std::cmp::Ordering;
use std::collections::HashMap;

use adsml_core::{CategoryColumn, Column, Error, Interner, Levels};

use crate::error::Result;

/// The levels that a categorical column had when it was fitted, and their codes.
///
/// Levels are those that occur (a level of the dictionary that no row uses is none), in numerical
/// order when all are numbers, else in that of their text: neither the order of rows nor that of
/// the dictionary matters. A column of numbers is read as the shortest text of each number (`15`,
/// `0.5`), so that `15` in a number column and `"15"` in a text column are the same level.
#[derive(Debug, Clone)]
pub struct Categories {
    index: Interner,
}

impl Categories {
    /// The code of a missing value.
    pub const MISSING: u32 = CategoryColumn::MISSING;

    /// The levels that occur in a column; `name` is for messages.
    ///
    /// # Errors
    ///
    /// [`Error::ColumnKind`] for dates and timestamps.
    pub fn fit(name: &str, column: &Column) -> Result<Self> {
        let mut texts: Vec<String> = match column {
            Column::Category(column) => {
                let mut used = vec![false; column.levels().len()];
                for &code in column.codes().iter().filter(|&&code| code != Self::MISSING) {
                    used[code as usize] = true;
                }
                (0..used.len()).filter(|&code| used[code]).map(|code| column.levels().get(code).to_owned()).collect()
            }
            Column::Number(values) => {
                let mut distinct = Distinct::default();
                for &value in values {
                    distinct.code(value);
                }
                distinct.values.into_iter().map(text_of).collect()
            }
            other => return Err(wrong_kind(name, other)),
        };
        sort(&mut texts);
        Ok(Self::of(texts.iter().collect::<Levels>()))
    }

    pub(crate) fn of(levels: Levels) -> Self {
        Self { index: Interner::from(&levels) }
    }

    /// Number of levels.
    pub fn len(&self) -> usize {
        self.levels().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.levels().is_empty()
    }

    /// The text of each code.
    pub const fn levels(&self) -> &Levels {
        self.index.levels()
    }

    /// The code of each row: that of its level, [`len`](Self::len) for a level not seen at fitting,
    /// [`MISSING`](Self::MISSING) for a missing value.
    ///
    /// # Errors
    ///
    /// [`Error::ColumnKind`] for dates and timestamps.
    pub fn codes(&self, name: &str, column: &Column) -> Result<Vec<u32>> {
        let unseen = self.len() as u32;
        let find = |text: &str| self.index.find(text).unwrap_or(unseen);
        match column {
            // Fewer rows than levels (a single record, say): look up rows and not the dictionary.
            Column::Category(column) if column.codes().len() < column.levels().len() => {
                Ok(column.iter().map(|text| text.map_or(Self::MISSING, find)).collect())
            }
            Column::Category(column) => {
                let translation: Vec<u32> = column.levels().iter().map(find).collect();
                let code = |&code: &u32| match code {
                    Self::MISSING => Self::MISSING,
                    code => translation[code as usize],
                };
                Ok(column.codes().iter().map(code).collect())
            }
            Column::Number(values) => {
                let mut distinct = Distinct::default();
                let mut codes: Vec<u32> = values.iter().map(|&value| distinct.code(value)).collect();
                let translation: Vec<u32> = distinct.values.iter().map(|&value| find(&text_of(value))).collect();
                for code in codes.iter_mut().filter(|code| **code != Self::MISSING) {
                    *code = translation[*code as usize];
                }
                Ok(codes)
            }
            other => Err(wrong_kind(name, other)),
        }
    }
}

/// Distinct numbers, coded in the order in which they first appear; the two zeros are one.
#[derive(Debug, Default)]
pub(crate) struct Distinct {
    pub(crate) values: Vec<f64>,
    /// Code + 1 of small whole numbers, or 0: most codes are, and a look-up is faster than a hash.
    small: Vec<u32>,
    others: HashMap<u64, u32>,
}

impl Distinct {
    const SMALL: usize = 4_096;

    /// The code of a number, [`Categories::MISSING`] for `NaN`.
    pub(crate) fn code(&mut self, value: f64) -> u32 {
        // The cast saturates; a whole number comes back unchanged.
        let whole = value as usize;
        let next = self.values.len() as u32;
        let code = if whole < Self::SMALL && whole as f64 == value {
            if self.small.len() <= whole {
                self.small.resize(whole + 1, 0);
            }
            if self.small[whole] == 0 {
                self.small[whole] = next + 1;
            }
            self.small[whole] - 1
        } else if value.is_nan() {
            return Categories::MISSING;
        } else {
            *self.others.entry(value.to_bits()).or_insert(next)
        };
        if code == next {
            self.values.push(value);
        }
        code
    }
}

impl PartialEq for Categories {
    fn eq(&self, other: &Self) -> bool {
        self.levels() == other.levels()
    }
}

/// The shortest text that reads back as this number; the two zeros are one.
fn text_of(value: f64) -> String {
    format!("{}", value + 0.0)
}

fn sort(texts: &mut [String]) {
    let numbers: Option<Vec<f64>> = texts.iter().map(|text| text.parse().ok()).collect();
    match numbers {
        Some(_) => texts.sort_unstable_by(|a, b| by_number(a, b).then_with(|| a.cmp(b))),
        None => texts.sort_unstable(),
    }
}

fn by_number(a: &str, b: &str) -> Ordering {
    let number = |text: &str| text.parse::<f64>().unwrap_or(f64::NAN);
    number(a).total_cmp(&number(b))
}

fn wrong_kind(name: &str, found: &Column) -> crate::FeatureError {
    Error::ColumnKind { column: name.to_owned(), expected: "category or number", found: found.kind() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(column: impl Into<Column>) -> Vec<String> {
        Categories::fit("x", &column.into()).unwrap().levels().iter().map(str::to_owned).collect()
    }

    #[test]
    fn numbers_and_their_text_are_the_same_levels() {
        assert_eq!(levels([16.0, 7.0, f64::NAN, 100.0, 7.0]), ["7", "16", "100"]);
        assert_eq!(levels(["16", "7", "100"]), ["7", "16", "100"]);
        assert_eq!(levels(["b", "100", "7"]), ["100", "7", "b"]);
        assert_eq!(levels([0.0, -0.0, 0.5]), ["0", "0.5"]);
        let fitted = Categories::fit("x", &Column::from([7.0, 16.0])).unwrap();
        assert_eq!(fitted.codes("x", &Column::from(["16", "8", "7"])).unwrap(), [1, 2, 0]);
        let codes = fitted.codes("x", &Column::from([16.0, f64::NAN, 8.0])).unwrap();
        assert_eq!(codes, [1, Categories::MISSING, 2]);
    }

    #[test]
    fn unused_levels_are_forgotten() {
        let column = ["f", "m", "f"].into_iter().map(Some).collect::<CategoryColumn>();
        let table = adsml_core::Table::from_columns([("x", Column::from(column))]).unwrap();
        assert_eq!(levels(table.take_rows(&[0, 2]).column("x").unwrap().clone()), ["f"]);
    }
}
