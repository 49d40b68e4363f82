//! Frontier: what other totals would bring.

use crate::{
    band::between,
    canvas::{Anchor, Canvas, Paint, Point},
    error::{PlotError, Result, between_one_and, finite},
    frame::{self, Area, NOTE, SMALL},
    number::{NumberFormat, Numerals},
    palette::{INK, MAIN, PAPER, RULE},
    scale::Domain,
    text,
};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 100.0;
const RIGHT: f64 = 688.0;
const HEIGHT: f64 = 260.0;
/// Height of the panel of marginal returns.
const SECOND: f64 = 110.0;
const MAX_POINTS: usize = 1_000;
const TOTAL: &str = "total";

/// Total budget against the best response it can buy; and below, what one more unit of currency would bring.
///
/// Where the second line falls below what a unit of response is worth, more money is not worth it.
///
/// ```
/// use adsml_plot::FrontierChart;
///
/// let svg = FrontierChart::new("What would another total bring?")
///     .total("total per day, EUR")
///     .response("revenue per day, EUR")
///     .point(500.0, 2_000.0, Some(2.5))
///     .point(1_000.0, 3_000.0, Some(1.5))
///     .point(1_500.0, 3_500.0, None)
///     .today(1_000.0)
///     .to_svg()?;
/// assert!(svg.contains("today: 1\u{2009}000"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FrontierChart {
    title: String,
    subtitle: String,
    total: String,
    response: String,
    marginal: String,
    points: Vec<(f64, f64, Option<f64>)>,
    today: Option<f64>,
}

impl FrontierChart {
    /// An empty chart. It needs at least one [`point`](Self::point).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            total: "total budget".to_owned(),
            response: "expected response".to_owned(),
            marginal: "response to one more unit of currency".to_owned(),
            points: Vec::new(),
            today: None,
        }
    }

    /// A line below the title.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// What the x axis shows, with its unit. Default `total budget`.
    #[must_use]
    pub fn total(mut self, words: impl Into<String>) -> Self {
        self.total = words.into();
        self
    }

    /// What the upper y axis shows, with its unit. Default `expected response`.
    #[must_use]
    pub fn response(mut self, words: impl Into<String>) -> Self {
        self.response = words.into();
        self
    }

    /// What the lower y axis shows. Default `response to one more unit of currency`.
    #[must_use]
    pub fn marginal(mut self, words: impl Into<String>) -> Self {
        self.marginal = words.into();
        self
    }

    /// Adds a total, greater than those before, with its best response, and the marginal return there where it is known. At most
    /// 1,000.
    #[must_use]
    pub fn point(mut self, total: f64, response: f64, marginal: Option<f64>) -> Self {
        self.points.push((total, response, marginal));
        self
    }

    /// Today's total. It need not be among the points, but between the first and the last to stand on the line.
    #[must_use]
    pub fn today(mut self, total: f64) -> Self {
        self.today = Some(total);
        self
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without points, [`PlotError::TooMany`] with more than 1,000; [`PlotError::NonFinite`] for a
    /// number that is missing or infinite; [`PlotError::OutOfRange`] for totals that do not ascend.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let x = Domain::linear_near_zero(self.totals().chain(self.today));
        let y = Domain::linear_near_zero(self.points.iter().map(|point| point.1)).rounded(6);
        let mut canvas = Canvas::default();
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &self.subtitle, &[]);
        frame::y_title(&mut canvas, WIDTH, top + 10.0, &self.response);
        // Room above for the word at the line of today.
        let area = Area { left: LEFT, top: top + 40.0, right: RIGHT, bottom: top + 40.0 + HEIGHT };
        let ticks = y.ticks(6, NumberFormat::Plain);
        frame::y_axis(&mut canvas, &area, &y, &ticks);
        let x_ticks = x.ticks(7, NumberFormat::Plain);
        frame::x_axis(&mut canvas, WIDTH, &area, &x, &x_ticks, &self.total);

        self.draw_today(&mut canvas, &area, &x);
        let numerals = ticks.numerals.finer();
        let points = self.points.iter().map(|&(total, response, _)| (total, response));
        let words =
            |(total, value): (f64, f64)| format!("{}: {}", x_ticks.numerals.write(total), numerals.write(value));
        let places = points.map(|point| ((area.x(&x, point.0), area.y(&y, point.1)), words(point)));
        line(&mut canvas, &places.collect::<Vec<_>>());
        if let (Some(today), Some(response)) = (self.today, self.response_today()) {
            let at = (area.x(&x, today), area.y(&y, response));
            canvas.circle(at, 5.5, Paint::fill(PAPER).outlined(INK, 1.75));
        }
        let bottom = self.draw_marginal(&mut canvas, &area, &x);
        Ok(canvas.finish(WIDTH, bottom, &self.title, &self.description(x_ticks.numerals, numerals)))
    }

    fn check(&self) -> Result<()> {
        between_one_and("points", MAX_POINTS, self.points.len())?;
        for (index, &(total, response, marginal)) in self.points.iter().enumerate() {
            finite(TOTAL, index, total)?;
            finite("response", index, response)?;
            finite("marginal", index, marginal.unwrap_or(0.0))?;
            if index > 0 && total <= self.points[index - 1].0 {
                let expected = "more than the total before it";
                return Err(PlotError::OutOfRange { series: TOTAL, index, value: total, expected });
            }
        }
        finite("total of today", 0, self.today.unwrap_or(0.0))
    }

    fn totals(&self) -> impl Iterator<Item = f64> + '_ {
        self.points.iter().map(|point| point.0)
    }

    /// The response of today's total, where it is between the first and the last point.
    fn response_today(&self) -> Option<f64> {
        let (totals, responses): (Vec<f64>, Vec<f64>) = self.points.iter().map(|point| (point.0, point.1)).unzip();
        let today = self.today.filter(|today| (totals[0]..=totals[totals.len() - 1]).contains(today))?;
        Some(between(&totals, &responses, today))
    }

    /// A line at today's total, with a word above it.
    fn draw_today(&self, canvas: &mut Canvas, area: &Area, x: &Domain) {
        let Some(today) = self.today else { return };
        let at = area.x(x, today);
        canvas.line((at, area.top), (at, area.bottom), Paint::stroke(INK, 1.0).dashed());
        let word = format!("today: {}", Numerals::significant(4, NumberFormat::Plain).write(today));
        let half = text::width(&word, SMALL) / 2.0;
        let middle = at.clamp(LEFT + half - 20.0, RIGHT + 20.0 - half);
        canvas.text((middle, area.top - 5.0), &word, NOTE.anchor(Anchor::Middle));
    }

    /// The panel of marginal returns, where any is known; returns where the chart ends.
    fn draw_marginal(&self, canvas: &mut Canvas, above: &Area, x: &Domain) -> f64 {
        let end = above.bottom + frame::X_AXIS;
        let known = || self.points.iter().filter_map(|&(total, _, marginal)| Some((total, marginal?)));
        if known().next().is_none() {
            return end;
        }
        let y = Domain::linear_near_zero(known().map(|(_, marginal)| marginal)).rounded(3);
        frame::y_title(canvas, WIDTH, end + 16.0, &self.marginal);
        let area = Area { top: end + 30.0, bottom: end + 30.0 + SECOND, ..*above };
        let ticks = y.ticks(3, NumberFormat::Plain);
        frame::y_axis(canvas, &area, &y, &ticks);
        let x_ticks = x.ticks(7, NumberFormat::Plain);
        frame::x_axis(canvas, WIDTH, &area, x, &x_ticks, &self.total);
        if let Some(today) = self.today {
            let at = area.x(x, today);
            canvas.line((at, area.top), (at, area.bottom), Paint::stroke(INK, 1.0).dashed());
        }
        let words =
            |total, value| format!("{}: {}", x_ticks.numerals.write(total), ticks.numerals.finer().write(value));
        let place = |(total, value)| ((area.x(x, total), area.y(&y, value)), words(total, value));
        line(canvas, &known().map(place).collect::<Vec<_>>());
        canvas.line((area.left, area.bottom), (area.right, area.bottom), Paint::stroke(RULE, 1.0));
        area.bottom + frame::X_AXIS
    }

    /// The ends of the line, and today, in words.
    fn description(&self, totals: Numerals, responses: Numerals) -> String {
        let end = |at: usize| {
            let (total, response, _) = self.points[at];
            format!("{} at {}", responses.write(response), totals.write(total))
        };
        let ends = format!("{} against {}: {} to {}", self.response, self.total, end(0), end(self.points.len() - 1));
        match self.response_today() {
            Some(response) => format!("{ends}. Today: {}", responses.write(response)),
            None => ends,
        }
    }
}

/// A line through points, each with a dot that says its words on hovering where there are not too many.
fn line(canvas: &mut Canvas, points: &[(Point, String)]) {
    const DOTS: usize = 40;
    let places: Vec<Point> = points.iter().map(|&(place, _)| place).collect();
    canvas.polyline(&places, Paint::stroke(MAIN, 2.5));
    if points.len() <= DOTS {
        for (place, words) in points {
            canvas.group(words, |canvas| canvas.circle(*place, 3.5, Paint::fill(MAIN)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_only_numbers, assert_sound, count, finite, name, texts};

    fn three_totals() -> FrontierChart {
        FrontierChart::new("What would another total bring?")
            .subtitle("the best plan for every total")
            .total("total per day, EUR")
            .response("revenue per day, EUR")
            .marginal("revenue for one more EUR")
            .point(500.0, 2_000.0, Some(2.5))
            .point(1_000.0, 3_000.0, Some(1.5))
            .point(1_500.0, 3_500.0, None)
            .today(1_250.0)
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = three_totals().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn today_stands_on_the_line_where_it_is_between_points() {
        let svg = three_totals().to_svg().unwrap();
        assert!(svg.contains("Today: 3\u{2009}250"), "{svg}");
        let beyond = three_totals().today(9_000.0).to_svg().unwrap();
        assert_sound(&beyond);
        assert!(!beyond.contains("Today:") && texts(&beyond).contains("today: 9\u{2009}000"));
    }

    #[test]
    fn without_marginal_returns_there_is_one_panel() {
        let one = FrontierChart::new("").point(1.0, 2.0, None);
        let svg = one.clone().to_svg().unwrap();
        assert_sound(&svg);
        assert_eq!(count(&svg, "polyline"), 1);
        assert_eq!(count(&one.point(2.0, 3.0, Some(1.0)).to_svg().unwrap(), "polyline"), 2);
    }

    #[test]
    fn errors_name_series_and_place() {
        let many = |n: u32| (0..n).fold(FrontierChart::new(""), |chart, i| chart.point(f64::from(i), 1.0, Some(0.1)));
        assert_sound(&many(1_000).to_svg().unwrap());
        let errors = [
            FrontierChart::new(""),
            many(1_001),
            three_totals().point(1_500.0, 1.0, None),
            three_totals().point(f64::NAN, 1.0, None),
            three_totals().point(2_000.0, f64::INFINITY, None),
            three_totals().point(2_000.0, 1.0, Some(f64::NAN)),
            three_totals().today(f64::NAN),
        ];
        let texts = errors.map(|chart| chart.to_svg().unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no points given, expected at least one
        1001 points given, expected at most 1000
        total 3 is 1500, expected more than the total before it
        total 3 is NaN, expected a finite number
        response 3 is inf, expected a finite number
        marginal 3 is NaN, expected a finite number
        total of today 0 is NaN, expected a finite number
        ");
    }

    proptest! {
        #[test]
        fn any_finite_points_give_a_sound_chart(
            points in prop::collection::vec((finite(), finite(), prop::option::of(finite())), 1..30),
            today in prop::option::of(finite()),
            label in name(),
        ) {
            let mut points = points;
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            points.dedup_by(|a, b| a.0 == b.0);
            let chart = points.iter().fold(FrontierChart::new(""), |chart, &(total, response, marginal)| {
                chart.point(total, response, marginal)
            });
            let chart = today.into_iter().fold(chart, FrontierChart::today);
            assert_only_numbers(&chart.to_svg().unwrap());
            assert_sound(&chart.total(label.clone()).response(label.clone()).marginal(label).to_svg().unwrap());
        }
    }
}
