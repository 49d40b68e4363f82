//! What the JSON reader reads.

use adsml_features::{ColumnType, CsvReader, JsonReader, Limits, Nested};
use proptest::prelude::*;

use super::{kinds, texts};

const LINES: &str = r#"
{"id": 9007199254740993, "spend": 1.50, "day": "2026-01-31", "zip": "007", "on": true, "mixed": 1.50}
{"spend": null, "id": 1, "day": null, "zip": "12", "late": "2026-01-31T00:00:00Z", "mixed": "x\u00e9\n"}
{"zip": "", "mixed": false}
"#;

#[test]
fn lines_and_arrays_give_the_same_table() {
    let table = JsonReader::new().read_bytes(LINES.as_bytes()).unwrap();
    assert_eq!(
        kinds(&table),
        "id:category spend:number day:date zip:category on:category mixed:category late:timestamp"
    );
    assert_eq!(texts(&table, "id"), ["9007199254740993", "1", "-"]);
    assert_eq!(texts(&table, "spend"), ["1.5", "-", "-"]);
    assert_eq!(texts(&table, "zip"), ["007", "12", "-"]);
    assert_eq!(texts(&table, "mixed"), ["1.50", "x\u{e9}\n", "false"]);
    assert_eq!(texts(&table, "on"), ["true", "-", "-"]);
    assert_eq!(texts(&table, "late"), ["-", "1769817600000000@0", "-"]);
    let array = format!("\u{feff}[{}]", LINES.trim().replace("}\n{", "}, {"));
    let (same, report) = JsonReader::new().read_bytes_with_report(array.as_bytes()).unwrap();
    assert_eq!(same, table);
    assert!(report.byte_order_mark);
    assert_eq!(report.rows, 3);
    assert_eq!(JsonReader::new().read(array.as_bytes()).unwrap(), table);
}

#[test]
fn types_and_columns_can_be_stated() {
    let reader = JsonReader::new().columns(["zip", "spend"]).column_type("zip", ColumnType::Number);
    let table = reader.read_bytes(LINES.as_bytes()).unwrap();
    assert_eq!(kinds(&table), "zip:number spend:number");
    assert_eq!(texts(&table, "zip"), ["7", "12", "-"]);
}

#[test]
fn nested_values_can_be_missing_or_text() {
    let text = br#"[{"a": [1, {"b": "}"}]}, {"a": {}}]"#;
    let kept = JsonReader::new().nested(Nested::Text).read_bytes(text).unwrap();
    assert_eq!(texts(&kept, "a"), [r#"[1, {"b": "}"}]"#, "{}"]);
    let dropped = JsonReader::new().nested(Nested::Missing).read_bytes(text).unwrap();
    assert_eq!(texts(&dropped, "a"), ["-", "-"]);
}

#[test]
fn no_records_are_a_table_without_columns() {
    let table = JsonReader::new().read_bytes(b"[]").unwrap();
    assert_eq!((table.n_rows(), table.n_columns()), (0, 0));
}

#[test]
fn records_larger_than_a_block_are_read() {
    let long = "x".repeat(700_000);
    let text = format!("[{{\"a\": \"{long}\", \"b\": 1}},\n{{\"a\": \"y\", \"b\": 2}}]");
    let table = JsonReader::new().read_bytes(text.as_bytes()).unwrap();
    assert_eq!(table.category("a").unwrap().get(0), Some(long.as_str()));
    assert_eq!(table.number("b").unwrap(), [1.0, 2.0]);
}

#[test]
fn sparse_keys_read_when_the_limit_is_raised() {
    let text: String = (0..2_000).map(|i| format!("{{\"k{i}\":1}}\n")).collect();
    let limits = Limits { max_expansion: 2_000, ..Limits::default() };
    let table = JsonReader::new().limits(limits).read_bytes(text.as_bytes()).unwrap();
    assert_eq!((table.n_rows(), table.n_columns()), (2_000, 2_000));
    assert_eq!(table.column("k7").unwrap().n_missing(), 1_999);
}

proptest! {
    #[test]
    fn any_values_read_back(rows in proptest::collection::vec((any::<f64>(), "\\PC{0,8}", proptest::option::of(-1e6..1e6_f64)), 1..30)) {
        let rows: Vec<_> = rows.into_iter().filter(|row| row.0.is_finite()).collect();
        prop_assume!(!rows.is_empty());
        let lines: String = rows
            .iter()
            .map(|(a, b, c)| serde_json::json!({"a": a, "b": format!("b{b}"), "c": c}).to_string() + "\n")
            .collect();
        let table = JsonReader::new().read_bytes(lines.as_bytes()).unwrap();
        for (row, (a, b, c)) in rows.iter().enumerate() {
            prop_assert_eq!(table.number("a").unwrap()[row].to_bits(), a.to_bits());
            let b = format!("b{b}");
            prop_assert_eq!(table.category("b").unwrap().get(row), Some(b.as_str()));
            prop_assert_eq!(Some(table.number("c").unwrap()[row]).filter(|c| !c.is_nan()), *c);
        }
    }

    #[test]
    fn hostile_json_never_panics(text in "[\\[\\]{}\",:a1\\\\.e \n-]{0,60}", cut in 0..60_usize) {
        let _ = JsonReader::new().read_bytes(text.as_bytes());
        let _ = JsonReader::new().nested(Nested::Text).read_bytes(format!("{{\"a\":{text}}}").as_bytes());
        let _ = JsonReader::new().read_bytes(&LINES.as_bytes()[..LINES.len() - cut]);
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = JsonReader::new().read_bytes(&bytes);
        let _ = JsonReader::new().read_bytes(&[b"[{\"a\":", &bytes[..], b"}]"].concat());
        let _ = CsvReader::new().read_bytes(&bytes);
    }
}
