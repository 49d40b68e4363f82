//! From bytes to cells: delimiters, quotes, line ends.
//!
//! A quote opens a quoted cell only at the cell's beginning, and is doubled inside; elsewhere it is a
//! character like any other.

/// What separates cells and lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    /// `\n`, with an optional `\r` before it, or a bare `\r`.
    pub(super) terminator: u8,
}

/// The quote.
pub(super) const QUOTE: u8 = b'"';

/// A cell, without its quotes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cell {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether quotes inside are doubled.
    pub(super) escaped: bool,
    /// Where its delimiter or terminator stands, or the end of the bytes.
    pub(super) next: usize,
}

/// Why there is no cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadCell {
    Unclosed,
    TextAfterQuote,
    /// A quote inside an unquoted cell, where the caller relies on there being none.
    Irregular,
}

/// The cell that begins at `start`. `careful`: quotes inside unquoted cells are characters.
#[inline]
pub(super) fn cell(bytes: &[u8], start: usize, dialect: Dialect, careful: bool) -> Result<Cell, BadCell> {
    if bytes.get(start) == Some(&QUOTE) {
        return quoted(bytes, start + 1, dialect);
    }
    let mut next = find(bytes, start, dialect);
    while bytes.get(next) == Some(&QUOTE) {
        if !careful {
            return Err(BadCell::Irregular);
        }
        next = find(bytes, next + 1, dialect);
    }
    let carriage_return = next > start && bytes[next - 1] == b'\r' && bytes.get(next) == Some(&b'\n');
    Ok(Cell { start, end: next - usize::from(carriage_return && dialect.terminator == b'\n'), escaped: false, next })
}

/// The quoted cell whose text begins at `start`.
#[inline]
fn quoted(bytes: &[u8], start: usize, dialect: Dialect) -> Result<Cell, BadCell> {
    let mut escaped = false;
    let mut end = start;
    loop {
        end = find_quote(bytes, end).ok_or(BadCell::Unclosed)?;
        if bytes.get(end + 1) != Some(&QUOTE) {
            break;
        }
        escaped = true;
        end += 2;
    }
    let mut next = end + 1;
    if dialect.terminator == b'\n' && bytes.get(next) == Some(&b'\r') && bytes.get(next + 1).is_none_or(|&b| b == b'\n')
    {
        next += 1;
    }
    match bytes.get(next) {
        None => {}
        Some(&byte) if byte == dialect.delimiter || byte == dialect.terminator => {}
        Some(_) => return Err(BadCell::TextAfterQuote),
    }
    Ok(Cell { start, end, escaped, next })
}

/// The first quote from `at` on. Most are a few bytes away, nearer than a call to `memchr` is worth.
#[inline]
fn find_quote(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = bytes.get(at..)?;
    if let Some(near) = rest.first_chunk::<16>() {
        let halves = [&near[..8], &near[8..]];
        for (i, half) in halves.into_iter().enumerate() {
            let eight = u64::from_le_bytes(half.try_into().expect("eight bytes"));
            // The lowest byte that is zero once quotes are: the others below it leave no trace.
            let zeroed = eight ^ (u64::from(QUOTE) * 0x0101_0101_0101_0101);
            let found = zeroed.wrapping_sub(0x0101_0101_0101_0101) & !zeroed & 0x8080_8080_8080_8080;
            if found != 0 {
                return Some(at + i * 8 + (found.trailing_zeros() / 8) as usize);
            }
        }
        return memchr::memchr(QUOTE, &rest[16..]).map(|found| at + 16 + found);
    }
    memchr::memchr(QUOTE, rest).map(|found| at + found)
}

/// The first delimiter, terminator or quote from `at` on, or the end.
#[inline]
fn find(bytes: &[u8], at: usize, dialect: Dialect) -> usize {
    let rest = &bytes[at.min(bytes.len())..];
    let near = rest.iter().take(24).position(|&b| b == dialect.delimiter || b == dialect.terminator || b == QUOTE);
    match near {
        Some(found) => at + found,
        None if rest.len() <= 24 => bytes.len(),
        None => memchr::memchr3(dialect.delimiter, dialect.terminator, QUOTE, &rest[24..])
            .map_or(bytes.len(), |found| at + 24 + found),
    }
}

/// The text of a cell whose quotes are doubled, into `text`.
pub(super) fn unescape(raw: &str, text: &mut String) {
    text.clear();
    let mut pieces = raw.split("\"\"");
    text.extend(pieces.next());
    for piece in pieces {
        text.push('"');
        text.push_str(piece);
    }
}

/// Where the row that begins at `start` ends, just after its terminator; `None` when it does not end here.
pub(super) fn row_end(bytes: &[u8], start: usize, dialect: Dialect) -> Option<usize> {
    let mut at = start;
    loop {
        // After a closing quote anything goes here; that it must not is for the row's reader to say.
        let next = match cell(bytes, at, dialect, true) {
            Ok(cell) => cell.next,
            Err(BadCell::Unclosed) => return None,
            Err(_) => find_separator_after_quoted(bytes, at, dialect),
        };
        match bytes.get(next) {
            None => return None,
            Some(&byte) if byte == dialect.terminator => return Some(next + 1),
            Some(_) => at = next + 1,
        }
    }
}

/// The separator that ends a malformed quoted cell.
fn find_separator_after_quoted(bytes: &[u8], start: usize, dialect: Dialect) -> usize {
    let separator = |&byte: &u8| byte == dialect.delimiter || byte == dialect.terminator;
    bytes[start..].iter().position(separator).map_or(bytes.len(), |found| start + found)
}

/// Number of cells of the row that begins at `start`.
pub(super) fn count_cells(bytes: &[u8], start: usize, dialect: Dialect) -> usize {
    let (mut at, mut n) = (start, 1);
    while let Ok(cell) = cell(bytes, at, dialect, true) {
        match bytes.get(cell.next) {
            Some(&byte) if byte == dialect.delimiter => (at, n) = (cell.next + 1, n + 1),
            _ => break,
        }
    }
    n
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALECT: Dialect = Dialect { delimiter: b',', terminator: b'\n' };

    fn text(bytes: &[u8]) -> Result<(&[u8], usize), BadCell> {
        cell(bytes, 0, DIALECT, false).map(|cell| (&bytes[cell.start..cell.end], cell.next))
    }

    #[test]
    fn cells_end_at_separators_outside_quotes() {
        assert_eq!(text(b"ab,c"), Ok((&b"ab"[..], 2)));
        assert_eq!(text(b"ab\r\nc"), Ok((&b"ab"[..], 3)));
        assert_eq!(text(b"ab"), Ok((&b"ab"[..], 2)));
        assert_eq!(text(b"\"a,\n\"\"b\",c"), Ok((&b"a,\n\"\"b"[..], 8)));
        assert_eq!(text(b"\"\"\r\n"), Ok((&b""[..], 3)));
        assert_eq!(
            text(b"\"abcdefghijklmnopqrstuvwxyz, and so on\"\n"),
            Ok((&b"abcdefghijklmnopqrstuvwxyz, and so on"[..], 39))
        );
    }

    #[test]
    fn malformed_cells_are_told_apart() {
        assert_eq!(text(b"\"ab"), Err(BadCell::Unclosed));
        assert_eq!(text(b"\"ab\" ,"), Err(BadCell::TextAfterQuote));
        assert_eq!(text(b"5\" wide,"), Err(BadCell::Irregular));
        assert_eq!(cell(b"5\" wide,", 0, DIALECT, true).unwrap().end, 7);
    }

    #[test]
    fn rows_end_at_the_first_terminator_outside_quotes() {
        assert_eq!(row_end(b"a,\"b\nc\"\nd", 0, DIALECT), Some(8));
        assert_eq!(row_end(b"a,\"b\nc", 0, DIALECT), None);
        assert_eq!(count_cells(b"a,\"b\nc\",\nd", 0, DIALECT), 3);
    }
}
