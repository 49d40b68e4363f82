//! One pass over the rows of a file: blocks of whole rows, cut into pieces, read on several threads, joined in order.
//!
//! The result does not depend on how many threads there are: pieces are cut by bytes alone, and joined in order.

use std::io::{Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};

use adsml_core::parallel;

use super::head::Head;
use super::parts::{How, Kept, Part};
use super::tokens::{self, BadCell, Marks};
use crate::error::Place;
use crate::{Limits, MetaError, Result};

/// What a column is for the question whether a row is a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Names and ids of objects.
    Entity,
    /// The day of a daily row.
    Day,
    /// A breakdown, or the period.
    Split,
    Other,
}

/// For each column of the file, the part that takes it.
pub(crate) type Plan = Vec<Option<(usize, Role)>>;

/// What a pass needs to know.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Job<'a> {
    pub(crate) input: &'a str,
    pub(crate) head: &'a Head,
    pub(crate) plan: &'a Plan,
    pub(crate) hows: &'a [How],
    pub(crate) limits: &'a Limits,
    pub(crate) threads: NonZeroUsize,
    /// Bytes of the input in all.
    pub(crate) length: u64,
}

/// All rows, column by column.
#[derive(Debug)]
pub(crate) struct Rows {
    pub(crate) parts: Vec<Part>,
    pub(crate) n: usize,
    /// Rows that may be summaries, and their lines.
    pub(crate) suspects: Vec<(usize, u64)>,
    pub(crate) blank_lines: u64,
}

const BLOCK_BYTES: usize = 2 << 20;
const PIECE_BYTES: usize = 256 << 10;

/// A column of the table, and its pieces that come next.
type Joining = (Part, Vec<Part>);

/// What a piece gave.
#[derive(Debug)]
struct Piece {
    parts: Vec<Part>,
    n: usize,
    /// Rows that may be summaries, and where they begin.
    suspects: Vec<(usize, usize)>,
    lines: u64,
    blank_lines: u64,
}

#[derive(Debug)]
enum Fault {
    Encoding {
        at: usize,
        found: String,
    },
    /// A quote inside an unquoted cell.
    Irregular,
    Cell {
        at: usize,
        column: usize,
        bad: BadCell,
    },
    TooLong {
        at: usize,
        column: usize,
        bytes: usize,
    },
    Ragged {
        at: usize,
        found: usize,
    },
}

impl Job<'_> {
    /// Reads all rows.
    pub(crate) fn run(&self, mut input: impl Read + Seek) -> Result<Rows> {
        match self.pass(&mut input, false)? {
            Some(rows) => Ok(rows),
            None => Ok(self.pass(&mut input, true)?.expect("careful reading takes every quote")),
        }
    }

    /// `None` when a quote stands inside an unquoted cell, unless `careful`.
    fn pass(&self, input: &mut (impl Read + Seek), careful: bool) -> Result<Option<Rows>> {
        let io = |source| MetaError::Io { input: self.input.to_owned(), source };
        let marks = self.head.marks;
        input.seek(SeekFrom::Start(self.head.start as u64)).map_err(io)?;
        let mut rows = Rows {
            parts: self.hows.iter().map(|&how| Part::new(how)).collect(),
            n: 0,
            suspects: Vec::new(),
            blank_lines: 0,
        };
        let mut block: Vec<u8> = Vec::new();
        let (mut lines, mut done, mut at_end) = (self.head.lines, self.head.start as u64, false);
        while !at_end || !block.is_empty() {
            let mut target = BLOCK_BYTES.max(block.len() + PIECE_BYTES);
            let cut = loop {
                if !at_end {
                    let more = target.saturating_sub(block.len());
                    block.reserve_exact(more);
                    at_end = input.by_ref().take(more as u64).read_to_end(&mut block).map_err(io)? < more;
                }
                if at_end {
                    break block.len();
                }
                let cut = if careful {
                    careful_row_end(&block, marks)
                } else {
                    tokens::last_row_end(&block, marks.terminator)
                };
                match cut {
                    Some(cut) => break cut,
                    None if block.len() > self.limits.max_row_bytes.max(BLOCK_BYTES) => {
                        if !careful {
                            return Ok(None);
                        }
                        let place = Place::line(self.input, lines + 1);
                        let what = format!("a row of more than {} bytes", self.limits.max_row_bytes);
                        let limit = self.limits.max_row_bytes as u64;
                        return Err(MetaError::Limit { place, what, limit, setting: "Limits::max_row_bytes" });
                    }
                    None => target = block.len() * 2,
                }
            };
            if cut == 0 {
                break;
            }
            let rows_of = &block[..cut];
            let cuts = if careful { vec![0, cut] } else { tokens::pieces(rows_of, PIECE_BYTES, marks.terminator) };
            let piece = |i: usize| self.piece(&rows_of[cuts[i]..cuts[i + 1]], careful);
            let mut pieces = Vec::with_capacity(cuts.len());
            let mut before = lines;
            for (i, piece) in parallel::map(cuts.len() - 1, self.threads, piece).into_iter().enumerate() {
                let bytes = &rows_of[cuts[i]..cuts[i + 1]];
                match piece {
                    Ok(piece) => {
                        let more = piece.lines;
                        pieces.push((piece, bytes, before));
                        before += more;
                    }
                    Err(Fault::Irregular) => return Ok(None),
                    Err(fault) => return Err(self.error(fault, bytes, before)),
                }
            }
            done += cut as u64;
            lines = before;
            self.append(&mut rows, pieces, done)?;
            block.drain(..cut);
        }
        Ok(Some(rows))
    }

    /// Appends pieces, each with its bytes and the lines before it, column by column.
    fn append(&self, rows: &mut Rows, mut pieces: Vec<(Piece, &[u8], u64)>, done: u64) -> Result<()> {
        let terminator = self.head.marks.terminator;
        let total = rows.n + pieces.iter().map(|piece| piece.0.n).sum::<usize>();
        if total as u64 > self.limits.max_rows {
            let place = Box::new(Place { input: self.input.to_owned(), ..Place::default() });
            let (limit, what) = (self.limits.max_rows, format!("more than {} rows", self.limits.max_rows));
            return Err(MetaError::Limit { place, what, limit, setting: "Limits::max_rows" });
        }
        let read = done - self.head.start as u64;
        let share = (self.length.saturating_sub(self.head.start as u64)) as f64 / read.max(1) as f64;
        let expected = (total as f64 * share.max(1.0) * 1.005) as usize + 1;
        // Each column and its pieces, for one thread at a time.
        let mut columns: Vec<Joining> =
            std::mem::take(&mut rows.parts).into_iter().map(|part| (part, Vec::with_capacity(pieces.len()))).collect();
        for (piece, ..) in &mut pieces {
            for (column, part) in columns.iter_mut().zip(piece.parts.drain(..)) {
                column.1.push(part);
            }
        }
        let columns: Vec<Mutex<Joining>> = columns.into_iter().map(Mutex::new).collect();
        parallel::map(columns.len(), self.threads, |i| {
            let mut column = columns[i].lock().unwrap_or_else(PoisonError::into_inner);
            let (part, new) = &mut *column;
            for (new, (_, bytes, lines)) in new.drain(..).zip(&pieces) {
                let mut line_of =
                    |at: u64| lines + memchr::memchr_iter(terminator, &bytes[..at as usize]).count() as u64 + 1;
                part.append(new, expected, &mut line_of);
            }
        });
        let part = |column: Mutex<Joining>| column.into_inner().unwrap_or_else(PoisonError::into_inner).0;
        rows.parts = columns.into_iter().map(part).collect();
        for (piece, bytes, lines) in pieces {
            let (mut at, mut line) = (0, lines + 1);
            for (row, start) in piece.suspects {
                line += memchr::memchr_iter(terminator, &bytes[at..start]).count() as u64;
                at = start;
                rows.suspects.push((rows.n + row, line));
            }
            rows.n += piece.n;
            rows.blank_lines += piece.blank_lines;
        }
        let bytes: usize = rows.parts.iter().map(Part::bytes).sum::<usize>() + rows.suspects.capacity() * 16;
        self.limits.check_table(bytes as u64, self.length, self.input)
    }

    /// Reads the rows of a piece.
    fn piece(&self, bytes: &[u8], careful: bool) -> Result<Piece, Fault> {
        let marks = self.head.marks;
        let text = text_of(bytes)?;
        let lines = memchr::memchr_iter(marks.terminator, bytes).count();
        let mut piece = Piece {
            parts: self.hows.iter().map(|&how| Part::new(how)).collect(),
            n: 0,
            suspects: Vec::new(),
            lines: lines as u64,
            blank_lines: 0,
        };
        // A row has a byte per column at least.
        let rows = lines.min(bytes.len() / self.plan.len()) + 1;
        piece.parts.iter_mut().for_each(|part| part.reserve(rows));
        let entities = self.plan.iter().flatten().filter(|(_, role)| *role == Role::Entity).count();
        let last = self.plan.len() - 1;
        let mut at = 0;
        while at < bytes.len() {
            if let Some(after) = tokens::blank_line(bytes, at, marks.terminator) {
                piece.blank_lines += 1;
                at = after;
                continue;
            }
            let start = at;
            let (mut blank, mut suspect) = (0, false);
            for (column, plan) in self.plan.iter().enumerate() {
                let cell = match tokens::cell(bytes, at, marks, careful) {
                    Ok(cell) => cell,
                    Err(BadCell::Irregular) => return Err(Fault::Irregular),
                    Err(bad) => return Err(Fault::Cell { at, column, bad }),
                };
                if let Some((part, role)) = *plan {
                    if cell.end - cell.start > self.limits.max_cell_bytes {
                        return Err(Fault::TooLong { at, column, bytes: cell.end - cell.start });
                    }
                    let unescaped = cell.escaped.then(|| tokens::unescape(&text[cell.start..cell.end]));
                    match (piece.parts[part].push(text, cell.start, cell.end, unescaped.as_deref()), role) {
                        (Kept::Value, _) | (_, Role::Other) => {}
                        (Kept::Blank, Role::Entity) => blank += 1,
                        (Kept::Blank, Role::Split) => {}
                        (Kept::Total, _) | (Kept::Blank, Role::Day) => suspect = true,
                    }
                }
                let more = bytes.get(cell.next) == Some(&marks.delimiter);
                if more == (column == last) {
                    return Err(Fault::Ragged { at: start, found: count_cells(bytes, start, marks) });
                }
                at = cell.next + 1;
            }
            if suspect || (entities > 0 && blank == entities) {
                piece.suspects.push((piece.n, start));
            }
            piece.n += 1;
        }
        Ok(piece)
    }

    fn error(&self, fault: Fault, bytes: &[u8], lines: u64) -> MetaError {
        let place = |at: usize| {
            Place::line(
                self.input,
                lines + memchr::memchr_iter(self.head.marks.terminator, &bytes[..at]).count() as u64 + 1,
            )
        };
        let named = |at, column: usize| place(at).column(column, &self.head.columns[column].header);
        match fault {
            Fault::Cell { at, column, bad: BadCell::Unclosed } => MetaError::UnclosedQuote { place: named(at, column) },
            Fault::Cell { at, column, .. } => MetaError::TextAfterQuote { place: named(at, column) },
            Fault::TooLong { at, column, bytes } => MetaError::Limit {
                place: named(at, column),
                what: format!("a cell of {bytes} bytes"),
                limit: self.limits.max_cell_bytes as u64,
                setting: "Limits::max_cell_bytes",
            },
            Fault::Encoding { at, found } => MetaError::Encoding { place: place(at), found },
            Fault::Ragged { at, found } => MetaError::Ragged { place: place(at), expected: self.plan.len(), found },
            Fault::Irregular => unreachable!("handled by the pass"),
        }
    }
}

/// The text of a piece.
fn text_of(bytes: &[u8]) -> Result<&str, Fault> {
    match (memchr::memchr(0, bytes), std::str::from_utf8(bytes)) {
        (None, Ok(text)) => Ok(text),
        (Some(at), _) => Err(Fault::Encoding { at, found: "a NUL byte".to_owned() }),
        (None, Err(error)) => {
            let at = error.valid_up_to();
            Err(Fault::Encoding { at, found: format!("byte 0x{:02X}", bytes[at]) })
        }
    }
}

/// Just after the last whole row, cell by cell; all of it where a cell is malformed, so that its reader says so.
fn careful_row_end(bytes: &[u8], marks: Marks) -> Option<usize> {
    let (mut at, mut end) = (0, None);
    loop {
        match tokens::cell(bytes, at, marks, true) {
            Ok(cell) => match bytes.get(cell.next) {
                None => return end,
                Some(&byte) => {
                    at = cell.next + 1;
                    if byte == marks.terminator {
                        end = Some(at);
                    }
                }
            },
            Err(BadCell::TextAfterQuote) => return Some(bytes.len()),
            Err(_) => return end,
        }
    }
}

/// Cells of the row at `start`.
fn count_cells(bytes: &[u8], start: usize, marks: Marks) -> usize {
    let (mut at, mut n) = (start, 1);
    while let Ok(cell) = tokens::cell(bytes, at, marks, true) {
        if bytes.get(cell.next) != Some(&marks.delimiter) {
            break;
        }
        n += 1;
        at = cell.next + 1;
    }
    n
}
