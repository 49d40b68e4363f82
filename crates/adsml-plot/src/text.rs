//! Fitting text into boxes without a font at hand.
//!
//! An SVG is set in whichever sans-serif font its reader has, so widths are estimated, from the
//! advances of a wide one (DejaVu Sans). In a narrower font there is some more room than planned.

/// Estimated width of `text` at `size`, in the units of `size`.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(advance).sum::<f64>() * size
}

/// Bold letters are about a tenth wider.
pub(crate) const BOLD: f64 = 1.12;

/// Advance of one character, in ems.
fn advance(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.3,
        ' ' | '\t' | '\n' | '\r' | 'I' | '.' | ',' | ':' | ';' | '!' | '-' | '·' => 0.36,
        'f' | 'r' | 't' | '/' | '\\' | '(' | ')' | '[' | ']' => 0.42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 1.0,
        '\u{2009}' => 0.2,
        'A'..='Z' | '−' => 0.8,
        'a'..='z' | '0'..='9' => 0.64,
        '\u{2070}'..='\u{207f}' | '²' | '³' | '¹' => 0.45,
        // Marks that sit on the letter before them.
        '\u{0300}'..='\u{036f}' => 0.0,
        // Controls are drawn as replacement characters.
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => 1.2,
        // Ideographs, emoji and other square ones.
        '\u{1100}'.. => 1.2,
        _ => 0.84,
    }
}

/// `text` as it is when it fits into `room`; else with its middle left out, since the ends of long
/// names (`conversion_rate_…_lag_7`) tell more than the middle.
pub(crate) fn fit(text: &str, size: f64, room: f64) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let (mut head, mut tail) = (0, chars.len());
    let mut left = room - width("…", size);
    loop {
        // Head and tail grow in turn, the head first.
        let from_head = head <= chars.len() - tail;
        let next = if from_head { chars[head] } else { chars[tail - 1] };
        left -= advance(next) * size;
        if left < 0.0 || head >= tail {
            break;
        }
        if from_head {
            head += 1;
        } else {
            tail -= 1;
        }
    }
    chars[..head].iter().chain(&['…']).chain(&chars[tail..]).collect()
}

/// `text` broken at spaces into at most `max_lines` lines of at most `room`; the last one is
/// shortened when words are left over. Empty text has no lines.
pub(crate) fn wrap(text: &str, size: f64, room: f64, max_lines: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(line, size) + width(" ", size) + width(word, size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    if lines.len() > max_lines {
        let rest = lines.split_off(max_lines.saturating_sub(1)).join(" ");
        lines.push(rest);
    }
    lines.iter().map(|line| fit(line, size, room)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_long_name_keeps_both_its_ends() {
        let name = "rolling_mean_of_conversion_rate_over_28_days_per_ad_set";
        let short = fit(name, 13.0, 200.0);
        assert!(short.starts_with("rolling_mean") && short.ends_with("per_ad_set"), "{short}");
        assert!(short.contains('…'));
    }

    #[test]
    fn a_short_name_stays_whole() {
        assert_eq!(fit("age", 13.0, 200.0), "age");
    }

    #[test]
    fn words_move_to_the_next_line_and_leftovers_are_shortened() {
        let lines = wrap("one two three four five six seven", 10.0, 60.0, 2);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0], "one two");
        assert!(lines[1].contains('…'), "{lines:?}");
    }

    #[test]
    fn text_of_spaces_has_no_lines() {
        assert!(wrap("  ", 10.0, 100.0, 2).is_empty());
    }

    #[test]
    fn controls_are_as_wide_as_what_is_drawn_for_them() {
        assert_eq!(width("\0\u{1b}", 10.0), width("\u{fffd}\u{fffd}", 10.0));
    }

    proptest! {
        #[test]
        fn fitted_text_is_never_wider_than_its_room(text in ".{0,60}", room in 20.0..400.0_f64) {
            prop_assert!(width(&fit(&text, 13.0, room), 13.0) <= room + 1e-9);
        }
    }
}
