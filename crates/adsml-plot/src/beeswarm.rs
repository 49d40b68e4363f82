//! Contributions of every row, feature by feature.

use crate::{
    canvas::{Anchor, Canvas, Paint},
    error::{PlotError, Result, between_one_and, finite},
    frame::{self, Area, BODY, MARGIN, NAME},
    number::{NumberFormat, count},
    palette::{FAINT_GRID, RULE},
    scale::Domain,
    shade::{self, RADIUS, Shades},
    text, thinning,
};

const WIDTH: f64 = 880.0;
const ROW: f64 = 34.0;
/// Room above and below the middle of a row, for the middles of its points.
const HALF: f64 = 12.0;
/// Points of a row closer than this are moved apart.
const BIN: f64 = 1.6 * RADIUS;
const MAX_FEATURES: usize = 100;
const MAX_POINTS: usize = 5000;

#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Swarm {
    name: String,
    contributions: Vec<f64>,
    values: Vec<f64>,
}

impl Swarm {
    fn mean_absolute(&self) -> f64 {
        // Divided first, so that the largest numbers do not overflow.
        let n = self.contributions.len() as f64;
        self.contributions.iter().map(|value| value.abs() / n).sum()
    }
}

/// One point per row and feature: how far the feature moved the prediction of the row, coloured by the value it had there.
///
/// Features come in the order of their mean absolute contribution. Where many rows are alike, their points stand above each other.
/// Colours go by the rank of the value among the rows, and missing values are grey.
///
/// At most [`max_points`](Self::max_points) rows are drawn. When there are more, a fixed pseudo-random sample of them is taken, the same
/// for every feature and on every run, and the subtitle says so; the order of the features and the axis are those of all rows.
///
/// ```
/// use adsml_plot::BeeswarmChart;
///
/// // Shapley values of three rows, in log odds, and the values of the features.
/// let svg = BeeswarmChart::new("What moves the click rate?")
///     .unit("log odds")
///     .feature("age", &[0.31, -0.20, 0.05], &[23.0, 54.0, f64::NAN])
///     .feature("hour", &[-0.02, 0.01, 0.04], &[3.0, 12.0, 20.0])
///     .to_svg()?;
/// assert!(svg.contains("age") && svg.contains("low to high"));
/// # Ok::<(), adsml_plot::PlotError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BeeswarmChart {
    title: String,
    subtitle: String,
    unit: String,
    features: Vec<Swarm>,
    top_n: usize,
    max_points: usize,
}

impl BeeswarmChart {
    /// An empty chart. It needs at least one [`feature`](Self::feature).
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            subtitle: String::new(),
            unit: String::new(),
            features: Vec::new(),
            top_n: 15,
            max_points: 1000,
        }
    }

    /// A line below the title: model, rows. What is left out is added to it.
    #[must_use]
    pub fn subtitle(mut self, subtitle: impl Into<String>) -> Self {
        self.subtitle = subtitle.into();
        self
    }

    /// Unit of the contributions, such as `log odds`; none by default.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.unit = unit.into();
        self
    }

    /// Adds a feature: what it contributed to each row, and the value it had there, `NaN` where missing. All features are of the same rows.
    #[must_use]
    pub fn feature(mut self, name: impl Into<String>, contributions: &[f64], values: &[f64]) -> Self {
        let swarm = Swarm { name: name.into(), contributions: contributions.to_vec(), values: values.to_vec() };
        self.features.push(swarm);
        self
    }

    /// How many features to draw, from 1 to 100. Default 15.
    #[must_use]
    pub fn top_n(mut self, top_n: usize) -> Self {
        self.top_n = top_n;
        self
    }

    /// How many rows to draw at most, from 1 to 5,000. Default 1,000.
    #[must_use]
    pub fn max_points(mut self, max_points: usize) -> Self {
        self.max_points = max_points;
        self
    }

    /// The chart as an SVG document, `O(n log n)` in the number of contributions.
    ///
    /// # Errors
    ///
    /// [`PlotError::EmptySeries`] without features or rows; [`PlotError::LengthMismatch`] for features of different rows;
    /// [`PlotError::NonFinite`] for a contribution that is missing or infinite; [`PlotError::InvalidParameter`] for `top_n` or
    /// `max_points` outside its range.
    pub fn to_svg(&self) -> Result<String> {
        self.check()?;
        let (features, n) = (self.sorted(), self.features[0].values.len());
        let shown = &features[..self.top_n.min(features.len())];
        let rows = thinning::sample(n, self.max_points);
        let shades: Vec<Shades> = shown.iter().map(|feature| Shades::by_rank(&feature.values)).collect();

        let mut canvas = Canvas::default();
        let subtitle = self.full_subtitle(shown.len(), rows.len());
        let keys = shade::keys("value of the feature", shades.iter().any(Shades::some_are_missing));
        let top = frame::heading(&mut canvas, WIDTH, &self.title, &subtitle, &keys);
        let names = shown.iter().map(|feature| text::width(&feature.name, BODY)).fold(60.0, f64::max).min(300.0);
        let area = Area {
            left: MARGIN + names + 16.0,
            right: WIDTH - MARGIN - 6.0,
            top,
            bottom: top + ROW * shown.len() as f64 + 4.0,
        };
        let domain =
            Domain::linear(shown.iter().flat_map(|feature| &feature.contributions).copied().chain([0.0])).rounded(8);
        let ticks = domain.ticks(8, NumberFormat::Plain);
        let label = frame::with_unit("contribution to the prediction", &self.unit);
        frame::x_axis(&mut canvas, WIDTH, &area, &domain, &ticks, &label);
        let zero = area.x(&domain, 0.0);
        canvas.line((zero, area.top), (zero, area.bottom), Paint::stroke(RULE, 1.25));

        let mut words = Vec::with_capacity(shown.len());
        for (at, (feature, shades)) in shown.iter().zip(&shades).enumerate() {
            let y = top + ROW * (at as f64 + 0.5) + 2.0;
            let mean = ticks.numerals.finer().finer().write(feature.mean_absolute());
            words.push(format!("{}: {mean} on average, either way", feature.name));
            canvas.group(&words[at], |canvas| {
                canvas.line((area.left, y), (area.right, y), Paint::stroke(FAINT_GRID, 1.0));
                let name = text::fit(&feature.name, BODY, names);
                canvas.text_beside((MARGIN + names, y), &name, NAME.anchor(Anchor::End));
                let across: Vec<f64> = rows.iter().map(|&row| area.x(&domain, feature.contributions[row])).collect();
                for ((&row, &x), up) in rows.iter().zip(&across).zip(offsets(&across)) {
                    shade::dot(canvas, (x, y + up), shades.of(row));
                }
            });
        }
        let description = format!("{label}. {}", words.join("; "));
        Ok(canvas.finish(WIDTH, area.bottom + frame::X_AXIS, &self.title, &description))
    }

    fn check(&self) -> Result<()> {
        let range = |name, value, most, expected| {
            if (1..=most).contains(&value) {
                Ok(())
            } else {
                Err(PlotError::InvalidParameter { name, value, expected })
            }
        };
        range("top_n", self.top_n, MAX_FEATURES, "a number from 1 to 100")?;
        range("max_points", self.max_points, MAX_POINTS, "a number from 1 to 5000")?;
        between_one_and("features", usize::MAX, self.features.len())?;
        let expected = self.features[0].contributions.len();
        between_one_and("rows", usize::MAX, expected)?;
        for feature in &self.features {
            for (series, found) in [("contributions", feature.contributions.len()), ("values", feature.values.len())] {
                if found != expected {
                    let reference = "the contributions of the first feature";
                    return Err(PlotError::LengthMismatch { series, found, reference, expected });
                }
            }
            feature.contributions.iter().enumerate().try_for_each(|(row, &c)| finite("contribution", row, c))?;
        }
        Ok(())
    }

    fn sorted(&self) -> Vec<&Swarm> {
        let mut features: Vec<(f64, &Swarm)> = self.features.iter().map(|one| (one.mean_absolute(), one)).collect();
        features.sort_by(|a, b| b.0.total_cmp(&a.0));
        features.into_iter().map(|(_, feature)| feature).collect()
    }

    fn full_subtitle(&self, shown: usize, drawn: usize) -> String {
        let (features, rows) = (self.features.len(), self.features[0].values.len());
        let of_features = match shown < features {
            true => format!("the {} that move most of {} features", count(shown), count(features)),
            false => String::new(),
        };
        let of_rows = match drawn < rows {
            true => format!("{} of {} rows drawn, a fixed random sample", count(drawn), count(rows)),
            false => String::new(),
        };
        frame::joined(&[&self.subtitle, &of_features, &of_rows])
    }
}

/// How far below the middle of their row points are drawn that share a place across: the first in the middle, the next ones in turn
/// below and above, closer together where there are many.
fn offsets(across: &[f64]) -> Vec<f64> {
    let bin = |x: f64| (x / BIN).floor() as i64;
    let mut order: Vec<usize> = (0..across.len()).collect();
    order.sort_by_key(|&at| (bin(across[at]), at));
    let mut offsets = vec![0.0; across.len()];
    for together in order.chunk_by(|&a, &b| bin(across[a]) == bin(across[b])) {
        let apart = (2.0 * HALF / together.len() as f64).min(1.8 * RADIUS);
        for (turn, &at) in together.iter().enumerate() {
            let side = if turn % 2 == 0 { -1.0 } else { 1.0 };
            offsets[at] = side * apart * turn.div_ceil(2) as f64;
        }
    }
    offsets
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::checks::{assert_sound, count as elements, finite as number, name, texts};

    fn three_rows() -> BeeswarmChart {
        BeeswarmChart::new("What moves the click rate?")
            .unit("log odds")
            .feature("hour", &[-0.02, 0.01, 0.01], &[3.0, 12.0, 12.0])
            .feature("age <F>", &[0.31, -0.20, 0.05], &[23.0, 54.0, f64::NAN])
    }

    #[test]
    fn a_small_chart_looks_as_before() {
        let svg = three_rows().to_svg().unwrap();
        assert_sound(&svg);
        insta::assert_snapshot!(svg);
    }

    #[test]
    fn the_feature_that_moves_most_comes_first_and_others_are_counted() {
        let chart = three_rows().subtitle("all rows").top_n(1).max_points(2);
        let texts = texts(&chart.to_svg().unwrap());
        assert!(texts.contains("age <F>") && !texts.contains("hour"), "{texts}");
        assert!(texts.contains("the 1 that move most of 2 features · 2 of 3 rows drawn"), "{texts}");
    }

    #[test]
    fn points_at_one_place_stand_above_each_other_within_their_row() {
        let found = offsets(&[100.0; 4]);
        assert_eq!(found, [0.0, 4.5, -4.5, 9.0]);
        let crowd = offsets(&[100.0; 500]);
        let (low, high) = crowd.iter().fold((0.0_f64, 0.0_f64), |(low, high), &at| (low.min(at), high.max(at)));
        assert!(low >= -HALF && high <= HALF && high - low > 1.9 * HALF);
        assert_eq!(offsets(&[1.0, 50.0, 99.0]), [0.0; 3]);
    }

    #[test]
    fn errors_name_series_and_place() {
        let errors = [
            BeeswarmChart::new("").to_svg(),
            BeeswarmChart::new("").feature("age", &[], &[]).to_svg(),
            three_rows().feature("sex", &[0.0], &[1.0]).to_svg(),
            three_rows().feature("sex", &[0.0; 3], &[1.0]).to_svg(),
            three_rows().feature("sex", &[0.0, f64::NAN, 0.0], &[1.0; 3]).to_svg(),
            three_rows().top_n(101).to_svg(),
            three_rows().max_points(0).to_svg(),
        ];
        let texts = errors.map(|error| error.unwrap_err().to_string());
        insta::assert_snapshot!(texts.join("\n"), @r"
        no features given, expected at least one
        no rows given, expected at least one
        contributions is of length 1, expected 3, the length of the contributions of the first feature
        values is of length 1, expected 3, the length of the contributions of the first feature
        contribution 1 is NaN, expected a finite number
        top_n is 101, expected a number from 1 to 100
        max_points is 0, expected a number from 1 to 5000
        ");
    }

    proptest! {
        #[test]
        fn any_finite_contributions_give_a_sound_chart(
            features in prop::collection::vec((name(), prop::array::uniform9((number(), prop::num::f64::ANY))), 1..9),
            title in name(),
            max_points in 1..12_usize,
        ) {
            let mut chart = BeeswarmChart::new(title).max_points(max_points);
            for (name, rows) in &features {
                let (contributions, values) = (rows.map(|row| row.0), rows.map(|row| row.1));
                chart = chart.feature(name, &contributions, &values);
            }
            let svg = chart.to_svg().unwrap();
            assert_sound(&svg);
            let key = usize::from(features.iter().any(|(_, rows)| rows.iter().any(|row| row.1.is_nan())));
            prop_assert_eq!(elements(&svg, "circle"), features.len() * max_points.min(9) + key);
            prop_assert_eq!(svg, chart.to_svg().unwrap());
        }
    }
}
