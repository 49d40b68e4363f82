//! Sums of derivatives by code: of rows, of siblings by subtraction, of features that share a column.

use std::cell::RefCell;
use std::ops::Range;

use super::gradients::{ROWS_PER_WORD, Rounded, Sums, Words, unpack};
use super::matrix::{BLOCK, BinnedMatrix, Block};
use super::workers::{Workers, pieces};

/// Fewer rows than this are not worth a second thread.
const ROWS_PER_THREAD: usize = 4096;

/// Rows that are fetched before they are added up: fetches that do not wait for each other.
const STAGE: usize = 64;

thread_local! {
    /// Sums of the words of up to [`ROWS_PER_WORD`] rows; zero between uses.
    static SUMS: RefCell<Box<[[i64; 256]; BLOCK]>> = RefCell::new(Box::new([[0; 256]; BLOCK]));
}

/// Sums of rounded derivatives by code, columns one after the other; whole numbers, exact.
#[derive(Debug, Clone, Default)]
pub(crate) struct Histogram {
    pub(crate) g: Vec<f64>,
    pub(crate) h: Vec<f64>,
}

/// Which rows a histogram is of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum RowSet<'a> {
    /// All of them, in order.
    All,
    These(&'a [u32]),
}

impl Histogram {
    pub(crate) fn zeros(n_codes: usize) -> Self {
        Self { g: vec![0.0; n_codes], h: vec![0.0; n_codes] }
    }

    /// Becomes the histogram of `rows`: one addition per row and column.
    pub(crate) fn fill(&mut self, matrix: &BinnedMatrix, rounded: &Rounded, rows: RowSet<'_>, workers: &Workers) {
        let n = match rows {
            RowSet::All => matrix.n_rows,
            RowSet::These(rows) => rows.len(),
        };
        if n == 0 {
            self.g.fill(0.0);
            self.h.fill(0.0);
            return;
        }
        let ranges = pieces(n, workers.threads(), ROWS_PER_THREAD);
        let part = |range: &Range<usize>| match rows {
            RowSet::All => RowSet::All,
            RowSet::These(rows) => RowSet::These(&rows[range.clone()]),
        };
        if ranges.len() == 1 {
            sum_rows(self, matrix, rounded, rows, &ranges[0]);
            return;
        }
        let mut others = vec![Self::zeros(matrix.n_codes()); ranges.len() - 1];
        let parts = std::iter::once(&mut *self).chain(&mut others).zip(&ranges).collect();
        workers.each(parts, |(histogram, range)| sum_rows(histogram, matrix, rounded, part(range), range));
        for other in &others {
            add(&mut self.g, &other.g);
            add(&mut self.h, &other.h);
        }
    }

    /// Takes a child's sums away: what is left is the sibling's.
    pub(crate) fn subtract(&mut self, child: &Self) {
        for (mine, theirs) in [(&mut self.g, &child.g), (&mut self.h, &child.h)] {
            for (a, b) in mine.iter_mut().zip(theirs) {
                *a -= b;
            }
        }
    }

    /// The sums of all rows, read off a column.
    pub(crate) fn total(&self, matrix: &BinnedMatrix) -> Sums {
        let first = 0..matrix.offsets[1];
        Sums { g: self.g[first.clone()].iter().sum(), h: self.h[first].iter().sum() }
    }
}

fn add(sums: &mut [f64], more: &[f64]) {
    for (a, b) in sums.iter_mut().zip(more) {
        *a += b;
    }
}

/// The histogram of rows `range` of the matrix, or of the given ones.
fn sum_rows(
    histogram: &mut Histogram,
    matrix: &BinnedMatrix,
    rounded: &Rounded,
    rows: RowSet<'_>,
    range: &Range<usize>,
) {
    for block in &matrix.blocks {
        match block.width {
            1 => sum_block::<1>(histogram, matrix, block, rounded, rows, range),
            2 => sum_block::<2>(histogram, matrix, block, rounded, rows, range),
            3 => sum_block::<3>(histogram, matrix, block, rounded, rows, range),
            4 => sum_block::<4>(histogram, matrix, block, rounded, rows, range),
            5 => sum_block::<5>(histogram, matrix, block, rounded, rows, range),
            6 => sum_block::<6>(histogram, matrix, block, rounded, rows, range),
            7 => sum_block::<7>(histogram, matrix, block, rounded, rows, range),
            8 => sum_block::<8>(histogram, matrix, block, rounded, rows, range),
            9 => sum_block::<9>(histogram, matrix, block, rounded, rows, range),
            10 => sum_block::<10>(histogram, matrix, block, rounded, rows, range),
            11 => sum_block::<11>(histogram, matrix, block, rounded, rows, range),
            12 => sum_block::<12>(histogram, matrix, block, rounded, rows, range),
            13 => sum_block::<13>(histogram, matrix, block, rounded, rows, range),
            14 => sum_block::<14>(histogram, matrix, block, rounded, rows, range),
            15 => sum_block::<15>(histogram, matrix, block, rounded, rows, range),
            16 => sum_block::<BLOCK>(histogram, matrix, block, rounded, rows, range),
            width => unreachable!("a block of {width} columns"),
        }
    }
}

fn sum_block<const W: usize>(
    histogram: &mut Histogram,
    matrix: &BinnedMatrix,
    block: &Block,
    rounded: &Rounded,
    rows: RowSet<'_>,
    range: &Range<usize>,
) {
    let codes = block.codes.as_chunks::<W>().0;
    match &rounded.words {
        Words::Packed(words) => SUMS.with_borrow_mut(|sums| {
            let sums = sums.first_chunk_mut().expect("a block is no wider");
            let mut flush = flusher::<W>(histogram, matrix, block);
            match rows {
                RowSet::All => {
                    let (codes, words) = (&codes[range.clone()], &words[range.clone()]);
                    for (codes, words) in codes.chunks(ROWS_PER_WORD).zip(words.chunks(ROWS_PER_WORD)) {
                        for (codes, &word) in codes.iter().zip(words) {
                            add_word(sums, codes, word);
                        }
                        flush(sums);
                    }
                }
                RowSet::These(rows) => {
                    let mut staged = [([0; W], 0); STAGE];
                    for rows in rows.chunks(ROWS_PER_WORD) {
                        for rows in rows.chunks(STAGE) {
                            for (staged, &row) in staged.iter_mut().zip(rows) {
                                *staged = (codes[row as usize], words[row as usize]);
                            }
                            for (codes, word) in &staged[..rows.len()] {
                                add_word(sums, codes, *word);
                            }
                        }
                        flush(sums);
                    }
                }
            }
        }),
        Words::Wide(words) => {
            let (first, last) = (matrix.offsets[block.first], matrix.offsets[block.first + W]);
            let starts: [usize; W] = std::array::from_fn(|at| matrix.offsets[block.first + at] - first);
            let (g, h) = (&mut histogram.g[first..last], &mut histogram.h[first..last]);
            g.fill(0.0);
            h.fill(0.0);
            let mut visit = |row: usize| {
                for (&start, &code) in starts.iter().zip(&codes[row]) {
                    g[start + usize::from(code)] += words[row][0];
                    h[start + usize::from(code)] += words[row][1];
                }
            };
            match rows {
                RowSet::All => range.clone().for_each(&mut visit),
                RowSet::These(rows) => rows.iter().for_each(|&row| visit(row as usize)),
            }
        }
    }
}

#[inline(always)]
fn add_word<const W: usize>(sums: &mut [[i64; 256]; W], codes: &[u8; W], word: i64) {
    for (sums, &code) in sums.iter_mut().zip(codes) {
        let sum = &mut sums[usize::from(code)];
        *sum = sum.wrapping_add(word);
    }
}

/// What moves the sums of up to [`ROWS_PER_WORD`] rows from words to the histogram: in place of what was there, then on top.
fn flusher<const W: usize>(
    histogram: &mut Histogram,
    matrix: &BinnedMatrix,
    block: &Block,
) -> impl FnMut(&mut [[i64; 256]; W]) {
    let mut is_first = true;
    move |sums| {
        for (at, sums) in sums.iter_mut().enumerate() {
            let range = matrix.offsets[block.first + at]..matrix.offsets[block.first + at + 1];
            let (g, h) = (&mut histogram.g[range.clone()], &mut histogram.h[range]);
            for ((word, g), h) in sums.iter_mut().zip(g).zip(h) {
                let sum = unpack(*word);
                (*g, *h) = if is_first { (sum.g, sum.h) } else { (*g + sum.g, *h + sum.h) };
                *word = 0;
            }
        }
        is_first = false;
    }
}
