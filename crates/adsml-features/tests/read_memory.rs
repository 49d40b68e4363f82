//! What readers allocate: at most four times the input and 16 MiB, whatever the input; and little beside the columns.

use std::num::NonZeroUsize;

use adsml_core::Table;
use adsml_features::{ColumnType, CsvReader, JsonReader};
use adsml_testing::{CountingAllocator, alone, measured};
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// Reads the input by every reader and in several ways; none may exceed the bound.
fn check(what: &str, input: &[u8]) {
    let allowed = 4 * input.len() + (16 << 20);
    let path = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(path.path(), input).unwrap();
    let csv = |threads| CsvReader::new().threads(NonZeroUsize::new(threads).unwrap());
    let ways: [(&str, &dyn Fn() -> Option<Table>); 5] = [
        ("csv on 2 threads", &|| csv(2).read_path(path.path()).ok()),
        ("csv on 16 threads", &|| csv(16).has_header(false).read_path(path.path()).ok()),
        ("csv as text", &|| {
            csv(2).has_header(false).column_type("c0", ColumnType::Category).read_path(path.path()).ok()
        }),
        ("csv without missing values", &|| {
            csv(2).has_header(false).missing_tokens([""; 0]).read_path(path.path()).ok()
        }),
        ("json", &|| JsonReader::new().read_path(path.path()).ok()),
    ];
    for (way, read) in ways {
        let (table, most) = measured(read);
        let outcome = if table.is_some() { "a table" } else { "refused" };
        assert!(most <= allowed, "{what}, {} bytes, {way}: {most} bytes, {outcome}", input.len());
    }
}

fn lines(n: usize, line: impl Fn(usize) -> String) -> Vec<u8> {
    (0..n).map(line).collect::<String>().into_bytes()
}

#[test]
fn hostile_files_stay_within_the_bound() {
    let _alone = alone();
    let size = 8 << 20;
    let fill = |pattern: &str| pattern.repeat(size / pattern.len()).into_bytes();
    check("commas", &fill(","));
    check("newlines", &fill("\n"));
    check("carriage returns", &fill("\r"));
    check("quotes", &fill("\""));
    check("odd quotes", &[fill("\""), b"\"".to_vec()].concat());
    check("one letter", &fill("x"));
    check("braces", &fill("{"));
    check("brackets", &fill("["));
    check("empty cells", &fill(",,,,,,,\n"));
    check("empty cells after one row of numbers", &[b"1,2,3,4,5,6,7,8\n".to_vec(), fill(",,,,,,,\n")].concat());
    check(
        "empty cells after one row of timestamps",
        &[b"2026-01-01 00:00,2026-01-01 00:01\n".to_vec(), fill(",\n")].concat(),
    );
    check("empty cells before numbers", &[fill(",,,,,,,\n"), b"1,2,3,4,5,6,7,8\n".to_vec()].concat());
    check("digits", &fill("1,2,3,4,5,6,7,8\n"));
    check("one column of digits", &fill("1\n"));
    check("numbers, then text", &[fill("1,2,3,4,5,6,7,8\n"), b"a,b,c,d,e,f,g,h\n".to_vec()].concat());
    check("distinct short texts", &lines(size / 6, |i| format!("{i:05x}\n").replace('0', "g")));
    check("distinct long texts", &lines(size / 30, |i| format!("a text of some length {i:07}\n")));
    check("distinct texts in two columns", &lines(size / 12, |i| format!("g{i:x},{:x}h\n", i * 7)));
    check("quoted line breaks", &fill("\"\n\",\"\"\"\"\n"));
    check("a quote at the end", &[fill("1,2\n"), b"3,\"".to_vec()].concat());
    check("quotes inside cells", &fill("5\" wide,x\n"));
    check("many columns", &lines(9_999, |i| format!("c{i},")));
    check(
        "one long row amid short ones",
        &[fill("1,2\n"), vec![b'"'], vec![b'x'; 7 << 20], b"\",1\n".to_vec(), fill(",\n")].concat(),
    );
    check("empty objects", &fill("{}\n"));
    check("empty objects, then keys", &[fill("{}\n"), b"{\"a\":1,\"b\":2}".to_vec()].concat());
    check("keys now and then", &fill("{}\n{\"a\":1}\n{}\n"));
    check("a new key in each object", &lines(size / 14, |i| format!("{{\"k{i}\":1}}\n")));
    check("distinct strings", &lines(size / 14, |i| format!("{{\"k\":\"{i:x}\"}}\n")));
    check("a long array", &[b"[".to_vec(), fill("{\"a\":1},"), b"{\"a\":\"x\"}]".to_vec()].concat());
    check("nested lists", &fill("{\"a\":[[[["));
    check("one long string", &[b"{\"a\":\"".to_vec(), fill("\\u0041"), b"\"}".to_vec()].concat());
}

#[test]
fn a_large_table_takes_little_more_than_its_columns() {
    let _alone = alone();
    let text = lines(400_000, |i| format!("{},{},\"level {}\",{}\n", i as f64 / 7.0, i * 3, i % 50, (i as f64).sin()));
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &text).unwrap();
    drop(text);
    for threads in [1, 2] {
        let reader = CsvReader::new().has_header(false).threads(NonZeroUsize::new(threads).unwrap());
        let (table, most) = measured(|| reader.read_path(file.path()).unwrap());
        let columns: usize = table.columns().map(|(_, column)| column.buffer_bytes()).sum();
        assert_eq!(columns, 400_000 * (3 * 8 + 4) + 50 * 8 + 10 * 7 + 40 * 8);
        assert!(most <= columns + columns / 20 + (4 << 20), "{most} bytes for {columns} bytes of columns");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_small_input_stays_within_the_bound(bytes in proptest::collection::vec(any::<u8>(), 0..4_000), repeat in 1..40_usize) {
        let _alone = alone();
        check("random bytes", &bytes.repeat(repeat));
        let text: Vec<u8> = bytes.iter().map(|byte| b"1,;\"\n\rx{}:[]. "[usize::from(byte % 14)]).collect();
        check("random separators", &text.repeat(repeat));
    }
}
