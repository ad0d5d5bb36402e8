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

use async_trait::async_trait;
use mockall::mock;
use tradekeep_models::StreamId;

pub use crate::maintenance::MockMaintenance;
pub use crate::metrics::MockMetricStore;
pub use crate::partition::MockPartitionAdmin;
pub use crate::probe::MockProbe;
pub use crate::source::MockRecordSource;
pub use crate::ticks::MockTickStore;
pub use crate::trades::MockTradeStore;
use crate::{Ack, Batch, Capabilities, Position, RecordSink, Result, Run, Stage, Table, Token};

// By hand, so that `prepare` does nothing where a test expects nothing of it.
mock! {
    #[derive(Debug)]
    pub RecordSink {}

    #[async_trait]
    impl RecordSink for RecordSink {
        fn capabilities(&self, table: Table) -> Capabilities;
        async fn ping(&self) -> Result<()>;
        async fn write(&self, batch: &Batch) -> Result<Ack>;
        async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>>;
        async fn position(&self, table: Table, run: &Run) -> Result<Position>;
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
