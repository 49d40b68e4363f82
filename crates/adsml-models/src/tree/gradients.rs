//! First and second derivatives of the loss, as whole numbers.
//!
//! Sums of whole numbers do not depend on their order: histograms are the same bits at any number of threads, a
//! sibling's histogram is an exact difference, and gains tie exactly where they should. Each row is rounded once,
//! to the nearest step of a power of two, and one 64-bit word carries both derivatives: `gradient * 2^30 + hessian`, so
//! that one addition per row and column adds both.
//!
//! Source of the idea: Shi et al. (2022), "Quantized Training of Gradient Boosting Decision Trees", NeurIPS; here with
//! twenty bits, nearest rounding, and leaf values from the exact derivatives.

use super::workers::{Workers, pieces};
use crate::{ModelError, Result};

/// Bits of a word below the gradient.
pub(crate) const HESSIAN_FIELD: u32 = 30;
/// Largest rounded hessian, and largest magnitude of a rounded gradient.
const HESSIAN_LIMIT: f64 = ((1_u32 << 16) - 1) as f64;
const GRADIENT_LIMIT: f64 = ((1_u32 << 19) - 1) as f64;
/// Rows that can be added up in one word: `2^14 (2^16 - 1) < 2^30`, `2^14 (2^19 - 1) < 2^33`.
pub(crate) const ROWS_PER_WORD: usize = 1 << 14;
/// A gradient this many times the mean magnitude of the others would leave too few steps for them.
const HEAVY_TAIL: f64 = 4096.0;
/// The same of hessians, none of which is rounded to nothing: those of the others would add up to too much.
const HEAVY_HESSIAN: f64 = 256.0;

/// Derivatives of the loss by the raw score, one per row.
#[derive(Debug, Default)]
pub(crate) struct Derivatives {
    pub(crate) gradient: Vec<f64>,
    /// Empty when it is the row's weight (1 without weights).
    pub(crate) hessian: Vec<f64>,
}

/// Rounded derivatives.
#[derive(Debug)]
pub(crate) struct Rounded {
    pub(crate) words: Words,
    pub(crate) scale: Scale,
    /// No rounded hessian is larger.
    pub(crate) largest_hessian: f64,
}

/// One word per row for both, or, for heavy tails, a number each.
#[derive(Debug)]
pub(crate) enum Words {
    Packed(Vec<i64>),
    Wide(Vec<[f64; 2]>),
}

/// Steps per unit: powers of two.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    pub(crate) gradient: f64,
    pub(crate) hessian: f64,
    /// Whether the rounded hessian of every row is 1, so that their sum is a number of rows.
    pub(crate) hessian_counts: bool,
}

/// A sum of rounded derivatives: whole numbers, exact.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Sums {
    pub(crate) g: f64,
    pub(crate) h: f64,
}

impl std::ops::Add for Sums {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { g: self.g + other.g, h: self.h + other.h }
    }
}

impl std::ops::Sub for Sums {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { g: self.g - other.g, h: self.h - other.h }
    }
}

/// What is known of all rows before they are rounded.
#[derive(Debug, Clone, Copy, Default)]
struct Extent {
    largest_gradient: f64,
    total_gradient: f64,
    largest_hessian: f64,
    smallest_hessian: f64,
    total_hessian: f64,
}

impl Rounded {
    pub(crate) const fn empty() -> Self {
        let scale = Scale { gradient: 1.0, hessian: 1.0, hessian_counts: false };
        Self { words: Words::Packed(Vec::new()), scale, largest_hessian: 1.0 }
    }

    /// Rounds the derivatives of every row; `weight` is the hessian where there is none of its own.
    ///
    /// A row that says anything keeps a hessian of at least one step: a side of rows without any would seem to gain without bound.
    pub(crate) fn round(&mut self, exact: &Derivatives, weight: Option<&[f64]>, workers: &Workers) -> Result<()> {
        let n = exact.gradient.len();
        let hessian: Option<&[f64]> = if exact.hessian.is_empty() { weight } else { Some(&exact.hessian) };
        // The same pieces at any number of threads: totals of numbers depend on them.
        let ranges = pieces(n, n.div_ceil(1 << 14), 1);
        let extents = workers.map(ranges.len(), |at| {
            let range = ranges[at].clone();
            Extent::of(&exact.gradient[range.clone()], hessian.map(|hessian| &hessian[range]))
        });
        let extent = extents.into_iter().reduce(Extent::join).unwrap_or_default();
        let hessian_counts = extent.largest_hessian == 1.0 && extent.smallest_hessian == 1.0;
        let is_finite = extent.total_gradient.is_finite() && extent.total_hessian.is_finite();
        if !is_finite || extent.smallest_hessian < 0.0 {
            return Err(ModelError::NotFinite { what: "a derivative of the loss, or their sum,".to_owned() });
        }
        // One row far from the others leaves as much again to be made up by them: what they differ by is the rest.
        let rest = extent.total_gradient - 2.0 * extent.largest_gradient;
        let heavy = extent.largest_gradient * n as f64 > HEAVY_TAIL * rest
            || extent.largest_hessian * n as f64 > HEAVY_HESSIAN * extent.total_hessian;
        // Wide sums stay whole numbers below 2^53 whatever rows are added.
        let (gradient_limit, hessian_limit) = if heavy {
            let limit = 2.0_f64.powi(52 - (usize::BITS - n.leading_zeros()) as i32);
            (limit, limit)
        } else {
            (GRADIENT_LIMIT, HESSIAN_LIMIT)
        };
        self.scale = Scale {
            gradient: power_of_two_scale(extent.largest_gradient, gradient_limit),
            hessian: if hessian_counts { 1.0 } else { power_of_two_scale(extent.largest_hessian, hessian_limit) },
            hessian_counts,
        };
        let scale = self.scale;
        self.largest_hessian = (extent.largest_hessian * scale.hessian).ceil().max(1.0);
        if heavy {
            if !matches!(self.words, Words::Wide(_)) {
                self.words = Words::Wide(Vec::new());
            }
        } else if !matches!(self.words, Words::Packed(_)) {
            self.words = Words::Packed(Vec::new());
        }
        match &mut self.words {
            Words::Packed(words) => {
                words.resize(n, 0);
                let parts = cut(words, &ranges);
                workers.each(parts, |(range, words)| {
                    let gradient = &exact.gradient[range.clone()];
                    match hessian.map(|hessian| &hessian[range]) {
                        None => {
                            for (word, &g) in words.iter_mut().zip(gradient) {
                                *word = (whole(g * scale.gradient) << HESSIAN_FIELD) + 1;
                            }
                        }
                        Some(hessian) => {
                            for ((word, &g), &h) in words.iter_mut().zip(gradient).zip(hessian) {
                                *word = (whole(g * scale.gradient) << HESSIAN_FIELD) + whole_hessian(g, h, scale);
                            }
                        }
                    }
                });
            }
            Words::Wide(words) => {
                words.resize(n, [0.0; 2]);
                for (row, word) in words.iter_mut().enumerate() {
                    let h = hessian.map_or(1.0, |hessian| hessian[row]);
                    let g = exact.gradient[row];
                    *word = [whole(g * scale.gradient) as f64, whole_hessian(g, h, scale) as f64];
                }
            }
        }
        Ok(())
    }

    /// The rounded derivatives of a row.
    #[inline]
    pub(crate) fn row(&self, row: usize) -> Sums {
        match &self.words {
            Words::Packed(words) => unpack(words[row]),
            Words::Wide(words) => Sums { g: words[row][0], h: words[row][1] },
        }
    }
}

impl Extent {
    fn of(gradient: &[f64], hessian: Option<&[f64]>) -> Self {
        const LANES: usize = 8;
        let (chunks, rest) = gradient.as_chunks::<LANES>();
        let (mut largest, mut total) = ([0.0_f64; LANES], [0.0; LANES]);
        for chunk in chunks {
            for lane in 0..LANES {
                let magnitude = chunk[lane].abs();
                largest[lane] = if magnitude > largest[lane] { magnitude } else { largest[lane] };
                total[lane] += magnitude;
            }
        }
        for (lane, value) in rest.iter().enumerate() {
            largest[lane] = largest[lane].max(value.abs());
            total[lane] += value.abs();
        }
        let (mut most, mut least, mut sum) = (1.0_f64, 1.0_f64, gradient.len() as f64);
        if let Some(hessian) = hessian {
            (most, least, sum) = (0.0, f64::INFINITY, hessian.iter().sum());
            for &h in hessian {
                most = if h > most { h } else { most };
                least = if h < least { h } else { least };
            }
        }
        Self {
            largest_gradient: largest.into_iter().fold(0.0, f64::max),
            total_gradient: total.into_iter().sum(),
            largest_hessian: most,
            smallest_hessian: least,
            total_hessian: sum,
        }
    }

    fn join(self, other: Self) -> Self {
        Self {
            largest_gradient: self.largest_gradient.max(other.largest_gradient),
            total_gradient: self.total_gradient + other.total_gradient,
            largest_hessian: self.largest_hessian.max(other.largest_hessian),
            smallest_hessian: self.smallest_hessian.min(other.smallest_hessian),
            total_hessian: self.total_hessian + other.total_hessian,
        }
    }
}

/// Parts of a slice that follow each other.
pub(crate) fn cut<'a, T>(
    mut slice: &'a mut [T],
    ranges: &[std::ops::Range<usize>],
) -> Vec<(std::ops::Range<usize>, &'a mut [T])> {
    let mut parts = Vec::with_capacity(ranges.len());
    for range in ranges {
        let (part, rest) = slice.split_at_mut(range.len());
        slice = rest;
        parts.push((range.clone(), part));
    }
    parts
}

/// The largest power of two that keeps `largest` within `limit`.
fn power_of_two_scale(largest: f64, limit: f64) -> f64 {
    if largest.is_nan() || largest <= 0.0 {
        return 1.0;
    }
    let exponent = (limit / largest).log2().floor().clamp(-1000.0, 1000.0);
    let scale = 2.0_f64.powi(exponent as i32);
    // The logarithm may be off by one at a power of two.
    if largest * scale > limit { 0.5 * scale } else { scale }
}

/// Rounds to the nearest whole number, ties to even; for magnitudes below `2^51`.
#[inline]
pub(crate) fn whole(value: f64) -> i64 {
    // Adding 1.5 * 2^52 leaves the whole part in the lowest bits.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    ((value + SHIFT).to_bits() as i64).wrapping_sub(SHIFT.to_bits() as i64)
}

/// The rounded hessian of a row.
#[inline]
fn whole_hessian(g: f64, h: f64, scale: Scale) -> i64 {
    whole(h * scale.hessian).max(i64::from(h > 0.0 || g != 0.0))
}

/// The two sums of a word.
#[inline]
pub(crate) fn unpack(word: i64) -> Sums {
    Sums { g: (word >> HESSIAN_FIELD) as f64, h: (word & ((1 << HESSIAN_FIELD) - 1)) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(gradient: &[f64], hessian: &[f64]) -> Rounded {
        let mut rounded = Rounded::empty();
        let exact = Derivatives { gradient: gradient.to_vec(), hessian: hessian.to_vec() };
        rounded.round(&exact, None, &Workers::new(1).unwrap()).unwrap();
        rounded
    }

    #[test]
    fn a_full_word_of_rows_adds_up_exactly() {
        for largest in [3.7, 1.0, 0.5] {
            let rounded = rounded(&[-largest, largest, 0.1], &[0.25, 0.2, 1e-9]);
            let Words::Packed(words) = &rounded.words else { unreachable!() };
            for (row, &word) in words.iter().enumerate() {
                let sum = (0..ROWS_PER_WORD).fold(0_i64, |sum, _| sum + word);
                let (one, all) = (rounded.row(row), unpack(sum));
                assert_eq!((all.g, all.h), (one.g * ROWS_PER_WORD as f64, one.h * ROWS_PER_WORD as f64));
            }
            let back = rounded.row(0).g / rounded.scale.gradient;
            assert!((back + largest).abs() <= 0.5 / rounded.scale.gradient);
            assert!(rounded.row(0).g.abs() > GRADIENT_LIMIT / 2.0 - 1.0);
            assert_eq!(rounded.row(2).h, 1.0, "what has a hessian keeps some");
        }
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        let round = |gradient: &[f64], hessian: &[f64]| {
            let exact = Derivatives { gradient: gradient.to_vec(), hessian: hessian.to_vec() };
            Rounded::empty().round(&exact, None, &Workers::new(1).unwrap())
        };
        assert!(round(&[1.0, 2.0], &[1.0, 0.0]).is_ok());
        for gradient in [f64::NAN, f64::INFINITY, 1e308] {
            assert!(matches!(round(&[gradient, 1e308], &[]), Err(ModelError::NotFinite { .. })), "{gradient}");
        }
        for hessian in [f64::NAN, f64::INFINITY, -1e-9] {
            assert!(matches!(round(&[1.0, 1.0], &[hessian, 1.0]), Err(ModelError::NotFinite { .. })), "{hessian}");
        }
    }

    #[test]
    fn heavy_tails_get_wide_words() {
        let mut gradient = vec![1.0; 100_000];
        gradient[7] = 1e9;
        let heavy = rounded(&gradient, &[]);
        assert!(matches!(heavy.words, Words::Wide(_)));
        assert!((heavy.row(0).g / heavy.scale.gradient - 1.0).abs() < 0.2);
        assert!(matches!(rounded(&gradient[8..], &[]).words, Words::Packed(_)));
        assert!(rounded(&[0.0, 0.0], &[]).scale.hessian_counts);
    }

    #[test]
    fn rounding_is_to_the_nearest() {
        for (value, expected) in [(2.4, 2), (-2.4, -2), (2.6, 3), (-0.5, 0), (1.5, 2), (-524_287.0, -524_287)] {
            assert_eq!(whole(value), expected, "{value}");
        }
    }
}
