//! What a feature contributes, by its value.

use crate::{
    canvas::{Canvas, Paint},
    error::{PlotError, Result, finite},
    frame::{self, Area},
    number::{NumberFormat, count},
    palette::{MAIN, RULE},
    scale::{AxisScale, Domain},
    shade::{self, Shades},
    thinning,
};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 100.0;
const RIGHT: f64 = 688.0;
const HEIGHT: f64 = 340.0;
const MAX_POINTS: usize = 20_000;

/// One point per row: the value of a feature, and what it contributed there; coloured by the value of another feature.
///
/// Where rows of the same value lie apart, the contribution depends on something else, and where the colours part with them, on the other feature.
///
/// Rows without a value have no place on the axis and are counted below the title. At most [`max_points`](Self::max_points) are drawn;
/// when there are more, a fixed pseudo-random sample of the rows, the same on every run. [`AxisScale::Auto`] takes a logarithmic x axis
/// when the values are positive and span at least a factor of a hundred.
///
/// ```
/// use adsml_plot::ShapDependenceChart;
///
/// let svg = ShapDependenceChart::new("Where does more budget stop helping?")
///     .feature("budget")
///     .unit("EUR per day")
///     .contribution("log odds")
///     .points(&[10.0, 20.0, 40.0, 80.0], &[-0.4, 0.1, 0.3, 0.32])
///     .colored_by("hour", &[3.0, 8.0, 20.0, f64::NAN])
///     .to_svg()?;
/// assert!(svg.contains("budget, EUR per day") && svg.contains("hour: low to high"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ShapDependenceChart {
    title: String,
    subtitle: String,
    feature: String,
    unit: String,
    contribution_unit: String,
    scale: AxisScale,
    values: Vec<f64>,
    contributions: Vec<f64>,
    other: Option<(String, Vec<f64>)>,
    max_points: usize,
}

impl ShapDependenceChart {
    /// An empty chart. It needs [`points`](Self::points).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            feature: "value of the feature".to_owned(),
            unit: String::new(),
            contribution_unit: String::new(),
            scale: AxisScale::Auto,
            values: Vec::new(),
            contributions: Vec::new(),
            other: None,
            max_points: 2000,
        }
    }

    /// A line below the title: model, rows. What is left out is added to it.
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

    /// Unit of the contributions, such as `log odds`; none by default.
    #[must_use]
    pub fn contribution(mut self, unit: impl Into<String>) -> Self {
        self.contribution_unit = unit.into();
        self
    }

    /// Scale of the x axis. Default [`AxisScale::Auto`].
    #[must_use]
    pub fn scale(mut self, scale: AxisScale) -> Self {
        self.scale = scale;
        self
    }

    /// The values of the feature, `NaN` where missing, and its contributions, of the same rows; in place of those before.
    #[must_use]
    pub fn points(mut self, values: &[f64], contributions: &[f64]) -> Self {
        self.values = values.to_vec();
        self.contributions = contributions.to_vec();
        self
    }

    /// The feature that colours points: its name, and its values in the same rows, `NaN` where missing.
    #[must_use]
    pub fn colored_by(mut self, name: impl Into<String>, values: &[f64]) -> Self {
        self.other = Some((name.into(), values.to_vec()));
        self
    }

    /// How many points to draw at most, from 1 to 20,000. Default 2,000.
    #[must_use]
    pub fn max_points(mut self, max_points: usize) -> Self {
        self.max_points = max_points;
        self
    }

    /// The chart as an SVG document, `O(n log n)` in the number of rows.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without a row that has a value; [`PlotError::LengthMismatch`] for series of different rows;
    /// [`PlotError::NonFinite`] for a contribution that is missing or infinite, or a value that is infinite; [`PlotError::OutOfRange`]
    /// for a value that is not positive when [`AxisScale::Log`] was asked for; [`PlotError::InvalidParameter`] for `max_points` outside
    /// its range.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let placed: Vec<usize> = (0..self.values.len()).filter(|&row| !self.values[row].is_nan()).collect();
        if placed.is_empty() {
            return Err(PlotError::EmptySeries { series: "values that are not missing" });
        }
        let drawn = thinning::sample(placed.len(), self.max_points);
        let x = self.x_domain(&placed);
        let y = Domain::linear(placed.iter().map(|&row| self.contributions[row]).chain([0.0])).rounded(6);
        let shades = self.other.as_ref().map(|(_, values)| Shades::by_rank(values));
        let keys = match (&self.other, &shades) {
            (Some((name, _)), Some(shades)) => shade::keys(name, shades.some_are_missing()),
            _ => Vec::new(),
        };

        let mut canvas = Canvas::default();
        let subtitle = self.full_subtitle(placed.len(), drawn.len());
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &subtitle, &keys);
        let contribution = frame::with_unit("contribution to the prediction", &self.contribution_unit);
        frame::y_title(&mut canvas, WIDTH, top + 10.0, &contribution);
        let area = Area { left: LEFT, top: top + 26.0, right: RIGHT, bottom: top + 26.0 + HEIGHT };
        frame::y_axis(&mut canvas, &area, &y, &y.ticks(6, NumberFormat::Plain));
        let scale = if x.is_log() { " (log scale)" } else { "" };
        let label = frame::with_unit(&self.feature, &self.unit) + scale;
        frame::x_axis(&mut canvas, WIDTH, &area, &x, &x.ticks(7, NumberFormat::Plain), &label);
        let zero = area.y(&y, 0.0);
        canvas.line((area.left, zero), (area.right, zero), Paint::stroke(RULE, 1.25));
        for &at in &drawn {
            let row = placed[at];
            let color = shades.as_ref().map_or(MAIN, |shades| shades.of(row));
            shade::dot(&mut canvas, (area.x(&x, self.values[row]), area.y(&y, self.contributions[row])), color);
        }
        let description = format!("{contribution}, by {label}: {} rows drawn", count(drawn.len()));
        Ok(canvas.finish(WIDTH, area.bottom + frame::X_AXIS, &self.title, &description))
    }

    fn check(&self) -> Result<()> {
        if !(1..=MAX_POINTS).contains(&self.max_points) {
            let (value, expected) = (self.max_points, "a number from 1 to 20000");
            return Err(PlotError::InvalidParameter { name: "max_points", value, expected });
        }
        let others = self.other.iter().map(|(_, values)| ("values of the other feature", values.len()));
        for (series, found) in others.chain([("contributions", self.contributions.len())]) {
            if found != self.values.len() {
                let expected = self.values.len();
                return Err(PlotError::LengthMismatch { series, found, reference: "values", expected });
            }
        }
        for (index, (&value, &contribution)) in self.values.iter().zip(&self.contributions).enumerate() {
            finite("contribution", index, contribution)?;
            if value.is_nan() {
                continue;
            }
            finite("value", index, value)?;
            if self.scale == AxisScale::Log && value <= 0.0 {
                let expected = "a positive value on a logarithmic axis";
                return Err(PlotError::OutOfRange { series: "value", index, value, expected });
            }
        }
        Ok(())
    }

    fn x_domain(&self, placed: &[usize]) -> Domain {
        let values = placed.iter().map(|&row| self.values[row]);
        let least = values.clone().fold(f64::INFINITY, f64::min);
        let greatest = values.clone().fold(f64::NEG_INFINITY, f64::max);
        let is_log = match self.scale {
            AxisScale::Linear => false,
            AxisScale::Log => true,
            AxisScale::Auto => least > 0.0 && greatest / 100.0 >= least,
        };
        if is_log { Domain::log(values) } else { Domain::linear(values) }.padded(0.02)
    }

    fn full_subtitle(&self, placed: usize, drawn: usize) -> String {
        let all = self.values.len();
        let missing = match placed < all {
            true => format!("{} of {} rows have no value and are not drawn", count(all - placed), count(all)),
            false => String::new(),
        };
        let thinned = match drawn < placed {
            true => format!("{} of {} rows drawn, a fixed random sample", count(drawn), count(placed)),
            false => String::new(),
        };
        frame::joined(&[&self.subtitle, &missing, &thinned])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_sound, count as elements, finite as number, name, texts};

    fn four_rows() -> ShapDependenceChart {
        ShapDependenceChart::new("Where does more budget stop helping?")
            .feature("budget")
            .unit("EUR per day")
            .contribution("log odds")
            .points(&[10.0, 20.0, f64::NAN, 80.0], &[-0.4, 0.1, 0.3, 0.32])
            .colored_by("hour", &[3.0, 8.0, 20.0, f64::NAN])
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = four_rows().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn rows_that_are_not_drawn_are_counted() {
        let texts = texts(&four_rows().subtitle("all rows").max_points(2).to_svg().unwrap());
        assert!(texts.contains("all rows · 1 of 4 rows have no value and are not drawn · 2 of 3"), "{texts}");
    }

    #[test]
    fn errors_name_series_and_place() {
        let errors = [
            ShapDependenceChart::new("").to_svg(),
            four_rows().points(&[f64::NAN], &[0.0]).colored_by("hour", &[1.0]).to_svg(),
            four_rows().points(&[1.0; 4], &[0.0; 3]).to_svg(),
            four_rows().colored_by("hour", &[1.0]).to_svg(),
            four_rows().points(&[1.0; 4], &[0.0, 0.0, f64::NAN, 0.0]).to_svg(),
            four_rows().points(&[1.0, f64::INFINITY, 1.0, 1.0], &[0.0; 4]).to_svg(),
            four_rows().points(&[1.0, 0.0, 1.0, 1.0], &[0.0; 4]).scale(AxisScale::Log).to_svg(),
            four_rows().max_points(0).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no values that are not missing given, expected at least one
        no values that are not missing given, expected at least one
        contributions is of length 3, expected 4, the length of values
        values of the other feature is of length 1, expected 4, the length of values
        contribution 2 is NaN, expected a finite number
        value 1 is inf, expected a finite number
        value 1 is 0, expected a positive value on a logarithmic axis
        max_points is 0, expected a number from 1 to 20000
        ");
    }

    proptest! {
        #[test]
        fn any_finite_points_give_a_sound_chart(
            rows in prop::collection::vec((number(), number(), prop::num::f64::ANY), 1..30),
            other in prop::option::of(name()),
            max_points in 1..20_usize,
        ) {
            let column = |of: fn(&(f64, f64, f64)) -> f64| rows.iter().map(of).collect::<Vec<f64>>();
            let mut chart = ShapDependenceChart::new("").points(&column(|row| row.0), &column(|row| row.1));
            if let Some(name) = &other {
                chart = chart.colored_by(name, &column(|row| row.2));
            }
            let chart = chart.max_points(max_points);
            let svg = chart.to_svg().unwrap();
            assert_sound(&svg);
            let key = usize::from(other.is_some() && rows.iter().any(|row| row.2.is_nan()));
            prop_assert_eq!(elements(&svg, "circle"), rows.len().min(max_points) + key);
            prop_assert_eq!(svg, chart.to_svg().unwrap());
        }
    }
}
