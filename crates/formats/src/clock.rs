//! Times as files write them: what can be read in one way is read, what cannot is asked about.

mod format;
mod spelling;
mod unit;
mod zone;

use std::time::SystemTime;

use chrono::NaiveTime;
use tradekeep_models::{InvalidInput, NANOS_PER_DAY, NANOS_PER_SECOND, Timestamp};

pub use self::format::TimeFormat;
use self::spelling::{FORMS, Spelled, Unread};
pub use self::unit::TimeUnit;
pub use self::zone::TimeZone;
use crate::number::{is_digits, short_number};

/// How times are written, where they do not tell by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TimeOptions {
    /// What digits alone count. Else the one unit in which they are a time from 2000 until tomorrow.
    pub unit: Option<TimeUnit>,
    /// How they are written, where it is not told from them. They are read so and not otherwise.
    pub format: Option<TimeFormat>,
    /// Where times that name no zone are local. Else they are UTC.
    pub zone: Option<TimeZone>,
    /// Rounds half-even to nanoseconds what is finer.
    pub round: bool,
}

/// Reads one time, as every file and line has them.
///
/// # Errors
/// When it is none, or may be several; the reason says what would tell.
///
/// ```
/// use tradekeep_formats::{TimeOptions, read_time};
///
/// let utc = TimeOptions::default();
/// for text in ["2024-08-08T10:00:05Z", "2024/08/08 12:00:05 +0200", "20240808T100005Z", "1723111205000"] {
///     assert_eq!(read_time(text, &utc)?.to_string(), "2024-08-08T10:00:05.000000000Z");
/// }
/// assert!(read_time("08/09/2024 10:00", &utc).is_err());
/// let berlin = TimeOptions { zone: Some("Europe/Berlin".parse()?), ..utc };
/// assert_eq!(read_time("2024-08-08 12:00:05", &berlin)?.to_string(), "2024-08-08T10:00:05.000000000Z");
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
pub fn read_time(text: &str, options: &TimeOptions) -> Result<Timestamp, InvalidInput> {
    Clock::new("ts", options).read(text.as_bytes()).map(|moment| moment.ts)
}

/// A time, and the unit it was counted in where it was a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) ts: Timestamp,
    unit: Option<TimeUnit>,
}

/// One column of times: the first good row fixes its unit.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    field: &'static str,
    options: TimeOptions,
    /// Of the rows before, where nobody has said one.
    unit: Option<TimeUnit>,
    /// Tomorrow, when it was made.
    tomorrow: i64,
}

/// Digits alone are no earlier time, unless their unit is said.
const YEAR_2000: i64 = 946_684_800 * NANOS_PER_SECOND;

const OUT_OF_RANGE: &str = "is outside the years 1970 to 2261";

const TOO_FINE: &str = "is finer than a nanosecond: --round 18 rounds numbers and times in digits";

impl Clock {
    pub(crate) fn new(field: &'static str, options: &TimeOptions) -> Self {
        Self { field, options: options.clone(), unit: None, tomorrow: tomorrow() }
    }

    /// Reads a time, which does not fix the unit yet: a bad row must not decide for the others.
    pub(crate) fn read(&self, text: &[u8]) -> Result<Moment, InvalidInput> {
        if self.options.format.is_none()
            && let Some(ts) = plain_rfc3339(text)
        {
            return Ok(Moment { ts, unit: None });
        }
        self.read_others(text).map_err(|reason| InvalidInput::new(self.field, reason))
    }

    fn read_others(&self, text: &[u8]) -> Result<Moment, String> {
        if text.is_empty() {
            return Err("is missing".into());
        }
        let spelled = |spelled: Spelled| {
            let zone = spelled.offset.and_then(TimeZone::east).or(self.options.zone);
            let ts = match zone {
                Some(zone) => zone.moment(spelled.local),
                None => zone::of_utc(spelled.local),
            };
            ts.map(|ts| Moment { ts, unit: None })
        };
        if let Some(format) = &self.options.format {
            return format.read(text).and_then(spelled);
        }
        let (whole, fraction) = match memchr::memchr(b'.', text) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        if is_digits(whole) && fraction.is_none_or(is_digits) {
            return self.digits(whole, fraction.unwrap_or_default(), spelled);
        }
        if text[0] == b'-' && is_digits(&whole[1..]) {
            return Err(OUT_OF_RANGE.into());
        }
        // What is not UTF-8 is no time either.
        let text = std::str::from_utf8(text).unwrap_or("\u{fffd}");
        match spelling::read(text) {
            Ok(read) => spelled(read),
            Err(why) => Err(self.why(why, text)),
        }
    }

    /// The rows count `unit`, as the name of their column says.
    pub(crate) const fn expect(&mut self, unit: TimeUnit) {
        self.unit = Some(unit);
    }

    /// Fixes the unit, once the row of `moment` has turned out good.
    pub(crate) fn settle(&mut self, moment: Moment) {
        self.unit = self.unit.or(moment.unit);
    }

    /// A count, or a date without anything between its digits.
    fn digits(
        &self,
        whole: &[u8],
        fraction: &[u8],
        spelled: impl Fn(Spelled) -> Result<Moment, String>,
    ) -> Result<Moment, String> {
        if let Some(unit) = self.options.unit {
            return Ok(Moment { ts: self.count(whole, fraction, unit)?, unit: None });
        }
        let is_known = |ts: &Timestamp| {
            let nanos = ts.as_nanos();
            nanos >= YEAR_2000 && (nanos <= self.tomorrow || nanos <= tomorrow())
        };
        // The times of two units are a thousand years apart.
        for unit in TimeUnit::ALL {
            let Some(ts) = count(whole, &[], unit).ok().filter(is_known) else { continue };
            if let Some(fixed) = self.unit.filter(|fixed| *fixed != unit) {
                return Err(format!("is in {unit} by its digits, but this file counts {fixed}"));
            }
            let ts = if fraction.is_empty() { ts } else { self.count(whole, fraction, unit)? };
            return Ok(Moment { ts, unit: Some(unit) });
        }
        if let Some(read) = compact(whole, fraction)? {
            return spelled(read).and_then(|moment| {
                is_known(&moment.ts).then_some(moment).ok_or_else(|| {
                    "is a date in digits before 2000 or after tomorrow: say that it is one with --time-format"
                        .into()
                })
            });
        }
        Err(match (whole.len(), fraction.is_empty()) {
            (5, _) => "may be a spreadsheet's serial number of a day: export the column as text like \
                       2024-08-08 10:00:05"
                .into(),
            (4..=6, true) => "may be a time of day in digits: join it with its date, --map ts=DATE+TIME".into(),
            _ => "is no time from 2000 until tomorrow in seconds, milli-, micro- or nanoseconds since 1970: \
                  --time-unit s, ms, us or ns says which it counts"
                .into(),
        })
    }

    fn count(&self, whole: &[u8], fraction: &[u8], unit: TimeUnit) -> Result<Timestamp, String> {
        if !self.options.round || fraction_nanos(fraction, unit).is_some() {
            return count(whole, fraction, unit);
        }
        // As many digits as nanoseconds have; the others round them.
        let (kept, rest) = fraction.split_at(unit.places().min(fraction.len()));
        let ts = count(whole, kept, unit)?.as_nanos();
        let is_half = rest[0] == b'5' && rest[1..].iter().all(|digit| *digit == b'0');
        let up = if is_half { ts % 2 == 1 } else { rest[0] >= b'5' };
        Timestamp::from_nanos(ts + i64::from(up)).map_err(|_| OUT_OF_RANGE.to_owned())
    }

    /// What to say of a text that cannot be read.
    fn why(&self, why: Unread, text: &str) -> String {
        let is_ts = self.field == "ts";
        match why {
            Unread::DayOrMonth => "may have its day or its month first, or has words: --time-format says it, like \
                                   '%d/%m/%Y %H:%M:%S'"
                .into(),
            Unread::NoDate if is_ts => {
                "is a time of day without its date: join it with its date, --map ts=DATE+TIME".into()
            }
            Unread::NoDate => "is a time of day without its date".into(),
            Unread::Zone => "has letters behind its time of day that name no zone for certain: write the offset \
                             (+02:00), or read it by --time-format and --timezone"
                .into(),
            Unread::NoSuch => "is no day of the calendar, or no time of a day".into(),
            Unread::TooFine => TOO_FINE.into(),
            Unread::LeapSecond => "is within a leap second, which has no number".into(),
            Unread::Unknown if has_exponent(text) => {
                "is written with an exponent, which may have cost digits: export it as a whole number".into()
            }
            Unread::Unknown => format!("is not a time like {FORMS}: --time-format says how others are read"),
        }
    }
}

fn has_exponent(text: &str) -> bool {
    text.contains(['e', 'E']) && text.parse::<f64>().is_ok()
}

/// The end of what digits alone are taken for.
fn tomorrow() -> i64 {
    // A clock that is beyond all times here makes no difference.
    let now = Timestamp::try_from(SystemTime::now()).unwrap_or(Timestamp::MAX);
    now.as_nanos().saturating_add(NANOS_PER_DAY)
}

fn count(whole: &[u8], fraction: &[u8], unit: TimeUnit) -> Result<Timestamp, String> {
    let fraction = fraction_nanos(fraction, unit).ok_or(TOO_FINE)?;
    let nanos = short_number(whole)
        .or_else(|| std::str::from_utf8(whole).ok()?.parse().ok())
        .and_then(|count| count.checked_mul(unit.nanos())?.checked_add(fraction));
    let ts = nanos.and_then(|nanos| Timestamp::from_nanos(nanos).ok());
    ts.ok_or_else(|| OUT_OF_RANGE.into())
}

/// `YYYYMMDD`, `YYYYMMDDHHMM`, `YYYYMMDDHHMMSS` with or without a fraction, and with three digits of it: none of
/// them is a count of anything from 2000 until tomorrow. Nothing where it is no such.
fn compact(whole: &[u8], fraction: &[u8]) -> Result<Option<Spelled>, String> {
    let digits = std::str::from_utf8(whole).unwrap_or_default();
    let (time, fraction) = match (digits.len(), fraction.is_empty()) {
        (8, true) => ("", String::new()),
        (12, true) | (14, _) => (&digits[8..], String::from_utf8_lossy(fraction).into_owned()),
        (17, true) => (&digits[8..14], digits[14..].to_owned()),
        _ => return Ok(None),
    };
    let Ok(date) = spelling::compact_date(&digits[..8]) else { return Ok(None) };
    let time = match (time, fraction.as_str()) {
        ("", _) => Ok(NaiveTime::MIN),
        (time, "") => spelling::time_of_day(time),
        (time, fraction) => spelling::time_of_day(&format!("{time}.{fraction}")),
    };
    match time {
        Ok(time) => Ok(Some(Spelled { local: date.and_time(time), offset: None })),
        Err(Unread::TooFine) => Err(TOO_FINE.into()),
        Err(_) => Ok(None),
    }
}

/// The digits after the point of a count of `unit`, in nanoseconds; `None` where they are finer.
fn fraction_nanos(fraction: &[u8], unit: TimeUnit) -> Option<i64> {
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
    let nanos = seconds * NANOS_PER_SECOND + fraction_nanos(fraction, TimeUnit::Seconds)?;
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

    fn clock() -> Clock {
        Clock::new("ts", &TimeOptions::default())
    }

    fn read(clock: &Clock, text: &str) -> Result<String, String> {
        let moment = clock.read(text.as_bytes()).map_err(|e| e.to_string())?;
        Ok(moment.ts.to_string())
    }

    #[test]
    fn digits_tell_the_unit() {
        for text in [
            "1693929601",
            "1693929601.000000000000",
            "1693929601000",
            "1693929601000.0",
            "1693929601000000",
            "1693929601000000000",
            "2023-09-05T16:00:01Z",
            "2023-09-05 16:00:01",
            "2023-09-05T18:00:01+02:00",
            "2023-09-05 18:00:01+02",
            "2023-09-05 10:30:01.000-05:30",
            "20230905160001",
            "20230905160001000",
            "20230905160001.0",
        ] {
            assert_eq!(read(&clock(), text).unwrap(), "2023-09-05T16:00:01.000000000Z", "{text}");
        }
        for (text, time) in [
            ("1693929601.281719", "2023-09-05T16:00:01.281719000Z"),
            ("1693929601281.719001", "2023-09-05T16:00:01.281719001Z"),
            ("20200129", "2020-01-29T00:00:00.000000000Z"),
            ("202001290930", "2020-01-29T09:30:00.000000000Z"),
            ("20200129093000123", "2020-01-29T09:30:00.123000000Z"),
            ("946684800", "2000-01-01T00:00:00.000000000Z"),
            ("946684800000", "2000-01-01T00:00:00.000000000Z"),
        ] {
            assert_eq!(read(&clock(), text).unwrap(), time, "{text}");
        }
    }

    #[test]
    fn reasons_say_what_would_be_right() {
        let clock = Clock::new("received_ts", &TimeOptions::default());
        for (text, reason) in [
            ("", "is missing"),
            ("yesterday", "is not a time like 2023-09-05T16:00:01.281719Z, "),
            ("2023-02-29T00:00:00Z", "is no day of the calendar"),
            ("0001-01-01T00:00:00Z", "is outside the years 1970 to 2261"),
            ("9999-12-31T00:00:00Z", "is outside the years 1970 to 2261"),
            ("-1", "is outside the years 1970 to 2261"),
            ("0", "is no time from 2000 until tomorrow"),
            ("946684799", "is no time from 2000 until tomorrow"),
            ("99999999999", "is no time from 2000 until tomorrow"),
            ("9999999999999999999", "is no time from 2000 until tomorrow"),
            ("12345678901234567890", "is no time from 2000 until tomorrow"),
            ("19991231", "is a date in digits before 2000"),
            ("20991231", "is a date in digits before 2000 or after tomorrow"),
            ("43859.395833", "may be a spreadsheet's serial number"),
            ("093000", "may be a time of day in digits"),
            ("09:30:00", "is a time of day without its date"),
            ("1693929601.1234567891", "is finer than a nanosecond: --round 18"),
            ("1.5e9", "is written with an exponent"),
            ("1693929601.", "is not a time like"),
            ("09/04/2020 05:49", "may have its day or its month first"),
            ("2024-03-04 11:05:35 EST", "has letters behind its time of day"),
        ] {
            let error = read(&clock, text).unwrap_err();
            assert!(error.starts_with(&format!("received_ts: {reason}")), "{text}: {error}");
        }
        assert!(clock.read(b"2023-09-05T16:00:01\xff").is_err());
    }

    #[test]
    fn the_first_good_row_fixes_the_unit() {
        let mut clock = clock();
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
    }

    #[test]
    fn what_is_said_is_taken_as_said() {
        let said = TimeOptions { unit: Some(TimeUnit::Millis), ..TimeOptions::default() };
        let millis = Clock::new("ts", &said);
        assert_eq!(read(&millis, "0").unwrap(), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(read(&millis, "20200129").unwrap(), "1970-01-01T05:36:40.129000000Z");
        assert!(read(&millis, "2023-09-05T16:00:01Z").is_ok());
        let options = TimeOptions {
            format: Some("%d/%m/%Y %H:%M".parse().unwrap()),
            zone: Some("Europe/Berlin".parse().unwrap()),
            ..TimeOptions::default()
        };
        let clock = Clock::new("ts", &options);
        assert_eq!(read(&clock, "09/04/2020 05:49").unwrap(), "2020-04-09T03:49:00.000000000Z");
        assert!(read(&clock, "2020-04-09T05:49:00Z").unwrap_err().contains("%d/%m/%Y %H:%M"));
        let options = TimeOptions { format: None, ..options };
        let clock = Clock::new("ts", &options);
        assert_eq!(read(&clock, "2020-04-09 05:49").unwrap(), "2020-04-09T03:49:00.000000000Z");
        assert_eq!(read(&clock, "20200409").unwrap(), "2020-04-08T22:00:00.000000000Z");
        assert_eq!(read(&clock, "2020-04-09 05:49Z").unwrap(), "2020-04-09T05:49:00.000000000Z");
        assert!(
            read(&clock, "2024-10-27 02:30").unwrap_err().contains("exists twice in Europe/Berlin")
        );
    }

    #[test]
    fn what_is_finer_than_a_nanosecond_is_rounded_where_that_is_asked() {
        let clock = Clock::new("ts", &TimeOptions { round: true, ..TimeOptions::default() });
        for (text, time) in [
            ("1585180700.06469999999", "2020-03-25T23:58:20.064700000Z"),
            ("1585180700.0000000005", "2020-03-25T23:58:20.000000000Z"),
            ("1585180700.0000000015", "2020-03-25T23:58:20.000000002Z"),
            ("1585180700064700.00051", "2020-03-25T23:58:20.064700001Z"),
        ] {
            assert_eq!(read(&clock, text).unwrap(), time, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_digits_alone_leave_the_window(text in "[0-9]{1,20}(\\.[0-9]{1,12})?") {
            if let Ok(moment) = clock().read(text.as_bytes()) {
                prop_assert!((YEAR_2000..=tomorrow()).contains(&moment.ts.as_nanos()), "{}", text);
            }
        }

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
