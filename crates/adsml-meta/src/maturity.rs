//! Which figures can still change.

use std::sync::Arc;

use adsml_core::{CategoryColumn, Column, DateColumn, Levels};
use jiff::civil::Date;

use crate::builder::Draft;
use crate::understanding::Understanding;
use crate::{Field, date};

/// Days after which figures are final when the row does not state its attribution setting.
const DEFAULT_WINDOW: i32 = 28;

/// Marks rows younger than their attribution window, as of a day: the newest of the table unless stated.
pub(crate) fn mark(draft: &mut Draft, known: &mut Understanding, as_of: Option<Date>) {
    let Some(Column::Date(stop)) = draft.columns.get(&Field::DateStop) else { return };
    let newest = stop.days.iter().copied().filter(|&day| day != DateColumn::MISSING).max();
    let Some(as_of) = as_of.map(date::from_civil).or(newest) else { return };
    let settings = draft.text(Field::AttributionSetting);
    let windows: Vec<i32> = settings.map_or(Vec::new(), |column| column.levels().iter().map(window).collect());
    let window_of = |row: usize| match settings {
        Some(column) => windows.get(column.codes()[row] as usize).copied().unwrap_or(DEFAULT_WINDOW),
        None => DEFAULT_WINDOW,
    };
    let codes: Vec<u32> = stop
        .days
        .iter()
        .enumerate()
        .map(|(row, &day)| match day {
            DateColumn::MISSING => CategoryColumn::MISSING,
            day => u32::from(as_of.saturating_sub(day) < window_of(row)),
        })
        .collect();
    known.immature = codes.iter().filter(|&&code| code == 1).count();
    known.as_of = date::to_civil(as_of).map(|date| date.to_string());
    let levels: Levels = ["mature", "immature"].into_iter().collect();
    let column = CategoryColumn::from_codes(codes, Arc::new(levels)).expect("two levels");
    draft.columns.insert(Field::Maturity, Column::Category(column));
}

/// The longest window of an attribution setting, in days: the largest number in it (`7-day click or 1-day view`,
/// `7d_click_1d_view`, `クリックから7日間`).
fn window(setting: &str) -> i32 {
    let numbers = setting.split(|letter: char| !letter.is_ascii_digit());
    let longest = numbers.filter_map(|digits| digits.parse::<i32>().ok()).filter(|days| (1..=400).contains(days)).max();
    longest.unwrap_or(DEFAULT_WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_window_counts() {
        assert_eq!(window("7-day click or 1-day view"), 7);
        assert_eq!(window("7-day click, 1-day view, or 1-day engaged-view"), 7);
        assert_eq!(window("28d_click_1d_view"), 28);
        assert_eq!(window("クリックから7日間"), 7);
        assert_eq!(window("default"), 28);
        assert_eq!(window("99999999999 days"), 28);
    }
}
