//! Connections out of the pool.

use std::thread;
use std::time::Instant;

use duckdb::Connection;

use super::Database;
use crate::lease::Access;

/// A connection for one operation, given back when dropped.
#[derive(Debug)]
pub(crate) struct PooledConnection<'a> {
    pub(super) database: &'a Database,
    pub(super) access: Access,
    /// Where this differs from the last time, what was known of the tables may be wrong.
    pub(crate) generation: u64,
    /// Taken out by the operation while it runs: one that panics does not give it back.
    pub(crate) connection: Option<Connection>,
}

impl Drop for PooledConnection<'_> {
    fn drop(&mut self) {
        let connection = self.connection.take().filter(|_| !thread::panicking());
        let kept = self.database.config.idle_readers;
        let mut state = self.database.lock();
        match connection {
            Some(connection) if self.access == Access::Write => state.writer = Some(connection),
            Some(connection) if state.idle.len() < kept => state.idle.push(connection),
            // Dropped before `running` falls: at 0 no connection may be open.
            other => drop(other),
        }
        state.running -= 1;
        state.used_at = Some(Instant::now());
        let leaves = state.closed || state.releasing || self.database.should_release(&state);
        state.releasing = leaves;
        if leaves && state.running == 0 {
            self.database.changed.notify_all();
        }
    }
}
