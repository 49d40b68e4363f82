//! Every search against closed forms, the rules of the problem, and what the caller asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adsml_core::{CancelToken, Progress, Seed, Stream};
use proptest::prelude::*;

use crate::{
    Allocation, BudgetOptimizer, BudgetProblem, Campaign, Currency, DifferentialEvolution, Exact, FitContext,
    GeneticAlgorithm, Group, Hill, Limit, Logarithmic, Objective, OptimizeError, ParticleSwarm, Power,
    ProjectedGradient, RandomSearch, ResponseCurve, SimulatedAnnealing, StoppingReason, Total,
};

/// Every search, and the share of the objective that its defaults may leave on a smooth problem of two campaigns.
fn searches() -> Vec<(Box<dyn BudgetOptimizer>, f64)> {
    vec![
        (Box::new(DifferentialEvolution::default()), 1e-9),
        (Box::new(ProjectedGradient::default()), 1e-9),
        (Box::new(ParticleSwarm::default()), 1e-9),
        (Box::new(SimulatedAnnealing::default()), 1e-7),
        (Box::new(GeneticAlgorithm::default()), 1e-7),
        // The mean distance of ten thousand draws on a line, squared.
        (Box::new(RandomSearch::default()), 1e-6),
    ]
}

/// Every search, cut short.
fn short(most: usize) -> Vec<Box<dyn BudgetOptimizer>> {
    vec![
        Box::new(DifferentialEvolution::default().max_evaluations(most)),
        Box::new(ProjectedGradient::default().max_evaluations(most)),
        Box::new(ParticleSwarm::default().max_evaluations(most)),
        Box::new(SimulatedAnnealing::default().max_evaluations(most)),
        Box::new(GeneticAlgorithm::default().max_evaluations(most)),
        Box::new(RandomSearch::default().max_evaluations(most)),
    ]
}

fn euro() -> Currency {
    Currency::new("EUR")
}

/// `slope ln(1 + x / scale)` twice: at the optimum `x_1 = (1000 + 100 + 50) 400 / 700 - 100`.
fn two_logarithms() -> (BudgetProblem, f64) {
    let (a, b) = (Logarithmic::new(400.0, 100.0).unwrap(), Logarithmic::new(300.0, 50.0).unwrap());
    let spend = 1150.0 * 400.0 / 700.0 - 100.0;
    let best = a.value(spend) + b.value(1000.0 - spend);
    let problem = BudgetProblem::builder(euro())
        .campaign(Campaign::new("a", a))
        .campaign(Campaign::new("b", b))
        .total(Total::Exactly(1000.0))
        .build();
    (problem.unwrap(), best)
}

#[test]
fn every_search_nears_the_closed_form() {
    let (problem, best) = two_logarithms();
    for (search, tolerance) in searches() {
        let plan = search.allocate(&problem).unwrap();
        problem.check(plan.budgets()).unwrap();
        let missing = (best - plan.value()) / best;
        assert!(missing <= tolerance, "{}: {missing:e}", search.name());
        assert!(missing > -1e-12 && plan.upper_bound() >= best * (1.0 - 1e-12), "{}", search.name());
    }
}

#[test]
fn every_search_finds_the_corner_of_scarce_s_curves() {
    // 400 in all, and each of five needs about 300 to take off: one of them gets it.
    let twin: Arc<dyn ResponseCurve> = Arc::new(Hill::new(1000.0, 300.0, 4.0).unwrap());
    let campaigns = (0..5).map(|i| Campaign::with_curve(format!("C{i}"), twin.clone()));
    let problem = BudgetProblem::builder(euro()).campaigns(campaigns).total(Total::Exactly(400.0)).build().unwrap();
    for (search, _) in searches() {
        let plan = search.allocate(&problem).unwrap();
        assert!(plan.value() > 0.999 * twin.value(400.0), "{}: {}", search.name(), plan.value());
    }
}

/// Eight S-shaped curves and money for a few of them: every way up ends on another top.
fn many_hills() -> BudgetProblem {
    let campaigns = (0..8).map(|i| {
        let i = f64::from(i);
        Campaign::new(format!("C{i}"), Hill::new(800.0 + 37.0 * i, 250.0 + 23.0 * i, 3.0).unwrap())
    });
    BudgetProblem::builder(euro()).campaigns(campaigns).total(Total::Exactly(1000.0)).build().unwrap()
}

#[test]
fn same_seed_same_bits_and_another_seed_another_way() {
    let problem = many_hills();
    for search in short(300) {
        let run = |seed: u64| search.allocate_with(&problem, &FitContext::seeded(seed)).unwrap();
        let [a, b, c] = [run(1), run(1), run(2)];
        assert_eq!(a.budgets(), b.budgets(), "{}", search.name());
        assert_eq!(a.value().to_bits(), b.value().to_bits());
        let way = |plan: &Allocation| {
            plan.history().iter().map(|point| (point.evaluations, point.value.to_bits())).collect::<Vec<_>>()
        };
        assert_eq!(way(&a), way(&b));
        assert_ne!(way(&a), way(&c), "{} does not look at its seed", search.name());
    }
}

#[test]
fn the_history_never_falls_and_ends_at_the_plan() {
    let (problem, _) = two_logarithms();
    for (search, _) in searches() {
        let plan = search.allocate(&problem).unwrap();
        let history = plan.history();
        assert!(!history.is_empty());
        for pair in history.windows(2) {
            assert!(pair[0].value < pair[1].value && pair[0].evaluations < pair[1].evaluations, "{}", search.name());
            assert!(pair[0].seconds <= pair[1].seconds);
        }
        let last = history[history.len() - 1];
        // Rounding to cents costs the square of a cent.
        assert!((last.value - plan.value()).abs() < 1e-6 * last.value, "{}", search.name());
        assert!(last.evaluations <= plan.evaluations());
    }
}

#[test]
fn no_search_looks_more_often_than_it_may() {
    let problem = random_problem(&mut Seed::new(9).stream("problem", 0));
    for most in [1, 2, 7, 100] {
        for search in short(most) {
            let plan = search.allocate(&problem).unwrap();
            assert!(plan.evaluations() <= most, "{}: {} of {most}", search.name(), plan.evaluations());
            assert_eq!(plan.stopping(), StoppingReason::MaxEvaluations, "{}", search.name());
        }
    }
}

#[test]
fn a_cancelled_search_returns_the_best_it_has() {
    let (problem, _) = two_logarithms();
    for (search, _) in searches() {
        let token = CancelToken::new();
        let seen = AtomicUsize::new(0);
        let observer = |_: Progress<'_>| {
            if seen.fetch_add(1, Ordering::Relaxed) == 1 {
                token.cancel();
            }
        };
        let context = FitContext { observer: Some(&observer), cancel: Some(&token), ..FitContext::seeded(3) };
        let plan = search.allocate_with(&problem, &context).unwrap();
        assert_eq!(plan.stopping(), StoppingReason::Cancelled, "{}", search.name());
        problem.check(plan.budgets()).unwrap();
        // Cancelled before it begins, too.
        let plan = search.allocate_with(&problem, &context).unwrap();
        assert_eq!((plan.stopping(), plan.evaluations()), (StoppingReason::Cancelled, 1));
    }
}

#[test]
fn every_search_keeps_a_target_and_comes_near_the_best_that_does() {
    let campaigns = [(900.0, 200.0), (2000.0, 700.0), (1200.0, 400.0)];
    let campaigns = campaigns
        .iter()
        .enumerate()
        .map(|(i, &(size, scale))| Campaign::new(format!("C{i}"), Hill::new(size, scale, 1.0).unwrap()));
    let problem = BudgetProblem::builder(euro())
        .campaigns(campaigns)
        .total(Total::AtMost(5000.0))
        .objective(Objective::TargetRoas(1.5))
        .build()
        .unwrap();
    let best = Exact::default().allocate(&problem).unwrap();
    for (search, _) in searches() {
        let plan = search.allocate(&problem).unwrap();
        problem.check(plan.budgets()).unwrap();
        // Random draws rarely touch the edge of what the target allows.
        let share = if search.name() == "random_search" { 0.95 } else { 0.999 };
        assert!(plan.value() >= share * best.value(), "{}: {} of {}", search.name(), plan.value(), best.value());
        assert!(plan.value() <= best.upper_bound());
    }
}

#[test]
fn every_search_spends_little_more_than_a_volume_needs() {
    let (a, b) = (Logarithmic::new(400.0, 100.0).unwrap(), Logarithmic::new(300.0, 50.0).unwrap());
    // At a common price: x_i = slope_i / price - scale_i, so 700 is 400 ln(4 / price) + 300 ln(6 / price).
    let price = ((400.0 * 4.0_f64.ln() + 300.0 * 6.0_f64.ln() - 700.0) / 700.0).exp();
    let least = 700.0 / price - 150.0;
    let problem = BudgetProblem::builder(euro())
        .campaign(Campaign::new("a", a))
        .campaign(Campaign::new("b", b))
        .total(Total::AtMost(2000.0))
        .objective(Objective::MinimumSpend { volume: 700.0 })
        .build()
        .unwrap();
    for (search, _) in searches() {
        let plan = search.allocate(&problem).unwrap();
        problem.check(plan.budgets()).unwrap();
        let spend = plan.total() as f64 / 100.0;
        let share = if search.name() == "random_search" { 1.02 } else { 1.001 };
        // A cent less for the tolerance of the volume.
        assert!(spend >= least - 0.01 && spend <= share * least, "{}: {spend} for {least}", search.name());
    }
}

#[test]
fn a_target_nobody_reaches_is_an_error_that_claims_no_proof() {
    let problem = BudgetProblem::builder(euro())
        .campaign(Campaign::new("a", Logarithmic::new(10.0, 100.0).unwrap()))
        .campaign(Campaign::new("b", Logarithmic::new(20.0, 100.0).unwrap()))
        .total(Total::Exactly(1000.0))
        .objective(Objective::TargetRoas(5.0))
        .build()
        .unwrap();
    for search in short(200) {
        let error = search.allocate(&problem).unwrap_err();
        assert!(matches!(error, OptimizeError::TargetUnreachable { proved: false, .. }), "{}: {error}", search.name());
    }
}

fn refused(search: &dyn BudgetOptimizer) -> &'static str {
    let (problem, _) = two_logarithms();
    match search.allocate(&problem).unwrap_err() {
        OptimizeError::InvalidParameter { owner, name, .. } => {
            assert_eq!(owner, search.name());
            name
        }
        error => panic!("{error}"),
    }
}

#[test]
fn parameters_outside_their_range_are_refused() {
    let de = DifferentialEvolution::default;
    assert_eq!(refused(&de().popsize(0)), "popsize");
    assert_eq!(refused(&de().max_iter(0)), "max_iter");
    assert_eq!(refused(&de().tol(f64::NAN)), "tol");
    assert_eq!(refused(&de().atol(-1.0)), "atol");
    assert_eq!(refused(&de().mutation(1.0, 0.5)), "mutation");
    assert_eq!(refused(&de().recombination(1.5)), "recombination");
    let pg = ProjectedGradient::default;
    assert_eq!(refused(&pg().n_starts(0)), "n_starts");
    assert_eq!(refused(&pg().max_iter(0)), "max_iter");
    assert_eq!(refused(&pg().tol(f64::INFINITY)), "tol");
    let ps = ParticleSwarm::default;
    assert_eq!(refused(&ps().swarm_size(0)), "swarm_size");
    assert_eq!(refused(&ps().max_iter(0)), "max_iter");
    assert_eq!(refused(&ps().omega(1.1)), "omega");
    assert_eq!(refused(&ps().phip(-0.1)), "phip");
    assert_eq!(refused(&ps().phig(f64::NAN)), "phig");
    assert_eq!(refused(&ps().minstep(-1.0)), "minstep");
    assert_eq!(refused(&ps().minfunc(f64::INFINITY)), "minfunc");
    let sa = SimulatedAnnealing::default;
    assert_eq!(refused(&sa().max_iter(0)), "max_iter");
    assert_eq!(refused(&sa().moves(0)), "moves");
    assert_eq!(refused(&sa().cooling(1.0)), "cooling");
    let ga = GeneticAlgorithm::default;
    assert_eq!(refused(&ga().population(1)), "population");
    assert_eq!(refused(&ga().max_iter(0)), "max_iter");
    assert_eq!(refused(&ga().tournament(0)), "tournament");
    assert_eq!(refused(&ga().crossover(2.0)), "crossover");
    assert_eq!(refused(&ga().blend(-0.5)), "blend");
    assert_eq!(refused(&ga().mutation(1.0)), "mutation");
    assert_eq!(refused(&ga().elite(100)), "elite");
    for search in short(0) {
        assert_eq!(refused(&*search), "max_evaluations");
    }
}

/// A random feasible problem with bounds, pauses, a group and any total.
fn random_problem(stream: &mut Stream) -> BudgetProblem {
    loop {
        let n = 1 + stream.below(6);
        let campaigns = (0..n).map(|i| {
            let (size, scale) = (100.0 + 900.0 * stream.uniform(), 50.0 + 450.0 * stream.uniform());
            let curve: Arc<dyn ResponseCurve> = match stream.below(4) {
                0 => Arc::new(Hill::new(size, scale, 3.0).unwrap()),
                1 => Arc::new(Logarithmic::new(size, scale).unwrap()),
                2 => Arc::new(Power::new(size, scale, 0.5).unwrap()),
                _ => Arc::new(Hill::new(size, scale, 0.8).unwrap()),
            };
            let campaign = Campaign::with_curve(format!("C{i}"), curve).today(stream.below(300) as f64);
            let limit = Limit::Amount(stream.below(120) as f64);
            match stream.below(4) {
                0 => campaign.at_least(limit),
                1 => campaign.zero_or_at_least(limit),
                2 => campaign.change_cost(0.2),
                _ => campaign,
            }
        });
        let campaigns: Vec<_> = campaigns.collect();
        let total = 100.0 + stream.below(900) as f64;
        let mut builder = BudgetProblem::builder(euro()).campaigns(campaigns);
        builder = builder.total(if stream.below(3) == 0 { Total::AtMost(total) } else { Total::Exactly(total) });
        if n > 2 {
            builder = builder.group(Group::new("g", ["C0", "C1"]).at_most(Limit::Share(0.3 + 0.5 * stream.uniform())));
        }
        if let Ok(problem) = builder.build() {
            return problem;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_is_feasible_and_within_its_bound(seed in any::<u64>()) {
        let problem = random_problem(&mut Seed::new(seed).stream("problem", 0));
        for search in short(150) {
            let plan = search.allocate_with(&problem, &FitContext::seeded(seed)).unwrap();
            prop_assert!(problem.check(plan.budgets()).is_ok(), "{}: {:?}", search.name(), problem.check(plan.budgets()));
            prop_assert!(plan.value() <= plan.upper_bound());
        }
    }
}
