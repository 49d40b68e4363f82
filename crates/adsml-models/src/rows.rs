//! Training rows, checked once: finite features, normalised weights, sums of a fixed shape.

use std::num::NonZeroUsize;
use std::ops::Range;

use adsml_core::{FitContext, TrainingSet, parallel};
use ndarray::{ArrayView1, ArrayView2};

use crate::{ModelError, Result, WeightScale};

/// Larger magnitudes are refused: their squares would overflow.
const LIMIT: f64 = 1e150;
/// Rows are summed in chunks of at least this many, each chunk on one thread.
const CHUNK: usize = 4096;
/// At most this many chunks, and at most this many numbers in all their partial sums.
const MAX_CHUNKS: usize = 32;
const MAX_PARTIAL: usize = 1 << 22;

/// Rows of a training set, ready to be summed over.
pub(crate) struct Rows<'a> {
    pub(crate) x: ArrayView2<'a, f64>,
    pub(crate) y: ArrayView1<'a, f64>,
    pub(crate) offset: Option<ArrayView1<'a, f64>>,
    /// Weights that sum to one.
    pub(crate) weight: Vec<f64>,
    /// Their sum as given.
    pub(crate) total_weight: f64,
    /// Rows whose weight is positive.
    pub(crate) n_positive: usize,
    threads: NonZeroUsize,
}

impl<'a> Rows<'a> {
    /// Judges lengths, weights, offset and targets; features are judged by [`moments`](Self::moments).
    pub(crate) fn new(
        data: &TrainingSet<'a>,
        context: &FitContext<'_>,
        in_domain: impl Fn(f64) -> bool,
        expected: &'static str,
    ) -> Result<Self> {
        // The fields of a training set are public: what its constructors promise is judged again.
        let data = TrainingSet::new(data.x, data.y)?.with_weight(data.sample_weight)?.with_offset(data.offset)?;
        check_target(data.y, in_domain, expected)?;
        let (weight, total_weight) = normalised(&data);
        let n_positive = weight.iter().filter(|&&weight| weight > 0.0).count();
        Ok(Self {
            x: data.x,
            y: data.y,
            offset: data.offset,
            weight,
            total_weight,
            n_positive,
            threads: context.threads,
        })
    }

    pub(crate) fn n_features(&self) -> usize {
        self.x.ncols()
    }

    /// How much all rows together weigh against a penalty.
    pub(crate) fn weight_against_penalty(&self, scale: WeightScale) -> f64 {
        match scale {
            WeightScale::AsGiven => self.total_weight,
            WeightScale::MeanOne => self.n_positive as f64,
        }
    }

    pub(crate) fn offset_of(&self, row: usize) -> f64 {
        self.offset.map_or(0.0, |offset| offset[row])
    }

    /// Weighted mean of a function of the row.
    pub(crate) fn mean_of(&self, value: impl Fn(usize) -> f64) -> f64 {
        blocked_sum(self.weight.len(), |row| self.weight[row] * value(row))
    }

    /// Sums over all rows in chunks whose number depends on the data's shape alone, so that the
    /// result does not depend on the number of threads. A partial sum holds `size` numbers.
    pub(crate) fn sum<T: Send>(
        &self,
        size: usize,
        add: impl Fn(Range<usize>) -> T + Sync,
        merge: impl FnMut(T, T) -> T,
    ) -> T {
        let n = self.x.nrows();
        let chunks = (n / CHUNK).min(MAX_CHUNKS).min(MAX_PARTIAL / size.max(1)).max(1);
        let partial = parallel::map(chunks, self.threads, |chunk| add(n * chunk / chunks..n * (chunk + 1) / chunks));
        partial.into_iter().reduce(merge).expect("at least one chunk")
    }

    /// Calls `visit` with each row of `range` as a slice.
    pub(crate) fn each(&self, range: Range<usize>, mut visit: impl FnMut(usize, &[f64])) {
        let mut copy = Vec::new();
        for row in range {
            let view = self.x.row(row);
            if let Some(slice) = view.as_slice() {
                visit(row, slice);
            } else {
                copy.clear();
                copy.extend(view);
                visit(row, &copy);
            }
        }
    }

    /// Mean, standard deviation and root mean square of every feature, weighted.
    ///
    /// A column whose deviation is not above rounding counts as constant: its deviation is 0.
    pub(crate) fn moments(&self, names: &[String]) -> Result<Moments> {
        let p = self.n_features();
        // Shifted by a row, a constant column sums to an exact zero.
        let first = self.weight.iter().position(|&weight| weight > 0.0).unwrap_or_default();
        let shift = self.x.row(first).to_vec();
        let (shifted, largest) = self.sum(
            2 * p,
            |range| {
                let (mut sums, mut largest) = (vec![0.0; p], vec![0.0_f64; p]);
                self.each(range, |row, features| {
                    let weight = self.weight[row];
                    for (((sum, largest), &value), &shift) in
                        sums.iter_mut().zip(&mut largest).zip(features).zip(&shift)
                    {
                        *sum += weight * (value - shift);
                        *largest = largest.max(value.abs());
                    }
                });
                (sums, largest)
            },
            |(sums, largest), (more, larger)| {
                (add(sums, &more), largest.iter().zip(&larger).map(|(a, b)| a.max(*b)).collect())
            },
        );
        let in_range = |(sum, largest): (&f64, &f64)| sum.is_finite() && *largest <= LIMIT;
        if !shifted.iter().zip(&largest).all(in_range) {
            return Err(self.invalid_feature(names));
        }
        let mean = add(shifted, &shift);
        let squares = self.sum(
            p,
            |range| {
                let mut sums = vec![0.0; p];
                self.each(range, |row, features| {
                    let weight = self.weight[row];
                    for ((sum, &value), &mean) in sums.iter_mut().zip(features).zip(&mean) {
                        *sum += weight * (value - mean) * (value - mean);
                    }
                });
                sums
            },
            |sums, more| add(sums, &more),
        );
        let deviation: Vec<f64> = squares
            .iter()
            .zip(&largest)
            .map(|(square, largest)| {
                let deviation = square.sqrt();
                if deviation <= 4.0 * f64::EPSILON * largest { 0.0 } else { deviation }
            })
            .collect();
        let root_mean_square = deviation.iter().zip(&mean).map(|(s, m)| s.hypot(*m)).collect();
        Ok(Moments { mean, deviation, root_mean_square })
    }

    /// The first feature that is missing, infinite or too large.
    fn invalid_feature(&self, names: &[String]) -> ModelError {
        let ((row, feature), &value) = self
            .x
            .indexed_iter()
            .find(|(_, value)| value.is_nan() || value.abs() > LIMIT)
            .unwrap_or(((0, 0), &f64::NAN));
        ModelError::InvalidFeature { feature, name: names.get(feature).cloned(), row, value }
    }
}

/// Of every feature.
pub(crate) struct Moments {
    pub(crate) mean: Vec<f64>,
    pub(crate) deviation: Vec<f64>,
    pub(crate) root_mean_square: Vec<f64>,
}

/// Targets are numbers of the model's domain.
pub(crate) fn check_target(
    y: ArrayView1<'_, f64>,
    in_domain: impl Fn(f64) -> bool,
    expected: &'static str,
) -> Result<()> {
    let accepted = |value: f64| value.abs() <= LIMIT && in_domain(value);
    match y.iter().enumerate().find(|(_, value)| !accepted(**value)) {
        None => Ok(()),
        Some((row, &value)) => Err(ModelError::InvalidTarget { row, value, expected }),
    }
}

/// Weighted mean of the target.
pub(crate) fn mean(data: &TrainingSet<'_>) -> f64 {
    let (weight, _) = normalised(data);
    blocked_sum(weight.len(), |row| weight[row] * data.y[row])
}

/// The weights divided by their sum, and the sum.
fn normalised(data: &TrainingSet<'_>) -> (Vec<f64>, f64) {
    let n = data.n_samples();
    let total = blocked_sum(n, |row| data.weight(row));
    // Weights near the largest number overflow when summed; a power of two changes no digit.
    let unit = if total.is_finite() { 1.0 } else { 2.0_f64.powi(-600) };
    let scaled = blocked_sum(n, |row| data.weight(row) * unit);
    ((0..n).map(|row| data.weight(row) * unit / scaled).collect(), total.min(f64::MAX))
}

/// A sum in blocks, for accuracy.
fn blocked_sum(n: usize, value: impl Fn(usize) -> f64) -> f64 {
    const BLOCK: usize = 512;
    (0..n).step_by(BLOCK).map(|from| (from..n.min(from + BLOCK)).map(&value).sum::<f64>()).sum()
}

/// `a + b`, element by element.
pub(crate) fn add(mut a: Vec<f64>, b: &[f64]) -> Vec<f64> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array1, Array2, array};

    fn any(_: f64) -> bool {
        true
    }

    #[test]
    fn a_constant_column_has_no_deviation_and_a_tiny_one_has() {
        let x = array![[0.1, 1.7e9], [0.1, 1.7e9 + 1.0], [0.1, 1.7e9 + 2.0]];
        let y = array![0.0, 0.0, 0.0];
        let rows = Rows::new(&TrainingSet::new(x.view(), y.view()).unwrap(), &FitContext::default(), any, "").unwrap();
        let moments = rows.moments(&[]).unwrap();
        assert_eq!(moments.deviation[0], 0.0);
        assert!((moments.deviation[1] - (2.0_f64 / 3.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn weights_of_any_size_sum_to_one() {
        let (x, y) = (Array2::zeros((3, 0)), Array1::zeros(3));
        for scale in [1e-300, 1.0, 2e8, 1.7e308] {
            let weight = array![scale, scale, 0.0];
            let data = TrainingSet::new(x.view(), y.view()).unwrap().with_weight(Some(weight.view())).unwrap();
            let rows = Rows::new(&data, &FitContext::default(), any, "").unwrap();
            assert_eq!(rows.weight, [0.5, 0.5, 0.0]);
            assert_eq!(rows.n_positive, 2);
            assert!(rows.total_weight.is_finite());
        }
    }
}
