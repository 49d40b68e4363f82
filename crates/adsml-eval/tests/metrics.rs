//! What must hold for every metric.

use adsml_eval::metrics::{self, auc, binomial_deviance, brier, ece, log_loss, mape_counted, mse, normalized_entropy};
use adsml_eval::{EvalError, Metric, ReliabilityBins};
use proptest::prelude::*;

/// Rows with many ties: rates, scores of one decimal, small whole weights (some zero).
fn rows(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(f64, f64, u32)>> {
    let rate = prop_oneof![Just(0.0), Just(1.0), (0_u32..=10).prop_map(|tenths| f64::from(tenths) / 10.0)];
    let row = (rate, (0_u32..=10).prop_map(|tenths| f64::from(tenths) / 10.0), 0_u32..4);
    proptest::collection::vec(row, n)
}

fn columns(rows: &[(f64, f64, u32)]) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let y = rows.iter().map(|row| row.0).collect();
    let p = rows.iter().map(|row| row.1).collect();
    (y, p, rows.iter().map(|row| f64::from(row.2)).collect())
}

/// Every pair of a positive and a negative, one by one.
fn brute_force_auc(y: &[f64], p: &[f64], w: &[f64]) -> f64 {
    let (mut right, mut pairs) = (0.0, 0.0);
    for i in 0..y.len() {
        for j in 0..y.len() {
            let mass = w[i] * y[i] * w[j] * (1.0 - y[j]);
            pairs += mass;
            right += mass
                * if p[i] > p[j] {
                    1.0
                } else if p[i] == p[j] {
                    0.5
                } else {
                    0.0
                };
        }
    }
    right / pairs
}

/// Precision at each distinct score, from scratch.
fn brute_force_pr_auc(y: &[f64], p: &[f64], w: &[f64]) -> f64 {
    let positives: f64 = y.iter().zip(w).map(|(y, w)| w * y).sum();
    let mut area = 0.0;
    for i in 0..y.len() {
        let at_least = || (0..y.len()).filter(|&j| p[j] >= p[i]);
        let hits: f64 = at_least().map(|j| w[j] * y[j]).sum();
        let all: f64 = at_least().map(|j| w[j]).sum();
        if w[i] * y[i] > 0.0 {
            area += w[i] * y[i] * hits / all;
        }
    }
    area / positives
}

proptest! {
    #[test]
    fn auc_and_pr_auc_are_those_of_brute_force(rows in rows(1..40)) {
        let (y, p, w) = columns(&rows);
        let slow = brute_force_auc(&y, &p, &w);
        match auc(&y, &p, Some(&w)) {
            Ok(fast) => prop_assert!((fast - slow).abs() < 1e-12, "{fast} {slow}"),
            Err(_) => prop_assert!(slow.is_nan()),
        }
        let slow = brute_force_pr_auc(&y, &p, &w);
        match metrics::pr_auc(&y, &p, Some(&w)) {
            Ok(fast) => prop_assert!((fast - slow).abs() < 1e-12, "{fast} {slow}"),
            Err(_) => prop_assert!(slow.is_nan()),
        }
    }

    /// Sums are of the same terms in another grouping, so results agree to rounding: 1e-12 of their size.
    #[test]
    fn a_weight_of_two_is_a_repeated_row(rows in rows(2..40)) {
        let (y, p, w) = columns(&rows);
        let repeated: Vec<_> = rows.iter().flat_map(|&row| std::iter::repeat_n(row, row.2 as usize)).collect();
        let (y2, p2, _) = columns(&repeated);
        for metric in Metric::ALL {
            let (a, b) = (metric.evaluate(&y, &p, Some(&w)), metric.evaluate(&y2, &p2, None));
            if let (Ok(a), Ok(b)) = (&a, &b) {
                prop_assert!((a - b).abs() <= 1e-12 * a.abs().max(1.0), "{metric}: {a} {b}");
            }
            // A refusal may differ only because a row of weight zero was looked at.
            prop_assert!(a.is_ok() == b.is_ok() || w.contains(&0.0), "{metric}: {a:?} {b:?}");
        }
    }

    /// Stated tolerance: 1e-12 of the value's size (compensated sums differ by rounding of the terms only).
    #[test]
    fn the_order_of_rows_does_not_matter(rows in rows(2..60), seed in any::<u64>()) {
        let (y, p, w) = columns(&rows);
        let mut shuffled = rows;
        adsml_core::Seed::new(seed).stream("test", 0).shuffle(&mut shuffled);
        let (y2, p2, w2) = columns(&shuffled);
        for metric in Metric::ALL {
            match (metric.evaluate(&y, &p, Some(&w)), metric.evaluate(&y2, &p2, Some(&w2))) {
                (Ok(a), Ok(b)) => prop_assert!((a - b).abs() <= 1e-12 * a.abs().max(1.0), "{metric}: {a} {b}"),
                (a, b) => prop_assert_eq!(a.is_ok(), b.is_ok(), "{}", metric),
            }
        }
    }

    #[test]
    fn a_rate_is_judged_like_the_trials_behind_it(rows in rows(2..30)) {
        // 10 trials per row of weight 10: y is in tenths, so clicks are whole.
        let (y, p, _) = columns(&rows);
        let trials: Vec<(f64, f64)> = y
            .iter()
            .zip(&p)
            .flat_map(|(&y, &p)| (0..10).map(move |trial| (f64::from(f64::from(trial) < (y * 10.0).round()), p)))
            .collect();
        let (y2, p2): (Vec<f64>, Vec<f64>) = trials.into_iter().unzip();
        let w = vec![10.0; y.len()];
        for metric in [Metric::LogLoss, Metric::Brier, Metric::NormalizedEntropy, Metric::Auc, Metric::PrAuc,
                       Metric::CalibrationRatio, Metric::Ece] {
            if let (Ok(a), Ok(b)) = (metric.evaluate(&y, &p, Some(&w)), metric.evaluate(&y2, &p2, None)) {
                prop_assert!((a - b).abs() <= 1e-12 * a.abs().max(1.0), "{metric}: {a} {b}");
            }
        }
    }

    #[test]
    fn no_input_makes_a_metric_panic(
        y in proptest::collection::vec(any::<f64>(), 0..6),
        p in proptest::collection::vec(any::<f64>(), 0..6),
        w in proptest::option::of(proptest::collection::vec(any::<f64>(), 0..6)),
    ) {
        for metric in Metric::ALL {
            let _ = metric.evaluate(&y, &p, w.as_deref());
        }
        let _ = ReliabilityBins::equal_width(&y, &p, w.as_deref(), 5);
    }
}

#[test]
fn a_wrong_certainty_is_costly_but_finite() {
    let loss = log_loss(&[1.0], &[0.0], None).unwrap();
    assert_eq!(loss, -f64::EPSILON.ln());
    assert!((log_loss(&[0.0], &[1.0], None).unwrap() - loss).abs() < 1e-12);
    assert!(log_loss(&[1.0], &[1.0], None).unwrap() < 1e-15);
}

#[test]
fn the_base_rate_has_normalised_entropy_one() {
    let (ctr, impressions) = ([0.01, 0.0, 0.03], [1_000.0, 500.0, 2_000.0]);
    let base_rate = 70.0 / 3_500.0;
    let entropy = normalized_entropy(&ctr, &[base_rate; 3], Some(&impressions)).unwrap();
    assert!((entropy - 1.0).abs() < 1e-14, "{entropy}");
}

#[test]
fn the_brier_score_of_a_rate_is_its_squared_error_and_the_spread_of_trials() {
    let (y, p, w) = ([0.2, 0.7], [0.25, 0.5], [10.0, 30.0]);
    let spread = (10.0 * 0.2 * 0.8 + 30.0 * 0.7 * 0.3) / 40.0;
    let expected = mse(&y, &p, Some(&w)).unwrap() + spread;
    assert!((brier(&y, &p, Some(&w)).unwrap() - expected).abs() < 1e-15);
}

#[test]
fn binomial_deviance_is_twice_the_log_loss_of_labels_and_zero_for_exact_rates() {
    let (y, p) = ([0.0, 1.0, 1.0], [0.2, 0.7, 0.4]);
    let deviance = binomial_deviance(&y, &p, None).unwrap();
    assert!((deviance - 2.0 * log_loss(&y, &p, None).unwrap()).abs() < 1e-15);
    assert_eq!(binomial_deviance(&[0.3], &[0.3], None).unwrap(), 0.0);
}

#[test]
fn zero_targets_are_left_out_of_mape_and_counted() {
    let mape = mape_counted(&[0.0, 10.0, 20.0], &[5.0, 11.0, 18.0], Some(&[7.0, 1.0, 1.0])).unwrap();
    assert!((mape.value - 0.1).abs() < 1e-15);
    assert_eq!((mape.n_left_out, mape.weight_left_out), (1, 7.0));
}

#[test]
fn a_constant_target_has_no_r2_even_when_its_mean_is_rounded() {
    // Summed naively, three times 0.1 has a mean that is not 0.1.
    let error = metrics::r2(&[0.1; 3], &[0.1, 0.2, 0.3], None).unwrap_err();
    assert!(matches!(error, EvalError::Undefined { metric: Metric::R2, .. }));
}

#[test]
fn ties_share_a_bin_and_a_heavy_row_has_its_own() {
    let (y, p) = ([0.0, 1.0, 0.0, 1.0, 1.0, 0.0], [0.1, 0.1, 0.1, 0.1, 0.5, 0.9]);
    let bins = ReliabilityBins::equal_count(&y, &p, None, 3).unwrap();
    assert_eq!(bins.bins().iter().map(|bin| bin.n_rows).collect::<Vec<_>>(), [4, 2]);
    let heavy = ReliabilityBins::equal_count(&y, &p, Some(&[1.0, 1.0, 1.0, 1.0, 100.0, 1.0]), 3).unwrap();
    assert_eq!(heavy.bins().iter().map(|bin| bin.weight).collect::<Vec<_>>(), [4.0, 100.0, 1.0]);
    let width = ReliabilityBins::equal_width(&y, &p, None, 2).unwrap();
    assert_eq!(width.bins().iter().map(|bin| bin.n_rows).collect::<Vec<_>>(), [4, 2]);
    let (low, high) = width.bins()[0].wilson(1.96);
    // Two of four: the textbook Wilson interval.
    assert!((low - 0.150_036).abs() < 1e-5 && (high - 0.849_964).abs() < 1e-5, "{low} {high}");
    assert!(ece(&y, &p, None, 0).is_err());
}

#[test]
fn names_go_both_ways() {
    for metric in Metric::ALL {
        assert_eq!(metric.name().parse::<Metric>().unwrap(), metric);
        assert_eq!(metric.lower_is_better(), metric.badness(2.0) == 2.0);
    }
}

#[test]
fn errors_name_the_place() {
    let errors = [
        log_loss(&[0.0, 1.0], &[0.5], None),
        log_loss(&[], &[], None),
        log_loss(&[0.0, 1.5], &[0.5, 0.5], None),
        log_loss(&[0.0, 1.0], &[0.5, -0.01], None),
        log_loss(&[0.0, f64::NAN], &[0.5, 0.5], None),
        log_loss(&[0.0, 1.0], &[0.5, 0.5], Some(&[1.0, -2.0])),
        log_loss(&[0.0, 1.0], &[0.5, 0.5], Some(&[0.0, 0.0])),
        metrics::poisson_deviance(&[1.0], &[0.0], None),
        auc(&[1.0, 1.0], &[0.5, 0.5], None),
        metrics::pr_auc(&[0.0], &[0.5], None),
        normalized_entropy(&[0.0], &[0.5], None),
        metrics::calibration_ratio(&[0.0], &[0.5], None),
        metrics::mape(&[0.0], &[0.5], None),
        metrics::r2(&[3.0], &[0.5], None),
        "log_los".parse::<Metric>().map(|_| 0.0),
    ];
    let texts: Vec<String> = errors.into_iter().map(|error| error.unwrap_err().to_string()).collect();
    insta::assert_snapshot!(texts.join("\n"), @r#"
    predictions: 1 given, expected 2, one per row
    rows to judge: 0 given, at least 1 needed
    the target of row 1 is 1.5, expected 0, 1 or a rate between
    the prediction of row 1 is -0.01, expected a probability in [0, 1]
    the target of row 1 is NaN, expected a finite number
    the weight of row 1 is -2, expected a finite number, 0 or more
    rows of positive weight: 0 given, at least 1 needed
    the prediction of row 0 is 0, expected a number above 0
    auc is undefined: positives and negatives are both needed
    pr_auc is undefined: there are no positives
    normalized_entropy is undefined: the base rate is 0 or 1
    calibration_ratio is undefined: the observed total is zero
    mape is undefined: every target is zero
    r2 is undefined: the target never varies
    parameter `metric` is log_los, expected one of mse, rmse, mae, r2, mape, poisson_deviance, log_loss, normalized_entropy, brier, binomial_deviance, auc, pr_auc, calibration_ratio, ece
    "#);
}

#[test]
fn a_value_that_is_not_finite_is_undefined() {
    let (y, p, w) = ([0.0, 1.0, 0.0, 1.0], [0.2, 0.4, 0.6, 0.8], [1e308; 4]);
    for metric in Metric::ALL {
        match metric.evaluate(&y, &p, Some(&w)) {
            Ok(value) => assert!(value.is_finite(), "{metric} is {value}"),
            Err(error) => assert!(matches!(error, EvalError::Undefined { .. }), "{metric}: {error}"),
        }
    }
    let error = Metric::Mse.evaluate(&[1e200], &[-1e200], None).unwrap_err();
    assert_eq!(error.to_string(), "mse is undefined: its value is not a finite number");
}
