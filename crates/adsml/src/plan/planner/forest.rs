//! The prototype's forest as the curves that a plan is made for.

use adsml_core::{CategoryColumn, Column, FitContext, Table, calendar};
use adsml_optimize::{CampaignHistory, CampaignResponse, Currency, History, ResponseModel};

use super::super::model_response::ModelResponse;
use super::super::prototype_forest::{PrototypeContext, PrototypeForest};
use crate::Result;

/// Features that a date says.
const CALENDAR: [&str; 2] = ["day_of_week", "month"];

/// A response for every campaign of the model, in its order, from the same campaign days, for the first period to come.
pub(super) fn responses(
    history: &History,
    model: &ResponseModel,
    currency: &Currency,
    context: &FitContext<'_>,
) -> Result<Vec<ModelResponse>> {
    let learnt: Vec<&CampaignHistory> =
        history.campaigns().iter().filter(|campaign| model.campaign(&campaign.id).is_some()).collect();
    let usual = PrototypeContext::on(model.last_date() + model.period());
    context.progress("grow the prototype's forest", 0, None);
    let table = table(history, &learnt, model.last_date(), &usual)?;
    let forest = PrototypeForest::params().fit_with(&table, context)?;
    let params = ModelResponse::params().currency(currency).unit(history.unit());
    let response = |campaign: &CampaignResponse| {
        let rows = learnt.iter().find(|known| known.id == campaign.id());
        let mean = |at: usize| {
            let values = rows.iter().flat_map(|rows| &rows.context).map(|numbers| numbers[at]);
            values.clone().sum::<f64>() / values.count().max(1) as f64
        };
        let mut there = usual;
        for (at, name) in history.context().iter().enumerate() {
            if let Some(field) = field(&mut there, name) {
                *field = mean(at);
            }
        }
        forest.response_with(campaign.id(), &there, &params)
    };
    model.campaigns().iter().map(response).collect()
}

/// The forest's table of campaign days up to `last`; what the history does not name is as usual on every row.
fn table(history: &History, campaigns: &[&CampaignHistory], last: i32, usual: &PrototypeContext) -> Result<Table> {
    let rows: Vec<(&CampaignHistory, usize)> = campaigns
        .iter()
        .flat_map(|campaign| (0..campaign.dates.len()).map(move |at| (*campaign, at)))
        .filter(|(campaign, at)| campaign.dates[*at] <= last)
        .collect();
    let ids: CategoryColumn = rows.iter().map(|(campaign, _)| Some(campaign.id.as_str())).collect();
    let mut table = Table::from_columns([("campaign_id", Column::from(ids))])?;
    let mut push = |name: &str, of: &dyn Fn(&CampaignHistory, usize) -> f64| {
        let values = rows.iter().map(|(campaign, at)| of(campaign, *at)).collect();
        table.push(name, Column::Number(values))
    };
    push(PrototypeForest::FEATURES[0], &|campaign, at| campaign.spend[at])?;
    push("roas", &|campaign, at| match campaign.spend[at] {
        spend if spend > 0.0 => campaign.response[at] / spend,
        _ => f64::NAN,
    })?;
    push(CALENDAR[0], &|campaign, at| f64::from(calendar::day_of_week(campaign.dates[at])))?;
    push(CALENDAR[1], &|campaign, at| f64::from(calendar::date(campaign.dates[at]).1))?;
    for name in &PrototypeForest::FEATURES[1..] {
        let held = field(&mut { *usual }, name).copied();
        match (held, history.context().iter().position(|known| known == name)) {
            (None, _) => {}
            (_, Some(number)) => push(name, &|campaign, at| campaign.context[at][number])?,
            (Some(value), None) => push(name, &|_, _| value)?,
        }
    }
    Ok(table)
}

/// A feature that no date says.
fn field<'a>(context: &'a mut PrototypeContext, name: &str) -> Option<&'a mut f64> {
    Some(match name {
        "hour_of_day" => &mut context.hour_of_day,
        "seasonality_factor" => &mut context.seasonality_factor,
        "competition_level" => &mut context.competition_level,
        "audience_size" => &mut context.audience_size,
        "creative_count" => &mut context.creative_count,
        "relevance_score" => &mut context.relevance_score,
        _ => return None,
    })
}
