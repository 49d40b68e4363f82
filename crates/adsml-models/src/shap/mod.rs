//! Why trees predict what they predict: Shapley values of their raw scores, exact.
//!
//! ```text
//! phi_i = sum over S without i of |S|! (M - |S| - 1)! / M! (v(S + i) - v(S))
//! ```
//!
//! where `v(S)` is what the trees say of a row of which only the features in `S` are known. Where a tree asks for another one, both sides count:
//! by their shares of the training rows (`shap_values`), or by where the rows of a background go (`shap_values_against`).
//!
//! # How
//!
//! Of a leaf with value `w`, let `z_j` be the product of the shares at the edges of feature `j` on its path, and `o_j` 1 when the row
//! keeps to all of them, else 0. The factorials are a beta integral, and the sum over subsets a product:
//!
//! ```text
//! phi_i = w (o_i - z_i) integral over u in [0, 1] of  product over j on the path, not i, of (z_j (1 - u) + o_j u)
//! ```
//!
//! A polynomial of a degree below the number `D` of features on the path, for which `D / 2` Gauss-Legendre points are exact. All terms of
//! a product are positive, so that nothing cancels at any depth. At a fixed `u` the products go down the tree and the sums over leaves
//! come up, each edge once; four points go together. `O(edges D)` per row and tree, and `points`, `paths` do once per tree what does not
//! depend on the row. Interactions are the same integral without two features: every edge meets those above it, `O(edges depth D)`.
//!
//! ```text
//! points         the quadrature
//! paths          the edges of a tree, and what they hold ready for any row
//! contributions  down and up with a row
//! interactions   the same for pairs
//! background     rows against rows
//! values         what comes out
//! ```
//!
//! # Source
//!
//! Lundberg, Erion and Lee (2018), "Consistent individualized feature attribution for tree ensembles", arXiv:1802.03888; Lundberg et al.
//! (2020), "From local explanations to global understanding with explainable AI for trees", Nature Machine Intelligence 2; sums that go
//! up the tree: Yu et al. (2022), "Linear TreeShap", NeurIPS.

mod background;
mod contributions;
mod interactions;
mod paths;
mod points;
#[cfg(test)]
mod textbook;
mod values;

use std::ops::Range;
use std::sync::OnceLock;

use adsml_core::{Error, Explanation, Result};
use ndarray::{Array3, Array4, ArrayView2};

use self::background::Against;
use self::contributions::Contributions;
use self::interactions::Interactions;
use self::paths::Lanes;
pub use self::values::{ShapInteractions, ShapValues};
use crate::tree::{Ensemble, Reading, Trees, each_row};

/// One raw score: `(base + sum of the leaves of every step-th tree) / divisor`.
pub(crate) struct Explained<'a> {
    pub(crate) trees: &'a Trees,
    pub(crate) base: f64,
    /// The first tree, and how far it is to the next.
    pub(crate) first: usize,
    pub(crate) step: usize,
    /// What a leaf adds, from the value it holds.
    pub(crate) leaf: Box<dyn Fn(f64) -> f64 + Sync + 'a>,
    pub(crate) divisor: f64,
}

impl Explained<'_> {
    fn tree_numbers(&self) -> impl Iterator<Item = usize> {
        (self.first..self.trees.len()).step_by(self.step)
    }
}

/// Everything of a model that is explained.
pub(crate) struct Explainable<'a> {
    pub(crate) n_features: usize,
    pub(crate) feature_names: &'a [String],
    /// How each feature is read before any tree asks; empty: all as they are.
    pub(crate) readings: &'a [Reading],
    pub(crate) outputs: Vec<Explained<'a>>,
}

impl<'a> Explainable<'a> {
    /// Every raw value of an ensemble.
    pub(crate) fn of_ensemble(ensemble: &'a Ensemble, feature_names: &'a [String]) -> Self {
        let output = |(first, &base): (usize, &f64)| Explained {
            trees: &ensemble.trees,
            base,
            first,
            step: ensemble.n_outputs(),
            leaf: Box::new(|value| value),
            divisor: ensemble.divisor,
        };
        Self {
            n_features: ensemble.n_features,
            feature_names,
            readings: &ensemble.readings,
            outputs: ensemble.base.iter().enumerate().map(output).collect(),
        }
    }
}

impl Explainable<'_> {
    pub(crate) fn values(&self, x: ArrayView2<'_, f64>) -> Result<ShapValues> {
        self.check(x)?;
        self.by_row(x, |output, rows, out| {
            Contributions::new(self.n_features).write(output, self.n_features, rows, out)
        })
    }

    pub(crate) fn values_against(&self, x: ArrayView2<'_, f64>, background: ArrayView2<'_, f64>) -> Result<ShapValues> {
        self.check(x)?;
        self.check(background)?;
        if background.nrows() == 0 {
            return Err(Error::NotEnough { what: "background rows".to_owned(), needed: 1, found: 0 });
        }
        let background = self.rows_of(background, 0..background.nrows());
        self.by_row(x, |output, rows, out| Against::new(self.n_features, &background).write(output, rows, out))
    }

    pub(crate) fn interactions(&self, x: ArrayView2<'_, f64>) -> Result<ShapInteractions> {
        self.check(x)?;
        let (n, p) = (x.nrows(), self.n_features);
        let contributions = self.values(x)?;
        let mut values = zeros(&[self.outputs.len(), n, p, p])?;
        for (number, (output, out)) in self.outputs.iter().zip(pieces(&mut values, n * p * p)).enumerate() {
            let contributions = contributions.values(number);
            let contributions = contributions.as_slice().unwrap_or_default();
            in_chunks(out, p * p, self.rows_at_a_time(), |range, out| {
                let contributions = &contributions[range.start * p..range.end * p];
                Interactions::new(p).write(output, p, &self.rows_of(x, range), contributions, out);
            });
        }
        let values = Array4::from_shape_vec((self.outputs.len(), n, p, p), values).map_err(Error::component)?;
        let base = (0..self.outputs.len()).map(|output| contributions.base(output)).collect();
        Ok(ShapInteractions::new(values, base, self.feature_names))
    }

    /// One row's contributions to the only output; `None` when there are several.
    pub(crate) fn explanation(&self, row: &[f64]) -> Result<Option<Explanation>> {
        if row.len() != self.n_features {
            return Err(Error::FeatureCount { expected: self.n_features, found: row.len() });
        }
        let [output] = &self.outputs[..] else { return Ok(None) };
        let read = self.rows_of(ArrayView2::from_shape((1, row.len()), row).map_err(Error::component)?, 0..1);
        let mut contributions = vec![0.0; row.len()];
        let base = Contributions::new(row.len()).write(output, row.len(), &read, &mut contributions);
        Ok(Some(Explanation { base, contributions }))
    }

    fn by_row(
        &self,
        x: ArrayView2<'_, f64>,
        write: impl Fn(&Explained<'_>, &[f64], &mut [f64]) -> f64 + Sync,
    ) -> Result<ShapValues> {
        let (n, p) = (x.nrows(), self.n_features);
        let mut values = zeros(&[self.outputs.len(), n, p])?;
        let mut bases = Vec::with_capacity(self.outputs.len());
        for (output, out) in self.outputs.iter().zip(pieces(&mut values, n * p)) {
            // The same whatever the rows, and there is one without rows too.
            let base = OnceLock::new();
            in_chunks(out, p, self.rows_at_a_time(), |range, out| {
                let written = write(output, &self.rows_of(x, range), out);
                base.get_or_init(|| written);
            });
            bases.push(base.into_inner().unwrap_or_else(|| write(output, &[], &mut [])));
        }
        let values = Array3::from_shape_vec((self.outputs.len(), n, p), values).map_err(Error::component)?;
        Ok(ShapValues::new(values, bases, self.feature_names))
    }

    fn check(&self, x: ArrayView2<'_, f64>) -> Result<()> {
        if x.ncols() == self.n_features {
            return Ok(());
        }
        Err(Error::FeatureCount { expected: self.n_features, found: x.ncols() })
    }

    /// Rows one after the other, as a copy, as trees read them.
    fn rows_of(&self, x: ArrayView2<'_, f64>, range: Range<usize>) -> Vec<f64> {
        let mut rows = Vec::with_capacity(range.len() * x.ncols());
        each_row(x, range, |_, row| rows.extend_from_slice(row));
        if !self.readings.is_empty() && self.n_features > 0 {
            for row in rows.chunks_exact_mut(self.n_features) {
                row.iter_mut().zip(self.readings).for_each(|(value, reading)| *value = reading.read(*value));
            }
        }
        rows
    }

    /// Rows that share what is made ready of a tree; fewer when they have many features. No bit depends on it.
    fn rows_at_a_time(&self) -> usize {
        (32_768 / self.n_features.max(1)).clamp(1, 64)
    }
}

/// Zeros of a shape; an error where memory has no room for them.
fn zeros(shape: &[usize]) -> Result<Vec<f64>> {
    let n = shape.iter().try_fold(1_usize, |n, &side| n.checked_mul(side)).unwrap_or(usize::MAX);
    let mut values = Vec::new();
    values.try_reserve_exact(n).map_err(Error::component)?;
    values.resize(n, 0.0);
    Ok(values)
}

/// Pieces of some length; also none or many of length zero.
fn pieces(values: &mut [f64], length: usize) -> impl Iterator<Item = &mut [f64]> {
    let mut rest = Some(values);
    std::iter::from_fn(move || {
        let (piece, others) = rest.take()?.split_at_mut_checked(length)?;
        rest = Some(others);
        Some(piece)
    })
}

/// `work` on ranges of rows and what `out` holds of them, `width` numbers a row, on several threads.
fn in_chunks(out: &mut [f64], width: usize, rows: usize, work: impl Fn(Range<usize>, &mut [f64]) + Sync) {
    if width == 0 {
        return;
    }
    let work = |(chunk, out): (usize, &mut [f64])| {
        let from = chunk * rows;
        work(from..from + out.len() / width, out);
    };
    #[cfg(feature = "parallel")]
    if out.len() > rows * width {
        use rayon::prelude::*;
        out.par_chunks_mut(rows * width).enumerate().for_each(work);
        return;
    }
    out.chunks_mut(rows * width).enumerate().for_each(work);
}

#[inline(always)]
fn scaled(a: &Lanes, b: &Lanes) -> Lanes {
    std::array::from_fn(|lane| a[lane] * b[lane])
}

#[inline(always)]
fn add_lanes(sum: &mut Lanes, more: &Lanes) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

#[inline(always)]
fn total(lanes: &Lanes) -> f64 {
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3])
}

/// How a model with `explainable` is asked for Shapley values.
macro_rules! shap_methods {
    ($model:ident) => {
        impl $model {
            /// What each feature adds to the raw score of each row of `x`, shape `(n_samples, n_features)`; exact.
            ///
            /// Where a feature is not known, both sides of its splits count by their shares of the training rows. `O(nodes * features on
            /// a path)` per row and tree. On several threads with feature `parallel`; no bit depends on them, nor on the other rows.
            ///
            /// Source: Lundberg, Erion and Lee (2018), arXiv:1802.03888 ("tree_path_dependent").
            ///
            /// # Errors
            ///
            /// [`Error::FeatureCount`](adsml_core::Error::FeatureCount); [`Error::Component`](adsml_core::Error::Component) where memory has no room.
            pub fn shap_values(&self, x: ndarray::ArrayView2<'_, f64>) -> adsml_core::Result<$crate::ShapValues> {
                self.explainable().values(x)
            }

            /// The same against `background` rows, shape `(n_background, n_features)`: a feature that is not known has their values, each
            /// row in turn.
            ///
            /// The base is the mean raw score of the background. Unlike [`shap_values`](Self::shap_values), a feature that no split asks
            /// for gets nothing because it goes with one that is asked for; in exchange, unlikely combinations are asked about.
            /// `O(nodes)` at most per row, background row and tree, and far less where the two go the same ways: some hundred background
            /// rows are plenty.
            ///
            /// Source: Lundberg et al. (2020), Nature Machine Intelligence 2 ("interventional").
            ///
            /// # Errors
            ///
            /// As [`shap_values`](Self::shap_values); [`Error::NotEnough`](adsml_core::Error::NotEnough) without background rows.
            pub fn shap_values_against(
                &self,
                x: ndarray::ArrayView2<'_, f64>,
                background: ndarray::ArrayView2<'_, f64>,
            ) -> adsml_core::Result<$crate::ShapValues> {
                self.explainable().values_against(x, background)
            }

            /// What pairs of features add to the raw score of each row of `x`; they sum to [`shap_values`](Self::shap_values).
            ///
            /// `O(nodes * depth * features on a path)` per row and tree, and `n_features^2` numbers per row and output.
            ///
            /// Source: Lundberg et al. (2020), Nature Machine Intelligence 2, "SHAP interaction values".
            ///
            /// # Errors
            ///
            /// As [`shap_values`](Self::shap_values).
            pub fn shap_interactions(
                &self,
                x: ndarray::ArrayView2<'_, f64>,
            ) -> adsml_core::Result<$crate::ShapInteractions> {
                self.explainable().interactions(x)
            }
        }
    };
}

pub(crate) use shap_methods;
