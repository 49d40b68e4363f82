//! Is model B really better than model A, or was it lucky on these ads?
//!
//! ```text
//! cargo run --release -p adsml-eval --example compare_two_models
//! ```
//!
//! Two models' click-through-rate predictions for 600 ads of 120 campaigns, stored when the ads ran, are judged against
//! the clicks that came. Ads of one campaign share their luck, so campaigns are resampled, not ads.

#![allow(clippy::print_stdout, reason = "an example shows its answer")]

use adsml_core::{FitContext, Seed};
use adsml_eval::{Bootstrap, EvalError, Metric, Units, Verdict, paired_comparison};

fn main() -> Result<(), EvalError> {
    let ads = ads(Seed::new(42));
    let (clicks, impressions): (f64, f64) =
        ads.ctr.iter().zip(&ads.impressions).fold((0.0, 0.0), |(c, i), (ctr, n)| (c + ctr * n, i + n));
    println!("{} ads of {} campaigns, {clicks:.0} clicks in {impressions:.0} impressions", ads.ctr.len(), 120);

    let context = FitContext::seeded(42);
    let weight = Some(ads.impressions.as_slice());
    let units = Units::groups(&ads.campaign)?;
    for metric in [Metric::LogLoss, Metric::Auc, Metric::CalibrationRatio] {
        let (a, b) = (&ads.model_a, &ads.model_b);
        let result = paired_comparison(&ads.ctr, weight, b, a, metric, &units, &Bootstrap::new(), &context)?;
        println!("B against A, {result}");
    }

    let by_ad = Units::rows(ads.ctr.len())?;
    let (a, b) = (&ads.model_a, &ads.model_b);
    let naive = paired_comparison(&ads.ctr, weight, b, a, Metric::LogLoss, &by_ad, &Bootstrap::new(), &context)?;
    println!("as if ads were independent: {naive}");

    let result = paired_comparison(&ads.ctr, weight, b, a, Metric::LogLoss, &units, &Bootstrap::new(), &context)?;
    println!(
        "Answer: {}",
        match result.verdict {
            Verdict::First => "B is better; the difference is more than luck.",
            Verdict::Second => "A is better; keep it.",
            Verdict::Tied => "these campaigns cannot tell them apart; keep the simpler one.",
            Verdict::Unknown => "there are too few campaigns to say.",
        }
    );
    Ok(())
}

struct Ads {
    campaign: Vec<usize>,
    impressions: Vec<f64>,
    /// Clicks per impression.
    ctr: Vec<f64>,
    /// Knows the ad's level only.
    model_a: Vec<f64>,
    /// Knows the campaign a little, too.
    model_b: Vec<f64>,
}

/// Five ads for each of 120 campaigns: a campaign moves its ads' rates together, and model B has seen some of that.
fn ads(seed: Seed) -> Ads {
    let mut ads = Ads { campaign: vec![], impressions: vec![], ctr: vec![], model_a: vec![], model_b: vec![] };
    for campaign in 0..120 {
        let mut chance = seed.stream("campaign", campaign as u64);
        let mut normal = || (0..12).map(|_| chance.uniform()).sum::<f64>() - 6.0;
        let luck = normal();
        for _ in 0..5 {
            let known = 0.01 * (0.4 * normal()).exp();
            let truth = known * (0.3 * luck).exp();
            let impressions = (2_000.0 * (0.8 * normal()).exp()).round();
            let expected = truth * impressions;
            let clicks = (expected + expected.sqrt() * normal()).round().clamp(0.0, impressions);
            ads.campaign.push(campaign);
            ads.impressions.push(impressions);
            ads.ctr.push(clicks / impressions);
            ads.model_a.push(known);
            ads.model_b.push(known * (0.15 * luck + 0.1 * normal()).exp());
        }
    }
    ads
}
