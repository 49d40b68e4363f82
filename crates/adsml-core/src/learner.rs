//! What fits models, and what it is given.

use std::fmt::Debug;
use std::num::NonZeroUsize;

use ndarray::{ArrayView1, ArrayView2};

use crate::{
    CancelToken, Error, FeatureColumn, FeatureMatrix, Observer, ParamSpec, ParamValue, Progress, Regressor, Result,
    Seed, parallel,
};

/// A set of parameters that can be fitted: what cross-validation, search and forms hold.
pub trait Learner: Debug + Send + Sync {
    /// Its name in snake case: `"logistic_regression"`.
    fn name(&self) -> &'static str;

    /// Every parameter: name, range, default, help.
    fn params(&self) -> &'static [ParamSpec];

    /// The value of a parameter.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownParameter`].
    fn param(&self, name: &str) -> Result<ParamValue>;

    /// Sets a parameter.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownParameter`]; [`Error::InvalidParameter`] when the value is outside its range. Nothing changes then.
    fn set_param(&mut self, name: &str, value: ParamValue) -> Result<()>;

    /// Fits a model.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`]; [`Error::InvalidSample`]; [`Error::Unsupported`] for a part of
    /// the training set it cannot honour, by name; [`Error::Cancelled`].
    fn fit(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<Box<dyn Regressor>>;

    /// A copy of itself.
    fn boxed_clone(&self) -> Box<dyn Learner>;
}

impl Clone for Box<dyn Learner> {
    fn clone(&self) -> Self {
        self.boxed_clone()
    }
}

/// The rows a model is fitted on.
///
/// A rate such as CTR is `y` = clicks / impressions with `sample_weight` = impressions.
#[derive(Debug, Clone, Copy)]
pub struct TrainingSet<'a> {
    /// Features, shape `(n_samples, n_features)`.
    pub x: ArrayView2<'a, f64>,
    /// Target, shape `(n_samples)`.
    pub y: ArrayView1<'a, f64>,
    /// What each feature is; empty when all are plain numbers.
    pub columns: &'a [FeatureColumn],
    /// Weight of each row, shape `(n_samples)`; finite and never negative.
    pub sample_weight: Option<ArrayView1<'a, f64>>,
    /// Known part of the linear predictor, shape `(n_samples)`, on the model's raw scale.
    pub offset: Option<ArrayView1<'a, f64>>,
    /// A group number per row.
    pub groups: Option<&'a [usize]>,
    /// Rows to watch while fitting, for early stopping.
    pub validation: Option<ValidationSet<'a>>,
}

/// Rows to watch while fitting; never fitted on.
#[derive(Debug, Clone, Copy)]
pub struct ValidationSet<'a> {
    /// Features, shape `(n_samples, n_features)`.
    pub x: ArrayView2<'a, f64>,
    /// Target, shape `(n_samples)`.
    pub y: ArrayView1<'a, f64>,
    /// Weight of each row.
    pub sample_weight: Option<ArrayView1<'a, f64>>,
    /// Offset of each row, where the training rows have one.
    pub offset: Option<ArrayView1<'a, f64>>,
}

impl<'a> ValidationSet<'a> {
    /// Features and target, nothing else.
    ///
    /// # Errors
    ///
    /// As [`TrainingSet::new`].
    pub fn new(x: ArrayView2<'a, f64>, y: ArrayView1<'a, f64>) -> Result<Self> {
        TrainingSet::new(x, y)?;
        Ok(Self { x, y, sample_weight: None, offset: None })
    }
}

impl<'a> TrainingSet<'a> {
    /// Features and target, nothing else.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] unless there is one target per row; [`Error::NotEnough`] without rows.
    pub fn new(x: ArrayView2<'a, f64>, y: ArrayView1<'a, f64>) -> Result<Self> {
        Error::check_length("the target", x.nrows(), y.len())?;
        if x.nrows() == 0 {
            return Err(Error::NotEnough { what: "training rows".to_owned(), needed: 1, found: 0 });
        }
        Ok(Self { x, y, columns: &[], sample_weight: None, offset: None, groups: None, validation: None })
    }

    /// A matrix with its column descriptions, and the target.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn from_matrix(matrix: &'a FeatureMatrix, y: ArrayView1<'a, f64>) -> Result<Self> {
        Ok(Self { columns: matrix.columns(), ..Self::new(matrix.view(), y)? })
    }

    /// With a weight per row.
    ///
    /// # Errors
    ///
    /// [`Error::Length`]; [`Error::InvalidSample`] for a weight that is negative or not finite;
    /// [`Error::NotEnough`] when all are zero.
    pub fn with_weight(mut self, sample_weight: Option<ArrayView1<'a, f64>>) -> Result<Self> {
        if let Some(weight) = sample_weight {
            Error::check_length("the sample weight", self.n_samples(), weight.len())?;
            check_weight(weight)?;
        }
        self.sample_weight = sample_weight;
        Ok(self)
    }

    /// With a known part of the linear predictor.
    ///
    /// # Errors
    ///
    /// [`Error::Length`]; [`Error::InvalidSample`] unless finite.
    pub fn with_offset(mut self, offset: Option<ArrayView1<'a, f64>>) -> Result<Self> {
        if let Some(offset) = offset {
            Error::check_length("the offset", self.n_samples(), offset.len())?;
            if let Some((row, &value)) = offset.iter().enumerate().find(|(_, value)| !value.is_finite()) {
                return Err(Error::InvalidSample {
                    what: "the offset".to_owned(),
                    row,
                    value,
                    expected: "a finite number",
                });
            }
        }
        self.offset = offset;
        Ok(self)
    }

    /// With a description of every feature: which are categories, and of what levels.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] unless there is one per feature.
    pub fn with_columns(mut self, columns: &'a [FeatureColumn]) -> Result<Self> {
        Error::check_length("the list of feature columns", self.n_features(), columns.len())?;
        self.columns = columns;
        Ok(self)
    }

    /// With rows to watch while fitting.
    ///
    /// # Errors
    ///
    /// [`Error::FeatureCount`] unless they have the same features.
    pub fn with_validation(mut self, validation: Option<ValidationSet<'a>>) -> Result<Self> {
        if let Some(watched) = &validation
            && watched.x.ncols() != self.n_features()
        {
            return Err(Error::FeatureCount { expected: self.n_features(), found: watched.x.ncols() });
        }
        self.validation = validation;
        Ok(self)
    }

    /// Number of rows.
    pub fn n_samples(&self) -> usize {
        self.x.nrows()
    }

    /// Number of features.
    pub fn n_features(&self) -> usize {
        self.x.ncols()
    }

    /// The weight of a row; 1 when none were given.
    pub fn weight(&self, row: usize) -> f64 {
        self.sample_weight.map_or(1.0, |weight| weight[row])
    }

    /// Refuses sample weights on behalf of a learner that would ignore them.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] when there are weights.
    pub fn refuse_weights(&self, learner: &str) -> Result<()> {
        refuse(learner, "sample weights", self.sample_weight.is_some())
    }

    /// Refuses an offset on behalf of a learner that would ignore it.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] when there is an offset.
    pub fn refuse_offset(&self, learner: &str) -> Result<()> {
        refuse(learner, "an offset", self.offset.is_some())
    }
}

/// Weights are finite, never negative, and not all zero.
fn check_weight(weight: ArrayView1<'_, f64>) -> Result<()> {
    let invalid = weight.iter().enumerate().find(|(_, value)| !value.is_finite() || **value < 0.0);
    if let Some((row, &value)) = invalid {
        return Err(Error::InvalidSample {
            what: "the weight".to_owned(),
            row,
            value,
            expected: "a finite number, 0 or more",
        });
    }
    if weight.iter().all(|&value| value == 0.0) {
        return Err(Error::NotEnough { what: "rows of positive weight".to_owned(), needed: 1, found: 0 });
    }
    Ok(())
}

fn refuse(learner: &str, what: &str, given: bool) -> Result<()> {
    if given {
        return Err(Error::Unsupported { by: learner.to_owned(), what: what.to_owned() });
    }
    Ok(())
}

/// The circumstances of a fit; none of them but the seed changes its result.
#[derive(Clone, Copy)]
pub struct FitContext<'a> {
    /// Where randomness comes from.
    pub seed: Seed,
    /// How many threads it may use.
    pub threads: NonZeroUsize,
    /// Who is told of progress.
    pub observer: Option<&'a dyn Observer>,
    /// Who may stop it.
    pub cancel: Option<&'a CancelToken>,
    /// A model to go on from, for learners that can.
    pub warm_start: Option<&'a dyn Regressor>,
}

impl Default for FitContext<'_> {
    /// Seed 42, every thread the machine offers, nobody watching.
    fn default() -> Self {
        Self {
            seed: Seed::default(),
            threads: parallel::available_threads(),
            observer: None,
            cancel: None,
            warm_start: None,
        }
    }
}

impl<'a> FitContext<'a> {
    /// The default context with this seed.
    pub fn seeded(seed: impl Into<Seed>) -> Self {
        Self { seed: seed.into(), ..Self::default() }
    }

    /// On at most this many threads.
    #[must_use]
    pub fn with_threads(mut self, threads: NonZeroUsize) -> Self {
        self.threads = threads;
        self
    }

    /// For a part of the work that has one thread, its own seed and no progress of its own.
    #[must_use]
    pub fn for_part(&self, purpose: &str, index: u64) -> Self {
        Self { seed: self.seed.derive(purpose, index), threads: NonZeroUsize::MIN, observer: None, ..*self }
    }

    /// Tells the observer, if there is one.
    pub fn progress(&self, stage: &str, done: usize, total: Option<usize>) {
        if let Some(observer) = self.observer {
            observer.progress(Progress { stage, done, total });
        }
    }

    /// [`Error::Cancelled`] once the caller asked to stop.
    ///
    /// # Errors
    ///
    /// [`Error::Cancelled`].
    pub fn check_cancelled(&self) -> Result<()> {
        self.cancel.map_or(Ok(()), CancelToken::check)
    }
}

impl Debug for FitContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FitContext")
            .field("seed", &self.seed)
            .field("threads", &self.threads)
            .field("observer", &self.observer.is_some())
            .field("cancel", &self.cancel)
            .field("warm_start", &self.warm_start)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{aview1, aview2};

    #[test]
    fn what_does_not_fit_together_is_refused() {
        let (x, y) = ([[1.0], [2.0]], [1.0, 2.0]);
        assert!(TrainingSet::new(aview2(&x), aview1(&y[..1])).is_err());
        let set = TrainingSet::new(aview2(&x), aview1(&y)).unwrap();
        assert!(set.with_weight(Some(aview1(&[1.0, -1.0]))).is_err());
        assert!(set.with_weight(Some(aview1(&[0.0, 0.0]))).is_err());
        assert!(set.with_offset(Some(aview1(&[0.0, f64::NAN]))).is_err());
        let weighted = set.with_weight(Some(aview1(&[0.0, 3.0]))).unwrap();
        assert_eq!(weighted.weight(1), 3.0);
        let refused = weighted.refuse_weights("knn").unwrap_err();
        assert_eq!(refused.to_string(), "`knn` does not support sample weights");
    }
}
