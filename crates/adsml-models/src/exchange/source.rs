//! A tree of named values, read once from front to back: what JSON and UBJSON have in common.
//!
//! Readers ask for what they expect, so that numbers go straight into arrays and what nobody asks for is passed over without
//! being kept.

use std::borrow::Cow;

use super::fault::{Fault, Read};

/// Deeper values are refused.
pub(super) const MAX_DEPTH: usize = 100;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Array,
    Text,
    Number,
    Bool,
    Null,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Object => "an object",
            Self::Array => "an array",
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Null => "null",
        }
    }
}

/// Values, one after the other.
pub(super) trait Source<'a> {
    /// What comes next.
    fn kind(&mut self) -> Read<Kind>;

    /// Reads an object; `entry` must consume the value of each key.
    fn object(&mut self, entry: &mut dyn FnMut(&mut Self, &str) -> Read<()>) -> Read<()>;

    /// Reads an array of anything; `item` must consume each value.
    fn array(&mut self, item: &mut dyn FnMut(&mut Self, usize) -> Read<()>) -> Read<()>;

    /// Reads a text.
    fn text(&mut self) -> Read<Cow<'a, str>>;

    /// Reads one number, in the precision of `T`; true is 1 and false is 0.
    fn number<T: Number>(&mut self) -> Read<T>;

    /// Reads an array of numbers.
    fn numbers<T: Number>(&mut self) -> Read<Vec<T>>;

    /// Passes over null.
    fn null(&mut self) -> Read<()>;

    /// Passes over a value of any kind.
    fn skip(&mut self) -> Read<()>;

    /// Where the reader is.
    fn fault(&self, reason: impl Into<String>) -> Fault;

    /// Refuses what comes next.
    fn expected(&mut self, what: &str) -> Fault {
        match self.kind() {
            Ok(kind) => self.fault(format!("is {}, expected {what}", kind.name())),
            Err(fault) => fault,
        }
    }
}

/// A number of one of the widths that models need.
pub(super) trait Number: Copy + Sized {
    fn from_text(text: &str) -> Option<Self>;
    fn from_i64(value: i64) -> Option<Self>;
    fn from_f32(value: f32) -> Option<Self>;
    fn from_f64(value: f64) -> Option<Self>;
}

impl Number for f32 {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn from_i64(value: i64) -> Option<Self> {
        Some(value as Self)
    }
    fn from_f32(value: f32) -> Option<Self> {
        Some(value)
    }
    fn from_f64(value: f64) -> Option<Self> {
        Some(value as Self)
    }
}

impl Number for f64 {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn from_i64(value: i64) -> Option<Self> {
        Some(value as Self)
    }
    fn from_f32(value: f32) -> Option<Self> {
        Some(value.into())
    }
    fn from_f64(value: f64) -> Option<Self> {
        Some(value)
    }
}

impl Number for i32 {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
    fn from_i64(value: i64) -> Option<Self> {
        value.try_into().ok()
    }
    fn from_f32(value: f32) -> Option<Self> {
        Self::from_f64(value.into())
    }
    fn from_f64(value: f64) -> Option<Self> {
        (value.fract() == 0.0 && value.abs() <= f64::from(Self::MAX)).then_some(value as Self)
    }
}
