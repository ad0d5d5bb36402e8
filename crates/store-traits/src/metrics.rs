//! Measurements, to read, and the numbers about them.

use async_trait::async_trait;
use tradekeep_models::{
    BucketCursor, BucketQuery, Cursor, Latency, LatencyFilter, LatencyNumbers, LatencyQuery,
    LatencyStats, Metric, MetricBucket, MetricFilter, MetricQuery, MevAnalysis, MevEvent,
    MevFilter, MevQuery, Page, SlippageStats, Summary, Symbol, TimeRange, ValueStats,
};

use crate::{RecordSink, RecordSinkExt, Records, Result, Saved};

/// A store that answers for measurements.
///
/// **Exact.** Counts, integers, decimals and percentiles (nearest rank) are exact; sums and means of
/// floats are right to 10^-12, relative to the sum of the magnitudes. Each number is defined in `docs/analytics.md` and by
/// the function of the model that computes it from records.
///
/// Read after write, whole batches and empty answers are as [`TickStore`](crate::TickStore) promises.
#[async_trait]
pub trait MetricStore: RecordSink {
    /// A page of metrics, ordered by (ts, stream, seq), oldest first unless asked otherwise.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O for a limit out of range or a cursor of another query; else when
    /// the store cannot be read.
    async fn metrics(&self, query: &MetricQuery) -> Result<Page<Metric, Cursor>>;

    /// Numbers about the values that pass `filter`: [`ValueStats::of`] them; nothing of none.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>>;

    /// A page of the same numbers for each bucket of time.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O for a limit out of range; else when the store cannot be read.
    async fn metric_buckets(&self, query: &BucketQuery)
    -> Result<Page<MetricBucket, BucketCursor>>;

    /// A page of latencies, ordered by (ts, stream, seq), oldest first unless asked otherwise.
    ///
    /// # Errors
    /// As [`metrics`](Self::metrics).
    async fn latencies(&self, query: &LatencyQuery) -> Result<Page<Latency, Cursor>>;

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

    /// Slippage of our trades in `range`, each in its highest version and whatever its status, with
    /// `token` as base or quote where one is given. Where none of these has an actual slippage, that
    /// of the metric `slippage_bps` with the label `token`; nothing where that has no value either.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn slippage(
        &self,
        range: TimeRange,
        token: Option<&Symbol>,
    ) -> Result<Option<SlippageStats>>;

    /// A page of MEV events, ordered by (ts, stream, seq), oldest first unless asked otherwise.
    ///
    /// # Errors
    /// As [`metrics`](Self::metrics).
    async fn mev_events(&self, query: &MevQuery) -> Result<Page<MevEvent, Cursor>>;

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

/// Sugar on every [`MetricStore`].
#[async_trait]
pub trait MetricStoreExt: MetricStore {
    /// Saves metrics.
    ///
    /// # Errors
    /// As [`RecordSinkExt::save`].
    async fn save_metrics(&self, metrics: Vec<Metric>) -> Result<Saved> {
        self.save(Records::Metrics(metrics)).await
    }

    /// Saves latencies.
    ///
    /// # Errors
    /// As [`RecordSinkExt::save`].
    async fn save_latencies(&self, latencies: Vec<Latency>) -> Result<Saved> {
        self.save(Records::Latencies(latencies)).await
    }

    /// Saves MEV events.
    ///
    /// # Errors
    /// As [`RecordSinkExt::save`].
    async fn save_mev_events(&self, events: Vec<MevEvent>) -> Result<Saved> {
        self.save(Records::MevEvents(events)).await
    }

    /// Numbers about one operation of one service; nothing where it never succeeded.
    ///
    /// # Errors
    /// As [`MetricStore::latency_stats`].
    async fn latency_of(
        &self,
        service: tradekeep_models::Name,
        operation: tradekeep_models::Name,
        range: TimeRange,
    ) -> Result<Option<LatencyNumbers>> {
        let filter = LatencyFilter { service: Some(service), operation: Some(operation), range };
        Ok(self.latency_stats(&filter).await?.pop().and_then(|stats| stats.numbers))
    }
}

impl<T: MetricStore + ?Sized> MetricStoreExt for T {}
