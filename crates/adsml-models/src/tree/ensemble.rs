//! Trees, and what their values add up to.

use super::trees::Trees;

/// Trees, and what their values add up to: the one form that is scored, compiled, explained and exchanged.
///
/// ```text
/// raw[k](x) = (base[k] + sum over trees t with t mod n_outputs = k of tree_t(read(x))) / divisor
/// ```
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ensemble {
    pub(crate) trees: Trees,
    /// Where the sum of each output begins; tree `t` adds to output `t % base.len()`.
    pub(crate) base: Vec<f64>,
    pub(crate) n_features: usize,
    pub(crate) sum: Sum,
    /// Sums are divided by this.
    pub(crate) divisor: f64,
    /// How each feature is read before any tree asks; empty: all as they are.
    pub(crate) readings: Vec<Reading>,
    /// The values of leaves, where leaves hold numbers of them; empty: leaves hold values.
    pub(crate) values: Vec<f64>,
}

/// The precision of sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sum {
    /// Of `f64`.
    #[default]
    F64,
    /// Of `f32`: base and leaves are `f32` values, and every addition rounds to one.
    F32,
}

/// How a value is read before any tree asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Reading {
    /// As it is.
    #[default]
    AsIs,
    /// Numbers of at most 1e-35 are missing (LightGBM's `zero_as_missing`).
    ZeroIsMissing,
    /// The whole part is a level (LightGBM).
    Truncated,
    /// Rounded to `f32`; the whole part is a level, unless it was negative (XGBoost).
    TruncatedF32,
}

impl Reading {
    /// LightGBM's zeros: numbers up to it, in size.
    pub(crate) const ZERO: f64 = 1e-35_f32 as f64;

    #[inline]
    pub(crate) fn read(self, value: f64) -> f64 {
        match self {
            Self::AsIs => value,
            Self::ZeroIsMissing => {
                if value.abs() <= Self::ZERO {
                    f64::NAN
                } else {
                    value
                }
            }
            Self::Truncated => value.trunc(),
            Self::TruncatedF32 => {
                let value = value as f32;
                // No level is negative.
                if value < 0.0 { -1.0 } else { f64::from(value.trunc()) }
            }
        }
    }
}

impl Ensemble {
    /// Sums of `f64`, of values read as they are.
    pub(crate) fn of_sums(trees: Trees, base: Vec<f64>, n_features: usize) -> Self {
        Self { trees, base, n_features, sum: Sum::F64, divisor: 1.0, readings: Vec::new(), values: Vec::new() }
    }

    pub(crate) fn n_outputs(&self) -> usize {
        self.base.len()
    }

    /// Whether no sum can overflow, whatever the row.
    pub(crate) fn is_bounded(&self) -> bool {
        let most = match self.sum {
            Sum::F64 => f64::MAX,
            Sum::F32 => f32::MAX.into(),
        };
        (0..self.n_outputs()).all(|output| {
            let trees = (output..self.trees.len()).step_by(self.base.len());
            let largest = trees.fold(self.base[output].abs(), |sum, tree| sum + self.trees.largest_leaf(tree));
            // Half of it, for the rounding of the sums themselves.
            largest <= most / 2.0
        })
    }

    /// What a tree adds for a row of the right length.
    #[inline]
    pub(crate) fn tree_value(&self, tree: usize, row: &[f64]) -> f64 {
        self.value_of_leaf(match self.readings.as_slice() {
            [] => self.trees.leaf_value(tree, row),
            readings => self.trees.leaf_value_read(tree, |feature| readings[feature].read(row[feature])),
        })
    }

    /// What a leaf adds.
    #[inline]
    pub(crate) fn value_of_leaf(&self, leaf: f64) -> f64 {
        if self.values.is_empty() { leaf } else { self.values[leaf as usize] }
    }

    /// The raw value of one output, for a row of the right length.
    pub(crate) fn raw(&self, row: &[f64], output: usize) -> f64 {
        let trees = (output..self.trees.len()).step_by(self.base.len());
        let value = |tree: usize| self.tree_value(tree, row);
        let base = self.base[output];
        let sum = match self.sum {
            Sum::F64 => trees.fold(base, |sum, tree| sum + value(tree)),
            Sum::F32 => trees.fold(base as f32, |sum, tree| sum + value(tree) as f32).into(),
        };
        sum / self.divisor
    }

    /// The raw values of all outputs, for a row of the right length.
    pub(crate) fn raw_into(&self, row: &[f64], out: &mut [f64]) {
        for (output, out) in out.iter_mut().enumerate() {
            *out = self.raw(row, output);
        }
    }

    /// The raw value of the first output along a feature, the others held at `row`: where it may change, and the values up to there
    /// and beyond. `None` when the feature is no plain number.
    pub(crate) fn steps_along(&self, feature: usize, row: &[f64]) -> Option<(Vec<f64>, Vec<f64>)> {
        let reading = |feature: usize| self.readings.get(feature).copied().unwrap_or_default();
        if feature >= self.n_features || reading(feature) != Reading::AsIs {
            return None;
        }
        let breakpoints = self.trees.thresholds(feature)?;
        let row: Vec<f64> = row.iter().enumerate().map(|(feature, &value)| reading(feature).read(value)).collect();
        let mut values = vec![self.base[0]; breakpoints.len() + 1];
        for tree in (0..self.trees.len()).step_by(self.base.len()) {
            self.trees.add_along(tree, feature, &row, &breakpoints, &mut values);
            if self.sum == Sum::F32 {
                // The sum of two f32 is exact enough in f64 to be rounded once more without harm.
                values.iter_mut().for_each(|value| *value = f64::from(*value as f32));
            }
        }
        values.iter_mut().for_each(|value| *value /= self.divisor);
        Some((breakpoints, values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings() {
        assert!(Reading::ZeroIsMissing.read(-1e-36).is_nan() && Reading::ZeroIsMissing.read(Reading::ZERO).is_nan());
        assert_eq!(Reading::ZeroIsMissing.read(Reading::ZERO.next_up()), Reading::ZERO.next_up());
        assert_eq!((Reading::Truncated.read(-0.9), Reading::Truncated.read(2.999_999_999)), (0.0, 2.0));
        // The f32 nearest to the second is 3; a negative number that underflows is no longer negative.
        let read = |value| Reading::TruncatedF32.read(value);
        assert_eq!((read(-0.9), read(2.999_999_999), read(-1e-60), read(2.5)), (-1.0, 3.0, 0.0, 2.0));
        assert!(read(f64::NAN).is_nan());
    }
}
