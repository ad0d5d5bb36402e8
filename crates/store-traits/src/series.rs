//! Every role of a store of series in one handle, and the questions of every day.

use tradekeep_models::{
    BucketQuery, CandleQuery, Fill, FillFilter, LatencyFilter, LatencyNumbers, Market, Name,
    NodeHealth, NodeHealthFilter, Order, OrderFilter, Position, PositionFilter, RecordFilter,
    Records, Table, TimeRange, Timestamp, Trade, TradeFilter, Venue, for_each_record,
};
use uuid::Uuid;

use crate::{
    BucketList, CandleList, ErrorKind, List, Maintenance, MetricStore, Partition, PartitionAdmin,
    Probe, RecordList, RecordSink, RecordSinkExt, RecordSource, Result, Saved, StoreError,
    TickStore, TradeStore,
};

/// Every role of a store of series at once. Nobody implements it: who has all roles has it.
///
/// As `dyn SeriesStore` it also has short cuts, with no other trait to import: [`save`](#method.save), a list
/// of each kind of record, and what is often asked.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use std::sync::Arc;
/// use tradekeep_models::{Latency, LatencyFilter, Name};
/// use tradekeep_store_traits::{MemoryStore, SeriesStore};
///
/// let store: Arc<dyn SeriesStore> = Arc::new(MemoryStore::new());
/// let (service, operation) = (Name::new("router")?, Name::new("quote")?);
/// let took = Latency::new("2024-08-08T10:00:05Z".parse()?, service, operation, 1_250_000);
/// store.save(vec![took.clone()]).await?;
/// assert_eq!(store.latencies(LatencyFilter::default()).all().await?, [took]);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait SeriesStore: RecordStore + TickStore + TradeStore + MetricStore {}

impl<T: RecordStore + TickStore + TradeStore + MetricStore> SeriesStore for T {}

/// What every store of records has, whatever it is used for: records go in and come out, days are dropped, it is
/// looked after. Nobody implements it: who has all of it has it.
pub trait RecordStore:
    RecordSink + RecordSource + PartitionAdmin + Maintenance + Probe + 'static
{
}

impl<T> RecordStore for T where
    T: RecordSink + RecordSource + PartitionAdmin + Maintenance + Probe + 'static
{
}

macro_rules! lists {
    ($(
        $(#[$doc:meta])*
        $table:ident($record:ident) $list:ident = $number:literal, $name:literal, $word:literal;
    )+) => {
        /// A list of each kind of record.
        impl dyn SeriesStore {
            $(
                $(#[$doc])*
                pub fn $list(
                    &self,
                    filter: impl RecordFilter<Record = tradekeep_models::$record>,
                ) -> RecordList<'_, tradekeep_models::$record> {
                    RecordList::of(self, &filter)
                }
            )+
        }
    };
}

for_each_record!(lists);

/// What is often done and asked.
impl dyn SeriesStore {
    /// Writes records of one kind, each once, and answers when they can be read.
    ///
    /// # Errors
    /// As [`RecordSink::write`]; a batch that is only acknowledged is an error with an unknown outcome.
    pub async fn save(&self, records: impl Into<Records>) -> Result<Saved> {
        let records: Records = records.into();
        RecordSinkExt::save(self, records).await
    }

    /// Candles, computed from the ticks as they are now.
    pub fn candles(&self, query: CandleQuery) -> CandleList<'_> {
        let store: &dyn TickStore = self;
        List::new(store, query)
    }

    /// Numbers about metrics, for each bucket of time.
    pub fn metric_buckets(&self, query: BucketQuery) -> BucketList<'_> {
        let store: &dyn MetricStore = self;
        List::new(store, query)
    }

    /// The trade with this id, in its highest version.
    ///
    /// # Errors
    /// As [`RecordSource::page`]; so have those below.
    pub async fn trade(&self, id: Uuid) -> Result<Option<Trade>> {
        self.trades(TradeFilter { id: Some(id), ..TradeFilter::default() }).first().await
    }

    /// Every version of the trade with this id, by (ts, version).
    pub fn trade_history(&self, id: Uuid) -> RecordList<'_, Trade> {
        let filter = TradeFilter { id: Some(id), ..TradeFilter::default() };
        self.trades(filter).oldest_first().history()
    }

    /// The earliest trade, by (ts, id), that this request led to.
    ///
    /// # Errors
    /// As [`RecordSource::page`].
    pub async fn trade_by_request_id(&self, request_id: Name) -> Result<Option<Trade>> {
        let filter = TradeFilter { request_id: Some(request_id), ..TradeFilter::default() };
        self.trades(filter).oldest_first().first().await
    }

    /// The order with this id, in its highest version.
    ///
    /// # Errors
    /// As [`RecordSource::page`].
    pub async fn order(&self, order_id: Uuid) -> Result<Option<Order>> {
        let filter = OrderFilter { order_id: Some(order_id), ..OrderFilter::default() };
        self.orders(filter).first().await
    }

    /// Every version of the order with this id, by (ts, version).
    pub fn order_history(&self, order_id: Uuid) -> RecordList<'_, Order> {
        let filter = OrderFilter { order_id: Some(order_id), ..OrderFilter::default() };
        self.orders(filter).oldest_first().history()
    }

    /// The order that we gave this id.
    ///
    /// # Errors
    /// As [`RecordSource::page`]; `Conflict`, naming two of them, where several orders have it. A store
    /// that sees conflicts refuses the second one near the first in time, QuestDB never.
    pub async fn order_by_client_id(&self, client_order_id: Name) -> Result<Option<Order>> {
        let client_order_id = Some(client_order_id);
        let filter = OrderFilter { client_order_id, ..OrderFilter::default() };
        let mut orders = self.orders(filter).oldest_first().limit(2).page().await?.items;
        if let [one, other] = orders.as_slice() {
            let (one, other) = (one.order_id, other.order_id);
            let context =
                format!("orders {one} and {other} have this client_order_id: ask by order_id");
            return Err(StoreError::new(ErrorKind::Conflict, "store", "orders", context));
        }
        Ok(orders.pop())
    }

    /// The fills of an order, oldest first.
    pub fn fills_of(&self, order_id: Uuid) -> RecordList<'_, Fill> {
        self.fills(FillFilter { order_id: Some(order_id), ..FillFilter::default() })
    }

    /// The latest position in a market of a venue, whoever holds it, in its highest version.
    ///
    /// Of several traders' positions of that time it is the one whose `trader_id` is last by bytes: the
    /// first of [`positions`](#method.positions), newest first. Ask for a trader there.
    ///
    /// # Errors
    /// As [`RecordSource::page`].
    pub async fn latest_position(&self, venue: Venue, market: Market) -> Result<Option<Position>> {
        let (venue, market) = (Some(venue), Some(market));
        let filter = PositionFilter { venue, market, ..PositionFilter::default() };
        self.positions(filter).newest_first().first().await
    }

    /// The latest report of a node.
    ///
    /// # Errors
    /// As [`RecordSource::page`].
    pub async fn latest_node_health(&self, node: Name) -> Result<Option<NodeHealth>> {
        let filter = NodeHealthFilter { node: Some(node), ..NodeHealthFilter::default() };
        self.node_health(filter).newest_first().first().await
    }

    /// Numbers about one operation of one service; nothing where it never succeeded.
    ///
    /// # Errors
    /// As [`MetricStore::latency_stats`].
    pub async fn latency_of(
        &self,
        service: Name,
        operation: Name,
        range: TimeRange,
    ) -> Result<Option<LatencyNumbers>> {
        let filter = LatencyFilter { service: Some(service), operation: Some(operation), range };
        Ok(self.latency_stats(&filter).await?.pop().and_then(|stats| stats.numbers))
    }

    /// Drops the whole UTC days of `table` that end at `before` or earlier, and answers how many rows
    /// went. Rows before `before` on its own day stay.
    ///
    /// # Errors
    /// As [`PartitionAdmin`]'s methods; then nothing was dropped.
    pub async fn delete_before(&self, table: Table, before: Timestamp) -> Result<u64> {
        let old = |partition: &Partition| partition.day < before.day();
        let days = self.partitions(table).await?.into_iter().filter(old).map(|old| old.day);
        self.drop_partitions(table, &days.collect::<Vec<_>>()).await
    }
}
