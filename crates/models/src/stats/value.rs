//! Numbers about measured values.

use std::fmt;
use std::str::FromStr;

use crate::query::{bad_cursor, check_limit, decode, encode};
use crate::{
    Interval, InvalidInput, MAX_LIMIT, MetricFilter, Page, TimeRange, Timestamp, nearest_rank,
};

/// Numbers about some values; there is at least one.
#[derive(Debug, Clone, Copy, PartialEq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct ValueStats {
    /// How many.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// Their mean: sum / count.
    pub avg: f64,
    /// The smallest.
    pub min: f64,
    /// The largest.
    pub max: f64,
    /// The median, nearest rank.
    pub p50: f64,
    /// The 95th percentile, nearest rank.
    pub p95: f64,
    /// The 99th percentile, nearest rank.
    pub p99: f64,
}

impl ValueStats {
    /// The numbers about `values`; nothing where there are none.
    #[must_use]
    pub fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_unstable_by(f64::total_cmp);
        let sum: f64 = values.iter().sum();
        let rank = |percent| nearest_rank(&values, percent, 100).copied();
        #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53 values")]
        let avg = sum / values.len() as f64;
        Some(Self {
            count: values.len() as u64,
            sum,
            avg,
            min: *values.first()?,
            max: *values.last()?,
            p50: rank(50)?,
            p95: rank(95)?,
            p99: rank(99)?,
        })
    }
}

/// Numbers about the values of one bucket of time.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct MetricBucket {
    /// When the bucket opens.
    pub open_ts: Timestamp,
    /// The numbers.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub stats: ValueStats,
}

impl MetricBucket {
    /// The numbers of the bucket that opens at `open_ts`.
    #[must_use]
    pub const fn new(open_ts: Timestamp, stats: ValueStats) -> Self {
        Self { open_ts, stats }
    }
}

/// A page of buckets, ordered by `open_ts`. Buckets without values are absent.
///
/// A bucket is in the range when its `open_ts` is, and is then computed from all of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketQuery {
    /// Which metrics.
    pub filter: MetricFilter,
    /// Width of the buckets.
    pub interval: Interval,
    /// Buckets at most, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// Only buckets behind this one, from the page before.
    pub after: Option<BucketCursor>,
}

/// A place in ordered buckets: when the last one opened. Opaque text to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketCursor(pub Timestamp);

impl fmt::Display for BucketCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        encode("bucket1", &[&self.0.as_nanos()], f)
    }
}

impl FromStr for BucketCursor {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, InvalidInput> {
        let parts = decode("bucket1", text)?;
        let [nanos] = parts.as_slice() else {
            return Err(bad_cursor());
        };
        let nanos = nanos.parse().map_err(|_| bad_cursor())?;
        Timestamp::from_nanos(nanos).map(Self).map_err(|_| bad_cursor())
    }
}

impl BucketQuery {
    /// The first page of buckets of `interval`.
    #[must_use]
    pub const fn new(filter: MetricFilter, interval: Interval) -> Self {
        Self { filter, interval, limit: MAX_LIMIT, after: None }
    }

    /// Checks the limit.
    ///
    /// # Errors
    /// When it is out of range.
    pub fn validate(&self) -> Result<(), InvalidInput> {
        check_limit(self.limit)
    }

    /// The event times to read for this page: whole buckets, behind the cursor.
    #[must_use]
    pub fn row_range(&self) -> TimeRange {
        let range = self.filter.range;
        let from = range.from().map(|from| self.interval.index_from(from));
        let after = self.after.map(|BucketCursor(open_ts)| self.interval.index(open_ts) + 1);
        self.interval
            .whole_buckets(from.max(after), range.to().map(|to| self.interval.index_from(to)))
    }

    /// The page made of `found`: up to `limit + 1` buckets from [`row_range`](Self::row_range), in
    /// order.
    #[must_use]
    pub fn page(&self, mut found: Vec<MetricBucket>) -> Page<MetricBucket, BucketCursor> {
        let more = found.len() > self.limit;
        found.truncate(self.limit);
        let next = found.last().filter(|_| more).map(|last| BucketCursor(last.open_ts));
        Page { items: found, next }
    }
}
