//! Rates of thin cells, drawn towards the rate of all: empirical Bayes.

use std::fmt;

use adsml_core::{Error, Ratio, Table};

use crate::encode::Categories;
use crate::error::Result;

/// What rates look like before anything is known about a cell: a beta distribution, in mean and strength.
///
/// ```text
/// rate of a cell        p_i ~ Beta(mean·strength, (1 − mean)·strength)
/// successes of a cell   k_i ~ Binomial(n_i, p_i)
/// posterior mean        (k_i + mean·strength) / (n_i + strength)
/// ```
///
/// `strength` counts trials: a cell with as many trials of its own lies halfway between its own
/// rate and the mean. Fitted by moments from the spread of the cells' rates:
///
/// ```text
/// mean = Σk / Σn,     S = Σ n_i (k_i/n_i − mean)²,     G cells with n_i > 0,   N = Σn
/// rho  = (S / (mean(1 − mean)) − (G − 1)) / (N − Σn_i²/N − (G − 1)),   strength = 1/rho − 1
/// ```
///
/// A spread that chance alone explains gives `rho <= 0`; the strength is then its greatest value,
/// `N`: a prior never outweighs all the data it came from.
///
/// Source: Kleinman (1973), "Proportions with extraneous variance", JASA 68, 46–54, weights `n_i`.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RatePrior {
    /// The rate of all cells together: a ratio of sums.
    pub mean: f64,
    /// How many trials the prior is worth.
    pub strength: f64,
}

impl RatePrior {
    /// From cells of successes (numerator) out of trials (denominator).
    ///
    /// # Errors
    ///
    /// [`Error::InvalidSample`] unless `0 <= numerator <= denominator` and both are finite;
    /// [`Error::NotEnough`] when no cell has a trial.
    pub fn fit(cells: &[Ratio]) -> Result<Self> {
        for (row, cell) in cells.iter().enumerate() {
            let valid = cell.denominator.is_finite() && 0.0 <= cell.numerator && cell.numerator <= cell.denominator;
            if !valid {
                let what = format!("the numerator over {}", cell.denominator);
                let expected = "a number between 0 and its finite denominator";
                return Err(Error::InvalidSample { what, row, value: cell.numerator, expected }.into());
            }
        }
        let total: Ratio = cells.iter().copied().sum();
        let Some(mean) = total.value() else {
            return Err(Error::NotEnough { what: "cells with trials".to_owned(), needed: 1, found: 0 }.into());
        };
        Ok(Self::from_moments(mean, total.denominator, cells.iter().map(|cell| (cell.numerator, cell.denominator))))
    }

    /// By moments, from the mean, the sum of trials, and successes and trials of each cell.
    pub(crate) fn from_moments(mean: f64, trials: f64, cells: impl Iterator<Item = (f64, f64)>) -> Self {
        let (mut spread, mut squares, mut n_cells) = (0.0, 0.0, 0.0_f64);
        for (successes, n) in cells.filter(|&(_, n)| n > 0.0) {
            let distance = successes / n - mean;
            spread += n * distance * distance;
            squares += n * n;
            n_cells += 1.0;
        }
        let freedom = n_cells - 1.0;
        let rho = (spread / (mean * (1.0 - mean)) - freedom) / (trials - squares / trials - freedom);
        // Also when rho is NaN: a mean of 0 or 1, a single cell.
        let strength = if rho > 0.0 { (1.0 / rho - 1.0).clamp(0.0, trials) } else { trials };
        Self { mean, strength }
    }

    /// The posterior mean of a cell's rate; the prior's mean for a cell without trials.
    pub fn shrink(&self, cell: Ratio) -> f64 {
        let trials = cell.denominator + self.strength;
        if trials > 0.0 { (cell.numerator + self.mean * self.strength) / trials } else { self.mean }
    }
}

/// The rates of a column's levels, as counted and shrunk. Shown as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct ShrunkRates {
    /// What rates look like before anything is known about a level.
    pub prior: RatePrior,
    /// One entry per level, in the order of their names.
    pub levels: Vec<ShrunkRate>,
}

/// The rate of one level.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ShrunkRate {
    /// The level; `None` for rows in which it is missing.
    pub level: Option<String>,
    /// Successes out of trials: a ratio of sums.
    pub counted: Ratio,
    /// The posterior mean under the [`RatePrior`].
    pub shrunk: f64,
}

/// The rate `sum(numerator) / sum(denominator)` of every level of a column, shrunk by empirical Bayes (see [`RatePrior`]).
///
/// For reports. As a feature, use the target encoding of a pipeline: rates counted on the rows that
/// are judged give the answer away. Rows in which a part is missing are left out.
///
/// # Errors
///
/// [`Error::MissingColumn`], [`Error::ColumnKind`]; as [`RatePrior::fit`], where a row number is that of a level.
pub fn shrunk_rates(table: &Table, column: &str, numerator: &str, denominator: &str) -> Result<ShrunkRates> {
    let categories = Categories::fit(column, table.column(column)?)?;
    let codes = categories.codes(column, table.column(column)?)?;
    let (above, below) = (table.number(numerator)?, table.number(denominator)?);
    let mut counted = vec![Ratio::default(); categories.len() + 1];
    let mut missing_seen = false;
    for ((&code, &above), &below) in codes.iter().zip(above).zip(below) {
        if !above.is_nan() && !below.is_nan() {
            let level = (code as usize).min(categories.len());
            missing_seen |= level == categories.len();
            counted[level] += Ratio::new(above, below);
        }
    }
    counted.truncate(categories.len() + usize::from(missing_seen));
    let prior = RatePrior::fit(&counted)?;
    let name = |level| (level < categories.len()).then(|| categories.levels().get(level).to_owned());
    let levels = counted
        .iter()
        .enumerate()
        .map(|(level, &counted)| ShrunkRate { level: name(level), counted, shrunk: prior.shrink(counted) })
        .collect();
    Ok(ShrunkRates { prior, levels })
}

impl fmt::Display for ShrunkRates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |rate: &ShrunkRate| rate.level.clone().unwrap_or_else(|| "(missing)".to_owned());
        let width = self.levels.iter().map(|rate| name(rate).chars().count()).max().unwrap_or(0).max(5);
        writeln!(f, "{:<width$} {:>12} {:>12} {:>10} {:>10}", "level", "successes", "trials", "rate", "shrunk")?;
        for rate in &self.levels {
            let counted = rate.counted.value().map_or_else(|| "-".to_owned(), |value| format!("{value:.6}"));
            let Ratio { numerator, denominator } = rate.counted;
            let shrunk = rate.shrunk;
            writeln!(f, "{:<width$} {numerator:>12} {denominator:>12} {counted:>10} {shrunk:>10.6}", name(rate))?;
        }
        let RatePrior { mean, strength } = self.prior;
        write!(f, "shrunk by empirical Bayes towards {mean:.6}, worth {strength:.0} trials")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use adsml_core::{Column, Seed};

    #[test]
    fn the_prior_of_simulated_cells_is_found_again() {
        // 4 000 cells, p ~ Beta(2, 8), 50 trials each: strength 10.
        let mut stream = Seed::new(5).stream("cells", 0);
        let cells: Vec<Ratio> = (0..4_000)
            .map(|_| {
                // Beta(2, 8) is the second smallest of nine uniforms.
                let mut uniforms: [f64; 9] = std::array::from_fn(|_| stream.uniform());
                uniforms.sort_unstable_by(f64::total_cmp);
                let successes = (0..50).filter(|_| stream.uniform() < uniforms[1]).count();
                Ratio::new(successes as f64, 50.0)
            })
            .collect();
        let prior = RatePrior::fit(&cells).unwrap();
        // Standard errors: 0.002 for the mean, about 0.35 for the strength; four of them.
        assert!((prior.mean - 0.2).abs() < 0.009, "{prior:?}");
        assert!((prior.strength - 10.0).abs() < 1.4, "{prior:?}");
    }

    #[test]
    fn a_spread_that_chance_explains_shrinks_fully() {
        let equal = RatePrior::fit(&[Ratio::new(1.0, 10.0), Ratio::new(2.0, 20.0)]).unwrap();
        assert_eq!(equal.strength, 30.0);
        assert_eq!(equal.shrink(Ratio::default()), 0.1);
        let never = RatePrior::fit(&[Ratio::new(0.0, 10.0)]).unwrap();
        assert_eq!(never.shrink(Ratio::new(0.0, 5.0)), 0.0);
        assert!(RatePrior::fit(&[Ratio::new(2.0, 1.0)]).is_err());
        assert!(RatePrior::fit(&[Ratio::default()]).is_err());
    }

    #[test]
    fn thin_levels_move_further_than_thick_ones() {
        let table = Table::from_columns([
            ("ad", Column::from(["thin", "thick", "other", "thick"])),
            ("clicks", Column::from([1.0, 300.0, 10.0, 300.0])),
            ("impressions", Column::from([2.0, 1_000.0, 1_000.0, 1_000.0])),
        ])
        .unwrap();
        let rates = shrunk_rates(&table, "ad", "clicks", "impressions").unwrap();
        let moved: Vec<f64> = rates.levels.iter().map(|rate| (rate.shrunk - rate.counted.or_missing()).abs()).collect();
        assert_eq!(rates.levels[1].counted, Ratio::new(600.0, 2_000.0));
        assert!(moved[2] > 10.0 * moved[1], "{rates}");
    }
}
