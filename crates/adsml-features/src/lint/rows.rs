//! Rows that are found in several folds.

use std::collections::HashMap;

use adsml_core::{Column, Table};

use super::{Finding, Reason, Severity};
use crate::error::Result;

/// Rows with the same features in another fold.
///
/// Where features are so coarse that fewer than half of the rows are distinct (three categories,
/// say), repeats are their nature and no finding.
pub(super) fn repeated(table: &Table, features: &[&str], folds: &[usize]) -> Result<Option<Finding>> {
    let columns = features.iter().map(|name| table.column(name)).collect::<adsml_core::Result<Vec<_>>>()?;
    // Two keyed mixes of 64 bits: among a billion rows the chance of a false twin is below 1e-20.
    let keys: Vec<(u64, u64)> = (0..table.n_rows())
        .map(|row| {
            columns.iter().fold((1_u64, 2_u64), |(a, b), column| {
                let value = bits(column, row);
                (mix(a ^ value), mix(b.wrapping_add(value).rotate_left(23)))
            })
        })
        .collect();
    let mut first: HashMap<(u64, u64), (usize, bool)> = HashMap::new();
    for (&key, &fold) in keys.iter().zip(folds) {
        first.entry(key).and_modify(|(seen, several)| *several |= *seen != fold).or_insert((fold, false));
    }
    if first.len() * 2 < table.n_rows() {
        return Ok(None);
    }
    let rows = keys.iter().filter(|key| first[key].1).count();
    let reason = Reason::RepeatedRows { rows, out_of: table.n_rows() };
    Ok((rows > 0).then_some(Finding { feature: None, reason, severity: Severity::Warn }))
}

/// A value as bits; the same for values that are the same.
fn bits(column: &Column, row: usize) -> u64 {
    match column {
        Column::Number(values) if values[row].is_nan() => u64::MAX,
        Column::Number(values) => (values[row] + 0.0).to_bits(),
        Column::Category(column) => u64::from(column.codes()[row]),
        Column::Date(column) => column.days[row] as u64,
        Column::Timestamp(column) => column.micros()[row] as u64,
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea and Flood 2014).
const fn mix(mut value: u64) -> u64 {
    value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
