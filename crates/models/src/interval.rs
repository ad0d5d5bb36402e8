//! Candle widths and the buckets they cut time into.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike};

use crate::InvalidInput;
use crate::time::{NANOS_PER_DAY, NANOS_PER_SECOND, TimeRange, Timestamp};

/// The unit of an [`Interval`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum IntervalUnit {
    /// `s`
    Second,
    /// `m`
    Minute,
    /// `h`
    Hour,
    /// `d`, a UTC day.
    Day,
    /// `w`, seven UTC days from Monday on.
    Week,
    /// `M`, a calendar month, UTC.
    Month,
}

/// How the buckets of an [`Interval`] are numbered, for backends that compute them in SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Buckets {
    /// `floor((nanos + offset) / width)`
    Nanos {
        /// Bucket width in nanoseconds.
        width: i64,
        /// Nanoseconds from the start of bucket 0 to 1970-01-01: three days for weeks, else 0.
        offset: i64,
    },
    /// `floor(months since January 1970 / width)`
    Months {
        /// Bucket width in calendar months.
        width: i64,
    },
}

/// A whole number of seconds, minutes, hours, days, weeks or months: `15s`, `1m`, `4h`, `1d`, `1w`,
/// `1M`.
///
/// Buckets are `floor(ts / width)`, so they start at 1970-01-01T00:00:00Z; weeks start on Mondays,
/// months on the 1st, all UTC. The bucket that would start before 1970 starts at 1970.
///
/// ```
/// use tradekeep_models::{Interval, Timestamp};
///
/// let week: Interval = "1w".parse()?;
/// let sunday: Timestamp = "2024-08-11T23:59:59Z".parse()?;
/// assert_eq!(week.open(sunday).to_string(), "2024-08-05T00:00:00.000000000Z"); // a Monday
/// # Ok::<(), tradekeep_models::InvalidInput>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Interval {
    count: u32,
    unit: IntervalUnit,
}

impl Interval {
    pub(crate) const SECOND: Self = Self { count: 1, unit: IntervalUnit::Second };

    /// `count` of `unit`.
    ///
    /// # Errors
    /// When `count` is 0 or the interval is longer than the years a timestamp covers.
    pub fn new(count: u32, unit: IntervalUnit) -> Result<Self, InvalidInput> {
        // The 292 years from 1970 to 2261 in each unit.
        let longest = match unit {
            IntervalUnit::Second => u32::MAX,
            IntervalUnit::Minute => 153_577_440,
            IntervalUnit::Hour => 2_559_624,
            IntervalUnit::Day => 106_651,
            IntervalUnit::Week => 15_235,
            IntervalUnit::Month => 3_504,
        };
        if (1..=longest).contains(&count) {
            Ok(Self { count, unit })
        } else {
            Err(InvalidInput::new("interval", format!("must count 1 to {longest} of its unit")))
        }
    }

    /// The rule that numbers its buckets.
    #[must_use]
    pub fn buckets(self) -> Buckets {
        let count = i64::from(self.count);
        let nanos = |width, offset| Buckets::Nanos { width: count * width, offset };
        match self.unit {
            IntervalUnit::Second => nanos(NANOS_PER_SECOND, 0),
            IntervalUnit::Minute => nanos(60 * NANOS_PER_SECOND, 0),
            IntervalUnit::Hour => nanos(3_600 * NANOS_PER_SECOND, 0),
            IntervalUnit::Day => nanos(NANOS_PER_DAY, 0),
            // 1970-01-01 was a Thursday.
            IntervalUnit::Week => nanos(7 * NANOS_PER_DAY, 3 * NANOS_PER_DAY),
            IntervalUnit::Month => Buckets::Months { width: count },
        }
    }

    /// The number of the bucket that holds `ts`.
    #[must_use]
    pub fn index(self, ts: Timestamp) -> i64 {
        match self.buckets() {
            // Under 2^63 as long as timestamps end three days or more before i64 does.
            Buckets::Nanos { width, offset } => (ts.as_nanos() + offset) / width,
            Buckets::Months { width } => {
                let date = DateTime::from_timestamp_nanos(ts.as_nanos());
                (i64::from(date.year() - 1970) * 12 + i64::from(date.month0())) / width
            }
        }
    }

    /// The first moment of bucket `index`, or nothing where that is past the last timestamp.
    #[must_use]
    pub fn start(self, index: i64) -> Option<Timestamp> {
        let nanos = match self.buckets() {
            Buckets::Nanos { width, offset } => index.checked_mul(width)?.checked_sub(offset)?,
            Buckets::Months { width } => {
                let months = index.checked_mul(width)?;
                let year = i32::try_from(1970 + months.div_euclid(12)).ok()?;
                let month = u32::try_from(months.rem_euclid(12) + 1).ok()?;
                let date = chrono::NaiveDate::from_ymd_opt(year, month, 1)?;
                date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_nanos_opt()?
            }
        };
        Timestamp::from_nanos(nanos.max(0)).ok()
    }

    /// The first moment of the bucket that holds `ts`.
    #[must_use]
    pub fn open(self, ts: Timestamp) -> Timestamp {
        self.start(self.index(ts)).unwrap_or(Timestamp::MIN)
    }

    /// The number of the first bucket that starts at `ts` or later.
    #[must_use]
    pub fn index_from(self, ts: Timestamp) -> i64 {
        let index = self.index(ts);
        if self.start(index) == Some(ts) { index } else { index + 1 }
    }

    /// The times of the buckets from number `first` up to but without number `end`.
    pub(crate) fn whole_buckets(self, first: Option<i64>, end: Option<i64>) -> TimeRange {
        let end = end.and_then(|index| self.start(index));
        match first.map(|index| self.start(index)) {
            // Behind the last bucket there is.
            Some(None) => TimeRange::new(Timestamp::MIN, Timestamp::MIN).unwrap_or_default(),
            Some(Some(from)) => {
                TimeRange::new(from, end.map(|end| end.max(from))).unwrap_or_default()
            }
            None => TimeRange::new(None, end).unwrap_or_default(),
        }
    }
}

impl FromStr for Interval {
    type Err = InvalidInput;

    /// Reads `1s`, `5m`, `4h`, `1d`, `1w`, `1M`.
    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let unknown = || {
            InvalidInput::new(
                "interval",
                "must be a whole number and s, m, h, d, w or M (month), like 5m",
            )
        };
        let unit = match text.bytes().last() {
            Some(b's') => IntervalUnit::Second,
            Some(b'm') => IntervalUnit::Minute,
            Some(b'h') => IntervalUnit::Hour,
            Some(b'd') => IntervalUnit::Day,
            Some(b'w') => IntervalUnit::Week,
            Some(b'M') => IntervalUnit::Month,
            _ => return Err(unknown()),
        };
        let digits = &text[..text.len() - 1];
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(unknown());
        }
        Self::new(digits.parse().map_err(|_| unknown())?, unit)
    }
}

impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = match self.unit {
            IntervalUnit::Second => 's',
            IntervalUnit::Minute => 'm',
            IntervalUnit::Hour => 'h',
            IntervalUnit::Day => 'd',
            IntervalUnit::Week => 'w',
            IntervalUnit::Month => 'M',
        };
        f.pad(&format!("{}{unit}", self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn open(interval: &str, ts: &str) -> String {
        let interval: Interval = interval.parse().unwrap();
        interval.open(ts.parse().unwrap()).to_string().replace(".000000000Z", "Z")
    }

    #[test]
    fn buckets_start_where_people_expect() {
        let ts = "2024-08-08T17:34:56.789Z"; // a Thursday
        for (interval, expected) in [
            ("1s", "2024-08-08T17:34:56Z"),
            ("15s", "2024-08-08T17:34:45Z"),
            ("1m", "2024-08-08T17:34:00Z"),
            ("4h", "2024-08-08T16:00:00Z"),
            ("1d", "2024-08-08T00:00:00Z"),
            ("1w", "2024-08-05T00:00:00Z"),
            ("1M", "2024-08-01T00:00:00Z"),
            ("3M", "2024-07-01T00:00:00Z"),
            ("12M", "2024-01-01T00:00:00Z"),
        ] {
            assert_eq!(open(interval, ts), expected, "{interval}");
        }
        assert_eq!(open("1w", "1970-01-03"), "1970-01-01T00:00:00Z");
        assert_eq!(open("1w", "1970-01-05"), "1970-01-05T00:00:00Z");
    }

    #[test]
    fn refuses_what_is_no_interval() {
        for text in
            ["", "m", "0m", "-1m", "+1m", "1", "1y", "1.5h", "1 m", "99999999999s", "5000M", "1µ"]
        {
            assert!(text.parse::<Interval>().is_err(), "{text:?}");
        }
        assert_eq!("1M".parse::<Interval>().unwrap().to_string(), "1M");
    }

    proptest! {
        #[test]
        fn every_moment_is_in_its_bucket(nanos in 0..=Timestamp::MAX.as_nanos(), count in 1u32..400, unit in 0usize..6) {
            let unit = [IntervalUnit::Second, IntervalUnit::Minute, IntervalUnit::Hour, IntervalUnit::Day, IntervalUnit::Week, IntervalUnit::Month][unit];
            let interval = Interval::new(count, unit).unwrap();
            let ts = Timestamp::from_nanos(nanos).unwrap();
            let index = interval.index(ts);
            prop_assert!(interval.start(index).unwrap() <= ts);
            prop_assert!(interval.start(index + 1).is_none_or(|next| ts < next));
            prop_assert_eq!(interval.index_from(interval.open(ts)), index);
        }
    }
}
