//! From what a file has to the value of a column.

use std::borrow::Cow;

use serde_json::value::RawValue;
use tradekeep_models::record::{Column, Kind, Value};
use tradekeep_models::{Decimal, InvalidInput, Labels};

use super::currency;
use super::names::{FieldName, How};
use crate::clock::{Clock, Moment};
use crate::number::{decimal, integer, rounded};
use crate::words::{boolean, canonical};

/// A value as a file has it. No number passes through a float on its way to a decimal.
#[derive(Debug)]
pub(crate) enum Raw<'a> {
    Absent,
    /// A field of a CSV, or a JSON string.
    Text(Cow<'a, str>),
    /// A JSON number, as it is written.
    Number(&'a str),
    Bool(bool),
    /// A JSON object, as it is written.
    Object(&'a str),
    Array,
}

impl<'a> Raw<'a> {
    /// A field of a CSV, which is absent where it is empty.
    pub(crate) fn of_csv(name: &'static str, text: Cow<'a, [u8]>) -> Result<Self, InvalidInput> {
        if text.is_empty() {
            return Ok(Self::Absent);
        }
        let text = match text {
            Cow::Borrowed(text) => std::str::from_utf8(text).map(Cow::Borrowed).ok(),
            Cow::Owned(text) => String::from_utf8(text).map(Cow::Owned).ok(),
        };
        text.map(Self::Text).ok_or_else(|| InvalidInput::new(name, "is not UTF-8"))
    }

    pub(crate) fn of_json(name: &'static str, value: &'a RawValue) -> Result<Self, InvalidInput> {
        let text = value.get();
        Ok(match text.as_bytes() {
            b"null" => Self::Absent,
            b"true" => Self::Bool(true),
            b"false" => Self::Bool(false),
            [b'"', ..] => Self::Text(crate::json::string(name, Some(value))?),
            [b'{', ..] => Self::Object(text),
            [b'[', ..] => Self::Array,
            _ => Self::Number(text),
        })
    }

    /// The text of a string or a number.
    fn scalar(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(text) => Some(text),
            _ => None,
        }
    }
}

/// A value as it is read.
#[derive(Debug)]
pub(crate) struct Read<'a> {
    pub(crate) value: Value<'a>,
    /// Of a time, how it was written.
    pub(crate) moment: Option<Moment>,
    /// Whether it had more places than a decimal has.
    pub(crate) is_rounded: bool,
    /// Of an amount, the currency that is written behind it.
    pub(crate) currency: Option<String>,
}

impl<'a> Read<'a> {
    const fn of(value: Value<'a>) -> Self {
        Self { value, moment: None, is_rounded: false, currency: None }
    }
}

/// The value of `column` that `field` gives, which is there. The clock is that of its column.
pub(crate) fn value<'a>(
    column: &Column,
    field: &FieldName,
    raw: Raw<'a>,
    clock: &Clock,
    round: bool,
) -> Result<Read<'a>, InvalidInput> {
    let at_fault = |reason: &'static str| InvalidInput::new(column.name, reason);
    let digits = || raw.scalar().map(str::as_bytes);
    let value = match column.kind {
        // What is no UUID the record says.
        Kind::Text | Kind::Uuid => text(column, raw)?,
        Kind::Int => {
            let text = digits().ok_or_else(|| at_fault("is not a whole number"))?;
            Value::Int(match field.how {
                How::Millis => nanos(column.name, text)?,
                _ => whole(column.name, text)?,
            })
        }
        Kind::Float => {
            let number = raw.scalar().and_then(|text| text.parse::<f64>().ok());
            let finite = number.filter(|number| number.is_finite());
            Value::Float(finite.ok_or_else(|| at_fault("is not a finite number"))?)
        }
        Kind::Bool => {
            let truth = match &raw {
                Raw::Bool(truth) => Some(*truth),
                Raw::Text(text) => boolean(text.as_bytes()),
                _ => None,
            };
            Value::Bool(truth.ok_or_else(|| at_fault("is neither true nor false"))?)
        }
        Kind::Decimal => {
            let text = digits().ok_or_else(|| at_fault("is not a decimal number"))?;
            return amount(column.name, text, round);
        }
        Kind::Time => {
            let text = digits().ok_or_else(|| at_fault("is not a time"))?;
            let moment = clock.read(text)?;
            return Ok(Read { moment: Some(moment), ..Read::of(Value::Time(moment.ts)) });
        }
    };
    Ok(Read::of(value))
}

/// A decimal, with or without its currency.
fn amount<'a>(name: &'static str, text: &[u8], round: bool) -> Result<Read<'a>, InvalidInput> {
    let number = |text: &[u8]| {
        if round { rounded(name, text) } else { decimal(name, text).map(|value| (value, false)) }
    };
    let read = |(value, is_rounded)| Read { is_rounded, ..Read::of(Value::Decimal(value)) };
    let error = match number(text) {
        Ok(found) => return Ok(read(found)),
        Err(error) => error,
    };
    match std::str::from_utf8(text).ok().and_then(currency::split) {
        Some((text, currency)) => {
            let found = number(text.as_bytes())?;
            Ok(Read { currency: Some(currency.to_owned()), ..read(found) })
        }
        None => Err(error),
    }
}

fn text<'a>(column: &Column, raw: Raw<'a>) -> Result<Value<'a>, InvalidInput> {
    match raw {
        Raw::Text(text) => Ok(Value::Text(canonical(column.name, text))),
        Raw::Object(text) if column.json => Ok(Value::Text(text.into())),
        // The ids of venues are numbers at many.
        Raw::Number(text) if column.name.ends_with("_id") => Ok(Value::Text(text.into())),
        _ if column.json => Err(InvalidInput::new(column.name, "is not a JSON object")),
        _ => Err(InvalidInput::new(column.name, "is not a string")),
    }
}

const NOT_WHOLE: &str = "is not a whole number of 64 bits";

/// A whole number, with zeros after its point where the source kept it as a float.
fn whole(name: &'static str, text: &[u8]) -> Result<i64, InvalidInput> {
    integer(name, text).or_else(|error| {
        let number = decimal(name, text).map_err(|_| error)?;
        units(number, 1).ok_or_else(|| InvalidInput::new(name, NOT_WHOLE))
    })
}

/// Milliseconds in nanoseconds.
fn nanos(name: &'static str, text: &[u8]) -> Result<i64, InvalidInput> {
    let number = decimal(name, text)?;
    let too_fine = || InvalidInput::new(name, "is not a whole number of nanoseconds");
    units(number, 1_000_000).ok_or_else(too_fine)
}

/// How many of the `parts` of one there are in `number`, where that is whole and fits.
fn units(number: Decimal, parts: i128) -> Option<i64> {
    let unit = Decimal::ONE.scaled() / parts;
    let whole = number.scaled() % unit == 0;
    whole.then(|| i64::try_from(number.scaled() / unit).ok()).flatten()
}

/// `labels`, which may be absent, with one more.
pub(crate) fn label(
    column: &Column,
    field: &FieldName,
    labels: &Value<'_>,
    raw: &Raw<'_>,
) -> Result<Value<'static>, InvalidInput> {
    let Some(text) = raw.scalar() else {
        return Err(InvalidInput::new(field.name, "is neither a string nor a number"));
    };
    let labels = match labels {
        Value::Text(json) => json.parse()?,
        _ => Labels::default(),
    };
    let text =
        if field.how == How::Percentile { percentile(field.name, text)? } else { text.into() };
    match labels.get(field.name) {
        Some(other) if other != text => {
            let reason = format!("have another {} than its own field", field.name);
            Err(InvalidInput::new(column.name, reason))
        }
        _ => Ok(Value::Text(labels.with(field.name, text)?.to_string().into())),
    }
}

/// As [`Metric::with_percentile`](tradekeep_models::Metric::with_percentile) writes it.
fn percentile(name: &'static str, text: &str) -> Result<String, InvalidInput> {
    let number = text.parse::<f64>().ok().filter(|number| (0.0..=100.0).contains(number));
    let wrong = || InvalidInput::new(name, "is not between 0 and 100");
    number.map(|number| number.to_string()).ok_or_else(wrong)
}
