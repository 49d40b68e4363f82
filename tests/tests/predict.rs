//! The main road, walked through the facade: a table in, a judged predictor out.

use std::num::NonZeroUsize;

use adsml::prelude::*;
use adsml_testing::shared_data;

/// Everything of a report that does not depend on the clock.
fn facts(predictor: &CtrPredictor) -> serde_json::Value {
    let mut json = predictor.report().to_json();
    for model in json["models"].as_array_mut().expect("a list") {
        model.as_object_mut().expect("an object").remove("fit_s");
    }
    json
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn demo_recipe() -> CtrPredictorParams {
    CtrPredictor::params()
        .rate("clicks", "impressions")
        .categorical(["objective", "placement", "age_range", "gender", "ad_set_id"])
        .numeric(["budget", "relevance_score", "hour_sin", "hour_cos", "budget_per_audience"])
        .group("ad_set_id")
        .folds(3)
}

fn demo_table() -> Table {
    Account::params().n_campaigns(4).ad_sets_per_campaign(6).days(20).build().expect("valid settings").table()
}

#[test]
fn bits_are_equal_at_one_and_two_threads() {
    let table = demo_table();
    let fit = |threads| {
        let context = FitContext::seeded(7).with_threads(NonZeroUsize::new(threads).expect("not zero"));
        demo_recipe().fit_with(&table, &context).expect("it fits")
    };
    let (one, two) = (fit(1), fit(2));
    assert_eq!(facts(&one), facts(&two));
    assert_eq!(bits(&one.predict_table(&table).unwrap()), bits(&two.predict_table(&table).unwrap()));
    for (a, b) in one.leaderboard().unwrap().rows().iter().zip(two.leaderboard().unwrap().rows()) {
        assert_eq!(bits(a.out_of_fold()), bits(b.out_of_fold()), "{}", a.name());
    }
}

#[test]
fn a_saved_predictor_predicts_the_same_bits() {
    let table = demo_table();
    let predictor = demo_recipe().fit(&table).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("predictor.adsml");
    predictor.save(&path).unwrap();
    let loaded = CtrPredictor::load(&path).unwrap();
    assert_eq!(bits(&predictor.predict_table(&table).unwrap()), bits(&loaded.predict_table(&table).unwrap()));
    assert_eq!(predictor.report(), loaded.report());
    // Saving left nothing else behind, and saving again gives the same file.
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    assert_eq!(loaded.to_file().unwrap().to_bytes(), std::fs::read(&path).unwrap());
}

/// Clicks that no linear model can tell: video does well in the evening, pictures by day. Some budgets are missing.
fn evening_table() -> Table {
    let mut stream = Seed::new(11).stream("clicks", 0);
    let n = 1_200;
    let mut draw = |n: u64| -> u64 { (stream.uniform() * n as f64) as u64 };
    let rows: Vec<[u64; 3]> = (0..n).map(|_| [draw(24), draw(2), draw(100)]).collect();
    let clicks = |&[hour, video, budget]: &[u64; 3]| {
        let base = if (hour >= 18) == (video == 1) { 300 } else { 100 };
        (base + budget % 7) as f64
    };
    let budget = |row: &[u64; 3]| if row[2] < 10 { f64::NAN } else { row[2] as f64 };
    let format = |row: &[u64; 3]| Some(if row[1] == 1 { "video" } else { "picture" });
    let formats: adsml::core::CategoryColumn = rows.iter().map(format).collect();
    Table::from_columns([
        ("hour", Column::from(rows.iter().map(|row| row[0] as f64).collect::<Vec<_>>())),
        ("format", Column::Category(formats)),
        ("daily_budget", Column::from(rows.iter().map(budget).collect::<Vec<_>>())),
        ("clicks", Column::from(rows.iter().map(clicks).collect::<Vec<_>>())),
        ("impressions", Column::from(vec![10_000.0; n])),
    ])
    .expect("columns of one length")
}

#[test]
fn trees_are_chosen_where_they_are_better_and_come_back_bit_for_bit() {
    let table = evening_table();
    let recipe = CtrPredictor::params().rate("clicks", "impressions").numeric(["hour", "daily_budget"]);
    let predictor = recipe.categorical(["format"]).folds(3).fit(&table).unwrap();
    assert!(predictor.report().chosen.starts_with("boosting_"), "{}", predictor.report());
    let rate = |predictor: &CtrPredictor, record| predictor.predict_one(&record).unwrap();
    let video = |hour: u32| serde_json::json!({"hour": hour, "format": "video", "daily_budget": 50.0});
    assert!((rate(&predictor, video(20)) / 0.03 - 1.0).abs() < 0.05);
    assert!((rate(&predictor, video(9)) / 0.01 - 1.0).abs() < 0.05);

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("predictor.adsml");
    predictor.save(&path).unwrap();
    let loaded = CtrPredictor::load(&path).unwrap();
    assert_eq!(bits(&predictor.predict_table(&table).unwrap()), bits(&loaded.predict_table(&table).unwrap()));
    let strange = serde_json::json!({"hour": 20, "format": "hologram", "daily_budget": null});
    assert_eq!(rate(&predictor, strange.clone()).to_bits(), rate(&loaded, strange).to_bits());
    assert_eq!(predictor.report(), loaded.report());
    assert_eq!(loaded.to_file().unwrap().to_bytes(), std::fs::read(&path).unwrap());
}

#[test]
fn contributions_add_up_to_the_log_odds_and_are_drawn() {
    let table = evening_table();
    let recipe = CtrPredictor::params().rate("clicks", "impressions").categorical(["format"]).numeric(["hour"]);
    let predictor = recipe.folds(3).fit(&table).unwrap();
    let explanations = predictor.explain_table(&table).unwrap().expect("trees can say why");
    assert_eq!(explanations.unit(), Some("log odds"));
    let rates = predictor.predict_table(&table).unwrap();
    for (row, rate) in explanations.contributions().outer_iter().zip(&rates) {
        let log_odds = explanations.base() + row.sum();
        assert!((1.0 / (1.0 + (-log_odds).exp()) - rate).abs() < 1e-9);
    }
    let names: Vec<&str> = explanations.feature_names().iter().map(String::as_str).collect();
    assert_eq!(names, ["hour", "format"]);
    let charts = predictor.charts().unwrap();
    let drawn = |name: &str| charts.iter().find(|chart| chart.file_name == name).map(|chart| chart.svg.as_str());
    for name in ["contributions.svg", "beeswarm.svg"] {
        let svg = drawn(name).expect(name);
        assert!(svg.contains("Last of 3 folds") && svg.contains("log odds"), "{name}");
    }
    // In a file there are no rows to draw.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("predictor.adsml");
    predictor.save(&path).unwrap();
    let loaded = CtrPredictor::load(&path).unwrap();
    assert!(loaded.charts().unwrap().iter().all(|chart| chart.file_name != "beeswarm.svg"));
    assert_eq!(loaded.explain_table(&table).unwrap(), Some(explanations));
}

#[test]
fn a_file_whose_parts_do_not_belong_together_is_refused() {
    let table = demo_table();
    let recipe = CtrPredictor::params().rate("clicks", "impressions").folds(2);
    let (small, large) = (recipe.clone().numeric(["budget"]), recipe.numeric(["budget", "relevance_score"]));
    let (small, large) = (small.fit(&table).unwrap().to_file().unwrap(), large.fit(&table).unwrap().to_file().unwrap());
    let registry = || {
        let mut registry = adsml::core::LoaderRegistry::new();
        adsml::features::register(&mut registry);
        adsml::models::register(&mut registry);
        registry
    };
    let refused = |file| CtrPredictor::from_file(&file, &registry()).unwrap_err().to_string();
    let mut mixed = small.clone();
    mixed.put_file("model", &large.file("model").unwrap());
    assert_eq!(refused(mixed), "model file refused: header: the features of pipeline and model differ");
    let mut swapped = small.clone();
    swapped.put_file("pipeline", &small.file("model").unwrap());
    assert!(refused(swapped).contains("no reader for the kind"));
    let mut damaged = small.clone();
    damaged.put_bytes("model", vec![0; 64]);
    assert_eq!(refused(damaged), "model file refused: not an adsml model file");
    assert!(refused(small.file("model").unwrap()).contains("ctr_predictor"));
    let mut without_report = small.clone();
    without_report.set_fact("report", "none");
    assert!(refused(without_report).contains("`report`"));
}

#[test]
fn the_order_of_columns_changes_nothing() {
    let table = demo_table();
    let mut names: Vec<&str> = table.names().collect();
    names.reverse();
    let turned = table.select(&names).unwrap();
    let (a, b) = (demo_recipe().fit(&table).unwrap(), demo_recipe().fit(&turned).unwrap());
    let models = |predictor: &CtrPredictor| facts(predictor)["models"].clone();
    assert_eq!(models(&a), models(&b));
    assert_eq!(bits(&a.predict_table(&table).unwrap()), bits(&b.predict_table(&turned).unwrap()));
    assert_eq!(bits(&a.predict_table(&turned).unwrap()), bits(&b.predict_table(&table).unwrap()));
}

#[test]
fn one_record_is_predicted_as_in_the_table() {
    let table = demo_table();
    let predictor = CtrPredictor::params()
        .rate("clicks", "impressions")
        .categorical(["objective", "gender"])
        .numeric(["budget"])
        .folds(3)
        .fit(&table)
        .unwrap();
    let rates = predictor.predict_table(&table).unwrap();
    for row in [0, 17, 100] {
        let record = serde_json::json!({
            "budget": table.number("budget").unwrap()[row],
            "objective": table.category("objective").unwrap().get(row),
            "gender": table.category("gender").unwrap().get(row),
            "not_a_feature": "whatever",
        });
        assert_eq!(predictor.predict_one(&record).unwrap().to_bits(), rates[row].to_bits());
    }
    let error = predictor.predict_one(&serde_json::json!({"budget": 3.0, "gender": "MALE"})).unwrap_err();
    assert_eq!(error.to_string(), "the table has no column `objective`; it has budget, gender");
}

#[test]
fn a_model_of_noise_is_not_chosen_over_the_average() {
    // The labels do not depend on anything.
    let table = demo_table();
    let n = table.n_rows();
    let mut stream = Seed::new(3).stream("labels", 0);
    let labels: Vec<f64> = (0..n).map(|_| f64::from(u8::from(stream.uniform() < 0.3))).collect();
    let mut table = table.select(&["objective", "placement", "ad_set_id", "budget"]).unwrap();
    table.push("label", Column::from(labels)).unwrap();
    let recipe = CtrPredictor::params().target("label").categorical(["objective", "placement", "ad_set_id"]);
    let predictor = recipe.numeric(["budget"]).fit(&table).unwrap();
    assert_eq!(predictor.report().chosen, predictor.report().baseline, "{}", predictor.report());
}

#[test]
fn what_gives_the_answer_away_is_refused_unless_allowed() {
    let table = demo_table();
    let recipe = CtrPredictor::params().rate("clicks", "impressions").folds(3);
    let honest = recipe.clone().numeric(["budget", "spend"]).fit(&table).unwrap();
    let ignored = honest.report().ignored.iter().find(|ignored| ignored.column == "spend").unwrap();
    assert!(ignored.reason.contains("after click"), "{}", ignored.reason);
    assert_eq!(honest.input_columns(), ["budget"]);
    let leaky = recipe.clone().numeric(["budget", "spend"]).allow_leaks(true).fit(&table).unwrap();
    assert_eq!(leaky.input_columns(), ["budget", "spend"]);
    let nothing = recipe.numeric(["spend"]).fit(&table).unwrap_err();
    assert!(nothing.to_string().starts_with("no column is left to predict from: `spend` (after click"), "{nothing}");
}

#[test]
fn some_columns_can_be_allowed_to_leak_and_are_warned_of() {
    let table = demo_table();
    let recipe =
        CtrPredictor::params().rate("clicks", "impressions").folds(3).numeric(["budget", "spend", "conversions"]);
    let some = recipe.clone().allow_leaks_of(["spend"]).fit(&table).unwrap();
    assert_eq!(some.input_columns(), ["budget", "spend"]);
    let warned: Vec<&str> = some.report().warnings.iter().map(|warning| warning.column.as_str()).collect();
    assert_eq!(warned, ["spend"]);
    let line = "Warning: `spend`: used because leaks are allowed: after click\n";
    assert!(some.report().to_string().contains(line), "{}", some.report());
    let typo = recipe.clone().allow_leaks_of(["spent"]).fit(&table).unwrap_err();
    assert!(typo.to_string().starts_with("the table has no column `spent`"), "{typo}");
    let unused = recipe.allow_leaks_of(["clicks"]).fit(&table).unwrap_err();
    let expected = "column `clicks` is allowed to leak, but named neither as a number nor as a category";
    assert_eq!(unused.to_string(), expected);
}

#[test]
fn what_nearly_determines_the_target_is_used_and_warned_of() {
    let mut stream = Seed::new(5).stream("proxy", 0);
    let score: Vec<f64> = (0..300).map(|_| stream.uniform()).collect();
    // A twelfth is the variance of the score: R² is 0.985, or as much less as the noise is more.
    let near: Vec<f64> = score.iter().map(|score| score + 0.12 * (stream.uniform() - 0.5)).collect();
    let honest: Vec<f64> = score.iter().map(|score| score + 2.0 * stream.uniform()).collect();
    let columns = [("score", score), ("near", near), ("honest", honest)];
    let table = Table::from_columns(columns.map(|(name, values)| (name, Column::from(values)))).unwrap();
    let predictor = CtrPredictor::params().target("score").numeric(["near", "honest"]).fit(&table).unwrap();
    assert_eq!(predictor.input_columns(), ["near", "honest"]);
    let json = predictor.report().to_json();
    let warnings = json["warnings"].as_array().unwrap();
    assert_eq!((warnings.len(), &warnings[0]["column"]), (1, &serde_json::json!("near")), "{warnings:?}");
    let reason = warnings[0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("target proxy: alone it nearly determines score ("), "{reason}");
    assert!(
        predictor.report().to_string().ends_with(&format!("Warning: `near`: {reason}\n")),
        "{}",
        predictor.report()
    );
    // A file of before warnings were kept has none.
    let mut file = serde_json::to_value(predictor.report()).unwrap();
    file.as_object_mut().unwrap().remove("warnings");
    let older: adsml::PredictReport = serde_json::from_value(file).unwrap();
    assert!(older.warnings.is_empty());
}

#[test]
fn a_feature_that_also_groups_the_rows_is_warned_of() {
    let table = demo_table();
    let recipe = CtrPredictor::params().rate("clicks", "impressions").folds(3).group("ad_set_id");
    let report = recipe.categorical(["ad_set_id", "gender"]).fit(&table).unwrap().report().to_json();
    let warned: Vec<&serde_json::Value> = report["warnings"].as_array().unwrap().iter().collect();
    let expected = serde_json::json!({
        "column": "ad_set_id",
        "reason": "rows are also grouped by it: it tells nothing of groups that a model has not seen",
    });
    assert!(warned.contains(&&expected), "{warned:?}");
}

#[test]
fn a_derived_feature_is_judged_by_its_values_too() {
    // Neither column tells the target, their ratio is the target.
    let mut stream = Seed::new(6).stream("derived", 0);
    let audience: Vec<f64> = (0..300).map(|_| 1000.0 + (9000.0 * stream.uniform()).round()).collect();
    let budget: Vec<f64> = (0..300).map(|_| 10.0 + 90.0 * stream.uniform()).collect();
    let score: Vec<f64> = budget.iter().zip(&audience).map(|(budget, audience)| 7.0 * budget / audience).collect();
    let columns = [("score", score), ("budget", budget), ("audience_size", audience)];
    let table = Table::from_columns(columns.map(|(name, values)| (name, Column::from(values)))).unwrap();
    let recipe = CtrPredictor::params().target("score").numeric(["budget", "budget_per_audience"]);
    let predictor = recipe.clone().fit(&table).unwrap();
    assert_eq!(predictor.input_columns(), ["budget"]);
    let ignored = predictor.report().ignored.iter().find(|ignored| ignored.column == "budget_per_audience").unwrap();
    assert!(ignored.reason.starts_with("target proxy: alone it nearly determines score"), "{}", ignored.reason);
    let allowed = recipe.allow_leaks_of(["budget_per_audience"]).fit(&table).unwrap();
    assert!(allowed.input_columns().contains(&"audience_size"), "{:?}", allowed.input_columns());
    assert_eq!(allowed.report().warnings.len(), 1);
}

fn kag(file: &str) -> Option<CtrPredictor> {
    let table = read_table(shared_data(&format!("kag_facebook/{file}"))?, true).expect("it reads");
    let recipe = CtrPredictor::params().rate("Clicks", "Impressions").categorical(["age", "gender", "interest"]);
    Some(recipe.numeric(["Spent"]).group("fb_campaign_id").fit(&table).expect("it fits"))
}

#[test]
fn real_facebook_ads_are_predicted_better_than_by_their_average() {
    let Some(predictor) = kag("KAG_conversion_data.csv") else { return };
    let report = predictor.report().to_json();
    assert_eq!(report["rows"], 1143);
    assert_eq!(report["totals"], serde_json::json!({"impressions": 213_434_828, "clicks": 38_165}));
    assert_eq!(report["split"]["kind"], "group_k_fold");
    assert_eq!(report["split"]["column"], "fb_campaign_id");
    let ignored = report["ignored"].as_array().unwrap();
    let spent = ignored.iter().find(|ignored| ignored["column"] == "Spent").unwrap();
    assert!(spent["reason"].as_str().unwrap().contains("after click"), "{spent}");
    assert_ne!(report["chosen"], report["baseline"]);
    let copy = kag("KAG_conversion_data.original_cr_endings.csv").expect("beside the other");
    assert_eq!(facts(&predictor), facts(&copy));
}

#[test]
fn criteo_clicks_are_told_apart() {
    let Some(path) = shared_data("criteo_dac_sample/train.tsv") else { return };
    let table = read_table(path, false).unwrap();
    let numeric = (1..=13).map(|i| format!("c{i}"));
    let categorical = (14..=39).map(|i| format!("c{i}"));
    let recipe = CtrPredictor::params().target("c0").numeric(numeric).categorical(categorical);
    let report = recipe.fit(&table).unwrap().report().to_json();
    let model = |name: &serde_json::Value| {
        let models = report["models"].as_array().unwrap();
        models.iter().find(|model| model["name"] == *name).unwrap().clone()
    };
    // The base rate of the whole file has log loss 0.52069; out of fold it is a hair worse.
    let base = model(&report["baseline"])["log_loss"]["value"].as_f64().unwrap();
    assert!((base - 0.52069).abs() < 2e-4, "{base}");
    let auc = model(&report["chosen"])["auc"]["low"].as_f64().unwrap();
    assert!(auc > 0.65, "{auc}");
}

#[test]
fn a_feature_made_of_the_target_is_refused() {
    let columns = |n: usize| {
        let budget: Vec<f64> = (0..n).map(|row| 10.0 + ((row * 37) % 101) as f64).collect();
        [
            ("budget", Column::from(budget)),
            ("audience_size", Column::from(vec![1000.0; n])),
            ("month", Column::from((0..n).map(|row| (row % 12) as f64).collect::<Vec<_>>())),
        ]
    };
    let table = Table::from_columns(columns(200)).unwrap();
    let recipe = CtrPredictor::params().target("budget");
    let predictor = recipe.fit(&table).unwrap();
    assert!(!predictor.input_columns().contains(&"budget"), "{:?}", predictor.input_columns());
    assert!(
        predictor.report().ignored.iter().any(|ignored| ignored.column == "budget" && ignored.reason == "the target")
    );
    let error = recipe.numeric(["budget_per_audience", "month"]).fit(&table).unwrap_err();
    assert_eq!(error.to_string(), "column `budget` is the target and cannot be what a feature is derived from too");
}

#[test]
fn rates_that_are_served_are_rates() {
    let table = demo_table();
    let predictor = demo_recipe().fit(&table).unwrap();
    assert!(predictor.predict_table(&table).unwrap().iter().all(|rate| (0.0..=1.0).contains(rate)));
    // A model of a rate far outside what it has seen.
    let wide = CtrPredictor::params().rate("clicks", "impressions").numeric(["budget"]).folds(2).fit(&table).unwrap();
    let rate = wide.predict_one(&serde_json::json!({"budget": 1e12})).unwrap();
    assert!((0.0..=1.0).contains(&rate), "{rate}");
}

#[test]
fn a_candidate_of_ones_own_needs_no_named_columns() {
    let table = demo_table().select(&["clicks", "impressions", "ad_set_id"]).unwrap();
    let pipeline = FeaturePipeline::new().categorical(["ad_set_id"]);
    let recipe = CtrPredictor::params().rate("clicks", "impressions").folds(3);
    let own = recipe.candidate("own", pipeline, adsml::models::LogisticRegression::params());
    let predictor = own.fit(&table).unwrap();
    let names: Vec<&str> = predictor.report().models.iter().map(|model| model.name.as_str()).collect();
    assert_eq!((names.len(), names.contains(&"own")), (2, true), "{names:?}");
}

#[test]
fn a_feature_derived_from_a_late_column_is_refused_with_it() {
    let mut table = demo_table();
    table.set_provenance("budget", Provenance::AfterClick).unwrap();
    let recipe = CtrPredictor::params().rate("clicks", "impressions").folds(3);
    let recipe = recipe.numeric(["budget_per_audience", "relevance_score"]);
    assert_eq!(recipe.fit(&table).unwrap().input_columns(), ["relevance_score"]);
    let allowed = recipe.allow_leaks(true).fit(&table).unwrap();
    assert!(allowed.input_columns().contains(&"budget"), "{:?}", allowed.input_columns());
}
