//! A mockall mock of each role: a store that answers what a test tells it to.
//!
//! A mock answers at once. What takes its time is a mock in `Layered` with `Chaos::with_delays`, or a
//! `MemoryStore::with_delay`.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! use tradekeep_models::{ListQuery, Symbol, Table, TradeFilter};
//! use tradekeep_store_traits::mock::MockRecordSource;
//! use tradekeep_store_traits::{ErrorKind, RecordList, StoreError};
//!
//! let mut store = MockRecordSource::new();
//! store
//!     .expect_page()
//!     .withf(|query: &ListQuery| query.table == Table::Trades && query.limit == 10)
//!     .times(1)
//!     .returning(|_| Err(StoreError::new(ErrorKind::Query, "mock", "trades", "told to fail")));
//!
//! let sol = TradeFilter { token: Some(Symbol::new("SOL")?), ..TradeFilter::default() };
//! let error = RecordList::of(&store, &sol).limit(10).page().await.unwrap_err();
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
    BucketCursor, BucketQuery, Candle, CandleCursor, CandleQuery, Day, LatencyFilter, LatencyStats,
    ListQuery, MetricBucket, MetricFilter, MevAnalysis, MevFilter, Page, PerformanceSummary,
    RecordPage, SlippageStats, StreamId, Summary, Symbol, TimeRange, Timestamp, TradeFilter,
    ValueStats,
};

use crate::{
    Ack, Batch, Capabilities, Health, Maintenance, MetricStore, Partition, PartitionAdmin, Probe,
    RecordSink, RecordSource, Result, Stage, Table, TableStats, TickSeries, TickStore, Token,
    TradeStore,
};

mock! {
    #[derive(Debug)]
    pub RecordSink {}

    #[async_trait]
    impl RecordSink for RecordSink {
        fn capabilities(&self, table: Table) -> Capabilities;
        async fn ping(&self) -> Result<()>;
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
    pub RecordSource {}

    #[async_trait]
    impl RecordSource for RecordSource {
        async fn page(&self, query: &ListQuery) -> Result<RecordPage>;
    }
}

mock! {
    #[derive(Debug)]
    pub TickStore {}

    #[async_trait]
    impl TickStore for TickStore {
        async fn candle_page(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>>;
        async fn series(&self) -> Result<Vec<TickSeries>>;
    }
}

mock! {
    #[derive(Debug)]
    pub TradeStore {}

    #[async_trait]
    impl TradeStore for TradeStore {
        async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary>;
    }
}

mock! {
    #[derive(Debug)]
    pub MetricStore {}

    #[async_trait]
    impl MetricStore for MetricStore {
        async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>>;
        async fn bucket_page(
            &self,
            query: &BucketQuery,
        ) -> Result<Page<MetricBucket, BucketCursor>>;
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
        async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis>;
        async fn summary(&self, range: TimeRange) -> Result<Summary>;
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
