//! Stored days: what retention lists and drops.

use async_trait::async_trait;
use tradekeep_models::{Day, Timestamp};

use crate::{Result, Table};

/// One UTC day of one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Partition {
    /// The day.
    pub day: Day,
    /// Rows of that day; never 0.
    pub rows: u64,
    /// Bytes it takes on disk, in the store's own estimate.
    pub bytes: u64,
}

/// A store whose days can be listed and dropped.
#[async_trait]
pub trait PartitionAdmin: Send + Sync {
    /// The days of `table` that have rows, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn partitions(&self, table: Table) -> Result<Vec<Partition>>;

    /// Drops these whole days of `table`, all or none, and answers how many rows went, every version
    /// counted. A day without rows is no error; other tables keep theirs. Rows of a dropped day that
    /// are written later are stored: nothing of what went is a duplicate or a conflict any more.
    ///
    /// # Errors
    /// When the store cannot be written; then nothing was dropped.
    async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64>;
}

/// Sugar on every [`PartitionAdmin`].
#[async_trait]
pub trait PartitionAdminExt: PartitionAdmin {
    /// Drops the whole UTC days of `table` that end at `before` or earlier, and answers how many rows
    /// went. Rows before `before` on its own day stay.
    ///
    /// # Errors
    /// As [`PartitionAdmin`]'s methods; then nothing was dropped.
    async fn delete_before(&self, table: Table, before: Timestamp) -> Result<u64> {
        let old = |partition: &Partition| partition.day < before.day();
        let days = self.partitions(table).await?.into_iter().filter(old).map(|old| old.day);
        self.drop_partitions(table, &days.collect::<Vec<_>>()).await
    }
}

impl<T: PartitionAdmin + ?Sized> PartitionAdminExt for T {}
