//! The durable watermark: what outlives the loss of the write-ahead log, and no more than that.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use tradekeep_duckdb_store::{DuckDbConfig, DuckDbStore};
use tradekeep_models::{Metric, StreamId, Symbol, Tick, Timestamp};
use tradekeep_store_traits::{
    Ack, Batch, Maintenance, Origin, Probe, RecordSink, Records, Table, TickStore,
};

const LOG: &str = "tradekeep.duckdb.wal";

fn config(folder: &Path) -> DuckDbConfig {
    DuckDbConfig::new(folder).with_threads(2).with_open_wait(Duration::from_millis(100))
}

async fn open(folder: &Path) -> DuckDbStore {
    DuckDbStore::connect(config(folder)).await.unwrap()
}

fn ticks(numbers: RangeInclusive<u64>) -> Records {
    let tick = |number: u64| {
        let ts = Timestamp::from_nanos(number.try_into().unwrap()).unwrap();
        let draft = Tick::builder(Symbol::new("X").unwrap(), ts);
        draft.price(1.into()).quantity(1.into()).build().unwrap()
    };
    Records::Ticks(numbers.map(tick).collect())
}

/// Ticks with these numbers of stream `s`.
async fn write(store: &DuckDbStore, seqs: RangeInclusive<u64>) -> Ack {
    let rows = ticks(seqs.clone());
    let origin = Origin { stream: StreamId::new("s").unwrap(), epoch: 1, seqs: seqs.collect() };
    store.write(&Batch::from_stream(rows, origin).unwrap()).await.unwrap()
}

/// The watermark of stream `s`, and the durable one.
async fn marks(store: &DuckDbStore) -> (Option<u64>, Option<u64>) {
    let stream = StreamId::new("s").unwrap();
    let durable = store.durable_watermark(&stream, 1, Table::Ticks).await.unwrap();
    (store.watermark(&stream, 1, Table::Ticks).await.unwrap(), durable)
}

async fn stored(store: &DuckDbStore) -> u64 {
    store.series().await.unwrap().iter().map(|series| series.count).sum()
}

/// The folder as a kill would leave it at this moment; the store in it stays open.
fn killed(folder: &Path, copy: &Path) {
    // Not opened by this process: that would end DuckDB's lock.
    let copied = Command::new("cp").arg("-r").args([folder, copy]).status().unwrap();
    assert!(copied.success());
}

#[tokio::test]
async fn what_a_checkpoint_wrote_is_durable() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    assert_eq!(marks(&store).await, (None, None));
    write(&store, 1..=100).await;
    assert_eq!(marks(&store).await, (Some(100), None), "it is in the log");
    store.optimize().await.unwrap();
    assert_eq!(marks(&store).await, (Some(100), Some(100)));
    write(&store, 101..=200).await;
    assert_eq!(marks(&store).await, (Some(200), Some(100)));
    store.close().await.unwrap();

    let store = open(folder.path()).await;
    assert_eq!(marks(&store).await, (Some(200), Some(200)), "closing checkpoints");
    store.close().await.unwrap();
    // Nobody asks before the next commit is in the log.
    let store = open(folder.path()).await;
    write(&store, 201..=300).await;
    assert_eq!(marks(&store).await, (Some(300), Some(200)));
    // Other streams, epochs and tables have theirs.
    let lag = || Metric::new(Timestamp::MIN, "lag".parse().unwrap(), 1.0);
    for (stream, epoch, records) in
        [("s", 2, ticks(1..=1)), ("t", 1, ticks(1..=1)), ("s", 1, vec![lag()].into())]
    {
        let (stream, table) = (StreamId::new(stream).unwrap(), records.table());
        let origin = Origin { stream: stream.clone(), epoch, seqs: vec![7] };
        store.write(&Batch::from_stream(records, origin).unwrap()).await.unwrap();
        assert_eq!(store.watermark(&stream, epoch, table).await.unwrap(), Some(7));
        assert_eq!(store.durable_watermark(&stream, epoch, table).await.unwrap(), None);
    }
}

#[tokio::test]
async fn commit_that_checkpoints_is_noted_though_nobody_asks() {
    let folder = tempfile::tempdir().unwrap();
    let small = config(folder.path()).with_checkpoint_megabytes(1);
    let store = DuckDbStore::connect(small).await.unwrap();
    let mut last = 0;
    loop {
        write(&store, last + 1..=last + 1_000).await;
        last += 1_000;
        if !folder.path().join(LOG).exists() {
            break;
        }
        assert!(last < 1_000_000, "no commit checkpoints");
    }
    write(&store, last + 1..=last + 1).await;
    write(&store, last + 2..=last + 2).await;
    assert!(folder.path().join(LOG).exists());
    assert_eq!(marks(&store).await, (Some(last + 2), Some(last)));
}

#[tokio::test]
async fn what_a_killed_process_left_in_its_log_is_not_durable() {
    let folder = tempfile::tempdir().unwrap();
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    let store = open(&data).await;
    write(&store, 1..=100).await;
    store.optimize().await.unwrap();
    write(&store, 101..=200).await;
    killed(&data, &copy);
    let again = open(&copy).await;
    assert_eq!(marks(&again).await, (Some(200), None), "how far the file goes is not known");
    write(&again, 201..=300).await;
    assert_eq!(marks(&again).await, (Some(300), None));
    again.optimize().await.unwrap();
    assert_eq!(marks(&again).await, (Some(300), Some(300)));
}

#[tokio::test]
async fn log_that_somebody_removed_was_not_checkpointed() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    write(&store, 1..=100).await;
    store.optimize().await.unwrap();
    write(&store, 101..=200).await;
    fs::remove_file(folder.path().join(LOG)).unwrap();
    assert_eq!(marks(&store).await, (Some(200), Some(100)));
    write(&store, 201..=300).await;
    assert_eq!(marks(&store).await, (Some(300), Some(100)));
    store.optimize().await.unwrap();
    assert_eq!(marks(&store).await, (Some(300), Some(300)));
}

#[tokio::test]
async fn checkpoint_that_seems_under_way_is_not_taken_for_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    write(&store, 1..=100).await;
    store.optimize().await.unwrap();
    let second_log = folder.path().join("tradekeep.duckdb.wal.checkpoint");
    fs::write(&second_log, "rows").unwrap();
    assert_eq!(marks(&store).await, (Some(100), None));
    fs::remove_file(second_log).unwrap();
    assert_eq!(marks(&store).await, (Some(100), Some(100)));
}

/// Whatever was answered is still there when the log is not, damaged or gone.
#[tokio::test]
async fn durable_outlives_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let store = open(&data).await;
    let (mut gone, mut quarantined) = (0, 0);
    for n in 1..=12u64 {
        write(&store, n * 100 - 99..=n * 100).await;
        if n % 4 == 2 {
            store.optimize().await.unwrap();
        }
        let (_, durable) = marks(&store).await;
        let expected = [0, 0, 200, 200, 200, 200, 600, 600, 600, 600, 1_000, 1_000, 1_000];
        assert_eq!(durable.unwrap_or_default(), expected[usize::try_from(n).unwrap()]);
        let copy = folder.path().join(n.to_string());
        killed(&data, &copy);
        let log = copy.join(LOG);
        if n % 2 == 0 && log.exists() {
            fs::remove_file(&log).unwrap();
            gone += 1;
        } else if let Ok(mut bytes) = fs::read(&log) {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
            fs::write(&log, bytes).unwrap();
            quarantined += 1;
        }
        let again = open(&copy).await;
        let troubles = again.health().await.troubles.len();
        assert_eq!(troubles, usize::from(n % 2 == 1), "{n}");
        // Exactly: what is left is in the file, and nothing is taken for durable that is not.
        assert_eq!(marks(&again).await, (durable, durable), "{n}");
        // The spool sends the rest again, and some of what is there.
        let first = durable.unwrap_or_default().saturating_sub(50) + 1;
        write(&again, first..=n * 100).await;
        assert_eq!((stored(&again).await, marks(&again).await.0), (n * 100, Some(n * 100)));
        again.close().await.unwrap();
    }
    assert!(gone > 0 && quarantined > 0, "{gone} {quarantined}");
}

#[tokio::test]
async fn in_memory_there_is_no_log() {
    let store = DuckDbStore::connect(DuckDbConfig::in_memory()).await.unwrap();
    write(&store, 1..=100).await;
    assert_eq!(marks(&store).await, (Some(100), Some(100)));
}
