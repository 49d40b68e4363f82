//! What the CSV reader reads.

use std::num::NonZeroUsize;

use adsml_core::Table;
use adsml_features::{ColumnType, CsvReader, Decimal, LineEnding, ReadError};

use super::{kinds, texts};

fn read(text: &str) -> Table {
    CsvReader::new().read_bytes(text.as_bytes()).unwrap()
}

#[test]
fn the_form_of_a_file_is_found_out_and_told() {
    let text = "\u{feff}\r\nname;spend\r\n\"a;b\";1,5\r\n\r\nc;2\r\n";
    let (table, report) = CsvReader::new().read_bytes_with_report(text.as_bytes()).unwrap();
    assert_eq!(texts(&table, "name"), ["a;b", "c"]);
    assert_eq!(table.number("spend").unwrap(), [1.5, 2.0]);
    assert_eq!((report.delimiter, report.line_ending), (Some(b';'), Some(LineEnding::CrLf)));
    assert!(report.byte_order_mark && report.decimal_comma && report.has_header);
    assert_eq!((report.rows, report.blank_lines), (2, 2));
    assert_eq!(report.columns[1].kind, "number");
}

#[test]
fn line_endings_do_not_matter() {
    let rows = ["a,b", "1,\"x\ny\"", "2,z", ""];
    let expected = read(&rows.join("\n"));
    assert_eq!(texts(&expected, "b"), ["x\ny", "z"]);
    for ending in ["\r\n", "\r"] {
        assert_eq!(read(&rows.join(ending)), expected, "{ending:?}");
    }
    assert_eq!(read(rows.join("\n").trim_end()), expected);
    assert_eq!(read("a,b\r\n1,x\n2,y\r\n"), read("a,b\n1,x\n2,y\n"));
}

#[test]
fn a_type_is_that_of_the_whole_column() {
    let mut text = "n,late,date,when,id,empty\n".to_owned();
    for i in 0..100_000 {
        text += &format!("{i}.5,{i},2026-01-01,2026-01-01 12:00,{i},\n");
    }
    text += "7,x,2026-02-30,2026-01-01,9007199254740993,\n";
    for threads in [1, 2, 5] {
        let reader = CsvReader::new().threads(NonZeroUsize::new(threads).unwrap());
        let table = reader.read_bytes(text.as_bytes()).unwrap();
        assert_eq!(kinds(&table), "n:number late:category date:category when:category id:category empty:number");
        assert_eq!(table.n_rows(), 100_001);
        assert_eq!(table.category("late").unwrap().get(99_999), Some("99999"));
        assert_eq!(table.category("late").unwrap().get(100_000), Some("x"));
        assert_eq!(table.category("id").unwrap().get(100_000), Some("9007199254740993"));
        assert_eq!(table.category("date").unwrap().levels().len(), 2);
        assert_eq!(table.column("empty").unwrap().n_missing(), 100_001);
    }
}

#[test]
fn the_table_is_the_same_on_any_number_of_threads() {
    let mut text = "a,b,c\n".to_owned();
    for i in 0..60_000_u32 {
        let hash = i.wrapping_mul(2_654_435_761) % 1000;
        text += &format!("{},\"level \"\"{hash}\"\"\nof b\",{i}\n", f64::from(hash) / 7.0);
    }
    let tables: Vec<Table> = [1, 2, 3, 16]
        .map(|n| CsvReader::new().threads(NonZeroUsize::new(n).unwrap()).read_bytes(text.as_bytes()).unwrap())
        .into();
    for table in &tables {
        assert_eq!(table, &tables[0]);
        // Not only the texts: their codes too.
        assert_eq!(table.category("b").unwrap().codes(), tables[0].category("b").unwrap().codes());
    }
    assert_eq!(tables[0].category("b").unwrap().get(0), Some("level \"0\"\nof b"));
}

#[test]
fn a_column_that_is_missing_at_first_takes_its_type_later() {
    let text = format!("a,b,c\n{}1,x,2026-01-31\n", ",,\n".repeat(300_000));
    let reader = CsvReader::new().limits(adsml_features::Limits { max_expansion: 20, ..Default::default() });
    let table = reader.read_bytes(text.as_bytes()).unwrap();
    assert_eq!(kinds(&table), "a:number b:category c:date");
    assert_eq!(table.n_rows(), 300_001);
    assert_eq!(table.column("b").unwrap().n_missing(), 300_000);
}

#[test]
fn what_a_number_would_lose_stays_text() {
    let table = read("zip,big,inf,huge,plain,hex\n007,9007199254740993,inf,1e999,+1.5,68e1\n12,1,1,1,.5,05db9164\n");
    assert_eq!(kinds(&table), "zip:category big:category inf:category huge:category plain:number hex:category");
    assert_eq!(texts(&table, "hex"), ["68e1", "05db9164"]);
    let stated = CsvReader::new().column_type("zip", ColumnType::Number).read_bytes(b"zip\n007\n9007199254740993\n");
    assert_eq!(stated.unwrap().number("zip").unwrap(), [7.0, 9_007_199_254_740_992.0]);
}

#[test]
fn missing_tokens_are_missing_in_any_column_and_can_be_stated() {
    let text = "a,b\n1,x\nNA,NA\n , \nnull,NaN\n\"\",\"N/A\"\n2,none\n";
    let table = read(text);
    assert_eq!(texts(&table, "a"), ["1", "-", "-", "-", "-", "2"]);
    assert_eq!(texts(&table, "b"), ["x", "-", "-", "-", "-", "none"]);
    let table = CsvReader::new().missing_tokens(["none", "NA"]).read_bytes(text.as_bytes()).unwrap();
    assert_eq!(texts(&table, "b"), ["x", "-", " ", "NaN", "N/A", "-"]);
    assert_eq!(kinds(&table), "a:category b:category");
}

#[test]
fn a_decimal_comma_needs_a_consistent_file() {
    assert_eq!(kinds(&read("a;b\n1,5;2\n3;4,25\n")), "a:number b:number");
    assert_eq!(kinds(&read("a;b\n1,5;2.5\n3;4.25\n")), "a:category b:number");
    assert_eq!(kinds(&read("a;b\n1,5;2\n3.5;4\n")), "a:category b:number");
    assert_eq!(kinds(&read("a;b\n1.234,5;2\n3;4\n")), "a:category b:number");
    // Between commas, `1,234` is as likely a thousand.
    assert_eq!(kinds(&read("a,b\n\"1,5\",2\n3,4\n")), "a:category b:number");
    let comma = CsvReader::new().decimal(Decimal::Comma);
    assert_eq!(comma.read_bytes(b"a,b\n\"1,5\",2\n3,4\n").unwrap().number("a").unwrap(), [1.5, 3.0]);
    assert_eq!(kinds(&comma.read_bytes(b"a,b\n1.5,2\n3,4\n").unwrap()), "a:category b:number");
    let point = CsvReader::new().decimal(Decimal::Point);
    assert_eq!(kinds(&point.read_bytes(b"a;b\n1,234;2\n3;4\n").unwrap()), "a:category b:number");
}

#[test]
fn dates_and_timestamps_are_read_with_their_offsets() {
    let text = "d,t,naive\n1970-01-02,1970-01-01T01:00:00+01:00,1970-01-01 00:00\n,,\n";
    let table = CsvReader::new().naive_offset_minutes(-60).read_bytes(text.as_bytes()).unwrap();
    assert_eq!(texts(&table, "d"), ["1", "-"]);
    assert_eq!(texts(&table, "t"), ["0@60", "-"]);
    assert_eq!(texts(&table, "naive"), ["3600000000@-60", "-"]);
}

#[test]
fn chosen_columns_come_in_the_order_asked_for_and_others_are_not_judged() {
    let text = "a,b,c\n1,x,2\n3,y,\"odd\"\n";
    let table = CsvReader::new().columns(["b", "a"]).read_bytes(text.as_bytes()).unwrap();
    assert_eq!(kinds(&table), "b:category a:number");
    let stated = CsvReader::new().columns(["a"]).column_type("c", ColumnType::Number);
    assert_eq!(kinds(&stated.read_bytes(text.as_bytes()).unwrap()), "a:number");
}

#[test]
fn columns_without_a_name_are_called_by_their_position() {
    assert_eq!(kinds(&read(",a,\n0,1,2\n")), "c0:number a:number c2:number");
    let table = CsvReader::new().has_header(false).read_bytes(b"1,x\n2,y").unwrap();
    assert_eq!(kinds(&table), "c0:number c1:category");
    assert_eq!(table.n_rows(), 2);
}

#[test]
fn a_header_alone_is_a_table_without_rows() {
    let table = read("a,b");
    assert_eq!((table.n_rows(), table.n_columns()), (0, 2));
}

#[test]
fn quotes_inside_unquoted_cells_are_characters_wherever_they_stand() {
    let mut text = "name\tnote\n".to_owned();
    for i in 0..50_000 {
        text += &format!("plain {i}\t\"quoted\n{i}\"\n");
    }
    text += "12\" wide\t5'\"\n";
    text += "\"last\n\"\tx\n";
    for threads in [1, 2] {
        let reader = CsvReader::new().threads(NonZeroUsize::new(threads).unwrap());
        let table = reader.read_bytes(text.as_bytes()).unwrap();
        assert_eq!(table.n_rows(), 50_002);
        assert_eq!(table.category("name").unwrap().get(50_000), Some("12\" wide"));
        assert_eq!(table.category("note").unwrap().get(50_000), Some("5'\""));
        assert_eq!(table.category("name").unwrap().get(50_001), Some("last\n"));
    }
}

#[test]
fn a_doubled_quote_is_not_mistaken_for_a_level_that_is_written_like_it() {
    // The texts `""` and `"`: the second is written like the inside of the first.
    let text = format!("a\n{}", "\"\"\"\"\"\"\n\"\"\"\"\n".repeat(50));
    let table = read(&text);
    assert_eq!(texts(&table, "a")[..4], ["\"\"", "\"", "\"\"", "\""]);
}

#[test]
fn files_and_streams_read_like_bytes() {
    let text = b"a,b\n1,x\n2,7\n";
    let expected = CsvReader::new().read_bytes(text).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    assert_eq!(CsvReader::new().read_path(file.path()).unwrap(), expected);
    assert_eq!(CsvReader::new().read(&text[..]).unwrap(), expected);
    let absent = CsvReader::new().read_path("absent.csv").unwrap_err();
    assert!(matches!(&absent, ReadError::Io { input, .. } if input == "absent.csv"));
}

#[test]
fn the_first_error_of_the_file_is_told_on_any_number_of_threads() {
    let mut text = "a,b\n".to_owned();
    for i in 0..200_000 {
        text += if i == 120_000 || i == 120_001 || i > 150_000 { "1\n" } else { "1,2\n" };
    }
    for threads in [1, 2, 8] {
        let reader = CsvReader::new().threads(NonZeroUsize::new(threads).unwrap());
        let error = reader.read_bytes(text.as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "input, line 120002: the row has 1 cells, expected 2");
    }
}
