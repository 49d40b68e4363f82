//! A leaderboard as a table of text.

use std::fmt;

use super::{Leaderboard, Row, Score};
use crate::{Estimate, Metric};

impl fmt::Display for Leaderboard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = self.about();
        let level = (about.bootstrap.level * 1000.0).round() / 10.0;
        writeln!(f, "Out-of-fold scores on {} of {} rows: {}.", about.n_judged, about.n_rows, about.split.description)?;
        let together = if about.bootstrap.simultaneous { ", differences simultaneous over all pairs" } else { "" };
        writeln!(
            f,
            "{level} % intervals from {} resamples of {} {}{together}; \"train\" is on training rows.",
            about.bootstrap.n_draws, about.n_units, about.units,
        )?;
        writeln!(f)?;
        let mut table = vec![self.header()];
        table.extend(self.rows().iter().filter(|row| row.error().is_none()).map(|row| self.line(row)));
        write_aligned(f, &table)?;
        for row in self.rows() {
            if let Some(error) = row.error() {
                writeln!(f, "{} failed: {error}", row.name())?;
            }
            for score in row.scores() {
                if let Some(reason) = &score.undefined {
                    writeln!(f, "{} has no {}: {reason}", row.name(), score.metric)?;
                }
            }
        }
        let missing = self.best().scores().iter().filter_map(|score| score.out_of_fold.as_ref()?.no_interval.as_ref());
        if let Some(reason) = missing.into_iter().next() {
            writeln!(f, "no intervals: {reason}")?;
        }
        if about.metrics.contains(&Metric::Auc) {
            writeln!(f, "auc compares rows of one fold only: predictions of different models do not rank each other.")?;
        }
        if about.metrics.contains(&Metric::PrAuc) {
            writeln!(
                f,
                "Ranking rows of different folds together costs weak models some pr_auc; fold mean is free of that."
            )?;
        }
        writeln!(f)?;
        write!(f, "Primary: {} ({}). ", self.primary_metric(), self.primary_metric().direction())?;
        let (chosen, baseline) = (self.chosen().name(), self.baseline().name());
        if chosen == baseline {
            write!(f, "Chosen: {baseline}, the baseline; no other was shown to be better.")
        } else {
            write!(f, "Chosen: {chosen}, shown to be better than {baseline}, the baseline.")
        }
    }
}

impl Leaderboard {
    fn header(&self) -> Vec<String> {
        let mut cells = vec!["candidate".to_owned()];
        for (place, metric) in self.about().metrics.iter().enumerate() {
            cells.push(metric.name().to_owned());
            if place == 0 {
                cells.extend(["train", "fold mean", "minus best", "tied"].map(ToOwned::to_owned));
            } else {
                cells.push("train".to_owned());
                if metric.ranks() {
                    cells.push("fold mean".to_owned());
                }
            }
        }
        cells.push("fit s".to_owned());
        cells
    }

    fn line(&self, row: &Row) -> Vec<String> {
        let mark = if row.name() == self.chosen().name() { "* " } else { "  " };
        let role = if row.name() == self.baseline().name() { " (baseline)" } else { "" };
        let mut cells = vec![format!("{mark}{}{role}", row.name())];
        for (place, score) in row.scores().iter().enumerate() {
            cells.push(score.out_of_fold.as_ref().map_or_else(dash, |estimate| with_interval(estimate, false)));
            cells.push(number_or_dash(score.training, score));
            if place == 0 {
                cells.push(number_or_dash(score.fold_mean, score));
                let is_best = std::ptr::eq(row, self.best());
                let difference = row.difference_to_best().filter(|_| !is_best);
                cells.push(difference.map_or_else(dash, |estimate| with_interval(estimate, true)));
                let tied = row.difference_to_best().is_some() && row.tied_with_best();
                cells.push(if tied { "yes" } else { "no" }.to_owned());
            } else if score.metric.ranks() {
                cells.push(number_or_dash(score.fold_mean, score));
            }
        }
        cells.push(row.fit_seconds().map_or_else(dash, |seconds| format!("{seconds:.2}")));
        cells
    }
}

/// A value and its interval, with as many decimals as the interval's width deserves.
fn with_interval(estimate: &Estimate, signed: bool) -> String {
    let number = |value: f64, decimals: usize| {
        if signed && value != 0.0 { format!("{value:+.decimals$}") } else { format!("{value:.decimals$}") }
    };
    match estimate.interval() {
        Some((low, high)) => {
            let decimals = decimals(high - low, estimate.value) + usize::from(!signed && high > low);
            format!("{} [{}, {}]", number(estimate.value, decimals), number(low, decimals), number(high, decimals))
        }
        None => number(estimate.value, decimals(0.0, estimate.value)),
    }
}

fn number_or_dash(value: Option<f64>, score: &Score) -> String {
    let width = score.out_of_fold.as_ref().and_then(Estimate::interval).map_or(0.0, |(low, high)| high - low);
    value.map_or_else(dash, |value| format!("{value:.*}", decimals(width, value) + usize::from(width > 0.0)))
}

/// Decimals that show two digits of the interval's width, or five of the value where there is none. Scores get one
/// more than differences, which are the smaller ones.
fn decimals(width: f64, value: f64) -> usize {
    let (scale, digits) = if width > 0.0 { (width, 2) } else { (value.abs(), 5) };
    if scale == 0.0 {
        return 3;
    }
    (digits - 1 - scale.log10().floor() as i32).clamp(0, 12) as usize
}

fn dash() -> String {
    "-".to_owned()
}

/// Columns as wide as their widest cell: the first to the left, the others to the right.
fn write_aligned(f: &mut fmt::Formatter<'_>, table: &[Vec<String>]) -> fmt::Result {
    let width = |column: usize| table.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..table[0].len()).map(width).collect();
    for line in table {
        let mut text = String::new();
        for (place, (cell, &width)) in line.iter().zip(&widths).enumerate() {
            text += &if place == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") };
        }
        writeln!(f, "{}", text.trim_end())?;
    }
    Ok(())
}
