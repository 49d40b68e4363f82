//! The draws themselves.

use std::sync::atomic::{AtomicUsize, Ordering};

use adsml_core::{FitContext, parallel};

use super::plan::Plans;
use crate::Result;

/// Draws that share one pass over the sums of units.
const TOGETHER: usize = 8;

/// The values of every plan on `n_draws` resamples of `n_units` units, by plan.
///
/// Draw `b` takes `n_units` units with replacement, from the stream `("bootstrap", b)`: all plans see the same ones.
pub(super) fn draw(
    plans: &Plans<'_>,
    n_units: usize,
    n_draws: usize,
    context: &FitContext<'_>,
) -> Result<Vec<Vec<f64>>> {
    let done = AtomicUsize::new(0);
    let pieces = parallel::try_map(n_draws.div_ceil(TOGETHER), context.threads, |piece| -> Result<Vec<f64>> {
        context.check_cancelled()?;
        let numbers = piece * TOGETHER..((piece + 1) * TOGETHER).min(n_draws);
        let mut counts = vec![0.0_f32; numbers.len() * n_units];
        for (number, counts) in numbers.clone().zip(counts.chunks_exact_mut(n_units)) {
            let mut stream = context.seed.stream("bootstrap", number as u64);
            for _ in 0..n_units {
                counts[stream.below(n_units)] += 1.0;
            }
        }
        let mut values = vec![0.0; numbers.len() * plans.len()];
        plans.evaluate(&counts, &mut values);
        let done = done.fetch_add(numbers.len(), Ordering::Relaxed) + numbers.len();
        context.progress("bootstrap", done, Some(n_draws));
        Ok(values)
    })?;
    let mut by_plan = vec![Vec::with_capacity(n_draws); plans.len()];
    for value in pieces.iter().flat_map(|values| values.chunks_exact(plans.len())) {
        by_plan.iter_mut().zip(value).for_each(|(draws, &value)| draws.push(value));
    }
    Ok(by_plan)
}
