//! The fixtures beside the repository, where they are: each gives the table or the refusal that its README describes.

use std::path::{Path, PathBuf};

use adsml_meta::{AdTable, BudgetOwner, Language, MetaError, MetaReader, Source};
use adsml_testing::shared_data;

fn read(folder: &Path, name: &str) -> AdTable {
    MetaReader::new().read_path(folder.join(name)).unwrap_or_else(|error| panic!("{error}"))
}

fn sums(read: &AdTable) -> [Option<f64>; 6] {
    let totals = &read.understanding().totals;
    let cents = |value: Option<f64>| value.map(|value| (value * 1e4).round() / 1e4);
    [
        cents(totals.spend),
        totals.impressions,
        totals.clicks,
        totals.link_clicks,
        totals.conversions,
        cents(totals.value),
    ]
}

/// File, language, currency, rows, summaries, then the sums of [`sums`].
type Case = (&'static str, Language, &'static str, usize, usize, [Option<f64>; 6]);

#[test]
fn every_synthetic_export_adds_up() {
    let Some(folder) = shared_data("meta-fixtures/synthetic/exports") else { return };
    let some = Some;
    // File, language, currency, rows, summaries, then the sums of the README's and the files' own figures.
    let cases: [Case; 14] = [
        (
            "de_eur_semicolon_decimal_comma_bom.csv",
            Language::German,
            "EUR",
            2,
            0,
            [some(1024.55), some(99_930.0), None, some(932.0), None, None],
        ),
        (
            "en_eur_ad_period.csv",
            Language::English,
            "EUR",
            3,
            0,
            [some(466.85), some(44_751.0), None, None, None, None],
        ),
        (
            "en_inr_breakdown_age_gender.csv",
            Language::English,
            "INR",
            3,
            0,
            [some(3414.75), some(71_501.0), None, None, some(33.0), None],
        ),
        (
            "en_usd_adset_daily.csv",
            Language::English,
            "USD",
            5,
            0,
            [some(264.63), some(17_598.0), some(421.0), some(266.0), some(10.0), some(692.4)],
        ),
        (
            "en_usd_breakdown_placement.csv",
            Language::English,
            "USD",
            3,
            0,
            [some(20.46), some(3153.0), None, some(23.0), None, None],
        ),
        (
            "en_usd_campaign_period_leading_summary.csv",
            Language::English,
            "USD",
            4,
            1,
            [some(2500.36), some(183_100.0), None, some(1933.0), None, None],
        ),
        (
            "en_usd_hand_edited_symbols_mdy.csv",
            Language::English,
            "USD",
            2,
            1,
            [some(3850.25), some(1_250_004.0), None, some(12_004.0), None, None],
        ),
        (
            "es_ar_ars_all_subtotal_rows.csv",
            Language::SpanishLatinAmerica,
            "ARS",
            2,
            1,
            [some(20_498.46), some(120_312.0), None, None, some(33.0), None],
        ),
        (
            "es_es_eur_semicolon_decimal_comma_trailing_total.csv",
            Language::SpanishSpain,
            "EUR",
            3,
            1,
            [some(2279.87), some(351_460.0), None, some(4316.0), some(16.0), some(2200.4)],
        ),
        (
            "es_la_mxn_campaign_leading_summary_bom.csv",
            Language::SpanishLatinAmerica,
            "MXN",
            2,
            1,
            [some(5090.75), some(190_443.0), None, some(2613.0), None, None],
        ),
        (
            "fr_eur_semicolon_narrow_nbsp.csv",
            Language::French,
            "EUR",
            2,
            0,
            [some(1247.06), some(99_930.0), None, some(932.0), None, None],
        ),
        (
            "ja_jpy_ad_daily_thousands.csv",
            Language::Japanese,
            "JPY",
            2,
            0,
            [some(3120.0), some(10_500.0), None, some(251.0), None, None],
        ),
        (
            "ja_jpy_campaign_period.csv",
            Language::Japanese,
            "JPY",
            2,
            0,
            [some(21_500.0), some(170_330.0), None, None, None, None],
        ),
        (
            "pt_br_brl_campaign_period.csv",
            Language::Portuguese,
            "BRL",
            1,
            0,
            [some(1322.8), some(90_211.0), None, some(1011.0), some(48.0), None],
        ),
    ];
    for (name, language, currency, rows, removed, expected) in cases {
        let read = read(&folder, name);
        let known = read.understanding();
        assert_eq!((known.language, known.rows, known.n_removed), (Some(language), rows, removed), "{name}");
        assert_eq!(known.currencies, [currency], "{name}");
        assert_eq!(sums(&read), expected, "{name}");
        let checks: Vec<_> = known.removed.iter().flat_map(|row| &row.checks).collect();
        assert!(checks.len() >= 2 * removed && checks.iter().all(|check| check.agrees), "{name}: {checks:?}");
        assert!(known.ignored.iter().all(|column| column.reason != "not known"), "{name}: {:?}", known.ignored);
    }
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), cases.len() + 1);
    let error = MetaReader::new().read_path(folder.join("fr_eur_mojibake_header.csv")).unwrap_err();
    assert!(matches!(error, MetaError::Mojibake { .. }), "{error}");

    let ads = read(&folder, "en_eur_ad_period.csv").rows().unwrap();
    let owners: Vec<_> = ads.iter().map(|row| (row.budget_owner, row.daily_budget_minor)).collect();
    assert_eq!(
        owners,
        [
            (Some(BudgetOwner::Campaign), None),
            (Some(BudgetOwner::Campaign), None),
            (Some(BudgetOwner::AdSet), Some(1000))
        ]
    );
    assert_eq!(ads[0].ad_id.as_deref(), Some("120210000000000301"));
    assert_eq!(ads[0].attribution_setting.as_deref(), Some("7-day click, 1-day view, or 1-day engaged-view"));
    let japanese = read(&folder, "ja_jpy_campaign_period.csv").rows().unwrap();
    assert!(
        japanese.iter().all(|row| row.budget_owner == Some(BudgetOwner::AdSet) && row.daily_budget_minor.is_none())
    );
}

#[test]
fn every_synthetic_answer_is_rows_or_refused() {
    let Some(folder) = shared_data("meta-fixtures/synthetic/api") else { return };
    let some = Some;
    let cases: [(&str, usize, [Option<f64>; 6]); 7] = [
        (
            "insights_adset_daily_page1.json",
            2,
            [some(101.29), some(6796.0), some(166.0), some(104.0), some(4.0), some(272.7)],
        ),
        (
            "insights_adset_daily_page2.json",
            2,
            [some(100.23), some(6700.0), some(154.0), some(57.0), some(2.0), some(131.5)],
        ),
        (
            "insights_adset_daily_page1_restated_7_days_later.json",
            2,
            [some(101.29), some(6796.0), some(166.0), some(104.0), some(7.0), some(442.1)],
        ),
        ("insights_breakdown_age_gender.json", 2, [some(2213.25), some(41_290.0), None, None, None, None]),
        ("insights_breakdown_hourly.json", 2, [some(1.98), some(218.0), None, None, None, None]),
        ("insights_breakdown_placement.json", 2, [some(8.42), some(1933.0), None, some(9.0), None, None]),
        ("insights_empty.json", 0, [None; 6]),
    ];
    for (name, rows, expected) in cases {
        let read = read(&folder, name);
        assert_eq!((read.understanding().source, read.n_rows()), (Source::InsightsRows, rows), "{name}");
        assert_eq!(sums(&read), expected, "{name}");
    }
    let pages = [
        "insights_adset_daily_page1.json",
        "insights_adset_daily_page2.json",
        "insights_adset_daily_page1_restated_7_days_later.json",
    ];
    let all = MetaReader::new().read_paths(pages.map(|page| folder.join(page))).unwrap();
    assert_eq!((all.n_rows(), all.understanding().replaced), (4, 2));
    assert_eq!(sums(&all), [some(201.52), some(13_496.0), some(320.0), some(161.0), some(9.0), some(573.6)]);

    let files = |folder: &Path| -> Vec<PathBuf> {
        let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        paths.filter(|path| path.extension().is_some_and(|end| end == "json")).collect()
    };
    for path in files(&folder.join("errors")) {
        let error = MetaReader::new().read_path(&path).unwrap_err();
        assert!(matches!(error, MetaError::ApiAnswer { .. }), "{error}");
    }
    let others: Vec<_> = files(&folder)
        .into_iter()
        .filter(|path| !path.file_name().unwrap().to_str().unwrap().starts_with("insights"))
        .collect();
    assert_eq!(others.len(), 15);
    for path in others {
        let error = MetaReader::new().read_path(&path).unwrap_err();
        assert!(matches!(error, MetaError::NotRows { .. }), "{error}");
    }
}

#[test]
fn the_seeds_of_the_dbt_package_load() {
    let Some(folder) = shared_data("meta-fixtures/dbt-seeds") else { return };
    let rows = read(&folder, "facebook_ads_basic_ad_data.csv");
    assert_eq!(sums(&rows), [Some(643.63), Some(37_275.0), None, Some(149.0), None, None]);
    assert_eq!(read(&folder, "facebook_ads_demographics_country_data.csv").n_rows(), 10);
    assert_eq!(read(&folder, "facebook_ads_demographics_region_data.csv").n_rows(), 10);
    for (name, objects) in [("account", 1), ("ad", 4), ("ad_set", 4), ("campaign", 4)] {
        let history = read(&folder, &format!("facebook_ads_{name}_history_data.csv"));
        assert_eq!(history.n_rows(), objects, "{name}");
    }
    for name in
        ["basic_ad_actions", "basic_ad_action_values", "demographics_country_actions", "demographics_region_actions"]
    {
        assert_eq!(read(&folder, &format!("facebook_ads_{name}_data.csv")).n_rows(), 10, "{name}");
    }
    assert_eq!(
        read(&folder, "source_repo_basic_ad_action_values_data.csv").understanding().source,
        Source::ConnectorActions
    );
    let error = MetaReader::new().read_path(folder.join("facebook_ads_creative_history_json_data.csv")).unwrap_err();
    assert!(matches!(error, MetaError::NotRows { .. }), "{error}");

    let names = [
        "basic_ad_data",
        "basic_ad_actions_data",
        "basic_ad_action_values_data",
        "ad_history_data",
        "ad_set_history_data",
        "campaign_history_data",
    ];
    let joined =
        MetaReader::new().read_paths(names.map(|name| folder.join(format!("facebook_ads_{name}.csv")))).unwrap();
    assert_eq!(joined.n_rows(), 10);
    let known = joined.understanding();
    assert_eq!(known.totals.spend.map(|spend| (spend * 100.0).round()), Some(64_363.0));
    // `lead` and the pixel's leads overlap: one of them is counted.
    assert_eq!(known.conversions.as_ref().unwrap().conversions, "offsite_conversion.fb_pixel_lead");
    assert_eq!(known.totals.conversions, Some(12.0));
    assert!(joined.rows().unwrap().iter().all(|row| row.ad_name.is_some() && row.campaign_name.is_some()));
}

#[test]
fn a_real_pull_with_nested_cells_loads() {
    let Some(folder) = shared_data("meta_insights_api_export") else { return };
    let nested = read(&folder, "facebook_ads_data.csv");
    let flat = read(&folder, "facebook_ads_data_clean.csv");
    let expected = [Some(1053.21), Some(27_615.0), Some(972.0), Some(410.0), Some(11.0), Some(6435.0)];
    assert_eq!((sums(&nested), sums(&flat)), (expected, expected));
    assert_eq!((nested.n_rows(), flat.n_rows()), (123, 123));
    let chosen = nested.understanding().conversions.as_ref().unwrap();
    assert_eq!(
        (chosen.conversions.as_str(), chosen.value.as_deref(), chosen.left_out.len()),
        ("omni_purchase", Some("omni_purchase"), 5)
    );
}
