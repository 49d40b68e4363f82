//! Response curve: what a campaign's spend buys, as far as its rows tell.

use crate::{
    band::{band, between, sections},
    canvas::{Canvas, Paint, Point},
    error::{PlotError, Result, between_one_and, finite, ordered},
    frame::{self, Area, Key, SMALL},
    number::{NumberFormat, Numerals, count},
    palette::{FAINT_GRID, INK, MAIN, OTHER, PAPER, RULE},
    scale::Domain,
    text,
    thinning::sample,
};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 340.0;
const SMALL_WIDTH: f64 = 380.0;
const SMALL_HEIGHT: f64 = 190.0;
const MAX_POINTS: usize = 10_000;
/// More dots than this are only a blot.
const MAX_DOTS: usize = 1_000;
const MAX_SMALL_DOTS: usize = 150;
/// Draws something at a point.
type Mark = fn(&mut Canvas, Point);

const GRID: &str = "grid";
const CURVE: Paint = Paint::stroke(MAIN, 2.5);
const BEYOND: Paint = Paint::stroke(OTHER, 2.0).dashed();
const SURE: Paint = Paint::fill(MAIN).opacity(0.2);
const UNSURE: Paint = Paint::fill(OTHER).opacity(0.16);

/// What spend brings: the rows as dots, the fitted curve with its interval, and where on it spend is now and should be.
///
/// Beyond the [`support`](Self::support), where no spend was observed, the paper is grey, the curve is dashed and its band
/// grey: there the family of curves speaks, not the rows. Spend begins at zero.
///
/// ```
/// use adsml_plot::ResponseCurveChart;
///
/// let svg = ResponseCurveChart::new("What does more spend on brand buy?")
///     .spend("spend per day, EUR")
///     .response("revenue per day, EUR")
///     .observed(&[(40.0, 210.0), (60.0, 240.0), (90.0, 330.0)])
///     .curve(&[0.0, 50.0, 100.0, 150.0], &[80.0, 230.0, 330.0, 400.0])
///     .band(&[50.0, 210.0, 300.0, 310.0], &[110.0, 250.0, 360.0, 490.0])
///     .support(40.0, 90.0)
///     .now(60.0)
///     .proposed(85.0)
///     .to_svg()?;
/// assert!(svg.contains("proposed: 85"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ResponseCurveChart {
    title: String,
    subtitle: String,
    spend: String,
    response: String,
    observed: Vec<(f64, f64)>,
    grid: Vec<f64>,
    curve: Vec<f64>,
    band: Option<(Vec<f64>, Vec<f64>)>,
    band_label: String,
    support: Option<(f64, f64)>,
    now: Option<f64>,
    proposed: Option<f64>,
    small: bool,
}

impl ResponseCurveChart {
    /// An empty chart. It needs a [`curve`](Self::curve).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            spend: "spend".to_owned(),
            response: "response".to_owned(),
            observed: Vec::new(),
            grid: Vec::new(),
            curve: Vec::new(),
            band: None,
            band_label: "90 % band".to_owned(),
            support: None,
            now: None,
            proposed: None,
            small: false,
        }
    }

    /// A line below the title.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// What the x axis shows, with its unit. Default `spend`.
    #[must_use]
    pub fn spend(mut self, words: impl Into<String>) -> Self {
        self.spend = words.into();
        self
    }

    /// What the y axis shows, with its unit. Default `response`.
    #[must_use]
    pub fn response(mut self, words: impl Into<String>) -> Self {
        self.response = words.into();
        self
    }

    /// Spend and response of every period, in any order, in place of those before. Of more than 1,000 (150 on a
    /// small chart) a scattered choice is drawn.
    #[must_use]
    pub fn observed(mut self, periods: &[(f64, f64)]) -> Self {
        self.observed = periods.to_vec();
        self
    }

    /// The fitted curve: spends, ascending, from 2 to 10,000 of them, and the expected response at each.
    #[must_use]
    pub fn curve(mut self, grid: &[f64], responses: &[f64]) -> Self {
        self.grid = grid.to_vec();
        self.curve = responses.to_vec();
        self
    }

    /// Lower and upper end of the curve's interval at each spend of the curve.
    #[must_use]
    pub fn band(mut self, low: &[f64], high: &[f64]) -> Self {
        self.band = Some((low.to_vec(), high.to_vec()));
        self
    }

    /// What the band is, for the legend. Default `90 % band`.
    #[must_use]
    pub fn band_label(mut self, words: impl Into<String>) -> Self {
        self.band_label = words.into();
        self
    }

    /// Least and greatest spend that was observed. Default: everywhere.
    #[must_use]
    pub fn support(mut self, low: f64, high: f64) -> Self {
        self.support = Some((low, high));
        self
    }

    /// Spend now; it must be on the grid of the curve.
    #[must_use]
    pub fn now(mut self, spend: f64) -> Self {
        self.now = Some(spend);
        self
    }

    /// Proposed spend; it must be on the grid of the curve.
    #[must_use]
    pub fn proposed(mut self, spend: f64) -> Self {
        self.proposed = Some(spend);
        self
    }

    /// Half as wide, and without a legend: for pages that show the curves of many campaigns.
    #[must_use]
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`PlotError::InvalidParameter`] unless the curve has 2 to 10,000 spends; [`PlotError::LengthMismatch`] for a curve or
    /// a band without one value per spend; [`PlotError::NonFinite`] for a value that is missing or infinite;
    /// [`PlotError::InvertedInterval`] for a band or a support with its ends the wrong way round;
    /// [`PlotError::OutOfRange`] for spends that do not ascend, or spend now or proposed that is not on the curve.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let (width, height) = if self.small { (SMALL_WIDTH, SMALL_HEIGHT) } else { (WIDTH, HEIGHT) };
        let (across, down) = if self.small { (4, 4) } else { (7, 6) };
        let spends = self.grid.iter().copied().chain(self.observed.iter().map(|&(spend, _)| spend));
        let x = Domain::linear(spends.chain([0.0]));
        let y = Domain::linear_near_zero(self.responses()).rounded(down);

        let mut canvas = Canvas::default();
        let keys = if self.small { Vec::new() } else { self.keys() };
        let top = frame::heading(&mut canvas, width, &self.title, &self.full_subtitle(), &keys);
        frame::y_title(&mut canvas, width, top + 10.0, &self.response);
        let y_ticks = y.ticks(down, NumberFormat::Plain);
        let labels = y_ticks.ticks.iter().filter_map(|tick| tick.label.as_deref());
        let widest = labels.map(|label| text::width(label, SMALL)).fold(0.0, f64::max);
        let left = if self.small { (widest + 24.0).clamp(60.0, 110.0) } else { 100.0 };
        let area = Area { left, top: top + 26.0, right: width - 32.0, bottom: top + 26.0 + height };
        self.draw_beyond(&mut canvas, &area, &x);
        frame::y_axis(&mut canvas, &area, &y, &y_ticks);
        frame::x_axis(&mut canvas, width, &area, &x, &x.ticks(across, NumberFormat::Plain), &self.spend);

        let place = |spend: f64, response: f64| (area.x(&x, spend), area.y(&y, response));
        self.draw_curve(&mut canvas, &place);
        for at in sample(self.observed.len(), self.max_dots()) {
            let (spend, response) = self.observed[at];
            let radius = if self.small { 2.0 } else { 2.75 };
            canvas.circle(place(spend, response), radius, Paint::fill(INK).opacity(0.4));
        }
        for (name, spend, mark) in self.marks() {
            let at = place(spend, between(&self.grid, &self.curve, spend));
            canvas.group(&self.in_words(name, spend), |canvas| {
                canvas.line(at, (at.0, area.bottom), Paint::stroke(INK, 1.0).dashed());
                mark(canvas, at);
            });
        }
        Ok(canvas.finish(width, area.bottom + frame::X_AXIS, &self.title, &self.description()))
    }

    fn check(&self) -> Result<()> {
        let n = self.grid.len();
        if !(2..=MAX_POINTS).contains(&n) {
            let expected = "a number from 2 to 10000";
            return Err(PlotError::InvalidParameter { name: "length of grid", value: n, expected });
        }
        let same_length = |series, found| {
            if found == n {
                Ok(())
            } else {
                Err(PlotError::LengthMismatch { series, found, reference: GRID, expected: n })
            }
        };
        for (index, &value) in self.grid.iter().enumerate() {
            finite(GRID, index, value)?;
            if index > 0 && value <= self.grid[index - 1] {
                let expected = "more than the value before it";
                return Err(PlotError::OutOfRange { series: GRID, index, value, expected });
            }
        }
        same_length("curve", self.curve.len())?;
        self.curve.iter().enumerate().try_for_each(|(index, &value)| finite("curve", index, value))?;
        if let Some((low, high)) = &self.band {
            same_length("lower end of the band", low.len())?;
            same_length("upper end of the band", high.len())?;
            let mut ends = low.iter().zip(high).enumerate();
            ends.try_for_each(|(index, (&low, &high))| ordered("band", index, Some((low, high))))?;
        }
        ordered("support", 0, self.support)?;
        for (index, &(spend, response)) in self.observed.iter().enumerate() {
            finite("observed spend", index, spend)?;
            finite("observed response", index, response)?;
        }
        for (series, value) in [("spend now", self.now), ("proposed spend", self.proposed)] {
            let Some(value) = value else { continue };
            finite(series, 0, value)?;
            if !(self.grid[0]..=self.grid[n - 1]).contains(&value) {
                let expected = "a spend on the grid of the curve";
                return Err(PlotError::OutOfRange { series, index: 0, value, expected });
            }
        }
        if self.observed.is_empty() {
            Ok(())
        } else {
            between_one_and("observed periods", 1_000_000, self.observed.len())
        }
    }

    fn max_dots(&self) -> usize {
        if self.small { MAX_SMALL_DOTS } else { MAX_DOTS }
    }

    /// Everything that has a height.
    fn responses(&self) -> impl Iterator<Item = f64> + '_ {
        let ends = self.band.iter().flat_map(|(low, high)| low.iter().chain(high));
        let observed = self.observed.iter().map(|(_, response)| response);
        self.curve.iter().chain(ends).chain(observed).copied()
    }

    fn is_observed(&self, spend: f64) -> bool {
        self.support.is_none_or(|(low, high)| (low..=high).contains(&spend))
    }

    /// Grey paper where no spend was observed.
    fn draw_beyond(&self, canvas: &mut Canvas, area: &Area, x: &Domain) {
        let Some((low, high)) = self.support else { return };
        let (low, high) = (area.x(x, low), area.x(x, high));
        for (from, to) in [(area.left, low), (high, area.right)] {
            if to > from {
                canvas.rect((from, area.top), to - from, area.bottom - area.top, Paint::fill(FAINT_GRID));
            }
        }
    }

    /// The curve and its band, in sections that are within the support or beyond it.
    fn draw_curve(&self, canvas: &mut Canvas, place: &dyn Fn(f64, f64) -> Point) {
        let cuts: Vec<f64> = self.support.into_iter().flat_map(|(low, high)| [low, high]).collect();
        let sections = sections(&self.grid, &cuts);
        let points = |spends: &[f64], responses: &[f64]| -> Vec<Point> {
            spends.iter().map(|&spend| place(spend, between(&self.grid, responses, spend))).collect()
        };
        let within = |spends: &[f64]| self.is_observed(spends[0] / 2.0 + spends[spends.len() - 1] / 2.0);
        if let Some((low, high)) = &self.band {
            for spends in &sections {
                let paint = if within(spends) { SURE } else { UNSURE };
                band(canvas, &points(spends, low), &points(spends, high), paint);
            }
        }
        for spends in &sections {
            canvas.polyline(&points(spends, &self.curve), if within(spends) { CURVE } else { BEYOND });
        }
    }

    fn marks(&self) -> Vec<(&'static str, f64, Mark)> {
        let now = self.now.map(|spend| ("now", spend, ring as Mark));
        let proposed = self.proposed.map(|spend| ("proposed", spend, dot as Mark));
        now.into_iter().chain(proposed).collect()
    }

    /// `proposed: 85, which brings 300`.
    fn in_words(&self, name: &str, spend: f64) -> String {
        let numerals = Numerals::significant(4, NumberFormat::Plain);
        let beyond = if self.is_observed(spend) { "" } else { ", beyond what was observed" };
        let response = numerals.write(between(&self.grid, &self.curve, spend));
        format!("{name}: {}, which brings {response}{beyond}", numerals.write(spend))
    }

    fn full_subtitle(&self) -> String {
        let thinned = match self.observed.len() {
            n if n > self.max_dots() => format!("{} of {} periods drawn", count(self.max_dots()), count(n)),
            _ => String::new(),
        };
        frame::joined(&[&self.subtitle, &thinned])
    }

    fn keys(&self) -> Vec<Key<'static>> {
        let key = |label: &str, mark| Key { label: label.to_owned(), mark };
        let mut keys = vec![key("fitted curve", &|canvas, at| stroke(canvas, at, CURVE))];
        if self.band.is_some() {
            keys.push(key(&self.band_label, &|canvas, (x, y)| canvas.rect((x - 9.0, y - 6.0), 20.0, 12.0, SURE)));
        }
        if self.support.is_some() {
            keys.push(key("not observed", &|canvas, (x, y)| {
                canvas.rect((x - 9.0, y - 6.0), 20.0, 12.0, Paint::fill(FAINT_GRID).outlined(RULE, 0.5));
                stroke(canvas, (x, y), BEYOND);
            }));
        }
        if !self.observed.is_empty() {
            let mark = &|canvas: &mut Canvas, at| canvas.circle(at, 2.75, Paint::fill(INK).opacity(0.4));
            keys.push(key("a period", mark));
        }
        if self.now.is_some() {
            keys.push(key("now", &ring));
        }
        if self.proposed.is_some() {
            keys.push(key("proposed", &dot));
        }
        keys
    }

    /// Where the curve begins and ends and what was marked, in words.
    fn description(&self) -> String {
        let numerals = Numerals::significant(4, NumberFormat::Plain);
        let last = self.grid.len() - 1;
        let end = |at: usize| format!("{} at {}", numerals.write(self.curve[at]), numerals.write(self.grid[at]));
        let mut parts = vec![format!("{} against {}: from {} to {}", self.response, self.spend, end(0), end(last))];
        parts.extend(self.marks().into_iter().map(|(name, spend, _)| self.in_words(name, spend)));
        if let Some((low, high)) = self.support {
            parts.push(format!("observed: {} to {}", numerals.write(low), numerals.write(high)));
        }
        parts.join(". ")
    }
}

fn ring(canvas: &mut Canvas, at: Point) {
    canvas.circle(at, 5.0, Paint::fill(PAPER).outlined(INK, 1.75));
}

fn dot(canvas: &mut Canvas, at: Point) {
    canvas.circle(at, 5.5, Paint::fill(INK).outlined(PAPER, 1.0));
}

fn stroke(canvas: &mut Canvas, (x, y): Point, paint: Paint) {
    canvas.line((x - 9.0, y), (x + 11.0, y), paint);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_only_numbers, assert_sound, count as elements, finite, name, texts};

    fn brand() -> ResponseCurveChart {
        ResponseCurveChart::new("What does more spend on <brand> buy?")
            .subtitle("90 days")
            .spend("spend per day, EUR")
            .response("revenue per day, EUR")
            .observed(&[(40.0, 210.0), (60.0, 240.0), (90.0, 330.0)])
            .curve(&[0.0, 50.0, 100.0, 150.0], &[80.0, 230.0, 330.0, 400.0])
            .band(&[50.0, 210.0, 300.0, 310.0], &[110.0, 250.0, 360.0, 490.0])
            .support(40.0, 90.0)
            .now(60.0)
            .proposed(100.0)
    }

    #[test]
    fn a_chart_looks_as_before() {
        let svg = brand().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn the_curve_is_cut_where_the_support_ends() {
        // Below, within, beyond; each with its band.
        let svg = brand().to_svg().unwrap();
        assert_eq!((elements(&svg, "polyline"), elements(&svg, "polygon")), (3, 3));
        assert!(svg.contains("proposed: 100, which brings 330, beyond what was observed"), "{svg}");
        assert!(svg.contains("now: 60, which brings 250<"), "{svg}");
        // Without a support all of it is observed; with one that is elsewhere, nothing.
        let whole = ResponseCurveChart { support: None, ..brand() }.to_svg().unwrap();
        assert!(elements(&whole, "polyline") == 1 && !whole.contains("beyond"));
        let elsewhere = brand().support(500.0, 600.0).to_svg().unwrap();
        assert!(elements(&elsewhere, "polyline") == 1 && elsewhere.contains("now: 60, which brings 250, beyond"));
        assert_sound(&elsewhere);
    }

    #[test]
    fn a_small_chart_is_narrow_and_has_no_legend() {
        let svg = brand().small().to_svg().unwrap();
        assert_sound(&svg);
        assert!(svg.contains(r#"width="380""#) && !texts(&svg).contains("fitted curve"));
    }

    #[test]
    fn many_periods_do_not_make_a_large_file() {
        let many: Vec<(f64, f64)> = (0..200_000).map(|day| (f64::from(day % 100), 100.0)).collect();
        let svg = brand().observed(&many).to_svg().unwrap();
        assert!(svg.len() < 200_000, "{} bytes", svg.len());
        assert!(texts(&svg).replace('\u{2009}', " ").contains("1 000 of 200 000 periods drawn"));
    }

    #[test]
    fn errors_name_series_and_place() {
        let curve = |grid: &[f64], values: &[f64]| ResponseCurveChart::new("").curve(grid, values).to_svg();
        let errors = [
            ResponseCurveChart::new("").to_svg(),
            curve(&[1.0], &[1.0]),
            curve(&[1.0, 1.0], &[1.0, 1.0]),
            curve(&[1.0, f64::NAN], &[1.0, 1.0]),
            curve(&[1.0, 2.0], &[1.0]),
            curve(&[1.0, 2.0], &[1.0, f64::INFINITY]),
            brand().band(&[1.0], &[2.0]).to_svg(),
            brand().band(&[1.0, 1.0, 1.0, 9.0], &[2.0, 2.0, 2.0, 2.0]).to_svg(),
            brand().support(9.0, 1.0).to_svg(),
            brand().observed(&[(1.0, 1.0), (f64::NAN, 1.0)]).to_svg(),
            brand().now(-1.0).to_svg(),
            brand().proposed(f64::NAN).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        length of grid is 0, expected a number from 2 to 10000
        length of grid is 1, expected a number from 2 to 10000
        grid 1 is 1, expected more than the value before it
        grid 1 is NaN, expected a finite number
        curve is of length 1, expected 2, the length of grid
        curve 1 is inf, expected a finite number
        lower end of the band is of length 1, expected 4, the length of grid
        band 3 runs from 9 to 2, expected low <= high
        support 0 runs from 9 to 1, expected low <= high
        observed spend 1 is NaN, expected a finite number
        spend now 0 is -1, expected a spend on the grid of the curve
        proposed spend 0 is NaN, expected a finite number
        ");
    }

    proptest! {
        #[test]
        fn any_finite_curve_gives_a_sound_chart(
            points in prop::collection::vec((finite(), finite(), finite()), 2..20),
            observed in prop::collection::vec((finite(), finite()), 0..20),
            support in prop::option::of((finite(), finite())),
            label in name(),
            small in any::<bool>(),
        ) {
            let mut grid: Vec<f64> = points.iter().map(|point| point.0).collect();
            grid.sort_by(f64::total_cmp);
            grid.dedup();
            prop_assume!(grid.len() > 1);
            let column = |of: fn(&(f64, f64, f64)) -> f64| points.iter().take(grid.len()).map(of).collect::<Vec<f64>>();
            let (low, high) = (column(|p| p.1.min(p.2)), column(|p| p.1.max(p.2)));
            let chart = ResponseCurveChart::new("").curve(&grid, &column(|p| p.1)).band(&low, &high).observed(&observed);
            let mut chart = chart.now(grid[0]).proposed(grid[grid.len() - 1]);
            if let Some((a, b)) = support {
                chart = chart.support(a.min(b), a.max(b));
            }
            if small {
                chart = chart.small();
            }
            assert_only_numbers(&chart.to_svg().unwrap());
            assert_sound(&chart.spend(label.clone()).response(label).to_svg().unwrap());
        }
    }
}
