//! A model along its spend: where it steps, or what it says on a grid.

use adsml_core::{Regressor, Steps};

use super::{ModelResponseParams, ModelTarget};
use crate::{Error, Result};

/// What a model says along its spend, between the ends of the support.
pub(super) struct Points {
    pub(super) spends: Vec<f64>,
    /// As predicted, finite.
    pub(super) values: Vec<f64>,
    pub(super) exact: bool,
}

impl Points {
    /// A step begins at each spend and has the value there up to the next.
    pub(super) fn of_steps(steps: &Steps, [from, to]: [f64; 2]) -> Result<Self> {
        let first = steps.breakpoints.partition_point(|&at| at < from);
        let end = steps.breakpoints.partition_point(|&at| at < to);
        // A model's step has its old value at the breakpoint, a curve's the new one.
        let spends = std::iter::once(from).chain(steps.breakpoints[first..end].iter().map(|at| at.next_up())).collect();
        Self { spends, values: steps.values[first..=end].to_vec(), exact: true }.checked()
    }

    /// A rate in steps times spend: the ends of every tooth, to the minor unit.
    pub(super) fn of_teeth(steps: &Steps, [from, to]: [f64; 2], per_major: f64) -> Result<Self> {
        let inside = steps.breakpoints.iter().filter(|at| (from..to).contains(*at));
        let ends = inside.flat_map(|at| {
            let below = (at * per_major).floor();
            [below / per_major, (below + 1.0) / per_major]
        });
        let mut spends: Vec<f64> = [from, to].into_iter().chain(ends.map(|at| at.clamp(from, to))).collect();
        spends.sort_unstable_by(f64::total_cmp);
        spends.dedup();
        let rate = |spend: f64| steps.values[steps.breakpoints.partition_point(|&at| at < spend)];
        let values = spends.iter().map(|&spend| rate(spend) * spend).collect();
        Self { spends, values, exact: true }.checked()
    }

    /// Any model, on an even grid.
    pub(super) fn of_grid(
        params: &ModelResponseParams,
        model: &dyn Regressor,
        row: &[f64],
        [from, to]: [f64; 2],
    ) -> Result<Self> {
        let last = params.grid - 1;
        let at = |i: usize| if i == last { to } else { from + (to - from) * (i as f64 / last as f64) };
        let mut spends: Vec<f64> = (0..params.grid).map(at).collect();
        spends.dedup();
        let mut row = row.to_vec();
        let mut look = |spend: f64| -> Result<f64> {
            row[params.feature] = spend;
            let predicted = model.predict_row(&row)?;
            Ok(match params.target {
                ModelTarget::Response => predicted,
                ModelTarget::Rate => predicted * spend,
            })
        };
        let values = spends.iter().map(|&spend| look(spend)).collect::<Result<_>>()?;
        Self { spends, values, exact: false }.checked()
    }

    fn checked(self) -> Result<Self> {
        match self.values.iter().position(|value| !value.is_finite()) {
            Some(i) => Err(Error::Unpredictable { spend: self.spends[i], value: self.values[i] }),
            None => Ok(self),
        }
    }

    /// The widths of steps that begin at the spends, the last of which ends with the support; never 0.
    pub(super) fn widths(&self, to: f64) -> Vec<f64> {
        let ends = self.spends[1..].iter().copied().chain([to]);
        self.spends.iter().zip(ends).map(|(start, end)| least_weight(end - start)).collect()
    }

    /// Half the way to the neighbours on either side; never 0.
    pub(super) fn reaches(&self) -> Vec<f64> {
        let last = self.spends.len() - 1;
        let reach = |i: usize| (self.spends[(i + 1).min(last)] - self.spends[i.saturating_sub(1)]) / 2.0;
        (0..=last).map(|i| least_weight(reach(i))).collect()
    }
}

/// A weight so small that it moves nothing, in place of none.
fn least_weight(width: f64) -> f64 {
    width.max(1e-9)
}

/// Steps that are what they promise to be; a model of somebody else's might break it.
pub(super) fn sound(steps: &Steps) -> bool {
    steps.values.len() == steps.breakpoints.len() + 1
        && steps.breakpoints.iter().all(|at| !at.is_nan())
        && steps.breakpoints.is_sorted_by(|a, b| a < b)
}
