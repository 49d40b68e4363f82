//! Rows that are sums of others: found, checked against what they cover, taken out and reported.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::parts::{Kept, Values};
use super::passes::Rows;
use crate::Field;
use crate::dialect::Meaning;
use crate::understanding::{Check, RemovedRow};

/// What was found beside ordinary rows.
#[derive(Debug, Default)]
pub(crate) struct Summaries {
    /// Rows to take out, ascending.
    pub(crate) rows: Vec<usize>,
    pub(crate) removed: Vec<RemovedRow>,
    pub(crate) warnings: Vec<String>,
}

/// A row that may be a summary.
#[derive(Debug)]
struct Candidate {
    row: usize,
    line: u64,
    label: String,
    /// Parts that say what it covers.
    fixed: u64,
    /// Taken out whatever the sums are.
    certain: bool,
    /// Only blank, without a label.
    unlabelled: bool,
}

/// Sums of the rows that a candidate covers: rows, then one per measure.
type Sums = (u64, [f64; MEASURES.len()]);

const MEASURES: [Field; 4] = [Field::Spend, Field::Impressions, Field::Clicks, Field::LinkClicks];
/// Different sets of filled cells that are reconciled; a real export has two or three.
const MAX_KINDS: usize = 8;

/// Finds the summary rows of a table whose parts have these meanings.
pub(crate) fn find(rows: &Rows, meanings: &[Meaning], whole_money: bool) -> Summaries {
    let mut found = Summaries::default();
    let mut candidates = candidates(rows, meanings, &mut found);
    let n_blank = found.rows.len();
    let only_unlabelled = candidates.iter().all(|candidate| candidate.unlabelled);
    if candidates.len() + n_blank == rows.n && only_unlabelled {
        if !candidates.is_empty() {
            found.warnings.push("no row names an account, campaign, ad set or ad; all rows are kept".to_owned());
        }
        return found;
    }
    fix_periods(rows, meanings, &mut candidates);
    // What may be a value of its own (`All` genders) has to prove that it is a sum; else it is a row like others.
    let (certain, doubtful): (Vec<Candidate>, Vec<Candidate>) = candidates.into_iter().partition(|one| one.certain);
    let mut not_ordinary: Vec<usize> = found.rows.clone();
    not_ordinary.extend(certain.iter().chain(&doubtful).map(|candidate| candidate.row));
    let sums_of_doubtful = sums(rows, meanings, &doubtful, &not_ordinary);
    let mut kept = Vec::new();
    for (candidate, sum) in doubtful.into_iter().zip(sums_of_doubtful) {
        let checks = checks(rows, meanings, candidate.row, sum, whole_money);
        let covers = sum.map_or(0, |sum| sum.0);
        if covers > 0 && !checks.is_empty() && checks.iter().all(|check| check.agrees) {
            found.rows.push(candidate.row);
            found.removed.push(RemovedRow { line: candidate.line, label: candidate.label, covers, checks });
        } else {
            kept.push(candidate);
        }
    }
    if let Some(first) = kept.first() {
        found.warnings.push(format!(
            "{} rows look like subtotals (the first is line {}, `{}`), but do not equal the rows they would cover; kept as rows",
            kept.len(),
            first.line,
            first.label
        ));
    }
    let kept: HashSet<usize> = kept.into_iter().map(|candidate| candidate.row).collect();
    not_ordinary.retain(|row| !kept.contains(row));
    let sums_of_certain = sums(rows, meanings, &certain, &not_ordinary);
    for (candidate, sum) in certain.into_iter().zip(sums_of_certain) {
        let checks = checks(rows, meanings, candidate.row, sum, whole_money);
        let covers = sum.map_or(0, |sum| sum.0);
        for check in checks.iter().filter(|check| !check.agrees) {
            found.warnings.push(format!(
                "line {}: the summary says {} {}, the {covers} rows it covers make {}",
                candidate.line, check.stated, check.measure, check.sum
            ));
        }
        if sum.is_none() {
            found.warnings.push(format!("line {}: taken out as a summary and not reconciled", candidate.line));
        }
        found.rows.push(candidate.row);
        found.removed.push(RemovedRow { line: candidate.line, label: candidate.label, covers, checks });
    }
    found.removed.sort_by_key(|row| row.line);
    found.rows.sort_unstable();
    found
}

fn is_entity(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Is(field) if Field::ENTITIES.contains(&field))
}

fn is_breakdown(meaning: Meaning) -> bool {
    matches!(meaning, Meaning::Is(field) if Field::BREAKDOWNS.contains(&field))
}

/// Looks at every suspect; wholly blank rows go straight to `found`.
fn candidates(rows: &Rows, meanings: &[Meaning], found: &mut Summaries) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for &(row, line) in &rows.suspects {
        let (mut fixed, mut entities, mut named, mut labels, mut day) = (0_u64, 0, 0, 0, Kept::Value);
        let mut label = None;
        for (i, (part, &meaning)) in rows.parts.iter().zip(meanings).enumerate() {
            let mut kept = part.kept(row);
            if kept == Kept::Total && has_id(rows, meanings, meaning, row) {
                kept = Kept::Value;
            }
            if kept == Kept::Total && label.is_none() {
                label = part.label(row).map(str::to_owned);
            }
            let place = is_entity(meaning) || is_breakdown(meaning) || meaning == Meaning::Day;
            if is_entity(meaning) {
                entities += 1;
                named += usize::from(kept == Kept::Value);
            }
            if meaning == Meaning::Day {
                day = kept;
            }
            let dated = meaning == Meaning::Is(Field::DateStart);
            labels += usize::from((place || dated) && kept == Kept::Total);
            if place && kept == Kept::Value && i < 64 {
                fixed |= 1 << i;
            }
        }
        if labels == 0 && rows.parts.iter().all(|part| is_empty(&part.values, row)) {
            found.rows.push(row);
            continue;
        }
        let nameless = entities > 0 && named == 0;
        let dateless = day != Kept::Value;
        if labels == 0 && !nameless && !dateless {
            continue;
        }
        let certain = nameless || dateless || labels > 0 && entities == 0;
        let label = label.unwrap_or_else(|| if nameless { "no name".to_owned() } else { "no day".to_owned() });
        let unlabelled = labels == 0;
        candidates.push(Candidate { row, line, label, fixed, certain, unlabelled });
    }
    candidates
}

/// Whether the name at this level belongs to an object with an id: then it is a name, whatever it says.
fn has_id(rows: &Rows, meanings: &[Meaning], meaning: Meaning, row: usize) -> bool {
    let id = match meaning {
        Meaning::Is(Field::AccountName) => Field::AccountId,
        Meaning::Is(Field::CampaignName) => Field::CampaignId,
        Meaning::Is(Field::AdSetName) => Field::AdSetId,
        Meaning::Is(Field::AdName) => Field::AdId,
        _ => return false,
    };
    let position = meanings.iter().position(|&meaning| meaning == Meaning::Is(id));
    position.is_some_and(|at| rows.parts[at].kept(row) == Kept::Value)
}

fn is_empty(values: &Values, row: usize) -> bool {
    match values {
        Values::Text { codes, .. } => codes[row] == adsml_core::CategoryColumn::MISSING,
        Values::Number(values) => values[row].is_nan(),
        Values::Date(days) => days[row] == adsml_core::DateColumn::MISSING,
    }
}

/// A summary of one of several periods covers that one only.
fn fix_periods(rows: &Rows, meanings: &[Meaning], candidates: &mut [Candidate]) {
    if meanings.contains(&Meaning::Day) {
        return;
    }
    let Some(start) = meanings.iter().position(|&meaning| meaning == Meaning::Is(Field::DateStart)) else { return };
    let Values::Date(days) = &rows.parts[start].values else { return };
    if candidates.is_empty() || start >= 64 {
        return;
    }
    let out: HashSet<usize> = candidates.iter().map(|candidate| candidate.row).collect();
    let known: HashSet<i32> = (0..rows.n).filter(|row| !out.contains(row)).map(|row| days[row]).collect();
    for candidate in candidates {
        let day = days[candidate.row];
        if day != adsml_core::DateColumn::MISSING && known.contains(&day) {
            candidate.fixed |= 1 << start;
        }
    }
}

/// The sums that each candidate covers; `None` for kinds beyond [`MAX_KINDS`].
fn sums(rows: &Rows, meanings: &[Meaning], candidates: &[Candidate], not_ordinary: &[usize]) -> Vec<Option<Sums>> {
    let mut kinds: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (i, candidate) in candidates.iter().enumerate() {
        kinds.entry(candidate.fixed).or_default().push(i);
    }
    let mut ordinary = vec![true; if candidates.is_empty() { 0 } else { rows.n }];
    for &row in not_ordinary {
        if let Some(flag) = ordinary.get_mut(row) {
            *flag = false;
        }
    }
    let mut found = vec![None; candidates.len()];
    for (fixed, members) in kinds.into_iter().take(MAX_KINDS) {
        let parts: Vec<usize> = (0..rows.parts.len().min(64)).filter(|i| fixed >> i & 1 == 1).collect();
        let key = |row: usize, key: &mut Vec<u32>| {
            key.clear();
            key.extend(parts.iter().map(|&part| match &rows.parts[part].values {
                Values::Text { codes, .. } => codes[row],
                Values::Date(days) => days[row] as u32,
                Values::Number(_) => 0,
            }));
        };
        let mut groups: HashMap<Vec<u32>, Sums> = HashMap::new();
        let mut buffer = Vec::new();
        for &member in &members {
            key(candidates[member].row, &mut buffer);
            groups.entry(buffer.clone()).or_insert((0, [0.0; MEASURES.len()]));
        }
        let measures = MEASURES.map(|field| measure(rows, meanings, field));
        for row in (0..rows.n).filter(|&row| ordinary[row]) {
            key(row, &mut buffer);
            if let Some((n, sums)) = groups.get_mut(&buffer) {
                *n += 1;
                for (sum, values) in sums.iter_mut().zip(measures) {
                    *sum += values.map(|values| values[row]).filter(|value| !value.is_nan()).unwrap_or(0.0);
                }
            }
        }
        for member in members {
            key(candidates[member].row, &mut buffer);
            found[member] = groups.get(&buffer).copied();
        }
    }
    found
}

fn measure<'a>(rows: &'a Rows, meanings: &[Meaning], field: Field) -> Option<&'a [f64]> {
    let position = meanings.iter().position(|&meaning| meaning == Meaning::Is(field))?;
    match &rows.parts[position].values {
        Values::Number(values) => Some(values),
        _ => None,
    }
}

/// What a summary says beside what its rows make.
fn checks(rows: &Rows, meanings: &[Meaning], row: usize, sum: Option<Sums>, whole_money: bool) -> Vec<Check> {
    let Some((n, sums)) = sum else { return Vec::new() };
    let check = |(field, sum): (Field, f64)| {
        let stated = measure(rows, meanings, field).map(|values| values[row]).filter(|value| !value.is_nan())?;
        // Every amount was rounded to the cent (or to the unit), in whichever direction.
        let unit = if field != Field::Spend {
            0.0
        } else if whole_money {
            0.5
        } else {
            0.005
        };
        let tolerance = unit * (2.0 + (n as f64).sqrt()) + 1e-9 * sum.abs();
        Some(Check { measure: field, stated, sum, agrees: (stated - sum).abs() <= tolerance })
    };
    MEASURES.into_iter().zip(sums).filter_map(check).collect()
}
