//! Trees laid out to be scored fast, with the bits of the plain walk.
//!
//! ```text
//! codes    values -> bytes, by the thresholds of their feature
//! packed   small trees, 64 side by side
//! kernel   which leaf, in plain loops
//! avx512   the same in AVX-512
//! sum      f64 or f32
//! ```
//!
//! A block of rows is coded once, then goes through tree after tree, 64 rows in a register. A row alone goes through 64 trees
//! at once. What does not fit (more than 256 leaves, categories) is walked. Sums are in the order of the trees, so that nothing
//! differs from the plain walk.

#[cfg(target_arch = "x86_64")]
mod avx512;
mod codes;
mod kernel;
mod packed;
mod sum;

use std::ops::Range;

use ndarray::ArrayView2;

use super::ensemble::{Ensemble, Reading, Sum};
#[cfg(target_arch = "x86_64")]
use avx512::Simd as Number;
use codes::Codes;
use kernel::BLOCK;
use packed::{Packed, Small};
#[cfg(not(target_arch = "x86_64"))]
use sum::Real as Number;
use sum::Real;

/// The fast form of an ensemble, which is kept beside it: about 5 bytes a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Compiled(Form);

/// By what sums are of.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    F64(Scorer<f64>),
    F32(Scorer<f32>),
}

#[derive(Debug, Clone, PartialEq)]
struct Scorer<T> {
    codes: Codes,
    /// In the order of the trees.
    parts: Vec<Part<T>>,
    /// Whether something is read as missing that is not.
    makes_missing: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Part<T> {
    Packed(Packed<T>),
    /// Trees by number, which are walked.
    Walked(Range<usize>),
}

/// Planes of a row on the stack: of most models, and of any.
const FEW_PLANES: usize = 256;
const MANY_PLANES: usize = 4096;

/// Fewer trees side by side are walked.
const FEW_TREES: usize = 4;

/// Which instructions the kernels use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Isa {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The best this processor has.
    #[inline]
    fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if avx512::is_there() {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }
}

impl<T: Number> Scorer<T> {
    fn new(ensemble: &Ensemble) -> Self {
        let trees = &ensemble.trees;
        let codes = Codes::new(trees, &ensemble.readings);
        let mut parts = Vec::new();
        let mut small: Vec<Small> = Vec::new();
        let walked = |trees: Range<usize>, parts: &mut Vec<Part<T>>| match parts.last_mut() {
            Some(Part::Walked(range)) => range.end = trees.end,
            _ => parts.push(Part::Walked(trees)),
        };
        let pack = |small: &mut Vec<Small>, end: usize, all: bool, parts: &mut Vec<Part<T>>| {
            while !small.is_empty() && (all || small.len() >= packed::LANES) {
                if small.len() < FEW_TREES {
                    let first = end - small.len();
                    small.clear();
                    return walked(first..end, parts);
                }
                let packed =
                    Packed::new(end - small.len(), small, codes.n_planes(), |value| ensemble.value_of_leaf(value));
                small.drain(..packed.n_trees);
                parts.push(Part::Packed(packed));
            }
        };
        for tree in 0..trees.len() {
            match Small::new(trees, tree, &codes) {
                Some(packable) => {
                    small.push(packable);
                    pack(&mut small, tree + 1, false, &mut parts);
                }
                None => {
                    pack(&mut small, tree, true, &mut parts);
                    walked(tree..tree + 1, &mut parts);
                }
            }
        }
        pack(&mut small, trees.len(), true, &mut parts);
        let makes_missing = ensemble.readings.contains(&Reading::ZeroIsMissing);
        Self { codes, parts, makes_missing }
    }

    #[inline]
    fn may_miss(&self, values: &[f64]) -> bool {
        self.makes_missing || values.iter().fold(false, |misses, value| misses | value.is_nan())
    }

    /// Adds the leaves of a row to `sums`, one per output.
    #[inline]
    fn add_row(&self, ensemble: &Ensemble, row: &[f64], sums: &mut [T], isa: Isa) {
        if self.codes.n_planes() <= FEW_PLANES {
            self.add_row_by(&mut [0; FEW_PLANES], ensemble, row, sums, isa);
        } else if self.codes.n_planes() <= MANY_PLANES {
            self.add_row_by(&mut [0; MANY_PLANES], ensemble, row, sums, isa);
        } else {
            walk(ensemble, 0..ensemble.trees.len(), row, sums);
        }
    }

    #[inline]
    fn add_row_by<const N: usize>(
        &self,
        codes: &mut [u8; N],
        ensemble: &Ensemble,
        row: &[f64],
        sums: &mut [T],
        isa: Isa,
    ) {
        self.codes.encode(row, row.len(), 1, codes);
        let may_miss = self.may_miss(row);
        for part in &self.parts {
            match part {
                Part::Packed(packed) => {
                    let packed = packed.for_rows(may_miss);
                    let mut own = [0; 256];
                    let codes = if packed.is_plain {
                        codes.first_chunk().expect("there is room for 256 planes")
                    } else {
                        own.iter_mut().zip(&packed.planes).for_each(|(code, &plane)| *code = codes[plane as usize]);
                        &own
                    };
                    match isa {
                        #[cfg(target_arch = "x86_64")]
                        // SAFETY: the processor has what the kernel needs.
                        #[allow(unsafe_code)]
                        Isa::Avx512 => unsafe { avx512::add_row(packed, codes, sums) },
                        _ => kernel::add_row(packed, codes, sums),
                    }
                }
                Part::Walked(trees) => walk(ensemble, trees.clone(), row, sums),
            }
        }
    }

    /// Adds the leaves of at most 256 rows, one after the other in `rows`; output `k` of row `r` is `sums[k * 256 + r]`.
    fn add_block(&self, ensemble: &Ensemble, rows: &[f64], codes: &mut [u8], sums: &mut [T], isa: Isa) {
        let n_features = ensemble.n_features;
        let n_outputs = ensemble.base.len();
        let n_rows = rows.len() / n_features;
        self.codes.encode(rows, n_features, BLOCK, codes);
        let may_miss = self.may_miss(rows);
        for part in &self.parts {
            match part {
                Part::Packed(packed) => match isa {
                    #[cfg(target_arch = "x86_64")]
                    // SAFETY: the processor has what the kernel needs.
                    #[allow(unsafe_code)]
                    Isa::Avx512 => unsafe {
                        avx512::add_block(packed.for_rows(may_miss), codes, n_rows, sums, n_outputs)
                    },
                    #[cfg(target_arch = "x86_64")]
                    // SAFETY: the processor has what the kernel needs.
                    #[allow(unsafe_code)]
                    Isa::Avx2 => unsafe { add_block_avx2(packed.for_rows(may_miss), codes, sums, n_outputs) },
                    Isa::Portable => kernel::add_block(packed.for_rows(may_miss), codes, sums, n_outputs),
                },
                Part::Walked(trees) => {
                    for tree in trees.clone() {
                        let sums = &mut sums[tree % n_outputs * BLOCK..];
                        for (row, sum) in rows.chunks_exact(n_features).zip(sums) {
                            *sum += T::from_f64(ensemble.tree_value(tree, row));
                        }
                    }
                }
            }
        }
    }
}

/// Adds the leaves of some trees.
fn walk<T: Real>(ensemble: &Ensemble, trees: Range<usize>, row: &[f64], sums: &mut [T]) {
    let n_outputs = sums.len();
    for tree in trees {
        sums[tree % n_outputs] += T::from_f64(ensemble.tree_value(tree, row));
    }
}

/// The plain loops, as AVX2 has them.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn add_block_avx2<T: Real>(packed: &Packed<T>, codes: &[u8], sums: &mut [T], n_outputs: usize) {
    kernel::add_block(packed, codes, sums, n_outputs);
}

/// Of no trees.
impl Default for Compiled {
    fn default() -> Self {
        Self(Form::F64(Scorer { codes: Codes::default(), parts: Vec::new(), makes_missing: false }))
    }
}

impl Compiled {
    pub(crate) fn new(ensemble: &Ensemble) -> Self {
        match ensemble.sum {
            Sum::F64 => Self(Form::F64(Scorer::new(ensemble))),
            Sum::F32 => Self(Form::F32(Scorer::new(ensemble))),
        }
    }

    /// The raw values of all outputs of the ensemble it was made of, for a row of the right length. Of up to 32 outputs, nothing
    /// is allocated.
    pub(crate) fn raw_into(&self, ensemble: &Ensemble, row: &[f64], out: &mut [f64]) {
        self.raw_into_by(ensemble, row, out, Isa::best());
    }

    #[inline]
    fn raw_into_by(&self, ensemble: &Ensemble, row: &[f64], out: &mut [f64], isa: Isa) {
        match &self.0 {
            Form::F64(scorer) => {
                out.copy_from_slice(&ensemble.base);
                scorer.add_row(ensemble, row, out, isa);
                out.iter_mut().for_each(|out| *out /= ensemble.divisor);
            }
            Form::F32(scorer) => {
                let add = |sums: &mut [f32]| {
                    sums.iter_mut().zip(&ensemble.base).for_each(|(sum, &base)| *sum = base as f32);
                    scorer.add_row(ensemble, row, sums, isa);
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = f64::from(*sum) / ensemble.divisor);
                };
                with_room(ensemble.base.len(), add);
            }
        }
    }

    /// The same of each row, and what `finish` makes of it: `finish(raw values of a row, its width numbers in out)`.
    pub(crate) fn each_raw(
        &self,
        ensemble: &Ensemble,
        x: ArrayView2<'_, f64>,
        width: usize,
        out: &mut [f64],
        finish: impl Fn(&mut [f64], &mut [f64]) + Sync,
    ) {
        let isa = Isa::best();
        match &self.0 {
            Form::F64(scorer) => scorer.each_raw(ensemble, x, width, out, isa, finish),
            Form::F32(scorer) => scorer.each_raw(ensemble, x, width, out, isa, finish),
        }
    }
}

/// Outputs of a row on the stack.
const FEW_OUTPUTS: usize = 32;

/// Calls with some zeros, from the stack where they are few.
pub(crate) fn with_room<T: Copy + Default, R>(n: usize, call: impl FnOnce(&mut [T]) -> R) -> R {
    if n <= FEW_OUTPUTS { call(&mut [T::default(); FEW_OUTPUTS][..n]) } else { call(&mut vec![T::default(); n]) }
}

/// Fewer rows are scored one by one.
const FEW_ROWS: usize = 16;
/// Rows that a thread takes at a time.
const ROWS_PER_TASK: usize = 16 * BLOCK;

impl<T: Number> Scorer<T> {
    fn each_raw(
        &self,
        ensemble: &Ensemble,
        x: ArrayView2<'_, f64>,
        width: usize,
        out: &mut [f64],
        isa: Isa,
        finish: impl Fn(&mut [f64], &mut [f64]) + Sync,
    ) {
        let task = |from: usize, out: &mut [f64]| {
            let x = x.slice(ndarray::s![from..from + out.len() / width, ..]);
            self.each_raw_of_task(ensemble, x, width, out, isa, &finish);
        };
        #[cfg(feature = "parallel")]
        if x.nrows() >= ROWS_PER_TASK / 4 {
            use rayon::prelude::*;
            // Tasks of one length whatever the number of threads; rows do not see each other anyway.
            let rows = (x.nrows() / 8).clamp(BLOCK, ROWS_PER_TASK).next_multiple_of(BLOCK);
            out.par_chunks_mut(rows * width).enumerate().for_each(|(chunk, out)| task(chunk * rows, out));
            return;
        }
        out.chunks_mut(ROWS_PER_TASK * width).enumerate().for_each(|(chunk, out)| task(chunk * ROWS_PER_TASK, out));
    }

    fn each_raw_of_task(
        &self,
        ensemble: &Ensemble,
        x: ArrayView2<'_, f64>,
        width: usize,
        out: &mut [f64],
        isa: Isa,
        finish: &impl Fn(&mut [f64], &mut [f64]),
    ) {
        let n_outputs = ensemble.base.len();
        let base: Vec<T> = ensemble.base.iter().map(|&base| T::from_f64(base)).collect();
        let mut raw = vec![0.0; n_outputs];
        let mut end = |sum_of: &dyn Fn(usize) -> T, out: &mut [f64]| {
            raw.iter_mut().enumerate().for_each(|(output, raw)| *raw = sum_of(output).to_f64() / ensemble.divisor);
            finish(&mut raw, out);
        };
        if x.nrows() < FEW_ROWS || x.ncols() == 0 {
            let mut sums = base.clone();
            super::each_row(x, 0..x.nrows(), |at, row| {
                sums.copy_from_slice(&base);
                self.add_row(ensemble, row, &mut sums, isa);
                end(&|output| sums[output], &mut out[at * width..][..width]);
            });
            return;
        }
        let mut codes = vec![0; self.codes.n_planes() * BLOCK];
        let mut sums = vec![T::default(); n_outputs * BLOCK];
        let mut copy = Vec::new();
        for (x, out) in x.axis_chunks_iter(ndarray::Axis(0), BLOCK).zip(out.chunks_mut(BLOCK * width)) {
            let rows = x.to_slice().unwrap_or_else(|| {
                copy.clear();
                copy.extend(x.iter());
                &copy
            });
            sums.chunks_exact_mut(BLOCK).zip(&base).for_each(|(sums, &base)| sums.fill(base));
            self.add_block(ensemble, rows, &mut codes, &mut sums, isa);
            for (row, out) in out.chunks_exact_mut(width).enumerate() {
                end(&|output| sums[output * BLOCK + row], out);
            }
        }
    }
}

#[cfg(test)]
mod tests;
