//! What was understood of a file: the answer to "did it read my export rightly?".

use std::fmt;

use serde::Serialize;

use crate::{Field, Language, Level, Source};

/// What was recognised, ignored, taken out and put together, and how the result adds up.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Understanding {
    /// The path, or the name given to an input without one; several divided by commas.
    pub input: String,
    /// What the file is.
    pub source: Source,
    /// The language of its headers, for an Ads Manager export.
    pub language: Option<Language>,
    /// The finest level that rows name.
    pub level: Option<Level>,
    /// Daily rows, totals of a period, or both.
    pub grain: Grain,
    /// First and last day, as `yyyy-mm-dd`.
    pub days: Option<(String, String)>,
    /// Currencies of amounts; one, unless a warning says otherwise.
    pub currencies: Vec<String>,
    /// Rows of the table.
    pub rows: usize,
    /// Columns (or keys) that were used, from left to right.
    pub recognised: Vec<RecognisedColumn>,
    /// Columns (or keys) that were not, and why.
    pub ignored: Vec<IgnoredColumn>,
    /// Rows that sum up others, taken out; the first hundred.
    pub removed: Vec<RemovedRow>,
    /// How many rows were taken out as summaries.
    pub n_removed: usize,
    /// Rows that a later row of the same key replaced.
    pub replaced: usize,
    /// How numbers and dates are written, in words.
    pub style: Vec<String>,
    /// The one action type that conversions are of, if there are any.
    pub conversions: Option<ChosenAction>,
    /// Rows whose figures can still change.
    pub immature: usize,
    /// The day as of which that was judged, as `yyyy-mm-dd`.
    pub as_of: Option<String>,
    /// Sums over the table.
    pub totals: Totals,
    /// What a person should know before trusting the figures.
    pub warnings: Vec<String>,
}

/// Whether rows are a time series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// One day per row.
    Daily,
    /// Totals over longer periods: no time series.
    Period,
    /// Some of each.
    Mixed,
    /// Rows have no date.
    None,
}

/// A column that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RecognisedColumn {
    /// Its place, from 1; 0 for a key of JSON.
    pub column: usize,
    /// Its header or key.
    pub header: String,
    /// What it holds: the name of a [`Field`], or in words.
    pub meaning: String,
}

/// A column that was not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IgnoredColumn {
    /// Its place, from 1; 0 for a key of JSON.
    pub column: usize,
    /// Its header or key.
    pub header: String,
    /// Why it was not used.
    pub reason: &'static str,
}

/// A row that sums up others.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RemovedRow {
    /// Its line.
    pub line: u64,
    /// Its label, or what it lacks.
    pub label: String,
    /// How many rows it covers.
    pub covers: u64,
    /// What it says beside what they make.
    pub checks: Vec<Check>,
}

/// One figure of a summary row beside the sum of the rows it covers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Which figure.
    pub measure: Field,
    /// What the summary says.
    pub stated: f64,
    /// What the rows make.
    pub sum: f64,
    /// Whether they are equal but for rounding.
    pub agrees: bool,
}

/// The one type of action that conversions are of. Types overlap, so that they are never added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChosenAction {
    /// The type of the conversions.
    pub conversions: String,
    /// The type of their value, if there is any.
    pub value: Option<String>,
    /// Other types that count some of the same, and were left out.
    pub left_out: Vec<String>,
}

/// Sums over the table; `None` where no row says.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Totals {
    /// Amount spent, in major units.
    pub spend: Option<f64>,
    /// Impressions.
    pub impressions: Option<f64>,
    /// Clicks of every kind.
    pub clicks: Option<f64>,
    /// Clicks on links.
    pub link_clicks: Option<f64>,
    /// Conversions.
    pub conversions: Option<f64>,
    /// Value of conversions, in major units.
    pub value: Option<f64>,
}

impl Understanding {
    pub(crate) fn new(input: &str, source: Source) -> Self {
        Self {
            input: input.to_owned(),
            source,
            language: if let Source::AdsManagerExport(language) = source { Some(language) } else { None },
            level: None,
            grain: Grain::None,
            days: None,
            currencies: Vec::new(),
            rows: 0,
            recognised: Vec::new(),
            ignored: Vec::new(),
            removed: Vec::new(),
            n_removed: 0,
            replaced: 0,
            style: Vec::new(),
            conversions: None,
            immature: 0,
            as_of: None,
            totals: Totals::default(),
            warnings: Vec::new(),
        }
    }

    /// As one JSON object.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl fmt::Display for Understanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.input, self.source)?;
        let level = self
            .level
            .map_or(String::new(), |level| format!(" at the level of the {}", level.as_str().replace('_', " ")));
        let grain = match self.grain {
            Grain::Daily => ", one day each",
            Grain::Period => ", totals of a period",
            Grain::Mixed => ", some of one day and some of a period",
            Grain::None => ", without dates",
        };
        let days = self.days.as_ref().map_or(String::new(), |(first, last)| format!(", {first} to {last}"));
        writeln!(f, "{} rows{level}{grain}{days}", self.rows)?;
        let currency = self.currencies.join(", ");
        let totals = [
            ("spend", self.totals.spend, currency.as_str()),
            ("impressions", self.totals.impressions, ""),
            ("clicks (all)", self.totals.clicks, ""),
            ("link clicks", self.totals.link_clicks, ""),
            ("conversions", self.totals.conversions, self.conversions.as_ref().map_or("", |c| &c.conversions)),
            ("value", self.totals.value, currency.as_str()),
        ];
        for (name, total, unit) in totals {
            if let Some(total) = total {
                // Sums of cents carry the noise of binary fractions; they are shown to the hundredth.
                let digits = if total.fract() == 0.0 { 0 } else { 2 };
                writeln!(f, "  {name:<13} {total:>16.digits$} {unit}")?;
            }
        }
        if let Some(as_of) = &self.as_of {
            writeln!(f, "{} rows can still change, as of {as_of}", self.immature)?;
        }
        for row in &self.removed {
            let agree = row.checks.iter().filter(|check| check.agrees).count();
            writeln!(
                f,
                "taken out: line {} (`{}`), a sum of {} rows; {agree} of {} figures agree",
                row.line,
                row.label,
                row.covers,
                row.checks.len()
            )?;
        }
        if self.n_removed > self.removed.len() {
            writeln!(f, "taken out: {} sums more", self.n_removed - self.removed.len())?;
        }
        if self.replaced > 0 {
            writeln!(f, "{} rows were replaced by later ones of the same key", self.replaced)?;
        }
        for style in &self.style {
            writeln!(f, "read with {style}")?;
        }
        for column in &self.recognised {
            writeln!(f, "  {:<40} -> {}", column.header, column.meaning)?;
        }
        for column in &self.ignored {
            writeln!(f, "  {:<40} ignored: {}", column.header, column.reason)?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        Ok(())
    }
}
