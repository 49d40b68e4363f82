//! Predictions of training rows by the trees that did not see them.

use adsml_core::TrainingSet;

use super::distributions::{Distributions, mean_class};
use crate::tree::{Trees, each_row};

/// What the trees that did not see a row say of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct OutOfBag {
    pub(super) predictions: Vec<f64>,
    /// Of more than two classes, their probabilities, row after row.
    pub(super) proba: Vec<f64>,
    pub(super) score: f64,
}

/// Sums of out-of-bag predictions.
pub(super) struct OobSums {
    /// Of more than two classes, one for each; row after row.
    sums: Vec<f64>,
    counts: Vec<u32>,
    many_classes: usize,
}

impl OobSums {
    pub(super) fn new(n: usize, many_classes: usize) -> Self {
        Self { sums: vec![0.0; n * many_classes.max(1)], counts: vec![0; n], many_classes }
    }

    /// Adds what one tree says of the rows it did not see.
    pub(super) fn add(&mut self, tree: &Trees, distributions: &Distributions, data: &TrainingSet<'_>, draws: &[u32]) {
        let unseen = (0..draws.len()).filter(|&row| draws[row] == 0);
        each_row(data.x, unseen, |row, values| {
            let value = tree.leaf_value(0, values);
            if self.many_classes > 0 {
                let sums = &mut self.sums[row * self.many_classes..][..self.many_classes];
                sums.iter_mut().zip(distributions.of_leaf(value)).for_each(|(sum, share)| *sum += share);
            } else {
                self.sums[row] += value;
            }
            self.counts[row] += 1;
        });
    }

    pub(super) fn finish(mut self, y: &[f64], weight: Option<&[f64]>) -> OutOfBag {
        let n_outputs = self.many_classes.max(1);
        for (sums, &count) in self.sums.chunks_exact_mut(n_outputs).zip(&self.counts) {
            sums.iter_mut().for_each(|sum| *sum /= f64::from(count));
        }
        let weight_of = |row: usize| weight.map_or(1.0, |weight| weight[row]);
        let seen = || (0..y.len()).filter(|&row| self.counts[row] > 0);
        let total: f64 = seen().map(weight_of).sum();
        let (mut error, mut spread) = (0.0, 0.0);
        // The target itself, or the indicator of each class.
        for output in 0..n_outputs {
            let y = |row: usize| if self.many_classes > 0 { f64::from(y[row] == output as f64) } else { y[row] };
            let mean = seen().map(|row| weight_of(row) * y(row)).sum::<f64>() / total;
            let p = |row: usize| self.sums[row * n_outputs + output];
            error += seen().map(|row| weight_of(row) * (y(row) - p(row)).powi(2)).sum::<f64>();
            spread += seen().map(|row| weight_of(row) * (y(row) - mean).powi(2)).sum::<f64>();
        }
        let score = 1.0 - error / spread;
        if self.many_classes == 0 {
            return OutOfBag { predictions: self.sums, proba: Vec::new(), score };
        }
        let predictions = self.sums.chunks_exact(n_outputs).map(mean_class).collect();
        OutOfBag { predictions, proba: self.sums, score }
    }
}
