//! The store: how it is opened, and what its roles share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime};

use duckdb::Connection;
use tradekeep_models::InvalidInput;
use tradekeep_store_traits::{
    At, ErrorKind, Failure, Inner, PoolStats, RecordSink as _, Result, StoreError,
};

use crate::database::{Database, closed};
use crate::readers::Readers;
use crate::session::Session;
use crate::write::Writer;
use crate::{DuckDbConfig, STORE, open, permissions};

/// The embedded store: one DuckDB database, one thread that writes, a pool that reads.
///
/// Processes take turns at the database: it is open for as long as nobody else waits, and each
/// operation waits for its turn, [`open_wait`](DuckDbConfig::with_open_wait) at most.
///
/// It needs a tokio runtime to be driven. Dropping it loses nothing that was applied;
/// [`close`](tradekeep_store_traits::RecordSink::close) moreover waits until the file is free.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
/// use tradekeep_models::{CandleQuery, Symbol, Tick, Venue};
/// use tradekeep_store_traits::SeriesStore;
///
/// let store: &dyn SeriesStore = &DuckDbStore::connect(DuckDbConfig::in_memory()).await?;
/// let btc = Symbol::new("BTC-USD")?;
/// let tick = Tick::builder(btc.clone(), "2024-08-08T10:00:05Z".parse()?)
///     .price("61837.63".parse()?)
///     .quantity("0.02".parse()?)
///     .build()?;
/// store.save(vec![tick]).await?;
/// let minutes = CandleQuery::new(Venue::unknown(), btc, "1m".parse()?);
/// assert_eq!(store.candles(minutes).page().await?.items[0].count, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct DuckDbStore {
    pub(crate) database: Arc<Database>,
    pub(crate) writer: Writer,
    pub(crate) readers: Readers,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) duplicate_window: Duration,
    pub(crate) first_token: u64,
    pub(crate) last_token: AtomicU64,
}

impl DuckDbStore {
    /// Opens the database of `config`, and sets it up where it is empty.
    ///
    /// # Errors
    /// `InvalidInput` for a bad configuration; `Conflict` when another process does not let go of it;
    /// `Schema` when it is another version's or somebody else's; `Connection` when it is damaged or
    /// cannot be made. None of them changes what is there.
    pub async fn connect(config: DuckDbConfig) -> Result<Self> {
        let store = Self::new(config)?;
        let opened = match store.database.is_absent() {
            true => store.writer.run(|_| Ok(())).await,
            false => store.readers.run(|_| Ok(())).await,
        };
        if opened.is_err() {
            // What is told is why it could not be opened.
            let _ = store.close().await;
        }
        opened.at(STORE, "open").map(|()| store)
    }

    /// The same, but nothing is opened before the store is first used: its folder may be away by now, or the
    /// database be damaged or locked by another program. Every use that comes before it is opened tries to, and
    /// fails as [`connect`](Self::connect) does.
    ///
    /// # Errors
    /// `InvalidInput` for a bad configuration.
    pub fn new(config: DuckDbConfig) -> Result<Self> {
        config.validate().map_err(invalid("open"))?;
        let (folder, most) = (config.folder().map(PathBuf::from), config.readers);
        let duplicate_window = config.duplicate_window;
        let database = Database::new(config).at(STORE, "open")?;
        let writer = Writer::start(Arc::clone(&database)).map_err(|error| {
            // The thread that releases the lease keeps the database open otherwise.
            let _ = database.close();
            cannot_start(error)
        })?;
        // By the clock, so that a token of an earlier run is not taken for one of this.
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let first_token = u64::try_from(since.as_nanos()).unwrap_or_default();
        Ok(Self {
            readers: Readers::new(Arc::clone(&database), most),
            database,
            writer,
            folder,
            duplicate_window,
            first_token,
            last_token: AtomicU64::new(first_token),
        })
    }

    /// How the pool of readers is used.
    #[must_use]
    pub fn pool_stats(&self) -> PoolStats {
        self.readers.stats()
    }

    /// Runs `read` on a connection of the pool.
    pub(crate) async fn read<T, F>(&self, op: &'static str, read: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Inner<T> + Send + 'static,
    {
        self.readers.run(read).await.at(STORE, op)
    }

    /// Runs `change` on the writer's thread.
    pub(crate) async fn change<T, F>(&self, op: &'static str, change: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Session) -> Inner<T> + Send + 'static,
    {
        let file = self.file();
        let change = move |session: &mut Session| {
            let outcome = change(session);
            // Before anybody is told that it is done.
            if let Some(file) = &file {
                permissions::match_log(file);
            }
            outcome
        };
        self.writer.run(change).await.at(STORE, op)
    }

    pub(crate) fn check_open(&self, op: &'static str) -> Result<()> {
        if self.readers.is_closed() { Err(closed().at(STORE, op)) } else { Ok(()) }
    }

    pub(crate) fn file(&self) -> Option<PathBuf> {
        self.folder.as_ref().map(|folder| folder.join(open::FILE))
    }
}

pub(crate) fn invalid(op: &'static str) -> impl Fn(InvalidInput) -> StoreError {
    move |error| Failure::invalid(error).at(STORE, op)
}

fn cannot_start(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    Failure::new(ErrorKind::Connection, "a thread could not be started")
        .with_source(error)
        .at(STORE, "open")
}
