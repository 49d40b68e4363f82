//! An input cut into blocks of whole rows.
//!
//! A row ends at a terminator outside quotes. As long as quotes only stand around cells and doubled inside, a byte
//! is inside quotes exactly when an odd number of them stands before it, and counting is several times faster than
//! reading cells. A quote elsewhere breaks that; the reader of the rows notices the first such quote,
//! which is always in a block that was cut rightly, and the input is read again *carefully*: cell by cell.

use std::io::{self, Read};

use super::cells::{self, Dialect, QUOTE};

/// Whole rows out of an input, block after block.
#[derive(Debug)]
pub(super) struct Blocks<R> {
    input: R,
    dialect: Dialect,
    careful: bool,
    block_bytes: usize,
    max_row_bytes: usize,
    /// The beginning of the row that the last block left off.
    carry: Vec<u8>,
    at_end: bool,
    next_index: u64,
}

/// What was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Block {
    /// Number of the block, from 0.
    pub(super) index: u64,
    /// Whether the row limit was reached before the end of a row.
    pub(super) too_long: bool,
}

impl<R: Read> Blocks<R> {
    /// Blocks of about `block_bytes`, more only for a longer row.
    pub(super) fn new(input: R, dialect: Dialect, careful: bool, block_bytes: usize, max_row_bytes: usize) -> Self {
        Self { input, dialect, careful, block_bytes, max_row_bytes, carry: Vec::new(), at_end: false, next_index: 0 }
    }

    /// The next block into `bytes`; `None` after the last. The last row ends in a terminator even when the input does not.
    pub(super) fn next(&mut self, bytes: &mut Vec<u8>) -> io::Result<Option<Block>> {
        bytes.clear();
        bytes.append(&mut self.carry);
        let mut target = self.block_bytes.max(bytes.len());
        let mut too_long = false;
        loop {
            self.fill(bytes, target)?;
            if self.at_end {
                if bytes.last().is_some_and(|&byte| byte != self.dialect.terminator) {
                    bytes.push(self.dialect.terminator);
                }
                break;
            }
            if let Some(cut) = self.cut(bytes) {
                self.carry.extend_from_slice(&bytes[cut..]);
                bytes.truncate(cut);
                break;
            }
            if bytes.len() > self.max_row_bytes {
                too_long = true;
                break;
            }
            target = bytes.len() * 2;
        }
        if bytes.is_empty() {
            return Ok(None);
        }
        let index = self.next_index;
        self.next_index += 1;
        Ok(Some(Block { index, too_long }))
    }

    /// Blocks given out so far.
    pub(super) const fn n_blocks(&self) -> u64 {
        self.next_index
    }

    fn fill(&mut self, bytes: &mut Vec<u8>, target: usize) -> io::Result<()> {
        if bytes.len() < target && !self.at_end {
            let more = target - bytes.len();
            bytes.reserve_exact(more);
            self.at_end = self.input.by_ref().take(more as u64).read_to_end(bytes)? < more;
        }
        Ok(())
    }

    /// Just after the last terminator outside quotes.
    fn cut(&self, bytes: &[u8]) -> Option<usize> {
        if self.careful {
            let mut end = None;
            while let Some(next) = cells::row_end(bytes, end.unwrap_or(0), self.dialect) {
                end = Some(next);
            }
            return end;
        }
        // Most blocks have none, which is found out faster than how many there are.
        let first = memchr::memchr(QUOTE, bytes);
        let mut inside = first.is_some_and(|first| memchr::memchr_iter(QUOTE, &bytes[first..]).count() % 2 == 1);
        for at in memchr::memrchr2_iter(QUOTE, self.dialect.terminator, bytes) {
            if bytes[at] == QUOTE {
                inside = !inside;
            } else if !inside {
                return Some(at + 1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn blocks(input: &str, careful: bool, block_bytes: usize) -> Vec<String> {
        let dialect = Dialect { delimiter: b',', terminator: b'\n' };
        let mut blocks = Blocks::new(input.as_bytes(), dialect, careful, block_bytes, 1000);
        let (mut bytes, mut found) = (Vec::new(), Vec::new());
        while let Some(block) = blocks.next(&mut bytes).unwrap() {
            assert_eq!((block.index, block.too_long), (found.len() as u64, false));
            found.push(String::from_utf8(bytes.clone()).unwrap());
        }
        found
    }

    #[test]
    fn a_quoted_line_break_ends_no_row() {
        for careful in [false, true] {
            assert_eq!(blocks("a,\"\n\"\nb,c\nd", careful, 4), ["a,\"\n\"\n", "b,c\n", "d\n"]);
        }
    }

    #[test]
    fn a_lone_quote_is_left_to_the_careful() {
        assert_eq!(blocks("5\",a\nb,c\nd,e\n", true, 6), ["5\",a\n", "b,c\n", "d,e\n"]);
    }

    proptest! {
        #[test]
        fn both_ways_cut_well_formed_rows_alike(
            rows in proptest::collection::vec("([a-c]{0,3}|\"([a-c\n,]|\"\"){0,4}\")(,([a-c]{0,3}|\"([a-c\n,]|\"\"){0,4}\")){0,2}\n", 0..20),
            block_bytes in 1..40_usize,
        ) {
            let input = rows.concat();
            let quick = blocks(&input, false, block_bytes);
            prop_assert_eq!(&quick, &blocks(&input, true, block_bytes));
            prop_assert_eq!(quick.concat(), input);
        }
    }
}
