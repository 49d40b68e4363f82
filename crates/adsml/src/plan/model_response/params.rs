//! How a model is seen along its spend.

use std::sync::Arc;

use adsml_core::Regressor;
use adsml_optimize::{Currency, OptimizeError, PiecewiseLinear, ResponseCurve, ResponseUnit, Steps};

use super::points::{self, Points};
use super::{ModelResponse, MonotoneRepair, monotone};
use crate::{Error, Result};

/// What a model predicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ModelTarget {
    /// The response itself: revenue, or conversions.
    #[default]
    Response,
    /// Response per unit of spend, such as ROAS: the response is spend times that.
    Rate,
}

/// Parameters of a [`ModelResponse`].
#[derive(Debug, Clone, PartialEq)]
pub struct ModelResponseParams {
    pub(super) feature: usize,
    pub(super) target: ModelTarget,
    pub(super) grid: usize,
    repair: MonotoneRepair,
    unit: ResponseUnit,
    minor_per_major: f64,
}

impl Default for ModelResponseParams {
    fn default() -> Self {
        Self {
            feature: 0,
            target: ModelTarget::default(),
            grid: 101,
            repair: MonotoneRepair::default(),
            unit: ResponseUnit::Revenue,
            minor_per_major: 100.0,
        }
    }
}

impl ModelResponseParams {
    /// The number of the feature that is the spend, in major units of currency; default `0`.
    #[must_use]
    pub fn feature(mut self, feature: usize) -> Self {
        self.feature = feature;
        self
    }

    /// What the model predicts; default [`ModelTarget::Response`].
    #[must_use]
    pub fn target(mut self, target: ModelTarget) -> Self {
        self.target = target;
        self
    }

    /// What is done where more spend would buy less; default [`MonotoneRepair::Isotonic`].
    #[must_use]
    pub fn repair(mut self, repair: MonotoneRepair) -> Self {
        self.repair = repair;
        self
    }

    /// Looks at a model that does not know its steps, 2 to 100,000; default `101`.
    #[must_use]
    pub fn grid(mut self, grid: usize) -> Self {
        self.grid = grid;
        self
    }

    /// What the response is counted in; default [`ResponseUnit::Revenue`].
    #[must_use]
    pub fn unit(mut self, unit: ResponseUnit) -> Self {
        self.unit = unit;
        self
    }

    /// The currency of the budgets, of which only the minor unit matters: jumps of a saw-tooth become lines of that length. Default: one with
    /// hundredths.
    #[must_use]
    pub fn currency(mut self, currency: &Currency) -> Self {
        self.minor_per_major = currency.minor_per_major();
        self
    }

    /// The curve of `model` in the circumstances of `row`, whose spend is not read, within the `spends` that were observed.
    ///
    /// `O(n log n)` in the model's steps, of which there may be a row's worth per tree; or one prediction per point of the grid.
    ///
    /// # Errors
    ///
    /// [`Error::SpendFeature`] for a feature that the model does not have; [`Error::NoSupport`] without spends;
    /// [`Error::Unpredictable`] for a prediction that is not finite; [`Error::Core`] for a row of another length, and what the model
    /// refuses; [`Error::Optimize`] for a spend that is negative or not finite, and for a grid outside its range.
    pub fn fit(&self, model: &dyn Regressor, row: &[f64], spends: &[f64]) -> Result<ModelResponse> {
        self.check(model, row)?;
        let support @ [_, to] = support(spends)?;
        let steps = model.steps_along(self.feature, row).filter(points::sound);
        let (points, in_steps) = match (&steps, self.target) {
            (Some(steps), ModelTarget::Response) => (Points::of_steps(steps, support)?, true),
            (Some(steps), ModelTarget::Rate) => (Points::of_teeth(steps, support, self.minor_per_major)?, false),
            (None, _) => (Points::of_grid(self, model, row, support)?, false),
        };
        let repaired = match self.repair {
            MonotoneRepair::RunningMaximum => monotone::running_maximum(&points.values),
            MonotoneRepair::Isotonic => {
                let weights = if in_steps { points.widths(to) } else { points.reaches() };
                monotone::isotonic(&points.values, &weights)
            }
        };
        // Nothing is bought for less than nothing; and means of neighbours may be rounded to the wrong order by an ulp.
        let repaired: Vec<f64> = monotone::running_maximum(&repaired).into_iter().map(|value| value.max(0.0)).collect();
        let curve: Arc<dyn ResponseCurve> = if in_steps {
            let steps = Steps::new(points.spends.iter().copied().zip(repaired.iter().copied()))?;
            Arc::new(steps.observed(support)?.in_unit(self.unit))
        } else {
            let lines = PiecewiseLinear::new(self.lines(&points, &repaired))?;
            Arc::new(lines.observed(support)?.in_unit(self.unit))
        };
        let greatest = points.values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
        let moved = || points.values.iter().zip(&repaired).filter(|(before, after)| before != after);
        let furthest = moved().fold(0.0_f64, |most, (before, after)| most.max((before - after).abs()));
        Ok(ModelResponse {
            curve,
            target: self.target,
            repair: self.repair,
            exact: points.exact,
            n_pieces: points.spends.len(),
            n_changed: moved().count(),
            largest_change: if furthest > 0.0 { furthest / greatest } else { 0.0 },
        })
    }

    /// The corners of the repaired curve: from the origin, through the points, and where it leaves a running maximum.
    fn lines(&self, points: &Points, repaired: &[f64]) -> Vec<(f64, f64)> {
        let mut corners = Vec::with_capacity(points.spends.len() + 1);
        if points.spends[0] > 0.0 {
            corners.push((0.0, 0.0));
        }
        for i in 0..points.spends.len() {
            if i > 0 && self.repair == MonotoneRepair::RunningMaximum {
                let (from, to) = (points.spends[i - 1], points.spends[i]);
                let (low, high, most) = (points.values[i - 1], points.values[i], repaired[i - 1]);
                if low < most && most < high {
                    let leaves = from + (to - from) * ((most - low) / (high - low));
                    if from < leaves && leaves < to {
                        corners.push((leaves, most));
                    }
                }
            }
            corners.push((points.spends[i], repaired[i]));
        }
        corners
    }

    fn check(&self, model: &dyn Regressor, row: &[f64]) -> Result<()> {
        let n_features = model.n_features();
        if self.feature >= n_features {
            return Err(Error::SpendFeature { feature: self.feature, n_features });
        }
        if row.len() != n_features {
            return Err(adsml_core::Error::FeatureCount { expected: n_features, found: row.len() }.into());
        }
        if !(2..=100_000).contains(&self.grid) {
            return Err(refuse("grid", self.grid.to_string(), "a whole number from 2 to 100,000"));
        }
        Ok(())
    }
}

/// The least and the greatest of the spends.
fn support(spends: &[f64]) -> Result<[f64; 2]> {
    if let Some(spend) = spends.iter().find(|spend| !(spend.is_finite() && **spend >= 0.0)) {
        return Err(refuse("spends", format!("{spend:?}"), "finite spends, at least 0"));
    }
    if spends.is_empty() {
        return Err(Error::NoSupport);
    }
    // Of the two zeros the positive one.
    let bound = |start: f64, pick: fn(f64, f64) -> f64| spends.iter().map(|spend| spend + 0.0).fold(start, pick);
    Ok([bound(f64::INFINITY, f64::min), bound(0.0, f64::max)])
}

fn refuse(name: &'static str, value: String, expected: &'static str) -> Error {
    OptimizeError::InvalidParameter { owner: "the model's response".to_owned(), name, value, expected }.into()
}
