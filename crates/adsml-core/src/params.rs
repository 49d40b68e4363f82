//! What can be set on a learner, and to which values.

use std::fmt;

use crate::{Error, Result};

/// One parameter: searches, forms and error messages come from the same line.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamSpec {
    /// Its name in snake case, as in the setter.
    pub name: &'static str,
    /// Its kind and range.
    pub kind: ParamKind,
    /// Its default.
    pub default: ParamValue,
    /// What it does, in one sentence.
    pub help: &'static str,
}

/// The kind and range of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ParamKind {
    /// A real number in `[min, max]`, or `(min, max]` when `min` is excluded. Always finite.
    Real {
        /// Lower end.
        min: f64,
        /// Upper end.
        max: f64,
        /// Whether `min` itself is refused.
        min_excluded: bool,
    },
    /// A whole number in `[min, max]`.
    Integer {
        /// Lower end.
        min: i64,
        /// Upper end.
        max: i64,
    },
    /// Yes or no.
    Flag,
    /// One of a few names.
    Choice(&'static [&'static str]),
}

/// The value of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum ParamValue {
    /// A real number.
    Real(f64),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// One of a few names.
    Choice(&'static str),
}

impl ParamSpec {
    /// A finite number above zero.
    pub const fn positive(name: &'static str, default: f64, help: &'static str) -> Self {
        Self::real(name, ParamKind::Real { min: 0.0, max: f64::MAX, min_excluded: true }, default, help)
    }

    /// A finite number, zero or more.
    pub const fn non_negative(name: &'static str, default: f64, help: &'static str) -> Self {
        Self::real(name, ParamKind::Real { min: 0.0, max: f64::MAX, min_excluded: false }, default, help)
    }

    /// A number in `[0, 1]`.
    pub const fn unit(name: &'static str, default: f64, help: &'static str) -> Self {
        Self::real(name, ParamKind::Real { min: 0.0, max: 1.0, min_excluded: false }, default, help)
    }

    /// A number in `(0, 1]`, 1 by default.
    pub const fn share(name: &'static str, help: &'static str) -> Self {
        Self::real(name, ParamKind::Real { min: 0.0, max: 1.0, min_excluded: true }, 1.0, help)
    }

    /// A whole number of at least `min`.
    pub const fn count(name: &'static str, min: i64, default: i64, help: &'static str) -> Self {
        Self { name, kind: ParamKind::Integer { min, max: i64::MAX }, default: ParamValue::Integer(default), help }
    }

    /// Yes or no.
    pub const fn flag(name: &'static str, default: bool, help: &'static str) -> Self {
        Self { name, kind: ParamKind::Flag, default: ParamValue::Flag(default), help }
    }

    const fn real(name: &'static str, kind: ParamKind, default: f64, help: &'static str) -> Self {
        Self { name, kind, default: ParamValue::Real(default), help }
    }

    /// Judges a value: of the right kind and inside the range. A whole number is taken for a real one.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidParameter`] with the accepted range.
    pub fn check(&self, value: ParamValue) -> Result<ParamValue> {
        let value = match (self.kind, value) {
            (ParamKind::Real { .. }, ParamValue::Integer(whole)) => ParamValue::Real(whole as f64),
            (_, value) => value,
        };
        let accepted = match (self.kind, value) {
            (ParamKind::Real { min, max, min_excluded }, ParamValue::Real(real)) => {
                real.is_finite() && real <= max && if min_excluded { real > min } else { real >= min }
            }
            (ParamKind::Integer { min, max }, ParamValue::Integer(whole)) => (min..=max).contains(&whole),
            (ParamKind::Flag, ParamValue::Flag(_)) => true,
            (ParamKind::Choice(names), ParamValue::Choice(name)) => names.contains(&name),
            _ => false,
        };
        if accepted { Ok(value) } else { Err(Error::invalid_parameter(self.name, value, self.kind.to_string())) }
    }

    /// The spec of this name among `specs`.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownParameter`] with the names there are.
    pub fn find<'a>(specs: &'a [Self], owner: &str, name: &str) -> Result<&'a Self> {
        specs.iter().find(|spec| spec.name == name).ok_or_else(|| Error::UnknownParameter {
            owner: owner.to_owned(),
            name: name.to_owned(),
            known: specs.iter().map(|spec| spec.name).collect::<Vec<_>>().join(", "),
        })
    }
}

impl fmt::Display for ParamKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Real { min, max, min_excluded } => match (max == f64::MAX, min_excluded) {
                (true, true) => write!(f, "a finite number above {min}"),
                (true, false) => write!(f, "a finite number of at least {min}"),
                (false, true) => write!(f, "a number in ({min}, {max}]"),
                (false, false) => write!(f, "a number in [{min}, {max}]"),
            },
            Self::Integer { min, max: i64::MAX } => write!(f, "a whole number of at least {min}"),
            Self::Integer { min, max } => write!(f, "a whole number in [{min}, {max}]"),
            Self::Flag => f.write_str("true or false"),
            Self::Choice(names) => write!(f, "one of {}", names.join(", ")),
        }
    }
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Flag(value) => value.fmt(f),
            Self::Choice(value) => value.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_judged_and_said() {
        let alpha = ParamSpec::positive("alpha", 1.0, "Strength");
        assert!(alpha.check(ParamValue::Real(0.5)).is_ok());
        assert_eq!(alpha.check(ParamValue::Integer(2)).unwrap(), ParamValue::Real(2.0));
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(alpha.check(ParamValue::Real(bad)).is_err());
        }
        let message = alpha.check(ParamValue::Real(0.0)).unwrap_err().to_string();
        assert_eq!(message, "parameter `alpha` is 0, expected a finite number above 0");
        let unknown = ParamSpec::find(std::slice::from_ref(&alpha), "ridge", "alhpa").unwrap_err();
        assert_eq!(unknown.to_string(), "`ridge` has no parameter `alhpa`; it has alpha");
    }
}
