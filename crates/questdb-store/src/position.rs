//! Which server it is, and how far its tables have come: whether it is the one that was written to before.

use std::sync::atomic::Ordering;

use tradekeep_models::{Table, new_id};
use tradekeep_store_traits::{Act, Batch, ErrorKind, Failure, Inner, Position, Run};
use uuid::Uuid;

use crate::QuestDbStore;
use crate::pool::Pool;
use crate::schema::STORE_TABLE;
use crate::sql::{Bind, Sql};
use crate::wal::{self, Log};
use crate::write::Lane;

/// The server's id, its table's own number, and the transactions that the table has seen.
pub(crate) async fn of(store: &QuestDbStore, table: Table, run: &Run) -> Inner<Position> {
    let lane = store.writer.lane(table);
    if lane.moved.load(Ordering::SeqCst) {
        store.forget_set_up();
    }
    let read = match store.read_position(lane, run).await {
        // Another server, without tables: they are made.
        Err(error) if matches!(error.kind, ErrorKind::Query | ErrorKind::Schema) => {
            store.forget_set_up();
            store.read_position(lane, run).await?
        }
        read => read?,
    };
    lane.moved.store(false, Ordering::SeqCst);
    Ok(read)
}

/// Gives a server its id where it has none.
pub(crate) async fn ensure_store_id(store: &QuestDbStore, pool: &Pool) -> Inner<()> {
    let own = store.config.table(STORE_TABLE);
    if store_id(pool, &own).await?.is_none() {
        let text = format!("INSERT INTO \"{own}\" VALUES ($1, systimestamp_ns())");
        let values = vec![Bind::Text(new_id().to_string())];
        pool.ask(&Sql { text, values }).await?;
        wal::settled(pool, &own, store.patience()).await?;
    }
    Ok(())
}

async fn store_id(pool: &Pool, own: &str) -> Inner<Option<Uuid>> {
    let sql = format!("SELECT s.id::string FROM \"{own}\" s ORDER BY s.made_at, s.id LIMIT 1");
    let rows = pool.ask(&Sql::plain(sql)).await?;
    let text: Option<String> = rows.first().map(|row| row.get(0)).transpose()?;
    Ok(text.and_then(|text| text.parse().ok()))
}

impl QuestDbStore {
    async fn read_position(&self, lane: &Lane, run: &Run) -> Inner<Position> {
        let (pool, name) = (self.ready().await?, lane.shape.name());
        let id = store_id(pool, &self.config.table(STORE_TABLE)).await?;
        let store = id.ok_or_else(|| wal::gone(STORE_TABLE))?;
        let known = lane.applied.load(Ordering::SeqCst);
        let logs = wal::logs(pool, self.config.connect_timeout).await?;
        let log = logs.iter().find(|log| log.table == name).ok_or_else(|| wal::gone(name))?;
        self.meet(lane, log, known);
        self.runs.look(&logs, &self.config);
        self.admit(pool, run).await?;
        let number = |number: i64| u64::try_from(number).unwrap_or_default();
        Ok(Position { store, table: number(log.id.into()), changes: number(log.applied) })
    }

    /// Notes that a lane's table has this log, which was asked for when it was `known` to have so much applied;
    /// where it is not the one that it had, or an earlier state of it, what was written is not there.
    pub(crate) fn meet(&self, lane: &Lane, log: &Log, known: i64) {
        if !lane.is(log.id) || log.applied < known {
            lane.renew();
            self.writer.ledger().lose_all(lane.table);
        }
        lane.met(log);
    }
}

impl Lane {
    /// Refuses a batch of a stream where the table is not the one that the stream was written to: who delivers it
    /// has to ask first [where it stands](of).
    pub(crate) fn check_position(&self, batch: &Batch) -> Inner<()> {
        if batch.origin().is_none() || !self.moved.load(Ordering::SeqCst) {
            return Ok(());
        }
        let context = format!(
            "table {} is another one than before, or an earlier state of it: what it lacks is to be sent again",
            self.shape.name()
        );
        Err(Failure::new(ErrorKind::Transaction, context).with_act(Act::Resend))
    }
}
