//! What only a database file can show: reopening, damage, strangers.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{StreamId, Symbol, Tick, TickFilter, Timestamp};
use tradekeep_store_traits::{
    Act, Batch, ErrorKind, Origin, PartitionAdmin, Probe, RecordSink, RecordSinkExt, Records,
    Result, SeriesStore, Table,
};

const FILE: &str = "tradekeep.duckdb";
const LOG: &str = "tradekeep.duckdb.wal";

fn config(folder: &Path) -> DuckDbConfig {
    DuckDbConfig::new(folder).with_threads(2).with_open_wait(Duration::from_millis(100))
}

async fn open(folder: &Path) -> Result<DuckDbStore> {
    DuckDbStore::connect(config(folder)).await
}

fn ticks(count: i64) -> Vec<Tick> {
    let tick = |n: i64| {
        Tick::builder(Symbol::new("X").unwrap(), Timestamp::from_nanos(n).unwrap())
            .price(n.into())
            .quantity(1.into())
            .build()
            .unwrap()
    };
    (0..count).map(tick).collect()
}

async fn stored(store: &DuckDbStore) -> Vec<Tick> {
    let store: &dyn SeriesStore = store;
    store.ticks(TickFilter::default()).all().await.unwrap()
}

/// Writes ticks and leaves them in the write-ahead log, as a killed process does.
async fn killed_with(folder: &Path, count: i64) {
    let elsewhere = tempfile::tempdir().unwrap();
    let store = open(elsewhere.path()).await.unwrap();
    for batch in ticks(count).chunks(100) {
        store.save(batch.to_vec()).await.unwrap();
    }
    // The store is open, so this is the state at a kill; it is not opened by us before it closes.
    let copied = Command::new("cp").arg("-r").arg(elsewhere.path()).arg(folder).status().unwrap();
    assert!(copied.success());
    store.close().await.unwrap();
}

#[tokio::test]
async fn everything_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await.unwrap();
    let stream = StreamId::new("s").unwrap();
    let origin = Origin { stream: stream.clone(), epoch: 1, seqs: (1..=100).collect() };
    store.write(&Batch::from_stream(Records::Ticks(ticks(100)), origin).unwrap()).await.unwrap();
    store.close().await.unwrap();
    assert!(!folder.path().join(LOG).exists(), "closing checkpoints");
    let store = open(folder.path()).await.unwrap();
    assert_eq!(stored(&store).await, ticks(100));
    assert_eq!(store.watermark(&stream, 1, Table::Ticks).await.unwrap(), Some(100));
    assert_eq!(store.save(ticks(100)).await.unwrap().duplicates, 100);
}

#[tokio::test]
async fn killed_process_leaves_its_commits() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    killed_with(&data, 100).await;
    assert!(fs::metadata(data.join(LOG)).unwrap().len() > 0);
    let store = open(&data).await.unwrap();
    assert!(store.health().await.is_healthy());
    assert_eq!(stored(&store).await, ticks(100));
}

#[tokio::test]
async fn damaged_log_is_moved_away_and_said() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    killed_with(&data, 100).await;
    let log = data.join(LOG);
    let mut bytes = fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    fs::write(&log, &bytes).unwrap();
    let store = open(&data).await.unwrap();
    let health = store.health().await;
    assert!(!health.is_healthy() && health.readable && health.writable);
    assert!(health.troubles[0].cause.contains("quarantine"), "{health:?}");
    let kept: Vec<_> = fs::read_dir(data.join("quarantine")).unwrap().collect();
    assert_eq!(kept.len(), 1);
    let kept = kept.into_iter().next().unwrap().unwrap().path();
    assert_eq!(fs::read(kept).unwrap(), bytes, "nothing of it is lost");
    // Writing again fills the gap.
    store.save(ticks(100)).await.unwrap();
    assert_eq!(stored(&store).await, ticks(100));
}

#[tokio::test]
async fn log_cut_anywhere_opens_at_a_whole_commit() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    killed_with(&data, 300).await;
    let bytes = fs::read(data.join(LOG)).unwrap();
    let mut found = Vec::new();
    for eighth in 0..=8 {
        let copy = folder.path().join(format!("cut{eighth}"));
        assert!(Command::new("cp").arg("-r").args([&data, &copy]).status().unwrap().success());
        fs::write(copy.join(LOG), &bytes[..bytes.len() * eighth / 8]).unwrap();
        let store = open(&copy).await.unwrap();
        found.push(stored(&store).await.len());
        // Nothing of what was cut is dropped without a word.
        let cut = eighth > 0 && eighth < 8;
        assert_eq!(store.health().await.troubles.len(), usize::from(cut), "{eighth}/8");
        let copies = fs::read_dir(copy.join("quarantine")).map_or(0, Iterator::count);
        assert_eq!(copies, usize::from(cut), "{eighth}/8");
        store.close().await.unwrap();
    }
    assert!(found.is_sorted() && found.iter().all(|rows| rows % 100 == 0), "{found:?}");
    assert_eq!((found[0], found[8]), (0, 300), "the whole log has all, half a log some");
    assert!(found.contains(&100) || found.contains(&200), "{found:?}");
}

#[tokio::test]
async fn damaged_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    for garbage in [b"not a database at all".repeat(500), vec![0; 20_000], b"x".to_vec()] {
        fs::write(&file, &garbage).unwrap();
        let error = open(folder.path()).await.unwrap_err();
        assert_eq!(error.act, Act::Halt, "{error}");
        let text = error.to_string();
        assert!(text.contains(FILE) && !text.contains('\n'), "{text}");
        assert_eq!(fs::read(&file).unwrap(), garbage, "the file is as it was");
    }
}

#[tokio::test]
async fn shortened_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    // Grown and shrunk, so that both headers have been in use.
    for round in 1..4 {
        let store = open(folder.path()).await.unwrap();
        store.save(ticks(round * 20_000)).await.unwrap();
        if round == 2 {
            store.drop_partitions(Table::Ticks, &[Timestamp::MIN.day()]).await.unwrap();
        }
        store.close().await.unwrap();
    }
    let whole = fs::read(&file).unwrap();
    for length in [whole.len() - 1, whole.len() - 100_000, 12_288 + 1] {
        fs::write(&file, &whole[..length]).unwrap();
        let error = open(folder.path()).await.unwrap_err();
        assert!(error.to_string().contains("ends too early"), "{error}");
        assert_eq!(fs::read(&file).unwrap(), whole[..length]);
    }
    fs::write(&file, &whole).unwrap();
    assert_eq!(stored(&open(folder.path()).await.unwrap()).await, ticks(60_000));
}

#[tokio::test]
async fn flipped_bits_in_the_database_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await.unwrap();
    store.save(ticks(5_000)).await.unwrap();
    store.close().await.unwrap();
    let file = folder.path().join(FILE);
    let whole = fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(whole.len() / 23) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x04;
        fs::write(&file, &bytes).unwrap();
        // Either it answers right, or one line says why not.
        let answer = match open(folder.path()).await {
            Err(error) => Err(error),
            Ok(store) => {
                let series: &dyn SeriesStore = &store;
                let answer = series.ticks(TickFilter::default()).all().await;
                // It may not be able to checkpoint.
                let _ = store.close().await;
                answer
            }
        };
        match answer {
            Ok(found) => assert!(found == ticks(5_000), "bit {at} gave other rows"),
            Err(error) => assert!(!error.to_string().contains('\n'), "{error}"),
        }
    }
    fs::write(&file, &whole).unwrap();
    assert_eq!(stored(&open(folder.path()).await.unwrap()).await.len(), 5_000);
}

#[tokio::test]
async fn one_process_opens_a_folder_once() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await.unwrap();
    let error = open(&folder.path().join(".")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Conflict);
    assert!(error.to_string().contains("this process"), "{error}");
    // Dropped, not closed: the next opening waits for its last checkpoint.
    store.save(ticks(10)).await.unwrap();
    drop(store);
    let patient = config(folder.path()).with_open_wait(Duration::from_secs(20));
    assert_eq!(stored(&DuckDbStore::connect(patient).await.unwrap()).await.len(), 10);
}

#[tokio::test]
async fn log_without_its_database_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    killed_with(&data, 100).await;
    fs::remove_file(data.join(FILE)).unwrap();
    let store = open(&data).await.unwrap();
    assert!(store.health().await.troubles[0].cause.contains("without its database"));
    assert_eq!(fs::read_dir(data.join("quarantine")).unwrap().count(), 1);
}

#[tokio::test]
async fn folder_that_cannot_be_made_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for bad in [file.clone(), file.join("below")] {
        let error = open(&bad).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Connection);
        assert!(error.to_string().contains("cannot be made"), "{error}");
    }
}

#[tokio::test]
async fn bad_configuration_is_refused_before_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let error = DuckDbStore::connect(config(&data).with_readers(0, 0)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::InvalidInput);
    assert!(!data.exists());
}

#[tokio::test]
async fn pool_keeps_two_and_closes_the_rest() {
    let store = DuckDbStore::connect(DuckDbConfig::in_memory().with_readers(4, 2)).await.unwrap();
    store.save(ticks(10)).await.unwrap();
    let store = Arc::new(store);
    let mut reads = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let store = Arc::clone(&store);
        reads.spawn(async move { assert_eq!(stored(&store).await.len(), 10) });
    }
    reads.join_all().await;
    let stats = store.pool_stats();
    assert_eq!((stats.most, stats.in_use), (4, 0));
    assert_eq!(stats.idle, 2, "of the four that read at once");
    store.close().await.unwrap();
    assert_eq!(store.pool_stats().idle, 0);
}
