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
/// **States.** A thing that has states (an order, a trade; a position or a candle that is corrected) is answered
/// once, in its latest: that of the highest version, whenever it came and whatever its time, and of that version
/// the one of the latest time. It is filtered by that alone: a range that holds only an earlier state does not
/// hold the thing. A query for `history` answers every state, each filtered by itself. What was dropped with its
/// day no longer counts.
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
