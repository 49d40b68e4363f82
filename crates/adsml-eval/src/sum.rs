//! Sums that do not depend on luck.

/// A compensated sum, in the order in which terms are added: always the same bits for the same
/// terms, with an error that does not grow with their number.
///
/// Source: Neumaier (1974), "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54(1).
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sum {
    sum: f64,
    compensation: f64,
}

impl Sum {
    pub(crate) fn add(&mut self, term: f64) {
        let total = self.sum + term;
        self.compensation +=
            if self.sum.abs() >= term.abs() { (self.sum - total) + term } else { (term - total) + self.sum };
        self.sum = total;
    }

    pub(crate) fn value(self) -> f64 {
        // Once the sum has overflowed, so has its compensation (to NaN), which says less.
        if self.compensation.is_finite() { self.sum + self.compensation } else { self.sum }
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(terms: I) -> Self {
        let mut sum = Self::default();
        terms.into_iter().for_each(|term| sum.add(term));
        sum
    }
}

/// The compensated sum of the terms.
pub(crate) fn sum(terms: impl IntoIterator<Item = f64>) -> f64 {
    terms.into_iter().collect::<Sum>().value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_terms_are_not_swallowed_by_large_ones() {
        assert_eq!(sum([1e100, 1.0, -1e100]), 1.0);
        assert_eq!(sum(std::iter::repeat_n(0.1, 10)), 1.0);
    }

    #[test]
    fn an_overflow_is_infinite_and_not_a_nan() {
        assert_eq!(sum([f64::MAX, f64::MAX, 1.0]), f64::INFINITY);
    }
}
