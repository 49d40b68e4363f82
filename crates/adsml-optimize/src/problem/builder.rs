//! A problem while it is being described.

use std::sync::Arc;

use super::resolve::Draft;
use super::{BudgetProblem, Campaign, Group, Limit, Objective, Total};
use crate::{Currency, ResponseCurve, Result};

/// A [`BudgetProblem`] that is being described. Setters never fail: [`build`](Self::build) judges everything at once.
#[derive(Debug, Clone)]
pub struct BudgetProblemBuilder {
    currency: Currency,
    campaigns: Vec<Campaign>,
    groups: Vec<Group>,
    total: Option<Total>,
    objective: Objective,
    bounds: Option<(Limit, Limit)>,
    beyond_support: bool,
}

impl BudgetProblemBuilder {
    pub(super) fn new(currency: Currency) -> Self {
        Self {
            currency,
            campaigns: Vec::new(),
            groups: Vec::new(),
            total: None,
            objective: Objective::Response,
            bounds: None,
            beyond_support: false,
        }
    }

    /// Adds a campaign.
    #[must_use]
    pub fn campaign(mut self, campaign: Campaign) -> Self {
        self.campaigns.push(campaign);
        self
    }

    /// Adds campaigns.
    #[must_use]
    pub fn campaigns(mut self, campaigns: impl IntoIterator<Item = Campaign>) -> Self {
        self.campaigns.extend(campaigns);
        self
    }

    /// Adds a group of campaigns that have a budget together. Groups may not overlap.
    #[must_use]
    pub fn group(mut self, group: Group) -> Self {
        self.groups.push(group);
        self
    }

    /// How much is spent in all.
    ///
    /// May be missing for every objective but [`Objective::Response`]; then each campaign needs an upper bound of its own or
    /// a curve with a support.
    #[must_use]
    pub fn total(mut self, total: Total) -> Self {
        self.total = Some(total);
        self
    }

    /// To what end the budget is divided; default [`Objective::Response`].
    #[must_use]
    pub fn objective(mut self, objective: Objective) -> Self {
        self.objective = objective;
        self
    }

    /// Bounds for each side on which a campaign has none of its own; frozen campaigns are exempt.
    #[must_use]
    pub fn bounds(mut self, lower: Limit, upper: Limit) -> Self {
        self.bounds = Some((lower, upper));
        self
    }

    /// The prototype's bounds: each campaign between 5 % and 95 % of the total.
    ///
    /// With more than 20 campaigns the lower bounds alone exceed the total:
    /// [`OptimizeError::Infeasible`](crate::OptimizeError::Infeasible). A single campaign cannot spend an exact total within them either.
    #[must_use]
    pub fn prototype_bounds(self) -> Self {
        self.bounds(Limit::Share(0.05), Limit::Share(0.95))
    }

    /// Whether budgets may leave the spends at which a curve was observed (its
    /// [`support`](crate::ResponseCurve::support)); default `false`.
    ///
    /// Frozen campaigns stay where they are, and a campaign that may be paused may be paused, observed at 0 or not.
    #[must_use]
    pub fn beyond_support(mut self, beyond: bool) -> Self {
        self.beyond_support = beyond;
        self
    }

    /// Gives the campaigns other curves, in their order; those that are left over keep their own.
    #[must_use]
    pub fn with_curves(mut self, curves: impl IntoIterator<Item = Arc<dyn ResponseCurve>>) -> Self {
        self.campaigns.iter_mut().zip(curves).for_each(|(campaign, curve)| campaign.curve = curve);
        self
    }

    /// Gives the campaigns other budgets of today, in their order and in major units.
    pub(crate) fn with_today(mut self, budgets: impl IntoIterator<Item = f64>) -> Self {
        self.campaigns.iter_mut().zip(budgets).for_each(|(campaign, budget)| campaign.today = Some(budget));
        self
    }

    /// Judges the description and resolves it to whole minor units.
    ///
    /// Shares and changes rarely are whole minor units: bounds are rounded inward, and outward where nothing would be left
    /// otherwise (three campaigns of exactly a third of 100.00 each). `O(n)` for `n` campaigns, besides up to four values of
    /// every curve.
    ///
    /// # Errors
    ///
    /// [`NoCampaigns`](crate::OptimizeError::NoCampaigns), [`DuplicateCampaign`](crate::OptimizeError::DuplicateCampaign),
    /// [`UnknownCampaign`](crate::OptimizeError::UnknownCampaign), [`OverlappingGroups`](crate::OptimizeError::OverlappingGroups);
    /// [`InvalidParameter`](crate::OptimizeError::InvalidParameter) for a margin, a target or a change outside its range, or a
    /// missing total or today's budget; [`InvalidAmount`](crate::OptimizeError::InvalidAmount),
    /// [`FractionOfMinorUnit`](crate::OptimizeError::FractionOfMinorUnit), [`Overflow`](crate::OptimizeError::Overflow),
    /// [`ShareWithoutTotal`](crate::OptimizeError::ShareWithoutTotal), [`CrossedBounds`](crate::OptimizeError::CrossedBounds) and
    /// [`UnlimitedSpend`](crate::OptimizeError::UnlimitedSpend) for amounts;
    /// [`ResponseUnits`](crate::OptimizeError::ResponseUnits) for curves that cannot be added up or do not suit the objective;
    /// [`InvalidValue`](crate::OptimizeError::InvalidValue) for a curve that is not finite within its bounds;
    /// [`Infeasible`](crate::OptimizeError::Infeasible) with a smallest set of constraints that clash.
    pub fn build(self) -> Result<BudgetProblem> {
        let program = self.draft().resolve()?;
        Ok(BudgetProblem {
            program,
            currency: self.currency,
            campaigns: self.campaigns,
            groups: self.groups,
            total: self.total,
            objective: self.objective,
        })
    }

    pub(super) fn draft(&self) -> Draft<'_> {
        Draft {
            currency: &self.currency,
            campaigns: &self.campaigns,
            groups: &self.groups,
            total: self.total,
            objective: self.objective,
            bounds: self.bounds,
            beyond_support: self.beyond_support,
        }
    }
}
