//! Numbers as Ads Manager, spreadsheets and programs write them.

use crate::Decimal;

/// What the marks of a number say about the decimal mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    /// There are none: `1250`.
    None,
    /// Only this decimal mark makes sense of it: `12.5`, `1.234,56`, `1,234,567`.
    Decides(Decimal),
    /// A point that divides three digits from one to three others: `1.250`.
    LonePoint,
    /// A comma that does: `1,250`.
    LoneComma,
}

/// A plain number at the front of a cell: digits with at most one decimal mark, all of `cell`.
///
/// Exact: at most fifteen digits over a power of ten up to 10^22 are correctly rounded by one division (Clinger 1990).
#[inline]
pub(crate) fn quick(cell: &[u8], decimal: Decimal) -> Option<(f64, Marks)> {
    const POWERS: [f64; 16] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    let mark = if decimal == Decimal::Point { b'.' } else { b',' };
    if cell.len() > 16 || !cell.first().is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let mut value = 0_u64;
    let mut split = cell.len();
    for (at, &byte) in cell.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            value = value * 10 + u64::from(digit);
        } else if byte == mark && split == cell.len() {
            split = at;
        } else {
            return None;
        }
    }
    if split == cell.len() {
        return (cell.len() <= 15).then_some((value as f64, Marks::None));
    }
    let decimals = cell.len() - split - 1;
    let marks = if decimals == 3 && split <= 3 && cell[0] != b'0' {
        if decimal == Decimal::Point { Marks::LonePoint } else { Marks::LoneComma }
    } else {
        Marks::Decides(decimal)
    };
    Some((value as f64 / POWERS[decimals], marks))
}

/// A number without what stands around it: signs of currencies, codes of three letters, percent, blanks.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Bare {
    negative: bool,
    /// Digits, points, commas, and a blank for each blank or apostrophe between them.
    digits: String,
}

const CURRENCY_SIGNS: &str = "$€£¥￥₹₩₫₺₽₴₪₦₱฿₲₡₵円元";

fn bare(cell: &str) -> Option<Bare> {
    if cell.len() > 400 {
        return None;
    }
    let mut text = cell.trim();
    let mut negative = false;
    if let Some(inner) = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')) {
        (text, negative) = (inner, true);
    }
    let is_decoration =
        |letter: char| letter.is_whitespace() || letter.is_alphabetic() || CURRENCY_SIGNS.contains(letter);
    let mut words = 0;
    // A currency before or after: `R$ 12`, `12 €`, `12 ARS`, `US$12`; at most one on each side, of at most four letters.
    let strip = |text: &str, front: bool| -> Option<usize> {
        let kept = if front { text.trim_start_matches(is_decoration) } else { text.trim_end_matches(is_decoration) };
        let taken = if front { &text[..text.len() - kept.len()] } else { &text[kept.len()..] };
        (taken.trim().chars().count() <= 4).then_some(kept.len())
    };
    let mut sign = |text: &mut &str| {
        for (mark, is_minus) in [('-', true), ('\u{2212}', true), ('+', false)] {
            if let Some(rest) = text.strip_prefix(mark) {
                *text = rest.trim_start();
                negative |= is_minus;
                words += 1;
                return;
            }
        }
    };
    sign(&mut text);
    let kept = strip(text, true)?;
    text = &text[text.len() - kept..];
    sign(&mut text);
    text = text.strip_suffix('%').unwrap_or(text).trim_end();
    let kept = strip(text, false)?;
    text = &text[..kept];
    let mut digits = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '0'..='9' | '.' | ',' => digits.push(letter),
            ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\'' | '\u{2019}' => digits.push(' '),
            '０'..='９' => digits.push(char::from(b'0' + (letter as u32 - '０' as u32) as u8)),
            _ => return None,
        }
    }
    (words <= 1 && digits.contains(|letter: char| letter.is_ascii_digit())).then_some(Bare { negative, digits })
}

impl Bare {
    fn marks(&self) -> Marks {
        let count = |mark: char| self.digits.matches(mark).count();
        let (points, commas, blanks) = (count('.'), count(','), count(' '));
        let lone = |mark: char| {
            let (whole, decimals) = self.digits.split_once(mark).unwrap_or((&self.digits, ""));
            decimals.len() == 3 && (1..=3).contains(&whole.len()) && !whole.starts_with('0') && blanks == 0
        };
        match (points, commas) {
            (0, 0) => Marks::None,
            (1, 0) if lone('.') => Marks::LonePoint,
            (0, 1) if lone(',') => Marks::LoneComma,
            (1, 0) => Marks::Decides(Decimal::Point),
            (0, 1) => Marks::Decides(Decimal::Comma),
            (_, 0) => Marks::Decides(Decimal::Comma),
            (0, _) => Marks::Decides(Decimal::Point),
            _ if self.digits.rfind('.') > self.digits.rfind(',') => Marks::Decides(Decimal::Point),
            _ => Marks::Decides(Decimal::Comma),
        }
    }

    fn value(&self, decimal: Decimal) -> Option<f64> {
        let (mark, group) = if decimal == Decimal::Point { ('.', ',') } else { (',', '.') };
        let (whole, decimals) = self.digits.split_once(mark).unwrap_or((&self.digits, ""));
        if !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let mut groups = whole.split([group, ' ']);
        let first = groups.next().unwrap_or_default();
        let rest: Vec<&str> = groups.collect();
        // Groups of three; of two before the last three, as in India.
        let last = rest.len().checked_sub(1);
        let grouped = rest.iter().enumerate().all(|(i, digits)| match digits.len() {
            3 => true,
            2 => Some(i) != last,
            _ => false,
        });
        let leads = rest.is_empty() || (1..=3).contains(&first.len());
        if !grouped || !leads || (first.is_empty() && decimals.is_empty()) {
            return None;
        }
        let mut plain = String::with_capacity(self.digits.len() + 1);
        if self.negative {
            plain.push('-');
        }
        plain.push_str(first);
        rest.iter().for_each(|digits| plain.push_str(digits));
        plain.push('.');
        plain.push_str(if decimals.is_empty() { "0" } else { decimals });
        plain.parse().ok().filter(|value: &f64| value.is_finite())
    }
}

/// What the marks of any number say; `None` when the cell is no number whichever way.
pub(crate) fn marks(cell: &str) -> Option<Marks> {
    let bare = bare(cell)?;
    let marks = bare.marks();
    let readable = match marks {
        Marks::Decides(decimal) => bare.value(decimal).is_some(),
        _ => bare.value(Decimal::Point).is_some(),
    };
    readable.then_some(marks)
}

/// The value of any number with this decimal mark; `None` when it is none.
pub(crate) fn value(cell: &str, decimal: Decimal) -> Option<f64> {
    if let Some((value, _)) = quick(cell.as_bytes(), decimal) {
        return Some(value);
    }
    bare(cell)?.value(decimal)
}

/// The value of a number as programs write it: a decimal point, no marks between digits, an exponent perhaps.
pub(crate) fn machine(cell: &str) -> Option<f64> {
    if let Some((value, _)) = quick(cell.as_bytes(), Decimal::Point) {
        return Some(value);
    }
    let looks = cell.len() <= 400 && cell.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
    if looks { cell.parse().ok().filter(|value: &f64| value.is_finite()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_text_may_have_two_values() {
        let cases = [("1,250", 1250.0, 1.25, Marks::LoneComma), ("1.250", 1.25, 1250.0, Marks::LonePoint)];
        for (text, point, comma, expected) in cases {
            assert_eq!(marks(text), Some(expected), "{text}");
            assert_eq!(
                (value(text, Decimal::Point), value(text, Decimal::Comma)),
                (Some(point), Some(comma)),
                "{text}"
            );
        }
    }

    #[test]
    fn marks_that_decide() {
        let (point, comma) = (Decimal::Point, Decimal::Comma);
        let cases = [
            ("61.27", point, 61.27),
            ("1.234,56", comma, 1234.56),
            ("1\u{202f}234,56", comma, 1234.56),
            ("$3,850.25", point, 3850.25),
            ("$20.498,46 ARS", comma, 20498.46),
            ("0.96%", point, 0.96),
            ("1.234.567", comma, 1_234_567.0),
            ("1,20,450.50", point, 120_450.5),
            ("12,5", comma, 12.5),
            ("-1,5 €", comma, -1.5),
            ("R$ 1.322,80", comma, 1322.8),
            ("0.125", point, 0.125),
            ("22.36388889", point, 22.36388889),
            ("144.", point, 144.0),
            (".5", point, 0.5),
        ];
        for (text, decimal, expected) in cases {
            assert_eq!(marks(text), Some(Marks::Decides(decimal)), "{text}");
            assert_eq!(value(text, decimal), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in ["", "-", "abc", "1,2,3", "1..2", "1.2.3,4,5", "12 34", "USDEUR 1", "1e5", "--5", ".", "1,2345.6"] {
            assert_eq!(marks(text), None, "{text}");
            assert!(value(text, Decimal::Point).is_none() && value(text, Decimal::Comma).is_none(), "{text}");
        }
        assert_eq!(machine("1e400"), None);
        assert_eq!(machine("144."), Some(144.0));
        assert_eq!(machine("nan"), None);
    }

    proptest! {
        #[test]
        fn quick_numbers_are_those_of_the_standard_library(text in "[0-9]{1,8}([.][0-9]{0,7})?") {
            let (value, _) = quick(text.as_bytes(), Decimal::Point).unwrap();
            prop_assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits());
            prop_assert_eq!(marks(&text), quick(text.as_bytes(), Decimal::Point).map(|quick| quick.1));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,30}|[0-9., $€%()-]{0,16}") {
            let _ = (marks(&text), value(&text, Decimal::Point), value(&text, Decimal::Comma), machine(&text));
        }
    }
}
