//! A process that records, which is this one.

use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};
use tradekeep::ingest::{Ingest, IngestConfig, IngestStats, SinkConfig, SinkId};
use tradekeep::models::{Records, Symbol, Table, Tick, Timestamp, TradeId, Venue};
use tradekeep::stores::{Act, BadRow, Failure, MemoryStore};
use tradekeep::{Config, ErrorKind, StoreError};

use crate::support::Folder;

pub(crate) const SOON: Duration = Duration::from_secs(20);

/// Holds the spool of a folder's `tradekeep-data`, and delivers to a store in memory that the spool takes
/// for the one in that folder.
pub(crate) struct Recorder {
    runtime: Runtime,
    pub(crate) store: Arc<MemoryStore>,
    ingest: Ingest,
}

/// The URL of the store in a folder of `folder`, as a command that runs there knows it.
pub(crate) fn url(folder: &Folder, name: &str) -> String {
    let folder = fs::canonicalize(folder.path("")).unwrap().join(name);
    format!("duckdb://{}", folder.display())
}

/// What the spool of `folder` knows that store by.
pub(crate) fn sink_id(folder: &Folder, name: &str) -> SinkId {
    let config = Config::from_url(&url(folder, "tradekeep-data")).unwrap();
    config.sink_id(&url(folder, name)).unwrap()
}

impl Recorder {
    pub(crate) fn of(folder: &Folder) -> Self {
        Self::with(folder, &["tradekeep-data"])
    }

    /// That delivers to stores of these names, all of them one in memory.
    pub(crate) fn with(folder: &Folder, stores: &[&str]) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let store = Arc::new(MemoryStore::new());
        let sink = |name: &&str| SinkConfig {
            id: sink_id(folder, name),
            name: format!("duckdb://./{name}"),
            sink: Arc::clone(&store) as _,
            tables: vec![Table::Ticks, Table::Trades, Table::Metrics],
            from_now: false,
        };
        let config = IngestConfig::new(folder.path("tradekeep-data"))
            .with_batch(1_000, Duration::from_millis(5))
            .with_halt_retry(Duration::from_millis(20));
        let sinks = stores.iter().map(sink).collect();
        let ingest = runtime.block_on(Ingest::open(config, sinks)).unwrap();
        Self { runtime, store, ingest }
    }

    /// Takes records; answers the number of the first.
    pub(crate) fn append(&self, records: impl Into<Records>) -> u64 {
        self.runtime.block_on(self.ingest.append(records)).unwrap().seqs().start
    }

    /// The same, and waits until the store has them, or they are dead letters.
    pub(crate) fn deliver(&self, records: impl Into<Records>) {
        let receipt = self.runtime.block_on(self.ingest.append(records)).unwrap();
        self.runtime.block_on(receipt.applied()).unwrap();
    }

    /// Makes a dead letter of a record, which goes alone.
    pub(crate) fn refuse(&self, record: impl Into<Records>) {
        let error = || {
            let rows = vec![BadRow::new(0, "price: is odd".into())];
            Failure::bad_rows(ErrorKind::Conflict, rows).at("memory", "write")
        };
        self.store.fail_next("write", 1, error).unwrap();
        self.deliver(record);
        // The event that tells of the first one is not to be refused in the place of the next.
        self.runtime.block_on(self.ingest.flush(SOON));
    }

    /// Lets the store take nothing.
    pub(crate) fn halt(&self) {
        let error = || {
            let error = StoreError::new(ErrorKind::Authentication, "memory", "write", "wrong key");
            error.with_act(Act::Halt)
        };
        self.store.fail_next("write", usize::MAX, error).unwrap();
    }

    /// Lets it take everything again.
    pub(crate) fn mend(&self) {
        let error = || StoreError::new(ErrorKind::Write, "memory", "write", "no");
        self.store.fail_next("write", 0, error).unwrap();
    }

    pub(crate) fn stats(&self) -> IngestStats {
        self.ingest.stats()
    }

    /// Ends, without delivering what waits.
    pub(crate) fn stop(self) {
        self.runtime.block_on(self.ingest.shutdown(Duration::ZERO)).unwrap();
    }
}

/// A tick that is told from others by its number.
pub(crate) fn tick(number: u64) -> Tick {
    let nanos = 1_723_111_205_000_000_000 + i64::try_from(number).unwrap() * 1_000;
    Tick::builder(Symbol::new("BTC-USD").unwrap(), Timestamp::from_nanos(nanos).unwrap())
        .venue(Venue::new("kraken").unwrap())
        .trade_id(TradeId::new(number.to_string()).unwrap())
        .price("61837.63".parse().unwrap())
        .quantity("0.02".parse().unwrap())
        .build()
        .unwrap()
}

pub(crate) fn ticks(numbers: std::ops::Range<u64>) -> Vec<Tick> {
    numbers.map(tick).collect()
}

/// Waits until `done` says yes.
pub(crate) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < SOON, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
