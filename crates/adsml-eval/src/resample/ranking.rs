//! Rows sorted once, for ranking metrics that are computed again and again with other weights.

use super::plan::Rows;
use crate::metrics::ranking::descending_within;

/// Rows by fold, then by score, highest first.
#[derive(Debug)]
pub(super) struct Ranking {
    rows: Vec<RankedRow>,
}

#[derive(Debug, Clone, Copy)]
struct RankedRow {
    positive: f64,
    negative: f64,
    unit: u32,
    /// Whether the next row has another score, or another fold.
    ends_tie: bool,
    /// Whether the next row has another fold.
    ends_fold: bool,
}

impl Ranking {
    pub(super) fn new(Rows { y, w, folds }: Rows<'_>, p: &[f64], unit_of_row: &[u32]) -> Self {
        let fold = |row: &u32| folds.map(|folds| folds[*row as usize]);
        let order = descending_within(p, fold);
        let next = order.iter().skip(1).map(Some).chain([None]);
        let rows = order.iter().zip(next).map(|(at, next)| {
            let row = *at as usize;
            let ends_fold = next.is_none_or(|next| fold(next) != fold(at));
            let weight = w.map_or(1.0, |w| w[row]);
            RankedRow {
                positive: weight * y[row],
                negative: weight * (1.0 - y[row]),
                unit: unit_of_row[row],
                ends_tie: ends_fold || next.is_none_or(|&next| p[next as usize] != p[row]),
                ends_fold,
            }
        });
        Self { rows: rows.collect() }
    }

    pub(super) fn auc(&self, counts: &[f32]) -> f64 {
        let (mut above, mut negatives, mut area, mut pairs) = (0.0, 0.0, 0.0, 0.0);
        let (mut positive, mut negative) = (0.0, 0.0);
        for row in &self.rows {
            let count = f64::from(counts[row.unit as usize]);
            positive += count * row.positive;
            negative += count * row.negative;
            if row.ends_tie {
                area += negative * (above + positive / 2.0);
                above += positive;
                negatives += negative;
                (positive, negative) = (0.0, 0.0);
                if row.ends_fold {
                    pairs += above * negatives;
                    (above, negatives) = (0.0, 0.0);
                }
            }
        }
        let value: f64 = area / pairs;
        if value.is_finite() { value } else { f64::NAN }
    }

    pub(super) fn pr_auc(&self, counts: &[f32]) -> f64 {
        let (mut true_positive, mut false_positive, mut area, mut positive) = (0.0, 0.0, 0.0, 0.0);
        for row in &self.rows {
            let count = f64::from(counts[row.unit as usize]);
            positive += count * row.positive;
            false_positive += count * row.negative;
            if row.ends_tie {
                true_positive += positive;
                if positive > 0.0 {
                    area += positive * true_positive / (true_positive + false_positive);
                }
                positive = 0.0;
            }
        }
        let value: f64 = area / true_positive;
        if value.is_finite() { value } else { f64::NAN }
    }

    /// With `P` and `N` the masses of both classes in the fold, `T` the sum over folds of `P N`, and `A` the area:
    ///
    /// ```text
    /// dA/dpositive = (negatives below + tied / 2 - A N) / T
    /// dA/dnegative = (positives above + tied / 2 - A P) / T
    /// ```
    pub(super) fn influence_on_auc(&self, n_units: usize) -> Vec<f64> {
        let folds = || self.rows.split_inclusive(|row| row.ends_fold);
        let pairs: f64 = folds().map(masses).map(|(positives, negatives)| positives * negatives).sum();
        let area = self.auc(&vec![1.0; n_units]);
        let mut influence = vec![0.0; n_units];
        for fold in folds() {
            let (positives, negatives) = masses(fold);
            let (mut above, mut negatives_above) = (0.0, 0.0);
            for tie in fold.split_inclusive(|row| row.ends_tie) {
                let (positive, negative) = masses(tie);
                let below = negatives - negatives_above - negative;
                for row in tie {
                    let by_positive = (below + negative / 2.0 - area * negatives) / pairs;
                    let by_negative = (above + positive / 2.0 - area * positives) / pairs;
                    influence[row.unit as usize] += row.positive * by_positive + row.negative * by_negative;
                }
                above += positive;
                negatives_above += negative;
            }
        }
        influence
    }

    /// With `T` and `F` the masses of true and false positives down to a tie and `A` the area:
    ///
    /// ```text
    /// dA/dpositive = (T / (T + F) + sum from here down of positive * F / (T + F)²) / P - A / P
    /// dA/dnegative =              - sum from here down of positive * T / (T + F)²  / P
    /// ```
    pub(super) fn influence_on_pr_auc(&self, n_units: usize) -> Vec<f64> {
        let (positives, _) = masses(&self.rows);
        let area = self.pr_auc(&vec![1.0; n_units]);
        let ties: Vec<&[RankedRow]> = self.rows.split_inclusive(|row| row.ends_tie).collect();
        let (mut true_positive, mut false_positive) = (0.0, 0.0);
        let down_to: Vec<(f64, f64, f64)> = ties
            .iter()
            .map(|tie| {
                let positive: f64 = tie.iter().map(|row| row.positive).sum();
                true_positive += positive;
                false_positive += tie.iter().map(|row| row.negative).sum::<f64>();
                (positive, true_positive, false_positive)
            })
            .collect();
        let mut influence = vec![0.0; n_units];
        let (mut gained, mut lost) = (0.0, 0.0);
        for (tie, &(positive, t, f)) in ties.iter().zip(&down_to).rev() {
            let all: f64 = t + f;
            if positive > 0.0 {
                gained += positive * f / (all * all);
                lost += positive * t / (all * all);
            }
            let precision = if all > 0.0 { t / all } else { 0.0 };
            for row in *tie {
                let by_positive = (precision + gained - area) / positives;
                influence[row.unit as usize] += row.positive * by_positive - row.negative * lost / positives;
            }
        }
        influence
    }
}

/// Masses of positives and negatives.
fn masses(rows: &[RankedRow]) -> (f64, f64) {
    (rows.iter().map(|row| row.positive).sum(), rows.iter().map(|row| row.negative).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn influences_are_the_derivatives_by_the_multiplicity_of_a_unit() {
        let (y, p) = ([1.0, 0.0, 0.3, 1.0, 0.0, 0.0, 1.0, 0.5], [0.9, 0.9, 0.4, 0.2, 0.7, 0.1, 0.7, 0.3]);
        let (w, folds) = ([1.0, 2.0, 1.0, 0.5, 1.0, 3.0, 1.0, 1.0], [0, 0, 0, 1, 1, 1, 2, 2]);
        let units = [0, 1, 2, 0, 1, 2, 3, 3];
        for folds in [None, Some(&folds[..])] {
            let ranking = Ranking::new(Rows { y: &y, w: Some(&w), folds }, &p, &units);
            for (unit, influence) in ranking.influence_on_auc(4).into_iter().enumerate() {
                let with = |count: f32| {
                    let mut counts = [1.0; 4];
                    counts[unit] = count;
                    ranking.auc(&counts)
                };
                // A central difference over steps of 1/64, exact in f32: its error is of the order of its square.
                let slope = (with(1.0 + 1.0 / 64.0) - with(1.0 - 1.0 / 64.0)) * 32.0;
                assert!((slope - influence).abs() < 1e-3, "{folds:?}, unit {unit}: {influence} {slope}");
            }
        }
    }
}
