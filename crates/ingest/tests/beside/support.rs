//! A data folder, sinks in memory, ticks to send.
#![allow(dead_code, reason = "not every test file needs all of it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tradekeep_ingest::{Ingest, IngestConfig, SinkConfig, SinkId};
use tradekeep_models::{Symbol, Table, Tick, TickFilter, Timestamp, TradeId};
use tradekeep_store_traits::{
    Act, BadRow, ErrorKind, Failure, MemoryStore, Records, SeriesStore, StoreError,
};

pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A folder of its own.
pub(crate) struct Data(pub(crate) tempfile::TempDir);

impl Data {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Segments as small as they may be, so that there are many.
    pub(crate) fn config(&self) -> IngestConfig {
        config(self.path())
    }

    pub(crate) async fn open(&self, sinks: &[(&str, &Arc<MemoryStore>)]) -> Ingest {
        Ingest::open(self.config(), self::sinks(sinks)).await.unwrap()
    }

    pub(crate) fn spool(&self) -> PathBuf {
        self.path().join("spool")
    }

    /// The segments of the spool that are begun, oldest first.
    pub(crate) fn segments(&self) -> Vec<PathBuf> {
        let mut paths: Vec<_> =
            fs::read_dir(self.spool()).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "seg"));
        // One that was made ahead may be going again at this moment, since another was begun first.
        let is_begun =
            |path: &PathBuf| fs::read(path).is_ok_and(|bytes| bytes.iter().any(|byte| *byte != 0));
        paths.retain(is_begun);
        paths.sort();
        paths
    }
}

pub(crate) fn config(data: &Path) -> IngestConfig {
    IngestConfig::new(data)
        .with_segment_bytes(1 << 19)
        .with_max_bytes(1 << 28)
        .with_batch(1_000, Duration::from_millis(5))
        .with_halt_retry(Duration::from_millis(20))
        .with_probe_every(Duration::from_millis(20))
}

pub(crate) fn sinks(sinks: &[(&str, &Arc<MemoryStore>)]) -> Vec<SinkConfig> {
    let config = |(name, store): &(&str, &Arc<MemoryStore>)| SinkConfig {
        id: id(name),
        name: format!("memory://{name}"),
        sink: Arc::clone(store) as _,
        tables: Table::ALL.to_vec(),
        from_now: false,
    };
    sinks.iter().map(config).collect()
}

pub(crate) fn id(name: &str) -> SinkId {
    SinkId::of("memory", name, "")
}

pub(crate) fn store() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new())
}

/// A tick that is told from others by its number.
pub(crate) fn tick(number: u64) -> Tick {
    let ts = Timestamp::from_nanos(1_723_111_205_000_000_000 + i64::try_from(number).unwrap());
    Tick::builder(Symbol::new("BTC-USD").unwrap(), ts.unwrap())
        .trade_id(TradeId::new(number.to_string()).unwrap())
        .price("61837.63".parse().unwrap())
        .quantity("0.02".parse().unwrap())
        .build()
        .unwrap()
}

pub(crate) fn ticks(numbers: std::ops::Range<u64>) -> Records {
    Records::Ticks(numbers.map(tick).collect())
}

pub(crate) fn one(records: &Records) -> Tick {
    match records {
        Records::Ticks(ticks) => ticks[0].clone(),
        other => panic!("{other:?}"),
    }
}

/// The ticks that a store has.
pub(crate) async fn stored(store: &MemoryStore) -> Vec<Tick> {
    let store: &dyn SeriesStore = store;
    store.ticks(TickFilter::default()).all().await.unwrap()
}

/// Lets a store take nothing from now on, until [`mend`].
pub(crate) fn halt(store: &MemoryStore) {
    let error =
        || StoreError::new(ErrorKind::Authentication, "memory", "write", "no").with_act(Act::Halt);
    store.fail_next("write", usize::MAX, error).unwrap();
}

pub(crate) fn mend(store: &MemoryStore) {
    let error = || StoreError::new(ErrorKind::Write, "memory", "write", "no");
    store.fail_next("write", 0, error).unwrap();
}

/// Lets a store refuse the first record of its next batch.
pub(crate) fn refuse_one(store: &MemoryStore) {
    let error = || {
        let rows = vec![BadRow::new(0, "price: is odd".into())];
        Failure::bad_rows(ErrorKind::Conflict, rows).at("memory", "write")
    };
    store.fail_next("write", 1, error).unwrap();
}

/// A spool of `letters` dead letters, delivered otherwise.
pub(crate) async fn with_letters(data: &Data, store: &Arc<MemoryStore>, letters: u64) -> Ingest {
    let ingest = data.open(&[("a", store)]).await;
    for number in 0..letters {
        refuse_one(store);
        ingest.append(ticks(number..number + 1)).await.unwrap().applied().await.unwrap();
        // The event that tells of the first one is not to be refused in the place of the next.
        ingest.flush(SOON).await;
    }
    ingest
}

/// Every file below a folder: its bytes and when it was changed.
pub(crate) fn snapshot(folder: &Path) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        if entry.file_type().unwrap().is_dir() {
            files.extend(snapshot(&entry.path()));
        } else {
            let changed = entry.metadata().unwrap().modified().unwrap();
            files.insert(entry.path(), (fs::read(entry.path()).unwrap(), changed));
        }
    }
    files
}

/// Copies a folder, locks and all.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Waits until `done` says yes.
pub(crate) async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = tokio::time::Instant::now();
    while !done() {
        assert!(started.elapsed() < SOON, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
