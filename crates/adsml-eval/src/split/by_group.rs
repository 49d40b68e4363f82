//! Splits of whole groups.

use std::cmp::Reverse;

use adsml_core::Seed;

use super::{Folds, SplitKind, check_n_folds};
use crate::Result;

/// Most folds that a target encoding is cross-fitted over.
const INNER_FOLDS: usize = 5;

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

/// A fold number per training row, for [`Target::with_folds`](adsml_core::Target::with_folds): whole groups in 5 folds, or
/// in as many as there are groups. `None` with fewer than two groups: the transform then makes its own.
///
/// A target encoding that is cross-fitted over single rows learns a row's encoding from its siblings, whose targets
/// resemble its own; the model then trusts it more than it deserves on groups it has not seen.
/// [`cross_validate`](crate::cross_validate) uses this rule in each fold; use it too when fitting on all rows.
///
/// ```
/// use adsml_core::Seed;
/// use adsml_eval::inner_folds;
///
/// let folds = inner_folds(&[7, 9, 7], Seed::new(42)).expect("two groups");
/// assert!(folds[0] == folds[2] && folds[0] != folds[1]);
/// assert_eq!(inner_folds(&[7, 7], Seed::new(42)), None);
/// ```
pub fn inner_folds(groups: &[usize], seed: Seed) -> Option<Vec<usize>> {
    let (_, n_groups) = crate::resample::dense(groups);
    let folds = Folds::by_group(groups, n_groups.min(INNER_FOLDS), seed).ok()?;
    // Every row is in one test set.
    folds.fold_of_rows().into_iter().collect()
}
