//! The words of every refusal, as one page: an error is part of the interface.

use std::collections::BTreeMap;
use std::fmt::Write;

use adsml_features::{ColumnType, CsvReader, JsonReader, Limits, ReadError, table_from_records};
use serde::Serialize;

fn page(errors: Vec<(&str, ReadError)>) -> String {
    errors.into_iter().fold(String::new(), |mut page, (case, error)| {
        writeln!(page, "{case}\n    {error}").unwrap();
        page
    })
}

#[test]
fn csv_errors_name_the_place() {
    let reader = || CsvReader::new().input_name("ads.csv");
    let refuse = |reader: CsvReader, text: &[u8]| reader.read_bytes(text).unwrap_err();
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        reader().limits(limits)
    };
    let many_columns = vec!["x"; 20_000].join(",");
    let commas = [&b"a,b,c,d,e,f,g,h\n1,1,1,1,1,1,1,1\n"[..], &b",,,,,,,\n".repeat(500_000)].concat();
    let errors = vec![
        ("empty", refuse(reader(), b"")),
        ("blank lines only", refuse(reader().has_header(false), b"\n\r\n\n")),
        ("UTF-16", refuse(reader(), b"\xFF\xFEa\0,\0b\0")),
        ("NUL byte", refuse(reader(), b"a,b\n1,x\0y\n")),
        ("Latin-1", refuse(reader(), b"name,city\nx,\"M\xFCnchen\"\n")),
        ("Latin-1 in the header", refuse(reader(), b"name,gr\xF6\xDFe\nx,1\n")),
        ("one name twice", refuse(reader(), b"a,b,a\n1,2,3\n")),
        ("no header", refuse(reader(), b"1,0,1\n2,0,1\n")),
        ("short row", refuse(reader(), b"a,b\n1,2\n\"3\n3\",4\n5\n")),
        ("long row", refuse(reader(), b"a,b\n1,2,3,4\n")),
        ("unclosed quote", refuse(reader(), b"a,b\n1,2\n3,\"4\n5,6\n")),
        ("unclosed quote in the header", refuse(reader(), b"a,\"b\n1,2\n")),
        ("text after a quote", refuse(reader(), b"a,b\n\"1\"2,3\n")),
        ("stated number", refuse(reader().column_type("b", ColumnType::Number), b"a,b\n1,2\n3,four\n")),
        ("stated number beyond range", refuse(reader().column_type("b", ColumnType::Number), b"a,b\n1,1e999\n")),
        ("stated date", refuse(reader().column_type("b", ColumnType::Date), b"a,b\n1,2026-02-30\n")),
        ("stated timestamp", refuse(reader().column_type("b", ColumnType::Timestamp), b"a,b\n1,noon\n")),
        ("unknown column", refuse(reader().columns(["a", "cost"]), b"a,b\n1,2\n")),
        ("type of an unknown column", refuse(reader().column_type("cost", ColumnType::Date), b"a,b\n1,2\n")),
        ("no columns", refuse(reader().columns([""; 0]), b"a,b\n1,2\n")),
        ("a column twice", refuse(reader().columns(["a", "a"]), b"a,b\n1,2\n")),
        ("letter for delimiter", refuse(reader().delimiter(b'x'), b"a,b\n1,2\n")),
        ("offset of a week", refuse(reader().naive_offset_minutes(10_080), b"a,b\n1,2\n")),
        ("long cell", refuse(limits(|limits| limits.max_cell_bytes = 5), b"a,b\n1,abcdef\n")),
        ("long name", refuse(limits(|limits| limits.max_cell_bytes = 5), b"a,bcdefgh\n")),
        (
            "long row",
            refuse(
                limits(|limits| limits.max_row_bytes = 70_000),
                &[b"a,b\n1,".to_vec(), vec![b'x'; 2_000_000]].concat(),
            ),
        ),
        (
            "unclosed quote in a large file",
            refuse(
                limits(|limits| limits.max_row_bytes = 70_000),
                &[b"a,b\n1,\"".to_vec(), b"x\n".repeat(1_000_000)].concat(),
            ),
        ),
        ("many columns", refuse(reader().has_header(false), many_columns.as_bytes())),
        ("many rows", refuse(limits(|limits| limits.max_rows = 2), b"a\n1\n2\n3\n")),
        ("large input", refuse(limits(|limits| limits.max_input_bytes = 5), b"a\n1\n2\n3\n")),
        ("table much larger than its file", refuse(reader(), &commas)),
        (
            "control characters",
            refuse(
                reader().column_type("b", ColumnType::Number),
                b"a,b\n1,\"x\n\ty, and much more than anyone wants to read\"\n",
            ),
        ),
    ];
    insta::assert_snapshot!(page(errors));
}

#[test]
fn json_errors_name_the_place() {
    let reader = || JsonReader::new().input_name("ads.json");
    let refuse = |reader: JsonReader, text: &str| reader.read_bytes(text.as_bytes()).unwrap_err();
    let limits = |change: fn(&mut Limits)| {
        let mut limits = Limits::default();
        change(&mut limits);
        reader().limits(limits)
    };
    let new_keys: String = (0..9_000).map(|i| format!("{{\"k{i}\":1}}\n")).collect();
    let errors = vec![
        ("empty", refuse(reader(), " \n")),
        ("number", refuse(reader(), "12")),
        ("array of numbers", refuse(reader(), "[\n 1, 2]")),
        ("array not closed", refuse(reader(), "[{\"a\": 1}\n")),
        ("no comma", refuse(reader(), "[{\"a\": 1}\n{\"a\": 2}]")),
        ("trailing comma", refuse(reader(), "[{\"a\": 1},\n]")),
        ("text after the array", refuse(reader(), "[{\"a\": 1}] x")),
        ("object not closed", refuse(reader(), "{\"a\": 1}\n{\"a\": 2")),
        ("string not closed", refuse(reader(), "{\"a\": 1}\n{\"a\": \"2}")),
        ("bad number", refuse(reader(), "{\"a\": 1}\n\n{\"b\": 1,\n\"a\": 01}")),
        ("bad escape", refuse(reader(), "{\"a\": \"\\ud800\"}")),
        ("list", refuse(reader(), "{\"a\": 1}\n{\"a\": [1, 2]}")),
        ("object", refuse(reader(), "{\"a\": 1, \"geo\": {\"x\": 1}}")),
        ("key twice", refuse(reader(), "{\"a\": 1, \"a\": 2}")),
        ("stated number", refuse(reader().column_type("a", ColumnType::Number), "{\"a\": \"1\"}{\"a\": true}")),
        ("unknown column", refuse(reader().columns(["b"]), "{\"a\": 1}")),
        ("type of an unknown column", refuse(reader().column_type("b", ColumnType::Date), "{\"a\": 1}")),
        ("not UTF-8", reader().read_bytes(b"{\"a\":\n\"\xFF\"}").unwrap_err()),
        ("long value", refuse(limits(|limits| limits.max_cell_bytes = 5), "{\"a\": \"123456\"}")),
        (
            "long record",
            refuse(limits(|limits| limits.max_row_bytes = 5), &format!("{{\"a\": \"{}\"}}", "x".repeat(1 << 20))),
        ),
        ("many keys", refuse(limits(|limits| limits.max_columns = 1), "{\"a\": 1}\n{\"b\": 1}")),
        ("many records", refuse(limits(|limits| limits.max_rows = 1), "{\"a\": 1}\n{\"a\": 1}")),
        ("a new key in each record", refuse(reader(), &new_keys)),
    ];
    insta::assert_snapshot!(page(errors));
}

#[test]
fn record_errors_name_record_and_field() {
    #[derive(Serialize)]
    struct Ad<T> {
        id: u32,
        field: T,
    }
    fn refuse<T: Serialize>(field: T) -> ReadError {
        table_from_records(&[Ad { id: 1, field }]).unwrap_err()
    }
    #[derive(Serialize)]
    enum Objective {
        Reach(u32),
    }
    let errors = vec![
        ("list", refuse([1, 2])),
        ("map", refuse(BTreeMap::from([("a", 1)]))),
        ("struct", refuse(Ad { id: 2, field: 3 })),
        ("variant with a value", refuse(Objective::Reach(1))),
        ("infinite number", refuse(f64::NEG_INFINITY)),
        ("not a record", table_from_records(&[1, 2]).unwrap_err()),
        ("a tuple", table_from_records(&[(1, 2)]).unwrap_err()),
        ("odd key", table_from_records(&[BTreeMap::from([(vec![1], 2)])]).unwrap_err()),
    ];
    insta::assert_snapshot!(page(errors));
}

#[test]
fn errors_travel_behind_trait_objects() {
    let error: adsml_core::Error = CsvReader::new().read_bytes(b"").unwrap_err().into();
    assert_eq!(error.to_string(), "input: empty, expected a row of column names");
}
