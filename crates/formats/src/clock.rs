//! Times as files write them: what can be read in one way is read, what cannot is asked about.

mod format;
mod rfc3339;
mod spelling;
mod unit;
mod zone;

use std::time::SystemTime;

use chrono::NaiveTime;
use tradekeep_models::{InvalidInput, NANOS_PER_DAY, NANOS_PER_SECOND, TimeUnit, Timestamp};

pub use self::format::TimeFormat;
use self::rfc3339::plain_rfc3339;
use self::spelling::{FORMS, Spelled, Unread};
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
        // The times of two units are a thousand years apart, and so is their number of digits.
        let unit = unit::of_digits(whole.len());
        let found =
            unit.and_then(|unit| Some((unit, count(whole, &[], unit).ok().filter(is_known)?)));
        if let Some((unit, ts)) = found {
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
        let (kept, rest) = fraction.split_at(unit::places(unit).min(fraction.len()));
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

#[cfg(test)]
mod tests;
