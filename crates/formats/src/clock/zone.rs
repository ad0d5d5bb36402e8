//! Where times are local to that name no zone.

use std::fmt;
use std::str::FromStr;

use chrono::{FixedOffset, MappedLocalTime, NaiveDateTime, TimeZone as _};
use chrono_tz::Tz;
use tradekeep_models::{InvalidInput, Timestamp};

/// A time zone: one of the IANA database, or a fixed offset from UTC.
///
/// ```
/// use tradekeep_formats::TimeZone;
///
/// assert!("Europe/Berlin".parse::<TimeZone>().is_ok());
/// assert_eq!("+08:00".parse::<TimeZone>()?.to_string(), "+08:00");
/// assert!("Berlin".parse::<TimeZone>().is_err());
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeZone(Rules);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rules {
    Fixed(FixedOffset),
    Named(Tz),
}

impl TimeZone {
    /// So many seconds east of Greenwich, less than a day.
    pub(super) fn east(seconds: i32) -> Option<Self> {
        FixedOffset::east_opt(seconds).map(|offset| Self(Rules::Fixed(offset)))
    }

    /// The moment at which its clocks show `local`.
    pub(super) fn moment(&self, local: NaiveDateTime) -> Result<Timestamp, String> {
        let utc = match self.0 {
            Rules::Fixed(offset) => offset.from_local_datetime(&local).map(|time| time.naive_utc()),
            Rules::Named(zone) => zone.from_local_datetime(&local).map(|time| time.naive_utc()),
        };
        match utc {
            MappedLocalTime::Single(utc) => of_utc(utc),
            MappedLocalTime::None => {
                Err(format!("does not exist in {self}: clocks were put forward over it"))
            }
            MappedLocalTime::Ambiguous(..) => Err(format!(
                "exists twice in {self}, where clocks were put back over it: give its offset with it, like +02:00"
            )),
        }
    }
}

/// The moment that is `utc` in UTC.
pub(super) fn of_utc(utc: NaiveDateTime) -> Result<Timestamp, String> {
    let nanos = utc.and_utc().timestamp_nanos_opt();
    let ts = nanos.and_then(|nanos| Timestamp::from_nanos(nanos).ok());
    ts.ok_or_else(|| super::OUT_OF_RANGE.into())
}

impl FromStr for TimeZone {
    type Err = InvalidInput;

    /// Reads a name of the IANA database, `UTC`, or an offset like `+08:00`.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let named = || text.parse().ok().map(|zone| Self(Rules::Named(zone)));
        let fixed = || super::spelling::offset(text).and_then(Self::east);
        fixed().or_else(named).ok_or_else(|| {
            InvalidInput::new("timezone", "is no zone like Europe/Berlin, UTC or +08:00")
        })
    }
}

impl fmt::Display for TimeZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Rules::Fixed(offset) => f.pad(&offset.to_string()),
            Rules::Named(zone) => f.pad(zone.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &str, local: &str) -> Result<String, String> {
        let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M").unwrap();
        zone.parse::<TimeZone>().unwrap().moment(local).map(|ts| ts.to_string()[..16].to_owned())
    }

    #[test]
    fn clocks_are_put_forward_and_back() {
        assert_eq!(at("Europe/Berlin", "2024-03-31 01:59").unwrap(), "2024-03-31T00:59");
        assert_eq!(at("Europe/Berlin", "2024-03-31 03:00").unwrap(), "2024-03-31T01:00");
        assert!(at("Europe/Berlin", "2024-03-31 02:30").unwrap_err().contains("does not exist"));
        assert!(at("Europe/Berlin", "2024-10-27 02:30").unwrap_err().contains("exists twice"));
        assert_eq!(at("+08:00", "2024-03-31 02:30").unwrap(), "2024-03-30T18:30");
        assert_eq!(at("-0530", "2024-03-31 02:30").unwrap(), "2024-03-31T08:00");
        assert_eq!(at("UTC", "2024-03-31 02:30").unwrap(), "2024-03-31T02:30");
    }

    #[test]
    fn what_is_no_zone_is_refused() {
        for text in ["", "+", "+8", "+25:00", "Berlin", "europe/berlin", "+08:60"] {
            assert!(text.parse::<TimeZone>().is_err(), "{text}");
        }
    }
}
