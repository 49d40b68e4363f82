//! Names of columns and keys as programs write them: the Insights API, and the tables of warehouse connectors.

use super::Meaning::{
    self, ActionValues, Actions, Day, Derived, Is, Leads, PurchaseValue, Purchases, RowId, Unused, Version,
};
use crate::Field;

/// What a key of an Insights row, or a column of a connector's table, means.
///
/// `clicks` are all clicks here; in the reports of the dbt package they are link clicks, which its reader knows.
pub(crate) fn machine_meaning(name: &str) -> Option<Meaning> {
    Some(match name {
        "account_id" => Is(Field::AccountId),
        "account_name" => Is(Field::AccountName),
        "campaign_id" => Is(Field::CampaignId),
        "campaign_name" => Is(Field::CampaignName),
        "adset_id" | "ad_set_id" => Is(Field::AdSetId),
        "adset_name" | "ad_set_name" => Is(Field::AdSetName),
        "ad_id" => Is(Field::AdId),
        "ad_name" => Is(Field::AdName),
        "date_start" => Is(Field::DateStart),
        "date_stop" => Is(Field::DateStop),
        "date" | "date_day" => Day,
        "age" => Is(Field::Age),
        "gender" => Is(Field::Gender),
        "country" => Is(Field::Country),
        "region" => Is(Field::Region),
        "publisher_platform" => Is(Field::PublisherPlatform),
        "platform_position" => Is(Field::PlatformPosition),
        "device_platform" => Is(Field::DevicePlatform),
        "impression_device" => Is(Field::ImpressionDevice),
        "hourly_stats_aggregated_by_advertiser_time_zone" | "hourly_stats_aggregated_by_audience_time_zone" => {
            Is(Field::Hour)
        }
        "objective" => Is(Field::Objective),
        "optimization_goal" => Is(Field::OptimizationGoal),
        "account_currency" | "currency" => Is(Field::Currency),
        "spend" => Is(Field::Spend),
        "impressions" => Is(Field::Impressions),
        "reach" => Is(Field::Reach),
        "clicks" => Is(Field::Clicks),
        "inline_link_clicks" | "link_clicks" => Is(Field::LinkClicks),
        "attribution_setting" => Is(Field::AttributionSetting),
        "actions" => Actions,
        "action_values" => ActionValues,
        "purchase" | "purchases" => Purchases,
        "conversion_value" | "purchase_value" => PurchaseValue,
        "lead" | "leads" => Leads,
        "conversions" => Is(Field::Conversions),
        "conversions_value" => Is(Field::Value),
        "_fivetran_synced"
        | "updated_time"
        | "_airbyte_extracted_at"
        | "_airbyte_emitted_at"
        | "_sdc_batched_at"
        | "_sdc_extracted_at" => Version,
        "_fivetran_id" => RowId,
        "cpm"
        | "cpc"
        | "ctr"
        | "cpp"
        | "frequency"
        | "cost_per_action_type"
        | "purchase_roas"
        | "cost_per_result"
        | "inline_link_click_ctr"
        | "cost_per_inline_link_click"
        | "website_purchase_roas" => Derived,
        _ if name.starts_with("_fivetran") || name.starts_with("_airbyte") || name.starts_with("_sdc") => Unused,
        _ if name.starts_with("_dlt") || name == "source_relation" => Unused,
        _ => return None,
    })
}
