//! Rows of the Insights API in JSON: pages, arrays of rows or pages, or an object per line.

use std::collections::BTreeMap;
use std::fmt;

use adsml_core::{CategoryColumn, Column, DateColumn, Interner};
use serde::de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::actions::Actions;
use crate::builder::Draft;
use crate::date::{self, Reading};
use crate::delimited::fields;
use crate::dialect::{self, Meaning};
use crate::error::{Place, shorten};
use crate::field::Kind;
use crate::objects::{Object, Objects};
use crate::understanding::{IgnoredColumn, RecognisedColumn, Understanding};
use crate::{Field, Limits, MetaError, Result, Source, number};

/// Rows of one or more answers, in order.
#[derive(Debug)]
pub(crate) struct Insights<'a> {
    limits: &'a Limits,
    input: String,
    bytes: u64,
    columns: BTreeMap<Field, Cells>,
    n: usize,
    record: u64,
    counted: Actions,
    values: Actions,
    keys: BTreeMap<String, Option<Meaning>>,
    /// Campaigns and ad sets, and the answer that held the first of them.
    objects: Objects,
    objects_input: String,
    /// What is wrong, once something is.
    error: Option<MetaError>,
}

/// Values of a field so far; rows at the end may be missing.
#[derive(Debug)]
enum Cells {
    Text(Vec<u32>, Interner),
    Number(Vec<f64>),
    Date(Vec<i32>),
}

/// A value that is no list.
#[derive(Debug)]
enum Scalar {
    Text(String),
    Number(f64),
    Missing,
    /// A list, an object, true, false.
    Other,
}

/// What a row holds, until it is known to be one.
#[derive(Debug, Default)]
struct Row {
    scalars: Vec<(Field, String, Scalar)>,
    actions: Vec<(String, f64)>,
    values: Vec<(String, f64)>,
    keys: Vec<String>,
    /// Id and budgets, of an object that is no row.
    own: Vec<(String, Scalar)>,
    is_page: bool,
    /// Answers of a batch and the like.
    error: Option<ApiError>,
}

#[derive(Debug, serde::Deserialize)]
struct ApiError {
    #[serde(default)]
    message: String,
    #[serde(default)]
    code: i64,
    error_subcode: Option<i64>,
}

/// Keys of a row that are remembered, at most.
const MAX_KEYS: usize = 2_000;

impl<'a> Insights<'a> {
    pub(crate) fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            input: String::new(),
            bytes: 0,
            columns: BTreeMap::new(),
            n: 0,
            record: 0,
            counted: Actions::default(),
            values: Actions::default(),
            keys: BTreeMap::new(),
            objects: Objects::default(),
            objects_input: String::new(),
            error: None,
        }
    }

    /// Reads the rows of one more answer.
    pub(crate) fn read(&mut self, bytes: &[u8], input: &str) -> Result<()> {
        self.limits.check_json(bytes.len() as u64, input)?;
        self.input = input.to_owned();
        self.bytes += bytes.len() as u64;
        self.record = 0;
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        if let Err(error) = std::str::from_utf8(bytes) {
            let offset = error.valid_up_to();
            let line = memchr::memchr_iter(b'\n', &bytes[..offset]).count() as u64 + 1;
            let found = format!("byte 0x{:02X}", bytes[offset]);
            return Err(MetaError::Encoding { place: Place::line(input, line), found });
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(MetaError::Empty { input: input.to_owned() });
        }
        // Answers one after the other, or a row per line.
        let mut answers = serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>();
        let (mut at, mut lines) = (0, 0);
        while let Some(answer) = answers.next() {
            let answer = answer.map_err(|error| syntax(input, &error, 0))?;
            let end = answers.byte_offset();
            let start = end - answer.get().len();
            lines += memchr::memchr_iter(b'\n', &bytes[at..start]).count() as u64;
            at = start;
            let read = Node { sink: self, depth: 0 }.deserialize(&mut serde_json::Deserializer::from_str(answer.get()));
            if let Err(error) = read {
                return Err(self.error.take().unwrap_or_else(|| syntax(input, &error, lines)));
            }
        }
        Ok(())
    }

    /// The draft of all rows, and what was understood.
    ///
    /// # Errors
    ///
    /// [`MetaError::NotRows`] for campaigns or ad sets without rows.
    pub(crate) fn finish(mut self, input: &str, stated: Option<&str>) -> Result<(Draft, Understanding)> {
        if self.n == 0 && self.objects.len() > 0 {
            return Err(MetaError::NotRows { input: self.objects_input, what: "campaigns or ad sets".to_owned() });
        }
        let mut known = Understanding::new(input, Source::InsightsRows);
        for (key, meaning) in &self.keys {
            let header = shorten(key);
            match meaning {
                Some(Meaning::Derived) => {
                    known.ignored.push(IgnoredColumn { column: 0, header, reason: "a ratio, recomputed from sums" });
                }
                Some(Meaning::Is(field)) => {
                    known.recognised.push(RecognisedColumn { column: 0, header, meaning: field.name().to_owned() });
                }
                Some(Meaning::Actions) => {
                    known.recognised.push(RecognisedColumn { column: 0, header, meaning: "actions".to_owned() });
                }
                Some(Meaning::ActionValues) => {
                    known.recognised.push(RecognisedColumn {
                        column: 0,
                        header,
                        meaning: "values of actions".to_owned(),
                    });
                }
                _ => known.ignored.push(IgnoredColumn { column: 0, header, reason: "not known" }),
            }
        }
        let n = self.n;
        let mut draft = Draft { n, ..Draft::default() };
        for (field, cells) in std::mem::take(&mut self.columns) {
            let column = match cells {
                Cells::Text(mut codes, interner) => {
                    codes.resize(n, CategoryColumn::MISSING);
                    let levels = std::sync::Arc::new(interner.into_levels());
                    Column::Category(CategoryColumn::from_codes(codes, levels).expect("codes of its own levels"))
                }
                Cells::Number(mut values) => {
                    values.resize(n, f64::NAN);
                    Column::Number(values)
                }
                Cells::Date(mut days) => {
                    days.resize(n, DateColumn::MISSING);
                    Column::Date(DateColumn { days })
                }
            };
            draft.columns.insert(field, column);
        }
        if n == 0 {
            known.warnings.push("the answer holds no rows".to_owned());
        }
        fields::choose(&self.counted, &self.values, &mut draft, stated, &mut known);
        self.objects.join(&mut draft, &mut known);
        Ok((draft, known))
    }

    /// Adds a row.
    fn commit(&mut self, row: Row) -> Result<()> {
        if !row.scalars.iter().any(|(field, ..)| *field == Field::DateStart) {
            return match object(&row) {
                Some(object) if row.error.is_none() => {
                    if self.objects_input.is_empty() {
                        self.objects_input.clone_from(&self.input);
                    }
                    self.objects.push(object);
                    Ok(())
                }
                _ => Err(self.not_a_row(&row)),
            };
        }
        for key in &row.keys {
            if !matches!(key.as_str(), "data" | "paging") {
                let results = (key == "results").then_some(Meaning::Is(Field::Results));
                self.note(key, results.or_else(|| dialect::machine_meaning(key)));
            }
        }
        if self.n as u64 >= self.limits.max_rows.min(u64::from(u32::MAX) - 1) {
            let place = Place::record(&self.input, self.record);
            let (what, limit) = (format!("more than {} rows", self.limits.max_rows), self.limits.max_rows);
            return Err(MetaError::Limit { place, what, limit, setting: "Limits::max_rows" });
        }
        for (field, key, value) in row.scalars {
            self.push(field, &key, value)?;
        }
        for (action, value) in &row.actions {
            self.counted.push(self.n as u32, action, *value);
        }
        for (action, value) in &row.values {
            self.values.push(self.n as u32, action, *value);
        }
        self.n += 1;
        self.record += 1;
        if self.n.is_multiple_of(1024) {
            let columns: usize = self.columns.values().map(Cells::bytes).sum();
            let bytes = columns + self.counted.bytes() + self.values.bytes();
            self.limits.check_table(bytes as u64, self.bytes, &self.input)?;
        }
        Ok(())
    }

    fn push(&mut self, field: Field, key: &str, value: Scalar) -> Result<()> {
        let place = || Place::record(&self.input, self.record).named(key);
        let row = self.n;
        match field.kind() {
            Kind::Text => {
                let text = match value {
                    Scalar::Text(text) => text,
                    Scalar::Number(number) if field.is_id() && number.abs() >= 9_007_199_254_740_992.0 => {
                        return Err(MetaError::RuinedId { place: place(), value: number.to_string() });
                    }
                    Scalar::Number(number) => number.to_string(),
                    _ => return Ok(()),
                };
                let trimmed = if field.is_name() { text.as_str() } else { text.trim() };
                if trimmed.trim().is_empty() || (!field.is_name() && dialect::is_missing(trimmed)) {
                    return Ok(());
                }
                let cells = self.columns.entry(field).or_insert_with(|| Cells::Text(Vec::new(), Interner::new()));
                if let Cells::Text(codes, interner) = cells {
                    codes.resize(row, CategoryColumn::MISSING);
                    codes.push(interner.intern(trimmed));
                }
            }
            Kind::Number => {
                let number = match &value {
                    Scalar::Number(number) => *number,
                    Scalar::Text(text) if dialect::is_missing(text.trim()) => return Ok(()),
                    Scalar::Text(text) => number::machine(text.trim()).ok_or_else(|| MetaError::BadNumber {
                        place: place(),
                        value: shorten(text),
                        decimal: None,
                    })?,
                    _ => return Ok(()),
                };
                let cells = self.columns.entry(field).or_insert_with(|| Cells::Number(Vec::new()));
                if let Cells::Number(values) = cells {
                    values.resize(row, f64::NAN);
                    values.push(number);
                }
            }
            Kind::Date => {
                let Scalar::Text(text) = value else { return Ok(()) };
                let Some(Reading::Day(day)) = date::read(text.trim()) else {
                    return Err(MetaError::BadDate { place: place(), value: shorten(&text), order: None });
                };
                let cells = self.columns.entry(field).or_insert_with(|| Cells::Date(Vec::new()));
                if let Cells::Date(days) = cells {
                    days.resize(row, DateColumn::MISSING);
                    days.push(day);
                }
            }
        }
        Ok(())
    }

    /// What an object is that is no row.
    fn not_a_row(&self, row: &Row) -> MetaError {
        let input = self.input.clone();
        if let Some(error) = &row.error {
            let message = shorten(&error.message);
            return MetaError::ApiAnswer { input, code: error.code, subcode: error.error_subcode, message };
        }
        let has = |key: &str| row.keys.iter().any(|known| known == key);
        let what = if has("report_run_id") || has("async_status") {
            "a report run (its rows are at `<run>/insights`)".to_owned()
        } else if has("timezone_name") && has("currency") {
            "an ad account".to_owned()
        } else if has("id") && (has("effective_status") || has("status")) {
            "ads or other objects".to_owned()
        } else if has("min_daily_budget_imp") {
            "minimum budgets".to_owned()
        } else if has("code") && has("body") {
            "answers of a batch".to_owned()
        } else if row.keys.is_empty() {
            "an object without keys".to_owned()
        } else {
            let keys: Vec<String> = row.keys.iter().take(8).map(|key| format!("`{}`", shorten(key))).collect();
            format!("an object without `date_start` (its keys: {})", keys.join(", "))
        };
        MetaError::NotRows { input, what }
    }
}

/// The campaign or ad set that an object is.
fn object(row: &Row) -> Option<Object> {
    let has = |key: &str| row.keys.iter().any(|known| known == key);
    let text = |scalar: &Scalar| match scalar {
        Scalar::Text(text) => Some(text.clone()),
        Scalar::Number(number) if *number < 9e15 => Some(number.to_string()),
        _ => None,
    };
    let own = |name: &str| row.own.iter().find(|(key, _)| key == name).and_then(|(_, scalar)| text(scalar));
    let field = |field: Field| row.scalars.iter().find(|scalar| scalar.0 == field).and_then(|scalar| text(&scalar.2));
    if !(has("effective_status") || has("daily_budget") || has("lifetime_budget") || has("objective"))
        || has("adset_id")
    {
        return None;
    }
    let budget = |name: &str| {
        own(name).and_then(|text| number::machine(text.trim())).filter(|minor| *minor > 0.0 && minor.fract() == 0.0)
    };
    Some(Object {
        id: own("id")?,
        campaign_id: field(Field::CampaignId),
        daily: budget("daily_budget"),
        lifetime: budget("lifetime_budget"),
        objective: field(Field::Objective),
        optimization_goal: field(Field::OptimizationGoal),
    })
}

impl Cells {
    fn bytes(&self) -> usize {
        match self {
            Self::Text(codes, interner) => codes.capacity() * 4 + interner.levels().buffer_bytes(),
            Self::Number(values) => values.capacity() * 8,
            Self::Date(days) => days.capacity() * 4,
        }
    }
}

/// The error for malformed JSON that begins after so many lines.
fn syntax(input: &str, error: &serde_json::Error, lines: u64) -> MetaError {
    let text = error.to_string();
    let problem = text.rsplit_once(" at line ").map_or(text.as_str(), |(problem, _)| problem);
    MetaError::Json { place: Place::line(input, lines + error.line() as u64), problem: problem.to_owned() }
}

/// An answer, a list of rows, or a row.
struct Node<'s, 'a> {
    sink: &'s mut Insights<'a>,
    depth: u8,
}

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = ();

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("rows of the Insights API")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.depth > 4 {
            return Err(de::Error::custom("lists in lists, expected rows"));
        }
        while list.next_element_seed(Node { sink: self.sink, depth: self.depth + 1 })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut row = Row::default();
        while let Some(key) = map.next_key::<String>()? {
            let meaning = dialect::machine_meaning(&key);
            match (key.as_str(), meaning) {
                ("data", _) if self.depth <= 4 => {
                    row.is_page = true;
                    map.next_value_seed(Node { sink: self.sink, depth: self.depth + 1 })?;
                }
                ("error", _) => row.error = map.next_value().ok(),
                ("results", _) => {
                    if let Some((indicator, value)) = map.next_value_seed(ResultsSeed)? {
                        row.scalars.push((Field::ResultIndicator, key.clone(), Scalar::Text(indicator)));
                        row.scalars.push((Field::Results, key.clone(), Scalar::Number(value)));
                    }
                }
                (_, Some(Meaning::Actions)) => row.actions = map.next_value_seed(ActionsSeed)?,
                (_, Some(Meaning::ActionValues)) => row.values = map.next_value_seed(ActionsSeed)?,
                (_, Some(Meaning::Is(field))) => {
                    let scalar = map.next_value_seed(ScalarSeed)?;
                    if !row.scalars.iter().any(|(known, ..)| *known == field) {
                        row.scalars.push((field, key.clone(), scalar));
                    }
                }
                ("id" | "daily_budget" | "lifetime_budget", None) => {
                    let scalar = map.next_value_seed(ScalarSeed)?;
                    row.own.push((key.clone(), scalar));
                }
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
            if row.keys.len() < 64 && !row.is_page {
                row.keys.push(key.clone());
            }
        }
        if row.is_page && row.error.is_none() {
            return Ok(());
        }
        self.sink.commit(row).map_err(|error| {
            self.sink.error = Some(error);
            de::Error::custom("refused")
        })
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }
}

impl Insights<'_> {
    fn note(&mut self, key: &str, meaning: Option<Meaning>) {
        if !self.keys.contains_key(key) && self.keys.len() < MAX_KEYS {
            self.keys.insert(key.to_owned(), meaning);
        }
    }
}

struct ScalarSeed;

impl<'de> DeserializeSeed<'de> for ScalarSeed {
    type Value = Scalar;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ScalarSeed {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Scalar, E> {
        // Ids are longer than a float is exact.
        Ok(if number < 1 << 53 { Scalar::Number(number as f64) } else { Scalar::Text(number.to_string()) })
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number as f64))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Scalar, E> {
        Ok(Scalar::Other)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Missing)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Scalar, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other)
    }
}

/// A list of actions: type and value of each entry that has both.
struct ActionsSeed;

impl<'de> DeserializeSeed<'de> for ActionsSeed {
    type Value = Vec<(String, f64)>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        #[derive(serde::Deserialize)]
        struct Entry {
            action_type: Option<String>,
            #[serde(default)]
            value: Number,
        }
        let entries: Option<Vec<Entry>> = serde::Deserialize::deserialize(deserializer)?;
        let pair = |entry: Entry| entry.action_type.zip(entry.value.0);
        Ok(entries.unwrap_or_default().into_iter().filter_map(pair).collect())
    }
}

/// The first result that has a value, and its indicator.
struct ResultsSeed;

impl<'de> DeserializeSeed<'de> for ResultsSeed {
    type Value = Option<(String, f64)>;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        #[derive(serde::Deserialize)]
        struct Entry {
            indicator: Option<String>,
            #[serde(default)]
            values: Vec<Value>,
        }
        #[derive(serde::Deserialize)]
        struct Value {
            #[serde(default)]
            value: Number,
        }
        let entries: Option<Vec<Entry>> = serde::Deserialize::deserialize(deserializer)?;
        let pair = |entry: Entry| entry.indicator.zip(entry.values.first().and_then(|value| value.value.0));
        Ok(entries.unwrap_or_default().into_iter().find_map(pair))
    }
}

/// A number, as a number or as text; `None` for anything else.
#[derive(Debug, Default)]
struct Number(Option<f64>);

impl<'de> serde::Deserialize<'de> for Number {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(match ScalarSeed.deserialize(deserializer)? {
            Scalar::Text(text) => number::machine(text.trim()),
            Scalar::Number(number) => Some(number),
            _ => None,
        }))
    }
}
