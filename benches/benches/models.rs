//! Fits of the linear family on 23 features, as many as the prototype has.
#![allow(missing_docs)] // criterion's macros write undocumented functions.

use adsml::core::ndarray::{Array1, Array2};
use adsml::core::{FitContext, Learner, Seed, TrainingSet};
use adsml::models::{LinearRegression, LogisticRegression, PoissonRegression, Ridge};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const N_FEATURES: usize = 23;
const N_ROWS: [usize; 2] = [3_600, 100_000];

fn fits(c: &mut Criterion) {
    let learners: [(&str, Box<dyn Learner>); 4] = [
        ("linear_regression", Box::new(LinearRegression::params())),
        ("ridge", Box::new(Ridge::params())),
        ("logistic_regression", Box::new(LogisticRegression::params())),
        ("poisson_regression", Box::new(PoissonRegression::params())),
    ];
    for (name, learner) in learners {
        let mut group = c.benchmark_group(format!("models/{name}"));
        group.sample_size(10);
        for n in N_ROWS {
            let mut stream = Seed::new(1).stream("bench rows", 0);
            let x = Array2::from_shape_fn((n, N_FEATURES), |_| stream.uniform() - 0.5);
            let clicked = |x: f64, u: f64| f64::from(u8::from(u < 1.0 / (1.0 + (2.0 - x).exp())));
            let y: Array1<f64> = x.rows().into_iter().map(|row| clicked(row.sum(), stream.uniform())).collect();
            let data = TrainingSet::new(x.view(), y.view()).expect("as many targets as rows");
            group.throughput(Throughput::Elements(n as u64));
            group.bench_with_input(BenchmarkId::from_parameter(n), &n, |b, _| {
                b.iter(|| learner.fit(&data, &FitContext::default()));
            });
        }
    }
}

criterion_group!(benches, fits);
criterion_main!(benches);
