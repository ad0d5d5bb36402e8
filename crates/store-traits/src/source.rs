//! The way out: pages of records of any kind.

use async_trait::async_trait;
use tradekeep_models::{ListQuery, RecordPage};

use crate::Result;

/// A store that gives its records out again, of whichever table: [`Records`](crate::Records) come out as they
/// went in.
///
/// **Order.** By (ts, sequence, key, venue, symbol) for ticks; by time, then identity, for all others: what
/// [`Table::order`](crate::Table::order) lists. Text orders by its bytes.
///
/// **Pages** are keyset: rows that were stored when the first page was read are neither repeated nor missed on
/// those that follow. Rows that arrive behind the cursor may be missed.
///
/// **Versions.** A thing that has versions is answered once, in its highest version, whenever that came and
/// whatever its time, and is filtered by that alone: a range that holds only a lower version does not hold the
/// thing. A query for `history` answers every version, each filtered by itself. What was dropped with its day no
/// longer counts. Where the highest version is stored twice with other content, as a conflict that no batch
/// could see, both are answered.
///
/// **Read after write.** A read that starts after a write was applied sees it; a read never sees part of a
/// batch. **Nothing found** is an empty answer, not an error. Each record comes back exactly as it was written.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait RecordSource: Send + Sync {
    /// A page of the records of a table.
    ///
    /// The operation that an error names is the name of the table: `orders`.
    ///
    /// # Errors
    /// `InvalidInput` before any I/O for a limit out of range or a cursor of another query; else when the
    /// store cannot be read.
    async fn page(&self, query: &ListQuery) -> Result<RecordPage>;
}
