//! What a job of the writer works with.

use duckdb::Connection;
use hashbrown::HashMap;
use tradekeep_store_traits::{RecentValues, Table};

use crate::watermark::WatermarkKey;
use tradekeep_store_traits::sql::answers::Floors;

/// The writer's connection, and what it remembers of the tables; one job has both at a time.
pub(crate) struct Session {
    pub(crate) connection: Connection,
    /// Right as long as nobody else has written.
    pub(crate) cache: WriteCache,
}

/// What the writer remembers of the tables. It saves questions, and guards nothing: what is not in it is
/// read in the transaction, and a failure empties it.
#[derive(Default)]
pub(crate) struct WriteCache {
    /// No stored row is later than this.
    pub(crate) newest: HashMap<Table, i64>,
    /// Watermarks as committed.
    pub(crate) watermarks: HashMap<WatermarkKey, u64>,
    /// Of tables that are searched within the duplicate window.
    pub(crate) recent: HashMap<Table, RecentValues>,
    /// Floors as committed, where they were read.
    pub(crate) floors: Option<Floors>,
}
