//! What can be wrong with a series.

/// The result of drawing.
pub type Result<T, E = PlotError> = std::result::Result<T, E>;

/// Why a chart could not be drawn.
///
/// `index` counts from zero, in the order in which the series was given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PlotError {
    /// There is nothing to draw.
    #[error("no {series} given, expected at least one")]
    EmptySeries {
        /// The series without values.
        series: &'static str,
    },
    /// A value is NaN or infinite. Leave missing values out, or give `None` where that is offered.
    #[error("{series} {index} is {value}, expected a finite number")]
    NonFinite {
        /// The series the value belongs to.
        series: &'static str,
        /// Its place in the series.
        index: usize,
        /// The value itself.
        value: f64,
    },
    /// A value is finite, but outside what its series may hold.
    #[error("{series} {index} is {value}, expected {expected}")]
    OutOfRange {
        /// The series the value belongs to.
        series: &'static str,
        /// Its place in the series.
        index: usize,
        /// The value itself.
        value: f64,
        /// The accepted range, in words.
        expected: &'static str,
    },
    /// The lower end of an interval lies above its upper end.
    #[error("{series} {index} runs from {low} to {high}, expected low <= high")]
    InvertedInterval {
        /// The series of intervals.
        series: &'static str,
        /// The place of the interval.
        index: usize,
        /// The end given as the lower one.
        low: f64,
        /// The end given as the upper one.
        high: f64,
    },
    /// Two series that go together differ in length.
    #[error("{series} is of length {found}, expected {expected}, the length of {reference}")]
    LengthMismatch {
        /// The series of the wrong length.
        series: &'static str,
        /// How many values it has.
        found: usize,
        /// The series it is held against.
        reference: &'static str,
        /// How many values that one has.
        expected: usize,
    },
    /// More rows than a reader could tell apart.
    #[error("{found} {series} given, expected at most {limit}")]
    TooMany {
        /// The series that is too long.
        series: &'static str,
        /// How many values it has.
        found: usize,
        /// How many are accepted.
        limit: usize,
    },
    /// A name refers to nothing on the chart.
    #[error("{what} {name:?} is not among the {series}")]
    UnknownName {
        /// What the name was given as.
        what: &'static str,
        /// The name.
        name: String,
        /// Where it was looked for.
        series: &'static str,
    },
    /// A setting is outside its range.
    #[error("{name} is {value}, expected {expected}")]
    InvalidParameter {
        /// The setting.
        name: &'static str,
        /// The value it was given.
        value: usize,
        /// The accepted range, in words.
        expected: &'static str,
    },
}

/// Refuses a value that is NaN or infinite.
pub(crate) fn finite(series: &'static str, index: usize, value: f64) -> Result<()> {
    if value.is_finite() { Ok(()) } else { Err(PlotError::NonFinite { series, index, value }) }
}

/// Refuses an interval with an end that is not finite, or with its ends the wrong way round.
pub(crate) fn ordered(series: &'static str, index: usize, interval: Option<(f64, f64)>) -> Result<()> {
    let Some((low, high)) = interval else { return Ok(()) };
    finite(series, index, low)?;
    finite(series, index, high)?;
    if low <= high { Ok(()) } else { Err(PlotError::InvertedInterval { series, index, low, high }) }
}

/// Refuses an empty series, and one longer than `limit`.
pub(crate) fn between_one_and(series: &'static str, limit: usize, found: usize) -> Result<()> {
    match found {
        0 => Err(PlotError::EmptySeries { series }),
        found if found > limit => Err(PlotError::TooMany { series, found, limit }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_say_what_came_and_what_was_expected() {
        let errors = [
            PlotError::EmptySeries { series: "models" },
            PlotError::NonFinite { series: "actual", index: 3, value: f64::NAN },
            PlotError::OutOfRange {
                series: "observed rate of bin",
                index: 2,
                value: 1.5,
                expected: "a rate in [0, 1]",
            },
            PlotError::InvertedInterval { series: "interval of model", index: 0, low: 2.0, high: 1.0 },
            PlotError::LengthMismatch { series: "actual", found: 2, reference: "predicted", expected: 3 },
            PlotError::TooMany { series: "models", found: 1000, limit: 200 },
            PlotError::UnknownName { what: "chosen model", name: "ridge".to_owned(), series: "models" },
            PlotError::InvalidParameter { name: "top_n", value: 0, expected: "a number from 1 to 200" },
        ];
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(texts.join("\n"), @r#"
        no models given, expected at least one
        actual 3 is NaN, expected a finite number
        observed rate of bin 2 is 1.5, expected a rate in [0, 1]
        interval of model 0 runs from 2 to 1, expected low <= high
        actual is of length 2, expected 3, the length of predicted
        1000 models given, expected at most 200
        chosen model "ridge" is not among the models
        top_n is 0, expected a number from 1 to 200
        "#);
    }
}
