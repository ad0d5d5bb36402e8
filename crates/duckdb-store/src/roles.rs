//! The roles of records and measurements, each handed to the file that does it.

use async_trait::async_trait;
use duckdb::Connection;
use tradekeep_models::{
    BucketCursor, BucketQuery, Cursor, Fill, FillQuery, InvalidInput, Latency, LatencyFilter,
    LatencyQuery, LatencyStats, ListQuery, Metric, MetricBucket, MetricFilter, MetricQuery,
    MevAnalysis, MevEvent, MevFilter, MevQuery, NodeHealth, NodeHealthQuery, Order, OrderQuery,
    Page, PerformanceSummary, Position, PositionQuery, RecordFilter, SlippageStats, Summary,
    Symbol, SystemEvent, SystemEventQuery, TimeRange, Trade, TradeFilter, TradeQuery, ValueStats,
};
use tradekeep_store_traits::{
    EventStore, ExecutionStore, Maintenance, MetricStore, Result, TableStats, TradeStore,
};

use crate::read::{self, stats};
use crate::store::invalid;
use crate::{DuckDbStore, admin};

impl DuckDbStore {
    async fn list<F: RecordFilter>(
        &self,
        op: &'static str,
        query: &ListQuery<F>,
    ) -> Result<Page<F::Record, Cursor>> {
        query.validate().map_err(invalid(op))?;
        let query = query.clone();
        self.read(op, move |connection| read::list(op, connection, &query)).await
    }

    /// Answers from a copy of what is asked.
    async fn ask<Q, T>(
        &self,
        op: &'static str,
        asked: &Q,
        read: fn(&Connection, &Q) -> Result<T>,
    ) -> Result<T>
    where
        Q: Clone + Send + 'static,
        T: Send + 'static,
    {
        let asked = asked.clone();
        self.read(op, move |connection| read(connection, &asked)).await
    }
}

#[async_trait]
impl TradeStore for DuckDbStore {
    async fn trades(&self, query: &TradeQuery) -> Result<Page<Trade, Cursor>> {
        self.list("trades", query).await
    }

    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        self.ask("performance", filter, stats::performance).await
    }
}

#[async_trait]
impl ExecutionStore for DuckDbStore {
    async fn orders(&self, query: &OrderQuery) -> Result<Page<Order, Cursor>> {
        self.list("orders", query).await
    }

    async fn fills(&self, query: &FillQuery) -> Result<Page<Fill, Cursor>> {
        self.list("fills", query).await
    }

    async fn positions(&self, query: &PositionQuery) -> Result<Page<Position, Cursor>> {
        self.list("positions", query).await
    }
}

#[async_trait]
impl MetricStore for DuckDbStore {
    async fn metrics(&self, query: &MetricQuery) -> Result<Page<Metric, Cursor>> {
        self.list("metrics", query).await
    }

    async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>> {
        self.ask("metric_stats", filter, stats::metrics).await
    }

    async fn metric_buckets(
        &self,
        query: &BucketQuery,
    ) -> Result<Page<MetricBucket, BucketCursor>> {
        query.validate().map_err(invalid("metric_buckets"))?;
        self.ask("metric_buckets", query, stats::buckets).await
    }

    async fn latencies(&self, query: &LatencyQuery) -> Result<Page<Latency, Cursor>> {
        self.list("latencies", query).await
    }

    async fn latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>> {
        self.ask("latency_stats", filter, stats::latencies).await
    }

    async fn latency_histogram(
        &self,
        filter: &LatencyFilter,
        bounds_ns: &[u64],
    ) -> Result<Vec<u64>> {
        const OP: &str = "latency_histogram";
        if !(1..=1_000).contains(&bounds_ns.len()) || !bounds_ns.is_sorted_by(|a, b| a < b) {
            let error = InvalidInput::new("bounds", "must be 1 to 1000 that increase");
            return Err(invalid(OP)(error));
        }
        let (filter, bounds) = (filter.clone(), bounds_ns.to_vec());
        self.read(OP, move |connection| stats::histogram(connection, &filter, &bounds)).await
    }

    async fn slippage(
        &self,
        range: TimeRange,
        token: Option<&Symbol>,
    ) -> Result<Option<SlippageStats>> {
        let token = token.cloned();
        let read =
            move |connection: &Connection| stats::slippage(connection, range, token.as_ref());
        self.read("slippage", read).await
    }

    async fn mev_events(&self, query: &MevQuery) -> Result<Page<MevEvent, Cursor>> {
        self.list("mev_events", query).await
    }

    async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis> {
        self.ask("mev_analysis", filter, stats::mev).await
    }

    async fn summary(&self, range: TimeRange) -> Result<Summary> {
        self.read("summary", move |connection| stats::summary(connection, range)).await
    }
}

#[async_trait]
impl EventStore for DuckDbStore {
    async fn system_events(&self, query: &SystemEventQuery) -> Result<Page<SystemEvent, Cursor>> {
        self.list("system_events", query).await
    }

    async fn node_health(&self, query: &NodeHealthQuery) -> Result<Page<NodeHealth, Cursor>> {
        self.list("node_health", query).await
    }
}

#[async_trait]
impl Maintenance for DuckDbStore {
    async fn table_stats(&self) -> Result<Vec<TableStats>> {
        let file = self.file();
        let read = move |connection: &Connection| admin::table_stats(connection, file.as_deref());
        self.read("table_stats", read).await
    }

    async fn optimize(&self) -> Result<()> {
        self.change("optimize", |session| admin::optimize(&mut session.connection)).await
    }
}
