//! Text of any length a record may carry: messages and JSON.

use std::fmt;
use std::str::FromStr;

use serde::de::IgnoredAny;

use crate::InvalidInput;

/// Bytes of the longest [`Message`] and [`Json`].
const LONGEST: usize = 65_536;

/// What a person reads: 1 to 65,536 bytes of UTF-8 without NUL; line breaks are kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Message(String);

impl Message {
    /// Checks and keeps `text`.
    ///
    /// # Errors
    /// When it is empty, too long, or has a NUL.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = text.into();
        check("message", &text).map(|()| Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A JSON object as it was written: 2 to 65,536 bytes, which come back byte for byte.
///
/// ```
/// use tradekeep_models::Json;
///
/// let route = Json::new(r#"{"hops": 3, "exact": 0.10}"#)?;
/// assert_eq!(route.as_str(), r#"{"hops": 3, "exact": 0.10}"#);
/// assert!(Json::new("[1, 2]").is_err());
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json(String);

impl Json {
    /// Checks and keeps `text`.
    ///
    /// # Errors
    /// When it is not a JSON object, too long, or has a NUL.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = text.into();
        check("json", &text)?;
        let object = text.trim_ascii_start().starts_with('{');
        if object && serde_json::from_str::<IgnoredAny>(&text).is_ok() {
            Ok(Self(text))
        } else {
            Err(InvalidInput::new("json", "is not a JSON object"))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn check(field: &'static str, text: &str) -> Result<(), InvalidInput> {
    let problem = if text.is_empty() {
        "is empty"
    } else if text.len() > LONGEST {
        "is longer than 65536 bytes"
    } else if text.contains('\0') {
        "has a NUL"
    } else {
        return Ok(());
    };
    Err(InvalidInput::new(field, problem))
}

macro_rules! text_impls {
    ($($type:ty),+) => { $(
        impl FromStr for $type {
            type Err = InvalidInput;

            fn from_str(text: &str) -> Result<Self, InvalidInput> {
                Self::new(text)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    )+ };
}

text_impls!(Message, Json);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_only() {
        for text in ["{}", " {\"a\":[1,{\"b\":null}]}\n", "{\"n\":12345678901234567890.10}"] {
            assert_eq!(Json::new(text).unwrap().as_str(), text);
        }
        for text in ["", "[]", "1", "{", "{}{}", "{a:1}", "null"] {
            assert!(Json::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn messages_keep_their_lines() {
        assert_eq!(Message::new("a\nb").unwrap().as_str(), "a\nb");
        for text in ["", "a\0b", &"x".repeat(65_537)] {
            assert!(Message::new(text).is_err());
        }
    }
}
