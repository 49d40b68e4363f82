//! A smallest set of constraints that clash.

use super::feasible::{Verdict, judge};
use super::resolve::{Draft, Outward};
use super::rules::{Because, Bounds, Rule, Side, Subject};
use crate::{OptimizeError, Result};

/// More than any sum of budgets, less than what overflows when it is added to one.
const UNLIMITED: i64 = i64::MAX / 4;

/// Rules and intervals looked at, over all trials: a second or so. What is not reduced by then stays in the clash.
const MOST_WORK: usize = 40_000_000;

impl Draft<'_> {
    /// The error that tells why nothing is feasible, once nothing is.
    ///
    /// Most clashes are plain sums: lower bounds that exceed what may be spent, or upper bounds below what must be. Of the
    /// lower ones the greatest are told until they exceed the limit, which makes the set as small as can be; all of the upper
    /// ones are needed. What is left (gaps that "zero or at least" leaves) goes through the deletion filter: whatever can be
    /// dropped while the rest still clashes is dropped, in ever smaller chunks, down to single rules.
    ///
    /// Source: Chinneck and Dravnieks (1991), "Locating minimal infeasible constraint sets in linear programs", ORSA J. Comput. 3(2).
    pub(super) fn clash(&self) -> Result<OptimizeError> {
        let (rules, group_of) = self.all_rules()?;
        let clashing = Clash { rules: &rules, group_of: &group_of, n_groups: self.groups.len() };
        let kept = clashing.smallest();
        let mut clash = self.words(&kept);
        if clashing.verdict(&kept, &mut 0) == Verdict::Undecided {
            clash.push("(not proved: there are too many combinations of paused campaigns to look at all)".into());
        }
        Ok(OptimizeError::Infeasible { clash })
    }

    /// Every rule, campaign by campaign, then groups, then the total; and the group of each campaign.
    pub(super) fn all_rules(&self) -> Result<(Vec<Rule>, Vec<Option<usize>>)> {
        let total_rule = self.total_rule()?;
        let total = total_rule.map(|rule| rule.amount);
        let mut rules = Vec::new();
        for index in 0..self.campaigns.len() {
            self.campaign_rules(index, total, |rule| rules.push(rule))?;
        }
        for index in 0..self.groups.len() {
            self.group_rules(index, total, |rule| rules.push(rule))?;
        }
        rules.extend(total_rule);
        Ok((rules, self.memberships()?))
    }
}

/// All rules of a problem that has no feasible budgets.
pub(super) struct Clash<'a> {
    pub(super) rules: &'a [Rule],
    pub(super) group_of: &'a [Option<usize>],
    pub(super) n_groups: usize,
}

impl Clash<'_> {
    /// Rules that clash, of which none can be dropped.
    pub(super) fn smallest(&self) -> Vec<Rule> {
        self.own_bounds().or_else(|| self.sums()).unwrap_or_else(|| self.filtered())
    }

    /// Whether budgets keep these rules alone; bounds are rounded outward, as they are before anything is refused.
    pub(super) fn verdict(&self, rules: &[Rule], work: &mut usize) -> Verdict {
        *work += rules.len() + self.group_of.len();
        let mut campaigns = vec![Bounds::FREE; self.group_of.len()];
        let mut groups = vec![Bounds::FREE; self.n_groups];
        let mut total = Bounds::FREE;
        for rule in rules {
            let bounds = match rule.subject {
                Subject::Campaign(index) => &mut campaigns[index],
                Subject::Group(index) => &mut groups[index],
                Subject::Total => &mut total,
            };
            bounds.add(rule.side, rule.amount);
        }
        let ranges: Vec<_> = campaigns.iter().map(|own| own.range(Outward::BOTH, UNLIMITED)).collect();
        let groups: Vec<_> = groups.iter().map(|own| own.pair(Outward::BOTH, UNLIMITED)).collect();
        judge(&ranges, self.group_of, &groups, total.pair(Outward::BOTH, UNLIMITED), work)
    }

    /// The clash of one campaign's own rules, if one has one.
    fn own_bounds(&self) -> Option<Vec<Rule>> {
        let of = |rule: &Rule| if let Subject::Campaign(index) = rule.subject { Some(index) } else { None };
        self.rules.chunk_by(|a, b| of(a).is_some() && of(a) == of(b)).find_map(|own| {
            of(&own[0])?;
            let mut bounds = Bounds::FREE;
            own.iter().for_each(|rule| bounds.add(rule.side, rule.amount));
            let range = bounds.range(Outward::BOTH, UNLIMITED);
            (range.low > range.high && !range.zero).then(|| self.reduced(own.to_vec()))
        })
    }

    /// The clash of a group or of the total with the plain sum of what is below it.
    fn sums(&self) -> Option<Vec<Rule>> {
        let mut campaigns = vec![Strongest::default(); self.group_of.len()];
        let mut groups = vec![Strongest::default(); self.n_groups];
        let mut total = Strongest::default();
        for rule in self.rules {
            match rule.subject {
                Subject::Campaign(index) => campaigns[index].add(rule),
                Subject::Group(index) => groups[index].add(rule),
                Subject::Total => total.add(rule),
            }
        }
        let mut inside = vec![Sums::default(); self.n_groups];
        let mut all = Sums::default();
        for (campaign, group) in campaigns.iter().zip(self.group_of) {
            group.map_or(&mut all, |group| &mut inside[group]).extend(&campaign.sums());
        }
        for (group, inside) in groups.iter().zip(&inside) {
            if let Some(clash) = inside.against(group) {
                return Some(clash);
            }
            // What the group adds to the total: its own rule, where that says more than its campaigns' together.
            let mut own = group.sums();
            if own.low < inside.low {
                own.lows.clone_from(&inside.lows);
                own.low = inside.low;
            }
            // A group without campaigns spends nothing by itself: no rule is needed to say so.
            let shorter = own.high == inside.high && inside.highs.len() < own.highs.len();
            if own.high > inside.high || shorter {
                own.highs.clone_from(&inside.highs);
                own.high = inside.high;
            }
            all.extend(&own);
        }
        all.against(&total)
    }

    /// The deletion filter over all rules: first those that a user is least likely to have meant.
    fn filtered(&self) -> Vec<Rule> {
        let mut rules = self.rules.to_vec();
        rules.sort_by_key(|rule| match (rule.because, rule.subject) {
            (Because::Support, _) => 0,
            (_, Subject::Campaign(_)) => 1,
            (_, Subject::Group(_)) => 2,
            (_, Subject::Total) => 3,
        });
        self.reduced(rules)
    }

    /// Drops whatever can be dropped while the rest still clashes.
    fn reduced(&self, mut rules: Vec<Rule>) -> Vec<Rule> {
        let mut work = 0;
        let mut chunk = rules.len().next_power_of_two();
        while chunk > 0 {
            let mut at = 0;
            while at < rules.len() && work < MOST_WORK {
                let end = (at + chunk).min(rules.len());
                let rest: Vec<Rule> = rules[..at].iter().chain(&rules[end..]).copied().collect();
                if self.verdict(&rest, &mut work) == Verdict::Infeasible {
                    rules = rest;
                } else {
                    at = end;
                }
            }
            chunk /= 2;
        }
        rules
    }
}

/// The strongest rule of each side.
#[derive(Debug, Clone, Default)]
struct Strongest {
    least: Option<Rule>,
    most: Option<Rule>,
}

impl Strongest {
    fn add(&mut self, rule: &Rule) {
        if matches!(rule.side, Side::Least | Side::Exactly) && self.least.is_none_or(|least| rule.amount > least.amount)
        {
            self.least = Some(*rule);
        }
        if matches!(rule.side, Side::Most | Side::Exactly) && self.most.is_none_or(|most| rule.amount < most.amount) {
            self.most = Some(*rule);
        }
    }

    fn low(&self) -> i64 {
        self.least.map_or(0, |least| least.amount.floor() as i64)
    }

    fn high(&self) -> i64 {
        self.most.map_or(UNLIMITED, |most| most.amount.ceil() as i64)
    }

    fn sums(&self) -> Sums {
        Sums {
            low: self.low(),
            high: self.high(),
            lows: self.least.iter().map(|&least| (self.low(), least)).collect(),
            highs: self.most.into_iter().collect(),
        }
    }
}

/// What several campaigns spend at least and at most, and the rules that say so.
#[derive(Debug, Clone, Default)]
struct Sums {
    low: i64,
    /// [`UNLIMITED`] or more as soon as one of them may spend anything.
    high: i64,
    lows: Vec<(i64, Rule)>,
    highs: Vec<Rule>,
}

impl Sums {
    fn extend(&mut self, other: &Self) {
        self.low = self.low.saturating_add(other.low);
        self.high = self.high.saturating_add(other.high);
        self.lows.extend(&other.lows);
        self.highs.extend(&other.highs);
    }

    /// The smallest set of rules that clash with what they may spend together.
    fn against(&self, limit: &Strongest) -> Option<Vec<Rule>> {
        if self.low > limit.high() {
            let mut lows = self.lows.clone();
            // The greatest first, else in the order given.
            lows.sort_by_key(|&(amount, _)| -amount);
            let mut sum = 0_i64;
            let needed = lows.iter().take_while(|&&(amount, _)| {
                let more = sum <= limit.high();
                sum = sum.saturating_add(amount);
                more
            });
            return Some(needed.map(|&(_, rule)| rule).chain(limit.most).collect());
        }
        (self.high < limit.low()).then(|| self.highs.iter().copied().chain(limit.least).collect())
    }
}
