//! Targets, predictions and weights that passed the checks every metric needs.

use crate::sum::sum;
use crate::{EvalError, Result};

/// Checked rows: equally long, finite, weights never negative and not all zero.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample<'a> {
    pub(crate) y: &'a [f64],
    pub(crate) p: &'a [f64],
    w: Option<&'a [f64]>,
}

impl<'a> Sample<'a> {
    pub(crate) fn new(y: &'a [f64], p: &'a [f64], w: Option<&'a [f64]>) -> Result<Self> {
        EvalError::check_length("predictions", y.len(), p.len())?;
        if y.is_empty() {
            return Err(EvalError::NotEnough { what: "rows to judge", needed: 1, found: 0 });
        }
        require("target", y, "a finite number", f64::is_finite)?;
        require("prediction", p, "a finite number", f64::is_finite)?;
        check_weight(y.len(), w)?;
        Ok(Self { y, p, w })
    }

    /// Rows whose targets are 0, 1 or a rate, and whose predictions are probabilities.
    pub(crate) fn of_rates(y: &'a [f64], p: &'a [f64], w: Option<&'a [f64]>) -> Result<Self> {
        let sample = Self::of_ranked_rates(y, p, w)?;
        require("prediction", p, "a probability in [0, 1]", |p| (0.0..=1.0).contains(&p))?;
        Ok(sample)
    }

    /// Rows whose targets are 0, 1 or a rate, and whose predictions are any score.
    pub(crate) fn of_ranked_rates(y: &'a [f64], p: &'a [f64], w: Option<&'a [f64]>) -> Result<Self> {
        let sample = Self::new(y, p, w)?;
        require("target", y, "0, 1 or a rate between", |y| (0.0..=1.0).contains(&y))?;
        Ok(sample)
    }

    /// Rows whose targets are counts (or any amount), and whose predictions are positive.
    pub(crate) fn of_counts(y: &'a [f64], p: &'a [f64], w: Option<&'a [f64]>) -> Result<Self> {
        let sample = Self::new(y, p, w)?;
        require("target", y, "a number, 0 or more", |y| y >= 0.0)?;
        require("prediction", p, "a number above 0", |p| p > 0.0)?;
        Ok(sample)
    }

    pub(crate) fn len(&self) -> usize {
        self.y.len()
    }

    pub(crate) fn weight(&self, row: usize) -> f64 {
        self.w.map_or(1.0, |w| w[row])
    }

    /// `(target, prediction, weight)` of each row.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        (0..self.len()).map(|row| (self.y[row], self.p[row], self.weight(row)))
    }

    pub(crate) fn total_weight(&self) -> f64 {
        self.w.map_or(self.len() as f64, |w| sum(w.iter().copied()))
    }

    /// `sum(w * f(y, p)) / sum(w)`.
    pub(crate) fn mean(&self, f: impl Fn(f64, f64) -> f64) -> f64 {
        sum(self.rows().map(|(y, p, w)| w * f(y, p))) / self.total_weight()
    }
}

/// Weights, if any: one per row, finite, never negative, not all zero.
pub(crate) fn check_weight(n_rows: usize, w: Option<&[f64]>) -> Result<()> {
    let Some(w) = w else { return Ok(()) };
    EvalError::check_length("weights", n_rows, w.len())?;
    require("weight", w, "a finite number, 0 or more", |w| w.is_finite() && w >= 0.0)?;
    if w.iter().all(|&w| w == 0.0) {
        return Err(EvalError::NotEnough { what: "rows of positive weight", needed: 1, found: 0 });
    }
    Ok(())
}

pub(crate) fn require(
    what: &'static str,
    values: &[f64],
    expected: &'static str,
    accepted: impl Fn(f64) -> bool,
) -> Result<()> {
    match values.iter().enumerate().find(|&(_, &value)| !accepted(value)) {
        Some((row, &value)) => Err(EvalError::InvalidSample { what, row, value, expected }),
        None => Ok(()),
    }
}
