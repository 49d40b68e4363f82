//! The few SVG primitives that charts are made of.
//!
//! Everything that reaches the text of a chart passes here, so escaping and the writing of
//! coordinates happen once. Coordinates have at most two decimals: bytes are the same from run to
//! run, and a hundredth of a pixel is nobody's business.

use std::fmt::Write as _;

use crate::palette::{self, Color};

/// An SVG in the making. The y axis points down, as on a screen.
#[derive(Debug, Default)]
pub(crate) struct Canvas {
    body: String,
}

/// A point in pixels, `(x, y)`.
pub(crate) type Point = (f64, f64);

/// How a shape is filled and outlined.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint {
    fill: Option<Color>,
    stroke: Option<(Color, f64)>,
    dashed: bool,
    opacity: f64,
}

impl Paint {
    /// Filled, without an outline.
    pub(crate) const fn fill(color: Color) -> Self {
        Self { fill: Some(color), stroke: None, dashed: false, opacity: 1.0 }
    }

    /// Only an outline, or a line.
    pub(crate) const fn stroke(color: Color, width: f64) -> Self {
        Self { fill: None, stroke: Some((color, width)), dashed: false, opacity: 1.0 }
    }

    pub(crate) const fn outlined(mut self, color: Color, width: f64) -> Self {
        self.stroke = Some((color, width));
        self
    }

    pub(crate) const fn filled(mut self, color: Color) -> Self {
        self.fill = Some(color);
        self
    }

    pub(crate) const fn dashed(mut self) -> Self {
        self.dashed = true;
        self
    }

    /// Opacity of the fill alone.
    pub(crate) const fn opacity(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }
}

/// Which point of a text its position names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Type {
    pub(crate) size: f64,
    pub(crate) color: Color,
    pub(crate) bold: bool,
    pub(crate) anchor: Anchor,
}

impl Type {
    pub(crate) const fn new(size: f64, color: Color) -> Self {
        Self { size, color, bold: false, anchor: Anchor::Start }
    }

    pub(crate) const fn bold(mut self) -> Self {
        self.bold = true;
        self
    }

    pub(crate) const fn anchor(mut self, anchor: Anchor) -> Self {
        self.anchor = anchor;
        self
    }
}

impl Canvas {
    pub(crate) fn line(&mut self, from: Point, to: Point, paint: Paint) {
        let [x1, y1, x2, y2] = [from.0, from.1, to.0, to.1].map(Coordinate);
        self.element(format_args!(r#"line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}""#), paint);
    }

    /// A line through several points.
    pub(crate) fn polyline(&mut self, points: &[Point], paint: Paint) {
        let points = points_attribute(points);
        self.element(format_args!(r#"polyline points="{points}""#), paint);
    }

    /// A closed shape.
    pub(crate) fn polygon(&mut self, points: &[Point], paint: Paint) {
        let points = points_attribute(points);
        self.element(format_args!(r#"polygon points="{points}""#), paint);
    }

    /// A rectangle from its upper left corner.
    pub(crate) fn rect(&mut self, corner: Point, width: f64, height: f64, paint: Paint) {
        let [x, y, width, height] = [corner.0, corner.1, width, height].map(Coordinate);
        self.element(format_args!(r#"rect x="{x}" y="{y}" width="{width}" height="{height}""#), paint);
    }

    pub(crate) fn circle(&mut self, center: Point, radius: f64, paint: Paint) {
        let [x, y, r] = [center.0, center.1, radius].map(Coordinate);
        self.element(format_args!(r#"circle cx="{x}" cy="{y}" r="{r}""#), paint);
    }

    /// One line of text with its baseline at `at`. Nothing is drawn for an empty one.
    pub(crate) fn text(&mut self, at: Point, text: &str, style: Type) {
        if text.is_empty() {
            return;
        }
        let [x, y, size] = [at.0, at.1, style.size].map(Coordinate);
        let weight = if style.bold { r#" font-weight="bold""# } else { "" };
        let anchor = match style.anchor {
            Anchor::Start => "",
            Anchor::Middle => r#" text-anchor="middle""#,
            Anchor::End => r#" text-anchor="end""#,
        };
        let (color, text) = (style.color, escape(text));
        self.push(format_args!(
            r#"<text x="{x}" y="{y}" font-size="{size}" fill="{color}"{weight}{anchor}>{text}</text>"#
        ));
    }

    /// A text whose middle height, not its baseline, is at `at`.
    pub(crate) fn text_beside(&mut self, at: Point, text: &str, style: Type) {
        self.text((at.0, at.1 + style.size * 0.36), text, style);
    }

    /// What `draw` draws, as one thing with a text that viewers show on hovering.
    pub(crate) fn group(&mut self, hover: &str, draw: impl FnOnce(&mut Self)) {
        let hover = escape(hover);
        self.push(format_args!("<g><title>{hover}</title>"));
        draw(self);
        self.push(format_args!("</g>"));
    }

    /// The whole document. `title` and `description` are read out by screen readers.
    pub(crate) fn finish(self, width: f64, height: f64, title: &str, description: &str) -> String {
        let [width, height] = [width, height.ceil()].map(Coordinate);
        let (title, description, paper) = (escape(title), escape(description), palette::PAPER);
        let body = self.body;
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif">
<title>{title}</title>
<desc>{description}</desc>
<rect x="0" y="0" width="{width}" height="{height}" fill="{paper}"/>
{body}</svg>
"#
        )
    }

    fn element(&mut self, shape: std::fmt::Arguments<'_>, paint: Paint) {
        let _ = write!(self.body, "<{shape}");
        let _ = write!(self.body, r#" fill="{}""#, paint.fill.unwrap_or("none"));
        if paint.opacity < 1.0 {
            let _ = write!(self.body, r#" fill-opacity="{}""#, Coordinate(paint.opacity));
        }
        if let Some((color, width)) = paint.stroke {
            let width = Coordinate(width);
            let _ = write!(self.body, r#" stroke="{color}" stroke-width="{width}""#);
        }
        if paint.dashed {
            self.body.push_str(r#" stroke-dasharray="5 4""#);
        }
        self.body.push_str("/>\n");
    }

    fn push(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing into a string does not fail.
        let _ = writeln!(self.body, "{line}");
    }
}

fn points_attribute(points: &[Point]) -> String {
    let pairs = points.iter().map(|&(x, y)| format!("{},{}", Coordinate(x), Coordinate(y)));
    pairs.collect::<Vec<_>>().join(" ")
}

/// A number of pixels, written with at most two decimals.
struct Coordinate(f64);

impl std::fmt::Display for Coordinate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        debug_assert!(self.0.is_finite(), "a coordinate is {}", self.0);
        let text = format!("{:.2}", self.0);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        f.write_str(if text == "-0" { "0" } else { text })
    }
}

/// `text` as XML content: markup escaped, line breaks and tabs as spaces, and characters that XML
/// cannot hold at all (NUL, other controls) as the replacement character.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push('\u{fffd}');
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_a_name_is_escaped() {
        let mut canvas = Canvas::default();
        canvas.text((1.0, 2.0), "<b> & \"c\"\u{0}\n", Type::new(12.0, palette::INK));
        insta::assert_snapshot!(
            canvas.body,
            @r##"<text x="1" y="2" font-size="12" fill="#1f2430">&lt;b&gt; &amp; &quot;c&quot;� </text>"##
        );
    }

    #[test]
    fn coordinates_have_at_most_two_decimals_and_no_negative_zero() {
        let written = [1.0, 0.5, 1.0 / 3.0, -0.001, 100.0].map(|x| Coordinate(x).to_string());
        assert_eq!(written, ["1", "0.5", "0.33", "0", "100"]);
    }
}
