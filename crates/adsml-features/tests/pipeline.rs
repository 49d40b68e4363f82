//! The pipeline keeps its promises: rows alone and together, columns in any order, saved and loaded.
#![allow(clippy::print_stdout)]

use adsml_core::{
    CategoryColumn, Column, DateColumn, FeatureColumn, FeatureKind, FitContext, FittedTransform, LoaderRegistry,
    ModelFile, Provenance, Seed, Table, Target, Transform,
};
use adsml_features::{
    CategoryEncoding, DerivedFeature, FeaturePipeline, Imputation, Indicator, NumericOptions, Scaler, Smoothing, Warp,
    register,
};
use ndarray::{ArrayView2, aview1};
use proptest::prelude::*;

/// Rows of budget (some missing), audience (some zero), a few and many levels (some missing), a day, a click.
type Row = (Option<f64>, u8, Option<u8>, Option<u16>, i32, bool);

fn row() -> impl Strategy<Value = Row> {
    (
        proptest::option::weighted(0.8, -1e3..1e6_f64),
        0..3_u8,
        proptest::option::weighted(0.9, 0..4_u8),
        proptest::option::weighted(0.9, 0..40_u16),
        0..2_000_i32,
        any::<bool>(),
    )
}

fn table(rows: &[Row]) -> Table {
    let text = |value: Option<u8>| value.map(|value| format!("level {value}"));
    Table::from_columns([
        ("budget", Column::from(rows.iter().map(|row| row.0.unwrap_or(f64::NAN)).collect::<Vec<_>>())),
        ("audience_size", Column::from(rows.iter().map(|row| f64::from(row.1)).collect::<Vec<_>>())),
        ("placement", Column::from(rows.iter().map(|row| text(row.2)).collect::<CategoryColumn>())),
        ("interest", Column::from(rows.iter().map(|row| row.3.map_or(f64::NAN, f64::from)).collect::<Vec<_>>())),
        ("date", Column::Date(DateColumn { days: rows.iter().map(|row| row.4).collect() })),
    ])
    .unwrap()
}

fn clicks(rows: &[Row]) -> Vec<f64> {
    rows.iter().map(|row| f64::from(u8::from(row.5))).collect()
}

fn pipeline(max_one_hot: usize) -> FeaturePipeline {
    let log = NumericOptions { warp: Warp::SignedLog, ..NumericOptions::default() };
    FeaturePipeline::new()
        .derive([
            DerivedFeature::ratio("budget_per_audience", "budget", "audience_size"),
            DerivedFeature::calendar("month", "date", adsml_features::CalendarPart::Month),
            DerivedFeature::sine("month_sin", "month", 12.0),
            DerivedFeature::ratio("not_possible", "budget", "market_size"),
        ])
        .numeric_with(["budget"], log)
        .categorical(["placement", "interest"])
        .categorical_with(["audience_size"], CategoryEncoding::Ordinal)
        .max_one_hot(max_one_hot)
}

fn bits(values: ArrayView2<'_, f64>) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_columns_threads_and_files_change_no_bit(rows in proptest::collection::vec(row(), 2..60), max_one_hot in 0..50_usize) {
        let (table, y) = (table(&rows), clicks(&rows));
        let target = Target::new(aview1(&y));
        let context = FitContext::default();
        let (fitted, training) = pipeline(max_one_hot).fit_transform(&table, Some(&target), &context).unwrap();
        let matrix = fitted.transform(&table).unwrap();
        prop_assert_eq!(matrix.columns(), training.columns());

        let turned = table.select(&["date", "interest", "placement", "audience_size", "budget"]).unwrap();
        let (other, other_training) = pipeline(max_one_hot).fit_transform(&turned, Some(&target), &context).unwrap();
        prop_assert_eq!(bits(other_training.view()), bits(training.view()));
        prop_assert_eq!(other_training.columns(), training.columns());
        prop_assert_eq!(bits(other.transform(&table).unwrap().view()), bits(matrix.view()));

        let one_thread = FitContext::default().with_threads(std::num::NonZeroUsize::MIN);
        let (_, alone) = pipeline(max_one_hot).fit_transform(&table, Some(&target), &one_thread).unwrap();
        prop_assert_eq!(bits(alone.view()), bits(training.view()));

        let bytes = fitted.to_file().unwrap().to_bytes();
        let mut registry = LoaderRegistry::new();
        register(&mut registry);
        let loaded = registry.load_transform(&ModelFile::from_bytes(&bytes).unwrap()).unwrap();
        prop_assert_eq!(loaded.feature_columns(), fitted.feature_columns());
        prop_assert_eq!(loaded.input_columns(), fitted.input_columns());
        prop_assert_eq!(loaded.to_file().unwrap().to_bytes(), bytes);
        for (at, row) in matrix.view().rows().into_iter().enumerate() {
            let single = loaded.transform(&table.take_rows(&[at])).unwrap();
            prop_assert_eq!(bits(single.view()), row.iter().map(|value| value.to_bits()).collect::<Vec<_>>());
        }
    }
}

#[test]
fn names_sources_kinds_and_provenance_are_told() {
    let rows = [
        (Some(10.0), 2, Some(1), Some(30), 0, true),
        (None, 0, Some(2), Some(31), 40, false),
        (Some(20.0), 1, None, Some(32), 80, true),
    ];
    let mut table = table(&rows);
    table.set_provenance("interest", Provenance::AfterImpression).unwrap();
    let y = clicks(&rows);
    let (fitted, matrix) =
        pipeline(2).fit_transform(&table, Some(&Target::new(aview1(&y))), &FitContext::default()).unwrap();
    let names: Vec<&str> = matrix.names().collect();
    assert_eq!(
        names,
        [
            "budget",
            "budget_missing",
            "budget_per_audience",
            "budget_per_audience_missing",
            "month",
            "month_sin",
            "placement=level 1",
            "placement=level 2",
            "placement=(missing)",
            "interest_target",
            "audience_size",
        ]
    );
    assert_eq!(fitted.feature_sources()[9], "interest");
    assert_eq!(fitted.input_columns(), ["budget", "audience_size", "date", "placement", "interest"]);
    assert_eq!(matrix.columns()[9].provenance, Provenance::AfterImpression);
    assert_eq!(matrix.columns()[2].provenance, Provenance::BeforeAuction);
    assert!(matches!(&matrix.columns()[10].kind, FeatureKind::Category { levels } if levels.len() == 3));
    insta::assert_snapshot!(fitted.report(), @r"
    derived column       missing inputs  zero denominators
    budget_per_audience               1                  0
    month                             0                  0
    month_sin                         0                  0
    out of 3 rows
    ");
}

#[test]
fn every_refusal_names_its_column() {
    let rows = [(Some(10.0), 2, Some(1), Some(30), 0, true), (None, 0, Some(2), None, 40, false)];
    let table = table(&rows);
    let y = clicks(&rows);
    let (target, context) = (Target::new(aview1(&y)), FitContext::default());
    let refuse =
        |pipeline: FeaturePipeline| Transform::fit(&pipeline, &table, Some(&target), &context).unwrap_err().to_string();
    let new = FeaturePipeline::new;
    let fitted = pipeline(2).fit(&table, Some(&target), &context).unwrap();
    let mut infinite = table.clone();
    infinite.replace("budget", Column::from([1.0, f64::INFINITY])).unwrap();
    let mut huge = table.clone();
    huge.replace("budget", Column::from([1.0, -1e308])).unwrap();
    let constant = NumericOptions { imputation: Imputation::Constant(1e200), ..NumericOptions::default() };
    let mut mistyped = table.clone();
    mistyped.replace("budget", Column::from(["ten", "twenty"])).unwrap();
    let transform = |table: &Table| fitted.transform(table).unwrap_err().to_string();
    let clip = NumericOptions { warp: Warp::Clip { low: 0.9, high: 0.1 }, ..NumericOptions::default() };
    let many = Table::from_columns([("ad", Column::from((0..10_001).map(f64::from).collect::<Vec<_>>()))]).unwrap();
    let wide = new().categorical_with(["ad"], CategoryEncoding::OneHot);
    let without_target = new().categorical_with(["interest"], CategoryEncoding::Target);
    let messages = [
        refuse(new()),
        refuse(new().numeric_if_present(["spend", "reach"])),
        refuse(new().numeric(["spend"])),
        refuse(new().numeric(["placement"])),
        refuse(new().categorical(["date"])),
        refuse(new().numeric(["budget", "budget"])),
        refuse(new().numeric(["budget"]).categorical(["budget"])),
        refuse(new().numeric_with(["budget"], clip)),
        refuse(new().numeric(["budget"]).n_folds(0)),
        without_target.fit(&table, None, &context).unwrap_err().to_string(),
        wide.fit(&many, None, &context).unwrap_err().to_string(),
        transform(&infinite),
        transform(&huge),
        new().numeric(["budget"]).fit(&huge, None, &context).unwrap_err().to_string(),
        refuse(new().numeric_with(["budget"], constant)),
        transform(&mistyped),
        transform(&table.select(&["budget", "date"]).unwrap()),
    ];
    let messages = messages.join("\n").replace(&"0".repeat(308), "e308");
    insta::assert_snapshot!(messages, @r"
    the pipeline has no features: none of its columns (none named) is in the table
    the pipeline has no features: none of its columns (spend, reach) is in the table
    the table has no column `spend`; it has budget, audience_size, placement, interest, date
    column `placement` holds category values, expected number
    column `date` holds date values, expected category or number
    column `budget` appears twice
    column `budget` is named as numeric and as categorical; name it once
    parameter `clip` is [0.9, 0.1], expected quantiles with 0 <= low < high <= 1
    parameter `n_folds` is 0, expected 2 or more
    `feature_pipeline` does not support the target encoding of column `interest` without a target
    one-hot encoding of column `ad` would make 10001 columns, expected at most 10000; use the target or frequency encoding
    column `budget` of sample 1 is inf, expected a finite number, or missing
    column `budget` of sample 1 is -1e308, expected a number within ±1e150, or missing
    column `budget` of sample 1 is -1e308, expected a number within ±1e150, or missing
    parameter `imputation of `budget`` is 1e200, expected a number within ±1e150
    column `budget` holds category values, expected number
    the table has no column `audience_size`; it has budget, date
    ");
}

#[test]
fn options_do_what_they_say() {
    let table = Table::from_columns([("count", Column::from([-3.0, f64::NAN, 0.0, 99.0]))]).unwrap();
    let values = |options: NumericOptions| {
        let pipeline = FeaturePipeline::new().numeric_with(["count"], options);
        pipeline.fit_transform(&table, None, &FitContext::default()).unwrap().1
    };
    let raw = values(NumericOptions::RAW);
    assert!(raw.view()[[1, 0]].is_nan() && raw.view()[[3, 0]] == 99.0 && raw.n_features() == 1);
    let options = NumericOptions {
        warp: Warp::SignedLog,
        imputation: Imputation::Constant(99.0),
        indicator: Indicator::Always,
        scaler: Scaler::MinMax,
    };
    let shaped = values(options);
    let at = |value: f64| (value - -(4.0_f64.ln())) / (100.0_f64.ln() + 4.0_f64.ln());
    let expected = [[0.0, 0.0], [1.0, 1.0], [at(0.0), 0.0], [1.0, 0.0]];
    for (row, expected) in shaped.view().rows().into_iter().zip(expected) {
        // One rounding of the logarithm.
        assert!((row[0] - expected[0]).abs() < 1e-15 && row[1] == expected[1], "{shaped:?}");
    }
}

#[test]
fn numbers_named_categorical_have_the_same_levels_in_text() {
    let numbers = Table::from_columns([("interest", Column::from([15.0, 16.0, 15.0]))]).unwrap();
    let text = Table::from_columns([("interest", Column::from(["16", "15", "7"]))]).unwrap();
    let pipeline = FeaturePipeline::new().categorical(["interest"]);
    let fitted = pipeline.fit(&numbers, None, &FitContext::default()).unwrap();
    let matrix = fitted.transform(&text).unwrap();
    assert_eq!(matrix.view(), ndarray::array![[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]]);
}

#[test]
fn damaged_pipelines_are_refused() {
    let rows = [(Some(10.0), 2, Some(1), Some(30), 0, true), (None, 0, Some(2), None, 40, false)];
    let y = clicks(&rows);
    let fitted = pipeline(1).fit(&table(&rows), Some(&Target::new(aview1(&y))), &FitContext::default()).unwrap();
    let file = fitted.to_file().unwrap();
    let numbers = file.f64("numbers").unwrap();
    let read = |file: &ModelFile| adsml_features::FittedPipeline::from_file(file).map(|_| ()).unwrap_err().to_string();
    let mut messages = Vec::new();
    for change in [
        |file: &mut ModelFile, numbers: &[f64]| {
            file.put_f64("numbers", &numbers[1..]);
        },
        |file: &mut ModelFile, numbers: &[f64]| {
            file.put_f64("numbers", &[numbers, &[1.0]].concat());
        },
        |file: &mut ModelFile, numbers: &[f64]| {
            file.put_f64("numbers", &vec![f64::NAN; numbers.len()]);
        },
        |file: &mut ModelFile, numbers: &[f64]| {
            file.put_f64("numbers", &vec![0.0; numbers.len()]);
        },
        |file: &mut ModelFile, _: &[f64]| {
            file.put_bytes("pipeline", br#"{"derived":[],"steps":[]}"#.to_vec());
        },
        |file: &mut ModelFile, _: &[f64]| {
            file.set_fact("version", 2);
        },
        |file: &mut ModelFile, _: &[f64]| {
            file.set_features(&[]);
        },
    ] {
        let mut file = file.clone();
        change(&mut file, &numbers);
        messages.push(read(&file));
    }
    insta::assert_snapshot!(messages.join("\n"), @r"
    model file refused: section `numbers`: has fewer entries than the pipeline needs
    model file refused: section `numbers`: has more entries than the pipeline needs
    model file refused: section `numbers`: entry 0 is not finite
    model file refused: section `numbers`: the scale of `budget` is zero
    model file refused: section `numbers`: has more entries than the pipeline needs
    model file refused: header: pipeline version 2, this program reads up to 1
    model file refused: header: the feature names are not those of the pipeline
    ");
}

/// A file of this pipeline text and these numbers, with these feature names.
fn crafted(steps: &serde_json::Value, numbers: &[f64], names: &[String]) -> ModelFile {
    let number = |name: &String| FeatureColumn {
        name: name.clone(),
        kind: FeatureKind::Number,
        provenance: Provenance::BeforeAuction,
    };
    let text = serde_json::json!({"derived": [], "steps": steps});
    let mut file = ModelFile::new("feature_pipeline");
    file.set_features(&names.iter().map(number).collect::<Vec<_>>())
        .set_fact("version", 1)
        .put_bytes("pipeline", text.to_string().into_bytes())
        .put_f64("numbers", numbers);
    file
}

#[test]
fn hostile_pipelines_are_refused_at_once() {
    use serde_json::{Value, json};
    let known = Provenance::BeforeAuction.as_str();
    let numeric = |input: &str| json!({"input": input, "known": known, "kind": "numeric", "warp": "none", "imputed": false, "indicator": false});
    let one_hot = |input: &str, n: usize| {
        let levels: Vec<String> = (0..n).map(|level| level.to_string()).collect();
        json!({"input": input, "known": known, "kind": "one_hot", "levels": levels, "missing": false})
    };
    let names = |n: usize| (0..n).map(|at| at.to_string()).collect::<Vec<_>>();
    let read = |steps: Vec<Value>, numbers: &[f64], names: &[String]| {
        let file = crafted(&Value::Array(steps), numbers, names);
        adsml_features::FittedPipeline::from_file(&file).unwrap_err().to_string()
    };
    let many = 100_000;
    let messages = [
        read(vec![numeric("a"); many], &[0.0, 1.0].repeat(many), &names(many)),
        read(vec![one_hot("a", 10_001)], &[], &names(10_001)),
        read((0..101).map(|at| one_hot(&at.to_string(), 10_000)).collect(), &[], &names(1_010_000)),
        // A long name times many levels: more text than the file has.
        read(vec![one_hot(&"a".repeat(1_000_000), 10_000)], &[], &names(10_000)),
        read(vec![numeric("a")], &[0.0, 1e-300], &names(1)),
        read(vec![numeric("a")], &[1e300, 1.0], &names(1)),
    ];
    insta::assert_snapshot!(messages.join("\n"), @r"
    model file refused: section `pipeline`: column `a` appears twice
    model file refused: section `pipeline`: one-hot encoding of `a` has 10001 levels, expected at most 10000
    model file refused: section `pipeline`: 1010000 features, expected at most 1000000
    model file refused: header: the feature names are not those of the pipeline
    model file refused: section `numbers`: the scale of `a` is below 1e-150
    model file refused: section `numbers`: a number of `a` lies beyond ±1e150
    ");
}

#[test]
fn the_largest_numbers_stay_finite() {
    let table = Table::from_columns([("a", Column::from([-1e150, 1e150, 1e150, 0.0]))]).unwrap();
    for scaler in [Scaler::Standard, Scaler::Robust, Scaler::MinMax, Scaler::Keep] {
        let pipeline = FeaturePipeline::new().numeric_with(["a"], NumericOptions { scaler, ..Default::default() });
        let (_, matrix) = pipeline.fit_transform(&table, None, &FitContext::default()).unwrap();
        assert!(matrix.view().iter().all(|value| value.is_finite()), "{scaler:?}: {matrix:?}");
    }
}

#[test]
fn a_pipeline_may_have_no_features_when_told_so() {
    let table = Table::from_columns([("budget", Column::from([1.0, 2.0, 3.0]))]).unwrap();
    let pipeline = FeaturePipeline::new().numeric_if_present(["spend"]).allow_empty(true);
    let (fitted, matrix) = pipeline.fit_transform(&table, None, &FitContext::default()).unwrap();
    assert_eq!(matrix.view().dim(), (3, 0));
    let mut registry = LoaderRegistry::new();
    register(&mut registry);
    let bytes = fitted.to_file().unwrap().to_bytes();
    let loaded = registry.load_transform(&ModelFile::from_bytes(&bytes).unwrap()).unwrap();
    assert!(loaded.feature_columns().is_empty() && loaded.input_columns().is_empty());
    assert_eq!(loaded.transform(&table).unwrap().view().dim(), (3, 0));
    assert_eq!(loaded.transform(&table.take_rows(&[])).unwrap().view().dim(), (0, 0));
}

/// Area under the ROC curve, by counting pairs; ties count half.
fn auc(score: &[f64], label: &[f64]) -> f64 {
    let (mut wins, mut pairs) = (0.0, 0.0);
    for (i, _) in label.iter().enumerate().filter(|(_, y)| **y == 1.0) {
        for (j, _) in label.iter().enumerate().filter(|(_, y)| **y == 0.0) {
            wins += if score[i] > score[j] { 1.0 } else { f64::from(u8::from(score[i] == score[j])) / 2.0 };
            pairs += 1.0;
        }
    }
    wins / pairs
}

/// The slope of a least-squares line: its sign is all that an AUC needs.
fn slope(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
}

#[test]
fn noise_is_worth_nothing_out_of_fold_and_something_encoded_on_all_rows() {
    const N: usize = 5_000;
    const PERMUTATIONS: usize = 200;
    let levels: CategoryColumn = (0..N).map(|row| Some((row * 7_919 % 1_000).to_string())).collect();
    let table = Table::from_columns([("ad", Column::from(levels))]).unwrap();
    let clicks: Vec<f64> = (0..N).map(|row| f64::from(u8::from(row < N / 10))).collect();
    for smoothing in [Smoothing::Auto, Smoothing::Variance] {
        let pipeline = FeaturePipeline::new().categorical_with(["ad"], CategoryEncoding::Target).smoothing(smoothing);
        let pairs = adsml_core::parallel::map(PERMUTATIONS, adsml_core::parallel::available_threads(), |permutation| {
            let mut y = clicks.clone();
            Seed::new(1).stream("labels", permutation as u64).shuffle(&mut y);
            let context = FitContext::seeded(permutation as u64).with_threads(std::num::NonZeroUsize::MIN);
            let all = pipeline.fit(&table, Some(&Target::new(aview1(&y))), &context).unwrap();
            let all = all.transform(&table).unwrap().view().column(0).to_vec();
            let (mut honest, mut leaked) = (0.0, 0.0);
            for fold in 0..5 {
                let rows = |inside: bool| (0..N).filter(|row| (row / 7 % 5 == fold) == inside).collect::<Vec<_>>();
                let (train, test) = (rows(false), rows(true));
                let pick = |values: &[f64], rows: &[usize]| rows.iter().map(|&row| values[row]).collect::<Vec<_>>();
                let (y_train, y_test) = (pick(&y, &train), pick(&y, &test));
                let target = Target::new(aview1(&y_train));
                let (fitted, x) = pipeline.fit_transform(&table.take_rows(&train), Some(&target), &context).unwrap();
                let sign = slope(&x.view().column(0).to_vec(), &y_train).signum();
                let score = fitted.transform(&table.take_rows(&test)).unwrap().view().column(0).mapv(|x| sign * x);
                honest += auc(&score.to_vec(), &y_test) / 5.0;
                let sign = slope(&pick(&all, &train), &y_train).signum();
                leaked += auc(&pick(&all, &test).iter().map(|x| sign * x).collect::<Vec<_>>(), &y_test) / 5.0;
            }
            (honest, leaked)
        });
        let n = PERMUTATIONS as f64;
        let (honest, leaked) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0 / n, sum.1 + pair.1 / n));
        let variance = pairs.iter().map(|pair| (pair.0 - honest).powi(2)).sum::<f64>() / (n - 1.0);
        let error = (variance / n).sqrt();
        println!(
            "{smoothing:?}: AUC {honest:.4} (Monte-Carlo standard error {error:.4}), encoded on all rows {leaked:.4}"
        );
        assert!((honest - 0.5).abs() < (3.0 * error).min(0.005), "{smoothing:?}: {honest}, standard error {error}");
        assert!(leaked > 0.6, "{smoothing:?}: {leaked}");
    }
}
