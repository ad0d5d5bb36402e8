//! Records as JSON, one object a line.

use std::any::Any;
use std::io;

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use tradekeep_models::Tick;
use tradekeep_models::record::{Column, Record, Value};

use crate::TickObject;

/// A record as the JSON object that is one line of a file, its fields in the order of its columns.
///
/// Decimals are strings, times RFC 3339 with nanoseconds, integers and floats numbers with all their
/// digits, labels and other JSON objects within this one; what is absent is `null`. JSON text that
/// has line breaks, or space around it, is a string, so that it comes back byte for byte. Ticks have
/// the form of [`TickObject`]. It is meant for `serde_json`.
///
/// ```
/// use tradekeep_formats::RecordObject;
/// use tradekeep_models::{Metric, Name, StreamId};
///
/// let metric = Metric {
///     stream: StreamId::new("bot-1")?,
///     seq: 7,
///     ..Metric::new("2024-08-08T10:00:05Z".parse()?, Name::new("lag_ms")?, 45.3).with_symbol("X")?
/// };
/// assert_eq!(
///     serde_json::to_string(&RecordObject(&metric))?,
///     r#"{"ts":"2024-08-08T10:00:05.000000000Z","stream":"bot-1","seq":7,"name":"lag_ms","value":45.3,"labels":{"symbol":"X"}}"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct RecordObject<'a, R>(pub &'a R);

impl<R: Record> Serialize for RecordObject<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record: &dyn Any = self.0;
        if let Some(tick) = record.downcast_ref::<Tick>() {
            return TickObject(tick).serialize(serializer);
        }
        let mut object = serializer.serialize_map(Some(R::COLUMNS.len()))?;
        for (place, column) in R::COLUMNS.iter().enumerate() {
            object.serialize_entry(column.name, &ColumnValue(column, self.0.value(place)))?;
        }
        object.end()
    }
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

/// Whether a JSON object can stand within another on one line, and come back as it was.
fn nests(json: &str) -> bool {
    json.starts_with('{')
        && json.ends_with('}')
        && !json.bytes().any(|byte| byte.is_ascii_control())
}

/// Writes `record` as one line of JSON, a [`RecordObject`].
///
/// # Errors
/// What `out` answers.
pub fn write_record<R: Record>(out: &mut impl io::Write, record: &R) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &RecordObject(record))?;
    out.write_all(b"\n")
}
