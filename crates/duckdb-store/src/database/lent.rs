//! Connections in use.

use std::thread;
use std::time::Instant;

use duckdb::Connection;

use super::Database;
use crate::lease::Access;

/// A connection for one operation, given back when dropped.
#[derive(Debug)]
pub(crate) struct Lent<'a> {
    pub(super) database: &'a Database,
    pub(super) access: Access,
    /// What was known of the tables in another era may be wrong.
    pub(crate) era: u64,
    /// Nothing while the operation owns it; it ends with an operation that breaks off.
    pub(crate) connection: Option<Connection>,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let connection = self.connection.take().filter(|_| !thread::panicking());
        let (_, kept) = self.database.config.readers();
        let mut state = self.database.lock();
        match connection {
            Some(connection) if self.access == Access::Write => state.writer = Some(connection),
            Some(connection) if state.idle.len() < kept => state.idle.push(connection),
            // Before it counts as ended: nothing of the database may be open then.
            other => drop(other),
        }
        state.running -= 1;
        state.used_at = Some(Instant::now());
        let leaves = state.closed || state.giving_way || self.database.should_give_way(&state);
        state.giving_way = leaves;
        if leaves && state.running == 0 {
            self.database.changed.notify_all();
        }
    }
}
