//! Carry-over: what was spent before still works today.

/// What a constant spend would have to be to work as these spends do.
///
/// ```text
/// a[t] = (1 - retention) * spend[t] + retention^gap * a[t - gap],   a[before] = the first spend
/// ```
///
/// `spend` is by period, in currency, at `periods` that ascend; periods without a row spent nothing. Scaled so that a constant
/// spend is its own effect, which is what a plan of constant budgets needs. `O(n)`.
///
/// Source: Broadbent (1979), "One way TV advertisements work", JMRS 21(3): geometric, no delay of the peak.
pub(super) fn effective_spend(periods: &[i32], spend: &[f64], retention: f64) -> Vec<f64> {
    let mut carried = spend.first().copied().unwrap_or_default();
    let mut last = periods.first().map_or(0, |first| first - 1);
    let step = |(&period, &spend): (&i32, &f64)| {
        carried = (1.0 - retention) * spend + retention.powi(period - last) * carried;
        last = period;
        carried
    };
    periods.iter().zip(spend).map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_spend_is_its_own_effect_and_a_gap_forgets() {
        let effective = effective_spend(&[4, 5, 6, 9], &[10.0, 10.0, 10.0, 10.0], 0.5);
        assert_eq!(effective, [10.0, 10.0, 10.0, 5.0 + 0.125 * 10.0]);
        assert_eq!(effective_spend(&[1, 2, 4], &[3.0, 8.0, 1.0], 0.0), [3.0, 8.0, 1.0]);
    }
}
