//! How much each feature matters to the trees.

use adsml_core::{Error, ModelFile};

use super::grow::Grown;
use crate::Result;

/// What a feature's importance is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Importance {
    /// What its splits gained on the training rows, in units of the loss. Many-valued features look better than they are: see
    /// held-out permutation importance.
    #[default]
    Gain,
    /// How many splits ask for it.
    Splits,
    /// How many rows (by hessian) came by its splits.
    Cover,
}

/// Adds without becoming infinite, which no file could hold.
fn add(sum: &mut f64, more: f64) {
    *sum = (*sum + more).min(f64::MAX);
}

/// Sums over all splits, by feature.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Importances {
    gain: Vec<f64>,
    splits: Vec<f64>,
    cover: Vec<f64>,
}

impl Importances {
    pub(crate) fn new(n_features: usize) -> Self {
        let zeros = || vec![0.0; n_features];
        Self { gain: zeros(), splits: zeros(), cover: zeros() }
    }

    pub(crate) fn n_features(&self) -> usize {
        self.gain.len()
    }

    /// Adds the splits of a tree; gains had `least` taken away.
    pub(crate) fn add(&mut self, grown: &Grown, gain_unit: f64, least: f64, cover_unit: f64) {
        for node in &grown.nodes {
            if let Some(split) = &node.split {
                // A leaf of a level may lose by a question that the level gains by.
                add(&mut self.gain[split.feature], ((split.gain + least) * gain_unit).max(0.0));
                add(&mut self.splits[split.feature], 1.0);
                add(&mut self.cover[split.feature], node.sums.h * cover_unit);
            }
        }
    }

    /// Adds a split of a tree from elsewhere.
    pub(crate) fn count(&mut self, feature: usize, gain: f64, cover: f64) {
        if let (Some(gains), Some(splits), Some(covers)) =
            (self.gain.get_mut(feature), self.splits.get_mut(feature), self.cover.get_mut(feature))
        {
            add(gains, gain.max(0.0));
            add(splits, 1.0);
            add(covers, cover.max(0.0));
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in
            [(&mut self.gain, &other.gain), (&mut self.splits, &other.splits), (&mut self.cover, &other.cover)]
        {
            mine.iter_mut().zip(theirs).for_each(|(a, &b)| add(a, b));
        }
    }

    pub(crate) fn of(&self, kind: Importance) -> Vec<f64> {
        match kind {
            Importance::Gain => self.gain.clone(),
            Importance::Splits => self.splits.clone(),
            Importance::Cover => self.cover.clone(),
        }
    }

    pub(crate) fn put(&self, file: &mut ModelFile) {
        file.put_f64("importance_gain", &self.gain)
            .put_f64("importance_splits", &self.splits)
            .put_f64("importance_cover", &self.cover);
    }

    pub(crate) fn from_file(file: &ModelFile) -> Result<Self> {
        let read = |name: &str| file.finite_f64(name);
        let this = Self {
            gain: read("importance_gain")?,
            splits: read("importance_splits")?,
            cover: read("importance_cover")?,
        };
        Error::check_length("section `importance_splits`", this.gain.len(), this.splits.len())?;
        Error::check_length("section `importance_cover`", this.gain.len(), this.cover.len())?;
        if this.gain.iter().chain(&this.splits).chain(&this.cover).any(|&value| value < 0.0) {
            let reason = "an importance is negative".to_owned();
            return Err(adsml_core::ModelFileError::Section { name: "importance_gain".to_owned(), reason }.into());
        }
        Ok(this)
    }
}
