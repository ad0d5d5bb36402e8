//! Labels of a measurement: names and values.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::InvalidInput;
use crate::record::cell::text;
use crate::record::{Cell, Kind, Value};

/// Labels a [`Labels`] may have.
const MOST: usize = 64;
/// Bytes of the longest value.
const LONGEST_VALUE: usize = 1024;

/// Names with a value each, ordered by name. None at all is absent in a store, never `{}`.
///
/// A name is 1 to 64 of `A-Z`, `a-z`, `0-9`, `_`, `.`, `-` and `/`; a value is up to 1,024 bytes of
/// UTF-8 without NUL; there are at most 64.
///
/// ```
/// use tradekeep_models::Labels;
///
/// let labels = Labels::default().with("venue", "binance")?.with("operation", "quote")?;
/// assert_eq!(labels.get("venue").as_deref(), Some("binance"));
/// assert_eq!(labels.to_string(), r#"{"operation":"quote","venue":"binance"}"#);
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Labels {
    /// Canonical JSON; empty where there is no label. Most measurements are written, and few are asked
    /// for one label: so the text is kept, not the map.
    json: String,
}

impl Labels {
    /// These and one more, or with another value where the name is there already.
    ///
    /// # Errors
    /// When name or value break the rules, or there are 64 already.
    pub fn with(self, name: &str, value: impl Into<String>) -> Result<Self, InvalidInput> {
        let mut map = self.to_map();
        map.insert(name.to_owned(), value.into());
        Self::try_from(map)
    }

    /// The value of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.to_map().remove(name)
    }

    /// All of them.
    #[must_use]
    pub fn to_map(&self) -> BTreeMap<String, String> {
        // It was made of a map.
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.json.is_empty()
    }

    /// Whether this label is among them.
    #[must_use]
    pub fn contains(&self, name: &str, value: &str) -> bool {
        self.json.contains(&Self::pair(name, value))
    }

    /// A label as it stands within the JSON of all. Stores look for it, since that text is there only
    /// with the label: quotes within values are escaped, and what follows a closing quote (`,`, `:`
    /// or `}`) is no part of a name.
    #[must_use]
    pub fn pair(name: &str, value: &str) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        format!("{}:{}", quoted(name), quoted(value))
    }

    pub(crate) fn check_name(name: &str) -> Result<(), InvalidInput> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-/".contains(&b);
        if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
            Ok(())
        } else {
            Err(InvalidInput::new(
                "labels",
                "have a name that is not 1 to 64 of A-Z a-z 0-9 _ . - /",
            ))
        }
    }
}

impl TryFrom<BTreeMap<String, String>> for Labels {
    type Error = InvalidInput;

    fn try_from(map: BTreeMap<String, String>) -> Result<Self, InvalidInput> {
        if map.is_empty() {
            return Ok(Self::default());
        }
        if map.len() > MOST {
            return Err(InvalidInput::new("labels", "are more than 64"));
        }
        for (name, value) in &map {
            Self::check_name(name)?;
            if value.len() > LONGEST_VALUE || value.contains('\0') {
                let reason = "have a value with a NUL or of more than 1024 bytes";
                return Err(InvalidInput::new("labels", reason));
            }
        }
        let json = serde_json::to_string(&map)
            .map_err(|error| InvalidInput::new("labels", error.to_string()))?;
        Ok(Self { json })
    }
}

impl FromStr for Labels {
    type Err = InvalidInput;

    /// Reads a JSON object whose values are strings.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let map: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| {
            InvalidInput::new("labels", "are not a JSON object whose values are strings")
        })?;
        Self::try_from(map)
    }
}

impl fmt::Display for Labels {
    /// JSON, `{}` where there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(if self.is_empty() { "{}" } else { &self.json })
    }
}

impl Cell for Labels {
    const KIND: Kind = Kind::Text;
    const REQUIRED: bool = false;
    const JSON: bool = true;

    fn value(&self) -> Value<'_> {
        if self.is_empty() { Value::Null } else { Value::Text(self.json.as_str().into()) }
    }

    fn from_value(value: Value<'_>) -> Result<Self, InvalidInput> {
        if value.is_null() { Ok(Self::default()) } else { text(&value)?.parse() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_found_only_where_it_is() {
        let labels = Labels::default().with("a", "x\",\"b\":\"y").unwrap().with("c", "").unwrap();
        assert!(labels.contains("a", "x\",\"b\":\"y") && labels.contains("c", ""));
        assert!(
            !labels.contains("b", "y") && !labels.contains("a", "x") && !labels.contains("", "")
        );
    }

    #[test]
    fn text_is_canonical() {
        let labels: Labels = r#" {"b": "2", "a": "\u0031"} "#.parse().unwrap();
        assert_eq!(labels.to_string(), r#"{"a":"1","b":"2"}"#);
        assert_eq!(labels.get("a").unwrap(), "1");
        assert_eq!("{}".parse::<Labels>().unwrap(), Labels::default());
    }

    #[test]
    fn refuses_what_breaks_the_rules() {
        let bad_name = Labels::default().with(",", "x").unwrap_err();
        assert!(bad_name.to_string().starts_with("labels: have a name"), "{bad_name}");
        assert!(Labels::default().with("a", "x".repeat(1025)).is_err());
        assert!(r#"{"a": 1}"#.parse::<Labels>().is_err());
    }
}
