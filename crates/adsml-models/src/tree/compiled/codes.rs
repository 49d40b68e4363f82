//! Values as bytes: between which thresholds of its feature a value lies.

use std::hint::select_unpredictable;

use super::super::ensemble::Reading;
use super::super::trees::{CATEGORY, FEATURE, LEAF, MISSING_LEFT, Trees};

/// Thresholds that a byte tells apart.
const PER_PLANE: usize = 255;
/// There is no such plane.
const NONE: u32 = u32::MAX;

/// How rows become bytes.
///
/// ```text
/// code = number of thresholds t of the plane with not (x <= t)      x <= t[j]  <=>  code <= j
/// ```
///
/// A plane is 255 thresholds of one feature at most, and what it makes of missing values: they are below all of them where they
/// go left, else above. So a question is one comparison of bytes, whatever it was before.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Codes {
    features: Vec<Coded>,
    thresholds: Vec<f64>,
    n_planes: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Coded {
    feature: usize,
    reading: Reading,
    /// Its thresholds, ascending and distinct.
    begin: usize,
    end: usize,
    /// The planes of each 255 of them: where missing values go right, and left.
    planes: Vec<[u32; 2]>,
}

impl Codes {
    /// Those of the questions about numbers.
    pub(super) fn new(trees: &Trees, readings: &[Reading]) -> Self {
        let is_number = |feature: u32| feature != LEAF && feature & CATEGORY == 0;
        let mut questions: Vec<(u32, f64)> = trees
            .nodes
            .iter()
            .filter(|node| is_number(node.feature) && !node.value.is_nan())
            // Of both zeros, one.
            .map(|node| (node.feature & FEATURE, node.value + 0.0))
            .collect();
        questions.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        questions.dedup();
        let mut this = Self::default();
        for of_feature in questions.chunk_by(|a, b| a.0 == b.0) {
            let feature = of_feature[0].0 as usize;
            let begin = this.thresholds.len();
            this.thresholds.extend(of_feature.iter().map(|question| question.1));
            this.features.push(Coded {
                feature,
                reading: readings.get(feature).copied().unwrap_or_default(),
                begin,
                end: this.thresholds.len(),
                planes: vec![[NONE; 2]; of_feature.len().div_ceil(PER_PLANE)],
            });
        }
        for node in trees.nodes.iter().filter(|node| is_number(node.feature)) {
            if let Some((at, rank)) = this.find(node.feature, node.value) {
                let plane = &mut this.features[at].planes[rank / PER_PLANE][side(node.feature)];
                if *plane == NONE {
                    *plane = this.n_planes as u32;
                    this.n_planes += 1;
                }
            }
        }
        this
    }

    pub(super) fn n_planes(&self) -> usize {
        self.n_planes
    }

    /// Plane and threshold of a question; `None` when it is not about numbers.
    pub(super) fn question(&self, feature: u32, value: f64) -> Option<(u32, u8)> {
        let (at, rank) = self.find(feature, value)?;
        Some((self.features[at].planes[rank / PER_PLANE][side(feature)], (rank % PER_PLANE) as u8))
    }

    /// The coded feature, and which of its thresholds it is.
    fn find(&self, feature: u32, value: f64) -> Option<(usize, usize)> {
        if feature & CATEGORY != 0 || value.is_nan() {
            return None;
        }
        let at = self.features.binary_search_by_key(&((feature & FEATURE) as usize), |coded| coded.feature).ok()?;
        let coded = &self.features[at];
        let thresholds = &self.thresholds[coded.begin..coded.end];
        Some((at, thresholds.partition_point(|&threshold| threshold < value)))
    }

    /// The codes of some rows of `n_features` values: plane `p` of row `r` goes to `out[p * stride + r]`.
    #[inline(always)]
    pub(super) fn encode(&self, rows: &[f64], n_features: usize, stride: usize, out: &mut [u8]) {
        for coded in &self.features {
            match coded.reading {
                Reading::AsIs => self.encode_feature(coded, rows, n_features, stride, out, |x| x),
                reading => self.encode_feature(coded, rows, n_features, stride, out, |x| reading.read(x)),
            }
        }
    }

    #[inline(always)]
    fn encode_feature(
        &self,
        coded: &Coded,
        rows: &[f64],
        n_features: usize,
        stride: usize,
        out: &mut [u8],
        read: impl Fn(f64) -> f64,
    ) {
        let thresholds = &self.thresholds[coded.begin..coded.end];
        let value = |row: usize| read(rows[row * n_features + coded.feature]);
        let n_rows = rows.len() / n_features;
        let mut row = 0;
        while row + TOGETHER <= n_rows {
            let values: [f64; TOGETHER] = std::array::from_fn(|lane| value(row + lane));
            put(coded, thresholds, &values, stride, &mut out[row..]);
            row += TOGETHER;
        }
        for row in row..n_rows {
            put(coded, thresholds, &[value(row)], stride, &mut out[row..]);
        }
    }
}

/// Values that are looked up together, so that their steps overlap.
const TOGETHER: usize = 8;

/// Puts the codes of values of some rows that follow each other.
#[inline(always)]
fn put<const N: usize>(coded: &Coded, thresholds: &[f64], values: &[f64; N], stride: usize, out: &mut [u8]) {
    let ranks = ranks(thresholds, values);
    for (piece, &[right, left]) in coded.planes.iter().enumerate() {
        let codes = ranks.map(|rank| rank.saturating_sub(piece * PER_PLANE).min(PER_PLANE) as u8);
        if right != NONE {
            out[right as usize * stride..][..N].copy_from_slice(&codes);
        }
        if left != NONE {
            let codes: [u8; N] = std::array::from_fn(|lane| if values[lane].is_nan() { 0 } else { codes[lane] });
            out[left as usize * stride..][..N].copy_from_slice(&codes);
        }
    }
}

/// Whether a value goes right where missing values do.
#[allow(clippy::neg_cmp_op_on_partial_ord)] // One comparison, which NaN passes.
#[inline(always)]
fn is_beyond_or_missing(value: f64, threshold: f64) -> bool {
    !(value <= threshold)
}

/// 1 when missing values go left.
fn side(feature: u32) -> usize {
    usize::from(feature & MISSING_LEFT != 0)
}

/// How many thresholds each value is beyond, in as many steps for any value and without a guess.
#[inline(always)]
fn ranks<const N: usize>(thresholds: &[f64], values: &[f64; N]) -> [usize; N] {
    let (mut begin, mut n) = ([0; N], thresholds.len());
    while n > 1 {
        let half = n / 2;
        for (begin, &value) in begin.iter_mut().zip(values) {
            let next = *begin + half;
            *begin = select_unpredictable(is_beyond_or_missing(value, thresholds[next - 1]), next, *begin);
        }
        n -= half;
    }
    std::array::from_fn(|lane| begin[lane] + usize::from(is_beyond_or_missing(values[lane], thresholds[begin[lane]])))
}
