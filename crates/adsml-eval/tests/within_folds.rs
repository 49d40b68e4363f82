//! The AUC of out-of-fold predictions, rows of one fold compared with each other only.

#![allow(clippy::print_stdout, reason = "figures are worth seeing with --nocapture")]

use adsml_core::{FitContext, Seed};
use adsml_eval::metrics::{auc, within_fold_auc};
use adsml_eval::{Bootstrap, EvalError, Folds, Metric, Units};
use proptest::prelude::*;

/// Every pair of a positive and a negative of one fold, one by one.
fn brute_force(y: &[f64], p: &[f64], w: &[f64], folds: &[usize]) -> f64 {
    let (mut right, mut pairs) = (0.0, 0.0);
    for i in 0..y.len() {
        for j in (0..y.len()).filter(|&j| folds[i] == folds[j]) {
            let mass = w[i] * y[i] * w[j] * (1.0 - y[j]);
            pairs += mass;
            right += mass * (0.5 + 0.5 * f64::from(i8::from(p[i] > p[j]) - i8::from(p[i] < p[j])));
        }
    }
    right / pairs
}

type Row = (f64, f64, f64, usize);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    // Few distinct scores, so that there are ties; rates, certainties and weights of zero among them.
    let row = (0..5_u8, 0..6_u8, 0..4_u8, 0..4_usize);
    let number =
        |(y, p, w, fold): (u8, u8, u8, usize)| (f64::from(y) / 4.0, f64::from(p) - 2.5, f64::from(w), fold * 7);
    proptest::collection::vec(row.prop_map(number), 1..40)
}

fn columns(rows: &[Row]) -> (Vec<f64>, Vec<f64>, Vec<f64>, Vec<usize>) {
    let column = |of: fn(&Row) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
    (column(|row| row.0), column(|row| row.1), column(|row| row.2), rows.iter().map(|row| row.3).collect())
}

proptest! {
    #[test]
    fn it_is_that_of_brute_force(rows in rows()) {
        let (y, p, w, folds) = columns(&rows);
        let slow = brute_force(&y, &p, &w, &folds);
        match within_fold_auc(&y, &p, Some(&w), &folds) {
            Ok(fast) => prop_assert!((fast - slow).abs() < 1e-12, "{fast} {slow}"),
            Err(_) => prop_assert!(slow.is_nan()),
        }
    }

    #[test]
    fn with_a_single_fold_it_is_the_auc(rows in rows()) {
        let (y, p, w, _) = columns(&rows);
        prop_assert_eq!(within_fold_auc(&y, &p, Some(&w), &vec![3; y.len()]).ok(), auc(&y, &p, Some(&w)).ok());
    }

    /// Each fold's scores by a growing function of its own: nothing is compared across folds.
    #[test]
    fn the_scale_of_a_fold_does_not_matter(rows in rows()) {
        let (y, p, w, folds) = columns(&rows);
        let other: Vec<f64> = p.iter().zip(&folds).map(|(p, &fold)| (p / 3.0).exp() + 10.0 * fold as f64).collect();
        let of = |p: &[f64]| within_fold_auc(&y, p, Some(&w), &folds).ok();
        prop_assert_eq!(of(&p), of(&other));
    }
}

#[test]
fn a_constant_in_each_fold_is_worth_exactly_a_half() {
    let y: Vec<f64> = (0..90).map(|row| f64::from(row % 7 == 0)).collect();
    let folds: Vec<usize> = (0..90).map(|row| row / 30).collect();
    // The rate of the other folds, which is low where the fold's own is high.
    let p: Vec<f64> =
        folds.iter().map(|&fold| mean((0..90).filter(|&row| folds[row] != fold).map(|row| y[row]))).collect();
    assert_eq!(within_fold_auc(&y, &p, None, &folds).unwrap(), 0.5);
    assert!(auc(&y, &p, None).unwrap() < 0.5);
}

#[test]
fn what_is_missing_is_said() {
    let error = |y: &[f64], folds: &[usize]| within_fold_auc(y, &[0.1, 0.2], None, folds).unwrap_err().to_string();
    assert_eq!(error(&[1.0, 0.0], &[0, 1]), "auc is undefined: no fold has both positives and negatives");
    assert!(matches!(within_fold_auc(&[1.0, 0.0], &[0.1, 0.2], None, &[0]), Err(EvalError::Length { .. })));
    let units = Units::rows(2).unwrap();
    let models: [(&str, &[f64]); 1] = [("a", &[0.1, 0.2])];
    let run = |folds: &[usize]| {
        let context = FitContext::default();
        Bootstrap::new().compare_within_folds(&[1.0, 0.0], None, folds, &models, &[Metric::Auc], &units, &context)
    };
    assert!(matches!(run(&[0, 1, 2]), Err(EvalError::Length { .. })));
    assert!(run(&[0, 1]).unwrap().estimate(0, 0).is_err());
}

#[test]
fn of_500_intervals_some_475_hold_the_truth() {
    let mut held = 0;
    for table in 0..500 {
        let sample = Simulated::new(table, 200, 1, 0.5);
        let folds = Folds::k_fold(200, 5, Seed::new(table)).unwrap();
        let fold_of_row: Vec<usize> = folds.fold_of_rows().into_iter().flatten().collect();
        // A level of each fold's own, as models of different folds have.
        let p: Vec<f64> = sample.x.iter().zip(&fold_of_row).map(|(x, &fold)| x - 3.0 * fold as f64).collect();
        let (metrics, units, context) = ([Metric::Auc], Units::rows(200).unwrap(), FitContext::default());
        let result = Bootstrap { n_draws: 200, ..Bootstrap::new() }
            .compare_within_folds(&sample.y, None, &fold_of_row, &[("a", &p)], &metrics, &units, &context)
            .unwrap();
        held += usize::from(!result.estimate(0, 0).unwrap().excludes(truth(0.5)));
    }
    println!("{held} of 500");
    // Three standard errors of a share of 95 %: 15; and percentile intervals of 200 draws run a little narrow.
    assert!((455..=490).contains(&held), "{held}");
}

/// Rows of groups that differ in their rate, with one feature that is higher by `strength` where the target is 1.
struct Simulated {
    y: Vec<f64>,
    x: Vec<f64>,
    groups: Vec<usize>,
}

impl Simulated {
    fn new(table: u64, n: usize, group_size: usize, strength: f64) -> Self {
        let mut stream = Seed::new(7).stream("within_folds", table);
        let (mut y, mut x, mut rate) = (Vec::new(), Vec::new(), 0.2);
        for row in 0..n {
            if row % group_size == 0 && group_size > 1 {
                rate = if stream.uniform() < 0.5 { 0.1 } else { 0.3 };
            }
            let clicked = f64::from(stream.uniform() < rate);
            let normal =
                (-2.0 * (1.0 - stream.uniform()).ln()).sqrt() * (std::f64::consts::TAU * stream.uniform()).cos();
            y.push(clicked);
            x.push(normal + strength * clicked);
        }
        Self { y, x, groups: (0..n).map(|row| row / group_size).collect() }
    }

    /// Out-of-fold predictions of a constant or a line, and the mean over folds of what the models are worth on new rows.
    fn out_of_fold(&self, folds: &Folds, line: bool, strength: f64) -> (Vec<f64>, f64) {
        let (mut p, mut worth) = (vec![0.0; self.y.len()], Vec::new());
        for fold in folds.iter() {
            let of = |values: &[f64]| mean(fold.train().iter().map(|&row| values[row]));
            let (mean_x, mean_y) = (of(&self.x), of(&self.y));
            let sum = |f: &dyn Fn(usize) -> f64| fold.train().iter().map(|&row| f(row)).sum::<f64>();
            let covariance = sum(&|row| (self.x[row] - mean_x) * (self.y[row] - mean_y));
            let slope = if line { covariance / sum(&|row| (self.x[row] - mean_x).powi(2)) } else { 0.0 };
            for &row in fold.test() {
                p[row] = mean_y + slope * (self.x[row] - mean_x);
            }
            worth.push(if !line {
                0.5
            } else if slope > 0.0 {
                truth(strength)
            } else {
                1.0 - truth(strength)
            });
        }
        (p, mean(worth.into_iter()))
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (n, sum) = values.fold((0.0, 0.0), |(n, sum), value| (n + 1.0, sum + value));
    sum / n
}

/// AUC of a normal feature whose mean is higher by `strength` standard deviations in one class: `Φ(strength / √2)`.
fn truth(strength: f64) -> f64 {
    // scipy 1.17: norm.cdf(strength / sqrt(2)).
    match strength {
        0.0 => 0.5,
        0.2 => 0.556_231_458_009_142_4,
        0.5 => 0.638_163_195_093_204_9,
        _ => unreachable!("a strength of the table"),
    }
}

/// Prints the table in the documentation of [`within_fold_auc`].
#[test]
fn pooling_costs_weak_models_auc_and_comparing_within_folds_does_not() {
    const N_TABLES: u64 = 2_000;
    println!("| folds of | model | its AUC on new rows | pooled | within folds | mean of folds |");
    for (group_size, what) in [(1, "40 rows"), (10, "4 groups of 10")] {
        for (line, strength) in [(false, 0.0), (true, 0.0), (true, 0.2), (true, 0.5)] {
            let mut errors = [const { Vec::new() }; 3];
            let mut worths = Vec::new();
            for table in 0..N_TABLES {
                let sample = Simulated::new(table, 200, group_size, strength);
                let folds = Folds::by_group(&sample.groups, 5, Seed::new(table)).unwrap();
                let fold_of_row: Vec<usize> = folds.fold_of_rows().into_iter().flatten().collect();
                let (p, worth) = sample.out_of_fold(&folds, line, strength);
                let of_fold = |rows: &[usize]| {
                    let take = |values: &[f64]| rows.iter().map(|&row| values[row]).collect::<Vec<f64>>();
                    auc(&take(&sample.y), &take(&p), None).ok()
                };
                worths.push(worth);
                errors[0].push(auc(&sample.y, &p, None).unwrap() - worth);
                errors[1].push(within_fold_auc(&sample.y, &p, None, &fold_of_row).unwrap() - worth);
                errors[2].push(mean(folds.iter().filter_map(|fold| of_fold(fold.test()))) - worth);
            }
            let bias = errors.each_ref().map(|errors| mean(errors.iter().copied()));
            let spread: Vec<f64> =
                (0..3).map(|kind| mean(errors[kind].iter().map(|error| (error - bias[kind]).powi(2))).sqrt()).collect();
            let cell = |kind: usize| format!("{:+.3} ({:.3})", bias[kind], spread[kind]);
            let name = if line { format!("line, {strength} sd") } else { "constant".to_owned() };
            let worth = mean(worths.into_iter());
            println!("| {what} | {name} | {worth:.3} | {} | {} | {} |", cell(0), cell(1), cell(2));
            let standard_error = spread[1] / (N_TABLES as f64).sqrt();
            assert!(bias[1].abs() <= 4.0 * standard_error, "{what}, {name}: {} by chance {standard_error}", bias[1]);
            assert!(strength > 0.0 || bias[0] < -0.02, "{what}, {name}: {}", bias[0]);
        }
    }
}
