//! Records as JSON objects, by their columns, as the README has it.
//!
//! Ticks are written by their own fields, whose order is another one. All are read in one way.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::record::{Column, Kind, Record, Value};
use crate::{InvalidInput, for_each_record};

/// Writes `record` as an object, its fields in the order of its columns.
pub(crate) fn serialize<R: Record, S: Serializer>(record: &R, to: S) -> Result<S::Ok, S::Error> {
    let mut object = to.serialize_map(Some(R::COLUMNS.len()))?;
    for (index, column) in R::COLUMNS.iter().enumerate() {
        object.serialize_entry(column.name, &ColumnValue(column, record.value(index)))?;
    }
    object.end()
}

/// A value and the column it stands in.
struct ColumnValue<'a>(&'a Column, Value<'a>);

impl Serialize for ColumnValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.1 {
            Value::Null => serializer.serialize_none(),
            Value::Text(json) if self.0.json && nests(json) => {
                // As it was written: reading it would change its numbers and its space.
                serde_json::from_str::<&RawValue>(json)
                    .map_err(S::Error::custom)?
                    .serialize(serializer)
            }
            Value::Text(text) => serializer.serialize_str(text),
            Value::Int(number) => serializer.serialize_i64(*number),
            Value::Float(number) => serializer.serialize_f64(*number),
            Value::Bool(truth) => serializer.serialize_bool(*truth),
            Value::Decimal(decimal) => serializer.collect_str(decimal),
            Value::Time(ts) => serializer.collect_str(ts),
            Value::Uuid(id) => serializer.collect_str(id),
        }
    }
}

/// Whether a JSON object can stand within another on one line, and come back as it was. One that has line
/// breaks, or space around it, is a string.
fn nests(json: &str) -> bool {
    json.starts_with('{')
        && json.ends_with('}')
        && !json.bytes().any(|byte| byte.is_ascii_control())
}

/// The record of an object, whose fields may come in any order.
struct Object<R>(PhantomData<R>);

impl<'de, R: Record> Visitor<'de> for Object<R> {
    type Value = R;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the columns of {}", R::TABLE)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<R, A::Error> {
        let mut row = vec![Value::Null; R::COLUMNS.len()];
        while let Some(name) = map.next_key::<String>()? {
            // A misspelt field must not vanish.
            let unknown = || A::Error::custom(format!("{} have no field {name:?}", R::TABLE));
            let index = R::index_of(&name).ok_or_else(unknown)?;
            if !row[index].is_null() {
                return Err(A::Error::custom(format!("has the field {name:?} twice")));
            }
            let json = map.next_value::<Box<RawValue>>()?;
            row[index] = value(&R::COLUMNS[index], &json).map_err(A::Error::custom)?;
        }
        R::from_row(row).map_err(A::Error::custom)
    }
}

/// The value of a column that is written as `json`; a number, or a truth, may be a string too.
fn value(column: &Column, json: &RawValue) -> Result<Value<'static>, InvalidInput> {
    let at_fault = |reason| InvalidInput::new(column.name, reason);
    let text = json.get();
    let parse = |text: &str| {
        Value::parse(column.kind, text)
            .map_err(|error| InvalidInput::new(column.name, error.reason))
    };
    match text.as_bytes() {
        b"null" => Ok(Value::Null),
        [b'"', ..] => {
            let text = serde_json::from_str::<String>(text);
            parse(&text.map_err(|_| at_fault("has an escape that is no character"))?)
        }
        [b'{', ..] if column.json => parse(text),
        _ if column.kind == Kind::Text => Err(at_fault("is not a string")),
        // As it is written: no number passes through a float.
        _ => parse(text),
    }
}

macro_rules! readable {
    ($(
        $(#[$doc:meta])*
        $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;
    )+) => { $(
        impl<'de> Deserialize<'de> for crate::$record {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(Object(PhantomData))
            }
        }
    )+ };
}

for_each_record!(readable);

/// Types that are strings in JSON, as they show themselves.
macro_rules! strings {
    ($($type:ty),+ $(,)?) => { $(
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )+ };
}

strings!(
    crate::Day,
    crate::Decimal,
    crate::Interval,
    crate::Market,
    crate::Name,
    crate::Side,
    crate::StreamId,
    crate::Symbol,
    crate::Table,
    crate::Timestamp,
    crate::TradeId,
    crate::TraderId,
    crate::Venue,
);
