//! One row of the canonical table, typed.

use adsml_core::{CategoryColumn, Column, DateColumn, Table};
use jiff::civil::Date;

use crate::field::Kind;
use crate::{BudgetOwner, Delivery, Field, Gender, Level, Maturity, MetaError, Objective, Result};

/// One row of the canonical table: an object (account, campaign, ad set or ad) over some days, perhaps one segment of it.
///
/// What the source does not say is `None`, never zero. The same facts as in the [`Table`], one column per field.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct AdRow {
    /// Id of the ad account, as text.
    pub account_id: Option<String>,
    /// Name of the ad account.
    pub account_name: Option<String>,
    /// Id of the campaign, as text.
    pub campaign_id: Option<String>,
    /// Name of the campaign.
    pub campaign_name: Option<String>,
    /// Id of the ad set, as text.
    pub ad_set_id: Option<String>,
    /// Name of the ad set.
    pub ad_set_name: Option<String>,
    /// Id of the ad, as text.
    pub ad_id: Option<String>,
    /// Name of the ad.
    pub ad_name: Option<String>,
    /// First day that the row covers, in the account's time zone.
    pub date: Option<Date>,
    /// Last day that the row covers; equal to the first for daily rows.
    pub date_stop: Option<Date>,
    /// What the row is about.
    pub level: Option<Level>,
    /// Breakdown by age, such as `25-34`.
    pub age: Option<String>,
    /// Breakdown by gender.
    pub gender: Option<Gender>,
    /// Breakdown by country.
    pub country: Option<String>,
    /// Breakdown by region.
    pub region: Option<String>,
    /// Breakdown by platform, such as `instagram`.
    pub publisher_platform: Option<String>,
    /// Breakdown by placement, such as `feed`.
    pub platform_position: Option<String>,
    /// Breakdown by kind of device, such as `mobile`.
    pub device_platform: Option<String>,
    /// Breakdown by device, such as `iphone`.
    pub impression_device: Option<String>,
    /// Breakdown by hour, such as `13:00:00 - 13:59:59`.
    pub hour_window: Option<String>,
    /// Objective of the campaign.
    pub objective: Option<Objective>,
    /// What the ad set is optimised for, such as `OFFSITE_CONVERSIONS`.
    pub optimization_goal: Option<String>,
    /// State of delivery.
    pub delivery: Option<Delivery>,
    /// Currency of every amount in the row, as three letters.
    pub currency: Option<String>,
    /// Amount spent, in major units of the currency.
    pub spend: Option<f64>,
    /// Times that ads were shown.
    pub impressions: Option<f64>,
    /// People that saw an ad; not additive.
    pub reach: Option<f64>,
    /// Clicks of every kind.
    pub clicks: Option<f64>,
    /// Clicks on links.
    pub link_clicks: Option<f64>,
    /// Results, of the row's own indicator.
    pub results: Option<f64>,
    /// What the results count, such as `actions:link_click`.
    pub result_indicator: Option<String>,
    /// Conversions of the one chosen type.
    pub conversions: Option<f64>,
    /// The type that conversions are of.
    pub conversion_type: Option<String>,
    /// Value of conversions, in major units of the currency.
    pub value: Option<f64>,
    /// The type that the value is of.
    pub value_type: Option<String>,
    /// Who has the budget.
    pub budget_owner: Option<BudgetOwner>,
    /// Daily budget, in minor units of the currency.
    pub daily_budget_minor: Option<i64>,
    /// Lifetime budget, in minor units of the currency.
    pub lifetime_budget_minor: Option<i64>,
    /// Attribution setting, as it is written.
    pub attribution_setting: Option<String>,
    /// Whether the figures can still change.
    pub maturity: Option<Maturity>,
}

/// A value of a row on its way into or out of a column.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    Text(Option<String>),
    Number(Option<f64>),
    Date(Option<Date>),
}

impl AdRow {
    /// A row without any fact: to be filled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Row `row` of a canonical table; columns that the table lacks are `None`.
    ///
    /// # Errors
    ///
    /// [`MetaError::BadRow`] for a word or number that the field cannot have; [`MetaError::Core`] for a column of
    /// another kind.
    ///
    /// # Panics
    ///
    /// When `row` is not smaller than the number of rows.
    pub fn from_table(table: &Table, row: usize) -> Result<Self> {
        let mut found = Self::default();
        for field in Field::ALL.into_iter().filter(|field| table.get(field.name()).is_some()) {
            let name = field.name();
            let cell = match field.kind() {
                Kind::Text => Cell::Text(table.category(name)?.get(row).map(str::to_owned)),
                Kind::Number => Cell::Number(Some(table.number(name)?[row]).filter(|value| !value.is_nan())),
                Kind::Date => match table.date(name)?.get(row) {
                    None => Cell::Date(None),
                    Some(day) => {
                        let date = crate::date::to_civil(day);
                        let bad = || bad_row(row, field, &format!("day {day}"), "a day of the years -9999 to 9999");
                        Cell::Date(Some(date.ok_or_else(bad)?))
                    }
                },
            };
            found.set(field, cell).map_err(|(value, expected)| bad_row(row, field, &value, expected))?;
        }
        Ok(found)
    }

    /// A canonical table of these rows: every field that at least one row has, in the order of [`Field::ALL`].
    pub fn to_table(rows: &[Self]) -> Table {
        let mut table = Table::new();
        for field in Field::ALL {
            let cells: Vec<Cell> = rows.iter().map(|row| row.get(field)).collect();
            let column = match field.kind() {
                Kind::Text => {
                    let texts =
                        cells.iter().map(|cell| if let Cell::Text(text) = cell { text.as_deref() } else { None });
                    Column::Category(texts.collect::<CategoryColumn>())
                }
                Kind::Number => {
                    let numbers = cells.iter().map(|cell| if let Cell::Number(number) = cell { *number } else { None });
                    Column::Number(numbers.map(|number| number.unwrap_or(f64::NAN)).collect())
                }
                Kind::Date => {
                    let dates = cells.iter().map(|cell| if let Cell::Date(date) = cell { *date } else { None });
                    let days = dates.map(|date| date.map_or(DateColumn::MISSING, crate::date::from_civil)).collect();
                    Column::Date(DateColumn { days })
                }
            };
            if column.n_missing() < column.len() {
                crate::builder::push_field(&mut table, field, column);
            }
        }
        table
    }

    fn get(&self, field: Field) -> Cell {
        let text = |text: &Option<String>| Cell::Text(text.clone());
        let word = |word: Option<&str>| Cell::Text(word.map(str::to_owned));
        let whole = |number: Option<i64>| Cell::Number(number.map(|number| number as f64));
        match field {
            Field::AccountId => text(&self.account_id),
            Field::AccountName => text(&self.account_name),
            Field::CampaignId => text(&self.campaign_id),
            Field::CampaignName => text(&self.campaign_name),
            Field::AdSetId => text(&self.ad_set_id),
            Field::AdSetName => text(&self.ad_set_name),
            Field::AdId => text(&self.ad_id),
            Field::AdName => text(&self.ad_name),
            Field::DateStart => Cell::Date(self.date),
            Field::DateStop => Cell::Date(self.date_stop),
            Field::Level => word(self.level.map(Level::as_str)),
            Field::Age => text(&self.age),
            Field::Gender => word(self.gender.as_ref().map(Gender::as_str)),
            Field::Country => text(&self.country),
            Field::Region => text(&self.region),
            Field::PublisherPlatform => text(&self.publisher_platform),
            Field::PlatformPosition => text(&self.platform_position),
            Field::DevicePlatform => text(&self.device_platform),
            Field::ImpressionDevice => text(&self.impression_device),
            Field::Hour => text(&self.hour_window),
            Field::Objective => word(self.objective.as_ref().map(Objective::as_str)),
            Field::OptimizationGoal => text(&self.optimization_goal),
            Field::Delivery => word(self.delivery.as_ref().map(Delivery::as_str)),
            Field::Currency => text(&self.currency),
            Field::Spend => Cell::Number(self.spend),
            Field::Impressions => Cell::Number(self.impressions),
            Field::Reach => Cell::Number(self.reach),
            Field::Clicks => Cell::Number(self.clicks),
            Field::LinkClicks => Cell::Number(self.link_clicks),
            Field::Results => Cell::Number(self.results),
            Field::ResultIndicator => text(&self.result_indicator),
            Field::Conversions => Cell::Number(self.conversions),
            Field::ConversionType => text(&self.conversion_type),
            Field::Value => Cell::Number(self.value),
            Field::ValueType => text(&self.value_type),
            Field::BudgetOwner => word(self.budget_owner.map(BudgetOwner::as_str)),
            Field::DailyBudget => whole(self.daily_budget_minor),
            Field::LifetimeBudget => whole(self.lifetime_budget_minor),
            Field::AttributionSetting => text(&self.attribution_setting),
            Field::Maturity => word(self.maturity.map(Maturity::as_str)),
        }
    }

    /// Sets a field, or gives back what is wrong and what was expected.
    fn set(&mut self, field: Field, cell: Cell) -> Result<(), (String, &'static str)> {
        match cell {
            Cell::Date(date) => match field {
                Field::DateStart => self.date = date,
                _ => self.date_stop = date,
            },
            Cell::Number(number) => match field {
                Field::Spend => self.spend = number,
                Field::Impressions => self.impressions = number,
                Field::Reach => self.reach = number,
                Field::Clicks => self.clicks = number,
                Field::LinkClicks => self.link_clicks = number,
                Field::Results => self.results = number,
                Field::Conversions => self.conversions = number,
                Field::Value => self.value = number,
                Field::DailyBudget => self.daily_budget_minor = whole(number)?,
                _ => self.lifetime_budget_minor = whole(number)?,
            },
            Cell::Text(text) => match field {
                Field::AccountId => self.account_id = text,
                Field::AccountName => self.account_name = text,
                Field::CampaignId => self.campaign_id = text,
                Field::CampaignName => self.campaign_name = text,
                Field::AdSetId => self.ad_set_id = text,
                Field::AdSetName => self.ad_set_name = text,
                Field::AdId => self.ad_id = text,
                Field::AdName => self.ad_name = text,
                Field::Level => self.level = word(text, Level::from_word, "account, campaign, ad_set or ad")?,
                Field::Age => self.age = text,
                Field::Gender => self.gender = text.map(|text| Gender::from(text.as_str())),
                Field::Country => self.country = text,
                Field::Region => self.region = text,
                Field::PublisherPlatform => self.publisher_platform = text,
                Field::PlatformPosition => self.platform_position = text,
                Field::DevicePlatform => self.device_platform = text,
                Field::ImpressionDevice => self.impression_device = text,
                Field::Hour => self.hour_window = text,
                Field::Objective => self.objective = text.map(|text| Objective::from(text.as_str())),
                Field::OptimizationGoal => self.optimization_goal = text,
                Field::Delivery => self.delivery = text.map(|text| Delivery::from(text.as_str())),
                Field::Currency => self.currency = text,
                Field::ResultIndicator => self.result_indicator = text,
                Field::ConversionType => self.conversion_type = text,
                Field::ValueType => self.value_type = text,
                Field::BudgetOwner => self.budget_owner = word(text, BudgetOwner::from_word, "campaign or ad_set")?,
                Field::AttributionSetting => self.attribution_setting = text,
                _ => self.maturity = word(text, Maturity::from_word, "mature or immature")?,
            },
        }
        Ok(())
    }
}

fn bad_row(row: usize, field: Field, value: &str, expected: &'static str) -> MetaError {
    MetaError::BadRow { row, column: field.name(), value: crate::error::shorten(value), expected }
}

fn word<T>(
    text: Option<String>,
    read: impl Fn(&str) -> Option<T>,
    expected: &'static str,
) -> Result<Option<T>, (String, &'static str)> {
    text.map(|text| read(&text).ok_or((text, expected))).transpose()
}

/// An integer that a number holds exactly.
fn whole(number: Option<f64>) -> Result<Option<i64>, (String, &'static str)> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number {
        None => Ok(None),
        Some(number) if number.fract() == 0.0 && number.abs() <= EXACT => Ok(Some(number as i64)),
        Some(number) => Err((number.to_string(), "a whole number of minor units")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_survives_the_table() {
        let row = AdRow {
            ad_set_id: Some("120210000000000201".to_owned()),
            date: Some(jiff::civil::date(2026, 9, 7)),
            level: Some(Level::AdSet),
            gender: Some(Gender::Other("nonbinary".to_owned())),
            objective: Some(Objective::Sales),
            spend: Some(61.27),
            budget_owner: Some(BudgetOwner::AdSet),
            daily_budget_minor: Some(12_000),
            maturity: Some(Maturity::Immature),
            ..AdRow::new()
        };
        let table = AdRow::to_table(&[row.clone(), AdRow::new()]);
        assert_eq!(table.n_columns(), 9);
        assert_eq!(AdRow::from_table(&table, 0).unwrap(), row);
        assert_eq!(AdRow::from_table(&table, 1).unwrap(), AdRow::new());
    }

    #[test]
    fn a_table_that_is_not_canonical_is_refused_by_name() {
        let mut table = AdRow::to_table(&[AdRow { level: Some(Level::Ad), ..AdRow::new() }]);
        table.replace("level", Column::from(["planet"])).unwrap();
        let error = AdRow::from_table(&table, 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "row 0, counted from 0: `level` is `planet`, expected account, campaign, ad_set or ad"
        );
    }
}
