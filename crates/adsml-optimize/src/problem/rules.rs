//! The constraints of a problem one by one, each with its reason, so that a clash can be told in words.

use super::resolve::Draft;
use super::{Limit, Total};
use crate::currency::{MOST_MINOR_UNITS, whole};
use crate::{Campaign, OptimizeError, Result};

/// One constraint: `subject` spends `side` `amount`, `because`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    pub(super) subject: Subject,
    pub(super) side: Side,
    /// In minor units; a share of the total need not be whole.
    pub(super) amount: f64,
    pub(super) because: Because,
}

/// Whose spend a rule limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Campaign(usize),
    Group(usize),
    Total,
}

/// What a rule says of an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Least,
    Most,
    Exactly,
    ZeroOrLeast,
}

/// Where a rule comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Because {
    /// An amount that was asked for.
    Asked,
    /// This share of the total.
    Share(f64),
    /// Today's budget may change by this share.
    Change(f64),
    /// The campaign keeps today's budget.
    Frozen,
    /// The curve was not observed beyond.
    Support,
}

/// Lower and upper bound from all rules of one subject, in minor units that need not be whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) least: f64,
    /// Least unless 0; 0 when there is no such rule.
    pub(super) zero_or_least: f64,
    pub(super) most: f64,
}

impl Bounds {
    /// Nothing said.
    pub(super) const FREE: Self = Self { least: 0.0, zero_or_least: 0.0, most: f64::INFINITY };

    pub(super) fn add(&mut self, side: Side, amount: f64) {
        match side {
            Side::Least => self.least = self.least.max(amount),
            Side::Most => self.most = self.most.min(amount),
            Side::ZeroOrLeast => self.zero_or_least = self.zero_or_least.max(amount),
            Side::Exactly => {
                self.least = self.least.max(amount);
                self.most = self.most.min(amount);
            }
        }
    }
}

impl Draft<'_> {
    /// The total in minor units and whether it is exact.
    pub(super) fn total_rule(&self) -> Result<Option<Rule>> {
        let Some(total) = self.total else { return Ok(None) };
        let (side, amount) = match total {
            Total::Exactly(amount) => (Side::Exactly, amount),
            Total::AtMost(amount) => (Side::Most, amount),
        };
        let amount = self.money(amount, || "the total".into())?;
        Ok(Some(Rule { subject: Subject::Total, side, amount, because: Because::Asked }))
    }

    /// Every rule of a campaign; `total` in minor units.
    pub(super) fn campaign_rules(&self, index: usize, total: Option<f64>, mut visit: impl FnMut(Rule)) -> Result<()> {
        let campaign = &self.campaigns[index];
        let mut tell = |side, amount, because| visit(Rule { subject: Subject::Campaign(index), side, amount, because });
        let today = self.today(campaign)?;
        let (default_lower, default_upper) = self.bounds.filter(|_| !campaign.frozen).unzip();
        let mut low = None;
        if let Some(limit) = campaign.lower.or(default_lower) {
            let (amount, because) =
                self.limit(limit, total, || format!("the lower bound of campaign `{}`", campaign.id))?;
            tell(if campaign.or_zero { Side::ZeroOrLeast } else { Side::Least }, amount, because);
            low = Some(amount);
        }
        if let Some(limit) = campaign.upper.or(default_upper) {
            let (amount, because) =
                self.limit(limit, total, || format!("the upper bound of campaign `{}`", campaign.id))?;
            tell(Side::Most, amount, because);
            self.uncrossed(low, amount, || format!("campaign `{}`", campaign.id))?;
        }
        if campaign.frozen {
            tell(Side::Exactly, today.ok_or_else(|| missing_today(campaign, "frozen"))?, Because::Frozen);
            return Ok(());
        }
        if let Some(share) = campaign.max_change {
            if !(share >= 0.0 && share.is_finite()) {
                return Err(parameter(campaign, "max_change", share, "a finite share of at least 0"));
            }
            let today = today.ok_or_else(|| missing_today(campaign, "max_change"))?;
            if share < 1.0 {
                tell(Side::Least, snapped(today * (1.0 - share)), Because::Change(-share));
            }
            let most = snapped(today * (1.0 + share)).min(MOST_MINOR_UNITS as f64);
            tell(Side::Most, most, Because::Change(share));
        }
        if self.beyond_support {
            return Ok(());
        }
        if let Some([from, to]) = campaign.curve.support() {
            if !(from <= to && to >= 0.0 && from < f64::INFINITY) {
                let what = format!("the end of the support of the curve of campaign `{}`", campaign.id);
                return Err(OptimizeError::InvalidAmount {
                    what,
                    value: to,
                    expected: "an amount not below its start",
                });
            }
            let minor = |amount: f64| snapped((amount * self.per_major()).clamp(0.0, MOST_MINOR_UNITS as f64));
            if from > 0.0 {
                let side = if campaign.or_zero { Side::ZeroOrLeast } else { Side::Least };
                tell(side, minor(from), Because::Support);
            }
            if to < f64::INFINITY {
                tell(Side::Most, minor(to), Because::Support);
            }
        }
        Ok(())
    }

    /// Every rule of a group; `total` in minor units.
    pub(super) fn group_rules(&self, index: usize, total: Option<f64>, mut visit: impl FnMut(Rule)) -> Result<()> {
        let group = &self.groups[index];
        let mut tell = |side, (amount, because)| visit(Rule { subject: Subject::Group(index), side, amount, because });
        let mut low = None;
        if let Some(limit) = group.lower {
            let lower = self.limit(limit, total, || format!("the lower bound of group `{}`", group.name))?;
            tell(Side::Least, lower);
            low = Some(lower.0);
        }
        if let Some(limit) = group.upper {
            let upper = self.limit(limit, total, || format!("the upper bound of group `{}`", group.name))?;
            tell(Side::Most, upper);
            self.uncrossed(low, upper.0, || format!("group `{}`", group.name))?;
        }
        Ok(())
    }

    /// Today's budget of a campaign, in minor units.
    pub(super) fn today(&self, campaign: &Campaign) -> Result<Option<f64>> {
        let what = || format!("today's budget of campaign `{}`", campaign.id);
        campaign.today.map(|budget| self.money(budget, what)).transpose()
    }

    /// An amount that was asked for, in minor units.
    fn money(&self, amount: f64, what: impl Fn() -> String) -> Result<f64> {
        if !(amount >= 0.0 && amount.is_finite()) {
            let expected = "a finite amount of at least 0";
            return Err(OptimizeError::InvalidAmount { what: what(), value: amount, expected });
        }
        Ok(self.currency.to_minor_of(amount, what)? as f64)
    }

    fn limit(&self, limit: Limit, total: Option<f64>, what: impl Fn() -> String) -> Result<(f64, Because)> {
        match limit {
            Limit::Amount(amount) => Ok((self.money(amount, what)?, Because::Asked)),
            Limit::Share(share) if !(0.0..=1.0).contains(&share) => Err(OptimizeError::InvalidAmount {
                what: format!("{}, a share of the total,", what()),
                value: share,
                expected: "a share between 0 and 1",
            }),
            Limit::Share(share) => {
                let total = total.ok_or_else(|| OptimizeError::ShareWithoutTotal { what: what() })?;
                Ok((snapped(share * total), Because::Share(share)))
            }
        }
    }

    fn uncrossed(&self, low: Option<f64>, upper: f64, what: impl Fn() -> String) -> Result<()> {
        let per_major = self.per_major();
        match low {
            Some(low) if low > upper => {
                Err(OptimizeError::CrossedBounds { what: what(), lower: low / per_major, upper: upper / per_major })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn per_major(&self) -> f64 {
        self.currency.minor_per_major()
    }
}

/// The whole number that an amount is up to rounding error, or the amount.
fn snapped(minor: f64) -> f64 {
    whole(minor).map_or(minor, |whole| whole as f64)
}

pub(super) fn parameter(campaign: &Campaign, name: &'static str, value: f64, expected: &'static str) -> OptimizeError {
    let owner = format!("campaign `{}`", campaign.id);
    OptimizeError::InvalidParameter { owner, name, value: value.to_string(), expected }
}

pub(super) fn missing_today(campaign: &Campaign, needed_by: &'static str) -> OptimizeError {
    let expected = match needed_by {
        "frozen" => "today's budget, which a frozen campaign keeps",
        "max_change" => "today's budget, which `max_change` refers to",
        _ => "today's budget, which `change_cost` refers to",
    };
    let owner = format!("campaign `{}`", campaign.id);
    OptimizeError::InvalidParameter { owner, name: "today", value: "missing".into(), expected }
}
