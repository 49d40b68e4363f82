//! Indexed rows into columns, one column after the other.

use std::ops::Range;

use super::super::column::{ColumnBuilder, Misfit, Values, put};
use super::super::number::{self, Batch, LANES};
use super::cells;
use super::index::{Index, Portable};
use super::memo::{Key, Memo};
use super::rows::{Layout, Parsed, RowReader};
use super::vectors::Vectors;

/// What a thread keeps from block to block.
#[derive(Debug)]
pub(super) struct Workspace {
    index: Index,
    /// One for each column that is read, unless there are many.
    memos: Vec<Memo>,
    vectors: Option<Vectors>,
    batch: Batch,
}

impl Workspace {
    /// Beyond as many columns memos would take more memory than the rows.
    const MAX_MEMOS: usize = 128;

    /// One that uses `vectors`, where there are any.
    pub(super) fn new(vectors: Option<Vectors>) -> Self {
        Self { index: Index::default(), memos: Vec::new(), vectors, batch: Batch::default() }
    }

    /// The bytes as text, when that is quickly seen.
    pub(super) fn ascii<'b>(&self, bytes: &'b [u8]) -> Option<&'b str> {
        self.vectors.and_then(|vectors| vectors.ascii(bytes))
    }

    fn restart(&mut self, n_columns: usize) {
        if n_columns <= Self::MAX_MEMOS {
            self.memos.resize_with(n_columns, Memo::default);
            self.memos.iter_mut().for_each(Memo::restart);
        }
    }
}

impl RowReader<'_> {
    /// Reads rows as [`read`](Self::read) does, faster, as long as they are well-formed; where that ends, so do the rows read.
    ///
    /// # Errors
    ///
    /// When a cell does not fit its column: `builders` are to be emptied, and [`read`](Self::read) says what is wrong.
    pub(super) fn read_indexed(
        &self,
        block: &str,
        range: Range<usize>,
        max_cells: usize,
        workspace: &mut Workspace,
        builders: &mut [ColumnBuilder],
    ) -> Result<Parsed, Misfit> {
        let n_columns = self.plan.len();
        let dialect = self.layout.dialect;
        let max_rows = (max_cells / n_columns).max(1);
        let mut parsed = Parsed { to: range.start, rows: 0, lines: 0, blank_lines: 0 };
        workspace.restart(builders.len());
        let Workspace { index, memos, vectors, batch } = workspace;
        while parsed.to < range.end && parsed.rows < max_rows {
            let n_rows = match vectors {
                Some(vectors) => vectors.find(index, block.as_bytes(), parsed.to, dialect, n_columns),
                None => index.find::<Portable>(block.as_bytes(), parsed.to, dialect, n_columns),
            };
            if n_rows == 0 {
                break;
            }
            for (column, slot) in self.plan.iter().enumerate() {
                let Some(slot) = *slot else { continue };
                let mut reader = ColumnReader {
                    layout: self.layout,
                    block,
                    may_have_doubled: index.has_doubled(),
                    builder: &mut builders[slot],
                    memo: memos.get_mut(slot),
                    lanes: vectors.map(|vectors| (vectors, &mut *batch)),
                    scratch: String::new(),
                };
                let cells = index.column(column);
                if column + 1 == n_columns && dialect.terminator == b'\n' {
                    let bytes = block.as_bytes();
                    let returns = |start, end| usize::from(end > start && bytes[end - 1] == b'\r');
                    reader.read(cells.map(|(start, end)| (start, end - returns(start, end))))?;
                } else {
                    reader.read(cells)?;
                }
            }
            parsed.rows += n_rows;
            parsed.lines += index.n_lines();
            parsed.to = index.end();
        }
        Ok(parsed)
    }
}

/// Reads the cells of one column of some indexed rows.
#[derive(Debug)]
struct ColumnReader<'a> {
    layout: &'a Layout,
    block: &'a str,
    /// Whether a quoted cell may hold a quote.
    may_have_doubled: bool,
    builder: &'a mut ColumnBuilder,
    /// What was seen lately, if it is worth asking.
    memo: Option<&'a mut Memo>,
    /// What converts many numbers at once, where the processor can.
    lanes: Option<(Vectors, &'a mut Batch)>,
    scratch: String,
}

impl ColumnReader<'_> {
    /// Reads the cells that begin and end here.
    fn read(&mut self, mut cells: impl Iterator<Item = (usize, usize)> + Clone) -> Result<(), Misfit> {
        let bytes = self.block.as_bytes();
        // Many numbers at once are converted as fast as they are looked up.
        if self.builder.numbers().is_some()
            && let Some((vectors, batch)) = self.lanes.take()
        {
            return self.read_in_lanes(cells, vectors, batch);
        }
        loop {
            self.memo.take_if(|memo| !memo.pays());
            let next = match &mut self.memo {
                Some(memo) => match &mut self.builder.values {
                    Values::Number(values) => read_remembered(bytes, &mut cells, memo, values, f64::from_bits),
                    Values::Category(categories) => {
                        read_remembered(bytes, &mut cells, memo, categories.codes(), |code| code as u32)
                    }
                    Values::Date(days) => {
                        read_remembered(bytes, &mut cells, memo, days, |day| (day as u32).cast_signed())
                    }
                    Values::Missing(_) | Values::Timestamp(..) | Values::Lost => cells.next(),
                },
                None if self.builder.numbers().is_none() => cells.next(),
                None => self.read_numbers(&mut cells),
            };
            let Some((start, end)) = next else { return Ok(()) };
            self.read_cell(start, end)?;
            if let (Some(memo), Some(value)) = (&mut self.memo, self.builder.last_raw())
                && let Some(key) = Key::new(bytes, start, end)
            {
                memo.put(&key, value);
            }
        }
    }

    /// Reads plain numbers until there are no more cells; the first cell that is none, if there is one.
    #[inline(always)]
    fn read_numbers(&mut self, cells: &mut impl Iterator<Item = (usize, usize)>) -> Option<(usize, usize)> {
        let mut numbers = self.builder.numbers()?;
        for (start, end) in cells {
            match number::cell(self.block.as_bytes(), start, end, self.layout.rules.decimal) {
                Some(scan) if numbers.push_scan(scan) => {}
                _ => return Some((start, end)),
            }
        }
        None
    }

    /// Reads a column of numbers, many cells at once.
    fn read_in_lanes(
        &mut self,
        mut cells: impl Iterator<Item = (usize, usize)> + Clone,
        vectors: Vectors,
        batch: &mut Batch,
    ) -> Result<(), Misfit> {
        let rules = &self.layout.rules;
        loop {
            let here = cells.clone();
            let mut n = 0;
            for (start, end) in cells.by_ref().take(LANES) {
                batch.load(n, self.block.as_bytes(), start, end);
                n += 1;
            }
            if n == 0 {
                return Ok(());
            }
            vectors.convert(batch, n, rules.decimal, rules.missing.empty);
            if let (Some(mut numbers), Some((values, point, comma))) = (self.builder.numbers(), batch.plain(n))
                && numbers.push_all(values, point, comma)
            {
                continue;
            }
            for (lane, (start, end)) in here.take(n).enumerate() {
                if !batch.scan(lane).is_some_and(|scan| self.builder.push_scan(scan)) {
                    self.read_cell(start, end)?;
                }
            }
        }
    }

    /// Reads one cell, whatever it is.
    fn read_cell(&mut self, start: usize, end: usize) -> Result<(), Misfit> {
        let rules = &self.layout.rules;
        if let Some(mut numbers) = self.builder.numbers()
            && let Some(scan) = number::cell(self.block.as_bytes(), start, end, rules.decimal)
            && numbers.push_scan(scan)
        {
            return Ok(());
        }
        if start == end && rules.missing.empty {
            self.builder.push_missing();
            return Ok(());
        }
        if end - start > self.layout.max_cell_bytes {
            return Err(Misfit);
        }
        let mut text = &self.block[start..end];
        if let Some(rest) = text.strip_prefix('"') {
            // What comes between the closing quote and the end is refused by `read`.
            text = rest.strip_suffix('"').ok_or(Misfit)?;
            if self.may_have_doubled && text.contains('"') {
                cells::unescape(text, &mut self.scratch);
                text = &self.scratch;
            }
        }
        match self.builder.push_cell(text, rules) {
            Err(Misfit) if self.builder.stated().is_some() => Err(Misfit),
            _ => Ok(()),
        }
    }
}

/// Reads cells that were seen lately until there are no more; the first cell that is another, if there is one.
fn read_remembered<T>(
    bytes: &[u8],
    cells: &mut impl Iterator<Item = (usize, usize)>,
    memo: &mut Memo,
    values: &mut Vec<T>,
    of_raw: impl Fn(u64) -> T,
) -> Option<(usize, usize)> {
    let mut hits = 0;
    for (start, end) in cells {
        let Some(value) = Key::new(bytes, start, end).and_then(|key| memo.get(&key)) else {
            memo.count(hits + 1, hits);
            return Some((start, end));
        };
        put(values, of_raw(value));
        hits += 1;
    }
    memo.count(hits, hits);
    None
}

#[cfg(test)]
mod tests {
    use super::super::super::column::Rules;
    use super::super::super::options::MissingTokens;
    use super::super::cells::Dialect;
    use super::*;
    use proptest::prelude::*;

    const DIALECT: Dialect = Dialect { delimiter: b';', terminator: b'\n' };

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// Cell by cell, and column by column with vectors and without, give the same columns.
        #[test]
        fn all_ways_read_the_same(
            rows in proptest::collection::vec(
                (
                    "-?[0-9]{0,3}|[0-9]{1,9}|-?[0-9]{1,3}[.,][0-9]{1,20}|NA|[0-9]{16}",
                    "-?[0-9]{1,2}(\\.[0-9]{0,17})?(e-[0-9]{1,2})?|",
                    "[ab]{0,3}|\"[a;\n]{0,2}\"|ñ[a-z]{0,30}",
                    "20[0-9][0-9]-0[1-9]-1[0-9]|[0-9]\r?|",
                ),
                1..90,
            ),
            empty_is_missing in any::<bool>(),
        ) {
            let text: String = rows.iter().map(|(a, b, c, d)| format!("{a};{b};{c};{d}\n")).collect();
            let missing = if empty_is_missing { MissingTokens::default() } else { MissingTokens::new(["NA"]) };
            let layout = Layout {
                dialect: DIALECT,
                names: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
                rules: Rules { missing, ..Rules::default() },
                max_cell_bytes: 100,
            };
            let plan = [Some(0), Some(1), Some(2), Some(3)];
            let reader = RowReader { layout: &layout, plan: &plan, careful: false };
            let fresh = || vec![ColumnBuilder::new(None); 4];
            let mut expected = fresh();
            let parsed = reader.read(&text, 0..text.len(), usize::MAX, &mut expected).unwrap();
            for vectors in [None, Vectors::detect()] {
                let mut found = fresh();
                let mut workspace = Workspace::new(vectors);
                let indexed = reader.read_indexed(&text, 0..text.len(), usize::MAX, &mut workspace, &mut found);
                prop_assert_eq!(indexed, Ok(parsed));
                // Debug, for a missing number equals itself there.
                let finish = |columns: &[ColumnBuilder]| format!("{:?}", columns.iter().map(|c| c.clone().finish()).collect::<Vec<_>>());
                prop_assert_eq!(finish(&found), finish(&expected));
            }
        }
    }
}
