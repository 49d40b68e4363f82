//! Facts of real files, computed by others. Skipped, with a line, where the files are absent.
#![allow(clippy::print_stderr)]

use std::path::PathBuf;

use adsml_features::{CsvReader, LineEnding};

use super::kinds;

/// A file of the shared data sets.
fn shared(file: &str) -> Option<PathBuf> {
    let path = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data")).join(file);
    if !path.exists() {
        eprintln!("skipped: {} is absent", path.display());
        return None;
    }
    Some(path)
}

#[test]
fn the_facebook_ads_have_the_published_totals_in_both_line_endings() {
    let Some(path) = shared("kag_facebook/KAG_conversion_data.csv") else { return };
    let Some(bare) = shared("kag_facebook/KAG_conversion_data.original_cr_endings.csv") else { return };
    let (table, report) = CsvReader::new().read_path_with_report(path).unwrap();
    assert_eq!(report.line_ending, Some(LineEnding::Lf));
    assert_eq!(table.n_rows(), 1143);
    assert_eq!(
        kinds(&table),
        "ad_id:number xyz_campaign_id:number fb_campaign_id:number age:category gender:category interest:number \
         Impressions:number Clicks:number Spent:number Total_Conversion:number Approved_Conversion:number"
    );
    let total = |name| table.number(name).unwrap().iter().sum::<f64>();
    assert_eq!(total("Impressions"), 213_434_828.0);
    assert_eq!(total("Clicks"), 38_165.0);
    assert_eq!((total("Spent") * 100.0).round() / 100.0, 58_705.23);
    assert_eq!((total("Total_Conversion"), total("Approved_Conversion")), (3264.0, 1079.0));
    assert_eq!(table.category("age").unwrap().levels().len(), 4);

    let (same, report) = CsvReader::new().read_path_with_report(bare).unwrap();
    assert_eq!(report.line_ending, Some(LineEnding::Cr));
    assert_eq!(same, table);
}

#[test]
fn the_criteo_sample_reads_headerless_with_its_missing_values() {
    let Some(path) = shared("criteo_dac_sample/train.tsv") else { return };
    let (table, report) = CsvReader::new().has_header(false).read_path_with_report(path).unwrap();
    assert_eq!((report.delimiter, table.n_rows(), table.n_columns()), (Some(b'\t'), 7200, 40));
    assert_eq!(table.number("c0").unwrap().iter().sum::<f64>(), 1549.0);
    // From the README of the file: label, I1 to I13, C1 to C26.
    let missing = [
        0, 3247, 0, 1447, 1456, 362, 1811, 347, 7, 347, 3247, 347, 5576, 1456, 0, 0, 238, 238, 0, 957, 0, 0, 0, 0, 0,
        238, 0, 0, 0, 238, 0, 0, 3264, 3264, 238, 5894, 0, 238, 3264, 3264,
    ];
    let distinct = [147, 360, 4136, 3100, 51, 7, 2645, 76, 3, 2410, 1805, 3968, 1515, 22];
    for (column, missing) in missing.into_iter().enumerate() {
        let column = table.column(&format!("c{column}")).unwrap();
        assert_eq!(column.n_missing(), missing);
    }
    assert!((0..14).all(|column| table.number(&format!("c{column}")).is_ok()));
    for (column, distinct) in (14..).zip(distinct) {
        assert_eq!(table.category(&format!("c{column}")).unwrap().levels().len(), distinct, "c{column}");
    }
}
