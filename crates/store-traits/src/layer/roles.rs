//! Every role, each method through [`Layered::around`].

use async_trait::async_trait;
use tradekeep_models::{
    BucketCursor, BucketQuery, Candle, CandleCursor, CandleQuery, Day, LatencyFilter, LatencyStats,
    ListQuery, MetricBucket, MetricFilter, MevAnalysis, MevFilter, Page, PerformanceSummary,
    RecordPage, SlippageStats, StreamId, Summary, Symbol, TimeRange, Timestamp, TradeFilter,
    ValueStats,
};

use super::Kind::{Close, Health as Condition, Optimize, Read, Write};
use super::Layered;
use crate::{
    Ack, ApproxLatencies, Batch, CandleViews, Capabilities, Health, Maintenance, MetricStore,
    Partition, PartitionAdmin, Probe, RecordSink, RecordSource, Result, Stage, Table, TableStats,
    TickSeries, TickStore, Token, TradeStore, Trouble,
};

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: RecordSink + ?Sized> RecordSink for Layered<T> {
    fn capabilities(&self, table: Table) -> Capabilities {
        self.inner.capabilities(table)
    }

    async fn ping(&self) -> Result<()> {
        self.around(Read, "ping", || self.inner.ping()).await
    }

    fn prepare(&self, batch: &Batch) {
        self.inner.prepare(batch);
    }

    async fn write(&self, batch: &Batch) -> Result<Ack> {
        self.around(Write, "write", || self.inner.write(batch)).await
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        self.around(Read, "settle", || self.inner.settle(tokens)).await
    }

    async fn watermark(&self, stream: &StreamId, epoch: u64, table: Table) -> Result<Option<u64>> {
        self.around(Read, "watermark", || self.inner.watermark(stream, epoch, table)).await
    }

    async fn durable_watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> Result<Option<u64>> {
        let next = || self.inner.durable_watermark(stream, epoch, table);
        self.around(Read, "durable_watermark", next).await
    }

    async fn checkpoint(&self) -> Result<()> {
        self.around(Optimize, "checkpoint", || self.inner.checkpoint()).await
    }

    async fn close(&self) -> Result<()> {
        self.around(Close, "close", || self.inner.close()).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: RecordSource + ?Sized> RecordSource for Layered<T> {
    async fn page(&self, query: &ListQuery) -> Result<RecordPage> {
        self.around(Read, query.table.as_str(), || self.inner.page(query)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: TickStore + ?Sized> TickStore for Layered<T> {
    async fn candle_page(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        self.around(Read, "tick_candles", || self.inner.candle_page(query)).await
    }

    async fn series(&self) -> Result<Vec<TickSeries>> {
        self.around(Read, "series", || self.inner.series()).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: TradeStore + ?Sized> TradeStore for Layered<T> {
    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        self.around(Read, "performance", || self.inner.performance(filter)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: MetricStore + ?Sized> MetricStore for Layered<T> {
    async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>> {
        self.around(Read, "metric_stats", || self.inner.metric_stats(filter)).await
    }

    async fn bucket_page(&self, query: &BucketQuery) -> Result<Page<MetricBucket, BucketCursor>> {
        self.around(Read, "metric_buckets", || self.inner.bucket_page(query)).await
    }

    async fn latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>> {
        self.around(Read, "latency_stats", || self.inner.latency_stats(filter)).await
    }

    async fn latency_histogram(
        &self,
        filter: &LatencyFilter,
        bounds_ns: &[u64],
    ) -> Result<Vec<u64>> {
        let next = || self.inner.latency_histogram(filter, bounds_ns);
        self.around(Read, "latency_histogram", next).await
    }

    async fn slippage(
        &self,
        range: TimeRange,
        token: Option<Symbol>,
    ) -> Result<Option<SlippageStats>> {
        self.around(Read, "slippage", || self.inner.slippage(range, token.clone())).await
    }

    async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis> {
        self.around(Read, "mev_analysis", || self.inner.mev_analysis(filter)).await
    }

    async fn summary(&self, range: TimeRange) -> Result<Summary> {
        self.around(Read, "summary", || self.inner.summary(range)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: PartitionAdmin + ?Sized> PartitionAdmin for Layered<T> {
    async fn partitions(&self, table: Table) -> Result<Vec<Partition>> {
        self.around(Read, "partitions", || self.inner.partitions(table)).await
    }

    async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64> {
        self.around(Write, "drop_partitions", || self.inner.drop_partitions(table, days)).await
    }

    async fn floor(&self, table: Table) -> Result<Option<Timestamp>> {
        self.around(Read, "floor", || self.inner.floor(table)).await
    }

    async fn set_floor(&self, table: Table, floor: Option<Timestamp>) -> Result<()> {
        self.around(Write, "set_floor", || self.inner.set_floor(table, floor)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Maintenance + ?Sized> Maintenance for Layered<T> {
    async fn table_stats(&self) -> Result<Vec<TableStats>> {
        self.around(Read, "table_stats", || self.inner.table_stats()).await
    }

    async fn optimize(&self) -> Result<()> {
        self.around(Optimize, "optimize", || self.inner.optimize()).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: Probe + ?Sized> Probe for Layered<T> {
    async fn health(&self) -> Health {
        let next = || async { Ok(self.inner.health().await) };
        self.around(Condition, "health", next).await.unwrap_or_else(|error| Health {
            store: self.store,
            version: None,
            readable: false,
            writable: false,
            troubles: vec![Trouble::new(
                error.to_string(),
                "see whether the store is overloaded or cannot be reached",
            )],
        })
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: CandleViews + ?Sized> CandleViews for Layered<T> {
    async fn view_candles(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        self.around(Read, "view_candles", || self.inner.view_candles(query)).await
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl<T: ApproxLatencies + ?Sized> ApproxLatencies for Layered<T> {
    async fn approx_latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>> {
        let next = || self.inner.approx_latency_stats(filter);
        self.around(Read, "approx_latency_stats", next).await
    }
}
