//! Decimal text to `f64`, bit for bit as the standard library, several times faster on short cells.
//!
//! One pass reads sign, digits, separator and exponent, eight digits at a time; the value then comes from `compose`:
//! Clinger's exact path (mantissa and power of ten both exact in an `f64`) or one 64 × 128 bit product (Lemire). What
//! neither covers goes to `str::parse`. `lanes` does the same for many cells at once.
//!
//! Source: Clinger (1990), "How to read floating point numbers accurately", PLDI; Lemire (2021), "Number parsing
//! at a gigabyte per second", Software: Practice and Experience 51(8), section 5, and Mushtak and Lemire (2023),
//! "Fast number parsing without fallback", for why the product suffices.

mod compose;
mod lanes;

use compose::compose;
pub(super) use lanes::{Batch, LANES};

/// Which separator of decimals is accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Decimal {
    /// A point; and, in a file that is not separated by commas, a comma when no number of the file has a point.
    #[default]
    Auto,
    /// `1.5`.
    Point,
    /// `1,5`.
    Comma,
}

/// The separator a number was written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Separator {
    None,
    Point,
    Comma,
}

/// A number at the beginning of some bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan {
    /// Its value; always finite.
    pub(super) value: f64,
    /// Where it ends.
    pub(super) end: usize,
    pub(super) separator: Separator,
    /// Whether an `f64` keeps all that is written: no leading zeros, no whole number beyond 2^53.
    pub(super) faithful: bool,
}

/// The number that a cell from `start` to `end` is, when it is one without blanks and within the range of an `f64`.
#[inline(always)]
pub(super) fn cell(bytes: &[u8], start: usize, end: usize, decimal: Decimal) -> Option<Scan> {
    let window = bytes.get(start..).and_then(|rest| rest.first_chunk::<32>());
    if let Some(scan) = window.and_then(|window| short_cell(window, end - start, decimal)) {
        return Some(Scan { end, ..scan });
    }
    scan(bytes, start, decimal).filter(|scan| scan.end == end)
}

/// [`cell`] for what most cells are: up to 19 digits with a sign and a separator.
///
/// Numbers of one column differ in sign and length, which no branch predictor can foretell; so
/// both are computed with rather than branched on. `None` says nothing about what is there.
#[inline(always)]
fn short_cell(window: &[u8; 32], len: usize, decimal: Decimal) -> Option<Scan> {
    let negative = window[0] == b'-';
    let sign = usize::from(negative);
    let word = |i: usize| {
        let at = sign + 8 * i;
        u64::from_le_bytes(window[at..at + 8].try_into().expect("eight bytes")) ^ ZEROS
    };
    let n = len.wrapping_sub(sign);
    if n.wrapping_sub(1) >= 20 {
        return None;
    }
    // Bytes after the cell become zeros before it, or after it where they are counted off again.
    let first = word(0);
    let head = if n < 8 { first & ((1 << (8 * n)) - 1) } else { first };
    let marks = not_digits(head);
    let (joined, n_whole, separator) = if marks == 0 {
        (head, n, Separator::None)
    } else {
        let at = leading(marks);
        let separator = match (head >> (8 * at)) as u8 ^ b'0' {
            b'.' if decimal != Decimal::Comma => Separator::Point,
            b',' if decimal != Decimal::Point => Separator::Comma,
            _ => return None,
        };
        if marks & (marks - 1) != 0 || n == 1 {
            return None;
        }
        // The digits before the separator move onto it, so that all stand together after one zero.
        let before = (1_u64 << (8 * at)) - 1;
        (((head & before) << 8) | (head & !((before << 8) | 0xFF)), at, separator)
    };
    let mantissa = if n <= 8 {
        value_of(joined << (64 - 8 * n))
    } else {
        let (second, third) = (word(1), word(2));
        let (in_second, in_third) = ((n - 8).min(8), n.saturating_sub(16));
        let (second, third) = (only_first(second, in_second), only_first(third, in_third));
        if not_digits(second) | not_digits(third) != 0 || (separator == Separator::None && n > 15) {
            return None;
        }
        (value_of(joined) * TENS[in_second] + value_of(second)) * TENS[in_third] + value_of(third)
    };
    let exponent = if separator == Separator::None { 0 } else { n_whole as i64 + 1 - n as i64 };
    let value = compose(mantissa, exponent)?;
    let value = f64::from_bits(value.to_bits() | (u64::from(negative) << 63));
    let faithful = (n_whole <= 1) | (first & 0xFF != 0);
    Some(Scan { value, end: len, separator, faithful })
}

/// The first `n` of eight bytes at the end, zeros before them.
#[inline(always)]
const fn only_first(eight: u64, n: usize) -> u64 {
    // In two steps, for none of eight is more than a shift can do.
    let half = 4 * (8 - n);
    (eight << half) << half
}

/// Reads the number that begins at `start`; what follows it is for the caller to judge.
///
/// `None` when there is none, or when it is beyond the range of an `f64`.
pub(super) fn scan(bytes: &[u8], start: usize, decimal: Decimal) -> Option<Scan> {
    let mut at = start;
    let negative = bytes.get(at) == Some(&b'-');
    at += usize::from(negative || bytes.get(at) == Some(&b'+'));

    let whole_start = at;
    let mut mantissa = 0_u64;
    at = digits(bytes, at, &mut mantissa);
    let mut n_digits = at - whole_start;
    let faithful_whole = n_digits <= 1 || bytes[whole_start] != b'0';

    let mut separator = Separator::None;
    let mut exponent = 0_i64;
    match bytes.get(at) {
        Some(b'.') if decimal != Decimal::Comma => separator = Separator::Point,
        Some(b',') if decimal != Decimal::Point => separator = Separator::Comma,
        _ => {}
    }
    if separator != Separator::None {
        let fraction_start = at + 1;
        at = digits(bytes, fraction_start, &mut mantissa);
        exponent = -((at - fraction_start) as i64);
        n_digits += at - fraction_start;
    }
    if n_digits == 0 {
        return None;
    }

    let mut whole = separator == Separator::None;
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        let (written, end) = written_exponent(bytes, at + 1)?;
        exponent += written;
        at = end;
        whole = false;
    }

    // Beyond 19 digits the mantissa may have wrapped around; leading zeros count towards the 19, which only costs time.
    let fast = if n_digits <= 19 { compose(mantissa, exponent) } else { None };
    let value = match fast {
        Some(value) if negative => -value,
        Some(value) => value,
        None => slow(&bytes[start..at])?,
    };
    let faithful = faithful_whole && !(whole && (n_digits > 19 || mantissa > 1 << 53));
    value.is_finite().then_some(Scan { value, end: at, separator, faithful })
}

/// Appends the digits from `at` on to `mantissa`, modulo 2^64; where they end.
fn digits(bytes: &[u8], mut at: usize, mantissa: &mut u64) -> usize {
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
        *mantissa = mantissa.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    at
}

/// Eight times the digit zero.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// `10^n`.
const TENS: [u64; 9] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000];

/// The highest bit of every byte that is not a digit, of eight bytes without their [`ZEROS`]; bytes after
/// one that is not may be marked wrongly.
#[inline]
const fn not_digits(eight: u64) -> u64 {
    (eight.wrapping_add(0x7676_7676_7676_7676) | eight) & 0x8080_8080_8080_8080
}

/// How many bytes come before the first mark, 8 when there is none.
#[inline]
const fn leading(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// The number that eight digits, without their [`ZEROS`], say: neighbours are joined three times.
#[inline]
const fn value_of(eight: u64) -> u64 {
    let eight = eight.wrapping_mul(2561) >> 8;
    let eight = (eight & 0x00FF_00FF_00FF_00FF).wrapping_mul(6_553_601) >> 16;
    (eight & 0x0000_FFFF_0000_FFFF).wrapping_mul(42_949_672_960_001) >> 32
}

/// An exponent and where it ends; `None` when no digit follows.
fn written_exponent(bytes: &[u8], mut at: usize) -> Option<(i64, usize)> {
    let negative = bytes.get(at) == Some(&b'-');
    at += usize::from(negative || bytes.get(at) == Some(&b'+'));
    let start = at;
    let mut exponent = 0_i64;
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|&digit| digit < 10) {
        exponent = exponent.saturating_mul(10).saturating_add(i64::from(digit)).min(1_000_000_000_000);
        at += 1;
    }
    (at > start).then_some((if negative { -exponent } else { exponent }, at))
}

/// The standard library's answer, with the comma of decimals replaced.
#[cold]
fn slow(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    if text.contains(',') { text.replace(',', ".").parse().ok() } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The whole text as one number, which does not depend on what stands around it.
    fn number(text: &str) -> Option<Scan> {
        let scanned = scan(text.as_bytes(), 0, Decimal::Point).filter(|scan| scan.end == text.len());
        for after in ["", ",-17.5e3,12345678901234567890,x", ";0000000000000000000000000000000000"] {
            let whole = format!("1{text}{after}");
            let found = cell(whole.as_bytes(), 1, 1 + text.len(), Decimal::Point);
            let facts = |scan: Option<Scan>| scan.map(|scan| (scan.value.to_bits(), scan.separator, scan.faithful));
            assert_eq!(facts(found), facts(scanned), "{text}");
        }
        scanned
    }

    fn assert_as_std(text: &str) {
        let expected = text.parse::<f64>().unwrap();
        let found = number(text).map(|scan| scan.value);
        if expected.is_finite() {
            assert_eq!(found.map(f64::to_bits), Some(expected.to_bits()), "{text}");
        } else {
            assert_eq!(found, None, "{text}");
        }
    }

    #[test]
    fn known_difficult_numbers_equal_the_standard_library() {
        for text in [
            "0",
            "-0",
            "0.0",
            ".5",
            "5.",
            "+7",
            "1e23",
            "9007199254740993",
            "9007199254740993.0",
            "8.5e-20",
            "1.8369701987210297e-16",
            "123456789012345678901234567890",
            "0.000000000000000000000000000000000000001",
            "2.2250738585072014e-308",
            "5e-324",
            "1e-400",
            "1.7976931348623157e308",
            "1e309",
            "6929495644600919.5",
            "3.7455744005952583e15",
            "9223372036854775807",
            "18446744073709551615",
            "18446744073709551616",
            "00000000000000000000000000000000000001.5",
            "1e-27",
            "1e-28",
            "1234567890123456789e-40",
        ] {
            assert_as_std(text);
        }
    }

    #[test]
    fn what_is_not_a_number_is_none() {
        for text in ["", "-", ".", "-.", "e5", "1e", "1e+", "inf", "NaN", "0x10", "1e999", "-1e999", "1_000", "--1"] {
            assert!(number(text).is_none(), "{text}");
        }
    }

    #[test]
    fn what_an_f64_would_lose_is_known() {
        for (text, faithful) in [
            ("9007199254740992", true),
            ("9007199254740993", false),
            ("-9007199254740993", false),
            ("123456789012345678901", false),
            ("9007199254740993.0", true),
            ("007", false),
            ("0", true),
            ("-0.5", true),
            ("00.5", false),
            ("1e30", true),
        ] {
            assert_eq!(number(text).unwrap().faithful, faithful, "{text}");
        }
    }

    #[test]
    fn a_decimal_comma_is_read_where_it_is_accepted() {
        let read = |decimal| scan(b"-3,25;", 0, decimal).map(|scan| (scan.value, scan.end, scan.separator));
        assert_eq!(read(Decimal::Auto), Some((-3.25, 5, Separator::Comma)));
        assert_eq!(read(Decimal::Comma), Some((-3.25, 5, Separator::Comma)));
        assert_eq!(read(Decimal::Point), Some((-3.0, 2, Separator::None)));
        assert_eq!(scan(b"1,00000000000000000000000000000001", 0, Decimal::Comma).unwrap().value, 1.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn any_float_reads_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            prop_assume!(value.is_finite());
            prop_assert_eq!(number(&format!("{value:?}")).unwrap().value.to_bits(), value.to_bits());
        }

        #[test]
        fn what_looks_like_a_number_is_one_only_if_all_of_it_is(text in "[+-]?[0-9.,e-]{0,24}", junk in "[ -~é]{0,3}") {
            number(&text);
            number(&format!("{text}{junk}"));
        }

        #[test]
        fn usual_floats_read_back(value in -1e9..1e9_f64, tiny in -1e-6..1e-6_f64) {
            prop_assert_eq!(number(&format!("{value}")).unwrap().value.to_bits(), value.to_bits());
            prop_assert_eq!(number(&format!("{tiny}")).unwrap().value.to_bits(), tiny.to_bits());
        }

        #[test]
        fn any_decimal_equals_the_standard_library(text in "[+-]?[0-9]{1,22}(\\.[0-9]{0,22})?(e[+-]?[0-9]{1,3})?") {
            assert_as_std(&text);
        }

        #[test]
        fn half_way_cases_equal_the_standard_library(mantissa in (1_u64 << 53)..=u64::MAX, exponent in -62..=32) {
            assert_as_std(&format!("{mantissa}e{exponent}"));
            assert_as_std(&format!("{}e{exponent}", (mantissa >> 10 << 10) | (1 << 9)));
        }
    }
}
