//! Leaderboard: models, their metric, and how sure we are of it.

use crate::{
    canvas::{Anchor, Canvas, Paint, Point, Type},
    error::{PlotError, Result, between_one_and, finite, ordered},
    frame::{self, Area, BODY, Key, MARGIN, NAME, NOTE, SMALL},
    number::{NumberFormat, Numerals},
    palette::{Color, GRID, HIGHLIGHT, MAIN, OTHER, PAPER},
    scale::Domain,
    text,
};

const WIDTH: f64 = 880.0;
const ROW: f64 = 38.0;
/// Between the two lines that a row may have.
const LINE: f64 = 15.5;
const MAX_MODELS: usize = 200;
const SERIES: &str = "models";

/// Whether small or large values of a metric are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Direction {
    /// A loss or an error.
    LowerIsBetter,
    /// A gain, such as an area under a curve.
    HigherIsBetter,
}

impl Direction {
    /// The words on the axis.
    fn words(self) -> &'static str {
        match self {
            Self::LowerIsBetter => "lower is better",
            Self::HigherIsBetter => "higher is better",
        }
    }
}

/// One row of a [`LeaderboardChart`].
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ModelScore {
    name: String,
    value: f64,
    interval: Option<(f64, f64)>,
    training: Option<f64>,
    note: String,
}

impl ModelScore {
    /// A model and its metric on rows it was not fitted on.
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self { name: name.into(), value, interval: None, training: None, note: String::new() }
    }

    /// Interval of the metric, `low <= high`; drawn as an error bar. It may leave the value out,
    /// as percentile intervals sometimes do.
    #[must_use]
    pub fn interval(mut self, low: f64, high: f64) -> Self {
        self.interval = Some((low, high));
        self
    }

    /// The same metric on the rows the model was fitted on; drawn hollow and labelled as such.
    #[must_use]
    pub fn training(mut self, value: f64) -> Self {
        self.training = Some(value);
        self
    }

    /// A few words below the name, such as `baseline` or `tied with best`.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.note = note.into();
        self
    }

    fn numbers(&self) -> impl Iterator<Item = f64> {
        let (low, high) = self.interval.unzip();
        [Some(self.value), low, high, self.training].into_iter().flatten()
    }
}

/// Models as dots with error bars, one row each, in the order given.
///
/// Filled dots are the metric on held-out rows, whiskers its interval, hollow dots the metric on
/// training rows. The chosen model stands out by colour, bold type and a band. The axis does not
/// begin at zero: only differences between dots mean anything.
///
/// ```
/// use adsml_plot::{Direction, LeaderboardChart, ModelScore};
///
/// let svg = LeaderboardChart::new("Which model predicts clicks?")
///     .metric("log loss", Direction::LowerIsBetter)
///     .model(ModelScore::new("logistic", 0.00172).interval(0.00165, 0.00180).training(0.00170))
///     .model(ModelScore::new("base rate", 0.00181).interval(0.00174, 0.00189))
///     .chosen("logistic")
///     .to_svg()?;
/// assert!(svg.contains("lower is better"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LeaderboardChart {
    title: String,
    subtitle: String,
    metric: String,
    direction: Option<Direction>,
    unit: String,
    format: NumberFormat,
    models: Vec<ModelScore>,
    chosen: Option<String>,
    score_label: String,
    interval_label: String,
}

impl LeaderboardChart {
    /// An empty chart. It needs at least one [`model`](Self::model).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            metric: "metric".to_owned(),
            direction: None,
            unit: String::new(),
            format: NumberFormat::Plain,
            models: Vec::new(),
            chosen: None,
            score_label: "held-out rows".to_owned(),
            interval_label: "interval".to_owned(),
        }
    }

    /// A line below the title: data, folds, how rows were split.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Name of the metric, and which way is better. Both go to the axis label.
    #[must_use]
    pub fn metric(mut self, name: impl Into<String>, direction: Direction) -> Self {
        self.metric = name.into();
        self.direction = Some(direction);
        self
    }

    /// Unit of the metric, such as `nats per impression`; none by default.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// How the metric is written. Default [`NumberFormat::Plain`].
    #[must_use]
    pub fn format(mut self, format: NumberFormat) -> Self {
        self.format = format;
        self
    }

    /// Adds a model, below those before it. At most 200.
    #[must_use]
    pub fn model(mut self, model: ModelScore) -> Self {
        self.models.push(model);
        self
    }

    /// Adds several models, below those before them.
    #[must_use]
    pub fn models(mut self, models: impl IntoIterator<Item = ModelScore>) -> Self {
        self.models.extend(models);
        self
    }

    /// Name of the model to highlight; none by default.
    #[must_use]
    pub fn chosen(mut self, name: impl Into<String>) -> Self {
        self.chosen = Some(name.into());
        self
    }

    /// Which rows the filled dots were measured on, for the legend. Default `held-out rows`.
    #[must_use]
    pub fn score_label(mut self, label: impl Into<String>) -> Self {
        self.score_label = label.into();
        self
    }

    /// What the whiskers are, for the legend, such as `95 % interval`. Default `interval`.
    #[must_use]
    pub fn interval_label(mut self, label: impl Into<String>) -> Self {
        self.interval_label = label.into();
        self
    }

    /// The chart as an SVG document.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without models; [`PlotError::TooMany`] with more than 200;
    /// [`PlotError::NonFinite`] for a value that is missing or infinite;
    /// [`PlotError::InvertedInterval`] for an interval the wrong way round;
    /// [`PlotError::UnknownName`] when the chosen model is not on the chart.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let mut canvas = Canvas::default();
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &self.subtitle, &self.keys());

        let domain = Domain::linear(self.models.iter().flat_map(ModelScore::numbers)).padded(0.06);
        let ticks = domain.ticks(6, self.format);
        let values = self.value_texts(ticks.numerals.finer());
        let names = self.models.iter().map(|model| {
            let name = text::width(&model.name, BODY * text::BOLD);
            name.max(text::width(&model.note, SMALL))
        });
        let names = names.fold(60.0, f64::max).min(240.0);
        let numbers = values.iter().map(|text| text::width(text, SMALL * text::BOLD));
        let numbers = numbers.fold(0.0, f64::max).min(230.0);
        let area = Area {
            left: MARGIN + names + 18.0,
            right: WIDTH - MARGIN - numbers - 18.0,
            top,
            bottom: top + ROW * self.models.len() as f64,
        };

        for (i, _) in self.models.iter().enumerate().filter(|(_, model)| self.is_chosen(model)) {
            let corner = (MARGIN / 2.0, top + ROW * i as f64);
            canvas.rect(corner, WIDTH - MARGIN, ROW, Paint::fill(HIGHLIGHT));
        }
        frame::x_axis(&mut canvas, WIDTH, &area, &domain, &ticks, &self.axis_label());
        for (i, (model, value)) in self.models.iter().zip(&values).enumerate() {
            let y = top + ROW * (i as f64 + 0.5);
            self.draw_name(&mut canvas, model, y, names);
            let shown = text::fit(value, SMALL * text::BOLD, numbers);
            let style = Type { size: SMALL, bold: self.is_chosen(model), ..NAME };
            canvas.text_beside((area.right + 18.0, y), &shown, style);
            let hover = format!("{}: {value}", model.name);
            canvas.group(&hover, |canvas| self.draw_marks(canvas, model, y, &area, &domain));
        }
        let height = area.bottom + frame::X_AXIS;
        Ok(canvas.finish(WIDTH, height, &self.title, &self.description(&values)))
    }

    fn check(&self) -> Result<()> {
        between_one_and(SERIES, MAX_MODELS, self.models.len())?;
        for (index, model) in self.models.iter().enumerate() {
            finite("value of model", index, model.value)?;
            ordered("interval of model", index, model.interval)?;
            finite("training value of model", index, model.training.unwrap_or(0.0))?;
        }
        match &self.chosen {
            Some(name) if !self.models.iter().any(|model| model.name == *name) => {
                let name = name.clone();
                Err(PlotError::UnknownName { what: "chosen model", name, series: SERIES })
            }
            _ => Ok(()),
        }
    }

    fn is_chosen(&self, model: &ModelScore) -> bool {
        self.chosen.as_ref() == Some(&model.name)
    }

    fn color(&self, model: &ModelScore) -> Color {
        if self.is_chosen(model) { MAIN } else { OTHER }
    }

    fn keys(&self) -> Vec<Key<'_>> {
        let key = |label: &str, mark| Key { label: label.to_owned(), mark };
        let mut keys = vec![key(
            &self.score_label,
            &(|canvas: &mut Canvas, at: Point| {
                dot(canvas, at, OTHER);
            }) as &dyn Fn(&mut Canvas, Point),
        )];
        if self.models.iter().any(|model| model.interval.is_some()) {
            keys.push(key(&self.interval_label, &|canvas, (x, y)| {
                whiskers(canvas, (x - 8.0, x + 8.0), y, OTHER);
            }));
        }
        if self.models.iter().any(|model| model.training.is_some()) {
            keys.push(key("training rows", &|canvas, at| ring(canvas, at, OTHER)));
        }
        if self.chosen.is_some() {
            keys.push(key("chosen model", &|canvas, at| dot(canvas, at, MAIN)));
        }
        keys
    }

    fn axis_label(&self) -> String {
        let metric = frame::with_unit(&self.metric, &self.unit);
        match self.direction {
            Some(direction) => format!("{metric} ({})", direction.words()),
            None => metric,
        }
    }

    /// `value [low, high]` of every model.
    fn value_texts(&self, numerals: Numerals) -> Vec<String> {
        let write = |value| numerals.write(value);
        let texts = self.models.iter().map(|model| match model.interval {
            Some((low, high)) => {
                format!("{} [{}, {}]", write(model.value), write(low), write(high))
            }
            None => write(model.value),
        });
        texts.collect()
    }

    fn description(&self, values: &[String]) -> String {
        let rows = self.models.iter().zip(values);
        let rows: Vec<String> = rows.map(|(m, value)| format!("{}: {value}", m.name)).collect();
        format!("{}. {}", self.axis_label(), rows.join("; "))
    }

    fn draw_name(&self, canvas: &mut Canvas, model: &ModelScore, y: f64, room: f64) {
        let (style, factor) = if self.is_chosen(model) { (NAME.bold(), text::BOLD) } else { (NAME, 1.0) };
        // Two lines: name and note, or a name too long for one.
        let max_lines = if model.note.is_empty() { 2 } else { 1 };
        let name = text::wrap(&model.name, BODY * factor, room, max_lines);
        let mut lines: Vec<(String, Type)> = name.into_iter().map(|line| (line, style)).collect();
        if !model.note.is_empty() {
            lines.push((text::fit(&model.note, SMALL, room), NOTE));
        }
        let first = y - LINE * (lines.len().saturating_sub(1)) as f64 / 2.0;
        for (i, (line, style)) in lines.iter().enumerate() {
            let at = (MARGIN + room, first + LINE * i as f64);
            canvas.text_beside(at, line, style.anchor(Anchor::End));
        }
    }

    fn draw_marks(&self, canvas: &mut Canvas, model: &ModelScore, y: f64, area: &Area, domain: &Domain) {
        let color = self.color(model);
        let x = |value| area.x(domain, value);
        canvas.line((area.left, y), (area.right, y), Paint::stroke(GRID, 1.0));
        if let Some((low, high)) = model.interval {
            whiskers(canvas, (x(low), x(high)), y, color);
        }
        if let Some(training) = model.training {
            ring(canvas, (x(training), y), color);
        }
        dot(canvas, (x(model.value), y), color);
    }
}

fn dot(canvas: &mut Canvas, at: Point, color: Color) {
    canvas.circle(at, 5.25, Paint::fill(color).outlined(PAPER, 1.0));
}

/// Larger than a dot, so that both are seen when they coincide.
fn ring(canvas: &mut Canvas, at: Point, color: Color) {
    canvas.circle(at, 6.5, Paint::stroke(color, 1.25).filled(PAPER));
}

fn whiskers(canvas: &mut Canvas, (from, to): (f64, f64), y: f64, color: Color) {
    let paint = Paint::stroke(color, 1.75);
    canvas.line((from, y), (to, y), paint);
    for x in [from, to] {
        canvas.line((x, y - 5.0), (x, y + 5.0), paint);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_only_numbers, assert_sound, count, finite, name, texts};

    fn two_models() -> LeaderboardChart {
        LeaderboardChart::new("Which model predicts clicks?")
            .subtitle("5 folds by campaign")
            .metric("log loss", Direction::LowerIsBetter)
            .unit("nats per impression")
            .model(ModelScore::new("logistic", 0.00172).interval(0.00165, 0.0018).training(0.0017))
            .model(ModelScore::new("base rate", 0.00181).interval(0.00174, 0.00189).note("baseline"))
            .chosen("logistic")
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = two_models().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn training_values_are_labelled_and_only_then() {
        assert!(texts(&two_models().to_svg().unwrap()).contains("training rows"));
        let without = LeaderboardChart::new("").model(ModelScore::new("a", 1.0)).to_svg().unwrap();
        assert!(!texts(&without).contains("training rows"));
    }

    #[test]
    fn the_axis_says_which_way_is_better() {
        let chart = two_models().metric("AUC", Direction::HigherIsBetter).unit("");
        assert!(texts(&chart.to_svg().unwrap()).contains("AUC (higher is better)"));
    }

    #[test]
    fn a_long_name_is_shortened_and_whole_on_hovering() {
        let name = "gradient_boosting_with_target_encoded_interest_and_campaign_history";
        let svg = two_models().model(ModelScore::new(name, 0.00175)).to_svg().unwrap();
        assert_sound(&svg);
        assert!(!texts(&svg).contains(name));
        assert!(svg.contains(name));
    }

    #[test]
    fn a_chosen_model_that_is_not_there_is_an_error() {
        let error = two_models().chosen("ridge").to_svg().unwrap_err();
        assert!(matches!(error, PlotError::UnknownName { name, .. } if name == "ridge"));
    }

    #[test]
    fn errors_name_series_and_place() {
        let with = |model| two_models().model(model).to_svg().unwrap_err().to_string();
        let texts = [
            LeaderboardChart::new("").to_svg().unwrap_err().to_string(),
            with(ModelScore::new("c", f64::NAN)),
            with(ModelScore::new("c", 1.0).training(f64::INFINITY)),
            with(ModelScore::new("c", 1.0).interval(2.0, 1.0)),
            with(ModelScore::new("c", 1.0).interval(f64::NAN, 1.0)),
        ];
        insta::assert_snapshot!(texts.join("\n"), @r"
        no models given, expected at least one
        value of model 2 is NaN, expected a finite number
        training value of model 2 is inf, expected a finite number
        interval of model 2 runs from 2 to 1, expected low <= high
        interval of model 2 is NaN, expected a finite number
        ");
    }

    proptest! {
        #[test]
        fn any_finite_models_give_a_sound_chart(
            models in prop::collection::vec((name(), finite(), finite(), finite(), any::<bool>()), 1..8),
            title in name(),
        ) {
            let scores = models.iter().map(|(name, value, a, b, with_more)| {
                let score = ModelScore::new(name.as_str(), *value);
                if *with_more { score.interval(a.min(*b), a.max(*b)).training(*b).note(name.as_str()) } else { score }
            });
            let chosen = models[0].0.clone();
            let chart = LeaderboardChart::new(title).models(scores).chosen(chosen);
            let svg = chart.to_svg().unwrap();
            assert_sound(&svg);
            prop_assert_eq!(svg, chart.to_svg().unwrap());
        }

        #[test]
        fn every_model_has_a_dot(values in prop::collection::vec(finite(), 1..20)) {
            let scores = values.iter().map(|&value| ModelScore::new("model", value));
            let svg = LeaderboardChart::new("").models(scores).to_svg().unwrap();
            assert_only_numbers(&svg);
            // And the one in the legend.
            prop_assert_eq!(count(&svg, "circle"), values.len() + 1);
        }
    }
}
