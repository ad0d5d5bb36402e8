//! Numbers about latencies.

use crate::{InvalidInput, Name, nearest_rank};

/// How long one operation of one service took.
#[derive(Debug, Clone, PartialEq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct LatencyStats {
    /// Whose operation.
    pub service: Name,
    /// What was done.
    pub operation: Name,
    /// Times it succeeded.
    pub successes: u64,
    /// Times it failed; these are in none of the numbers.
    pub failures: u64,
    /// How long it took when it succeeded; nothing where it never did.
    #[cfg_attr(feature = "serde", serde(flatten, serialize_with = "each"))]
    pub numbers: Option<LatencyNumbers>,
}

/// Numbers about latencies, in nanoseconds. Percentiles are nearest rank.
#[derive(Debug, Clone, Copy, PartialEq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct LatencyNumbers {
    /// The shortest.
    pub min_ns: u64,
    /// The mean, to the nearest double.
    pub avg_ns: f64,
    /// The median.
    pub p50_ns: u64,
    /// The 95th percentile.
    pub p95_ns: u64,
    /// The 99th percentile.
    pub p99_ns: u64,
    /// The 99.9th percentile.
    pub p999_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

/// Writes each number, as `null` where there are none.
#[cfg(feature = "serde")]
fn each<S: serde::Serializer>(numbers: &Option<LatencyNumbers>, to: S) -> Result<S::Ok, S::Error> {
    match numbers {
        Some(numbers) => serde::Serialize::serialize(numbers, to),
        None => {
            let names = ["min_ns", "avg_ns", "p50_ns", "p95_ns", "p99_ns", "p999_ns", "max_ns"];
            to.collect_map(names.map(|name| (name, ())))
        }
    }
}

impl LatencyNumbers {
    /// The numbers about `latencies`; nothing where there are none.
    #[must_use]
    pub fn of(mut latencies: Vec<u64>) -> Option<Self> {
        latencies.sort_unstable();
        let sum = latencies.iter().map(|latency| u128::from(*latency)).sum();
        let rank = |num| nearest_rank(&latencies, num, 1000).copied();
        Some(Self {
            min_ns: *latencies.first()?,
            max_ns: *latencies.last()?,
            avg_ns: Self::mean(sum, latencies.len() as u64),
            p50_ns: rank(500)?,
            p95_ns: rank(950)?,
            p99_ns: rank(990)?,
            p999_ns: rank(999)?,
        })
    }

    /// Checks the bounds of a histogram.
    ///
    /// # Errors
    /// Unless there are 1 to 1,000 that increase.
    pub fn check_bounds(bounds_ns: &[u64]) -> Result<(), InvalidInput> {
        if (1..=1_000).contains(&bounds_ns.len()) && bounds_ns.is_sorted_by(|a, b| a < b) {
            Ok(())
        } else {
            Err(InvalidInput::new("bounds", "must be 1 to 1000 that increase"))
        }
    }

    /// The mean of `count` latencies with this sum: one way for every store.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "the mean is a double")]
    pub fn mean(sum: u128, count: u64) -> f64 {
        sum as f64 / count as f64
    }
}
