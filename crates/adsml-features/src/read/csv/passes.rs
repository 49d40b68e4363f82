//! Passes over the rows of a file, on one thread or several.
//!
//! Threads take blocks in turn from one source, read them into columns of their own, and append those to the columns of
//! the table in the order of the blocks: the table, and the first error, do not depend on how many there are. A pass
//! that meets columns of several types loses them, and a second one reads just these as text.

use std::io::{Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::super::column::{ColumnBuilder, Room};
use super::super::error::{Place, ReadError, Result};
use super::super::keyed::too_large;
use super::super::options::{ColumnType, Limits};
use super::blocks::{Block, Blocks};
use super::cells::{self, BadCell};
use super::columns::Workspace;
use super::rows::{Fault, FaultKind, Layout, RowReader};
use super::sniff;
use super::vectors::Vectors;

/// What a pass needs to know.
#[derive(Debug)]
pub(super) struct Job<'a> {
    pub(super) input: &'a str,
    pub(super) layout: &'a Layout,
    /// For each column, the builder that takes it.
    pub(super) plan: &'a [Option<usize>],
    pub(super) limits: &'a Limits,
    pub(super) threads: NonZeroUsize,
    /// Where the rows begin.
    pub(super) start: u64,
    /// Lines before the rows.
    pub(super) lines_before: u64,
    /// Length of the input in all.
    pub(super) length: u64,
    pub(super) careful: bool,
}

/// What a pass found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Done {
        rows: u64,
        blank_lines: u64,
    },
    /// A quote stands inside an unquoted cell: to be read again, carefully.
    Irregular,
}

/// Bytes of the blocks that are read at the same time, on all threads together.
const BYTES_IN_FLIGHT: usize = 1 << 20;
const BLOCK_BYTES: Range<usize> = 64 << 10..512 << 10;

impl Job<'_> {
    /// Reads all rows of `input` into `builders`.
    pub(super) fn run(&self, mut input: impl Read + Seek + Send, builders: &mut [ColumnBuilder]) -> Result<Outcome> {
        input.seek(SeekFrom::Start(self.start)).map_err(|source| self.io(source))?;
        let threads = self.threads.get().min(BYTES_IN_FLIGHT / BLOCK_BYTES.start);
        let block_bytes = (BYTES_IN_FLIGHT / threads).clamp(BLOCK_BYTES.start, BLOCK_BYTES.end);
        let n_blocks = self.length / block_bytes as u64 + 1;
        let threads = threads.min(usize::try_from(n_blocks).unwrap_or(usize::MAX));

        let blocks = Blocks::new(input, self.layout.dialect, self.careful, block_bytes, self.limits.max_row_bytes);
        let sink = Sink { builders, rows: 0, blank_lines: 0, lines: self.lines_before, bytes: 0, turn: 0, stop: None };
        let shared = Shared { job: self, blocks: Mutex::new(blocks), sink: Mutex::new(sink), turned: Condvar::new() };
        let max_cells = block_bytes / 4;
        if cfg!(feature = "parallel") && threads > 1 {
            std::thread::scope(|scope| {
                for _ in 1..threads {
                    scope.spawn(|| shared.work(max_cells));
                }
                shared.work(max_cells);
            });
        } else {
            shared.work(max_cells);
        }
        let sink = shared.sink.into_inner().unwrap_or_else(PoisonError::into_inner);
        match sink.stop {
            None => Ok(Outcome::Done { rows: sink.rows, blank_lines: sink.blank_lines }),
            Some(Stop::Irregular) => Ok(Outcome::Irregular),
            Some(Stop::Error(error)) => Err(error),
            Some(Stop::Panic) => unreachable!("the scope passes a panic on"),
        }
    }

    fn io(&self, source: std::io::Error) -> ReadError {
        ReadError::Io { input: self.input.to_owned(), source }
    }
}

/// The columns of the table and how far they are.
#[derive(Debug)]
struct Sink<'a> {
    builders: &'a mut [ColumnBuilder],
    rows: u64,
    blank_lines: u64,
    /// Lines of the blocks that are done.
    lines: u64,
    /// Bytes of the rows appended so far.
    bytes: u64,
    /// The block whose rows come next.
    turn: u64,
    stop: Option<Stop>,
}

#[derive(Debug)]
enum Stop {
    Irregular,
    Error(ReadError),
    Panic,
}

/// What the threads share.
#[derive(Debug)]
struct Shared<'a, R> {
    job: &'a Job<'a>,
    blocks: Mutex<Blocks<R>>,
    sink: Mutex<Sink<'a>>,
    turned: Condvar,
}

impl<'a, R: Read> Shared<'a, R> {
    /// One thread: takes blocks until there are no more.
    fn work(&self, max_cells: usize) {
        let _on_panic = StopOnPanic { shared: self };
        let mut bytes = Vec::new();
        let mut columns: Vec<ColumnBuilder> =
            lock(&self.sink).builders.iter().map(|b| ColumnBuilder::new(b.stated())).collect();
        let mut workspace = Workspace::new(Vectors::detect());
        let mut hints = vec![Hint::Unknown; columns.len()];
        loop {
            let (index, block) = {
                let mut blocks = lock(&self.blocks);
                match blocks.next(&mut bytes) {
                    Ok(None) => return,
                    Ok(Some(block)) => (block.index, Ok(block)),
                    Err(error) => (blocks.n_blocks(), Err(error)),
                }
            };
            let done = match block {
                Ok(block) => self.block(block, &bytes, max_cells, &mut columns, &mut hints, &mut workspace),
                Err(source) => self.stop(index, |_| Stop::Error(self.job.io(source))),
            };
            if done.is_none() {
                return;
            }
        }
    }

    /// Reads a block and appends its rows; `None` when the pass has stopped.
    fn block(
        &self,
        block: Block,
        bytes: &[u8],
        max_cells: usize,
        columns: &mut [ColumnBuilder],
        hints: &mut [Hint],
        workspace: &mut Workspace,
    ) -> Option<()> {
        let job = self.job;
        let reader = RowReader { layout: job.layout, plan: job.plan, careful: job.careful };
        let text = match workspace.ascii(bytes).map_or_else(|| text_of(bytes), Ok) {
            Ok(text) => text,
            Err((offset, found)) => {
                return self.stop(block.index, |sink| {
                    let place = place(job, bytes, offset, Some(column_of(job, bytes, offset)), sink.lines);
                    Stop::Error(ReadError::Encoding { place, found })
                });
            }
        };
        if block.too_long {
            return self.stop(block.index, |sink| too_long(job, bytes, sink.lines));
        }
        let (mut at, mut lines) = (0, 0);
        while at < bytes.len() {
            restart(columns, hints);
            let quick = if job.careful {
                None
            } else {
                reader.read_indexed(text, at..bytes.len(), max_cells, workspace, columns).ok()
            };
            let parsed = match quick {
                Some(parsed) if parsed.rows > 0 => parsed,
                _ => {
                    restart(columns, hints);
                    match reader.read(text, at..bytes.len(), max_cells, columns) {
                        Ok(parsed) => parsed,
                        Err(fault) => return self.stop(block.index, |sink| stop_of(job, bytes, fault, sink.lines)),
                    }
                }
            };
            let mut sink = self.wait_for_turn(block.index)?;
            sink.blank_lines += parsed.blank_lines;
            sink.bytes += (parsed.to - at) as u64;
            if let Err(fault) = sink.append(job, columns, text, at..parsed.to, parsed.rows as u64) {
                sink.stop = Some(fault);
                self.turned.notify_all();
                return None;
            }
            for (hint, builder) in hints.iter_mut().zip(&*sink.builders) {
                *hint = match builder.found() {
                    Some(found) => Hint::Found(found),
                    None if builder.is_lost() => Hint::Lost,
                    None => Hint::Unknown,
                };
            }
            (at, lines) = (parsed.to, lines + parsed.lines);
            if at >= bytes.len() {
                sink.lines += lines;
                sink.turn += 1;
                self.turned.notify_all();
            }
        }
        Some(())
    }

    /// Waits until all blocks before are appended; `None` when the pass has stopped.
    fn wait_for_turn(&self, index: u64) -> Option<MutexGuard<'_, Sink<'a>>> {
        let mut sink = lock(&self.sink);
        while sink.stop.is_none() && sink.turn != index {
            sink = self.turned.wait(sink).unwrap_or_else(PoisonError::into_inner);
        }
        sink.stop.is_none().then_some(sink)
    }

    /// Stops the pass at block `index`, unless something before it does.
    fn stop(&self, index: u64, reason: impl FnOnce(&Sink<'a>) -> Stop) -> Option<()> {
        let mut sink = self.wait_for_turn(index)?;
        sink.stop = Some(reason(&sink));
        self.turned.notify_all();
        None
    }
}

/// What a thread believes of a column's type before it reads a block.
#[derive(Debug, Clone, Copy)]
enum Hint {
    Unknown,
    Found(ColumnType),
    Lost,
}

/// Empties columns for the rows of another block.
fn restart(columns: &mut [ColumnBuilder], hints: &[Hint]) {
    for (column, hint) in columns.iter_mut().zip(hints) {
        match *hint {
            Hint::Unknown => column.restart(None),
            Hint::Found(found) => column.restart(Some(found)),
            Hint::Lost => column.lose(),
        }
    }
}

impl Sink<'_> {
    /// Appends the columns of the rows in `range` of `block`.
    fn append(
        &mut self,
        job: &Job<'_>,
        columns: &[ColumnBuilder],
        block: &str,
        range: Range<usize>,
        n_rows: u64,
    ) -> Result<(), Stop> {
        let max_rows = job.limits.max_rows.min(Limits::default().max_rows);
        if self.rows + n_rows > max_rows {
            let offset = row_start(job, block.as_bytes(), range.start, max_rows - self.rows);
            let place = place(job, block.as_bytes(), offset, None, self.lines);
            let what = format!("more than {max_rows} rows");
            return Err(Stop::Error(ReadError::Limit { place, what, limit: max_rows, setting: "max_rows" }));
        }
        self.rows += n_rows;
        let allowed = job.limits.table_bytes(job.length);
        let spare = allowed.saturating_sub(self.allocated_bytes()) / self.builders.len() as u64;
        let room =
            Room { expected_rows: self.expected_rows(job), spare_bytes: usize::try_from(spare).unwrap_or(usize::MAX) };
        let mut as_text = Vec::new();
        for (slot, (builder, column)) in self.builders.iter_mut().zip(columns).enumerate() {
            if !builder.append(column, room) {
                as_text.push(slot);
            }
        }
        if !as_text.is_empty() {
            self.append_as_text(job, &as_text, block, range, room);
        }
        let used: u64 = self.builders.iter().map(|builder| builder.used_bytes() as u64).sum();
        if used > allowed {
            // Without a line: which one it is depends on how the input was cut.
            let place = Box::new(Place { input: job.input.to_owned(), ..Place::default() });
            return Err(Stop::Error(too_large(place, job.limits)));
        }
        Ok(())
    }

    /// Reads the same rows again for columns that turned out to be text.
    fn append_as_text(&mut self, job: &Job<'_>, slots: &[usize], block: &str, range: Range<usize>, room: Room) {
        let plan: Vec<Option<usize>> =
            job.plan.iter().map(|slot| slots.iter().position(|text| Some(text) == slot.as_ref())).collect();
        let mut columns = vec![ColumnBuilder::new(Some(ColumnType::Category)); slots.len()];
        let reader = RowReader { layout: job.layout, plan: &plan, careful: job.careful };
        reader.read(block, range, usize::MAX, &mut columns).expect("the same rows were read before");
        for (&slot, column) in slots.iter().zip(&columns) {
            self.builders[slot].append(column, room);
        }
    }

    /// Bytes of the columns so far.
    fn allocated_bytes(&self) -> u64 {
        self.builders.iter().map(|builder| builder.allocated_bytes() as u64).sum()
    }

    /// Rows of the whole input, when the rest is like what was read.
    fn expected_rows(&self, job: &Job<'_>) -> usize {
        let share = (job.length - job.start.min(job.length)) as f64 / self.bytes.max(1) as f64;
        (self.rows as f64 * share * 1.005) as usize + 1
    }
}

/// Wakes the other threads when this one panics, lest they wait for its turn for ever.
struct StopOnPanic<'s, 'a, R> {
    shared: &'s Shared<'a, R>,
}

impl<R> Drop for StopOnPanic<'_, '_, R> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            lock(&self.shared.sink).stop.get_or_insert(Stop::Panic);
            self.shared.turned.notify_all();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The text of a block, or where it is none and what is there instead.
pub(super) fn text_of(bytes: &[u8]) -> Result<&str, (usize, String)> {
    if let Some(offset) = memchr::memchr(0, bytes) {
        return Err((offset, "a NUL byte".to_owned()));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let offset = error.valid_up_to();
        (offset, format!("byte 0x{:02X}", bytes[offset]))
    })
}

/// Where the row that comes `n` rows after the one at `start` begins.
fn row_start(job: &Job<'_>, bytes: &[u8], start: usize, n: u64) -> usize {
    let dialect = job.layout.dialect;
    let after_blank_lines = |at| sniff::skip_blank_lines(bytes, at, dialect.terminator).0;
    let next = |at, _| cells::row_end(bytes, at, dialect).map_or(at, after_blank_lines);
    (0..n).fold(after_blank_lines(start), next)
}

fn count_lines(job: &Job<'_>, bytes: &[u8]) -> u64 {
    memchr::memchr_iter(job.layout.dialect.terminator, bytes).count() as u64
}

/// Where an offset of a block is.
fn place(job: &Job<'_>, bytes: &[u8], offset: usize, column: Option<usize>, lines_before: u64) -> Box<Place> {
    let line = lines_before + count_lines(job, &bytes[..offset]) + 1;
    match column {
        Some(column) => Place::line(job.input, line).column(column, job.layout.names.get(column).map(String::as_str)),
        None => Place::line(job.input, line),
    }
}

/// The column, counted from 0, of an offset of a block.
fn column_of(job: &Job<'_>, bytes: &[u8], offset: usize) -> usize {
    let dialect = job.layout.dialect;
    let mut row = 0;
    while let Some(next) = cells::row_end(bytes, row, dialect).filter(|&next| next <= offset) {
        row = next;
    }
    let (mut at, mut column) = (row, 0);
    while let Ok(cell) = cells::cell(bytes, at, dialect, true) {
        if cell.next >= offset {
            break;
        }
        (at, column) = (cell.next + 1, column + 1);
    }
    column
}

/// A block without a whole row, longer than a row may be.
fn too_long(job: &Job<'_>, bytes: &[u8], lines_before: u64) -> Stop {
    let (mut at, mut column) = (0, 0);
    let bad = loop {
        match cells::cell(bytes, at, job.layout.dialect, job.careful) {
            Ok(cell) if cell.next >= bytes.len() => break None,
            Ok(cell) => (at, column) = (cell.next + 1, column + 1),
            Err(bad) => break Some(bad),
        }
    };
    if bad == Some(BadCell::Irregular) {
        return Stop::Irregular;
    }
    if bad == Some(BadCell::TextAfterQuote) {
        return Stop::Error(ReadError::TextAfterQuote { place: place(job, bytes, at, Some(column), lines_before) });
    }
    let limit = job.limits.max_row_bytes;
    let unclosed = if bad.is_some() { " (a quote is opened here and not closed)" } else { "" };
    Stop::Error(ReadError::Limit {
        place: place(job, bytes, at, bad.map(|_| column), lines_before),
        what: format!("a row of more than {limit} bytes{unclosed}"),
        limit: limit as u64,
        setting: "max_row_bytes",
    })
}

fn stop_of(job: &Job<'_>, bytes: &[u8], fault: Fault, lines_before: u64) -> Stop {
    let place = place(job, bytes, fault.offset, fault.column, lines_before);
    Stop::Error(match fault.kind {
        FaultKind::Irregular => return Stop::Irregular,
        FaultKind::Unclosed => ReadError::UnclosedQuote { place },
        FaultKind::TextAfterQuote => ReadError::TextAfterQuote { place },
        FaultKind::Ragged { found } => ReadError::Ragged { place, expected: job.plan.len(), found },
        FaultKind::BadValue { value, expected } => ReadError::BadValue { place, value, expected },
        FaultKind::CellTooLong { bytes } => ReadError::Limit {
            place,
            what: format!("a cell of {bytes} bytes"),
            limit: job.limits.max_cell_bytes as u64,
            setting: "max_cell_bytes",
        },
    })
}
