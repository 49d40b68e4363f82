//! Tables of a connector that complete one another: rows, their actions, and histories with the names.

use std::collections::HashMap;
use std::sync::Arc;

use adsml_core::{CategoryColumn, Column, Levels};

use crate::actions;
use crate::builder::Draft;
use crate::delimited::fields;
use crate::delimited::head::name_of;
use crate::understanding::Understanding;
use crate::{Field, Level, MetaError, Result};

/// Actions in long form: a row per object, day and type.
#[derive(Debug, Default)]
pub(crate) struct Actions {
    counted: Option<Draft>,
    values: Option<Draft>,
    input: String,
}

/// The objects and days that a row is about.
const KEY: [Field; 5] = [Field::AccountId, Field::CampaignId, Field::AdSetId, Field::AdId, Field::DateStart];

impl Actions {
    /// Tables of actions, and of their values: connectors give both the same columns, so that the name has to tell.
    pub(crate) fn gather(tables: Vec<(Draft, String)>) -> Self {
        let mut gathered = Self::default();
        for (draft, input) in tables {
            let file = input.rsplit(['/', '\\']).next().unwrap_or(&input).to_ascii_lowercase();
            let slot = if file.contains("action_value") { &mut gathered.values } else { &mut gathered.counted };
            match slot {
                Some(known) => known.append(draft),
                None => *slot = Some(draft),
            }
            gathered.input = input;
        }
        gathered
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.counted.is_none() && self.values.is_none()
    }

    /// A table of conversions and their values only: a row for each object and day that has any action.
    pub(crate) fn alone(self, stated: Option<&str>, known: &mut Understanding) -> Result<Draft> {
        let mut draft = Draft::default();
        for table in [&self.counted, &self.values].into_iter().flatten() {
            let key_columns =
                KEY.iter().filter_map(|field| Some((*field, table.columns.get(field)?.clone()))).collect();
            draft.append(Draft { columns: key_columns, n: table.n, versions: None, row_ids: table.row_ids.clone() });
        }
        let keys = Keys::of(&draft);
        let mut seen = std::collections::HashSet::new();
        let kept: Vec<usize> = (0..draft.n).filter(|&row| seen.insert(keys.text(row, &keys.fields))).collect();
        if kept.is_empty() {
            return Err(MetaError::NotRows { input: self.input, what: "no actions".to_owned() });
        }
        draft.take(&kept);
        self.join(&mut draft, stated, known);
        draft.columns.retain(|_, column| column.n_missing() < column.len());
        Ok(draft)
    }

    /// Puts the actions of one type beside the rows they belong to.
    pub(crate) fn join(&self, draft: &mut Draft, stated: Option<&str>, known: &mut Understanding) {
        if self.is_empty() {
            return;
        }
        let (mut lost, mut by_kind) = (0, Vec::new());
        for table in [&self.counted, &self.values] {
            let mut found = actions::Actions::default();
            if let Some(table) = table {
                lost += place(table, draft, &mut found);
            }
            by_kind.push(found);
        }
        if lost > 0 {
            known.warnings.push(format!("{lost} rows of actions belong to no row of delivery"));
        }
        let (counted, values) = (&by_kind[0], &by_kind[1]);
        if self.counted.is_some() {
            fields::choose(counted, values, draft, stated, known);
        } else if let Some(chosen) = values.choose(stated) {
            // Values without their counts: the value alone is known.
            let amounts = values.column(&chosen, draft.n);
            let types =
                amounts.iter().map(|value| (!value.is_nan()).then_some(chosen.as_str())).collect::<CategoryColumn>();
            draft.columns.insert(Field::ValueType, Column::Category(types));
            draft.columns.insert(Field::Value, Column::Number(amounts));
        }
    }
}

/// Where rows are found by what they are about.
struct Keys<'a> {
    columns: Vec<(Field, &'a Column)>,
    row_ids: Option<&'a CategoryColumn>,
    fields: Vec<Field>,
}

impl<'a> Keys<'a> {
    fn of(draft: &'a Draft) -> Self {
        let columns: Vec<_> = KEY.iter().filter_map(|field| Some((*field, draft.columns.get(field)?))).collect();
        Self { fields: columns.iter().map(|column| column.0).collect(), columns, row_ids: draft.row_ids.as_ref() }
    }

    fn text(&self, row: usize, fields: &[Field]) -> Vec<Option<String>> {
        let mut key: Vec<Option<String>> = Vec::with_capacity(fields.len() + 1);
        for (_, column) in self.columns.iter().filter(|(field, _)| fields.contains(field)) {
            key.push(match column {
                Column::Category(column) => column.get(row).map(str::to_owned),
                Column::Date(column) => column.get(row).map(|day| day.to_string()),
                _ => None,
            });
        }
        key
    }
}

/// Finds the row of each action; gives how many belong to none.
fn place(table: &Draft, draft: &Draft, found: &mut actions::Actions) -> usize {
    let (Some(Column::Category(types)), Some(values)) =
        (table.columns.get(&Field::ConversionType), table.number(Field::Conversions))
    else {
        return table.n;
    };
    let (theirs, ours) = (Keys::of(table), Keys::of(draft));
    let shared: Vec<Field> = theirs.fields.iter().copied().filter(|field| ours.fields.contains(field)).collect();
    let by_id = theirs.row_ids.zip(ours.row_ids);
    let mut rows: HashMap<Vec<Option<String>>, usize> = HashMap::new();
    for row in 0..draft.n {
        let mut key = ours.text(row, &shared);
        key.extend(by_id.map(|(_, ids)| ids.get(row).map(str::to_owned)));
        rows.insert(key, row);
    }
    // Older versions first, so that newer ones replace them.
    let mut order: Vec<usize> = (0..table.n).collect();
    if let Some(versions) = &table.versions {
        order.sort_by_key(|&row| versions.get(row));
    }
    let mut newest: HashMap<(usize, u32), f64> = HashMap::new();
    let mut lost = 0;
    for row in order {
        let mut key = theirs.text(row, &shared);
        key.extend(by_id.map(|(ids, _)| ids.get(row).map(str::to_owned)));
        match rows.get(&key) {
            Some(&at) if types.codes()[row] != CategoryColumn::MISSING && !values[row].is_nan() => {
                newest.insert((at, types.codes()[row]), values[row]);
            }
            Some(_) => {}
            None => lost += 1,
        }
    }
    let mut placed: Vec<((usize, u32), f64)> = newest.into_iter().collect();
    placed.sort_unstable_by_key(|found| found.0);
    for ((row, action), value) in placed {
        found.push(row as u32, types.levels().get(action as usize), value);
    }
    lost
}

/// Fills names (and the ids of parents) of a level from the newest versions of its objects.
pub(crate) fn name(draft: &mut Draft, level: Level, history: &Draft, id: Field) {
    let (Some(ids), Some(known)) = (draft.text(id).cloned(), history.text(id)) else { return };
    let mut newest: HashMap<&str, usize> = HashMap::new();
    let version = |row: usize| history.versions.as_ref().and_then(|versions| versions.get(row));
    for row in 0..history.n {
        let Some(id) = known.get(row) else { continue };
        let at = newest.entry(id).or_insert(row);
        if version(row) >= version(*at) {
            *at = row;
        }
    }
    for field in [Field::AccountId, Field::CampaignId, Field::AdSetId, name_of(level)] {
        let Some(source) = history.text(field).filter(|_| field != id) else { continue };
        let mut interner = adsml_core::Interner::new();
        let texts = draft.text(field);
        let codes: Vec<u32> = (0..draft.n)
            .map(|row| {
                let own = texts.and_then(|texts| texts.get(row));
                let found = || newest.get(ids.get(row)?).and_then(|&at| source.get(at));
                own.or_else(found).map_or(CategoryColumn::MISSING, |text| interner.intern(text))
            })
            .collect();
        let levels: Levels = interner.into_levels();
        let column = CategoryColumn::from_codes(codes, Arc::new(levels)).expect("codes of its own levels");
        draft.columns.insert(field, Column::Category(column));
    }
}
