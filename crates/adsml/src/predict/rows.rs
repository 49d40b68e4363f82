//! What splits rows: a group number or a day for each.

use std::collections::HashMap;

use adsml_core::{Column, Error, Table};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// A number per row, the same for rows that share a value; rows without a value form a group of their own.
pub(super) fn group_numbers(table: &Table, name: &str) -> adsml_core::Result<Vec<usize>> {
    let column = table.column(name)?;
    let keys: Vec<u64> = match column {
        // Equal numbers have equal bits once -0 is 0 and every NaN is the same.
        Column::Number(values) => {
            values.iter().map(|v| if v.is_nan() { u64::MAX } else { (v + 0.0).to_bits() }).collect()
        }
        Column::Category(column) => column.codes().iter().map(|&code| u64::from(code)).collect(),
        Column::Date(column) => column.days.iter().map(|&day| i64::from(day).cast_unsigned()).collect(),
        Column::Timestamp(column) => column.micros().iter().map(|&at| at.cast_unsigned()).collect(),
    };
    // Numbered by first appearance: the map's order reaches nobody.
    let mut numbers = HashMap::new();
    Ok(keys
        .into_iter()
        .map(|key| {
            let next = numbers.len();
            *numbers.entry(key).or_insert(next)
        })
        .collect())
}

/// Days since 1970-01-01 on the row's own clock.
///
/// # Errors
///
/// [`Error::ColumnKind`] unless the column holds dates or timestamps; [`Error::InvalidSample`] where one is missing.
pub(super) fn days(table: &Table, name: &str) -> adsml_core::Result<Vec<i64>> {
    let days: Vec<Option<i64>> = match table.column(name)? {
        Column::Date(column) => (0..column.days.len()).map(|row| column.get(row).map(i64::from)).collect(),
        Column::Timestamp(column) => {
            let day = |row| column.local_micros(row).map(|at| at.div_euclid(MICROS_PER_DAY));
            (0..table.n_rows()).map(day).collect()
        }
        other => {
            let column = name.to_owned();
            return Err(Error::ColumnKind { column, expected: "date or timestamp", found: other.kind() });
        }
    };
    let value_of = |(row, day): (usize, Option<i64>)| {
        day.ok_or_else(|| Error::InvalidSample {
            what: format!("`{name}`, which rows are split by,"),
            row,
            value: f64::NAN,
            expected: "a date",
        })
    };
    days.into_iter().enumerate().map(value_of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::{CategoryColumn, DateColumn};

    #[test]
    fn equal_values_share_a_group_and_so_do_missing_ones() {
        let table = Table::from_columns([
            ("id", Column::from([7.0, f64::NAN, 7.0, -0.0, 0.0, f64::NAN])),
            (
                "name",
                Column::Category(CategoryColumn::from_iter([Some("b"), None, Some("b"), Some("a"), Some("a"), None])),
            ),
        ])
        .unwrap();
        assert_eq!(group_numbers(&table, "id").unwrap(), [0, 1, 0, 2, 2, 1]);
        assert_eq!(group_numbers(&table, "name").unwrap(), [0, 1, 0, 2, 2, 1]);
    }

    #[test]
    fn a_row_without_a_day_cannot_be_split_in_time() {
        let table = |days: Vec<i32>| Table::from_columns([("day", Column::Date(DateColumn { days }))]).unwrap();
        assert_eq!(days(&table(vec![3, 1]), "day").unwrap(), [3, 1]);
        let error = days(&table(vec![3, DateColumn::MISSING]), "day").unwrap_err();
        insta::assert_snapshot!(error, @"`day`, which rows are split by, of sample 1 is NaN, expected a date");
    }
}
