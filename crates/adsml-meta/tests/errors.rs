//! What people read when a file is refused: every message, as it is.

use adsml_meta::{AdRow, DateOrder, Decimal, Limits, MetaReader, Table};

/// The message for each input.
fn messages(cases: &[(&str, &[u8])], reader: &MetaReader) -> String {
    let message = |(what, input): &(&str, &[u8])| match reader.read_bytes(input, "export.csv") {
        Ok(read) => format!("{what}:\n    no error; {} rows", read.n_rows()),
        Err(error) => format!("{what}:\n    {error}"),
    };
    cases.iter().map(message).collect::<Vec<_>>().join("\n")
}

#[test]
fn messages_name_the_place_and_the_readings() {
    let cases: [(&str, &[u8]); 27] = [
        ("empty", b""),
        ("blank", b"\n\n"),
        ("somebody's own table", b"spend,clicks\n1,2\n"),
        ("utf-16", b"\xFF\xFEa\0"),
        ("latin-1 header", b"Nom de la campagne;Montant d\xE9pens\xE9 (EUR)\nx;1\n"),
        ("latin-1 row", b"Campaign name,Amount spent (EUR)\nok,1\nJard\xEDn,1\n"),
        ("nul", b"Campaign name,Amount spent (EUR)\na\0b,1\n"),
        ("mojibake", "Nom de la campagne;Montant dÃ©pensÃ© (EUR)\nx;1\n".as_bytes()),
        ("duplicate header", b"Campaign name,Amount spent (EUR),campaign  NAME\na,1,b\n"),
        ("ragged", b"Campaign name,Amount spent (EUR)\na,1\n\nb\n"),
        ("too many cells", b"Campaign name,Amount spent (EUR)\na,1,2,3\n"),
        ("unclosed quote", b"Campaign name,Amount spent (EUR)\na,1\n\"b,1\n"),
        ("text after a quote", b"Campaign name,Amount spent (EUR)\n\"b\"c,1\n"),
        ("no number", b"Campaign name,Amount spent (EUR)\na,1\nb,much\n"),
        ("two readings of a number", b"Campaign name,Amount spent (EUR)\na,3\nb,\"1,250\"\n"),
        ("two styles in a column", b"Campaign name,Amount spent (EUR)\na,12.5\nb,\"12,5\"\n"),
        ("no date", b"Day,Campaign name,Amount spent (EUR)\nsoon,b,1.5\n"),
        ("a day that is not", b"Day,Campaign name,Amount spent (EUR)\n2026-02-30,b,1.5\n"),
        ("two readings of a date", b"Day,Campaign name,Amount spent (EUR)\n03/02/2026,b,1.5\n"),
        ("two orders of dates", b"Day,Campaign name,Amount spent (EUR)\n31/12/2026,b,1.5\n12/31/2026,b,2.5\n"),
        ("ruined id", b"Campaign ID,Campaign name,Amount spent (EUR)\n1.2021E+17,b,1.5\n"),
        (
            "rounded ids",
            b"Campaign ID,Campaign name,Amount spent (EUR)\n120210000000000000,b,1.5\n120220000000000000,c,2.5\n",
        ),
        ("broken json", b"{\"data\": [\n{\"date_start\": }"),
        ("a number that is none", br#"[{"date_start":"2026-03-02","spend":"12,5"}]"#),
        ("a date that is none", br#"[{"date_start":"02/03/2026","spend":"12.5"}]"#),
        ("an id that was a float", br#"[{"date_start":"2026-03-02","ad_id":1.2021e17,"spend":"12.5"}]"#),
        (
            "actions that are none",
            b"date_start,date_stop,ad_id,spend,actions\n2026-03-02,2026-03-02,1,2.5,[{'action_type'\n",
        ),
    ];
    insta::assert_snapshot!("messages", messages(&cases, &MetaReader::new()));
}

#[test]
fn what_is_stated_is_held_to() {
    let cases: [(&str, &[u8]); 3] = [
        ("a decimal point all the same", b"Day;Campaign name;Amount spent (EUR)\n2026-03-02;a;12.5\n"),
        ("the month first all the same", b"Day;Campaign name;Amount spent (EUR)\n12/31/2026;a;12,5\n"),
        ("as stated", b"Day;Campaign name;Amount spent (EUR)\n03/02/2026;a;1.250\n"),
    ];
    let reader = MetaReader::new().decimal(Decimal::Comma).date_order(DateOrder::DayFirst);
    insta::assert_snapshot!("stated", messages(&cases, &reader));
}

#[test]
fn limits_are_held() {
    let header = "Campaign name,Amount spent (EUR)\n";
    let long = format!("{header}{},1\n", "x".repeat(200));
    let limits = Limits { max_cell_bytes: 100, ..Limits::default() };
    let rows = Limits { max_rows: 2, ..Limits::default() };
    let bytes = Limits { max_input_bytes: 10, max_json_bytes: 10, ..Limits::default() };
    let message = |limits, input: &str| {
        MetaReader::new().limits(limits).read_bytes(input.as_bytes(), "export.csv").unwrap_err().to_string()
    };
    let said = [
        message(limits, &long),
        message(rows, &format!("{header}a,1\nb,1\nc,1\n")),
        message(bytes, &long),
        message(bytes, r#"[{"date_start":"2026-03-02","spend":"12.5"}]"#),
    ];
    insta::assert_snapshot!("limits", said.join("\n"));
}

#[test]
fn errors_pass_through_the_shared_one() {
    let error = MetaReader::new().read_bytes(b"", "export.csv").unwrap_err();
    let shared: adsml_core::Error = error.into();
    assert_eq!(shared.to_string(), "export.csv: empty, expected rows of ads");
    let missing = Table::new().number("spend").unwrap_err();
    assert!(matches!(
        adsml_core::Error::from(adsml_meta::MetaError::from(missing)),
        adsml_core::Error::MissingColumn { .. }
    ));
    assert_eq!(AdRow::to_table(&[]).n_columns(), 0);
}
