//! From bytes to cells, rows and pieces of whole rows.
//!
//! A quote opens a quoted cell only at the cell's beginning, and is doubled inside; elsewhere it is a character like any
//! other. Where no cell has such a quote, a byte is inside quotes exactly when an odd number of them stands before it:
//! that is how pieces are cut. A row reader that meets a quote elsewhere says so, and the file is read as one piece.

/// What separates cells and lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marks {
    pub(crate) delimiter: u8,
    /// `\n`, with an optional `\r` before it, or a bare `\r`.
    pub(crate) terminator: u8,
}

pub(crate) const QUOTE: u8 = b'"';

/// A cell, without its quotes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Whether quotes inside are doubled.
    pub(crate) escaped: bool,
    /// Where its delimiter or terminator stands, or the end of the bytes.
    pub(crate) next: usize,
}

/// Why there is no cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadCell {
    Unclosed,
    TextAfterQuote,
    /// A quote inside an unquoted cell, where the caller relies on there being none.
    Irregular,
}

/// The cell that begins at `start`. `careful`: quotes inside unquoted cells are characters.
#[inline]
pub(crate) fn cell(bytes: &[u8], start: usize, marks: Marks, careful: bool) -> Result<Cell, BadCell> {
    if bytes.get(start) == Some(&QUOTE) {
        return quoted(bytes, start + 1, marks);
    }
    let mut next = start;
    while let Some(&byte) = bytes.get(next) {
        if byte == marks.delimiter || byte == marks.terminator {
            break;
        }
        if byte == QUOTE && !careful {
            return Err(BadCell::Irregular);
        }
        next += 1;
    }
    let returned = marks.terminator == b'\n' && next > start && bytes[next - 1] == b'\r' && ends_line(bytes, next);
    Ok(Cell { start, end: next - usize::from(returned), escaped: false, next })
}

fn ends_line(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|&byte| byte == b'\n')
}

fn quoted(bytes: &[u8], start: usize, marks: Marks) -> Result<Cell, BadCell> {
    let mut escaped = false;
    let mut end = start;
    loop {
        end += memchr::memchr(QUOTE, &bytes[end..]).ok_or(BadCell::Unclosed)?;
        if bytes.get(end + 1) != Some(&QUOTE) {
            break;
        }
        escaped = true;
        end += 2;
    }
    let mut next = end + 1;
    if marks.terminator == b'\n' && bytes.get(next) == Some(&b'\r') && ends_line(bytes, next + 1) {
        next += 1;
    }
    match bytes.get(next) {
        None => {}
        Some(&byte) if byte == marks.delimiter || byte == marks.terminator => {}
        Some(_) => return Err(BadCell::TextAfterQuote),
    }
    Ok(Cell { start, end, escaped, next })
}

/// The text of a cell with its doubled quotes undone.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("\"\"", "\"")
}

/// Where the line at `at` ends, when it is blank.
#[inline]
pub(crate) fn blank_line(bytes: &[u8], at: usize, terminator: u8) -> Option<usize> {
    match *bytes.get(at)? {
        byte if byte == terminator => Some(at + 1),
        b'\r' if terminator == b'\n' && bytes.get(at + 1) == Some(&b'\n') => Some(at + 2),
        b'\n' if terminator == b'\r' => Some(at + 1),
        _ => None,
    }
}

/// Just after the last terminator outside quotes, counting quotes from the beginning of `bytes`.
pub(crate) fn last_row_end(bytes: &[u8], terminator: u8) -> Option<usize> {
    let mut inside = memchr::memchr_iter(QUOTE, bytes).count() % 2 == 1;
    for at in memchr::memrchr2_iter(QUOTE, terminator, bytes) {
        if bytes[at] == QUOTE {
            inside = !inside;
        } else if !inside {
            return Some(at + 1);
        }
    }
    None
}

/// Cuts whole rows into pieces of about `size` bytes: where each begins, and the end of the last.
pub(crate) fn pieces(bytes: &[u8], size: usize, terminator: u8) -> Vec<usize> {
    let mut cuts = vec![0];
    let (mut from, mut inside) = (0, false);
    while bytes.len() - from > size {
        let target = from + size;
        inside ^= memchr::memchr_iter(QUOTE, &bytes[from..target]).count() % 2 == 1;
        let mut cut = None;
        for at in memchr::memchr2_iter(QUOTE, terminator, &bytes[target..]) {
            if bytes[target + at] == QUOTE {
                inside = !inside;
            } else if !inside {
                cut = Some(target + at + 1);
                break;
            }
        }
        let Some(cut) = cut else { break };
        cuts.push(cut);
        from = cut;
    }
    if cuts.last() != Some(&bytes.len()) {
        cuts.push(bytes.len());
    }
    cuts
}

/// The first line ending outside quotes decides: `\n` or a bare `\r`.
pub(crate) fn terminator(head: &[u8]) -> u8 {
    let mut inside = false;
    for (at, &byte) in head.iter().enumerate() {
        match byte {
            QUOTE => inside = !inside,
            b'\n' if !inside => return b'\n',
            b'\r' if !inside && head.get(at + 1).is_some_and(|&next| next != b'\n') => return b'\r',
            _ => {}
        }
    }
    b'\n'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MARKS: Marks = Marks { delimiter: b',', terminator: b'\n' };

    fn cells(text: &str) -> Vec<&str> {
        let (mut at, mut found) = (0, Vec::new());
        loop {
            let cell = cell(text.as_bytes(), at, MARKS, true).unwrap();
            found.push(&text[cell.start..cell.end]);
            if text.as_bytes().get(cell.next) != Some(&b',') {
                return found;
            }
            at = cell.next + 1;
        }
    }

    #[test]
    fn quotes_stand_around_cells() {
        assert_eq!(cells("a,\"b,c\",\"d\ne\"\r\n"), ["a", "b,c", "d\ne"]);
        assert_eq!(cells("5\" wide,x\r\n"), ["5\" wide", "x"]);
        assert!(matches!(cell(b"\"a", 0, MARKS, true), Err(BadCell::Unclosed)));
        assert!(matches!(cell(b"\"a\"b", 0, MARKS, true), Err(BadCell::TextAfterQuote)));
        assert!(matches!(cell(b"a\"b", 0, MARKS, false), Err(BadCell::Irregular)));
    }

    #[test]
    fn line_ends_are_told_apart() {
        assert_eq!(terminator(b"a,b\r\nc"), b'\n');
        assert_eq!(terminator(b"a,b\rc\r"), b'\r');
        assert_eq!(terminator(b"\"a\rb\",c\nd"), b'\n');
    }

    proptest! {
        #[test]
        fn pieces_are_whole_rows(
            rows in proptest::collection::vec("([a-c]{0,3}|\"([a-c\n,]|\"\"){0,4}\")(,([a-c]{0,3}|\"([a-c\n,]|\"\"){0,4}\")){0,2}\n", 0..20),
            size in 1..40_usize,
        ) {
            let text = rows.concat();
            let mut ends = vec![0];
            for row in &rows {
                ends.push(ends.last().unwrap() + row.len());
            }
            let cuts = pieces(text.as_bytes(), size, b'\n');
            prop_assert_eq!(*cuts.last().unwrap(), text.len());
            for cut in &cuts {
                prop_assert!(ends.contains(cut));
            }
            if !rows.is_empty() {
                prop_assert_eq!(last_row_end(text.as_bytes(), b'\n'), Some(text.len()));
            }
        }
    }
}
