//! Sums that err on the safe side.

/// Relative accuracy that is trusted of one evaluation of a curve: some dozens of units in the last place, what
/// compositions of `exp`, `ln` and `pow` keep.
pub(crate) const EVALUATION: f64 = 2e-14;

/// A sum with the sum of its magnitudes, compensated (Neumaier 1974): its own error does not grow with its length.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outward {
    sum: f64,
    compensation: f64,
    magnitude: f64,
}

impl Outward {
    /// Adds a number computed from parts of `magnitude` in all.
    pub(crate) fn add(&mut self, value: f64, magnitude: f64) {
        let sum = self.sum + value;
        self.compensation +=
            if self.sum.abs() >= value.abs() { (self.sum - sum) + value } else { (value - sum) + self.sum };
        self.sum = sum;
        self.magnitude += magnitude;
    }

    /// What the true sum does not exceed.
    pub(crate) fn upper(&self) -> f64 {
        self.with_room(EVALUATION)
    }

    /// What a claim has to be for [`upper`](Self::upper) of the same sum, computed in another order from other touching
    /// points, not to exceed it.
    pub(crate) fn claim(&self) -> f64 {
        self.with_room(4.0 * EVALUATION)
    }

    /// A part that nothing bounds, or that overflows, leaves the sum without a bound: `+inf`, never `NaN`.
    fn with_room(&self, share: f64) -> f64 {
        let sum = self.sum + self.compensation + share * self.magnitude;
        if sum.is_nan() { f64::INFINITY } else { sum }
    }
}
