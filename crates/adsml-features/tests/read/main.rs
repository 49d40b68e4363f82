//! The readers, from outside: what they read, what they refuse, and with which words.

mod csv;
mod errors;
mod facts;
mod json;
mod oracle;
mod records;

use adsml_core::{Column, Table};

/// Names and kinds of the columns of a table, in one line.
fn kinds(table: &Table) -> String {
    table.columns().map(|(name, column)| format!("{name}:{}", column.kind())).collect::<Vec<_>>().join(" ")
}

/// The texts of a column, `-` where missing; numbers as Rust prints them.
fn texts(table: &Table, name: &str) -> Vec<String> {
    let missing = || "-".to_owned();
    match table.column(name).unwrap() {
        Column::Number(values) => {
            values.iter().map(|value| if value.is_nan() { missing() } else { value.to_string() }).collect()
        }
        Column::Category(column) => column.iter().map(|text| text.map_or_else(missing, str::to_owned)).collect(),
        Column::Date(column) => {
            (0..column.days.len()).map(|row| column.get(row).map_or_else(missing, |day| day.to_string())).collect()
        }
        Column::Timestamp(column) => (0..column.micros().len())
            .map(|row| column.get(row).map_or_else(missing, |(at, offset)| format!("{at}@{offset}")))
            .collect(),
    }
}
