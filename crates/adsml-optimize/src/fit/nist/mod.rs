//! The nonlinear problems of NIST's Statistical Reference Datasets: certified parameters to eleven digits.
//!
//! Source: McCullough (1998), "Assessing the reliability of statistical software: part I", The American Statistician 52(4), for
//! the measure: digits are `-log10 |found - certified| / |certified|`, here of the worst parameter.

mod dual;
mod problems;

use super::levenberg_marquardt::{LevenbergMarquardt, Memory, Residuals};
use problems::Problem;

/// Digits that are asked for.
const DIGITS: f64 = 6.0;

/// How many leading digits of `certified` were found, up to the eleven that are certified.
fn digits(found: f64, certified: f64) -> f64 {
    let missed = (found / certified - 1.0).abs();
    if missed.is_nan() { f64::NEG_INFINITY } else { -missed.max(1e-11).log10() }
}

fn least(digits: impl Iterator<Item = f64>) -> f64 {
    digits.fold(f64::INFINITY, f64::min)
}

/// Lanczos1 is exact to the last of its printed digits: its residuals, and with them the standard deviations, are rounding.
fn scatters(problem: &Problem) -> bool {
    problem.name != "Lanczos1"
}

#[test]
fn certified_parameters_have_the_certified_sum_of_squares() {
    let problems = Problem::all();
    assert_eq!(problems.len(), 27);
    for problem in &problems {
        let mut residuals = vec![0.0; Residuals::shape(&problem).0];
        Residuals::residuals(&mut { problem }, &problem.certified, &mut residuals);
        let sum: f64 = residuals.iter().map(|r| r * r).sum();
        let digits = digits(sum, problem.certified_sum_of_squares);
        // Parameters of eleven digits do not bring back residuals of 1e-13, or of 1e-6 more than half.
        let enough = match problem.name {
            "Lanczos1" => f64::NEG_INFINITY,
            "Lanczos2" => 5.0,
            _ => 9.0,
        };
        assert!(digits >= enough, "{}: {digits} digits", problem.name);
    }
}

#[test]
fn six_digits_of_every_parameter_are_found_from_both_starts() {
    let mut memory = Memory::default();
    for problem in &Problem::all() {
        for (start, from) in problem.starts.iter().enumerate() {
            let (mut theta, p) = (from.clone(), from.len());
            let bounds = vec![[f64::NEG_INFINITY, f64::INFINITY]; p];
            let minimum = LevenbergMarquardt::default().minimize(&mut { problem }, &mut theta, &bounds, &mut memory);
            let place = format!("{} from start {}: {minimum:?}", problem.name, start + 1);
            assert!(minimum.stopped.converged(), "{place}");

            let of_parameters = least((0..p).map(|j| digits(theta[j], problem.certified[j])));
            assert!(of_parameters >= DIGITS, "{place}: {of_parameters} digits");
            if scatters(problem) {
                let variance = minimum.sum_of_squares / (Residuals::shape(&problem).0 - p) as f64;
                let inverse = memory.inverse_normal(&theta, &bounds).unwrap();
                let sd = |j: usize| (variance * inverse[j * p + j]).sqrt();
                let of_sds = least((0..p).map(|j| digits(sd(j), problem.certified_sd[j])));
                let of_sum = digits(minimum.sum_of_squares, problem.certified_sum_of_squares);
                assert!(of_sds >= DIGITS && of_sum >= 9.0, "{place}: {of_sds}, {of_sum} digits");
            }
        }
    }
}
