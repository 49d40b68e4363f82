//! Metrics and intervals, on as many rows as an account makes in a day, a month, a year.
#![allow(missing_docs)] // criterion's macros write undocumented functions.

use adsml::core::{FitContext, Seed};
use adsml::eval::{Bootstrap, Metric, Units};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const N_ROWS: [usize; 3] = [1_000, 30_000, 365_000];

/// Clicked or not, predicted rates, and impressions.
fn rows(n: usize) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let mut stream = Seed::new(1).stream("bench rows", 0);
    let p: Vec<f64> = (0..n).map(|_| 0.001 + 0.05 * stream.uniform()).collect();
    let y = p.iter().map(|&p| f64::from(u8::from(stream.uniform() < p))).collect();
    let w = (0..n).map(|_| 1.0 + (1_000.0 * stream.uniform()).floor()).collect();
    (y, p, w)
}

fn metrics(c: &mut Criterion) {
    for metric in [Metric::LogLoss, Metric::Auc, Metric::Ece] {
        let mut group = c.benchmark_group(format!("eval/{metric}"));
        for n in N_ROWS {
            let (y, p, w) = rows(n);
            group.throughput(Throughput::Elements(n as u64));
            group.bench_with_input(BenchmarkId::from_parameter(n), &n, |b, _| {
                b.iter(|| metric.evaluate(&y, &p, Some(&w)))
            });
        }
    }
}

fn comparison(c: &mut Criterion) {
    let mut group = c.benchmark_group("eval/compare two models, 1,000 resamples");
    group.sample_size(10);
    for n in [1_000, 30_000] {
        let (y, p, w) = rows(n);
        let other: Vec<f64> = p.iter().map(|p| 0.9 * p + 0.002).collect();
        let units = Units::rows(n).expect("there are rows");
        let (models, metrics) = ([("a", p.as_slice()), ("b", other.as_slice())], [Metric::LogLoss, Metric::Auc]);
        group.bench_with_input(BenchmarkId::from_parameter(n), &n, |b, _| {
            b.iter(|| Bootstrap::default().compare(&y, Some(&w), &models, &metrics, &units, &FitContext::default()));
        });
    }
}

criterion_group!(benches, metrics, comparison);
criterion_main!(benches);
