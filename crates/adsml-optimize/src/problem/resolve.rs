//! From a description to numbers: every rule judged, every amount in whole minor units.

use std::collections::HashMap;
use std::sync::Arc;

use super::feasible::{Range, Verdict, judge};
use super::rules::{Bounds, Side, missing_today, parameter};
use super::{Group, Limit, Objective, Total};
use crate::currency::MOST_MINOR_UNITS;
use crate::program::{GroupLimit, Program, Term, VolumeFloor};
use crate::{Campaign, Currency, OptimizeError, ResponseUnit, Result};

/// A description that is being judged.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    pub(super) currency: &'a Currency,
    pub(super) campaigns: &'a [Campaign],
    pub(super) groups: &'a [Group],
    pub(super) total: Option<Total>,
    pub(super) objective: Objective,
    pub(super) bounds: Option<(Limit, Limit)>,
    pub(super) beyond_support: bool,
}

/// Which bounds are rounded outward, so that nothing that was asked for is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outward {
    pub(super) lower: bool,
    pub(super) upper: bool,
}

impl Outward {
    /// The most lenient.
    pub(super) const BOTH: Self = Self { lower: true, upper: true };

    /// From the strictest to the most lenient.
    pub(super) const TRIED: [Self; 4] = [
        Self { lower: false, upper: false },
        Self { lower: true, upper: false },
        Self { lower: false, upper: true },
        Self::BOTH,
    ];
}

impl Draft<'_> {
    pub(super) fn resolve(&self) -> Result<Program> {
        self.currency.check()?;
        let (reward, cost, floor) = self.aim()?;
        let group_of = self.memberships()?;
        let exact = self.total_rule()?;
        let total = exact.map(|rule| rule.amount);
        let per_major = self.per_major();

        let mut bounds = Vec::with_capacity(self.campaigns.len());
        let mut sum_most = 0_i64;
        for (index, campaign) in self.campaigns.iter().enumerate() {
            let mut own = Bounds::FREE;
            self.campaign_rules(index, total, |rule| own.add(rule.side, rule.amount))?;
            let most = own.most.min(total.unwrap_or(f64::INFINITY));
            if most == f64::INFINITY {
                return Err(OptimizeError::UnlimitedSpend { id: campaign.id.clone() });
            }
            sum_most = sum_most.saturating_add(most as i64);
            bounds.push(own);
        }
        if total.is_none() && sum_most > MOST_MINOR_UNITS {
            let what = "the sum of the upper bounds".into();
            let most = self.currency.to_major(MOST_MINOR_UNITS);
            return Err(OptimizeError::Overflow { what, value: self.currency.to_major(sum_most), most });
        }
        let mut limits = vec![Bounds::FREE; self.groups.len()];
        for (index, limit) in limits.iter_mut().enumerate() {
            self.group_rules(index, total, |rule| limit.add(rule.side, rule.amount))?;
        }
        let spent = match exact {
            Some(rule) if rule.side == Side::Exactly => (rule.amount as i64, rule.amount as i64),
            Some(rule) => (0, rule.amount as i64),
            None => (0, sum_most),
        };
        let at = |outward: Outward| -> (Vec<Range>, Vec<(i64, i64)>) {
            let ranges = bounds.iter().map(|own| own.range(outward, spent.1));
            (ranges.collect(), limits.iter().map(|limit| limit.pair(outward, spent.1)).collect())
        };
        let feasible = |(ranges, pairs): &(Vec<Range>, Vec<_>)| {
            judge(ranges, &group_of, pairs, spent, &mut 0) == Verdict::Feasible
        };
        let mut settled = at(Outward::TRIED[0]);
        if !feasible(&settled) {
            let inward = settled;
            // Where every amount is whole, rounding the other way changes nothing.
            let others = Outward::TRIED[1..].iter().map(|&outward| at(outward)).filter(|other| *other != inward);
            settled = match others.into_iter().find(feasible) {
                Some(other) => other,
                None => return Err(self.clash()?),
            };
        }
        let (ranges, pairs) = settled;

        let mut terms = Vec::with_capacity(ranges.len());
        for (campaign, range) in self.campaigns.iter().zip(ranges) {
            let term = self.term(campaign, range, per_major)?;
            sampled(campaign, &term)?;
            terms.push(term);
        }
        let mut groups: Vec<GroupLimit> = pairs
            .into_iter()
            .map(|(least, most)| GroupLimit {
                members: Vec::new(),
                least: least as f64 / per_major,
                most: most as f64 / per_major,
            })
            .collect();
        for (index, group) in group_of.iter().enumerate() {
            if let Some(group) = group {
                groups[*group].members.push(index);
            }
        }
        let total = (spent.0 as f64 / per_major, spent.1 as f64 / per_major);
        Ok(Program { terms, total, groups, group_of, reward, cost, floor, minor_per_major: per_major })
    }

    /// Reward, cost and floor of the objective.
    fn aim(&self) -> Result<(f64, f64, Option<VolumeFloor>)> {
        let positive = |name, value: f64| {
            if value > 0.0 && value.is_finite() {
                return Ok(());
            }
            let (owner, value) = ("the objective".into(), value.to_string());
            Err(OptimizeError::InvalidParameter { owner, name, value, expected: "a finite number above 0" })
        };
        let needed = match self.objective {
            Objective::TargetRoas(_) => Some(ResponseUnit::Revenue),
            Objective::TargetCpa(_) => Some(ResponseUnit::Conversions),
            _ => None,
        };
        self.units(needed)?;
        match self.objective {
            Objective::Response if self.total.is_none() => Err(OptimizeError::InvalidParameter {
                owner: "the problem".into(),
                name: "total",
                value: "missing".into(),
                expected: "a total, since the objective does not weigh the spend",
            }),
            Objective::Response => Ok((1.0, 0.0, None)),
            Objective::Profit { margin } => positive("margin", margin).map(|()| (margin, 1.0, None)),
            Objective::TargetRoas(ratio) => {
                positive("target_roas", ratio).map(|()| (1.0, 0.0, Some(VolumeFloor { ratio, least: 0.0 })))
            }
            Objective::TargetCpa(cpa) => {
                positive("target_cpa", cpa).map(|()| (1.0, 0.0, Some(VolumeFloor { ratio: 1.0 / cpa, least: 0.0 })))
            }
            Objective::MinimumSpend { volume } => {
                positive("volume", volume).map(|()| (0.0, 1.0, Some(VolumeFloor { ratio: 0.0, least: volume })))
            }
        }
    }

    /// Responses are added up: they must be counted in one unit, and in the one the objective speaks of.
    fn units(&self, needed: Option<ResponseUnit>) -> Result<()> {
        let mut expected = needed;
        for campaign in self.campaigns {
            let unit = campaign.curve.unit();
            if unit == ResponseUnit::Unspecified {
                continue;
            }
            match expected {
                None => expected = Some(unit),
                Some(expected) if expected != unit => {
                    let id = campaign.id.clone();
                    return Err(OptimizeError::ResponseUnits { id, found: name_of(unit), expected: name_of(expected) });
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The group of each campaign; empty without groups.
    pub(super) fn memberships(&self) -> Result<Vec<Option<usize>>> {
        if self.campaigns.is_empty() {
            return Err(OptimizeError::NoCampaigns);
        }
        let mut index_of: HashMap<&str, usize> = HashMap::with_capacity(self.campaigns.len());
        for (index, campaign) in self.campaigns.iter().enumerate() {
            if index_of.insert(&campaign.id, index).is_some() {
                return Err(OptimizeError::DuplicateCampaign { id: campaign.id.clone() });
            }
        }
        let mut group_of = vec![None; self.campaigns.len()];
        for (number, group) in self.groups.iter().enumerate() {
            for id in &group.members {
                let Some(&index) = index_of.get(id.as_str()) else {
                    return Err(OptimizeError::UnknownCampaign { group: group.name.clone(), id: id.clone() });
                };
                if let Some(first) = group_of[index].replace(number) {
                    let (first, second) = (self.groups[first].name.clone(), group.name.clone());
                    return Err(OptimizeError::OverlappingGroups { id: id.clone(), first, second });
                }
            }
        }
        Ok(group_of)
    }

    fn term(&self, campaign: &Campaign, range: Range, per_major: f64) -> Result<Term> {
        let cost = campaign.change_cost;
        if !(cost >= 0.0 && cost.is_finite()) {
            return Err(parameter(campaign, "change_cost", cost, "a finite number of at least 0"));
        }
        if cost > 0.0 && campaign.today.is_none() {
            return Err(missing_today(campaign, "change_cost"));
        }
        let (low, high) = if range.low > range.high { (0, 0) } else { (range.low, range.high) };
        Ok(Term {
            curve: Arc::clone(&campaign.curve),
            lower: low as f64 / per_major,
            upper: high as f64 / per_major,
            or_zero: range.zero && low > 0,
            today: self.today(campaign)?.unwrap_or(0.0) / per_major,
            change_cost: cost,
        })
    }
}

impl Bounds {
    /// In whole minor units; `total` where nothing else limits it.
    pub(super) fn range(&self, outward: Outward, total: i64) -> Range {
        let least = self.least.max(self.zero_or_least);
        let (low, high) = rounded(least, self.most, outward, total);
        let allows_zero = if outward.lower { self.least < 1.0 } else { self.least <= 0.0 };
        Range { low, high, zero: self.zero_or_least > 0.0 && allows_zero && low > 0 }
    }

    /// In whole minor units, for a group.
    pub(super) fn pair(&self, outward: Outward, total: i64) -> (i64, i64) {
        rounded(self.least, self.most, outward, total)
    }
}

/// Inward unless told otherwise, or unless nothing would be left between the bounds.
fn rounded(least: f64, most: f64, outward: Outward, total: i64) -> (i64, i64) {
    let round = |outward: Outward| {
        let low = if outward.lower { least.floor() } else { least.ceil() };
        let high = if outward.upper { most.ceil() } else { most.floor() };
        (low as i64, (high as i64).min(total))
    };
    let (low, high) = round(outward);
    if low > high && least <= most { round(Outward::BOTH) } else { (low, high) }
}

/// A curve must be finite wherever its campaign may spend; a few samples tell most of those that are not.
fn sampled(campaign: &Campaign, term: &Term) -> Result<()> {
    let check = |spend: f64| {
        let value = campaign.curve.value(spend);
        if value.is_finite() {
            return Ok(());
        }
        Err(OptimizeError::InvalidValue { id: campaign.id.clone(), spend, value })
    };
    check(term.lower)?;
    if term.or_zero {
        check(0.0)?;
    }
    if term.upper > term.lower {
        check(0.5 * (term.lower + term.upper))?;
        check(term.upper)?;
    }
    Ok(())
}

fn name_of(unit: ResponseUnit) -> &'static str {
    match unit {
        ResponseUnit::Revenue => "revenue",
        ResponseUnit::Conversions => "conversions",
        ResponseUnit::Unspecified => "an unspecified unit",
    }
}
