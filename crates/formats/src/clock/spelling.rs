//! Dates and times as people and programs spell them: what can be read in one way only.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::fraction_nanos;
use crate::number::is_digits;
use tradekeep_models::TimeUnit;

/// A spelled time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spelled {
    pub(super) local: NaiveDateTime,
    /// Seconds east of Greenwich, where it says so.
    pub(super) offset: Option<i32>,
}

/// Why a text is no time that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// Nothing known.
    Unknown,
    /// Day and month may be either way round, or words of a language.
    DayOrMonth,
    /// There is no date in it.
    NoDate,
    /// A zone by its letters, which several have.
    Zone,
    /// No such day, hour, minute or second.
    NoSuch,
    TooFine,
    LeapSecond,
}

/// The forms that are read, for a message.
pub(crate) const FORMS: &str = "2023-09-05T16:00:01.281719Z, 2023-09-05 16:00:01 +0200, 2023/09/05 16:00, 20230905T160001Z, \
                                20230905, or a number since 1970";

/// Reads a date, or a date and a time of day, with or without an offset.
pub(super) fn read(text: &str) -> Result<Spelled, Unread> {
    let text = text.trim();
    let (date, rest) = date(text)?;
    let separator = rest.trim_start_matches([' ', 'T', 't', 'D', 'd', '_']);
    if rest.is_empty() {
        return Ok(Spelled { local: date.and_time(NaiveTime::MIN), offset: None });
    }
    let between = rest.len() - separator.len();
    let is_one = rest[..between].trim().len() <= 1;
    if between == 0 || !is_one {
        return Err(Unread::Unknown);
    }
    let (time, offset) = zone(separator)?;
    Ok(Spelled { local: date.and_time(time_of_day(time)?), offset })
}

/// An offset alone: `+08:00`, `-0530`, `+02`, `Z`.
pub(super) fn offset(text: &str) -> Option<i32> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, digits) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = match digits.len() {
        2 => (digits, "00"),
        4 => digits.split_at_checked(2)?,
        5 => digits.split_once(':')?,
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
}

/// The date at the start of `text`, and what follows it.
fn date(text: &str) -> Result<(NaiveDate, &str), Unread> {
    let digits = leading_digits(text);
    let rest = &text[digits.len()..];
    if digits.len() == 8 {
        return Ok((compact_date(digits)?, rest));
    }
    let separator = rest.chars().next().filter(|c| matches!(c, '-' | '/' | '.' | ':'));
    let Some(separator) = separator else {
        let is_worded = text.split([' ', '-', '/', ',', '.']).any(is_month);
        return Err(if is_worded { Unread::DayOrMonth } else { Unread::Unknown });
    };
    if separator == ':' {
        return Err(if digits.len() <= 2 { Unread::NoDate } else { Unread::Unknown });
    }
    let month = leading_digits(&rest[1..]);
    let after = &rest[1 + month.len()..];
    if month.is_empty() || month.len() > 2 || !after.starts_with(separator) {
        let is_worded = text.split([' ', '-', '/', ',', '.']).any(is_month);
        return Err(if is_worded { Unread::DayOrMonth } else { Unread::Unknown });
    }
    let day = leading_digits(&after[1..]);
    let rest = &after[1 + day.len()..];
    if digits.len() != 4 || day.is_empty() || day.len() > 2 {
        let is_either = digits.len() <= 2 && matches!(day.len(), 1 | 2 | 4);
        return Err(if is_either { Unread::DayOrMonth } else { Unread::Unknown });
    }
    Ok((day_of(digits, month, day)?, rest))
}

/// `YYYYMMDD`.
pub(super) fn compact_date(digits: &str) -> Result<NaiveDate, Unread> {
    day_of(&digits[..4], &digits[4..6], &digits[6..8])
}

fn day_of(year: &str, month: &str, day: &str) -> Result<NaiveDate, Unread> {
    let part = |text| number(text).ok_or(Unread::Unknown);
    let (year, month, day) = (part(year)?, part(month)?, part(day)?);
    NaiveDate::from_ymd_opt(year, month.unsigned_abs(), day.unsigned_abs()).ok_or(Unread::NoSuch)
}

/// The time of day in `text`, and its offset.
fn zone(text: &str) -> Result<(&str, Option<i32>), Unread> {
    let end = text.find(|c: char| !matches!(c, '0'..='9' | ':' | '.' | ','));
    let (time, zone) = text.split_at(end.unwrap_or(text.len()));
    let zone = zone.trim_start();
    if zone.is_empty() {
        return Ok((time, None));
    }
    let is_utc = ["z", "utc", "gmt"].iter().any(|name| zone.eq_ignore_ascii_case(name));
    if is_utc {
        return Ok((time, Some(0)));
    }
    // `UTC+8` and the like are said so too.
    let east = ["UTC", "GMT"].iter().find_map(|name| zone.strip_prefix(name)).unwrap_or(zone);
    if let Some(offset) = offset(east) {
        return Ok((time, Some(offset)));
    }
    let is_named = zone.starts_with(|c: char| c.is_ascii_alphabetic() || c == '[');
    Err(if is_named { Unread::Zone } else { Unread::Unknown })
}

/// `16:00:01.281719`, `16:00`, `160001`, `1600`, with a point or a comma.
pub(super) fn time_of_day(text: &str) -> Result<NaiveTime, Unread> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) if is_digits(fraction.as_bytes()) => (whole, fraction),
        Some(_) => return Err(Unread::Unknown),
        None => (text, ""),
    };
    let mut parts = [0; 3];
    let mut count = 0;
    let mut put = |part: &str| {
        let is_short = matches!(part.len(), 1 | 2);
        parts[count] = number(part).filter(|_| is_short).ok_or(Unread::Unknown)?;
        count += 1;
        Ok(())
    };
    if whole.contains(':') {
        let mut split = whole.split(':');
        split.by_ref().take(3).try_for_each(&mut put)?;
        if split.next().is_some() {
            return Err(Unread::Unknown);
        }
    } else if matches!(whole.len(), 4 | 6) && is_digits(whole.as_bytes()) {
        (0..whole.len()).step_by(2).try_for_each(|at| put(&whole[at..at + 2]))?;
    } else {
        return Err(Unread::Unknown);
    }
    if count < 2 || (count < 3 && !fraction.is_empty()) {
        return Err(Unread::Unknown);
    }
    let nanos = fraction_nanos(fraction.as_bytes(), TimeUnit::Seconds).ok_or(Unread::TooFine)?;
    if parts[2] == 60 {
        return Err(Unread::LeapSecond);
    }
    let [hour, minute, second] = parts.map(i32::unsigned_abs);
    let nanos = u32::try_from(nanos).unwrap_or_default();
    NaiveTime::from_hms_nano_opt(hour, minute, second, nanos).ok_or(Unread::NoSuch)
}

fn leading_digits(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    &text[..end]
}

fn number(text: &str) -> Option<i32> {
    is_digits(text.as_bytes()).then(|| text.parse().ok()).flatten()
}

fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = word.get(..3).map(str::to_ascii_lowercase);
    start.is_some_and(|start| MONTHS.contains(&start.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_has_many_spellings() {
        for (text, offset) in [
            ("2024-03-04 11:05:35.25", None),
            ("2024-03-04T11:05:35.250Z", Some(0)),
            ("2024-03-04t11:05:35.25z", Some(0)),
            ("2024-03-04 11:05:35,250", None),
            ("2024/03/04 11:05:35.25", None),
            ("2024/3/4 11:05:35.25", None),
            ("2024.03.04 11:05:35.25", None),
            ("2024-03-04D11:05:35.250000000", None),
            ("20240304T110535.25Z", Some(0)),
            ("20240304 110535.25", None),
            ("20240304 11:05:35.25", None),
            ("2024-03-04 11:05:35.25 UTC", Some(0)),
            ("2024-03-04 11:05:35.25 GMT", Some(0)),
            ("2024-03-04T11:05:35.25+0000", Some(0)),
            ("2024-03-04 11:05:35.25 -0700", Some(-25_200)),
            ("2024-03-04 11:05:35.25 -07:00", Some(-25_200)),
            ("2024-03-04 11:05:35.25+02", Some(7_200)),
            ("2024-03-04 11:05:35.25 UTC+08:00", Some(28_800)),
        ] {
            let read = read(text).unwrap_or_else(|why| panic!("{text}: {why:?}"));
            assert_eq!(read.local.to_string(), "2024-03-04 11:05:35.250", "{text}");
            assert_eq!(read.offset, offset, "{text}");
        }
        for (text, local) in [
            ("2024-03-04", "2024-03-04 00:00:00"),
            ("20240304", "2024-03-04 00:00:00"),
            ("2024-03-04 11:05", "2024-03-04 11:05:00"),
            ("20240304T1105Z", "2024-03-04 11:05:00"),
            ("2024-03-04 9:05:07", "2024-03-04 09:05:07"),
        ] {
            assert_eq!(read(text).unwrap().local.to_string(), local, "{text}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not_read() {
        for (text, why) in [
            ("09/04/2020 05:49", Unread::DayOrMonth),
            ("25/04/2020", Unread::DayOrMonth),
            ("9.4.20 05:49", Unread::DayOrMonth),
            ("4-Mar-2024", Unread::DayOrMonth),
            ("Mar 4, 2024 11:05", Unread::DayOrMonth),
            ("09:30:00", Unread::NoDate),
            ("9:30", Unread::NoDate),
            ("2024-03-04 11:05:35 EST", Unread::Zone),
            ("2024-03-04 11:05:35 PM", Unread::Zone),
            ("2024-03-04T11:05:35[Europe/Berlin]", Unread::Zone),
            ("2024-02-30", Unread::NoSuch),
            ("2024-03-04 24:00:00", Unread::NoSuch),
            ("20241304", Unread::NoSuch),
            ("2016-12-31T23:59:60Z", Unread::LeapSecond),
            ("2024-03-04 11:05:35.1234567891", Unread::TooFine),
            ("2024-03-04TT11:05:35", Unread::Unknown),
            ("2024-03-04 11", Unread::Unknown),
            ("2024-03-04 11:05:35.", Unread::Unknown),
            ("2024-03-04 11:05:35:250", Unread::Unknown),
            ("2024-03-04 11:05.5", Unread::Unknown),
            ("2024-03-0411:05", Unread::Unknown),
            ("2024-03", Unread::Unknown),
            ("NaT", Unread::Unknown),
            ("soon", Unread::Unknown),
            ("", Unread::Unknown),
            ("é", Unread::Unknown),
            ("2024-03-04 é", Unread::Unknown),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
    }
}
