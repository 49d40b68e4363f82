//! What the linter found.

use std::fmt;

use adsml_core::Provenance;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Severity {
    /// Worth a look.
    Warn,
    /// Scores would mean nothing: leave the feature out.
    Refuse,
}

/// Why a feature gives the answer away.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Reason {
    /// It becomes known with the target or later (refused), or after the auction (warned of).
    KnownTooLate {
        /// When the feature becomes known.
        feature: Provenance,
        /// When the target becomes known.
        target: Provenance,
        /// Whether that was guessed from the feature's name.
        guessed: bool,
    },
    /// It is the target, its numerator (refused) or its denominator (warned of).
    PartOfTarget,
    /// It alone determines the target (refused), or nearly so (warned of).
    Proxy {
        /// What it stands for: the target, or the numerator of a rate.
        of: String,
        /// How that was measured: `"rank correlation"`, `"R²"`, `"separation"` (twice the AUC − 1), `"missing where it
        /// is zero"`.
        measure: String,
        /// The measure's absolute value, at most 1.
        value: f64,
    },
    /// Nearly every row has a value of its own.
    Identifier {
        /// Distinct values.
        distinct: usize,
        /// Rows that have a value.
        rows: usize,
    },
    /// It lies closer to the mean target of levels than chance allows: it was learnt from the rows themselves.
    TargetEncoded {
        /// The column of the levels; `None` when the feature's own values are.
        by: Option<String>,
        /// Number of levels.
        levels: usize,
    },
    /// The same features are found in several folds.
    RepeatedRows {
        /// Rows with a twin in another fold.
        rows: usize,
        /// All rows.
        out_of: usize,
    },
}

impl Reason {
    /// In a few words: `"after click"`, `"identifier"`.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::KnownTooLate { feature, .. } => feature.as_str(),
            Self::PartOfTarget => "part of the target",
            Self::Proxy { .. } => "target proxy",
            Self::Identifier { .. } => "identifier",
            Self::TargetEncoded { .. } => "target encoded outside the folds",
            Self::RepeatedRows { .. } => "rows repeated across folds",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KnownTooLate { feature, target, guessed } => {
                let source = if *guessed { ", going by its name" } else { "" };
                if feature >= target {
                    write!(f, "known only {feature}{source}; the target is known {target}")
                } else {
                    write!(f, "known only {feature}{source}; not there before the auction")
                }
            }
            Self::PartOfTarget => f.write_str("part of the target"),
            Self::Proxy { of, measure, value } => {
                write!(f, "target proxy: alone it nearly determines {of} ({measure} {value:.3})")
            }
            Self::Identifier { distinct, rows } => write!(f, "identifier: {distinct} distinct values in {rows} rows"),
            Self::TargetEncoded { by, levels } => {
                let of = by.as_ref().map_or_else(|| "its own".to_owned(), |by| format!("`{by}`'s"));
                write!(
                    f,
                    "target encoded outside the folds: it is the mean target of {of} {levels} levels, closer than chance allows"
                )
            }
            Self::RepeatedRows { rows, out_of } => {
                write!(f, "rows repeated across folds: {rows} of {out_of} rows have a twin in another fold")
            }
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Finding {
    /// The feature; `None` for a finding about rows.
    pub feature: Option<String>,
    /// Why.
    pub reason: Reason,
    /// How bad it is.
    pub severity: Severity,
}

/// What the linter found, in the order of the features; about rows last. Shown as a list.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeakageReport {
    findings: Vec<Finding>,
    n_features: usize,
}

impl LeakageReport {
    pub(super) const fn new(findings: Vec<Finding>, n_features: usize) -> Self {
        Self { findings, n_features }
    }

    /// All findings; of a feature, the worst first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The findings about one feature, the worst first.
    pub fn about<'a>(&'a self, feature: &'a str) -> impl Iterator<Item = &'a Finding> {
        self.findings.iter().filter(move |finding| finding.feature.as_deref() == Some(feature))
    }

    /// Names of the features to leave out, each once.
    pub fn refused(&self) -> Vec<&str> {
        let refused = self.findings.iter().filter(|finding| finding.severity == Severity::Refuse);
        let mut names: Vec<&str> = refused.filter_map(|finding| finding.feature.as_deref()).collect();
        names.dedup();
        names
    }

    /// Whether nothing was found.
    pub const fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for LeakageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let warnings = self.findings.iter().filter(|finding| finding.severity == Severity::Warn).count();
        write!(f, "{} of {} features refused, {warnings} warnings", self.refused().len(), self.n_features)?;
        let name = |finding: &Finding| finding.feature.clone().unwrap_or_else(|| "(rows)".to_owned());
        let width = self.findings.iter().map(|finding| name(finding).chars().count()).max().unwrap_or(0);
        for finding in &self.findings {
            let severity = if finding.severity == Severity::Refuse { "refuse" } else { "warn" };
            write!(f, "\n  {severity:<6}  {:<width$}  {}", name(finding), finding.reason)?;
        }
        Ok(())
    }
}
