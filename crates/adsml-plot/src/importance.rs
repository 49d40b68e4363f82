//! Feature importance: which columns a model leans on.

use crate::{
    canvas::{Anchor, Canvas, Paint},
    error::{PlotError, Result, between_one_and, finite},
    frame::{self, Area, BODY, MARGIN, NAME, SMALL},
    number::{NumberFormat, count},
    palette::{CONTRAST, MAIN, RULE},
    scale::Domain,
    text,
};

const WIDTH: f64 = 880.0;
const ROW: f64 = 26.0;
const BAR: f64 = 16.0;
const MAX_BARS: usize = 200;
/// Room right of the longest bar for its value.
const VALUE: f64 = 84.0;

/// Features as horizontal bars, the most important first.
///
/// Features of equal importance keep the order they were given in. Negative values (a permuted
/// column that helps) are drawn to the left of zero, in another colour.
///
/// ```
/// use adsml_plot::ImportanceChart;
///
/// let svg = ImportanceChart::new("What the click model leans on")
///     .unit("absolute standardised coefficient")
///     .feature("age", 0.31)
///     .feature("interest", 0.12)
///     .to_svg()?;
/// assert!(svg.contains("interest"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ImportanceChart {
    title: String,
    subtitle: String,
    unit: String,
    format: NumberFormat,
    features: Vec<(String, f64)>,
    top_n: usize,
}

impl ImportanceChart {
    /// An empty chart. It needs at least one [`feature`](Self::feature).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            unit: String::new(),
            format: NumberFormat::Plain,
            features: Vec::new(),
            top_n: 20,
        }
    }

    /// A line below the title: model, data, rows. How many features are left out is added to it.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// What the lengths of the bars are, such as `gain` or `absolute standardised coefficient`.
    /// Without it, the axis says `importance`.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// How importances are written. Default [`NumberFormat::Plain`].
    #[must_use]
    pub fn format(mut self, format: NumberFormat) -> Self {
        self.format = format;
        self
    }

    /// Adds a feature.
    #[must_use]
    pub fn feature(mut self, name: impl Into<String>, importance: f64) -> Self {
        self.features.push((name.into(), importance));
        self
    }

    /// Adds several features.
    #[must_use]
    pub fn features<S: Into<String>>(mut self, features: impl IntoIterator<Item = (S, f64)>) -> Self {
        self.features.extend(features.into_iter().map(|(name, value)| (name.into(), value)));
        self
    }

    /// How many features to draw, from 1 to 200. Default 20.
    #[must_use]
    pub fn top_n(mut self, top_n: usize) -> Self {
        self.top_n = top_n;
        self
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without features; [`PlotError::NonFinite`] for an importance that
    /// is missing or infinite; [`PlotError::InvalidParameter`] for `top_n` outside its range.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let features = self.sorted();
        let shown = &features[..self.top_n.min(features.len())];
        let mut canvas = Canvas::default();
        let subtitle = self.full_subtitle(shown.len());
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &subtitle, &[]);

        let values = shown.iter().map(|&(_, value)| value);
        let domain = Domain::linear(values.chain([0.0])).rounded(6);
        let ticks = domain.ticks(6, self.format);
        let numerals = ticks.numerals.finer().finer();
        let widths = shown.iter().map(|(name, _)| text::width(name, BODY));
        let names = widths.fold(60.0, f64::max).min(340.0);
        let area = Area {
            left: MARGIN + names + 12.0,
            right: WIDTH - MARGIN - VALUE,
            top,
            bottom: top + ROW * shown.len() as f64 + 4.0,
        };

        let label = if self.unit.is_empty() { "importance" } else { &self.unit };
        frame::x_axis(&mut canvas, WIDTH, &area, &domain, &ticks, label);
        let zero = area.x(&domain, 0.0);
        for (i, &(name, value)) in shown.iter().enumerate() {
            let y = top + ROW * (i as f64 + 0.5) + 2.0;
            let end = area.x(&domain, value);
            let (color, from) = if value < 0.0 { (CONTRAST, end) } else { (MAIN, zero) };
            let number = numerals.write(value);
            canvas.group(&format!("{name}: {number}"), |canvas| {
                let length = (end - zero).abs();
                canvas.rect((from, y - BAR / 2.0), length, BAR, Paint::fill(color));
                let name = text::fit(name, BODY, names);
                canvas.text_beside((MARGIN + names, y), &name, NAME.anchor(Anchor::End));
                // Values of bars to the left of zero stand to its right, clear of the names.
                let number = text::fit(&number, SMALL, WIDTH - MARGIN / 2.0 - end.max(zero) - 6.0);
                canvas.text_beside((end.max(zero) + 6.0, y), &number, frame::NOTE);
            });
        }
        canvas.line((zero, area.top), (zero, area.bottom), Paint::stroke(RULE, 1.25));
        let parts = shown.iter().map(|&(name, value)| format!("{name}: {}", numerals.write(value)));
        let description = format!("{label}. {}", parts.collect::<Vec<_>>().join("; "));
        Ok(canvas.finish(WIDTH, area.bottom + frame::X_AXIS, &self.title, &description))
    }

    fn check(&self) -> Result<()> {
        if !(1..=MAX_BARS).contains(&self.top_n) {
            return Err(PlotError::InvalidParameter {
                name: "top_n",
                value: self.top_n,
                expected: "a number from 1 to 200",
            });
        }
        between_one_and("features", usize::MAX, self.features.len())?;
        let mut values = self.features.iter().enumerate();
        values.try_for_each(|(index, &(_, value))| finite("importance of feature", index, value))
    }

    fn sorted(&self) -> Vec<(&str, f64)> {
        let mut features: Vec<(&str, f64)> =
            self.features.iter().map(|(name, value)| (name.as_str(), *value + 0.0)).collect();
        features.sort_by(|a, b| b.1.total_cmp(&a.1));
        features
    }

    fn full_subtitle(&self, shown: usize) -> String {
        let all = self.features.len();
        if shown == all {
            return self.subtitle.clone();
        }
        let left_out = format!("the {} most important of {} features", count(shown), count(all));
        frame::joined(&[&self.subtitle, &left_out])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_only_numbers, assert_sound, count, finite, name, texts};

    fn three_features() -> ImportanceChart {
        ImportanceChart::new("What the click model leans on").unit("absolute standardised coefficient").features([
            ("interest", 0.12),
            ("age", 0.31),
            ("gender <F>", -0.02),
        ])
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = three_features().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn the_most_important_feature_comes_first() {
        let texts = texts(&three_features().to_svg().unwrap());
        let place = |name| texts.lines().position(|line| line == name).unwrap();
        assert!(place("age") < place("interest") && place("interest") < place("gender <F>"));
    }

    #[test]
    fn features_left_out_are_counted() {
        let svg = three_features().subtitle("all rows").top_n(2).to_svg().unwrap();
        let texts = texts(&svg);
        assert!(texts.contains("all rows · the 2 most important of 3 features"), "{texts}");
        assert!(!texts.contains("gender"));
    }

    #[test]
    fn errors_name_series_and_place() {
        let errors = [
            ImportanceChart::new("").to_svg(),
            three_features().feature("hour", f64::NAN).to_svg(),
            three_features().top_n(0).to_svg(),
            three_features().top_n(201).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no features given, expected at least one
        importance of feature 3 is NaN, expected a finite number
        top_n is 0, expected a number from 1 to 200
        top_n is 201, expected a number from 1 to 200
        ");
    }

    proptest! {
        #[test]
        fn any_finite_features_give_a_sound_chart(
            features in prop::collection::vec((name(), finite()), 1..30),
            top_n in 1..=200_usize,
            unit in name(),
        ) {
            let chart = ImportanceChart::new("").unit(unit).features(features).top_n(top_n);
            let svg = chart.to_svg().unwrap();
            assert_sound(&svg);
            prop_assert_eq!(svg, chart.to_svg().unwrap());
        }

        #[test]
        fn every_feature_has_a_bar(values in prop::collection::vec(finite(), 1..20)) {
            let features = values.iter().map(|&value| ("feature", value));
            let svg = ImportanceChart::new("").features(features).to_svg().unwrap();
            assert_only_numbers(&svg);
            // And the paper.
            prop_assert_eq!(count(&svg, "rect"), values.len() + 1);
        }
    }
}
