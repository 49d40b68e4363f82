//! Honest judgement of advertising models: how good, how certain, and is it really better?
//!
//! | Question | Answer |
//! |---|---|
//! | How good are these predictions? | [`Metric`], [`metrics`]: weighted, and at home with rates such as clicks out of impressions |
//! | Does 2 % mean 2 %? | [`ReliabilityBins`], [`Metric::CalibrationRatio`], [`Metric::Ece`] |
//! | Which rows to train on, which to judge on? | [`Folds`], [`Splitter`]: by row, by group, forward in time with a gap |
//! | How good on rows it has not seen? | [`cross_validate`]: transform and learner fitted inside each fold |
//! | How certain is a score? | [`Bootstrap`] over independent [`Units`]: campaigns, weeks, rows |
//! | Is B really better than A? | [`paired_comparison`], [`Comparison`] |
//! | Which of these to use? | [`Evaluation`] of many [`Candidate`]s gives a [`Leaderboard`] |
//!
//! A rate is `y` = clicks / impressions with weight `w` = impressions: every metric of probabilities then gives the number
//! that one row per impression would have given.
//!
//! ```
//! use adsml_core::{FitContext, Seed};
//! use adsml_eval::{Bootstrap, Folds, Metric, Units, Verdict, paired_comparison};
//!
//! // 60 ads of 30 campaigns: clicks per impression, impressions, and what two models had predicted.
//! let campaign: Vec<usize> = (0..60).map(|ad| ad / 2).collect();
//! let impressions = vec![10_000.0; 60];
//! let ctr: Vec<f64> = (0..60).map(|ad| 0.01 + 0.0002 * f64::from(ad * 7 % 60)).collect();
//! let knows_the_ad: Vec<f64> = ctr.iter().map(|ctr| 0.004 + 0.75 * ctr).collect();
//! let knows_the_average = vec![0.016; 60];
//!
//! let loss = Metric::LogLoss.evaluate(&ctr, &knows_the_ad, Some(&impressions))?;
//! assert!(loss < Metric::LogLoss.evaluate(&ctr, &knows_the_average, Some(&impressions))?);
//!
//! // Is that luck? Campaigns are drawn again, not ads: ads of one campaign share theirs.
//! let answer = paired_comparison(
//!     &ctr, Some(&impressions), &knows_the_ad, &knows_the_average,
//!     Metric::LogLoss, &Units::groups(&campaign)?, &Bootstrap::new(), &FitContext::seeded(42),
//! )?;
//! assert_eq!(answer.verdict, Verdict::First);
//!
//! // And to fit models of your own: no campaign is on both sides.
//! let folds = Folds::by_group(&campaign, 5, Seed::new(42))?.of_column("campaign_id");
//! assert_eq!(folds.to_string(), "5 folds by group of `campaign_id`, seed 42");
//! # Ok::<(), adsml_eval::EvalError>(())
//! ```
//!
//! # What makes it honest
//!
//! - **Everything is fitted inside the fold.** [`cross_validate`] takes the transform, not its output; there is no way to hand it a
//!   matrix that was scaled or encoded with the rows it will be judged on.
//! - **An AUC compares rows of one fold only** ([`metrics::within_fold_auc`]): predictions of different models do not rank
//!   each other, which would cost a weak model 0.03 to 0.11 of it.
//! - **Scores on training rows are called that**, and stand beside the others to show how much they flatter.
//! - **Intervals are over independent units**, the same resamples for every model; below 20 units there is no interval, with
//!   the reason. They are widened where a few large campaigns decide ([`Estimate::effective_units`]): of pairs of
//!   equally good models, about 5 % are called different, and not 8.
//! - **The best of many is not believed at once.** Differences hold for all pairs of candidates together, so that the
//!   winner's curse is paid for; [`Leaderboard::chosen`] is the baseline until something is shown to be better.
//! - **Same seed, same bits**, on any number of threads.
//!
//! What intervals do not hold: that another training set, another season or another account would have given other
//! models. Split in time, and look at the folds one by one ([`Score::folds`]).
//!
//! # Features
//!
//! | Feature | Default | What it adds |
//! |---|---|---|
//! | `parallel` | yes | folds and resamples on several threads; results are the same without |
//! | `serde` | no | `Serialize` and `Deserialize` for splits, scores and leaderboards |

mod cross_validate;
mod dataset;
mod error;
mod leaderboard;
pub mod metrics;
mod resample;
mod split;
mod sum;

pub use cross_validate::{Candidate, CrossValidation, FoldReport, cross_validate};
pub use dataset::Dataset;
pub use error::{EvalError, Result};
pub use leaderboard::{About, Evaluation, Leaderboard, Row, Score, Split};
pub use metrics::{Direction, Metric, ReliabilityBin, ReliabilityBins};
pub use resample::{
    Bootstrap, Comparison, Estimate, NoInterval, PairedComparison, UnitKind, Units, Verdict, paired_comparison,
};
pub use split::{Fold, Folds, SplitKind, Splitter, inner_folds};
