//! Write-ahead logs of tables: what is taken, and what of it is applied.

use std::time::Duration;

use tradekeep_store_traits::{Act, ErrorKind, Result, StoreError};

use crate::STORE;
use crate::pool::Pool;
use crate::rows::get;

/// The log of a table.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    /// The table's name on the server.
    pub(crate) table: String,
    /// Another one once the table is made anew.
    pub(crate) id: i32,
    /// Nothing more is applied until somebody resumes it.
    pub(crate) suspended: bool,
    /// The last transaction that is applied.
    pub(crate) applied: i64,
    /// The last transaction that is taken.
    pub(crate) taken: i64,
    /// Why it is suspended: a tag, and not the message, which may hold values.
    pub(crate) error: String,
}

/// The logs of every table of the server.
pub(crate) async fn read(pool: &Pool, limit: Duration, op: &'static str) -> Result<Vec<Log>> {
    let sql = "SELECT t.table_name, t.id, w.suspended, w.\"writerTxn\", w.\"sequencerTxn\", \
               w.\"errorTag\" FROM wal_tables() w JOIN tables() t ON w.name = t.table_name";
    let rows = pool.query_within(limit, op, sql, &[]).await?;
    let log = |row: &tokio_postgres::Row| {
        Ok(Log {
            table: get(op, row, 0)?,
            id: get(op, row, 1)?,
            suspended: get(op, row, 2)?,
            applied: get(op, row, 3)?,
            taken: get(op, row, 4)?,
            error: get::<Option<String>>(op, row, 5)?.unwrap_or_default(),
        })
    };
    rows.iter().map(log).collect()
}

impl Log {
    /// Transactions that are taken and not yet applied.
    pub(crate) const fn behind(&self) -> i64 {
        self.taken.saturating_sub(self.applied)
    }

    /// What is wrong when it is suspended, and what to do.
    pub(crate) fn suspended(&self) -> (String, String) {
        let Self { table, error, .. } = self;
        let why = if error.is_empty() { String::new() } else { format!(" ({error})") };
        let behind = self.behind();
        (
            format!(
                "table {table} is suspended{why}: writes to it are accepted and not applied, \
                 {behind} wait"
            ),
            format!("remove the cause, then ALTER TABLE \"{table}\" RESUME WAL"),
        )
    }

    /// An error where it is suspended: somebody has to mend it.
    pub(crate) fn check(&self, op: &'static str) -> Result<()> {
        if !self.suspended {
            return Ok(());
        }
        let (cause, remedy) = self.suspended();
        Err(StoreError::new(ErrorKind::Write, STORE, op, format!("{cause}: {remedy}"))
            .with_act(Act::Halt))
    }
}
