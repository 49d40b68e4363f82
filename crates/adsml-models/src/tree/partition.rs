//! Which rows are in which leaf: each leaf is a range of one list of row numbers.

use std::ops::Range;

use super::workers::{Workers, pieces};

/// Fewer rows than this are not worth a second thread.
const ROWS_PER_THREAD: usize = 4096;

/// Row numbers, those of each leaf next to each other and in ascending order.
#[derive(Debug)]
pub(crate) struct Partition {
    rows: Vec<u32>,
    /// Room for the rows that go right.
    spare: Vec<u32>,
}

impl Partition {
    pub(crate) const fn new() -> Self {
        Self { rows: Vec::new(), spare: Vec::new() }
    }

    /// All rows in one leaf.
    pub(crate) fn reset(&mut self, rows: impl ExactSizeIterator<Item = u32>) {
        self.rows.clear();
        self.rows.extend(rows);
        self.spare.resize(self.rows.len(), 0);
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn rows(&self, range: Range<usize>) -> &[u32] {
        &self.rows[range]
    }

    pub(crate) fn rows_mut(&mut self, range: Range<usize>) -> &mut [u32] {
        &mut self.rows[range]
    }

    /// Moves the rows of a leaf whose code goes left to the front, both sides in their order; where the right side starts.
    pub(crate) fn split(
        &mut self,
        range: Range<usize>,
        codes: &[u8],
        goes_left: &[bool; 256],
        workers: &Workers,
    ) -> usize {
        let (rows, spare) = (&mut self.rows[range.clone()], &mut self.spare[range.clone()]);
        let ranges = pieces(rows.len(), workers.threads(), ROWS_PER_THREAD);
        if ranges.len() == 1 {
            let left = split_part(rows, spare, codes, goes_left);
            let right = rows.len() - left;
            rows[left..].copy_from_slice(&spare[..right]);
            return range.start + left;
        }
        let parts = super::gradients::cut(rows, &ranges).into_iter().zip(super::gradients::cut(spare, &ranges));
        let lefts = workers.each(parts.collect(), |((_, rows), (_, spare))| split_part(rows, spare, codes, goes_left));
        // Each part holds its left rows in front of `rows` and its right rows in front of `spare`.
        let mut left = 0;
        for (part, &n) in ranges.iter().zip(&lefts) {
            rows.copy_within(part.start..part.start + n, left);
            left += n;
        }
        let mut right = left;
        for (part, &n) in ranges.iter().zip(&lefts) {
            let n = part.len() - n;
            rows[right..right + n].copy_from_slice(&spare[part.start..part.start + n]);
            right += n;
        }
        range.start + left
    }
}

/// Left rows to the front of `rows`, right rows to the front of `spare`; the number of left rows.
fn split_part(rows: &mut [u32], spare: &mut [u32], codes: &[u8], goes_left: &[bool; 256]) -> usize {
    let (mut left, mut right) = (0, 0);
    for at in 0..rows.len() {
        let row = rows[at];
        let goes_left = goes_left[usize::from(codes[row as usize])];
        // Both are written, one of them to be overwritten: no branch to mispredict.
        rows[left] = row;
        spare[right] = row;
        left += usize::from(goes_left);
        right += usize::from(!goes_left);
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_keep_their_order_at_any_number_of_threads() {
        let n = 100_000_usize;
        let codes: Vec<u8> = (0..n).map(|row| (row * row % 251) as u8).collect();
        let goes_left: [bool; 256] = std::array::from_fn(|code| code % 3 == 0);
        let expected = |left: bool| -> Vec<u32> {
            let side = |row: &u32| goes_left[usize::from(codes[*row as usize])] == left;
            (10..n as u32).filter(side).collect()
        };
        for threads in [1, 2, 5] {
            let mut partition = Partition::new();
            partition.reset(0..n as u32);
            let at = partition.split(10..n, &codes, &goes_left, &Workers::new(threads).unwrap());
            assert_eq!(partition.rows(10..at), expected(true));
            assert_eq!(partition.rows(at..n), expected(false));
            assert_eq!(partition.rows(0..10), (0..10).collect::<Vec<_>>());
        }
    }
}
