//! Which columns are used, which are not, and why.

use std::num::NonZeroUsize;

use adsml_core::{Column, Table};
use adsml_features::{CTR_CATEGORICAL, CTR_NUMERIC, DerivedFeature, FeaturePipeline, ctr_features};

use super::leaks::Leaks;
use super::tree_columns::TreePipeline;
use super::{AllowedLeaks, CtrPredictorParams, IgnoredReport, PredictTarget, WarningReport};
use crate::{Error, Result};

/// The columns to predict from.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) numeric: Vec<String>,
    pub(super) categorical: Vec<String>,
    /// Features of `numeric` that the table lacks and its columns can give.
    derived: Vec<DerivedFeature>,
    /// Every other column, by the table's order, then derived features that are refused.
    pub(super) ignored: Vec<IgnoredReport>,
    /// What is used and yet worth a look, by the order of features.
    pub(super) warnings: Vec<WarningReport>,
}

impl Columns {
    /// Decides for every column of the table.
    pub(super) fn choose(
        params: &CtrPredictorParams,
        target: &PredictTarget,
        table: &Table,
        threads: NonZeroUsize,
    ) -> Result<Self> {
        check_roles(params, target)?;
        let is_target = |name: &str| target.columns().contains(&name);
        let derivable = |name: &str| -> Option<DerivedFeature> {
            let feature = ctr_features().into_iter().find(|feature| feature.name() == name)?;
            let has_inputs = feature.inputs().all(|input| table.number(input).is_ok());
            (table.get(name).is_none() && has_inputs).then_some(feature)
        };
        let named = !params.numeric.is_empty() || !params.categorical.is_empty();
        let (numeric, categorical) = if named {
            for name in params.numeric.iter().filter(|name| derivable(name).is_none()) {
                table.number(name)?;
            }
            for name in &params.categorical {
                check_category(table, name)?;
            }
            (params.numeric.clone(), params.categorical.clone())
        } else {
            // What would be made of the target is no default.
            let made_of_target = |name: &str| derivable(name).is_some_and(|feature| feature.inputs().any(is_target));
            let numeric = CTR_NUMERIC.iter().filter(|name| {
                let there = table.number(name).is_ok() || derivable(name).is_some();
                there && !is_target(name) && !made_of_target(name)
            });
            let categorical = CTR_CATEGORICAL.iter().filter(|name| table.get(name).is_some() && !is_target(name));
            (owned(numeric), owned(categorical))
        };
        let derived: Vec<DerivedFeature> = numeric.iter().filter_map(|name| derivable(name)).collect();
        if derived.iter().any(|feature| feature.inputs().any(is_target)) {
            return Err(Error::TwoRoles {
                column: target.columns()[0].to_owned(),
                first: "the target",
                second: "what a feature is derived from",
            });
        }
        let features = || numeric.iter().chain(&categorical);
        check_allowed(&params.allow_leaks, table, features)?;
        let leaks = Leaks::find(target, table, features(), &derived, threads)?;
        let keep = |name: &str| params.allow_leaks.holds(name) || leaks.refused(name).is_none();
        let (derived, refused): (Vec<DerivedFeature>, Vec<DerivedFeature>) =
            derived.into_iter().partition(|feature| keep(feature.name()));
        let columns = Self {
            derived,
            numeric: numeric.iter().filter(|name| keep(name)).cloned().collect(),
            categorical: categorical.iter().filter(|name| keep(name)).cloned().collect(),
            ignored: Vec::new(),
            warnings: Vec::new(),
        };
        let mut ignored = ignored(params, target, table, &columns, &leaks);
        ignored.extend(refused.iter().filter_map(|feature| {
            let reason = leaks.refused(feature.name())?.clone();
            Some(IgnoredReport { column: feature.name().to_owned(), reason })
        }));
        let warnings = features().filter(|name| keep(name)).flat_map(|name| warnings(params, &leaks, name)).collect();
        if columns.is_empty() && params.extra.is_empty() {
            let refused = features().filter_map(|name| Some((name.clone(), leaks.refused(name)?.clone()))).collect();
            return Err(Error::NoFeatures { ignored: refused });
        }
        Ok(Self { ignored, warnings, ..columns })
    }

    /// Whether there is nothing to predict from.
    pub(super) fn is_empty(&self) -> bool {
        self.numeric.is_empty() && self.categorical.is_empty()
    }

    /// A pipeline over these columns, for linear models.
    pub(super) fn pipeline(&self) -> FeaturePipeline {
        self.numbers().categorical(&self.categorical)
    }

    /// A pipeline over these columns, for trees.
    pub(super) fn tree_pipeline(&self) -> TreePipeline {
        TreePipeline::new(self.numbers(), &self.categorical)
    }

    fn numbers(&self) -> FeaturePipeline {
        let derived = |name: &&String| self.derived.iter().any(|feature| feature.name() == name.as_str());
        FeaturePipeline::new()
            .allow_empty(self.is_empty())
            .derive(self.derived.iter().cloned())
            .numeric(self.numeric.iter().filter(|name| !derived(name)))
    }
}

/// Why each unused column of the table is not used.
fn ignored(
    params: &CtrPredictorParams,
    target: &PredictTarget,
    table: &Table,
    columns: &Columns,
    leaks: &Leaks,
) -> Vec<IgnoredReport> {
    let is = |list: &[String], name: &str| list.iter().any(|known| known == name);
    let input = |name: &str| columns.derived.iter().any(|feature| feature.inputs().any(|input| input == name));
    let reason = |name: &str| -> Option<String> {
        if target.columns().contains(&name) {
            Some("the target".to_owned())
        } else if is(&columns.numeric, name) || is(&columns.categorical, name) || input(name) {
            None
        } else if let Some(reason) = leaks.refused(name) {
            Some(reason.clone())
        } else if params.group.as_deref() == Some(name) {
            Some("the groups of the split".to_owned())
        } else if params.time.as_deref() == Some(name) {
            Some("the time of the split".to_owned())
        } else {
            Some("not named".to_owned())
        }
    };
    let report = |name: &str| Some(IgnoredReport { column: name.to_owned(), reason: reason(name)? });
    table.names().filter_map(report).collect()
}

/// What is worth a look about a feature that is used.
fn warnings(params: &CtrPredictorParams, leaks: &Leaks, name: &str) -> Vec<WarningReport> {
    let allowed = leaks.refused(name).map(|reason| format!("used because leaks are allowed: {reason}"));
    let groups = (params.group.as_deref() == Some(name))
        .then(|| "rows are also grouped by it: it tells nothing of groups that a model has not seen".to_owned());
    let reasons = allowed.into_iter().chain(leaks.warned(name).iter().cloned()).chain(groups);
    reasons.map(|reason| WarningReport { column: name.to_owned(), reason }).collect()
}

/// Only features can be allowed to leak: another name is a slip.
fn check_allowed<'a, I: Iterator<Item = &'a String>>(
    allowed: &AllowedLeaks,
    table: &Table,
    features: impl Fn() -> I,
) -> Result<()> {
    let AllowedLeaks::Of(names) = allowed else { return Ok(()) };
    match names.iter().find(|name| features().all(|feature| feature != *name)) {
        None => Ok(()),
        Some(name) => {
            table.column(name)?;
            Err(Error::NotAFeature { column: name.clone() })
        }
    }
}

/// A column has one job: target, number, or category.
fn check_roles(params: &CtrPredictorParams, target: &PredictTarget) -> Result<()> {
    let two_roles = |column: &str, first, second| Err(Error::TwoRoles { column: column.to_owned(), first, second });
    for name in target.columns() {
        if params.numeric.iter().chain(&params.categorical).any(|named| named == name) {
            return two_roles(name, "the target", "a feature");
        }
        if params.group.as_deref() == Some(name) || params.time.as_deref() == Some(name) {
            return two_roles(name, "the target", "what rows are split by");
        }
    }
    if let PredictTarget::Rate { numerator, denominator } = target
        && numerator == denominator
    {
        return two_roles(numerator, "the numerator", "the denominator");
    }
    if let Some(name) = params.numeric.iter().find(|name| params.categorical.contains(name)) {
        return two_roles(name, "a number", "a category");
    }
    for names in [&params.numeric, &params.categorical] {
        if let Some((_, name)) = names.iter().enumerate().find(|(at, name)| names[..*at].contains(name)) {
            return two_roles(name, "named", "named again");
        }
    }
    Ok(())
}

/// Texts and numbers can be categories; a date cannot, but its calendar parts can.
fn check_category(table: &Table, name: &str) -> Result<()> {
    match table.column(name)? {
        Column::Number(_) | Column::Category(_) => Ok(()),
        other => Err(adsml_core::Error::ColumnKind {
            column: name.to_owned(),
            expected: "category or number",
            found: other.kind(),
        }
        .into()),
    }
}

fn owned<'a>(names: impl Iterator<Item = &'a &'a str>) -> Vec<String> {
    names.map(|&name| name.to_owned()).collect()
}
