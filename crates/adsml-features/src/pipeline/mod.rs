//! The pipeline from table to matrix.

mod file;
mod fit;
mod fitted;
mod infer;

use adsml_core::{Error, FeatureMatrix, FitContext, FittedTransform, Table, Target, Transform};

pub use file::register;
pub use fitted::FittedPipeline;
pub(crate) use fitted::threads_for;
pub use infer::IgnoredColumn;

use crate::derive::{CTR_CATEGORICAL, CTR_NUMERIC, DerivedFeature, ctr_features};
use crate::encode::{
    Imputation, MAX_VALUE, MissingLevel, Scaler, Smoothing, TargetEncoderParams, Warp, check_quantiles,
};
use crate::error::Result;

/// A recipe from table to matrix: which columns, and what is done to them.
///
/// ```text
/// derive -> numbers:    warp -> impute -> scale,  and an indicator of what was missing
///           categories: one-hot, ordinal, target or frequency encoding
/// ```
///
/// Features come out in the order in which columns were named: numbers, derived numbers,
/// categories. Everything is learnt from the table it is fitted on, and only there. In
/// [`fit_transform`](Self::fit_transform) target encodings are cross-fitted (on the folds of the target,
/// if it brings any), so that no training row is encoded from its own target; later tables get the encoding
/// learnt from all training rows.
///
/// A number is missing when it is `NaN`; an infinite one, or one beyond ±1e150, is an error. A category is any text or number
/// (see [`Categories`](crate::Categories)).
///
/// ```
/// use adsml_core::{Column, FitContext, FittedTransform, Table, Transform};
/// use adsml_features::FeaturePipeline;
///
/// let table = Table::from_columns([
///     ("budget", Column::from([100.0, 300.0, f64::NAN])),
///     ("gender", Column::from(["f", "m", "f"])),
/// ])?;
/// let pipeline = FeaturePipeline::new().numeric(["budget"]).categorical(["gender"]);
/// let (fitted, matrix) = pipeline.fit_transform(&table, None, &FitContext::default())?;
/// assert_eq!(matrix.names().collect::<Vec<_>>(), ["budget", "budget_missing", "gender=f", "gender=m"]);
/// assert_eq!(fitted.transform(&table.take_rows(&[1]))?.view().row(0), matrix.view().row(1));
/// # Ok::<(), adsml_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FeaturePipeline {
    derived: Vec<DerivedFeature>,
    numeric: Vec<Named<NumericOptions>>,
    categorical: Vec<Named<CategoryEncoding>>,
    defaults: NumericOptions,
    encoding: CategoryEncoding,
    max_one_hot: usize,
    target: TargetEncoderParams,
    ignored: Vec<IgnoredColumn>,
    allow_empty: bool,
}

/// A column and what is asked for it.
#[derive(Debug, Clone, PartialEq)]
struct Named<T> {
    column: String,
    /// Its own options; the pipeline's when absent.
    options: Option<T>,
    /// Whether a table may lack it at fitting.
    optional: bool,
}

/// What is done to a column of numbers: warp, then impute, then scale.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NumericOptions {
    /// What tames a heavy tail. Default: nothing.
    pub warp: Warp,
    /// What stands in for a missing value; a constant is in the column's unit, before the warp. Default: the median.
    pub imputation: Imputation,
    /// Whether another column tells which values were missing. Default: when some were.
    pub indicator: Indicator,
    /// How it is scaled. Default: mean and standard deviation.
    pub scaler: Scaler,
}

impl NumericOptions {
    /// As it is: missing values stay missing, no scale, no indicator. What trees want.
    pub const RAW: Self =
        Self { warp: Warp::None, imputation: Imputation::Keep, indicator: Indicator::Never, scaler: Scaler::Keep };

    fn check(&self, column: &str) -> Result<()> {
        if let Warp::Clip { low, high } = self.warp {
            check_quantiles(low, high)?;
        }
        if let Imputation::Constant(value) = self.imputation
            && (value.is_nan() || value.abs() > MAX_VALUE)
        {
            let expected = "a number within ±1e150";
            return Err(
                Error::invalid_parameter(format!("imputation of `{column}`"), format!("{value:e}"), expected).into()
            );
        }
        Ok(())
    }
}

/// Whether a column `x_missing` (1 where `x` is missing, else 0) goes beside `x`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Indicator {
    /// When some training rows lack the value, but not all.
    #[default]
    WhenMissing,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a categorical column becomes numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum CategoryEncoding {
    /// One-hot up to [`max_one_hot`](FeaturePipeline::max_one_hot) levels; beyond them the target encoding, or the
    /// frequency encoding when there is no target.
    #[default]
    Auto,
    /// A column per level; see [`OneHotEncoder`](crate::OneHotEncoder). At most 10 000 levels.
    OneHot,
    /// The code of the level, in one column of kind category; see [`OrdinalEncoder`](crate::OrdinalEncoder).
    Ordinal,
    /// The smoothed mean target of the level, in one column; see [`TargetEncoder`](crate::TargetEncoder).
    Target,
    /// The share of rows that have the level, in one column; see [`FrequencyEncoder`](crate::FrequencyEncoder).
    Frequency,
}

impl Default for FeaturePipeline {
    fn default() -> Self {
        Self {
            derived: Vec::new(),
            numeric: Vec::new(),
            categorical: Vec::new(),
            defaults: NumericOptions::default(),
            encoding: CategoryEncoding::Auto,
            max_one_hot: 20,
            target: TargetEncoderParams::default(),
            ignored: Vec::new(),
            allow_empty: false,
        }
    }
}

impl FeaturePipeline {
    /// A pipeline without columns, for linear models: numbers are imputed and standardised, categories one-hot or
    /// target encoded.
    pub fn new() -> Self {
        Self::default()
    }

    /// A pipeline without columns, for trees: numbers as they are, categories as codes.
    pub fn for_trees() -> Self {
        Self { defaults: NumericOptions::RAW, encoding: CategoryEncoding::Ordinal, ..Self::default() }
    }

    /// The prototype's CTR features: its derived columns, its 15 numeric and 5 categorical columns, those that are present.
    pub fn prototype_ctr() -> Self {
        Self::new().derive(ctr_features()).numeric_if_present(CTR_NUMERIC).categorical_if_present(CTR_CATEGORICAL)
    }

    /// Derived columns, as far as their inputs are there and their names are free; they are used as numbers.
    #[must_use]
    pub fn derive(mut self, features: impl IntoIterator<Item = DerivedFeature>) -> Self {
        self.derived.extend(features);
        self
    }

    /// Columns to use as numbers, with the pipeline's options.
    #[must_use]
    pub fn numeric<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.numeric.extend(named(columns, None, false));
        self
    }

    /// Columns to use as numbers, with options of their own.
    #[must_use]
    pub fn numeric_with<N: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = N>,
        options: NumericOptions,
    ) -> Self {
        self.numeric.extend(named(columns, Some(options), false));
        self
    }

    /// Columns to use as numbers where a table has them at fitting.
    #[must_use]
    pub fn numeric_if_present<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.numeric.extend(named(columns, None, true));
        self
    }

    /// Columns to use as categories, with the pipeline's encoding; columns of numbers too.
    #[must_use]
    pub fn categorical<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.categorical.extend(named(columns, None, false));
        self
    }

    /// Columns to use as categories, with an encoding of their own.
    #[must_use]
    pub fn categorical_with<N: Into<String>>(
        mut self,
        columns: impl IntoIterator<Item = N>,
        encoding: CategoryEncoding,
    ) -> Self {
        self.categorical.extend(named(columns, Some(encoding), false));
        self
    }

    /// Columns to use as categories where a table has them at fitting.
    #[must_use]
    pub fn categorical_if_present<N: Into<String>>(mut self, columns: impl IntoIterator<Item = N>) -> Self {
        self.categorical.extend(named(columns, None, true));
        self
    }

    /// What is done to numbers whose columns have no options of their own.
    #[must_use]
    pub fn numeric_options(mut self, options: NumericOptions) -> Self {
        self.defaults = options;
        self
    }

    /// How categories are encoded whose columns have no encoding of their own. Default [`CategoryEncoding::Auto`].
    #[must_use]
    pub fn encoding(mut self, encoding: CategoryEncoding) -> Self {
        self.encoding = encoding;
        self
    }

    /// Most levels that [`CategoryEncoding::Auto`] encodes one-hot. Default 20.
    #[must_use]
    pub fn max_one_hot(mut self, max_one_hot: usize) -> Self {
        self.max_one_hot = max_one_hot;
        self
    }

    /// How target encodings are smoothed. Default [`Smoothing::Auto`].
    #[must_use]
    pub fn smoothing(mut self, smoothing: Smoothing) -> Self {
        self.target = self.target.smoothing(smoothing);
        self
    }

    /// What target encodings make of a missing category. Default [`MissingLevel::Own`].
    #[must_use]
    pub fn missing_level(mut self, missing: MissingLevel) -> Self {
        self.target = self.target.missing(missing);
        self
    }

    /// Folds of the cross-fitting when the target brings none, 2 or more. Default 5.
    #[must_use]
    pub fn n_folds(mut self, n_folds: usize) -> Self {
        self.target = self.target.n_folds(n_folds);
        self
    }

    /// Whether it may be fitted without any feature, for models that look at none (a constant). Default `false`:
    /// [`NoFeatures`](crate::FeatureError::NoFeatures).
    ///
    /// ```
    /// use adsml_core::{Column, FitContext, Table};
    /// use adsml_features::FeaturePipeline;
    ///
    /// let table = Table::from_columns([("budget", Column::from([100.0, 300.0]))])?;
    /// let (_, matrix) = FeaturePipeline::new().allow_empty(true).fit_transform(&table, None, &FitContext::default())?;
    /// assert_eq!(matrix.view().dim(), (2, 0));
    /// # Ok::<(), adsml_features::FeatureError>(())
    /// ```
    #[must_use]
    pub fn allow_empty(mut self, allow_empty: bool) -> Self {
        self.allow_empty = allow_empty;
        self
    }

    /// Columns that [`infer`](Self::infer) left out, and why.
    pub fn ignored(&self) -> &[IgnoredColumn] {
        &self.ignored
    }

    /// The columns it was told of: numbers, then categories.
    pub fn named_columns(&self) -> impl Iterator<Item = &str> {
        let numeric = self.numeric.iter().map(|named| named.column.as_str());
        numeric.chain(self.categorical.iter().map(|named| named.column.as_str()))
    }

    /// Fits and gives the concrete type; see [`Transform::fit`].
    ///
    /// # Errors
    ///
    /// [`Error::MissingColumn`] and [`Error::ColumnKind`] by name; [`Error::DuplicateColumn`] and
    /// [`TwoRoles`](crate::FeatureError::TwoRoles) for a column named twice;
    /// [`NoFeatures`](crate::FeatureError::NoFeatures); [`TooManyLevels`](crate::FeatureError::TooManyLevels);
    /// [`TooManyFeatures`](crate::FeatureError::TooManyFeatures) beyond a million;
    /// [`Error::InvalidSample`] for a number beyond ±1e150; [`Error::Unsupported`] for a target encoding without target;
    /// [`Error::InvalidParameter`]; [`Error::Cancelled`].
    pub fn fit(&self, table: &Table, target: Option<&Target<'_>>, context: &FitContext<'_>) -> Result<FittedPipeline> {
        Ok(self.fit_parts(table, target, context, false)?.0)
    }

    /// Fits and gives the matrix to train a model on; see [`Transform::fit_transform`].
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit); [`Error::NotEnough`] when there are too few rows or folds to cross-fit a target encoding.
    pub fn fit_transform(
        &self,
        table: &Table,
        target: Option<&Target<'_>>,
        context: &FitContext<'_>,
    ) -> Result<(FittedPipeline, FeatureMatrix)> {
        let (fitted, cross_fitted) = self.fit_parts(table, target, context, true)?;
        let matrix = fitted.matrix(table, &cross_fitted, context.threads)?;
        Ok((fitted, matrix))
    }
}

fn named<T: Copy, N: Into<String>>(
    columns: impl IntoIterator<Item = N>,
    options: Option<T>,
    optional: bool,
) -> impl Iterator<Item = Named<T>> {
    columns.into_iter().map(move |column| Named { column: column.into(), options, optional })
}

impl Transform for FeaturePipeline {
    fn name(&self) -> &'static str {
        "feature_pipeline"
    }

    fn fit(
        &self,
        table: &Table,
        target: Option<&Target<'_>>,
        context: &FitContext<'_>,
    ) -> adsml_core::Result<Box<dyn FittedTransform>> {
        Ok(Box::new(Self::fit(self, table, target, context)?))
    }

    fn fit_transform(
        &self,
        table: &Table,
        target: Option<&Target<'_>>,
        context: &FitContext<'_>,
    ) -> adsml_core::Result<(Box<dyn FittedTransform>, FeatureMatrix)> {
        let (fitted, matrix) = Self::fit_transform(self, table, target, context)?;
        Ok((Box::new(fitted), matrix))
    }
}
