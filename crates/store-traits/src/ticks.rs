//! Ticks and their candles, to read.

use async_trait::async_trait;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, Page, Symbol, Tick, TickCursor, TickQuery, Timestamp, Venue,
};

use crate::Result;

/// What is stored of one (venue, symbol).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TickSeries {
    /// Where it traded.
    pub venue: Venue,
    /// What traded.
    pub symbol: Symbol,
    /// Ticks stored; never 0.
    pub count: u64,
    /// Time of the first.
    pub first_ts: Timestamp,
    /// Time of the last.
    pub last_ts: Timestamp,
}

/// A store that answers for ticks.
///
/// **Read after write.** A read that starts after a write was applied sees it; a read never sees
/// part of a batch. **Nothing found** is an empty answer, not an error.
#[async_trait]
pub trait TickStore: Send + Sync {
    /// A page of ticks, ordered by (ts, sequence, key, venue, symbol), each exactly as it was
    /// written.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O when the limit is out of range; else when the store cannot be
    /// read.
    async fn ticks(&self, query: &TickQuery) -> Result<Page<Tick, TickCursor>>;

    /// A page of candles, computed from the ticks as they are now: a late tick corrects its candle.
    ///
    /// Open and close go by (ts, sequence, key), sums are exact, VWAP is
    /// [`tradekeep_models::vwap`] of them.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O when the limit is out of range; `Query` when a sum is too large
    /// for a decimal, or the store cannot be read.
    async fn candles(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>>;

    /// Every (venue, symbol) that has ticks, in order of venue, then symbol.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn series(&self) -> Result<Vec<TickSeries>>;
}

/// Sugar on every [`TickStore`].
#[async_trait]
pub trait TickStoreExt: TickStore {
    /// The ticks of all pages from `query` on, in one answer: mind the memory.
    ///
    /// # Errors
    /// As [`TickStore::ticks`].
    async fn all_ticks(&self, mut query: TickQuery) -> Result<Vec<Tick>> {
        let mut ticks = Vec::new();
        loop {
            let page = self.ticks(&query).await?;
            ticks.extend(page.items);
            match page.next {
                None => return Ok(ticks),
                after => query.after = after,
            }
        }
    }

    /// The candles of all pages from `query` on, in one answer.
    ///
    /// # Errors
    /// As [`TickStore::candles`].
    async fn all_candles(&self, mut query: CandleQuery) -> Result<Vec<Candle>> {
        let mut candles = Vec::new();
        loop {
            let page = self.candles(&query).await?;
            candles.extend(page.items);
            match page.next {
                None => return Ok(candles),
                after => query.after = after,
            }
        }
    }
}

impl<T: TickStore + ?Sized> TickStoreExt for T {}
