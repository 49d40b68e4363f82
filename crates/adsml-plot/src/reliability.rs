//! Reliability diagram: does what is predicted happen as often as predicted?

use crate::{
    canvas::{Canvas, Paint, Point},
    error::{PlotError, Result, between_one_and, finite, ordered},
    frame::{self, Area, Key, MARGIN},
    number::{NumberFormat, Numerals, count},
    palette::{CONTRAST, INK, MAIN, PAPER, RULE, SECOND},
    scale::{AxisScale, Domain},
};

const WIDTH: f64 = 640.0;
const SIDE: f64 = 490.0;
const LEFT: f64 = 100.0;
const WEIGHTS: f64 = 64.0;
/// Rates up to here are told apart by their ratios rather than by their differences.
const RARE: f64 = 0.1;
const MAX_BINS: usize = 1000;

/// One bin of a [`ReliabilityChart`]: predictions of about the same size, and what came of them.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReliabilityBin {
    predicted: f64,
    observed: f64,
    weight: f64,
    interval: Option<(f64, f64)>,
}

impl ReliabilityBin {
    /// Mean prediction and observed rate, both in `[0, 1]`, and the weight behind them (rows,
    /// impressions), not negative.
    pub fn new(predicted: f64, observed: f64, weight: f64) -> Self {
        Self { predicted, observed, weight, interval: None }
    }

    /// Interval of the observed rate, `0 <= low <= high <= 1`; drawn as an error bar.
    #[must_use]
    pub fn interval(mut self, low: f64, high: f64) -> Self {
        self.interval = Some((low, high));
        self
    }
}

/// Observed rate against mean predicted rate, bin by bin, with the weight of each bin below.
///
/// Dots on the dashed diagonal are calibrated; below it, the model promises too much. Rates are
/// written in percent. [`AxisScale::Auto`] takes logarithmic axes when all predictions are
/// positive, no rate is above 10 % and the positive rates span at least a factor of ten. On those, a bin in which nothing
/// was observed cannot stand at its height: it is drawn as a triangle at the lower edge, which the
/// legend says, and error bars are cut there.
///
/// ```
/// use adsml_plot::{ReliabilityBin, ReliabilityChart};
///
/// let svg = ReliabilityChart::new("Are predicted click rates kept?")
///     .weight_label("impressions")
///     .bin(ReliabilityBin::new(0.00012, 0.00010, 2e7).interval(0.00008, 0.00013))
///     .bin(ReliabilityBin::new(0.00025, 0.00027, 1e7).interval(0.00022, 0.00032))
///     .to_svg()?;
/// assert!(svg.contains("impressions per bin"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ReliabilityChart {
    title: String,
    subtitle: String,
    rate: String,
    weight_label: String,
    interval_label: String,
    format: NumberFormat,
    scale: AxisScale,
    bins: Vec<ReliabilityBin>,
}

impl ReliabilityChart {
    /// An empty chart. It needs at least one [`bin`](Self::bin).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            rate: "rate".to_owned(),
            weight_label: "rows".to_owned(),
            interval_label: "interval".to_owned(),
            format: NumberFormat::Percent,
            scale: AxisScale::Auto,
            bins: Vec::new(),
        }
    }

    /// A line below the title: model, rows, how bins were made.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// What the rate is called on the axes, such as `click-through rate`. Default `rate`.
    #[must_use]
    pub fn rate(mut self, name: impl Into<String>) -> Self {
        self.rate = name.into();
        self
    }

    /// Unit of the weights, such as `impressions`. Default `rows`.
    #[must_use]
    pub fn weight_label(mut self, label: impl Into<String>) -> Self {
        self.weight_label = label.into();
        self
    }

    /// What the error bars are, such as `95 % interval`. Default `interval`.
    #[must_use]
    pub fn interval_label(mut self, label: impl Into<String>) -> Self {
        self.interval_label = label.into();
        self
    }

    /// How rates are written. Default [`NumberFormat::Percent`].
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

    /// Adds a bin. At most 1,000; their order does not matter.
    #[must_use]
    pub fn bin(mut self, bin: ReliabilityBin) -> Self {
        self.bins.push(bin);
        self
    }

    /// Adds several bins.
    #[must_use]
    pub fn bins(mut self, bins: impl IntoIterator<Item = ReliabilityBin>) -> Self {
        self.bins.extend(bins);
        self
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without bins; [`PlotError::TooMany`] with more than 1,000;
    /// [`PlotError::NonFinite`] for a value that is missing or infinite; [`PlotError::OutOfRange`]
    /// for a rate outside `[0, 1]`, a negative weight, or a predicted rate of zero when
    /// [`AxisScale::Log`] was asked for; [`PlotError::InvertedInterval`] for an interval the wrong
    /// way round.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let mut bins = self.bins.clone();
        bins.sort_by(|a, b| a.predicted.total_cmp(&b.predicted));
        let domain = self.domain();

        let mut canvas = Canvas::default();
        let keys = self.keys(&domain);
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &self.subtitle, &keys);
        let scale = if domain.is_log() { " (log scale)" } else { "" };
        frame::y_title(&mut canvas, WIDTH, top + 10.0, &format!("observed {}{scale}", self.rate));

        let area = Area { left: LEFT, top: top + 26.0, right: LEFT + SIDE, bottom: top + 26.0 + SIDE };
        let ticks = domain.ticks(7, self.format);
        frame::y_axis(&mut canvas, &area, &domain, &ticks);
        let label = format!("mean predicted {}{scale}", self.rate);
        frame::x_axis(&mut canvas, WIDTH, &area, &domain, &ticks, &label);
        let diagonal = Paint::stroke(INK, 1.25).dashed();
        canvas.line((area.left, area.bottom), (area.right, area.top), diagonal);
        draw_marks(&mut canvas, &bins, &area, &domain, self.format);

        let below = area.bottom + frame::X_AXIS + 14.0;
        let bottom = self.draw_weights(&mut canvas, &bins, below, &area, &domain);
        let description =
            format!("observed {} against mean predicted {} in {} bins", self.rate, self.rate, count(bins.len()));
        Ok(canvas.finish(WIDTH, bottom + MARGIN, &self.title, &description))
    }

    fn check(&self) -> Result<()> {
        between_one_and("bins", MAX_BINS, self.bins.len())?;
        for (index, bin) in self.bins.iter().enumerate() {
            let (low, high) = bin.interval.unwrap_or((0.0, 0.0));
            for (series, value) in [
                ("mean predicted rate of bin", bin.predicted),
                ("observed rate of bin", bin.observed),
                ("interval of bin", low),
                ("interval of bin", high),
            ] {
                finite(series, index, value)?;
                if !(0.0..=1.0).contains(&value) {
                    let expected = "a rate in [0, 1]";
                    return Err(PlotError::OutOfRange { series, index, value, expected });
                }
            }
            ordered("interval of bin", index, bin.interval)?;
            let (series, value) = ("weight of bin", bin.weight);
            finite(series, index, value)?;
            if value < 0.0 {
                let expected = "a weight that is not negative";
                return Err(PlotError::OutOfRange { series, index, value, expected });
            }
            if self.scale == AxisScale::Log && bin.predicted == 0.0 {
                return Err(PlotError::OutOfRange {
                    series: "mean predicted rate of bin",
                    index,
                    value: bin.predicted,
                    expected: "a positive rate on a logarithmic axis",
                });
            }
        }
        Ok(())
    }

    /// The one domain of both axes, so that the diagonal means equality.
    fn domain(&self) -> Domain {
        let points = || self.bins.iter().flat_map(|bin| [bin.predicted, bin.observed]);
        let positive = || points().filter(|&rate| rate > 0.0);
        let smallest = positive().fold(f64::INFINITY, f64::min);
        let largest = positive().fold(0.0, f64::max);
        let is_log = match self.scale {
            AxisScale::Linear => false,
            AxisScale::Log => true,
            AxisScale::Auto => {
                let positive = self.bins.iter().all(|bin| bin.predicted > 0.0);
                positive && largest <= RARE && largest >= 10.0 * smallest
            }
        };
        let highs = self.bins.iter().filter_map(|bin| bin.interval).map(|(_, high)| high);
        let lows = self.bins.iter().filter_map(|bin| bin.interval).map(|(low, _)| low);
        if is_log {
            // An interval that reaches down to almost nothing must not squeeze the dots together.
            let lows = lows.map(|low| low.max(smallest / 2.0));
            Domain::log(points().chain(highs).chain(lows)).padded(0.05)
        } else {
            Domain::linear_near_zero(points().chain(highs).chain(lows)).rounded(7)
        }
    }

    fn keys(&self, domain: &Domain) -> Vec<Key<'static>> {
        let mut keys = vec![Key { label: "bin".to_owned(), mark: &|canvas: &mut Canvas, at: Point| dot(canvas, at) }];
        if self.bins.iter().any(|bin| bin.interval.is_some()) {
            let label = self.interval_label.clone();
            keys.push(Key {
                label,
                mark: &|canvas, (x, y)| {
                    error_bar(canvas, x, (y + 8.0, y - 8.0), true);
                },
            });
        }
        keys.push(Key {
            label: "predicted = observed".to_owned(),
            mark: &|canvas, (x, y)| {
                canvas.line((x - 9.0, y), (x + 11.0, y), Paint::stroke(INK, 1.25).dashed());
            },
        });
        if domain.is_log() && self.bins.iter().any(|bin| bin.observed == 0.0) {
            keys.push(Key {
                label: "observed rate 0, off the scale".to_owned(),
                mark: &|canvas, (x, y)| off_scale(canvas, (x, y + 5.0)),
            });
        }
        keys
    }

    /// Weight of each bin as a bar below the diagram, on the same x axis; returns its lower end.
    fn draw_weights(&self, canvas: &mut Canvas, bins: &[ReliabilityBin], top: f64, above: &Area, x: &Domain) -> f64 {
        frame::y_title(canvas, WIDTH, top, &format!("{} per bin", self.weight_label));
        let area = Area { top: top + 16.0, bottom: top + 16.0 + WEIGHTS, ..*above };
        let domain = Domain::linear(bins.iter().map(|bin| bin.weight).chain([0.0])).rounded(2);
        let ticks = domain.ticks(2, NumberFormat::Plain);
        frame::y_axis(canvas, &area, &domain, &ticks);
        let half = 4.0;
        for bin in bins {
            let (at, y) = (area.x(x, bin.predicted), area.y(&domain, bin.weight));
            canvas.rect((at - half, y), 2.0 * half, area.bottom - y, Paint::fill(SECOND).opacity(0.85));
        }
        canvas.line((area.left, area.bottom), (area.right, area.bottom), Paint::stroke(RULE, 1.0));
        area.bottom
    }
}

fn draw_marks(canvas: &mut Canvas, bins: &[ReliabilityBin], area: &Area, domain: &Domain, format: NumberFormat) {
    let at = |bin: &ReliabilityBin| (area.x(domain, bin.predicted), area.y(domain, bin.observed));
    let is_off_scale = |bin: &ReliabilityBin| domain.is_log() && bin.observed < domain.low();
    for stretch in bins.split(is_off_scale) {
        if stretch.len() > 1 {
            let points: Vec<Point> = stretch.iter().map(at).collect();
            canvas.polyline(&points, Paint::stroke(MAIN, 1.0));
        }
    }
    let numerals = Numerals::significant(3, format);
    for bin in bins {
        let (x, y) = at(bin);
        let hover = format!("predicted {}, observed {}", numerals.write(bin.predicted), numerals.write(bin.observed));
        canvas.group(&hover, |canvas| {
            if let Some((low, high)) = bin.interval {
                let ends = (area.y(domain, low), area.y(domain, high));
                error_bar(canvas, x, ends, low >= domain.low());
            }
            if is_off_scale(bin) {
                off_scale(canvas, (x, area.bottom));
            } else {
                dot(canvas, (x, y));
            }
        });
    }
}

fn dot(canvas: &mut Canvas, at: Point) {
    canvas.circle(at, 5.5, Paint::fill(MAIN).outlined(PAPER, 1.0));
}

/// From the lower to the upper end; without a cap below where the bar was cut.
fn error_bar(canvas: &mut Canvas, x: f64, (low, high): (f64, f64), capped_below: bool) {
    let paint = Paint::stroke(MAIN, 1.5);
    canvas.line((x, low), (x, high), paint);
    canvas.line((x - 4.0, high), (x + 4.0, high), paint);
    if capped_below {
        canvas.line((x - 4.0, low), (x + 4.0, low), paint);
    }
}

/// A triangle that points down, its tip at `tip`.
fn off_scale(canvas: &mut Canvas, (x, y): Point) {
    canvas.polygon(&[(x - 6.0, y - 10.0), (x + 6.0, y - 10.0), (x, y)], Paint::fill(CONTRAST));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_only_numbers, assert_sound, count as elements, name, texts};

    fn click_rates() -> ReliabilityChart {
        ReliabilityChart::new("Are predicted click rates kept?")
            .rate("click-through rate")
            .weight_label("impressions")
            .bin(ReliabilityBin::new(0.00006, 0.00005, 3e7).interval(0.00003, 0.00008))
            .bin(ReliabilityBin::new(0.0007, 0.0008, 1e7).interval(0.0006, 0.001))
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = click_rates().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn rates_near_two_in_ten_thousand_are_written_in_percent() {
        let texts = texts(&click_rates().to_svg().unwrap()).replace('\u{2009}', " ");
        assert!(texts.lines().any(|line| line == "0.02 %"), "{texts}");
    }

    #[test]
    fn rare_rates_that_span_a_decade_get_a_stated_log_scale_and_others_do_not() {
        let is_log = |chart: &ReliabilityChart| texts(&chart.to_svg().unwrap()).contains("(log scale)");
        assert!(is_log(&click_rates()));
        assert!(!is_log(&click_rates().scale(AxisScale::Linear)));
        let bins = [0.05, 0.3, 0.7].map(|rate| ReliabilityBin::new(rate, rate, 10.0));
        assert!(!is_log(&ReliabilityChart::new("").bins(bins)));
        let bins = [0.0001, 0.0002, 0.0003].map(|rate| ReliabilityBin::new(rate, rate, 10.0));
        assert!(!is_log(&ReliabilityChart::new("").bins(bins)));
        assert!(is_log(&ReliabilityChart::new("").bins(bins).scale(AxisScale::Log)));
    }

    #[test]
    fn a_bin_without_events_is_marked_off_the_scale() {
        let chart = click_rates().bin(ReliabilityBin::new(0.00002, 0.0, 1e6).interval(0.0, 0.00004));
        let svg = chart.to_svg().unwrap();
        assert_sound(&svg);
        assert!(texts(&svg).contains("off the scale"));
        // One in the diagram, one in the legend.
        assert_eq!(elements(&svg, "polygon"), 2);
        // On linear axes zero has a place.
        assert_eq!(elements(&chart.scale(AxisScale::Linear).to_svg().unwrap(), "polygon"), 0);
    }

    #[test]
    fn the_order_of_bins_does_not_matter() {
        let (a, b) = (ReliabilityBin::new(0.1, 0.2, 1.0), ReliabilityBin::new(0.3, 0.2, 2.0));
        let svg = |bins: [ReliabilityBin; 2]| ReliabilityChart::new("").bins(bins).to_svg().unwrap();
        assert_eq!(svg([a, b]), svg([b, a]));
    }

    #[test]
    fn errors_name_series_and_place() {
        let with = |bin| click_rates().bin(bin).to_svg();
        let errors = [
            ReliabilityChart::new("").to_svg(),
            with(ReliabilityBin::new(f64::NAN, 0.1, 1.0)),
            with(ReliabilityBin::new(0.1, 1.1, 1.0)),
            with(ReliabilityBin::new(0.1, 0.1, -1.0)),
            with(ReliabilityBin::new(0.1, 0.1, f64::INFINITY)),
            with(ReliabilityBin::new(0.1, 0.1, 1.0).interval(-0.1, 0.2)),
            with(ReliabilityBin::new(0.1, 0.1, 1.0).interval(0.2, 0.1)),
            click_rates().bin(ReliabilityBin::new(0.0, 0.1, 1.0)).scale(AxisScale::Log).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no bins given, expected at least one
        mean predicted rate of bin 2 is NaN, expected a finite number
        observed rate of bin 2 is 1.1, expected a rate in [0, 1]
        weight of bin 2 is -1, expected a weight that is not negative
        weight of bin 2 is inf, expected a finite number
        interval of bin 2 is -0.1, expected a rate in [0, 1]
        interval of bin 2 runs from 0.2 to 0.1, expected low <= high
        mean predicted rate of bin 2 is 0, expected a positive rate on a logarithmic axis
        ");
    }

    fn rate() -> impl Strategy<Value = f64> {
        prop_oneof![0.0..=1.0_f64, 0.0..1e-3_f64, Just(0.0), Just(1.0), Just(5e-324), Just(1e-200)]
    }

    proptest! {
        #[test]
        fn any_bins_give_a_sound_chart(
            bins in prop::collection::vec((rate(), rate(), 0.0..1e12_f64, rate(), rate(), any::<bool>()), 1..20),
            scale in prop::sample::select(vec![AxisScale::Auto, AxisScale::Linear, AxisScale::Log]),
            title in name(),
        ) {
            let smallest = if scale == AxisScale::Log { 1e-300 } else { 0.0 };
            let bins = bins.into_iter().map(|(predicted, observed, weight, a, b, with_interval)| {
                let bin = ReliabilityBin::new(predicted.max(smallest), observed, weight);
                if with_interval { bin.interval(a.min(b), a.max(b)) } else { bin }
            });
            let chart = ReliabilityChart::new("").scale(scale).bins(bins);
            let svg = chart.to_svg().unwrap();
            assert_sound(&svg);
            assert_only_numbers(&svg);
            prop_assert_eq!(svg, chart.to_svg().unwrap());
            assert_sound(&ReliabilityChart { title, ..chart }.to_svg().unwrap());
        }
    }
}
