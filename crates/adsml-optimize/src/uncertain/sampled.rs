//! Draws of a campaign's curve, read off at spends close together.

use std::sync::Arc;

use crate::{PiecewiseLinear, ResponseCurve, ResponseUnit, Result};

/// Pieces that the range of spends is divided into.
const PIECES: usize = 256;
/// How much closer together they are where spend is little, and curves bend most.
const CROWDED: f64 = 1.6;

/// Draws of a campaign's curve, read off at spends close together.
///
/// Averages of hundreds of curves of any family are then one piecewise linear curve, whose every bound is exact and
/// cheap. Between two readings a smooth curve departs from its chord by an eighth of its curvature times the distance squared:
/// less than a hundred-thousandth of the response for the curves that are fitted here.
#[derive(Debug, Clone)]
pub(crate) struct Sampled {
    spends: Vec<f64>,
    /// A row per spend, a column per draw.
    values: Vec<f64>,
    n_draws: usize,
    support: Option<[f64; 2]>,
    unit: ResponseUnit,
}

impl Sampled {
    /// Readings from 0 to `end`, and one beyond it, so that there is a slope at the end.
    pub(crate) fn new(draws: &[Arc<dyn ResponseCurve>], end: f64) -> Self {
        let spend = |i: usize| end * (i as f64 / PIECES as f64).powf(CROWDED);
        let mut spends: Vec<f64> = (0..=PIECES + 1).map(spend).collect();
        spends.dedup();
        let values = spends.iter().flat_map(|&spend| draws.iter().map(move |draw| draw.value(spend))).collect();
        let support = draws.first().and_then(|draw| draw.support());
        let unit = draws.first().map_or(ResponseUnit::Unspecified, |draw| draw.unit());
        Self { spends, values, n_draws: draws.len(), support, unit }
    }

    pub(crate) fn n_draws(&self) -> usize {
        self.n_draws
    }

    /// The mean of the draws, each with a weight; weights add up to 1.
    pub(crate) fn average(&self, weights: &[f64]) -> Result<Arc<dyn ResponseCurve>> {
        let mean = |row: &[f64]| row.iter().zip(weights).map(|(value, weight)| value * weight).sum::<f64>();
        let mut most = f64::NEG_INFINITY;
        let points = self.spends.iter().zip(self.values.chunks_exact(self.n_draws)).map(|(&spend, row)| {
            // Draws never fall; rounding of their sum may.
            most = mean(row).max(most);
            (spend, most)
        });
        let curve = PiecewiseLinear::new(points.collect::<Vec<_>>())?.in_unit(self.unit);
        Ok(match self.support {
            Some(support) => Arc::new(curve.observed(support)?),
            None => Arc::new(curve),
        })
    }
}
