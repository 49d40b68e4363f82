//! Every committed file gives the table, or the refusal, that it was written for.

use std::path::PathBuf;

use adsml_meta::jiff::civil::date;
use adsml_meta::{
    AdRow, AdTable, BudgetOwner, Delivery, Gender, Grain, Language, Level, Maturity, MetaError, MetaReader, Objective,
    Source, Table, recognise,
};

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

fn read(name: &str) -> AdTable {
    let read = MetaReader::new().read_path(path(name)).unwrap_or_else(|error| panic!("{error}"));
    // The table and its typed rows say the same.
    let again = AdRow::to_table(&read.rows().unwrap());
    assert_eq!(&again, read.table(), "{name}");
    read
}

fn sum(table: &Table, name: &str) -> f64 {
    table.number(name).unwrap().iter().filter(|value| !value.is_nan()).sum()
}

#[test]
fn an_english_daily_export() {
    let read = read("en_usd_ad_set_daily.csv");
    let known = read.understanding();
    assert_eq!(
        (known.source, known.level, known.grain),
        (Source::AdsManagerExport(Language::English), Some(Level::AdSet), Grain::Daily)
    );
    assert_eq!(known.currencies, ["USD"]);
    let row = read.row(1).unwrap();
    assert_eq!(row.ad_set_id.as_deref(), Some("120300000000000022"));
    assert_eq!((row.date, row.date_stop), (Some(date(2026, 3, 2)), Some(date(2026, 3, 2))));
    assert_eq!(
        (row.spend, row.impressions, row.clicks, row.link_clicks),
        (Some(18.25), Some(1210.0), Some(31.0), Some(18.0))
    );
    // Missing is not zero; a stated zero is.
    assert_eq!((row.conversions, row.value, row.conversion_type), (None, None, None));
    assert_eq!(read.row(3).unwrap().conversions, Some(0.0));
    assert_eq!((row.budget_owner, row.daily_budget_minor), (Some(BudgetOwner::AdSet), Some(2550)));
    let last = read.row(3).unwrap();
    assert_eq!(last.campaign_name.as_deref(), Some("Lawn, \"quiet\" mowers"));
    assert_eq!(last.objective, Some(Objective::Other("OUTCOME_NEW_THING".to_owned())));
    assert_eq!((last.budget_owner, last.daily_budget_minor), (Some(BudgetOwner::Campaign), None));
    // Seven days after the second of March, as of the twelfth.
    let maturity: Vec<_> = read.rows().unwrap().into_iter().map(|row| row.maturity.unwrap()).collect();
    assert_eq!(maturity, [Maturity::Mature, Maturity::Mature, Maturity::Mature, Maturity::Immature]);
    assert_eq!(known.conversions.as_ref().unwrap().conversions, "purchase");
    assert_eq!((known.totals.conversions, known.totals.value), (Some(3.0), Some(119.4)));
}

#[test]
fn a_leading_summary_is_checked_and_goes() {
    let read = read("en_usd_campaign_leading_summary.csv");
    let known = read.understanding();
    assert_eq!((read.n_rows(), known.n_removed), (2, 1));
    assert_eq!((known.removed[0].line, known.removed[0].covers), (2, 2));
    assert!(known.removed[0].checks.len() == 3 && known.removed[0].checks.iter().all(|check| check.agrees));
    let lawn = read.row(1).unwrap();
    assert_eq!((lawn.budget_owner, lawn.lifetime_budget_minor), (Some(BudgetOwner::Campaign), Some(90_000)));
    assert_eq!(lawn.delivery, Some(Delivery::Inactive));
    // Two indicators: no conversions without being told which.
    assert_eq!(lawn.conversions, None);
    assert!(known.warnings.iter().any(|warning| warning.contains("2 different indicators")), "{known}");
    let told = MetaReader::new()
        .conversions("actions:link_click")
        .read_path(path("en_usd_campaign_leading_summary.csv"))
        .unwrap();
    let rows = told.rows().unwrap();
    assert_eq!((rows[0].conversions, rows[1].conversions), (None, Some(40.0)));
}

#[test]
fn a_spanish_file_from_a_spreadsheet() {
    let read = read("es_es_trailing_total.csv");
    let known = read.understanding();
    assert_eq!(known.language, Some(Language::SpanishSpain));
    assert_eq!((known.removed[0].label.as_str(), known.removed[0].line), ("Totales", 4));
    assert!(known.removed[0].checks.iter().all(|check| check.agrees));
    let row = read.row(0).unwrap();
    assert_eq!((row.spend, row.impressions, row.value), (Some(1020.5), Some(80_120.0), Some(810.4)));
    assert_eq!((row.date, row.gender), (Some(date(2026, 3, 2)), Some(Gender::Female)));
}

#[test]
fn subtotals_by_campaign_cover_their_own_days() {
    let read = read("es_419_all_subtotals.csv");
    let known = read.understanding();
    assert_eq!(read.n_rows(), 3);
    let covers: Vec<_> = known.removed.iter().map(|row| (row.label.as_str(), row.line, row.covers)).collect();
    assert_eq!(covers, [("All", 2, 2), ("All", 5, 1)]);
    assert!(known.removed.iter().flat_map(|row| &row.checks).all(|check| check.agrees));
    assert_eq!(sum(read.table(), "spend"), 350.5);
    assert_eq!(known.conversions.as_ref().unwrap().conversions, "actions:link_click");
}

#[test]
fn all_is_a_value_until_it_is_shown_to_be_a_sum() {
    let export = |all: &str| {
        format!(
            "Day,Campaign name,Gender,Amount spent (EUR),Impressions\n2026-03-02,a,female,1.5,10\n2026-03-02,a,male,2.5,20\n2026-03-02,a,All,{all}\nTotal,,,8.25,75\n"
        )
    };
    let own = MetaReader::new().read_bytes(export("4.25,45").as_bytes(), "own.csv").unwrap();
    assert_eq!((own.n_rows(), own.understanding().n_removed), (3, 1));
    // The row that was kept is part of the total.
    assert!(own.understanding().removed[0].checks.iter().all(|check| check.agrees), "{}", own.understanding());
    let sum = MetaReader::new().read_bytes(export("4,30").as_bytes(), "sum.csv").unwrap();
    assert_eq!((sum.n_rows(), sum.understanding().n_removed), (2, 2));
    assert!(sum.understanding().warnings.iter().any(|warning| warning.contains("the summary says 8.25 spend")));
}

#[test]
fn the_other_languages() {
    let cases = [
        ("pt_period.csv", Language::Portuguese, "BRL", 1322.8, 90_211.0, 1011.0),
        ("de_semicolon.csv", Language::German, "EUR", 1024.55, 99_930.0, 932.0),
        ("fr_narrow_blanks.csv", Language::French, "EUR", 1247.06, 99_930.0, 932.0),
        ("it_daily.csv", Language::Italian, "EUR", 14.2, 1900.0, 12.0),
        ("ja_ad_daily.csv", Language::Japanese, "JPY", 3120.0, 10_500.0, 251.0),
    ];
    for (name, language, currency, spend, impressions, link_clicks) in cases {
        let read = read(name);
        assert_eq!(read.understanding().language, Some(language), "{name}");
        assert_eq!(read.understanding().currencies, [currency], "{name}");
        let table = read.table();
        let sums = [sum(table, "spend"), sum(table, "impressions"), sum(table, "link_clicks")];
        assert_eq!(sums, [spend, impressions, link_clicks], "{name}");
        assert!(read.rows().unwrap().iter().all(|row| row.date.is_some()), "{name}");
    }
    // A currency without minor units keeps its budgets as they are.
    let japanese = read("ja_ad_daily.csv").rows().unwrap();
    assert_eq!((japanese[0].daily_budget_minor, japanese[0].budget_owner), (Some(3000), Some(BudgetOwner::AdSet)));
    assert_eq!((japanese[1].daily_budget_minor, japanese[1].budget_owner), (None, Some(BudgetOwner::Campaign)));
    // Not available, dashes and nothing are missing.
    let italian = read("it_daily.csv").row(1).unwrap();
    assert_eq!((italian.spend, italian.impressions, italian.reach, italian.clicks), (None, None, None, None));
}

#[test]
fn a_preamble_symbols_and_american_dates() {
    let read = read("hand_edited.csv");
    let row = read.row(0).unwrap();
    assert_eq!((row.spend, row.link_clicks), (Some(3850.25), Some(12_004.0)));
    assert_eq!((row.date, row.date_stop), (Some(date(2026, 3, 1)), Some(date(2026, 3, 31))));
    let known = read.understanding();
    assert_eq!((known.removed[0].label.as_str(), known.removed[0].line, read.n_rows()), ("Total", 6, 2));
    assert_eq!(known.grain, Grain::Period);
}

#[test]
fn insights_rows_choose_one_type_and_replace() {
    let first = read("insights_page_1.json");
    let known = first.understanding();
    let chosen = known.conversions.as_ref().unwrap();
    assert_eq!((chosen.conversions.as_str(), chosen.value.as_deref()), ("omni_purchase", Some("omni_purchase")));
    assert_eq!(chosen.left_out, ["purchase"]);
    let row = first.row(0).unwrap();
    assert_eq!((row.conversions, row.value, row.results), (Some(2.0), Some(88.4), Some(2.0)));
    assert_eq!(row.conversion_type.as_deref(), Some("omni_purchase"));
    assert_eq!(row.maturity, Some(Maturity::Mature));
    let other = first.row(1).unwrap();
    assert_eq!((other.spend, other.link_clicks, other.conversions), (Some(0.4), None, None));
    assert_eq!(other.maturity, Some(Maturity::Immature));

    let both = [path("insights_page_1.json"), path("insights_page_1_restated.json")];
    let restated = MetaReader::new().read_paths(&both).unwrap();
    assert_eq!((restated.n_rows(), restated.understanding().replaced), (2, 1));
    let rows = restated.rows().unwrap();
    let row = rows.iter().find(|row| row.ad_set_id.as_deref() == Some("120300000000000021")).unwrap();
    // Replaced and not added, name included.
    assert_eq!(
        (row.conversions, row.value, row.ad_set_name.as_deref()),
        (Some(5.0), Some(190.0), Some("Lookalike 1%"))
    );
    let by_purchase = MetaReader::new().conversions("purchase").read_paths(&both).unwrap();
    assert_eq!(by_purchase.understanding().totals.conversions, Some(5.0));
    let as_of = MetaReader::new().as_of(date(2026, 5, 1)).read_path(&both[0]).unwrap();
    assert_eq!(as_of.understanding().immature, 0);
}

#[test]
fn budgets_come_from_their_owners() {
    let read =
        |files: &[&str]| MetaReader::new().read_paths(files.iter().map(|name| path(name))).unwrap().rows().unwrap();
    // The campaign has one, whatever its ad sets say.
    let rows = read(&["insights_page_1.json", "campaigns.json", "ad_sets.json"]);
    assert!(
        rows.iter()
            .all(|row| row.budget_owner == Some(BudgetOwner::Campaign) && row.daily_budget_minor == Some(12_000))
    );
    assert_eq!(rows[1].objective, Some(Objective::Sales));
    assert_eq!((rows[0].optimization_goal.as_deref(), rows[1].optimization_goal.as_deref()), (None, Some("VALUE")));
    let rows = read(&["ad_sets.json", "insights_page_1.json"]);
    assert_eq!(
        (rows[1].budget_owner, rows[1].lifetime_budget_minor, rows[1].daily_budget_minor),
        (Some(BudgetOwner::AdSet), Some(90_000), None)
    );
    // Another ad set of that campaign: not the campaign's, and how much is not known.
    assert_eq!((rows[0].budget_owner, rows[0].lifetime_budget_minor), (Some(BudgetOwner::AdSet), None));
}

#[test]
fn reach_by_the_hour_is_not_zero_but_unknown() {
    let read = read("insights_hourly.jsonl");
    assert_eq!(read.n_rows(), 2);
    assert!(read.rows().unwrap().iter().all(|row| row.reach.is_none() && row.hour_window.is_some()));
}

#[test]
fn nested_cells_of_a_csv() {
    let read = read("insights_nested.csv");
    assert_eq!(read.understanding().source, Source::InsightsTable);
    let rows = read.rows().unwrap();
    assert_eq!((rows[0].conversions, rows[0].value), (Some(2.0), Some(60.5)));
    assert_eq!(
        (rows[0].conversion_type.as_deref(), rows[0].value_type.as_deref()),
        (Some("omni_purchase"), Some("purchase"))
    );
    assert_eq!(rows[1].conversions, None);
}

#[test]
fn tables_of_a_connector_are_joined() {
    let alone = read("connector_rows.csv");
    assert_eq!((alone.n_rows(), alone.understanding().totals.spend), (3, Some(275.4)));
    let actions = read("connector_actions.csv");
    assert_eq!(actions.understanding().conversions.as_ref().unwrap().conversions, "lead");
    assert_eq!(actions.understanding().totals.conversions, Some(10.0));
    let history = read("connector_ad_history.csv");
    assert_eq!((history.n_rows(), history.understanding().replaced), (2, 1));
    assert_eq!(history.row(0).unwrap().ad_name.as_deref(), Some("v1"));

    let files = ["connector_rows.csv", "connector_actions.csv", "connector_ad_history.csv"].map(path);
    let joined = MetaReader::new().read_paths(files).unwrap();
    let rows = joined.rows().unwrap();
    assert_eq!(rows.len(), 3);
    let facts: Vec<_> =
        rows.iter().map(|row| (row.ad_name.as_deref(), row.ad_set_id.as_deref(), row.conversions)).collect();
    assert_eq!(
        facts,
        [(Some("v1"), Some("71"), Some(2.0)), (Some("v2"), Some("72"), None), (Some("v2"), Some("72"), Some(4.0))]
    );
    let warnings = &joined.understanding().warnings;
    assert!(warnings.iter().any(|warning| warning.starts_with("1 rows of actions belong to no row")), "{warnings:?}");

    let report = read("dbt_report.csv");
    let row = report.row(0).unwrap();
    // The package's clicks are link clicks.
    assert_eq!((row.clicks, row.link_clicks, row.conversions, row.value), (None, Some(10.0), Some(2.0), Some(88.4)));
}

#[test]
fn what_is_not_rows_is_refused_by_name() {
    let refuse = |name: &str| MetaReader::new().read_path(path(name)).unwrap_err();
    assert!(
        matches!(refuse("fr_mojibake.csv"), MetaError::Mojibake { repaired, .. } if repaired == "Montant dépensé (EUR)")
    );
    assert!(matches!(refuse("token_expired.json"), MetaError::ApiAnswer { code: 190, subcode: Some(463), .. }));
    assert!(matches!(refuse("campaigns.json"), MetaError::NotRows { what, .. } if what == "campaigns or ad sets"));
    assert!(matches!(refuse("README.md"), MetaError::NotMeta { .. }));
    assert!(matches!(refuse("nowhere.csv"), MetaError::Io { .. }));
    let mixed = [path("connector_rows.csv"), path("insights_page_1.json")];
    assert!(matches!(MetaReader::new().read_paths(mixed), Err(MetaError::Mismatch { .. })));
}

#[test]
fn every_file_is_recognised_with_reasons() {
    let cases = [
        ("en_usd_ad_set_daily.csv", Some(Source::AdsManagerExport(Language::English))),
        ("hand_edited.csv", Some(Source::AdsManagerExport(Language::English))),
        ("es_419_all_subtotals.csv", Some(Source::AdsManagerExport(Language::SpanishLatinAmerica))),
        ("insights_page_1.json", Some(Source::InsightsRows)),
        ("insights_hourly.jsonl", Some(Source::InsightsRows)),
        ("insights_nested.csv", Some(Source::InsightsTable)),
        ("connector_rows.csv", Some(Source::ConnectorRows)),
        ("connector_actions.csv", Some(Source::ConnectorActions)),
        ("connector_ad_history.csv", Some(Source::ConnectorHistory(Level::Ad))),
        ("dbt_report.csv", Some(Source::DbtReport)),
        ("token_expired.json", None),
        ("campaigns.json", None),
        ("README.md", None),
    ];
    for (name, source) in cases {
        let found = recognise(path(name)).unwrap();
        assert_eq!(found.source, source, "{name}: {found}");
        assert!(!found.reasons.is_empty(), "{name}");
    }
    // Tables that are somebody's own stay their own.
    for header in [
        "ad_id,xyz_campaign_id,fb_campaign_id,age,gender,interest,Impressions,Clicks,Spent,Total_Conversion",
        "campaign_id,ad_set_id,date,spend,impressions,clicks,conversions,revenue",
        "Day,Impressions,Clicks,Spend",
        "country,region,age,gender,impressions",
    ] {
        let found = adsml_meta::recognise_bytes(format!("{header}\n").as_bytes(), "own.csv").unwrap();
        assert_eq!(found.source, None, "{header}: {found}");
    }
}
