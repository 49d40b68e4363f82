//! The exact optimiser against closed forms, re-solved problems and invariances.

use std::sync::Arc;
use std::time::Duration;

use adsml_core::{CancelToken, FitContext, Seed, Stream};
use proptest::prelude::*;

use crate::{
    Allocation, Binding, BudgetOptimizer, BudgetProblem, Campaign, Constraint, Currency, Exact, Group, Hill, Limit,
    Logarithmic, NegativeExponential, Objective, OptimizeError, Power, ResponseCurve, StoppingReason, Total,
};

fn euro() -> Currency {
    Currency::new("EUR")
}

fn solve(problem: &BudgetProblem) -> Allocation {
    let plan = Exact::default().allocate(problem).unwrap();
    plan.certificate().verify(problem).unwrap();
    plan
}

/// A curve of any smooth kind, for spends of some hundreds.
fn any_curve(stream: &mut Stream) -> Arc<dyn ResponseCurve> {
    let (size, scale) = (100.0 + 900.0 * stream.uniform(), 100.0 + 900.0 * stream.uniform());
    match stream.below(5) {
        0 => Arc::new(Hill::new(size, scale, 0.5 + 0.5 * stream.uniform()).unwrap()),
        1 => Arc::new(Hill::new(size, scale, 1.5 + 2.5 * stream.uniform()).unwrap()),
        2 => Arc::new(Logarithmic::new(size, scale).unwrap()),
        3 => Arc::new(NegativeExponential::new(size, scale).unwrap()),
        _ => Arc::new(Power::new(size, scale, 0.3 + 0.5 * stream.uniform()).unwrap()),
    }
}

fn curves(seed: u64, count: usize) -> Vec<Arc<dyn ResponseCurve>> {
    let mut stream = Seed::new(seed).stream("curves", 0);
    (0..count).map(|_| any_curve(&mut stream)).collect()
}

fn problem_of(curves: &[Arc<dyn ResponseCurve>], total: Total) -> BudgetProblem {
    BudgetProblem::builder(euro())
        .campaigns(curves.iter().enumerate().map(|(i, curve)| Campaign::with_curve(format!("C{i}"), curve.clone())))
        .total(total)
        .build()
        .unwrap()
}

#[test]
fn logarithmic_curves_are_filled_like_water() {
    // slope_i / (scale_i + x_i) = price for those that are funded: x_i = slope_i / price - scale_i.
    let (slopes, scales, total) = ([400.0, 300.0, 10.0], [100.0, 50.0, 500.0], 1000.0);
    let curves: Vec<Arc<dyn ResponseCurve>> = slopes
        .iter()
        .zip(scales)
        .map(|(&slope, scale)| Arc::new(Logarithmic::new(slope, scale).unwrap()) as Arc<dyn ResponseCurve>)
        .collect();
    let plan = solve(&problem_of(&curves, Total::Exactly(total)));
    // The third stays dry: the others' price is (400 + 300) / (1000 + 100 + 50), above 10 / 500.
    let price = 700.0 / 1150.0;
    let expected = [400.0 / price - 100.0, 300.0 / price - 50.0, 0.0];
    for (&budget, spend) in plan.budgets().iter().zip(expected) {
        // A cent at most is due to rounding.
        assert!((budget as f64 / 100.0 - spend).abs() <= 0.01, "{plan}");
    }
    assert_eq!(plan.campaigns()[2].binding, Binding::AtLeast);
    let total = &plan.shadow_prices()[0];
    assert_eq!(total.constraint, Constraint::Total);
    assert!((total.per_unit - price).abs() < 1e-6);
    assert!(plan.gap() < 1e-9);
}

#[test]
fn two_s_curves_are_not_shared_when_one_is_enough() {
    // Each needs about 300 to take off; 400 in all is best spent on one of them.
    let twin: Arc<dyn ResponseCurve> = Arc::new(Hill::new(1000.0, 300.0, 4.0).unwrap());
    let plan = solve(&problem_of(&[twin.clone(), twin.clone()], Total::Exactly(400.0)));
    let mut budgets = plan.budgets().to_vec();
    budgets.sort_unstable();
    assert_eq!(budgets[0] + budgets[1], 40_000);
    assert!(plan.value() > 2.0 * twin.value(200.0) * 1.5);
    assert!(plan.gap() < 1e-9, "{plan}");
}

#[test]
fn a_target_roas_stops_where_the_average_falls_to_it() {
    // Revenue 1000 x / (100 + x) at a ROAS of 4: 1000 / (100 + x) = 4, x = 150.
    let problem = |roas| {
        BudgetProblem::builder(euro())
            .campaign(Campaign::new("A", Hill::new(1000.0, 100.0, 1.0).unwrap()))
            .total(Total::AtMost(1000.0))
            .objective(Objective::TargetRoas(roas))
            .build()
            .unwrap()
    };
    let plan = solve(&problem(4.0));
    assert_eq!(plan.budgets(), [15_000]);
    // Its price: the revenue 1000 - 100 R changes by -100 per unit of R.
    let price = plan.shadow_prices().iter().find(|price| price.constraint == Constraint::Target).unwrap();
    assert!((price.per_unit + 100.0).abs() < 0.1, "{price:?}");
    // ROAS 11 is never reached (10 at a spend of nothing); only 0 keeps the target, where revenue is 0.
    let idle = solve(&problem(11.0));
    assert_eq!(idle.budgets(), [0]);
}

#[test]
fn a_target_that_no_plan_reaches_is_named_with_the_best_there_is() {
    let problem = BudgetProblem::builder(euro())
        .campaign(Campaign::new("A", Hill::new(1000.0, 100.0, 1.0).unwrap()).at_least(Limit::Amount(400.0)))
        .total(Total::AtMost(1000.0))
        .objective(Objective::TargetRoas(4.0))
        .build()
        .unwrap();
    let error = Exact::default().allocate(&problem).unwrap_err();
    assert_eq!(error.to_string(), "no plan reaches a ROAS of 4: the best found has 2.0000, and none has more");
    let volume = BudgetProblem::builder(euro())
        .campaign(Campaign::new("A", Hill::new(1000.0, 100.0, 1.0).unwrap()))
        .total(Total::AtMost(900.0))
        .objective(Objective::MinimumSpend { volume: 950.0 })
        .build()
        .unwrap();
    assert!(matches!(Exact::default().allocate(&volume), Err(OptimizeError::TargetUnreachable { proved: true, .. })));
}

#[test]
fn the_least_spend_for_a_volume_reaches_it_and_not_a_cent_less_would() {
    // 1000 x / (100 + x) = 500 at x = 100.
    let problem = BudgetProblem::builder(euro())
        .campaign(Campaign::new("A", Hill::new(1000.0, 100.0, 1.0).unwrap()))
        .total(Total::AtMost(900.0))
        .objective(Objective::MinimumSpend { volume: 500.0 })
        .build()
        .unwrap();
    let plan = solve(&problem);
    assert_eq!(plan.budgets(), [10_000]);
    assert_eq!(plan.value(), -100.0);
}

#[test]
fn profit_stops_where_the_margin_no_longer_pays() {
    // 0.5 * 1000 * 100 / (100 + x)^2 = 1 at x = sqrt(50_000) - 100 = 123.61.
    let problem = BudgetProblem::builder(euro())
        .campaign(Campaign::new("A", Hill::new(1000.0, 100.0, 1.0).unwrap()))
        .total(Total::AtMost(1000.0))
        .objective(Objective::Profit { margin: 0.5 })
        .build()
        .unwrap();
    assert_eq!(solve(&problem).budgets(), [12_361]);
}

#[test]
fn a_paused_campaign_stays_paused_unless_its_minimum_pays() {
    let problem = |total| {
        BudgetProblem::builder(euro())
            .campaign(
                Campaign::new("new", Logarithmic::new(50.0, 100.0).unwrap()).zero_or_at_least(Limit::Amount(300.0)),
            )
            .campaign(Campaign::new("old", Logarithmic::new(500.0, 100.0).unwrap()))
            .total(Total::Exactly(total))
            .build()
            .unwrap()
    };
    let small = solve(&problem(400.0));
    assert_eq!((small.budgets(), small.campaigns()[0].binding), (&[0, 40_000][..], Binding::Paused));
    let large = solve(&problem(20_000.0));
    assert!(large.budget("new").unwrap() >= 30_000, "{large}");
}

#[test]
fn groups_and_changes_are_kept() {
    let problem = BudgetProblem::builder(euro())
        .campaigns((0..4).map(|i| {
            Campaign::new(format!("C{i}"), Logarithmic::new(100.0 * f64::from(i + 1), 100.0).unwrap())
                .today(250.0)
                .max_change(0.4)
        }))
        .group(Group::new("strong", ["C2", "C3"]).at_most(Limit::Amount(600.0)))
        .total(Total::Exactly(1000.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    problem.check(plan.budgets()).unwrap();
    assert_eq!(plan.budgets()[2] + plan.budgets()[3], 60_000);
    let group = plan.shadow_prices().iter().find(|price| price.constraint == Constraint::Group("strong".to_owned()));
    assert!(group.unwrap().per_unit > 0.0);
}

#[test]
fn the_cost_of_change_keeps_budgets_where_they_are() {
    let problem = |cost| {
        BudgetProblem::builder(euro())
            .campaigns((0..3).map(|i| {
                Campaign::new(format!("C{i}"), Logarithmic::new(100.0 + f64::from(i), 100.0).unwrap())
                    .today(200.0)
                    .change_cost(cost)
            }))
            .total(Total::Exactly(600.0))
            .build()
            .unwrap()
    };
    assert_ne!(solve(&problem(0.0)).budgets(), [20_000; 3]);
    assert_eq!(solve(&problem(0.1)).budgets(), [20_000; 3]);
}

#[test]
fn shadow_prices_are_the_differences_of_problems_solved_again() {
    let mut compared = 0;
    for seed in 0..40 {
        let curves = curves(seed, 6);
        let total = 1500.0;
        let at = |total: f64, cap: f64| {
            let capped = |i: usize| if i == 1 { Limit::Amount(cap) } else { Limit::Amount(5000.0) };
            let campaigns = curves.iter().enumerate();
            let campaigns =
                campaigns.map(|(i, curve)| Campaign::with_curve(format!("C{i}"), curve.clone()).at_most(capped(i)));
            // Tenths of a millicent, so that rounding does not drown the differences.
            let problem = BudgetProblem::builder(Currency::with_minor_digits("EUR", 6))
                .campaigns(campaigns)
                .total(Total::Exactly(total));
            solve(&problem.build().unwrap())
        };
        let plan = at(total, 120.0);
        // A step that is small beside the budgets and large beside rounding: errors of 1e-3 are the curvature's.
        let (step, close) = (0.5, |price: f64, difference: f64| (price - difference).abs() < 2e-3 * price.abs() + 1e-5);
        for price in plan.shadow_prices() {
            let difference = match &price.constraint {
                Constraint::Total => at(total + step, 120.0).value() - at(total - step, 120.0).value(),
                Constraint::CampaignAtMost(id) if id == "C1" => {
                    at(total, 120.0 + step).value() - at(total, 120.0 - step).value()
                }
                _ => continue,
            };
            assert!(close(price.per_unit, difference / (2.0 * step)), "seed {seed}: {price:?} {difference}\n{plan}");
            compared += 1;
        }
    }
    assert!(compared > 50, "only {compared} prices were compared");
}

#[test]
fn scarce_budgets_over_s_curves_are_proved_quickly() {
    // The plain dual bound is off by percents here: lower bounds 0, upper bounds the total, money for a quarter of them.
    for (count, gap) in [(5, 1e-6), (10, 1e-6), (20, 1e-6), (50, 1e-4)] {
        for seed in 0..3 {
            let mut stream = Seed::new(seed).stream("scarce", count);
            let mut curve = || {
                let (size, scale) = (200.0 + 800.0 * stream.uniform(), 300.0 + 2700.0 * stream.uniform());
                Arc::new(Hill::new(size, scale, 1.5 + 2.5 * stream.uniform()).unwrap()) as Arc<dyn ResponseCurve>
            };
            let different: Vec<_> = (0..count).map(|_| curve()).collect();
            let same = vec![different[0].clone(); count as usize];
            for curves in [different, same] {
                let problem = problem_of(&curves, Total::Exactly(300.0 * count as f64));
                let plan = Exact::default().gap(gap).max_nodes(2000).allocate(&problem).unwrap();
                assert_eq!(plan.stopping(), StoppingReason::GapReached, "{count} {seed}: {plan}");
                plan.certificate().verify(&problem).unwrap();
            }
        }
    }
}

#[test]
fn more_budget_is_never_worse_when_less_may_be_spent() {
    for seed in 0..20 {
        let curves = curves(100 + seed, 8);
        let mut last = 0.0;
        for total in [0.0, 10.0, 200.0, 1000.0, 3000.0, 10_000.0] {
            let plan = solve(&problem_of(&curves, Total::AtMost(total)));
            // Within the gap that is asked for.
            assert!(plan.value() >= last * (1.0 - 1e-9), "seed {seed} at {total}: {} < {last}", plan.value());
            last = plan.value();
        }
    }
}

#[test]
fn a_time_limit_and_a_cancel_token_leave_a_feasible_plan_and_its_bound() {
    // Nearly twins, with money for one and a half of seven: the relaxation alone proves little.
    let curves: Vec<Arc<dyn ResponseCurve>> = (0..30)
        .map(|i| Arc::new(Hill::new(500.0 + f64::from(i), 900.0 + 7.0 * f64::from(i), 3.0).unwrap()) as _)
        .collect();
    let problem = problem_of(&curves, Total::Exactly(6200.0));
    let hurried = Exact::default().gap(0.0).time_limit(Duration::ZERO).allocate(&problem).unwrap();
    assert_eq!(hurried.stopping(), StoppingReason::TimeLimit);
    let token = CancelToken::new();
    token.cancel();
    let context = FitContext { cancel: Some(&token), ..FitContext::default() };
    let cancelled = Exact::default().gap(0.0).allocate_with(&problem, &context).unwrap();
    assert_eq!(cancelled.stopping(), StoppingReason::Cancelled);
    let small = Exact::default().gap(0.0).max_nodes(1).allocate(&problem).unwrap();
    assert_eq!(small.stopping(), StoppingReason::CertificateSize);
    for plan in [hurried, cancelled, small] {
        plan.certificate().verify(&problem).unwrap();
        assert!(plan.upper_bound() >= plan.value() && plan.gap() < 0.05, "{plan}");
    }
}

#[test]
fn the_gap_is_reached_only_where_it_is_said_to_be() {
    // Whole yen over curves that bend within some yen: rounding costs more than the gap asked for.
    let (mut reached, mut rounded) = (0, 0);
    for seed in 0..40 {
        let mut stream = Seed::new(seed).stream("coarse", 0);
        let problem = BudgetProblem::builder(Currency::new("JPY"))
            .campaigns((0..12).map(|i| {
                let (size, scale) = (50.0 + 100.0 * stream.uniform(), 10.0 + 40.0 * stream.uniform());
                Campaign::new(format!("C{i}"), Hill::new(size, scale, 1.5 + 2.0 * stream.uniform()).unwrap())
            }))
            .total(Total::Exactly(150.0))
            .build()
            .unwrap();
        let plan = Exact::default().max_nodes(3000).allocate(&problem).unwrap();
        match plan.stopping() {
            StoppingReason::GapReached => {
                reached += 1;
                // 1e-9 is what was asked for; bounds are claimed with room for rounding errors.
                assert!(plan.gap() < 1.1e-9, "seed {seed}: {plan}");
            }
            StoppingReason::WholeUnits => rounded += 1,
            reason => assert_eq!(reason, StoppingReason::CertificateSize, "seed {seed}: {plan}"),
        }
    }
    assert!(reached + rounded > 10 && rounded > 0, "{reached} reached, {rounded} rounded");
}

#[test]
fn a_curve_of_which_nothing_is_known_gets_a_plan_and_no_bound() {
    let wave = crate::UserCurve::new(
        crate::Shape::Unknown,
        |x: f64| 10.0 * (x / 40.0).sin() + x / 4.0,
        |x: f64| (x / 40.0).cos() / 4.0 + 0.25,
    );
    let problem = BudgetProblem::builder(euro())
        .campaign(Campaign::new("wave", wave))
        .campaign(Campaign::new("log", Logarithmic::new(20.0, 30.0).unwrap()))
        .total(Total::Exactly(200.0))
        .build()
        .unwrap();
    let plan = Exact::default().max_nodes(50).time_limit(Duration::from_secs(5)).allocate(&problem).unwrap();
    problem.check(plan.budgets()).unwrap();
    assert_eq!((plan.upper_bound(), plan.gap()), (f64::INFINITY, 1.0));
    assert!(plan.to_string().ends_with("nothing is known that could bound it"), "{plan}");
    assert!(plan.explain(&problem).contains("no bound: a curve of unknown shape"));
    assert_eq!(plan.certificate().verify(&problem).unwrap().upper_bound, f64::INFINITY);
    assert_ne!(plan.stopping(), StoppingReason::GapReached);
}

#[test]
fn parameters_are_judged() {
    let problem = problem_of(&curves(1, 2), Total::Exactly(10.0));
    for bad in [f64::NAN, -0.1, 1.0] {
        let error = Exact::default().gap(bad).allocate(&problem).unwrap_err();
        assert_eq!(error.to_string(), format!("parameter `gap` of exact is {bad}, expected a number in [0, 1)"));
    }
    assert!(Exact::default().max_nodes(0).allocate(&problem).is_err());
}

#[test]
fn threads_do_not_change_a_bit() {
    let curves: Vec<Arc<dyn ResponseCurve>> = curves(9, 9000)
        .into_iter()
        .map(|curve| {
            if matches!(curve.shape(), crate::Shape::Concave) {
                curve
            } else {
                Arc::new(Logarithmic::new(300.0, 200.0).unwrap())
            }
        })
        .collect();
    let problem = problem_of(&curves, Total::Exactly(3_000_000.0));
    let on = |threads: usize| {
        let context = FitContext::default().with_threads(threads.try_into().unwrap());
        Exact::default().allocate_with(&problem, &context).unwrap()
    };
    let (one, three) = (on(1), on(3));
    assert_eq!(one.budgets(), three.budgets());
    assert_eq!(one.certificate(), three.certificate());
    // Budgets of some cents on curves that are steep at zero: rounding alone costs some billionths.
    assert!(one.gap() < 1e-8);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn neither_the_order_of_campaigns_nor_the_unit_of_currency_matters(seed in 0_u64..1_000_000, unit in 0.01_f64..100.0) {
        let curves = curves(seed, 5);
        // A fine currency: what is compared is the plan before rounding.
        let fine = |total: f64, curves: Vec<Arc<dyn ResponseCurve>>| {
            let problem = BudgetProblem::builder(Currency::with_minor_digits("EUR", 8))
                .campaigns(curves.into_iter().enumerate().map(|(i, curve)| Campaign::with_curve(format!("C{i}"), curve)))
                .total(Total::Exactly(total));
            solve(&problem.build().unwrap())
        };
        let plan = fine(1000.0, curves.clone());
        let mut turned = curves.clone();
        turned.reverse();
        prop_assert!((fine(1000.0, turned).value() / plan.value() - 1.0).abs() < 2e-9);
        let scaled: Vec<Arc<dyn ResponseCurve>> = curves
            .iter()
            .map(|curve| Arc::new(crate::Scaled::new(curve.clone(), 1.0, 1.0 / unit).unwrap()) as Arc<dyn ResponseCurve>)
            .collect();
        let total = (1000.0 * unit * 1e8).round() / 1e8;
        prop_assert!((fine(total, scaled).value() / plan.value() - 1.0).abs() < 2e-9);
    }
}

/// `500 * ln(1 + x / 300)`, which brings nothing more beyond a kink that it does not tell of.
#[derive(Debug)]
struct Capped(f64);

impl ResponseCurve for Capped {
    fn value(&self, spend: f64) -> f64 {
        500.0 * (spend.min(self.0) / 300.0).ln_1p()
    }
    fn marginal(&self, spend: f64) -> f64 {
        if spend < self.0 { 500.0 / (300.0 + spend) } else { 0.0 }
    }
    fn shape(&self) -> crate::Shape {
        crate::Shape::Concave
    }
}

#[test]
fn plans_at_kinks_that_curves_do_not_tell_of_are_proved() {
    // Money for every campaign up to its kink, and for some of them only.
    for total in [300.0, 1200.0, 2000.0, 2600.0] {
        let curves: Vec<Arc<dyn ResponseCurve>> =
            [137.0, 251.0, 389.0, 512.0, 773.0, 941.0].map(|kink| Arc::new(Capped(kink)) as Arc<_>).into();
        let problem = problem_of(&curves, Total::Exactly(total));
        let plan = Exact::default().allocate(&problem).unwrap();
        assert!(plan.gap() < 1e-8, "{total}: {}", plan.gap());
        assert!(plan.certificate().verify(&problem).is_ok());
    }
}
