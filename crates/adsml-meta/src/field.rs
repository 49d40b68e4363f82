//! The columns of the canonical table.

use adsml_core::Provenance;

/// What a column of the canonical table holds.
///
/// Its [`name`](Self::name) is the column's name, the same for every source and every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Field {
    /// Id of the ad account, as text.
    AccountId,
    /// Name of the ad account.
    AccountName,
    /// Id of the campaign, as text.
    CampaignId,
    /// Name of the campaign.
    CampaignName,
    /// Id of the ad set, as text.
    AdSetId,
    /// Name of the ad set.
    AdSetName,
    /// Id of the ad, as text.
    AdId,
    /// Name of the ad.
    AdName,
    /// First day that the row covers, in the account's time zone.
    DateStart,
    /// Last day that the row covers; equal to the first for daily rows.
    DateStop,
    /// Level of the row: `account`, `campaign`, `ad_set`, `ad`.
    Level,
    /// Breakdown by age, such as `25-34`.
    Age,
    /// Breakdown by gender: `female`, `male`, `unknown`.
    Gender,
    /// Breakdown by country.
    Country,
    /// Breakdown by region.
    Region,
    /// Breakdown by platform, such as `instagram`.
    PublisherPlatform,
    /// Breakdown by placement, such as `feed`.
    PlatformPosition,
    /// Breakdown by kind of device, such as `mobile`.
    DevicePlatform,
    /// Breakdown by device, such as `iphone`.
    ImpressionDevice,
    /// Breakdown by hour, such as `13:00:00 - 13:59:59`.
    Hour,
    /// Objective of the campaign, such as `OUTCOME_SALES`.
    Objective,
    /// What the ad set is optimised for, such as `OFFSITE_CONVERSIONS`.
    OptimizationGoal,
    /// State of delivery, such as `active`.
    Delivery,
    /// Currency of every amount in the row, as three letters.
    Currency,
    /// Amount spent, in major units of the currency (61.27 euros).
    Spend,
    /// Times that ads were shown.
    Impressions,
    /// People that saw an ad. Not additive over days, breakdowns or ads; missing where it is not meaningful.
    Reach,
    /// Clicks of every kind.
    Clicks,
    /// Clicks on links.
    LinkClicks,
    /// Results, of the row's own indicator.
    Results,
    /// What the results count, such as `actions:link_click`.
    ResultIndicator,
    /// Conversions of the one chosen type.
    Conversions,
    /// The type that conversions are of; the same in every row that has any.
    ConversionType,
    /// Value of conversions, in major units of the currency.
    Value,
    /// The type that the value is of.
    ValueType,
    /// Who has the budget: `campaign` or `ad_set`.
    BudgetOwner,
    /// Daily budget, in minor units of the currency (1200 for 12.00 euros).
    DailyBudget,
    /// Lifetime budget, in minor units of the currency.
    LifetimeBudget,
    /// Attribution setting, as it is written.
    AttributionSetting,
    /// Whether the figures can still change: `mature` or `immature`.
    Maturity,
}

/// What kind of values a [`Field`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Date,
}

impl Field {
    /// Every field, in the order of the table's columns.
    pub const ALL: [Self; 40] = [
        Self::AccountId,
        Self::AccountName,
        Self::CampaignId,
        Self::CampaignName,
        Self::AdSetId,
        Self::AdSetName,
        Self::AdId,
        Self::AdName,
        Self::DateStart,
        Self::DateStop,
        Self::Level,
        Self::Age,
        Self::Gender,
        Self::Country,
        Self::Region,
        Self::PublisherPlatform,
        Self::PlatformPosition,
        Self::DevicePlatform,
        Self::ImpressionDevice,
        Self::Hour,
        Self::Objective,
        Self::OptimizationGoal,
        Self::Delivery,
        Self::Currency,
        Self::Spend,
        Self::Impressions,
        Self::Reach,
        Self::Clicks,
        Self::LinkClicks,
        Self::Results,
        Self::ResultIndicator,
        Self::Conversions,
        Self::ConversionType,
        Self::Value,
        Self::ValueType,
        Self::BudgetOwner,
        Self::DailyBudget,
        Self::LifetimeBudget,
        Self::AttributionSetting,
        Self::Maturity,
    ];

    /// What the row is about, from the account down.
    pub(crate) const ENTITIES: [Self; 8] = [
        Self::AccountId,
        Self::AccountName,
        Self::CampaignId,
        Self::CampaignName,
        Self::AdSetId,
        Self::AdSetName,
        Self::AdId,
        Self::AdName,
    ];

    /// What splits the figures of one object and day.
    pub(crate) const BREAKDOWNS: [Self; 9] = [
        Self::Age,
        Self::Gender,
        Self::Country,
        Self::Region,
        Self::PublisherPlatform,
        Self::PlatformPosition,
        Self::DevicePlatform,
        Self::ImpressionDevice,
        Self::Hour,
    ];

    /// Name of the column: `"ad_set_id"`, `"link_clicks"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AccountId => "account_id",
            Self::AccountName => "account_name",
            Self::CampaignId => "campaign_id",
            Self::CampaignName => "campaign_name",
            Self::AdSetId => "ad_set_id",
            Self::AdSetName => "ad_set_name",
            Self::AdId => "ad_id",
            Self::AdName => "ad_name",
            Self::DateStart => "date",
            Self::DateStop => "date_stop",
            Self::Level => "level",
            Self::Age => "age",
            Self::Gender => "gender",
            Self::Country => "country",
            Self::Region => "region",
            Self::PublisherPlatform => "publisher_platform",
            Self::PlatformPosition => "platform_position",
            Self::DevicePlatform => "device_platform",
            Self::ImpressionDevice => "impression_device",
            Self::Hour => "hour_window",
            Self::Objective => "objective",
            Self::OptimizationGoal => "optimization_goal",
            Self::Delivery => "delivery",
            Self::Currency => "currency",
            Self::Spend => "spend",
            Self::Impressions => "impressions",
            Self::Reach => "reach",
            Self::Clicks => "clicks",
            Self::LinkClicks => "link_clicks",
            Self::Results => "results",
            Self::ResultIndicator => "result_indicator",
            Self::Conversions => "conversions",
            Self::ConversionType => "conversion_type",
            Self::Value => "value",
            Self::ValueType => "value_type",
            Self::BudgetOwner => "budget_owner",
            Self::DailyBudget => "daily_budget_minor",
            Self::LifetimeBudget => "lifetime_budget_minor",
            Self::AttributionSetting => "attribution_setting",
            Self::Maturity => "maturity",
        }
    }

    /// The field of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// When the column's values become known, for models that predict what people do next.
    pub const fn provenance(self) -> Provenance {
        match self {
            Self::Impressions | Self::Reach | Self::Delivery => Provenance::AfterImpression,
            Self::Clicks | Self::LinkClicks | Self::Spend => Provenance::AfterClick,
            Self::Results
            | Self::ResultIndicator
            | Self::Conversions
            | Self::ConversionType
            | Self::Value
            | Self::ValueType
            | Self::Maturity => Provenance::AfterConversion,
            _ => Provenance::BeforeAuction,
        }
    }

    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::DateStart | Self::DateStop => Kind::Date,
            Self::Spend
            | Self::Impressions
            | Self::Reach
            | Self::Clicks
            | Self::LinkClicks
            | Self::Results
            | Self::Conversions
            | Self::Value
            | Self::DailyBudget
            | Self::LifetimeBudget => Kind::Number,
            _ => Kind::Text,
        }
    }

    pub(crate) const fn is_id(self) -> bool {
        matches!(self, Self::AccountId | Self::CampaignId | Self::AdSetId | Self::AdId)
    }

    pub(crate) const fn is_name(self) -> bool {
        matches!(self, Self::AccountName | Self::CampaignName | Self::AdSetName | Self::AdName)
    }
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl serde::Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
