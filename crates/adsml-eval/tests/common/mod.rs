//! Small transforms and learners whose behaviour is known.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use adsml_core::{
    CancelToken, Error, FeatureColumn, FeatureMatrix, FitContext, FittedTransform, Learner, ModelFile, ParamSpec,
    ParamValue, Regressor, Result, Table, Target, TrainingSet, Transform, check_predict_shapes,
};
use ndarray::{Array2, ArrayView2};

/// The named column of numbers, as it is. Counts how often it was fitted, and keeps the folds it was given.
#[derive(Debug, Default)]
pub(crate) struct OneColumn {
    pub(crate) column: &'static str,
    pub(crate) n_fits: AtomicUsize,
    pub(crate) folds: Mutex<Vec<Option<Vec<usize>>>>,
}

impl OneColumn {
    pub(crate) fn new(column: &'static str) -> Self {
        Self { column, ..Self::default() }
    }
}

impl Transform for OneColumn {
    fn name(&self) -> &'static str {
        "one_column"
    }

    fn fit(&self, table: &Table, target: Option<&Target<'_>>, _: &FitContext<'_>) -> Result<Box<dyn FittedTransform>> {
        table.number(self.column)?;
        self.n_fits.fetch_add(1, Ordering::Relaxed);
        let folds = target.and_then(|target| target.folds).map(<[usize]>::to_vec);
        self.folds.lock().expect("no test panics while it holds this").push(folds);
        Ok(Box::new(FittedColumn { column: self.column, columns: vec![FeatureColumn::number(self.column)] }))
    }
}

#[derive(Debug)]
struct FittedColumn {
    column: &'static str,
    columns: Vec<FeatureColumn>,
}

impl FittedTransform for FittedColumn {
    fn transform(&self, table: &Table) -> Result<FeatureMatrix> {
        let values = table.number(self.column)?;
        let values = Array2::from_shape_vec((values.len(), 1), values.to_vec()).expect("one column");
        FeatureMatrix::new(values, self.columns.clone())
    }

    fn feature_columns(&self) -> &[FeatureColumn] {
        &self.columns
    }

    fn input_columns(&self) -> Vec<&str> {
        vec![self.column]
    }

    fn to_file(&self) -> Result<ModelFile> {
        Err(Error::Unsupported { by: "one_column".to_owned(), what: "saving".to_owned() })
    }
}

/// What a [`Toy`] learner does.
#[derive(Debug, Clone)]
pub(crate) enum Toy {
    /// Predicts the weighted mean target.
    Mean,
    /// Least squares of the target on the first feature, weighted.
    Line,
    /// Predicts the target of the training row whose feature is nearest: perfect on training rows.
    Nearest,
    /// Predicts a number drawn from the context's seed.
    Random,
    /// Predicts `NaN`.
    NotANumber,
    /// Fails when the first feature of the first training row is above the number.
    Fails(f64),
    /// Cancels the work.
    Cancels(CancelToken),
}

impl Learner for Toy {
    fn name(&self) -> &'static str {
        "toy"
    }

    fn params(&self) -> &'static [ParamSpec] {
        &[]
    }

    fn param(&self, name: &str) -> Result<ParamValue> {
        Err(ParamSpec::find(&[], "toy", name).unwrap_err())
    }

    fn set_param(&mut self, name: &str, _: ParamValue) -> Result<()> {
        Err(ParamSpec::find(&[], "toy", name).unwrap_err())
    }

    fn fit(&self, data: &TrainingSet<'_>, context: &FitContext<'_>) -> Result<Box<dyn Regressor>> {
        assert!(context.warm_start.is_none(), "a model fitted on other rows must not reach a fold");
        let rows = || (0..data.n_samples()).map(|row| (data.x[(row, 0)], data.y[row], data.weight(row)));
        let total: f64 = rows().map(|(_, _, w)| w).sum();
        let mean_y = rows().map(|(_, y, w)| w * y).sum::<f64>() / total;
        let mean_x = rows().map(|(x, _, w)| w * x).sum::<f64>() / total;
        let model = match self {
            Self::Mean => ToyModel::Line { intercept: mean_y, slope: 0.0 },
            Self::Line => {
                let covariance: f64 = rows().map(|(x, y, w)| w * (x - mean_x) * (y - mean_y)).sum();
                let variance: f64 = rows().map(|(x, _, w)| w * (x - mean_x) * (x - mean_x)).sum();
                let slope = covariance / variance;
                ToyModel::Line { intercept: mean_y - slope * mean_x, slope }
            }
            Self::Nearest => ToyModel::Nearest(rows().map(|(x, y, _)| (x, y)).collect()),
            Self::Random => ToyModel::Line { intercept: context.seed.stream("toy", 0).uniform(), slope: 0.0 },
            Self::NotANumber => ToyModel::Line { intercept: f64::NAN, slope: 0.0 },
            Self::Fails(limit) if data.x[(0, 0)] > *limit => {
                return Err(Error::invalid_parameter("limit", limit, "more than the first feature"));
            }
            Self::Fails(_) => ToyModel::Line { intercept: mean_y, slope: 0.0 },
            Self::Cancels(token) => {
                token.cancel();
                context.check_cancelled()?;
                unreachable!("the context has the same token")
            }
        };
        Ok(Box::new(model))
    }

    fn boxed_clone(&self) -> Box<dyn Learner> {
        Box::new(self.clone())
    }
}

#[derive(Debug)]
enum ToyModel {
    Line { intercept: f64, slope: f64 },
    Nearest(Vec<(f64, f64)>),
}

impl Regressor for ToyModel {
    fn n_features(&self) -> usize {
        1
    }

    fn predict_into(&self, x: ArrayView2<'_, f64>, out: &mut [f64]) -> Result<()> {
        check_predict_shapes(1, x, out)?;
        for (row, out) in x.column(0).iter().zip(out) {
            *out = self.predict_row(&[*row])?;
        }
        Ok(())
    }

    fn predict_row(&self, row: &[f64]) -> Result<f64> {
        Ok(match self {
            Self::Line { intercept, slope } => intercept + slope * row[0],
            Self::Nearest(known) => {
                let nearest = known.iter().min_by(|a, b| (a.0 - row[0]).abs().total_cmp(&(b.0 - row[0]).abs()));
                nearest.expect("a training set has rows").1
            }
        })
    }
}

/// `n` ads whose click-through rate rises with their bid: bids, rates and impressions, without noise in the bids.
pub(crate) struct Ads {
    pub(crate) table: Table,
    pub(crate) ctr: Vec<f64>,
    pub(crate) impressions: Vec<f64>,
    pub(crate) campaigns: Vec<usize>,
    pub(crate) days: Vec<i64>,
}

impl Ads {
    pub(crate) fn new(n: usize, slope: f64) -> Self {
        let mut chance = adsml_core::Seed::new(7).stream("ads", 0);
        let bids: Vec<f64> = (0..n).map(|_| chance.uniform()).collect();
        let impressions: Vec<f64> = (0..n).map(|_| (500.0 + 4_000.0 * chance.uniform()).round()).collect();
        let mut click = |bid: f64, shown: f64| {
            let rate = 0.02 + slope * bid;
            let noise = (0..12).map(|_| chance.uniform()).sum::<f64>() - 6.0;
            let expected = rate * shown;
            ((expected + expected.sqrt() * noise).round().max(0.0)) / shown
        };
        let ctr = bids.iter().zip(&impressions).map(|(&bid, &shown)| click(bid, shown)).collect();
        Self {
            table: Table::from_columns([("bid", adsml_core::Column::from(bids))]).unwrap(),
            ctr,
            impressions,
            campaigns: (0..n).map(|row| row / 3).collect(),
            days: (0..n as i64).map(|row| row / 5).collect(),
        }
    }
}
