//! Disturbances by a seed, and records that stay single through them. The clock is paused.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tradekeep_models::{StreamId, Symbol, Tick, TickFilter, Timestamp};
use tradekeep_store_traits::mock::MockRecordSink;
use tradekeep_store_traits::{
    Act, Chaos, Delivery, ErrorKind, LayerConfig, Layered, MemoryStore, Probe, RecordList,
    RecordSink, RecordSinkExt, RecordSource, RetryPolicy, Table, TickStore,
};

fn around(store: &Arc<MemoryStore>, chaos: Chaos) -> Layered<MemoryStore> {
    Layered::new("memory", Arc::clone(store), LayerConfig::default().with_chaos(chaos))
}

fn memory() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new())
}

/// Ticks of the seconds `from..from + count`.
fn ticks(from: i64, count: i64) -> Vec<Tick> {
    let tick = |second: i64| {
        let ts = Timestamp::from_nanos(second * 1_000_000_000).unwrap();
        let draft = Tick::builder(Symbol::new("X").unwrap(), ts);
        draft.price(100.into()).quantity(1.into()).build().unwrap()
    };
    (from..from + count).map(tick).collect()
}

async fn stored(store: &MemoryStore) -> Vec<Tick> {
    let store: &dyn RecordSource = store;
    RecordList::of(store, &TickFilter::default()).all().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_failure_leaves_nothing_behind() {
    let store = memory();
    let chaos = around(&store, Chaos::seeded(1).with_failures(1.0));
    let error = chaos.save(ticks(0, 1)).await.unwrap_err();
    assert_eq!((error.kind, error.delivery), (ErrorKind::Connection, Delivery::NotApplied));
    assert_eq!(error.act, Act::Retry { after: None });
    assert_eq!(stored(&store).await, []);
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_leaves_the_records_behind() {
    let store = memory();
    let chaos = around(&store, Chaos::seeded(1).with_lost_replies(1.0));
    let error = chaos.save(ticks(0, 1)).await.unwrap_err();
    assert_eq!((error.kind, error.delivery), (ErrorKind::Connection, Delivery::Unknown));
    assert_eq!(stored(&store).await, ticks(0, 1));
    assert_eq!(chaos.series().await.unwrap_err().delivery, Delivery::NotApplied);
}

#[tokio::test(start_paused = true)]
async fn a_repeated_attempt_reaches_the_store_twice() {
    let mut store = MockRecordSink::new();
    store.expect_watermark().times(1).returning(|_, _, _| Ok(Some(1)));
    store.expect_watermark().times(1).returning(|_, _, _| Ok(Some(2)));
    let config = LayerConfig::default().with_chaos(Chaos::seeded(1).with_repeats(1.0));
    let chaos = Layered::new("mock", Arc::new(store), config);
    let answer = chaos.watermark(&StreamId::new("s").unwrap(), 1, Table::Ticks).await;
    assert_eq!(answer.unwrap(), Some(1));
}

#[tokio::test(start_paused = true)]
async fn the_stores_own_failures_come_through() {
    let store = memory();
    store.close().await.unwrap();
    let chaos = around(&store, Chaos::seeded(1).with_lost_replies(1.0));
    let error = chaos.series().await.unwrap_err();
    assert!(error.context.starts_with("the store is closed"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn health_is_left_alone() {
    let chaos = around(&memory(), Chaos::seeded(1).with_failures(1.0).with_lost_replies(1.0));
    assert!(chaos.health().await.is_healthy());
}

/// Which of 200 calls failed, which lost their reply, and how long all took.
async fn history(seed: u64) -> (Vec<Option<Delivery>>, Duration) {
    let delay = Duration::from_millis(50);
    let chaos = Chaos::seeded(seed).with_failures(0.3).with_lost_replies(0.3).with_delays(delay);
    let (store, started) = (around(&memory(), chaos), Instant::now());
    let mut fates = Vec::new();
    for second in 0..200 {
        let answer = store.save(ticks(second, 1)).await;
        fates.push(answer.err().map(|error| error.delivery));
    }
    (fates, started.elapsed())
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_is_the_same_run() {
    let (fates, took) = history(7).await;
    assert_eq!((fates.clone(), took), history(7).await);
    assert_ne!(fates, history(8).await.0);
    // 60 failures, 42 lost replies of the other 140, and 25 ms a call are expected.
    let count = |delivery| fates.iter().filter(|fate| **fate == Some(delivery)).count();
    assert!((40..80).contains(&count(Delivery::NotApplied)), "{fates:?}");
    assert!((25..60).contains(&count(Delivery::Unknown)), "{fates:?}");
    assert!((4_000..6_200).contains(&took.as_millis()), "{took:?}");
}

/// What is stored when half of each batch is the next one's too, each second once, and how many
/// records were answered to be new.
async fn stored_through(chaos: Chaos, timeout: Duration) -> u64 {
    let store = memory();
    let config = LayerConfig::default()
        .with_retry(RetryPolicy::new(1_000))
        .with_timeout(timeout)
        .with_chaos(chaos);
    let disturbed = Layered::new("memory", Arc::clone(&store), config);
    let mut inserted = 0;
    for batch in 0..100 {
        let saved = disturbed.save(ticks(batch * 10, 20)).await.unwrap();
        assert_eq!(saved.inserted + saved.duplicates, 20);
        inserted += saved.inserted;
    }
    assert_eq!(stored(&store).await, ticks(0, 1_010));
    inserted
}

#[tokio::test(start_paused = true)]
async fn records_are_stored_once_through_failures_and_repeats() {
    let chaos = Chaos::seeded(2).with_failures(0.3).with_repeats(0.5);
    // The counts are of the attempt that was answered, which is the first one that arrived.
    assert_eq!(stored_through(chaos, Duration::from_secs(1)).await, 1_010);
}

#[tokio::test(start_paused = true)]
async fn records_are_stored_once_through_lost_replies() {
    let chaos = Chaos::seeded(2).with_failures(0.3).with_lost_replies(0.5);
    // The counts are of the last attempt: what an earlier one stored is a duplicate by then.
    let inserted = stored_through(chaos, Duration::from_secs(1)).await;
    assert!(inserted < 1_010, "no reply was lost, which this test is about");
}

#[tokio::test(start_paused = true)]
async fn records_are_stored_once_through_timeouts() {
    // Half of the attempts are held up for too long.
    let chaos = Chaos::seeded(2).with_delays(Duration::from_secs(2));
    assert_eq!(stored_through(chaos, Duration::from_secs(1)).await, 1_010);
}
