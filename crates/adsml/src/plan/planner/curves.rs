//! Which curves a plan is made for.

use std::collections::BTreeMap;

use adsml_core::FitContext;
use adsml_optimize::{Currency, History, OptimizeError, ResponseModel, ResponseUnit};

use super::super::model_response::ModelResponse;
#[cfg(feature = "predict")]
use super::forest;
use crate::{Error, Result};

/// What the account's own curves are called.
pub(super) const ACCOUNT: &str = "account";
const FOREST: &str = "forest";

/// Which curves a plan is made for.
///
/// The account's own curves know how sure they are. Those of any other model do not, so that with them the plan is made for one curve per
/// campaign, and the account's curves, learnt beside them all the same, judge what it brings: the gain over today's budgets and
/// the next periods are by the account's curves. Every warning about cause and effect holds for either.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum PlanCurves {
    /// Those that the account's rows leave possible, learnt as [`curves`](super::BudgetPlannerParams::curves) says.
    #[default]
    Account,
    /// Those of fitted models.
    Models {
        /// What the models are called in plan, page and JSON: neither `account` nor `forest`.
        name: String,
        /// Campaigns' ids, each with its curve; every campaign that still spends needs one.
        responses: Vec<(String, ModelResponse)>,
    },
    /// Those of the [prototype's forest](super::super::PrototypeForest), grown on the same campaign days that the account's curves are learnt
    /// from, for the first period to come in the usual circumstances of each campaign. Of the forest's features it has those
    /// that are named as context; the others are held, which to a forest is the same as not to have them. Lift tests and completeness
    /// do not reach it.
    #[cfg(feature = "predict")]
    Forest,
}

impl PlanCurves {
    /// The curves of fitted models, by campaign, under a name.
    pub fn models<I: Into<String>>(
        name: impl Into<String>,
        responses: impl IntoIterator<Item = (I, ModelResponse)>,
    ) -> Self {
        let responses = responses.into_iter().map(|(id, response)| (id.into(), response)).collect();
        Self::Models { name: name.into(), responses }
    }

    /// What they are called in a report.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Account => ACCOUNT,
            Self::Models { name, .. } => name,
            #[cfg(feature = "predict")]
            Self::Forest => FOREST,
        }
    }

    /// A response for every campaign of the model, in its order; none where the account's own curves are planned for.
    #[cfg_attr(not(feature = "predict"), expect(unused_variables, reason = "only the forest asks for them"))]
    pub(super) fn responses(
        &self,
        history: &History,
        model: &ResponseModel,
        currency: &Currency,
        context: &FitContext<'_>,
    ) -> Result<Option<Vec<ModelResponse>>> {
        match self {
            Self::Account => Ok(None),
            Self::Models { name, responses } => matched(name, responses, history, model).map(Some),
            #[cfg(feature = "predict")]
            Self::Forest => forest::responses(history, model, currency, context).map(Some),
        }
    }
}

fn matched(
    name: &str,
    responses: &[(String, ModelResponse)],
    history: &History,
    model: &ResponseModel,
) -> Result<Vec<ModelResponse>> {
    if [ACCOUNT, FOREST, ""].contains(&name) {
        let (owner, value) = ("the planner's models".to_owned(), format!("`{name}`"));
        let expected = "a name of their own";
        return Err(OptimizeError::InvalidParameter { owner, name: "name", value, expected }.into());
    }
    let mut by_id = BTreeMap::new();
    for (id, response) in responses {
        if !history.campaigns().iter().any(|campaign| campaign.id == *id) {
            return Err(Error::UnknownCampaign { campaign: id.clone(), n_known: history.campaigns().len() });
        }
        let unit = response.curve().unit();
        if unit != history.unit() && unit != ResponseUnit::Unspecified {
            let value = format!("{id}'s in {unit:?}");
            return Err(refuse(name, value, "curves in the unit of the rows' response"));
        }
        if by_id.insert(id.as_str(), response).is_some() {
            return Err(OptimizeError::DuplicateCampaign { id: id.clone() }.into());
        }
    }
    let of = |campaign: &adsml_optimize::CampaignResponse| {
        let missing = || refuse(name, format!("none of {}", campaign.id()), "a curve for every campaign that spends");
        by_id.get(campaign.id()).map(|&response| response.clone()).ok_or_else(missing)
    };
    model.campaigns().iter().map(of).collect()
}

fn refuse(name: &str, value: String, expected: &'static str) -> Error {
    OptimizeError::InvalidParameter { owner: format!("the curves of {name}"), name: "responses", value, expected }
        .into()
}
