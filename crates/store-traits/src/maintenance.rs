//! What a table holds, and putting it in order.

use async_trait::async_trait;
use tradekeep_models::Timestamp;

use crate::{Result, Table};

/// What one table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct TableStats {
    /// The table.
    pub table: Table,
    /// Rows, every version counted.
    pub rows: u64,
    /// Bytes it takes, in the store's own estimate.
    pub bytes: u64,
    /// Earliest event time.
    pub first_ts: Option<Timestamp>,
    /// Latest event time.
    pub last_ts: Option<Timestamp>,
}

/// A store that says what it holds, and can be put in order.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Maintenance: Send + Sync {
    /// What each table holds, in the order of [`Table::ALL`]; empty ones included.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn table_stats(&self) -> Result<Vec<TableStats>>;

    /// Puts the store in its best order: rows by time, statistics fresh, free space given back. What
    /// is stored, and every answer, is the same afterwards. It may take long and block writes.
    ///
    /// # Errors
    /// When the store cannot be written; then it is as it was.
    async fn optimize(&self) -> Result<()>;
}
