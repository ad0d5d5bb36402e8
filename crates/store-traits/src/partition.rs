//! Stored days: what retention lists and drops, and the floor that keeps them from coming back.

use async_trait::async_trait;
use tradekeep_models::{Day, Timestamp};

use crate::{Result, Table};

/// One UTC day of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, bon::Builder)]
#[builder(derive(Debug))]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[allow(missing_debug_implementations, reason = "the states of the builder have none")]
#[non_exhaustive]
pub struct Partition {
    /// The day.
    pub day: Day,
    /// Rows of that day; never 0.
    pub rows: u64,
    /// Bytes it takes on disk, in the store's own estimate.
    pub bytes: u64,
}

/// A store whose days can be listed and dropped.
///
/// **Retention floor.** Each table may have one: a record of that table with a time before it is refused
/// by [`RecordSink::write`](crate::RecordSink::write), so that a batch that is late does not bring back a
/// day that was dropped. It is a part of the store, outlives its closing, and holds for every process that
/// writes to it. What is stored when it is raised stays.
///
/// Whoever drops days raises the floor, lets the batches that are under way settle, archives, and drops.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait PartitionAdmin: Send + Sync {
    /// The days of `table` that have rows, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn partitions(&self, table: Table) -> Result<Vec<Partition>>;

    /// Drops these whole days of `table`, all or none, and answers how many rows went, every version
    /// counted. A day without rows is no error; other tables keep theirs. Rows of a dropped day that
    /// are written later are stored, where the floor lets them in: nothing of what went is a duplicate or a conflict any more.
    ///
    /// # Errors
    /// When the store cannot be written; then nothing was dropped.
    async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64>;

    /// The retention floor of `table`; nothing where it has none.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn floor(&self, table: Table) -> Result<Option<Timestamp>>;

    /// Raises or lowers the retention floor of `table`, or takes it away. A record of the floor's own
    /// moment is stored; other tables keep their floors.
    ///
    /// Once this has answered, it holds for every write that begins afterwards, whichever process does it.
    ///
    /// # Errors
    /// When the store cannot be written; `delivery` says whether it may hold nonetheless. To set it again
    /// is always right.
    async fn set_floor(&self, table: Table, floor: Option<Timestamp>) -> Result<()>;
}
