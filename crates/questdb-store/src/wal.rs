//! The write-ahead logs of tables: what is taken, and what of it is applied.

use std::time::{Duration, Instant};

use tradekeep_pg_common::PgRow;
use tradekeep_store_traits::{Act, Delivery, ErrorKind, Failure, Inner};

use crate::pool::Pool;
use crate::sql::{Bind, Sql};

/// Between the first two looks. Nothing tells when a table has caught up.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_millis(1);

/// Between the next two: a lone row is seen at once, and a server at work is not asked all the time.
pub(crate) fn longer(pause: Duration) -> Duration {
    (pause * 3).min(Duration::from_millis(20))
}

/// Waits until all that the server has taken for a table by now is applied, and so seen by whoever reads:
/// `table` is its name there.
///
/// # Errors
/// At once where the table is suspended, since nothing is applied before somebody resumes it.
pub(crate) async fn settled(pool: &Pool, table: &str, patience: Duration) -> Inner<()> {
    let since = Instant::now();
    let (mut pause, mut wanted) = (FIRST_PAUSE, None);
    loop {
        let logs = logs(pool, patience).await?;
        let Some(log) = logs.iter().find(|log| log.table == table) else {
            return Err(gone(table));
        };
        log.check()?;
        if log.applied >= *wanted.get_or_insert(log.taken) {
            return Ok(());
        }
        if since.elapsed() > patience {
            let context = format!(
                "table {table} is behind its write-ahead log and does not catch up within \
                 {patience:?}: see whether the server's disk and cores keep up, and ask again"
            );
            return Err(Failure::new(ErrorKind::Timeout, context).with_act(Act::Probe));
        }
        tokio::time::sleep(pause).await;
        pause = longer(pause);
    }
}

/// The error of a statement that changes something: it may have been taken, unless the server has refused it.
pub(crate) fn in_doubt(error: Failure) -> Failure {
    match error.kind {
        ErrorKind::Connection | ErrorKind::Timeout => taken(error),
        _ => error,
    }
}

/// The error of what follows a statement that was taken: it is, or will be, carried out.
pub(crate) fn taken(error: Failure) -> Failure {
    error.with_delivery(Delivery::Unknown)
}

/// The last transaction that is taken of `table`.
pub(crate) async fn last_taken(pool: &Pool, table: &str, limit: Duration) -> Inner<i64> {
    let text = "SELECT \"sequencerTxn\" FROM wal_tables() WHERE name = $1";
    let sql = Sql { text: text.to_owned(), values: vec![Bind::Text(table.to_owned())] };
    match pool.ask_within(limit, &sql).await?.first() {
        Some(row) => row.get(0),
        None => Err(gone(table)),
    }
}

pub(crate) fn gone(table: &str) -> Failure {
    let context = format!("table {table} is gone: open the store again");
    Failure::new(ErrorKind::Schema, context).with_act(Act::Halt)
}

/// The log of a table.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    /// The table's name on the server.
    pub(crate) table: String,
    /// The table's own: another one once it is made anew.
    pub(crate) id: i32,
    /// Its folder below the server's data.
    pub(crate) folder: String,
    /// Nothing more is applied until somebody resumes it.
    pub(crate) suspended: bool,
    /// The last transaction that is applied.
    pub(crate) applied: i64,
    /// The last transaction that is taken.
    pub(crate) taken: i64,
    /// Why it is suspended: the server's tag, and not its message, which may hold values.
    pub(crate) error: Option<String>,
    /// Whether the server has too little memory to apply it as fast as it could.
    pub(crate) starved: bool,
}

/// The logs of every table of the server.
pub(crate) async fn logs(pool: &Pool, limit: Duration) -> Inner<Vec<Log>> {
    let sql = "SELECT t.table_name, t.id, w.suspended, w.\"writerTxn\", w.\"sequencerTxn\", \
               w.\"errorTag\", w.\"memoryPressure\", t.\"directoryName\" \
               FROM wal_tables() w JOIN tables() t ON w.name = t.table_name";
    pool.ask_within(limit, &Sql::plain(sql)).await?.iter().map(Log::read).collect()
}

impl Log {
    fn read(row: &PgRow) -> Inner<Self> {
        Ok(Self {
            table: row.get(0)?,
            id: row.get(1)?,
            suspended: row.get(2)?,
            applied: row.get(3)?,
            taken: row.get(4)?,
            error: row.get::<Option<String>>(5)?.filter(|tag| !tag.is_empty()),
            starved: row.get::<i32>(6)? > 0,
            folder: row.get(7)?,
        })
    }

    /// Transactions that are taken and not yet applied.
    pub(crate) const fn behind(&self) -> i64 {
        self.taken.saturating_sub(self.applied)
    }

    /// What is wrong when it is suspended, and what to do.
    pub(crate) fn suspended(&self) -> Option<(String, String)> {
        let Self { table, error, .. } = self;
        let why = error.as_ref().map_or(String::new(), |tag| format!(" ({tag})"));
        let behind = self.behind();
        self.suspended.then(|| {
            (
                format!(
                    "table {table} is suspended{why}: writes to it are accepted and not applied, \
                     {behind} wait"
                ),
                format!("{}, then ALTER TABLE \"{table}\" RESUME WAL", cure(error.as_deref())),
            )
        })
    }

    /// An error where it is suspended.
    pub(crate) fn check(&self) -> Inner<()> {
        let Some((cause, remedy)) = self.suspended() else { return Ok(()) };
        let context = format!("{cause}: {remedy}");
        Err(Failure::new(ErrorKind::Write, context).with_act(Act::Halt))
    }
}

/// What removes the cause of a suspension, by the server's word for it. It is the one thing that the server
/// says of its disk: nothing tells how much of it is free.
fn cure(tag: Option<&str>) -> &'static str {
    match tag {
        Some("DISK FULL") => "free some space on the server's disk",
        Some("TOO MANY OPEN FILES") => "raise the server's limit of open files",
        Some("OUT OF MMAP AREAS") => "raise vm.max_map_count on the server's machine",
        Some("OUT OF MEMORY") => "give the server more memory",
        // A disk that is full while a batch is applied has no word in 9.3.4.
        _ => "remove the cause, which the server's log names: often its disk is full",
    }
}
