//! The store: how it is opened, and what its roles share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tradekeep_store_traits::{At, ErrorKind, Failure, Inner, PoolStats, Result, Table};

use crate::floor::KnownFloors;
use crate::pool::{Pool, pool};
use crate::runs::Runs;
use crate::sql::QuestDb;
use crate::write::Writer;
use crate::{QuestDbConfig, STORE, position, schema, wal};

/// A store on a QuestDB server: its tables, made and checked, and a pool of connections that read.
///
/// It needs a tokio runtime to be driven.
///
/// ```no_run
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// use tradekeep_questdb_store::{QuestDbConfig, QuestDbStore};
/// use tradekeep_store_traits::Probe;
///
/// let config = QuestDbConfig::from_url("questdb://bot:s3cret@localhost:9000?pg_port=8812")?;
/// let store = QuestDbStore::connect(config).await?;
/// for trouble in store.health().await.troubles {
///     println!("{}: {}", trouble.cause, trouble.remedy);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct QuestDbStore {
    pub(crate) pool: Pool,
    pub(crate) config: QuestDbConfig,
    pub(crate) dialect: QuestDb,
    pub(crate) writer: Writer,
    pub(crate) known_floors: KnownFloors,
    pub(crate) runs: Runs,
    /// Whether the tables are made and checked.
    is_set_up: AtomicBool,
    /// Held by who makes and checks them.
    setting_up: Mutex<()>,
}

impl QuestDbStore {
    /// Connects to the server of `config`, makes its tables where there are none, and checks every column
    /// of those that are there.
    ///
    /// # Errors
    /// `InvalidInput` for a bad configuration; `Connection`, `Timeout` and `Authentication` where the
    /// server cannot be reached or does not let us in; `Schema` where a table is of another version, or
    /// somebody else's: then nothing is changed.
    pub async fn connect(config: QuestDbConfig) -> Result<Self> {
        let store = Self::new(config)?;
        store.ready().await.at(STORE, "open")?;
        Ok(store)
    }

    /// The same, but nothing is asked of the server before the store is first used: it may be down by now.
    /// Every use that comes before the tables are made and checked does that first, and fails as
    /// [`connect`](Self::connect) does.
    ///
    /// # Errors
    /// `InvalidInput` for a bad configuration.
    pub fn new(config: QuestDbConfig) -> Result<Self> {
        Self::unconnected(config).at(STORE, "open")
    }

    fn unconnected(config: QuestDbConfig) -> Inner<Self> {
        config.validate().map_err(Failure::invalid)?;
        Ok(Self {
            pool: pool(&config)?,
            writer: Writer::new(&config)?,
            dialect: QuestDb { prefix: config.table_prefix().to_owned() },
            config,
            known_floors: KnownFloors::default(),
            runs: Runs::default(),
            is_set_up: AtomicBool::new(false),
            setting_up: Mutex::new(()),
        })
    }

    /// Connections to a server whose tables are as they should be.
    pub(crate) async fn ready(&self) -> Inner<&Pool> {
        if !self.is_set_up.load(Ordering::SeqCst) {
            let _setting_up = self.setting_up.lock().await;
            if !self.is_set_up.load(Ordering::SeqCst) {
                schema::set_up(&self.pool, &self.config).await?;
                position::ensure_store_id(self, &self.pool).await?;
                self.meet_tables().await?;
                self.is_set_up.store(true, Ordering::SeqCst);
            }
        }
        Ok(&self.pool)
    }

    /// The same for who only reads, and makes no tables.
    pub(crate) async fn readable(&self) -> Inner<&Pool> {
        if !self.is_set_up.load(Ordering::SeqCst)
            && !schema::exists(&self.pool, &self.config).await?
        {
            let context = "there are no tables of tradekeep on the server yet: what is recorded or imported \
                           first makes them";
            return Err(Failure::new(ErrorKind::NotFound, context));
        }
        self.ready().await
    }

    /// Notes which tables they are, so that others in their places are noticed.
    async fn meet_tables(&self) -> Inner<()> {
        let known = self.writer.lanes().iter().map(|lane| lane.applied.load(Ordering::SeqCst));
        let known: Vec<_> = known.collect();
        let logs = wal::logs(&self.pool, self.config.connect_timeout).await?;
        for (lane, known) in self.writer.lanes().iter().zip(known) {
            if let Some(log) = logs.iter().find(|log| log.table == lane.shape.name()) {
                self.meet(lane, log, known);
            }
        }
        Ok(())
    }

    /// A table is not the one it was: they are checked before the next use.
    pub(crate) fn forget_set_up(&self) {
        self.is_set_up.store(false, Ordering::SeqCst);
    }

    /// Drops every table of this store, with all rows, and no other table of the server. The store is of
    /// no use afterwards.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses; what was dropped by then is gone.
    pub async fn drop_tables(self) -> Result<()> {
        let dropped = schema::drop_all(&self.pool, &self.config).await;
        self.pool.close();
        dropped.at(STORE, "drop_tables")
    }

    /// The name that a table has on the server.
    pub(crate) fn table(&self, table: Table) -> String {
        self.config.table(table.as_str())
    }

    /// How long to wait for the server to apply what it has taken.
    pub(crate) const fn patience(&self) -> Duration {
        self.config.query_timeout
    }

    /// How the pool of connections is used.
    #[must_use]
    pub fn pool_stats(&self) -> PoolStats {
        self.pool.stats()
    }
}
