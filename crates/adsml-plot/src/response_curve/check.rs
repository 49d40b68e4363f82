//! What a chart of a curve can be drawn of.

use super::{GRID, MAX_POINTS, ResponseCurveChart};
use crate::error::{PlotError, Result, between_one_and, finite, ordered};

impl ResponseCurveChart {
    pub(super) fn check(&self) -> Result<()> {
        let n = self.grid.len();
        if !(2..=MAX_POINTS).contains(&n) {
            let expected = "a number from 2 to 10000";
            return Err(PlotError::InvalidParameter { name: "length of grid", value: n, expected });
        }
        let same_length = |series, found| {
            if found == n {
                Ok(())
            } else {
                Err(PlotError::LengthMismatch { series, found, reference: GRID, expected: n })
            }
        };
        for (index, &value) in self.grid.iter().enumerate() {
            finite(GRID, index, value)?;
            if index > 0 && value <= self.grid[index - 1] {
                let expected = "more than the value before it";
                return Err(PlotError::OutOfRange { series: GRID, index, value, expected });
            }
        }
        same_length("curve", self.curve.len())?;
        self.curve.iter().enumerate().try_for_each(|(index, &value)| finite("curve", index, value))?;
        if let Some((low, high)) = &self.band {
            same_length("lower end of the band", low.len())?;
            same_length("upper end of the band", high.len())?;
            let mut ends = low.iter().zip(high).enumerate();
            ends.try_for_each(|(index, (&low, &high))| ordered("band", index, Some((low, high))))?;
        }
        ordered("support", 0, self.support)?;
        for (index, &(spend, response)) in self.observed.iter().enumerate() {
            finite("observed spend", index, spend)?;
            finite("observed response", index, response)?;
        }
        for (series, value) in [("spend now", self.now), ("proposed spend", self.proposed)] {
            let Some(value) = value else { continue };
            finite(series, 0, value)?;
            if !(self.grid[0]..=self.grid[n - 1]).contains(&value) {
                let expected = "a spend on the grid of the curve";
                return Err(PlotError::OutOfRange { series, index: 0, value, expected });
            }
        }
        if self.observed.is_empty() {
            Ok(())
        } else {
            between_one_and("observed periods", 1_000_000, self.observed.len())
        }
    }
}
