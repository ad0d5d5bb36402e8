//! What digits alone count.

use tradekeep_models::TimeUnit;

/// The unit whose counts have so many digits from 2000 to 2286.
pub(super) const fn of_digits(digits: usize) -> Option<TimeUnit> {
    match digits {
        9 | 10 => Some(TimeUnit::Seconds),
        12 | 13 => Some(TimeUnit::Millis),
        15 | 16 => Some(TimeUnit::Micros),
        18 | 19 => Some(TimeUnit::Nanos),
        _ => None,
    }
}

/// Digits behind the point of which the last is a nanosecond.
pub(super) const fn places(unit: TimeUnit) -> usize {
    match unit {
        TimeUnit::Seconds => 9,
        TimeUnit::Millis => 6,
        TimeUnit::Micros => 3,
        TimeUnit::Nanos => 0,
    }
}
