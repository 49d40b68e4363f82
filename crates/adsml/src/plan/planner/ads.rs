//! The recipe for a canonical table of ads: which of its columns are what.

use adsml_core::Table;
use adsml_meta::Field;
use adsml_optimize::ResponseModel;

use super::BudgetPlannerParams;
use crate::{Error, Result};

impl BudgetPlannerParams {
    /// The recipe for a canonical table, as [`read_file`](crate::read_file) makes it of one of Meta's files: campaigns by name (by
    /// id without names), their daily spend, and the value of their conversions; conversions, or results, where no value is told.
    ///
    /// The last dates whose figures can still change, at most a week of them, are left out of learning.
    ///
    /// Every choice can be overridden by the setters.
    ///
    /// # Errors
    ///
    /// [`Error::NotStated`] for a table without campaigns, dates, spend, or anything that it brought.
    pub fn from_ads(table: &Table) -> Result<Self> {
        let varies = |field: &Field| {
            table.number(field.name()).is_ok_and(|values| values.iter().any(|value| !value.is_nan() && *value != 0.0))
        };
        let campaign =
            [Field::CampaignName, Field::CampaignId].into_iter().find(|field| table.get(field.name()).is_some());
        let campaign = campaign.ok_or(Error::NotStated { what: "the campaign", call: "`campaign`" })?;
        let is_daily = table.date(Field::DateStart.name()).is_ok() && varies(&Field::Spend);
        if !is_daily {
            return Err(Error::NotStated { what: "what was spent, by date", call: "`date` and `spend`" });
        }
        let mut recipe =
            Self::default().campaign(campaign.name()).date(Field::DateStart.name()).spend(Field::Spend.name());
        recipe = if varies(&Field::Value) {
            recipe.revenue(Field::Value.name())
        } else if let Some(field) = [Field::Conversions, Field::Results].iter().find(|field| varies(field)) {
            recipe.conversions(field.name())
        } else {
            return Err(Error::NotStated { what: "what spend brought", call: "`revenue` or `conversions`" });
        };
        recipe = recipe.curves(ResponseModel::params().immature_periods(immature_dates(table)));
        if table.category(Field::Currency.name()).is_ok() {
            recipe = recipe.currency_column(Field::Currency.name());
        }
        Ok(recipe)
    }
}

/// Dates whose figures can still change, at most those of a week: by then most of the response has arrived.
fn immature_dates(table: &Table) -> usize {
    const WEEK: usize = 7;
    let (Ok(maturity), Ok(dates)) = (table.category(Field::Maturity.name()), table.date(Field::DateStart.name()))
    else {
        return 0;
    };
    let immature = maturity.iter().zip(&dates.days).filter(|(maturity, _)| *maturity == Some("immature"));
    let mut dates: Vec<i32> = immature.map(|(_, &date)| date).collect();
    dates.sort_unstable();
    dates.dedup();
    dates.len().min(WEEK)
}
