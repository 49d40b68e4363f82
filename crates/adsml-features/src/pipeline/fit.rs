//! Fitting: what each column needs to know.

use std::sync::Arc;

use adsml_core::{Error, FitContext, Provenance, Table, Target, parallel};

use super::fitted::{FittedPipeline, Step, StepKind, check_finite, lookup, numbers, threads_for};
use super::{CategoryEncoding, FeaturePipeline, Indicator, Named, NumericOptions};
use crate::derive::{DerivedColumn, DerivedFeature, compute_all, present};
use crate::encode::{Categories, CheckedTarget, FittedImputer, Imputation, cross_fit_folds};
use crate::error::{FeatureError, Result};
use crate::provenance::provenance_in;

/// Most columns one categorical column may be spread over.
pub(super) const MAX_ONE_HOT: usize = 10_000;
/// Most columns of all.
pub(super) const MAX_FEATURES: usize = 1_000_000;

/// A step to fit.
enum Plan<'a> {
    Numeric(&'a str, NumericOptions),
    Categorical(&'a str, CategoryEncoding),
}

/// The values of a target-encoded column for the training rows, for the steps that have them.
pub(super) type CrossFitted = Vec<Option<Vec<f64>>>;

impl FeaturePipeline {
    /// Fits every step; with `cross_fit` also gives the training rows' own target encodings.
    pub(super) fn fit_parts(
        &self,
        table: &Table,
        target: Option<&Target<'_>>,
        context: &FitContext<'_>,
        cross_fit: bool,
    ) -> Result<(FittedPipeline, CrossFitted)> {
        context.check_cancelled()?;
        let derived = present(table, &self.derived);
        let plans = self.plan(table, &derived)?;
        let threads = threads_for(table.n_rows(), plans.len(), || context.threads);
        let (made, report) = compute_all(table, &derived, threads)?;

        let params = self.target.clone().seed(context.seed);
        params.check()?;
        let checked = target.map(|target| CheckedTarget::new(&params, table.n_rows(), target)).transpose()?;
        let steps = parallel::try_map(plans.len(), threads, |i| -> Result<_> {
            context.check_cancelled()?;
            match plans[i] {
                Plan::Numeric(name, options) => Ok((fit_numeric(table, &made, name, options)?, None)),
                Plan::Categorical(name, encoding) => {
                    let column = lookup(table, &made, name)?;
                    let categories = Categories::fit(name, column)?;
                    let codes = categories.codes(name, column)?;
                    let kind = match self.resolve(name, encoding, categories.len(), checked.is_some())? {
                        CategoryEncoding::Ordinal => StepKind::ordinal(categories),
                        CategoryEncoding::Frequency => StepKind::frequency(categories, &codes),
                        CategoryEncoding::OneHot | CategoryEncoding::Auto => {
                            StepKind::one_hot(categories, column.n_missing() > 0)
                        }
                        CategoryEncoding::Target => {
                            let Some(checked) = &checked else {
                                let what = format!("the target encoding of column `{name}` without a target");
                                return Err(Error::Unsupported { by: "feature_pipeline".to_owned(), what }.into());
                            };
                            let n_levels = categories.len();
                            let encoding = checked.encode(&codes, n_levels, |_| true)?;
                            let values = match target {
                                Some(target) if cross_fit => {
                                    let folds = cross_fit_folds(&params, target)?;
                                    Some(checked.cross_fit(&codes, n_levels, &folds)?)
                                }
                                _ => None,
                            };
                            return Ok((step(table, &made, name, StepKind::target(categories, encoding)), values));
                        }
                    };
                    Ok((step(table, &made, name, kind), None))
                }
            }
        })?;
        let (steps, cross_fitted): (Vec<Step>, CrossFitted) = steps.into_iter().unzip();
        let features = steps.iter().map(|step| step.kind.width()).sum();
        if features > MAX_FEATURES {
            return Err(FeatureError::TooManyFeatures { features, max: MAX_FEATURES });
        }
        Ok((FittedPipeline::new(derived, steps, report), cross_fitted))
    }

    /// The steps, in order: numbers, derived numbers that were not named, categories.
    fn plan<'a>(&'a self, table: &Table, derived: &'a [DerivedFeature]) -> Result<Vec<Plan<'a>>> {
        let made = |name: &str| derived.iter().any(|feature| feature.name() == name);
        let there = |name: &str| table.get(name).is_some() || made(name);
        let mut plans: Vec<Plan<'_>> = Vec::new();
        let mut seen: Vec<&str> = Vec::new();
        let mut number = |name: &'a str, options: NumericOptions, plans: &mut Vec<Plan<'a>>| -> Result<()> {
            if seen.contains(&name) {
                return Err(Error::DuplicateColumn { name: name.to_owned() }.into());
            }
            options.check(name)?;
            seen.push(name);
            plans.push(Plan::Numeric(name, options));
            Ok(())
        };
        for Named { column, options, optional } in &self.numeric {
            if !optional || there(column) {
                number(column, options.unwrap_or(self.defaults), &mut plans)?;
            }
        }
        let named = |name: &str| self.numeric.iter().any(|named| named.column == name);
        let category = |name: &str| self.categorical.iter().any(|named| named.column == name);
        for feature in derived.iter().filter(|feature| !named(feature.name()) && !category(feature.name())) {
            number(feature.name(), self.defaults, &mut plans)?;
        }
        let mut categories: Vec<&str> = Vec::new();
        for Named { column, options, optional } in &self.categorical {
            if *optional && !there(column) {
                continue;
            }
            if seen.contains(&column.as_str()) {
                return Err(FeatureError::TwoRoles { column: column.clone(), first: "numeric", second: "categorical" });
            }
            if categories.contains(&column.as_str()) {
                return Err(Error::DuplicateColumn { name: column.clone() }.into());
            }
            categories.push(column);
            plans.push(Plan::Categorical(column, options.unwrap_or(self.encoding)));
        }
        if plans.is_empty() && !self.allow_empty {
            let columns: Vec<&str> = self.named_columns().collect();
            let columns = if columns.is_empty() { "none named".to_owned() } else { columns.join(", ") };
            return Err(FeatureError::NoFeatures { columns });
        }
        for plan in &plans {
            let (Plan::Numeric(name, _) | Plan::Categorical(name, _)) = plan;
            if !made(name) {
                table.column(name)?;
            }
        }
        Ok(plans)
    }

    /// What [`CategoryEncoding::Auto`] means here, and whether one-hot is not too wide.
    fn resolve(&self, name: &str, encoding: CategoryEncoding, levels: usize, target: bool) -> Result<CategoryEncoding> {
        match encoding {
            CategoryEncoding::Auto if levels <= self.max_one_hot.min(MAX_ONE_HOT) => Ok(CategoryEncoding::OneHot),
            CategoryEncoding::Auto if target => Ok(CategoryEncoding::Target),
            CategoryEncoding::Auto => Ok(CategoryEncoding::Frequency),
            CategoryEncoding::OneHot if levels > MAX_ONE_HOT => {
                Err(FeatureError::TooManyLevels { column: name.to_owned(), levels, max: MAX_ONE_HOT })
            }
            other => Ok(other),
        }
    }
}

fn fit_numeric(table: &Table, made: &[DerivedColumn], name: &str, options: NumericOptions) -> Result<Step> {
    let values = numbers(name, lookup(table, made, name)?)?;
    check_finite(name, &values)?;
    let n_missing = values.iter().filter(|value| value.is_nan()).count();
    let indicator = match options.indicator {
        Indicator::Always => true,
        Indicator::WhenMissing => n_missing > 0 && n_missing < values.len(),
        Indicator::Never => false,
    };
    let warp = options.warp.fit(&values)?;
    let mut values: Vec<f64> = values.iter().map(|&value| warp.apply(value)).collect();
    // The median is taken after the warp (both keep the order), a constant before it.
    let imputer = match options.imputation {
        Imputation::Constant(value) => FittedImputer { fill: Some(warp.apply(value)) },
        other => other.fit(&values),
    };
    values.iter_mut().for_each(|value| *value = imputer.apply(*value));
    let scaler = options.scaler.fit(&values);
    Ok(step(table, made, name, StepKind::Numeric { warp, imputer, scaler, indicator }))
}

fn step(table: &Table, made: &[DerivedColumn], name: &str, kind: StepKind) -> Step {
    let provenance: Provenance = match made.iter().find(|column| column.name == name) {
        Some(column) => column.provenance,
        None => provenance_in(table, name),
    };
    Step { input: Arc::from(name), provenance, kind }
}
