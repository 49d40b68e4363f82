//! JSON: an array of objects, or objects one after the other.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use adsml_core::Table;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::column::Rules;
use super::error::{Place, ReadError, Result, shorten};
use super::keyed::{BadKey, Key, KeyedColumns, too_large};
use super::number::Decimal;
use super::options::{ColumnType, Limits, MissingTokens, read_all};
use super::report::ReadReport;

/// What to do with a list or an object inside a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Nested {
    /// An error.
    #[default]
    Refuse,
    /// A missing value.
    Missing,
    /// Its JSON, as it is written, as text.
    Text,
}

/// Reads JSON records into a [`Table`]: an array of objects, or objects one after the other, such as JSON lines.
///
/// ```
/// use adsml_features::JsonReader;
///
/// let lines = r#"{"ad_id": 23842617390000017, "spend": 12.5}
///                {"ad_id": 23842617390000018, "spend": null, "status": "ACTIVE"}"#;
/// let table = JsonReader::new().read_bytes(lines.as_bytes())?;
/// assert_eq!(table.names().collect::<Vec<_>>(), ["ad_id", "spend", "status"]);
/// assert_eq!(table.category("ad_id")?.get(0), Some("23842617390000017"));
/// assert_eq!(table.category("status")?.get(0), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Keys are columns, in the order in which they first appear; `null` and absent keys are missing. Numbers are numbers;
/// whole numbers beyond 2^53 and what overflows are text, and with one such value the whole column. Strings stay
/// text also when they look like numbers, unless a type is stated; a column of strings that all are dates,
/// or all are timestamps, is one of these. `true` and `false` are text. A column of several types is text, numbers as
/// they were written.
///
/// One pass over the input, record by record, and a second one when columns turned out to be text after other values
/// of theirs were converted.
#[derive(Debug, Clone)]
pub struct JsonReader {
    rules: Rules,
    types: Vec<(String, ColumnType)>,
    columns: Option<Vec<String>>,
    nested: Nested,
    limits: Limits,
    name: String,
}

impl Default for JsonReader {
    fn default() -> Self {
        Self::new()
    }
}

impl JsonReader {
    /// A reader that infers all types.
    pub fn new() -> Self {
        let rules = Rules { missing: MissingTokens::new([""]), decimal: Decimal::Point, naive_offset_minutes: 0 };
        Self {
            rules,
            types: Vec::new(),
            columns: None,
            nested: Nested::default(),
            limits: Limits::default(),
            name: "input".to_owned(),
        }
    }

    /// States which strings stand for a missing value, beside `null`. Default: the empty string.
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

    /// States the type of a column; a value of another type is then an error. The last statement counts.
    #[must_use]
    pub fn column_type(mut self, name: impl Into<String>, kind: ColumnType) -> Self {
        self.types.push((name.into(), kind));
        self
    }

    /// Reads these keys only, in this order.
    #[must_use]
    pub fn columns<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.columns = Some(names.into_iter().map(Into::into).collect());
        self
    }

    /// What to do with lists and objects inside records. Default: [`Nested::Refuse`].
    #[must_use]
    pub fn nested(mut self, nested: Nested) -> Self {
        self.nested = nested;
        self
    }

    /// States how large an input may be.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
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
    /// [`ReadError`], with the file, and the line, record and key where there is one.
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
            self.read_seekable(Cursor::new(read_all(file, &name, &self.limits)?), &name)
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
        self.read_bytes(&read_all(input, &self.name, &self.limits)?)
    }

    fn read_seekable(&self, mut input: impl Read + Seek, name: &str) -> Result<(Table, ReadReport)> {
        self.check()?;
        let io = |source| ReadError::Io { input: name.to_owned(), source };
        let length = input.seek(SeekFrom::End(0)).map_err(io)?;
        self.limits.check_input(length, name)?;
        let allowed = self.limits.table_bytes(length);
        let mut columns = KeyedColumns::new(self.columns.as_deref(), &self.types, self.limits, allowed);
        let byte_order_mark = self.pass(&mut input, name, &mut columns)?;
        let unknown = |wanted: &str| ReadError::UnknownColumn {
            input: name.to_owned(),
            name: wanted.to_owned(),
            known: columns.known_names(),
        };
        if let Some((stated, _)) = self.types.iter().find(|(stated, _)| !columns.has(stated)) {
            return Err(unknown(stated));
        }
        if let Some(wanted) = columns.never_seen() {
            return Err(unknown(wanted));
        }
        if let Some(mut texts) = columns.lost_as_text() {
            self.pass(&mut input, name, &mut texts)?;
            if !columns.replace_lost(texts) {
                return Err(ReadError::Changed { input: name.to_owned() });
            }
        }
        let rows = columns.records() as u64;
        let (table, reports) = columns.finish(name, &self.types)?;
        let report = ReadReport {
            rows,
            columns: reports,
            delimiter: None,
            has_header: false,
            line_ending: None,
            byte_order_mark,
            decimal_comma: false,
            blank_lines: 0,
        };
        Ok((table, report))
    }

    fn check(&self) -> Result<()> {
        super::options::check_offset(self.rules.naive_offset_minutes)?;
        super::options::check_columns(self.columns.as_deref())
    }

    /// Reads all records into `columns`; whether there is a byte order mark.
    fn pass(&self, input: &mut (impl Read + Seek), name: &str, columns: &mut KeyedColumns) -> Result<bool> {
        input.seek(SeekFrom::Start(0)).map_err(|source| ReadError::Io { input: name.to_owned(), source })?;
        let mut objects = Objects::new(input, name, self.limits.max_row_bytes)?;
        while let Some((line, object)) = objects.next()? {
            self.read_record(object, line, name, columns)?;
            if columns.records() as u64 > self.limits.max_rows {
                let limit = self.limits.max_rows;
                let place = Place::record(name, Some(line), columns.records() as u64 - 1);
                return Err(ReadError::Limit { place, what: "more records".to_owned(), limit, setting: "max_rows" });
            }
        }
        Ok(objects.byte_order_mark)
    }

    /// Reads one object.
    fn read_record(&self, object: &[u8], line: u64, name: &str, columns: &mut KeyedColumns) -> Result<()> {
        let number = columns.records() as u64;
        let place = || Place::record(name, Some(line), number);
        let text = std::str::from_utf8(object).map_err(|error| {
            let offset = error.valid_up_to();
            let line = line + memchr::memchr_iter(b'\n', &object[..offset]).count() as u64;
            let place = Place::record(name, Some(line), number);
            ReadError::Encoding { place, found: format!("byte 0x{:02X}", object[offset]) }
        })?;
        let mut problem = None;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let record = RecordSeed { reader: self, columns, problem: &mut problem };
        let outcome = record.deserialize(&mut deserializer).and_then(|()| deserializer.end());
        if let Err(error) = outcome {
            let place = Place::record(name, Some(line + (error.line() as u64).saturating_sub(1)), number);
            return Err(match problem {
                Some((key, problem)) => self.error_of(problem, place.named(&key)),
                None => {
                    let message = error.to_string();
                    let problem = message.split(" at line ").next().unwrap_or_default().to_owned();
                    ReadError::Json { place, problem }
                }
            });
        }
        if columns.end_record() { Ok(()) } else { Err(too_large(place(), &self.limits)) }
    }

    fn error_of(&self, problem: Problem, place: Box<Place>) -> ReadError {
        match problem {
            Problem::Key(BadKey::Repeated) => {
                ReadError::Json { place, problem: "the key comes twice in one object".to_owned() }
            }
            Problem::Key(BadKey::TooMany) => ReadError::Limit {
                place,
                what: format!("more than {} different keys", self.limits.max_columns),
                limit: self.limits.max_columns as u64,
                setting: "max_columns",
            },
            Problem::Key(BadKey::TableTooLarge) => too_large(place, &self.limits),
            Problem::Nested(found) => ReadError::Nested { place, found: found.to_owned() },
            Problem::TooLong(bytes) => ReadError::Limit {
                place,
                what: format!("a value of {bytes} bytes"),
                limit: self.limits.max_cell_bytes as u64,
                setting: "max_cell_bytes",
            },
            Problem::BadValue(value, expected) => ReadError::BadValue { place, value, expected },
        }
    }

    /// Pushes a value, as it is written, to its column.
    fn push(&self, raw: &str, index: usize, columns: &mut KeyedColumns) -> Result<(), Value> {
        if raw.len() > self.limits.max_cell_bytes {
            return Err(Value::Problem(Problem::TooLong(raw.len())));
        }
        let builder = columns.builder(index);
        let (pushed, shown) = match raw.as_bytes()[0] {
            b'n' => {
                builder.push_missing();
                return Ok(());
            }
            b'"' => {
                let inner = &raw[1..raw.len() - 1];
                let text: Cow<'_, str> = if inner.contains('\\') {
                    Cow::Owned(serde_json::from_str(raw).map_err(Value::Json)?)
                } else {
                    Cow::Borrowed(inner)
                };
                if self.rules.missing.contains(&text) {
                    builder.push_missing();
                    return Ok(());
                }
                (builder.push_text(&text, &self.rules), text)
            }
            first @ (b'{' | b'[') => match self.nested {
                Nested::Refuse => {
                    return Err(Value::Problem(Problem::Nested(if first == b'{' { "an object" } else { "a list" })));
                }
                Nested::Missing => {
                    builder.push_missing();
                    return Ok(());
                }
                Nested::Text => (builder.push_text(raw, &self.rules), Cow::Borrowed(raw)),
            },
            b't' | b'f' => (builder.push_text(raw, &self.rules), Cow::Borrowed(raw)),
            _ => (builder.push_cell(raw, &self.rules), Cow::Borrowed(raw)),
        };
        match (pushed, builder.stated()) {
            (Err(_), Some(expected)) => Err(Value::Problem(Problem::BadValue(shorten(&shown), expected))),
            // Lost, and read again as text.
            _ => Ok(()),
        }
    }
}

/// Why a record is refused although it is JSON.
#[derive(Debug)]
enum Problem {
    Key(BadKey),
    Nested(&'static str),
    TooLong(usize),
    BadValue(String, ColumnType),
}

/// Why a value is refused.
enum Value {
    Problem(Problem),
    Json(serde_json::Error),
}

/// Takes one object into the columns.
struct RecordSeed<'a> {
    reader: &'a JsonReader,
    columns: &'a mut KeyedColumns,
    /// What is wrong that is not wrong JSON, and at which key.
    problem: &'a mut Option<(String, Problem)>,
}

impl<'de> DeserializeSeed<'de> for RecordSeed<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RecordSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(KeySeed { record: &mut self })? {
            let raw: &RawValue = map.next_value()?;
            let Key::Column(index) = key else { continue };
            match self.reader.push(raw.get(), index, self.columns) {
                Ok(()) => {}
                Err(Value::Json(error)) => return Err(A::Error::custom(error)),
                Err(Value::Problem(problem)) => {
                    *self.problem = Some((self.columns.name(index).to_owned(), problem));
                    return Err(A::Error::custom("refused"));
                }
            }
        }
        Ok(())
    }
}

/// Finds the column of a key.
struct KeySeed<'a, 'b> {
    record: &'a mut RecordSeed<'b>,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_, '_> {
    type Value = Key;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_, '_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<Key, E> {
        let RecordSeed { reader, columns, problem } = self.record;
        let found = if key.len() > reader.limits.max_cell_bytes {
            Err(Problem::TooLong(key.len()))
        } else {
            columns.key(key, &reader.types).map_err(Problem::Key)
        };
        found.map_err(|bad| {
            **problem = Some((shorten(key), bad));
            E::custom("refused")
        })
    }
}

/// Objects out of an input, one after the other, without reading what is in them.
#[derive(Debug)]
struct Objects<'a, R> {
    input: R,
    name: &'a str,
    max_bytes: usize,
    bytes: Vec<u8>,
    /// Where the next object is looked for.
    at: usize,
    /// The line of `at`.
    line: u64,
    at_end: bool,
    /// Whether the objects stand in an array.
    in_array: bool,
    n_objects: u64,
    byte_order_mark: bool,
}

impl<'a, R: Read> Objects<'a, R> {
    fn new(input: R, name: &'a str, max_bytes: usize) -> Result<Self> {
        let mut objects = Self {
            input,
            name,
            max_bytes,
            bytes: Vec::new(),
            at: 0,
            line: 1,
            at_end: false,
            in_array: false,
            n_objects: 0,
            byte_order_mark: false,
        };
        objects.more()?;
        if objects.bytes.starts_with(b"\xFF\xFE") || objects.bytes.starts_with(b"\xFE\xFF") {
            let found = "a byte order mark of UTF-16".to_owned();
            return Err(ReadError::Encoding { place: Place::line(name, 1), found });
        }
        if objects.bytes.starts_with(b"\xEF\xBB\xBF") {
            objects.byte_order_mark = true;
            objects.at = 3;
        }
        match objects.peek()? {
            None => {
                let expected = "an array of objects, or objects";
                return Err(ReadError::Empty { input: name.to_owned(), expected });
            }
            Some(b'[') => {
                objects.in_array = true;
                objects.at += 1;
            }
            Some(_) => {}
        }
        Ok(objects)
    }

    /// The next object and the line where it begins; `None` after the last.
    fn next(&mut self) -> Result<Option<(u64, &[u8])>> {
        let mut next = self.peek()?;
        if self.in_array {
            match next {
                Some(b']') => {
                    self.at += 1;
                    return match self.peek()? {
                        None => Ok(None),
                        Some(_) => Err(self.problem("text after the array")),
                    };
                }
                Some(b',') if self.n_objects > 0 => {
                    self.at += 1;
                    next = self.peek()?;
                }
                Some(_) if self.n_objects > 0 => return Err(self.problem("expected `,` or `]` after an object")),
                _ => {}
            }
        }
        match next {
            Some(b'{') => {}
            None if !self.in_array => return Ok(None),
            None => return Err(self.problem("the array is not closed")),
            Some(_) => return Err(self.problem("expected an object")),
        }
        let end = self.object_end()?;
        let (line, start) = (self.line, self.at);
        self.line += memchr::memchr_iter(b'\n', &self.bytes[start..end]).count() as u64;
        self.at = end;
        self.n_objects += 1;
        Ok(Some((line, &self.bytes[start..end])))
    }

    /// The next byte that is not a blank, which `at` then points at.
    fn peek(&mut self) -> Result<Option<u8>> {
        loop {
            while let Some(&byte) = self.bytes.get(self.at) {
                if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                    return Ok(Some(byte));
                }
                self.line += u64::from(byte == b'\n');
                self.at += 1;
            }
            if self.at_end {
                return Ok(None);
            }
            self.more()?;
        }
    }

    /// Just after the object that begins at `at`.
    fn object_end(&mut self) -> Result<usize> {
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        let mut offset = 0;
        loop {
            while let Some(&byte) = self.bytes.get(self.at + offset) {
                offset += 1;
                match byte {
                    _ if escaped => escaped = false,
                    b'\\' if in_string => escaped = true,
                    b'"' => in_string = !in_string,
                    _ if in_string => {}
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => {
                        depth -= 1;
                        if depth == 0 {
                            return Ok(self.at + offset);
                        }
                    }
                    _ => {}
                }
            }
            if self.at_end {
                return Err(self.problem(if in_string {
                    "a string is not closed"
                } else {
                    "the object is not closed"
                }));
            }
            if offset > self.max_bytes {
                return Err(ReadError::Limit {
                    place: Place::record(self.name, Some(self.line), self.n_objects),
                    what: format!("a record of more than {} bytes", self.max_bytes),
                    limit: self.max_bytes as u64,
                    setting: "max_row_bytes",
                });
            }
            self.more()?;
        }
    }

    /// Drops what was read and takes in more: as much again as is left, and at least a block.
    fn more(&mut self) -> Result<()> {
        const BLOCK_BYTES: usize = 256 << 10;
        self.bytes.drain(..self.at);
        self.at = 0;
        let more = self.bytes.len().max(BLOCK_BYTES);
        self.bytes.reserve_exact(more);
        let read = self.input.by_ref().take(more as u64).read_to_end(&mut self.bytes);
        let read = read.map_err(|source| ReadError::Io { input: self.name.to_owned(), source })?;
        self.at_end = read < more;
        Ok(())
    }

    fn problem(&self, problem: &str) -> ReadError {
        let place = Place::record(self.name, Some(self.line), self.n_objects);
        ReadError::Json { place, problem: problem.to_owned() }
    }
}
