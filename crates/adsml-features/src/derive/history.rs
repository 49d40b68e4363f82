//! Columns that look back in time: lags and trailing windows per entity.

use adsml_core::{CategoryColumn, Column, Error, Provenance, Ratio, Table, parallel};

use super::{Missing, TransformReport};
use crate::error::Result;

/// A column computed from an entity's own past.
///
/// Only rows whose time lies **strictly before** the row's own are looked at, so that neither the
/// row itself nor another row of the same day can leak into it:
///
/// ```text
/// trailing window of d days     rows with  time - d days <= t < time
/// lag of k steps                the k-th last distinct time before; the mean of its rows
/// ```
///
/// Rows may stand in any order, and several may share a time (one per placement, say): they are
/// brought together first. A row without entity or time has no past, and is nobody's. Where the
/// past holds no value the result is missing; a count is then 0.
///
/// What is known from the past is known before the auction, and the column says so.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryFeature {
    name: String,
    value: String,
    time: String,
    entity: Option<String>,
    statistic: HistoryStatistic,
}

/// What a [`HistoryFeature`] makes of the past.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum HistoryStatistic {
    /// The mean of the rows at the `steps`-th last distinct time; `steps` is at least 1.
    Lag {
        /// How many distinct times back.
        steps: usize,
    },
    /// The sum over the window.
    Sum {
        /// Length of the window.
        days: u32,
    },
    /// The mean over the window's rows.
    Mean {
        /// Length of the window.
        days: u32,
    },
    /// How many rows of the window have a value.
    Count {
        /// Length of the window.
        days: u32,
    },
    /// The sum of the value over the sum of a denominator, of rows that have both: a ratio of sums.
    Rate {
        /// Column of the denominator.
        denominator: String,
        /// Length of the window.
        days: u32,
    },
}

impl HistoryFeature {
    /// The value at the `steps`-th last time before the row's.
    pub fn lag(name: impl Into<String>, value: impl Into<String>, time: impl Into<String>, steps: usize) -> Self {
        Self::new(name, value, time, HistoryStatistic::Lag { steps })
    }

    /// The sum of the value over the `days` before the row's time.
    pub fn trailing_sum(name: impl Into<String>, value: impl Into<String>, time: impl Into<String>, days: u32) -> Self {
        Self::new(name, value, time, HistoryStatistic::Sum { days })
    }

    /// The mean of the value over the `days` before the row's time.
    pub fn trailing_mean(
        name: impl Into<String>,
        value: impl Into<String>,
        time: impl Into<String>,
        days: u32,
    ) -> Self {
        Self::new(name, value, time, HistoryStatistic::Mean { days })
    }

    /// How many rows had a value in the `days` before the row's time.
    pub fn trailing_count(
        name: impl Into<String>,
        value: impl Into<String>,
        time: impl Into<String>,
        days: u32,
    ) -> Self {
        Self::new(name, value, time, HistoryStatistic::Count { days })
    }

    /// `sum(numerator) / sum(denominator)` over the `days` before the row's time: a trailing CTR, CVR or ROAS.
    pub fn trailing_rate(
        name: impl Into<String>,
        numerator: impl Into<String>,
        denominator: impl Into<String>,
        time: impl Into<String>,
        days: u32,
    ) -> Self {
        Self::new(name, numerator, time, HistoryStatistic::Rate { denominator: denominator.into(), days })
    }

    fn new(
        name: impl Into<String>,
        value: impl Into<String>,
        time: impl Into<String>,
        statistic: HistoryStatistic,
    ) -> Self {
        Self { name: name.into(), value: value.into(), time: time.into(), entity: None, statistic }
    }

    /// Each entity (campaign, ad set) looks back on its own rows only. Without, all rows are one entity's.
    #[must_use]
    pub fn per(mut self, entity: impl Into<String>) -> Self {
        self.entity = Some(entity.into());
        self
    }

    /// Name of the column it makes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it makes of the past.
    pub const fn statistic(&self) -> &HistoryStatistic {
        &self.statistic
    }

    fn check(&self) -> Result<()> {
        match self.statistic {
            HistoryStatistic::Lag { steps: 0 } => Err(Error::invalid_parameter("steps", 0, "1 or more").into()),
            HistoryStatistic::Sum { days: 0 }
            | HistoryStatistic::Mean { days: 0 }
            | HistoryStatistic::Count { days: 0 }
            | HistoryStatistic::Rate { days: 0, .. } => Err(Error::invalid_parameter("days", 0, "1 or more").into()),
            _ => Ok(()),
        }
    }

    fn compute(&self, table: &Table, order: &Timeline) -> Result<(Vec<f64>, Missing)> {
        let values = table.number(&self.value)?;
        let mut out = vec![f64::NAN; values.len()];
        let denominator = match &self.statistic {
            HistoryStatistic::Rate { denominator, .. } => Some(table.number(denominator)?),
            _ => None,
        };
        if let HistoryStatistic::Count { .. } = self.statistic {
            order.rows.iter().for_each(|&row| out[row as usize] = 0.0);
        }
        let mut zero_denominators = 0;
        for entity in order.entities() {
            let ticks: Vec<Sums> =
                entity.iter().map(|tick| Sums::of(&order.rows[tick.rows()], values, denominator)).collect();
            let past = match self.statistic {
                HistoryStatistic::Lag { steps } => lagged(&ticks, steps),
                HistoryStatistic::Sum { days }
                | HistoryStatistic::Mean { days }
                | HistoryStatistic::Count { days }
                | HistoryStatistic::Rate { days, .. } => {
                    trailing(entity, &ticks, i64::from(days).saturating_mul(order.day))
                }
            };
            for (tick, sums) in entity.iter().zip(past) {
                let value = match &self.statistic {
                    HistoryStatistic::Count { .. } => sums.count,
                    HistoryStatistic::Sum { .. } if sums.count > 0.0 => sums.value,
                    HistoryStatistic::Lag { .. } | HistoryStatistic::Mean { .. } if sums.count > 0.0 => {
                        sums.value / sums.count
                    }
                    HistoryStatistic::Rate { .. } if sums.count > 0.0 => {
                        if sums.denominator == 0.0 {
                            zero_denominators += tick.rows().len();
                        }
                        Ratio::new(sums.value, sums.denominator).or_missing()
                    }
                    _ => f64::NAN,
                };
                order.rows[tick.rows()].iter().for_each(|&row| out[row as usize] = value);
            }
        }
        let inputs = out.iter().filter(|value| value.is_nan()).count() - zero_denominators;
        Ok((out, Missing { inputs, zero_denominators }))
    }
}

/// Adds these columns to the table, computed in parallel, `O(n log n)` for the order of each pair of entity and time.
///
/// They belong to tables that hold the past of their rows, and so not into a pipeline that may be
/// given a single row: compute them before, over the whole history. In the report, a past without
/// values counts as a missing input.
///
/// ```
/// use adsml_core::{Column, DateColumn, Table};
/// use adsml_features::{HistoryFeature, derive_history};
///
/// let mut table = Table::from_columns([
///     ("campaign", Column::from(["a", "a", "b", "a"])),
///     ("date", Column::Date(DateColumn { days: vec![3, 1, 2, 2] })),
///     ("clicks", Column::from([30.0, 10.0, 99.0, 20.0])),
/// ])?;
/// let yesterday = HistoryFeature::trailing_sum("clicks_2d", "clicks", "date", 2).per("campaign");
/// derive_history(&mut table, &[yesterday])?;
/// let clicks = table.number("clicks_2d")?;
/// assert_eq!((clicks[0], clicks[3]), (30.0, 10.0));
/// assert!(clicks[1].is_nan() && clicks[2].is_nan());
/// # Ok::<(), adsml_features::FeatureError>(())
/// ```
///
/// # Errors
///
/// [`Error::MissingColumn`] and [`Error::ColumnKind`] for an input; [`Error::InvalidParameter`] for zero days or steps;
/// [`Error::DuplicateColumn`] when the name is taken. The table is unchanged then.
pub fn derive_history(table: &mut Table, features: &[HistoryFeature]) -> Result<TransformReport> {
    for (at, feature) in features.iter().enumerate() {
        feature.check()?;
        if table.get(&feature.name).is_some() || features[..at].iter().any(|earlier| earlier.name == feature.name) {
            return Err(Error::DuplicateColumn { name: feature.name.clone() }.into());
        }
    }
    let mut orders: Vec<(&str, Option<&str>)> =
        features.iter().map(|feature| (feature.time.as_str(), feature.entity.as_deref())).collect();
    orders.sort_unstable();
    orders.dedup();
    let threads = parallel::available_threads();
    let timelines = parallel::try_map(orders.len(), threads, |i| Timeline::new(table, orders[i].0, orders[i].1))?;
    let columns = parallel::try_map(features.len(), threads, |i| {
        let key = (features[i].time.as_str(), features[i].entity.as_deref());
        let at = orders.binary_search(&key).expect("every feature's order was made");
        features[i].compute(table, &timelines[at])
    })?;
    let mut report = TransformReport::new(table.n_rows());
    for (feature, (values, missing)) in features.iter().zip(columns) {
        table.push(feature.name.clone(), Column::Number(values))?;
        table.set_provenance(&feature.name, Provenance::BeforeAuction)?;
        report.push(&feature.name, missing, false);
    }
    Ok(report)
}

/// Rows by entity and time.
#[derive(Debug)]
struct Timeline {
    /// Rows that have both, by entity, then time, then place.
    rows: Vec<u32>,
    /// Runs of rows of one entity and time.
    ticks: Vec<Tick>,
    /// One day in units of time.
    day: i64,
}

/// Rows of one entity at one time.
#[derive(Debug, Clone, Copy)]
struct Tick {
    entity: u64,
    time: i64,
    start: u32,
    end: u32,
}

impl Tick {
    const fn rows(&self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Timeline {
    fn new(table: &Table, time: &str, entity: Option<&str>) -> Result<Self> {
        let (times, day) = times(table, time)?;
        let entities = entity.map(|entity| keys(table, entity)).transpose()?;
        let key = |row: u32| (entities.as_ref().map_or(Some(0), |keys| keys[row as usize]), times[row as usize]);
        let n_rows = u32::try_from(table.n_rows()).map_err(|_| Error::Unsupported {
            by: "derive_history".to_owned(),
            what: "more than 4294967295 rows".to_owned(),
        })?;
        let mut rows: Vec<(u64, i64, u32)> = (0..n_rows)
            .filter_map(|row| match key(row) {
                (Some(entity), Some(time)) => Some((entity, time, row)),
                _ => None,
            })
            .collect();
        rows.sort_unstable();
        let mut ticks: Vec<Tick> = Vec::new();
        for (at, &(entity, time, _)) in rows.iter().enumerate() {
            let at = at as u32;
            match ticks.last_mut() {
                Some(last) if last.entity == entity && last.time == time => last.end = at + 1,
                _ => ticks.push(Tick { entity, time, start: at, end: at + 1 }),
            }
        }
        Ok(Self { rows: rows.into_iter().map(|(_, _, row)| row).collect(), ticks, day })
    }

    fn entities(&self) -> impl Iterator<Item = &[Tick]> {
        self.ticks.chunk_by(|a, b| a.entity == b.entity)
    }
}

/// The time of each row, and the length of a day in its unit.
fn times(table: &Table, name: &str) -> Result<(Vec<Option<i64>>, i64)> {
    match table.column(name)? {
        Column::Date(dates) => Ok(((0..dates.days.len()).map(|row| dates.get(row).map(i64::from)).collect(), 1)),
        Column::Timestamp(stamps) => {
            let times = (0..stamps.micros().len()).map(|row| stamps.get(row).map(|(at, _)| at));
            Ok((times.collect(), 86_400_000_000))
        }
        other => {
            let found = other.kind();
            Err(Error::ColumnKind { column: name.to_owned(), expected: "date or timestamp", found }.into())
        }
    }
}

/// A number per entity.
fn keys(table: &Table, name: &str) -> Result<Vec<Option<u64>>> {
    match table.column(name)? {
        Column::Category(column) => {
            let key = |&code: &u32| (code != CategoryColumn::MISSING).then_some(u64::from(code));
            Ok(column.codes().iter().map(key).collect())
        }
        // Adding zero makes the two zeros one.
        Column::Number(values) => {
            Ok(values.iter().map(|&value| (!value.is_nan()).then(|| (value + 0.0).to_bits())).collect())
        }
        other => {
            let found = other.kind();
            Err(Error::ColumnKind { column: name.to_owned(), expected: "category or number", found }.into())
        }
    }
}

/// Sums over rows.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    value: f64,
    denominator: f64,
    count: f64,
}

impl Sums {
    fn of(rows: &[u32], values: &[f64], denominator: Option<&[f64]>) -> Self {
        let mut sums = Self::default();
        for &row in rows {
            let (value, below) = (values[row as usize], denominator.map_or(0.0, |below| below[row as usize]));
            if !value.is_nan() && !below.is_nan() {
                sums.value += value;
                sums.denominator += below;
                sums.count += 1.0;
            }
        }
        sums
    }

    fn plus(self, other: Self) -> Self {
        Self {
            value: self.value + other.value,
            denominator: self.denominator + other.denominator,
            count: self.count + other.count,
        }
    }
}

fn lagged(ticks: &[Sums], steps: usize) -> Vec<Sums> {
    (0..ticks.len()).map(|at| at.checked_sub(steps).map_or_else(Sums::default, |past| ticks[past])).collect()
}

/// For each tick the sums of those in `[time - length, time)`.
///
/// Two stacks of sums, so that nothing is ever subtracted: a large day that leaves the window
/// takes its rounding with it. `O(ticks)`.
fn trailing(ticks: &[Tick], sums: &[Sums], length: i64) -> Vec<Sums> {
    let mut out = Vec::with_capacity(ticks.len());
    // `front[i]` sums the ticks from `first + i`'s mirror up to the turn; `back` those since.
    let (mut front, mut back): (Vec<Sums>, Sums) = (Vec::new(), Sums::default());
    let (mut first, mut turn) = (0, 0);
    for at in 0..ticks.len() {
        let start = ticks[at].time.saturating_sub(length);
        while first < at && ticks[first].time < start {
            if front.is_empty() {
                // Turn the back over: sums from each tick to the turn, the oldest on top.
                let mut running = Sums::default();
                for &tick in sums[turn..at].iter().rev() {
                    running = tick.plus(running);
                    front.push(running);
                }
                (turn, back) = (at, Sums::default());
            }
            front.pop();
            first += 1;
        }
        out.push(front.last().copied().unwrap_or_default().plus(back));
        back = back.plus(sums[at]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::DateColumn;
    use proptest::prelude::*;

    fn brute_force(rows: &[(u8, i32, Option<u8>)], at: usize, days: i32) -> (f64, f64) {
        let (entity, day, _) = rows[at];
        rows.iter()
            .filter(|row| row.0 == entity && row.1 < day && row.1 >= day - days)
            .filter_map(|row| row.2)
            .fold((0.0, 0.0), |(sum, count), value| (sum + f64::from(value), count + 1.0))
    }

    fn lag_by_hand(rows: &[(u8, i32, Option<u8>)], at: usize, steps: usize) -> f64 {
        let (entity, day, _) = rows[at];
        let mut days: Vec<i32> = rows.iter().filter(|row| row.0 == entity && row.1 < day).map(|row| row.1).collect();
        days.sort_unstable();
        days.dedup();
        let Some(&day) = days.iter().rev().nth(steps - 1) else { return f64::NAN };
        let values: Vec<f64> =
            rows.iter().filter(|row| row.0 == entity && row.1 == day).filter_map(|row| row.2).map(f64::from).collect();
        values.iter().sum::<f64>() / values.len() as f64
    }

    fn same(a: f64, b: f64) -> bool {
        a == b || (a.is_nan() && b.is_nan())
    }

    proptest! {
        // Small whole numbers are summed exactly in any order, so the twins must agree to the bit.
        #[test]
        fn windows_and_lags_equal_brute_force(
            rows in proptest::collection::vec((0..3_u8, 0..30_i32, proptest::option::of(any::<u8>())), 1..80),
            days in 1..12_u32,
            steps in 1..4_usize,
        ) {
            let numbers = rows.iter().map(|row| row.2.map_or(f64::NAN, f64::from)).collect::<Vec<_>>();
            let mut table = Table::from_columns([
                ("entity", Column::from(rows.iter().map(|row| f64::from(row.0)).collect::<Vec<_>>())),
                ("date", Column::Date(DateColumn { days: rows.iter().map(|row| row.1).collect() })),
                ("value", Column::from(numbers)),
            ]).unwrap();
            let features = [
                HistoryFeature::trailing_sum("sum", "value", "date", days).per("entity"),
                HistoryFeature::trailing_mean("mean", "value", "date", days).per("entity"),
                HistoryFeature::trailing_count("count", "value", "date", days).per("entity"),
                HistoryFeature::trailing_rate("rate", "value", "value", "date", days).per("entity"),
                HistoryFeature::lag("lag", "value", "date", steps).per("entity"),
            ];
            derive_history(&mut table, &features).unwrap();
            for at in 0..rows.len() {
                let (sum, count) = brute_force(&rows, at, days as i32);
                let missing = |value| if count > 0.0 { value } else { f64::NAN };
                prop_assert!(same(table.number("sum").unwrap()[at], missing(sum)));
                prop_assert!(same(table.number("mean").unwrap()[at], missing(sum / count)));
                prop_assert_eq!(table.number("count").unwrap()[at], count);
                let one = if sum > 0.0 { 1.0 } else { f64::NAN };
                prop_assert!(same(table.number("rate").unwrap()[at], one));
                prop_assert!(same(table.number("lag").unwrap()[at], lag_by_hand(&rows, at, steps)));
            }
        }
    }

    #[test]
    fn a_row_never_sees_its_own_day() {
        let mut table = Table::from_columns([
            ("date", Column::Date(DateColumn { days: vec![5, 5, DateColumn::MISSING] })),
            ("clicks", Column::from([1.0, 2.0, 4.0])),
        ])
        .unwrap();
        derive_history(&mut table, &[HistoryFeature::trailing_sum("before", "clicks", "date", 7)]).unwrap();
        assert!(table.number("before").unwrap().iter().all(|value| value.is_nan()));
        assert!(derive_history(&mut table, &[HistoryFeature::lag("zero", "clicks", "date", 0)]).is_err());
    }
}
