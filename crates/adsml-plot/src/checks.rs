//! What every chart must hold, whatever was drawn: checked by the tests of each.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::text;

/// Panics unless `svg` is well-formed XML without stray numbers, with all marks in its view box.
pub(crate) fn assert_sound(svg: &str) {
    let elements = parse(svg);
    let root = &elements[0];
    assert_eq!(root.name, "svg");
    let (width, height) = (root.number("width"), root.number("height"));
    assert_eq!(root.attributes["viewBox"], format!("0 0 {width} {height}"));
    for element in &elements {
        for (name, value) in &element.attributes {
            let value = value.to_lowercase();
            assert!(!value.contains("nan") && !value.contains("inf"), "{name}={value}");
        }
        let (across, down) = element.extent();
        let inside = |(low, high): (f64, f64), end: f64| low >= 0.0 && high <= end;
        assert!(inside(across, width) && inside(down, height), "outside the view box: {element:?}");
    }
}

/// Panics when a number that is not one was written, in a chart whose names are free of the letters.
pub(crate) fn assert_only_numbers(svg: &str) {
    let text = svg.to_lowercase();
    assert!(!text.contains("nan") && !text.contains("inf"), "{svg}");
}

/// Finite numbers of everyday size, of any size, and the edges between.
pub(crate) fn finite() -> impl Strategy<Value = f64> {
    let any_size = proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL | proptest::num::f64::ZERO;
    let signed = any_size | proptest::num::f64::NEGATIVE | proptest::num::f64::POSITIVE;
    prop_oneof![4 => -1e3..1e3_f64, 2 => 0.0..1e-3_f64, 2 => signed, 1 => Just(f64::MAX), 1 => Just(0.0)]
}

/// Names as they come, among them markup, controls and letters of any script.
pub(crate) fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z_]{1,80}", "\\PC{0,40}", "[\\x00-\\x1f<>&\"']{0,20}"]
}

/// The text of all `<text>` elements, one a line.
pub(crate) fn texts(svg: &str) -> String {
    let elements = parse(svg);
    let texts = elements.iter().filter(|e| e.name == "text").map(|e| e.text.as_str());
    texts.collect::<Vec<_>>().join("\n")
}

/// How many elements of `name` there are.
pub(crate) fn count(svg: &str, name: &str) -> usize {
    parse(svg).iter().filter(|element| element.name == name).count()
}

#[derive(Debug)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
}

impl Element {
    fn number(&self, name: &str) -> f64 {
        self.attributes.get(name).map_or(0.0, |value| value.parse().expect(value))
    }

    /// Smallest and largest x, smallest and largest y.
    fn extent(&self) -> ((f64, f64), (f64, f64)) {
        let n = |name: &str| self.number(name);
        match self.name.as_str() {
            "line" => ((n("x1").min(n("x2")), n("x1").max(n("x2"))), (n("y1").min(n("y2")), n("y1").max(n("y2")))),
            "circle" => ((n("cx") - n("r"), n("cx") + n("r")), (n("cy") - n("r"), n("cy") + n("r"))),
            "rect" => {
                assert!(n("width") >= 0.0 && n("height") >= 0.0, "{self:?}");
                ((n("x"), n("x") + n("width")), (n("y"), n("y") + n("height")))
            }
            "polyline" | "polygon" => {
                let pairs = self.attributes["points"].split(' ').map(|pair| {
                    let (x, y) = pair.split_once(',').expect(pair);
                    (x.parse::<f64>().expect(x), y.parse::<f64>().expect(y))
                });
                let ends = |(low, high): (f64, f64), v: f64| (low.min(v), high.max(v));
                let none = (f64::INFINITY, f64::NEG_INFINITY);
                pairs.fold((none, none), |(xs, ys), (x, y)| (ends(xs, x), ends(ys, y)))
            }
            "text" => {
                let bold = if self.attributes.contains_key("font-weight") { text::BOLD } else { 1.0 };
                let width = text::width(&self.text, n("font-size")) * bold;
                let start = match self.attributes.get("text-anchor").map(String::as_str) {
                    Some("middle") => n("x") - width / 2.0,
                    Some("end") => n("x") - width,
                    _ => n("x"),
                };
                // Coordinates are rounded to hundredths.
                let start = start + 0.01;
                ((start, start + width - 0.02), (n("y") - n("font-size"), n("y")))
            }
            "svg" | "g" | "title" | "desc" => ((0.0, 0.0), (0.0, 0.0)),
            other => panic!("an element that the checks do not know: {other}"),
        }
    }
}

/// All elements in document order. Panics where the XML is not well-formed.
fn parse(svg: &str) -> Vec<Element> {
    let mut elements: Vec<Element> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    let mut rest = svg.trim_end();
    loop {
        let (content, tag) = rest.split_once('<').unwrap_or((rest, ""));
        let content = unescape(content);
        match open.last() {
            Some(&parent) => elements[parent].text.push_str(&content),
            None => assert_eq!(content, "", "text outside the root"),
        }
        if tag.is_empty() {
            break;
        }
        let end = end_of_tag(tag);
        let tag_body = &tag[..end];
        rest = &tag[end + 1..];
        if let Some(name) = tag_body.strip_prefix('/') {
            let closed = open.pop().expect("an end tag without a start");
            assert_eq!(elements[closed].name, name, "crossed tags");
        } else {
            assert!(elements.is_empty() || !open.is_empty(), "a second root");
            let (body, is_empty) = match tag_body.strip_suffix('/') {
                Some(body) => (body, true),
                None => (tag_body, false),
            };
            elements.push(start_tag(body));
            if !is_empty {
                open.push(elements.len() - 1);
            }
        }
    }
    assert!(open.is_empty(), "tags left open");
    elements
}

/// Where the `>` of a tag is, which is not one inside quotes.
fn end_of_tag(tag: &str) -> usize {
    let mut quoted = false;
    let end = tag.char_indices().find(|&(_, c)| {
        quoted ^= c == '"';
        c == '>' && !quoted
    });
    end.expect("a tag without an end").0
}

fn start_tag(body: &str) -> Element {
    let (name, mut rest) = body.split_once(' ').unwrap_or((body, ""));
    let mut attributes = BTreeMap::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_once("=\"").expect("an attribute without a value");
        let (value, after) = after.split_once('"').expect("a value without an end");
        let before = attributes.insert(key.to_owned(), unescape(value));
        assert!(before.is_none(), "attribute {key} twice");
        rest = after.trim_start();
    }
    Element { name: name.to_owned(), attributes, text: String::new() }
}

fn unescape(content: &str) -> String {
    let allowed = |c: char| c == '\n' || (c >= ' ' && c != '\u{fffe}' && c != '\u{ffff}');
    assert!(content.chars().all(allowed), "a character XML cannot hold: {content:?}");
    let mut text = String::new();
    let mut parts = content.split('&');
    text.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (entity, after) = part.split_once(';').expect("a bare ampersand");
        text.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            other => panic!("an entity XML does not know: {other}"),
        });
        text.push_str(after);
    }
    text
}

#[test]
#[should_panic(expected = "crossed tags")]
fn crossed_tags_are_noticed() {
    parse("<svg><g><title>a</g></title></svg>");
}

#[test]
#[should_panic(expected = "outside the view box")]
fn a_mark_outside_the_view_box_is_noticed() {
    assert_sound(r#"<svg width="10" height="10" viewBox="0 0 10 10"><circle cx="9" cy="5" r="2"/></svg>"#);
}
