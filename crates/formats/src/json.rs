//! JSON values as the text they are written in, so that no number passes through a float.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use tradekeep_models::InvalidInput;

use crate::csv_row::printable;

/// The object on a line.
pub(crate) fn object<'a, T: Deserialize<'a>>(line: &'a [u8]) -> Result<T, InvalidInput> {
    object_with(line, PhantomData)
}

/// What `seed` makes of the object on a line.
pub(crate) fn object_with<'a, S: DeserializeSeed<'a>>(
    line: &'a [u8],
    seed: S,
) -> Result<S::Value, InvalidInput> {
    // The parser would take its elements for the fields, in their order here.
    if line.trim_ascii_start().starts_with(b"[") {
        return Err(InvalidInput::new("json", "is an array, and one object a line is wanted"));
    }
    let mut parser = serde_json::Deserializer::from_slice(line);
    let object = seed.deserialize(&mut parser);
    object.and_then(|object| parser.end().map(|()| object)).map_err(unparsed)
}

/// What is wrong with a line that is no such JSON.
pub(crate) fn unparsed(error: serde_json::Error) -> InvalidInput {
    let reason = error.to_string();
    // A line of a file is always line 1 to the parser.
    let reason = reason.rsplit_once(" at line ").map_or(&*reason, |(reason, _)| reason);
    // It names unknown fields as they are written.
    let reason = printable(reason.as_bytes());
    InvalidInput::new("json", format!("{reason} (column {})", error.column()))
}

/// The fields of an object, as they come.
pub(crate) struct Entries<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Entries<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(field) = map.next_entry()? {
                    all.push(field);
                }
                Ok(all)
            }
        }
        deserializer.deserialize_map(All).map(Self)
    }
}

/// The text of a string; nothing where it is absent or null.
pub(crate) fn string<'a>(
    field: &'static str,
    value: Option<&'a RawValue>,
) -> Result<Cow<'a, str>, InvalidInput> {
    read(field, value, false)
}

/// The text of a string or the digits of a number; nothing where it is absent or null.
pub(crate) fn scalar<'a>(
    field: &'static str,
    value: Option<&'a RawValue>,
) -> Result<Cow<'a, str>, InvalidInput> {
    read(field, value, true)
}

fn read<'a>(
    field: &'static str,
    value: Option<&'a RawValue>,
    numbers: bool,
) -> Result<Cow<'a, str>, InvalidInput> {
    let Some(text) = value.map(RawValue::get) else {
        return Ok(Cow::Borrowed(""));
    };
    let at_fault = |reason| InvalidInput::new(field, reason);
    if let Some(inner) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        if !inner.contains('\\') {
            return Ok(Cow::Borrowed(inner));
        }
        return match serde_json::from_str(text) {
            Ok(unescaped) => Ok(Cow::Owned(unescaped)),
            Err(_) => Err(at_fault("has an escape that is no character")),
        };
    }
    match text.as_bytes() {
        b"null" => Ok(Cow::Borrowed("")),
        [b'-' | b'0'..=b'9', ..] if numbers => Ok(Cow::Borrowed(text)),
        _ if numbers => Err(at_fault("is neither a string nor a number")),
        _ => Err(at_fault("is not a string")),
    }
}
