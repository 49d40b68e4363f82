//! Was a column target encoded on the rows themselves?

use std::num::NonZeroUsize;

use adsml_core::{Column, Table, parallel};

use super::{Reason, Severity};
use crate::encode::Distinct;

/// The chance below which closeness is no chance: `exp(-20)`, two in a billion.
const LOG_CHANCE: f64 = -20.0;

/// A column by whose levels another may have been encoded.
#[derive(Debug)]
pub(super) struct Grouping<'a> {
    name: &'a str,
    codes: Vec<u32>,
    n_levels: usize,
}

/// The columns of a table that have levels: categories, and whole numbers that repeat.
pub(super) fn groupings<'a>(table: &'a Table, except: &[&str], threads: NonZeroUsize) -> Vec<Grouping<'a>> {
    let columns: Vec<(&str, &Column)> = table.columns().filter(|(name, _)| !except.contains(name)).collect();
    let found = parallel::map(columns.len(), threads, |i| {
        let (name, column) = columns[i];
        match column {
            Column::Category(column) => {
                Some(Grouping { name, codes: column.codes().to_vec(), n_levels: column.levels().len() })
            }
            Column::Number(values) if values.iter().all(|value| value.fract() == 0.0 || value.is_nan()) => {
                let (codes, n_levels) = codes(values)?;
                Some(Grouping { name, codes, n_levels })
            }
            _ => None,
        }
    });
    found.into_iter().flatten().collect()
}

/// The codes of numbers that repeat; `None` when two thirds are distinct: so few rows per value prove nothing.
fn codes(values: &[f64]) -> Option<(Vec<u32>, usize)> {
    let mut distinct = Distinct::default();
    let mut codes = Vec::with_capacity(values.len());
    for &value in values {
        codes.push(distinct.code(value));
        if distinct.values.len() * 3 > values.len() * 2 {
            return None;
        }
    }
    Some((codes, distinct.values.len()))
}

/// Whether the feature is the mean target of the levels of some column, or of its own values.
pub(super) fn find(
    groupings: &[Grouping<'_>],
    feature: &str,
    x: &[f64],
    y: &[f64],
    weight: &[f64],
) -> Option<(Severity, Reason)> {
    let close = |codes: &[u32], n_levels: usize| {
        Levels::new(codes, n_levels, x, y, weight).filter(Levels::too_close).map(|levels| levels.cells.len())
    };
    let others = groupings.iter().filter(|grouping| grouping.name != feature);
    let by = others
        .filter_map(|grouping| Some((Some(grouping.name.to_owned()), close(&grouping.codes, grouping.n_levels)?)))
        .next();
    let own = || codes(x).and_then(|(codes, n_levels)| Some((None, close(&codes, n_levels)?)));
    let (by, levels) = by.or_else(own)?;
    Some((Severity::Refuse, Reason::TargetEncoded { by, levels }))
}

/// What is known of each level.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    weight: f64,
    sum: f64,
    x: f64,
}

/// Levels within which the feature is constant.
#[derive(Debug)]
struct Levels {
    cells: Vec<Cell>,
    /// Weighted squares of the target around the means of its levels.
    within: f64,
    rows: f64,
}

impl Levels {
    /// `None` when the feature varies within a level, or the levels are too few or too many to tell.
    fn new(codes: &[u32], n_levels: usize, x: &[f64], y: &[f64], weight: &[f64]) -> Option<Self> {
        // Missing values are the level after the last.
        let mut at = vec![usize::MAX; n_levels + 1];
        let mut cells: Vec<Cell> = Vec::new();
        let mut level = Vec::new();
        let judged = || (0..codes.len()).filter(|&row| weight[row] > 0.0 && x[row].is_finite());
        for row in judged() {
            let slot = &mut at[(codes[row] as usize).min(n_levels)];
            if *slot == usize::MAX {
                *slot = cells.len();
                cells.push(Cell { x: x[row], ..Cell::default() });
            }
            let cell = *slot;
            if cells[cell].x != x[row] {
                return None;
            }
            cells[cell].weight += weight[row];
            cells[cell].sum += weight[row] * y[row];
            level.push(cell);
        }
        let rows = level.len();
        if cells.len() < 5 || rows < cells.len() + 10 {
            return None;
        }
        let within = judged()
            .zip(level)
            .map(|(row, cell)| weight[row] * (y[row] - cells[cell].sum / cells[cell].weight).powi(2))
            .sum();
        Some(Self { cells, within, rows: rows as f64 })
    }

    /// Whether the feature lies closer to the levels' mean targets than chance allows.
    ///
    /// An encoding `x` of a level with mean target `m` and weight `n`, smoothed by any strength `s` towards `M` and then
    /// scaled in any way, fulfils `m = a + b·x + c·x/n + d/n` exactly. An honest feature leaves at least the
    /// chance of the draw: residuals with as much variance as rows have within levels,
    ///
    /// ```text
    /// F = (Σ n (m − fit)² / (G − p)) / (Σ w (y − m)² / (N − G)),   F ≈ 1
    /// ```
    ///
    /// The chance of a smaller F is below `exp((G − p)/2 · (1 − F + ln F))` (Chernoff's bound of a χ²).
    fn too_close(&self) -> bool {
        let root = |cell: &Cell| cell.weight.sqrt();
        let column = |value: fn(&Cell) -> f64| self.cells.iter().map(|cell| root(cell) * value(cell)).collect();
        let mut rest: Vec<f64> = column(|cell| cell.sum / cell.weight);
        let mut basis: Vec<Vec<f64>> = Vec::new();
        remove(column(|_| 1.0), &mut basis, &mut rest);
        let before = squares(&rest);
        let terms: [fn(&Cell) -> f64; 3] = [|cell| cell.x, |cell| 1.0 / cell.weight, |cell| cell.x / cell.weight];
        for term in terms {
            remove(column(term), &mut basis, &mut rest);
        }
        let freedom = self.cells.len() as f64 - basis.len() as f64;
        let left = squares(&rest);
        // Nothing to explain, or nothing left to chance: neither is evidence.
        if freedom < 1.0 || self.within <= 0.0 || left > 0.1 * before {
            return false;
        }
        // Rounding leaves something of an exact fit.
        let ratio = ((left / freedom) / (self.within / (self.rows - self.cells.len() as f64))).max(1e-24);
        ratio < 0.5 && freedom / 2.0 * (1.0 - ratio + ratio.ln()) < LOG_CHANCE
    }
}

/// Takes the part along `column` out of `rest`, unless it lies in the basis already.
fn remove(mut column: Vec<f64>, basis: &mut Vec<Vec<f64>>, rest: &mut [f64]) {
    let length = squares(&column);
    // Twice is enough (Kahan, Parlett).
    for _ in 0..2 {
        basis.iter().for_each(|unit| subtract(&mut column, unit));
    }
    let left = squares(&column);
    if left > 1e-18 * length && left > 0.0 {
        let scale = left.sqrt();
        column.iter_mut().for_each(|value| *value /= scale);
        subtract(rest, &column);
        subtract(rest, &column);
        basis.push(column);
    }
}

fn subtract(from: &mut [f64], unit: &[f64]) {
    let along: f64 = from.iter().zip(unit).map(|(a, b)| a * b).sum();
    from.iter_mut().zip(unit).for_each(|(a, b)| *a -= along * b);
}

fn squares(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum()
}
