//! Random problems against brute force.

use proptest::prelude::*;

use super::clash::Clash;
use super::feasible::Verdict;
use super::judge::is_feasible;
use super::rules::{Because, Rule, Side, Subject};
use super::{Campaign, Group, Limit, Total};
use crate::{BudgetProblem, BudgetProblemBuilder, Currency, OptimizeError, Power};

/// Every budget vector of up to `most` each, in whole units.
fn every(n: usize, most: i64) -> impl Iterator<Item = Vec<i64>> {
    let base = most + 1;
    (0..base.pow(n as u32)).map(move |code| (0..n).map(|digit| code / base.pow(digit as u32) % base).collect())
}

/// Whether budgets keep a rule, its amount rounded outward.
fn keeps(rule: &Rule, budgets: &[i64], group_of: &[Option<usize>]) -> bool {
    let spent: i64 = match rule.subject {
        Subject::Campaign(index) => budgets[index],
        Subject::Group(group) => {
            (0..budgets.len()).filter(|&index| group_of[index] == Some(group)).map(|i| budgets[i]).sum()
        }
        Subject::Total => budgets.iter().sum(),
    };
    let (least, most) = (rule.amount.floor() as i64, rule.amount.ceil() as i64);
    match rule.side {
        Side::Least => spent >= least,
        Side::Most => spent <= most,
        Side::Exactly => (least..=most).contains(&spent),
        Side::ZeroOrLeast => spent == 0 || spent >= least,
    }
}

/// Limits in yen up to 9, or shares in tenths.
fn limit() -> impl Strategy<Value = Limit> {
    prop_oneof![
        (0..=9_i32).prop_map(|yen| Limit::Amount(yen.into())),
        (0..=6_i32).prop_map(|n| Limit::Share(f64::from(n) / 10.0))
    ]
}

#[derive(Debug, Clone)]
struct Wish {
    lower: Option<Limit>,
    upper: Option<Limit>,
    or_zero: bool,
    today: Option<i32>,
    change: Option<f64>,
    frozen: bool,
}

fn wish() -> impl Strategy<Value = Wish> {
    let maybe = |p| prop::option::weighted(p, limit());
    let any_bounds = (maybe(0.5), maybe(0.5), any::<bool>());
    // All or nothing: what leaves gaps between the sums.
    let lump = (2..=7_i32, 0..=1_i32)
        .prop_map(|(low, width)| (Some(Limit::Amount(low.into())), Some(Limit::Amount((low + width).into())), true));
    let today = prop::option::weighted(0.4, 0..=8_i32);
    let change = prop::option::weighted(0.3, 0.0..1.2_f64);
    (prop_oneof![any_bounds, lump], today, change, prop::bool::weighted(0.15)).prop_map(
        |((lower, upper, or_zero), today, change, frozen)| Wish { lower, upper, or_zero, today, change, frozen },
    )
}

fn small_problem() -> impl Strategy<Value = BudgetProblemBuilder> {
    let groups = prop::collection::vec(prop::option::weighted(0.5, 0..2_usize), 3);
    let group_limits = prop::collection::vec((prop::option::of(limit()), prop::option::of(limit())), 2);
    (prop::collection::vec(wish(), 1..=3), groups, group_limits, 0..=12_i32, any::<bool>()).prop_map(
        |(wishes, group_of, group_limits, total, exact)| {
            let ids = ["a", "b", "c"];
            let campaigns = wishes.iter().zip(ids).map(|(wish, id)| {
                let mut campaign = Campaign::new(id, Power::new(1.0, 1.0, 0.5).unwrap());
                campaign.lower = wish.lower;
                campaign.upper = wish.upper;
                campaign.or_zero = wish.or_zero && wish.lower.is_some();
                campaign.today = wish.today.map(f64::from);
                campaign.max_change = wish.change.filter(|_| wish.today.is_some());
                campaign.frozen = wish.frozen && wish.today.is_some();
                campaign
            });
            let total = f64::from(total);
            let mut builder = BudgetProblem::builder(Currency::new("JPY")).campaigns(campaigns).total(if exact {
                Total::Exactly(total)
            } else {
                Total::AtMost(total)
            });
            for (number, (lower, upper)) in group_limits.into_iter().enumerate() {
                let members =
                    (0..wishes.len()).filter(|&index| group_of[index] == Some(number)).map(|index| ids[index]);
                let mut group = Group::new(format!("g{number}"), members);
                // A group of nobody that must spend something is a clash by itself: often enough with the first group.
                (group.lower, group.upper) = (lower.filter(|_| number == 0 || !group.members.is_empty()), upper);
                builder = builder.group(group);
            }
            builder
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_problem_is_feasible_or_its_clash_is_real_and_irreducible(builder in small_problem()) {
        match builder.clone().build() {
            Ok(problem) => {
                let program = &problem.program;
                let n = program.n_campaigns();
                prop_assert!(every(n, 12).any(|budgets| is_feasible(program, &budgets)), "nothing is feasible");
            }
            Err(OptimizeError::Infeasible { clash }) => {
                let draft = builder.draft();
                let (rules, group_of) = draft.all_rules().unwrap();
                let kept = Clash { rules: &rules, group_of: &group_of, n_groups: draft.groups.len() }.smallest();
                prop_assert!(!clash.is_empty() && !kept.is_empty());
                // No lower bound exceeds 20, and nothing needs more than the sum of them.
                let feasible = |rules: &[&Rule]| {
                    every(group_of.len(), 21).any(|budgets| rules.iter().all(|rule| keeps(rule, &budgets, &group_of)))
                };
                prop_assert!(!feasible(&kept.iter().collect::<Vec<_>>()), "the clash {clash:?} is feasible");
                for left_out in 0..kept.len() {
                    let rest: Vec<&Rule> = kept.iter().enumerate().filter(|(at, _)| *at != left_out).map(|(_, rule)| rule).collect();
                    prop_assert!(feasible(&rest), "{clash:?} clash without {:?}", kept[left_out]);
                }
            }
            Err(OptimizeError::CrossedBounds { .. }) => {}
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

/// Whether sums of ranges were found feasible as by trying all.
fn verdict_by_trying(rules: &[Rule], group_of: &[Option<usize>], n_groups: usize, most: i64) -> (Verdict, bool) {
    let verdict = Clash { rules, group_of, n_groups }.verdict(rules, &mut 0);
    (verdict, every(group_of.len(), most).any(|budgets| rules.iter().all(|rule| keeps(rule, &budgets, group_of))))
}

proptest! {
    #[test]
    fn feasibility_with_gaps_equals_trying_every_budget(
        lumps in prop::collection::vec((1..=6_i32, 0..=2_i32), 1..=4),
        grouped in prop::collection::vec(any::<bool>(), 4),
        group in (0..=6_i32, 0..=8_i32),
        total in 0..=24_i32,
    ) {
        let because = Because::Asked;
        let group_of: Vec<_> = (0..lumps.len()).map(|index| grouped[index].then_some(0)).collect();
        let mut rules = Vec::new();
        for (index, &(low, width)) in lumps.iter().enumerate() {
            let subject = Subject::Campaign(index);
            rules.push(Rule { subject, side: Side::ZeroOrLeast, amount: low.into(), because });
            rules.push(Rule { subject, side: Side::Most, amount: (low + width).into(), because });
        }
        let subject = Subject::Group(0);
        rules.push(Rule { subject, side: Side::Least, amount: group.0.into(), because });
        rules.push(Rule { subject, side: Side::Most, amount: (group.0 + group.1).into(), because });
        rules.push(Rule { subject: Subject::Total, side: Side::Exactly, amount: total.into(), because });
        let (verdict, feasible) = verdict_by_trying(&rules, &group_of, 1, 8);
        prop_assert_eq!(verdict == Verdict::Feasible, feasible);
    }
}
