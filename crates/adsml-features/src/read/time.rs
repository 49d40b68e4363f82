//! Dates and timestamps.

use jiff::civil::Date;

/// `yyyy-mm-dd` as days since 1970-01-01.
pub(super) fn date(text: &str) -> Option<i32> {
    let (date, rest) = leading_date(text.as_bytes())?;
    rest.is_empty().then(|| days(date))
}

/// RFC 3339, or the same without offset, seconds or `T`, as microseconds since 1970-01-01T00:00Z and offset in minutes.
///
/// Also accepted: an offset without its colon or its minutes (`+0100`, `+01`). Digits beyond the
/// microsecond are cut off.
pub(super) fn timestamp(text: &str, naive_offset_minutes: i16) -> Option<(i64, i16)> {
    let (date, rest) = leading_date(text.as_bytes())?;
    let rest = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b"t")).or_else(|| rest.strip_prefix(b" "))?;
    let (hour, rest) = two_digits(rest)?;
    let (minute, mut rest) = two_digits(rest.strip_prefix(b":")?)?;
    let (mut second, mut micros) = (0, 0);
    if let Some(after) = rest.strip_prefix(b":") {
        (second, rest) = two_digits(after)?;
        if let Some(after) = rest.strip_prefix(b".") {
            let n = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if !(1..=9).contains(&n) {
                return None;
            }
            micros = after[..n].iter().take(6).fold(0_i64, |sum, digit| sum * 10 + i64::from(digit - b'0'));
            micros *= 10_i64.pow(6_u32.saturating_sub(n as u32));
            rest = &after[n..];
        }
    }
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = match rest {
        [] => naive_offset_minutes,
        [b'Z' | b'z'] => 0,
        [b'+', rest @ ..] => offset(rest)?,
        [b'-', rest @ ..] => -offset(rest)?,
        _ => return None,
    };
    let clock = ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros;
    let local = i64::from(days(date)) * 86_400_000_000 + clock;
    Some((local - i64::from(offset) * 60_000_000, offset))
}

/// `hh:mm`, `hhmm` or `hh` as minutes.
fn offset(text: &[u8]) -> Option<i16> {
    let (hours, rest) = two_digits(text)?;
    let (minutes, rest) =
        if rest.is_empty() { (0, rest) } else { two_digits(rest.strip_prefix(b":").unwrap_or(rest))? };
    (hours <= 23 && minutes <= 59 && rest.is_empty()).then_some((hours * 60 + minutes) as i16)
}

/// A valid date in front, and what follows it.
fn leading_date(bytes: &[u8]) -> Option<(Date, &[u8])> {
    let (century, rest) = two_digits(bytes)?;
    let (year, rest) = two_digits(rest)?;
    let (month, rest) = two_digits(rest.strip_prefix(b"-")?)?;
    let (day, rest) = two_digits(rest.strip_prefix(b"-")?)?;
    let date = Date::new((century * 100 + year) as i16, month as i8, day as i8).ok()?;
    Some((date, rest))
}

fn two_digits(bytes: &[u8]) -> Option<(i64, &[u8])> {
    match bytes {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', rest @ ..] => {
            Some((i64::from(tens - b'0') * 10 + i64::from(ones - b'0'), rest))
        }
        _ => None,
    }
}

/// Days since 1970-01-01, counting years from March so that the leap day comes last.
///
/// Source: Howard Hinnant (2013), "chrono-compatible low-level date algorithms", `days_from_civil`.
fn days(date: Date) -> i32 {
    let (month, day) = (i32::from(date.month()), i32::from(date.day()));
    let year = i32::from(date.year()) - i32::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_days_since_1970_and_have_to_exist() {
        assert_eq!(date("1970-01-01"), Some(0));
        assert_eq!(date("2024-02-29"), Some(19_782));
        assert_eq!(date("0001-01-01"), Some(-719_162));
        assert_eq!(date("9999-12-31"), Some(2_932_896));
        for text in ["2023-02-29", "2024-13-01", "2024-1-1", "20240101", "2024-01-01 ", "2024-01-011", ""] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn timestamps_keep_their_offset() {
        assert_eq!(timestamp("1970-01-01T00:00:00Z", 60), Some((0, 0)));
        assert_eq!(timestamp("1970-01-01 01:00", 60), Some((0, 60)));
        assert_eq!(timestamp("1970-01-01T00:00:01.5+00:00", 0), Some((1_500_000, 0)));
        for text in ["2024-01-31T10:00:00-02:30", "2024-01-31T10:00:00-0230", "2024-01-31 10:00-02:30"] {
            assert_eq!(timestamp(text, 0), Some((1_706_704_200_000_000, -150)), "{text}");
        }
        assert_eq!(
            timestamp("2024-01-31T10:00:00+02", 0),
            timestamp("2024-01-31T08:00:00.000000999Z", 0).map(|(at, _)| (at, 120))
        );
        for text in [
            "2024-01-31",
            "2024-01-31T24:00:00Z",
            "2024-01-31T10:60Z",
            "2024-01-31T10",
            "2024-01-31T10:00:00+1",
            "2024-01-31T10:00:00+01:00x",
            "2024-01-31T10:00:00+",
            "2024-01-31T10:00:00+24:00",
            "2024-01-31T10:00:00.",
            "2024-01-31T10:00:00+0100x",
            "2024-01-31T10:00:00 +01:00",
        ] {
            assert_eq!(timestamp(text, 0), None, "{text}");
        }
    }

    #[test]
    fn days_equal_those_of_jiff() {
        let (mut day, mut date) = (-719_528, Date::constant(0, 1, 1));
        while let Ok(tomorrow) = date.tomorrow() {
            assert_eq!(days(date), day, "{date}");
            (day, date) = (day + 1, tomorrow);
        }
        assert_eq!(date, Date::constant(9999, 12, 31));
    }
}
