//! Multiplicative effects of calendar and context, which all campaigns share.

use adsml_core::calendar;

use super::history::{CampaignHistory, History};
use super::mode::Linear;
use crate::cholesky::Cholesky;

/// Standard deviations that effects are expected to have, on the logarithm of the response: of a weekday or a month, and of a
/// context that moves by one standard deviation.
const CALENDAR_SPREAD: f64 = 0.25;
const CONTEXT_SPREAD: f64 = 0.3;

/// Fewer months than this in the rows, and a month cannot be told from a trend.
const MONTHS_NEEDED: usize = 11;

/// Which columns stand for calendar and context.
///
/// ```text
/// E[y | spend, date, context] = f(spend) * exp(sum_j effect_j * x_j)
/// ```
///
/// with an indicator for each weekday (of daily rows) and month (of a year of them), and the context's numbers, less the campaign's mean,
/// over the account's standard deviation.
#[derive(Debug, Clone)]
pub(super) struct Design {
    weekday: bool,
    month: bool,
    /// The account's standard deviation of each number of the context, within campaigns; infinite where it does not vary.
    scale: Vec<f64>,
    /// Per campaign, the means of its context.
    centre: Vec<(String, Vec<f64>)>,
}

impl Design {
    pub(super) fn new(history: &History) -> Self {
        let n_context = history.context.len();
        let rows = || history.campaigns.iter().flat_map(|campaign| &campaign.dates);
        let mut months: Vec<u32> = rows().map(|&date| calendar::date(date).1).collect();
        months.sort_unstable();
        months.dedup();
        let mean = |campaign: &CampaignHistory, at: usize| {
            campaign.context.iter().map(|row| row[at]).sum::<f64>() / campaign.context.len() as f64
        };
        let centre: Vec<(String, Vec<f64>)> = history
            .campaigns
            .iter()
            .map(|campaign| (campaign.id.clone(), (0..n_context).map(|at| mean(campaign, at)).collect()))
            .collect();
        let spread = |at: usize| {
            let squares = history.campaigns.iter().zip(&centre).flat_map(|(campaign, (_, centre))| {
                campaign.context.iter().map(move |row| (row[at] - centre[at]).powi(2))
            });
            let deviation = (squares.sum::<f64>() / rows().count() as f64).sqrt();
            let size = centre.iter().map(|(_, centre)| centre[at].abs()).fold(0.0, f64::max);
            if deviation > 1e-9 * size && deviation > 0.0 { deviation } else { f64::INFINITY }
        };
        Self {
            weekday: history.period == 1,
            month: history.period <= 31 && months.len() >= MONTHS_NEEDED,
            scale: (0..n_context).map(spread).collect(),
            centre,
        }
    }

    /// The means of a campaign's context.
    pub(super) fn usual_context(&self, campaign: &str) -> Vec<f64> {
        self.centre.iter().find(|(id, _)| id == campaign).map_or_else(Vec::new, |(_, centre)| centre.clone())
    }

    pub(super) fn n_context(&self) -> usize {
        self.scale.len()
    }

    pub(super) fn n_columns(&self) -> usize {
        7 * usize::from(self.weekday) + 12 * usize::from(self.month) + self.scale.len()
    }

    /// The columns of a date in a context.
    pub(super) fn row(&self, campaign: &CampaignHistory, date: i32, context: &[f64]) -> Vec<f64> {
        let mut row = vec![0.0; self.n_columns()];
        let mut next = 0;
        if self.weekday {
            row[calendar::day_of_week(date) as usize] = 1.0;
            next = 7;
        }
        if self.month {
            row[next + calendar::date(date).1 as usize - 1] = 1.0;
            next += 12;
        }
        if let Some((_, centre)) = self.centre.iter().find(|(id, _)| *id == campaign.id) {
            for (at, ((value, centre), scale)) in context.iter().zip(centre).zip(&self.scale).enumerate() {
                row[next + at] = (value - centre) / scale;
            }
        }
        row
    }

    /// What each column is called.
    pub(super) fn names(&self, context: &[String]) -> Vec<String> {
        const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let days = DAYS.iter().take(if self.weekday { 7 } else { 0 }).map(|day| (*day).to_owned());
        let months = (1..=12).take(if self.month { 12 } else { 0 }).map(|month| format!("month {month}"));
        days.chain(months).chain(context.iter().cloned()).collect()
    }

    fn precision(&self, column: usize) -> f64 {
        let n_calendar = self.n_columns() - self.scale.len();
        let spread = if column < n_calendar { CALENDAR_SPREAD } else { CONTEXT_SPREAD };
        1.0 / (spread * spread)
    }
}

/// Sums that the effects are solved from: normal equations from which every campaign's own parameters are eliminated.
#[derive(Debug, Clone)]
pub(super) struct Normal {
    n: usize,
    matrix: Vec<f64>,
    right: Vec<f64>,
}

impl Normal {
    pub(super) fn new(n: usize) -> Self {
        Self { n, matrix: vec![0.0; n * n], right: vec![0.0; n] }
    }

    /// Adds a campaign: whitened residuals and derivatives at the mode of its parameters, and the derivatives by effects, in
    /// columns of `linear.n_rows()`.
    pub(super) fn add(&mut self, linear: &Linear, columns: &[Vec<f64>]) {
        let n = self.n;
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let Some(own) = Cholesky::factor(&linear.hessian, linear.columns.len()) else { return };
        // L^-1 J^T X: what the campaign's own parameters take from each column.
        let taken: Vec<Vec<f64>> = columns
            .iter()
            .map(|column| {
                let mut products: Vec<f64> = linear.columns.iter().map(|own| dot(own, column)).collect();
                own.solve_lower(&mut products);
                products
            })
            .collect();
        for i in 0..n {
            self.right[i] += dot(&columns[i], &linear.residuals);
            for j in 0..=i {
                let entry = dot(&columns[i], &columns[j]) - dot(&taken[i], &taken[j]);
                self.matrix[i * n + j] += entry;
                self.matrix[j * n + i] += if i == j { 0.0 } else { entry };
            }
        }
    }

    pub(super) fn merge(mut self, other: &Self) -> Self {
        self.matrix.iter_mut().zip(&other.matrix).for_each(|(sum, part)| *sum += part);
        self.right.iter_mut().zip(&other.right).for_each(|(sum, part)| *sum += part);
        self
    }

    /// The next effects, and the factor of their precision.
    pub(super) fn solve(mut self, design: &Design, effects: &[f64]) -> Option<(Vec<f64>, Cholesky)> {
        for (i, effect) in effects.iter().enumerate() {
            let precision = design.precision(i);
            self.matrix[i * self.n + i] += precision;
            self.right[i] -= precision * effect;
        }
        let factor = Cholesky::factor(&self.matrix, self.n)?;
        factor.solve(&mut self.right);
        // A step that would change a response by half is shortened: the model is linear nowhere near so far.
        let longest = self.right.iter().fold(0.0_f64, |most, step| most.max(step.abs()));
        let share = if longest > 0.5 { 0.5 / longest } else { 1.0 };
        Some((effects.iter().zip(&self.right).map(|(effect, step)| effect + share * step).collect(), factor))
    }
}
