//! The leakage linter: which columns give the answer away.

mod encoded;
mod report;
mod rows;
mod statistics;

use std::num::NonZeroUsize;

use adsml_core::{Column, Error, FeatureMatrix, Provenance, Ratio, Table, Target, parallel};

pub use report::{Finding, LeakageReport, Reason, Severity};

use crate::error::Result;
use crate::pipeline::threads_for;
use crate::provenance::{provenance_in, provenance_of};

/// What is to be predicted: a column, or the ratio of two.
#[derive(Debug, Clone, PartialEq)]
pub struct LintTarget {
    numerator: String,
    denominator: Option<String>,
    known: Option<Provenance>,
}

impl LintTarget {
    /// A column of numbers: revenue, or 0 and 1.
    pub fn column(name: impl Into<String>) -> Self {
        Self { numerator: name.into(), denominator: None, known: None }
    }

    /// A ratio of two columns: clicks out of impressions, conversions out of clicks.
    pub fn rate(numerator: impl Into<String>, denominator: impl Into<String>) -> Self {
        Self { denominator: Some(denominator.into()), ..Self::column(numerator) }
    }

    /// When the target becomes known. Without, as the table states it for the column (or the
    /// numerator), or as its name suggests, or else after the click.
    #[must_use]
    pub fn known(mut self, provenance: Provenance) -> Self {
        self.known = Some(provenance);
        self
    }

    fn known_in(&self, table: &Table) -> Provenance {
        let guessed = || table.provenance(&self.numerator).or_else(|| provenance_of(&self.numerator));
        self.known.or_else(guessed).unwrap_or(Provenance::AfterClick)
    }
}

/// What the linter looks at beside the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LintOptions<'a> {
    /// The fold of each row: rows repeated across folds are reported. Default: none.
    pub folds: Option<&'a [usize]>,
    /// From which share of explained target (see [`Reason::Proxy`]) on a single feature is warned of as a proxy, in
    /// `(0, 1]`; from 0.999 on (or from here on, if that is more) it is refused. Default 0.98.
    pub proxy: f64,
    /// For [`lint_matrix`]: the table the matrix was made of, row by row. Default: none.
    pub beside: Option<&'a Table>,
    /// Rank statistics of longer tables look at this many rows, evenly spread; at least 1. Default 200 000.
    pub max_rows: usize,
    /// At most this many threads; the report does not depend on it. Default: as many as there are.
    pub threads: Option<NonZeroUsize>,
}

impl Default for LintOptions<'_> {
    fn default() -> Self {
        Self { folds: None, proxy: 0.98, beside: None, max_rows: 200_000, threads: None }
    }
}

impl LintOptions<'_> {
    fn check(&self) -> Result<()> {
        if !(self.proxy > 0.0 && self.proxy <= 1.0) {
            return Err(Error::invalid_parameter("proxy", self.proxy, "a number in (0, 1]").into());
        }
        if self.max_rows == 0 {
            return Err(Error::invalid_parameter("max_rows", 0, "1 or more").into());
        }
        Ok(())
    }

    /// For the work on so many columns of so many rows.
    fn threads_for(&self, n_rows: usize, n_columns: usize) -> NonZeroUsize {
        threads_for(n_rows, n_columns, || self.threads.unwrap_or_else(parallel::available_threads))
    }
}

/// From which share of explained target on a proxy is refused: a strong honest feature explains less.
const EXACT: f64 = 0.999;

/// Tells which of these features give the answer away.
///
/// | Reason | Refused when | Warned of when |
/// |---|---|---|
/// | [`Reason::KnownTooLate`] | it becomes known with the target, or later | it becomes known after the auction |
/// | [`Reason::PartOfTarget`] | it is the target, or its numerator | it is its denominator |
/// | [`Reason::Proxy`] | it alone determines the target (or its numerator), but for 0.001 | it alone nearly determines it |
/// | [`Reason::TargetEncoded`] | it lies closer to the mean target of its levels than chance allows | – |
/// | [`Reason::Identifier`] | nearly every row has its own value | it is called an id, and half of the rows have their own value |
/// | [`Reason::RepeatedRows`] | – | the same features are found in several folds |
///
/// When a column becomes known is what the table states, or a guess from its name ([`provenance_of`]). Cost:
/// `O(n log n)` per feature.
///
/// ```
/// use adsml_core::{Column, Table};
/// use adsml_features::{LintOptions, LintTarget, lint_leakage};
///
/// let table = Table::from_columns([
///     ("age", Column::from(["18-24", "25-34", "18-24"])),
///     ("Spent", Column::from([1.43, 1.82, 0.0])),
///     ("Clicks", Column::from([1.0, 2.0, 0.0])),
///     ("Impressions", Column::from([7350.0, 17861.0, 693.0])),
/// ])?;
/// let target = LintTarget::rate("Clicks", "Impressions");
/// let report = lint_leakage(&table, &target, &["age", "Spent"], &LintOptions::default())?;
/// assert_eq!(report.refused(), ["Spent"]);
/// assert!(report.to_string().contains("after click"));
/// # Ok::<(), adsml_features::FeatureError>(())
/// ```
///
/// # Errors
///
/// [`Error::MissingColumn`]; [`Error::ColumnKind`] for a target that is not a number; [`Error::Length`] for folds of
/// another length; [`Error::InvalidParameter`].
pub fn lint_leakage<N: AsRef<str> + Sync>(
    table: &Table,
    target: &LintTarget,
    features: &[N],
    options: &LintOptions<'_>,
) -> Result<LeakageReport> {
    options.check()?;
    let judged = Judged::new(table, target, options)?;
    for feature in features {
        table.column(feature.as_ref())?;
    }
    let threads = options.threads_for(table.n_rows(), features.len());
    let found = parallel::try_map(features.len(), threads, |i| judged.feature(features[i].as_ref()))?;
    let mut findings: Vec<Finding> = found.into_iter().flatten().collect();
    if let Some(folds) = options.folds {
        Error::check_length("the list of folds", table.n_rows(), folds.len())?;
        let names: Vec<&str> = features.iter().map(AsRef::as_ref).collect();
        findings.extend(rows::repeated(table, &names, folds)?);
    }
    Ok(LeakageReport::new(findings, features.len()))
}

/// As [`lint_leakage`], for a matrix and its target: was anything in it learnt from the rows it is judged on?
///
/// Give the table of the matrix in the options: a target encoding is only recognised for sure beside the column that
/// was encoded, since levels that share an encoding cannot be told apart without it. The folds are those of the
/// target, unless the options bring some. `known` is when the target becomes known.
///
/// # Errors
///
/// [`Error::Length`]; [`Error::InvalidParameter`].
pub fn lint_matrix(
    matrix: &FeatureMatrix,
    target: &Target<'_>,
    known: Provenance,
    options: &LintOptions<'_>,
) -> Result<LeakageReport> {
    let mut table = Table::new();
    for (values, column) in matrix.view().columns().into_iter().zip(matrix.columns().iter()) {
        table.push(column.name.clone(), Column::Number(values.to_vec()))?;
        table.set_provenance(&column.name, column.provenance)?;
    }
    let features: Vec<String> = table.names().map(str::to_owned).collect();
    if let Some(beside) = options.beside {
        Error::check_length("the table beside the matrix", matrix.n_samples(), beside.n_rows())?;
    }
    let beside = options.beside.iter().flat_map(|beside| beside.columns());
    for (name, column) in beside.filter(|(name, _)| !features.iter().any(|feature| feature == name)) {
        table.push(name, column.clone())?;
    }
    let free = |table: &Table, name: &str| {
        let mut name = name.to_owned();
        while table.get(&name).is_some() {
            name.push('′');
        }
        name
    };
    let (numerator, denominator) = (free(&table, "(target)"), free(&table, "(weight)"));
    let target_columns = match target.sample_weight {
        None => LintTarget::column(&numerator),
        Some(weight) => {
            Error::check_length("the sample weight", target.y.len(), weight.len())?;
            table.push(&denominator, Column::Number(weight.to_vec()))?;
            LintTarget::rate(&numerator, &denominator)
        }
    };
    let y = target.y.iter().enumerate().map(|(row, &y)| y * target.sample_weight.map_or(1.0, |weight| weight[row]));
    table.push(&numerator, Column::Number(y.collect()))?;
    let options = LintOptions { folds: options.folds.or(target.folds), ..*options };
    lint_leakage(&table, &target_columns.known(known), &features, &options)
}

/// The target, ready to judge features by.
struct Judged<'a> {
    table: &'a Table,
    target: &'a LintTarget,
    options: &'a LintOptions<'a>,
    known: Provenance,
    /// The target per row, `NaN` where missing.
    y: Vec<f64>,
    /// Its weight per row, 0 where it is missing.
    weight: Vec<f64>,
    /// What a proxy may stand for: the target, and the numerator of a rate.
    stands_for: Vec<(&'a str, &'a [f64])>,
    /// The rows that rank statistics look at.
    rows: Vec<usize>,
    /// The columns by whose levels a feature may have been encoded.
    groupings: Vec<encoded::Grouping<'a>>,
}

impl<'a> Judged<'a> {
    fn new(table: &'a Table, target: &'a LintTarget, options: &'a LintOptions<'a>) -> Result<Self> {
        let numerator = table.number(&target.numerator)?;
        let (y, weight): (Vec<f64>, Vec<f64>) = match &target.denominator {
            None => numerator.iter().map(|&y| (y, f64::from(u8::from(y.is_finite())))).unzip(),
            Some(denominator) => {
                let cells = numerator.iter().zip(table.number(denominator)?);
                let rate = |(&above, &below): (&f64, &f64)| match Ratio::new(above, below).value() {
                    Some(rate) if below > 0.0 => (rate, below),
                    _ => (f64::NAN, 0.0),
                };
                cells.map(rate).unzip()
            }
        };
        let step = table.n_rows().div_ceil(options.max_rows).max(1);
        let rows = (0..table.n_rows()).step_by(step).filter(|&row| weight[row] > 0.0).collect();
        let stands_for =
            if target.denominator.is_some() { vec![(target.numerator.as_str(), numerator)] } else { Vec::new() };
        let except = [target.numerator.as_str(), target.denominator.as_deref().unwrap_or(&target.numerator)];
        let threads = options.threads_for(table.n_rows(), table.n_columns());
        let groupings = encoded::groupings(table, &except, threads);
        Ok(Self { table, target, options, known: target.known_in(table), y, weight, stands_for, rows, groupings })
    }

    /// All that is wrong with one feature, the worst first.
    fn feature(&self, name: &str) -> Result<Vec<Finding>> {
        let column = self.table.column(name)?;
        let mut reasons = Vec::new();
        let denominator = self.target.denominator.as_deref() == Some(name);
        if name == self.target.numerator {
            reasons.push((Severity::Refuse, Reason::PartOfTarget));
        } else {
            reasons.extend(self.too_late(name, denominator));
            reasons.extend(self.proxy(column));
            if let Column::Number(values) = column {
                reasons.extend(encoded::find(&self.groupings, name, values, &self.y, &self.weight));
            }
            reasons.extend(statistics::identifier(name, column));
        }
        let finding = |(severity, reason)| Finding { feature: Some(name.to_owned()), severity, reason };
        let mut findings: Vec<Finding> = reasons.into_iter().map(finding).collect();
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        Ok(findings)
    }

    fn too_late(&self, name: &str, denominator: bool) -> Option<(Severity, Reason)> {
        if denominator {
            return Some((Severity::Warn, Reason::PartOfTarget));
        }
        let feature = provenance_in(self.table, name);
        let severity = match feature {
            Provenance::BeforeAuction => return None,
            late if late >= self.known => Severity::Refuse,
            _ => Severity::Warn,
        };
        let guessed = self.table.provenance(name).is_none();
        Some((severity, Reason::KnownTooLate { feature, target: self.known, guessed }))
    }

    fn proxy(&self, column: &Column) -> Option<(Severity, Reason)> {
        let y: Vec<f64> = self.rows.iter().map(|&row| self.y[row]).collect();
        let direct = (self.target.denominator.as_ref().map_or(self.target.numerator.as_str(), |_| "the rate"), y);
        let parts = self.stands_for.iter().map(|&(name, values)| {
            let picked: Vec<f64> = self.rows.iter().map(|&row| values[row]).collect();
            (name, picked)
        });
        let exact = EXACT.max(self.options.proxy);
        let found = std::iter::once(direct).chain(parts).filter_map(|(of, y)| {
            let (measure, value) = statistics::determined(column, &self.rows, &y, self.options.proxy, exact)?;
            let severity = if value >= exact { Severity::Refuse } else { Severity::Warn };
            Some((severity, Reason::Proxy { of: of.to_owned(), measure, value }))
        });
        // The worst, and among equals the first.
        found.reduce(|worst, next| if next.0 > worst.0 { next } else { worst })
    }
}
