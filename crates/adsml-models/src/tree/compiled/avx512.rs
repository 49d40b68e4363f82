//! The kernels in AVX-512: 64 rows of one tree, or one row of 64 trees, to a register of bytes.
//!
//! Compilers do not find them in the safe twins of `kernel.rs`, to which the tests hold them: `docs/adr/0011-compiled-scoring.md` has the measurements.
#![allow(unsafe_code)]

use std::arch::x86_64::*;

use super::kernel::BLOCK;
use super::packed::{LANES, Packed};
use super::sum::Real;

/// Whether this processor has what the kernels need.
#[inline]
pub(super) fn is_there() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi")
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn load(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: the array has the 64 bytes that are read, at any alignment.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

/// The 64 bytes from `at` on.
#[inline(always)]
fn bytes(all: &[u8], at: usize) -> &[u8; 64] {
    all[at..].first_chunk().expect("lists are of whole registers")
}

/// Adds the leaves of every tree for a block of rows, of which the first `n_rows` matter.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn add_block<T: Simd>(packed: &Packed<T>, codes: &[u8], n_rows: usize, sums: &mut [T], n_outputs: usize) {
    for lane in 0..packed.n_trees {
        let sums = &mut sums[(packed.first + lane) % n_outputs * BLOCK..][..BLOCK];
        if n_rows > BLOCK - 64 {
            add_rows::<T, { BLOCK / 64 }>(packed, lane, codes, 0, sums);
        } else {
            (0..n_rows).step_by(64).for_each(|row| add_rows::<T, 1>(packed, lane, codes, row, sums));
        }
    }
}

/// Adds the leaves of one tree for `N` times 64 rows.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn add_rows<T: Simd, const N: usize>(packed: &Packed<T>, lane: usize, codes: &[u8], row: usize, sums: &mut [T]) {
    let mut leaf = [_mm512_setzero_si512(); N];
    let n = usize::from(packed.n_questions[lane]);
    let first = if packed.is_symmetric { packed.n_slots - n } else { 0 };
    for at in (first * LANES + lane..).step_by(LANES).take(n) {
        let plane = packed.planes[usize::from(packed.plane[at])] as usize;
        let codes = &codes[plane * BLOCK + row..][..64 * N];
        let cut = _mm512_set1_epi8(packed.cut[at] as i8);
        if packed.is_symmetric {
            for (of, leaf) in leaf.iter_mut().enumerate() {
                let right = _mm512_cmpgt_epu8_mask(load(bytes(codes, of * 64)), cut);
                let double = _mm512_add_epi8(*leaf, *leaf);
                *leaf = _mm512_mask_sub_epi8(double, right, double, _mm512_set1_epi8(-1));
            }
        } else {
            let low = _mm512_set1_epi8(packed.low[at] as i8);
            let middle = _mm512_set1_epi8(packed.middle[at] as i8);
            for (of, leaf) in leaf.iter_mut().enumerate() {
                let right = _mm512_cmpgt_epu8_mask(load(bytes(codes, of * 64)), cut);
                let moves = _mm512_mask_cmpeq_epi8_mask(right, *leaf, low);
                *leaf = _mm512_mask_mov_epi8(*leaf, moves, middle);
            }
        }
    }
    let leaves = packed.leaves_of(lane);
    for (leaf, sums) in leaf.into_iter().zip(sums[row..].chunks_exact_mut(64)) {
        // SAFETY: the features of this function are those that it needs.
        unsafe { T::add_leaves(leaves, leaf, sums) };
    }
}

/// Adds the leaves of all trees for one row, whose code of plane `p` is `codes[p]`.
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
pub(super) fn add_row<T: Simd>(packed: &Packed<T>, codes: &[u8; 256], sums: &mut [T]) {
    let leaf = match packed.planes.len() {
        ..=64 => leaves::<T, 1>(packed, codes),
        65..=128 => leaves::<T, 2>(packed, codes),
        _ => leaves::<T, 4>(packed, codes),
    };
    packed.add_leaves(&leaf, sums);
}

/// The leaf of each tree, of planes in `N` registers.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
fn leaves<T: Simd, const N: usize>(packed: &Packed<T>, codes: &[u8; 256]) -> [u8; 64] {
    let table: [__m512i; N] = std::array::from_fn(|at| load(bytes(codes, at * 64)));
    let mut leaf = _mm512_setzero_si512();
    for at in (0..packed.n_slots * LANES).step_by(LANES) {
        let plane = load(bytes(&packed.plane, at));
        let code = match N {
            1 => _mm512_permutexvar_epi8(plane, table[0]),
            2 => _mm512_permutex2var_epi8(table[0], plane, table[N - 1]),
            _ => {
                let low = _mm512_permutex2var_epi8(table[0], plane, table[N / 4]);
                let high = _mm512_permutex2var_epi8(table[N / 2], plane, table[N - 1]);
                _mm512_mask_mov_epi8(low, _mm512_movepi8_mask(plane), high)
            }
        };
        let right = _mm512_cmpgt_epu8_mask(code, load(bytes(&packed.cut, at)));
        if packed.is_symmetric {
            let double = _mm512_add_epi8(leaf, leaf);
            leaf = _mm512_mask_sub_epi8(double, right, double, _mm512_set1_epi8(-1));
        } else {
            let moves = _mm512_mask_cmpeq_epi8_mask(right, leaf, load(bytes(&packed.low, at)));
            leaf = _mm512_mask_mov_epi8(leaf, moves, load(bytes(&packed.middle, at)));
        }
    }
    store(leaf)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw")]
fn store(register: __m512i) -> [u8; 64] {
    let mut bytes = [0; 64];
    // SAFETY: the array has the 64 bytes that are written, at any alignment.
    unsafe { _mm512_storeu_si512(bytes.as_mut_ptr().cast(), register) };
    bytes
}

/// Sums of 64 rows.
pub(super) trait Simd: Real {
    /// Adds `leaves[leaf[r]]` to `sums[r]` of 64 rows.
    ///
    /// # Safety
    ///
    /// The processor has AVX-512 F, BW and VBMI.
    unsafe fn add_leaves(leaves: &[Self], leaf: __m512i, sums: &mut [Self]);
}

impl Simd for f64 {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    unsafe fn add_leaves(leaves: &[Self], leaf: __m512i, sums: &mut [Self]) {
        let leaf = store(leaf);
        let (sums, _) = sums.as_chunks_mut::<8>();
        let (groups, _) = leaf.as_chunks::<8>();
        let (tables, _) = leaves.as_chunks::<8>();
        let table = |at: usize| load_f64(&tables[at]);
        let index = |group: &[u8; 8]| _mm512_cvtepu8_epi64(_mm_cvtsi64_si128(i64::from_le_bytes(*group)));
        match leaves.len() {
            16 => {
                let [a, b] = [table(0), table(1)];
                for (sums, group) in sums.iter_mut().zip(groups) {
                    add_f64(sums, _mm512_permutex2var_pd(a, index(group), b));
                }
            }
            32 => {
                let [a, b, c, d] = [table(0), table(1), table(2), table(3)];
                for (sums, group) in sums.iter_mut().zip(groups) {
                    let at = index(group);
                    let high = _mm512_test_epi64_mask(at, _mm512_set1_epi64(16));
                    let [low_half, high_half] = [_mm512_permutex2var_pd(a, at, b), _mm512_permutex2var_pd(c, at, d)];
                    add_f64(sums, _mm512_mask_mov_pd(low_half, high, high_half));
                }
            }
            64 => {
                let [a, b, c, d] = [table(0), table(1), table(2), table(3)];
                let [e, f, g, h] = [table(4), table(5), table(6), table(7)];
                for (sums, group) in sums.iter_mut().zip(groups) {
                    let at = index(group);
                    let second = _mm512_test_epi64_mask(at, _mm512_set1_epi64(16));
                    let upper = _mm512_test_epi64_mask(at, _mm512_set1_epi64(32));
                    let [p, q] = [_mm512_permutex2var_pd(a, at, b), _mm512_permutex2var_pd(c, at, d)];
                    let [r, s] = [_mm512_permutex2var_pd(e, at, f), _mm512_permutex2var_pd(g, at, h)];
                    let [low, high] = [_mm512_mask_mov_pd(p, second, q), _mm512_mask_mov_pd(r, second, s)];
                    add_f64(sums, _mm512_mask_mov_pd(low, upper, high));
                }
            }
            _ => super::kernel::add_leaves_of_rows(leaves, &leaf, sums.as_flattened_mut()),
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_f64(values: &[f64; 8]) -> __m512d {
    // SAFETY: the array has the 8 values that are read, at any alignment.
    unsafe { _mm512_loadu_pd(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_f64(sums: &mut [f64; 8], values: __m512d) {
    let sum = _mm512_add_pd(load_f64(sums), values);
    // SAFETY: the array has room for the 8 values, at any alignment.
    unsafe { _mm512_storeu_pd(sums.as_mut_ptr(), sum) };
}

impl Simd for f32 {
    #[inline]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi")]
    unsafe fn add_leaves(leaves: &[Self], leaf: __m512i, sums: &mut [Self]) {
        let leaf = store(leaf);
        let (sums, _) = sums.as_chunks_mut::<16>();
        let (groups, _) = leaf.as_chunks::<16>();
        let (tables, _) = leaves.as_chunks::<16>();
        let table = |at: usize| load_f32(&tables[at]);
        let index = |group: &[u8; 16]| {
            // SAFETY: the array has the 16 bytes that are read, at any alignment.
            _mm512_cvtepu8_epi32(unsafe { _mm_loadu_si128(group.as_ptr().cast()) })
        };
        match leaves.len() {
            16 => {
                let a = table(0);
                for (sums, group) in sums.iter_mut().zip(groups) {
                    add_f32(sums, _mm512_permutexvar_ps(index(group), a));
                }
            }
            32 => {
                let [a, b] = [table(0), table(1)];
                for (sums, group) in sums.iter_mut().zip(groups) {
                    add_f32(sums, _mm512_permutex2var_ps(a, index(group), b));
                }
            }
            64 => {
                let [a, b, c, d] = [table(0), table(1), table(2), table(3)];
                for (sums, group) in sums.iter_mut().zip(groups) {
                    let at = index(group);
                    let high = _mm512_test_epi32_mask(at, _mm512_set1_epi32(32));
                    let [low_half, high_half] = [_mm512_permutex2var_ps(a, at, b), _mm512_permutex2var_ps(c, at, d)];
                    add_f32(sums, _mm512_mask_mov_ps(low_half, high, high_half));
                }
            }
            _ => super::kernel::add_leaves_of_rows(leaves, &leaf, sums.as_flattened_mut()),
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load_f32(values: &[f32; 16]) -> __m512 {
    // SAFETY: the array has the 16 values that are read, at any alignment.
    unsafe { _mm512_loadu_ps(values.as_ptr()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn add_f32(sums: &mut [f32; 16], values: __m512) {
    let sum = _mm512_add_ps(load_f32(sums), values);
    // SAFETY: the array has room for the 16 values, at any alignment.
    unsafe { _mm512_storeu_ps(sums.as_mut_ptr(), sum) };
}
