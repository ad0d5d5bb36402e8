//! Tables that cases use one after another: to make and to drop all of a store takes far longer than most cases.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::{Client, Error};
use tradekeep_questdb_store::QuestDbStore;
use tradekeep_store_traits::{ErrorKind, Result, StoreError};

use crate::scratch::Scratch;

/// Tables that are there, empty, and that no case uses.
static FREE: Mutex<Vec<Scratch>> = Mutex::new(Vec::new());

/// Between two looks: nothing tells when a table has caught up.
const LOOK: Duration = Duration::from_millis(2);

fn free() -> MutexGuard<'static, Vec<Scratch>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Empty ones: those of an earlier case, or new ones.
pub(crate) fn take(url: &str) -> Scratch {
    free().pop().unwrap_or_else(|| Scratch::new(url))
}

/// Empties them, for the next case.
pub(crate) async fn put_back(tables: Scratch) -> Result<()> {
    let emptied = empty(&tables.client().await, &tables.prefix).await;
    let failed =
        |error| StoreError::new(ErrorKind::Query, "questdb", "empty", format!("{error:?}"));
    emptied.map_err(failed)?;
    free().push(tables);
    Ok(())
}

async fn empty(client: &Client, prefix: &String) -> std::result::Result<(), Error> {
    // A table that is behind its log looks empty.
    caught_up(client, prefix).await?;
    let sql =
        "SELECT table_name FROM tables() WHERE starts_with(table_name, $1) AND table_name != $2";
    let versions = format!("{prefix}tradekeep_schema");
    for row in client.query(sql, &[prefix, &versions]).await? {
        let table: String = row.get(0);
        let count = format!("SELECT count() FROM \"{table}\"");
        if client.query_one(&count, &[]).await?.get::<_, i64>(0) > 0 {
            client.batch_execute(&format!("TRUNCATE TABLE \"{table}\"")).await?;
        }
    }
    caught_up(client, prefix).await
}

/// Waits until all that was told to the tables is done.
async fn caught_up(client: &Client, prefix: &String) -> std::result::Result<(), Error> {
    let sql = "SELECT count() FROM wal_tables() WHERE starts_with(name, $1) \
               AND \"sequencerTxn\" > \"writerTxn\"";
    while client.query_one(sql, &[prefix]).await?.get::<_, i64>(0) > 0 {
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// Drops all of them.
pub(crate) fn drop_all() {
    let runtime = Runtime::new().unwrap();
    for tables in free().drain(..) {
        let store = QuestDbStore::new(tables.config()).unwrap();
        runtime.block_on(store.drop_tables()).unwrap();
    }
}
