//! Times as somebody says that they are written.

use std::fmt;
use std::str::FromStr;

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{NaiveTime, Timelike};
use tradekeep_models::InvalidInput;

use super::spelling::Spelled;

/// How times are written, as `strftime` has it: `%d/%m/%Y %H:%M:%S%.f`.
///
/// ```
/// use tradekeep_formats::TimeFormat;
///
/// assert!("%m/%d/%Y %I:%M %p".parse::<TimeFormat>().is_ok());
/// assert!("%d/%m %H:%M".parse::<TimeFormat>().is_err()); // of no year
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeFormat {
    text: String,
    items: Vec<Item<'static>>,
}

impl TimeFormat {
    pub(super) fn read(&self, text: &[u8]) -> Result<Spelled, String> {
        let text = std::str::from_utf8(text).unwrap_or("\u{fffd}");
        self.spelled(text).ok_or_else(|| format!("is not a time like {self}"))
    }

    fn spelled(&self, text: &str) -> Option<Spelled> {
        let mut parsed = Parsed::new();
        parse(&mut parsed, text, self.items.iter()).ok()?;
        let offset = parsed.to_fixed_offset().ok().map(|offset| offset.local_minus_utc());
        let has_time = parsed.hour_div_12().is_some() || parsed.timestamp().is_some();
        let local = match has_time {
            true => parsed.to_naive_datetime_with_offset(offset.unwrap_or_default()).ok()?,
            false => parsed.to_naive_date().ok()?.and_time(NaiveTime::MIN),
        };
        // A leap second has no number.
        (local.nanosecond() < 1_000_000_000).then_some(Spelled { local, offset })
    }
}

impl FromStr for TimeFormat {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let wrong = |reason| InvalidInput::new("time-format", reason);
        let items = StrftimeItems::new(text).parse_to_owned();
        let items = items.map_err(|_| wrong("has a % that strftime does not know"))?;
        let format = Self { text: text.to_owned(), items };
        // 2001-02-03 is the 34th day of its year, a Saturday, in the fifth week.
        let example = chrono::NaiveDate::from_ymd_opt(2001, 2, 3)
            .and_then(|day| day.and_hms_opt(16, 5, 6))
            .map(|time| time.and_utc().format_with_items(format.items.iter()).to_string());
        let is_whole = example.and_then(|example| format.spelled(&example)).is_some();
        if !is_whole {
            return Err(wrong(
                "must give year, month and day, and hour and minute where it has a time, like \
                              '%d/%m/%Y %H:%M:%S%.f'",
            ));
        }
        Ok(format)
    }
}

impl fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(format: &str, text: &str) -> Option<String> {
        let format: TimeFormat = format.parse().unwrap();
        format.spelled(text).map(|read| read.local.to_string())
    }

    #[test]
    fn times_are_read_as_said() {
        for (format, text, local) in [
            ("%d/%m/%Y %H:%M", "09/04/2020 05:49", "2020-04-09 05:49:00"),
            ("%m/%d/%Y %I:%M:%S %p", "09/04/2020 05:49:07 PM", "2020-09-04 17:49:07"),
            ("%b %d, %Y", "Apr 9, 2020", "2020-04-09 00:00:00"),
            ("%Y%m%d%H%M%S%3f", "20200409054907250", "2020-04-09 05:49:07.250"),
            ("%d.%m.%y %H:%M:%S%.f", "9.4.20 5:49:07.25", "2020-04-09 05:49:07.250"),
        ] {
            assert_eq!(read(format, text).as_deref(), Some(local), "{format}");
        }
        assert_eq!(read("%d/%m/%Y", "31/02/2020"), None);
        assert_eq!(read("%d/%m/%Y", "1/2/2020 05:49"), None);
        let zoned: TimeFormat = "%Y-%m-%d %H:%M:%S %z".parse().unwrap();
        let read = zoned.spelled("2020-04-09 05:49:07 +0200").unwrap();
        assert_eq!(
            (read.local.to_string().as_str(), read.offset),
            ("2020-04-09 05:49:07", Some(7_200))
        );
    }

    #[test]
    fn a_format_gives_the_whole_time() {
        for format in ["", "%H:%M", "%d/%m", "%Y-%m-%d %H", "%Q", "%Y-%m", "noon"] {
            assert!(format.parse::<TimeFormat>().is_err(), "{format}");
        }
    }
}
