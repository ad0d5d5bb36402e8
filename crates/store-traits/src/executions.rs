//! Orders, fills and positions, to read.

use async_trait::async_trait;
use tradekeep_models::{
    Cursor, Fill, FillFilter, FillQuery, ListQuery, Market, Name, Order, OrderFilter, OrderQuery,
    Page, Position, PositionFilter, PositionQuery, Venue,
};
use uuid::Uuid;

use crate::{ErrorKind, RecordSink, RecordSinkExt, Records, Result, Saved, StoreError};

/// A store that answers for orders, fills and positions.
///
/// Versions, read after write, whole batches and empty answers are as
/// [`TradeStore`](crate::TradeStore) promises.
#[async_trait]
pub trait ExecutionStore: RecordSink {
    /// A page of orders, ordered by (ts, order_id, version), newest first unless asked otherwise.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O for a limit out of range or a cursor of another query; else when
    /// the store cannot be read.
    async fn orders(&self, query: &OrderQuery) -> Result<Page<Order, Cursor>>;

    /// A page of fills, ordered by (ts, fill_id), oldest first unless asked otherwise.
    ///
    /// # Errors
    /// As [`orders`](Self::orders).
    async fn fills(&self, query: &FillQuery) -> Result<Page<Fill, Cursor>>;

    /// A page of positions, ordered by (ts, trader_id, venue, market, version), oldest first unless
    /// asked otherwise.
    ///
    /// # Errors
    /// As [`orders`](Self::orders).
    async fn positions(&self, query: &PositionQuery) -> Result<Page<Position, Cursor>>;
}

/// Sugar on every [`ExecutionStore`].
#[async_trait]
pub trait ExecutionStoreExt: ExecutionStore {
    /// Saves orders, or new versions of them.
    ///
    /// # Errors
    /// As [`RecordSinkExt::save`].
    async fn save_orders(&self, orders: Vec<Order>) -> Result<Saved> {
        self.save(Records::Orders(orders)).await
    }

    /// Saves fills.
    ///
    /// # Errors
    /// As [`RecordSinkExt::save`].
    async fn save_fills(&self, fills: Vec<Fill>) -> Result<Saved> {
        self.save(Records::Fills(fills)).await
    }

    /// Saves positions, or corrections of them.
    ///
    /// # Errors
    /// As [`RecordSinkExt::save`].
    async fn save_positions(&self, positions: Vec<Position>) -> Result<Saved> {
        self.save(Records::Positions(positions)).await
    }

    /// The order with this id.
    ///
    /// # Errors
    /// As [`ExecutionStore::orders`].
    async fn order(&self, order_id: Uuid) -> Result<Option<Order>> {
        let filter = OrderFilter { order_id: Some(order_id), ..OrderFilter::default() };
        let query = OrderQuery { limit: 1, ..ListQuery::new(filter) };
        Ok(self.orders(&query).await?.items.pop())
    }

    /// The order that we gave this id.
    ///
    /// # Errors
    /// As [`ExecutionStore::orders`]; `Conflict`, naming two of them, where several orders have it. A store
    /// that sees conflicts refuses the second one near the first in time, QuestDB never.
    async fn order_by_client_id(&self, client_order_id: Name) -> Result<Option<Order>> {
        const OP: &str = "order_by_client_id";
        let client_order_id = Some(client_order_id);
        let filter = OrderFilter { client_order_id, ..OrderFilter::default() };
        let query = OrderQuery { limit: 2, newest_first: false, ..ListQuery::new(filter) };
        let mut orders = self.orders(&query).await?.items;
        if let [one, other] = orders.as_slice() {
            let (one, other) = (one.order_id, other.order_id);
            let context =
                format!("orders {one} and {other} have this client_order_id: ask by order_id");
            return Err(StoreError::new(ErrorKind::Conflict, "store", OP, context));
        }
        Ok(orders.pop())
    }

    /// Every version of the order with this id, by (ts, version).
    ///
    /// # Errors
    /// As [`ExecutionStore::orders`].
    async fn order_history(&self, order_id: Uuid) -> Result<Vec<Order>> {
        let filter = OrderFilter { order_id: Some(order_id), ..OrderFilter::default() };
        let query = OrderQuery { newest_first: false, history: true, ..ListQuery::new(filter) };
        Ok(self.orders(&query).await?.items)
    }

    /// The fills of an order, oldest first: up to 10,000, of which no order is known to have more.
    ///
    /// # Errors
    /// As [`ExecutionStore::fills`].
    async fn fills_of(&self, order_id: Uuid) -> Result<Vec<Fill>> {
        let filter = FillFilter { order_id: Some(order_id), ..FillFilter::default() };
        Ok(self.fills(&ListQuery::new(filter)).await?.items)
    }

    /// The latest position in a market of a venue, whoever holds it, in its highest version.
    ///
    /// Of several traders' positions of that time it is the one whose `trader_id` is last by bytes: the
    /// first of [`positions`](ExecutionStore::positions), newest first. Ask for a trader there.
    ///
    /// # Errors
    /// As [`ExecutionStore::positions`].
    async fn latest_position(&self, venue: Venue, market: Market) -> Result<Option<Position>> {
        let (venue, market) = (Some(venue), Some(market));
        let filter = PositionFilter { venue, market, ..PositionFilter::default() };
        let query = PositionQuery { limit: 1, newest_first: true, ..ListQuery::new(filter) };
        Ok(self.positions(&query).await?.items.pop())
    }
}

impl<T: ExecutionStore + ?Sized> ExecutionStoreExt for T {}
