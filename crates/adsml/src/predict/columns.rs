//! Which columns are used, which are not, and why.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use adsml_core::{Column, Table};
use adsml_features::{
    CTR_CATEGORICAL, CTR_NUMERIC, DerivedFeature, FeaturePipeline, LintOptions, LintTarget, Reason, Severity,
    ctr_features, lint_leakage, provenance_of,
};

use super::tree_columns::TreePipeline;
use super::{CtrPredictorParams, IgnoredReport, PredictTarget};
use crate::{Error, Result};

/// The columns to predict from.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    pub(super) numeric: Vec<String>,
    pub(super) categorical: Vec<String>,
    /// Features of `numeric` that the table lacks and its columns can give.
    derived: Vec<DerivedFeature>,
    /// Every other column, by the table's order.
    pub(super) ignored: Vec<IgnoredReport>,
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
        let mut leaks = leaks(target, table, numeric.iter().chain(&categorical), threads)?;
        for feature in numeric.iter().filter_map(|name| derivable(name)) {
            if feature.inputs().any(is_target) {
                return Err(Error::TwoRoles {
                    column: target.columns()[0].to_owned(),
                    first: "the target",
                    second: "what a feature is derived from",
                });
            }
            if let Some(reason) = feature.inputs().find_map(|input| leaks.get(input)) {
                leaks.insert(feature.name().to_owned(), reason.clone());
            }
        }
        let leak = |name: &str| leaks.get(name).cloned();
        let keep = |name: &String| params.allow_leaks || leak(name).is_none();
        let columns = Self {
            derived: numeric.iter().filter(|name| keep(name)).filter_map(|name| derivable(name)).collect(),
            numeric: numeric.iter().filter(|name| keep(name)).cloned().collect(),
            categorical: categorical.iter().filter(|name| keep(name)).cloned().collect(),
            ignored: Vec::new(),
        };
        let ignored = ignored(params, target, table, &columns, &leaks);
        if columns.is_empty() && params.extra.is_empty() {
            let refused = numeric.iter().chain(&categorical);
            let refused = refused.filter_map(|name| Some((name.clone(), leak(name)?))).collect();
            return Err(Error::NoFeatures { ignored: refused });
        }
        Ok(Self { ignored, ..columns })
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

/// Which of these columns, and of those not named, give the answer away, and how.
fn leaks<'a>(
    target: &PredictTarget,
    table: &Table,
    features: impl Iterator<Item = &'a String>,
    threads: NonZeroUsize,
) -> Result<BTreeMap<String, String>> {
    let known = target.provenance(table);
    let mut leaks = BTreeMap::new();
    for name in table.names() {
        let provenance = table.provenance(name).or_else(|| provenance_of(name));
        if let Some(provenance) = provenance.filter(|provenance| *provenance >= known) {
            leaks.insert(name.to_owned(), provenance.to_string());
        }
    }
    let lint_target = match target {
        PredictTarget::Rate { numerator, denominator } => LintTarget::rate(numerator, denominator),
        PredictTarget::Column(name) => LintTarget::column(name),
    };
    let present: Vec<&String> = features.filter(|name| table.get(name).is_some()).collect();
    let options = LintOptions { threads: Some(threads), ..LintOptions::default() };
    let numbered = target.with_numbers(table)?;
    let report = lint_leakage(&numbered, &lint_target.known(known), &present, &options)?;
    for finding in report.findings().iter().filter(|finding| finding.severity == Severity::Refuse) {
        if let Some(name) = &finding.feature
            && !matches!(finding.reason, Reason::KnownTooLate { .. })
        {
            leaks.entry(name.clone()).or_insert_with(|| finding.reason.to_string());
        }
    }
    Ok(leaks)
}

/// Why each unused column of the table is not used.
fn ignored(
    params: &CtrPredictorParams,
    target: &PredictTarget,
    table: &Table,
    columns: &Columns,
    leaks: &BTreeMap<String, String>,
) -> Vec<IgnoredReport> {
    let is = |list: &[String], name: &str| list.iter().any(|known| known == name);
    let input = |name: &str| columns.derived.iter().any(|feature| feature.inputs().any(|input| input == name));
    let reason = |name: &str| -> Option<String> {
        if target.columns().contains(&name) {
            Some("the target".to_owned())
        } else if is(&columns.numeric, name) || is(&columns.categorical, name) || input(name) {
            None
        } else if let Some(reason) = leaks.get(name) {
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
