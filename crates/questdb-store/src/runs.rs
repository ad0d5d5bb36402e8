//! Which run of each spool writes here: copies of one spool are told apart by that.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Mutex as AsyncMutex;
use tradekeep_models::StreamId;
use tradekeep_store_traits::sql::Row as _;
use tradekeep_store_traits::{Act, Batch, ErrorKind, Failure, Inner, Run};
use uuid::Uuid;

use crate::pool::Pool;
use crate::schema::RUNS_TABLE;
use crate::sql::{Bind, Sql};
use crate::wal::{self, Log};
use crate::{QuestDbConfig, QuestDbStore};

/// What is known of the runs on the server.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    known: Mutex<Known>,
    /// Held by who asks to be let in: what one of a process is about to write, another does not see.
    admitting: AsyncMutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    /// The run of each stream that writes through this store, and whether it is the first there.
    admitted: BTreeMap<StreamId, (Uuid, bool)>,
    /// The table's own number and its last transaction when it was last looked at, and when it was last read.
    seen: Option<(i32, i64)>,
    read: Option<(i32, i64)>,
}

impl Runs {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how far the table has come, where the logs of all were asked for anyway.
    pub(crate) fn look(&self, logs: &[Log], config: &QuestDbConfig) {
        let name = config.table(RUNS_TABLE);
        let log = logs.iter().find(|log| log.table == name);
        self.known().seen = log.map(|log| (log.id, log.taken));
    }

    fn is_current(&self) -> bool {
        let known = self.known();
        known.read.is_some() && known.read == known.seen
    }
}

impl QuestDbStore {
    /// Notes that `run` writes here; refuses it where another run of its stream comes before it.
    pub(crate) async fn admit(&self, pool: &Pool, run: &Run) -> Inner<()> {
        let _admitting = self.runs.admitting.lock().await;
        self.read_runs(pool).await?;
        let admitted = self.runs.known().admitted.get(&run.stream).copied();
        if admitted == Some((run.id, true)) {
            return Ok(());
        }
        let name = self.config.table(RUNS_TABLE);
        let first = i64::try_from(run.first).unwrap_or(i64::MAX);
        let mut found = first_of(pool, &name, &run.stream).await?;
        if found.is_none_or(|(_, other)| other < first) {
            let text = format!("INSERT INTO \"{name}\" VALUES ($1, $2, $3, systimestamp_ns())");
            let stream = Bind::Text(run.stream.to_string());
            let values = vec![stream, Bind::Int(first), Bind::Text(run.id.to_string())];
            pool.ask(&Sql { text, values }).await.map_err(wal::in_doubt)?;
            wal::settled(pool, &name, self.patience()).await?;
            found = first_of(pool, &name, &run.stream).await?;
        }
        if found.is_none_or(|(id, _)| id != run.id) {
            let context = "another copy of this spool, or a newer state of it, writes to the store";
            return Err(Failure::new(ErrorKind::Conflict, context).with_act(Act::Halt));
        }
        self.runs.known().admitted.insert(run.stream.clone(), (run.id, true));
        Ok(())
    }

    /// Refuses a batch of a stream of which another run has come first since: who delivers it asks anew.
    pub(crate) async fn check_run(&self, pool: &Pool, batch: &Batch) -> Inner<()> {
        let Some(origin) = batch.origin() else { return Ok(()) };
        self.read_runs(pool).await?;
        if let Some((_, false)) = self.runs.known().admitted.get(&origin.stream) {
            let context = "another run of this stream has come to the store since";
            return Err(Failure::new(ErrorKind::Conflict, context).with_act(Act::Resend));
        }
        Ok(())
    }

    /// Reads which runs are the first, where the table has changed since it was last read.
    async fn read_runs(&self, pool: &Pool) -> Inner<()> {
        if self.runs.is_current() {
            return Ok(());
        }
        let name = self.config.table(RUNS_TABLE);
        let logs = wal::logs(pool, self.config.connect_timeout).await?;
        self.runs.look(&logs, &self.config);
        let seen = self.runs.known().seen.ok_or_else(|| wal::gone(&name))?;
        wal::settled(pool, &name, self.patience()).await?;
        let admitted = self.runs.known().admitted.clone();
        for (stream, (id, _)) in admitted {
            let first = first_of(pool, &name, &stream).await?;
            let is_first = first.is_some_and(|(first, _)| first == id);
            self.runs.known().admitted.insert(stream, (id, is_first));
        }
        self.runs.known().read = Some(seen);
        Ok(())
    }
}

/// The run of a stream that comes before all others, and its first number.
async fn first_of(pool: &Pool, name: &str, stream: &StreamId) -> Inner<Option<(Uuid, i64)>> {
    let text = format!(
        "SELECT id::string, first_seq FROM \"{name}\" WHERE stream = $1 \
         ORDER BY first_seq DESC, began_at, id LIMIT 1"
    );
    let rows = pool.ask(&Sql { text, values: vec![Bind::Text(stream.to_string())] }).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(row.get::<String>(0)?.parse().ok().zip(Some(row.int(1)?)))
}
