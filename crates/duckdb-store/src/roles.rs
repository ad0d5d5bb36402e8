//! The roles of records and measurements, each handed to the file that does it.

use async_trait::async_trait;
use duckdb::Connection;
use tradekeep_models::{
    BucketCursor, BucketQuery, Candle, CandleCursor, CandleQuery, LatencyFilter, LatencyNumbers,
    LatencyStats, ListQuery, MetricBucket, MetricFilter, MevAnalysis, MevFilter, Page,
    PerformanceSummary, RecordPage, SlippageStats, Summary, Symbol, TimeRange, TradeFilter,
    ValueStats,
};
use tradekeep_store_traits::{
    Inner, Maintenance, MetricStore, RecordSource, Result, TableStats, TickSeries, TickStore,
    TradeStore,
};

use crate::read::{self, stats};
use crate::store::invalid;
use crate::{DuckDbStore, admin};

impl DuckDbStore {
    /// Answers from a copy of what is asked.
    async fn ask<Q, T>(
        &self,
        op: &'static str,
        asked: &Q,
        read: fn(&Connection, &Q) -> Inner<T>,
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
impl RecordSource for DuckDbStore {
    async fn page(&self, query: &ListQuery) -> Result<RecordPage> {
        let op = query.table.as_str();
        query.validate().map_err(invalid(op))?;
        self.ask(op, query, read::page).await
    }
}

#[async_trait]
impl TickStore for DuckDbStore {
    async fn candle_page(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>> {
        query.validate().map_err(invalid("candles"))?;
        self.ask("candles", query, read::candles).await
    }

    async fn series(&self) -> Result<Vec<TickSeries>> {
        self.read("series", read::series).await
    }
}

#[async_trait]
impl TradeStore for DuckDbStore {
    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary> {
        self.ask("performance", filter, stats::performance).await
    }
}

#[async_trait]
impl MetricStore for DuckDbStore {
    async fn metric_stats(&self, filter: &MetricFilter) -> Result<Option<ValueStats>> {
        self.ask("metric_stats", filter, stats::metrics).await
    }

    async fn bucket_page(&self, query: &BucketQuery) -> Result<Page<MetricBucket, BucketCursor>> {
        query.validate().map_err(invalid("metric_buckets"))?;
        self.ask("metric_buckets", query, stats::buckets).await
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
        LatencyNumbers::check_bounds(bounds_ns).map_err(invalid(OP))?;
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

    async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis> {
        self.ask("mev_analysis", filter, stats::mev).await
    }

    async fn summary(&self, range: TimeRange) -> Result<Summary> {
        self.read("summary", move |connection| stats::summary(connection, range)).await
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
