//! Attempts that take too long, and too many at once. The clock is paused: nobody waits.
#![allow(clippy::unwrap_used, reason = "test code")]

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tradekeep_store_traits::{
    Act, Batch, Delivery, ErrorKind, LayerConfig, Layered, Limit, Maintenance, MemoryStore,
    PartitionAdmin, Probe, RecordSink, RecordSinkExt, Records, RetryPolicy, StoreError, Table,
    TickStore,
};

const SECOND: Duration = Duration::from_secs(1);

/// A store where everything takes a minute.
fn slow() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new().with_delay(|_| sleep(60 * SECOND)))
}

fn impatient() -> Layered<MemoryStore> {
    Layered::new("memory", slow(), LayerConfig::default().with_timeout(SECOND))
}

fn assert_timeout(error: &StoreError, op: &str, delivery: Delivery) {
    assert_eq!((error.kind, error.delivery), (ErrorKind::Timeout, delivery), "{error}");
    assert_eq!((error.store, error.op), ("memory", op));
    assert_eq!(error.act, Act::Retry { after: None });
    assert!(error.context.contains("1s"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_read_that_times_out_was_not_applied() {
    let started = Instant::now();
    assert_timeout(&impatient().series().await.unwrap_err(), "series", Delivery::NotApplied);
    assert_eq!(started.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_times_out_is_unknown() {
    let store = impatient();
    let error = store.save(Records::empty(Table::Ticks)).await.unwrap_err();
    assert_timeout(&error, "write", Delivery::Unknown);
    let error = store.drop_partitions(Table::Ticks, &[]).await.unwrap_err();
    assert_timeout(&error, "drop_partitions", Delivery::Unknown);
}

#[tokio::test(start_paused = true)]
async fn closing_and_optimizing_take_their_time() {
    let store = impatient();
    store.optimize().await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn health_that_times_out_is_a_trouble() {
    let health = impatient().health().await;
    assert_eq!(health.store, "memory");
    assert!(!health.readable && !health.writable && !health.is_healthy());
    assert!(health.troubles[0].cause.contains("no answer within 1s"), "{health:?}");
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_the_whole_time() {
    let policy = RetryPolicy::new(2).with_first(Duration::ZERO);
    let config = LayerConfig::default().with_timeout(SECOND).with_retry(policy);
    let started = Instant::now();
    let error = Layered::new("memory", slow(), config).series().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout);
    assert!(started.elapsed() >= 3 * SECOND);
    assert!(started.elapsed() < 4 * SECOND);
}

fn limited(store: Arc<MemoryStore>, attempts: usize, wait: Duration) -> Layered<MemoryStore> {
    let limit = Limit::new(NonZeroUsize::new(attempts).unwrap(), wait);
    Layered::new("memory", store, LayerConfig::default().with_limit(limit))
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_limit_are_at_the_store_at_once() {
    let now = Arc::new(AtomicUsize::new(0));
    let most = Arc::new(AtomicUsize::new(0));
    let (inside, peak) = (Arc::clone(&now), Arc::clone(&most));
    let store = MemoryStore::new().with_delay(move |_| {
        let inside = Arc::clone(&inside);
        peak.fetch_max(inside.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        async move {
            sleep(SECOND).await;
            inside.fetch_sub(1, Ordering::Relaxed);
        }
    });
    let store = Arc::new(limited(Arc::new(store), 3, 60 * SECOND));
    let started = Instant::now();
    let mut calls = JoinSet::new();
    for _ in 0..30 {
        let store = Arc::clone(&store);
        calls.spawn(async move { store.series().await.unwrap() });
    }
    calls.join_all().await;
    assert_eq!(most.load(Ordering::Relaxed), 3);
    assert_eq!(started.elapsed(), 10 * SECOND);
}

/// A store for one call at a time, which has one that takes a minute.
async fn busy() -> Arc<Layered<MemoryStore>> {
    let store = Arc::new(limited(slow(), 1, SECOND));
    let first = Arc::clone(&store);
    tokio::spawn(async move { first.series().await });
    tokio::task::yield_now().await;
    store
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_for_a_turn_is_told_and_nothing_was_applied() {
    let (store, started) = (busy().await, Instant::now());
    let error = store.write(&Batch::new(Records::Ticks(Vec::new()))).await.unwrap_err();
    assert_eq!(started.elapsed(), SECOND);
    assert_eq!((error.kind, error.delivery), (ErrorKind::PoolExhausted, Delivery::NotApplied));
    assert_eq!((error.act, error.op), (Act::Retry { after: None }, "write"));
    assert!(error.context.contains("1 calls were under way"), "{}", error.context);
}

#[tokio::test(start_paused = true)]
async fn a_busy_store_can_be_closed_and_asked_how_it_is() {
    // Both take the minute that everything takes here, and wait for no turn.
    let (store, started) = (busy().await, Instant::now());
    assert!(store.health().await.is_healthy());
    assert_eq!(started.elapsed(), 60 * SECOND);
    let (store, started) = (busy().await, Instant::now());
    store.close().await.unwrap();
    assert_eq!(started.elapsed(), 60 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_turn_is_free_again_when_its_call_is_dropped() {
    let store = limited(slow(), 1, Duration::ZERO);
    assert!(tokio::time::timeout(SECOND, store.series()).await.is_err());
    store.series().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn no_wait_still_takes_a_free_turn() {
    limited(slow(), 1, Duration::ZERO).series().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_limit_beyond_counting_is_no_limit() {
    limited(slow(), usize::MAX, SECOND).series().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_turn_is_part_of_an_attempts_time() {
    let limit = Limit::new(NonZeroUsize::MIN, 60 * SECOND);
    let config = LayerConfig::default().with_limit(limit).with_timeout(SECOND);
    let store = Arc::new(Layered::new("memory", slow(), config));
    let first = Arc::clone(&store);
    // It has no timeout, and holds the only turn for a minute.
    tokio::spawn(async move { first.optimize().await });
    tokio::task::yield_now().await;
    let started = Instant::now();
    assert_eq!(store.series().await.unwrap_err().kind, ErrorKind::Timeout);
    assert_eq!(started.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_retry_holds_no_turn() {
    let store = MemoryStore::new();
    let later = Act::Retry { after: Some(10 * SECOND) };
    let down = move || {
        StoreError::new(ErrorKind::Connection, "memory", "series", "down").with_act(later.clone())
    };
    store.fail_next("series", 1, down).unwrap();
    let limit = Limit::new(NonZeroUsize::MIN, Duration::ZERO);
    let config = LayerConfig::default().with_limit(limit).with_retry(RetryPolicy::new(1));
    let store = Arc::new(Layered::new("memory", Arc::new(store), config));
    let first = Arc::clone(&store);
    let waiting = tokio::spawn(async move { first.series().await });
    tokio::task::yield_now().await;
    let started = Instant::now();
    store.table_stats().await.unwrap();
    assert_eq!(started.elapsed(), Duration::ZERO);
    waiting.await.unwrap().unwrap();
    assert_eq!(started.elapsed(), 10 * SECOND);
}
