//! The proleptic Gregorian calendar: day numbers, dates, weekdays.

/// Days since 1970-01-01 of a date; `None` when there is no such date.
///
/// Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
pub fn day_number(year: i32, month: u32, day: u32) -> Option<i32> {
    if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let year_of_era = y.rem_euclid(400);
    let month_from_march = (month as i32 + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day as i32 - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Year, month and day of a day number: the inverse of [`day_number`].
pub fn date(day_number: i32) -> (i32, u32, u32) {
    let z = day_number + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i32::from(month <= 2);
    (year, month as u32, day as u32)
}

/// The weekday of a day number: Monday 0 to Sunday 6.
pub fn day_of_week(day_number: i32) -> u32 {
    // 1970-01-01 was a Thursday.
    (day_number + 3).rem_euclid(7) as u32
}

/// The day of its year of a day number: 1 to 366.
pub fn day_of_year(number: i32) -> u32 {
    let (year, ..) = date(number);
    let first = day_number(year, 1, 1).expect("every year has a first of January");
    (number - first) as u32 + 1
}

const fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// `2026-01-05` for day number 20,458.
pub fn text(day_number: i32) -> String {
    let (year, month, day) = date(day_number);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_dates_have_their_numbers_and_weekdays() {
        for (ymd, number, weekday) in
            [((1970, 1, 1), 0, 3), ((2000, 2, 29), 11_016, 1), ((2026, 1, 5), 20_458, 0), ((1969, 12, 28), -4, 6)]
        {
            assert_eq!(day_number(ymd.0, ymd.1, ymd.2), Some(number));
            assert_eq!(date(number), ymd);
            assert_eq!(day_of_week(number), weekday);
        }
        assert_eq!(day_of_year(11_016), 60);
        assert_eq!(text(20_458), "2026-01-05");
        assert_eq!(day_number(2100, 2, 29), None);
        assert_eq!(day_number(2026, 13, 1), None);
        assert_eq!(day_number(2026, 4, 0), None);
    }

    #[test]
    fn dates_count_on_without_a_gap() {
        let mut expected = (1999, 12, 31);
        for number in day_number(1999, 12, 31).unwrap()..day_number(2105, 1, 1).unwrap() {
            assert_eq!(date(number), expected);
            let (y, m, d) = expected;
            expected = if d < days_in_month(y, m) {
                (y, m, d + 1)
            } else if m < 12 {
                (y, m + 1, 1)
            } else {
                (y + 1, 1, 1)
            };
        }
    }
}
