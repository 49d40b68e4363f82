//! Where the separators of well-formed rows stand, found 64 bytes at a time.
//!
//! Reading cell after cell, each has to wait for the end of the one before; with all ends known, columns are converted
//! in loops of their own, whose cells do not wait for one another and which can remember what they saw.
//!
//! Each byte is one bit in a word: delimiters, terminators, quotes. A prefix sum modulo two over the quotes tells what is inside
//! them. What is not well-formed is left to the reader that goes cell by cell, which also knows what to say.
//!
//! Source: Langdale and Lemire (2019), "Parsing gigabytes of JSON per second", VLDB Journal 28(6), section 3.1.

use super::cells::{Dialect, QUOTE};

/// Bytes that are looked at in one go: they stay in the nearest cache while their columns are converted.
const WINDOW: usize = 16 << 10;

/// The separators of some rows.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// Where the cells begin, row after row, counted from the first; where the next would begin; then room.
    starts: Vec<u16>,
    n_cells: usize,
    n_columns: usize,
    from: usize,
    /// Terminators in the rows, inside quotes or not.
    n_lines: u64,
    /// Whether a quote is doubled anywhere.
    has_doubled: bool,
}

impl Index {
    /// Finds the separators of the rows at `from`, about [`WINDOW`] bytes of them; how many rows. None when the rows
    /// are not all of `n_columns` cells, or a quote stands elsewhere than around a cell or doubled inside.
    #[inline(always)]
    pub(super) fn find<C: Chunk>(&mut self, bytes: &[u8], from: usize, dialect: Dialect, n_columns: usize) -> usize {
        let mut n_cells = 0;
        self.has_doubled = false;
        (self.n_columns, self.from) = (n_columns, from);
        let window = &bytes[from..bytes.len().min(from + WINDOW)];
        // A chunk is written whole, with room for sixty-four.
        self.starts.resize(1 + WINDOW + 64, 0);
        let (mut n_rows, mut in_rows) = (0, 0);
        let mut n_lines = 0;
        // Whether the byte before is inside quotes; a separator or closing quote; a closing quote. As bits 0 or 1.
        let (mut inside, mut may_open, mut closed) = (0_u64, 1_u64, 0_u64);
        for (i, chunk) in window.chunks(64).enumerate() {
            let mut padded = [0; 64];
            let chunk = chunk.first_chunk::<64>().unwrap_or_else(|| {
                padded[..chunk.len()].copy_from_slice(chunk);
                &padded
            });
            let quotes = C::positions(chunk, QUOTE);
            let mut delimiters = C::positions(chunk, dialect.delimiter);
            let lines = C::positions(chunk, dialect.terminator);
            let mut terminators = lines;
            if quotes | inside | closed != 0 {
                let within = prefix_xor(quotes) ^ inside.wrapping_neg();
                delimiters &= !within;
                terminators &= !within;
                let (opening, closing) = (quotes & within, quotes & !within);
                let may_follow = delimiters | terminators | opening;
                let before = delimiters | terminators | closing;
                let bad_opening = opening & !(before << 1 | may_open);
                let bad_after = (closing << 1 | closed) & !may_follow;
                if bad_opening | bad_after != 0 && bad_opening | (bad_after & !C::positions(chunk, b'\r')) != 0 {
                    break;
                }
                self.has_doubled |= opening & (closing << 1 | closed) != 0;
                (inside, closed) = (within >> 63, closing >> 63);
                may_open = before >> 63;
            } else {
                may_open = (delimiters | terminators) >> 63;
            }
            let separators = delimiters | terminators;
            if terminators != 0 {
                n_rows += terminators.count_ones() as usize;
                let last = 63 - terminators.leading_zeros();
                in_rows = n_cells + (separators << (63 - last)).count_ones() as usize;
                self.n_lines = n_lines + u64::from((lines << (63 - last)).count_ones());
            }
            n_lines += u64::from(lines.count_ones());
            let room = self.starts[1 + n_cells..].first_chunk_mut().expect("no chunk has more than 64 separators");
            n_cells += C::places(separators, (64 * i) as u16 + 1, room);
        }
        self.n_cells = in_rows;
        let ends_row = |&next: &u16| window[usize::from(next) - 1] == dialect.terminator;
        let mut next_rows = self.starts[..=in_rows].iter().step_by(n_columns).skip(1);
        if in_rows == n_rows * n_columns && next_rows.all(ends_row) { n_rows } else { 0 }
    }

    /// Where the rows end, just after their last terminator.
    pub(super) fn end(&self) -> usize {
        self.from + usize::from(self.starts[self.n_cells])
    }

    /// Terminators in the rows, inside quotes or not.
    pub(super) const fn n_lines(&self) -> u64 {
        self.n_lines
    }

    /// Whether a quoted cell holds a quote.
    pub(super) const fn has_doubled(&self) -> bool {
        self.has_doubled
    }

    /// Where the cells of a column begin and end, row after row.
    #[inline]
    pub(super) fn column(&self, column: usize) -> impl Iterator<Item = (usize, usize)> + Clone {
        let starts = self.starts.get(column..=self.n_cells).unwrap_or_default();
        let cells = starts.windows(2).step_by(self.n_columns);
        // A separator stands between a cell and the next.
        cells.map(|at| (self.from + usize::from(at[0]), self.from + usize::from(at[1]) - 1))
    }
}

/// What is done with sixty-four bytes at once.
pub(super) trait Chunk {
    /// The bits of the bytes that equal `wanted`.
    fn positions(chunk: &[u8; 64], wanted: u8) -> u64;

    /// Writes the places of the bits, each `base` later; how many.
    fn places(bits: u64, base: u16, out: &mut [u16; 64]) -> usize;
}

/// For any processor.
#[derive(Debug)]
pub(super) struct Portable;

impl Chunk for Portable {
    #[inline]
    fn positions(chunk: &[u8; 64], wanted: u8) -> u64 {
        let mut equal = [0_u8; 64];
        for (equal, &byte) in equal.iter_mut().zip(chunk) {
            *equal = u8::from(byte == wanted);
        }
        // Eight bytes of 0 or 1 become eight bits: the product adds each, shifted to its place, in the highest byte.
        let bits = |i: usize| {
            let eight = u64::from_le_bytes(equal[8 * i..8 * i + 8].try_into().expect("eight bytes"));
            (eight.wrapping_mul(0x0102_0408_1020_4080) >> 56) << (8 * i)
        };
        (0..8).fold(0, |all, i| all | bits(i))
    }

    #[inline]
    fn places(mut bits: u64, base: u16, out: &mut [u16; 64]) -> usize {
        let mut n = 0;
        while bits != 0 {
            out[n] = base + bits.trailing_zeros() as u16;
            bits &= bits - 1;
            n += 1;
        }
        n
    }
}

/// Bit `i` is the parity of the bits up to `i`.
#[inline]
const fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ (bits << 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::csv::cells;
    use proptest::prelude::*;

    const DIALECT: Dialect = Dialect { delimiter: b',', terminator: b'\n' };

    /// The raw cells of the rows that are found.
    fn found(text: &str, n_columns: usize) -> Vec<Vec<&str>> {
        let mut index = Index::default();
        let n_rows = index.find::<Portable>(text.as_bytes(), 0, DIALECT, n_columns);
        let columns: Vec<Vec<&str>> =
            (0..n_columns).map(|column| index.column(column).map(|(start, end)| &text[start..end]).collect()).collect();
        (0..n_rows).map(|row| columns.iter().map(|column| column[row]).collect()).collect()
    }

    #[test]
    fn rows_in_the_usual_form_are_found() {
        assert_eq!(
            found("a,b\n\"c,\n\",\"\"\n,\"d\"\"\"\nrest", 2),
            [["a", "b"], ["\"c,\n\"", "\"\""], ["", "\"d\"\"\""]]
        );
    }

    #[test]
    fn anything_else_is_left_alone() {
        for text in ["a,b\nc\n", "a\n", "\n", "a,b,c\n", "5\" x,6\" y\n", "a,5\"\nb,6\"\n", "\"a\"b,c\n", "", "a,b"] {
            assert!(found(text, 2).is_empty(), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        /// What is found, the reader that goes cell by cell finds too.
        #[test]
        fn rows_equal_those_read_cell_by_cell(
            text in "([a\r]{0,20}|\"([a,\n]|\"\"){0,20}\"|[a,\"\n]{0,3})([,\n]([a\r]{0,20}|\"([a,\n]|\"\"){0,20}\"|[a,\"\n]{0,1})){0,20}\n",
            n_columns in 1..4_usize,
        ) {
            let rows = found(&text, n_columns);
            let mut at = 0;
            for row in rows {
                for (column, raw) in row.into_iter().enumerate() {
                    let bytes = text.as_bytes();
                    // Malformed only by what follows the closing quote.
                    match cells::cell(bytes, at, DIALECT, false) {
                        Ok(cell) => prop_assert_eq!(&text[at..cell.next], raw),
                        Err(bad) => prop_assert_eq!(bad, cells::BadCell::TextAfterQuote),
                    }
                    at += raw.len() + 1;
                    let separator = if column + 1 == n_columns { b'\n' } else { b',' };
                    prop_assert_eq!(bytes[at - 1], separator);
                }
            }
        }
    }
}
