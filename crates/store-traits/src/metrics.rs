//! The numbers about measurements.

use async_trait::async_trait;
#[cfg(doc)]
use tradekeep_models::LatencyNumbers;
use tradekeep_models::{
    BucketCursor, BucketQuery, LatencyFilter, LatencyStats, MetricBucket, MetricFilter,
    MevAnalysis, MevFilter, Page, SlippageFilter, SlippageStats, Summary, TimeRange, ValueStats,
};

use crate::Result;

/// A store that answers for measurements, besides listing them.
///
/// **Exact.** Counts, integers, decimals and percentiles (nearest rank) are exact; sums and means of
/// floats are right to 10^-12, relative to the sum of the magnitudes. Each number is defined in `docs/analytics.md` and by
/// the function of the model that computes it from records.
///
/// Read after write, whole batches and empty answers are as [`RecordSource`](crate::RecordSource) promises.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait MetricStore: Send + Sync {
    /// Numbers about the values that pass `filter`: [`ValueStats::of`] them; nothing of none.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>>;

    /// A page of the same numbers for each bucket of time. The operation that an error names is
    /// `metric_buckets`.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O for a limit out of range; else when the store cannot be read.
    async fn bucket_page(&self, query: &BucketQuery) -> Result<Page<MetricBucket, BucketCursor>>;

    /// Numbers about each (service, operation), in that order: [`LatencyNumbers::of`] those that
    /// succeeded, and how many failed.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>>;

    /// How many successful latencies are below the first bound, from each bound up to the next, and
    /// from the last one on: one count more than there are bounds.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O unless there are 1 to 1,000 bounds that increase; else when the
    /// store cannot be read.
    async fn latency_histogram(
        &self,
        filter: &LatencyFilter,
        bounds_ns: &[u64],
    ) -> Result<Vec<u64>>;

    /// Slippage of our trades that pass `filter`, each in its highest version and whatever its status. Where
    /// none of these has an actual slippage, that of the metric `slippage_bps` with the label `token`;
    /// nothing where that has no value either.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn slippage(&self, filter: &SlippageFilter) -> Result<Option<SlippageStats>>;

    /// What MEV did: [`MevAnalysis::of`] the events that pass `filter`.
    ///
    /// # Errors
    /// `Query` when the loss is too large for a decimal, or the store cannot be read.
    async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis>;

    /// Six numbers about a window of time. Trades of every status count.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn summary(&self, range: TimeRange) -> Result<Summary>;
}
