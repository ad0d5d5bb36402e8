//! Another file in the place of the database, or none, while a recorder writes to it and while it does not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tradekeep::ingest::{Ingest, LaneStatus, operate};
use tradekeep::models::{Records, Symbol, Table, Tick, Timestamp};
use tradekeep::{Config, Tradekeep};

use super::{PATIENCE, config, rows};

const FILE: &str = "tradekeep.duckdb";

fn of(folder: &Path) -> Config {
    config(folder, "[stores]\nseries = 'duckdb://DIR/db'\n[ingest]\nfolder = 'DIR/in'")
}

fn ticks(from: i64, count: i64) -> Records {
    let tick = |number: i64| {
        let ts = Timestamp::from_nanos(1_723_111_205_000_000_000 + number).unwrap();
        let tick = Tick::builder(Symbol::new("SOL-USD").unwrap(), ts);
        tick.price(1.into()).quantity(1.into()).build().unwrap()
    };
    (from..from + count).map(tick).collect::<Vec<_>>().into()
}

struct Recorder {
    store: Tradekeep,
    ingest: Ingest,
}

impl Recorder {
    async fn open(folder: &Path) -> Self {
        let store = Tradekeep::open(&of(folder)).await.unwrap();
        let ingest = store.ingest().await.unwrap();
        Self { store, ingest }
    }

    /// Records so many ticks, which are stored when it answers.
    async fn record(&self, from: i64, count: i64) {
        let receipt = self.ingest.append(ticks(from, count)).await.unwrap();
        let applied = tokio::time::timeout(PATIENCE, receipt.applied()).await;
        applied.unwrap_or_else(|_| panic!("{:#?}", self.ingest.stats())).unwrap();
    }

    /// Why nothing is delivered.
    async fn halted(&self) -> String {
        let halted = async {
            loop {
                let stats = self.ingest.stats();
                let status = stats.lanes().map(|lane| lane.status.clone());
                if let Some(LaneStatus::Halted { reason }) =
                    status.into_iter().find(|status| matches!(status, LaneStatus::Halted { .. }))
                {
                    return reason;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, halted).await.expect("a halt")
    }

    async fn close(self) {
        let stats = self.ingest.shutdown(PATIENCE).await.unwrap();
        assert_eq!((stats.pending(), stats.dead_letters), (0, 0), "{stats:?}");
        self.store.shutdown().await.unwrap();
    }
}

/// Ticks in the database that is at its path now.
async fn stored(folder: &Path) -> u64 {
    let store = Tradekeep::open(&of(folder)).await.unwrap();
    let stored = rows(&store, Table::Ticks).await;
    store.shutdown().await.unwrap();
    stored
}

/// A recorder that has stored 500 ticks, all of which are in its spool, and the folder of a copy of the database when
/// it had 250.
async fn with_older_copy(folder: &Path) -> (Recorder, PathBuf) {
    let older = folder.join("older");
    let recorder = Recorder::open(folder).await;
    recorder.record(0, 250).await;
    // Not opened by this process: that would end DuckDB's lock.
    let copied = Command::new("cp").arg("-r").args([&folder.join("db"), &older]).status();
    assert!(copied.unwrap().success());
    recorder.record(250, 250).await;
    (recorder, older)
}

/// Puts the database of another folder, with its log, in the place of the one that is there.
fn swap(folder: &Path, other: &Path) {
    let log = format!("{FILE}.wal");
    let _ = fs::remove_file(folder.join("db").join(&log));
    for name in [&*log, FILE] {
        if other.join(name).exists() {
            fs::rename(other.join(name), folder.join("db").join(name)).unwrap();
        }
    }
}

/// The folder of another database, which has never heard of the spool.
async fn stranger(folder: &Path) -> PathBuf {
    let text = "[stores]\nseries = 'duckdb://DIR/other'";
    let store = Tradekeep::open(&config(folder, text)).await.unwrap();
    store.save(ticks(1_000_000, 7)).await.unwrap();
    store.shutdown().await.unwrap();
    folder.join("other")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_copy_or_a_stranger_gets_what_it_lacks() {
    for running in [true, false] {
        for is_older in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let folder = folder.path();
            let (mut recorder, older) = with_older_copy(folder).await;
            let other = if is_older { older } else { stranger(folder).await };
            if running {
                swap(folder, &other);
            } else {
                recorder.close().await;
                swap(folder, &other);
                recorder = Recorder::open(folder).await;
            }
            recorder.record(500, 10).await;
            recorder.record(510, 10).await;
            recorder.close().await;
            let about = format!("running {running}, older {is_older}");
            assert_eq!(stored(folder).await, 520 + u64::from(!is_older) * 7, "{about}");
        }
    }
}

/// A log that is left beside another state of the database is not replayed into it: the rows between would be
/// missing, and nobody would know.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_not_replayed_into_an_older_copy() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let recorder = Recorder::open(folder).await;
    recorder.record(0, 250).await;
    recorder.close().await;
    fs::copy(folder.join("db").join(FILE), folder.join("older")).unwrap();
    let recorder = Recorder::open(folder).await;
    recorder.record(250, 250).await;
    recorder.store.checkpoint().await.unwrap();
    recorder.record(500, 10).await;
    fs::rename(folder.join("older"), folder.join("db").join(FILE)).unwrap();
    recorder.record(510, 10).await;
    recorder.close().await;
    assert_eq!(stored(folder).await, 520);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_taken_away_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (database, aside) = (folder.path().join("db").join(FILE), folder.path().join("aside"));
    let recorder = Recorder::open(folder.path()).await;
    recorder.record(0, 100).await;
    fs::rename(&database, &aside).unwrap();
    recorder.ingest.append(ticks(100, 100)).await.unwrap();
    let reason = recorder.halted().await;
    assert!(reason.contains("no longer there: put it back"), "{reason}");
    assert!(!database.exists(), "it is not made anew");
    fs::rename(&aside, &database).unwrap();
    recorder.ingest.resume();
    recorder.record(200, 100).await;
    recorder.close().await;
    assert_eq!(stored(folder.path()).await, 300);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_begun_anew_gets_all_that_is_held_or_waits_for_an_operator() {
    for held in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let recorder = Recorder::open(folder).await;
        recorder.record(0, 250).await;
        recorder.close().await;
        if !held {
            // The next opening lets go of what is stored, once something newer is in the spool.
            let recorder = Recorder::open(folder).await;
            recorder.record(250, 10).await;
            recorder.close().await;
        }
        fs::remove_file(folder.join("db").join(FILE)).unwrap();
        let recorder = Recorder::open(folder).await;
        if held {
            recorder.record(260, 10).await;
            recorder.close().await;
            assert_eq!(stored(folder).await, 260);
            continue;
        }
        recorder.ingest.append(ticks(260, 10)).await.unwrap();
        let reason = recorder.halted().await;
        assert!(
            reason.contains("another store than before") && reason.contains("new-epoch"),
            "{reason}"
        );
        recorder.ingest.shutdown(Duration::ZERO).await.unwrap();
        recorder.store.shutdown().await.unwrap();
        assert_eq!(stored(folder).await, 0);
        // As the message says.
        operate::new_epoch(&folder.join("in")).unwrap();
        let recorder = Recorder::open(folder).await;
        recorder.record(270, 10).await;
        recorder.close().await;
        assert_eq!(stored(folder).await, 30, "all that was held");
    }
}
