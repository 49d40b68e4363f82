//! Names beside the ends of lines, which a reader finds sooner than those of a legend.

use crate::{
    canvas::{Canvas, Paint, Point, Type},
    frame::{Area, MARGIN, NOTE, SMALL},
    palette::{Color, SERIES},
    text,
};

/// Between one name and the next.
const LINE: f64 = 16.0;
/// From the end of the area to a name.
const LEADER: f64 = 14.0;
const WIDEST: f64 = 200.0;

/// Names to the right of an area.
pub(crate) struct Labels {
    room: f64,
}

impl Labels {
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let widest = names.into_iter().map(|name| text::width(name, SMALL)).fold(60.0, f64::max);
        Self { room: widest.min(WIDEST) }
    }

    /// Where the area has to end on a chart of `width`.
    pub(crate) fn right(&self, width: f64) -> f64 {
        width - MARGIN - self.room - LEADER - 12.0
    }

    /// A dot at the `end` of a line, and its name at the height of `place`.
    pub(crate) fn draw(&self, canvas: &mut Canvas, area: &Area, end: Point, place: f64, name: &str, color: Color) {
        if end.0 < area.right {
            canvas.line(end, (area.right, end.1), Paint::stroke(color, 1.0).dashed());
        }
        canvas.line((area.right, end.1), (area.right + LEADER, place), Paint::stroke(color, 1.0));
        canvas.circle(end, 4.0, Paint::fill(color));
        let style = Type { color, ..NOTE };
        canvas.text_beside((area.right + LEADER + 4.0, place), &text::fit(name, SMALL, self.room), style);
    }
}

/// How the line of a place among many is drawn. Colours come round: those lines are dashed.
pub(crate) fn series_paint(at: usize) -> (Color, Paint) {
    let color = SERIES[at % SERIES.len()];
    let paint = Paint::stroke(color, 2.0);
    (color, if at < SERIES.len() { paint } else { paint.dashed() })
}

/// Heights near the ones given, at least a line apart, from `top` to `bottom`; there must be room.
pub(crate) fn spread(heights: impl Iterator<Item = f64>, top: f64, bottom: f64) -> Vec<f64> {
    let mut places: Vec<f64> = heights.collect();
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|&a, &b| places[a].total_cmp(&places[b]));
    let mut least = top;
    for &i in &order {
        places[i] = places[i].max(least);
        least = places[i] + LINE;
    }
    let mut most = bottom;
    for &i in order.iter().rev() {
        places[i] = places[i].min(most);
        most = places[i] - LINE;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_apart_and_inside() {
        let places = spread([100.0, 0.0, 100.0, 99.0].into_iter(), 0.0, 100.0);
        let mut sorted = places.clone();
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.windows(2).all(|pair| pair[1] - pair[0] >= LINE) && sorted[3] <= 100.0 && sorted[0] >= 0.0);
        assert!(places[1] < places[3] && places[3] < places[0]);
    }
}
