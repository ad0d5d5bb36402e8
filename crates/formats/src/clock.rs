//! Times as files write them: RFC 3339, or a count whose unit its digits tell.

use std::borrow::Cow;
use std::fmt;

use tradekeep_models::{InvalidInput, NANOS_PER_SECOND, Timestamp};

use crate::number::{is_digits, short_number};

/// What an integer time counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    /// By its number of digits: seconds have 10 until 2286, and each finer unit three more.
    const fn of(digits: usize) -> Option<Self> {
        match digits {
            1..=11 => Some(Self::Seconds),
            12..=14 => Some(Self::Millis),
            15..=17 => Some(Self::Micros),
            18..=19 => Some(Self::Nanos),
            _ => None,
        }
    }

    const fn nanos(self) -> i64 {
        match self {
            Self::Seconds => NANOS_PER_SECOND,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Seconds => "seconds",
            Self::Millis => "milliseconds",
            Self::Micros => "microseconds",
            Self::Nanos => "nanoseconds",
        })
    }
}

/// A time, and the unit it was counted in where it was a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) ts: Timestamp,
    unit: Option<Unit>,
}

/// One column of times: the first good row fixes its unit.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    field: &'static str,
    unit: Option<Unit>,
}

impl Clock {
    pub(crate) const fn new(field: &'static str) -> Self {
        Self { field, unit: None }
    }

    /// A column whose format prescribes the unit.
    pub(crate) const fn fixed(field: &'static str, unit: Unit) -> Self {
        Self { field, unit: Some(unit) }
    }

    /// Reads a time, which does not fix the unit yet: a bad row must not decide for the others.
    pub(crate) fn read(&self, text: &[u8]) -> Result<Moment, InvalidInput> {
        if let Some(ts) = plain_rfc3339(text) {
            return Ok(Moment { ts, unit: None });
        }
        let at_fault = |reason| InvalidInput::new(self.field, reason);
        let (whole, fraction) = match memchr::memchr(b'.', text) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        if is_digits(whole) && fraction.is_none_or(is_digits) {
            return self.count(whole, fraction.unwrap_or_default());
        }
        if text.is_empty() {
            return Err(at_fault("is missing"));
        }
        if text[0] == b'-' && is_digits(&whole[1..]) {
            return Err(at_fault("is outside the years 1970 to 2261"));
        }
        let text = std::str::from_utf8(text).unwrap_or_default();
        match with_minutes(text).parse() {
            Ok(ts) => Ok(Moment { ts, unit: None }),
            Err(InvalidInput { reason, .. }) => Err(InvalidInput::new(self.field, reason)),
        }
    }

    /// Fixes the unit, once the row of `moment` has turned out good.
    pub(crate) fn settle(&mut self, moment: Moment) {
        self.unit = self.unit.or(moment.unit);
    }

    fn count(&self, whole: &[u8], fraction: &[u8]) -> Result<Moment, InvalidInput> {
        let at_fault = |reason: String| InvalidInput::new(self.field, reason);
        let unit = Unit::of(whole.len()).ok_or_else(|| {
            at_fault(format!(
                "has {} digits: seconds have 10, milliseconds 13, microseconds 16, nanoseconds 19",
                whole.len()
            ))
        })?;
        if let Some(fixed) = self.unit.filter(|fixed| *fixed != unit) {
            return Err(at_fault(format!(
                "is in {unit} by its digits, but this file counts {fixed}"
            )));
        }
        let fraction = fraction_nanos(fraction, unit)
            .ok_or_else(|| at_fault("is finer than a nanosecond".into()))?;
        let nanos = short_number(whole)
            .or_else(|| std::str::from_utf8(whole).ok()?.parse().ok())
            .and_then(|count| count.checked_mul(unit.nanos())?.checked_add(fraction));
        let ts = nanos
            .and_then(|nanos| Timestamp::from_nanos(nanos).ok())
            .ok_or_else(|| at_fault("is outside the years 1970 to 2261".into()))?;
        Ok(Moment { ts, unit: Some(unit) })
    }
}

/// PostgreSQL and DuckDB write zones of whole hours without their minutes.
fn with_minutes(text: &str) -> Cow<'_, str> {
    match text.as_bytes() {
        [date_time @ .., b'+' | b'-', a, b]
            if is_digits(&[*a, *b]) && date_time.contains(&b':') =>
        {
            Cow::Owned(format!("{text}:00"))
        }
        _ => Cow::Borrowed(text),
    }
}

/// The digits after the point of a count of `unit`, in nanoseconds; `None` where they are finer.
fn fraction_nanos(fraction: &[u8], unit: Unit) -> Option<i64> {
    let mut worth = unit.nanos();
    let mut nanos = 0;
    for digit in fraction.iter().map(|byte| i64::from(byte - b'0')) {
        worth /= 10;
        if worth == 0 && digit != 0 {
            return None;
        }
        nanos += digit * worth;
    }
    Some(nanos)
}

/// `YYYY-MM-DDTHH:MM:SS[.f]Z` of 1970 to 2261, up to nine decimals; everything else takes the long
/// way.
fn plain_rfc3339(text: &[u8]) -> Option<Timestamp> {
    let (stem, fraction) = match text {
        [stem @ .., b'Z'] if stem.len() == 19 => (stem, &[][..]),
        [stem @ .., b'Z'] if stem.len() > 20 && stem.len() < 30 && stem[19] == b'.' => {
            (&stem[..19], &stem[20..])
        }
        _ => return None,
    };
    let separators = [stem[4], stem[7], stem[10], stem[13], stem[16]];
    if separators != *b"--T::" || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |range: std::ops::Range<usize>| short_number(&stem[range]);
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let in_range = (1970..2262).contains(&year) && (1..=12).contains(&month);
    if !in_range || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    if day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let seconds = ((days_from_epoch(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    let nanos = seconds * NANOS_PER_SECOND + fraction_nanos(fraction, Unit::Seconds)?;
    Timestamp::from_nanos(nanos).ok()
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, in years that begin in March, so that leap days come last.
const fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before_year = year * 365 + year / 4 - year / 100 + year / 400;
    let before_month = (month * 153 + 2) / 5;
    before_year + before_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(clock: &Clock, text: &str) -> Result<i64, String> {
        let moment = clock.read(text.as_bytes()).map_err(|e| e.to_string())?;
        Ok(moment.ts.as_nanos())
    }

    #[test]
    fn digits_tell_the_unit() {
        let clock = Clock::new("ts");
        for text in [
            "1693929601",
            "1693929601.000000000000",
            "1693929601000",
            "1693929601000000",
            "1693929601000000000",
            "2023-09-05T16:00:01Z",
            "2023-09-05 16:00:01",
            "2023-09-05T18:00:01+02:00",
            "2023-09-05 18:00:01+02",
            "2023-09-05 10:30:01.000-05:30",
        ] {
            assert_eq!(read(&clock, text), Ok(1_693_929_601_000_000_000), "{text}");
        }
        assert_eq!(read(&clock, "1693929601.281719"), Ok(1_693_929_601_281_719_000));
        assert_eq!(read(&clock, "1693929601281.719001"), Ok(1_693_929_601_281_719_001));
        assert_eq!(read(&clock, "0"), Ok(0));
    }

    #[test]
    fn reasons_say_what_would_be_right() {
        let clock = Clock::new("received_ts");
        for (text, reason) in [
            ("", "is missing"),
            ("yesterday", "is not a time like 2023-09-05T16:00:01.281719Z"),
            ("2023-02-29T00:00:00Z", "is not a time like 2023-09-05T16:00:01.281719Z"),
            ("0001-01-01T00:00:00Z", "is outside the years 1970 to 2261"),
            ("9999-12-31T00:00:00Z", "is outside the years 1970 to 2261"),
            ("-1", "is outside the years 1970 to 2261"),
            ("99999999999", "is outside the years 1970 to 2261"),
            ("9999999999999999999", "is outside the years 1970 to 2261"),
            ("1693929601.1234567891", "is finer than a nanosecond"),
            (
                "12345678901234567890",
                "has 20 digits: seconds have 10, milliseconds 13, microseconds 16, nanoseconds 19",
            ),
            ("1.5e9", "is not a time like 2023-09-05T16:00:01.281719Z"),
            ("1693929601.", "is not a time like 2023-09-05T16:00:01.281719Z"),
        ] {
            assert_eq!(read(&clock, text), Err(format!("received_ts: {reason}")), "{text}");
        }
        assert!(clock.read(b"2023-09-05T16:00:01\xff").is_err());
    }

    #[test]
    fn the_first_good_row_fixes_the_unit() {
        let mut clock = Clock::new("ts");
        let text = clock.read(b"2023-09-05").unwrap();
        clock.settle(text);
        let millis = clock.read(b"1693929601000").unwrap();
        assert!(clock.read(b"1693929601").is_ok());
        clock.settle(millis);
        assert_eq!(
            read(&clock, "1693929601"),
            Err("ts: is in seconds by its digits, but this file counts milliseconds".into())
        );
        assert!(read(&clock, "1693929602000").is_ok());
        assert!(read(&clock, "2023-09-05T16:00:01Z").is_ok());
        assert!(read(&Clock::fixed("ts", Unit::Micros), "1693929601000").is_err());
    }

    proptest! {
        #[test]
        fn the_short_way_agrees_with_the_long(
            nanos in 0..=Timestamp::MAX.as_nanos(),
            places in 0usize..=9,
        ) {
            let whole = Timestamp::from_nanos(nanos).unwrap().to_string();
            let text = match places {
                0 => format!("{}Z", &whole[..19]),
                _ => format!("{}Z", &whole[..20 + places]),
            };
            prop_assert_eq!(plain_rfc3339(text.as_bytes()), text.parse().ok());
        }

        #[test]
        fn odd_dates_agree_too(
            text in "(19[67]|20[012]|226)[0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{1,9})?Z",
        ) {
            if let Some(ts) = plain_rfc3339(text.as_bytes()) {
                prop_assert_eq!(Ok(ts), text.parse());
            }
        }
    }
}
