//! In what times are counted.

use std::fmt;
use std::str::FromStr;

use crate::{InvalidInput, NANOS_PER_SECOND, Timestamp};

/// What a source counts its times in.
///
/// ```
/// use tradekeep_models::{TimeUnit, Timestamp};
///
/// let ts: Timestamp = "2024-08-08T10:00:05.250Z".parse()?;
/// assert_eq!(TimeUnit::of(ts), TimeUnit::Millis);
/// assert!(TimeUnit::Seconds < TimeUnit::Millis);
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    /// Every unit, the coarsest first.
    pub const ALL: [Self; 4] = [Self::Seconds, Self::Millis, Self::Micros, Self::Nanos];

    /// The coarsest in which `ts` is a whole number.
    #[must_use]
    pub const fn of(ts: Timestamp) -> Self {
        // By constants, and the usual units first: this is asked of every tick that comes in.
        let nanos = ts.as_nanos();
        if nanos % Self::Micros.nanos() != 0 {
            Self::Nanos
        } else if nanos % Self::Millis.nanos() != 0 {
            Self::Micros
        } else if nanos % Self::Seconds.nanos() != 0 {
            Self::Millis
        } else {
            Self::Seconds
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

    /// `s`, `ms`, `us` or `ns`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seconds => "s",
            Self::Millis => "ms",
            Self::Micros => "us",
            Self::Nanos => "ns",
        }
    }
}

impl FromStr for TimeUnit {
    type Err = InvalidInput;

    /// Reads `s`, `ms`, `us` and `ns`.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let found = Self::ALL.into_iter().find(|unit| unit.as_str() == text);
        found.ok_or_else(|| InvalidInput::new("time-unit", "is none of s, ms, us, ns"))
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

#[cfg(feature = "serde")]
impl serde::Serialize for TimeUnit {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_whole_in_its_unit_and_in_no_coarser_one() {
        for (nanos, unit) in [
            (0, TimeUnit::Seconds),
            (5_000_000_000, TimeUnit::Seconds),
            (5_001_000_000, TimeUnit::Millis),
            (5_000_001_000, TimeUnit::Micros),
            (5_000_000_001, TimeUnit::Nanos),
        ] {
            assert_eq!(TimeUnit::of(Timestamp::from_nanos(nanos).unwrap()), unit, "{nanos}");
        }
        for unit in TimeUnit::ALL {
            assert_eq!(unit.as_str().parse(), Ok(unit));
        }
    }
}
