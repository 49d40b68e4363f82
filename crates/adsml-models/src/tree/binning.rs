//! Values to bins: where the edges of a feature lie, and which bin a value falls into.

use adsml_core::{FeatureColumn, FeatureKind};
use ndarray::ArrayView2;

use crate::{ModelError, Result};

/// How the values of one feature become codes.
///
/// Codes are `0..n_bins()`; the bin of missing values, when the training rows had any, is the last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FeatureBins {
    pub(crate) kind: BinKind,
    /// Bins of values.
    pub(crate) n_values: usize,
    /// Whether training rows were missing.
    pub(crate) has_missing: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum BinKind {
    /// Bin `b` holds `edges[b - 1] < x <= edges[b]`; the last bin has no upper edge.
    Number { edges: Vec<f64> },
    /// The bin of each level. Levels beyond the most frequent share the bin `other`, and with them every
    /// level that was not seen at fitting; when there is no such bin, a level without rows has none.
    Category { bin_of_level: Vec<Option<u8>>, other: Option<u8> },
}

impl FeatureBins {
    /// Bins of values and of missing.
    pub(crate) fn n_bins(&self) -> usize {
        self.n_values + usize::from(self.has_missing)
    }

    /// The code of missing values.
    pub(crate) fn missing_code(&self) -> Option<u8> {
        self.has_missing.then_some(self.n_values as u8)
    }

    pub(crate) fn is_category(&self) -> bool {
        matches!(self.kind, BinKind::Category { .. })
    }
}

/// Where bin edges come from.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BinRules<'a> {
    /// Most bins of a feature.
    pub(crate) max_bins: usize,
    /// The rows on which edges are found; `None` for all.
    pub(crate) rows: Option<&'a [usize]>,
    /// Edges of each feature, when they are given.
    pub(crate) given: Option<&'a [Vec<f64>]>,
}

/// The bins of one feature, and the code of every row.
pub(crate) fn bin_feature(
    x: ArrayView2<'_, f64>,
    feature: usize,
    column: Option<&FeatureColumn>,
    rules: BinRules<'_>,
) -> Result<(FeatureBins, Vec<u8>)> {
    match column.map(|column| &column.kind) {
        Some(FeatureKind::Category { levels }) => bin_category(x, feature, column, levels.len(), rules.max_bins),
        _ => Ok(bin_number(x, feature, rules)),
    }
}

fn bin_number(x: ArrayView2<'_, f64>, feature: usize, rules: BinRules<'_>) -> (FeatureBins, Vec<u8>) {
    let values = x.column(feature);
    let edges = match rules.given.and_then(|given| given.get(feature)) {
        Some(edges) => edges.clone(),
        None => {
            let known = |value: &f64| !value.is_nan();
            let values = match rules.rows {
                Some(rows) => rows.iter().map(|&row| values[row]).filter(known).collect(),
                None => values.iter().copied().filter(known).collect(),
            };
            edges_of(values, rules.max_bins)
        }
    };
    let lookup = EdgeLookup::new(&edges);
    let missing = edges.len() as u8 + 1;
    let mut has_missing = false;
    let codes = values
        .iter()
        .map(|&value| {
            has_missing |= value.is_nan();
            if value.is_nan() { missing } else { lookup.bin(value) }
        })
        .collect();
    (FeatureBins { n_values: edges.len() + 1, kind: BinKind::Number { edges }, has_missing }, codes)
}

/// Finds the bin of a value among at most 255 in eight steps without branches.
struct EdgeLookup([f64; 256]);

impl EdgeLookup {
    fn new(edges: &[f64]) -> Self {
        // No value lies above infinity, so that what fills the table is never passed.
        let mut table = [f64::INFINITY; 256];
        table[..edges.len()].copy_from_slice(edges);
        Self(table)
    }

    /// Number of edges below `value`.
    #[inline]
    fn bin(&self, value: f64) -> u8 {
        let mut below = 0_usize;
        for step in [128, 64, 32, 16, 8, 4, 2, 1] {
            below += step * usize::from(self.0[(below + step - 1) & 255] < value);
        }
        below as u8
    }
}

/// The edges between bins: at most `max_bins - 1`, ascending.
///
/// Every distinct value has a bin of its own when they are few; otherwise values that are frequent enough to fill
/// a bin have one, and the others share what is left in about equal numbers of rows.
fn edges_of(values: Vec<f64>, max_bins: usize) -> Vec<f64> {
    let distinct = count_distinct(values);
    if distinct.len() <= max_bins {
        return distinct.windows(2).map(|pair| between(pair[0].0, pair[1].0)).collect();
    }
    let rows: usize = distinct.iter().map(|&(_, count)| count).sum();
    let mut share = rows as f64 / max_bins as f64;
    let is_frequent = |count: usize| count as f64 >= rows as f64 / max_bins as f64;
    let frequent = distinct.iter().filter(|&&(_, count)| is_frequent(count)).count();
    let mut rest_rows: usize = distinct.iter().map(|&(_, count)| count).filter(|&count| !is_frequent(count)).sum();
    let mut rest_bins = max_bins - frequent;
    if rest_bins > 0 {
        share = rest_rows as f64 / rest_bins as f64;
    }
    let mut edges = Vec::with_capacity(max_bins - 1);
    let mut filled = 0;
    for pair in distinct.windows(2) {
        let ((value, count), (next, next_count)) = (pair[0], pair[1]);
        filled += count;
        if !is_frequent(count) {
            rest_rows -= count;
        }
        // A bin ends when it is full, around a frequent value, and before one unless it is less than half full.
        let full = filled as f64 >= share
            || is_frequent(count)
            || (is_frequent(next_count) && filled as f64 >= (0.5 * share).max(1.0));
        if full {
            edges.push(between(value, next));
            filled = 0;
            if edges.len() == max_bins - 1 {
                break;
            }
            if !is_frequent(count) && rest_bins > 1 {
                rest_bins -= 1;
                share = rest_rows as f64 / rest_bins as f64;
            }
        }
    }
    edges
}

/// Distinct values, ascending, with how often they occur.
fn count_distinct(values: Vec<f64>) -> Vec<(f64, usize)> {
    // Keys whose order as integers is that of the numbers; adding zero turns -0 into 0.
    let mut keys: Vec<u64> = values.into_iter().map(|value| key_of(value + 0.0)).collect();
    keys.sort_unstable();
    keys.chunk_by(|a, b| a == b).map(|run| (value_of(run[0]), run.len())).collect()
}

fn key_of(value: f64) -> u64 {
    let bits = value.to_bits();
    if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
}

fn value_of(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

/// A number in `[low, high)`, half way where that is a number: values up to it are on the side of `low`.
pub(crate) fn between(low: f64, high: f64) -> f64 {
    let middle = low + 0.5 * (high - low);
    if middle.is_finite() && middle >= low && middle < high { middle } else { low }
}

fn bin_category(
    x: ArrayView2<'_, f64>,
    feature: usize,
    column: Option<&FeatureColumn>,
    n_levels: usize,
    max_bins: usize,
) -> Result<(FeatureBins, Vec<u8>)> {
    let values = x.column(feature);
    let mut counts = vec![0_usize; n_levels + 1];
    for (row, &value) in values.iter().enumerate() {
        if value.is_nan() {
            continue;
        }
        let level = value as usize;
        if level > n_levels || level as f64 != value {
            let name = column.map(|column| column.name.clone());
            return Err(ModelError::InvalidLevel { feature, name, row, value, n_levels });
        }
        counts[level] += 1;
    }
    let mut seen: Vec<usize> = (0..n_levels).filter(|&level| counts[level] > 0).collect();
    // The most frequent first; the stable sort keeps the levels' own order among equals.
    seen.sort_by_key(|&level| std::cmp::Reverse(counts[level]));
    let shared = seen.len() > max_bins || counts[n_levels] > 0;
    let own = if shared { seen.len().min(max_bins - 1) } else { seen.len() };
    let other = shared.then_some(own as u8);
    let mut bin_of_level = vec![other; n_levels];
    for (bin, &level) in seen[..own].iter().enumerate() {
        bin_of_level[level] = Some(bin as u8);
    }
    let n_values = (own + usize::from(shared)).max(1);
    let mut has_missing = false;
    let codes = values
        .iter()
        .map(|&value| {
            has_missing |= value.is_nan();
            if value.is_nan() {
                n_values as u8
            } else {
                bin_of_level.get(value as usize).copied().unwrap_or(other).unwrap_or_default()
            }
        })
        .collect();
    Ok((FeatureBins { kind: BinKind::Category { bin_of_level, other }, n_values, has_missing }, codes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::Array2;

    fn bins_of(values: &[f64], max_bins: usize) -> (FeatureBins, Vec<u8>) {
        let x = Array2::from_shape_vec((values.len(), 1), values.to_vec()).unwrap();
        bin_number(x.view(), 0, BinRules { max_bins, rows: None, given: None })
    }

    #[test]
    fn few_distinct_values_have_a_bin_each_and_edges_half_way() {
        let (bins, codes) = bins_of(&[3.0, -0.0, 1.0, 0.0, f64::NAN, 3.0], 255);
        assert_eq!(bins.kind, BinKind::Number { edges: vec![0.5, 2.0] });
        assert_eq!(codes, [2, 0, 1, 0, 3, 2]);
        assert_eq!((bins.n_values, bins.n_bins(), bins.missing_code()), (3, 4, Some(3)));
    }

    #[test]
    fn infinities_and_neighbours_are_told_apart() {
        let next = 1.0_f64.next_up();
        let (bins, codes) = bins_of(&[f64::INFINITY, f64::NEG_INFINITY, 1.0, next, f64::MAX, f64::MIN], 255);
        assert_eq!(codes, [5, 0, 2, 3, 4, 1]);
        let BinKind::Number { edges } = bins.kind else { unreachable!() };
        assert_eq!(edges[2], 1.0, "values up to the lower one stay below");
        assert!(edges.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn many_values_share_bins_evenly_and_frequent_ones_do_not() {
        let mut values: Vec<f64> = (0..10_000).map(f64::from).collect();
        values.extend([5_000.5; 3_000]);
        let (bins, codes) = bins_of(&values, 100);
        assert_eq!(bins.n_values, 100);
        let mut sizes = vec![0; 100];
        codes.iter().for_each(|&code| sizes[usize::from(code)] += 1);
        assert_eq!(sizes.iter().filter(|&&size| size >= 3_000).count(), 1);
        let others: Vec<i32> = sizes.iter().copied().filter(|&size| size < 3_000).collect();
        assert!(others.iter().all(|size| (50..=110).contains(size)), "{others:?}");
    }

    #[test]
    fn rare_levels_share_a_bin_with_those_never_seen() {
        let levels: Vec<String> = (0..300).map(|level| level.to_string()).collect();
        let values: Vec<f64> = (0..300).flat_map(|level| vec![f64::from(level); 1 + (level % 7) as usize]).collect();
        let x = Array2::from_shape_vec((values.len(), 1), values).unwrap();
        let column = FeatureColumn {
            kind: FeatureKind::Category { levels: std::sync::Arc::new(adsml_core::Levels::from_iter(levels)) },
            ..FeatureColumn::number("interest")
        };
        let rules = BinRules { max_bins: 255, rows: None, given: None };
        let (bins, codes) = bin_feature(x.view(), 0, Some(&column), rules).unwrap();
        let BinKind::Category { bin_of_level, other } = bins.kind else { unreachable!() };
        assert_eq!((other, bins.n_values), (Some(254), 255));
        assert_eq!(bin_of_level.iter().filter(|&&bin| bin == Some(254)).count(), 46);
        assert_eq!(Some(codes[0]), bin_of_level[0]);

        let bad = Array2::from_elem((1, 1), 0.5);
        assert!(matches!(bin_feature(bad.view(), 0, Some(&column), rules), Err(ModelError::InvalidLevel { .. })));
    }
}
