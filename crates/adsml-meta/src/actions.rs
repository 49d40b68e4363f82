//! Lists of actions, and the one type among them that counts as a conversion.

use std::collections::BTreeMap;

/// Families of types that count the same thing, in the order in which one is looked for; inside a family, the type
/// that covers most comes first.
const FAMILIES: [&[&str]; 2] = [
    &[
        "omni_purchase",
        "purchase",
        "offsite_conversion.fb_pixel_purchase",
        "web_in_store_purchase",
        "onsite_web_app_purchase",
        "onsite_web_purchase",
        "onsite_conversion.purchase",
        "app_custom_event.fb_mobile_purchase",
        "offline_conversion.purchase",
    ],
    &[
        "lead",
        "offsite_conversion.fb_pixel_lead",
        "onsite_conversion.lead_grouped",
        "onsite_conversion.lead",
        "leadgen.other",
        "offsite_complete_registration_add_meta_leads",
    ],
];

/// Types whose names are remembered, at most.
const MAX_TYPES: usize = 2_000;

/// Values by type, row by row, sparse.
#[derive(Debug, Clone, Default)]
pub(crate) struct Actions {
    by_type: BTreeMap<String, Vec<(u32, f64)>>,
    pub(crate) too_many_types: bool,
}

impl Actions {
    /// Notes the value of a type in a row; a later value of the same row and type replaces the earlier one.
    pub(crate) fn push(&mut self, row: u32, action: &str, value: f64) {
        if let Some(values) = self.by_type.get_mut(action) {
            match values.last_mut() {
                Some(last) if last.0 == row => last.1 = value,
                _ => values.push((row, value)),
            }
        } else if self.by_type.len() < MAX_TYPES {
            self.by_type.insert(action.to_owned(), vec![(row, value)]);
        } else {
            self.too_many_types = true;
        }
    }

    /// The types that occur.
    pub(crate) fn types(&self) -> impl Iterator<Item = &str> {
        self.by_type.keys().map(String::as_str)
    }

    /// Bytes that are held.
    pub(crate) fn bytes(&self) -> usize {
        self.by_type.values().map(|values| values.capacity() * 16 + 200).sum()
    }

    /// The values of a type in every row, `NaN` where a row has none.
    pub(crate) fn column(&self, action: &str, n: usize) -> Vec<f64> {
        let mut column = vec![f64::NAN; n];
        for &(row, value) in self.by_type.get(action).map_or(&[][..], Vec::as_slice) {
            column[row as usize] = value;
        }
        column
    }

    /// The type to count: the stated one, else that of the first family with any, on most rows.
    pub(crate) fn choose(&self, stated: Option<&str>) -> Option<String> {
        if let Some(stated) = stated {
            return self.by_type.contains_key(stated).then(|| stated.to_owned());
        }
        FAMILIES.iter().find_map(|family| self.most(family))
    }

    /// The type for the value of conversions of `chosen`: the same, else one of its family.
    pub(crate) fn choose_value(&self, chosen: &str) -> Option<String> {
        if self.by_type.contains_key(chosen) {
            return Some(chosen.to_owned());
        }
        self.most(family_of(chosen)?)
    }

    fn most(&self, family: &[&str]) -> Option<String> {
        let rows = |action: &&&str| self.by_type.get(**action).map_or(0, Vec::len);
        // The first of those with most rows.
        let best = family.iter().rev().max_by_key(rows)?;
        (rows(&best) > 0).then(|| (*best).to_owned())
    }

    /// Other types of the family of `chosen` that occur: they count some of the same.
    pub(crate) fn overlapping(&self, chosen: &str) -> Vec<String> {
        let family = family_of(chosen).unwrap_or(&[]);
        family
            .iter()
            .filter(|action| **action != chosen && self.by_type.contains_key(**action))
            .map(|a| (*a).to_owned())
            .collect()
    }
}

fn family_of(action: &str) -> Option<&'static [&'static str]> {
    FAMILIES.into_iter().find(|family| family.contains(&action))
}

/// Reads a nested cell: `[{"action_type": "purchase", "value": "3"}]`, with quotes of JSON or of Python; gives type and value of
/// each entry that has both.
pub(crate) fn parse_list(cell: &str) -> Result<Vec<(String, f64)>, &'static str> {
    let mut text = Text { rest: cell.trim() };
    let mut found = Vec::new();
    text.expect('[')?;
    if text.take(']') {
        return text.end().map(|()| found);
    }
    loop {
        text.expect('{')?;
        let (mut action, mut value) = (None, None);
        if !text.take('}') {
            loop {
                let key = text.string()?;
                text.expect(':')?;
                let said = text.scalar()?;
                match key.as_str() {
                    "action_type" => action = said,
                    "value" => value = said.and_then(|said| crate::number::machine(&said)),
                    _ => {}
                }
                if !text.take(',') {
                    break;
                }
            }
            text.expect('}')?;
        }
        found.extend(action.zip(value));
        if !text.take(',') {
            break;
        }
    }
    text.expect(']')?;
    text.end().map(|()| found)
}

/// What is left of a nested cell.
struct Text<'a> {
    rest: &'a str,
}

impl Text<'_> {
    fn take(&mut self, mark: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(mark) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, mark: char) -> Result<(), &'static str> {
        if self.take(mark) { Ok(()) } else { Err("not a list of actions") }
    }

    fn end(&mut self) -> Result<(), &'static str> {
        if self.rest.trim().is_empty() { Ok(()) } else { Err("text after the list of actions") }
    }

    fn string(&mut self) -> Result<String, &'static str> {
        self.rest = self.rest.trim_start();
        let quote =
            self.rest.chars().next().filter(|first| matches!(first, '"' | '\'')).ok_or("not a list of actions")?;
        let mut text = String::new();
        let mut letters = self.rest.char_indices().skip(1);
        while let Some((at, letter)) = letters.next() {
            match letter {
                _ if letter == quote => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                '\\' => match letters.next() {
                    Some((_, escaped)) => text.push(escaped),
                    None => break,
                },
                _ => text.push(letter),
            }
        }
        Err("a quote that is never closed")
    }

    /// A string, a number, `null` or `None`; `None` for the last two.
    fn scalar(&mut self) -> Result<Option<String>, &'static str> {
        self.rest = self.rest.trim_start();
        if self.rest.starts_with(['"', '\'']) {
            return self.string().map(Some);
        }
        let end = self.rest.find([',', '}', ' ', ']']).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        match word {
            "null" | "None" => Ok(None),
            "true" | "false" | "True" | "False" => Ok(Some(word.to_owned())),
            _ => crate::number::machine(word).map(|_| Some(word.to_owned())).ok_or("not a list of actions"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_quotes_are_read() {
        let expected = vec![("purchase".to_owned(), 3.0), ("lead".to_owned(), 1.5)];
        let json = r#"[{"action_type":"purchase","value":"3","7d_click":"2"},{"value":1.5,"action_type":"lead"}]"#;
        assert_eq!(parse_list(json).unwrap(), expected);
        let python = "[{'action_type': 'purchase', 'value': '3'}, {'action_type': 'lead', 'value': 1.5}]";
        assert_eq!(parse_list(python).unwrap(), expected);
        assert_eq!(parse_list("[]").unwrap(), []);
        assert_eq!(parse_list("[{'action_type': 'lead', 'value': None}]").unwrap(), []);
        for bad in ["", "[", "[{", "{}", "[{'a':[1]}]", "[]x", "['a']", "[{'a'", "[{'a': 'b}]"] {
            assert!(parse_list(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_type_is_chosen_and_never_a_sum() {
        let mut actions = Actions::default();
        for row in 0..3 {
            actions.push(row, "purchase", 2.0);
            actions.push(row, "lead", 9.0);
        }
        actions.push(0, "omni_purchase", 2.0);
        assert_eq!(actions.choose(None).as_deref(), Some("purchase"));
        assert_eq!(actions.choose(Some("lead")).as_deref(), Some("lead"));
        assert_eq!(actions.choose(Some("planets")), None);
        assert_eq!(actions.overlapping("purchase"), ["omni_purchase"]);
        assert!(actions.column("omni_purchase", 3)[1].is_nan());
    }

    proptest! {
        #[test]
        fn any_cell_is_read_without_panic(cell in ".{0,40}|[\\[\\]{}:,'\"a1 \\\\]{0,30}") {
            let _ = parse_list(&cell);
        }
    }
}
