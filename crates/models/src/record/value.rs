//! One value of one column.

use std::borrow::Cow;
use std::fmt;

use crate::record::Kind;
use uuid::Uuid;

use crate::{Decimal, InvalidInput, Timestamp};

/// What stands in one column of one row.
///
/// Values of one kind compare as stores order them: text by bytes, floats in IEEE total order.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// Absent.
    Null,
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number.
    Int(i64),
    /// A number in double precision.
    Float(f64),
    /// True or false.
    Bool(bool),
    /// An exact decimal.
    Decimal(Decimal),
    /// A moment.
    Time(Timestamp),
    /// A UUID.
    Uuid(Uuid),
}

impl Value<'_> {
    /// Whether it is absent.
    #[must_use]
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The type it is of; nothing of an absent one.
    #[must_use]
    pub const fn kind(&self) -> Option<Kind> {
        Some(match self {
            Self::Null => return None,
            Self::Text(_) => Kind::Text,
            Self::Int(_) => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Bool(_) => Kind::Bool,
            Self::Decimal(_) => Kind::Decimal,
            Self::Time(_) => Kind::Time,
            Self::Uuid(_) => Kind::Uuid,
        })
    }

    /// The same value, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::Float(number),
            Self::Bool(truth) => Value::Bool(truth),
            Self::Decimal(decimal) => Value::Decimal(decimal),
            Self::Time(time) => Value::Time(time),
            Self::Uuid(id) => Value::Uuid(id),
        }
    }

    /// Reads the text of a value of `kind`, as [`Display`](fmt::Display) writes it.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(kind: Kind, text: &str) -> Result<Value<'static>, InvalidInput> {
        let bad = |what: &'static str| InvalidInput::new("value", what);
        Ok(match kind {
            Kind::Text => Value::Text(Cow::Owned(text.to_owned())),
            Kind::Int => Value::Int(text.parse().map_err(|_| bad("is not a whole number"))?),
            Kind::Float => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Value::Float(number),
                _ => return Err(bad("is not a finite number")),
            },
            Kind::Bool => match text {
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                _ => return Err(bad("is neither true nor false")),
            },
            Kind::Decimal => Value::Decimal(
                text.parse().map_err(|error| InvalidInput::new("value", format!("{error}")))?,
            ),
            Kind::Time => Value::Time(text.parse()?),
            Kind::Uuid => Value::Uuid(text.parse().map_err(|_| bad("is not a UUID"))?),
        })
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Text(_) => 1,
            Self::Int(_) => 2,
            Self::Float(_) => 3,
            Self::Bool(_) => 4,
            Self::Decimal(_) => 5,
            Self::Time(_) => 6,
            Self::Uuid(_) => 7,
        }
    }
}

impl fmt::Display for Value<'_> {
    /// As it stands in files and cursors; nothing for null.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Text(text) => f.write_str(text),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Bool(truth) => write!(f, "{truth}"),
            Self::Decimal(decimal) => write!(f, "{decimal}"),
            Self::Time(time) => write!(f, "{time}"),
            Self::Uuid(id) => write!(f, "{id}"),
        }
    }
}

impl Ord for Value<'_> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => a.total_cmp(b),
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Decimal(a), Self::Decimal(b)) => a.cmp(b),
            (Self::Time(a), Self::Time(b)) => a.cmp(b),
            (Self::Uuid(a), Self::Uuid(b)) => a.cmp(b),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl PartialOrd for Value<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Value<'_> {}

impl std::hash::Hash for Value<'_> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Self::Null => {}
            Self::Text(text) => text.hash(state),
            Self::Int(number) => number.hash(state),
            Self::Float(number) => number.to_bits().hash(state),
            Self::Bool(truth) => truth.hash(state),
            Self::Decimal(decimal) => decimal.hash(state),
            Self::Time(time) => time.hash(state),
            Self::Uuid(id) => id.hash(state),
        }
    }
}
