//! Candles of ticks, and what is stored of them.

use async_trait::async_trait;
use tradekeep_models::{
    Candle, CandleCursor, CandleQuery, Page, Symbol, TimeUnit, Timestamp, Venue,
};

use crate::Result;

/// What is stored of one (venue, symbol).
#[derive(Debug, Clone, PartialEq, Eq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct TickSeries {
    /// Where it traded.
    pub venue: Venue,
    /// What traded.
    pub symbol: Symbol,
    /// Ticks stored; never 0.
    #[cfg_attr(feature = "serde", serde(rename = "ticks"))]
    pub count: u64,
    /// Time of the first.
    pub first_ts: Timestamp,
    /// Time of the last.
    pub last_ts: Timestamp,
    /// The coarsest unit in which all its times are whole: what they were told in.
    pub unit: TimeUnit,
    /// How many of the ticks are several trades that the venue tells as one.
    pub aggregated: u64,
}

/// A store that answers for ticks, besides listing them.
///
/// Read after write, whole batches and empty answers are as [`RecordSource`](crate::RecordSource) promises.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait TickStore: Send + Sync {
    /// A page of candles, computed from the ticks as they are now: a late tick corrects its candle.
    ///
    /// Open and close go by (ts, sequence, key), sums are exact, VWAP is
    /// [`tradekeep_models::vwap`] of them. The operation that an error names is `tick_candles`.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O when the limit is out of range; `Query` when a sum is too large
    /// for a decimal, or the store cannot be read.
    async fn candle_page(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>>;

    /// Every (venue, symbol) that has ticks, in order of venue, then symbol.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn series(&self) -> Result<Vec<TickSeries>>;
}
