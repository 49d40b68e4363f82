//! The fitted pipeline: the same for one row as for a million.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use adsml_core::{
    Column, Error, FeatureColumn, FeatureKind, FeatureMatrix, FittedTransform, Levels, ModelFile, Provenance, Table,
    parallel,
};
use ndarray::Array2;

use crate::derive::{DerivedColumn, DerivedFeature, TransformReport, compute_all};
use crate::encode::{
    Categories, Encoding, FittedImputer, FittedScaler, FittedWarp, MAX_VALUE, one_hot, ordinal, shares,
};
use crate::error::Result;

/// A fitted [`FeaturePipeline`](crate::FeaturePipeline); immutable.
///
/// It transforms any table that has the columns it reads, in any order, beside any others; a row has
/// the same bits alone as among others. A missing or mistyped column is an error by name. A column of categories
/// of which every value is missing passes for a column of missing numbers: a single record cannot know better.
#[derive(Debug, Clone, PartialEq)]
pub struct FittedPipeline {
    derived: Vec<DerivedFeature>,
    steps: Vec<Step>,
    columns: Arc<[FeatureColumn]>,
    report: TransformReport,
}

/// One input column and the features made of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) input: Arc<str>,
    pub(super) provenance: Provenance,
    pub(super) kind: StepKind,
}

/// What is done to an input column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum StepKind {
    Numeric { warp: FittedWarp, imputer: FittedImputer, scaler: FittedScaler, indicator: bool },
    Ordinal { categories: Categories, levels: Arc<Levels> },
    OneHot { categories: Categories, missing: bool },
    Values { categories: Categories, encoding: Encoding, suffix: Suffix },
}

/// What the values of a level mean, as the end of the feature's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suffix {
    Target,
    Frequency,
}

impl Suffix {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Frequency => "frequency",
        }
    }
}

impl StepKind {
    pub(super) fn ordinal(categories: Categories) -> Self {
        let levels = Arc::new(categories.levels().clone());
        Self::Ordinal { categories, levels }
    }

    pub(super) const fn one_hot(categories: Categories, missing: bool) -> Self {
        Self::OneHot { categories, missing }
    }

    pub(super) const fn target(categories: Categories, encoding: Encoding) -> Self {
        Self::Values { categories, encoding, suffix: Suffix::Target }
    }

    pub(super) fn frequency(categories: Categories, codes: &[u32]) -> Self {
        let (levels, missing) = shares(codes, categories.len());
        Self::Values { categories, encoding: Encoding { levels, missing, mean: 0.0 }, suffix: Suffix::Frequency }
    }

    /// Number of features it makes.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Numeric { indicator, .. } => 1 + usize::from(*indicator),
            Self::OneHot { categories, missing } => categories.len() + usize::from(*missing),
            Self::Ordinal { .. } | Self::Values { .. } => 1,
        }
    }
}

impl Step {
    fn features(&self) -> Vec<FeatureColumn> {
        let number = |name: String| FeatureColumn { name, kind: FeatureKind::Number, provenance: self.provenance };
        let input = &self.input;
        match &self.kind {
            StepKind::Numeric { indicator, .. } => {
                let indicator = indicator.then(|| number(format!("{input}_missing")));
                std::iter::once(number(input.to_string())).chain(indicator).collect()
            }
            StepKind::Ordinal { levels, .. } => {
                let kind = FeatureKind::Category { levels: Arc::clone(levels) };
                vec![FeatureColumn { kind, ..number(input.to_string()) }]
            }
            StepKind::OneHot { categories, missing } => {
                one_hot::names(input, categories, *missing).map(number).collect()
            }
            StepKind::Values { suffix, .. } => vec![number(format!("{input}_{}", suffix.as_str()))],
        }
    }
}

/// An input column of one table, ready to be written into rows.
enum Prepared<'a> {
    /// Numbers to warp, impute and scale.
    Numbers(Cow<'a, [f64]>),
    Codes(Vec<u32>),
    /// Features as they are: cross-fitted encodings.
    Done(&'a [f64]),
}

/// Rows per piece of parallel work.
const BLOCK: usize = 4_096;

impl FittedPipeline {
    pub(super) fn new(derived: Vec<DerivedFeature>, steps: Vec<Step>, report: TransformReport) -> Self {
        let mut columns: Vec<FeatureColumn> = steps.iter().flat_map(Step::features).collect();
        tell_apart(&mut columns);
        Self { derived, steps, columns: columns.into(), report }
    }

    /// What was missing in derived columns of the table it was fitted on.
    pub const fn report(&self) -> &TransformReport {
        &self.report
    }

    /// The input column from which each feature is made.
    pub fn feature_sources(&self) -> Vec<&str> {
        self.steps.iter().flat_map(|step| std::iter::repeat_n(&*step.input, step.kind.width())).collect()
    }

    /// The derived columns it computes first.
    pub fn derived(&self) -> &[DerivedFeature] {
        &self.derived
    }

    /// The matrix of a table, and what is missing in its derived columns.
    ///
    /// # Errors
    ///
    /// As [`FittedTransform::transform`].
    pub fn transform_with_report(&self, table: &Table) -> Result<(FeatureMatrix, TransformReport)> {
        self.matrix_with_report(table, &[], parallel::available_threads)
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.steps
    }

    pub(super) fn matrix(
        &self,
        table: &Table,
        cross_fitted: &[Option<Vec<f64>>],
        threads: NonZeroUsize,
    ) -> Result<FeatureMatrix> {
        Ok(self.matrix_with_report(table, cross_fitted, || threads)?.0)
    }

    fn matrix_with_report(
        &self,
        table: &Table,
        cross_fitted: &[Option<Vec<f64>>],
        threads: impl FnOnce() -> NonZeroUsize,
    ) -> Result<(FeatureMatrix, TransformReport)> {
        let n_rows = table.n_rows();
        let threads = threads_for(n_rows, self.steps.len(), threads);
        let (made, report) = compute_all(table, &self.derived, threads)?;
        let prepared =
            parallel::try_map(self.steps.len(), threads, |i| match cross_fitted.get(i).and_then(Option::as_ref) {
                Some(values) => Ok(Prepared::Done(values)),
                None => self.steps[i].prepare(table, &made),
            })?;
        let width = self.columns.len();
        let mut values = vec![0.0; n_rows * width];
        let blocks: Vec<Mutex<&mut [f64]>> = values.chunks_mut((BLOCK * width).max(1)).map(Mutex::new).collect();
        parallel::map(blocks.len(), threads, |block| {
            let mut rows = blocks[block].lock().unwrap_or_else(PoisonError::into_inner);
            let mut at = 0;
            for (step, prepared) in self.steps.iter().zip(&prepared) {
                step.write(prepared, block * BLOCK, width, at, &mut rows);
                at += step.kind.width();
            }
        });
        drop(blocks);
        let values = Array2::from_shape_vec((n_rows, width), values).map_err(Error::component)?;
        Ok((FeatureMatrix::new(values, Arc::clone(&self.columns))?, report))
    }
}

/// Tables of fewer cells are one thread's work: to start more, or only to ask how many there are, takes longer.
const MIN_CELLS: usize = 100_000;

/// How many threads a table of `n_rows` deserves of which `n_columns` are read, at most `threads()`.
pub(crate) fn threads_for(n_rows: usize, n_columns: usize, threads: impl FnOnce() -> NonZeroUsize) -> NonZeroUsize {
    if n_rows.saturating_mul(n_columns) < MIN_CELLS { NonZeroUsize::MIN } else { threads() }
}

impl Step {
    fn prepare<'a>(&self, table: &'a Table, made: &'a [DerivedColumn]) -> Result<Prepared<'a>> {
        let column = lookup(table, made, &self.input)?;
        match &self.kind {
            StepKind::Numeric { .. } => {
                let values = numbers(&self.input, column)?;
                check_finite(&self.input, &values)?;
                Ok(Prepared::Numbers(values))
            }
            StepKind::Ordinal { categories, .. }
            | StepKind::OneHot { categories, .. }
            | StepKind::Values { categories, .. } => Ok(Prepared::Codes(categories.codes(&self.input, column)?)),
        }
    }

    /// Writes its features into `rows` (of `width`, the first being row `first`), from column `at` on.
    fn write(&self, prepared: &Prepared<'_>, first: usize, width: usize, at: usize, rows: &mut [f64]) {
        let rows = rows.chunks_exact_mut(width);
        match (&self.kind, prepared) {
            (_, Prepared::Done(values)) => {
                for (row, &value) in rows.zip(&values[first..]) {
                    row[at] = value;
                }
            }
            (StepKind::Numeric { warp, imputer, scaler, indicator }, Prepared::Numbers(values)) => {
                for (row, &value) in rows.zip(&values[first..]) {
                    row[at] = scaler.apply(imputer.apply(warp.apply(value)));
                    if *indicator {
                        row[at + 1] = f64::from(u8::from(value.is_nan()));
                    }
                }
            }
            (StepKind::Ordinal { .. }, Prepared::Codes(codes)) => {
                for (row, &code) in rows.zip(&codes[first..]) {
                    row[at] = ordinal(code);
                }
            }
            (StepKind::OneHot { categories, missing }, Prepared::Codes(codes)) => {
                for (row, &code) in rows.zip(&codes[first..]) {
                    if let Some(hot) = one_hot::position(code, categories.len(), *missing) {
                        row[at + hot] = 1.0;
                    }
                }
            }
            (StepKind::Values { encoding, .. }, Prepared::Codes(codes)) => {
                for (row, &code) in rows.zip(&codes[first..]) {
                    row[at] = encoding.value(code);
                }
            }
            (StepKind::Numeric { .. }, Prepared::Codes(_)) | (_, Prepared::Numbers(_)) => {
                unreachable!("a step prepares what it writes")
            }
        }
    }
}

/// A derived column, or else one of the table.
pub(super) fn lookup<'a>(table: &'a Table, made: &'a [DerivedColumn], name: &str) -> Result<&'a Column> {
    match made.iter().find(|column| column.name == name) {
        Some(derived) => Ok(&derived.column),
        None => Ok(table.column(name)?),
    }
}

/// The numbers of a column; an all-missing column of categories is one of missing numbers.
pub(super) fn numbers<'a>(name: &str, column: &'a Column) -> Result<Cow<'a, [f64]>> {
    match column {
        Column::Number(values) => Ok(Cow::Borrowed(values)),
        Column::Category(category) if column.n_missing() == column.len() => {
            Ok(Cow::Owned(vec![f64::NAN; category.codes().len()]))
        }
        other => Err(Error::ColumnKind { column: name.to_owned(), expected: "number", found: other.kind() }.into()),
    }
}

/// An infinite number is nobody's measurement, and one that is nearly so would become infinite, or `NaN`, on its way.
pub(super) fn check_finite(name: &str, values: &[f64]) -> Result<()> {
    match values.iter().position(|value| value.abs() > MAX_VALUE) {
        None => Ok(()),
        Some(row) => {
            let (what, value) = (format!("column `{name}`"), values[row]);
            let finite = "a number within ±1e150, or missing";
            let expected = if value.is_infinite() { "a finite number, or missing" } else { finite };
            Err(Error::InvalidSample { what, row, value, expected }.into())
        }
    }
}

/// Features of one name are told apart by primes: a level may be called `(missing)`.
///
/// Linear in the length of the names: what is counted is how many primes follow a stem.
fn tell_apart(columns: &mut [FeatureColumn]) {
    const PRIME: char = '′';
    let mut taken: HashMap<String, HashSet<usize>> = HashMap::new();
    for column in columns {
        let stem = column.name.trim_end_matches(PRIME);
        let own = (column.name.len() - stem.len()) / PRIME.len_utf8();
        let counts = match taken.get_mut(stem) {
            Some(counts) => counts,
            None => taken.entry(stem.to_owned()).or_default(),
        };
        let free = (own..).find(|count| counts.insert(*count)).unwrap_or(own);
        column.name.extend(std::iter::repeat_n(PRIME, free - own));
    }
}

impl FittedTransform for FittedPipeline {
    fn transform(&self, table: &Table) -> adsml_core::Result<FeatureMatrix> {
        Ok(self.matrix_with_report(table, &[], parallel::available_threads)?.0)
    }

    fn feature_columns(&self) -> &[FeatureColumn] {
        &self.columns
    }

    fn input_columns(&self) -> Vec<&str> {
        let mut seen: HashSet<&str> = self.derived.iter().map(DerivedFeature::name).collect();
        let derived = self.derived.iter().flat_map(DerivedFeature::inputs);
        derived.chain(self.steps.iter().map(|step| &*step.input)).filter(|&name| seen.insert(name)).collect()
    }

    fn to_file(&self) -> adsml_core::Result<ModelFile> {
        super::file::write(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told_apart(names: impl IntoIterator<Item = String>) -> Vec<String> {
        let number = |name| FeatureColumn { name, kind: FeatureKind::Number, provenance: Provenance::BeforeAuction };
        let mut columns: Vec<FeatureColumn> = names.into_iter().map(number).collect();
        tell_apart(&mut columns);
        columns.into_iter().map(|column| column.name).collect()
    }

    #[test]
    fn names_are_told_apart_by_primes() {
        let names = ["a", "a′", "a", "b", "a", "a′", "′", "′"].map(str::to_owned);
        assert_eq!(told_apart(names), ["a", "a′", "a′′", "b", "a′′′", "a′′′′", "′", "′′"]);
    }

    #[test]
    fn few_cells_are_the_work_of_one_thread_and_many_of_no_more_than_allowed() {
        let two = NonZeroUsize::new(2).unwrap();
        assert_eq!(threads_for(9_999, 10, || unreachable!("nobody asks")).get(), 1);
        assert_eq!(threads_for(10_000, 10, || two), two);
    }
}
