//! Curves that never fall, made of ones that do.

/// How a response that falls somewhere is made to fall nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MonotoneRepair {
    /// The closest in weighted least squares: neighbours in the wrong order are replaced by their mean. A step weighs its width, a point
    /// half the way to its neighbours on either side. Neither lifts nor lowers on average; the default.
    ///
    /// Source: Ayer, Brunk, Ewing, Reid & Silverman (1955), Annals of Mathematical Statistics 26(4): pool adjacent violators.
    #[default]
    Isotonic,
    /// The greatest response at any spend up to this one: what one could get who may leave money unspent. Trusts every lucky peak.
    RunningMaximum,
}

/// The closest values that never fall, in least squares with these weights, each above 0; `O(n)`.
pub(super) fn isotonic(values: &[f64], weights: &[f64]) -> Vec<f64> {
    // Weight, mean and number of the values pooled so far.
    let mut pools: Vec<(f64, f64, usize)> = Vec::with_capacity(values.len());
    for (&value, &weight) in values.iter().zip(weights) {
        let mut pool = (weight, value, 1);
        while let Some(&(weight, mean, n)) = pools.last()
            && mean >= pool.1
        {
            let together = weight + pool.0;
            pool = (together, mean + (pool.1 - mean) * (pool.0 / together), n + pool.2);
            pools.pop();
        }
        pools.push(pool);
    }
    pools.into_iter().flat_map(|(_, mean, n)| std::iter::repeat_n(mean, n)).collect()
}

/// The greatest value so far.
pub(super) fn running_maximum(values: &[f64]) -> Vec<f64> {
    let so_far = values.iter().scan(f64::NEG_INFINITY, |most, &value| {
        *most = most.max(value);
        Some(*most)
    });
    so_far.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::Seed;

    /// `max over i <= k of min over j >= k of the mean of i..=j` (Robertson, Wright & Dykstra 1988, theorem 1.4.4).
    fn by_means(values: &[f64], weights: &[f64]) -> Vec<f64> {
        let mean = |i: usize, j: usize| {
            let weight: f64 = weights[i..=j].iter().sum();
            values[i..=j].iter().zip(&weights[i..=j]).map(|(value, weight)| value * weight).sum::<f64>() / weight
        };
        let n = values.len();
        let at = |k: usize| {
            let least = |i: usize| (k..n).map(|j| mean(i, j)).fold(f64::INFINITY, f64::min);
            (0..=k).map(least).fold(f64::NEG_INFINITY, f64::max)
        };
        (0..n).map(at).collect()
    }

    #[test]
    fn pooling_gives_the_textbooks_max_of_mins() {
        let mut stream = Seed::from(3).stream("isotonic", 0);
        for n in 1..40 {
            let values: Vec<f64> = (0..n).map(|i| i as f64 * 0.1 + 3.0 * stream.uniform()).collect();
            let weights: Vec<f64> = (0..n).map(|_| 0.01 + 5.0 * stream.uniform()).collect();
            let (fast, slow) = (isotonic(&values, &weights), by_means(&values, &weights));
            for (fast, slow) in fast.iter().zip(&slow) {
                // Means are summed in another order.
                assert!((fast - slow).abs() < 1e-12, "{fast} {slow}");
            }
        }
    }

    #[test]
    fn what_never_falls_is_left_alone_bit_by_bit() {
        let values = [0.1, 0.2, 0.2 + 1e-9, 7.3];
        assert_eq!(isotonic(&values, &[0.3, 1.0, 9.0, 0.1]), values);
        assert_eq!(running_maximum(&values), values);
        assert_eq!(running_maximum(&[1.0, 3.0, 2.0, 4.0]), [1.0, 3.0, 3.0, 4.0]);
    }
}
