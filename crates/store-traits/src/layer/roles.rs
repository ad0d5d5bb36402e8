//! Every role, each method through [`Layered::around`].

use async_trait::async_trait;
use tradekeep_models::{
    BucketCursor, BucketQuery, Candle, CandleCursor, CandleQuery, Day, LatencyFilter, LatencyStats,
    ListQuery, MetricBucket, MetricFilter, MevAnalysis, MevFilter, Page, PerformanceSummary,
    RecordPage, SlippageFilter, SlippageStats, StreamId, Summary, TimeRange, Timestamp,
    TradeFilter, ValueStats,
};

use super::Kind::{Close, Health as Condition, Optimize, Read, Write};
use super::Layered;
use crate::{
    Ack, ApproxLatencies, Batch, CandleViews, Capabilities, Health, Maintenance, MetricStore,
    Partition, PartitionAdmin, Position, Probe, RecordSink, RecordSource, Result, Run, Stage,
    Table, TableStats, TickSeries, TickStore, Token, TradeStore, Trouble,
};

/// Roles of which every method goes through the layers: what kind of call each is, and the name that errors and
/// metrics have for it.
macro_rules! layered {
    ($($role:ident { $($kind:ident $op:expr => $method:ident($($arg:ident: $of:ty),*) -> $answer:ty;)+ })+) => {$(
        #[async_trait]
        #[deny(clippy::missing_trait_methods)]
        impl<T: $role + ?Sized> $role for Layered<T> {
            $(
                async fn $method(&self, $($arg: $of),*) -> Result<$answer> {
                    self.around($kind, $op, || self.inner.$method($($arg),*)).await
                }
            )+
        }
    )+};
}

layered! {
    RecordSource {
        Read query.table.as_str() => page(query: &ListQuery) -> RecordPage;
    }

    TickStore {
        Read "tick_candles" => candle_page(query: &CandleQuery) -> Page<Candle, CandleCursor>;
        Read "series" => series() -> Vec<TickSeries>;
    }

    TradeStore {
        Read "performance" => performance(filter: &TradeFilter) -> PerformanceSummary;
    }

    MetricStore {
        Read "metric_stats" => metric_stats(filter: &MetricFilter) -> Option<ValueStats>;
        Read "metric_buckets" => bucket_page(query: &BucketQuery) -> Page<MetricBucket, BucketCursor>;
        Read "latency_stats" => latency_stats(filter: &LatencyFilter) -> Vec<LatencyStats>;
        Read "latency_histogram" => latency_histogram(filter: &LatencyFilter, bounds_ns: &[u64]) -> Vec<u64>;
        Read "slippage" => slippage(filter: &SlippageFilter) -> Option<SlippageStats>;
        Read "mev_analysis" => mev_analysis(filter: &MevFilter) -> MevAnalysis;
        Read "summary" => summary(range: TimeRange) -> Summary;
    }

    PartitionAdmin {
        Read "partitions" => partitions(table: Table) -> Vec<Partition>;
        Write "drop_partitions" => drop_partitions(table: Table, days: &[Day]) -> u64;
        Read "floor" => floor(table: Table) -> Option<Timestamp>;
        Write "set_floor" => set_floor(table: Table, floor: Option<Timestamp>) -> ();
    }

    Maintenance {
        Read "table_stats" => table_stats() -> Vec<TableStats>;
        Optimize "optimize" => optimize() -> ();
    }

    CandleViews {
        Read "view_candles" => view_candles(query: &CandleQuery) -> Page<Candle, CandleCursor>;
    }

    ApproxLatencies {
        Read "approx_latency_stats" => approx_latency_stats(filter: &LatencyFilter) -> Vec<LatencyStats>;
    }
}

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

    async fn position(&self, table: Table, run: &Run) -> Result<Position> {
        self.around(Read, "position", || self.inner.position(table, run)).await
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
