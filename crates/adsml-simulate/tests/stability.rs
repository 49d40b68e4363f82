//! Same settings, same bits; what is added leaves alone what was there; releases do not change the numbers.

use adsml_core::{Column, Provenance};
use adsml_simulate::{Account, Row, RowTruth};

/// Rows and truths of an ad set, in order of date, without the account's numbering.
fn history(account: &Account, id: &str) -> Vec<(Row, RowTruth)> {
    let pairs = account.rows().iter().zip(account.truth());
    pairs
        .filter(|(row, _)| account.ad_sets()[row.ad_set].id == id)
        .map(|(row, truth)| (Row { ad_set: 0, ..row.clone() }, truth.clone()))
        .collect()
}

#[test]
fn the_same_settings_make_the_same_account() {
    assert_eq!(Account::demo(), Account::demo());
    let other = Account::params().seed(43).build().unwrap();
    assert_ne!(Account::demo().rows(), other.rows());
}

#[test]
fn what_is_added_leaves_alone_what_was_there() {
    let small = Account::params().n_campaigns(2).ad_sets_per_campaign(2).days(20);
    let before = small.clone().build().unwrap();
    for larger in [small.clone().n_campaigns(5), small.clone().ad_sets_per_campaign(4), small.clone().days(45)] {
        let after = larger.build().unwrap();
        for ad_set in before.ad_sets() {
            assert_eq!(history(&before, &ad_set.id), history(&after, &ad_set.id)[..20]);
        }
    }
    // A campaign grows with its ad sets; its ad sets do not.
    let grown = small.ad_sets_per_campaign(4).build().unwrap();
    assert_eq!(before.ad_sets()[0], grown.ad_sets()[0]);
    assert!(grown.campaigns()[0].usual_budget > before.campaigns()[0].usual_budget);
}

#[test]
fn the_demo_has_days_on_which_nothing_happens() {
    let account = Account::demo();
    let rows = account.rows();
    let count = |holds: fn(&Row) -> bool| rows.iter().filter(|row| holds(row)).count();
    assert!(count(|row| row.impressions == 0) >= 20);
    assert!(count(|row| row.impressions > 0 && row.clicks == 0) >= 5);
    assert!(count(|row| row.clicks > 0 && row.conversions == 0) >= 100);
}

#[test]
fn tables_hold_the_rows_and_when_they_become_known() {
    let account = Account::params().n_campaigns(3).ad_sets_per_campaign(2).days(10).build().unwrap();
    let table = account.table();
    assert_eq!(
        table.names().collect::<Vec<_>>().join(" "),
        "date campaign_id ad_set_id budget audience_size creative_count relevance_score competition_level \
         market_size objective placement device_platform age_range gender hour_of_day day_of_week month \
         seasonality_factor impressions clicks conversions spend revenue"
    );
    for (row, shown) in account.rows().iter().enumerate() {
        assert_eq!(table.date("date").unwrap().get(row), Some(shown.date));
        assert_eq!(table.category("ad_set_id").unwrap().get(row), Some(account.ad_sets()[shown.ad_set].id.as_str()));
        assert_eq!(table.category("gender").unwrap().get(row), Some(shown.gender.as_str()));
        assert_eq!(table.number("clicks").unwrap()[row], shown.clicks as f64);
    }
    for name in table.names() {
        let expected = match name {
            "impressions" => Provenance::AfterImpression,
            "clicks" | "spend" => Provenance::AfterClick,
            "conversions" | "revenue" => Provenance::AfterConversion,
            _ => Provenance::BeforeAuction,
        };
        assert_eq!(table.provenance(name), Some(expected), "{name}");
    }
    let days = account.campaign_table();
    assert_eq!(days.n_rows(), 3 * 10);
    for name in ["impressions", "clicks", "conversions", "spend", "revenue", "budget"] {
        let [rows, sums] = [&table, &days].map(|t| t.number(name).unwrap().iter().sum::<f64>());
        // Sums of cents in another order.
        assert!((rows - sums).abs() < 1e-6, "{name}");
    }
    assert!(matches!(days.get("campaign_id"), Some(Column::Category(_))));
}

#[test]
fn the_csv_has_the_tables_columns_and_one_line_per_row() {
    let account = Account::params().n_campaigns(2).ad_sets_per_campaign(2).days(3).build().unwrap();
    let mut bytes = Vec::new();
    account.write_csv(&mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let table = account.table();
    assert!(text.ends_with('\n') && lines.len() == 1 + 12);
    assert_eq!(lines[0], table.names().collect::<Vec<_>>());
    assert_eq!(lines[1][0], "2026-01-05");
    for (position, (name, column)) in table.columns().enumerate() {
        for row in 0..table.n_rows() {
            let cell = lines[row + 1][position];
            match column {
                Column::Number(values) => assert_eq!(cell.parse::<f64>().unwrap(), values[row], "{name}"),
                Column::Category(texts) => assert_eq!(Some(cell), texts.get(row), "{name}"),
                _ => assert_eq!(name, "date"),
            }
        }
    }
}

#[test]
fn numbers_do_not_change_between_releases() {
    // Stored values (x86-64 Linux): a change here changes every simulated result. Integers and cents are compared
    // exactly, other numbers to 1e-12, since logarithms differ in the last bit between systems.
    let account = Account::demo();
    let row = &account.rows()[1_234];
    assert_eq!((row.impressions, row.clicks, row.conversions), STORED_COUNTS);
    assert_eq!((row.budget, row.spend, row.revenue), STORED_MONEY);
    let totals = account.totals();
    assert_eq!((totals.impressions, totals.clicks, totals.conversions), STORED_TOTALS);
    let floor = account.noise_floor().unwrap();
    approx::assert_relative_eq!(floor.log_loss, STORED_FLOOR, max_relative = 1e-12);
    let audiences = account.audiences();
    assert_eq!(audiences.labels()[..5], [Some(1), Some(0), Some(4), Some(0), Some(2)]);
    assert_eq!(audiences.table().number("clicks").unwrap()[..3], [1_546.0, 439.0, 1_034.0]);
}

const STORED_COUNTS: (u64, u64, u64) = (6_697, 92, 1);
const STORED_MONEY: (f64, f64, f64) = (44.57, 41.15, 117.21);
const STORED_TOTALS: (u64, u64, u64) = (48_307_203, 698_926, 18_800);
const STORED_FLOOR: f64 = 0.074_066_010_420_955_4;
