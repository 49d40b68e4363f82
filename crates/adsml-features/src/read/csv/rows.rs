//! Rows of a block into columns.

use std::ops::Range;

use super::super::column::{ColumnBuilder, Rules, Values};
use super::super::number::{self, Decimal};
use super::super::options::ColumnType;
use super::cells::{self, BadCell, Dialect};

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
    /// Terminators in them, inside quotes or not.
    pub(super) lines: u64,
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
        let mut parsed = Parsed { to: range.start, rows: 0, lines: 0, blank_lines: 0 };
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
        parsed.lines = memchr::memchr_iter(terminator, &bytes[range.start..parsed.to]).count() as u64;
        Ok(parsed)
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
