//! How one prediction comes about.

use crate::{
    canvas::{Anchor, Canvas, Paint, Point},
    error::{PlotError, Result, between_one_and, finite},
    frame::{self, Area, BODY, Key, MARGIN, NAME, SMALL},
    number::{NumberFormat, Numerals, count},
    palette::{CONTRAST, Color, INK, MAIN, RULE},
    scale::Domain,
    text,
};

const WIDTH: f64 = 880.0;
const ROW: f64 = 26.0;
const BAR: f64 = 16.0;
const MAX_BARS: usize = 100;
/// Room right of the rightmost bar for its value.
const VALUE: f64 = 84.0;

/// From what is predicted of anybody to what is predicted of one row, a bar per feature: the prediction of a row, explained.
///
/// Bars begin where the one above ends, the widest first; those beyond [`top_n`](Self::top_n) are one bar. Features of equal contribution
/// keep the order they were given in.
///
/// ```
/// use adsml_plot::WaterfallChart;
///
/// let svg = WaterfallChart::new("Why is this ad clicked so often?")
///     .unit("log odds")
///     .base("the mean ad", -4.1)
///     .prediction("this ad")
///     .feature("age = 30-34", 0.42)
///     .feature("hour = 3", -0.08)
///     .to_svg()?;
/// assert!(svg.contains("age = 30-34") && svg.contains("−3.76"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct WaterfallChart {
    title: String,
    subtitle: String,
    unit: String,
    base: (String, f64),
    prediction: String,
    features: Vec<(String, f64)>,
    top_n: usize,
}

/// A bar, from where to where.
struct Bar {
    name: String,
    from: f64,
    to: f64,
    contribution: f64,
}

impl Bar {
    fn color(&self) -> Color {
        if self.contribution < 0.0 { CONTRAST } else { MAIN }
    }
}

impl WaterfallChart {
    /// An empty chart. It needs at least one [`feature`](Self::feature).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            unit: String::new(),
            base: ("base".to_owned(), 0.0),
            prediction: "prediction".to_owned(),
            features: Vec::new(),
            top_n: 12,
        }
    }

    /// A line below the title: model, which row.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Unit of the contributions and of their sum, such as `log odds`; none by default.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// What is predicted without knowing the row, and a name for it. Default: `base`, 0.
    #[must_use]
    pub fn base(mut self, name: impl Into<String>, value: f64) -> Self {
        self.base = (name.into(), value);
        self
    }

    /// A name for what the contributions lead to. Default `prediction`.
    #[must_use]
    pub fn prediction(mut self, name: impl Into<String>) -> Self {
        self.prediction = name.into();
        self
    }

    /// Adds a feature: its name, best with the value it has, and its contribution.
    #[must_use]
    pub fn feature(mut self, name: impl Into<String>, contribution: f64) -> Self {
        self.features.push((name.into(), contribution));
        self
    }

    /// How many features have a bar of their own, from 1 to 100. Default 12.
    #[must_use]
    pub fn top_n(mut self, top_n: usize) -> Self {
        self.top_n = top_n;
        self
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without features; [`PlotError::NonFinite`] for a base, a contribution, or a sum of them that is missing
    /// or infinite; [`PlotError::InvalidParameter`] for `top_n` outside its range.
    pub fn to_svg(&self) -> Result<String> {
        let bars = self.bars()?;
        let (base, prediction) = (bars[0].from, bars[bars.len() - 1].to);
        let mut canvas = Canvas::default();
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &self.subtitle, &keys());
        let ends = bars.iter().flat_map(|bar| [bar.from, bar.to]);
        let domain = Domain::linear(ends).rounded(6);
        let ticks = domain.ticks(6, NumberFormat::Plain);
        let numerals = ticks.numerals.finer();
        let names = bars.iter().map(|bar| &bar.name).chain([&self.base.0, &self.prediction]);
        let names = names.map(|name| text::width(name, BODY)).fold(60.0, f64::max).min(340.0);
        let area = Area {
            left: MARGIN + names + 12.0,
            right: WIDTH - MARGIN - VALUE,
            top,
            bottom: top + ROW * (bars.len() + 2) as f64 + 4.0,
        };
        let label = frame::with_unit("sum so far", &self.unit);
        frame::x_axis(&mut canvas, WIDTH, &area, &domain, &ticks, &label);

        let middle = |row: usize| top + ROW * (row as f64 + 0.5) + 2.0;
        let mut words = Vec::with_capacity(bars.len() + 2);
        let mut row = |canvas: &mut Canvas, name: &str, value: &str, y: f64, end: f64, draw: &dyn Fn(&mut Canvas)| {
            words.push(format!("{name}: {value}"));
            canvas.group(&words[words.len() - 1], |canvas| {
                draw(canvas);
                let name = text::fit(name, BODY, names);
                canvas.text_beside((MARGIN + names, y), &name, NAME.anchor(Anchor::End));
                let value = text::fit(value, SMALL, WIDTH - MARGIN / 2.0 - end - 8.0);
                canvas.text_beside((end + 8.0, y), &value, frame::NOTE);
            });
        };
        let x = |value: f64| area.x(&domain, value);
        let diamond_at = |value: f64, y: f64| move |canvas: &mut Canvas| diamond(canvas, (value, y));
        row(&mut canvas, &self.base.0, &numerals.write(base), middle(0), x(base), &diamond_at(x(base), middle(0)));
        for (at, bar) in bars.iter().enumerate() {
            let (y, from, to) = (middle(at + 1), x(bar.from), x(bar.to));
            let end = from.max(to);
            row(&mut canvas, &bar.name, &signed(bar.contribution, numerals), y, end, &|canvas| {
                canvas.line((from, y - ROW + BAR / 2.0), (from, y + BAR / 2.0), Paint::stroke(RULE, 1.0));
                canvas.rect((from.min(to), y - BAR / 2.0), (to - from).abs(), BAR, Paint::fill(bar.color()));
            });
        }
        let (y, end) = (middle(bars.len() + 1), x(prediction));
        row(&mut canvas, &self.prediction, &numerals.write(prediction), y, end, &|canvas| {
            canvas.line((end, y - ROW + BAR / 2.0), (end, y), Paint::stroke(RULE, 1.0));
            diamond(canvas, (end, y));
        });
        let description = words.join("; ");
        Ok(canvas.finish(WIDTH, area.bottom + frame::X_AXIS, &self.title, &description))
    }

    /// The widest first, the rest as one.
    fn bars(&self) -> Result<Vec<Bar>> {
        if !(1..=MAX_BARS).contains(&self.top_n) {
            let (value, expected) = (self.top_n, "a number from 1 to 100");
            return Err(PlotError::InvalidParameter { name: "top_n", value, expected });
        }
        between_one_and("features", usize::MAX, self.features.len())?;
        finite("base", 0, self.base.1)?;
        self.features.iter().enumerate().try_for_each(|(at, &(_, value))| finite("contribution", at, value))?;
        let mut sorted: Vec<&(String, f64)> = self.features.iter().collect();
        sorted.sort_by(|a, b| b.1.abs().total_cmp(&a.1.abs()));
        // One that is left over would take no less room as a bar of others.
        let own = if sorted.len() <= self.top_n + 1 { sorted.len() } else { self.top_n };
        let others: f64 = sorted[own..].iter().map(|one| one.1).sum();
        let mut parts: Vec<(String, f64)> = sorted[..own].iter().map(|&one| one.clone()).collect();
        if own < sorted.len() {
            parts.push((format!("{} other features", count(sorted.len() - own)), others));
        }
        let mut sum = self.base.1;
        let mut bars = Vec::with_capacity(parts.len());
        for (at, (name, contribution)) in parts.into_iter().enumerate() {
            let from = sum;
            sum += contribution;
            finite("sum up to bar", at, sum)?;
            bars.push(Bar { name, from, to: sum, contribution });
        }
        Ok(bars)
    }
}

fn keys() -> [Key<'static>; 2] {
    [
        Key { label: "raises it".to_owned(), mark: &|canvas, at| swatch(canvas, at, MAIN) },
        Key { label: "lowers it".to_owned(), mark: &|canvas, at| swatch(canvas, at, CONTRAST) },
    ]
}

fn swatch(canvas: &mut Canvas, (x, y): Point, color: Color) {
    canvas.rect((x - 9.0, y - 5.0), 20.0, 10.0, Paint::fill(color));
}

/// A sum, not a part of one.
fn diamond(canvas: &mut Canvas, (x, y): Point) {
    canvas.polygon(&[(x - 5.0, y), (x, y - 5.0), (x + 5.0, y), (x, y + 5.0)], Paint::fill(INK));
}

/// With its sign, also a plus.
fn signed(value: f64, numerals: Numerals) -> String {
    let sign = if value > 0.0 { "+" } else { "" };
    format!("{sign}{}", numerals.write(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_sound, finite as number, name, texts};

    fn four_features() -> WaterfallChart {
        WaterfallChart::new("Why is this ad clicked so often?")
            .unit("log odds")
            .base("the mean ad", -4.1)
            .prediction("this ad")
            .feature("hour = 3", -0.08)
            .feature("age = <30", 0.42)
            .feature("budget = 20", 0.02)
            .feature("day = 1", 0.01)
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = four_features().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn the_widest_bar_comes_first_and_small_ones_are_one() {
        let texts = texts(&four_features().top_n(2).to_svg().unwrap());
        let place = |name| texts.lines().position(|line| line == name).expect(name);
        assert!(place("the mean ad") < place("age = <30") && place("age = <30") < place("hour = 3"));
        assert!(place("2 other features") < place("+0.03") && place("+0.03") < place("this ad"));
    }

    #[test]
    fn errors_name_series_and_place() {
        let errors = [
            WaterfallChart::new("").to_svg(),
            four_features().feature("sex", f64::NAN).to_svg(),
            four_features().base("", f64::INFINITY).to_svg(),
            four_features().feature("sex", f64::MAX).feature("day", f64::MAX).to_svg(),
            four_features().top_n(0).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no features given, expected at least one
        contribution 4 is NaN, expected a finite number
        base 0 is inf, expected a finite number
        sum up to bar 1 is inf, expected a finite number
        top_n is 0, expected a number from 1 to 100
        ");
    }

    proptest! {
        #[test]
        fn any_finite_contributions_give_a_sound_chart(
            features in prop::collection::vec((name(), number()), 1..30),
            base in number(),
            top_n in 1..20_usize,
        ) {
            let mut chart = WaterfallChart::new("").base("base", base).top_n(top_n);
            for (name, contribution) in features {
                chart = chart.feature(name, contribution);
            }
            match chart.to_svg() {
                Ok(svg) => {
                    assert_sound(&svg);
                    prop_assert_eq!(svg, chart.to_svg().unwrap());
                }
                // The largest numbers have no sum.
                Err(error) => prop_assert!(matches!(error, PlotError::NonFinite { .. }), "{}", error),
            }
        }
    }
}
