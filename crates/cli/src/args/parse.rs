//! Parsers of values on the command line.

use std::str::FromStr;

use tradekeep::Uuid;
use tradekeep::formats::{TimeOptions, read_time};
use tradekeep::models::{InvalidInput, NANOS_PER_DAY, NANOS_PER_SECOND, Timestamp};

use crate::clock;

/// As many rows as one likes: more than there are is fine.
pub(super) fn limit(text: &str) -> Result<usize, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(0) => {}
        Ok(limit) => return Ok(limit),
        Err(_) if digits => return Ok(usize::MAX),
        Err(_) => {}
    }
    Err("must be a whole number from 1 on".into())
}

/// The reason alone: clap names the flag.
pub(super) fn parsed<T: FromStr<Err = InvalidInput>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: InvalidInput| error.reason.into_owned())
}

/// A moment: as a time, as a number since 1970, or as how long ago it was: `90m`.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    time_at(text, clock::now()?)
}

fn time_at(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let counted = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let is_count = !counted.is_empty() && counted.bytes().all(|byte| byte.is_ascii_digit());
    if !is_count {
        let spelled = read_time(text, &TimeOptions::default());
        return spelled.map_err(|error| error.reason.into_owned());
    }
    let count: i64 = counted.parse().map_err(|_| FAR_AWAY)?;
    let ago = match &text[counted.len()..] {
        "" => return read_time(text, &TimeOptions::default()).map_err(|_| FAR_AWAY.into()),
        "s" => NANOS_PER_SECOND,
        "m" => 60 * NANOS_PER_SECOND,
        "h" => 3_600 * NANOS_PER_SECOND,
        "d" => NANOS_PER_DAY,
        "w" => 7 * NANOS_PER_DAY,
        _ => {
            return Err(
                "must end in s, m (minutes), h, d or w to say how long ago, like 90m".into()
            );
        }
    };
    let ago = count.checked_mul(ago).and_then(|ago| now.as_nanos().checked_sub(ago));
    ago.and_then(|nanos| Timestamp::from_nanos(nanos).ok())
        .ok_or_else(|| "is before 1970: ask for less".into())
}

const FAR_AWAY: &str = "is no time from 2000 until tomorrow, in seconds, milli-, micro- or nanoseconds since \
                        1970: write it as 2024-08-08T10:00:00Z";

/// A UUID, as every id that we give is.
pub(super) fn uuid(text: &str) -> Result<Uuid, String> {
    text.parse().map_err(|_| "is not a UUID, like 01913a5e-7c1b-7d3e-9f00-0123456789ab".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_a_time_a_number_or_how_long_ago() {
        let now: Timestamp = "2026-11-30T12:00:00Z".parse().unwrap();
        for (text, time) in [
            ("2024-08-08", "2024-08-08T00:00:00Z"),
            ("20240808", "2024-08-08T00:00:00Z"),
            ("2024-08-08 10:00", "2024-08-08T10:00:00Z"),
            ("2024/08/08 12:00:05 +0200", "2024-08-08T10:00:05Z"),
            ("2024-08-08T10:00:05.25Z", "2024-08-08T10:00:05.25Z"),
            ("1723111205", "2024-08-08T10:00:05Z"),
            ("1723111205250", "2024-08-08T10:00:05.25Z"),
            ("1723111205250001", "2024-08-08T10:00:05.250001Z"),
            ("1723111205250001002", "2024-08-08T10:00:05.250001002Z"),
            ("0s", "2026-11-30T12:00:00Z"),
            ("90m", "2026-11-30T10:30:00Z"),
            ("1h", "2026-11-30T11:00:00Z"),
            ("7d", "2026-11-23T12:00:00Z"),
            ("2w", "2026-11-16T12:00:00Z"),
        ] {
            assert_eq!(time_at(text, now), Ok(time.parse().unwrap()), "{text}");
        }
        for (text, said) in [
            ("1M", "must end in s, m (minutes), h, d or w"),
            ("1hour", "must end in"),
            ("0", "is no time"),
            ("99999999999999999999", "is no time"),
            ("999999999999h", "is before 1970"),
            ("-1h", "is not a time like"),
            ("h", "is not a time like"),
            ("", "is missing"),
        ] {
            let error = time_at(text, now).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn limits_are_counts() {
        assert_eq!(limit("25"), Ok(25));
        assert_eq!(limit("99999999999999999999999"), Ok(usize::MAX));
        for bad in ["", "0", "-1", "1e6", "+5 "] {
            assert!(limit(bad).is_err(), "{bad}");
        }
    }
}
