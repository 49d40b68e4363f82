//! The kernels in plain loops over bytes, which compilers turn into what the processor has.

use super::packed::{LANES, Packed};
use super::sum::Real;

/// Rows that are scored at a time.
pub(super) const BLOCK: usize = 256;

/// Adds the leaves of every tree for a block of rows: plane `p` of row `r` is `codes[p * BLOCK + r]`, output `k` of row `r` is
/// `sums[k * BLOCK + r]`.
#[inline(always)]
pub(super) fn add_block<T: Real>(packed: &Packed<T>, codes: &[u8], sums: &mut [T], n_outputs: usize) {
    for lane in 0..packed.n_trees {
        let mut leaf = [0_u8; BLOCK];
        let n = usize::from(packed.n_questions[lane]);
        let first = if packed.is_symmetric { packed.n_slots - n } else { 0 };
        for at in (first * LANES + lane..).step_by(LANES).take(n) {
            let plane = packed.planes[usize::from(packed.plane[at])] as usize;
            let codes: &[u8; BLOCK] = codes[plane * BLOCK..].first_chunk().expect("planes are of whole blocks");
            let cut = packed.cut[at];
            if packed.is_symmetric {
                for (leaf, &code) in leaf.iter_mut().zip(codes) {
                    *leaf = (*leaf << 1) + u8::from(code > cut);
                }
            } else {
                let (low, middle) = (packed.low[at], packed.middle[at]);
                for (leaf, &code) in leaf.iter_mut().zip(codes) {
                    *leaf = if (code > cut) & (*leaf == low) { middle } else { *leaf };
                }
            }
        }
        add_leaves_of_rows(packed.leaves_of(lane), &leaf, &mut sums[(packed.first + lane) % n_outputs * BLOCK..]);
    }
}

/// Adds `leaves[leaf[r]]` to `sums[r]`.
#[inline(always)]
pub(super) fn add_leaves_of_rows<T: Real>(leaves: &[T], leaf: &[u8], sums: &mut [T]) {
    for (sum, &leaf) in sums.iter_mut().zip(leaf) {
        *sum += leaves[usize::from(leaf)];
    }
}

/// Adds the leaves of all trees for one row, whose code of plane `p` is `codes[p]`.
#[inline(always)]
pub(super) fn add_row<T: Real>(packed: &Packed<T>, codes: &[u8; 256], sums: &mut [T]) {
    let mut leaf = [0_u8; LANES];
    for at in (0..packed.n_slots * LANES).step_by(LANES) {
        let mut right = [0_u8; LANES];
        let questions = packed.plane[at..].iter().zip(&packed.cut[at..]);
        for (right, (&plane, &cut)) in right.iter_mut().zip(questions) {
            *right = u8::from(codes[usize::from(plane)] > cut);
        }
        if packed.is_symmetric {
            leaf.iter_mut().zip(right).for_each(|(leaf, right)| *leaf = (*leaf << 1) + right);
        } else {
            let ways = packed.low[at..].iter().zip(&packed.middle[at..]);
            for ((leaf, right), (&low, &middle)) in leaf.iter_mut().zip(right).zip(ways) {
                *leaf = if (right == 1) & (*leaf == low) { middle } else { *leaf };
            }
        }
    }
    packed.add_leaves(&leaf, sums);
}

impl<T: Real> Packed<T> {
    /// Adds the leaf of each tree to its output, in the order of the trees.
    #[inline(always)]
    pub(super) fn add_leaves(&self, leaf: &[u8; LANES], sums: &mut [T]) {
        let leaves = self.leaves.chunks_exact(self.width).zip(leaf).take(self.n_trees);
        let values = leaves.map(|(leaves, &leaf)| leaves[usize::from(leaf)]);
        if let [sum] = sums {
            *sum = values.fold(*sum, |sum, value| sum + value);
        } else {
            let n_outputs = sums.len();
            let mut output = self.first % n_outputs;
            for value in values {
                sums[output] += value;
                output = if output + 1 == n_outputs { 0 } else { output + 1 };
            }
        }
    }
}
