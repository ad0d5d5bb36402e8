//! One value of a row as bytes.

use std::borrow::Cow;

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};
use tradekeep_models::record::{Kind, Value};
use tradekeep_models::{Decimal, Timestamp};
use uuid::fmt::Hyphenated;

/// A value as `postcard` writes it: a byte for its variant, then its content. A UUID is its text, in
/// layouts too.
///
/// Frozen: variants are told by their order, so that one more may only follow the last.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) enum Cell<'a> {
    Null,
    Text(&'a str),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// x 10^18.
    Decimal(i128),
    /// Nanoseconds since 1970-01-01T00:00:00Z.
    Time(i64),
}

/// Room for the text of a UUID.
pub(super) type UuidText = [u8; Hyphenated::LENGTH];

impl<'a> Cell<'a> {
    #[inline]
    pub(super) fn of(value: &'a Value<'_>, text: &'a mut UuidText) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Text(text) => Self::Text(text),
            Value::Int(number) => Self::Int(*number),
            Value::Float(number) => Self::Float(*number),
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Decimal(decimal) => Self::Decimal(decimal.scaled()),
            Value::Time(time) => Self::Time(time.as_nanos()),
            Value::Uuid(id) => Self::Text(id.hyphenated().encode_lower(text)),
        }
    }

    /// The value, which is null or of `kind`; else what is wrong with it.
    // Always: a call would move every value through the stack once more.
    #[inline(always)]
    pub(super) fn value(self, kind: Kind) -> Result<Value<'a>, Cow<'static, str>> {
        Ok(match (self, kind) {
            (Self::Null, _) => Value::Null,
            (Self::Text(text), Kind::Text) => Value::Text(Cow::Borrowed(text)),
            (Self::Int(number), Kind::Int) => Value::Int(number),
            (Self::Float(number), Kind::Float) => Value::Float(number),
            (Self::Bool(truth), Kind::Bool) => Value::Bool(truth),
            (Self::Decimal(scaled), Kind::Decimal) => match Decimal::from_scaled(scaled) {
                Ok(decimal) => Value::Decimal(decimal),
                Err(error) => return Err(error.to_string().into()),
            },
            (Self::Time(nanos), Kind::Time) => match Timestamp::from_nanos(nanos) {
                Ok(time) => Value::Time(time),
                Err(error) => return Err(error.reason),
            },
            _ => return Err(format!("is not of type {}", kind.as_str()).into()),
        })
    }
}

/// Where `postcard` appends to a vector that its caller keeps.
pub(super) struct Append<'a>(pub(super) &'a mut Vec<u8>);

impl Flavor for Append<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
