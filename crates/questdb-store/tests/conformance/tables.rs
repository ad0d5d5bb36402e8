//! Tables that cases use one after another: to make and to drop all of a store takes far longer than most cases.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio_postgres::{Client, Error, NoTls};
use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
use tradekeep_store_traits::{ErrorKind, Result, StoreError};
use tradekeep_test_servers::prefix;

/// Tables that are there, empty, and that no case uses.
static FREE: Mutex<Vec<Tables>> = Mutex::new(Vec::new());

/// Between two looks: nothing tells when a table has caught up.
const LOOK: Duration = Duration::from_millis(2);

/// The tables of one case.
pub(crate) struct Tables {
    url: String,
    prefix: String,
}

impl Tables {
    /// Empty ones: those of an earlier case, or new ones.
    pub(crate) fn take(url: &str) -> Self {
        free().pop().unwrap_or_else(|| Self { url: url.to_owned(), prefix: prefix() })
    }

    pub(crate) async fn open(&self) -> Result<QuestDbStore> {
        QuestDbStore::connect(self.config()?).await
    }

    /// Empties them, for the next case.
    pub(crate) async fn put_back(self) -> Result<()> {
        self.empty().await.map_err(|error| wrong(format!("{error:?}")))?;
        free().push(self);
        Ok(())
    }

    async fn empty(&self) -> std::result::Result<(), Error> {
        let client = self.client().await?;
        // A table that is behind its log looks empty.
        self.caught_up(&client).await?;
        let sql = "SELECT table_name FROM tables() WHERE starts_with(table_name, $1) AND table_name != $2";
        let versions = format!("{}tradekeep_schema", self.prefix);
        for row in client.query(sql, &[&self.prefix, &versions]).await? {
            let table: String = row.get(0);
            let rows = client.query_one(&format!("SELECT count() FROM \"{table}\""), &[]).await?;
            if rows.get::<_, i64>(0) > 0 {
                client.batch_execute(&format!("TRUNCATE TABLE \"{table}\"")).await?;
            }
        }
        self.caught_up(&client).await
    }

    /// Waits until all that was told to the tables is done.
    async fn caught_up(&self, client: &Client) -> std::result::Result<(), Error> {
        let sql = "SELECT count() FROM wal_tables() WHERE starts_with(name, $1) \
                   AND \"sequencerTxn\" > \"writerTxn\"";
        while client.query_one(sql, &[&self.prefix]).await?.get::<_, i64>(0) > 0 {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    async fn client(&self) -> std::result::Result<Client, Error> {
        let (_, parameters) = self.url.split_once('?').unwrap_or_default();
        let settings = parameters.replace("pg_", "").replace('&', " ");
        let settings = format!("host=127.0.0.1 dbname=qdb {settings}");
        let (client, connection) = tokio_postgres::connect(&settings, NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }

    fn config(&self) -> Result<QuestDbConfig> {
        let config =
            QuestDbConfig::from_url(&self.url).map_err(|error| wrong(error.to_string()))?;
        Ok(config.with_table_prefix(&self.prefix))
    }
}

/// Drops all of them.
pub(crate) fn drop_all() {
    let runtime = Runtime::new().unwrap();
    for tables in free().drain(..) {
        let store = QuestDbStore::new(tables.config().unwrap()).unwrap();
        runtime.block_on(store.drop_tables()).unwrap();
    }
}

fn free() -> MutexGuard<'static, Vec<Tables>> {
    FREE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wrong(context: String) -> StoreError {
    StoreError::new(ErrorKind::InvalidInput, "questdb", "open", context)
}
