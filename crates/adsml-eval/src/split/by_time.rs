//! Splits that only look back.

use super::{Fold, Folds, SplitKind};
use crate::{EvalError, Result};

impl Folds {
    /// Trains on the past, judges on what comes after it: `n_folds` times, each with a longer past.
    ///
    /// The distinct times are cut into `n_folds + 1` runs of (nearly) equal number; fold `i` is judged on run `i + 1`
    /// and trained on every row with
    ///
    /// ```text
    /// time + gap < first time of the test run
    /// ```
    ///
    /// With `gap = 0` that is everything earlier; with days as times, `gap = 7` leaves out the seven days
    /// before the first test day, whose conversions have not all arrived yet. Rows of one time are never on both sides.
    /// The first run is never judged. With one fold, this is a hold-out of the later half. `O(n log n)`.
    ///
    /// # Errors
    ///
    /// [`EvalError::InvalidParameter`] without folds or with a negative gap; [`EvalError::NotEnough`] with
    /// fewer than `n_folds + 1` distinct times; [`EvalError::EmptyFold`] when the gap swallows all training rows of a fold.
    pub fn forward_chaining(times: &[i64], n_folds: usize, gap: i64) -> Result<Self> {
        if n_folds == 0 {
            return Err(EvalError::invalid_parameter("n_folds", n_folds, "a whole number of at least 1"));
        }
        if gap < 0 {
            return Err(EvalError::invalid_parameter("gap", gap, "a whole number of at least 0"));
        }
        let mut distinct = times.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        let n_runs = n_folds.saturating_add(1);
        if distinct.len() < n_runs {
            return Err(EvalError::NotEnough {
                what: "distinct times to split",
                needed: n_runs,
                found: distinct.len(),
            });
        }
        // In 128 bits: neither the product nor a time plus a gap can overflow.
        let start_of_run = |run: usize| (run as u128 * distinct.len() as u128 / n_runs as u128) as usize;
        let folds = (1..n_runs).map(|run| {
            let first = distinct[start_of_run(run)];
            let last = distinct[start_of_run(run + 1) - 1];
            let rows_where = |accepted: &dyn Fn(i64) -> bool| -> Vec<usize> {
                (0..times.len()).filter(|&row| accepted(times[row])).collect()
            };
            let train = rows_where(&|time| i128::from(time) + i128::from(gap) < i128::from(first));
            if train.is_empty() {
                let reason = format!("a gap of {gap} before time {first} leaves none");
                return Err(EvalError::EmptyFold { fold: run - 1, part: "training", reason });
            }
            Ok(Fold { train, test: rows_where(&|time| (first..=last).contains(&time)) })
        });
        Ok(Self {
            folds: folds.collect::<Result<_>>()?,
            n_rows: times.len(),
            kind: SplitKind::ForwardChaining,
            column: None,
            seed: None,
            gap: Some(gap),
        })
    }
}
