//! Records of one's own types.

use std::fmt;

use adsml_core::Table;
use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};

use super::column::Rules;
use super::error::{Place, ReadError, Result};
use super::keyed::{BadKey, Key, KeyedColumns, too_large};
use super::options::{Limits, MissingTokens};

/// What records are called in error messages.
const INPUT: &str = "records";

/// The table of records: structs or maps of numbers and text.
///
/// Columns stand in the order in which their fields first appear. `None`, `()`, `NaN` and absent fields are missing;
/// booleans, characters, strings and variants without fields are categories. Whole numbers
/// beyond 2^53, and columns of several types, are text. A column of strings that all are dates, or all are
/// timestamps with an offset or in UTC, is one of these.
///
/// ```
/// #[derive(serde::Serialize)]
/// struct Day {
///     campaign: &'static str,
///     spend: f64,
///     clicks: Option<u32>,
/// }
///
/// let days = [
///     Day { campaign: "shoes", spend: 12.5, clicks: Some(31) },
///     Day { campaign: "boots", spend: 8.0, clicks: None },
/// ];
/// let table = adsml_features::table_from_records(&days)?;
/// assert_eq!(table.names().collect::<Vec<_>>(), ["campaign", "spend", "clicks"]);
/// assert_eq!(table.number("clicks")?[0], 31.0);
/// assert!(table.number("clicks")?[1].is_nan());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Each record is written into the columns as it is serialised; records are serialised a second time only when a column
/// turns out to be of several types.
///
/// # Errors
///
/// [`ReadError::Nested`] for a list, an object, bytes or an infinite number in a field, with record and field;
/// [`ReadError::Record`] for a record that is not a struct or map, or refuses to be serialised.
pub fn table_from_records<T: Serialize>(records: &[T]) -> Result<Table> {
    let mut columns = KeyedColumns::new(None, &[], Limits::default(), u64::MAX);
    pass(records, &mut columns)?;
    if let Some(mut texts) = columns.lost_as_text() {
        pass(records, &mut texts)?;
        columns.replace_lost(texts);
    }
    Ok(columns.finish(INPUT, &[])?.0)
}

fn pass<T: Serialize>(records: &[T], columns: &mut KeyedColumns) -> Result<()> {
    let rules = Rules { missing: MissingTokens::new([""; 0]), ..Rules::default() };
    for (number, record) in records.iter().enumerate() {
        let mut key = None;
        record.serialize(RecordSerializer { columns, rules: &rules, key: &mut key }).map_err(|refusal| {
            let mut place = Place::record(INPUT, None, number as u64);
            if let Some(key) = &key {
                place = place.named(key);
            }
            match refusal {
                Refusal::Message(message) => ReadError::Record { place, message },
                Refusal::Nested(found) => ReadError::Nested { place, found: found.to_owned() },
                Refusal::Key(BadKey::TableTooLarge) => too_large(place, &Limits::default()),
                Refusal::Key(BadKey::Repeated) => {
                    ReadError::Record { place, message: "the key comes twice".to_owned() }
                }
                Refusal::Key(BadKey::TooMany) => {
                    ReadError::Record { place, message: "too many different keys".to_owned() }
                }
            }
        })?;
        columns.end_record();
    }
    Ok(())
}

/// Why a record was not taken.
#[derive(Debug)]
enum Refusal {
    Message(String),
    Nested(&'static str),
    Key(BadKey),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(message) => f.write_str(message),
            Self::Nested(found) => f.write_str(found),
            Self::Key(bad) => write!(f, "{bad:?}"),
        }
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Message(message.to_string())
    }
}

/// Takes one record.
struct RecordSerializer<'a> {
    columns: &'a mut KeyedColumns,
    rules: &'a Rules,
    /// The field that was being written, for the error message.
    key: &'a mut Option<String>,
}

impl RecordSerializer<'_> {
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Refusal> {
        let refused = match self.columns.key(name, &[]) {
            Ok(Key::Skip) => return Ok(()),
            Ok(Key::Column(index)) => {
                value.serialize(ValueSerializer { columns: self.columns, index, rules: self.rules })
            }
            Err(bad) => Err(Refusal::Key(bad)),
        };
        if refused.is_err() {
            *self.key = Some(name.to_owned());
        }
        refused
    }
}

const NOT_A_RECORD: &str = "not a record, expected a struct or a map";

macro_rules! not_a_record {
    ($($method:ident($($argument:ty),*);)*) => {
        $(fn $method(self, $(_: $argument),*) -> Result<(), Refusal> {
            Err(Refusal::Message(NOT_A_RECORD.to_owned()))
        })*
    };
}

impl<'a> Serializer for RecordSerializer<'a> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Impossible<(), Refusal>;
    type SerializeTuple = Impossible<(), Refusal>;
    type SerializeTupleStruct = Impossible<(), Refusal>;
    type SerializeTupleVariant = Impossible<(), Refusal>;
    type SerializeMap = MapFields<'a>;
    type SerializeStruct = StructFields<'a>;
    type SerializeStructVariant = Impossible<(), Refusal>;

    not_a_record! {
        serialize_bool(bool); serialize_i8(i8); serialize_i16(i16); serialize_i32(i32); serialize_i64(i64);
        serialize_u8(u8); serialize_u16(u16); serialize_u32(u32); serialize_u64(u64);
        serialize_f32(f32); serialize_f64(f64); serialize_char(char); serialize_str(&str); serialize_bytes(&[u8]);
        serialize_none(); serialize_unit(); serialize_unit_struct(&'static str);
        serialize_unit_variant(&'static str, u32, &'static str);
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Refusal> {
        Err(Refusal::Message(NOT_A_RECORD.to_owned()))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Refusal> {
        Err(Refusal::Message(NOT_A_RECORD.to_owned()))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Refusal> {
        Err(Refusal::Message(NOT_A_RECORD.to_owned()))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Refusal> {
        Err(Refusal::Message(NOT_A_RECORD.to_owned()))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Refusal> {
        Err(Refusal::Message(NOT_A_RECORD.to_owned()))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<MapFields<'a>, Refusal> {
        Ok(MapFields { record: self, key: String::new() })
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<StructFields<'a>, Refusal> {
        Ok(StructFields(self))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Refusal> {
        Err(Refusal::Message(NOT_A_RECORD.to_owned()))
    }
}

/// The fields of a struct.
struct StructFields<'a>(RecordSerializer<'a>);

impl SerializeStruct for StructFields<'_> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Refusal> {
        self.0.field(name, value)
    }

    fn end(self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// The entries of a map.
struct MapFields<'a> {
    record: RecordSerializer<'a>,
    key: String,
}

impl SerializeMap for MapFields<'_> {
    type Ok = ();
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        // What JSON takes for a key: strings, and what is written like one.
        let key = serde_json::to_value(key).map_err(|error| Refusal::Message(error.to_string()))?;
        self.key = match key {
            serde_json::Value::String(key) => key,
            serde_json::Value::Number(key) => key.to_string(),
            serde_json::Value::Bool(key) => key.to_string(),
            _ => return Err(Refusal::Message("a key that is not text".to_owned())),
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        self.record.field(&self.key, value)
    }

    fn end(self) -> Result<(), Refusal> {
        Ok(())
    }
}

/// Takes one value.
struct ValueSerializer<'a> {
    columns: &'a mut KeyedColumns,
    index: usize,
    rules: &'a Rules,
}

impl ValueSerializer<'_> {
    fn missing(self) -> Result<(), Refusal> {
        self.columns.builder(self.index).push_missing();
        Ok(())
    }

    /// A misfit loses the column, which is then read again as text.
    fn text(self, text: &str) -> Result<(), Refusal> {
        let _lost = self.columns.builder(self.index).push_text(text, self.rules);
        Ok(())
    }

    fn number(self, value: f64, faithful: bool, text: impl FnOnce() -> String) -> Result<(), Refusal> {
        let _lost = self.columns.builder(self.index).push_number(value, faithful, text);
        Ok(())
    }
}

macro_rules! whole_numbers {
    ($($method:ident $kind:ty;)*) => {
        $(fn $method(self, value: $kind) -> Result<(), Refusal> {
            let faithful = i128::try_from(value).is_ok_and(|value| value.unsigned_abs() <= 1 << 53);
            self.number(value as f64, faithful, || value.to_string())
        })*
    };
}

impl Serializer for ValueSerializer<'_> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = Impossible<(), Refusal>;
    type SerializeTuple = Impossible<(), Refusal>;
    type SerializeTupleStruct = Impossible<(), Refusal>;
    type SerializeTupleVariant = Impossible<(), Refusal>;
    type SerializeMap = Impossible<(), Refusal>;
    type SerializeStruct = Impossible<(), Refusal>;
    type SerializeStructVariant = Impossible<(), Refusal>;

    whole_numbers! {
        serialize_i8 i8; serialize_i16 i16; serialize_i32 i32; serialize_i64 i64; serialize_i128 i128;
        serialize_u8 u8; serialize_u16 u16; serialize_u32 u32; serialize_u64 u64; serialize_u128 u128;
    }

    fn serialize_bool(self, value: bool) -> Result<(), Refusal> {
        self.text(if value { "true" } else { "false" })
    }

    fn serialize_f32(self, value: f32) -> Result<(), Refusal> {
        self.serialize_f64(f64::from(value))
    }

    fn serialize_f64(self, value: f64) -> Result<(), Refusal> {
        if value.is_infinite() {
            return Err(Refusal::Nested("an infinite number"));
        }
        if value.is_nan() { self.missing() } else { self.number(value, true, || value.to_string()) }
    }

    fn serialize_char(self, value: char) -> Result<(), Refusal> {
        self.text(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Refusal> {
        self.text(value)
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Refusal> {
        Err(Refusal::Nested("bytes"))
    }

    fn serialize_none(self) -> Result<(), Refusal> {
        self.missing()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Refusal> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Refusal> {
        self.missing()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Refusal> {
        self.missing()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Refusal> {
        self.text(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Refusal> {
        Err(Refusal::Nested("a variant with a value"))
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Self::SerializeSeq, Refusal> {
        Err(Refusal::Nested("a list"))
    }

    fn serialize_tuple(self, _: usize) -> Result<Self::SerializeTuple, Refusal> {
        Err(Refusal::Nested("a list"))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeTupleStruct, Refusal> {
        Err(Refusal::Nested("a list"))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Refusal> {
        Err(Refusal::Nested("a variant with values"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Refusal> {
        Err(Refusal::Nested("an object"))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Refusal> {
        Err(Refusal::Nested("an object"))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Refusal> {
        Err(Refusal::Nested("a variant with values"))
    }
}
