//! Charts of models and plans as SVG, from plain series.
//!
//! A chart is a plain struct: made with a title, filled by setters, drawn by `to_svg`, which judges
//! everything it was given and returns a whole SVG document. No window, no font and no file is
//! touched, and the same series give the same bytes.
//!
//! | Chart | Shows | From |
//! |---|---|---|
//! | [`LeaderboardChart`] | which model is better, and how sure that is | metric per model, interval, training metric |
//! | [`ImportanceChart`] | which features a model leans on, and how sure that is | feature names, importances, intervals |
//! | [`PartialDependenceChart`] | how predictions follow one feature | grid, mean prediction at each value, rows |
//! | [`BeeswarmChart`] | what moves predictions, and which way | contributions (Shapley values) and values, row by row |
//! | [`ShapDependenceChart`] | what a feature contributes, and what else that depends on | value and contribution of each row |
//! | [`WaterfallChart`] | how one prediction comes about | base, contributions of the row |
//! | [`ReliabilityChart`] | whether predicted rates are kept | bins: predicted and observed rate, weight, interval |
//! | [`PredictedActualChart`] | how far single predictions are off | predictions, actual values, weights |
//! | [`AllocationChart`] | what every campaign spends now, and what it should | budget now, budget proposed |
//! | [`ResponseCurveChart`] | what a campaign's spend buys, as far as its rows tell | rows, curve and band, support, spend now and proposed |
//! | [`ForecastChart`] | budgets and results to come, and how far they may be off | dates, values per date, intervals |
//! | [`FrontierChart`] | what other totals would bring | totals, responses, marginal returns |
//! | [`ConvergenceChart`] | which search finds good plans soon | gap to a proved bound, by evaluations or time |
//!
//! ```
//! use adsml_plot::{Direction, LeaderboardChart, ModelScore};
//!
//! let svg = LeaderboardChart::new("Which model predicts clicks?")
//!     .subtitle("5 folds by campaign, 1 143 ads")
//!     .metric("log loss", Direction::LowerIsBetter)
//!     .unit("nats per impression")
//!     .interval_label("95 % interval")
//!     .model(ModelScore::new("logistic", 0.00172).interval(0.00165, 0.00180).training(0.00170))
//!     .model(ModelScore::new("base rate", 0.00181).interval(0.00174, 0.00189).note("baseline"))
//!     .chosen("logistic")
//!     .to_svg()?;
//! assert!(svg.starts_with("<svg") && svg.contains("lower is better"));
//! # Ok::<(), adsml_plot::PlotError>(())
//! ```
//!
//! Charts keep to a few habits: one palette that readers with colour-vision deficiencies can tell
//! apart, ticks at round numbers, rates in percent, thousands set apart by thin spaces, names
//! shortened in the middle when they are too long (the whole name shows on hovering), values off
//! the scale marked and named, and never a mark outside the view box.
//!
//! The SVG is written by a few primitives of our own rather than by a drawing library: error bars
//! need fractions of a pixel, and screen readers and hovering need titles, descriptions and groups.
//!
//! # Features
//!
//! | Feature | Default | Gives |
//! |---|---|---|
//! | `serde` | no | `Serialize` and `Deserialize` for charts and their series |

mod allocation;
mod band;
mod beeswarm;
mod canvas;
mod convergence;
mod error;
mod forecast;
mod frame;
mod frontier;
mod importance;
mod labels;
mod leaderboard;
mod number;
mod palette;
mod partial_dependence;
mod predicted_actual;
mod reliability;
mod response_curve;
mod scale;
mod shade;
mod shap_dependence;
mod text;
mod thinning;
mod waterfall;

#[cfg(test)]
mod checks;

pub use allocation::{AllocationChart, CampaignBudget};
pub use beeswarm::BeeswarmChart;
pub use convergence::ConvergenceChart;
pub use error::{PlotError, Result};
pub use forecast::{ForecastChart, ForecastLine};
pub use frontier::FrontierChart;
pub use importance::{FeatureImportance, ImportanceChart};
pub use leaderboard::{Direction, LeaderboardChart, ModelScore};
pub use number::NumberFormat;
pub use partial_dependence::PartialDependenceChart;
pub use predicted_actual::PredictedActualChart;
pub use reliability::{ReliabilityBin, ReliabilityChart};
pub use response_curve::ResponseCurveChart;
pub use scale::AxisScale;
pub use shap_dependence::ShapDependenceChart;
pub use waterfall::WaterfallChart;
