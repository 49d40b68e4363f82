//! CSV and its relatives.
//!
//! A file is cut into `blocks` of whole rows, which `passes` hands to several threads. In a block, `index` finds all separators,
//! and `columns` converts cells column by column: numbers many at once, where `vectors` can, and levels with a `memo` of what was just
//! seen. What is not well-formed goes cell by cell through `rows` and `cells`, which also know what is wrong.
//!
//! Why not a library, and what each step saves: `docs/adr/0007-our-own-csv-reader.md`. `csv-core` is the oracle of the tests.

mod blocks;
mod cells;
mod columns;
mod index;
mod memo;
mod passes;
mod rows;
mod sniff;
mod vectors;

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::num::NonZeroUsize;
use std::path::Path;

use adsml_core::{Table, parallel};

use super::column::{ColumnBuilder, Rules};
use super::error::{Place, ReadError, Result, known_names};
use super::number::Decimal;
use super::options::{ColumnType, Limits, MissingTokens};
use super::report::{ColumnReport, ReadReport};
use cells::{BadCell, Dialect};
use passes::{Job, Outcome};
use rows::Layout;
pub use sniff::LineEnding;

/// Reads delimited text into a [`Table`]: what is not stated is found out.
///
/// ```
/// use adsml_features::{ColumnType, CsvReader};
///
/// let text = "campaign;spend;day\n007;1,50;2026-01-31\n008;;2026-02-01\n";
/// let table = CsvReader::new().read_bytes(text.as_bytes())?;
/// assert_eq!(table.category("campaign")?.get(0), Some("007"));
/// assert_eq!(table.number("spend")?[0], 1.5);
/// assert!(table.number("spend")?[1].is_nan());
/// assert_eq!(table.date("day")?.get(0), Some(20_484));
///
/// let stated = CsvReader::new().column_type("campaign", ColumnType::Number).columns(["campaign"]);
/// assert_eq!(stated.read_bytes(text.as_bytes())?.number("campaign")?, [7.0, 8.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # The form of the file
///
/// UTF-8, with or without byte order mark. The delimiter is sniffed among tab, `;` and `,` unless stated. Lines end in
/// `\n`, `\r\n` or a bare `\r`, whichever comes first; blank lines are skipped. Cells may be quoted with `"`,
/// doubled inside; a quote inside an unquoted cell is a character. Every row has as many cells as the
/// first. The first row holds the names, blanks around them dropped; a column without a name, and every
/// column of a file without header, is called by its position: `c0`, `c1`, …
///
/// # Types
///
/// The type of a column is that of all its values, never of the first ones only:
///
/// - *number*: an optional sign, digits with an optional separator of decimals, an optional exponent. Text instead:
///   whole numbers beyond 2^53 and numbers with leading zeros (`007`), which are ids, and `inf` and what overflows;
///   one such value makes the whole column text. The separator is a point; or, in a file that is not separated by
///   commas, a comma, as long as no number of the file has a point.
/// - *date*: `yyyy-mm-dd`.
/// - *timestamp*: RFC 3339, or `yyyy-mm-dd hh:mm[:ss[.fraction]]` at the
///   [naive offset](Self::naive_offset_minutes); `+0100` and `+01` are offsets too.
/// - *category*: everything else, as it is written, blanks included.
///
/// A cell that holds nothing, blanks, `NA`, `N/A`, `NaN`, `nan`, `null` or `NULL` is missing, quoted or not. A column of
/// missing values only is a number.
///
/// # Cost
///
/// One pass over the file in blocks, on all threads, and a second pass when columns turned out to be text after
/// other values of theirs were converted. Memory: the columns, and about 2 MiB.
#[derive(Debug, Clone)]
pub struct CsvReader {
    delimiter: Option<u8>,
    has_header: bool,
    rules: Rules,
    types: Vec<(String, ColumnType)>,
    columns: Option<Vec<String>>,
    limits: Limits,
    threads: NonZeroUsize,
    name: String,
}

impl Default for CsvReader {
    fn default() -> Self {
        Self::new()
    }
}

impl CsvReader {
    /// A reader that finds everything out, of a file with a header.
    pub fn new() -> Self {
        Self {
            delimiter: None,
            has_header: true,
            rules: Rules::default(),
            types: Vec::new(),
            columns: None,
            limits: Limits::default(),
            threads: parallel::available_threads(),
            name: "input".to_owned(),
        }
    }

    /// States the delimiter: an ASCII character other than letters, digits, `"`, `.`, `+`, `-`, and line ends. Default: sniffed.
    #[must_use]
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Whether the first row holds names. Default: yes.
    #[must_use]
    pub fn has_header(mut self, has_header: bool) -> Self {
        self.has_header = has_header;
        self
    }

    /// States the separator of decimals. Default: [`Decimal::Auto`].
    #[must_use]
    pub fn decimal(mut self, decimal: Decimal) -> Self {
        self.rules.decimal = decimal;
        self
    }

    /// States which texts stand for a missing value. Default: nothing, `NA`, `N/A`, `NaN`, `nan`, `null`, `NULL`.
    #[must_use]
    pub fn missing_tokens<S: Into<String>>(mut self, tokens: impl IntoIterator<Item = S>) -> Self {
        self.rules.missing = MissingTokens::new(tokens);
        self
    }

    /// States the offset from UTC, in minutes, of timestamps without one. Default: 0.
    #[must_use]
    pub fn naive_offset_minutes(mut self, minutes: i16) -> Self {
        self.rules.naive_offset_minutes = minutes;
        self
    }

    /// States the type of a column; a cell of another type is then an error. The last statement counts.
    #[must_use]
    pub fn column_type(mut self, name: impl Into<String>, kind: ColumnType) -> Self {
        self.types.push((name.into(), kind));
        self
    }

    /// Reads these columns only, in this order. The others are not converted, and need not be of any type.
    #[must_use]
    pub fn columns<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// States how large an input may be.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// On how many threads to read; the table is the same. Default: all; at most 16 are used.
    #[must_use]
    pub fn threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// The name of an input without path in error messages. Default: `input`.
    #[must_use]
    pub fn input_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The table in a file.
    ///
    /// # Errors
    ///
    /// [`ReadError`], with the file, and the line and column where there is one.
    pub fn read_path(&self, path: impl AsRef<Path>) -> Result<Table> {
        Ok(self.read_path_with_report(path)?.0)
    }

    /// The table in a file, and what was found out about it.
    ///
    /// # Errors
    ///
    /// As [`read_path`](Self::read_path).
    pub fn read_path_with_report(&self, path: impl AsRef<Path>) -> Result<(Table, ReadReport)> {
        let path = path.as_ref();
        let name = path.display().to_string();
        let io = |source| ReadError::Io { input: name.clone(), source };
        let file = File::open(path).map_err(io)?;
        if file.metadata().map_err(io)?.is_file() {
            self.read_seekable(file, &name)
        } else {
            self.read_stream(file, &name)
        }
    }

    /// The table in memory.
    ///
    /// # Errors
    ///
    /// As [`read_path`](Self::read_path).
    pub fn read_bytes(&self, bytes: &[u8]) -> Result<Table> {
        Ok(self.read_bytes_with_report(bytes)?.0)
    }

    /// The table in memory, and what was found out about it.
    ///
    /// # Errors
    ///
    /// As [`read_path`](Self::read_path).
    pub fn read_bytes_with_report(&self, bytes: &[u8]) -> Result<(Table, ReadReport)> {
        self.read_seekable(Cursor::new(bytes), &self.name)
    }

    /// The table in a stream, which is held in memory as a whole, for it may have to be read twice.
    ///
    /// # Errors
    ///
    /// As [`read_path`](Self::read_path).
    pub fn read(&self, input: impl Read) -> Result<Table> {
        Ok(self.read_with_report(input)?.0)
    }

    /// The table in a stream, and what was found out about it.
    ///
    /// # Errors
    ///
    /// As [`read_path`](Self::read_path).
    pub fn read_with_report(&self, input: impl Read) -> Result<(Table, ReadReport)> {
        self.read_stream(input, &self.name)
    }

    fn read_stream(&self, input: impl Read, name: &str) -> Result<(Table, ReadReport)> {
        let bytes = super::options::read_all(input, name, &self.limits)?;
        self.read_seekable(Cursor::new(bytes), name)
    }

    fn read_seekable(&self, mut input: impl Read + Seek + Send, name: &str) -> Result<(Table, ReadReport)> {
        self.check()?;
        let head = self.read_head(&mut input, name)?;
        let columns = self.chosen_columns(&head, name)?;
        let mut plan = vec![None; head.layout.names.len()];
        for (slot, &column) in columns.iter().enumerate() {
            plan[column] = Some(slot);
        }
        let stated = |column: usize| {
            let name = &head.layout.names[column];
            self.types.iter().rev().find(|(stated, _)| stated == name).map(|&(_, kind)| kind)
        };
        let fresh =
            || -> Vec<ColumnBuilder> { columns.iter().map(|&column| ColumnBuilder::new(stated(column))).collect() };

        let mut job = Job {
            input: name,
            layout: &head.layout,
            plan: &plan,
            limits: &self.limits,
            threads: self.threads,
            start: head.start,
            lines_before: head.lines,
            length: head.length,
            careful: false,
        };
        let mut builders = fresh();
        let mut outcome = job.run(&mut input, &mut builders)?;
        if outcome == Outcome::Irregular {
            job.careful = true;
            builders = fresh();
            outcome = job.run(&mut input, &mut builders)?;
        }
        let Outcome::Done { rows, blank_lines } = outcome else { unreachable!("careful reading takes every quote") };

        let decimal_comma = settle_decimals(&mut builders);
        let lost: Vec<usize> = (0..builders.len()).filter(|&slot| builders[slot].is_lost()).collect();
        if !lost.is_empty() {
            let plan: Vec<Option<usize>> =
                plan.iter().map(|slot| lost.iter().position(|lost| Some(lost) == slot.as_ref())).collect();
            let mut texts = vec![ColumnBuilder::new(Some(ColumnType::Category)); lost.len()];
            let again = Job { plan: &plan, ..job }.run(&mut input, &mut texts)?;
            if again != outcome {
                return Err(ReadError::Changed { input: name.to_owned() });
            }
            for (slot, text) in lost.into_iter().zip(texts) {
                builders[slot] = text;
            }
        }

        let mut table = Table::new();
        let mut reports = Vec::with_capacity(columns.len());
        for (&column, builder) in columns.iter().zip(builders) {
            let name = head.layout.names[column].clone();
            let is_stated = builder.stated().is_some() && stated(column).is_some();
            let values = builder.finish().expect("lost columns were read again");
            reports.push(ColumnReport::new(&name, &values, is_stated));
            table.push(name, values).expect("distinct names, equal lengths");
        }
        let report = ReadReport {
            rows,
            columns: reports,
            delimiter: Some(head.layout.dialect.delimiter),
            has_header: self.has_header,
            line_ending: Some(head.line_ending),
            byte_order_mark: head.byte_order_mark,
            decimal_comma,
            blank_lines: blank_lines + head.blank_lines,
        };
        Ok((table, report))
    }

    /// Every option judged, and only here.
    fn check(&self) -> Result<()> {
        let usable = |d: &u8| d.is_ascii() && !d.is_ascii_alphanumeric() && !b"\"\r\n\0.+-".contains(d);
        if let Some(delimiter) = self.delimiter.filter(|delimiter| !usable(delimiter)) {
            return Err(ReadError::InvalidOption {
                option: "delimiter",
                value: format!("`{}`", char::from(delimiter).escape_default()),
                expected: "an ASCII character other than letters, digits, quotes, signs, points and line ends",
            });
        }
        super::options::check_offset(self.rules.naive_offset_minutes)?;
        super::options::check_columns(self.columns.as_deref())
    }

    /// Reads as much as it takes to know the form of the file and the names of its columns.
    fn read_head(&self, input: &mut (impl Read + Seek), name: &str) -> Result<Head> {
        const USUAL: usize = 64 << 10;
        let io = |source| ReadError::Io { input: name.to_owned(), source };
        let length = input.seek(SeekFrom::End(0)).map_err(io)?;
        self.limits.check_input(length, name)?;
        input.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut bytes = Vec::new();
        let mut target = USUAL;
        loop {
            bytes.reserve_exact(target - bytes.len());
            let more = (target - bytes.len()) as u64;
            input.by_ref().take(more).read_to_end(&mut bytes).map_err(io)?;
            let complete = bytes.len() < target;
            if let Some(head) = self.judge_head(&bytes, complete, length, name)? {
                return Ok(head);
            }
            target *= 2;
        }
    }

    /// The form of a file that begins with `bytes`; `None` when more of them are needed.
    fn judge_head(&self, bytes: &[u8], complete: bool, length: u64, name: &str) -> Result<Option<Head>> {
        if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            let place = Place::line(name, 1);
            return Err(ReadError::Encoding { place, found: "a byte order mark of UTF-16".to_owned() });
        }
        let byte_order_mark = bytes.starts_with(sniff::BOM);
        let bom_bytes = if byte_order_mark { sniff::BOM.len() } else { 0 };
        let text = &bytes[bom_bytes..];
        let line_ending = sniff::line_ending(text);
        let terminator = line_ending.terminator();
        let (first_row, blank_lines) = sniff::skip_blank_lines(text, 0, terminator);
        if first_row == text.len() && complete {
            let expected = if self.has_header { "a row of column names" } else { "rows" };
            return Err(ReadError::Empty { input: name.to_owned(), expected });
        }
        let delimiter = self.delimiter.unwrap_or_else(|| sniff::delimiter(text, terminator, complete));
        let dialect = Dialect { delimiter, terminator };
        let end = match cells::row_end(text, first_row, dialect) {
            Some(end) => end,
            None if complete => text.len(),
            None if bytes.len() <= self.limits.max_row_bytes => return Ok(None),
            None => {
                return Err(ReadError::Limit {
                    place: Place::line(name, blank_lines + 1),
                    what: format!("a row of more than {} bytes", self.limits.max_row_bytes),
                    limit: self.limits.max_row_bytes as u64,
                    setting: "max_row_bytes",
                });
            }
        };
        let names = self.first_row(text, first_row, end, dialect, name)?;
        let mut rules = self.rules.clone();
        if rules.decimal == Decimal::Auto && delimiter == b',' {
            rules.decimal = Decimal::Point;
        }
        let (start, lines) = if self.has_header {
            (end, memchr::memchr_iter(terminator, &text[..end]).count() as u64)
        } else {
            (first_row, blank_lines)
        };
        Ok(Some(Head {
            layout: Layout { dialect, names, rules, max_cell_bytes: self.limits.max_cell_bytes },
            line_ending,
            byte_order_mark,
            start: (bom_bytes + start) as u64,
            lines,
            blank_lines,
            length,
        }))
    }

    /// The names of the columns, from the first row.
    fn first_row(&self, text: &[u8], start: usize, end: usize, dialect: Dialect, input: &str) -> Result<Vec<String>> {
        let mut names: Vec<String> = Vec::new();
        let mut seen = std::collections::HashMap::new();
        let mut unescaped = String::new();
        let mut at = start;
        loop {
            let column = names.len();
            let here = || {
                let line = memchr::memchr_iter(dialect.terminator, &text[..at]).count() as u64 + 1;
                Place::line(input, line).column(column, None)
            };
            if column == self.limits.max_columns {
                return Err(ReadError::Limit {
                    place: here(),
                    what: format!("more than {} columns", self.limits.max_columns),
                    limit: self.limits.max_columns as u64,
                    setting: "max_columns",
                });
            }
            let cell = cells::cell(text, at, dialect, true).map_err(|bad| match bad {
                BadCell::Unclosed => ReadError::UnclosedQuote { place: here() },
                _ => ReadError::TextAfterQuote { place: here() },
            })?;
            if cell.end - cell.start > self.limits.max_cell_bytes {
                return Err(ReadError::Limit {
                    place: here(),
                    what: format!("a name of {} bytes", cell.end - cell.start),
                    limit: self.limits.max_cell_bytes as u64,
                    setting: "max_cell_bytes",
                });
            }
            let mut name = String::new();
            if self.has_header {
                let raw = &text[cell.start..cell.end];
                let raw = passes::text_of(raw).map_err(|(_, found)| ReadError::Encoding { place: here(), found })?;
                cells::unescape(raw, &mut unescaped);
                name.push_str(if cell.escaped { unescaped.trim() } else { raw.trim() });
            }
            if name.is_empty() {
                name = format!("c{column}");
            }
            if let Some(first) = seen.insert(name.clone(), column) {
                let is_number = name.parse::<f64>().is_ok();
                let hint = if is_number { "; is there no header? then state `has_header(false)`" } else { "" };
                let place = here().named(&name);
                return Err(ReadError::DuplicateName { place, first: first + 1, hint });
            }
            names.push(name);
            at = cell.next + 1;
            if text.get(cell.next) != Some(&dialect.delimiter) || at > end {
                return Ok(names);
            }
        }
    }

    /// Which columns are read, in the order of the table.
    fn chosen_columns(&self, head: &Head, name: &str) -> Result<Vec<usize>> {
        let names = &head.layout.names;
        let position = |wanted: &String| {
            names.iter().position(|name| name == wanted).ok_or_else(|| ReadError::UnknownColumn {
                input: name.to_owned(),
                name: wanted.clone(),
                known: known_names(names.iter().map(String::as_str)),
            })
        };
        for (stated, _) in &self.types {
            position(stated)?;
        }
        let Some(wanted) = &self.columns else { return Ok((0..names.len()).collect()) };
        wanted.iter().map(position).collect()
    }
}

/// What the beginning of a file tells.
#[derive(Debug)]
struct Head {
    layout: Layout,
    line_ending: LineEnding,
    byte_order_mark: bool,
    /// Where the rows begin.
    start: u64,
    /// Lines before the rows.
    lines: u64,
    blank_lines: u64,
    length: u64,
}

/// Whether numbers have a decimal comma. Where some columns have points and some commas, the latter are text.
fn settle_decimals(builders: &mut [ColumnBuilder]) -> bool {
    let is_number = |builder: &ColumnBuilder| builder.found() == Some(ColumnType::Number);
    let point = builders.iter().any(|builder| is_number(builder) && builder.separators().0);
    let with_comma = builders.iter_mut().filter(|builder| is_number(builder) && builder.separators().1);
    let mut comma = false;
    for builder in with_comma {
        if point { builder.lose() } else { comma = true }
    }
    comma
}
