//! Durable watermarks: how far streams are in the database file itself, which outlives a lost write-ahead
//! log.
//!
//! A log that is damaged is moved away when the database is opened, and with it go the rows behind the
//! last checkpoint and the watermarks that stood for them. So a spool keeps records until they are in the
//! file. All that is committed is there whenever there is no log: DuckDB 1.5.6 removes it as the last step
//! of a checkpoint, after it synced the file. The watermarks of such a moment are the durable ones.
//!
//! They may only be read while nothing commits, under a lease to write: the writer reads them before each
//! of its jobs, and so finds what its last commit, an opening, or another process has checkpointed; and
//! once more before the lease is released, since the next process may write before this one reads again.
//! A reader beside the writer could see a commit that is neither in the log nor in the file: one large
//! enough to be checkpointed at once is not logged, and may be seen before that checkpoint ends.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use duckdb::Connection;
use tradekeep_store_traits::Inner;

use crate::error::classify;
use crate::watermark::{WatermarkKey, watermark};
use crate::{sql, wal};

/// Watermarks by stream, epoch and table.
type Marks = HashMap<(String, u64, String), u64>;

/// The watermarks of the last moment without a log.
#[derive(Debug)]
pub(crate) struct DurableWatermarks {
    /// Nothing when in memory.
    file: Option<PathBuf>,
    marks: Mutex<Marks>,
}

impl DurableWatermarks {
    /// Of the database in `file`.
    pub(crate) fn new(file: Option<&Path>) -> Self {
        Self { file: file.map(Path::to_owned), marks: Mutex::default() }
    }

    /// Remembers all watermarks as they are, where there is no log. To be called under a lease to write,
    /// outside any transaction and while nothing else may commit.
    pub(crate) fn refresh(&self, connection: &Connection) {
        let Some(file) = &self.file else { return };
        if !wal::is_empty(file) {
            return;
        }
        let found = nothing_logged(connection)
            .and_then(|nothing| nothing.then(|| all(connection)).transpose());
        match found {
            Ok(Some(marks)) => *self.marks() = marks,
            Ok(None) => {}
            // The watermarks that were read before are still durable.
            Err(error) => tracing::warn!(%error, "the watermarks cannot be read"),
        }
    }

    /// Forgets them: the file is another one.
    pub(crate) fn forget(&self) {
        self.marks().clear();
    }

    /// The durable watermark. It is never above the stored one, even if somebody put an older copy of the
    /// database in its place.
    pub(crate) fn watermark(
        &self,
        connection: &Connection,
        key: &WatermarkKey,
    ) -> Inner<Option<u64>> {
        let stored = watermark(connection, key)?;
        if self.file.is_none() {
            return Ok(stored);
        }
        let (stream, epoch, table) = key;
        let mark = (stream.as_str().to_owned(), *epoch, table.as_str().to_owned());
        // `None` is less than any number.
        Ok(self.marks().get(&mark).copied().min(stored))
    }

    fn marks(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether DuckDB agrees that nothing is logged. It does not where the log that it writes to was removed.
fn nothing_logged(connection: &Connection) -> Inner<bool> {
    let logged = connection.query_row(sql::LOGGED, [], |row| row.get::<_, String>(0));
    logged.map(|logged| logged == "0 bytes").map_err(classify)
}

/// Every watermark as committed.
fn all(connection: &Connection) -> Inner<Marks> {
    let mut statement = connection.prepare(sql::WATERMARKS).map_err(classify)?;
    let marks = statement
        .query_map([], |row| Ok(((row.get(0)?, row.get(1)?, row.get(2)?), row.get(3)?)))
        .map_err(classify)?;
    marks.collect::<duckdb::Result<_>>().map_err(classify)
}

#[cfg(test)]
mod tests {
    use tradekeep_models::{StreamId, Table};

    use super::*;

    #[test]
    fn an_older_copy_of_the_database_takes_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let durable = DurableWatermarks::new(Some(&folder.path().join(crate::open::FILE)));
        let mut connection = Connection::open_in_memory().unwrap();
        crate::schema::set_up(&mut connection).unwrap();
        let set = |sql: &str| connection.execute_batch(sql).unwrap();
        let key = (StreamId::new("s").unwrap(), 1, Table::Ticks);
        let found = || durable.watermark(&connection, &key).unwrap();
        set("INSERT INTO ingest_watermark VALUES ('s', 1, 'ticks', 7)");
        assert_eq!(found(), None, "nobody has looked");
        durable.refresh(&connection);
        assert_eq!(found(), Some(7));
        set("UPDATE ingest_watermark SET last_seq = 9");
        assert_eq!(found(), Some(7));
        set("UPDATE ingest_watermark SET last_seq = 5");
        assert_eq!(found(), Some(5));
        set("DELETE FROM ingest_watermark");
        assert_eq!(found(), None);
    }
}
