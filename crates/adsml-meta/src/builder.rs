//! From columns of any source to the canonical table: what all sources have in common.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::Arc;

use adsml_core::{CategoryColumn, Column, DateColumn, Levels, Table, parallel};
use jiff::civil::Date;

use crate::field::Kind;
use crate::understanding::{Grain, Totals, Understanding};
use crate::{AdTable, Field, Level, Result, date, maturity};

/// Columns that will be a canonical table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub(crate) columns: BTreeMap<Field, Column>,
    pub(crate) n: usize,
    /// When each row was written, where the source says so; larger is later.
    pub(crate) versions: Option<CategoryColumn>,
    /// The source's own keys of rows, where it has some.
    pub(crate) row_ids: Option<CategoryColumn>,
}

/// How a draft becomes a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Finish {
    pub(crate) as_of: Option<Date>,
    /// Whether a later row replaces an earlier one of the same key.
    pub(crate) upsert: bool,
    /// The field that is the whole key, where there is one.
    pub(crate) only_key: Option<Field>,
    pub(crate) threads: NonZeroUsize,
}

/// Adds a field's column to a table, with its provenance.
pub(crate) fn push_field(table: &mut Table, field: Field, column: Column) {
    table.push(field.name(), column).expect("distinct fields of equal length");
    table.set_provenance(field.name(), field.provenance()).expect("it was just added");
}

/// A column with one text in every row.
pub(crate) fn constant(text: &str, n: usize) -> Column {
    let levels: Levels = [text].into_iter().collect();
    Column::Category(CategoryColumn::from_codes(vec![0; n], Arc::new(levels)).expect("there is one level"))
}

impl Draft {
    pub(crate) fn number(&self, field: Field) -> Option<&[f64]> {
        match self.columns.get(&field) {
            Some(Column::Number(values)) => Some(values),
            _ => None,
        }
    }

    pub(crate) fn text(&self, field: Field) -> Option<&CategoryColumn> {
        match self.columns.get(&field) {
            Some(Column::Category(column)) => Some(column),
            _ => None,
        }
    }

    fn dates(&self, field: Field) -> Option<&[i32]> {
        match self.columns.get(&field) {
            Some(Column::Date(column)) => Some(&column.days),
            _ => None,
        }
    }

    /// The canonical table, with what was understood completed.
    pub(crate) fn finish(mut self, mut known: Understanding, how: Finish) -> Result<AdTable> {
        self.columns.retain(|_, column| column.n_missing() < column.len());
        self.set_level(&mut known);
        if !self.columns.contains_key(&Field::DateStop)
            && let Some(start) = self.columns.get(&Field::DateStart)
        {
            let stop = start.clone();
            self.columns.insert(Field::DateStop, stop);
        }
        self.forget_reach_by_hour();
        self.keys(&mut known, how);
        self.say_currencies(&mut known);
        maturity::mark(&mut self, &mut known, how.as_of);
        self.describe(&mut known);
        let mut table = Table::new();
        for (field, column) in self.columns {
            push_field(&mut table, field, column);
        }
        Ok(AdTable::new(table, known))
    }

    fn set_level(&mut self, known: &mut Understanding) {
        if self.columns.contains_key(&Field::Level) || self.n == 0 {
            return;
        }
        let levels = [
            (Level::Ad, [Field::AdId, Field::AdName]),
            (Level::AdSet, [Field::AdSetId, Field::AdSetName]),
            (Level::Campaign, [Field::CampaignId, Field::CampaignName]),
        ];
        let finest = levels.into_iter().find(|(_, fields)| fields.iter().any(|field| self.columns.contains_key(field)));
        let level = finest.map_or(Level::Account, |(level, _)| level);
        known.level = Some(level);
        self.columns.insert(Field::Level, constant(level.as_str(), self.n));
    }

    /// The source gives 0 for the reach of an hour, which means that it does not know.
    fn forget_reach_by_hour(&mut self) {
        if self.columns.contains_key(&Field::Hour)
            && let Some(reach) = self.columns.get_mut(&Field::Reach)
            && let Column::Number(values) = reach
        {
            values.iter_mut().filter(|value| **value == 0.0).for_each(|value| *value = f64::NAN);
            if values.iter().all(|value| value.is_nan()) {
                self.columns.remove(&Field::Reach);
            }
        }
    }

    /// Rows of one key: replaced where the source restates, else a warning.
    fn keys(&mut self, known: &mut Understanding, how: Finish) {
        let upsert = how.upsert;
        let fields = Field::ENTITIES.into_iter().chain(Field::BREAKDOWNS).chain([
            Field::DateStart,
            Field::DateStop,
            Field::AttributionSetting,
            Field::ResultIndicator,
        ]);
        let has_id = |id: Field| self.columns.contains_key(&id);
        // Where there is an id, the name is no part of the key: objects are renamed.
        let named = |field: Field| match field {
            Field::AccountName => !has_id(Field::AccountId),
            Field::CampaignName => !has_id(Field::CampaignId),
            Field::AdSetName => !has_id(Field::AdSetId),
            Field::AdName => !has_id(Field::AdId),
            Field::ResultIndicator => !upsert,
            field => how.only_key.is_none_or(|only| only == field),
        };
        let row_ids = self.row_ids.clone().filter(|_| how.only_key.is_none()).map(Column::Category);
        let columns = fields.filter(|field| named(*field)).filter_map(|field| self.columns.get(&field));
        let columns: Vec<&Column> = columns.chain(&row_ids).collect();
        let hashes = hashes(&columns, self.n, how.threads);
        // By their first bits, so that threads share the sorting; equal ones are always in one part.
        const PARTS: usize = 8;
        let repeats = parallel::map(PARTS, how.threads, |part| {
            let mut some: Vec<u64> = hashes.iter().copied().filter(|hash| (hash >> 61) as usize == part).collect();
            some.sort_unstable();
            some.windows(2).any(|pair| pair[0] == pair[1])
        });
        if !repeats.contains(&true) {
            return;
        }
        drop(hashes);
        // Some rows may share a key: now it is compared in full.
        let mut last: HashMap<Vec<u32>, usize> = HashMap::new();
        let mut out = Vec::new();
        for row in 0..self.n {
            let key: Vec<u32> = columns.iter().map(|column| code(column, row)).collect();
            match last.entry(key) {
                std::collections::hash_map::Entry::Vacant(free) => _ = free.insert(row),
                std::collections::hash_map::Entry::Occupied(mut taken) => {
                    let earlier = *taken.get();
                    let version = |row: usize| self.versions.as_ref().and_then(|versions| versions.get(row));
                    if version(row) >= version(earlier) {
                        out.push(earlier);
                        taken.insert(row);
                    } else {
                        out.push(row);
                    }
                }
            }
        }
        if out.is_empty() {
            return;
        }
        if upsert {
            known.replaced = out.len();
            out.sort_unstable();
            self.remove_rows(&out);
        } else {
            known.warnings.push(format!(
                "{} rows have the same names, days and breakdowns as another one: export ids to tell them apart",
                out.len()
            ));
        }
    }

    /// Takes rows out; ascending.
    pub(crate) fn remove_rows(&mut self, rows: &[usize]) {
        let mut out = rows.iter().peekable();
        let kept: Vec<usize> = (0..self.n).filter(|row| out.next_if(|next| *next == row).is_none()).collect();
        self.take(&kept);
    }

    /// Keeps these rows, in this order.
    pub(crate) fn take(&mut self, rows: &[usize]) {
        for column in self.columns.values_mut() {
            *column = take_column(column, rows);
        }
        for column in [&mut self.versions, &mut self.row_ids].into_iter().flatten() {
            *column = take_texts(column, rows);
        }
        self.n = rows.len();
    }

    /// Adds the rows of another draft below.
    pub(crate) fn append(&mut self, other: Self) {
        let (n, more) = (self.n, other.n);
        let mut theirs = other.columns;
        let fields: Vec<Field> = self.columns.keys().chain(theirs.keys()).copied().collect();
        for field in fields {
            if !self.columns.contains_key(&field) || theirs.contains_key(&field) {
                let below = theirs.remove(&field);
                let above = self.columns.remove(&field);
                let joined = join_columns(field.kind(), (above, n), (below, more));
                self.columns.insert(field, joined);
            }
        }
        for column in self.columns.values_mut().filter(|column| column.len() == n) {
            let kind = match column {
                Column::Number(_) => Kind::Number,
                Column::Date(_) => Kind::Date,
                _ => Kind::Text,
            };
            *column =
                join_columns(kind, (Some(std::mem::replace(column, Column::Number(Vec::new()))), n), (None, more));
        }
        let texts = |above: Option<CategoryColumn>, below: Option<CategoryColumn>| {
            if above.is_none() && below.is_none() {
                return None;
            }
            let texts = |column: &Option<CategoryColumn>, n: usize| -> Vec<Option<String>> {
                match column {
                    Some(column) => column.iter().map(|text| text.map(str::to_owned)).collect(),
                    None => vec![None; n],
                }
            };
            Some(texts(&above, n).into_iter().chain(texts(&below, more)).collect())
        };
        self.versions = texts(self.versions.take(), other.versions);
        self.row_ids = texts(self.row_ids.take(), other.row_ids);
        self.n = n + more;
    }

    fn say_currencies(&mut self, known: &mut Understanding) {
        if let Some(column) = self.text(Field::Currency) {
            let mut used = vec![false; column.levels().len()];
            column
                .codes()
                .iter()
                .filter_map(|&code| used.get_mut(code as usize).map(|used| *used = true))
                .for_each(drop);
            known.currencies =
                column.levels().iter().zip(used).filter(|found| found.1).map(|found| found.0.to_owned()).collect();
        }
        let money = [Field::Spend, Field::Value].iter().any(|field| self.columns.contains_key(field));
        match known.currencies.len() {
            0 if money => known.warnings.push("amounts have no currency".to_owned()),
            0 | 1 => {}
            _ => known.warnings.push(format!("amounts are of several currencies: {}", known.currencies.join(", "))),
        }
    }

    fn describe(&self, known: &mut Understanding) {
        known.rows = self.n;
        if let (Some(start), Some(stop)) = (self.dates(Field::DateStart), self.dates(Field::DateStop)) {
            let rows =
                || start.iter().zip(stop).filter(|(a, b)| **a != DateColumn::MISSING && **b != DateColumn::MISSING);
            let daily = rows().filter(|(a, b)| a == b).count();
            known.grain = match (daily, rows().count()) {
                (_, 0) => Grain::None,
                (daily, all) if daily == all => Grain::Daily,
                (0, _) => Grain::Period,
                _ => Grain::Mixed,
            };
            let day = |day: Option<i32>| day.and_then(date::to_civil).map(|date| date.to_string());
            let ends = (day(rows().map(|row| *row.0).min()), day(rows().map(|row| *row.1).max()));
            known.days = ends.0.zip(ends.1);
        }
        if matches!(known.grain, Grain::Period | Grain::Mixed) {
            known.warnings.push("rows are totals of longer periods: not usable as a time series".to_owned());
        }
        let total = |field| {
            let values = self.number(field)?;
            Some(values.iter().filter(|value| !value.is_nan()).sum())
        };
        known.totals = Totals {
            spend: total(Field::Spend),
            impressions: total(Field::Impressions),
            clicks: total(Field::Clicks),
            link_clicks: total(Field::LinkClicks),
            conversions: total(Field::Conversions),
            value: total(Field::Value),
        };
        if let Some(settings) = self.text(Field::AttributionSetting) {
            let mut used: Vec<u32> =
                settings.codes().iter().copied().filter(|&code| code != CategoryColumn::MISSING).collect();
            used.sort_unstable();
            used.dedup();
            if used.len() > 1 {
                known.warnings.push(format!(
                    "rows have {} different attribution settings: their conversions do not compare",
                    used.len()
                ));
            }
        }
        if let Some(indicators) = self.text(Field::ResultIndicator)
            && self.columns.contains_key(&Field::Results)
        {
            let mut used: Vec<u32> =
                indicators.codes().iter().copied().filter(|&code| code != CategoryColumn::MISSING).collect();
            used.sort_unstable();
            used.dedup();
            if used.len() > 1 {
                known
                    .warnings
                    .push(format!("results are of {} different indicators: add them within one only", used.len()));
            }
        }
    }
}

/// What tells a value of a key column from others of the same column.
fn code(column: &Column, row: usize) -> u32 {
    match column {
        Column::Category(column) => column.codes()[row],
        Column::Date(column) => column.days[row] as u32,
        _ => 0,
    }
}

/// One number per row, equal for rows of the same key, and for hardly any others.
fn hashes(columns: &[&Column], n: usize, threads: NonZeroUsize) -> Vec<u64> {
    const ROWS: usize = 1 << 16;
    let mix = |hash: &mut u64, code: u32| {
        *hash = (hash.rotate_left(5) ^ u64::from(code)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        *hash ^= *hash >> 29;
    };
    let some = |i: usize| {
        let rows = i * ROWS..n.min((i + 1) * ROWS);
        let mut hashes = vec![0_u64; rows.len()];
        for column in columns {
            match column {
                Column::Category(column) => {
                    let codes = &column.codes()[rows.clone()];
                    hashes.iter_mut().zip(codes).for_each(|(hash, &code)| mix(hash, code));
                }
                Column::Date(column) => {
                    let days = &column.days[rows.clone()];
                    hashes.iter_mut().zip(days).for_each(|(hash, &day)| mix(hash, day as u32));
                }
                _ => {}
            }
        }
        hashes
    };
    parallel::map(n.div_ceil(ROWS), threads, some).concat()
}

/// One column out of two, either of which may be missing.
fn join_columns(kind: Kind, above: (Option<Column>, usize), below: (Option<Column>, usize)) -> Column {
    match kind {
        Kind::Number => {
            let values = |(column, n)| match column {
                Some(Column::Number(values)) => values,
                _ => vec![f64::NAN; n],
            };
            let mut joined: Vec<f64> = values(above);
            joined.extend(values(below));
            Column::Number(joined)
        }
        Kind::Date => {
            let days = |(column, n)| match column {
                Some(Column::Date(column)) => column.days,
                _ => vec![DateColumn::MISSING; n],
            };
            let mut joined: Vec<i32> = days(above);
            joined.extend(days(below));
            Column::Date(DateColumn { days: joined })
        }
        Kind::Text => {
            let mut interner = adsml_core::Interner::new();
            let mut joined = Vec::with_capacity(above.1 + below.1);
            for (column, n) in [above, below] {
                match column {
                    Some(Column::Category(column)) => {
                        let map: Vec<u32> = column.levels().iter().map(|text| interner.intern(text)).collect();
                        let code = |code: &u32| map.get(*code as usize).copied().unwrap_or(CategoryColumn::MISSING);
                        joined.extend(column.codes().iter().map(code));
                    }
                    _ => joined.resize(joined.len() + n, CategoryColumn::MISSING),
                }
            }
            let levels = Arc::new(interner.into_levels());
            Column::Category(CategoryColumn::from_codes(joined, levels).expect("codes of its own levels"))
        }
    }
}

fn take_texts(column: &CategoryColumn, rows: &[usize]) -> CategoryColumn {
    let codes = rows.iter().map(|&row| column.codes()[row]).collect();
    CategoryColumn::from_codes(codes, Arc::clone(column.levels())).expect("codes of its own levels")
}

fn take_column(column: &Column, rows: &[usize]) -> Column {
    match column {
        Column::Number(values) => Column::Number(rows.iter().map(|&row| values[row]).collect()),
        Column::Category(column) => Column::Category(take_texts(column, rows)),
        Column::Date(column) => Column::Date(DateColumn { days: rows.iter().map(|&row| column.days[row]).collect() }),
        Column::Timestamp(column) => Column::Timestamp(column.clone()),
    }
}
