//! Are equally good models called equally good, and better ones better?

#![allow(clippy::print_stdout, reason = "figures are worth seeing with --nocapture")]

use std::num::NonZeroUsize;

use adsml_core::{FitContext, Seed, Stream};
use adsml_eval::{Bootstrap, Metric, NoInterval, Units, Verdict, paired_comparison};

fn normal(stream: &mut Stream) -> f64 {
    (-2.0 * (1.0 - stream.uniform()).ln()).sqrt() * (std::f64::consts::TAU * stream.uniform()).cos()
}

/// Labels, weights, groups, and the predictions of two models that are off by the same amount in different ways.
struct Noise {
    y: Vec<f64>,
    w: Vec<f64>,
    groups: Vec<usize>,
    a: Vec<f64>,
    b: Vec<f64>,
}

impl Noise {
    fn new(seed: u64, n: usize, rows_per_group: usize, weight_spread: f64) -> Self {
        let stream = &mut Seed::new(seed).stream("noise", 0);
        let mut noise = Self { y: vec![], w: vec![], groups: vec![], a: vec![], b: vec![] };
        let mut luck = 0.0;
        for row in 0..n {
            if row % rows_per_group == 0 {
                luck = 0.5 * normal(stream);
            }
            let known = -1.0 + normal(stream);
            let rate = 1.0 / (1.0 + (-known - luck).exp());
            noise.y.push(f64::from(stream.uniform() < rate));
            noise.w.push((weight_spread * normal(stream)).exp());
            noise.groups.push(row / rows_per_group);
            let model = |off: f64| 1.0 / (1.0 + (-known - 0.3 * off).exp());
            noise.a.push(model(normal(stream)));
            noise.b.push(model(normal(stream)));
        }
        noise
    }
}

/// Out of `n_pairs` pairs of equally good models, how many are called different.
fn n_called_different(n_pairs: u64, metric: Metric, n: usize, rows_per_group: usize, weight_spread: f64) -> usize {
    let called = adsml_core::parallel::map(n_pairs as usize, adsml_core::parallel::available_threads(), |pair| {
        let noise = Noise::new(pair as u64, n, rows_per_group, weight_spread);
        let units = Units::groups(&noise.groups).unwrap();
        let context = FitContext::seeded(1_000 + pair as u64).with_threads(NonZeroUsize::MIN);
        let bootstrap = Bootstrap::new();
        let (y, w) = (&noise.y, Some(noise.w.as_slice()));
        let result = paired_comparison(y, w, &noise.a, &noise.b, metric, &units, &bootstrap, &context).unwrap();
        matches!(result.verdict, Verdict::First | Verdict::Second)
    });
    called.into_iter().filter(|&called| called).count()
}

// 5 % of 500 is 25, with a binomial standard deviation of 4.9; 37 is the largest number below 25 + 2.5 of them.

#[test]
fn of_500_equally_good_pairs_at_most_37_are_called_different_by_log_loss() {
    let n_different = n_called_different(500, Metric::LogLoss, 300, 1, 0.0);
    println!("log loss, 300 rows: {n_different} of 500");
    assert!(n_different <= 37, "{n_different}");
}

#[test]
fn of_500_equally_good_pairs_at_most_37_are_called_different_with_groups_and_uneven_weights() {
    let n_different = n_called_different(500, Metric::LogLoss, 180, 3, 1.5);
    println!("log loss, 60 groups of uneven weight: {n_different} of 500");
    assert!(n_different <= 37, "{n_different}");
}

#[test]
fn of_500_equally_good_pairs_at_most_37_are_called_different_by_auc() {
    let n_different = n_called_different(500, Metric::Auc, 200, 1, 0.0);
    println!("AUC, 200 rows: {n_different} of 500");
    assert!(n_different <= 37, "{n_different}");
}

#[test]
fn a_better_model_is_called_better_and_the_order_of_the_two_does_not_matter() {
    let noise = Noise::new(1, 2_000, 2, 0.5);
    // Shrunk halfway to ignorance.
    let worse: Vec<f64> = noise.a.iter().map(|p| 0.5 * p + 0.25).collect();
    let units = Units::groups(&noise.groups).unwrap();
    for metric in [Metric::LogLoss, Metric::Brier, Metric::NormalizedEntropy, Metric::Mse, Metric::R2, Metric::Ece] {
        let compare = |a: &[f64], b: &[f64]| {
            paired_comparison(&noise.y, None, a, b, metric, &units, &Bootstrap::new(), &FitContext::default()).unwrap()
        };
        let (forward, backward) = (compare(&noise.a, &worse), compare(&worse, &noise.a));
        assert_eq!((forward.verdict, backward.verdict), (Verdict::First, Verdict::Second), "{metric}");
        let (low, high) = forward.difference.interval().unwrap();
        assert_eq!(backward.difference.interval(), Some((-high, -low)));
    }
}

#[test]
fn a_model_is_tied_with_itself() {
    let noise = Noise::new(2, 100, 1, 0.5);
    let same: Vec<f64> = noise.a.iter().map(|p| p * (1.0 + 1e-16)).collect();
    let units = Units::rows(100).unwrap();
    for metric in Metric::ALL {
        let result = paired_comparison(
            &noise.y,
            Some(&noise.w),
            &noise.a,
            &same,
            metric,
            &units,
            &Bootstrap::new(),
            &FitContext::default(),
        );
        assert_eq!(result.unwrap().verdict, Verdict::Tied, "{metric}");
    }
}

#[test]
fn more_models_widen_the_intervals_of_differences() {
    let noise = Noise::new(3, 400, 1, 0.0);
    let units = Units::rows(400).unwrap();
    let others: Vec<Vec<f64>> = (10..16).map(|seed| Noise::new(seed, 400, 1, 0.0).a).collect();
    let mut models = vec![("a", noise.a.as_slice()), ("b", noise.b.as_slice())];
    let names = ["c", "d", "e", "f", "g", "h"];
    models.extend(names.iter().zip(&others).map(|(&name, p)| (name, p.as_slice())));
    let width = |models: &[(&str, &[f64])], simultaneous| {
        let bootstrap = Bootstrap { simultaneous, ..Bootstrap::new() };
        let context = FitContext::default();
        let result = bootstrap.compare(&noise.y, None, models, &[Metric::LogLoss], &units, &context).unwrap();
        let (low, high) = result.difference(0, 1, 0).unwrap().interval().unwrap();
        high - low
    };
    let alone = width(&models[..2], true);
    assert_eq!(alone, width(&models, false), "the draws are the same for any number of models");
    let ratio = width(&models, true) / alone;
    assert!((1.2..2.0).contains(&ratio), "{ratio}");
}

#[test]
fn intervals_shrink_with_the_root_of_the_number_of_units() {
    // Four times the rows: half the width, give or take the noise of both.
    let width = |n: usize| {
        let noise = Noise::new(4, n, 1, 0.0);
        let units = Units::rows(n).unwrap();
        let result = Bootstrap::new()
            .compare(&noise.y, None, &[("a", &noise.a)], &[Metric::Auc], &units, &FitContext::default())
            .unwrap();
        let (low, high) = result.estimate(0, 0).unwrap().interval().unwrap();
        high - low
    };
    let ratio = width(2_000) / width(500);
    assert!((0.4..0.6).contains(&ratio), "{ratio}");
}

#[test]
fn an_undefined_metric_has_a_reason_in_place_of_an_interval() {
    // One positive in 25 rows: a third of the resamples has none.
    let y: Vec<f64> = (0..25).map(|row| f64::from(row == 0)).collect();
    let p: Vec<f64> = (0..25).map(|row| f64::from(row) / 25.0).collect();
    let units = Units::rows(25).unwrap();
    let result =
        Bootstrap::new().compare(&y, None, &[("a", &p)], &[Metric::Auc], &units, &FitContext::default()).unwrap();
    let estimate = result.estimate(0, 0).unwrap();
    assert!(matches!(estimate.no_interval, Some(NoInterval::Undefined { draws: 200..500, of: 1_000 })), "{estimate:?}");
}

#[test]
fn weights_of_zero_do_not_make_units() {
    let noise = Noise::new(5, 40, 1, 0.0);
    let w: Vec<f64> = (0..40).map(|row| f64::from(row < 19)).collect();
    let units = Units::rows(40).unwrap();
    let result = Bootstrap::new()
        .compare(&noise.y, Some(&w), &[("a", &noise.a)], &[Metric::LogLoss], &units, &FitContext::default())
        .unwrap();
    let reason = result.estimate(0, 0).unwrap().no_interval.clone().unwrap();
    assert_eq!(reason.to_string(), "only 19 independent rows, 20 needed");
}

#[test]
fn units_are_numbered_in_order() {
    assert_eq!(Units::groups(&[9, 4, 9]).unwrap().of_rows(), [1, 0, 1]);
    assert_eq!(Units::time_blocks(&[i64::MIN, i64::MAX, -3], 7).unwrap().of_rows(), [0, 2, 1]);
    assert_eq!(Units::time_blocks(&[-1, 0, 6, 7, 13], 7).unwrap().of_rows(), [0, 0, 1, 1, 2]);
    assert!(Units::time_blocks(&[1], 0).is_err() && Units::rows(0).is_err());
    assert_eq!(Units::groups(&[9, 4, 9]).unwrap().take_rows(&[0, 2]).unwrap().n_units(), 1);
}
