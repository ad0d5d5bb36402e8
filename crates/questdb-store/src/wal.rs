//! A table's write-ahead log: what is taken, and not yet applied.

use std::time::{Duration, Instant};

use tradekeep_store_traits::{Act, Delivery, ErrorKind, Result, StoreError};

use crate::STORE;
use crate::pool::Pool;
use crate::rows::get;

/// Between two looks. Nothing tells when a table has caught up.
const POLL: Duration = Duration::from_millis(5);

/// Waits until all that the server has taken for a table by now is applied, and so seen by whoever reads:
/// `table` is its name there.
///
/// # Errors
/// At once where the table is suspended, since nothing is applied before somebody resumes it.
pub(crate) async fn settled(
    pool: &Pool,
    op: &'static str,
    table: &str,
    patience: Duration,
) -> Result<()> {
    let since = Instant::now();
    let mut wanted = None;
    loop {
        let log = Log::of(pool, op, table).await?;
        if log.suspended {
            return Err(suspended(op, table));
        }
        if log.applied >= *wanted.get_or_insert(log.taken) {
            return Ok(());
        }
        if since.elapsed() > patience {
            let context = format!(
                "table {table} is behind its write-ahead log and does not catch up within \
                 {patience:?}: see whether the server's disk and cores keep up, and ask again"
            );
            return Err(
                StoreError::new(ErrorKind::Timeout, STORE, op, context).with_act(Act::Probe)
            );
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The error of a statement that changes something: it may have been taken, unless the server has refused it.
pub(crate) fn in_doubt(error: StoreError) -> StoreError {
    match error.kind {
        ErrorKind::Connection | ErrorKind::Timeout => taken(error),
        _ => error,
    }
}

/// The error of what follows a statement that was taken: it is, or will be, carried out.
pub(crate) fn taken(error: StoreError) -> StoreError {
    error.with_delivery(Delivery::Unknown)
}

fn suspended(op: &'static str, table: &str) -> StoreError {
    let context = format!(
        "table {table} is suspended, so that writes to it are accepted and not applied: remove the \
         cause, then ALTER TABLE \"{table}\" RESUME WAL"
    );
    StoreError::new(ErrorKind::Write, STORE, op, context).with_act(Act::Halt)
}

/// How far a table is.
struct Log {
    suspended: bool,
    /// Transactions that are applied, and those that are taken.
    applied: i64,
    taken: i64,
}

impl Log {
    async fn of(pool: &Pool, op: &'static str, table: &str) -> Result<Self> {
        let sql = "SELECT w.suspended, w.\"writerTxn\", w.\"sequencerTxn\" FROM wal_tables() w \
                   WHERE w.name = $1";
        let rows = pool.query(op, sql, &[&table]).await?;
        let Some(row) = rows.first() else {
            let context = format!("table {table} is gone: open the store again");
            return Err(StoreError::new(ErrorKind::Schema, STORE, op, context).with_act(Act::Halt));
        };
        Ok(Self { suspended: get(op, row, 0)?, applied: get(op, row, 1)?, taken: get(op, row, 2)? })
    }
}
