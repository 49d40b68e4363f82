//! Advertising tables to feature matrices: what columns say, made ready for models, and nothing learnt too early.
//!
//! A reader makes a [`Table`](adsml_core::Table); a [`FeaturePipeline`] is fitted on training rows and turns any table
//! with the same columns into a matrix; [`lint_leakage`] tells beforehand which columns give the answer away.
//!
//! | What | Type or function | Learns from |
//! |---|---|---|
//! | tables from CSV, JSON and records | [`CsvReader`], [`JsonReader`], [`table_from_records`] | – |
//! | ratios, places on a clock, calendar parts | [`derive()`], [`DerivedFeature`], [`ctr_features`], [`audience_features`] | the row alone |
//! | lags and trailing windows per entity | [`derive_history`], [`HistoryFeature`] | earlier rows only |
//! | rates of thin groups | [`shrunk_rates`], [`RatePrior`] (empirical Bayes) | all groups |
//! | categories | [`OneHotEncoder`], [`OrdinalEncoder`], [`FrequencyEncoder`] | training rows |
//! | categories by their target | [`TargetEncoder`], [`Smoothing`] | training rows, cross-fitted |
//! | gaps, tails, scales | [`Imputation`], [`Warp`], [`Scaler`] | training rows |
//! | all of it together | [`FeaturePipeline`], [`FittedPipeline`] | training rows |
//! | what gives the answer away | [`lint_leakage`], [`lint_matrix`], [`provenance_of`] | – |
//!
//! ```
//! use adsml_core::{Column, FitContext, FittedTransform, Ratio, Table, Target};
//! use adsml_features::{DerivedFeature, FeaturePipeline, LintOptions, LintTarget, lint_leakage};
//! use ndarray::Array1;
//!
//! let table = Table::from_columns([
//!     ("budget", Column::from([100.0, 250.0, 80.0, 120.0])),
//!     ("audience_size", Column::from([50_000.0, 0.0, 20_000.0, 60_000.0])),
//!     ("gender", Column::from(["female", "male", "male", "female"])),
//!     ("spend", Column::from([61.0, 190.0, 75.5, 101.0])),
//!     ("clicks", Column::from([120.0, 410.0, 95.0, 260.0])),
//!     ("impressions", Column::from([9_000.0, 40_000.0, 8_000.0, 21_000.0])),
//! ])?;
//!
//! // Spend is known only after the click: no feature for a model that predicts clicks.
//! let target = LintTarget::rate("clicks", "impressions");
//! let report = lint_leakage(&table, &target, &["budget", "gender", "spend"], &LintOptions::default())?;
//! assert_eq!(report.refused(), ["spend"]);
//!
//! let pipeline = FeaturePipeline::new()
//!     .derive([DerivedFeature::ratio("budget_per_audience", "budget", "audience_size")])
//!     .numeric(["budget"])
//!     .categorical(["gender"]);
//! let (clicks, impressions) = (table.number("clicks")?, table.number("impressions")?);
//! let ctr: Array1<f64> = clicks.iter().zip(impressions).map(|(&c, &i)| Ratio::new(c, i).or_missing()).collect();
//! let target = Target::new(ctr.view()).with_weight(Some(ndarray::aview1(impressions)));
//! let (fitted, matrix) = pipeline.fit_transform(&table, Some(&target), &FitContext::default())?;
//! assert_eq!(matrix.n_features(), 5); // budget, budget_per_audience and its indicator, two genders
//! assert_eq!(fitted.report().zero_denominators(), 1);
//!
//! // One row alone is transformed as among others.
//! assert_eq!(fitted.transform(&table.take_rows(&[2]))?.view().row(0), fitted.transform(&table)?.view().row(2));
//! # Ok::<(), adsml_features::FeatureError>(())
//! ```
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `parallel` | yes | columns and blocks of rows on several threads; results are the same without |
//! | `serde` | no | `Serialize` and `Deserialize` for options and reports |

mod derive;
mod encode;
mod error;
mod lint;
mod pipeline;
mod provenance;
mod read;

pub use derive::{
    AUDIENCE_FEATURES, CTR_CATEGORICAL, CTR_NUMERIC, CalendarPart, DerivedColumnReport, DerivedFeature, Formula,
    HistoryFeature, HistoryStatistic, RatePrior, ShrunkRate, ShrunkRates, TransformReport, audience_features,
    ctr_features, derive, derive_history, derive_present, shrunk_rates,
};
pub use encode::{
    Categories, FittedImputer, FittedScaler, FittedWarp, FrequencyEncoder, Imputation, MissingLevel, OneHotEncoder,
    OrdinalEncoder, Scaler, Smoothing, TargetEncoder, TargetEncoderParams, Warp,
};
pub use error::{FeatureError, Result};
pub use lint::{Finding, LeakageReport, LintOptions, LintTarget, Reason, Severity, lint_leakage, lint_matrix};
pub use pipeline::{
    CategoryEncoding, FeaturePipeline, FittedPipeline, IgnoredColumn, Indicator, NumericOptions, register,
};
pub use provenance::provenance_of;
pub use read::{
    ColumnReport, ColumnType, CsvReader, Decimal, JsonReader, Limits, LineEnding, Nested, Place, ReadError, ReadReport,
    table_from_records,
};
