//! How predictions follow one feature: the mean over rows, and row by row.

use adsml_core::{Error, Regressor, TrainingSet};
use ndarray::{Array2, ArrayView1};

use crate::Result;

/// Partial dependence: the mean prediction over rows with one feature set to each value of `grid`.
///
/// ```text
/// dependence(v) = mean over rows of f(x with feature = v)
/// ```
///
/// The mean is weighted when the rows are. It is one over combinations that may never occur: where features depend on each other, read it
/// with care, and beside [`individual_dependence`], which shows whether the mean hides rows that go different ways. A `NaN` in `grid` asks for
/// a missing value. Costs one prediction of all rows per value.
///
/// Source: Friedman (2001), "Greedy function approximation", Annals of Statistics 29, section 8.2.
///
/// # Errors
///
/// [`InvalidParameter`](crate::ModelError::InvalidParameter) for a feature there is none of; as [`Regressor::predict`].
///
/// ```
/// use adsml_core::TrainingSet;
/// use adsml_models::{GradientBoosting, partial_dependence, quantile_grid};
/// use ndarray::{Array1, Array2};
///
/// let x = Array2::from_shape_fn((400, 2), |(row, feature)| ((row * (7 + 6 * feature)) % 50) as f64);
/// let y: Array1<f64> = x.column(0).mapv(|spend| (1.0 + spend).ln());
/// let rows = TrainingSet::new(x.view(), y.view())?;
/// let model = GradientBoosting::params().fit(&x, &y)?;
/// let grid = quantile_grid(x.column(0), 20);
/// let response = partial_dependence(&model, &rows, 0, grid.view())?;
/// assert!(response[19] - response[0] > 3.0);
/// # Ok::<(), adsml_models::ModelError>(())
/// ```
pub fn partial_dependence(
    model: &dyn Regressor,
    rows: &TrainingSet<'_>,
    feature: usize,
    grid: ArrayView1<'_, f64>,
) -> Result<Vec<f64>> {
    // The fields of a training set are public: what its constructors promise is judged again.
    let rows = TrainingSet::new(rows.x, rows.y)?.with_weight(rows.sample_weight)?;
    let total: f64 = (0..rows.n_samples()).map(|row| rows.weight(row)).sum();
    let mut means = Vec::with_capacity(grid.len());
    along(model, &rows, feature, grid, |predicted| {
        means.push(predicted.iter().enumerate().map(|(row, p)| rows.weight(row) * p).sum::<f64>() / total);
    })?;
    Ok(means)
}

/// The prediction of every row with one feature set to each value of `grid`, shape `(n_samples, grid.len())`: the curves whose mean is the
/// [`partial_dependence`].
///
/// Source: Goldstein, Kapelner, Bleich and Pitkin (2015), "Peeking inside the black box: visualizing statistical learning with plots of
/// individual conditional expectation", Journal of Computational and Graphical Statistics 24.
///
/// # Errors
///
/// As [`partial_dependence`].
pub fn individual_dependence(
    model: &dyn Regressor,
    rows: &TrainingSet<'_>,
    feature: usize,
    grid: ArrayView1<'_, f64>,
) -> Result<Array2<f64>> {
    let mut curves = Array2::zeros((rows.n_samples(), grid.len()));
    let mut at = 0;
    along(model, rows, feature, grid, |predicted| {
        curves.column_mut(at).assign(&predicted);
        at += 1;
    })?;
    Ok(curves)
}

/// Calls `visit` with the predictions of all rows at each value of `grid`.
fn along(
    model: &dyn Regressor,
    rows: &TrainingSet<'_>,
    feature: usize,
    grid: ArrayView1<'_, f64>,
    mut visit: impl FnMut(ArrayView1<'_, f64>),
) -> Result<()> {
    if feature >= rows.n_features() {
        let expected = format!("a feature below {}", rows.n_features());
        return Err(Error::invalid_parameter("feature", feature, expected).into());
    }
    let mut x = rows.x.to_owned();
    for &value in grid {
        x.column_mut(feature).fill(value);
        visit(model.predict(x.view())?.view());
    }
    Ok(())
}

/// At most `n_points` values at which to ask for a dependence: quantiles of a feature at equal distances from its least to its greatest value,
/// each once, ascending.
///
/// Quantiles are values that occur (the nearest rank below), so that categories stay codes of levels. Missing and infinite values are left out;
/// without any other, or without points, the grid is empty.
///
/// ```
/// use adsml_models::quantile_grid;
/// use ndarray::aview1;
///
/// let budgets = [10.0, 10.0, 10.0, 20.0, 40.0, 80.0, f64::NAN];
/// assert_eq!(quantile_grid(aview1(&budgets), 3).to_vec(), [10.0, 80.0]);
/// assert_eq!(quantile_grid(aview1(&budgets), 6).to_vec(), [10.0, 20.0, 40.0, 80.0]);
/// ```
pub fn quantile_grid(values: ArrayView1<'_, f64>, n_points: usize) -> ndarray::Array1<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    let n_points = n_points.min(sorted.len());
    let at = |point: usize| sorted[last * point / n_points.saturating_sub(1).max(1)];
    let mut grid: Vec<f64> = (0..n_points).map(at).collect();
    grid.dedup();
    grid.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LinearRegression;
    use crate::inspection::permutation::line;
    use ndarray::{Axis, array, aview1};

    #[test]
    fn the_partial_dependence_of_a_line_is_the_line() {
        let (x, y, model) = line();
        let rows = TrainingSet::new(x.view(), y.view()).unwrap();
        let found = partial_dependence(&model, &rows, 0, array![0.0, 1.0, 10.0].view()).unwrap();
        assert!((found[1] - found[0] - 2.0).abs() < 1e-9 && (found[2] - found[0] - 20.0).abs() < 1e-9);
    }

    #[test]
    fn the_mean_of_the_individual_curves_is_the_partial_dependence() {
        let (x, y, model) = line();
        let rows = TrainingSet::new(x.view(), y.view()).unwrap();
        let grid = array![-1.0, 3.5];
        let mean = partial_dependence(&model, &rows, 1, grid.view()).unwrap();
        let curves = individual_dependence(&model, &rows, 1, grid.view()).unwrap();
        assert_eq!(curves.dim(), (200, 2));
        let of_curves = curves.mean_axis(Axis(0)).unwrap();
        assert!(mean.iter().zip(&of_curves).all(|(a, b)| (a - b).abs() < 1e-12 * a.abs().max(1.0)));
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        let (x, y, model) = line();
        let rows = TrainingSet::new(x.view(), y.view()).unwrap();
        let narrow = LinearRegression::params().fit(x.slice(ndarray::s![.., ..2]), &y).unwrap();
        let short = [1.0];
        let unweighable = TrainingSet { sample_weight: Some(aview1(&short)), ..rows };
        let grid = array![0.0];
        let errors = [
            partial_dependence(&model, &rows, 3, grid.view()).unwrap_err(),
            individual_dependence(&model, &rows, 3, grid.view()).unwrap_err(),
            partial_dependence(&narrow, &rows, 0, grid.view()).unwrap_err(),
            partial_dependence(&model, &unweighable, 0, grid.view()).unwrap_err(),
            partial_dependence(&model, &rows, 0, aview1(&[f64::NAN])).unwrap_err(),
        ];
        insta::assert_snapshot!(errors.map(|error| error.to_string()).join("\n"), @r"
        parameter `feature` is 3, expected a feature below 3
        parameter `feature` is 3, expected a feature below 3
        the input has 3 features, the model was fitted on 2
        the sample weight has 1 entries, expected 200
        feature 0 of sample 0 is NaN, expected a finite number
        ");
    }

    #[test]
    fn a_grid_has_no_value_twice_and_none_that_does_not_occur() {
        assert!(quantile_grid(aview1(&[f64::NAN, f64::INFINITY]), 5).is_empty());
        assert!(quantile_grid(aview1(&[1.0, 2.0]), 0).is_empty());
        assert_eq!(quantile_grid(aview1(&[3.0, 1.0, 2.0]), 1).to_vec(), [1.0]);
        assert_eq!(quantile_grid(aview1(&[5.0; 4]), 10).to_vec(), [5.0]);
        assert_eq!(quantile_grid(aview1(&[3.0, 1.0, 2.0]), usize::MAX).len(), 3);
    }
}
