//! Time: nanoseconds UTC, half-open ranges, UTC days.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Timelike};

use crate::InvalidInput;

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// Nanoseconds in a UTC day.
pub const NANOS_PER_DAY: i64 = 86_400 * NANOS_PER_SECOND;

/// A moment: whole nanoseconds since 1970-01-01T00:00:00Z, before 2262-01-01.
///
/// ```
/// use tradekeep_models::Timestamp;
///
/// let ts: Timestamp = "2023-09-05T16:00:01.281719Z".parse()?;
/// assert_eq!(ts.as_nanos(), 1_693_929_601_281_719_000);
/// assert_eq!(ts.to_string(), "2023-09-05T16:00:01.281719000Z");
/// assert_eq!("2023-09-05".parse::<Timestamp>()?.as_nanos() % 86_400_000_000_000, 0);
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const MIN: Self = Self(0);
    /// The last nanosecond before 2262-01-01T00:00:00Z.
    pub const MAX: Self = Self(9_214_646_400 * NANOS_PER_SECOND - 1);

    /// The moment `nanos` nanoseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// Before 1970 or from 2262 on.
    pub fn from_nanos(nanos: i64) -> Result<Self, InvalidInput> {
        if (Self::MIN.0..=Self::MAX.0).contains(&nanos) {
            Ok(Self(nanos))
        } else {
            Err(out_of_range())
        }
    }

    /// The moment `count` units of `unit` nanoseconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// Before 1970 or from 2262 on.
    pub fn from_units(count: i64, unit: i64) -> Result<Self, InvalidInput> {
        count.checked_mul(unit).map_or_else(|| Err(out_of_range()), Self::from_nanos)
    }

    /// Nanoseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// The UTC day it falls on.
    #[must_use]
    pub const fn day(self) -> Day {
        Day(self.0 / NANOS_PER_DAY)
    }
}

impl TryFrom<SystemTime> for Timestamp {
    type Error = InvalidInput;

    /// What a clock shows: `Timestamp::try_from(SystemTime::now())`.
    fn try_from(time: SystemTime) -> Result<Self, InvalidInput> {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| out_of_range())?;
        i64::try_from(since.as_nanos()).map_err(|_| out_of_range()).and_then(Self::from_nanos)
    }
}

fn out_of_range() -> InvalidInput {
    InvalidInput::new("ts", "is outside the years 1970 to 2261")
}

impl FromStr for Timestamp {
    type Err = InvalidInput;

    /// Reads RFC 3339 with up to nine decimals, also with a space for the `T`; without a zone it is
    /// UTC; a date alone is its midnight UTC.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let moment = DateTime::parse_from_rfc3339(text)
            .map(|zoned| zoned.naive_utc())
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f"))
            .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S%.f"))
            .or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Into::into))
            .map_err(|_| {
                InvalidInput::new("ts", "is not a time like 2023-09-05T16:00:01.281719Z")
            })?;
        if too_fine(text) {
            return Err(InvalidInput::new("ts", "is finer than a nanosecond"));
        }
        if moment.nanosecond() >= 1_000_000_000 {
            return Err(InvalidInput::new("ts", "is within a leap second, which has no number"));
        }
        let utc = moment.and_utc();
        utc.timestamp_nanos_opt().map_or_else(|| Err(out_of_range()), Self::from_nanos)
    }
}

/// Whether the decimals of the second go past the ninth with anything but zeros; chrono would drop
/// them without a word.
fn too_fine(text: &str) -> bool {
    text.split_once('.').is_some_and(|(_, fraction)| {
        fraction.bytes().take_while(u8::is_ascii_digit).skip(9).any(|digit| digit != b'0')
    })
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with nine decimals and `Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = DateTime::from_timestamp_nanos(self.0);
        f.pad(&utc.format("%Y-%m-%dT%H:%M:%S%.9fZ").to_string())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A half-open range of time: from its start, up to but without its end. No bound is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TimeRange {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

impl TimeRange {
    /// All of time.
    pub const ALL: Self = Self { from: None, to: None };

    /// From `from`, included, to `to`, excluded.
    ///
    /// # Errors
    /// When it ends before it starts. Start and end may be equal: nothing is in it.
    pub fn new(
        from: impl Into<Option<Timestamp>>,
        to: impl Into<Option<Timestamp>>,
    ) -> Result<Self, InvalidInput> {
        let (from, to) = (from.into(), to.into());
        match (from, to) {
            (Some(from), Some(to)) if from > to => {
                Err(InvalidInput::new("range", "ends before it starts: swap from and to"))
            }
            _ => Ok(Self { from, to }),
        }
    }

    /// The first moment in it, where it has one.
    #[must_use]
    pub const fn from(&self) -> Option<Timestamp> {
        self.from
    }

    /// The first moment after it, where it has one.
    #[must_use]
    pub const fn to(&self) -> Option<Timestamp> {
        self.to
    }

    /// Whether `ts` is in it.
    #[must_use]
    pub fn contains(&self, ts: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= ts) && self.to.is_none_or(|to| ts < to)
    }
}

/// A UTC day, counted from 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(i64);

impl Day {
    /// The day `number` days after 1970-01-01.
    ///
    /// # Errors
    /// Before 1970 or from 2262 on.
    pub fn new(number: i64) -> Result<Self, InvalidInput> {
        Timestamp::from_units(number, NANOS_PER_DAY).map(Timestamp::day)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Its first moment, midnight UTC.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0 * NANOS_PER_DAY)
    }

    /// Its 24 hours.
    #[must_use]
    pub fn range(self) -> TimeRange {
        let end = Timestamp::from_units(self.0 + 1, NANOS_PER_DAY).ok();
        TimeRange { from: Some(self.start()), to: end }
    }
}

impl FromStr for Day {
    type Err = InvalidInput;

    /// Reads `2023-09-05`.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .map_err(|_| InvalidInput::new("day", "is not a date like 2023-09-05"))?;
        Self::new(date.signed_duration_since(NaiveDate::default()).num_days())
    }
}

impl fmt::Display for Day {
    /// `2023-09-05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&DateTime::from_timestamp_nanos(self.start().0).format("%Y-%m-%d").to_string())
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_are_read() {
        use std::time::Duration;
        let after = |seconds| SystemTime::UNIX_EPOCH + Duration::new(seconds, 7);
        assert_eq!(Timestamp::try_from(after(1)).unwrap().as_nanos(), 1_000_000_007);
        assert!(Timestamp::try_from(after(9_214_646_400)).is_err());
        assert!(Timestamp::try_from(SystemTime::UNIX_EPOCH - Duration::new(1, 0)).is_err());
    }

    fn nanos(text: &str) -> Option<i64> {
        text.parse::<Timestamp>().ok().map(Timestamp::as_nanos)
    }

    #[test]
    fn reads_rfc_3339_and_its_relatives() {
        let expected = Some(1_693_929_601_000_000_000);
        for text in [
            "2023-09-05T16:00:01Z",
            "2023-09-05 16:00:01",
            "2023-09-05T18:00:01+02:00",
            "2023-09-05T16:00:01.000",
            "2023-09-05T16:00:01.0000000000Z",
        ] {
            assert_eq!(nanos(text), expected, "{text}");
        }
        assert_eq!(nanos("1970-01-01"), Some(0));
        assert_eq!(nanos("2261-12-31T23:59:59.999999999Z"), Some(Timestamp::MAX.as_nanos()));
    }

    #[test]
    fn refuses_what_it_cannot_hold() {
        for text in [
            "",
            "yesterday",
            "2023-13-01",
            "0001-01-01T00:00:00Z",
            "9999-12-31T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2262-01-01",
            "2016-12-31T23:59:60Z",
            "2023-09-05T16:00:01.1234567891Z",
        ] {
            assert_eq!(nanos(text), None, "{text}");
        }
    }

    #[test]
    fn ranges_are_half_open() {
        let at = |n| Timestamp::from_nanos(n).unwrap();
        let range = TimeRange::new(at(1), at(3)).unwrap();
        assert_eq!([0, 1, 2, 3].map(|n| range.contains(at(n))), [false, true, true, false]);
        assert!(TimeRange::new(at(3), at(1)).is_err());
        assert!(TimeRange::ALL.contains(Timestamp::MAX));
    }

    #[test]
    fn days_cover_time_without_gaps() {
        let day: Day = "2023-09-05".parse().unwrap();
        assert_eq!(day.to_string(), "2023-09-05");
        assert_eq!(day.start().day(), day);
        assert_eq!(day.range().to(), Some(Day::new(day.number() + 1).unwrap().start()));
        assert_eq!(Timestamp::MAX.day().range().to(), None);
    }
}
