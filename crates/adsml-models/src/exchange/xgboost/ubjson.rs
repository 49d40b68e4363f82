//! UBJSON as XGBoost writes it: big-endian, and typed arrays with their length in front.
//!
//! Source: the Universal Binary JSON specification, draft 12 (<https://ubjson.org>). Objects of stated length and numbers of
//! high precision, which XGBoost does not write, are refused.

use std::borrow::Cow;

use super::super::fault::{Fault, Read};
use super::super::source::{Kind, MAX_DEPTH, Number, Source};

/// The bytes and how far they were read.
#[derive(Debug, Clone)]
pub(super) struct Ubjson<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// What stands between the brackets of an array.
enum Items {
    /// As many numbers of one type.
    Typed { marker: u8, count: usize },
    /// As many values.
    Counted(usize),
    /// Values up to `]`.
    Open,
}

impl<'a> Ubjson<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Refuses anything after the value.
    pub(super) fn end(&mut self) -> Read<()> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.fault("there is more after the end of the value")),
        }
    }

    /// The next marker; `N` says nothing.
    fn peek(&mut self) -> Option<u8> {
        while self.bytes.get(self.at) == Some(&b'N') {
            self.at += 1;
        }
        self.bytes.get(self.at).copied()
    }

    fn eat(&mut self, marker: u8) -> bool {
        let is_next = self.peek() == Some(marker);
        self.at += usize::from(is_next);
        is_next
    }

    fn take(&mut self, n: usize) -> Read<&'a [u8]> {
        let taken = self.at.checked_add(n).and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.fault(format!("the file ends within {n} bytes that it announces")))?;
        self.at += n;
        Ok(taken)
    }

    fn marker(&mut self) -> Read<u8> {
        let marker = self.peek().ok_or_else(|| self.fault("the file ends where a value is expected"))?;
        self.at += 1;
        Ok(marker)
    }

    /// The number of a type.
    fn value<T: Number>(&mut self, marker: u8) -> Read<T> {
        let width = width(marker).ok_or_else(|| self.fault(format!("type {:?} is no number", char::from(marker))))?;
        let bytes = self.take(width)?;
        decode(marker, bytes).ok_or_else(|| self.fault("is no number of this field"))
    }

    /// A length: a whole number that is not negative.
    fn length(&mut self) -> Read<usize> {
        let marker = self.marker()?;
        if !matches!(marker, b'i' | b'U' | b'I' | b'l' | b'L') {
            return Err(self.fault(format!("type {:?} is no length", char::from(marker))));
        }
        let length = self.value::<Whole>(marker)?.0;
        usize::try_from(length).map_err(|_| self.fault(format!("a length is {length}")))
    }

    fn string(&mut self) -> Read<Cow<'a, str>> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Cow::Borrowed(text)),
            Err(_) => Err(self.fault("a text is not UTF-8")),
        }
    }

    /// What an array begins with.
    fn items(&mut self) -> Read<Items> {
        if self.kind()? != Kind::Array {
            return Err(self.expected("an array"));
        }
        self.at += 1;
        let marker = if self.eat(b'$') { Some(self.marker()?) } else { None };
        if !self.eat(b'#') {
            return match marker {
                Some(_) => Err(self.fault("a typed array has no length")),
                None => Ok(Items::Open),
            };
        }
        let count = self.length()?;
        let Some(marker) = marker else { return Ok(Items::Counted(count)) };
        let width = width(marker)
            .ok_or_else(|| self.fault(format!("arrays of type {:?} are not supported", char::from(marker))))?;
        if count > (self.bytes.len() - self.at) / width {
            return Err(self.fault(format!("the file ends within an array of {count} numbers")));
        }
        Ok(Items::Typed { marker, count })
    }

    /// Passes over a value, or into one that holds others.
    fn skip_or_open(&mut self) -> Read<Option<Open>> {
        match self.kind()? {
            Kind::Object => {
                self.begin_object()?;
                return Ok(Some(Open::Object));
            }
            Kind::Array => match self.items()? {
                Items::Typed { marker, count } => drop(self.take(count * width(marker).unwrap_or(1))?),
                Items::Counted(count) => return Ok(Some(Open::Counted(count))),
                Items::Open => return Ok(Some(Open::Array)),
            },
            Kind::Text => drop(self.text()?),
            Kind::Number => {
                let marker = self.marker()?;
                self.take(width(marker).unwrap_or(0))?;
            }
            Kind::Bool | Kind::Null => self.at += 1,
        }
        Ok(None)
    }

    fn begin_object(&mut self) -> Read<()> {
        if self.kind()? != Kind::Object {
            return Err(self.expected("an object"));
        }
        self.at += 1;
        if matches!(self.peek(), Some(b'#' | b'$')) {
            return Err(self.fault("objects of stated length are not supported"));
        }
        Ok(())
    }
}

/// An array or an object whose end was not reached.
enum Open {
    Object,
    Array,
    /// With as many values left.
    Counted(usize),
}

/// Bytes of a number; `None` for what is no number.
const fn width(marker: u8) -> Option<usize> {
    match marker {
        b'i' | b'U' | b'C' => Some(1),
        b'I' => Some(2),
        b'l' | b'd' => Some(4),
        b'L' | b'D' => Some(8),
        _ => None,
    }
}

/// `bytes` are as long as the type is wide.
fn decode<T: Number>(marker: u8, bytes: &[u8]) -> Option<T> {
    match (marker, bytes) {
        (b'U' | b'C', &[byte]) => T::from_i64(byte.into()),
        (b'i', &[byte]) => T::from_i64(i64::from(byte.cast_signed())),
        (b'I', &[a, b]) => T::from_i64(i16::from_be_bytes([a, b]).into()),
        (b'l', &[a, b, c, d]) => T::from_i64(i32::from_be_bytes([a, b, c, d]).into()),
        (b'd', &[a, b, c, d]) => T::from_f32(f32::from_be_bytes([a, b, c, d])),
        (b'L', bytes) => T::from_i64(i64::from_be_bytes(bytes.try_into().ok()?)),
        (b'D', bytes) => T::from_f64(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

/// A whole number of any width.
#[derive(Clone, Copy)]
struct Whole(i64);

impl Number for Whole {
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self)
    }
    fn from_i64(value: i64) -> Option<Self> {
        Some(Self(value))
    }
    fn from_f32(_: f32) -> Option<Self> {
        None
    }
    fn from_f64(_: f64) -> Option<Self> {
        None
    }
}

impl<'a> Source<'a> for Ubjson<'a> {
    fn kind(&mut self) -> Read<Kind> {
        match self.peek() {
            Some(b'{') => Ok(Kind::Object),
            Some(b'[') => Ok(Kind::Array),
            Some(b'S') => Ok(Kind::Text),
            Some(b'T' | b'F') => Ok(Kind::Bool),
            Some(b'Z') => Ok(Kind::Null),
            Some(marker) if width(marker).is_some() => Ok(Kind::Number),
            Some(marker) => Err(self.fault(format!("{:?} begins no value", char::from(marker)))),
            None => Err(self.fault("the file ends where a value is expected")),
        }
    }

    fn object(&mut self, entry: &mut dyn FnMut(&mut Self, &str) -> Read<()>) -> Read<()> {
        self.begin_object()?;
        while !self.eat(b'}') {
            let key = self.string()?;
            entry(self, &key).map_err(|fault| fault.within(key))?;
        }
        Ok(())
    }

    fn array(&mut self, item: &mut dyn FnMut(&mut Self, usize) -> Read<()>) -> Read<()> {
        let mut item = |ubjson: &mut Self, number: usize| {
            item(ubjson, number).map_err(|fault| fault.within(format_args!("[{number}]")))
        };
        match self.items()? {
            // Without a single byte an item would be no value, so that a false count ends with the file.
            Items::Counted(count) => (0..count).try_for_each(|number| item(self, number)),
            Items::Open => {
                let mut number = 0;
                while !self.eat(b']') {
                    item(self, number)?;
                    number += 1;
                }
                Ok(())
            }
            Items::Typed { count: 0, .. } => Ok(()),
            Items::Typed { .. } => Err(self.fault("is an array of numbers")),
        }
    }

    fn text(&mut self) -> Read<Cow<'a, str>> {
        if self.kind()? != Kind::Text {
            return Err(self.expected("a text"));
        }
        self.at += 1;
        self.string()
    }

    fn number<T: Number>(&mut self) -> Read<T> {
        if !matches!(self.kind()?, Kind::Number | Kind::Bool) {
            return Err(self.expected("a number"));
        }
        match self.marker()? {
            marker @ (b'T' | b'F') => {
                T::from_i64((marker == b'T').into()).ok_or_else(|| self.fault("is no number of this field"))
            }
            marker => self.value(marker),
        }
    }

    fn numbers<T: Number>(&mut self) -> Read<Vec<T>> {
        let mut numbers = Vec::new();
        match self.items()? {
            Items::Typed { marker, count } => {
                let width = width(marker).unwrap_or(1);
                let bytes = self.take(count * width)?;
                numbers.reserve_exact(count);
                for bytes in bytes.chunks_exact(width) {
                    numbers.push(decode(marker, bytes).ok_or_else(|| self.fault("holds no number of this field"))?);
                }
            }
            Items::Counted(count) => {
                for _ in 0..count {
                    numbers.push(self.number()?);
                }
            }
            Items::Open => {
                while !self.eat(b']') {
                    numbers.push(self.number()?);
                }
            }
        }
        Ok(numbers)
    }

    fn null(&mut self) -> Read<()> {
        if self.eat(b'Z') { Ok(()) } else { Err(self.expected("null")) }
    }

    fn skip(&mut self) -> Read<()> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            if open.len() > MAX_DEPTH {
                return Err(self.fault(format!("values lie in each other more than {MAX_DEPTH} deep")));
            }
            open.extend(self.skip_or_open()?);
            // Closes what is over, up to the next value.
            while let Some(innermost) = open.last_mut() {
                let is_over = match innermost {
                    Open::Object => self.eat(b'}'),
                    Open::Array => self.eat(b']'),
                    Open::Counted(left) => *left == 0,
                };
                if is_over {
                    open.pop();
                    continue;
                }
                match innermost {
                    Open::Object => drop(self.string()?),
                    Open::Array => {}
                    Open::Counted(left) => *left -= 1,
                }
                break;
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    fn fault(&self, reason: impl Into<String>) -> Fault {
        Fault::new(format_args!("byte {}", self.at.min(self.bytes.len())), reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_come_in_three_forms() {
        for bytes in [&b"[$l#i\x02\x00\x00\x00\x01\xff\xff\xff\xff"[..], b"[#U\x02i\x01i\xff", b"[i\x01NI\xff\xff]"] {
            assert_eq!(Ubjson::new(bytes).numbers::<i32>().unwrap(), [1, -1]);
            let mut ubjson = Ubjson::new(bytes);
            ubjson.skip().unwrap();
            ubjson.end().unwrap();
        }
        let floats = b"[$d#L\x00\x00\x00\x00\x00\x00\x00\x01\x3f\x80\x00\x00";
        assert_eq!(Ubjson::new(floats).numbers::<f32>().unwrap(), [1.0]);
    }

    #[test]
    fn false_lengths_are_refused_before_anything_is_allocated() {
        let huge = b"[$L#L\x7f\xff\xff\xff\xff\xff\xff\xff";
        assert!(Ubjson::new(huge).numbers::<i32>().is_err());
        let negative = b"[$d#i\xff";
        assert!(Ubjson::new(negative).numbers::<f32>().is_err());
        let counted = b"[#L\x7f\xff\xff\xff\xff\xff\xff\xff";
        assert!(Ubjson::new(counted).numbers::<f32>().is_err() && Ubjson::new(counted).skip().is_err());
        assert!(Ubjson::new(b"SL\x7f\xff\xff\xff\xff\xff\xff\xff").text().is_err());
    }

    #[test]
    fn objects_are_read_and_passed_over() {
        let bytes = b"{i\x01aSi\x02hii\x01bTi\x01c{i\x01d[ZF]}}";
        let mut ubjson = Ubjson::new(bytes);
        ubjson.skip().unwrap();
        ubjson.end().unwrap();
        let (mut text, mut truth) = (String::new(), 0);
        Ubjson::new(bytes)
            .object(&mut |ubjson, key| {
                match key {
                    "a" => text = ubjson.text()?.into_owned(),
                    "b" => truth = ubjson.number()?,
                    _ => ubjson.skip()?,
                }
                Ok(())
            })
            .unwrap();
        assert_eq!((text.as_str(), truth), ("hi", 1));
        for end in 0..bytes.len() {
            assert!(Ubjson::new(&bytes[..end]).skip().is_err(), "{end}");
        }
        assert!(Ubjson::new(&b"[".repeat(1 << 20)).skip().is_err());
        assert!(Ubjson::new(b"{#i\x00}").skip().is_err() && Ubjson::new(b"H").skip().is_err());
    }
}
