//! How much a single column tells of the target.

use adsml_core::{CategoryColumn, Column};

use super::{Reason, Severity};

/// Fewer rows than this prove nothing.
const MIN_ROWS: usize = 20;

/// By which measure a column determines `y` (the target of `rows`), and how much, if it is at least `threshold`: the
/// first measure that reaches `exact`, or else the first of all.
pub(super) fn determined(
    column: &Column,
    rows: &[usize],
    y: &[f64],
    threshold: f64,
    exact: f64,
) -> Option<(String, f64)> {
    let mut found = measures(column, rows, y).into_iter().filter(|&(_, value)| value >= threshold).peekable();
    let first = found.peek().copied();
    let (measure, value) = found.find(|&(_, value)| value >= exact).or(first)?;
    Some((measure.to_owned(), value.min(1.0)))
}

/// How much a column tells of `y`, by every measure that applies.
fn measures(column: &Column, rows: &[usize], y: &[f64]) -> Vec<(&'static str, f64)> {
    match column {
        Column::Number(values) => {
            let x: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
            let mut found: Vec<_> = gaps(&x, y).map(|value| ("missing where it is zero", value)).into_iter().collect();
            let (x, y): (Vec<f64>, Vec<f64>) = x.iter().zip(y).filter(|(x, _)| x.is_finite()).unzip();
            if x.len() < MIN_ROWS {
                return found;
            }
            if let Some(separation) = separation(&x, &y) {
                found.push(("separation", separation));
            } else {
                let ranked = correlation(&ranks(&x), &ranks(&y)).abs();
                found.extend([("rank correlation", ranked), ("R²", correlation(&x, &y).powi(2))]);
            }
            found
        }
        Column::Category(column) => between_levels(column, rows, y).map(|value| ("R²", value)).into_iter().collect(),
        Column::Date(_) | Column::Timestamp(_) => Vec::new(),
    }
}

/// The correlation of "`x` is missing" with "`y` is zero": a cost per click is missing where there was no click.
fn gaps(x: &[f64], y: &[f64]) -> Option<f64> {
    let missing: Vec<f64> = x.iter().map(|x| f64::from(u8::from(x.is_nan()))).collect();
    let zero: Vec<f64> = y.iter().map(|&y| f64::from(u8::from(y == 0.0))).collect();
    let n_missing: f64 = missing.iter().sum();
    // A handful of gaps may coincide.
    (x.len() >= MIN_ROWS && n_missing >= 5.0).then(|| correlation(&missing, &zero).abs())
}

/// `|2·AUC − 1|` when `y` has two values, ties counting half.
fn separation(x: &[f64], y: &[f64]) -> Option<f64> {
    let first = y[0];
    let second = y.iter().copied().find(|&value| value != first)?;
    if y.iter().any(|&value| value != first && value != second) {
        return None;
    }
    let high = first.max(second);
    let ranks = ranks(x);
    let n_high = y.iter().filter(|&&value| value == high).count() as f64;
    let n_low = y.len() as f64 - n_high;
    let sum: f64 = ranks.iter().zip(y).filter(|(_, y)| **y == high).map(|(rank, _)| rank).sum();
    let auc = (sum - n_high * (n_high + 1.0) / 2.0) / (n_high * n_low);
    Some((2.0 * auc - 1.0).abs())
}

/// Ranks from 1; ties share their mean.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut first = 0;
    for ties in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = first as f64 + (ties.len() as f64 + 1.0) / 2.0;
        ties.iter().for_each(|&at| ranks[at] = rank);
        first += ties.len();
    }
    ranks
}

/// Pearson's correlation; 0 when one of the two does not vary.
fn correlation(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (x - mean_x, y - mean_y);
        (xx, yy, xy) = (xx + x * x, yy + y * y, xy + x * y);
    }
    let value = xy / (xx * yy).sqrt();
    if value.is_finite() { value } else { 0.0 }
}

/// Adjusted share of the target's variance that lies between levels; `None` when levels are too many to tell.
fn between_levels(column: &CategoryColumn, rows: &[usize], y: &[f64]) -> Option<f64> {
    let n_levels = column.levels().len();
    let level = |row: usize| (column.codes()[row] as usize).min(n_levels);
    let (mut count, mut sum) = (vec![0.0; n_levels + 1], vec![0.0; n_levels + 1]);
    for (&row, &y) in rows.iter().zip(y) {
        count[level(row)] += 1.0;
        sum[level(row)] += y;
    }
    let used = count.iter().filter(|&&count| count > 0.0).count();
    if rows.len() < MIN_ROWS || used < 2 || used * 2 > rows.len() {
        return None;
    }
    let mean = y.iter().sum::<f64>() / y.len() as f64;
    let (mut within, mut total) = (0.0, 0.0);
    for (&row, &y) in rows.iter().zip(y) {
        within += (y - sum[level(row)] / count[level(row)]).powi(2);
        total += (y - mean).powi(2);
    }
    let unexplained = (within / (rows.len() - used) as f64) / (total / (rows.len() - 1) as f64);
    (total > 0.0).then_some(1.0 - unexplained)
}

/// Whether nearly every row has a value of its own.
///
/// Counts and money are nearly distinct too without being ids: numbers count as ids when they are
/// whole and called so, or when they number the rows (dense, or ascending).
pub(super) fn identifier(name: &str, column: &Column) -> Option<(Severity, Reason)> {
    let called_id = called_id(name);
    let (distinct, rows, numbered) = match column {
        Column::Category(column) => {
            let mut used = vec![false; column.levels().len()];
            let present = column.codes().iter().filter(|&&code| code != CategoryColumn::MISSING);
            let rows = present.inspect(|&&code| used[code as usize] = true).count();
            (used.into_iter().filter(|&used| used).count(), rows, true)
        }
        Column::Number(values) => {
            let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
            let ascending = sorted.is_sorted_by(|a, b| a < b);
            if sorted.iter().any(|value| value.fract() != 0.0) {
                return None;
            }
            sorted.sort_unstable_by(f64::total_cmp);
            let rows = sorted.len();
            let range = sorted.last()? - sorted.first()?;
            sorted.dedup();
            let dense = sorted.len() == rows && range < 2.0 * rows as f64;
            (sorted.len(), rows, ascending || dense)
        }
        Column::Date(_) | Column::Timestamp(_) => return None,
    };
    let reason = Reason::Identifier { distinct, rows };
    if rows < MIN_ROWS {
        None
    } else if distinct * 20 >= rows * 19 && (numbered || called_id) {
        Some((Severity::Refuse, reason))
    } else if called_id && distinct * 2 >= rows {
        Some((Severity::Warn, reason))
    } else {
        None
    }
}

fn called_id(name: &str) -> bool {
    let lower = name.to_lowercase();
    let mut words = lower.split(|letter: char| !letter.is_alphanumeric());
    words.any(|word| matches!(word, "id" | "ids" | "uuid" | "guid" | "key" | "hash" | "identificador"))
        || name.ends_with("Id")
        || name.ends_with("ID")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_share_their_ties() {
        assert_eq!(ranks(&[5.0, 1.0, 5.0, 7.0]), [2.5, 1.0, 2.5, 4.0]);
    }

    #[test]
    fn counts_are_no_ids_and_ids_are_no_counts() {
        // Distinct, but neither dense nor ascending.
        let counts = Column::from((0..100).map(|row| f64::from((row * 7_919) % 100 * 1_000)).collect::<Vec<_>>());
        assert_eq!(identifier("Impressions", &counts), None);
        assert!(matches!(identifier("ad_id", &counts), Some((Severity::Refuse, _))));
        let numbered = Column::from((0..100).map(f64::from).collect::<Vec<_>>());
        assert!(matches!(identifier("row", &numbered), Some((Severity::Refuse, _))));
        let some = Column::from((0..100).map(|row| f64::from(row / 2 * 2)).collect::<Vec<_>>());
        assert!(matches!(identifier("fb_campaign_id", &some), Some((Severity::Warn, _))));
        assert_eq!(identifier("hour", &some), None);
    }
}
