//! Partial dependence: how predictions follow one feature.

use crate::{
    canvas::{Canvas, Paint, Point},
    error::{PlotError, Result, between_one_and, finite},
    frame::{self, Area, Key},
    number::{NumberFormat, Numerals, count},
    palette::{CONTRAST, FAINT, INK, MAIN, MUTED, OTHER, SECOND},
    scale::{AxisScale, Domain},
};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 100.0;
const RIGHT: f64 = 688.0;
const HEIGHT: f64 = 340.0;
/// Height of the marks on the axis.
const RUG: f64 = 7.0;
const MAX_POINTS: usize = 10_000;
const MAX_INDIVIDUAL: usize = 500;
/// Lines are told apart by weight and dashes, and by colour.
const LINES: [Paint; 4] = [
    Paint::stroke(MAIN, 2.5),
    Paint::stroke(CONTRAST, 2.5).dashed(),
    Paint::stroke(OTHER, 1.25),
    Paint::stroke(SECOND, 1.25).dashed(),
];

/// Mean predictions with one feature set to each value of a grid, as a line; one line per model, or per group of rows.
///
/// Two things keep the reader from believing too much: [`individual`](Self::individual) lines, thin
/// and grey, show whether single rows go the way of their mean, and the marks of
/// [`rows`](Self::rows) on the axis show where there are any data at all. Rows beyond the grid are
/// counted below the title. Of what is no number (a missing value), there is no place on the axis.
///
/// [`AxisScale::Auto`] takes a logarithmic x axis when the grid is positive and spans at least a factor of a hundred.
///
/// ```
/// use adsml_plot::PartialDependenceChart;
///
/// let svg = PartialDependenceChart::new("What does more budget do?")
///     .feature("budget")
///     .unit("EUR per day")
///     .predicted("conversions per day")
///     .grid(&[10.0, 20.0, 40.0, 80.0])
///     .line("boosting", &[2.0, 3.1, 3.9, 4.2])
///     .rows(&[12.0, 14.0, 15.0, 33.0, 70.0])
///     .to_svg()?;
/// assert!(svg.contains("budget, EUR per day"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PartialDependenceChart {
    title: String,
    subtitle: String,
    feature: String,
    unit: String,
    predicted: String,
    format: NumberFormat,
    scale: AxisScale,
    grid: Vec<f64>,
    lines: Vec<(String, Vec<f64>)>,
    individual: Vec<Vec<f64>>,
    rows: Vec<f64>,
}

impl PartialDependenceChart {
    /// An empty chart. It needs a [`grid`](Self::grid) and at least one [`line`](Self::line).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            feature: "value of the feature".to_owned(),
            unit: String::new(),
            predicted: "prediction".to_owned(),
            format: NumberFormat::Plain,
            scale: AxisScale::Auto,
            grid: Vec::new(),
            lines: Vec::new(),
            individual: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// A line below the title: model, rows the mean is over.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Name of the feature, for the x axis.
    #[must_use]
    pub fn feature(mut self, name: impl Into<String>) -> Self {
        self.feature = name.into();
        self
    }

    /// Unit of the feature, such as `EUR per day`; none by default.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// What is predicted, such as `click-through rate`, for the y axis. Default `prediction`.
    #[must_use]
    pub fn predicted(mut self, name: impl Into<String>) -> Self {
        self.predicted = name.into();
        self
    }

    /// How predictions are written. Default [`NumberFormat::Plain`]; take [`NumberFormat::Percent`] for rates.
    #[must_use]
    pub fn format(mut self, format: NumberFormat) -> Self {
        self.format = format;
        self
    }

    /// Scale of the x axis. Default [`AxisScale::Auto`].
    #[must_use]
    pub fn scale(mut self, scale: AxisScale) -> Self {
        self.scale = scale;
        self
    }

    /// The values that the feature was set to, ascending, from 2 to 10,000 of them, in place of those before.
    #[must_use]
    pub fn grid(mut self, grid: &[f64]) -> Self {
        self.grid = grid.to_vec();
        self
    }

    /// Adds a line: its name for the legend, and the mean prediction at each value of the grid. At most 4.
    #[must_use]
    pub fn line(mut self, name: impl Into<String>, predictions: &[f64]) -> Self {
        self.lines.push((name.into(), predictions.to_vec()));
        self
    }

    /// Adds the predictions of one row at each value of the grid, drawn thin behind the lines. At most 500.
    #[must_use]
    pub fn individual(mut self, predictions: &[f64]) -> Self {
        self.individual.push(predictions.to_vec());
        self
    }

    /// The values that the feature has in the data, in any order, for the marks on the axis; in place of those before.
    #[must_use]
    pub fn rows(mut self, values: &[f64]) -> Self {
        self.rows = values.to_vec();
        self
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`PlotError::InvalidParameter`] unless the grid has 2 to 10,000 values; [`PlotError::EmptySeries`]
    /// without lines; [`PlotError::TooMany`] with more than 4, or more than 500 individual ones;
    /// [`PlotError::LengthMismatch`] for a line without one prediction per value of the grid;
    /// [`PlotError::NonFinite`] for a value that is missing or infinite; [`PlotError::OutOfRange`]
    /// for a grid that does not ascend, or is not positive when [`AxisScale::Log`] was asked for.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let x = self.x_domain();
        let values = self.lines.iter().map(|(_, line)| line).chain(&self.individual).flatten().copied();
        let y = Domain::linear_near_zero(values).rounded(6);
        let (marks, beyond) = self.marks(&x);

        let mut canvas = Canvas::default();
        let subtitle = self.full_subtitle(beyond);
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &subtitle, &self.keys());
        frame::y_title(&mut canvas, WIDTH, top + 10.0, &self.predicted);
        let area = Area { left: LEFT, top: top + 26.0, right: RIGHT, bottom: top + 26.0 + HEIGHT };
        let ticks = y.ticks(6, self.format);
        frame::y_axis(&mut canvas, &area, &y, &ticks);
        let scale = if x.is_log() { " (log scale)" } else { "" };
        let label = frame::with_unit(&self.feature, &self.unit) + scale;
        frame::x_axis(&mut canvas, WIDTH, &area, &x, &x.ticks(7, NumberFormat::Plain), &label);

        let points = |line: &[f64]| -> Vec<Point> {
            self.grid.iter().zip(line).map(|(&at, &value)| (area.x(&x, at), area.y(&y, value))).collect()
        };
        for line in &self.individual {
            canvas.polyline(&points(line), Paint::stroke(FAINT, 0.75));
        }
        for at in marks {
            canvas.line((at, area.bottom), (at, area.bottom - RUG), Paint::stroke(INK, 0.75));
        }
        // The first line is what the chart is about: it comes last, above the others.
        for ((name, line), paint) in self.lines.iter().zip(LINES).rev() {
            canvas.group(name, |canvas| canvas.polyline(&points(line), paint));
        }
        let description = self.description(&label, ticks.numerals.finer());
        Ok(canvas.finish(WIDTH, area.bottom + frame::X_AXIS, &self.title, &description))
    }

    fn check(&self) -> Result<()> {
        if !(2..=MAX_POINTS).contains(&self.grid.len()) {
            return Err(PlotError::InvalidParameter {
                name: "length of grid",
                value: self.grid.len(),
                expected: "a number from 2 to 10000",
            });
        }
        for (index, &value) in self.grid.iter().enumerate() {
            finite("grid", index, value)?;
            let refuse = |expected| Err(PlotError::OutOfRange { series: "grid", index, value, expected });
            if index > 0 && value <= self.grid[index - 1] {
                return refuse("more than the value before it");
            }
            if self.scale == AxisScale::Log && value <= 0.0 {
                return refuse("a positive value on a logarithmic axis");
            }
        }
        between_one_and("lines", LINES.len(), self.lines.len())?;
        if !self.individual.is_empty() {
            between_one_and("individual lines", MAX_INDIVIDUAL, self.individual.len())?;
        }
        let lines = self.lines.iter().map(|(_, line)| ("line", line));
        for (series, line) in lines.chain(self.individual.iter().map(|line| ("individual line", line))) {
            if line.len() != self.grid.len() {
                let (found, expected) = (line.len(), self.grid.len());
                return Err(PlotError::LengthMismatch { series, found, reference: "grid", expected });
            }
            line.iter().enumerate().try_for_each(|(index, &value)| finite(series, index, value))?;
        }
        self.rows.iter().enumerate().try_for_each(|(index, &value)| finite("row", index, value))
    }

    fn x_domain(&self) -> Domain {
        let (least, greatest) = (self.grid[0], self.grid[self.grid.len() - 1]);
        let is_log = match self.scale {
            AxisScale::Linear => false,
            AxisScale::Log => true,
            AxisScale::Auto => least > 0.0 && greatest / 100.0 >= least,
        };
        let grid = self.grid.iter().copied();
        if is_log { Domain::log(grid) } else { Domain::linear(grid) }
    }

    /// Where the rows stand on the x axis, no two within half a pixel, and how many are beyond its ends.
    fn marks(&self, x: &Domain) -> (Vec<f64>, usize) {
        let (least, greatest) = (self.grid[0], self.grid[self.grid.len() - 1]);
        let within = |value: &&f64| (least..=greatest).contains(*value);
        let mut places: Vec<i64> = self
            .rows
            .iter()
            .filter(within)
            .map(|&value| ((LEFT + x.share(value) * (RIGHT - LEFT)) * 2.0).round() as i64)
            .collect();
        let beyond = self.rows.len() - places.len();
        places.sort_unstable();
        places.dedup();
        (places.into_iter().map(|place| place as f64 / 2.0).collect(), beyond)
    }

    fn full_subtitle(&self, beyond: usize) -> String {
        if beyond == 0 {
            return self.subtitle.clone();
        }
        let left_out = format!("{} of {} rows lie beyond the axis", count(beyond), count(self.rows.len()));
        frame::joined(&[&self.subtitle, &left_out])
    }

    fn keys(&self) -> Vec<Key<'static>> {
        static MARKS: [fn(&mut Canvas, Point); 4] = [
            |canvas, at| stroke(canvas, at, LINES[0]),
            |canvas, at| stroke(canvas, at, LINES[1]),
            |canvas, at| stroke(canvas, at, LINES[2]),
            |canvas, at| stroke(canvas, at, LINES[3]),
        ];
        let key = |(at, (name, _)): (usize, &(String, Vec<f64>))| Key { label: name.clone(), mark: &MARKS[at] };
        let mut keys: Vec<Key<'static>> = self.lines.iter().enumerate().map(key).collect();
        if !self.individual.is_empty() {
            let mark = &|canvas: &mut Canvas, at: Point| stroke(canvas, at, Paint::stroke(FAINT, 1.5));
            keys.push(Key { label: format!("single rows ({})", count(self.individual.len())), mark });
        }
        if !self.rows.is_empty() {
            keys.push(Key {
                label: "where rows are".to_owned(),
                mark: &|canvas, (x, y)| {
                    for step in [0.0, 3.0, 9.0] {
                        canvas.line((x - 4.0 + step, y + 4.0), (x - 4.0 + step, y - 4.0), Paint::stroke(MUTED, 0.75));
                    }
                },
            });
        }
        keys
    }

    /// Where every line begins and ends, in words.
    fn description(&self, label: &str, numerals: Numerals) -> String {
        let last = self.grid.len() - 1;
        let of_x = Numerals::significant(4, NumberFormat::Plain);
        let (from, to) = (of_x.write(self.grid[0]), of_x.write(self.grid[last]));
        let ends = |(name, line): &(String, Vec<f64>)| {
            format!("{name}: {} to {}", numerals.write(line[0]), numerals.write(line[last]))
        };
        let lines: Vec<String> = self.lines.iter().map(ends).collect();
        format!("{} against {label} from {from} to {to}. {}", self.predicted, lines.join("; "))
    }
}

fn stroke(canvas: &mut Canvas, (x, y): Point, paint: Paint) {
    canvas.line((x - 9.0, y), (x + 11.0, y), paint);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_only_numbers, assert_sound, count as elements, finite, name, texts};

    fn two_lines() -> PartialDependenceChart {
        PartialDependenceChart::new("What does more budget do?")
            .subtitle("400 ad days")
            .feature("budget")
            .unit("EUR per day")
            .predicted("conversions per day")
            .grid(&[10.0, 20.0, 40.0, 80.0])
            .line("boosting", &[2.0, 3.1, 3.9, 4.2])
            .line("linear", &[1.8, 2.2, 3.0, 4.6])
            .individual(&[1.0, 2.4, 3.5, 3.6])
            .individual(&[3.0, 3.8, 4.3, 4.8])
            .rows(&[12.0, 14.0, 15.0, 33.0, 70.0, 95.0])
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = two_lines().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn every_line_is_drawn_and_rows_beyond_are_counted() {
        let svg = two_lines().to_svg().unwrap();
        assert_eq!(elements(&svg, "polyline"), 4);
        let texts = texts(&svg);
        assert!(texts.contains("400 ad days · 1 of 6 rows lie beyond the axis"), "{texts}");
        assert!(texts.contains("single rows (2)") && texts.contains("where rows are"), "{texts}");
    }

    #[test]
    fn many_rows_do_not_make_a_large_file() {
        let rows: Vec<f64> = (0..200_000).map(|row| 10.0 + f64::from(row) * 70.0 / 200_000.0).collect();
        let svg = two_lines().rows(&rows).to_svg().unwrap();
        assert!(svg.len() < 200_000, "{} bytes", svg.len());
    }

    #[test]
    fn budgets_over_several_decades_are_logarithmic() {
        let chart = PartialDependenceChart::new("").grid(&[1.0, 100.0]).line("mean", &[0.0, 1.0]);
        assert!(texts(&chart.to_svg().unwrap()).contains("(log scale)"));
        let linear = chart.scale(AxisScale::Linear).to_svg().unwrap();
        assert!(!texts(&linear).contains("(log scale)"));
    }

    #[test]
    fn errors_name_series_and_place() {
        let flat = |grid: &[f64]| PartialDependenceChart::new("").grid(grid).line("mean", &vec![1.0; grid.len()]);
        let individual = |n| (0..n).fold(flat(&[0.0, 1.0]), |chart, _| chart.individual(&[1.0, 1.0]));
        let errors = [
            PartialDependenceChart::new("").to_svg(),
            flat(&[1.0]).to_svg(),
            flat(&[0.0; 10_001]).to_svg(),
            PartialDependenceChart::new("").grid(&[1.0, 2.0]).to_svg(),
            flat(&[1.0, f64::NAN]).to_svg(),
            flat(&[1.0, 1.0]).to_svg(),
            flat(&[0.0, 1.0]).scale(AxisScale::Log).to_svg(),
            two_lines().line("c", &[1.0]).to_svg(),
            two_lines().line("c", &[1.0, 1.0, f64::INFINITY, 1.0]).to_svg(),
            two_lines().line("c", &[1.0; 4]).line("d", &[1.0; 4]).line("e", &[1.0; 4]).to_svg(),
            two_lines().individual(&[]).to_svg(),
            two_lines().individual(&[1.0, 1.0, 1.0, f64::NAN]).to_svg(),
            individual(501).to_svg(),
            two_lines().rows(&[1.0, f64::NAN]).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        length of grid is 0, expected a number from 2 to 10000
        length of grid is 1, expected a number from 2 to 10000
        length of grid is 10001, expected a number from 2 to 10000
        no lines given, expected at least one
        grid 1 is NaN, expected a finite number
        grid 1 is 1, expected more than the value before it
        grid 0 is 0, expected a positive value on a logarithmic axis
        line is of length 1, expected 4, the length of grid
        line 2 is inf, expected a finite number
        5 lines given, expected at most 4
        individual line is of length 0, expected 4, the length of grid
        individual line 3 is NaN, expected a finite number
        501 individual lines given, expected at most 500
        row 1 is NaN, expected a finite number
        ");
    }

    proptest! {
        #[test]
        fn any_finite_lines_give_a_sound_chart(
            points in prop::collection::vec((finite(), finite(), finite()), 2..40),
            scale in prop::sample::select(vec![AxisScale::Auto, AxisScale::Linear, AxisScale::Log]),
            format in prop::sample::select(vec![NumberFormat::Plain, NumberFormat::Percent]),
            rows in prop::collection::vec(finite(), 0..30),
            unit in name(),
        ) {
            let sign = |value: f64| if scale == AxisScale::Log { value.abs() } else { value };
            let mut grid: Vec<f64> = points.iter().map(|point| sign(point.0)).collect();
            grid.sort_by(f64::total_cmp);
            grid.retain(|&value| value > 0.0 || scale != AxisScale::Log);
            grid.dedup();
            prop_assume!(grid.len() > 1);
            let line: Vec<f64> = points.iter().take(grid.len()).map(|point| point.1).collect();
            let other: Vec<f64> = points.iter().take(grid.len()).map(|point| point.2).collect();
            let chart =
                PartialDependenceChart::new("").grid(&grid).line("mean", &line).scale(scale).format(format).rows(&rows);
            let svg = chart.to_svg().unwrap();
            assert_sound(&svg);
            assert_only_numbers(&svg);
            assert_sound(&chart.individual(&other).line(unit.as_str(), &other).unit(unit).to_svg().unwrap());
        }
    }
}
