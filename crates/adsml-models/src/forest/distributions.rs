//! What leaves say of more than two classes.

use std::collections::HashMap;

use adsml_core::{ModelFile, ModelFileError};

use super::rules::MAX_CLASSES;
use crate::Result;
use crate::tree::Trees;

/// What leaves say of more than two classes: equal ones are kept once, as those of all rows of one class are.
#[derive(Debug)]
pub(super) struct Distributions {
    pub(super) n_classes: usize,
    pub(super) values: Vec<f64>,
    numbers: HashMap<Vec<u64>, usize>,
}

impl Distributions {
    /// None so far. Without classes there is none to come.
    pub(super) fn new(n_classes: usize) -> Self {
        Self { n_classes, values: Vec::new(), numbers: HashMap::new() }
    }

    /// The number of one, which is added when it is new.
    pub(super) fn number_of(&mut self, shares: &[f64]) -> usize {
        let next = self.values.len() / self.n_classes;
        let number = *self.numbers.entry(shares.iter().map(|share| share.to_bits()).collect()).or_insert(next);
        if number == next {
            self.values.extend_from_slice(shares);
        }
        number
    }

    /// The one of a leaf.
    pub(super) fn of_leaf(&self, value: f64) -> &[f64] {
        &self.values[value as usize * self.n_classes..][..self.n_classes]
    }

    /// Those of a fitted model, to which others are added.
    pub(super) fn continued(n_classes: usize, values: &[f64]) -> Self {
        let mut this = Self::new(n_classes);
        if n_classes > 0 {
            // A file may hold one twice: numbers must stay what they are.
            for (number, shares) in values.chunks_exact(n_classes).enumerate() {
                this.numbers.insert(shares.iter().map(|share| share.to_bits()).collect(), number);
            }
        }
        this.values = values.to_vec();
        this
    }
}

/// The mean of the classes' numbers.
pub(super) fn mean_class(shares: &[f64]) -> f64 {
    shares.iter().enumerate().fold(0.0, |mean, (class, share)| mean + class as f64 * share)
}

/// The number of classes and the distributions of their leaves; what does not add up is refused.
pub(super) fn read(file: &ModelFile, trees: &Trees) -> Result<(usize, Vec<f64>)> {
    let n_classes = file.number_fact("n_classes")?;
    if n_classes.fract() != 0.0 || !(3.0..=MAX_CLASSES as f64).contains(&n_classes) {
        let reason = format!("`n_classes` is {n_classes}, expected a whole number from 3 to {MAX_CLASSES}");
        return Err(ModelFileError::Header { reason }.into());
    }
    let n_classes = n_classes as usize;
    let values = file.finite_f64("distributions")?;
    let bad = |reason: String| ModelFileError::Section { name: "distributions".to_owned(), reason };
    if values.len() % n_classes != 0 {
        return Err(bad(format!("{} numbers for {n_classes} classes", values.len())).into());
    }
    for (number, shares) in values.chunks_exact(n_classes).enumerate() {
        let is_share = shares.iter().all(|share| (0.0..=1.0).contains(share));
        if !is_share || (shares.iter().sum::<f64>() - 1.0).abs() > 1e-9 {
            return Err(bad(format!("distribution {number} is none")).into());
        }
    }
    let n = (values.len() / n_classes) as f64;
    if let Some(value) = trees.leaf_values().find(|value| !(0.0..n).contains(value) || value.fract() != 0.0) {
        return Err(bad(format!("a leaf asks for number {value} of {n}")).into());
    }
    Ok((n_classes, values))
}
