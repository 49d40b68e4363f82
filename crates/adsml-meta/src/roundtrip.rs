//! A random canonical table, written in every dialect and in every spelling, is read back unchanged.

use jiff::civil::{Date, date};
use proptest::prelude::*;
use proptest::sample::select;

use crate::dialect::{self, Meaning, header_key};
use crate::{AdRow, BudgetOwner, DateOrder, Decimal, Delivery, Field, Gender, Language, Level, MetaReader, Objective};

/// How a table is written.
#[derive(Debug, Clone)]
struct Spelling {
    language: Language,
    delimiter: char,
    decimal: Decimal,
    /// What stands between thousands, if anything.
    group: &'static str,
    dates: Dates,
    /// For each column, which of its headers, in which case, and where.
    headers: Vec<(usize, u8, u32)>,
    /// Columns that nobody knows.
    extra: usize,
    byte_order_mark: bool,
    line_end: &'static str,
    quote_all: bool,
    summary: Summary,
    missing: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Dates {
    Iso,
    DayFirst,
    MonthFirst,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Summary {
    None,
    First,
    Last,
}

const SETTING: &str = "7-day click or 1-day view";

/// Meanings that are written, in the order of [`Spelling::headers`].
const MEANINGS: [Meaning; 26] = [
    Meaning::Day,
    Meaning::Is(Field::AccountId),
    Meaning::Is(Field::CampaignName),
    Meaning::Is(Field::CampaignId),
    Meaning::Is(Field::AdSetName),
    Meaning::Is(Field::AdSetId),
    Meaning::Is(Field::AdName),
    Meaning::Is(Field::AdId),
    Meaning::Is(Field::Age),
    Meaning::Is(Field::Gender),
    Meaning::Is(Field::PublisherPlatform),
    Meaning::Is(Field::Objective),
    Meaning::Is(Field::Delivery),
    Meaning::Is(Field::Spend),
    Meaning::Is(Field::Impressions),
    Meaning::Is(Field::Reach),
    Meaning::Is(Field::Clicks),
    Meaning::Is(Field::LinkClicks),
    Meaning::Purchases,
    Meaning::PurchaseValue,
    Meaning::Is(Field::AttributionSetting),
    Meaning::Budget(BudgetOwner::Campaign),
    Meaning::BudgetType(BudgetOwner::Campaign),
    Meaning::Budget(BudgetOwner::AdSet),
    Meaning::BudgetType(BudgetOwner::AdSet),
    Meaning::Is(Field::Region),
];

fn a_name() -> impl Strategy<Value = String> {
    "[\\PC\n]{1,12}|[a-c ,;\"\n]{1,6}".prop_filter("a name", |name| {
        !name.trim().is_empty() && !dialect::is_total(name.trim()) && !name.contains('\r')
    })
}

fn a_word() -> impl Strategy<Value = String> {
    "[a-zA-Z_]{1,12}|\\PC{1,8}".prop_map(|word| word.trim().to_owned()).prop_filter("a word", |word| {
        !dialect::is_missing(word) && !dialect::is_total(word) && dialect::gender(word).is_none()
    })
}

fn an_id() -> impl Strategy<Value = String> {
    "[1-9][0-9]{11,16}[1-9]"
}

fn an_amount() -> impl Strategy<Value = f64> {
    (0_u64..500_000_000).prop_map(|cents| cents as f64 / 100.0)
}

fn a_count() -> impl Strategy<Value = Option<f64>> {
    prop::option::of((0_u32..5_000_000).prop_map(f64::from))
}

prop_compose! {
    fn a_row()(
        names in (a_name(), prop::option::of(a_name()), prop::option::of(a_name())),
        ids in (prop::option::of(an_id()), an_id(), prop::option::of(an_id()), prop::option::of(an_id())),
        day in 0_i64..900,
        words in (prop::option::of(a_word()), prop::option::of(a_word()), prop::option::of(a_word()), prop::option::of(a_word())),
        gender in prop::option::of(prop_oneof![
            Just(Gender::Female), Just(Gender::Male), Just(Gender::Unknown), a_word().prop_map(|word| Gender::from(word.as_str()))
        ]),
        region in prop::option::of(a_word()),
        spend in an_amount(),
        counts in (a_count(), a_count(), a_count(), a_count()),
        bought in prop::option::of(((0_u32..9000).prop_map(f64::from), prop::option::of(an_amount()))),
        setting in any::<bool>(),
        budget in prop::option::of((any::<bool>(), any::<bool>(), prop::option::of(1_i64..9_000_000))),
    ) -> AdRow {
        let (owner, daily, amount) = budget.map_or((None, false, None), |(campaign, daily, amount)| {
            (Some(if campaign { BudgetOwner::Campaign } else { BudgetOwner::AdSet }), daily, amount)
        });
        AdRow {
            account_id: ids.0, campaign_id: Some(ids.1), ad_set_id: ids.2, ad_id: ids.3,
            campaign_name: Some(names.0), ad_set_name: names.1, ad_name: names.2,
            date: Some(date(2025, 1, 1).checked_add(jiff::Span::new().days(day)).unwrap()),
            age: words.0, publisher_platform: words.1,
            objective: words.2.map(|word| Objective::from(word.as_str())),
            delivery: words.3.map(|word| Delivery::from(word.as_str())),
            gender, region, currency: Some("EUR".to_owned()), spend: Some(spend),
            impressions: counts.0, reach: counts.1, clicks: counts.2, link_clicks: counts.3,
            conversions: bought.map(|bought| bought.0), value: bought.and_then(|bought| bought.1),
            conversion_type: bought.map(|_| "purchase".to_owned()),
            value_type: bought.and_then(|bought| bought.1).map(|_| "purchase".to_owned()),
            attribution_setting: setting.then(|| SETTING.to_owned()),
            budget_owner: owner,
            daily_budget_minor: amount.filter(|_| daily),
            lifetime_budget_minor: amount.filter(|_| !daily),
            ..AdRow::new()
        }
    }
}

prop_compose! {
    fn a_spelling()(
        language in select(&Language::ALL[..]),
        delimiter in select(vec![',', ';', '\t']),
        decimal in select(vec![Decimal::Point, Decimal::Comma]),
        group in select(vec!["", "mark", "\u{202f}", "\u{a0}"]),
        dates in select(vec![Dates::Iso, Dates::DayFirst, Dates::MonthFirst]),
        headers in prop::collection::vec((0..4_usize, 0..4_u8, any::<u32>()), MEANINGS.len()),
        extra in 0..3_usize,
        byte_order_mark in any::<bool>(),
        line_end in select(vec!["\n", "\r\n"]),
        quote_all in any::<bool>(),
        summary in select(vec![Summary::None, Summary::First, Summary::Last]),
        missing in select(vec!["", "-", "--", "Not available"]),
    ) -> Spelling {
        let group = match (group, decimal) {
            ("mark", Decimal::Point) => ",",
            ("mark", Decimal::Comma) => ".",
            (group, _) => group,
        };
        Spelling {
            language, delimiter, decimal, group, dates, headers, extra, byte_order_mark, line_end, quote_all, summary, missing,
        }
    }
}

impl Spelling {
    fn header(&self, column: usize) -> String {
        let (which, case, _) = self.headers[column];
        let known = self.language.words().headers.iter().find(|entry| entry.0 == MEANINGS[column]).unwrap().1;
        let header = known[which % known.len()];
        let header = match case {
            0 => header.to_uppercase(),
            1 => header.to_lowercase(),
            2 => format!("  {header} "),
            _ => header.to_owned(),
        };
        // Some letters do not survive a change of case; then the header stays as it is.
        let header =
            if header_key(&header) == header_key(known[which % known.len()]) { header } else { known[0].to_owned() };
        let money = matches!(MEANINGS[column], Meaning::Is(Field::Spend) | Meaning::PurchaseValue);
        if money { format!("{header} (EUR)") } else { header }
    }

    fn number(&self, value: Option<f64>, decimals: usize) -> String {
        let Some(value) = value else { return self.missing.to_owned() };
        let plain = format!("{value:.decimals$}");
        let (whole, rest) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut grouped = String::new();
        for (i, digit) in whole.chars().enumerate() {
            if i > 0 && (whole.len() - i) % 3 == 0 {
                grouped.push_str(self.group);
            }
            grouped.push(digit);
        }
        let mark = if self.decimal == Decimal::Point { '.' } else { ',' };
        if rest.is_empty() { grouped } else { format!("{grouped}{mark}{rest}") }
    }

    fn date(&self, day: Option<Date>) -> String {
        let Some(day) = day else { return String::new() };
        let (y, m, d) = (day.year(), day.month(), day.day());
        match self.dates {
            Dates::Iso => day.to_string(),
            Dates::DayFirst => format!("{d:02}/{m:02}/{y}"),
            Dates::MonthFirst => format!("{m}/{d}/{y}"),
        }
    }

    fn cell(&self, row: &AdRow, meaning: Meaning) -> String {
        let words = self.language.words();
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let word = |text: Option<&str>| text.unwrap_or(self.missing).to_owned();
        let amount = row.daily_budget_minor.or(row.lifetime_budget_minor).map(|minor| minor as f64 / 100.0);
        let kind = if row.daily_budget_minor.is_some() { words.daily[0] } else { words.lifetime[0] };
        match meaning {
            Meaning::Day => self.date(row.date),
            Meaning::Is(Field::AccountId) => text(row.account_id.as_deref()),
            Meaning::Is(Field::CampaignId) => text(row.campaign_id.as_deref()),
            Meaning::Is(Field::CampaignName) => text(row.campaign_name.as_deref()),
            Meaning::Is(Field::AdSetId) => text(row.ad_set_id.as_deref()),
            Meaning::Is(Field::AdSetName) => text(row.ad_set_name.as_deref()),
            Meaning::Is(Field::AdId) => text(row.ad_id.as_deref()),
            Meaning::Is(Field::AdName) => text(row.ad_name.as_deref()),
            Meaning::Is(Field::Age) => word(row.age.as_deref()),
            Meaning::Is(Field::Gender) => match &row.gender {
                Some(Gender::Female) => words.genders[0][0].to_owned(),
                Some(Gender::Male) => words.genders[1][0].to_owned(),
                Some(Gender::Unknown) => "unknown".to_owned(),
                other => word(other.as_ref().map(Gender::as_str)),
            },
            Meaning::Is(Field::Region) => word(row.region.as_deref()),
            Meaning::Is(Field::PublisherPlatform) => word(row.publisher_platform.as_deref()),
            Meaning::Is(Field::Objective) => word(row.objective.as_ref().map(Objective::as_str)),
            Meaning::Is(Field::Delivery) => word(row.delivery.as_ref().map(Delivery::as_str)),
            Meaning::Is(Field::AttributionSetting) => word(row.attribution_setting.as_deref()),
            Meaning::Is(Field::Spend) => self.number(row.spend, 2),
            Meaning::PurchaseValue => self.number(row.value, 2),
            Meaning::Is(Field::Impressions) => self.number(row.impressions, 0),
            Meaning::Is(Field::Reach) => self.number(row.reach, 0),
            Meaning::Is(Field::Clicks) => self.number(row.clicks, 0),
            Meaning::Is(Field::LinkClicks) => self.number(row.link_clicks, 0),
            Meaning::Purchases => self.number(row.conversions, 0),
            Meaning::Budget(level) => match row.budget_owner {
                Some(owner) if owner == level && amount.is_some() => self.number(amount, 2),
                Some(owner) if owner != level => match owner {
                    BudgetOwner::Campaign => words.campaign_budget[0].to_owned(),
                    BudgetOwner::AdSet => words.ad_set_budget[0].to_owned(),
                },
                _ => String::new(),
            },
            Meaning::BudgetType(level) => match row.budget_owner {
                Some(owner) if owner == level && amount.is_some() => kind.to_owned(),
                Some(_) => "0".to_owned(),
                None => String::new(),
            },
            other => unreachable!("{other:?} is not written"),
        }
    }

    fn write(&self, rows: &[AdRow]) -> String {
        let mut order: Vec<usize> = (0..MEANINGS.len()).collect();
        order.sort_by_key(|&column| self.headers[column].2);
        let quote = |cell: String| {
            let needs = cell.contains([self.delimiter, '"', '\n', '\r']) || self.quote_all;
            if needs { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell }
        };
        let line = |cells: &dyn Fn(usize) -> String, extra: &str| {
            let mut cells: Vec<String> = order.iter().map(|&column| quote(cells(column))).collect();
            for i in 0..self.extra {
                cells.insert(
                    i * 7 % (cells.len() + 1),
                    quote(if extra.is_empty() { String::new() } else { format!("{extra}{i}") }),
                );
            }
            cells.join(&self.delimiter.to_string()) + self.line_end
        };
        let mut text = if self.byte_order_mark { "\u{feff}".to_owned() } else { String::new() };
        text += &line(&|column| self.header(column), "Nobody knows this ");
        let total = |field: fn(&AdRow) -> Option<f64>| Some(rows.iter().filter_map(field).sum::<f64>());
        let sum = AdRow {
            spend: total(|row| row.spend),
            impressions: total(|row| row.impressions),
            clicks: total(|row| row.clicks),
            link_clicks: total(|row| row.link_clicks),
            ..AdRow::new()
        };
        let label = self.language.words().totals[0];
        let summary = line(
            &|column| match (self.summary, MEANINGS[column]) {
                (Summary::Last, Meaning::Is(Field::CampaignName)) => label.to_owned(),
                (_, meaning) => self.cell(&sum, meaning),
            },
            "x",
        );
        if self.summary == Summary::First {
            text += &summary;
        }
        for row in rows {
            text += &line(&|column| self.cell(row, MEANINGS[column]), "1,5");
        }
        if self.summary == Summary::Last {
            text += &summary;
        }
        text
    }
}

/// The rows as they are read: with what a file of this kind adds.
fn expected(rows: &[AdRow]) -> Vec<AdRow> {
    let any = |has: fn(&AdRow) -> bool| rows.iter().any(has);
    let level = if any(|row| row.ad_id.is_some() || row.ad_name.is_some()) {
        Level::Ad
    } else if any(|row| row.ad_set_id.is_some() || row.ad_set_name.is_some()) {
        Level::AdSet
    } else {
        Level::Campaign
    };
    rows.iter().cloned().map(|row| AdRow { level: Some(level), date_stop: row.date, ..row }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_spelling_is_read_back_unchanged(rows in prop::collection::vec(a_row(), 1..7), spelling in a_spelling(), threads in 1..3_usize) {
        let text = spelling.write(&rows);
        let mut reader = MetaReader::new().threads(threads.try_into().unwrap());
        // What the file cannot show is stated.
        if spelling.dates != Dates::Iso {
            reader = reader.date_order(if spelling.dates == Dates::DayFirst { DateOrder::DayFirst } else { DateOrder::MonthFirst });
        }
        let read = reader.read_bytes(text.as_bytes(), "random.csv").map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let known = read.understanding();
        prop_assert_eq!(known.n_removed, usize::from(spelling.summary != Summary::None), "{}\n{}", known, text);
        prop_assert!(known.removed.iter().flat_map(|row| &row.checks).all(|check| check.agrees), "{}\n{}", known, text);
        let found: Vec<AdRow> = read.rows().unwrap().into_iter().map(|row| AdRow { maturity: None, ..row }).collect();
        prop_assert_eq!(found, expected(&rows), "{}", text);
        prop_assert_eq!(known.ignored.len(), spelling.extra, "{}", known);
    }
}
