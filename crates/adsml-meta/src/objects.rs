//! Campaigns and ad sets beside the rows: who has the budget, and how much.

use std::collections::{HashMap, HashSet};

use adsml_core::{CategoryColumn, Column};

use crate::builder::Draft;
use crate::understanding::Understanding;
use crate::{BudgetOwner, Field};

/// What a campaign or an ad set says of itself.
#[derive(Debug, Clone, Default)]
pub(crate) struct Object {
    pub(crate) id: String,
    /// The campaign, of an ad set.
    pub(crate) campaign_id: Option<String>,
    /// Minor units; a budget of 0 is none.
    pub(crate) daily: Option<f64>,
    pub(crate) lifetime: Option<f64>,
    pub(crate) objective: Option<String>,
    pub(crate) optimization_goal: Option<String>,
}

impl Object {
    fn has_budget(&self) -> bool {
        self.daily.is_some() || self.lifetime.is_some()
    }
}

/// Campaigns and ad sets by id; a later answer replaces an earlier one.
#[derive(Debug, Default)]
pub(crate) struct Objects {
    campaigns: HashMap<String, Object>,
    ad_sets: HashMap<String, Object>,
}

impl Objects {
    pub(crate) fn push(&mut self, object: Object) {
        let level = if object.campaign_id.is_some() { &mut self.ad_sets } else { &mut self.campaigns };
        level.insert(object.id.clone(), object);
    }

    pub(crate) fn len(&self) -> usize {
        self.campaigns.len() + self.ad_sets.len()
    }

    /// Puts budgets, their owners, objectives and goals beside the rows of these objects.
    ///
    /// A campaign with a budget owns it; where it has none, its ad sets do.
    pub(crate) fn join(&self, draft: &mut Draft, known: &mut Understanding) {
        if self.len() == 0 {
            return;
        }
        let n = draft.n;
        let of_ad_sets: HashSet<&str> = self
            .ad_sets
            .values()
            .filter(|ad_set| ad_set.has_budget())
            .filter_map(|ad_set| ad_set.campaign_id.as_deref())
            .collect();
        let id = |field: Field, row: usize| draft.text(field).and_then(|ids| ids.get(row));
        let (mut owners, mut daily, mut lifetime) = (vec![None; n], vec![f64::NAN; n], vec![f64::NAN; n]);
        let (mut objectives, mut goals): (Vec<Option<&str>>, Vec<Option<&str>>) = (vec![None; n], vec![None; n]);
        let mut found = 0;
        for row in 0..n {
            let ad_set = id(Field::AdSetId, row).and_then(|id| self.ad_sets.get(id));
            let campaign_id = id(Field::CampaignId, row).or(ad_set.and_then(|ad_set| ad_set.campaign_id.as_deref()));
            let campaign = campaign_id.and_then(|id| self.campaigns.get(id));
            let (owner, holder) = match (campaign, ad_set) {
                (Some(campaign), _) if campaign.has_budget() => (Some(BudgetOwner::Campaign), Some(campaign)),
                (_, Some(ad_set)) if ad_set.has_budget() => (Some(BudgetOwner::AdSet), Some(ad_set)),
                _ if campaign_id.is_some_and(|id| of_ad_sets.contains(id)) => (Some(BudgetOwner::AdSet), None),
                _ => (None, None),
            };
            found += usize::from(campaign.is_some() || ad_set.is_some());
            owners[row] = owner.map(BudgetOwner::as_str);
            daily[row] = holder.and_then(|holder| holder.daily).unwrap_or(f64::NAN);
            lifetime[row] = holder.and_then(|holder| holder.lifetime).unwrap_or(f64::NAN);
            objectives[row] = id(Field::Objective, row).or(campaign.and_then(|campaign| campaign.objective.as_deref()));
            goals[row] =
                id(Field::OptimizationGoal, row).or(ad_set.and_then(|ad_set| ad_set.optimization_goal.as_deref()));
        }
        let texts = |texts: Vec<Option<&str>>| Column::Category(texts.into_iter().collect::<CategoryColumn>());
        let (owners, objectives, goals) = (texts(owners), texts(objectives), texts(goals));
        draft.columns.insert(Field::BudgetOwner, owners);
        draft.columns.insert(Field::DailyBudget, Column::Number(daily));
        draft.columns.insert(Field::LifetimeBudget, Column::Number(lifetime));
        draft.columns.insert(Field::Objective, objectives);
        draft.columns.insert(Field::OptimizationGoal, goals);
        known
            .style
            .push(format!("budgets of {} campaigns and ad sets, which {found} of {n} rows belong to", self.len()));
    }
}
