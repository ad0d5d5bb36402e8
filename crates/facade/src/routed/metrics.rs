//! Measurements in one store, our own trades in the same or another.

use async_trait::async_trait;
use tradekeep_models::{
    BucketCursor, BucketQuery, LatencyFilter, LatencyStats, MetricBucket, MetricFilter,
    MevAnalysis, MevFilter, Page, SlippageFilter, SlippageSource, SlippageStats, Summary,
    TimeRange, ValueStats,
};
use tradekeep_store_traits::{MetricStore, Result};

use super::Routed;
use crate::Role;

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl MetricStore for Routed {
    async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>> {
        self.of(Role::Metrics).metrics()?.metric_stats(filter).await
    }

    async fn bucket_page(&self, query: &BucketQuery) -> Result<Page<MetricBucket, BucketCursor>> {
        self.of(Role::Metrics).metrics()?.bucket_page(query).await
    }

    async fn latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>> {
        self.of(Role::Metrics).metrics()?.latency_stats(filter).await
    }

    async fn latency_histogram(
        &self,
        filter: &LatencyFilter,
        bounds_ns: &[u64],
    ) -> Result<Vec<u64>> {
        self.of(Role::Metrics).metrics()?.latency_histogram(filter, bounds_ns).await
    }

    async fn slippage(&self, filter: &SlippageFilter) -> Result<Option<SlippageStats>> {
        // Trades go first, wherever they are; a metric counts from the store of metrics alone.
        if !self.share(Role::Metrics, Role::Trades) {
            let of_trades = self.of(Role::Trades).metrics()?.slippage(filter).await?;
            let found = of_trades.filter(|found| found.source == SlippageSource::Trades);
            if found.is_some() {
                return Ok(found);
            }
        }
        self.of(Role::Metrics).metrics()?.slippage(filter).await
    }

    async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis> {
        self.of(Role::Metrics).metrics()?.mev_analysis(filter).await
    }

    async fn summary(&self, range: TimeRange) -> Result<Summary> {
        if self.share(Role::Metrics, Role::Trades) {
            return self.of(Role::Metrics).metrics()?.summary(range).await;
        }
        let slippage = self.slippage(&SlippageFilter { range, token: None }).await?;
        let mut summary = self.of(Role::Metrics).metrics()?.summary(range).await?;
        let of_trades = self.of(Role::Trades).metrics()?.summary(range).await?;
        summary.total_trades = of_trades.total_trades;
        summary.avg_slippage_bps = slippage.map(|found| found.numbers.avg);
        Ok(summary)
    }
}
