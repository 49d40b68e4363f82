//! Permutation importance from the rows that each tree of a forest did not see.

use adsml_core::{ModelFile, ModelFileError, Seed, TrainingSet};

use super::distributions::Distributions;
use crate::inspection::{PermutationImportance, mean_squared_error};
use crate::tree::{Importance, Importances, Trees};
use crate::{ModelError, Result};

/// What is shuffled, among which rows.
pub(super) struct OobShuffles<'a> {
    pub(super) data: TrainingSet<'a>,
    /// The number of classes where leaves hold distributions, else 0.
    pub(super) many_classes: usize,
    /// Features that are shuffled together.
    pub(super) groups: Vec<Vec<usize>>,
}

/// A tree, and how often each row was drawn for it.
#[derive(Clone, Copy)]
pub(super) struct DrawnTree<'a> {
    pub(super) tree: &'a Trees,
    pub(super) distributions: &'a Distributions,
    pub(super) splits: &'a Importances,
    pub(super) draws: &'a [u32],
}

impl OobShuffles<'_> {
    /// How much worse one tree gets on the rows it did not see, by group; nothing when it saw all that count.
    ///
    /// `keep_on` is asked before each group.
    pub(super) fn increases(
        &self,
        DrawnTree { tree, distributions, splits, draws }: DrawnTree<'_>,
        seed: Seed,
        keep_on: impl Fn() -> Result<()>,
    ) -> Result<Option<Vec<f64>>> {
        let data = &self.data;
        let rows: Vec<usize> = (0..draws.len()).filter(|&row| draws[row] == 0 && data.weight(row) > 0.0).collect();
        if rows.is_empty() {
            return Ok(None);
        }
        let n_features = data.n_features();
        let y: Vec<f64> = rows.iter().map(|&row| data.y[row]).collect();
        let weight: Vec<f64> = rows.iter().map(|&row| data.weight(row)).collect();
        let loss = |x: &[f64]| {
            let leaves: Vec<f64> = x.chunks(n_features.max(1)).map(|row| tree.leaf_value(0, row)).collect();
            if self.many_classes == 0 {
                return mean_squared_error(&y, &leaves, &weight);
            }
            // The Brier score, halved so that of two classes it is the squared error of the probability.
            let of_class = |class: usize| {
                let is_class: Vec<f64> = y.iter().map(|&y| f64::from(y == class as f64)).collect();
                let shares: Vec<f64> = leaves.iter().map(|&leaf| distributions.of_leaf(leaf)[class]).collect();
                mean_squared_error(&is_class, &shares, &weight)
            };
            0.5 * (0..self.many_classes).map(of_class).sum::<f64>()
        };
        let x: Vec<f64> = rows.iter().flat_map(|&row| data.x.row(row).to_vec()).collect();
        let as_it_is = loss(&x);
        // The same order for every group: differences between groups are not those of the draws.
        let mut order: Vec<usize> = (0..rows.len()).collect();
        seed.stream("out-of-bag importance", 0).shuffle(&mut order);
        let n_splits = splits.of(Importance::Splits);
        let mut shuffled = x.clone();
        let mut increases = Vec::with_capacity(self.groups.len());
        for group in &self.groups {
            keep_on()?;
            // What the tree does not ask for cannot change what it says.
            if group.iter().all(|&feature| n_splits[feature] == 0.0) {
                increases.push(0.0);
                continue;
            }
            for (to, &from) in order.iter().enumerate() {
                for feature in group {
                    shuffled[to * n_features + feature] = x[from * n_features + feature];
                }
            }
            increases.push(loss(&shuffled) - as_it_is);
            for row in 0..rows.len() {
                for feature in group {
                    shuffled[row * n_features + feature] = x[row * n_features + feature];
                }
            }
        }
        Ok(Some(increases))
    }

    /// What all trees found, in their order; nothing when none of them left a row out.
    pub(super) fn summary(self, by_tree: &[Vec<f64>]) -> Option<Vec<PermutationImportance>> {
        let of_group = |(at, features): (usize, Vec<usize>)| {
            let increases: Vec<f64> = by_tree.iter().map(|increases| increases[at]).collect();
            PermutationImportance::new(features, &increases)
        };
        (!by_tree.is_empty()).then(|| self.groups.into_iter().enumerate().map(of_group).collect())
    }
}

/// The section of means, deviations and counts, and that of the groups: of each its length, then its features.
const SECTION: &str = "oob_importance";
const GROUPS: &str = "oob_importance_groups";

pub(super) fn put(file: &mut ModelFile, found: &[PermutationImportance]) {
    let figures = found.iter().flat_map(|one| [one.mean, one.deviation, one.n_repeats as f64]);
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let group = |one: &PermutationImportance| {
        let length = std::iter::once(number(one.features.len()));
        length.chain(one.features.iter().map(|&feature| number(feature))).collect::<Vec<u32>>()
    };
    file.put_f64(SECTION, &figures.collect::<Vec<_>>())
        .put_u32(GROUPS, &found.iter().flat_map(group).collect::<Vec<_>>());
}

/// What [`put`] has put; nothing in a file that it was not asked for.
pub(super) fn from_file(file: &ModelFile, n_features: usize) -> Result<Option<Vec<PermutationImportance>>> {
    if file.bytes(SECTION).is_err() {
        return Ok(None);
    }
    let refuse = |name: &str, reason: &str| -> ModelError {
        ModelFileError::Section { name: name.to_owned(), reason: reason.to_owned() }.into()
    };
    let (figures, groups) = (file.f64(SECTION)?, file.u32(GROUPS)?);
    let (figures, rest) = figures.as_chunks::<3>();
    if !rest.is_empty() {
        return Err(refuse(SECTION, "its length is no multiple of 3"));
    }
    let mut groups = &groups[..];
    let mut found = Vec::with_capacity(figures.len());
    for &[mean, deviation, n_repeats] in figures {
        let split = groups.split_first().and_then(|(&length, rest)| rest.split_at_checked(length as usize));
        let Some((group, rest)) = split.filter(|(group, _)| !group.is_empty()) else {
            return Err(refuse(GROUPS, "it ends before its last group does, or a group is empty"));
        };
        let features: Vec<usize> = group.iter().map(|&feature| feature as usize).collect();
        if features.iter().any(|&feature| feature >= n_features) {
            return Err(refuse(GROUPS, "a feature is none of the model's"));
        }
        if !(1.0..=f64::from(u32::MAX)).contains(&n_repeats) || n_repeats.fract() != 0.0 {
            return Err(refuse(SECTION, "a number of trees is no whole number above zero"));
        }
        found.push(PermutationImportance { features, mean, deviation, n_repeats: n_repeats as usize });
        groups = rest;
    }
    if !groups.is_empty() {
        return Err(refuse(GROUPS, "it goes on after its last group"));
    }
    Ok(Some(found))
}
