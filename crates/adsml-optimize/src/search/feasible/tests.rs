//! The feasible set against its definition, and against all other points of it.

use std::sync::Arc;

use adsml_core::{Seed, Stream};
use proptest::prelude::*;

use super::FeasibleSet;
use crate::program::{GroupLimit, Program, Term};
use crate::{Power, ResponseCurve};

/// A programme around a feasible point that is drawn first: bounds, pauses, groups and a total that it keeps.
pub(in crate::search) fn any_program(stream: &mut Stream, n: usize) -> Program {
    let curve: Arc<dyn ResponseCurve> = Arc::new(Power::new(1.0, 1.0, 0.5).unwrap());
    let mut point = Vec::new();
    let terms: Vec<Term> = (0..n)
        .map(|_| {
            let or_zero = stream.below(4) == 0;
            let lower = if or_zero { 1 + stream.below(5) } else { stream.below(5) } as f64;
            let width = [0, 0, 3, 10, 50][stream.below(5)];
            let spend = lower + stream.below(width + 1) as f64;
            point.push(if or_zero && stream.below(2) == 0 { 0.0 } else { spend });
            let upper = lower + width as f64;
            Term { curve: curve.clone(), lower, upper, or_zero, today: 0.0, change_cost: 0.0 }
        })
        .collect();
    let group_of: Vec<Option<usize>> = (0..n).map(|_| [None, Some(0), Some(1)][stream.below(3)]).collect();
    let groups = (0..2)
        .map(|group| {
            let members: Vec<usize> = (0..n).filter(|&i| group_of[i] == Some(group)).collect();
            let spent: f64 = members.iter().map(|&i| point[i]).sum();
            let least = (spent - stream.below(4) as f64).max(0.0);
            GroupLimit { members, least, most: spent + stream.below(4) as f64 }
        })
        .collect();
    let spent: f64 = point.iter().sum();
    let total = match stream.below(4) {
        0 => (0.0, spent + stream.below(4) as f64),
        1 => (0.0, 1e6),
        _ => (spent, spent),
    };
    Program { terms, total, groups, group_of, reward: 1.0, cost: 0.0, floor: None, minor_per_major: 1.0 }
}

/// Why `x` is not in the set; `None` if it is, up to rounding error.
pub(in crate::search) fn complaint(program: &Program, x: &[f64]) -> Option<String> {
    // Sums of a hundred numbers up to some hundreds.
    let error = 1e-10;
    for (i, (term, &spend)) in program.terms.iter().zip(x).enumerate() {
        if !term.allows(spend) {
            return Some(format!("campaign {i}: {spend}, {term:?}"));
        }
    }
    for group in &program.groups {
        let spent: f64 = group.members.iter().map(|&i| x[i]).sum();
        if !(group.least - error..=group.most + error).contains(&spent) {
            return Some(format!("group: {spent}, {group:?}"));
        }
    }
    let spent: f64 = x.iter().sum();
    (!(program.total.0 - error..=program.total.1 + error).contains(&spent))
        .then(|| format!("total: {spent}, {:?}", program.total))
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_projection_is_feasible_and_its_own_projection(seed in any::<u64>(), n in 1..12_usize, wild in any::<bool>()) {
        let mut stream = Seed::new(seed).stream("projection", 0);
        let program = any_program(&mut stream, n);
        let set = FeasibleSet::new(&program);
        let oddities = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e300, f64::MIN_POSITIVE];
        let mut x: Vec<f64> = (0..n)
            .map(|_| if wild && stream.below(3) == 0 { oddities[stream.below(6)] } else { 80.0 * stream.uniform() - 20.0 })
            .collect();
        set.project(&mut x);
        prop_assert_eq!(complaint(&program, &x), None);
        let once = x.clone();
        set.project(&mut x);
        prop_assert!(distance(&once, &x) < 1e-12, "{once:?} became {x:?}");
    }

    #[test]
    fn a_draw_is_feasible(seed in any::<u64>(), n in 1..12_usize) {
        let mut stream = Seed::new(seed).stream("draw", 0);
        let program = any_program(&mut stream, n);
        let set = FeasibleSet::new(&program);
        let mut x = vec![f64::NAN; n];
        for _ in 0..10 {
            set.sample(&mut stream, &mut x);
            prop_assert_eq!(complaint(&program, &x), None);
        }
    }

    #[test]
    fn no_point_of_the_set_is_nearer_than_the_projection(seed in any::<u64>(), n in 1..8_usize) {
        let mut stream = Seed::new(seed).stream("nearest", 0);
        let mut program = any_program(&mut stream, n);
        // Without pauses the set is convex and the nearest point unique.
        for term in &mut program.terms {
            if term.or_zero {
                (term.or_zero, term.lower) = (false, 0.0);
            }
        }
        let set = FeasibleSet::new(&program);
        let y: Vec<f64> = (0..n).map(|_| 80.0 * stream.uniform() - 20.0).collect();
        let mut x = y.clone();
        set.project(&mut x);
        let mut other = vec![0.0; n];
        for _ in 0..20 {
            set.sample(&mut stream, &mut other);
            // The variational inequality, which holds for the nearest point and for no other: (y - x) . (z - x) <= 0.
            let product: f64 = (0..n).map(|i| (y[i] - x[i]) * (other[i] - x[i])).sum();
            prop_assert!(product <= 1e-7, "{product}: {x:?}, {other:?}");
        }
    }
}

fn program_of(bounds: &[(f64, f64, bool)], total: (f64, f64)) -> Program {
    let mut program = any_program(&mut Seed::new(1).stream("shape", 0), bounds.len());
    for (term, &(lower, upper, or_zero)) in program.terms.iter_mut().zip(bounds) {
        (term.lower, term.upper, term.or_zero) = (lower, upper, or_zero);
    }
    program.groups.clear();
    program.group_of = vec![None; bounds.len()];
    program.total = total;
    program
}

fn projected(program: &Program, mut x: Vec<f64>) -> Vec<f64> {
    FeasibleSet::new(program).project(&mut x);
    x
}

#[test]
fn on_a_simplex_the_overspent_is_taken_from_everybody_alike() {
    let program = program_of(&[(0.0, 10.0, false); 3], (10.0, 10.0));
    assert_eq!(projected(&program, vec![8.0, 6.0, 5.0]), [5.0, 3.0, 2.0]);
    assert_eq!(projected(&program, vec![9.0, 8.0, 0.0]), [5.5, 4.5, 0.0]);
}

#[test]
fn the_full_group_moves_by_a_shift_of_its_own() {
    let mut program = program_of(&[(0.0, 10.0, false); 4], (10.0, 10.0));
    program.groups = vec![GroupLimit { members: vec![0, 1], least: 0.0, most: 4.0 }];
    program.group_of = vec![Some(0), Some(0), None, None];
    // Alone, the total would leave 4 + 4 to the group; at its limit, the rest gets 6.
    assert_eq!(projected(&program, vec![4.0, 4.0, 1.0, 1.0]), [2.0, 2.0, 3.0, 3.0]);
}

#[test]
fn totals_at_a_bound_single_campaigns_and_fixed_ones_have_one_answer() {
    // The shift is found to a few units in the last place.
    let check = |bounds: &[(f64, f64, bool)], total, from: Vec<f64>, expected: &[f64]| {
        let x = projected(&program_of(bounds, total), from);
        assert!(distance(&x, expected) < 1e-14, "{x:?}, expected {expected:?}");
    };
    check(&[(1.0, 5.0, false)], (3.0, 3.0), vec![9.0], &[3.0]);
    check(&[(1.0, 5.0, false); 2], (2.0, 2.0), vec![9.0, 2.0], &[1.0, 1.0]);
    check(&[(1.0, 5.0, false); 2], (10.0, 10.0), vec![-9.0, 2.0], &[5.0, 5.0]);
    check(&[(2.0, 2.0, false); 2], (0.0, 9.0), vec![f64::NAN, 7.0], &[2.0, 2.0]);
}

#[test]
fn the_doubtful_pause_when_the_money_does_not_reach_for_all() {
    // Both would run, but together they need 12 of 10.
    let program = program_of(&[(6.0, 10.0, true), (6.0, 10.0, true)], (10.0, 10.0));
    assert!(distance(&projected(&program, vec![4.0, 6.0]), &[0.0, 10.0]) < 1e-14);
    // Only 3 + 7 makes 10, however near the others are.
    let program = program_of(&[(3.0, 3.0, true), (7.0, 7.0, true), (5.0, 5.0, true)], (10.0, 10.0));
    assert_eq!(projected(&program, vec![0.0, 0.0, 5.0]), [3.0, 7.0, 0.0]);
}

#[test]
fn draws_reach_the_corners_and_the_middle() {
    let program = program_of(&[(0.0, 100.0, false); 10], (100.0, 100.0));
    let set = FeasibleSet::new(&program);
    let mut stream = Seed::new(7).stream("cover", 0);
    let (mut alone, mut spread) = (0, 0);
    let mut x = vec![0.0; 10];
    for _ in 0..300 {
        set.sample(&mut stream, &mut x);
        alone += usize::from(x.iter().any(|&spend| spend > 99.0));
        spread += usize::from(x.iter().all(|&spend| spend > 0.0));
    }
    // A third of the draws each, roughly: corners, and everybody.
    assert!(alone > 60 && spread > 60, "{alone} {spread}");
}
