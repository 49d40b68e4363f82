//! Charts of a plan made from rows.

use adsml_optimize::ResponseUnit;
use adsml_plot::{ForecastChart, ForecastLine, FrontierChart, ResponseCurveChart};

use super::super::charts::{ALLOCATION, allocation_chart, chart, comparison_charts};
use super::{BudgetPlanner, PlanReport};
use crate::{Chart, Result};

/// Spends at which a curve is read off.
const GRID: usize = 80;
/// How far a curve is drawn beyond the greatest spend that matters.
const MARGIN: f64 = 1.1;

impl BudgetPlanner {
    /// The charts there is something to draw for: budgets now and proposed, the next periods' budgets and what they are expected
    /// to bring, other totals, and the course of every optimiser where they were compared.
    ///
    /// # Errors
    ///
    /// [`Error::Plot`](crate::Error::Plot), naming the chart.
    pub fn charts(&self) -> Result<Vec<Chart>> {
        let mut charts = vec![allocation_chart(self.allocation())?];
        charts.extend(self.forecast_charts()?);
        charts.extend(self.frontier_chart()?);
        if let Some(comparison) = &self.comparison {
            // The best plan of the comparison is this one.
            let courses = comparison_charts(comparison)?.into_iter();
            charts.extend(courses.filter(|course| course.file_name != ALLOCATION));
        }
        Ok(charts)
    }

    /// What a campaign's spend buys: its rows, its curve with what the rows leave open, spend now and proposed. `None` for a campaign
    /// that is not planned for.
    ///
    /// # Errors
    ///
    /// [`Error::Plot`](crate::Error::Plot).
    pub fn curve_chart(&self, campaign: &str) -> Result<Option<Chart>> {
        let found = self.model.campaigns().iter().position(|fitted| fitted.id() == campaign);
        let draw = |at| chart("curve.svg", self.curve(at, format!("What does spend on {campaign} buy?")).to_svg());
        found.map(draw).transpose()
    }

    /// The curve of every campaign that `of` chooses, small, under its name.
    pub(super) fn small_curves(&self, of: impl Fn(usize) -> bool) -> Result<Vec<Chart>> {
        let chosen = (0..self.report.campaigns.len()).filter(|at| of(*at));
        let small = |at: usize| {
            let title = self.report.campaigns[at].id.clone();
            chart("curve.svg", self.curve(at, title).small().to_svg())
        };
        chosen.map(small).collect()
    }

    /// A campaign's curve: the one that the plan is made for (of the account's the mean of the draws), and where nine in ten of the account's run.
    fn curve(&self, at: usize, title: String) -> ResponseCurveChart {
        let (report, fitted, planned) = (&self.report, &self.model.campaigns()[at], &self.report.campaigns[at]);
        let other = self.responses.as_ref().map(|responses| responses[at].curve());
        let [low, high] = planned.support;
        let upto = MARGIN * high.max(planned.today).max(planned.proposed).max(f64::MIN_POSITIVE);
        let grid: Vec<f64> = (0..=GRID).map(|step| upto * step as f64 / GRID as f64).collect();
        let (mut line, mut ends) = (Vec::with_capacity(grid.len()), [Vec::new(), Vec::new()]);
        for &spend in &grid {
            let (mean, [low, high]) = fitted.response_at(spend);
            line.push(other.map_or(mean, |curve| curve.value(spend)));
            ends[0].push(low);
            ends[1].push(high);
        }
        ResponseCurveChart::new(title)
            .spend(format!("spend, {}", report.spend_words()))
            .response(report.response_with_unit())
            .observed(fitted.observed())
            .curve(&grid, &line)
            .band(&ends[0], &ends[1])
            .support(low, high)
            .now(planned.today)
            .proposed(planned.proposed)
    }

    /// The next periods' budgets, and what they are expected to bring; nothing without a horizon.
    pub(super) fn forecast_charts(&self) -> Result<Vec<Chart>> {
        let report = &self.report;
        let periods = &report.forecast.periods;
        if periods.is_empty() {
            return Ok(Vec::new());
        }
        let dates = || periods.iter().map(|period| period.date.as_str());
        let budgets = report.forecast.campaigns.iter().enumerate().map(|(campaign, id)| {
            let budgets: Vec<f64> = periods.iter().map(|period| period.budgets[campaign]).collect();
            ForecastLine::new(id, &budgets)
        });
        let budgets = ForecastChart::new("What should the next periods spend?")
            .quantity(report.spend_words())
            .dates(dates())
            .lines(budgets);
        let column = |of: fn(&super::PlannedPeriod) -> f64| -> Vec<f64> { periods.iter().map(of).collect() };
        let expected = ForecastLine::new("expected", &column(|period| period.response))
            .interval(&column(|period| period.interval[0]), &column(|period| period.interval[1]));
        let outcome = ForecastChart::new("What are these budgets expected to bring?")
            .interval_label("nine in ten outcomes")
            .quantity(report.response_with_unit())
            .dates(dates())
            .line(expected);
        Ok(vec![chart("forecast_budgets.svg", budgets.to_svg())?, chart("forecast_response.svg", outcome.to_svg())?])
    }

    /// What other totals would bring; nothing where none is possible.
    pub(super) fn frontier_chart(&self) -> Result<Option<Chart>> {
        let report = &self.report;
        if report.frontier.is_empty() {
            return Ok(None);
        }
        let what = if report.unit == ResponseUnit::Conversions { "conversions" } else { "revenue" };
        let mut frontier = FrontierChart::new("What would another total bring?")
            .subtitle("the best plan for every total")
            .total(format!("total, {}", report.spend_words()))
            .response(report.response_with_unit())
            .marginal(format!("{what} that one more {} brings", report.currency))
            .today(report.total_today);
        for point in &report.frontier {
            frontier = frontier.point(point.total, point.response, Some(point.marginal).filter(|it| it.is_finite()));
        }
        chart("frontier.svg", frontier.to_svg()).map(Some)
    }
}

impl PlanReport {
    /// `revenue a day, EUR`, or `conversions a day`.
    pub(super) fn response_with_unit(&self) -> String {
        match self.unit {
            ResponseUnit::Conversions => self.response_words(),
            _ => format!("{}, {}", self.response_words(), self.currency),
        }
    }

    /// `1 200 EUR of revenue`, or `40 conversions`, for an amount in figures.
    pub(super) fn of_response(&self, amount: &str) -> String {
        match self.unit {
            ResponseUnit::Conversions => format!("{amount} conversions"),
            _ => format!("{amount} {} of revenue", self.currency),
        }
    }

    /// `EUR a day`.
    pub(super) fn spend_words(&self) -> String {
        format!("{} {}", self.currency, self.period_words())
    }
}
