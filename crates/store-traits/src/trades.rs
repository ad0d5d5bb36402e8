//! What our own trades gained.

use async_trait::async_trait;
use tradekeep_models::{PerformanceSummary, TradeFilter};

use crate::Result;

/// A store that sums up our own trades.
///
/// Each trade counts once, in its highest version, as [`RecordSource`](crate::RecordSource) answers it; read
/// after write and whole batches are as there.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait TradeStore: Send + Sync {
    /// What the trades that pass `filter` gained, as [`PerformanceSummary::of`] computes it.
    ///
    /// # Errors
    /// `Query` when a sum is too large for a decimal, or the store cannot be read.
    async fn performance(&self, filter: &TradeFilter) -> Result<PerformanceSummary>;
}
