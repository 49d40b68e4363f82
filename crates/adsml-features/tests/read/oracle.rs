//! The CSV reader against another one, against itself, and against hostile input.

use std::num::NonZeroUsize;

use adsml_core::{Column, Table};
use adsml_features::{ColumnType, CsvReader, ReadError};
use proptest::prelude::*;

use super::texts;

/// All cells as text, by `csv-core`, with the header among them.
fn by_csv_core(text: &[u8], delimiter: u8) -> Vec<Vec<String>> {
    let mut reader = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut rows, mut row) = (Vec::new(), Vec::new());
    let (mut input, mut cell, mut buffer) = (text, Vec::new(), [0; 64]);
    loop {
        let (result, read, written) = reader.read_field(input, &mut buffer);
        input = &input[read..];
        cell.extend_from_slice(&buffer[..written]);
        match result {
            csv_core::ReadFieldResult::Field { record_end } => {
                row.push(String::from_utf8(std::mem::take(&mut cell)).unwrap());
                if record_end {
                    rows.push(std::mem::take(&mut row));
                }
            }
            csv_core::ReadFieldResult::End => return rows,
            csv_core::ReadFieldResult::InputEmpty | csv_core::ReadFieldResult::OutputFull => {}
        }
    }
}

/// The smallest table in the usual form that reads back as `rows`.
fn write(rows: &[Vec<String>], delimiter: char, ending: &str, always_quote: bool) -> String {
    let cell = |text: &String| {
        let special = |c: char| c == delimiter || c == '"' || c == '\n' || c == '\r';
        let quote = always_quote || text.contains(special) || text.is_empty();
        if quote { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.clone() }
    };
    rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join(&delimiter.to_string()) + ending).collect()
}

fn as_text(n_columns: usize) -> CsvReader {
    (0..n_columns)
        .fold(CsvReader::new().has_header(false), |reader, column| {
            reader.column_type(format!("c{column}"), ColumnType::Category)
        })
        .missing_tokens([""; 0])
}

fn rows_of(table: &Table) -> Vec<Vec<String>> {
    let columns: Vec<Vec<String>> = table.names().map(|name| texts(table, name)).collect();
    (0..table.n_rows()).map(|row| columns.iter().map(|column| column[row].clone()).collect()).collect()
}

fn cells() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{0,3}", "[ab\",;\n\t é]{0,6}", "-?[0-9]{1,5}(\\.[0-9]{1,3})?", Just("2026-01-31".to_owned())]
}

fn tables() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1..6_usize)
        .prop_flat_map(|n_columns| proptest::collection::vec(proptest::collection::vec(cells(), n_columns), 1..60))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn tables_equal_those_of_csv_core_and_what_was_written(
        rows in tables(),
        delimiter in prop_oneof![Just(','), Just(';'), Just('\t')],
        ending in prop_oneof![Just("\n"), Just("\r\n")],
        always_quote: bool,
        threads in 1..4_usize,
    ) {
        let text = write(&rows, delimiter, ending, always_quote);
        prop_assert_eq!(&by_csv_core(text.as_bytes(), delimiter as u8), &rows);
        let reader = as_text(rows[0].len()).delimiter(delimiter as u8).threads(NonZeroUsize::new(threads).unwrap());
        prop_assert_eq!(&rows_of(&reader.read_bytes(text.as_bytes()).unwrap()), &rows);
    }

    /// A value is of the type that reading the same cell alone would give, or its column is text.
    #[test]
    fn inferred_columns_equal_a_slow_inference(rows in tables()) {
        let text = write(&rows, ',', "\n", false);
        let table = CsvReader::new().has_header(false).delimiter(b',').read_bytes(text.as_bytes()).unwrap();
        for (index, (_, column)) in table.columns().enumerate() {
            let cells: Vec<&str> = rows.iter().map(|row| row[index].as_str()).collect();
            let present: Vec<&str> = cells.iter().copied().filter(|cell| !cell.trim_ascii().is_empty()).collect();
            let is_number = |cell: &&str| {
                let whole = cell.trim_ascii().trim_start_matches('-');
                whole.parse::<f64>().is_ok() && !(whole.len() > 1 && whole.starts_with('0') && !whole.starts_with("0."))
            };
            let expected = if present.iter().all(is_number) {
                Column::from(cells.iter().map(|cell| cell.trim_ascii().parse().unwrap_or(f64::NAN)).collect::<Vec<_>>())
            } else if present.iter().all(|cell| cell.trim_ascii() == "2026-01-31") {
                let day = |cell: &&str| if cell.trim_ascii().is_empty() { i32::MIN } else { 20_484 };
                Column::Date(adsml_core::DateColumn { days: cells.iter().map(day).collect() })
            } else {
                Column::Category(cells.iter().map(|cell| Some(*cell).filter(|cell| !cell.trim_ascii().is_empty())).collect())
            };
            prop_assert_eq!(column, &expected);
        }
    }

    #[test]
    fn hostile_text_never_panics_and_every_error_names_its_place(
        text in "[ab1,;\"\n\r\t \\.e-]{0,80}",
        has_header: bool,
        stated in proptest::option::of(prop_oneof![Just(ColumnType::Number), Just(ColumnType::Timestamp)]),
    ) {
        let mut reader = CsvReader::new().has_header(has_header).input_name("hostile.csv");
        if let Some(kind) = stated {
            reader = reader.column_type(if has_header { "a" } else { "c0" }, kind);
        }
        match reader.read_bytes(text.as_bytes()) {
            Ok(table) => prop_assert!(table.n_columns() > 0),
            Err(ReadError::Empty { .. } | ReadError::UnknownColumn { .. }) => {}
            Err(error) => {
                let message = error.to_string();
                let line: usize = message.strip_prefix("hostile.csv, line ").unwrap()
                    .split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
                prop_assert!((1..=text.len() + 1).contains(&line), "{}", message);
            }
        }
    }

    #[test]
    fn truncated_files_never_panic(rows in tables(), cut in any::<proptest::sample::Index>()) {
        let text = write(&rows, ',', "\r\n", true);
        let cut = cut.index(text.len() + 1);
        let _ = CsvReader::new().has_header(false).read_bytes(&text.as_bytes()[..cut]);
        let _ = CsvReader::new().read_bytes(&text.as_bytes()[..cut]);
    }
}
