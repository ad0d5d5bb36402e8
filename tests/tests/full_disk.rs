//! A spool on a disk that is full. Where no disk can be mounted, the tests are reported as ignored, with the
//! reason.
#![allow(clippy::unwrap_used, clippy::panic, reason = "test code")]

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tradekeep::models::{Records, Symbol, Table, Tick, TickFilter, Timestamp, TradeId};
use tradekeep::stores::{Act, MemoryStore, SeriesStore};
use tradekeep::{ErrorKind, StoreError};
use tradekeep_ingest::{Ingest, IngestConfig, IngestError, Level, SinkConfig, SinkId, WhenFull};
use tradekeep_test_servers::harness::{self, Absent, needing};
use tradekeep_tests::disk::SmallDisk;

const PATIENCE: Duration = Duration::from_millis(300);
/// Ticks appended together.
const BATCH: u64 = 500;

fn main() -> ExitCode {
    harness::main(vec![needing("disk", "a_full_disk_costs_nothing_and_is_over", a_full_disk)])
}

fn tick(number: u64) -> Tick {
    let nanos = 1_723_075_200_000_000_000 + i64::try_from(number).unwrap() * 1_000_000;
    Tick::builder(Symbol::new("BTC-USD").unwrap(), Timestamp::from_nanos(nanos).unwrap())
        .trade_id(TradeId::new(number.to_string()).unwrap())
        .price("61837.63".parse().unwrap())
        .quantity("0.02".parse().unwrap())
        .build()
        .unwrap()
}

fn ticks(numbers: std::ops::Range<u64>) -> Records {
    numbers.map(tick).collect::<Vec<_>>().into()
}

async fn open(data: &Path, store: &Arc<MemoryStore>) -> Ingest {
    let config = IngestConfig::new(data)
        .with_segment_bytes(1 << 20)
        .with_when_full(WhenFull::Block(PATIENCE))
        .with_halt_retry(Duration::from_millis(50));
    let sink = SinkConfig {
        id: SinkId::of("memory", "", ""),
        name: "memory://".into(),
        sink: Arc::clone(store) as _,
        tables: Table::ALL.to_vec(),
        from_now: false,
    };
    Ingest::open(config, vec![sink]).await.unwrap()
}

/// Appends ticks from `given` on until there is no room; answers how many were taken by then.
async fn fill(ingest: &Ingest, mut given: u64) -> u64 {
    loop {
        let before = Instant::now();
        match ingest.append_at(&ticks(given..given + BATCH), Level::Synced).await {
            Ok(_) => given += BATCH,
            Err(error) => {
                let took = before.elapsed();
                assert!(took >= PATIENCE && took < PATIENCE * 20, "after {took:?}");
                is_full(&error);
                return given;
            }
        }
        assert!(given < 1_000_000, "the disk is never full");
    }
}

/// It says that the disk is full, where, and what to do.
fn is_full(error: &IngestError) {
    let IngestError::Disk { source, .. } = error else { panic!("{error}") };
    assert_eq!(source.kind(), io::ErrorKind::StorageFull, "{error}");
    let text = error.to_string();
    assert!(
        text.contains(
            "spool: records cannot be written (the next file takes 1024 KiB): No space left"
        ),
        "{text}"
    );
    assert!(text.contains("; free space on that disk, then try again"), "{text}");
    assert!(!text.contains('\n'), "{text}");
}

/// The spool has ever taken so many ticks.
fn assert_accepted(ingest: &Ingest, count: u64) {
    let stats = ingest.stats();
    let lane = stats.lanes().find(|lane| lane.table == Table::Ticks).unwrap();
    assert_eq!((lane.accepted, lane.unaccounted()), (count, 0), "{stats:#?}");
    assert!(stats.damaged.is_empty(), "{stats:#?}");
}

fn a_full_disk() -> Result<(), Absent> {
    let folder = tempfile::tempdir().unwrap();
    let _disk = SmallDisk::mount(folder.path(), 32)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(filled_twice(folder.path()));
    Ok(())
}

async fn filled_twice(disk: &Path) {
    let (data, other) = (disk.join("data"), disk.join("other"));
    // Most of it, so that what is left is soon full.
    fs::write(disk.join("ballast"), vec![7; 20 << 20]).unwrap();
    fs::write(&other, vec![7; 6 << 20]).unwrap();
    let store = Arc::new(MemoryStore::new());
    let halted = || StoreError::new(ErrorKind::Authentication, "memory", "write", "wrong key");
    store.fail_next("write", usize::MAX, move || halted().with_act(Act::Halt)).unwrap();

    let ingest = open(&data, &store).await;
    let first = fill(&ingest, 0).await;
    assert!(first > 20 * BATCH, "there was room for {first}");
    // At once, for who does not wait; and again, for who does not believe it.
    is_full(&ingest.try_append(&ticks(first..first + BATCH)).unwrap_err());
    assert_eq!(fill(&ingest, first).await, first);
    assert_accepted(&ingest, first);

    // The next process finds all of it, on a disk that is as full.
    ingest.shutdown(Duration::ZERO).await.unwrap();
    drop(ingest);
    let ingest = open(&data, &store).await;
    assert_accepted(&ingest, first);
    assert_eq!(fill(&ingest, first).await, first);

    // Somebody makes room: it goes on by itself.
    fs::remove_file(&other).unwrap();
    let second = fill(&ingest, first).await;
    assert!(second > first + 20 * BATCH, "there was room for {second}, {first} of them before");
    assert_accepted(&ingest, second);

    // Ended without a word, as by a kill; then the store takes them, and the spool itself makes room.
    drop(ingest);
    let ingest = open(&data, &store).await;
    assert_accepted(&ingest, second);
    store.fail_next("write", 0, halted).unwrap();
    ingest.resume();
    let receipt = loop {
        // Its segments are removed once a second.
        match ingest.append(ticks(second..second + BATCH)).await {
            Ok(receipt) => break receipt,
            Err(error) => is_full(&error),
        }
    };
    receipt.applied().await.unwrap();
    let stats = ingest.flush(Duration::from_secs(60)).await;
    assert_eq!((stats.pending(), stats.dead_letters), (0, 0), "{stats:#?}");
    assert_accepted(&ingest, second + BATCH);
    ingest.shutdown(Duration::from_secs(5)).await.unwrap();
    let store: &dyn SeriesStore = &*store;
    let stored = store.ticks(TickFilter::default()).all().await.unwrap();
    assert!(Records::Ticks(stored) == ticks(0..second + BATCH), "not what was receipted");
}
