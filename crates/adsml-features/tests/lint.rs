//! The linter names what gives the answer away, and lets the rest pass.
#![allow(clippy::print_stdout)]

use adsml_core::{CategoryColumn, Column, FitContext, Provenance, Seed, Table, Target};
use adsml_features::{
    CategoryEncoding, FeaturePipeline, LintOptions, LintTarget, Reason, Severity, Smoothing, TargetEncoder,
    lint_leakage, lint_matrix,
};
use ndarray::aview1;

/// A table of `n_rows` ads on `n_levels` interests: a click (0 or 1), or clicks out of impressions.
fn account(n_rows: usize, n_levels: usize, seed: u64) -> Table {
    let mut stream = Seed::new(seed).stream("account", 0);
    let levels: Vec<usize> = (0..n_rows).map(|_| stream.below(n_levels)).collect();
    let rate = |level: usize| 0.02 + 0.2 * (level % 7) as f64 / 7.0;
    let (mut impressions, mut clicks, mut clicked, mut budget) = (vec![], vec![], vec![], vec![]);
    for &level in &levels {
        let shown = 50 + stream.below(500);
        let n = (0..shown).filter(|_| stream.uniform() < rate(level)).count();
        impressions.push(shown as f64);
        clicks.push(n as f64);
        clicked.push(f64::from(u8::from(stream.uniform() < rate(level))));
        budget.push(10.0 + 90.0 * stream.uniform());
    }
    let interest: CategoryColumn = levels.iter().map(|level| Some(format!("interest {level}"))).collect();
    let spend = clicks.iter().map(|&clicks| clicks * 0.7).collect::<Vec<_>>();
    let cpc = spend.iter().zip(&clicks).map(|(spend, clicks)| spend / clicks).collect::<Vec<_>>();
    Table::from_columns([
        ("interest", Column::from(interest)),
        ("budget", Column::from(budget)),
        ("impressions", Column::from(impressions)),
        ("clicks", Column::from(clicks)),
        ("clicked", Column::from(clicked)),
        // Names that say nothing, so that only the numbers can give them away.
        ("column_a", Column::from(spend)),
        ("column_b", Column::from(cpc)),
    ])
    .unwrap()
}

fn reasons(table: &Table, target: &LintTarget, feature: &str) -> Vec<Reason> {
    let report = lint_leakage(table, target, &[feature], &LintOptions::default()).unwrap();
    report.findings().iter().map(|finding| finding.reason.clone()).collect()
}

#[test]
fn honest_columns_pass() {
    let table = account(3_000, 40, 1);
    for target in [LintTarget::rate("clicks", "impressions"), LintTarget::column("clicked")] {
        let report = lint_leakage(&table, &target, &["interest", "budget"], &LintOptions::default()).unwrap();
        assert!(report.is_clean(), "{report}");
    }
}

#[test]
fn what_is_known_with_the_target_or_later_is_refused() {
    let mut table = account(100, 5, 2);
    table.push("Spent", table.column("column_a").unwrap().clone()).unwrap();
    table.push("reach", Column::from(vec![1.5; 100])).unwrap();
    table.push("row_id", Column::from((0..100).map(f64::from).collect::<Vec<_>>())).unwrap();
    table.set_provenance("budget", Provenance::AfterConversion).unwrap();
    let features = ["interest", "budget", "Spent", "reach", "clicks", "impressions", "row_id"];
    let target = LintTarget::rate("clicks", "impressions");
    let report = lint_leakage(&table, &target, &features, &LintOptions::default()).unwrap();
    assert_eq!(report.refused(), ["budget", "Spent", "clicks", "row_id"]);
    let label = report.about("Spent").next().unwrap().reason.label();
    assert_eq!(label, "after click");
    insta::assert_snapshot!(report, @r"
    4 of 7 features refused, 2 warnings
      refuse  budget       known only after conversion; the target is known after click
      refuse  Spent        known only after click, going by its name; the target is known after click
      refuse  Spent        target proxy: alone it nearly determines clicks (rank correlation 1.000)
      warn    reach        known only after impression, going by its name; not there before the auction
      refuse  clicks       part of the target
      warn    impressions  part of the target
      refuse  row_id       identifier: 100 distinct values in 100 rows
    ");
}

#[test]
fn a_conversion_target_may_look_at_clicks_with_a_warning() {
    let table = account(100, 5, 3);
    let target = LintTarget::column("clicked").known(Provenance::AfterConversion);
    let report = lint_leakage(&table, &target, &["clicks"], &LintOptions::default()).unwrap();
    assert!(report.refused().is_empty());
    assert!(matches!(report.findings()[0].reason, Reason::KnownTooLate { feature: Provenance::AfterClick, .. }));
}

#[test]
fn proxies_are_found_without_their_names() {
    let table = account(2_000, 40, 4);
    let target = LintTarget::rate("clicks", "impressions");
    // Spend at a constant price stands for clicks.
    assert!(matches!(&reasons(&table, &target, "column_a")[..], [Reason::Proxy { of, .. }] if of == "clicks"));
    // A price per click is missing where there was none.
    let sparse = table.take_rows(&(0..2_000).collect::<Vec<_>>());
    let mut few = sparse.select(&["column_b", "impressions"]).unwrap();
    let clicks: Vec<f64> = (0..2_000).map(|row| f64::from(u8::from(row % 5 == 0))).collect();
    let price = clicks.iter().map(|&clicks| if clicks > 0.0 { 0.7 } else { f64::NAN }).collect::<Vec<_>>();
    few.push("clicks", Column::from(clicks)).unwrap();
    few.replace("column_b", Column::from(price)).unwrap();
    let found = reasons(&few, &target, "column_b");
    assert!(matches!(&found[..], [Reason::Proxy { measure, .. }] if measure.contains("missing")), "{found:?}");
    // A label that hides in text.
    let mut hidden = table.select(&["clicked"]).unwrap();
    let text: CategoryColumn =
        hidden.number("clicked").unwrap().iter().map(|&y| Some(if y > 0.0 { "x" } else { "y" })).collect();
    hidden.push("text", Column::from(text)).unwrap();
    assert!(matches!(reasons(&hidden, &LintTarget::column("clicked"), "text")[..], [Reason::Proxy { .. }]));
}

#[test]
fn a_strong_honest_feature_is_warned_of_and_only_an_exact_one_is_refused() {
    // A rate of half the feature, as drawn: rank correlation some 0.985.
    let mut stream = Seed::new(8).stream("rate", 0);
    let (mut x, mut clicks) = (vec![], vec![]);
    for _ in 0..1_000 {
        let strength = stream.uniform();
        x.push(strength);
        clicks.push((0..600).filter(|_| stream.uniform() < 0.5 * strength).count() as f64);
    }
    let exact: Vec<f64> = clicks.iter().map(|clicks| (1.0 + clicks).ln()).collect();
    let columns = [
        ("strength", Column::from(x)),
        ("exact", Column::from(exact)),
        ("clicks", Column::from(clicks)),
        ("impressions", Column::from(vec![600.0; 1_000])),
    ];
    let table = Table::from_columns(columns).unwrap();
    let target = LintTarget::rate("clicks", "impressions");
    let lint = |options| lint_leakage(&table, &target, &["strength", "exact"], &options).unwrap();
    let report = lint(LintOptions::default());
    assert_eq!(report.refused(), ["exact"], "{report}");
    let finding = report.about("strength").next().unwrap();
    assert_eq!(finding.severity, Severity::Warn);
    assert!(matches!(finding.reason, Reason::Proxy { value, .. } if (0.98..0.999).contains(&value)), "{report}");
    // Threads change nothing.
    let one = Some(std::num::NonZeroUsize::MIN);
    assert_eq!(lint(LintOptions { threads: one, ..LintOptions::default() }), report);
    // Who does not want to be warned, is not.
    assert_eq!(lint(LintOptions { proxy: 0.9995, ..LintOptions::default() }).about("strength").count(), 0);
}

#[test]
fn target_encoding_outside_the_folds_is_found_and_inside_passes() {
    let smoothings = [
        Smoothing::Fixed(0.0),
        Smoothing::Fixed(3.0),
        Smoothing::Fixed(50.0),
        Smoothing::Variance,
        Smoothing::BetaBinomial,
    ];
    for seed in 0..6 {
        for n_levels in [30, 200, 1_000] {
            let mut table = account(5_000, n_levels, 10 + seed);
            if seed % 2 == 0 {
                // Pure noise.
                let mut clicked = table.number("clicked").unwrap().to_vec();
                Seed::new(seed).stream("permuted", 0).shuffle(&mut clicked);
                table.replace("clicked", Column::from(clicked)).unwrap();
            }
            for smoothing in smoothings {
                let params = TargetEncoder::params().smoothing(smoothing);
                let y = table.number("clicked").unwrap().to_vec();
                let (encoder, inside) = params.fit_transform(&table, "interest", &Target::new(aview1(&y))).unwrap();
                let mut table = table.clone();
                table.push("inside", Column::from(inside)).unwrap();
                // Scaled, as a pipeline would.
                let outside = encoder.transform(&table).unwrap();
                table.push("outside", Column::from(outside.iter().map(|x| 3.0 * x - 1.0).collect::<Vec<_>>())).unwrap();
                let target = LintTarget::column("clicked");
                let what = format!("{smoothing:?}, {n_levels} levels, seed {seed}");
                let found = reasons(&table, &target, "outside");
                let named = found
                    .iter()
                    .any(|reason| matches!(reason, Reason::TargetEncoded { by: Some(by), .. } if by == "interest"));
                assert!(named, "{what}: {found:?}");
                let found = reasons(&table, &target, "inside");
                assert!(
                    !found.iter().any(|reason| matches!(reason, Reason::TargetEncoded { .. })),
                    "{what}: {found:?}"
                );
            }
        }
    }
}

#[test]
fn a_true_rate_per_level_is_no_leak() {
    // What the levels' rates really are, or what they were on other days, leaves the chance of the draw.
    let table = account(5_000, 100, 20);
    let other = account(5_000, 100, 21);
    let y = other.number("clicked").unwrap();
    let history = TargetEncoder::params().fit(&other, "interest", &Target::new(aview1(y))).unwrap();
    let mut table = table;
    table.push("history", Column::from(history.transform(&table).unwrap())).unwrap();
    let truth: Vec<f64> = (0..5_000)
        .map(|row| {
            let level = table.category("interest").unwrap().get(row).unwrap();
            let level: usize = level.strip_prefix("interest ").unwrap().parse().unwrap();
            0.02 + 0.2 * (level % 7) as f64 / 7.0
        })
        .collect();
    table.push("truth", Column::from(truth)).unwrap();
    let target = LintTarget::column("clicked");
    let report = lint_leakage(&table, &target, &["history", "truth"], &LintOptions::default()).unwrap();
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_matrix_fitted_on_all_rows_is_named_and_a_cross_fitted_one_is_not() {
    let table = account(5_000, 500, 5);
    let y = table.number("clicked").unwrap();
    let target = Target::new(aview1(y));
    let pipeline = FeaturePipeline::new().numeric(["budget"]).categorical_with(["interest"], CategoryEncoding::Target);
    let (fitted, inside) = pipeline.fit_transform(&table, Some(&target), &FitContext::default()).unwrap();
    let (outside, _) = fitted.transform_with_report(&table).unwrap();
    let options = LintOptions { beside: Some(&table), ..LintOptions::default() };
    let lint = |matrix| lint_matrix(matrix, &target, Provenance::AfterClick, &options).unwrap();
    assert!(lint(&inside).is_clean(), "{}", lint(&inside));
    assert_eq!(lint(&outside).refused(), ["interest_target"], "{}", lint(&outside));
    let weights = table.number("impressions").unwrap();
    let rates: Vec<f64> =
        table.number("clicks").unwrap().iter().zip(weights).map(|(clicks, shown)| clicks / shown).collect();
    let target = Target::new(aview1(&rates)).with_weight(Some(aview1(weights)));
    let fitted = pipeline.fit(&table, Some(&target), &FitContext::default()).unwrap();
    let (outside, _) = fitted.transform_with_report(&table).unwrap();
    let report = lint_matrix(&outside, &target, Provenance::AfterClick, &LintOptions::default()).unwrap();
    assert_eq!(report.refused(), ["interest_target"], "{report}");
}

#[test]
fn rows_repeated_across_folds_are_counted() {
    let table = account(500, 20, 6);
    let doubled: Vec<usize> = (0..500).chain(0..50).collect();
    let table = table.take_rows(&doubled);
    let (same, apart) = (vec![0; 550], (0..550).map(|row| usize::from(row >= 500)).collect::<Vec<_>>());
    let lint = |folds: &[usize]| {
        let options = LintOptions { folds: Some(folds), ..LintOptions::default() };
        lint_leakage(&table, &LintTarget::column("clicked"), &["interest", "budget"], &options).unwrap()
    };
    assert!(lint(&same).is_clean());
    let report = lint(&apart);
    assert_eq!(report.findings()[0].reason, Reason::RepeatedRows { rows: 100, out_of: 550 });
    assert_eq!(report.findings()[0].severity, Severity::Warn);
    // Three coarse categories repeat by nature.
    let options = LintOptions { folds: Some(&apart), ..LintOptions::default() };
    assert!(lint_leakage(&table, &LintTarget::column("clicked"), &["interest"], &options).unwrap().is_clean());
}

#[test]
fn wrong_questions_are_refused() {
    let table = account(30, 3, 7);
    let lint = |target: LintTarget, feature: &str, options: LintOptions<'_>| {
        lint_leakage(&table, &target, &[feature], &options).unwrap_err().to_string()
    };
    let messages = [
        lint(LintTarget::column("revenue"), "budget", LintOptions::default()),
        lint(LintTarget::column("interest"), "budget", LintOptions::default()),
        lint(LintTarget::column("clicked"), "age", LintOptions::default()),
        lint(LintTarget::column("clicked"), "budget", LintOptions { folds: Some(&[1, 2]), ..LintOptions::default() }),
        lint(LintTarget::column("clicked"), "budget", LintOptions { proxy: 0.0, ..LintOptions::default() }),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    the table has no column `revenue`; it has interest, budget, impressions, clicks, clicked, column_a, column_b
    column `interest` holds category values, expected number
    the table has no column `age`; it has interest, budget, impressions, clicks, clicked, column_a, column_b
    the list of folds has 2 entries, expected 30
    parameter `proxy` is 0, expected a number in (0, 1]
    ");
}

#[test]
fn the_real_facebook_table_keeps_its_answers_to_itself() {
    let path = format!("{}/../../../shared/data/kag_facebook/KAG_conversion_data.csv", env!("CARGO_MANIFEST_DIR"));
    if !std::path::Path::new(&path).exists() {
        println!("skipped: the KAG table is not there");
        return;
    }
    let table = adsml_features::CsvReader::new().read_path(&path).unwrap();
    let features: Vec<&str> = table.names().collect();
    let target = LintTarget::rate("Clicks", "Impressions");
    let report = lint_leakage(&table, &target, &features, &LintOptions::default()).unwrap();
    println!("{report}");
    assert_eq!(report.refused(), ["ad_id", "Clicks", "Spent", "Total_Conversion", "Approved_Conversion"]);
    for honest in ["age", "gender", "interest", "xyz_campaign_id"] {
        assert_eq!(report.about(honest).count(), 0, "{honest}");
    }
}
