//! The store: its roles, each handed to the file that does it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use duckdb::Connection;
use tradekeep_models::{Day, InvalidInput, StreamId, Timestamp};
use tradekeep_store_traits::{
    Ack, At, Batch, Capabilities, ErrorKind, Failure, Health, Inner, Partition, PartitionAdmin,
    Probe, RecordSink, Result, Stage, StoreError, Table, Token,
};

use crate::database::{Database, closed};
use crate::readers::{PoolStats, Readers};
use crate::session::{Session, WriteCache};
use crate::writer::Writer;
use crate::{DuckDbConfig, STORE, admin, floor, open, watermark, write};

/// The embedded store: one DuckDB database, one thread that writes, a pool that reads.
///
/// Processes take turns at the database: it is open for as long as nobody else waits, and each
/// operation waits for its turn, [`open_wait`](DuckDbConfig::with_open_wait) at most.
///
/// It needs a tokio runtime to be driven. Dropping it loses nothing that was applied;
/// [`close`](RecordSink::close) moreover waits until the file is free.
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
    database: Arc<Database>,
    writer: Writer,
    readers: Readers,
    folder: Option<PathBuf>,
    first_token: u64,
    last_token: AtomicU64,
}

impl DuckDbStore {
    /// Opens the database of `config`, and sets it up where it is empty.
    ///
    /// # Errors
    /// `InvalidInput` for a bad configuration; `Conflict` when another process does not let go of it;
    /// `Schema` when it is another version's or somebody else's; `Connection` when it is damaged or
    /// cannot be made. None of them changes what is there.
    pub async fn connect(config: DuckDbConfig) -> Result<Self> {
        config.validate().map_err(invalid("open"))?;
        let (most, _) = config.readers();
        let folder = config.folder().map(PathBuf::from);
        let database = tokio::task::spawn_blocking(move || Database::open(config))
            .await
            .map_err(cannot_start)?
            .at(STORE, "open")?;
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
        self.writer.run(change).await.at(STORE, op)
    }

    fn check_open(&self, op: &'static str) -> Result<()> {
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

#[async_trait]
impl RecordSink for DuckDbStore {
    fn capabilities(&self, _: Table) -> Capabilities {
        Capabilities::all()
    }

    async fn ping(&self) -> Result<()> {
        // Its file is not opened for this: others may have their turn at it.
        self.check_open("ping")
    }

    fn prepare(&self, batch: &Batch) {
        if let Ok(prepared) = write::prepare(batch) {
            batch.keep_prepared(prepared);
        }
    }

    async fn write(&self, batch: &Batch) -> Result<Ack> {
        // Here, so that the next batch is made ready while the writer is busy with this one.
        let prepared = match batch.take_prepared() {
            Some(prepared) => prepared,
            None => write::prepare(batch).at(STORE, "write")?,
        };
        let written =
            self.change("write", move |connection| write::write(connection, prepared)).await?;
        let token = Token(self.last_token.fetch_add(1, Ordering::Relaxed) + 1);
        let (inserted, duplicates) = (written.inserted as u64, written.duplicates as u64);
        Ok(Ack { stage: Stage::Applied, token, inserted, duplicates })
    }

    async fn settle(&self, tokens: &[Token]) -> Result<Vec<Stage>> {
        self.check_open("settle")?;
        let last = self.last_token.load(Ordering::Relaxed);
        if tokens.iter().any(|token| token.0 <= self.first_token || token.0 > last) {
            let context = "the token is not of this store";
            return Err(Failure::new(ErrorKind::NotFound, context).at(STORE, "settle"));
        }
        Ok(vec![Stage::Applied; tokens.len()])
    }

    async fn watermark(&self, stream: &StreamId, epoch: u64, table: Table) -> Result<Option<u64>> {
        let key = (stream.clone(), epoch, table);
        let read = move |connection: &Connection| watermark::watermark(connection, &key);
        self.read("watermark", read).await
    }

    async fn durable_watermark(
        &self,
        stream: &StreamId,
        epoch: u64,
        table: Table,
    ) -> Result<Option<u64>> {
        let (key, database) = ((stream.clone(), epoch, table), Arc::clone(&self.database));
        let read =
            move |session: &mut Session| database.durable().watermark(&session.connection, &key);
        self.change("durable_watermark", read).await
    }

    async fn checkpoint(&self) -> Result<()> {
        // The writer sees that there is no log before its next job.
        let moved = |session: &mut Session| open::checkpoint(&session.connection);
        self.change("checkpoint", moved).await
    }

    async fn close(&self) -> Result<()> {
        self.readers.close().await;
        self.writer.close().await.at(STORE, "close")
    }
}

#[async_trait]
impl PartitionAdmin for DuckDbStore {
    async fn partitions(&self, table: Table) -> Result<Vec<Partition>> {
        let file = self.file();
        let read = move |connection: &duckdb::Connection| {
            admin::partitions(connection, table, file.as_deref())
        };
        self.read("partitions", read).await
    }

    async fn drop_partitions(&self, table: Table, days: &[Day]) -> Result<u64> {
        let days = days.to_vec();
        self.change("drop_partitions", move |session| {
            admin::drop_days(&mut session.connection, table, &days)
        })
        .await
    }

    async fn floor(&self, table: Table) -> Result<Option<Timestamp>> {
        Ok(self.read("floor", floor::floors).await?.remove(&table))
    }

    async fn set_floor(&self, table: Table, floor: Option<Timestamp>) -> Result<()> {
        let set = move |session: &mut Session| {
            session.cache = WriteCache::default();
            floor::set(&mut session.connection, table, floor)
        };
        self.change("set_floor", set).await
    }
}

#[async_trait]
impl Probe for DuckDbStore {
    async fn health(&self) -> Health {
        admin::health(&self.database, &self.readers, &self.writer, self.folder.as_deref()).await
    }
}
