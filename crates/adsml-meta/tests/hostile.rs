//! Whatever a file holds, reading it ends, with a table or an error, within a stated bound of memory.

use std::path::PathBuf;

use adsml_meta::{AdTable, MetaReader, Result, recognise_bytes};
use adsml_testing::{CountingAllocator, alone, measured};
use proptest::prelude::*;

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

/// Reads on one thread and on three, which must agree, within the bound of [`MetaReader`].
fn check(what: &str, input: &[u8]) -> Result<AdTable> {
    let allowed = 16 * input.len() + (32 << 20);
    let read = |threads: usize| {
        let reader = MetaReader::new().threads(threads.try_into().unwrap());
        let (result, most) = measured(|| reader.read_bytes(input, "hostile"));
        let outcome = if result.is_ok() { "a table" } else { "refused" };
        assert!(most <= allowed, "{what}, {} bytes: {most} bytes of memory, {outcome}", input.len());
        result
    };
    let (one, three) = (read(1), read(3));
    match (&one, &three) {
        (Ok(one), Ok(three)) => assert_eq!(one, three, "{what}"),
        (Err(one), Err(three)) => assert_eq!(one.to_string(), three.to_string(), "{what}"),
        _ => panic!("{what}: one thread and three do not agree"),
    }
    let _ = recognise_bytes(input, "hostile");
    one
}

const HEADER: &str =
    "Day,Campaign name,Campaign ID,Age,Amount spent (USD),Impressions,Reach,Link clicks,Clicks (all),Purchases\n";

#[test]
fn large_hostile_files_stay_within_the_bound() {
    let _alone = alone();
    let size = 4 << 20;
    let fill = |pattern: &str| pattern.repeat(size / pattern.len()).into_bytes();
    let below = |rows: Vec<u8>| [HEADER.as_bytes().to_vec(), rows].concat();
    let lines = |n: usize, line: &dyn Fn(usize) -> String| (0..n).map(line).collect::<String>().into_bytes();
    for pattern in [",", ";", "\n", "\r", "\"", "x", "{", "[", "{\"data\":", "[1,", "{},", "\u{feff}", "Campaign name,"]
    {
        let _ = check(pattern, &fill(pattern));
    }
    let _ = check("empty cells", &below(fill(",,,,,,,,,\n")));
    let _ = check("blank lines", &below(fill("\n")));
    let _ = check("two columns of nothing", &[b"Campaign name,Amount spent (USD)\n".to_vec(), fill(",\n")].concat());
    let _ = check("totals only", &below(fill("All,Total,,,,,,,,\n")));
    let _ = check(
        "labels of days",
        &[b"Day,Campaign name,Amount spent (USD)\n".to_vec(), fill("All,,1\nTotal,,2\n")].concat(),
    );
    let _ = check("digits", &below(fill("1,1,1,1,1,1,1,1,1,1\n")));
    let _ = check("dates and digits", &below(fill("2026-03-02,a,1,1,1,1,1,1,1,1\n")));
    let _ = check("distinct names", &below(lines(size / 40, &|i| format!("2026-03-02,n{i:x},{i},,1,1,1,1,1,1\n"))));
    let _ = check(
        "a quote inside a cell",
        &below([fill("2026-03-02,a,1,1,1,1,1,1,1,1\n"), b"2026-03-02,5\" x,1,1,1,1,1,1,1,1\n".to_vec()].concat()),
    );
    let _ = check(
        "a quote never closed",
        &below([fill("2026-03-02,a,1,1,1,1,1,1,1,1\n"), b"2026-03-02,\"x".to_vec()].concat()),
    );
    let _ = check("only an open quote", &below([b"\"".to_vec(), fill("2026-03-02,a\n")].concat()));
    let _ = check("one long cell", &below([b"2026-03-02,".to_vec(), fill("x")].concat()));
    let _ = check(
        "a subtotal per row",
        &below(lines(size / 60, &|i| format!("All,n{i},,,1,1,1,1,1,1\n2026-03-02,n{i},,,1,1,1,1,1,1\n"))),
    );
    let _ = check("rows of nothing", &fill("{\"date_start\":\"2026-03-02\"}\n"));
    let row = "{\"date_start\":\"2026-03-02\",\"spend\":1,\"reach\":2,\"clicks\":3,\"impressions\":4,\"ad_id\":\"5\",\"age\":\"6\",\"actions\":[{\"action_type\":\"lead\",\"value\":1}]}\n";
    let _ = check(
        "one full row amid empty ones",
        &[row.as_bytes().to_vec(), fill("{\"date_start\":\"2026-03-02\"}\n"), row.as_bytes().to_vec()].concat(),
    );
    let _ = check(
        "a new type of action each",
        &lines(size / 90, &|i| {
            format!(
                "{{\"date_start\":\"2026-03-02\",\"ad_id\":\"{i}\",\"actions\":[{{\"action_type\":\"a{i}\",\"value\":1}}]}}\n"
            )
        }),
    );
    let _ = check(
        "a new key each",
        &lines(size / 50, &|i| format!("{{\"date_start\":\"2026-03-02\",\"ad_id\":\"{i}\",\"k{i}\":1}}\n")),
    );
    let _ = check(
        "one long list of actions",
        &[
            b"[{\"date_start\":\"2026-03-02\",\"actions\":[".to_vec(),
            fill("{\"action_type\":\"a\",\"value\":1},"),
            b"{}]}]".to_vec(),
        ]
        .concat(),
    );
    let nested = "date_start,date_stop,ad_id,spend,actions\n2026-03-02,2026-03-02,1,2,\"";
    let _ = check(
        "a long nested cell",
        &[
            nested.as_bytes().to_vec(),
            b"[".to_vec(),
            "{'action_type':'a','value':1},".repeat(30_000).into_bytes(),
            b"\"\n".to_vec(),
        ]
        .concat(),
    );
}

#[test]
fn deep_nesting_and_huge_claims_are_refused() {
    let _alone = alone();
    for (what, input) in [
        ("lists", "[".repeat(200_000)),
        ("objects", "{\"data\":".repeat(200_000)),
        ("ignored objects", format!("[{{\"date_start\":\"2026-03-02\",\"x\":{}", "{\"a\":".repeat(200_000))),
        ("ignored lists", format!("[{{\"date_start\":\"2026-03-02\",\"x\":{}", "[".repeat(200_000))),
        ("actions", format!("[{{\"date_start\":\"2026-03-02\",\"actions\":{}", "[".repeat(200_000))),
        ("errors", format!("{{\"error\":{}", "{\"error\":".repeat(200_000))),
    ] {
        assert!(check(what, input.as_bytes()).is_err(), "{what}");
    }
    for number in
        ["1e400", "1e999999999", "9".repeat(300).as_str(), "0x10", "Infinity", "NaN", "1".repeat(2000).as_str()]
    {
        let input = format!("{{\"date_start\":\"2026-03-02\",\"spend\":\"{number}\"}}");
        if let Ok(read) = check(number, input.as_bytes()) {
            assert!(read.row(0).unwrap().spend.is_none_or(f64::is_finite), "{number}");
        }
        let input = format!("Day,Campaign name,Amount spent (USD)\n2026-03-02,a,{number}\n");
        if let Ok(read) = check(number, input.as_bytes()) {
            assert!(read.row(0).unwrap().spend.is_none_or(f64::is_finite), "{number}");
        }
    }
    // A date far away, an id with all the digits there are.
    assert!(check("year", b"Day,Campaign name,Amount spent (USD)\n99999-01-01,a,1\n").is_err());
    assert!(check("year 9999", b"Day,Campaign name,Amount spent (USD)\n9999-12-31,a,1.5\n").is_ok());
}

#[test]
fn every_truncation_of_every_fixture_ends() {
    let _alone = alone();
    for entry in std::fs::read_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let bytes = fixture(&name);
        for end in 0..bytes.len() {
            let _ = MetaReader::new().threads(std::num::NonZeroUsize::MIN).read_bytes(&bytes[..end], &name);
        }
    }
}

#[test]
fn many_threads_and_pieces_give_the_same_table() {
    let _alone = alone();
    let row = |i: usize| {
        format!(
            "2026-03-{:02},\"Garden, \"\"{}\"\"\nsouth\",{},25-34,{}.5,{},1,2,3,\n",
            i % 28 + 1,
            i % 7,
            1000 + i % 50,
            i % 300,
            i
        )
    };
    let text = HEADER.to_owned() + &(0..60_000).map(row).collect::<String>();
    let read = check("pieces", text.as_bytes()).unwrap();
    assert_eq!(
        (read.n_rows(), read.understanding().totals.spend),
        (60_000, Some((0..60_000).map(|i| (i % 300) as f64 + 0.5).sum()))
    );
    let first = read.row(59_999).unwrap();
    assert_eq!(first.campaign_name.as_deref(), Some("Garden, \"2\"\nsouth"));
    // An error far below names its line.
    let broken = text + "2026-03-01,x,1,1,much,1,1,1,1,\n";
    let error = check("a bad cell at the end", broken.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("line 120002"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn random_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _alone = alone();
        let _ = check("random bytes", &bytes);
        let _ = check("random bytes below a header", &[HEADER.as_bytes(), &bytes].concat());
        let letters: Vec<u8> = bytes.iter().map(|byte| b"1,;\"\n\rx{}:[]. All-/Total"[usize::from(byte % 24)]).collect();
        let _ = check("random marks", &[HEADER.as_bytes(), &letters].concat());
        let _ = check("random json", &[b"[{\"date_start\":\"2026-03-02\",\"spend\":", letters.as_slice()].concat());
    }

    #[test]
    fn a_changed_byte_is_read_or_refused(name in prop::sample::select(vec!["en_usd_ad_set_daily.csv", "es_es_trailing_total.csv", "insights_page_1.json", "insights_nested.csv", "connector_actions.csv"]), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let _alone = alone();
        let mut bytes = fixture(name);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = check(name, &bytes);
    }
}
