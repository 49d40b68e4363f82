//! What the beginning of a file tells: byte order mark, line ending, delimiter, names.

use super::cells::{self, Dialect, QUOTE};
use super::rows::blank_line;

/// How lines end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LineEnding {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
    /// A bare `\r`.
    Cr,
}

impl LineEnding {
    pub(super) const fn terminator(self) -> u8 {
        match self {
            Self::Lf | Self::CrLf => b'\n',
            Self::Cr => b'\r',
        }
    }
}

/// The UTF-8 byte order mark.
pub(super) const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The first line ending outside quotes, or inside them when there is no other; `\n` when there is none at all.
pub(super) fn line_ending(head: &[u8]) -> LineEnding {
    let at = |outside_quotes_only: bool| {
        let mut inside = false;
        head.iter().position(|&byte| {
            inside ^= byte == QUOTE && outside_quotes_only;
            !inside && (byte == b'\n' || byte == b'\r')
        })
    };
    match at(true).or_else(|| at(false)) {
        Some(at) if head[at] == b'\r' && head.get(at + 1) == Some(&b'\n') => LineEnding::CrLf,
        Some(at) if head[at] == b'\r' => LineEnding::Cr,
        _ => LineEnding::Lf,
    }
}

/// The delimiter among tab, `;` and `,` that gives the same number of cells, two or more, in each of the first rows;
/// in this order, since text holds commas more often than the others. When none does, the one
/// that cuts the first row into most cells.
pub(super) fn delimiter(head: &[u8], terminator: u8, complete: bool) -> u8 {
    const CANDIDATES: [u8; 3] = [b'\t', b';', b','];
    const ROWS: usize = 100;
    let judge = |&delimiter: &u8| {
        let dialect = Dialect { delimiter, terminator };
        let (mut at, mut first, mut same) = (0, 0, true);
        for _ in 0..ROWS {
            at = skip_blank_lines(head, at, terminator).0;
            let end = cells::row_end(head, at, dialect).or((complete && at < head.len()).then_some(head.len()));
            let Some(end) = end else { break };
            let n = cells::count_cells(head, at, dialect);
            same &= first == 0 || n == first;
            first = if first == 0 { n } else { first };
            at = end;
        }
        (same && first > 1, first)
    };
    let judged = CANDIDATES.map(|candidate| judge(&candidate));
    let consistent = (0..3).find(|&i| judged[i].0);
    let most_cells = (0..3).rev().max_by_key(|&i| (judged[i].1, i == 2));
    CANDIDATES[consistent.or(most_cells).unwrap_or(2)]
}

/// Where the first line that is not blank begins, and how many come before it.
pub(super) fn skip_blank_lines(bytes: &[u8], start: usize, terminator: u8) -> (usize, u64) {
    let (mut at, mut n) = (start, 0);
    while at < bytes.len() {
        let Some(after) = blank_line(bytes, at, terminator) else { break };
        n += u64::from(bytes[after - 1] == terminator);
        at = after;
    }
    (at, n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_ending_outside_quotes_counts() {
        assert_eq!(line_ending(b"a,b\nc\r\n"), LineEnding::Lf);
        assert_eq!(line_ending(b"\"a\nb\",c\r\n"), LineEnding::CrLf);
        assert_eq!(line_ending(b"a,b\rc"), LineEnding::Cr);
        assert_eq!(line_ending(b"5\",b\r\nc\n"), LineEnding::CrLf);
        assert_eq!(line_ending(b"a,b"), LineEnding::Lf);
    }

    #[test]
    fn the_delimiter_cuts_all_rows_alike() {
        let of = |text: &str| delimiter(text.as_bytes(), b'\n', true) as char;
        assert_eq!(of("a,b\n1,2\n"), ',');
        assert_eq!(of("a;b\n1,5;2,5\n"), ';');
        assert_eq!(of("1,5;2,5\n3,5;4,5"), ';');
        assert_eq!(of("a\tb, c\n1\t2, 3\n"), '\t');
        assert_eq!(of("name,n\n\"x;y\",1\nz,2\n"), ',');
        assert_eq!(of("one\n1\n"), ',');
        assert_eq!(of("a,b,c\n1,2\n"), ',');
    }
}
