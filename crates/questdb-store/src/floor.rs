//! Retention floors: the time before which a table takes no row.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;
use tradekeep_models::Timestamp;
use tradekeep_store_traits::sql::Row as _;
use tradekeep_store_traits::sql::answers::{self, Floors};
use tradekeep_store_traits::{ErrorKind, Inner, Table};

use crate::schema::FLOOR_TABLE;
use crate::sql::{Bind, Sql};
use crate::{QuestDbStore, wal};

/// How long a sink may go by floors it has read, counted from before it asked for them. Whoever changes one
/// waits so long.
pub(crate) const KEPT: Duration = Duration::from_secs(1);

/// Floors as they were read, and when that was asked for.
#[derive(Debug, Default)]
pub(crate) struct KnownFloors(Mutex<Option<(Instant, Floors)>>);

impl QuestDbStore {
    /// The floor of `table` as it was a second ago at most.
    pub(crate) async fn known_floor(&self, table: Table) -> Inner<Option<Timestamp>> {
        let mut known = self.known_floors.0.lock().await;
        if let Some((asked, floors)) = &*known
            && asked.elapsed() < KEPT
        {
            return Ok(floors.get(&table).copied());
        }
        let asked = Instant::now();
        let floors = self.floors().await?;
        let floor = floors.get(&table).copied();
        *known = Some((asked, floors));
        Ok(floor)
    }

    /// All floors, in one statement.
    pub(crate) async fn floors(&self) -> Inner<Floors> {
        let sql = format!(
            "SELECT f.table_name, f.before_ts::long FROM \"{}\" f \
             LATEST ON changed_at PARTITION BY table_name",
            self.config.table(FLOOR_TABLE)
        );
        // Who writes cannot wait as long as a query may take.
        let limit = self.config.connect_timeout;
        let pool = match self.readable().await {
            // Nothing is stored, and nothing was dropped.
            Err(error) if error.kind == ErrorKind::NotFound => return Ok(Floors::default()),
            pool => pool?,
        };
        answers::floors(pool.ask_within(limit, &Sql::plain(sql)).await?)
    }

    /// Sets the floor of `table`, or takes it away, and answers when every sink goes by it.
    pub(crate) async fn change_floor(&self, table: Table, floor: Option<Timestamp>) -> Inner<()> {
        let (pool, own) = (self.ready().await?, self.config.table(FLOOR_TABLE));
        // A change that was taken and not applied would not be seen below.
        wal::settled(pool, &own, self.patience()).await?;
        let at = self.next_change(&own).await?;
        let insert = insert(&own, table, floor, at);
        pool.ask(&insert).await.map_err(wal::in_doubt)?;
        wal::settled(pool, &own, self.patience()).await.map_err(wal::taken)?;
        tokio::time::sleep(KEPT).await;
        Ok(())
    }

    /// The time of the next change, in nanoseconds: behind the last one also where the server's clock was
    /// put back, since the latest one counts.
    async fn next_change(&self, own: &str) -> Inner<i64> {
        let pool = self.ready().await?;
        // Two statements: in one, the server would take its clock for what to group by.
        let last = Sql::plain(format!("SELECT max(f.changed_at)::long FROM \"{own}\" f"));
        let last = pool.ask(&last).await?;
        let now = pool.ask(&Sql::plain("SELECT systimestamp_ns()::long")).await?;
        let mut next = 0;
        for row in now.iter().chain(&last) {
            let behind = |time: Timestamp| time.as_nanos() + 1;
            next = row.maybe_time(0)?.map_or(next, behind).max(next);
        }
        Ok(next)
    }
}

fn insert(own: &str, table: Table, floor: Option<Timestamp>, at: i64) -> Sql {
    let mut values = vec![Bind::Text(table.as_str().to_owned()), Bind::Int(at)];
    let before = floor.map_or("NULL", |floor| {
        values.push(Bind::Int(floor.as_nanos()));
        "$3::timestamp_ns"
    });
    let text = format!(
        "INSERT INTO \"{own}\" (table_name, changed_at, before_ts) \
         VALUES ($1, $2::timestamp_ns, {before})"
    );
    Sql { text, values }
}
