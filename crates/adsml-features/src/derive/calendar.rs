//! Parts of dates and timestamps.

use adsml_core::{Column, Error};
use jiff::civil::{Date, date};

use super::Missing;
use crate::error::Result;

/// A part of a date; of a timestamp, on the clock of the zone it was written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum CalendarPart {
    /// The year.
    Year,
    /// The month, 1 to 12.
    Month,
    /// The day of the month, 1 to 31.
    Day,
    /// The day of the year, 1 to 366.
    DayOfYear,
    /// The day of the week, **Monday = 0** to Sunday = 6, as in pandas.
    DayOfWeek,
    /// The ISO week, 1 to 53.
    Week,
    /// 1 on Saturday and Sunday, else 0.
    IsWeekend,
    /// The hour with its fraction left out, 0 to 23; 0 for a date.
    Hour,
}

const DAY_MICROS: i64 = 86_400_000_000;
const HOUR_MICROS: i64 = 3_600_000_000;

impl CalendarPart {
    /// Every part.
    pub const ALL: [Self; 8] =
        [Self::Year, Self::Month, Self::Day, Self::DayOfYear, Self::DayOfWeek, Self::Week, Self::IsWeekend, Self::Hour];

    /// Its name: `"day_of_week"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
            Self::DayOfYear => "day_of_year",
            Self::DayOfWeek => "day_of_week",
            Self::Week => "week",
            Self::IsWeekend => "is_weekend",
            Self::Hour => "hour",
        }
    }

    /// The part of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.as_str() == name)
    }

    /// Writes the parts of the rows from `first` on.
    pub(super) fn of_column(self, name: &str, column: &Column, first: usize, values: &mut [f64]) -> Result<Missing> {
        let mut days = Days { part: self, last: None };
        let rows = first..first + values.len();
        match column {
            Column::Date(dates) => {
                for (value, row) in values.iter_mut().zip(rows) {
                    *value = dates.get(row).map_or(f64::NAN, |day| days.value(i64::from(day), 0));
                }
            }
            Column::Timestamp(stamps) => {
                for (value, row) in values.iter_mut().zip(rows) {
                    *value = stamps.local_micros(row).map_or(f64::NAN, |local| {
                        let hour = local.rem_euclid(DAY_MICROS) / HOUR_MICROS;
                        days.value(local.div_euclid(DAY_MICROS), hour)
                    });
                }
            }
            other => {
                let found = other.kind();
                return Err(Error::ColumnKind { column: name.to_owned(), expected: "date or timestamp", found }.into());
            }
        }
        let missing = values.iter().filter(|value| value.is_nan()).count();
        Ok(Missing { inputs: missing, zero_denominators: 0 })
    }

    fn of_date(self, date: Date) -> f64 {
        match self {
            Self::Year => f64::from(date.year()),
            Self::Month => f64::from(date.month()),
            Self::Day => f64::from(date.day()),
            Self::DayOfYear => f64::from(date.day_of_year()),
            Self::DayOfWeek => f64::from(date.weekday().to_monday_zero_offset()),
            Self::Week => f64::from(date.iso_week_date().week()),
            Self::IsWeekend => f64::from(u8::from(date.weekday().to_monday_zero_offset() >= 5)),
            Self::Hour => 0.0,
        }
    }
}

/// Remembers the last day: neighbouring rows often share it.
struct Days {
    part: CalendarPart,
    last: Option<(i64, f64)>,
}

impl Days {
    /// The part of a day since 1970-01-01; missing beyond the years −9999 to 9999.
    fn value(&mut self, day: i64, hour: i64) -> f64 {
        if self.part == CalendarPart::Hour {
            return hour as f64;
        }
        match self.last {
            Some((last, value)) if last == day => value,
            _ => {
                let epoch = date(1970, 1, 1);
                let date = jiff::Span::new().try_days(day).and_then(|span| epoch.checked_add(span));
                let value = date.map_or(f64::NAN, |date| self.part.of_date(date));
                self.last = Some((day, value));
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::{DateColumn, TimestampColumn};

    fn value(part: CalendarPart, column: &Column) -> f64 {
        let mut values = [0.0];
        part.of_column("at", column, 0, &mut values).unwrap();
        values[0]
    }

    #[test]
    fn monday_is_zero_and_weeks_are_iso() {
        // 2024-12-30, a Monday, belongs to week 1 of 2025.
        let monday = Column::Date(DateColumn { days: vec![20_087] });
        assert_eq!(CalendarPart::ALL.map(|part| value(part, &monday)), [2024.0, 12.0, 30.0, 365.0, 0.0, 1.0, 0.0, 0.0]);
        let sunday = Column::Date(DateColumn { days: vec![20_086] });
        assert_eq!(value(CalendarPart::DayOfWeek, &sunday), 6.0);
        assert_eq!(value(CalendarPart::IsWeekend, &sunday), 1.0);
    }

    #[test]
    fn timestamps_are_read_on_their_own_clock() {
        // 2024-12-30T23:30Z is 00:30 of the 31st one hour further east.
        let at = 20_087 * DAY_MICROS + 23 * HOUR_MICROS + HOUR_MICROS / 2;
        let column = |offset| Column::Timestamp(TimestampColumn::new(vec![at], vec![offset]).unwrap());
        assert_eq!(value(CalendarPart::Hour, &column(0)), 23.0);
        assert_eq!(value(CalendarPart::Hour, &column(60)), 0.0);
        assert_eq!(value(CalendarPart::Day, &column(60)), 31.0);
    }

    #[test]
    fn days_before_1970_and_beyond_the_calendar() {
        let days = Column::Date(DateColumn { days: vec![-1, i32::MAX, DateColumn::MISSING] });
        let mut values = [0.0; 3];
        let missing = CalendarPart::Year.of_column("at", &days, 0, &mut values).unwrap();
        assert_eq!(values[0], 1969.0);
        assert!(values[1].is_nan() && values[2].is_nan());
        assert_eq!(missing.inputs, 2);
    }
}
