//! The recipe for a canonical table of ads: which of its columns are what.

use std::collections::BTreeSet;

use adsml_core::{Column, Table};
use adsml_meta::Field;

use super::CtrPredictorParams;
use crate::{Error, Result};

/// Categories that are known before an ad is shown.
const CATEGORIES: [Field; 13] = [
    Field::Objective,
    Field::OptimizationGoal,
    Field::Age,
    Field::Gender,
    Field::Country,
    Field::Region,
    Field::PublisherPlatform,
    Field::PlatformPosition,
    Field::DevicePlatform,
    Field::ImpressionDevice,
    Field::Hour,
    Field::BudgetOwner,
    Field::AttributionSetting,
];

/// Objects from the finest up: what holds rows together.
const OBJECTS: [Field; 6] =
    [Field::AdId, Field::AdName, Field::AdSetId, Field::AdSetName, Field::CampaignId, Field::CampaignName];

impl CtrPredictorParams {
    /// The recipe for a canonical table, as [`read_file`](crate::read_file) makes it of one of Meta's files: link clicks out of
    /// impressions (all clicks where link clicks are not told), from what is known before the auction.
    ///
    /// Features are the breakdowns, objective, budgets and settings that vary, and the campaign where rows are finer than
    /// campaigns. Rows of one object (the finest with at least as many values as `folds`) stay together when rows are split;
    /// where there are too few objects, models are judged on later days. Where no column varies that is known beforehand, the
    /// objects themselves are the feature. Every choice can be overridden by the setters.
    ///
    /// # Errors
    ///
    /// [`Error::NotStated`] for a table without a level, impressions, or clicks.
    pub fn from_ads(table: &Table, folds: usize) -> Result<Self> {
        let has = |field: Field| table.number(field.name()).is_ok();
        let clicks = [Field::LinkClicks, Field::Clicks].into_iter().find(|field| has(*field));
        let is_canonical = table.category(Field::Level.name()).is_ok() && has(Field::Impressions);
        let Some(clicks) = clicks.filter(|_| is_canonical) else {
            return Err(Error::NotStated { what: "what to predict", call: "`rate` or `target`" });
        };
        let n_values = |field: Field| table.get(field.name()).map_or(0, distinct);
        let varies = |field: &Field| n_values(*field) > 1;
        let object = OBJECTS.into_iter().find(|field| n_values(*field) >= folds.max(2));
        let mut categorical: Vec<Field> = CATEGORIES.into_iter().filter(varies).collect();
        let campaign = [Field::CampaignId, Field::CampaignName].into_iter().find(varies);
        let finer = !matches!(object, Some(Field::CampaignId | Field::CampaignName));
        categorical.extend(campaign.filter(|_| object.is_some() && finer));
        let numeric: Vec<Field> = [Field::DailyBudget, Field::LifetimeBudget].into_iter().filter(varies).collect();
        let by_time = n_values(Field::DateStart) > folds
            && table
                .date(Field::DateStart.name())
                .is_ok_and(|date| date.days.iter().all(|&day| day != adsml_core::DateColumn::MISSING));
        let named = |fields: &[Field]| fields.iter().map(|field| field.name()).collect::<Vec<_>>();
        let mut recipe = Self::default().rate(clicks.name(), Field::Impressions.name()).folds(folds);
        let known_before = !categorical.is_empty() || !numeric.is_empty();
        if known_before && let Some(object) = object {
            recipe = recipe.group(object.name());
        } else {
            if !known_before {
                categorical.extend(OBJECTS.into_iter().find(varies));
            }
            if by_time {
                recipe = recipe.time(Field::DateStart.name());
            }
        }
        Ok(recipe.categorical(named(&categorical)).numeric(named(&numeric)))
    }
}

/// How many different values a column has, missing ones left out.
fn distinct(column: &Column) -> usize {
    match column {
        Column::Number(values) => {
            values.iter().filter(|value| !value.is_nan()).map(|value| value.to_bits()).collect::<BTreeSet<_>>().len()
        }
        Column::Category(column) => {
            let known = column.codes().iter().filter(|&&code| code != adsml_core::CategoryColumn::MISSING);
            known.collect::<BTreeSet<_>>().len()
        }
        Column::Date(column) => {
            let known = column.days.iter().filter(|&&day| day != adsml_core::DateColumn::MISSING);
            known.collect::<BTreeSet<_>>().len()
        }
        Column::Timestamp(column) => column.micros().iter().collect::<BTreeSet<_>>().len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_not_canonical_is_refused() {
        let table =
            Table::from_columns([("impressions", Column::from([1.0])), ("clicks", Column::from([1.0]))]).unwrap();
        assert!(matches!(CtrPredictorParams::from_ads(&table, 5), Err(Error::NotStated { .. })));
    }

    #[test]
    fn what_is_known_beforehand_is_used_and_objects_stay_together() {
        let table = Table::from_columns([
            ("level", Column::from(["ad_set"; 4])),
            ("ad_set_id", Column::from(["1", "2", "3", "4"])),
            ("campaign_id", Column::from(["7", "7", "8", "8"])),
            ("age", Column::from(["18-24", "25-34", "18-24", "25-34"])),
            ("gender", Column::from(["female"; 4])),
            ("impressions", Column::from([10.0, 20.0, 30.0, 40.0])),
            ("link_clicks", Column::from([1.0, 2.0, 3.0, 4.0])),
            ("clicks", Column::from([2.0, 3.0, 4.0, 5.0])),
            ("spend", Column::from([1.0, 2.0, 3.0, 4.0])),
        ])
        .unwrap();
        let recipe = CtrPredictorParams::from_ads(&table, 4).unwrap();
        assert_eq!(recipe.group.as_deref(), Some("ad_set_id"));
        assert_eq!(recipe.categorical, ["age", "campaign_id"]);
        assert!(recipe.numeric.is_empty() && recipe.time.is_none());
    }
}
