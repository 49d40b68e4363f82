//! Numbers as people read them: tick labels, values, counts.

/// How the numbers on an axis are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum NumberFormat {
    /// As they are: `0.25`, `12 000`.
    #[default]
    Plain,
    /// In percent: `0.0002` is written `0.02 %`. For rates.
    Percent,
}

/// Between groups of three digits: neither a decimal point nor a decimal comma to anyone.
const THIN_SPACE: char = '\u{2009}';
const MINUS: char = '−';
/// Plain notation ends here, scientific notation begins.
const LARGEST_PLAIN: f64 = 1e9;
const MOST_DECIMALS: usize = 7;

/// A way of writing all the numbers of one axis, so that they line up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Numerals {
    format: NumberFormat,
    notation: Notation,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Notation {
    /// So many decimals.
    Fixed(usize),
    /// So many decimals of the mantissa.
    Scientific(usize),
    /// At most so many significant digits, each number by itself.
    Significant(usize),
}

impl Numerals {
    /// For multiples of a step whose leading digit stands at `10^exponent`, none of them larger
    /// in size than `largest`.
    pub(crate) fn for_step(exponent: i32, largest: f64, format: NumberFormat) -> Self {
        let shift = percent_shift(format);
        let decimals = usize::try_from(-(exponent + shift)).unwrap_or(0);
        let magnitude = if largest > 0.0 { largest.log10().floor() as i32 } else { exponent };
        let notation = if decimals <= MOST_DECIMALS && largest < LARGEST_PLAIN {
            Notation::Fixed(decimals)
        } else {
            Notation::Scientific(usize::try_from(magnitude - exponent).unwrap_or(0).min(9))
        };
        Self { format, notation }
    }

    /// For numbers of different sizes, each to at most `digits` significant digits.
    pub(crate) fn significant(digits: usize, format: NumberFormat) -> Self {
        Self { format, notation: Notation::Significant(digits) }
    }

    /// One more digit than before: for values that lie between ticks.
    pub(crate) fn finer(self) -> Self {
        let notation = match self.notation {
            Notation::Fixed(digits) => Notation::Fixed(digits + 1),
            Notation::Scientific(digits) => Notation::Scientific(digits + 1),
            Notation::Significant(digits) => Notation::Significant(digits + 1),
        };
        Self { notation, ..self }
    }

    /// `value`, which is finite, as text.
    pub(crate) fn write(&self, value: f64) -> String {
        let shift = percent_shift(self.format);
        let number = match self.notation {
            Notation::Fixed(decimals) => fixed(value * 10_f64.powi(shift), decimals),
            Notation::Scientific(decimals) => scientific(value, decimals, shift),
            Notation::Significant(digits) => significant(value, digits, shift),
        };
        match self.format {
            NumberFormat::Plain => number,
            NumberFormat::Percent => format!("{number}{THIN_SPACE}%"),
        }
    }
}

/// A whole number with its digits in groups of three.
pub(crate) fn count(n: usize) -> String {
    grouped(&n.to_string())
}

/// How many places the point moves to the right.
fn percent_shift(format: NumberFormat) -> i32 {
    match format {
        NumberFormat::Plain => 0,
        NumberFormat::Percent => 2,
    }
}

fn fixed(value: f64, decimals: usize) -> String {
    let digits = format!("{:.decimals$}", value.abs());
    let (whole, fraction) = match digits.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits.as_str(), None),
    };
    let mut text = grouped(whole);
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    signed(value, text)
}

/// `mantissa×10^exponent`, the exponent in superscripts.
fn scientific(value: f64, decimals: usize, shift: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = format!("{:.decimals$e}", value.abs());
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
    let exponent = exponent.parse::<i32>().unwrap_or(0) + shift;
    let exponent: String = exponent.to_string().chars().map(superscript).collect();
    signed(value, format!("{mantissa}×10{exponent}"))
}

fn significant(value: f64, digits: usize, shift: i32) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let magnitude = value.abs().log10().floor() as i32 + shift;
    if !(-6..9).contains(&magnitude) {
        let text = scientific(value, digits.saturating_sub(1), shift);
        return match text.split_once('×') {
            Some((mantissa, power)) => format!("{}×{power}", without_trailing_zeros(mantissa)),
            None => text,
        };
    }
    let decimals = usize::try_from(digits as i32 - 1 - magnitude).unwrap_or(0);
    without_trailing_zeros(&fixed(value * 10_f64.powi(shift), decimals)).to_owned()
}

fn without_trailing_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// Puts a minus before a negative number, but not before one that was rounded to zero.
fn signed(value: f64, text: String) -> String {
    if value < 0.0 && text.chars().any(|c| ('1'..='9').contains(&c)) { format!("{MINUS}{text}") } else { text }
}

fn grouped(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() * 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(THIN_SPACE);
        }
        text.push(digit);
    }
    text
}

fn superscript(c: char) -> char {
    match c {
        '0' => '⁰',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁻',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(value: f64) -> String {
        Numerals::significant(3, NumberFormat::Plain).write(value)
    }

    #[test]
    fn a_rate_of_two_in_ten_thousand_is_written_in_percent() {
        assert_eq!(Numerals::significant(3, NumberFormat::Percent).write(0.0002), "0.02\u{2009}%");
        let ticks = Numerals::for_step(-5, 4e-4, NumberFormat::Percent);
        assert_eq!(ticks.write(0.00005), "0.005\u{2009}%");
        assert_eq!(ticks.write(0.0001), "0.010\u{2009}%");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(plain(12_300.0), "12\u{2009}300");
        assert_eq!(count(213_434_828), "213\u{2009}434\u{2009}828");
        assert_eq!(count(999), "999");
    }

    #[test]
    fn very_large_and_very_small_numbers_are_powers_of_ten() {
        assert_eq!(plain(2.5e12), "2.5×10¹²");
        assert_eq!(plain(-1e-9), "−1×10⁻⁹");
        // A percentage of the largest number does not overflow.
        let largest = Numerals::significant(2, NumberFormat::Percent).write(f64::MAX);
        assert_eq!(largest, "1.8×10³¹⁰\u{2009}%");
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(Numerals::for_step(0, 1.0, NumberFormat::Plain).write(-0.2), "0");
        assert_eq!(plain(-0.0), "0");
    }
}
