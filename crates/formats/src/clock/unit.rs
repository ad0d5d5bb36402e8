//! What digits alone count.

use std::fmt;
use std::str::FromStr;

use tradekeep_models::{InvalidInput, NANOS_PER_SECOND};

/// What a time in digits alone counts since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeUnit {
    /// Seconds, with a fraction if need be.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

impl TimeUnit {
    /// The one whose counts have so many digits from 2000 to 2286.
    pub(super) const fn of_digits(digits: usize) -> Option<Self> {
        match digits {
            9 | 10 => Some(Self::Seconds),
            12 | 13 => Some(Self::Millis),
            15 | 16 => Some(Self::Micros),
            18 | 19 => Some(Self::Nanos),
            _ => None,
        }
    }

    /// Digits behind the point of which the last is a nanosecond.
    pub(super) const fn places(self) -> usize {
        match self {
            Self::Seconds => 9,
            Self::Millis => 6,
            Self::Micros => 3,
            Self::Nanos => 0,
        }
    }

    /// Its length in nanoseconds.
    #[must_use]
    pub const fn nanos(self) -> i64 {
        match self {
            Self::Seconds => NANOS_PER_SECOND,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }
}

impl FromStr for TimeUnit {
    type Err = InvalidInput;

    /// Reads `s`, `ms`, `us` and `ns`.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        Ok(match text {
            "s" => Self::Seconds,
            "ms" => Self::Millis,
            "us" => Self::Micros,
            "ns" => Self::Nanos,
            _ => return Err(InvalidInput::new("time-unit", "is none of s, ms, us, ns")),
        })
    }
}

impl fmt::Display for TimeUnit {
    /// Its name in full, in the plural.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Seconds => "seconds",
            Self::Millis => "milliseconds",
            Self::Micros => "microseconds",
            Self::Nanos => "nanoseconds",
        })
    }
}
