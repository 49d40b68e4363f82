//! Forecast: lines over the dates to come, with the intervals they may be off by.

use crate::{
    band::band,
    canvas::{Canvas, Paint, Point},
    error::{PlotError, Result, between_one_and, finite, ordered},
    frame::{self, Area, SMALL},
    labels::{Labels, series_paint, spread},
    number::{NumberFormat, Numerals, count},
    scale::{Domain, Tick, Ticks, bounded},
    text,
};

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 100.0;
const MAX_DATES: usize = 10_000;
const MAX_LINES: usize = 10_000;
/// More lines than this nobody can follow.
const MAX_DRAWN: usize = 12;
const LABELS: usize = 7;

/// One line of a [`ForecastChart`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForecastLine {
    name: String,
    values: Vec<f64>,
    interval: Option<(Vec<f64>, Vec<f64>)>,
}

impl ForecastLine {
    /// A name, and a value for every date.
    pub fn new(name: impl Into<String>, values: &[f64]) -> Self {
        Self { name: name.into(), values: values.to_vec(), interval: None }
    }

    /// Lower and upper end of the interval at every date.
    #[must_use]
    pub fn interval(mut self, low: &[f64], high: &[f64]) -> Self {
        self.interval = Some((low.to_vec(), high.to_vec()));
        self
    }

    /// Its size among others, without overflow.
    fn size(&self) -> f64 {
        self.values.iter().map(|value| value.abs() / self.values.len() as f64).sum()
    }
}

/// Lines over dates, each with its name at its end: budgets per campaign, or an expected result within its interval.
///
/// Dates are texts, equally far apart. Of more than twelve lines the twelve largest are drawn, and the others as their sum.
///
/// ```
/// use adsml_plot::{ForecastChart, ForecastLine};
///
/// let svg = ForecastChart::new("What will it bring?")
///     .quantity("revenue per day, EUR")
///     .interval_label("nine in ten outcomes")
///     .dates(["2026-01-05", "2026-01-06"])
///     .line(ForecastLine::new("expected", &[900.0, 930.0]).interval(&[700.0, 690.0], &[1_100.0, 1_180.0]))
///     .to_svg()?;
/// assert!(svg.contains("2026-01-06"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForecastChart {
    title: String,
    subtitle: String,
    quantity: String,
    interval_label: String,
    dates: Vec<String>,
    lines: Vec<ForecastLine>,
}

impl ForecastChart {
    /// An empty chart. It needs [`dates`](Self::dates) and at least one [`line`](Self::line).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            quantity: "value".to_owned(),
            interval_label: String::new(),
            dates: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// A line below the title. What is left out, and what the intervals are, is added to it.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// What the y axis shows, with its unit. Default `value`.
    #[must_use]
    pub fn quantity(mut self, words: impl Into<String>) -> Self {
        self.quantity = words.into();
        self
    }

    /// What the intervals are, such as `nine in ten outcomes`; not said by default.
    #[must_use]
    pub fn interval_label(mut self, words: impl Into<String>) -> Self {
        self.interval_label = words.into();
        self
    }

    /// The dates as the axis shows them, in order, at most 10,000, in place of those before.
    #[must_use]
    pub fn dates<D: Into<String>>(mut self, dates: impl IntoIterator<Item = D>) -> Self {
        self.dates = dates.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a line. At most 10,000.
    #[must_use]
    pub fn line(mut self, line: ForecastLine) -> Self {
        self.lines.push(line);
        self
    }

    /// Adds several lines.
    #[must_use]
    pub fn lines(mut self, lines: impl IntoIterator<Item = ForecastLine>) -> Self {
        self.lines.extend(lines);
        self
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without dates or lines; [`PlotError::TooMany`] with more than 10,000 of either;
    /// [`PlotError::LengthMismatch`] for a line without one value per date; [`PlotError::NonFinite`] for a value that is
    /// missing or infinite; [`PlotError::InvertedInterval`] for an interval with its ends the wrong way round.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let drawn = self.drawn();
        let x = Domain::linear([0.0, (self.dates.len() - 1) as f64]);
        let ends = |line: &ForecastLine| line.interval.clone().map(|(low, high)| [low, high].concat());
        let intervals = drawn.iter().filter_map(ends).flatten();
        let y = Domain::linear_near_zero(drawn.iter().flat_map(|line| line.values.clone()).chain(intervals)).rounded(6);

        let mut canvas = Canvas::default();
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &self.full_subtitle(&drawn), &[]);
        frame::y_title(&mut canvas, WIDTH, top + 10.0, &self.quantity);
        let labels = Labels::new(drawn.iter().map(|line| line.name.as_str()));
        let area = Area { left: LEFT, top: top + 26.0, right: labels.right(WIDTH), bottom: top + 26.0 + HEIGHT };
        let ticks = y.ticks(6, NumberFormat::Plain);
        frame::y_axis(&mut canvas, &area, &y, &ticks);
        frame::x_axis(&mut canvas, WIDTH, &area, &x, &self.date_ticks(ticks.numerals), "date");

        let points = |values: &[f64]| -> Vec<Point> {
            values.iter().enumerate().map(|(date, &value)| (area.x(&x, date as f64), area.y(&y, value))).collect()
        };
        for (at, line) in drawn.iter().enumerate() {
            if let Some((low, high)) = &line.interval {
                band(&mut canvas, &points(low), &points(high), Paint::fill(series_paint(at).0).opacity(0.18));
            }
        }
        let lines: Vec<Vec<Point>> = drawn.iter().map(|line| points(&line.values)).collect();
        let places = spread(lines.iter().map(|line| line[line.len() - 1].1), area.top, area.bottom);
        let words = |line: &ForecastLine| in_words(line, ticks.numerals.finer());
        // The first line comes last, above the others.
        for (at, (line, points)) in drawn.iter().zip(&lines).enumerate().rev() {
            let (color, paint) = series_paint(at);
            canvas.group(&words(line), |canvas| {
                canvas.polyline(points, paint);
                labels.draw(canvas, &area, points[points.len() - 1], places[at], &line.name, color);
            });
        }
        let (first, last) = (&self.dates[0], &self.dates[self.dates.len() - 1]);
        let parts: Vec<String> = drawn.iter().map(words).collect();
        let description = format!("{} from {first} to {last}. {}", self.quantity, parts.join("; "));
        Ok(canvas.finish(WIDTH, area.bottom + frame::X_AXIS, &self.title, &description))
    }

    fn check(&self) -> Result<()> {
        between_one_and("dates", MAX_DATES, self.dates.len())?;
        between_one_and("lines", MAX_LINES, self.lines.len())?;
        for line in &self.lines {
            self.one_per_date("line", &line.values)?;
            line.values.iter().enumerate().try_for_each(|(index, &value)| finite("line", index, value))?;
            let Some((low, high)) = &line.interval else { continue };
            self.one_per_date("lower end of the interval", low)?;
            self.one_per_date("upper end of the interval", high)?;
            let mut ends = low.iter().zip(high).enumerate();
            ends.try_for_each(|(index, (&low, &high))| ordered("interval", index, Some((low, high))))?;
        }
        Ok(())
    }

    fn one_per_date(&self, series: &'static str, values: &[f64]) -> Result<()> {
        let (found, expected) = (values.len(), self.dates.len());
        if found == expected {
            Ok(())
        } else {
            Err(PlotError::LengthMismatch { series, found, reference: "dates", expected })
        }
    }

    /// The lines in the order given, or the largest of them and the sum of the others.
    fn drawn(&self) -> Vec<ForecastLine> {
        let mut order: Vec<usize> = (0..self.lines.len()).collect();
        if order.len() <= MAX_DRAWN {
            return self.lines.clone();
        }
        let sizes: Vec<f64> = self.lines.iter().map(ForecastLine::size).collect();
        order.sort_by(|&a, &b| sizes[b].total_cmp(&sizes[a]));
        let mut others = order.split_off(MAX_DRAWN);
        order.sort_unstable();
        others.sort_unstable();
        let sum = |date: usize| others.iter().fold(0.0, |sum, &line| bounded(sum + self.lines[line].values[date]));
        let sums: Vec<f64> = (0..self.dates.len()).map(sum).collect();
        let name = format!("{} others together", count(others.len()));
        let drawn = order.into_iter().map(|line| self.lines[line].clone());
        drawn.chain([ForecastLine::new(name, &sums)]).collect()
    }

    /// Labels at every date, or at every few.
    fn date_ticks(&self, numerals: Numerals) -> Ticks {
        let n = self.dates.len();
        // Weeks where there are several.
        let steps = [1, 2, 5, 7, 14, 28, 56].into_iter();
        let step = steps.chain([n.div_ceil(LABELS)]).find(|step| n.div_ceil(*step) <= LABELS).unwrap_or(n);
        let tick = |date: usize| Tick { value: date as f64, label: Some(text::fit(&self.dates[date], SMALL, 110.0)) };
        Ticks { ticks: (0..n).step_by(step).map(tick).collect(), numerals }
    }

    fn full_subtitle(&self, drawn: &[ForecastLine]) -> String {
        let left_out = match self.lines.len() {
            n if n > MAX_DRAWN => format!("the {MAX_DRAWN} largest of {}", count(n)),
            _ => String::new(),
        };
        let has_interval = drawn.iter().any(|line| line.interval.is_some());
        let shaded = match self.interval_label.as_str() {
            label if has_interval && !label.is_empty() => format!("shaded: {label}"),
            _ => String::new(),
        };
        frame::joined(&[&self.subtitle, &left_out, &shaded])
    }
}

/// `expected: 900 to 930, in the end between 690 and 1 180`.
fn in_words(line: &ForecastLine, numerals: Numerals) -> String {
    let last = line.values.len() - 1;
    let ends = format!("{}: {} to {}", line.name, numerals.write(line.values[0]), numerals.write(line.values[last]));
    match &line.interval {
        Some((low, high)) => {
            format!("{ends}, in the end between {} and {}", numerals.write(low[last]), numerals.write(high[last]))
        }
        None => ends,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_only_numbers, assert_sound, count as elements, finite, name, texts};

    fn expected() -> ForecastChart {
        ForecastChart::new("What will it bring?")
            .subtitle("7 campaigns")
            .quantity("revenue per day, EUR")
            .interval_label("nine in ten outcomes")
            .dates(["2026-01-05", "2026-01-06", "2026-01-07"])
            .line(
                ForecastLine::new("expected", &[900.0, 930.0, 940.0])
                    .interval(&[700.0, 690.0, 650.0], &[1_100.0, 1_180.0, 1_260.0]),
            )
    }

    fn budgets(n: usize, dates: usize) -> ForecastChart {
        let line = |i: usize| ForecastLine::new(format!("campaign {i}"), &vec![i as f64; dates]);
        ForecastChart::new("").dates((0..dates).map(|date| format!("day {date}"))).lines((0..n).map(line))
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = expected().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn of_many_lines_the_largest_are_drawn_and_the_others_as_their_sum() {
        let svg = budgets(15, 2).to_svg().unwrap();
        assert_sound(&svg);
        let texts = texts(&svg);
        assert_eq!(elements(&svg, "polyline"), 13);
        assert!(texts.contains("the 12 largest of 15") && texts.contains("3 others together"), "{texts}");
        // 0 + 1 + 2.
        assert!(svg.contains("3 others together: 3.0 to 3.0"), "{svg}");
        assert!(!texts.contains("campaign 2\n") && texts.contains("campaign 3"));
        // Twelve are all drawn.
        assert!(!budgets(12, 2).to_svg().unwrap().contains("others"));
    }

    #[test]
    fn dates_are_labelled_every_few_when_they_are_many() {
        let labels = |dates| texts(&budgets(1, dates).to_svg().unwrap()).matches("day ").count();
        assert_eq!([1, 2, 7, 8, 30, 366, 1_000].map(labels), [1, 2, 7, 4, 6, 7, 7]);
    }

    #[test]
    fn a_single_date_has_its_dot_and_its_interval() {
        let one = ForecastChart::new("").dates(["today"]).line(ForecastLine::new("a", &[1.0]).interval(&[0.0], &[2.0]));
        let svg = one.to_svg().unwrap();
        assert_sound(&svg);
        assert_eq!((elements(&svg, "circle"), elements(&svg, "polygon")), (1, 0));
    }

    #[test]
    fn errors_name_series_and_place() {
        let with = |line| expected().line(line).to_svg();
        let three = ForecastLine::new("a", &[1.0, 2.0, 3.0]);
        let errors = [
            ForecastChart::new("").to_svg(),
            ForecastChart::new("").dates(["a"]).to_svg(),
            budgets(1, 10_001).to_svg(),
            budgets(10_001, 1).to_svg(),
            with(ForecastLine::new("a", &[1.0])),
            with(ForecastLine::new("a", &[1.0, f64::NAN, 1.0])),
            with(three.clone().interval(&[1.0], &[1.0, 1.0, 1.0])),
            with(three.interval(&[1.0, 1.0, 3.0], &[1.0, 1.0, 1.0])),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no dates given, expected at least one
        no lines given, expected at least one
        10001 dates given, expected at most 10000
        10001 lines given, expected at most 10000
        line is of length 1, expected 3, the length of dates
        line 1 is NaN, expected a finite number
        lower end of the interval is of length 1, expected 3, the length of dates
        interval 2 runs from 3 to 1, expected low <= high
        ");
    }

    proptest! {
        #[test]
        fn any_finite_lines_give_a_sound_chart(
            lines in prop::collection::vec((name(), prop::collection::vec((finite(), finite()), 5)), 1..20),
            n in 1..=5_usize,
            with_interval in any::<bool>(),
        ) {
            let chart = |names: bool| {
                let line = |(name, ends): &(String, Vec<(f64, f64)>)| {
                    let column = |of: fn(&(f64, f64)) -> f64| ends[..n].iter().map(of).collect::<Vec<f64>>();
                    let line = ForecastLine::new(if names { name } else { "a" }, &column(|end| end.0));
                    let (low, high) = (column(|end| end.0.min(end.1)), column(|end| end.0.max(end.1)));
                    if with_interval { line.interval(&low, &high) } else { line }
                };
                let dates = lines.iter().cycle().take(n).map(|(name, _)| if names { name.as_str() } else { "day" });
                ForecastChart::new("").dates(dates).lines(lines.iter().map(line))
            };
            assert_sound(&chart(true).to_svg().unwrap());
            assert_only_numbers(&chart(false).to_svg().unwrap());
        }
    }
}
