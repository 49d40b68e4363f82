//! From what the columns of a file mean to the fields of the canonical table.

use std::collections::BTreeMap;
use std::sync::Arc;

use adsml_core::{CategoryColumn, Column, DateColumn, Levels};

use super::Taken;
use super::budget::{Budgets, Cells};
use super::head::Head;
use super::parts::{How, Part, Values};
use super::passes::Rows;
use crate::actions::{self, Actions};
use crate::builder::{Draft, constant};
use crate::dialect::{self, Meaning};
use crate::error::{Place, shorten};
use crate::understanding::{ChosenAction, Understanding};
use crate::{BudgetOwner, Decimal, Field, MetaError, Result, Source, minor_units};

/// Columns by what they mean, and what they were made of.
struct Found {
    columns: BTreeMap<Meaning, Column>,
}

impl Found {
    fn take(&mut self, meaning: Meaning) -> Option<Column> {
        self.columns.remove(&meaning)
    }

    fn text(&mut self, meaning: Meaning) -> Option<CategoryColumn> {
        match self.take(meaning) {
            Some(Column::Category(column)) => Some(column),
            _ => None,
        }
    }

    /// Whether there is any value.
    fn has(&self, meaning: Meaning) -> bool {
        self.columns.get(&meaning).is_some_and(|column| column.n_missing() < column.len())
    }
}

/// Makes the fields.
pub(super) fn draft(
    rows: Rows,
    taken: &[Taken],
    head: &Head,
    currencies: &[String],
    stated: Option<&str>,
    known: &mut Understanding,
) -> Result<Draft> {
    let n = rows.n;
    let decimal = file_decimal(&rows.parts);
    let mut found = Found { columns: BTreeMap::new() };
    for (part, taken) in rows.parts.into_iter().zip(taken) {
        found.columns.insert(taken.meaning, column(part));
    }
    let mut draft = Draft { n, ..Draft::default() };
    if let Some(day) = found.take(Meaning::Day) {
        found.take(Meaning::Is(Field::DateStart));
        found.take(Meaning::Is(Field::DateStop));
        draft.columns.insert(Field::DateStart, day);
    }
    if let Some(Column::Category(genders)) = found.columns.get_mut(&Meaning::Is(Field::Gender)) {
        *genders = renamed(genders, |word| dialect::gender(word).unwrap_or(word));
    }
    if let [currency, others @ ..] = currencies {
        if !others.is_empty() {
            let all = currencies.join(", ");
            known.warnings.push(format!("headers name several currencies ({all}); amounts are taken as {currency}"));
        }
        found.columns.insert(Meaning::Is(Field::Currency), constant(currency, n));
    }
    budgets(&mut found, &mut draft, decimal, known);
    draft.versions = found.text(Meaning::Version);
    draft.row_ids = found.text(Meaning::RowId);
    conversions(&mut found, &mut draft, head, taken, stated, known)?;
    for (meaning, column) in found.columns {
        if let Meaning::Is(field) = meaning {
            draft.columns.entry(field).or_insert(column);
        }
    }
    Ok(draft)
}

fn column(part: Part) -> Column {
    match part.values {
        Values::Text { codes, interner } => {
            let levels = Arc::new(interner.into_levels());
            Column::Category(CategoryColumn::from_codes(codes, levels).expect("codes of its own levels"))
        }
        Values::Number(values) => Column::Number(values),
        Values::Date(days) => Column::Date(DateColumn { days }),
    }
}

/// The decimal mark that the file's numbers show.
fn file_decimal(parts: &[Part]) -> Option<Decimal> {
    let shows = |part: &&Part| {
        part.evidence.point.is_some() || part.evidence.comma.is_some() || part.evidence.lone_comma.is_some()
    };
    parts.iter().filter(shows).find_map(|part| match part.how {
        How::Number(decimal) => Some(decimal),
        _ => None,
    })
}

/// The same column with its levels renamed; those that become equal become one.
fn renamed(column: &CategoryColumn, name: impl Fn(&str) -> &str) -> CategoryColumn {
    let mut interner = adsml_core::Interner::new();
    let map: Vec<u32> = column.levels().iter().map(|level| interner.intern(name(level))).collect();
    let codes = column.codes().iter().map(|&code| map.get(code as usize).copied().unwrap_or(CategoryColumn::MISSING));
    let levels: Levels = interner.into_levels();
    CategoryColumn::from_codes(codes.collect(), Arc::new(levels)).expect("codes of its own levels")
}

fn budgets(found: &mut Found, draft: &mut Draft, decimal: Option<Decimal>, known: &mut Understanding) {
    let mut cells = Vec::new();
    for owner in [BudgetOwner::Campaign, BudgetOwner::AdSet] {
        let kind = found.text(Meaning::BudgetType(owner));
        if let Some(amount) = found.text(Meaning::Budget(owner)) {
            cells.push(Cells { owner, amount, kind });
        }
    }
    if cells.is_empty() {
        return;
    }
    let currency = match found.columns.get(&Meaning::Is(Field::Currency)) {
        Some(Column::Category(column)) if column.levels().len() == 1 => Some(column.levels().get(0).to_owned()),
        _ => None,
    };
    let units = currency.as_deref().and_then(minor_units);
    let budgets = Budgets::read(&cells, draft.n, decimal, units);
    if let Some(untold) = &budgets.untold {
        let why = if units.is_none() { "the currency is not known" } else { "its amount or type is not clear" };
        known.warnings.push(format!("the budget `{}` is left out: {why}", shorten(untold)));
    }
    draft.columns.insert(Field::BudgetOwner, budgets.owners());
    draft.columns.insert(Field::DailyBudget, Column::Number(budgets.daily));
    draft.columns.insert(Field::LifetimeBudget, Column::Number(budgets.lifetime));
}

/// Chooses what counts as a conversion: one thing, recorded with the table.
fn conversions(
    found: &mut Found,
    draft: &mut Draft,
    head: &Head,
    taken: &[Taken],
    stated: Option<&str>,
    known: &mut Understanding,
) -> Result<()> {
    if head.source == Source::ConnectorActions {
        return Ok(());
    }
    if let Some(actions) = found.text(Meaning::Actions) {
        let place = |meaning: Meaning| {
            let column = taken.iter().find(|taken| taken.meaning == meaning).map_or(0, |taken| taken.column);
            Place::line(&known.input, head.line).column(column, &head.columns[column].header)
        };
        let counted = nested(&actions, || place(Meaning::Actions))?;
        let values = found.text(Meaning::ActionValues);
        let values = values.map(|values| nested(&values, || place(Meaning::ActionValues))).transpose()?;
        choose(&counted, &values.unwrap_or_default(), draft, stated, known);
        return Ok(());
    }
    if found.has(Meaning::Is(Field::Conversions)) {
        known.conversions = Some(ChosenAction {
            conversions: "as the source defines them".to_owned(),
            value: found.has(Meaning::Is(Field::Value)).then(|| "as the source defines it".to_owned()),
            left_out: Vec::new(),
        });
        return Ok(());
    }
    let (purchases, leads) = (found.has(Meaning::Purchases), found.has(Meaning::Leads));
    let results = found.has(Meaning::Is(Field::Results));
    let indicators = match found.columns.get(&Meaning::Is(Field::ResultIndicator)) {
        Some(Column::Category(column)) => used_levels(column),
        _ => Vec::new(),
    };
    let mut others: Vec<String> = Vec::new();
    others.extend(purchases.then(|| "purchase".to_owned()));
    others.extend(leads.then(|| "lead".to_owned()));
    if results {
        others.extend(indicators.iter().cloned());
    }
    let chosen = match stated {
        Some(stated) => others.iter().find(|other| *other == stated).cloned(),
        None if purchases || leads => others.first().cloned(),
        None if results && indicators.len() == 1 => others.first().cloned(),
        None => None,
    };
    let Some(chosen) = chosen else {
        if let Some(stated) = stated {
            known.warnings.push(format!("there are no conversions of type `{stated}`; there are {}", list(&others)));
        }
        return Ok(());
    };
    let counts = match chosen.as_str() {
        "purchase" if purchases => found.take(Meaning::Purchases),
        "lead" if leads => found.take(Meaning::Leads),
        _ => results_of(found, &chosen),
    };
    let Some(Column::Number(counts)) = counts else { return Ok(()) };
    let value = if chosen == "purchase" { found.take(Meaning::PurchaseValue) } else { None };
    let value = value.filter(|value| value.n_missing() < value.len());
    draft.columns.insert(Field::ConversionType, type_column(&counts, &chosen));
    draft.columns.insert(Field::Conversions, Column::Number(counts));
    if let Some(Column::Number(values)) = &value {
        draft.columns.insert(Field::ValueType, type_column(values, &chosen));
    }
    let has_value = value.is_some();
    draft.columns.extend(value.map(|value| (Field::Value, value)));
    let left_out = others.into_iter().filter(|other| *other != chosen).collect();
    known.conversions = Some(ChosenAction { value: has_value.then(|| chosen.clone()), conversions: chosen, left_out });
    Ok(())
}

/// The type beside each value that there is.
fn type_column(values: &[f64], name: &str) -> Column {
    let codes = values.iter().map(|value| if value.is_nan() { CategoryColumn::MISSING } else { 0 }).collect();
    let levels: Levels = [name].into_iter().collect();
    Column::Category(CategoryColumn::from_codes(codes, Arc::new(levels)).expect("there is one level"))
}

/// Results of the rows with this indicator.
fn results_of(found: &Found, indicator: &str) -> Option<Column> {
    let (Some(Column::Number(results)), Some(Column::Category(indicators))) =
        (found.columns.get(&Meaning::Is(Field::Results)), found.columns.get(&Meaning::Is(Field::ResultIndicator)))
    else {
        return None;
    };
    let value = |row: usize| if indicators.get(row) == Some(indicator) { results[row] } else { f64::NAN };
    Some(Column::Number((0..results.len()).map(value).collect()))
}

fn used_levels(column: &CategoryColumn) -> Vec<String> {
    let mut used = vec![false; column.levels().len()];
    for &code in column.codes() {
        if let Some(used) = used.get_mut(code as usize) {
            *used = true;
        }
    }
    column.levels().iter().zip(used).filter(|found| found.1).map(|found| found.0.to_owned()).take(100).collect()
}

fn list(words: &[String]) -> String {
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// The actions of nested cells; each distinct cell is read once.
fn nested(column: &CategoryColumn, place: impl Fn() -> Box<Place>) -> Result<Actions> {
    let mut lists = Vec::with_capacity(column.levels().len());
    for cell in column.levels().iter() {
        let read = actions::parse_list(cell);
        lists.push(read.map_err(|problem| MetaError::Json {
            place: place(),
            problem: format!("{problem}: `{}`", shorten(cell)),
        })?);
    }
    let mut found = Actions::default();
    for (row, &code) in column.codes().iter().enumerate() {
        for (action, value) in lists.get(code as usize).map_or(&[][..], Vec::as_slice) {
            found.push(row as u32, action, *value);
        }
    }
    Ok(found)
}

/// Puts the chosen type of actions into the draft.
pub(crate) fn choose(
    counted: &Actions,
    values: &Actions,
    draft: &mut Draft,
    stated: Option<&str>,
    known: &mut Understanding,
) {
    if counted.too_many_types || values.too_many_types {
        known.warnings.push("there are more types of actions than can be true; some were not looked at".to_owned());
    }
    let Some(chosen) = counted.choose(stated) else {
        let types: Vec<String> = counted.types().take(40).map(shorten).collect();
        match stated {
            Some(stated) => {
                known.warnings.push(format!("there are no actions of type `{stated}`; there are {}", list(&types)))
            }
            None if !types.is_empty() => known.warnings.push(format!(
                "no conversions: there are neither purchases nor leads among the actions ({}); state a type",
                types.join(", ")
            )),
            None => {}
        }
        return;
    };
    let counts = counted.column(&chosen, draft.n);
    draft.columns.insert(Field::ConversionType, type_column(&counts, &chosen));
    draft.columns.insert(Field::Conversions, Column::Number(counts));
    let value = values.choose_value(&chosen);
    if let Some(value) = &value {
        let amounts = values.column(value, draft.n);
        draft.columns.insert(Field::ValueType, type_column(&amounts, value));
        draft.columns.insert(Field::Value, Column::Number(amounts));
    }
    known.conversions = Some(ChosenAction { left_out: counted.overlapping(&chosen), value, conversions: chosen });
}
