//! From columns of a table to a history.

use adsml_core::{CategoryColumn, Column, Table, calendar};
use adsml_optimize::{CampaignDay, Currency, History, OptimizeError};

use super::BudgetPlannerParams;
use crate::{Error, Result};

/// The rows of the table, as campaign days.
pub(super) fn history(params: &BudgetPlannerParams, table: &Table) -> Result<History> {
    let not_stated = |what, call| Error::NotStated { what, call };
    let spend_name = params.spend.as_ref().ok_or(not_stated("what was spent", "`spend`"))?;
    let (response_name, unit) =
        params.response.as_ref().ok_or(not_stated("what spend brought", "`revenue` or `conversions`"))?;
    let date_name = params.date.as_ref().ok_or(not_stated("when", "`date`"))?;
    if table.n_rows() == 0 {
        // Columns without rows have no kind yet.
        return Err(OptimizeError::NoHistory.into());
    }
    let days = days(table, date_name)?;
    let (spend, response) = (table.number(spend_name)?, table.number(response_name)?);
    let campaigns = match &params.campaign {
        Some(column) => campaigns(table, column)?,
        None => vec![spend_name.clone(); table.n_rows()],
    };
    let context = params.context.iter().map(|name| table.number(name)).collect::<adsml_core::Result<Vec<_>>>()?;
    let known = |value: f64| if value.is_nan() { 0.0 } else { value };
    let rows = campaigns.into_iter().enumerate().map(|(row, campaign)| CampaignDay {
        campaign,
        date: days[row],
        spend: known(spend[row]),
        response: known(response[row]),
        context: context.iter().map(|column| column[row]).collect(),
    });
    let names: Vec<&str> = params.context.iter().map(String::as_str).collect();
    Ok(History::new(*unit, &names, rows)?)
}

/// The currency that was stated, or the only one of the column that names them.
pub(super) fn currency(params: &BudgetPlannerParams, table: &Table) -> Result<Currency> {
    let mut found: Vec<String> = Vec::new();
    if let Some(column) = &params.currency_column {
        let codes = table.category(column)?;
        let mut used: Vec<&str> = codes.iter().flatten().collect();
        used.sort_unstable();
        used.dedup();
        found = used.into_iter().map(str::to_owned).collect();
        if found.len() > 1 {
            return Err(Error::MixedCurrencies { column: column.clone(), found });
        }
    }
    Ok(match (&params.currency, found.pop()) {
        (Some(stated), _) => stated.clone(),
        (None, Some(code)) => Currency::new(code),
        (None, None) => Currency::new("EUR"),
    })
}

/// The campaign of every row, as text.
pub(in crate::plan) fn campaigns(table: &Table, column: &str) -> Result<Vec<String>> {
    let missing = |row| Error::PlanRow { row, column: column.to_owned(), expected: "a campaign" };
    match table.column(column)? {
        Column::Category(names) => {
            names.iter().enumerate().map(|(row, name)| name.map(str::to_owned).ok_or_else(|| missing(row))).collect()
        }
        // Ids that were read as numbers.
        Column::Number(ids) => {
            let id = |(row, id): (usize, &f64)| if id.is_nan() { Err(missing(row)) } else { Ok(id.to_string()) };
            ids.iter().enumerate().map(id).collect()
        }
        _ => Ok(table.category(column).map(|_| Vec::new())?),
    }
}

/// Days since 1970-01-01 of every row.
fn days(table: &Table, column: &str) -> Result<Vec<i32>> {
    let missing = |row| Error::PlanRow { row, column: column.to_owned(), expected: "a date" };
    match table.column(column)? {
        Column::Date(dates) => (0..dates.days.len()).map(|row| dates.get(row).ok_or_else(|| missing(row))).collect(),
        Column::Timestamp(times) => {
            const DAY: i64 = 86_400_000_000;
            let day = |row| times.local_micros(row).map(|micros| micros.div_euclid(DAY) as i32);
            (0..table.n_rows()).map(|row| day(row).ok_or_else(|| missing(row))).collect()
        }
        Column::Category(texts) => days_of_text(texts, column),
        Column::Number(_) => Ok(table.date(column)?.days.clone()),
    }
}

/// Dates as `01-02-2021` or `1/2/2021`: day or month first, as the column itself says.
fn days_of_text(texts: &CategoryColumn, column: &str) -> Result<Vec<i32>> {
    let refuse = |row| Error::PlanRow { row, column: column.to_owned(), expected: "a date" };
    let mut parts = Vec::with_capacity(texts.codes().len());
    for (row, text) in texts.iter().enumerate() {
        let numbers: Option<Vec<i32>> =
            text.and_then(|text| text.trim().split(['-', '/', '.']).map(|part| part.parse().ok()).collect());
        match numbers.as_deref() {
            Some(&[first, second, year]) if year >= 0 => {
                parts.push([first, second, if year < 100 { 2_000 + year } else { year }]);
            }
            _ => return Err(refuse(row)),
        }
    }
    let day_first = parts.iter().any(|[first, ..]| *first > 12);
    let month_first = parts.iter().any(|[_, second, _]| *second > 12);
    if day_first == month_first {
        return Err(Error::AmbiguousDates { column: column.to_owned() });
    }
    let day = |(row, &[first, second, year]): (usize, &[i32; 3])| {
        let (day, month) = if day_first { (first, second) } else { (second, first) };
        let known = (u32::try_from(month).ok(), u32::try_from(day).ok());
        let (Some(month), Some(day)) = known else { return Err(refuse(row)) };
        calendar::day_number(year, month, day).ok_or_else(|| refuse(row))
    };
    parts.iter().enumerate().map(day).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Vec<i32>> {
        let table =
            Table::from_columns([("day", Column::from(texts.iter().copied().map(Some).collect::<CategoryColumn>()))])
                .unwrap();
        days(&table, "day")
    }

    #[test]
    fn the_column_itself_says_which_number_is_the_day() {
        let day = |y, m, d| calendar::day_number(y, m, d).unwrap();
        assert_eq!(read(&["01-02-2021", "28-02-2021"]).unwrap(), [day(2021, 2, 1), day(2021, 2, 28)]);
        assert_eq!(read(&["2/1/21", "2/28/21"]).unwrap(), [day(2021, 2, 1), day(2021, 2, 28)]);
        assert!(matches!(read(&["01-02-2021", "03-04-2021"]), Err(Error::AmbiguousDates { .. })));
        assert!(matches!(read(&["13-01-2021", "01-13-2021"]), Err(Error::AmbiguousDates { .. })));
        assert!(matches!(read(&["13-01-2021", "soon"]), Err(Error::PlanRow { row: 1, .. })));
        assert!(matches!(read(&["13-02-2021", "31-02-2021"]), Err(Error::PlanRow { row: 1, .. })));
    }
}
