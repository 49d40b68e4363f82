//! How headers and words are compared: without case, composed, blanks collapsed, the currency apart.

/// The key by which a header or word is looked up: trimmed, without byte order mark, in lower case, composed (NFC for the
/// letters that the dialects use), with plain blanks, apostrophes and parentheses.
pub(crate) fn header_key(text: &str) -> String {
    let mut key = String::with_capacity(text.len());
    for letter in text.trim_matches(|letter: char| letter.is_whitespace() || letter == '\u{feff}').chars() {
        match letter {
            '\u{300}'..='\u{36f}' | '\u{3099}' | '\u{309a}' => match key.pop() {
                Some(base) => match compose(base, letter) {
                    Some(composed) => key.push(composed),
                    None => key.extend([base, letter]),
                },
                None => key.push(letter),
            },
            '\u{2019}' | '\u{2018}' | '\u{2bc}' => key.push('\''),
            '（' => key.push('('),
            '）' => key.push(')'),
            '\u{feff}' | '\u{200b}' => {}
            _ if letter.is_whitespace() => {
                if !key.ends_with(' ') {
                    key.push(' ');
                }
            }
            _ => key.extend(letter.to_lowercase()),
        }
    }
    key
}

/// The letter that a base and a combining mark make.
fn compose(base: char, mark: char) -> Option<char> {
    const LATIN: [(char, &str, &str); 6] = [
        ('\u{300}', "aeiou", "àèìòù"),
        ('\u{301}', "aeiouy", "áéíóúý"),
        ('\u{302}', "aeiou", "âêîôû"),
        ('\u{303}', "aon", "ãõñ"),
        ('\u{308}', "aeiouy", "äëïöüÿ"),
        ('\u{327}', "c", "ç"),
    ];
    let voiced =
        |kana: char| "かきくけこさしすせそたちつてとはひふへほカキクケコサシスセソタチツテトハヒフヘホ".contains(kana);
    let half = |kana: char| "はひふへほハヒフヘホ".contains(kana);
    match mark {
        '\u{3099}' if voiced(base) => char::from_u32(base as u32 + 1),
        '\u{309a}' if half(base) => char::from_u32(base as u32 + 2),
        _ => {
            let (_, bases, composed) = LATIN.into_iter().find(|entry| entry.0 == mark)?;
            let position = bases.chars().position(|letter| letter == base)?;
            composed.chars().nth(position)
        }
    }
}

/// A header and the currency in its last parentheses: `Amount spent (USD)`.
pub(crate) fn split_currency(header: &str) -> (&str, Option<&str>) {
    let trimmed = header.trim();
    let open = [trimmed.rfind('('), trimmed.rfind('（')].into_iter().flatten().max();
    let inside = open.and_then(|at| {
        let inside = trimmed[at..].trim_start_matches(['(', '（']);
        Some((at, inside.strip_suffix(')').or_else(|| inside.strip_suffix('）'))?.trim()))
    });
    match inside {
        Some((at, code)) if code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()) => {
            (trimmed[..at].trim_end(), Some(code))
        }
        _ => (trimmed, None),
    }
}

/// What a text was before its UTF-8 was read as Windows-1252, if that is what happened: `dépensé` for `dÃ©pensÃ©`.
pub(crate) fn mojibake(text: &str) -> Option<String> {
    if !text.contains(['Ã', 'Â', 'ã', 'å', 'æ', 'ç', 'è', 'é']) {
        return None;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(windows_1252).collect();
    let repaired = String::from_utf8(bytes?).ok()?;
    (repaired.chars().count() < text.chars().count()).then_some(repaired)
}

/// The byte of a letter in Windows-1252; the five codes without a letter stand for themselves.
fn windows_1252(letter: char) -> Option<u8> {
    const FROM_80: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘',
        '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
    ];
    match letter as u32 {
        code @ (0..=0x7f | 0xa0..=0xff) => Some(code as u8),
        _ => FROM_80.iter().position(|&known| known == letter).map(|at| 0x80 + at as u8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_does_not_matter() {
        assert_eq!(header_key("\u{feff} Montant  de\u{301}pense\u{301} "), "montant dépensé");
        assert_eq!(header_key("Nom de l\u{2019}ensemble"), "nom de l'ensemble");
        assert_eq!(header_key("フ\u{309a}ラット\u{ff08}x\u{ff09}"), "プラット(x)");
        assert_eq!(header_key("リーチ\u{3000}数"), "リーチ 数");
        assert_eq!(header_key("\u{301}"), "\u{301}");
    }

    #[test]
    fn the_currency_stands_in_the_last_parentheses() {
        assert_eq!(split_currency("Amount spent (USD)"), ("Amount spent", Some("USD")));
        assert_eq!(split_currency("CPC (cost per link click) (MXN) "), ("CPC (cost per link click)", Some("MXN")));
        assert_eq!(split_currency("消化金額（JPY）"), ("消化金額", Some("JPY")));
        assert_eq!(split_currency("Clicks (all)"), ("Clicks (all)", None));
        assert_eq!(split_currency(")("), (")(", None));
    }

    #[test]
    fn mojibake_is_noticed() {
        assert_eq!(mojibake("Montant dÃ©pensÃ© (EUR)").as_deref(), Some("Montant dépensé (EUR)"));
        assert_eq!(mojibake("Montant dépensé (EUR)"), None);
        assert_eq!(mojibake("São Paulo, Ãguas"), None);
    }
}
