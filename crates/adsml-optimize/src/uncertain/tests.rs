//! Plans under uncertainty against brute force.

use std::sync::Arc;

use super::*;
use crate::{BudgetProblem, Campaign, Currency, Hill, ResponseCurve, Total};

const TOTAL: f64 = 100.0;

/// Two campaigns: one known, one that is either much better or much worse.
fn draws(n: usize) -> Vec<Vec<Arc<dyn ResponseCurve>>> {
    let hill = |ceiling: f64, half: f64| Arc::new(Hill::new(ceiling, half, 1.0).unwrap()) as Arc<dyn ResponseCurve>;
    let safe = (0..n).map(|_| hill(100.0, 60.0)).collect();
    let risky = (0..n).map(|i| if i / 3 % 2 == 0 { hill(30.0, 60.0) } else { hill(220.0, 60.0) }).collect();
    vec![safe, risky]
}

fn problem(n: usize) -> UncertainProblem {
    let draws = draws(n);
    let builder = BudgetProblem::builder(Currency::new("EUR"))
        .campaign(Campaign::with_curve("safe", draws[0][0].clone()).today(50.0))
        .campaign(Campaign::with_curve("risky", draws[1][0].clone()).today(50.0))
        .total(Total::Exactly(TOTAL));
    UncertainProblem::new(builder, draws).unwrap()
}

/// The greatest value over whole euros, on the draws that plans are made for.
fn brute_force(n: usize, value: impl Fn(&[f64]) -> f64) -> f64 {
    let draws = draws(n);
    let gain = |euros: u32, draw: usize| {
        let of = |spend: f64, i: usize| draws[i][draw].value(spend);
        let spend = f64::from(euros);
        of(spend, 0) + of(TOTAL - spend, 1) - of(50.0, 0) - of(50.0, 1)
    };
    let gains = |euros: u32| (0..n).step_by(3).map(|draw| gain(euros, draw)).collect::<Vec<_>>();
    (0..=100).map(|euros| value(&gains(euros))).fold(f64::NEG_INFINITY, f64::max)
}

#[test]
fn the_mean_is_as_great_as_can_be_and_proved() {
    let plan = problem(60).allocate(Risk::Mean).unwrap();
    let expected = brute_force(60, |gains| gains.iter().sum::<f64>() / gains.len() as f64);
    // Whole euros come close to the best plan; the pieces of the averaged curve come close to the curve.
    assert!(plan.value() >= expected - 1e-3 && plan.value() <= expected + 0.02, "{} {expected}", plan.value());
    assert!(plan.gap() < 1e-6);
    plan.allocation().certificate().verify(plan.problem()).unwrap();
}

#[test]
fn the_worst_draws_are_made_as_good_as_can_be() {
    let risk = Risk::Cvar { share: 0.25 };
    let plan = problem(60).allocate(risk).unwrap();
    let expected = brute_force(60, |gains| risk.of(gains).0);
    assert!(plan.value() >= expected - 0.05, "{} {expected}", plan.value());
    assert!(plan.upper_bound() >= expected - 1e-3);
    assert!(plan.gap() < 0.01, "{}", plan.gap());
    let [careful, bold] = [risk, Risk::Mean].map(|risk| problem(60).allocate(risk).unwrap());
    assert!(careful.allocation().budgets()[1] < bold.allocation().budgets()[1]);
    assert!(careful.gain().unwrap().interval[0] > bold.gain().unwrap().interval[0]);
}

#[test]
fn more_money_brings_more_and_less_of_it() {
    let frontier = problem(30).frontier(&[50.0, 100.0, 200.0], &crate::FitContext::default()).unwrap();
    let same = problem(30).frontier(&[0.0, 100.004, 99.996, 100.0], &crate::FitContext::default()).unwrap();
    assert_eq!(same.iter().map(|point| point.total).collect::<Vec<_>>(), [100.0]);
    assert!(frontier.windows(2).all(|pair| pair[0].response < pair[1].response && pair[0].marginal > pair[1].marginal));
}

#[test]
fn draws_have_to_fit_the_problem() {
    let builder = BudgetProblem::builder(Currency::new("EUR"))
        .campaign(Campaign::with_curve("safe", draws(3)[0][0].clone()))
        .total(Total::Exactly(TOTAL));
    assert!(UncertainProblem::new(builder.clone(), draws(3)).is_err());
    assert!(UncertainProblem::new(builder, vec![draws(2)[0].clone()]).is_err());
}

#[test]
fn averages_of_s_shaped_draws_are_solved_with_a_proof() {
    let hill = |ceiling: f64, half: f64, exponent: f64| {
        Arc::new(Hill::new(ceiling, half, exponent).unwrap().observed([0.5, 1.4 * half]).unwrap())
            as Arc<dyn ResponseCurve>
    };
    let draws: Vec<Vec<Arc<dyn ResponseCurve>>> = (0..8)
        .map(|i| {
            let (size, exponent) = (100.0 * f64::from(i + 2), [0.8, 2.2, 1.0, 0.6][i as usize % 4]);
            let draw = |k: i32| {
                hill(3.0 * size, size * (1.0 + 0.02 * f64::from(k % 7)), exponent * (1.0 + 0.03 * f64::from(k % 5)))
            };
            (0..60).map(draw).collect()
        })
        .collect();
    let mut builder = BudgetProblem::builder(Currency::new("EUR")).total(Total::Exactly(3_000.0));
    for (i, draws) in draws.iter().enumerate() {
        builder = builder.campaign(Campaign::with_curve(format!("C{i}"), draws[0].clone()).today(375.0));
    }
    let plan = UncertainProblem::new(builder, draws).unwrap().allocate(Risk::Mean).unwrap();
    // Whole cents at kinks leave some 1e-8.
    assert!(plan.gap() < 1e-7, "{} {:?}", plan.gap(), plan.allocation().stopping());
    plan.allocation().certificate().verify(plan.problem()).unwrap();
}

#[test]
fn own_curves_are_planned_for_and_the_draws_judge() {
    // The own curve of the risky campaign is its good half, which the draws doubt.
    let draws = draws(60);
    let own = [draws[0][0].clone(), draws[1][3].clone()];
    let builder = BudgetProblem::builder(Currency::new("EUR"))
        .campaign(Campaign::with_curve("safe", own[0].clone()).today(50.0))
        .campaign(Campaign::with_curve("risky", own[1].clone()).today(50.0))
        .total(Total::Exactly(TOTAL));
    let problem = UncertainProblem::new(builder.clone(), draws.clone()).unwrap().on_own_curves();
    let plan = problem.allocate(Risk::Mean).unwrap();
    let alone = crate::BudgetOptimizer::allocate(&crate::Exact::default(), &builder.build().unwrap()).unwrap();
    assert_eq!(plan.allocation().budgets(), alone.budgets());
    plan.allocation().certificate().verify(plan.problem()).unwrap();
    assert!(plan.gap() < 1e-6);
    let euros = |minor: i64| minor as f64 / 100.0;
    let [safe, risky] = [0, 1].map(|i| euros(plan.allocation().budgets()[i]));
    let on = |draw: usize| {
        let of = |i: usize, spend: f64| draws[i][draw].value(spend) - draws[i][draw].value(50.0);
        of(0, safe) + of(1, risky)
    };
    let judged = (0..60).map(on).sum::<f64>() / 60.0;
    let promised = own[0].value(safe) + own[1].value(risky) - own[0].value(50.0) - own[1].value(50.0);
    let gain = plan.gain().unwrap();
    assert!((gain.mean - judged).abs() < 1e-9 && (gain.optimism - (promised - judged)).abs() < 1e-9, "{gain:?}");
    assert!((plan.value() - promised).abs() < 1e-9 && gain.n_draws == 60 && gain.optimism > 1.0);
    let frontier = problem.frontier(&[TOTAL], &adsml_core::FitContext::default()).unwrap();
    assert_eq!(frontier[0].response, plan.allocation().response());
    let refused = problem.allocate(Risk::Cvar { share: 0.2 }).unwrap_err().to_string();
    assert!(refused.contains("the mean"), "{refused}");
}
