//! What the tests compare with: random small problems of every kind, and every plan tried.

use std::sync::Arc;

use adsml_core::{Seed, Stream};

use crate::problem::judge::{is_feasible, spends};
use crate::program::{GroupLimit, Program, Term, VolumeFloor};
use crate::{
    BudgetProblem, Campaign, Currency, Group, Hill, Logarithmic, Logistic, MichaelisMenten, NegativeExponential,
    Objective, PiecewiseLinear, Power, ResponseCurve, Steps,
};

/// A small problem over all curve kinds and constraints, in whole units of money; not every one is feasible.
pub(crate) fn random_program(seed: u64) -> Program {
    let mut stream = Seed::new(seed).stream("random program", 0);
    let stream = &mut stream;
    let count = 2 + stream.below(3);
    let mut terms: Vec<Term> = (0..count).map(|_| random_term(stream)).collect();
    if stream.below(4) == 0 {
        terms[1] = terms[0].clone();
    }
    let most: f64 = terms.iter().map(|term| term.upper).sum();
    let total = ((0.2 + 0.7 * stream.uniform()) * most).round();
    let total = if stream.below(2) == 0 { (total, total) } else { (0.0, total) };
    let (mut groups, mut group_of) = (Vec::new(), vec![None; count]);
    if count >= 3 && stream.below(3) == 0 {
        let most = terms[0].upper + terms[1].upper;
        let least = (most * 0.3 * stream.uniform()).floor();
        let most = (most * (0.3 + 0.7 * stream.uniform())).ceil();
        groups.push(GroupLimit { members: vec![0, 1], least, most });
        (group_of[0], group_of[1]) = (Some(0), Some(0));
    }
    let (reward, cost, floor) = match stream.below(6) {
        0 => (0.5 + 2.0 * stream.uniform(), 1.0, None),
        1 | 2 => (1.0, 0.0, Some(VolumeFloor { ratio: 0.3 + 2.0 * stream.uniform(), least: 0.0 })),
        3 => {
            let greatest: f64 = terms.iter().map(|term| term.curve.value(term.upper)).sum();
            (0.0, 1.0, Some(VolumeFloor { ratio: 0.0, least: 0.8 * greatest * stream.uniform() }))
        }
        _ => (1.0, 0.0, None),
    };
    Program { terms, total, groups, group_of, reward, cost, floor, minor_per_major: 1.0 }
}

fn random_term(stream: &mut Stream) -> Term {
    let (size, scale) = (1.0 + 20.0 * stream.uniform(), 1.0 + 10.0 * stream.uniform());
    let curve: Arc<dyn ResponseCurve> = match stream.below(10) {
        0 => Arc::new(Hill::new(size, scale, 0.5 + 0.5 * stream.uniform()).unwrap()),
        1 | 2 => Arc::new(Hill::new(size, scale, 1.2 + 3.0 * stream.uniform()).unwrap()),
        3 => Arc::new(Logarithmic::new(size, scale).unwrap()),
        4 => Arc::new(Power::new(size, scale, 0.3 + 0.7 * stream.uniform()).unwrap()),
        5 => Arc::new(NegativeExponential::new(size, scale).unwrap()),
        6 => Arc::new(Logistic::new(size, scale, 0.2 + stream.uniform()).unwrap()),
        7 => Arc::new(MichaelisMenten::new(size, scale).unwrap()),
        8 => Arc::new(PiecewiseLinear::new(random_points(stream)).unwrap()),
        _ => Arc::new(Steps::new(random_points(stream)).unwrap()),
    };
    let or_zero = stream.below(4) == 0;
    let lower = match (or_zero, stream.below(2)) {
        (true, _) => 1.0 + stream.below(4) as f64,
        (false, 0) => 0.0,
        (false, _) => stream.below(3) as f64,
    };
    let upper = lower + stream.below(10) as f64;
    let change_cost = if stream.below(5) == 0 { 0.5 * stream.uniform() } else { 0.0 };
    Term { curve, lower, upper, or_zero, today: stream.below(8) as f64, change_cost }
}

/// Four points that never fall, at whole spends.
fn random_points(stream: &mut Stream) -> Vec<(f64, f64)> {
    let (mut spend, mut value) = (0.0, 0.0);
    (0..4)
        .map(|_| {
            let point = (spend, value);
            spend += (1 + stream.below(4)) as f64;
            value += 5.0 * stream.uniform();
            point
        })
        .collect()
}

/// A programme dressed as the problem it could have come from.
pub(crate) fn problem_of(program: Program) -> BudgetProblem {
    let campaign = |(i, term): (usize, &Term)| Campaign::with_curve(format!("C{i}"), term.curve.clone());
    let objective = match program.floor {
        Some(floor) if program.reward == 0.0 => Objective::MinimumSpend { volume: floor.least },
        Some(floor) => Objective::TargetRoas(floor.ratio),
        None if program.cost > 0.0 => Objective::Profit { margin: program.reward },
        None => Objective::Response,
    };
    BudgetProblem {
        currency: Currency::with_minor_digits("XXX", 0),
        campaigns: program.terms.iter().enumerate().map(campaign).collect(),
        groups: (0..program.groups.len()).map(|i| Group::new(format!("G{i}"), ["C0", "C1"])).collect(),
        total: None,
        objective,
        program,
    }
}

/// The best of all plans in whole minor units that keep every constraint, by trying each; `None` when there is none.
pub(crate) fn best_of_all(program: &Program) -> Option<(f64, Vec<i64>)> {
    let mut best: Option<(f64, Vec<i64>)> = None;
    let mut budgets = vec![0_i64; program.n_campaigns()];
    loop {
        if is_feasible(program, &budgets) {
            let spends = spends(program, &budgets);
            let value = program.value(&spends);
            if program.shortfall(&spends) <= 0.0 && best.as_ref().is_none_or(|(known, _)| value > *known) {
                best = Some((value, budgets.clone()));
            }
        }
        let mut wheel = 0;
        loop {
            if wheel == budgets.len() {
                return best;
            }
            budgets[wheel] += 1;
            if budgets[wheel] as f64 <= program.terms[wheel].upper {
                break;
            }
            budgets[wheel] = 0;
            wheel += 1;
        }
    }
}

/// The best value of an exact total in whole minor units, without groups and floors: a dynamic programme over the total.
pub(crate) fn best_by_dynamic_programme(program: &Program) -> f64 {
    assert!(program.groups.is_empty() && program.floor.is_none() && program.total.0 == program.total.1);
    let minor = |amount: f64| (amount * program.minor_per_major).round() as usize;
    let total = minor(program.total.1);
    let mut best = vec![f64::NEG_INFINITY; total + 1];
    best[0] = 0.0;
    for term in &program.terms {
        let (low, high) = (minor(term.lower), minor(term.upper).min(total));
        let mut next = vec![f64::NEG_INFINITY; total + 1];
        let allowed = (low..=high).chain((term.or_zero && low > 0).then_some(0));
        for budget in allowed {
            let value = term.value(program.reward, program.cost, budget as f64 / program.minor_per_major);
            for (before, known) in best.iter().enumerate().take(total + 1 - budget) {
                next[before + budget] = next[before + budget].max(known + value);
            }
        }
        best = next;
    }
    best[total]
}
