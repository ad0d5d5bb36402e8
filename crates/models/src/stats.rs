//! Every number that an analysis answers, and how it is computed (`docs/analytics.md`).
//!
//! What is made of integers and decimals is exact. Sums and averages of floats differ by the order
//! they are added in: they are right to 10^-12, relative to the sum of the magnitudes.

mod latency;
mod mev;
mod performance;
mod slippage;
mod value;

pub use latency::{LatencyNumbers, LatencyStats};
pub use mev::MevAnalysis;
pub use performance::{PairPerformance, PerformanceSummary};
pub use slippage::{SlippageFilter, SlippageSource, SlippageStats};
pub use value::{BucketCursor, BucketQuery, MetricBucket, ValueStats};

/// The nearest-rank percentile `num` / `den` of values in order: the one at place `ceil(n * num /
/// den)`, counted from 1; the first for 0. Nothing of nothing.
///
/// ```
/// use tradekeep_models::nearest_rank;
///
/// let sorted: Vec<u64> = (1..=1000).collect();
/// assert_eq!(nearest_rank(&sorted, 50, 100), Some(&500));
/// assert_eq!(nearest_rank(&sorted, 999, 1000), Some(&999));
/// ```
#[must_use]
pub fn nearest_rank<T>(sorted: &[T], num: usize, den: usize) -> Option<&T> {
    let rank = sorted.len().saturating_mul(num).div_ceil(den.max(1));
    sorted.get(rank.max(1) - 1)
}

/// Six numbers about a window of time.
#[derive(Debug, Clone, Copy, Default, PartialEq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct Summary {
    /// Our own trades, each in its highest version.
    pub total_trades: u64,
    /// Mean of the latencies of operations that succeeded, in nanoseconds.
    pub avg_latency_ns: Option<f64>,
    /// Their 99th percentile, nearest rank, in nanoseconds.
    pub p99_latency_ns: Option<u64>,
    /// Mean slippage in basis points, as [`SlippageStats`] has it.
    pub avg_slippage_bps: Option<f64>,
    /// MEV events avoided.
    pub mev_avoided: u64,
    /// MEV events suffered.
    pub mev_suffered: u64,
}
