//! Which columns give the answer away?
//!
//! ```text
//! cargo run -p adsml-features --example check_leakage
//! ```
//!
//! A small account whose export holds what a model may know (age, interest), what it may not (what the clicks
//! cost), a row number, and a "helpful" average click rate per ad that somebody computed on the whole table.
#![allow(clippy::print_stdout)]

use adsml_core::{CategoryColumn, Column, Seed, Table};
use adsml_features::{LintOptions, LintTarget, lint_leakage, shrunk_rates};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let table = export()?;
    let features = ["ad_id", "age", "ad", "Spent", "average_rate"];
    let report = lint_leakage(&table, &LintTarget::rate("Clicks", "Impressions"), &features, &LintOptions::default())?;
    println!("{report}\n");

    println!("Rates per age, thin groups drawn towards the mean:");
    println!("{}", shrunk_rates(&table, "age", "Clicks", "Impressions")?);
    Ok(())
}

/// 600 rows as an ads manager would export them.
fn export() -> adsml_core::Result<Table> {
    const AGES: [&str; 4] = ["18-24", "25-34", "35-44", "45-54"];
    let mut stream = Seed::new(7).stream("export", 0);
    let mut impressions = Vec::new();
    let mut clicks = Vec::new();
    let (mut ages, mut ads) = (Vec::new(), Vec::new());
    for _ in 0..600 {
        let (age, ad) = (stream.below(AGES.len()), stream.below(120));
        let shown = 200 + stream.below(3_000);
        let rate = 0.004 + 0.002 * age as f64;
        clicks.push((0..shown).filter(|_| stream.uniform() < rate).count() as f64);
        impressions.push(shown as f64);
        ages.push(AGES[age]);
        ads.push(ad);
    }
    let spent = clicks.iter().map(|clicks| clicks * (1.2 + 0.2 * stream.uniform())).collect::<Vec<_>>();
    // The mistake: an average over all rows, those to be judged among them.
    let sum = |values: &[f64], ad| values.iter().zip(&ads).filter(|(_, other)| **other == ad).map(|(v, _)| v).sum();
    let average = |&ad: &usize| -> f64 {
        let (clicks, impressions): (f64, f64) = (sum(&clicks, ad), sum(&impressions, ad));
        clicks / impressions
    };
    let average = ads.iter().map(average).collect::<Vec<_>>();
    Table::from_columns([
        ("ad_id", Column::from((708_746..709_346).map(f64::from).collect::<Vec<_>>())),
        ("age", Column::from(ages.iter().copied().map(Some).collect::<CategoryColumn>())),
        ("ad", Column::from(ads.iter().map(|ad| Some(format!("creative {ad}"))).collect::<CategoryColumn>())),
        ("Spent", Column::from(spent)),
        ("average_rate", Column::from(average)),
        ("Clicks", Column::from(clicks)),
        ("Impressions", Column::from(impressions)),
    ])
}
