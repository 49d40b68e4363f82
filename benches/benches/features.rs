//! Reading, deriving, encoding: a simulated account as CSV and as a table.
#![allow(missing_docs)] // criterion's macros write undocumented functions.

use adsml::core::{FitContext, Table, Target, Transform};
use adsml::features::{CategoryEncoding, CsvReader, FeaturePipeline, ctr_features, derive};
use adsml::simulate::Account;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn account() -> Account {
    Account::params().n_campaigns(20).ad_sets_per_campaign(10).days(180).build().expect("valid settings")
}

fn reading(c: &mut Criterion) {
    let mut csv = Vec::new();
    account().write_csv(&mut csv).expect("memory takes all");
    let mut group = c.benchmark_group("features");
    group.throughput(Throughput::Bytes(csv.len() as u64));
    group.bench_function("read 36,000 rows of CSV", |b| b.iter(|| CsvReader::new().read_bytes(&csv)));
}

fn transforming(c: &mut Criterion) {
    let table = account().table();
    let clicked: Vec<f64> =
        table.number("clicks").expect("numbers").iter().map(|&n| f64::from(u8::from(n > 2.0))).collect();
    let mut group = c.benchmark_group("features");
    group.throughput(Throughput::Elements(table.n_rows() as u64));
    group.bench_function("derive the prototype's nine columns", |b| {
        b.iter_batched(|| table.clone(), |mut table: Table| derive(&mut table, &ctr_features()), BatchSize::LargeInput);
    });
    let pipeline = FeaturePipeline::prototype_ctr().categorical_with(["ad_set_id"], CategoryEncoding::Target);
    let target = Target::new((&clicked).into());
    group.bench_function("fit and apply the prototype's pipeline", |b| {
        b.iter(|| Transform::fit_transform(&pipeline, &table, Some(&target), &FitContext::default()));
    });
}

criterion_group!(benches, reading, transforming);
criterion_main!(benches);
