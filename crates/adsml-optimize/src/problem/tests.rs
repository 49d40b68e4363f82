//! What a problem accepts, what it refuses, and what it becomes.

use super::*;
use crate::{ResponseCurve, ResponseUnit, Shape};

/// `a * sqrt(x)`.
#[derive(Debug)]
struct Root(f64);

impl ResponseCurve for Root {
    fn value(&self, spend: f64) -> f64 {
        self.0 * spend.sqrt()
    }

    fn marginal(&self, spend: f64) -> f64 {
        0.5 * self.0 / spend.sqrt()
    }

    fn shape(&self) -> Shape {
        Shape::Concave
    }
}

fn campaign(id: &str) -> Campaign {
    Campaign::new(id, Root(1.0))
}

fn euros() -> BudgetProblemBuilder {
    BudgetProblem::builder(Currency::new("EUR"))
}

#[test]
fn bounds_become_whole_minor_units_within_the_total() {
    let problem = euros()
        .campaign(campaign("a").between(Limit::Share(0.05), Limit::Amount(400.0)))
        .campaign(campaign("b").at_least(Limit::Share(1.0 / 3.0)))
        .campaign(campaign("c").today(10.0).max_change(0.2))
        .campaign(campaign("d").zero_or_at_least(Limit::Amount(5.0)))
        .campaign(campaign("e").today(7.5).frozen())
        .total(Total::Exactly(100.0))
        .build()
        .unwrap();
    let bounds: Vec<_> = problem.program.terms.iter().map(|term| (term.lower, term.upper, term.or_zero)).collect();
    let expected =
        [(5.0, 100.0, false), (33.34, 100.0, false), (8.0, 12.0, false), (5.0, 100.0, true), (7.5, 7.5, false)];
    assert_eq!(bounds, expected);
    assert_eq!(problem.program.total, (100.0, 100.0));
}

/// The text of the error of a problem that cannot be built.
fn refusal(builder: BudgetProblemBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn amounts_and_ids_that_make_no_sense_are_refused_by_name() {
    let two = || euros().campaign(campaign("a")).campaign(campaign("b")).total(Total::Exactly(100.0));
    let third = |third: Campaign| refusal(two().campaign(third));
    insta::assert_snapshot!(refusal(euros().total(Total::Exactly(100.0))), @"the problem has no campaigns");
    insta::assert_snapshot!(third(campaign("a")), @"campaign `a` appears twice");
    insta::assert_snapshot!(third(campaign("c").between(Limit::Amount(50.0), Limit::Amount(40.0))), @"campaign `c` has the lower bound 50 above its upper bound 40");
    insta::assert_snapshot!(refusal(two().bounds(Limit::Share(0.5), Limit::Amount(10.0))), @"campaign `a` has the lower bound 50 above its upper bound 10");
    insta::assert_snapshot!(third(campaign("c").at_least(Limit::Amount(-1.0))), @"the lower bound of campaign `c` is -1, expected a finite amount of at least 0");
    insta::assert_snapshot!(third(campaign("c").at_most(Limit::Amount(f64::NAN))), @"the upper bound of campaign `c` is NaN, expected a finite amount of at least 0");
    insta::assert_snapshot!(third(campaign("c").at_most(Limit::Amount(1e15))), @"the upper bound of campaign `c` is 1000000000000000, more than the 22517998136852.48 that can be counted in minor units");
    insta::assert_snapshot!(third(campaign("c").at_most(Limit::Amount(0.001))), @"the upper bound of campaign `c` is 0.001, which is not a whole number of minor units: EUR has 2 decimal digits");
    insta::assert_snapshot!(third(campaign("c").at_least(Limit::Share(1.5))), @"the lower bound of campaign `c`, a share of the total, is 1.5, expected a share between 0 and 1");
    insta::assert_snapshot!(third(campaign("c").frozen()), @"parameter `today` of campaign `c` is missing, expected today's budget, which a frozen campaign keeps");
    insta::assert_snapshot!(third(campaign("c").max_change(0.1)), @"parameter `today` of campaign `c` is missing, expected today's budget, which `max_change` refers to");
    insta::assert_snapshot!(third(campaign("c").change_cost(0.1)), @"parameter `today` of campaign `c` is missing, expected today's budget, which `change_cost` refers to");
    insta::assert_snapshot!(third(campaign("c").today(10.0).max_change(-0.1)), @"parameter `max_change` of campaign `c` is -0.1, expected a finite share of at least 0");
    insta::assert_snapshot!(third(campaign("c").today(10.0).change_cost(f64::INFINITY)), @"parameter `change_cost` of campaign `c` is inf, expected a finite number of at least 0");
    insta::assert_snapshot!(third(campaign("c").today(f64::INFINITY)), @"today's budget of campaign `c` is inf, expected a finite amount of at least 0");
    insta::assert_snapshot!(refusal(two().total(Total::AtMost(-5.0))), @"the total is -5, expected a finite amount of at least 0");
    insta::assert_snapshot!(refusal(two().total(Total::Exactly(f64::INFINITY))), @"the total is inf, expected a finite amount of at least 0");
    insta::assert_snapshot!(refusal(two().total(Total::Exactly(1e18))), @"the total is 1000000000000000000, more than the 22517998136852.48 that can be counted in minor units");
    insta::assert_snapshot!(refusal(BudgetProblem::builder(Currency::with_minor_digits("XXX", 12)).campaign(campaign("a"))), @"parameter `minor_digits` of the currency XXX is 12, expected a whole number in [0, 8]");
}

#[test]
fn groups_that_make_no_sense_are_refused_by_name() {
    let two = || euros().campaign(campaign("a")).campaign(campaign("b")).total(Total::Exactly(100.0));
    insta::assert_snapshot!(refusal(two().group(Group::new("g", ["a", "z"]))), @"group `g` names campaign `z`, which the problem does not have");
    insta::assert_snapshot!(refusal(two().group(Group::new("g", ["a"])).group(Group::new("h", ["b", "a"]))), @"campaign `a` is in group `g` and in group `h`; groups may not overlap");
    insta::assert_snapshot!(refusal(two().group(Group::new("g", ["a", "a"]))), @"campaign `a` is in group `g` and in group `g`; groups may not overlap");
    let crossed = Group::new("g", ["a"]).at_least(Limit::Share(0.5)).at_most(Limit::Amount(20.0));
    insta::assert_snapshot!(refusal(two().group(crossed)), @"group `g` has the lower bound 50 above its upper bound 20");
    insta::assert_snapshot!(refusal(two().group(Group::new("g", ["a"]).at_most(Limit::Amount(-1.0)))), @"the upper bound of group `g` is -1, expected a finite amount of at least 0");
}

#[test]
fn objectives_that_make_no_sense_are_refused_by_name() {
    let one = || euros().campaign(campaign("a"));
    let with = |objective| refusal(one().total(Total::AtMost(100.0)).objective(objective));
    insta::assert_snapshot!(refusal(one()), @"parameter `total` of the problem is missing, expected a total, since the objective does not weigh the spend");
    insta::assert_snapshot!(refusal(one().objective(Objective::Profit { margin: 0.3 })), @"nothing limits the spend of campaign `a`: without a total it needs an upper bound, or a curve with a support");
    let share = euros().campaign(campaign("b").at_most(Limit::Share(0.3)));
    insta::assert_snapshot!(refusal(share.objective(Objective::TargetRoas(3.0))), @"the upper bound of campaign `b` is a share of the total, but the problem has no total");
    insta::assert_snapshot!(with(Objective::Profit { margin: 0.0 }), @"parameter `margin` of the objective is 0, expected a finite number above 0");
    insta::assert_snapshot!(with(Objective::TargetRoas(-1.0)), @"parameter `target_roas` of the objective is -1, expected a finite number above 0");
    insta::assert_snapshot!(with(Objective::TargetCpa(0.0)), @"parameter `target_cpa` of the objective is 0, expected a finite number above 0");
    insta::assert_snapshot!(with(Objective::MinimumSpend { volume: f64::NAN }), @"parameter `volume` of the objective is NaN, expected a finite number above 0");
}

#[test]
fn constraints_that_clash_are_told_as_a_smallest_set() {
    let three = || euros().campaigns(["a", "b", "c"].map(campaign)).total(Total::Exactly(100.0));
    let also = |builder: BudgetProblemBuilder, campaigns: Vec<Campaign>| refusal(builder.campaigns(campaigns));
    let least = |id: &str, amount| campaign(id).at_least(Limit::Amount(amount));
    // The total lies below the sum of the minimums; of four minimums two are enough.
    insta::assert_snapshot!(also(three(), vec![least("d", 20.0), least("e", 60.0), least("f", 50.0), least("g", 1.0)]), @"no budgets satisfy these constraints together: campaign e at least 60.00; campaign f at least 50.00; the total is exactly 100.00");
    // The prototype's bounds with 21 campaigns, with 1,000, and with one.
    let many =
        |n: usize| euros().campaigns((0..n).map(|index| campaign(&format!("c{index}")))).total(Total::Exactly(100.0));
    insta::assert_snapshot!(refusal(many(21).prototype_bounds()), @"no budgets satisfy these constraints together: each of 21 campaigns (c0, c1, c2, …) at least 5 % of the total (5.00); the total is exactly 100.00");
    insta::assert_snapshot!(refusal(many(1_000).prototype_bounds()), @"no budgets satisfy these constraints together: each of 21 campaigns (c0, c1, c2, …) at least 5 % of the total (5.00); the total is exactly 100.00");
    insta::assert_snapshot!(refusal(many(1).prototype_bounds()), @"no budgets satisfy these constraints together: campaign c0 at most 95 % of the total (95.00); the total is exactly 100.00");
    assert!(many(20).prototype_bounds().build().is_ok());
    // A thousand minimums of their own.
    let own = |index: usize| least(&format!("c{index}"), 0.5 + index as f64 / 100.0);
    insta::assert_snapshot!(refusal(euros().campaigns((0..1_000).map(own)).total(Total::AtMost(4_000.0))), @"no budgets satisfy these constraints together: campaign c999 at least 10.49; campaign c998 at least 10.48; campaign c997 at least 10.47; campaign c996 at least 10.46; campaign c995 at least 10.45; campaign c994 at least 10.44; campaign c993 at least 10.43; campaign c992 at least 10.42; campaign c991 at least 10.41; campaign c990 at least 10.40; campaign c989 at least 10.39; the bounds of 490 more campaigns, 3 888.15 together; the total is at most 4 000.00");
    // Sums that no integer holds.
    let most = |index: usize| least(&format!("c{index}"), 2e13 + index as f64);
    let text = refusal(euros().campaigns((0..10_000).map(most)).total(Total::AtMost(4_000.0)));
    assert!(text.contains("campaign c9999 at least 20 000 000 009 999.00; the total is at most 4 000.00"), "{text}");
    // Groups, changes, frozen campaigns.
    let brand = Group::new("brand", ["d", "e"]).at_most(Limit::Amount(50.0));
    insta::assert_snapshot!(also(three().group(brand), vec![least("d", 20.0), least("e", 40.0)]), @"no budgets satisfy these constraints together: campaign e at least 40.00; campaign d at least 20.00; group brand at most 50.00");
    let brand = Group::new("brand", ["d"]).at_least(Limit::Share(0.9));
    insta::assert_snapshot!(also(three().group(brand), vec![campaign("d"), campaign("e").today(20.0).frozen()]), @"no budgets satisfy these constraints together: campaign e frozen at 20.00; group brand at least 90 % of the total (90.00); the total is exactly 100.00");
    insta::assert_snapshot!(also(three(), vec![least("d", 20.0).today(10.0).max_change(0.2)]), @"no budgets satisfy these constraints together: campaign d at least 20.00; campaign d at most 12.00, today's budget plus 20 %");
    // Two that run with at least 60 each, or not at all: 100 cannot be spent exactly.
    let lumps = ["a", "b"].map(|id| campaign(id).zero_or_at_least(Limit::Amount(60.0)).at_most(Limit::Amount(70.0)));
    insta::assert_snapshot!(refusal(euros().campaigns(lumps).total(Total::Exactly(100.0))), @"no budgets satisfy these constraints together: each of 2 campaigns (a, b) zero or at least 60.00; each of 2 campaigns (a, b) at most 70.00; the total is exactly 100.00");
}

#[test]
fn three_exact_thirds_of_a_hundred_are_feasible() {
    let third = |id: &str| campaign(id).between(Limit::Share(1.0 / 3.0), Limit::Share(1.0 / 3.0));
    let problem = euros().campaigns(["a", "b", "c"].map(third)).total(Total::Exactly(100.0)).build().unwrap();
    for term in &problem.program.terms {
        assert_eq!((term.lower, term.upper), (33.33, 33.34));
    }
    // With lower bounds alone it is they that give way.
    let third = |id: &str| campaign(id).at_least(Limit::Share(1.0 / 3.0));
    let problem = euros().campaigns(["a", "b", "c"].map(third)).total(Total::Exactly(100.0)).build().unwrap();
    assert!(problem.program.terms.iter().all(|term| term.lower == 33.33));
}

/// A curve that is cut off at its support, counts in a unit, and may have a hole.
#[derive(Debug, Default)]
struct Odd {
    support: Option<[f64; 2]>,
    unit: ResponseUnit,
    undefined_above: Option<f64>,
}

impl ResponseCurve for Odd {
    fn value(&self, spend: f64) -> f64 {
        if self.undefined_above.is_some_and(|end| spend > end) { f64::NAN } else { spend }
    }

    fn marginal(&self, _: f64) -> f64 {
        1.0
    }

    fn shape(&self) -> Shape {
        Shape::Concave
    }

    fn support(&self) -> Option<[f64; 2]> {
        self.support
    }

    fn unit(&self) -> ResponseUnit {
        self.unit
    }
}

#[test]
fn plans_stay_where_curves_were_observed_unless_told_otherwise() {
    let seen = |id: &str| Campaign::new(id, Odd { support: Some([9.995, 40.001]), ..Odd::default() });
    let problem = euros()
        .campaign(seen("a").at_most(Limit::Amount(90.0)))
        .campaign(seen("b").zero_or_at_least(Limit::Amount(5.0)))
        .campaign(seen("c").today(70.0).frozen())
        .total(Total::AtMost(200.0));
    let bounds = |problem: BudgetProblem| -> Vec<_> {
        problem.program.terms.iter().map(|term| (term.lower, term.upper, term.or_zero)).collect()
    };
    let inside = [(10.0, 40.0, false), (10.0, 40.0, true), (70.0, 70.0, false)];
    assert_eq!(bounds(problem.clone().build().unwrap()), inside);
    let beyond = [(0.0, 90.0, false), (5.0, 200.0, true), (70.0, 70.0, false)];
    assert_eq!(bounds(problem.beyond_support(true).build().unwrap()), beyond);
    insta::assert_snapshot!(refusal(euros().campaigns(["a", "b"].map(seen)).total(Total::Exactly(100.0))), @"no budgets satisfy these constraints together: each of 2 campaigns (a, b) at most 40.01, the greatest spend its curve was observed at; the total is exactly 100.00");
    let reversed = Campaign::new("a", Odd { support: Some([9.0, 4.0]), ..Odd::default() });
    insta::assert_snapshot!(refusal(euros().campaign(reversed).total(Total::AtMost(100.0))), @"the end of the support of the curve of campaign `a` is 4, expected an amount not below its start");
}

#[test]
fn curves_that_cannot_be_added_up_are_refused_by_name() {
    let counts = |id: &str, unit| Campaign::new(id, Odd { unit, ..Odd::default() });
    let (revenue, sales) = (counts("a", ResponseUnit::Revenue), counts("b", ResponseUnit::Conversions));
    let all = |campaigns: &[&Campaign], objective| {
        euros()
            .campaigns(campaigns.iter().map(|&campaign| campaign.clone()))
            .total(Total::AtMost(9.0))
            .objective(objective)
    };
    insta::assert_snapshot!(refusal(all(&[&revenue, &sales], Objective::Response)), @"campaign `b` counts its response in conversions, expected revenue");
    insta::assert_snapshot!(refusal(all(&[&sales], Objective::TargetRoas(2.0))), @"campaign `b` counts its response in conversions, expected revenue");
    insta::assert_snapshot!(refusal(all(&[&campaign("c"), &revenue], Objective::TargetCpa(2.0))), @"campaign `a` counts its response in revenue, expected conversions");
    assert!(all(&[&campaign("c"), &revenue], Objective::TargetRoas(2.0)).build().is_ok());
    let hole = Campaign::new("d", Odd { undefined_above: Some(60.0), ..Odd::default() });
    insta::assert_snapshot!(refusal(euros().campaign(hole.clone()).total(Total::AtMost(80.0))), @"the curve of campaign `d` has the value NaN at a spend of 80");
    assert!(euros().campaign(hole).total(Total::AtMost(60.0)).build().is_ok());
}

#[test]
fn objectives_become_rewards_costs_and_floors() {
    let aim = |objective| {
        let problem =
            euros().campaign(campaign("a").at_most(Limit::Amount(50.0))).objective(objective).build().unwrap();
        let floor = problem.program.floor.map(|floor| (floor.ratio, floor.least));
        (problem.program.reward, problem.program.cost, floor, problem.program.total)
    };
    assert_eq!(aim(Objective::Profit { margin: 0.3 }), (0.3, 1.0, None, (0.0, 50.0)));
    assert_eq!(aim(Objective::TargetRoas(4.0)), (1.0, 0.0, Some((4.0, 0.0)), (0.0, 50.0)));
    assert_eq!(aim(Objective::TargetCpa(4.0)), (1.0, 0.0, Some((0.25, 0.0)), (0.0, 50.0)));
    assert_eq!(aim(Objective::MinimumSpend { volume: 7.0 }), (0.0, 1.0, Some((0.0, 7.0)), (0.0, 50.0)));
}

#[test]
fn given_budgets_are_judged_to_the_minor_unit() {
    let problem = euros()
        .campaign(campaign("a").at_most(Limit::Amount(60.0)).today(50.0))
        .campaign(campaign("b").zero_or_at_least(Limit::Amount(20.0)).today(50.0))
        .campaign(campaign("c"))
        .group(Group::new("g", ["a", "b"]).at_least(Limit::Amount(30.0)))
        .total(Total::Exactly(100.0))
        .build()
        .unwrap();
    problem.check(&[6_000, 2_000, 2_000]).unwrap();
    problem.check(&[6_000, 0, 4_000]).unwrap();
    assert_eq!(problem.value(&[2_500, 0, 400]).unwrap(), 7.0);
    assert_eq!(problem.today(), None);
    let refused = |budgets: &[i64]| problem.check(budgets).unwrap_err().to_string();
    insta::assert_snapshot!(refused(&[6_001, 2_000, 1_999]), @"the plan does not fit the problem: campaign `a` has 60.01, expected at most 60.00");
    insta::assert_snapshot!(refused(&[6_000, 1_999, 2_001]), @"the plan does not fit the problem: campaign `b` has 19.99, expected 0 or 20.00 to 100.00");
    insta::assert_snapshot!(refused(&[2_999, 0, 7_001]), @"the plan does not fit the problem: group `g` has 29.99, expected 30.00 to 100.00");
    insta::assert_snapshot!(refused(&[6_000, 2_000, 2_001]), @"the plan does not fit the problem: the budgets add up to 100.01, expected exactly 100.00");
    insta::assert_snapshot!(refused(&[6_000, 2_000, -1]), @"the plan does not fit the problem: campaign `c` has -0.01, expected an amount of at least 0");
    insta::assert_snapshot!(refused(&[6_000, 2_000]), @"the plan does not fit the problem: 2 budgets for 3 campaigns");
    assert!(problem.check(&[i64::MAX, i64::MAX, i64::MAX]).is_err());
    let target = euros().campaign(campaign("a").at_most(Limit::Amount(100.0))).objective(Objective::TargetRoas(0.5));
    let target = target.build().unwrap();
    target.check(&[400]).unwrap();
    insta::assert_snapshot!(target.check(&[900]).unwrap_err(), @"the plan does not fit the problem: the response falls 1.5 short of the target");
}
