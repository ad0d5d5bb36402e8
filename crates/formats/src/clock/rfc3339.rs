//! The usual form of a time, read without detours.

use tradekeep_models::{NANOS_PER_SECOND, TimeUnit, Timestamp};

use super::fraction_nanos;
use crate::number::short_number;

/// `YYYY-MM-DDTHH:MM:SS[.f]Z` of 1970 to 2261, up to nine decimals; everything else takes the long
/// way.
pub(super) fn plain_rfc3339(text: &[u8]) -> Option<Timestamp> {
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
