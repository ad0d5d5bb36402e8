//! How each field type stands in a column.

use std::str::FromStr;

use uuid::Uuid;

use crate::record::{Kind, Value};
use crate::{Decimal, Interval, InvalidInput, Timestamp};

/// A type that a field of a record may have.
pub(crate) trait Cell: Sized {
    const KIND: Kind;
    const REQUIRED: bool = true;
    /// Whether its text is a JSON object.
    const JSON: bool = false;

    fn value(&self) -> Value<'_>;

    /// Names the field in an error as `value`; whoever calls it knows the name.
    fn from_value(value: Value<'_>) -> Result<Self, InvalidInput>;

    /// What the type leaves open.
    fn check(&self) -> Result<(), &'static str> {
        Ok(())
    }
}

fn other_type(kind: Kind) -> InvalidInput {
    InvalidInput::new("value", format!("is not of type {}", kind.as_str()))
}

fn missing() -> InvalidInput {
    InvalidInput::new("value", "is missing")
}

impl<T: Cell> Cell for Option<T> {
    const KIND: Kind = T::KIND;
    const REQUIRED: bool = false;
    const JSON: bool = T::JSON;

    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, Cell::value)
    }

    fn from_value(value: Value<'_>) -> Result<Self, InvalidInput> {
        if value.is_null() { Ok(None) } else { T::from_value(value).map(Some) }
    }

    fn check(&self) -> Result<(), &'static str> {
        self.as_ref().map_or(Ok(()), Cell::check)
    }
}

macro_rules! plain_cell {
    ($type:ty, $kind:ident) => {
        impl Cell for $type {
            const KIND: Kind = Kind::$kind;

            fn value(&self) -> Value<'_> {
                Value::$kind(*self)
            }

            fn from_value(value: Value<'_>) -> Result<Self, InvalidInput> {
                match value {
                    Value::$kind(value) => Ok(value),
                    Value::Null => Err(missing()),
                    _ => Err(other_type(Self::KIND)),
                }
            }
        }
    };
}

plain_cell!(i64, Int);
plain_cell!(bool, Bool);
plain_cell!(Decimal, Decimal);
plain_cell!(Timestamp, Time);

impl Cell for f64 {
    const KIND: Kind = Kind::Float;

    fn value(&self) -> Value<'_> {
        Value::Float(*self)
    }

    fn from_value(value: Value<'_>) -> Result<Self, InvalidInput> {
        match value {
            Value::Float(number) => Ok(number),
            Value::Null => Err(missing()),
            _ => Err(other_type(Self::KIND)),
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        if self.is_finite() { Ok(()) } else { Err("is not a finite number") }
    }
}

macro_rules! narrow_cell {
    ($($type:ty),+) => { $(
        impl Cell for $type {
            const KIND: Kind = Kind::Int;

            fn value(&self) -> Value<'_> {
                // What does not fit is refused by `check` before any row is made of it.
                Value::Int(i64::try_from(*self).unwrap_or(i64::MAX))
            }

            fn from_value(value: Value<'_>) -> Result<Self, InvalidInput> {
                let out = || InvalidInput::new("value", "is out of range");
                i64::from_value(value).and_then(|number| Self::try_from(number).map_err(|_| out()))
            }

            fn check(&self) -> Result<(), &'static str> {
                i64::try_from(*self).map(drop).map_err(|_| "is larger than 2^63 - 1")
            }
        }
    )+ };
}

narrow_cell!(u64, u32, i32);

/// The text of a value, by a borrow where it is one.
pub(crate) fn text<'v>(value: &'v Value<'_>) -> Result<&'v str, InvalidInput> {
    match value {
        Value::Text(text) => Ok(text),
        Value::Null => Err(missing()),
        _ => Err(other_type(Kind::Text)),
    }
}

impl Cell for Uuid {
    const KIND: Kind = Kind::Uuid;

    fn value(&self) -> Value<'_> {
        Value::Uuid(*self)
    }

    /// Also its text: files, and spools on disk, have it so.
    fn from_value(value: Value<'_>) -> Result<Self, InvalidInput> {
        match value {
            Value::Uuid(id) => Ok(id),
            text => Self::from_str(self::text(&text)?)
                .map_err(|_| InvalidInput::new("value", "is not a UUID")),
        }
    }
}

impl Cell for Interval {
    const KIND: Kind = Kind::Text;

    fn value(&self) -> Value<'_> {
        Value::Text(self.to_string().into())
    }

    fn from_value(value: Value<'_>) -> Result<Self, InvalidInput> {
        text(&value)?.parse()
    }
}

/// Cells of types that are text in columns: `as_str` and `FromStr`; in brackets a constant of [`Cell`]
/// that is not as usual.
macro_rules! text_cell {
    ($($type:ty $([$constant:ident = $set:literal])?),+ $(,)?) => { $(
        impl $crate::record::Cell for $type {
            const KIND: $crate::record::Kind = $crate::record::Kind::Text;
            $(const $constant: bool = $set;)?

            fn value(&self) -> $crate::record::Value<'_> {
                $crate::record::Value::Text(std::borrow::Cow::Borrowed(self.as_str()))
            }

            fn from_value(
                value: $crate::record::Value<'_>,
            ) -> Result<Self, $crate::InvalidInput> {
                $crate::record::cell::text(&value)?.parse()
            }
        }
    )+ };
}
pub(crate) use text_cell;

text_cell!(
    crate::Symbol,
    crate::Venue,
    crate::StreamId,
    crate::TradeId,
    crate::TraderId,
    crate::Market,
    crate::Name,
    crate::Message,
    crate::Json[JSON = true],
    crate::Side,
);
