//! Text and numbers of the page.

/// Between groups of digits, and before a percent sign: narrow, and no place to break a line.
const NARROW: char = '\u{202f}';

/// `text` as the content of an element or of a quoted attribute: markup escaped, characters that a page cannot hold replaced, and
/// those that turn the direction of what follows left out.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\r' | '\t' => escaped.push(' '),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            _ => escaped.push(c),
        }
    }
    escaped
}

/// An amount of money with the decimals of its currency, thousands apart.
pub(super) fn money(amount: f64, decimals: usize) -> String {
    grouped(amount, decimals)
}

/// A ratio: as many decimals as make three digits, up to seven.
pub(super) fn figure(value: f64) -> String {
    figure_to(value, 7)
}

/// A response: as many decimals as make three digits, up to `most`.
pub(super) fn figure_to(value: f64, most: usize) -> String {
    let magnitude = if value == 0.0 { 2.0 } else { value.abs().log10().floor() };
    grouped(value, ((2.0 - magnitude).max(0.0) as usize).min(most))
}

/// `text` of a number, with a plus unless it is below zero.
pub(super) fn signed(value: f64, write: impl Fn(f64) -> String) -> String {
    let text = write(value);
    if value > 0.0 { format!("+{text}") } else { text }
}

/// `12.5 %`.
pub(super) fn percent(share: f64) -> String {
    format!("{}{NARROW}%", grouped(100.0 * share, 1))
}

/// `4 campaigns`, `1 campaign`.
pub(super) fn counted(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

/// With so many decimals; a dash for what is no number.
fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let digits = format!("{:.decimals$}", value.abs());
    let whole = digits.find('.').unwrap_or(digits.len());
    let is_zero = !digits.contains(|c: char| ('1'..='9').contains(&c));
    let mut text = if value < 0.0 && !is_zero { "−".to_owned() } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && at < whole && (whole - at).is_multiple_of(3) {
            text.push(NARROW);
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_escaped_and_nothing_turns_the_direction_of_a_line() {
        assert_eq!(
            escape("<script>alert(\"1\")</script> & 'x'"),
            "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39;"
        );
        assert_eq!(escape("a\u{0}b\nc\u{202e}d"), "a\u{fffd}b cd");
    }

    #[test]
    fn numbers_are_written_as_people_read_them() {
        let euros = [1_234_567.891, -0.001, f64::NAN].map(|amount| money(amount, 2));
        assert_eq!(euros, ["1\u{202f}234\u{202f}567.89", "0.00", "–"]);
        assert_eq!([0, 3].map(|decimals| money(1_234.567_8, decimals)), ["1\u{202f}235", "1\u{202f}234.568"]);
        assert_eq!([0.4, 12.34, 1_234.5].map(|value| figure_to(value, 0)), ["0", "12", "1\u{202f}234"]);
        assert_eq!(
            [12_345.6, 99.94, 5.0, 0.25, 0.000_123_4, 0.0].map(figure),
            ["12\u{202f}346", "99.9", "5.00", "0.250", "0.000123", "0"]
        );
        assert_eq!(
            [0.5, 0.0, -0.5].map(|value| signed(value, percent)),
            ["+50.0\u{202f}%", "0.0\u{202f}%", "−50.0\u{202f}%"]
        );
        assert_eq!([counted(1, "campaign"), counted(2, "campaign")], ["1 campaign", "2 campaigns"]);
    }
}
