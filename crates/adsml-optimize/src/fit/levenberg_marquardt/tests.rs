//! The minimiser on problems whose minimum is known.

use super::*;

const UNBOUNDED: [f64; 2] = [f64::NEG_INFINITY, f64::INFINITY];

/// Residuals and derivatives from one function; a row is the residual, then its derivatives.
struct Rows<F> {
    shape: (usize, usize),
    row: F,
}

impl<const N: usize, F: Fn(usize, &[f64]) -> [f64; N]> Residuals for Rows<F> {
    fn shape(&self) -> (usize, usize) {
        self.shape
    }

    fn residuals(&mut self, theta: &[f64], residuals: &mut [f64]) {
        for (i, residual) in residuals.iter_mut().enumerate() {
            *residual = (self.row)(i, theta)[0];
        }
    }

    fn jacobian(&mut self, theta: &[f64], columns: &mut [f64]) {
        let (n, p) = self.shape;
        for i in 0..n {
            for j in 0..p {
                columns[j * n + i] = (self.row)(i, theta)[1 + j];
            }
        }
    }
}

fn minimize(problem: &mut impl Residuals, theta: &mut [f64], bounds: &[[f64; 2]]) -> Minimum {
    LevenbergMarquardt::default().minimize(problem, theta, bounds, &mut Memory::default())
}

fn rosenbrock() -> Rows<impl Fn(usize, &[f64]) -> [f64; 3]> {
    Rows {
        shape: (2, 2),
        row: |i, x: &[f64]| {
            if i == 0 { [10.0 * (x[1] - x[0] * x[0]), -20.0 * x[0], 10.0] } else { [1.0 - x[0], -1.0, 0.0] }
        },
    }
}

#[test]
fn follows_a_bent_valley_to_its_end() {
    let mut theta = [-1.2, 1.0];
    let minimum = minimize(&mut rosenbrock(), &mut theta, &[UNBOUNDED; 2]);
    assert!(minimum.stopped.converged() && minimum.sum_of_squares < 1e-28, "{minimum:?}");
    assert!((theta[0] - 1.0).abs() < 1e-14 && (theta[1] - 1.0).abs() < 1e-14);
}

#[test]
fn stops_at_a_bound_where_the_valley_leaves_the_box() {
    // Where x0 <= 0.5, the best is at x0 = 0.5, x1 = 0.25: only the second residual is left.
    let mut theta = [-1.2, 1.0];
    let minimum = minimize(&mut rosenbrock(), &mut theta, &[[-2.0, 0.5], [-2.0, 2.0]]);
    assert!(minimum.stopped.converged(), "{minimum:?}");
    assert_eq!(theta[0], 0.5);
    assert!((theta[1] - 0.25).abs() < 1e-14 && (minimum.sum_of_squares - 0.25).abs() < 1e-15);
}

#[test]
fn linear_problems_in_a_box_end_where_the_best_active_set_does() {
    let mut state = 7_u64;
    let mut uniform = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for _ in 0..300 {
        let rows: Vec<[f64; 4]> = (0..6).map(|_| std::array::from_fn(|_| 2.0 * uniform() - 1.0)).collect();
        let row = |i: usize, x: &[f64]| {
            let [a, b, c, y] = rows[i];
            [a * x[0] + b * x[1] + c * x[2] - y, a, b, c]
        };
        let bounds = [[-0.2, 0.2], [-0.1, f64::INFINITY], [0.0, 0.3]];
        // Every corner, edge and face: each parameter free, or at one of its bounds.
        let mut best = f64::INFINITY;
        for set in 0..27 {
            let kinds = [set % 3, set / 3 % 3, set / 9];
            let held: [[f64; 2]; 3] = std::array::from_fn(|j| match kinds[j] {
                0 => UNBOUNDED,
                kind => [bounds[j][kind - 1]; 2],
            });
            if held.iter().any(|side| side[0] == f64::INFINITY) {
                continue;
            }
            let mut theta = [0.0; 3];
            let sum = minimize(&mut Rows { shape: (6, 3), row }, &mut theta, &held).sum_of_squares;
            if theta.iter().zip(bounds).all(|(x, [lower, upper])| (lower..=upper).contains(x)) {
                best = best.min(sum);
            }
        }
        let mut theta = std::array::from_fn::<f64, 3, _>(|_| uniform());
        let minimum = minimize(&mut Rows { shape: (6, 3), row }, &mut theta, &bounds);
        assert!(minimum.stopped.converged() && minimum.n_iter < 20, "{minimum:?}");
        assert!((minimum.sum_of_squares - best).abs() <= 1e-12 * best, "{minimum:?} {best}");
    }
}

#[test]
fn parameters_that_cannot_be_told_apart_have_a_minimum_and_no_covariance() {
    let row = |i: usize, x: &[f64]| {
        let a = 1.0 + i as f64;
        [a * (x[0] + x[1]) - [1.0, 3.0, 2.0][i], a, a]
    };
    let (mut theta, mut memory) = ([5.0, -1.0], Memory::default());
    let minimum = LevenbergMarquardt::default().minimize(
        &mut Rows { shape: (3, 2), row },
        &mut theta,
        &[UNBOUNDED; 2],
        &mut memory,
    );
    assert!(minimum.stopped.converged(), "{minimum:?}");
    assert!((theta[0] + theta[1] - 13.0 / 14.0).abs() < 1e-14);
    assert_eq!(memory.inverse_normal(&theta, &[UNBOUNDED; 2]), None);
    // Of one parameter, with the other held, there is one.
    let inverse = memory.inverse_normal(&theta, &[UNBOUNDED, [theta[1]; 2]]).unwrap();
    assert!((inverse[0] - 1.0 / 14.0).abs() < 1e-15 && inverse[1..] == [0.0; 3]);
}

#[test]
fn fewer_residuals_than_parameters_are_brought_to_zero() {
    let row = |_: usize, x: &[f64]| [x[0] * x[1] + x[2] - 7.0, x[1], x[0], 1.0];
    let mut theta = [1.0, 1.0, 1.0];
    let minimum = minimize(&mut Rows { shape: (1, 3), row }, &mut theta, &[UNBOUNDED; 3]);
    assert!(minimum.stopped.converged() && minimum.sum_of_squares < 1e-28, "{minimum:?}");
}

#[test]
fn steps_back_from_where_residuals_are_not_numbers() {
    // The first whole step from 0.9 leads far below 0, where the logarithm is not defined.
    let row = |_: usize, x: &[f64]| [x[0].ln() + 6.0, 1.0 / x[0]];
    let mut theta = [0.9];
    let minimum = minimize(&mut Rows { shape: (1, 1), row }, &mut theta, &[UNBOUNDED]);
    assert!(minimum.stopped.converged(), "{minimum:?}");
    assert!((theta[0] / (-6.0_f64).exp() - 1.0).abs() < 1e-13, "{theta:?}");
}

#[test]
fn steps_back_from_where_derivatives_are_not_numbers() {
    let row = |_: usize, x: &[f64]| [x[0] + 1.0, if x[0] < 0.0 { f64::NAN } else { 1.0 }];
    let mut theta = [1.0];
    let minimum = minimize(&mut Rows { shape: (1, 1), row }, &mut theta, &[UNBOUNDED]);
    assert_eq!(minimum.stopped, Stopped::Step);
    assert!((0.0..1e-10).contains(&theta[0]), "{theta:?}");
}

#[test]
fn a_start_without_residuals_or_derivatives_is_said_to_be_one() {
    for bad in [[f64::NAN, 1.0], [f64::INFINITY, 1.0], [1.0, f64::NAN], [1.0, f64::INFINITY], [1e200, 1.0]] {
        let mut theta = [3.0];
        let minimum = minimize(&mut Rows { shape: (2, 1), row: |_, _: &[f64]| bad }, &mut theta, &[UNBOUNDED]);
        assert_eq!((minimum.stopped, theta), (Stopped::NotFinite, [3.0]));
    }
}

#[test]
fn a_minimum_that_is_given_is_kept() {
    let row = |i: usize, x: &[f64]| [x[0] - i as f64, 1.0];
    let mut theta = [1.0];
    let minimum = minimize(&mut Rows { shape: (3, 1), row }, &mut theta, &[UNBOUNDED]);
    assert_eq!((minimum.stopped, minimum.n_evaluations, theta), (Stopped::Gradient, 1, [1.0]));
}

#[test]
fn no_iterations_are_no_convergence() {
    let few = LevenbergMarquardt { max_iter: 3, ..LevenbergMarquardt::default() };
    let mut theta = [-1.2, 1.0];
    let minimum = few.minimize(&mut rosenbrock(), &mut theta, &[UNBOUNDED; 2], &mut Memory::default());
    assert_eq!((minimum.stopped, minimum.n_iter), (Stopped::MaxIter, 3));
    assert!(!minimum.stopped.converged());
}

#[test]
fn a_memory_that_has_seen_another_problem_changes_nothing() {
    let mut memory = Memory::default();
    let row = |i: usize, x: &[f64]| [x[0] * x[2] - i as f64, x[2], 0.0, x[0]];
    let solver = LevenbergMarquardt::default();
    solver.minimize(&mut Rows { shape: (9, 3), row }, &mut [1.0, 2.0, 3.0], &[UNBOUNDED; 3], &mut memory);
    let (mut once, mut again) = ([-1.2, 1.0], [-1.2, 1.0]);
    minimize(&mut rosenbrock(), &mut once, &[UNBOUNDED; 2]);
    solver.minimize(&mut rosenbrock(), &mut again, &[UNBOUNDED; 2], &mut memory);
    assert_eq!(once.map(f64::to_bits), again.map(f64::to_bits));
}
