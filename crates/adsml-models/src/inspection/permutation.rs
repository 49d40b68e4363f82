//! Permutation importance: how much worse predictions become when a feature no longer belongs to its row.

use adsml_core::{Error, FitContext, Regressor, TrainingSet, parallel};
use ndarray::Array2;

use crate::Result;
use crate::rows::check_target;

/// How much worse predictions become when some features are shuffled.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PermutationImportance {
    /// The features that were shuffled together.
    pub features: Vec<usize>,
    /// Mean of the loss with them shuffled, minus the loss as it is. Around zero, and often below it, for features that do not matter.
    pub mean: f64,
    /// Standard deviation of that between repeats, or between the trees of a forest; `NaN` when there was one.
    pub deviation: f64,
    /// How many repeats, or trees, the mean is over.
    pub n_repeats: usize,
}

impl PermutationImportance {
    /// Mean and deviation of the increases of the loss, of which there is at least one.
    pub(crate) fn new(features: Vec<usize>, increases: &[f64]) -> Self {
        let n = increases.len() as f64;
        let mean = increases.iter().sum::<f64>() / n;
        let squares: f64 = increases.iter().map(|increase| (increase - mean).powi(2)).sum();
        let deviation = if increases.len() > 1 { (squares / (n - 1.0)).sqrt() } else { f64::NAN };
        Self { features, mean, deviation, n_repeats: increases.len() }
    }

    /// Standard error of the mean, `deviation / sqrt(n_repeats)`: how far more shuffles, or more trees, might still move it. It does not
    /// say how the figure would differ on other rows.
    pub fn standard_error(&self) -> f64 {
        self.deviation / (self.n_repeats as f64).sqrt()
    }
}

/// Permutation importance of groups of features on rows that the model has not seen.
///
/// ```text
/// importance(group) = mean over repeats of loss(y, f(x with the group's columns shuffled together)) - loss(y, f(x))
/// ```
///
/// `held_out`: rows with their target and weights; on training rows the figures would flatter what was learnt by heart. `groups`: features
/// that are shuffled together, as those that carry the same information should be: alone, each of them matters little as long as the others stand
/// in for it. Each feature alone when empty. `loss` takes targets, predictions and
/// weights (empty for equal ones): the lower, the better. Costs `groups * n_repeats` predictions of all rows, on the threads of `context`.
///
/// Source: Breiman (2001), "Random Forests", Machine Learning 45, section 10; Fisher, Rudin and Dominici (2019), "All models are wrong, but many
/// are useful", JMLR 20.
///
/// # Errors
///
/// [`InvalidParameter`](crate::ModelError::InvalidParameter) for a feature there is none of, an empty group, and no repeats;
/// [`InvalidTarget`](crate::ModelError::InvalidTarget) for a target that is missing; as [`Regressor::predict`]; [`Error::Cancelled`].
///
/// ```
/// use adsml_core::{FitContext, TrainingSet};
/// use adsml_models::{GradientBoosting, mean_squared_error, permutation_importance};
/// use ndarray::{Array1, Array2};
///
/// let x = Array2::from_shape_fn((400, 2), |(row, feature)| ((row * (7 + 6 * feature)) % 50) as f64);
/// let y: Array1<f64> = x.column(0).mapv(|spend| (1.0 + spend).ln());
/// let (early, late) = (x.slice(ndarray::s![..200, ..]), x.slice(ndarray::s![200.., ..]));
/// let (early_y, late_y) = (y.slice(ndarray::s![..200]), y.slice(ndarray::s![200..]));
/// let model = GradientBoosting::params().fit(early, early_y)?;
/// let held_out = TrainingSet::new(late, late_y)?;
/// let found = permutation_importance(&model, &held_out, &[], 5, mean_squared_error, &FitContext::default())?;
/// assert!(found[0].mean > 10.0 * found[1].mean.abs());
/// # Ok::<(), adsml_models::ModelError>(())
/// ```
pub fn permutation_importance(
    model: &dyn Regressor,
    held_out: &TrainingSet<'_>,
    groups: &[Vec<usize>],
    n_repeats: usize,
    loss: impl Fn(&[f64], &[f64], &[f64]) -> f64 + Sync,
    context: &FitContext<'_>,
) -> Result<Vec<PermutationImportance>> {
    // The fields of a training set are public: what its constructors promise is judged again.
    let held_out = TrainingSet::new(held_out.x, held_out.y)?.with_weight(held_out.sample_weight)?;
    check_target(held_out.y, |_| true, "a number between -1e150 and 1e150")?;
    let groups = checked_groups("groups", groups, held_out.n_features())?;
    if n_repeats == 0 {
        return Err(Error::invalid_parameter("n_repeats", 0, "at least 1").into());
    }
    let (n, y) = (held_out.n_samples(), held_out.y.to_vec());
    let weight = held_out.sample_weight.map_or_else(Vec::new, |weight| weight.to_vec());
    let as_it_is = loss(&y, &model.predict(held_out.x)?.to_vec(), &weight);
    let shuffled = parallel::try_map(groups.len() * n_repeats, context.threads, |at| -> Result<f64> {
        context.check_cancelled()?;
        let (group, repeat) = (&groups[at / n_repeats], at % n_repeats);
        // The same order for every group of a repeat: differences between groups are not those of the draws.
        let mut order: Vec<usize> = (0..n).collect();
        context.seed.stream("permutation importance", repeat as u64).shuffle(&mut order);
        let mut x: Array2<f64> = held_out.x.to_owned();
        for &feature in group {
            for (row, &from) in order.iter().enumerate() {
                x[(row, feature)] = held_out.x[(from, feature)];
            }
        }
        Ok(loss(&y, &model.predict(x.view())?.to_vec(), &weight) - as_it_is)
    })?;
    let summary = |(features, increases): (Vec<usize>, &[f64])| PermutationImportance::new(features, increases);
    Ok(groups.into_iter().zip(shuffled.chunks(n_repeats)).map(summary).collect())
}

/// The groups to shuffle, each of at least one feature there is; each feature alone when there are none.
pub(crate) fn checked_groups(name: &str, groups: &[Vec<usize>], n_features: usize) -> Result<Vec<Vec<usize>>> {
    if groups.is_empty() {
        return Ok((0..n_features).map(|feature| vec![feature]).collect());
    }
    if let Some(&feature) = groups.iter().flatten().find(|&&feature| feature >= n_features) {
        let expected = format!("features below {n_features}");
        return Err(Error::invalid_parameter(name, format!("feature {feature}"), expected).into());
    }
    if let Some(empty) = groups.iter().position(Vec::is_empty) {
        return Err(Error::invalid_parameter(
            name,
            format!("empty in group {empty}"),
            "at least one feature per group",
        )
        .into());
    }
    Ok(groups.to_vec())
}

/// The weighted mean of squared differences; equal weights when `weight` is empty.
pub fn mean_squared_error(y: &[f64], predicted: &[f64], weight: &[f64]) -> f64 {
    let weight_of = |row: usize| weight.get(row).copied().unwrap_or(1.0);
    let (mut sum, mut total) = (0.0, 0.0);
    for (row, (y, predicted)) in y.iter().zip(predicted).enumerate() {
        sum += weight_of(row) * (y - predicted) * (y - predicted);
        total += weight_of(row);
    }
    sum / total
}

/// Rows whose target is twice their first feature, and the model of it.
#[cfg(test)]
pub(super) fn line() -> (Array2<f64>, ndarray::Array1<f64>, crate::LinearRegression) {
    let x = Array2::from_shape_fn((200, 3), |(row, feature)| ((row * (feature * 14 + 3)) % 31) as f64);
    let y = x.column(0).mapv(|x| 2.0 * x);
    let model = crate::LinearRegression::params().fit(&x, &y).unwrap();
    (x, y, model)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_feature_that_is_not_used_does_not_matter_and_groups_are_shuffled_together() {
        let (x, y, model) = line();
        let rows = TrainingSet::new(x.view(), y.view()).unwrap();
        let found = permutation_importance(
            &model,
            &rows,
            &[vec![0], vec![1], vec![0, 2]],
            3,
            mean_squared_error,
            &FitContext::default(),
        )
        .unwrap();
        // A shuffled line: twice the variance of 2 x, give or take the draws.
        let variance = y.var(0.0);
        assert!((found[0].mean / (2.0 * variance) - 1.0).abs() < 0.3, "{found:?}");
        assert!(found[1].mean.abs() < 1e-9);
        assert!((found[2].mean - found[0].mean).abs() < 1e-6, "the second column of the group adds nothing");
    }

    #[test]
    fn the_standard_error_is_that_of_the_mean() {
        let found = PermutationImportance::new(vec![0], &[1.0, 2.0, 3.0, 6.0]);
        assert_eq!((found.mean, found.n_repeats), (3.0, 4));
        assert!((found.standard_error() - (14.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-15);
        assert!(PermutationImportance::new(vec![0], &[1.0]).standard_error().is_nan());
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        let (x, y, model) = line();
        let rows = TrainingSet::new(x.view(), y.view()).unwrap();
        let holes = array![f64::NAN];
        let missing = TrainingSet::new(x.slice(ndarray::s![..1, ..]), holes.view()).unwrap();
        let ask = |rows: &TrainingSet<'_>, groups: &[Vec<usize>], n_repeats| {
            let context = FitContext::default();
            permutation_importance(&model, rows, groups, n_repeats, mean_squared_error, &context).unwrap_err()
        };
        let errors = [
            ask(&rows, &[vec![0], vec![1, 3]], 1),
            ask(&rows, &[vec![0], vec![]], 1),
            ask(&rows, &[], 0),
            ask(&missing, &[], 1),
        ];
        insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"), @r"
        parameter `groups` is feature 3, expected features below 3
        parameter `groups` is empty in group 1, expected at least one feature per group
        parameter `n_repeats` is 0, expected at least 1
        the target of sample 0 is NaN, expected a number between -1e150 and 1e150
        ");
    }
}
