//! Colours that say how high a value is among its like.

use crate::{
    canvas::{Canvas, Paint, Point},
    frame::Key,
    palette::{Color, PAPER, RAMP, RULE},
};

/// Radius of a point of a cloud.
pub(crate) const RADIUS: f64 = 2.5;

/// A colour for every row, by the rank of its value; a few extreme values do not bleach the others.
#[derive(Debug)]
pub(crate) struct Shades {
    colors: Vec<Color>,
    some_are_missing: bool,
}

impl Shades {
    /// `NaN` is missing, and has a colour of its own.
    pub(crate) fn by_rank(values: &[f64]) -> Self {
        let mut rows: Vec<usize> = (0..values.len()).filter(|&row| !values[row].is_nan()).collect();
        // Zeros of either sign are alike.
        rows.sort_by(|&a, &b| (values[a] + 0.0).total_cmp(&(values[b] + 0.0)));
        let mut colors = vec![RULE; values.len()];
        let last = rows.len().saturating_sub(1);
        let mut from = 0;
        while from < rows.len() {
            let ties = rows[from..].iter().take_while(|&&row| values[row] == values[rows[from]]).count();
            // The middle of equal values; of all rows alike, the middle of the ramp.
            let rank = (2 * from + ties - 1) as f64 / 2.0;
            let share = if last == 0 { 0.5 } else { rank / last as f64 };
            let color = RAMP[(share * (RAMP.len() - 1) as f64).round() as usize];
            rows[from..from + ties].iter().for_each(|&row| colors[row] = color);
            from += ties;
        }
        Self { colors, some_are_missing: rows.len() < values.len() }
    }

    pub(crate) fn of(&self, row: usize) -> Color {
        self.colors[row]
    }

    pub(crate) fn some_are_missing(&self) -> bool {
        self.some_are_missing
    }
}

/// A point of a cloud.
pub(crate) fn dot(canvas: &mut Canvas, at: Point, color: Color) {
    canvas.circle(at, RADIUS, Paint::fill(color).opacity(0.8).outlined(PAPER, 0.25));
}

/// What the colours say: `value`, from low to high.
pub(crate) fn keys(value: &str, some_are_missing: bool) -> Vec<Key<'static>> {
    let ramp: &dyn Fn(&mut Canvas, Point) = &|canvas, (x, y)| {
        for (at, &color) in RAMP.iter().enumerate() {
            canvas.rect((x - 9.0 + 2.25 * at as f64, y - 5.0), 2.5, 10.0, Paint::fill(color));
        }
    };
    let mut keys = vec![Key { label: format!("{value}: low to high"), mark: ramp }];
    if some_are_missing {
        keys.push(Key { label: "missing".to_owned(), mark: &|canvas, at| dot(canvas, at, RULE) });
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_the_ramp_go_to_the_extremes_and_ties_are_alike() {
        let shades = Shades::by_rank(&[3.0, 1e9, f64::NAN, 3.0, -1.0]);
        assert_eq!([shades.of(4), shades.of(1), shades.of(2)], [RAMP[0], RAMP[8], RULE]);
        assert_eq!((shades.of(0), shades.of(3)), (RAMP[4], RAMP[4]));
        assert!(shades.some_are_missing());
    }

    #[test]
    fn rows_that_are_all_alike_are_in_the_middle() {
        for values in [&[2.0][..], &[0.0, -0.0], &[f64::INFINITY; 3]] {
            let shades = Shades::by_rank(values);
            assert!((0..values.len()).all(|row| shades.of(row) == RAMP[4]), "{values:?}");
        }
        assert!(Shades::by_rank(&[f64::NAN]).some_are_missing());
    }
}
