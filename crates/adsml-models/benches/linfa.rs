//! linfa 0.8.1 beside our kernels: `cargo bench -p adsml-models --bench linfa`.
//!
//! 100,000 rows of 23 standardised columns: one thread, medians of runs
//! taken in turn (A B A B ...). Accuracy is the largest difference to our fit at `tol` 1e-12, which the golden
//! test holds to scikit-learn's. Then one million rows, ours alone.
#![allow(clippy::print_stdout)]

use std::num::NonZeroUsize;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use adsml_core::{FitContext, Seed, TrainingSet};
use adsml_models::{ElasticNet, LinearRegression, LogisticRegression, PoissonRegression};
use linfa::prelude::*;
use ndarray::{Array1, Array2, ArrayView1};

const N_SAMPLES: usize = 100_000;
const N_FEATURES: usize = 23;
const RUNS: usize = 3;
/// How long one fit may take.
const PATIENCE: Duration = Duration::from_secs(60);

type Fitted = Result<Vec<f64>, Box<dyn std::error::Error>>;

fn columns(n: usize) -> (Array2<f64>, Array1<f64>) {
    let mut stream = Seed::new(1).stream("bench", 0);
    let mut x = Array2::from_shape_fn((n, N_FEATURES), |_| stream.uniform() + stream.uniform());
    for mut column in x.columns_mut() {
        column -= column.mean().unwrap();
        let deviation = column.std(0.0);
        column /= deviation;
    }
    let noise = Array1::from_shape_fn(n, |_| stream.uniform());
    (x, noise)
}

fn main() {
    let (x, noise) = columns(N_SAMPLES);
    let truth = Array1::from_shape_fn(N_FEATURES, |j| 0.6 / (1.0 + j as f64));
    let raw = x.dot(&truth);
    let y = &raw + &(&noise * 2.0);
    let clicked = Array1::from_shape_fn(N_SAMPLES, |row| f64::from(noise[row] < 1.0 / (1.0 + (1.5 - raw[row]).exp())));
    let counts = Array1::from_shape_fn(N_SAMPLES, |row| ((0.3 * raw[row]).exp() * 3.0 * noise[row]).floor());
    let one_thread = FitContext::default().with_threads(NonZeroUsize::MIN);
    macro_rules! ours {
        ($params:expr, $y:expr) => {
            || {
                let data = TrainingSet::new(x.view(), $y.view()).unwrap();
                $params.fit_set(&data, &one_thread).unwrap().coefficients().to_vec()
            }
        };
    }

    println!("| fit of {N_SAMPLES} x {N_FEATURES} | linfa, ms | ours, ms | linfa / ours | largest difference |");
    println!("|---|---|---|---|---|");
    let data = || Dataset::new(x.clone(), y.clone());
    let fit = {
        let data = data();
        move || Ok(linfa_linear::LinearRegression::default().fit(&data)?.params().to_vec())
    };
    compare("linfa-linear, least squares", ours!(LinearRegression::params(), y), fit);
    let fit = {
        let data = data();
        let params = linfa_elasticnet::ElasticNet::params().penalty(0.05).l1_ratio(0.5).tolerance(1e-10);
        let params = params.max_iterations(10_000);
        move || Ok(params.fit(&data)?.hyperplane().to_vec())
    };
    compare("linfa-elasticnet, alpha 0.05, tol 1e-10", ours!(ElasticNet::params().alpha(0.05).tol(1e-12), y), fit);
    for tol in [1e-2, 1e-4] {
        let data = Dataset::new(x.clone(), clicked.mapv(|clicked| clicked as usize));
        let params = linfa_logistic::LogisticRegression::default().alpha(1.0).gradient_tolerance(tol);
        let params = params.max_iterations(300);
        // Its coefficients speak for the majority class, here the rows without a click.
        let fit = move || Ok(params.fit(&data)?.params().mapv(|b| -b).to_vec());
        let ours = ours!(LogisticRegression::params().tol(1e-12), clicked);
        compare(&format!("linfa-logistic, alpha 1, tol {tol:e}"), ours, fit);
    }

    a_million_rows(&truth);
    let fit = {
        let data = Dataset::new(x.clone(), counts.clone());
        let params = linfa_linear::TweedieRegressor::params().power(1.0).alpha(0.0).max_iter(300).tol(1e-4);
        move || Ok(params.fit(&data)?.coef.to_vec())
    };
    let ours = ours!(PoissonRegression::params().alpha(0.0).tol(1e-12), counts);
    // Last, because it may be left behind.
    compare("linfa-linear, Tweedie of power 1, tol 1e-4", ours, fit);
    // Not waiting for who was left behind.
    std::process::exit(0);
}

/// Ours alone.
fn a_million_rows(truth: &Array1<f64>) {
    let (x, noise) = columns(1_000_000);
    let raw = x.dot(truth);
    let clicked = Array1::from_shape_fn(raw.len(), |row| f64::from(noise[row] < 1.0 / (1.0 + (1.5 - raw[row]).exp())));
    for threads in [1, 2] {
        let context = FitContext::default().with_threads(NonZeroUsize::new(threads).unwrap());
        let data = TrainingSet::new(x.view(), ArrayView1::from(&clicked)).unwrap();
        let start = Instant::now();
        let model = LogisticRegression::params().fit_set(&data, &context).unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let steps = if model.converged() { model.n_iter() } else { 0 };
        println!("1,000,000 x {N_FEATURES}, logistic, {threads} threads: {seconds:.2} s, {steps} steps");
    }
}

/// Medians of runs in turn, and how far the coefficients are apart.
fn compare(name: &str, ours: impl Fn() -> Vec<f64>, linfa: impl Fn() -> Fitted + Send + Sync + 'static) {
    let linfa = Arc::new(linfa);
    let (mut our_times, mut linfa_times, mut difference) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..RUNS {
        // On a thread of its own, which is left behind when it does not come back.
        let ((send, receive), fit) = (mpsc::channel(), Arc::clone(&linfa));
        std::thread::spawn(move || {
            let start = Instant::now();
            let fitted = fit().map_err(|error| error.to_string());
            let _ = send.send((fitted, start.elapsed()));
        });
        let theirs = match receive.recv_timeout(PATIENCE) {
            Ok((Ok(theirs), elapsed)) => {
                linfa_times.push(elapsed.as_secs_f64() * 1e3);
                theirs
            }
            Ok((Err(error), elapsed)) => {
                println!("| {name} | {error} after {:.1} s |", elapsed.as_secs_f64());
                return;
            }
            Err(_) => {
                let start = Instant::now();
                ours();
                let own = start.elapsed().as_secs_f64() * 1e3;
                println!("| {name} | not finished after {} s | {own:.0} |", PATIENCE.as_secs());
                return;
            }
        };
        let start = Instant::now();
        let own = ours();
        our_times.push(start.elapsed().as_secs_f64() * 1e3);
        difference = own.iter().zip(&theirs).fold(0.0, |worst, (a, b)| worst.max((a - b).abs()));
    }
    let median = |times: &mut Vec<f64>| {
        times.sort_by(f64::total_cmp);
        times[RUNS / 2]
    };
    let (linfa, ours) = (median(&mut linfa_times), median(&mut our_times));
    println!("| {name} | {linfa:.0} | {ours:.0} | {:.1} | {difference:.0e} |", linfa / ours);
}
