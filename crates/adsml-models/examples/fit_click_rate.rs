//! Which audience clicks more, and how sure is the model?
//!
//! Clicks out of impressions of six ad sets, by age group and placement. A logistic regression
//! on rates says how the odds of a click differ; the dispersion says how far its confidence can be trusted.
//!
//! `cargo run -p adsml-models --example fit_click_rate`
#![allow(clippy::print_stdout)]

use adsml_core::{FeatureColumn, FitContext, TrainingSet};
use adsml_models::{ConstantBaseline, LogisticRegression, Regressor};
use ndarray::{Array1, arr2, aview1};

/// Age 25-34, age 35-44 (else 18-24), placement in stories (else feed); impressions; clicks.
const AD_SETS: [([f64; 3], f64, f64); 6] = [
    ([0.0, 0.0, 0.0], 412_000.0, 503.0),
    ([0.0, 0.0, 1.0], 188_000.0, 167.0),
    ([1.0, 0.0, 0.0], 590_000.0, 885.0),
    ([1.0, 0.0, 1.0], 240_000.0, 262.0),
    ([0.0, 1.0, 0.0], 305_000.0, 560.0),
    ([0.0, 1.0, 1.0], 121_000.0, 178.0),
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let x = arr2(&AD_SETS.map(|(features, ..)| features));
    let impressions = AD_SETS.map(|(_, impressions, _)| impressions);
    let ctr = AD_SETS.map(|(_, impressions, clicks)| clicks / impressions);
    let columns = ["age 25-34", "age 35-44", "stories"].map(FeatureColumn::number);

    // A rate is the target, its denominator the weight.
    let data = TrainingSet::new(x.view(), aview1(&ctr))?.with_weight(Some(aview1(&impressions)))?;
    let data = TrainingSet { columns: &columns, ..data };
    let context = FitContext::default();
    let baseline = ConstantBaseline::params().fit_set(&data, &context)?;
    let model = LogisticRegression::params().alpha(0.0).fit_set(&data, &context)?;

    println!("CTR of the account: {:.3} %", 100.0 * baseline.value());
    for (name, coefficient) in model.feature_names().iter().zip(model.coefficients()) {
        println!("{name:<10} changes the odds of a click by {:+.1} %", 100.0 * (coefficient.exp() - 1.0));
    }
    println!("\n age    place     seen    fitted   (CTR, %)");
    let fitted: Array1<f64> = model.predict(x.view())?;
    for ((features, ..), (seen, fitted)) in AD_SETS.iter().zip(ctr.iter().zip(&fitted)) {
        let age = if features[0] == 1.0 {
            "25-34"
        } else if features[1] == 1.0 {
            "35-44"
        } else {
            "18-24"
        };
        let place = if features[2] == 1.0 { "stories" } else { "feed" };
        println!(" {age}  {place:<8} {:.4}   {:.4}", 100.0 * seen, 100.0 * fitted);
    }
    let dispersion = model.dispersion().ok_or("too few ad sets")?;
    println!(
        "\nDispersion {dispersion:.2}: the ad sets differ from the fit {} than chance alone would make them.",
        if dispersion > 2.0 { "much more" } else { "no more" }
    );
    Ok(())
}
