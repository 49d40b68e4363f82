//! The exact optimiser against every plan there is, on thousands of small problems of all kinds.
//!
//! `ADSML_CASES=10000 cargo test -p adsml-optimize brute_force` tries more than the usual few hundred.

use std::sync::Arc;

use adsml_core::Seed;

use crate::oracle::{best_by_dynamic_programme, best_of_all, problem_of, random_program};
use crate::program::{Program, Term};
use crate::{BudgetOptimizer, Exact, Hill, OptimizeError, ResponseCurve, Steps, StoppingReason};

fn cases(usual: u64) -> u64 {
    std::env::var("ADSML_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(usual)
}

#[test]
fn no_plan_is_better_and_every_certificate_holds() {
    let (mut solved, mut with_floor) = (0, 0);
    for seed in 0..cases(600) {
        let problem = problem_of(random_program(seed));
        let without_target = Program { floor: None, reward: 0.0, ..problem.program.clone() };
        if best_of_all(&without_target).is_none() {
            // Sums that cannot be met: a builder refuses such a problem.
            continue;
        }
        let truth = best_of_all(&problem.program);
        let found = Exact::default().allocate(&problem);
        match (truth, found) {
            (Some((best, budgets)), Ok(plan)) => {
                solved += 1;
                with_floor += usize::from(problem.program.floor.is_some());
                // Rounding error of sums, and the gap that is asked for.
                let slack = 2e-9 * best.abs() + 1e-12;
                assert!(plan.value() >= best - slack, "seed {seed}: {budgets:?} has {best}\n{plan}");
                assert!(plan.upper_bound() >= best - 1e-13, "seed {seed}: {best} above the bound\n{plan}");
                assert!(plan.stopping() == StoppingReason::GapReached || plan.gap() < 1e-6, "seed {seed}: {plan}");
                let verified = plan.certificate().verify(&problem);
                assert!(verified.is_ok(), "seed {seed}: {}", verified.unwrap_err());
            }
            (None, Err(OptimizeError::TargetUnreachable { proved, .. })) => assert!(proved, "seed {seed}"),
            (truth, found) => panic!("seed {seed}: {truth:?}, but {found:?}"),
        }
    }
    assert!(solved > 400 && with_floor > 100, "{solved} solved, {with_floor} of them with a target");
}

#[test]
fn steps_in_cents_are_solved_as_by_a_dynamic_programme() {
    // Nearly tied steps by the hundred may ask for more parts than a certificate holds: then the gap says so.
    let (cases, mut open) = (cases(12), 0);
    for seed in 0..cases {
        let mut stream = Seed::new(seed).stream("steps", 0);
        let count = 3 + stream.below(18);
        let total = 3.0 * count as f64;
        let terms = (0..count)
            .map(|_| {
                let trend = Hill::new(10.0, 1.0 + 5.0 * stream.uniform(), 0.7 + 2.0 * stream.uniform()).unwrap();
                let mut at: Vec<f64> = (0..60).map(|_| (stream.below(1000)) as f64 / 100.0).collect();
                at.push(0.0);
                at.sort_by(f64::total_cmp);
                at.dedup();
                let mut value = 0.0;
                let steps = at.into_iter().map(|at| {
                    value = f64::max(value, trend.value(at) * (0.9 + 0.2 * stream.uniform()));
                    (at, value)
                });
                let curve = Arc::new(Steps::new(steps.collect::<Vec<_>>()).unwrap());
                Term { curve, lower: 0.0, upper: 10.0, or_zero: false, today: 0.0, change_cost: 0.0 }
            })
            .collect();
        let program = Program {
            terms,
            total: (total, total),
            groups: Vec::new(),
            group_of: vec![None; count],
            reward: 1.0,
            cost: 0.0,
            floor: None,
            minor_per_major: 100.0,
        };
        let best = best_by_dynamic_programme(&program);
        let problem = problem_of(program);
        let plan = Exact::default().allocate(&problem).unwrap();
        plan.certificate().verify(&problem).unwrap();
        // Sums of the same values in another order.
        let slack = 1e-12 * best;
        assert!(plan.value() <= best + slack && plan.upper_bound() >= best - slack, "seed {seed}: {best}\n{plan}");
        if plan.stopping() == StoppingReason::GapReached {
            // The gap asked for, and nothing beyond it.
            assert!(plan.gap() <= 1e-9 && plan.value() >= best * (1.0 - 1e-9), "seed {seed}: {best}\n{plan}");
        } else {
            open += 1;
        }
    }
    assert!(open * 100 <= cases, "{open} of {cases} were not closed");
}
