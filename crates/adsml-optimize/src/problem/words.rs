//! Constraints in words, with their numbers.

use std::collections::HashMap;

use super::resolve::Draft;
use super::rules::{Because, Rule, Side, Subject};

/// So many lines of campaigns are told one by one; the others together.
const MOST_LINES: usize = 12;

/// So many campaigns of one line are named.
const MOST_NAMES: usize = 3;

impl Draft<'_> {
    /// One line per constraint; campaigns with the same bound share one.
    pub(super) fn words(&self, rules: &[Rule]) -> Vec<String> {
        let mut lines: Vec<(Rule, Vec<usize>)> = Vec::new();
        let mut line_of: HashMap<String, usize> = HashMap::new();
        let mut others = Vec::new();
        for rule in rules {
            match rule.subject {
                Subject::Campaign(index) => {
                    let line = *line_of.entry(self.predicate(rule)).or_insert_with(|| {
                        lines.push((*rule, Vec::new()));
                        lines.len() - 1
                    });
                    lines[line].1.push(index);
                }
                Subject::Group(index) => {
                    others.push(format!("group {} {}", self.groups[index].name, self.predicate(rule)))
                }
                Subject::Total if rule.side == Side::Exactly => {
                    others.push(format!("the total is exactly {}", self.amount(rule)));
                }
                Subject::Total => others.push(format!("the total is at most {}", self.amount(rule))),
            }
        }
        let told = if lines.len() > MOST_LINES { MOST_LINES - 1 } else { lines.len() };
        let mut words: Vec<String> =
            lines[..told].iter().map(|(rule, ids)| format!("{} {}", self.names(ids), self.predicate(rule))).collect();
        if let Some(rest) = lines.get(told..).filter(|rest| !rest.is_empty()) {
            let count: usize = rest.iter().map(|(_, ids)| ids.len()).sum();
            let sums = rest.iter().map(|(rule, ids)| whole_amount(rule).saturating_mul(ids.len() as i64));
            let sum = sums.fold(0, i64::saturating_add);
            let sum = self.currency.format_bare(sum);
            words.push(format!("the bounds of {count} more campaigns, {sum} together"));
        }
        words.append(&mut others);
        words
    }

    /// `campaign a`, or `each of 21 campaigns (a, b, c, …)`.
    fn names(&self, ids: &[usize]) -> String {
        let named: Vec<&str> = ids.iter().take(MOST_NAMES).map(|&index| self.campaigns[index].id.as_str()).collect();
        match ids.len() {
            1 => format!("campaign {}", named[0]),
            n if n <= MOST_NAMES => format!("each of {n} campaigns ({})", named.join(", ")),
            n => format!("each of {n} campaigns ({}, …)", named.join(", ")),
        }
    }

    /// What a rule says of its subject.
    fn predicate(&self, rule: &Rule) -> String {
        let side = match rule.side {
            Side::Least => "at least",
            Side::Most => "at most",
            Side::Exactly => "exactly",
            Side::ZeroOrLeast => "zero or at least",
        };
        let amount = self.amount(rule);
        match rule.because {
            Because::Asked => format!("{side} {amount}"),
            Because::Share(share) => format!("{side} {} of the total ({amount})", percent(share)),
            Because::Change(share) if share < 0.0 => {
                format!("{side} {amount}, today's budget less {}", percent(-share))
            }
            Because::Change(share) => format!("{side} {amount}, today's budget plus {}", percent(share)),
            Because::Frozen => format!("frozen at {amount}"),
            Because::Support if rule.side == Side::Most => {
                format!("{side} {amount}, the greatest spend its curve was observed at")
            }
            Because::Support => format!("{side} {amount}, the least spend its curve was observed at"),
        }
    }

    fn amount(&self, rule: &Rule) -> String {
        self.currency.format_bare(whole_amount(rule))
    }
}

/// The amount as it was applied: rounded outward.
fn whole_amount(rule: &Rule) -> i64 {
    (if rule.side == Side::Most { rule.amount.ceil() } else { rule.amount.floor() }) as i64
}

/// `33.3333 %`.
fn percent(share: f64) -> String {
    format!("{} %", (share * 1e6).round() / 1e4)
}
