//! Rows of a block into columns.

use std::ops::Range;

use super::super::column::{ColumnBuilder, Misfit, Numbers, Rules, Values};
use super::super::number::{self, Decimal};
use super::super::options::ColumnType;
use super::cells::{self, BadCell, Dialect};
use super::index::Index;
use super::memo::{Key, Memo};

/// What all rows of a file have in common.
#[derive(Debug)]
pub(super) struct Layout {
    pub(super) dialect: Dialect,
    pub(super) names: Vec<String>,
    pub(super) rules: Rules,
    pub(super) max_cell_bytes: usize,
}

/// Something wrong with a cell or row, placed by its offset in the block.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) offset: usize,
    /// Column, counted from 0.
    pub(super) column: Option<usize>,
    pub(super) kind: FaultKind,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    Unclosed,
    TextAfterQuote,
    Irregular,
    Ragged { found: usize },
    BadValue { value: String, expected: ColumnType },
    CellTooLong { bytes: usize },
}

/// What was read of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Parsed {
    /// Where the rows read so far end.
    pub(super) to: usize,
    pub(super) rows: usize,
    pub(super) blank_lines: u64,
}

/// Reads rows of a block.
#[derive(Debug)]
pub(super) struct RowReader<'a> {
    pub(super) layout: &'a Layout,
    /// For each column, the builder that takes it; `None` for a column that is not read.
    pub(super) plan: &'a [Option<usize>],
    /// Whether quotes inside unquoted cells are characters.
    pub(super) careful: bool,
}

/// What a thread keeps from block to block.
#[derive(Debug, Default)]
pub(super) struct Workspace {
    index: Index,
    /// One for each column that is read, unless there are many.
    memos: Vec<Memo>,
}

impl Workspace {
    /// Beyond as many columns memos would take more memory than the rows.
    const MAX_MEMOS: usize = 128;

    fn restart(&mut self, n_columns: usize) {
        if n_columns <= Self::MAX_MEMOS {
            self.memos.resize_with(n_columns, Memo::default);
            self.memos.iter_mut().for_each(Memo::restart);
        }
    }
}

impl RowReader<'_> {
    /// Reads the rows in `range` of `block` into `builders`, about `max_cells` cells of them.
    ///
    /// Lines without any character are not rows.
    pub(super) fn read(
        &self,
        block: &str,
        range: Range<usize>,
        max_cells: usize,
        builders: &mut [ColumnBuilder],
    ) -> Result<Parsed, Fault> {
        let bytes = block.as_bytes();
        let Dialect { delimiter, terminator } = self.layout.dialect;
        let max_rows = (max_cells / self.plan.len()).max(1);
        let mut scratch = String::new();
        let mut parsed = Parsed { to: range.start, rows: 0, blank_lines: 0 };
        let mut at = range.start;
        while at < range.end && parsed.rows < max_rows {
            if let Some(after) = blank_line(bytes, at, terminator) {
                parsed.blank_lines += u64::from(bytes[after - 1] == terminator);
                at = after;
                parsed.to = at;
                continue;
            }
            let row = at;
            for (column, slot) in self.plan.iter().enumerate() {
                let next = match slot {
                    Some(slot) => self.read_cell(block, at, column, &mut builders[*slot], &mut scratch)?,
                    None => self.cell(bytes, at, column)?.next,
                };
                let ended = bytes.get(next) != Some(&delimiter);
                if ended != (column + 1 == self.plan.len()) {
                    let found = cells::count_cells(bytes, row, self.layout.dialect);
                    return Err(Fault { offset: row, column: None, kind: FaultKind::Ragged { found } });
                }
                at = next + 1;
            }
            parsed.rows += 1;
            parsed.to = at;
        }
        Ok(parsed)
    }

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
        let max_rows = (max_cells / self.plan.len()).max(1);
        let mut parsed = Parsed { to: range.start, rows: 0, blank_lines: 0 };
        workspace.restart(builders.len());
        let Workspace { index, memos } = workspace;
        while parsed.to < range.end && parsed.rows < max_rows {
            let n_rows = index.find(block.as_bytes(), parsed.to, self.layout.dialect, self.plan.len());
            if n_rows == 0 {
                break;
            }
            for (column, slot) in self.plan.iter().enumerate() {
                if let Some(slot) = slot {
                    self.read_column(block, index, column, &mut builders[*slot], memos.get_mut(*slot))?;
                }
            }
            parsed.rows += n_rows;
            parsed.to = index.end();
        }
        Ok(parsed)
    }

    /// Reads the indexed cells of a column.
    fn read_column(
        &self,
        block: &str,
        index: &Index,
        column: usize,
        builder: &mut ColumnBuilder,
        memo: Option<&mut Memo>,
    ) -> Result<(), Misfit> {
        let bytes = block.as_bytes();
        let may_end_in_return = column + 1 == self.plan.len() && self.layout.dialect.terminator == b'\n';
        let mut cells = index.column(column).map(|(start, end)| {
            let returns = may_end_in_return && end > start && bytes[end - 1] == b'\r';
            (start, end - usize::from(returns))
        });
        let mut scratch = String::new();
        let mut memo = memo.filter(|memo| memo.is_awake());
        loop {
            // Numbers have a loop of their own, which one of another form leaves for a moment.
            let next = match builder.numbers() {
                Some(numbers) => self.read_numbers(bytes, &mut cells, numbers, memo.as_deref_mut()),
                None => cells.next(),
            };
            let Some((start, end)) = next else { return Ok(()) };
            let key = memo.as_ref().and_then(|_| Key::new(bytes, start, end));
            if let (Some(memo), Some(key)) = (&mut memo, &key)
                && let Some(value) = memo.get(key)
            {
                builder.push_raw(value);
                continue;
            }
            self.read_indexed_cell(block, start, end, index.has_doubled(), builder, &mut scratch)?;
            if let (Some(memo), Some(key), Some(value)) = (&mut memo, &key, builder.last_raw()) {
                memo.put(key, value);
            }
        }
    }

    /// Reads numbers until there are no more cells; the first cell that is not a plain number of these, if there is one.
    #[inline(always)]
    fn read_numbers(
        &self,
        bytes: &[u8],
        cells: &mut impl Iterator<Item = (usize, usize)>,
        mut numbers: Numbers<'_>,
        mut memo: Option<&mut Memo>,
    ) -> Option<(usize, usize)> {
        let decimal = self.layout.rules.decimal;
        for (start, end) in cells {
            if let Some(memo) = &mut memo {
                let key = Key::new(bytes, start, end);
                if let Some(value) = key.as_ref().and_then(|key| memo.get(key)) {
                    numbers.push(f64::from_bits(value));
                    continue;
                }
                match number::cell(bytes, start, end, decimal) {
                    Some(scan) if numbers.push_scan(scan) => {}
                    _ => return Some((start, end)),
                }
                if let (Some(key), Some(value)) = (&key, numbers.last()) {
                    memo.put(key, value.to_bits());
                }
            } else {
                match number::cell(bytes, start, end, decimal) {
                    Some(scan) if numbers.push_scan(scan) => {}
                    _ => return Some((start, end)),
                }
            }
        }
        None
    }

    /// Reads one indexed cell.
    #[inline(always)]
    fn read_indexed_cell(
        &self,
        block: &str,
        start: usize,
        end: usize,
        may_have_doubled: bool,
        builder: &mut ColumnBuilder,
        scratch: &mut String,
    ) -> Result<(), Misfit> {
        let rules = &self.layout.rules;
        if start == end && rules.missing.empty {
            builder.push_missing();
            return Ok(());
        }
        if end - start > self.layout.max_cell_bytes {
            return Err(Misfit);
        }
        let mut text = &block[start..end];
        if let Some(rest) = text.strip_prefix('"') {
            // What comes between the closing quote and the end is refused by `read`.
            text = rest.strip_suffix('"').ok_or(Misfit)?;
            if may_have_doubled && text.contains('"') {
                cells::unescape(text, scratch);
                text = scratch;
            }
        }
        match builder.push_cell(text, rules) {
            Err(Misfit) if builder.stated().is_some() => Err(Misfit),
            _ => Ok(()),
        }
    }

    /// Reads the cell at `at` into its column; where its separator stands.
    #[inline]
    fn read_cell(
        &self,
        block: &str,
        at: usize,
        column: usize,
        builder: &mut ColumnBuilder,
        scratch: &mut String,
    ) -> Result<usize, Fault> {
        let bytes = block.as_bytes();
        if matches!(builder.values, Values::Number(_))
            && let Some(next) = self.read_number(bytes, at, builder)
        {
            return Ok(next);
        }
        let cell = self.cell(bytes, at, column)?;
        let mut text = &block[cell.start..cell.end];
        if cell.escaped {
            cells::unescape(text, scratch);
            text = scratch;
        }
        if builder.push_cell(text, &self.layout.rules).is_err()
            && let Some(expected) = builder.stated()
        {
            let value = super::super::error::shorten(text);
            return Err(Fault { offset: at, column: Some(column), kind: FaultKind::BadValue { value, expected } });
        }
        Ok(cell.next)
    }

    /// The quick way for an unquoted number without blanks, or nothing: converted while it is scanned.
    ///
    /// `None`, and nothing done, for anything else.
    #[inline]
    fn read_number(&self, bytes: &[u8], at: usize, builder: &mut ColumnBuilder) -> Option<usize> {
        let Dialect { delimiter, terminator } = self.layout.dialect;
        let separator = |next: usize| {
            let byte = *bytes.get(next)?;
            if byte == delimiter || byte == terminator {
                return Some(next);
            }
            (byte == b'\r' && terminator == b'\n' && bytes.get(next + 1) == Some(&terminator)).then_some(next + 1)
        };
        let decimal = self.layout.rules.decimal;
        if decimal == Decimal::Comma && delimiter == b',' {
            return None;
        }
        match number::scan(bytes, at, decimal) {
            Some(scan) => {
                let next = separator(scan.end)?;
                builder.push_scan(scan).then_some(next)
            }
            None => {
                let next = separator(at).filter(|_| self.layout.rules.missing.empty)?;
                builder.push_missing();
                Some(next)
            }
        }
    }

    #[inline]
    fn cell(&self, bytes: &[u8], at: usize, column: usize) -> Result<cells::Cell, Fault> {
        let fault = |kind| Fault { offset: at, column: Some(column), kind };
        match cells::cell(bytes, at, self.layout.dialect, self.careful) {
            Ok(cell) if cell.end - cell.start > self.layout.max_cell_bytes => {
                Err(fault(FaultKind::CellTooLong { bytes: cell.end - cell.start }))
            }
            Ok(cell) => Ok(cell),
            Err(BadCell::Unclosed) => Err(fault(FaultKind::Unclosed)),
            Err(BadCell::TextAfterQuote) => Err(fault(FaultKind::TextAfterQuote)),
            Err(BadCell::Irregular) => Err(fault(FaultKind::Irregular)),
        }
    }
}

/// Where the line at `at` ends, when it is blank.
#[inline]
pub(super) fn blank_line(bytes: &[u8], at: usize, terminator: u8) -> Option<usize> {
    match bytes[at] {
        byte if byte == terminator => Some(at + 1),
        b'\r' if terminator == b'\n' && bytes.get(at + 1) == Some(&b'\n') => Some(at + 2),
        // The second half of a line end, in a file where most are bare carriage returns.
        b'\n' if terminator == b'\r' => Some(at + 1),
        _ => None,
    }
}
