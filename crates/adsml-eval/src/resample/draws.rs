//! The draws themselves.

use std::sync::atomic::{AtomicUsize, Ordering};

use adsml_core::{FitContext, RngCore, Stream, parallel};

use super::plan::Plans;
use crate::Result;

/// Up to this many units, exactly as many are drawn as there are.
const MULTINOMIAL_UNITS: usize = 10_000;

/// Draws that share one pass over the sums of units.
const TOGETHER: usize = 8;

/// The values of every plan on `n_draws` resamples of `n_units` units, by plan.
///
/// Draw `b` takes units with replacement, from the stream `("bootstrap", b)`: all plans see the same ones.
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
            draw_counts(&mut context.seed.stream("bootstrap", number as u64), counts);
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

/// How often each unit is taken: as many draws with replacement as there are units; beyond [`MULTINOMIAL_UNITS`], a Poisson
/// number of mean 1 for each unit by itself, which is the same in the limit and reads memory in order (five times
/// faster at a million units). All metrics are ratios of sums, so that the total, one in a hundred off at most, does not matter.
///
/// Source: Chamandy et al. (2012), "Estimating Uncertainty for Massive Data Streams", Google, section 3.
fn draw_counts(stream: &mut Stream, counts: &mut [f32]) {
    counts.fill(0.0);
    let n_units = counts.len();
    if n_units <= MULTINOMIAL_UNITS {
        for _ in 0..n_units {
            counts[stream.below(n_units)] += 1.0;
        }
        return;
    }
    let thresholds = poisson_thresholds();
    let mut bytes = [0_u8; 4 * 1024];
    for counts in counts.chunks_mut(1024) {
        stream.fill_bytes(&mut bytes);
        for (count, bytes) in counts.iter_mut().zip(bytes.chunks_exact(4)) {
            let uniform = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            let taken: u32 = thresholds.iter().map(|&threshold| u32::from(uniform >= threshold)).sum();
            *count = taken as f32;
        }
    }
}

/// `2^32 P(N <= k)` of a Poisson number of mean 1, for `k = 0, 1, …`: the count is how many of them a uniform number reaches.
fn poisson_thresholds() -> [u32; 12] {
    let (mut probability, mut cumulative) = ((-1.0_f64).exp(), 0.0);
    std::array::from_fn(|k| {
        if k > 0 {
            probability /= k as f64;
        }
        cumulative += probability;
        // Saturates at the largest number, which is beyond reach but once in 2^32.
        (cumulative * 4_294_967_296.0).round() as u32
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::Seed;

    #[test]
    fn many_units_are_taken_a_poisson_number_of_times() {
        let n = 200_000;
        let mut counts = vec![0.0; n];
        draw_counts(&mut Seed::new(1).stream("bootstrap", 0), &mut counts);
        let share = |k: f32| counts.iter().filter(|&&count| count == k).count() as f64 / n as f64;
        // Five standard errors of a share near a third: 0.0053.
        for (k, expected) in [(0.0, 0.367_879), (1.0, 0.367_879), (2.0, 0.183_940), (3.0, 0.061_313)] {
            assert!((share(k) - expected).abs() < 0.0053, "{k}: {}", share(k));
        }
        let mean = counts.iter().map(|&count| f64::from(count)).sum::<f64>() / n as f64;
        assert!((mean - 1.0).abs() < 5.0 / (n as f64).sqrt(), "{mean}");
    }

    #[test]
    fn few_units_are_taken_as_often_as_there_are_units() {
        let mut counts = vec![9.0; 50];
        draw_counts(&mut Seed::new(1).stream("bootstrap", 0), &mut counts);
        assert_eq!(counts.iter().sum::<f32>(), 50.0);
    }
}
