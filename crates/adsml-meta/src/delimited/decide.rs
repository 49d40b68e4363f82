//! How numbers and dates of a file are written, decided from whole columns or refused.

use super::parts::{Evidence, How, Part, Witness};
use crate::error::Place;
use crate::{DateOrder, Decimal, Field, MetaError, Result, date, number};

/// What is known of a file beside its cells.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) input: &'a str,
    pub(crate) delimiter: u8,
    /// Whether the language never writes the month first.
    pub(crate) day_first: bool,
    /// Whether amounts have no minor units.
    pub(crate) whole_money: bool,
    pub(crate) stated_decimal: Option<Decimal>,
    pub(crate) stated_order: Option<DateOrder>,
}

/// A column that is decided about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) column: usize,
    pub(crate) header: &'a str,
    /// The field it becomes, if it is one.
    pub(crate) field: Option<Field>,
    pub(crate) part: &'a Part,
}

impl Context<'_> {
    /// The way each column is to be read, in order.
    pub(crate) fn decide(&self, subjects: &[Subject<'_>]) -> Result<Vec<How>> {
        let order = self.date_order(subjects)?;
        let iso =
            subjects.iter().all(|subject| !matches!(subject.part.how, How::Date(_)) || !subject.part.evidence.local);
        let mut alone: Vec<Option<Decimal>> = Vec::with_capacity(subjects.len());
        for subject in subjects {
            alone.push(match subject.part.how {
                How::Number(_) => self.alone(subject)?,
                _ => None,
            });
        }
        let has = |decimal| {
            alone.iter().zip(subjects).any(|(found, subject)| {
                let evidence = &subject.part.evidence;
                *found == Some(decimal) && (evidence.point.is_some() || evidence.comma.is_some())
            })
        };
        let file = match (self.stated_decimal, has(Decimal::Point), has(Decimal::Comma)) {
            (Some(stated), ..) => Some(stated),
            (None, true, false) => Some(Decimal::Point),
            (None, false, true) => Some(Decimal::Comma),
            (None, true, true) => None,
            // Spreadsheets divide by semicolons where the decimal mark is a comma.
            (None, false, false) if self.delimiter == b';' => Some(Decimal::Comma),
            (None, false, false) => None,
        };
        let mut decided = Vec::with_capacity(subjects.len());
        for (subject, alone) in subjects.iter().zip(alone) {
            decided.push(match subject.part.how {
                How::Number(_) => How::Number(self.decimal(subject, alone.or(file), iso)?),
                How::Date(_) => How::Date(order),
                how => how,
            });
        }
        Ok(decided)
    }

    fn place(&self, subject: &Subject<'_>, witness: &Witness) -> Box<Place> {
        Place::line(self.input, witness.at).column(subject.column, subject.header)
    }

    /// The decimal mark that a column itself decides.
    fn alone(&self, subject: &Subject<'_>) -> Result<Option<Decimal>> {
        let Evidence { point, comma, lone_point, lone_comma, bad, .. } = &subject.part.evidence;
        let bad_number = |witness: &Witness, decimal| MetaError::BadNumber {
            place: self.place(subject, witness),
            value: witness.text.clone(),
            decimal,
        };
        if let Some(bad) = bad {
            return Err(bad_number(bad, None));
        }
        if let Some(stated) = self.stated_decimal {
            let against = if stated == Decimal::Point { comma } else { point };
            return against.as_ref().map_or(Ok(Some(stated)), |witness| Err(bad_number(witness, Some(stated))));
        }
        let whole = match subject.field {
            Some(Field::Impressions | Field::Reach | Field::Clicks | Field::LinkClicks) => true,
            Some(Field::Spend | Field::Value) => self.whole_money,
            _ => false,
        };
        match (point, comma) {
            (Some(point), Some(comma)) => {
                let (earlier, later, decimal) =
                    if point.row < comma.row { (point, comma, Decimal::Comma) } else { (comma, point, Decimal::Point) };
                Err(MetaError::MixedNumbers {
                    place: self.place(subject, later),
                    value: later.text.clone(),
                    decimal,
                    other: earlier.text.clone(),
                    other_line: earlier.at,
                })
            }
            (Some(_), None) => Ok(Some(Decimal::Point)),
            (None, Some(_)) => Ok(Some(Decimal::Comma)),
            // Of what is only ever whole, a mark before three digits divides thousands.
            (None, None) if whole => match (lone_point, lone_comma) {
                (Some(_), None) => Ok(Some(Decimal::Comma)),
                (None, Some(_)) => Ok(Some(Decimal::Point)),
                _ => Ok(None),
            },
            (None, None) => Ok(None),
        }
    }

    /// The decimal mark of a column, with that of the file where its own cells do not decide.
    fn decimal(&self, subject: &Subject<'_>, known: Option<Decimal>, iso: bool) -> Result<Decimal> {
        let Evidence { lone_point, lone_comma, .. } = &subject.part.evidence;
        if let Some(known) = known {
            return Ok(known);
        }
        let witness = match (lone_point, lone_comma) {
            (None, None) => return Ok(Decimal::Point),
            // As exported, and not by way of a spreadsheet: numbers with a point, dates with the year first.
            (Some(_), None) if self.delimiter == b',' && iso => return Ok(Decimal::Point),
            (Some(witness), _) | (None, Some(witness)) => witness,
        };
        let value = |decimal| number::value(&witness.text, decimal).unwrap_or(f64::NAN);
        Err(MetaError::AmbiguousNumber {
            place: self.place(subject, witness),
            value: witness.text.clone(),
            as_point: value(Decimal::Point),
            as_comma: value(Decimal::Comma),
        })
    }

    /// The order of day and month, of all dates of the file together.
    fn date_order(&self, subjects: &[Subject<'_>]) -> Result<DateOrder> {
        let dates = || subjects.iter().filter(|subject| matches!(subject.part.how, How::Date(_)));
        let first = |pick: fn(&Evidence) -> &Option<Witness>| {
            dates()
                .filter_map(|subject| Some((subject, pick(&subject.part.evidence).as_ref()?)))
                .min_by_key(|found| found.1.row)
        };
        let bad_date = |(subject, witness): (&Subject<'_>, &Witness), order| MetaError::BadDate {
            place: self.place(subject, witness),
            value: witness.text.clone(),
            order,
        };
        if let Some(bad) = first(|evidence| &evidence.bad) {
            return Err(bad_date(bad, None));
        }
        let (month_first, day_first) = (first(|evidence| &evidence.point), first(|evidence| &evidence.comma));
        if let Some(stated) = self.stated_order {
            let against = if stated == DateOrder::MonthFirst { day_first } else { month_first };
            return against.map_or(Ok(stated), |found| Err(bad_date(found, Some(stated))));
        }
        match (month_first, day_first) {
            (Some(month), Some(day)) => {
                let (earlier, later, order) = if month.1.row < day.1.row {
                    (month, day, DateOrder::DayFirst)
                } else {
                    (day, month, DateOrder::MonthFirst)
                };
                Err(MetaError::MixedDates {
                    place: self.place(later.0, later.1),
                    value: later.1.text.clone(),
                    order,
                    other: earlier.1.text.clone(),
                    other_line: earlier.1.at,
                })
            }
            (Some(_), None) => Ok(DateOrder::MonthFirst),
            (None, Some(_)) => Ok(DateOrder::DayFirst),
            (None, None) if self.day_first => Ok(DateOrder::DayFirst),
            (None, None) => match first(|evidence| &evidence.lone_point) {
                None => Ok(DateOrder::DayFirst),
                Some((subject, witness)) => {
                    let reading = date::read(&witness.text);
                    let day =
                        |order| reading.and_then(|reading| date::to_civil(reading.day(order)?)).unwrap_or_default();
                    Err(MetaError::AmbiguousDate {
                        place: self.place(subject, witness),
                        value: witness.text.clone(),
                        day_first: day(DateOrder::DayFirst),
                        month_first: day(DateOrder::MonthFirst),
                    })
                }
            },
        }
    }
}
