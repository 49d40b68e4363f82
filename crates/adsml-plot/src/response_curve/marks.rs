//! What is drawn on the axes: grey paper, the curve and its band, dots and marks, and their keys.

use super::ResponseCurveChart;
use crate::{
    band::{band, between, sections},
    canvas::{Canvas, Paint, Point},
    frame::{Area, Key},
    palette::{FAINT_GRID, INK, MAIN, OTHER, PAPER, RULE},
    scale::Domain,
};

/// Draws something at a point.
pub(super) type Mark = fn(&mut Canvas, Point);

const CURVE: Paint = Paint::stroke(MAIN, 2.5);
const BEYOND: Paint = Paint::stroke(OTHER, 2.0).dashed();
const SURE: Paint = Paint::fill(MAIN).opacity(0.2);
const UNSURE: Paint = Paint::fill(OTHER).opacity(0.16);

impl ResponseCurveChart {
    /// Grey paper where no spend was observed.
    pub(super) fn draw_beyond(&self, canvas: &mut Canvas, area: &Area, x: &Domain) {
        let Some((low, high)) = self.support else { return };
        let (low, high) = (area.x(x, low), area.x(x, high));
        for (from, to) in [(area.left, low), (high, area.right)] {
            if to > from {
                canvas.rect((from, area.top), to - from, area.bottom - area.top, Paint::fill(FAINT_GRID));
            }
        }
    }

    /// The curve and its band, in sections that are within the support or beyond it.
    pub(super) fn draw_curve(&self, canvas: &mut Canvas, place: &dyn Fn(f64, f64) -> Point) {
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

    pub(super) fn marks(&self) -> Vec<(&'static str, f64, Mark)> {
        let now = self.now.map(|spend| ("now", spend, ring as Mark));
        let proposed = self.proposed.map(|spend| ("proposed", spend, dot as Mark));
        now.into_iter().chain(proposed).collect()
    }

    pub(super) fn keys(&self) -> Vec<Key<'static>> {
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
