//! Random cuts at random prices against every plan: whatever the prices, what is proved of a part is true of it.

use std::sync::Arc;

use adsml_core::{Seed, Stream};

use super::{Certificate, CertificateError, Node, Prices};
use crate::oracle::{best_of_all, problem_of, random_program};
use crate::problem::judge::{is_feasible, spends};
use crate::program::Program;
use crate::{BudgetProblem, Hill, ResponseCurve, Scaled, Shape, Sum, UserCurve};

/// The curve, sometimes dressed as one of which less is known.
fn dressed(curve: &Arc<dyn ResponseCurve>, stream: &mut Stream) -> Arc<dyn ResponseCurve> {
    match stream.below(8) {
        0 => {
            let (value, marginal) = (curve.clone(), curve.clone());
            Arc::new(UserCurve::new(Shape::Monotone, move |x| value.value(x), move |x| marginal.marginal(x)))
        }
        1 => Arc::new(Scaled::new(curve.clone(), 0.5 + stream.uniform(), 0.5 + stream.uniform()).unwrap()),
        2 => {
            let other = Arc::new(Hill::new(5.0, 1.0 + 6.0 * stream.uniform(), 3.0).unwrap());
            Arc::new(Sum::new([curve.clone(), other as Arc<dyn ResponseCurve>]).unwrap())
        }
        _ => curve.clone(),
    }
}

fn random_prices(program: &Program, stream: &mut Stream) -> Prices {
    let mut price = |positive: bool| match stream.below(4) {
        0 => 0.0,
        1 if !positive => -2.0 * stream.uniform(),
        _ => 3.0 * stream.uniform().powi(2),
    };
    Prices {
        total: price(false),
        floor: if program.floor.is_some() { price(true) } else { 0.0 },
        groups: program.groups.iter().map(|_| price(false)).collect(),
    }
}

/// A tree in preorder; parts are called empty until the verifier objects.
fn grow(program: &Program, depth: usize, stream: &mut Stream, nodes: &mut Vec<Node>) {
    if depth == 0 || stream.below(4) == 0 {
        nodes.push(Node::Empty);
        return;
    }
    let campaign = stream.below(program.n_campaigns());
    // At times beyond the box.
    nodes.push(Node::Cut(campaign, stream.below(14) as i64 - 1));
    grow(program, depth - 1, stream, nodes);
    grow(program, depth - 1, stream, nodes);
}

/// The place behind the subtree at `place`.
fn behind(nodes: &[Node], place: usize) -> usize {
    match nodes[place] {
        Node::Cut(..) => behind(nodes, behind(nodes, place + 1)),
        _ => place + 1,
    }
}

/// The part that a plan lies in.
fn part_of(nodes: &[Node], place: usize, budgets: &[i64]) -> usize {
    match nodes[place] {
        Node::Cut(campaign, at) if budgets[campaign] <= at => part_of(nodes, place + 1, budgets),
        Node::Cut(..) => part_of(nodes, behind(nodes, place + 1), budgets),
        _ => place,
    }
}

/// Gives every part the least bound that the verifier accepts.
fn proved(certificate: &mut Certificate, problem: &BudgetProblem, stream: &mut Stream) {
    loop {
        match certificate.verify(problem) {
            Ok(_) => return,
            Err(CertificateError::NotEmpty { node }) => {
                let prices = random_prices(&problem.program, stream);
                certificate.nodes[node] = Node::Bound(prices, f64::NEG_INFINITY);
            }
            Err(CertificateError::Bound { node, proved, claimed }) => {
                assert!(claimed == f64::NEG_INFINITY && proved > claimed);
                let Node::Bound(_, claim) = &mut certificate.nodes[node] else { panic!("{node} has no bound") };
                *claim = proved;
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// Every feasible plan that keeps the target exactly, with its value.
fn every_plan(program: &Program) -> Vec<(Vec<i64>, f64)> {
    let most: Vec<i64> = program.terms.iter().map(|term| term.upper as i64).collect();
    let mut plans = vec![Vec::new()];
    for &most in &most {
        plans = plans.iter().flat_map(|plan| (0..=most).map(move |x| [&plan[..], &[x]].concat())).collect();
    }
    let judged = plans.into_iter().filter_map(|budgets| {
        let spends = spends(program, &budgets);
        let kept = program
            .floor
            .is_none_or(|floor| program.response(&spends) >= floor.ratio * spends.iter().sum::<f64>() + floor.least);
        (kept && is_feasible(program, &budgets)).then(|| {
            let value = program.value(&spends);
            (budgets, value)
        })
    });
    judged.collect()
}

#[test]
fn no_plan_of_a_part_has_more_than_its_prices_prove() {
    let cases = std::env::var("ADSML_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000);
    let (mut judged, mut tight, mut empty, mut with_twins) = (0, 0, 0, 0);
    for seed in 0..cases {
        let mut stream = Seed::new(seed).stream("random certificate", 0);
        let mut program = random_program(seed);
        let mut twins = Vec::new();
        let are_twins = Arc::ptr_eq(&program.terms[0].curve, &program.terms[1].curve);
        for term in &mut program.terms {
            term.curve = dressed(&term.curve, &mut stream);
        }
        if are_twins {
            program.terms[1] = program.terms[0].clone();
            if program.group_of[0] == program.group_of[1] {
                twins.push(if stream.below(2) == 0 { vec![0, 1] } else { vec![1, 0] });
                with_twins += 1;
            }
        }
        let Some((_, budgets)) = best_of_all(&program) else { continue };
        let problem = problem_of(program);
        let program = &problem.program;
        let mut nodes = Vec::new();
        grow(program, 4, &mut stream, &mut nodes);
        let value = program.value(&spends(program, &budgets));
        let mut certificate = Certificate { value, upper_bound: f64::INFINITY, budgets, twins, nodes };
        proved(&mut certificate, &problem, &mut stream);
        let nodes = &certificate.nodes;
        empty += nodes.iter().filter(|node| matches!(node, Node::Empty)).count();
        for (plan, value) in every_plan(program) {
            // Of plans that differ by an exchange of twins, one has to lie in a part.
            if certificate.twins.iter().any(|class| plan[class[0]] < plan[class[1]]) {
                continue;
            }
            let place = part_of(nodes, 0, &plan);
            let Node::Bound(prices, bound) = &nodes[place] else {
                panic!("seed {seed}: {plan:?} is in a part called empty")
            };
            // Not even by a rounding error.
            assert!(value <= *bound, "seed {seed}: {plan:?} has {value}, {prices:?} prove {bound}");
            judged += 1;
            tight += usize::from(bound - value <= 1e-6 * value.abs());
        }
    }
    assert!(judged > 20 * cases as usize, "{judged} plans");
    // A verifier that says "infinite", or finds nothing empty, would pass the above.
    assert!(tight > cases as usize / 50 && empty > cases as usize / 10, "{tight} tight, {empty} empty");
    assert!(with_twins > cases as usize / 20, "{with_twins} with twins");
}
