//! What a fitted model makes of its features, judged on rows: permutation importance and partial dependence.

use adsml_core::{Error, FitContext, Regressor, TrainingSet, parallel};
use ndarray::{Array2, ArrayView1};

use crate::Result;

/// How much worse predictions become when some features are shuffled.
#[derive(Debug, Clone, PartialEq)]
pub struct PermutationImportance {
    /// The features that were shuffled together.
    pub features: Vec<usize>,
    /// Mean of the loss with them shuffled, minus the loss as it is.
    pub mean: f64,
    /// Standard deviation of that between repeats.
    pub deviation: f64,
}

/// Permutation importance of groups of features on rows that the model has not seen.
///
/// ```text
/// importance(group) = mean over repeats of loss(y, f(x with the group's columns shuffled together)) - loss(y, f(x))
/// ```
///
/// `held_out`: rows with their target and weights; on training rows the figures would flatter what was learnt by heart. `groups`: features
/// that are shuffled together, as those that carry the same information should be; each alone when empty. `loss` takes targets, predictions and
/// weights (empty for equal ones): the lower, the better. Costs `groups * n_repeats` predictions of all rows, on the threads of `context`.
///
/// Source: Breiman (2001), "Random Forests", Machine Learning 45, section 10; Fisher, Rudin and Dominici (2019), "All models are wrong, but many
/// are useful", JMLR 20.
///
/// # Errors
///
/// [`InvalidParameter`](crate::ModelError::InvalidParameter) for a feature there is none of, and for no repeats; as [`Regressor::predict`];
/// [`Error::Cancelled`].
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
    let n_features = held_out.n_features();
    let groups: Vec<Vec<usize>> =
        if groups.is_empty() { (0..n_features).map(|feature| vec![feature]).collect() } else { groups.to_vec() };
    if let Some(&feature) = groups.iter().flatten().find(|&&feature| feature >= n_features) {
        return Err(Error::invalid_parameter("groups", feature, format!("features below {n_features}")).into());
    }
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
    let summary = |(features, losses): (Vec<usize>, &[f64])| {
        let mean = losses.iter().sum::<f64>() / n_repeats as f64;
        let squares: f64 = losses.iter().map(|loss| (loss - mean).powi(2)).sum();
        let deviation = if n_repeats > 1 { (squares / (n_repeats - 1) as f64).sqrt() } else { f64::NAN };
        PermutationImportance { features, mean, deviation }
    };
    Ok(groups.into_iter().zip(shuffled.chunks(n_repeats)).map(summary).collect())
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

/// Partial dependence: the mean prediction over rows with one feature set to each value of `grid`.
///
/// ```text
/// dependence(v) = mean over rows of f(x with feature = v)
/// ```
///
/// A mean over combinations that may never occur: where features depend on each other, read it with care. Costs one prediction of all rows per
/// value.
///
/// Source: Friedman (2001), "Greedy function approximation", Annals of Statistics 29, section 8.2.
///
/// # Errors
///
/// [`InvalidParameter`](crate::ModelError::InvalidParameter) for a feature there is none of; as [`Regressor::predict`].
pub fn partial_dependence(
    model: &dyn Regressor,
    rows: &TrainingSet<'_>,
    feature: usize,
    grid: ArrayView1<'_, f64>,
) -> Result<Vec<f64>> {
    if feature >= rows.n_features() {
        let expected = format!("a feature below {}", rows.n_features());
        return Err(Error::invalid_parameter("feature", feature, expected).into());
    }
    let mut x: Array2<f64> = rows.x.to_owned();
    let total: f64 = (0..rows.n_samples()).map(|row| rows.weight(row)).sum();
    grid.iter()
        .map(|&value| {
            x.column_mut(feature).fill(value);
            let predicted = model.predict(x.view())?;
            Ok(predicted.iter().enumerate().map(|(row, predicted)| rows.weight(row) * predicted).sum::<f64>() / total)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinearRegression;
    use ndarray::{Array1, array};

    fn line() -> (Array2<f64>, Array1<f64>, LinearRegression) {
        let x = Array2::from_shape_fn((200, 3), |(row, feature)| ((row * (feature * 14 + 3)) % 31) as f64);
        let y = x.column(0).mapv(|x| 2.0 * x);
        let model = LinearRegression::params().fit(&x, &y).unwrap();
        (x, y, model)
    }

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
        assert!(
            permutation_importance(&model, &rows, &[vec![3]], 1, mean_squared_error, &FitContext::default()).is_err()
        );
        assert!(permutation_importance(&model, &rows, &[], 0, mean_squared_error, &FitContext::default()).is_err());
    }

    #[test]
    fn the_partial_dependence_of_a_line_is_the_line() {
        let (x, y, model) = line();
        let rows = TrainingSet::new(x.view(), y.view()).unwrap();
        let found = partial_dependence(&model, &rows, 0, array![0.0, 1.0, 10.0].view()).unwrap();
        assert!((found[1] - found[0] - 2.0).abs() < 1e-9 && (found[2] - found[0] - 20.0).abs() < 1e-9);
        assert!(partial_dependence(&model, &rows, 3, array![0.0].view()).is_err());
    }
}
