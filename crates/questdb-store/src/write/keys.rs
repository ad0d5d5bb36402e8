//! What tells the rows of a batch apart, as numbers, and how those that are stored are found.

use std::hash::{DefaultHasher, Hash, Hasher};

use tradekeep_models::record::{Record, Value};

use super::shape::Shape;

/// Ranges of time that a batch is looked for in, at most.
const MOST_SPANS: usize = 32;
/// Rows that are further apart than this are looked for by themselves.
const FAR_APART: i64 = 60_000_000_000;

/// From the earliest time to the latest, both included; the other way round where there are no rows.
pub(crate) fn span<R: Record>(records: &[R]) -> (i64, i64) {
    let times = records.iter().map(|record| record.ts().as_nanos());
    times.fold((i64::MAX, i64::MIN), |(first, last), ts| (first.min(ts), last.max(ts)))
}

/// The rows of a batch: a number for each identity, and their times.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys {
    /// Increasing, so without repeats.
    numbers: Vec<u64>,
    /// Numbers of the values that are sought within the duplicate window, and of whose they are; increasing.
    sought: Vec<(u64, Option<u64>)>,
    /// Ranges of nanoseconds, both ends included, that hold every row.
    spans: Vec<(i64, i64)>,
    rows: usize,
}

impl Keys {
    pub(crate) fn of<R: Record>(shape: &Shape, records: &[R]) -> Self {
        let mut numbers: Vec<u64> = records.iter().map(|record| shape.number(record)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut sought: Vec<_> = records.iter().filter_map(|row| shape.sought_in(row)).collect();
        sought.sort_unstable();
        let times = records.iter().map(|record| record.ts().as_nanos()).collect();
        Self { numbers, sought, spans: spans(times), rows: records.len() }
    }

    /// Identities.
    pub(crate) fn distinct(&self) -> usize {
        self.numbers.len()
    }

    pub(crate) fn has(&self, number: u64) -> bool {
        self.numbers.binary_search(&number).is_ok()
    }

    /// The identities that `other` has too.
    pub(crate) fn shared<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = u64> + 'a {
        let near = self.first() <= other.last() && other.first() <= self.last();
        let (few, many) = if self.rows < other.rows { (self, other) } else { (other, self) };
        let few = if near { few.numbers.as_slice() } else { &[] };
        few.iter().copied().filter(|number| many.has(*number))
    }

    /// Whether a row may be the same as another one here, or contradict it.
    pub(crate) fn meet_each_other(&self) -> bool {
        self.numbers.len() < self.rows || self.sought.windows(2).any(|two| meets(two[0], two[1]))
    }

    /// Whether a row here may be the same as one of `other`, or contradict it.
    pub(crate) fn meet(&self, other: &Self) -> bool {
        let meets_any = |mine: &(u64, Option<u64>)| {
            let first = other.sought.partition_point(|theirs| theirs.0 < mine.0);
            let same = other.sought[first..].iter().take_while(|theirs| theirs.0 == mine.0);
            same.into_iter().any(|theirs| meets(*mine, *theirs))
        };
        self.shared(other).next().is_some() || self.sought.iter().any(meets_any)
    }

    /// Ranges of time that hold every row, both ends included.
    pub(crate) fn spans(&self) -> &[(i64, i64)] {
        &self.spans
    }

    /// The earliest time; the latest there is where there are no rows.
    pub(crate) fn first(&self) -> i64 {
        self.spans.first().map_or(i64::MAX, |span| span.0)
    }

    /// The latest time; the earliest there is where there are no rows.
    pub(crate) fn last(&self) -> i64 {
        self.spans.last().map_or(i64::MIN, |span| span.1)
    }
}

/// Whether two have one value that they may not both have.
fn meets(one: (u64, Option<u64>), other: (u64, Option<u64>)) -> bool {
    one.0 == other.0 && (one.1.is_none() || one.1 != other.1)
}

/// The number of a row with these key values.
pub(crate) fn number<'a>(values: impl Iterator<Item = Value<'a>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    values.for_each(|value| value.hash(&mut hasher));
    hasher.finish()
}

/// Ranges around times that are not far apart.
fn spans(mut times: Vec<i64>) -> Vec<(i64, i64)> {
    times.sort_unstable();
    let mut gap = FAR_APART;
    loop {
        let mut spans: Vec<(i64, i64)> = Vec::new();
        for time in &times {
            match spans.last_mut() {
                Some(span) if time.saturating_sub(span.1) <= gap => span.1 = *time,
                _ => spans.push((*time, *time)),
            }
        }
        if spans.len() <= MOST_SPANS {
            return spans;
        }
        gap = gap.saturating_mul(4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_far_apart_are_looked_for_by_themselves() {
        assert_eq!(spans(vec![]), []);
        assert_eq!(spans(vec![5, 1, 3]), [(1, 5)]);
        let far = FAR_APART + 1;
        assert_eq!(
            spans(vec![far, 0, 3 * far, far + 7]),
            [(0, 0), (far, far + 7), (3 * far, 3 * far)]
        );
        let many = (0..1_000).map(|n| n * far).collect();
        let found = spans(many);
        assert!(found.len() <= MOST_SPANS, "{}", found.len());
        assert_eq!((found[0].0, found[found.len() - 1].1), (0, 999 * far));
    }
}
