//! Predicted against actual, row by row.

use crate::{
    canvas::{Canvas, Paint, Point},
    error::{PlotError, Result, finite},
    frame::{self, Area, Key},
    number::{NumberFormat, Numerals, count},
    palette::{CONTRAST, Color, INK, MAIN, PAPER},
    scale::{AxisScale, Domain},
    thinning,
};

const WIDTH: f64 = 640.0;
const SIDE: f64 = 490.0;
const LEFT: f64 = 100.0;
const MAX_POINTS: usize = 20_000;
/// Radius of a point without a weight.
const RADIUS: f64 = 3.25;
/// Radii of the lightest and the heaviest point.
const RADII: (f64, f64) = (1.5, 9.0);

/// One point per row: what was predicted, and what came.
///
/// Points on the dashed diagonal were predicted exactly; above it, more came than was promised.
/// With weights, the area of a point is proportional to its weight.
///
/// At most [`max_points`](Self::max_points) are drawn. When there are more, a fixed pseudo-random
/// sample of the rows is taken, the same on every run and independent of the values, and the
/// subtitle says so; the axes still cover all rows.
///
/// [`AxisScale::Auto`] takes logarithmic axes when all predictions are positive, no actual value is
/// negative and at most half of them are zero, and the positive values span at least a factor of a
/// hundred. On logarithmic axes, rows with a zero are drawn at the lower or left edge in another
/// colour, and the legend counts them.
///
/// ```
/// use adsml_plot::PredictedActualChart;
///
/// let svg = PredictedActualChart::new("Conversions per day")
///     .quantity("conversions")
///     .unit("per day")
///     .points(&[2.1, 3.9, 8.2], &[2.0, 5.0, 7.0])
///     .to_svg()?;
/// assert!(svg.contains("actual conversions, per day"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PredictedActualChart {
    title: String,
    subtitle: String,
    quantity: String,
    unit: String,
    format: NumberFormat,
    scale: AxisScale,
    predicted: Vec<f64>,
    actual: Vec<f64>,
    weight: Option<Vec<f64>>,
    weight_label: String,
    max_points: usize,
}

impl PredictedActualChart {
    /// An empty chart. It needs [`points`](Self::points).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            quantity: "value".to_owned(),
            unit: String::new(),
            format: NumberFormat::Plain,
            scale: AxisScale::Auto,
            predicted: Vec::new(),
            actual: Vec::new(),
            weight: None,
            weight_label: "weight".to_owned(),
            max_points: 2000,
        }
    }

    /// A line below the title: model, rows it was judged on. A thinning is added to it.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// What is predicted, such as `click-through rate`; goes to both axes. Default `value`.
    #[must_use]
    pub fn quantity(mut self, name: impl Into<String>) -> Self {
        self.quantity = name.into();
        self
    }

    /// Unit of both axes, such as `EUR per day`; none by default.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// How values are written. Default [`NumberFormat::Plain`]; take [`NumberFormat::Percent`] for
    /// rates.
    #[must_use]
    pub fn format(mut self, format: NumberFormat) -> Self {
        self.format = format;
        self
    }

    /// Scale of both axes. Default [`AxisScale::Auto`].
    #[must_use]
    pub fn scale(mut self, scale: AxisScale) -> Self {
        self.scale = scale;
        self
    }

    /// The points, in place of those before: `predicted` and `actual` of the same rows, both of
    /// length `n_samples`.
    #[must_use]
    pub fn points(mut self, predicted: &[f64], actual: &[f64]) -> Self {
        self.predicted = predicted.to_vec();
        self.actual = actual.to_vec();
        self
    }

    /// Weight of each row, not negative, length `n_samples`, and its unit for the legend
    /// (`impressions`). Rows of weight zero are drawn smallest.
    #[must_use]
    pub fn weights(mut self, weight: &[f64], label: impl Into<String>) -> Self {
        self.weight = Some(weight.to_vec());
        self.weight_label = label.into();
        self
    }

    /// How many points to draw at most, from 1 to 20,000. Default 2,000.
    #[must_use]
    pub fn max_points(mut self, max_points: usize) -> Self {
        self.max_points = max_points;
        self
    }

    /// The chart as an SVG document, `O(n_samples log n_samples)`.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without points; [`PlotError::LengthMismatch`] when predictions,
    /// actual values and weights differ in number; [`PlotError::NonFinite`] for a value that is
    /// missing or infinite; [`PlotError::OutOfRange`] for a negative weight, or a negative value
    /// when [`AxisScale::Log`] was asked for; [`PlotError::InvalidParameter`] for `max_points`
    /// outside its range.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let (n, domain) = (self.predicted.len(), self.domain());
        let rows = self.drawn_rows();
        let mut canvas = Canvas::default();
        let subtitle = self.full_subtitle(rows.len());
        let heaviest = self.heaviest();
        let keys = self.keys(heaviest, &domain);
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &subtitle, &keys);
        let scale = if domain.is_log() { " (log scale)" } else { "" };
        let axis = |word| frame::with_unit(&format!("{word} {}", self.quantity), &self.unit) + scale;
        frame::y_title(&mut canvas, WIDTH, top + 10.0, &axis("actual"));

        let area = Area { left: LEFT, top: top + 26.0, right: LEFT + SIDE, bottom: top + 26.0 + SIDE };
        let ticks = domain.ticks(7, self.format);
        frame::y_axis(&mut canvas, &area, &domain, &ticks);
        frame::x_axis(&mut canvas, WIDTH, &area, &domain, &ticks, &axis("predicted"));
        for &row in &rows {
            let (predicted, actual) = (self.predicted[row], self.actual[row]);
            let at = (area.x(&domain, predicted), area.y(&domain, actual));
            let color = if self.is_off_scale(row, &domain) { CONTRAST } else { MAIN };
            point(&mut canvas, at, self.radius(row, heaviest), color);
        }
        diagonal(&mut canvas, (area.left, area.bottom), (area.right, area.top));
        let description = format!(
            "{} against {}, {} of {} points drawn",
            axis("actual"),
            axis("predicted"),
            count(rows.len()),
            count(n)
        );
        let height = area.bottom + frame::X_AXIS;
        Ok(canvas.finish(WIDTH, height, &self.title, &description))
    }

    fn check(&self) -> Result<()> {
        if !(1..=MAX_POINTS).contains(&self.max_points) {
            return Err(PlotError::InvalidParameter {
                name: "max_points",
                value: self.max_points,
                expected: "a number from 1 to 20000",
            });
        }
        if self.predicted.is_empty() {
            return Err(PlotError::EmptySeries { series: "points" });
        }
        let expected = self.predicted.len();
        let mut series = vec![("predicted", &self.predicted), ("actual", &self.actual)];
        series.extend(self.weight.iter().map(|weight| ("weight", weight)));
        for (name, values) in series {
            if values.len() != expected {
                return Err(PlotError::LengthMismatch {
                    series: name,
                    found: values.len(),
                    reference: "predicted",
                    expected,
                });
            }
            let words = match name {
                "weight" => Some("a weight that is not negative"),
                _ if self.scale == AxisScale::Log => Some("zero or more on a logarithmic axis"),
                _ => None,
            };
            for (index, &value) in values.iter().enumerate() {
                finite(name, index, value)?;
                match words {
                    Some(expected) if value < 0.0 => {
                        return Err(PlotError::OutOfRange { series: name, index, value, expected });
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    fn values(&self) -> impl Iterator<Item = f64> + Clone {
        self.predicted.iter().chain(&self.actual).copied()
    }

    /// The one domain of both axes, so that the diagonal means equality.
    fn domain(&self) -> Domain {
        let is_log = match self.scale {
            AxisScale::Linear => false,
            AxisScale::Log => true,
            AxisScale::Auto => self.suits_log(),
        };
        if is_log {
            Domain::log(self.values()).padded(0.05)
        } else {
            Domain::linear_near_zero(self.values()).rounded(7)
        }
    }

    fn suits_log(&self) -> bool {
        let n_zero = self.actual.iter().filter(|&&value| value == 0.0).count();
        let positive = self.values().filter(|&value| value > 0.0);
        let smallest = positive.clone().fold(f64::INFINITY, f64::min);
        let largest = positive.fold(0.0, f64::max);
        self.predicted.iter().all(|&value| value > 0.0)
            && self.actual.iter().all(|&value| value >= 0.0)
            && n_zero <= self.actual.len() / 2
            && largest / 100.0 >= smallest
    }

    /// Whether a row cannot stand at its place, because logarithmic axes have no zero.
    fn is_off_scale(&self, row: usize, domain: &Domain) -> bool {
        domain.is_log() && (self.predicted[row] <= 0.0 || self.actual[row] <= 0.0)
    }

    /// The rows to draw. Heavy points come first, so that light ones are not hidden behind them.
    fn drawn_rows(&self) -> Vec<usize> {
        let mut rows = thinning::sample(self.predicted.len(), self.max_points);
        if let Some(weight) = &self.weight {
            rows.sort_by(|&a, &b| weight[b].total_cmp(&weight[a]));
        }
        rows
    }

    fn heaviest(&self) -> f64 {
        self.weight.iter().flatten().copied().fold(0.0, f64::max)
    }

    fn radius(&self, row: usize, heaviest: f64) -> f64 {
        match &self.weight {
            Some(weight) if heaviest > 0.0 => (RADII.1 * (weight[row] / heaviest).sqrt()).max(RADII.0),
            _ => RADIUS,
        }
    }

    fn full_subtitle(&self, drawn: usize) -> String {
        let all = self.predicted.len();
        let mut thinning = String::new();
        if drawn < all {
            let (drawn, all) = (count(drawn), count(all));
            thinning = format!("{drawn} of {all} points drawn, a fixed random sample of rows");
        }
        frame::joined(&[&self.subtitle, &thinning])
    }

    fn keys(&self, heaviest: f64, domain: &Domain) -> Vec<Key<'static>> {
        let largest = Numerals::significant(3, NumberFormat::Plain).write(heaviest);
        let mut keys = if heaviest > 0.0 {
            vec![Key {
                label: format!("area: {}, the largest {largest}", self.weight_label),
                mark: &|canvas: &mut Canvas, at: Point| point(canvas, at, RADII.1, MAIN),
            }]
        } else {
            let mark: &dyn Fn(&mut Canvas, Point) = &|canvas, at| point(canvas, at, RADIUS, MAIN);
            vec![Key { label: "row".to_owned(), mark }]
        };
        keys.push(Key {
            label: "predicted = actual".to_owned(),
            mark: &|canvas, (x, y)| diagonal(canvas, (x - 9.0, y), (x + 11.0, y)),
        });
        let n = self.predicted.len();
        let n_zero = (0..n).filter(|&row| self.is_off_scale(row, domain)).count();
        if n_zero > 0 {
            keys.push(Key {
                label: format!("zero, off the scale: {} of {} rows", count(n_zero), count(n)),
                mark: &|canvas, at| point(canvas, at, RADIUS, CONTRAST),
            });
        }
        keys
    }
}

fn point(canvas: &mut Canvas, at: Point, radius: f64, color: Color) {
    canvas.circle(at, radius, Paint::fill(color).opacity(0.45).outlined(PAPER, 0.5));
}

fn diagonal(canvas: &mut Canvas, from: Point, to: Point) {
    canvas.line(from, to, Paint::stroke(INK, 1.25).dashed());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_only_numbers, assert_sound, count as elements, finite, name, texts};

    fn three_rows() -> PredictedActualChart {
        PredictedActualChart::new("Conversions per day")
            .quantity("conversions")
            .unit("per day")
            .points(&[2.1, 3.9, 8.2], &[2.0, 5.0, 7.0])
            .weights(&[100.0, 2500.0, 400.0], "impressions")
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = three_rows().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn a_thinning_is_stated_and_the_same_every_time() {
        let values: Vec<f64> = (0..5000).map(|row| f64::from(row % 7)).collect();
        let chart = PredictedActualChart::new("").points(&values, &values).max_points(1000);
        let svg = chart.to_svg().unwrap();
        let texts = texts(&svg).replace(['\u{2009}', '\n'], " ");
        assert!(texts.contains("1 000 of 5 000 points drawn"), "{texts}");
        // And the one in the legend.
        assert_eq!(elements(&svg, "circle"), 1001);
        assert_eq!(svg, chart.to_svg().unwrap());
    }

    #[test]
    fn a_thinning_does_not_favour_any_day_of_the_week() {
        let values = vec![0.0; 70_000];
        let chart = PredictedActualChart::new("").points(&values, &values).max_points(7000);
        let mut per_day = [0; 7];
        chart.drawn_rows().into_iter().for_each(|row| per_day[row % 7] += 1);
        // A thousand each; five standard deviations of a binomial count are 146.
        assert!(per_day.iter().all(|n: &i32| (n - 1000).abs() < 146), "{per_day:?}");
    }

    #[test]
    fn all_rows_are_drawn_when_there_is_room() {
        let svg = three_rows().max_points(3).to_svg().unwrap();
        assert!(!texts(&svg).contains("points drawn"));
        assert_eq!(elements(&svg, "circle"), 3 + 1);
    }

    #[test]
    fn area_is_proportional_to_weight() {
        let chart = three_rows();
        let area = |row| chart.radius(row, chart.heaviest()).powi(2);
        assert!((area(1) / area(2) - 2500.0 / 400.0).abs() < 1e-12);
    }

    #[test]
    fn zeros_on_a_log_scale_are_counted() {
        let chart = PredictedActualChart::new("").points(&[0.1, 5.0, 50.0], &[0.0, 7.0, 40.0]);
        let texts = texts(&chart.to_svg().unwrap());
        assert!(texts.contains("(log scale)") && texts.contains("off the scale: 1 of 3 rows"), "{texts}");
    }

    #[test]
    fn errors_name_series_and_place() {
        let errors = [
            PredictedActualChart::new("").to_svg(),
            three_rows().points(&[1.0, 2.0], &[1.0]).to_svg(),
            three_rows().weights(&[1.0], "rows").to_svg(),
            three_rows().weights(&[1.0, -1.0, 1.0], "rows").to_svg(),
            PredictedActualChart::new("").points(&[1.0, 2.0], &[1.0, f64::NAN]).to_svg(),
            PredictedActualChart::new("").points(&[1.0], &[-1.0]).scale(AxisScale::Log).to_svg(),
            three_rows().max_points(0).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no points given, expected at least one
        actual is of length 1, expected 2, the length of predicted
        weight is of length 1, expected 3, the length of predicted
        weight 1 is -1, expected a weight that is not negative
        actual 1 is NaN, expected a finite number
        actual 0 is -1, expected zero or more on a logarithmic axis
        max_points is 0, expected a number from 1 to 20000
        ");
    }

    proptest! {
        #[test]
        fn any_finite_points_give_a_sound_chart(
            rows in prop::collection::vec((finite(), finite(), finite()), 1..60),
            scale in prop::sample::select(vec![AxisScale::Auto, AxisScale::Linear, AxisScale::Log]),
            format in prop::sample::select(vec![NumberFormat::Plain, NumberFormat::Percent]),
            max_points in 1..80_usize,
            unit in name(),
        ) {
            let sign = |value: f64| if scale == AxisScale::Log { value.abs() } else { value };
            let predicted: Vec<f64> = rows.iter().map(|row| sign(row.0)).collect();
            let actual: Vec<f64> = rows.iter().map(|row| sign(row.1)).collect();
            let weight: Vec<f64> = rows.iter().map(|row| row.2.abs()).collect();
            let chart = PredictedActualChart::new("")
                .points(&predicted, &actual)
                .scale(scale)
                .format(format)
                .max_points(max_points);
            let svg = chart.to_svg().unwrap();
            assert_sound(&svg);
            assert_only_numbers(&svg);
            assert_sound(&chart.weights(&weight, unit.as_str()).unit(unit).to_svg().unwrap());
        }
    }
}
