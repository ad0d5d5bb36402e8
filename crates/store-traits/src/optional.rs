//! What not every store has: each a role of its own, which a store plays or does not.

use async_trait::async_trait;
use tradekeep_models::{Candle, CandleCursor, CandleQuery, LatencyFilter, LatencyStats, Page};

use crate::Result;

/// A store that keeps candles up to date by itself, beside the ticks.
#[async_trait]
pub trait CandleViews: Send + Sync {
    /// A page of candles out of a view of their interval: as fast as reading rows, and not what
    /// [`TickStore::candle_page`](crate::TickStore::candle_page) promises.
    ///
    /// They are those of the view's last refresh, which the store does by itself some time after ticks were
    /// applied. Open and close are of the tick that arrived first and last, among those of the first and the last
    /// moment. Sums, highest, lowest and counts are exact.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O when the limit is out of range, `Unsupported` where the store was opened
    /// without a view of this interval; else as `candle_page`.
    async fn view_candles(&self, query: &CandleQuery) -> Result<Page<Candle, CandleCursor>>;
}

/// A store that tells percentiles of latencies without sorting them.
#[async_trait]
pub trait ApproxLatencies: Send + Sync {
    /// As [`MetricStore::latency_stats`](crate::MetricStore::latency_stats), but percentiles are approximate: each
    /// is within 0.1 % of the exact one. All else is exact. It reads the range once and sorts nothing.
    ///
    /// # Errors
    /// As that.
    async fn approx_latency_stats(&self, filter: &LatencyFilter) -> Result<Vec<LatencyStats>>;
}
