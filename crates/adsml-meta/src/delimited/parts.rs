//! Columns of a piece of a file, and how they are put together.

use adsml_core::{CategoryColumn, DateColumn, Interner};

use crate::date::{self, Reading};
use crate::dialect;
use crate::number::{self, Marks};
use crate::{DateOrder, Decimal};

/// How the cells of a column are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    /// Text as it is; only blank cells are missing.
    Name,
    /// Text without blanks around it; words for "not available" are missing.
    Word,
    /// As a word, and never through a number.
    Id,
    /// Numbers as people write them, with this decimal mark as far as is known.
    Number(Decimal),
    /// Numbers as programs write them.
    Machine,
    /// Dates, in this order as far as is known.
    Date(DateOrder),
}

/// A cell that matters for a decision or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Witness {
    /// Row of the piece, then of the table.
    pub(crate) row: usize,
    /// Byte of the piece, then line of the file.
    pub(crate) at: u64,
    pub(crate) text: String,
}

/// First witnesses for each way in which a column may be written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Evidence {
    /// Only with a decimal point; only with the month first.
    pub(crate) point: Option<Witness>,
    /// Only with a decimal comma; only with the day first.
    pub(crate) comma: Option<Witness>,
    /// A point that may be either mark; a date that may be two.
    pub(crate) lone_point: Option<Witness>,
    /// A comma that may be either mark.
    pub(crate) lone_comma: Option<Witness>,
    /// Not a number at all; not a date; a ruined id.
    pub(crate) bad: Option<Witness>,
    /// A date that is not written with the year first.
    pub(crate) local: bool,
}

impl Evidence {
    fn slots(&mut self) -> [&mut Option<Witness>; 5] {
        [&mut self.point, &mut self.comma, &mut self.lone_point, &mut self.lone_comma, &mut self.bad]
    }

    /// Keeps the first witnesses of both, the other's rows coming later; `line_of` tells the line of a byte.
    fn absorb(&mut self, mut later: Self, rows_before: usize, line_of: &mut dyn FnMut(u64) -> u64) {
        for (mine, theirs) in self.slots().into_iter().zip(later.slots()) {
            if mine.is_none() {
                *mine = theirs.take().map(|witness| Witness {
                    row: witness.row + rows_before,
                    at: line_of(witness.at),
                    text: witness.text,
                });
            }
        }
        self.local |= later.local;
    }
}

/// A column of a piece, or of the table.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) how: How,
    pub(crate) values: Values,
    pub(crate) evidence: Evidence,
    /// The last cell, by its bytes in the piece, and what came of it.
    last: (usize, usize),
    last_code: u32,
    last_total: bool,
    /// Whether each level is the label of a summary row.
    totals: Vec<bool>,
    /// Labels of summary rows in place of a date, and their rows, ascending.
    labels: Vec<(usize, String)>,
}

#[derive(Debug, Clone)]
pub(crate) enum Values {
    Text { codes: Vec<u32>, interner: Interner },
    Number(Vec<f64>),
    Date(Vec<i32>),
}

/// What a cell is for the question whether its row is a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Value,
    Blank,
    Total,
}

impl Part {
    pub(crate) fn new(how: How) -> Self {
        let values = match how {
            How::Name | How::Word | How::Id => Values::Text { codes: Vec::new(), interner: Interner::new() },
            How::Number(_) | How::Machine => Values::Number(Vec::new()),
            How::Date(_) => Values::Date(Vec::new()),
        };
        Self {
            how,
            values,
            evidence: Evidence::default(),
            last: (0, 0),
            last_code: CategoryColumn::MISSING,
            last_total: false,
            totals: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Makes room for so many rows.
    pub(crate) fn reserve(&mut self, rows: usize) {
        match &mut self.values {
            Values::Text { codes, .. } => codes.reserve_exact(rows),
            Values::Number(values) => values.reserve_exact(rows),
            Values::Date(days) => days.reserve_exact(rows),
        }
    }

    pub(crate) fn len(&self) -> usize {
        match &self.values {
            Values::Text { codes, .. } => codes.len(),
            Values::Number(values) => values.len(),
            Values::Date(days) => days.len(),
        }
    }

    /// Bytes that are allocated, texts of levels included.
    pub(crate) fn bytes(&self) -> usize {
        match &self.values {
            Values::Text { codes, interner } => codes.capacity() * 4 + interner.levels().buffer_bytes(),
            Values::Number(values) => values.capacity() * 8,
            Values::Date(days) => days.capacity() * 4 + self.labels.capacity() * 48,
        }
    }

    /// Reads the cell at `start..end` of the piece. `text` differs from it where quotes were doubled.
    #[inline]
    pub(crate) fn push(&mut self, piece: &str, start: usize, end: usize, text: Option<&str>) -> Kept {
        let cell = text.unwrap_or(&piece[start..end]);
        match self.how {
            How::Number(decimal) => {
                self.push_number(cell, start, decimal);
                Kept::Value
            }
            How::Machine => {
                self.push_machine(cell, start);
                Kept::Value
            }
            How::Date(order) => self.push_date(piece, cell, start, end, order),
            How::Name | How::Word | How::Id => self.push_text(piece, cell, start, end),
        }
    }

    fn push_text(&mut self, piece: &str, cell: &str, start: usize, end: usize) -> Kept {
        let row = self.len();
        let Values::Text { codes, interner } = &mut self.values else { return Kept::Value };
        let same = start != end
            && self.last.1 != 0
            && piece.as_bytes()[self.last.0..self.last.1] == piece.as_bytes()[start..end];
        if !same {
            let trimmed = cell.trim();
            let text = if self.how == How::Name { cell } else { trimmed };
            // What was kept before is not missing: most cells end here.
            let known = interner.find(text);
            let missing = known.is_none()
                && match self.how {
                    How::Name => trimmed.is_empty(),
                    _ => dialect::is_missing(trimmed),
                };
            self.last_total = false;
            self.last_code = if missing {
                CategoryColumn::MISSING
            } else {
                let code = known.unwrap_or_else(|| interner.intern(text));
                if code as usize == self.totals.len() {
                    self.totals.push(dialect::is_total(trimmed));
                    if self.how == How::Id && self.evidence.bad.is_none() && is_ruined(trimmed) {
                        self.evidence.bad = Some(Witness { row, at: start as u64, text: trimmed.to_owned() });
                    }
                }
                self.last_total = self.totals[code as usize];
                code
            };
            self.last = (start, end);
        }
        codes.push(self.last_code);
        match self.last_code {
            CategoryColumn::MISSING => Kept::Blank,
            _ if self.last_total => Kept::Total,
            _ => Kept::Value,
        }
    }

    #[inline]
    fn push_number(&mut self, cell: &str, start: usize, decimal: Decimal) {
        let Values::Number(values) = &mut self.values else { return };
        if let Some((value, marks)) = number::quick(cell.as_bytes(), decimal) {
            let row = values.len();
            values.push(value);
            if marks != Marks::None {
                self.witness(marks, row, start, cell);
            }
        } else {
            self.push_odd_number(cell, start, decimal);
        }
    }

    #[cold]
    fn push_odd_number(&mut self, cell: &str, start: usize, decimal: Decimal) {
        let row = self.len();
        let Values::Number(values) = &mut self.values else { return };
        let trimmed = cell.trim();
        if dialect::is_missing(trimmed) {
            values.push(f64::NAN);
            return;
        }
        values.push(number::value(trimmed, decimal).unwrap_or(f64::NAN));
        match number::marks(trimmed) {
            Some(marks) => self.witness(marks, row, start, trimmed),
            None => keep(&mut self.evidence.bad, row, start, trimmed),
        }
    }

    #[inline]
    fn witness(&mut self, marks: Marks, row: usize, start: usize, cell: &str) {
        let slot = match marks {
            Marks::None => return,
            Marks::Decides(Decimal::Point) => &mut self.evidence.point,
            Marks::Decides(Decimal::Comma) => &mut self.evidence.comma,
            Marks::LonePoint => &mut self.evidence.lone_point,
            Marks::LoneComma => &mut self.evidence.lone_comma,
        };
        if slot.is_none() {
            keep(slot, row, start, cell);
        }
    }

    fn push_machine(&mut self, cell: &str, start: usize) {
        let row = self.len();
        let Values::Number(values) = &mut self.values else { return };
        let trimmed = cell.trim();
        match number::machine(trimmed) {
            Some(value) => values.push(value),
            None => {
                values.push(f64::NAN);
                if !dialect::is_missing(trimmed) && !trimmed.eq_ignore_ascii_case("nan") {
                    keep(&mut self.evidence.bad, row, start, trimmed);
                }
            }
        }
    }

    fn push_date(&mut self, piece: &str, cell: &str, start: usize, end: usize, order: DateOrder) -> Kept {
        let row = self.len();
        let Values::Date(days) = &mut self.values else { return Kept::Value };
        let same = start != end
            && self.last.1 != 0
            && piece.as_bytes()[self.last.0..self.last.1] == piece.as_bytes()[start..end];
        if same && let Some(&day) = days.last() {
            days.push(day);
            if self.last_total {
                self.labels.push((row, cell.trim().to_owned()));
            }
            return self.kept_day(day);
        }
        self.last = (start, end);
        self.last_total = false;
        if let Some(day) = date::iso(cell.as_bytes()) {
            days.push(day);
            return Kept::Value;
        }
        let trimmed = cell.trim();
        let reading = date::read(trimmed);
        let day = reading.and_then(|reading| reading.day(order)).unwrap_or(DateColumn::MISSING);
        days.push(day);
        match reading {
            Some(Reading::Day(_)) => {}
            Some(Reading::Decides(DateOrder::MonthFirst, _)) => keep(&mut self.evidence.point, row, start, trimmed),
            Some(Reading::Decides(DateOrder::DayFirst, _)) => keep(&mut self.evidence.comma, row, start, trimmed),
            Some(Reading::Either { .. }) => keep(&mut self.evidence.lone_point, row, start, trimmed),
            None if dialect::is_total(trimmed) => {
                self.last_total = true;
                self.labels.push((row, trimmed.to_owned()));
            }
            None if dialect::is_missing(trimmed) => {}
            None => keep(&mut self.evidence.bad, row, start, trimmed),
        }
        self.evidence.local |= reading.is_some()
            && !trimmed.as_bytes().first_chunk::<4>().is_some_and(|year| year.iter().all(u8::is_ascii_digit));
        self.kept_day(if reading.is_some() { 0 } else { DateColumn::MISSING })
    }

    fn kept_day(&self, day: i32) -> Kept {
        match day {
            _ if self.last_total => Kept::Total,
            DateColumn::MISSING => Kept::Blank,
            _ => Kept::Value,
        }
    }

    /// Appends the rows of a later piece; room is made for `expected` rows in all.
    pub(crate) fn append(&mut self, piece: Self, expected: usize, line_of: &mut dyn FnMut(u64) -> u64) {
        let before = self.len();
        let more = |capacity: usize, len: usize, new: usize| {
            if capacity - len >= new { 0 } else { expected.max(len + new + len / 8) - len }
        };
        match (&mut self.values, piece.values) {
            (Values::Text { codes, interner }, Values::Text { codes: new, interner: levels }) => {
                codes.reserve_exact(more(codes.capacity(), before, new.len()));
                let map: Vec<u32> = levels.levels().iter().map(|text| interner.intern(text)).collect();
                codes.extend(
                    new.iter().map(|&code| if code == CategoryColumn::MISSING { code } else { map[code as usize] }),
                );
                for (code, &total) in map.iter().zip(&piece.totals) {
                    if *code as usize >= self.totals.len() {
                        self.totals.push(total);
                    }
                }
            }
            (Values::Number(values), Values::Number(new)) => {
                values.reserve_exact(more(values.capacity(), before, new.len()));
                values.extend_from_slice(&new);
            }
            (Values::Date(days), Values::Date(new)) => {
                days.reserve_exact(more(days.capacity(), before, new.len()));
                days.extend_from_slice(&new);
            }
            _ => unreachable!("pieces of one column are read in one way"),
        }
        self.labels.extend(piece.labels.into_iter().map(|(row, label)| (before + row, label)));
        self.evidence.absorb(piece.evidence, before, line_of);
    }

    /// Whether the cell of a row is a label of a summary row, blank, or neither; numbers are neither.
    pub(crate) fn kept(&self, row: usize) -> Kept {
        match &self.values {
            Values::Text { codes, .. } => match codes[row] {
                CategoryColumn::MISSING => Kept::Blank,
                code if self.totals[code as usize] => Kept::Total,
                _ => Kept::Value,
            },
            Values::Date(days) if days[row] == DateColumn::MISSING => match self.label(row) {
                Some(_) => Kept::Total,
                None => Kept::Blank,
            },
            _ => Kept::Value,
        }
    }

    /// The label of a summary row in this cell.
    pub(crate) fn label(&self, row: usize) -> Option<&str> {
        match &self.values {
            Values::Text { codes, interner } => {
                let code = codes[row] as usize;
                self.totals.get(code).is_some_and(|&total| total).then(|| interner.levels().get(code))
            }
            Values::Date(_) => {
                let at = self.labels.binary_search_by_key(&row, |label| label.0).ok()?;
                Some(&self.labels[at].1)
            }
            Values::Number(_) => None,
        }
    }
}

fn keep(slot: &mut Option<Witness>, row: usize, start: usize, text: &str) {
    if slot.is_none() {
        *slot = Some(Witness { row, at: start as u64, text: crate::error::shorten(text) });
    }
}

/// Whether an id went through a number: `1.2021E+17`, `120210000000000101.0`.
fn is_ruined(id: &str) -> bool {
    let bytes = id.as_bytes();
    let numeric = bytes.iter().all(|b| b.is_ascii_digit() || b".,eE+".contains(b)) && bytes[0].is_ascii_digit();
    numeric && bytes.iter().any(|byte| b".,eE".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_were_numbers_are_ruined() {
        for id in ["1.2021E+17", "1,2021E+17", "1.2e17", "120210000000000101.0"] {
            assert!(is_ruined(id), "{id}");
        }
        for id in ["120210000000000101", "act_12.5", "c:1202", "+pJv0YB7Ifn", "e10"] {
            assert!(!is_ruined(id), "{id}");
        }
    }
}
