//! The store: its roles, each handed to the file that does it.

use async_trait::async_trait;
use tokio::sync::OnceCell;
use tradekeep_store_traits::{Health, Probe, Result, StoreError, Table};

use crate::pool::{Pool, PoolStats};
use crate::{QuestDbConfig, STORE, admin, schema};

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
    pool: Pool,
    config: QuestDbConfig,
    /// Whether the tables are made and checked.
    set_up: OnceCell<()>,
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
        store.ready().await?;
        Ok(store)
    }

    /// The same, but nothing is asked of the server before the store is first used: it may be down by now.
    /// Every use that comes before the tables are made and checked does that first, and fails as
    /// [`connect`](Self::connect) does.
    ///
    /// # Errors
    /// `InvalidInput` for a bad configuration.
    pub fn new(config: QuestDbConfig) -> Result<Self> {
        config.validate().map_err(|error| StoreError::invalid(STORE, "open", &error))?;
        let pool = Pool::new(&config)?;
        Ok(Self { pool, config, set_up: OnceCell::new() })
    }

    /// Connections to a server whose tables are as they should be.
    pub(crate) async fn ready(&self) -> Result<&Pool> {
        let set_up = || schema::set_up(&self.pool, &self.config);
        self.set_up.get_or_try_init(set_up).await?;
        Ok(&self.pool)
    }

    /// Drops every table of this store, with all rows, and no other table of the server. The store is of
    /// no use afterwards.
    ///
    /// # Errors
    /// When the server cannot be reached or refuses; what was dropped by then is gone.
    pub async fn drop_tables(self) -> Result<()> {
        let dropped = schema::drop_all(&self.pool, &self.config).await;
        self.pool.close();
        dropped
    }

    /// The name that a table has on the server.
    pub(crate) fn table(&self, table: Table) -> String {
        self.config.table(table.as_str())
    }

    /// How the pool of connections is used.
    #[must_use]
    pub fn pool_stats(&self) -> PoolStats {
        self.pool.stats()
    }
}

#[async_trait]
impl Probe for QuestDbStore {
    async fn health(&self) -> Health {
        admin::health(&self.pool, &self.config).await
    }
}
