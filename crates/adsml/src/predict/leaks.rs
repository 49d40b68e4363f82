//! Which columns give the answer away, by when they become known and by what they tell of the target.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroUsize;

use adsml_core::Table;
use adsml_features::{
    DerivedFeature, LintOptions, LintTarget, Reason, Severity, derive_present, lint_leakage, provenance_of,
};

use super::PredictTarget;
use crate::Result;

/// What gives the answer away, and how.
#[derive(Debug, Clone, Default)]
pub(super) struct Leaks {
    refused: BTreeMap<String, String>,
    warned: BTreeMap<String, Vec<String>>,
}

impl Leaks {
    /// Judges columns of the table by when they become known, and these features, derived ones too, by their values as well.
    pub(super) fn find<'a>(
        target: &PredictTarget,
        table: &Table,
        features: impl Iterator<Item = &'a String>,
        derived: &[DerivedFeature],
        threads: NonZeroUsize,
    ) -> Result<Self> {
        let known = target.provenance(table);
        let mut leaks = Self::default();
        for name in table.names() {
            let provenance = table.provenance(name).or_else(|| provenance_of(name));
            if let Some(provenance) = provenance.filter(|provenance| *provenance >= known) {
                leaks.refused.insert(name.to_owned(), provenance.to_string());
            }
        }
        let lint_target = match target {
            PredictTarget::Rate { numerator, denominator } => LintTarget::rate(numerator, denominator),
            PredictTarget::Column(name) => LintTarget::column(name),
        };
        let mut with_derived = target.with_numbers(table)?;
        if !derived.is_empty() {
            let mut table = with_derived.into_owned();
            derive_present(&mut table, derived)?;
            with_derived = Cow::Owned(table);
        }
        let present: Vec<&String> = features.filter(|name| with_derived.get(name).is_some()).collect();
        let options = LintOptions { threads: Some(threads), ..LintOptions::default() };
        let report = lint_leakage(&with_derived, &lint_target.known(known), &present, &options)?;
        for finding in report.findings() {
            let Some(name) = &finding.feature else { continue };
            match (finding.severity, &finding.reason) {
                // Said in a few words above, and below of what is derived.
                (Severity::Refuse, Reason::KnownTooLate { .. }) => {}
                (Severity::Refuse, reason) => {
                    leaks.refused.entry(name.clone()).or_insert_with(|| reason.to_string());
                }
                (Severity::Warn, reason) => leaks.warned.entry(name.clone()).or_default().push(reason.to_string()),
            }
        }
        for feature in derived {
            if let Some(reason) = feature.inputs().find_map(|input| leaks.refused.get(input)) {
                leaks.refused.insert(feature.name().to_owned(), reason.clone());
            }
        }
        Ok(leaks)
    }

    /// Why a column is refused, if it is.
    pub(super) fn refused(&self, name: &str) -> Option<&String> {
        self.refused.get(name)
    }

    /// What else is worth a look.
    pub(super) fn warned(&self, name: &str) -> &[String] {
        self.warned.get(name).map_or(&[], Vec::as_slice)
    }
}
