//! Response curve: what a campaign's spend buys, as far as its rows tell.

mod check;
mod marks;
#[cfg(test)]
mod tests;
mod words;

use crate::{
    band::between,
    canvas::{Canvas, Paint},
    error::{PlotError, Result},
    frame::{self, Area, SMALL},
    number::NumberFormat,
    palette::INK,
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

const GRID: &str = "grid";

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
    pub fn to_svg(&self) -> Result<String, PlotError> {
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
}
