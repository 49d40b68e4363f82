//! Dates as people and programs write them.

use adsml_core::DateColumn;
use jiff::civil::Date;

use crate::DateOrder;

/// Days since 1970-01-01.
pub(crate) fn from_civil(date: Date) -> i32 {
    days(i32::from(date.year()), u32::from(date.month().unsigned_abs()), u32::from(date.day().unsigned_abs()))
        .unwrap_or(DateColumn::MISSING)
}

/// The date of a day since 1970-01-01.
pub(crate) fn to_civil(day: i32) -> Option<Date> {
    jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().try_days(day).ok()?).ok()
}

/// Days since 1970-01-01 of a date that exists; Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2014).
fn days(year: i32, month: u32, day: u32) -> Option<i32> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = *LENGTHS.get(month.checked_sub(1)? as usize)? + u32::from(leap && month == 2);
    if day == 0 || day > length {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year as i32;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// What the text of a cell says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// One day, whatever the order.
    Day(i32),
    /// A day only if this comes first.
    Decides(DateOrder, i32),
    /// Two different days.
    Either { day_first: i32, month_first: i32 },
}

impl Reading {
    /// The day in this order.
    pub(crate) fn day(self, order: DateOrder) -> Option<i32> {
        match (self, order) {
            (Self::Day(day), _) => Some(day),
            (Self::Decides(needed, day), order) => (needed == order).then_some(day),
            (Self::Either { day_first, .. }, DateOrder::DayFirst) => Some(day_first),
            (Self::Either { month_first, .. }, DateOrder::MonthFirst) => Some(month_first),
        }
    }
}

/// `2026-09-07`, and what follows it when that is a time of day.
pub(crate) fn iso(text: &[u8]) -> Option<i32> {
    let (date, time) = text.split_at_checked(10)?;
    if !(time.is_empty() || matches!(time[0], b'T' | b' ')) || date[4] != b'-' || date[7] != b'-' {
        return None;
    }
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
    };
    days(number(&date[..4])? as i32, number(&date[5..7])?, number(&date[8..])?)
}

/// Reads a date in any of the forms known; `None` for anything else.
///
/// Year first with any mark (`2026-09-07`, `2026/9/7`, `2026年9月7日`); day and month in either order, then the year of four
/// or two digits (`7/9/2026`, `07.09.26`); the month by its name in the languages of the dialects (`7 sept. 2026`,
/// `Sep 7, 2026`).
pub(crate) fn read(text: &str) -> Option<Reading> {
    if let Some(day) = iso(text.as_bytes()) {
        return Some(Reading::Day(day));
    }
    if text.len() > 40 {
        return None;
    }
    let mut numbers: Vec<(u32, usize)> = Vec::new();
    let mut month = None;
    let mut dotted = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first.is_ascii_digit() {
            let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
            if end > 4 || numbers.len() == 3 {
                return None;
            }
            numbers.push((rest[..end].parse().ok()?, end));
            rest = &rest[end..];
        } else if first.is_alphabetic() && !"年月日".contains(first) {
            let end = rest.find(|letter: char| !letter.is_alphabetic()).unwrap_or(rest.len());
            let word = rest[..end].to_lowercase();
            if word != "de" && word != "of" {
                if month.is_some() {
                    return None;
                }
                month = Some(month_of(&word)?);
            }
            rest = &rest[end..];
        } else if first.is_whitespace() || "/-.,年月日\u{202f}".contains(first) {
            dotted |= first == '.';
            rest = &rest[first.len_utf8()..];
        } else {
            return None;
        }
    }
    let year = |(value, digits): (u32, usize)| match digits {
        4 => Some(value as i32),
        2 => Some(2000 + value as i32),
        _ => None,
    };
    match (numbers.as_slice(), month) {
        (&[(first, 4), second], Some(month)) => Some(Reading::Day(days(first as i32, month, second.0)?)),
        (&[first, second], Some(month)) => Some(Reading::Day(days(year(second)?, month, first.0)?)),
        (&[(first, 4), second, third], None) => Some(Reading::Day(days(first as i32, second.0, third.0)?)),
        (&[first, second, third], None) => {
            let year = year(third)?;
            let day_first = days(year, second.0, first.0);
            let month_first = days(year, first.0, second.0).filter(|_| !dotted);
            match (day_first, month_first) {
                (Some(a), Some(b)) if a == b => Some(Reading::Day(a)),
                (Some(day_first), Some(month_first)) => Some(Reading::Either { day_first, month_first }),
                // Nobody writes the month first with points.
                (Some(day), None) if dotted => Some(Reading::Day(day)),
                (Some(day), None) => Some(Reading::Decides(DateOrder::DayFirst, day)),
                (None, Some(day)) => Some(Reading::Decides(DateOrder::MonthFirst, day)),
                (None, None) => None,
            }
        }
        _ => None,
    }
}

/// The month of a name, in lower case, in full or as it is usually shortened.
fn month_of(word: &str) -> Option<u32> {
    const NAMES: [&[&str]; 12] = [
        &["jan", "january", "ene", "enero", "janeiro", "januar", "jän", "janv", "janvier", "gen", "gennaio"],
        &["feb", "february", "febrero", "fev", "fevereiro", "februar", "févr", "fév", "février", "febbraio"],
        &["mar", "march", "marzo", "março", "märz", "mär", "mrz", "mars"],
        &["apr", "april", "abr", "abril", "avr", "avril", "aprile"],
        &["may", "mayo", "mai", "maio", "mag", "maggio"],
        &["jun", "june", "junio", "junho", "juni", "juin", "giu", "giugno"],
        &["jul", "july", "julio", "julho", "juli", "juil", "juillet", "lug", "luglio"],
        &["aug", "august", "ago", "agosto", "août", "aout"],
        &["sep", "sept", "september", "septiembre", "setiembre", "set", "setembro", "septembre", "settembre"],
        &["oct", "october", "octubre", "out", "outubro", "okt", "oktober", "octobre", "ott", "ottobre"],
        &["nov", "november", "noviembre", "novembro", "novembre"],
        &["dec", "december", "dic", "diciembre", "dez", "dezembro", "dezember", "déc", "décembre", "dicembre"],
    ];
    NAMES.iter().position(|names| names.contains(&word)).map(|index| index as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    fn only(text: &str) -> Option<Date> {
        match read(text)? {
            Reading::Day(day) => to_civil(day),
            _ => None,
        }
    }

    #[test]
    fn unambiguous_forms_are_read() {
        let day = Some(date(2026, 9, 7));
        for text in [
            "2026-09-07",
            "2026/9/7",
            "2026年9月7日",
            "07.09.2026",
            "7. September 2026",
            "7 sept. 2026",
            "Sep 7, 2026",
            "7 de septiembre de 2026",
            "7 set 2026",
            "2026-09-07T10:15:00+0200",
            "2026-09-07 00:00:00",
        ] {
            assert_eq!(only(text), day, "{text}");
        }
    }

    #[test]
    fn day_and_month_are_told_apart_or_not() {
        let day = |y, m, d| from_civil(date(y, m, d));
        assert_eq!(read("9/30/2026"), Some(Reading::Decides(DateOrder::MonthFirst, day(2026, 9, 30))));
        assert_eq!(read("30/9/26"), Some(Reading::Decides(DateOrder::DayFirst, day(2026, 9, 30))));
        let either = Reading::Either { day_first: day(2026, 9, 7), month_first: day(2026, 7, 9) };
        assert_eq!(read("07/09/2026"), Some(either));
        assert_eq!(read("09/09/2026"), Some(Reading::Day(day(2026, 9, 9))));
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in ["", "All", "31/02/2026", "2026-13-01", "13/13/2026", "1", "2026", "12.5", "1/2/3/4", "７/９/2026"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn days_agree_with_jiff(day in -700_000..2_900_000_i32) {
            let civil = to_civil(day).unwrap();
            prop_assert_eq!(from_civil(civil), day);
            if civil.year() >= 0 {
                prop_assert_eq!(iso(civil.to_string().as_bytes()), Some(day));
            }
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,30}|[0-9/. -]{0,12}") {
            let _ = read(&text);
        }
    }
}
