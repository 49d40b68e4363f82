//! JSON, as far as model files need it.
//!
//! Numbers are parsed in the width they are asked for, because a decimal rounded to `f64` and then to `f32` may not be the
//! `f32` nearest to it. XGBoost's `NaN` and `Infinity` are numbers too.

use std::borrow::Cow;

use super::fault::{Fault, Read, shown};
use super::source::{Kind, MAX_DEPTH, Number, Source};

/// A JSON text and how far it was read.
#[derive(Debug, Clone)]
pub(super) struct Json<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Json<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Refuses anything but white space up to the end.
    pub(super) fn end(&mut self) -> Read<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.fault("there is more after the end of the value")),
        }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    /// Passes over a byte, if it comes next.
    fn eat(&mut self, byte: u8) -> bool {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn require(&mut self, byte: u8) -> Read<()> {
        if self.eat(byte) {
            return Ok(());
        }
        let found =
            self.peek().map_or_else(|| "the end of the file".to_owned(), |byte| shown(&char::from(byte).to_string()));
        Err(self.fault(format!("expected `{}`, found {found}", char::from(byte))))
    }

    /// Letters, digits, signs and dots: a number or a word.
    fn word(&mut self) -> &'a str {
        self.peek();
        let rest = &self.text[self.at..];
        let end =
            rest.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'+' | b'-' | b'.'));
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn number_or_bool<T: Number>(&mut self) -> Read<T> {
        let from = self.at;
        let word = self.word();
        let number = match word {
            "true" => T::from_i64(1),
            "false" => T::from_i64(0),
            "NaN" => T::from_f32(f32::NAN),
            "Infinity" => T::from_f32(f32::INFINITY),
            "-Infinity" => T::from_f32(f32::NEG_INFINITY),
            // Without other letters: Rust also knows `inf` and `nan`.
            _ if word.bytes().all(|byte| !byte.is_ascii_alphabetic() || byte.eq_ignore_ascii_case(&b'e')) => {
                T::from_text(word)
            }
            _ => None,
        };
        number.ok_or_else(|| {
            self.at = from;
            let what = if word.is_empty() {
                self.text[from..]
                    .chars()
                    .next()
                    .map_or_else(|| "the end of the file".to_owned(), |c| shown(&c.to_string()))
            } else {
                shown(word)
            };
            self.fault(format!("{what} is no number of this field"))
        })
    }

    /// One item after the other, up to `close`.
    fn items(&mut self, close: u8, mut item: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        self.at += 1;
        if self.eat(close) {
            return Ok(());
        }
        loop {
            item(self)?;
            if self.eat(close) {
                return Ok(());
            }
            self.require(b',')?;
        }
    }

    /// The escape after a backslash.
    fn escape(&mut self, out: &mut String) -> Read<()> {
        let byte = self.text.as_bytes().get(self.at).copied();
        self.at += 1;
        out.push(match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let first = self.hex()?;
                let code = if (0xd800..0xdc00).contains(&first) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    match self.hex()? {
                        second @ 0xdc00..0xe000 => 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                        // No character either.
                        _ => first,
                    }
                } else {
                    first
                };
                char::from_u32(code).ok_or_else(|| self.fault("the text has half a surrogate pair"))?
            }
            _ => return Err(self.fault("the text has an escape that JSON does not know")),
        });
        Ok(())
    }

    fn hex(&mut self) -> Read<u32> {
        let digits =
            self.text.as_bytes().get(self.at..self.at + 4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        let Some(digits) = digits else { return Err(self.fault("expected four hexadecimal digits")) };
        self.at += 4;
        Ok(digits.iter().fold(0, |code, &digit| code * 16 + char::from(digit).to_digit(16).unwrap_or_default()))
    }
}

impl<'a> Source<'a> for Json<'a> {
    fn kind(&mut self) -> Read<Kind> {
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'"') => Ok(Kind::Text),
            Some(b't' | b'f') => Ok(Kind::Bool),
            Some(b'n') => Ok(Kind::Null),
            Some(b'0'..=b'9' | b'-' | b'+' | b'.' | b'N' | b'I') => Ok(Kind::Number),
            Some(_) => Err(self.fault("expected a value")),
            None => Err(self.fault("the file ends where a value is expected")),
        }
    }

    fn object(&mut self, entry: &mut dyn FnMut(&mut Self, &str) -> Read<()>) -> Read<()> {
        if self.kind()? != Kind::Object {
            return Err(self.expected("an object"));
        }
        self.items(b'}', |json| {
            if json.peek() != Some(b'"') {
                return Err(json.fault("expected the name of a field"));
            }
            let key = json.text()?;
            json.require(b':')?;
            entry(json, &key).map_err(|fault| fault.within(key))
        })
    }

    fn array(&mut self, item: &mut dyn FnMut(&mut Self, usize) -> Read<()>) -> Read<()> {
        if self.kind()? != Kind::Array {
            return Err(self.expected("an array"));
        }
        let mut number = 0;
        self.items(b']', |json| {
            let result = item(json, number).map_err(|fault| fault.within(format_args!("[{number}]")));
            number += 1;
            result
        })
    }

    fn text(&mut self) -> Read<Cow<'a, str>> {
        if self.kind()? != Kind::Text {
            return Err(self.expected("a text"));
        }
        self.at += 1;
        let mut out = Cow::Borrowed("");
        loop {
            let rest = &self.text[self.at..];
            let Some(plain) = rest.bytes().position(|byte| byte == b'"' || byte == b'\\') else {
                return Err(self.fault("the text does not end"));
            };
            self.at += plain + 1;
            if out.is_empty() {
                out = Cow::Borrowed(&rest[..plain]);
            } else {
                out.to_mut().push_str(&rest[..plain]);
            }
            if rest.as_bytes()[plain] == b'"' {
                return Ok(out);
            }
            self.escape(out.to_mut())?;
        }
    }

    fn number<T: Number>(&mut self) -> Read<T> {
        if !matches!(self.kind()?, Kind::Number | Kind::Bool) {
            return Err(self.expected("a number"));
        }
        self.number_or_bool()
    }

    fn numbers<T: Number>(&mut self) -> Read<Vec<T>> {
        if self.kind()? != Kind::Array {
            return Err(self.expected("an array"));
        }
        let mut numbers = Vec::new();
        self.items(b']', |json| {
            numbers.push(json.number_or_bool()?);
            Ok(())
        })?;
        Ok(numbers)
    }

    fn null(&mut self) -> Read<()> {
        match self.word() {
            "null" => Ok(()),
            _ => Err(self.expected("null")),
        }
    }

    fn skip(&mut self) -> Read<()> {
        // What closes what is open.
        let mut open: Vec<u8> = Vec::new();
        loop {
            match self.kind()? {
                kind @ (Kind::Object | Kind::Array) => {
                    if open.len() == MAX_DEPTH {
                        return Err(self.fault(format!("values lie in each other more than {MAX_DEPTH} deep")));
                    }
                    self.at += 1;
                    let close = if kind == Kind::Object { b'}' } else { b']' };
                    open.push(close);
                    if !self.eat(close) {
                        self.key(close)?;
                        continue;
                    }
                    open.pop();
                }
                Kind::Text => drop(self.text()?),
                Kind::Number | Kind::Bool => drop(self.number_or_bool::<f64>()?),
                Kind::Null => self.null()?,
            }
            // After a value: what follows in the innermost that is open.
            loop {
                let Some(&close) = open.last() else { return Ok(()) };
                if !self.eat(close) {
                    self.require(b',')?;
                    self.key(close)?;
                    break;
                }
                open.pop();
            }
        }
    }

    fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault::new(format_args!("byte {}", self.at.min(self.text.len())), reason)
    }
}

impl Json<'_> {
    /// Passes over the key of an object's next entry.
    fn key(&mut self, close: u8) -> Read<()> {
        if close == b'}' {
            self.text()?;
            self.require(b':')?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_precision_they_are_asked_for() {
        // Rounded to f64 first, this decimal lies half way between two f32, and goes to the other one.
        let text = "[1.00000017881393432617187499, 1e0, 2, true, NaN, -Infinity]";
        let floats = Json::new(text).numbers::<f32>().unwrap();
        assert_eq!(floats[..4], [1.000_000_1, 1.0, 2.0, 1.0]);
        assert!(floats[4].is_nan() && floats[5] == f32::NEG_INFINITY);
        assert_eq!(Json::new("[1, -2]").numbers::<i32>().unwrap(), [1, -2]);
        for text in ["[1.5]", "[3000000000]", "[inf]", "[nan]", "[1,]", "[1", "[,]", "{}", "[\"1\"]", "[--1]"] {
            assert!(Json::new(text).numbers::<i32>().is_err(), "{text}");
        }
    }

    #[test]
    fn texts_are_unescaped() {
        let text = r#""a\"\\\/\n\u00e9\ud83d\ude00b""#;
        assert_eq!(Json::new(text).text().unwrap(), "a\"\\/\né😀b");
        for text in [r#""\ud83d""#, r#""\ud83d\u0041""#, r#""\x""#, r#""\u12"#, "\"a", r#""\"#, "\"\\u00é9\""] {
            assert!(Json::new(text).text().is_err(), "{text}");
        }
    }

    #[test]
    fn anything_is_passed_over_but_only_so_deep() {
        let text = r#" {"a": [1, {"b": [], "c": {}}, "x,]", null, true, -1.5e3], "d": 2} "#;
        let mut json = Json::new(text);
        json.skip().unwrap();
        json.end().unwrap();
        for text in ["[1 2]", "{\"a\" 1}", "{1: 2}", "[1,]", "{\"a\":1,}", "[}", "", "nul", "[[1]", "{\"a\":}", "tru"] {
            assert!(Json::new(text).skip().is_err(), "{text}");
        }
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(Json::new(&nested(MAX_DEPTH)).skip().is_ok());
        assert!(Json::new(&nested(MAX_DEPTH + 1)).skip().is_err());
        assert!(Json::new(&"[".repeat(1 << 20)).skip().is_err());
    }

    #[test]
    fn faults_name_the_field() {
        let text = r#"{"a": [{"b": "x"}]}"#;
        let fault = Json::new(text)
            .object(&mut |json, _| {
                json.array(&mut |json, _| json.object(&mut |json, _| json.number::<f32>().map(drop)))
            })
            .unwrap_err();
        let error = fault.of("JSON").to_string();
        assert_eq!(error, "JSON refused at `a[0].b`, byte 13: is a text, expected a number");
    }
}
