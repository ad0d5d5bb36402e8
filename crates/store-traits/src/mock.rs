//! A mockall mock of each role: a store that answers what a test tells it to.
//!
//! A mock answers at once. What takes its time is a mock in `Layered` with `Chaos::with_delays`, or a
//! `MemoryStore::with_delay`.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! use tradekeep_models::{Symbol, TradeQuery};
//! use tradekeep_store_traits::mock::MockTradeStore;
//! use tradekeep_store_traits::{ErrorKind, StoreError, TradeStoreExt};
//!
//! let mut store = MockTradeStore::new();
//! store
//!     .expect_trades()
//!     .withf(|query: &TradeQuery| query.limit == 10)
//!     .times(1)
//!     .returning(|_| Err(StoreError::new(ErrorKind::Query, "mock", "trades", "told to fail")));
//!
//! let error = store.trades_by_token(Symbol::new("SOL")?, 10).await.unwrap_err();
//! assert_eq!(error.kind, ErrorKind::Query);
//! # Ok::<(), Box<dyn std::error::Error>>(()) })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![allow(
    missing_docs,
    reason = "mockall writes these methods; each mocks the method it is named for"
)]

use std::pin::Pin;

use async_trait::async_trait;
use mockall::mock;
use tradekeep_models::{
    BucketCursor, BucketQuery, Candle, CandleCursor, CandleQuery, Cursor, Day, Fill, FillQuery,
    Latency, LatencyFilter, LatencyQuery, LatencyStats, Metric, MetricBucket, MetricFilter,
    MetricQuery, MevAnalysis, MevEvent, MevFilter, MevQuery, NodeHealth, NodeHealthQuery, Order,
    OrderQuery, Page, PerformanceSummary, Position, PositionQuery, SlippageStats, StreamId,
    Summary, Symbol, SystemEvent, SystemEventQuery, Tick, TickCursor, TickQuery, TimeRange,
    Timestamp, Trade, TradeFilter, TradeQuery, ValueStats,
};

use crate::{
    Ack, Batch, EventStore, ExecutionStore, Health, Maintenance, MetricStore, Partition,
    PartitionAdmin, Probe, RecordSink, Result, Stage, Table, TableStats, TickSeries, TickStore,
    Token, TradeStore,
};

mock! {
    #[derive(Debug)]
    pub RecordSink {}

    #[async_trait]
    impl RecordSink for RecordSink {
        async fn write(&self, batch: &Batch) -> Result<Ack>;
        async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>>;
        async fn watermark(
            &self,
            stream: &StreamId,
            epoch: u64,
            table: Table,
        ) -> Result<Option<u64>>;
        async fn durable_watermark(
            &self,
            stream: &StreamId,
            epoch: u64,
            table: Table,
        ) -> Result<Option<u64>>;
        async fn checkpoint(&self) -> Result<()>;
        async fn close(&self) -> Result<()>;
    }
}

mock! {
    #[derive(Debug)]
    pub TickStore {}

    #[async_trait]
    impl TickStore for TickStore {
        async fn ticks(&self, query: &TickQuery) -> Result<Page<Tick, TickCursor>>;
        async fn candles(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>>;
        async fn series(&self) -> Result<Vec<TickSeries>>;
    }
}

mock! {
    #[derive(Debug)]
    pub TradeStore {}

    #[async_trait]
    impl RecordSink for TradeStore {
        async fn write(&self, batch: &Batch) -> Result<Ack>;
        async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>>;
        async fn watermark(
            &self,
            stream: &StreamId,
            epoch: u64,
            table: Table,
        ) -> Result<Option<u64>>;
        async fn durable_watermark(
            &self,
            stream: &StreamId,
            epoch: u64,
            table: Table,
        ) -> Result<Option<u64>>;
        async fn checkpoint(&self) -> Result<()>;
        async fn close(&self) -> Result<()>;
    }

    #[async_trait]
    impl TradeStore for TradeStore {
        async fn trades(&self, query: &TradeQuery) -> Result<Page<Trade, Cursor>>;
        async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary>;
    }

    #[async_trait]
    impl PartitionAdmin for TradeStore {
        async fn partitions(&self, table: Table) -> Result<Vec<Partition>>;
        async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64>;
        async fn floor(&self, table: Table) -> Result<Option<Timestamp>>;
        async fn set_floor(&self, table: Table, floor: Option<Timestamp>) -> Result<()>;
    }
}

mock! {
    #[derive(Debug)]
    pub ExecutionStore {}

    #[async_trait]
    impl RecordSink for ExecutionStore {
        async fn write(&self, batch: &Batch) -> Result<Ack>;
        async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>>;
        async fn watermark(
            &self,
            stream: &StreamId,
            epoch: u64,
            table: Table,
        ) -> Result<Option<u64>>;
        async fn durable_watermark(
            &self,
            stream: &StreamId,
            epoch: u64,
            table: Table,
        ) -> Result<Option<u64>>;
        async fn checkpoint(&self) -> Result<()>;
        async fn close(&self) -> Result<()>;
    }

    #[async_trait]
    impl ExecutionStore for ExecutionStore {
        async fn orders(&self, query: &OrderQuery) -> Result<Page<Order, Cursor>>;
        async fn fills(&self, query: &FillQuery) -> Result<Page<Fill, Cursor>>;
        async fn positions(&self, query: &PositionQuery) -> Result<Page<Position, Cursor>>;
    }
}

mock! {
    #[derive(Debug)]
    pub MetricStore {}

    #[async_trait]
    impl RecordSink for MetricStore {
        async fn write(&self, batch: &Batch) -> Result<Ack>;
        async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>>;
        async fn watermark(
            &self,
            stream: &StreamId,
            epoch: u64,
            table: Table,
        ) -> Result<Option<u64>>;
        async fn durable_watermark(
            &self,
            stream: &StreamId,
            epoch: u64,
            table: Table,
        ) -> Result<Option<u64>>;
        async fn checkpoint(&self) -> Result<()>;
        async fn close(&self) -> Result<()>;
    }

    #[async_trait]
    impl MetricStore for MetricStore {
        async fn metrics(&self, query: &MetricQuery) -> Result<Page<Metric, Cursor>>;
        async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>>;
        async fn metric_buckets(
            &self,
            query: &BucketQuery,
        ) -> Result<Page<MetricBucket, BucketCursor>>;
        async fn latencies(&self, query: &LatencyQuery) -> Result<Page<Latency, Cursor>>;
        async fn latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>>;
        async fn latency_histogram(
            &self,
            filter: &LatencyFilter,
            bounds_ns: &[u64],
        ) -> Result<Vec<u64>>;
        // As async_trait writes it: mockall cannot tell the lifetime inside the option by itself.
        fn slippage<'life0, 'life1, 'async_trait>(
            &'life0 self,
            range: TimeRange,
            token: Option<&'life1 Symbol>,
        ) -> Pin<Box<dyn Future<Output = Result<Option<SlippageStats>>> + Send + 'async_trait>>
        where
            'life0: 'async_trait,
            'life1: 'async_trait,
            Self: 'async_trait;
        async fn mev_events(&self, query: &MevQuery) -> Result<Page<MevEvent, Cursor>>;
        async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis>;
        async fn summary(&self, range: TimeRange) -> Result<Summary>;
    }
}

mock! {
    #[derive(Debug)]
    pub EventStore {}

    #[async_trait]
    impl RecordSink for EventStore {
        async fn write(&self, batch: &Batch) -> Result<Ack>;
        async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>>;
        async fn watermark(
            &self,
            stream: &StreamId,
            epoch: u64,
            table: Table,
        ) -> Result<Option<u64>>;
        async fn durable_watermark(
            &self,
            stream: &StreamId,
            epoch: u64,
            table: Table,
        ) -> Result<Option<u64>>;
        async fn checkpoint(&self) -> Result<()>;
        async fn close(&self) -> Result<()>;
    }

    #[async_trait]
    impl EventStore for EventStore {
        async fn system_events(
            &self,
            query: &SystemEventQuery,
        ) -> Result<Page<SystemEvent, Cursor>>;
        async fn node_health(&self, query: &NodeHealthQuery) -> Result<Page<NodeHealth, Cursor>>;
    }
}

mock! {
    #[derive(Debug)]
    pub PartitionAdmin {}

    #[async_trait]
    impl PartitionAdmin for PartitionAdmin {
        async fn partitions(&self, table: Table) -> Result<Vec<Partition>>;
        async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64>;
        async fn floor(&self, table: Table) -> Result<Option<Timestamp>>;
        async fn set_floor(&self, table: Table, floor: Option<Timestamp>) -> Result<()>;
    }
}

mock! {
    #[derive(Debug)]
    pub Maintenance {}

    #[async_trait]
    impl Maintenance for Maintenance {
        async fn table_stats(&self) -> Result<Vec<TableStats>>;
        async fn optimize(&self) -> Result<()>;
    }
}

mock! {
    #[derive(Debug)]
    pub Probe {}

    #[async_trait]
    impl Probe for Probe {
        async fn health(&self) -> Health;
    }
}
