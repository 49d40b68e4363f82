//! Rounding to minor units: exactly feasible, near, and where it is worth most.

use std::sync::Arc;

use proptest::prelude::*;

use super::judge::{is_feasible, major};
use super::rounding::round_to_minor;
use super::{Campaign, Group, Limit, Objective, Total};
use crate::program::{GroupLimit, Program, Term};
use crate::{BudgetProblem, BudgetProblemBuilder, Currency, Power, ResponseCurve, Steps};

/// `scale * sqrt(x)`.
fn smooth(scale: f64) -> Arc<dyn ResponseCurve> {
    Arc::new(Power::new(scale, 1.0, 0.5).unwrap())
}

/// A program around two feasible whole plans of the same paused campaigns, and the plan between them.
#[derive(Debug, Clone)]
struct Planted {
    program: Program,
    spends: Vec<f64>,
}

fn planted(n: impl Strategy<Value = usize>) -> impl Strategy<Value = Planted> {
    let campaign = (0..2_000_i64, 0..2_000_i64, 0..300_i64, 0..300_i64, 0.1..10.0_f64, 0..10_u8);
    let groups = 0..4_usize;
    let all = n.prop_flat_map(move |n| prop::collection::vec((campaign.clone(), groups.clone()), n));
    (all, 0.0..=1.0_f64, any::<bool>(), 0..3_i64).prop_map(|(all, mix, exact, slack)| {
        let mut first: Vec<i64> = all.iter().map(|((x, ..), _)| *x).collect();
        let mut second: Vec<i64> = all.iter().map(|((_, y, ..), _)| *y).collect();
        for (index, ((.., kind), _)) in all.iter().enumerate() {
            // One in ten is paused, one in ten runs with at least something.
            if *kind == 0 {
                (first[index], second[index]) = (0, 0);
            }
        }
        // Same sum: the difference goes to the last campaign of the lesser.
        let difference = first.iter().sum::<i64>() - second.iter().sum::<i64>();
        let last = all.len() - 1;
        first[last] += (-difference).max(0);
        second[last] += difference.max(0);
        let terms = all.iter().enumerate().map(|(index, ((_, _, below, above, scale, kind), _))| {
            let (least, most) = (first[index].min(second[index]), first[index].max(second[index]));
            let or_zero = *kind <= 1 && index != last;
            let lower = if *kind == 0 && index != last {
                50
            } else {
                (least - below).max(i64::from(or_zero)).min(least.max(1))
            };
            let lower = if or_zero { lower.max(1) } else { lower.min(least) };
            Term {
                curve: smooth(*scale),
                lower: lower as f64 / 100.0,
                upper: (most + above).max(lower) as f64 / 100.0,
                or_zero,
                today: 0.0,
                change_cost: 0.0,
            }
        });
        let terms: Vec<Term> = terms.collect();
        let group_of: Vec<Option<usize>> = all.iter().map(|(_, group)| (*group < 3).then_some(*group)).collect();
        let groups = (0..3).map(|group| {
            let members: Vec<usize> = (0..all.len()).filter(|&index| group_of[index] == Some(group)).collect();
            let sum = |plan: &[i64]| members.iter().map(|&index| plan[index]).sum::<i64>();
            let (x, y) = (sum(&first), sum(&second));
            GroupLimit {
                least: (x.min(y) - slack).max(0) as f64 / 100.0,
                most: (x.max(y) + slack) as f64 / 100.0,
                members,
            }
        });
        let groups = groups.collect();
        let total: i64 = first.iter().sum();
        let program = Program {
            terms,
            total: (if exact { total as f64 / 100.0 } else { 0.0 }, total as f64 / 100.0),
            groups,
            group_of,
            reward: 1.0,
            cost: 0.0,
            floor: None,
            minor_per_major: 100.0,
        };
        let spends =
            first.iter().zip(&second).map(|(&x, &y)| (mix * x as f64 + (1.0 - mix) * y as f64) / 100.0).collect();
        Planted { program, spends }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn rounding_is_exactly_feasible_and_moves_nothing_by_a_whole_unit(
        planted in planted(prop_oneof![Just(1_usize), Just(2), 3..=12_usize, Just(200)])
    ) {
        let budgets = round_to_minor(&planted.program, &planted.spends).expect("whole budgets nearby");
        prop_assert!(is_feasible(&planted.program, &budgets));
        for (&budget, &spend) in budgets.iter().zip(&planted.spends) {
            prop_assert!((budget as f64 - spend * 100.0).abs() < 1.0, "{spend} became {budget}");
        }
    }

    #[test]
    fn whole_plans_stay_as_they_are(planted in planted(1..=8_usize)) {
        let whole = round_to_minor(&planted.program, &planted.spends).expect("whole budgets nearby");
        let spends: Vec<f64> = whole.iter().map(|&budget| major(&planted.program, budget)).collect();
        prop_assert_eq!(round_to_minor(&planted.program, &spends), Some(whole));
    }

    #[test]
    fn left_over_units_go_where_they_are_worth_most(
        scales in prop::collection::vec(0.1..10.0_f64, 2..=8),
        parts in prop::collection::vec(1.0..100.0_f64, 8),
        total in 100..5_000_i64,
    ) {
        let n = scales.len();
        let sum: f64 = parts[..n].iter().sum();
        let spends: Vec<f64> = parts[..n].iter().map(|part| part / sum * total as f64 / 100.0).collect();
        let curves = scales.iter().enumerate().map(|(index, &scale)| Campaign::with_curve(index.to_string(), smooth(scale)));
        let total = Total::Exactly(total as f64 / 100.0);
        let problem = BudgetProblem::builder(Currency::new("EUR")).campaigns(curves).total(total).build().unwrap();
        let budgets = round_to_minor(&problem.program, &spends).unwrap();
        let value = problem.value(&budgets).unwrap();
        for up in 0..1_u32 << n {
            let other: Vec<i64> =
                spends.iter().enumerate().map(|(index, spend)| (spend * 100.0).floor() as i64 + i64::from(up >> index & 1)).collect();
            if is_feasible(&problem.program, &other) {
                // From 1,000 units on they are ranked by the slope at their middle: within 1e-7 of a gain of at most 0.02.
                prop_assert!(problem.value(&other).unwrap() <= value + 1e-8, "{other:?} is better than {budgets:?}");
            }
        }
    }

    #[test]
    fn a_target_that_was_just_kept_is_kept_in_whole_units(
        scales in prop::collection::vec(1.0..10.0_f64, 1..=6),
        parts in prop::collection::vec(0.5..50.0_f64, 6),
        roas in any::<bool>(),
    ) {
        // Without anything to spare: rounding to the nearest sum misses about half of these targets by a fraction of a unit.
        let spends = &parts[..scales.len()];
        let response: f64 = scales.iter().zip(spends).map(|(scale, spend)| scale * spend.sqrt()).sum();
        let objective = if roas {
            Objective::TargetRoas(response / spends.iter().sum::<f64>())
        } else {
            Objective::MinimumSpend { volume: response }
        };
        let problem = roots(&scales).objective(objective).total(Total::AtMost(400.0)).build().unwrap();
        let budgets = round_to_minor(&problem.program, spends).expect("a plan that keeps the target");
        prop_assert!(problem.check(&budgets).is_ok());
        for (&budget, &spend) in budgets.iter().zip(spends) {
            prop_assert!((budget as f64 - spend * 100.0).abs() < 3.0, "{spend} became {budget}");
        }
    }

    #[test]
    fn where_the_total_is_exact_units_move_from_the_worst_to_the_best(
        scales in prop::collection::vec(1.0..10.0_f64, 2..=6),
        parts in prop::collection::vec(0.5..50.0_f64, 6),
        moved in 1..=3_i64,
    ) {
        let spends = &parts[..scales.len()];
        let total = Total::Exactly((spends.iter().sum::<f64>() * 100.0).round() / 100.0);
        let plain = roots(&scales).total(total).build().unwrap();
        let rounded = round_to_minor(&plain.program, spends).unwrap();
        // A better plan, a few units away: its volume can be had.
        let marginal = |index: &usize| scales[*index] / (rounded[*index] as f64).sqrt();
        let by_marginal = |a: &usize, b: &usize| marginal(a).total_cmp(&marginal(b));
        let (worst, best) = ((0..scales.len()).min_by(by_marginal).unwrap(), (0..scales.len()).max_by(by_marginal).unwrap());
        let mut better = rounded.clone();
        better[worst] -= moved;
        better[best] += moved;
        let volume = plain.value(&better).unwrap();
        prop_assume!(volume > plain.value(&rounded).unwrap());
        let problem = roots(&scales).total(total).objective(Objective::MinimumSpend { volume }).build().unwrap();
        let budgets = round_to_minor(&problem.program, spends).expect("a plan of that volume");
        prop_assert!(problem.check(&budgets).is_ok());
    }
}

/// Campaigns of `scale * sqrt(x)`.
fn roots(scales: &[f64]) -> BudgetProblemBuilder {
    let campaigns =
        scales.iter().enumerate().map(|(index, &scale)| Campaign::with_curve(index.to_string(), smooth(scale)));
    BudgetProblem::builder(Currency::new("EUR")).campaigns(campaigns)
}

#[test]
fn a_target_that_no_nearby_plan_keeps_is_not_said_to_be_kept() {
    let objective = Objective::MinimumSpend { volume: 100.0 };
    let problem = roots(&[1.0, 2.0]).total(Total::Exactly(10.0)).objective(objective).build().unwrap();
    assert_eq!(round_to_minor(&problem.program, &[5.0, 5.0]), None);
}

#[test]
fn a_step_is_never_rounded_away() {
    let step = |at: &[f64]| -> Arc<dyn ResponseCurve> { Arc::new(Steps::new(at.iter().map(|&at| (at, at))).unwrap()) };
    let problem = BudgetProblem::builder(Currency::new("EUR"))
        .campaign(Campaign::with_curve("a", step(&[1.0, 10.005])))
        .campaign(Campaign::with_curve("b", step(&[2.0, 20.0])))
        .campaign(Campaign::with_curve("c", smooth(0.1)))
        .total(Total::Exactly(50.0))
        .build()
        .unwrap();
    for spends in
        [[10.005, 20.0, 19.995], [10.005 + 1e-10, 20.0 - 1e-10, 19.995], [10.005 - 1e-10, 20.0 + 1e-10, 19.995]]
    {
        assert_eq!(round_to_minor(&problem.program, &spends), Some(vec![1_001, 2_000, 1_999]));
    }
    // Though the sum is nearer to 45.00 than to 45.01.
    let step = Campaign::with_curve("a", step(&[10.002]));
    let builder =
        BudgetProblem::builder(Currency::new("EUR")).campaign(step).campaign(Campaign::with_curve("b", smooth(0.1)));
    let problem = builder.total(Total::AtMost(50.0)).build().unwrap();
    assert_eq!(round_to_minor(&problem.program, &[10.002, 35.0]), Some(vec![1_001, 3_500]));
}

#[test]
fn one_campaign_takes_an_exact_total_whatever_it_is() {
    for total in [0.0, 0.01, 1.0, 99.99] {
        let one = Campaign::with_curve("a", smooth(1.0));
        let problem =
            BudgetProblem::builder(Currency::new("EUR")).campaign(one).total(Total::Exactly(total)).build().unwrap();
        let whole = (total * 100.0).round() as i64;
        assert_eq!(round_to_minor(&problem.program, &[total]), Some(vec![whole]));
        // Rounding error of a solver, on either side.
        assert_eq!(round_to_minor(&problem.program, &[total * (1.0 + 1e-9)]), Some(vec![whole]));
        assert_eq!(round_to_minor(&problem.program, &[total * (1.0 - 1e-9)]), Some(vec![whole]));
    }
}

#[test]
fn a_total_that_is_the_sum_of_the_bounds_leaves_one_plan() {
    let pair = |lower: f64, upper: f64| {
        let campaigns = [("a", lower, upper), ("b", 2.0 * lower, 2.0 * upper)].map(|(id, lower, upper)| {
            Campaign::with_curve(id, smooth(1.0)).between(Limit::Amount(lower), Limit::Amount(upper))
        });
        BudgetProblem::builder(Currency::new("EUR")).campaigns(campaigns)
    };
    let lowest = pair(33.33, 50.0).total(Total::Exactly(99.99)).build().unwrap();
    assert_eq!(round_to_minor(&lowest.program, &[33.330_001, 66.659_999]), Some(vec![3_333, 6_666]));
    let highest = pair(10.0, 33.33).total(Total::Exactly(99.99)).build().unwrap();
    assert_eq!(round_to_minor(&highest.program, &[33.329, 66.661]), Some(vec![3_333, 6_666]));
    assert!(pair(33.34, 50.0).total(Total::Exactly(99.99)).build().is_err());
    assert!(pair(10.0, 33.32).total(Total::Exactly(99.99)).build().is_err());
}

#[test]
fn plans_far_from_feasible_are_brought_back_where_they_can_be() {
    let campaigns = ["a", "b", "c"].map(|id| Campaign::with_curve(id, smooth(1.0)).at_most(Limit::Amount(500.0)));
    let group = Group::new("g", ["a", "b"]).at_most(Limit::Amount(600.0));
    let builder = BudgetProblem::builder(Currency::new("EUR")).campaigns(campaigns).group(group);
    let problem = builder.total(Total::Exactly(1_000.0)).build().unwrap();
    for spends in [[0.0, 0.0, 0.0], [500.0, 500.0, 500.0], [500.0, 0.0, 0.0], [0.0, 0.0, 500.0]] {
        let budgets = round_to_minor(&problem.program, &spends).unwrap();
        assert!(is_feasible(&problem.program, &budgets), "{spends:?} became {budgets:?}");
    }
}
