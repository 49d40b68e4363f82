//! Splits of independent rows.

use adsml_core::Seed;

use super::{Fold, Folds, SplitKind, check_n_folds};
use crate::metrics::sample::{check_weight, require};
use crate::{EvalError, Result};

impl Folds {
    /// Holds out a random share of the rows, once: `round(test_share * n_rows)` of them, at least one, and at least one
    /// stays to train on.
    ///
    /// # Errors
    ///
    /// [`EvalError::InvalidParameter`] unless the share lies in `(0, 1)`; [`EvalError::NotEnough`] below two rows.
    pub fn holdout(n_rows: usize, test_share: f64, seed: Seed) -> Result<Self> {
        if !(test_share > 0.0 && test_share < 1.0) {
            return Err(EvalError::invalid_parameter("test_share", test_share, "a number in (0, 1)"));
        }
        if n_rows < 2 {
            return Err(EvalError::NotEnough { what: "rows to split", needed: 2, found: n_rows });
        }
        let n_test = ((test_share * n_rows as f64).round() as usize).clamp(1, n_rows - 1);
        let mut test = shuffled(n_rows, seed, "holdout");
        let mut train = test.split_off(n_test);
        train.sort_unstable();
        test.sort_unstable();
        let folds = vec![Fold { train, test }];
        Ok(Self { folds, n_rows, kind: SplitKind::Holdout, column: None, seed: Some(seed), gap: None })
    }

    /// Random folds whose sizes differ by at most one row.
    ///
    /// # Errors
    ///
    /// [`EvalError::InvalidParameter`] below two folds; [`EvalError::NotEnough`] with fewer rows than folds.
    pub fn k_fold(n_rows: usize, n_folds: usize, seed: Seed) -> Result<Self> {
        check_n_folds(n_folds, "rows to split", n_rows)?;
        let mut fold_of_row = vec![0; n_rows];
        for (place, row) in shuffled(n_rows, seed, "k_fold").into_iter().enumerate() {
            fold_of_row[row] = place % n_folds;
        }
        Ok(Self::complementary(&fold_of_row, n_folds, SplitKind::KFold, Some(seed)))
    }

    /// Random folds of equal size whose targets are alike.
    ///
    /// Rows are ordered by target, then by weight, then by chance, and dealt out to the folds in turn. So rows of one
    /// target (the positives, say) are shared out to within one row; of a rate, each fold gets its share of every level
    /// *and*, where many rows have the same rate (none of their impressions was clicked), of heavy and light ones.
    /// Amounts are stratified as well.
    ///
    /// # Errors
    ///
    /// As [`k_fold`](Self::k_fold); [`EvalError::InvalidSample`] for a target or weight that is not finite;
    /// [`EvalError::Length`].
    pub fn stratified(y: &[f64], weight: Option<&[f64]>, n_folds: usize, seed: Seed) -> Result<Self> {
        check_n_folds(n_folds, "rows to split", y.len())?;
        require("target", y, "a finite number", f64::is_finite)?;
        check_weight(y.len(), weight)?;
        let mut rows = shuffled(y.len(), seed, "stratified");
        // Stable: what is equal stays in random order. Adding zero makes -0.0 equal 0.0.
        rows.sort_by(|&a, &b| {
            let weights = weight.map_or(std::cmp::Ordering::Equal, |w| w[a].total_cmp(&w[b]));
            (y[a] + 0.0).total_cmp(&(y[b] + 0.0)).then(weights)
        });
        // Dealt in turn, any run of rows (those of one target, say) is shared out to within one row.
        let mut turn: Vec<usize> = (0..n_folds).collect();
        seed.stream("stratified_turn", 0).shuffle(&mut turn);
        let mut fold_of_row = vec![0; y.len()];
        for (place, row) in rows.into_iter().enumerate() {
            fold_of_row[row] = turn[place % n_folds];
        }
        Ok(Self::complementary(&fold_of_row, n_folds, SplitKind::StratifiedKFold, Some(seed)))
    }
}

fn shuffled(n_rows: usize, seed: Seed, purpose: &str) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..n_rows).collect();
    seed.stream(purpose, 0).shuffle(&mut rows);
    rows
}
