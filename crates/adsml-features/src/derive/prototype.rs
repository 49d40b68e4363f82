//! The derived features and default lists of the prototype guide, under its names.

use super::DerivedFeature;

/// The 15 numeric features from which the prototype predicts CTR; those present are used.
pub const CTR_NUMERIC: [&str; 15] = [
    "budget",
    "audience_size",
    "creative_count",
    "relevance_score",
    "competition_level",
    "market_size",
    "budget_per_audience",
    "creative_diversity",
    "competition_ratio",
    "hour_sin",
    "hour_cos",
    "day_sin",
    "day_cos",
    "month_sin",
    "month_cos",
];

/// The 5 categorical features from which the prototype predicts CTR; those present are used.
pub const CTR_CATEGORICAL: [&str; 5] = ["objective", "placement", "device_platform", "age_range", "gender"];

/// The 19 features by which the prototype segments audiences; those present are used.
pub const AUDIENCE_FEATURES: [&str; 19] = [
    "engagement_rate",
    "conversion_rate",
    "cost_per_engagement",
    "cost_per_conversion",
    "audience_efficiency",
    "click_frequency",
    "conversion_frequency",
    "spend_frequency",
    "hour_sin",
    "hour_cos",
    "day_sin",
    "day_cos",
    "age_25_34",
    "age_35_44",
    "age_45_54",
    "gender_male",
    "gender_female",
    "interests_count",
    "behavior_score",
];

/// The nine derived columns of the prototype's CTR model.
///
/// ```text
/// budget_per_audience = budget / audience_size
/// creative_diversity  = creative_count / audience_size
/// competition_ratio   = competition_level / market_size
/// hour_sin, hour_cos  = sin, cos(2π·hour_of_day / 24)
/// day_sin, day_cos    = sin, cos(2π·day_of_week / 7)
/// month_sin, month_cos = sin, cos(2π·month / 12)
/// ```
pub fn ctr_features() -> Vec<DerivedFeature> {
    let mut features = vec![
        DerivedFeature::ratio("budget_per_audience", "budget", "audience_size"),
        DerivedFeature::ratio("creative_diversity", "creative_count", "audience_size"),
        DerivedFeature::ratio("competition_ratio", "competition_level", "market_size"),
    ];
    features.extend(hour_and_day());
    features.push(DerivedFeature::sine("month_sin", "month", 12.0));
    features.push(DerivedFeature::cosine("month_cos", "month", 12.0));
    features
}

/// The twelve derived columns of the prototype's audience segmentation.
///
/// ```text
/// engagement_rate      = clicks / impressions
/// conversion_rate      = conversions / clicks
/// cost_per_engagement  = spend / clicks
/// cost_per_conversion  = spend / conversions
/// audience_efficiency  = conversions / spend
/// click_frequency      = clicks / audience_size
/// conversion_frequency = conversions / audience_size
/// spend_frequency      = spend / audience_size
/// hour_sin, hour_cos, day_sin, day_cos   as for CTR
/// ```
pub fn audience_features() -> Vec<DerivedFeature> {
    let ratios = [
        ("engagement_rate", "clicks", "impressions"),
        ("conversion_rate", "conversions", "clicks"),
        ("cost_per_engagement", "spend", "clicks"),
        ("cost_per_conversion", "spend", "conversions"),
        ("audience_efficiency", "conversions", "spend"),
        ("click_frequency", "clicks", "audience_size"),
        ("conversion_frequency", "conversions", "audience_size"),
        ("spend_frequency", "spend", "audience_size"),
    ];
    let ratios = ratios.map(|(name, numerator, denominator)| DerivedFeature::ratio(name, numerator, denominator));
    ratios.into_iter().chain(hour_and_day()).collect()
}

fn hour_and_day() -> [DerivedFeature; 4] {
    [
        DerivedFeature::sine("hour_sin", "hour_of_day", 24.0),
        DerivedFeature::cosine("hour_cos", "hour_of_day", 24.0),
        DerivedFeature::sine("day_sin", "day_of_week", 7.0),
        DerivedFeature::cosine("day_cos", "day_of_week", 7.0),
    ]
}
