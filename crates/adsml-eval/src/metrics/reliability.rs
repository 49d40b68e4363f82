//! Are rows that were promised 2 % clicked 2 % of the time?

use super::sample::Sample;
use crate::sum::Sum;
use crate::{EvalError, Result};

/// Rows binned by prediction: what was predicted and what was observed in each bin, for a reliability diagram.
///
/// ```
/// use adsml_eval::ReliabilityBins;
///
/// let (clicked, predicted) = ([0.0, 0.0, 1.0, 1.0], [0.1, 0.2, 0.8, 0.9]);
/// let bins = ReliabilityBins::equal_count(&clicked, &predicted, None, 2)?;
/// assert_eq!(bins.bins().len(), 2);
/// assert!((bins.ece() - 0.15).abs() < 1e-12);
/// # Ok::<(), adsml_eval::EvalError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReliabilityBins {
    bins: Vec<ReliabilityBin>,
}

/// One bin of [`ReliabilityBins`].
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReliabilityBin {
    /// Smallest prediction in it.
    pub lowest: f64,
    /// Largest prediction in it.
    pub highest: f64,
    /// Number of rows.
    pub n_rows: usize,
    /// What they weigh: impressions, for a click-through rate.
    pub weight: f64,
    /// Mean prediction, weighted.
    pub predicted: f64,
    /// Mean target, weighted: the observed rate.
    pub observed: f64,
}

impl ReliabilityBin {
    /// The Wilson interval of the observed rate at `z` standard errors (1.96 for 95 %), reading the weight as a
    /// number of independent trials. Rates that vary between rows of a bin make the truth less certain than this.
    ///
    /// ```text
    /// (q + z²/2n ± z sqrt(q (1 - q)/n + z²/4n²)) / (1 + z²/n)
    /// ```
    ///
    /// Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22(158).
    pub fn wilson(&self, z: f64) -> (f64, f64) {
        let (n, q) = (self.weight, self.observed);
        let centre = q + z * z / (2.0 * n);
        let half = z * (q * (1.0 - q) / n + z * z / (4.0 * n * n)).max(0.0).sqrt();
        let scale = 1.0 + z * z / n;
        (((centre - half) / scale).max(0.0), ((centre + half) / scale).min(1.0))
    }
}

impl ReliabilityBins {
    /// Bins of (nearly) equal weight: of equal numbers of rows, without weights.
    ///
    /// Rows of equal prediction stay together, so bins are as equal as the ties allow, their number may be smaller
    /// than asked for, and the order of rows does not matter. A row heavier than a bin has one for itself. `O(n log n)`.
    ///
    /// # Errors
    ///
    /// [`EvalError::InvalidParameter`] without bins; as [`log_loss`](super::log_loss) otherwise.
    pub fn equal_count(y: &[f64], p: &[f64], w: Option<&[f64]>, n_bins: usize) -> Result<Self> {
        let sample = checked(y, p, w, n_bins)?;
        Ok(Self::collect(sample, &equal_count_bins(sample, n_bins), n_bins))
    }

    /// Bins of equal width on `[0, 1]`; empty ones are left out. Of little use for rates near zero, where all rows
    /// share one bin. `O(n)`.
    ///
    /// # Errors
    ///
    /// As [`equal_count`](Self::equal_count).
    pub fn equal_width(y: &[f64], p: &[f64], w: Option<&[f64]>, n_bins: usize) -> Result<Self> {
        let sample = checked(y, p, w, n_bins)?;
        let bin_of_row: Vec<u32> = p.iter().map(|&p| ((p * n_bins as f64) as usize).min(n_bins - 1) as u32).collect();
        Ok(Self::collect(sample, &bin_of_row, n_bins))
    }

    /// The bins that hold weight, lowest prediction first.
    pub fn bins(&self) -> &[ReliabilityBin] {
        &self.bins
    }

    /// Expected calibration error: the weighted mean distance between predicted and observed.
    ///
    /// ```text
    /// ECE = sum over bins of (weight of bin / weight) * |predicted - observed|
    /// ```
    ///
    /// Noise alone makes it positive; compare it between models on the same rows, not with zero.
    ///
    /// Source: Naeini, Cooper and Hauskrecht (2015), "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI.
    pub fn ece(&self) -> f64 {
        let (mut distance, mut weight) = (Sum::default(), Sum::default());
        for bin in &self.bins {
            distance.add(bin.weight * (bin.predicted - bin.observed).abs());
            weight.add(bin.weight);
        }
        distance.value() / weight.value()
    }

    fn collect(sample: Sample<'_>, bin_of_row: &[u32], n_bins: usize) -> Self {
        #[derive(Clone, Copy)]
        struct Collected {
            lowest: f64,
            highest: f64,
            n_rows: usize,
            weight: Sum,
            predicted: Sum,
            observed: Sum,
        }
        let empty = Collected {
            lowest: f64::INFINITY,
            highest: f64::NEG_INFINITY,
            n_rows: 0,
            weight: Sum::default(),
            predicted: Sum::default(),
            observed: Sum::default(),
        };
        let mut collected = vec![empty; n_bins];
        for ((y, p, w), &bin) in sample.rows().zip(bin_of_row) {
            let bin = &mut collected[bin as usize];
            bin.lowest = bin.lowest.min(p);
            bin.highest = bin.highest.max(p);
            bin.n_rows += 1;
            bin.weight.add(w);
            bin.predicted.add(w * p);
            bin.observed.add(w * y);
        }
        let bins = collected.into_iter().filter(|bin| bin.weight.value() > 0.0).map(|bin| {
            let weight = bin.weight.value();
            ReliabilityBin {
                lowest: bin.lowest,
                highest: bin.highest,
                n_rows: bin.n_rows,
                weight,
                predicted: bin.predicted.value() / weight,
                observed: bin.observed.value() / weight,
            }
        });
        Self { bins: bins.collect() }
    }
}

/// Expected calibration error over `n_bins` bins of equal weight: [`ReliabilityBins::equal_count`] and its
/// [`ece`](ReliabilityBins::ece).
///
/// # Errors
///
/// As [`ReliabilityBins::equal_count`].
pub fn ece(y: &[f64], p: &[f64], w: Option<&[f64]>, n_bins: usize) -> Result<f64> {
    Ok(ReliabilityBins::equal_count(y, p, w, n_bins)?.ece())
}

fn checked<'a>(y: &'a [f64], p: &'a [f64], w: Option<&'a [f64]>, n_bins: usize) -> Result<Sample<'a>> {
    if !(1..=1_000_000).contains(&n_bins) {
        return Err(EvalError::invalid_parameter("n_bins", n_bins, "a whole number in [1, 1000000]"));
    }
    Sample::of_rates(y, p, w)
}

/// The bin of each row: that of the middle of its tie's weight.
pub(crate) fn equal_count_bins(sample: Sample<'_>, n_bins: usize) -> Vec<u32> {
    let mut order = super::ranking::descending(sample.p);
    order.reverse();
    let total = sample.total_weight();
    let mut bin_of_row = vec![0; sample.len()];
    let (mut before, mut start) = (Sum::default(), 0);
    while start < order.len() {
        let score = sample.p[order[start] as usize];
        let end = start + order[start..].iter().take_while(|&&row| sample.p[row as usize] == score).count();
        let tied: Sum = order[start..end].iter().map(|&row| sample.weight(row as usize)).collect();
        let middle = (before.value() + tied.value() / 2.0) / total;
        let bin = ((middle * n_bins as f64) as usize).min(n_bins - 1) as u32;
        order[start..end].iter().for_each(|&row| bin_of_row[row as usize] = bin);
        before.add(tied.value());
        start = end;
    }
    bin_of_row
}
