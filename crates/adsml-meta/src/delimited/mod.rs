//! Delimited text: exports of Ads Manager, tables of connectors, Insights rows in a CSV.
//!
//! `head` finds the header and says whose it is; `passes` reads the rows on several threads into `parts`; `decide`
//! says how numbers and dates are written, and a second pass is made where the first assumed otherwise; `summary` takes
//! out the rows that sum up others; `fields` makes columns of the canonical table.

mod budget;
mod decide;
pub(crate) mod fields;
pub(crate) mod head;
mod parts;
mod passes;
mod summary;
pub(crate) mod tokens;

use std::io::{Read, Seek};
use std::num::NonZeroUsize;

use decide::{Context, Subject};
use head::Head;
use parts::{How, Values};
use passes::{Job, Plan, Role, Rows};

use crate::builder::Draft;
use crate::dialect::Meaning;
use crate::error::Place;
use crate::field::Kind;
use crate::understanding::{IgnoredColumn, RecognisedColumn, Understanding};
use crate::{DateOrder, Decimal, Field, Limits, MetaError, Result, Source, minor_units};

/// What the caller states.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stated<'a> {
    pub(crate) decimal: Option<Decimal>,
    pub(crate) date_order: Option<DateOrder>,
    pub(crate) conversions: Option<&'a str>,
    pub(crate) limits: &'a Limits,
    pub(crate) threads: NonZeroUsize,
}

/// A column that is read.
#[derive(Debug, Clone)]
struct Taken {
    column: usize,
    meaning: Meaning,
}

/// Reads the rows below `head`.
pub(crate) fn read(
    mut input: impl Read + Seek,
    length: u64,
    head: &Head,
    name: &str,
    stated: Stated<'_>,
) -> Result<(Draft, Understanding)> {
    stated.limits.check_input(length, name)?;
    let mut known = Understanding::new(name, head.source);
    let (taken, plan) = plan(head, &mut known);
    let currencies = currencies(head);
    let whole_money = currencies.first().is_some_and(|currency| minor_units(currency) == Some(1));
    let is_export = matches!(head.source, Source::AdsManagerExport(_));
    let day_first = known.language.is_some_and(|language| language.words().day_first);
    let guess = (
        stated.decimal.unwrap_or(if head.marks.delimiter == b';' { Decimal::Comma } else { Decimal::Point }),
        stated.date_order.unwrap_or(if day_first { DateOrder::DayFirst } else { DateOrder::MonthFirst }),
    );
    let hows: Vec<How> = taken.iter().map(|taken| how(taken.meaning, is_export, guess)).collect();
    let job =
        Job { input: name, head, plan: &plan, hows: &hows, limits: stated.limits, threads: stated.threads, length };
    let mut rows = job.run(&mut input)?;
    check_ids(&rows, &taken, head, name)?;
    let context = Context {
        input: name,
        delimiter: head.marks.delimiter,
        day_first,
        whole_money,
        stated_decimal: stated.decimal,
        stated_order: stated.date_order,
    };
    if !is_export {
        check_machine(&rows, &taken, head, name)?;
    }
    let decided = context.decide(&subjects(&rows, &taken, head))?;
    if matters(&rows, &decided) {
        let before = rows.n;
        drop(rows);
        rows = Job { hows: &decided, ..job }.run(&mut input)?;
        if rows.n != before {
            return Err(MetaError::Changed { input: name.to_owned() });
        }
    }
    say_style(&mut known, head, &rows, &decided);
    let meanings: Vec<Meaning> = taken.iter().map(|taken| taken.meaning).collect();
    if is_export {
        let found = summary::find(&rows, &meanings, whole_money);
        known.n_removed = found.removed.len();
        known.removed = found.removed;
        known.removed.truncate(100);
        let shown = found.warnings.len().min(100);
        known.warnings.extend(found.warnings.into_iter().take(shown));
        rows.remove(&found.rows);
    }
    let draft = fields::draft(rows, &taken, head, &currencies, stated.conversions, &mut known)?;
    Ok((draft, known))
}

/// Which columns are read, and into which part.
fn plan(head: &Head, known: &mut Understanding) -> (Vec<Taken>, Plan) {
    let mut taken: Vec<Taken> = Vec::new();
    let mut plan = Vec::with_capacity(head.columns.len());
    for (column, found) in head.columns.iter().enumerate() {
        let mut ignore = |reason| {
            known.ignored.push(IgnoredColumn {
                column: column + 1,
                header: crate::error::shorten(&found.header),
                reason,
            });
            None
        };
        plan.push(match found.meaning {
            None if found.header.is_empty() => ignore("no header"),
            None => ignore("not known"),
            Some(Meaning::Derived) => ignore("a ratio, recomputed from sums"),
            Some(Meaning::Unused) => ignore("known, and no part of the table"),
            Some(meaning) if taken.iter().any(|taken| taken.meaning == meaning) => {
                ignore("another column holds the same")
            }
            Some(meaning) => {
                taken.push(Taken { column, meaning });
                known.recognised.push(RecognisedColumn {
                    column: column + 1,
                    header: crate::error::shorten(&found.header),
                    meaning: words(meaning),
                });
                Some((taken.len() - 1, role(meaning)))
            }
        });
    }
    (taken, plan)
}

fn words(meaning: Meaning) -> String {
    match meaning {
        Meaning::Is(field) => field.name().to_owned(),
        Meaning::Day => "date".to_owned(),
        Meaning::Purchases => "purchases".to_owned(),
        Meaning::PurchaseValue => "value of purchases".to_owned(),
        Meaning::Leads => "leads".to_owned(),
        Meaning::Budget(owner) => format!("budget of the {}", owner.as_str().replace('_', " ")),
        Meaning::BudgetType(owner) => format!("budget type of the {}", owner.as_str().replace('_', " ")),
        Meaning::Actions => "actions".to_owned(),
        Meaning::ActionValues => "values of actions".to_owned(),
        Meaning::Version => "when the row was written".to_owned(),
        Meaning::RowId => "key of the row".to_owned(),
        Meaning::Derived | Meaning::Unused => String::new(),
    }
}

fn role(meaning: Meaning) -> Role {
    match meaning {
        Meaning::Day => Role::Day,
        Meaning::Is(field) if Field::ENTITIES.contains(&field) => Role::Entity,
        Meaning::Is(Field::DateStart) => Role::Split,
        Meaning::Is(field) if Field::BREAKDOWNS.contains(&field) => Role::Split,
        _ => Role::Other,
    }
}

fn how(meaning: Meaning, is_export: bool, guess: (Decimal, DateOrder)) -> How {
    let number = if is_export { How::Number(guess.0) } else { How::Machine };
    match meaning {
        Meaning::Is(field) if field.is_id() => How::Id,
        Meaning::Is(field) if field.is_name() => How::Name,
        Meaning::Is(field) => match field.kind() {
            Kind::Text => How::Word,
            Kind::Number => number,
            Kind::Date => How::Date(guess.1),
        },
        Meaning::Day => How::Date(guess.1),
        Meaning::Purchases | Meaning::PurchaseValue | Meaning::Leads => number,
        _ => How::Word,
    }
}

/// Currencies of the headers, that of the amount spent first.
fn currencies(head: &Head) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let spend = head.columns.iter().filter(|column| column.meaning == Some(Meaning::Is(Field::Spend)));
    let known = head.columns.iter().filter(|column| column.meaning.is_some());
    for currency in spend.chain(known).filter_map(|column| column.currency.as_ref()) {
        if !found.contains(currency) {
            found.push(currency.clone());
        }
    }
    found
}

fn subjects<'a>(rows: &'a Rows, taken: &[Taken], head: &'a Head) -> Vec<Subject<'a>> {
    let subject = |(taken, part): (&Taken, &'a parts::Part)| Subject {
        column: taken.column,
        header: &head.columns[taken.column].header,
        field: match taken.meaning {
            Meaning::Is(field) => Some(field),
            Meaning::PurchaseValue => Some(Field::Value),
            _ => None,
        },
        part,
    };
    taken.iter().zip(&rows.parts).map(subject).collect()
}

/// Whether any cell would be read otherwise than it was.
fn matters(rows: &Rows, decided: &[How]) -> bool {
    rows.parts.iter().zip(decided).any(|(part, how)| {
        let marked = part.evidence.point.is_some()
            || part.evidence.comma.is_some()
            || part.evidence.lone_point.is_some()
            || part.evidence.lone_comma.is_some();
        part.how != *how && marked
    })
}

/// Refuses ids that a spreadsheet has turned into numbers.
fn check_ids(rows: &Rows, taken: &[Taken], head: &Head, input: &str) -> Result<()> {
    for (part, taken) in rows.parts.iter().zip(taken).filter(|(part, _)| part.how == How::Id) {
        let header = &head.columns[taken.column].header;
        if let Some(bad) = &part.evidence.bad {
            let place = Place::line(input, bad.at).column(taken.column, header);
            return Err(MetaError::RuinedId { place, value: bad.text.clone() });
        }
        let Values::Text { interner, .. } = &part.values else { continue };
        // A spreadsheet keeps fifteen digits; ids that all end in zeros beyond them went through one.
        let long =
            || interner.levels().iter().filter(|id| id.len() > 15 && id.bytes().all(|byte| byte.is_ascii_digit()));
        let zeros: usize = long().map(|id| id.len() - 15).sum();
        if zeros >= 6 && long().count() >= 2 && long().all(|id| id.bytes().skip(15).all(|byte| byte == b'0')) {
            let place = Place::line(input, head.line).column(taken.column, header);
            return Err(MetaError::RuinedId { place, value: long().next().unwrap_or_default().to_owned() });
        }
    }
    Ok(())
}

/// Refuses what is no number in a column of a program.
fn check_machine(rows: &Rows, taken: &[Taken], head: &Head, input: &str) -> Result<()> {
    let bad = rows.parts.iter().zip(taken).filter(|(part, _)| part.how == How::Machine);
    let bad =
        bad.filter_map(|(part, taken)| Some((part.evidence.bad.as_ref()?, taken))).min_by_key(|found| found.0.row);
    let Some((witness, taken)) = bad else { return Ok(()) };
    let place = Place::line(input, witness.at).column(taken.column, &head.columns[taken.column].header);
    Err(MetaError::BadNumber { place, value: witness.text.clone(), decimal: None })
}

fn say_style(known: &mut Understanding, head: &Head, rows: &Rows, decided: &[How]) {
    let delimiter = match head.marks.delimiter {
        b';' => "semicolons between cells",
        b'\t' => "tabs between cells",
        _ => "commas between cells",
    };
    known.style.push(delimiter.to_owned());
    if head.preamble > 0 {
        known.style.push(format!("{} rows before the header passed over", head.preamble));
    }
    let decimal = |decimal| {
        decided.iter().zip(&rows.parts).any(|(how, part)| {
            *how == How::Number(decimal)
                && (part.evidence.point.is_some()
                    || part.evidence.comma.is_some()
                    || part.evidence.lone_comma.is_some()
                    || part.evidence.lone_point.is_some())
        })
    };
    for mark in [Decimal::Point, Decimal::Comma] {
        if decimal(mark) {
            known.style.push(format!("a decimal {mark}"));
        }
    }
    let local = rows.parts.iter().any(|part| part.evidence.local);
    if let Some(How::Date(order)) = decided.iter().find(|how| matches!(how, How::Date(_))).filter(|_| local) {
        known.style.push(format!("dates with {order}"));
    }
}

impl Rows {
    /// Takes rows out; ascending.
    fn remove(&mut self, out: &[usize]) {
        if out.is_empty() {
            return;
        }
        fn keep<T: Copy>(values: &mut Vec<T>, out: &[usize]) {
            let (mut row, mut next) = (0, 0);
            values.retain(|_| {
                let goes = out.get(next) == Some(&row);
                next += usize::from(goes);
                row += 1;
                !goes
            });
        }
        for part in &mut self.parts {
            match &mut part.values {
                Values::Text { codes, .. } => keep(codes, out),
                Values::Number(values) => keep(values, out),
                Values::Date(days) => keep(days, out),
            }
        }
        self.n -= out.len();
    }
}
