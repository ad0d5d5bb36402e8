//! Measurements in one store, our own trades in another.

use std::sync::Arc;

use async_trait::async_trait;
use tradekeep_models::{
    BucketCursor, BucketQuery, Cursor, Latency, LatencyFilter, LatencyQuery, LatencyStats, Metric,
    MetricBucket, MetricFilter, MetricQuery, MevAnalysis, MevEvent, MevFilter, MevQuery, Page,
    SlippageSource, SlippageStats, StreamId, Summary, Symbol, Table, TimeRange, ValueStats,
};
use tradekeep_store_traits::{
    Ack, Batch, MetricStore, RecordSink, Result, SeriesStore, Stage, Token,
};

/// Answers as one store that had both.
pub(crate) struct SplitMetrics {
    pub(crate) metrics: Arc<dyn SeriesStore>,
    pub(crate) trades: Arc<dyn SeriesStore>,
}

#[async_trait]
impl RecordSink for SplitMetrics {
    async fn write(&self, batch: &Batch) -> Result<Ack> {
        self.metrics.write(batch).await
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        self.metrics.settle(tokens).await
    }

    async fn watermark(&self, stream: &StreamId, epoch: u64, table: Table) -> Result<Option<u64>> {
        self.metrics.watermark(stream, epoch, table).await
    }

    async fn close(&self) -> Result<()> {
        self.metrics.close().await
    }
}

#[async_trait]
impl MetricStore for SplitMetrics {
    async fn metrics(&self, query: &MetricQuery) -> Result<Page<Metric, Cursor>> {
        self.metrics.metrics(query).await
    }

    async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>> {
        self.metrics.metric_stats(filter).await
    }

    async fn metric_buckets(
        &self,
        query: &BucketQuery,
    ) -> Result<Page<MetricBucket, BucketCursor>> {
        self.metrics.metric_buckets(query).await
    }

    async fn latencies(&self, query: &LatencyQuery) -> Result<Page<Latency, Cursor>> {
        self.metrics.latencies(query).await
    }

    async fn latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>> {
        self.metrics.latency_stats(filter).await
    }

    async fn latency_histogram(
        &self,
        filter: &LatencyFilter,
        bounds_ns: &[u64],
    ) -> Result<Vec<u64>> {
        self.metrics.latency_histogram(filter, bounds_ns).await
    }

    async fn slippage(
        &self,
        range: TimeRange,
        token: Option<&Symbol>,
    ) -> Result<Option<SlippageStats>> {
        // Trades go first, wherever they are; a metric counts from the store of metrics alone.
        let of_trades = self.trades.slippage(range, token).await?;
        match of_trades.filter(|found| found.source == SlippageSource::Trades) {
            None => self.metrics.slippage(range, token).await,
            found => Ok(found),
        }
    }

    async fn mev_events(&self, query: &MevQuery) -> Result<Page<MevEvent, Cursor>> {
        self.metrics.mev_events(query).await
    }

    async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis> {
        self.metrics.mev_analysis(filter).await
    }

    async fn summary(&self, range: TimeRange) -> Result<Summary> {
        let slippage = self.slippage(range, None).await?;
        Ok(Summary {
            total_trades: self.trades.summary(range).await?.total_trades,
            avg_slippage_bps: slippage.map(|found| found.numbers.avg),
            ..self.metrics.summary(range).await?
        })
    }
}
