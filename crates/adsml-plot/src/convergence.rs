//! Convergence: how far searches still are from what is proved, as they go on.

use crate::{
    canvas::{Canvas, Point},
    error::{PlotError, Result, between_one_and, finite},
    frame::{self, Area},
    labels::{Labels, series_paint, spread},
    number::{NumberFormat, Numerals},
    scale::{AxisScale, Domain, Tick, Ticks},
};

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 330.0;
const LEFT: f64 = 104.0;
const MAX_SERIES: usize = 12;
const MAX_POINTS: usize = 10_000;

/// Gaps to a proved bound as step lines on a logarithmic axis: each holds until something better is found.
///
/// A dot says where a search stopped, a dashed line carries its last gap to its name. Gaps of nothing cannot stand on a
/// logarithmic axis: those up to the [`floor`](Self::floor) are drawn on the bottom line, which says so.
///
/// ```
/// use adsml_plot::ConvergenceChart;
///
/// let svg = ConvergenceChart::new("Which search gets there first?")
///     .progress("evaluations")
///     .series("exact", &[(1.0, 0.02), (40.0, 0.0)])
///     .series("random search", &[(1.0, 0.3), (10.0, 0.1), (900.0, 0.04)])
///     .to_svg()?;
/// assert!(svg.contains("random search"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ConvergenceChart {
    title: String,
    subtitle: String,
    progress: String,
    gap: String,
    format: NumberFormat,
    scale: AxisScale,
    floor: f64,
    series: Vec<(String, Vec<(f64, f64)>)>,
}

impl ConvergenceChart {
    /// An empty chart. It needs at least one [`series`](Self::series).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            progress: "evaluations".to_owned(),
            gap: "gap to the proved bound".to_owned(),
            format: NumberFormat::Percent,
            scale: AxisScale::Auto,
            floor: 1e-12,
            series: Vec::new(),
        }
    }

    /// A line below the title.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// What the x axis counts, such as `seconds`. Default `evaluations`.
    #[must_use]
    pub fn progress(mut self, words: impl Into<String>) -> Self {
        self.progress = words.into();
        self
    }

    /// What the y axis shows. Default `gap to the proved bound`.
    #[must_use]
    pub fn gap(mut self, words: impl Into<String>) -> Self {
        self.gap = words.into();
        self
    }

    /// How gaps are written. Default [`NumberFormat::Percent`].
    #[must_use]
    pub fn format(mut self, format: NumberFormat) -> Self {
        self.format = format;
        self
    }

    /// Scale of the x axis. Default [`AxisScale::Auto`]: logarithmic from a factor of 100 on. Progress that is not positive
    /// stands at the left end of a logarithmic axis.
    #[must_use]
    pub fn scale(mut self, scale: AxisScale) -> Self {
        self.scale = scale;
        self
    }

    /// Gaps up to this one are as good as none, and drawn on the bottom line. From 1e-100 to 1; default `1e-12`.
    #[must_use]
    pub fn floor(mut self, floor: f64) -> Self {
        self.floor = floor;
        self
    }

    /// Adds a search: its name, and `(progress, gap)` for each time it got better, oldest first. At most 12, each of at
    /// most 10,000 points.
    #[must_use]
    pub fn series(mut self, name: impl Into<String>, points: &[(f64, f64)]) -> Self {
        self.series.push((name.into(), points.to_vec()));
        self
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without series, or for one without points; [`PlotError::TooMany`] with more than 12, or
    /// more than 10,000 points; [`PlotError::NonFinite`] for a number that is missing or infinite;
    /// [`PlotError::OutOfRange`] for progress that goes back, a gap below zero, or a floor outside its range.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let (x, y) = (self.x_domain(), self.y_domain());
        let mut canvas = Canvas::default();
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &self.subtitle, &[]);
        frame::y_title(&mut canvas, WIDTH, top + 10.0, &format!("{} (log scale)", self.gap));
        let labels = Labels::new(self.series.iter().map(|(name, _)| name.as_str()));
        let area = Area { left: LEFT, top: top + 26.0, right: labels.right(WIDTH), bottom: top + 26.0 + HEIGHT };
        let ticks = self.y_ticks(&y);
        frame::y_axis(&mut canvas, &area, &y, &ticks);
        let scale = if x.is_log() { " (log scale)" } else { "" };
        let label = format!("{}{scale}", self.progress);
        frame::x_axis(&mut canvas, WIDTH, &area, &x, &x.ticks(7, NumberFormat::Plain), &label);

        let lines: Vec<Vec<Point>> = self
            .series
            .iter()
            .map(|(_, points)| steps(points, |(at, gap)| (area.x(&x, at), area.y(&y, gap))))
            .collect();
        let places = spread(lines.iter().map(|line| line[line.len() - 1].1), area.top, area.bottom);
        // The first series comes last, above the others.
        for (i, line) in lines.iter().enumerate().rev() {
            let (color, paint) = series_paint(i);
            canvas.group(&self.in_words(i, ticks.numerals), |canvas| {
                canvas.polyline(line, paint);
                labels.draw(canvas, &area, line[line.len() - 1], places[i], &self.series[i].0, color);
            });
        }
        let words: Vec<String> = (0..self.series.len()).map(|i| self.in_words(i, ticks.numerals)).collect();
        let description = format!("{} against {label}. {}", self.gap, words.join("; "));
        Ok(canvas.finish(WIDTH, area.bottom + frame::X_AXIS, &self.title, &description))
    }

    fn check(&self) -> Result<()> {
        if !(1e-100..=1.0).contains(&self.floor) {
            let (value, expected) = (self.floor, "a number from 1e-100 to 1");
            return Err(PlotError::OutOfRange { series: "floor", index: 0, value, expected });
        }
        between_one_and("series", MAX_SERIES, self.series.len())?;
        for (_, points) in &self.series {
            between_one_and("points of a series", MAX_POINTS, points.len())?;
            for (index, &(at, gap)) in points.iter().enumerate() {
                finite("progress", index, at)?;
                finite("gap", index, gap)?;
                let refuse = |series, value, expected| Err(PlotError::OutOfRange { series, index, value, expected });
                if index > 0 && at < points[index - 1].0 {
                    return refuse("progress", at, "no less than the one before it");
                }
                if gap < 0.0 {
                    return refuse("gap", gap, "a gap of at least 0");
                }
            }
        }
        Ok(())
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        self.series.iter().flat_map(|(_, points)| points).copied()
    }

    fn x_domain(&self) -> Domain {
        let all = || self.points().map(|(at, _)| at);
        let positive = || all().filter(|&at| at > 0.0);
        let (least, greatest) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
        let is_log = match self.scale {
            AxisScale::Linear => false,
            AxisScale::Log => true,
            AxisScale::Auto => greatest / 100.0 >= least,
        };
        if is_log { Domain::log(positive()) } else { Domain::linear(all()) }
    }

    /// The gaps above the floor; and, where some are not, a bottom line clearly below them.
    fn y_domain(&self) -> Domain {
        let drawn = || self.points().map(|(_, gap)| gap).filter(|&gap| gap > self.floor);
        if !self.has_floor() {
            return Domain::log(drawn()).padded(0.03);
        }
        let least = drawn().fold(f64::INFINITY, f64::min);
        let least = if least.is_finite() { least } else { 10.0 * self.floor };
        Domain::log(drawn().chain([least, 10_f64.powf((least / 2.0).log10().floor())]))
    }

    fn has_floor(&self) -> bool {
        self.points().any(|(_, gap)| gap <= self.floor)
    }

    /// The ticks, with the bottom line called what it stands for.
    fn y_ticks(&self, y: &Domain) -> Ticks {
        let mut ticks = y.ticks(6, self.format);
        ticks.numerals = Numerals::significant(2, self.format);
        if self.has_floor() {
            ticks.ticks.retain(|tick| tick.value > y.low() * (1.0 + 1e-9));
            let label = format!("≤ {}", ticks.numerals.write(self.floor));
            ticks.ticks.insert(0, Tick { value: y.low(), label: Some(label) });
        }
        ticks
    }

    /// `exact: 0.02 % at the end`.
    fn in_words(&self, series: usize, numerals: Numerals) -> String {
        let (name, points) = &self.series[series];
        let (at, gap) = points[points.len() - 1];
        format!("{name}: {} at {}", numerals.write(gap), Numerals::significant(3, NumberFormat::Plain).write(at))
    }
}

/// The corners of a line that stays where it is until the next point.
fn steps(points: &[(f64, f64)], place: impl Fn((f64, f64)) -> Point) -> Vec<Point> {
    let mut corners: Vec<Point> = Vec::with_capacity(2 * points.len());
    for point in points.iter().map(|&point| place(point)) {
        if let Some(&(_, y)) = corners.last() {
            corners.push((point.0, y));
        }
        corners.push(point);
    }
    corners
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_only_numbers, assert_sound, count, finite, name, texts};

    fn two_searches() -> ConvergenceChart {
        ConvergenceChart::new("Which search gets there first?")
            .subtitle("12 campaigns")
            .series("exact", &[(1.0, 0.02), (40.0, 0.0)])
            .series("random <search>", &[(1.0, 0.3), (10.0, 0.1), (900.0, 0.04)])
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = two_searches().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn a_gap_of_nothing_stands_on_a_line_that_says_so() {
        let texts = |chart: ConvergenceChart| texts(&chart.to_svg().unwrap());
        let zero = texts(two_searches().floor(1e-9).format(NumberFormat::Plain));
        assert!(zero.contains("≤ 1×10⁻⁹"), "{zero}");
        // Without such a gap there is no such line, and with nothing else there still is an axis.
        assert!(!texts(ConvergenceChart::new("").series("a", &[(1.0, 0.02)])).contains('≤'));
        assert!(texts(ConvergenceChart::new("").series("a", &[(1.0, 0.0)])).contains('≤'));
    }

    #[test]
    fn a_gap_holds_until_something_better_is_found() {
        let corners = steps(&[(0.0, 3.0), (2.0, 1.0), (5.0, 0.5)], |point| point);
        assert_eq!(corners, [(0.0, 3.0), (2.0, 3.0), (2.0, 1.0), (5.0, 1.0), (5.0, 0.5)]);
    }

    #[test]
    fn progress_over_decades_is_logarithmic_even_from_zero() {
        let chart = ConvergenceChart::new("").progress("seconds").series("a", &[(0.0, 0.5), (0.01, 0.2), (2.0, 0.1)]);
        assert!(texts(&chart.to_svg().unwrap()).contains("seconds (log scale)"));
        let svg = chart.scale(AxisScale::Linear).to_svg().unwrap();
        assert_eq!(texts(&svg).matches("(log scale)").count(), 1);
        assert_eq!(count(&svg, "polyline"), 1);
    }

    #[test]
    fn errors_name_series_and_place() {
        let of = |points: &[(f64, f64)]| ConvergenceChart::new("").series("a", points).to_svg();
        let many = (0..13).fold(ConvergenceChart::new(""), |chart, _| chart.series("a", &[(1.0, 1.0)]));
        let errors = [
            ConvergenceChart::new("").to_svg(),
            of(&[]),
            of(&vec![(1.0, 1.0); 10_001]),
            many.to_svg(),
            of(&[(f64::NAN, 1.0)]),
            of(&[(1.0, f64::INFINITY)]),
            of(&[(1.0, 1.0), (0.5, 1.0)]),
            of(&[(1.0, -1e-3)]),
            two_searches().floor(0.0).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no series given, expected at least one
        no points of a series given, expected at least one
        10001 points of a series given, expected at most 10000
        13 series given, expected at most 12
        progress 0 is NaN, expected a finite number
        gap 0 is inf, expected a finite number
        progress 1 is 0.5, expected no less than the one before it
        gap 0 is -0.001, expected a gap of at least 0
        floor 0 is 0, expected a number from 1e-100 to 1
        ");
    }

    proptest! {
        #[test]
        fn any_finite_points_give_a_sound_chart(
            series in prop::collection::vec((name(), prop::collection::vec((finite(), finite()), 1..20)), 1..=12),
            scale in prop::sample::select(vec![AxisScale::Auto, AxisScale::Linear, AxisScale::Log]),
            format in prop::sample::select(vec![NumberFormat::Plain, NumberFormat::Percent]),
            floor in prop::sample::select(vec![1e-100, 1e-12, 1.0]),
        ) {
            let chart = ConvergenceChart::new("").scale(scale).format(format).floor(floor);
            let add = |names: bool| series.iter().fold(chart.clone(), |chart, (name, points)| {
                let mut points: Vec<(f64, f64)> = points.iter().map(|&(at, gap)| (at, gap.abs())).collect();
                points.sort_by(|a, b| a.0.total_cmp(&b.0));
                chart.series(if names { name } else { "a" }, &points)
            });
            assert_sound(&add(true).to_svg().unwrap());
            assert_only_numbers(&add(false).to_svg().unwrap());
        }
    }
}
