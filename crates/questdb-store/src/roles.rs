//! The roles of the store, each handed to the file that does it. What goes wrong is told here which operation it
//! was.

use async_trait::async_trait;
use tradekeep_models::{
    BucketCursor, BucketQuery, Candle, CandleCursor, CandleQuery, Day, LatencyFilter, LatencyStats,
    ListQuery, MetricBucket, MetricFilter, MevAnalysis, MevFilter, Page, PerformanceSummary,
    RecordPage, SlippageFilter, SlippageStats, StreamId, Summary, Table, TimeRange, Timestamp,
    TradeFilter, ValueStats,
};
use tradekeep_store_traits::{
    Ack, ApproxLatencies, At, Batch, CandleViews, Capabilities, Health, Maintenance, MetricStore,
    Partition, PartitionAdmin, Position, Probe, RecordSink, RecordSource, Result, Run, Stage,
    TableStats, TickSeries, TickStore, Token, TradeStore,
};

use crate::read::{self, stats};
use crate::{QuestDbStore, STORE, health, maintenance, partitions, position, views, write};

#[async_trait]
impl Probe for QuestDbStore {
    async fn health(&self) -> Health {
        health::health(&self.pool, &self.config).await
    }
}

#[async_trait]
impl RecordSource for QuestDbStore {
    async fn page(&self, query: &ListQuery) -> Result<RecordPage> {
        read::page(self, query).await.at(STORE, query.table.as_str())
    }
}

#[async_trait]
impl TickStore for QuestDbStore {
    async fn candle_page(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        read::candles(self, query).await.at(STORE, "tick_candles")
    }

    async fn series(&self) -> Result<Vec<TickSeries>> {
        read::series(self).await.at(STORE, "series")
    }
}

#[async_trait]
impl TradeStore for QuestDbStore {
    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        stats::performance(self, filter).await.at(STORE, "performance")
    }
}

#[async_trait]
impl MetricStore for QuestDbStore {
    async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>> {
        stats::metrics(self, filter).await.at(STORE, "metric_stats")
    }

    async fn bucket_page(&self, query: &BucketQuery) -> Result<Page<MetricBucket, BucketCursor>> {
        stats::buckets(self, query).await.at(STORE, "metric_buckets")
    }

    async fn latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>> {
        stats::latencies(self, filter).await.at(STORE, "latency_stats")
    }

    async fn latency_histogram(
        &self,
        filter: &LatencyFilter,
        bounds_ns: &[u64],
    ) -> Result<Vec<u64>> {
        stats::histogram(self, filter, bounds_ns).await.at(STORE, "latency_histogram")
    }

    async fn slippage(&self, filter: &SlippageFilter) -> Result<Option<SlippageStats>> {
        stats::slippage(self, filter).await.at(STORE, "slippage")
    }

    async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis> {
        stats::mev(self, filter).await.at(STORE, "mev_analysis")
    }

    async fn summary(&self, range: TimeRange) -> Result<Summary> {
        stats::summary(self, range).await.at(STORE, "summary")
    }
}

#[async_trait]
impl RecordSink for QuestDbStore {
    fn capabilities(&self, table: Table) -> Capabilities {
        // No transaction is over two tables.
        let all = Capabilities::all().without_watermarks().without_log();
        // A row with the keys of another replaces it, where it is not looked for first.
        if self.writer.lane(table).shape.is_judged { all } else { all.without_keeps_first() }
    }

    async fn ping(&self) -> Result<()> {
        write::ping(self).await.at(STORE, "ping")
    }

    fn prepare(&self, batch: &Batch) {
        write::prepare(self, batch);
    }

    async fn write(&self, batch: &Batch) -> Result<Ack> {
        write::batch(self, batch).await.at(STORE, "write")
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        self.settled(tokens).await.at(STORE, "settle")
    }

    async fn position(&self, table: Table, run: &Run) -> Result<Position> {
        position::of(self, table, run).await.at(STORE, "position")
    }

    async fn watermark(&self, _: &StreamId, _: u64, _: Table) -> Result<Option<u64>> {
        write::no_watermark(self).at(STORE, "watermark")
    }

    async fn durable_watermark(&self, _: &StreamId, _: u64, _: Table) -> Result<Option<u64>> {
        write::no_watermark(self).at(STORE, "durable_watermark")
    }

    async fn checkpoint(&self) -> Result<()> {
        self.writer.check_open().at(STORE, "checkpoint")
    }

    async fn close(&self) -> Result<()> {
        self.writer.close().await;
        self.pool.close();
        Ok(())
    }
}

#[async_trait]
impl PartitionAdmin for QuestDbStore {
    async fn partitions(&self, table: Table) -> Result<Vec<Partition>> {
        partitions::of(self, table).await.at(STORE, "partitions")
    }

    async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64> {
        partitions::drop_days(self, table, days).await.at(STORE, "drop_partitions")
    }

    async fn floor(&self, table: Table) -> Result<Option<Timestamp>> {
        let floors = self.floors().await.at(STORE, "floor");
        floors.map(|mut floors| floors.remove(&table))
    }

    async fn set_floor(&self, table: Table, floor: Option<Timestamp>) -> Result<()> {
        self.change_floor(table, floor).await.at(STORE, "set_floor")
    }
}

#[async_trait]
impl Maintenance for QuestDbStore {
    async fn table_stats(&self) -> Result<Vec<TableStats>> {
        maintenance::table_stats(self).await.at(STORE, "table_stats")
    }

    async fn optimize(&self) -> Result<()> {
        maintenance::optimize(self).await.at(STORE, "optimize")
    }
}

#[async_trait]
impl CandleViews for QuestDbStore {
    async fn view_candles(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        views::candles(self, query).await.at(STORE, "view_candles")
    }
}

#[async_trait]
impl ApproxLatencies for QuestDbStore {
    async fn approx_latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>> {
        stats::approx_latencies(self, filter).await.at(STORE, "approx_latency_stats")
    }
}
