//! Feature importance: which columns a model leans on.

use crate::{
    canvas::{Anchor, Canvas, Paint, Point},
    error::{PlotError, Result, between_one_and, finite, ordered},
    frame::{self, Area, BODY, Key, MARGIN, NAME, SMALL},
    number::{NumberFormat, Numerals, count},
    palette::{CONTRAST, INK, MAIN, RULE},
    scale::Domain,
    text,
};

const WIDTH: f64 = 880.0;
const ROW: f64 = 26.0;
const BAR: f64 = 16.0;
const MAX_BARS: usize = 200;
/// Room right of the longest bar for its value.
const VALUE: f64 = 84.0;

/// One feature of an [`ImportanceChart`], or a group of them.
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FeatureImportance {
    name: String,
    value: f64,
    interval: Option<(f64, f64)>,
}

impl FeatureImportance {
    /// Its name and how much it matters.
    pub fn new(name: impl Into<String>, importance: f64) -> Self {
        Self { name: name.into(), value: importance, interval: None }
    }

    /// Interval of the importance, `low <= high`; drawn as a whisker.
    #[must_use]
    pub fn interval(mut self, low: f64, high: f64) -> Self {
        self.interval = Some((low, high));
        self
    }

    fn ends(&self) -> impl Iterator<Item = f64> {
        let (low, high) = self.interval.unzip();
        [Some(self.value), low, high].into_iter().flatten()
    }
}

impl<S: Into<String>> From<(S, f64)> for FeatureImportance {
    fn from((name, importance): (S, f64)) -> Self {
        Self::new(name, importance)
    }
}

/// Features as horizontal bars, the most important first, with whiskers where intervals are given.
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
///
/// Permutation importances, which differ from shuffle to shuffle, come with their errors:
///
/// ```
/// use adsml_plot::{FeatureImportance, ImportanceChart};
///
/// // Name, mean increase of the loss, its standard error.
/// let shuffled = [("age", 0.031, 0.002), ("hour", -0.0004, 0.0003)];
/// let svg = ImportanceChart::new("How much worse without it?")
///     .unit("increase of the squared error when shuffled, held-out rows")
///     .interval_label("± 2 standard errors")
///     .features(shuffled.map(|(name, mean, error)| {
///         FeatureImportance::new(name, mean).interval(mean - 2.0 * error, mean + 2.0 * error)
///     }))
///     .to_svg()?;
/// assert!(svg.contains("± 2 standard errors"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ImportanceChart {
    title: String,
    subtitle: String,
    unit: String,
    format: NumberFormat,
    interval_label: String,
    features: Vec<FeatureImportance>,
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
            interval_label: "interval".to_owned(),
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

    /// What the whiskers are, for the legend, such as `± 2 standard errors`. Default `interval`.
    #[must_use]
    pub fn interval_label(mut self, label: impl Into<String>) -> Self {
        self.interval_label = label.into();
        self
    }

    /// Adds a feature.
    #[must_use]
    pub fn feature(self, name: impl Into<String>, importance: f64) -> Self {
        self.features([FeatureImportance::new(name, importance)])
    }

    /// Adds several features: pairs of name and importance, or [`FeatureImportance`]s.
    #[must_use]
    pub fn features<F: Into<FeatureImportance>>(mut self, features: impl IntoIterator<Item = F>) -> Self {
        self.features.extend(features.into_iter().map(Into::into));
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
    /// [`PlotError::EmptySeries`] without features; [`PlotError::NonFinite`] for an importance, or an
    /// end of an interval, that is missing or infinite; [`PlotError::InvertedInterval`] for an
    /// interval the wrong way round; [`PlotError::InvalidParameter`] for `top_n` outside its range.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let features = self.sorted();
        let shown = &features[..self.top_n.min(features.len())];
        let mut canvas = Canvas::default();
        let subtitle = self.full_subtitle(shown.len());
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &subtitle, &self.keys(shown));

        let domain = Domain::linear(shown.iter().flat_map(|feature| feature.ends()).chain([0.0])).rounded(6);
        let ticks = domain.ticks(6, self.format);
        let numerals = ticks.numerals.finer().finer();
        let widths = shown.iter().map(|feature| text::width(&feature.name, BODY));
        let names = widths.fold(60.0, f64::max).min(340.0);
        let area = Area {
            left: MARGIN + names + 12.0,
            right: WIDTH - MARGIN - VALUE,
            top,
            bottom: top + ROW * shown.len() as f64 + 4.0,
        };

        let label = if self.unit.is_empty() { "importance" } else { &self.unit };
        frame::x_axis(&mut canvas, WIDTH, &area, &domain, &ticks, label);
        for (i, feature) in shown.iter().enumerate() {
            let y = top + ROW * (i as f64 + 0.5) + 2.0;
            canvas.group(&in_words(feature, numerals), |canvas| {
                draw_bar(canvas, feature, y, &area, &domain);
                let name = text::fit(&feature.name, BODY, names);
                canvas.text_beside((MARGIN + names, y), &name, NAME.anchor(Anchor::End));
                // Values of bars to the left of zero stand to its right, clear of the names.
                let end = feature.ends().map(|value| area.x(&domain, value)).fold(area.x(&domain, 0.0), f64::max);
                let number = text::fit(&numerals.write(feature.value), SMALL, WIDTH - MARGIN / 2.0 - end - 6.0);
                canvas.text_beside((end + 6.0, y), &number, frame::NOTE);
            });
        }
        let zero = area.x(&domain, 0.0);
        canvas.line((zero, area.top), (zero, area.bottom), Paint::stroke(RULE, 1.25));
        let parts = shown.iter().map(|feature| in_words(feature, numerals));
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
        for (index, feature) in self.features.iter().enumerate() {
            finite("importance of feature", index, feature.value)?;
            ordered("interval of feature", index, feature.interval)?;
        }
        Ok(())
    }

    fn sorted(&self) -> Vec<&FeatureImportance> {
        let mut features: Vec<&FeatureImportance> = self.features.iter().collect();
        // Zeros of either sign are equally important.
        features.sort_by(|a, b| (b.value + 0.0).total_cmp(&(a.value + 0.0)));
        features
    }

    fn keys(&self, shown: &[&FeatureImportance]) -> Vec<Key<'static>> {
        if shown.iter().all(|feature| feature.interval.is_none()) {
            return Vec::new();
        }
        let mark: &dyn Fn(&mut Canvas, Point) = &|canvas, (x, y)| whisker(canvas, (x - 9.0, x + 11.0), y);
        vec![Key { label: self.interval_label.clone(), mark }]
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

/// A bar from zero to the importance, and its whisker.
fn draw_bar(canvas: &mut Canvas, feature: &FeatureImportance, y: f64, area: &Area, domain: &Domain) {
    let (zero, end) = (area.x(domain, 0.0), area.x(domain, feature.value));
    let (color, from) = if feature.value < 0.0 { (CONTRAST, end) } else { (MAIN, zero) };
    // Lighter below a whisker, so that its inner half shows too.
    let opacity = if feature.interval.is_some() { 0.55 } else { 1.0 };
    canvas.rect((from, y - BAR / 2.0), (end - zero).abs(), BAR, Paint::fill(color).opacity(opacity));
    if let Some((low, high)) = feature.interval {
        whisker(canvas, (area.x(domain, low), area.x(domain, high)), y);
    }
}

fn whisker(canvas: &mut Canvas, (low, high): (f64, f64), y: f64) {
    let paint = Paint::stroke(INK, 1.25);
    canvas.line((low, y), (high, y), paint);
    for end in [low, high] {
        canvas.line((end, y - 4.0), (end, y + 4.0), paint);
    }
}

/// `age: 0.310`, and its interval.
fn in_words(feature: &FeatureImportance, numerals: Numerals) -> String {
    let (name, value) = (&feature.name, numerals.write(feature.value + 0.0));
    match feature.interval {
        Some((low, high)) => format!("{name}: {value} ({} to {})", numerals.write(low), numerals.write(high)),
        None => format!("{name}: {value}"),
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
    fn a_small_chart_with_whiskers_looks_as_before() {
        let chart = ImportanceChart::new("How much worse without it?")
            .unit("increase of the squared error when shuffled")
            .interval_label("± 2 standard errors")
            .features([
                FeatureImportance::new("budget", 0.42).interval(0.35, 0.49),
                FeatureImportance::new("age + interest", 0.11).interval(0.08, 0.14),
                FeatureImportance::new("hour", -0.03).interval(-0.08, 0.02),
                FeatureImportance::new("placement", 0.0),
            ]);
        let svg = chart.to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn the_axis_holds_whole_whiskers() {
        // A bar of length one whose whisker is ten times as long, either way.
        let feature = FeatureImportance::new("age", 1.0).interval(-10.0, 10.0);
        let texts = texts(&ImportanceChart::new("").features([feature]).to_svg().unwrap());
        assert!(texts.contains("−10") && texts.contains("interval"), "{texts}");
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
            three_features().features([FeatureImportance::new("hour", 0.1).interval(0.2, 0.0)]).to_svg(),
            three_features().features([FeatureImportance::new("hour", 0.1).interval(f64::NAN, 0.2)]).to_svg(),
            three_features().top_n(0).to_svg(),
            three_features().top_n(201).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no features given, expected at least one
        importance of feature 3 is NaN, expected a finite number
        interval of feature 3 runs from 0.2 to 0, expected low <= high
        interval of feature 3 is NaN, expected a finite number
        top_n is 0, expected a number from 1 to 200
        top_n is 201, expected a number from 1 to 200
        ");
    }

    proptest! {
        #[test]
        fn any_finite_features_give_a_sound_chart(
            features in prop::collection::vec((name(), finite(), prop::option::of((finite(), finite()))), 1..30),
            top_n in 1..=200_usize,
            unit in name(),
        ) {
            let features = features.into_iter().map(|(name, value, interval)| {
                let feature = FeatureImportance::new(name, value);
                interval.iter().fold(feature, |feature, (a, b)| feature.interval(a.min(*b), a.max(*b)))
            });
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
