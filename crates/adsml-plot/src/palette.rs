//! One palette for every chart.
//!
//! The hues are those of Okabe and Ito (2008), "Color Universal Design", which readers with any of
//! the common colour-vision deficiencies can tell apart. No chart relies on hue alone: what a
//! colour says is also said by a shape, a weight of type or a word.

/// A colour as SVG writes it.
pub(crate) type Color = &'static str;

/// The paper.
pub(crate) const PAPER: Color = "#ffffff";
/// Titles, names, numbers.
pub(crate) const INK: Color = "#1f2430";
/// Secondary text: subtitles, tick labels, notes.
pub(crate) const MUTED: Color = "#59606d";
/// Axis lines and reference lines.
pub(crate) const RULE: Color = "#8a919e";
/// Grid lines.
pub(crate) const GRID: Color = "#e4e7ec";
/// Grid lines between labelled ones.
pub(crate) const FAINT_GRID: Color = "#f1f3f6";
/// The band behind the row that matters.
pub(crate) const HIGHLIGHT: Color = "#e3f0f8";

/// One of many lines behind the line that matters.
pub(crate) const FAINT: Color = "#c3ccd8";

/// The series a chart is about (blue).
pub(crate) const MAIN: Color = "#0072b2";
/// What it is compared with: other models, context (slate).
pub(crate) const OTHER: Color = "#6b7482";
/// Values on the unexpected side: below zero, off the scale (vermilion).
pub(crate) const CONTRAST: Color = "#d55e00";
/// A second quantity on the same chart, such as weight (sky blue).
pub(crate) const SECOND: Color = "#56b4e9";

/// From low to high, ever lighter: dark blue to orange.
pub(crate) const RAMP: [Color; 9] =
    ["#0b3c6f", "#294872", "#485574", "#666277", "#856e7a", "#a07564", "#ba7c4f", "#d58339", "#f08a24"];

/// Lines that are compared with each other, each with its name beside it.
pub(crate) const SERIES: [Color; 8] = [MAIN, CONTRAST, "#009e73", "#a8437f", "#8a6d00", "#3a86b8", OTHER, INK];
