//! Names of things: venue, symbol, trade id, and identifiers of a store.

use std::fmt;
use std::str::FromStr;

use smol_str::SmolStr;

use crate::InvalidInput;

fn check(field: &'static str, text: &str, longest: usize) -> Result<(), InvalidInput> {
    let problem = if text.is_empty() {
        "is empty".into()
    } else if text.len() > longest {
        format!("is longer than {longest} bytes")
    } else if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        // Nearly all names there are.
        return Ok(());
    } else if text.chars().any(char::is_control) {
        "has a control character".into()
    } else if text.trim() != text {
        "has space around it".into()
    } else {
        return Ok(());
    };
    Err(InvalidInput::new(field, problem))
}

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident, $field:literal, $longest:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// Checks and keeps `text`.
            ///
            /// # Errors
            /// When it breaks the rules of this type.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidInput> {
                check($field, text.as_ref(), $longest)?;
                Ok(Self(SmolStr::new(text)))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = InvalidInput;

            fn from_str(text: &str) -> Result<Self, InvalidInput> {
                Self::new(text)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(self.0.as_str(), f)
            }
        }
    };
}

name_type! {
    /// What is traded, as the venue writes it: `BTC-USD`, a mint address.
    ///
    /// 1 to 128 bytes of UTF-8 without control characters or surrounding space; case is kept; order
    /// is by bytes.
    Symbol, "symbol", 128
}
name_type! {
    /// Where it is traded: `binance`, `GLBX.MDP3`. The rules are those of [`Symbol`].
    Venue, "venue", 64
}
name_type! {
    /// The name of a stream of appended records, whose positions a store remembers: 1 to 64 bytes,
    /// otherwise as [`Symbol`].
    StreamId, "stream", 64
}
name_type! {
    /// The venue's own id of a trade: 1 to 128 bytes, otherwise as [`Symbol`].
    TradeId, "trade_id", 128
}

name_type! {
    /// Who trades: 1 to 64 bytes, otherwise as [`Symbol`].
    TraderId, "trader_id", 64
}
name_type! {
    /// What a position is in, or an order for, as its venue writes it: a symbol, a mint, a market's
    /// hash; 1 to 128 bytes, otherwise as [`Symbol`].
    Market, "market", 128
}
name_type! {
    /// The name of a service, an operation, a metric, a node, a request, a signature: 1 to 128 bytes,
    /// otherwise as [`Symbol`].
    Name, "name", 128
}

impl StreamId {
    /// The stream of a process, whose name is known to be a good one.
    pub(crate) fn of_process(name: &SmolStr) -> Self {
        Self(name.clone())
    }
}

impl Venue {
    /// The venue of records that name none: `unknown`.
    #[must_use]
    pub const fn unknown() -> Self {
        Self(SmolStr::new_static("unknown"))
    }
}

impl Name {
    /// The source of records that name none: `unknown`.
    #[must_use]
    pub const fn unknown() -> Self {
        Self(SmolStr::new_static("unknown"))
    }
}

impl Default for Venue {
    fn default() -> Self {
        Self::unknown()
    }
}

/// A name that is safe inside SQL text: `[a-z_][a-z0-9_]*`, at most 63 bytes.
///
/// Everything else that reaches a store is bound as a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ident(SmolStr);

impl Ident {
    /// Checks and keeps `text`.
    ///
    /// # Errors
    /// When it has any other character, starts with a digit, is empty or too long.
    pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidInput> {
        let text = text.as_ref();
        let starts_well = text.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if starts_well && text.len() <= 63 && text.bytes().all(plain) {
            Ok(Self(SmolStr::new(text)))
        } else {
            Err(InvalidInput::new(
                "identifier",
                "must be 1 to 63 of a-z, 0-9 and _, not starting with a digit",
            ))
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_venues_write() {
        for text in ["BTC-USD", "币安", "a b", &"x".repeat(64), "'; drop table ticks; --"] {
            assert_eq!(Symbol::new(text).unwrap().as_str(), text);
        }
        assert!(Symbol::new("Z").unwrap() < Symbol::new("a").unwrap());
        assert_eq!(TradeId::new("x".repeat(128)).unwrap().as_str().len(), 128);
    }

    #[test]
    fn names_field_and_reason() {
        for (text, reason) in [
            ("", "symbol: is empty"),
            (" BTC", "symbol: has space around it"),
            ("BTC\n", "symbol: has a control character"),
            ("a\0b", "symbol: has a control character"),
        ] {
            assert_eq!(Symbol::new(text).unwrap_err().to_string(), reason);
        }
        assert_eq!(
            Venue::new("x".repeat(65)).unwrap_err().to_string(),
            "venue: is longer than 64 bytes"
        );
        assert!(TradeId::new("x".repeat(129)).is_err());
    }

    #[test]
    fn identifiers_cannot_carry_sql() {
        assert_eq!(Ident::new("ticks_2024").unwrap().as_str(), "ticks_2024");
        for text in ["", "1a", "a b", "a;b", "a\"b", "Ticks", "ü", &"x".repeat(64)] {
            assert!(Ident::new(text).is_err(), "{text:?}");
        }
    }
}
