//! The chart in words.

use super::ResponseCurveChart;
use crate::{
    band::between,
    frame,
    number::{NumberFormat, Numerals, count},
};

impl ResponseCurveChart {
    /// `proposed: 85, which brings 300`.
    pub(super) fn in_words(&self, name: &str, spend: f64) -> String {
        let numerals = Numerals::significant(4, NumberFormat::Plain);
        let beyond = if self.is_observed(spend) { "" } else { ", beyond what was observed" };
        let response = numerals.write(between(&self.grid, &self.curve, spend));
        format!("{name}: {}, which brings {response}{beyond}", numerals.write(spend))
    }

    pub(super) fn full_subtitle(&self) -> String {
        let thinned = match self.observed.len() {
            n if n > self.max_dots() => format!("{} of {} periods drawn", count(self.max_dots()), count(n)),
            _ => String::new(),
        };
        frame::joined(&[&self.subtitle, &thinned])
    }

    /// Where the curve begins and ends and what was marked, in words.
    pub(super) fn description(&self) -> String {
        let numerals = Numerals::significant(4, NumberFormat::Plain);
        let last = self.grid.len() - 1;
        let end = |at: usize| format!("{} at {}", numerals.write(self.curve[at]), numerals.write(self.grid[at]));
        let mut parts = vec![format!("{} against {}: from {} to {}", self.response, self.spend, end(0), end(last))];
        parts.extend(self.marks().into_iter().map(|(name, spend, _)| self.in_words(name, spend)));
        if let Some((low, high)) = self.support {
            parts.push(format!("observed: {} to {}", numerals.write(low), numerals.write(high)));
        }
        parts.join(". ")
    }
}
