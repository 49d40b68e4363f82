//! What is wrong with a foreign file, and where.

use std::fmt::Display;

use crate::ModelError;

/// What is wrong, and where; the path grows while the error travels up.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    /// `line 12`, or `byte 3456`.
    pub(super) at: String,
    /// Names of fields, innermost first.
    path: Vec<String>,
    reason: String,
}

pub(super) type Read<T> = std::result::Result<T, Fault>;

impl Fault {
    pub(super) fn new(at: impl Display, reason: impl Into<String>) -> Self {
        Self { at: at.to_string(), path: Vec::new(), reason: reason.into() }
    }

    /// Without a line or a byte.
    pub(super) fn somewhere(reason: impl Into<String>) -> Self {
        Self::new("", reason)
    }

    /// The same of a field, seen from one floor up.
    pub(super) fn within(mut self, field: impl Display) -> Self {
        self.path.push(field.to_string());
        self
    }

    /// As this crate's error.
    pub(super) fn of(self, format: &'static str) -> ModelError {
        let mut place = String::new();
        for field in self.path.iter().rev() {
            let dot = if place.is_empty() || field.starts_with('[') { "" } else { "." };
            place.push_str(dot);
            place.push_str(field);
        }
        if !place.is_empty() {
            place = format!("`{place}`");
        }
        if !self.at.is_empty() {
            place = if place.is_empty() { self.at } else { format!("{place}, {}", self.at) };
        }
        if place.is_empty() {
            place = "the file".to_owned();
        }
        ModelError::ForeignModel { format, place, reason: self.reason }
    }
}

/// What a hostile file may put into a message, cut.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{:?}…", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_names_its_place_from_the_outside_in() {
        let fault = Fault::new("byte 7", "is missing").within("left_children").within("[3]").within("trees");
        let error = fault.of("XGBoost JSON").to_string();
        assert_eq!(error, "XGBoost JSON refused at `trees[3].left_children`, byte 7: is missing");
        assert_eq!(
            Fault::somewhere("it is empty").of("LightGBM text").to_string(),
            "LightGBM text refused at the file: it is empty"
        );
        assert_eq!(shown(&"a".repeat(50)), format!("{:?}…", "a".repeat(40)));
    }
}
