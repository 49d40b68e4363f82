//! What every chart has around its marks: heading, legend, axes.

use crate::{
    canvas::{Anchor, Canvas, Paint, Point, Type},
    palette::{FAINT_GRID, GRID, INK, MUTED, RULE},
    scale::{Domain, Tick, Ticks},
    text,
};

/// Room between the edge of the chart and anything on it.
pub(crate) const MARGIN: f64 = 24.0;
/// Size of names and values.
pub(crate) const BODY: f64 = 13.0;
/// Size of tick labels and notes.
pub(crate) const SMALL: f64 = 12.0;
const TITLE: f64 = 18.0;

pub(crate) const NAME: Type = Type::new(BODY, INK);
pub(crate) const NOTE: Type = Type::new(SMALL, MUTED);

/// The part of the chart where marks are drawn, in pixels.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
}

impl Area {
    pub(crate) fn x(&self, domain: &Domain, value: f64) -> f64 {
        self.left + domain.share(value) * (self.right - self.left)
    }

    pub(crate) fn y(&self, domain: &Domain, value: f64) -> f64 {
        self.bottom - domain.share(value) * (self.bottom - self.top)
    }

    fn width(&self) -> f64 {
        self.right - self.left
    }
}

/// A mark and what it stands for.
pub(crate) struct Key<'a> {
    pub(crate) label: String,
    pub(crate) mark: &'a dyn Fn(&mut Canvas, Point),
}

/// Pixels that the mark of a legend entry may take, to the left of its label.
const KEY_WIDTH: f64 = 26.0;
const KEY_GAP: f64 = 22.0;

/// Draws title, subtitle and legend from the top of a chart of `width`; returns where they end.
pub(crate) fn heading(canvas: &mut Canvas, width: f64, title: &str, subtitle: &str, keys: &[Key<'_>]) -> f64 {
    let room = width - 2.0 * MARGIN;
    let mut y = MARGIN;
    for line in text::wrap(title, TITLE * text::BOLD, room, 2) {
        canvas.text((MARGIN, y + TITLE * 0.8), &line, Type::new(TITLE, INK).bold());
        y += TITLE * 1.35;
    }
    for line in text::wrap(subtitle, BODY, room, 3) {
        canvas.text((MARGIN, y + BODY), &line, Type::new(BODY, MUTED));
        y += BODY * 1.45;
    }
    if keys.is_empty() {
        return y + 14.0;
    }
    y += 22.0;
    let mut x = MARGIN;
    for key in keys {
        let label = text::fit(&key.label, SMALL, room - KEY_WIDTH);
        let entry = KEY_WIDTH + text::width(&label, SMALL);
        if x > MARGIN && x + entry > width - MARGIN {
            x = MARGIN;
            y += 20.0;
        }
        (key.mark)(canvas, (x + 9.0, y));
        canvas.text_beside((x + KEY_WIDTH, y), &label, NOTE);
        x += entry + KEY_GAP;
    }
    y + 24.0
}

/// Height that [`x_axis`] needs below the marks.
pub(crate) const X_AXIS: f64 = 62.0;

/// Vertical grid lines with their labels below, and what the axis shows. The label of the axis
/// stands below its middle; a long one moves sideways to stay on the chart, and breaks into two lines.
pub(crate) fn x_axis(canvas: &mut Canvas, chart_width: f64, area: &Area, domain: &Domain, ticks: &Ticks, label: &str) {
    let mut free_from = f64::NEG_INFINITY;
    for Tick { value, label } in &ticks.ticks {
        let x = area.x(domain, *value);
        let grid = if label.is_some() { GRID } else { FAINT_GRID };
        canvas.line((x, area.top), (x, area.bottom), Paint::stroke(grid, 1.0));
        let Some(label) = label else { continue };
        let half = text::width(label, SMALL) / 2.0;
        // A label that would touch the one before it, or the edge of the chart, is left out.
        if x - half < free_from || x + half > chart_width {
            continue;
        }
        free_from = x + half + 6.0;
        let style = NOTE.anchor(Anchor::Middle);
        canvas.text((x, area.bottom + 6.0 + SMALL), label, style);
    }
    canvas.line((area.left, area.bottom), (area.right, area.bottom), Paint::stroke(RULE, 1.0));
    axis_title(canvas, chart_width, area, label);
}

/// The words below an x axis.
fn axis_title(canvas: &mut Canvas, chart_width: f64, area: &Area, label: &str) {
    let room = chart_width - 2.0 * MARGIN;
    let lines = text::wrap(label, BODY, room.min(area.width() + 160.0), 2);
    for (i, line) in lines.iter().enumerate() {
        let half = text::width(line, BODY) / 2.0;
        let middle = (area.left + area.right) / 2.0;
        let x = middle.min(chart_width - MARGIN - half).max(MARGIN + half);
        let y = area.bottom + 40.0 + i as f64 * BODY * 1.3;
        canvas.text((x, y), line, NAME.anchor(Anchor::Middle));
    }
}

/// Horizontal grid lines with their labels to the left.
pub(crate) fn y_axis(canvas: &mut Canvas, area: &Area, domain: &Domain, ticks: &Ticks) {
    for Tick { value, label } in &ticks.ticks {
        let y = area.y(domain, *value);
        let grid = if label.is_some() { GRID } else { FAINT_GRID };
        canvas.line((area.left, y), (area.right, y), Paint::stroke(grid, 1.0));
        let Some(label) = label else { continue };
        let label = text::fit(label, SMALL, area.left - 12.0);
        canvas.text_beside((area.left - 8.0, y), &label, NOTE.anchor(Anchor::End));
    }
    canvas.line((area.left, area.top), (area.left, area.bottom), Paint::stroke(RULE, 1.0));
}

/// What a y axis shows, in a line above it that reads without turning the head.
pub(crate) fn y_title(canvas: &mut Canvas, chart_width: f64, y: f64, label: &str) {
    let label = text::fit(label, BODY, chart_width - 2.0 * MARGIN);
    canvas.text((MARGIN, y), &label, NAME);
}

/// `words` with `unit` behind them, when there is one: `spend, EUR`.
pub(crate) fn with_unit(words: &str, unit: &str) -> String {
    if unit.is_empty() { words.to_owned() } else { format!("{words}, {unit}") }
}

/// The texts that are not empty, with dots between them.
pub(crate) fn joined(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}
