//! The roles of the store, each handed to the file that does it. What goes wrong is told here which operation it
//! was.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use duckdb::Connection;
use tradekeep_models::{
    BucketCursor, BucketQuery, Candle, CandleCursor, CandleQuery, Day, LatencyFilter,
    LatencyNumbers, LatencyStats, ListQuery, MetricBucket, MetricFilter, MevAnalysis, MevFilter,
    Page, PerformanceSummary, RecordPage, SlippageFilter, SlippageStats, StreamId, Summary,
    TimeRange, Timestamp, TradeFilter, ValueStats,
};
use tradekeep_store_traits::{
    Ack, At, Batch, Capabilities, ErrorKind, Failure, Health, Inner, Maintenance, MetricStore,
    Partition, PartitionAdmin, Position, Probe, RecordSink, RecordSource, Result, Run, Stage,
    Table, TableStats, TickSeries, TickStore, Token, TradeStore,
};

use crate::read::{self, stats};
use crate::session::{Session, WriteCache};
use crate::store::invalid;
use crate::write::Source;
use crate::{DuckDbStore, STORE, floor, health, maintenance, open, partitions, watermark, write};

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
impl Probe for DuckDbStore {
    async fn health(&self) -> Health {
        health::health(&self.database, &self.readers, &self.writer, self.folder.as_deref()).await
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
        query.validate().map_err(invalid("tick_candles"))?;
        self.ask("tick_candles", query, read::candles).await
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

    async fn slippage(&self, filter: &SlippageFilter) -> Result<Option<SlippageStats>> {
        self.ask("slippage", filter, stats::slippage).await
    }

    async fn mev_analysis(&self, filter: &MevFilter) -> Result<MevAnalysis> {
        self.ask("mev_analysis", filter, stats::mev).await
    }

    async fn summary(&self, range: TimeRange) -> Result<Summary> {
        self.read("summary", move |connection| stats::summary(connection, range)).await
    }
}

#[async_trait]
impl RecordSink for DuckDbStore {
    fn capabilities(&self, _: Table) -> Capabilities {
        Capabilities::all()
    }

    async fn ping(&self) -> Result<()> {
        // Its file is not opened for this: others may have their turn at it.
        self.check_open("ping")
    }

    fn prepare(&self, batch: &Batch) {
        if let Ok(prepared) = write::prepare(batch) {
            batch.keep_prepared(prepared);
        }
    }

    async fn write(&self, batch: &Batch) -> Result<Ack> {
        // Here, so that the next batch is made ready while the writer is busy with this one.
        let prepared = match batch.take_prepared() {
            Some(prepared) => prepared,
            None => write::prepare(batch).at(STORE, "write")?,
        };
        // Not made ready ahead: it is said of a batch just before it is written.
        let (source, window) = (Source::of(batch), self.duplicate_window);
        let write = move |session: &mut Session| write::write(session, prepared, source, window);
        let written = self.change("write", write).await?;
        let token = Token(self.last_token.fetch_add(1, Ordering::Relaxed) + 1);
        let (inserted, duplicates) = (written.inserted as u64, written.duplicates as u64);
        Ok(Ack::builder()
            .stage(Stage::Applied)
            .token(token)
            .inserted(inserted)
            .duplicates(duplicates)
            .build())
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        self.check_open("settle")?;
        let last = self.last_token.load(Ordering::Relaxed);
        if tokens.iter().any(|token| token.0 <= self.first_token || token.0 > last) {
            let context = "the token is not of this store";
            return Err(Failure::new(ErrorKind::NotFound, context).at(STORE, "settle"));
        }
        Ok(vec![Stage::Applied; tokens.len()])
    }

    async fn position(&self, _: Table, _: &Run) -> Result<Position> {
        // By who writes: reading makes no database, and where there is none it has no id.
        let read = |session: &mut Session| watermark::store_id(&session.connection);
        let store = self.change("position", read).await?;
        Ok(Position { store, table: 0, changes: 0 })
    }

    async fn watermark(&self, stream: &StreamId, epoch: u64, table: Table) -> Result<Option<u64>> {
        let key = (stream.clone(), epoch, table);
        let read = move |connection: &Connection| watermark::watermark(connection, &key);
        self.read("watermark", read).await
    }

    async fn durable_watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> Result<Option<u64>> {
        let (key, database) = ((stream.clone(), epoch, table), Arc::clone(&self.database));
        let read =
            move |session: &mut Session| database.durable().watermark(&session.connection, &key);
        self.change("durable_watermark", read).await
    }

    async fn checkpoint(&self) -> Result<()> {
        // The writer sees that there is no log before its next job.
        let moved = |session: &mut Session| open::checkpoint(&session.connection);
        self.change("checkpoint", moved).await
    }

    async fn close(&self) -> Result<()> {
        self.readers.close().await;
        self.writer.close().await.at(STORE, "close")
    }
}

#[async_trait]
impl PartitionAdmin for DuckDbStore {
    async fn partitions(&self, table: Table) -> Result<Vec<Partition>> {
        let file = self.file();
        let read =
            move |connection: &Connection| partitions::of(connection, table, file.as_deref());
        self.read("partitions", read).await
    }

    async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64> {
        let days = days.to_vec();
        self.change("drop_partitions", move |session| {
            partitions::drop_days(&mut session.connection, table, &days)
        })
        .await
    }

    async fn floor(&self, table: Table) -> Result<Option<Timestamp>> {
        Ok(self.read("floor", floor::floors).await?.remove(&table))
    }

    async fn set_floor(&self, table: Table, floor: Option<Timestamp>) -> Result<()> {
        let set = move |session: &mut Session| {
            session.cache = WriteCache::default();
            floor::set(&mut session.connection, table, floor)
        };
        self.change("set_floor", set).await
    }
}

#[async_trait]
impl Maintenance for DuckDbStore {
    async fn table_stats(&self) -> Result<Vec<TableStats>> {
        let file = self.file();
        let read =
            move |connection: &Connection| maintenance::table_stats(connection, file.as_deref());
        self.read("table_stats", read).await
    }

    async fn optimize(&self) -> Result<()> {
        let window = self.duplicate_window;
        let optimize =
            move |session: &mut Session| maintenance::optimize(&mut session.connection, window);
        self.change("optimize", optimize).await
    }
}
