//! Our own trades, to read.

use async_trait::async_trait;
use tradekeep_models::{
    Cursor, ListQuery, Name, Page, PerformanceSummary, Symbol, TimeRange, Timestamp, Trade,
    TradeFilter, TradeQuery, TraderId,
};
use uuid::Uuid;

use crate::{PartitionAdmin, PartitionAdminExt, RecordSink, Result, Table};

/// A store that answers for our own trades.
///
/// **Versions.** Each trade is answered once, in its highest version, whenever that came and whatever its
/// time, and is filtered by that alone: a range that holds only a lower version does not hold the trade.
/// A query for `history` answers every version, each filtered by itself. What was dropped with its day no
/// longer counts. Where the highest version is stored twice with other content, as a conflict that no
/// batch could see, both are answered. **Read after write**, whole batches and empty answers are as
/// [`TickStore`](crate::TickStore) promises.
#[async_trait]
pub trait TradeStore: RecordSink + PartitionAdmin {
    /// A page of trades, ordered by (ts, id, version), newest first unless asked otherwise.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O for a limit out of range or a cursor of another query; else when
    /// the store cannot be read.
    async fn trades(&self, query: &TradeQuery) -> Result<Page<Trade, Cursor>>;

    /// What the trades that pass `filter` gained, as [`PerformanceSummary::of`] computes it.
    ///
    /// # Errors
    /// `Query` when a sum is too large for a decimal, or the store cannot be read.
    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary>;
}

/// Sugar on every [`TradeStore`].
#[async_trait]
pub trait TradeStoreExt: TradeStore {
    /// The trade with this id.
    ///
    /// # Errors
    /// As [`TradeStore::trades`].
    async fn trade(&self, id: Uuid) -> Result<Option<Trade>> {
        let filter = TradeFilter { id: Some(id), ..TradeFilter::default() };
        let query = TradeQuery { limit: 1, ..ListQuery::new(filter) };
        Ok(self.trades(&query).await?.items.pop())
    }

    /// Every version of the trade with this id, by (ts, version).
    ///
    /// # Errors
    /// As [`TradeStore::trades`].
    async fn trade_history(&self, id: Uuid) -> Result<Vec<Trade>> {
        let filter = TradeFilter { id: Some(id), ..TradeFilter::default() };
        let query = TradeQuery { newest_first: false, history: true, ..ListQuery::new(filter) };
        self.all_trades(query).await
    }

    /// The earliest trade, by (ts, id), that this request led to.
    ///
    /// # Errors
    /// As [`TradeStore::trades`].
    async fn trade_by_request_id(&self, request_id: Name) -> Result<Option<Trade>> {
        let filter = TradeFilter { request_id: Some(request_id), ..TradeFilter::default() };
        let query = TradeQuery { limit: 1, newest_first: false, ..ListQuery::new(filter) };
        Ok(self.trades(&query).await?.items.pop())
    }

    /// The newest `limit` trades with this token as base or quote.
    ///
    /// # Errors
    /// As [`TradeStore::trades`].
    async fn trades_by_token(&self, token: Symbol, limit: usize) -> Result<Vec<Trade>> {
        let filter = TradeFilter { token: Some(token), ..TradeFilter::default() };
        let query = TradeQuery { limit, ..ListQuery::new(filter) };
        Ok(self.trades(&query).await?.items)
    }

    /// The newest `limit` trades of this trader.
    ///
    /// # Errors
    /// As [`TradeStore::trades`].
    async fn trades_by_trader(&self, trader_id: TraderId, limit: usize) -> Result<Vec<Trade>> {
        let filter = TradeFilter { trader_id: Some(trader_id), ..TradeFilter::default() };
        let query = TradeQuery { limit, ..ListQuery::new(filter) };
        Ok(self.trades(&query).await?.items)
    }

    /// The trades of a range of time, newest first, in one answer: mind the memory.
    ///
    /// # Errors
    /// As [`TradeStore::trades`].
    async fn trades_in(&self, range: TimeRange) -> Result<Vec<Trade>> {
        self.all_trades(ListQuery::new(TradeFilter { range, ..TradeFilter::default() })).await
    }

    /// The trades of all pages from `query` on, in one answer: mind the memory.
    ///
    /// # Errors
    /// As [`TradeStore::trades`].
    async fn all_trades(&self, mut query: TradeQuery) -> Result<Vec<Trade>> {
        let mut trades = Vec::new();
        loop {
            let page = self.trades(&query).await?;
            trades.extend(page.items);
            match page.next {
                None => return Ok(trades),
                after => query.after = after,
            }
        }
    }

    /// Deletes the trades of whole UTC days that end at `before` or earlier, and answers how many
    /// rows went.
    ///
    /// # Errors
    /// As [`PartitionAdminExt::delete_before`].
    async fn delete_trades_before(&self, before: Timestamp) -> Result<u64> {
        self.delete_before(Table::Trades, before).await
    }
}

impl<T: TradeStore + ?Sized> TradeStoreExt for T {}
