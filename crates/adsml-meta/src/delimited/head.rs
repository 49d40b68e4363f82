//! The beginning of delimited text: preamble, delimiter, header, and whose header it is.

use super::tokens::{self, Marks};
use crate::dialect::{self, Language, Meaning};
use crate::error::{Place, shorten};
use crate::{Field, Level, MetaError, Result, Source};

/// What the beginning of a file tells.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    pub(crate) marks: Marks,
    pub(crate) source: Source,
    pub(crate) columns: Vec<HeadColumn>,
    /// Where the rows begin.
    pub(crate) start: usize,
    /// Lines before the rows.
    pub(crate) lines: u64,
    /// Rows before the header that are none of the table's.
    pub(crate) preamble: u64,
    /// The line of the header, from 1.
    pub(crate) line: u64,
}

/// A column, as its header says.
#[derive(Debug, Clone)]
pub(crate) struct HeadColumn {
    pub(crate) header: String,
    pub(crate) meaning: Option<Meaning>,
    pub(crate) currency: Option<String>,
}

/// Bytes at the beginning in which a header is looked for.
pub(crate) const HEAD_BYTES: usize = 1 << 20;
/// Rows in which a header is looked for.
const HEAD_ROWS: usize = 20;
/// Columns that a header may have.
pub(crate) const MAX_COLUMNS: usize = 10_000;

const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// Finds the header of one of Meta's tables at the beginning of `bytes`; `None` when there is none.
///
/// # Errors
///
/// [`MetaError::Mojibake`] and [`MetaError::DuplicateHeader`] for a header that is one of Meta's and cannot be used.
pub(crate) fn find(bytes: &[u8], input: &str) -> Result<Option<Head>> {
    let bom = if bytes.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
    let bytes = &bytes[..bytes.len().min(HEAD_BYTES)];
    let terminator = tokens::terminator(&bytes[bom.min(bytes.len())..]);
    let mut best: Option<(usize, Head)> = None;
    for delimiter in DELIMITERS {
        let marks = Marks { delimiter, terminator };
        let (mut at, mut preamble) = (bom, 0);
        while at < bytes.len() && preamble < HEAD_ROWS as u64 {
            if let Some(after) = tokens::blank_line(bytes, at, terminator) {
                at = after;
                continue;
            }
            let Some((cells, end)) = header_cells(bytes, at, marks) else { break };
            let line = memchr::memchr_iter(terminator, &bytes[..at]).count() as u64 + 1;
            let lines = memchr::memchr_iter(terminator, &bytes[..end]).count() as u64;
            if let Some((score, source, columns)) = judge(&cells) {
                if best.as_ref().is_none_or(|(most, _)| score > *most) {
                    best = Some((score, Head { marks, source, columns, start: end, lines, preamble, line }));
                }
                break;
            }
            preamble += 1;
            at = end;
        }
    }
    let Some((_, head)) = best else { return Ok(None) };
    let place = |column: usize| Place::line(input, head.line).column(column, &head.columns[column].header);
    let mut seen = std::collections::HashMap::new();
    for (column, found) in head.columns.iter().enumerate() {
        let header = &found.header;
        if let Some(repaired) = dialect::mojibake(header) {
            let (header, repaired) = (shorten(header), shorten(&repaired));
            return Err(MetaError::Mojibake { place: place(column), header, repaired });
        }
        let key = dialect::header_key(header);
        let first = *seen.entry(key).or_insert(column);
        if first != column && found.meaning.is_some() {
            return Err(MetaError::DuplicateHeader { place: place(column), first: first + 1 });
        }
    }
    Ok(Some(head))
}

/// The texts of the row at `at` and where the next begins; `None` for bytes that are no row of text.
fn header_cells(bytes: &[u8], mut at: usize, marks: Marks) -> Option<(Vec<String>, usize)> {
    let mut cells = Vec::new();
    loop {
        let cell = tokens::cell(bytes, at, marks, true).ok()?;
        let text = std::str::from_utf8(&bytes[cell.start..cell.end]).ok()?;
        if cells.len() == MAX_COLUMNS || text.contains('\0') {
            return None;
        }
        cells.push(if cell.escaped { tokens::unescape(text) } else { text.to_owned() });
        match bytes.get(cell.next) {
            Some(&byte) if byte == marks.delimiter => at = cell.next + 1,
            Some(_) => return Some((cells, cell.next + 1)),
            None => return Some((cells, cell.next)),
        }
    }
}

/// Whether these are the headers of one of Meta's tables: how many are known, whose they are, what they mean.
fn judge(cells: &[String]) -> Option<(usize, Source, Vec<HeadColumn>)> {
    if cells.len() < 2 {
        return None;
    }
    export(cells).or_else(|| machine(cells))
}

fn export(cells: &[String]) -> Option<(usize, Source, Vec<HeadColumn>)> {
    let mut votes = [0_usize; Language::ALL.len()];
    let (mut known, mut strong, mut placed, mut measured) = (0, 0, false, false);
    let mut columns = Vec::with_capacity(cells.len());
    for cell in cells {
        let cell = cell.trim_matches('\u{feff}');
        // `CLICKS (ALL)` has no currency.
        let whole = dialect::meaning_of(&dialect::header_key(cell)).filter(|found| found.0 != Meaning::Derived);
        let (name, currency) = if whole.is_some() { (cell, None) } else { dialect::split_currency(cell) };
        let key = dialect::header_key(name);
        let found: Option<(Meaning, Vec<Language>)> = dialect::meaning_of(&key).or_else(|| {
            let repaired = dialect::mojibake(name)?;
            dialect::meaning_of(&dialect::header_key(&repaired))
        });
        if let Some((meaning, languages)) = &found {
            let meaning = *meaning;
            known += usize::from(meaning != Meaning::Unused);
            for language in languages {
                votes[Language::ALL.iter().position(|known| known == language).unwrap_or(0)] += 1;
            }
            let is_entity = matches!(meaning, Meaning::Is(field) if Field::ENTITIES.contains(&field));
            let is_period = matches!(meaning, Meaning::Is(Field::DateStart | Field::DateStop));
            placed |= is_entity || is_period || meaning == Meaning::Day;
            measured |= matches!(meaning, Meaning::Is(Field::Spend | Field::Impressions | Field::Results));
            strong += usize::from(is_entity || is_period || key.chars().count() > 5 && is_spend(meaning));
            strong += usize::from(currency.is_some() && is_spend(meaning)) * 2;
            strong += usize::from(matches!(meaning, Meaning::Is(Field::AttributionSetting | Field::ResultIndicator)));
        }
        let header = cell.trim().trim_matches('\u{feff}').to_owned();
        let meaning = found.map(|found| found.0);
        columns.push(HeadColumn { header, meaning, currency: currency.map(str::to_owned) });
    }
    // Names with underscores are a program's.
    let spelt_out = cells.iter().filter(|cell| cell.contains('_')).count() * 2 < cells.len();
    if !(placed && measured && strong >= 2 && known >= 2 && spelt_out) {
        return None;
    }
    let most = votes.iter().max().copied().unwrap_or(0);
    let language = Language::ALL[votes.iter().position(|&votes| votes == most).unwrap_or(0)];
    Some((known, Source::AdsManagerExport(language), columns))
}

fn is_spend(meaning: Meaning) -> bool {
    meaning == Meaning::Is(Field::Spend)
}

fn machine(cells: &[String]) -> Option<(usize, Source, Vec<HeadColumn>)> {
    let names: Vec<String> = cells.iter().map(|cell| dialect::header_key(cell)).collect();
    let has = |name: &str| names.iter().any(|known| known == name);
    let any = |some: &[&str]| some.iter().any(|name| has(name));
    let connector = names
        .iter()
        .any(|name| ["_fivetran", "_airbyte", "_sdc_", "_dlt_"].iter().any(|start| name.starts_with(start)));
    let measured = any(&["spend", "impressions"]);
    let ids = any(&["account_id", "campaign_id", "adset_id", "ad_set_id", "ad_id"]);
    let named = any(&["campaign_name", "adset_name", "ad_name", "ad_set_name", "account_name"]);
    let source = if has("action_type") && has("value") && any(&["date", "date_day"]) && ids {
        Source::ConnectorActions
    } else if measured
        && has("date_start")
        && (has("date_stop") || ids && (connector || any(&["inline_link_clicks", "actions"])))
    {
        Source::InsightsTable
    } else if measured && has("date_day") && (ids || named) && has("clicks") {
        Source::DbtReport
    } else if measured && any(&["date", "date_day"]) && ids && (connector || has("inline_link_clicks")) {
        Source::ConnectorRows
    } else if has("id") && has("name") && any(&["_fivetran_synced", "updated_time"]) && connector {
        if any(&["page_link", "object_story_link_data_link", "url_tags_string", "asset_feed_spec_link_urls"]) {
            Source::ConnectorCreatives
        } else if has("ad_set_id") || has("adset_id") {
            Source::ConnectorHistory(Level::Ad)
        } else if has("campaign_id") {
            Source::ConnectorHistory(Level::AdSet)
        } else if has("account_id") {
            Source::ConnectorHistory(Level::Campaign)
        } else {
            Source::ConnectorHistory(Level::Account)
        }
    } else {
        return None;
    };
    let mut taken: Vec<Meaning> = Vec::new();
    let nested = has("actions");
    let columns: Vec<HeadColumn> = cells
        .iter()
        .zip(&names)
        .map(|(cell, name)| {
            let meaning = match (source, name.as_str()) {
                (Source::DbtReport, "clicks") => Some(Meaning::Is(Field::LinkClicks)),
                (Source::ConnectorHistory(level), "id") => Some(Meaning::Is(id_of(level))),
                (Source::ConnectorHistory(level), "name") => Some(Meaning::Is(name_of(level))),
                (Source::ConnectorActions, "action_type") => Some(Meaning::Is(Field::ConversionType)),
                (Source::ConnectorActions, "value") => Some(Meaning::Is(Field::Conversions)),
                // When an object changed tells more than when it was copied.
                (_, "_fivetran_synced") if has("updated_time") => Some(Meaning::Unused),
                _ => dialect::machine_meaning(name),
            };
            // Where actions are nested, one type of them is chosen here and not by whoever flattened the table.
            let flattened = matches!(meaning, Some(Meaning::Purchases | Meaning::PurchaseValue | Meaning::Leads));
            let set_aside = nested && flattened;
            let meaning = meaning.filter(|meaning| !set_aside && !taken.contains(meaning));
            taken.extend(meaning.filter(|meaning| !matches!(meaning, Meaning::Derived | Meaning::Unused)));
            HeadColumn { header: cell.trim().to_owned(), meaning, currency: None }
        })
        .collect();
    let known = columns.iter().filter(|column| column.meaning.is_some()).count();
    Some((known, source, columns))
}

pub(crate) const fn id_of(level: Level) -> Field {
    match level {
        Level::Account => Field::AccountId,
        Level::Campaign => Field::CampaignId,
        Level::AdSet => Field::AdSetId,
        Level::Ad => Field::AdId,
    }
}

pub(crate) const fn name_of(level: Level) -> Field {
    match level {
        Level::Account => Field::AccountName,
        Level::Campaign => Field::CampaignName,
        Level::AdSet => Field::AdSetName,
        Level::Ad => Field::AdName,
    }
}
