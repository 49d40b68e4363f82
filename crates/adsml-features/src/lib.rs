//! Advertising tables to feature matrices.

mod derive;
mod encode;
mod error;
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
pub use pipeline::{
    CategoryEncoding, FeaturePipeline, FittedPipeline, IgnoredColumn, Indicator, NumericOptions, register,
};
pub use provenance::provenance_of;
pub use read::{
    ColumnReport, ColumnType, CsvReader, Decimal, Limits, LineEnding, Place, ReadError, ReadReport,
};
