//! The report as one page to read, send and print.

mod sections;
mod words;

use super::BudgetPlanner;
use crate::Result;
use words::escape;

/// Nothing is loaded and nothing runs, whatever a name in a file says.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";
const STYLE: &str = include_str!("style.css");

impl BudgetPlanner {
    /// The report as one HTML page that needs nothing else: no network, no scripts. It is read on a phone as on paper.
    ///
    /// What changes and what it brings; warnings; budgets by campaign; curves with the rows behind them (of at most 60 campaigns, those
    /// that change most); the next periods; other totals; every optimiser's gap where they were compared.
    ///
    /// # Errors
    ///
    /// [`Error::Plot`](crate::Error::Plot), naming the chart.
    pub fn to_html(&self) -> Result<String> {
        let report = &self.report;
        let title = format!("Budget plan, {} to {}", report.dates[0], report.dates[1]);
        let sections = [
            sections::headline(self),
            sections::warnings(report),
            sections::campaigns(report),
            sections::allocation(self)?,
            sections::curves(self)?,
            sections::forecast(self)?,
            sections::frontier(self)?,
            sections::optimizers(report),
            sections::learnt(report),
        ];
        Ok(format!(
            "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{}\n</main>\n</body>\n</html>\n",
            escape(&title),
            sections.concat(),
        ))
    }
}

#[cfg(test)]
mod tests;
