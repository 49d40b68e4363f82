//! Splits of whole groups.

use std::cmp::Reverse;

use adsml_core::Seed;

use super::{Folds, SplitKind, check_n_folds};
use crate::Result;

impl Folds {
    /// Folds of whole groups, nearly equal in rows: a group is never on both sides of a fold.
    ///
    /// Groups are taken from the largest to the smallest (equal ones in random order), each into the fold with the
    /// fewest rows so far. So the seed decides among groups of equal size only; where all sizes differ, there is one split.
    /// Group numbers may be any numbers. `O(n log n)`.
    ///
    /// Source: Graham (1969), "Bounds on multiprocessing timing anomalies", the longest-processing-time rule: the
    /// fullest fold holds at most 4/3 of what the best possible split gives it.
    ///
    /// # Errors
    ///
    /// [`EvalError::InvalidParameter`](crate::EvalError::InvalidParameter) below two folds;
    /// [`EvalError::NotEnough`](crate::EvalError::NotEnough) with fewer groups than folds.
    pub fn by_group(groups: &[usize], n_folds: usize, seed: Seed) -> Result<Self> {
        let (group_of_row, n_groups) = crate::resample::dense(groups);
        check_n_folds(n_folds, "groups to split", n_groups)?;
        let mut sizes = vec![0_usize; n_groups];
        group_of_row.iter().for_each(|&group| sizes[group as usize] += 1);
        let mut order: Vec<usize> = (0..n_groups).collect();
        seed.stream("by_group", 0).shuffle(&mut order);
        order.sort_by_key(|&group| Reverse(sizes[group]));
        let mut rows_in_fold = vec![0_usize; n_folds];
        let mut fold_of_group = vec![0; n_groups];
        for group in order {
            let fold = (0..n_folds).min_by_key(|&fold| rows_in_fold[fold]).unwrap_or_default();
            fold_of_group[group] = fold;
            rows_in_fold[fold] += sizes[group];
        }
        let fold_of_row: Vec<usize> = group_of_row.iter().map(|&group| fold_of_group[group as usize]).collect();
        Ok(Self::complementary(&fold_of_row, n_folds, SplitKind::GroupKFold, Some(seed)))
    }
}
