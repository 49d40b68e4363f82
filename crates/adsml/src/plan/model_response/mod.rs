//! What a fitted model says that spend buys, as a curve that budgets can be divided by.
//!
//! ```text
//! model, seen along its spend with the rest of a row held -> points -> never falling -> a curve with its support
//! ```

mod monotone;
mod params;
mod points;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use adsml_optimize::ResponseCurve;

pub use monotone::MonotoneRepair;
pub use params::{ModelResponseParams, ModelTarget};

/// A fitted model along its spend, in the circumstances of one row, as a [`ResponseCurve`].
///
/// ```text
/// f(x) = m(x, row)        a model of the response itself
/// f(x) = x * m(x, row)    a model of a rate, such as ROAS
/// ```
///
/// with `x` the spend. Where the model knows its steps ([`Regressor::steps_along`](adsml_core::Regressor::steps_along): trees, forests,
/// boosting) nothing is lost: responses become [`Steps`](adsml_optimize::Steps), which the exact solver closes; rates become saw-teeth,
/// straight between the model's steps, each jump a line from one minor unit to the next. Any other model is looked at on an
/// even grid, and straight lines are drawn between.
///
/// More money may not buy less: curves are repaired, see [`MonotoneRepair`], and [`largest_change`](Self::largest_change) says how much that took.
/// The curve is the model's within the spends that were observed, its support. Below them, where the model has seen nothing, steps are 0 and
/// lines go to the origin; above them the curve is flat.
///
/// ```
/// use adsml::models::RandomForest;
/// use adsml::plan::ModelResponse;
/// use adsml::prelude::*;
///
/// let days: Vec<[f64; 2]> = (0..120).map(|day| [f64::from(day % 40) * 5.0, f64::from(day % 7)]).collect();
/// let revenue: Vec<f64> = days.iter().map(|day| 90.0 * day[0].sqrt() + 5.0 * day[1]).collect();
/// let spends: Vec<f64> = days.iter().map(|day| day[0]).collect();
/// let forest = RandomForest::params().n_estimators(20).fit(&days, &revenue)?;
///
/// let friday = ModelResponse::params().feature(0).fit(&forest, &[0.0, 4.0], &spends)?;
/// println!("{friday}");
/// let curve = friday.curve();
/// assert_eq!((curve.shape(), curve.support()), (Shape::Step, Some([0.0, 195.0])));
/// assert!(friday.is_exact() && curve.value(150.0) > curve.value(50.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct ModelResponse {
    curve: Arc<dyn ResponseCurve>,
    target: ModelTarget,
    repair: MonotoneRepair,
    exact: bool,
    n_pieces: usize,
    n_changed: usize,
    largest_change: f64,
}

impl ModelResponse {
    /// Parameters with their defaults.
    pub fn params() -> ModelResponseParams {
        ModelResponseParams::default()
    }

    /// The curve, with its support and unit.
    pub fn curve(&self) -> &Arc<dyn ResponseCurve> {
        &self.curve
    }

    /// Whether the model's own steps were taken, or a grid was looked at.
    pub fn is_exact(&self) -> bool {
        self.exact
    }

    /// Steps, or points between which the curve is straight, within the support, before the repair.
    pub fn n_pieces(&self) -> usize {
        self.n_pieces
    }

    /// The share of them that the repair moved.
    pub fn changed(&self) -> f64 {
        self.n_changed as f64 / self.n_pieces as f64
    }

    /// The furthest that the repair moved one of them, as a share of the greatest response the model predicts.
    pub fn largest_change(&self) -> f64 {
        self.largest_change
    }
}

impl fmt::Display for ModelResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let n = self.n_pieces;
        match (self.exact, self.target) {
            (true, ModelTarget::Response) => write!(f, "The model's own steps, {n} of them")?,
            (true, ModelTarget::Rate) => {
                write!(
                    f,
                    "The model predicts a rate in steps; times spend that is a saw-tooth, here through {n} points: between \
                     two steps the response grows with every unit spent, and where the rate falls it drops at once, so that \
                     plans would end on the tips of teeth"
                )?;
            }
            (false, _) => write!(f, "Straight lines between {n} looks at the model")?,
        }
        if self.n_changed == 0 {
            return write!(f, ". It never falls, and nothing was repaired.");
        }
        let how = match self.repair {
            MonotoneRepair::Isotonic => "the closest curve that never falls was taken",
            MonotoneRepair::RunningMaximum => "the greatest response up to each spend was taken",
        };
        let (changed, largest) = (100.0 * self.changed(), 100.0 * self.largest_change);
        write!(
            f,
            ". More money may not buy less, so {how}: {changed:.0} % of the points moved, by at most {largest:.1} % of the greatest response."
        )
    }
}
