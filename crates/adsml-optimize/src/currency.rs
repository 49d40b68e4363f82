//! A currency: its code, and how far its smallest coin lies behind the decimal point.

use crate::{OptimizeError, Result};

/// The most minor units that are counted exactly: up to here a division into major units and back rounds to where it began.
pub(crate) const MOST_MINOR_UNITS: i64 = 1 << 51;

/// The most decimal digits of a currency: those of a bitcoin.
const MOST_MINOR_DIGITS: u8 = 8;

/// A currency: a code, and the number of decimal digits of its smallest coin.
///
/// Plans are made of whole minor units (cents, fils, whole yen), so that their parts add up exactly.
///
/// ```
/// use adsml_optimize::Currency;
///
/// let (euro, yen) = (Currency::new("EUR"), Currency::new("JPY"));
/// assert_eq!(euro.to_minor(1234.5)?, 123_450);
/// assert_eq!(euro.format(123_450), "1 234.50 EUR");
/// assert_eq!(yen.format(123_450), "123 450 JPY");
/// # Ok::<(), adsml_optimize::OptimizeError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Currency {
    code: String,
    minor_digits: u8,
}

impl Currency {
    /// A currency by its code, with the digits that ISO 4217 gives it; 2 for codes it does not list otherwise.
    pub fn new(code: impl Into<String>) -> Self {
        let code = code.into();
        let minor_digits = iso_minor_digits(&code);
        Self::with_minor_digits(code, minor_digits)
    }

    /// A currency whose smallest coin has `digits` decimal digits: from 0 to 8, judged when a problem is built.
    pub fn with_minor_digits(code: impl Into<String>, digits: u8) -> Self {
        Self { code: code.into(), minor_digits: digits }
    }

    /// Its code: `EUR`.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Decimal digits of its smallest coin.
    pub fn minor_digits(&self) -> u8 {
        self.minor_digits
    }

    /// Minor units in a major one: 100 for euros.
    pub fn minor_per_major(&self) -> f64 {
        10_f64.powi(i32::from(self.minor_digits))
    }

    /// An amount in minor units: 12.34 euros are 1,234 cents.
    ///
    /// # Errors
    ///
    /// [`OptimizeError::InvalidAmount`] for an amount that is not finite;
    /// [`OptimizeError::FractionOfMinorUnit`] unless it lies within a millionth of a minor unit of a whole number of them
    /// (or within the rounding error of an amount that large); [`OptimizeError::Overflow`] beyond ±2^51 minor units.
    pub fn to_minor(&self, amount: f64) -> Result<i64> {
        self.to_minor_of(amount, || "the amount".into())
    }

    /// An amount in major units: 1,234 cents are 12.34 euros, correctly rounded.
    pub fn to_major(&self, minor: i64) -> f64 {
        minor as f64 / self.minor_per_major()
    }

    /// An amount with its code, thousands set apart: `1 234.50 EUR`.
    pub fn format(&self, minor: i64) -> String {
        format!("{} {}", self.format_bare(minor), self.code)
    }

    /// [`to_minor`](Self::to_minor) of an amount that has a name.
    pub(crate) fn to_minor_of(&self, amount: f64, what: impl FnOnce() -> String) -> Result<i64> {
        if !amount.is_finite() {
            return Err(OptimizeError::InvalidAmount { what: what(), value: amount, expected: "a finite amount" });
        }
        let minor = amount * self.minor_per_major();
        if minor.abs() > MOST_MINOR_UNITS as f64 {
            let most = self.to_major(MOST_MINOR_UNITS);
            return Err(OptimizeError::Overflow { what: what(), value: amount, most });
        }
        whole(minor).ok_or_else(|| OptimizeError::FractionOfMinorUnit {
            what: what(),
            value: amount,
            currency: self.code.clone(),
            digits: self.minor_digits,
        })
    }

    /// An amount without its code: `1 234.50`.
    pub(crate) fn format_bare(&self, minor: i64) -> String {
        let digits = usize::from(self.minor_digits);
        let figures = format!("{:0>width$}", minor.unsigned_abs(), width = digits + 1);
        let (whole, fraction) = figures.split_at(figures.len() - digits);
        let mut text = String::with_capacity(figures.len() + 8);
        if minor < 0 {
            text.push('-');
        }
        for (at, figure) in whole.chars().enumerate() {
            if at > 0 && (whole.len() - at) % 3 == 0 {
                text.push(' ');
            }
            text.push(figure);
        }
        if digits > 0 {
            text.push('.');
            text.push_str(fraction);
        }
        text
    }

    pub(crate) fn check(&self) -> Result<()> {
        if self.minor_digits <= MOST_MINOR_DIGITS {
            return Ok(());
        }
        Err(OptimizeError::InvalidParameter {
            owner: format!("the currency {}", self.code),
            name: "minor_digits",
            value: self.minor_digits.to_string(),
            expected: "a whole number in [0, 8]",
        })
    }
}

/// The whole number that `minor` units are, up to the rounding error of reading and scaling an amount.
pub(crate) fn whole(minor: f64) -> Option<i64> {
    let near = minor.round();
    let tolerance = 1e-6_f64.max(4.0 * f64::EPSILON * minor.abs());
    ((minor - near).abs() <= tolerance).then_some(near as i64)
}

/// ISO 4217, list one (2026): the currencies in circulation that do not have two decimal digits.
fn iso_minor_digits(code: &str) -> u8 {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_iso_4217() {
        for (code, digits) in
            [("EUR", 2), ("USD", 2), ("JPY", 0), ("KRW", 0), ("CLP", 0), ("ISK", 0), ("KWD", 3), ("TND", 3), ("CLF", 4)]
        {
            assert_eq!(Currency::new(code).minor_digits(), digits, "{code}");
        }
        assert_eq!(Currency::with_minor_digits("BTC", 8).minor_per_major(), 1e8);
    }

    #[test]
    fn amounts_are_set_in_threes_with_all_their_digits() {
        let euro = Currency::new("EUR");
        for (minor, text) in [
            (0, "0.00 EUR"),
            (5, "0.05 EUR"),
            (-5, "-0.05 EUR"),
            (99_999, "999.99 EUR"),
            (100_000, "1 000.00 EUR"),
            (-123_456_789, "-1 234 567.89 EUR"),
        ] {
            assert_eq!(euro.format(minor), text);
        }
        assert_eq!(Currency::new("JPY").format(1_000_000), "1 000 000 JPY");
        assert_eq!(Currency::new("KWD").format(12), "0.012 KWD");
    }

    #[test]
    fn every_whole_number_of_minor_units_comes_back() {
        for digits in 0..=8 {
            let currency = Currency::with_minor_digits("XXX", digits);
            for minor in [0, 1, 7, 10, 1_234_567, 999_999_999_999, MOST_MINOR_UNITS - 1, MOST_MINOR_UNITS, -12_345] {
                assert_eq!(currency.to_minor(currency.to_major(minor)).unwrap(), minor, "{digits} digits");
            }
        }
    }

    #[test]
    fn amounts_that_cannot_be_counted_are_refused() {
        let euro = Currency::new("EUR");
        insta::assert_snapshot!(euro.to_minor(12.345).unwrap_err(), @"the amount is 12.345, which is not a whole number of minor units: EUR has 2 decimal digits");
        insta::assert_snapshot!(euro.to_minor(1e15).unwrap_err(), @"the amount is 1000000000000000, more than the 22517998136852.48 that can be counted in minor units");
        insta::assert_snapshot!(euro.to_minor(f64::NAN).unwrap_err(), @"the amount is NaN, expected a finite amount");
        insta::assert_snapshot!(Currency::with_minor_digits("XXX", 9).check().unwrap_err(), @"parameter `minor_digits` of the currency XXX is 9, expected a whole number in [0, 8]");
        assert_eq!(euro.to_minor(0.1 + 0.2).unwrap(), 30);
    }
}
