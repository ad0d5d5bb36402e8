//! Several processes on one data folder, real ones: they take turns, and nobody waits for long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "test code")]

#[path = "lease/child.rs"]
mod child;

use std::env;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use child::{BATCH, Other, config, count, durable, mark, own_run, patience, ticks, write_batch};
use tradekeep_duckdb_store::DuckDbStore;
use tradekeep_models::Timestamp;
use tradekeep_store_traits::{
    Act, ErrorKind, Maintenance, PartitionAdmin, Probe, RecordSink, RecordSinkExt, Table, TickStore,
};

#[tokio::test]
#[ignore = "run by the other tests in processes of their own"]
async fn other_process() {
    if let (Some(folder), Ok(role)) =
        (env::var_os("TRADEKEEP_TEST_FOLDER"), env::var("TRADEKEEP_TEST_ROLE"))
    {
        child::run(Path::new(&folder), &role).await;
    }
}

/// One test at a time: its processes are load enough, and what they wait for each other is measured.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

async fn open(folder: &Path) -> DuckDbStore {
    DuckDbStore::connect(config(folder)).await.unwrap()
}

/// Times its answer.
async fn timed<T>(operation: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let answer = operation.await;
    (answer, start.elapsed())
}

/// One process writes without a pause, three query: ten seconds, or `TRADEKEEP_TEST_LEASE_SECONDS`.
///
/// No read fails. How long it waits is the machine's matter too: in a run of its own all but one have to be
/// quick; the short run, which may share it with other tests, has half of them wait for nobody.
#[tokio::test]
async fn one_writes_all_the_time_and_three_query() {
    let seconds = own_run().unwrap_or(10);
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Other::start(folder.path(), "write s");
    writer.hear();
    let readers: Vec<_> = ["read", "query", "query"]
        .map(|role| {
            let mut reader = Other::start(folder.path(), role);
            assert_eq!(reader.hear(), "ready");
            reader
        })
        .into();
    let end = Instant::now() + Duration::from_secs(seconds as u64);
    while Instant::now() < end {
        writer.hear();
    }
    for reader in readers {
        let (reads, slow) = reader.end_reader();
        let (at_least, may_be_slow) = own_run().map_or((1, reads / 2), |seconds| (seconds / 2, 1));
        assert!(reads >= at_least, "{reads} reads in {seconds} s");
        assert!(slow <= may_be_slow, "{slow} of {reads} reads were slow");
    }
    let batches: u64 = writer.end().parse().unwrap();
    println!("{batches} batches");
    let store = open(folder.path()).await;
    assert_eq!(count(&store).await, batches * BATCH);
    assert_eq!(mark(&store, "s").await, batches * BATCH);
}

#[tokio::test]
async fn two_writers_take_turns() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let mut writers =
        ["a", "b"].map(|stream| Other::start(folder.path(), &format!("write {stream}")));
    // Each has several turns, and the parent one now and then.
    let store = open(folder.path()).await;
    for round in 0..6 {
        for writer in &mut writers {
            writer.hear();
        }
        assert_eq!(write_batch(&store, "c", round).await.inserted, BATCH);
    }
    let written = writers.map(|writer| writer.end().parse::<u64>().unwrap());
    assert_eq!(count(&store).await, (written[0] + written[1] + 6) * BATCH);
    for (stream, batches) in [("a", written[0]), ("b", written[1]), ("c", 6)] {
        assert_eq!(mark(&store, stream).await, batches * BATCH);
    }
}

#[tokio::test]
async fn rows_of_another_process_are_known_as_stored() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let mut other = Other::start(folder.path(), "obey");
    assert_eq!(other.hear(), "ready");
    for round in 0..5 {
        // Later than all that this process has seen; the half of them is the other's.
        assert_eq!(other.ask(&format!("save {} 100", round * 150)), "100 0");
        let saved = store.save(ticks("X", round * 150 + 50, 100)).await.unwrap();
        assert_eq!((saved.inserted, saved.duplicates), (50, 50));
        // What one reads is what the other wrote.
        assert_eq!(other.ask("count"), ((round + 1) * 150).to_string());
    }
    other.end();
    assert_eq!(count(&store).await, 750);
}

#[tokio::test]
async fn a_floor_holds_for_every_process() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    assert_eq!(store.save(ticks("X", 10, 10)).await.unwrap().inserted, 10);
    let mut other = Other::start(folder.path(), "obey");
    assert_eq!(other.hear(), "ready");
    assert_eq!(other.ask("floor 15"), "set");
    let error = store.save(ticks("X", 10, 10)).await.unwrap_err();
    let Act::BadRows(rows) = &error.act else { panic!("{error:?}") };
    assert_eq!((error.kind, rows.len()), (ErrorKind::Expired, 5), "{error}");
    // The other way round, and lowered.
    let floor = Timestamp::from_nanos(12).unwrap();
    store.set_floor(Table::Ticks, Some(floor)).await.unwrap();
    assert!(other.ask("refused").contains("retention floor"));
    assert_eq!(other.ask("save 12 20"), "12 8");
    other.end();
    store.close().await.unwrap();
    let store = open(folder.path()).await;
    assert_eq!(store.floor(Table::Ticks).await.unwrap(), Some(floor));
    assert_eq!(store.floor(Table::Trades).await.unwrap(), None);
    let error = store.save(ticks("X", 0, 1)).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Expired, "{error}");
}

#[tokio::test]
async fn durable_is_what_any_process_has_checkpointed() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let mut other = Other::start(folder.path(), "obey");
    assert_eq!(other.hear(), "ready");
    assert_eq!(other.ask("batch s 0"), "1000");
    assert_eq!(durable(&store, "s").await, 0, "the other one's log");
    assert_eq!(other.ask("optimize"), "optimized");
    assert_eq!(durable(&store, "s").await, 1_000, "the other one's checkpoint");
    write_batch(&store, "s", 1).await;
    assert_eq!(durable(&store, "s").await, 1_000);
    assert_eq!(other.ask("durable s"), "1000", "seen when it gave way, before this one wrote");
    store.optimize().await.unwrap();
    // The other one writes before this one does anything again.
    assert_eq!(other.ask("batch s 2"), "1000");
    assert_eq!(durable(&store, "s").await, 2_000, "this one's own checkpoint");
    assert_eq!(other.ask("durable s"), "2000");
    assert_eq!(mark(&store, "s").await, 3_000);
    other.end();
}

#[tokio::test]
async fn idle_holder_gives_way() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let mut holder = Other::start(folder.path(), "obey");
    assert_eq!(holder.hear(), "ready");
    assert_eq!(holder.ask("save 0 3"), "3 0");
    let (store, took) = timed(open(folder.path())).await;
    assert!(took < patience(), "{took:?}");
    let (found, took) = timed(count(&store)).await;
    assert!(found == 3 && took < patience(), "{found} {took:?}");
    // Reading together, then writing in turns.
    assert_eq!(holder.ask("count"), "3");
    let (saved, took) = timed(store.save(ticks("X", 3, 3))).await;
    assert!(saved.unwrap().inserted == 3 && took < patience(), "{took:?}");
    assert_eq!(holder.ask("count"), "6");
    holder.end();
}

#[tokio::test]
async fn stopped_holder_is_named() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    const OPEN_WAIT: Duration = Duration::from_millis(300);
    let impatient = config(folder.path()).with_open_wait(OPEN_WAIT);
    let store = Arc::new(DuckDbStore::connect(impatient).await.unwrap());
    let mut holder = Other::start(folder.path(), "obey");
    assert_eq!(holder.hear(), "ready");
    assert_eq!(holder.ask("save 0 3"), "3 0");
    tradekeep_test_servers::pause(&holder.process).unwrap();
    let (answer, took) = timed(store.series()).await;
    let error = answer.unwrap_err();
    assert!((OPEN_WAIT..patience() * 2).contains(&took), "{took:?}");
    assert_eq!((error.kind, &error.act), (ErrorKind::Conflict, &Act::Retry { after: None }));
    let name = format!("process {} (", holder.process.id());
    let text = error.to_string();
    assert!(!cfg!(target_os = "linux") || text.contains(&name), "{text}");
    assert!(text.contains("has the database open") && !text.contains('\n'), "{text}");
    // Many that wait do so together, not one after another: that would take half a minute.
    let (refused, took) = timed(async {
        let mut saves = tokio::task::JoinSet::new();
        for n in 0..100 {
            let store = Arc::clone(&store);
            saves.spawn(async move { store.save(ticks("X", n, 1)).await.is_err() });
        }
        saves.join_all().await
    })
    .await;
    assert!(refused.iter().all(|refused| *refused) && took < patience() * 2, "{took:?}");
    let health = store.health().await;
    assert!(!health.readable && !health.writable, "{health:?}");
    assert_eq!(health.troubles.len(), 1);
    assert!(health.troubles[0].cause.contains("has the database open"), "{health:?}");
    holder.signal("-CONT");
    assert_eq!(holder.ask("save 3 3"), "3 0");
    // Once it goes on it gives way. Who has so little patience may have to try again, as it was told.
    let since = Instant::now();
    while let Err(error) = store.series().await {
        assert!(error.is_transient() && since.elapsed() < Duration::from_secs(60), "{error}");
    }
    assert_eq!(count(&store).await, 6);
    assert!(store.health().await.is_healthy());
    holder.end();
}

#[tokio::test]
async fn killed_writer_leaves_whole_batches() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    // Open all the while: what a kill leaves is met on opening again, too.
    let store = open(folder.path()).await;
    for round in 0..6 {
        let mut writer = Other::start(folder.path(), "write s");
        let mut applied = 0;
        for _ in 0..5 + round {
            applied = writer.hear().parse().unwrap();
        }
        writer.signal("-KILL");
        writer.process.wait().unwrap();
        let found = if round % 2 == 0 {
            count(&store).await
        } else {
            // First met by a process that is new.
            let mut other = Other::start(folder.path(), "obey");
            assert_eq!(other.hear(), "ready");
            let found = other.ask("count").parse().unwrap();
            other.end();
            found
        };
        assert!(found % BATCH == 0 && found >= applied * BATCH, "{found} of {applied} batches");
        assert_eq!(mark(&store, "s").await, found);
    }
    assert!(store.health().await.writable);
    let all = count(&store).await;
    assert_eq!(store.save(ticks("s", 0, all + 10)).await.unwrap().inserted, 10);
}

#[tokio::test]
async fn readers_do_not_starve_a_writer() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    write_batch(&store, "s", 0).await;
    let readers = ["read", "read", "read"].map(|role| {
        let mut reader = Other::start(folder.path(), role);
        assert_eq!(reader.hear(), "ready");
        reader
    });
    let mut slow = 0;
    for n in 1..=20 {
        let (ack, took) = timed(write_batch(&store, "s", n)).await;
        assert_eq!(ack.inserted, BATCH);
        slow += usize::from(took >= patience());
    }
    assert!(slow <= 1, "{slow} of 20 writes were slow");
    for reader in readers {
        assert!(reader.end_reader().0 > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_operations_at_once_while_giving_way() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(folder.path()).await);
    let mut reader = Other::start(folder.path(), "read");
    assert_eq!(reader.hear(), "ready");
    let mut writer = Other::start(folder.path(), "write other");
    let mut operations = tokio::task::JoinSet::new();
    for n in 0..100 {
        let store = Arc::clone(&store);
        operations.spawn(async move {
            if n % 2 == 0 {
                assert_eq!(write_batch(&store, &format!("s{n}"), 0).await.inserted, BATCH);
            } else {
                assert_eq!(count(&store).await % BATCH, 0);
            }
        });
    }
    writer.hear();
    operations.join_all().await;
    assert!(reader.end_reader().0 > 0);
    let batches: u64 = writer.end().parse().unwrap();
    assert_eq!(count(&store).await, (50 + batches) * BATCH);
    assert_eq!(store.pool_stats().in_use, 0);
    store.close().await.unwrap();
}
